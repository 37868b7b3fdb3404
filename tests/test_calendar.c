/* Calendar windows by a list of starts: the days of Berlin in 2026, two of which have 23 and 25 hours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/key.h"
#include "plan/watermark.h"
#include "tests/support/definitions.h"
#include "tests/support/random.h"
#include "view_store/cell_filter.h"

#define H (3600 * LK_US_PER_S)

static lk_definitions defined;
static const lk_plan *days;
static const lk_calendar *list;

static int define_days(void **state) {
	(void)state;
	days = test_view("CREATE VIEW v AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 day', 'Europe/Berlin')", &defined);
	list = days->window.calendar;
	return 0;
}

static int release_days(void **state) {
	(void)state;
	lk_definitions_release(&defined);
	test_hits_release();
	return 0;
}

static int64_t at(const char *text) {
	int64_t us;
	assert_int_equal(lk_time_parse(text, strlen(text), false, &us), 0);
	return us;
}

static void days_of_the_list(void **state) {
	(void)state;
	static const struct { const char *ts, *start, *end; } rows[] = {
		{"2025-12-31T23:00:00Z", "2025-12-31T23:00:00Z", "2026-01-01T23:00:00Z"},
		{"2026-01-01T22:59:59.999999Z", "2025-12-31T23:00:00Z", "2026-01-01T23:00:00Z"},
		{"2026-01-01T23:00:00Z", "2026-01-01T23:00:00Z", "2026-01-02T23:00:00Z"},
		{"2026-03-29T01:30:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},
		{"2026-03-29T22:00:00Z", "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"},
		{"2026-10-25T00:30:00Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
		{"2026-10-25T22:59:59.999999Z", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t start = lk_pane_start(&days->window, at(rows[i].ts));
		assert_int_equal(start, at(rows[i].start));
		assert_int_equal(lk_pane_end(&days->window, start), at(rows[i].end));
		lk_span s = lk_span_of_tag(&days->window, lk_tag_of_pane(&days->window, start));
		assert_int_equal(s.start, start);
		assert_int_equal(s.end, at(rows[i].end));
	}
}

/* Before and after the list, at the ends of time. */
static void beyond_the_list(void **state) {
	(void)state;
	const lk_window *w = &days->window;
	int64_t first = list->starts[0], last = list->starts[list->n - 1];
	assert_int_equal(lk_pane_start(w, first - 1), LK_TIME_MIN);
	assert_int_equal(lk_pane_start(w, LK_TIME_MIN), LK_TIME_MIN);
	assert_int_equal(lk_pane_end(w, LK_TIME_MIN), first);
	assert_int_equal(lk_pane_start(w, LK_TIME_MAX), last);
	assert_int_equal(lk_pane_end(w, last), LK_TIME_MAX + 1);
	assert_false(lk_is_late(days, LK_TIME_MAX, LK_TIME_MAX));
}

static void lateness_by_the_end_of_the_day(void **state) {
	(void)state;
	lk_plan p = *days;
	p.allowed_lateness_us = H;
	int64_t ts = at("2026-10-25T12:00:00Z"), end = at("2026-10-25T23:00:00Z");
	assert_false(lk_is_late(&p, ts, end + H - 1));
	assert_true(lk_is_late(&p, ts, end + H));
	assert_int_equal(lk_final_to(&p, end + H), end);
}

static void ranges(void **state) {
	(void)state;
	int64_t noon = at("2026-03-28T12:00:00Z"), d29 = at("2026-03-28T23:00:00Z"), d30 = at("2026-03-29T22:00:00Z"), first = list->starts[0];
	const struct { int64_t from, to, first, end; } rows[] = {
		{d29, d30, d29, d30}, {noon, d30, d29, d30}, {d29 + 1, d30 + 1, d30, d30 + 24 * H}, {d29 + 1, d30, d30, d30},
		{INT64_MIN, d29, INT64_MIN, d29}, {d29, INT64_MAX, d29, INT64_MAX}, {first - 1, first + 1, first, first + 24 * H},
		{LK_TIME_MIN, first, LK_TIME_MIN, first}, {LK_TIME_MIN + 1, first, first, first}, {LK_TIME_MIN - 1, first, LK_TIME_MIN, first},
		{at("2027-06-01T00:00:00Z"), LK_TIME_MAX, LK_TIME_MAX + 1, LK_TIME_MAX + 1},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t from, end;
		lk_panes_of_range(&days->window, rows[i].from, rows[i].to, &from, &end);
		assert_true(from == rows[i].first && end == rows[i].end);
	}
}

