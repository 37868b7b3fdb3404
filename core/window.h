/* Windows, watermark, lateness, finality: each rule once. */
#ifndef LK_CORE_WINDOW_H
#define LK_CORE_WINDOW_H

#include "core/plan.h"
#include "core/time.h"

/* Start of the slice of `size_us` that holds ts: aligned to 1970-01-01T00:00:00Z, floor also before it. size 0: 0. */
int64_t lk_slice_start(int64_t ts, int64_t size_us);

/* Pane of an event, start inclusive; 0 for LK_W_NONE. */
int64_t lk_pane_start(const lk_window *w, int64_t ts);

/* The watermark after one more event (P9): max(wm, min(event time, at + max_ahead) - delay). For views over
 * _at the time column is _at and delay and bound do not apply. wm = LK_NEVER before the first event. Saturates
 * at LK_TIME_MIN and LK_TIME_MAX. */
int64_t lk_watermark_advance(const lk_plan *p, int64_t wm, int64_t event_time, int64_t at);

/* The watermark of a prefix from what the log's tail and the cuts keep of it: `high` = max of min(event time,
 * at + max_ahead) (LK_NEVER if empty) and `last_at`. Equal to folding lk_watermark_advance over the prefix. */
int64_t lk_watermark_of_prefix(const lk_plan *p, int64_t high, int64_t last_at);
/* `high` after appending events whose largest event time is max_ts, all with _at = at. */
int64_t lk_high_advance(const lk_stream *s, int64_t high, int64_t max_ts, int64_t at);

/* Stateless lateness (P11): is an event of this pane late against the watermark before it? */
bool lk_is_late(const lk_plan *p, int64_t pane_start, int64_t watermark);

/* A window is final when window end + allowed lateness <= the least watermark of the partitions: then no event can change it
 * any more. Returns the largest instant T such that every window that ends at or before T is final; LK_NEVER if there is none.
 * A view without a lateness bound takes every event however late, and a view without windows has one that never
 * ends: nothing of theirs is ever final, so LK_NEVER. */
int64_t lk_final_to(const lk_plan *p, int64_t min_watermark);

/* May a window of `want_us` be put together from the plan's panes? */
bool lk_window_fits(const lk_plan *p, int64_t want_us);

#endif
