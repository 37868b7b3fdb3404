/* Panes, watermarks, lateness, finality. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "plan/watermark.h"
#include "tests/support/random.h"

enum { EVENT_TIME = 0, COLUMNS = 3 };
#define S LK_US_PER_S

static lk_stream stream = {.schema.ncolumns = COLUMNS, .schema.event_time = EVENT_TIME, .partitions = 1,
                           .watermark_delay_us = 10 * S, .max_ahead_us = 3600 * S};

static lk_plan minutes(int64_t lateness_us) {
	return (lk_plan){
		.stream = &stream,
		.window = {.kind = LK_W_TUMBLE, .time_slot = EVENT_TIME, .size_us = 60 * S, .slide_us = 60 * S, .pane_us = 60 * S},
		.allowed_lateness_us = lateness_us,
	};
}

static void slices_floor(void **state) {
	(void)state;
	static const struct { int64_t ts, size, start; } rows[] = {
		{0, 60, 0}, {59, 60, 0}, {60, 60, 60}, {-1, 60, -60}, {-60, 60, -60}, {-61, 60, -120}, {12345, 0, 0}, {7, 1, 7},
		{INT64_MIN, 60, INT64_MIN}, {INT64_MAX, 10, INT64_MAX - 7}, {-5, INT64_MAX, INT64_MIN + 1}, {5, INT64_MAX, 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(lk_slice_start(rows[i].ts, rows[i].size), rows[i].start);
}

static void slices_hold_their_instants(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int i = 0; i < 100000; i++) {
		int64_t ts = random_in_range(&s, LK_TIME_MAX), size = 1 + random_in_range(&s, LK_TIME_MAX / 2);
		size = size < 1 ? 1 - size : size;
		int64_t start = lk_slice_start(ts, size);
		assert_true(start <= ts && ts - start < size && start % size == 0);
	}
}

static void views_without_windows_have_one_pane(void **state) {
	(void)state;
	lk_window none = {.kind = LK_W_NONE, .time_slot = EVENT_TIME};
	assert_int_equal(lk_pane_start(&none, 123456789), 0);
	lk_plan p = minutes(0);
	assert_int_equal(lk_pane_start(&p.window, -1), -60 * S);
}

/* P9 */
static void watermark_is_the_largest_believed_time_less_the_delay(void **state) {
	(void)state;
	lk_plan p = minutes(-1);
	int64_t at = 100000 * S, wm = LK_NEVER;
	wm = lk_watermark_advance(&p, wm, at - 100 * S, at);
	assert_int_equal(wm, at - 110 * S);
	wm = lk_watermark_advance(&p, wm, at - 200 * S, at);
	assert_int_equal(wm, at - 110 * S);
	wm = lk_watermark_advance(&p, wm, at, at);
	assert_int_equal(wm, at - 10 * S);
	wm = lk_watermark_advance(&p, wm, LK_TIME_MAX, at);
	assert_int_equal(wm, at + 3590 * S);
}

static void watermark_of_processing_time_is_at(void **state) {
	(void)state;
	lk_plan p = minutes(-1);
	p.window.time_slot = lk_slot_at(&stream);
	assert_int_equal(lk_watermark_advance(&p, LK_NEVER, LK_TIME_MAX, 1000 * S), 1000 * S);
	assert_int_equal(lk_watermark_of_prefix(&p, LK_TIME_MAX, 1000 * S), 1000 * S);
	assert_true(lk_watermark_of_prefix(&p, LK_NEVER, LK_NEVER) == LK_NEVER);
}

static void watermark_saturates(void **state) {
	(void)state;
	lk_plan p = minutes(-1);
	assert_int_equal(lk_watermark_advance(&p, LK_NEVER, LK_TIME_MIN, 0), LK_TIME_MIN);
	assert_int_equal(lk_watermark_advance(&p, LK_NEVER, INT64_MAX, INT64_MAX), LK_TIME_MAX);
	assert_int_equal(lk_watermark_advance(&p, LK_NEVER, INT64_MIN + 1, 0), LK_TIME_MIN);
}

