/* One thread that drives the units of one copy through the stream path: for what must go event by event or end at
 * an exact place (a paced replay, the last step before a switch, the measuring of latency). Bulk work is the speed
 * layer's (lk_speed_run). */
#ifndef LK_REPLAY_DRIVER_H
#define LK_REPLAY_DRIVER_H

#include "speed_layer/stream_path.h"

typedef struct lk_driver {
	const lk_cat_copy *copy;
	int partitions;
	lk_pg reader, writer;
	lk_store *store;
	lk_path path;
	lk_unit units[LK_MAX_PARTITIONS];
	bool locked[LK_MAX_PARTITIONS];    /* ours; the others are driven by another process, and only looked at */
	int64_t cursor[LK_MAX_PARTITIONS]; /* committed, as last seen */
	int64_t waits[LK_MAX_PARTITIONS];  /* the time of the event that waits at the gate; LK_NEVER: none is known to */
	int64_t next_lock_us, next_sweep_us;
} lk_driver;

/* Opens sessions of its own, tries the lock of each unit and takes over those it got. The copy (of the caller's
 * catalogue) must outlive it. LK_EUNREACHABLE. Close in either case. */
int lk_driver_open(lk_driver *d, const char *postgres, const char *redis, const char *log_id, const lk_cat_copy *copy,
                   const lk_stream_limits *limits, const volatile int *stop, lk_error *err);
void lk_driver_close(lk_driver *d);

/* One pass over each partition, up to end[p]; units of other processes are looked up in the view store. *folded:
 * events. A unit that stood still is taken again; LK_EFULL, a lost server and what does not mend by itself are
 * returned. While an event waits at the gate of d->path, its partition is not read again. */
int lk_driver_pass(lk_driver *d, const int64_t *end, int64_t *folded, lk_error *err);
bool lk_driver_reached(const lk_driver *d, const int64_t *end);
/* Passes until all have reached `end`, or *stop (LK_OK; look with lk_driver_reached), or deadline_us of the
 * monotonic clock (LK_EBUSY). */
int lk_driver_run(lk_driver *d, const int64_t *end, int64_t deadline_us, lk_error *err);

#endif
