/* Options that select rows of an answer, and the cost of an answer: conditions against PostgreSQL's, bounds that are
 * reached at each stage, an end by Ctrl-C, and the message if there are no rows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "serving/reader.h"
#include "tests/support/fixtures.h"

static test_program lk;
static test_world world;

static const char hits[] =
	"CREATE TABLE hits (ts timestamptz, path text, status int, n numeric(9,2), d float8, b boolean)"
	" WITH (event_time = ts, partition_by = path, partitions = 2);";
static const char traffic[] =
	"CREATE VIEW traffic AS SELECT path, status, n, count(*) AS hits, sum(n) AS total, avg(status) AS mean, max(d) AS most, bool_and(b) AS every"
	" FROM hits GROUP BY path, status, n, tumble(ts, '10 seconds');";

static void add_event(lk_buf *out, int64_t second, int i) {
	lk_buf_adds(out, "{\"ts\":\"");
	lk_time_print(INT64_C(1577836800000000) + second * LK_US_PER_S, out);
	lk_buf_addf(out, "\",\"path\":%s%d%s,\"status\":%s,\"n\":%s,\"d\":%s,\"b\":%s}\n", i % 11 ? "\"/" : "null,\"x\":\"", i * i % 7, "\"",
	            i % 5 ? i % 2 ? "200" : "404" : "null", i % 4 ? i % 3 ? "1.25" : "-0.50" : "null", i % 6 ? "0.5" : "null",
	            i % 3 ? "true" : "null");
}

static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++)
		add_event(&lines, i, i);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void declare(const char *view) {
	test_world_empty(&world);
	test_world_declare(&world, hits);
	test_world_declare(&world, view);
}

/* --- conditions --- */

static const struct {
	const char *column;
	enum lk_where_op op;
	const char *text, *sql;
} conditions[] = {
	{"path", LK_WHERE_NE, "/1", "path <> '/1'"},
	{"path", LK_WHERE_LT, "/2", "path COLLATE \"C\" < '/2'"},
	{"path", LK_WHERE_GE, "/2", "path COLLATE \"C\" >= '/2'"},
	{"path", LK_WHERE_NOT_NULL, NULL, "path IS NOT NULL"},
	{"status", LK_WHERE_GT, "200", "status > 200"},
	{"status", LK_WHERE_LE, "200", "status <= 200"},
	{"status", LK_WHERE_NE, "404", "status <> 404"},
	{"status", LK_WHERE_LT, "300.5", "status < 300.5"},
	{"n", LK_WHERE_GT, "-0.5", "n > -0.5"},
	{"n", LK_WHERE_GE, "-0.499", "n >= -0.499"},
	{"n", LK_WHERE_NOT_NULL, NULL, "n IS NOT NULL"},
	{"hits", LK_WHERE_GE, "2", "hits >= 2"},
	{"hits", LK_WHERE_EQ, "1", "hits = 1"},
	{"hits", LK_WHERE_LT, "1.5", "hits < 1.5"},
	{"total", LK_WHERE_GT, "1.3", "total > 1.3"},
	{"total", LK_WHERE_NULL, NULL, "total IS NULL"},
	{"total", LK_WHERE_NE, "1.25", "total <> 1.25"},
	{"mean", LK_WHERE_LE, "200", "mean <= 200"},
	{"most", LK_WHERE_GE, "0.5", "most >= 0.5"},
	{"most", LK_WHERE_NOT_NULL, NULL, "most IS NOT NULL"},
	{"every", LK_WHERE_EQ, "true", "every"},
	{"window_start", LK_WHERE_GE, "2020-01-01T00:01:00Z", "window_start >= '2020-01-01T00:01:00Z'"},
	{"window_end", LK_WHERE_LT, "2020-01-01T00:01:00Z", "window_end < '2020-01-01T00:01:00Z'"},
};

