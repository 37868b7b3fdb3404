/* Rows of a result, written one value at a time. Private to compare/ and its tests; no I/O.
 *
 * Values are compared as text, so the text of a value must not depend on who computed it: trailing zeros of a numeric
 * are dropped, -0 becomes 0, the values in a list of top_k are printed as lk prints them, and a text that could be
 * mistaken for something else (NULL, a list of two) is quoted as JSON. */
#ifndef LK_COMPARE_RESULT_ROWS_H
#define LK_COMPARE_RESULT_ROWS_H

#include "compare/compare.h"
#include "core/key.h"
#include "partials/cells.h"
#include "windows/window.h"

typedef struct lk_result_writer {
	lk_result *result;
	size_t cap;
	lk_buf identity, key, values, exact, text;
	double approximate[LK_MAX_AGGS];
	int napproximate;
	lk_span window;
} lk_result_writer;

void lk_result_init(lk_result *l, const char *name, const lk_plan *plan);
void lk_result_write(lk_result_writer *w, lk_result *l);
/* One row: begin with its window (ignored if the view has none), then the outputs of the plan in order, each as a value
 * or, for a numeric, as text. */
void lk_result_row_begin(lk_result_writer *w, lk_span window);
void lk_result_row_value(lk_result_writer *w, const lk_output *o, const lk_value *v);
void lk_result_row_numeric(lk_result_writer *w, const lk_output *o, const char *text, size_t len);
void lk_result_row_end(lk_result_writer *w);
/* Sorts the rows and frees the writer's memory. */
void lk_result_written(lk_result_writer *w);

/* The relative error that an output may have against PostgreSQL's exact value; 0: none; INFINITY: it is computed from
 * approximate values in a way that bounds nothing. */
double lk_output_error(const lk_plan *p, const lk_output *o);

/* An identity is the start and the end of the window (all of time if there is none), followed by the keys. */
enum { LK_IDENTITY_KEYS = 2 * LK_PANE_BYTES };
lk_span lk_identity_span(const void *identity);
/* By the exact values as text, then the approximate ones as numbers, so that rows with nearly equal values are at about
 * the same place among those of either side. */
int lk_values_compare(const struct lk_result_row *a, const struct lk_result_row *b);
int lk_identity_compare(const void *a, size_t alen, const void *b, size_t blen);

/* Finds the rows with this identity: returns how many, and the index of the first. */
size_t lk_result_find(const lk_result *l, const void *identity, size_t len, size_t *first);

/* Rows and cells need not correspond one to one: a row is made from panes, and a pane may be part of several rows. A
 * cell is part of the rows that have its keys and share time with its place. Its place is its pane; in a session view,
 * where a row ends with its events, it is the session that the cell alone would make. So an event that is not in a row
 * may be near enough to join it, and then the row would be another one. */
lk_span lk_cell_place(const lk_cells *c, const lk_cell *cell);
void lk_cell_keys(const lk_cells *c, const lk_cell *cell, lk_buf *out);   /* replaces *out */
static inline bool lk_spans_meet(lk_span a, lk_span b) { return a.start < b.end && b.start < a.end; }

typedef struct lk_result_rows {
	struct lk_result_row **at;
	size_t n, cap;
} lk_result_rows;
/* Adds the rows with these keys whose windows share time with the span, in the order of windows, then values. */
void lk_result_touching(const lk_result *l, lk_span span, const void *keys, size_t len, lk_result_rows *out);
void lk_result_rows_release(lk_result_rows *r);

#endif
