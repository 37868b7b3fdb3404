/* Approximations against exact answers: distinct counts and percentiles of known sets stay within the stated errors,
 * for 1,000 to 1,000,000 distinct values; their bytes stay few; and sets beyond their limit have no answer instead of a
 * wrong one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "aggregates/aggregate.h"
#include "aggregates/bag.h"
#include "tests/support/random.h"

typedef struct sketch {
	lk_agg agg;
	lk_arena arena;
	char state[128] __attribute__((aligned(16)));
} sketch;

static void open_sketch(sketch *s, const char *name, bool distinct, uint8_t kind, double param) {
	const char *reason;
	*s = (sketch){.agg = {.arg_type = {.kind = kind}, .param = param}};
	assert_int_equal(lk_aggregate_resolve(&s->agg, name, false, distinct, &reason), 0);
	assert_true(s->agg.verbs->state_size <= sizeof s->state);
	s->agg.verbs->init(s->state);
}

static void close_sketch(sketch *s) { lk_arena_release(&s->arena); }

static void add(sketch *s, lk_value v) { s->agg.verbs->fold(s->state, &s->agg, &v, &(lk_place){0}, &s->arena); }

static lk_value finish(const sketch *s) {
	lk_value v;
	s->agg.verbs->finish(s->state, &s->agg, &v);
	return v;
}

static size_t bytes_of(const sketch *s) {
	lk_buf b = LK_BUF_INIT;
	s->agg.verbs->encode(s->state, &s->agg, &b);
	size_t n = b.len;
	lk_buf_release(&b);
	return n;
}

/* --- distinct counts --- */

/* The mean error of many sketches of n values, in standard errors of one sketch: near 0 if the estimate has no bias.
 * *worst: the largest error. */
static double mean_error(uint64_t *seed, int n, int sketches, double *worst, double *spread) {
	double sum = 0, squares = 0;
	*worst = 0;
	for (int k = 0; k < sketches; k++) {
		sketch s;
		open_sketch(&s, "approx_count_distinct", false, LK_INT8, 0);
		int64_t base = (int64_t)(random_next(seed) >> 2);
		for (int i = 0; i < n; i++)
			add(&s, lk_int(base + i));
		double error = ((double)finish(&s).i - n) / n;
		sum += error;
		squares += error * error;
		*worst = fabs(error) > *worst ? fabs(error) : *worst;
		close_sketch(&s);
	}
	*spread = sqrt(squares / sketches);
	return sum / sketches;
}

static void distinct_counts_are_as_near_as_stated(void **state) {
	(void)state;
	static const struct { int n, sketches; } rows[] = {{1000, 400}, {10000, 300}, {60000, 100}, {100000, 60}, {1000000, 12}};
	const double standard = 0.0081;
	uint64_t seed = random_seed();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double worst, spread, mean = mean_error(&seed, rows[i].n, rows[i].sketches, &worst, &spread);
		print_message("%7d values: mean error %+.3f %%, standard error %.3f %%, worst of %d %.2f %%\n", rows[i].n, 100 * mean, 100 * spread,
		              rows[i].sketches, 100 * worst);
		assert_true(worst < 5 * standard);
		assert_true(spread < standard * (1 + 3 / sqrt(2.0 * rows[i].sketches)));
		assert_true(fabs(mean) < 4 * standard / sqrt(rows[i].sketches));
	}
}

static void few_distinct_values_are_nearly_counted(void **state) {
	(void)state;
	sketch s;
	open_sketch(&s, "approx_count_distinct", false, LK_INT8, 0);
	assert_int_equal(finish(&s).i, 0);
	for (int i = 1; i <= 100; i++) {
		for (int again = 0; again < 3; again++)
			add(&s, lk_int(i * 7));
		assert_in_range(finish(&s).i, i - 1 - i / 50, i + 1 + i / 50);
	}
	close_sketch(&s);
}

/* The hash is part of the stored form: sketches of two versions of lk must merge. */
static void the_registers_are_the_same_for_ever(void **state) {
	(void)state;
	sketch s;
	lk_buf b = LK_BUF_INIT;
	open_sketch(&s, "approx_count_distinct", false, LK_TEXT, 0);
	add(&s, lk_text("a", 1));
	add(&s, lk_text("b", 1));
	s.agg.verbs->encode(s.state, &s.agg, &b);
	static const uint8_t want[] = {0x00, 0x02, 0xc1, 0xde, 0x04, 0x81, 0xdb, 0x02};
	assert_int_equal(b.len, sizeof want);
	assert_memory_equal(b.data, want, sizeof want);
	lk_buf_release(&b);
	close_sketch(&s);
}

