/* The rows of an answer in their order: window start, window end, group keys. */
#include <stdlib.h>

#include "core/key.h"
#include "serving/windows.h"

static int by_end_then_key(const void *x, const void *y, void *answer) {
	const lk_answer *a = answer;
	const lk_cell *p = *(lk_cell *const *)x, *q = *(lk_cell *const *)y;
	int64_t ends[] = {lk_answer_span(a, p).end, lk_answer_span(a, q).end};
	return ends[0] != ends[1] ? (ends[0] < ends[1] ? -1 : 1) : lk_cell_compare_keys(&a->cells, p, q);
}

/* A session's tag is its start; rows with the same start are sorted by end before keys. */
static void sort_sessions_by_end(lk_answer *a) {
	for (size_t i = 0, end; i < a->nrows; i = end) {
		int64_t start = lk_pane_get(lk_cell_field(&a->cells, a->rows[i]));
		for (end = i + 1; end < a->nrows && lk_pane_get(lk_cell_field(&a->cells, a->rows[end])) == start;)
			end++;
		qsort_r(a->rows + i, end - i, sizeof *a->rows, by_end_then_key, a);
	}
}

bool lk_answer_put_together(lk_answer *a) {
	bool made = lk_windows_make(a);
	free(a->rows);
	a->rows = made ? lk_cells_sorted_within(&a->cells, a->budget) : NULL;
	a->nrows = a->rows ? a->cells.ncells : 0;
	if (a->window.kind == LK_W_SESSION)
		sort_sessions_by_end(a);
	return a->rows;
}
