/* Real files, from the file to the log: logs of real servers, JSON documents, CSV of all kinds, and files that are none
 * of these. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/support/fixtures.h"

static test_program lk;

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	char *path = test_file(&lk, "def.sql",
	                       "CREATE TABLE ev (ts timestamptz, k text, n int) WITH (event_time = ts, partition_by = k, partitions = 1);\n"
	                       "CREATE TABLE acc (ts timestamptz, ip text, user_name text, method text, path text, status int, bytes bigint, referer text,\n"
	                       "  agent text, host text, port int, forwarded_for text, duration_us bigint, duration_s numeric(12,3), upstream_addr text)\n"
	                       "  WITH (event_time = ts, partition_by = ip, partitions = 1);\n");
	LK(0, "", "", "apply", path);
	free(path);
	return 0;
}

/* Ingests a file of this name and text. */
#define INGEST(want, says, name, text, ...) \
	do { \
		char *file_ = test_file(&lk, name, text); \
		LK(want, "", says, "ingest", __VA_ARGS__, file_); \
		free(file_); \
	} while (0)

#define LOG "SELECT string_agg(concat_ws('~', k, n), ' ' ORDER BY off) FROM lk.log_ev"
#define REJECTED "SELECT coalesce(string_agg(concat_ws('~', position, content), ' ' ORDER BY position), '') FROM lk.rejected"

/* Written by Apache 2.4.71 on Debian 12. */
static const char apache[] =
	"www.example.org:80 127.0.0.1 - - [30/Nov/2026:09:35:09 +0000] \"GET /a\\\"b HTTP/1.1\" 404 416 \"bb-b\\\\\" \"caf\\xc3\\xa9 \\\"q\\\"\"\n"
	"www.example.org:80 ::1 - jane doe [30/Nov/2026:09:35:09 +0000] \"GET /private HTTP/1.1\" 401 639 \"-\" \"\"\n"
	"www.example.org:80 127.0.0.1 - ja\\\"ne] [x [30/Nov/2026:09:35:09 +0000] \"GET /private HTTP/1.1\" 401 639 \"-\" \"-\"\n"
	"www.example.org:80 127.0.0.1 - - [30/Nov/2026:09:35:15 +0000] \"\\x16\\x03\\x01\\x02\" 400 448 \"-\" \"-\"\n"
	"www.example.org:80 127.0.0.1 - - [30/Nov/2026:09:35:15 +0000] \"-\" 408 - \"-\" \"-\"\n";
static const char apache_events[] =
	"127.0.0.1~/a\"b~404~416~bb-b\\~caf\xc3\xa9 \"q\"~www.example.org~80 ::1~jane doe~/private~401~639~~www.example.org~80 "
	"127.0.0.1~ja\"ne] [x~/private~401~639~www.example.org~80 127.0.0.1~400~448~www.example.org~80 127.0.0.1~408~www.example.org~80";

/* Written by nginx 1.22.1, in the format below. */
static const char nginx_format[] =
	"$host:$server_port $remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
	"\"$http_user_agent\" \"$http_x_forwarded_for\" $request_time $upstream_addr";
static const char nginx[] =
	"www.example.org:80 127.0.0.1 - - [30/Nov/2026:09:35:16 +0000] \"GET / HTTP/1.1\" 200 6 \"http://e.org/\\x22q\\x22\" "
	"\"An \\x22agent\\x22 with \\x5C\" \"192.0.2.21, 198.51.100.2\" 0.001 127.0.0.1:1, 127.0.0.1:18081\n"
	"www.example.org:80 127.0.0.1 - jane doe [30/Nov/2026:09:35:16 +0000] \"\\x16\\x03\\x22\\x00\" 400 157 \"-\" \"-\" \"-\" 0.000 -\n";
static const char nginx_events[] =
	"127.0.0.1~/~200~6~http://e.org/\"q\"~An \"agent\" with \\~www.example.org~80~192.0.2.21, 198.51.100.2~0.001~127.0.0.1:1, 127.0.0.1:18081 "
	"127.0.0.1~jane doe~400~157~www.example.org~80~0.000";