/* Bisection against a look at each start. */
static void any_instant(void **state) {
	(void)state;
	uint64_t s = random_seed();
	for (int i = 0; i < 20000; i++) {
		int64_t ts = random_below(&s, 10) ? list->starts[random_below(&s, list->n)] + random_below(&s, 3) - 1 : random_in_range(&s, LK_TIME_MAX);
		int64_t start = LK_TIME_MIN, end = LK_TIME_MAX + 1;
		ts = ts < LK_TIME_MIN ? LK_TIME_MIN : ts;
		for (int k = 0; k < list->n; k++) {
			start = list->starts[k] <= ts ? list->starts[k] : start;
			end = list->starts[list->n - 1 - k] > ts ? list->starts[list->n - 1 - k] : end;
		}
		assert_true(lk_calendar_start(list, ts) == start && lk_calendar_end(list, start) == end);
	}
}

/* --- the cells that a reader asks for --- */

typedef struct asked {
	int64_t panes[400];
	int n;
} asked;

static void note(void *ctx, const lk_buf *field) {
	asked *a = ctx;
	assert_true(a->n < 400);
	a->panes[a->n++] = lk_pane_get((const uint8_t *)field->data);
}

/* A reader asks by field for those panes of the list that are in the filter's range and in the segment's. */
static void fields_of_panes(void **state) {
	(void)state;
	uint64_t s = random_seed();
	lk_buf key = LK_BUF_INIT, field = LK_BUF_INIT;
	lk_key_put(&key, (lk_type){.kind = LK_TEXT}, &(lk_value){.s = "/", .len = 1});
	for (int i = 0; i < 2000; i++) {
		int a = random_below(&s, list->n + 1), b = random_below(&s, list->n + 1), min = a < b ? a : b, max = a < b ? b : a;
		lk_segment g = {.cells = 1, .min_pane = min ? list->starts[min - 1] : LK_TIME_MIN, .max_pane = max ? list->starts[max - 1] : LK_TIME_MIN};
		int64_t from = random_below(&s, 3) ? list->starts[random_below(&s, list->n)] : INT64_MIN;
		int64_t to = random_below(&s, 3) ? list->starts[random_below(&s, list->n)] + random_below(&s, 2) : INT64_MAX;
		lk_cell_filter f = {.keys = &key, .nkeys = 1, .calendar = list};
		lk_panes_of_range(&days->window, from, to, &f.from_pane, &f.to_pane);
		asked got = {.n = 0};
		lk_each_field(&field, &f, lk_panes_wanted(&f, &g), note, &got);
		int n = 0;
		for (int k = min; k <= max; k++) {
			int64_t pane = k ? list->starts[k - 1] : LK_TIME_MIN;
			if (pane < f.from_pane || pane >= f.to_pane)
				continue;
			assert_true(n < got.n && got.panes[n] == pane);
			n++;
		}
		assert_int_equal(n, got.n);
	}
	lk_buf_release(&key);
	lk_buf_release(&field);
}

/* --- definitions --- */

