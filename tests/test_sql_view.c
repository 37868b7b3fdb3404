/* CREATE VIEW: the plan of a definition. Types of expressions are those of PostgreSQL's pg_typeof for the same text.
 * Refusals are in refusals.txt. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/time.h"
#include "tests/support/definitions.h"

static const char *const columns[] = {"ts", "ip", "path", "small", "status", "bytes", "big", "price", "rate", "r", "d", "ok", "other_ts",
                                      "actor.login", "_at", "x", "y"};

static void slot_name(void *ctx, int slot, lk_buf *out) {
	(void)ctx;
	lk_buf_adds(out, columns[slot]);
}

/* The SQL that is made from an expression shows constants, casts and their types. */
static void shows(const lk_expr *x, const char *want, const char *type) {
	lk_buf b = LK_BUF_INIT;
	lk_expr_sql(x, slot_name, NULL, &b);
	assert_string_equal(b.data, want);
	lk_buf_clear(&b);
	lk_type_name(x->type, &b);
	assert_string_equal(b.data, type);
	lk_buf_release(&b);
}

static const lk_plan *where(const char *condition, lk_definitions *d) {
	lk_buf text = LK_BUF_INIT;
	lk_buf_addf(&text, "CREATE VIEW v AS SELECT count(*) AS n FROM hits, LATERAL (VALUES (1, 'a')) AS v(x, y) WHERE %s", condition);
	const lk_plan *p = test_view(text.data, d);
	lk_buf_release(&text);
	return p;
}

