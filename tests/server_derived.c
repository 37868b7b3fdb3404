/* Derived streams: the log that a definition fills is what PostgreSQL makes of the source's log by the user's own text,
 * row by row and in order, whoever filled it, in whatever steps, and whatever was killed on the way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/cut.h"
#include "event_log/derived_log.h"
#include "plan/watermark.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"

static test_program lk;
static test_world world;

#define SOURCE "CREATE TABLE s (ts timestamptz, k text, n bigint, t text) WITH (event_time = ts, partition_by = k, partitions = 2, watermark = '10 s');"

/* --- the program --- */

static void start(const char *definitions) {
	char *path = test_file(&lk, "d.sql", definitions);
	test_world_empty(&world);
	LK(0, "", "", "apply", path);
	free(path);
}

static void ingest(const char *lines) {
	char *path = test_file(&lk, "in.jsonl", lines);
	LK(0, "", "", "ingest", "s", path);
	free(path);
}

/* One event of key k; the time is "10:05:00". */
static void ingest_one(const char *time, int n) {
	char *line = lk_asprintf("{\"ts\":\"2026-03-01T%sZ\",\"k\":\"k\",\"n\":%d}\n", time, n);
	ingest(line);
	free(line);
}

static void stop(int pid) {
	kill(pid, SIGTERM);
	assert_int_equal(test_lk_wait(pid, 20000), 0);
}

#define CHAIN SOURCE \
	"CREATE TABLE a WITH (event_time = ts) AS SELECT ts, k, n * 2 AS n, upper(t) AS t FROM s WHERE n > 0;" \
	"CREATE TABLE b WITH (event_time = ts) AS SELECT ts, k, n, t || '!' AS t FROM a WHERE n > 4;" \
	"CREATE VIEW v AS SELECT k, count(*) AS c, sum(n) AS s FROM b GROUP BY k;"

static void many(lk_buf *b, int from, int n) {
	for (int i = from; i < from + n; i++)
		lk_buf_addf(b, "{\"ts\":\"2026-03-01T10:%02d:%02dZ\",\"k\":\"k%d\",\"n\":%d,\"t\":\"x\"}\n", i / 60 % 60, i % 60, i % 7, i % 10 - 2);
}

/* Of ten events of many() five have n > 2. */
static void assert_chain_is_whole(int events) {
	char *rows = lk_asprintf("%d", events / 2);
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_b", rows);
	free(rows);
	test_ask_is(&lk, "SELECT count(*) FROM (SELECT part, row_number() OVER (PARTITION BY part ORDER BY off) - 1 AS off, ts, k, n * 2 AS n, upper(t) || '!' AS t"
	                 " FROM lk.log_s WHERE n > 2) AS w FULL JOIN lk.log_b AS b USING (part, off) WHERE (w.ts, w.k, w.n, w.t) IS DISTINCT FROM (b.ts, b.k, b.n, b.t)",
	            "0");
}

/* A run to the end ends when derived logs, and the views over them, are at the end too. */
static void once_reads_all_levels(void **state) {
	(void)state;
	lk_buf b = LK_BUF_INIT;
	start(CHAIN);
	many(&b, 0, 500);
	ingest(b.data);
	LK(0, "", "", "speed", "--once", "--workers", "3");
	assert_chain_is_whole(500);
	LK(0, "250 of 250 events", "", "query", "v");
	LK(0, "", "", "speed", "--once");
	LK(0, "250 of 250 events", "", "query", "v");
	LK(0, "\"derived\":[{\"stream\":\"a\",\"from\":\"s\",\"read\":500,\"lag\":0,\"version\":1,", "", "status", "--format", "json");
	LK(0, "DERIVED STREAM FROM", "", "status");
	lk_buf_release(&b);
}

/* D2, I5, P13: killed at each crash point of the stage, with rows of every level on their way. */
static void killed_at_each_point(void **state) {
	(void)state;
	static const char *const points[] = {"derived.reserved", "derived.copied", "derived.committed", "derived.reserved:3", "derived.copied:4", "derived.committed:2"};
	int events = 0;
	start(CHAIN);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		lk_buf b = LK_BUF_INIT;
		char *crash = lk_asprintf("LK_CRASH=%s", points[i]);
		many(&b, events, 100);
		events += 100;
		ingest(b.data);
		test_run(&lk, (const char *const[]){crash, NULL}, 128 + SIGKILL, "", "", ARGS("speed", "--once", "--workers", "1"));
		LK(0, "", "", "speed", "--once");
		assert_chain_is_whole(events);
		free(crash);
		lk_buf_release(&b);
	}
	LK(0, "300 of 300 events", "", "query", "v");
}

