/* Why an answer has no rows. */
#ifndef LK_CLI_EMPTY_H
#define LK_CLI_EMPTY_H

#include "cli/connect.h"
#include "serving/answer.h"

/* Adds the reason as one line for people, with what to do about it. If the query's conditions or range may be the
 * reason, queries once more without them, within small bounds. */
void lk_answer_why_empty(lk_connection *c, const lk_query *q, const lk_answer *a, lk_buf *out);

#endif
