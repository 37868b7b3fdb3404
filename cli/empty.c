/* Checks the causes from the outside in: the log, how much of it is folded, what HAVING and conditions removed, the
 * range and the keys of the query, and last what the view itself leaves out. */
#include "cli/empty.h"

#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "core/suggest.h"
#include "core/time.h"
#include "serving/condition.h"

enum { PROBE_ROWS = 200000, PROBE_BYTES = 256 << 20, PROBE_US = 2000000, MOST_NAMES = 10000 };

static void add_events(int64_t n, lk_buf *out) {
	lk_buf_add_count(out, n);
	lk_buf_addf(out, " event%s", n == 1 ? "" : "s");
}

/* --- how much of the log is read --- */

static bool nothing_read(const lk_query *q, const lk_answer *a, lk_buf *out) {
	bool sandbox = a->state == LK_COPY_SANDBOX;
	int64_t tail = lk_frontier_events(&a->tail), cut = lk_frontier_events(&a->cut), end = lk_frontier_events(&a->end);
	int64_t read = q->layer == LK_LAYER_SPEED || sandbox ? end - cut : end;
	if (read > 0)
		return false;
	if (tail == 0)
		lk_buf_addf(out, "stream %s has no event yet (`lk ingest %s`)", a->plan->stream->name, a->plan->stream->name);
	else if (sandbox)
		lk_buf_adds(out, "its replay has read nothing yet, or its range has no events");
	else if (q->layer == LK_LAYER_BATCH)
		lk_buf_addf(out, a->kappa ? "no part of it is sealed yet (`lk batch %s`)" : "it has no batch yet (`lk batch %s`)", q->view);
	else if (cut > 0)
		lk_buf_adds(out, "the speed layer has nothing above the batch");
	else {
		lk_buf_adds(out, "nothing of the log's ");
		add_events(tail, out);
		lk_buf_adds(out, " is folded yet (`lk speed --once`, or `lk run`)");
	}
	return true;
}

/* --- rows that were removed --- */

static bool all_taken_away(const lk_query *q, const lk_answer *a, lk_buf *out) {
	int64_t n = (int64_t)(a->had ? a->had : a->made);
	if (!n)
		return false;
	lk_buf_adds(out, a->had ? "--where leaves none of " : "HAVING leaves none of ");
	lk_buf_add_count(out, n);
	bool limited = a->plan->limit && a->had && q->layer == LK_LAYER_MERGED;
	lk_buf_addf(out, " row%s%s", n == 1 ? "" : "s", limited ? " that the view's LIMIT leaves" : "");
	return true;
}

/* --- the range and the keys of the query --- */

typedef struct probe {
	const lk_query *q;
	const lk_answer *all;      /* without range and conditions */
	lk_condition *keys;        /* what they must be */
	const lk_where **where;    /* as the user wrote them */
	int nkeys;
	size_t *passed;            /* [nkeys]: rows that pass each condition */
	size_t pass_all;
	int64_t first, last;       /* window starts of the rows that pass all */
} probe;

static bool is_key(const lk_plan *p, const char *name) {
	int i = lk_plan_output(p, name);
	return i >= 0 && p->outputs[i].kind == LK_OUT_KEY;
}

static bool read_keys(probe *p) {
	const lk_query *q = p->q;
	p->keys = lk_calloc((size_t)q->nwhere, sizeof *p->keys);
	p->where = lk_calloc((size_t)q->nwhere, sizeof *p->where);
	p->passed = lk_calloc((size_t)q->nwhere, sizeof *p->passed);
	for (int i = 0; i < q->nwhere; i++) {
		const lk_where *w = &q->where[i];
		if (!is_key(p->all->plan, w->column))
			continue;
		p->where[p->nkeys] = w;
		if (lk_condition_read(&p->keys[p->nkeys++], p->all->plan, lk_column_find(p->all->plan, w->column), w, NULL) != LK_OK)
			return false;
	}
	return true;
}

static bool holds(const probe *p, int key, const lk_cell *row) {
	lk_value v;
	lk_answer_cell(p->all, row, p->keys[key].column, &v);
	return lk_condition_holds(&p->keys[key], &v);
}

static void look_at_rows(probe *p) {
	for (size_t r = 0; r < p->all->nrows; r++) {
		const lk_cell *row = p->all->rows[r];
		bool all = true;
		for (int k = 0; k < p->nkeys; k++) {
			bool one = holds(p, k, row);
			p->passed[k] += one;
			all &= one;
		}
		if (!all)
			continue;
		int64_t start = lk_answer_span(p->all, row).start;
		p->first = p->pass_all == 0 || start < p->first ? start : p->first;
		p->last = p->pass_all == 0 || start > p->last ? start : p->last;
		p->pass_all++;
	}
}

