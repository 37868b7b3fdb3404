/* Answers as JSON, each row written as soon as it is formatted.
 *
 * Any thread, for an answer and a sink of its own. */
#ifndef LK_PRINT_ANSWER_JSON_H
#define LK_PRINT_ANSWER_JSON_H

#include "core/sink.h"
#include "serving/answer.h"

/* One object: what the rows cover, then the rows. */
void lk_answer_print_json(const lk_answer *a, const lk_query *q, lk_sink *out);
/* An object on each line. */
void lk_answer_print_jsonl(const lk_answer *a, lk_sink *out);

#endif
