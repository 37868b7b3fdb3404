/* The text of a jsonb: what PostgreSQL 15 prints, and what it or lk refuses. tests/server_parity.c compares random ones
 * with a server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/jsonb.h"
#include "core/jsonb_text.h"

static void printed_as_postgresql_does(void **state) {
	static const struct {
		const char *written, *printed;
	} cases[] = {
		{" { } ", "{}"}, {"[ ]", "[]"}, {"[1,2 , [ ] ]", "[1, 2, []]"}, {"null", "null"}, {" true ", "true"}, {"\"\"", "\"\""},
		/* keys: by length, then bytes; the last of equal ones */
		{"{\"bb\":1,\"c\":2,\"a\":3}", "{\"a\": 3, \"c\": 2, \"bb\": 1}"},
		{"{\"a\":1,\"b\":2,\"a\":{\"x\":3}}", "{\"a\": {\"x\": 3}, \"b\": 2}"},
		{"{\"a\":1,\"\\u0061\":2}", "{\"a\": 2}"},
		{"{\"\\u00e9\":1,\"zz\":2,\"\\\"\":3}", "{\"\\\"\": 3, \"zz\": 2, \"é\": 1}"},
		{"[{\"b\":{\"d\":1,\"c\":2},\"a\":[]}]", "[{\"a\": [], \"b\": {\"c\": 2, \"d\": 1}}]"},
		/* numbers */
		{"0", "0"}, {"-0", "0"}, {"-0.00", "0.00"}, {"1.00", "1.00"}, {"1e2", "100"}, {"1E+2", "100"}, {"1.50e1", "15.0"}, {"1.5e-3", "0.0015"},
		{"0.5e1", "5"}, {"0.05e1", "0.5"}, {"0e5", "0"}, {"0e-3", "0.000"}, {"-12.3e0", "-12.3"}, {"123e-2", "1.23"}, {"0.00e1", "0.0"},
		{"12345678901234567890123456789012345678901234567890.10", "12345678901234567890123456789012345678901234567890.10"},
		/* texts */
		{"\"\\u0041\\/\\\\\\\"\\b\\f\\n\\r\\t\\u0001\\u007f\"", "\"A/\\\\\\\"\\b\\f\\n\\r\\t\\u0001\x7f\""},
		{"\"\\ud83d\\ude00 \\u00e9\"", "\"😀 é\""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lk_buf b = LK_BUF_INIT;
		const char *reason;
		if (lk_jsonb_normalise(cases[i].written, strlen(cases[i].written), &b, &reason) != 0)
			fail_msg("%s: %s", cases[i].written, reason);
		assert_string_equal(b.data, cases[i].printed);
		assert_int_equal(lk_jsonb_check(cases[i].written, strlen(cases[i].written), &reason), 0);
		lk_buf_release(&b);
	}
}

static void is_refused(const char *text, size_t len, const char *why) {
	const char *reason = NULL;
	lk_buf b = LK_BUF_INIT;
	assert_int_equal(lk_jsonb_check(text, len, &reason), -1);
	if (!strstr(reason, why))
		fail_msg("%.*s: %s", (int)(len < 80 ? len : 80), text, reason);
	assert_int_equal(lk_jsonb_normalise(text, len, &b, &reason), -1);
	lk_buf_release(&b);
}

