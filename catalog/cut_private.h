/* The two halves of a cut at offsets in the past, for a copy that is made together with it. */
#ifndef LK_CATALOG_CUT_PRIVATE_H
#define LK_CATALOG_CUT_PRIVATE_H

#include "catalog/cut.h"

/* Sets high and last_at of a frontier of this stream from the log below it. LK_EUSAGE for an offset beyond the end,
 * LK_EGAP if the log has a hole. */
int lk_frontier_measure(lk_pg *pg, const lk_cat_stream *s, lk_frontier *at, lk_error *err);
/* Inserts it, inside the caller's transaction, and gives its id. state: "open" or "published". */
int lk_cut_insert(lk_pg *pg, const lk_cut_for *f, const char *state, lk_cut *cut, lk_error *err);

#endif
