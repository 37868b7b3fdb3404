#include "serving/merged.h"

#include "core/key.h"
#include "serving/fill.h"

/* Reads keys 0 … n - 1; those that cannot be read are NULL. */
static void read_keys(const lk_plan *p, const lk_merged_row *row, int n, lk_value *out) {
	const uint8_t *at = row->field + LK_PANE_BYTES, *end = row->field + row->len;
	bool good = true;
	for (int k = 0; k < n; k++) {
		out[k] = lk_null();
		good = good && lk_key_get(p->keys[k].expr->type, &at, end, &out[k]) == 0;
	}
}

lk_value lk_merged_key(const lk_plan *p, const lk_merged_row *row, int k) {
	lk_value keys[LK_MAX_KEYS];
	read_keys(p, row, k + 1, keys);
	return keys[k];
}

lk_value lk_merged_agg(const lk_plan *p, const lk_merged_row *row, int i) {
	const lk_agg *a = &p->aggs[i];
	lk_value v;
	if (!row->filled || !lk_fill_value(row->filled, row->cell, i, &v))
		a->verbs->finish(row->state + a->state_offset, a, &v);
	return v;
}

lk_value lk_merged_eval(const lk_plan *p, const lk_expr *x, const lk_merged_row *row, lk_eval *ev) {
	lk_value values[LK_MAX_KEYS + LK_MAX_AGGS];
	bool read[LK_MAX_KEYS + LK_MAX_AGGS] = {false};
	lk_expr_mark(x, read, p->nkeys + p->naggs);
	int keys = p->nkeys;
	while (keys > 0 && !read[keys - 1])
		keys--;
	read_keys(p, row, keys, values);
	for (int i = 0; i < p->naggs; i++)
		if (read[p->nkeys + i])
			values[p->nkeys + i] = lk_merged_agg(p, row, i);
	return lk_expr_eval(x, values, ev);
}
