/* The edges of windows, lateness and finality, an instant on each side of each edge (the table of docs/windows.md); and
 * what is final stays the same, for every kind of window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/watermark.h"
#include "tests/support/random.h"

#define S LK_US_PER_S

static lk_stream stream = {.schema.ncolumns = 1, .schema.event_time = 0, .partitions = 2, .max_ahead_us = INT64_MAX};

static lk_plan view(int kind, int64_t size_us, int64_t slide_us, int64_t pane_us, int64_t lateness_us) {
	return (lk_plan){
		.stream = &stream,
		.window = {.kind = (uint8_t)kind, .size_us = size_us, .slide_us = slide_us, .pane_us = pane_us},
		.allowed_lateness_us = lateness_us,
	};
}

static lk_plan tumbling(int64_t lateness_us) { return view(LK_W_TUMBLE, 60 * S, 60 * S, 60 * S, lateness_us); }
static lk_plan sessions(int64_t lateness_us) { return view(LK_W_SESSION, 20 * S, 20 * S, 20 * S, lateness_us); }

/* The windows that contain an event at this instant. */
static void an_event_at_the_end_of_a_window_is_in_the_next_one(void **state) {
	(void)state;
	lk_plan p = tumbling(0);
	assert_int_equal(lk_pane_start(&p.window, 60 * S - 1), 0);
	assert_int_equal(lk_pane_start(&p.window, 60 * S), 60 * S);
	assert_int_equal(lk_pane_start(&p.window, -1), -60 * S);
	assert_int_equal(lk_span_of_tag(&p.window, 0).end, 60 * S);
	lk_window hop = {.kind = LK_W_HOP, .size_us = 60 * S, .slide_us = 20 * S, .pane_us = 20 * S};
	assert_int_equal(lk_pane_start(&hop, 60 * S - 1), 40 * S);
	assert_int_equal(lk_pane_start(&hop, 60 * S), 60 * S);
}

static void two_events_exactly_one_gap_apart_are_two_sessions(void **state) {
	(void)state;
	lk_plan p = sessions(0);
	assert_true(lk_in_one_session(&p.window, 0, 20 * S - 1));
	assert_false(lk_in_one_session(&p.window, 0, 20 * S));
	assert_int_equal(lk_session_span(&p.window, 5 * S, 7 * S).start, 5 * S);
	assert_int_equal(lk_session_span(&p.window, 5 * S, 7 * S).end, 27 * S);
}

/* P11: late if the watermark has reached the end of the pane + lateness; for a session, its own time + gap +
 * lateness. */
static void the_instant_from_which_an_event_is_late(void **state) {
	(void)state;
	static const struct { int64_t lateness, ts, from; } panes[] = {
		{0, 0, 60 * S}, {0, 60 * S - 1, 60 * S}, {0, 60 * S, 120 * S}, {30 * S, 0, 90 * S}, {30 * S, 60 * S - 1, 90 * S},
		{0, -1, 0}, {0, -60 * S, 0},
	}, of_sessions[] = {{0, 0, 20 * S}, {0, 1, 20 * S + 1}, {30 * S, 5 * S, 55 * S}, {0, -20 * S, 0}};
	for (size_t i = 0; i < sizeof panes / sizeof *panes; i++) {
		lk_plan p = tumbling(panes[i].lateness);
		assert_int_equal(lk_late_from(&p, panes[i].ts), panes[i].from);
		assert_false(lk_is_late(&p, panes[i].ts, panes[i].from - 1));
		assert_true(lk_is_late(&p, panes[i].ts, panes[i].from));
	}
	for (size_t i = 0; i < sizeof of_sessions / sizeof *of_sessions; i++) {
		lk_plan p = sessions(of_sessions[i].lateness);
		assert_int_equal(lk_late_from(&p, of_sessions[i].ts), of_sessions[i].from);
		assert_false(lk_is_late(&p, of_sessions[i].ts, of_sessions[i].from - 1));
		assert_true(lk_is_late(&p, of_sessions[i].ts, of_sessions[i].from));
	}
	lk_plan never = tumbling(-1), none = {.stream = &stream, .window = {.kind = LK_W_NONE}};
	assert_int_equal(lk_late_from(&never, 0), INT64_MAX);
	assert_int_equal(lk_late_from(&none, 0), INT64_MAX);
}

