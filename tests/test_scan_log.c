/* Access logs: by hand, with damage, and the real one if it is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/access_log.h"
#include "formats/log_format.h"
#include "ingest/input.h"
#include "tests/support/servers.h"
#include "tests/support/streams.h"

static const char *const columns[] = {"ts time", "ip text", "method text", "path text", "protocol text", "status int4", "bytes int8", "referer text",
                                      "agent text", "user_name text", "ident text", "other text", "host text", "port int4",
                                      "forwarded_for text", "duration_us int8", "query text", "duration_s float8", "http_accept text", "bytes_sent int8"};
enum { NCOLUMNS = sizeof columns / sizeof *columns, C_TS = 0, C_IP, C_METHOD, C_PATH, C_PROTOCOL, C_STATUS, C_BYTES, C_REFERER, C_AGENT, C_USER, C_IDENT, C_OTHER,
       C_HOST, C_PORT, C_FORWARDED, C_DURATION_US, C_QUERY, C_DURATION_S, C_ACCEPT, C_SENT };

static lk_arena memory, texts;
static lk_stream *stream;
static lk_value row[NCOLUMNS];
static lk_misfit misfit;

static lk_log_scanner *by_shape;
static char why[200];

static int scan(const char *line) {
	return lk_log_scan(by_shape, line, strlen(line), &texts, row, &misfit);
}

/* One line by its own format. The reason stays. */
static int scan_as(const char *format, const char *line) {
	static char kept[200];
	lk_log_scanner *g = lk_log_scanner_new(&stream->schema, format, why, sizeof why);
	if (!g)
		fail_msg("%s: %s", format, why);
	int status = lk_log_scan(g, line, strlen(line), &texts, row, &misfit);
	snprintf(kept, sizeof kept, "%s", status ? misfit.reason : "");
	misfit.reason = kept;
	lk_log_scanner_free(g);
	return status;
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
	by_shape = lk_log_scanner_new(&stream->schema, NULL, why, sizeof why);
	return by_shape ? 0 : -1;
}

static int tear_down(void **state) {
	(void)state;
	lk_log_scanner_free(by_shape);
	lk_arena_release(&memory);
	lk_arena_release(&texts);
	return 0;
}

static void reads_all_fields(void **state) {
	(void)state;
	assert_int_equal(scan("2001:db8::1 id john doe [17/May/2015:10:05:03 +0200] \"GET /a b?x=\\\"1\\\" HTTP/1.1\" 200 2326 "
	                      "\"http://e.org/\" \"An \\\"agent\\\" and \"more\"\"\r\n"), 0);
	assert_true(row[C_TS].i == INT64_C(1431849903000000));
	assert_text(C_IP, "2001:db8::1");
	assert_text(C_IDENT, "id");
	assert_text(C_USER, "john doe");
	assert_text(C_METHOD, "GET");
	assert_text(C_PATH, "/a b?x=\"1\"");
	assert_text(C_PROTOCOL, "HTTP/1.1");
	assert_true(row[C_STATUS].i == 200);
	assert_true(row[C_BYTES].i == 2326);
	assert_text(C_REFERER, "http://e.org/");
	assert_text(C_AGENT, "An \"agent\" and \"more\"");
	assert_text(C_OTHER, NULL);
}

static void dashes_are_null(void **state) {
	(void)state;
	assert_int_equal(scan("h - - [17/May/2015:10:05:03 +0000] \"-\" 408 - \"-\" \"-\""), 0);
	for (int c = C_METHOD; c <= C_OTHER; c++)
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
		{"h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1 \"-\" \"agent\" \"more\"", -1}, {"h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1 \"-\" \"agent\" 0.005", -1},
		{"h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1 \"-\"", -1}, {"h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1 ", -1},
		{"www.example.org 192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1", -1}, {"www.example.org h - frank [17/May/2015:10:05:03 +0000] \"GET /\" 200 1", -1},
		{"h - - [17/Mai/2015:10:05:03 +0000] \"GET /\" 200 1", C_TS}, {"h - - [17/May/2015:10:05:03 +0000] \"GET /\" ok 1", -1},
		{"h - - [17/May/2015:10:05:03 +0000] \"GET /\" 200 1k", -1}, {"h - - [17/May/2015:10:05:03 +0000] \"GET /\xff\" 200 1", C_PATH},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (scan(cases[i].line) != -1)
			fail_msg("accepted: %s", cases[i].line);
		assert_int_equal(misfit.column, cases[i].column);
	}
}

