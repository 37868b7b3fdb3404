/* Bars beside the rows of a table, for eyes: how one column's numbers lie to each other. */
#ifndef LK_CLI_CHART_H
#define LK_CLI_CHART_H

#include "serving/answer.h"

typedef struct lk_chart {
	int column;              /* of the answer's columns; < 0: no chart */
	double least, most;      /* over all rows, 0 among them */
	bool blocks;             /* UTF-8's eighths of a block; else '#' */
	int width;               /* letters from least to most */
} lk_chart;

/* What the bars of a column are drawn to. name NULL: no chart. LK_EUSAGE where the answer has
 * no such column or it is no number. */
int lk_chart_init(lk_chart *c, const lk_answer *a, const char *name, lk_error *err);
/* The bar of a row: to the right of where 0 is, to the left of it for a negative number;
 * replaces *out. NULL and NaN have none. */
void lk_chart_bar(const lk_chart *c, const lk_answer *a, const lk_cell *row, lk_buf *out);

#endif
