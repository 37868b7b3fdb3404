/* Which events of a stream are erased: conditions on its columns, as SQL over its log, and as texts to be looked for
 * where there are no columns.
 *
 * Pure; released by the caller. */
#ifndef LK_ERASURE_TERMS_H
#define LK_ERASURE_TERMS_H

#include "catalog/catalog.h"
#include "serving/answer.h"

typedef struct lk_erase_terms {
	const lk_cat_stream *stream;   /* borrowed */
	lk_buf events;                 /* a condition on rows of the log that have something to lose */
	lk_buf lines;                  /* one on `line`, a text: it holds the value of every "=". "false": there is no "=" */
	lk_buf names;                  /* "ip =, n <": the conditions without their values */
} lk_erase_terms;

/* LK_EUSAGE: no condition, an unknown column, a text that is no value of it, or a stream with nothing to erase. Release
 * *out in any case. */
int lk_erase_terms_read(const lk_cat_stream *s, const lk_where *where, int n, lk_erase_terms *out, lk_error *err);
void lk_erase_terms_release(lk_erase_terms *t);

#endif
