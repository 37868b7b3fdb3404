/* PostgreSQL and Redis are put back to an older state, or go away, under the stage of derived streams: whatever they have
 * lost, the logs are what the definitions make of the source's log as it is then. Each rule is also shown without it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/random.h"

enum { DEADLINE_MS = 30000 };

static test_program lk;
static test_world world;

/* --- what is made, and what it must be --- */

#define SOURCE "CREATE TABLE s (ts timestamptz, k text, n bigint) WITH (event_time = ts, partition_by = k, partitions = 2);"
#define DEFINITIONS SOURCE \
	"CREATE TABLE few WITH (event_time = ts) AS SELECT ts, k, n FROM s WHERE n % 3 <> 0;" \
	"CREATE TABLE totals WITH (event_time = ts) AS SELECT ts, k, sum(n) OVER w AS total, lag(n, 2) OVER w AS before," \
	" max(n) OVER (PARTITION BY k ORDER BY _off ROWS 9 PRECEDING) AS most FROM few WINDOW w AS (PARTITION BY k ORDER BY _off);"

static void start(void) {
	char *path = test_file(&lk, "d.sql", DEFINITIONS);
	test_world_empty(&world);
	LK(0, "", "", "apply", path);
	free(path);
}

/* Events of the keys k0 … k<keys - 1> with this n. */
static void ingest(int events, int keys, int n) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < events; i++)
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T10:%02d:%02dZ\",\"k\":\"k%d\",\"n\":%d}\n", i / 60 % 60, i % 60, i % keys, n);
	char *path = test_file(&lk, "in.jsonl", b.data);
	LK(0, "", "", "ingest", "s", path);
	free(path);
	lk_buf_release(&b);
}

static void run_once(const char *mutant) {
	char *env = lk_asprintf("LK_MUTANT=%s", mutant);
	test_run(&lk, (const char *const[]){env, NULL}, 0, "", "", ARGS("speed", "--once"));
	free(env);
}

/* The world's session ends with the server. */
static void reconnect(void) {
	lk_pg_close(&world.pg);
	test_open(&world.pg, &lk.servers);
}

static void put_postgresql_back(const char *name) {
	test_postgres_restore(&lk.servers, name);
	reconnect();
}

static void save_postgresql(const char *name) {
	test_postgres_save(&lk.servers, name);
	reconnect();
}

static const char wrong_few[] =
	"SELECT count(*) FROM (SELECT part, row_number() OVER (PARTITION BY part ORDER BY off) - 1 AS off, ts, k, n, off AS _src, _at FROM lk.log_s WHERE n % 3 <> 0)"
	" AS a FULL JOIN lk.log_few AS b USING (part, off) WHERE (a.ts, a.k, a.n, a._src, a._at) IS DISTINCT FROM (b.ts, b.k, b.n, b._src, b._at)";
static const char wrong_totals[] =
	"SELECT count(*) FROM (SELECT part, off, ts, k, sum(n) OVER w AS total, lag(n, 2) OVER w AS before, max(n) OVER (PARTITION BY k ORDER BY off ROWS 9 PRECEDING)"
	" AS most, _at FROM lk.log_few WINDOW w AS (PARTITION BY k ORDER BY off)) AS a FULL JOIN lk.log_totals AS b USING (part, off)"
	" WHERE (a.ts, a.k, a.total, a.before, a.most, a._at) IS DISTINCT FROM (b.ts, b.k, b.total, b.before, b.most, b._at)";

static void assert_right(void) {
	test_ask_is(&lk, "SELECT count(*) > 0 FROM lk.log_totals", "t");
	test_ask_is(&lk, wrong_few, "0");
	test_ask_is(&lk, wrong_totals, "0");
}

static bool is_wrong(const char *sql) { return test_world_int(&world, sql) > 0; }

/* --- nothing is sent again --- */

