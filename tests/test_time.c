/* Times and intervals as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/time.h"
#include "tests/support/random.h"
#include "windows/bound.h"

static void reads_rfc_3339(void **state) {
	(void)state;
	static const struct { const char *text; int64_t us; } rows[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2015-05-17T10:05:03Z", INT64_C(1431857103000000)},
		{"2015-05-17 10:05:03+02:00", INT64_C(1431849903000000)},
		{"2015-05-17 10:05:03+02", INT64_C(1431849903000000)},
		{"2015-05-17t10:05:03-0130", INT64_C(1431862503000000)},
		{"1969-12-31T23:59:59.999999Z", -1},
		{"1970-01-01T00:00:00.5z", 500000},
		{"1970-01-01T00:00:00.1234569Z", 123456},
		{"1970-01-01T11:59:59.9999999Z", INT64_C(43199999999)},       /* before noon, and so in the window before noon */
		{"1969-12-31T23:59:59.9999999Z", -1},
		{"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
		{"2016-12-31T23:59:60.0Z", INT64_C(1483228800000000)},
		{"2000-02-29T00:00:00Z", INT64_C(951782400000000)},
		{"0001-01-01T00:00:00Z", LK_TIME_MIN},
		{"9999-12-31T23:59:59.999999Z", LK_TIME_MAX},
		{"1970-01-01T00:00:00", 0},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t us = 42;
		assert_int_equal(lk_time_parse(rows[i].text, strlen(rows[i].text), true, &us), 0);
		assert_int_equal(us, rows[i].us);
	}
}

static void refuses_what_is_no_time(void **state) {
	(void)state;
	static const char *const texts[] = {
		"", "now", "2015-05-17", "2015-05-17T10:05Z", "2015-5-17T10:05:03Z", "2015-13-01T00:00:00Z",
		"2015-00-01T00:00:00Z",
		"2015-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2015-04-31T00:00:00Z", "2015-01-00T00:00:00Z",
		"2015-01-01T24:00:00Z",
		"2015-01-01T00:60:00Z", "2015-01-01T00:00:61Z", "2016-12-31T23:59:60.5Z", "2016-12-31T23:59:60.000001Z", "2015-01-01T00:00:00.Z", "2015-01-01T00:00:00+24:00",
		"2015-01-01T00:00:00+01:60", "2015-01-01T00:00:00+1", "2015-01-01T00:00:00Zx", "2015-01-01T00:00:00 UTC",
		"1420070400",
		"0000-12-31T23:59:59Z", "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "+2015-01-01T00:00:00Z",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		int64_t us;
		assert_int_equal(lk_time_parse(texts[i], strlen(texts[i]), true, &us), -1);
	}
	int64_t us;
	assert_int_equal(lk_time_parse("1970-01-01T00:00:00", 19, false, &us), -1);
}

static void prints_what_it_reads(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int i = 0; i < 20000; i++) {
		uint64_t range = (uint64_t)(LK_TIME_MAX - LK_TIME_MIN) + 1;
		int64_t us = LK_TIME_MIN + (int64_t)(random_next(&s) % range), back;
		if (random_below(&s, 3) == 0)
			us -= us % LK_US_PER_S;
		lk_buf b = LK_BUF_INIT;
		lk_time_print(us, &b);
		assert_int_equal(lk_time_parse(b.data, b.len, false, &back), 0);
		assert_int_equal(back, us);
		lk_buf_release(&b);
	}
}

