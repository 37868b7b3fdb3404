/* A replay: a copy that the stream path makes beside the served one; verified, switched to while events arrive, stopped
 * and continued. */
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
#include "speed_layer/speed.h"
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

/* --- one replay --- */

static void a_replay_makes_a_copy_beside_the_served_one(void **state) {
	(void)state;
	append(3000);
	test_world_batch(&world, "traffic");
	append(1000);
	test_world_speed_once(&world, "traffic");
	int64_t before = test_served(&world, "traffic");
	lk_replay_options o = test_replay_options(&world, "traffic");
	lk_replay_report r = test_replay(&o);
	assert_false(r.resumed || r.switched || r.stopped || r.already || r.verified);
	assert_int_equal(r.events, 4000);
	assert_int_equal(r.version, 1);
	assert_int_equal(test_served(&world, "traffic"), before);
	assert_int_equal(test_number(&world.pg, "SELECT copy_id FROM lk.copy"
	                             " WHERE mode = 'kappa' AND state = 'live' AND NOT was_served"), r.copy_id);
	test_copy_is_right(&world, "traffic", r.copy_id);
	test_nothing_is_open(&world);
	char lambda[33], kappa[33];
	test_digest_at_end(&world, "traffic", before, lambda);
	test_digest_at_end(&world, "traffic", r.copy_id, kappa);
	assert_string_equal(lambda, kappa);
}

/* I8 */
static void a_waiting_copy_is_continued(void **state) {
	(void)state;
	append(1000);
	lk_replay_options o = test_replay_options(&world, "traffic");
	lk_replay_report first = test_replay(&o);
	append(500);
	o.switch_over = o.verify = true;
	lk_replay_report second = test_replay(&o);
	assert_true(second.resumed && second.switched && second.verified);
	assert_int_equal(second.copy_id, first.copy_id);
	assert_int_equal(second.events, 500);
	assert_int_equal(second.switched_how.gap, 0);
	assert_true(second.difference.made && lk_difference_none(&second.difference));
	assert_int_equal(test_served(&world, "traffic"), first.copy_id);
	test_view_is_right(&world, "traffic");
	test_nothing_is_open(&world);
	lk_replay_report_release(&second);
}

/* I8 */
static void switching_twice_keeps_one_former_copy(void **state) {
	(void)state;
	append(1000);
	int64_t lambda = test_served(&world, "traffic");
	lk_replay_options o = test_replay_options(&world, "traffic");
	o.switch_over = true;
	lk_replay_report first = test_replay(&o);
	assert_int_equal(test_former(&world, "traffic"), lambda);
	append(100);
	lk_replay_report second = test_replay(&o);
	assert_false(second.resumed);
	assert_int_not_equal(second.copy_id, first.copy_id);
	assert_int_equal(second.events, 1100);
	assert_int_equal(test_served(&world, "traffic"), second.copy_id);
	assert_int_equal(test_former(&world, "traffic"), first.copy_id);
	assert_int_equal(second.switched_how.retired, lambda);
	assert_int_equal(test_copies(&world, "traffic"), 2);
	test_view_is_right(&world, "traffic");
	test_nothing_is_open(&world);
}

static void a_fresh_one_begins_again(void **state) {
	(void)state;
	append(1000);
	lk_replay_options o = test_replay_options(&world, "traffic");
	lk_replay_report first = test_replay(&o);
	o.fresh = true;
	lk_replay_report second = test_replay(&o);
	assert_false(second.resumed);
	assert_int_not_equal(first.copy_id, second.copy_id);
	assert_int_equal(second.events, 1000);
	assert_int_equal(test_copies(&world, "traffic"), 2);
	test_copy_is_right(&world, "traffic", second.copy_id);
}