static const struct expression {
	const char *text, *sql, *type;
} expressions[] = {
	/* integers: the wider type; constants: int, bigint, numeric by size */
	{"small + small", "(small + small)", "smallint"},
	{"small + status", "((small::integer) + status)", "integer"},
	{"small + 1", "((small::integer) + ('1'::integer))", "integer"},
	{"status * bytes", "((status::bigint) * bytes)", "bigint"},
	{"status - 2147483648", "((status::bigint) - ('2147483648'::bigint))", "bigint"},
	{"status - '1'", "(status - ('1'::integer))", "integer"},
	{"status + NULL", "(status + (NULL::integer))", "integer"},
	{"bytes + 9223372036854775808", "((bytes::numeric(19,0)) + ('9223372036854775808'::numeric(19,0)))", "numeric(20,0)"},
	{"- small", "(-small)", "smallint"},
	{"+ status", "status", "integer"},
	/* negative constants: the tree does not have them */
	{"status + -1", "(status + ('-1'::integer))", "integer"},
	{"status + - 1", "(status + ('-1'::integer))", "integer"},
	{"status + -0", "(status + ('0'::integer))", "integer"},
	{"status + - /* c */ 00012", "(status + ('-12'::integer))", "integer"},
	{"status - -1", "(status - ('-1'::integer))", "integer"},
	{"status --1\n - - - 1 + 0", "((status - ('1'::integer)) + ('0'::integer))", "integer"},
	{"status + -2147483647", "(status + ('-2147483647'::integer))", "integer"},
	{"status + -2147483648", "(status + ('-2147483648'::integer))", "integer"},
	{"status + -2147483649", "((status::bigint) + ('-2147483649'::bigint))", "bigint"},
	{"bytes + -9223372036854775808", "(bytes + ('-9223372036854775808'::bigint))", "bigint"},
	{"price + -1.50", "(price + ('-1.50'::numeric(3,2)))", "numeric(13,2)"},
	{"COALESCE(status, -1)", "(COALESCE(status, ('-1'::integer)))", "integer"},
	{"CASE WHEN ok THEN -1 ELSE 0 END", "(CASE WHEN ok THEN ('-1'::integer) ELSE ('0'::integer) END)", "integer"},
	/* numeric */
	{"price * 2", "(price * ('2'::numeric(1,0)))", "numeric(13,2)"},
	{"price * rate", "(price * rate)", "numeric(17,6)"},
	{"price - rate", "(price - rate)", "numeric(15,4)"},
	{"price * status", "(price * (status::numeric(10,0)))", "numeric(22,2)"},
	{"status * 1.5", "((status::numeric(10,0)) * ('1.5'::numeric(2,1)))", "numeric(12,1)"},
	{"price + '1.555'", "(price + ('1.555'::numeric(4,3)))", "numeric(14,3)"},
	{"price + 1e2", "(price + ('100'::numeric(3,0)))", "numeric(13,2)"},
	{"price + 1.50e1", "(price + ('15.0'::numeric(3,1)))", "numeric(13,2)"},
	{"price + 1e-3", "(price + ('0.001'::numeric(3,3)))", "numeric(14,3)"},
	{"price + .5", "(price + ('0.5'::numeric(1,1)))", "numeric(13,2)"},
	{"- price", "(-price)", "numeric(12,2)"},
	/* real meets real as real, anything else as double precision */
	{"r + r", "(r + r)", "real"},
	{"r + '1'", "(r + ('1'::real))", "real"},
	{"r + 1", "((r::double precision) + ('1'::double precision))", "double precision"},
	{"r + 0.1", "((r::double precision) + ('0.1'::double precision))", "double precision"},
	{"r + d", "((r::double precision) + d)", "double precision"},
	{"d * price", "(d * (price::double precision))", "double precision"},
	{"d - bytes", "(d - (bytes::double precision))", "double precision"},
	/* comparisons */
	{"small = 1", "((small::integer) = ('1'::integer))", "boolean"},
	{"small = '1'", "(small = ('1'::smallint))", "boolean"},
	{"status < 400.5", "((status::numeric(10,0)) < ('400.5'::numeric(4,1)))", "boolean"},
	{"bytes = d", "((bytes::double precision) = d)", "boolean"},
	{"price >= d", "((price::double precision) >= d)", "boolean"},
	{"price <> 1.5", "(price <> ('1.5'::numeric(2,1)))", "boolean"},
	{"price != 1.50", "(price <> ('1.50'::numeric(3,2)))", "boolean"},
	{"r = 0.1", "((r::double precision) = ('0.1'::double precision))", "boolean"},
	{"r = '0.1'", "(r = ('0.1'::real))", "boolean"},
	{"r = r", "(r = r)", "boolean"},
	{"d > 'NaN'", "(d > ('NaN'::double precision))", "boolean"},
	{"d < '-Infinity'", "(d < ('-Infinity'::double precision))", "boolean"},
	{"'it''s' = path", "(('it''s'::text COLLATE \"C\") = path)", "boolean"},
	{"path < 'a'", "(path < ('a'::text COLLATE \"C\"))", "boolean"},
	{"path = NULL", "(path = (NULL::text COLLATE \"C\"))", "boolean"},
	{"ok = 'f'", "(ok = ('false'::boolean))", "boolean"},
	{"ts >= '2015-05-17T12:05:03.5+02:00'", "(ts >= ('2015-05-17T10:05:03.5Z'::timestamp with time zone))", "boolean"},
	{"ts < timestamptz '2015-05-17 10:05:03Z'", "(ts < ('2015-05-17T10:05:03Z'::timestamp with time zone))", "boolean"},
	{"_at > other_ts", "(_at > other_ts)", "boolean"},
	{"\"actor.login\" = hits.path", "(\x01 = path)", "boolean"},
	/* logic */
	{"ok AND NOT ok OR 't'", "((ok AND (NOT ok)) OR ('true'::boolean))", "boolean"},
	{"ok AND ok AND (ok AND ok)", "(ok AND ok AND (ok AND ok))", "boolean"},
	{"ok IS NULL", "(ok IS NULL)", "boolean"},
	{"status IS NOT NULL", "(status IS NOT NULL)", "boolean"},
	{"ok IS TRUE", "(COALESCE(ok, ('false'::boolean)))", "boolean"},
	{"ok IS NOT TRUE", "(NOT (COALESCE(ok, ('false'::boolean))))", "boolean"},
	{"ok IS FALSE", "(COALESCE((NOT ok), ('false'::boolean)))", "boolean"},
	{"ok IS NOT FALSE", "(NOT (COALESCE((NOT ok), ('false'::boolean))))", "boolean"},
	{"ok IS UNKNOWN", "(ok IS NULL)", "boolean"},
	{"ok IS NOT UNKNOWN", "(ok IS NOT NULL)", "boolean"},
	/* IN: two or more constants take one type with the left side, a single one does not */
	{"status IN (1, -2)", "(status IN (('1'::integer), ('-2'::integer)))", "boolean"},
	{"status NOT IN (1, NULL)", "(status NOT IN (('1'::integer), (NULL::integer)))", "boolean"},
	{"status IN (1, 2.5)", "((status::numeric(10,0)) IN (('1'::numeric(1,0)), ('2.5'::numeric(2,1))))", "boolean"},
	{"small IN ('1', '2')", "(small IN (('1'::smallint), ('2'::smallint)))", "boolean"},
	{"small IN (1, 2)", "((small::integer) IN (('1'::integer), ('2'::integer)))", "boolean"},
	{"r IN (0.1, 0.2)", "(r IN (('0.1'::real), ('0.2'::real)))", "boolean"},
	{"r IN (0.1)", "((r::double precision) = ('0.1'::double precision))", "boolean"},
	{"r NOT IN (0.1, d, 0.2)", "(((r::double precision) <> d) AND (r NOT IN (('0.1'::real), ('0.2'::real))))", "boolean"},
	{"status IN (bytes, 1)", "(((status::bigint) = bytes) OR (status = ('1'::integer)))", "boolean"},
	{"path IN ('a', 'b')", "(path IN (('a'::text COLLATE \"C\"), ('b'::text COLLATE \"C\")))", "boolean"},
	/* BETWEEN: two comparisons, each with its own types */
	{"status BETWEEN 1 AND 2.5", "((status >= ('1'::integer)) AND ((status::numeric(10,0)) <= ('2.5'::numeric(2,1))))", "boolean"},
	{"status NOT BETWEEN -1 AND 2", "((status < ('-1'::integer)) OR (status > ('2'::integer)))", "boolean"},
	{"path LIKE '/a\\_%'", "(path LIKE ('/a\\_%'::text COLLATE \"C\"))", "boolean"},
	{"path NOT LIKE 'a\\\\'", "(path NOT LIKE ('a\\\\'::text COLLATE \"C\"))", "boolean"},
	/* branches: the highest number; numerics of different scales keep them */
	{"CASE WHEN ok THEN small ELSE bytes END", "(CASE WHEN ok THEN (small::bigint) ELSE bytes END)", "bigint"},
	{"CASE WHEN ok THEN price ELSE rate END", "(CASE WHEN ok THEN (price::numeric) ELSE rate END)", "numeric"},
	{"CASE WHEN ok THEN price ELSE 0 END", "(CASE WHEN ok THEN price ELSE ('0'::numeric) END)", "numeric"},
	{"CASE WHEN ok THEN 'a' END", "(CASE WHEN ok THEN ('a'::text COLLATE \"C\") ELSE (NULL::text COLLATE \"C\") END)", "text"},
	{"CASE status WHEN 1 THEN path WHEN '2' THEN NULL ELSE ip END",
	 "(CASE WHEN (status = ('1'::integer)) THEN path WHEN (status = ('2'::integer)) THEN (NULL::text COLLATE \"C\") ELSE ip END)", "text"},
	{"CASE 'a' WHEN path THEN 1 END", "(CASE WHEN (('a'::text COLLATE \"C\") = path) THEN ('1'::integer) ELSE (NULL::integer) END)", "integer"},
	{"COALESCE(status, 0)", "(COALESCE(status, ('0'::integer)))", "integer"},
	{"COALESCE(NULL, price, 1, '2.555')",
	 "(COALESCE((NULL::numeric), (price::numeric), ('1'::numeric), ('2.555'::numeric)))", "numeric"},
	{"COALESCE(price, r)", "(COALESCE((price::real), r))", "real"},
	{"COALESCE(r, d)", "(COALESCE((r::double precision), d))", "double precision"},
	{"COALESCE(ts, '2015-01-01T00:00:00Z')", "(COALESCE(ts, ('2015-01-01T00:00:00Z'::timestamp with time zone)))", "timestamp with time zone"},
	{"GREATEST(small, 1)", "(GREATEST((small::integer), ('1'::integer)))", "integer"},
	{"NULLIF(status, 2.5)", "(NULLIF((status::numeric(10,0)), ('2.5'::numeric(2,1))))", "numeric(10,0)"},
	{"path IS DISTINCT FROM 'a'", "(path IS DISTINCT FROM ('a'::text COLLATE \"C\"))", "boolean"},
	/* calls: the one with most exact matches, then with most preferred types */
	{"abs(small)", "(\"abs\"(small))", "smallint"},
	{"abs('1')", "(\"abs\"(('1'::double precision)))", "double precision"},
	{"round(status)", "(\"round\"((status::double precision)))", "double precision"},
	{"round(price)", "(\"round\"(price))", "numeric(11,0)"},
	{"round(status, 1)", "(\"round\"((status::numeric(10,0)), ('1'::integer)))", "numeric(12,1)"},
	{"round(price / 3, 4)", "(\"round\"((price / ('3'::numeric(1,0))), ('4'::integer)))", "numeric(15,4)"},
	{"price / 3", "(price / ('3'::numeric(1,0)))", "numeric"},
	{"status / small", "(status / (small::integer))", "integer"},
	{"bytes % 7", "(bytes % ('7'::bigint))", "bigint"},
	{"sqrt(status)", "(\"sqrt\"((status::double precision)))", "double precision"},
	{"path || status", "(path || (status::text))", "text"},
	{"left(path, small)", "(\"left\"(path, (small::integer)))", "text"},
	{"ts + '1 hour'", "(date_bin(interval '1 microsecond', (ts + ('01:00:00'::interval)), timestamptz '1970-01-01 00:00:00+00'))",
	 "timestamp with time zone"},
	{"ts - other_ts > interval '2 days'", "((ts - other_ts) > ('2 days'::interval))", "boolean"},
	{"extract(hour FROM ts)", "(\"extract\"(('hour'::text COLLATE \"C\"), ts))", "numeric(11,0)"},
	{"ts::date + 1", "(date_bin(interval '1 microsecond', ((ts::date) + ('1'::integer))::timestamp, timestamp '1970-01-01 00:00:00')::date)", "date"},
	{"ts < '2020-01-01'::date", "(ts < (('2020-01-01'::date)::timestamp with time zone))", "boolean"},
	{"status::text", "(status::text)", "text"},
	{"CAST(path AS int)", "(path::integer)", "integer"},
	{"x + v.x", "(x + x)", "integer"},
	{"y = path", "(y = path)", "boolean"},
};

