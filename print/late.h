/* The formats of `lk late`, into any sink; texts are added to the caller's buffer.
 *
 * Any thread, for a report and a sink of its own. */
#ifndef LK_PRINT_LATE_H
#define LK_PRINT_LATE_H

#include "event_log/late_report.h"
#include "print/answer.h"

typedef struct lk_late_page {
	const lk_cat_copy *copy;
	const lk_late_report *report;
	const int *columns;        /* the stream's columns to print after the report's own */
	int ncolumns;
} lk_late_page;

/* screen: of a table. */
void lk_late_print(const lk_late_page *p, enum lk_answer_format format, const lk_screen *screen, lk_sink *out);
/* Adds lines for people: which view and copy refused the events, and how late all of them were. */
void lk_late_summary(const lk_late_page *p, lk_buf *out);

#endif
