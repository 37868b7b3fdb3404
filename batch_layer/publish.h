/* What a batch and a seal share: the transaction that moves the pointer. All on the session that holds
 * the copy's lock. */
#ifndef LK_BATCH_LAYER_PUBLISH_H
#define LK_BATCH_LAYER_PUBLISH_H

#include "batch_layer/batch.h"
#include "catalog/published.h"

/* The quoted name of the table that a publish at this cut makes; lk_malloc'ed. */
char *lk_batch_table_name(const lk_cat_copy *copy, const lk_cut *cut);

/* BEGIN, with settings that override a DBA's defaults for this transaction. No statement timeout: a computation may
 * take any time. If the process is stopped, the server ends its session after LK_WORK_IDLE_MS: minutes of work may lie
 * between two statements. */
enum { LK_WORK_IDLE_MS = 600000 };
int lk_publish_begin(lk_pg *pg, lk_error *err);
/* Locks the view's row, which everything that moves its pointers locks first. Others wait from then on, so LK_IDLE_MS
 * becomes the bound. */
int lk_publish_lock_view(lk_pg *pg, const lk_cat_copy *copy, lk_error *err);
typedef struct lk_published_row {
	int64_t copy_id, cut_id;
	const char *table, *path;          /* path: how it was made, "sql", "fold" or "seal" */
	int64_t events, cells;
	int64_t began_us;                  /* by the monotonic clock */
} lk_published_row;
/* Adds a row to lk.batch. */
int lk_publish_record(lk_pg *pg, const lk_published_row *r, lk_error *err);

#endif
