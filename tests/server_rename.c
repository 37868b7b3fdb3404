/* Another name for a view: only the name is another one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/fixtures.h"
#include "tests/support/ingests.h"
#include "tests/support/replays.h"

enum { DEADLINE_MS = 30000 };

static test_program lk;
static test_world world;

static const char stream[] = "CREATE TABLE hits (ts timestamptz, ip text, n bigint) WITH (event_time = ts, partition_by = ip, partitions = 2);";
static const char first[] = "-- the view of all\nCREATE VIEW traffic AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich');";
static const char second[] =
	"CREATE /* view */ VIEW \"traffic\" AS SELECT ip, count(*) AS n, sum(n) AS total FROM hits traffic GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich');";

static void apply(const char *text, const char *says) {
	char *file = test_file(&lk, "def.sql", text);
	LK(0, "", says, "apply", file);
	free(file);
}

static void ingest_into(const char *name, int from, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = from; i < from + n; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T%02d:%02d:%02dZ\",\"ip\":\"%d\",\"n\":%d}\n", i / 3600 % 24, i / 60 % 60, i % 60, i % 20, i);
	char *path = test_file(&lk, "events.jsonl", lines.data);
	LK(0, "", "", "ingest", name, path);
	lk_buf_release(&lines);
	free(path);
}

static void ingest(int from, int n) { ingest_into("hits", from, n); }

/* Two versions, the second of which is served. */
static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	apply(stream, "");
	apply(first, "");
	ingest(0, 100);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
	apply(second, "version 2");
	ingest(100, 100);
	LK(0, "", "", "batch");
	LK(0, "", "", "speed", "--once");
	test_world_reload(&world);
	return 0;
}

/* I8: versions, copies and answers stay; what is declared by the new name is what there is. */
static void only_the_name_changes(void **state) {
	(void)state;
	char before[33], after[33];
	int64_t copy = test_served(&world, "traffic");
	test_digest_at_end(&world, "traffic", 0, before);
	LK(0, "", "view traffic is called My-View now", "rename", "traffic", "My-View");
	test_world_reload(&world);
	test_digest_at_end(&world, "My-View", 0, after);
	assert_string_equal(after, before);
	assert_int_equal(test_served(&world, "My-View"), copy);
	LK(2, "", "there is no view traffic", "query", "traffic");
	test_ask_is(&lk, "SELECT definition FROM lk.version WHERE number = 1",
	            "CREATE VIEW \"My-View\" AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich')");
	apply("CREATE VIEW \"My-View\" AS SELECT ip, count(*) AS n, sum(n) AS total FROM hits GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich');",
	      "view My-View: unchanged");
	ingest(200, 100);
	LK(0, "", "", "speed", "--once");
	test_view_is_right(&world, "My-View");
	LK(0, "", "", "batch", "My-View");
	LK(0, "", "", "replay", "My-View", "--switch", "--verify");
	LK(0, "", "", "replay", "My-View", "--version", "1");
	test_world_reload(&world);
	test_view_is_right(&world, "My-View");
	apply(first, "view traffic: new, version 1");
	LK(0, "", "", "rename", "My-View", "select");
	LK(0, "", "", "query", "select");
	LK(0, "", "", "batch");
}

static void names_that_cannot_be(void **state) {
	(void)state;
	LK(2, "", "there is a stream hits already", "rename", "traffic", "hits");
	LK(2, "", "there is a view traffic already", "rename", "traffic", "traffic");
	LK(2, "", "\"1st\" cannot be the name of a view", "rename", "traffic", "1st");
	LK(2, "", "at most 55 bytes", "rename", "traffic", "a123456789012345678901234567890123456789012345678901234567890");
	LK(2, "", "did you mean traffic?", "rename", "trafic", "new");
	LK(2, "", "", "rename", "traffic", "");
	LK(0, "", "", "query", "traffic");
}

static int shows(const char *view, const char *want) {
	char *out = NULL;
	bool same = test_lk(&lk.servers, NULL, &out, NULL, ARGS("query", view, "--format", "csv", "--where", "ip=1")) == 0 && strstr(out, want);
	free(out);
	return same;
}

static int answers(void *want) { return shows("other", want); }
static int traffic_shows(void *want) { return shows("traffic", want); }

/* I11: workers and batches that know the view by its former name go on. */
static void renamed_beside_running_layers(void **state) {
	(void)state;
	int layers = test_lk_start(&lk.servers, NULL, ARGS("run", "--every", "1s"));
	ingest(200, 20);
	LK(0, "", "", "rename", "traffic", "other");
	ingest(220, 20);
	assert_true(test_poll(answers, (char[]){",12,"}, DEADLINE_MS));
	kill(layers, SIGTERM);
	assert_int_equal(test_lk_wait(layers, DEADLINE_MS), 0);
	LK(0, "", "", "speed", "--once");
	test_world_reload(&world);
	test_view_is_right(&world, "other");
}

