/* Retention in comparisons: expired sessions that housekeeping has removed make no difference between modes, also if a
 * late event joins such a session to one that has not expired; and they hide no difference. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "batch_layer/seal.h"
#include "catalog/copies.h"
#include "core/time.h"
#include "modes/comparison.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

static test_servers servers;
static test_world world;
static const int64_t start_us = INT64_C(1500000000000000);

static void put(const char *ip, int second) {
	lk_buf line = LK_BUF_INIT;
	lk_buf_adds(&line, "{\"ts\":\"");
	lk_time_print(start_us + second * LK_US_PER_S, &line);
	lk_buf_addf(&line, "\",\"ip\":\"%s\",\"bytes\":%d}\n", ip, second);
	test_world_append_json(&world, "hits", line.data);
	lk_buf_release(&line);
}

static void catch_up(void) {
	test_worker w;
	test_worker_open(&w, &world, "visits");
	test_worker_catch_up(&w);
	test_worker_close(&w);
}

static void declare(void) {
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, ip text, bytes bigint)"
	                           " WITH (event_time = ts, partition_by = ip, partitions = 1, watermark = '0 s');");
	test_world_declare(&world, "CREATE VIEW visits WITH (retention = '1 minute') AS SELECT ip, count(*) AS n, sum(bytes) AS bytes FROM hits"
	                           " GROUP BY ip, session(ts, '10 s');");
}

/* For a: two expired sessions, at 0 and from 18 to 25, and one that has not expired, from 43 on. For b: the same, but no late
 * events will come. */
static void put_sessions(void (*housekeeping)(void)) {
	put("a", 0);
	put("b", 0);
	put("a", 18);
	put("b", 18);
	put("a", 25);
	for (int second = 43; second < 100; second += 7)
		put("a", second);
	catch_up();
	housekeeping();
	for (int second = 99; second < 200; second += 7)
		put("a", second);
	put("b", 195);
	catch_up();
	housekeeping();
}

/* All of them too late: they join the three sessions. */
static void put_late(void) {
	put("a", 34);
	put("a", 9);
	catch_up();
}

static void nothing(void) {}
static void batch(void) { test_world_batch(&world, "visits"); }

static void seal(void) {
	lk_error err = {0};
	lk_batch_report r;
	test_world_reload(&world);
	test_ok(lk_seal_run(&world.pg, world.store, test_world_copy(&world, "visits"), &(lk_seal_options){0}, &r, &err), &err);
}

static int64_t rows_before(int second) {
	lk_buf sql = LK_BUF_INIT;
	test_world_reload(&world);
	lk_buf_addf(&sql, "SELECT count(*) FROM %s WHERE _pane < timestamptz '", test_world_copy(&world, "visits")->batch_table);
	lk_time_print(start_us + second * LK_US_PER_S, &sql);
	lk_buf_addc(&sql, '\'');
	int64_t n = test_world_int(&world, sql.data);
	lk_buf_release(&sql);
	return n;
}

static void compare(lk_comparison *c) {
	lk_error err = {0};
	lk_replay_options o = test_replay_options(&world, "visits");
	test_ok(lk_compare_view(&o, false, c, &err), &err);
}

static void is_said(const lk_difference *d, const char *what, bool is) {
	assert_true(d->nshown > 0);
	for (int i = 0; i < d->nshown; i++)
		if (!strstr(d->shown[i].first_event, what) == is)
			fail_msg("%s and %s: %s", d->left, d->right, d->shown[i].first_event);
}

static void is_explained(void) {
	lk_comparison c;
	test_world_reload(&world);
	compare(&c);
	assert_int_equal(c.lambda_rows, 2);
	assert_int_equal(c.kappa_rows, 2);
	assert_int_equal(c.sql_rows, 2);
	assert_true(lk_difference_none(&c.lambda_kappa));
	assert_true(lk_comparison_explained(&c));
	assert_false(lk_comparison_equal(&c));
	is_said(&c.kappa_sql, "late for kappa, counted by sql", true);
	lk_comparison_release(&c);
}

/* I3: nothing is removed yet */
static void held_sessions_that_late_events_join(void **state) {
	(void)state;
	declare();
	put_sessions(nothing);
	put_late();
	is_explained();
}

/* I3: removed by a batch */
static void removed_sessions_that_late_events_join(void **state) {
	(void)state;
	declare();
	put_sessions(batch);
	assert_int_equal(rows_before(30), 0);
	put_late();
	is_explained();
}

/* I3: the next batch counts them, and has the removed sessions again */
static void a_batch_brings_removed_sessions_back(void **state) {
	(void)state;
	declare();
	put_sessions(batch);
	put_late();
	batch();
	assert_true(rows_before(30) > 0);
	is_explained();
}

/* I3: a lost cell of a session that has not expired is reported; removed cells of expired sessions are not */
static void a_lost_cell_is_no_removed_one(void **state) {
	(void)state;
	lk_comparison c;
	lk_buf sql = LK_BUF_INIT;
	declare();
	put_sessions(batch);
	test_world_reload(&world);
	lk_buf_addf(&sql, "DELETE FROM %s WHERE _pane = " LK_SQL_TIME("%lld"), test_world_copy(&world, "visits")->batch_table,
	            (long long)start_us + 50 * LK_US_PER_S, (long long)start_us + 50 * LK_US_PER_S);
	test_world_run(&world, sql.data);
	put_late();
	compare(&c);
	assert_false(lk_comparison_explained(&c));
	is_said(&c.lambda_sql, "explain", true);
	lk_comparison_release(&c);
	lk_buf_release(&sql);
}

static void serve_kappa(void) {
	lk_error err = {0};
	lk_mode_report m;
	lk_replay_options o = test_replay_options(&world, "visits");
	test_ok(lk_mode_change(&o, true, &m, &err), &err);
	lk_difference_release(&m.difference);
	test_world_reload(&world);
	assert_true(test_world_copy(&world, "visits")->kappa);
}

static void to_lambda(void) {
	lk_error err = {0};
	lk_mode_report m;
	lk_query q = test_query("visits");
	lk_replay_options o = test_replay_options(&world, "visits");
	test_world_reload(&world);
	test_ok(lk_mode_change(&o, false, &m, &err), &err);
	assert_true(lk_difference_none(&m.difference));
	assert_true(m.difference.by_late > 0);
	lk_difference_release(&m.difference);
	test_world_reload(&world);
	assert_false(test_world_copy(&world, "visits")->kappa);
	test_world_same(&world, &q);
}

/* I3: two seals, each of which has removed what had expired */
static void a_sealed_view_becomes_lambda(void **state) {
	(void)state;
	declare();
	serve_kappa();
	put_sessions(seal);
	assert_int_equal(rows_before(30), 0);
	put_late();
	to_lambda();
}

/* I3 */
static void an_unsealed_view_becomes_lambda(void **state) {
	(void)state;
	declare();
	serve_kappa();
	put_sessions(nothing);
	put_late();
	to_lambda();
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(held_sessions_that_late_events_join),
		TEST(removed_sessions_that_late_events_join),
		TEST(a_batch_brings_removed_sessions_back),
		TEST(a_lost_cell_is_no_removed_one),
		TEST(a_sealed_view_becomes_lambda),
		TEST(an_unsealed_view_becomes_lambda),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