/* I11, P13: PostgreSQL is killed under a running layer, with transactions on their way. Redis, which the stage does not
 * need, is emptied too. */
static void servers_come_and_go(void **state) {
	(void)state;
	int events = 0, kills = test_rounds("KILLS", 6);
	start(CHAIN);
	int pid = test_lk_start(&lk.servers, NULL, ARGS("speed"));
	for (int i = 0; i < kills; i++) {
		lk_buf b = LK_BUF_INIT;
		many(&b, events, 3000);
		events += 3000;
		ingest(b.data);
		test_postgres_kill(&lk.servers);
		test_redis_empty(&lk.servers);
		test_postgres_start(&lk.servers);
		lk_buf_release(&b);
	}
	test_await_sql(&lk, "SELECT (SELECT count(*) FROM lk.log_s WHERE n > 2) = (SELECT count(*) FROM lk.log_b)");
	stop(pid);
	assert_chain_is_whole(events);
	lk_pg_close(&world.pg);
	test_open(&world.pg, &lk.servers);
}

/* D2, I7, P13: a process that was overtaken writes nothing: its position no longer fits. */
static void an_overtaken_worker_writes_nothing(void **state) {
	(void)state;
	test_worker slow, fast;
	start(SOURCE "CREATE TABLE a WITH (event_time = ts) AS SELECT ts, k, n FROM s;");
	test_world_reload(&world);
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < 20; i++)
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T10:00:00Z\",\"k\":\"k\",\"n\":%d}\n", i);
	test_world_append_json(&world, "s", b.data);
	test_worker_open_copy(&slow, &world, test_world_filler(&world, "a"));
	test_worker_open_copy(&fast, &world, test_world_filler(&world, "a"));
	int part = test_world_int(&world, "SELECT part FROM lk.tail WHERE next_off > 0 AND stream_id = (SELECT stream_id FROM lk.stream WHERE name = 's')") > 0;
	assert_int_equal(test_worker_step(&slow, part, 5), 5);
	assert_int_equal(test_worker_step(&fast, part, 10), 10);
	assert_int_equal(test_worker_step(&slow, part, 5), LK_EFENCED);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_a"), 15);
	assert_int_equal(test_worker_step(&slow, part, 5), 5);
	assert_int_equal(test_worker_step(&fast, part, 5), LK_EFENCED);
	test_ask_is(&lk, "SELECT string_agg(n::text, ' ' ORDER BY off) FROM lk.log_a", "0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19");
	test_worker_close(&slow);
	test_worker_close(&fast);
	lk_buf_release(&b);
}

/* D9, I12: what cannot be computed is NULL, and a row without event time is left out; both name their event. */
static void what_cannot_be_computed_is_named(void **state) {
	(void)state;
	start(SOURCE "CREATE TABLE a WITH (event_time = at) AS SELECT CASE WHEN n = 3 THEN NULL ELSE ts END AS at, k, 10 / n AS q, t FROM s WHERE 100 / n > 1;");
	ingest("{\"ts\":\"2026-03-01T10:00:00Z\",\"k\":\"k\",\"n\":2}\n"
	       "{\"ts\":\"2026-03-01T10:00:01Z\",\"k\":\"k\",\"n\":0}\n"
	       "{\"ts\":\"2026-03-01T10:00:02Z\",\"k\":\"k\",\"n\":3}\n"
	       "{\"ts\":\"2026-03-01T10:00:03Z\",\"k\":\"k\",\"n\":5}\n");
	LK(0, "", "could not be evaluated (lk.rejected): 2", "speed", "--once");
	test_ask_is(&lk, "SELECT string_agg(q::text, ' ' ORDER BY off) FROM lk.log_a", "5 2");
	test_ask_is(&lk, "SELECT string_agg(off || ' ' || reason, ', ' ORDER BY off) FROM lk.rejected", "1 division by zero, 2 the row has no event time");
	LK(0, "events of the log, for a, version 1", "", "rejected", "s");
	assert_non_null(strstr(lk.out, "the row has no event time (a, version 1)"));
	LK(0, "0 lines that could not be events of a", "`lk rejected s` also names the events", "rejected", "a");
	LK(2, "", "`lk tail a` prints its rows", "query", "a");
}