static void a_new_version_is_brought_into_service(void **state) {
	(void)state;
	append(1000);
	lk_replay_options o = test_replay_options(&world, "traffic");
	lk_replay_report report;
	lk_error err;
	o.switch_over = true;
	test_replay(&o);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes,"
	                   " max(bytes) AS largest FROM hits WHERE bytes > 100 GROUP BY path, tumble(ts, '1 minute')");
	int64_t before = test_served(&world, "traffic");
	o.verify = true;
	assert_int_equal(test_replay_fails(&o, &report, &err), LK_EDIFFERS);
	assert_true(report.difference.made && !lk_difference_none(&report.difference) && report.difference.nshown > 0);
	assert_false(report.switched);
	assert_int_equal(test_served(&world, "traffic"), before);
	int64_t copy = report.copy_id;
	lk_replay_report_release(&report);
	o.force = true;
	report = test_replay(&o);
	assert_true(report.resumed && report.switched);
	assert_int_equal(report.copy_id, copy);
	assert_int_equal(report.version, 2);
	assert_int_equal(test_served(&world, "traffic"), copy);
	test_view_is_right(&world, "traffic");
	test_nothing_is_open(&world);
	lk_replay_report_release(&report);
	o.version = 7;
	assert_int_equal(test_replay_fails(&o, &report, &err), LK_EUSAGE);
}

/* I3, P10: late events explain the rows that differ, so readers are switched. */
static void late_events_are_no_difference(void **state) {
	(void)state;
	append(2000);
	test_world_batch(&world, "strict");
	append(2000);
	test_world_speed_once(&world, "strict");
	lk_replay_options o = test_replay_options(&world, "strict");
	o.verify = o.switch_over = true;
	lk_replay_report r = test_replay(&o);
	assert_true(r.switched && r.late > 0 && r.difference.by_late > 0);
	assert_int_equal(test_served(&world, "strict"), r.copy_id);
	test_view_is_right(&world, "strict");
	lk_replay_report_release(&r);
}

/* P15 */
static void two_replays_of_one_view(void **state) {
	(void)state;
	append(100);
	lk_replay_options o = test_replay_options(&world, "traffic");
	lk_replay_report report;
	lk_error err = {0};
	const lk_cat_view *v = lk_catalog_view(world.catalog, "traffic");
	assert_int_equal(lk_view_lock(&world.pg, v, &err), LK_OK);
	assert_int_equal(test_replay_fails(&o, &report, &err), LK_EBUSY);
	assert_true(strlen(err.text) > 0);
	assert_int_equal(test_copies(&world, "traffic"), 1);
	lk_replay_options other = test_replay_options(&world, "strict");
	test_replay(&other);
	assert_int_equal(lk_pg_unlock(&world.pg, v->id, &err), LK_OK);
	test_replay(&o);
}

static struct seen { int64_t done, total; int n, stop_after; volatile int stop; } seen;

static void watch(void *ctx, const lk_replay_progress *p) {
	struct seen *s = ctx;
	if (strcmp(p->phase, "replaying") != 0)
		return;
	s->n++;
	assert_true(p->done >= s->done && p->done <= p->total);
	assert_true(p->rate >= 0);
	s->done = p->done;
	s->total = p->total;
	if (s->stop_after && s->n >= s->stop_after)
		__atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
}

static void a_stopped_one_is_continued(void **state) {
	(void)state;
	append(3000);
	memset(&seen, 0, sizeof seen);
	seen.stop_after = 1;
	lk_replay_options o = test_replay_options(&world, "traffic");
	o.switch_over = true;
	o.watch = (lk_replay_watch){.stop = &seen.stop, .progress = watch, .ctx = &seen};
	lk_replay_report r = test_replay(&o);
	assert_true(r.stopped && !r.switched);
	assert_int_equal(seen.total, 3000);
	assert_int_not_equal(test_served(&world, "traffic"), r.copy_id);
	int64_t copy = r.copy_id, events = r.events;
	memset(&seen, 0, sizeof seen);
	r = test_replay(&o);
	assert_true(r.resumed && r.switched);
	assert_int_equal(r.copy_id, copy);
	assert_int_equal(r.events, 3000 - events);
	assert_int_equal(seen.done, 3000);
	test_view_is_right(&world, "traffic");
	test_nothing_is_open(&world);
}

