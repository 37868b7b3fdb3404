/* The operator of derived streams with moving windows: rows that also hang on the rows of their key before them.
 *
 * What is kept of each key is in Redis, one hash for the unit, written with the unit's cursor; a worker holds the keys that
 * it used last. Rows go to the log first, the state follows (P18): a crash between the two leaves the state behind, and the
 * next owner folds the events between the cursor and the log's position once more, without making rows. A state beyond the
 * log (PostgreSQL was put back), or one of another history, is dropped, and the state is made again from the beginning.
 *
 * Keys that are not in memory are read with token and cursor in one atomic call, before rows are written (P18): a log with
 * wrong rows would stay wrong, whatever the fence of the commit says afterwards. So that one call reads the keys of many
 * events, events wait in memory until the commit. It reads the keys of some of them at a time, of fewer the larger they are,
 * and writes rows and state whenever these keys take too much memory: a commit in several parts. */
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "plan/watermark.h"
#include "speed_layer/filling.h"
#include "view_store/state.h"

enum { MOST_EVENTS = 50000, LEAST_TURN = 16 };      /* that wait; whose keys are read at a time */
#define MOST_BYTES ((size_t)16 << 20)                /* of their values */

/* An event that waits. */
typedef struct waiting {
	lk_event event;             /* its row lives in the arena */
	const char *reason;         /* of WHERE */
	bool passes, known;         /* WHERE; the log has its rows already */
	int64_t run;                /* of its `_at` (event_log/history.h) */
} waiting;

typedef struct windows {
	lk_filling fill;
	lk_frames *frames;
	waiting *events;
	int nevents, room, turn;    /* turn: of how many the keys are read at a time */
	int64_t stored;             /* the cursor of the state in Redis */
	lk_arena values;            /* of waiting events */
	lk_state_field *fields;     /* of a call */
	int nfields, fields_room;
	lk_arena field_bytes;
} windows;

static const lk_plan *plan_of(const windows *w) { return lk_filling_plan(&w->fill); }

static void *make(const lk_cat_copy *copy, int part) {
	windows *w = lk_calloc(1, sizeof *w);
	lk_filling_init(&w->fill, copy, part);
	w->frames = lk_frames_new(&plan_of(w)->overs);
	w->turn = 1024;
	return w;
}

static void release(void *state) {
	windows *w = state;
	lk_filling_release(&w->fill);
	lk_frames_free(w->frames);
	lk_arena_release(&w->values);
	lk_arena_release(&w->field_bytes);
	free(w->events);
	free(w->fields);
	free(w);
}

/* Keys are what the former plan says; they are read again as they are met. */
static void show(void *state, const lk_cat_copy *copy) {
	windows *w = state;
	lk_filling_show(&w->fill, copy);
	lk_frames_free(w->frames);
	w->frames = lk_frames_new(&plan_of(w)->overs);
}

/* --- events wait --- */

static waiting *next_waiting(windows *w) {
	if (w->nevents == w->room) {
		w->room = w->room ? 2 * w->room : 256;
		w->events = lk_realloc(w->events, (size_t)w->room * sizeof *w->events);
	}
	return &w->events[w->nevents++];
}

static bool row(lk_unit *u, const lk_event *e, const lk_stream_limits *most) {
	windows *w = u->op_state;
	lk_event_rows *r = &w->fill.makes;
	waiting *x = next_waiting(w);
	(void)most;
	lk_event_rows_begin(r, e->row);
	*x = (waiting){.event = *e, .passes = lk_event_rows_next(r, e->row), .reason = r->reason, .known = e->off < w->fill.committed.off,
	                .run = lk_run_next(u->at.last_at, u->at.run, e->row[lk_slot_at(plan_of(w)->stream)].i)};
	x->event.row = lk_filling_keep(&w->fill, e->row, &w->values);
	return w->nevents >= MOST_EVENTS || w->values.used_bytes >= MOST_BYTES;
}

/* --- keys --- */

static int answer(void *ctx, int i, const void *bytes, size_t len) { return lk_frames_answer(ctx, i, bytes, len); }

