/* What comes after the last merge: HAVING, and partials that have passed a limit. */
#ifndef LK_SERVING_HAVING_H
#define LK_SERVING_HAVING_H

#include "serving/answer.h"

/* Removes the rows of a merged answer that do not pass HAVING from a->rows; if one layer answers alone it removes
 * nothing (R29). LK_EPARTIAL if a value of a row, or one that HAVING needs, is unknown because a partial has passed its
 * limit (R18). */
int lk_having_apply(lk_answer *a, bool merged, lk_error *err);

#endif
