/* One call for one row: its frame moves up to the row, and has a value. */
#include "frames/private.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 4 };

static const char TOO_MANY[] = "a frame by time has more rows of its key than are kept: 100,000, or 16 MiB", TOO_LARGE[] = "value out of range";

/* What the verbs of one call share. */
typedef struct turn {
	lk_frame_key *k;
	const lk_call *c;
	const lk_aggregate *verbs;
	lk_frame_state *f;
	int64_t row;          /* position of the current row */
} turn;

static const lk_value *value_at(const turn *t, int series, int64_t position) {
	return position == t->row ? &t->k->group->now[series] : lk_ring_at(&t->k->rings[series], position);
}

/* Rows of a key are in the order of the log, so their positions are as good as offsets. */
static lk_place place_at(const turn *t, int64_t position) {
	lk_place p = {.off = position};
	if (t->c->time >= 0)
		p.ts = value_at(t, t->c->time, position)->i;
	return p;
}

static void fold(const turn *t, int64_t position, lk_arena *arena) {
	const lk_value *v = value_at(t, t->c->series, position);
	lk_place place = place_at(t, position);
	if (!lk_is_null(v))
		t->verbs->fold(lk_call_state(t->k, t->c), &t->c->over->agg, v, &place, arena);
}

static void unfold(const turn *t, int64_t position) {
	const lk_value *v = value_at(t, t->c->series, position);
	if (!lk_is_null(v))
		t->verbs->unfold(lk_call_state(t->k, t->c), &t->c->over->agg, v, &t->k->made);
}

/* --- candidates for an extreme: each is better than all after it --- */

static int64_t *candidate(const lk_frame_state *f, uint32_t i) { return &f->candidates[(f->head + i) & (f->room - 1)]; }

/* Of two positions, is the earlier one no candidate any more once the later one is in the frame? */
static bool is_beaten(const turn *t, int64_t earlier, int64_t later) {
	const lk_value *x = value_at(t, t->c->series, earlier), *y = value_at(t, t->c->series, later);
	switch (t->verbs->extreme) {
	case LK_LEAST: return lk_value_compare(t->c->over->agg.arg_type, x, y) >= 0;
	case LK_GREATEST: return lk_value_compare(t->c->over->agg.arg_type, x, y) <= 0;
	case LK_EARLIEST: return place_at(t, earlier).ts > place_at(t, later).ts;
	default: return place_at(t, earlier).ts <= place_at(t, later).ts;
	}
}

static void widen(lk_frame_state *f) {
	uint32_t room = f->room ? 2 * f->room : FIRST_ROOM;
	int64_t *wider = lk_malloc(room * sizeof *wider);
	for (uint32_t i = 0; i < f->n; i++)
		wider[i] = *candidate(f, i);
	free(f->candidates);
	f->candidates = wider;
	f->head = 0;
	f->room = room;
}

static void add_candidate(const turn *t, int64_t position) {
	lk_frame_state *f = t->f;
	if (lk_is_null(value_at(t, t->c->series, position)))
		return;
	while (f->n && is_beaten(t, *candidate(f, f->n - 1), position))
		f->n--;
	if (f->n == f->room)
		widen(f);
	*candidate(f, f->n++) = position;
}

/* --- the frame moves --- */

static void enter(const turn *t, int64_t position) {
	if (t->c->kept)
		fold(t, position, &t->k->kept);
	else if (t->verbs->extreme)
		add_candidate(t, position);
	else
		fold(t, position, &t->k->made);
}

static void leave(const turn *t, int64_t position) {
	lk_frame_state *f = t->f;
	if (!t->verbs->extreme) {
		unfold(t, position);
	} else if (f->n && *candidate(f, 0) == position) {
		f->head = (f->head + 1) & (f->room - 1);
		f->n--;
	}
}

/* Each position enters once and leaves once; what would do both is passed over. */
static void move(const turn *t, int64_t lo, int64_t hi) {
	lk_frame_state *f = t->f;
	for (int64_t stop = lo < f->hi ? lo : f->hi; f->lo < stop; f->lo++)
		leave(t, f->lo);
	if (f->hi < lo)
		f->lo = f->hi = lo;
	for (; f->hi < hi; f->hi++)
		enter(t, f->hi);
}

static void go_to(const turn *t, int64_t lo, int64_t hi) {
	if (t->verbs && !lk_counts_rows(t->c->over))
		move(t, lo, hi);
	t->f->lo = lo;
	t->f->hi = hi;
}

/* The positions of the current row's frame, without the current row itself in a RANGE. */
static bool find_bounds(const turn *t, int64_t *lo, int64_t *hi) {
	const lk_frame *frame = &t->c->over->frame;
	*lo = frame->from == LK_UNBOUNDED || frame->from > t->row ? 0 : t->row - frame->from;
	*hi = frame->to > t->row ? 0 : t->row - frame->to + 1;
	if (!frame->range)
		return true;
	int64_t at = value_at(t, t->c->at, t->row)->i;
	for (*hi = t->f->hi; *hi < t->row && value_at(t, t->c->at, *hi)->i < at;)
		++*hi;
	for (*lo = t->f->lo; *lo < *hi && value_at(t, t->c->at, *lo)->i < at - frame->from;)
		++*lo;
	if (t->row - *lo <= t->k->group->range_rows)
		return true;
	*lo = t->row - t->k->group->range_rows;
	*hi = *hi < *lo ? *lo : *hi;
	return false;
}

