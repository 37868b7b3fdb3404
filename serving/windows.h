/* Windows put together from panes, for one answer. */
#ifndef LK_SERVING_WINDOWS_H
#define LK_SERVING_WINDOWS_H

#include "serving/answer.h"

/* Makes a->cells from a->panes, for windows that share panes (hop, cumulate) and for sessions; also the parts of a
 * split answer, for the same windows. Leaves out windows that do not start in [a->from, a->to). Does nothing for other
 * windows, whose cells are made while they are read. n windows of a key over p panes cost O(n + p) merges. The number
 * of windows is known before the first one is made. False if a->budget does not allow them. */
bool lk_windows_make(lk_answer *a);

/* How many windows the panes of an answer make (hop, cumulate). by_key: lk_cells_by_key of the panes. */
int64_t lk_windows_planned(const lk_answer *a, const lk_cells *panes, lk_cell *const *by_key);
/* The start of the first of the last n windows that the panes make; INT64_MIN if there are fewer. */
int64_t lk_windows_start_of_last(const lk_answer *a, const lk_cells *panes, int64_t n);

/* The session that a partial covers. */
lk_span lk_session_of(const lk_plan *p, const void *state);
/* Puts sessions together from `panes`, and adds the panes of those that may be removed (lk_session_may_go) to `into`,
 * unless it already holds them. */
void lk_sessions_removable(const lk_plan *p, lk_cells *panes, int64_t horizon, lk_cells *into);

#endif