/* An event that is not behind the watermark is in time, also with no lateness. */
static void an_event_at_the_watermark_is_in_time(void **state) {
	(void)state;
	lk_plan plans[] = {tumbling(0), sessions(0), view(LK_W_HOP, 60 * S, 20 * S, 20 * S, 0), view(LK_W_CUMULATE, 60 * S, 20 * S, 20 * S, 0)};
	for (size_t i = 0; i < sizeof plans / sizeof *plans; i++)
		for (int64_t t = -90 * S; t <= 90 * S; t += 10 * S)
			assert_false(lk_is_late(&plans[i], t, t));
}

/* P11 */
static void the_instant_from_which_a_window_is_final(void **state) {
	(void)state;
	lk_plan at_once = tumbling(0), patient = tumbling(30 * S), session = sessions(30 * S);
	assert_true(lk_final_to(&at_once, 60 * S - 1) < 60 * S);
	assert_int_equal(lk_final_to(&at_once, 60 * S), 60 * S);
	assert_true(lk_final_to(&patient, 90 * S - 1) < 60 * S);
	assert_int_equal(lk_final_to(&patient, 90 * S), 60 * S);
	/* A session of one event at 0 ends at 20 s. An event at 19 s would belong to it, and is in time until 19 + 20
	 * + 30 s. */
	assert_true(lk_final_to(&session, 70 * S - 1) < 20 * S);
	assert_int_equal(lk_final_to(&session, 70 * S), 20 * S);
	assert_false(lk_is_late(&session, 20 * S - 1, 70 * S - 2));
	assert_true(lk_is_late(&session, 20 * S - 1, 70 * S - 1));
}

/* The example of docs/windows.md: the pane of an event has ended, but two of its windows have not. */
static void late_for_all_windows_or_for_none(void **state) {
	(void)state;
	lk_plan strict = view(LK_W_HOP, 60 * S, 20 * S, 20 * S, 0), patient = view(LK_W_HOP, 60 * S, 20 * S, 20 * S, 40 * S);
	lk_span first, last;
	int64_t ts = 10 * S, watermark = 30 * S;
	assert_int_equal(lk_windows_of_pane(&strict.window, lk_pane_start(&strict.window, ts), &first, &last), 3);
	assert_true(first.start == -40 * S && first.end == 20 * S && last.start == 0 && last.end == 60 * S);
	assert_true(lk_is_late(&strict, ts, watermark));
	assert_true(lk_is_final(first.end, lk_final_to(&strict, watermark)));
	assert_false(lk_is_late(&patient, ts, watermark));
	assert_false(lk_is_final(first.end, lk_final_to(&patient, watermark)));
	assert_int_equal(lk_late_from(&patient, ts), last.end);
}

/* By counting one by one the windows that contain a pane. */
static void windows_of_a_pane_are_those_that_hold_it(void **state) {
	(void)state;
	static const lk_window windows[] = {
		{.kind = LK_W_TUMBLE, .size_us = 60 * S, .slide_us = 60 * S, .pane_us = 60 * S},
		{.kind = LK_W_TUMBLE, .size_us = 60 * S, .slide_us = 60 * S, .pane_us = 20 * S, .offset_us = 20 * S},
		{.kind = LK_W_HOP, .size_us = 60 * S, .slide_us = 20 * S, .pane_us = 20 * S},
		{.kind = LK_W_HOP, .size_us = 50 * S, .slide_us = 20 * S, .pane_us = 10 * S, .offset_us = 10 * S},
		{.kind = LK_W_CUMULATE, .size_us = 60 * S, .slide_us = 20 * S, .pane_us = 20 * S},
	};
	for (size_t i = 0; i < sizeof windows / sizeof *windows; i++)
		for (int64_t t = -200 * S; t < 200 * S; t += 10 * S) {
			const lk_window *w = &windows[i];
			int64_t pane = lk_pane_start(w, t), n = 0, every = w->kind == LK_W_CUMULATE ? w->size_us : w->slide_us;
			lk_span first = {0, 0}, last = {0, 0}, got_first, got_last;
			for (int64_t start = -600 * S + w->offset_us; start < 600 * S; start += every)
				for (int64_t end = start + (w->kind == LK_W_CUMULATE ? w->slide_us : w->size_us); end <= start + w->size_us; end += w->slide_us)
					if (start <= pane && pane < end) {
						last = (lk_span){start, end};
						first = n++ ? first : last;
					}
			assert_int_equal(lk_windows_of_pane(w, pane, &got_first, &got_last), n);
			assert_true(first.start == got_first.start && first.end == got_first.end);
			assert_true(last.start == got_last.start && last.end == got_last.end);
		}
}

