/* The stream path and its workers: for any batch size, segmentation, number of owners, and blocked unit beside them,
 * answers equal the oracle's over the same prefix. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "catalog/cut.h"
#include "core/time.h"
#include "speed_layer/speed.h"
#include "speed_layer/unit.h"
#include "tests/support/fixtures.h"
#include "tests/support/layer.h"
#include "tests/support/world.h"

static test_servers servers;
static test_world world;

static const char *const hits =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '10 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, max(bytes) AS largest FROM hits"
	" WHERE status < 400 GROUP BY path, tumble(ts, '1 minute');";

static const int64_t start_us = INT64_C(1500000000000000);

/* n events from number `first` on, a second apart, every seventh up to two minutes late. */
static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++) {
		int64_t ts = start_us + i * LK_US_PER_S - (i % 7 == 0 ? i % 120 * LK_US_PER_S : 0);
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(ts, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"status\":%d,\"bytes\":%d}\n", i % 17, i * 7 % 23,
		            i % 11 == 0 ? 500 : 200, i * 13 % 1009);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void same(const char *view) {
	lk_query q = test_query(view);
	test_world_same(&world, &q);
}

static void covers_the_log(const char *view) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	for (int i = 0; i < a.partitions; i++)
		assert_int_equal(a.end.part[i].off, a.tail.part[i].off);
	lk_answer_release(&a);
	same(view);
}

static lk_unit_state state_of(int64_t unit) {
	lk_unit_state st;
	lk_error err = {0};
	assert_int_equal(lk_store_read_unit(world.store, unit, NULL, &st, NULL, &err), LK_OK);
	return st;
}

static void tiles(const lk_unit_state *st) {
	int64_t at = st->base.cursor;
	for (int i = 0; i < st->nsegments; i++) {
		assert_int_equal(st->segments[i].from, at);
		at = st->segments[i].to;
	}
	assert_int_equal(at, st->at.cursor);
}

static bool has_boundary(const lk_unit_state *st, int64_t off) {
	for (int i = 0; i < st->nsegments; i++)
		if (st->segments[i].from == off)
			return true;
	return st->at.cursor == off;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, hits);
	return 0;
}

/* --- the stream path --- */

static void once_reaches_the_end(void **state) {
	(void)state;
	test_world_speed_once(&world, NULL);
	covers_the_log("traffic");
	append(0, 1000);
	test_world_speed_once(&world, NULL);
	covers_the_log("traffic");
	append(1000, 500);
	test_world_speed_once(&world, "traffic");
	covers_the_log("traffic");
}

/* I4, P17 */
static void limits_do_not_show(void **state) {
	(void)state;
	test_worker t;
	append(0, 700);
	test_worker_open(&t, &world, "traffic");
	t.path.limits.commit_events = 7;
	t.path.limits.commit_cells = 3;
	t.path.limits.fetch_events = 50;
	assert_int_equal(test_worker_step(&t, 0, 60), 50);
	assert_int_equal(test_worker_step(&t, 1, 20), 20);
	same("traffic");
	test_worker_catch_up(&t);
	assert_true(t.path.done.commits >= 100);
	assert_int_equal(t.path.done.events, 700);
	test_worker_close(&t);
	covers_the_log("traffic");
}

/* I1 */
static void large_maps_are_closed(void **state) {
	(void)state;
	test_worker t;
	append(0, 900);
	test_worker_open(&t, &world, "traffic");
	t.path.limits.segment_bytes = 1;
	t.path.limits.commit_events = 30;
	test_worker_catch_up(&t);
	for (int i = 0; i < t.nunits; i++) {
		lk_unit_state st = state_of(t.units[i].id);
		assert_true(st.nsegments >= 5);
		tiles(&st);
		lk_unit_state_release(&st);
	}
	test_worker_close(&t);
	covers_the_log("traffic");
}

