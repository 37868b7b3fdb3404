/* Windows put together from panes, for one answer. */
#ifndef LK_SERVING_WINDOWS_H
#define LK_SERVING_WINDOWS_H

#include "serving/answer.h"

/* a->cells from a->panes, for windows that share panes (hop, cumulate) and for sessions; with the parts of a split
 * answer, as far as they are in the same windows. Windows that do not start in [a->from, a->to) are left out. Nothing
 * for other windows, whose cells are made while they are read. n windows of a key over p panes cost O(n + p) merges. */
void lk_windows_make(lk_answer *a);

/* The session that a partial of it stands for. */
lk_span lk_session_of(const lk_plan *p, const void *state);
/* Puts sessions together from `panes` and adds the panes of those that may be removed (lk_session_may_go) to `into`,
 * where it does not hold them already. */
void lk_sessions_removable(const lk_plan *p, lk_cells *panes, int64_t horizon, lk_cells *into);

#endif
