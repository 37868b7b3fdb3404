/* A definition and its two executions: the stream plan, by which the speed layer folds each event, and the SQL that the
 * batch layer runs. */
#include <stdlib.h>

#include "catalog/log_sql.h"
#include "print/beside.h"
#include "print/boundary.h"
#include "print/explain.h"

/* w1, w2, … */
#define NAME(n) "w" #n
#define NAMES(n) NAME(n##1), NAME(n##2), NAME(n##3), NAME(n##4), NAME(n##5), NAME(n##6), NAME(n##7), NAME(n##8), NAME(n##9)
static const char *const over_names[LK_MAX_OVERS] = {NAMES(), "w10", NAMES(1), "w20", NAMES(2), "w30", NAMES(3), "w40", NAMES(4), "w50",
                                                     NAMES(5), "w60", "w61", "w62", "w63", "w64"};

static const char **slot_names(const lk_plan *p) {
	const char **names = lk_calloc((size_t)p->nslots + 1, sizeof(const char *));
	for (int i = 0; i < p->nslots; i++) {
		const lk_lateral *l = lk_slot_item(p, i);
		if (l)
			names[i] = l->names[i - l->slot];
		else if (lk_slot_over(p, i))
			names[i] = over_names[lk_slot_over(p, i) - p->overs.calls];
		else if (i < p->stream->schema.ncolumns)
			names[i] = p->stream->schema.columns[i].name;
		else
			names[i] = "_at";
	}
	return names;
}

static void describe_lengths(const lk_window *w, const char *time, lk_buf *b) {
	static const char *const between[] = {[LK_W_HOP] = " every ", [LK_W_CUMULATE] = " in steps of "};
	lk_interval_print(w->size_us, b);
	if (w->slide_us != w->size_us) {
		lk_buf_adds(b, between[w->kind]);
		lk_interval_print(w->slide_us, b);
	}
	lk_buf_addf(b, " of %s", time);
	if (w->offset_us) {
		lk_buf_adds(b, ", shifted by ");
		lk_interval_print(w->offset_us, b);
	}
	lk_buf_adds(b, ", in panes of ");
	lk_interval_print(w->pane_us, b);
}

static void describe_window(const lk_plan *p, const char *const *names, lk_buf *b) {
	if (p->window.kind == LK_W_NONE) {
		lk_buf_adds(b, "window: all of time\n");
		return;
	}
	const lk_window *w = &p->window;
	lk_buf_adds(b, w->kind == LK_W_SESSION ? "window: sessions, separated by " : "window: ");
	if (w->kind == LK_W_CALENDAR)
		lk_buf_addf(b, "1 calendar %s of %s in %s", w->calendar->unit, names[w->time_slot], w->calendar->zone);
	else
		describe_lengths(w, names[w->time_slot], b);
	lk_buf_adds(b, "\nlate: ");
	if (p->allowed_lateness_us < 0) {
		lk_buf_adds(b, "never: every event counts, however late\n");
		return;
	}
	lk_buf_adds(b, "when the watermark is ");
	lk_interval_print(p->allowed_lateness_us, b);
	lk_buf_adds(b, w->kind == LK_W_SESSION ? " past an event's own time and the gap\n" : " past the end of an event's pane\n");
	if (!p->retention_us)
		return;
	lk_buf_adds(b, "gone: when the watermark is ");
	lk_interval_print(p->retention_us, b);
	lk_buf_adds(b, w->kind == LK_W_SESSION ? " past the end of the session\n" : " past the end of the window\n");
}

static void describe_call_of_rows(const lk_lateral *l, const char *of, const char *const *names, lk_buf *b) {
	lk_buf_addf(b, "each %s gives the rows of %s(", of, l->fn->name);
	for (int i = 0; i < l->nexprs; i++) {
		lk_buf_adds(b, i ? ", " : "");
		lk_expr_describe(l->exprs[i], names, b);
	}
	lk_buf_addf(b, ") as %s%s%s\n", l->names[0], l->ordinality ? ", numbered as " : "", l->ordinality ? l->names[1] : "");
}

