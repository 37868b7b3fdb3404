/* How a long command is watched and stopped.
 *
 * The options are borrowed for the whole run; *stop may be set from any thread or by a signal handler. */
#ifndef LK_COMPARE_WATCH_H
#define LK_COMPARE_WATCH_H

#include <stdint.h>

#include "core/status.h"

typedef struct lk_replay_progress {
	const char *view, *phase;  /* "replaying", "verifying", "catching up" */
	int64_t done, total;       /* events; done includes those of an interrupted run */
	double rate;               /* events/s of this run */
	double eta_s;              /* < 0: unknown */
} lk_replay_progress;

typedef struct lk_replay_watch {
	const volatile int *stop;
	void (*progress)(void *ctx, const lk_replay_progress *p);   /* a few times a second; may be NULL */
	void (*notice)(void *ctx, const lk_error *e);               /* waiting for a server; may be NULL */
	void *ctx;
} lk_replay_watch;

#endif
