/* Everything here saturates (core/time.h): no instant, however far away, overflows. */
#include "windows/window.h"

int64_t lk_slice_start(int64_t ts, int64_t size_us) {
	if (size_us <= 0)
		return 0;
	int64_t into = ts % size_us;
	return lk_time_sub(ts, into < 0 ? into + size_us : into);
}

/* Start of the slice that holds ts, where slices start at whole sizes from 1970 + offset. */
static int64_t slice_from(int64_t ts, int64_t size_us, int64_t offset_us) {
	return lk_time_add(lk_slice_start(lk_time_sub(ts, offset_us), size_us), offset_us);
}

int64_t lk_pane_start(const lk_window *w, int64_t ts) {
	if (w->kind == LK_W_NONE)
		return 0;
	return w->kind == LK_W_CALENDAR ? lk_calendar_start(w->calendar, ts) : slice_from(ts, w->pane_us, w->offset_us % w->pane_us);
}

int64_t lk_pane_end(const lk_window *w, int64_t pane_start) {
	return w->kind == LK_W_CALENDAR ? lk_calendar_end(w->calendar, pane_start) : lk_time_add(pane_start, w->pane_us);
}

int lk_window_ask(const lk_window *w, int64_t size_us, int64_t slide_us, lk_window *out, const char **reason) {
	*reason = NULL;
	if (w->kind == LK_W_NONE)
		*reason = "the view has no windows";
	else if (w->kind == LK_W_SESSION)
		*reason = "sessions have no fixed size";
	else if (w->kind == LK_W_CALENDAR)
		*reason = "calendar windows differ in length";
	else if (size_us <= 0 || slide_us <= 0 || size_us % w->pane_us || slide_us % w->pane_us)
		*reason = "they are not whole panes";
	else if (slide_us > size_us)
		*reason = "a slide longer than the window leaves events out";
	else if (size_us / slide_us > LK_MAX_PANES)
		*reason = "an event would be in more than 10000 windows";
	else if (size_us > LK_MAX_WINDOW_US)
		*reason = "they are longer than 100 years";
	if (*reason)
		return -1;
	*out = (lk_window){.kind = slide_us < size_us ? LK_W_HOP : LK_W_TUMBLE, .time_slot = w->time_slot, .size_us = size_us,
	                   .slide_us = slide_us, .offset_us = w->offset_us % slide_us, .pane_us = w->pane_us};
	return 0;
}

bool lk_is_tiling(const lk_window *w) { return w->kind == LK_W_NONE || w->kind == LK_W_TUMBLE || w->kind == LK_W_CALENDAR; }

int64_t lk_tag_of_pane(const lk_window *w, int64_t pane_start) {
	return w->kind == LK_W_TUMBLE ? slice_from(pane_start, w->size_us, w->offset_us) : pane_start;
}

lk_span lk_span_of_tag(const lk_window *w, int64_t tag) {
	switch (w->kind) {
	case LK_W_TUMBLE:
	case LK_W_HOP: return (lk_span){tag, lk_time_add(tag, w->size_us)};
	case LK_W_CUMULATE: return (lk_span){lk_slice_start(tag, w->size_us), lk_time_add(tag, w->slide_us)};
	case LK_W_CALENDAR: return (lk_span){tag, lk_calendar_end(w->calendar, tag)};
	default: return (lk_span){tag, tag};
	}
}

lk_span lk_session_span(const lk_window *w, int64_t first, int64_t last) { return (lk_span){first, lk_time_add(last, w->size_us)}; }

bool lk_in_one_session(const lk_window *w, int64_t last, int64_t next_first) { return next_first < lk_time_add(last, w->size_us); }

/* The start of the first window at or after t; INT64_MIN or INT64_MAX if no window can lie beyond t. */
static int64_t start_at_or_after(const lk_window *w, int64_t t) {
	if (t == INT64_MIN || t == INT64_MAX)
		return t;
	if (w->kind == LK_W_CALENDAR) {
		t = lk_later(t, LK_TIME_MIN);
		int64_t start = lk_calendar_start(w->calendar, t);
		return start == t ? t : lk_calendar_end(w->calendar, start);
	}
	int64_t every = w->kind == LK_W_CUMULATE ? w->size_us : w->slide_us, start;
	if (t > LK_TIME_MAX)
		return INT64_MAX;
	if (t <= lk_time_sub(LK_TIME_MIN, w->size_us))
		return INT64_MIN;
	start = slice_from(t, every, w->offset_us);
	start = start == t ? t : lk_time_add(start, every);
	return start > LK_TIME_MAX ? INT64_MAX : start;
}

void lk_tags_of_range(const lk_window *w, int64_t from, int64_t to, int64_t *first, int64_t *end) {
	*first = start_at_or_after(w, from);
	*end = start_at_or_after(w, to);
}

int64_t lk_next_tag(const lk_window *w, int64_t tag) {
	int64_t next = w->kind == LK_W_CALENDAR ? lk_calendar_end(w->calendar, tag) : lk_time_add(tag, w->slide_us);
	return next > tag ? next : INT64_MAX;
}

void lk_panes_of_range(const lk_window *w, int64_t from, int64_t to, int64_t *first, int64_t *end) {
	*first = INT64_MIN;
	*end = INT64_MAX;
	if (w->kind == LK_W_NONE)
		return;
	if (w->kind == LK_W_SESSION) {   /* events less than a gap before decide whether one begins; its end is unknown */
		*first = from == INT64_MIN ? from : lk_time_sub(lk_pane_start(w, from), w->pane_us);
		return;
	}
	lk_tags_of_range(w, from, to, first, end);
	if (w->kind == LK_W_HOP && *end != INT64_MAX && *end != INT64_MIN)
		*end = lk_time_add(*end, w->size_us - w->slide_us);
}

int64_t lk_windows_of_pane(const lk_window *w, int64_t pane, lk_span *first, lk_span *last) {
	if (w->kind == LK_W_NONE || w->kind == LK_W_SESSION)
		return 0;
	if (w->kind == LK_W_CUMULATE) {
		int64_t start = lk_slice_start(pane, w->size_us);
		*first = (lk_span){start, lk_time_add(pane, w->slide_us)};
		*last = (lk_span){start, lk_time_add(start, w->size_us)};
		return lk_time_sub(last->end, pane) / w->slide_us;
	}
	if (w->kind != LK_W_HOP) {
		*first = *last = lk_span_of_tag(w, lk_tag_of_pane(w, pane));
		return 1;
	}
	int64_t start = slice_from(pane, w->slide_us, w->offset_us), before = (w->size_us - 1 - (pane - start)) / w->slide_us;
	*first = lk_span_of_tag(w, lk_time_sub(start, before * w->slide_us));
	*last = lk_span_of_tag(w, start);
	return before + 1;
}

int64_t lk_first_start_after(const lk_window *w, int64_t t) {
	switch (w->kind) {
	case LK_W_NONE:
	case LK_W_SESSION: return INT64_MIN;
	case LK_W_CALENDAR: return lk_calendar_start(w->calendar, t);
	case LK_W_HOP: return lk_time_add(slice_from(lk_time_sub(t, w->size_us), w->slide_us, w->offset_us), w->slide_us);
	default: return slice_from(t, w->size_us, w->offset_us);
	}
}
