/* The interleavings that need the rules of the protocol, on real servers. If a rule can be switched off (FAULTS=1), the
 * same interleaving without the rule must go wrong: a test that passes either way shows nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "batch_layer/compute.h"
#include "core/time.h"
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
		lk_time_print(start_us + i * LK_US_PER_S - (i % 9 == 0 ? i % 100 * LK_US_PER_S : 0), &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"a\",\"path\":\"/p%d\"}\n", i % 5);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* How the answer differs from the oracle's; "" if it does not. */
static char *difference(void) {
	lk_query q = test_query("traffic");
	lk_buf text = LK_BUF_INIT;
	test_world_compare(&world, &q, NULL, NULL, &text);
	return text.len ? lk_buf_steal(&text) : lk_strdup("");
}

static void is_right(void) {
	char *text = difference();
	if (*text)
		fail_msg("%s", text);
	free(text);
}

static void is_wrong(void) {
	char *text = difference();
	assert_true(*text != '\0');
	free(text);
}

/* I1: the number of events in the unit's segments, over all paths. */
static int64_t events_in_segments(int64_t unit) {
	const lk_plan *plan = test_world_copy(&world, "traffic")->version->plan;
	lk_cells cells;
	lk_unit_state st;
	lk_error err = {0};
	int64_t n = 0;
	lk_cells_init(&cells, plan);
	assert_int_equal(lk_store_read_unit(world.store, unit, NULL, &st, &cells, &err), LK_OK);
	for (int i = 0; i < st.nsegments; i++)
		if (!st.segments[i].open)
			assert_int_equal(lk_store_read_segment(world.store, unit, &st.segments[i], NULL, &cells, &err), LK_OK);
	for (lk_cell *c = cells.first; c; c = c->next) {
		lk_value v;
		plan->aggs[0].verbs->finish((char *)lk_cell_state(&cells, c) + plan->aggs[0].state_offset, &plan->aggs[0], &v);
		n += v.i;
	}
	lk_cells_release(&cells);
	lk_unit_state_release(&st);
	return n;
}

static lk_unit_state state_of(int64_t unit) {
	lk_unit_state st;
	lk_error err = {0};
	assert_int_equal(lk_store_read_unit(world.store, unit, NULL, &st, NULL, &err), LK_OK);
	return st;
}

static void reconnect(test_worker *t) {
	lk_error err = {0};
	lk_store_close(t->path.store);
	assert_int_equal(lk_store_open(&t->path.store, servers.at.redis, world.log_id, &err), LK_OK);
}

static void reconnect_world(void) {
	lk_error err = {0};
	lk_store_close(world.store);
	assert_int_equal(lk_store_open(&world.store, servers.at.redis, world.log_id, &err), LK_OK);
}

static void mutant(const char *name) {
#ifdef LK_FAULTS
	setenv("LK_MUTANT", name, 1);
#else
	print_message("skipped: mutant %s, this build has no faults\n", name);
	skip();
#endif
}

static int fresh(void **state) {
	(void)state;
	unsetenv("LK_MUTANT");
	test_world_empty(&world);
	test_world_declare(&world, hits);
	return 0;
}

static int no_mutant(void **state) {
	(void)state;
	unsetenv("LK_MUTANT");
	return 0;
}

/* --- P1: the fence --- */

/* Z commits to 300 and is paused. Redis goes back to 250; N takes over and commits to 300. Z wakes, with a client that
 * reconnects by itself, and commits its cells of [0, 350): the cursor matches, the token does not. */
static void play_aba(void) {
	test_worker z, n;
	append(0, 400);
	test_worker_open(&z, &world, "traffic");
	assert_int_equal(test_worker_step(&z, 0, 250), 250);
	test_redis_save(&servers, "at-250");
	assert_int_equal(test_worker_step(&z, 0, 50), 50);
	test_redis_restore(&servers, "at-250");
	reconnect_world();
	test_worker_open(&n, &world, "traffic");
	assert_int_equal(test_worker_step(&n, 0, 50), 50);
	assert_int_equal(n.units[0].committed, 300);
	reconnect(&z);
	int64_t r = test_worker_step(&z, 0, 50);
	assert_int_equal(r, getenv("LK_MUTANT") ? 50 : LK_EFENCED);
	test_worker_close(&z);
	test_worker_close(&n);
}

/* I7, P1 */
static void aba_paused_owner_across_redis_rewind(void **state) {
	(void)state;
	play_aba();
	is_right();
	test_world_speed_once(&world, NULL);
	is_right();
}

/* P1 */
static void aba_without_the_token(void **state) {
	(void)state;
	mutant("cursor_only_fence");
	play_aba();
	assert_true(events_in_segments(test_world_copy(&world, "traffic")->units[0]) != 350);
}

