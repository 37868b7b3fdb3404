/* The formats of `lk rejected`, into any sink; texts are added to the caller's buffer.
 *
 * Any thread, for a report and a sink of its own. */
#ifndef LK_PRINT_REJECTED_H
#define LK_PRINT_REJECTED_H

#include "event_log/rejected_report.h"
#include "print/answer.h"

typedef struct lk_rejected_page {
	const char *stream;
	const lk_rejected_report *report;
} lk_rejected_page;

/* screen: of the texts for people. */
void lk_rejected_print(const lk_rejected_page *p, enum lk_answer_format format, const lk_screen *screen, lk_sink *out);
/* Adds the counts, as lines for people. */
void lk_rejected_summary(const lk_rejected_page *p, lk_buf *out);

#endif
