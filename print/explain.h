/* How a view is computed, and how an answer was built: into any sink.
 *
 * Any thread, for a catalogue or an answer that it holds and a sink of its own. */
#ifndef LK_PRINT_EXPLAIN_H
#define LK_PRINT_EXPLAIN_H

#include "core/sink.h"
#include "print/text.h"
#include "serving/answer.h"

/* The view's text, and how the stream path and the batch of this copy compute it: beside each other on a wide screen. */
void lk_explain_plan(const lk_cat_view *v, const lk_cat_copy *copy, const lk_screen *screen, lk_sink *out);
/* A derived stream: its text, what the stream path makes of each event, and the SQL that `lk compare` holds its log
 * against. */
void lk_explain_derived(const lk_cat_copy *copy, const lk_screen *screen, lk_sink *out);
/* An answer that was made with q->split: each row with the parts that were added. */
void lk_explain_answer(const lk_answer *a, const lk_query *q, const lk_screen *screen, lk_sink *out);
/* The same as one JSON object: each row with the members "_batch" (of a kappa copy that is sealed: "_sealed") and "_speed", whose sum
 * it is. */
void lk_explain_answer_json(const lk_answer *a, const lk_query *q, lk_sink *out);

#endif