/* Few events of the source become rows. */
#define RARE "CREATE TABLE s (ts timestamptz, k text, n bigint) WITH (event_time = ts, partition_by = k);" \
	"CREATE TABLE a WITH (event_time = ts) AS SELECT ts, k, n FROM s WHERE n = 1;"

/* D8, P13: rows are rare, and still the watermark of their log follows that of the source: the window is final. */
static void the_watermark_follows_the_source(void **state) {
	(void)state;
	start(RARE
	      "CREATE VIEW v WITH (allowed_lateness = '0 s') AS SELECT k, count(*) AS c FROM a GROUP BY k, tumble(ts, '1 min');");
	ingest_one("10:00:10", 1);
	LK(0, "", "", "speed", "--once");
	LK(0, "\"_final\":false", "", "query", "v", "--format", "json");
	ingest_one("10:05:00", 2);
	LK(0, "", "", "speed", "--once");
	LK(0, "\"_final\":true", "", "query", "v", "--format", "json");
	/* late against the source's events, none of which became a row */
	ingest_one("10:00:20", 1);
	LK(0, "", "late: 1", "speed", "--once");
	LK(0, "\"c\":1", "", "query", "v", "--format", "json");
	LK(0, "2026-03-01T10:00:20Z", "", "late", "v");
}

/* D8, P9, P13: a row's own event time moves the watermark of its log, if the source's does not say: the same one through the rows
 * and from a cut. A late row is late also for a unit that begins at the cut. */
static void the_watermark_follows_the_rows(void **state) {
	(void)state;
	start("CREATE TABLE s (ts timestamptz, k text, n bigint) WITH (event_time = ts, partition_by = k);"
	      "CREATE TABLE a WITH (event_time = due) AS SELECT ts + '1 hour'::interval AS due, k, n FROM s;"
	      "CREATE VIEW v WITH (allowed_lateness = '0 s') AS SELECT k, count(*) AS c FROM a GROUP BY k, tumble(due, '1 min');");
	ingest("{\"ts\":\"2026-03-01T10:00:10Z\",\"k\":\"k\",\"n\":1}\n{\"ts\":\"2026-03-01T10:05:00Z\",\"k\":\"k\",\"n\":2}\n");
	LK(0, "", "", "speed", "--once");
	LK(0, "\"watermark\":\"2026-03-01T11:05:00Z\"", "", "query", "v", "--format", "json");
	LK(0, "", "", "batch", "v");
	LK(0, "\"watermark\":\"2026-03-01T11:05:00Z\"", "", "query", "v", "--format", "json");
	test_ask_is(&lk, "SELECT high = '2026-03-01T11:05:00Z' FROM lk.tail JOIN lk.stream USING (stream_id) WHERE name = 'a'", "t");
	test_redis_empty(&lk.servers);
	ingest_one("10:00:20", 1);
	LK(0, "", "late: 1", "speed", "--once");
}

/* P9: an answer for a prefix that is asked for goes by what the prefix says of its watermark, as all that is compared with it
 * does, also when the source is further by now: its horizon stays. */
static void a_prefix_keeps_its_watermark(void **state) {
	(void)state;
	start(RARE
	      "CREATE VIEW v WITH (allowed_lateness = '0 s', retention = '10 min') AS SELECT k, count(*) AS c FROM a GROUP BY k, tumble(ts, '1 min');");
	ingest("{\"ts\":\"2026-03-01T10:00:10Z\",\"k\":\"k\",\"n\":1}\n{\"ts\":\"2026-03-01T10:05:00Z\",\"k\":\"k\",\"n\":1}\n");
	LK(0, "", "", "speed", "--once");
	test_world_reload(&world);
	lk_error err = {0};
	lk_cut cut;
	lk_query q = test_query("v");
	lk_answer before, after;
	const lk_cat_copy *copy = test_world_copy(&world, "v");
	test_ok(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "test"}, &cut, &err), &err);
	q.until = &cut.at;
	test_world_answer(&world, &q, &before);
	ingest_one("10:14:00", 2);
	LK(0, "", "", "speed", "--once");
	test_world_answer(&world, &q, &after);
	assert_int_equal(before.nrows, 2);
	assert_int_equal(after.nrows, 2);
	assert_int_equal(after.horizon, before.horizon);
	assert_int_equal(after.watermark, lk_watermark_of_frontier(after.plan, &cut.at));
	lk_answer_release(&before);
	lk_answer_release(&after);
	q.until = NULL;
	test_world_answer(&world, &q, &after);
	assert_int_equal(after.nrows, 1);
	lk_answer_release(&after);
}

