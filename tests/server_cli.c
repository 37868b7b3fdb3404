/* The program from the command line: each command with good and bad input, its exit status and its messages. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/support/background.h"
#include "tests/support/fixtures.h"

static test_program lk;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint)\n"
	"  WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits, sum(bytes) AS bytes FROM hits WHERE status < 400\n"
	"  GROUP BY path, tumble(ts, '1 minute');\n";

/* Addresses that put lines into both partitions. */
static const char first_events[] =
	"{\"ts\":\"2015-05-17T10:00:01Z\",\"ip\":\"a\",\"path\":\"/\",\"status\":200,\"bytes\":10}\n"
	"{\"ts\":\"2015-05-17T10:00:02Z\",\"ip\":\"b\",\"path\":\"/\",\"status\":200,\"bytes\":20}\n"
	"{\"ts\":\"2015-05-17T10:00:03Z\",\"ip\":\"c\",\"path\":\"/x,\\\"y\\\"\",\"status\":200,\"bytes\":null}\n"
	"{\"ts\":\"2015-05-17T10:01:00Z\",\"ip\":\"d\",\"path\":null,\"status\":304,\"bytes\":0}\n"
	"{\"ts\":\"2015-05-17T10:01:01Z\",\"ip\":\"e\",\"path\":\"/\",\"status\":404,\"bytes\":7}\n";
static const char later_events[] =
	"{\"ts\":\"2015-05-17T10:00:59Z\",\"ip\":\"a\",\"path\":\"/\",\"status\":200,\"bytes\":100}\n"
	"{\"ts\":\"2015-05-17T10:02:00Z\",\"ip\":\"b\",\"path\":\"/\",\"status\":200,\"bytes\":1}\n";

static void apply(const char *text, const char *says) {
	char *path = test_file(&lk, "def.sql", text);
	LK(0, "", says, "apply", path);
	free(path);
}

static void ingest(const char *text) {
	char *path = test_file(&lk, "events.jsonl", text);
	LK(0, "", "ingest", "ingest", "hits", path);
	free(path);
}

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	return 0;
}

/* --- without servers --- */

static void usage(void **state) {
	(void)state;
	LK(0, "lk query VIEW", "", "help");
	LK(0, "lk query VIEW", "", "--help");
	LK(0, "--where COL=VALUE", "", "help", "query");
	LK(0, "--where COL=VALUE", "", "query", "--help");
	LK(0, "lk ", "", "version");
	LK(2, "", "did you mean `lk query`", "qurey", "traffic");
	LK(2, "", "did you mean `lk query`", "help", "qurey");
	LK(2, "", "did you mean --where", "query", "traffic", "--were", "path=/");
	LK(2, "", "needs VIEW", "query");
	LK(2, "", "not a time", "query", "traffic", "--from", "yesterday");
	LK(2, "", "no window can start at or after 2015-05-18T00:00:00Z and before 2015-05-17T00:00:00Z", "query", "traffic", "--from", "2015-05-18T00:00:00Z", "--to",
	   "2015-05-17T00:00:00Z");
	for (int i = 0; i < 3; i++)
		LK(2, "", "no window can start at or after -1h and before -1h", "query", "traffic", "--from", "-1h", "--to", "-1h");
	LK(2, "", "table, json, jsonl, csv", "query", "traffic", "--format", "xml");
	LK(2, "", "--where path: not a condition", "query", "traffic", "--where", "path");
	LK(2, "", "--workers", "speed", "--workers", "0");
	LK(2, "", "--every", "batch", "--every", "soon");
	LK(2, "", "jsonl, json, csv, tsv", "ingest", "hits", "--format", "xml");
	LK(2, "", "does not say its format", "ingest", "hits", "/tmp/events");
	LK(2, "", "the files of one rotated log under the same name", "ingest", "hits", "a.jsonl", "b.jsonl", "--source", "s");
	LK(2, "", "web", "gen", "wb");
	LK(2, "", "the first word must be a command", "--where", "query");
	LK(2, "", "years 1 to 9999", "gen", "web", "--start", "9999-12-31T23:59:00Z");
	LK(0, "\"ts\":\"0001-01-01T00:00:00", "", "gen", "web", "--start", "0001-01-01T00:00:00Z", "--jitter", "1s", "--events", "3");   /* only later */
	LK(0, "0001-01-01T00:00:00Z", "", "gen", "web", "--start", "0001-01-01T00:00:00Z", "--events", "1");
	LK(2, "", "--late", "gen", "web", "--late", "2");
	LK(2, "", "no such file", "apply", "/nonexistent/no such file");
}

/* As fast as they happen, or a multiple of it: the same events, the first one at once. */
static void events_at_a_pace(void **state) {
	(void)state;
	test_background b;
	LK(0, "", "", "gen", "clicks", "--events", "50");
	char *all = lk_strdup(lk.out);
	LK(0, all, "", "gen", "clicks", "--events", "50", "--pace", "1000000x");
	assert_int_equal(strlen(lk.out), strlen(all));
	LK(2, "", "--pace fast", "gen", "clicks", "--pace", "fast");
	test_background_start(&b, &lk, "paced", -1, NULL, ARGS("gen", "clicks", "--events", "3", "--span", "1000d", "--pace", "0.000000001x"));
	test_await_text(b.out, "visitor");
	char *path = lk_strdup(b.out);
	test_background_kill(&b);
	char *some = test_text_of(path);
	assert_int_equal(strchr(some, '\n') - some + 1, strlen(some));
	free(path);
	free(some);
	free(all);
}

