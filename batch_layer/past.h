/* What a view's retention removes when batches and seals are made. */
#ifndef LK_BATCH_LAYER_PAST_H
#define LK_BATCH_LAYER_PAST_H

#include "catalog/cut.h"

/* Adds " AND …" over columns of the log, which leaves out events that lie only in past windows; nothing if none do. */
void lk_past_events_sql(const lk_plan *p, const lk_cut *cut, lk_buf *out);
/* Removes the cells of a batch table (a quoted name) that lie only in past windows, inside the caller's transaction. */
int lk_past_delete(lk_pg *pg, const lk_plan *p, const lk_cut *cut, const char *table, lk_error *err);

#endif