static int is_stopped(void *pid) {
	int status;
	return waitpid(*(int *)pid, &status, WNOHANG | WUNTRACED) == *(int *)pid && WIFSTOPPED(status);
}

/* The layer is frozen in the transaction that writes five rows; meanwhile PostgreSQL goes back to before their events, and
 * other events come in their place. */
static void lose_the_events_of_a_batch(const char *mutant) {
	char *env = lk_asprintf("LK_MUTANT=%s", mutant);
	start();
	ingest(10, 1, 1);
	run_once("");
	save_postgresql("before");
	ingest(5, 1, 2);
	int pid = test_lk_start(&lk.servers, (const char *const[]){"LK_FREEZE=derived.reserved", env, NULL}, ARGS("speed"));
	assert_true(test_poll(is_stopped, &pid, DEADLINE_MS));
	put_postgresql_back("before");
	ingest(5, 1, 7);
	kill(pid, SIGCONT);
	test_await_sql(&lk, "SELECT (SELECT count(*) FROM lk.log_s) = 15 AND (SELECT count(*) FROM lk.log_few) = 15");
	kill(pid, SIGTERM);
	assert_int_equal(test_lk_wait(pid, DEADLINE_MS), 0);
	free(env);
}

/* D2, I5, P13: the position fits again, but other events lead to it. */
static void a_batch_is_not_sent_again(void **state) {
	(void)state;
	lose_the_events_of_a_batch("");
	run_once("");
	assert_right();
}

/* D2, P13: rows of events that never were, for good */
static void a_batch_that_is_sent_again_is_wrong(void **state) {
	(void)state;
	lose_the_events_of_a_batch("rows_sent_again");
	assert_true(is_wrong(wrong_few));
	test_ask_is(&lk, "SELECT string_agg(DISTINCT n::text, ' ' ORDER BY n::text) FROM lk.log_few", "1 2");
}

/* --- the state follows the log --- */

/* Redis has a state of twenty events when PostgreSQL goes back to ten of them, and five others come. */
static void the_state_is_beyond_the_log(const char *mutant) {
	start();
	ingest(10, 1, 1);
	run_once("");
	save_postgresql("before");
	ingest(10, 1, 2);
	run_once("");
	test_redis_save(&lk.servers, "lost");
	put_postgresql_back("before");
	ingest(15, 1, 7);
	run_once(mutant);
}

/* D3, P18 */
static void a_state_beyond_the_log_is_made_again(void **state) {
	(void)state;
	the_state_is_beyond_the_log("");
	assert_right();
	run_once("");
	assert_right();
}

/* D3, P18: it goes on where its own history was, and the rows between never come */
static void a_state_beyond_the_log_that_is_kept_is_wrong(void **state) {
	(void)state;
	the_state_is_beyond_the_log("state_kept");
	assert_true(is_wrong(wrong_totals));
}

/* Redis is put back to the state of the lost history, whose cursor is now below the log's position. */
static void the_state_is_of_a_lost_history(const char *mutant) {
	the_state_is_beyond_the_log("");
	test_redis_restore(&lk.servers, "lost");
	ingest(5, 1, 4);
	run_once(mutant);
}

/* D3, P6, P18 */
static void a_state_of_a_lost_history_is_made_again(void **state) {
	(void)state;
	the_state_is_of_a_lost_history("");
	assert_right();
}

/* D3, P6, P18: sums of events that are no longer in the log */
static void a_state_of_a_lost_history_that_is_kept_is_wrong(void **state) {
	(void)state;
	the_state_is_of_a_lost_history("state_log_unchecked");
	assert_true(is_wrong(wrong_totals));
}

/* --- an append is lost that lay before another one --- */

