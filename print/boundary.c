/* What the rows of an answer cover, in words. */
#include "print/boundary.h"

#include "core/time.h"
#include "serving/fill.h"

int64_t lk_answer_lag(const lk_answer *a) {
	int64_t lag = 0;
	for (int p = 0; p < a->partitions; p++)
		if (a->goal.part[p].off > a->end.part[p].off)
			lag += a->goal.part[p].off - a->end.part[p].off;
	return lag;
}

bool lk_bound_describe(const lk_plan *p, const lk_output *o, lk_buf *out) {
	const char *bound = lk_output_bound(p, o);
	if (bound)
		lk_buf_addf(out, "%s%s", o->kind == LK_OUT_EXPR ? "computed from an approximation: " : "", bound);
	return bound;
}

void lk_copy_describe(const lk_cat_copy *copy, lk_buf *out) {
	if (copy->version->view->served_copy == copy->id)
		return;
	lk_buf_addf(out, ", copy %lld (", (long long)copy->id);
	switch (copy->state) {
	case LK_COPY_SANDBOX: lk_buf_addf(out, "sandbox %s", copy->name); break;
	case LK_COPY_BUILDING: lk_buf_adds(out, "being replayed"); break;
	case LK_COPY_SCRATCH: lk_buf_adds(out, "made for a comparison"); break;
	case LK_COPY_LIVE: lk_buf_adds(out, copy->was_served ? "served before" : "not served yet"); break;
	}
	lk_buf_addc(out, ')');
}

void lk_range_describe(const lk_range *r, lk_buf *out) {
	bool from = r->from != INT64_MIN, to = r->to != INT64_MAX;
	const char *what = r->by == LK_BY_AT ? "only events appended" : "only events with event time";
	if (!from && !to) {
		lk_buf_adds(out, "all events");
		return;
	}
	lk_buf_addf(out, "%s %s ", what, from && to ? "in" : from ? "from" : "before");
	lk_buf_adds(out, from && to ? "[" : "");
	if (from)
		lk_time_print(r->from, out);
	lk_buf_adds(out, from && to ? ", " : "");
	if (to)
		lk_time_print(r->to, out);
	lk_buf_adds(out, from && to ? ")" : from ? " on" : "");
}

static void add_mark(const lk_marks *m, const char *before, const char *name, lk_buf *b) {
	if (!m->rows)
		return;
	lk_buf_addf(b, "%s%s in ", before, name);
	lk_buf_add_count(b, m->rows);
	lk_buf_addf(b, " row%s: %s\n", m->rows == 1 ? "" : "s", m->reason);
}

static void add_limits(const lk_answer *a, enum lk_layer layer, lk_buf *b) {
	const lk_plan *p = a->plan;
	for (int i = 0; i < p->noutputs; i++) {
		lk_buf bound = LK_BUF_INIT;
		if (lk_bound_describe(p, &p->outputs[i], &bound))
			lk_buf_addf(b, "approximate: %s, %s\n", p->outputs[i].name, bound.data);
		lk_buf_release(&bound);
	}
	if (p->having && layer != LK_LAYER_MERGED)
		lk_buf_adds(b, "HAVING is not applied to a single layer\n");
	if (p->limit && layer != LK_LAYER_MERGED)
		lk_buf_adds(b, "LIMIT is not applied to a single layer\n");
	for (int i = 0; i < p->noutputs; i++)
		add_mark(&a->made_by[i].marks, "NULL:      ", p->outputs[i].name, b);
	add_mark(&a->having_marks, "left out:  ", "HAVING is not true", b);
}

static void add_filled(const lk_answer *a, lk_buf *b) {
	if (!a->fill)
		return;
	lk_buf_adds(b, "filled:    ");
	lk_buf_add_count(b, lk_fill_rows(a));
	lk_buf_addf(b, " of the rows, for windows without events (%s)\n", lk_fill_name(a->fill));
}

static void add_chosen(const lk_answer *a, const lk_query *q, lk_buf *b) {
	const char *comma = "";
	if (!q->last && !q->sort && !q->limit)
		return;
	lk_buf_adds(b, "chosen:    ");
	if (q->last) {
		lk_buf_addf(b, "the last %s%lld window%s", q->last == 1 ? "" : "", (long long)q->last, q->last == 1 ? "" : "s");
		comma = ", ";
	}
	if (q->sort) {
		lk_buf_addf(b, "%sby %s, the %s first", comma, q->sort, q->descending ? "largest" : "smallest");
		comma = ", ";
	}
	if (a->nrows < a->found) {
		lk_buf_adds(b, comma);
		lk_buf_add_count(b, (int64_t)a->nrows);
		lk_buf_adds(b, " of ");
		lk_buf_add_count(b, (int64_t)a->found);
		lk_buf_adds(b, " rows");
	} else if (q->limit) {
		lk_buf_addf(b, "%sall rows", comma);
	}
	lk_buf_addc(b, '\n');
}

