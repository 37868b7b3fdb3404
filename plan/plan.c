/* Plans: questions about them, and their canonical text.
 *
 * The canonical text spells out everything that determines a view's rows: the stream and its watermark options, the
 * window, types, constants, output names. Spelling, comments and aliases of FROM are not in it. Slots are numbered so
 * that a column added at the end of the stream moves none: _at is 256, lateral columns begin at 257. PLAN_FORMAT
 * changes when the meaning of a stored partial does. */
#include <stdio.h>
#include <string.h>

#include "core/key.h"
#include "expr/function.h"
#include "plan/plan.h"
#include "windows/calendar.h"

enum { PLAN_FORMAT = 1 };

lk_type lk_slot_type(const lk_plan *p, int slot) {
	if (slot < p->stream->schema.ncolumns)
		return p->stream->schema.columns[slot].type;
	if (slot == lk_slot_at(p->stream))
		return (lk_type){.kind = LK_TIME};
	if (lk_slot_over(p, slot))
		return lk_slot_over(p, slot)->type;
	const lk_lateral *l = lk_slot_item(p, slot);
	return l->types[slot - l->slot];
}

const lk_over *lk_slot_over(const lk_plan *p, int slot) {
	int first = p->nslots - p->overs.ncalls;
	return slot >= first && slot < p->nslots ? &p->overs.calls[slot - first] : NULL;
}

const lk_lateral *lk_slot_item(const lk_plan *p, int slot) {
	for (int i = 0; i < p->nlaterals; i++)
		if (slot >= p->laterals[i].slot && slot < p->laterals[i].slot + p->laterals[i].ncolumns)
			return &p->laterals[i];
	return NULL;
}

static void mark_overs(const lk_plan *p, bool *needed, int n) {
	const lk_overs *o = &p->overs;
	lk_expr_mark(p->after, needed, n);
	for (int i = 0; i < o->npartitions; i++)
		for (int k = 0; k < o->partitions[i].nkeys; k++)
			lk_expr_mark(o->partitions[i].keys[k], needed, n);
	for (int i = 0; i < o->ncalls; i++) {
		lk_expr_mark(o->calls[i].agg.arg, needed, n);
		lk_expr_mark(o->calls[i].agg.filter, needed, n);
		lk_expr_mark(o->calls[i].otherwise, needed, n);
	}
}

void lk_plan_find_needed(lk_plan *p, lk_arena *arena) {
	bool needed[LK_MAX_COLUMNS] = {false};
	int n = p->stream->schema.ncolumns;
	needed[p->stream->schema.event_time] = true;
	lk_expr_mark(p->where, needed, n);
	for (int i = 0; i < p->nkeys; i++)
		lk_expr_mark(p->keys[i].expr, needed, n);
	for (int i = 0; i < p->naggs; i++) {
		lk_expr_mark(p->aggs[i].arg, needed, n);
		lk_expr_mark(p->aggs[i].filter, needed, n);
	}
	for (int i = 0; i < p->nlaterals; i++)
		for (int k = 0; k < p->laterals[i].nexprs; k++)
			lk_expr_mark(p->laterals[i].exprs[k], needed, n);
	mark_overs(p, needed, n);
	for (int i = 0; p->makes && i < p->noutputs; i++)
		lk_expr_mark(p->outputs[i].expr, needed, n);
	p->needed = lk_arena_alloc(arena, sizeof *p->needed * (size_t)n);
	for (int i = 0; i < n; i++)
		if (needed[i])
			p->needed[p->nneeded++] = i;
}

bool lk_plan_keeps_time(const lk_plan *p) {
	const lk_expr *time = p->outputs[p->makes->schema.event_time].expr;
	return time->op == LK_X_SLOT && time->slot == p->stream->schema.event_time;
}

int lk_plan_output(const lk_plan *p, const char *name) {
	for (int i = 0; i < p->noutputs; i++)
		if (strcmp(p->outputs[i].name, name) == 0)
			return i;
	return -1;
}

