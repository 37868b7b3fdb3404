/* A derived stream is filled anew into another log: compared with the served one, or put into service with all that is made
 * of it, at one instant, and taken back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/random.h"
#include "tests/support/replays.h"

static test_program lk;
static test_world world;

/* Both streams make one row of each event, whatever `times` is: so the number of events in an answer never falls. */
#define DEFINITIONS \
	"CREATE TABLE s (ts timestamptz, k text, n bigint) WITH (event_time = ts, partition_by = k, partitions = 2, watermark = '10 s');" \
	"CREATE TABLE a WITH (event_time = ts) AS SELECT ts, k, n * %d AS n FROM s;" \
	"CREATE TABLE b WITH (event_time = ts) AS SELECT ts, k, n - lag(n) OVER (PARTITION BY k ORDER BY _off) AS n FROM a;" \
	"CREATE VIEW over_a AS SELECT k, count(*) AS c, sum(n) AS s FROM a GROUP BY k;" \
	"CREATE VIEW over_b WITH (allowed_lateness = '20 s') AS SELECT k, count(*) AS c, sum(n) AS s FROM b GROUP BY k, tumble(ts, '1 min');" \
	"CREATE VIEW sealed AS SELECT count(*) AS c, max(n) AS m FROM b;"

static const char *const views[] = {"over_a", "over_b", "sealed"};

/* The logs that readers get are those that each view reads. */
static const char mixed[] =
	"SELECT count(*) FROM lk.view w JOIN lk.stream s USING (stream_id) WHERE s.of_copy IS NOT NULL"
	" AND NOT EXISTS (SELECT FROM lk.view m WHERE m.derived AND m.served_copy = s.of_copy)";

static void declare(int times) {
	char *text = lk_asprintf(DEFINITIONS, times), *path = test_file(&lk, "d.sql", text);
	LK(0, "", "", "apply", path);
	free(text);
	free(path);
}

static int appended;

static void append(int n) {
	lk_buf b = LK_BUF_INIT;
	for (int i = appended; i < appended + n; i++)
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T10:%02d:%02dZ\",\"k\":\"k%d\",\"n\":%d}\n", i / 60 % 60, i % 60, i % 7, i % 13);
	test_world_reload(&world);
	test_world_append_json(&world, "s", b.data);
	appended += n;
	lk_buf_release(&b);
}

static void start(int events) {
	test_world_empty(&world);
	appended = 0;
	declare(2);
	LK(0, "", "", "mode", "sealed", "kappa");
	append(events);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "batch");
}

static void views_are_right(void) {
	test_world_reload(&world);
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		lk_query q = test_query(views[i]);
		test_world_same(&world, &q);
	}
	test_ask_is(&lk, mixed, "0");
}

/* Everything has come to the end, and is what PostgreSQL makes of the texts. */
static void all_is_right(int times) {
	char *want = lk_asprintf("%d", 7 * times);
	LK(0, "", "", "speed", "--once");
	LK(0, "in the same order", "", "compare", "a");
	LK(0, "in the same order", "", "compare", "b");
	views_are_right();
	LK(0, want, "", "query", "sealed");
	free(want);
}

static int version_of(const char *view) {
	char *sql = lk_asprintf("SELECT number FROM lk.view w JOIN lk.copy c ON c.copy_id = w.served_copy JOIN lk.version v USING (version_id) WHERE w.name = '%s'", view);
	int number = (int)test_world_int(&world, sql);
	free(sql);
	return number;
}

/* --- the same log once more --- */

static const char logs_and_units[] = "SELECT concat_ws(' ', (SELECT count(*) FROM lk.stream), (SELECT count(*) FROM lk.copy WHERE NOT dropped),"
	" (SELECT count(*) FROM pg_class WHERE relname ~ '^log_' AND relnamespace = 'lk'::regnamespace))";

