/* Reading the rows of a batch table: pane, group key and partials. A cell may have several rows, which add up when they
 * are merged.
 *
 * A reader is the caller's, for one thread, and occupies its session until it is closed. */
#ifndef LK_EVENT_LOG_BATCH_ROWS_H
#define LK_EVENT_LOG_BATCH_ROWS_H

#include "event_log/scan.h"
#include "partials/cells.h"

typedef struct lk_batch_rows {
	lk_copy_reader copy;
	const lk_plan *plan;
	const char *table;         /* the caller's */
	lk_type types[LK_MAX_BATCH_COLUMNS];
	lk_value row[LK_MAX_BATCH_COLUMNS];
	int64_t pane;              /* of the row, us; 0 if the view has no windows */
} lk_batch_rows;

/* table: a quoted name. where: " WHERE …", from quoted identifiers and literals, or "". */
int lk_batch_rows_open(lk_batch_rows *r, lk_pg *pg, const lk_plan *p, const char *table, const char *where, lk_error *err);
int lk_batch_rows_next(lk_batch_rows *r, lk_error *err);   /* 0; 1 at the end */
/* Merges the row into the cell of its key and this pane, or tag of a window. LK_EINTERNAL if a partial cannot be
 * read. */
int lk_batch_rows_merge(const lk_batch_rows *r, int64_t pane, lk_cells *into, lk_error *err);
void lk_batch_rows_close(lk_batch_rows *r);

#endif
