/* What comes after the last merge: HAVING, and partials that have passed a limit. */
#ifndef LK_SERVING_HAVING_H
#define LK_SERVING_HAVING_H

#include "serving/answer.h"

/* True if the row of this cell passes the plan's HAVING; without one every row does. */
bool lk_having_passes(const lk_plan *p, const lk_cells *cells, const lk_cell *row);

/* Removes the rows of a merged answer that do not pass HAVING from a->rows; if one layer answers alone it removes
 * nothing (R29). LK_EPARTIAL if a value of a row, or one that HAVING needs, is unknown because a partial has passed its
 * limit (R18). */
int lk_having_apply(lk_answer *a, bool merged, lk_error *err);

#endif
