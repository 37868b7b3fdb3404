/* The JSON scanner against jansson, on random lines and on random damage to them; and by hand where the two differ by
 * design. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "formats/json.h"
#include "tests/support/servers.h"
#include "tests/support/streams.h"

static const char *const columns[] = {"ts time", "a text", "b.c text", "b.d.e int8", "b.d text", "x float8", "y bool", "n num2", "i int4"};
enum { NCOLUMNS = sizeof columns / sizeof *columns, C_A = 1, C_BC, C_BDE, C_BD, C_X, C_Y, C_N, C_I };

static lk_arena memory, texts;
static lk_json_scanner *scanner;
static lk_stream *stream;
static lk_value row[NCOLUMNS];
static lk_misfit misfit;
static unsigned long seed;

static int scan(const char *line) {
	lk_arena_clear(&texts);
	misfit.reason = NULL;
	return lk_json_scan(scanner, line, strlen(line), &texts, row, &misfit);
}

static int set_up(void **state) {
	(void)state;
	stream = test_stream(&memory, "s", columns, NCOLUMNS);
	scanner = lk_json_scanner_new(&stream->schema);
	return 0;
}

static int tear_down(void **state) {
	(void)state;
	lk_json_scanner_free(scanner);
	lk_arena_release(&memory);
	lk_arena_release(&texts);
	return 0;
}

static void assert_text(int c, const char *want) {
	assert_int_equal(row[c].state, LK_VALUE);
	assert_int_equal(row[c].len, strlen(want));
	assert_memory_equal(row[c].s, want, strlen(want));
}

/* --- By hand --- */

static void reads_declared_paths(void **state) {
	(void)state;
	assert_int_equal(scan(" {\"a\": \"x\\u00e9\\n\\ud83d\\ude00\\/\", \"z\":[1,{\"a\":2}], \"b\":{\"c\":\"in\",\"d\":{\"e\":12,\"f\":[]}},"
	                      "\"ts\":\"2015-01-01T00:00:00Z\",\"y\":true,\"x\":1.5,\"n\":12345678901234567.5,\"i\":\"-7\"}\r\n"), -1);
	assert_int_equal(misfit.column, C_BD);   /* an object for a text */
	assert_int_equal(scan("{\"a\": \"x\\u00e9\\n\\ud83d\\ude00\\/\", \"z\":[1,{\"a\":2}], \"b\":{\"c\":\"in\"},"
	                      "\"ts\":\"2015-01-01T00:00:00Z\",\"y\":true,\"x\":1.5,\"n\":1234567890123456.785,\"i\":\"-7\"}\r\n"), 0);
	assert_text(C_A, "x\xc3\xa9\n\xf0\x9f\x98\x80/");
	assert_text(C_BC, "in");
	assert_int_equal(row[C_BDE].state, LK_NULL);
	assert_int_equal(row[C_BD].state, LK_NULL);
	assert_true(row[0].i == INT64_C(1420070400000000));
	assert_true(row[C_X].d == 1.5);
	assert_true(row[C_Y].i == 1);
	assert_true(row[C_N].n == (lk_int128)INT64_C(123456789012345679));
	assert_true(row[C_I].i == -7);
}

static void keys_match_by_name_and_level(void **state) {
	(void)state;
	assert_int_equal(scan("{\"b\":{\"a\":\"no\",\"c\":\"yes\"},\"c\":\"no\",\"e\":\"no\",\"a\":1}"), 0);
	assert_text(C_BC, "yes");
	assert_text(C_A, "1");
	assert_int_equal(scan("{\"b\":{\"c\":\"1\",\"c\":\"2\"},\"c\":\"3\"}"), 0);
	assert_text(C_BC, "2");
	assert_int_equal(scan("{\"\\u0061\":\"escaped\",\"\\u0000a\":1,\"\\ud800\":2}"), 0);
	assert_text(C_A, "escaped");
	assert_int_equal(scan("{\"b\":[{\"c\":\"in an array\"}]}"), 0);
	assert_int_equal(row[C_BC].state, LK_NULL);
}

