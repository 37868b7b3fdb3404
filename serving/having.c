/* HAVING is evaluated on final values of merged rows, and nowhere else: a part of a sum says nothing about the sum. If
 * a value is unknown the answer is refused instead of wrong, because both the choice of rows and their contents depend
 * on it. */
#include "serving/having.h"

#include <stdlib.h>

#include "core/key.h"
#include "core/time.h"
#include "serving/merged.h"
#include "serving/order.h"

static const char *state_of(const lk_cells *cells, const lk_cell *row, const lk_agg *a) {
	return (const char *)lk_cell_state(cells, row) + a->state_offset;
}

/* A condition that PostgreSQL could not evaluate is not true, and the answer says of how many rows. */
static bool passes(lk_answer *a, const lk_cell *row) {
	lk_arena scratch = {0};
	lk_eval eval = {.arena = &scratch};
	lk_value v = lk_merged_eval(a->plan, a->plan->having, &LK_MERGED_ROW(&a->cells, row), &eval);
	lk_arena_release(&scratch);
	if (v.state == LK_MARKED) {
		a->having_marks.rows++;
		a->having_marks.reason = eval.reason;
	}
	return v.state == LK_VALUE && v.i;
}

static int refuse(const lk_answer *a, const lk_cell *row, const lk_agg *g, const char *why, lk_error *err) {
	lk_buf key = LK_BUF_INIT;
	const uint8_t *at = lk_cell_field(&a->cells, row) + LK_PANE_BYTES, *end = lk_cell_field(&a->cells, row) + row->field_len;
	lk_value v;
	bool windowed = a->window.kind != LK_W_NONE;
	if (windowed) {
		lk_buf_adds(&key, " of window ");
		lk_time_print(lk_answer_span(a, row).start, &key);
	}
	for (int k = 0; k < a->plan->nkeys && lk_key_get(a->plan->keys[k].expr->type, &at, end, &v) == 0; k++) {
		lk_buf_addf(&key, "%s%s = ", k || windowed ? ", " : " of ", *a->plan->keys[k].name ? a->plan->keys[k].name : "a key");
		lk_buf_adds(&key, lk_is_null(&v) ? "NULL" : "");
		lk_value_print(a->plan->keys[k].expr->type, &v, &key);
	}
	lk_fail(err, LK_EPARTIAL, "view %s: %s%s is not known: %s", a->plan->view, g->verbs->name,
	        key.data ? key.data : "", why);
	lk_hint(err, "ask for other keys or smaller windows (--where, --from, --window), or declare an approximate"
	             " aggregate");
	lk_buf_release(&key);
	return LK_EPARTIAL;
}

static int check_limits(const lk_answer *a, lk_error *err) {
	for (int i = 0; i < a->plan->naggs; i++) {
		const lk_agg *g = &a->plan->aggs[i];
		if (!g->verbs->refused)
			continue;
		for (size_t r = 0; r < a->nrows && lk_budget_allows(a->budget, 0); r++) {
			const char *why = g->verbs->refused(state_of(&a->cells, a->rows[r], g));
			if (why)
				return refuse(a, a->rows[r], g, why, err);
		}
	}
	return lk_budget_fail(a->budget, err);
}

static void apply_having(lk_answer *a) {
	size_t n = 0;
	for (size_t r = 0; r < a->nrows && lk_budget_allows(a->budget, 0); r++)
		if (passes(a, a->rows[r]))
			a->rows[n++] = a->rows[r];
	a->nrows = n;
}

int lk_rows_defined(lk_answer *a, bool merged, bool unlimited, lk_error *err) {
	int rc = check_limits(a, err);
	if (rc != LK_OK || !merged)
		return rc;
	if (a->plan->having)
		apply_having(a);
	lk_order_rows(a, unlimited ? 0 : a->plan->limit);
	return lk_budget_fail(a->budget, err);
}
