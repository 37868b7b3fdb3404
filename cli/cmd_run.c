/* Both layers in one process: the batch layer's rounds on the main thread, the speed layer beside it on one with as
 * much stack, since it reads the catalogue and the parser's recursion needs the room (core/sql.h). */
#include <pthread.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/connect.h"
#include "cli/layers.h"
#include "cli/signal.h"
#include "core/time.h"

enum { SPEED_STACK_BYTES = 16 * 1024 * 1024 };

typedef struct speed_thread {
	lk_speed_options options;
	lk_speed_report report;
	lk_error error;
	int rc;
} speed_thread;

static void *run_speed(void *arg) {
	speed_thread *s = arg;
	s->rc = lk_speed_run(&s->options, &s->report, &s->error);
	lk_stop = 1;
	return NULL;
}

static int start(speed_thread *s, pthread_t *thread, lk_error *err) {
	pthread_attr_t attr;
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, SPEED_STACK_BYTES);
	int failed = pthread_create(thread, &attr, run_speed, s);
	pthread_attr_destroy(&attr);
	return failed ? lk_fail(err, LK_EINTERNAL, "cannot start a thread: %s", strerror(failed)) : LK_OK;
}

int lk_cmd_run(const lk_args *args, lk_error *err) {
	lk_servers at = {0};
	speed_thread speed = {.rc = LK_OK};
	pthread_t thread;
	lk_keep keep;
	int64_t every;
	int rc = lk_args_interval(args, "every", 60 * LK_US_PER_S, &every, err);
	if (rc == LK_OK)
		rc = lk_keep_from_args(args, &keep, err);
	if (rc == LK_OK)
		rc = lk_servers_find(lk_home(), &at, err);
	if (rc == LK_OK)
		rc = lk_speed_from_args(args, &at, &speed.options, err);
	if (rc == LK_OK) {
		lk_stop_on_signal();
		rc = lk_batch_round(&at, NULL, 0, LK_ROUND_FIRST, &keep, err);
		if (err->code == LK_OK)
			rc = LK_OK;
	}
	if (rc == LK_OK)
		rc = start(&speed, &thread, err);
	if (rc == LK_OK) {
		lk_wait_until(lk_monotonic_us() + every);
		lk_batch_rounds(&at, NULL, 0, every, &keep);
		pthread_join(thread, NULL);
		rc = speed.rc;
		if (rc)
			*err = speed.error;
		else
			lk_speed_say_report(&speed.report);
	}
	lk_servers_release(&at);
	return lk_until_stopped(rc, err);
}
