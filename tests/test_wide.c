/* Numerics of more than 38 digits. The results of the table were computed by PostgreSQL 15; tests/server_expr.c compares
 * random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/wide.h"

static lk_arena arena;

static lk_wide wide(const char *text) {
	lk_value v = lk_text(text, strlen(text));
	v.scale = LK_WIDE;
	lk_wide w;
	lk_wide_of(&v, &w);
	return w;
}

static void prints_as(const lk_wide *w, const char *want) {
	lk_buf b = LK_BUF_INIT;
	lk_value v = lk_wide_value(w, &arena);
	lk_value_print((lk_type){.kind = LK_NUMERIC}, &v, &b);
	assert_string_equal(b.data, want);
	lk_buf_release(&b);
}

static void arithmetic_is_postgresqls(void **state) {
	(void)state;
	static const struct { const char *a, *op, *b, *result; } rows[] = {
		{"38.1575869498307171", "*", "38.1575869498307171", "1456.00144183389144854823234670023241"},
		{"99999999999999999999999999999999999999", "+", "1", "100000000000000000000000000000000000000"},
		{"1", "-", "100000000000000000000000000000000000000.5", "-99999999999999999999999999999999999999.5"},
		{"-99999999999999999999999999999999999999", "-", "-99999999999999999999999999999999999999.00", "0.00"},
		{"123456789012345678901234567890123456789012", "/", "7", "17636684144620811271604938270017636684145"},
		{"1", "/", "-123456789012345678901234567890123456789012", "-0.000000000000000000000000000000000000000008100000072900000663"},
		{"123456789012345678901234567890123456789012.50", "%", "-1000.125", "449.000"},
		{"-123456789012345678901234567890123456789012", "%", "10", "-2"},
		{"0.00", "/", "99999999999999999999999999999999999999999", "0.000000000000000000000000000000000000000000000000000000000000"},
		{"1234567.891", "*", "98765432109876543210987654321098765432.1", "121932631223593964222359396422235939642211400.7011"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_wide a = wide(rows[i].a), b = wide(rows[i].b), out;
		b.negative ^= *rows[i].op == '-' && !lk_wide_is_zero(&b);
		bool good = *rows[i].op == '*'   ? lk_wide_multiply(&a, &b, &out)
		            : *rows[i].op == '/' ? lk_wide_divide(&a, &b, &out)
		            : *rows[i].op == '%' ? lk_wide_remainder(&a, &b, &out)
		                                 : lk_wide_add(&a, &b, &out);
		assert_true(good);
		prints_as(&out, rows[i].result);
	}
}

static void rounding(void **state) {
	(void)state;
	static const struct { const char *of; int scale; enum lk_rounding how; const char *want; } rows[] = {
		{"-1234567890123456789012345678901234567890.125", 2, LK_ROUND, "-1234567890123456789012345678901234567890.13"},
		{"-1234567890123456789012345678901234567890.125", 0, LK_FLOOR, "-1234567890123456789012345678901234567891"},
		{"-1234567890123456789012345678901234567890.125", 0, LK_CEIL, "-1234567890123456789012345678901234567890"},
		{"9999999999999999999999999999999999999999.5", 0, LK_ROUND, "10000000000000000000000000000000000000000"},
		{"9999999999999999999999999999999999999999.5", -2, LK_TRUNC, "9999999999999999999999999999999999999900"},
		{"0.00000000000000000000000000000000000000000049", 41, LK_ROUND, "0.00000000000000000000000000000000000000000"},
		{"-0.00000000000000000000000000000000000000000049", 41, LK_FLOOR, "-0.00000000000000000000000000000000000000001"},
		{"49", -2, LK_ROUND, "0"}, {"50", -2, LK_ROUND, "100"}, {"5", 3, LK_ROUND, "5.000"}, {"1", -5, LK_CEIL, "100000"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_wide w = wide(rows[i].of);
		assert_true(lk_wide_rescale(&w, rows[i].scale, rows[i].how));
		prints_as(&w, rows[i].want);
	}
}

static void the_limit(void **state) {
	(void)state;
	char text[LK_WIDE_DIGITS + 1];
	memset(text, '9', LK_WIDE_DIGITS);
	text[LK_WIDE_DIGITS] = '\0';
	lk_wide most = wide(text), one = wide("1"), zero = wide("0"), out;
	assert_true(lk_wide_add(&most, &zero, &out));
	prints_as(&out, text);
	assert_false(lk_wide_add(&most, &one, &out));
	assert_false(lk_wide_multiply(&most, &most, &out));
	assert_false(lk_wide_rescale(&most, 1, LK_ROUND));
	assert_false(lk_wide_divide(&most, &one, &out) && out.n > LK_WIDE_DIGITS);
}

static void order(void **state) {
	(void)state;
	static const char *const ascending[] = {
		"-100000000000000000000000000000000000000000", "-99999999999999999999999999999999999999999.999", "-1", "0.000", "0.0000000000000000000000000000000000000000001",
		"1.00", "99999999999999999999999999999999999999999", "99999999999999999999999999999999999999999.0001",
	};
	enum { N = sizeof ascending / sizeof *ascending };
	for (int i = 0; i < N; i++)
		for (int k = 0; k < N; k++) {
			lk_wide a = wide(ascending[i]), b = wide(ascending[k]);
			lk_value v = lk_wide_value(&a, &arena), w = lk_wide_value(&b, &arena);
			int want = (i > k) - (i < k), got = lk_value_compare((lk_type){.kind = LK_NUMERIC}, &v, &w);
			assert_int_equal((got > 0) - (got < 0), want);
		}
}

static int release(void **state) {
	(void)state;
	lk_arena_release(&arena);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic_is_postgresqls),
		cmocka_unit_test(rounding),
		cmocka_unit_test(the_limit),
		cmocka_unit_test(order),
	};
	return cmocka_run_group_tests(tests, NULL, release);
}
