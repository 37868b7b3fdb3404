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

lk_replay_report test_replay(const lk_replay_options *o) {
	lk_replay_report report;
	lk_error err = {0};
	if (lk_replay_run(o, &report, &err) != LK_OK)
		fail_msg("replay: %s (%s)", err.text, err.hint);
	return report;
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

void test_killed(int (*body)(void *arg), void *arg, const char *point, int64_t after_us) {
	dying d = {body, arg, point};
#ifndef LK_FAULTS
	d.point = NULL;
#endif
	int pid = test_player(die, &d);
	if (d.point) {
		int status = test_player_wait(pid, 90000);
		if (status != 128 + SIGKILL)
			fail_msg("it was to be killed at %s and ended with %d", point, status);
		return;
	}
	usleep((useconds_t)after_us);
	test_player_kill(pid);
}

/* --- what is there --- */

int64_t test_copies(test_world *w, const char *view) {
	return test_world_count(w,
	                        "SELECT count(*) FROM lk.copy JOIN lk.version USING (version_id)"
	                        " JOIN lk.view USING (view_id) WHERE NOT dropped AND lk.view.name = '%s'", view);
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