/* I3 */
static void conditions_are_postgresqls(void **state) {
	(void)state;
	enum { N = sizeof conditions / sizeof *conditions };
	declare(traffic);
	append(0, 150);
	for (int round = 0; round < 3; round++) {
		if (round == 0) {
			test_world_speed_once(&world, "traffic");
		} else {
			test_world_batch(&world, "traffic");
			append(round * 150, 30);
			test_world_speed_once(&world, "traffic");
		}
		for (int i = 0; i < N; i++) {
			int k = (i + 7) % N;
			lk_where where[] = {{.column = conditions[i].column, .op = conditions[i].op, .text = conditions[i].text},
			                    {.column = conditions[k].column, .op = conditions[k].op, .text = conditions[k].text}};
			for (int n = 1; n <= 2; n++) {
				lk_query q = test_query("traffic");
				q.where = where;
				q.nwhere = n;
				char sql[200];
				snprintf(sql, sizeof sql, "%s%s%s", conditions[i].sql, n == 2 ? " AND " : "", n == 2 ? conditions[k].sql : "");
				lk_buf difference = LK_BUF_INIT;
				test_world_compare(&world, &q, NULL, sql, &difference);
				if (difference.len)
					fail_msg("round %d, %s: %s", round, sql, difference.data);
			}
		}
	}
}

/* --- bounds --- */

