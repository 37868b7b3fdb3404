/* From panes to windows, one group key at a time: its panes in the order of time, and over them
 *
 *   hop       a queue made of two stacks: panes enter at the back and leave at the front. The merged state of the queue
 *             is the front's, kept for every pane that may become its first, plus the back's. A pane is merged twice
 *             and a window twice, however many panes a window has, and nothing is ever subtracted, which sketches and
 *             extremes could not do. (The two-stacks algorithm; bounds in Tangwongsan, Hirzel, Schneider, "In-order
 *             sliding-window aggregation in worst-case constant time", VLDB Journal 30, 2021.)
 *   cumulate  one running state for all windows that start together;
 *   session   a run of panes in which each pane's first event is less than a gap behind the last event of the pane
 *             before it. A pane is never split, since it is as long as the gap: its events are less than a gap apart.
 *             So only this file knows of sessions. Panes are stored, streamed, sealed and replayed; their partials have the
 *             times of their first and last event, and events of one session that lie in different panes, segments,
 *             layers or partitions meet here. The pane before a pane shows whether it begins a session, so windows from a
 *             given time on need only their own panes and one more. */
#include "serving/windows.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "plan/watermark.h"

/* One group key's panes, and what is made from them. */
typedef struct maker {
	const lk_answer *a;
	const lk_plan *plan;
	lk_budget *budget;
	int64_t horizon, first;        /* windows that start before `first` are not wanted */
	lk_cells *from, *into;
	lk_cell **panes;               /* of the key, ascending */
	size_t n;
	const lk_cells *parts;         /* the two of a split answer, or NULL; what is made from them */
	lk_cells *parts_into;
	lk_arena arena;                /* for the states of this key */
	lk_buf field;
} maker;

static int64_t pane_of(const maker *m, size_t i) { return lk_pane_get(lk_cell_field(m->from, m->panes[i])); }
static const char *state_of(const maker *m, size_t i) { return lk_cell_state(m->from, m->panes[i]); }

static char *new_state(maker *m) {
	char *state = lk_arena_alloc(&m->arena, m->plan->state_size);
	lk_state_init(m->plan, state);
	return state;
}

/* The row of the key's window with this tag. */
static char *row(maker *m, int64_t tag) {
	lk_buf_clear(&m->field);
	lk_pane_put(&m->field, tag);
	lk_buf_add(&m->field, lk_cell_field(m->from, m->panes[0]) + LK_PANE_BYTES, m->panes[0]->field_len - LK_PANE_BYTES);
	return lk_cell_state(m->into, lk_cells_at(m->into, m->field.data, m->field.len));
}

static bool is_asked_for(const maker *m, lk_span window) {
	return m->first <= window.start && window.start < m->a->to && !lk_is_expired(m->plan, window, m->horizon);
}

/* True if another window may be made. */
static bool may_go_on(maker *m) {
	size_t bytes = lk_cells_bytes(m->into) + m->arena.used_bytes;
	for (int k = 0; m->parts_into && k < 2; k++)
		bytes += lk_cells_bytes(&m->parts_into[k]);
	return lk_budget_allows(m->budget, bytes) && lk_budget_allows_rows(m->budget, (int64_t)m->into->ncells);
}

/* Adds a window whose panes are in two states; the second may be NULL. */
static void emit(maker *m, int64_t tag, const char *state, const char *more) {
	if (!is_asked_for(m, lk_span_of_tag(&m->a->window, tag)))
		return;
	char *into = row(m, tag);
	lk_state_merge(m->plan, into, state, &m->into->arena);
	if (more)
		lk_state_merge(m->plan, into, more, &m->into->arena);
}

/* --- hop --- */

/* Panes [lo, hi) are in the queue. [lo, middle) are its front: front[i] is the merged state of panes [i, middle).
 * [middle, hi) are its back. */
typedef struct queue {
	char **front;
	char *back;
	size_t lo, middle, hi;
} queue;

static void push(maker *m, queue *q) {
	if (!q->back)
		q->back = new_state(m);
	lk_state_merge(m->plan, q->back, state_of(m, q->hi++), &m->arena);
}

