/* A nested loop without recursion: level i is item i of FROM beside the stream.
 *
 * PostgreSQL may evaluate items in another order than they are written in, and conditions between them. So a call that
 * cannot be evaluated marks the event only if PostgreSQL has to come to it (R1): if the other items have rows together that
 * pass all conditions that do not hang on the call. For that it makes one row whose values are unknown, and so does
 * every item that reads one of them. */
#include "plan/event_rows.h"

#include <stdlib.h>

struct lk_lateral_level {
	lk_row_call call;
	int64_t done;          /* rows that it has made since it began */
	bool empty;            /* a function that gives no rows */
	const char *unknown;   /* why its one row has no values; NULL: they are known */
	lk_arena made;         /* texts of arguments and columns */
};

/* --- WHERE in two --- */

static void collect(const lk_expr *x, bool lateral, int first_lateral, int nslots, lk_expr *into) {
	if (!x)
		return;
	if (x->op != LK_X_AND) {
		if (lk_expr_reads(x, first_lateral, nslots) == lateral)
			into->args[into->nargs++] = (lk_expr *)x;
		return;
	}
	for (int i = 0; i < x->nargs; i++)
		collect(x->args[i], lateral, first_lateral, nslots, into);
}

static int count_conditions(const lk_expr *x) {
	int n = 0;
	if (!x || x->op != LK_X_AND)
		return 1;
	for (int i = 0; i < x->nargs; i++)
		n += count_conditions(x->args[i]);
	return n;
}

/* What of WHERE reads lateral columns, or what reads none. */
static const lk_expr *part_of_where(const lk_plan *p, bool lateral, lk_arena *arena) {
	lk_expr *all = lk_arena_zalloc(arena, sizeof *all);
	*all = (lk_expr){.op = LK_X_AND, .type.kind = LK_BOOL};
	all->args = lk_arena_alloc(arena, sizeof *all->args * (size_t)count_conditions(p->where));
	collect(p->where, lateral, lk_slot_lateral(p->stream), p->nslots, all);
	return all->nargs == 0 ? NULL : all->nargs == 1 ? all->args[0] : all;
}

static void note_mark(lk_event_rows *r) { r->reason = r->reason ? r->reason : r->eval.reason; }

/* Only what is true passes. */
static bool holds(lk_event_rows *r, const lk_expr *condition, const lk_value *row) {
	if (!condition)
		return true;
	lk_value v = lk_expr_eval(condition, row, &r->eval);
	if (v.state == LK_MARKED)
		note_mark(r);
	return v.state == LK_VALUE && v.i;
}

/* --- levels --- */

/* Why something that x reads is unknown, of the first n levels; NULL if nothing is. */
static const char *reads_unknown(const lk_event_rows *r, int n, const lk_expr *x) {
	for (int i = 0; i < n; i++) {
		const lk_lateral *l = &r->plan->laterals[i];
		if (r->levels[i].unknown && lk_expr_reads(x, l->slot, l->slot + l->ncolumns))
			return r->levels[i].unknown;
	}
	return NULL;
}

static const char *hangs_on_unknown(const lk_event_rows *r, int level) {
	const lk_lateral *l = &r->plan->laterals[level];
	const char *why = NULL;
	for (int i = 0; i < l->nexprs && !why; i++)
		why = reads_unknown(r, level, l->exprs[i]);
	return why;
}

static void begin_call(lk_event_rows *r, const lk_lateral *lateral, struct lk_lateral_level *l, const lk_value *row) {
	bool marked;
	l->call.nargs = lateral->nexprs;
	l->call.made = lateral->made;
	for (int i = 0; i < lateral->nexprs; i++)
		l->call.args[i] = lk_expr_eval(lateral->exprs[i], row, &r->eval);
	l->empty = !lk_row_call_begin(lateral->fn, &l->call, &marked, &r->eval);
	l->unknown = marked ? r->eval.reason : NULL;
}

static void open_level(lk_event_rows *r, int i, const lk_value *row) {
	const lk_lateral *lateral = &r->plan->laterals[i];
	struct lk_lateral_level *l = &r->levels[i];
	lk_arena_clear(&l->made);
	l->done = 0;
	l->unknown = hangs_on_unknown(r, i);
	r->eval.arena = &l->made;
	if (lateral->fn && !l->unknown)
		begin_call(r, lateral, l, row);
}

static bool next_value(lk_event_rows *r, const lk_lateral *lateral, struct lk_lateral_level *l, lk_value *row) {
	if (l->empty || !lateral->fn->next(&l->call, &row[lateral->slot], &r->eval))
		return false;
	l->done++;
	if (lateral->ordinality)
		row[lateral->slot + 1] = lk_int(l->done);
	return true;
}

static bool step(lk_event_rows *r, int i, lk_value *row) {
	const lk_lateral *lateral = &r->plan->laterals[i];
	struct lk_lateral_level *l = &r->levels[i];
	r->eval.arena = &l->made;
	if (l->unknown)
		return l->done++ == 0;
	if (lateral->fn)
		return next_value(r, lateral, l, row);
	if (l->done == lateral->nexprs / lateral->ncolumns)
		return false;
	lk_expr *const *values = lateral->exprs + l->done++ * lateral->ncolumns;
	for (int c = 0; c < lateral->ncolumns; c++)
		row[lateral->slot + c] = lk_expr_eval(values[c], row, &r->eval);
	return true;
}

