/* Access logs: by hand, by damage, and the real one where it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/scan_text.h"
#include "event_log/input.h"
#include "tests/support/servers.h"
#include "tests/support/streams.h"

static const char *const columns[] = {"ts time", "ip text", "method text", "path text", "protocol text", "status int4", "bytes int8", "referer text",
                                      "agent text", "user_name text", "ident text", "other text"};
enum { NCOLUMNS = sizeof columns / sizeof *columns, C_TS = 0, C_IP, C_METHOD, C_PATH, C_PROTOCOL, C_STATUS, C_BYTES, C_REFERER, C_AGENT, C_USER, C_IDENT, C_OTHER };

static lk_arena memory, texts;
static lk_stream *stream;
static lk_value row[NCOLUMNS];
static const char *reason;
static int column;

static int scan(const char *line) {
	return lk_combined_scan(stream, line, strlen(line), &texts, row, &reason, &column);
}

static void assert_text(int c, const char *want) {
	if (!want) {
		assert_int_equal(row[c].state, LK_NULL);
		return;
	}
	assert_int_equal(row[c].state, LK_VALUE);
	assert_int_equal(row[c].len, strlen(want));
	assert_memory_equal(row[c].s, want, strlen(want));
}

static int set_up(void **state) {
	(void)state;
	stream = test_stream(&memory, "s", columns, NCOLUMNS);
	return 0;
}

static int tear_down(void **state) {
	(void)state;
	lk_arena_release(&memory);
	lk_arena_release(&texts);
	return 0;
}

static void reads_all_fields(void **state) {
	(void)state;
	assert_int_equal(scan("2001:db8::1 id john doe [17/May/2015:10:05:03 +0200] \"GET /a b?x=\\\"1\\\" HTTP/1.1\" 200 2326 "
	                      "\"http://e.org/\" \"An \\\"agent\\\" and \"more\"\" \"extra\"\r\n"), 0);
	assert_true(row[C_TS].i == INT64_C(1431849903000000));
	assert_text(C_IP, "2001:db8::1");
	assert_text(C_IDENT, "id");
	assert_text(C_USER, "john doe");
	assert_text(C_METHOD, "GET");
	assert_text(C_PATH, "/a b?x=\\\"1\\\"");
	assert_text(C_PROTOCOL, "HTTP/1.1");
	assert_true(row[C_STATUS].i == 200);
	assert_true(row[C_BYTES].i == 2326);
	assert_text(C_REFERER, "http://e.org/");
	assert_text(C_AGENT, "An \\\"agent\\\" and \"more\"");
	assert_text(C_OTHER, NULL);
}

static void dashes_are_null(void **state) {
	(void)state;
	assert_int_equal(scan("h - - [17/May/2015:10:05:03 +0000] \"-\" 408 - \"-\" \"-\""), 0);
	for (int c = C_METHOD; c < NCOLUMNS; c++)
		assert_int_equal(row[c].state, c == C_STATUS ? LK_VALUE : LK_NULL);
	assert_int_equal(scan("h - - [17/May/2015:10:05:03 +0000] \"HEAD /x HTTP/1.0\" - 12"), 0);   /* the common format */
	assert_int_equal(row[C_STATUS].state, LK_NULL);
	assert_text(C_AGENT, NULL);
	assert_text(C_REFERER, NULL);
	assert_text(C_PATH, "/x");
}

