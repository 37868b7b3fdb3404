#include "compare/result_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare/top_values.h"
#include "core/key.h"
#include "core/time.h"
#include "serving/windows.h"

void lk_result_init(lk_result *l, const char *name, const lk_plan *plan) {
	*l = (lk_result){.plan = plan};
	l->name = lk_arena_strdup(&l->arena, name);
}

void lk_result_release(lk_result *l) {
	if (l->whole)
		lk_result_release(l->whole);
	free(l->whole);
	free(l->rows);
	free(l->by_key);
	lk_arena_release(&l->arena);
	*l = (lk_result){0};
}

void lk_result_write(lk_result_writer *w, lk_result *l) {
	*w = (lk_result_writer){.result = l};
}

/* --- one row --- */

void lk_result_row_begin(lk_result_writer *w, lk_span window) {
	lk_buf_clear(&w->identity);
	lk_buf_clear(&w->key);
	lk_buf_clear(&w->values);
	lk_buf_clear(&w->exact);
	w->napproximate = 0;
	w->window = w->result->plan->window.kind != LK_W_NONE ? window : (lk_span){INT64_MIN, INT64_MAX};
	lk_pane_put(&w->identity, w->window.start);
	lk_pane_put(&w->identity, w->window.end);
}

/* True if the bare text reads as itself, in a list and alone. */
static bool is_plain(const char *s, size_t len) {
	if (!len || s[0] == '"' || s[0] == ' ' || s[len - 1] == ' ' || (len == 4 && !memcmp(s, "NULL", 4)))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == ',' || s[i] == 0x7f)
			return false;
	return true;
}

static void put_value(lk_result_writer *w, const lk_output *o, const lk_value *v, lk_buf *out) {
	lk_type t = o->type;
	if (lk_is_null(v)) {
		lk_buf_adds(out, "NULL");
	} else if ((t.kind == LK_TEXT || t.kind == LK_JSONB) && is_plain(v->s, v->len)) {
		lk_buf_add(out, v->s, v->len);
	} else if (t.kind == LK_TEXT || t.kind == LK_JSONB) {
		lk_json_quote(v->s, v->len, out);
	} else if (t.kind == LK_JSON) {
		lk_top_values_put(w->result->plan->aggs[o->index].arg_type, v->s, v->len, out);
	} else {
		lk_value plus_zero = lk_double(0);
		bool is_zero = (t.kind == LK_FLOAT4 || t.kind == LK_FLOAT8) && v->d == 0;
		lk_buf_clear(&w->text);
		lk_value_print(t, is_zero ? &plus_zero : v, &w->text);
		if (t.kind == LK_NUMERIC)
			lk_numeric_text_put(w->text.data, w->text.len, out);
		else
			lk_buf_add(out, w->text.data, w->text.len);
	}
}

/* The relative errors of factors add up; what a difference or a comparison makes of them is not known. */
static double error_of(const lk_plan *p, const lk_expr *x) {
	if (x->op == LK_X_SLOT)
		return x->slot < p->nkeys ? 0 : p->aggs[x->slot - p->nkeys].verbs->error;
	bool adds_up = x->op == LK_X_MUL || x->op == LK_X_DIV || x->op == LK_X_NEG || (x->op == LK_X_CAST && x->type.kind == LK_FLOAT8);
	double error = 0;
	for (int i = 0; i < x->nargs; i++)
		error += error_of(p, x->args[i]);
	return error > 0 && !adds_up ? INFINITY : error;
}

double lk_output_error(const lk_plan *p, const lk_output *o) {
	bool number = o->type.kind != LK_NUMERIC && lk_type_is_number(o->type);
	if (o->kind == LK_OUT_EXPR) {
		double error = error_of(p, o->expr);
		return error > 0 && !number ? INFINITY : error;
	}
	const struct lk_aggregate *verbs = o->kind == LK_OUT_AGG ? p->aggs[o->index].verbs : NULL;
	return verbs && number ? verbs->error : 0;
}

static lk_buf *list_of(lk_result_writer *w, const lk_output *o) {
	lk_buf *list = o->kind == LK_OUT_KEY ? &w->key : &w->values;
	lk_buf_addf(list, "%s%s=", list->len ? ", " : "", o->name);
	return list;
}

/* Returns what is exact of the value: whether it is NULL. */
static const char *add_approximate(lk_result_writer *w, lk_type t, const lk_value *v) {
	bool is_double = t.kind == LK_FLOAT4 || t.kind == LK_FLOAT8, is_none = lk_is_null(v) || !lk_type_is_number(t) || t.kind == LK_NUMERIC;
	w->approximate[w->napproximate++] = is_none ? 0 : is_double ? v->d : (double)v->i;
	return lk_is_null(v) ? "NULL, " : "near, ";
}

