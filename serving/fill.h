/* Rows for the windows of an answer in which nothing happened. */
#ifndef LK_SERVING_FILL_H
#define LK_SERVING_FILL_H

#include "serving/answer.h"

enum { LK_FILL_MOST = 1000000 };   /* rows that are made */

/* Adds a row for each window without events, of each group key that has a row, between the first and the last window of the rows;
 * where the query has from or to, from or up to there. A window whose row HAVING has taken away has events: it is not filled; a past
 * one (retention) neither. The values of what is added:
 *   null      NULL
 *   zero      what the aggregates say of no events, and 0 for a sum
 *   previous  those of the key's last window that has events; NULL before the first one
 * Call it once. LK_EUSAGE for sessions, for views without windows, and where more than LK_FILL_MOST rows would be
 * added. */
int lk_answer_fill(lk_answer *a, enum lk_fill how, lk_error *err);

/* Of a row that was added, aggregate output i: true, and its value, where the row's partial
 * does not say it. For lk_answer_value. */
bool lk_fill_value(const lk_answer *a, const lk_cell *row, int i, lk_value *out);

#endif
