/* Expressions as people write them, over random rows: evaluated in C by the plan, and by PostgreSQL twice, as written and
 * as the plan prints them. Where PostgreSQL has an answer, lk has the same one, to the bit and unmarked; where it raises,
 * lk has none (R1). The types are the same.
 *
 * PostgreSQL evaluates the rows of an expression together that C does not mark, and the others one by one; if one raises
 * unexpectedly, it halves them. Rows are chosen for the expressions that they are for: of many random ones, those for
 * which expressions are marked that were not marked yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "expr/function.h"
#include "postgres/pg.h"
#include "sql/sql.h"
#include "tests/support/log.h"
#include "tests/support/random.h"
#include "tests/support/random_expr.h"
#include "tests/support/servers.h"

enum { ROWS = 40, RANDOM_ROWS = 25, TRIED_ROWS = 200, AT_ONCE = 100, EXPRESSIONS = 20000, ROUNDS_OF_PATTERNS = 30, MOST_COLUMNS = 40 };

typedef struct fixture {
	test_servers servers;
	lk_pg pg;
	uint64_t seed;
	lk_arena texts;
	lk_value rows[ROWS][MOST_COLUMNS];
	int64_t refused, answered, raised, strict, limits, wide;
	bool shown;
} fixture;

/* One expression: the text, what it means, its SQL. */
typedef struct item {
	char *text, *sql;
	const lk_expr *x;
	lk_definitions d;
} item;

static lk_definitions stream;

static const lk_stream *find_stream(void *ctx, const char *name) {
	(void)ctx;
	return strcmp(name, "s") == 0 ? stream.items[0].stream : NULL;
}

static void declare(void) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "CREATE TABLE s (");
	for (int i = 0; i < test_expr_ncolumns; i++)
		lk_buf_addf(&b, "%s%s %s", i ? ", " : "", test_expr_columns[i].name, test_expr_columns[i].type);
	lk_buf_adds(&b, ") WITH (event_time = ts, partition_by = t)");
	if (lk_sql_parse(b.data, b.len, NULL, &stream) != 0)
		fail_msg("%s", stream.faults[0].message);
	lk_buf_release(&b);
}

static void slot_sql(void *ctx, int slot, lk_buf *out) {
	(void)ctx;
	lk_buf_adds(out, test_expr_columns[slot].name);
}

/* False if the front refuses it: then the first fault is kept for the count. */
static bool define(const char *text, item *out, const char **fault) {
	lk_resolver resolver = {.stream = find_stream};
	lk_buf b = LK_BUF_INIT, sql = LK_BUF_INIT;
	*out = (item){0};
	lk_buf_addf(&b, "CREATE VIEW v AS SELECT count(*) AS n FROM s WHERE (%s) IS NULL", text);
	bool good = lk_sql_parse(b.data, b.len, &resolver, &out->d) == 0;
	*fault = good ? NULL : out->d.faults[0].message;
	if (good) {
		out->x = out->d.items[0].plan->where->args[0];
		lk_expr_sql(out->x, slot_sql, NULL, &sql);
		out->text = lk_strdup(text);
		out->sql = lk_buf_steal(&sql);
	}
	lk_buf_release(&b);
	return good;
}

static void release(item *i) {
	free(i->text);
	free(i->sql);
	lk_definitions_release(&i->d);
}

/* --- rows --- */

static void random_row(fixture *f, lk_value *row) {
	for (int c = 0; c < test_expr_ncolumns; c++)
		row[c] = test_expr_value(&f->seed, c, &f->texts);
}

/* The expressions that are marked for the row and were not for an earlier one. */
static int newly_marked(const item *items, int n, const lk_value *row, bool *marked, bool keep) {
	int found = 0;
	for (int i = 0; i < n; i++) {
		lk_arena scratch = {0};
		lk_eval ev = {.arena = &scratch};
		lk_expr_eval(items[i].x, row, &ev);
		found += ev.reason && !marked[i];
		marked[i] |= keep && ev.reason;
		lk_arena_release(&scratch);
	}
	return found;
}

static void choose_rows(fixture *f, const item *items, int n) {
	bool marked[2 * AT_ONCE] = {false};
	lk_value row[MOST_COLUMNS];
	int have = 0;
	lk_arena_clear(&f->texts);
	for (; have < RANDOM_ROWS; have++) {
		random_row(f, f->rows[have]);
		newly_marked(items, n, f->rows[have], marked, true);
	}
	for (int tries = 0; tries < TRIED_ROWS && have < ROWS; tries++) {
		random_row(f, row);
		bool last_chance = TRIED_ROWS - tries <= ROWS - have;
		if (!last_chance && !newly_marked(items, n, row, marked, false))
			continue;
		newly_marked(items, n, row, marked, true);
		memcpy(f->rows[have++], row, sizeof row);
	}
}

static void run(fixture *f, const char *sql) {
	lk_error err = {0};
	if (lk_pg_run(&f->pg, &err, sql) != LK_OK)
		fail_msg("%s\n%s", sql, err.text);
}

static void store_rows(fixture *f) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_adds(&sql, "TRUNCATE v; INSERT INTO v VALUES ");
	for (int r = 0; r < ROWS; r++) {
		lk_buf_addf(&sql, "%s(%d", r ? ", " : "", r);
		for (int c = 0; c < test_expr_ncolumns; c++) {
			lk_expr constant = {.op = LK_X_CONST, .type = test_expr_columns[c].is, .value = f->rows[r][c]};
			lk_buf_adds(&sql, ", ");
			lk_expr_sql(&constant, slot_sql, NULL, &sql);
		}
		lk_buf_addc(&sql, ')');
	}
	run(f, sql.data);
	lk_buf_release(&sql);
}

