/* sum and avg of real and double precision: the exact sum of all terms, rounded once at the read. So the result does
 * not depend on order, as PostgreSQL's does (R9, R10; aggregates/exact.h names the papers). The sum of reals is a real, the
 * average a double, as in PostgreSQL. PostgreSQL raises if any intermediate sum is out of the type's range; here only a
 * result out of range matters, and it is NULL.
 *
 * SQL has no such sum, so the batch layer folds in C. */
#include <math.h>

#include "aggregates/exact.h"
#include "aggregates/private.h"
#include "core/varint.h"

typedef struct double_state {
	lk_exact sum;
	int64_t rows;
} double_state;

static int resolve_sum(lk_type arg, lk_type *result, const char **reason) {
	*result = arg;
	if (arg.kind == LK_FLOAT4 || arg.kind == LK_FLOAT8)
		return 0;
	*reason = "sum needs a number";
	return -1;
}

static int resolve_avg(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_FLOAT8};
	if (arg.kind == LK_FLOAT4 || arg.kind == LK_FLOAT8)
		return 0;
	*reason = "avg needs a number";
	return -1;
}

static void init(void *state) { *(double_state *)state = (double_state){0}; }

static void fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)a, (void)at;
	double_state *s = state;
	lk_exact_add(&s->sum, v->d, arena);
	s->rows++;
}

static void unfold(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	(void)a;
	double_state *s = state;
	lk_exact_remove(&s->sum, v->d, arena);
	s->rows--;
}

static void merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a;
	double_state *s = into;
	const double_state *f = from;
	lk_exact_merge(&s->sum, &f->sum, arena);
	s->rows = (int64_t)lk_agg_add(s->rows, f->rows);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	const double_state *s = state;
	lk_varint_put(out, (lk_uint128)s->rows);
	if (s->rows)
		lk_exact_encode(&s->sum, out);
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	(void)a;
	double_state *s = state;
	lk_uint128 rows;
	init(s);
	if (lk_varint_get(p, end, &rows) != 0 || rows > INT64_MAX / 2 || (rows && lk_exact_decode(&s->sum, p, end, arena) != 0))
		return -1;
	s->rows = (int64_t)rows;
	return 0;
}

static void finish_with(const double_state *s, uint64_t by, bool real, lk_value *out) {
	double special = lk_exact_special(&s->sum);
	if (!s->rows) {
		*out = lk_null();
	} else if (special != 0) {
		*out = lk_double(special);
	} else {
		double d = lk_exact_quotient(&s->sum, by, real);
		*out = isinf(d) ? (lk_value){.state = LK_MARKED} : lk_double(d + 0.0);
	}
}

static void finish_sum(const void *state, const lk_agg *a, lk_value *out) {
	finish_with(state, 1, a->type.kind == LK_FLOAT4, out);
}

static void finish_avg(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	finish_with(state, (uint64_t)((const double_state *)state)->rows, false, out);
}

#define DOUBLE_VERBS \
	LK_PARTIAL_OF_BYTES, .oracle = LK_ORACLE_ARRAY, .state_size = LK_STATE_SIZE(double_state), .init = init, \
	.fold = fold, .unfold = unfold, .merge = merge, .encode = encode, .decode = decode

const lk_aggregate lk_agg_sum_double = {DOUBLE_VERBS, .name = "sum", .resolve = resolve_sum, .finish = finish_sum};
const lk_aggregate lk_agg_avg_double = {DOUBLE_VERBS, .name = "avg", .resolve = resolve_avg, .finish = finish_avg};
