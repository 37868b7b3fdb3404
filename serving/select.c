/* Which rows are shown, and in which order: decided when every row is complete. Filled rows are rows like others, so
 * queries can ask for windows without events. */
#include <stdlib.h>
#include <string.h>

#include "core/key.h"
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

/* --- another order --- */

/* Each value is made once, not at each comparison. */
typedef struct sort_row {
	lk_value value;
	size_t place;
	lk_cell *row;
} sort_row;

typedef struct sorting {
	lk_type type;
	bool descending, over;
	size_t bytes;
	lk_budget *budget;
	bool is_made;       /* by an expression: its texts are made anew for each row, so they are kept in … */
	lk_arena texts;
} sorting;

static int by_value(const void *x, const void *y, void *ctx) {
	const sort_row *a = x, *b = y;
	sorting *s = ctx;
	s->over = s->over || !lk_budget_allows(s->budget, s->bytes);
	if (s->over)
		return 0;
	int order = lk_value_compare(s->type, &a->value, &b->value);
	if (s->descending && !lk_is_null(&a->value) && !lk_is_null(&b->value))
		order = -order;
	return order ? order : (a->place > b->place) - (a->place < b->place);
}

static void keep_text(sorting *s, lk_value *v) {
	if (!s->is_made || !lk_value_borrows(s->type, v))
		return;
	v->s = lk_arena_strndup(&s->texts, v->s, v->len);
	s->over = s->over || !lk_budget_allows(s->budget, s->bytes + s->texts.used_bytes);
}

static bool sort_rows(lk_answer *a, const lk_query *q) {
	int column = lk_column_find(a->plan, q->sort);
	sorting s = {.descending = q->descending, .bytes = a->nrows * sizeof(sort_row), .budget = a->budget};
	lk_column_name(a->plan, column, &s.type);
	int output = lk_plan_output(a->plan, q->sort);
	s.is_made = output >= 0 && a->plan->outputs[output].kind == LK_OUT_EXPR;
	if (!lk_budget_allows(s.budget, s.bytes))
		return false;
	sort_row *rows = lk_malloc(a->nrows * sizeof *rows);
	for (size_t r = 0; r < a->nrows; r++) {
		rows[r] = (sort_row){.place = r, .row = a->rows[r]};
		lk_answer_cell(a, a->rows[r], column, &rows[r].value);
		keep_text(&s, &rows[r].value);
	}
	qsort_r(rows, a->nrows, sizeof *rows, by_value, &s);
	for (size_t r = 0; r < a->nrows; r++)
		a->rows[r] = rows[r].row;
	free(rows);
	lk_arena_release(&s.texts);
	return !s.over;
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
	if (q->sort && !sort_rows(a, q))
		return lk_budget_fail(a->budget, err);
	if (q->limit && (size_t)q->limit < a->nrows)
		a->nrows = (size_t)q->limit;
	return LK_OK;
}