bool lk_answer_sealed(const lk_answer *a) { return a->kappa && a->state != LK_COPY_SANDBOX && lk_frontier_events(&a->cut) > 0; }

static void add_time(const char *name, int64_t us, lk_buf *b) {
	lk_buf_adds(b, name);
	if (us == LK_NEVER)
		lk_buf_adds(b, "none yet");
	else
		lk_time_print(us, b);
}

/* A kappa copy has no batch and so no boundary, unless a part of it is sealed. */
static void add_kappa(const lk_answer *a, lk_buf *b) {
	int64_t n = lk_frontier_events(&a->end) - lk_frontier_events(&a->cut);
	if (a->state == LK_COPY_SANDBOX) {
		lk_buf_addf(b, "sandbox:   %s, ", a->copy_name);
		lk_range_describe(&a->range, b);
		lk_buf_adds(b, "\nkappa:     ");
		lk_buf_add_count(b, n);
		lk_buf_addf(b, " event%s read, all by the speed layer, from ", n == 1 ? "" : "s");
		lk_frontier_print(&a->cut, b);
		lk_buf_adds(b, " up to ");
	} else {
		lk_buf_adds(b, "kappa:     ");
		lk_buf_add_count(b, n);
		lk_buf_addf(b, " event%s, all from the speed layer, up to ", n == 1 ? "" : "s");
	}
	lk_frontier_print(&a->end, b);
}

static void add_how(const lk_answer *a, enum lk_layer layer, lk_buf *b) {
	lk_buf_adds(b, a->kappa ? "kappa:     " : "boundary:  ");
	if (layer != LK_LAYER_SPEED) {
		lk_buf_adds(b, a->kappa ? "sealed below " : "batch below the cut ");
		lk_frontier_print(&a->cut, b);
	}
	if (layer == LK_LAYER_MERGED)
		lk_buf_adds(b, " + ");
	if (layer != LK_LAYER_BATCH) {
		lk_buf_adds(b, layer == LK_LAYER_MERGED ? "speed up to " : a->kappa ? "speed from " : "speed from the cut ");
		lk_frontier_print(layer == LK_LAYER_SPEED ? &a->cut : &a->end, b);
		if (layer == LK_LAYER_SPEED) {
			lk_buf_adds(b, " up to ");
			lk_frontier_print(&a->end, b);
		}
	}
}

static void add_covered(const lk_answer *a, lk_buf *b) {
	bool sandbox = a->state == LK_COPY_SANDBOX;
	int64_t lag = lk_answer_lag(a), below = sandbox ? lk_frontier_events(&a->cut) : 0;
	lk_buf_adds(b, "covers:    ");
	lk_buf_add_count(b, lk_frontier_events(&a->end) - below);
	lk_buf_adds(b, " of ");
	lk_buf_add_count(b, lk_frontier_events(&a->goal) - below);
	lk_buf_adds(b, sandbox ? " events up to the sandbox's end" : " events of the log");
	if (lag) {
		lk_buf_adds(b, ", ");
		lk_buf_add_count(b, lag);
		lk_buf_adds(b, " behind");
	}
}

static void add_idle(const lk_answer *a, lk_buf *b) {
	int idle = 0;
	for (int p = 0; p < a->partitions; p++)
		idle += a->part[p].idle;
	if (a->provisional)
		lk_buf_addf(b, " (provisional: %d of %d partition%s idle)", idle, a->partitions, a->partitions == 1 ? "" : "s");
}

void lk_answer_boundary(const lk_answer *a, const lk_query *q, lk_buf *out) {
	enum lk_layer layer = q->layer;
	lk_buf_add_count(out, (int64_t)a->nrows);
	lk_buf_addf(out, " row%s of %s, version %d, %s", a->nrows == 1 ? "" : "s", q->view, a->version,
	            a->kappa ? "kappa" : "lambda");
	lk_copy_describe(lk_catalog_copy(a->catalog, a->copy_id), out);
	lk_buf_addc(out, '\n');
	if (a->kappa && !lk_answer_sealed(a))
		add_kappa(a, out);
	else
		add_how(a, layer, out);
	lk_buf_addc(out, '\n');
	add_covered(a, out);
	lk_buf_addc(out, '\n');
	add_filled(a, out);
	add_chosen(a, q, out);
	add_limits(a, layer, out);
	add_time("watermark: ", a->watermark, out);
	if (a->plan->allowed_lateness_us < 0) {
		lk_buf_adds(out, "; every event counts, however late\n");
		return;
	}
	add_time("; final to: ", a->final_to, out);
	add_idle(a, out);
	lk_buf_adds(out, a->kappa ? "; late, and not counted: " : "; late: ");
	lk_buf_add_count(out, a->late);
	if (!a->kappa) {
		lk_buf_adds(out, ", counted by the batch since: ");
		lk_buf_add_count(out, a->healed);
	}
	lk_buf_addc(out, '\n');
}
