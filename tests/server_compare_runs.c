/* A run of a comparison: what it measures, what may run beside it, and that it leaves nothing behind, however it ends;
 * and what the command prints. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "catalog/copies.h"
#include "core/time.h"
#include "event_log/append.h"
#include "tests/support/comparisons.h"
#include "tests/support/fixtures.h"

enum { KILLS = 6 };

static test_servers servers;
static test_world world;
static test_compared hits = {.world = &world};

static void append(int n) { test_compared_append(&hits, n, 20); }

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_compared_text);
	hits.appended = 0;
	return 0;
}

/* --- costs --- */

static void is_measured(const lk_mode_cost *m) {
	assert_true(m->build_s > 0);
	assert_true(lk_mode_cost_rate(m) > 0);
	assert_true(m->redis_bytes > 0);
	assert_true(m->recover_s > 0);
}

static void costs_are_measured(void **state) {
	(void)state;
	lk_comparison c;
	append(1500);
	test_world_batch(&world, "traffic");
	int64_t served = test_world_copy(&world, "traffic")->id;
	for (int twice = 0; twice < 2; twice++) {
		test_compare(&world, "traffic", true, &c);
		if (!lk_comparison_equal(&c))
			test_compare_fail(&c, "not equal");
		is_measured(&c.lambda);
		is_measured(&c.kappa);
		assert_true(c.log_bytes > 0 && c.sql_s > 0);
		assert_int_equal(c.kappa.rows_read, 1500);
		assert_int_equal(c.lambda.rows_read, 1500);
		assert_int_equal(c.kappa.recover_events, 1500);
		assert_in_range(c.lambda.recover_events, 1, 150);
		assert_true(c.lambda.postgres_bytes > 0);
		assert_int_equal(c.kappa.postgres_bytes, 0);
		assert_true(c.lambda.redis_bytes < c.kappa.redis_bytes);
		lk_comparison_release(&c);
		test_compare_left_nothing(&world);
	}
	test_world_reload(&world);
	assert_int_equal(test_world_copy(&world, "traffic")->id, served);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

static void costs_of_a_view_without_windows(void **state) {
	(void)state;
	static const char *const views[] = {"one", "bare", "strict"};
	test_compared_append(&hits, 400, 0);
	for (int v = 0; v < 3; v++) {
		lk_comparison c;
		test_compare(&world, views[v], true, &c);
		if (!lk_comparison_equal(&c))
			test_compare_fail(&c, "not equal");
		is_measured(&c.lambda);
		is_measured(&c.kappa);
		lk_comparison_release(&c);
	}
	test_compare_left_nothing(&world);
}

/* --- refused --- */

static void refused(const lk_replay_options *o, int code, const char *text) {
	lk_comparison c;
	lk_error err = {0};
	assert_int_equal(lk_compare_view(o, false, &c, &err), code);
	if (!strstr(err.text, text))
		fail_msg("%s", err.text);
	lk_comparison_release(&c);
	test_compare_left_nothing(&world);
}

static void what_is_refused(void **state) {
	(void)state;
	lk_error err = {0};
	append(100);
	lk_replay_options o = test_replay_options(&world, "trafic");
	refused(&o, LK_EUSAGE, "there is no view trafic");
	o = test_replay_options(&world, "traffic");
	o.version = 7;
	refused(&o, LK_EUSAGE, "no version 7");
	o.version = 0;
	const lk_cat_view *view = lk_catalog_view(world.catalog, "traffic");
	assert_int_equal(lk_view_lock(&world.pg, view, &err), LK_OK);
	refused(&o, LK_EBUSY, "");
	lk_pg_unlock(&world.pg, view->id, NULL);
	volatile int stop = 1;
	o.watch.stop = &stop;
	refused(&o, LK_EBUSY, "interrupted");
}

static void redis_says(const char *words) {
	char *command = lk_asprintf("redis-cli -s %s %s >/dev/null", servers.at.redis + strlen("unix:"), words);
	assert_int_equal(system(command), 0);
	free(command);
}

static void no_room(void **state) {
	(void)state;
	append(3000);
	test_world_batch(&world, "traffic");
	test_world_speed_once(&world, NULL);
	lk_replay_options o = test_replay_options(&world, "traffic");
	redis_says("config set maxmemory 1");
	lk_comparison c;
	lk_error err = {0};
	assert_int_equal(lk_compare_view(&o, true, &c, &err), LK_EFULL);
	lk_comparison_release(&c);
	redis_says("config set maxmemory 0");
	test_compare_left_nothing(&world);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
	test_compare_equal(&world, "traffic");
}

/* --- beside everything else --- */

typedef struct appender {
	volatile int stop;
	int events, status;
	pthread_t thread;
} appender;

static void *append_on(void *arg) {
	appender *a = arg;
	lk_pg pg = {0};
	lk_error err = {0};
	const lk_cat_stream *s = lk_catalog_stream(world.catalog, "hits");
	lk_source_step step = {.source = "thread"};
	int rc = lk_pg_open(&pg, servers.at.postgres, "lk test", &err);
	while (rc == LK_OK && !__atomic_load_n(&a->stop, __ATOMIC_RELAXED)) {
		lk_append_batch *b = lk_append_batch_new(s);
		const char *reason;
		for (int i = 0; i < 50; i++, a->events++) {
			char ip[16], path[16];
			snprintf(ip, sizeof ip, "10.1.0.%d", a->events % 13);
			snprintf(path, sizeof path, "/%d", a->events % 7);
			const lk_value row[] = {lk_int((TEST_COMPARED_BASE_S + a->events / 10) * LK_US_PER_S), lk_text(ip, strlen(ip)), lk_text(path, strlen(path)),
			                        lk_int(200), lk_int(a->events), lk_numeric(a->events, 2)};
			lk_append_batch_add(b, row, &reason);
		}
		rc = lk_append(&pg, b, &step, &err);
		lk_append_batch_free(b);
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);   /* how fast it appends */
	}
	lk_pg_close(&pg);
	a->status = rc;
	return NULL;
}

