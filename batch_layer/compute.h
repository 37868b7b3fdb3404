/* The two ways to compute a batch, both inside the caller's transaction. */
#ifndef LK_BATCH_LAYER_COMPUTE_H
#define LK_BATCH_LAYER_COMPUTE_H

#include "catalog/cut.h"

typedef struct lk_compute {
	lk_pg *pg;
	const lk_cat_copy *copy;
	const lk_cut *cut;
	const lk_frontier *from;  /* where the count of lk_compute_check begins: the first event that is computed or moved */
	const char *table;       /* quoted name, used once */
	size_t fold_bytes;       /* a fold writes its cells out when they take more; 0: 512 MiB */
	int64_t cells;           /* rows of the table */
} lk_compute;

/* Counts the events in [from, cut) of all partitions. LK_EGAP if a partition holds fewer or more; the message names the
 * first missing offsets. */
int lk_compute_check(const lk_compute *c, int64_t *events, lk_error *err);
/* By SQL made from the plan. LK_EVALUE: SQL met a value that it cannot compute, and the transaction has failed. */
int lk_compute_sql(lk_compute *c, lk_error *err);
/* By folding the events in C; writes events that could not be evaluated to the side output. */
int lk_compute_fold(lk_compute *c, lk_error *err);
/* Makes the index, after the table is filled. */
int lk_compute_index(const lk_compute *c, lk_error *err);

#endif
