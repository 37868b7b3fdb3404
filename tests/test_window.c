/* Panes, watermarks, lateness, finality. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/window.h"
#include "tests/support/random.h"

enum { EVENT_TIME = 0, COLUMNS = 3 };
#define S LK_US_PER_S

static lk_stream stream = {.ncolumns = COLUMNS, .event_time = EVENT_TIME, .partitions = 1,
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

static void views_without_windows_have_no_late_events(void **state) {
	(void)state;
	lk_plan p = minutes(0);
	p.window = (lk_window){.kind = LK_W_NONE, .time_slot = EVENT_TIME};
	assert_false(lk_is_late(&p, 0, LK_TIME_MAX));
	assert_true(lk_final_to(&p, LK_TIME_MAX) == LK_NEVER);
}

/* P11: What is final is what is late: a window is final exactly when an event of it would be refused. */
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
		assert_int_equal(lk_window_ask(&p, asked[i].size_s * S, asked[i].slide_s * S, &w, &reason) == 0, asked[i].fits);
	p.window = (lk_window){.kind = LK_W_NONE};
	assert_int_equal(lk_window_ask(&p, 60 * S, 60 * S, &w, &reason), -1);
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
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
