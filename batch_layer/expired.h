/* What a view's retention removes when batches and seals are made. */
#ifndef LK_BATCH_LAYER_EXPIRED_H
#define LK_BATCH_LAYER_EXPIRED_H

#include "catalog/cut.h"

/* Adds " AND …" over columns of the log, which leaves out events that lie only in expired windows; nothing if none do. */
void lk_expired_events_sql(const lk_plan *p, const lk_cut *cut, lk_buf *out);
/* Removes the cells of a batch table (a quoted name) that lie only in expired windows, inside the caller's transaction. */
int lk_expired_delete(lk_pg *pg, const lk_plan *p, const lk_cut *cut, const char *table, lk_error *err);

#endif
