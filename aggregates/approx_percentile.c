/* approx_percentile(x, p): a value within 1 % of the one that a share p of the values does not exceed. A histogram of
 * buckets with a bounded ratio, after Masson, Rim and Lee, "DDSketch: a fast and fully-mergeable quantile sketch with
 * relative-error guarantees" (PVLDB 12(12), 2019).
 *
 * The bucket comes from the bits of the double: sign, exponent and the first six bits of the mantissa. So each
 * power of two has 64 buckets of equal width, no logarithm is needed, and every machine finds the same bucket (R20).
 *
 *     value 5.3 = 1.325 * 2^2:   mantissa 010100 110011…   bucket [1.3125, 1.328125) * 2^2 = [5.25, 5.3125)
 *
 * A bucket [l, h) answers with 2lh / (l + h), whose relative distance from l and from h is the same: at most 1/129 =
 * 0.78 %, if l is a power of two. Infinities and NaN (above all numbers) have buckets of their own; numbers below
 * 2^-1022 in magnitude count as 0.
 *
 * Partials are counts per bucket, so they add up. There are at most 262,018 buckets; numbers within a factor of 1,000
 * of each other need 640. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "aggregates/bag.h"
#include "aggregates/private.h"
#include "expr/function.h"

enum { DROPPED_BITS = 46, BUCKETS_OF_INFINITY = 2047 << 6, BUCKET_OF_NAN = INT32_MAX };

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_FLOAT8};
	if (arg.kind == LK_FLOAT8)
		return 0;
	*reason = "it needs a number: a column or expression of a numeric type";
	return -1;
}

static const char *param_fault(double p) { return p >= 0 && p <= 1 ? NULL : "write a number from 0 to 1, such as 0.99"; }

static int32_t bucket_of(double d) {
	uint64_t bits;
	if (isnan(d))
		return BUCKET_OF_NAN;
	memcpy(&bits, &(double){fabs(d)}, 8);
	int32_t bucket = (int32_t)(bits >> DROPPED_BITS);
	if (bucket < 64)
		bucket = 0;
	return d < 0 ? -bucket : bucket;
}

static double value_of(int32_t bucket) {
	int32_t size = abs(bucket);
	uint64_t bits = (uint64_t)size << DROPPED_BITS;
	double low;
	if (bucket == BUCKET_OF_NAN)
		return NAN;
	memcpy(&low, &bits, 8);
	double value = size == 0 || size >= BUCKETS_OF_INFINITY ? low : low * (2.0 * (65 + size % 64) / (129 + 2 * (size % 64)));
	return bucket < 0 ? -value : value;
}

/* The key is four bytes that sort like the buckets. */
static uint32_t key_of(double d) { return __builtin_bswap32((uint32_t)bucket_of(d) ^ UINT32_C(0x80000000)); }

static void fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)a, (void)at;
	uint32_t key = key_of(v->d);
	lk_bag_add(state, &key, sizeof key, 1, arena);
}

static void unfold(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	(void)a, (void)arena;
	uint32_t key = key_of(v->d);
	lk_bag_remove(state, &key, sizeof key);
}

/* The value of rank ceil(p * n), counted from 1, like PostgreSQL's percentile_disc. */
static void finish(const void *state, const lk_agg *a, lk_value *out) {
	const lk_bag *b = state;
	int64_t n = 0, rank, passed = 0;
	*out = lk_null();
	if (!b->n)
		return;
	const lk_bag_item **items = lk_bag_sorted(b);
	for (uint32_t i = 0; i < b->n; i++)
		n += items[i]->count;
	rank = (int64_t)ceil(a->param * (double)n);
	for (uint32_t i = 0; i < b->n && (i == 0 || passed < rank); i++) {
		passed += items[i]->count;
		*out = lk_double(value_of((int32_t)(lk_get32(items[i]->bytes) ^ UINT32_C(0x80000000))));
	}
	free(items);
}

const lk_aggregate lk_agg_approx_percentile = {
	LK_PARTIAL_OF_BAG, .name = "approx_percentile", .as_double = true, .digits = LK_EXPR_DIGITS,
	.oracle = LK_ORACLE_ARRAY, .error = 1.0 / 129 + 1e-15, .bound = "relative error at most 1 %",
	.param = "p", .param_fault = param_fault, .resolve = resolve, .fold = fold, .unfold = unfold, .finish = finish,
};