/* P9 */
static void watermark_of_a_prefix_is_the_fold_of_its_events(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int round = 0; round < 3000; round++) {
		lk_stream st = stream;
		st.watermark_delay_us = random_below(&s, 3) * 7 * S;
		st.max_ahead_us = random_below(&s, 3) * 50 * S;
		lk_plan p = minutes(-1);
		p.stream = &st;
		p.window.time_slot = random_below(&s, 2) ? EVENT_TIME : lk_slot_at(&st);
		int64_t wm = LK_NEVER, high = LK_NEVER, last_at = LK_NEVER, at = 1000 * S;
		assert_true(lk_watermark_of_prefix(&p, high, last_at) == wm);
		for (int batch = random_below(&s, 5); batch > 0; batch--) {
			at += random_below(&s, 100) * S;
			int64_t max_ts = INT64_MIN;
			for (int n = 1 + random_below(&s, 4); n > 0; n--) {
				int64_t ts = random_below(&s, 5) ? at + (random_below(&s, 300) - 200) * S : random_in_range(&s, LK_TIME_MAX / 5);
				ts = ts < LK_TIME_MIN ? LK_TIME_MIN : ts;
				max_ts = ts > max_ts ? ts : max_ts;
				wm = lk_watermark_advance(&p, wm, ts, at);
			}
			high = lk_high_advance(&st, high, max_ts, at);
			last_at = at;
		}
		assert_true(lk_watermark_of_prefix(&p, high, last_at) == wm);
	}
}

/* P11 */
static void late_by_the_end_of_the_pane(void **state) {
	(void)state;
	lk_plan p = minutes(30 * S), never = minutes(-1), at_once = minutes(0);
	assert_false(lk_is_late(&p, 0, 90 * S - 1));
	assert_true(lk_is_late(&p, 0, 90 * S));
	assert_false(lk_is_late(&p, 60 * S, 90 * S));
	assert_true(lk_is_late(&at_once, 0, 60 * S));
	assert_false(lk_is_late(&at_once, 0, 60 * S - 1));
	assert_true(lk_is_late(&at_once, -60 * S, 0));
	assert_false(lk_is_late(&never, 0, LK_TIME_MAX));
	assert_false(lk_is_late(&p, 0, LK_NEVER));
	p.allowed_lateness_us = INT64_MAX;
	assert_false(lk_is_late(&p, 60 * S, LK_TIME_MAX));
}

/* P9, P11: one event that far ahead makes no event late whose time is the clock's; one that is further ahead does. The
 * same for windows that have not ended. */
static void how_far_ahead_does_no_harm(void **state) {
	(void)state;
	int64_t at = 600 * S - 1;   /* its pane ends with the next microsecond */
	for (int session = 0; session < 2; session++) {
		lk_plan p = minutes(30 * S);
		p.retention_us = 45 * S;
		p.window.kind = session ? LK_W_SESSION : LK_W_TUMBLE;
		int64_t late = lk_ahead_until_late(&p), expired = lk_ahead_until_expired(&p);
		assert_int_equal(late, (session ? 100 * S - 1 : 40 * S));
		assert_int_equal(expired, 55 * S);
		assert_false(lk_is_late(&p, at, lk_watermark_advance(&p, LK_NEVER, at + late, at)));
		assert_true(lk_is_late(&p, at, lk_watermark_advance(&p, LK_NEVER, at + late + 1, at)));
		const lk_span ends_now = {at + 1 - 60 * S, at + 1};
		assert_false(lk_is_expired(&p, ends_now, lk_horizon(&p, lk_watermark_advance(&p, LK_NEVER, at + expired, at))));
		assert_true(lk_is_expired(&p, ends_now, lk_horizon(&p, lk_watermark_advance(&p, LK_NEVER, at + expired + 1, at))));
	}
	lk_plan never = minutes(-1);
	assert_int_equal(lk_ahead_until_late(&never), INT64_MAX);
	assert_int_equal(lk_ahead_until_expired(&never), INT64_MAX);
}

