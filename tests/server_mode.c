/* Changes of a view's mode and ways back: with and without live workers, while events arrive, and killed on the way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/copies.h"
#include "core/time.h"
#include "event_log/append.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

static test_servers servers;
static test_world world;
static int next_event;

static const char *const definitions =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, max(bytes) AS largest FROM hits"
	" GROUP BY path, tumble(ts, '1 minute');"
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

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	next_event = 0;
	test_table_reset();
	return 0;
}

static lk_mode_report change(const lk_replay_options *o, bool kappa) {
	lk_mode_report report;
	lk_error err = {0};
	if (lk_mode_change(o, kappa, &report, &err) != LK_OK)
		fail_msg("to %s: %s (%s)", kappa ? "kappa" : "lambda", err.text, err.hint);
	return report;
}

/* The same, without a look at the comparison. */
static lk_mode_report move(const lk_replay_options *o, bool kappa) {
	lk_mode_report report = change(o, kappa);
	lk_difference_release(&report.difference);
	return report;
}

static lk_mode_report go_back(const lk_replay_options *o) {
	lk_mode_report report;
	lk_error err = {0};
	if (lk_mode_back(o, &report, &err) != LK_OK)
		fail_msg("back: %s (%s)", err.text, err.hint);
	return report;
}

static bool serves_kappa(const char *view) {
	return test_number(&world.pg,
	                   "SELECT (mode = 'kappa')::int FROM lk.view w JOIN lk.copy ON copy_id = served_copy"
	                   " WHERE w.name = '%s'", view) == 1;
}

static void is_right(const char *view) {
	lk_query q = test_query(view);
	test_world_same(&world, &q);
}

/* And it covers the whole log. */
static void is_complete(const char *view) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	for (int i = 0; i < a.partitions; i++)
		assert_int_equal(a.end.part[i].off, a.tail.part[i].off);
	lk_answer_release(&a);
	is_right(view);
}

static void nothing_is_open(const char *view) {
	test_nothing_is_open(&world);
	assert_true(test_copies(&world, view) <= 2);
}

/* --- there and back --- */

/* I8 */
static void lambda_kappa_lambda(void **state) {
	(void)state;
	static const char *const views[] = {"traffic", "strict"};
	append(2000);
	for (int v = 0; v < 2; v++) {
		const char *view = views[v];
		lk_replay_options o = test_replay_options(&world, view);
		int64_t lambda = test_served(&world, view);
		test_world_batch(&world, view);
		append(1000);
		lk_mode_report r = change(&o, true);
		assert_true(serves_kappa(view));
		assert_int_equal(r.from_copy, lambda);
		assert_int_equal(r.to_copy, test_served(&world, view));
		assert_int_equal(test_former(&world, view), lambda);
		assert_int_equal(r.switched_how.gap, 0);
		assert_true(r.difference.made && lk_difference_none(&r.difference) && !r.nothing_to_do);
		is_complete(view);
		nothing_is_open(view);
		int64_t kappa = r.to_copy;
		lk_difference_release(&r.difference);
		r = change(&o, true);
		assert_true(r.nothing_to_do);
		assert_int_equal(test_served(&world, view), kappa);
		append(500);
		r = change(&o, false);
		assert_false(serves_kappa(view) || r.nothing_to_do);
		assert_int_equal(r.from_copy, kappa);
		assert_int_not_equal(r.to_copy, lambda);
		assert_int_equal(test_former(&world, view), kappa);
		assert_int_equal(r.switched_how.retired, lambda);
		assert_true(r.difference.made && lk_difference_none(&r.difference));
		assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM lk.batch WHERE copy_id = %lld",
		                             (long long)r.to_copy), 1);
		is_complete(view);
		nothing_is_open(view);
		lk_difference_release(&r.difference);
		assert_true(change(&o, false).nothing_to_do);
		append(100);
		test_world_batch(&world, view);
		test_world_speed_once(&world, view);
		is_complete(view);
	}
}

