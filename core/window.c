/* Everything here saturates: no instant, however far away, overflows. */
#include "core/window.h"

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

int64_t lk_pane_start(const lk_window *w, int64_t ts) {
	return w->kind == LK_W_NONE ? 0 : lk_slice_start(ts, w->pane_us);
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

bool lk_is_late(const lk_plan *p, int64_t pane_start, int64_t watermark) {
	if (p->window.kind == LK_W_NONE || p->allowed_lateness_us < 0 || watermark == LK_NEVER)
		return false;
	return add(add(pane_start, p->window.pane_us), p->allowed_lateness_us) <= watermark;
}

int64_t lk_final_to(const lk_plan *p, int64_t min_watermark) {
	if (p->window.kind == LK_W_NONE || p->allowed_lateness_us < 0 || min_watermark == LK_NEVER)
		return LK_NEVER;
	return most(sub(min_watermark, p->allowed_lateness_us), LK_NEVER + 1);
}

bool lk_window_fits(const lk_plan *p, int64_t want_us) {
	return p->window.kind != LK_W_NONE && want_us > 0 && want_us % p->window.pane_us == 0;
}