/* Ends all players, also after a failed test. */
static int running;
static appender *appending;

static void stop_appending(void) {
	if (!appending)
		return;
	__atomic_store_n(&appending->stop, 1, __ATOMIC_RELAXED);
	pthread_join(appending->thread, NULL);
	appending = NULL;
}

static int stop_all(void **state) {
	(void)state;
	stop_appending();
	if (running) {
		kill(running, SIGKILL);
		test_lk_wait(running, 10000);
	}
	running = 0;
	return 0;
}

/* I3, I4, P7: all three answer for the same prefix, whatever happens meanwhile. */
static void while_events_keep_arriving(void **state) {
	(void)state;
	static appender a;
	lk_comparison c;
	a = (appender){0};
	appending = &a;
	append(500);
	running = test_lk_start(&servers, NULL, (const char *const[]){"run", "--every", "300ms", NULL});
	assert_int_equal(pthread_create(&a.thread, NULL, append_on, &a), 0);
	int64_t last = 0;
	for (int i = 0; i < 6; i++) {
		test_compare(&world, i % 2 ? "traffic" : "bare", i == 5, &c);
		if (!lk_comparison_equal(&c))
			test_compare_fail(&c, "not equal");
		assert_true(c.events >= last);
		last = c.events;
		lk_comparison_release(&c);
	}
	stop_appending();
	assert_true(a.events > 0);
	assert_int_equal(a.status, LK_OK);
	kill(running, SIGTERM);
	int pid = running;
	running = 0;
	assert_int_equal(test_lk_wait(pid, 30000), 0);
	test_world_reload(&world);
	test_compare_left_nothing(&world);
}

/* --- killed --- */

enum { MOMENT_MS = 600 };   /* about as long as a run takes */

/* Sends signo at a random moment within so many ms, unless the run has ended before. Its exit status. */
static int interrupted(int pid, int signo, uint64_t within_ms) {
	int status = test_lk_wait(pid, (int)test_compared_below(&hits, within_ms));
	if (status >= 0)
		return status;
	kill(pid, signo);
	return test_lk_wait(pid, 30000);
}

static int has_scratch(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE state = 'scratch' AND NOT dropped") > 0;
}

