/* sum over integers and numerics that fit 64 bits: exact, in 128 bits. Longer numerics are in aggregates/sum_long.c,
 * doubles in aggregates/sum_double.c.
 *
 * As in PostgreSQL, the sum of smallint and integer is bigint, that of bigint and numeric is numeric. An argument has
 * fewer than 2^63 units and a log fewer than 2^63 events, so a sum stays below 2^126. A sum of integers leaves bigint
 * after 2^32 rows of the largest integer in one group: here the value is marked, while PostgreSQL's int4_sum wraps
 * round without an error. So a partial that PostgreSQL computed may have wrapped, if all these rows are in one cell. A
 * cast to bigint before the sum would not help: the fold in C has only the same bigint column to store the cell in. sum
 * over no rows, or only NULLs, is NULL: the state counts the values. */
#include "aggregates/private.h"
#include "core/varint.h"

typedef struct sum_state {
	lk_int128 sum;
	int64_t rows;       /* of a decoded, loaded or merged sum only whether there are any */
} sum_state;

static bool is_small(const lk_agg *a) { return a->arg_type.kind == LK_INT2 || a->arg_type.kind == LK_INT4; }

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	switch (arg.kind) {
	case LK_INT2:
	case LK_INT4: *result = (lk_type){.kind = LK_INT8}; return 0;
	case LK_INT8: *result = (lk_type){.kind = LK_NUMERIC, .precision = 38}; return 0;
	case LK_NUMERIC:
		*result = (lk_type){.kind = LK_NUMERIC, .precision = 38, .scale = arg.scale};
		*reason = "its sums may leave 128 bits";
		return lk_type_is_long(arg) ? -1 : 0;
	default: *reason = "sum needs a number"; return -1;
	}
}

static void init(void *state) { *(sum_state *)state = (sum_state){0}; }

static void fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	(void)arena;
	sum_state *s = state;
	s->sum = lk_agg_add(s->sum, lk_agg_units(a, v));
	s->rows++;
}

static void unfold(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	(void)arena;
	sum_state *s = state;
	s->sum = lk_agg_add(s->sum, -lk_agg_units(a, v));
	s->rows--;
}

static void merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a;
	(void)arena;
	sum_state *s = into;
	const sum_state *f = from;
	s->sum = lk_agg_add(s->sum, f->sum);
	s->rows |= f->rows;
}

/* 0 for no value, else the zigzagged sum plus one. */
static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	const sum_state *s = state;
	lk_varint_put(out, s->rows ? lk_zigzag(s->sum) + 1 : 0);
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	(void)a;
	(void)arena;
	sum_state *s = state;
	lk_uint128 u;
	if (lk_varint_get(p, end, &u) != 0)
		return -1;
	*s = (sum_state){.sum = u ? lk_unzigzag(u - 1) : 0, .rows = u != 0};
	return 0;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	const sum_state *s = state;
	if (!s->rows)
		*out = lk_null();
	else if (!is_small(a))
		*out = lk_numeric(s->sum, lk_agg_scale(a));
	else if (s->sum > INT64_MAX || s->sum < INT64_MIN)
		*out = (lk_value){.state = LK_MARKED};
	else
		*out = lk_int((int64_t)s->sum);
}

static lk_type partial_type(const lk_agg *a, int i) {
	(void)i;
	if (is_small(a))
		return (lk_type){.kind = LK_INT8};
	return (lk_type){.kind = LK_NUMERIC, .precision = 38, .scale = lk_agg_scale(a)};
}

/* The cast runs once per group and fixes the scale that readers see. */
static void partial_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	(void)i;
	lk_buf_addf(out, "sum(%s)%s", arg_sql, filter_sql);
	if (!is_small(a))
		lk_buf_addf(out, "::numeric(38,%d)", lk_agg_scale(a));
}

static int load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	(void)arena;
	sum_state *s = state;
	*s = (sum_state){.rows = !lk_is_null(columns)};
	if (s->rows)
		s->sum = is_small(a) ? columns->i : lk_agg_units(&(lk_agg){.arg_type = partial_type(a, 0)}, columns);
	return 0;
}

static void store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	(void)arena;
	finish(state, a, columns);
}

const lk_aggregate lk_agg_sum = {
	.name = "sum", .state_size = LK_STATE_SIZE(sum_state), .resolve = resolve, .init = init, .fold = fold,
	.unfold = unfold, .merge = merge, .encode = encode, .decode = decode, .finish = finish, .npartials = 1,
	.partial_type = partial_type, .partial_sql = partial_sql, .load = load, .store = store,
};