static void last_duplicate_wins(void **state) {
	(void)state;
	assert_int_equal(scan("{\"i\":\"bad\",\"a\":{},\"i\":5,\"a\":\"x\"}"), 0);
	assert_true(row[C_I].i == 5);
	assert_text(C_A, "x");
	assert_int_equal(scan("{\"b\":{\"c\":\"old\",\"d\":{\"e\":3}},\"b\":{\"d\":\"new\"}}"), 0);
	assert_int_equal(row[C_BC].state, LK_NULL);
	assert_int_equal(row[C_BDE].state, LK_NULL);
	assert_text(C_BD, "new");
	assert_int_equal(scan("{\"b\":{\"c\":\"old\"},\"b\":null}"), 0);
	assert_int_equal(row[C_BC].state, LK_NULL);
	assert_int_equal(scan("{\"a\":\"x\",\"a\":null}"), 0);
	assert_int_equal(row[C_A].state, LK_NULL);
}

static void numbers_keep_their_text(void **state) {
	(void)state;
	assert_int_equal(scan("{\"a\":12345678901234567.89,\"b\":{\"c\":1E400},\"z\":99999999999999999999999}"), 0);
	assert_text(C_A, "12345678901234567.89");
	assert_text(C_BC, "1E400");
	assert_int_equal(scan("{\"b\":{\"d\":null},\"i\":1e2}"), 0);
	assert_true(row[C_I].i == 100);
	assert_int_equal(scan("{\"i\":1.5}"), -1);
	assert_int_equal(misfit.column, C_I);
	assert_int_equal(scan("{\"i\":2147483648}"), -1);
	assert_int_equal(scan("{\"i\":true}"), -1);
	assert_int_equal(scan("{\"i\":\"\"}"), -1);
	assert_int_equal(scan("{\"i\":\"-\"}"), -1);
	assert_int_equal(scan("{\"x\":-0.0}"), 0);
	assert_true(row[C_X].d == 0);
}

/* R25: a fault in a text matters only if its column is declared. */
static void junk_matters_only_in_declared_columns(void **state) {
	(void)state;
	static const char *const junk[] = {"\\u0000", "\\ud800", "\\udc00\\ud800", "\\ud800x", "\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82"};
	for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
		char line[128];
		snprintf(line, sizeof line, "{\"z\":\"%s\",\"a\":\"ok\"}", junk[i]);
		assert_int_equal(scan(line), 0);
		assert_text(C_A, "ok");
		snprintf(line, sizeof line, "{\"z\":\"ok\",\"a\":\"%s\"}", junk[i]);
		assert_int_equal(scan(line), -1);
		assert_int_equal(misfit.column, C_A);
	}
}

static void refuses_what_is_not_json(void **state) {
	(void)state;
	static const char *const lines[] = {
		"", " ", "null", "[]", "\"a\"", "{", "{}x", "{} {}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "{a:1}", "{'a':1}",
		"{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1e}", "{\"a\":-}", "{\"a\":--1}", "{\"a\":tru}", "{\"a\":nul", "{\"a\":NaN}",
		"{\"a\":\"x}", "{\"a\":\"\\x\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\", "{\"a\":\"\t\"}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[1}", "{\"a\":{]}",
		"{\"z\":01}", "{\"z\":\"\\x\"}", "{\"z\":\"\x01\"}", "{\"z\":[[[{\"q\":tru}]]]}", "{\"z\":{\"a\" 1}}", "{\"z\":{\"a\":1,}}", "{\"z\":truee}", "{\"z\":0x1}",
		"{\"z\":[}", "{\"z\":[[]", "{\"b\":{\"c\":1}", "{\"b\":{\"c\":1]}", "{\"b\":{\"c\"", "{\"b\":", "{\"b\":{", "{\"b\":{\"d\":{\"e\":1}}",
	};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		if (scan(lines[i]) != -1)
			fail_msg("accepted: %s", lines[i]);
		assert_non_null(misfit.reason);
		assert_int_equal(misfit.column, -1);
	}
}

