/* The difference of two results. Both are sorted by identity, so one walk over both meets rows of equal identity together.
 *
 * A view may leave group keys out of its select list; then several rows share an identity. Among those, equal rows are
 * matched first, and the rest is paired in the order of values.
 *
 * Late events explain a difference if the rows of that identity become equal when each side gets the events that it
 * refused. Such events can make a session longer, or join two into one; then the rows that share time with the row must
 * become equal. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare/result_rows.h"

#define MATCH_TRIES 1e7   /* pairs of rows that may be tried where rows are in no common order */

typedef struct group {
	const struct lk_result_row *rows;
	size_t n;
} group;

typedef struct walk {
	const lk_result *left, *right;
	lk_difference *out;
	bool approximate;         /* one side is PostgreSQL's, and the select list has approximate aggregates */
	bool showing, late;       /* second and third walk: show what late events do not explain, then what they explain */
} walk;

static bool same_output(const lk_output *a, const lk_output *b) {
	return !strcmp(a->name, b->name) && a->kind == b->kind && lk_type_equal(a->type, b->type);
}

static bool same_shape(const lk_plan *a, const lk_plan *b) {
	if (a->noutputs != b->noutputs || a->window.kind != b->window.kind || a->window.size_us != b->window.size_us || a->window.slide_us != b->window.slide_us
	    || a->window.offset_us != b->window.offset_us)
		return false;
	const lk_calendar *c = a->window.calendar, *d = b->window.calendar;
	if (c && (strcmp(c->unit, d->unit) || strcmp(c->zone, d->zone)))
		return false;
	for (int i = 0; i < a->noutputs; i++)
		if (!same_output(&a->outputs[i], &b->outputs[i]))
			return false;
	return true;
}

static group group_at(const lk_result *l, size_t first) {
	size_t n = first;
	const struct lk_result_row *r = &l->rows[first];
	while (n < l->nrows && !lk_identity_compare(l->rows[n].identity, l->rows[n].identity_len, r->identity, r->identity_len))
		n++;
	return (group){r, n - first};
}

static group find_group(const lk_result *l, const struct lk_result_row *like) {
	size_t first, n = lk_result_find(l, like->identity, like->identity_len, &first);
	return (group){l->rows + first, n};
}

static lk_result_rows sessions_at(const lk_result *l, const struct lk_result_row *like) {
	lk_result_rows rows = {0};
	lk_result_touching(l, lk_identity_span(like->identity), (const uint8_t *)like->identity + LK_IDENTITY_KEYS, like->identity_len - LK_IDENTITY_KEYS, &rows);
	return rows;
}

/* If a relative bound says nothing: a small count may be off by two, and a subnormal number counts as 0. */
static bool is_near(double a, double b, const lk_output *o, double error) {
	double least = o->type.kind == LK_INT8 ? 2 : DBL_MIN;
	return isinf(error) || (isnan(a) && isnan(b)) || a == b || (isfinite(b) && fabs(a - b) <= error * fabs(b) + least);
}

/* sql: PostgreSQL's row, whose values are exact where lk's are approximate. */
static bool is_close(const lk_plan *p, const struct lk_result_row *row, const struct lk_result_row *sql) {
	int k = 0;
	if (strcmp(row->exact, sql->exact))
		return false;
	for (int i = 0; i < p->noutputs; i++) {
		double error = lk_output_error(p, &p->outputs[i]);
		if (error > 0 && !is_near(row->approximate[k], sql->approximate[k], &p->outputs[i], error))
			return false;
		k += error > 0;
	}
	return true;
}

static bool has_approximate(const lk_plan *p) {
	for (int i = 0; i < p->noutputs; i++)
		if (lk_output_error(p, &p->outputs[i]) > 0)
			return true;
	return false;
}

static bool same_row(const walk *w, const struct lk_result_row *l, const struct lk_result_row *r) {
	if (!w->approximate)
		return !strcmp(l->values, r->values);
	return w->left->sql ? is_close(w->left->plan, r, l) : is_close(w->left->plan, l, r);
}

/* Two groups without the rows that are the same in both. */
typedef struct rest {
	const struct lk_result_row **left, **right;
	size_t nleft, nright, same;
} rest;

/* Both groups are in the order of values. */
static void match_in_order(const walk *w, group l, group r, rest *out) {
	for (size_t i = 0, k = 0; i < l.n || k < r.n;) {
		int order = i == l.n ? 1 : k == r.n ? -1 : same_row(w, &l.rows[i], &r.rows[k]) ? 0 : lk_values_compare(&l.rows[i], &r.rows[k]);
		if (!order) {
			i++, k++;
			out->same++;
		} else if (order < 0) {
			out->left[out->nleft++] = &l.rows[i++];
		} else {
			out->right[out->nright++] = &r.rows[k++];
		}
	}
}

/* Rows with several approximate values need not be in the same order on both sides. */
static void match_in_any_order(const walk *w, rest *out) {
	size_t kept = 0;
	for (size_t i = 0; i < out->nleft; i++) {
		size_t k = 0;
		while (k < out->nright && !same_row(w, out->left[i], out->right[k]))
			k++;
		if (k == out->nright) {
			out->left[kept++] = out->left[i];
			continue;
		}
		out->same++;
		out->nright--;
		memmove(out->right + k, out->right + k + 1, (out->nright - k) * sizeof *out->right);
	}
	out->nleft = kept;
}

