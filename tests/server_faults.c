/* Processes and servers that die or sleep at the wrong moment (I5, I7, I8, I11): afterwards the system goes on by
 * itself, and its answers equal the oracle's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "speed_layer/tiers.h"
#include "tests/support/fixtures.h"

static test_servers servers;
static test_world world;
static int next_event;

static const char *const definitions =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes FROM hits GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits"
	" GROUP BY path, tumble(ts, '10 seconds');";

static const int64_t start_us = INT64_C(1500000000000000);

static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = next_event; i < next_event + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S - (i % 9 == 0 ? i % 100 * LK_US_PER_S : 0), &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", i % 17, i * 7 % 23, i % 1009);
	}
	next_event += n;
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void is_right(void) {
	lk_query traffic = test_query("traffic"), strict = test_query("strict");
	test_world_same(&world, &traffic);
	test_world_same(&world, &strict);
}

static int is_caught_up(void *view) {
	lk_query q = test_query(view);
	lk_answer a;
	lk_error err = {0};
	bool all = lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err) == LK_OK;
	for (int i = 0; all && i < a.partitions; i++)
		all = a.end.part[i].off == a.tail.part[i].off;
	if (err.code == LK_OK)
		lk_answer_release(&a);
	return all;
}

static void catches_up(void) {
	if (!test_poll(is_caught_up, "traffic", 30000) || !test_poll(is_caught_up, "strict", 30000))
		fail_msg("not caught up with after 30 s");
	is_right();
}

static void reconnect(void) {
	lk_error err = {0};
	lk_pg_close(&world.pg);
	lk_store_close(world.store);
	if (lk_pg_open(&world.pg, servers.at.postgres, "lk test", &err) != LK_OK
	    || lk_store_open(&world.store, servers.at.redis, world.log_id, &err) != LK_OK)
		fail_msg("%s", err.text);
}

/* The running ones; teardown kills them, also after a failed test. */
static int running[4];

static int speed(void) {
	for (size_t i = 0; i < sizeof running / sizeof *running; i++)
		if (!running[i])
			return running[i] = test_lk_start(&servers, NULL, (const char *const[]){"speed", NULL});
	fail_msg("too many processes");
	return -1;
}

static void ends_with(int pid, int sig, int status) {
	kill(pid, sig);
	assert_int_equal(test_lk_wait(pid, 20000), status);
	for (size_t i = 0; i < sizeof running / sizeof *running; i++)
		if (running[i] == pid)
			running[i] = 0;
}

static void end_softly(int pid) { ends_with(pid, SIGTERM, 0); }
static void end_at_once(int pid) { ends_with(pid, SIGKILL, 128 + SIGKILL); }

static int end_all(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof running / sizeof *running; i++)
		if (running[i])
			end_at_once(running[i]);
	return 0;
}

static void lk_must(const char *const *argv) {
	char *err = NULL;
	int status = test_lk(&servers, NULL, NULL, &err, argv);
	if (status != 0)
		fail_msg("lk %s: exit status %d: %s", argv[0], status, err);
	free(err);
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	next_event = 0;
	return 0;
}

/* --- crash points --- */

/* A state in which one run of the speed layer takes over, folds, commits, records late events, drops, compacts and
 * resets. */
static void prepare(void) {
	test_worker t;
	lk_error err = {0};
	append(400);
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	test_world_batch(&world, "traffic");
	append(600);
	for (int i = 0; i < LK_SEGMENTS_MOST + 10; i++) {   /* so many that a run with an end compacts them */
		assert_int_equal(lk_unit_take(&t.path, &t.units[0], &err), LK_OK);
		assert_true(test_worker_step(&t, 0, 2) > 0);
	}
	char *forge = lk_asprintf("redis-cli -s %s hset lk:%s:u:%lld at 1 >/dev/null", servers.at.redis + strlen("unix:"),
	                          world.log_id, (long long)t.units[1].id);   /* as if the log had lost that event */
	assert_int_equal(system(forge), 0);
	free(forge);
	test_worker_close(&t);
}

static void crash_at(const char *point, const char *command, const char *option) {
	const char *const argv[] = {command, option, NULL};
	char *crash = lk_asprintf("LK_CRASH=%s", point);
	int status = test_lk(&servers, (const char *const[]){crash, NULL}, NULL, NULL, argv);
	if (status != 128 + SIGKILL)
		fail_msg("lk %s was to be killed at %s; it ended with %d", command, point, status);
	free(crash);
}

/* I1, I11, P10 */
static void killed_at_each_point_of_the_stream_path(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	static const char *const points[] = {
		"take_over.done", "take_over.done:4", "commit.sent", "commit.sent:3", "commit.done", "commit.done:5", "side_output.written:2",
		"drop.done", "drop.done:2", "reset.done", "compact.staged", "compact.swapped",
	};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		fresh(NULL);
		prepare();
		crash_at(points[i], "speed", "--once");
		is_right();
		lk_must((const char *const[]){"speed", "--once", NULL});
		catches_up();
	}
}

static int64_t published(void) { return test_world_int(&world, "SELECT max(cut_id) FROM lk.copy"); }

static int64_t tables(void) {
	return test_world_int(&world, "SELECT count(*) FROM pg_class WHERE relkind = 'r'"
	                      " AND relname ~ '^batch_[0-9]+_[0-9]+$'");
}