static void missing_servers(void **state) {
	(void)state;
	static const char *const no_postgres[] = {"LK_POSTGRES=host=127.0.0.1 port=1 user=u password=sekret dbname=d",
	                                          NULL};
	static const char *const no_redis[] = {"LK_REDIS=redis://u:sekret@127.0.0.1:1/0", NULL};
	static const char *const nothing[] = {"LK_POSTGRES=", "LK_REDIS=", "LK_HOME=/nonexistent/home", NULL};
	char *sql = test_file(&lk, "def.sql", definitions), *events = test_file(&lk, "events.jsonl", first_events);
	const char *const *lines[] = {ARGS("apply", sql), ARGS("ingest", "hits", events), ARGS("speed", "--once"),
	                              ARGS("batch"), ARGS("query", "traffic"),
	                              ARGS("status"), ARGS("explain", "traffic"), ARGS("run")};
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		time_t start = time(NULL);
		test_run(&lk, no_postgres, 3, "", "PostgreSQL", lines[i]);
		assert_true(time(NULL) - start <= 5);
		assert_null(strstr(lk.err, "sekret"));
		test_run(&lk, nothing, 3, "", "lk up", lines[i]);
	}
	apply(definitions, "new");
	test_run(&lk, no_redis, 0, "batch below", "", ARGS("query", "traffic", "--layer", "batch"));
	test_run(&lk, ARGS("LK_POSTGRES=no sekret"), 2, "", "cannot be read", ARGS("status"));
	assert_null(strstr(lk.err, "sekret"));
	const char *const *redis_lines[] = {ARGS("speed", "--once"), ARGS("query", "traffic"), ARGS("status")};
	for (size_t i = 0; i < 3; i++) {
		time_t start = time(NULL);
		test_run(&lk, no_redis, 3, "", "Redis", redis_lines[i]);
		assert_true(time(NULL) - start <= 5);
		assert_null(strstr(lk.err, "sekret"));
	}
	free(sql);
	free(events);
}

static const char faulty[] =
	"CREATE TABLE hits (ts timestamptz, ip txt)\n  WITH (event_time = ts, partition_by = ip);\n"
	"CREATE TABLE other (ts timestamptz, \"é\" text)\n  WITH (event_time = ts, partition_by = \"é\");\n"
	"CREATE VIEW v AS SELECT \"é\", cuont(*) AS n FROM other GROUP BY \"é\";\n";

/* Without a server the files are checked by themselves, and the answer says so. */
static void a_check_needs_no_server(void **state) {
	(void)state;
	static const char *const nothing[] = {"LK_POSTGRES=", "LK_REDIS=", "LK_HOME=/nonexistent/home", NULL};
	static const char *const silent[] = {"LK_POSTGRES=host=127.0.0.1 port=1 user=u password=sekret dbname=d", NULL};
	char *good = test_file(&lk, "good.sql", definitions), *bad = test_file(&lk, "bad.sql", faulty);
	char *zone = test_file(&lk, "zone.sql", "CREATE TABLE t (ts timestamptz, k text) WITH (event_time = ts, partition_by = k);\n"
	                       "CREATE VIEW v AS SELECT count(*) AS n FROM t GROUP BY tumble(ts, '1 day', 'Nowhere/City');\n");
	test_run(&lk, nothing, 0, "", "not compared with what is declared: no servers", ARGS("apply", "--check", good));
	assert_non_null(strstr(lk.err, "the files have no fault"));
	assert_string_equal(lk.out, "");
	test_run(&lk, silent, 0, "", "not compared with what is declared: PostgreSQL cannot be reached", ARGS("apply", "--check", good));
	assert_null(strstr(lk.err, "sekret"));
	test_run(&lk, nothing, 0, "", "time zones were not looked up", ARGS("apply", "--check", zone));
	test_run(&lk, nothing, 78, "", "bad.sql:1:39: column type txt is not supported", ARGS("apply", "--check", bad));
	assert_non_null(strstr(lk.err, "bad.sql:5:30: function cuont"));
	assert_non_null(strstr(lk.err, "2 faults"));
	test_run(&lk, nothing, 3, "", "no servers", ARGS("apply", good));
	free(zone);
	free(bad);
	free(good);
}

