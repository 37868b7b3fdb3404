/* Values: reading outside text, printing, order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/support/random.h"

#define INT2 {.kind = LK_INT2}
#define INT4 {.kind = LK_INT4}
#define INT8 {.kind = LK_INT8}
#define FLOAT4 {.kind = LK_FLOAT4}
#define FLOAT8 {.kind = LK_FLOAT8}
#define BOOL {.kind = LK_BOOL}
#define TIME {.kind = LK_TIME}
#define NUM(p, s) {.kind = LK_NUMERIC, .precision = p, .scale = s}

static void reads_and_prints(void **state) {
	(void)state;
	static const struct { lk_type type; const char *text, *printed; } rows[] = {
		{INT2, "32767", "32767"}, {INT2, "-32768", "-32768"}, {INT4, "1.0", "1"}, {INT4, "1e2", "100"},
		{INT4, "120e-1", "12"},
		{INT8, "9223372036854775807", "9223372036854775807"}, {INT8, "-9223372036854775808", "-9223372036854775808"},
		{INT8, "0.9223372036854775807e19", "9223372036854775807"}, {INT8, "+7", "7"}, {INT8, " 12 ", "12"},
		{INT8, "-0", "0"},
		{INT8, "0e999999999999", "0"}, {INT8, "000000000000000000000000000012", "12"},
		{NUM(18, 2), "12345678901234567.89", "missing"}, {NUM(18, 2), "1234567890123456.789", "1234567890123456.79"},
		{NUM(5, 2), "1.005", "1.01"}, {NUM(5, 2), "-1.005", "-1.01"},
		{NUM(5, 2), "1.0049999999999999999999999999999999999999999", "1.00"},
		{NUM(5, 2), "999.99", "999.99"}, {NUM(5, 2), "1e-999999999999", "0.00"}, {NUM(3, 0), "0.5", "1"},
		{NUM(18, 18), ".5", "0.500000000000000000"},
		{FLOAT8, "0.1", "0.1"}, {FLOAT8, "12345678901234567.89", "12345678901234568"}, {FLOAT8, "1e15", "1e+15"},
		{FLOAT8, "5e-324", "5e-324"}, {FLOAT8, "1.7976931348623157e308", "1.7976931348623157e+308"},
		{FLOAT8, "-0", "-0"},
		{FLOAT8, "NaN", "NaN"}, {FLOAT8, "-infinity", "-Infinity"}, {FLOAT8, "2.5", "2.5"}, {FLOAT8, "0.3", "0.3"},
		{FLOAT8, "123456789012345678901234567890", "1.2345678901234568e+29"},
		{FLOAT4, "0.1", "0.1"}, {FLOAT4, "16777217", "16777216"}, {FLOAT4, "3.4028235e38", "3.4028235e+38"},
		{FLOAT4, "1e-45", "1e-45"},
		{BOOL, "true", "true"}, {BOOL, "F", "false"}, {BOOL, "on", "true"}, {BOOL, "0", "false"}, {BOOL, "YES", "true"},
		{TIME, "2015-05-17T12:05:03+02:00", "2015-05-17T10:05:03Z"},
		{TIME, "2015-05-17 10:05:03.25", "2015-05-17T10:05:03.25Z"},
		{{.kind = LK_TEXT}, " as it is ", " as it is "}, {{.kind = LK_TEXT}, "", ""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_value v;
		const char *reason = "";
		int status = lk_value_parse(rows[i].type, rows[i].text, strlen(rows[i].text), &v, &reason);
		if (strcmp(rows[i].printed, "missing") == 0) {
			assert_int_equal(status, -1);
			assert_string_equal(reason, "out of range");
			continue;
		}
		lk_buf b = LK_BUF_INIT;
		lk_buf_adds(&b, "");
		assert_int_equal(status, 0);
		lk_value_print(rows[i].type, &v, &b);
		assert_string_equal(b.data, rows[i].printed);
		lk_buf_release(&b);
	}
}

static void refuses_with_a_reason(void **state) {
	(void)state;
	static const struct { lk_type type; const char *text, *reason; } rows[] = {
		{INT4, "", "empty"}, {INT4, "  ", "empty"}, {INT4, "-", "not an integer"}, {INT4, "1.5", "not an integer"},
		{INT4, "abc", "not an integer"},
		{INT4, "1e", "not an integer"}, {INT4, "1e+", "not an integer"}, {INT4, "1 2", "not an integer"},
		{INT4, "0x10", "not an integer"},
		{INT4, "--1", "not an integer"}, {INT4, ".", "not an integer"}, {INT4, "1e-1", "not an integer"},
		{INT4, "1.2.3", "not an integer"},
		{INT4, "2147483648", "out of range"}, {INT4, "-2147483649", "out of range"}, {INT2, "32768", "out of range"},
		{INT8, "9223372036854775808", "out of range"}, {INT8, "-9223372036854775809", "out of range"},
		{INT8, "1e999999999", "out of range"},
		{INT8, "1e99999999999999999999999999", "out of range"}, {INT8, "NaN", "not an integer"},
		{NUM(5, 2), "1000", "out of range"}, {NUM(5, 2), "999.995", "out of range"},
		{NUM(5, 2), "1e999999999", "out of range"},
		{NUM(5, 2), "NaN", "not a number"}, {NUM(5, 2), "1,5", "not a number"},
		{FLOAT8, "1e309", "out of range"}, {FLOAT8, "1e-400", "out of range"}, {FLOAT8, "0x1p3", "not a number"},
		{FLOAT8, "nan(1)", "not a number"},
		{FLOAT8, "1e5x", "not a number"}, {FLOAT4, "1e39", "out of range"}, {FLOAT4, "1e-60", "out of range"},
		{BOOL, "maybe", "not a boolean"}, {BOOL, "2", "not a boolean"}, {TIME, "1431857103", "not a time such as 2015-05-17T10:05:03Z"},
		{TIME, "yesterday", "not a time such as 2015-05-17T10:05:03Z"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_value v;
		const char *reason = NULL;
		assert_int_equal(lk_value_parse(rows[i].type, rows[i].text, strlen(rows[i].text), &v, &reason), -1);
		assert_string_equal(reason, rows[i].reason);
	}
}

static void texts_are_checked(void **state) {
	(void)state;
	lk_type text = {.kind = LK_TEXT};
	lk_value v;
	const char *reason;
	char *longest = lk_calloc(LK_TEXT_MAX + 1, 1);
	memset(longest, 'x', LK_TEXT_MAX + 1);
	assert_int_equal(lk_value_parse(text, longest, LK_TEXT_MAX, &v, &reason), 0);
	assert_int_equal(v.len, LK_TEXT_MAX);
	assert_int_equal(lk_value_parse(text, longest, LK_TEXT_MAX + 1, &v, &reason), -1);
	assert_string_equal(reason, "text longer than 65536 bytes");
	free(longest);
	assert_int_equal(lk_value_parse(text, "a\0b", 3, &v, &reason), -1);
	assert_string_equal(reason, "text with a NUL character");
	static const char *const bad[] = {"\xff", "\xc0\x80", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80",
	                                  "12345678\x80", "é\xa9", "1234567\xe6\xbc"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(lk_value_parse(text, bad[i], strlen(bad[i]), &v, &reason), -1);
		assert_string_equal(reason, "invalid UTF-8");
	}
	static const char *const good[] = {"é", "漢字", "😀", "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "abcdefghé"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_int_equal(lk_value_parse(text, good[i], strlen(good[i]), &v, &reason), 0);
}

static void random_values_read_back(void **state) {
	(void)state;
	uint64_t s = random_seed();
	lk_arena arena = {0};
	for (int i = 0; i < 50000; i++) {
		lk_type t = random_types[random_below(&s, RANDOM_TYPES)];
		lk_value v = random_value(&s, t, &arena), back;
		lk_buf b = LK_BUF_INIT;
		const char *reason;
		lk_value_print(t, &v, &b);
		if (!lk_is_null(&v)) {
			lk_buf_adds(&b, "");
			assert_int_equal(lk_value_parse(t, b.data, b.len, &back, &reason), 0);
			assert_int_equal(lk_value_compare(t, &v, &back), 0);
			if (t.kind == LK_FLOAT8 && !isnan(v.d))
				assert_int_equal(signbit(v.d), signbit(back.d));
		}
		lk_buf_release(&b);
		lk_arena_clear(&arena);
	}
	lk_arena_release(&arena);
}

static void order_is_total(void **state) {
	(void)state;
	enum { N = 60 };
	uint64_t s = random_seed();
	lk_arena arena = {0};
	for (int k = 0; k < RANDOM_TYPES; k++) {
		lk_type t = random_types[k];
		lk_value v[N];
		for (int i = 0; i < N; i++)
			v[i] = random_value(&s, t, &arena);
		for (int a = 0; a < N; a++)
			for (int b = 0; b < N; b++) {
				int ab = lk_value_compare(t, &v[a], &v[b]);
				assert_int_equal(ab > 0, lk_value_compare(t, &v[b], &v[a]) < 0);
				for (int c = 0; c < N; c++)
					if (ab <= 0 && lk_value_compare(t, &v[b], &v[c]) <= 0)
						assert_true(lk_value_compare(t, &v[a], &v[c]) <= 0);
			}
	}
	lk_arena_release(&arena);
}

static void order_of_corners(void **state) {
	(void)state;
	lk_type f = FLOAT8, n = NUM(18, 2), i = INT8;
	lk_value nan = lk_double(NAN), inf = lk_double(INFINITY), zero = lk_double(0.0), minus_zero = lk_double(-0.0), null = lk_null();
	assert_true(lk_value_compare(f, &nan, &inf) > 0);
	assert_int_equal(lk_value_compare(f, &nan, &nan), 0);
	assert_int_equal(lk_value_compare(f, &zero, &minus_zero), 0);
	assert_true(lk_value_compare(f, &null, &nan) > 0);
	lk_value one = lk_numeric(1, 0), hundredths = lk_numeric(100, 2), more = lk_numeric(101, 2), huge = lk_numeric(lk_pow10(37), 0),
	         tiny = lk_numeric(1, 30), least = lk_numeric(-lk_pow10(37), 0);
	assert_int_equal(lk_value_compare(n, &one, &hundredths), 0);
	assert_true(lk_value_compare(n, &one, &more) < 0);
	assert_true(lk_value_compare(n, &huge, &tiny) > 0 && lk_value_compare(n, &tiny, &huge) < 0);
	assert_true(lk_value_compare(n, &least, &tiny) < 0 && lk_value_compare(n, &tiny, &least) > 0);
	lk_value low = lk_int(INT64_MIN), high = lk_int(INT64_MAX);
	assert_true(lk_value_compare(i, &low, &high) < 0);
}

static void json_is_json(void **state) {
	(void)state;
	static const struct { lk_type type; lk_value value; const char *json; } rows[] = {
		{INT8, {.i = INT64_MIN}, "-9223372036854775808"}, {INT8, {.state = LK_NULL}, "null"},
		{INT8, {.state = LK_MARKED}, "null"},
		{BOOL, {.i = 1}, "true"}, {FLOAT8, {.d = NAN}, "\"NaN\""}, {FLOAT8, {.d = -INFINITY}, "\"-Infinity\""},
		{FLOAT8, {.d = 0.5}, "0.5"},
		{NUM(18, 2), {.n = -5, .scale = 2}, "-0.05"}, {TIME, {.i = 0}, "\"1970-01-01T00:00:00Z\""},
		{{.kind = LK_TEXT}, {.s = "a\"\\\n\t\x01/é\x7f", .len = 10}, "\"a\\\"\\\\\\n\\t\\u0001/é\x7f\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_buf b = LK_BUF_INIT;
		lk_value_json(rows[i].type, &rows[i].value, &b);
		assert_string_equal(b.data, rows[i].json);
		lk_buf_release(&b);
	}
}

static void types_have_postgresqls_names(void **state) {
	(void)state;
	static const struct { lk_type type; const char *name; uint32_t oid; } rows[] = {
		{BOOL, "boolean", 16}, {INT2, "smallint", 21}, {INT4, "integer", 23}, {INT8, "bigint", 20},
		{NUM(12, 2), "numeric(12,2)", 1700},
		{NUM(0, 0), "numeric", 1700}, {FLOAT4, "real", 700}, {FLOAT8, "double precision", 701},
		{{.kind = LK_TEXT}, "text", 25},
		{TIME, "timestamp with time zone", 1184},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_buf b = LK_BUF_INIT;
		lk_type_name(rows[i].type, &b);
		assert_string_equal(b.data, rows[i].name);
		assert_int_equal(lk_type_oid(rows[i].type), rows[i].oid);
		lk_buf_release(&b);
	}
	assert_true(lk_type_equal((lk_type)NUM(5, 2), (lk_type)NUM(5, 2)) && !lk_type_equal((lk_type)NUM(5, 2), (lk_type)NUM(5, 1)));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_prints),        cmocka_unit_test(refuses_with_a_reason),
		cmocka_unit_test(texts_are_checked),       cmocka_unit_test(random_values_read_back),
		cmocka_unit_test(order_is_total),          cmocka_unit_test(order_of_corners),
		cmocka_unit_test(json_is_json),            cmocka_unit_test(types_have_postgresqls_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
