/* Functions of FROM over random arguments: the rows that a definition makes of an event are PostgreSQL's, in its order.
 * Where PostgreSQL raises, there are none and the event is marked (R1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/event_rows.h"
#include "postgres/pg.h"
#include "sql/sql.h"
#include "tests/support/log.h"
#include "tests/support/random.h"
#include "tests/support/servers.h"

enum { EVENTS = 12, ROUNDS = 1500 };

typedef struct fixture {
	test_servers servers;
	lk_pg pg;
	uint64_t seed;
	int64_t refused, compared, rows, raised;
} fixture;

static const char stream_text[] = "CREATE TABLE s (ts timestamptz, t text, d text, z text, a int, b int, c int, big bigint)"
                                  " WITH (event_time = ts, partition_by = t);";
enum { T = 1, D, Z, A, B, C, BIG, COLUMNS };

#define PICK(f, ...) \
	((const char *const[]){__VA_ARGS__}[random_below(&(f)->seed, (int)(sizeof (const char *const[]){__VA_ARGS__} / sizeof(char *)))])

/* --- what people write --- */

static void put_pattern(fixture *f, lk_buf *out) {
	for (int n = random_below(&f->seed, 4); n > 0; n--) {
		lk_buf_adds(out, PICK(f, "a", "b", "B", "[ab]", "[^a]", ".", " ", ",", "\\s", "\\W", "\\w", "\\d", "\\m", "\\M", "\\y", "^", "$", "(a|bc)", "(?:b|)", "(,|, )",
		                      "ä", "a|", "(ab|a)(bb|b)"));
		if (random_below(&f->seed, 2))
			lk_buf_adds(out, PICK(f, "*", "+", "?", "{0,2}", "{2}", "{1,}"));
	}
}

static void put_call(fixture *f, lk_buf *out) {
	switch (random_below(&f->seed, 8)) {
	case 0:
		lk_buf_adds(out, PICK(f, "string_to_table(t, d)", "string_to_table(t, NULL)", "string_to_table(t, '')", "string_to_table(t, ' ', z)",
		                      "string_to_table(t, d, z)", "string_to_table(t, NULL, 'a')", "string_to_table(NULL, d)", "string_to_table(t, d, NULL)",
		                      "unnest(string_to_array(t, d))", "unnest(string_to_array(t || d, 'a', z))"));
		break;
	case 1: case 2: case 3:
		lk_buf_adds(out, random_below(&f->seed, 6) ? "regexp_split_to_table(t, '" : "regexp_split_to_table(lower(t || ' ' || d), '");
		put_pattern(f, out);
		lk_buf_adds(out, PICK(f, "')", "')", "', 'i')", "', '')"));
		break;
	case 4: case 5:
		lk_buf_adds(out, PICK(f, "jsonb_array_elements(z::jsonb)", "jsonb_array_elements_text(z::jsonb)", "jsonb_array_elements(('[' || z || ']')::jsonb)",
		                      "jsonb_array_elements_text(z::jsonb -> 0)", "json_array_elements_text(z::json)", "json_array_elements_text(CAST(z AS json))",
		                      "json_array_elements_text(('[' || z || ']')::json)", "json_array_elements_text(concat('[\"', t, '\",', a, ']')::json)"));
		break;
	case 6:
		lk_buf_adds(out, PICK(f, "generate_series(a, b)", "generate_series(a, b, c)", "generate_series(a, 9)", "generate_series(2, 6)",
		                      "generate_series(6, -2, -3)", "generate_series(2147483645, 2147483647, 2)"));
		break;
	default:
		lk_buf_adds(out, PICK(f, "generate_series(big, big + 3)", "generate_series(a, big, 4611686018427387904)",
		                      "generate_series(9223372036854775805, 9223372036854775807)", "unnest(regexp_split_to_array(t, ' *'))"));
	}
}

/* --- events --- */

static void put_json(fixture *f, int depth, lk_buf *out) {
	int kind = random_below(&f->seed, depth > 0 ? 9 : 6);
	switch (kind) {
	case 0: case 1:
		lk_buf_adds(out, PICK(f, "0", "-1.50", "1e2", "12E-3", "01", "1.", "-", "+1", ".5", "1e", "0x1"));
		break;
	case 2:
		lk_buf_adds(out, PICK(f, "true", "false", "null", "nul", "True", "nullx"));
		break;
	case 3: case 4: case 5:
		lk_buf_adds(out, PICK(f, "\"\"", "\"a b\"", "\"\\n\\\"\\\\\\/\"", "\"\\u00e4\\u20AC\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\\ude00x\"", "\"\\u0000\"",
		                      "\"\\u00g0\"", "\"\\x\"", "\"a\tb\"", "\"open", "\"ä😀\"", "'a'"));
		break;
	default:
		lk_buf_adds(out, kind == 6 ? "{" : "[");
		for (int n = random_below(&f->seed, 3); n > 0; n--) {
			lk_buf_adds(out, kind == 6 ? PICK(f, "\"k\":", "\"\\u0041\" : ", "\"k\":", "k:", "1:") : PICK(f, "", " ", "\n"));
			put_json(f, depth - 1, out);
			lk_buf_adds(out, n > 1 ? PICK(f, ",", " , ", ",", ",", ",,") : "");
		}
		lk_buf_adds(out, random_below(&f->seed, 40) ? kind == 6 ? "}" : PICK(f, "]", " ]") : "");
	}
}

