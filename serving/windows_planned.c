/* Which windows the panes will make, by arithmetic before the first merge: a few events in small panes can make more
 * windows than fit in memory. For windows that share panes: hop and cumulate. */
#include "serving/windows.h"

#include <stdlib.h>

#include "core/key.h"
#include "plan/watermark.h"

/* Tags from lo to hi, one slide apart; none if hi < lo. */
typedef struct tags {
	int64_t lo, hi;
} tags;

static tags tags_of_pane(const lk_window *w, int64_t pane) {
	lk_span first, last;
	lk_windows_of_pane(w, pane, &first, &last);
	return w->kind == LK_W_HOP ? (tags){first.start, last.start} : (tags){pane, last.end - w->slide_us};
}

static bool is_expired(const lk_answer *a, int64_t tag) { return lk_is_expired(a->plan, lk_span_of_tag(&a->window, tag), a->horizon); }

/* Without the expired ones, which come first. */
static tags kept(const lk_answer *a, tags t) {
	int64_t slide = a->window.slide_us, past = t.lo, first = t.hi;
	if (a->horizon == LK_NEVER || t.hi < t.lo || !is_expired(a, t.lo))
		return t;
	if (is_expired(a, t.hi))
		return (tags){0, -1};
	while (first - past > slide) {
		int64_t middle = past + (first - past) / slide / 2 * slide;
		if (is_expired(a, middle))
			past = middle;
		else
			first = middle;
	}
	return (tags){first, t.hi};
}

/* The tags in [from, to), in whole slides of cumulated windows. */
static tags asked(const lk_answer *a, tags t) {
	const lk_window *w = &a->window;
	int64_t first, end;
	if (t.hi < t.lo)
		return t;
	lk_tags_of_range(w, a->from, a->to, &first, &end);
	if (end <= t.lo || first > t.hi)
		return (tags){0, -1};
	if (first > t.lo)
		t.lo = first;
	if (end <= t.hi)
		t.hi = end - w->slide_us;
	return t;
}

int64_t lk_windows_planned(const lk_answer *a, const lk_cells *panes, lk_cell *const *by_key) {
	const lk_window *w = &a->window;
	int64_t n = 0, next = INT64_MIN;   /* tags below `next` are counted */
	for (size_t i = 0; i < panes->ncells; i++) {
		if (i == 0 || lk_cell_compare_keys(panes, by_key[i - 1], by_key[i]))
			next = INT64_MIN;
		tags t = tags_of_pane(w, lk_pane_get(lk_cell_field(panes, by_key[i])));
		int64_t after = t.hi + w->slide_us;
		t.lo = t.lo > next ? t.lo : next;
		t = kept(a, asked(a, t));
		n += t.hi < t.lo ? 0 : (t.hi - t.lo) / w->slide_us + 1;
		next = after;
	}
	return n;
}

static int descending(const void *x, const void *y) {
	int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
	return (a < b) - (a > b);
}

/* The windows of a later pane are later or the same, so each pane adds its windows below those already counted. */
int64_t lk_windows_start_of_last(const lk_answer *a, const lk_cells *panes, int64_t n) {
	const lk_window *w = &a->window;
	int64_t *at = lk_malloc(panes->ncells * sizeof *at), lowest = INT64_MAX, found = INT64_MIN;
	size_t count = 0;
	for (const lk_cell *c = panes->first; c; c = c->next)
		at[count++] = lk_pane_get(lk_cell_field(panes, c));
	qsort(at, count, sizeof *at, descending);
	for (size_t i = 0; i < count && found == INT64_MIN; i++) {
		tags t = asked(a, tags_of_pane(w, at[i]));
		if (t.hi >= lowest)
			t.hi = lowest - w->slide_us;
		if (t.hi < t.lo)
			continue;
		int64_t here = (t.hi - t.lo) / w->slide_us + 1;
		if (n <= here)
			found = lk_span_of_tag(w, t.hi - (n - 1) * w->slide_us).start;
		n -= here;
		lowest = t.lo;
	}
	free(at);
	return found;
}
