/* The events of a range of offsets, with the columns that a plan needs: what a batch folds in C, and what it seals of the
 * state of moving windows. Inside the caller's transaction. */
#ifndef LK_BATCH_LAYER_LOG_EVENTS_H
#define LK_BATCH_LAYER_LOG_EVENTS_H

#include "catalog/cut.h"

typedef struct lk_log_events {
	lk_pg *pg;
	const lk_plan *plan;
	const lk_cut *cut;         /* events that lie only in windows which have expired at it are left out; NULL: none are */
	bool in_order;             /* of their offsets */
	lk_value *row;             /* the caller's: columns and _at of an event are put into the plan's slots */
	void (*take)(void *ctx, int part, int64_t off);   /* once for each event; texts are lent until it returns */
	void *ctx;
	/* private */
	lk_type *types;            /* of what is fetched: off, _at, needed columns */
	lk_value *fetched;
} lk_log_events;

/* The fields above `private` are set. */
void lk_log_events_begin(lk_log_events *e);
void lk_log_events_end(lk_log_events *e);
/* Hands over the events [from, to) of a partition; *n: how many there were. */
int lk_log_events_read(lk_log_events *e, int part, int64_t from, int64_t to, int64_t *n, lk_error *err);

#endif
