/* Rows for windows without events, against PostgreSQL's generate_series LEFT JOIN: every kind of window, with and
 * without bounds and HAVING, NULL keys, batch and speed; and the bars beside a table. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "serving/fill.h"
#include "tests/support/command_line.h"
#include "tests/support/world.h"

enum { BASE_S = 1577836800, SPAN_S = 900, ROUNDS = 60 };

static test_servers servers;
static test_program lk;
static test_world world;
static unsigned long seed;

/* series: all windows that a query may ask for, (ws, we), from before the first event to after the last one. */
static const struct shape {
	const char *name, *window, *call, *series;
	int64_t window_s, slide_s;   /* of the query; 0: the view's own */
} shapes[] = {
	{"minutes", "tumble(ts, '1 minute')", "tumble(ts, '1 minute')",
	 "SELECT s, s + interval '1 minute' FROM generate_series(timestamptz '2019-12-31 23:00Z', '2020-01-01 01:00Z', '1 minute') s", 0, 0},
	{"shifted", "tumble(ts, '40 seconds', '7 seconds')", "tumble(ts, '40 seconds', '7 seconds')",
	 "SELECT s, s + interval '40 s' FROM generate_series(timestamptz '1970-01-01 00:00:07Z' + interval '26297220 min', '2020-01-01 01:00Z', '40 s') s", 0, 0},
	{"hops", "hop(ts, '10 seconds', '30 seconds')", "hop(ts, '10 seconds', '30 seconds')",
	 "SELECT s, s + interval '30 s' FROM generate_series(timestamptz '2019-12-31 23:00Z', '2020-01-01 01:00Z', '10 s') s", 0, 0},
	{"steps", "cumulate(ts, '20 seconds', '2 minutes')", "cumulate(ts, '20 seconds', '2 minutes')",
	 "SELECT date_bin('2 min', s, '1970-01-01Z'), s + interval '20 s' FROM generate_series(timestamptz '2019-12-31 23:00Z', '2020-01-01 01:00Z', '20 s') s", 0, 0},
	{"asked", "tumble(ts, '10 seconds')", "hop(ts, '30 seconds', '50 seconds')",
	 "SELECT s, s + interval '50 s' FROM generate_series(timestamptz '2019-12-31 23:00Z', '2020-01-01 01:00Z', '30 s') s", 50, 30},
};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static const char having[] = "count(*) <> 2";

static uint64_t below(uint64_t n) { return test_random(&seed) % n; }

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, ip text, path text, bytes int, d double precision, price numeric(10,2), ok boolean)"
	                           " WITH (event_time = ts, partition_by = ip, partitions = 2);");
	return 0;
}

/* Events in a few of many minutes. */
static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		int s = (int)(below(5) * SPAN_S / 5 + below(40));
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print((BASE_S + s) * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"%d\",\"bytes\":%d%s", (int)below(9), (int)below(1000) - 300, below(6) ? "" : ",\"path\":null");
		if (below(6))
			lk_buf_addf(&lines, ",\"path\":\"/%d\"", (int)below(3));
		lk_buf_adds(&lines, "}\n");
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* --- against generate_series --- */

static void add_bounds(const lk_query *q, const char *column, lk_buf *sql) {
	if (q->from != INT64_MIN)
		lk_buf_addf(sql, " AND %s >= " LK_SQL_TIME("%lld"), column, (long long)q->from, (long long)q->from);
	if (q->to != INT64_MAX)
		lk_buf_addf(sql, " AND %s < " LK_SQL_TIME("%lld"), column, (long long)q->to, (long long)q->to);
}

