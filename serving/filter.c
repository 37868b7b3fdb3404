/* A query's conditions in three forms: a pane range and whole keys for the view store, SQL for the batch table, and a
 * check of each cell for what neither could decide.
 *
 * A condition on a group key picks whole cells, and commutes with the sum of batch and speed. A condition on another
 * column can be checked only in whole rows (serving/select.c). A time range picks whole windows by their start, so it
 * becomes a range of panes. Values are compared by their key encoding, which is equal exactly if SQL does not
 * distinguish two values. */
#include "serving/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "plan/watermark.h"

/* The key that an output shows; several outputs may show the same one. LIMIT counts the rows of all keys, so in such a
 * view a condition on a key picks rows of the answer, as over a view of SQL. */
static int key_of(const lk_plan *p, const char *column) {
	int i = lk_plan_output(p, column);
	return i >= 0 && !p->limit && p->outputs[i].kind == LK_OUT_KEY ? p->outputs[i].index : -1;
}

/* Equality is exact: 1.234 is not a value of a numeric(9,2), so nothing equals it, but reading it by the key's type
 * would round it. */
static bool is_rounded(lk_type type, const lk_where *w) {
	return type.kind == LK_NUMERIC && w->op == LK_WHERE_EQ && !lk_numeric_is_exact(type, w->text, strlen(w->text));
}

/* A condition that a key equals a value, or is NULL: then its encoding is known. */
static int add_given(lk_filter *f, int k, const lk_where *w, lk_error *err) {
	lk_type type = f->plan->keys[k].expr->type;
	lk_value v = lk_null();
	const char *reason = "";
	if (w->op == LK_WHERE_EQ && lk_value_parse(type, w->text, strlen(w->text), &v, &reason))
		return lk_condition_no_value(w, type, reason, err);
	f->nothing |= is_rounded(type, w);
	lk_buf encoded = LK_BUF_INIT;
	lk_key_put(&encoded, type, &v);
	if (f->given[k]) {
		if (encoded.len != f->encoded[k].len || memcmp(encoded.data, f->encoded[k].data, encoded.len))
			f->nothing = true;
		lk_buf_release(&encoded);
		return LK_OK;
	}
	f->given[k] = true;
	f->values[k] = v;
	f->encoded[k] = encoded;
	return LK_OK;
}

static int add_condition(lk_filter *f, const lk_where *w, lk_error *err) {
	const lk_plan *p = f->plan;
	int column = lk_column_find(p, w->column), k = key_of(p, w->column);
	if (column < 0)
		return lk_column_unknown(p, "--where", w->column, false, err);
	if (k >= 0 && (w->op == LK_WHERE_EQ || w->op == LK_WHERE_NULL))
		return add_given(f, k, w, err);
	lk_condition c;
	int rc = lk_condition_read(&c, p, column, w, err);
	if (k >= 0)
		f->of_keys[f->nof_keys++] = (lk_key_condition){k, c};
	else
		f->of_rows[f->nof_rows++] = c;
	return rc;
}

static int no_such_window(const lk_plan *p, const lk_query *q, const char *why, lk_error *err) {
	lk_buf pane = LK_BUF_INIT, want = LK_BUF_INIT;
	lk_interval_print(p->window.pane_us, &pane);
	lk_interval_print(q->window_us, &want);
	if (q->slide_us) {
		lk_buf_adds(&want, " by ");
		lk_interval_print(q->slide_us, &want);
	}
	lk_fail(err, LK_EUSAGE, "windows of %s cannot be built from the panes of view %s: %s", want.data, p->view, why);
	if (p->window.pane_us && p->window.kind != LK_W_SESSION)
		lk_hint(err, "ask for multiples of %s", pane.data);
	else
		lk_hint(err, "declare a view with tumble(…) of that size");
	lk_buf_release(&pane);
	lk_buf_release(&want);
	return LK_EUSAGE;
}

