/* var_pop, var_samp, variance and stddev_pop, stddev_samp, stddev: from the exact count, sum and sum of squares, as
 * (n * sum(x^2) - sum(x)^2) / (n * n), or n * (n - 1), computed exactly and rounded once. So the bits are the same in
 * any order, and a variance of large numbers close to each other keeps its digits. Welford's method depends on order,
 * and the textbook's sums of doubles lose those digits.
 *
 * The result is a double for every argument type; PostgreSQL's is a numeric for integers and numerics. For those two
 * the sums have an exact SQL form. The squares are counted in units of 10^-2s and take two columns, div and mod by
 * 2^96, since they need up to 192 bits; both sums of numerics of more than 18 digits are decimal texts. For doubles the
 * batch layer folds in C. */
#include <math.h>

#include "aggregates/exact.h"
#include "aggregates/private.h"
#include "core/varint.h"
#include "expr/function.h"

#define TWO_96 "79228162514264337593543950336"

typedef struct variance_state {
	lk_exact sum, squares;
	int64_t rows;
} variance_state;

static int resolve_short(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_FLOAT8};
	*reason = "it needs a number: a column or expression of a numeric type";
	return lk_type_is_integer(arg) || (arg.kind == LK_NUMERIC && !lk_type_is_long(arg)) ? 0 : -1;
}

static int resolve_long(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_FLOAT8};
	*reason = "it needs a number: a column or expression of a numeric type";
	return lk_type_is_long(arg) ? 0 : -1;
}

static int resolve_double(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_FLOAT8};
	if (arg.kind == LK_FLOAT4 || arg.kind == LK_FLOAT8)
		return 0;
	*reason = "it needs a number: a column or expression of a numeric type";
	return -1;
}

static void init(void *state) { *(variance_state *)state = (variance_state){0}; }

static void take_exact(variance_state *s, const lk_agg *a, const lk_value *v, bool remove, lk_arena *arena) {
	lk_agg_exact_add(&s->sum, a, v, remove, arena);
	lk_agg_exact_add_square(&s->squares, a, v, remove, arena);
	s->rows += remove ? -1 : 1;
}

static void fold_exact(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	take_exact(state, a, v, false, arena);
}

static void unfold_exact(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	take_exact(state, a, v, true, arena);
}

static void fold_double(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)a, (void)at;
	variance_state *s = state;
	lk_exact_add(&s->sum, v->d, arena);
	lk_exact_add_square(&s->squares, v->d, arena);
	s->rows++;
}

static void unfold_double(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	(void)a;
	variance_state *s = state;
	lk_exact_remove(&s->sum, v->d, arena);
	lk_exact_remove_square(&s->squares, v->d, arena);
	s->rows--;
}

static void merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a;
	variance_state *s = into;
	const variance_state *f = from;
	lk_exact_merge(&s->sum, &f->sum, arena);
	lk_exact_merge(&s->squares, &f->squares, arena);
	s->rows = (int64_t)lk_agg_add(s->rows, f->rows);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	const variance_state *s = state;
	lk_varint_put(out, (lk_uint128)s->rows);
	if (!s->rows)
		return;
	lk_exact_encode(&s->sum, out);
	lk_exact_encode(&s->squares, out);
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	(void)a;
	variance_state *s = state;
	lk_uint128 rows;
	init(s);
	if (lk_varint_get(p, end, &rows) != 0 || rows > INT64_MAX / 2)
		return -1;
	s->rows = (int64_t)rows;
	return rows && (lk_exact_decode(&s->sum, p, end, arena) != 0 || lk_exact_decode(&s->squares, p, end, arena) != 0) ? -1 : 0;
}

static void finish_with(const variance_state *s, const lk_agg *a, bool sample, bool root, lk_value *out) {
	uint64_t n = (uint64_t)s->rows, m = n - sample;
	*out = lk_null();
	if (n == 0 || m == 0)
		return;
	if (lk_exact_special(&s->sum) != 0) {
		*out = lk_double(NAN);
		return;
	}
	double d = lk_exact_variance(&s->sum, &s->squares, n, m, lk_agg_scale(a), root);
	*out = isinf(d) ? (lk_value){.state = LK_MARKED} : lk_double(d);
}