/* The key value most similar to the condition's; lk_malloc'ed, or NULL. */
static char *nearest(const probe *p, int key) {
	const lk_condition *c = &p->keys[key];
	size_t n = 0, most = p->all->nrows < MOST_NAMES ? p->all->nrows : MOST_NAMES;
	if (c->op != LK_WHERE_EQ || c->type.kind != LK_TEXT)
		return NULL;
	char **names = lk_calloc(most, sizeof *names);
	for (; n < most; n++) {
		lk_value v;
		lk_answer_cell(p->all, p->all->rows[n], c->column, &v);
		names[n] = lk_is_null(&v) ? lk_strdup("") : lk_strndup(v.s, v.len);
	}
	const char *near = lk_did_you_mean(p->where[key]->text, (const char *const *)names, (int)n);
	char *found = near && *near ? lk_strdup(near) : NULL;
	while (n > 0)
		free(names[--n]);
	free(names);
	return found;
}

static void say_no_such_key(const probe *p, lk_buf *out) {
	static const char *const ops[] = {"=", " != ", " < ", " <= ", " > ", " >= ", " is null", " is not null"};
	for (int k = 0; k < p->nkeys; k++) {
		if (p->passed[k])
			continue;
		const lk_where *w = p->where[k];
		char *near = nearest(p, k);
		lk_buf_addf(out, "there is no %s%s%s%s", w->text ? "" : "row where ", w->column, ops[w->op], w->text ? w->text : "");
		if (near)
			lk_buf_addf(out, "; did you mean %s=%s?", w->column, near);
		free(near);
		return;
	}
	lk_buf_adds(out, "each condition on the keys holds for some row, but no row passes all");
}

static void say_where_windows_are(const probe *p, lk_buf *out) {
	lk_buf_adds(out, "its windows start from ");
	lk_time_print(p->first, out);
	lk_buf_adds(out, " to ");
	lk_time_print(p->last, out);
	lk_buf_adds(out, ", none of them");
	if (p->q->from != INT64_MIN) {
		lk_buf_adds(out, " at or after ");
		lk_time_print(p->q->from, out);
	}
	if (p->q->to != INT64_MAX) {
		lk_buf_adds(out, p->q->from != INT64_MIN ? " and before " : " before ");
		lk_time_print(p->q->to, out);
	}
}

static bool probed(probe *p, lk_buf *out) {
	if (!p->all->nrows)
		return false;
	if (!read_keys(p))
		return false;
	look_at_rows(p);
	bool ranged = p->q->from != INT64_MIN || p->q->to != INT64_MAX;
	if (p->pass_all && !ranged)
		return false;
	if (p->pass_all)
		say_where_windows_are(p, out);
	else
		say_no_such_key(p, out);
	return true;
}

static bool asked_for_too_little(lk_connection *c, const lk_query *q, lk_buf *out) {
	if (q->from == INT64_MIN && q->to == INT64_MAX && !q->nwhere)
		return false;
	lk_query all = {.view = q->view, .version = q->version, .copy = q->copy, .layer = q->layer, .from = INT64_MIN,
	                .to = INT64_MAX, .window_us = q->window_us, .slide_us = q->slide_us,
	                .bounds = {.rows = PROBE_ROWS, .bytes = PROBE_BYTES, .time_us = PROBE_US}};
	lk_answer a = {0};
	lk_error ignored = {0};
	int rc = lk_answer_make(&c->pg, c->store, NULL, &all, &a, &ignored);
	if (rc == LK_ETOOBIG) {
		lk_buf_adds(out, "there are rows, but none with these conditions in this range");
		return true;
	}
	probe p = {.q = q, .all = &a};
	bool found = rc == LK_OK && probed(&p, out);
	free(p.keys);
	free(p.where);
	free(p.passed);
	lk_answer_release(&a);
	return found;
}

/* --- what the view leaves out --- */

static void left_out_by_view(const lk_answer *a, lk_buf *out) {
	bool where = a->plan->where != NULL, expired = a->horizon != LK_NEVER, late = a->late > 0, any = false;
	int64_t below = a->state == LK_COPY_SANDBOX ? lk_frontier_events(&a->cut) : 0;
	lk_buf_adds(out, "none of ");
	add_events(lk_frontier_events(&a->end) - below, out);
	lk_buf_adds(out, " is in a row: ");
	if (where)
		lk_buf_adds(out, "they do not pass the view's WHERE"), any = true;
	if (late) {
		lk_buf_addf(out, "%s%lld came too late", any ? ", or " : "", (long long)a->late);
		any = true;
	}
	if (expired) {
		lk_buf_addf(out, "%stheir windows ended at or before ", any ? ", or " : "");
		lk_time_print(a->horizon, out);
		lk_buf_adds(out, " and have expired (retention)");
		any = true;
	}
	if (!any)
		lk_buf_adds(out, a->state == LK_COPY_SANDBOX ? "the sandbox's range has none of them" : "they form no group");
}

void lk_answer_why_empty(lk_connection *c, const lk_query *q, const lk_answer *a, lk_buf *out) {
	if (!nothing_read(q, a, out) && !all_taken_away(q, a, out) && !asked_for_too_little(c, q, out))
		left_out_by_view(a, out);
}