/* D1, I4: rows have no time but that of their events: the log is filled anew ten days later. */
static void the_same_days_later(void **state) {
	(void)state;
	static const char *const logs[] = {"s", "a", "b"};
	start(500);
	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
		test_sql(&world.pg, "UPDATE lk.log_%s SET _at = _at - interval '10 days'", logs[i]);
	test_sql(&world.pg, "UPDATE lk.tail SET last_at = last_at - interval '10 days'");
	char *before = test_ask(&lk, logs_and_units, NULL);
	LK(0, "", "the served log and the new log of a have the same 500 rows, byte by byte", "replay", "a", "--verify");
	LK(0, "", "the served log and the new log of b have the same 500 rows, byte by byte", "replay", "b", "--verify", "--workers", "1");
	test_ask_is(&lk, logs_and_units, before);
#ifdef LK_FAULTS
	test_run(&lk, ARGS("LK_MUTANT=at_of_the_clock"), 1, "", "differs from the served one", ARGS("replay", "a", "--verify"));
	assert_non_null(strstr(lk.err, "different rows: 500"));
	LK(0, "", "byte by byte", "replay", "a", "--verify", "--fresh");
	test_ask_is(&lk, logs_and_units, before);
#endif
	free(before);
}

/* D1: a row of the served log that is another one, or is missing, is shown. */
static void a_wrong_row_is_shown(void **state) {
	(void)state;
	start(300);
	test_sql(&world.pg, "UPDATE lk.log_a SET n = n + 1 WHERE (part, off) = (SELECT part, off FROM lk.log_a ORDER BY part, off OFFSET 7 LIMIT 1)");
	LK(1, "row 8:", "different rows: 1", "replay", "a", "--verify");
	test_sql(&world.pg, "UPDATE lk.log_a SET n = n - 1 WHERE (part, off) = (SELECT part, off FROM lk.log_a ORDER BY part, off OFFSET 7 LIMIT 1)");
	LK(0, "", "it continued an earlier replay", "replay", "a", "--verify");
	LK(2, "", "would be of no use", "replay", "a");
	LK(2, "", "--pace is for views", "replay", "a", "--verify", "--pace", "1x");
	LK(2, "", "its log is filled by the stream path", "mode", "a", "lambda");
	LK(2, "", "no former log to go back to", "mode", "a", "--back");
}

/* --- another definition --- */

/* D7, I8, P19: with its views and a stream over it, there and back, and events in between. */
static void there_and_back(void **state) {
	(void)state;
	start(400);
	declare(3);
	assert_int_equal(version_of("a"), 1);
	LK(0, "", "PostgreSQL, by the definition's text, and the new log of a have the same 400 rows", "replay", "a", "--verify");
	append(100);
	LK(0, "", "switched: 5 copies at once", "replay", "a", "--verify", "--switch");
	assert_non_null(strstr(lk.err, "3 views over it compared with PostgreSQL"));
	assert_non_null(strstr(lk.err, "gap 0 events"));
	assert_int_equal(version_of("a"), 2);
	all_is_right(3);
	LK(0, "a@1 (former)", "", "status");
	LK(0, "(version 1, kappa)", "", "mode", "a");
	append(50);
	LK(2, "", "version 1 of view over_a reads another log of stream a", "query", "over_a", "--version", "1");
	LK(2, "", "is over a former log of stream", "mode", "over_b", "--back");
	LK(2, "", "was made of a former log of stream a", "mode", "b", "--back");
	LK(0, "", "switched: 5 copies at once", "mode", "a", "--back");
	assert_int_equal(version_of("a"), 1);
	all_is_right(2);
	LK(0, "550 of 550 events", "", "query", "over_a");
	append(50);
	LK(0, "", "switched: 5 copies at once", "mode", "a", "--back");
	all_is_right(3);
	declare(3);
	assert_non_null(strstr(lk.err, "derived stream a: unchanged"));
}

/* D7, I8: b alone goes over, with the views over it; what it reads stays. */
static void the_upper_one_alone(void **state) {
	(void)state;
	start(200);
	char *path = test_file(&lk, "b.sql", "CREATE TABLE b WITH (event_time = ts) AS SELECT ts, k, n + lag(n) OVER (PARTITION BY k ORDER BY _off) AS n FROM a;");
	LK(0, "", "derived stream b: version 2", "apply", path);
	LK(0, "", "switched: 3 copies at once", "replay", "b", "--verify", "--switch");
	assert_int_equal(version_of("a"), 1);
	LK(0, "in the same order", "", "compare", "b");
	views_are_right();
	declare(3);   /* with the former text of b, which is another version now */
	LK(0, "", "switched: 5 copies at once", "replay", "a", "--switch", "--verify");
	all_is_right(3);
	LK(0, "", "switched: 5 copies at once", "mode", "a", "--back");
	LK(0, "", "", "speed", "--once");
	LK(0, "in the same order", "", "compare", "b");
	views_are_right();
	LK(2, "", "was made of a former log of stream a", "mode", "b", "--back");
	free(path);
}

