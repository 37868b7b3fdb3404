/* One event, one plan: lateness by the event's pane, the event's rows, group key, aggregates. FILTER is evaluated
 * first, and the argument of its aggregate only if the filter is true, as in PostgreSQL.
 *
 * Most expressions are plain columns, so those are read from the row without a call. The field (pane and key) is
 * encoded straight into one buffer that all events share. */
#include "partials/fold.h"

#include <stdlib.h>

#include "core/key.h"
#include "plan/watermark.h"

void lk_folder_init(lk_folder *f, const lk_plan *p) {
	*f = (lk_folder){.plan = p};
	lk_event_rows_init(&f->rows, p);
	f->row = lk_calloc((size_t)p->nslots, sizeof *f->row);
	for (int i = 0; i < p->nslots; i++)
		f->row[i] = lk_null();
}

void lk_folder_release(lk_folder *f) {
	free(f->row);
	lk_buf_release(&f->field);
	lk_event_rows_release(&f->rows);
	*f = (lk_folder){0};
}

void lk_folder_show(lk_folder *f, const lk_plan *p) {
	lk_event_rows_release(&f->rows);
	lk_event_rows_init(&f->rows, p);
	f->plan = p;
}

static inline lk_value eval(lk_folder *f, const lk_expr *x) {
	if (x->op == LK_X_SLOT)
		return f->row[x->slot];
	return lk_expr_eval(x, f->row, &f->rows.eval);
}

/* Evaluates a clause and notes the first mark of the event. */
static inline lk_value eval_clause(lk_folder *f, const lk_expr *x) {
	lk_value v = eval(f, x);
	if (v.state == LK_MARKED && !f->reason)
		f->reason = f->rows.eval.reason;
	return v;
}

/* FILTER passes only what is true. */
static bool holds(lk_folder *f, const lk_expr *condition) {
	lk_value v = eval_clause(f, condition);
	return v.state == LK_VALUE && v.i;
}

static void fold_row(lk_folder *f, lk_cells *cells, bool late) {
	const lk_plan *p = f->plan;
	lk_value one = lk_int(1);
	char *state = NULL;
	lk_buf_clear(&f->field);
	lk_pane_put(&f->field, f->pane);
	for (int i = 0; i < p->nkeys; i++) {
		lk_value v = eval_clause(f, p->keys[i].expr);
		lk_key_put(&f->field, p->keys[i].expr->type, &v);
	}
	if (!late) {
		lk_cell *cell = lk_cells_at(cells, f->field.data, f->field.len);
		lk_cells_mark(cells, cell);
		state = lk_cell_state(cells, cell);
	}
	for (int i = 0; i < p->naggs; i++) {
		const lk_agg *a = &p->aggs[i];
		if (a->filter && !holds(f, a->filter))
			continue;
		lk_value v = a->arg ? eval_clause(f, a->arg) : one;
		if (v.state == LK_VALUE && !late)
			a->verbs->fold(state + a->state_offset, a, &v, &f->place, &cells->arena);
	}
}

int lk_fold_event(lk_folder *f, lk_cells *cells, int64_t watermark) {
	const lk_plan *p = f->plan;
	bool passed = false;
	f->reason = NULL;
	f->pane = lk_pane_start(&p->window, f->row[p->window.time_slot].i);
	bool late = lk_is_late(p, f->row[p->window.time_slot].i, watermark);
	f->place.ts = f->row[p->stream->schema.event_time].i;
	lk_event_rows_begin(&f->rows, f->row);
	for (; lk_event_rows_next(&f->rows, f->row); passed = true) {
		f->place.row = f->rows.number;
		fold_row(f, cells, late);
	}
	f->reason = f->reason ? f->reason : f->rows.reason;
	return (late && passed ? LK_FOLD_LATE : LK_FOLDED) | (f->reason ? LK_FOLD_MARKED : 0);
}
