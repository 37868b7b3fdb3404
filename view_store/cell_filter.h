/* Which fields a reader's filter asks for, and how to merge what comes back. Private to view_store/. */
#ifndef LK_VIEW_STORE_CELL_FILTER_H
#define LK_VIEW_STORE_CELL_FILTER_H

#include "view_store/unit.h"

/* The panes of a segment that pass a filter: n of them from the first on. */
typedef struct lk_panes {
	int64_t first;
	int64_t n;
} lk_panes;

lk_panes lk_panes_wanted(const lk_cell_filter *f, const lk_segment *g);

/* Calls `use` for every field made of these panes and the filter's keys. `field` is scratch space. */
void lk_each_field(lk_buf *field, const lk_cell_filter *f, lk_panes p, void (*use)(void *ctx, const lk_buf *field),
                   void *ctx);

/* True if asking field by field costs less than reading a segment of `cells` cells, and the request is not too long. */
bool lk_by_field(const lk_cell_filter *f, lk_panes p, int64_t cells);

/* Where cells are read from, and into which map. */
typedef struct lk_cell_source {
	const lk_store *s;
	const char *key;
	lk_cells *into;
} lk_cell_source;
/* Merges one cell, or those of field, value, field, value … that pass the filter. LK_EINTERNAL if one is malformed. */
int lk_merge_cell(const lk_cell_source *of, const void *field, size_t len, const redisReply *value, lk_error *err);
int lk_merge_pairs(const lk_cell_source *of, const lk_cell_filter *f, const redisReply *pairs, lk_error *err);

#endif