/* --- values --- */

static lk_value finish(const turn *t, lk_eval *ev) {
	const void *state = lk_call_state(t->k, t->c);
	lk_value v;
	t->verbs->finish(state, &t->c->over->agg, &v);
	if (v.state == LK_MARKED)
		ev->reason = t->verbs->refused && t->verbs->refused(state) ? t->verbs->refused(state) : TOO_LARGE;
	return v;
}

/* The state of an extreme holds no more than is needed for one value. */
static lk_value extreme(const turn *t, lk_eval *ev) {
	t->verbs->init(lk_call_state(t->k, t->c));
	if (t->f->n)
		fold(t, *candidate(t->f, 0), ev->arena);
	if (t->c->over->frame.range)
		fold(t, t->row, ev->arena);
	return finish(t, ev);
}

static lk_value aggregate(const turn *t, lk_eval *ev) {
	bool with_row = t->c->over->frame.range;
	if (lk_counts_rows(t->c->over))
		return lk_int(t->f->hi - t->f->lo + with_row);
	if (!t->c->kept && t->verbs->extreme)
		return extreme(t, ev);
	if (with_row)
		fold(t, t->row, &t->k->made);
	lk_value v = finish(t, ev);
	if (with_row)
		unfold(t, t->row);
	return v;
}

static lk_value lag(const turn *t, const lk_value *row, lk_eval *ev) {
	const lk_over *o = t->c->over;
	if (o->n <= t->row)
		return *value_at(t, t->c->series, t->row - o->n);
	return o->otherwise ? lk_expr_eval(o->otherwise, row, ev) : lk_null();
}

/* The first or n-th value of a frame without beginning, once its row has come. */
static void pin(const turn *t) {
	const lk_over *o = t->c->over;
	lk_frame_state *f = t->f;
	if (t->row != (o->kind == LK_OVER_NTH_VALUE ? o->n - 1 : 0))
		return;
	f->has_pinned = true;
	f->pinned = t->k->group->now[t->c->series];
	if (!lk_value_borrows(o->type, &f->pinned))
		return;
	f->pinned.s = lk_strndup(f->pinned.s, f->pinned.len);
	t->k->pinned_bytes += f->pinned.len + 1;
}

/* The value of the frame's i-th row, counted from 0; below 0 from the end. */
static lk_value row_value(const turn *t, int64_t i) {
	int64_t lo = t->f->lo, hi = t->f->hi, rows = hi - lo + t->c->over->frame.range;
	if (i < 0)
		i += rows;
	if (i < 0 || i >= rows)
		return lk_null();
	return *value_at(t, t->c->series, lo + i < hi ? lo + i : t->row);
}

static lk_value frame_value(const turn *t) {
	const lk_over *o = t->c->over;
	int64_t n = o->kind == LK_OVER_LAST_VALUE ? -1 : o->kind == LK_OVER_NTH_VALUE ? o->n - 1 : 0;
	if (!t->c->kept)
		return row_value(t, n);
	pin(t);
	return t->f->has_pinned && n < t->f->hi ? t->f->pinned : lk_null();
}

lk_value lk_call_value(lk_frame_key *k, int call, const lk_value *row, lk_eval *ev) {
	const lk_call *c = &k->group->calls[call];
	const lk_over *o = c->over;
	turn t = {.k = k, .c = c, .f = &k->frames[call], .row = k->rows, .verbs = o->kind == LK_OVER_AGG ? o->agg.verbs : NULL};
	int64_t lo, hi;
	if (o->kind == LK_OVER_ROW_NUMBER)
		return lk_int(k->rows + 1);
	if (o->kind == LK_OVER_LAG)
		return lag(&t, row, ev);
	bool fits = find_bounds(&t, &lo, &hi);
	go_to(&t, lo, hi);
	if (!fits) {
		ev->reason = TOO_MANY;
		return (lk_value){.state = LK_MARKED};
	}
	return o->kind == LK_OVER_AGG ? aggregate(&t, ev) : frame_value(&t);
}

int64_t lk_call_needs(const lk_frame_key *k, int call) {
	const lk_call *c = &k->group->calls[call];
	const lk_frame_state *f = &k->frames[call];
	const lk_over *o = c->over;
	int64_t next = k->rows + 1;
	if (c->kept)
		return o->kind == LK_OVER_AGG ? f->hi : next;
	if (o->kind != LK_OVER_AGG || lk_counts_rows(o))
		return c->rows_back == LK_UNBOUNDED ? f->lo : next - c->rows_back;
	if (!o->agg.verbs->extreme || o->frame.range)
		return f->lo;
	return f->n ? *candidate(f, 0) : f->hi;
}