/* Late events: lambda's batch counts them, kappa does not; that is no difference. */
static void late_events_are_no_difference(void **state) {
	(void)state;
	append(3000);
	test_world_speed_once(&world, "strict");
	test_world_batch(&world, "strict");
	lk_replay_options o = test_replay_options(&world, "strict");
	lk_mode_report r = change(&o, true);
	assert_true(r.difference.by_late > 0 && lk_difference_none(&r.difference));
	lk_difference_release(&r.difference);
	is_complete("strict");
	r = change(&o, false);
	assert_true(r.difference.by_late > 0 && lk_difference_none(&r.difference));
	lk_difference_release(&r.difference);
	is_complete("strict");
}

static void back_and_forth(void **state) {
	(void)state;
	lk_mode_report r;
	lk_error err = {0};
	append(1000);
	lk_replay_options o = test_replay_options(&world, "traffic");
	assert_int_equal(lk_mode_back(&o, &r, &err), LK_EUSAGE);
	int64_t lambda = test_served(&world, "traffic"), kappa = move(&o, true).to_copy;
	for (int i = 0; i < 4; i++) {
		int64_t from = i % 2 ? lambda : kappa, to = i % 2 ? kappa : lambda;
		append(300);                        /* no worker has read them yet */
		r = go_back(&o);
		assert_int_equal(r.from_copy, from);
		assert_int_equal(r.to_copy, to);
		assert_int_equal(r.switched_how.gap, 0);
		assert_int_equal(r.switched_how.retired, 0);
		assert_int_equal(test_served(&world, "traffic"), to);
		assert_int_equal(test_former(&world, "traffic"), from);
		is_complete("traffic");
		nothing_is_open("traffic");
	}
	lk_error_clear(&err);
	assert_int_equal(lk_copy_drop(&world.pg, test_former(&world, "traffic"), &err), LK_OK);
	assert_int_equal(lk_mode_back(&o, &r, &err), LK_EUSAGE);
	assert_int_equal(test_served(&world, "traffic"), kappa);
	lk_error_clear(&err);
	o.view = "trafic";
	assert_int_equal(lk_mode_back(&o, &r, &err), LK_EUSAGE);
}

/* A replay that was switched to by going back is finished: the next one begins at offset 0. */
static void going_back_is_no_replay(void **state) {
	(void)state;
	append(500);
	lk_replay_options o = test_replay_options(&world, "traffic");
	int64_t kappa = move(&o, true).to_copy;
	go_back(&o);
	append(100);
	assert_int_equal(go_back(&o).to_copy, kappa);
	o.switch_over = true;
	lk_replay_report r = test_replay(&o);
	assert_true(r.switched && !r.already && !r.resumed);
	assert_int_equal(r.events, 600);
	is_complete("traffic");
}

/* The mode changes for the served version, also after a newer one was declared. */
static void a_newer_version_waits(void **state) {
	(void)state;
	append(1000);
	lk_replay_options o = test_replay_options(&world, "traffic");
	test_world_batch(&world, "traffic");
	test_world_declare(&world,
	                   "CREATE VIEW traffic AS SELECT path, count(*) AS n FROM hits WHERE bytes > 100"
	                   " GROUP BY path, tumble(ts, '1 minute')");
	move(&o, true);
	assert_true(serves_kappa("traffic"));
	assert_int_equal(test_number(&world.pg,
	                             "SELECT number FROM lk.version JOIN lk.copy USING (version_id) WHERE copy_id = %lld",
	                             (long long)test_served(&world, "traffic")), 1);
	is_complete("traffic");
	move(&o, false);
	assert_int_equal(test_number(&world.pg,
	                             "SELECT number FROM lk.version JOIN lk.copy USING (version_id) WHERE copy_id = %lld",
	                             (long long)test_served(&world, "traffic")), 1);
	is_complete("traffic");
	o.switch_over = true;
	assert_int_equal(test_replay(&o).version, 2);
	move(&o, false);                      /* apply made a lambda copy of version 2, which waits to be served */
	assert_false(serves_kappa("traffic"));
	is_complete("traffic");
	assert_int_equal(go_back(&o).switched_how.gap, 0);
	is_complete("traffic");
}