#define ACCESS "SELECT string_agg(concat_ws('~', ip, user_name, path, status, bytes, referer, agent, host, port, forwarded_for, duration_s, upstream_addr), ' ' ORDER BY off) FROM lk.log_acc"

static void logs_of_real_servers(void **state) {
	(void)state;
	INGEST(0, "5 events", "vhosts.log", apache, "acc");
	test_ask_is(&lk, ACCESS, apache_events);
	INGEST(0, "5 events", "vhosts.txt", apache, "acc", "--format", "vhost_combined");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_acc WHERE ts = '2026-11-30 09:35:09+00' AND host = 'www.example.org'", "6");
	fresh(NULL);
	INGEST(65, "use --format", "nginx.log", nginx, "acc");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_acc", "0");
	test_ask_is(&lk, "SELECT count(*) FROM lk.rejected", "2");
	INGEST(0, "no field for column duration_us: NULL", "nginx.log", nginx, "acc", "--format", nginx_format);
	test_ask_is(&lk, ACCESS, nginx_events);
	INGEST(2, "%Z (at character 4", "nginx.log", nginx, "acc", "--format", "%h %Z %t");
	INGEST(2, "no time", "nginx.log", nginx, "acc", "--format", "%h %u");
}

/* I8, I12: Array elements and objects over several lines, with the places of texts that are no objects, and of the ends
 * of earlier runs. */
static void documents_of_json(void **state) {
	(void)state;
	static const char array[] = "[\n  {\n    \"ts\": \"2024-01-01T00:00:00Z\",\n    \"k\": \"a\"\n  },\n  {\"ts\": \"tomorrow\"},\n  7,\n"
	                            "  {\n    \"ts\": \"2024-01-01T00:00:01Z\",\n    \"k\": \"b\"\n  }\n]\n";
	INGEST(0, "2 events", "array.json", array, "ev");
	test_ask_is(&lk, LOG, "a b");
	test_ask_is(&lk, REJECTED, "60~{\"ts\": \"tomorrow\"} 82~7");
	LK(0, "", "", "status");
	fresh(NULL);
	INGEST(0, "3 events", "one-line.json", "[{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"a\"},{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"b\"}]"
	       "{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"c\"}", "ev");
	test_ask_is(&lk, LOG, "a b c");
	fresh(NULL);
	INGEST(0, "1 event", "growing.json", "{\n \"ts\": \"2024-01-01T00:00:00Z\",\n \"k\": \"a\"\n}\n{\n \"ts\":\n", "ev", "--source", "s");
	INGEST(0, "1 event", "growing.json", "{\n \"ts\": \"2024-01-01T00:00:00Z\",\n \"k\": \"a\"\n}\n{\n \"ts\":\n \"2024-01-01T00:00:00Z\", \"k\": \"b\"}\n",
	       "ev", "--source", "s");
	INGEST(0, "0 events", "growing.json", "{\n \"ts\": \"2024-01-01T00:00:00Z\",\n \"k\": \"a\"\n}\n{\n \"ts\":\n \"2024-01-01T00:00:00Z\", \"k\": \"b\"}\n",
	       "ev", "--source", "s");
	test_ask_is(&lk, LOG, "a b");
	test_ask_is(&lk, REJECTED, "");
	INGEST(65, "growing.json:6: ts: not a time", "growing.json", "[\n{\"ts\":\"2024-01-01T00:00:00Z\"\n},\n\n\n{\"ts\":\"x\"}]\n", "ev", "--strict");
}