static void oracle(const struct shape *s, const lk_query *q, bool has_having, enum lk_fill how, lk_buf *sql) {
	static const char *const columns[] = {"n", "total", "most"};
	lk_buf_addf(sql, "WITH v AS (SELECT ws, we, path, count(*) AS n, sum(bytes) AS total, max(bytes) AS most FROM lk.log_hits AS hits"
	                 " CROSS JOIN LATERAL lk.%s AS x(ws, we) WHERE true", s->call);
	add_bounds(q, "ws", sql);
	lk_buf_addf(sql, " GROUP BY ws, we, path), shown AS (SELECT * FROM v%s), w AS (SELECT * FROM (%s) AS x(ws, we) WHERE true", has_having ? " WHERE n <> 2" : "",
	            s->series);
	add_bounds(q, "ws", sql);
	if (q->from == INT64_MIN)
		lk_buf_adds(sql, " AND (ws, we) >= (SELECT ws, we FROM shown ORDER BY ws, we LIMIT 1)");
	if (q->to == INT64_MAX)
		lk_buf_adds(sql, " AND (ws, we) <= (SELECT ws, we FROM shown ORDER BY ws DESC, we DESC LIMIT 1)");
	lk_buf_adds(sql, ") SELECT w.ws, w.we, k.path");
	for (int i = 0; i < 3; i++)
		lk_buf_addf(sql, ", CASE WHEN v.n IS NOT NULL THEN v.%s ELSE %s%s END", columns[i], how == LK_FILL_PREVIOUS ? "p." : how == LK_FILL_ZERO && i < 2 ? "0" : "NULL",
		            how == LK_FILL_PREVIOUS ? columns[i] : "");
	lk_buf_addf(sql, " FROM w CROSS JOIN (SELECT DISTINCT path FROM shown) k LEFT JOIN v ON v.ws = w.ws AND v.we = w.we AND v.path IS NOT DISTINCT FROM k.path"
	                 " LEFT JOIN LATERAL (SELECT * FROM v b WHERE b.path IS NOT DISTINCT FROM k.path AND (b.ws, b.we) < (w.ws, w.we) ORDER BY ws DESC, we DESC LIMIT 1)"
	                 " AS p ON true%s ORDER BY 1, 2, k.path COLLATE \"C\" NULLS LAST", has_having ? " WHERE v.n IS NULL OR v.n <> 2" : "");
}

static bool in_order(const lk_answer *a) {
	for (size_t i = 1; i < a->nrows; i++) {
		lk_span x = lk_answer_span(a, a->rows[i - 1]), y = lk_answer_span(a, a->rows[i]);
		if (x.start > y.start || (x.start == y.start && x.end > y.end))
			return false;
	}
	return true;
}

static void filled_as_by_postgresql(void **state) {
	(void)state;
	static const lk_type types[] = {{.kind = LK_TIME}, {.kind = LK_TIME}, {.kind = LK_TEXT}, {.kind = LK_INT8}, {.kind = LK_INT8}, {.kind = LK_INT4}};
	int64_t added = 0;
	for (int i = 0; i < 2 * SHAPES; i++) {
		char *sql = lk_asprintf("CREATE VIEW %s%s AS SELECT path, count(*) AS n, sum(bytes) AS total, max(bytes) AS most FROM hits GROUP BY path, %s %s%s;",
		                        shapes[i / 2].name, i % 2 ? "_having" : "", shapes[i / 2].window, i % 2 ? "HAVING " : "", i % 2 ? having : "");
		test_world_declare(&world, sql);
		free(sql);
	}
	append(60);
	test_world_speed_once(&world, NULL);
	for (int i = 0; i < 2 * SHAPES; i += 3) {
		char *view = lk_asprintf("%s%s", shapes[i / 2].name, i % 2 ? "_having" : "");
		test_world_batch(&world, view);
		free(view);
	}
	append(20);
	test_world_speed_once(&world, NULL);
	for (int i = test_rounds("ROUNDS", ROUNDS); i > 0; i--) {
		const struct shape *s = &shapes[below(SHAPES)];
		bool has_having = below(2);
		enum lk_fill how = LK_FILL_NULL + (enum lk_fill)below(3);
		char view[40];
		snprintf(view, sizeof view, "%s%s", s->name, has_having ? "_having" : "");
		lk_query q = test_query(view);
		lk_buf sql = LK_BUF_INIT, difference = LK_BUF_INIT;
		lk_answer a;
		lk_error err = {0};
		test_rows got, want;
		q.window_us = s->window_s * LK_US_PER_S;
		q.slide_us = s->slide_s * LK_US_PER_S;
		if (below(2))
			q.from = (BASE_S - 100 + (int64_t)below(SPAN_S)) * LK_US_PER_S;
		if (below(2))
			q.to = (BASE_S + (int64_t)below(SPAN_S + 300)) * LK_US_PER_S;
		test_world_answer(&world, &q, &a);
		int64_t before = (int64_t)a.nrows;
		if (lk_answer_fill(&a, how, &err) != LK_OK)
			fail_msg("%s", err.text);
		added += (int64_t)a.nrows - before;
		assert_int_equal(a.nrows - before, a.filled.ncells + a.blank.ncells);
		assert_true(in_order(&a));
		test_answer_rows(&a, &got);
		oracle(s, &q, has_having, how, &sql);
		test_sql_rows(&world, sql.data, types, 6, &want);
		test_rows_difference(&want, &got, &difference);
		if (difference.len)
			fail_msg("%s\n%s", difference.data, sql.data);
		test_rows_release(&got);
		test_rows_release(&want);
		lk_answer_release(&a);
		lk_buf_release(&sql);
	}
	assert_true(added > ROUNDS);
}

