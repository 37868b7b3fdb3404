/* What comes after the last merge: HAVING, and partials that have passed a limit. */
#ifndef LK_SERVING_HAVING_H
#define LK_SERVING_HAVING_H

#include "serving/answer.h"

/* Does the row of this cell pass the plan's HAVING? Without one, every row does. */
bool lk_having_passes(const lk_plan *p, const lk_cells *cells, const lk_cell *row);

/* Takes the rows of a merged answer that HAVING does not let through out of a->rows; of one layer alone nothing (R29).
 * LK_EPARTIAL where a value of a row, or one that HAVING needs, is not known because a partial has passed its limit
 * (R18). */
int lk_having_apply(lk_answer *a, bool merged, lk_error *err);

#endif