#define MERGED SOURCE \
	"CREATE TABLE m WITH (event_time = ts, partition_by = g) AS SELECT ts, k, n, left(k, 1) AS g FROM s;" \
	"CREATE TABLE all_of_it WITH (event_time = ts) AS SELECT ts, k, g, n FROM m;" \
	"CREATE TABLE sums WITH (event_time = ts) AS SELECT ts, sum(n) OVER (PARTITION BY g ORDER BY _off) AS total FROM m;" \
	"CREATE VIEW v AS SELECT g, count(*) AS c, sum(n) AS n FROM all_of_it GROUP BY g;"

static void append_to(int part, int events, int n) {
	lk_buf b = LK_BUF_INIT;
	char *key = test_ask(&lk, "SELECT min(k) FROM lk.log_s WHERE part = $1::int", ARGS(part ? "1" : "0"));
	for (int i = 0; i < events; i++)
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T11:00:%02dZ\",\"k\":\"%s\",\"n\":%d}\n", i, key, n);
	char *path = test_file(&lk, "in.jsonl", b.data);
	LK(0, "", "", "ingest", "s", path);
	free(path);
	free(key);
	lk_buf_release(&b);
}

/* Redis empty, the unit of the copy folds the first rows of the log that has them all. */
static void fold(const lk_cat_copy *copy, int events) {
	test_worker w;
	test_worker_open_copy(&w, &world, copy);
	int part = test_world_int(&world, "SELECT DISTINCT part FROM lk.log_m");
	assert_int_equal(test_worker_step(&w, part, events), events);
	test_worker_close(&w);
}

static void fold_until_within(void) {
	test_redis_empty(&lk.servers);
	test_world_reload(&world);
	fold(test_world_copy(&world, "v"), 4 + 3 + 2);
	fold(test_world_filler(&world, "sums"), 4 + 3 + 2);
	test_redis_save(&lk.servers, "within");
}

/* Three events lie before ten of another partition, though they were committed later: their append had read the clock. */
static void lay_before(const char *mutant) {
	char *path = test_file(&lk, "d.sql", MERGED);
	test_world_empty(&world);
	LK(0, "", "", "apply", path);
	free(path);
	ingest(4, 4, 0);
	append_to(1, 10, 1);
	save_postgresql("kept");
	append_to(0, 3, 100);
	test_world_run(&world, "UPDATE lk.log_s SET _at = (SELECT min(_at) FROM lk.log_s WHERE n = 1) - interval '1 us' WHERE n = 100");
	test_world_run(&world, "UPDATE lk.tail AS t SET last_at = l.at FROM (SELECT part, max(_at) AS at FROM lk.log_s GROUP BY part) AS l, lk.stream AS s"
	                       " WHERE s.stream_id = t.stream_id AND s.name = 's' AND l.part = t.part");
	run_once(mutant);
	test_ask_is(&lk, "SELECT string_agg(n::text, ' ' ORDER BY off) FROM lk.log_m", "0 0 0 0 100 100 100 1 1 1 1 1 1 1 1 1 1");
}

/* Units have folded two of the ten when PostgreSQL goes back to before the three. Where the second one was, another one of the ten is
 * now, with the same `_at`. */
static void lose_what_lay_before(const char *mutant) {
	lay_before(mutant);
	fold_until_within();
	put_postgresql_back("kept");
	run_once(mutant);
	test_redis_restore(&lk.servers, "within");
	append_to(1, 3, 5);
}

static const char wrong_sums[] =
	"SELECT count(*) FROM (SELECT part, off, sum(n) OVER (PARTITION BY g ORDER BY off) AS total FROM lk.log_m) AS a FULL JOIN lk.log_sums AS b USING (part, off)"
	" WHERE a.total IS DISTINCT FROM b.total";

/* D3, I1, P6, P18: also where two logs further on nothing tells the rows apart */
static void what_lay_before_is_lost(void **state) {
	(void)state;
	lose_what_lay_before("");
	LK(5, "", "is not the one that the unit folded", "query", "v");
	run_once("");
	LK(0, "k,17,25\r\n", "", "query", "v", "--format", "csv");
	test_ask_is(&lk, wrong_sums, "0");
}

