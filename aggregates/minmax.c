/* min and max over every type except boolean, uuid and jsonb, for which PostgreSQL 15 has neither.
 *
 * The order is lk_value_compare's: texts by bytes, NaN above all numbers. The state is the value in canonical form
 * (lk_kept_take), so the bytes do not depend on which of two equal values came first. The partial is the value in the
 * key encoding. */
#include "aggregates/private.h"
#include "core/key.h"

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	*result = arg;
	if (arg.kind != LK_BOOL && arg.kind != LK_UUID && arg.kind != LK_JSONB)
		return 0;
	if (arg.kind == LK_UUID)
		*reason = "PostgreSQL has no min or max of uuid; write first(x) or last(x)";
	else if (arg.kind == LK_JSONB)
		*reason = "PostgreSQL has no min or max of jsonb; write min(x ->> 'key' COLLATE \"C\"), first(x) or last(x)";
	else
		*reason = "PostgreSQL has no min or max of boolean; write bool_and(x) or bool_or(x)";
	return -1;
}

static void init(void *state) { *(lk_kept *)state = (lk_kept){.v.state = LK_NULL}; }

static void keep_least(lk_kept *k, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	if (lk_is_null(&k->v) || lk_value_compare(a->arg_type, v, &k->v) < 0)
		lk_kept_take(k, a, v, arena);
}

static void keep_greatest(lk_kept *k, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	if (lk_is_null(&k->v) || lk_value_compare(a->arg_type, v, &k->v) > 0)
		lk_kept_take(k, a, v, arena);
}

static void fold_min(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	keep_least(state, a, v, arena);
}

static void fold_max(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	keep_greatest(state, a, v, arena);
}

static void merge_min(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	const lk_kept *k = from;
	if (!lk_is_null(&k->v))
		keep_least(into, a, &k->v, arena);
}

static void merge_max(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	const lk_kept *k = from;
	if (!lk_is_null(&k->v))
		keep_greatest(into, a, &k->v, arena);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	lk_key_put(out, a->arg_type, &((const lk_kept *)state)->v);
}

static int load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	init(state);
	if (!lk_is_null(columns))
		lk_kept_take(state, a, columns, arena);
	return 0;
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	lk_value v;
	return lk_key_get(a->arg_type, p, end, &v) == 0 ? load(state, a, &v, arena) : -1;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	*out = ((const lk_kept *)state)->v;
}

static lk_type partial_type(const lk_agg *a, int i) {
	(void)i;
	return a->arg_type;
}

static void partial_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	(void)i;
	lk_buf_addf(out, "%s(%s)%s", a->verbs->name, arg_sql, filter_sql);
}

static void store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	(void)arena;
	finish(state, a, columns);
}

#define MINMAX_VERBS \
	.state_size = LK_STATE_SIZE(lk_kept), .resolve = resolve, .init = init, .encode = encode, .decode = decode, \
	.finish = finish, .npartials = 1, .partial_type = partial_type, .partial_sql = partial_sql, .load = load, \
	.store = store, .idempotent = true

const lk_aggregate lk_agg_min = {
	MINMAX_VERBS, .name = "min", .extreme = LK_LEAST, .fold = fold_min, .merge = merge_min,
};
const lk_aggregate lk_agg_max = {
	MINMAX_VERBS, .name = "max", .extreme = LK_GREATEST, .fold = fold_max, .merge = merge_max,
};
