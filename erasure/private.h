/* What the files of erasure/ share: one run that makes again what is older than an erasure. */
#ifndef LK_ERASURE_PRIVATE_H
#define LK_ERASURE_PRIVATE_H

#include "catalog/copies.h"
#include "erasure/erasure.h"
#include "view_store/store.h"

typedef struct lk_erase_run {
	const lk_erase_options *o;
	lk_pg *pg;                 /* holds the lock of the stream's erasures */
	lk_store *store;
	lk_catalog *catalog;       /* of this pass */
	const lk_cat_stream *stream;
	int64_t seen_from;         /* greater ids know of the erasure */
} lk_erase_run;

/* Was the copy computed before the erasure could be seen? */
static inline bool lk_erase_is_old(const lk_erase_run *r, const lk_cat_copy *c) {
	int64_t made = c->kappa || c->id > c->cut_id ? c->id : c->cut_id;
	return c->version->reads == r->stream && made <= r->seen_from;
}

/* --- remake.c: one step for one copy that is old; ends with another copy, or none, in its place --- */

/* LK_EBUSY, and LK_ECONFLICT if the catalogue has changed: look again later. */
int lk_erase_remake(lk_erase_run *r, const lk_cat_copy *c, lk_error *err);

/* Ends what a replay that was killed after its switch has left open; c is served. LK_EBUSY: it still runs. */
int lk_erase_settle(lk_erase_run *r, const lk_cat_copy *c, lk_error *err);

/* --- clear.c: when no copy is old any more --- */

/* Removes cells, tables and texts that the former copies and batches left. LK_EBUSY: somebody still uses one. */
int lk_erase_clear(lk_erase_run *r, lk_error *err);

#endif
