/* Cells as rows of a batch table, inside the caller's transaction. A cell may stand in several rows: readers merge rows as
 * they merge segments. */
#ifndef LK_BATCH_LAYER_ROWS_H
#define LK_BATCH_LAYER_ROWS_H

#include "core/cells.h"
#include "event_log/pg.h"

/* Makes an empty table. table: a quoted name. */
int lk_batch_rows_table(lk_pg *pg, const lk_plan *p, const char *table, lk_error *err);
/* Adds all cells, by COPY. */
int lk_batch_rows_write(lk_pg *pg, const char *table, const lk_cells *cells, lk_error *err);
/* Merges rows into `into`: all, or those for which the condition over the table's columns holds. */
int lk_batch_rows_read(lk_pg *pg, const char *table, const char *condition, lk_cells *into, lk_error *err);
/* Adds "_pane, _k0, _k1, …", what names a cell; "" for a view that has one cell. */
void lk_batch_rows_names(const lk_plan *p, lk_buf *out);

#endif