void lk_result_row_value(lk_result_writer *w, const lk_output *o, const lk_value *v) {
	lk_buf *list = list_of(w, o);
	size_t before = list->len;
	put_value(w, o, v, list);
	if (o->kind == LK_OUT_KEY)
		lk_key_put(&w->identity, o->type, v);
	else if (lk_output_error(w->result->plan, o) > 0)
		lk_buf_adds(&w->exact, add_approximate(w, o->type, v));
	else
		lk_buf_addf(&w->exact, "%s, ", list->data + before);
}

void lk_result_row_numeric(lk_result_writer *w, const lk_output *o, const char *text, size_t len) {
	lk_buf *list = list_of(w, o);
	size_t before = list->len;
	lk_numeric_text_put(text, len, list);
	if (lk_output_error(w->result->plan, o) > 0)
		lk_buf_adds(&w->exact, add_approximate(w, o->type, &(lk_value){.scale = 0}));
	else
		lk_buf_addf(&w->exact, "%s, ", list->data + before);
}

static char *keep(lk_result *l, const lk_buf *b) { return lk_arena_strndup(&l->arena, b->len ? b->data : "", b->len); }

static void name_window(lk_result_writer *w) {
	uint8_t kind = w->result->plan->window.kind;
	lk_buf_clear(&w->text);
	if (kind == LK_W_NONE)
		return;
	lk_time_print(w->window.start, &w->text);
	if (kind != LK_W_CUMULATE && kind != LK_W_SESSION)
		return;
	lk_buf_addc(&w->text, '/');
	lk_time_print(w->window.end, &w->text);
}

void lk_result_row_end(lk_result_writer *w) {
	lk_result *l = w->result;
	if (l->nrows == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 256;
		l->rows = lk_realloc(l->rows, w->cap * sizeof *l->rows);
	}
	struct lk_result_row *r = &l->rows[l->nrows++];
	*r = (struct lk_result_row){.key = keep(l, &w->key), .values = keep(l, &w->values), .identity_len = w->identity.len,
	                         .napproximate = w->napproximate};
	r->identity = keep(l, &w->identity);
	r->exact = w->napproximate ? keep(l, &w->exact) : r->values;
	if (w->napproximate)
		r->approximate = memcpy(lk_arena_alloc(&l->arena, (size_t)w->napproximate * sizeof *r->approximate), w->approximate,
		                        (size_t)w->napproximate * sizeof *r->approximate);
	name_window(w);
	r->window = w->text.len ? keep(l, &w->text) : NULL;
}

/* --- all rows --- */

int lk_identity_compare(const void *a, size_t alen, const void *b, size_t blen) {
	size_t common = alen < blen ? alen : blen;
	int order = common ? memcmp(a, b, common) : 0;   /* without keys the pointers may be NULL */
	return order ? order : (alen > blen) - (alen < blen);
}

/* NAN is the largest. */
static int compare_numbers(double a, double b) {
	return isnan(a) || isnan(b) ? !!isnan(a) - !!isnan(b) : (a > b) - (a < b);
}

int lk_values_compare(const struct lk_result_row *a, const struct lk_result_row *b) {
	int order = strcmp(a->exact, b->exact);
	for (int i = 0; !order && i < a->napproximate; i++)
		order = compare_numbers(a->approximate[i], b->approximate[i]);
	return order ? order : strcmp(a->values, b->values);
}

lk_span lk_identity_span(const void *identity) {
	const uint8_t *at = identity;
	return (lk_span){lk_pane_get(at), lk_pane_get(at + LK_PANE_BYTES)};
}

static int by_identity(const void *x, const void *y) {
	const struct lk_result_row *a = x, *b = y;
	int order = lk_identity_compare(a->identity, a->identity_len, b->identity, b->identity_len);
	return order ? order : lk_values_compare(a, b);
}

