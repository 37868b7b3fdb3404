#include "cli/answer_print.h"

#include <string.h>

#include "cli/json.h"
#include "cli/output.h"
#include "cli/table.h"
#include "core/time.h"
#include "serving/fill.h"

enum { TABLE_ROWS = 10000 };   /* per table; longer answers are split into tables, each with its own column widths */

int64_t lk_answer_lag(const lk_answer *a) {
	int64_t lag = 0;
	for (int p = 0; p < a->partitions; p++)
		if (a->goal[p] > a->end[p])
			lag += a->goal[p] - a->end[p];
	return lag;
}

/* --- rows --- */

static const char *mark(const lk_answer *a, const lk_cell *row) {
	return !lk_answer_is_final(a, row) ? "open" : lk_answer_is_provisional(a, row) ? "provisional" : "yes";
}

/* Is there a _provisional column beside _final? */
static bool marks_provisional(const lk_answer *a) { return lk_answer_marks_final(a) && a->plan->stream->idle_timeout_us > 0; }

/* The number of columns that identify a row: the window, then group keys, and what depends only on them, up to the first
 * column that an aggregate determines. */
static int leading_keys(const lk_answer *a) {
	int n = 0;
	while (n < a->plan->noutputs && !lk_output_varies(a->plan, &a->plan->outputs[n]))
		n++;
	return n + lk_columns(a->plan) - a->plan->noutputs;
}

static void print_table(const lk_answer *a, const lk_chart *chart) {
	lk_buf b = LK_BUF_INIT;
	int n = lk_columns(a->plan);
	for (size_t first = 0; first < a->nrows; first += TABLE_ROWS) {
		lk_table *t = lk_table_new();
		lk_type type;
		lk_table_keys(t, leading_keys(a));
		for (int i = 0; i < n; i++) {
			const char *name = lk_column_name(a->plan, i, &type);
			lk_table_column(t, name, lk_type_is_number(type));
			if (i == 1 && n > a->plan->noutputs && a->window.kind != LK_W_CUMULATE)
				lk_table_spare(t);   /* window_end, which follows from window_start */
		}
		if (lk_answer_marks_final(a))
			lk_table_column(t, "final", false);
		if (chart->column >= 0)
			lk_table_column(t, "", false);
		for (size_t r = first; r < a->nrows && r < first + TABLE_ROWS; r++) {
			for (int i = 0; i < n; i++) {
				lk_value v;
				lk_column_name(a->plan, i, &type);
				lk_answer_cell(a, a->rows[r], i, &v);
				lk_buf_clear(&b);
				lk_buf_adds(&b, lk_is_null(&v) ? "NULL" : "");
				lk_value_print(type, &v, &b);
				lk_table_cell(t, b.data);
			}
			if (lk_answer_marks_final(a))
				lk_table_cell(t, mark(a, a->rows[r]));
			if (chart->column >= 0) {
				lk_chart_bar(chart, a, a->rows[r], &b);
				lk_table_cell(t, b.data);
			}
		}
		lk_table_end(t);
	}
	lk_buf_release(&b);
}

static void add_object(const lk_answer *a, const lk_cell *row, lk_buf *b) {
	int n = lk_columns(a->plan);
	for (int i = 0; i < n; i++) {
		lk_type type;
		lk_value v;
		const char *name = lk_column_name(a->plan, i, &type);
		lk_answer_cell(a, row, i, &v);
		lk_buf_addc(b, i ? ',' : '{');
		lk_json_text(name, b);
		lk_buf_addc(b, ':');
		lk_value_json(type, &v, b);
	}
	if (lk_answer_marks_final(a))
		lk_json_flag("_final", lk_answer_is_final(a, row), b);
	if (marks_provisional(a))
		lk_json_flag("_provisional", lk_answer_is_provisional(a, row), b);
	lk_buf_addc(b, '}');
}

static void print_jsonl(const lk_answer *a) {
	lk_buf b = LK_BUF_INIT;
	for (size_t r = 0; r < a->nrows; r++) {
		add_object(a, a->rows[r], &b);
		lk_buf_addc(&b, '\n');
		if (!lk_put_buf(&b))
			break;
	}
	lk_buf_release(&b);
}