/* I1, I7 */
static void owners_change_in_mid_log(void **state) {
	(void)state;
	test_worker a, b;
	append(0, 600);
	test_worker_open(&a, &world, "traffic");
	test_worker_open(&b, &world, "traffic");
	a.path.limits.commit_events = b.path.limits.commit_events = 5;
	for (int turn = 0; turn < 6; turn++) {
		assert_true(test_worker_step(turn % 2 ? &b : &a, 0, 17) > 0);
		/* at its first turn a take-over, later a refused commit */
		int64_t lost = test_worker_step(turn % 2 ? &a : &b, 0, 10);
		assert_true(turn == 0 ? lost > 0 : lost == LK_EFENCED);
		same("traffic");
	}
	lk_unit_state st = state_of(a.units[0].id);
	assert_true(st.nsegments >= 4);
	tiles(&st);
	lk_unit_state_release(&st);
	test_worker_catch_up(&b);
	test_worker_close(&a);
	test_worker_close(&b);
	covers_the_log("traffic");
}

static void units_share_a_fetch(void **state) {
	(void)state;
	test_world_declare(&world,
		"CREATE VIEW by_status AS SELECT status, count(*) AS n FROM hits GROUP BY status;"
		"CREATE VIEW big AS SELECT ip, avg(bytes) AS mean FROM hits GROUP BY ip, tumble(ts, '5 minutes');");
	append(0, 300);
	test_worker t, ahead;
	test_worker_open(&t, &world, "traffic");
	test_worker_open(&ahead, &world, "big");
	lk_unit *units[3] = {&t.units[0], &ahead.units[0], NULL};
	lk_unit third;
	lk_error err = {0};
	lk_unit_init(&third, test_world_copy(&world, "by_status"), 0);
	units[2] = &third;
	test_worker_step(&ahead, 0, 40);
	test_worker_close(&ahead);   /* its unit is taken over below by the shared path */
	test_worker_open(&ahead, &world, "big");
	units[1] = &ahead.units[0];
	t.path.limits.commit_events = 11;
	for (int i = 0; i < 3; i++)
		assert_int_equal(lk_unit_take(&t.path, units[i], &err), LK_OK);
	assert_int_equal(units[1]->at.cursor, 40);
	int64_t folded, tail = test_world_int(&world, "SELECT next_off FROM lk.tail WHERE part = 0");
	assert_int_equal(lk_path_pass(&t.path, units, 3, INT64_MAX, &folded, &err), LK_OK);
	assert_int_equal(folded, 40);   /* the two units that are behind reach the third */
	assert_int_equal(lk_path_pass(&t.path, units, 3, INT64_MAX, &folded, &err), LK_OK);
	assert_int_equal(folded, tail - 40);
	for (int i = 0; i < 3; i++)
		assert_int_equal(units[i]->committed, tail);
	lk_unit_release(&third);
	test_worker_close(&t);
	test_worker_close(&ahead);
	same("traffic");
	same("by_status");
	same("big");
}

/* I11 */
static void one_fenced_unit_does_not_hold_the_others(void **state) {
	(void)state;
	test_world_declare(&world, "CREATE VIEW by_status AS SELECT status, count(*) AS n FROM hits GROUP BY status;");
	append(0, 300);
	test_worker t, thief;
	test_worker_open(&t, &world, "traffic");
	test_worker_open(&thief, &world, "by_status");
	lk_unit other;
	lk_error err = {0};
	lk_unit_init(&other, test_world_copy(&world, "by_status"), 0);
	lk_unit *units[2] = {&other, &t.units[0]};
	assert_int_equal(lk_unit_take(&t.path, units[0], &err), LK_OK);
	assert_int_equal(lk_unit_take(&t.path, units[1], &err), LK_OK);
	assert_int_equal(lk_unit_take(&thief.path, &thief.units[0], &err), LK_OK);
	t.path.limits.commit_events = 10;
	int64_t folded;
	assert_int_equal(lk_path_pass(&t.path, units, 2, INT64_MAX, &folded, &err), LK_OK);
	assert_false(other.taken);
	assert_int_equal(other.error.code, LK_EFENCED);
	assert_true(other.retry_at_us > 0);
	assert_true(t.units[0].taken);
	assert_int_equal(t.units[0].committed, test_world_int(&world, "SELECT next_off FROM lk.tail WHERE part = 0"));
	lk_unit_release(&other);
	test_worker_close(&t);
	test_worker_close(&thief);
	same("traffic");
	same("by_status");
}

