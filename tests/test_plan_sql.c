/* SQL made from plans: the batch, its table, and the user's own text as the oracle. Tests with servers show that
 * PostgreSQL accepts them, and that they agree. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "tests/support/definitions.h"

static void is(lk_buf *b, const char *want) {
	assert_string_equal(b->data, want);
	lk_buf_clear(b);
}

static const char windowed[] = "CREATE VIEW traffic AS\n  SELECT path, count(*) AS hits, sum(bytes) AS bytes, avg(price) AS price -- per page\n"
                               "  FROM hits WHERE status < 400\n  GROUP BY path, tumble(ts, '1 minute') -- the end";

static void batch_of_a_window(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	const lk_plan *p = test_view(windowed, &d);
	lk_plan_batch_sql(p, &(lk_sql_log){.table = "lk.\"log_hits\"", .bound = "off < ('{7}'::bigint[])[part+1]"}, &b);
	is(&b, "SELECT date_bin(interval '60000000 microseconds', e.\"ts\", timestamptz '1970-01-01 00:00:00+00') AS _pane, e.\"path\" AS _k0, "
	       "count(*) AS _p0_0, sum(e.\"bytes\")::numeric(38,0) AS _p1_0, sum(e.\"price\")::numeric(38,2) AS _p2_0, count(e.\"price\") AS _p2_1 "
	       "FROM lk.\"log_hits\" AS e WHERE (off < ('{7}'::bigint[])[part+1]) AND ((e.\"status\" < ('400'::integer))) GROUP BY 1, 2");
	lk_plan_batch_columns(p, &b);
	is(&b, "_pane timestamp with time zone, _k0 text COLLATE \"C\", _p0_0 bigint, _p1_0 numeric(38,0), _p2_0 numeric(38,2), _p2_1 bigint");
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static void batch_without_window_or_keys(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT count(*) AS n, min(path) AS first FROM hits", &d);
	lk_plan_batch_sql(p, &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	is(&b, "SELECT count(*) AS _p0_0, min(e.\"path\") AS _p1_0 FROM t AS e WHERE (true)");
	lk_plan_batch_columns(p, &b);
	is(&b, "_p0_0 bigint, _p1_0 text COLLATE \"C\"");
	lk_definitions_release(&d);
	p = test_view("CREATE VIEW v AS SELECT \"actor.login\" AS l, ok, count(*) AS n FROM hits GROUP BY ok, l", &d);
	lk_plan_batch_sql(p, &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	is(&b, "SELECT e.\"ok\" AS _k0, e.\"actor.login\" AS _k1, count(*) AS _p0_0 FROM t AS e WHERE (true) GROUP BY 1, 2");
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static void batch_of_lateral_rows(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT k, max(n) AS n FROM hits, LATERAL (VALUES ('a', status), (path, -1)) AS l(k, n) "
	                             "WHERE n > 0 GROUP BY k, tumble(_at, '1 d')", &d);
	lk_plan_batch_sql(p, &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	is(&b, "SELECT date_bin(interval '86400000000 microseconds', e.\"_at\", timestamptz '1970-01-01 00:00:00+00') AS _pane, v0._v0 AS _k0, "
	       "max(v0._v1) AS _p0_0 FROM t AS e CROSS JOIN LATERAL (VALUES (('a'::text COLLATE \"C\"), e.\"status\"), "
	       "(e.\"path\", ('-1'::integer))) AS v0(_v0, _v1) WHERE (true) AND ((v0._v1 > ('0'::integer))) GROUP BY 1, 2");
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static void batch_of_functions_in_from(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT tag, count(*) AS n FROM hits, json_array_elements_text(path::json) WITH ORDINALITY AS x(tag, nth), "
	                             "unnest(regexp_split_to_array(tag, '\\W+')) AS w WHERE w > 'b' AND nth < 3 GROUP BY tag", &d);
	lk_plan_batch_sql(p, &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	is(&b, "SELECT (v0._v0 COLLATE \"C\") AS _k0, count(*) AS _p0_0 FROM t AS e CROSS JOIN LATERAL json_array_elements_text((e.\"path\")::json) "
	       "WITH ORDINALITY AS v0(_v0, _v1) CROSS JOIN LATERAL regexp_split_to_table((v0._v0 COLLATE \"C\"), ('\\W+'::text COLLATE \"C\")) AS v1(_v0) "
	       "WHERE (true) AND (((v1._v0 > ('b'::text COLLATE \"C\")) AND (v0._v1 < ('3'::bigint)))) GROUP BY 1");
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static void shows_part(const lk_plan *p, const char *want) {
	lk_buf b = LK_BUF_INIT;
	lk_plan_oracle_sql(p, &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	if (!strstr(b.data, want))
		fail_msg("no %s\nin %s", want, b.data);
	lk_buf_release(&b);
}

/* The user's own text, unless its rows must be numbered, or have the database's collation. */
static void oracle_of_functions_in_from(void **state) {
	(void)state;
	lk_definitions d;
	shows_part(test_view("CREATE VIEW v AS SELECT w, count(*) AS n FROM hits, unnest(string_to_array(path, '/')) w GROUP BY w", &d),
	           ") SELECT w, count(*) AS n FROM hits, unnest(string_to_array(path, '/')) w GROUP BY w\n");
	lk_definitions_release(&d);
	shows_part(test_view("CREATE VIEW v AS SELECT tag, max(x) AS m FROM hits, json_array_elements_text(path::json) /* ( */ AS tag, string_to_table(tag, ',') AS x "
	                     "GROUP BY tag", &d),
	           " FROM hits, LATERAL (SELECT _v COLLATE \"C\" AS \"value\", _v COLLATE \"C\" AS \"tag\", _n AS _ord0 FROM "
	           "json_array_elements_text(path::json) WITH ORDINALITY AS _f(_v, _n)) AS \"tag\", string_to_table(tag, ',') AS x GROUP BY tag\n");
	lk_definitions_release(&d);
	shows_part(test_view("CREATE VIEW v AS SELECT first(w) AS f FROM (SELECT w || 'x' AS w, v.x FROM hits h JOIN LATERAL string_to_table(path, '/') WITH ORDINALITY w(w) "
	                     "ON true, LATERAL (VALUES ((w)), ('(')) AS v(x)) AS s, generate_series(1, 3) GROUP BY x", &d),
	           "SELECT lk.first(array_agg(w ORDER BY _ts, _part, _off, _ord0, _ord1, _ord2)) AS f FROM (SELECT w || 'x' AS w, v.x , _ts, _part, _off , _ord0 "
	           ", _ord1 FROM hits h JOIN LATERAL (SELECT _v COLLATE \"C\" AS \"w\", _n AS \"ordinality\", _n AS _ord0 FROM string_to_table(path, '/') "
	           "WITH ORDINALITY AS _f(_v, _n)) AS \"w\" ON true, LATERAL (VALUES ((w), 0), ('(', 1)) AS v(x, _ord1)) AS s, LATERAL (SELECT _v AS "
	           "\"generate_series\", _n AS _ord2 FROM generate_series(1, 3) WITH ORDINALITY AS _f(_v, _n)) AS \"generate_series\" GROUP BY x\n");
	lk_definitions_release(&d);
}

