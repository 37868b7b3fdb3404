/* The compactor of a process: one thread with its own connection that runs compactions one after another, so that no
 * thread that folds waits for them.
 *
 * A worker chooses a compaction after it has read the live cuts (P7: a later cut lies above every closed segment), and
 * posts it. The owner's fencing token guards every change: the swap is refused (P1, P2) if the unit was lost, reset or
 * taken over meanwhile, or if inputs were dropped. So no worker waits for an outcome; the next sweep reads the segments
 * that exist.
 *
 * Started and stopped by one thread; any worker may post. A job is copied when it is posted. */
#ifndef LK_SPEED_LAYER_COMPACTOR_H
#define LK_SPEED_LAYER_COMPACTOR_H

#include <stdbool.h>

#include "view_store/store.h"

typedef struct lk_compactor lk_compactor;

/* The first job starts the thread. That thread calls notice (may be NULL) when it finds that Redis holds wrong data,
 * put there by a fault or by another program. */
lk_compactor *lk_compactor_open(const char *redis, void (*notice)(void *ctx, const lk_error *e), void *ctx);
/* True if a job of this unit may be posted: no other job of it waits or runs, and in the last 30 s none failed because
 * Redis had no room or because a cell could not be read. */
bool lk_compactor_is_free(lk_compactor *c, int64_t unit);
/* Copies the job (of the plan, the part that cells need) and posts it. Does nothing if the unit is not free. */
void lk_compactor_post(lk_compactor *c, const char *log_id, const lk_compaction *job);
/* Waits until all jobs are done, for at most patience_us. True if they are. */
bool lk_compactor_wait(lk_compactor *c, int64_t patience_us);
/* Gives up jobs that wait or run, within a fraction of a second, and frees everything. NULL is ignored. */
void lk_compactor_close(lk_compactor *c);

typedef struct lk_compactor_report {
	int64_t compactions, written_bytes;   /* carried out; bytes staged by them */
} lk_compactor_report;
lk_compactor_report lk_compactor_done(lk_compactor *c);

#endif