static int set_windows(lk_filter *f, const lk_query *q, lk_error *err) {
	const lk_plan *p = f->plan;
	bool ranged = q->from != INT64_MIN || q->to != INT64_MAX;
	const char *why;
	f->window = p->window;
	f->from = q->from;
	f->to = q->to;
	if (p->window.kind == LK_W_NONE && (q->window_us || q->slide_us || ranged))
		return lk_fail(err, LK_EUSAGE, "view %s has no windows: %s does not apply", p->view,
		               q->window_us ? "--window" : q->slide_us ? "--slide" : "--from and --to");
	if (q->slide_us && !q->window_us) {
		lk_fail(err, LK_EUSAGE, "--slide needs --window");
		lk_hint(err, "write --window SIZE --slide SIZE");
		return LK_EUSAGE;
	}
	if (q->window_us && lk_window_ask(&p->window, q->window_us, q->slide_us ? q->slide_us : q->window_us, &f->window, &why))
		return no_such_window(p, q, why, err);
	lk_panes_of_range(&f->window, f->from, f->to, &f->from_pane, &f->to_pane);
	return LK_OK;
}

static bool key_passes(const lk_filter *f, int k, const lk_value *v, const uint8_t *encoded, size_t len) {
	if (f->given[k] && (len != f->encoded[k].len || memcmp(encoded, f->encoded[k].data, len)))
		return false;
	for (int i = 0; i < f->nof_keys; i++)
		if (f->of_keys[i].key == k && !lk_condition_holds(&f->of_keys[i].condition, v))
			return false;
	return true;
}

static bool keys_pass(const void *filter, const uint8_t *field, size_t len) {
	const lk_filter *f = filter;
	const lk_plan *p = f->plan;
	const uint8_t *at = field + LK_PANE_BYTES, *end = field + len;
	for (int k = 0; k < p->nkeys; k++) {
		const uint8_t *begin = at;
		lk_value v;
		if (lk_key_get(p->keys[k].expr->type, &at, end, &v) || !key_passes(f, k, &v, begin, (size_t)(at - begin)))
			return false;
	}
	return true;
}

/* *f must not move once cells.ctx is set: the store has its address. */
static bool picks_keys(const lk_filter *f) {
	bool any = f->nof_keys > 0;
	for (int k = 0; k < f->nkeys; k++)
		any |= f->given[k];
	return any;
}

static void set_cell_filter(lk_filter *f) {
	const lk_plan *p = f->plan;
	f->cells.from_pane = f->from_pane;
	f->cells.to_pane = f->to_pane;
	f->cells.pane_us = p->window.pane_us;
	f->cells.calendar = p->window.kind == LK_W_CALENDAR ? p->window.calendar : NULL;
	if (f->nothing)
		f->cells.from_pane = f->cells.to_pane = 0;
	if (picks_keys(f)) {
		f->cells.keeps = keys_pass;
		f->cells.ctx = f;
	}
	for (int k = 0; k < p->nkeys; k++) {
		if (!f->given[k])
			return;
		lk_buf_add(&f->key, f->encoded[k].data, f->encoded[k].len);
	}
	if (p->nkeys) {
		f->cells.keys = &f->key;
		f->cells.nkeys = 1;
	}
}

int lk_filter_init(lk_filter *f, const lk_plan *p, const lk_query *q, lk_error *err) {
	*f = (lk_filter){.plan = p, .nkeys = p->nkeys};
	size_t n = (size_t)p->nkeys;
	f->given = lk_calloc(n, sizeof *f->given);
	f->values = lk_calloc(n, sizeof *f->values);
	f->encoded = lk_calloc(n, sizeof *f->encoded);
	f->of_keys = lk_calloc((size_t)q->nwhere, sizeof *f->of_keys);
	f->of_rows = lk_calloc((size_t)q->nwhere, sizeof *f->of_rows);
	int rc = set_windows(f, q, err);
	f->asked_pane = f->from_pane;
	for (int i = 0; rc == LK_OK && i < q->nwhere; i++)
		rc = add_condition(f, &q->where[i], err);
	if (rc == LK_OK)
		set_cell_filter(f);
	return rc;
}