static void make_table(fixture *f) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_adds(&sql, "CREATE TEMP TABLE v (id int PRIMARY KEY");
	for (int c = 0; c < test_expr_ncolumns; c++) {
		lk_buf_addf(&sql, ", %s ", test_expr_columns[c].name);
		lk_type_name(test_expr_columns[c].is, &sql);
		lk_buf_adds(&sql, test_expr_columns[c].is.kind == LK_TEXT ? " COLLATE \"C\"" : "");
	}
	lk_buf_adds(&sql, ")");
	run(f, sql.data);
	lk_buf_release(&sql);
	/* the values of statement p for the rows with these ids, ascending; '!' for one that raises */
	run(f, "CREATE FUNCTION pg_temp.try(ids int[]) RETURNS text[] LANGUAGE plpgsql AS $$\n"
	       "DECLARE a text[]; n int := cardinality(ids);\n"
	       "BEGIN\n"
	       "  BEGIN\n"
	       "    EXECUTE format('EXECUTE p(%L)', ids) INTO a;\n"
	       "    RETURN a;\n"
	       "  EXCEPTION WHEN data_exception OR feature_not_supported THEN NULL;   -- the latter: NaN as an integer\n"
	       "  END;\n"
	       "  IF n = 1 THEN RETURN ARRAY['!']; END IF;\n"
	       "  RETURN pg_temp.try(ids[1:n / 2]) || pg_temp.try(ids[n / 2 + 1:n]);\n"
	       "END $$");
	/* rows that are expected to answer, together, then those that are expected to raise, one by one */
	run(f, "CREATE FUNCTION pg_temp.rows_of(e text, good int[], bad int[]) RETURNS text[] LANGUAGE plpgsql AS $$\n"
	       "DECLARE a text[] := '{}'; i int;\n"
	       "BEGIN\n"
	       "  EXECUTE 'PREPARE p(int[]) AS SELECT array_agg(''='' || (' || e || ')::text ORDER BY id) FROM v WHERE id = ANY($1)';\n"
	       "  IF cardinality(good) > 0 THEN a := pg_temp.try(good); END IF;\n"
	       "  FOREACH i IN ARRAY bad LOOP a := a || pg_temp.try(ARRAY[i]); END LOOP;\n"
	       "  DEALLOCATE p;\n"
	       "  RETURN a;\n"
	       "END $$");
	run(f, "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off");
}

/* --- comparison --- */

static void show(fixture *f, const item *i, int row, const lk_value *ours, const char *written, const char *planned) {
	lk_buf b = LK_BUF_INIT;
	for (int c = 0; c < test_expr_ncolumns; c++) {
		lk_buf_addf(&b, " %s=", test_expr_columns[c].name);
		lk_value_json(test_expr_columns[c].is, &f->rows[row][c], &b);
	}
	lk_buf_addf(&b, "\nPostgreSQL: %s, of the plan %s; lk (state %d): ", written ? written : "NULL", planned ? planned : "NULL", ours->state);
	lk_value_json(i->x->type, ours, &b);
	fail_msg("SEED=%s %s\n%s\n%s", getenv("SEED") ? getenv("SEED") : "(above)", i->text, i->sql, b.data);
}

/* theirs: '=' and a text, or NULL. */
static bool same(const lk_expr *x, const lk_value *ours, const char *theirs) {
	lk_arena scratch = {0};
	lk_buf printed = LK_BUF_INIT;
	const char *reason;
	lk_value v;
	if (!theirs || ours->state != LK_VALUE)
		return !theirs && ours->state == LK_NULL;
	theirs++;
	if (x->type.kind == LK_FLOAT4 || x->type.kind == LK_FLOAT8)
		return lk_value_parse(x->type, theirs, strlen(theirs), &v, &reason) == 0 && lk_value_compare(x->type, ours, &v) == 0;
	lk_expr constant = {.op = LK_X_CONST, .type = x->type, .value = *ours};
	lk_expr text = {.op = LK_X_CAST, .type = {.kind = LK_TEXT}, .nargs = 1, .args = (lk_expr *[]){&constant}};
	lk_eval ev = {.arena = &scratch};
	if (x->type.kind == LK_INTERVAL)
		lk_value_print(x->type, ours, &printed);
	else
		v = lk_expr_eval(&text, NULL, &ev);
	if (x->type.kind == LK_INTERVAL)
		v = lk_text(printed.data, printed.len);
	bool equal = v.len == strlen(theirs) && memcmp(v.s, theirs, v.len) == 0;
	lk_buf_release(&printed);
	lk_arena_release(&scratch);
	return equal;
}

static bool is_strict(const lk_expr *x) {
	bool strict = x->op != LK_X_AND && x->op != LK_X_OR && x->op != LK_X_IN && x->op != LK_X_NOTIN && x->op != LK_X_ISNULL &&
	              x->op != LK_X_NOTNULL && x->op != LK_X_CASE && x->op != LK_X_COALESCE && x->op != LK_X_NULLIF &&
	              x->op != LK_X_DISTINCT && x->op != LK_X_NOTDISTINCT && x->op != LK_X_GREATEST && x->op != LK_X_LEAST && x->op != LK_X_CONCAT;
	for (int i = 0; strict && i < x->nargs; i++)
		strict = is_strict(x->args[i]);
	return strict;
}

/* Limits of lk that PostgreSQL has not raise in the SQL of the plan (R2): NaN and infinity outside doubles, the last 29
 * years of its times. */
static bool has_guard(const item *i) { return strstr(i->sql, "to_jsonb(") || strstr(i->sql, "date_bin(interval '1 microsecond'"); }

