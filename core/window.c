/* Everything here saturates: no instant, however far away, overflows. */
#include "core/window.h"

#include "core/calendar.h"

static int64_t add(int64_t a, int64_t b) {
	int64_t r;
	return __builtin_add_overflow(a, b, &r) ? (b > 0 ? INT64_MAX : INT64_MIN) : r;
}

static int64_t sub(int64_t a, int64_t b) {
	int64_t r;
	return __builtin_sub_overflow(a, b, &r) ? (b > 0 ? INT64_MIN : INT64_MAX) : r;
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
static int64_t clamp(int64_t us) { return most(LK_TIME_MIN, least(us, LK_TIME_MAX)); }

int64_t lk_slice_start(int64_t ts, int64_t size_us) {
	if (size_us <= 0)
		return 0;
	int64_t into = ts % size_us;
	return sub(ts, into < 0 ? into + size_us : into);
}

/* Start of the slice that holds ts, where slices start at whole sizes from 1970 + offset. */
static int64_t slice_from(int64_t ts, int64_t size_us, int64_t offset_us) {
	return add(lk_slice_start(sub(ts, offset_us), size_us), offset_us);
}

int64_t lk_pane_start(const lk_window *w, int64_t ts) {
	if (w->kind == LK_W_NONE)
		return 0;
	return w->kind == LK_W_CALENDAR ? lk_calendar_start(w->calendar, ts) : slice_from(ts, w->pane_us, w->offset_us % w->pane_us);
}

int64_t lk_pane_end(const lk_window *w, int64_t pane_start) {
	return w->kind == LK_W_CALENDAR ? lk_calendar_end(w->calendar, pane_start) : add(pane_start, w->pane_us);
}

static bool is_over_at(const lk_plan *p) { return p->window.time_slot == lk_slot_at(p->stream); }

int64_t lk_watermark_advance(const lk_plan *p, int64_t wm, int64_t event_time, int64_t at) {
	const lk_stream *s = p->stream;
	int64_t believed = least(event_time, add(at, s->max_ahead_us));
	return most(wm, clamp(is_over_at(p) ? at : sub(believed, s->watermark_delay_us)));
}

int64_t lk_watermark_of_prefix(const lk_plan *p, int64_t high, int64_t last_at) {
	int64_t seen = is_over_at(p) ? last_at : high;
	if (seen == LK_NEVER)
		return LK_NEVER;
	return clamp(is_over_at(p) ? seen : sub(seen, p->stream->watermark_delay_us));
}

int64_t lk_high_advance(const lk_stream *s, int64_t high, int64_t max_ts, int64_t at) {
	return most(high, least(max_ts, add(at, s->max_ahead_us)));
}

int64_t lk_late_from(const lk_plan *p, int64_t ts) {
	const lk_window *w = &p->window;
	if (w->kind == LK_W_NONE || p->allowed_lateness_us < 0)
		return INT64_MAX;
	return add(w->kind == LK_W_SESSION ? add(ts, w->size_us) : lk_pane_end(w, lk_pane_start(w, ts)), p->allowed_lateness_us);
}

bool lk_is_late(const lk_plan *p, int64_t ts, int64_t watermark) {
	if (p->window.kind == LK_W_NONE || p->allowed_lateness_us < 0 || watermark == LK_NEVER)
		return false;
	return lk_late_from(p, ts) <= watermark;
}

bool lk_is_idle(const lk_stream *s, int64_t behind, int64_t last_at, int64_t now) {
	return s->idle_timeout_us > 0 && behind == 0 && sub(now, last_at == LK_NEVER ? LK_TIME_MIN : last_at) > s->idle_timeout_us;
}

int64_t lk_final_to(const lk_plan *p, int64_t min_watermark) {
	const lk_window *w = &p->window;
	if (w->kind == LK_W_NONE || p->allowed_lateness_us < 0 || min_watermark == LK_NEVER)
		return LK_NEVER;
	int64_t to = sub(min_watermark, p->allowed_lateness_us);
	return most(w->kind == LK_W_SESSION ? sub(to, w->size_us) : to, LK_NEVER + 1);
}

int lk_window_ask(const lk_plan *p, int64_t size_us, int64_t slide_us, lk_window *out, const char **reason) {
	const lk_window *w = &p->window;
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
	case LK_W_HOP: return (lk_span){tag, add(tag, w->size_us)};
	case LK_W_CUMULATE: return (lk_span){lk_slice_start(tag, w->size_us), add(tag, w->slide_us)};
	case LK_W_CALENDAR: return (lk_span){tag, lk_calendar_end(w->calendar, tag)};
	default: return (lk_span){tag, tag};
	}
}

lk_span lk_session_span(const lk_window *w, int64_t first, int64_t last) { return (lk_span){first, add(last, w->size_us)}; }

bool lk_in_one_session(const lk_window *w, int64_t last, int64_t next_first) { return next_first < add(last, w->size_us); }

/* The start of the first window at or after t; INT64_MIN or INT64_MAX if no window can lie beyond t. */
static int64_t start_at_or_after(const lk_window *w, int64_t t) {
	if (t == INT64_MIN || t == INT64_MAX)
		return t;
	if (w->kind == LK_W_CALENDAR) {
		t = most(t, LK_TIME_MIN);
		int64_t start = lk_calendar_start(w->calendar, t);
		return start == t ? t : lk_calendar_end(w->calendar, start);
	}
	int64_t every = w->kind == LK_W_CUMULATE ? w->size_us : w->slide_us, start;
	if (t > LK_TIME_MAX)
		return INT64_MAX;
	if (t <= sub(LK_TIME_MIN, w->size_us))
		return INT64_MIN;
	start = slice_from(t, every, w->offset_us);
	start = start == t ? t : add(start, every);
	return start > LK_TIME_MAX ? INT64_MAX : start;
}