/* One object for editors: each fault with its place and what ends it, each definition with what would become of it. */
static void a_check_for_editors(void **state) {
	(void)state;
	static const char *const nothing[] = {"LK_POSTGRES=", "LK_REDIS=", "LK_HOME=/nonexistent/home", NULL};
	char *good = test_file(&lk, "good.sql", definitions), *bad = test_file(&lk, "bad.sql", faulty);
	test_run(&lk, nothing, 0, "{\"ok\":true,\"compared\":false,\"faults\":[],", "", ARGS("apply", "--check", "--format", "json", good));
	assert_non_null(strstr(lk.out, "\"line\":3,\"kind\":\"view\",\"name\":\"traffic\",\"result\":null}]}\n"));
	test_run(&lk, nothing, 78, "{\"ok\":false,", "", ARGS("apply", "--check", "--format", "json", bad));
	assert_non_null(strstr(lk.out, "\"line\":1,\"col\":39,\"end_line\":1,\"end_col\":42,\"message\":\"column type txt is not supported\""));
	assert_non_null(strstr(lk.out, "\"line\":5,\"col\":30,\"end_line\":5,\"end_col\":35,"));
	assert_non_null(strstr(lk.out, "\"hint\":\"did you mean count?\""));
	assert_non_null(strstr(lk.out, "\"line\":3,\"kind\":\"stream\",\"name\":\"other\""));
	LK(0, "{\"ok\":true,\"compared\":true,\"faults\":[],", "", "apply", "--check", "--format", "json", good);
	assert_non_null(strstr(lk.out, "\"kind\":\"view\",\"name\":\"traffic\",\"version\":1,\"result\":\"new\"}"));
	LK(0, "\"result\":\"new\"", "stream hits: new", "apply", "--format", "json", good);
	LK(0, "\"result\":\"unchanged\"", "", "apply", "--format", "json", good);
	LK(2, "", "text, json", "apply", "--format", "xml", good);
	char *parted = test_file(&lk, "parted.sql", "\nCREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint)\n"
	                         "  WITH (event_time = ts, partition_by = ip, partitions = 3);\n");
	ingest(first_events);
	LK(78, "{\"ok\":false,\"compared\":true,\"faults\":[{", "", "apply", "--check", "--format", "json", parted);
	assert_non_null(strstr(lk.out, "\"line\":2,\"col\":1,\"end_line\":2,\"end_col\":7,"));
	free(parted);
	free(bad);
	free(good);
}

static void up_and_down(void **state) {
	(void)state;
	char *home = lk_asprintf("LK_HOME=%s/other", lk.servers.dir);
	const char *const env[] = {home, "LK_POSTGRES=", "LK_REDIS=", NULL};
	test_run(&lk, env, 3, "", "lk up", ARGS("status"));
	test_run(&lk, env, 0, "", "run under", ARGS("up"));
	test_run(&lk, env, 0, "", "run under", ARGS("up"));
	test_run(&lk, env, 0, "", "lk apply", ARGS("status"));
	const char *const elsewhere[] = {home, "LK_POSTGRES=host=/nonexistent", "LK_REDIS=", NULL};
	test_run(&lk, elsewhere, 0, "", "LK_POSTGRES is set: the other commands go there", ARGS("up"));
	test_run(&lk, env, 0, "", "are stopped; their data stays", ARGS("down"));
	test_run(&lk, env, 0, "", "no servers run under", ARGS("down"));
	test_run(&lk, env, 3, "", "lk up", ARGS("status"));
	free(home);
}

/* --- with servers --- */

static void nothing_declared(void **state) {
	(void)state;
	LK(0, "", "no streams or views are declared", "status");
	LK(2, "", "lk apply", "query", "traffic");
	LK(2, "", "lk apply", "ingest", "hits");
	LK(2, "", "lk apply", "batch");
	LK(2, "", "lk apply", "speed", "--once");
}

static void applying(void **state) {
	(void)state;
	apply(definitions, "stream hits: new");
	assert_non_null(strstr(lk.err, "view traffic: new, version 1"));
	apply(definitions, "stream hits: unchanged");
	assert_non_null(strstr(lk.err, "view traffic: unchanged, version 1"));
	apply("CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');",
	      "version 2; readers get version 1 until `lk batch traffic` (or, into kappa mode, `lk replay traffic --switch`) brings it "
	      "into service");
	LK(0, "\"version\":1", "", "query", "traffic", "--format", "json");
	LK(0, "", "readers get version 2 now", "batch", "traffic");
	LK(0, "\"version\":2", "", "query", "traffic", "--format", "json");
	LK(0, "\"version\":1", "", "query", "traffic", "--format", "json", "--version", "1");
	LK(2, "", "", "query", "traffic", "--version", "9");
}