/* A limit without a guard: a text with such a number is cast to jsonb in C only (R3). */
static bool is_beyond_jsonb(const lk_value *ours, const lk_eval *ev) {
	return ours->state == LK_MARKED && strncmp(ev->reason, "a number of more than 1000 digits", 33) == 0;
}

static void compare_row(fixture *f, const item *i, int row, const char *written, const char *planned) {
	lk_arena scratch = {0};
	lk_eval ev = {.arena = &scratch};
	lk_value ours = lk_expr_eval(i->x, f->rows[row], &ev);
	if (is_beyond_jsonb(&ours, &ev)) {
		f->limits++;
		lk_arena_release(&scratch);
		return;
	}
	f->wide += ours.state == LK_VALUE && i->x->type.kind == LK_NUMERIC && ours.scale == LK_WIDE;
	bool raises = written && *written == '!', plan_raises = planned && *planned == '!';
	if (!plan_raises && !same(i->x, &ours, planned))
		show(f, i, row, &ours, written, planned);
	if (raises) {
		bool strict = is_strict(i->x);
		f->raised++;
		f->strict += strict;
		if (strict && ours.state == LK_VALUE)
			show(f, i, row, &ours, written, planned);
	} else if (plan_raises && has_guard(i)) {
		f->limits++;
	} else {
		f->answered++;
		if (!same(i->x, &ours, written))
			show(f, i, row, &ours, written, planned);
	}
	lk_arena_release(&scratch);
}

static void check_type(fixture *f, const PGresult *res, int column, const item *i, const char *what) {
	const Oid varchar = 1043;
	Oid type = PQftype(res, column);
	(void)f;
	if (type != lk_type_oid(i->x->type) && !(type == varchar && i->x->type.kind == LK_TEXT))
		fail_msg("%s, %s: type %u, lk has %u", i->text, what, type, lk_type_oid(i->x->type));
}

/* A statement that is only prepared evaluates nothing, so nothing raises. */
static void check_types(fixture *f, const item *items, int n) {
	lk_buf sql = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_addf(&sql, "%s (%s), (%s)", i ? "," : "SELECT", items[i].text, items[i].sql);
	lk_buf_adds(&sql, " FROM v");
	PGresult *res = PQprepare(f->pg.conn, "", sql.data, 0, NULL);
	if (PQresultStatus(res) != PGRES_COMMAND_OK)
		fail_msg("%s%s", PQresultErrorMessage(res), sql.data);
	PQclear(res);
	res = PQdescribePrepared(f->pg.conn, "");
	for (int i = 0; i < n; i++) {
		check_type(f, res, 2 * i, &items[i], "as written");
		check_type(f, res, 2 * i + 1, &items[i], items[i].sql);
	}
	PQclear(res);
	lk_buf_release(&sql);
}

/* The rows for which something of the expression is marked in C. */
static void expect(fixture *f, const item *i, bool *raises) {
	for (int row = 0; row < ROWS; row++) {
		lk_arena scratch = {0};
		lk_eval ev = {.arena = &scratch};
		lk_expr_eval(i->x, f->rows[row], &ev);
		raises[row] = ev.reason != NULL;
		lk_arena_release(&scratch);
	}
}

static void put_ids(const bool *raises, bool which, bool none, lk_buf *sql) {
	const char *comma = "'{";
	for (int row = 0; row < ROWS && !none; row++)
		if (raises[row] == which) {
			lk_buf_addf(sql, "%s%d", comma, row);
			comma = ",";
		}
	lk_buf_adds(sql, *comma == ',' ? "}'::int[]" : "'{}'::int[]");
}

static void put_item(const char *text, const bool *raises, bool all, lk_buf *sql) {
	lk_sql_literal(text, strlen(text), sql);
	lk_buf_adds(sql, ", ");
	put_ids(raises, false, false, sql);
	lk_buf_adds(sql, ", ");
	put_ids(raises, true, !all, sql);
}

/* Reads values of good rows, then of bad ones, from result row `at` on; returns the next one. */
static int take_values(const PGresult *res, int at, const bool *raises, bool all, const char **values) {
	for (int which = 0; which < 1 + all; which++)
		for (int row = 0; row < ROWS; row++)
			if (raises[row] == (which == 1)) {
				values[row] = PQgetisnull(res, at, 0) ? NULL : PQgetvalue(res, at, 0);
				at++;
			}
	for (int row = 0; row < ROWS && !all; row++)
		if (raises[row])
			values[row] = "!";
	return at;
}

/* Of the plan's form rows that raise are only asked for if its guards make it differ from the text. */
static void compare_items(fixture *f, const item *items, int n) {
	bool raises[AT_ONCE][ROWS];
	lk_buf sql = LK_BUF_INIT;
	lk_error err = {0};
	PGresult *res = NULL;
	int at = 0;
	check_types(f, items, n);
	lk_buf_adds(&sql, "SELECT r.value FROM (VALUES ");
	for (int i = 0; i < n; i++) {
		expect(f, &items[i], raises[i]);
		lk_buf_addf(&sql, "%s(%d, ", i ? ", " : "", 2 * i);
		put_item(items[i].text, raises[i], true, &sql);
		lk_buf_addf(&sql, "), (%d, ", 2 * i + 1);
		put_item(items[i].sql, raises[i], has_guard(&items[i]), &sql);
		lk_buf_addc(&sql, ')');
	}
	lk_buf_adds(&sql, ") AS e(i, text, good, bad), unnest(pg_temp.rows_of(e.text, e.good, e.bad)) WITH ORDINALITY AS r(value, nth) ORDER BY i, nth");
	if (lk_pg_exec(&f->pg, &res, &err, sql.data, 0, NULL) != LK_OK)
		fail_msg("%s\n%s", err.text, sql.data);
	for (int i = 0; i < n; i++) {
		const char *written[ROWS], *planned[ROWS];
		at = take_values(res, at, raises[i], true, written);
		at = take_values(res, at, raises[i], has_guard(&items[i]), planned);
		for (int row = 0; row < ROWS; row++)
			compare_row(f, &items[i], row, written[row], planned[row]);
	}
	assert_int_equal(PQntuples(res), at);
	PQclear(res);
	lk_buf_release(&sql);
}

