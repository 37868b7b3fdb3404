/* Expressions over keys and final values of aggregates, evaluated on one merged row: outputs of the select list, HAVING,
 * ORDER BY. */
#ifndef LK_SERVING_MERGED_H
#define LK_SERVING_MERGED_H

#include "serving/answer.h"

/* What a row is made of. filled: NULL, or the answer to which `cell` was added for a window without events. */
typedef struct lk_merged_row {
	const uint8_t *field;
	size_t len;
	const char *state;
	const lk_answer *filled;
	const lk_cell *cell;
} lk_merged_row;

#define LK_MERGED_ROW(cells, row) \
	((lk_merged_row){.field = lk_cell_field(cells, row), .len = (row)->field_len, .state = lk_cell_state(cells, row)})

/* Key k of a row; NULL if it cannot be read. Borrows from the row. */
lk_value lk_merged_key(const lk_plan *p, const lk_merged_row *row, int k);
/* The final value of aggregate i. Borrows as lk_aggregate.finish does. */
lk_value lk_merged_agg(const lk_plan *p, const lk_merged_row *row, int i);
/* Evaluates x, making final values only of the aggregates that it reads. LK_MARKED, with ev->reason, where PostgreSQL
 * would raise an error. Borrows from the row and from ev->arena. */
lk_value lk_merged_eval(const lk_plan *p, const lk_expr *x, const lk_merged_row *row, lk_eval *ev);

#endif