static void print_csv(const lk_answer *a) {
	lk_buf b = LK_BUF_INIT, text = LK_BUF_INIT;
	int n = lk_columns(a->plan);
	lk_type type;
	for (int i = 0; i < n; i++) {
		const char *name = lk_column_name(a->plan, i, &type);
		lk_buf_adds(&b, i ? "," : "");
		lk_csv_field(name, strlen(name), &b);
	}
	lk_buf_adds(&b, lk_answer_marks_final(a) ? ",_final" : "");
	lk_buf_adds(&b, marks_provisional(a) ? ",_provisional\r\n" : "\r\n");
	for (size_t r = 0; r < a->nrows && lk_put_buf(&b); r++) {
		for (int i = 0; i < n; i++) {
			lk_value v;
			lk_column_name(a->plan, i, &type);
			lk_answer_cell(a, a->rows[r], i, &v);
			lk_buf_clear(&text);
			lk_value_print(type, &v, &text);
			lk_buf_adds(&b, i ? "," : "");
			if (!lk_is_null(&v))
				lk_csv_field(text.data ? text.data : "", text.len, &b);
		}
		if (lk_answer_marks_final(a))
			lk_buf_adds(&b, lk_answer_is_final(a, a->rows[r]) ? ",true" : ",false");
		if (marks_provisional(a))
			lk_buf_adds(&b, lk_answer_is_provisional(a, a->rows[r]) ? ",true" : ",false");
		lk_buf_adds(&b, "\r\n");
	}
	lk_put_buf(&b);
	lk_buf_release(&b);
	lk_buf_release(&text);
}

/* --- the boundary --- */