static void another_watermark(void **state) {
	(void)state;
	static const char more[] = "CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint%s)"
	                           " WITH (event_time = ts, partition_by = ip, partitions = %d%s);";
	char *wider = lk_asprintf(more, ", agent text", 2, ""), *later = lk_asprintf(more, ", agent text", 2, ", watermark = '5 s'");
	char *parted = lk_asprintf(more, ", agent text", 3, "");
	apply(wider, "stream hits: new");
	LK(0, "", "no views are declared", "mode");
	LK(0, "", "no views are declared", "batch");
	apply(definitions + strcspn(definitions, ";") + 1, "view traffic: new");
	apply("CREATE VIEW ever AS SELECT count(*) AS hits FROM hits;", "view ever: new");
	apply("CREATE VIEW hour WITH (retention = '1 h') AS SELECT count(*) AS hits FROM hits GROUP BY tumble(ts, '1 minute');",
	      "view hour: its windows expire as soon as they are final, so answers have no final rows");
	apply("CREATE VIEW hour WITH (retention = '1 h', allowed_lateness = '1 minute') AS SELECT count(*) AS hits FROM hits"
	      " GROUP BY tumble(ts, '1 minute');", "view hour: version 2; readers");
	assert_null(strstr(lk.err, "as soon as they are final"));
	apply(later, "stream hits: changed; 3 views over it have a new version");
	LK(0, "", "batch traffic@2: 0 events, 0 cells", "batch");
	assert_non_null(strstr(lk.err, "batch ever@2: "));
	ingest(first_events);
	char *path = test_file(&lk, "parted.sql", parted);
	LK(78, "", "the number of partitions cannot change", "apply", path);
	assert_non_null(strstr(lk.err, "another watermark"));
	free(path);
	free(wider);
	free(later);
	free(parted);
}

/* `apply --check` says what `apply` then does, and changes nothing. */
static void a_check_changes_nothing(void **state) {
	(void)state;
	static const char ids[] = "SELECT string_agg(name || definition, ' ') || (SELECT string_agg(definition, ' ') FROM lk.version) FROM lk.stream";
	char *first = test_file(&lk, "first.sql", definitions);
	LK(0, "", "stream hits: new", "apply", "--check", first);
	assert_non_null(strstr(lk.err, "view traffic: new, version 1"));
	assert_non_null(strstr(lk.err, "nothing was changed"));
	test_ask_is(&lk, "SELECT count(*) FROM pg_namespace WHERE nspname = 'lk'", "0");
	LK(0, "", "", "apply", first);
	ingest(first_events);
	char *before = test_ask(&lk, ids, NULL);
	LK(0, "", "view traffic: unchanged, version 1", "apply", "--check", first);
	char *more = test_file(&lk, "more.sql",
		"CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint, agent text)\n"
		"  WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
		"CREATE VIEW traffic AS SELECT agent, count(*) AS hits FROM hits GROUP BY agent, tumble(ts, '1 minute');\n"
		"CREATE TABLE other (ts timestamptz, k text) WITH (event_time = ts, partition_by = k);\n"
		"CREATE VIEW of_other AS SELECT count(*) AS n FROM other;\n");
	LK(0, "", "stream hits: changed", "apply", "--check", more);
	assert_non_null(strstr(lk.err, "view traffic: version 2; readers get version 1"));
	assert_non_null(strstr(lk.err, "view of_other: new, version 1"));
	char *after = test_ask(&lk, ids, NULL);
	assert_string_equal(before, after);
	test_ask_is(&lk, "SELECT count(*) FROM information_schema.columns WHERE table_name = 'log_hits' AND column_name = 'agent'", "0");
	ingest(later_events);
	free(after);
	free(before);
	free(more);
	free(first);
}

/* Each fault with its place, all faults of a file at once. */
static void a_check_says_what_is_refused(void **state) {
	(void)state;
	apply(definitions, "");
	ingest(first_events);
	char *bad = test_file(&lk, "bad.sql",
		"\nCREATE VIEW one AS SELECT count(*) AS n FROM hits;\n"
		"CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint)\n"
		"  WITH (event_time = ts, partition_by = ip, partitions = 3);\n"
		"CREATE VIEW two AS SELECT count(*) AS n FROM hitz;\n");
	LK(78, "", "bad.sql:3:1: stream hits: the number of partitions cannot change", "apply", "--check", bad);
	assert_non_null(strstr(lk.err, "bad.sql:5:"));
	assert_non_null(strstr(lk.err, "did you mean hits?"));
	assert_non_null(strstr(lk.err, "view one: new, version 1"));
	assert_non_null(strstr(lk.err, "2 faults"));
	test_ask_is(&lk, "SELECT count(*) FROM lk.view", "1");
	free(bad);
}

