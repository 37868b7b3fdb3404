/* The clock of a paced replay; the test sets the current time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/time.h"
#include "replay/pace.h"
#include "tests/support/random.h"

enum { EVENTS_MOST = 8 };

typedef struct example {
	const char *what;
	double pace;
	int64_t max_gap_us;
	int n;
	struct { int64_t time, due; } event[EVENTS_MOST];   /* in the log's order; due after the start */
} example;

#define S LK_US_PER_S

static const example examples[] = {
	{"as fast as it happened", 1, 0, 4, {{100 * S, 0}, {101 * S, 1 * S}, {101 * S, 1 * S}, {110 * S, 10 * S}}},
	{"four times as fast", 4, 0, 3, {{100 * S, 0}, {101 * S, S / 4}, {110 * S, 10 * S / 4}}},
	{"half as fast", 0.5, 0, 2, {{100 * S, 0}, {101 * S, 2 * S}}},
	{"times before 1970", 1, 0, 3, {{-5 * S, 0}, {-4 * S, 1 * S}, {1 * S, 6 * S}}},
	{"an event out of order is due at once", 1, 0, 4, {{100 * S, 0}, {105 * S, 5 * S}, {101 * S, 5 * S},
	                                                   {106 * S, 6 * S}}},
	{"a long gap is shortened", 1, 10 * S, 4, {{0, 0}, {1 * S, 1 * S}, {3600 * S, 11 * S}, {3601 * S, 12 * S}}},
	{"each long gap is shortened", 2, 10 * S, 4, {{0, 0}, {100 * S, 5 * S}, {200 * S, 10 * S}, {202 * S, 11 * S}}},
	{"a gap that is not too long stays", 1, 10 * S, 3, {{0, 0}, {10 * S, 10 * S}, {19 * S, 19 * S}}},
	{"a gap is from the largest time on", 1, 10 * S, 4, {{0, 0}, {8 * S, 8 * S}, {3 * S, 8 * S}, {15 * S, 15 * S}}},
	{"no wait is repeated", 1, 1 * S, 3, {{0, 0}, {LK_TIME_MAX, 1 * S}, {LK_TIME_MAX, 1 * S}}},
	{"from the first day to the last", 1e12, 0, 2, {{LK_TIME_MIN, 0}, {LK_TIME_MAX, 315538}}},
};

/* When an event goes through, if the caller sleeps exactly as long as the clock says. */
static void each_event_goes_when_it_is_due(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		const example *x = &examples[i];
		int64_t began = 7000000, now = began, passed = LK_NEVER;
		lk_pace p;
		lk_pace_init(&p, x->pace, x->max_gap_us);
		assert_int_equal(lk_pace_shows(&p, now), LK_NEVER);
		for (int e = 0; e < x->n; e++) {
			int64_t time = x->event[e].time;
			if (time > lk_pace_shows(&p, now)) {
				lk_pace_waits_for(&p, passed, time, now);
				if (time > lk_pace_shows(&p, now))
					now = lk_pace_due_us(&p, time);
			}
			if (now - began != x->event[e].due)
				fail_msg("%s: event %d goes after %lld us, not %lld", x->what, e, (long long)(now - began),
				         (long long)x->event[e].due);
			passed = time > passed ? time : passed;
		}
	}
}

/* For a caller that comes late, all events that are due by then are due, and later events no sooner than otherwise. */
static void a_late_caller_does_not_hurry(void **state) {
	(void)state;
	lk_pace p;
	lk_pace_init(&p, 1, 10 * S);
	lk_pace_waits_for(&p, LK_NEVER, 0, 0);
	assert_int_equal(lk_pace_shows(&p, 25 * S), 25 * S);   /* more time than the gap may take has passed already */
	lk_pace_waits_for(&p, 0, 3600 * S, 25 * S);
	assert_int_equal(lk_pace_shows(&p, 25 * S), 3600 * S);
	assert_int_equal(lk_pace_due_us(&p, 3605 * S), 30 * S);
}

/* The loop reads the clock whenever it wakes. */
static void asking_again_changes_nothing(void **state) {
	(void)state;
	lk_pace p;
	lk_pace_init(&p, 2, 10 * S);
	lk_pace_waits_for(&p, LK_NEVER, 0, 0);
	for (int64_t now = 0; now < 5 * S; now += S / 2) {
		lk_pace_waits_for(&p, 0, 1000 * S, now);
		assert_int_equal(lk_pace_due_us(&p, 1000 * S), 5 * S);
	}
	assert_true(lk_pace_shows(&p, 5 * S - 1) < 1000 * S);
	assert_int_equal(lk_pace_shows(&p, 5 * S), 1000 * S);
}

static void an_event_is_never_early(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	for (int i = 0; i < 200000; i++) {
		lk_pace p;
		int64_t first = random_in_range(&seed, LK_TIME_MAX);
		int64_t began = (int64_t)(random_next(&seed) >> (20 + random_below(&seed, 40)));
		int64_t ahead = (int64_t)(random_next(&seed) >> (12 + random_below(&seed, 50)));
		lk_pace_init(&p, (double)(1 + random_below(&seed, 1000000)) / (1 + random_below(&seed, 1000)), 0);
		lk_pace_waits_for(&p, LK_NEVER, first, began);
		int64_t due = lk_pace_due_us(&p, first + ahead);
		assert_true(due >= began);
		assert_true(lk_pace_shows(&p, due) >= first + ahead);
		if (due > began + 1)
			assert_true(lk_pace_shows(&p, due - 2) < first + ahead);
		assert_true(lk_pace_shows(&p, due) >= lk_pace_shows(&p, due - 1));
	}
}

static void ends_of_time_do_not_overflow(void **state) {
	(void)state;
	static const double paces[] = {1e-9, 1, 1e15};
	for (size_t i = 0; i < sizeof paces / sizeof *paces; i++) {
		lk_pace p;
		lk_pace_init(&p, paces[i], 1);
		lk_pace_waits_for(&p, LK_NEVER, INT64_MIN + 1, 0);
		lk_pace_waits_for(&p, INT64_MIN + 1, INT64_MAX, 1);
		int64_t due = lk_pace_due_us(&p, INT64_MAX);
		assert_true(due >= 1);
		assert_true(due == INT64_MAX || lk_pace_shows(&p, due) == INT64_MAX);
		assert_true(lk_pace_shows(&p, INT64_MAX) >= lk_pace_shows(&p, 1));
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_goes_when_it_is_due),
		cmocka_unit_test(a_late_caller_does_not_hurry),
		cmocka_unit_test(asking_again_changes_nothing),
		cmocka_unit_test(an_event_is_never_early),
		cmocka_unit_test(ends_of_time_do_not_overflow),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
