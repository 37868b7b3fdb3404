/* ORDER BY and LIMIT of a view: the order of the rows of each window, and how many of them there are. */
#ifndef LK_SERVING_ORDER_H
#define LK_SERVING_ORDER_H

#include "serving/answer.h"

/* Puts a->rows, which are in the order of their windows and keys, into the view's order within each window (all rows
 * are of one window if the view has none), and keeps the first `limit` of each; 0: all. False if a->budget is spent. */
bool lk_order_rows(lk_answer *a, int64_t limit);

#endif