static rest match(const walk *w, group l, group r) {
	rest out = {.left = lk_calloc(l.n + 1, sizeof *out.left), .right = lk_calloc(r.n + 1, sizeof *out.right)};
	match_in_order(w, l, r, &out);
	if (w->approximate && l.n && l.rows->napproximate > 1 && (double)out.nleft * (double)out.nright <= MATCH_TRIES)
		match_in_any_order(w, &out);
	return out;
}

static void release_rest(rest *r) {
	free(r->left);
	free(r->right);
}

static bool same_rows(const walk *w, group a, group b) {
	if (a.n != b.n)
		return false;
	rest r = match(w, a, b);
	release_rest(&r);
	return r.same == a.n;
}

static bool same_sessions(const walk *w, const lk_result_rows *a, const lk_result_rows *b) {
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++) {
		const struct lk_result_row *x = a->at[i], *y = b->at[i];
		if (lk_identity_compare(x->identity, x->identity_len, y->identity, y->identity_len) || !same_row(w, x, y))
			return false;
	}
	return true;
}

static bool explained(const walk *w, const struct lk_result_row *row) {
	const lk_result *left = w->left->whole ? w->left->whole : w->left, *right = w->right->whole ? w->right->whole : w->right;
	if (left == w->left && right == w->right)
		return false;
	if (left->plan->window.kind != LK_W_SESSION)
		return same_rows(w, find_group(left, row), find_group(right, row));
	lk_result_rows a = sessions_at(left, row), b = sessions_at(right, row);
	bool same = same_sessions(w, &a, &b);
	lk_result_rows_release(&a);
	lk_result_rows_release(&b);
	return same;
}

static char *copy_text(const char *s) { return s ? lk_strdup(s) : NULL; }

static void show(walk *w, const struct lk_result_row *left, const struct lk_result_row *right, bool by_late) {
	lk_difference *d = w->out;
	const struct lk_result_row *row = left ? left : right;
	if (w->late != by_late || d->nshown == LK_DIFFERENCES_SHOWN)
		return;
	d->shown[d->nshown].window = copy_text(row->window);
	d->shown[d->nshown].key = copy_text(row->key);
	d->shown[d->nshown].left = left ? copy_text(left->values) : NULL;
	d->shown[d->nshown].right = right ? copy_text(right->values) : NULL;
	d->shown[d->nshown].identity = memcpy(lk_malloc(row->identity_len), row->identity, row->identity_len);
	d->shown[d->nshown].identity_len = row->identity_len;
	d->shown[d->nshown].by_late = by_late;
	d->nshown++;
}

static void unequal(walk *w, const struct lk_result_row *left, const struct lk_result_row *right) {
	bool by_late = explained(w, left ? left : right);
	if (w->showing) {
		show(w, left, right, by_late);
		return;
	}
	w->out->compared++;
	*(left && right ? &w->out->different : left ? &w->out->only_left : &w->out->only_right) += 1;
	w->out->by_late += by_late;
}

static void compare_groups(walk *w, group l, group r) {
	rest m = match(w, l, r);
	if (!w->showing) {
		w->out->compared += (int64_t)m.same;
		w->out->equal += (int64_t)m.same;
	}
	for (size_t i = 0; i < m.nleft || i < m.nright; i++)
		unequal(w, i < m.nleft ? m.left[i] : NULL, i < m.nright ? m.right[i] : NULL);
	release_rest(&m);
}

static void walk_results(walk *w) {
	size_t i = 0, k = 0;
	while (i < w->left->nrows || k < w->right->nrows) {
		const struct lk_result_row *l = &w->left->rows[i], *r = &w->right->rows[k];
		int order = i == w->left->nrows ? 1 : k == w->right->nrows ? -1
		            : lk_identity_compare(l->identity, l->identity_len, r->identity, r->identity_len);
		group left = {0}, right = {0};
		if (order <= 0)
			left = group_at(w->left, i);
		if (order >= 0)
			right = group_at(w->right, k);
		compare_groups(w, left, right);
		i += left.n;
		k += right.n;
	}
}

void lk_compare_results(const lk_result *left, const lk_result *right, lk_difference *out) {
	*out = (lk_difference){.made = true, .other_shape = !same_shape(left->plan, right->plan)};
	snprintf(out->left, sizeof out->left, "%s", left->name);
	snprintf(out->right, sizeof out->right, "%s", right->name);
	if (out->other_shape)
		return;
	walk w = {.left = left, .right = right, .out = out, .approximate = left->sql != right->sql && has_approximate(left->plan)};
	walk_results(&w);
	w.showing = true;
	for (int late = 0; late < 2 && out->compared > out->equal; late++) {
		w.late = late;
		walk_results(&w);
	}
}

void lk_difference_release(lk_difference *d) {
	for (int i = 0; i < d->nshown; i++) {
		free(d->shown[i].window);
		free(d->shown[i].key);
		free(d->shown[i].left);
		free(d->shown[i].right);
		free(d->shown[i].identity);
		free(d->shown[i].first_event);
	}
	*d = (lk_difference){0};
}