static void flip(maker *m, queue *q) {
	for (size_t i = q->hi; i-- > q->lo;) {
		if (!may_go_on(m)) {
			q->lo = q->hi = m->n;
			return;
		}
		q->front[i] = new_state(m);
		lk_state_merge(m->plan, q->front[i], state_of(m, i), &m->arena);
		if (i + 1 < q->hi)
			lk_state_merge(m->plan, q->front[i], q->front[i + 1], &m->arena);
	}
	q->middle = q->hi;
	q->back = NULL;
}

static void slide(maker *m, queue *q, int64_t start, int64_t end) {
	while (q->hi < m->n && pane_of(m, q->hi) < end)
		push(m, q);
	while (q->lo < q->hi && pane_of(m, q->lo) < start)
		q->lo++;
	if (q->lo >= q->middle)
		flip(m, q);
}

/* Start of the first window that contains the pane. */
static int64_t first_start(const lk_window *w, int64_t pane) {
	lk_span first, last;
	lk_windows_of_pane(w, pane, &first, &last);
	return first.start;
}

static void make_hops(maker *m) {
	const lk_window *w = &m->a->window;
	size_t from = 0;
	while (from < m->n && pane_of(m, from) < m->first)
		from++;
	if (from == m->n)
		return;
	queue q = {.front = lk_calloc(m->n, sizeof *q.front), .lo = from, .middle = from, .hi = from};
	for (int64_t start = first_start(w, pane_of(m, from)); may_go_on(m);) {
		slide(m, &q, start, start + w->size_us);
		if (q.lo < q.hi) {
			emit(m, start, q.front[q.lo], q.back);
			start += w->slide_us;
		} else if (q.lo < m->n) {
			start = first_start(w, pane_of(m, q.lo));
		} else {
			break;
		}
	}
	free(q.front);
}

/* --- cumulate --- */

static void make_cumulated(maker *m) {
	const lk_window *w = &m->a->window;
	for (size_t i = 0; i < m->n && may_go_on(m);) {
		lk_span all = lk_span_of_tag(w, pane_of(m, i));
		char *running = new_state(m);
		int64_t end = all.start + w->size_us;
		for (int64_t step = pane_of(m, i); step < end && may_go_on(m); step += w->slide_us) {
			if (i < m->n && pane_of(m, i) == step)
				lk_state_merge(m->plan, running, state_of(m, i++), &m->arena);
			emit(m, step, running, NULL);
		}
	}
}

/* --- session --- */

lk_span lk_session_of(const lk_plan *p, const void *state) {
	const lk_agg *min = &p->aggs[p->first_agg], *max = &p->aggs[p->last_agg];
	lk_value first, last;
	min->verbs->finish((const char *)state + min->state_offset, min, &first);
	max->verbs->finish((const char *)state + max->state_offset, max, &last);
	return lk_session_span(&p->window, first.i, last.i);
}

/* Adds what a part of the answer holds of panes [from, to), as a row of its own under the tag. */
static void emit_part(maker *m, const lk_cells *part, lk_cells *into, size_t from, size_t to, int64_t tag) {
	lk_cells *all = m->into;
	m->into = into;
	for (size_t i = from; i < to; i++) {
		const lk_cell *c = lk_cells_find(part, lk_cell_field(m->from, m->panes[i]), m->panes[i]->field_len);
		if (c)
			lk_state_merge(m->plan, row(m, tag), lk_cell_state(part, c), &into->arena);
	}
	m->into = all;
}

/* True if pane i is in the session of the pane before it. Panes do not overlap, so the last event of that pane is the
 * last one before pane i. */
static bool goes_on(const maker *m, size_t i) {
	const lk_window *w = &m->plan->window;
	return lk_in_one_session(w, lk_session_of(m->plan, state_of(m, i - 1)).end - w->size_us, lk_session_of(m->plan, state_of(m, i)).start);
}

/* The session that begins with pane `from`; *to: the pane after it. */
static lk_span session_from(const maker *m, size_t from, size_t *to) {
	for (*to = from + 1; *to < m->n && goes_on(m, *to);)
		++*to;
	return (lk_span){lk_session_of(m->plan, state_of(m, from)).start, lk_session_of(m->plan, state_of(m, *to - 1)).end};
}

static void make_sessions(maker *m) {
	for (size_t from = 0, to; from < m->n && may_go_on(m); from = to) {
		lk_span session = session_from(m, from, &to);
		if (!is_asked_for(m, session))
			continue;
		char *state = row(m, session.start);
		for (size_t i = from; i < to; i++)
			lk_state_merge(m->plan, state, state_of(m, i), &m->into->arena);
		for (int k = 0; m->parts && k < 2; k++)
			if (m->parts[k].ncells)
				emit_part(m, &m->parts[k], &m->parts_into[k], from, to, session.start);
	}
}