static void what_is_refused(void **state) {
	static const struct {
		const char *text, *why;
	} cases[] = {
		{"", "ends too early"}, {"  ", "ends too early"}, {"{", "a key is missing"}, {"[1", "ends too early"}, {"[1 2]", "neither , nor ]"},
		{"[1,]", "neither a value nor a number"}, {"{\"a\"}", "no colon"}, {"{\"a\":1,}", "a key is missing"}, {"{\"a\":1 \"b\":2}", "neither , nor }"},
		{"{a:1}", "a key is missing"}, {"1 2", "something follows"}, {"nul", "an unknown word"}, {"nullx", "something follows"}, {"NaN", "neither a value"},
		{"01", "neither a value"}, {"+1", "neither a value"}, {".5", "neither a value"}, {"1.", "digits after its point"}, {"1e", "digits in its exponent"},
		{"-", "neither a value"}, {"'a'", "neither a value"}, {"\"a", "does not end"}, {"\"\\x\"", "unknown escape"}, {"\"\\u12\"", "four hexadecimal"},
		{"\"a\nb\"", "control character"}, {"\"\\u0000\"", "\\u0000"}, {"{\"\\u0000\":1}", "\\u0000"}, {"\"\\ud800\"", "surrogate"}, {"\"\\udc00\"", "surrogate"}, {"\"\\ud800\\u00g0\"", "four hexadecimal"},
		{"\"\\ud800\\u0041\"", "surrogate"}, {"\"\xff\"", "UTF-8"}, {"{\"\xc3\":1}", "UTF-8"}, {"1e1000", "1000 digits"}, {"1e-1001", "1000 digits"},
		{"1e99999999999999999999", "1000 digits"}, {"1e-99999999999999999999", "1000 digits"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		is_refused(cases[i].text, strlen(cases[i].text), cases[i].why);
	is_refused("\"a\0b\"", 5, "control character");
}

static void nested(int depth, lk_buf *b) {
	for (int i = 0; i < depth; i++)
		lk_buf_adds(b, i % 2 ? "{\"k\":" : "[");
	lk_buf_adds(b, "1");
	for (int i = depth - 1; i >= 0; i--)
		lk_buf_adds(b, i % 2 ? "}" : "]");
}

static void what_is_at_a_limit_is_taken(void **state) {
	lk_buf b = LK_BUF_INIT;
	const char *reason;
	(void)state;
	nested(LK_JSONB_DEPTH, &b);
	assert_int_equal(lk_jsonb_check(b.data, b.len, &reason), 0);
	lk_buf_clear(&b);
	nested(LK_JSONB_DEPTH + 1, &b);
	is_refused(b.data, b.len, "512 levels");
	lk_buf_clear(&b);
	lk_buf_addc(&b, '"');
	while (b.len < LK_JSONB_MAX - 1)
		lk_buf_addc(&b, 'x');
	lk_buf_addc(&b, '"');
	assert_int_equal(lk_jsonb_check(b.data, b.len, &reason), 0);
	b.data[b.len - 1] = 'x';
	lk_buf_addc(&b, '"');
	is_refused(b.data, b.len, "1 MiB");
	lk_buf_clear(&b);
	lk_buf_adds(&b, "[1e999");   /* few bytes that would print as many */
	for (int i = 0; i < 1100; i++)
		lk_buf_adds(&b, ",-1e-1000");
	lk_buf_addc(&b, ']');
	is_refused(b.data, b.len, "1 MiB");
	lk_buf_release(&b);
}

static void equality_is_that_of_values(void **state) {
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"1.0", "1.00", true}, {"1", "1.000", true}, {"100", "1", false}, {"0", "0.0", true}, {"1.5", "1.50", true}, {"-1.0", "-1", true},
		{"1.05", "1.5", false}, {"[1.0, 2]", "[1, 2.0]", true}, {"{\"a\": 1.0}", "{\"a\": 1}", true}, {"{\"1.0\": 1}", "{\"1\": 1}", false},
		{"\"1.0\"", "\"1.00\"", false}, {"1", "\"1\"", false}, {"1", "[1]", false}, {"[1]", "[1, 1]", false}, {"null", "null", true}, {"[]", "{}", false},
		{"\"a\\\"1.0\"", "\"a\\\"1\"", false}, {"[10]", "[1, 0]", false}, {"[1, 0]", "[10]", false},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *a = cases[i].a, *b = cases[i].b;
		if (lk_jsonb_equal(a, strlen(a), b, strlen(b)) != cases[i].equal || lk_jsonb_equal(b, strlen(b), a, strlen(a)) != cases[i].equal)
			fail_msg("%s and %s", a, b);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(printed_as_postgresql_does), cmocka_unit_test(what_is_refused),
		cmocka_unit_test(what_is_at_a_limit_is_taken), cmocka_unit_test(equality_is_that_of_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
