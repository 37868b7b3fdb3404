/* The view store's side of an answer: every unit at one cursor, where it is too much for one call (view_store/look.h).
 *
 * The open segment is still being written, so it comes in the same atomic call as the unit's meta: its cells are those
 * of the cursor. Closed segments never change; they may be scanned without haste, and reading the meta once more at the
 * end shows that none of them disappeared meanwhile (a drop removes a segment's cells and its entry in one step).
 *
 * Which segments count is known only later, when the cut is read from PostgreSQL: those from the cut on. So each
 * segment's cells stay in a map of their own until then. A segment that was dropped while it was read does no harm if
 * it turns out to lie below the cut: it was dropped because a batch above it had been published, and the cut is read
 * after that. */
#include "serving/reader.h"

#include <stdlib.h>

#include "view_store/segments.h"

/* Marks closed segments that no longer exist as listed. */
static int check_closed(lk_unit_read *u, lk_store *store, int64_t unit, lk_error *err) {
	lk_unit_state now = {0};
	int rc = lk_store_read_unit(store, unit, NULL, &now, NULL, err);
	if (rc < 0)
		return rc;
	for (int i = 0; i < u->state.nsegments; i++) {
		const lk_segment *s = &u->state.segments[i];
		if (!s->open && (rc == 1 || !lk_segment_is_listed(&now, s)))
			u->whole[i] = false;
	}
	lk_unit_state_release(&now);
	return LK_OK;
}

static int read_closed(lk_unit_read *u, lk_store *store, const lk_unit_wanted *w, lk_error *err) {
	lk_budget *budget = w->filter->budget;
	int scanned = 0;
	for (int i = 0; i < u->state.nsegments; i++) {
		const lk_segment *s = &u->state.segments[i];
		if (s->open || s->from < w->hint || s->from == s->to)
			continue;
		int rc = lk_store_read_segment(store, w->unit, s, w->filter, &u->cells[i], err);
		if (rc < 0)
			return rc;
		u->whole[i] = rc == 0;
		if (budget)
			budget->held_bytes += (int64_t)lk_cells_bytes(&u->cells[i]);
		scanned++;
	}
	return scanned ? check_closed(u, store, w->unit, err) : LK_OK;
}

int lk_unit_read_cells(lk_unit_read *u, lk_store *store, const lk_unit_wanted *w, lk_error *err) {
	*u = (lk_unit_read){0};
	lk_cells open;
	lk_cells_init(&open, w->plan);
	int rc = lk_store_read_unit(store, w->unit, w->filter, &u->state, &open, err);
	if (rc != LK_OK) {
		lk_cells_release(&open);
		return rc < 0 ? rc : LK_OK;
	}
	u->there = true;
	size_t n = (size_t)u->state.nsegments;
	u->cells = lk_calloc(n, sizeof *u->cells);
	u->whole = lk_calloc(n, sizeof *u->whole);
	bool taken = false;
	for (size_t i = 0; i < n; i++) {
		if (u->state.segments[i].open && !taken) {
			u->cells[i] = open;
			u->whole[i] = taken = true;
		} else {
			lk_cells_init(&u->cells[i], w->plan);
		}
	}
	if (!taken)
		lk_cells_release(&open);
	if (w->filter->budget)
		w->filter->budget->held_bytes += taken ? (int64_t)lk_cells_bytes(&open) : 0;
	return u->state.at.cursor > w->hint ? read_closed(u, store, w, err) : LK_OK;
}

bool lk_unit_read_counts(const lk_unit_read *u, int i, int64_t cut, int64_t end) {
	return u->there && lk_segment_counts(&u->state.segments[i], cut, end);
}

bool lk_unit_read_tiles(const lk_unit_read *u, int64_t cut, int64_t end, lk_buf *why) {
	const lk_segment *odd;
	if (!u->there || end <= cut)
		return true;
	int64_t reach = lk_segments_reach(&u->state, cut, end, &odd);
	if (odd)
		lk_buf_addf(why, "no segment begins at offset %lld, the next one begins at %lld", (long long)reach, (long long)odd->from);
	else if (reach != end)
		lk_buf_addf(why, "its segments end at offset %lld, %s %lld", (long long)reach,
		            end == u->state.at.cursor ? "its cursor is" : "and none ends at", (long long)end);
	if (odd || reach != end)
		return false;
	for (int i = 0; i < u->state.nsegments; i++) {
		const lk_segment *s = &u->state.segments[i];
		if (!lk_unit_read_counts(u, i, cut, end) || u->whole[i])
			continue;
		lk_buf_addf(why, "the segment of offsets %lld to %lld went away while it was read", (long long)s->from, (long long)s->to);
		return false;
	}
	return true;
}