static void a_distinct_sketch_is_small_while_it_has_few_values(void **state) {
	(void)state;
	static const struct { int n; size_t most; } rows[] = {{0, 2}, {1, 6}, {10, 40}, {100, 320}, {1000, 2300}, {100000, 12289}, {1000000, 12289}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		sketch s;
		open_sketch(&s, "approx_count_distinct", false, LK_INT8, 0);
		for (int k = 0; k < rows[i].n; k++)
			add(&s, lk_int(k));
		assert_true(bytes_of(&s) <= rows[i].most);
		close_sketch(&s);
	}
}

/* The list in memory becomes registers at 4,096 pairs; a merge across that limit gives the same as a fold. */
static void lists_and_registers_merge_to_the_same_bytes(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	for (int round = 0; round < 30; round++) {
		sketch all, part[2];
		lk_buf one = LK_BUF_INIT, other = LK_BUF_INIT;
		open_sketch(&all, "approx_count_distinct", false, LK_INT8, 0);
		for (int i = 0; i < 2; i++)
			open_sketch(&part[i], "approx_count_distinct", false, LK_INT8, 0);
		int split = random_below(&seed, 10000);
		for (int i = 0, n = random_below(&seed, 12000); i < n; i++) {
			lk_value v = lk_int((int64_t)random_next(&seed));
			add(&all, v);
			add(&part[i < split], v);
		}
		all.agg.verbs->merge(part[0].state, &all.agg, part[1].state, &part[0].arena);
		all.agg.verbs->encode(all.state, &all.agg, &one);
		all.agg.verbs->encode(part[0].state, &all.agg, &other);
		assert_int_equal(one.len, other.len);
		assert_memory_equal(one.data, other.data, one.len);
		const uint8_t *p = (const uint8_t *)one.data;
		assert_int_equal(all.agg.verbs->decode(part[1].state, &all.agg, &p, p + one.len, &part[1].arena), 0);
		assert_int_equal(finish(&part[1]).i, finish(&all).i);
		lk_buf_release(&one);
		lk_buf_release(&other);
		close_sketch(&all);
		close_sketch(&part[0]);
		close_sketch(&part[1]);
	}
}

/* --- percentiles --- */

static int by_size(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double draw(uint64_t *seed, int shape) {
	double u = ((double)(random_next(seed) >> 11) + 0.5) / 9007199254740992.0;
	switch (shape) {
	case 0: return 1000 * u;
	case 1: return -log(u);
	case 2: return pow(u, -0.7);                           /* a long tail */
	case 3: return exp(50 * (u - 0.5));
	case 4: return u < 0.4 ? -exp(10 * u) : u < 0.5 ? 0 : exp(-10 * u);
	default: return ldexp(1 + u, random_below(seed, 2040) - 1020);
	}
}

static void percentiles_are_within_one_percent(void **state) {
	(void)state;
	static const double wanted[] = {0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1};
	static const int sizes[] = {1, 2, 17, 1000, 10000, 100000, 1000000};
	uint64_t seed = random_seed();
	for (int shape = 0; shape < 6; shape++)
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			int n = sizes[k];
			if (n == 1000000 && shape != 2)
				continue;
			double *x = lk_malloc((size_t)n * sizeof *x), worst = 0;
			sketch s;
			open_sketch(&s, "approx_percentile", false, LK_FLOAT8, 0.5);
			for (int i = 0; i < n; i++)
				add(&s, lk_double(x[i] = draw(&seed, shape)));
			qsort(x, (size_t)n, sizeof *x, by_size);
			for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
				s.agg.param = wanted[i];
				int64_t rank = (int64_t)ceil(wanted[i] * n);
				double exact = x[rank ? rank - 1 : 0], got = finish(&s).d;
				double error = exact == 0 ? fabs(got) : fabs(got - exact) / fabs(exact);
				worst = error > worst ? error : worst;
			}
			assert_true(worst <= 0.01);
			free(x);
			close_sketch(&s);
		}
}

