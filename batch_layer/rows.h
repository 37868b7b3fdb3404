/* Cells as rows of a batch table, inside the caller's transaction. A cell may be in several rows: readers merge rows as
 * they merge segments. */
#ifndef LK_BATCH_LAYER_ROWS_H
#define LK_BATCH_LAYER_ROWS_H

#include "partials/cells.h"
#include "postgres/pg.h"

/* Makes an empty table. table: a quoted name. */
int lk_batch_rows_table(lk_pg *pg, const lk_plan *p, const char *table, lk_error *err);
/* Adds all cells by COPY. */
int lk_batch_rows_write(lk_pg *pg, const char *table, const lk_cells *cells, lk_error *err);
/* Makes the table `to` with one row for each cell of `from`, which has about `rows` rows. *cells: rows of `to`. */
int lk_batch_rows_put_together(lk_pg *pg, const lk_plan *p, const char *from, const char *to, int64_t rows, int64_t *cells, lk_error *err);

#endif
