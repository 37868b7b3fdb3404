/* Both layers in one process: the batch layer's rounds on the main thread, the speed layer beside it. */
#include <pthread.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/layers.h"
#include "cli/output.h"
#include "cli/signal.h"
#include "core/flag.h"
#include "core/time.h"

typedef struct speed_thread {
	lk_speed_options options;
	lk_speed_report report;
	lk_error error;
	int rc;
} speed_thread;

static void *run_speed(void *arg) {
	speed_thread *s = arg;
	s->rc = lk_speed_run(&s->options, &s->report, &s->error);
	lk_flag_set(&lk_stop);
	return NULL;
}

static int start(speed_thread *s, pthread_t *thread, lk_error *err) {
	int failed = pthread_create(thread, NULL, run_speed, s);
	return failed ? lk_fail(err, LK_EINTERNAL, "cannot start a thread: %s", strerror(failed)) : LK_OK;
}

/* Both servers must answer once, so a wrong name shows at once. From then on the command waits for them. */
static int reach_both(lk_error *err) {
	lk_connection c = {0};
	int rc = lk_connect(&c, LK_WITH_CATALOG | LK_WITH_STORE, err);
	lk_disconnect(&c);
	return rc;
}

/* A failure of a view was reported, and the next round tries it again; the speed layer waits for a lost server. */
static int first_round(lk_rounds *rounds, lk_error *err) {
	lk_batch_round(rounds, LK_ROUND_FIRST, err);
	if (err->code == LK_EUNREACHABLE && !lk_flag_is_set(&lk_stop)) {
		lk_say_error(err);
		lk_error_clear(err);
	}
	return err->code;
}

static int run(const lk_args *args, lk_error *err) {
	lk_servers at = {0};
	speed_thread speed = {.rc = LK_OK};
	pthread_t thread;
	lk_rounds rounds = {.at = &at};
	int64_t every;
	int rc = lk_args_interval(args, "every", 60 * LK_US_PER_S, &every, err);
	if (rc == LK_OK)
		rc = lk_keep_from_args(args, &rounds.keep, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	if (rc == LK_OK)
		rc = lk_speed_from_args(args, &at, &speed.options, err);
	speed.options.waits_at_start = true;
	if (rc == LK_OK) {
		lk_say_times();
		rc = reach_both(err);
	}
	if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = first_round(&rounds, err);
	}
	if (rc == LK_OK)
		rc = start(&speed, &thread, err);
	if (rc == LK_OK) {
		lk_wait_until(lk_monotonic_us() + every);
		lk_batch_rounds(&rounds, every);
		pthread_join(thread, NULL);
		rc = speed.rc;
		if (rc)
			*err = speed.error;
		else
			lk_speed_say_report(&speed.report);
	}
	lk_rounds_release(&rounds);
	lk_servers_release(&at);
	return lk_until_stopped(rc, err);
}

const lk_command lk_cmd_run = {
	.name = "run",
	.operands = "",
	.summary = "run speed layer and batch layer together, until stopped",
	.detail = "Both servers must answer at the start. If one goes away later, or is full, it says so, waits, and "
		"says when it continues. Each line on standard error begins with the time.",
	.options = {
		{"every", "INTERVAL", "time between batches (1min)", false},
		{"workers", "N", "threads of the speed layer (2)", false},
		LK_KEEP_OPTION,
	},
	.examples = {
		{"lk run", "both layers, a batch every minute"},
		{"lk run --every 10s --workers 4", "a batch every ten seconds"},
	},
	.run = run,
};
