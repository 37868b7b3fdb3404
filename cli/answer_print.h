/* Answers in the formats of `lk query`. Rows are written one after the other as they are formatted; no format holds
 * them all as text. */
#ifndef LK_CLI_ANSWER_PRINT_H
#define LK_CLI_ANSWER_PRINT_H

#include "cli/chart.h"
#include "serving/answer.h"

enum lk_answer_format { LK_AS_TABLE, LK_AS_JSON, LK_AS_JSONL, LK_AS_CSV };

/* The chart is a table's last column. */
void lk_answer_print(const lk_answer *a, const lk_query *q, enum lk_answer_format format, const lk_chart *chart);
/* The boundary, a line each: what the rows cover and how they were put together. */
void lk_answer_boundary(const lk_answer *a, const lk_query *q, lk_buf *out);
/* Of a kappa copy: has it a sealed part? */
bool lk_answer_sealed(const lk_answer *a);
/* Events of the log that the answer does not cover; of a sandbox, events below its end. */
int64_t lk_answer_lag(const lk_answer *a);
/* ", copy 12 (…)" where the copy is not the one that is served, else nothing. */
void lk_copy_describe(const lk_cat_copy *copy, lk_buf *out);
/* "only events with event time in [a, b)", "all events" */
void lk_range_describe(const lk_range *r, lk_buf *out);

#endif
