#include "speed_layer/filling.h"

#include <stdlib.h>

#include "core/fault.h"
#include "core/time.h"
#include "plan/watermark.h"

void lk_filling_init(lk_filling *f, const lk_cat_copy *copy, int part) {
	*f = (lk_filling){.copy = copy, .closed = LK_NEVER};
	lk_event_rows_init(&f->makes, lk_filling_plan(f));
	f->rows = lk_derived_rows_new(copy->log, part);
	f->side_output = lk_side_output_new();
	f->values = lk_calloc((size_t)lk_filling_plan(f)->noutputs, sizeof *f->values);
}

void lk_filling_release(lk_filling *f) {
	lk_event_rows_release(&f->makes);
	lk_derived_rows_free(f->rows);
	lk_side_output_free(f->side_output);
	free(f->values);
}

void lk_filling_show(lk_filling *f, const lk_cat_copy *copy) {
	f->copy = copy;
	lk_event_rows_release(&f->makes);
	lk_event_rows_init(&f->makes, lk_filling_plan(f));
	lk_derived_rows_show(f->rows, copy->log);
}

void lk_filling_restore(lk_filling *f) {
	lk_derived_rows_clear(f->rows);
	lk_side_output_clear(f->side_output);
	f->at = f->committed;
}

/* R1: what cannot be computed is NULL, and the event is named in lk.rejected. A text that an expression has made may be
 * longer than one that is ingested. */
static lk_value column_of(lk_filling *f, const lk_output *o, const lk_value *row) {
	lk_value v = lk_expr_eval(o->expr, row, &f->makes.eval);
	if (v.state == LK_MARKED)
		lk_filling_mark(f, f->makes.eval.reason);
	if (v.state != LK_VALUE || o->type.kind != LK_TEXT || v.len <= LK_TEXT_MAX)
		return v;
	lk_filling_mark(f, "a text of a row would have more than 64 KiB");
	return lk_null();
}

void lk_filling_add(lk_filling *f, const lk_event *e) {
	const lk_plan *p = lk_filling_plan(f);
	const lk_derived_from from = {.src = e->off, .part = e->part, .at = LK_MUTANT("at_of_the_clock") ? lk_time_now() : e->row[lk_slot_at(p->stream)].i,
	                              .high = lk_plan_keeps_time(p) ? f->at.high : LK_NEVER};
	for (int i = 0; i < p->noutputs; i++)
		f->values[i] = column_of(f, &p->outputs[i], e->row);
	if (lk_is_null(&f->values[p->makes->schema.event_time]))
		lk_filling_mark(f, "the row has no event time");
	else
		lk_derived_rows_add(f->rows, f->values, &from);
}

void lk_filling_rows(lk_filling *f, const lk_event *e) {
	f->reason = NULL;
	lk_event_rows_begin(&f->makes, e->row);
	while (lk_event_rows_next(&f->makes, e->row))
		lk_filling_add(f, e);
	lk_filling_mark(f, f->makes.reason);
}

void lk_filling_name(lk_filling *f, lk_unit *u, const lk_event *e) {
	if (f->reason) {
		lk_side_output_marked(f->side_output, e->stream->id, f->copy->version->id, e->part, e->off, f->reason);
		u->folded.marked++;
	}
}

void lk_filling_pass(lk_filling *f, lk_unit *u, const lk_event *e) {
	const lk_stream *source = lk_filling_plan(f)->stream;
	lk_filling_name(f, u, e);
	f->closed = e->row[lk_slot_at(source)].i;
	f->at.high = lk_high_advance(source, f->at.high, e->row[source->schema.event_time].i, f->closed);
}

int lk_filling_write(lk_filling *f, lk_path *p, lk_unit *u, const lk_derived_move *moves, int nmoves, lk_error *err) {
	const lk_derived_step step = {
		.source = lk_unit_stream(u), .moves = moves, .nmoves = nmoves, .closed = f->closed,
		.high = lk_plan_keeps_time(lk_unit_plan(u)) ? f->at.high : LK_NEVER, .side_output = f->side_output,
	};
	int rc = lk_derived_append(p->writer, f->rows, &step, err);
	if (rc != LK_OK)
		return rc;
	u->folded.cells = (int64_t)lk_derived_rows_count(f->rows);
	f->committed = f->at;
	lk_derived_rows_clear(f->rows);
	lk_side_output_clear(f->side_output);
	return LK_OK;
}

int lk_filling_append(lk_filling *f, lk_path *p, lk_unit *u, int64_t to, lk_error *err) {
	f->at.off = to;
	const lk_derived_move move = {.part = u->part, .from = f->committed, .to = f->at};
	return lk_filling_write(f, p, u, &move, 1, err);
}

/* What comes later has a _high that is at least this one (P13), so it is known at this position. */
int lk_filling_follow(lk_filling *f, lk_path *p, lk_unit *u, int64_t high, lk_error *err) {
	const lk_plan *plan = lk_filling_plan(f);
	if (!plan->stream->derived || !lk_plan_keeps_time(plan) || u->at.cursor != f->committed.off || high <= f->committed.high)
		return LK_OK;
	f->at.high = high;
	return lk_filling_append(f, p, u, f->committed.off, err);
}

int lk_filling_read(const lk_filling *f, lk_path *p, const lk_unit *u, lk_derived_position *out, lk_error *err) {
	return lk_derived_position_read(p->writer, f->copy->log, lk_unit_stream(u), u->part, out, err);
}