/* D7, I3, I9, P19: while events come and are folded, each answer is right, none goes back, and never does one view have the new log and
 * another one the former. */
static void under_load(void **state) {
	(void)state;
	start(2000);
	int speed = test_lk_start(&lk.servers, NULL, ARGS("speed")), times = 2, rounds = test_rounds("ROUNDS", 3);
	int64_t seen[3] = {0};
	for (int round = 0; round < rounds; round++) {
		declare(times = 5 - times);
		int replay = test_lk_start(&lk.servers, NULL, ARGS("replay", "a", "--switch", "--verify")), status = -1;
		for (bool ended = false; !ended;) {
			append(40);
			ended = (status = test_lk_wait(replay, 20)) >= 0;
			views_are_right();
			for (int i = 0; i < 3; i++) {
				lk_answer a = {0};
				lk_query q = test_query(views[i]);
				test_world_answer(&world, &q, &a);
				assert_true(lk_frontier_events(&a.end) >= seen[i]);
				seen[i] = lk_frontier_events(&a.end);
				lk_answer_release(&a);
			}
		}
		assert_int_equal(status, 0);
		assert_int_equal(version_of("a"), round + 2);
	}
	kill(speed, SIGTERM);
	assert_int_equal(test_lk_wait(speed, 20000), 0);
	all_is_right(times);
}

/* D7, I8, I9, I11, P19: killed at each point; the next run goes on, and in between readers have all of one or all of the other. */
static void killed_at_each_point(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	static const char *const points[] = {
		"replay.made", "together.made", "derived.committed:2", "windows.logged", "replay.replayed", "replay.replayed:4", "logs.filled",
		"logs.verified", "switch.locked", "switch.moved", "switch.committed",
	};
	int times = 2, version = 1;
	start(600);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		char *crash = lk_asprintf("LK_CRASH=%s", points[i]);
		bool moved = strcmp(points[i], "switch.committed") == 0;
		declare(times = 5 - times);
		test_run(&lk, (const char *const[]){crash, NULL}, 128 + SIGKILL, "", "", ARGS("replay", "a", "--switch", "--verify", "--workers", "1"));
		assert_int_equal(version_of("a"), moved ? version + 1 : version);
		append(20);
		LK(0, "", "", "speed", "--once");
		views_are_right();
		LK(0, "", moved ? "readers already get copy" : "it continued an earlier replay", "replay", "a", "--switch", "--verify");
		assert_int_equal(version_of("a"), ++version);
		all_is_right(times);
		test_ask_is(&lk, "SELECT count(*) FROM lk.copy WHERE NOT dropped", "10");
		test_ask_is(&lk, "SELECT count(*) FROM lk.stream", "5");
		test_ask_is(&lk, "SELECT count(*) FROM lk.replay JOIN lk.copy USING (copy_id) WHERE NOT dropped AND ended_at IS NULL", "0");
		test_ask_is(&lk, "SELECT count(*) FROM lk.cut WHERE state = 'open'", "0");
		free(crash);
	}
	LK(0, "", "switched: 5 copies at once", "mode", "a", "--back");
	all_is_right(5 - times);
}

/* D7, I11: PostgreSQL and Redis go away while it runs; it waits and goes on. */
static void servers_go_away(void **state) {
	(void)state;
	start(3000);
	for (int i = test_rounds("KILLS", 3), times = 2; i > 0; i--) {
		declare(times = 5 - times);
		int replay = test_lk_start(&lk.servers, NULL, ARGS("replay", "a", "--switch", "--verify"));
		test_await_sql(&lk, "SELECT count(*) > 0 FROM lk.copy WHERE state = 'building'");
		test_postgres_kill(&lk.servers);
		test_redis_empty(&lk.servers);
		test_postgres_start(&lk.servers);
		lk_pg_close(&world.pg);
		test_open(&world.pg, &lk.servers);
		assert_int_equal(test_lk_wait(replay, 60000), 0);
		all_is_right(times);
	}
}