static void a_difference_is_not_switched_to(void **state) {
	(void)state;
	lk_mode_report r;
	lk_error err = {0};
	append(1000);
	test_world_batch(&world, "traffic");
	test_world_reload(&world);
	const lk_cat_copy *served = test_world_copy(&world, "traffic");
	test_sql(&world.pg, "UPDATE %s SET _p0_0 = _p0_0 + 1 WHERE ctid = (SELECT min(ctid) FROM %s)",
	         served->batch_table, served->batch_table);
	lk_replay_options o = test_replay_options(&world, "traffic");
	assert_int_equal(lk_mode_change(&o, true, &r, &err), LK_EDIFFERS);
	assert_true(r.difference.made && r.difference.different == 1 && r.difference.nshown == 1);
	lk_difference_release(&r.difference);
	assert_false(serves_kappa("traffic"));
	o.force = true;
	r = change(&o, true);
	assert_true(r.resumed && serves_kappa("traffic"));
	lk_difference_release(&r.difference);
	is_complete("traffic");
	nothing_is_open("traffic");
}

static void two_at_once(void **state) {
	(void)state;
	lk_mode_report r;
	lk_error err = {0};
	append(100);
	lk_replay_options o = test_replay_options(&world, "traffic");
	const lk_cat_view *v = lk_catalog_view(world.catalog, "traffic");
	assert_int_equal(lk_view_lock(&world.pg, v, &err), LK_OK);
	assert_int_equal(lk_mode_change(&o, true, &r, &err), LK_EBUSY);
	lk_error_clear(&err);
	assert_int_equal(lk_mode_back(&o, &r, &err), LK_EBUSY);
	assert_int_equal(lk_pg_unlock(&world.pg, v->id, &err), LK_OK);
	assert_int_equal(test_copies(&world, "traffic"), 1);
	move(&o, true);
	is_complete("traffic");
}

/* --- interrupted --- */

static struct stopping { const char *phase; volatile int stop; } stopping;

static void stop_in_phase(void *ctx, const lk_replay_progress *p) {
	struct stopping *s = ctx;
	if (strcmp(p->phase, s->phase) == 0)
		__atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
}

static void stopped_and_continued(void **state) {
	(void)state;
	static const char *const phases[] = {"computing the batch", "replaying", "verifying"};
	append(2000);
	for (int kappa = 1; kappa >= 0; kappa--) {
		lk_replay_options o = test_replay_options(&world, "strict");
		int64_t copy = 0;
		for (int i = kappa; i < 3; i++) {
			stopping = (struct stopping){.phase = phases[i]};
			o.watch = (lk_replay_watch){.stop = &stopping.stop, .progress = stop_in_phase, .ctx = &stopping};
			lk_mode_report r = move(&o, kappa);
			assert_true(r.stopped);
			assert_int_equal(serves_kappa("strict"), !kappa);
			assert_int_equal(r.resumed, copy != 0);
			assert_true(copy == 0 || r.to_copy == copy);
			copy = r.to_copy;
			append(100);
		}
		o.watch = (lk_replay_watch){0};
		lk_mode_report r = change(&o, kappa);
		assert_true(r.resumed && !r.stopped);
		assert_int_equal(r.to_copy, copy);
		assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM lk.batch WHERE copy_id = %lld",
		                             (long long)copy), !kappa);
		is_complete("strict");
		nothing_is_open("strict");
		lk_difference_release(&r.difference);
	}
}

enum { START_S = 3000 };

