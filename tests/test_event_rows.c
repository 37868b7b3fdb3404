/* The rows of one event: how many there may be, and what is marked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plan/event_rows.h"
#include "sql/sql.h"

static const char stream_text[] = "CREATE TABLE s (ts timestamptz, t text, a int, j jsonb) WITH (event_time = ts, partition_by = t); ";
enum { TS, T, A, COLUMNS };

typedef struct fixture {
	lk_definitions d;
	const lk_plan *plan;
	lk_event_rows rows;
	lk_value *row;
} fixture;

static void begin(fixture *f, const char *from) {
	lk_buf text = LK_BUF_INIT;
	lk_buf_addf(&text, "%sCREATE VIEW v AS SELECT count(*) AS n FROM s, %s;", stream_text, from);
	if (lk_sql_parse(text.data, text.len, NULL, &f->d) != LK_OK)
		fail_msg("%s: %s", from, f->d.faults[0].message);
	f->plan = f->d.items[1].plan;
	lk_event_rows_init(&f->rows, f->plan);
	f->row = lk_calloc((size_t)f->plan->nslots, sizeof *f->row);
	lk_buf_release(&text);
}

static void end(fixture *f) {
	lk_event_rows_release(&f->rows);
	lk_definitions_release(&f->d);
	free(f->row);
}

static int64_t count(fixture *f, const char *text, size_t len, int64_t a) {
	int64_t n = 0;
	f->row[T] = text ? lk_text(text, len) : lk_null();
	f->row[A] = lk_int(a);
	lk_event_rows_begin(&f->rows, f->row);
	while (lk_event_rows_next(&f->rows, f->row))
		n++;
	return n;
}

/* "1,2,3" of the slot of item i. */
static const char *list(fixture *f, const char *text, int i) {
	static char out[200];
	lk_buf b = LK_BUF_INIT;
	const lk_lateral *l = &f->plan->laterals[i];
	f->row[T] = lk_text(text, strlen(text));
	lk_event_rows_begin(&f->rows, f->row);
	while (lk_event_rows_next(&f->rows, f->row)) {
		lk_buf_adds(&b, b.len ? "|" : "");
		if (lk_is_null(&f->row[l->slot]))
			lk_buf_adds(&b, "NULL");
		else
			lk_value_print(l->types[0], &f->row[l->slot], &b);
	}
	snprintf(out, sizeof out, "%s", b.len ? b.data : "");
	lk_buf_release(&b);
	return out;
}

/* What is known from the definition needs no count, and the batch can be SQL. */
static void bounds_of_definitions(void **state) {
	static const struct { const char *from; uint64_t most; } rows[] = {
		{"string_to_table(t, ',') AS w", 65537},
		{"string_to_table(left(t, 10), ',') AS w", 41},
		{"string_to_table(md5(t), ',') AS w", 33},
		{"regexp_split_to_table(t || t, ',') AS w", 131073},
		{"LATERAL (VALUES (1), (2), (3)) AS v(x), string_to_table(t, ',') AS w", 3 * 65537},
		{"LATERAL (VALUES (t), (md5(t))) AS v(x), string_to_table(x, ',') AS w", 2 * 65537},
		{"string_to_table(t, ',') AS w, string_to_table(w, ' ') AS x", UINT64_C(65537) * 65537},
		{"string_to_table(replace(t, 'a', 'bbbbbbbbbb'), ',') AS w", 655371},
		{"string_to_table(replace(t, 'a', 'bbbbbbbbbbbbbbbb'), ',') AS w", 1048593},
		{"json_array_elements_text(t::json) AS e", 32769},
		{"jsonb_array_elements(j) AS e", (1 << 20) / 3 + 1},
		{"generate_series(1, 10) AS g", 10},
		{"generate_series(10, 1) AS g", 0},
		{"generate_series(1, 10, 3) AS g", UINT64_MAX},
		{"generate_series(-9223372036854775808, 9223372036854775807) AS g", UINT64_MAX},
		{"generate_series(1, a) AS g", UINT64_MAX},
		{"generate_series(a, 1) AS g, generate_series(1, a) AS h", UINT64_MAX},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		fixture f;
		begin(&f, rows[i].from);
		if (lk_plan_most_rows(f.plan) != rows[i].most)
			fail_msg("%s: %llu", rows[i].from, (unsigned long long)lk_plan_most_rows(f.plan));
		assert_int_equal(f.plan->fold_only, rows[i].most > LK_EVENT_ROWS);
		end(&f);
	}
}

