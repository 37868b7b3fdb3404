/* Exact decimals. The quotients of the table were computed by PostgreSQL 15. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/random.h"

static lk_int128 from_text(const char *text, int *scale) {
	lk_int128 n = 0;
	bool dot = false;
	*scale = 0;
	for (const char *p = text + (*text == '-'); *p; p++) {
		if (*p == '.') {
			dot = true;
			continue;
		}
		n = n * 10 + (*p - '0');
		*scale += dot;
	}
	return *text == '-' ? -n : n;
}

static void print_is_exact(void **state) {
	(void)state;
	static const char *const texts[] = {
		"0", "-1", "0.00", "-0.05", "12345678901234567.89", "0.000000000000000001", "100000000000000000000",
		"-99999999999999999999999999999999999999", "18446744073709551616", "1.8446744073709551616",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		lk_buf b = LK_BUF_INIT;
		int scale;
		lk_int128 n = from_text(texts[i], &scale);
		lk_int128_print(n, scale, &b);
		assert_string_equal(b.data, texts[i]);
		lk_buf_release(&b);
	}
}

static void division_is_postgresqls(void **state) {
	(void)state;
	static const struct { const char *a, *b, *quotient; } rows[] = {
		{"2.0", "3", "0.66666666666666666667"},
		{"20000", "3.0", "6666.6666666666666667"},
		{"0.00", "76", "0.00000000000000000000"},
		{"-0.00832", "85", "-0.000097882352941176470588"},
		{"0.060", "-39", "-0.00153846153846153846"},
		{"0.177633589", "688477", "0.000000258009474535823274"},
		{"-1.4", "86", "-0.01627906976744186047"},
		{"-2369136594558395993878.18", "5969550539235703", "-396870.179586706821"},
		{"2226340537474045432.924688248098", "-783705214538980673", "-2.8407882149714975"},
		{"1", "2", "0.50000000000000000000"},
		{"10000", "10000", "1.00000000000000000000"},
		{"99999", "9", "11111.0000000000000000"},
		{"1.005", "1", "1.00500000000000000000"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int as, bs;
		lk_int128 a = from_text(rows[i].a, &as), b = from_text(rows[i].b, &bs);
		lk_value q = lk_numeric_div(a, as, b, bs);
		lk_buf text = LK_BUF_INIT;
		assert_int_equal(q.state, LK_VALUE);
		lk_int128_print(q.n, q.scale, &text);
		assert_string_equal(text.data, rows[i].quotient);
		lk_buf_release(&text);
	}
}

/* |2 (q * b - a)| <= |b| in units where all three are whole: q is a / b rounded to its scale. Half goes away from
 * zero. */
static void division_rounds_exactly(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int i = 0; i < 20000; i++) {
		lk_int128 a = (int64_t)random_next(&s) >> (33 + random_below(&s, 30));
		lk_int128 b = (random_below(&s, 9999) + 1) * (random_below(&s, 2) ? 1 : -1);
		lk_value q = lk_numeric_div(a, 0, b, 0);
		assert_int_equal(q.state, LK_VALUE);
		lk_int128 whole = a * lk_pow10(q.scale), error = 2 * (q.n * b - whole);
		lk_int128 size = b < 0 ? -b : b;
		assert_true(error <= size && error >= -size);
		if (error == size || error == -size)
			assert_true((q.n < 0 ? -q.n : q.n) * size > (whole < 0 ? -whole : whole));
	}
}

static void division_by_wide_numbers(void **state) {
	(void)state;
	lk_int128 nines = lk_pow10(38) - 1;
	lk_value q = lk_numeric_div(nines, 0, nines, 0);
	assert_int_equal(q.state, LK_VALUE);
	assert_true(q.n == lk_pow10(q.scale));
	q = lk_numeric_div(nines - 1, 0, nines, 0);
	assert_true(q.n == lk_pow10(q.scale));
	assert_int_equal(lk_numeric_div(nines, 0, 1, 18).state, LK_MARKED);
}

static void rescale_rounds_half_away(void **state) {
	(void)state;
	static const struct { int64_t n; int from, to; int64_t want; } rows[] = {
		{25, 1, 0, 3}, {-25, 1, 0, -3}, {24, 1, 0, 2}, {-24, 1, 0, -2}, {5, 1, 0, 1}, {4, 1, 0, 0}, {1, 0, 3, 1000},
		{123456, 3, 1, 1235}, {-5, 2, 1, -1}, {49, 2, 0, 0}, {50, 2, 0, 1}, {0, 0, 60, 0}, {7, 60, 0, 0}, {7, 3, 3, 7},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_int128 out;
		assert_true(lk_numeric_rescale(rows[i].n, rows[i].from, rows[i].to, &out));
		assert_true(out == rows[i].want);
	}
	lk_int128 out, widest = lk_pow10(38) - 1;
	assert_false(lk_numeric_rescale(1, 0, 38, &out));
	assert_false(lk_numeric_rescale(widest, 0, 1, &out));
	assert_false(lk_numeric_rescale(1, 0, 60, &out));
	assert_true(lk_numeric_rescale(widest, 0, 0, &out) && out == widest);
	assert_true(lk_numeric_rescale(-widest, 38, 0, &out) && out == -1);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(print_is_exact),          cmocka_unit_test(division_is_postgresqls),
		cmocka_unit_test(division_rounds_exactly), cmocka_unit_test(division_by_wide_numbers),
		cmocka_unit_test(rescale_rounds_half_away),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
