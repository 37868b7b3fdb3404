/* Which windows are expired, and what must still be kept for the others: against the plain rule, window by window. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "plan/watermark.h"
#include "tests/support/definitions.h"

#define S LK_US_PER_S

static const lk_plan *view(const char *window, const char *options, lk_definitions *d) {
	lk_buf text = LK_BUF_INIT;
	lk_buf_addf(&text, "CREATE VIEW v WITH (%s) AS SELECT count(*) AS n FROM hits GROUP BY %s", options, window);
	const lk_plan *p = test_view(text.data, d);
	lk_buf_release(&text);
	return p;
}

static void retention_is_a_lateness_bound(void **state) {
	(void)state;
	lk_definitions d;
	const lk_plan *p = view("tumble(ts, '1 minute')", "retention = '1 h'", &d);
	assert_int_equal(p->retention_us, 3600 * S);
	assert_int_equal(p->allowed_lateness_us, 3600 * S);
	lk_definitions_release(&d);
	p = view("tumble(ts, '1 minute')", "retention = '1 h', allowed_lateness = '0 s'", &d);
	assert_int_equal(p->retention_us, 3600 * S);
	assert_int_equal(p->allowed_lateness_us, 0);
	lk_definitions_release(&d);
	p = view("tumble(ts, '1 minute')", "allowed_lateness = '1 s'", &d);
	assert_int_equal(p->retention_us, 0);
	assert_int_equal(lk_horizon(p, 10 * S), LK_NEVER);
	assert_false(lk_is_expired(p, (lk_span){0, 1}, LK_NEVER));
	assert_int_equal(lk_first_kept(p, &p->window, LK_NEVER), INT64_MIN);
	lk_definitions_release(&d);
}

/* Final if end + lateness (for a session, + gap) <= the watermark; expired if end + retention <= it. */
static void a_final_row_may_be_seen(void **state) {
	(void)state;
	static const struct { const char *window, *options; bool seen; } rows[] = {
		{"tumble(ts, '1 minute')", "retention = '1 h'", false},
		{"tumble(ts, '1 minute')", "retention = '1 h', allowed_lateness = '1 h'", false},
		{"tumble(ts, '1 minute')", "retention = '1 h', allowed_lateness = '59 min'", true},
		{"hop(ts, '1 minute', '1 h')", "retention = '1 h', allowed_lateness = '0 s'", true},
		{"session(ts, '10 min')", "retention = '1 h', allowed_lateness = '50 min'", false},
		{"session(ts, '10 min')", "retention = '1 h', allowed_lateness = '49 min'", true},
		{"tumble(ts, '1 minute')", "allowed_lateness = '49 min'", true},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_definitions d;
		assert_int_equal(lk_has_final_rows(view(rows[i].window, rows[i].options, &d)), rows[i].seen);
		lk_definitions_release(&d);
	}
	lk_definitions d;
	assert_false(lk_has_final_rows(test_view("CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute')", &d)));
	lk_definitions_release(&d);
}

static void another_retention_is_another_version(void **state) {
	(void)state;
	static const char *const options[] = {"allowed_lateness = '1 h'", "allowed_lateness = '1 h', retention = '1 h'", "allowed_lateness = '1 h', retention = '2 h'"};
	char hash[3][33];
	for (int i = 0; i < 3; i++) {
		lk_definitions d;
		memcpy(hash[i], view("tumble(ts, '1 minute')", options[i], &d)->hash, sizeof hash[i]);
		lk_definitions_release(&d);
	}
	assert_string_not_equal(hash[0], hash[1]);
	assert_string_not_equal(hash[1], hash[2]);
	lk_definitions d;
	assert_string_equal(view("tumble(ts, '1 minute')", "retention = '60 min'", &d)->hash, hash[1]);
	lk_definitions_release(&d);
}

static void the_horizon_is_behind_the_watermark(void **state) {
	(void)state;
	lk_definitions d;
	const lk_plan *p = view("tumble(ts, '1 minute')", "retention = '1 h'", &d);
	assert_int_equal(lk_horizon(p, LK_NEVER), LK_NEVER);
	assert_int_equal(lk_horizon(p, 7200 * S), 3600 * S);
	assert_true(lk_horizon(p, LK_TIME_MIN) > LK_NEVER);
	assert_true(lk_is_expired(p, (lk_span){3540 * S, 3600 * S}, 3600 * S));        /* ends exactly there */
	assert_false(lk_is_expired(p, (lk_span){3600 * S, 3660 * S}, 3600 * S));
	assert_false(lk_is_expired(p, (lk_span){3540 * S, 3600 * S}, 3600 * S - 1));
	lk_definitions_release(&d);
}