/* I6 */
static void a_gap_stops_its_partition_alone(void **state) {
	(void)state;
	test_worker t;
	append(0, 600);
	test_world_run(&world, "DELETE FROM lk.log_hits WHERE part = 1 AND off = 57");
	test_worker_open(&t, &world, "traffic");
	lk_error err = {0};
	int64_t folded;
	for (int part = 0; part < 3; part++) {
		lk_unit *u = &t.units[part];
		assert_int_equal(lk_unit_take(&t.path, u, &err), LK_OK);
		assert_int_equal(lk_path_pass(&t.path, &u, 1, INT64_MAX, &folded, &err), LK_OK);
		assert_int_equal(u->error.code, part == 1 ? LK_EGAP : LK_OK);
		assert_int_equal(u->taken, part != 1);
	}
	lk_unit_state st = state_of(t.units[1].id);
	assert_int_equal(st.at.cursor, 57);   /* never beyond it */
	lk_unit_state_release(&st);
	test_worker_close(&t);
	same("traffic");
}

static void a_stop_commits_what_was_folded(void **state) {
	(void)state;
	test_worker t;
	volatile int stop = 0;
	append(0, 9000);
	test_worker_open(&t, &world, "traffic");
	t.path.stop = &stop;
	t.path.limits.commit_us = 0;
	lk_unit *u = &t.units[0];
	lk_error err = {0};
	int64_t folded;
	assert_int_equal(lk_unit_take(&t.path, u, &err), LK_OK);
	stop = 1;
	assert_int_equal(lk_path_pass(&t.path, &u, 1, INT64_MAX, &folded, &err), LK_OK);
	assert_int_equal(folded, 0);
	stop = 0;
	assert_int_equal(lk_path_pass(&t.path, &u, 1, 1500, &folded, &err), LK_OK);
	assert_int_equal(folded, 1500);
	assert_int_equal(u->committed, 1500);
	test_worker_close(&t);
	same("traffic");
}

/* I11 */
static void full_redis_waits_and_continues(void **state) {
	(void)state;
	test_worker t;
	lk_error err = {0};
	append(0, 3000);
	test_worker_open(&t, &world, "traffic");
	lk_unit *u = &t.units[0];
	assert_int_equal(lk_unit_take(&t.path, u, &err), LK_OK);
	char *set = lk_asprintf("redis-cli -s %s config set maxmemory 1000000 >/dev/null", world.servers->at.redis + strlen("unix:"));
	char *unset = lk_asprintf("redis-cli -s %s config set maxmemory 0 >/dev/null", world.servers->at.redis + strlen("unix:"));
	int64_t folded;
	assert_int_equal(system(set), 0);
	int r = lk_path_pass(&t.path, &u, 1, INT64_MAX, &folded, &err);
	assert_int_equal(system(unset), 0);
	assert_int_equal(r, LK_OK);
	assert_int_equal(u->error.code, LK_EFULL);
	assert_false(u->taken);
	lk_unit_state st = state_of(u->id);
	assert_int_equal(st.at.cursor, 0);   /* nothing was written */
	lk_unit_state_release(&st);
	test_worker_catch_up(&t);
	test_worker_close(&t);
	free(set);
	free(unset);
	covers_the_log("traffic");
}

/* --- cuts and sweeps --- */

static lk_cut cut_here(const char *view) {
	lk_cut cut;
	lk_error err = {0};
	const lk_cat_copy *copy = test_world_copy(&world, view);
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "test"}, &cut, &err), LK_OK);
	return cut;
}