/* --- streams --- */

static void definition_is(const char *view, int number, const char *want) {
	char *sql = lk_asprintf("SELECT definition FROM lk.version v JOIN lk.view w USING (view_id) WHERE w.name = '%s' AND number = %d", view, number);
	test_ask_is(&lk, sql, want);
	free(sql);
}

/* I8: events, versions, copies and answers stay; the file with the new name is what there is. */
static void a_stream_by_another_name(void **state) {
	(void)state;
	char before[33], after[33];
	apply("CREATE VIEW nested AS WITH hits AS (SELECT ts, hits.ip AS who, n FROM hits WHERE hits.n > 5), h AS (SELECT * FROM hits)"
	      " SELECT who, count(*) AS c FROM h GROUP BY who, session(ts, '1 h');", "nested: new");
	apply("CREATE TABLE larger WITH (event_time = ts) AS SELECT ts, ip, hits.n FROM hits WHERE n > 5;"
	      "CREATE VIEW of_larger AS SELECT ip, sum(n) AS n FROM larger GROUP BY ip;", "larger: new");
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "speed", "--once");
	int64_t copy = test_served(&world, "traffic");
	test_digest_at_end(&world, "traffic", 0, before);
	LK(0, "", "stream hits is called Site-Visits now, also in the 3 definitions that read it; its log is lk.log_Site-Visits", "rename", "--stream", "hits", "Site-Visits");
	test_world_reload(&world);
	test_digest_at_end(&world, "traffic", 0, after);
	assert_string_equal(after, before);
	assert_int_equal(test_served(&world, "traffic"), copy);
	definition_is("traffic", 1, "CREATE VIEW traffic AS SELECT ip, count(*) AS n FROM \"Site-Visits\" AS hits GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich')");
	definition_is("traffic", 2, "CREATE /* view */ VIEW \"traffic\" AS SELECT ip, count(*) AS n, sum(n) AS total FROM \"Site-Visits\" traffic"
	              " GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich')");
	definition_is("nested", 1, "CREATE VIEW nested AS WITH hits AS (SELECT ts, hits.ip AS who, n FROM \"Site-Visits\" AS hits WHERE hits.n > 5),"
	              " h AS (SELECT * FROM hits) SELECT who, count(*) AS c FROM h GROUP BY who, session(ts, '1 h')");
	test_ask_is(&lk, "SELECT string_agg(relname, ' ' ORDER BY relname COLLATE \"C\") FROM pg_class WHERE relnamespace = 'lk'::regnamespace"
	            " AND relkind IN ('r', 'p') AND relname ~ '^(log|part)_'",
	            "log_Site-Visits log_larger part_Site-Visits_0 part_Site-Visits_1 part_larger_0 part_larger_1");
	LK(2, "", "there is no stream hits", "ingest", "hits", "-");
	apply("CREATE TABLE \"Site-Visits\" (ts timestamptz, ip text, n bigint) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	      "CREATE VIEW traffic AS SELECT ip, count(*) AS n, sum(n) AS total FROM \"Site-Visits\" GROUP BY ip, tumble(ts, '1 day', 'Europe/Zurich');",
	      "view traffic: unchanged");
	ingest_into("Site-Visits", 200, 100);
	LK(0, "", "", "speed", "--once");
	test_view_is_right(&world, "traffic");
	test_view_is_right(&world, "nested");
	LK(0, "", "in the 1 definition that reads it", "rename", "--stream", "larger", "Big");
	test_ask_is(&lk, "SELECT definition FROM lk.version v JOIN lk.view w USING (view_id) WHERE name = 'Big'",
	            "CREATE TABLE \"Big\" WITH (event_time = ts) AS SELECT ts, ip, hits.n FROM \"Site-Visits\" AS hits WHERE n > 5");
	ingest_into("Site-Visits", 300, 50);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "speed", "--once");
	test_ask_is(&lk, "SELECT (count(*) FILTER (WHERE n > 5) = (SELECT count(*) FROM lk.\"log_Big\"))::text FROM lk.\"log_Site-Visits\"", "true");
	test_world_reload(&world);
	test_view_is_right(&world, "of_larger");
	apply("CREATE TABLE \"Big\" WITH (event_time = ts) AS SELECT ts, ip, n FROM \"Site-Visits\" WHERE n > 5;", "stream Big: unchanged");
	LK(0, "", "", "batch");
	LK(0, "", "", "replay", "traffic", "--switch", "--verify");
	LK(0, "", "", "replay", "traffic", "--version", "1");
	test_world_reload(&world);
	test_view_is_right(&world, "traffic");
	LK(0, "", "", "rename", "--stream", "Site-Visits", "hits2");
	LK(0, "", "", "rename", "--stream", "hits2", "hits");
	LK(0, "", "", "compare", "traffic");
	apply(stream, "stream hits: unchanged");
	apply(second, "view traffic: unchanged");
	LK(0, "", "", "drop", "of_larger", "--yes");
	LK(0, "", "stream Big is called unread now; its log is lk.log_unread", "rename", "--stream", "Big", "unread");
	LK(0, "", "", "drop", "--stream", "unread", "--yes");
	LK(0, "", "", "erase", "hits", "--where", "ip=1", "--yes");
	test_world_reload(&world);
	test_view_is_right(&world, "nested");
}

