#include "print/answer.h"

#include "print/answer_json.h"
#include "print/table.h"

const char *const lk_answer_formats[] = {"table", "json", "jsonl", "csv", NULL};

enum { TABLE_ROWS = 10000 };   /* per table; longer answers are split into tables, each with its own column widths */

static const char *mark(const lk_answer *a, const lk_cell *row) {
	return !lk_answer_is_final(a, row) ? "open" : lk_answer_is_provisional(a, row) ? "provisional" : "yes";
}

/* The number of columns that identify a row: the window, then group keys, and what depends only on them, up to the first
 * column that an aggregate determines. */
static int leading_keys(const lk_answer *a) {
	int n = 0;
	while (n < a->plan->noutputs && !lk_output_varies(a->plan, &a->plan->outputs[n]))
		n++;
	return n + lk_columns(a->plan) - a->plan->noutputs;
}

static void print_table(const lk_answer *a, const lk_answer_style *style, lk_sink *out) {
	const lk_chart *chart = style->chart;
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
		if (chart)
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
			if (chart) {
				lk_chart_bar(chart, a, a->rows[r], &b);
				lk_table_cell(t, b.data);
			}
		}
		lk_table_end(t, style->screen, out);
	}
	lk_buf_release(&b);
}

void lk_answer_print(const lk_answer *a, const lk_query *q, const lk_answer_style *style, lk_sink *out) {
	const lk_rows rows = lk_answer_rows(a);
	switch (style->format) {
	case LK_AS_TABLE: print_table(a, style, out); break;
	case LK_AS_JSON: lk_answer_print_json(a, q, out); break;
	case LK_AS_JSONL: lk_rows_jsonl(&rows, out); break;
	case LK_AS_CSV: lk_rows_csv(&rows, out); break;
	}
}