/* Mostly what PostgreSQL takes. */
static lk_value json_text(fixture *f, lk_arena *arena) {
	lk_buf b = LK_BUF_INIT;
	int before = random_below(&f->seed, 10);
	lk_buf_adds(&b, before ? "[" : "");
	for (int n = random_below(&f->seed, 4); n > 0; n--) {
		put_json(f, 2, &b);
		lk_buf_adds(&b, n > 1 ? "," : "");
	}
	lk_buf_adds(&b, before ? PICK(f, "]", "] ", "]") : "");
	lk_value v = lk_text(lk_arena_strndup(arena, b.len ? b.data : "", b.len), b.len);
	lk_buf_release(&b);
	return v;
}

static lk_value split_text(fixture *f, lk_arena *arena) {
	lk_buf b = LK_BUF_INIT;
	for (int n = random_below(&f->seed, 14); n > 0; n--)
		lk_buf_adds(&b, PICK(f, "a", "b", "A", "B", "c", " ", ",", "a", "b", " ", "\n", "7", "_", "ä", "€", "😀"));
	lk_value v = lk_text(lk_arena_strndup(arena, b.len ? b.data : "", b.len), b.len);
	lk_buf_release(&b);
	return v;
}

static void make_event(fixture *f, lk_value *row, lk_arena *arena) {
	const char *d = PICK(f, "a", " ", ", ", "", "ab", "b", "😀");
	row[0] = lk_int(0);
	row[T] = split_text(f, arena);
	row[D] = lk_text(d, strlen(d));
	row[Z] = random_below(&f->seed, 4) ? json_text(f, arena) : split_text(f, arena);
	for (int i = A; i <= C; i++)
		row[i] = lk_int(random_below(&f->seed, 12) - 4);
	row[BIG] = lk_int(random_below(&f->seed, 3) ? random_below(&f->seed, 9) - 4 : INT64_MAX - random_below(&f->seed, 6));
	for (int i = T; i < COLUMNS; i++)
		if (!random_below(&f->seed, 12))
			row[i] = lk_null();
}

/* --- comparison --- */

static void put_value(lk_type type, const lk_value *v, lk_buf *out) {
	lk_buf text = LK_BUF_INIT;
	if (!lk_is_null(v))
		lk_value_print(type, v, &text);
	lk_buf_adds(out, lk_is_null(v) ? "(NULL)" : "(");
	for (size_t i = 0; i < text.len; i++)
		lk_buf_addf(out, "%02x", (unsigned char)text.data[i]);
	lk_buf_adds(out, lk_is_null(v) ? "" : ")");
	lk_buf_release(&text);
}

/* All rows of the event; false if it is marked. */
static bool ours(fixture *f, const lk_plan *p, const lk_value *event, lk_buf *out) {
	lk_event_rows rows;
	lk_value *row = lk_calloc((size_t)p->nslots, sizeof *row);
	memcpy(row, event, sizeof *row * COLUMNS);
	lk_event_rows_init(&rows, p);
	lk_event_rows_begin(&rows, row);
	for (int64_t n = 1; lk_event_rows_next(&rows, row); n++, f->rows++) {
		put_value(p->laterals[0].types[0], &row[p->laterals[0].slot], out);
		assert_int_equal(row[p->laterals[0].slot + 1].i, n);
		assert_int_equal(rows.number, n - 1);
	}
	const char *reason = rows.reason;
	lk_event_rows_release(&rows);
	free(row);
	return !reason;
}

static void put_columns(const lk_value *event, lk_buf *sql) {
	static const lk_type text = {.kind = LK_TEXT}, integer = {.kind = LK_INT4}, big = {.kind = LK_INT8};
	static const char *const names[] = {"ts", "t", "d", "z", "a", "b", "c", "big"};
	for (int i = T; i < COLUMNS; i++) {
		lk_expr constant = {.op = LK_X_CONST, .type = i < A ? text : i < BIG ? integer : big, .value = event[i]};
		lk_buf_adds(sql, i > T ? ", " : "");
		lk_expr_sql(&constant, NULL, NULL, sql);
		lk_buf_addf(sql, " AS %s", names[i]);
	}
}