/* I8, I11: the next comparison removes what a killed one made. The last one is killed as soon as it has made something. */
static void killed_and_run_again(void **state) {
	(void)state;
	append(2000);
	test_world_batch(&world, "traffic");
	int left = 0;
	for (int i = test_rounds("KILLS", KILLS); i > 0; i--) {
		int pid = test_lk_start(&servers, NULL, (const char *const[]){"compare", "traffic", NULL});
		if (i % 3)
			test_poll(has_scratch, NULL, 10000);
		assert_true(interrupted(pid, SIGKILL, i > 1 ? MOMENT_MS : 1) >= 0);
		left += has_scratch(NULL);
	}
	assert_true(left > 0);
	assert_int_equal(test_lk(&servers, NULL, NULL, NULL, (const char *const[]){"compare", "traffic", "--no-costs", NULL}), 0);
	test_compare_left_nothing(&world);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

static void ctrl_c_removes_everything(void **state) {
	(void)state;
	append(2000);
	test_world_batch(&world, "traffic");
	for (int i = 0; i < 4; i++) {
		int pid = test_lk_start(&servers, NULL, (const char *const[]){"compare", "traffic", NULL});
		assert_true(test_poll(has_scratch, NULL, 20000));
		int status = interrupted(pid, SIGINT, MOMENT_MS);
		assert_true(status == 75 || status == 0);
		test_compare_left_nothing(&world);
	}
}

/* --- the command --- */

static bool json_says(const char *json, const char *condition) {
	lk_error err = {0};
	PGresult *res = NULL;
	char *sql = lk_asprintf("SELECT (%s)::int FROM (SELECT $1::jsonb AS j) x", condition);
	if (lk_pg_exec(&world.pg, &res, &err, sql, 1, &json) != LK_OK)
		fail_msg("%s\n%s", err.text, json);
	bool yes = lk_pg_int(res, 0, 0) == 1;
	PQclear(res);
	free(sql);
	return yes;
}

static void the_command_tells(void **state) {
	(void)state;
	char *out, *err;
	append(800);
	test_world_batch(&world, "traffic");
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "traffic", "--no-costs", NULL}), 0);
	assert_int_equal(strncmp(out, "lambda, kappa and plain SQL agree on ", 37), 0);
	assert_non_null(strstr(out, "over 800 events of traffic, version 1\n"));
	assert_null(strstr(out, "COST"));
	free(out);
	free(err);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "traffic", "--format", "json", NULL}), 0);
	assert_true(json_says(out, "j->>'view' = 'traffic' AND (j->>'equal')::bool AND (j->>'events')::int = 800"
	                           " AND (j#>>'{costs,kappa,recover_events}')::int = 800 AND j#>>'{lambda_sql,compared}' = j#>>'{rows,sql}'"));
	free(out);
	free(err);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "traffic", "--format", "markdown", NULL}), 0);
	assert_int_equal(strncmp(out, "## traffic, version 1", 21), 0);
	assert_non_null(strstr(out, "| cost | lambda | kappa |\n| --- | ---: | ---: |\n| build"));
	free(out);
	free(err);
}

static void the_command_tells_differences(void **state) {
	(void)state;
	static const char *const formats[] = {"table", "json", "markdown"};
	char *out, *err;
	test_compared_append(&hits, 1500, 60);
	test_world_batch(&world, "strict");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "strict", "--no-costs", "--format", formats[i], NULL}), 1);
		assert_non_null(strstr(out, "late events explain all differences"));
		assert_non_null(strstr(out, "late for kappa, counted by lambda"));
		assert_non_null(strstr(err, "late events explain every difference"));
		if (i == 1)
			assert_true(json_says(out, "NOT (j->>'equal')::bool AND (j->>'explained')::bool AND (j->>'healed_events')::int > 0"
			                           " AND jsonb_array_length(j->'healed') > 0 AND jsonb_array_length(j#>'{lambda_kappa,rows}') > 0"));
		else
			assert_non_null(strstr(out, "never counts them"));
		free(out);
		free(err);
	}
	assert_int_equal(test_lk(&servers, NULL, NULL, NULL, (const char *const[]){"compare", "nothing", NULL}), 2);
	assert_int_equal(test_lk(&servers, NULL, NULL, NULL, (const char *const[]){"compare", "strict", "--format", "csv", NULL}), 2);
	test_compare_left_nothing(&world);
}

static void approximate_columns_are_named(void **state) {
	(void)state;
	char *out, *err;
	test_world_declare(&world, "CREATE VIEW visitors AS SELECT path, approx_count_distinct(bytes) AS visitors FROM hits GROUP BY path;");
	append(3000);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "visitors", "--no-costs", NULL}), 0);
	assert_non_null(strstr(out, "within the error bounds: visitors (standard error 0.81 %)"));
	free(out);
	free(err);
}

/* Below 2^-1022 a relative error means nothing: the sketch counts such a number as 0. */
static void subnormal_numbers_are_near(void **state) {
	(void)state;
	static const char event[] = "{\"ts\":\"2020-01-01T00:00:00Z\",\"k\":\"a\",\"x\":5e-324}\n";
	char *out, *err;
	test_world_declare(&world, "CREATE TABLE readings (ts timestamptz, k text, x double precision) WITH (event_time = ts, partition_by = k);"
	                   "CREATE VIEW most AS SELECT k, approx_percentile(x, 0.9) AS most FROM readings GROUP BY k;");
	test_world_append_json(&world, "readings", event);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "most", "--no-costs", NULL}), 0);
	free(out);
	free(err);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(costs_are_measured),
		TEST(costs_of_a_view_without_windows),
		TEST(what_is_refused),
		TEST(no_room),
		cmocka_unit_test_setup_teardown(while_events_keep_arriving, fresh, stop_all),
		TEST(killed_and_run_again),
		TEST(ctrl_c_removes_everything),
		TEST(the_command_tells),
		TEST(the_command_tells_differences),
		TEST(approximate_columns_are_named),
		TEST(subnormal_numbers_are_near),
	};
	hits.seed = test_seed("compare_runs");
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