static void buckets_at_the_edges(void **state) {
	(void)state;
	static const double exact[] = {0, INFINITY, -INFINITY};
	for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
		sketch s;
		open_sketch(&s, "approx_percentile", false, LK_FLOAT8, 0.5);
		add(&s, lk_double(exact[i]));
		assert_true(finish(&s).d == exact[i]);
		close_sketch(&s);
	}
	static const double near[] = {1, 2, 1.9999999999999998, 5.3, -5.3, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308};
	for (size_t i = 0; i < sizeof near / sizeof *near; i++) {
		sketch s;
		open_sketch(&s, "approx_percentile", false, LK_FLOAT8, 0.5);
		add(&s, lk_double(near[i]));
		assert_true(isfinite(finish(&s).d) && fabs(finish(&s).d / near[i] - 1) <= 1.0 / 129 + 1e-15);
		close_sketch(&s);
	}
	sketch s;
	open_sketch(&s, "approx_percentile", false, LK_FLOAT8, 1);
	assert_int_equal(finish(&s).state, LK_NULL);
	add(&s, lk_double(5e-324));
	assert_true(finish(&s).d == 0);
	add(&s, lk_double(INFINITY));
	add(&s, lk_double(NAN));
	assert_true(isnan(finish(&s).d));
	s.agg.param = 0.6;
	assert_true(finish(&s).d == INFINITY);
	close_sketch(&s);
}

/* --- sets and lists --- */

static void sets_are_exact(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	sketch s;
	open_sketch(&s, "count", true, LK_INT8, 0);
	for (int i = 0; i < 300000; i++)
		add(&s, lk_int((int64_t)(random_next(&seed) % 3) * 1000003 + i % 50000));
	int64_t n = finish(&s).i;
	assert_true(n > 50000 && n <= 150000);
	static uint8_t seen[3][50000];
	sketch again;
	open_sketch(&again, "count", true, LK_INT8, 0);
	int64_t expected = 0;
	for (int i = 0; i < 300000; i++) {
		int k = random_below(&seed, 3);
		expected += !seen[k][i % 50000];
		seen[k][i % 50000] = 1;
		add(&again, lk_int((int64_t)k * 1000003 + i % 50000));
	}
	assert_int_equal(finish(&again).i, expected);
	assert_true(bytes_of(&again) < (size_t)expected * 5);
	close_sketch(&s);
	close_sketch(&again);
}

/* Beyond the limit there is no answer, in whatever order the values came. */
static void sets_have_a_limit(void **state) {
	(void)state;
	sketch s, half[2];
	lk_buf one = LK_BUF_INIT, other = LK_BUF_INIT;
	open_sketch(&s, "count", true, LK_INT4, 0);
	for (int i = 0; i < 2; i++)
		open_sketch(&half[i], "count", true, LK_INT4, 0);
	for (int i = 0; i < LK_BAG_MAX_ITEMS; i++)
		add(&s, lk_int(i));
	assert_int_equal(finish(&s).i, LK_BAG_MAX_ITEMS);
	assert_null(s.agg.verbs->refused(s.state));
	add(&s, lk_int(5));
	assert_null(s.agg.verbs->refused(s.state));
	add(&s, lk_int(-1));
	assert_non_null(s.agg.verbs->refused(s.state));
	assert_int_not_equal(finish(&s).state, LK_VALUE);
	add(&s, lk_int(7));
	assert_non_null(s.agg.verbs->refused(s.state));
	for (int i = -1; i < LK_BAG_MAX_ITEMS; i++)
		add(&half[i & 1], lk_int(i));
	assert_null(half[0].agg.verbs->refused(half[0].state));
	s.agg.verbs->merge(half[0].state, &s.agg, half[1].state, &half[0].arena);
	s.agg.verbs->encode(s.state, &s.agg, &one);
	s.agg.verbs->encode(half[0].state, &s.agg, &other);
	assert_int_equal(one.len, other.len);
	assert_memory_equal(one.data, other.data, one.len);
	s.agg.verbs->merge(half[1].state, &s.agg, half[0].state, &half[1].arena);
	assert_non_null(s.agg.verbs->refused(half[1].state));
	const uint8_t *p = (const uint8_t *)one.data;
	assert_int_equal(s.agg.verbs->decode(s.state, &s.agg, &p, p + one.len, &s.arena), 0);
	assert_non_null(s.agg.verbs->refused(s.state));
	lk_buf_release(&one);
	lk_buf_release(&other);
	close_sketch(&s);
	close_sketch(&half[0]);
	close_sketch(&half[1]);
}

