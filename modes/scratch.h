/* Scratch copies: a comparison makes them and removes them. Private to modes/. */
#ifndef LK_MODES_SCRATCH_H
#define LK_MODES_SCRATCH_H

#include "catalog/copies.h"
#include "view_store/store.h"

int lk_scratch_make(lk_pg *pg, const lk_cat_version *v, bool kappa, int64_t *copy_id, lk_error *err);
/* Drops the copy and removes what it has in both servers. */
int lk_scratch_drop(lk_pg *pg, lk_store *store, int64_t copy_id, lk_error *err);
/* Drops those of a view whose process is gone. Call it holding the view's lock. */
int lk_scratch_drop_left(lk_pg *pg, lk_store *store, const lk_catalog *c, const lk_cat_view *v, lk_error *err);
/* Removes all cells and positions of its units, as an empty Redis would. Nobody may drive them. */
int lk_scratch_empty(lk_store *store, const lk_cat_copy *copy, lk_error *err);

#endif