static void compare_some(fixture *f, int n) {
	item items[AT_ONCE];
	for (int have = 0; have < n;) {
		lk_buf b = LK_BUF_INIT;
		const char *fault;
		test_random_expr(&f->seed, 4, &b);
		if (define(b.data, &items[have], &fault)) {
			have++;
		} else {
			f->refused++;
			if (getenv("SHOW"))
				printf("refused: %s: %s\n", fault, b.data);
			lk_definitions_release(&items[have].d);
		}
		lk_buf_release(&b);
	}
	choose_rows(f, items, n);
	store_rows(f);
	compare_items(f, items, n);
	for (int i = 0; i < n; i++)
		release(&items[i]);
}

static void random_expressions_agree_with_postgresql(void **state) {
	fixture *f = *state;
	int rounds = test_rounds("ROUNDS", EXPRESSIONS / AT_ONCE);
	for (int i = 0; i < rounds; i++)
		compare_some(f, AT_ONCE);
	int64_t expressions = (int64_t)rounds * AT_ONCE;
	printf("%lld expressions (%lld refused), %lld answers compared, %lld of more than 38 digits, %lld times PostgreSQL raised (%lld strict), %lld limits\n",
	       (long long)expressions, (long long)f->refused, (long long)f->answered, (long long)f->wide, (long long)f->raised, (long long)f->strict,
	       (long long)f->limits);
	assert_true(f->wide > expressions / 40);
	assert_true(f->answered > 10 * expressions && f->raised > expressions && f->strict > expressions / 4);
	assert_true(f->limits < expressions * ROWS / 50 && f->refused < expressions / 2);
}

/* --- the rows of the parity table in docs/language.md --- */

/* want: PostgreSQL's text of the value; NULL; "!" where it raises. */
typedef struct row_of_table {
	const char *text, *want;
} row_of_table;

static void check_value(fixture *f, const item *i, const char *want) {
	lk_arena scratch = {0};
	lk_buf theirs = LK_BUF_INIT;
	lk_eval ev = {.arena = &scratch};
	lk_value ours = lk_expr_eval(i->x, f->rows[0], &ev);
	bool raises = want && *want == '!';
	lk_buf_addf(&theirs, "=%s", want ? want : "");
	if (raises ? ours.state != LK_MARKED : !same(i->x, &ours, want ? theirs.data : NULL)) {
		lk_buf_clear(&theirs);
		lk_value_json(i->x->type, &ours, &theirs);
		fail_msg("%s is %s, not %s", i->text, theirs.data, want ? want : "NULL");
	}
	lk_buf_release(&theirs);
	lk_arena_release(&scratch);
}

static void check_rows(fixture *f, const row_of_table *rows, size_t n) {
	item items[AT_ONCE];
	const char *fault;
	assert_true(n <= AT_ONCE);
	for (size_t i = 0; i < n; i++)
		if (!define(rows[i].text, &items[i], &fault))
			fail_msg("%s: %s", rows[i].text, fault);
	choose_rows(f, items, (int)n);
	for (int c = 0; c < test_expr_ncolumns; c++)   /* t || '' must be a text */
		if (test_expr_columns[c].is.kind == LK_TEXT)
			f->rows[0][c] = lk_text("", 0);
	store_rows(f);
	for (size_t i = 0; i < n; i++)
		check_value(f, &items[i], rows[i].want);
	compare_items(f, items, (int)n);
	for (size_t i = 0; i < n; i++)
		release(&items[i]);
}
#define CHECK_ROWS(...) \
	do { \
		static const row_of_table rows[] = {__VA_ARGS__}; \
		check_rows(*state, rows, sizeof rows / sizeof *rows); \
	} while (0)

static void integers(void **state) {
	CHECK_ROWS({"2147483647 + 1", "!"}, {"2147483647::bigint + 1", "2147483648"}, {"32767::smallint + 1::smallint", "!"}, {"32767::smallint + 1", "32768"},
	           {"-7 / 2", "-3"}, {"-7 % 2", "-1"}, {"7 % -2", "1"}, {"1 / 0", "!"}, {"1 % 0", "!"}, {"-2147483648 / -1", "!"}, {"-2147483648 % -1", "0"},
	           {"'-9223372036854775808'::bigint / -1", "!"}, {"mod(-7, 3)", "-1"}, {"abs(-2147483648)", "!"}, {"- '-32768'::smallint", "!"},
	           {"2147483648", "2147483648"}, {"9223372036854775808 + 0", "9223372036854775808"}, {"1 / 0 > 0 AND FALSE", "false"});
}