/* --- edges --- */

static void fill(const char *view, const char *from, const char *to, enum lk_fill how, lk_answer *a) {
	lk_query q = test_query(view);
	lk_error err = {0};
	if (from)
		assert_int_equal(lk_time_parse(from, strlen(from), true, &q.from), 0);
	if (to)
		assert_int_equal(lk_time_parse(to, strlen(to), true, &q.to), 0);
	test_world_answer(&world, &q, a);
	if (lk_answer_fill(a, how, &err) != LK_OK)
		fail_msg("%s", err.text);
}

static void values_are(const lk_answer *a, size_t row, const char *want) {
	lk_buf got = LK_BUF_INIT;
	assert_true(row < a->nrows);
	for (int i = 0; i < a->plan->noutputs; i++) {
		lk_value v;
		lk_answer_value(a, a->rows[row], i, &v);
		lk_buf_adds(&got, i ? " " : "");
		lk_buf_adds(&got, lk_is_null(&v) ? "NULL" : "");
		lk_value_print(a->plan->outputs[i].type, &v, &got);
	}
	assert_string_equal(got.data, want);
	lk_buf_release(&got);
}

static const char two_events[] =
	"{\"ts\":\"2020-01-01T00:00:05Z\",\"ip\":\"a\",\"bytes\":9,\"d\":0.5,\"price\":\"2.50\",\"ok\":true}\n"
	"{\"ts\":\"2020-01-01T00:03:05Z\",\"ip\":\"a\",\"bytes\":7,\"d\":1.5,\"price\":\"0.25\",\"ok\":false}\n";

static void what_no_event_makes_of_each_aggregate(void **state) {
	(void)state;
	lk_answer a;
	test_world_declare(&world, "CREATE VIEW v AS SELECT count(*) AS n, count(bytes) AS b, count(DISTINCT ip) AS ips, approx_count_distinct(ip) AS about, sum(bytes) AS s,"
	                           " sum(d) AS sd, sum(price) AS sp, avg(bytes) AS mean, min(bytes) AS low, bool_or(ok) AS ok FROM hits GROUP BY tumble(ts, '1 minute');");
	test_world_append_json(&world, "hits", two_events);
	test_world_speed_once(&world, "v");
	fill("v", NULL, NULL, LK_FILL_ZERO, &a);
	assert_int_equal(a.nrows, 4);
	values_are(&a, 0, "1 1 1 1 9 0.5 2.50 9.0000000000000000 9 true");
	values_are(&a, 1, "0 0 0 0 0 0 0.00 NULL NULL NULL");
	lk_answer_release(&a);
	fill("v", NULL, NULL, LK_FILL_NULL, &a);
	values_are(&a, 2, "NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL");
	lk_answer_release(&a);
	fill("v", "2019-12-31T23:59:00Z", "2020-01-01T00:06:00Z", LK_FILL_PREVIOUS, &a);
	assert_int_equal(a.nrows, 7);
	values_are(&a, 0, "NULL NULL NULL NULL NULL NULL NULL NULL NULL NULL");
	values_are(&a, 3, "1 1 1 1 9 0.5 2.50 9.0000000000000000 9 true");
	values_are(&a, 6, "1 1 1 1 7 1.5 0.25 7.0000000000000000 7 false");
	lk_answer_release(&a);
}

