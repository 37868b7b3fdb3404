/* From calls to groups: which series each PARTITION BY needs, and how far back. Equal expressions are one series. */
#include <stdlib.h>
#include <string.h>

#include "expr/function.h"
#include "frames/private.h"

/* The type whose values are kept: a call without an argument counts rows. */
static lk_type series_type(const lk_expr *arg) { return arg ? arg->type : (lk_type){.kind = LK_INT8}; }

static bool same_expr(const lk_expr *a, const lk_expr *b) {
	lk_buf x = LK_BUF_INIT, y = LK_BUF_INIT;
	if (!a || !b)
		return a == b;
	lk_expr_canonical(a, &x);
	lk_expr_canonical(b, &y);
	bool same = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	lk_buf_release(&x);
	lk_buf_release(&y);
	return same;
}

static int series_of(lk_group *g, const lk_expr *arg, const lk_expr *filter) {
	for (int i = 0; i < g->nseries; i++)
		if (same_expr(g->series[i].arg, arg) && same_expr(g->series[i].filter, filter))
			return i;
	g->series[g->nseries] = (lk_series){.arg = arg, .filter = filter, .type = series_type(arg)};
	return g->nseries++;
}

bool lk_counts_rows(const lk_over *o) { return o->kind == LK_OVER_AGG && o->agg.verbs->star && !o->agg.filter; }

static bool is_ordered_by_time(const lk_over *o) {
	return o->kind == LK_OVER_AGG && (o->agg.verbs->extreme == LK_EARLIEST || o->agg.verbs->extreme == LK_LATEST);
}

/* Does a call need only what is stored of its frame? */
static bool is_kept(const lk_over *o) {
	bool holds = o->kind == LK_OVER_AGG || o->kind == LK_OVER_FIRST_VALUE || o->kind == LK_OVER_NTH_VALUE;
	return holds && o->frame.from == LK_UNBOUNDED && !lk_counts_rows(o);
}

/* Positions before the current one that a call reads. A running sum also reads the value that leaves the frame. */
static int64_t rows_back(const lk_over *o) {
	if (o->kind == LK_OVER_ROW_NUMBER)
		return 0;
	if (o->kind == LK_OVER_LAG)
		return o->n;
	if (o->frame.range)
		return LK_UNBOUNDED;
	if (lk_counts_rows(o))
		return 0;
	if (o->frame.from == LK_UNBOUNDED || o->kind == LK_OVER_LAST_VALUE)
		return o->kind == LK_OVER_AGG || o->kind == LK_OVER_LAST_VALUE ? o->frame.to : 0;
	return o->frame.from + (o->kind == LK_OVER_AGG);
}

static lk_expr *slot_expr(int slot, lk_type type) {
	lk_expr *x = lk_calloc(1, sizeof *x);
	*x = (lk_expr){.op = LK_X_SLOT, .slot = slot, .type = type};
	return x;
}

/* The series of a slot; the expression belongs to the group. */
static int series_of_slot(lk_group *g, int slot) {
	lk_expr *x = slot_expr(slot, (lk_type){.kind = LK_TIME});
	int n = g->nseries, i = series_of(g, x, NULL);
	if (n < g->nseries)
		g->series[i].owned = x;
	else
		free(x);
	return i;
}

static void add_call(lk_group *g, const lk_overs *all, const lk_over *o) {
	lk_call *c = &g->calls[g->ncalls++];
	*c = (lk_call){.over = o, .series = -1, .at = -1, .time = -1, .rows_back = rows_back(o)};
	c->kept = is_kept(o);
	if (o->kind != LK_OVER_ROW_NUMBER && !lk_counts_rows(o))
		c->series = series_of(g, o->agg.arg, o->agg.filter);
	if (o->frame.range)
		c->at = series_of_slot(g, all->at_slot);
	if (is_ordered_by_time(o))
		c->time = series_of_slot(g, all->time_slot);
	if (o->kind == LK_OVER_AGG) {
		c->state = g->states_size;
		g->states_size += o->agg.verbs->state_size;
	}
}

enum { LEAST_RANGE_ROWS = 1000 };

static uint64_t value_bytes(const lk_expr *arg) {
	lk_type t = series_type(arg);
	if (lk_type_has_bytes(t) || (t.kind == LK_NUMERIC && t.precision > LK_NUMERIC_DIGITS))
		return 4 + lk_expr_longest(arg);
	return lk_type_is_long(t) ? 21 : t.kind == LK_NUMERIC || t.kind == LK_UUID || t.kind == LK_INTERVAL ? 18 : 11;
}