/* P4, P7 */
static void segments_close_at_live_cuts(void **state) {
	(void)state;
	test_worker t;
	append(0, 300);
	lk_cut first = cut_here("traffic");
	append(300, 300);
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	lk_cut second = cut_here("traffic");   /* at the cursor, with an open segment */
	append(600, 100);
	test_worker_catch_up(&t);
	for (int i = 0; i < t.nunits; i++) {
		lk_unit_state st = state_of(t.units[i].id);
		tiles(&st);
		assert_true(has_boundary(&st, first.at.part[i].off));
		assert_true(has_boundary(&st, second.at.part[i].off));
		assert_int_equal(st.nsegments, 3);
		lk_unit_state_release(&st);
	}
	test_worker_close(&t);
	covers_the_log("traffic");
}

/* I8, P2 */
static void sweeps_drop_segments_that_a_batch_covers(void **state) {
	(void)state;
	test_worker t;
	append(0, 400);
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	test_world_batch(&world, "traffic");
	for (int round = 0; round < 2; round++) {   /* the second changes nothing */
		for (int i = 0; i < t.nunits; i++) {   /* idle at the cut: the open segment is closed and goes too */
			test_worker_sweep(&t, i);
			lk_unit_state st = state_of(t.units[i].id);
			assert_int_equal(st.base.cursor, st.at.cursor);
			assert_int_equal(st.nsegments, 0);
			lk_unit_state_release(&st);
		}
		covers_the_log("traffic");
	}
	append(400, 200);
	test_worker_catch_up(&t);
	covers_the_log("traffic");
	test_world_batch(&world, "traffic");
	append(600, 200);
	test_worker_catch_up(&t);
	for (int i = 0; i < t.nunits; i++) {   /* in the middle of the stream: segments below the cut go, the others stay */
		test_worker_sweep(&t, i);
		lk_unit_state st = state_of(t.units[i].id);
		assert_true(st.base.cursor > 0 && st.base.cursor < st.at.cursor);
		assert_int_equal(st.nsegments, 1);
		tiles(&st);
		lk_unit_state_release(&st);
	}
	test_worker_close(&t);
	covers_the_log("traffic");
}

/* A run that has nothing to fold drops the segments that a batch covers, in every partition, not only in the first one
 * of its worker. */
static void once_sweeps_every_partition(void **state) {
	(void)state;
	test_worker t;
	append(0, 400);
	test_world_speed_once(&world, NULL);
	test_world_batch(&world, "traffic");
	test_world_speed_once(&world, NULL);
	test_worker_open(&t, &world, "traffic");
	for (int i = 0; i < t.nunits; i++) {
		lk_unit_state st = state_of(t.units[i].id);
		assert_true(st.at.cursor > 0);
		assert_int_equal(st.base.cursor, st.at.cursor);
		assert_int_equal(st.nsegments, 0);
		lk_unit_state_release(&st);
	}
	test_worker_close(&t);
	covers_the_log("traffic");
}

/* P6: units that were not locked are at the log's end; when they are taken, they turn out not to match this log. */
static void once_folds_again_units_of_another_log(void **state) {
	(void)state;
	append(0, 400);
	test_world_speed_once(&world, NULL);
	test_world_run(&world, "UPDATE lk.log_hits SET _at = _at + interval '1 minute'");
	test_world_run(&world, "UPDATE lk.tail SET last_at = last_at + interval '1 minute'");
	volatile int stop = 0;
	lk_speed_report report;
	lk_error err = {0};
	const lk_speed_options o = {.postgres = servers.at.postgres, .redis = servers.at.redis, .workers = 1, .once = true,
	                            .limits = lk_stream_defaults, .stop = &stop};
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_OK);
	covers_the_log("traffic");
}