static void splits_requests(void **state) {
	(void)state;
	static const struct { const char *request, *method, *path, *protocol; } cases[] = {
		{"GET / HTTP/1.1", "GET", "/", "HTTP/1.1"},
		{"GET /", "GET", "/", NULL},
		{"GET /a HTTP/ b", "GET", "/a HTTP/ b", NULL},
		{"M-SEARCH * HTTP/1.1", "M-SEARCH", "*", "HTTP/1.1"},
		{"GET HTTP/1.1", "GET", "HTTP/1.1", NULL},
		{"GET  HTTP/1.1", NULL, NULL, NULL},
		{"GET", NULL, NULL, NULL},
		{"", NULL, NULL, NULL},
		{"\\x16\\x03\\x01 \\x02", NULL, NULL, NULL},
		{" / HTTP/1.1", NULL, NULL, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[256];
		snprintf(line, sizeof line, "h - - [17/May/2015:10:05:03 +0000] \"%s\" 400 0 \"-\" \"-\"", cases[i].request);
		assert_int_equal(scan(line), 0);
		assert_text(C_METHOD, cases[i].method);
		assert_text(C_PATH, cases[i].path);
		assert_text(C_PROTOCOL, cases[i].protocol);
		assert_true(row[C_STATUS].i == 400);
	}
}

static void refuses_other_lines(void **state) {
	(void)state;
	static const struct { const char *line; int column; } cases[] = {
		{"", -1}, {"hello world", -1}, {"h - -", -1}, {"h - - [17/May/2015:10:05:03 +0000]", -1},
		{"h - - [17/May/2015:10:05:03 +0000] GET / 200 1", -1}, {"h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200", -1},
		{"h - - [17/May/2015:10:05:03 +0000] \"GET / 200 1", -1}, {"h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1 \"-\" \"unfinished", -1},
		{"h - - [17/Mai/2015:10:05:03 +0000] \"GET /\" 200 1", C_TS}, {"h - - [17/May/2015:10:05:03 +0000] \"GET /\" ok 1", C_STATUS},
		{"h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1k", C_BYTES}, {"h - - [17/May/2015:10:05:03 +0000] \"GET /\xff\" 200 1", C_PATH},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (scan(cases[i].line) != -1)
			fail_msg("accepted: %s", cases[i].line);
		assert_int_equal(column, cases[i].column);
	}
}

static void damaged_lines_do_no_harm(void **state) {
	(void)state;
	static const char whole[] = "h - u [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 2326 \"http://e.org/\" \"agent\"";
	unsigned long seed = test_seed("test_scan_combined");
	int accepted = 0;
	for (int round = 0; round < 20000; round++) {
		size_t len = test_random(&seed) % 4 ? sizeof whole - 1 : test_random(&seed) % sizeof whole;
		char *line = malloc(len ? len : 1);
		memcpy(line, whole, len);
		for (int n = (int)(test_random(&seed) % 4); n-- && len;)
			line[test_random(&seed) % len] = "\" []-\\/x\xff"[test_random(&seed) % 9];
		accepted += lk_combined_scan(stream, line, len, &texts, row, &reason, &column) == 0;
		free(line);
	}
	assert_true(accepted > 2000 && accepted < 18000);
}

/* 10,000 lines, one of which breaks off in its agent. */
static void reads_the_real_log(void **state) {
	(void)state;
	const char *dir = getenv("LK_TEST_DATA");
	char *path = lk_asprintf("%s/apache_access.log.gz", dir ? dir : "../shared/data");
	int64_t events = 0, bytes = 0, get = 0, refused_line = 0;
	lk_input *in;
	lk_record r;
	if (access(path, R_OK)) {
		print_message("skipped: %s is not there\n", path);
		free(path);
		skip();
	}
	assert_int_equal(lk_input_open(&in, path, false, NULL), 0);
	while (lk_input_next(in, -1, &r, NULL) == 0) {
		if (lk_combined_scan(stream, r.text, r.len, &texts, row, &reason, &column)) {
			assert_int_equal(refused_line, 0);
			refused_line = r.line;
			continue;
		}
		events++;
		bytes += lk_is_null(&row[C_BYTES]) ? 0 : row[C_BYTES].i;
		get += row[C_METHOD].len == 3 && !memcmp(row[C_METHOD].s, "GET", 3);
	}
	lk_input_close(in);
	free(path);
	assert_int_equal(events, 9999);
	assert_int_equal(refused_line, 8899);
	assert_int_equal(get, 9951);
	assert_int_equal(bytes, INT64_C(2747282505));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_fields),
		cmocka_unit_test(dashes_are_null),
		cmocka_unit_test(splits_requests),
		cmocka_unit_test(refuses_other_lines),
		cmocka_unit_test(damaged_lines_do_no_harm),
		cmocka_unit_test(reads_the_real_log),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