static void add_removable(maker *m) {
	for (size_t from = 0, to; from < m->n; from = to) {
		if (!lk_session_may_go(m->plan, session_from(m, from, &to), m->horizon))
			continue;
		for (size_t i = from; i < to; i++) {
			const uint8_t *field = lk_cell_field(m->from, m->panes[i]);
			size_t len = m->panes[i]->field_len;
			if (!lk_cells_find(m->into, field, len))
				lk_cells_add_state(m->into, field, len, state_of(m, i));
		}
	}
}

/* --- all keys --- */

static void for_each_key(maker *m, lk_cell **all, void (*make)(maker *m)) {
	lk_cells *from = m->from;
	size_t n = from->ncells, end;
	for (size_t i = 0; i < n && may_go_on(m); i = end) {
		for (end = i + 1; end < n && !lk_cell_compare_keys(from, all[i], all[end]);)
			end++;
		m->panes = all + i;
		m->n = end - i;
		lk_arena_clear(&m->arena);
		make(m);
	}
	lk_arena_release(&m->arena);
	lk_buf_release(&m->field);
}

/* A row takes its cell, the slots that lead to it, and its place among the sorted rows. */
static size_t row_bytes(const lk_plan *p) { return sizeof(lk_cell) + p->state_size + LK_PANE_BYTES + 4 * sizeof(void *); }

static void make_windows(maker *m, lk_cell **all) {
	const lk_answer *a = m->a;
	if (a->window.kind == LK_W_SESSION) {
		for_each_key(m, all, make_sessions);
		return;
	}
	if (a->only_last) {
		int64_t start = lk_windows_start_of_last(a, m->from, a->only_last);
		m->first = start > m->first ? start : m->first;
	} else if (m->budget && !lk_budget_allows_plan(m->budget, lk_windows_planned(a, m->from, all), row_bytes(m->plan))) {
		return;
	}
	for_each_key(m, all, a->window.kind == LK_W_HOP ? make_hops : make_cumulated);
}

static void hold(lk_budget *b, int64_t bytes) {
	if (b)
		b->held_bytes += bytes;
}

static void make_from(const lk_answer *a, lk_cells *from, lk_cells *into, const lk_cells *parts, lk_cells *parts_into) {
	maker m = {.a = a, .plan = a->plan, .budget = a->budget, .horizon = a->horizon, .first = a->from,
	           .from = from, .into = into, .parts = parts, .parts_into = parts_into};
	lk_cell **all = lk_cells_by_key_within(from, a->budget);
	int64_t array_bytes = (int64_t)(from->ncells * sizeof *all);
	hold(a->budget, array_bytes);
	if (all)
		make_windows(&m, all);
	lk_budget_allows_rows(a->budget, (int64_t)into->ncells);
	hold(a->budget, (int64_t)lk_cells_bytes(into) - array_bytes);
	free(all);
}

void lk_sessions_removable(const lk_plan *p, lk_cells *panes, int64_t horizon, lk_cells *into) {
	maker m = {.plan = p, .horizon = horizon, .from = panes, .into = into};
	lk_cell **all = lk_cells_by_key(panes);
	for_each_key(&m, all, add_removable);
	free(all);
}

static void replace(lk_cells *c, lk_cells *by) {
	lk_cells_release(c);
	*c = *by;
}

bool lk_windows_make(lk_answer *a) {
	if (lk_is_tiling(&a->window))
		return true;
	lk_cells whole, parts[2], *old[2] = {&a->batch_part, &a->speed_part};
	lk_cells_init(&whole, a->plan);
	for (int k = 0; k < 2; k++)
		lk_cells_init(&parts[k], a->plan);
	const lk_cells both[2] = {a->batch_part, a->speed_part};
	make_from(a, &a->panes, &whole, both, parts);
	for (int k = 0; k < 2; k++)
		if (a->window.kind != LK_W_SESSION)
			make_from(a, old[k], &parts[k], NULL, NULL);
	replace(&a->cells, &whole);
	for (int k = 0; k < 2; k++)
		replace(old[k], &parts[k]);
	return lk_budget_allows(a->budget, 0);
}