/* --- P1: the loser drops its map --- */

static void play_loser(void) {
	test_worker a, b;
	append(0, 100);
	test_worker_open(&a, &world, "traffic");
	test_worker_open(&b, &world, "traffic");
	assert_int_equal(test_worker_step(&a, 0, 30), 30);
	assert_int_equal(test_worker_step(&b, 0, 30), 30);
	assert_int_equal(test_worker_step(&a, 0, 10), LK_EFENCED);
	assert_int_equal(test_worker_step(&a, 0, 10), 10);   /* takes over at 60 */
	test_worker_close(&a);
	test_worker_close(&b);
}

/* I1, P1 */
static void loser_drops_its_map(void **state) {
	(void)state;
	play_loser();
	is_right();
}

/* P1 */
static void loser_keeps_map(void **state) {
	(void)state;
	mutant("keep_map");
	play_loser();
	is_wrong();
}

/* --- P2: the open segment is never dropped --- */

static void play_drop(void) {
	test_worker t;
	append(0, 20);
	test_worker_open(&t, &world, "traffic");
	assert_int_equal(test_worker_step(&t, 0, 10), 10);
	test_world_batch(&world, "traffic");   /* published at 20, above the cursor */
	test_worker_sweep(&t, 0);
	assert_int_equal(test_worker_step(&t, 0, 3), 3);
	lk_unit_state st = state_of(t.units[0].id);
	assert_int_equal(st.base.cursor, 0);
	assert_int_equal(st.at.cursor, 13);
	lk_unit_state_release(&st);
	test_worker_close(&t);
}

/* I1, P2 */
static void drop_while_owner_lags(void **state) {
	(void)state;
	play_drop();
	assert_int_equal(events_in_segments(test_world_copy(&world, "traffic")->units[0]), 13);
	is_right();
	append(20, 10);
	test_world_speed_once(&world, NULL);
	is_right();
}

/* P2 */
static void drop_of_the_open_segment(void **state) {
	(void)state;
	mutant("drop_open");
	play_drop();
	assert_true(events_in_segments(test_world_copy(&world, "traffic")->units[0]) != 13);
}

/* P2: The worker has closed the segment of the last commit in its memory, for its size: in Redis it is the open one
 * until the next commit. */
static void a_cut_where_a_full_segment_ends(void **state) {
	(void)state;
	test_worker t;
	append(0, 20);
	test_worker_open(&t, &world, "traffic");
	t.path.limits.segment_bytes = 1;
	assert_int_equal(test_worker_step(&t, 0, 20), 20);
	lk_unit_state st = state_of(t.units[0].id);
	assert_true(st.segments[st.nsegments - 1].open && st.segments[st.nsegments - 1].to == 20);
	lk_unit_state_release(&st);
	test_world_batch(&world, "traffic");
	test_worker_sweep(&t, 0);
	assert_true(t.units[0].taken);
	st = state_of(t.units[0].id);
	assert_int_equal(st.base.cursor, 20);
	assert_int_equal(st.nsegments, 0);
	lk_unit_state_release(&st);
	is_right();
	append(20, 10);
	assert_int_equal(test_worker_step(&t, 0, 10), 10);
	is_right();
	test_worker_close(&t);
}

/* --- P4: fetch, then cuts --- */

static void publish(const lk_cut *cut) {
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	lk_error err = {0};
	char *table = lk_asprintf("\"lk\".\"batch_%lld_%lld\"", (long long)copy->id, (long long)cut->id);
	lk_compute c = {.pg = &world.pg, .copy = copy, .cut = cut, .from = &copy->cut, .table = table};
	test_world_run(&world, "BEGIN");
	assert_int_equal(lk_compute_sql(&c, &err), LK_OK);
	assert_int_equal(lk_cut_publish(&world.pg, copy->id, cut, table, &err), LK_OK);
	test_world_run(&world, "COMMIT");
	test_world_reload(&world);
	free(table);
}

static lk_cut cut_here(void) {
	lk_cut cut;
	lk_error err = {0};
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){copy->version->reads, copy->id, "batch"}, &cut, &err), LK_OK);
	return cut;
}

static void play_cut(int64_t *segments) {
	test_worker t;
	append(0, 10);
	test_worker_open(&t, &world, "traffic");
	assert_int_equal(test_worker_step(&t, 0, 10), 10);
	append(10, 10);
	lk_cut cut = cut_here();
	append(20, 10);
	assert_int_equal(test_worker_step(&t, 0, 20), 20);
	publish(&cut);
	lk_unit_state st = state_of(t.units[0].id);
	*segments = st.nsegments;
	lk_unit_state_release(&st);
	test_worker_close(&t);
}

