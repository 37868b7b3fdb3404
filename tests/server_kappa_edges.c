/* Edge cases of the kappa path, each of which was wrong once. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "catalog/copies.h"
#include "compare/barrier.h"
#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

static test_servers servers;
static test_world world;
static int next_event;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, k text, n bigint)"
	" WITH (event_time = ts, partition_by = k, partitions = 2, watermark = '10 seconds');"
	"CREATE VIEW each AS SELECT k, count(*) AS c, sum(n) AS s FROM hits GROUP BY k, tumble(ts, '1 minute');";

static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, next_event++)
		lk_buf_addf(&lines, "{\"ts\":\"2015-05-17T10:%02d:%02dZ\",\"k\":\"a%d\",\"n\":%d}\n", next_event / 60 % 60, next_event % 60,
		            next_event % 11, next_event);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static lk_replay_options options(void) { return test_replay_options(&world, "each"); }

/* A sandbox that is kept, over a hundred events. */
static lk_replay_options a_morning(void) {
	lk_replay_options o = options();
	append(100);
	o.sandbox = "morning";
	o.keep = true;
	return o;
}

static const lk_cat_copy *copy_of(int64_t id) {
	test_world_reload(&world);
	const lk_cat_copy *c = lk_catalog_copy(world.catalog, id);
	assert_non_null(c);
	return c;
}

/* --- PostgreSQL comes back without the log's end --- */

