/* The limits of definitions: what is at a limit is taken, and what is one beyond it is refused and says which. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "frames/frames.h"
#include "plan/plan.h"
#include "sql/expr.h"
#include "sql/names.h"
#include "tests/support/definitions.h"
#include "windows/window.h"

enum { FILE_BYTES = 64 * 1024, TOKENS = 8000, IDENTIFIER_BYTES = 63, WINDOW_DAYS = 36525, ARGUMENTS = 100, REPETITIONS = 255 };

/* Writes a definition that has n of something. */
typedef void writer(int n, lk_buf *sql);

static void is_refused(writer *write, int n, const char *why) {
	lk_buf sql = LK_BUF_INIT;
	lk_definitions d;
	write(n, &sql);
	if (lk_sql_parse(sql.data, sql.len, test_hits(), &d) != LK_EDEFINITION)
		fail_msg("taken: %.200s", sql.data);
	if (!strstr(d.faults[0].message, why) && !strstr(d.faults[0].hint, why))
		fail_msg("%d: \"%s\", not \"%s\"", n, d.faults[0].message, why);
	assert_true(*d.faults[0].hint);
	lk_definitions_release(&d);
	lk_buf_release(&sql);
}

static void is_most(writer *write, int most, const char *why) {
	lk_buf sql = LK_BUF_INIT;
	lk_definitions d;
	write(most, &sql);
	test_define(sql.data, &d);
	lk_definitions_release(&d);
	lk_buf_release(&sql);
	is_refused(write, most + 1, why);
}

static void stream_of(const char *name, const char *columns, int partitions, lk_buf *sql) {
	lk_buf_addf(sql, "CREATE TABLE %s (ts timestamptz, k int%s) WITH (event_time = ts, partition_by = k, partitions = %d);", name, columns,
	            partitions);
}

static void columns(int n, lk_buf *sql) {
	lk_buf more = LK_BUF_INIT;
	lk_buf_adds(&more, "");
	for (int i = 2; i < n; i++)
		lk_buf_addf(&more, ", c%d int", i);
	stream_of("s", more.data, 1, sql);
	lk_buf_release(&more);
}

static void partitions(int n, lk_buf *sql) { stream_of("s", "", n, sql); }

static void bytes_of_file(int n, lk_buf *sql) {
	stream_of("s", "", 1, sql);
	lk_buf_adds(sql, "\n--");
	while (sql->len < (size_t)n)
		lk_buf_addc(sql, 'x');
}

static void keys(int n, lk_buf *sql) {
	columns(n + 2, sql);
	lk_buf_adds(sql, "CREATE VIEW v AS SELECT count(*) AS n FROM s GROUP BY c2");
	for (int i = 3; i < n + 2; i++)
		lk_buf_addf(sql, ", c%d", i);
}

static void aggregates(int n, lk_buf *sql) {
	lk_buf_adds(sql, "CREATE VIEW v AS SELECT count(*) AS a0");
	for (int i = 1; i < n; i++)
		lk_buf_addf(sql, ", sum(status + %d) AS a%d", i, i);
	lk_buf_adds(sql, " FROM hits");
}

static const char *name_of(int n) {
	static char name[100];
	memset(name, 'n', (size_t)n);
	name[n] = '\0';
	return name;
}

static void stream_name(int n, lk_buf *sql) { stream_of(name_of(n), "", 1, sql); }
static void view_name(int n, lk_buf *sql) { lk_buf_addf(sql, "CREATE VIEW %s AS SELECT count(*) AS n FROM hits", name_of(n)); }
static void alias(int n, lk_buf *sql) { lk_buf_addf(sql, "CREATE VIEW v AS SELECT count(*) AS %s FROM hits", name_of(n)); }

static void column_name(int n, lk_buf *sql) {
	char *column = lk_asprintf(", %s text", name_of(n));
	stream_of("s", column, 1, sql);
	free(column);
}

static void days_of_window(int n, lk_buf *sql) {
	lk_buf_addf(sql, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '%d days')", n);
}