static void typing(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof expressions / sizeof *expressions; i++) {
		const struct expression *e = &expressions[i];
		lk_definitions d;
		lk_buf text = LK_BUF_INIT, want = LK_BUF_INIT;
		lk_buf_addf(&text, "(%s) IS NULL", e->text);
		for (const char *p = e->sql; *p; p++)
			lk_buf_addf(&want, *p == '\x01' ? "actor.login" : "%c", *p);
		shows(where(text.data, &d)->where->args[0], want.data, e->type);
		lk_buf_release(&text);
		lk_buf_release(&want);
		lk_definitions_release(&d);
	}
}

/* --- the plan --- */

static void window_keys_and_aggregates(void **state) {
	(void)state;
	lk_definitions d;
	const lk_plan *p = test_view("CREATE VIEW traffic AS SELECT count(*) AS hits, path, sum(bytes) AS bytes, max(bytes) AS largest, sum(bytes) AS again "
	                             "FROM hits WHERE status < 400 GROUP BY ip, path, tumble(ts, '1 minute')", &d);
	assert_string_equal(p->view, "traffic");
	assert_string_equal(p->stream->name, "hits");
	assert_int_equal(p->window.kind, LK_W_TUMBLE);
	assert_int_equal(p->window.time_slot, 0);
	assert_int_equal(p->window.size_us, 60 * LK_US_PER_S);
	assert_int_equal(p->window.pane_us, 60 * LK_US_PER_S);
	assert_int_equal(p->allowed_lateness_us, -1);
	assert_int_equal(p->nkeys, 2);
	assert_string_equal(p->keys[0].name, "");
	assert_int_equal(p->keys[0].expr->slot, 1);
	assert_string_equal(p->keys[1].name, "path");
	assert_int_equal(p->naggs, 3);
	assert_int_equal(p->noutputs, 5);
	assert_string_equal(p->outputs[1].name, "path");
	assert_int_equal(p->outputs[1].kind, LK_OUT_KEY);
	assert_int_equal(p->outputs[1].index, 1);
	assert_int_equal(p->outputs[4].index, p->outputs[2].index);
	assert_int_equal(lk_plan_output(p, "largest"), 3);
	assert_int_equal(lk_plan_output(p, "ip"), -1);
	size_t size = 0;
	for (int i = 0; i < p->naggs; i++) {
		assert_int_equal(p->aggs[i].state_offset, size);
		size += p->aggs[i].verbs->state_size;
	}
	assert_int_equal(p->state_size, size);
	static const int needed[] = {0, 1, 2, 4, 5};
	assert_int_equal(p->nneeded, 5);
	assert_memory_equal(p->needed, needed, sizeof needed);
	lk_definitions_release(&d);
}

