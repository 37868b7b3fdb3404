/* Which rows are shown, and in which order: decided when every row is complete. Filled rows are rows like others, so
 * queries can ask for windows without events. */
#include <string.h>

#include "serving/fill.h"
#include "serving/order.h"
#include "serving/reader.h"

static bool passes(const lk_answer *a, const lk_filter *f, const lk_cell *row) {
	for (int i = 0; i < f->nof_rows; i++) {
		lk_value v;
		lk_answer_cell(a, row, f->of_rows[i].column, &v);
		if (!lk_condition_holds(&f->of_rows[i], &v))
			return false;
	}
	return true;
}

static bool apply_conditions(lk_answer *a, const lk_filter *f) {
	size_t n = 0;
	for (size_t r = 0; f->nof_rows && r < a->nrows; r++) {
		if (!lk_budget_allows(a->budget, 0))
			return false;
		if (passes(a, f, a->rows[r]))
			a->rows[n++] = a->rows[r];
	}
	a->nrows = f->nof_rows ? n : a->nrows;
	return true;
}

/* --- the last windows --- */

/* True if window x is before window y, by start and end. */
static bool is_before(lk_span x, lk_span y) { return x.start != y.start ? x.start < y.start : x.end < y.end; }

/* Rows are still in the order of their windows. */
static void keep_last(lk_answer *a, int64_t windows) {
	size_t first = a->nrows;
	for (; first > 0; first--) {
		bool begins = first == a->nrows || is_before(lk_answer_span(a, a->rows[first - 1]), lk_answer_span(a, a->rows[first]));
		if (begins && windows-- == 0)
			break;
	}
	memmove(a->rows, a->rows + first, (a->nrows - first) * sizeof *a->rows);
	a->nrows -= first;
}

int lk_answer_select(lk_answer *a, const lk_query *q, const lk_filter *f, lk_error *err) {
	int rc = q->fill ? lk_answer_fill(a, q->fill, err) : LK_OK;
	if (rc != LK_OK)
		return rc;
	if (q->fill && q->layer == LK_LAYER_MERGED && !lk_order_rows(a, 0))
		return lk_budget_fail(a->budget, err);
	a->had = a->nrows;
	if (!apply_conditions(a, f))
		return lk_budget_fail(a->budget, err);
	if (q->last)
		keep_last(a, q->last);
	a->found = a->nrows;
	if (q->sort && !lk_sort_rows(a, lk_column_find(a->plan, q->sort), q->descending))
		return lk_budget_fail(a->budget, err);
	if (q->limit && (size_t)q->limit < a->nrows)
		a->nrows = (size_t)q->limit;
	return LK_OK;
}
