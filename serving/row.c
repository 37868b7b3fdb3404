/* What a row of an answer tells: its window, whether that is final, and its values, which are finalised when they are
 * read. */
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "core/key.h"
#include "plan/watermark.h"
#include "serving/answer.h"
#include "serving/fill.h"
#include "serving/merged.h"
#include "serving/windows.h"

/* The arena of each expression lives as long as the answer, and what was in it until the next value of the column. */
static lk_value expression_value(const lk_answer *a, const lk_merged_row *row, int i, const char **reason) {
	lk_eval eval = {.arena = &a->made_by[i].arena};
	lk_arena_clear(eval.arena);
	lk_value v = lk_merged_eval(a->plan, a->plan->outputs[i].expr, row, &eval);
	*reason = eval.reason;
	if (!lk_is_null(&v) && (a->plan->outputs[i].type.kind == LK_FLOAT4 || a->plan->outputs[i].type.kind == LK_FLOAT8))
		v.d += 0.0;   /* -0 becomes +0 (R9) */
	return v;
}

static lk_value output_value(const lk_answer *a, const lk_merged_row *row, int i) {
	const lk_output *o = &a->plan->outputs[i];
	const char *reason;
	if (row->filled && lk_output_varies(a->plan, o) && lk_fill_is_blank(a, row->cell))
		return lk_null();
	if (o->kind == LK_OUT_EXPR)
		return expression_value(a, row, i, &reason);
	return o->kind == LK_OUT_KEY ? lk_merged_key(a->plan, row, o->index) : lk_merged_agg(a->plan, row, o->index);
}

static lk_merged_row whole_row(const lk_answer *a, const lk_cell *row) {
	lk_merged_row whole = LK_MERGED_ROW(&a->cells, row);
	whole.cell = row;
	whole.filled = a->fill ? a : NULL;
	return whole;
}

void lk_answer_value(const lk_answer *a, const lk_cell *row, int i, lk_value *out) {
	const lk_merged_row whole = whole_row(a, row);
	*out = output_value(a, &whole, i);
}

void lk_answer_mark(lk_answer *a) {
	for (int i = 0; i < a->plan->noutputs; i++)
		for (size_t r = 0; a->plan->outputs[i].kind == LK_OUT_EXPR && r < a->nrows && lk_budget_allows(a->budget, 0); r++) {
			const lk_merged_row row = whole_row(a, a->rows[r]);
			const char *reason;
			if ((a->fill && lk_fill_is_added(a, a->rows[r])) || expression_value(a, &row, i, &reason).state != LK_MARKED)
				continue;
			a->made_by[i].marks.rows++;
			a->made_by[i].marks.reason = reason;
		}
}

static int windows(const lk_plan *p) { return p->window.kind != LK_W_NONE ? 2 : 0; }

int lk_columns(const lk_plan *p) { return p->noutputs + windows(p); }

const char *lk_column_name(const lk_plan *p, int i, lk_type *type) {
	int n = windows(p);
	*type = i < n ? (lk_type){.kind = LK_TIME} : p->outputs[i - n].type;
	return i >= n ? p->outputs[i - n].name : i == 0 ? "window_start" : "window_end";
}

int lk_column_find(const lk_plan *p, const char *name) {
	lk_type type;
	for (int i = 0; i < lk_columns(p); i++)
		if (!strcmp(lk_column_name(p, i, &type), name))
			return i;
	return -1;
}

int lk_column_unknown(const lk_plan *p, const char *option, const char *name, bool numbers, lk_error *err) {
	int n = lk_columns(p), known = 0;
	const char **names = lk_calloc((size_t)n, sizeof *names);
	lk_buf all = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		lk_type type;
		const char *column = lk_column_name(p, i, &type);
		if (numbers && !lk_type_is_number(type))
			continue;
		names[known++] = column;
		lk_buf_addf(&all, "%s%s", all.len ? ", " : "", column);
	}
	lk_fail(err, LK_EUSAGE, "%s %s: view %s has no %scolumn of that name", option, name, p->view,
	        numbers ? "numeric " : "");
	const char *near = lk_did_you_mean(name, names, known);
	if (near)
		lk_hint(err, "did you mean \"%s\"?", near);
	else
		lk_hint(err, known ? "one of %s" : "none of its columns is numeric", all.data ? all.data : "");
	free(names);
	lk_buf_release(&all);
	return LK_EUSAGE;
}

void lk_answer_cell(const lk_answer *a, const lk_cell *row, int i, lk_value *out) {
	int n = windows(a->plan);
	if (i < n)
		*out = lk_int(i ? lk_answer_span(a, row).end : lk_answer_span(a, row).start);
	else
		lk_answer_value(a, row, i - n, out);
}

lk_span lk_answer_span(const lk_answer *a, const lk_cell *row) {
	const lk_plan *p = a->plan;
	if (a->window.kind != LK_W_SESSION)
		return lk_span_of_tag(&a->window, lk_pane_get(lk_cell_field(&a->cells, row)));
	return lk_session_of(p, lk_cell_state(&a->cells, row));
}

bool lk_answer_marks_final(const lk_answer *a) { return a->plan->window.kind != LK_W_NONE && a->plan->allowed_lateness_us >= 0; }
bool lk_answer_is_final(const lk_answer *a, const lk_cell *row) { return lk_is_final(lk_answer_span(a, row).end, a->final_to); }

bool lk_answer_marks_provisional(const lk_answer *a) {
	return lk_answer_marks_final(a) && a->plan->stream->idle_timeout_us > 0;
}

bool lk_answer_is_provisional(const lk_answer *a, const lk_cell *row) {
	return a->provisional && lk_answer_is_final(a, row) && !lk_is_final(lk_answer_span(a, row).end, lk_final_to(a->plan, a->watermark));
}

void lk_answer_part_value(const lk_answer *a, const lk_cells *part, const lk_cell *row, int i, lk_value *out) {
	const uint8_t *field = lk_cell_field(&a->cells, row);
	const lk_cell *cell = lk_cells_find(part, field, row->field_len);
	void *none = lk_malloc(a->plan->state_size);
	lk_state_init(a->plan, none);
	const lk_merged_row of_part = {.field = field, .len = row->field_len, .state = cell ? lk_cell_state(part, cell) : none};
	*out = output_value(a, &of_part, i);
	free(none);
}