size_t lk_result_find(const lk_result *l, const void *identity, size_t len, size_t *first) {
	size_t low = 0, high = l->nrows;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct lk_result_row *r = &l->rows[mid];
		if (lk_identity_compare(r->identity, r->identity_len, identity, len) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	*first = low;
	while (high < l->nrows && !lk_identity_compare(l->rows[high].identity, l->rows[high].identity_len, identity, len))
		high++;
	return high - low;
}

/* --- rows by their keys --- */

static int compare_keys(const struct lk_result_row *row, const void *keys, size_t len) {
	return lk_identity_compare((const uint8_t *)row->identity + LK_IDENTITY_KEYS, row->identity_len - LK_IDENTITY_KEYS, keys, len);
}

static int by_keys(const void *x, const void *y) {
	const struct lk_result_row *a = ((const struct lk_result_key *)x)->row, *b = ((const struct lk_result_key *)y)->row;
	int order = compare_keys(a, (const uint8_t *)b->identity + LK_IDENTITY_KEYS, b->identity_len - LK_IDENTITY_KEYS);
	return order ? order : by_identity(a, b);
}

static void index_keys(lk_result *l) {
	l->by_key = lk_calloc(l->nrows + 1, sizeof *l->by_key);
	for (size_t i = 0; i < l->nrows; i++)
		l->by_key[i].row = &l->rows[i];
	qsort(l->by_key, l->nrows, sizeof *l->by_key, by_keys);
	for (size_t i = 0; i < l->nrows; i++) {
		const struct lk_result_row *row = l->by_key[i].row, *before = i ? l->by_key[i - 1].row : NULL;
		int64_t end = lk_identity_span(row->identity).end;
		bool first = !before || compare_keys(before, (const uint8_t *)row->identity + LK_IDENTITY_KEYS, row->identity_len - LK_IDENTITY_KEYS);
		l->by_key[i].reach = first || end > l->by_key[i - 1].reach ? end : l->by_key[i - 1].reach;
	}
}

void lk_result_written(lk_result_writer *w) {
	if (w->result->nrows)
		qsort(w->result->rows, w->result->nrows, sizeof *w->result->rows, by_identity);
	index_keys(w->result);
	lk_buf_release(&w->identity);
	lk_buf_release(&w->key);
	lk_buf_release(&w->values);
	lk_buf_release(&w->exact);
	lk_buf_release(&w->text);
}

/* The number of entries before the first row with these keys that starts at `start` or later. */
static size_t before_start(const lk_result *l, const void *keys, size_t len, int64_t start) {
	size_t low = 0, high = l->nrows;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct lk_result_row *r = l->by_key[mid].row;
		int order = compare_keys(r, keys, len);
		if (order < 0 || (order == 0 && lk_identity_span(r->identity).start < start))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void add_row(lk_result_rows *r, struct lk_result_row *row) {
	if (r->n == r->cap)
		r->at = lk_realloc(r->at, (r->cap = r->cap ? 2 * r->cap : 16) * sizeof *r->at);
	r->at[r->n++] = row;
}

void lk_result_touching(const lk_result *l, lk_span span, const void *keys, size_t len, lk_result_rows *out) {
	size_t first = out->n;
	for (size_t i = before_start(l, keys, len, span.end); i-- > 0 && l->by_key[i].reach > span.start;) {
		if (compare_keys(l->by_key[i].row, keys, len))
			break;
		if (lk_spans_meet(lk_identity_span(l->by_key[i].row->identity), span))
			add_row(out, l->by_key[i].row);
	}
	for (size_t i = first, k = out->n; k > i + 1; i++) {
		struct lk_result_row *row = out->at[i];
		out->at[i] = out->at[--k];
		out->at[k] = row;
	}
}

void lk_result_rows_release(lk_result_rows *r) {
	free(r->at);
	*r = (lk_result_rows){0};
}

/* --- cells --- */

void lk_cell_keys(const lk_cells *c, const lk_cell *cell, lk_buf *out) {
	const lk_plan *p = c->plan;
	const uint8_t *field = lk_cell_field(c, cell), *end = field + cell->field_len, *at[LK_MAX_KEYS + 1] = {field + LK_PANE_BYTES};
	for (int k = 0; k < p->nkeys; k++) {
		lk_value v;
		at[k + 1] = at[k];
		if (lk_key_get(p->keys[k].expr->type, &at[k + 1], end, &v))
			at[k + 1] = end;
	}
	lk_buf_clear(out);
	for (int i = 0; i < p->noutputs; i++) {
		int k = p->outputs[i].index;
		if (p->outputs[i].kind == LK_OUT_KEY)
			lk_buf_add(out, at[k], (size_t)(at[k + 1] - at[k]));
	}
}

lk_span lk_cell_place(const lk_cells *c, const lk_cell *cell) {
	int64_t pane = lk_pane_get(lk_cell_field(c, cell));
	if (c->plan->window.kind == LK_W_SESSION)
		return lk_session_of(c->plan, lk_cell_state(c, cell));
	return (lk_span){pane, pane + 1};
}
