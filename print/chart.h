/* Bars beside the rows of a table: how the numbers of one column compare.
 *
 * One thread at a time, as the answer. */
#ifndef LK_PRINT_CHART_H
#define LK_PRINT_CHART_H

#include "print/text.h"
#include "serving/answer.h"

typedef struct lk_chart {
	int column;              /* of the answer's columns; < 0: no chart */
	double least, most;      /* over all rows and 0 */
	bool blocks;             /* UTF-8's eighths of a block; else '#' */
	int width;               /* characters from least to most */
} lk_chart;

/* Finds the column and its scale. name NULL: no chart. LK_EUSAGE if the answer has no such column or it is not
 * numeric. */
int lk_chart_init(lk_chart *c, const lk_answer *a, const char *name, const lk_screen *screen, lk_error *err);
/* Replaces *out with the bar of a row: to the right of 0, or to the left for a negative number. NULL and NaN have no
 * bar. */
void lk_chart_bar(const lk_chart *c, const lk_answer *a, const lk_cell *row, lk_buf *out);

#endif
