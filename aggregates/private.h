/* The verbs of each aggregate, and what their files share. Private to this room. */
#ifndef LK_AGGREGATES_PRIVATE_H
#define LK_AGGREGATES_PRIVATE_H

#include "aggregates/aggregate.h"
#include "aggregates/exact.h"

/* The list. Of entries that share a name, the first one that takes the argument is used. */
#define LK_AGGREGATES(x) \
	x(count_star) x(count) x(sum) x(sum_long) x(sum_double) x(avg) x(avg_long) x(avg_double) x(min) x(max) \
	x(var_pop) x(var_pop_long) x(var_pop_double) x(var_samp) x(var_samp_long) x(var_samp_double) \
	x(variance) x(variance_long) x(variance_double) x(stddev_pop) x(stddev_pop_long) x(stddev_pop_double) \
	x(stddev_samp) x(stddev_samp_long) x(stddev_samp_double) x(stddev) x(stddev_long) x(stddev_double) \
	x(bool_and) x(bool_or) x(every) x(first) x(last) x(count_distinct) x(approx_count_distinct) x(approx_percentile) \
	x(top_k)

#define LK_AGGREGATE_DECLARED(name) extern const lk_aggregate lk_agg_##name;
LK_AGGREGATES(LK_AGGREGATE_DECLARED)
#undef LK_AGGREGATE_DECLARED

#define LK_STATE_SIZE(type) ((sizeof(type) + 15) & ~(size_t)15)

/* The value of an integer or numeric argument as a whole number of units of 10^-scale of the argument's type. */
static inline lk_int128 lk_agg_units(const lk_agg *a, const lk_value *v) {
	if (a->arg_type.kind != LK_NUMERIC)
		return v->i;
	lk_int128 n = v->n;
	if (v->scale != a->arg_type.scale && !lk_numeric_rescale(n, v->scale, a->arg_type.scale, &n))
		n = v->n;
	return n;
}

/* Wraps instead of being undefined; no sum grows that far (aggregates/sum.c). */
static inline lk_int128 lk_agg_add(lk_int128 a, lk_int128 b) {
	return (lk_int128)((unsigned __int128)a + (unsigned __int128)b);
}

/* The scale of an argument's sums: its own for a numeric, 0 for integers. */
static inline uint8_t lk_agg_scale(const lk_agg *a) { return a->arg_type.kind == LK_NUMERIC ? a->arg_type.scale : 0; }

/* Adds a numeric argument of any number of digits to a sum in units of its type's scale, or takes it out again; its
 * square. */
void lk_agg_exact_add(lk_exact *sum, const lk_agg *a, const lk_value *v, bool remove, lk_arena *arena);
void lk_agg_exact_add_square(lk_exact *sum, const lk_agg *a, const lk_value *v, bool remove, lk_arena *arena);

/* The value that min, max, first and last keep. Equal values have one form in the state: -0 as +0, one NaN, numerics at
 * the argument's scale. A text lives in the arena; a new text that fits overwrites it. */
typedef struct lk_kept {
	lk_value v;         /* NULL before the first value */
	size_t room_bytes;  /* of v.s, for a text */
} lk_kept;
void lk_kept_take(lk_kept *k, const lk_agg *a, const lk_value *v, lk_arena *arena);

/* A partial stored as one column of bytes in a batch table: the output of encode. */
lk_type lk_agg_bytes_type(const lk_agg *a, int i);
int lk_agg_bytes_load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena);
void lk_agg_bytes_store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena);
#define LK_PARTIAL_OF_BYTES \
	.fold_only = true, .npartials = 1, .partial_type = lk_agg_bytes_type, .load = lk_agg_bytes_load, .store = lk_agg_bytes_store

/* For resolve: 0 if the values of the type can be told apart by their key encoding; else -1 with *reason. */
int lk_agg_counts_values(lk_type arg, const char **reason);
/* A partial that is a bag (aggregates/bag.h): a set if the aggregate is idempotent, else each item has a count. fold
 * adds the argument in the key encoding. */
void lk_agg_bag_init(void *state);
void lk_agg_bag_fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena);
void lk_agg_bag_merge(void *into, const lk_agg *a, const void *from, lk_arena *arena);
void lk_agg_bag_encode(const void *state, const lk_agg *a, lk_buf *out);
int lk_agg_bag_decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena);
int lk_agg_bag_merge_encoded(const lk_agg *a, lk_unread *x, lk_unread *y, lk_buf *out);
const char *lk_agg_bag_refused(const void *state);
size_t lk_agg_bag_weight(const void *state);
#define LK_PARTIAL_OF_BAG \
	LK_PARTIAL_OF_BYTES, .state_size = LK_STATE_SIZE(lk_bag), .init = lk_agg_bag_init, .merge = lk_agg_bag_merge, \
	.encode = lk_agg_bag_encode, .decode = lk_agg_bag_decode, .merge_encoded = lk_agg_bag_merge_encoded, \
	.refused = lk_agg_bag_refused, .weight = lk_agg_bag_weight

#endif