static void views_without_windows_have_no_late_events(void **state) {
	(void)state;
	lk_plan p = minutes(0);
	p.window = (lk_window){.kind = LK_W_NONE, .time_slot = EVENT_TIME};
	assert_false(lk_is_late(&p, 0, LK_TIME_MAX));
	assert_true(lk_final_to(&p, LK_TIME_MAX) == LK_NEVER);
}

/* P11: Final means late: a window is final exactly if an event in it would be refused. */
static void final_is_what_no_event_can_change(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int i = 0; i < 20000; i++) {
		lk_plan p = minutes(random_below(&s, 4) * 25 * S);
		int64_t wm = random_in_range(&s, 100000 * S), pane = lk_slice_start(wm - random_below(&s, 300) * S, 60 * S);
		assert_int_equal(lk_is_late(&p, pane, wm), pane + 60 * S <= lk_final_to(&p, wm));
	}
	lk_plan never = minutes(-1), some = minutes(0);
	assert_true(lk_final_to(&never, 1000 * S) == LK_NEVER);
	assert_true(lk_final_to(&some, LK_NEVER) == LK_NEVER);
	some.allowed_lateness_us = INT64_MAX;
	assert_true(lk_final_to(&some, LK_TIME_MIN) != LK_NEVER);
}

static void windows_are_multiples_of_panes(void **state) {
	(void)state;
	static const struct { int64_t size_s, slide_s; bool fits; } asked[] = {
		{60, 60, true}, {3600, 3600, true}, {600, 60, true}, {90, 90, false}, {30, 30, false}, {0, 0, false},
		{-60, -60, false}, {600, 90, false}, {60, 120, false}, {600060, 60, false}};
	lk_plan p = minutes(0);
	lk_window w;
	const char *reason;
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		assert_int_equal(lk_window_ask(&p.window, asked[i].size_s * S, asked[i].slide_s * S, &w, &reason) == 0, asked[i].fits);
	p.window = (lk_window){.kind = LK_W_NONE};
	assert_int_equal(lk_window_ask(&p.window, 60 * S, 60 * S, &w, &reason), -1);
}

/* --- windows built from panes --- */

static lk_window hop(int64_t slide, int64_t size, int64_t offset, int64_t pane) {
	return (lk_window){.kind = LK_W_HOP, .size_us = size, .slide_us = slide, .offset_us = offset, .pane_us = pane};
}
static lk_window tumble(int64_t size, int64_t offset) {
	return (lk_window){.kind = LK_W_TUMBLE, .size_us = size, .slide_us = size, .offset_us = offset, .pane_us = size};
}
static lk_window cumulate(int64_t step, int64_t size) {
	return (lk_window){.kind = LK_W_CUMULATE, .size_us = size, .slide_us = step, .pane_us = step};
}
static lk_window session(int64_t gap) {
	return (lk_window){.kind = LK_W_SESSION, .size_us = gap, .slide_us = gap, .pane_us = gap};
}

