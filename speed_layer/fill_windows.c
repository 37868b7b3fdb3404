/* The operator of derived streams with moving windows: rows that also hang on the rows of their key before them.
 *
 * What is kept of each key (speed_layer/window_state.h) is written with the unit's cursor. Rows go to the log first, the
 * state follows (P18): a crash between the two leaves the state behind, and the next owner folds the events between the cursor
 * and the log's position once more, without making rows. A state beyond the log (PostgreSQL was put back), or one of another
 * history, is dropped, and made again from where it is sealed.
 *
 * Keys that are not in memory are read with token and cursor, before rows are written (P18): a log with wrong rows would stay
 * wrong, whatever the fence of the commit says afterwards. So that one call reads the keys of many events, events wait in memory
 * until the commit. It reads the keys of some of them at a time, of fewer the larger they are, and writes rows and state
 * whenever these keys take too much memory: a commit in several parts. */
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "plan/watermark.h"
#include "speed_layer/filling.h"
#include "speed_layer/window_state.h"

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
	lk_window_state state;
	waiting *events;
	int nevents, room, turn;    /* turn: of how many the keys are read at a time */
	lk_arena values;            /* of waiting events */
	lk_arena keys;              /* scratch space of their expressions */
} windows;

static const lk_plan *plan_of(const windows *w) { return lk_filling_plan(&w->fill); }

static void *make(const lk_cat_copy *copy, int part) {
	windows *w = lk_calloc(1, sizeof *w);
	lk_filling_init(&w->fill, copy, part);
	lk_window_state_init(&w->state, copy);
	w->turn = 1024;
	return w;
}

static void release(void *state) {
	windows *w = state;
	lk_filling_release(&w->fill);
	lk_window_state_release(&w->state);
	lk_arena_release(&w->values);
	lk_arena_release(&w->keys);
	free(w->events);
	free(w);
}

static void show(void *state, const lk_cat_copy *copy) {
	windows *w = state;
	lk_filling_show(&w->fill, copy);
	lk_window_state_show(&w->state, copy);
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
	x->event.row = lk_event_keep(plan_of(w), e->row, &w->values);
	return w->nevents >= MOST_EVENTS || w->values.used_bytes >= MOST_BYTES;
}

/* Of the events [from, to). */
static int read_keys(windows *w, lk_path *p, lk_unit *u, int from, int to, lk_error *err) {
	lk_eval eval = {.arena = &w->keys};
	for (int i = from; i < to; i++)
		if (w->events[i].passes)
			lk_frames_want(w->state.frames, w->events[i].event.row, &eval);
	lk_arena_clear(&w->keys);
	return lk_window_state_read(&w->state, p, u, err);
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
	const char *reason = x->passes ? lk_frames_step(w->state.frames, x->event.row, &f->makes.eval) : NULL;
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
	return rc == LK_OK ? lk_window_state_write(&w->state, p, u, &at, err) : rc;
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
		bool much = lk_frames_bytes(w->state.frames) > p->limits.segment_bytes;
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
	lk_frames_clear(w->state.frames);
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

static int take(lk_path *p, lk_unit *u, lk_position *start, uint64_t *token, lk_error *err) {
	windows *w = u->op_state;
	lk_window_taken taken = {0};
	int rc = lk_window_state_take(&w->state, p, u, &taken, err);
	w->fill.at = w->fill.committed = taken.made;
	*start = taken.start;
	*token = taken.token;
	if (u->counted < taken.made.off)
		u->counted = taken.made.off;
	return rc;
}

static int sweep(lk_path *p, lk_unit *u, lk_error *err) { return lk_window_state_sweep(&((windows *)u->op_state)->state, p, u, err); }

static int follow(lk_path *p, lk_unit *u, int64_t high, lk_error *err) {
	return lk_filling_follow(&((windows *)u->op_state)->fill, p, u, high, err);
}

static const lk_in_log in_log = {.read = read_position, .take = take, .follow = follow, .sweep = sweep};

static bool is_for(const lk_plan *p) { return lk_plan_keeps_state(p); }

const lk_operator lk_fill_windows = {
	.is_for = is_for, .in_log = &in_log, .open = make, .close = release, .show = show, .row = row, .commit = commit,
	.cut = cut, .restore = restore,
};