void lk_copy_describe(const lk_cat_copy *copy, lk_buf *out) {
	if (copy->version->view->served_copy == copy->id)
		return;
	lk_buf_addf(out, ", copy %lld (", (long long)copy->id);
	switch (copy->state) {
	case LK_COPY_SANDBOX: lk_buf_addf(out, "sandbox %s", copy->name); break;
	case LK_COPY_BUILDING: lk_buf_adds(out, "being replayed"); break;
	case LK_COPY_TRIAL: lk_buf_adds(out, "made for a comparison"); break;
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

static void add_json_sandbox(const lk_answer *a, lk_buf *b) {
	lk_json_member("sandbox", a->copy_name, b);
	lk_buf_addf(b, ",\"range\":{\"by\":\"%s\"", a->range.by == LK_BY_AT ? "_at" : "event");
	lk_json_time("from", a->range.from == INT64_MIN ? LK_NEVER : a->range.from, b);
	lk_json_time("to", a->range.to == INT64_MAX ? LK_NEVER : a->range.to, b);
	lk_buf_addc(b, '}');
	lk_json_ints("goal", a->goal, a->partitions, b);
}

static const char *layer_name(enum lk_layer layer) {
	return layer == LK_LAYER_MERGED ? "merged" : layer == LK_LAYER_BATCH ? "batch" : "speed";
}

/* An expression over an approximation has no bound of its own. */
static const char *from_of(const lk_output *o) { return o->kind == LK_OUT_EXPR ? "computed from an approximation: " : ""; }

/* Which columns are approximate and their error bounds; where PostgreSQL would raise an error; whether HAVING and
 * LIMIT were applied, if the view has them. */
static void add_json_limits(const lk_answer *a, enum lk_layer layer, lk_buf *b) {
	const lk_plan *p = a->plan;
	bool any = false;
	for (int i = 0; i < p->noutputs; i++) {
		const char *bound = lk_output_bound(p, &p->outputs[i]);
		if (!bound)
			continue;
		lk_buf_adds(b, any ? "," : ",\"approximate\":{");
		lk_json_text(p->outputs[i].name, b);
		lk_buf_addf(b, ":\"%s%s\"", from_of(&p->outputs[i]), bound);
		any = true;
	}
	lk_buf_adds(b, any ? "}" : "");
	if (p->having)
		lk_json_flag("having_applied", layer == LK_LAYER_MERGED, b);
	if (p->limit)
		lk_json_flag("limit_applied", layer == LK_LAYER_MERGED, b);
}

static void add_json_mark(const char *name, const lk_marks *m, bool *any, lk_buf *b) {
	if (!m->rows)
		return;
	lk_buf_adds(b, *any ? "," : ",\"marked\":{");
	lk_json_text(name, b);
	lk_buf_addf(b, ":{\"rows\":%lld,\"reason\":", (long long)m->rows);
	lk_json_text(m->reason, b);
	lk_buf_addc(b, '}');
	*any = true;
}

static void add_json_marks(const lk_answer *a, lk_buf *b) {
	bool any = false;
	for (int i = 0; i < a->plan->noutputs; i++)
		add_json_mark(a->plan->outputs[i].name, &a->made_by[i].marks, &any, b);
	add_json_mark("HAVING", &a->having_marks, &any, b);
	lk_buf_adds(b, any ? "}" : "");
}

static void add_mark(const lk_marks *m, const char *before, const char *name, lk_buf *b) {
	if (!m->rows)
		return;
	lk_buf_addf(b, "%s%s in ", before, name);
	lk_count_print(m->rows, b);
	lk_buf_addf(b, " row%s: %s\n", m->rows == 1 ? "" : "s", m->reason);
}

static void add_limits(const lk_answer *a, enum lk_layer layer, lk_buf *b) {
	const lk_plan *p = a->plan;
	for (int i = 0; i < p->noutputs; i++) {
		const char *bound = lk_output_bound(p, &p->outputs[i]);
		if (bound)
			lk_buf_addf(b, "approximate: %s, %s%s\n", p->outputs[i].name, from_of(&p->outputs[i]), bound);
	}
	if (p->having && layer != LK_LAYER_MERGED)
		lk_buf_adds(b, "HAVING is not applied to a single layer\n");
	if (p->limit && layer != LK_LAYER_MERGED)
		lk_buf_adds(b, "LIMIT is not applied to a single layer\n");
	for (int i = 0; i < p->noutputs; i++)
		add_mark(&a->made_by[i].marks, "NULL:      ", p->outputs[i].name, b);
	add_mark(&a->having_marks, "left out:  ", "HAVING is not true", b);
}

/* For a stream with an idle_timeout: the idle partitions, and whether leaving them out has made any row final. */
static void add_json_idle(const lk_answer *a, lk_buf *b) {
	bool any = false;
	if (!a->plan->stream->idle_timeout_us)
		return;
	lk_buf_addf(b, ",\"provisional\":%s,\"idle\":[", a->provisional ? "true" : "false");
	for (int p = 0; p < a->partitions; p++)
		if (a->part[p].idle) {
			lk_buf_addf(b, "%s%d", any ? "," : "", p);
			any = true;
		}
	lk_buf_addc(b, ']');
}

static const char *fill_name(enum lk_fill fill) { return fill == LK_FILL_NULL ? "null" : fill == LK_FILL_ZERO ? "zero" : "previous"; }

static void add_filled(const lk_answer *a, lk_buf *b) {
	if (!a->fill)
		return;
	lk_buf_adds(b, "filled:    ");
	lk_count_print(lk_fill_rows(a), b);
	lk_buf_addf(b, " of the rows, for windows without events (%s)\n", fill_name(a->fill));
}

/* How --last, --sort and --limit chose the rows. */
static void add_json_chosen(const lk_answer *a, const lk_query *q, lk_buf *b) {
	if (q->last)
		lk_json_int("last", q->last, b);
	if (q->sort) {
		lk_json_member("sort", q->sort, b);
		lk_json_flag("descending", q->descending, b);
	}
	if (q->limit)
		lk_json_int("limit", q->limit, b);
	if (q->limit)
		lk_json_int("rows_found", (int64_t)a->found, b);
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
		lk_count_print((int64_t)a->nrows, b);
		lk_buf_adds(b, " of ");
		lk_count_print((int64_t)a->found, b);
		lk_buf_adds(b, " rows");
	} else if (q->limit) {
		lk_buf_addf(b, "%sall rows", comma);
	}
	lk_buf_addc(b, '\n');
}

static void print_json(const lk_answer *a, const lk_query *q) {
	enum lk_layer layer = q->layer;
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"view\":");
	lk_json_text(q->view, &b);
	lk_buf_addf(&b, ",\"version\":%d,\"mode\":\"%s\",\"layer\":\"%s\"", a->version, a->kappa ? "kappa" : "lambda",
	            layer_name(layer));
	lk_buf_addf(&b, ",\"copy\":%lld,\"state\":\"%s\"", (long long)a->copy_id, lk_copy_state_name(a->state));
	if (a->state == LK_COPY_SANDBOX)
		add_json_sandbox(a, &b);
	lk_json_ints("cut", a->cut, a->partitions, &b);
	lk_json_ints("cursors", a->cursor, a->partitions, &b);
	lk_json_ints("covers", a->end, a->partitions, &b);
	lk_json_ints("tail", a->tail, a->partitions, &b);
	lk_json_int("lag", lk_answer_lag(a), &b);
	lk_json_time("watermark", a->watermark, &b);
	lk_json_time("final_to", a->final_to, &b);
	add_json_idle(a, &b);
	lk_json_int("late", a->late, &b);
	lk_json_int("healed", a->healed, &b);
	add_json_limits(a, layer, &b);
	add_json_marks(a, &b);
	if (a->fill)
		lk_buf_addf(&b, ",\"fill\":\"%s\",\"filled_rows\":%lld", fill_name(a->fill), (long long)lk_fill_rows(a));
	add_json_chosen(a, q, &b);
	lk_buf_adds(&b, ",\"rows\":[");
	for (size_t r = 0; r < a->nrows; r++) {
		lk_buf_adds(&b, r ? ",\n" : "\n");
		add_object(a, a->rows[r], &b);
		if (!lk_put_buf(&b))
			break;
	}
	lk_buf_adds(&b, a->nrows ? "\n]}\n" : "]}\n");
	lk_put_buf(&b);
	lk_buf_release(&b);
}

