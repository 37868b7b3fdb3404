/* A round of the batch layer: for each view what it needs.
 *
 * Any thread, with sessions of its own. */
#ifndef LK_BATCH_LAYER_ROUND_H
#define LK_BATCH_LAYER_ROUND_H

#include "batch_layer/seal.h"
#include "catalog/housekeeping.h"

typedef struct lk_round_options {
	const char *postgres, *redis;
	char *const *views;           /* the names of the views; n = 0: all */
	int n;
	bool seals;                   /* not before the speed layer runs, which a seal waits for */
	lk_keep keep;
	const volatile int *stop;
	void *ctx;
	void (*done)(void *ctx, const lk_cat_copy *copy, const lk_batch_report *r);
	void (*failed)(void *ctx, const lk_cat_copy *copy, const lk_error *e);   /* copy NULL: housekeeping */
} lk_round_options;

/* One batch of each of the views, a seal of those in kappa mode. For a view in lambda mode it computes the newest version,
 * which readers get next, and the served one if that is another one. A former kappa copy is sealed too, and a former
 * lambda copy has a batch when the log has grown by half since its last one. Of all views, also a seal of what derived streams
 * with moving windows keep of their keys. Then housekeeping. A failure of one view
 * does not stop the others: `failed` gets it, and its code is returned. *nviews: how many views and states there were. */
int lk_round_run(const lk_round_options *o, int *nviews, lk_error *err);

#endif