static void panes_of_hop(int n, lk_buf *sql) {
	lk_buf_addf(sql, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY hop(ts, '1 s', '%d s')", n);
}

static void panes_of_cumulate(int n, lk_buf *sql) {
	lk_buf_addf(sql, "CREATE VIEW v AS SELECT count(*) AS n FROM hits GROUP BY cumulate(ts, '1 s', '%d s')", n);
}

static void condition(const char *begin, const char *again, int n, const char *end, lk_buf *sql) {
	lk_buf_addf(sql, "CREATE VIEW v AS SELECT count(*) AS n FROM hits WHERE %s", begin);
	while (n-- > 0)
		lk_buf_adds(sql, again);
	lk_buf_adds(sql, end);
}

static void depth(int n, lk_buf *sql) { condition("", "NOT ", n - 1, "ok", sql); }
/* The list, the column, the first constant and count(*) are parts, too. */
static void parts(int n, lk_buf *sql) { condition("status IN (0", ",1", n - 4, ")", sql); }

/* CREATE VIEW v AS SELECT count ( * AS n FROM hits WHERE ok: 14 words and operators; commas and `)` do not count. */
static void words(int n, lk_buf *sql) { condition(n % 2 ? "NOT ok" : "ok", " OR ok", (n - 14) / 2, "", sql); }

/* --- derived streams, FROM, functions, patterns --- */

#define DERIVED "CREATE TABLE d WITH (event_time = ts) AS SELECT ts, "

static void calls(int n, lk_buf *sql) {
	lk_buf_adds(sql, DERIVED "ip");
	for (int i = 0; i < n; i++)
		lk_buf_addf(sql, ", sum(bytes + %d) OVER (PARTITION BY ip ORDER BY _off ROWS 3 PRECEDING) AS a%d", i, i);
	lk_buf_adds(sql, " FROM hits");
}

static void rows_of_frame(int n, lk_buf *sql) {
	lk_buf_addf(sql, DERIVED "count(*) OVER (PARTITION BY ip ORDER BY _off ROWS %d PRECEDING) AS a FROM hits", n);
}

static void rows_of_lag(int n, lk_buf *sql) {
	lk_buf_addf(sql, DERIVED "lag(ok, %d) OVER (PARTITION BY ip ORDER BY _off) AS a FROM hits", n);
}

static void items_of_from(int n, lk_buf *sql) {
	lk_buf_adds(sql, "CREATE VIEW v AS SELECT count(*) AS n FROM hits");
	for (int i = 0; i < n; i++)
		lk_buf_addf(sql, ", LATERAL (VALUES (%d)) AS v%d(x%d)", i, i, i);
}

static void arguments(int n, lk_buf *sql) {
	lk_buf_adds(sql, "CREATE VIEW v AS SELECT count(*) AS n FROM hits WHERE length(concat(ip");
	while (--n > 0)
		lk_buf_addf(sql, ", %d", n);
	lk_buf_adds(sql, ")) > 3");
}

static void pattern(const char *begin, int n, const char *again, const char *end, lk_buf *sql) {
	lk_buf_addf(sql, "CREATE VIEW v AS SELECT count(*) AS n FROM hits WHERE path ~ '%s", begin);
	while (n-- > 0)
		lk_buf_adds(sql, again);
	lk_buf_addf(sql, "%s'", end);
}

static void repetitions(int n, lk_buf *sql) {
	char *braces = lk_asprintf("{%d}", n);
	pattern("a", 1, braces, "", sql);
	free(braces);
}

static void definitions_have_limits(void **state) {
	(void)state;
	is_most(bytes_of_file, FILE_BYTES, "larger than 64 KiB");
	is_most(columns, LK_MAX_COLUMNS, "at most 256 columns");
	is_most(partitions, LK_MAX_PARTITIONS, "partitions is not valid");
	is_most(keys, LK_MAX_KEYS, "more than 64 keys");
	is_most(aggregates, LK_MAX_AGGS, "more than 128 items");
	is_most(stream_name, LK_MAX_NAME_BYTES, "at most 55 bytes");
	is_most(view_name, LK_MAX_NAME_BYTES, "at most 55 bytes");
	is_most(column_name, IDENTIFIER_BYTES, "at most 63 bytes");
	is_most(alias, IDENTIFIER_BYTES, "at most 63 bytes");
}

static void expressions_have_limits(void **state) {
	(void)state;
	is_most(depth, LK_MAX_EXPR_DEPTH, "nested more than 400 deep");
	is_most(parts, LK_MAX_EXPR_NODES, "more than 20000 parts");
	is_most(words, TOKENS, "more than 8000 words and operators");
}

static void windows_have_limits(void **state) {
	(void)state;
	assert_int_equal(WINDOW_DAYS * INT64_C(86400000000), LK_MAX_WINDOW_US);
	is_most(days_of_window, WINDOW_DAYS, "longer than 100 years");
	is_most(panes_of_hop, LK_MAX_PANES, "more than 10000 panes");
	is_most(panes_of_cumulate, LK_MAX_PANES, "more than 10000 panes");
}

static void moving_windows_have_limits(void **state) {
	(void)state;
	is_most(calls, LK_MAX_OVERS, "more than 64");
	is_most(rows_of_frame, LK_FRAME_MAX_ROWS, "more than 100,000 rows");
	is_most(rows_of_lag, LK_FRAME_MAX_ROWS, "more than 100,000 rows");
}

static void rows_and_calls_have_limits(void **state) {
	(void)state;
	is_most(items_of_from, LK_MAX_LATERALS, "more than 8 items");
	is_most(arguments, ARGUMENTS, "at most 100 arguments");
	is_most(repetitions, REPETITIONS, "counts beyond 255");
}

static int end(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(definitions_have_limits),
		cmocka_unit_test(expressions_have_limits),
		cmocka_unit_test(windows_have_limits),
		cmocka_unit_test(moving_windows_have_limits),
		cmocka_unit_test(rows_and_calls_have_limits),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}
