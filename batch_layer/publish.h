/* What a batch and a seal share: the pointer as it is now, and the transaction that moves it. All on the session that
 * holds the copy's lock. */
#ifndef LK_BATCH_LAYER_PUBLISH_H
#define LK_BATCH_LAYER_PUBLISH_H

#include "batch_layer/batch.h"

typedef struct lk_published {
	bool any;
	int64_t cut[LK_MAX_PARTITIONS];   /* 0 without */
	char *table;                      /* quoted, or NULL */
} lk_published;

/* The pointer as it is now; the catalogue that the caller loaded may be older. LK_ECONFLICT where the copy was dropped. */
int lk_published_read(lk_pg *pg, const lk_cat_copy *copy, lk_published *out, lk_error *err);
void lk_published_release(lk_published *p);
/* The name of the table that a publish at this cut makes, quoted; lk_malloc'ed. */
char *lk_batch_table_name(const lk_cat_copy *copy, const lk_cut *cut);

/* BEGIN, with what a DBA's defaults say forgotten for this transaction. No statement timeout: it takes as long as it
 * takes. Where its process is stopped, the server ends the session after LK_WORK_IDLE_MS: what comes between two statements may
 * be the work of minutes. */
enum { LK_WORK_IDLE_MS = 600000 };
int lk_publish_begin(lk_pg *pg, lk_error *err);
/* All that moves pointers of a view locks its row first; from then on others wait, and LK_IDLE_MS is the bound. */
int lk_publish_lock_view(lk_pg *pg, const lk_cat_copy *copy, lk_error *err);
/* A row of lk.batch. path: how it was made. */
int lk_publish_record(lk_pg *pg, const lk_cat_copy *copy, const lk_cut *cut, const char *table, const char *path,
                      const lk_batch_report *report, double seconds, lk_error *err);

#endif