static void lateness_is_an_interval(void **state) {
	(void)state;
	lk_definitions d;
	const lk_plan *p = test_view("CREATE VIEW v WITH (allowed_lateness = '2 h') AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 h')", &d);
	assert_int_equal(p->allowed_lateness_us, 7200 * LK_US_PER_S);
	lk_definitions_release(&d);
}

static void everything_in_one_row(void **state) {
	(void)state;
	lk_definitions d;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT count(*) AS n FROM hits", &d);
	assert_int_equal(p->window.kind, LK_W_NONE);
	assert_int_equal(p->window.time_slot, 0);
	assert_int_equal(p->window.size_us, 0);
	assert_int_equal(p->nkeys, 0);
	assert_int_equal(p->nneeded, 1);
	assert_null(p->where);
	lk_definitions_release(&d);
}

static void processing_time(void **state) {
	(void)state;
	static const char *const texts[] = {"tumble(_at, '5 min')", "tumble(hits._at, INTERVAL '5 min')", "tumble(_at, '300 seconds'::interval)"};
	for (int i = 0; i < 3; i++) {
		lk_definitions d;
		lk_buf text = LK_BUF_INIT;
		lk_buf_addf(&text, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY %s", texts[i]);
		const lk_plan *p = test_view(text.data, &d);
		assert_int_equal(p->window.time_slot, lk_slot_at(p->stream));
		assert_int_equal(p->window.size_us, 300 * LK_US_PER_S);
		lk_buf_release(&text);
		lk_definitions_release(&d);
	}
}

static void lateral_rows(void **state) {
	(void)state;
	static const char *const forms[] = {"hits h, LATERAL (VALUES ('in', bytes), ('out', -1), (NULL, h.price)) AS v(k, n)",
	                                    "hits AS h CROSS JOIN LATERAL (VALUES ('in', bytes), ('out', -1), (NULL, h.price)) v(k, n)",
	                                    "hits AS h JOIN LATERAL (VALUES ('in', bytes), ('out', -1), (NULL, h.price)) v(k, n) ON TRUE"};
	char hash[3][33];
	for (int i = 0; i < 3; i++) {
		lk_definitions d;
		lk_buf text = LK_BUF_INIT;
		lk_buf_addf(&text, "CREATE VIEW v AS SELECT k, sum(v.n) AS n FROM %s GROUP BY k", forms[i]);
		const lk_plan *p = test_view(text.data, &d);
		const lk_lateral *l = &p->laterals[0];
		assert_int_equal(p->nlaterals, 1);
		assert_int_equal(l->nexprs, 6);
		assert_int_equal(l->ncolumns, 2);
		assert_int_equal(p->nslots, p->stream->schema.ncolumns + 3);
		assert_int_equal(l->types[0].kind, LK_TEXT);
		assert_int_equal(l->types[1].kind, LK_NUMERIC);
		assert_int_equal(l->types[1].scale, 2);
		assert_int_equal(l->types[1].whole, 19);   /* each value keeps its scale */
		for (int j = 0; j < 6; j++)
			assert_true(l->exprs[j]->type.kind == l->types[j % 2].kind && l->exprs[j]->type.scale == l->types[j % 2].scale);
		lk_value minus_one = lk_expr_eval(l->exprs[3], NULL, &(lk_eval){0});
		assert_true(minus_one.n == -1 && minus_one.scale == 0);
		shows(p->aggs[0].arg, "(y::numeric(21,2))", "numeric(21,2)");
		memcpy(hash[i], p->hash, 33);
		lk_buf_release(&text);
		lk_definitions_release(&d);
	}
	assert_string_equal(hash[0], hash[1]);
	assert_string_equal(hash[0], hash[2]);
}

/* An expression that may need more than 38 digits is cast, so PostgreSQL raises where C marks; count needs no digits. One
 * of fewer digits keeps its type, and branches get one scale. */
static void stored_numerics_have_38_digits(void **state) {
	(void)state;
	lk_definitions d;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT price * bytes * bytes AS k, sum(price * bytes) AS s, count(price * bytes * bytes) AS c, "
	                             "max(price * rate) AS m, sum(CASE WHEN ok THEN price ELSE 0 END) AS a, "
	                             "sum(CASE WHEN ok THEN bytes ELSE 0.000000000001 END) AS b FROM hits GROUP BY price * bytes * bytes", &d);
	shows(p->keys[0].expr, "(((price * (bytes::numeric(19,0))) * (bytes::numeric(19,0)))::numeric(38,2))", "numeric(38,2)");
	shows(p->aggs[0].arg, "(price * (bytes::numeric(19,0)))", "numeric(31,2)");
	shows(p->aggs[1].arg, "((price * (bytes::numeric(19,0))) * (bytes::numeric(19,0)))", "numeric(50,2)");
	shows(p->aggs[2].arg, "(price * rate)", "numeric(17,6)");
	shows(p->aggs[3].arg, "(CASE WHEN ok THEN price ELSE ('0'::numeric) END)", "numeric");
	shows(p->aggs[4].arg, "((CASE WHEN ok THEN (bytes::numeric) ELSE ('0.000000000001'::numeric) END)::numeric(31,12))", "numeric(31,12)");
	lk_definitions_release(&d);
}