/* `keys` paths in each of two minutes. */
static void declare_many(int keys) {
	lk_buf lines = LK_BUF_INIT;
	declare("CREATE VIEW many AS SELECT path, status, count(*) AS hits FROM hits GROUP BY path, status, tumble(ts, '1 minute');");
	for (int i = 0; i < 2 * keys; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2020-01-01T00:0%d:00Z\",\"path\":\"/%d\",\"status\":200}\n", i / keys, i % keys);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void refused_for(const lk_query *q, int code, const char *says, const char *hints) {
	lk_answer a = {0};
	lk_error err = {0};
	int rc = lk_answer_make(&world.pg, world.store, NULL, q, &a, &err);
	if (rc != code || !strstr(err.text, says) || !strstr(err.hint, hints))
		fail_msg("%d, \"%s\" (\"%s\") instead of %d, \"%s\" (\"%s\")", rc, err.text, err.hint, code, says, hints);
	assert_null(a.rows);
}

static void bounds_are_met_at_each_stage(void **state) {
	(void)state;
	enum { KEYS = 2000, ROWS = 2 * KEYS };
	int stopped = 1;
	declare_many(KEYS);
	test_world_speed_once(&world, "many");
	for (int round = 0; round < 2; round++) {
		lk_query q = test_query("many");
		q.bounds = (lk_bounds){.rows = ROWS - 1};
		refused_for(&q, LK_ETOOBIG, "more than 3999 rows", "less time (--from, --to), one key (--where path=…), or allow more (--max-rows)");
		q.bounds = (lk_bounds){.bytes = 300 << 10};
		refused_for(&q, LK_ETOOBIG, "of memory", "--max-memory");
		q.window_us = 60 * LK_MAX_PANES / 10 * LK_US_PER_S;
		q.slide_us = 60 * LK_US_PER_S;
		q.bounds = (lk_bounds){.rows = 1000000};
		refused_for(&q, LK_ETOOBIG, "would have 2002000 rows; the limit is 1000000", "a larger --slide");
		q.bounds = (lk_bounds){.bytes = 100 << 20};
		refused_for(&q, LK_ETOOBIG, "would take at least", "--max-memory");
		q.last = 1;
		lk_answer a;
		test_world_answer(&world, &q, &a);
		assert_int_equal(a.nrows, KEYS);
		lk_answer_release(&a);
		q = test_query("many");
		q.to = INT64_C(1577836800000000) + 400 * 60 * LK_US_PER_S;
		q.fill = LK_FILL_ZERO;
		q.bounds = (lk_bounds){.bytes = 16 << 20};
		refused_for(&q, LK_ETOOBIG, "more than 16 MiB of memory", "--max-memory");
		q.bounds = (lk_bounds){.stop = &stopped};
		refused_for(&q, LK_EBUSY, "interrupted", "");
		q = test_query("many");
		q.sort = "hits";
		q.bounds = (lk_bounds){.rows = ROWS, .bytes = 64 << 20, .time_us = 3600 * LK_US_PER_S};
		test_world_same(&world, &(lk_query){.view = "many", .from = INT64_MIN, .to = INT64_MAX, .bounds = q.bounds});
		test_world_batch(&world, "many");
	}
	lk_query q = test_query("many");
	q.layer = LK_LAYER_BATCH;
	q.bounds = (lk_bounds){.bytes = 100 << 10};
	refused_for(&q, LK_ETOOBIG, "of memory", "--max-memory");
	q.bounds = (lk_bounds){0};
	test_world_same(&world, &q);
}

/* Cells of other keys are read page by page and discarded, also if the filter names only some of the keys. */
static void what_does_not_pass_is_not_kept(void **state) {
	(void)state;
	enum { KEYS = 5000 };
	declare_many(KEYS);
	test_world_speed_once(&world, "many");
	lk_where one = {.column = "path", .text = "/17"}, below = {.column = "path", .op = LK_WHERE_LT, .text = "/2"};
	const lk_where *where[] = {&one, &below};
	for (int i = 0; i < 2; i++) {
		lk_query q = test_query("many");
		q.where = where[i];
		q.nwhere = 1;
		lk_reader r;
		lk_error err = {0};
		size_t kept = 0;
		assert_int_equal(lk_reader_open(&r, &world.pg, world.store, NULL, &q, &err), LK_OK);
		assert_int_equal(lk_reader_units(&r, &err), LK_OK);
		for (int p = 0; p < r.partitions; p++)
			for (int s = 0; s < r.units[p].state.nsegments; s++)
				kept += r.units[p].cells[s].ncells;
		assert_int_equal(kept, i == 0 ? 2 : 2 * 1112);
		assert_true(r.budget.peak_bytes >= (int64_t)(kept * sizeof(lk_cell)) && r.budget.peak_bytes < (i == 0 ? 100 : 600) << 10);
		lk_reader_close(&r);
	}
}

/* A session that locks the batch's table, so readers of it wait. */
static lk_pg hold_batch(const char *view) {
	lk_pg pg;
	lk_error err = {0};
	lk_buf sql = LK_BUF_INIT;
	test_world_reload(&world);
	assert_int_equal(lk_pg_open(&pg, lk.servers.at.postgres, "holder", &err), LK_OK);
	lk_buf_addf(&sql, "BEGIN; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", test_world_copy(&world, view)->batch_table);
	assert_int_equal(lk_pg_run(&pg, &err, sql.data), LK_OK);
	lk_buf_release(&sql);
	return pg;
}

static void time_is_over_while_postgresql_works(void **state) {
	(void)state;
	declare_many(10);
	test_world_batch(&world, "many");
	lk_pg holder = hold_batch("many");
	lk_query q = test_query("many");
	q.bounds = (lk_bounds){.time_us = LK_US_PER_S / 5};
	refused_for(&q, LK_ETOOBIG, "takes longer than 200 ms", "--timeout");
	lk_pg_close(&holder);
	q.bounds = (lk_bounds){0};
	test_world_same(&world, &q);
}

static int waits_for_batch(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk' AND wait_event_type = 'Lock'") == 1;
}

static int nothing_waits(void *ctx) { return !waits_for_batch(ctx); }

static void ctrl_c_ends_a_query_and_its_statement(void **state) {
	(void)state;
	declare_many(10);
	test_world_batch(&world, "many");
	static const int signals[] = {SIGINT, SIGTERM};
	for (int i = 0; i < 2; i++) {
		lk_pg holder = hold_batch("many");
		int pid = test_lk_start(&lk.servers, NULL, i ? ARGS("explain", "many", "--where", "path=/1") : ARGS("query", "many"));
		assert_true(test_poll(waits_for_batch, NULL, 60000));
		kill(pid, signals[i]);
		assert_int_equal(test_lk_wait(pid, 60000), 128 + signals[i]);
		assert_true(test_poll(nothing_waits, NULL, 60000));
		lk_pg_close(&holder);
	}
}

/* --- the program --- */

static void begin_program(void) {
	test_servers_clear(&lk.servers);
	char *path = test_file(&lk, "d.sql",
		"CREATE TABLE hits (ts timestamptz, path text, bytes int) WITH (event_time = ts, partition_by = path);\n"
		"CREATE VIEW traffic AS SELECT path, count(*) AS hits, sum(bytes) AS bytes FROM hits GROUP BY path, tumble(ts, '1 minute');\n"
		"CREATE VIEW big AS SELECT path, count(*) AS hits FROM hits GROUP BY path HAVING count(*) > 100;\n"
		"CREATE VIEW none AS SELECT path, count(*) AS hits FROM hits WHERE bytes > 1000 GROUP BY path;\n");
	LK(0, "", "", "apply", path);
	free(path);
}

static void fill_program(void) {
	static const char events[] = "ts,path,bytes\n2020-01-01T00:00:01Z,/a,5\n2020-01-01T00:00:02Z,/b,\n2020-01-01T00:00:03Z,/b,\n"
		"2020-01-01T00:01:01Z,/c,7\n2020-01-01T00:01:02Z,/a,1\n2020-01-01T00:01:03Z,/a,1\n2020-01-01T00:01:04Z,/a,1\n2020-01-01T00:03:00Z,/shop,2\n";
	char *path = test_file(&lk, "e.csv", events);
	LK(0, "", "", "ingest", "hits", path);
	LK(0, "", "", "speed", "--once");
	free(path);
}

#define M0 "2020-01-01T00:00:00Z,2020-01-01T00:01:00Z,"
#define M1 "2020-01-01T00:01:00Z,2020-01-01T00:02:00Z,"
#define M3 "2020-01-01T00:03:00Z,2020-01-01T00:04:00Z,"
#define CSV(rows, ...) LK(0, "window_start,window_end,path,hits,bytes\r\n" rows, "", "query", "traffic", "--format", "csv", __VA_ARGS__)

static void rows_are_chosen(void **state) {
	(void)state;
	begin_program();
	fill_program();
	CSV(M1 "/a,3,3\r\n" M0 "/b,2,\r\n" M0 "/a,1,5\r\n", "--sort", "hits desc", "--limit", "3");
	CSV(M1 "/a,3,3\r\n" M1 "/c,1,7\r\n", "--sort", "path", "--where", "window_start > 2020-01-01T00:00:00Z", "--limit", "2");
	CSV(M3 "/shop,1,2\r\n", "--last", "1");
	CSV(M1 "/a,3,3\r\n" M1 "/c,1,7\r\n" M3 "/shop,1,2\r\n", "--last", "2");
	CSV(M3 "/shop,1,2\r\n" M1 "/a,3,3\r\n", "--sort", "bytes", "--last", "2", "--limit", "2");
	CSV(M0 "/b,2,\r\n", "--where", "bytes is null");
	CSV(M1 "/a,3,3\r\n", "--where", "hits > 2");
	CSV(M0 "/b,2,\r\n" M1 "/a,3,3\r\n", "--where", "hits >= 2");
	LK(0, M0 "/b,2,\r\n", "", "query", "traffic", "--format", "csv", "--sort", "bytes");
	assert_non_null(strstr(lk.out, M1 "/c,1,7\r\n" M0 "/b,2,\r\n"));   /* NULL is last … */
	LK(0, M0 "/b,2,\r\n", "", "query", "traffic", "--format", "csv", "--sort", "bytes desc");
	assert_string_equal(strstr(lk.out, M0 "/b"), M0 "/b,2,\r\n");      /* … either way */
	CSV("2020-01-01T00:02:00Z,2020-01-01T00:03:00Z,/a,0,0\r\n", "--where", "path=/a", "--to", "2020-01-01T00:03:00Z", "--fill", "zero", "--where",
	    "hits = 0");
	LK(0, "\"sort\":\"hits\",\"descending\":true,\"limit\":1,\"rows_found\":3", "", "query", "traffic", "--sort", "hits desc", "--limit", "1",
	   "--last", "2", "--where", "bytes>2", "--format", "json");
	LK(0, "chosen:    the last 2 windows, by hits, the largest first, 1 of 3 rows", "", "query", "traffic", "--sort", "hits desc", "--limit", "1", "--last", "2");
	LK(0, "\"hits\":3", "", "query", "traffic", "--sort", "hits desc", "--limit", "1", "--format", "jsonl");
	LK(2, "", "did you mean \"hits\"?", "query", "traffic", "--sort", "hist desc");
	LK(2, "", "did you mean \"hits\"?", "query", "traffic", "--where", "hist > 1");
	LK(2, "", "has no windows", "query", "big", "--last", "1");
	LK(2, "", "not a whole number", "query", "traffic", "--limit", "0");
	LK(0, "= answer", "", "explain", "traffic", "--where", "hits > 2");
}

static void a_query_that_is_too_large(void **state) {
	(void)state;
	begin_program();
	fill_program();
	LK(6, "", "the limit is 10", "query", "traffic", "--window", "10000min", "--slide", "1min", "--max-rows", "10");
	assert_non_null(strstr(lk.err, "a larger --slide"));
	LK(6, "", "more than 3 rows", "query", "traffic", "--max-rows", "3");
	LK(6, "", "of memory", "query", "traffic", "--max-memory", "1kB");
	LK(0, "/shop", "", "query", "traffic", "--max-rows", "0", "--max-memory", "0", "--timeout", "1h");
	LK(0, "/shop", "", "query", "traffic", "--max-rows", "5", "--max-memory", "1MB");
	LK(2, "", "not a size", "query", "traffic", "--max-memory", "12 furlongs");
}

static void an_empty_answer_says_why(void **state) {
	(void)state;
	begin_program();
	LK(0, "", "lk: no rows: stream hits has no event yet (`lk ingest hits`)", "query", "traffic");
	char *path = test_file(&lk, "e.csv", "ts,path,bytes\n2020-01-01T00:00:01Z,/a,5\n");
	LK(0, "", "", "ingest", "hits", path);
	free(path);
	LK(0, "", "nothing of the log's 1 event is folded yet (`lk speed --once`", "query", "traffic");
	LK(0, "", "it has no batch yet (`lk batch traffic`)", "query", "traffic", "--layer", "batch");
	fill_program();
	LK(0, "", "there is no path=/shpo; did you mean path=/shop?", "query", "traffic", "--where", "path=/shpo", "--format", "csv");
	LK(0, "", "there is no path > z", "query", "traffic", "--where", "path > z");
	LK(0, "", "there is no row where path is null", "query", "traffic", "--where", "path is null");
	LK(0, "", "its windows start from 2020-01-01T00:00:00Z to 2020-01-01T00:01:00Z, none of them at or after 2021-01-01T00:00:00Z", "query", "traffic",
	   "--from", "2021-01-01T00:00:00Z", "--where", "path=/a");
	LK(0, "", "--where leaves none of 5 rows", "query", "traffic", "--where", "hits > 99");
	LK(0, "", "HAVING leaves none of 4 rows", "query", "big");
	LK(0, "", "none of 9 events is in a row: they do not pass the view's WHERE", "query", "none");
	LK(0, "", "", "batch");
	LK(0, "", "the speed layer has nothing above the batch", "query", "traffic", "--layer", "speed");
	LK(0, "/shop", "", "query", "traffic", "--where", "path=/shop");
	assert_null(strstr(lk.err, "no rows"));
}

/* --- the pager --- */

/* Runs lk on a terminal of ten lines; lk.out has what the screen shows. */
static int on_terminal(const char *env, const char *args) {
	enum { MOST = 1 << 16 };
	char *command = lk_asprintf("TERM=xterm LC_ALL=C LK_POSTGRES='%s' LK_REDIS='%s' script -qec 'stty rows 10 cols 100; %s %s %s' /dev/null 2>&1 </dev/null",
	                            lk.servers.at.postgres, lk.servers.at.redis, env, getenv("LK_BIN") ? getenv("LK_BIN") : "build/plain/lk", args);
	FILE *f = popen(command, "r");
	assert_non_null(f);
	test_program_release(&lk);
	lk.out = lk_calloc(1, MOST);
	lk.out[fread(lk.out, 1, MOST - 1, f)] = '\0';
	int status = pclose(f);
	free(command);
	return WEXITSTATUS(status);
}

static void long_tables_go_through_a_pager(void **state) {
	(void)state;
	if (!test_has_terminals()) {
		print_message("skipped: no terminal can be opened\n");
		skip();
	}
	begin_program();
	fill_program();
	assert_int_equal(on_terminal("LK_PAGER=\"sed s/^/PAGED:/\"", "query traffic"), 0);
	assert_non_null(strstr(lk.out, "PAGED:2020-01-01T00:03:00Z"));
	assert_non_null(strstr(lk.out, "PAGED:5 rows of traffic"));
	on_terminal("PAGER=\"sed s/^/PAGED:/\"", "query traffic");
	assert_non_null(strstr(lk.out, "PAGED:2020"));
	static const char *const without[][2] = {
		{"PAGER=\"sed s/^/PAGED:/\" LK_PAGER=", "query traffic"}, {"PAGER=\"sed s/^/PAGED:/\"", "query traffic --no-pager"},
		{"PAGER=\"sed s/^/PAGED:/\"", "query traffic --last 1"}, {"PAGER=\"sed s/^/PAGED:/\"", "query traffic --format csv"},
		{"PAGER=\"sed s/^/PAGED:/\"", "query traffic | cat"}, {"PAGER=\"sed s/^/PAGED:/\" LINES=50", "query traffic"}};
	for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
		assert_int_equal(on_terminal(without[i][0], without[i][1]), 0);
		if (strstr(lk.out, "PAGED") || !strstr(lk.out, "2020-01-01T00:03:00Z"))
			fail_msg("%s lk %s: %s", without[i][0], without[i][1], lk.out);
	}
	/* two rows fit; their table folded into parts does not */
	on_terminal("LK_PAGER=\"sed s/^/PAGED:/\"", "query traffic --last 2 --chart hits");
	assert_null(strstr(lk.out, "PAGED"));
	on_terminal("LK_PAGER=\"sed s/^/PAGED:/\" COLUMNS=34", "query traffic --last 2 --chart hits");
	assert_non_null(strstr(lk.out, "PAGED:2020-01-01T00:03:00Z"));
	assert_int_equal(on_terminal("LK_PAGER=true", "query traffic"), 0);   /* it reads nothing, which is no error */
	on_terminal("LK_PAGER=no-such-pager", "query traffic");
	assert_non_null(strstr(lk.out, "cannot run the pager `no-such-pager`"));
	assert_int_equal(on_terminal("LK_PAGER=cat", "query traffic --strict"), 0);
	char *path = test_file(&lk, "late.csv", "ts,path,bytes\n2020-01-01T00:00:01Z,/a,5\n");
	LK(0, "", "", "ingest", "hits", path);
	free(path);
	assert_int_equal(on_terminal("LK_PAGER=\"sed s/^/PAGED:/\"", "query traffic --strict"), 5);
	assert_non_null(strstr(lk.out, "PAGED:2020"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conditions_are_postgresqls),
		cmocka_unit_test(bounds_are_met_at_each_stage),
		cmocka_unit_test(what_does_not_pass_is_not_kept),
		cmocka_unit_test(time_is_over_while_postgresql_works),
		cmocka_unit_test(ctrl_c_ends_a_query_and_its_statement),
		cmocka_unit_test(rows_are_chosen),
		cmocka_unit_test(a_query_that_is_too_large),
		cmocka_unit_test(an_empty_answer_says_why),
		cmocka_unit_test(long_tables_go_through_a_pager),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
