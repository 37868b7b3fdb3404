/* Aggregates: one constant table of verbs each, one file each (core/agg_<name>.c), listed in core/aggregate.c.
 *
 * A partial is the mergeable state of one aggregate over any set of rows. Algebra, tested with random inputs:
 * init is the identity; merge is commutative and associative; fold(x) = merge(partial of {x}); equal sets
 * of rows give equal encoded bytes, in whatever order and grouping they were folded and merged (I10). */
#ifndef LK_CORE_AGGREGATE_H
#define LK_CORE_AGGREGATE_H

#include "core/expr.h"
#include "core/status.h"
#include "core/value.h"

#define LK_MAX_PARTIALS 4   /* columns of a batch table that one aggregate may need */

typedef struct lk_agg {
	const struct lk_aggregate *verbs;
	lk_expr *arg;         /* NULL for count(*) */
	lk_type arg_type;     /* of arg; LK_INT8 for count(*) */
	lk_type type;         /* of the final value; numeric results may have another scale per value (avg) */
	size_t state_offset;  /* into a cell's state */
} lk_agg;

typedef struct lk_aggregate {
	const char *name;     /* as written in SQL */
	bool star;            /* the f(*) form; two entries may share a name */
	bool fold_only;       /* has no exact SQL form: the batch layer folds in C (R3) */
	size_t state_size;    /* multiple of 16 */

	/* Result type for an argument type. -1 where refused; *reason is static text that says what to write instead. */
	int (*resolve)(lk_type arg, lk_type *result, const char **reason);

	void (*init)(void *state);
	/* A NULL argument is skipped by the caller (count(*) is always given a non-NULL). Texts are copied to the arena. */
	void (*fold)(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena);
	void (*merge)(void *into, const lk_agg *a, const void *from, lk_arena *arena);

	/* Self-delimiting bytes; equal partials give equal bytes. decode: 0, or -1 if malformed; *p moves on. */
	void (*encode)(const void *state, const lk_agg *a, lk_buf *out);
	int (*decode)(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena);

	/* The final value (avg = sum / count …). Borrows from the state. */
	void (*finish)(const void *state, const lk_agg *a, lk_value *out);

	/* The partial as columns of a batch table: npartials of them, their types, the SQL that computes column i
	 * from the argument's SQL text, and the way from and to values. */
	int npartials;
	lk_type (*partial_type)(const lk_agg *a, int i);
	void (*partial_sql)(const lk_agg *a, int i, const char *arg_sql, lk_buf *out);
	void (*load)(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena);
	void (*store)(const void *state, const lk_agg *a, lk_value *columns);

	bool idempotent;      /* merge(s, s) = s: min, max */
} lk_aggregate;

/* NULL where there is none of that name and form. */
const lk_aggregate *lk_aggregate_find(const char *name, bool star);
/* All of them, NULL-ended: for did-you-mean, tests of the laws, and the docs. */
extern const lk_aggregate *const lk_aggregates[];

#endif