/* P7 */
static void small_segments_are_compacted_but_not_across_cuts(void **state) {
	(void)state;
	enum { HALF = 22, SMALL = 4 };
	test_worker t;
	lk_error err = {0};
	lk_cut cut = {0};
	int events = 0;
	test_worker_open(&t, &world, "traffic");
	for (int i = 0; i < 2 * HALF; i++) {   /* the smallest eight neighbours lie on both sides of the cut */
		int n = i >= HALF - SMALL && i < HALF + SMALL ? 17 : 90;
		if (i == HALF)
			cut = cut_here("traffic");
		append(events, n);
		events += n;
		assert_int_equal(lk_unit_take(&t.path, &t.units[0], &err), LK_OK);
		assert_true(test_worker_step(&t, 0, INT64_MAX) > 0);
	}
	lk_unit_state before = state_of(t.units[0].id);
	assert_int_equal(before.nsegments, 2 * HALF);
	assert_true(has_boundary(&before, cut.at.part[0].off));
	same("traffic");
	for (int i = 0; i < 10; i++)
		test_worker_sweep(&t, 0);
	lk_unit_state after = state_of(t.units[0].id);
	assert_in_range(after.nsegments, 2, 33);   /* at most 16 on each side of the cut, and the open one */
	assert_true(has_boundary(&after, cut.at.part[0].off));
	tiles(&after);
	lk_unit_state_release(&before);
	lk_unit_state_release(&after);
	test_worker_catch_up(&t);
	test_worker_close(&t);
	covers_the_log("traffic");
}

/* P9 */
static void a_worker_far_behind_skips_to_the_cut(void **state) {
	(void)state;
	test_world_declare(&world, "CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits"
	                   " GROUP BY path, tumble(ts, '1 minute');");
	test_worker t, u;
	lk_error err = {0};
	append(0, 600);
	test_worker_open(&t, &world, "traffic");
	test_worker_open(&u, &world, "strict");
	t.path.limits.fetch_events = u.path.limits.fetch_events = 20;
	assert_int_equal(test_worker_step(&t, 0, 5), 5);
	assert_int_equal(test_worker_step(&u, 0, 5), 5);
	test_world_batch(&world, "traffic");
	test_world_batch(&world, "strict");
	append(600, 50);
	int64_t cut = test_world_int(&world, "SELECT max(off) FROM lk.cut_part WHERE part = 0");
	test_worker_sweep(&t, 0);
	test_worker_sweep(&u, 0);
	assert_int_equal(t.units[0].committed, cut);
	assert_int_equal(u.units[0].committed, 5);   /* it must write its late events to the side output */
	test_worker_catch_up(&t);
	test_worker_catch_up(&u);
	assert_int_equal(lk_unit_take(&t.path, &t.units[0], &err), LK_OK);
	test_worker_close(&t);
	test_worker_close(&u);
	covers_the_log("traffic");
	covers_the_log("strict");
}

/* P9: one fetch behind, a unit folds; one event more, and it skips. In a full Redis it skips as soon as it is behind. */
static void skips_from_one_event_more_than_a_fetch(void **state) {
	(void)state;
	test_world_declare(&world, "CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits"
	                   " GROUP BY path, tumble(ts, '1 minute');");
	const char *const names[] = {"traffic", "strict"};
	for (int strict = 0; strict < 2; strict++) {
		test_worker t;
		test_worker_open(&t, &world, names[strict]);
		lk_unit *u = &t.units[0];
		int64_t most = t.path.limits.fetch_events;
		assert_int_equal(most, lk_stream_defaults.fetch_events);
		assert_false(lk_unit_should_skip(&t.path, u, 7, 7 + most));
		assert_int_equal(lk_unit_should_skip(&t.path, u, 7, 8 + most), !strict);
		u->error.code = LK_EFULL;
		assert_false(lk_unit_should_skip(&t.path, u, 7, 7));
		assert_int_equal(lk_unit_should_skip(&t.path, u, 7, 8), !strict);
		u->error.code = LK_OK;
		test_worker_close(&t);
	}
}

/* P1, P8 */
static void a_missing_unit_begins_at_the_published_cut(void **state) {
	(void)state;
	test_worker t;
	append(0, 500);
	test_world_batch(&world, "traffic");
	append(500, 100);
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	assert_true(t.path.done.events <= 100);
	test_redis_empty(&servers);
	append(600, 100);
	assert_int_equal(test_worker_step(&t, 0, 10), LK_EFENCED);   /* a commit creates no unit, only a take-over does */
	test_worker_catch_up(&t);
	for (int i = 0; i < t.nunits; i++) {
		lk_unit_state st = state_of(t.units[i].id);
		tiles(&st);
		assert_true(st.base.cursor > 0);
		lk_unit_state_release(&st);
	}
	test_worker_close(&t);
	covers_the_log("traffic");
}

