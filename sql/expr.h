/* Expressions of the definition language: tree -> typed lk_expr, by PostgreSQL's rules of type resolution.
 *
 * A string constant and NULL have no type of their own (LK_UNKNOWN) until an operand, a branch or a context gives them
 * one. All functions return NULL after they have noted a fault. */
#ifndef LK_SQL_EXPR_H
#define LK_SQL_EXPR_H

#include "sql/tree.h"

#define LK_UNKNOWN 0xFF            /* lk_type.kind, inside the front only */
#define LK_COLUMN_TYPES "types: smallint, int, bigint, numeric(p,s), real, double precision, text, varchar(n), boolean, date, timestamp, timestamptz, uuid, jsonb"
#define LK_MAX_EXPR_DEPTH 400
#define LK_MAX_EXPR_NODES 20000    /* of one statement */

/* A query of WITH, and those that it can name: the ones before it. */
typedef struct lk_with {
	const struct lk_with *before;
	const char *name;
	const json_t *query, *columns;   /* SelectStmt; new names of its columns, or NULL */
	int at;
	bool used;
} lk_with;

/* A subquery or a query of WITH in FROM (sql/derived.c): its columns are expressions over what it reads. */
typedef struct lk_derived {
	struct lk_scope *inner;        /* the names in it */
	struct lk_derived_column {
		const char *name;
		const json_t *node;        /* NULL: a column of what it reads, … */
		int found;                 /* … as lk_scope_find gives it */
	} *columns;
	int ncolumns;
} lk_derived;

/* What names mean while a statement is read. */
typedef struct lk_scope lk_scope;
struct lk_scope {
	lk_stmt *s;
	lk_plan *plan;
	const char *stream_name;       /* the alias, or the stream's name */
	const lk_derived *derived;     /* what stands in the stream's place, or NULL */
	lk_with *with;                 /* the queries of WITH that FROM can name, the last one first */
	int first_lateral, nlaterals;  /* the items of plan->laterals whose columns are visible */
	const json_t *windows;         /* the windows of WINDOW, or NULL */
	const char *clause;            /* "WHERE", … for messages */
	int depth, nodes;
	bool too_deep;                 /* the fault is noted */
	/* lk_sql_read, for readers whose nodes hold expressions */
	lk_expr *(*read)(lk_scope *c, const json_t *node);
	bool (*from)(lk_scope *c, const json_t *from_clause);   /* lk_sql_from, for subqueries */
	bool aggregates;               /* calls of aggregates are accepted, as slots plan->nslots + index in plan->aggs */
	lk_expr *const *written;       /* [plan->nkeys]: group keys as the statement spells them, once GROUP BY is read */
	bool keys_broken;              /* an item of GROUP BY has a fault: that a column is no key says nothing */
};

lk_expr *lk_sql_read(lk_scope *c, const json_t *node);                  /* the reader of any node (sql/expr.c) */
static inline lk_expr *lk_sql_expr(lk_scope *c, const json_t *node) { return c->read(c, node); }   /* may be of LK_UNKNOWN */
lk_expr *lk_sql_typed(lk_scope *c, const json_t *node);                 /* LK_UNKNOWN becomes text */
lk_expr *lk_sql_condition(lk_scope *c, const json_t *node);             /* boolean */

bool lk_scope_has(const lk_scope *c, const char *qualifier);   /* is it the stream, or an item of FROM? */
/* The column that a ColumnRef means, for lk_scope_read: a slot, or a column of c->derived, followed by the lateral ones. -1
 * if there is none (no fault is noted), -2 if it is ambiguous. qualifier: "" for none. */
int lk_scope_find(const lk_scope *c, const char *qualifier, const char *name);
/* The column that the alias of a function with one column means; -1 if name is none. A column of that name comes first. */
int lk_scope_whole(const lk_scope *c, const char *name);
/* The expression that a column stands for, made anew each time; all of its nodes get the location. */
lk_expr *lk_scope_read(lk_scope *c, int found, int at);
/* Names of the columns, in order, and how many. */
int lk_scope_columns(const lk_scope *c);
const char *lk_scope_name(const lk_scope *c, int found);
const char *lk_scope_qualifier(const lk_scope *c, int found);   /* the stream or item that has it */

/* Names the l->ncolumns columns of an item of FROM whose alias is set; makes room for their types. False with a fault. */
bool lk_scope_add_names(lk_scope *c, lk_lateral *l, const char *const *names, int at);

/* Notes an edit of the text for the oracle. */
void lk_sql_edit(lk_scope *c, lk_edit edit);

/* --- making nodes --- */
static inline lk_type lk_type_of(uint8_t kind) { return (lk_type){.kind = kind}; }
/* False with a fault if the statement has too many nodes; counts one. */
bool lk_expr_room(lk_scope *c, int at);
/* NULL with a fault if the statement has too many nodes. */
lk_expr *lk_expr_new(lk_scope *c, int op, lk_type type, int at, int nargs);
/* A node of two arguments; NULL if one of them is. */
lk_expr *lk_expr_pair(lk_scope *c, int op, lk_type type, int at, lk_expr *l, lk_expr *r);
lk_expr *lk_sql_text_constant(lk_scope *c, const char *text, int at, lk_type type);
bool lk_expr_equal(const lk_expr *a, const lk_expr *b);