static lk_state_field *next_field(windows *w) {
	if (w->nfields == w->fields_room) {
		w->fields_room = w->fields_room ? 2 * w->fields_room : 256;
		w->fields = lk_realloc(w->fields, (size_t)w->fields_room * sizeof *w->fields);
	}
	return &w->fields[w->nfields++];
}

static lk_state_call call_of(const windows *w, const lk_unit *u) {
	return (lk_state_call){.unit = u->id, .token = u->token, .from = w->stored, .fields = w->fields, .n = w->nfields};
}

/* Of the events [from, to). */
static int read_keys(windows *w, lk_path *p, lk_unit *u, int from, int to, lk_error *err) {
	const lk_frames_field *asks;
	lk_eval eval = {.arena = &w->field_bytes};
	for (int i = from; i < to; i++)
		if (w->events[i].passes)
			lk_frames_want(w->frames, w->events[i].event.row, &eval);
	int rc = LK_OK;
	for (int n; rc == LK_OK && (n = lk_frames_asks(w->frames, &asks)) > 0;) {
		w->nfields = 0;
		for (int i = 0; i < n; i++)
			*next_field(w) = (lk_state_field){.name = asks[i].name, .name_len = asks[i].name_len};
		const lk_state_call c = call_of(w, u);
		rc = lk_state_read(p->store, &c, answer, w->frames, err);
	}
	lk_arena_clear(&w->field_bytes);
	return rc;
}

static void take_field(void *ctx, const lk_frames_field *f) {
	windows *w = ctx;
	lk_state_field *field = next_field(w);
	*field = (lk_state_field){.name = lk_arena_strndup(&w->field_bytes, (const char *)f->name, f->name_len), .name_len = f->name_len, .len = f->len};
	if (f->bytes)
		field->bytes = lk_arena_strndup(&w->field_bytes, (const char *)f->bytes, f->len);
}

/* A quarter of the memory is left to those that come. */
static int write_keys(windows *w, lk_path *p, lk_unit *u, const lk_position *at, lk_error *err) {
	w->nfields = 0;
	lk_frames_changes(w->frames, take_field, w);
	const lk_state_call c = call_of(w, u);
	int rc = lk_state_commit(p->store, &c, at, err);
	w->stored = at->cursor;
	lk_arena_clear(&w->field_bytes);
	lk_frames_trim(w->frames, p->limits.segment_bytes / 4 * 3);
	return rc;
}

/* --- commits --- */

/* What is asked of the row once the windows are known. */
static bool holds(windows *w, const lk_value *row) {
	const lk_expr *after = plan_of(w)->after;
	if (!after)
		return true;
	lk_value v = lk_expr_eval(after, row, &w->fill.makes.eval);
	if (v.state == LK_MARKED)
		lk_filling_mark(&w->fill, w->fill.makes.eval.reason);
	return v.state == LK_VALUE && v.i;
}

static void step(windows *w, lk_unit *u, waiting *x) {
	lk_filling *f = &w->fill;
	lk_arena texts = {.small = true};
	lk_arena *own = f->makes.eval.arena;
	f->makes.eval.arena = &texts;
	f->reason = x->reason;
	if (!x->known)
		f->at.high = lk_later(f->at.high, x->event.high);
	const char *reason = x->passes ? lk_frames_step(w->frames, x->event.row, &f->makes.eval) : NULL;
	lk_filling_mark(f, reason);
	if (!x->known && x->passes && holds(w, x->event.row))
		lk_filling_add(f, &x->event);
	if (!x->known)
		lk_filling_pass(f, u, &x->event);
	f->makes.eval.arena = own;
	lk_arena_release(&texts);
}

/* The position behind the first n events that wait; behind all of them it is the unit's. */
static lk_position behind(const windows *w, const lk_unit *u, int n) {
	if (n == w->nevents)
		return u->at;
	const waiting *last = &w->events[n - 1];
	return (lk_position){.cursor = last->event.off + 1, .watermark = u->at.watermark, .last_at = last->event.row[lk_slot_at(plan_of(w)->stream)].i, .run = last->run};
}

/* The log first, the state second. */
static int write_both(windows *w, lk_path *p, lk_unit *u, int n, lk_error *err) {
	const lk_position at = behind(w, u, n);
	int rc = at.cursor > w->fill.committed.off ? lk_filling_append(&w->fill, p, u, at.cursor, err) : LK_OK;
	LK_CRASH_POINT("windows.logged");
	return rc == LK_OK ? write_keys(w, p, u, &at, err) : rc;
}

