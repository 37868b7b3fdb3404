/* Prints answers in the formats of `lk query`. Each row is written as soon as it is formatted; no format holds all
 * rows as text. */
#ifndef LK_CLI_ANSWER_PRINT_H
#define LK_CLI_ANSWER_PRINT_H

#include "cli/chart.h"
#include "serving/answer.h"

enum lk_answer_format { LK_AS_TABLE, LK_AS_JSON, LK_AS_JSONL, LK_AS_CSV };

/* In a table, the chart is the last column. */
void lk_answer_print(const lk_answer *a, const lk_query *q, enum lk_answer_format format, const lk_chart *chart);
/* Adds lines that say what the rows cover and how they were put together. */
void lk_answer_boundary(const lk_answer *a, const lk_query *q, lk_buf *out);
/* Does the answer come from a kappa copy with a sealed part? */
bool lk_answer_sealed(const lk_answer *a);
/* Events of the log that the answer does not cover; for a sandbox, events below its end. */
int64_t lk_answer_lag(const lk_answer *a);
/* Adds ", copy 12 (…)" unless the copy is the served one. */
void lk_copy_describe(const lk_cat_copy *copy, lk_buf *out);
/* "only events with event time in [a, b)", "all events" */
void lk_range_describe(const lk_range *r, lk_buf *out);

#endif
