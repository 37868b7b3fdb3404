/* What comes after the last merge: HAVING, ORDER BY and LIMIT, and partials that have passed a limit. */
#ifndef LK_SERVING_HAVING_H
#define LK_SERVING_HAVING_H

#include "serving/answer.h"

/* What the definition does with the rows of a merged answer: removes those that do not pass HAVING from a->rows, and
 * applies ORDER BY and, but for `unlimited`, LIMIT. If one layer answers alone it does nothing of that (R29).
 * LK_EPARTIAL if a value of a row, or one that HAVING needs, is unknown because a partial has passed its limit (R18). */
int lk_rows_defined(lk_answer *a, bool merged, bool unlimited, lk_error *err);

#endif
