/* count(*) and count(x): the number of rows, or of rows where x is not NULL. The partial is that number. */
#include "aggregates/private.h"
#include "core/varint.h"

typedef struct count_state {
	int64_t rows;
} count_state;

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	(void)arg;
	(void)reason;
	*result = (lk_type){.kind = LK_INT8};
	return 0;
}

static void init(void *state) { ((count_state *)state)->rows = 0; }

static void fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	(void)a;
	(void)v;
	(void)arena;
	((count_state *)state)->rows++;
}

static void unfold(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	(void)a, (void)v, (void)arena;
	((count_state *)state)->rows--;
}

static void merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a;
	(void)arena;
	((count_state *)into)->rows = (int64_t)lk_agg_add(((count_state *)into)->rows, ((const count_state *)from)->rows);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	lk_varint_put(out, (lk_uint128)((const count_state *)state)->rows);
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	(void)a;
	(void)arena;
	lk_uint128 n;
	if (lk_varint_get(p, end, &n) != 0 || n > INT64_MAX / 2)
		return -1;
	((count_state *)state)->rows = (int64_t)n;
	return 0;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	*out = lk_int(((const count_state *)state)->rows);
}

static lk_type partial_type(const lk_agg *a, int i) {
	(void)a;
	(void)i;
	return (lk_type){.kind = LK_INT8};
}

static void star_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	(void)a;
	(void)i;
	(void)arg_sql;
	lk_buf_addf(out, "count(*)%s", filter_sql);
}

static void count_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	(void)a;
	(void)i;
	lk_buf_addf(out, "count(%s)%s", arg_sql, filter_sql);
}

static int load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	(void)a;
	(void)arena;
	((count_state *)state)->rows = lk_is_null(columns) ? 0 : columns->i;
	return 0;
}

static void store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	(void)arena;
	finish(state, a, columns);
}

#define COUNT_VERBS \
	.name = "count", .state_size = LK_STATE_SIZE(count_state), .resolve = resolve, .init = init, .fold = fold, \
	.unfold = unfold, .merge = merge, .encode = encode, .decode = decode, .finish = finish, .npartials = 1, \
	.partial_type = partial_type, .load = load, .store = store

const lk_aggregate lk_agg_count_star = {COUNT_VERBS, .star = true, .partial_sql = star_sql};
const lk_aggregate lk_agg_count = {COUNT_VERBS, .partial_sql = count_sql};
