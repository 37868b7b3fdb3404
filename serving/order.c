/* Each item's value is made once for each row, not at each comparison. Rows whose items are equal keep their place, which
 * is in the order of their keys. */
#include "serving/order.h"

#include <stdlib.h>

#include "serving/fill.h"
#include "serving/merged.h"

typedef struct placed {
	lk_cell *row;
	size_t window, place;
	lk_value *by;          /* [plan->norder] */
} placed;

typedef struct ordering {
	lk_answer *a;
	placed *rows;
	lk_value *values;
	lk_arena texts, scratch;
	bool over;
} ordering;

static int compare_item(const lk_order *o, const lk_value *a, const lk_value *b) {
	if (lk_is_null(a) || lk_is_null(b))
		return o->nulls_first ? lk_is_null(b) - lk_is_null(a) : lk_is_null(a) - lk_is_null(b);
	int order = lk_value_compare(o->expr->type, a, b);
	return o->descending ? -order : order;
}

static int by_order(const void *x, const void *y, void *ctx) {
	const placed *a = x, *b = y;
	ordering *s = ctx;
	s->over = s->over || !lk_budget_allows(s->a->budget, 0);
	int order = s->over ? 0 : (a->window > b->window) - (a->window < b->window);
	for (int i = 0; !s->over && !order && i < s->a->plan->norder; i++)
		order = compare_item(&s->a->plan->order[i], &a->by[i], &b->by[i]);
	return order ? order : (a->place > b->place) - (a->place < b->place);
}

static void make_values(ordering *s, placed *p) {
	const lk_answer *a = s->a;
	lk_merged_row row = LK_MERGED_ROW(&a->cells, p->row);
	row.cell = p->row;
	row.filled = a->fill ? a : NULL;
	for (int i = 0; i < a->plan->norder; i++) {
		lk_eval eval = {.arena = &s->scratch};
		const lk_expr *x = a->plan->order[i].expr;
		lk_arena_clear(&s->scratch);
		p->by[i] = lk_merged_eval(a->plan, x, &row, &eval);
		if (lk_value_borrows(x->type, &p->by[i]))
			p->by[i].s = lk_arena_strndup(&s->texts, p->by[i].s, p->by[i].len);
	}
}

static bool same_window(lk_span a, lk_span b) { return a.start == b.start && a.end == b.end; }

static void place_rows(ordering *s) {
	const lk_answer *a = s->a;
	size_t window = 0;
	lk_span before = {0};
	for (size_t r = 0; r < a->nrows; r++) {
		lk_span span = a->plan->window.kind != LK_W_NONE ? lk_answer_span(a, a->rows[r]) : (lk_span){0};
		window += r && !same_window(before, span);
		before = span;
		s->rows[r] = (placed){.row = a->rows[r], .window = window, .place = r, .by = s->values + r * (size_t)a->plan->norder};
		make_values(s, &s->rows[r]);
		s->over = s->over || !lk_budget_allows(a->budget, s->texts.used_bytes);
	}
}

/* The first `limit` rows of each window. */
static void keep_first(ordering *s, int64_t limit) {
	lk_answer *a = s->a;
	size_t n = 0, first = 0;
	for (size_t r = 0; r < a->nrows; r++) {
		first = r && s->rows[r].window != s->rows[r - 1].window ? r : first;
		if (!limit || r - first < (size_t)limit)
			a->rows[n++] = s->rows[r].row;
	}
	a->nrows = n;
}

bool lk_order_rows(lk_answer *a, int64_t limit) {
	const size_t row_bytes = sizeof(placed) + (size_t)a->plan->norder * sizeof(lk_value);
	if (!a->plan->norder && !limit)
		return true;
	if (!lk_budget_allows(a->budget, a->nrows * row_bytes))
		return false;
	ordering s = {.a = a, .rows = lk_malloc(a->nrows * sizeof *s.rows), .values = lk_malloc((a->nrows * (size_t)a->plan->norder + 1) * sizeof *s.values)};
	place_rows(&s);
	qsort_r(s.rows, a->nrows, sizeof *s.rows, by_order, &s);
	keep_first(&s, limit);
	free(s.rows);
	free(s.values);
	lk_arena_release(&s.texts);
	lk_arena_release(&s.scratch);
	return !s.over;
}
