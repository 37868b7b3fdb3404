/* The formats of `lk rejected`. */
#ifndef LK_CLI_REJECTED_PRINT_H
#define LK_CLI_REJECTED_PRINT_H

#include "event_log/rejected_report.h"
#include "print/answer.h"

typedef struct lk_rejected_page {
	const char *stream;
	const lk_rejected_report *report;
} lk_rejected_page;

void lk_rejected_print(const lk_rejected_page *p, enum lk_answer_format format);
/* Adds the counts, as lines for people. */
void lk_rejected_summary(const lk_rejected_page *p, lk_buf *out);

#endif