/* --- what else is declared --- */

/* D7: what cannot read the new rows is named, before anything is made. */
static void what_does_not_fit(void **state) {
	(void)state;
	start(50);
	char *less = test_file(&lk, "less.sql", "CREATE TABLE a WITH (event_time = ts) AS SELECT ts, k FROM s;"),
	     *more = test_file(&lk, "more.sql", "CREATE TABLE a WITH (event_time = ts) AS SELECT ts, k, n * 2 AS n, n % 3 AS rest FROM s;"
	                       " CREATE VIEW rests AS SELECT rest, count(*) AS c FROM a GROUP BY rest;"),
	     *other = test_file(&lk, "other.sql", "CREATE TABLE a WITH (event_time = ts) AS SELECT ts, k, n FROM b;");
	LK(78, "", "does not fit the new definition", "apply", less);
	LK(78, "", "it is made of another stream", "apply", other);
	LK(78, "", "view rests does not fit stream a as readers get it", "apply", more);
	assert_non_null(strstr(lk.err, "lk replay a --switch"));
	LK(0, "", "switched: 5 copies at once", "replay", "a", "--switch", "--verify");
	LK(0, "", "view rests: new", "apply", more);
	LK(0, "", "", "speed", "--once");
	LK(0, "3 rows of rests", "", "query", "rests");
	LK(78, "", "view rests does not fit the rows that stream a would have", "mode", "a", "--back");
	LK(0, "", "", "drop", "rests", "--yes");
	LK(0, "", "switched: 5 copies at once", "mode", "a", "--back");
	all_is_right(2);
	free(less);
	free(more);
	free(other);
}

/* D7, P19: what was declared or changed since the copies were made goes over too. */
static void declared_meanwhile(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	start(100);
	char *path = test_file(&lk, "view.sql", "CREATE VIEW late_comer AS SELECT count(*) AS c, sum(n) AS s FROM a;"
	                       " CREATE VIEW over_a AS SELECT k, count(*) AS c, min(n) AS s FROM a GROUP BY k;");
	declare(3);
	test_run(&lk, ARGS("LK_CRASH=logs.filled"), 128 + SIGKILL, "", "", ARGS("replay", "a", "--switch"));
	LK(0, "", "view late_comer: new", "apply", path);
	assert_non_null(strstr(lk.err, "view over_a: version 3; readers get version 1"));
	LK(0, "", "switched: 6 copies at once", "replay", "a", "--switch", "--verify");
	all_is_right(3);
	lk_query q = test_query("late_comer");
	test_world_same(&world, &q);
	test_ask_is(&lk, "SELECT definition LIKE '%min(n)%' FROM lk.view w JOIN lk.copy c ON c.copy_id = w.served_copy JOIN lk.version USING (version_id) WHERE w.name = 'over_a'", "t");
	free(path);
}

/* D7, P19: a view that was replayed or changed since the switch has no copy over the former log: going back makes one. */
static void changed_since(void **state) {
	(void)state;
	start(300);
	declare(3);
	LK(0, "", "", "replay", "a", "--switch");
	LK(0, "", "", "mode", "over_a", "kappa");
	append(100);
	LK(0, "", "switched: 5 copies at once", "mode", "a", "--back");
	all_is_right(2);
	test_ask_is(&lk, "SELECT mode FROM lk.view w JOIN lk.copy ON copy_id = served_copy WHERE w.name = 'over_a'", "kappa");
	LK(0, "", "switched: 5 copies at once", "mode", "a", "--back");
	all_is_right(3);
}

