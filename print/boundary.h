/* What the rows of an answer cover, in words.
 *
 * Any thread, for its own answer; texts are added to the caller's buffer. */
#ifndef LK_PRINT_BOUNDARY_H
#define LK_PRINT_BOUNDARY_H

#include "serving/answer.h"

/* Adds lines that say what the rows cover and how they were put together. */
void lk_answer_boundary(const lk_answer *a, const lk_query *q, lk_buf *out);
/* Does the answer come from a kappa copy with a sealed part? */
bool lk_answer_sealed(const lk_answer *a);
/* Events of the log that the answer does not cover; for a sandbox, events below its end. */
int64_t lk_answer_lag(const lk_answer *a);
/* Adds how far an approximate output may be off; an expression over an approximation has no bound of its own. False if
 * it is exact. */
bool lk_bound_describe(const lk_plan *p, const lk_output *o, lk_buf *out);
/* Adds ", copy 12 (…)" unless the copy is the served one. */
void lk_copy_describe(const lk_cat_copy *copy, lk_buf *out);
/* "only events with event time in [a, b)", "all events" */
void lk_range_describe(const lk_range *r, lk_buf *out);

#endif
