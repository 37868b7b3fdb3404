/* Answers as JSON, each row written as soon as it is formatted.
 *
 * Any thread, for an answer and a sink of its own. */
#ifndef LK_PRINT_ANSWER_JSON_H
#define LK_PRINT_ANSWER_JSON_H

#include "print/rows.h"
#include "serving/answer.h"

/* One object: what the rows cover, then the rows. */
void lk_answer_print_json(const lk_answer *a, const lk_query *q, lk_sink *out);
/* Its rows as they are printed, with the columns _final and _provisional where the answer has them. */
lk_rows lk_answer_rows(const lk_answer *a);

#endif
