/* Prints answers in the formats of `lk query`. Each row is written as soon as it is formatted; no format holds all
 * rows as text.
 *
 * Any thread, for an answer and a sink of its own. */
#ifndef LK_PRINT_ANSWER_H
#define LK_PRINT_ANSWER_H

#include "core/sink.h"
#include "print/chart.h"

enum lk_answer_format { LK_AS_TABLE, LK_AS_JSON, LK_AS_JSONL, LK_AS_CSV };
extern const char *const lk_answer_formats[];   /* what --format calls them; ends with NULL */

/* How an answer is printed. */
typedef struct lk_answer_style {
	enum lk_answer_format format;
	const lk_chart *chart;        /* the last column of a table; NULL: none */
	const lk_screen *screen;      /* of a table */
} lk_answer_style;

/* Stops at the first write that fails: see out->error. */
void lk_answer_print(const lk_answer *a, const lk_query *q, const lk_answer_style *style, lk_sink *out);

#endif