/* D3, P6, P18: the same `_at` is taken for the same row */
static void equal_times_alone_do_not_tell(void **state) {
	(void)state;
	lose_what_lay_before("run_unchecked");
	run_once("run_unchecked");
	LK(0, "k,17,322\r\n", "", "query", "v", "--format", "csv");
	assert_true(is_wrong(wrong_sums));
}

#define CSV_OF_N "--columns", "n", "--format", "csv"

/* The same of somebody who reads the rows: what he gets after the loss, having had two of the ten. */
static void read_what_lay_before(const char *mutant) {
	char *cursor = lk_asprintf("%s/seen-%d", lk.servers.dir, *mutant != '\0'), *env = lk_asprintf("LK_MUTANT=%s", mutant);
	lay_before(mutant);
	LK(0, "n\r\n0\r\n0\r\n0\r\n0\r\n100\r\n100\r\n100\r\n1\r\n1\r\n", "", "tail", "m", CSV_OF_N, "--cursor", cursor, "--limit", "9");
	put_postgresql_back("kept");
	append_to(1, 3, 5);
	run_once(mutant);
	test_run(&lk, (const char *const[]){env, NULL}, 0, "", "", ARGS("tail", "m", CSV_OF_N, "--cursor", cursor));
	free(env);
	free(cursor);
}

/* I5, P6: a reader goes on behind the rows that it had, though others have their offsets now */
static void what_lay_before_is_lost_to_a_reader(void **state) {
	(void)state;
	read_what_lay_before("");
	assert_string_equal(lk.out, "n\r\n1\r\n1\r\n1\r\n1\r\n1\r\n1\r\n1\r\n1\r\n5\r\n5\r\n5\r\n");
	assert_non_null(strstr(lk.err, "lost its end"));
}

/* P6: three of them never come */
static void equal_times_alone_leave_rows_out(void **state) {
	(void)state;
	read_what_lay_before("run_unchecked");
	assert_string_equal(lk.out, "n\r\n1\r\n1\r\n1\r\n1\r\n1\r\n5\r\n5\r\n5\r\n");
}

/* --- a log that is made again --- */

/* All that was written lies three days back, as if the clock had moved on. */
static void three_days_pass(void) {
	static const char *const logs[] = {"s", "few", "totals"};
	for (int i = 0; i < 3; i++) {
		char *sql = lk_asprintf("UPDATE lk.log_%s SET _at = _at - interval '3 days'", logs[i]);
		test_world_run(&world, sql);
		free(sql);
	}
	test_world_run(&world, "UPDATE lk.tail SET last_at = last_at - interval '3 days', closed = closed - interval '3 days'");
}

/* Fills the logs, and days later fills them again. Returns how many rows differ in any column. */
static int64_t made_again_days_later(const char *mutant) {
	start();
	for (int i = 0; i < 4; i++)
		ingest(40, 3, i + 1);
	run_once(mutant);
	three_days_pass();
	test_world_run(&world, "DROP SCHEMA IF EXISTS former CASCADE; CREATE SCHEMA former; CREATE TABLE former.few AS SELECT * FROM lk.log_few;"
	                       " CREATE TABLE former.totals AS SELECT * FROM lk.log_totals");
	LK(0, "", "", "drop", "--stream", "totals", "--yes");
	LK(0, "", "", "drop", "--stream", "few", "--yes");
	char *path = test_file(&lk, "d.sql", DEFINITIONS);
	LK(0, "", "", "apply", path);
	free(path);
	run_once(mutant);
	return test_world_int(&world, "SELECT (SELECT count(*) FROM (SELECT part, off, a FROM former.few a) a FULL JOIN (SELECT part, off, b FROM lk.log_few b) b"
	                              " USING (part, off) WHERE a::text IS DISTINCT FROM b::text)"
	                              " + (SELECT count(*) FROM (SELECT part, off, a FROM former.totals a) a FULL JOIN (SELECT part, off, b FROM lk.log_totals b) b"
	                              " USING (part, off) WHERE a::text IS DISTINCT FROM b::text)");
}