static int appender(void *arg) {
	lk_pg pg = {0};
	lk_error err = {0};
	lk_source_step step = {.source = "appender"};
	const lk_cat_stream *s = lk_catalog_stream(world.catalog, "hits");
	unsigned long random = (unsigned long)(uintptr_t)arg;
	int rc = lk_pg_open(&pg, servers.at.postgres, "lk test append", &err);
	for (int64_t s_now = START_S; rc == LK_OK && !test_the_table->stop; s_now++) {
		lk_append_batch *b = lk_append_batch_new(s);
		for (int k = 0; k < 10; k++) {
			char ip[24], path[24];
			const char *reason;
			unsigned long n = test_random(&random);
			int64_t late_s = n % 11 ? 0 : (int64_t)(n / 11 % 100);
			lk_value row[4] = {lk_int(start_us + (s_now - late_s) * LK_US_PER_S),
			                   lk_text(ip, (size_t)snprintf(ip, sizeof ip, "10.0.0.%lu", n % 17)),
			                   lk_text(path, (size_t)snprintf(path, sizeof path, "/p%lu", n / 17 % 23)),
				lk_int((int64_t)(n % 1009))};
			lk_append_batch_add(b, row, &reason);
		}
		rc = lk_append(&pg, b, &step, &err);
		lk_append_batch_free(b);
		/* the asking below takes longer over a longer log, and shows no more */
		usleep(s_now < START_S + 300 ? 20000 : 200000);
	}
	lk_pg_close(&pg);
	if (rc != LK_OK)
		fprintf(stderr, "append in a child: %s\n", err.text);
	return -rc;
}

/* Queries until the process has ended: each answer equals the oracle's, and none covers less than the one before. */
static int ask_until_it_ends(const char *view, int pid, int64_t *end) {
	lk_query q = test_query(view);
	int64_t until = lk_monotonic_us() + 60 * LK_US_PER_S;
	for (;;) {
		int status = test_player_wait(pid, 0);
		lk_answer a;
		test_world_answer(&world, &q, &a);
		for (int i = 0; i < a.partitions; i++) {
			assert_true(a.end.part[i].off >= end[i]);
			end[i] = a.end.part[i].off;
		}
		lk_answer_release(&a);
		is_right(view);
		if (status >= 0)
			return status;
		assert_true(lk_monotonic_us() < until);
	}
}

/* I3, I9 */
static void answers_are_right_all_the_while(void **state) {
	(void)state;
	unsigned long seed = test_seed("answers_are_right_all_the_while");
	static int (*const changes[])(void *) = {test_to_kappa_body, test_back_body, test_back_body, test_to_lambda_body,
	                                         test_back_body, test_back_body, test_to_kappa_body, test_to_lambda_body};
	append(3000);
	int workers = test_player_lk(&servers, NULL, (const char *const[]){"speed", NULL});
	int appends = test_player(appender, (void *)(uintptr_t)test_random(&seed));
	int64_t end[2][LK_MAX_PARTITIONS] = {{0}};
	static const char *const views[] = {"traffic", "strict"};
	for (int round = test_rounds("ROUNDS", 1); round > 0; round--)
		for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
			for (int v = 0; v < 2; v++) {
				lk_replay_options o = test_replay_options(&world, views[v]);
				assert_int_equal(ask_until_it_ends(views[v], test_player(changes[i], &o), end[v]), 0);
				nothing_is_open(views[v]);
			}
	test_the_table->stop = 1;
	assert_int_equal(test_player_wait(appends, 20000), 0);
	for (int v = 0; v < 2; v++) {
		test_catches_up(&world, views[v]);
		lk_replay_options o = test_replay_options(&world, views[v]);
		move(&o, v);
		is_complete(views[v]);
	}
	test_player_end(workers);
}

