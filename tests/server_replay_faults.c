/* Faults of a replay: it is killed at any point and continued, servers go away, its lock is lost, the log has a gap,
 * memory or disk is full. Players of this program run the replays that are killed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/copies.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

enum { CATCH_UP_MS = 30000 };

static test_servers servers;
static test_world world;
static test_replayed hits = {.world = &world};

static void append(int n) { test_replayed_append(&hits, n); }

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_replayed_text);
	hits.appended = 0;
	test_table_reset();
	return 0;
}

/* --- kills --- */

struct crash { lk_replay_options options; const char *point; };

static int run_and_crash(void *arg) {
	const struct crash *c = arg;
	setenv("LK_CRASH", c->point, 1);
	return test_replay_body(arg);
}

/* I8, I11, I9 */
static void killed_at_each_point(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	static const char *const points[] = {
		"replay.made", "take_over.done:2", "commit.done:2", "side_output.written", "replay.replayed", "replay.verified",
		"switch.locked", "switch.moved", "switch.committed",
	};
	append(3000);
	test_world_batch(&world, "strict");
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		struct crash c = {.options = test_replay_options(&world, "strict"), .point = points[i]};
		c.options.switch_over = c.options.verify = true;
		c.options.limits.commit_events = 100;
		int64_t before = test_served(&world, "strict");
		int status = test_player_wait(test_player(run_and_crash, &c), 30000);
		if (status != 128 + SIGKILL)
			fail_msg("a replay was to be killed at %s; it ended with %d", points[i], status);
		append(50);   /* the killed process does not hold the log */
		bool moved = strcmp(points[i], "switch.committed") == 0;
		assert_int_equal(test_served(&world, "strict") != before, moved);
		test_view_is_right(&world, "strict");
		lk_replay_report r = test_replay(&c.options);
		assert_int_equal(r.already, moved);
		assert_int_equal(r.resumed, !moved);
		assert_int_equal(r.switched, !moved);
		assert_true(test_serves_kappa(&world, "strict"));
		assert_int_equal(test_served(&world, "strict"), r.copy_id);
		assert_int_equal(test_copies(&world, "strict"), 2);
		test_view_is_right(&world, "strict");
		test_nothing_is_open(&world);
		lk_replay_report_release(&r);
	}
}

/* I8, I11 */
static void killed_at_any_moment(void **state) {
	(void)state;
	unsigned long seed = test_seed("killed_at_any_moment");
	append(5000);
	int workers = test_player_lk(&servers, NULL, (const char *const[]){"speed", NULL});
	test_replayed appending = {.world = &world, .seed = test_random(&seed)};
	int appends = test_player(test_replayed_body, &appending);
	for (int i = test_rounds("KILLS", 20); i > 0; i--) {
		lk_replay_options o = test_replay_options(&world, "balance");
		o.switch_over = true;
		o.verify = i % 2;
		o.limits.commit_events = 200;
		int pid = test_player(test_replay_body, &o);
		test_player_kill_after(pid, (int)(test_random(&seed) % 400));
		test_view_is_right(&world, "balance");
	}
	lk_replay_options o = test_replay_options(&world, "balance");
	o.switch_over = o.verify = true;
	lk_replay_report r = test_replay(&o);
	test_the_table->stop = 1;
	assert_int_equal(test_player_wait(appends, 20000), 0);
	assert_true(r.switched || r.already);
	test_catches_up_in(&world, CATCH_UP_MS, "balance");
	assert_true(test_serves_kappa(&world, "balance"));
	test_nothing_is_open(&world);
	assert_true(test_copies(&world, "balance") <= 2);
	lk_replay_report_release(&r);
	kill(workers, SIGTERM);
	assert_int_equal(test_player_wait(workers, 30000), 0);
}

/* --- servers go away --- */

static int has_begun(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM lk.replay") > 0;
}

/* I11 */
static void both_servers_go_away_in_the_middle(void **state) {
	(void)state;
	append(30000);
	lk_replay_options o = test_replay_options(&world, "traffic");
	o.switch_over = o.verify = true;
	o.limits.fetch_events = 500;
	o.limits.commit_events = 20;
	int pid = test_player(test_replay_body, &o);
	assert_true(test_poll(has_begun, NULL, 20000));
	test_redis_kill(&servers);
	test_redis_start(&servers);
	test_postgres_kill(&servers);
	test_postgres_start(&servers);
	test_redis_kill(&servers);
	test_postgres_kill(&servers);
	test_postgres_start(&servers);
	test_redis_start(&servers);
	test_world_reconnect(&world);
	append(100);
	assert_int_equal(test_player_wait(pid, 60000), 0);
	test_world_reload(&world);
	assert_true(test_serves_kappa(&world, "traffic"));
	test_view_is_right(&world, "traffic");
	test_nothing_is_open(&world);
	test_redis_empty(&servers);
	test_world_speed_once(&world, "traffic");
	test_catches_up_in(&world, CATCH_UP_MS, "traffic");
}

