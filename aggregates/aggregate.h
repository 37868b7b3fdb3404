/* Aggregates: one constant table of verbs each, one file each (aggregates/<name>.c), listed in aggregates/private.h.
 *
 * A partial is the mergeable state of one aggregate over any set of rows. Algebra, tested with random inputs: init is
 * the identity; merge is commutative and associative; fold(x) = merge(partial of {x}); equal sets of rows give equal
 * encoded bytes, in whatever order and grouping they were folded and merged (I10).
 *
 * Several entries may share a name: f(*), f(x) and f(DISTINCT x), and forms that keep another partial for another type
 * of argument (sum of integers, sum of doubles). docs/adding-an-aggregate.md walks through one.
 *
 * The tables are constant. Verbs may be called from any thread; a state is used by one thread at a time, and what it
 * grows by lives in the arena of the call, which must outlive the state. */
#ifndef LK_AGGREGATES_AGGREGATE_H
#define LK_AGGREGATES_AGGREGATE_H

#include "core/status.h"
#include "core/value.h"
#include "expr/expr.h"

#define LK_MAX_PARTIALS 4   /* columns of a batch table that one aggregate may need */

/* A row's place in the log, by which first and last order rows (R17). Rows that LATERAL makes from one event differ
 * only in `row`. */
typedef struct lk_place {
	int64_t ts, off;
	int32_t part, row;
} lk_place;

typedef struct lk_agg {
	const struct lk_aggregate *verbs;
	lk_expr *arg;         /* NULL for count(*) */
	lk_expr *filter;      /* FILTER (WHERE …), or NULL */
	double param;         /* the second argument, where verbs->param names one */
	lk_type arg_type;     /* of arg; LK_INT8 for count(*) */
	lk_type type;         /* of the final value; numeric results may have another scale per value (avg) */
	size_t state_offset;  /* into a cell's state */
} lk_agg;

/* What PostgreSQL runs for the call in the user's own text (sql/to_sql.c). */
enum lk_oracle_form {
	LK_ORACLE_AS_WRITTEN,
	LK_ORACLE_AS_DOUBLE,    /* as written, converted to double precision */
	LK_ORACLE_ARRAY,        /* lk.<name>([param,] array_agg(x)): PostgreSQL's depends on order, or does not exist */
	LK_ORACLE_IN_ORDER,     /* lk.<name>(array_agg(x ORDER BY place in the log)) */
};

/* The state of any values is that of one of them alone: of the least, the greatest, the earliest or the latest one.
 * Moving windows keep candidates for it. */
enum lk_agg_extreme { LK_NO_EXTREME, LK_LEAST, LK_GREATEST, LK_EARLIEST, LK_LATEST };

typedef struct lk_aggregate {
	const char *name;     /* as written in SQL */
	bool star, distinct;  /* the forms f(*), f(DISTINCT x) */
	bool fold_only;       /* has no exact SQL form: the batch layer folds in C (R3) */
	bool as_double;       /* a number of another type is converted to double precision first */
	uint8_t digits;       /* the most digits of a numeric argument; 0: LK_NUMERIC_DIGITS */
	uint8_t oracle;       /* enum lk_oracle_form */
	double error;         /* bound of the relative error against the oracle (sketches: five standard errors); 0: exact */
	const char *bound;    /* the same in words, for approximations: "standard error 0.81 %"; NULL: exact */
	size_t state_size;    /* multiple of 16 */

	/* Result type for an argument type. -1 if it is refused, with static text in *reason that says what to write
	 * instead. */
	int (*resolve)(lk_type arg, lk_type *result, const char **reason);
	const char *param;    /* the name of the second argument, a constant number; NULL: there is none */
	const char *(*param_fault)(double param);   /* NULL, or what it must be */

	void (*init)(void *state);
	/* The caller skips NULL arguments (count(*) always gets a non-NULL). Texts are copied to the arena. */
	void (*fold)(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena);
	/* Takes out a value that was folded before, of a state that was neither merged nor decoded: as if it had never been
	 * there. NULL: there is no inverse. */
	void (*unfold)(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena);
	uint8_t extreme;      /* enum lk_agg_extreme */
	void (*merge)(void *into, const lk_agg *a, const void *from, lk_arena *arena);

	/* Self-delimiting bytes; equal partials give equal bytes. decode: 0, or -1 if malformed; *p moves on. */
	void (*encode)(const void *state, const lk_agg *a, lk_buf *out);
	int (*decode)(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena);

	/* Adds to `out` what decoding x and y, merging and encoding would make of them, in less memory: 0, or -1 if one is
	 * malformed; both move on. NULL: it is done so. */
	int (*merge_encoded)(const lk_agg *a, lk_unread *x, lk_unread *y, lk_buf *out);

	/* The final value (avg = sum / count …). Borrows from the state, or from a thread-local buffer that the next finish
	 * of the same aggregate overwrites. */
	void (*finish)(const void *state, const lk_agg *a, lk_value *out);
	/* Why a partial that exceeds a limit has no final value; NULL if it has one. The pointer is NULL without a
	 * limit. */
	const char *(*refused)(const void *state);
	/* About how many bytes encode writes. The pointer is NULL if that does not grow with the rows. */
	size_t (*weight)(const void *state);

	/* The partial as columns of a batch table: npartials of them, their types, the SQL that computes column i from the
	 * argument's SQL text and " FILTER (…)" or "", and the conversion from and to values. load: 0, or -1 if
	 * malformed. */
	int npartials;
	lk_type (*partial_type)(const lk_agg *a, int i);
	void (*partial_sql)(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out);   /* NULL: fold_only */
	int (*load)(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena);
	void (*store)(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena);

	bool idempotent;      /* merge(s, s) = s: min, max */
} lk_aggregate;

/* Is there an aggregate of that name? */
bool lk_aggregate_known(const char *name);
/* The most digits of a numeric argument of any form of the name. */
int lk_aggregate_digits(const char *name, bool distinct);
/* Finds the aggregate that takes a->arg_type; sets a->verbs and a->type. -1, with *reason, if there is none. */
int lk_aggregate_resolve(lk_agg *a, const char *name, bool star, bool distinct, const char **reason);
/* All of them, NULL-ended: for did-you-mean, tests of the laws, and the docs. */
extern const lk_aggregate *const lk_aggregates[];

#endif
