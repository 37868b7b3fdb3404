/* Exact sums of doubles and of squares: against arithmetic in 113 bits where that is exact, at the edges of the range,
 * and in any order. Order and grouping of the bytes are shown by test_aggregate_laws too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>

#include "aggregates/exact.h"
#include "core/varint.h"
#include "tests/support/random.h"

static lk_arena arena;

static double sum_of(const double *x, int n, uint64_t by, bool real) {
	lk_exact e = {0};
	for (int i = 0; i < n; i++)
		lk_exact_add(&e, x[i], &arena);
	double d = lk_exact_quotient(&e, by, real);
	lk_arena_clear(&arena);
	return d;
}

static double variance_of(const double *x, int n, bool sample, bool root) {
	lk_exact sum = {0}, squares = {0};
	for (int i = 0; i < n; i++) {
		lk_exact_add(&sum, x[i], &arena);
		lk_exact_add_square(&squares, x[i], &arena);
	}
	double d = lk_exact_variance(&sum, &squares, (uint64_t)n, (uint64_t)(n - sample), 0, root);
	lk_arena_clear(&arena);
	return d;
}

static void is(double got, double want) {
	if (memcmp(&got, &want, sizeof got) != 0)
		fail_msg("%.17g, not %.17g", got, want);
}

#define SUM(...) sum_of((const double[]){__VA_ARGS__}, sizeof (const double[]){__VA_ARGS__} / sizeof(double), 1, false)
#define AVG(...) sum_of((const double[]){__VA_ARGS__}, sizeof (const double[]){__VA_ARGS__} / sizeof(double), \
                        sizeof (const double[]){__VA_ARGS__} / sizeof(double), false)

static void edges_of_sums(void **state) {
	(void)state;
	const double least = 4.9406564584124654e-324, normal = DBL_MIN, most = DBL_MAX, big = 9007199254740992;   /* 2^53 */
	is(SUM(0.0), 0);
	/* the doubles add to 0.6000000000000000055, left to right they give 0.6000000000000001 */
	is(SUM(0.1, 0.2, 0.3), 0.6);
	is(SUM(1e308, 1e308, -1e308), 1e308);
	is(SUM(1e16, 1, -1e16), 1);
	is(SUM(1e308, 1e-308, -1e308), 1e-308);
	is(SUM(most, least, -most), least);
	is(SUM(most, most), INFINITY);
	is(SUM(-most, -most), -INFINITY);
	is(SUM(most, 9.9792015476735991e291), INFINITY);    /* 2^970: half a last place, ties to even */
	is(SUM(most, 9.9792015476735972e291), most);
	is(SUM(big, 1), big);                               /* a tie: to the even neighbour */
	is(SUM(big, 1, least), big + 2);                    /* slightly above the tie */
	is(SUM(big + 2, 1), big + 4);
	is(SUM(big, 1, -least), big);
	is(SUM(normal, -least), normal - least);
	is(SUM(-least, -least), -2 * least);
	is(AVG(most, most, most), most);
	is(AVG(least, 0, 0), 0);
	is(AVG(least, least, 0), least);
	is(AVG(least, 0), 0);                               /* half of the least: to even */
	is(AVG(3 * least, 0), 2 * least);
	is(AVG(1, 2), 1.5);
	is(AVG(1, 0, 0), 1.0 / 3);
	is(AVG(-1, -1, 0), -2.0 / 3);
}

static void edges_of_reals(void **state) {
	(void)state;
	const double most = (double)FLT_MAX, step = (double)(FLT_MAX - nextafterf(FLT_MAX, 0));
	is(sum_of((const double[]){16777216, 1, 1}, 3, 1, true), 16777218);
	is(sum_of((const double[]){16777216, 1}, 2, 1, true), 16777216);
	is(sum_of((const double[]){most, step / 2}, 2, 1, true), INFINITY);
	is(sum_of((const double[]){most, step / 4}, 2, 1, true), most);
	is(sum_of((const double[]){1e-45f, 1e-45f}, 2, 1, true), (double)(1e-45f + 1e-45f));
}

/* At -2^64, -2^96 … all digits in use may be zeros, under a top one of -2^32. */
static void powers_by_doubling(void **state) {
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		lk_exact e = {0};
		lk_exact_add(&e, sign, &arena);
		for (int bits = 0; bits < 200; bits++, lk_exact_merge(&e, &e, &arena)) {
			is(lk_exact_quotient(&e, 1, false), ldexp(sign, bits));
			is(lk_exact_quotient(&e, 3, false), ldexp(sign / 3.0, bits));
		}
		lk_arena_clear(&arena);
	}
}

