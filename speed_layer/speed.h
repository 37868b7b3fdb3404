/* The speed layer: workers that own units and run the stream path for them.
 *
 * Any thread; a run starts its workers and ends them before it returns. progress comes on the caller's thread, notice
 * and again on those of workers too. The report owns no memory. */
#ifndef LK_SPEED_LAYER_SPEED_H
#define LK_SPEED_LAYER_SPEED_H

#include "speed_layer/stream_path.h"

typedef struct lk_speed_options {
	const char *postgres, *redis;   /* connection strings */
	int workers;                    /* threads, >= 1 */
	bool once;                      /* stop at the log's end as of the start */
	const char *view;               /* NULL: all live copies; else the live copies of this view */
	int64_t copy;                   /* only this copy, in any state; 0: live copies */
	/* with `once` and `copy`: stop there; NULL: at the log's end */
	const lk_frontier *end;
	/* the run ends with LK_EFULL when a unit has found no room in Redis for this long; 0: it waits for ever */
	int64_t room_wait_us;
	int64_t server_wait_us;         /* the same for a server that does not answer: LK_EUNREACHABLE */
	bool waits_at_start;            /* also for servers that do not answer at the start; not with `once` */
	lk_stream_limits limits;
	const volatile int *stop;       /* set by the signal handler: drain, commit, report, end */
	void (*progress)(void *ctx, int64_t events, int64_t behind);   /* may be NULL */
	/* called when every worker, and the supervisor, has ended a round since the last time: none of them is stuck. Also while a
	 * server is away. May be NULL */
	void (*alive)(void *ctx);
	/* waits for a server, or a unit is stuck; may be NULL */
	void (*notice)(void *ctx, const lk_error *e);
	/* "Redis has room again": what a notice was about is over; may be NULL */
	void (*again)(void *ctx, const char *what);
	void *ctx;
} lk_speed_options;

/* Counts acknowledged commits only. An event counts once, however many views it goes into and however often it was
 * folded; a late or marked event counts once for each view. */
typedef struct lk_speed_report {
	int64_t events, commits, cells, late, marked;
	double seconds;
	bool stopped;              /* with `once`: *stop was set before the end was reached */
} lk_speed_report;

/* Runs until *stop, or with `once` until every unit has reached the end. When a server goes away it reconnects
 * with backoff (50 ms to 2 s) and continues. LK_EUNREACHABLE: the first connect failed (without waits_at_start), or
 * server_wait_us is over. With `once`, LK_EBUSY: another process holds a unit that has not moved for a minute; LK_EGAP:
 * the log does not reach the end, also if PostgreSQL came back without its last events. */
int lk_speed_run(const lk_speed_options *o, lk_speed_report *report, lk_error *err);

#endif