/* D8, P13: so does that of the next log of a chain, though nothing comes to it. */
static void the_watermark_goes_through_a_chain(void **state) {
	(void)state;
	start(RARE
	      "CREATE TABLE b WITH (event_time = ts) AS SELECT ts, k, n, lag(n) OVER (PARTITION BY k ORDER BY _off) AS before FROM a;"
	      "CREATE TABLE c WITH (event_time = ts) AS SELECT ts, k, n FROM b;"
	      "CREATE VIEW v WITH (allowed_lateness = '0 s') AS SELECT k, count(*) AS c FROM c GROUP BY k, tumble(ts, '1 min');");
	ingest_one("10:00:10", 1);
	LK(0, "", "", "speed", "--once");
	LK(0, "\"_final\":false", "", "query", "v", "--format", "json");
	ingest_one("10:05:00", 2);
	LK(0, "", "", "speed", "--once");
	LK(0, "\"_final\":true", "", "query", "v", "--format", "json");
	LK(0, "", "", "speed", "--once");
	int pid = test_lk_start(&lk.servers, NULL, ARGS("speed"));
	ingest_one("10:09:00", 2);
	test_await_sql(&lk, "SELECT high = '2026-03-01T10:09:00Z' FROM lk.tail JOIN lk.stream USING (stream_id) WHERE name = 'c'");
	stop(pid);
	ingest_one("10:00:20", 1);
	LK(0, "", "late: 1", "speed", "--once");
}

/* D6: The log is held against the definition's text: a row that was changed by hand is named. */
static void compared_with_its_text(void **state) {
	(void)state;
	lk_buf b = LK_BUF_INIT;
	start(CHAIN);
	many(&b, 0, 100);
	ingest(b.data);
	LK(0, "the same 0 rows", "", "compare", "b");
	LK(0, "", "", "speed", "--once");
	LK(0, "70 events of its source were read", "", "compare", "b");
	assert_non_null(strstr(lk.out, "the same 50 rows"));
	LK(0, "{\"stream\":\"a\",\"events\":100,\"rows\":70,\"differ\":0,\"differences\":[]}", "", "compare", "a", "--format", "json");
	LK(2, "", "--version is for views", "compare", "a", "--version", "1");
	LK(2, "", "v is a view: --timeout is for derived streams", "compare", "v", "--timeout", "1min");
	LK(0, "the same 50 rows", "", "compare", "b", "--timeout", "1h");
	test_sql(&world.pg, "BEGIN");
	test_sql(&world.pg, "LOCK TABLE lk.log_b IN ACCESS EXCLUSIVE MODE");
	LK(6, "", "PostgreSQL has not run the text of b within 100 ms", "compare", "b", "--timeout", "100ms");
	test_sql(&world.pg, "ROLLBACK");
	test_sql(&world.pg, "UPDATE lk.log_b SET n = 7 WHERE (part, off) = (SELECT part, off FROM lk.log_b ORDER BY part, off LIMIT 1)");
	LK(1, "have different rows: 1\nrow 1: (", "the log of b is not what its definition makes", "compare", "b");
	LK(0, "the stream path makes of each event:", "", "explain", "b");
	assert_non_null(strstr(lk.out, "column: t = t || '!' as text"));
	assert_non_null(strstr(lk.out, "follows the source's"));
	lk_buf_release(&b);
}

/* --- declaring --- */

static void declared_again(void **state) {
	(void)state;
	char *other = test_file(&lk, "other.sql", "CREATE TABLE a WITH (event_time = ts) AS SELECT ts, k, n * 3 AS n, upper(t) AS t FROM s WHERE n > 0;"),
	     *delay = test_file(&lk, "delay.sql", "CREATE TABLE a WITH (event_time = ts, watermark = '1 min') AS SELECT ts, k, n * 2 AS n, upper(t) AS t FROM s WHERE n > 0;"),
	     *stream = test_file(&lk, "stream.sql", "CREATE TABLE a (ts timestamptz, k text) WITH (event_time = ts, partition_by = k);"),
	     *view = test_file(&lk, "view.sql", "CREATE VIEW a AS SELECT count(*) AS n FROM s;"), *same = test_file(&lk, "same.sql", CHAIN);
	start(CHAIN);
	LK(0, "", "derived stream b: unchanged", "apply", same);
	LK(78, "", "stream a: it is a derived stream", "apply", stream);
	LK(78, "", "there is a stream \"a\"", "apply", view);
	LK(0, "", "stream a: changed", "apply", delay);
	LK(0, "", "stream a: unchanged", "apply", delay);
	LK(0, "", "derived stream a: version 2; readers get version 1 until `lk replay a --switch`", "apply", other);
	LK(0, "", "derived stream a: version 2, unchanged; readers get version 1", "apply", other);
	LK(2, "", "a is a derived stream: its definition fills it", "ingest", "a", delay, "--format", "jsonl");
	assert_non_null(strstr(lk.err, "lk ingest s"));
	LK(2, "", "b is a derived stream", "query", "b");
	free(other);
	free(delay);
	free(stream);
	free(view);
	free(same);
}

