#include "view_store/cell_filter.h"

#include <string.h>

#include "core/key.h"
#include "windows/calendar.h"

enum { MOST_FIELDS = 10000, MOST_FIELD_BYTES = 4 * LK_CALL_BYTES };   /* limits for asking field by field */

static bool wanted(const lk_cell_filter *f, const void *field, size_t len) {
	if (!f)
		return true;
	int64_t pane = len >= LK_PANE_BYTES ? lk_pane_get(field) : 0;
	if (pane < f->from_pane || pane >= f->to_pane || (f->keeps && !f->keeps(f->ctx, field, len)))
		return false;
	const char *key = (const char *)field + LK_PANE_BYTES;
	for (int i = 0; i < f->nkeys; i++)
		if (f->keys[i].len == len - LK_PANE_BYTES && memcmp(f->keys[i].data, key, f->keys[i].len) == 0)
			return true;
	return f->nkeys == 0;
}

static lk_panes panes_of_calendar(const lk_cell_filter *f, const lk_segment *g) {
	int64_t first = g->min_pane, last = g->max_pane;
	if (first < f->from_pane) {
		first = lk_calendar_start(f->calendar, f->from_pane);
		first = first < f->from_pane ? lk_calendar_end(f->calendar, first) : first;
	}
	if (g->cells == 0 || first >= f->to_pane)
		return (lk_panes){0, 0};
	if (last >= f->to_pane)
		last = f->to_pane - 1;
	return (lk_panes){first, lk_calendar_count(f->calendar, first, last)};
}

lk_panes lk_panes_wanted(const lk_cell_filter *f, const lk_segment *g) {
	if (f->calendar)
		return panes_of_calendar(f, g);
	__int128 first = g->min_pane, last = g->max_pane, step = f->pane_us > 0 ? f->pane_us : 1;
	if (first < f->from_pane)
		first += ((__int128)f->from_pane - first + step - 1) / step * step;
	if (last >= f->to_pane)
		last = (__int128)f->to_pane - 1;
	if (g->cells == 0 || last < first)
		return (lk_panes){0, 0};
	__int128 n = (last - first) / step + 1;
	return (lk_panes){(int64_t)first, n > INT64_MAX ? INT64_MAX : (int64_t)n};
}

void lk_each_field(lk_buf *field, const lk_cell_filter *f, lk_panes p, void (*use)(void *ctx, const lk_buf *field),
                   void *ctx) {
	int64_t pane = p.first;
	for (int64_t i = 0; i < p.n; i++, pane = f->calendar ? lk_calendar_end(f->calendar, pane) : p.first + i * f->pane_us) {
		for (int k = 0; k < f->nkeys; k++) {
			lk_buf_clear(field);
			lk_pane_put(field, pane);
			lk_buf_add(field, f->keys[k].data, f->keys[k].len);
			use(ctx, field);
		}
	}
}

static int64_t bytes_a_pane(const lk_cell_filter *f) {
	int64_t bytes = 0;
	for (int i = 0; i < f->nkeys; i++)
		bytes += LK_PANE_BYTES + (int64_t)f->keys[i].len;
	return bytes;
}

bool lk_by_field(const lk_cell_filter *f, lk_panes p, int64_t cells) {
	return f && f->nkeys > 0 && p.n <= MOST_FIELDS / f->nkeys && p.n * f->nkeys < cells
	       && p.n <= MOST_FIELD_BYTES / bytes_a_pane(f);
}

int lk_merge_cell(const lk_cell_source *of, const void *field, size_t len, const redisReply *value, lk_error *err) {
	if (value->type == REDIS_REPLY_STRING && lk_cells_merge(of->into, field, len, value->str, value->len) == 0)
		return LK_OK;
	return lk_fail(err, LK_EINTERNAL, "Redis at %s: a cell of %s is malformed", of->s->redis.where, of->key);
}

int lk_merge_pairs(const lk_cell_source *of, const lk_cell_filter *f, const redisReply *pairs, lk_error *err) {
	int rc = LK_OK;
	for (size_t i = 0; rc == LK_OK && i + 1 < pairs->elements; i += 2) {
		const redisReply *field = pairs->element[i];
		if (wanted(f, field->str, field->len))
			rc = lk_merge_cell(of, field->str, field->len, pairs->element[i + 1], err);
		if (rc == LK_OK && f && !lk_budget_allows(f->budget, lk_cells_bytes(of->into)))
			rc = lk_budget_fail(f->budget, err);
	}
	return rc;
}