static void describe_lateral(const lk_plan *p, const char *const *names, lk_buf *b) {
	for (int i = 0; i < p->nlaterals; i++) {
		const lk_lateral *l = &p->laterals[i];
		int nrows = l->nexprs / l->ncolumns;
		if (l->fn) {
			describe_call_of_rows(l, i ? "row" : "event", names, b);
			continue;
		}
		lk_buf_addf(b, "each %s gives %d row%s:", i ? "row" : "event", nrows, nrows == 1 ? "" : "s");
		for (int k = 0; k < l->nexprs; k++) {
			lk_buf_adds(b, k % l->ncolumns ? ", " : k ? "), (" : " (");
			lk_expr_describe(l->exprs[k], names, b);
		}
		lk_buf_adds(b, ")\n");
	}
}

static void describe_call(const lk_agg *a, const char *const *names, lk_buf *b) {
	lk_buf_addf(b, "%s(%s", a->verbs->name, a->verbs->distinct ? "DISTINCT " : "");
	if (a->arg)
		lk_expr_describe(a->arg, names, b);
	else
		lk_buf_addc(b, '*');
	if (a->verbs->param)
		lk_buf_addf(b, ", %g", a->param);
	lk_buf_addc(b, ')');
	if (!a->filter)
		return;
	lk_buf_adds(b, " FILTER (WHERE ");
	lk_expr_describe(a->filter, names, b);
	lk_buf_addc(b, ')');
}

static void describe_aggregates(const lk_plan *p, const char *const *names, lk_buf *b) {
	for (int i = 0; i < p->naggs; i++) {
		const lk_agg *a = &p->aggs[i];
		lk_buf_adds(b, "fold: ");
		for (int k = 0; k < p->noutputs; k++)
			if (p->outputs[k].kind == LK_OUT_AGG && p->outputs[k].index == i)
				lk_buf_addf(b, "%s = ", p->outputs[k].name);
		lk_buf_adds(b, i == p->first_agg ? "window_start = " : i == p->last_agg ? "window_end less the gap = " : "");
		describe_call(a, names, b);
		lk_buf_adds(b, " as ");
		lk_type_name(a->type, b);
		if (a->verbs->bound)
			lk_buf_addf(b, ", approximate: %s", a->verbs->bound);
		lk_buf_addc(b, '\n');
	}
}

/* What each slot of an expression over the merged row is called: keys and aggregates by their expressions. [nkeys +
 * naggs], each lk_malloc'ed. */
static char **merged_names(const lk_plan *p, const char *const *names) {
	int n = p->nkeys + p->naggs;
	lk_buf text = LK_BUF_INIT;
	char **called = lk_calloc((size_t)n, sizeof *called);
	for (int i = 0; i < n; i++) {
		bool simple = i >= p->nkeys || p->keys[i].expr->op == LK_X_SLOT;
		lk_buf_clear(&text);
		lk_buf_adds(&text, simple ? "" : "(");
		if (i < p->nkeys)
			lk_expr_describe(p->keys[i].expr, names, &text);
		else
			describe_call(&p->aggs[i - p->nkeys], names, &text);
		lk_buf_adds(&text, simple ? "" : ")");
		called[i] = lk_strndup(text.data, text.len);
	}
	lk_buf_release(&text);
	return called;
}

static void describe_order(const lk_plan *p, const char *const *called, lk_buf *b) {
	for (int i = 0; i < p->norder; i++) {
		lk_buf_adds(b, i ? ", " : "order, after the merge: ");
		lk_expr_describe(p->order[i].expr, called, b);
		lk_buf_adds(b, p->order[i].descending ? " descending" : "");
	}
	lk_buf_adds(b, p->norder ? "\n" : "");
	if (p->limit)
		lk_buf_addf(b, "limit, after the merge: the first %lld row%s%s; of equal ones by key\n", (long long)p->limit, p->limit == 1 ? "" : "s",
		            p->window.kind != LK_W_NONE ? " of each window" : "");
}

static void describe_merged(const lk_plan *p, const char *const *names, lk_buf *b) {
	char **called = merged_names(p, names);
	for (int i = 0; i < p->noutputs; i++) {
		if (p->outputs[i].kind != LK_OUT_EXPR)
			continue;
		lk_buf_addf(b, "after the merge: %s = ", p->outputs[i].name);
		lk_expr_describe(p->outputs[i].expr, (const char *const *)called, b);
		lk_buf_adds(b, " as ");
		lk_type_name(p->outputs[i].type, b);
		lk_buf_addc(b, '\n');
	}
	if (p->having) {
		lk_buf_adds(b, "having, after the merge: ");
		lk_expr_describe(p->having, (const char *const *)called, b);
		lk_buf_addc(b, '\n');
	}
	describe_order(p, (const char *const *)called, b);
	for (int i = 0; i < p->nkeys + p->naggs; i++)
		free(called[i]);
	free(called);
}