/* A version that was declared when keys and arguments had at most 18 digits keeps the form of its cells. */
static void older_versions_store_18_digits(void **state) {
	(void)state;
	static const char text[] = "CREATE VIEW v AS SELECT price * bytes AS k, sum(price * bytes) AS s FROM hits GROUP BY price * bytes";
	lk_definitions d;
	lk_resolver older = *test_hits();
	older.stored_digits = 18;
	assert_int_equal(lk_sql_parse(text, sizeof text - 1, &older, &d), LK_OK);
	const lk_plan *p = d.items[0].plan;
	shows(p->keys[0].expr, "((price * (bytes::numeric(19,0)))::numeric(18,2))", "numeric(18,2)");
	shows(p->aggs[0].arg, "((price * (bytes::numeric(19,0)))::numeric(18,2))", "numeric(18,2)");
	lk_definitions_release(&d);
}

static void group_by_prefers_columns_to_aliases(void **state) {
	(void)state;
	lk_definitions d;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT status + 1 AS next, count(*) AS n, ip AS path FROM hits GROUP BY next, path, ip", &d);
	assert_int_equal(p->nkeys, 3);
	shows(p->keys[0].expr, "(status + ('1'::integer))", "integer");
	shows(p->keys[1].expr, "path", "text");
	shows(p->keys[2].expr, "ip", "text");
	assert_int_equal(p->outputs[0].index, 0);
	assert_int_equal(p->outputs[2].index, 2);
	lk_definitions_release(&d);
	p = test_view("CREATE VIEW v AS SELECT 'all' AS k, count(*) AS n FROM hits GROUP BY k, ip, ip, hits.ip", &d);
	assert_int_equal(p->nkeys, 2);
	assert_int_equal(p->keys[0].expr->type.kind, LK_TEXT);
	lk_definitions_release(&d);
}