static void sets_have_a_limit_of_bytes(void **state) {
	(void)state;
	static char text[60000];
	sketch s;
	open_sketch(&s, "top_k", false, LK_TEXT, 3);
	memset(text, 'x', sizeof text);
	for (int i = 0; i < LK_BAG_MAX_BYTES / (int)sizeof text - 1; i++) {
		snprintf(text, 12, "%011d", i);
		add(&s, lk_text(text, sizeof text - 20));
	}
	assert_null(s.agg.verbs->refused(s.state));
	for (int i = 0; i < 3; i++) {
		snprintf(text, 12, "%011d", 1000000 + i);
		add(&s, lk_text(text, sizeof text - 20));
	}
	assert_non_null(s.agg.verbs->refused(s.state));
	close_sketch(&s);
}

static void lists_are_exact(void **state) {
	(void)state;
	static const struct { const char *value; int n; } rows[] = {{"d", 3}, {"b", 7}, {"a", 3}, {"\"c\\", 9}, {"e", 1}, {"", 3}};
	static const struct { double k; const char *want; } lists[] = {
		{1, "[{\"value\":\"\\\"c\\\\\",\"count\":9}]"},
		{4, "[{\"value\":\"\\\"c\\\\\",\"count\":9},{\"value\":\"b\",\"count\":7},{\"value\":\"\",\"count\":3},{\"value\":\"a\",\"count\":3}]"},
	};
	sketch s;
	open_sketch(&s, "top_k", false, LK_TEXT, 1);
	assert_int_equal(finish(&s).state, LK_NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int n = 0; n < rows[i].n; n++)
			add(&s, lk_text(rows[i].value, strlen(rows[i].value)));
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		s.agg.param = lists[i].k;
		lk_value v = finish(&s);
		assert_int_equal(v.len, strlen(lists[i].want));
		assert_memory_equal(v.s, lists[i].want, v.len);
	}
	close_sketch(&s);
}

static int by_count(const void *a, const void *b) {
	const int64_t *x = a, *y = b;
	return x[1] != y[1] ? (x[1] < y[1]) - (x[1] > y[1]) : (x[0] > y[0]) - (x[0] < y[0]);
}

static void lists_of_many_values_are_exact(void **state) {
	(void)state;
	enum { VALUES = 3000, K = 50 };
	uint64_t seed = random_seed();
	static int64_t counts[VALUES][2];
	lk_buf want = LK_BUF_INIT;
	sketch s;
	open_sketch(&s, "top_k", false, LK_INT4, K);
	for (int i = 0; i < VALUES; i++)
		counts[i][0] = i - 1000;
	for (int i = 0; i < 100000; i++) {
		int v = random_below(&seed, 1 + random_below(&seed, VALUES));
		counts[v][1]++;
		add(&s, lk_int(v - 1000));
	}
	qsort(counts, VALUES, sizeof *counts, by_count);
	for (int i = 0; i < K; i++)
		lk_buf_addf(&want, "%s{\"value\":%lld,\"count\":%lld}", i ? "," : "[", (long long)counts[i][0], (long long)counts[i][1]);
	lk_buf_addc(&want, ']');
	lk_value v = finish(&s);
	assert_int_equal(v.len, want.len);
	assert_memory_equal(v.s, want.data, want.len);
	lk_buf_release(&want);
	close_sketch(&s);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distinct_counts_are_as_near_as_stated),
		cmocka_unit_test(few_distinct_values_are_nearly_counted),
		cmocka_unit_test(the_registers_are_the_same_for_ever),
		cmocka_unit_test(a_distinct_sketch_is_small_while_it_has_few_values),
		cmocka_unit_test(lists_and_registers_merge_to_the_same_bytes),
		cmocka_unit_test(percentiles_are_within_one_percent),
		cmocka_unit_test(buckets_at_the_edges),
		cmocka_unit_test(sets_are_exact),
		cmocka_unit_test(sets_have_a_limit),
		cmocka_unit_test(sets_have_a_limit_of_bytes),
		cmocka_unit_test(lists_are_exact),
		cmocka_unit_test(lists_of_many_values_are_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
