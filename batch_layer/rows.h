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
typedef struct lk_rows_merge {
	lk_pg *pg;
	const lk_plan *plan;
	const char *from, *to;     /* quoted names */
	int64_t rows;              /* about so many are in `from` */
	size_t most_bytes;         /* of cells in memory, unless a single cell takes more */
	int64_t cells, shares;     /* out: rows of `to`; parts of them that were in memory, one after the other */
} lk_rows_merge;
/* Makes the table `to` with one row for each cell of `from`, a share of the cells after the other. */
int lk_batch_rows_put_together(lk_rows_merge *m, lk_error *err);

#endif