static void var_pop(const void *s, const lk_agg *a, lk_value *out) { finish_with(s, a, false, false, out); }
static void var_samp(const void *s, const lk_agg *a, lk_value *out) { finish_with(s, a, true, false, out); }
static void stddev_pop(const void *s, const lk_agg *a, lk_value *out) { finish_with(s, a, false, true, out); }
static void stddev_samp(const void *s, const lk_agg *a, lk_value *out) { finish_with(s, a, true, true, out); }

/* --- the exact forms in SQL: count, sum, squares div 2^96, squares mod 2^96 --- */

static lk_type partial_type(const lk_agg *a, int i) {
	if (i == 0)
		return (lk_type){.kind = LK_INT8};
	return (lk_type){.kind = LK_NUMERIC, .precision = 38, .scale = i == 1 ? lk_agg_scale(a) : 0};
}

static void partial_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	int scale = lk_agg_scale(a);
	if (i == 0) {
		lk_buf_addf(out, "count(%s)%s", arg_sql, filter_sql);
	} else if (i == 1) {
		lk_buf_addf(out, "sum((%s)::numeric)%s::numeric(38,%d)", arg_sql, filter_sql, scale);
	} else {
		lk_buf_addf(out, "%s(sum((%s)::numeric * (%s))%s * '1e%d'::numeric, '" TWO_96 "'::numeric)::numeric(38,0)", i == 2 ? "div" : "mod",
		            arg_sql, arg_sql, filter_sql, 2 * scale);
	}
}

static int load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	variance_state *s = state;
	init(s);
	if (lk_is_null(&columns[0]) || columns[0].i == 0)
		return 0;
	if (columns[0].i < 0 || lk_is_null(&columns[1]) || lk_is_null(&columns[2]) || lk_is_null(&columns[3]))
		return -1;
	s->rows = columns[0].i;
	lk_exact_add_int(&s->sum, lk_agg_units(&(lk_agg){.arg_type = partial_type(a, 1)}, &columns[1]), 0, arena);
	lk_exact_add_int(&s->squares, columns[2].n, 3, arena);
	lk_exact_add_int(&s->squares, columns[3].n, 0, arena);
	return 0;
}

static lk_int128 digits_from(const lk_magnitude *m, int first, int n) {
	lk_uint128 u = 0;
	for (int i = n - 1; i >= 0; i--)
		u = u << 32 | m->digit[LK_EXACT_ONE + first + i];
	return m->negative ? -(lk_int128)u : (lk_int128)u;
}

static void store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	(void)arena;
	const variance_state *s = state;
	lk_magnitude sum, squares;
	columns[0] = lk_int(s->rows);
	columns[1] = columns[2] = columns[3] = lk_null();
	if (!s->rows)
		return;
	lk_exact_magnitude(&s->sum, &sum);
	lk_exact_magnitude(&s->squares, &squares);
	columns[1] = lk_numeric(digits_from(&sum, 0, 4), lk_agg_scale(a));
	columns[2] = lk_numeric(digits_from(&squares, 3, 4), 0);
	columns[3] = lk_numeric(digits_from(&squares, 0, 3), 0);
}

/* --- long numerics in SQL: count, sum, squares --- */

static lk_type long_type(const lk_agg *a, int i) {
	(void)a;
	return (lk_type){.kind = i == 0 ? LK_INT8 : LK_TEXT};
}

static void long_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	(void)a;
	if (i == 2)
		lk_buf_addf(out, "sum((%s) * (%s))%s::text", arg_sql, arg_sql, filter_sql);
	else
		lk_buf_addf(out, i == 0 ? "count(%s)%s" : "sum(%s)%s::text", arg_sql, filter_sql);
}

static int load_long(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	variance_state *s = state;
	init(s);
	if (lk_is_null(&columns[0]) || columns[0].i == 0)
		return 0;
	if (columns[0].i < 0 || lk_is_null(&columns[1]) || lk_is_null(&columns[2]))
		return -1;
	s->rows = columns[0].i;
	int scale = lk_agg_scale(a), rc = lk_exact_add_text(&s->sum, &columns[1], scale, arena);
	return rc ? rc : lk_exact_add_text(&s->squares, &columns[2], 2 * scale, arena);
}