static void numerics(void **state) {
	CHECK_ROWS({"1 + 1.5", "2.5"}, {"1.50 * 2.0", "3.000"}, {"2.0 / 3", "0.66666666666666666667"}, {"20000 / 3.0", "6666.6666666666666667"},
	           {"5 % 0.30", "0.20"}, {"-7 % 2.5", "-2.0"}, {"1.5 / 0", "!"}, {"round(2.5)", "3"}, {"round(-2.5)", "-3"}, {"round(15, -1)", "20"},
	           {"round(0.05, -1)", "0"}, {"round(1.5, 4)", "1.5000"}, {"trunc(-1.58, 1)", "-1.5"}, {"ceil(-0.5)", "0"}, {"floor(-0.5)", "-1"},
	           {"sign(-0.5)", "-1"}, {"2.5::int", "3"}, {"(-2.5)::int", "-3"}, {"2147483647.5::int", "!"}, {"99.995::numeric(4,2)", "!"},
	           {"99.994::numeric(4,2)", "99.99"}, {"coalesce(NULL, 1.5, 1.50)::text", "1.5"}, {"greatest(1, 2.50)::text", "2.50"},
	           {"CASE WHEN TRUE THEN 1 ELSE 2.55 END / 3", "0.33333333333333333333"}, {"nullif(1, 1.0)", NULL},
	           {"99999999999999999999999999999999999999 * 99999999999999999999999999999999999999",
	            "9999999999999999999999999999999999999800000000000000000000000000000000000001"},
	           {"99999999999999999999999999999999999999 + 1", "100000000000000000000000000000000000000"},
	           {"0.00000000000000000000000000000000000001 * 0.1", "0.000000000000000000000000000000000000001"},
	           {"round(-0.00000000000000000000000000000000000005, 37)", "-0.0000000000000000000000000000000000001"},
	           {"round(99999999999999999999999999999999999999, -38)", "100000000000000000000000000000000000000"},
	           {"9999999999999999999999999999999999999.4::numeric(37)", "9999999999999999999999999999999999999"},
	           {"999999999999999999999999999999999999.95::numeric(37,1)", "!"}, {"(99999999999999999999999999999999999999 + 0.5)::numeric(38)", "!"},
	           {"1 / 99999999999999999999999999999999999999", "0.00000000000000000000000000000000000001000000000000000000"},
	           {"(1e37 * 1e37) / 1e37 = 1e37", "true"}, {"(1e30 * 1e30)::double precision", "1e+60"}, {"(1e30 * 1e30)::bigint", "!"},
	           {"nullif(1, 1::bigint)", NULL}, {"nullif(2, 1::bigint)", "2"}, {"nullif(date '2020-01-01', timestamp '2020-01-01 00:00:01')::text", "2020-01-01"});
}

static void roots(void **state) {
	CHECK_ROWS({"sqrt(2.0)", "1.414213562373095"}, {"sqrt(0.00)", "0.000000000000000"}, {"sqrt(99999999999999999999999999999999999999)", "10000000000000000000"},
	           {"sqrt(1e-38)", "0.00000000000000000010000000000000000000"}, {"sqrt(-0.01)", "!"}, {"ln(2.0)", "0.6931471805599453"}, {"ln(1.0)", "0.0000000000000000"},
	           {"ln(0.0)", "!"}, {"ln(-1.5)", "!"}, {"ln(1.0000000000000000001)", "0.00000000000000000010000000000000000"}, {"log(1000.0)", "3.0000000000000000"},
	           {"log(2.0, 8)", "3.0000000000000000"}, {"log(1.0, 8)", "!"}, {"log(0.0, 8)", "!"}, {"exp(1.0)", "2.7182818284590452"}, {"exp(-0.00000001)", "0.9999999900000001"},
	           {"exp(99.99)", "26613699293533537043193456153532900893861273.10"}, {"exp(0.0)", "1.0000000000000000"});
}

static void powers(void **state) {
	CHECK_ROWS({"1.5 ^ 2", "2.2500000000000000"}, {"power(1.5, 3)", "3.3750000000000000"},
	           {"power(2.0, -1)", "0.5000000000000000"}, {"power(3.0, -2)", "0.1111111111111111"},
	           {"0.0 ^ 0", "1.0000000000000000"}, {"0.0 ^ 2", "0.0000000000000000"},
	           {"0.0 ^ 0.5", "0.0000000000000000"}, {"0.0 ^ -1", "!"}, {"0.0 ^ -0.5", "!"},
	           {"(-8.0) ^ 3", "-512.0000000000000000"}, {"(-8.0) ^ 0.5", "!"}, {"2.0 ^ 0.5", "1.4142135623730950"},
	           {"2 ^ 2.50", "5.6568542494923802"}, {"2.0 ^ 100", "1267650600228229401496703205376.0000000000000000"},
	           {"0.00000000000000000001 ^ 0.25", "0.000010000000000000000"},
	           {"1.0000000001 ^ 1000000000", "1.1051709180701218"}, {"0.5 ^ 5000", "0.0000000000000000"},
	           {"1.0 ^ 5000000000", "1.0000000000000000"}, {"(-1.0) ^ 5000000001", "-1.0000000000000000"},
	           {"power(123456789.0, 10.5)", "9139180615606756576347438090877006341008669086556273537925346712455319077774851812482.0"},
	           {"1.23456789012345678901 ^ 1", "1.23456789012345678901"}, {"pow(10.0, -20)", "0.0000000000000000"},
	           {"9.9 ^ -100", "0.0000000000000000"}, {"power(12345678901234567890.5, -3)", "0.0000000000000000"});
}

