/* sum and avg over numerics of more than 18 digits: their sums may leave 128 bits. The partial is the exact sum
 * (aggregates/exact.h) and the count; in a batch table the sum is a decimal text, since no column of the plan's types
 * holds all of its digits. The final values are those of PostgreSQL's numeric; one of more than 38 digits is a text in
 * the state. */
#include <string.h>

#include "aggregates/exact.h"
#include "aggregates/private.h"
#include "core/varint.h"
#include "core/wide.h"
#include "expr/function.h"

typedef struct long_state {
	lk_exact sum;
	int64_t rows;
	char *shown;              /* room for a final value, from the first row on */
} long_state;

/* An average of tiny numbers has up to 56 digits more after the point than they. */
static size_t shown_bytes(const lk_agg *a) { return 2 * (size_t)a->arg_type.precision + 64; }

static int resolve_sum(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)(arg.precision + 19), .scale = arg.scale};
	*reason = "sum needs a number, of a numeric type";
	return lk_type_is_long(arg) ? 0 : -1;
}

static int resolve_avg(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_NUMERIC};
	*reason = "avg needs a number, of a numeric type";
	return lk_type_is_long(arg) ? 0 : -1;
}

static void init(void *state) { *(long_state *)state = (long_state){0}; }

static void count_rows(long_state *s, const lk_agg *a, int64_t rows, lk_arena *arena) {
	s->rows = (int64_t)lk_agg_add(s->rows, rows);
	if (s->rows && !s->shown)
		s->shown = lk_arena_alloc(arena, shown_bytes(a));
}

static void fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	long_state *s = state;
	lk_agg_exact_add(&s->sum, a, v, false, arena);
	count_rows(s, a, 1, arena);
}

static void unfold(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	long_state *s = state;
	lk_agg_exact_add(&s->sum, a, v, true, arena);
	s->rows--;
}

static void merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	long_state *s = into;
	const long_state *f = from;
	lk_exact_merge(&s->sum, &f->sum, arena);
	count_rows(s, a, f->rows, arena);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	const long_state *s = state;
	lk_varint_put(out, (lk_uint128)s->rows);
	if (s->rows)
		lk_exact_encode(&s->sum, out);
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	long_state *s = state;
	lk_uint128 rows;
	init(s);
	if (lk_varint_get(p, end, &rows) != 0 || rows > INT64_MAX / 2)
		return -1;
	count_rows(s, a, (int64_t)rows, arena);
	return rows ? lk_exact_decode(&s->sum, p, end, arena) : 0;
}

static lk_value show(const lk_wide *w, const long_state *s, const lk_agg *a) {
	if (w->n <= LK_NUMERIC_DIGITS)
		return lk_wide_value(w, NULL);
	lk_buf text = LK_BUF_INIT;
	lk_wide_print(w, &text);
	lk_value v = {.state = LK_MARKED};
	if (text.len <= shown_bytes(a))
		v = lk_text(memcpy(s->shown, text.data, text.len), text.len);
	v.scale = LK_WIDE;
	lk_buf_release(&text);
	return v;
}

static void finish_sum(const void *state, const lk_agg *a, lk_value *out) {
	const long_state *s = state;
	lk_wide sum;
	*out = lk_null();
	if (!s->rows)
		return;
	lk_exact_wide(&s->sum, lk_agg_scale(a), &sum);
	*out = show(&sum, s, a);
}

static void finish_avg(const void *state, const lk_agg *a, lk_value *out) {
	const long_state *s = state;
	const lk_value rows = lk_numeric(s->rows, 0);
	lk_wide sum, n, avg;
	*out = lk_null();
	if (!s->rows)
		return;
	lk_exact_wide(&s->sum, lk_agg_scale(a), &sum);
	lk_wide_of(&rows, &n);
	*out = lk_wide_divide(&sum, &n, &avg) ? show(&avg, s, a) : (lk_value){.state = LK_MARKED};
}

/* --- sum as a text, count --- */

static lk_type partial_type(const lk_agg *a, int i) {
	(void)a;
	return (lk_type){.kind = i == 0 ? LK_TEXT : LK_INT8};
}

static void partial_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	(void)a;
	lk_buf_addf(out, i == 0 ? "sum(%s)%s::text" : "count(%s)%s", arg_sql, filter_sql);
}

static int load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	long_state *s = state;
	init(s);
	if (lk_is_null(&columns[1]) || columns[1].i == 0)
		return 0;
	if (columns[1].i < 0 || lk_is_null(&columns[0]))
		return -1;
	count_rows(s, a, columns[1].i, arena);
	return lk_exact_add_text(&s->sum, &columns[0], lk_agg_scale(a), arena);
}

static void store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	const long_state *s = state;
	columns[0] = s->rows ? lk_exact_text(&s->sum, lk_agg_scale(a), arena) : lk_null();
	columns[1] = lk_int(s->rows);
}

#define LONG_VERBS \
	.digits = LK_EXPR_DIGITS, .state_size = LK_STATE_SIZE(long_state), .init = init, .fold = fold, .unfold = unfold, \
	.merge = merge, .encode = encode, .decode = decode, .npartials = 2, .partial_type = partial_type, \
	.partial_sql = partial_sql, .load = load, .store = store

const lk_aggregate lk_agg_sum_long = {LONG_VERBS, .name = "sum", .resolve = resolve_sum, .finish = finish_sum};
const lk_aggregate lk_agg_avg_long = {LONG_VERBS, .name = "avg", .resolve = resolve_avg, .finish = finish_avg};