/* The next row of LATERAL: goes on at the last level, and back one where that has ended. */
static bool advance(lk_event_rows *r, lk_value *row) {
	int last = r->plan->nlaterals - 1;
	if (last < 0) {
		bool first = r->nopen == 0;
		r->nopen = -1;
		return first;
	}
	for (int i = r->nopen ? last : 0; i >= 0;) {
		if (i >= r->nopen)
			open_level(r, i, row);
		r->nopen = i + 1;
		if (!step(r, i, row))
			r->nopen = i--;
		else if (i++ == last)
			return true;
	}
	r->nopen = -1;
	return false;
}

static const char *first_unknown(const lk_event_rows *r) {
	const char *why = NULL;
	for (int i = 0; i < r->plan->nlaterals && !why; i++)
		why = r->levels[i].unknown;
	return why;
}

/* Could a row with unknown values pass? Only what reads none of them can tell. */
static bool may_pass(lk_event_rows *r, const lk_value *row) {
	const lk_expr *all = r->where_row;
	int n = !all ? 0 : all->op == LK_X_AND ? all->nargs : 1;
	for (int i = 0; i < n; i++) {
		const lk_expr *condition = all->op == LK_X_AND ? all->args[i] : all;
		if (reads_unknown(r, r->plan->nlaterals, condition))
			continue;
		lk_value v = lk_expr_eval(condition, row, &r->eval);
		if (v.state == LK_NULL || (v.state == LK_VALUE && !v.i))
			return false;
	}
	return true;
}

/* --- an event --- */

/* One row of VALUES only names expressions, and PostgreSQL puts them in its place: then there is nothing to ask before. */
static bool makes_rows(const lk_plan *p) {
	for (int i = 0; i < p->nlaterals; i++)
		if (p->laterals[i].fn || p->laterals[i].nexprs != p->laterals[i].ncolumns)
			return true;
	return false;
}

void lk_event_rows_init(lk_event_rows *r, const lk_plan *p) {
	*r = (lk_event_rows){.plan = p, .nopen = -1};
	r->counts = lk_plan_most_rows(p) > LK_EVENT_ROWS;
	bool split = makes_rows(p);
	r->where_event = split ? part_of_where(p, false, &r->own) : p->nlaterals ? NULL : p->where;
	r->where_row = split ? part_of_where(p, true, &r->own) : p->nlaterals ? p->where : NULL;
	r->levels = lk_calloc((size_t)p->nlaterals + 1, sizeof *r->levels);
}

void lk_event_rows_release(lk_event_rows *r) {
	for (int i = 0; r->plan && i < r->plan->nlaterals; i++) {
		lk_arena_release(&r->levels[i].made);
		lk_arena_release(&r->levels[i].call.scratch);
	}
	free(r->levels);
	lk_arena_release(&r->row);
	lk_arena_release(&r->own);
	*r = (lk_event_rows){0};
}

static void begin_row(lk_event_rows *r) {
	if (r->row.used_bytes)
		lk_arena_clear(&r->row);
	r->eval.arena = &r->row;
}

/* Makes all rows without showing them, where there may be too many. */
static bool too_many(lk_event_rows *r, lk_value *row) {
	int64_t n = 0;
	while (n <= LK_EVENT_ROWS && advance(r, row))
		n++;
	r->nopen = 0;
	return n > LK_EVENT_ROWS;
}

void lk_event_rows_begin(lk_event_rows *r, lk_value *row) {
	begin_row(r);
	r->reason = NULL;
	r->number = -1;
	r->nopen = holds(r, r->where_event, row) ? 0 : -1;
	if (r->nopen < 0 || !r->counts || !too_many(r, row))
		return;
	r->reason = "the event makes more than 1,000,000 rows";
	r->nopen = -1;
}

bool lk_event_rows_next(lk_event_rows *r, lk_value *row) {
	while (r->nopen >= 0 && advance(r, row)) {
		begin_row(r);
		const char *unknown = first_unknown(r);
		if (unknown) {
			if (!r->reason && may_pass(r, row))
				r->reason = unknown;
			continue;
		}
		r->number++;
		if (holds(r, r->where_row, row))
			return true;
	}
	return false;
}

lk_value *lk_event_keep(const lk_plan *p, const lk_value *row, lk_arena *arena) {
	lk_value *kept = lk_arena_alloc(arena, (size_t)p->nslots * sizeof *kept);
	for (int i = 0; i < p->nslots; i++) {
		kept[i] = i > lk_slot_at(p->stream) ? lk_null() : row[i];
		if (lk_value_borrows(lk_slot_type(p, i), &kept[i]))
			kept[i].s = lk_arena_strndup(arena, row[i].s, row[i].len);
	}
	return kept;
}
