/* What a view makes of its rows after the last merge, as users see it: arithmetic with aggregates, the first rows of each
 * window; and the same view written with subqueries. tests/server_language.c and server_oracle.c compare such views
 * with PostgreSQL. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixtures.h"

static test_program lk;

static const char stream[] = "CREATE TABLE hits (ts timestamptz, path text, bytes int) WITH (event_time = ts, partition_by = path);\n";

static void apply(const char *text) {
	char *both = lk_asprintf("%s%s", stream, text), *path = test_file(&lk, "d.sql", both);
	LK(0, "", "", "apply", path);
	free(path);
	free(both);
}

static void ingest(const char *events) {
	char *text = lk_asprintf("ts,path,bytes\n%s", events), *path = test_file(&lk, "e.csv", text);
	LK(0, "", "", "ingest", "hits", path);
	free(path);
	free(text);
}

/* The second minute is partly in the batch, partly in the speed layer. */
static void fill(void) {
	ingest("2020-01-01T00:00:01Z,/a,5\n2020-01-01T00:00:02Z,/b,\n2020-01-01T00:00:03Z,/b,\n2020-01-01T00:01:01Z,/c,7\n"
	       "2020-01-01T00:01:02Z,/a,1\n");
	LK(0, "", "", "batch");
	ingest("2020-01-01T00:01:03Z,/a,1\n2020-01-01T00:01:04Z,/a,1\n2020-01-01T00:03:00Z,/shop,2\n");
	LK(0, "", "", "speed", "--once");
}

static void begin(const char *views) {
	test_servers_clear(&lk.servers);
	apply(views);
	fill();
}

#define M0 "2020-01-01T00:00:00Z,2020-01-01T00:01:00Z,"
#define M1 "2020-01-01T00:01:00Z,2020-01-01T00:02:00Z,"
#define M2 "2020-01-01T00:02:00Z,2020-01-01T00:03:00Z,"
#define M3 "2020-01-01T00:03:00Z,2020-01-01T00:04:00Z,"

/* All of the answer's rows, as CSV without its first line. */
#define ROWS(view, rows, ...) \
	do { \
		LK(0, "", "", "query", view, "--format", "csv", __VA_ARGS__); \
		assert_string_equal(strstr(lk.out, "\r\n") + 2, rows); \
	} while (0)

/* --- arithmetic --- */

static const char rates[] =
	"CREATE VIEW rates AS SELECT path, sum(bytes) / count(*) AS mean, 1.0 * sum(bytes) / count(bytes) AS exact, 12 / (count(*) - 1) AS odd,\n"
	"  CASE WHEN count(*) > 1 THEN 'many' ELSE 'one' END AS load FROM hits GROUP BY path, tumble(ts, '1 minute');\n";

/* I3 */
static void expressions_are_evaluated_after_the_merge(void **state) {
	(void)state;
	begin(rates);
	ROWS("rates",
	     M0 "/a,5,5.0000000000000000,,one\r\n" M0 "/b,,,12,many\r\n" M1 "/a,1,1.00000000000000000000,6,many\r\n"
	     M1 "/c,7,7.0000000000000000,,one\r\n" M3 "/shop,2,2.0000000000000000,,one\r\n", "--layer", "merged");
	ROWS("rates", M0 "/a,5,5.0000000000000000,,one\r\n" M0 "/b,,,12,many\r\n" M1 "/a,1,1.00000000000000000000,,one\r\n" M1 "/c,7,7.0000000000000000,,one\r\n",
	     "--layer", "batch");
	ROWS("rates", M1 "/a,1,1.00000000000000000000,12,many\r\n", "--layer", "speed", "--where", "path=/a");
	ROWS("rates", "2020-01-01T00:00:00Z,2020-01-01T00:04:00Z,/a,2,2.0000000000000000,4,many\r\n", "--window", "4 min", "--where", "path=/a");
	ROWS("rates", M1 "/a,1,1.00000000000000000000,6,many\r\n" M3 "/shop,2,2.0000000000000000,,one\r\n", "--where", "exact < 2.5", "--where", "mean is not null");
	ROWS("rates", M0 "/b,,,12,many\r\n" M1 "/a,1,1.00000000000000000000,6,many\r\n" M0 "/a,5,5.0000000000000000,,one\r\n", "--sort", "load", "--limit", "3");
	ROWS("rates", M1 "/c,7,7.0000000000000000,,one\r\n", "--sort", "exact desc", "--limit", "1");
	LK(0, "█", "", "query", "rates", "--chart", "exact");
	LK(0, "after the merge: odd = 12 / (count(*) - 1) as bigint", "", "explain", "rates");
	LK(0, "after the merge: exact = ", "", "explain", "rates");
}

