/* Calendar windows in all layers (R15). The lists of starts are compared with days written by hand, with date_trunc,
 * and with the oracle, which computes each window from AT TIME ZONE; answers are compared with the oracle's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/fixtures.h"

static test_servers servers;
static test_world world;

static const char stream[] = "CREATE TABLE hits (ts timestamptz, k text, n int)"
	" WITH (event_time = ts, partition_by = k, partitions = 3, max_ahead = '100000 days');";

/* days_by_hand says what is special about each of them. */
static const char *const zones[] = {"Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Amman", "Atlantic/Azores",
                                    "America/St_Johns", "America/Toronto", "Asia/Kolkata", "UTC"};
static const char *const units[] = {"day", "week", "month", "quarter", "year"};
enum { ZONES = sizeof zones / sizeof *zones, UNITS = sizeof units / sizeof *units };

static int64_t at(const char *text) {
	int64_t us;
	if (lk_time_parse(text, strlen(text), false, &us))
		fail_msg("%s is not a time", text);
	return us;
}

static char *declare(const char *view, const char *unit, const char *zone, const char *options) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "CREATE VIEW %s %s AS SELECT k, count(*) AS c, sum(n) AS s FROM hits GROUP BY k, tumble(ts, '1 %s', '%s');", view, options, unit, zone);
	test_world_declare(&world, sql.data);
	return lk_buf_steal(&sql);
}

static const lk_window *window_of(const char *view) { return &test_world_copy(&world, view)->version->plan->window; }

static const lk_calendar *newest_list(const char *view) {
	return lk_catalog_newest(world.catalog, lk_catalog_view(world.catalog, view))->plan->window.calendar;
}

static int64_t count(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int64_t count(const char *fmt, ...) {
	lk_buf sql = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&sql, fmt, ap);
	va_end(ap);
	int64_t n = test_world_int(&world, sql.data);
	lk_buf_release(&sql);
	return n;
}

static int begin(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, stream);
	return 0;
}

/* --- the lists --- */