bool lk_reads_agg(const lk_plan *p, const lk_expr *merged, int i) { return lk_expr_reads(merged, p->nkeys + i, p->nkeys + i + 1); }

bool lk_output_varies(const lk_plan *p, const lk_output *o) {
	return o->kind == LK_OUT_AGG || (o->kind == LK_OUT_EXPR && lk_expr_reads(o->expr, p->nkeys, p->nkeys + p->naggs));
}

const char *lk_output_bound(const lk_plan *p, const lk_output *o) {
	const char *bound = o->kind == LK_OUT_AGG ? p->aggs[o->index].verbs->bound : NULL;
	for (int i = 0; o->kind == LK_OUT_EXPR && i < p->naggs && !bound; i++)
		bound = lk_reads_agg(p, o->expr, i) ? p->aggs[i].verbs->bound : NULL;
	return bound;
}

bool lk_limit_is_approximate(const lk_plan *p) {
	for (int k = 0; p->limit && k < p->norder; k++)
		for (int i = 0; i < p->naggs; i++)
			if (p->aggs[i].verbs->error > 0 && lk_reads_agg(p, p->order[k].expr, i))
				return true;
	return false;
}

static bool is_never_true(const lk_expr *x) {
	bool compares = (x->op >= LK_X_EQ && x->op <= LK_X_GE) || x->op == LK_X_NOTIN;
	for (int i = 0; compares && i < x->nargs; i++)
		if (x->args[i]->op == LK_X_CONST && lk_is_null(&x->args[i]->value))
			return true;
	return false;
}

static const lk_expr *find(const lk_expr *x, bool (*is)(const lk_expr *)) {
	if (!x || is(x))
		return x;
	const lk_expr *found = NULL;
	for (int i = 0; i < x->nargs && !found; i++)
		found = find(x->args[i], is);
	return found;
}

/* The first node of what is evaluated for events. */
static const lk_expr *find_in_rows(const lk_plan *p, bool (*is)(const lk_expr *)) {
	const lk_expr *found = find(p->where, is);
	for (int i = 0; i < p->nlaterals; i++)
		for (int k = 0; k < p->laterals[i].nexprs && !found; k++)
			found = find(p->laterals[i].exprs[k], is);
	for (int i = 0; i < p->nkeys && !found; i++)
		found = find(p->keys[i].expr, is);
	for (int i = 0; i < p->naggs && !found; i++) {
		found = find(p->aggs[i].arg, is);
		found = found ? found : find(p->aggs[i].filter, is);
	}
	return found;
}

const lk_expr *lk_plan_never_true(const lk_plan *p) {
	const lk_expr *found = find_in_rows(p, is_never_true);
	for (int i = 0; i < p->noutputs && !found; i++)
		found = find(p->outputs[i].expr, is_never_true);
	return found ? found : find(p->having, is_never_true);
}

const lk_expr *lk_plan_fold_only(const lk_plan *p) { return find_in_rows(p, lk_expr_is_fold_only); }

lk_plan *lk_plan_of_cells(const lk_plan *p) {
	struct of_cells {
		lk_plan plan;
		lk_key keys[LK_MAX_KEYS];
		lk_expr exprs[LK_MAX_KEYS];
		lk_agg aggs[LK_MAX_AGGS];
	} *c = lk_calloc(1, sizeof *c);
	c->plan = (lk_plan){.keys = c->keys, .nkeys = p->nkeys, .aggs = c->aggs, .naggs = p->naggs, .state_size = p->state_size};
	for (int i = 0; i < p->nkeys; i++) {
		c->exprs[i].type = p->keys[i].expr->type;
		c->keys[i] = (lk_key){.name = (char *)"", .expr = &c->exprs[i]};
	}
	for (int i = 0; i < p->naggs; i++) {
		c->aggs[i] = p->aggs[i];
		c->aggs[i].arg = c->aggs[i].filter = NULL;
	}
	return &c->plan;
}

bool lk_plan_grows(const lk_plan *p) {
	for (int i = 0; i < p->naggs; i++)
		if (p->aggs[i].verbs->weight)
			return true;
	return false;
}

