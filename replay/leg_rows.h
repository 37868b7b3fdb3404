/* Rows of a leg, made one value at a time. Private to replay/ and its tests; no I/O.
 *
 * Values are compared as text, so the text of a value must not depend on who computed it: a numeric's trailing zeros are not part of its value, -0 is 0,
 * and a text that could be taken for something else (NULL, a list of two) is quoted as JSON is. */
#ifndef LK_REPLAY_LEG_ROWS_H
#define LK_REPLAY_LEG_ROWS_H

#include "replay/compare.h"

typedef struct lk_leg_writer {
	lk_leg *leg;
	size_t cap;
	lk_buf identity, key, values, exact, text;
	double approximate[LK_MAX_AGGS];
	int napproximate;
	bool windowed;
	int64_t window;
} lk_leg_writer;

void lk_leg_init(lk_leg *l, const char *name, const lk_plan *plan);
void lk_leg_write(lk_leg_writer *w, lk_leg *l);
/* A row: begin with the start of its window (0 without window), then the outputs of the plan in order, each as a value or, of a numeric, as text. */
void lk_leg_row_begin(lk_leg_writer *w, int64_t window_start);
void lk_leg_row_value(lk_leg_writer *w, const lk_output *o, const lk_value *v);
void lk_leg_row_numeric(lk_leg_writer *w, const lk_output *o, const char *text, size_t len);
void lk_leg_row_end(lk_leg_writer *w);
/* Sorts the rows and frees the writer's memory. */
void lk_leg_written(lk_leg_writer *w);

/* The relative error that an output may have against PostgreSQL's exact value; 0: none. */
double lk_output_error(const lk_plan *p, const lk_output *o);

/* The identity of the row that a cell is part of; field: pane and key. Replaces *out. */
void lk_leg_identity(const lk_plan *p, const uint8_t *field, size_t len, lk_buf *out);
int lk_values_compare(const struct lk_leg_row *a, const struct lk_leg_row *b);
int lk_identity_compare(const void *a, size_t alen, const void *b, size_t blen);

/* Rows with this identity: the first one and how many. */
size_t lk_leg_find(const lk_leg *l, const void *identity, size_t len, size_t *first);

#endif
