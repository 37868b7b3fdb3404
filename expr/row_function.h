/* Functions of FROM: each call gives rows of one column. An entry of the table says everything about one of them, as in
 * expr/function.h: the front resolves calls by it, the tests make random calls from it.
 *
 * A call with a NULL argument gives no row, unless the entry takes NULL there. One that PostgreSQL would refuse is
 * marked and gives none (R1). The table is constant; a call belongs to one thread, and its caller releases scratch. */
#ifndef LK_EXPR_ROW_FUNCTION_H
#define LK_EXPR_ROW_FUNCTION_H

#include "expr/expr.h"

#define LK_ROW_FUNCTION_ARGS 3

/* A call that is giving its rows. */
typedef struct lk_row_call {
	int nargs;
	lk_value args[LK_ROW_FUNCTION_ARGS];   /* borrowed */
	const void *made;             /* what prepare made of constants */
	size_t at, searched;          /* in the first argument: where the next row begins; from where to look for its end */
	int64_t next;                 /* the next number of a series; where the match before ended */
	bool ended;
	lk_arena scratch;             /* what one step needs */
} lk_row_call;

typedef struct lk_row_function {
	const char *name;             /* as SQL calls it */
	const char *column;           /* what PostgreSQL calls its column, whatever the alias is; NULL: the alias */
	uint8_t least, most;          /* arguments */
	uint8_t args[LK_ROW_FUNCTION_ARGS], result;   /* kinds */
	uint8_t nullable, constants;  /* bit i: argument i may be NULL; must be a constant that is not NULL */
	uint8_t bytes_a_row;          /* each row takes at least so many of its first argument; 0: that is no text */
	bool reads_json;              /* its first argument is a text that is cast to json */
	bool own_texts;               /* PostgreSQL gives its texts the database's collation, whatever columns it reads */
	/* Checks constant arguments, and may make *made of them. NULL, or what is wrong. NULL pointer: nothing to do. */
	const char *(*prepare)(lk_expr *const *args, int n, const void **made, lk_arena *arena);
	/* False, with ev->reason, where PostgreSQL raises. NULL pointer: nothing to do. */
	bool (*begin)(lk_row_call *c, lk_eval *ev);
	/* The next row; false if there is none. Texts are borrowed from the arguments, or made with ev. */
	bool (*next)(lk_row_call *c, lk_value *out, lk_eval *ev);
} lk_row_function;

/* The i-th entry of the table; NULL at its end. Entries of one name take other types. */
const lk_row_function *lk_row_function_at(int i);
/* The most rows that a call can give; UINT64_MAX if its arguments do not say. */
uint64_t lk_row_function_most(const lk_row_function *f, lk_expr *const *args, int n);
/* Begins a call whose nargs, args and made are set. False if it gives no row; with a mark, also *marked. */
bool lk_row_call_begin(const lk_row_function *f, lk_row_call *c, bool *marked, lk_eval *ev);

#endif