/* Inclusive at the start, exclusive at the end, also before 1970. */
static void panes_by_offset(void **state) {
	(void)state;
	static const struct { int64_t ts; lk_window w; int64_t pane; } rows[] = {
		{0, {.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, -15},
		{44, {.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, -15},
		{45, {.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, 45},
		{-15, {.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, -15},
		{-16, {.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, -75},
		{0, {.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .offset_us = 45, .pane_us = 30}, -15},
		{15, {.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .offset_us = 45, .pane_us = 30}, 15},
		{14, {.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .offset_us = 45, .pane_us = 30}, -15},
		{59, {.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, 40},
		{60, {.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, 60},
		{-1, {.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, -20},
		{-1, {.kind = LK_W_SESSION, .size_us = 30, .slide_us = 30, .pane_us = 30}, -30},
		{LK_TIME_MIN, {.kind = LK_W_TUMBLE, .size_us = 7 * 86400 * S, .slide_us = 7 * 86400 * S, .offset_us = 345600 * S, .pane_us = 7 * 86400 * S},
		 LK_TIME_MIN},   /* 0001-01-01 is a Monday, as 1970-01-05 */
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t pane = lk_pane_start(&rows[i].w, rows[i].ts);
		if (pane != rows[i].pane)
			fail_msg("row %zu: pane %lld, not %lld", i, (long long)pane, (long long)rows[i].pane);
		assert_int_equal(lk_pane_end(&rows[i].w, pane), pane + rows[i].w.pane_us);
	}
}

static void spans_of_tags(void **state) {
	(void)state;
	static const struct { lk_window w; int64_t tag, start, end; } rows[] = {
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, -15, -15, 45},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .offset_us = 45, .pane_us = 30}, -75, -75, 15},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, 0, 0, 20},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, 40, 0, 60},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, -20, -60, 0},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, -60, -60, -40},
		{{.kind = LK_W_SESSION, .size_us = 30, .slide_us = 30, .pane_us = 30}, 7, 7, 7},
		{{.kind = LK_W_NONE}, 0, 0, 0},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, INT64_MAX - 10, INT64_MAX - 10, INT64_MAX},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, INT64_MAX - 10, INT64_MAX - 10, INT64_MAX},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_span span = lk_span_of_tag(&rows[i].w, rows[i].tag);
		if (span.start != rows[i].start || span.end != rows[i].end)
			fail_msg("row %zu: [%lld, %lld)", i, (long long)span.start, (long long)span.end);
	}
	lk_window of_session = session(30);
	lk_span span = lk_session_span(&of_session, 7, 50);
	assert_true(span.start == 7 && span.end == 80);
	assert_true(lk_session_span(&of_session, 0, INT64_MAX - 1).end == INT64_MAX);
	assert_true(lk_in_one_session(&of_session, 7, 36));
	assert_false(lk_in_one_session(&of_session, 7, 37));
}

/* What a query may ask of a view: kind, lengths and offset of the windows, or the reason for a refusal. */
static void what_can_be_asked(void **state) {
	(void)state;
	static const struct { lk_window of; int64_t size, slide; int kind; int64_t offset; const char *why; } rows[] = {
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, 120, 120, LK_W_TUMBLE, 45, NULL},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, 120, 60, LK_W_HOP, 45, NULL},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .offset_us = 45, .pane_us = 30}, 30, 30, LK_W_TUMBLE, 15, NULL},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .offset_us = 45, .pane_us = 30}, 120, 30, LK_W_HOP, 15, NULL},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .offset_us = 45, .pane_us = 30}, 90, 90, LK_W_TUMBLE, 45, NULL},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, 100, 20, LK_W_HOP, 0, NULL},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, 20, 20, LK_W_TUMBLE, 0, NULL},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, 45, 45, 0, 0, "whole panes"},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 120, 90, 0, 0, "whole panes"},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 60, 120, 0, 0, "longer than the window"},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 60 * 10000, 60, LK_W_HOP, 0, NULL},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 60 * 10001, 60, 0, 0, "more than 10000 windows"},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 60 * 20000, 60 * 20000, LK_W_TUMBLE, 0, NULL},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 60 * 20000, 60 * 2, LK_W_HOP, 0, NULL},
		{{.kind = LK_W_TUMBLE, .size_us = 86400 * S, .slide_us = 86400 * S, .pane_us = 86400 * S}, 36525 * (86400 * S), 86400 * S, 0, 0, "10000 windows"},
		{{.kind = LK_W_TUMBLE, .size_us = 864000 * S, .slide_us = 864000 * S, .pane_us = 864000 * S}, 3652 * (864000 * S), 864000 * S, LK_W_HOP, 0, NULL},
		{{.kind = LK_W_TUMBLE, .size_us = 864000 * S, .slide_us = 864000 * S, .pane_us = 864000 * S}, 3653 * (864000 * S), 864000 * S, 0, 0, "100 years"},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 0, 0, 0, 0, "whole panes"},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 60, -60, 0, 0, "whole panes"},
		{{.kind = LK_W_SESSION, .size_us = 60, .slide_us = 60, .pane_us = 60}, 60, 60, 0, 0, "sessions"},
		{{.kind = LK_W_CALENDAR}, 60, 60, 0, 0, "calendar"},
		{{.kind = LK_W_NONE}, 60, 60, 0, 0, "no windows"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_plan p = {.stream = &stream, .window = rows[i].of};
		lk_window w = {0};
		const char *why = NULL;
		int rc = lk_window_ask(&p.window, rows[i].size, rows[i].slide, &w, &why);
		if ((rc == 0) != !rows[i].why || (rc && !strstr(why, rows[i].why)))
			fail_msg("row %zu: %d, %s", i, rc, why ? why : "");
		if (rc == 0 && (w.kind != rows[i].kind || w.size_us != rows[i].size || w.slide_us != rows[i].slide || w.offset_us != rows[i].offset ||
		                w.pane_us != rows[i].of.pane_us))
			fail_msg("row %zu: kind %d, %lld by %lld from %lld", i, w.kind, (long long)w.size_us, (long long)w.slide_us, (long long)w.offset_us);
	}
}

