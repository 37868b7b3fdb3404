/* What a compaction stages: its inputs, merged chunk by chunk. Private to view_store/. */
#ifndef LK_VIEW_STORE_MERGE_H
#define LK_VIEW_STORE_MERGE_H

#include "view_store/pages.h"

typedef struct lk_merger {
	lk_store *s;
	lk_compaction *c;
	char *key;                   /* of the staged hash; fresh */
	lk_segment staged;           /* counts the staged panes, cells and bytes */
	int64_t chunks;              /* transactions so far */
} lk_merger;

/* Stages all inputs. No call moves more than about 1 MiB or one cell, and memory holds no more than that, merged.
 * LK_ECONFLICT: an input is gone. LK_EBUSY: *stop was set. Otherwise fails like every call of the store. */
int lk_merge_inputs(lk_merger *m, lk_error *err);

#endif