void lk_filter_release(lk_filter *f) {
	for (int k = 0; k < f->nkeys; k++)
		lk_buf_release(&f->encoded[k]);
	free(f->given);
	free(f->values);
	free(f->encoded);
	free(f->of_keys);
	free(f->of_rows);
	lk_buf_release(&f->key);
	*f = (lk_filter){0};
}

void lk_filter_hide(lk_filter *f, int64_t horizon) {
	int64_t first = lk_first_kept(f->plan, &f->window, horizon);
	f->from_pane = first > f->asked_pane ? first : f->asked_pane;
}

bool lk_filter_field(const lk_filter *f, const uint8_t *field, size_t len) {
	if (f->nothing)
		return false;
	if (f->plan->window.kind != LK_W_NONE) {
		int64_t pane = lk_pane_get(field);
		if (pane < f->from_pane || pane >= f->to_pane)
			return false;
	}
	return keys_pass(f, field, len);
}

int64_t lk_filter_tag(const lk_filter *f, int64_t pane_start) {
	return lk_is_tiling(&f->window) ? lk_tag_of_pane(&f->window, pane_start) : pane_start;
}

void lk_filter_row_field(const lk_filter *f, const uint8_t *field, size_t len, lk_buf *out) {
	lk_buf_clear(out);
	lk_pane_put(out, lk_filter_tag(f, lk_pane_get(field)));
	lk_buf_add(out, field + LK_PANE_BYTES, len - LK_PANE_BYTES);
}

static void add_term(lk_buf *out, int *terms) {
	lk_buf_adds(out, (*terms)++ ? " AND " : " WHERE ");
}

/* A pane may begin before the first time that PostgreSQL can write, so it is written as an interval from 1970. */
static void add_time(lk_buf *out, const char *op, int64_t us) {
	int64_t seconds = us / LK_US_PER_S;
	lk_buf_addf(out, "_pane %s timestamptz '1970-01-01 00:00:00+00' + interval", op);
	lk_buf_addf(out, " '%lld hours %lld seconds %lld microseconds'", (long long)(seconds / 3600),
	            (long long)(seconds % 3600), (long long)(us % LK_US_PER_S));
}

static void add_key(const lk_filter *f, int k, lk_buf *out) {
	lk_type type = f->plan->keys[k].expr->type;
	lk_buf_addf(out, "_k%d ", k);
	if (lk_is_null(&f->values[k])) {
		lk_buf_adds(out, "IS NULL");
		return;
	}
	lk_buf text = LK_BUF_INIT;
	lk_value_print(type, &f->values[k], &text);
	lk_buf_adds(out, "= ");
	lk_sql_literal(text.data ? text.data : "", text.len, out);
	lk_buf_adds(out, "::");
	lk_type_name(type, out);
	lk_buf_release(&text);
}

void lk_filter_sql(const lk_filter *f, lk_buf *out) {
	int terms = 0;
	if (f->nothing) {
		add_term(out, &terms);
		lk_buf_adds(out, "false");
		return;
	}
	if (f->plan->window.kind != LK_W_NONE) {
		if (f->from_pane == INT64_MAX || f->to_pane == INT64_MIN) {
			add_term(out, &terms);
			lk_buf_adds(out, "false");
			return;
		}
		if (f->from_pane != INT64_MIN) {
			add_term(out, &terms);
			add_time(out, ">=", f->from_pane);
		}
		if (f->to_pane != INT64_MAX) {
			add_term(out, &terms);
			add_time(out, "<", f->to_pane);
		}
	}
	for (int k = 0; k < f->plan->nkeys; k++) {
		if (!f->given[k])
			continue;
		add_term(out, &terms);
		add_key(f, k, out);
	}
	for (int i = 0; i < f->nof_keys; i++) {
		char name[16];
		snprintf(name, sizeof name, "_k%d", f->of_keys[i].key);
		add_term(out, &terms);
		lk_condition_sql(&f->of_keys[i].condition, name, out);
	}
}