static double moderate(uint64_t *s) {
	double d = ldexp((double)(int64_t)random_next(s), random_below(s, 24) - 70);
	return random_below(s, 8) ? d : 0;
}

/* 2^53 values of 2^-83 … 2^17 and at most 64 of them fit 113 bits. */
static void as_in_113_bits(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int round = 0; round < 20000; round++) {
		double x[64];
		int n = 1 + random_below(&s, 64);
		__float128 sum = 0;
		for (int i = 0; i < n; i++)
			sum += (__float128)(x[i] = moderate(&s));
		is(sum_of(x, n, 1, false), (double)sum + 0.0);
		is(sum_of(x, n, 1, true), (double)(float)sum + 0.0);
		is(sum_of(x, n, (uint64_t)n, false), (double)(sum / n) + 0.0);
	}
}

static void variances_as_in_113_bits(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int round = 0; round < 20000; round++) {
		double x[32];
		int n = 2 + random_below(&s, 31);
		__float128 sum = 0, squares = 0;
		for (int i = 0; i < n; i++) {
			x[i] = (double)(random_below(&s, 2000001) - 1000000) / 64 + (round % 2 ? 1e6 : 0);
			sum += (__float128)x[i];
			squares += (__float128)x[i] * (__float128)x[i];
		}
		__float128 v = squares * n - sum * sum;
		is(variance_of(x, n, false, false), (double)(v / n / n));
		is(variance_of(x, n, true, false), (double)(v / n / (n - 1)));
		double root = variance_of(x, n, true, true), want = sqrt((double)(v / n / (n - 1)));
		assert_true(fabs(root - want) <= DBL_EPSILON * want);
	}
}

static void edges_of_variances(void **state) {
	(void)state;
	const double least = 4.9406564584124654e-324;
	is(variance_of((const double[]){5, 5, 5}, 3, false, false), 0);
	/* the variance itself is beyond all doubles */
	is(variance_of((const double[]){1e308, -1e308}, 2, false, true), 1e308);
	is(variance_of((const double[]){1e308, -1e308}, 2, false, false), INFINITY);
	is(variance_of((const double[]){least, -least}, 2, false, true), least);
	is(variance_of((const double[]){least, -least}, 2, false, false), 0);
	is(variance_of((const double[]){1e9 + 1, 1e9 + 2, 1e9 + 3}, 3, true, false), 1);
	is(variance_of((const double[]){1e150, 1e150 + 1e135}, 2, true, false), ldexp(1, 0) * ((1e150 + 1e135) - 1e150) * ((1e150 + 1e135) - 1e150) / 2);
}

/* The same terms by any order of adding and merging: the same bytes, also after many carries and changes of sign. */
static void bytes_do_not_tell_the_path(void **state) {
	(void)state;
	uint64_t s = random_seed();
	lk_buf one = LK_BUF_INIT, other = LK_BUF_INIT;
	for (int round = 0; round < 2000; round++) {
		lk_exact straight = {0}, parts[3] = {{0}}, back;
		for (int i = 0, n = random_below(&s, 60); i < n; i++) {
			double d = random_double(&s);
			bool square = random_below(&s, 2);
			lk_exact *part = &parts[random_below(&s, 3)];
			lk_exact *both[] = {&straight, part};
			for (int k = 0; k < 2; k++)
				square ? lk_exact_add_square(both[k], d, &arena) : lk_exact_add(both[k], d, &arena);
			if (random_below(&s, 4) == 0) {   /* and away again */
				lk_exact_add(&straight, -d, &arena);
				lk_exact_add(&parts[2], -d, &arena);
			}
		}
		lk_exact_merge(&parts[1], &parts[0], &arena);
		lk_exact_merge(&parts[2], &parts[1], &arena);
		lk_buf_clear(&one);
		lk_buf_clear(&other);
		lk_exact_encode(&straight, &one);
		lk_exact_encode(&parts[2], &other);
		assert_int_equal(one.len, other.len);
		assert_memory_equal(one.data, other.data, one.len);
		const uint8_t *p = (const uint8_t *)one.data;
		assert_int_equal(lk_exact_decode(&back, &p, p + one.len, &arena), 0);
		lk_buf_clear(&other);
		lk_exact_encode(&back, &other);
		assert_int_equal(one.len, other.len);
		assert_memory_equal(one.data, other.data, one.len);
		lk_arena_clear(&arena);
	}
	lk_buf_release(&one);
	lk_buf_release(&other);
}