/* Why the batch is not SQL: the calls that have no exact form there. */
static void describe_fold_only(const lk_plan *p, lk_buf *b) {
	const char **names = slot_names(p), *comma = "";
	for (int i = 0; i < p->naggs; i++) {
		if (!p->aggs[i].verbs->fold_only)
			continue;
		lk_buf_adds(b, comma);
		describe_call(&p->aggs[i], names, b);
		comma = ", ";
	}
	const lk_expr *x = lk_plan_fold_only(p);
	if (x) {
		lk_buf_adds(b, comma);
		lk_expr_describe(x, names, b);
		comma = ", ";
	}
	if (lk_plan_most_rows(p) > LK_EVENT_ROWS) {
		lk_buf_addf(b, "%san event of more than ", comma);
		lk_buf_add_count(b, LK_EVENT_ROWS);
		lk_buf_adds(b, " rows");
		comma = ", ";
	}
	lk_buf_adds(b, *comma ? "\n" : "");
	free(names);
}

static void describe_rows_back(const lk_frame *f, int64_t n, lk_buf *b) {
	if (n == LK_UNBOUNDED)
		lk_buf_adds(b, "its first row");
	else if (f->range)
		lk_interval_print(n, b);
	else
		lk_buf_addf(b, "%lld row%s before", (long long)n, n == 1 ? "" : "s");
}

static void describe_frame(const lk_over *o, lk_buf *b) {
	if (o->kind == LK_OVER_ROW_NUMBER || o->kind == LK_OVER_LAG)
		return;
	lk_buf_adds(b, o->frame.range ? ", of _at up to " : ", from ");
	describe_rows_back(&o->frame, o->frame.from, b);
	lk_buf_adds(b, o->frame.range && o->frame.from != LK_UNBOUNDED ? " earlier" : "");
	if (o->frame.to > 0)
		lk_buf_addf(b, " to %lld row%s before", (long long)o->frame.to, o->frame.to == 1 ? "" : "s");
	else
		lk_buf_adds(b, " to the row itself");
}

/* "w1: avg(amount), of the rows with the same card, from 19 rows before to the row itself" */
static void describe_overs(const lk_plan *p, const char *const *names, lk_buf *b) {
	static const char *const kinds[] = {[LK_OVER_ROW_NUMBER] = "row_number", [LK_OVER_LAG] = "lag", [LK_OVER_FIRST_VALUE] = "first_value",
	                                    [LK_OVER_LAST_VALUE] = "last_value", [LK_OVER_NTH_VALUE] = "nth_value"};
	for (int i = 0; i < p->overs.ncalls; i++) {
		const lk_over *o = &p->overs.calls[i];
		const lk_partition_by *by = &p->overs.partitions[o->partition];
		lk_buf_addf(b, "%s: ", over_names[i]);
		if (o->kind == LK_OVER_AGG) {
			describe_call(&o->agg, names, b);
		} else {
			lk_buf_addf(b, "%s(", kinds[o->kind]);
			if (o->agg.arg)
				lk_expr_describe(o->agg.arg, names, b);
			if (o->kind == LK_OVER_LAG || o->kind == LK_OVER_NTH_VALUE)
				lk_buf_addf(b, ", %lld", (long long)o->n);
			lk_buf_addc(b, ')');
		}
		lk_buf_adds(b, by->nkeys ? ", of the rows with the same " : ", of all rows");
		for (int k = 0; k < by->nkeys; k++) {
			lk_buf_adds(b, k ? ", " : "");
			lk_expr_describe(by->keys[k], names, b);
		}
		describe_frame(o, b);
		lk_buf_addc(b, '\n');
	}
	if (p->after) {
		lk_buf_adds(b, "where, once these are known: ");
		lk_expr_describe(p->after, names, b);
		lk_buf_addc(b, '\n');
	}
}

