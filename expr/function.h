/* The table of functions and of operators that are not in expr.h. An entry says everything about one of them: its name,
 * the kinds of its arguments and of its result, its evaluation in C and its form in SQL. The front resolves overloads by
 * it, the tests make random calls from it. A new function is one entry in one of the files that function.c lists.
 *
 * Evaluation gets no NULL and no mark: a call with a NULL argument is NULL, one with a marked argument is marked. */
#ifndef LK_EXPR_FUNCTION_H
#define LK_EXPR_FUNCTION_H

#include "expr/expr.h"

#define LK_FUNCTION_ARGS 4

enum lk_function_flag {
	LK_F_INFIX = 1,     /* a op b */
	LK_F_FOLD_ONLY = 2, /* its bits may depend on the machine or the server: it is never pushed to PostgreSQL (R3) */
	LK_F_COLLATED = 4,  /* its result depends on the collation: it needs a text that has the columns' (R8) */
	LK_F_COLLATES = 8,  /* its result has the columns' collation; its name stands after its argument */
};

typedef struct lk_function {
	const char *name;                      /* as SQL calls it */
	uint8_t nargs, args[LK_FUNCTION_ARGS]; /* kinds */
	uint8_t result;                        /* kind */
	uint8_t flags;                         /* enum lk_function_flag */
	uint8_t constants;                     /* bit i: argument i must be a constant that is not NULL */
	const char *instead;                   /* PostgreSQL has it and lk has not: what to write. Then eval is NULL */
	const char *shorter;                   /* what to write where its result may have too many digits; NULL: shorter operands */
	lk_value (*eval)(const lk_expr *x, const lk_value *args, lk_eval *ev);
	/* Checks constant arguments, and may make x->made of them. NULL, or what is wrong. NULL pointer: nothing to do. */
	const char *(*prepare)(lk_expr *x, lk_arena *arena);
	/* The type of a numeric result; false if it may have more digits than fit. NULL pointer: result is no numeric. */
	bool (*type)(const lk_expr *x, lk_type *out);
	/* The most bytes of the text that it makes. NULL pointer: no more than the longest argument has. */
	uint64_t (*longest)(const lk_expr *x);
	const char *before, *after;            /* SQL around the arguments; NULL: name( … ) */
} lk_function;

/* The i-th entry of the whole table; NULL at its end. Entries of one name may stand apart. */
const lk_function *lk_function_at(int i);
bool lk_function_known(const char *name);

/* A call: the arguments have the kinds of the entry. NULL with *fault (allocated in the arena or static) if constants do
 * not fit, a numeric or a text may get too long. */
lk_expr *lk_call_new(lk_arena *arena, const lk_function *fn, lk_expr *const *args, const char **fault);

/* Can a value of one type be cast to the other, as far as it has one there? */
bool lk_cast_exists(lk_type from, lk_type to);

/* The most bytes that a text expression can yield. */
uint64_t lk_expr_longest(const lk_expr *x);
/* Is this node a call or cast that must not be pushed to PostgreSQL: its bits may differ there (R3)? */
bool lk_expr_is_fold_only(const lk_expr *x);

/* The bounds of numerics (core/value.h): a sum or difference, a product, a quotient, a remainder, by LK_X_…; false with
 * the digits needed, if those are more than an expression over rows may have. Types without bounds give one without. */
#define LK_EXPR_DIGITS 200
bool lk_numeric_bounds(int op, lk_type l, lk_type r, lk_type *out);
/* The most digits before the point of a numeric with bounds. */
int lk_numeric_whole(lk_type t);

#endif
