/* One thread that drives the units of one copy through the stream path, for work that must go event by event or end at
 * an exact position (a paced replay, the last step before a switch). The speed layer does bulk work (lk_speed_run).
 *
 * A driver is one thread's, with sessions of its own. */
#ifndef LK_REPLAY_DRIVER_H
#define LK_REPLAY_DRIVER_H

#include "compare/run_to.h"
#include "speed_layer/stream_path.h"

typedef struct lk_driver {
	const lk_cat_copy *copy;
	int partitions;
	lk_pg reader, writer;
	lk_store *store;
	lk_path path;
	lk_unit units[LK_MAX_PARTITIONS];
	bool locked[LK_MAX_PARTITIONS];    /* by this driver; the others are driven by other processes and only read */
	lk_frontier cursor;                /* committed, as last read */
	int64_t waits[LK_MAX_PARTITIONS];  /* the time of the event that waits at the gate; LK_NEVER: none is known */
	int64_t next_lock_us, next_sweep_us;
} lk_driver;

/* Opens its own sessions at these servers, tries the lock of each unit, and takes over the units whose lock it got. The copy (of the
 * caller's catalogue) must outlive the driver; of `at`, only the servers and the stop flag are used. LK_EUNREACHABLE. Close it in either case. */
int lk_driver_open(lk_driver *d, const lk_run_to_options *at, const char *log_id, const lk_cat_copy *copy,
                   const lk_stream_limits *limits, lk_error *err);
void lk_driver_close(lk_driver *d);

/* One pass over each partition, up to `end`; reads the cursors of units that other processes drive. *folded: events. A
 * stuck unit is taken again; LK_EFULL, a lost server, and errors that retrying does not cure are returned. While an
 * event waits at the gate of d->path, its partition is not read again. */
int lk_driver_pass(lk_driver *d, const lk_frontier *end, int64_t *folded, lk_error *err);
bool lk_driver_reached(const lk_driver *d, const lk_frontier *end);
/* Makes passes until all partitions have reached `end`, or *stop is set (LK_OK; check lk_driver_reached), or until
 * deadline_us of the monotonic clock (LK_EBUSY). */
int lk_driver_run(lk_driver *d, const lk_frontier *end, int64_t deadline_us, lk_error *err);

#endif