static void describe_columns(const lk_plan *p, const char *const *names, lk_buf *b) {
	for (int i = 0; i < p->noutputs; i++) {
		lk_buf_addf(b, "column: %s = ", p->outputs[i].name);
		lk_expr_describe(p->outputs[i].expr, names, b);
		lk_buf_adds(b, " as ");
		lk_type_name(p->outputs[i].type, b);
		lk_buf_addc(b, '\n');
	}
	lk_buf_addf(b, "event time: %s; the watermark %s\n", p->outputs[p->makes->schema.event_time].name,
	            !lk_plan_keeps_time(p) ? "goes by the rows alone" : p->makes->merged ? "is the least of the source's partitions" : "follows the source's");
	if (p->makes->merged)
		lk_buf_addf(b, "divided by: %s; one unit reads all partitions in the order of _at\n", p->outputs[p->makes->partition_by].name);
}

static void describe_plan(const lk_plan *p, lk_buf *b) {
	const char **names = slot_names(p);
	lk_buf_addf(b, "read: %s", p->stream->name);
	for (int i = 0; i < p->nneeded; i++)
		lk_buf_addf(b, "%s%s", i ? ", " : " (", names[p->needed[i]]);
	lk_buf_addf(b, "), %d partition%s\n", p->stream->partitions, p->stream->partitions == 1 ? "" : "s");
	if (!p->makes)
		describe_window(p, names, b);
	describe_lateral(p, names, b);
	if (p->where) {
		lk_buf_adds(b, "where: ");
		lk_expr_describe(p->where, names, b);
		lk_buf_addc(b, '\n');
	}
	for (int i = 0; i < p->nkeys; i++) {
		lk_buf_adds(b, "key: ");
		lk_expr_describe(p->keys[i].expr, names, b);
		lk_buf_addc(b, '\n');
	}
	describe_aggregates(p, names, b);
	describe_overs(p, names, b);
	if (p->makes)
		describe_columns(p, names, b);
	else
		describe_merged(p, names, b);
	free(names);
}

void lk_explain_derived(const lk_cat_copy *copy, const lk_screen *screen, lk_sink *out) {
	const lk_plan *p = copy->version->plan;
	lk_buf head = LK_BUF_INIT, plan = LK_BUF_INIT, sql = LK_BUF_INIT;
	lk_buf_addf(&head, "%s, a derived stream of %s", p->view, p->stream->name);
	describe_plan(p, &plan);
	lk_log_oracle_sql(p, "off < ($1::bigint[])[part + 1]", &sql);
	const char *const titles[2] = {"the stream path makes of each event:", "`lk compare` holds the log against:"};
	lk_block_print(head.data, p->text, out);
	lk_beside_print(titles, (const char *const[2]){plan.data, sql.data}, screen, out);
	lk_buf_release(&head);
	lk_buf_release(&plan);
	lk_buf_release(&sql);
}

void lk_explain_plan(const lk_cat_view *v, const lk_cat_copy *copy, const lk_screen *screen, lk_sink *out) {
	const lk_plan *p = copy->version->plan;
	lk_buf head = LK_BUF_INIT, plan = LK_BUF_INIT, sql = LK_BUF_INIT;
	bool fold = copy->version->fold_only;
	lk_buf_addf(&head, "%s@%d, %s", v->name, copy->version->number, copy->kappa ? "kappa" : "lambda");
	lk_buf_adds(&head, v->served_copy == copy->id ? ", served to readers" : "");
	lk_copy_describe(copy, &head);
	if (copy->state == LK_COPY_SANDBOX) {
		lk_buf_adds(&head, ", ");
		lk_range_describe(&copy->range, &head);
	}
	describe_plan(p, &plan);
	if (p->fold_only)
		describe_fold_only(p, &sql);
	else
		lk_log_batch_sql(p, "off < ($1::bigint[])[part + 1]", &sql);
	const char *batch = p->fold_only ? "the batch folds the log in C by the same plan, since these have no exact form in SQL:"
	                  : copy->kappa ? "kappa has no batch; in lambda mode the batch would run:"
	                  : fold ? "the batch folds the log in C by the same plan; in SQL it would be:" : "the batch runs:";
	const char *const titles[2] = {"the stream path folds each event:", batch};
	lk_block_print(head.data, p->text, out);
	lk_beside_print(titles, (const char *const[2]){plan.data, sql.data}, screen, out);
	lk_buf_release(&head);
	lk_buf_release(&plan);
	lk_buf_release(&sql);
}
