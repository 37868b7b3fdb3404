/* The operator of derived streams: makes rows of events, and commits append them to the stream's log together with the
 * position in the source.
 *
 * It keeps no state: what a commit did not write is dropped after any failure, and made anew from the position that the
 * log shows. A row hangs on its event alone, so whoever makes it, in whatever steps, makes the same log. */
#include <stdlib.h>

#include "core/fault.h"
#include "event_log/derived_log.h"
#include "plan/event_rows.h"
#include "plan/watermark.h"
#include "speed_layer/unit.h"

#define COMMIT_BYTES (8 << 20)   /* of rows */

typedef struct filling {
	const lk_cat_copy *copy;
	lk_event_rows makes;       /* of an event, what passes WHERE */
	lk_derived_rows *rows;     /* that no commit has written */
	lk_side_output *side_output;
	lk_derived_position at, committed;
	int64_t closed;            /* `_at` of the last event */
	lk_value *values;          /* of a row */
	const char *reason;        /* why the event is marked */
} filling;

static const lk_plan *plan_of(const filling *f) { return f->copy->version->plan; }

static void *make(const lk_cat_copy *copy, int part) {
	filling *f = lk_calloc(1, sizeof *f);
	f->copy = copy;
	lk_event_rows_init(&f->makes, plan_of(f));
	f->rows = lk_derived_rows_new(copy->log, part);
	f->side_output = lk_side_output_new();
	f->values = lk_calloc((size_t)plan_of(f)->noutputs, sizeof *f->values);
	f->closed = LK_NEVER;
	return f;
}

static void release(void *state) {
	filling *f = state;
	lk_event_rows_release(&f->makes);
	lk_derived_rows_free(f->rows);
	lk_side_output_free(f->side_output);
	free(f->values);
	free(f);
}

static void show(void *state, const lk_cat_copy *copy) {
	filling *f = state;
	f->copy = copy;
	lk_event_rows_release(&f->makes);
	lk_event_rows_init(&f->makes, plan_of(f));
	lk_derived_rows_show(f->rows, copy->log);
}

/* --- one event --- */

static void mark(filling *f, const char *reason) { f->reason = f->reason ? f->reason : reason; }

/* R1: what cannot be computed is NULL, and the event is named in lk.rejected. A text that an expression has made may be
 * longer than one that is ingested. */
static lk_value column_of(filling *f, const lk_output *o, const lk_value *row) {
	lk_value v = lk_expr_eval(o->expr, row, &f->makes.eval);
	if (v.state == LK_MARKED)
		mark(f, f->makes.eval.reason);
	if (v.state != LK_VALUE || o->type.kind != LK_TEXT || v.len <= LK_TEXT_MAX)
		return v;
	mark(f, "a text of a row would have more than 64 KiB");
	return lk_null();
}

static void add_row(filling *f, const lk_event *e) {
	const lk_plan *p = plan_of(f);
	const lk_derived_from from = {.src = e->off, .at = e->row[lk_slot_at(p->stream)].i, .high = lk_plan_keeps_time(p) ? f->at.high : LK_NEVER};
	for (int i = 0; i < p->noutputs; i++)
		f->values[i] = column_of(f, &p->outputs[i], e->row);
	if (lk_is_null(&f->values[p->makes->schema.event_time]))
		mark(f, "the row has no event time");
	else
		lk_derived_rows_add(f->rows, f->values, &from);
}

static bool row(lk_unit *u, const lk_event *e, const lk_stream_limits *most) {
	filling *f = u->op_state;
	const lk_stream *source = plan_of(f)->stream;
	(void)most;
	f->reason = NULL;
	f->at.high = lk_later(f->at.high, e->high);
	lk_event_rows_begin(&f->makes, e->row);
	while (lk_event_rows_next(&f->makes, e->row))
		add_row(f, e);
	mark(f, f->makes.reason);
	if (f->reason) {
		lk_side_output_marked(f->side_output, e->stream->id, f->copy->version->id, u->part, e->off, f->reason);
		u->folded.marked += e->off >= u->counted;
	}
	f->closed = e->row[lk_slot_at(source)].i;
	f->at.high = lk_high_advance(source, f->at.high, e->row[source->schema.event_time].i, f->closed);
	return lk_derived_rows_bytes(f->rows) > COMMIT_BYTES;
}

/* --- commits and take-overs --- */

static int commit(lk_path *p, lk_unit *u, lk_error *err) {
	filling *f = u->op_state;
	f->at.off = u->at.cursor;
	const lk_derived_step step = {
		.source = lk_unit_stream(u), .part = u->part, .from = f->committed, .to = f->at, .closed = f->closed,
		.keeps_time = lk_plan_keeps_time(lk_unit_plan(u)), .side_output = f->side_output,
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

static void cut(lk_unit *u) { (void)u; }   /* rows are not kept apart: offsets of the log keep them apart */

static void restore(lk_unit *u) {
	filling *f = u->op_state;
	lk_derived_rows_clear(f->rows);
	lk_side_output_clear(f->side_output);
	f->at = f->committed;
}

static int read_position(lk_path *p, lk_unit *u, int64_t *cursor, lk_error *err) {
	filling *f = u->op_state;
	int rc = lk_derived_position_read(p->writer, f->copy->log, lk_unit_stream(u), u->part, &f->committed, err);
	f->at = f->committed;
	*cursor = f->committed.off;
	return rc;
}

static const lk_in_log in_log = {.read = read_position};

const lk_operator lk_fill_log = {
	.name = "fill a log", .in_log = &in_log, .open = make, .close = release, .show = show, .row = row, .commit = commit, .cut = cut, .restore = restore,
};