void lk_answer_print(const lk_answer *a, const lk_query *q, enum lk_answer_format format, const lk_chart *chart) {
	switch (format) {
	case LK_AS_TABLE: print_table(a, chart); break;
	case LK_AS_JSON: print_json(a, q); break;
	case LK_AS_JSONL: print_jsonl(a); break;
	case LK_AS_CSV: print_csv(a); break;
	}
}

static int64_t sum(const int64_t *v, int n) {
	int64_t total = 0;
	for (int p = 0; p < n; p++)
		total += v[p];
	return total;
}

bool lk_answer_sealed(const lk_answer *a) { return a->kappa && a->state != LK_COPY_SANDBOX && sum(a->cut, a->partitions) > 0; }

static void add_offsets(const int64_t *v, int n, lk_buf *b) {
	lk_buf_addc(b, '[');
	for (int p = 0; p < n; p++)
		lk_buf_addf(b, "%s%lld", p ? " " : "", (long long)v[p]);
	lk_buf_addc(b, ']');
}

static void add_time(const char *name, int64_t us, lk_buf *b) {
	lk_buf_adds(b, name);
	if (us == LK_NEVER)
		lk_buf_adds(b, "none yet");
	else
		lk_time_print(us, b);
}

/* A kappa copy has no batch and so no boundary, unless a part of it is sealed. */
static void add_kappa(const lk_answer *a, lk_buf *b) {
	int64_t n = sum(a->end, a->partitions) - sum(a->cut, a->partitions);
	if (a->state == LK_COPY_SANDBOX) {
		lk_buf_addf(b, "sandbox:   %s, ", a->copy_name);
		lk_range_describe(&a->range, b);
		lk_buf_adds(b, "\nkappa:     ");
		lk_count_print(n, b);
		lk_buf_addf(b, " event%s read, all by the speed layer, from ", n == 1 ? "" : "s");
		add_offsets(a->cut, a->partitions, b);
		lk_buf_adds(b, " up to ");
	} else {
		lk_buf_adds(b, "kappa:     ");
		lk_count_print(n, b);
		lk_buf_addf(b, " event%s, all from the speed layer, up to ", n == 1 ? "" : "s");
	}
	add_offsets(a->end, a->partitions, b);
}

static void add_how(const lk_answer *a, enum lk_layer layer, lk_buf *b) {
	lk_buf_adds(b, a->kappa ? "kappa:     " : "boundary:  ");
	if (layer != LK_LAYER_SPEED) {
		lk_buf_adds(b, a->kappa ? "sealed below " : "batch below the cut ");
		add_offsets(a->cut, a->partitions, b);
	}
	if (layer == LK_LAYER_MERGED)
		lk_buf_adds(b, " + ");
	if (layer != LK_LAYER_BATCH) {
		lk_buf_adds(b, layer == LK_LAYER_MERGED ? "speed up to " : a->kappa ? "speed from " : "speed from the cut ");
		add_offsets(layer == LK_LAYER_SPEED ? a->cut : a->end, a->partitions, b);
		if (layer == LK_LAYER_SPEED) {
			lk_buf_adds(b, " up to ");
			add_offsets(a->end, a->partitions, b);
		}
	}
}

static void add_covered(const lk_answer *a, lk_buf *b) {
	bool sandbox = a->state == LK_COPY_SANDBOX;
	int64_t lag = lk_answer_lag(a), below = sandbox ? sum(a->cut, a->partitions) : 0;
	lk_buf_adds(b, "covers:    ");
	lk_count_print(sum(a->end, a->partitions) - below, b);
	lk_buf_adds(b, " of ");
	lk_count_print(sum(a->goal, a->partitions) - below, b);
	lk_buf_adds(b, sandbox ? " events up to the sandbox's end" : " events of the log");
	if (lag) {
		lk_buf_adds(b, ", ");
		lk_count_print(lag, b);
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
	lk_count_print((int64_t)a->nrows, out);
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
	lk_count_print(a->late, out);
	if (!a->kappa) {
		lk_buf_adds(out, ", counted by the batch since: ");
		lk_count_print(a->healed, out);
	}
	lk_buf_addc(out, '\n');
}