void lk_tags_of_range(const lk_window *w, int64_t from, int64_t to, int64_t *first, int64_t *end) {
	*first = start_at_or_after(w, from);
	*end = start_at_or_after(w, to);
}

int64_t lk_next_tag(const lk_window *w, int64_t tag) {
	int64_t next = w->kind == LK_W_CALENDAR ? lk_calendar_end(w->calendar, tag) : add(tag, w->slide_us);
	return next > tag ? next : INT64_MAX;
}

void lk_panes_of_range(const lk_window *w, int64_t from, int64_t to, int64_t *first, int64_t *end) {
	*first = INT64_MIN;
	*end = INT64_MAX;
	if (w->kind == LK_W_NONE)
		return;
	if (w->kind == LK_W_SESSION) {   /* events less than a gap before decide whether one begins; its end is unknown */
		*first = from == INT64_MIN ? from : sub(lk_pane_start(w, from), w->pane_us);
		return;
	}
	lk_tags_of_range(w, from, to, first, end);
	if (w->kind == LK_W_HOP && *end != INT64_MAX && *end != INT64_MIN)
		*end = add(*end, w->size_us - w->slide_us);
}

int64_t lk_windows_of_pane(const lk_window *w, int64_t pane, lk_span *first, lk_span *last) {
	if (w->kind == LK_W_NONE || w->kind == LK_W_SESSION)
		return 0;
	if (w->kind == LK_W_CUMULATE) {
		int64_t start = lk_slice_start(pane, w->size_us);
		*first = (lk_span){start, add(pane, w->slide_us)};
		*last = (lk_span){start, add(start, w->size_us)};
		return sub(last->end, pane) / w->slide_us;
	}
	if (w->kind != LK_W_HOP) {
		*first = *last = lk_span_of_tag(w, lk_tag_of_pane(w, pane));
		return 1;
	}
	int64_t start = slice_from(pane, w->slide_us, w->offset_us), before = (w->size_us - 1 - (pane - start)) / w->slide_us;
	*first = lk_span_of_tag(w, sub(start, before * w->slide_us));
	*last = lk_span_of_tag(w, start);
	return before + 1;
}

bool lk_span_has_pane(const lk_window *w, lk_span span, int64_t pane_start) {
	if (w->kind == LK_W_NONE)
		return true;
	if (w->kind == LK_W_SESSION)
		return lk_pane_start(w, span.start) <= pane_start && pane_start <= sub(span.end, w->size_us);
	return span.start <= pane_start && pane_start < span.end;
}

int64_t lk_horizon(const lk_plan *p, int64_t least_watermark) {
	if (p->window.kind == LK_W_NONE || p->retention_us <= 0 || least_watermark == LK_NEVER)
		return LK_NEVER;
	return most(sub(least_watermark, p->retention_us), LK_NEVER + 1);
}

/* The start of the view's first window that is not past. */
static int64_t kept_from(const lk_plan *p, int64_t horizon) {
	const lk_window *w = &p->window;
	if (horizon == LK_NEVER || w->kind == LK_W_SESSION || w->kind == LK_W_NONE)
		return INT64_MIN;
	if (w->kind == LK_W_CALENDAR)
		return lk_calendar_start(w->calendar, horizon);
	if (w->kind == LK_W_HOP)
		return add(slice_from(sub(horizon, w->size_us), w->slide_us, w->offset_us), w->slide_us);
	return slice_from(horizon, w->size_us, w->offset_us);
}

bool lk_is_past(const lk_plan *p, lk_span window, int64_t horizon) {
	return horizon != LK_NEVER && (window.end <= horizon || window.start < kept_from(p, horizon));
}

bool lk_has_final_rows(const lk_plan *p) {
	int64_t wm = 0, final_to = lk_final_to(p, wm), horizon = lk_horizon(p, wm);
	return final_to != LK_NEVER && (horizon == LK_NEVER || final_to > horizon);
}

int64_t lk_ahead_until_late(const lk_plan *p) {
	if (p->allowed_lateness_us < 0 || p->window.kind == LK_W_NONE || is_over_at(p))
		return INT64_MAX;
	int64_t ahead = add(p->stream->watermark_delay_us, p->allowed_lateness_us);
	return p->window.kind == LK_W_SESSION ? add(ahead, p->window.size_us - 1) : ahead;
}

int64_t lk_ahead_until_past(const lk_plan *p) {
	return p->retention_us <= 0 || is_over_at(p) ? INT64_MAX : add(p->stream->watermark_delay_us, p->retention_us);
}

int64_t lk_first_kept(const lk_plan *p, const lk_window *w, int64_t horizon) {
	int64_t from = kept_from(p, horizon), first, end;
	if (from == INT64_MIN || !lk_is_tiling(w))
		return from;
	lk_panes_of_range(w, from, INT64_MAX, &first, &end);
	return most(first, w->kind == LK_W_CALENDAR ? lk_pane_start(w, horizon) : slice_from(horizon, w->size_us, w->offset_us));
}

bool lk_session_may_go(const lk_plan *p, lk_span session, int64_t horizon) {
	return horizon != LK_NEVER && add(session.end, p->window.size_us) <= horizon;
}