static void too_many_rows_are_none(void **state) {
	fixture f;
	char text[1001];
	(void)state;
	memset(text, 'x', sizeof text);
	begin(&f, "string_to_table(t, NULL) AS v, string_to_table(t, NULL) AS w WHERE v = 'x' AND a > 0");
	assert_int_equal(count(&f, text, 1000, 1), LK_EVENT_ROWS);
	assert_null(f.rows.reason);
	assert_int_equal(f.rows.number, LK_EVENT_ROWS - 1);
	assert_int_equal(count(&f, text, 1001, 1), 0);
	assert_string_equal(f.rows.reason, "the event makes more than 1,000,000 rows");
	assert_int_equal(count(&f, text, 1001, 0), 0);   /* WHERE rejects the event before */
	assert_null(f.rows.reason);
	assert_int_equal(count(&f, text, 2, 1), 4);
	end(&f);
	begin(&f, "generate_series(1, a) AS g");
	assert_int_equal(count(&f, "", 0, 1000000), 1000000);
	assert_int_equal(count(&f, "", 0, 1000001), 0);
	assert_non_null(f.rows.reason);
	assert_int_equal(count(&f, "", 0, INT32_MAX), 0);
	assert_int_equal(count(&f, "", 0, 0), 0);
	assert_null(f.rows.reason);
	end(&f);
}

/* R1: no row, and a mark. A later item is marked for the rows that it lacks; the others are there. */
static void marked_calls_give_no_row(void **state) {
	fixture f;
	(void)state;
	begin(&f, "string_to_table(t, ';') AS part, json_array_elements_text(part::json) AS x");
	assert_string_equal(list(&f, "[1, \"a\"];[null];[]", 1), "1|a|NULL");
	assert_null(f.rows.reason);
	assert_string_equal(list(&f, "[1];{\"a\": 2};[3]", 1), "1|3");
	assert_string_equal(f.rows.reason, "cannot call json_array_elements_text on a non-array");
	assert_string_equal(list(&f, "[1, 2;5", 1), "");
	assert_string_equal(f.rows.reason, "invalid input syntax for type json");
	end(&f);
	begin(&f, "generate_series(1, 10 / a) AS g");
	assert_int_equal(count(&f, "", 0, 5), 2);
	assert_null(f.rows.reason);
	assert_int_equal(count(&f, "", 0, 0), 0);
	assert_string_equal(f.rows.reason, "division by zero");
	end(&f);
}

static const char *mark(fixture *f, const char *text, int64_t a) {
	count(f, text, strlen(text), a);
	return f->rows.reason ? f->rows.reason : "";
}

/* R1: PostgreSQL may ask conditions, and other items, before it comes to the call. */
static void calls_that_need_not_be_made_mark_nothing(void **state) {
	const char *no_array = "cannot call json_array_elements_text on a non-array", *no_json = "invalid input syntax for type json";
	fixture f;
	(void)state;
	begin(&f, "LATERAL (VALUES (a), (a + 1)) AS v(x), json_array_elements_text(t::json) AS w WHERE x > 5 AND w <> 'no'");
	assert_string_equal(mark(&f, "[", 3), "");
	assert_string_equal(mark(&f, "{}", 5), no_array);
	assert_string_equal(mark(&f, "[1]", 5), "");
	end(&f);
	begin(&f, "json_array_elements_text(t::json) AS w, string_to_table(left(t, a), NULL) AS c, string_to_table(w || c, ',') AS d"
	          " WHERE c = '{' AND w IS NOT NULL AND d = 'x'");
	assert_string_equal(mark(&f, "[1", 9), "");       /* no c passes */
	assert_string_equal(mark(&f, "{}", 0), "");       /* there is no c */
	assert_string_equal(mark(&f, "{}", 1), no_array);
	assert_string_equal(mark(&f, "{", 1), no_json);
	end(&f);
	begin(&f, "json_array_elements_text(t::json) AS w, LATERAL (VALUES (w, a), ('1', 5)) AS v(x, y) WHERE y = 7 OR x = 'x'");
	assert_string_equal(mark(&f, "[", 3), no_json);   /* all of v hangs on w */
	end(&f);
}

/* Each item's rows, of each row of the ones before it; the last one runs fastest. */
static void items_nest(void **state) {
	fixture f;
	(void)state;
	begin(&f, "string_to_table(t, ' ') AS x, LATERAL (VALUES (upper(x)), (x || '!')) AS v(y), string_to_table(y, 'e') AS z WHERE z <> ''");
	assert_string_equal(list(&f, "here  we", 2), "HERE|h|r|!|!|WE|w|!");
	assert_string_equal(list(&f, "", 2), "");
	assert_string_equal(list(&f, "e", 2), "E|!");
	end(&f);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_of_definitions),
		cmocka_unit_test(too_many_rows_are_none),
		cmocka_unit_test(marked_calls_give_no_row),
		cmocka_unit_test(calls_that_need_not_be_made_mark_nothing),
		cmocka_unit_test(items_nest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