/* P8 */
static void a_dropped_copy_is_not_made_again(void **state) {
	(void)state;
	test_worker t;
	lk_error err = {0};
	lk_unit_state st;
	append(0, 50);
	test_worker_open(&t, &world, "traffic");
	test_world_run(&world, "UPDATE lk.copy SET dropped = true");
	assert_int_equal(lk_unit_take(&t.path, &t.units[0], &err), LK_ECONFLICT);
	lk_error_clear(&err);
	assert_int_equal(lk_store_read_unit(world.store, t.units[0].id, NULL, &st, NULL, &err), 1);
	test_worker_close(&t);
}

/* --- the side output --- */

/* I4, P11 */
static void late_events_do_not_depend_on_batches(void **state) {
	(void)state;
	test_world_declare(&world, "CREATE VIEW strict WITH (allowed_lateness = '5 seconds') AS SELECT path, count(*) AS n FROM hits"
	                   " GROUP BY path, tumble(ts, '10 seconds');");
	append(0, 2000);
	test_worker t;
	test_worker_open(&t, &world, "strict");
	t.path.limits.commit_events = 9;
	t.path.limits.fetch_events = 31;
	test_worker_catch_up(&t);
	test_worker_close(&t);
	int64_t late = test_world_int(&world, "SELECT count(*) FROM lk.late");
	assert_true(late > 50);
	same("strict");
	test_redis_empty(&servers);   /* the second fold decides alike: the side output does not grow */
	test_world_speed_once(&world, NULL);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.late"), late);
	same("strict");
}

/* I8, I12 */
static void marked_events_are_named_once(void **state) {
	(void)state;
	test_world_declare(&world, "CREATE VIEW squares AS SELECT path, max(bytes * bytes) AS most FROM hits GROUP BY path;");
	test_world_append_json(&world, "hits",
		"{\"ts\":\"2017-07-14T02:40:00Z\",\"ip\":\"a\",\"path\":\"/\",\"status\":200,\"bytes\":9000000000000000000}\n"
		"{\"ts\":\"2017-07-14T02:40:00Z\",\"ip\":\"a\",\"path\":\"/\",\"status\":200,\"bytes\":3}\n");
	test_world_speed_once(&world, NULL);
	test_redis_empty(&servers);
	test_world_speed_once(&world, NULL);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected WHERE version_id IS NOT NULL"), 1);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected WHERE reason ILIKE '%out of range%'"), 1);
}

/* --- workers --- */

static int is_caught_up(void *view) {
	lk_query q = test_query(view);
	lk_answer a;
	bool all = true;
	test_world_answer(&world, &q, &a);
	for (int i = 0; i < a.partitions; i++)
		all &= a.end.part[i].off == a.tail.part[i].off;
	lk_answer_release(&a);
	return all;
}

static void caught_up(char *view) {
	if (!test_poll(is_caught_up, view, 20000))
		fail_msg("view %s was not caught up with in 20 s", view);
	same(view);
}

static void a_running_layer_follows(void **state) {
	(void)state;
	test_layer r;
	test_layer_start(&r, &servers, 2, false);
	for (int i = 0; i < 5; i++) {
		append(i * 200, 200);
		caught_up("traffic");
	}
	test_world_declare(&world, "CREATE VIEW by_status AS SELECT status, count(*) AS n FROM hits GROUP BY status;");
	caught_up("by_status");
	test_world_batch(&world, "traffic");
	append(1000, 200);
	caught_up("traffic");
	caught_up("by_status");
	test_layer_end(&r);
	assert_int_equal(r.notices, 0);
	assert_true(r.report.events >= 1200 && r.report.commits > 0 && r.report.cells > 0);
}

