/* The batch layer: cut, compute, publish.
 *
 * Any thread, with a session of its own; the copy's lock admits one batch or seal at a time. The report owns no memory. */
#ifndef LK_BATCH_LAYER_BATCH_H
#define LK_BATCH_LAYER_BATCH_H

#include "catalog/cut.h"

typedef struct lk_batch_report {
	int64_t copy_id, cut_id;
	int64_t events, cells;
	bool folded;             /* in C, not by SQL */
	bool nothing_new;        /* the cut would equal the published one: nothing was done */
	double seconds;
	int switched_to;         /* number of the version that this publish brought into service; 0: none */
} lk_batch_report;

/* One batch of one lambda copy, on a session that will hold the copy's lock. LK_EBUSY: another batch of it is running,
 * or a comparison, which keeps batches away. Drops old batch tables that no reader can need (lk_batch_sweep). */
int lk_batch_run(lk_pg *pg, const lk_cat_copy *copy, lk_batch_report *out, lk_error *err);
/* The same at a cut in the past, for a copy whose units nobody has started (lk_cut_make_at). */
int lk_batch_run_at(lk_pg *pg, const lk_cat_copy *copy, const lk_frontier *at, lk_batch_report *out, lk_error *err);
/* The same at the log's end, even if nothing is new there: the events below the published cut are not what they were. */
int lk_batch_run_again(lk_pg *pg, const lk_cat_copy *copy, lk_batch_report *out, lk_error *err);
/* Drops the tables of all cuts but the two newest published ones; a table that a reader holds stays until the next
 * call. */
int lk_batch_sweep(lk_pg *pg, const lk_cat_copy *copy, lk_error *err);
/* The same, of all cuts but the published one. */
int lk_batch_sweep_former(lk_pg *pg, const lk_cat_copy *copy, lk_error *err);

#endif