/* I3, P4 */
static void a_cut_before_the_fetch_ends_the_segment(void **state) {
	(void)state;
	int64_t segments;
	play_cut(&segments);
	assert_int_equal(segments, 2);
	is_right();
}

/* P3, P4: If cuts are read first, a segment spans the cut. Readers notice: segments that do not tile are never
 * served. */
static void cuts_before_fetch_is_caught(void **state) {
	(void)state;
	int64_t segments;
	mutant("cuts_first");
	play_cut(&segments);
	assert_int_equal(segments, 1);
	lk_query q = test_query("traffic");
	lk_answer a;
	lk_error err = {0};
	assert_int_equal(lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err), LK_EPARTIAL);
	unsetenv("LK_MUTANT");
	test_world_speed_once(&world, NULL);   /* the unit begins again at the cut */
	is_right();
	append(30, 10);
	test_world_speed_once(&world, NULL);
	is_right();
}

/* --- P5, P15: publishing --- */

/* P5 */
static void two_batches_out_of_order(void **state) {
	(void)state;
	lk_error err = {0};
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	append(0, 90);
	lk_cut a = cut_here();
	append(90, 10);
	lk_cut b = cut_here();
	publish(&b);
	test_world_run(&world, "BEGIN");
	test_world_run(&world, "CREATE TABLE lk.late_batch AS SELECT 1");
	assert_int_equal(lk_cut_publish(&world.pg, copy->id, &a, "\"lk\".\"late_batch\"", &err), LK_ECONFLICT);
	test_world_run(&world, "ROLLBACK");
	assert_int_equal(test_world_int(&world, "SELECT cut_id FROM lk.copy"), b.id);
	is_right();
	test_world_speed_once(&world, NULL);
	is_right();
}

/* I7, P15: A batch lost its session after its cut; another one has published since. On a new session the first must not
 * publish. */