/* D1, L4, P13: byte for byte, with `_at`, `_src` and `_high` */
static void a_log_made_again_days_later_is_the_same(void **state) {
	(void)state;
	assert_int_equal(made_again_days_later(""), 0);
	test_ask_is(&lk, "SELECT count(*) > 0 FROM former.totals", "t");
}

/* L4, P13 */
static void a_log_with_times_of_the_clock_is_another_one(void **state) {
	(void)state;
	assert_true(made_again_days_later("at_of_the_clock") > 0);
}

/* --- under a running layer --- */

static void disturb(uint64_t *seed, bool *saved) {
	switch (random_below(seed, 10)) {
	case 0: test_postgres_kill(&lk.servers); test_postgres_start(&lk.servers); break;
	case 1: test_postgres_save(&lk.servers, "postgres"); saved[0] = true; break;
	case 2: if (saved[0]) test_postgres_restore(&lk.servers, "postgres"); break;
	case 3: test_redis_save(&lk.servers, "redis"); saved[1] = true; break;
	case 4: if (saved[1]) test_redis_restore(&lk.servers, "redis"); break;
	case 5: test_redis_empty(&lk.servers); break;
	case 6: test_redis_kill(&lk.servers); test_redis_start(&lk.servers); break;
	case 7: case 8: LK(0, "", "", "batch"); break;
	default: break;
	}
}

static int start_layer(void) { return test_lk_start(&lk.servers, NULL, ARGS("speed", "--workers", "2")); }

/* Kills the layer now and then; one that found no server when it began has ended by itself. */
static int go_on(int pid, bool killed) {
	if (killed)
		kill(pid, SIGKILL);
	return test_lk_wait(pid, killed ? DEADLINE_MS : 0) < 0 ? pid : start_layer();
}

/* D2, D3, D4, D5, I5, I11, P13, P18, P21: both servers are killed, emptied and put back while the layer makes moving windows, and it is killed
 * itself. */
static void servers_go_back_under_a_running_layer(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	int n = test_rounds("KILLS", 16);
	bool saved[2] = {false, false};
	start();
	ingest(100, 5, 1);
	int pid = start_layer();
	for (int i = 0; i < n; i++) {
		ingest(1 + random_below(&seed, 1500), 5, random_below(&seed, 10));
		disturb(&seed, saved);
		pid = go_on(pid, random_below(&seed, 4) == 0);
	}
	reconnect();
	pid = go_on(pid, false);
	ingest(10, 5, 2);
	test_await_sql(&lk, "SELECT (SELECT count(*) FROM lk.log_s WHERE n % 3 <> 0) = (SELECT count(*) FROM lk.log_totals)");
	kill(pid, SIGTERM);
	assert_int_equal(test_lk_wait(pid, DEADLINE_MS), 0);
	assert_right();
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_is_not_sent_again),
		cmocka_unit_test(a_batch_that_is_sent_again_is_wrong),
		cmocka_unit_test(a_state_beyond_the_log_is_made_again),
		cmocka_unit_test(a_state_beyond_the_log_that_is_kept_is_wrong),
		cmocka_unit_test(a_state_of_a_lost_history_is_made_again),
		cmocka_unit_test(a_state_of_a_lost_history_that_is_kept_is_wrong),
		cmocka_unit_test(what_lay_before_is_lost),
		cmocka_unit_test(equal_times_alone_do_not_tell),
		cmocka_unit_test(what_lay_before_is_lost_to_a_reader),
		cmocka_unit_test(equal_times_alone_leave_rows_out),
		cmocka_unit_test(a_log_made_again_days_later_is_the_same),
		cmocka_unit_test(a_log_with_times_of_the_clock_is_another_one),
		cmocka_unit_test(servers_go_back_under_a_running_layer),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