/* The rows of a series that calls read by number; *by_time: some call reads it by time. */
static uint64_t rows_of(const lk_group *g, int series, bool *by_time) {
	uint64_t back = 0;
	*by_time = false;
	for (int i = 0; i < g->ncalls; i++) {
		const lk_call *c = &g->calls[i];
		if (c->series != series && c->at != series && c->time != series)
			continue;
		*by_time |= c->rows_back == LK_UNBOUNDED;
		if (c->rows_back > 0 && (uint64_t)c->rows_back > back)
			back = (uint64_t)c->rows_back;
	}
	return back;
}

/* The most bytes of a key's values, if frames by time have at most so many rows. */
static uint64_t longest(const lk_group *g, uint64_t range_rows) {
	uint64_t bytes = 0;
	for (int s = 0; s < g->nseries; s++) {
		bool by_time;
		uint64_t rows = rows_of(g, s, &by_time);
		bytes += (by_time && rows < range_rows ? range_rows : rows) * value_bytes(g->series[s].arg);
	}
	return bytes;
}

static int64_t most_range_rows(const lk_group *g) {
	int64_t rows = LK_FRAME_MAX_ROWS;
	while (rows > LEAST_RANGE_ROWS && longest(g, (uint64_t)rows) > LK_FRAME_MAX_BYTES)
		rows = rows * 9 / 10;
	return rows;
}

static void note_rings(lk_group *g, const lk_call *c) {
	if (c->series >= 0)
		g->series[c->series].has_ring = true;
	if (c->at >= 0)
		g->series[c->at].has_ring = true;
	if (c->time >= 0)
		g->series[c->time].has_ring = true;
}

static void make_group(lk_group *g, const lk_overs *o, int partition) {
	*g = (lk_group){.by = &o->partitions[partition]};
	g->series = lk_calloc((size_t)o->ncalls * 3 + 1, sizeof *g->series);
	g->calls = lk_calloc((size_t)o->ncalls + 1, sizeof *g->calls);
	for (int i = 0; i < o->ncalls; i++)
		if (o->calls[i].partition == partition)
			add_call(g, o, &o->calls[i]);
	for (int i = 0; i < g->ncalls; i++)
		if (g->calls[i].rows_back)
			note_rings(g, &g->calls[i]);
	g->range_rows = most_range_rows(g);
	g->now = lk_calloc((size_t)g->nseries + 1, sizeof *g->now);
}

lk_group *lk_groups_new(const lk_overs *o) {
	lk_group *groups = lk_calloc((size_t)o->npartitions + 1, sizeof *groups);
	for (int i = 0; i < o->npartitions; i++)
		make_group(&groups[i], o, i);
	return groups;
}

void lk_groups_free(lk_group *groups, int n) {
	for (int i = 0; i < n; i++) {
		for (int s = 0; s < groups[i].nseries; s++)
			free(groups[i].series[s].owned);
		free(groups[i].series);
		free(groups[i].calls);
		free(groups[i].now);
	}
	free(groups);
}

/* --- bounds --- */

uint64_t lk_overs_longest(const lk_overs *o) {
	uint64_t most = 0;
	lk_group *groups = lk_groups_new(o);
	for (int i = 0; i < o->npartitions; i++) {
		uint64_t bytes = longest(&groups[i], LEAST_RANGE_ROWS);
		most = bytes > most ? bytes : most;
	}
	lk_groups_free(groups, o->npartitions);
	return most;
}

const char *lk_over_fault(const lk_over *o, const char **hint) {
	const lk_frame *f = &o->frame;
	*hint = "choose at most 100000";
	if (o->kind == LK_OVER_LAG && o->n > LK_FRAME_MAX_ROWS)
		return "lag looks back over more than 100,000 rows";
	if (o->kind == LK_OVER_LAG || o->kind == LK_OVER_ROW_NUMBER)
		return NULL;
	if (!f->range && (f->from > LK_FRAME_MAX_ROWS || f->to > LK_FRAME_MAX_ROWS))
		return "the frame reaches back over more than 100,000 rows";
	*hint = "exchange the two bounds";
	if (!f->range && f->from != LK_UNBOUNDED && f->from < f->to)
		return "the frame ends before it begins, so it never has a row";
	*hint = "write ROWS UNBOUNDED PRECEDING, or count with another aggregate";
	if (o->kind == LK_OVER_AGG && f->from != LK_UNBOUNDED && !o->agg.verbs->unfold && !o->agg.verbs->extreme)
		return "this aggregate cannot forget the values that leave a frame";
	return NULL;
}