/* Makes the rows of the next events, from the i-th on; *next: behind which one. */
static int take_turn(windows *w, lk_path *p, lk_unit *u, int i, int *next, lk_error *err) {
	int to = *next = w->nevents - i < w->turn ? w->nevents : i + w->turn;
	int rc = read_keys(w, p, u, i, to, err);
	for (; rc == LK_OK && i < to; i++)
		step(w, u, &w->events[i]);
	return rc;
}

static int commit(lk_path *p, lk_unit *u, lk_error *err) {
	windows *w = u->op_state;
	int rc = LK_OK, done = 0;
	do {
		rc = take_turn(w, p, u, done, &done, err);
		bool much = lk_frames_bytes(w->frames) > p->limits.segment_bytes;
		w->turn = much ? (w->turn > 2 * LEAST_TURN ? w->turn / 2 : LEAST_TURN) : w->turn < MOST_EVENTS / 2 ? 2 * w->turn : MOST_EVENTS;
		if (rc == LK_OK && (much || done == w->nevents))
			rc = write_both(w, p, u, done, err);
	} while (rc == LK_OK && done < w->nevents);
	w->nevents = 0;
	lk_arena_clear(&w->values);
	return rc;
}

static void cut(lk_unit *u) { (void)u; }   /* see fill_log.c */

static void restore(lk_unit *u) {
	windows *w = u->op_state;
	lk_filling_restore(&w->fill);
	lk_frames_clear(w->frames);
	w->nevents = 0;
	lk_arena_clear(&w->values);
}

/* --- take-overs --- */

static int read_position(lk_path *p, lk_unit *u, int64_t *cursor, lk_error *err) {
	lk_derived_position at;
	int rc = lk_filling_read(&((windows *)u->op_state)->fill, p, u, &at, err);
	*cursor = at.off;
	return rc;
}

/* Is the state that of a prefix of this log, no longer than what the log of rows was made of? */
static int fits(lk_path *p, const lk_unit *u, const lk_position *at, int64_t made, bool *good, lk_error *err) {
	const lk_seen read = lk_position_seen(at, u->part);
	int rc = lk_log_has(p->writer, lk_unit_stream(u)->stream, &read, 1, good, err);
	*good = at->cursor <= made && (*good || LK_MUTANT("state_log_unchecked"));
	return rc;
}

/* First the token, then the position: a slow reader would take its own delay for a lost log. */
static int take(lk_path *p, lk_unit *u, lk_position *start, uint64_t *token, lk_error *err) {
	lk_filling *f = &((windows *)u->op_state)->fill;
	const lk_position beginning = {.watermark = LK_NEVER, .last_at = LK_NEVER};
	lk_unit_state st = {0};
	bool good = false;
	int rc = lk_store_take_over(p->store, u->id, &beginning, &st, err);
	if (rc == LK_OK)
		rc = lk_filling_read(f, p, u, &f->committed, err);
	if (rc == LK_OK)
		rc = fits(p, u, &st.at, f->committed.off, &good, err);
	if (rc == LK_OK && !good && LK_MUTANT("state_kept"))
		good = true;
	if (rc == LK_OK && !good)
		rc = lk_store_reset(p->store, u->id, &st.token, &beginning, err);
	*start = good ? st.at : beginning;
	*token = st.token;
	((windows *)u->op_state)->stored = start->cursor;
	f->at = f->committed;
	if (u->counted < f->committed.off)
		u->counted = f->committed.off;
	lk_unit_state_release(&st);
	return rc;
}

static int follow(lk_path *p, lk_unit *u, int64_t high, lk_error *err) {
	return lk_filling_follow(&((windows *)u->op_state)->fill, p, u, high, err);
}

static const lk_in_log in_log = {.read = read_position, .take = take, .follow = follow};

static bool is_for(const lk_plan *p) { return p->makes && p->overs.ncalls; }

const lk_operator lk_fill_windows = {
	.is_for = is_for, .in_log = &in_log, .open = make, .close = release, .show = show, .row = row, .commit = commit,
	.cut = cut, .restore = restore,
};