/* The types are those of the columns, one for each. */
static void batch_types(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf columns = LK_BUF_INIT, want = LK_BUF_INIT;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT ok, r, d, price, path, small, max(ts) AS a, sum(status) AS b, sum(price) AS c, avg(bytes) AS e, "
	                             "min(r) AS f, count(ip) AS g FROM hits GROUP BY ok, r, d, price, path, small, tumble(ts, '1 h')", &d);
	lk_type types[LK_MAX_BATCH_COLUMNS];
	int n = lk_plan_batch_types(p, types, LK_MAX_BATCH_COLUMNS);
	assert_int_equal(n, 1 + 6 + 7);
	lk_plan_batch_columns(p, &columns);
	const char *at = columns.data;
	for (int i = 0; i < n; i++) {
		lk_buf_clear(&want);
		lk_type_name(types[i], &want);
		at = strchr(at, ' ');
		assert_non_null(at);
		assert_memory_equal(at + 1, want.data, want.len);
		at = strstr(at, ", _");
		at = at ? at + 2 : columns.data + columns.len;
	}
	assert_int_equal(*at, '\0');
	assert_int_equal(types[0].kind, LK_TIME);
	assert_int_equal(lk_plan_batch_types(p, types, 3), 3);
	lk_buf_release(&columns);
	lk_buf_release(&want);
	lk_definitions_release(&d);
}