static void units(void **state) {
	(void)state;
	static const struct { const char *text, *unit; } rows[] = {
		{"1 day", "day"}, {"1 days", "day"}, {"1d", "day"}, {" 1  DAY ", "day"}, {"1 week", "week"}, {"1 w", "week"}, {"1 month", "month"},
		{"1 months", "month"}, {"1 quarter", "quarter"}, {"1 Quarters", "quarter"}, {"1 year", "year"}, {"1 y", "year"},
		{"day", NULL}, {"2 days", NULL}, {"11 days", NULL}, {"01 day", NULL}, {"1 m", NULL}, {"1 hour", NULL}, {"1 day 1", NULL}, {"", NULL}, {"1", NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *reason = NULL, *unit = lk_calendar_unit(rows[i].text, &reason);
		assert_true((unit == NULL) == (rows[i].unit == NULL));
		assert_non_null(reason);
		if (unit)
			assert_string_equal(unit, rows[i].unit);
	}
}

static void hash_of(const char *window, char hash[33]) {
	char text[200];
	lk_definitions d;
	snprintf(text, sizeof text, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY tumble(%s)", window);
	memcpy(hash, test_view(text, &d)->hash, 33);
	lk_definitions_release(&d);
}

/* R27: it depends on the unit and the zone, but not on their spelling. */
static void the_hash(void **state) {
	(void)state;
	static const char *const same[] = {"ts, '1 day', 'Europe/Berlin'", "TS ,'1 days' , 'Europe/Berlin'"};
	static const char *const other[] = {"ts, '1 week', 'Europe/Berlin'", "ts, '1 day', 'UTC'", "ts, '1 day'", "_at, '1 day', 'Europe/Berlin'", "ts, '1 day', '0 h'"};
	char hash[33], another[33];
	hash_of(same[0], hash);
	hash_of(same[1], another);
	assert_string_equal(hash, another);
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		hash_of(other[i], another);
		assert_string_not_equal(hash, another);
	}
}

static void no_other_windows_from_them(void **state) {
	(void)state;
	lk_window w;
	const char *reason;
	assert_int_equal(lk_window_ask(&days->window, 48 * H, 48 * H, &w, &reason), -1);
	assert_string_equal(reason, "calendar windows differ in length");
}

static void without_a_resolver_there_are_no_zones(void **state) {
	(void)state;
	static const char text[] = "CREATE TABLE t (ts timestamptz, c text) WITH (event_time = ts, partition_by = c);"
	                           "CREATE VIEW v AS SELECT count(*) AS n FROM t GROUP BY tumble(ts, '1 day', 'Europe/Berlin')";
	lk_definitions d;
	assert_int_equal(lk_sql_parse(text, sizeof text - 1, NULL, &d), LK_EDEFINITION);
	assert_string_equal(d.faults[0].message, "there is no time zone \"Europe/Berlin\"");
	lk_definitions_release(&d);
}

static void the_sql(void **state) {
	(void)state;
	lk_buf b = LK_BUF_INIT;
	lk_plan_batch_sql(days, &(lk_sql_log){.table = "t", .bound = "true", .calendar_starts = "ARRAY(…)"}, &b);
	assert_string_equal(b.data,
		"SELECT COALESCE((ARRAY(…))[width_bucket(e.\"ts\", ARRAY(…))], "
		"timestamptz '0001-01-01 00:00:00+00') AS _pane, e.\"path\" AS _k0, count(*) AS _p0_0 FROM t AS e WHERE (true) GROUP BY 1, 2");
	lk_buf_clear(&b);
	lk_plan_oracle_sql(days, &(lk_sql_log){.table = "t", .bound = "true", .calendar_starts = "ARRAY(…)"}, &b);
	assert_non_null(strstr(b.data, "LATERAL lk.calendar_window(ts, '1 day', 'Europe/Berlin') AS w(_window_start, _window_end)"));
	lk_buf_release(&b);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_of_the_list), cmocka_unit_test(beyond_the_list), cmocka_unit_test(lateness_by_the_end_of_the_day),
		cmocka_unit_test(ranges), cmocka_unit_test(any_instant), cmocka_unit_test(fields_of_panes), cmocka_unit_test(units),
		cmocka_unit_test(the_hash), cmocka_unit_test(no_other_windows_from_them), cmocka_unit_test(without_a_resolver_there_are_no_zones),
		cmocka_unit_test(the_sql),
	};
	return cmocka_run_group_tests(tests, define_days, release_days);
}