static void depth_is_limited(void **state) {
	(void)state;
	for (int depth = 2046; depth <= 2049; depth++) {
		lk_buf b = LK_BUF_INIT;
		lk_buf_adds(&b, "{\"z\":");   /* one level */
		for (int i = 1; i < depth; i++)
			lk_buf_addc(&b, i % 3 ? '[' : '{'), lk_buf_adds(&b, i % 3 ? "" : "\"k\":");
		lk_buf_addc(&b, '1');
		for (int i = depth - 1; i >= 1; i--)
			lk_buf_addc(&b, i % 3 ? ']' : '}');
		lk_buf_adds(&b, ",\"a\":\"end\"}");
		assert_int_equal(scan(b.data), depth <= 2048 ? 0 : -1);
		lk_buf_release(&b);
	}
}

/* Any value, as it stands in the line; also where other columns are below it. */
static void values_of_jsonb(void **state) {
	static const char *const jsonb[] = {"ts time", "p jsonb", "p.c text", "q.r jsonb"};
	lk_stream *of_jsonb = test_stream(&memory, "j", jsonb, 4);
	lk_json_scanner *other = scanner;
	(void)state;
	scanner = lk_json_scanner_new(&of_jsonb->schema);
	assert_int_equal(scan("{\"p\": {\"c\" :\"in\", \"z\":[1] } ,\"q\":{\"r\":[ 1.0,{\"a\":null}]}}"), 0);
	assert_text(1, "{\"c\" :\"in\", \"z\":[1] }");
	assert_text(2, "in");
	assert_text(3, "[ 1.0,{\"a\":null}]");
	assert_int_equal(scan("{\"p\":\"a\\u00e9\\n\",\"q\":{\"r\":1.50}}"), 0);
	assert_text(1, "\"a\\u00e9\\n\"");
	assert_int_equal(row[2].state, LK_NULL);
	assert_text(3, "1.50");
	assert_int_equal(scan("{\"p\":{\"c\":\"first\"},\"p\":null,\"q\":{\"r\":true}}"), 0);
	assert_int_equal(row[1].state, LK_NULL);
	assert_int_equal(row[2].state, LK_NULL);
	assert_text(3, "true");
	assert_int_equal(scan("{\"p\":{\"x\":\"\\u0000\"}}"), -1);
	assert_int_equal(misfit.column, 1);
	assert_string_equal(misfit.reason, "\\u0000 in a text");
	assert_int_equal(scan("{\"q\":{\"r\":[1e1000]}}"), -1);
	assert_int_equal(misfit.column, 3);
	assert_int_equal(scan("{\"z\":{\"x\":\"\\u0000\"},\"p\":[\"\\ud83d\\ude00\"]}"), 0);
	lk_json_scanner_free(scanner);
	scanner = other;
}

static void tells_a_near_miss_once(void **state) {
	(void)state;
	lk_json_scanner *j = scanner;
	scanner = lk_json_scanner_new(&stream->schema);
	assert_null(lk_json_scanner_near_miss(scanner));
	assert_int_equal(scan("{\"A\":\"x\",\"B\":{\"c\":1},\"b\":{\"C\":2}}"), 0);
	assert_int_equal(row[C_A].state, LK_NULL);
	assert_string_equal(lk_json_scanner_near_miss(scanner), "A");
	assert_null(lk_json_scanner_near_miss(scanner));
	assert_int_equal(scan("{\"A\":\"x\",\"B\":{\"c\":1},\"b\":{\"C\":2}}"), 0);
	assert_string_equal(lk_json_scanner_near_miss(scanner), "B");
	assert_int_equal(scan("{\"A\":\"x\",\"B\":{\"c\":1},\"b\":{\"C\":2}}"), 0);
	assert_string_equal(lk_json_scanner_near_miss(scanner), "C");
	assert_int_equal(scan("{\"A\":\"x\",\"B\":{\"c\":1},\"b\":{\"C\":2}}"), 0);
	assert_null(lk_json_scanner_near_miss(scanner));
	lk_json_scanner_free(scanner);
	scanner = j;
}

/* --- Against jansson --- */

static unsigned below(unsigned n) { return (unsigned)(test_random(&seed) >> 33) % n; }

static void add_space(lk_buf *b) {
	static const char *const spaces[] = {"", "", "", "", " ", "  ", "\t", "\r", "\n"};
	lk_buf_adds(b, spaces[below(9)]);
}