/* D7, I11: without room for the new copies they go, and what is served keeps its room. */
static void no_room(void **state) {
	(void)state;
	start(6000);
	char *path = test_file(&lk, "each.sql", "CREATE VIEW each AS SELECT ts, k, n, count(*) AS c FROM a GROUP BY ts, k, n;");
	LK(0, "", "view each: new", "apply", path);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "mode", "each", "kappa");
	LK(0, "", "", "drop", "each", "--former");
	declare(3);
	char *before = test_ask(&lk, logs_and_units, NULL);
	test_redis_room(&lk.servers, 100000);
	LK(75, "", "no room to fill stream a anew", "replay", "a", "--switch");
	assert_non_null(strstr(lk.err, "were dropped"));
	test_ask_is(&lk, logs_and_units, before);
	append(10);
	LK(0, "", "", "speed", "--once");
	views_are_right();
	test_redis_room(&lk.servers, -1);
	LK(0, "", "switched: 6 copies at once", "replay", "a", "--switch", "--verify");
	all_is_right(3);
	free(before);
	free(path);
}

/* --- what is left --- */

/* D7: one former log is kept, with what read it; --former and a further switch remove it, and so does the end of the stream. */
static void former_logs_go(void **state) {
	(void)state;
	start(100);
	declare(3);
	LK(0, "", "", "replay", "a", "--switch");
	declare(4);
	LK(0, "", "", "replay", "a", "--switch");
	test_ask_is(&lk, "SELECT to_regclass('lk.log_a') IS NULL AND to_regclass('lk.part_b_1') IS NULL", "t");
	test_ask_is(&lk, "SELECT count(*) FROM lk.stream", "5");
	all_is_right(4);
	LK(0, "", "is dropped", "drop", "a", "--former");
	test_ask_is(&lk, "SELECT count(*) FROM lk.stream", "3");
	test_ask_is(&lk, "SELECT count(*) FROM lk.view WHERE former_copy IS NOT NULL", "0");
	LK(2, "", "no former log", "mode", "a", "--back");
	char *served = test_ask(&lk, "SELECT served_copy FROM lk.view WHERE name = 'a'", NULL);
	LK(2, "", "serves the readers", "drop", "a", "--copy", served);
	free(served);
	all_is_right(4);
	declare(5);
	LK(0, "", "", "replay", "a", "--switch");
	LK(0, "", "stream a is called c now", "rename", "--stream", "a", "c");
	LK(0, "in the same order", "", "compare", "c");
	LK(0, "", "switched: 5 copies at once", "mode", "c", "--back");
	views_are_right();
	for (size_t i = 0; i < sizeof views / sizeof *views; i++)
		LK(0, "", "", "drop", views[i], "--yes");
	LK(0, "", "", "drop", "--stream", "b", "--yes");
	LK(0, "", "", "drop", "--stream", "c", "--yes");
	test_ask_is(&lk, "SELECT concat_ws(' ', (SELECT count(*) FROM lk.view), (SELECT count(*) FROM lk.unit), (SELECT count(*) FROM lk.stream),"
	                 " (SELECT count(*) FROM pg_class WHERE relname ~ '^log_' AND relkind = 'p'))", "0 0 1 1");
}

/* D7, I5: who reads rows goes on in the new log behind the events whose rows it has. */
static void readers_of_rows(void **state) {
	(void)state;
	start(50);
	char *cursor = lk_asprintf("%s.cursor", lk.servers.dir);
	LK(0, "k0", "", "tail", "a", "--cursor", cursor);
	declare(3);
	LK(0, "", "", "replay", "a", "--switch");
	LK(0, "", "has another log now", "tail", "a", "--cursor", cursor);
	assert_null(strstr(lk.out, "k0"));
	append(3);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "", "tail", "a", "--cursor", cursor, "--format", "json");
	int rows = 0;
	for (const char *p = lk.out; (p = strstr(p, "\"_off\"")); p++)
		rows++;
	assert_int_equal(rows, 3);
	free(cursor);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_days_later),
		cmocka_unit_test(a_wrong_row_is_shown),
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(the_upper_one_alone),
		cmocka_unit_test(under_load),
		cmocka_unit_test(killed_at_each_point),
		cmocka_unit_test(servers_go_away),
		cmocka_unit_test(what_does_not_fit),
		cmocka_unit_test(declared_meanwhile),
		cmocka_unit_test(changed_since),
		cmocka_unit_test(no_room),
		cmocka_unit_test(former_logs_go),
		cmocka_unit_test(readers_of_rows),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
