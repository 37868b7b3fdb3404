/* What a row of an answer says: its window, whether that is final, and its values, which are
 * finalised when they are asked for. */
#include <stdlib.h>

#include "core/key.h"
#include "core/window.h"
#include "serving/answer.h"
#include "serving/fill.h"
#include "serving/windows.h"

static void output_value(const lk_answer *a, const uint8_t *field, size_t len, const char *state, int i, lk_value *out) {
	const lk_output *o = &a->plan->outputs[i];
	if (o->kind == LK_OUT_AGG) {
		const lk_agg *g = &a->plan->aggs[o->index];
		g->verbs->finish(state + g->state_offset, g, out);
		return;
	}
	const uint8_t *at = field + LK_PANE_BYTES, *end = field + len;
	*out = lk_null();
	for (int k = 0; k <= o->index; k++)
		if (lk_key_get(a->plan->keys[k].expr->type, &at, end, out))
			return;
}

void lk_answer_value(const lk_answer *a, const lk_cell *row, int i, lk_value *out) {
	if (a->fill && a->plan->outputs[i].kind == LK_OUT_AGG && lk_fill_value(a, row, i, out))
		return;
	output_value(a, lk_cell_field(&a->cells, row), row->field_len, lk_cell_state(&a->cells, row), i, out);
}

lk_span lk_answer_span(const lk_answer *a, const lk_cell *row) {
	const lk_plan *p = a->plan;
	if (a->window.kind != LK_W_SESSION)
		return lk_span_of_tag(&a->window, lk_pane_get(lk_cell_field(&a->cells, row)));
	return lk_session_of(p, lk_cell_state(&a->cells, row));
}

bool lk_answer_marks_final(const lk_answer *a) { return a->plan->window.kind != LK_W_NONE && a->plan->allowed_lateness_us >= 0; }
bool lk_answer_is_final(const lk_answer *a, const lk_cell *row) { return lk_is_final(lk_answer_span(a, row).end, a->final_to); }

bool lk_answer_is_provisional(const lk_answer *a, const lk_cell *row) {
	return a->provisional && lk_answer_is_final(a, row) && !lk_is_final(lk_answer_span(a, row).end, lk_final_to(a->plan, a->watermark));
}

void lk_answer_part_value(const lk_answer *a, const lk_cells *part, const lk_cell *row, int i, lk_value *out) {
	const uint8_t *field = lk_cell_field(&a->cells, row);
	const lk_cell *cell = lk_cells_find(part, field, row->field_len);
	void *none = lk_malloc(a->plan->state_size);
	lk_state_init(a->plan, none);
	output_value(a, field, row->field_len, cell ? lk_cell_state(part, cell) : none, i, out);
	free(none);
}