static void add_string(lk_buf *b) {
	static const char *const pieces[] = {"a", "b", "xyz", " ", "\\n", "\\\"", "\\\\", "\\/", "\\u0041", "\\u00e9", "\\ud83d\\ude00", "\xc3\xa9",
	                                     "\xf0\x9f\x98\x80", "1", "true", "{", "]", ",", ":", "a long piece of plain text", "\\b\\f\\r\\t"};
	lk_buf_addc(b, '"');
	for (unsigned n = below(2) ? below(3) : below(9); n--;)
		lk_buf_adds(b, pieces[below(sizeof pieces / sizeof *pieces)]);
	lk_buf_addc(b, '"');
}

static void add_key(lk_buf *b) {
	static const char *const keys[] = {"\"a\"", "\"b\"", "\"c\"", "\"d\"", "\"e\"", "\"x\"", "\"y\"", "\"n\"", "\"i\"", "\"A\"", "\"\"", "\"\\u0062\"", "\"zz\"",
	                                   "\"ts\""};
	lk_buf_adds(b, keys[below(sizeof keys / sizeof *keys)]);
}

static void add_number(lk_buf *b) {
	static const char *const numbers[] = {"0", "-0", "7", "-12", "2147483647", "2147483648", "9007199254740993", "1.5", "-0.25", "1e2", "15E-1", "0.1", "1.0", "3.14159"};
	lk_buf_adds(b, numbers[below(sizeof numbers / sizeof *numbers)]);
}

static void add_value(lk_buf *b, int depth, bool object) {
	static const char *const words[] = {"null", "true", "false", "\"2015-05-17T10:05:03Z\"", "\"12\"", "\"1.5\""};
	unsigned kind = object ? 0 : below(depth > 5 ? 5 : 8) + (depth > 5 ? 3 : 0);
	bool array = kind == 2;
	if (kind <= 2) {
		lk_buf_addc(b, array ? '[' : '{');
		for (unsigned n = below(object ? 7 : 4), i = 0; i < n; i++) {
			if (i)
				lk_buf_addc(b, ',');
			add_space(b);
			if (!array) {
				add_key(b);
				add_space(b);
				lk_buf_addc(b, ':');
			}
			add_space(b);
			add_value(b, depth + 1, false);
			add_space(b);
		}
		lk_buf_addc(b, array ? ']' : '}');
	} else if (kind == 3) {
		lk_buf_adds(b, words[below(6)]);
	} else if (kind < 6) {
		add_number(b);
	} else {
		add_string(b);
	}
}

static void damage(lk_buf *b) {
	static const char bytes[] = "{}[],:\"\\ntf0123456789.eE+- \tau\x01\x80\xff\xc3";
	for (unsigned n = 1 + below(3); n-- && b->len; ) {
		size_t at = below((unsigned)b->len), count = 1 + below(4);
		if (count > b->len - at)
			count = b->len - at;
		switch (below(4)) {
		case 0:
			b->data[at] = bytes[below(sizeof bytes - 1)];
			break;
		case 1:
			memmove(b->data + at, b->data + at + count, b->len - at - count);
			b->len -= count;
			break;
		case 2:
			lk_buf_addc(b, ' ');
			memmove(b->data + at + 1, b->data + at, b->len - at - 1);
			b->data[at] = bytes[below(sizeof bytes - 1)];
			break;
		default:
			if (below(8) == 0)
				b->len = at;
		}
	}
	lk_buf_addc(b, '\0');   /* the end of the buffer must not matter */
	b->len--;
}

/* Lines on which the two differ by design: jansson's limits (R25), and what a \u escape stands for. */
static bool differs_by_design(const json_error_t *e) {
	switch (json_error_code(e)) {
	case json_error_invalid_utf8: case json_error_null_character: case json_error_null_byte_in_key: case json_error_numeric_overflow:
		return true;
	default:
		return strstr(e->text, "invalid Unicode") != NULL;
	}
}

static json_t *at_path(json_t *root, const lk_column *c) {
	for (int i = 0; i < c->npath; i++)
		root = json_is_object(root) ? json_object_get(root, c->path[i]) : NULL;
	return root;
}

