/* avg over integers and numerics that fit 64 bits (longer ones: aggregates/sum_long.c). The partial is the exact sum
 * and the count; finish divides once, as PostgreSQL does. */
#include "aggregates/private.h"
#include "core/varint.h"

typedef struct avg_state {
	lk_int128 sum;
	int64_t rows;
} avg_state;

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	if (lk_type_is_integer(arg) || (arg.kind == LK_NUMERIC && !lk_type_is_long(arg))) {
		*result = (lk_type){.kind = LK_NUMERIC};
		return 0;
	}
	*reason = "avg needs a number";
	return -1;
}

static void init(void *state) { *(avg_state *)state = (avg_state){0}; }

static void fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	(void)arena;
	avg_state *s = state;
	s->sum = lk_agg_add(s->sum, lk_agg_units(a, v));
	s->rows++;
}

static void unfold(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	(void)arena;
	avg_state *s = state;
	s->sum = lk_agg_add(s->sum, -lk_agg_units(a, v));
	s->rows--;
}

static void merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a;
	(void)arena;
	avg_state *s = into;
	const avg_state *f = from;
	s->sum = lk_agg_add(s->sum, f->sum);
	s->rows = (int64_t)lk_agg_add(s->rows, f->rows);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	const avg_state *s = state;
	lk_varint_put(out, (lk_uint128)s->rows);
	if (s->rows)
		lk_varint_put(out, lk_zigzag(s->sum));
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	(void)a;
	(void)arena;
	lk_uint128 rows, sum = 0;
	if (lk_varint_get(p, end, &rows) != 0 || rows > INT64_MAX / 2 || (rows && lk_varint_get(p, end, &sum) != 0))
		return -1;
	*(avg_state *)state = (avg_state){.sum = lk_unzigzag(sum), .rows = (int64_t)rows};
	return 0;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	const avg_state *s = state;
	*out = s->rows ? lk_numeric_div(s->sum, lk_agg_scale(a), s->rows, 0) : lk_null();
}

static bool is_small(const lk_agg *a) { return a->arg_type.kind == LK_INT2 || a->arg_type.kind == LK_INT4; }

static lk_type partial_type(const lk_agg *a, int i) {
	if (i == 1 || is_small(a))
		return (lk_type){.kind = LK_INT8};
	return (lk_type){.kind = LK_NUMERIC, .precision = 38, .scale = lk_agg_scale(a)};
}

static void partial_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	lk_buf_addf(out, "%s(%s)%s", i == 0 ? "sum" : "count", arg_sql, filter_sql);
	if (i == 0 && !is_small(a))
		lk_buf_addf(out, "::numeric(38,%d)", lk_agg_scale(a));
}

static int load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	(void)arena;
	avg_state *s = state;
	*s = (avg_state){0};
	if (lk_is_null(&columns[1]) || lk_is_null(&columns[0]))
		return 0;
	s->rows = columns[1].i;
	s->sum = is_small(a) ? columns[0].i : lk_agg_units(&(lk_agg){.arg_type = partial_type(a, 0)}, &columns[0]);
	return 0;
}

static void store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	(void)arena;
	const avg_state *s = state;
	columns[1] = lk_int(s->rows);
	if (!s->rows)
		columns[0] = lk_null();
	else if (!is_small(a))
		columns[0] = lk_numeric(s->sum, lk_agg_scale(a));
	else
		columns[0] = lk_int((int64_t)s->sum);
}

const lk_aggregate lk_agg_avg = {
	.name = "avg", .state_size = LK_STATE_SIZE(avg_state), .resolve = resolve, .init = init, .fold = fold,
	.unfold = unfold, .merge = merge, .encode = encode, .decode = decode, .finish = finish, .npartials = 2,
	.partial_type = partial_type, .partial_sql = partial_sql, .load = load, .store = store,
};