/* I4: for any limits, workers and kills. */
static void every_replay_gives_the_same_cells(void **state) {
	(void)state;
	unsigned long seed = test_seed("every_replay_gives_the_same_cells");
	static const char *const views[] = {"traffic", "strict", "balance"};
	append(6000);
	for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
		char first[33] = "";
		for (int round = 0; round < 5; round++) {
			lk_replay_options o = test_replay_options(&world, views[v]);
			o.fresh = true;
			o.workers = 1 + (int)(test_random(&seed) % 3);
			o.limits.fetch_events = round == 0 ? o.limits.fetch_events : 1 + (int64_t)(test_random(&seed) % 3000);
			o.limits.commit_events = round == 0 ? o.limits.commit_events : 1 + (int64_t)(test_random(&seed) % 500);
			o.limits.commit_cells = 1 + (int64_t)(test_random(&seed) % 300);
			int pid = round < 2 ? 0 : test_player(test_replay_body, &o);
			if (pid) {
				test_player_kill_after(pid, (int)(test_random(&seed) % 100));
				o.fresh = false;
			}
			lk_replay_report r = test_replay(&o);
			char digest[33];
			test_digest_at_end(&world, views[v], r.copy_id, digest);
			if (!first[0])
				memcpy(first, digest, sizeof first);
			assert_string_equal(first, digest);
			test_copy_is_right(&world, views[v], r.copy_id);
		}
	}
}

/* --- while events arrive --- */

/* Each answer of `balance` adds up to 0, and in no partition covers less than the answer before it. */
static int reader(void *arg) {
	lk_pg pg = {0};
	lk_store *store = NULL;
	lk_error err = {0};
	lk_query q = test_query("balance");
	int64_t end_before[LK_MAX_PARTITIONS] = {0}, copy = 0;
	(void)arg;
	int rc = lk_pg_open(&pg, servers.at.postgres, "lk test read", &err);
	if (rc == LK_OK)
		rc = lk_store_open(&store, servers.at.redis, world.log_id, &err);
	for (; rc == LK_OK && !test_the_table->stop && !test_the_table->complaint[0]; test_the_table->answers++) {
		lk_answer a;
		rc = lk_answer_make(&pg, store, NULL, &q, &a, &err);
		if (rc != LK_OK)
			break;
		for (int p = 0; p < a.partitions; p++) {
			if (a.end.part[p].off < end_before[p])
				test_table_complain(copy == a.copy_id ? "an answer covers less than the one before" : "a switch goes back");
			end_before[p] = a.end.part[p].off;
		}
		test_sum_is_zero(&a);
		copy = a.copy_id;
		lk_answer_release(&a);
	}
	if (err.code != LK_OK)
		test_table_complain("%s", err.text);
	return test_the_table->complaint[0] ? 1 : 0;
}

/* I9, I3 */
static void a_switch_has_no_gap(void **state) {
	(void)state;
	unsigned long seed = test_seed("a_switch_has_no_gap");
	append(2000);
	int workers = test_player_lk(&servers, NULL, (const char *const[]){"speed", NULL});
	test_replayed appending = {.world = &world, .seed = test_random(&seed)};
	int appends = test_player(test_replayed_body, &appending);
	int reads = test_player(reader, NULL);
	for (int i = test_rounds("ROUNDS", 15); i > 0; i--) {
		lk_replay_options o = test_replay_options(&world, "balance");
		o.switch_over = true;
		o.verify = i % 5 == 0;
		if (test_random(&seed) % 3 == 0) {   /* live workers take it before readers are switched to it */
			o.switch_over = false;
			test_replay(&o);
			o.switch_over = true;
		}
		lk_replay_report r = test_replay(&o);
		assert_true(r.switched);
		assert_int_equal(r.switched_how.gap, 0);
		assert_int_equal(test_served(&world, "balance"), r.copy_id);
		lk_replay_report_release(&r);
	}
	test_the_table->stop = 1;
	int read = test_player_wait(reads, 20000);
	test_table_quiet();
	assert_int_equal(read, 0);
	assert_true(test_the_table->answers > 0);
	assert_int_equal(test_player_wait(appends, 20000), 0);
	test_catches_up_in(&world, CATCH_UP_MS, "balance");
	test_catches_up_in(&world, CATCH_UP_MS, "traffic");
	assert_true(test_copies(&world, "balance") <= 2);
	test_nothing_is_open(&world);
	kill(workers, SIGTERM);
	assert_int_equal(test_player_wait(workers, 30000), 0);
}

