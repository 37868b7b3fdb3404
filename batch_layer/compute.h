/* The two ways to compute a batch, both inside the caller's transaction. */
#ifndef LK_BATCH_LAYER_COMPUTE_H
#define LK_BATCH_LAYER_COMPUTE_H

#include "event_log/cut.h"

typedef struct lk_compute {
	lk_pg *pg;
	const lk_cat_copy *copy;
	const lk_cut *cut;
	const int64_t *from;     /* where the count of lk_compute_check begins: what is computed or moved */
	const char *table;       /* quoted name, used once */
	size_t fold_bytes;       /* cells of a fold that take more are written out; 0: 512 MiB */
	int64_t cells;           /* rows of the table */
} lk_compute;

/* How many events lie in [from, cut) of each partition; LK_EGAP, with the offsets that are missing first, where it is not
 * exactly that many. */
int lk_compute_check(const lk_compute *c, int64_t *events, lk_error *err);
/* By SQL made from the plan. LK_EVALUE: it met a value that it cannot compute, and the transaction has failed. */
int lk_compute_sql(lk_compute *c, lk_error *err);
/* By folding the events in C, with what could not be evaluated written to the ledger. */
int lk_compute_fold(lk_compute *c, lk_error *err);
/* Indexes, after the table is filled. */
int lk_compute_index(const lk_compute *c, lk_error *err);

#endif
