/* What a compaction stages: its inputs merged, chunk by chunk. Private to view_store/. */
#ifndef LK_VIEW_STORE_MERGE_H
#define LK_VIEW_STORE_MERGE_H

#include "view_store/pages.h"

typedef struct lk_merger {
	lk_store *s;
	lk_compaction *c;
	char *key;                   /* of what is staged; fresh */
	lk_segment staged;           /* panes, cells and bytes are counted here */
	int64_t chunks;              /* transactions so far */
} lk_merger;

/* Stages all inputs. No call moves more than about a mebibyte or one cell, and no more than that is in memory, merged.
 * LK_ECONFLICT: an input has gone away. LK_EBUSY: *stop was set. Otherwise as all calls of the store. */
int lk_merge_inputs(lk_merger *m, lk_error *err);

#endif