/* FigureColname of PostgreSQL's parse_target.c. */
static void items_without_an_alias(void **state) {
	(void)state;
	lk_definitions d;
	static const char *const names[] = {"path", "date_trunc", "text", "case", "ip", "coalesce", "least", "nullif", "substring", "date_part", "n"};
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT hits.path, date_trunc('hour', ts), (status + 1)::text, CASE WHEN ok THEN 1 ELSE 2 END, ip::varchar, "
	                             "coalesce(max(path), ''), LEAST(min(small), 1), NULLIF(count(*), 0), substring(max(path) FROM 1 FOR 2), "
	                             "date_part('hour', max(ts)), count(*) AS n FROM hits GROUP BY 1, date_trunc, 3, \"case\", 5", &d);
	assert_int_equal(p->nkeys, 5);
	assert_int_equal(p->noutputs, (int)(sizeof names / sizeof *names));
	for (int i = 0; i < p->noutputs; i++)
		assert_string_equal(p->outputs[i].name, names[i]);
	lk_definitions_release(&d);
}

static void streams_of_the_file_come_first(void **state) {
	(void)state;
	lk_definitions d;
	test_define("CREATE TABLE hits (t timestamptz, k int) WITH (event_time = t, partition_by = k);"
	            "CREATE VIEW v AS SELECT k, count(*) AS n FROM hits GROUP BY k", &d);
	assert_int_equal(d.nitems, 2);
	assert_ptr_equal(d.items[1].plan->stream, d.items[0].stream);
	lk_definitions_release(&d);
}