/* The session of a killed batch ends a little later. */
static int has_no_batch(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lk batch%'") == 0;
}

/* I2, I9, P16 */
static void killed_at_each_point_of_a_batch(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	static const char *const points[] = {"cut.made", "batch.cut", "publish.before_commit", "batch.computed", "batch.published"};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		fresh(NULL);
		append(300);
		lk_must((const char *const[]){"batch", "traffic", NULL});
		append(300);
		lk_must((const char *const[]){"speed", "--once", NULL});
		int64_t cut = published();
		crash_at(points[i], "batch", "traffic");
		bool whole = strcmp(points[i], "batch.published") == 0;
		assert_int_equal(test_poll(has_no_batch, NULL, 20000), 1);
		assert_true((published() != cut) == whole);
		assert_int_equal(tables(), 1 + whole);   /* a killed batch leaves nothing */
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.batch"), 1 + whole);
		catches_up();
		append(100);
		lk_must((const char *const[]){"batch", "traffic", NULL});
		lk_must((const char *const[]){"speed", "--once", NULL});
		catches_up();
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'published'"), 1);
	}
}

/* --- at any moment --- */

/* I3, I11 */
static void killed_at_random_moments(void **state) {
	(void)state;
	unsigned long seed = test_seed("killed_at_random_moments");
	int rounds = test_rounds("KILLS", 50);
	for (int round = 0; round < rounds; round++) {
		int workers = speed();
		int batch = test_random(&seed) % 3 == 0
		            ? test_lk_start(&servers, NULL, (const char *const[]){"batch", NULL}) : -1;
		for (unsigned long n = test_random(&seed) % 8; n > 0; n--)
			append(1 + (int)(test_random(&seed) % 200));
		end_at_once(workers);
		if (batch >= 0) {
			kill(batch, SIGKILL);
			assert_true(test_lk_wait(batch, 20000) >= 0);
		}
		is_right();
	}
	lk_must((const char *const[]){"speed", "--once", NULL});
	catches_up();
	/* the session of a killed batch may hold its lock a little longer */
	int64_t deadline = lk_monotonic_us() + 20 * LK_US_PER_S;
	while (test_lk(&servers, NULL, NULL, NULL, (const char *const[]){"batch", NULL}) != 0)
		assert_true(lk_monotonic_us() < deadline);
	append(10);
	lk_must((const char *const[]){"speed", "--once", NULL});
	catches_up();
}

static void a_signal_ends_it_softly(void **state) {
	(void)state;
	int pid = speed();
	append(500);
	catches_up();
	end_softly(pid);
	catches_up();
}

/* I11 */
static void another_process_succeeds(void **state) {
	(void)state;
	int a = speed();
	append(100);
	catches_up();
	int b = speed();
	append(100);
	catches_up();
	end_at_once(a);
	append(100);
	catches_up();
	end_softly(b);
}

/* I7, P1: Its sessions are gone and another process owns its units. Then it wakes in the middle of its work. */
static void a_paused_process_changes_nothing(void **state) {
	(void)state;
	int a = speed();
	append(100);
	catches_up();
	append(2000);
	assert_int_equal(kill(a, SIGSTOP), 0);
	test_world_run(&world, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'lk speed'");
	int b = speed();
	append(2000);
	catches_up();
	kill(a, SIGCONT);
	append(2000);
	catches_up();
	end_softly(a);
	append(100);
	catches_up();
	end_softly(b);
}

/* --- servers --- */

/* I11 */
static void servers_come_and_go(void **state) {
	(void)state;
	int pid = speed();
	append(300);
	catches_up();
	test_redis_kill(&servers);
	append(300);
	test_redis_start(&servers);
	reconnect();
	catches_up();
	test_postgres_kill(&servers);
	test_postgres_start(&servers);
	reconnect();
	append(300);
	catches_up();
	test_redis_empty(&servers);
	append(300);
	catches_up();
	end_softly(pid);
}

/* I11 */
static void both_servers_at_once(void **state) {
	(void)state;
	int pid = speed();
	append(300);
	catches_up();
	append(300);
	test_redis_kill(&servers);
	test_postgres_kill(&servers);
	test_postgres_start(&servers);
	test_redis_start(&servers);
	reconnect();
	append(300);
	catches_up();
	lk_must((const char *const[]){"batch", NULL});
	append(300);
	catches_up();
	end_softly(pid);
}

/* I11, P2 */
static void redis_goes_back_under_a_running_layer(void **state) {
	(void)state;
	int pid = speed();
	append(300);
	catches_up();
	test_redis_save(&servers, "then");
	append(300);
	catches_up();
	lk_must((const char *const[]){"batch", "traffic", NULL});
	append(300);
	catches_up();
	test_redis_restore(&servers, "then");
	reconnect();
	append(100);
	catches_up();
	end_softly(pid);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end_all)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(killed_at_each_point_of_the_stream_path),
		TEST(killed_at_each_point_of_a_batch),
		TEST(killed_at_random_moments),
		TEST(a_signal_ends_it_softly),
		TEST(another_process_succeeds),
		TEST(a_paused_process_changes_nothing),
		TEST(servers_come_and_go),
		TEST(both_servers_at_once),
		TEST(redis_goes_back_under_a_running_layer),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
