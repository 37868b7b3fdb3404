/* Only keys and a stretch of time tell which windows are empty. The keys are those of the answer's rows; the time is
 * from the first window of the rows to the last, or as far as the query's from and to say. All cells of the answer,
 * even those that HAVING has removed from its rows, are sorted by key and window. Beside each key's cells goes a walk
 * over all windows, and where it meets no cell a row is added.
 *
 * An added row is a cell like others, in a map of its own: it has the partial of the last window before it, or the
 * partial of no events, which makes 0 of a count. Rows whose aggregates are all NULL are in another map. */
#include "serving/fill.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "plan/watermark.h"

typedef struct filling {
	lk_answer *a;
	enum lk_fill how;
	int64_t first, end;          /* tags of windows in [first, end) */
	lk_cells keys;               /* of the rows, as cells of pane 0 */
	lk_cell **cells;             /* all of them, by key and window */
	int64_t added;
	lk_buf field;
} filling;

/* --- windows --- */

static int64_t tag_of(const lk_answer *a, const lk_cell *c) { return lk_pane_get(lk_cell_field(&a->cells, c)); }

/* Rows are sorted by window. False if neither they nor the query bound the time. */
static bool find_range(filling *f) {
	const lk_answer *a = f->a;
	int64_t first, end;
	lk_tags_of_range(&a->window, a->from, a->to, &first, &end);
	bool bounded = (a->nrows || a->from != INT64_MIN) && (a->nrows || a->to != INT64_MAX);
	if (bounded) {
		f->first = a->from != INT64_MIN ? first : tag_of(a, a->rows[0]);
		f->end = a->to != INT64_MAX ? end : lk_next_tag(&a->window, tag_of(a, a->rows[a->nrows - 1]));
	}
	return bounded;
}

/* At most `most`. */
static int64_t count_windows(const filling *f, int64_t most) {
	const lk_window *w = &f->a->window;
	int64_t n = 0;
	for (int64_t tag = f->first; tag < f->end && n < most; tag = lk_next_tag(w, tag))
		n++;
	return n;
}

/* --- keys --- */

static void key_field(filling *f, int64_t tag, const uint8_t *like, size_t len) {
	lk_buf_clear(&f->field);
	lk_pane_put(&f->field, tag);
	lk_buf_add(&f->field, like + LK_PANE_BYTES, len - LK_PANE_BYTES);
}

static void find_keys(filling *f) {
	const lk_answer *a = f->a;
	static const uint8_t none[LK_PANE_BYTES];
	for (size_t r = 0; r < a->nrows; r++) {
		key_field(f, 0, lk_cell_field(&a->cells, a->rows[r]), a->rows[r]->field_len);
		lk_cells_at(&f->keys, f->field.data, f->field.len);
	}
	if (!a->plan->nkeys && !f->keys.ncells) {   /* the one group that always exists */
		key_field(f, 0, none, sizeof none);
		lk_cells_at(&f->keys, f->field.data, f->field.len);
	}
}

/* --- rows --- */

static void add_row(filling *f, int64_t tag, const uint8_t *like, size_t len, const lk_cell *before) {
	lk_answer *a = f->a;
	bool blank = f->how == LK_FILL_NULL || (f->how == LK_FILL_PREVIOUS && !before);
	lk_cells *into = blank ? &a->blank : &a->filled;
	key_field(f, tag, like, len);
	f->added++;
	if (f->how == LK_FILL_PREVIOUS && before)
		lk_cells_add_state(into, f->field.data, f->field.len, lk_cell_state(&a->cells, before));
	else
		lk_cells_at(into, f->field.data, f->field.len);
}

/* cells[from, to) belong to the key. */
static void fill_key(filling *f, const uint8_t *key, size_t len, size_t from, size_t to) {
	const lk_cell *before = NULL;
	for (int64_t tag = f->first; tag < f->end; tag = lk_next_tag(&f->a->window, tag)) {
		while (from < to && tag_of(f->a, f->cells[from]) < tag)
			before = f->cells[from++];
		if (!lk_budget_allows(f->a->budget, lk_cells_bytes(&f->a->filled) + lk_cells_bytes(&f->a->blank)))
			return;
		bool is_empty = from == to || tag_of(f->a, f->cells[from]) != tag;
		if (is_empty && !lk_is_expired(f->a->plan, lk_span_of_tag(&f->a->window, tag), f->a->horizon))
			add_row(f, tag, key, len, before);
	}
}

