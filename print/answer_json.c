/* Answers as JSON. */
#include "print/answer_json.h"

#include "core/time.h"
#include "print/boundary.h"
#include "print/json.h"
#include "serving/fill.h"

/* The columns of the answer, and what marks its rows. */
static const char *column(const void *of, int i, lk_type *type) {
	const lk_answer *a = of;
	int marks = i - lk_columns(a->plan);
	if (marks < 0)
		return lk_column_name(a->plan, i, type);
	*type = (lk_type){.kind = LK_BOOL};
	return marks ? "_provisional" : "_final";
}

static lk_value value(const void *of, size_t row, int i) {
	const lk_answer *a = of;
	int marks = i - lk_columns(a->plan);
	lk_value v;
	if (marks >= 0)
		return lk_int(marks ? lk_answer_is_provisional(a, a->rows[row]) : lk_answer_is_final(a, a->rows[row]));
	lk_answer_cell(a, a->rows[row], i, &v);
	return v;
}

lk_rows lk_answer_rows(const lk_answer *a) {
	int marks = lk_answer_marks_final(a) + lk_answer_marks_provisional(a);
	return (lk_rows){.of = a, .n = a->nrows, .ncolumns = lk_columns(a->plan) + marks, .column = column, .value = value};
}

static void add_json_sandbox(const lk_answer *a, lk_buf *b) {
	lk_json_member("sandbox", a->copy_name, b);
	lk_buf_addf(b, ",\"range\":{\"by\":\"%s\"", a->range.by == LK_BY_AT ? "_at" : "event");
	lk_json_time("from", a->range.from == INT64_MIN ? LK_NEVER : a->range.from, b);
	lk_json_time("to", a->range.to == INT64_MAX ? LK_NEVER : a->range.to, b);
	lk_buf_addc(b, '}');
	lk_json_offsets("goal", &a->goal, b);
}

static const char *layer_name(enum lk_layer layer) {
	return layer == LK_LAYER_MERGED ? "merged" : layer == LK_LAYER_BATCH ? "batch" : "speed";
}

/* Which columns are approximate and their error bounds; where PostgreSQL would raise an error; whether HAVING and
 * LIMIT were applied, if the view has them. */
static void add_json_limits(const lk_answer *a, enum lk_layer layer, lk_buf *b) {
	const lk_plan *p = a->plan;
	bool any = false;
	for (int i = 0; i < p->noutputs; i++) {
		lk_buf bound = LK_BUF_INIT;
		if (lk_bound_describe(p, &p->outputs[i], &bound)) {
			lk_buf_adds(b, any ? "," : ",\"approximate\":{");
			lk_json_text(p->outputs[i].name, b);
			lk_buf_addf(b, ":\"%s\"", bound.data);
			any = true;
		}
		lk_buf_release(&bound);
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

void lk_answer_print_json(const lk_answer *a, const lk_query *q, lk_sink *out) {
	enum lk_layer layer = q->layer;
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "{\"view\":");
	lk_json_text(q->view, &b);
	lk_buf_addf(&b, ",\"version\":%d,\"mode\":\"%s\",\"layer\":\"%s\"", a->version, a->kappa ? "kappa" : "lambda",
	            layer_name(layer));
	lk_buf_addf(&b, ",\"copy\":%lld,\"state\":\"%s\"", (long long)a->copy_id, lk_copy_state_name(a->state));
	if (a->state == LK_COPY_SANDBOX)
		add_json_sandbox(a, &b);
	lk_json_offsets("cut", &a->cut, &b);
	lk_json_offsets("cursors", &a->cursor, &b);
	lk_json_offsets("covers", &a->end, &b);
	lk_json_offsets("tail", &a->tail, &b);
	lk_json_int("lag", lk_answer_lag(a), &b);
	lk_json_time("watermark", a->watermark, &b);
	lk_json_time("final_to", a->final_to, &b);
	add_json_idle(a, &b);
	lk_json_int("late", a->late, &b);
	lk_json_int("healed", a->healed, &b);
	add_json_limits(a, layer, &b);
	add_json_marks(a, &b);
	if (a->fill)
		lk_buf_addf(&b, ",\"fill\":\"%s\",\"filled_rows\":%lld", lk_fill_name(a->fill), (long long)lk_fill_rows(a));
	add_json_chosen(a, q, &b);
	const lk_rows rows = lk_answer_rows(a);
	lk_buf_adds(&b, ",\"rows\":");
	lk_rows_json(&rows, &b, out);
	lk_buf_adds(&b, "}\n");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}