static void two_layers_share_and_succeed_each_other(void **state) {
	(void)state;
	test_layer a, b;
	append(0, 500);
	test_layer_start(&a, &servers, 1, false);
	test_layer_start(&b, &servers, 1, false);
	caught_up("traffic");
	append(500, 500);
	caught_up("traffic");
	test_layer_end(&a);
	append(1000, 500);
	caught_up("traffic");
	test_layer_end(&b);
}

static void once_waits_for_units_of_others(void **state) {
	(void)state;
	test_layer a, b;
	test_layer_start(&a, &servers, 1, false);
	append(0, 300);
	caught_up("traffic");   /* a holds all units now */
	append(300, 700);
	test_layer_start(&b, &servers, 2, true);
	test_layer_wait(&b);
	assert_int_equal(b.result, LK_OK);
	covers_the_log("traffic");
	test_layer_end(&a);
}

static void once_reports_what_it_cannot_pass(void **state) {
	(void)state;
	test_layer r;
	append(0, 600);
	test_world_run(&world, "DELETE FROM lk.log_hits WHERE part = 1 AND off = 57");
	test_layer_start(&r, &servers, 2, true);
	test_layer_wait(&r);
	assert_int_equal(r.result, LK_EGAP);
	assert_true(r.notices > 0);
	same("traffic");
}

/* P2 */
static void dead_units_are_swept(void **state) {
	(void)state;
	append(0, 100);
	test_world_speed_once(&world, NULL);
	test_world_declare(&world, "CREATE VIEW by_status AS SELECT status, count(*) AS n FROM hits GROUP BY status;");
	int64_t unit = test_world_copy(&world, "traffic")->units[0];
	lk_unit_state st = state_of(unit);
	lk_unit_state_release(&st);
	test_world_run(&world, "UPDATE lk.copy SET dropped = true WHERE copy_id = (SELECT served_copy FROM lk.view WHERE name = 'traffic')");
	test_layer r;
	test_layer_start(&r, &servers, 1, false);
	caught_up("by_status");
	int64_t deadline = lk_monotonic_us() + 10 * LK_US_PER_S;
	lk_error err = {0};
	while (lk_store_read_unit(world.store, unit, NULL, &st, NULL, &err) == LK_OK) {
		lk_unit_state_release(&st);
		assert_true(lk_monotonic_us() < deadline);
	}
	test_layer_end(&r);
}

static void unknown_views_are_named(void **state) {
	(void)state;
	lk_error err = {0};
	lk_speed_report report;
	lk_speed_options o = {.postgres = servers.at.postgres, .redis = servers.at.redis, .workers = 1, .once = true, .view = "trafic",
	                      .limits = lk_stream_defaults};
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_EUSAGE);
	lk_error_clear(&err);
	o.view = NULL;
	o.redis = "unix:/nonexistent/redis.sock";
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_EUNREACHABLE);
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(once_reaches_the_end),
		TEST(limits_do_not_show),
		TEST(large_maps_are_closed),
		TEST(owners_change_in_mid_log),
		TEST(units_share_a_fetch),
		TEST(one_fenced_unit_does_not_hold_the_others),
		TEST(a_gap_stops_its_partition_alone),
		TEST(a_stop_commits_what_was_folded),
		TEST(full_redis_waits_and_continues),
		TEST(segments_close_at_live_cuts),
		TEST(sweeps_drop_segments_that_a_batch_covers),
		TEST(once_sweeps_every_partition),
		TEST(once_folds_again_units_of_another_log),
		TEST(small_segments_are_compacted_but_not_across_cuts),
		TEST(a_worker_far_behind_skips_to_the_cut),
		TEST(skips_from_one_event_more_than_a_fetch),
		TEST(a_missing_unit_begins_at_the_published_cut),
		TEST(a_dropped_copy_is_not_made_again),
		TEST(late_events_do_not_depend_on_batches),
		TEST(marked_events_are_named_once),
		TEST(a_running_layer_follows),
		TEST(two_layers_share_and_succeed_each_other),
		TEST(once_waits_for_units_of_others),
		TEST(once_reports_what_it_cannot_pass),
		TEST(dead_units_are_swept),
		TEST(unknown_views_are_named),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