static void store_long(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	const variance_state *s = state;
	columns[0] = lk_int(s->rows);
	columns[1] = s->rows ? lk_exact_text(&s->sum, lk_agg_scale(a), arena) : lk_null();
	columns[2] = s->rows ? lk_exact_text(&s->squares, 2 * lk_agg_scale(a), arena) : lk_null();
}

#define VARIANCE_VERBS .state_size = LK_STATE_SIZE(variance_state), .init = init, .merge = merge, .encode = encode, .decode = decode
#define EXACT_VERBS VARIANCE_VERBS, .oracle = LK_ORACLE_AS_DOUBLE, .fold = fold_exact, .unfold = unfold_exact
#define SHORT_VERBS \
	EXACT_VERBS, .resolve = resolve_short, .npartials = 4, .partial_type = partial_type, .partial_sql = partial_sql, \
	.load = load, .store = store
#define LONG_VERBS \
	EXACT_VERBS, .digits = LK_EXPR_DIGITS, .resolve = resolve_long, .npartials = 3, .partial_type = long_type, \
	.partial_sql = long_sql, .load = load_long, .store = store_long
#define DOUBLE_VERBS \
	VARIANCE_VERBS, LK_PARTIAL_OF_BYTES, .oracle = LK_ORACLE_ARRAY, .error = 1e-12, .resolve = resolve_double, \
	.fold = fold_double, .unfold = unfold_double

/* PostgreSQL gives the root as many digits after the point as the variance, which has 16 significant digits: the root
 * of a large variance has eight. */
const lk_aggregate lk_agg_var_pop = {SHORT_VERBS, .error = 1e-12, .name = "var_pop", .finish = var_pop};
const lk_aggregate lk_agg_var_samp = {SHORT_VERBS, .error = 1e-12, .name = "var_samp", .finish = var_samp};
const lk_aggregate lk_agg_variance = {SHORT_VERBS, .error = 1e-12, .name = "variance", .finish = var_samp};
const lk_aggregate lk_agg_stddev_pop = {SHORT_VERBS, .error = 1e-8, .name = "stddev_pop", .finish = stddev_pop};
const lk_aggregate lk_agg_stddev_samp = {SHORT_VERBS, .error = 1e-8, .name = "stddev_samp", .finish = stddev_samp};
const lk_aggregate lk_agg_stddev = {SHORT_VERBS, .error = 1e-8, .name = "stddev", .finish = stddev_samp};
const lk_aggregate lk_agg_var_pop_long = {LONG_VERBS, .error = 1e-12, .name = "var_pop", .finish = var_pop};
const lk_aggregate lk_agg_var_samp_long = {LONG_VERBS, .error = 1e-12, .name = "var_samp", .finish = var_samp};
const lk_aggregate lk_agg_variance_long = {LONG_VERBS, .error = 1e-12, .name = "variance", .finish = var_samp};
const lk_aggregate lk_agg_stddev_pop_long = {LONG_VERBS, .error = 1e-8, .name = "stddev_pop", .finish = stddev_pop};
const lk_aggregate lk_agg_stddev_samp_long = {LONG_VERBS, .error = 1e-8, .name = "stddev_samp", .finish = stddev_samp};
const lk_aggregate lk_agg_stddev_long = {LONG_VERBS, .error = 1e-8, .name = "stddev", .finish = stddev_samp};
const lk_aggregate lk_agg_var_pop_double = {DOUBLE_VERBS, .name = "var_pop", .finish = var_pop};
const lk_aggregate lk_agg_var_samp_double = {DOUBLE_VERBS, .name = "var_samp", .finish = var_samp};
const lk_aggregate lk_agg_variance_double = {DOUBLE_VERBS, .name = "variance", .finish = var_samp};
const lk_aggregate lk_agg_stddev_pop_double = {DOUBLE_VERBS, .name = "stddev_pop", .finish = stddev_pop};
const lk_aggregate lk_agg_stddev_samp_double = {DOUBLE_VERBS, .name = "stddev_samp", .finish = stddev_samp};
const lk_aggregate lk_agg_stddev_double = {DOUBLE_VERBS, .name = "stddev", .finish = stddev_samp};
