/* Sealing: moves what a kappa copy's segments hold below a cut to PostgreSQL, so that Redis need not keep it.
 *
 * Any thread, with sessions of its own; the copy's lock admits one batch or seal at a time. */
#ifndef LK_BATCH_LAYER_SEAL_H
#define LK_BATCH_LAYER_SEAL_H

#include "batch_layer/batch.h"
#include "view_store/store.h"

typedef struct lk_seal_options {
	int64_t patience_us;               /* gives up when no cursor has moved for this long; 0: 10 s */
	const volatile int *stop;          /* gives up when it is set; may be NULL */
	size_t merge_bytes;                /* cells that take more are written out, or merged in parts; 0: 512 MiB */
	int64_t compact_rows;              /* rewrites a table after this many new rows; 0: COMPACT_ROWS */
} lk_seal_options;

/* Seals one live kappa copy at a cut made at the log's end: waits until its units, which a running speed layer drives,
 * have passed the cut, then publishes. On a session that will hold the copy's lock. LK_EBUSY: another seal or a
 * comparison is running, or nobody drives the units; nothing was done. report->nothing_new: there was nothing to
 * seal. */
int lk_seal_run(lk_pg *pg, lk_store *store, const lk_cat_copy *copy, const lk_seal_options *o, lk_batch_report *out, lk_error *err);

#endif