/* --- readers of nodes: the fields and location of the node --- */
lk_expr *lk_sql_operator(lk_scope *c, const json_t *f, int at);       /* A_Expr */
lk_expr *lk_sql_bool_expr(lk_scope *c, const json_t *f, int at);
lk_expr *lk_sql_null_test(lk_scope *c, const json_t *f, int at);
lk_expr *lk_sql_boolean_test(lk_scope *c, const json_t *f, int at);
lk_expr *lk_sql_case(lk_scope *c, const json_t *f, int at);
lk_expr *lk_sql_coalesce(lk_scope *c, const json_t *f, int at);
lk_expr *lk_sql_extreme(lk_scope *c, const json_t *f, int at);        /* GREATEST, LEAST */
lk_expr *lk_sql_cast(lk_scope *c, const json_t *f, int at);           /* (sql/cast.c) */
/* A FuncCall of a function that is no aggregate and no window (sql/call.c). */
lk_expr *lk_sql_function(lk_scope *c, const json_t *f, const char *name, int at);
/* l op r, op one of LK_X_EQ …; name for messages. */
lk_expr *lk_sql_compare(lk_scope *c, int op, const char *name, lk_expr *l, lk_expr *r, int at);
/* l op r, op one of LK_X_ADD …, or, of times and intervals, the operator of that name. */
lk_expr *lk_sql_arithmetic(lk_scope *c, int op, const char *name, lk_expr *l, lk_expr *r, int at);

/* --- calls of expr/function.h (sql/call.c): NULL with a fault --- */
bool lk_sql_is_scalar(const char *name);   /* a function of rows, not an aggregate */
lk_expr *lk_sql_call(lk_scope *c, const char *name, lk_expr *const *args, int n, int at);
lk_expr *lk_sql_infix(lk_scope *c, const char *name, lk_expr *l, lk_expr *r, int at, bool *exists);
lk_expr *lk_sql_as_text(lk_scope *c, lk_expr *x);
lk_expr *lk_sql_cast_node(lk_scope *c, lk_expr *x, lk_type to, int at);

/* --- types (sql/type.c) --- */
/* A type's name with what stands in parentheses after it. */
typedef struct lk_typename {
	lk_type type;           /* numeric without precision, in a cast: 0 */
	int64_t characters;     /* varchar(n); 0: no limit */
} lk_typename;
/* Reads a TypeName, of a column or of a cast (sql/type_name.c). */
bool lk_sql_type_name(lk_stmt *s, const json_t *t, int fallback_at, bool column, lk_typename *out);
/* Does PostgreSQL cast one kind into the other without being asked? True for equal ones. */
bool lk_sql_implicit(uint8_t from, uint8_t to);
/* The type as a number: exact digits of integers as NUMERIC(p,0). */
lk_type lk_type_as_numeric(lk_type t);
/* A numeric whose values have as many digits as each needs: there are such only after the merge. */
static inline bool lk_type_is_unbounded(lk_type t) { return t.kind == LK_NUMERIC && t.precision == 0; }
/* x as that type: constants are converted, others get an LK_X_CAST; an LK_UNKNOWN is read as the type. x must be
 * castable implicitly. For LK_NUMERIC an LK_UNKNOWN or integer constant keeps its own digits unless `exact`. */
lk_expr *lk_sql_coerce(lk_scope *c, lk_expr *x, lk_type to, bool exact);
/* Does it read an aggregate, or a window function? */
bool lk_sql_is_merged(const lk_scope *c, const lk_expr *x);
/* PostgreSQL's select_common_type over n expressions; false with a fault ("CASE types text and int cannot be
 * matched"). */
bool lk_sql_common_type(lk_scope *c, lk_expr *const *x, int n, const char *what, lk_type *out);
/* The kind in which PostgreSQL compares two types; false if there is no such operator. */
bool lk_sql_compare_kind(lk_type a, lk_type b, uint8_t *kind);
/* Constants of times, UTC where they name no zone, and of intervals of fixed length, "<int> <unit> …" (sql/time_literal.c);
 * false if the text is none, of an interval with *reason. */
bool lk_sql_time_literal(const char *text, int64_t *out);
bool lk_sql_timestamp_literal(const char *text, int64_t *out);
bool lk_sql_interval_literal(const char *text, lk_value *out, const char **reason);
/* A numeric constant from its text: [sign] digits [. digits] [e exponent]. False if it is not one, or has too many
 * digits. */
bool lk_numeric_literal(const char *text, lk_int128 *n, lk_type *type);
lk_expr *lk_sql_literal_as(lk_scope *c, const lk_expr *unknown, lk_type to, bool exact);
const char *lk_sql_type_text(lk_scope *c, lk_type t);   /* for messages */
/* Does this text carry the columns' collation? Constants alone do not, and what ->> gives. */
bool lk_expr_collates(const lk_plan *p, const lk_expr *x);
/* Or can no collation change what is made of it? */
bool lk_expr_collation_known(const lk_plan *p, const lk_expr *x);
/* Notes that it is not; `what` depends on it. False. */
bool lk_sql_no_collation(lk_scope *c, int at, const char *what);
#define LK_COLLATE_HINT "compare with a column, or write x COLLATE \"C\""

#endif