static void prints_a_fraction_only_where_there_is_one(void **state) {
	(void)state;
	static const struct { int64_t us; const char *text; } rows[] = {
		{0, "1970-01-01T00:00:00Z"}, {-1, "1969-12-31T23:59:59.999999Z"}, {1500000, "1970-01-01T00:00:01.5Z"},
		{LK_TIME_MIN, "0001-01-01T00:00:00Z"}, {LK_TIME_MAX, "9999-12-31T23:59:59.999999Z"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_buf b = LK_BUF_INIT;
		lk_time_print(rows[i].us, &b);
		assert_string_equal(b.data, rows[i].text);
		lk_buf_release(&b);
	}
}

/* Starts and ends of windows; the longest windows have 100 years. */
static void windows_reach_beyond_the_times_of_events(void **state) {
	(void)state;
	static const struct { int64_t us; const char *text; } rows[] = {
		{LK_TIME_MIN - 1, "0000-12-31T23:59:59.999999Z"},
		{LK_TIME_MIN - 366 * 86400 * LK_US_PER_S, "0000-01-01T00:00:00Z"},   /* 0000 is a leap year */
		{LK_TIME_MIN - 366 * 86400 * LK_US_PER_S - 1, "-0001-12-31T23:59:59.999999Z"},
		{LK_TIME_MIN - (366 + 365) * 86400 * LK_US_PER_S, "-0001-01-01T00:00:00Z"},
		{LK_TIME_MIN - INT64_C(36525) * 86400 * LK_US_PER_S, "-0099-01-01T00:00:00Z"},
		{LK_TIME_MIN, "0001-01-01T00:00:00Z"}, {0, "1970-01-01T00:00:00Z"},
		{LK_TIME_MAX + 1, "10000-01-01T00:00:00Z"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t us = 0;
		lk_buf b = LK_BUF_INIT;
		lk_time_print(rows[i].us, &b);
		assert_string_equal(b.data, rows[i].text);
		assert_int_equal(lk_bound_parse(b.data, b.len, &us), 0);
		assert_int_equal(us, rows[i].us);
		bool is_an_events = us >= LK_TIME_MIN && us <= LK_TIME_MAX;
		assert_int_equal(lk_time_parse(b.data, b.len, false, &us), is_an_events ? 0 : -1);
		lk_buf_release(&b);
	}
	static const char *const bad[] = {"", "-", "-0000-01-01T00:00:00Z", "-1-01-01T00:00:00Z", "00001-01-01T00:00:00Z", "-10000-01-01T00:00:00Z",
	                                  "-0200-01-01T00:00:00Z", "20000-01-01T00:00:00Z", "+0001-01-01T00:00:00Z", "1970-01-01T00:00:00", "-1h", "-00010-01-01T00:00:00Z"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t us;
		assert_int_equal(lk_bound_parse(bad[i], strlen(bad[i]), &us), -1);
	}
}

static void random_bounds_print_what_they_read(void **state) {
	(void)state;
	uint64_t s = random_seed();
	const int64_t century = INT64_C(36525) * 86400 * LK_US_PER_S;
	for (int i = 0; i < 5000; i++) {
		int64_t from = i % 2 ? LK_TIME_MIN - century : LK_TIME_MAX - century, back;
		int64_t us = from + (int64_t)(random_next(&s) % (uint64_t)(2 * century));
		lk_buf b = LK_BUF_INIT;
		lk_time_print(us, &b);
		assert_int_equal(lk_bound_parse(b.data, b.len, &back), 0);
		assert_int_equal(back, us);
		lk_buf_release(&b);
	}
}

static void reads_the_combined_logs_time(void **state) {
	(void)state;
	int64_t us;
	assert_int_equal(lk_time_parse_clf("17/May/2015:10:05:03 +0000", 26, &us), 0);
	assert_int_equal(us, INT64_C(1431857103000000));
	assert_int_equal(lk_time_parse_clf("17/May/2015:10:05:03 -0230", 26, &us), 0);
	assert_int_equal(us, INT64_C(1431866103000000));
	static const char *const bad[] = {"", "17/may/2015:10:05:03 +0000", "17/May/2015:10:05:03", "31/Apr/2015:10:05:03 +0000",
	                                  "17/May/2015:10:05:03 +0000 ", "7/May/2015:10:05:03 +0000"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(lk_time_parse_clf(bad[i], strlen(bad[i]), &us), -1);
}

static void reads_intervals(void **state) {
	(void)state;
	static const struct { const char *text; int64_t us; } rows[] = {
		{"1 us", 1}, {"5ms", 5000}, {"10 seconds", 10 * LK_US_PER_S}, {"1 second", LK_US_PER_S},
		{"5m", 300 * LK_US_PER_S},
		{"1 minute", 60 * LK_US_PER_S}, {"2 h", 7200 * LK_US_PER_S}, {"1 Day", 86400 * LK_US_PER_S},
		{"2 weeks", 14 * 86400 * LK_US_PER_S}, {"  90   s ", 90 * LK_US_PER_S},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t us;
		const char *reason;
		assert_int_equal(lk_interval_parse(rows[i].text, strlen(rows[i].text), false, &us, &reason), 0);
		assert_int_equal(us, rows[i].us);
	}
}

static void refuses_other_intervals(void **state) {
	(void)state;
	static const struct { const char *text, *reason; } rows[] = {
		{"", "not an interval"},
		{"PT10S", "not an interval"},
		{"90", "no unit: write one of us, ms, s, min, h, d, w"},
		{"1:30", "unknown unit: write one of us, ms, s, min, h, d, w"},
		{"1.5 h", "unknown unit: write one of us, ms, s, min, h, d, w"},
		{"1 h 30 min", "unknown unit: write one of us, ms, s, min, h, d, w"},
		{"1 month", "months, quarters and years have no fixed length"},
		{"0 s", "must be longer than zero"},
		{"-1 s", "must not be negative"},
		{"99999999999999999999 s", "out of range"},
		{"9223372036854775807 us", "out of range"},
		{"9223372036854775807 w", "out of range"},
	};
	int64_t us;
	const char *reason;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(lk_interval_parse(rows[i].text, strlen(rows[i].text), false, &us, &reason), -1);
		assert_string_equal(reason, rows[i].reason);
	}
	assert_int_equal(lk_interval_parse("0 s", 3, true, &us, &reason), 0);
	assert_int_equal(us, 0);
}

static void prints_intervals_that_read_back(void **state) {
	(void)state;
	static const struct { int64_t us; const char *text; } rows[] = {
		{0, "0 s"}, {1, "1 us"}, {10 * LK_US_PER_S, "10 s"}, {60 * LK_US_PER_S, "1 min"}, {90 * LK_US_PER_S, "90 s"},
		{1500000, "1500 ms"}, {7 * 86400 * LK_US_PER_S, "1 w"}, {36 * 3600 * LK_US_PER_S, "36 h"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_buf b = LK_BUF_INIT;
		int64_t back;
		const char *reason;
		lk_interval_print(rows[i].us, &b);
		assert_string_equal(b.data, rows[i].text);
		assert_int_equal(lk_interval_parse(b.data, b.len, true, &back, &reason), 0);
		assert_int_equal(back, rows[i].us);
		lk_buf_release(&b);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_rfc_3339),
		cmocka_unit_test(refuses_what_is_no_time),
		cmocka_unit_test(prints_what_it_reads),
		cmocka_unit_test(prints_a_fraction_only_where_there_is_one),
		cmocka_unit_test(windows_reach_beyond_the_times_of_events),
		cmocka_unit_test(random_bounds_print_what_they_read),
		cmocka_unit_test(reads_the_combined_logs_time),
		cmocka_unit_test(reads_intervals),
		cmocka_unit_test(refuses_other_intervals),
		cmocka_unit_test(prints_intervals_that_read_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