static void doubles(void **state) {
	CHECK_ROWS({"'1e300'::float8 * '1e300'::float8", "!"}, {"'1e-300'::float8 * '1e-300'::float8", "!"}, {"'5e-324'::float8 / 2", "!"},
	           {"1::float8 / 0", "!"}, {"'Infinity'::float8 / 0", "!"}, {"'NaN'::float8 / 0", "NaN"}, {"'NaN'::float8 = 'NaN'::float8", "true"},
	           {"'NaN'::float8 > 'Infinity'::float8", "true"}, {"'-0'::float8 = 0", "true"}, {"2.5::float8::int", "2"}, {"3.5::float8::int", "4"},
	           {"round(2.5::float8)", "2"}, {"'NaN'::float8::int", "!"}, {"9007199254740993 = 9007199254740992::float8", "true"},
	           {"0.1 = 0.1::real", "false"}, {"0.1::real IN (0.1, 0.2)", "true"}, {"12345.678::float8::numeric(10,1)", "12345.7"},
	           {"123456789012345678::float8::numeric(18,0)", "123456789012346000"}, {"0.1::real::numeric(9,8)", "0.10000000"},
	           {"sqrt(2)", "1.4142135623730951"}, {"sqrt(-1)", "!"}, {"ln(0)", "!"}, {"exp(1000)", "!"}, {"exp(-1000)", "!"}, {"power(2, 10)", "1024"},
	           {"power(0, -1)", "!"}, {"power(-1, 0.5::float8)", "!"}, {"2 ^ 3 ^ 2", "64"}, {"'3e38'::real * 10::real", "!"},
	           {"'1e-50'::float8::real", "!"});
}

static void logic(void **state) {
	CHECK_ROWS({"NULL AND FALSE", "false"}, {"NULL OR TRUE", "true"}, {"NOT NULL", NULL}, {"1 IN (2, NULL)", NULL}, {"1 NOT IN (1, NULL)", "false"},
	           {"1 NOT IN (2, NULL)", NULL}, {"NULL IS DISTINCT FROM 1", "true"}, {"NULL::int IS NOT DISTINCT FROM NULL", "true"},
	           {"(NULL > 1) IS UNKNOWN", "true"}, {"(1 > 2) IS NOT TRUE", "true"}, {"2 BETWEEN 3 AND 1", "false"}, {"2 BETWEEN SYMMETRIC 3 AND 1", "true"},
	           {"2 NOT BETWEEN SYMMETRIC 3 AND 1", "false"}, {"coalesce(NULL, 1, 1 / (i4 - i4))", "1"}, {"CASE WHEN TRUE THEN 1 ELSE 1 / (i4 - i4) END", "1"},
	           {"CASE 2 WHEN 1 THEN 'a' WHEN 2 THEN 'b' END", "b"}, {"greatest(NULL, 1, 3)", "3"}, {"least(NULL, NULL::int)", NULL});
}

static void like_patterns(void **state) {
	CHECK_ROWS({"t || 'abc' LIKE 'a%'", "true"}, {"t || 'a%c' LIKE 'a\\%c'", "true"}, {"t || 'abc' LIKE 'a\\%c'", "false"},
	           {"t || 'a_c' LIKE 'a!_c' ESCAPE '!'", "true"}, {"t || 'abc' LIKE 'a!_c' ESCAPE '!'", "false"}, {"t || 'a\\c' LIKE 'a\\c' ESCAPE ''", "true"},
	           {"t || 'aBc' ILIKE 'AbC'", "true"}, {"t || 'É' ILIKE 'é'", "false"}, {"t || '漢' LIKE '_'", "true"}, {"t || 'x' NOT ILIKE 'X'", "false"});
}

static void regular_expressions(void **state) {
	CHECK_ROWS({"regexp_replace(t || 'xaby', 'a|ab', '-')", "x-y"}, {"regexp_replace(t || 'aaa', 'a*', 'X', 'g')", "XX"},
	           {"regexp_replace(t || 'abc', '', '-', 'g')", "-a-b-c-"}, {"regexp_replace(t || 'a1b22', '[0-9]+', '<\\&>', 'g')", "a<1>b<22>"},
	           {"regexp_replace(t || 'aBc', 'b', '', 'i')", "ac"}, {"t || 'foo bar' ~ '\\mbar\\M'", "true"}, {"t || 'Äpfel' ~ '^\\w'", "false"},
	           {"t || 'ÄPFEL' ~* 'äpfel'", "false"}, {"t || 'HELLO' ~* '^hel+o$'", "true"}, {"t || E'a\\nb' ~ 'a.b'", "true"},
	           {"t || 'abab' ~ '^(ab){2}$'", "true"}, {"t || 'ab' !~ 'c|'", "false"}, {"substring(t || 'foobar' FROM 'o.b')", "oob"},
	           {"substring(t || 'foobar' FROM 'x')", NULL}, {"substring(t || 'xaby' FROM 'a|ab')", "ab"},
	           {"substring(t || '/item/42' FROM '^/([^/]+)')", "item"}, {"substring(t || 'ac' FROM 'a(b)?c')", NULL},
	           {"substring(t || 'c' FROM '(b*)?c')", ""}, {"regexp_replace(t || 'john smith', '(\\w+) (\\w+)', '\\2, \\1')", "smith, john"},
	           {"regexp_replace(t || 'aXbX', '(.)X', '<\\1\\3\\\\\\0>', 'g')", "<a\\\\0><b\\\\0>"}, {"substring(t || 'abcd' FROM '(a|ab)(?:c|bcd)')", "a"},
	           {"substring(t || 'abab' FROM '(?:(a)|b)+')", NULL}, {"substring(t || 'aab' FROM '(a|ab)+')", "ab"});
}

