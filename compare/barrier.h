/* Two copies of one view, or more, at one position of the log.
 *
 * A barrier is the caller's, on one thread, and holds locks of its session until it is closed. */
#ifndef LK_COMPARE_BARRIER_H
#define LK_COMPARE_BARRIER_H

#include "catalog/cut.h"
#include "compare/run_to.h"

/* A cut at which copies can be compared. Takes the batch locks of the copies, so that no batch beyond the cut is
 * published (waits for a batch or seal that is running), makes the cut for copies[0], and brings all copies to it by
 * the speed layer's own path, unless another process does. */
typedef struct lk_barrier {
	lk_pg *pg;
	const lk_cat_copy *copies[4];
	int n;
	bool locked[4];
	lk_cut cut;
} lk_barrier;
int lk_barrier_open(lk_barrier *m, lk_pg *pg, const lk_cat_copy *const *copies, int n, const lk_run_to_options *o, lk_error *err);
/* Abandons the cuts of this copy whose barriers were never closed, because their process or server died. Call it
 * holding the view's lock. */
int lk_barrier_abandon(lk_pg *pg, int64_t copy_id, lk_error *err);
void lk_barrier_close(lk_barrier *m);   /* releases the cut and the locks */

#endif