static void damaged_lines_do_no_harm(void **state) {
	(void)state;
	static const char whole[] = "h - u [17/May/2015:10:05:03 +0000] \"GET /a HTTP/1.1\" 200 2326 \"http://e.org/\" \"agent\"";
	unsigned long seed = test_seed("test_scan_log");
	int accepted = 0;
	for (int round = 0; round < 20000; round++) {
		size_t len = test_random(&seed) % 4 ? sizeof whole - 1 : test_random(&seed) % sizeof whole;
		char *line = malloc(len ? len : 1);
		memcpy(line, whole, len);
		for (int n = (int)(test_random(&seed) % 4); n-- && len;)
			line[test_random(&seed) % len] = "\" []-\\/x\xff"[test_random(&seed) % 9];
		accepted += lk_log_scan(by_shape, line, len, &texts, row, &misfit) == 0;
		free(line);
	}
	assert_true(accepted > 2000 && accepted < 18000);
}

/* 10,000 lines, one of which ends in the middle of its agent. */
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
	assert_int_equal(lk_input_open(&in, path, &(lk_format){.is = &lk_format_access_log}, NULL), 0);
	while (lk_input_next(in, -1, &r, NULL) == 0) {
		if (lk_log_scan(by_shape, r.text, r.len, &texts, row, &misfit)) {
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

/* I12: the client is right, or the line is refused. */
static void knows_the_fields_before_the_client(void **state) {
	(void)state;
	static const char after[] = "- - [26/Apr/2020:03:12:14 +0200] \"GET /a HTTP/1.1\" 200 12 \"-\" \"agent\"";
	static const struct { const char *front, *ip, *host; int port; } cases[] = {
		{"192.0.2.13 ", "192.0.2.13", NULL, 0}, {"client.example.org ", "client.example.org", NULL, 0},
		{"2001:db8::1 ", "2001:db8::1", NULL, 0}, {"2001:db8::443 ", "2001:db8::443", NULL, 0},
		{"www.example.org:443 192.0.2.13 ", "192.0.2.13", "www.example.org", 443},
		{"[2001:db8::2]:80 2001:db8::1 ", "2001:db8::1", "[2001:db8::2]", 80},
		{"192.0.2.21, 198.51.100.2 ", "192.0.2.21", NULL, 0}, {"192.0.2.21, 198.51.100.2, 2001:db8::1 ", "192.0.2.21", NULL, 0},
		{"-, 198.51.100.2 ", "198.51.100.2", NULL, 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[256];
		snprintf(line, sizeof line, "%s%s", cases[i].front, after);
		if (scan(line))
			fail_msg("%s: %s", line, misfit.reason);
		assert_text(C_IP, cases[i].ip);
		assert_text(C_HOST, cases[i].host);
		assert_true(cases[i].port ? row[C_PORT].i == cases[i].port : lk_is_null(&row[C_PORT]));
		assert_text(C_USER, NULL);
		assert_text(C_AGENT, "agent");
		assert_true(row[C_BYTES].i == 12);
	}
	assert_int_equal(scan("h - jane doe [26/Apr/2020:03:12:23 +0200] \"GET /c HTTP/1.1\" 200 5 \"-\" \"agent\" \"192.0.2.1, 2001:db8::1\""), 0);
	assert_text(C_USER, "jane doe");
	assert_text(C_FORWARDED, "192.0.2.1, 2001:db8::1");
	assert_int_equal(scan("h - - [26/Apr/2020:03:12:23 +0200] \"GET /c HTTP/1.1\" 200 5 \"-\" \"agent\" \"text/html\""), -1);
	assert_non_null(strstr(misfit.reason, "--format"));
}

static void quotes_within_quotes(void **state) {
	(void)state;
	static const struct { const char *line, *path, *agent; int status; } cases[] = {
		{"\"GET /images/\" HTTP/1.0\" 404 -", "/images/\"", NULL, 404},
		{"\"GET /b \" HTTP/1.0\" 200 512", "/b \"", NULL, 200},
		{"\"GET /b?\"x\" 1\" HTTP/1.0\" 200 512 \"-\" \"a\"", "/b?\"x\" 1\"", "a", 200},
		{"\"GET /c\" 200 512 \"-\" \"the \"new\" agent\"", "/c", "the \"new\" agent", 200},
		{"\"GET /c\" 200 512 \"-\" \"\"all of it\"\"", "/c", "\"all of it\"", 200},
		{"\"GET /c\" 200 512 \"-\" \"5\"7\"", "/c", "5\"7", 200},
		{"\"GET /c\" 200 512 \"the \"page\" of\" \"an \"agent\"", "/c", "an \"agent", 200},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[256];
		snprintf(line, sizeof line, "192.0.2.1 - - [03/Jul/1995:02:41:15 -0400] %s", cases[i].line);
		if (scan(line))
			fail_msg("%s: %s", line, misfit.reason);
		assert_text(C_PATH, cases[i].path);
		assert_text(C_AGENT, cases[i].agent);
		assert_true(row[C_STATUS].i == cases[i].status);
	}
}

static void decodes_what_servers_escape(void **state) {
	(void)state;
	static const struct { const char *written, *meant; } cases[] = {
		{"a\\\"b\\\\c", "a\"b\\c"}, {"caf\\xc3\\xa9", "caf\xc3\xa9"}, {"\\x22\\x5C", "\"\\"}, {"tab\\tnl\\n", "tab\tnl\n"}, {"\\u001b[0m\\/", "\x1b[0m/"},
		{"\\xff\\xfe", "\\xff\\xfe"}, {"nul\\x00", "nul\\x00"}, {"\\q", "\\q"}, {"\\xg0", "\\xg0"}, {"caf\xc3\xa9", "caf\xc3\xa9"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char line[256];
		snprintf(line, sizeof line, "h - - [17/May/2015:10:05:03 +0000] \"GET /%s HTTP/1.1\" 200 0 \"-\" \"%s\"", cases[i].written, cases[i].written);
		assert_int_equal(scan(line), 0);
		assert_text(C_AGENT, cases[i].meant);
		assert_true(row[C_PATH].len == strlen(cases[i].meant) + 1 && !memcmp(row[C_PATH].s + 1, cases[i].meant, strlen(cases[i].meant)));
	}
}

#define TIME_OF_LINES INT64_C(1431857103000000)

static void follows_the_format_given(void **state) {
	(void)state;
	static const struct { const char *format, *line; int column; const char *text; int64_t number; } cases[] = {
		{"%h %l %u %t \"%r\" %>s %b %D", "h - - [17/May/2015:10:05:03 +0000] \"GET /x HTTP/1.1\" 200 5 1234", C_DURATION_US, NULL, 1234},
		{"%h %l %u %t \\\"%r\\\" %>s %b \\\"%{Referer}i\\\" \\\"%{User-agent}i\\\" \\\"%{Accept}i\\\"",
		 "h - - [17/May/2015:10:05:03 +0000] \"GET /x HTTP/1.1\" 200 5 \"-\" \"agent\" \"text/html, */*\"", C_ACCEPT, "text/html, */*", 0},
		{"$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" \"$http_user_agent\" $request_time",
		 "h - - [17/May/2015:10:05:03 +0000] \"GET /x HTTP/1.1\" 200 5 \"-\" \"agent\" 0.005", C_AGENT, "agent", 0},
		{"$time_iso8601 $host:$server_port ${remote_addr} $request_method $uri?$args $server_protocol $status",
		 "2015-05-17T12:05:03+02:00 www.example.org:80 h GET /x?a=1&b HTTP/1.1 200", C_QUERY, "a=1&b", 0},
		{"%{sec}t %a %m %U%q %H %s %O", "1431857103 h GET /x?y=1 HTTP/2.0 200 77", C_PATH, "/x?y=1", 0},
		{"%{sec}t %a %m %U%q %H %s %O", "1431857103 h GET /x HTTP/2.0 200 77", C_BYTES, NULL, 77},
		{"%{msec}t %a %s %b %I %O", "1431857103000 h 200 5 6 77", C_SENT, NULL, 77},
		{"%{usec}t,%a,%s,%B", "1431857103000000,h,200,5", C_BYTES, NULL, 5},
		{"[$msec] $remote_addr $upstream_addr $status", "[1431857103.000] h 10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80 200", C_STATUS, NULL, 200},
		{"%{%FT%T%z}t 100%% %h \"%{X-Forwarded-For}i\" %>s", "2015-05-17T10:05:03+0000 100% h \"192.0.2.1, h\" 200", C_FORWARDED, "192.0.2.1, h", 0},
		{"%{X-Forwarded-For}i %l %u %t \"%r\" %>s %b", "h, 198.51.100.2 - - [17/May/2015:10:05:03 +0000] \"GET /x HTTP/1.1\" 200 5", C_FORWARDED, "h, 198.51.100.2", 0},
		{"%v:%p %h %t %!200,304,302{User-Agent}i %>s", "[2001:db8::1]:8080 h [17/May/2015:10:05:03 +0000] - 200", C_PORT, NULL, 8080},
		{"%v:/%l %h %t %>s", "v:80:/i:d h [17/May/2015:10:05:03 +0000] 200", C_HOST, "v:80", 0},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (scan_as(cases[i].format, cases[i].line))
			fail_msg("%s: %s", cases[i].line, misfit.reason);
		assert_true(row[C_TS].i == TIME_OF_LINES);
		assert_text(C_IP, "h");
		assert_true(row[C_STATUS].i == 200);
		if (cases[i].text)
			assert_text(cases[i].column, cases[i].text);
		else
			assert_true(row[cases[i].column].i == cases[i].number);
	}
	assert_int_equal(scan_as("$remote_addr [$time_local] $request_time", "h [17/May/2015:10:05:03 +0000] 0.005"), 0);
	assert_true(row[C_DURATION_S].d == 0.005);
}

/* A line of another format is refused, and the reason names the field that does not match. */
static void refuses_lines_of_another_format(void **state) {
	(void)state;
	static const struct { const char *format, *line, *reason; } cases[] = {
		{"common", "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"agent\"", "bytes is not the last field"},
		{"combined", "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5", "bytes does not end"},
		{"combined", "h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"agent\" 17", "agent is not the last field"},
		{"combined", "v.example.org:80 192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"agent\"", "ident is an address"},
		{"combined", "v.example.org:80 h - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"agent\"", "user_name begins with"},
		{"vhost_combined", "192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 5 \"-\" \"agent\"", "host does not end"},
		{"%h %t %D %>s", "h [17/May/2015:10:05:03 +0000] 200", "duration_us does not end"},
		{"%h %t %D %>s", "h [17/May/2015:10:05:03 +0000] x 200", "duration_us is not a number"},
		{"%h %t %D %>s", "h [17/May/2015:10:05:03 +0000]  200", "duration_us is empty"},
		{"<%h %t", "h [17/May/2015:10:05:03 +0000]", "ip does not begin"},
		{"%h %t \"%r\" %D", "h [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1 5", "request does not end"},
		{"%h %t x", "h [17/May/2015:10:05:03 +0000] xy", "ts is not the last field"},
		{"%v:GET / HTTP/1.1[192.0.2.1[%t", "${x}:%vGET / HTTP/1.1", "host does not end"},
		{"%h %v:80 %t", "h v:8", "host does not end"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_int_equal(scan_as(cases[i].format, cases[i].line), -1);
		if (!strstr(misfit.reason, cases[i].reason))
			fail_msg("%s: %s", cases[i].line, misfit.reason);
	}
}

static void refuses_formats(void **state) {
	(void)state;
	static const struct { const char *format, *why; } cases[] = {
		{"", "no field"}, {"plain", "no field"}, {"%h %Z", "%Z (at character 4"}, {"%h%t", NULL}, {"%h%u %t", "nothing separates"}, {"%h %", "without a letter"},
		{"%{Referer", "a { without a }"}, {"$", "no field"}, {"$a $", "without a variable"}, {"${a", "without a variable"}, {"%h %u", "no time"},
		{"%h %{%c}t", "this time format is unknown"}, {"%{Referer}h %t", "%{Referer}h"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lk_log_scanner *g = lk_log_scanner_new(&stream->schema, cases[i].format, why, sizeof why);
		if (!cases[i].why)
			assert_non_null(g);
		else if (g || !strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].format, g ? "taken" : why);
		lk_log_scanner_free(g);
	}
}

/* Any bytes are a format or are refused, and any line is an event or is refused with a reason. */
static void anything_goes(void **state) {
	(void)state;
	static const char *const pieces[] = {"%h", " ", "%t", "\"", "%r", "%>s", "%b", "%{a}i", "$status", "${x}", "$time_local", "[", "]", "%", "$", "\\", "-", ":", "%p", "%v", ",",
	                                     "17/May/2015:10:05:03 +0000", "200", "192.0.2.1", "GET / HTTP/1.1", "\xff", "\\x", "%{%s}t", "1431857103"};
	enum { PIECES = sizeof pieces / sizeof *pieces };
	unsigned long seed = test_seed("test_scan_log anything");
	int formats = 0;
	for (int round = 0; round < 20000; round++) {
		lk_buf format = LK_BUF_INIT, line = LK_BUF_INIT;
		lk_buf_adds(&format, test_random(&seed) % 2 ? "%t " : "");
		lk_buf_adds(&line, "");
		for (int n = (int)(test_random(&seed) % 10); n--;)
			lk_buf_adds(&format, pieces[test_random(&seed) % PIECES]);
		for (int n = (int)(test_random(&seed) % 12); n--;)
			lk_buf_adds(&line, pieces[test_random(&seed) % PIECES]);
		lk_log_scanner *g = lk_log_scanner_new(&stream->schema, format.data ? format.data : "", why, sizeof why);
		lk_log_scanner *both[] = {g, by_shape};
		char *exact = malloc(line.len ? line.len : 1);
		memcpy(exact, line.data, line.len);
		formats += g != NULL;
		for (int i = 0; i < 2; i++) {
			misfit.reason = NULL;
			if (both[i] && lk_log_scan(both[i], exact, line.len, &texts, row, &misfit))
				assert_true(misfit.reason && *misfit.reason);
		}
		free(exact);
		lk_log_scanner_free(g);
		lk_buf_release(&format);
		lk_buf_release(&line);
		lk_arena_clear(&texts);
	}
	assert_true(formats > 1000);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_all_fields),
		cmocka_unit_test(dashes_are_null),
		cmocka_unit_test(splits_requests),
		cmocka_unit_test(refuses_other_lines),
		cmocka_unit_test(knows_the_fields_before_the_client),
		cmocka_unit_test(quotes_within_quotes),
		cmocka_unit_test(decodes_what_servers_escape),
		cmocka_unit_test(follows_the_format_given),
		cmocka_unit_test(refuses_lines_of_another_format),
		cmocka_unit_test(refuses_formats),
		cmocka_unit_test(damaged_lines_do_no_harm),
		cmocka_unit_test(anything_goes),
		cmocka_unit_test(reads_the_real_log),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
