/* The speed layer: workers that own units and run the stream path for them. */
#ifndef LK_SPEED_LAYER_SPEED_H
#define LK_SPEED_LAYER_SPEED_H

#include "speed_layer/stream_path.h"

typedef struct lk_speed_options {
	const char *postgres, *redis;   /* connection texts */
	int workers;                    /* threads, >= 1 */
	bool once;                      /* stop at the log's end as it was at the start */
	const char *view;               /* NULL: all live copies; else those of this view */
	int64_t copy;                   /* this copy alone, in whatever state it is; 0: live ones */
	const int64_t *end;             /* with `once` and `copy`: stop at these offsets, one per partition; NULL: the log's end */
	int64_t room_wait_us;           /* a unit that finds no room in Redis for so long ends the run with LK_EFULL; 0: it waits for ever */
	int64_t server_wait_us;         /* the same of a server that does not answer: LK_EUNREACHABLE */
	lk_stream_limits limits;
	const volatile int *stop;       /* set by the signal handler: drain, commit, report, end */
	void (*progress)(void *ctx, int64_t events, int64_t behind);   /* may be NULL */
	void (*notice)(void *ctx, const lk_error *e);                  /* waiting for a server, a unit that stands still; may be NULL */
	void (*again)(void *ctx, const char *what);   /* "there is room in Redis again": what notices were about is over; may be NULL */
	void *ctx;
} lk_speed_options;

/* Of commits that were acknowledged. An event counts once, however many views it goes into and however often it had to
 * be folded; late and marked ones once for each view. */
typedef struct lk_speed_report {
	int64_t events, commits, cells, late, marked;
	double seconds;
	bool stopped;              /* with `once`: *stop was set before the end */
} lk_speed_report;

/* Runs until *stop, or with `once` until every unit has reached the end vector. Servers that go away: wait, reconnect
 * with backoff (50 ms to 2 s), go on; LK_EUNREACHABLE at the first connect, and after server_wait_us. With `once`
 * LK_EBUSY where another process holds a unit that stands still for a minute. LK_EGAP where the log
 * does not have the end vector, also since PostgreSQL came back without its end. */
int lk_speed_run(const lk_speed_options *o, lk_speed_report *report, lk_error *err);

#endif