static void days_by_hand(void **state) {
	(void)state;
	static const struct { const char *zone, *unit, *start, *end; } rows[] = {
		{"Europe/Berlin", "day", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"},          /* 23 hours */
		{"Europe/Berlin", "day", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"},          /* 25 hours */
		{"Europe/Berlin", "day", "2024-02-28T23:00:00Z", "2024-02-29T23:00:00Z"},          /* the leap day */
		{"Europe/Berlin", "week", "2026-03-22T23:00:00Z", "2026-03-29T22:00:00Z"},         /* from Monday on */
		{"Europe/Berlin", "month", "2024-01-31T23:00:00Z", "2024-02-29T23:00:00Z"},
		{"Europe/Berlin", "quarter", "2025-12-31T23:00:00Z", "2026-03-31T22:00:00Z"},
		{"Europe/Berlin", "year", "1969-12-31T23:00:00Z", "1970-12-31T23:00:00Z"},
		{"Europe/Berlin", "year", "1941-12-31T22:00:00Z", "1942-12-31T23:00:00Z"},         /* begins in summer time */
		{"America/Havana", "day", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"},         /* begins at one o'clock */
		{"America/Havana", "day", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"},         /* midnight comes twice */
		{"Australia/Lord_Howe", "day", "2026-04-04T13:00:00Z", "2026-04-05T13:30:00Z"},    /* 24 and a half hours */
		{"Pacific/Apia", "day", "2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"},           /* the 29th, … */
		{"Pacific/Apia", "day", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"},           /* … and the 31st: there was no 30th */
		{"Pacific/Apia", "week", "2011-12-26T10:00:00Z", "2012-01-01T10:00:00Z"},          /* of six days */
		{"Asia/Amman", "day", "2021-03-25T22:00:00Z", "2021-03-26T21:00:00Z"},             /* begins at one o'clock */
		{"Asia/Amman", "day", "2021-10-28T21:00:00Z", "2021-10-29T22:00:00Z"},             /* midnight comes twice */
		{"Atlantic/Azores", "day", "2026-03-29T01:00:00Z", "2026-03-30T00:00:00Z"},
		{"Atlantic/Azores", "day", "2026-10-25T00:00:00Z", "2026-10-26T01:00:00Z"},
		{"America/St_Johns", "day", "1990-10-28T02:30:00Z", "1990-10-29T03:30:00Z"},       /* put back at 00:01, to the day before */
		{"America/St_Johns", "day", "1990-10-27T02:30:00Z", "1990-10-28T02:30:00Z"},       /* its last hour is repeated, but no more of it */
		{"America/Toronto", "day", "1919-03-31T04:30:00Z", "1919-04-01T04:00:00Z"},        /* from 23:30 to 00:30 */
		{"Pacific/Kwajalein", "day", "1993-08-20T12:00:00Z", "1993-08-21T12:00:00Z"},      /* the 20th; there was no 21st */
		{"Pacific/Kwajalein", "day", "1993-08-21T12:00:00Z", "1993-08-22T12:00:00Z"},
		{"UTC", "month", "2200-12-01T00:00:00Z", "10000-01-01T00:00:00Z"},                 /* the last of the list */
		{"Asia/Kolkata", "day", "2026-01-01T18:30:00Z", "2026-01-02T18:30:00Z"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!i || strcmp(rows[i].zone, rows[i - 1].zone) || strcmp(rows[i].unit, rows[i - 1].unit))
			free(declare("v", rows[i].unit, rows[i].zone, ""));
		const lk_calendar *list = newest_list("v");
		int64_t start = at(rows[i].start), end = strcmp(rows[i].end, "10000-01-01T00:00:00Z") ? at(rows[i].end) : LK_TIME_MAX + 1;
		const int64_t inside[] = {start, start + 1, end - 1};
		for (int k = 0; k < 3; k++)
			if (lk_calendar_start(list, inside[k]) != start || lk_calendar_end(list, start) != end)
				fail_msg("1 %s in %s: from %s to %s is none", rows[i].unit, rows[i].zone, rows[i].start, rows[i].end);
		assert_true(lk_calendar_start(list, start - 1) < start);
		assert_int_equal(count("SELECT count(*) FROM (VALUES (timestamptz '%s'), ('%s'::timestamptz + interval '1 us'), ('%s'::timestamptz - interval '1 us')) t(ts),"
		                       " LATERAL lk.calendar_window(ts, '1 %s', '%s') w WHERE w.window_start = '%s' AND w.window_end = '%s'", rows[i].start, rows[i].start,
		                       rows[i].end, rows[i].unit, rows[i].zone, rows[i].start, rows[i].end), 3);
	}
}

/* Instants at and near the starts of windows, and anywhere. */
static void make_probes(int64_t version, unsigned long *seed) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "CREATE TEMP TABLE probe AS SELECT DISTINCT ts FROM (SELECT start + d * interval '1 us' FROM lk.calendar,"
	            " unnest(ARRAY[-90000000000, -3600000000, -1800000000, -1, 0, 1, 1800000000, 3600000000, 84600000000, 86400000000]) d WHERE version_id = %lld"
	            " AND start < timestamptz '2038-01-01'", (long long)version);
	lk_buf_addf(&sql, " UNION ALL SELECT timestamptz '1700-01-01' + (hashint8extended(i, %lld)::numeric %% 34186320000000000) / 1e6 * interval '1 second'"
	            " FROM generate_series(1, 1000) i", (long long)(int64_t)(test_random(seed) >> 1));
	lk_buf_addf(&sql, " UNION ALL SELECT unnest(ARRAY[timestamptz '0001-01-01', '9999-12-31 23:59:59.999999', '1969-12-31 23:59:59.999999', '1970-01-01'])) p(ts)");
	test_world_run(&world, sql.data);
	lk_buf_release(&sql);
}

/* lk's look-up in C finds the same window as the oracle. */
static void check_lookup(const lk_calendar *list, const char *unit, const char *zone) {
	lk_buf sql = LK_BUF_INIT;
	lk_error err = {0};
	PGresult *res;
	lk_buf_addf(&sql, "SELECT " LK_SQL_US("ts") ", " LK_SQL_US("window_start") ", " LK_SQL_US("window_end")
	            " FROM probe, LATERAL lk.calendar_window(ts, '1 %s', '%s')", unit, zone);
	if (lk_pg_query(&world.pg, &res, &err, sql.data))
		fail_msg("%s", err.text);
	assert_true(PQntuples(res) > 1000);
	for (int i = 0; i < PQntuples(res); i++) {
		int64_t ts = lk_pg_int(res, i, 0), start = lk_calendar_start(list, ts);
		if (start != lk_pg_int(res, i, 1) || lk_calendar_end(list, start) != lk_pg_int(res, i, 2))
			fail_msg("%s of %s at %lld: %lld to %lld, and not %s to %s", unit, zone, (long long)ts, (long long)start,
			         (long long)lk_calendar_end(list, start), PQgetvalue(res, i, 1), PQgetvalue(res, i, 2));
	}
	PQclear(res);
	lk_buf_release(&sql);
}

/* R15, R4 */
static void lists_are_the_oracles(void **state) {
	(void)state;
	unsigned long seed = test_seed("lists");
	for (int z = 0; z < ZONES; z += test_less()) {
		const char *unit = z % 2 ? units[test_random(&seed) % UNITS] : "day";
		char view[16];
		snprintf(view, sizeof view, "list%d", z);
		char *text = declare(view, unit, zones[z], "");
		const lk_calendar *list = window_of(view)->calendar;
		make_probes(list->version, &seed);
		check_lookup(list, unit, zones[z]);
		/* the batch's expression */
		assert_int_equal(count("SELECT count(*) FROM probe, LATERAL lk.calendar_window(ts, '1 %s', '%s') w WHERE w.window_start <>"
		                       " COALESCE((ARRAY(SELECT s FROM lk.calendar_starts(%lld) AS s))[width_bucket(ts, ARRAY(SELECT s FROM lk.calendar_starts(%lld) AS s))], '0001-01-01')",
		                       unit, zones[z], (long long)list->version, (long long)list->version), 0);
		/* PostgreSQL's own function, if clocks do not change within a day of the start */
		assert_int_equal(count("SELECT count(*) FROM probe, LATERAL lk.calendar_window(ts, '1 %s', '%s') w, LATERAL (SELECT array_agg(DISTINCT"
		                       " (x AT TIME ZONE '%s') - (x AT TIME ZONE 'UTC')) AS offsets FROM unnest(ARRAY[window_start - interval '1 day', window_start,"
		                       " window_start + interval '1 day']) x) o WHERE ts BETWEEN '1902-01-01' AND '2200-01-01'"
		                       " AND array_length(offsets, 1) = 1 AND w.window_start <> date_trunc('%s', ts, '%s')", unit, zones[z], zones[z], unit, zones[z]), 0);
		test_world_run(&world, "DROP TABLE probe");
		free(text);
	}
}

/* --- kept with the version --- */

/* I8: a list is made once and then read, also after the rules of the zone have changed. */
static void the_list_is_kept(void **state) {
	(void)state;
	char *text = declare("v", "day", "Europe/Berlin", "");
	int64_t version = window_of("v")->calendar->version, rows = count("SELECT count(*) FROM lk.calendar");
	assert_true(rows > 100 && rows < 2000);
	assert_int_equal(window_of("v")->calendar->n, 109938);
	/* as if a government had decided: no summer time after 2026 */
	test_world_run(&world, "DELETE FROM lk.calendar WHERE start > '2026-11-01'");
	test_world_run(&world, "INSERT INTO lk.calendar SELECT version_id, start + seconds * times * interval '1 second', 86400, 10000 FROM lk.calendar ORDER BY start DESC LIMIT 1");
	test_world_declare(&world, text);
	assert_int_equal(count("SELECT count(*) FROM lk.version"), 1);
	const lk_calendar *list = window_of("v")->calendar;
	assert_int_equal(list->version, version);
	assert_int_equal(lk_calendar_start(list, at("2027-07-14T12:00:00Z")), at("2027-07-13T23:00:00Z"));
	/* both layers use the list */
	test_world_append_json(&world, "hits", "{\"ts\":\"2027-07-13T22:30:00Z\",\"k\":\"a\",\"n\":1}\n{\"ts\":\"2027-07-13T23:00:00Z\",\"k\":\"a\",\"n\":2}\n");
	lk_query q = test_query("v");
	lk_answer a;
	for (int batch = 0; batch < 2; batch++) {
		if (batch)
			test_world_batch(&world, "v");
		else
			test_world_speed_once(&world, "v");
		test_world_answer(&world, &q, &a);
		assert_int_equal(a.nrows, 2);
		assert_int_equal(lk_answer_span(&a, a.rows[0]).end, at("2027-07-13T23:00:00Z"));
		assert_int_equal(lk_answer_span(&a, a.rows[1]).start, at("2027-07-13T23:00:00Z"));
		lk_answer_release(&a);
	}
	/* a version that is declared now uses the new rules */
	free(text);
	text = declare("v", "day", "Europe/Berlin", "WITH (allowed_lateness = '1 h')");
	const lk_calendar *newest = newest_list("v");
	assert_true(newest->version != version);
	assert_int_equal(lk_calendar_start(newest, at("2027-07-14T12:00:00Z")), at("2027-07-13T22:00:00Z"));
	free(text);
}

/* Another watermark delay makes another version, from the stored text, with a list of its own. */
static void another_delay(void **state) {
	(void)state;
	char *text = declare("v", "month", "America/Havana", "");
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, k text, n int)"
	                           " WITH (event_time = ts, partition_by = k, partitions = 3, max_ahead = '100000 days', watermark = '1 h');");
	assert_int_equal(count("SELECT count(DISTINCT version_id) FROM lk.calendar"), 2);
	assert_int_equal(newest_list("v")->n, 301 * 12);
	free(text);
}

static void refusals(void **state) {
	(void)state;
	static const struct { const char *zone, *message; } rows[] = {
		{"Europe/Berlni", "there is no time zone \"Europe/Berlni\"\n"}, {"Europe/Berlni", "did you mean Europe/Berlin?"},
		{"europe/berlin", "did you mean Europe/Berlin?"}, {"GMT+1", "there is no time zone \"GMT+1\""}, {"x'y", "there is no time zone \"x'y\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_buf sql = LK_BUF_INIT;
		char *fault = NULL;
		lk_buf_adds(&sql, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 day', ");
		lk_sql_literal(rows[i].zone, strlen(rows[i].zone), &sql);
		lk_buf_adds(&sql, ");");
		assert_int_equal(test_world_try(&world, sql.data, &fault), LK_EDEFINITION);
		if (!strstr(fault, rows[i].message))
			fail_msg("it says: %s", fault);
		free(fault);
		lk_buf_release(&sql);
	}
	char *text = declare("v", "day", "Europe/Berlin", "");
	lk_query q = test_query("v");
	lk_answer a;
	lk_error err = {0};
	q.window_us = 2 * 86400 * LK_US_PER_S;
	assert_int_equal(lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "calendar windows differ in length"));
	free(text);
}

/* The program asks PostgreSQL for zones, reports a wrong one with its place, and explains a calendar window in
 * words. */
static void as_people_see_it(void **state) {
	(void)state;
	test_program lk = {.servers = servers};
	char *good = test_file(&lk, "good.sql", "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 week', 'America/Havana');");
	char *bad = test_file(&lk, "bad.sql", "CREATE VIEW w AS SELECT count(*) AS n FROM hits\nGROUP BY tumble(ts, '1 week', 'America/Havanna');");
	LK(78, "", "bad.sql:2:31: there is no time zone \"America/Havanna\"", "apply", good, bad);
	LK(78, "", "did you mean America/Havana?", "apply", good, bad);
	LK(0, "", "view v: new, version 1", "apply", good);
	LK(0, "", "view v: unchanged, version 1", "apply", good);
	LK(0, "window: 1 calendar week of ts in America/Havana", "", "explain", "v");
	LK(2, "", "windows of 2 d cannot be built", "query", "v", "--window", "2d");
	test_program_release(&lk);
	free(good);
	free(bad);
}

/* --- answers --- */

/* Instants at the start and end of days, and anywhere. */
static int64_t some_time(const lk_calendar *list, int64_t around, unsigned long *seed) {
	int64_t start = lk_calendar_start(list, around);
	switch (test_random(seed) % 8) {
	case 0: return start;
	case 1: return start - 1;
	case 2: return lk_calendar_end(list, start);
	case 3: return lk_calendar_end(list, start) - 1;
	case 4: return start + (int64_t)(test_random(seed) % 90000) * LK_US_PER_S;
	/* 1879 to 2235: also outside the list */
	case 5: return ((int64_t)(test_random(seed) % 13000) - 3300) * (10 * 86400 * LK_US_PER_S);
	case 6: return around - (int64_t)(test_random(seed) % 400) * 6 * 3600 * LK_US_PER_S;
	default: return around;
	}
}

static void some_events(const lk_calendar *list, int64_t around, int n, unsigned long *seed) {
	static const char *const keys[] = {"a", "b", "c", NULL, ""};
	lk_value *rows = lk_calloc((size_t)n * 3, sizeof *rows);
	for (int i = 0; i < n; i++) {
		const char *k = keys[test_random(seed) % 5];
		rows[3 * i] = lk_int(some_time(list, around, seed));
		rows[3 * i + 1] = k ? lk_text(k, strlen(k)) : lk_null();
		rows[3 * i + 2] = lk_int((int64_t)(test_random(seed) % 1000));
	}
	test_world_append(&world, "hits", rows, n);
	free(rows);
}

static void same(const lk_query *q, const char *condition, unsigned long seed) {
	lk_buf difference = LK_BUF_INIT;
	test_world_compare(&world, q, NULL, condition, &difference);
	if (difference.len)
		fail_msg("SEED=%lu ROUNDS=1 repeats it\n%s", seed, difference.data);
}

/* From and to are starts of windows, or instants near or between them. */
static void same_in_ranges(const lk_query *of, const lk_calendar *list, int64_t around, unsigned long *seed, unsigned long first_seed) {
	for (int i = 0; i < 4; i++) {
		lk_query q = *of;
		lk_buf sql = LK_BUF_INIT;
		q.from = some_time(list, around, seed);
		q.to = q.from + (int64_t)(test_random(seed) % 100) * 86400 * LK_US_PER_S;
		lk_buf_adds(&sql, "window_start >= timestamptz '");
		lk_time_print(q.from, &sql);
		lk_buf_adds(&sql, "' AND window_start < timestamptz '");
		lk_time_print(q.to, &sql);
		lk_buf_adds(&sql, "'");
		same(&q, sql.data, first_seed);
		lk_buf_adds(&sql, " AND k = 'a'");
		q.nwhere = 1;
		q.where = &(lk_where){.column = "k", .text = "a"};
		same(&q, sql.data, first_seed);
		lk_buf_release(&sql);
	}
}

static void some_limits(lk_stream_limits *l, unsigned long *seed) {
	*l = (lk_stream_limits){.fetch_events = 1 + (int)(test_random(seed) % 60), .commit_events = 1 + (int)(test_random(seed) % 30), .commit_cells = 5,
	                        .commit_us = LK_US_PER_S, .segment_bytes = test_random(seed) % 3 ? 64 << 20 : 1};
}

static void play(unsigned long first_seed) {
	static const char *const instants[] = {"2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2011-12-30T12:00:00Z", "2026-03-08T12:00:00Z", "2021-10-29T00:30:00Z",
	                                       "1990-10-28T02:30:30Z", "1919-03-31T04:40:00Z", "2024-02-29T12:00:00Z", "1970-01-01T00:00:00Z"};
	static const char *const options[] = {"", "", "WITH (allowed_lateness = '0 s')", "WITH (allowed_lateness = '2 days')", "WITH (retention = '1 day')",
	                                      "WITH (retention = '400 days')"};
	unsigned long seed = first_seed;
	const char *zone = zones[test_random(&seed) % ZONES], *unit = units[test_random(&seed) % 3 ? 0 : test_random(&seed) % UNITS];
	int64_t around = at(instants[test_random(&seed) % (sizeof instants / sizeof *instants)]);
	begin(NULL);
	char *text = declare("v", unit, zone, options[test_random(&seed) % 6]);
	const lk_cat_copy *copy = test_world_kappa(&world, "v");
	const lk_calendar *list = window_of("v")->calendar;
	test_worker lambda, kappa;
	char id[24];
	test_worker_open(&lambda, &world, "v");
	test_worker_open_copy(&kappa, &world, copy);
	some_limits(&lambda.path.limits, &seed);
	some_limits(&kappa.path.limits, &seed);
	lk_query q = test_query("v"), k = test_query_of("v", copy, id);
	for (int i = 0; i < 4; i++) {
		some_events(list, around + (int64_t)(test_random(&seed) % 3) * 86400 * LK_US_PER_S, 1 + (int)(test_random(&seed) % 60), &seed);
		if (test_random(&seed) % 2)
			test_worker_catch_up(test_random(&seed) % 2 ? &lambda : &kappa);
		if (test_random(&seed) % 2)
			test_world_batch(&world, "v");
		same(&q, NULL, first_seed);
		same(&k, NULL, first_seed);
	}
	test_worker_catch_up(&lambda);
	test_worker_catch_up(&kappa);
	same(&q, NULL, first_seed);
	same(&k, NULL, first_seed);
	same_in_ranges(&q, list, around, &seed, first_seed);
	same_in_ranges(&k, list, around, &seed, first_seed);
	test_world_batch(&world, "v");
	q.layer = LK_LAYER_BATCH;
	same(&q, NULL, first_seed);
	test_worker_close(&lambda);
	test_worker_close(&kappa);
	free(text);
}

/* I2, I3 */
static void random_events(void **state) {
	(void)state;
	unsigned long seed = test_seed("calendar");
	for (int i = 0, rounds = test_rounds("ROUNDS", 8); i < rounds; i++)
		play(seed + (unsigned long)i);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(days_by_hand, begin), cmocka_unit_test_setup(lists_are_the_oracles, begin), cmocka_unit_test_setup(the_list_is_kept, begin),
		cmocka_unit_test_setup(another_delay, begin), cmocka_unit_test_setup(refusals, begin),
		cmocka_unit_test_setup(as_people_see_it, begin), cmocka_unit_test(random_events),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