/* D10: What is read stays. */
static void dropped_from_the_end(void **state) {
	(void)state;
	start(CHAIN);
	ingest_one("10:00:10", 5);
	LK(0, "", "", "speed", "--once");
	LK(2, "", "stream s is read by 1 definition: a", "drop", "--stream", "s", "--yes");
	LK(2, "", "stream a is read by 1 definition: b", "drop", "--stream", "a", "--yes");
	LK(2, "", "stream b is read by 1 view: v", "drop", "--stream", "b", "--yes");
	LK(2, "", "`lk drop v --yes && lk drop --stream b --yes && lk drop --stream a --yes`, erase", "erase", "s", "--where", "k=k", "--yes");
	LK(2, "", "b is a derived stream", "erase", "b", "--where", "k=k", "--yes");
	LK(0, "", "", "drop", "v", "--yes");
	LK(0, "", "", "tail", "b", "--name", "reader", "--format", "csv");
	LK(2, "", "this removes derived stream b, its definition and its log of 1 row (", "drop", "--stream", "b");
	assert_non_null(strstr(lk.err, "MB) and the position of 1 reader; the log of its source stays"));
	LK(0, "", "stream b is dropped", "drop", "--stream", "b", "--yes");
	test_ask_is(&lk, "SELECT count(*) FROM lk.delivery", "0");
	LK(0, "", "stream a is dropped", "drop", "--stream", "a", "--yes");
	test_ask_is(&lk, "SELECT concat_ws(' ', (SELECT count(*) FROM lk.view), (SELECT count(*) FROM lk.copy), (SELECT count(*) FROM lk.unit),"
	                 " (SELECT count(*) FROM lk.source WHERE name ~ '^[0-9]+/'), (SELECT count(*) FROM lk.stream), to_regclass('lk.log_a') IS NULL)", "0 0 0 0 1 t");
	LK(0, "", "", "speed", "--once");
	start(CHAIN);
}

/* A worker drives what it is not told of in its options, and notices what is declared and dropped. */
static void a_running_layer_fills_new_streams(void **state) {
	(void)state;
	start(SOURCE);
	ingest_one("10:00:10", 5);
	int pid = test_lk_start(&lk.servers, NULL, ARGS("speed"));
	char *path = test_file(&lk, "d.sql", CHAIN);
	LK(0, "", "", "apply", path);
	test_await_sql(&lk, "SELECT count(*) = 1 FROM lk.log_b");
	ingest_one("10:00:11", 6);
	test_await_sql(&lk, "SELECT count(*) = 2 FROM lk.log_b");
	LK(0, "", "", "drop", "v", "--yes");
	LK(0, "", "", "drop", "--stream", "b", "--yes");
	ingest_one("10:00:12", 7);
	test_await_sql(&lk, "SELECT count(*) = 3 FROM lk.log_a");
	stop(pid);
	free(path);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_reads_all_levels),
		cmocka_unit_test(killed_at_each_point),
		cmocka_unit_test(servers_come_and_go),
		cmocka_unit_test(an_overtaken_worker_writes_nothing),
		cmocka_unit_test(what_cannot_be_computed_is_named),
		cmocka_unit_test(the_watermark_follows_the_source),
		cmocka_unit_test(the_watermark_follows_the_rows),
		cmocka_unit_test(a_prefix_keeps_its_watermark),
		cmocka_unit_test(the_watermark_goes_through_a_chain),
		cmocka_unit_test(compared_with_its_text),
		cmocka_unit_test(declared_again),
		cmocka_unit_test(dropped_from_the_end),
		cmocka_unit_test(a_running_layer_fills_new_streams),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