#define SOURCE_COLUMNS "\"ts\", \"ip\", \"path\", \"small\", \"status\", \"bytes\", \"big\", \"price\", \"rate\", \"r\", \"d\", \"ok\", " \
                       "\"other_ts\", \"actor.login\", _at"
#define SOURCE "WITH \"hits\" AS (SELECT " SOURCE_COLUMNS

static void oracle_is_the_users_text(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	lk_plan_oracle_sql(test_view(windowed, &d), &(lk_sql_log){.table = "t", .bound = "off < 3"}, &b);
	is(&b, "SELECT window_start, window_end, \"path\" COLLATE \"C\" AS \"path\", \"hits\", \"bytes\", \"price\" FROM (" SOURCE
	       ", _window_start, _window_end FROM t AS \"hits\" CROSS JOIN LATERAL lk.tumble(ts, '1 minute') AS w(_window_start, _window_end) "
	       "WHERE off < 3) SELECT _window_start AS window_start, _window_end AS window_end, "
	       "path, count(*) AS hits, sum(bytes) AS bytes, avg(price) AS price -- per page\n  FROM hits WHERE status < 400\n"
	       "  GROUP BY path, _window_start, _window_end\n) AS answer ORDER BY window_start, window_end, \"path\" COLLATE \"C\" NULLS LAST, "
	       "\"hits\" NULLS LAST, \"bytes\" NULLS LAST, \"price\" NULLS LAST");
	lk_definitions_release(&d);
	lk_plan_oracle_sql(test_view("CREATE VIEW v AS SELECT /* all */ (count(*)) AS \"n\"\"\" FROM hits", &d), &(lk_sql_log){.table = "t", .bound = "off < 3"}, &b);
	is(&b, "SELECT \"n\"\"\" FROM (" SOURCE " FROM t AS \"hits\" WHERE off < 3) SELECT (count(*)) AS \"n\"\"\" FROM hits\n) AS answer ORDER BY \"n\"\"\" NULLS LAST");
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

/* An aggregate that PostgreSQL lacks, or that depends on order there, becomes a function over array_agg; the rest of
 * the text stays. */
static void oracle_of_lks_own_aggregates(void **state) {
	(void)state;
	static const struct { const char *text, *becomes; } rows[] = {
		{"sum(d) AS n FROM hits", "lk.sum(array_agg(d)) AS n FROM hits"},
		{"\"sum\" /* ( */ ( ALL (d) )AS n, sum(bytes) AS m FROM hits", "lk.sum(array_agg( ALL (d) ))AS n, sum(bytes) AS m FROM hits"},
		{"stddev(r) FILTER (WHERE (ok)) AS n FROM hits", "lk.stddev(array_agg(r) FILTER (WHERE (ok))) AS n FROM hits"},
		{"stddev(small) FILTER(WHERE path = ')') AS n FROM hits", "stddev(small) FILTER(WHERE path = ')')::double precision AS n FROM hits"},
		{"top_k(COALESCE(ip, ','), 3)AS n FROM hits", "lk.top_k(3, array_agg(COALESCE(ip, ',')))AS n FROM hits"},
		{"approx_percentile(bytes , .5) FILTER (WHERE ok) AS n FROM hits", "lk.approx_percentile(0.5, array_agg(bytes ) FILTER (WHERE ok)) AS n FROM hits"},
		{"count(DISTINCT ip) AS n FROM hits", "count(DISTINCT ip) AS n FROM hits"},
		{"count(*) AS n FROM hits GROUP BY path HAVING sum(d) BETWEEN 1 AND 2 AND avg(d) > 0",
		 "count(*) AS n FROM hits GROUP BY path HAVING lk.sum(array_agg(d)) BETWEEN 1 AND 2 AND lk.avg(array_agg(d)) > 0"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_definitions d;
		lk_buf b = LK_BUF_INIT;
		char *text = lk_asprintf("CREATE VIEW v AS SELECT %s", rows[i].text);
		lk_plan_oracle_sql(test_view(text, &d), &(lk_sql_log){.table = "t", .bound = "true"}, &b);
		if (!strstr(b.data, rows[i].becomes))
			fail_msg("%s\nbecame %s", rows[i].text, b.data);
		free(text);
		lk_buf_release(&b);
		lk_definitions_release(&d);
	}
}

static void places_are_those_of_the_log(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	lk_plan_oracle_sql(test_view("CREATE VIEW v AS SELECT first(ip) AS a, last(d) FILTER (WHERE ok) AS z FROM hits GROUP BY tumble(ts, '1 s')", &d), &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	assert_non_null(strstr(b.data, "_at, \"ts\" AS _ts, part AS _part, off AS _off, _window_start, _window_end FROM t AS \"hits\" CROSS JOIN"));
	assert_non_null(strstr(b.data, "lk.first(array_agg(ip ORDER BY _ts, _part, _off)) AS a, "
	                               "lk.last(array_agg(d ORDER BY _ts, _part, _off) FILTER (WHERE ok)) AS z FROM hits GROUP BY _window_start, _window_end"));
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static void filters_in_the_batch(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	lk_plan_batch_sql(test_view("CREATE VIEW v AS SELECT count(*) FILTER (WHERE ok) AS n, sum(big) FILTER (WHERE small > 1) AS s FROM hits", &d), &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	is(&b, "SELECT count(*) FILTER (WHERE e.\"ok\") AS _p0_0, sum(e.\"big\") FILTER (WHERE ((e.\"small\"::integer) > ('1'::integer)))::numeric(38,0) AS _p1_0 "
	       "FROM t AS e WHERE (true)");
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static void oracle_finds_the_window(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	/* `tumble(` in a string, a comment and an alias is not the window; its arguments may contain parentheses. */
	lk_plan_oracle_sql(test_view("CREATE VIEW v AS SELECT (path) AS tumble, count(*) AS n FROM hits WHERE path <> 'tumble(' /* tumble( */ "
	                             "GROUP BY path, TUMBLE /* ( */ ((ts), (('1 min')))", &d), &(lk_sql_log){.table = "t", .bound = "off < 3"}, &b);
	assert_non_null(strstr(b.data, " CROSS JOIN LATERAL lk.TUMBLE /* ( */ ((ts), (('1 min'))) AS w("));
	assert_non_null(strstr(b.data, "SELECT _window_start AS window_start, _window_end AS window_end, (path) AS tumble, count(*) AS n FROM hits WHERE path <> 'tumble(' "
	                               "/* tumble( */ GROUP BY path, _window_start, _window_end\n) AS answer"));
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

/* The time and the gap come from the user's text; the condition and the group keys come from the plan. */
static void oracle_of_sessions(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	lk_plan_oracle_sql(test_view("CREATE VIEW v AS SELECT path AS p, count(*) AS n FROM hits AS h WHERE small > -1 "
	                             "GROUP BY p, session(h.ts /* , */, INTERVAL '5 min' -- ) \n)", &d), &(lk_sql_log){.table = "t", .bound = "off < 3"}, &b);
	is(&b, "SELECT window_start, window_end, \"p\" COLLATE \"C\" AS \"p\", \"n\" FROM (WITH \"hits\" AS ("
	       "SELECT *, min(_time) OVER (PARTITION BY _passes, _k0, _session) AS _window_start, "
	       "max(_time) OVER (PARTITION BY _passes, _k0, _session) + _gap AS _window_end FROM ("
	       "SELECT *, count(*) FILTER (WHERE _begins) OVER (PARTITION BY _passes, _k0 ORDER BY _time) AS _session FROM ("
	       "SELECT *, _time >= lag(_time) OVER (PARTITION BY _passes, _k0 ORDER BY _time) + _gap AS _begins FROM ("
	       "SELECT *, CASE WHEN _passes THEN e.\"path\" END AS _k0 FROM ("
	       "SELECT *, ((e.\"small\"::integer) > ('-1'::integer)) IS TRUE AS _passes FROM (SELECT " SOURCE_COLUMNS
	       ", (h.ts /* , */\n) AS _time, ( INTERVAL '5 min' -- ) \n\n)::interval AS _gap FROM t AS \"h\" WHERE off < 3"
	       ") AS e) AS e) AS e) AS e) AS e) SELECT _window_start AS window_start, _window_end AS window_end, path AS p, count(*) AS n "
	       "FROM hits AS h WHERE small > -1 GROUP BY p, _window_start, _window_end\n) AS answer ORDER BY window_start, window_end, "
	       "\"p\" COLLATE \"C\" NULLS LAST, \"n\" NULLS LAST");
	lk_definitions_release(&d);
	lk_plan_oracle_sql(test_view("CREATE VIEW v AS SELECT last(ip) AS n FROM hits GROUP BY session(_at, '1 h')", &d), &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	assert_non_null(strstr(b.data, "min(_time) OVER (PARTITION BY _passes, _session) AS _window_start"));
	assert_non_null(strstr(b.data, "(SELECT *, true AS _passes FROM (SELECT "));
	assert_non_null(strstr(b.data, "_at, \"ts\" AS _ts, part AS _part, off AS _off, (_at\n) AS _time, ( '1 h'\n)::interval AS _gap FROM t AS \"hits\""));
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static void names_are_quoted(void **state) {
	(void)state;
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	test_define("CREATE TABLE \"Weird-é\" (\"a\"\"; DROP\" timestamptz, \"k'\" text) WITH (event_time = \"a\"\"; DROP\", partition_by = \"k'\");"
	            "CREATE VIEW v AS SELECT \"k'\" AS \"x\"\"y\", count(*) AS n FROM \"Weird-é\" WHERE \"k'\" = 'it''s' GROUP BY \"k'\"", &d);
	const lk_plan *p = d.items[1].plan;
	lk_log_table(p->stream, &b);
	is(&b, "lk.\"log_Weird-é\"");
	lk_log_leaf(p->stream, 3, &b);
	is(&b, "lk.\"part_Weird-é_3\"");
	lk_plan_batch_sql(p, &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	is(&b, "SELECT e.\"k'\" AS _k0, count(*) AS _p0_0 FROM t AS e WHERE (true) AND ((e.\"k'\" = ('it''s'::text COLLATE \"C\"))) GROUP BY 1");
	lk_plan_oracle_sql(p, &(lk_sql_log){.table = "t", .bound = "true"}, &b);
	is(&b, "SELECT \"x\"\"y\" COLLATE \"C\" AS \"x\"\"y\", \"n\" FROM (WITH \"Weird-é\" AS (SELECT \"a\"\"; DROP\", \"k'\", _at FROM t AS \"Weird-é\" WHERE true) SELECT "
	       "\"k'\" AS \"x\"\"y\", count(*) AS n FROM \"Weird-é\" WHERE \"k'\" = 'it''s' GROUP BY \"k'\"\n) AS answer ORDER BY \"x\"\"y\" COLLATE \"C\" "
	       "NULLS LAST, \"n\" NULLS LAST");
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static int end(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(batch_of_a_window),
		cmocka_unit_test(batch_without_window_or_keys),
		cmocka_unit_test(batch_of_lateral_rows),
		cmocka_unit_test(batch_of_functions_in_from),
		cmocka_unit_test(oracle_of_functions_in_from),
		cmocka_unit_test(batch_types),
		cmocka_unit_test(oracle_is_the_users_text),
		cmocka_unit_test(oracle_of_lks_own_aggregates),
		cmocka_unit_test(places_are_those_of_the_log),
		cmocka_unit_test(filters_in_the_batch),
		cmocka_unit_test(oracle_finds_the_window),
		cmocka_unit_test(oracle_of_sessions),
		cmocka_unit_test(names_are_quoted),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}