/* I3 */
static void what_postgresql_would_refuse_is_named(void **state) {
	(void)state;
	begin(rates);
	LK(0, "NULL:      odd in 3 rows: division by zero\n", "", "query", "rates");
	LK(0, "\"marked\":{\"odd\":{\"rows\":3,\"reason\":\"division by zero\"}}", "", "query", "rates", "--format", "json");
	LK(0, "", "NULL:      odd in 1 row: division by zero\n", "query", "rates", "--last", "1", "--format", "csv");
	LK(0, "", "", "query", "rates", "--where", "path=/b");
	assert_null(strstr(lk.out, "NULL:"));
	test_ask_is(&lk, "SELECT count(*) FROM lk.rejected", "0");   /* no event is at fault */
	LK(0, "agree on 5 rows", "", "compare", "rates");
	assert_non_null(strstr(lk.out, "division by zero"));
	apply("CREATE VIEW few AS SELECT path, count(*) AS n FROM hits GROUP BY path HAVING 12 / (count(*) - 1) < 10;\n");
	LK(0, "", "", "speed", "--once");
	ROWS("few", "/a,4\r\n", "--layer", "merged");
	LK(0, "\"marked\":{\"HAVING\":{\"rows\":2,\"reason\":\"division by zero\"}}", "", "query", "few", "--format", "json");
	LK(0, "left out:  HAVING is not true in 2 rows: division by zero\n", "", "query", "few");
}

/* I3 */
static void filled_rows_are_computed_too(void **state) {
	(void)state;
	begin("CREATE VIEW filled AS SELECT path, COALESCE(sum(bytes), -1) AS total, 10 / (count(*) - 1) AS odd, 7 AS seven"
	      " FROM hits GROUP BY path, tumble(ts, '1 minute');\n");
	ROWS("filled", M0 "/a,5,,7\r\n" M1 "/a,3,5,7\r\n" M2 "/a,,,7\r\n", "--fill", "null", "--where", "path=/a", "--to", "2020-01-01T00:03:00Z");
	ROWS("filled", M2 "/a,0,-10,7\r\n", "--fill", "zero", "--where", "path=/a", "--where", "total = 0", "--to", "2020-01-01T00:03:00Z");
	ROWS("filled", M2 "/a,3,5,7\r\n", "--fill", "previous", "--where", "path=/a", "--to", "2020-01-01T00:03:00Z", "--last", "1");
}

/* --- ORDER BY and LIMIT --- */

static const char top[] =
	"CREATE VIEW top AS SELECT path, count(*) AS n, sum(bytes) AS bytes FROM hits GROUP BY path, tumble(ts, '1 minute') ORDER BY n DESC, 3 LIMIT 1;\n"
	"CREATE VIEW longest AS SELECT path, max(bytes) AS most FROM hits GROUP BY path, tumble(ts, '1 minute') ORDER BY most DESC LIMIT 2;\n"
	"CREATE VIEW all_time AS SELECT path, count(*) AS n FROM hits GROUP BY path ORDER BY sum(bytes) DESC NULLS LAST LIMIT 3;\n"
	"CREATE VIEW ordered AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 minute') ORDER BY n DESC;\n";

/* I3 */
static void the_first_rows_of_each_window(void **state) {
	(void)state;
	begin(top);
	ROWS("top", M0 "/b,2,\r\n" M1 "/a,3,3\r\n" M3 "/shop,1,2\r\n", "--layer", "merged");
	ROWS("longest", M0 "/b,\r\n" M0 "/a,5\r\n" M1 "/c,7\r\n" M1 "/a,1\r\n" M3 "/shop,2\r\n", "--layer", "merged");   /* NULL comes first */
	ROWS("all_time", "/a,4\r\n/c,1\r\n/shop,1\r\n", "--layer", "merged");
	ROWS("ordered", M0 "/b,2\r\n" M0 "/a,1\r\n" M1 "/a,3\r\n" M1 "/c,1\r\n" M3 "/shop,1\r\n", "--layer", "merged");
	ROWS("top", "2020-01-01T00:00:00Z,2020-01-01T00:04:00Z,/a,4,8\r\n", "--window", "4 min");
	ROWS("top", M1 "/a,3,3\r\n", "--from", "2020-01-01T00:01:00Z", "--to", "2020-01-01T00:02:00Z");
	LK(0, "order, after the merge: count(*) descending, sum(bytes)\n", "", "explain", "top");
	LK(0, "limit, after the merge: the first 1 row of each window", "", "explain", "top");
	for (size_t i = 0; i < 4; i++)
		LK(0, "agree on ", "", "compare", ((const char *const[]){"top", "longest", "all_time", "ordered"})[i]);
}

