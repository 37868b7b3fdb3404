/* Records that are kept as read until the batch made from them is in the log. */
#ifndef LK_INGEST_KEPT_H
#define LK_INGEST_KEPT_H

#include "ingest/input.h"

typedef struct lk_kept {
	lk_buf text;
	struct lk_kept_record *records;
	size_t n, cap;
} lk_kept;

void lk_kept_add(lk_kept *k, const lk_record *r);      /* copies the text */
lk_record lk_kept_get(const lk_kept *k, size_t i);     /* its text is borrowed until the next add */
void lk_kept_clear(lk_kept *k);
void lk_kept_release(lk_kept *k);

#endif
