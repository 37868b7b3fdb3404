/* What a view's retention lets go of, where batches and seals are made. */
#ifndef LK_BATCH_LAYER_PAST_H
#define LK_BATCH_LAYER_PAST_H

#include "event_log/cut.h"

/* Adds " AND …" over columns of the log: events that lie in past windows alone are not computed. Nothing where all are. */
void lk_past_events_sql(const lk_plan *p, const lk_cut *cut, lk_buf *out);
/* Removes the cells of a batch table (a quoted name) that lie in past windows alone, inside the caller's transaction. */
int lk_past_delete(lk_pg *pg, const lk_plan *p, const lk_cut *cut, const char *table, lk_error *err);

#endif
