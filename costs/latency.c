/* The time from an event being in the log to its being in an answer: fetch, fold, commit, query, one event after the
 * other. The query asks for the row of the event, as a user who waits for it would; an event that is in no row is
 * streamed but not queried. What wakes a worker up (a notification, or its polling) is not included. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "core/time.h"
#include "costs/mode_cost.h"
#include "partials/fold.h"
#include "serving/answer.h"
#include "windows/window.h"

enum { BUDGET_US = 5000000, ONE_EVENT_US = 10000000 };

typedef struct event {
	int64_t at, off;
	int part;
	bool in_row;               /* WHERE keeps it */
	int64_t from, to;          /* its window */
	lk_where *where;           /* the keys of its row that a query can name */
	int nwhere;
} event;

typedef struct latency {
	lk_costing *c;
	lk_arena arena;
	event *events;
	size_t n, cap;
	lk_driver driver;
	int64_t reached[LK_MAX_PARTITIONS];
	int64_t *took_us;
	size_t ntook;
	char copy[24];
} latency;

/* --- which row to ask for --- */

static void add_key(latency *l, event *e, const lk_output *o, const lk_value *v) {
	lk_where *w = &e->where[e->nwhere++];
	lk_buf text = LK_BUF_INIT;
	lk_value_print(o->type, v, &text);
	*w = (lk_where){.column = o->name, .op = lk_is_null(v) ? LK_WHERE_NULL : LK_WHERE_EQ, .text = lk_arena_strndup(&l->arena, text.len ? text.data : "", text.len)};
	lk_buf_release(&text);
}

/* If windows overlap, the last one that begins before the event. For a session the start is unknown, so no window is
 * set. */
static void find_window(event *e, const lk_window *w, int64_t pane) {
	lk_span first, last;
	if (w->kind == LK_W_NONE || !lk_windows_of_pane(w, pane, &first, &last))
		return;
	e->from = last.start;
	e->to = e->from + 1;
}

/* The row of the first cell that the event is folded into. */
static void find_row(latency *l, event *e, const lk_plan *p, const lk_cells *one) {
	e->from = INT64_MIN;
	e->to = INT64_MAX;
	e->in_row = one->first != NULL;
	if (!e->in_row)
		return;
	const uint8_t *field = lk_cell_field(one, one->first), *end = field + one->first->field_len, *at = field + LK_PANE_BYTES;
	lk_value keys[LK_MAX_KEYS];
	for (int k = 0; k < p->nkeys; k++)
		if (lk_key_get(p->keys[k].expr->type, &at, end, &keys[k]))
			return;
	find_window(e, &p->window, lk_pane_get(field));
	e->where = lk_arena_alloc(&l->arena, (size_t)p->noutputs * sizeof *e->where);
	for (int i = 0; i < p->noutputs; i++)
		if (p->outputs[i].kind == LK_OUT_KEY)
			add_key(l, e, &p->outputs[i], &keys[p->outputs[i].index]);
}

static event *add_event(latency *l) {
	if (l->n == l->cap)
		l->events = lk_realloc(l->events, (l->cap = l->cap ? 2 * l->cap : 256) * sizeof *l->events);
	l->events[l->n] = (event){0};
	return &l->events[l->n++];
}

static int read_partition(latency *l, lk_folder *folder, lk_cells *one, int part, lk_error *err) {
	const lk_plan *p = folder->plan;
	const lk_places *places = l->c->places;
	lk_scan scan;
	int64_t off;
	int rc = lk_scan_begin(&scan, l->c->pg, &(lk_scan_of){.stream = l->c->copy->version->view->stream, .part = part, .columns = p->needed, .ncolumns = p->nneeded, .from = places->built[part], .to = places->end[part]}, err);
	if (rc != LK_OK)
		return rc;
	while ((rc = lk_scan_next(&scan, folder->row, &off, err)) == LK_OK) {
		event *e = add_event(l);
		lk_cells_clear(one);
		folder->place.part = part;
		folder->place.off = off;
		lk_fold_event(folder, one, LK_NEVER);
		e->part = part;
		e->off = off;
		e->at = folder->row[lk_slot_at(p->stream)].i;
		find_row(l, e, p, one);
	}
	int ended = lk_scan_end(&scan, rc < 0 ? NULL : err);
	return rc < 0 ? rc : ended;
}