/* --- what is final stays --- */

enum { EVENTS = 30, ROWS = 600 };

typedef struct row {
	lk_span span;
	int64_t events;
} row;

static int by_time(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static int session_rows(const lk_window *w, int64_t *times, int n, row *out) {
	int rows = 0;
	qsort(times, (size_t)n, sizeof *times, by_time);
	for (int i = 0, first = 0; i < n; i++) {
		if (i + 1 < n && lk_in_one_session(w, times[i], times[i + 1]))
			continue;
		out[rows++] = (row){lk_session_span(w, times[first], times[i]), i + 1 - first};
		first = i + 1;
	}
	return rows;
}

/* The rows of the events, from the definition of each kind: writes the windows down and counts the events in each. */
static int rows_of(const lk_window *w, int64_t *times, int n, row *out) {
	if (w->kind == LK_W_SESSION)
		return session_rows(w, times, n, out);
	int rows = 0;
	int64_t every = w->kind == LK_W_CUMULATE ? w->size_us : w->slide_us;
	for (int64_t start = -240 * S; start < 480 * S; start += every)
		for (int64_t end = w->kind == LK_W_CUMULATE ? start + w->slide_us : start + w->size_us; end <= start + w->size_us; end += w->slide_us) {
			row r = {{start, end}, 0};
			for (int i = 0; i < n; i++)
				r.events += start <= times[i] && times[i] < end;
			if (r.events)
				out[rows++] = r;
		}
	return rows;
}

static int final_rows(const lk_window *w, const int64_t *times, int n, int64_t final_to, row *out) {
	int64_t copy[EVENTS];
	int kept = 0;
	memcpy(copy, times, (size_t)n * sizeof *copy);
	int rows = rows_of(w, copy, n, out);
	for (int i = 0; i < rows; i++)
		if (final_to != LK_NEVER && out[i].span.end <= final_to)
			out[kept++] = out[i];
	return kept;
}

/* Over two partitions, each with its own watermark; an event is refused by its partition's. */
static void what_is_final_stays_for(lk_plan p, uint64_t *s) {
	static row before[ROWS], after[ROWS];
	int64_t wm[2] = {LK_NEVER, LK_NEVER}, in[EVENTS], then = LK_NEVER;
	int n = 0, nbefore = 0;
	for (int i = 0; i < EVENTS; i++) {
		int part = random_below(s, 2);
		int64_t ts = (i * 6 + random_below(s, 100) - 80) * S + random_below(s, 2);
		if (!lk_is_late(&p, ts, wm[part]))
			in[n++] = ts;
		wm[part] = lk_watermark_advance(&p, wm[part], ts, 0);
		/* No final window has changed, and no new one is final from the start. */
		int m = final_rows(&p.window, in, n, then, after);
		assert_int_equal(m, nbefore);
		assert_memory_equal(after, before, (size_t)m * sizeof *after);
		then = lk_final_to(&p, wm[0] < wm[1] ? wm[0] : wm[1]);
		nbefore = final_rows(&p.window, in, n, then, before);
	}
}

/* P11 */
static void what_is_final_stays(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int i = 0; i < 400; i++) {
		int64_t lateness = random_below(&s, 3) * 7 * S;
		stream.watermark_delay_us = random_below(&s, 3) * 5 * S;
		what_is_final_stays_for(tumbling(lateness), &s);
		what_is_final_stays_for(sessions(lateness), &s);
		what_is_final_stays_for(view(LK_W_HOP, 60 * S, 20 * S, 20 * S, lateness), &s);
		what_is_final_stays_for(view(LK_W_HOP, 50 * S, 20 * S, 10 * S, lateness), &s);
		what_is_final_stays_for(view(LK_W_CUMULATE, 60 * S, 20 * S, 20 * S, lateness), &s);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_at_the_end_of_a_window_is_in_the_next_one),
		cmocka_unit_test(two_events_exactly_one_gap_apart_are_two_sessions),
		cmocka_unit_test(the_instant_from_which_an_event_is_late),
		cmocka_unit_test(an_event_at_the_watermark_is_in_time),
		cmocka_unit_test(the_instant_from_which_a_window_is_final),
		cmocka_unit_test(late_for_all_windows_or_for_none),
		cmocka_unit_test(windows_of_a_pane_are_those_that_hold_it),
		cmocka_unit_test(what_is_final_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