/* I11, I8: one server or both, at any moment of replays and switches, while events arrive. */
static void servers_go_away_at_any_moment(void **state) {
	(void)state;
	unsigned long seed = test_seed("servers_go_away_at_any_moment");
	append(10000);
	for (int round = 0; round < 4; round++) {
		lk_replay_options o = test_replay_options(&world, "balance");
		o.switch_over = o.verify = true;
		o.limits.fetch_events = 1000;
		o.limits.commit_events = 100;
		int pid = test_player(test_replay_body, &o);
		int status = test_player_wait(pid, (int)(test_random(&seed) % 400));   /* a random moment */
		unsigned long which = test_random(&seed) % 3;
		if (which != 0)
			test_redis_kill(&servers);
		if (which != 1)
			test_postgres_kill(&servers);
		if (which != 1)
			test_postgres_start(&servers);
		if (which != 0)
			test_redis_start(&servers);
		test_world_reconnect(&world);
		append(100);
		if (status < 0)
			status = test_player_wait(pid, 60000);
		if (status == -LK_EUNREACHABLE)   /* it had not reached both servers yet */
			test_replay(&o);
		else
			assert_int_equal(status, 0);
		test_world_reload(&world);
		assert_true(test_serves_kappa(&world, "balance"));
		test_world_speed_once(&world, "balance");
		test_catches_up_in(&world, CATCH_UP_MS, "balance");
		assert_true(test_copies(&world, "balance") <= 2);
		test_nothing_is_open(&world);
	}
}

/* --- other losses --- */

/* P15: its session ends, another process gets the lock and drops its copy. */
static void a_replay_that_lost_its_lock_changes_nothing(void **state) {
	(void)state;
	lk_error err = {0};
	append(20000);
	lk_replay_options o = test_replay_options(&world, "traffic");
	o.switch_over = true;
	o.limits.fetch_events = 500;
	o.limits.commit_events = 20;
	int64_t before = test_served(&world, "traffic");
	int pid = test_player(test_replay_body, &o);
	assert_true(test_poll(has_begun, NULL, 20000));
	int64_t copy = test_world_int(&world, "SELECT copy_id FROM lk.replay");
	test_world_run(&world, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
	               " WHERE application_name = 'lk replay'");
	assert_int_equal(lk_view_lock(&world.pg, lk_catalog_view(world.catalog, "traffic"), &err), LK_OK);
	assert_int_equal(lk_copy_drop(&world.pg, copy, &err), LK_OK);
	assert_int_equal(lk_pg_unlock(&world.pg, lk_catalog_view(world.catalog, "traffic")->id, &err), LK_OK);
	assert_int_equal(test_player_wait(pid, 60000), -LK_ECONFLICT);
	assert_int_equal(test_served(&world, "traffic"), before);
	assert_int_equal(test_copies(&world, "traffic"), 1);
	test_world_speed_once(&world, "traffic");
	test_catches_up_in(&world, CATCH_UP_MS, "traffic");
}

static void a_hole_in_the_log_ends_it(void **state) {
	(void)state;
	lk_replay_report report;
	lk_error err;
	append(1000);
	test_world_speed_once(&world, "traffic");
	int64_t before = test_served(&world, "traffic");
	test_world_run(&world, "CREATE TABLE lk.aside AS SELECT * FROM lk.log_hits WHERE part = 1 AND off = 57;"
	               " DELETE FROM lk.log_hits WHERE part = 1 AND off = 57");
	lk_replay_options o = test_replay_options(&world, "traffic");
	o.switch_over = true;
	assert_int_equal(test_replay_fails(&o, &report, &err), LK_EGAP);
	assert_non_null(strstr(err.text, "57"));
	assert_int_equal(test_served(&world, "traffic"), before);
	test_world_run(&world, "INSERT INTO lk.log_hits SELECT * FROM lk.aside; DROP TABLE lk.aside");
	report = test_replay(&o);
	assert_true(report.resumed && report.switched);
	test_view_is_right(&world, "traffic");
	test_nothing_is_open(&world);
}

static int64_t bytes_of(int64_t copy) {
	lk_error err = {0};
	int64_t sum = 0;
	test_world_reload(&world);
	const lk_cat_copy *c = lk_catalog_copy(world.catalog, copy);
	for (int i = 0; c && i < 3; i++) {
		int64_t bytes;
		assert_int_equal(lk_store_unit_bytes(world.store, c->units[i], &bytes, &err), LK_OK);
		sum += bytes;
	}
	return sum;
}

/* I11: the served copy keeps its memory. */
static void no_room_for_a_second_copy(void **state) {
	(void)state;
	lk_replay_report report;
	lk_error err;
	test_world_declare(&world, "CREATE VIEW each AS SELECT ts, ip, count(*) AS n FROM hits GROUP BY ts, ip");
	append(20000);
	test_world_speed_once(&world, NULL);
	int64_t keys = test_redis_keys(&servers), before = test_served(&world, "each");
	assert_true(bytes_of(before) > 300000);
	test_redis_room(&servers, 300000);
	lk_replay_options o = test_replay_options(&world, "each");
	o.switch_over = true;
	o.limits.commit_cells = 500;
	assert_int_equal(test_replay_fails(&o, &report, &err), LK_EFULL);
	assert_non_null(strstr(err.hint, "dry-run"));
	assert_int_equal(test_served(&world, "each"), before);
	assert_int_equal(test_copies(&world, "each"), 1);
	assert_int_equal(test_redis_keys(&servers), keys);
	append(10);
	test_world_speed_once(&world, "each");
	test_view_is_right(&world, "each");
	test_redis_room(&servers, -1);
	lk_replay_report r = test_replay(&o);
	assert_true(r.switched && !r.resumed);
	test_view_is_right(&world, "each");
	test_nothing_is_open(&world);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, test_players_end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(killed_at_each_point),
		TEST(killed_at_any_moment),
		TEST(both_servers_go_away_in_the_middle),
		TEST(servers_go_away_at_any_moment),
		TEST(a_replay_that_lost_its_lock_changes_nothing),
		TEST(a_hole_in_the_log_ends_it),
		TEST(no_room_for_a_second_copy),
	};
	test_table_open();
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