bool lk_plan_is_in_order(const lk_plan *p) {
	bool in_order = p->makes != NULL;
	for (int i = 0; i < p->naggs; i++)
		in_order |= p->aggs[i].verbs->oracle == LK_ORACLE_IN_ORDER;
	return in_order;
}

uint64_t lk_plan_most_rows(const lk_plan *p) {
	uint64_t most = 1;
	for (int i = 0; i < p->nlaterals; i++) {
		const lk_lateral *l = &p->laterals[i];
		uint64_t rows = l->fn ? lk_row_function_most(l->fn, l->exprs, l->nexprs) : (uint64_t)(l->nexprs / l->ncolumns);
		if (__builtin_mul_overflow(most, rows, &most))
			return UINT64_MAX;
	}
	return most;
}

static int stable_slot(const lk_stream *s, int slot) { return slot < s->schema.ncolumns ? slot : slot - s->schema.ncolumns + LK_MAX_COLUMNS; }

/* A copy of x with stable slot numbers. */
static lk_expr *stable(const lk_stream *s, const lk_expr *x, lk_arena *arena) {
	lk_expr *y = lk_arena_alloc(arena, sizeof *y);
	*y = *x;
	if (x->op == LK_X_SLOT)
		y->slot = stable_slot(s, x->slot);
	y->args = lk_arena_alloc(arena, sizeof *y->args * (size_t)(x->nargs + 1));
	for (int i = 0; i < x->nargs; i++)
		y->args[i] = stable(s, x->args[i], arena);
	return y;
}

static void put_expr(const lk_plan *p, const char *what, const lk_expr *x, lk_buf *out) {
	lk_arena arena = {0};
	lk_buf_addf(out, "%s ", what);
	if (x)
		lk_expr_canonical(stable(p->stream, x, &arena), out);
	else
		lk_buf_addc(out, '-');
	lk_buf_addc(out, '\n');
	lk_arena_release(&arena);
}

static void put_output(const lk_plan *p, const lk_output *o, lk_buf *out) {
	if (p->makes) {
		put_expr(p, "column", o->expr, out);
	} else if (o->kind == LK_OUT_EXPR) {
		lk_buf_adds(out, "output ");
		lk_expr_canonical(o->expr, out);
		lk_buf_addc(out, ' ');
	} else {
		lk_buf_addf(out, "output %s %d ", o->kind == LK_OUT_KEY ? "key" : "aggregate", o->index);
	}
	lk_sql_ident(o->name, out);
	lk_buf_addc(out, '\n');
}

static void put_laterals(const lk_plan *p, lk_buf *out) {
	if (!p->nlaterals)
		lk_buf_adds(out, "rows 1 0\n");
	for (int i = 0; i < p->nlaterals; i++) {
		const lk_lateral *l = &p->laterals[i];
		if (l->fn)
			lk_buf_addf(out, "call %s %d%s\n", l->fn->name, l->nexprs, l->ordinality ? " ordinality" : "");
		else
			lk_buf_addf(out, "rows %d %d\n", l->nexprs / l->ncolumns, l->ncolumns);
		for (int k = 0; k < l->nexprs; k++)
			put_expr(p, "value", l->exprs[k], out);
	}
}

static void put_over(const lk_plan *p, const lk_over *o, lk_buf *out) {
	lk_buf_addf(out, "over %d %d %d %lld %lld %lld %s %.17g\n", o->kind, o->partition, o->frame.range, (long long)o->frame.from,
	            (long long)o->frame.to, (long long)o->n, o->kind == LK_OVER_AGG ? o->agg.verbs->name : "-", o->agg.param);
	put_expr(p, "argument", o->agg.arg, out);
	put_expr(p, "filter", o->agg.filter, out);
	put_expr(p, "default", o->otherwise, out);
}