/* Like a restore: sessions are gone, and so are the last events of each partition. */
static void lose_the_end(int events) {
	test_sql(&world.pg, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'");
	test_sql(&world.pg, "DELETE FROM lk.log_hits h USING lk.tail t WHERE h.part = t.part AND off >= next_off - %d", events);
	test_sql(&world.pg, "UPDATE lk.tail t SET next_off = next_off - %d, last_at = (SELECT max(_at) FROM lk.log_hits h WHERE h.part = t.part)",
	         events);
}

typedef struct accident {
	const char *phase;
	int64_t unit;              /* its lock keeps the run from ending before the accident */
	bool happened;
} accident;

static void have_accident(void *ctx, const lk_replay_progress *p) {
	accident *a = ctx;
	if (a->happened || strcmp(p->phase, a->phase))
		return;
	a->happened = true;
	lose_the_end(5);
	lk_pg_unlock(&world.pg, a->unit, NULL);
}

static void is_right_and_closed(void) {
	test_view_is_right(&world, "each");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
}

/* I11 */
static void an_end_that_the_log_has_lost_ends_the_wait(void **state) {
	lk_replay_options o = options();
	lk_error err = {0};
	(void)state;
	append(100);
	lk_replay_report r = test_replay(&o);
	append(100);
	accident a = {.phase = "replaying", .unit = copy_of(r.copy_id)->units[0]};
	test_ok(lk_pg_try_lock(&world.pg, a.unit, &err), &err);
	o.switch_over = true;
	o.watch = (lk_replay_watch){.progress = have_accident, .ctx = &a};
	r = test_replay(&o);
	assert_true(a.happened && r.switched);
	is_right_and_closed();
}

/* I11: the end at which copies are compared is lost */
static void a_cut_that_the_log_has_lost_ends_the_wait(void **state) {
	lk_replay_options o = options();
	lk_error err = {0};
	(void)state;
	append(100);
	test_world_reload(&world);
	accident a = {.phase = "catching up", .unit = test_world_copy(&world, "each")->units[0]};
	test_ok(lk_pg_try_lock(&world.pg, a.unit, &err), &err);
	o.switch_over = o.verify = true;
	o.watch = (lk_replay_watch){.progress = have_accident, .ctx = &a};
	lk_replay_report r = test_replay(&o);
	assert_true(a.happened && r.switched && r.verified);
	assert_int_equal(r.difference.compared, r.difference.equal);
	is_right_and_closed();
	lk_replay_report_release(&r);
}

/* The end of a sandbox is fixed: if the log has lost it, the replay fails and says so. */
static void a_sandbox_with_a_lost_end_is_reported(void **state) {
	lk_replay_options o = a_morning();
	lk_replay_report r;
	lk_error err = {0};
	(void)state;
	r = test_replay(&o);
	test_sql(&world.pg, "UPDATE lk.replay SET ended_at = NULL, phase = 'replaying'");   /* as a kill would leave it */
	lose_the_end(5);
	for (int paced = 0; paced < 2; paced++) {
		lk_error_clear(&err);
		o.pace = paced ? 1e6 : 0;
		assert_int_equal(lk_replay_run(&o, &r, &err), LK_EGAP);
		assert_non_null(strstr(err.text, "has lost its end"));
		assert_non_null(strstr(err.hint, "--fresh"));
	}
	o.fresh = true;
	r = test_replay(&o);
	assert_int_equal(r.events, 90);
}

/* --- PostgreSQL's disk is full --- */

/* Dropping cells of Redis would not free the disk: finished work is kept. */
static void a_full_postgres_keeps_the_copy(void **state) {
	lk_replay_options o = options();
	lk_replay_report r;
	lk_error err = {0};
	(void)state;
	test_world_declare(&world, "CREATE VIEW strict WITH (allowed_lateness = '0 seconds') AS"
	                           " SELECT k, count(*) AS c FROM hits GROUP BY k, tumble(ts, '1 minute');");
	append(600);
	next_event = 0;
	append(10);                /* late */
	test_sql(&world.pg, "CREATE FUNCTION lk.no_room() RETURNS trigger LANGUAGE plpgsql AS"
	         " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING errcode = '53100'; END $$");
	test_sql(&world.pg, "CREATE TRIGGER no_room BEFORE INSERT ON lk.late EXECUTE FUNCTION lk.no_room()");
	o.view = "strict";
	o.limits.commit_events = 100;
	assert_int_equal(lk_replay_run(&o, &r, &err), LK_EFULL);
	assert_non_null(strstr(err.hint, "the copy stays"));
	int64_t copy = r.copy_id;
	assert_non_null(copy_of(copy));
	test_sql(&world.pg, "DROP TRIGGER no_room ON lk.late");
	r = test_replay(&o);
	assert_true(r.resumed && r.copy_id == copy);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.late"), 10);
}

/* --- Redis loses a sandbox that was kept --- */

/* I11 */
static void a_kept_sandbox_is_made_whole_again(void **state) {
	lk_replay_options o = a_morning();
	lk_replay_report r;
	lk_error err = {0};
	(void)state;
	r = test_replay(&o);
	int64_t copy = r.copy_id;
	assert_int_equal(lk_replay_run(&o, &r, &err), LK_EUSAGE);   /* it is complete: the name is taken */
	test_redis_empty(&servers);
	append(10);
	r = test_replay(&o);
	assert_true(r.resumed && r.copy_id == copy);
	assert_int_equal(r.events, 100);
	lk_error_clear(&err);
	assert_int_equal(lk_replay_run(&o, &r, &err), LK_EUSAGE);
}

/* --- a sandbox does not depend on other changes of the view --- */

static void a_sandbox_leaves_the_cut_of_a_comparison_alone(void **state) {
	lk_replay_options o = options();
	lk_replay_watch watch = {0};
	lk_barrier m;
	lk_error err = {0};
	(void)state;
	append(100);
	const lk_cat_copy *const served[] = {test_world_copy(&world, "each")};
	test_ok(lk_barrier_open(&m, &world.pg, served, 1,
	                        &(lk_run_to_options){.postgres = servers.at.postgres, .redis = servers.at.redis, .watch = &watch}, &err), &err);
	o.sandbox = "morning";
	o.keep = true;
	test_replay(&o);
	assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM lk.cut WHERE cut_id = %lld AND state = 'open'", (long long)m.cut.id), 1);
	lk_barrier_close(&m);
}

static int waits_for_the_lock(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk replay' AND query LIKE '%advisory%'") > 0;
}

/* The same command again, a moment before the first one is done and removes its sandbox. */
static void a_sandbox_that_goes_away_meanwhile_is_made_anew(void **state) {
	lk_error err = {0};
	int64_t id;
	(void)state;
	append(100);
	test_world_reload(&world);
	const lk_frontier start = lk_frontier_start(test_world_copy(&world, "each")->version->reads->id, 2);
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_SANDBOX, .name = "morning", .range = {.from = INT64_MIN, .to = INT64_MAX},
	                           .start = &start};
	test_ok(lk_copy_make(&world.pg, test_world_copy(&world, "each")->version, &spec, &id, &err), &err);
	test_ok(lk_pg_try_lock(&world.pg, id, &err), &err);
	int pid = test_lk_start(&servers, NULL, (const char *const[]){"replay", "each", "--as", "morning", "--keep", NULL});
	assert_true(test_poll(waits_for_the_lock, NULL, 10000));
	test_ok(lk_copy_drop(&world.pg, id, &err), &err);
	lk_pg_unlock(&world.pg, id, NULL);
	assert_int_equal(test_lk_wait(pid, 20000), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE name = 'morning' AND NOT dropped"), 1);
}

/* --- more workers than partitions --- */

static void workers_without_a_partition_take_no_sessions(void **state) {
	lk_replay_options o = options();
	(void)state;
	append(200);
	o.workers = (int)test_world_int(&world, "SELECT setting::bigint FROM pg_settings WHERE name = 'max_connections'");
	o.switch_over = true;
	lk_replay_report r = test_replay(&o);
	assert_true(r.switched && r.events == 200);
}

/* --- a replay brings a version into service while its lambda copy waits for a batch --- */

static int64_t served_version(void) {
	return test_world_int(&world, "SELECT number FROM lk.view JOIN lk.copy ON copy_id = served_copy JOIN lk.version USING (version_id)");
}

static void lk_batch(void) {
	assert_int_equal(test_lk(&servers, NULL, NULL, NULL, (const char *const[]){"batch", NULL}), 0);
}

/* I9: readers stay where the replay moved them */
static void going_back_is_not_undone_by_a_batch(void **state) {
	lk_replay_options o = options();
	lk_mode_report mode;
	lk_error err = {0};
	(void)state;
	append(100);
	lk_batch();
	test_world_declare(&world, "CREATE VIEW each AS SELECT k, count(*) AS c, max(n) AS m FROM hits GROUP BY k, tumble(ts, '1 minute');");
	o.switch_over = true;
	test_replay(&o);
	assert_int_equal(served_version(), 2);
	/* served and former */
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE NOT dropped"), 2);
	test_ok(lk_mode_back(&o, &mode, &err), &err);
	append(100);
	lk_batch();
	assert_int_equal(served_version(), 1);
	test_ok(lk_mode_back(&o, &mode, &err), &err);
	assert_int_equal(served_version(), 2);
	test_world_reload(&world);
	assert_true(test_world_copy(&world, "each")->kappa);
}

/* A version that was superseded before it was served has no copy any more. */
static void a_version_that_was_overtaken_leaves_no_copy(void **state) {
	(void)state;
	append(100);
	test_world_declare(&world, "CREATE VIEW each AS SELECT k, count(*) AS c, max(n) AS m FROM hits GROUP BY k, tumble(ts, '1 minute');");
	test_world_declare(&world, "CREATE VIEW each AS SELECT k, count(*) AS c, min(n) AS m FROM hits GROUP BY k, tumble(ts, '1 minute');");
	lk_batch();
	assert_int_equal(served_version(), 3);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE NOT dropped"), 2);
}

static void another_range_of_the_same_name_is_refused(void **state) {
	lk_replay_options o = a_morning();
	lk_replay_report r;
	lk_error err = {0};
	(void)state;
	o.range.to = 1431856850000000;   /* 10:00:50 */
	test_replay(&o);
	o.range.to++;
	assert_int_equal(lk_replay_run(&o, &r, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "before 2015-05-17T10:00:50Z"));
}

/* --- */

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	next_event = 0;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(an_end_that_the_log_has_lost_ends_the_wait),
		TEST(a_cut_that_the_log_has_lost_ends_the_wait),
		TEST(a_sandbox_with_a_lost_end_is_reported),
		TEST(a_full_postgres_keeps_the_copy),
		TEST(a_kept_sandbox_is_made_whole_again),
		TEST(a_sandbox_leaves_the_cut_of_a_comparison_alone),
		TEST(a_sandbox_that_goes_away_meanwhile_is_made_anew),
		TEST(workers_without_a_partition_take_no_sessions),
		TEST(going_back_is_not_undone_by_a_batch),
		TEST(a_version_that_was_overtaken_leaves_no_copy),
		TEST(another_range_of_the_same_name_is_refused),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
