/* Is what somebody read still in the log, or has the log lost its end and grown again (P6)?
 *
 * An append has an `_at` of its own, so the last event's `_at` tells, where events come from one partition. The rows of a derived log
 * may come from several: an append may be lost that lay before another one that is still there, and then the other one's rows
 * move down, and a row with the same `_at` takes the place of the last one. So of a derived log it also counts how many rows up to the last one
 * have its `_at`.
 *
 * Any thread, with a session of its own. */
#ifndef LK_EVENT_LOG_HISTORY_H
#define LK_EVENT_LOG_HISTORY_H

#include "catalog/catalog.h"

/* The last of the events that were read of a partition. */
typedef struct lk_seen {
	int part;
	int64_t cursor;            /* behind it; 0: none was read */
	int64_t at;                /* its `_at` */
	int64_t run;               /* how many events up to it have this `_at`; 0: not known */
} lk_seen;

/* The run of an event with this `_at` that follows one with `before` and its run. */
static inline int64_t lk_run_next(int64_t before, int64_t run, int64_t at) { return at != before ? 1 : run ? run + 1 : 0; }

/* Sets has[i]: the log has read[i] as it was read, or nothing was read. In one statement. */
int lk_log_has(lk_pg *pg, const lk_stream *s, const lk_seen *read, int n, bool *has, lk_error *err);

#endif