static void fill_all(filling *f) {
	lk_cells *cells = &f->a->cells;
	for (size_t i = 0, end; i < f->a->cells.ncells; i = end) {
		for (end = i + 1; end < f->a->cells.ncells && !lk_cell_compare_keys(cells, f->cells[i], f->cells[end]);)
			end++;
		const uint8_t *field = lk_cell_field(cells, f->cells[i]);
		key_field(f, 0, field, f->cells[i]->field_len);
		if (lk_cells_find(&f->keys, f->field.data, f->field.len))
			fill_key(f, field, f->cells[i]->field_len, i, end);
	}
	if (!f->a->cells.ncells && f->keys.ncells)
		fill_key(f, lk_cell_field(&f->keys, f->keys.first), f->keys.first->field_len, 0, 0);
}

/* All maps store cells in the same form, so any map can read the field. */
static int by_field(const void *x, const void *y, void *cells) { return lk_cell_compare(cells, *(lk_cell *const *)x, *(lk_cell *const *)y); }

static void put_rows(filling *f) {
	lk_answer *a = f->a;
	a->rows = lk_realloc(a->rows, (a->nrows + (size_t)f->added + 1) * sizeof *a->rows);
	for (lk_cell *c = a->filled.first; c; c = c->next)
		a->rows[a->nrows++] = c;
	for (lk_cell *c = a->blank.first; c; c = c->next)
		a->rows[a->nrows++] = c;
	qsort_r(a->rows, a->nrows, sizeof *a->rows, by_field, &a->cells);
}

static int check_size(const filling *f, lk_error *err) {
	int64_t most = LK_FILL_MOST + (int64_t)f->a->cells.ncells, windows = count_windows(f, most + 1);
	if ((lk_int128)windows * (int64_t)f->keys.ncells <= most)
		return LK_OK;
	lk_fail(err, LK_EUSAGE, "--fill would add more than %d rows: %s%lld windows of %lld key%s", LK_FILL_MOST,
	        windows > most ? "more than " : "", (long long)(windows > most ? most : windows), (long long)f->keys.ncells,
	        f->keys.ncells == 1 ? "" : "s");
	return lk_hint(err, "ask for less time (--from, --to), for longer windows (--window) or for fewer keys (--where)");
}

int lk_answer_fill(lk_answer *a, enum lk_fill how, lk_error *err) {
	filling f = {.a = a, .how = how};
	if (a->window.kind == LK_W_NONE || a->window.kind == LK_W_SESSION)
		return lk_fail(err, LK_EUSAGE, a->window.kind == LK_W_NONE
		                                   ? "view %s has no windows: there is nothing to fill"
		                                   : "the windows of view %s are sessions: there are none to fill between them",
		               a->plan->view);
	a->fill = how;
	lk_cells_init(&f.keys, a->plan);
	find_keys(&f);
	int rc = LK_OK;
	if (find_range(&f)) {
		f.cells = lk_cells_by_key_within(&a->cells, a->budget);
		rc = f.cells ? check_size(&f, err) : lk_budget_fail(a->budget, err);
		if (rc == LK_OK) {
			fill_all(&f);
			rc = lk_budget_fail(a->budget, err);
		}
		if (rc == LK_OK)
			put_rows(&f);
	}
	lk_cells_release(&f.keys);
	lk_buf_release(&f.field);
	free(f.cells);
	return rc;
}

/* --- values --- */

static bool is_in(const lk_cells *c, const lk_answer *a, const lk_cell *row) {
	return c->ncells && lk_cells_find(c, lk_cell_field(&a->cells, row), row->field_len) == row;
}

const char *lk_fill_name(enum lk_fill how) {
	return how == LK_FILL_NULL ? "null" : how == LK_FILL_ZERO ? "zero" : "previous";
}

int64_t lk_fill_rows(const lk_answer *a) {
	int64_t n = 0;
	for (size_t r = 0; r < a->nrows; r++)
		n += lk_fill_is_added(a, a->rows[r]);
	return n;
}

bool lk_fill_is_blank(const lk_answer *a, const lk_cell *row) { return is_in(&a->blank, a, row); }

bool lk_fill_is_added(const lk_answer *a, const lk_cell *row) { return is_in(&a->blank, a, row) || is_in(&a->filled, a, row); }

bool lk_fill_value(const lk_answer *a, const lk_cell *row, int i, lk_value *out) {
	const lk_agg *g = &a->plan->aggs[i];
	bool is_zero = a->fill == LK_FILL_ZERO && !strcmp(g->verbs->name, "sum") && is_in(&a->filled, a, row);
	*out = lk_null();
	if (is_zero)
		*out = g->type.kind == LK_NUMERIC ? lk_numeric(0, g->type.scale)
		       : g->type.kind == LK_FLOAT4 || g->type.kind == LK_FLOAT8 ? lk_double(0) : lk_int(0);
	return is_zero || lk_fill_is_blank(a, row);
}
