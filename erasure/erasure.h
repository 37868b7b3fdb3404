/* Erasing events for good: the events stay, with their offsets and event times, and lose every other column. All that
 * was computed from them is made again.
 *
 *   lock the stream ─ mark: the log, lk.rejected, lk.source, lk.erasure ─ see ─ make again ─ clear ─ done
 *
 * Ids of lk.id ascend, so an id that is taken once the erasure can be seen divides all copies and cuts: what was
 * computed for a greater one has nothing of the former values. No other state is needed, and a run that was killed is
 * resumed by the next one. Until it is done, answers may still be those from before.
 *
 * Any thread, with a session of its own; one run of a stream at a time in all processes. Reports own no memory. */
#ifndef LK_ERASURE_ERASURE_H
#define LK_ERASURE_ERASURE_H

#include "compare/watch.h"
#include "erasure/terms.h"

/* What fits the terms now, and what an erasure would have to make again. */
typedef struct lk_erase_weight {
	int64_t events;            /* that have something to lose */
	int64_t rejects;           /* rows of lk.rejected that hold the texts */
	int64_t unfinished;        /* erasures of the stream that are not done */
	int64_t views, sandboxes;  /* made again */
	int64_t others;            /* copies that are dropped: former ones, and those that wait or are being made */
} lk_erase_weight;
int lk_erase_weigh(lk_pg *pg, const lk_catalog *c, const lk_erase_terms *t, lk_erase_weight *out, lk_error *err);

/* How many erasures of the stream are not done. */
int lk_erase_unfinished(lk_pg *pg, const lk_cat_stream *s, int64_t *n, lk_error *err);

/* Takes the lock of the stream's erasures, for as long as the session lasts. LK_EBUSY, with its holder. */
int lk_erase_lock(lk_pg *pg, const lk_cat_stream *s, lk_error *err);

typedef struct lk_erase_marked {
	int64_t id;                /* in lk.erasure */
	int64_t events, rejects;
	int64_t heads;             /* files of sources that are told by a digest of their first bytes from now on */
} lk_erase_marked;
/* Erases in the log, in one transaction, and writes it down; afterwards there is no way back. LK_ECONFLICT if the
 * stream was dropped or declared differently meanwhile. */
int lk_erase_mark(lk_pg *pg, const lk_erase_terms *t, lk_erase_marked *out, lk_error *err);

typedef struct lk_erase_options {
	const char *postgres, *redis;
	const lk_cat_stream *stream;
	int workers;               /* of replays */
	lk_replay_watch watch;
	void (*say)(void *ctx, const char *text);   /* a line for each thing that was made again or dropped */
	void *ctx;
} lk_erase_options;

/* Makes again what is older than the stream's unfinished erasures, removes what is left of it in both stores, and ends
 * them. pg holds lk_erase_lock. Doing it again changes nothing. LK_EBUSY: something is in the way for long, or it was
 * stopped; the error says what, and the next call goes on. Other errors are those of batches and replays; everything
 * that could be made again has been. */
int lk_erase_finish(lk_pg *pg, const lk_erase_options *o, lk_error *err);

#endif
