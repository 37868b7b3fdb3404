#include "compare/side.h"

#include <stdio.h>
#include <stdlib.h>

#include "compare/result_rows.h"

static int compare_late(const void *x, const void *y) {
	const struct lk_late_at *a = x, *b = y;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return a->off < b->off ? -1 : a->off > b->off;
}

bool lk_late_set_has(const lk_late_set *s, int part, int64_t off) {
	const struct lk_late_at key = {part, off};
	return s->n && bsearch(&key, s->at, s->n, sizeof *s->at, compare_late);
}

void lk_late_set_sort(lk_late_set *s) {
	if (s->n)
		qsort(s->at, s->n, sizeof *s->at, compare_late);
}

/* --- cells and rows --- */

static bool has_keys(const lk_difference *d, int i, const lk_buf *keys) {
	return !lk_identity_compare((const uint8_t *)d->shown[i].identity + LK_IDENTITY_KEYS, d->shown[i].identity_len - LK_IDENTITY_KEYS, keys->data, keys->len);
}

static unsigned cell_rows(const lk_cells *c, const lk_cell *cell, const lk_difference *d, lk_buf *scratch) {
	unsigned rows = 0;
	lk_span at = lk_cell_place(c, cell);
	lk_cell_keys(c, cell, scratch);
	for (int i = 0; i < d->nshown; i++)
		if (has_keys(d, i, scratch) && lk_spans_meet(at, lk_identity_span(d->shown[i].identity)))
			rows |= 1u << i;
	return rows;
}

unsigned lk_cells_rows(const lk_cells *c, const lk_difference *d, lk_buf *scratch) {
	unsigned rows = 0;
	for (const lk_cell *cell = c->first; cell; cell = cell->next)
		rows |= cell_rows(c, cell, d, scratch);
	return rows;
}

/* Of an expression its aggregates are shown, by its name and theirs: what it makes of them may hide a difference. */
static void write_aggregate(lk_result_writer *w, const lk_output *o, int i, const char *state) {
	const lk_agg *a = &w->result->plan->aggs[i];
	char name[160];
	lk_value v;
	lk_output of = *o;
	snprintf(name, sizeof name, "%s of %s", a->verbs->name, o->name);
	if (o->kind == LK_OUT_EXPR)
		of = (lk_output){.name = name, .kind = LK_OUT_AGG, .index = i, .type = a->type};
	a->verbs->finish(state + a->state_offset, a, &v);
	lk_result_row_value(w, &of, &v);
}

static void write_cell(lk_result_writer *w, const lk_cells *c, const lk_cell *cell) {
	const lk_plan *p = c->plan;
	lk_result_row_begin(w, lk_cell_place(c, cell));
	for (int i = 0; i < p->noutputs; i++)
		for (int k = 0; k < p->naggs; k++)
			if (p->outputs[i].kind == LK_OUT_AGG ? p->outputs[i].index == k : p->outputs[i].kind == LK_OUT_EXPR && lk_reads_agg(p, p->outputs[i].expr, k))
				write_aggregate(w, &p->outputs[i], k, lk_cell_state(c, cell));
	lk_result_row_end(w);
}

void lk_cells_text(const lk_cells *c, const lk_difference *d, int i, lk_buf *scratch, lk_buf *out) {
	lk_result result;
	lk_result_writer w;
	bool session = c->plan->window.kind == LK_W_SESSION;
	lk_result_init(&result, "", c->plan);
	lk_result_write(&w, &result);
	for (const lk_cell *cell = c->first; cell; cell = cell->next)
		if (cell_rows(c, cell, d, scratch) & 1u << i)
			write_cell(&w, c, cell);
	lk_result_written(&w);
	lk_buf_clear(out);
	for (size_t k = 0; k < result.nrows; k++)
		lk_buf_addf(out, "%s%s%s%s", k ? " and " : "", result.rows[k].values, session ? " in " : "",
		            session ? result.rows[k].window : "");
	lk_result_release(&result);
}