/* I3 */
static void a_query_selects_from_what_limit_leaves(void **state) {
	(void)state;
	begin(top);
	ROWS("top", M1 "/a,3,3\r\n", "--where", "path=/a");
	ROWS("top", "", "--where", "path=/c");
	assert_non_null(strstr(lk.err, "--where leaves none of 3 rows that the view's LIMIT leaves"));
	ROWS("top", M3 "/shop,1,2\r\n", "--last", "1");
	ROWS("top", M1 "/a,3,3\r\n" M0 "/b,2,\r\n", "--sort", "path", "--limit", "2");
	ROWS("top", M0 "/b,2,\r\n", "--where", "bytes is null");
	ROWS("top", M0 "/a,1,5\r\n" M0 "/b,2,\r\n" M1 "/a,1,1\r\n" M1 "/c,1,7\r\n", "--layer", "batch");
	assert_non_null(strstr(lk.err, "LIMIT is not applied to a single layer"));
	LK(0, "\"limit_applied\":true", "", "query", "top", "--format", "json");
	LK(0, "\"limit_applied\":false", "", "query", "top", "--format", "json", "--layer", "speed");
	ROWS("longest", M1 "/c,7\r\n" M1 "/a,1\r\n" M2 "/a,\r\n" M2 "/c,\r\n", "--fill", "zero", "--from", "2020-01-01T00:01:00Z",
	     "--to", "2020-01-01T00:03:00Z");
}

static void approximate_values_may_decide(void **state) {
	(void)state;
	begin("CREATE VIEW often AS SELECT path, approx_count_distinct(bytes) AS n, approx_count_distinct(bytes) * 2 AS twice FROM hits GROUP BY path"
	      " ORDER BY n DESC LIMIT 1;\n");
	LK(0, "/a,2,4\r\n", "", "query", "often", "--format", "csv");
	LK(0, "approximate: twice, computed from an approximation", "", "query", "often");
	LK(0, "agree on 4 rows", "", "compare", "often");
}

/* --- subqueries --- */

static void apply_says(const char *view, const char *what) {
	char *both = lk_asprintf("%s%s", stream, view), *path = test_file(&lk, "d.sql", both);
	LK(0, "", what, "apply", path);
	free(path);
	free(both);
}

static void subqueries_make_the_same_view(void **state) {
	(void)state;
	begin("CREATE VIEW v AS WITH few AS (SELECT ts AS at, path, bytes * 2 AS twice FROM hits WHERE bytes > 1), large AS (SELECT * FROM few WHERE twice < 20)\n"
	      "  SELECT path, sum(twice) AS n FROM large GROUP BY path, tumble(at, '1 minute');\n");
	ROWS("v", M0 "/a,10\r\n" M1 "/c,14\r\n" M3 "/shop,4\r\n", "--layer", "merged");
	LK(0, "agree on 3 rows", "", "compare", "v");
	LK(0, "WITH few AS", "", "explain", "v");   /* the text stays the user's */
	apply_says("CREATE VIEW v AS SELECT path, sum(bytes * 2) AS n FROM hits WHERE bytes > 1 AND bytes * 2 < 20 GROUP BY path, tumble(ts, '1 minute');\n",
	           "view v: unchanged");
	apply_says("CREATE VIEW v AS SELECT path, sum(t) AS n FROM (SELECT path, bytes * 2 AS t, ts FROM hits WHERE bytes > 1) AS x WHERE t < 21"
	           " GROUP BY path, tumble(ts, '1 minute');\n", "view v: version 2");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(expressions_are_evaluated_after_the_merge),
		cmocka_unit_test(what_postgresql_would_refuse_is_named),
		cmocka_unit_test(filled_rows_are_computed_too),
		cmocka_unit_test(the_first_rows_of_each_window),
		cmocka_unit_test(a_query_selects_from_what_limit_leaves),
		cmocka_unit_test(approximate_values_may_decide),
		cmocka_unit_test(subqueries_make_the_same_view),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
