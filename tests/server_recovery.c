/* Recovery of the whole system, and parts that must not disturb each other: a log that is replaced or restored under
 * running readers and workers, a view that is far behind, keys too long for one commit, a batch that writes where
 * workers write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "event_log/side_output.h"
#include "speed_layer/speed.h"
#include "tests/support/fixtures.h"
#include "tests/support/world.h"

static test_servers servers;
static test_world world;

static const char *const hits =
	"CREATE TABLE hits (ts timestamptz, ip text, path text) WITH (event_time = ts, partition_by = ip, partitions = 1);"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n FROM hits GROUP BY path;";

static const int64_t start_us = INT64_C(1500000000000000);

static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"a\",\"path\":\"/p%d\"}\n", i % 5);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void same(const char *view) {
	lk_query q = test_query(view);
	test_world_same(&world, &q);
}

static int64_t cursor_of(const char *view) {
	lk_unit_state st;
	lk_error err = {0};
	int r = lk_store_read_unit(world.store, test_world_copy(&world, view)->units[0], NULL, &st, NULL, &err);
	assert_true(r >= 0);
	int64_t cursor = st.at.cursor;
	lk_unit_state_release(&st);
	return cursor;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, hits);
	return 0;
}

/* --- the speed layer in the background --- */

typedef struct runner {
	pthread_t thread;
	int stop, result;
	lk_error err;
	lk_speed_report report;
	lk_speed_options options;
} runner;

static void *run(void *arg) {
	runner *r = arg;
	r->result = lk_speed_run(&r->options, &r->report, &r->err);
	return NULL;
}

static void start(runner *r, lk_stream_limits limits) {
	*r = (runner){.result = 1};
	r->options = (lk_speed_options){.postgres = servers.at.postgres, .redis = servers.at.redis, .workers = 1, .limits = limits,
	                                .stop = &r->stop};
	assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

static void join(runner *r) {
	__atomic_store_n(&r->stop, 1, __ATOMIC_RELAXED);
	pthread_join(r->thread, NULL);
	if (r->result != LK_OK)
		fail_msg("speed: %s", r->err.text);
}

typedef struct goal {
	const char *view;
	int64_t cursor;
} goal;

static int is_there(void *ctx) {
	const goal *g = ctx;
	return cursor_of(g->view) >= g->cursor;
}

/* --- the log --- */

/* I11, P6 */
static void workers_follow_a_log_that_was_made_anew(void **state) {
	(void)state;
	runner r;
	append(0, 100);
	start(&r, lk_stream_defaults);
	assert_true(test_poll(is_there, &(goal){"traffic", 100}, 20000));
	fresh(NULL);
	append(0, 70);
	int there = test_poll(is_there, &(goal){"traffic", 70}, 20000);
	join(&r);
	assert_true(there);
	same("traffic");
}

/* I3, P6: PostgreSQL came back without its last events and has got others since; no worker has checked yet. */
static void readers_notice_a_log_that_went_another_way(void **state) {
	(void)state;
	lk_query q = test_query("traffic");
	lk_answer a;
	lk_error err = {0};
	append(0, 100);
	test_world_speed_once(&world, NULL);
	test_world_run(&world, "DELETE FROM lk.log_hits WHERE off >= 83; UPDATE lk.tail SET next_off = 83,"
	               " last_at = (SELECT max(_at) FROM lk.log_hits)");
	append(500, 37);
	assert_int_equal(lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err), LK_EPARTIAL);
	test_world_speed_once(&world, NULL);
	same("traffic");
}