/* Days of Berlin around the two clock changes: 23 and 25 hours, and none is missing. */
static void days_of_a_calendar(void **state) {
	(void)state;
	static const lk_type types[] = {{.kind = LK_TIME}, {.kind = LK_TIME}, {.kind = LK_INT8}};
	lk_answer a;
	test_rows want, got;
	lk_buf difference = LK_BUF_INIT;
	test_world_declare(&world, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 day', 'Europe/Berlin');");
	test_world_append_json(&world, "hits", "{\"ts\":\"2020-03-20T12:00:00Z\",\"ip\":\"a\"}\n{\"ts\":\"2020-10-30T12:00:00Z\",\"ip\":\"a\"}\n"
	                                       "{\"ts\":\"2020-03-29T21:59:59Z\",\"ip\":\"a\"}\n{\"ts\":\"2020-10-25T22:00:00Z\",\"ip\":\"a\"}\n");
	test_world_speed_once(&world, "v");
	fill("v", NULL, "2020-11-02T11:00:00Z", LK_FILL_ZERO, &a);
	assert_int_equal(a.nrows, 228);
	test_answer_rows(&a, &got);
	test_sql_rows(&world, "SELECT day AT TIME ZONE 'Europe/Berlin', (day + interval '1 day') AT TIME ZONE 'Europe/Berlin',"
	              " (SELECT count(*) FROM lk.log_hits WHERE (ts AT TIME ZONE 'Europe/Berlin')::date = day)"
	              " FROM generate_series(timestamp '2020-03-20', '2020-11-02', '1 day') AS day ORDER BY 1", types, 3, &want);
	test_rows_difference(&want, &got, &difference);
	if (difference.len)
		fail_msg("%s", difference.data);
	test_rows_release(&want);
	test_rows_release(&got);
	lk_answer_release(&a);
}

/* Without keys there is one group, also without events; a key that has no row is unknown. */
static void nothing_at_all(void **state) {
	(void)state;
	lk_answer a;
	test_world_declare(&world, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute');"
	                           "CREATE VIEW w AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 minute');"
	                           "CREATE VIEW h AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute') HAVING count(*) > 5;");
	for (int some = 0; some < 2; some++) {
		fill("v", "2020-01-02T00:00:30Z", "2020-01-02T00:03:00Z", LK_FILL_ZERO, &a);
		assert_int_equal(a.nrows, 2);
		values_are(&a, 1, "0");
		lk_answer_release(&a);
		fill("w", "2020-01-02T00:00:00Z", "2020-01-02T00:03:00Z", LK_FILL_ZERO, &a);
		assert_int_equal(a.nrows, 0);
		lk_answer_release(&a);
		fill("h", NULL, "2020-01-01T00:03:00Z", LK_FILL_ZERO, &a);
		assert_int_equal(a.nrows, 0);
		lk_answer_release(&a);
		fill("v", "2020-01-02T00:03:00Z", "2020-01-02T00:00:00Z", LK_FILL_ZERO, &a);
		assert_int_equal(a.nrows, 0);
		lk_answer_release(&a);
		test_world_append_json(&world, "hits", two_events);
		test_world_speed_once(&world, NULL);
	}
	/* two windows have an event, and HAVING removes them */
	fill("h", "2020-01-01T00:00:00Z", "2020-01-01T00:05:00Z", LK_FILL_ZERO, &a);
	assert_int_equal(a.nrows, 3);
	lk_answer_release(&a);
}

/* Windows that retention has removed were not empty. */
static void expired_windows_are_not_filled(void **state) {
	(void)state;
	lk_answer a;
	test_world_declare(&world, "CREATE VIEW v WITH (retention = '2 minutes') AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute');");
	test_world_append_json(&world, "hits", two_events);
	test_world_append_json(&world, "hits", "{\"ts\":\"2020-01-01T00:03:05Z\",\"ip\":\"b\",\"bytes\":1}\n{\"ts\":\"2020-01-01T00:03:05Z\",\"ip\":\"c\",\"bytes\":1}\n"
	                                       "{\"ts\":\"2020-01-01T00:03:05Z\",\"ip\":\"d\",\"bytes\":1}\n{\"ts\":\"2020-01-01T00:03:05Z\",\"ip\":\"e\",\"bytes\":1}\n");
	test_world_speed_once(&world, "v");
	fill("v", "2020-01-01T00:00:00Z", "2020-01-01T00:05:00Z", LK_FILL_ZERO, &a);
	assert_int_not_equal(a.watermark, LK_NEVER);
	assert_int_equal(a.nrows, 4);   /* from 00:01:05 on */
	assert_int_equal(lk_answer_span(&a, a.rows[0]).end, (BASE_S + 120) * LK_US_PER_S);
	lk_answer_release(&a);
}

static void what_is_refused(void **state) {
	(void)state;
	static const struct { const char *view, *from, *to, *says; } cases[] = {
		{"s", NULL, NULL, "are sessions"}, {"u", NULL, NULL, "has no windows"},
		{"v", "1970-01-01T00:00:00Z", NULL, "more than 1000000 rows: more than 1000002 windows of 1 key"},
		{"v", "2020-01-01T00:00:00Z", "2021-11-25T10:43:00Z", "more than 1000000 rows"},
		{"v", "2020-01-01T00:00:00Z", "2021-11-25T10:40:00Z", NULL},
	};
	test_world_declare(&world, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute');"
	                           "CREATE VIEW s AS SELECT count(*) AS n FROM hits GROUP BY session(ts, '1 minute');"
	                           "CREATE VIEW u AS SELECT count(*) AS n FROM hits;");
	test_world_speed_once(&world, NULL);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lk_query q = test_query(cases[i].view);
		lk_answer a;
		lk_error err = {0};
		if (cases[i].from)
			assert_int_equal(lk_time_parse(cases[i].from, strlen(cases[i].from), true, &q.from), 0);
		if (cases[i].to)
			assert_int_equal(lk_time_parse(cases[i].to, strlen(cases[i].to), true, &q.to), 0);
		if (i == 2) {
			test_world_append_json(&world, "hits", two_events);
			test_world_speed_once(&world, NULL);
		}
		test_world_answer(&world, &q, &a);
		int rc = lk_answer_fill(&a, LK_FILL_ZERO, &err);
		assert_int_equal(rc, cases[i].says ? LK_EUSAGE : LK_OK);
		if (cases[i].says && !strstr(err.text, cases[i].says))
			fail_msg("%s", err.text);
		assert_int_equal(a.nrows, cases[i].says ? a.cells.ncells : 1000000);
		lk_answer_release(&a);
	}
}