/* I8, I11 */
static void killed_and_run_again(void **state) {
	(void)state;
	unsigned long seed = test_seed("killed_and_run_again");
	static const char *const points[] = {
		"replay.made", "cut.made", "batch.cut", "batch.computed", "batch.published", "replay.replayed",
			"replay.verified", "switch.locked", "switch.moved",
		"switch.committed",
	};
	enum { POINTS = sizeof points / sizeof *points };
	append(3000);
	int workers = test_player_lk(&servers, NULL, (const char *const[]){"speed", NULL});
	int appends = test_player(appender, (void *)(uintptr_t)test_random(&seed));
	bool kappa = true;
	int step = test_less() > 1 ? 3 : 1;   /* odd: both ways in turn */
	for (int i = (int)(test_random(&seed) % (unsigned)step); i < 2 * POINTS; i += step, kappa = !kappa) {
		lk_replay_options o = test_replay_options(&world, "strict");
		const char *point = points[i / 2];
		o.limits.commit_events = 200;
		if (kappa && strncmp(point, "batch.", 6) == 0)
			point = NULL;
		test_killed(kappa ? test_to_kappa_body : test_to_lambda_body, &o, point,
		            (int)(test_random(&seed) % 300));
		is_right("strict");
		lk_mode_report r = {0};
		lk_error err = {0};
		int rc = LK_EBUSY;                 /* until the server has noticed that the process of the batch is gone */
		for (int64_t until = lk_monotonic_us() + 30 * LK_US_PER_S; rc == LK_EBUSY && lk_monotonic_us() < until;) {
			lk_error_clear(&err);
			rc = lk_mode_change(&o, kappa, &r, &err);
		}
		if (rc != LK_OK)
			fail_msg("%s, after %s: %s", kappa ? "kappa" : "lambda", point ? point : "a kill", err.text);
		assert_int_equal(serves_kappa("strict"), kappa);
		lk_difference_release(&r.difference);
		is_right("strict");
		nothing_is_open("strict");
	}
	test_the_table->stop = 1;
	assert_int_equal(test_player_wait(appends, 20000), 0);
	test_player_end(workers);
	test_world_speed_once(&world, "strict");
	is_complete("strict");
}

static int has_begun(void *ctx) {
	(void)ctx;
	return test_number(&world.pg, "SELECT count(*) FROM lk.copy WHERE NOT dropped") > 2;
}

/* I11 */
static void servers_go_away_in_the_middle(void **state) {
	(void)state;
	append(20000);
	for (int kappa = 1; kappa >= 0; kappa--) {
		lk_replay_options o = test_replay_options(&world, "traffic");
		o.limits.fetch_events = 500;
		o.limits.commit_events = 20;
		lk_error err = {0};
		if (test_former(&world, "traffic"))
			assert_int_equal(lk_copy_drop(&world.pg, test_former(&world, "traffic"), &err), LK_OK);
		int pid = test_player(kappa ? test_to_kappa_body : test_to_lambda_body, &o);
		assert_true(test_poll(has_begun, NULL, 20000));
		test_redis_kill(&servers);
		test_postgres_kill(&servers);
		test_postgres_start(&servers);
		test_redis_start(&servers);
		test_world_reconnect(&world);
		assert_int_equal(test_player_wait(pid, 90000), 0);
		assert_int_equal(serves_kappa("traffic"), kappa);
		is_complete("traffic");
		nothing_is_open("traffic");
	}
}

/* Going back removes nothing if there is no memory. */
static void no_room_to_go_back(void **state) {
	(void)state;
	lk_mode_report r;
	lk_error err = {0};
	test_world_declare(&world, "CREATE VIEW each AS SELECT ts, ip, count(*) AS n FROM hits GROUP BY ts, ip");
	append(100);
	lk_replay_options o = test_replay_options(&world, "each");
	o.limits.commit_cells = 500;
	int64_t lambda = test_served(&world, "each"), kappa = move(&o, true).to_copy;
	append(20000);
	test_redis_room(&servers, 300000);
	assert_int_equal(lk_mode_back(&o, &r, &err), LK_EFULL);
	assert_int_equal(test_served(&world, "each"), kappa);
	assert_int_equal(test_former(&world, "each"), lambda);
	test_redis_room(&servers, -1);
	assert_int_equal(go_back(&o).to_copy, lambda);
	is_complete("each");
}

static int setup(void **state) {
	(void)state;
	test_table_open();
	test_servers_start(&servers);
	test_world_open(&world, &servers);
	return 0;
}

static int teardown(void **state) {
	(void)state;
	test_world_close(&world);
	test_servers_stop(&servers);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, test_players_end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(lambda_kappa_lambda),
		TEST(late_events_are_no_difference),
		TEST(back_and_forth),
		TEST(going_back_is_no_replay),
		TEST(a_newer_version_waits),
		TEST(a_difference_is_not_switched_to),
		TEST(two_at_once),
		TEST(stopped_and_continued),
		TEST(answers_are_right_all_the_while),
		TEST(killed_and_run_again),
		TEST(servers_go_away_in_the_middle),
		TEST(no_room_to_go_back),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