/* I3, P6: PostgreSQL was restored to a time before a view was declared, with the whole log; ids are given out again. */
static void another_view_after_a_restore_begins_empty(void **state) {
	(void)state;
	append(0, 100);
	int64_t id = test_world_int(&world, "SELECT last_value FROM lk.id");
	test_world_declare(&world, "CREATE VIEW forgotten AS SELECT path, count(*) AS n FROM hits WHERE path <> '/p1' GROUP BY path");
	test_world_speed_once(&world, NULL);
	same("forgotten");
	test_world_run(&world, "DELETE FROM lk.unit WHERE copy_id = (SELECT served_copy FROM lk.view WHERE name = 'forgotten');"
	               "DELETE FROM lk.copy WHERE copy_id = (SELECT served_copy FROM lk.view WHERE name = 'forgotten');"
	               "DELETE FROM lk.version WHERE view_id = (SELECT view_id FROM lk.view WHERE name = 'forgotten');"
	               "DELETE FROM lk.view WHERE name = 'forgotten'");
	char *back = lk_asprintf("SELECT setval('lk.id', %lld)", (long long)id);
	assert_int_equal(test_world_int(&world, back), id);
	free(back);
	test_world_declare(&world, "CREATE VIEW other AS SELECT path, count(*) AS n FROM hits WHERE path = '/p1' GROUP BY path");
	test_world_speed_once(&world, NULL);
	same("other");
}

/* --- units that do not disturb each other --- */

/* I11 */
static void a_view_far_behind_delays_no_other(void **state) {
	(void)state;
	runner r;
	lk_stream_limits limits = lk_stream_defaults;
	limits.fetch_events = 20;
	append(0, 20000);
	test_world_speed_once(&world, NULL);
	test_world_declare(&world, "CREATE VIEW later AS SELECT count(*) AS n FROM hits;");
	append(20000, 30);
	start(&r, limits);
	int there = test_poll(is_there, &(goal){"traffic", 20030}, 20000);
	int64_t behind = cursor_of("later");
	int both = test_poll(is_there, &(goal){"later", 20030}, 60000);
	join(&r);
	assert_true(there);
	assert_in_range(behind, 0, 19000);
	assert_true(both);
	same("traffic");
	same("later");
}

/* P17: Memory is bounded however long the keys are: a map that has grown too large is committed at once. */
static void long_keys_go_in_several_segments(void **state) {
	(void)state;
	test_worker t;
	lk_unit_state st;
	lk_error err = {0};
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < 60; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2020-01-01T00:00:00Z\",\"ip\":\"a\",\"path\":\"%d%060000d\"}\n", i, 0);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
	test_worker_open(&t, &world, "traffic");
	t.path.limits.segment_bytes = 500000;
	assert_int_equal(test_worker_step(&t, 0, 1000), 60);
	test_worker_close(&t);
	int64_t unit = test_world_copy(&world, "traffic")->units[0];
	assert_int_equal(lk_store_read_unit(world.store, unit, NULL, &st, NULL, &err), LK_OK);
	for (int i = 0; i < st.nsegments; i++)
		assert_in_range(st.segments[i].cells, 1, 10);
	lk_unit_state_release(&st);
	same("traffic");
}

/* --- the side output --- */

/* I11, P10 */
static void a_worker_does_not_wait_for_the_rows_of_a_batch(void **state) {
	(void)state;
	lk_pg batch;
	lk_error err = {0};
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	lk_side_output *l = lk_side_output_new();
	lk_side_output_marked(l, copy->version->reads->id, copy->version->id, 0, 7, "division by zero");
	assert_int_equal(lk_pg_open(&batch, servers.at.postgres, "a batch", &err), LK_OK);
	assert_int_equal(lk_pg_run(&batch, &err, "BEGIN"), LK_OK);
	assert_int_equal(lk_side_output_write(&batch, l, &err), LK_OK);
	test_world_run(&world, "SET statement_timeout = '10s'");
	int64_t began_us = lk_monotonic_us();
	assert_int_equal(lk_side_output_write(&world.pg, l, &err), LK_EBUSY);
	assert_true(lk_monotonic_us() - began_us < 5 * LK_US_PER_S);
	test_world_run(&world, "RESET statement_timeout");
	assert_int_equal(lk_pg_run(&batch, &err, "COMMIT"), LK_OK);
	lk_error_clear(&err);
	assert_int_equal(lk_side_output_write(&world.pg, l, &err), LK_OK);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected"), 1);
	lk_pg_close(&batch);
	lk_side_output_free(l);
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(workers_follow_a_log_that_was_made_anew),
		TEST(readers_notice_a_log_that_went_another_way),
		TEST(another_view_after_a_restore_begins_empty),
		TEST(a_view_far_behind_delays_no_other),
		TEST(long_keys_go_in_several_segments),
		TEST(a_worker_does_not_wait_for_the_rows_of_a_batch),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