static void nothing_is_left_of_what_cancels(void **state) {
	(void)state;
	lk_exact e = {0};
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < 100000; i++) {
		lk_exact_add(&e, DBL_MAX, &arena);
		lk_exact_add_int(&e, INT64_MIN, 0, &arena);
	}
	for (int i = 0; i < 100000; i++) {
		lk_exact_add(&e, -DBL_MAX, &arena);
		lk_exact_add_int(&e, (lk_int128)1 << 63, 0, &arena);
	}
	lk_exact_encode(&e, &b);
	assert_int_equal(b.len, 2);
	lk_buf_release(&b);
	lk_arena_clear(&arena);
}

/* sum * 2^bits above the units, cut into digits by arithmetic without carries. */
static void expect(const lk_exact *e, lk_int128 sum, int bits) {
	lk_uint128 rest = sum < 0 ? -(lk_uint128)sum : (lk_uint128)sum;
	uint32_t want[LK_EXACT_DIGITS] = {0};
	for (int bit = 32 * LK_EXACT_ONE + bits; rest; rest >>= 1, bit++)
		want[bit / 32] |= (uint32_t)(rest & 1) << bit % 32;
	lk_magnitude m;
	lk_exact_magnitude(e, &m);
	assert_memory_equal(m.digit, want, sizeof want);
	assert_int_equal(m.negative, sum < 0);
}

/* A sum must carry after 2^29 additions, in an addition or in a merge. Doubling gets there: each merge of a sum with
 * itself doubles the number of additions that it stands for; in odd rounds the addition after them carries. Meanwhile
 * terms of both signs are added, and now and then most of the sum is subtracted again, so small values have large
 * digits that cancel. */
static void carried_when_it_has_to_be(void **state) {
	(void)state;
	uint64_t s = random_seed();
	int carried[2] = {0};
	for (int round = 0; round < 300; round++) {
		lk_exact e = {0};
		lk_int128 sum = 0;
		int bits = random_below(&s, 2) ? 0 : -1000;      /* of whole numbers, or of doubles far below */
		for (int step = 0; step < 500; step++) {
			lk_int128 term = (int64_t)(random_next(&s) >> (12 + random_below(&s, 40))) * (random_below(&s, 2) ? 1 : -1);
			bool at_the_edge = !e.uncarried || e.uncarried == (1 << 29) - 1;       /* here an addition carries */
			bool doubles = round % 2 ? !at_the_edge : random_below(&s, 3) > 0, large = sum > (lk_int128)1 << 110 || sum < -((lk_int128)1 << 110);
			uint32_t before = e.uncarried;
			if (large) {
				/* the leading bits are subtracted, as a double */
				for (; sum > (lk_int128)1 << 40 || sum < -((lk_int128)1 << 40); ) {
					int shift = 0;
					lk_int128 top = sum;
					for (; top > (lk_int128)1 << 50 || top < -((lk_int128)1 << 50); shift++)
						top /= 2;
					lk_exact_add(&e, -ldexp((double)(int64_t)top, bits + shift), &arena);
					sum -= top * ((lk_int128)1 << shift);
				}
			} else if (doubles) {
				lk_exact_merge(&e, &e, &arena);
				sum *= 2;
			} else if (bits) {
				lk_exact_add(&e, ldexp((double)(int64_t)term, bits), &arena);
				sum += term;
			} else {
				lk_exact_add_int(&e, term, 0, &arena);
				sum += term;
			}
			if (e.uncarried < before)
				carried[doubles && !large]++;
			expect(&e, sum, bits);
		}
		lk_arena_clear(&arena);
	}
	print_message("carried by %d additions and %d merges\n", carried[0], carried[1]);
	assert_true(carried[0] > 0 && carried[1] > 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_of_sums),
		cmocka_unit_test(edges_of_reals),
		cmocka_unit_test(powers_by_doubling),
		cmocka_unit_test(as_in_113_bits),
		cmocka_unit_test(variances_as_in_113_bits),
		cmocka_unit_test(edges_of_variances),
		cmocka_unit_test(bytes_do_not_tell_the_path),
		cmocka_unit_test(nothing_is_left_of_what_cancels),
		cmocka_unit_test(carried_when_it_has_to_be),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	lk_arena_release(&arena);
	return failed;
}