static void put_overs(const lk_plan *p, lk_buf *out) {
	const lk_overs *o = &p->overs;
	for (int i = 0; i < o->npartitions; i++) {
		lk_buf_addf(out, "partition %d\n", o->partitions[i].nkeys);
		for (int k = 0; k < o->partitions[i].nkeys; k++)
			put_expr(p, "key", o->partitions[i].keys[k], out);
	}
	for (int i = 0; i < o->ncalls; i++)
		put_over(p, &o->calls[i], out);
	if (p->after)
		put_expr(p, "after", p->after, out);
}

static void canonical_text(const lk_plan *p, lk_buf *out) {
	const lk_stream *s = p->stream;
	lk_buf_addf(out, "plan %d\nstream ", PLAN_FORMAT);
	lk_sql_ident(s->name, out);
	lk_buf_addf(out, " %d %lld %lld\n", s->schema.event_time, (long long)s->watermark_delay_us, (long long)s->max_ahead_us);
	if (p->makes)
		lk_buf_addf(out, "makes %d %d%s\n", p->makes->schema.event_time, p->makes->partition_by, p->makes->merged ? " merged" : "");
	lk_buf_addf(out, "window %d %d %lld %lld\n", p->window.kind, stable_slot(s, p->window.time_slot), (long long)p->window.size_us,
	            (long long)p->allowed_lateness_us);
	if (p->window.slide_us != p->window.size_us || p->window.offset_us)
		lk_buf_addf(out, "slide %lld offset %lld\n", (long long)p->window.slide_us, (long long)p->window.offset_us);
	if (p->retention_us)
		lk_buf_addf(out, "retention %lld\n", (long long)p->retention_us);
	if (p->window.kind == LK_W_CALENDAR) {
		lk_buf_addf(out, "calendar %s ", p->window.calendar->unit);
		lk_sql_ident(p->window.calendar->zone, out);
		lk_buf_addc(out, '\n');
	}
	put_laterals(p, out);
	put_expr(p, "where", p->where, out);
	put_overs(p, out);
	for (int i = 0; i < p->nkeys; i++)
		put_expr(p, "key", p->keys[i].expr, out);
	for (int i = 0; i < p->naggs; i++) {
		lk_buf_addf(out, "aggregate %s%s ", p->aggs[i].verbs->name, p->aggs[i].verbs->star ? "(*)" : "");
		lk_type_name(p->aggs[i].type, out);
		if (p->aggs[i].verbs->distinct)
			lk_buf_adds(out, " distinct");
		if (p->aggs[i].verbs->param)
			lk_buf_addf(out, " %.17g", p->aggs[i].param);
		put_expr(p, "", p->aggs[i].arg, out);
		if (p->aggs[i].filter)
			put_expr(p, "filter", p->aggs[i].filter, out);
	}
	if (p->having) {
		lk_buf_adds(out, "having ");
		lk_expr_canonical(p->having, out);
		lk_buf_addc(out, '\n');
	}
	for (int i = 0; i < p->noutputs; i++)
		put_output(p, &p->outputs[i], out);
	for (int i = 0; i < p->norder; i++) {
		const lk_order *o = &p->order[i];
		lk_buf_addf(out, "order %s nulls %s ", o->descending ? "desc" : "asc", o->nulls_first ? "first" : "last");
		lk_expr_canonical(o->expr, out);
		lk_buf_addc(out, '\n');
	}
	if (p->limit)
		lk_buf_addf(out, "limit %lld\n", (long long)p->limit);
}

/* 128 bits: two 64-bit hashes of the text, each after another prefix. */
static void hash_text(const lk_buf *text, char hash[33]) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "0%s", text->data);
	uint64_t high = lk_hash(b.data, b.len);
	b.data[0] = '1';
	uint64_t low = lk_hash(b.data, b.len);
	snprintf(hash, 33, "%016llx%016llx", (unsigned long long)high, (unsigned long long)low);
	lk_buf_release(&b);
}

void lk_plan_seal(lk_plan *p, lk_arena *arena) {
	lk_buf b = LK_BUF_INIT;
	canonical_text(p, &b);
	hash_text(&b, p->hash);
	p->canonical = lk_arena_strndup(arena, b.data, b.len);
	lk_buf_release(&b);
}
