/* An answer with the part from each layer, as JSON. */
#include "print/answer_json.h"
#include "print/boundary.h"
#include "print/explain.h"
#include "print/json.h"

/* The aggregates of a row as if one part were alone. */
static void add_part(const lk_answer *a, const lk_cell *row, const lk_cells *part, const char *name, lk_buf *b) {
	bool any = false;
	lk_buf_addf(b, ",\"%s\":{", name);
	for (int i = 0; i < a->plan->noutputs; i++) {
		const lk_output *o = &a->plan->outputs[i];
		lk_value v;
		if (!lk_output_varies(a->plan, o))
			continue;
		lk_buf_adds(b, any ? "," : "");
		lk_json_text(o->name, b);
		lk_buf_addc(b, ':');
		lk_answer_part_value(a, part, row, i, &v);
		lk_value_json(o->type, &v, b);
		any = true;
	}
	lk_buf_addc(b, '}');
}

static void add_row(const lk_answer *a, const lk_rows *rows, size_t r, lk_buf *b) {
	lk_rows_object(rows, r, b);
	b->len--;   /* the object goes on */
	if (!a->kappa || lk_answer_sealed(a))
		add_part(a, a->rows[r], &a->batch_part, a->kappa ? "_sealed" : "_batch", b);
	add_part(a, a->rows[r], &a->speed_part, "_speed", b);
	lk_buf_addc(b, '}');
}

static void add_partition(const lk_answer *a, int p, lk_buf *b) {
	lk_buf_addf(b, "{\"partition\":%d", p);
	lk_json_int("cut", a->cut.part[p].off, b);
	lk_json_int("cursor", a->cursor.part[p].off, b);
	lk_json_int("end", a->goal.part[p].off, b);
	lk_json_int("segments", a->part[p].segments, b);
	lk_json_int("cells", a->part[p].cells, b);
	lk_buf_addc(b, '}');
}

void lk_explain_answer_json(const lk_answer *a, const lk_query *q, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	const lk_rows rows = lk_answer_rows(a);
	lk_buf_adds(&b, "{\"view\":");
	lk_json_text(q->view, &b);
	lk_buf_addf(&b, ",\"version\":%d,\"mode\":\"%s\"", a->version, a->kappa ? "kappa" : "lambda");
	lk_json_int("copy", a->copy_id, &b);
	lk_json_offsets("cut", &a->cut, &b);
	lk_json_offsets("covers", &a->end, &b);
	lk_json_offsets("tail", &a->tail, &b);
	lk_json_int("lag", lk_answer_lag(a), &b);
	lk_json_time("watermark", a->watermark, &b);
	lk_json_time("final_to", a->final_to, &b);
	lk_buf_adds(&b, ",\"partitions\":[");
	for (int p = 0; p < a->partitions; p++) {
		lk_buf_adds(&b, p ? "," : "");
		add_partition(a, p, &b);
	}
	lk_buf_adds(&b, "],\"rows\":[");
	for (size_t r = 0; r < a->nrows && lk_sink_put_buf(out, &b); r++) {
		lk_buf_adds(&b, r ? ",\n" : "\n");
		add_row(a, &rows, r, &b);
	}
	lk_buf_adds(&b, a->nrows ? "\n]}\n" : "]}\n");
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}