#define ANY INT64_MIN
#define ALL INT64_MAX

static void panes_of_ranges(void **state) {
	(void)state;
	static const struct { lk_window w; int64_t from, to, first, end; } rows[] = {
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 60, 120, 60, 120},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .pane_us = 60}, 61, 121, 120, 180},
		{{.kind = LK_W_TUMBLE, .size_us = 60, .slide_us = 60, .offset_us = 45, .pane_us = 60}, 46, 105, 105, 105},
		{{.kind = LK_W_TUMBLE, .size_us = 120, .slide_us = 120, .pane_us = 60}, 1, 121, 120, 240},   /* asked with --window */
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, 60, 120, 60, 150},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, 60, 121, 60, 210},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, -61, 0, -60, 30},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .offset_us = 45, .pane_us = 30}, -15, -14, -15, 75},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, ANY, ALL, ANY, ALL},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, 0, ALL, 0, ALL},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, ANY, ANY, ANY, ANY},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, LK_TIME_MAX + 1, ALL, ALL, ALL},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, ANY, LK_TIME_MAX + 1, ANY, ALL},
		{{.kind = LK_W_HOP, .size_us = 90, .slide_us = 60, .pane_us = 30}, LK_TIME_MIN - 90, 0, ANY, 30},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, 1, 61, 60, 120},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, 0, 1, 0, 60},
		{{.kind = LK_W_CUMULATE, .size_us = 60, .slide_us = 20, .pane_us = 20}, -60, 0, -60, 0},
		{{.kind = LK_W_NONE}, 0, 1, ANY, ALL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t first, end;
		lk_panes_of_range(&rows[i].w, rows[i].from, rows[i].to, &first, &end);
		if (first != rows[i].first || end != rows[i].end)
			fail_msg("row %zu: [%lld, %lld)", i, (long long)first, (long long)end);
	}
}

static lk_window random_window(uint64_t *s) {
	int64_t unit = 1 + random_below(s, 3), parts = 1 + random_below(s, 6), slide = unit * parts;
	if (random_below(s, 3) == 0)
		return cumulate(slide, slide * (2 + random_below(s, 5)));
	int64_t more = random_below(s, 3) * parts + (parts > 1 ? 1 : 0), pane = more ? unit : slide;
	int64_t offset = random_below(s, (int)slide);
	return more ? hop(slide, slide + unit * more, offset, pane) : tumble(slide, offset);
}