static void ahead_is_warned_of(void **state) {
	(void)state;
	static const char sql[] = "CREATE TABLE s (ts timestamptz, k text) WITH (event_time = ts, partition_by = k%s);"
	                          "CREATE VIEW v WITH (%s) AS SELECT count(*) AS n FROM s GROUP BY tumble(ts, '1 minute');";
	static const struct { const char *stream, *view; bool late, expired, empty; } rows[] = {
		{"", "allowed_lateness = '10 min'", true, false, false},
		{", max_ahead = '10 min'", "allowed_lateness = '10 min'", false, false, false},
		{", max_ahead = '11 min', watermark = '1 min'", "allowed_lateness = '10 min'", false, false, false},
		{", max_ahead = '1 h'", "allowed_lateness = '10 min', retention = '1 h'", true, false, false},
		{", max_ahead = '2 h', partitions = 3", "retention = '1 h'", true, true, true},
		{", max_ahead = '1 h'", "retention = '1 h'", false, false, false},
		{"", "allowed_lateness = '1 d'", false, false, false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		test_servers_clear(&lk.servers);
		char *text = lk_asprintf(sql, rows[i].stream, rows[i].view);
		apply(text, "view v: new, version 1");
		assert_int_equal(strstr(lk.err, "makes current events late") != NULL, rows[i].late);
		assert_int_equal(strstr(lk.err, "removes windows that have not ended") != NULL, rows[i].expired);
		assert_int_equal(strstr(lk.err, "retention removes nothing until") != NULL, rows[i].empty);
		apply(text, "view v: unchanged");
		assert_null(strstr(lk.err, "max_ahead"));
		free(text);
	}
}

static void null_comparisons_are_warned_of(void **state) {
	(void)state;
	static const char sql[] = "CREATE TABLE s (ts timestamptz, k text, n int) WITH (event_time = ts, partition_by = k);"
	                          "CREATE VIEW v AS SELECT count(*) AS n, %s AS x FROM s WHERE %s GROUP BY k%s;";
	static const struct { const char *item, *where, *having, *text; } rows[] = {
		{"max(n)", "n = null", "", "a comparison with NULL is never true; write IS NULL"},
		{"max(n)", "k <> 'a' AND NOT (null > n)", "", "a comparison with NULL"},
		{"max(n)", "n IN (NULL)", "", "a comparison with NULL"},
		{"max(n)", "n NOT IN (1, 2, NULL)", "", "NOT IN with NULL among its values is never true"},
		{"max(n) FILTER (WHERE n BETWEEN 1 AND NULL)", "true", "", "a comparison with NULL"},
		{"max(CASE n WHEN NULL THEN 1 ELSE 2 END)", "true", "", "a comparison with NULL"},
		{"max(n)", "true", " HAVING max(n) = NULL", "a comparison with NULL"},
		{"max(n)", "n IN (1, 2, NULL) OR n IS NULL OR n = 3", "", NULL},
		{"max(CASE WHEN n = 1 THEN NULL ELSE n END)", "coalesce(n, NULL) = 1", "", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		test_servers_clear(&lk.servers);
		char *text = lk_asprintf(sql, rows[i].item, rows[i].where, rows[i].having);
		apply(text, "view v: new, version 1");
		if (rows[i].text ? !strstr(lk.err, rows[i].text) : strstr(lk.err, "never true") != NULL)
			fail_msg("%s: %s", text, lk.err);
		free(text);
	}
}

static void faults_of_all_files(void **state) {
	(void)state;
	char *good = test_file(&lk, "good.sql", definitions);
	char *one = test_file(&lk, "one.sql", "CREATE VIEW a AS SELECT path, count(*) AS n FROM hitz GROUP BY path;\n");
	char *two = test_file(&lk, "two.sql", "CREATE TABLE t (x int) WITH (event_time = x, partition_by = x);\n"
	                            "CREATE VIEW b AS SELECT nopath, count(*) AS n FROM hits GROUP BY nopath;\n");
	LK(78, "", "4 faults in the definitions: nothing was applied", "apply", good, one, two);
	assert_non_null(strstr(lk.err, "one.sql:1:"));
	assert_non_null(strstr(lk.err, "two.sql:1:"));
	assert_non_null(strstr(lk.err, "two.sql:2:"));
	LK(0, "", "no streams or views are declared", "status");
	LK(0, "", "view traffic: new", "apply", good);
	LK(78, "", "", "apply", one);
	free(good);
	free(one);
	free(two);
}

static void ingesting(void **state) {
	(void)state;
	apply(definitions, "new");
	char *good = test_file(&lk, "good.jsonl", first_events);
	char *bad = test_file(&lk, "bad.jsonl", "{\"ts\":\"2015-05-17T10:00:01Z\",\"ip\":\"a\"}\n{\"ts\":\"tomorrow\"}\n");
	LK(65, "", "bad.jsonl", "ingest", "hits", good, bad, "--strict");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_hits", "0");
	LK(0, "", "5 events", "ingest", "hits", good, "--source", "monday");
	LK(0, "", "0 events", "ingest", "hits", good, "--source", "monday");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_hits", "5");
	LK(0, "", "rejected: 1", "ingest", "hits", bad);
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_hits", "6");
	test_ask_is(&lk, "SELECT count(*) FROM lk.rejected WHERE source IS NOT NULL AND reason <> ''", "1");
	LK(2, "", "hits", "ingest", "hit", good);
	LK(2, "", "nonexistent", "ingest", "hits", "/nonexistent/x.jsonl");
	free(good);
	free(bad);
}

static void answers(void **state) {
	(void)state;
#define WINDOW(from, to) "{\"window_start\":\"2015-05-17T" from "Z\",\"window_end\":\"2015-05-17T" to "Z\","
	static const char jsonl[] =
		WINDOW("10:00:00", "10:01:00") "\"path\":\"/\",\"hits\":3,\"bytes\":130}\n"
		WINDOW("10:00:00", "10:01:00") "\"path\":\"/x,\\\"y\\\"\",\"hits\":1,\"bytes\":null}\n"
		WINDOW("10:01:00", "10:02:00") "\"path\":null,\"hits\":1,\"bytes\":0}\n"
		WINDOW("10:02:00", "10:03:00") "\"path\":\"/\",\"hits\":1,\"bytes\":1}\n";
	apply(definitions, "new");
	ingest(first_events);
	LK(0, "", "traffic@1: 5 events", "batch");
	LK(0, "", "nothing new", "batch", "traffic");
	ingest(later_events);
	LK(5, "\"hits\":2", "does not cover the last 2 events", "query", "traffic", "--strict", "--format", "jsonl");
	LK(0, "", "speed:", "speed", "--once");
	LK(0, "", "covers:    7 of 7 events", "query", "traffic", "--strict", "--format", "jsonl");
	assert_string_equal(lk.out, jsonl);
	LK(0, "", "", "query", "traffic", "--format", "csv", "--from", "2015-05-17T10:00:00Z", "--to",
	   "2015-05-17T10:02:00Z");
	assert_string_equal(lk.out, "window_start,window_end,path,hits,bytes\r\n"
	                              "2015-05-17T10:00:00Z,2015-05-17T10:01:00Z,/,3,130\r\n"
	                              "2015-05-17T10:00:00Z,2015-05-17T10:01:00Z,\"/x,\"\"y\"\"\",1,\r\n"
	                              "2015-05-17T10:01:00Z,2015-05-17T10:02:00Z,,1,0\r\n");
	LK(0, "4 rows of traffic, version 1, lambda", "", "query", "traffic");
	assert_non_null(strstr(lk.out, "boundary:  batch below the cut ["));
	LK(0, "{\"view\":\"traffic\",\"version\":1,\"mode\":\"lambda\"", "", "query", "traffic", "--format", "json");
	assert_non_null(strstr(lk.out, "\"lag\":0"));
	LK(0, "\"hits\":4,\"bytes\":131", "", "query", "traffic", "--format", "jsonl", "--window", "1h", "--where",
	   "path=/");
	LK(0, "\"path\":null,\"hits\":1", "1 row of traffic", "query", "traffic", "--format", "jsonl", "--where",
	   "path IS NULL");
	LK(0, "\"hits\":2,\"bytes\":30", "batch below", "query", "traffic", "--format", "jsonl", "--layer", "batch",
	   "--where", "path=/");
	LK(0, "\"hits\":1,\"bytes\":100", "speed from", "query", "traffic", "--format", "jsonl", "--layer", "speed",
	   "--where", "path=/");
	LK(0, "", "0 rows", "query", "traffic", "--format", "jsonl", "--from", "-1h");
	LK(0, "", "0 rows", "query", "traffic", "--format", "jsonl", "--where", "path=/none");
	LK(2, "", "traffic", "query", "trafic");
	LK(2, "", "path", "query", "traffic", "--where", "paht=/");
	LK(2, "", "is not a value of hits", "query", "traffic", "--where", "hits=many");
	LK(2, "", "", "query", "traffic", "--window", "90s");
}

static void explaining(void **state) {
	(void)state;
	apply(definitions, "new");
	ingest(first_events);
	LK(0, "", "", "batch");
	ingest(later_events);
	LK(0, "", "", "speed", "--once");
	LK(0, "fold: bytes = sum(bytes) as numeric", "", "explain", "traffic");
	assert_non_null(strstr(lk.out, "window: 1 min of ts"));
	assert_non_null(strstr(lk.out, "CREATE VIEW traffic"));
	assert_non_null(strstr(lk.out, "GROUP BY"));
	test_run(&lk, ARGS("COLUMNS=160"), 0, "the batch runs:", "", ARGS("explain", "traffic"));
	LK(0, "= answer", "", "explain", "traffic", "--where", "path=/", "--window", "1h");
	assert_non_null(strstr(lk.out, "+ speed"));
	LK(2, "", "--max-rows is for an answer", "explain", "traffic", "--max-rows", "3");
	LK(2, "", "traffic", "explain", "trafic");
	apply("CREATE VIEW letters AS SELECT letter, last(part) AS l FROM hits, string_to_table(path, '/') AS part, LATERAL string_to_table(part, NULL) WITH ORDINALITY"
	      " AS w(letter, nth) WHERE letter <> 'p' GROUP BY letter;", "new");
	LK(0, "each event gives the rows of string_to_table(path, '/') as part\n", "", "explain", "letters");
	assert_non_null(strstr(lk.out, "each row gives the rows of string_to_table(part, NULL) as letter, numbered as nth\n"));
	assert_non_null(strstr(lk.out, "since these have no exact form in SQL:\n  last(part), an event of more than 1,000,000 rows\n"));
}

static void status(void **state) {
	(void)state;
	apply(definitions, "new");
	ingest(first_events);
	LK(0, "traffic@1", "", "status");
	LK(0, "no batch yet", "", "status", "traffic");
	LK(0, "\"lag\":5", "", "status", "--format", "json");
	LK(0, "", "", "speed", "--once");
	LK(0, "\"events\":5", "", "status", "traffic", "--format", "json");
	assert_non_null(strstr(lk.out, "\"lag\":0"));
	LK(0, "", "", "batch");
	LK(0, "\"below_cut\":5", "", "status", "--format", "json");
	LK(2, "", "traffic", "status", "trafic");

	/* an older database was restored: what Redis has is beyond it */
	ingest(later_events);
	LK(0, "", "", "speed", "--once");
	free(test_ask(&lk, "UPDATE lk.tail SET next_off = next_off - 1 WHERE next_off > 1", NULL));
	LK(0, " - ", "its state in Redis is beyond the log's end", "status");
	LK(0, "\"covered\":null", "", "status", "--format", "json");
	assert_non_null(strstr(lk.out, "\"lag\":null"));
}

static void one_view_at_a_time(void **state) {
	(void)state;
	apply(definitions, "new");
	apply("CREATE VIEW other AS SELECT count(*) AS n FROM hits;", "new");
	ingest(first_events);
	LK(0, "", "5 events", "speed", "--once", "--view", "other");
	LK(5, "", "", "query", "traffic", "--strict");
	LK(0, "", "", "query", "other", "--strict");
	LK(2, "", "traffic", "speed", "--once", "--view", "trafic");
	LK(2, "", "traffic", "batch", "trafic");
}

/* --- long-running commands --- */

static int covers_all(void *ctx) {
	test_program_release(&lk);
	return test_lk(&lk.servers, NULL, &lk.out, &lk.err,
	               ARGS("query", "traffic", "--strict", "--format", "jsonl", "--where", "path=/")) == 0 &&
	       strstr(lk.out, (const char *)ctx);
}

static int published(void *ctx) {
	char *n = test_ask(&lk, "SELECT coalesce(max(events), 0) FROM lk.batch", NULL);
	int ok = atoi(n) >= *(const int *)ctx;
	free(n);
	return ok;
}

static void run_until_stopped(void **state) {
	(void)state;
	int want = 7;
	apply(definitions, "new");
	ingest(first_events);
	int pid = test_lk_start(&lk.servers, NULL, ARGS("run", "--every", "100ms"));
	assert_true(test_poll(covers_all, (void *)(uintptr_t) "\"hits\":2,\"bytes\":30", 20000));
	ingest(later_events);
	assert_true(test_poll(covers_all, (void *)(uintptr_t) "\"hits\":3,\"bytes\":130", 20000));
	assert_true(test_poll(published, &want, 20000));
	kill(pid, SIGINT);
	assert_int_equal(test_lk_wait(pid, 10000), 0);
}

static void batches_until_stopped(void **state) {
	(void)state;
	int want = 5;
	apply(definitions, "new");
	int pid = test_lk_start(&lk.servers, NULL, ARGS("batch", "--every", "50ms"));
	ingest(first_events);
	assert_true(test_poll(published, &want, 20000));
	kill(pid, SIGTERM);
	assert_int_equal(test_lk_wait(pid, 10000), 0);
}

static int catches_sigint(int pid) {
	char path[64], line[256];
	unsigned long long caught = 0;
	snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *f = fopen(path, "r");
	if (!f)
		return -1;
	while (fgets(line, sizeof line, f))
		sscanf(line, "SigCgt: %llx", &caught);
	fclose(f);
	return caught >> (SIGINT - 1) & 1;
}

static int has_taken_the_first(void *ctx) { return catches_sigint(*(int *)ctx) != 1; }

static int would_catch_a_signal(void *ctx) { return catches_sigint(*(int *)ctx) == 1; }

static int waits_for_a_lock(void *ctx) {
	(void)ctx;
	char *n = test_ask(&lk, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'", NULL);
	int ok = strcmp(n, "1") == 0;
	free(n);
	return ok;
}

/* An append that cannot end, since the test holds the tail's rows. */
static void second_signal_ends_at_once(void **state) {
	(void)state;
	apply(definitions, "new");
	char *path = test_file(&lk, "events.jsonl", first_events);
	PGconn *c = PQconnectdb(lk.servers.at.postgres);
	PQclear(PQexec(c, "BEGIN; SELECT 1 FROM lk.tail FOR UPDATE"));
	int pid = test_lk_start(&lk.servers, NULL, ARGS("ingest", "hits", path));
	assert_true(test_poll(waits_for_a_lock, NULL, 10000));
	kill(pid, SIGINT);
	assert_true(test_poll(has_taken_the_first, &pid, 10000));
	assert_int_equal(test_lk_wait(pid, 300), -1);
	kill(pid, SIGINT);
	assert_int_equal(test_lk_wait(pid, 10000), 130);
	PQfinish(c);
	free(path);
}

/* The exit status of a stopped command says that work is left: `lk ingest a b && rm a b` must not remove b. */
static void stopped_before_the_end(void **state) {
	(void)state;
	apply(definitions, "new");
	char *first = test_file(&lk, "first.jsonl", first_events), *later = test_file(&lk, "later.jsonl", later_events);
	PGconn *c = PQconnectdb(lk.servers.at.postgres);
	PQclear(PQexec(c, "BEGIN; SELECT 1 FROM lk.tail FOR UPDATE"));
	int pid = test_lk_start(&lk.servers, NULL, ARGS("ingest", "hits", first, later));
	assert_true(test_poll(waits_for_a_lock, NULL, 10000));
	kill(pid, SIGINT);
	assert_true(test_poll(has_taken_the_first, &pid, 10000));
	PQclear(PQexec(c, "COMMIT"));
	assert_int_equal(test_lk_wait(pid, 10000), 75);
	LK(0, "\"events\":5", "", "status", "--format", "json");

	/* everything was read before the signal */
	PQclear(PQexec(c, "BEGIN; SELECT 1 FROM lk.tail FOR UPDATE"));
	pid = test_lk_start(&lk.servers, NULL, ARGS("ingest", "hits", later));
	assert_true(test_poll(waits_for_a_lock, NULL, 10000));
	kill(pid, SIGINT);
	assert_true(test_poll(has_taken_the_first, &pid, 10000));
	PQclear(PQexec(c, "COMMIT"));
	assert_int_equal(test_lk_wait(pid, 10000), 0);

	/* another process, which does nothing, seems to hold the units */
	PQclear(PQexec(c, "SELECT pg_advisory_lock(unit_id) FROM lk.unit"));
	pid = test_lk_start(&lk.servers, NULL, ARGS("speed", "--once"));
	assert_true(test_poll(would_catch_a_signal, &pid, 10000));
	kill(pid, SIGINT);
	assert_int_equal(test_lk_wait(pid, 10000), 75);
	PQfinish(c);
	free(first);
	free(later);
	LK(0, "", "speed: 7 events", "speed", "--once");
}

static void a_closed_pipe_ends_quietly(void **state) {
	(void)state;
	const char *bin = getenv("LK_BIN");
	char *command = lk_asprintf("{ %s gen web --events 3000000; echo $? >%s/status; } 2>%s/stderr | head -n 1 >/dev/null",
	                            bin && *bin ? bin : "build/plain/lk", lk.servers.dir, lk.servers.dir);
	assert_int_equal(system(command), 0);
	free(command);
	command = lk_asprintf("[ ! -s %s/stderr ] && [ \"$(cat %s/status)\" = 0 ]", lk.servers.dir, lk.servers.dir);
	assert_int_equal(system(command), 0);
	free(command);
	command = lk_asprintf("%s gen web --events 10 >/dev/full 2>/dev/null", bin && *bin ? bin : "build/plain/lk");
	assert_int_equal(WEXITSTATUS(system(command)), 70);
	free(command);
}

/* If a standard file is closed, output to it must not go to a server's socket, nor input come from there. */
static void closed_standard_files(void **state) {
	(void)state;
	const char *bin = getenv("LK_BIN");
	bin = bin && *bin ? bin : "build/plain/lk";
	apply(definitions, "new");
	ingest(first_events);
	char *command = lk_asprintf("LK_POSTGRES='%s' LK_REDIS='%s' %s query traffic >&- 2>/dev/null", lk.servers.at.postgres,
	                            lk.servers.at.redis, bin);
	assert_int_equal(WEXITSTATUS(system(command)), 70);
	free(command);
	command = lk_asprintf("LK_POSTGRES='%s' LK_REDIS='%s' timeout 20 %s ingest hits <&- 2>/dev/null",
	                      lk.servers.at.postgres, lk.servers.at.redis, bin);
	assert_int_equal(WEXITSTATUS(system(command)), 65);
	free(command);
	LK(0, "\"events\":5", "", "status", "--format", "json");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usage),
		cmocka_unit_test(events_at_a_pace),
		cmocka_unit_test_setup(missing_servers, fresh),
		cmocka_unit_test_setup(a_check_needs_no_server, fresh),
		cmocka_unit_test_setup(a_check_for_editors, fresh),
		cmocka_unit_test_setup(up_and_down, fresh),
		cmocka_unit_test_setup(nothing_declared, fresh),
		cmocka_unit_test_setup(applying, fresh),
		cmocka_unit_test_setup(another_watermark, fresh),
		cmocka_unit_test_setup(a_check_changes_nothing, fresh),
		cmocka_unit_test_setup(a_check_says_what_is_refused, fresh),
		cmocka_unit_test_setup(ahead_is_warned_of, fresh),
		cmocka_unit_test_setup(null_comparisons_are_warned_of, fresh),
		cmocka_unit_test_setup(faults_of_all_files, fresh),
		cmocka_unit_test_setup(ingesting, fresh),
		cmocka_unit_test_setup(answers, fresh),
		cmocka_unit_test_setup(explaining, fresh),
		cmocka_unit_test_setup(status, fresh),
		cmocka_unit_test_setup(one_view_at_a_time, fresh),
		cmocka_unit_test_setup(run_until_stopped, fresh),
		cmocka_unit_test_setup(batches_until_stopped, fresh),
		cmocka_unit_test_setup(second_signal_ends_at_once, fresh),
		cmocka_unit_test_setup(stopped_before_the_end, fresh),
		cmocka_unit_test(a_closed_pipe_ends_quietly),
		cmocka_unit_test_setup(closed_standard_files, fresh),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