static void texts(void **state) {
	CHECK_ROWS({"substr('hello', -1, 3)", "h"}, {"substr('hello', 2, -1)", "!"}, {"substr('hello', 2147483647, 5)", ""}, {"substring('hello' FROM 2 FOR 3)", "ell"},
	           {"left('abcde', -2)", "abc"}, {"right('abcde', -2)", "cde"}, {"right('abcde', 2)", "de"}, {"position('c' IN 'abc')", "3"}, {"strpos('abc', '')", "1"},
	           {"split_part('a,b,c', ',', -1)", "c"}, {"split_part('a,b', ',', 3)", ""}, {"split_part('a', ',', 0)", "!"}, {"replace('aaa', 'a', 'bc')", "bcbcbc"},
	           {"trim('  a ')", "a"}, {"trim(BOTH 'xy' FROM 'xyaxy')", "a"}, {"ltrim('xxa', 'x')", "a"}, {"rtrim('axx', 'x')", "a"}, {"length('é漢😀')", "3"},
	           {"octet_length('é')", "2"}, {"reverse('aé漢')", "漢éa"}, {"md5('')", "d41d8cd98f00b204e9800998ecf8427e"}, {"md5('abc')", "900150983cd24fb0d6963f7d28e17f72"},
	           {"starts_with('abc', 'ab')", "true"}, {"'a' || NULL", NULL}, {"concat('a', NULL, 1, TRUE, 1.50)", "a1t1.50"}, {"'a' || 1 || TRUE", "a1true"},
	           {"lower(t || 'ÄB')", "Äb"}, {"upper(t || 'äb')", "äB"});
}

static void casts(void **state) {
	CHECK_ROWS({"(' 12 ' || '')::int", "12"}, {"('+5' || '')::int", "5"}, {"('1e3' || '')::int", "!"}, {"('0x10' || '')::int", "!"}, {"('' || '')::int", "!"},
	           {"('99999' || '')::smallint", "!"}, {"('1e3' || '')::float8", "1000"}, {"('inf' || '')::float8", "Infinity"}, {"('1e400' || '')::float8", "!"},
	           {"('1.005' || '')::numeric(5,2)", "1.01"}, {"(10000000000000000000::numeric * 100000000000000000000)::real", "!"}, {"(0.00000000000000000001 * 0.00000000000000000001 * 0.0000000001)::real", "!"},
	           {"(0.00000000000000000001 * 0.00000000000000000001 * 0.0000000001)::float8", "1e-50"}, {"0.00::real", "0"},
	           {"(' TRU' || '')::boolean", "true"}, {"('o' || '')::boolean", "!"}, {"('of' || '')::boolean", "false"},
	           {"5::boolean", "true"}, {"TRUE::int", "1"}, {"(1.50)::text", "1.50"}, {"'abcdef'::varchar(3)", "abc"}, {"('abcdef' || '')::varchar(3)", "abc"});
}

static void times(void **state) {
	CHECK_ROWS({"date_trunc('week', timestamptz '2020-01-01T00:00:00Z')", "2019-12-30 00:00:00+00"},
	           {"date_trunc('quarter', timestamp '2020-06-01 10:00:00')", "2020-04-01 00:00:00"}, {"date_trunc('month', date '2020-02-05')", "2020-02-01 00:00:00+00"},
	           {"extract(epoch FROM timestamptz '1970-01-01T00:00:01.5Z')", "1.500000"}, {"extract(minute FROM timestamptz '1970-01-01T00:07:01.5Z') / 2", "3.5000000000000000"},
	           {"extract(second FROM timestamptz '1970-01-01T00:00:01.5Z')", "1.500000"}, {"extract(week FROM date '2021-01-03')", "53"},
	           {"extract(isoyear FROM date '2021-01-03')", "2020"}, {"extract(dow FROM date '2020-03-01')", "0"},
	           {"date_part('hour', timestamp '2020-03-01 05:00:00')", "5"},
	           {"timestamptz '2020-01-03T00:00:00Z' - timestamptz '2020-01-01T12:00:00Z'", "1 day 12:00:00"}, {"interval '1 d' * 0.5", "12:00:00"},
	           {"interval '10 s' / 3", "00:00:03.333333"}, {"interval '1 d' * 1.000001", "1 day 00:00:00.0864"}, {"interval '1 d' = interval '24 h'", "true"},
	           {"date '2020-02-28' + 2", "2020-03-01"}, {"date '2020-03-01' - date '2020-02-28'", "2"}, {"date '2020-01-01' + interval '90 min'", "2020-01-01 01:30:00"},
	           {"timestamptz '2020-01-01T00:00:00Z' = date '2020-01-01'", "true"}, {"to_timestamp(1.5)", "1970-01-01 00:00:01.5+00"}, {"to_timestamp('NaN')", "!"},
	           {"to_timestamp(1e15)", "!"}, {"date_bin('15 min', timestamptz '1969-12-31T23:59:00Z', timestamptz '1970-01-01T00:00:00Z')", "1969-12-31 23:45:00+00"},
	           {"timestamp '0001-01-01 00:00:00' - interval '1 s'", "0001-12-31 23:59:59 BC"}, {"(timestamptz '2020-02-29T12:00:00Z')::date", "2020-02-29"},
	           {"timestamptz '9999-12-31T23:59:59Z' + interval '1 s'", "10000-01-01 00:00:00+00"}, {"-interval '5 min' < interval '0 s'", "true"});
}

static void constants_of_times(void **state) {
	CHECK_ROWS({"timestamptz '2015-05-17'", "2015-05-17 00:00:00+00"}, {"timestamptz '2015-05-17 10:05'", "2015-05-17 10:05:00+00"},
	           {"timestamptz '2015-05-17T10:05'", "2015-05-17 10:05:00+00"}, {"'2015-05-17 10:05:03.25'::timestamptz", "2015-05-17 10:05:03.25+00"},
	           {"timestamptz '2015-05-17 10:05+02'", "2015-05-17 08:05:00+00"}, {"timestamptz '2015-05-17 10:05-01:30'", "2015-05-17 11:35:00+00"},
	           {"timestamptz '2015-05-17T10:05Z'", "2015-05-17 10:05:00+00"}, {"timestamp '2015-05-17'", "2015-05-17 00:00:00"},
	           {"timestamp '2015-05-17 10:05'", "2015-05-17 10:05:00"}, {"'2015-05-17'::timestamp", "2015-05-17 00:00:00"},
	           {"timestamptz '2015-05-17T00:00:00Z' = '2015-05-17'", "true"}, {"interval '1 hour 30 minutes'", "01:30:00"},
	           {"interval '1 day 2 h 3 s 4 ms'", "1 day 02:00:03.004"}, {"interval '-1 d 2 h'", "-1 days +02:00:00"},
	           {"interval '2 weeks 1 day'", "15 days"}, {"interval ' 1h30min '", "01:30:00"},
	           {"date_bin('5 min', timestamptz '2015-05-17 10:07', '2000-01-01')", "2015-05-17 10:05:00+00"});
}

