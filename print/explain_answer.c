/* An answer, and for each row the part from each layer and their sum. */
#include "print/boundary.h"
#include "print/explain.h"
#include "print/table.h"

static bool is_aggregate(const lk_answer *a, int i) {
	int windows = lk_columns(a->plan) - a->plan->noutputs;
	return i >= windows && lk_output_varies(a->plan, &a->plan->outputs[i - windows]);
}

/* part: NULL for the sum. Keys are shown once, on the first line of a row. */
static void print_line(const lk_answer *a, const lk_cell *row, const lk_cells *part, const char *name, bool first,
                       lk_table *t) {
	lk_buf b = LK_BUF_INIT;
	int n = lk_columns(a->plan), windows = n - a->plan->noutputs;
	for (int i = 0; i < n; i++) {
		lk_type type;
		lk_value v;
		lk_column_name(a->plan, i, &type);
		lk_answer_cell(a, row, i, &v);
		if (part && is_aggregate(a, i))
			lk_answer_part_value(a, part, row, i - windows, &v);
		lk_buf_clear(&b);
		lk_buf_adds(&b, "");
		if (first || is_aggregate(a, i)) {
			lk_buf_adds(&b, lk_is_null(&v) ? "NULL" : "");
			lk_value_print(type, &v, &b);
		}
		lk_table_cell(t, b.data);
	}
	lk_table_cell(t, name);
	lk_buf_release(&b);
}

/* A kappa answer without a sealed part comes from one layer: there is no sum to show. */
static void print_sum(const lk_answer *a, const lk_screen *screen, lk_sink *out) {
	enum { ROWS_OF_A_TABLE = 3000 };
	for (size_t first = 0; first < a->nrows; first += ROWS_OF_A_TABLE) {
		lk_table *t = lk_table_new();
		for (int i = 0; i < lk_columns(a->plan); i++) {
			lk_type type;
			const char *name = lk_column_name(a->plan, i, &type);
			lk_table_column(t, name, is_aggregate(a, i));
		}
		lk_table_column(t, "PART", false);
		for (size_t r = first; r < a->nrows && r < first + ROWS_OF_A_TABLE; r++) {
			if (a->kappa && !lk_answer_sealed(a)) {
				print_line(a, a->rows[r], NULL, "speed", true, t);
				continue;
			}
			print_line(a, a->rows[r], &a->batch_part, a->kappa ? "sealed" : "batch", true, t);
			print_line(a, a->rows[r], &a->speed_part, "+ speed", false, t);
			print_line(a, a->rows[r], NULL, "= answer", false, t);
		}
		lk_table_end(t, screen, out);
	}
}

static void print_parts(const lk_answer *a, const lk_screen *screen, lk_sink *out) {
	const char *const names[] = {"PARTITION", lk_answer_sealed(a) ? "SEALED" : a->kappa ? "BEGIN" : "CUT", "CURSOR",
	                             a->state == LK_COPY_SANDBOX ? "END" : "TAIL", "SEGMENTS", "CELLS"};
	lk_table *t = lk_table_new();
	for (int i = 0; i < 6; i++)
		lk_table_column(t, names[i], true);
	for (int p = 0; p < a->partitions; p++) {
		const int64_t row[] = {p, a->cut.part[p].off, a->cursor.part[p].off, a->goal.part[p].off, a->part[p].segments, a->part[p].cells};
		for (int i = 0; i < 6; i++)
			lk_table_count(t, row[i]);
	}
	lk_table_end(t, screen, out);
}

void lk_explain_answer(const lk_answer *a, const lk_query *q, const lk_screen *screen, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	print_sum(a, screen, out);
	lk_answer_boundary(a, q, &b);
	lk_buf_addc(&b, '\n');
	lk_lines_print(b.data, screen, out);
	lk_buf_release(&b);
	print_parts(a, screen, out);
}
