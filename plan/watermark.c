/* Everything here saturates (core/time.h): no instant, however far away, overflows. */
#include "plan/watermark.h"

static int64_t clamp(int64_t us) { return lk_later(LK_TIME_MIN, lk_earlier(us, LK_TIME_MAX)); }

static bool is_over_at(const lk_plan *p) { return p->window.time_slot == lk_slot_at(p->stream); }

int64_t lk_watermark_advance(const lk_plan *p, int64_t wm, int64_t event_time, int64_t at) {
	const lk_stream *s = p->stream;
	int64_t believed = lk_earlier(event_time, lk_time_add(at, s->max_ahead_us));
	if (s->least_high && !is_over_at(p))
		return wm;
	return lk_later(wm, clamp(is_over_at(p) ? at : lk_time_sub(believed, s->watermark_delay_us)));
}

int64_t lk_watermark_raise(const lk_plan *p, int64_t wm, int64_t high) {
	return is_over_at(p) || high == LK_NEVER ? wm : lk_later(wm, clamp(lk_time_sub(high, p->stream->watermark_delay_us)));
}

int64_t lk_watermark_of_prefix(const lk_plan *p, int64_t high, int64_t last_at) {
	int64_t seen = is_over_at(p) ? last_at : high;
	if (seen == LK_NEVER)
		return LK_NEVER;
	return clamp(is_over_at(p) ? seen : lk_time_sub(seen, p->stream->watermark_delay_us));
}

int64_t lk_watermark_of_frontier(const lk_plan *p, const lk_frontier *f) {
	int64_t least = INT64_MAX;
	for (int i = 0; i < f->n; i++) {
		int64_t watermark = lk_watermark_of_prefix(p, f->part[i].high, f->part[i].last_at);
		least = watermark < least ? watermark : least;
	}
	return least;
}

int64_t lk_high_advance(const lk_stream *s, int64_t high, int64_t max_ts, int64_t at) {
	return s->least_high ? high : lk_later(high, lk_earlier(max_ts, lk_time_add(at, s->max_ahead_us)));
}

int64_t lk_late_from(const lk_plan *p, int64_t ts) {
	const lk_window *w = &p->window;
	if (w->kind == LK_W_NONE || p->allowed_lateness_us < 0)
		return INT64_MAX;
	return lk_time_add(w->kind == LK_W_SESSION ? lk_time_add(ts, w->size_us) : lk_pane_end(w, lk_pane_start(w, ts)), p->allowed_lateness_us);
}

bool lk_is_late(const lk_plan *p, int64_t ts, int64_t watermark) {
	if (p->window.kind == LK_W_NONE || p->allowed_lateness_us < 0 || watermark == LK_NEVER)
		return false;
	return lk_late_from(p, ts) <= watermark;
}

bool lk_is_idle(const lk_stream *s, int64_t behind, int64_t last_at, int64_t now) {
	return s->idle_timeout_us > 0 && behind == 0 && lk_time_sub(now, last_at == LK_NEVER ? LK_TIME_MIN : last_at) > s->idle_timeout_us;
}

int64_t lk_final_to(const lk_plan *p, int64_t min_watermark) {
	const lk_window *w = &p->window;
	if (w->kind == LK_W_NONE || p->allowed_lateness_us < 0 || min_watermark == LK_NEVER)
		return LK_NEVER;
	int64_t to = lk_time_sub(min_watermark, p->allowed_lateness_us);
	return lk_later(w->kind == LK_W_SESSION ? lk_time_sub(to, w->size_us) : to, LK_NEVER + 1);
}

int64_t lk_horizon(const lk_plan *p, int64_t least_watermark) {
	if (p->window.kind == LK_W_NONE || p->retention_us <= 0 || least_watermark == LK_NEVER)
		return LK_NEVER;
	return lk_later(lk_time_sub(least_watermark, p->retention_us), LK_NEVER + 1);
}

/* The start of the view's first window that has not expired. */
static int64_t kept_from(const lk_plan *p, int64_t horizon) {
	return horizon == LK_NEVER ? INT64_MIN : lk_first_start_after(&p->window, horizon);
}

bool lk_is_expired(const lk_plan *p, lk_span window, int64_t horizon) {
	return horizon != LK_NEVER && (window.end <= horizon || window.start < kept_from(p, horizon));
}

bool lk_has_final_rows(const lk_plan *p) {
	int64_t wm = 0, final_to = lk_final_to(p, wm), horizon = lk_horizon(p, wm);
	return final_to != LK_NEVER && (horizon == LK_NEVER || final_to > horizon);
}

int64_t lk_ahead_until_late(const lk_plan *p) {
	if (p->allowed_lateness_us < 0 || p->window.kind == LK_W_NONE || is_over_at(p))
		return INT64_MAX;
	int64_t ahead = lk_time_add(p->stream->watermark_delay_us, p->allowed_lateness_us);
	return p->window.kind == LK_W_SESSION ? lk_time_add(ahead, p->window.size_us - 1) : ahead;
}

int64_t lk_ahead_until_expired(const lk_plan *p) {
	return p->retention_us <= 0 || is_over_at(p) ? INT64_MAX : lk_time_add(p->stream->watermark_delay_us, p->retention_us);
}

int64_t lk_first_kept(const lk_plan *p, const lk_window *w, int64_t horizon) {
	int64_t from = kept_from(p, horizon), first, end;
	if (from == INT64_MIN || !lk_is_tiling(w))
		return from;
	lk_panes_of_range(w, from, INT64_MAX, &first, &end);
	return lk_later(first, lk_tag_of_pane(w, lk_pane_start(w, horizon)));
}

bool lk_session_may_go(const lk_plan *p, lk_span session, int64_t horizon) {
	return horizon != LK_NEVER && lk_time_add(session.end, p->window.size_us) <= horizon;
}
