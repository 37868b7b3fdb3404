/* Sealing the state of a derived stream with moving windows: what is kept of each key, made of the log alone, into
 * PostgreSQL (event_log/sealed.h). The owner of the unit then needs in Redis only what has changed since (P21). */
#ifndef LK_BATCH_LAYER_SEAL_STATE_H
#define LK_BATCH_LAYER_SEAL_STATE_H

#include "batch_layer/batch.h"

/* Does the copy keep such a state? */
bool lk_keeps_state(const lk_cat_copy *copy);
/* Folds the events from where the state was sealed to how far the log of rows is made, one partition after the other, each in a
 * transaction of its own, on a session that will hold the copy's lock. out: events that were folded, fields that were written.
 * LK_EBUSY: another process does it; LK_EGAP: events are missing in the log; LK_ECONFLICT: the stream was dropped. */
int lk_seal_state(lk_pg *pg, const lk_cat_copy *copy, lk_batch_report *out, lk_error *err);

#endif