static void names_that_no_stream_can_have(void **state) {
	(void)state;
	LK(2, "", "there is a view traffic already", "rename", "--stream", "hits", "traffic");
	LK(2, "", "there is a stream hits already", "rename", "--stream", "hits", "hits");
	LK(2, "", "\"1st\" cannot be the name of a stream", "rename", "--stream", "hits", "1st");
	LK(2, "", "did you mean hits?", "rename", "--stream", "hist", "new");
	LK(2, "", "takes one NAME", "rename", "--stream", "hits", "new", "newer");
	LK(2, "", "needs VIEW and NAME", "rename", "traffic");
	LK(0, "", "", "query", "traffic");
}

/* I5, I11: an ingest that is reading goes on under the new name, and so do workers and batches; each event counts once. */
static void a_stream_is_renamed_beside_running_layers(void **state) {
	(void)state;
	static const char *const names[] = {"one", "two", "hits"};
	int saved, lines, layers = test_lk_start(&lk.servers, NULL, ARGS("run", "--every", "1s"));
	lines = test_stdin_pipe(&saved);
	assert_int_equal(fcntl(lines, F_SETFD, FD_CLOEXEC), 0);
	int reader = test_lk_start(&lk.servers, NULL, ARGS("ingest", "hits", "-"));
	test_stdin_restore(saved);
	for (int i = 0; i < 3; i++) {
		for (int k = 0; k < 20; k++)
			dprintf(lines, "{\"ts\":\"2024-01-01T05:00:%02dZ\",\"ip\":\"%d\",\"n\":%d}\n", k, k % 20, k);
		char *all = lk_asprintf("SELECT sum(next_off) = %d FROM lk.tail", 220 + 20 * i);
		test_await_sql(&lk, all);
		free(all);
		LK(0, "", "", "rename", "--stream", i ? names[i - 1] : "hits", names[i]);
	}
	dprintf(lines, "{\"ts\":\"2024-01-01T05:00:59Z\",\"ip\":\"1\",\"n\":7}\n");
	close(lines);
	assert_int_equal(test_lk_wait(reader, DEADLINE_MS), 0);
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_hits", "261");
	assert_true(test_poll(traffic_shows, (char[]){",14,"}, DEADLINE_MS));
	kill(layers, SIGTERM);
	assert_int_equal(test_lk_wait(layers, DEADLINE_MS), 0);
	LK(0, "", "", "speed", "--once");
	test_world_reload(&world);
	test_view_is_right(&world, "traffic");
}

#ifdef LK_FAULTS
/* I8: all or nothing. */
static void killed_while_a_stream_is_renamed(void **state) {
	(void)state;
	test_run(&lk, ARGS("LK_CRASH=rename.written"), 128 + SIGKILL, "", "", ARGS("rename", "--stream", "hits", "other"));
	LK(0, "", "", "status");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_hits", "200");
	LK(0, "", "", "rename", "--stream", "hits", "other");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_other", "200");
	test_world_reload(&world);
	test_view_is_right(&world, "traffic");
}

/* I8: all or nothing. */
static void killed_while_it_is_renamed(void **state) {
	(void)state;
	static const char point[] = "rename.written";
	char *crash = lk_asprintf("LK_CRASH=%s", point);
	test_run(&lk, ARGS(crash), 128 + SIGKILL, "", "", ARGS("rename", "traffic", "other"));
	LK(2, "", "there is no view other", "query", "other");
	LK(0, "", "", "query", "traffic");
	LK(0, "", "", "rename", "traffic", "other");
	LK(0, "", "", "query", "other");
	free(crash);
}
#endif

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(only_the_name_changes),
		TEST(names_that_cannot_be),
		TEST(renamed_beside_running_layers),
		TEST(a_stream_by_another_name),
		TEST(names_that_no_stream_can_have),
		TEST(a_stream_is_renamed_beside_running_layers),
#ifdef LK_FAULTS
		TEST(killed_while_it_is_renamed),
		TEST(killed_while_a_stream_is_renamed),
#endif
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