static int has_no_locks(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
	                      " WHERE application_name = 'lk replay'") == 0;
}

/* An append that hangs holds the log: readers are not switched, and appends on other partitions wait only for a
 * moment. */
static void a_switch_does_not_wait_for_a_held_log(void **state) {
	(void)state;
	lk_pg holder = {0};
	lk_replay_report report;
	lk_error err = {0};
	append(500);
	int64_t before = test_served(&world, "traffic");
	lk_replay_options o = test_replay_options(&world, "traffic");
	test_replay(&o);
	assert_int_equal(lk_pg_open(&holder, servers.at.postgres, "an append that hangs", &err), LK_OK);
	assert_int_equal(lk_pg_run(&holder, &err, "BEGIN; UPDATE lk.tail SET next_off = next_off + 1 WHERE part = 1"),
	                 LK_OK);
	o.switch_over = true;
	assert_int_equal(test_replay_fails(&o, &report, &err), LK_EBUSY);
	assert_int_equal(test_served(&world, "traffic"), before);
	assert_true(test_poll(has_no_locks, NULL, 20000));
	assert_int_equal(lk_pg_run(&holder, &err, "ROLLBACK"), LK_OK);
	lk_pg_close(&holder);
	report = test_replay(&o);
	assert_true(report.switched && report.resumed);
	test_view_is_right(&world, "traffic");
}

static void an_empty_log_is_replayed_too(void **state) {
	(void)state;
	lk_replay_options o = test_replay_options(&world, "traffic");
	o.switch_over = o.verify = true;
	lk_replay_report r = test_replay(&o);
	assert_true(r.switched && r.events == 0);
	append(100);
	test_world_speed_once(&world, "traffic");
	test_catches_up_in(&world, CATCH_UP_MS, "traffic");
	assert_true(test_serves_kappa(&world, "traffic"));
	lk_replay_report_release(&r);
}

/* A run for one copy ends at the given offsets and touches no other copy. */
static void a_run_for_one_copy_ends_where_it_is_told_to(void **state) {
	(void)state;
	lk_speed_report report;
	lk_error err = {0};
	lk_unit_state st;
	append(3000);
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	lk_frontier end = test_frontier(copy->version->reads->id, 3, (int64_t[]){10, 20, 0});
	lk_speed_options o = {
		.postgres = servers.at.postgres, .redis = servers.at.redis, .workers = 2, .once = true, .copy = copy->id,
		.end = &end, .limits = lk_stream_defaults,
	};
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_OK);
	assert_int_equal(report.events, 30);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(lk_store_read_unit(world.store, copy->units[i], NULL, &st, NULL, &err), 0);
		assert_int_equal(st.at.cursor, end.part[i].off);
		lk_unit_state_release(&st);
	}
	int64_t another = test_world_copy(&world, "strict")->units[0];
	assert_int_equal(lk_store_read_unit(world.store, another, NULL, &st, NULL, &err), 1);
	end.part[2].off = 1000000;
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_EGAP);
	lk_error_clear(&err);
	o.copy = 1;
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_ECONFLICT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, test_players_end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_replay_makes_a_copy_beside_the_served_one),
		TEST(a_waiting_copy_is_continued),
		TEST(switching_twice_keeps_one_former_copy),
		TEST(a_fresh_one_begins_again),
		TEST(a_new_version_is_brought_into_service),
		TEST(late_events_are_no_difference),
		TEST(two_replays_of_one_view),
		TEST(a_stopped_one_is_continued),
		TEST(every_replay_gives_the_same_cells),
		TEST(a_switch_has_no_gap),
		TEST(a_switch_does_not_wait_for_a_held_log),
		TEST(an_empty_log_is_replayed_too),
		TEST(a_run_for_one_copy_ends_where_it_is_told_to),
	};
	test_table_open();
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
