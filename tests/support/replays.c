#include "tests/support/replays.h"

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

#include "core/time.h"
#include "event_log/append.h"

/* --- the log --- */

const char test_replayed_text[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, max(bytes) AS largest FROM hits"
	" GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits"
	" GROUP BY path, tumble(ts, '10 seconds');"
	"CREATE VIEW balance AS SELECT account, sum(delta) AS delta FROM hits,"
	" LATERAL (VALUES (ip, -bytes), (path, bytes)) AS leg(account, delta) GROUP BY account;";

static const int64_t start_us = INT64_C(1500000000000000);

void test_replayed_append(test_replayed *log, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int end = log->appended + n; log->appended < end; log->appended++) {
		int i = log->appended;
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S - (i % 9 == 0 ? i % 100 * LK_US_PER_S : 0), &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", i % 17, i * 7 % 23, i % 1009);
	}
	test_world_append_json(log->world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void add_random(lk_append_batch *b, unsigned long n) {
	char ip[24], path[24];
	const char *reason;
	size_t ip_len = (size_t)snprintf(ip, sizeof ip, "10.0.0.%lu", n % 17);
	size_t path_len = (size_t)snprintf(path, sizeof path, "/p%lu", n / 17 % 23);
	const lk_value row[] = {lk_int(start_us + (int64_t)(n % 10000) * LK_US_PER_S), lk_text(ip, ip_len),
	                        lk_text(path, path_len), lk_int((int64_t)(n % 1009))};
	lk_append_batch_add(b, row, &reason);
}

int test_replayed_body(void *arg) {
	test_replayed *log = arg;
	lk_pg pg = {0};
	lk_error err = {0};
	lk_source_step step = {.source = "appender"};
	const lk_cat_stream *s = lk_catalog_stream(log->world->catalog, "hits");
	int rc = lk_pg_open(&pg, log->world->servers->at.postgres, "lk test append", &err);
	while (rc == LK_OK && !test_the_table->stop) {
		lk_append_batch *b = lk_append_batch_new(s);
		for (int i = 0; i < 20; i++)
			add_random(b, test_random(&log->seed));
		rc = lk_append(&pg, b, &step, &err);
		lk_append_batch_free(b);
		usleep(1000);   /* how fast it appends */
	}
	lk_pg_close(&pg);
	if (rc != LK_OK)
		fprintf(stderr, "an appender ends with %d: %s\n", rc, err.text);
	return -rc;
}

/* --- replays --- */

lk_replay_report test_replay(const lk_replay_options *o) {
	lk_replay_report report;
	lk_error err = {0};
	if (lk_replay_run(o, &report, &err) != LK_OK)
		fail_msg("replay: %s (%s)", err.text, err.hint);
	return report;
}

int test_replay_fails(const lk_replay_options *o, lk_replay_report *report, lk_error *err) {
	lk_error_clear(err);
	int rc = lk_replay_run(o, report, err);
	assert_int_equal(rc, err->code);
	return rc;
}

static int ended(int rc, lk_mode_report *report, const lk_error *err) {
	if (rc != LK_OK)
		fprintf(stderr, "a change of mode ends with %d: %s (%s)\n", rc, err->text, err->hint);
	lk_difference_release(&report->difference);
	return -rc;
}

int test_to_kappa_body(void *arg) {
	lk_mode_report report = {0};
	lk_error err = {0};
	return ended(lk_mode_change(arg, true, &report, &err), &report, &err);
}

int test_to_lambda_body(void *arg) {
	lk_mode_report report = {0};
	lk_error err = {0};
	return ended(lk_mode_change(arg, false, &report, &err), &report, &err);
}

int test_back_body(void *arg) {
	lk_mode_report report = {0};
	lk_error err = {0};
	return ended(lk_mode_back(arg, &report, &err), &report, &err);
}

/* --- kills --- */

typedef struct dying {
	int (*body)(void *arg);
	void *arg;
	const char *point;
} dying;

static int die(void *arg) {
	const dying *d = arg;
	if (d->point)
		setenv("LK_CRASH", d->point, 1);
	return d->body(d->arg);
}

void test_killed(int (*body)(void *arg), void *arg, const char *point, int after_ms) {
	dying d = {body, arg, point};
#ifndef LK_FAULTS
	d.point = NULL;
#endif
	int pid = test_player(die, &d);
	if (d.point) {
		int status = test_player_wait(pid, 90000);
		if (status != 128 + SIGKILL)
			fail_msg("it should have been killed at %s but ended with %d", point, status);
		return;
	}
	test_player_kill_after(pid, after_ms);
}

/* --- state of the catalogue --- */

int64_t test_copies(test_world *w, const char *view) {
	return test_world_count(w,
	                        "SELECT count(*) FROM lk.copy JOIN lk.version USING (version_id)"
	                        " JOIN lk.view USING (view_id) WHERE NOT dropped AND lk.view.name = '%s'", view);
}

bool test_serves_kappa(test_world *w, const char *view) {
	return test_world_count(w, "SELECT (mode = 'kappa')::int FROM lk.view w JOIN lk.copy ON copy_id = served_copy"
	                        " WHERE w.name = '%s'", view) == 1;
}

void test_view_is_right(test_world *w, const char *view) {
	lk_query q = test_query(view);
	test_world_same(w, &q);
}

void test_copy_is_right(test_world *w, const char *view, int64_t copy) {
	char id[24];
	lk_query q = test_query(view);
	snprintf(id, sizeof id, "%lld", (long long)copy);
	q.copy = id;
	test_world_same(w, &q);
}

void test_nothing_is_open(test_world *w) {
	int64_t cuts = test_world_count(w, "SELECT count(*) FROM lk.cut WHERE state = 'open'");
	int64_t building = test_world_count(w, "SELECT count(*) FROM lk.copy WHERE state = 'building' AND NOT dropped");
	int64_t replays = test_world_count(w,
	                                   "SELECT count(*) FROM lk.replay JOIN lk.copy USING (copy_id) WHERE NOT dropped"
	                                   " AND (phase <> 'done' OR ended_at IS NULL)");
	if (cuts || building || replays)
		fail_msg("%lld open cuts, %lld copies that are being built, %lld replays that have not ended", (long long)cuts,
		         (long long)building, (long long)replays);
}

/* --- Redis --- */

static int64_t redis_number(const test_servers *s, const char *command) {
	char *line = lk_asprintf("redis-cli -s %s %s", s->at.redis + strlen("unix:"), command);
	FILE *p = popen(line, "r");
	long long n = -1;
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%lld", &n), 1);
	pclose(p);
	free(line);
	return n;
}

int64_t test_redis_keys(const test_servers *s) { return redis_number(s, "dbsize"); }

void test_redis_room(const test_servers *s, int64_t bytes) {
	int64_t used = redis_number(s, "info memory | tr -d '\\r' | sed -n 's/^used_memory://p'");
	char *line = lk_asprintf("redis-cli -s %s config set maxmemory %lld >/dev/null", s->at.redis + strlen("unix:"),
	                         bytes < 0 ? 0 : (long long)(used + bytes));
	assert_int_equal(system(line), 0);
	free(line);
}
