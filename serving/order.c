/* Each row's values are made once, not at each comparison. Rows whose values are equal keep their place, which is in the
 * order of their keys. */
#include "serving/order.h"

#include <stdlib.h>

#include "serving/fill.h"
#include "serving/merged.h"

typedef struct item {
	lk_type type;
	bool descending, nulls_first;
} item;

typedef struct placed {
	lk_cell *row;
	size_t window, place;
	lk_value *by;          /* [n] */
} placed;

typedef struct sorting {
	lk_answer *a;
	item *items;
	int n;
	void (*make)(struct sorting *s, placed *p);   /* sets a row's values */
	int column;            /* whose values these are, if they are a column's, … */
	bool is_made;          /* … and by an expression */
	bool by_window;        /* rows stay in the order of their windows */
	placed *rows;
	lk_value *values;
	size_t bytes;          /* of both */
	lk_arena texts, scratch;
	bool over;
} sorting;

static bool is_over(sorting *s) {
	return s->over = s->over || !lk_budget_allows(s->a->budget, s->bytes + s->texts.used_bytes);
}

static int compare_item(const item *o, const lk_value *a, const lk_value *b) {
	if (lk_is_null(a) || lk_is_null(b))
		return o->nulls_first ? lk_is_null(b) - lk_is_null(a) : lk_is_null(a) - lk_is_null(b);
	int order = lk_value_compare(o->type, a, b);
	return o->descending ? -order : order;
}

static int compare(const void *x, const void *y, void *ctx) {
	const placed *a = x, *b = y;
	sorting *s = ctx;
	int order = is_over(s) ? 0 : (a->window > b->window) - (a->window < b->window);
	for (int i = 0; !s->over && !order && i < s->n; i++)
		order = compare_item(&s->items[i], &a->by[i], &b->by[i]);
	return order ? order : (a->place > b->place) - (a->place < b->place);
}

/* A text that lasts only until the next one is made. */
static void keep_text(sorting *s, lk_type type, lk_value *v) {
	if (lk_value_borrows(type, v))
		v->s = lk_arena_strndup(&s->texts, v->s, v->len);
}

static lk_span window_of(const lk_answer *a, size_t r) {
	return a->plan->window.kind != LK_W_NONE ? lk_answer_span(a, a->rows[r]) : (lk_span){0};
}

static bool same_window(lk_span a, lk_span b) { return a.start == b.start && a.end == b.end; }

static void place_rows(sorting *s) {
	const lk_answer *a = s->a;
	size_t window = 0;
	lk_span before = {0};
	for (size_t r = 0; r < a->nrows && !is_over(s); r++) {
		lk_span span = s->by_window ? window_of(a, r) : before;
		window += r && !same_window(before, span);
		before = span;
		s->rows[r] = (placed){.row = a->rows[r], .window = window, .place = r, .by = s->values + r * (size_t)s->n};
		s->make(s, &s->rows[r]);
	}
}

/* False if the budget is spent: then the rows are as they were. */
static bool sort(sorting *s) {
	lk_answer *a = s->a;
	s->bytes = a->nrows * (sizeof *s->rows + (size_t)s->n * sizeof *s->values);
	if (is_over(s))
		return false;
	s->rows = lk_malloc(a->nrows * sizeof *s->rows);
	s->values = lk_malloc(a->nrows * (size_t)s->n * sizeof *s->values);
	place_rows(s);
	if (!s->over)
		qsort_r(s->rows, a->nrows, sizeof *s->rows, compare, s);
	for (size_t r = 0; r < a->nrows && !s->over; r++)
		a->rows[r] = s->rows[r].row;
	free(s->rows);
	free(s->values);
	lk_arena_release(&s->texts);
	lk_arena_release(&s->scratch);
	return !s->over;
}

/* --- the view's own order --- */

static void make_items(sorting *s, placed *p) {
	const lk_answer *a = s->a;
	lk_merged_row row = LK_MERGED_ROW(&a->cells, p->row);
	row.cell = p->row;
	row.filled = a->fill ? a : NULL;
	for (int i = 0; i < s->n; i++) {
		lk_eval eval = {.arena = &s->scratch};
		lk_arena_clear(&s->scratch);
		p->by[i] = lk_merged_eval(a->plan, a->plan->order[i].expr, &row, &eval);
		keep_text(s, s->items[i].type, &p->by[i]);
	}
}

static bool sort_by_plan(lk_answer *a) {
	const lk_plan *p = a->plan;
	sorting s = {.a = a, .n = p->norder, .items = lk_calloc((size_t)p->norder, sizeof *s.items), .make = make_items, .by_window = true};
	for (int i = 0; i < s.n; i++)
		s.items[i] = (item){.type = p->order[i].expr->type, .descending = p->order[i].descending, .nulls_first = p->order[i].nulls_first};
	bool done = sort(&s);
	free(s.items);
	return done;
}

/* The first `limit` rows of each window. */
static void keep_first(lk_answer *a, int64_t limit) {
	size_t n = 0;
	int64_t of_window = 0;
	lk_span before = {0};
	for (size_t r = 0; r < a->nrows; r++) {
		lk_span span = window_of(a, r);
		of_window = r && same_window(before, span) ? of_window + 1 : 1;
		before = span;
		if (of_window <= limit)
			a->rows[n++] = a->rows[r];
	}
	a->nrows = n;
}

bool lk_order_rows(lk_answer *a, int64_t limit) {
	if (a->plan->norder && !sort_by_plan(a))
		return false;
	if (limit)
		keep_first(a, limit);
	return true;
}

/* --- by a column --- */

static void make_cell(sorting *s, placed *p) {
	lk_answer_cell(s->a, p->row, s->column, p->by);
	if (s->is_made)
		keep_text(s, s->items->type, p->by);
}

bool lk_sort_rows(lk_answer *a, int column, bool descending) {
	const lk_plan *p = a->plan;
	int output = column - (lk_columns(p) - p->noutputs);
	item by = {.descending = descending};
	sorting s = {.a = a, .items = &by, .n = 1, .make = make_cell, .column = column,
	             .is_made = output >= 0 && p->outputs[output].kind == LK_OUT_EXPR};
	lk_column_name(p, column, &by.type);
	return sort(&s);
}