/* --- the command --- */

static void the_formats(void **state) {
	(void)state;
	test_world_declare(&world, "CREATE VIEW v AS SELECT ip, count(*) AS n, min(bytes) AS low FROM hits GROUP BY ip, tumble(ts, '1 minute');");
	test_world_append_json(&world, "hits", two_events);
	test_world_speed_once(&world, NULL);
	LK(0, "00:01:00Z,2020-01-01T00:02:00Z,a,0,\r\n", "filled:    2 of the rows, for windows without events (zero)", "query", "v", "--fill", "zero", "--format", "csv");
	LK(0, "\"window_end\":\"2020-01-01T00:02:00Z\",\"ip\":\"a\",\"n\":1,\"low\":9}\n", "", "query", "v", "--fill", "previous", "--format", "jsonl");
	LK(0, "\"fill\":\"null\",\"filled_rows\":2", "", "query", "v", "--fill", "null", "--format", "json");
	LK(0, "\"window_end\":\"2020-01-01T00:03:00Z\",\"ip\":\"a\",\"n\":null,\"low\":null}", "", "query", "v", "--fill", "null", "--format", "json");
	LK(0, "2020-01-01T00:02:00Z a  0 NULL", "", "query", "v", "--fill", "zero");
	LK(0, "4 rows of v", "", "query", "v", "--fill", "zero");
	LK(0, "2020-01-01T00:02:00Z,2020-01-01T00:04:00Z", "", "query", "v", "--fill", "zero", "--window", "2min", "--format", "csv");
	LK(0, "\"filled_rows\":0,\"last\":1", "", "query", "v", "--fill", "null", "--last", "1", "--format", "json");
	LK(0, "filled:    1 of the rows", "", "query", "v", "--fill", "zero", "--where", "n=0", "--limit", "1");
	LK(0, "filled:    0 of the rows", "", "query", "v", "--fill", "previous", "--where", "window_start=2020-01-01T00:00:00Z");
	LK(2, "", "one of null, zero, previous", "query", "v", "--fill", "some");
	LK(2, "", "lk explain has no option --fill", "explain", "v", "--fill", "zero");
}

