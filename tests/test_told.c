/* A trouble that lasts is reported at once, and then more and more rarely. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/time.h"
#include "core/told.h"

static const int64_t begin_us = 1000 * LK_US_PER_S;

/* The seconds at which a trouble that occurs every half second is reported. */
static void ever_more_seldom(void **state) {
	(void)state;
	lk_told t = {0};
	char said[256] = "", text[64];
	for (int half = 0; half < 2 * 1000; half++) {
		snprintf(text, sizeof text, "view v is at offset %d", half);
		if (lk_told_due(&t, text, begin_us + half * LK_US_PER_S / 2))
			snprintf(said + strlen(said), sizeof said - strlen(said), "%d ", half / 2);
	}
	assert_string_equal(said, "0 5 35 335 635 935 ");
	assert_int_equal(lk_told_over(&t, begin_us + 1000 * LK_US_PER_S), 1000 * LK_US_PER_S);
	assert_int_equal(lk_told_over(&t, begin_us + 1000 * LK_US_PER_S), 0);
}

static bool due(lk_told *t, const char *text, int second) { return lk_told_due(t, text, begin_us + second * LK_US_PER_S); }

static void another_text_is_said_soon(void **state) {
	(void)state;
	lk_told t = {0};
	assert_false(lk_told_has(&t, "one"));
	assert_true(due(&t, "one", 0));
	assert_true(lk_told_has(&t, "one"));
	assert_true(lk_told_has(&t, "1one2"));
	assert_false(lk_told_has(&t, "two"));
	assert_false(due(&t, "two", 4));
	assert_true(due(&t, "two", 5));
	assert_false(due(&t, "one", 9));
	assert_true(due(&t, "one", 10));
	assert_true(due(&t, "one", 15));
	assert_false(due(&t, "one", 44));
	assert_true(due(&t, "one", 45));
}

/* A trouble that comes and goes is not reported each time. */
static void a_trouble_that_comes_back(void **state) {
	(void)state;
	lk_told t = {0};
	assert_true(due(&t, "one", 0));
	assert_true(due(&t, "one", 5));
	assert_int_equal(lk_told_over(&t, begin_us + 6 * LK_US_PER_S), 6 * LK_US_PER_S);
	assert_false(lk_told_has(&t, "one"));
	assert_false(due(&t, "one", 7));
	assert_true(due(&t, "one", 10));
	assert_int_equal(lk_told_over(&t, begin_us + 11 * LK_US_PER_S), 4 * LK_US_PER_S);
	assert_true(due(&t, "one", 100));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ever_more_seldom),
		cmocka_unit_test(another_text_is_said_soon),
		cmocka_unit_test(a_trouble_that_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