/* All rules agree: windows found from an event, from a range, from a pane. */
static void rules_agree(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int round = 0; round < 20000; round++) {
		lk_window w = random_window(&s);
		int64_t ts = random_below(&s, 2000) - 1000, pane = lk_pane_start(&w, ts), windows = 0;
		assert_true(pane <= ts && ts < lk_pane_end(&w, pane));
		int64_t from = random_below(&s, 300) - 150 + ts, to = from + random_below(&s, 100), first, end;
		lk_panes_of_range(&w, from, to, &first, &end);
		for (int64_t tag = ts - 2 * w.size_us - w.slide_us; tag <= ts + 2 * w.size_us; tag++) {
			int64_t into = (tag - w.offset_us) % w.slide_us;
			if (into)
				continue;
			lk_span span = lk_span_of_tag(&w, tag);
			bool holds = span.start <= ts && ts < span.end;
			windows += holds;
			assert_int_equal(span.start <= pane && pane < span.end, holds);   /* a pane is in the windows of its events */
			if (holds && from <= span.start && span.start < to && !(first <= pane && pane < end))
				fail_msg("SEED: a pane at %lld of a window at %lld is not read for [%lld, %lld)", (long long)pane, (long long)span.start,
				         (long long)from, (long long)to);
		}
		int64_t most = w.kind == LK_W_CUMULATE ? w.size_us / w.slide_us : (w.size_us + w.slide_us - 1) / w.slide_us;
		assert_true(windows >= 1 && windows <= most);
		if (lk_is_tiling(&w))
			assert_true(lk_span_of_tag(&w, lk_tag_of_pane(&w, pane)).start <= ts && ts < lk_span_of_tag(&w, lk_tag_of_pane(&w, pane)).end);
	}
}

/* Nothing overflows, at any distance. */
static void ends_of_time(void **state) {
	(void)state;
	uint64_t s = random_seed();
	int64_t century = 36525 * (86400 * S);
	for (int round = 0; round < 20000; round++) {
		int64_t slide = 1 + (int64_t)(random_next(&s) % (uint64_t)century), first, end;
		lk_window ws[] = {tumble(slide, random_below(&s, 2) ? slide - 1 : 0), hop(slide, slide > century / 2 ? slide + 1 : 2 * slide, slide / 2, 1), cumulate(slide, slide),
		                  session(slide)};
		for (int i = 0; i < 4; i++) {
			lk_window *w = &ws[i];
			int64_t far[] = {INT64_MIN, INT64_MIN + 1, LK_TIME_MIN - 1, LK_TIME_MIN, LK_TIME_MAX, LK_TIME_MAX + 1, INT64_MAX - 1, INT64_MAX};
			int64_t t = far[random_below(&s, 8)], u = far[random_below(&s, 8)];
			int64_t pane = lk_pane_start(w, t);
			assert_true(pane <= t || t < LK_TIME_MIN - 2 * century);
			assert_true(lk_pane_end(w, pane) >= pane);
			lk_span span = lk_span_of_tag(w, pane);
			assert_true(span.end >= span.start);
			lk_panes_of_range(w, t, u, &first, &end);
			assert_true(t > LK_TIME_MIN - century || first == INT64_MIN);
			assert_true(u <= LK_TIME_MAX || end == INT64_MAX || w->kind == LK_W_SESSION);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slices_floor),
		cmocka_unit_test(slices_hold_their_instants),
		cmocka_unit_test(views_without_windows_have_one_pane),
		cmocka_unit_test(watermark_is_the_largest_believed_time_less_the_delay),
		cmocka_unit_test(watermark_of_processing_time_is_at),
		cmocka_unit_test(watermark_saturates),
		cmocka_unit_test(watermark_of_a_prefix_is_the_fold_of_its_events),
		cmocka_unit_test(late_by_the_end_of_the_pane),
		cmocka_unit_test(views_without_windows_have_no_late_events),
		cmocka_unit_test(final_is_what_no_event_can_change),
		cmocka_unit_test(windows_are_multiples_of_panes),
		cmocka_unit_test(panes_by_offset),
		cmocka_unit_test(spans_of_tags),
		cmocka_unit_test(what_can_be_asked),
		cmocka_unit_test(panes_of_ranges),
		cmocka_unit_test(how_far_ahead_does_no_harm),
		cmocka_unit_test(rules_agree),
		cmocka_unit_test(ends_of_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