static void compare_event(fixture *f, const lk_plan *p, const char *call, const lk_value *event) {
	lk_buf sql = LK_BUF_INIT, mine = LK_BUF_INIT;
	bool answered = ours(f, p, event, &mine);
	lk_buf_adds(&sql, "SELECT string_agg(CASE WHEN x IS NULL THEN '(NULL)' ELSE '(' || encode(convert_to(x::text, 'UTF8'), 'hex') || ')' END, '' ORDER BY n) FROM (SELECT ");
	put_columns(event, &sql);
	lk_buf_addf(&sql, ") AS s, %s WITH ORDINALITY AS w(x, n)", call);
	PGresult *res = PQexec(f->pg.conn, sql.data);
	bool raised = PQresultStatus(res) != PGRES_TUPLES_OK;
	const char *theirs = raised ? PQresultErrorMessage(res) : PQgetvalue(res, 0, 0);
	if (raised == answered || (raised ? mine.len > 0 : strcmp(theirs, mine.len ? mine.data : "") != 0))
		fail_msg("SEED=%s %s\nPostgreSQL: %s\nlk%s: %s", getenv("SEED") ? getenv("SEED") : "(above)", sql.data, theirs, answered ? "" : ", marked",
		         mine.len ? mine.data : "");
	f->compared++;
	f->raised += raised;
	PQclear(res);
	lk_buf_release(&sql);
	lk_buf_release(&mine);
}

static void compare_call(fixture *f, const char *call) {
	lk_buf text = LK_BUF_INIT;
	lk_definitions d;
	lk_buf_addf(&text, "%sCREATE VIEW v AS SELECT count(*) AS m FROM s, %s WITH ORDINALITY AS w(x, n);", stream_text, call);
	if (lk_sql_parse(text.data, text.len, NULL, &d) != LK_OK)
		f->refused++;   /* a pattern that is not in the subset */
	else
		for (int i = 0; i < EVENTS; i++) {
			lk_arena arena = {0};
			lk_value event[COLUMNS];
			make_event(f, event, &arena);
			compare_event(f, d.items[1].plan, call, event);
			lk_arena_release(&arena);
		}
	lk_definitions_release(&d);
	lk_buf_release(&text);
}

static void rows_are_those_of_postgresql(void **state) {
	fixture *f = *state;
	int rounds = test_rounds("ROUNDS", ROUNDS);
	for (int i = 0; i < rounds; i++) {
		lk_buf call = LK_BUF_INIT;
		put_call(f, &call);
		compare_call(f, call.data);
		lk_buf_release(&call);
	}
	printf("%d calls (%lld refused), %lld events, %lld rows, PostgreSQL raised for %lld\n", rounds, (long long)f->refused, (long long)f->compared,
	       (long long)f->rows, (long long)f->raised);
	assert_true(f->refused < rounds / 3 && f->rows > f->compared && f->raised > f->compared / 50);
}

/* A bracket in each byte of the longest text: no stack is needed. PostgreSQL gives up at some depth, and then the batch
 * folds. */
static void depth_has_no_bound(void **state) {
	enum { DEEP = LK_TEXT_MAX / 2 };
	fixture *f = *state;
	lk_definitions d;
	lk_buf text = LK_BUF_INIT, rows = LK_BUF_INIT;
	lk_value event[COLUMNS] = {{0}};
	char *deep = lk_malloc(2 * DEEP);
	memset(deep, '[', DEEP);
	memset(deep + DEEP, ']', DEEP);
	event[Z] = lk_text(deep, 2 * DEEP);
	lk_buf_addf(&text, "%sCREATE VIEW v AS SELECT count(*) AS m FROM s, json_array_elements_text(z::json) WITH ORDINALITY;", stream_text);
	assert_int_equal(lk_sql_parse(text.data, text.len, NULL, &d), LK_OK);
	assert_true(ours(f, d.items[1].plan, event, &rows));
	assert_int_equal(rows.len, 2 * (2 * DEEP - 2) + 2);
	deep[2 * DEEP - 1] = '}';
	assert_false(ours(f, d.items[1].plan, event, &rows));
	lk_definitions_release(&d);
	lk_buf_release(&text);
	lk_buf_release(&rows);
	free(deep);
}

static int start(void **state) {
	fixture *f = lk_calloc(1, sizeof *f);
	*state = f;
	f->seed = random_seed();
	test_servers_start(&f->servers);
	test_open(&f->pg, &f->servers);
	return 0;
}

static int stop(void **state) {
	fixture *f = *state;
	lk_pg_close(&f->pg);
	test_servers_stop(&f->servers);
	free(f);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_those_of_postgresql),
		cmocka_unit_test(depth_has_no_bound),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
