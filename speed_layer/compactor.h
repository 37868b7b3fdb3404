/* The compactor of a process: one thread, with a connection of its own, that carries out compactions one after the other,
 * so that no thread that folds waits for them.
 *
 * A worker chooses, after it has read the live cuts (P7: a later cut lies above every closed segment), and posts. What
 * is done is done over the owner's token: a unit that was lost, begun again or taken anew meanwhile refuses the swap
 * (P1, P2), and so does one whose inputs were dropped. So nobody waits for an outcome; the next sweep looks at what is there. */
#ifndef LK_SPEED_LAYER_COMPACTOR_H
#define LK_SPEED_LAYER_COMPACTOR_H

#include <stdbool.h>

#include "view_store/store.h"

typedef struct lk_compactor lk_compactor;

/* The thread starts with the first job. notice (may be NULL) is told, from that thread, of what a foreign hand or a
 * fault did. */
lk_compactor *lk_compactor_open(const char *redis, void (*notice)(void *ctx, const lk_error *e), void *ctx);
/* May a job of this unit be posted? Not while another one waits or is under way, and not for half a minute after one that
 * found no room in Redis, or what it cannot read. */
bool lk_compactor_is_free(lk_compactor *c, int64_t unit);
/* Posts a job, of which all is copied (also of the plan, what cells need); does nothing where the unit is not free. */
void lk_compactor_post(lk_compactor *c, const char *log_id, const lk_compaction *job);
/* Waits until all jobs are done, at most so long. */
void lk_compactor_wait(lk_compactor *c, int64_t patience_us);
/* Gives up what waits or is under way, within a fraction of a second, and frees. NULL is ignored. */
void lk_compactor_close(lk_compactor *c);

typedef struct lk_compactor_report {
	int64_t compactions, written_bytes;   /* that were carried out; that were staged */
} lk_compactor_report;
lk_compactor_report lk_compactor_done(lk_compactor *c);

#endif