static int by_time(const void *x, const void *y) {
	const event *a = x, *b = y;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	return a->off < b->off ? -1 : a->off > b->off;
}

static int read_events(latency *l, lk_error *err) {
	const lk_plan *p = l->c->copy->version->plan;
	lk_folder folder;
	lk_cells one;
	int rc = LK_OK;
	lk_folder_init(&folder, p);
	lk_cells_init(&one, p);
	for (int part = 0; rc == LK_OK && part < l->c->places->partitions; part++)
		rc = read_partition(l, &folder, &one, part, err);
	lk_folder_release(&folder);
	lk_cells_release(&one);
	if (l->n)
		qsort(l->events, l->n, sizeof *l->events, by_time);
	return rc;
}

/* --- one by one --- */

static int stream_one(latency *l, const event *e, lk_error *err) {
	lk_costing *c = l->c;
	lk_answer a = {0};
	const lk_query q = {.view = c->copy->version->view->name, .copy = l->copy, .where = e->where, .nwhere = e->nwhere, .from = e->from, .to = e->to,
	                    .bounds = {.stop = c->run.watch->stop}};
	int64_t began = lk_monotonic_us();
	l->reached[e->part] = e->off + 1;
	int rc = lk_driver_run(&l->driver, l->reached, began + ONE_EVENT_US, err);
	if (rc != LK_OK || !e->in_row)
		return rc;
	rc = lk_answer_make(c->pg, c->store, &q, &a, err);
	if (rc == LK_OK && a.end[e->part] <= e->off)
		rc = lk_fail(err, LK_EINTERNAL, "event %lld of partition %d is not in the answer", (long long)e->off, e->part);
	l->took_us[l->ntook++] = lk_monotonic_us() - began;
	lk_answer_release(&a);
	return rc;
}

static int stream_all(latency *l, lk_error *err) {
	int64_t began = lk_monotonic_us();
	int rc = LK_OK;
	for (size_t i = 0; rc == LK_OK && i < l->n && lk_monotonic_us() - began < BUDGET_US; i++)
		rc = lk_watch_stopped(l->c->run.watch) ? lk_stopped(err) : stream_one(l, &l->events[i], err);
	return rc;
}

static int by_number(const void *x, const void *y) {
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
	return a < b ? -1 : a > b;
}

/* By nearest rank. */
static double percentile(const latency *l, size_t percent) {
	size_t rank = (l->ntook * percent + 99) / 100;
	return (double)l->took_us[rank ? rank - 1 : 0] / 1e6;
}

static void summarise(latency *l) {
	l->c->out->latency_events = (int)l->ntook;
	if (!l->ntook)
		return;
	qsort(l->took_us, l->ntook, sizeof *l->took_us, by_number);
	l->c->out->latency_p50_s = percentile(l, 50);
	l->c->out->latency_p99_s = percentile(l, 99);
}

int lk_latency_measure(lk_costing *c, lk_error *err) {
	latency *l = lk_calloc(1, sizeof *l);
	const lk_stream_limits *limits = c->run.limits.fetch_events ? &c->run.limits : &lk_stream_defaults;
	l->c = c;
	snprintf(l->copy, sizeof l->copy, "%lld", (long long)c->copy->id);
	memcpy(l->reached, c->places->built, sizeof l->reached);
	lk_watch_phase(c->run.watch, c->copy, c->copy->kappa ? "kappa: streaming one by one" : "lambda: streaming one by one");
	int rc = read_events(l, err);
	l->took_us = lk_calloc(l->n + 1, sizeof *l->took_us);
	if (rc == LK_OK) {
		rc = lk_driver_open(&l->driver, &c->run, c->log_id, c->copy, limits, err);
		if (rc == LK_OK)
			rc = stream_all(l, err);
		lk_driver_close(&l->driver);
	}
	summarise(l);
	lk_arena_release(&l->arena);
	free(l->events);
	free(l->took_us);
	free(l);
	return rc == LK_OK ? lk_run_to(&c->run, c->copy, c->places->end, "streaming the rest", NULL, err) : rc;
}