/* A number's text is lost in jansson's double: compared only as closely as a double allows. */
static void check_number(lk_type t, const lk_value *got, double want) {
	lk_buf text = LK_BUF_INIT;
	lk_value_print(t, got, &text);
	double have = strtod(text.data, NULL), slack = t.kind == LK_NUMERIC ? 0.0051 : 0;
	assert_true(fabs(have - want) <= slack + fabs(want) * 1e-15);
	lk_buf_release(&text);
}

/* 0: the same value as jansson's; -1: must be refused; 1: jansson's double cannot decide. */
static int check_column(json_t *v, int c, bool accepted) {
	lk_type t = stream->schema.columns[c].type;
	const lk_value *got = &row[c];
	lk_value want;
	const char *why;
	lk_buf text = LK_BUF_INIT;
	int status = 0;
	if (!v || json_is_null(v)) {
		if (accepted)
			assert_int_equal(got->state, LK_NULL);
		return 0;
	}
	if (json_is_object(v) || json_is_array(v) || (json_is_number(v) && t.kind == LK_BOOL))
		return -1;
	if (json_is_string(v))
		lk_buf_add(&text, json_string_value(v), json_string_length(v));
	else if (json_is_boolean(v))
		lk_buf_adds(&text, json_is_true(v) ? "true" : "false");
	else
		lk_buf_addf(&text, "%.17g", json_number_value(v));
	status = lk_value_parse(t, text.data ? text.data : "", text.len, &want, &why);
	if (!status && accepted) {
		assert_int_equal(got->state, LK_VALUE);
		if (json_is_number(v))
			check_number(t, got, json_number_value(v));
		else
			assert_int_equal(lk_value_compare(t, got, &want), 0);
	}
	lk_buf_release(&text);
	double size = json_is_number(v) ? fabs(json_number_value(v)) : 1;
	/* 9007e-9254740993 is 0 to jansson, and no integer */
	bool lost = size >= 1e15 || (json_is_real(v) && size < 2.3e-308);
	return lost && t.kind != LK_TEXT ? 1 : status;
}

static void check_line(const lk_buf *b, unsigned *accepted, unsigned *refused) {
	json_error_t error;
	char *exact = lk_strndup(b->data, b->len);   /* so that a sanitizer sees a read beyond the line */
	char *line = realloc(exact, b->len ? b->len : 1);
	json_t *root = json_loadb(line, b->len, JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
	lk_arena_clear(&texts);
	int status = lk_json_scan(scanner, line, b->len, &texts, row, &misfit);
	if (!root && differs_by_design(&error))
		goto out;
	int want = root && json_is_object(root) ? 0 : -1;
	for (int c = 0; c < NCOLUMNS && want == 0; c++)
		want = check_column(at_path(root, &stream->schema.columns[c]), c, status == 0);
	if (want <= 0 && want != status)
		fail_msg("scanner %d (%s), jansson %d (%s): %.*s", status, status ? misfit.reason : "", want, root ? "" : error.text, (int)b->len, line);
	++*(status ? refused : accepted);
out:
	json_decref(root);
	free(line);
}

static void agrees_with_jansson(void **state) {
	(void)state;
	unsigned accepted = 0, refused = 0;
	lk_buf b = LK_BUF_INIT;
	seed = test_seed("test_scan_json");
	for (int round = 0; round < 60000; round++) {
		lk_buf_clear(&b);
		add_space(&b);
		add_value(&b, 0, true);
		add_space(&b);
		if (round % 2)
			damage(&b);
		check_line(&b, &accepted, &refused);
	}
	lk_buf_release(&b);
	print_message("%u accepted, %u refused\n", accepted, refused);
	assert_true(accepted > 10000 && refused > 10000);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_declared_paths),
		cmocka_unit_test(keys_match_by_name_and_level),
		cmocka_unit_test(last_duplicate_wins),
		cmocka_unit_test(numbers_keep_their_text),
		cmocka_unit_test(junk_matters_only_in_declared_columns),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(values_of_jsonb),
		cmocka_unit_test(tells_a_near_miss_once),
		cmocka_unit_test(agrees_with_jansson),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
