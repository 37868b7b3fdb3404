/* The order of an answer's rows: a view's ORDER BY and LIMIT, which are of each window, and --sort, which is of all. */
#ifndef LK_SERVING_ORDER_H
#define LK_SERVING_ORDER_H

#include "serving/answer.h"

/* Puts a->rows, which are in the order of their windows and keys, into the view's order within each window (all rows
 * are of one window if the view has none), and keeps the first `limit` of each; 0: all. False if a->budget is spent. */
bool lk_order_rows(lk_answer *a, int64_t limit);
/* Puts all rows into the order of one column's values, NULLs last; equal ones keep their place. False if a->budget is
 * spent. */
bool lk_sort_rows(lk_answer *a, int column, bool descending);

#endif