/* An accepted event is in no expired window. */
static void what_is_not_late_has_not_expired(void **state) {
	(void)state;
	static const char *const windows[] = {"tumble(ts, '60 s', '7 s')", "hop(ts, '20 s', '50 s')", "cumulate(ts, '20 s', '1 minute')", "session(ts, '30 s')"};
	for (int i = 0; i < 4; i++) {
		lk_definitions d;
		const lk_plan *p = view(windows[i], "retention = '60 s'", &d);
		int64_t watermark = 1000 * S, horizon = lk_horizon(p, watermark);
		for (int64_t ts = 700 * S; ts < 1000 * S; ts += S) {
			int64_t pane = lk_pane_start(&p->window, ts);
			lk_span own = p->window.kind == LK_W_SESSION ? lk_session_span(&p->window, ts, ts) : (lk_span){pane, lk_pane_end(&p->window, pane)};
			if (!lk_is_late(p, ts, watermark))
				assert_true(pane >= lk_first_kept(p, &p->window, horizon) && own.end > horizon);
		}
		lk_definitions_release(&d);
	}
}

/* Every pane of a window that has not expired is kept, and no other pane; also for windows of a query. */
static void panes_are_kept_for_windows_that_have_not_expired(const lk_plan *p, const lk_window *rows, int64_t horizon) {
	int64_t first = lk_first_kept(p, rows, horizon), least = INT64_MAX, every = rows->kind == LK_W_CUMULATE ? rows->size_us : rows->slide_us;
	for (int64_t start = -600 * S + rows->offset_us; start < 900 * S; start += every)
		for (int64_t length = rows->kind == LK_W_CUMULATE ? rows->slide_us : rows->size_us; length <= rows->size_us; length += rows->slide_us) {
			lk_span w = {start, start + length};
			if (!lk_is_expired(p, w, horizon) && w.start < least)
				least = w.start;
		}
	if (lk_is_tiling(rows))
		assert_int_equal(first, least);          /* the panes before it would belong to an expired row */
	else
		assert_true(first <= least);
	if (rows == &p->window)
		assert_int_equal(first, least);
}

static void what_is_kept_is_what_is_needed(void **state) {
	(void)state;
	static const struct { const char *window; int sizes[4][2]; } cases[] = {
		{"tumble(ts, '60 s')", {{120, 120}, {180, 60}, {60, 60}, {300, 300}}},
		{"tumble(ts, '60 s', '7 s')", {{120, 120}, {180, 60}, {60, 60}, {240, 120}}},
		{"hop(ts, '20 s', '60 s')", {{20, 20}, {60, 60}, {120, 20}, {40, 40}}},
		{"hop(ts, '20 s', '50 s', '3 s')", {{50, 10}, {100, 100}, {10, 10}, {200, 50}}},
		{"cumulate(ts, '20 s', '60 s')", {{20, 20}, {60, 60}, {120, 60}, {60, 20}}},
	};
	for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
		lk_definitions d;
		const lk_plan *p = view(cases[c].window, "retention = '60 s'", &d);
		for (int64_t horizon = -65 * S; horizon < 200 * S; horizon += horizon % (10 * S) ? S - 1 : 1) {
			panes_are_kept_for_windows_that_have_not_expired(p, &p->window, horizon);
			for (int i = 0; i < 4; i++) {
				lk_window asked;
				const char *reason;
				assert_int_equal(lk_window_ask(&p->window, cases[c].sizes[i][0] * S, cases[c].sizes[i][1] * S, &asked, &reason), 0);
				panes_are_kept_for_windows_that_have_not_expired(p, &asked, horizon);
			}
		}
		lk_definitions_release(&d);
	}
}

static int setup(void **state) {
	(void)state;
	test_hits();
	return 0;
}

static int teardown(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retention_is_a_lateness_bound),
		cmocka_unit_test(a_final_row_may_be_seen),
		cmocka_unit_test(another_retention_is_another_version),
		cmocka_unit_test(the_horizon_is_behind_the_watermark),
		cmocka_unit_test(what_is_not_late_has_not_expired),
		cmocka_unit_test(what_is_kept_is_what_is_needed),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
