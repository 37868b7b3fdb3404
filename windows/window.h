/* Windows of time, and the panes that they are made of. A library of its own: it knows no view and no log.
 *
 * Panes: Li et al., "No Pane, No Gain: Efficient Evaluation of Sliding-Window Aggregates over Data Streams", SIGMOD
 * Record 34(1), 2005.
 *
 * Pure functions over what the caller owns: any thread. */
#ifndef LK_WINDOWS_WINDOW_H
#define LK_WINDOWS_WINDOW_H

#include "core/time.h"
#include "windows/calendar.h"

enum lk_window_kind { LK_W_NONE, LK_W_TUMBLE, LK_W_HOP, LK_W_CUMULATE, LK_W_SESSION, LK_W_CALENDAR };

/* How a view, or a query that asks for other rows, divides time. Only panes are stored: every window is a union of
 * panes. A session's pane is as long as its gap: two events of one pane are less than a gap apart, so they are in one
 * session, whatever comes between. */
typedef struct lk_window {
	uint8_t kind;
	int time_slot;      /* event time, or _at. For LK_W_NONE: event time (for the watermark) */
	int64_t size_us;    /* of a window; cumulate: of the longest; session: the gap; 0 for LK_W_NONE and LK_W_CALENDAR */
	int64_t slide_us;   /* hop: from start to start; cumulate: the step; else = size */
	int64_t offset_us;  /* windows start at 1970-01-01T00:00:00Z + offset + whole slides; 0 <= offset < slide (cumulate: 0) */
	int64_t pane_us;    /* = gcd(slide, size); 0 for LK_W_NONE and LK_W_CALENDAR */
	const lk_calendar *calendar;   /* LK_W_CALENDAR: where its windows start */
} lk_window;

/* Start of the slice of `size_us` that holds ts: aligned to 1970-01-01T00:00:00Z, rounded down also before it. size 0:
 * 0. */
int64_t lk_slice_start(int64_t ts, int64_t size_us);

/* Pane of an event, start inclusive and end exclusive; 0 for LK_W_NONE. */
int64_t lk_pane_start(const lk_window *w, int64_t ts);
int64_t lk_pane_end(const lk_window *w, int64_t pane_start);

/* --- windows put together from panes ---
 *
 * A window and a group key identify a row of an answer. The window is written as one instant, its tag, where a cell has
 * its pane: the start of the window, or, if windows of several lengths start together (cumulate), the start of its last
 * pane. Tags sort as (start, end). */
typedef struct lk_span { int64_t start, end; } lk_span;   /* end exclusive */

/* Tumbling windows of `size_us`, or, with a slide below it, hopping ones, from the panes of `w`; with its offset. 0, or
 * -1 with *reason if that is impossible: lengths that are not multiples of the pane, an event in more than LK_MAX_PANES
 * windows, or panes that are not fixed slices. */
int lk_window_ask(const lk_window *w, int64_t size_us, int64_t slide_us, lk_window *out, const char **reason);
/* Is each window one run of panes that no other window shares (tumble, calendar, none)? Then a pane's window has this
 * tag. */
bool lk_is_tiling(const lk_window *w);
int64_t lk_tag_of_pane(const lk_window *w, int64_t pane_start);
/* The window of a tag. A session is bounded only by its events, so its end is the start here; see lk_session_span. */
lk_span lk_span_of_tag(const lk_window *w, int64_t tag);
/* A session from the times of its first and last event: [first, last + gap). */
lk_span lk_session_span(const lk_window *w, int64_t first, int64_t last);
/* Do two neighbouring events, or partial sessions, belong together? Exactly one gap apart they do not. */
bool lk_in_one_session(const lk_window *w, int64_t last, int64_t next_first);
/* The tags of windows that start in [from, to): from *first on, each the lk_next_tag of the one before, below *end.
 * INT64_MIN and INT64_MAX mean no bound; in the results, that no window can lie beyond. Not for sessions, which only
 * their events bound. */
void lk_tags_of_range(const lk_window *w, int64_t from, int64_t to, int64_t *first, int64_t *end);
int64_t lk_next_tag(const lk_window *w, int64_t tag);   /* INT64_MAX: there is none */
/* The panes that may belong to windows that start in [from, to): their starts are in [*first, *end). INT64_MIN and
 * INT64_MAX mean no bound. */
void lk_panes_of_range(const lk_window *w, int64_t from, int64_t to, int64_t *first, int64_t *end);
/* The windows that hold a pane: how many, the first and the last of them. 0 for sessions, which only events bound. */
int64_t lk_windows_of_pane(const lk_window *w, int64_t pane_start, lk_span *first, lk_span *last);
/* The start of the first window that ends after t; INT64_MIN for sessions and without windows. */
int64_t lk_first_start_after(const lk_window *w, int64_t t);

#define LK_MAX_PANES 10000   /* in a window of a definition */
#define LK_MAX_WINDOW_US (INT64_C(36525) * 86400 * LK_US_PER_S)   /* 100 years */

#endif
