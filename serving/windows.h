/* Windows put together from panes, for one answer. */
#ifndef LK_SERVING_WINDOWS_H
#define LK_SERVING_WINDOWS_H

#include "serving/answer.h"

/* a->cells from a->panes, for windows that share panes (hop, cumulate) and for sessions; with the parts of a split
 * answer, as far as they are in the same windows. Windows that do not start in [a->from, a->to) are left out. Nothing
 * for other windows, whose cells are made while they are read. n windows of a key over p panes cost O(n + p) merges. How
 * many there will be is known before the first one is made. False where a->budget does not allow them. */
bool lk_windows_make(lk_answer *a);

/* How many windows panes of an answer make, hop or cumulate; by_key: lk_cells_by_key of them. */
int64_t lk_windows_planned(const lk_answer *a, const lk_cells *panes, lk_cell *const *by_key);
/* Where the last n of all windows begin that panes make; INT64_MIN where there are fewer. */
int64_t lk_windows_start_of_last(const lk_answer *a, const lk_cells *panes, int64_t n);

/* The session that a partial of it stands for. */
lk_span lk_session_of(const lk_plan *p, const void *state);
/* Puts sessions together from `panes` and adds the panes of those that may be removed (lk_session_may_go) to `into`,
 * where it does not hold them already. */
void lk_sessions_removable(const lk_plan *p, lk_cells *panes, int64_t horizon, lk_cells *into);

#endif