/* --- versions --- */

static void hash_of(const char *text, char hash[33]) {
	lk_definitions d;
	test_define(text, &d);
	memcpy(hash, d.items[d.nitems - 1].plan->hash, 33);
	assert_int_equal(strspn(hash, "0123456789abcdef"), 32);
	lk_definitions_release(&d);
}

static void spelling_is_no_change(void **state) {
	(void)state;
	static const char *const same[] = {
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"create  view v as\nselect PATH, COUNT ( * ) n -- all\nfrom hits where (status) > - 1 group by tumble(ts,'60 s'), path",
		"CREATE VIEW other AS SELECT h.path, count(*) AS \"n\" FROM hits AS h WHERE h.status > '-1' GROUP BY h.path, tumble(h.ts, INTERVAL '1 min')",
		"CREATE OR REPLACE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY 1, tumble(ts, '1 minute')",
	};
	char first[33], hash[33];
	hash_of(same[0], first);
	for (size_t i = 1; i < sizeof same / sizeof *same; i++) {
		hash_of(same[i], hash);
		assert_string_equal(hash, first);
	}
}

/* Equal calls are one aggregate, also in HAVING; calls that differ in anything are not. */
static void calls_are_kept_once(void **state) {
	(void)state;
	lk_definitions d;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT count(*) AS a, sum(bytes) AS b, count( * ) AS c, count(*) FILTER (WHERE ok) AS e, "
	                             "sum(d) AS f, count(DISTINCT ip) AS g, count(ip) AS h, top_k(ip, 2) AS i, top_k(ip, 3) AS j, "
	                             "count(*) FILTER (WHERE ok) AS k FROM hits HAVING SUM(bytes) > 5 AND max(small) < 3 AND sum(d) = 0", &d);
	static const int index[] = {0, 1, 0, 2, 3, 4, 5, 6, 7, 2};
	assert_int_equal(p->naggs, 9);
	for (int i = 0; i < p->noutputs; i++)
		assert_int_equal(p->outputs[i].index, index[i]);
	assert_string_equal(p->aggs[8].verbs->name, "max");
	assert_true(p->fold_only && p->aggs[3].verbs->fold_only && !p->aggs[1].verbs->fold_only);
	assert_memory_equal(p->text + p->having_at, "HAVING", 6);
	lk_definitions_release(&d);
}

static void having_is_over_keys_and_aggregates(void **state) {
	(void)state;
	static const char *const names[] = {"path", "(status + 1)", "count(*)", "max(path)", "avg(bytes)"};
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	const lk_plan *p = test_view("CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY path, status + 1 "
	                             "HAVING (path > 'a' OR max(path) LIKE '%x') AND status + 1 < 7 AND (status + 1) * 2 > count(*) AND avg(bytes) > 1.5", &d);
	lk_expr_describe(p->having, names, &b);
	assert_string_equal(b.data, "(path > 'a' OR max(path) LIKE '%x') AND (status + 1) < 7 AND (status + 1) * 2 > count(*) AND avg(bytes) > 1.5");
	lk_buf_release(&b);
	lk_definitions_release(&d);
}

