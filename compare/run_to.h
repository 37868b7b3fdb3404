/* What long steps share: driving a copy's units to a position in bulk, and checking the watch. Private to
 * replay/.
 *
 * Any thread; progress comes on the caller's thread, notices on those of workers too. */
#ifndef LK_COMPARE_RUN_TO_H
#define LK_COMPARE_RUN_TO_H

#include "compare/watch.h"
#include "speed_layer/speed.h"

typedef struct lk_run_to_options {
	const char *postgres, *redis;
	int workers;               /* 0: one */
	lk_stream_limits limits;   /* 0: the defaults */
	const lk_replay_watch *watch;
} lk_run_to_options;

/* Drives the units by the speed layer's own path, unless another process does. LK_EFULL if Redis has no room; LK_EBUSY
 * if it was interrupted, or another process holds a unit and does not move it. report may be NULL. */
int lk_run_to(const lk_run_to_options *o, const lk_cat_copy *copy, const lk_frontier *end, const char *phase, lk_speed_report *report, lk_error *err);

bool lk_watch_stopped(const lk_replay_watch *w);
void lk_watch_phase(const lk_replay_watch *w, const lk_cat_copy *copy, const char *phase);
int lk_stopped(lk_error *err);   /* LK_EBUSY: "interrupted" */

#endif
