/* Rows for the windows of an answer in which nothing happened. */
#ifndef LK_SERVING_FILL_H
#define LK_SERVING_FILL_H

#include "serving/answer.h"

enum { LK_FILL_MOST = 1000000 };   /* rows that may be added */

/* Adds a row for each window without events, for each group key that has a row, between the first and the last window
 * of the rows; if the query has from or to, from or up to there. A window whose row HAVING has removed has events, so
 * it is not filled; nor is an expired one (retention). The values of added rows:
 *   null      NULL
 *   zero      what the aggregates give for no events, and 0 for a sum
 *   previous  those of the key's last window that has events; NULL before the first one
 * Call it once. LK_EUSAGE for sessions, for views without windows, and if it would add more than LK_FILL_MOST rows. */
int lk_answer_fill(lk_answer *a, enum lk_fill how, lk_error *err);

const char *lk_fill_name(enum lk_fill how);   /* "null", "zero", "previous" */

/* How many rows of the answer were added, of those that --where, --last and --limit left. */
int64_t lk_fill_rows(const lk_answer *a);

/* Was the row added? Without values, so that all that depends on aggregates is NULL? */
bool lk_fill_is_added(const lk_answer *a, const lk_cell *row);
bool lk_fill_is_blank(const lk_answer *a, const lk_cell *row);
/* For aggregate i of an added row: true, and its value, if the row's partial does not give the value. For
 * serving/merged.c. */
bool lk_fill_value(const lk_answer *a, const lk_cell *row, int i, lk_value *out);

#endif