static void csv_of_all_kinds(void **state) {
	(void)state;
	INGEST(0, "2 events", "mac.csv", "ts,k,n\r2024-01-01T00:00:00Z,a,1\r2024-01-01T00:00:01Z,\"b\rb\",2\r", "ev");
	test_ask_is(&lk, LOG, "a~1 b\rb~2");
	fresh(NULL);
	INGEST(0, "1 event", "semicolons.csv", "\xef\xbb\xbfk;ts;n\r\n\"a;b\";2024-01-01T00:00:00Z;1\r\n", "ev", "--delimiter", ";");
	INGEST(0, "1 event", "tabs.tsv", "k\tts\tn\nc,d\t2024-01-01T00:00:00Z\t2\n", "ev");
	INGEST(0, "1 event", "tabs.txt", "k\tts\tn\ne\t2024-01-01T00:00:00Z\t3\n", "ev", "--format", "csv", "--delimiter", "tab");
	test_ask_is(&lk, LOG, "a;b~1 c,d~2 e~3");
	INGEST(0, "no column k, n in the header: NULL in all events", "less.csv", "ts\n2024-01-01T00:00:00Z\n", "ev");
	INGEST(0, "not read, because the stream does not declare it: x, y", "more.csv", "ts,x,k,y,n\n2024-01-01T00:00:00Z,1,a,2,3\n", "ev");
	INGEST(65, "looks like CSV with ; between fields", "semicolons.csv", "ts;k\n2024-01-01T00:00:00Z;a\n", "ev");
	INGEST(65, "does not name the event time's column", "other.csv", "time,k\n2024-01-01T00:00:00Z,a\n", "ev");
	INGEST(2, "--delimiter is for csv", "a.jsonl", "", "ev", "--delimiter", ";");
	INGEST(2, "one character", "a.csv", "", "ev", "--delimiter", ";;");
}

/* I12: if no line of an input was an event, the error says what the input looks like, and other files are still
 * appended. */
static void nothing_that_could_be_read(void **state) {
	(void)state;
	static const char good[] = "{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"a\",\"n\":1}\n";
	char *file = test_file(&lk, "good.jsonl", good), *empty = test_file(&lk, "empty.jsonl", "\n\n");
	INGEST(65, "looks like CSV", "list.jsonl", "ts,k,n\n2024-01-01T00:00:00Z,a,1\n", "ev", file);
	test_ask_is(&lk, LOG, "a~1");
	test_ask_is(&lk, "SELECT count(*) FROM lk.rejected", "2");
	LK(0, "", "0 events", "ingest", "ev", empty);
	INGEST(65, "looks like XML", "feed.json", "<?xml version=\"1.0\"?>\n<a/>\n", "ev");
	INGEST(65, "is a zip archive or a spreadsheet", "book.csv", "PK\003\004\n", "ev");
	INGEST(65, "no line of", "others.json", "{\"time\":1}\n{\"time\":2}\n", "ev");
	assert_non_null(strstr(lk.err, "the event time is \"ts\", written as 2015-05-17T10:05:03Z"));
	INGEST(65, "the event time is \"ts\", written as", "days.csv", "ts,k,n\n02.03.2026,a,1\n", "ev");
	INGEST(65, "lk rejected ev shows the reasons", "numbers.csv", "ts,k,n\n2024-01-01T00:00:00Z,a,x\n", "ev");
	INGEST(0, "rejected: 1", "bad.jsonl", "{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"b\",\"n\":1}\nbad\n", "ev");
	assert_non_null(strstr(lk.err, "bad.jsonl, line 2: not a JSON object; all: lk rejected ev"));
	INGEST(0, "first rejected: ", "bad.jsonl", "{\"n\":\"x\"}\nbad\n{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"c\",\"n\":1}\n", "ev");
	assert_non_null(strstr(lk.err, "bad.jsonl, line 1: n: not an integer"));
	/* a source from which earlier runs made events may grow by bad lines alone */
	LK(0, "", "1 event", "ingest", "ev", file, "--source", "s");
	char *longer = lk_asprintf("%sbad\n", good);
	INGEST(0, "rejected: 1", "good.jsonl", longer, "ev", "--source", "s");
	free(longer);
	free(file);
	free(empty);
}