static void every_change_is_a_version(void **state) {
	(void)state;
	static const char *const different[] = {
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > 0 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -2 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status >= -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE small > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS m FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT count(*) AS n, path FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '2 minutes')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(_at, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, ip, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(ip) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v WITH (allowed_lateness = '0 s') AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status IN (1, 2) GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status IN (1, 2, 3) GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits, LATERAL (VALUES (1), (2)) AS v(x) GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits, LATERAL (VALUES (1), (3)) AS v(x) GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(DISTINCT ip) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) FILTER (WHERE ok) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) FILTER (WHERE NOT ok) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute')",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute') HAVING count(*) > 1",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute') HAVING count(*) > 2",
		"CREATE VIEW v AS SELECT path, count(*) AS n FROM hits WHERE status > -1 GROUP BY path, tumble(ts, '1 minute') HAVING count(ip) > 2",
		"CREATE VIEW v AS SELECT approx_percentile(bytes, 0.5) AS n FROM hits",
		"CREATE VIEW v AS SELECT approx_percentile(bytes, 0.50000000000000011) AS n FROM hits",
		"CREATE VIEW v AS SELECT top_k(path, 1) AS n FROM hits",
		"CREATE VIEW v AS SELECT top_k(path, 2) AS n FROM hits",
	};
	enum { N = sizeof different / sizeof *different };
	char hash[N][33];
	for (int i = 0; i < N; i++) {
		hash_of(different[i], hash[i]);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(hash[i], hash[j]);
	}
}

/* A column added at the end moves _at and the lateral columns, but changes no view; a changed watermark does. */
static void streams_and_versions(void **state) {
	(void)state;
	static const char view[] = "CREATE VIEW v AS SELECT x, count(*) AS n FROM s, LATERAL (VALUES (_at), (t)) AS v(x) WHERE _at > t GROUP BY x, tumble(_at, '1 s')";
	static const char *const streams[] = {
		"CREATE TABLE s (t timestamptz, k int) WITH (event_time = t, partition_by = k);",
		"CREATE TABLE s (t timestamptz, k int, more text) WITH (event_time = t, partition_by = k);",
		"CREATE TABLE s (t timestamptz, k int) WITH (event_time = t, partition_by = k, watermark = '1 s');",
		"CREATE TABLE s (t timestamptz, k int) WITH (event_time = t, partition_by = k, max_ahead = '1 s');",
	};
	char hash[4][33];
	for (int i = 0; i < 4; i++) {
		lk_buf text = LK_BUF_INIT;
		lk_buf_addf(&text, "%s%s", streams[i], view);
		hash_of(text.data, hash[i]);
		lk_buf_release(&text);
	}
	assert_string_equal(hash[0], hash[1]);
	assert_string_not_equal(hash[0], hash[2]);
	assert_string_not_equal(hash[0], hash[3]);
	assert_string_not_equal(hash[2], hash[3]);
}

static int end(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typing),
		cmocka_unit_test(window_keys_and_aggregates),
		cmocka_unit_test(lateness_is_an_interval),
		cmocka_unit_test(everything_in_one_row),
		cmocka_unit_test(processing_time),
		cmocka_unit_test(lateral_rows),
		cmocka_unit_test(stored_numerics_have_38_digits),
		cmocka_unit_test(older_versions_store_18_digits),
		cmocka_unit_test(group_by_prefers_columns_to_aliases),
		cmocka_unit_test(streams_of_the_file_come_first),
		cmocka_unit_test(items_without_an_alias),
		cmocka_unit_test(spelling_is_no_change),
		cmocka_unit_test(calls_are_kept_once),
		cmocka_unit_test(having_is_over_keys_and_aggregates),
		cmocka_unit_test(every_change_is_a_version),
		cmocka_unit_test(streams_and_versions),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}