/* --- what groups of regular expressions take --- */

static void put_pattern(fixture *f, int depth, lk_buf *out) {
	static const char *const atoms[] = {"a", "b", "c", ".", "[ab]", "[^a]", "\\w", "é", "ab", "\\y", "^", "$", "bc"};
	static const char *const times[] = {"*", "+", "?", "{2}", "{1,2}", "{0,2}", "{2,}", "{1}", "{0}", "{0,1}"};
	for (int i = 0, n = 1 + random_below(&f->seed, 3); i < n; i++) {
		bool constraint = false;
		if (i && random_below(&f->seed, 4) == 0) {
			lk_buf_addc(out, '|');
			if (random_below(&f->seed, 6) == 0)
				continue;
		}
		if (depth > 0 && random_below(&f->seed, 2)) {
			lk_buf_adds(out, random_below(&f->seed, 4) ? "(" : "(?:");
			put_pattern(f, depth - 1, out);
			lk_buf_addc(out, ')');
		} else {
			const char *atom = atoms[random_below(&f->seed, (int)(sizeof atoms / sizeof *atoms))];
			constraint = *atom == '^' || *atom == '$' || strcmp(atom, "\\y") == 0;
			lk_buf_adds(out, atom);
		}
		if (!constraint && random_below(&f->seed, 3) == 0)
			lk_buf_adds(out, times[random_below(&f->seed, (int)(sizeof times / sizeof *times))]);
	}
}

static void random_texts(fixture *f, int column) {
	static const char *const parts[] = {"a", "b", "c", "ab", "aa", "bc", "é", " "};
	for (int row = 0; row < ROWS; row++) {
		lk_buf b = LK_BUF_INIT;
		lk_buf_adds(&b, "");
		for (int i = 0, n = random_below(&f->seed, 9); i < n; i++)
			lk_buf_adds(&b, parts[random_below(&f->seed, (int)(sizeof parts / sizeof *parts))]);
		f->rows[row][column] = lk_text(lk_arena_strdup(&f->texts, b.data), b.len);
		lk_buf_release(&b);
	}
}

static bool define_or_not(const char *text, item *out) {
	const char *fault;
	bool good = define(text, out, &fault);
	if (!good)
		lk_definitions_release(&out->d);
	return good;
}

/* Two expressions of a random pattern; how many of them the front takes. */
static int of_random_pattern(fixture *f, item *items) {
	lk_buf pattern = LK_BUF_INIT, text = LK_BUF_INIT;
	int n = 0;
	put_pattern(f, 3, &pattern);
	lk_buf_addf(&text, "regexp_replace(t, '%s', '<\\1|\\2|\\3|\\4|\\&>', 'g%s')", pattern.data, random_below(&f->seed, 5) ? "" : "i");
	n += define_or_not(text.data, &items[n]);
	lk_buf_clear(&text);
	lk_buf_addf(&text, "substring(t FROM '%s')", pattern.data);
	n += define_or_not(text.data, &items[n]);
	f->refused += 2 - n;
	lk_buf_release(&pattern);
	lk_buf_release(&text);
	return n;
}

static void groups_of_regular_expressions(void **state) {
	fixture *f = *state;
	int column = 0, rounds = test_rounds("ROUNDS", ROUNDS_OF_PATTERNS);
	int64_t refused = f->refused;
	while (strcmp(test_expr_columns[column].name, "t") != 0)
		column++;
	for (int i = 0; i < rounds; i++) {
		item items[AT_ONCE + 2];
		int n = 0;
		while (n < AT_ONCE)
			n += of_random_pattern(f, items + n);
		choose_rows(f, items, n);
		random_texts(f, column);
		store_rows(f);
		compare_items(f, items, n);
		for (int k = 0; k < n; k++)
			release(&items[k]);
	}
	printf("%d patterns, %lld refused\n", rounds * AT_ONCE / 2, (long long)(f->refused - refused) / 2);
	assert_true(f->refused - refused < 3 * rounds * AT_ONCE);
	f->refused = refused;
}

static int start(void **state) {
	fixture *f = lk_calloc(1, sizeof *f);
	*state = f;
	f->seed = random_seed();
	test_servers_start(&f->servers);
	test_open(&f->pg, &f->servers);
	declare();
	make_table(f);
	return 0;
}

static int stop(void **state) {
	fixture *f = *state;
	lk_pg_close(&f->pg);
	test_servers_stop(&f->servers);
	lk_arena_release(&f->texts);
	lk_definitions_release(&stream);
	free(f);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(numerics),
		cmocka_unit_test(roots),
		cmocka_unit_test(powers),
		cmocka_unit_test(doubles),
		cmocka_unit_test(logic),
		cmocka_unit_test(like_patterns),
		cmocka_unit_test(regular_expressions),
		cmocka_unit_test(groups_of_regular_expressions),
		cmocka_unit_test(texts),
		cmocka_unit_test(casts),
		cmocka_unit_test(times),
		cmocka_unit_test(constants_of_times),
		cmocka_unit_test(random_expressions_agree_with_postgresql),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