/* I12: Everything that was rejected, with the reasons by their frequency. */
static void what_was_rejected(void **state) {
	(void)state;
	char *view = test_file(&lk, "view.sql", "CREATE VIEW halves AS SELECT k, sum(n * 2) AS twice FROM ev GROUP BY k;\n");
	LK(0, "", "", "apply", view);
	LK(0, "0 lines that could not be events of ev\n", "", "rejected", "ev");
	LK(0, "{\"stream\":\"ev\",\"rejected_lines\":0,\"marked_events\":0,\"removed_lines\":0,\"reasons\":[],\"rows\":[]}\n", "", "rejected", "ev", "--format", "json");
	INGEST(0, "1 event", "old.csv", "ts,k,n\nx,a,1\n2024-01-01T00:00:00Z,big,2147483647\nx,\"b,\"\"c\",2\n", "ev");
	INGEST(0, "rejected: 2", "new.jsonl", "{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"a\",\"n\":1}\nnonsense \xff\n{\"ts\":\"x\"}\n", "ev", "--source", "new");
	LK(0, "", "", "speed", "--once");
	LK(0, "new\n  byte 44: not a JSON object\n    nonsense ?\n  byte 55: ts: not a time such as 2015-05-17T10:05:03Z\n    {\"ts\":\"x\"}\n", "", "rejected", "ev");
	assert_non_null(strstr(lk.out, "old.csv (run "));
	assert_true(strstr(lk.out, "old.csv (run ") > strstr(lk.out, "new\n"));
	assert_non_null(strstr(lk.out, "  byte 7: ts: not a time such as 2015-05-17T10:05:03Z\n    x,a,1\n  byte 49: ts: not a time such as 2015-05-17T10:05:03Z\n    x,\"b,\"\"c\",2\n"));
	assert_non_null(strstr(lk.out, "events of the log, for halves, version 1\n  part 0, off 0: "));
	assert_non_null(strstr(lk.out, "\n         3  ts: not a time such as 2015-05-17T10:05:03Z\n"));
	assert_non_null(strstr(lk.out, "4 lines that could not be events of ev, 1 event for which a clause of a definition had no value\n"));
	LK(0, "; the first 1\n", "", "rejected", "ev", "--limit", "1");
	assert_null(strstr(lk.out, "byte 55"));
	LK(0, "", "2 lines that could not be events of ev\n", "rejected", "ev", "--source", "old", "--format", "csv");
	assert_non_null(strstr(lk.out, "at,source,position,view,version,part,off,reason,content\r\n"));
	assert_non_null(strstr(lk.out, ",49,,,,,ts: not a time such as 2015-05-17T10:05:03Z,\"x,\"\"b,\"\"\"\"c\"\",2\"\r\n"));
	LK(0, "\"reason\":\"not a JSON object\"", "", "rejected", "ev", "--format", "jsonl");
	assert_non_null(strstr(lk.out, "\"source\":\"new\",\"position\":44,\"view\":null,\"version\":null,\"part\":null,\"off\":null,\"reason\":\"not a JSON object\",\"content\":\"nonsense ?\"}\n"));
	assert_non_null(strstr(lk.out, "\"source\":null,\"position\":null,\"view\":\"halves\",\"version\":1,\"part\":0,\"off\":0,\"reason\":\""));
	assert_non_null(strstr(lk.out, "\",\"content\":null}\n"));
	LK(0, "\"rejected_lines\":4,\"marked_events\":1,", "", "rejected", "ev", "--format", "json", "--limit", "0");
	assert_non_null(strstr(lk.out, "{\"reason\":\"ts: not a time such as 2015-05-17T10:05:03Z\",\"rows\":3,\"view\":null,"));
	LK(2, "", "did you mean", "rejected", "eve");
	free(view);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(logs_of_real_servers, fresh),
		cmocka_unit_test_setup(documents_of_json, fresh),
		cmocka_unit_test_setup(csv_of_all_kinds, fresh),
		cmocka_unit_test_setup(nothing_that_could_be_read, fresh),
		cmocka_unit_test_setup(what_was_rejected, fresh),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
