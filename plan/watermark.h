/* Watermark, lateness, finality, retention: each rule once.
 *
 * Pure functions over plans: any thread. Watermarks and lateness as in Akidau et al., "The dataflow model" (PVLDB
 * 8(12), 2015), but decided by the log's prefix alone. */
#ifndef LK_PLAN_WATERMARK_H
#define LK_PLAN_WATERMARK_H

#include "core/frontier.h"
#include "plan/plan.h"

/* The watermark after one more event (P9): max(wm, min(event time, at + max_ahead) - delay). For views over
 * _at the time column is _at and delay and bound do not apply. wm = LK_NEVER before the first event. Saturates
 * at LK_TIME_MIN and LK_TIME_MAX. Of a log with least_high the event's own time does not count. */
int64_t lk_watermark_advance(const lk_plan *p, int64_t wm, int64_t event_time, int64_t at);

/* The watermark when the log's high is known to be at least `high`: of rows of a derived stream, whose _high is their
 * source's. LK_NEVER raises nothing. */
int64_t lk_watermark_raise(const lk_plan *p, int64_t wm, int64_t high);

/* The watermark of a prefix from what the log's tail and the cuts keep of it: `high` = max of min(event time,
 * at + max_ahead) (LK_NEVER if empty) and `last_at`. Equal to folding lk_watermark_advance over the prefix. */
int64_t lk_watermark_of_prefix(const lk_plan *p, int64_t high, int64_t last_at);
/* The least watermark of the partitions at a frontier whose high and last_at are known; LK_NEVER while one has no
 * event. */
int64_t lk_watermark_of_frontier(const lk_plan *p, const lk_frontier *f);
/* `high` after appending events whose largest event time is max_ts, all with _at = at. Of a log with least_high it stays. */
int64_t lk_high_advance(const lk_stream *s, int64_t high, int64_t max_ts, int64_t at);

/* Stateless lateness (P11): is an event at ts (of the window's time) late against the watermark before it? Decided by
 * the end of its pane, so that all windows that share the pane agree; for a session by its own time + gap. */
bool lk_is_late(const lk_plan *p, int64_t ts, int64_t watermark);
/* The least watermark against which it is late; watermark - this is how late. INT64_MAX if it never is. */
int64_t lk_late_from(const lk_plan *p, int64_t ts);

/* Has a partition taken no event for longer than the stream's idle_timeout? last_at: of its last append, LK_NEVER:
 * there was none; now: by the same clock. A partition with events that the caller has not counted (`behind` of them) is
 * behind, not idle. Only what answers call final depends on it, provisionally. */
bool lk_is_idle(const lk_stream *s, int64_t behind, int64_t last_at, int64_t now);

/* A window is final when window end + allowed lateness <= the least watermark of the partitions: then no event can
 * change it any more. A session needs another gap after its end: an event before the session's end that is not late, by
 * its own time + gap, would belong to it. Returns the largest instant T such that every window that ends at or before T
 * is final; LK_NEVER if there is none. A view without a lateness bound accepts every event, and a view without windows
 * has one that never ends: nothing of theirs is ever final, so LK_NEVER. */
int64_t lk_final_to(const lk_plan *p, int64_t min_watermark);
static inline bool lk_is_final(int64_t window_end, int64_t final_to) { return final_to != LK_NEVER && window_end <= final_to; }

/* --- retention: windows that have expired ---
 *
 * A window that ends at or before the least watermark of the partitions - retention is expired: it is in no answer of any
 * layer or mode. That is a function of the prefix that the answer covers. What lies only in expired windows may be removed
 * from the stores at any time, or stay: no answer changes. A window that is longer than those of the view
 * (lk_window_ask) is expired, too, if it begins before what must still be kept. */

/* Windows that end at or before it are expired; LK_NEVER: none is. The watermark must be that of all partitions, idle ones
 * too: a partition without events keeps everything. */
int64_t lk_horizon(const lk_plan *p, int64_t least_watermark);
bool lk_is_expired(const lk_plan *p, lk_span window, int64_t horizon);
/* Can an answer have a final row that has not expired? Not if windows are expired by the time they are final. */
bool lk_has_final_rows(const lk_plan *p);
/* How far an event may be ahead of the clock before it does harm. First function: events at the clock's time become
 * late. Second: windows that have not ended expire, which takes one such event in each partition. An event further
 * ahead does that harm if it is believed (max_ahead). INT64_MAX: no event does. */
int64_t lk_ahead_until_late(const lk_plan *p);
int64_t lk_ahead_until_expired(const lk_plan *p);
/* Panes that start before it are only in expired windows, of the view or of the rows by `w` that a query asks for.
 * INT64_MIN if all may be needed. That is always so for sessions, which have any length: their panes may be removed
 * together (lk_session_may_go). */
int64_t lk_first_kept(const lk_plan *p, const lk_window *w, int64_t horizon);
/* May the panes of this session be removed? They may if last event + 2 gaps <= horizon. Then the session has expired, and
 * only a late event can join it: its own time + gap + lateness is at or before the watermark. */
bool lk_session_may_go(const lk_plan *p, lk_span session, int64_t horizon);

#endif