static void declare_a_chart(void) {
	test_world_declare(&world, "CREATE VIEW v AS SELECT ip, sum(bytes) AS s, sum(d) AS d, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 minute');");
	test_world_append_json(&world, "hits", "{\"ts\":\"2020-01-01T00:00:00Z\",\"ip\":\"a\",\"bytes\":400,\"d\":4}\n{\"ts\":\"2020-01-01T00:01:00Z\",\"ip\":\"a\",\"bytes\":100,\"d\":-4}\n"
	                                       "{\"ts\":\"2020-01-01T00:02:00Z\",\"ip\":\"a\",\"bytes\":1,\"d\":\"NaN\"}\n{\"ts\":\"2020-01-01T00:03:00Z\",\"ip\":\"a\",\"d\":\"Infinity\"}\n"
	                                       "{\"ts\":\"2020-01-01T00:04:00Z\",\"ip\":\"a\",\"bytes\":145,\"d\":0}\n");
	test_world_speed_once(&world, NULL);
}

static void charts(void **state) {
	(void)state;
	static const char *const ascii[] = {"LC_ALL=C", NULL}, *const utf8[] = {"LC_ALL=C.UTF-8", NULL};
	declare_a_chart();
	test_run(&lk, ascii, 0, " 400        4 1 ########################################\n", "", ARGS("query", "v", "--chart", "s"));
	assert_non_null(strstr(lk.out, " 100       -4 1 ##########\n"));
	assert_non_null(strstr(lk.out, "   1      NaN 1 #\n"));
	assert_non_null(strstr(lk.out, "NULL Infinity 1 \n"));
	test_run(&lk, utf8, 0, " 400        4 1 ████████████████████████████████████████\n", "", ARGS("query", "v", "--chart", "s"));
	assert_non_null(strstr(lk.out, "   1      NaN 1 ▏\n"));
	assert_non_null(strstr(lk.out, " 145        0 1 ██████████████▌\n"));
	test_run(&lk, ascii, 0, " 400        4 1                     ####################\n", "", ARGS("query", "v", "--chart", "d"));
	assert_non_null(strstr(lk.out, " 100       -4 1 ####################\n"));
	assert_non_null(strstr(lk.out, "   1      NaN 1 \n"));
	assert_non_null(strstr(lk.out, "NULL Infinity 1                     ########################################\n"));
	LK(2, "", "one of s, d, n", "query", "v", "--chart", "m");
	LK(2, "", "no numeric column", "query", "v", "--chart", "window_start");
	LK(2, "", "needs a table", "query", "v", "--chart", "n", "--format", "csv");
}

/* Its lines are not broken: 61 characters for the columns, 1 for rounding, 18 for the bars. */
static void charts_fit_a_terminal(void **state) {
	(void)state;
	const char *bin = getenv("LK_BIN");
	if (!test_has_terminals()) {
		print_message("skipped: no terminal can be opened here\n");
		skip();
	}
	declare_a_chart();
	char *command = lk_asprintf("LC_ALL=C LK_POSTGRES='%s' LK_REDIS='%s' script -qc 'stty cols 80; %s query v --chart s' /dev/null 2>&1"
	                            " </dev/null | tr -d '\\r' >%s/chart && grep -q ' 400        4 1 ##################$' %s/chart",
	                            servers.at.postgres, servers.at.redis, bin && *bin ? bin : "build/plain/lk", servers.dir, servers.dir);
	assert_int_equal(system(command), 0);
	free(command);
}

static int start(void **state) {
	(void)state;
	seed = test_seed("server_fill");
	test_servers_start(&servers);
	lk.servers = servers;
	test_world_open(&world, &servers);
	return 0;
}

static int stop(void **state) {
	(void)state;
	test_world_close(&world);
	test_program_release(&lk);
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(filled_as_by_postgresql, fresh),
		cmocka_unit_test_setup(what_no_event_makes_of_each_aggregate, fresh),
		cmocka_unit_test_setup(days_of_a_calendar, fresh),
		cmocka_unit_test_setup(nothing_at_all, fresh),
		cmocka_unit_test_setup(expired_windows_are_not_filled, fresh),
		cmocka_unit_test_setup(what_is_refused, fresh),
		cmocka_unit_test_setup(the_formats, fresh),
		cmocka_unit_test_setup(charts, fresh),
		cmocka_unit_test_setup(charts_fit_a_terminal, fresh),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