static void zombie_publish_on_new_session(void **state) {
	(void)state;
	lk_error err = {0};
	lk_pg zombie;
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	append(0, 50);
	assert_int_equal(lk_pg_open(&zombie, servers.at.postgres, "zombie", &err), LK_OK);
	assert_int_equal(lk_pg_try_lock(&zombie, copy->id, &err), LK_OK);
	lk_cut cut;
	assert_int_equal(lk_cut_make(&zombie, &(lk_cut_for){copy->version->reads, copy->id, "batch"}, &cut, &err), LK_OK);
	test_world_run(&world, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'zombie'");
	test_world_batch(&world, "traffic");   /* as far as the first one's cut, so only the cut's state can refuse it */
	assert_int_equal(lk_cut_publish(&zombie, copy->id, &cut, "\"lk\".\"z\"", &err), LK_EUNREACHABLE);
	lk_pg_close(&zombie);
	lk_error_clear(&err);
	assert_int_equal(lk_pg_open(&zombie, servers.at.postgres, "zombie", &err), LK_OK);
	assert_int_equal(lk_pg_run(&zombie, &err, "BEGIN; CREATE TABLE lk.z AS SELECT 1"), LK_OK);
	assert_int_equal(lk_cut_publish(&zombie, copy->id, &cut, "\"lk\".\"z\"", &err), LK_ECONFLICT);
	lk_pg_rollback(&zombie);
	lk_pg_close(&zombie);
	is_right();
}

/* --- P6: the log has an identity --- */

static void lose_the_tail(int64_t off) {
	char *sql = lk_asprintf("DELETE FROM lk.log_hits WHERE off >= %lld; UPDATE lk.tail SET next_off = %lld,"
	                        " last_at = (SELECT max(_at) FROM lk.log_hits)", (long long)off, (long long)off);
	test_world_run(&world, sql);
	free(sql);
}

/* P6 */
static void pg_loses_tail(void **state) {
	(void)state;
	test_worker t;
	append(0, 100);
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	test_worker_close(&t);
	lose_the_tail(90);
	test_world_speed_once(&world, NULL);   /* the cursor is beyond the tail */
	is_right();
	assert_int_equal(events_in_segments(test_world_copy(&world, "traffic")->units[0]), 90);
	lose_the_tail(83);
	append(500, 37);   /* other events, with other paths, at the offsets that were folded, and beyond */
	test_world_speed_once(&world, NULL);
	is_right();
	assert_int_equal(events_in_segments(test_world_copy(&world, "traffic")->units[0]), 120);
}

/* P6, P8 */
static void pg_loses_tail_above_a_batch(void **state) {
	(void)state;
	append(0, 100);
	test_world_batch(&world, "traffic");
	append(100, 100);
	test_world_speed_once(&world, NULL);
	lose_the_tail(153);
	append(500, 77);
	test_world_speed_once(&world, NULL);
	lk_unit_state st = state_of(test_world_copy(&world, "traffic")->units[0]);
	assert_int_equal(st.base.cursor, 100);   /* restarted at the cut, not at 0 */
	assert_int_equal(st.at.cursor, 230);
	lk_unit_state_release(&st);
	is_right();
}

/* --- P9: decisions about late events are a function of the log's prefix --- */

/* I4, P9 */
static void late_decisions_equal_after_start_at_cut(void **state) {
	(void)state;
	test_world_declare(&world,
		"CREATE VIEW early WITH (allowed_lateness = '3 seconds') AS SELECT path, count(*) AS n FROM hits"
		" GROUP BY path, tumble(ts, '10 seconds');"
		"CREATE VIEW whole WITH (allowed_lateness = '3 seconds') AS SELECT path, count(*) AS n FROM hits"
		" GROUP BY path, tumble(ts, '10 seconds');");
	append(0, 333);
	test_world_batch(&world, "early");
	append(333, 333);
	test_world_speed_once(&world, NULL);   /* early begins at its cut, whole at 0 */
	assert_true(test_world_int(&world, "SELECT count(*) FROM lk.late WHERE off >= 333") > 30);
	assert_int_equal(test_world_int(&world,
		"SELECT count(*) FROM (SELECT off, watermark, pane FROM lk.late l JOIN lk.view v ON v.served_copy = l.copy_id"
		" WHERE v.name = 'whole' AND off >= 333 EXCEPT SELECT off, watermark, pane FROM lk.late l"
		" JOIN lk.view v ON v.served_copy = l.copy_id WHERE v.name = 'early') d"), 0);
	assert_int_equal(test_world_int(&world,
		"SELECT count(*) FROM lk.late l JOIN lk.view v ON v.served_copy = l.copy_id WHERE v.name = 'early'"),
		test_world_int(&world, "SELECT count(*) FROM lk.late l JOIN lk.view v ON v.served_copy = l.copy_id"
		" WHERE v.name = 'whole' AND off >= 333"));
	lk_query early = test_query("early"), whole = test_query("whole");
	test_world_same(&world, &early);
	test_world_same(&world, &whole);
}

/* --- Redis goes back, or is empty --- */

/* I3, P2 */
static void dropped_segments_that_come_back_are_not_counted(void **state) {
	(void)state;
	append(0, 100);
	test_world_speed_once(&world, NULL);
	test_redis_save(&servers, "before-drop");
	test_world_batch(&world, "traffic");
	append(100, 50);
	test_world_speed_once(&world, NULL);   /* sweeps what the batch covers */
	lk_unit_state st = state_of(test_world_copy(&world, "traffic")->units[0]);
	assert_int_equal(st.base.cursor, 100);
	lk_unit_state_release(&st);
	test_redis_restore(&servers, "before-drop");
	reconnect_world();
	is_right();
	test_world_speed_once(&world, NULL);
	is_right();
	st = state_of(test_world_copy(&world, "traffic")->units[0]);
	assert_int_equal(st.base.cursor, 100);   /* dropped again */
	assert_int_equal(st.at.cursor, 150);
	lk_unit_state_release(&st);
}

/* I11, P8 */
static void an_empty_redis_is_filled_from_the_cut(void **state) {
	(void)state;
	append(0, 100);
	test_world_batch(&world, "traffic");
	append(100, 50);
	test_world_speed_once(&world, NULL);
	test_redis_empty(&servers);
	is_right();   /* the batch alone */
	test_world_speed_once(&world, NULL);
	is_right();
	assert_int_equal(events_in_segments(test_world_copy(&world, "traffic")->units[0]), 50);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, no_mutant)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(aba_paused_owner_across_redis_rewind),
		TEST(aba_without_the_token),
		TEST(loser_drops_its_map),
		TEST(loser_keeps_map),
		TEST(drop_while_owner_lags),
		TEST(drop_of_the_open_segment),
		TEST(a_cut_where_a_full_segment_ends),
		TEST(a_cut_before_the_fetch_ends_the_segment),
		TEST(cuts_before_fetch_is_caught),
		TEST(two_batches_out_of_order),
		TEST(zombie_publish_on_new_session),
		TEST(pg_loses_tail),
		TEST(pg_loses_tail_above_a_batch),
		TEST(late_decisions_equal_after_start_at_cut),
		TEST(dropped_segments_that_come_back_are_not_counted),
		TEST(an_empty_redis_is_filled_from_the_cut),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
