/* Answers while batches are published, segments and tables dropped, and readers switched between the reader's steps;
 * and the forms of a query: layers, filters, windows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/drop.h"
#include "core/time.h"
#include "serving/reader.h"
#include "tests/support/fixtures.h"
#include "tests/support/world.h"
#include "windows/window.h"

static test_servers servers;
static test_world world;

static const char hits[] =
	"CREATE TABLE hits (ts timestamptz, path text, status int, f double precision, b boolean, n numeric(8,2))"
	" WITH (event_time = ts, partition_by = path, partitions = 2);";
static const char traffic[] =
	"CREATE VIEW traffic AS SELECT path, status, count(*) AS hits, sum(n) AS total, min(path) AS least, avg(status) AS mean"
	" FROM hits GROUP BY path, status, tumble(ts, '1 minute');";

/* n events, `step` seconds apart from minute `minute` on, over seven paths. */
static void append(int minute, int n, int step_s) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(INT64_C(1577836800000000) + (int64_t)(minute * 60 + i * step_s) * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"path\":\"/%d\",\"status\":%s,\"n\":%d.25,\"b\":%s}\n", i * i % 7, i % 5 ? i % 2 ? "200" : "404" : "null", i,
		            i % 3 ? "true" : "false");
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void declare(const char *view) {
	test_world_empty(&world);
	test_world_declare(&world, hits);
	test_world_declare(&world, view);
}

static lk_query named(const char *view, enum lk_layer layer) {
	lk_query q = test_query(view);
	q.layer = layer;
	return q;
}

/* The rows of a layer over a prefix, from PostgreSQL. */
static void is_over(const lk_query *q, const char *bound) {
	lk_answer a;
	test_rows want, got;
	lk_error err = {0};
	lk_buf difference = LK_BUF_INIT;
	test_world_answer(&world, q, &a);
	assert_int_equal(test_oracle_rows(&world, a.plan, bound, NULL, &want, &err), LK_OK);
	test_answer_rows(&a, &got);
	test_rows_difference(&want, &got, &difference);
	if (difference.len)
		fail_msg("%s", difference.data);
	test_rows_release(&want);
	test_rows_release(&got);
	lk_answer_release(&a);
}

/* I3 */
static void layers_and_their_sum(void **state) {
	(void)state;
	declare(traffic);
	lk_query q = test_query("traffic");
	is_over(&q, "false");
	append(0, 100, 3);
	test_world_same(&world, &q);
	test_worker t;
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	test_world_same(&world, &q);
	test_world_batch(&world, "traffic");
	append(2, 50, 5);
	test_worker_catch_up(&t);
	test_world_same(&world, &q);

	q.split = true;
	lk_answer a;
	test_world_answer(&world, &q, &a);
	assert_int_equal(lk_frontier_events(&a.cut), 100);
	assert_int_equal(lk_frontier_events(&a.end), 150);
	assert_int_equal(lk_frontier_events(&a.tail), 150);
	assert_true(a.batch_cells > 0 && a.speed_cells > 0);
	bool both = false;
	for (size_t i = 0; i < a.nrows; i++) {
		lk_value whole, batch, speed;
		lk_answer_value(&a, a.rows[i], 2, &whole);
		lk_answer_part_value(&a, &a.batch_part, a.rows[i], 2, &batch);
		lk_answer_part_value(&a, &a.speed_part, a.rows[i], 2, &speed);
		assert_int_equal(whole.i, batch.i + speed.i);
		both |= batch.i && speed.i;
	}
	assert_true(both);
	char bound[200];
	snprintf(bound, sizeof bound, "off >= ('{%lld,%lld}'::bigint[])[part + 1]", (long long)a.cut.part[0].off, (long long)a.cut.part[1].off);
	lk_answer_release(&a);
	q = named("traffic", LK_LAYER_SPEED);
	is_over(&q, bound);
	q = named("traffic", LK_LAYER_BATCH);
	test_world_same(&world, &q);
	lk_error err = {0};
	assert_int_equal(lk_answer_make(&world.pg, NULL, NULL, &q, &a, &err), LK_OK);
	lk_answer_release(&a);
	q.layer = LK_LAYER_MERGED;
	assert_int_equal(lk_answer_make(&world.pg, NULL, NULL, &q, &a, &err), LK_EUNREACHABLE);
	test_worker_close(&t);
}

/* I3, P3 */
static void units_that_are_missing_or_behind(void **state) {
	(void)state;
	declare(traffic);
	lk_query q = test_query("traffic");
	lk_answer a;
	append(0, 60, 1);
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.nrows, 0);
	assert_int_equal(lk_frontier_events(&a.end), 0);
	assert_false(a.part[0].taken);
	lk_answer_release(&a);

	test_world_batch(&world, "traffic");
	test_world_same(&world, &q);
	test_worker t;
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	append(1, 30, 1);
	assert_true(test_worker_step(&t, 0, 3) > 0);
	append(1, 30, 1);
	test_world_batch(&world, "traffic");
	test_world_answer(&world, &q, &a);
	assert_int_equal(lk_frontier_events(&a.end), 120);
	assert_true(lk_frontier_events(&a.cursor) < 120);
	assert_int_equal(a.speed_cells, 0);
	lk_answer_release(&a);
	test_world_same(&world, &q);

	append(1, 10, 1);
	test_worker_catch_up(&t);
	test_redis_empty(&servers);
	test_world_answer(&world, &q, &a);
	assert_int_equal(lk_frontier_events(&a.end), 120);
	lk_answer_release(&a);
	test_world_same(&world, &q);
	test_worker_close(&t);
}

static lk_reader reader;
static lk_query reader_query;

static void begin_reading(void) {
	lk_error err = {0};
	reader_query = test_query("traffic");
	assert_int_equal(lk_reader_open(&reader, &world.pg, world.store, NULL, &reader_query, &err), LK_OK);
}

static void read_redis(void) {
	lk_error err = {0};
	assert_int_equal(lk_reader_units(&reader, &err), LK_OK);
}

/* Step 3 must not request another reading; its answer is exact for the prefix that it names. */
static void finish_exactly(int64_t cut, int64_t end) {
	lk_answer a = {0};
	lk_error err = {0};
	int rc = lk_reader_finish(&reader, &a, &err);
	if (rc)
		fail_msg("%d %s %s", rc, err.text, reader.why.data);
	assert_int_equal(lk_frontier_events(&a.cut), cut);
	assert_int_equal(lk_frontier_events(&a.end), end);
	lk_buf bound = LK_BUF_INIT, difference = LK_BUF_INIT;
	test_answer_bound(&a, &bound);
	test_rows want, got;
	assert_int_equal(test_oracle_rows(&world, a.plan, bound.data, NULL, &want, &err), LK_OK);
	test_answer_rows(&a, &got);
	test_rows_difference(&want, &got, &difference);
	if (difference.len)
		fail_msg("%s", difference.data);
	test_rows_release(&want);
	test_rows_release(&got);
	lk_buf_release(&bound);
	lk_answer_release(&a);
	lk_reader_close(&reader);
}

static void sweep_all(test_worker *t) {
	for (int i = 0; i < t->nunits; i++)
		test_worker_sweep(t, i);
}

/* I9, P3: A batch, a publish and a drop between any two steps never make a reader begin again. */
static void reader_redis_first_never_restarts(void **state) {
	(void)state;
	declare(traffic);
	test_worker t;
	test_worker_open(&t, &world, "traffic");
	append(0, 40, 1);
	test_worker_catch_up(&t);

	begin_reading();
	read_redis();
	test_world_batch(&world, "traffic");
	append(1, 10, 1);
	test_worker_catch_up(&t);
	sweep_all(&t);
	finish_exactly(40, 40);

	begin_reading();
	append(1, 5, 1);
	test_world_batch(&world, "traffic");
	append(2, 7, 1);
	test_worker_catch_up(&t);
	sweep_all(&t);
	read_redis();
	append(2, 3, 1);
	test_world_batch(&world, "traffic");
	test_worker_catch_up(&t);
	sweep_all(&t);
	append(2, 3, 1);
	finish_exactly(65, 65);
	test_worker_close(&t);
}

/* I9, P3 */
static void many_batches_while_reading(void **state) {
	(void)state;
	declare(traffic);
	test_worker t;
	test_worker_open(&t, &world, "traffic");
	for (int i = 0; i < 8; i++) {
		append(i, 20, 1);
		test_worker_catch_up(&t);
		begin_reading();
		if (i % 2) {
			test_world_batch(&world, "traffic");
			sweep_all(&t);
		}
		read_redis();
		if (i % 3) {
			test_world_batch(&world, "traffic");
			append(i, 4, 1);
			test_worker_catch_up(&t);
			sweep_all(&t);
		}
		lk_answer a = {0};
		lk_error err = {0};
		assert_int_equal(lk_reader_finish(&reader, &a, &err), 0);
		lk_answer_release(&a);
		lk_reader_close(&reader);
		lk_query q = test_query("traffic");
		test_world_same(&world, &q);
	}
	test_worker_close(&t);
}

/* I9 */
static void a_switch_between_the_steps(void **state) {
	(void)state;
	declare(traffic);
	append(0, 40, 1);
	test_world_batch(&world, "traffic");
	begin_reading();
	read_redis();
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT status, count(*) AS hits FROM hits GROUP BY status;");
	int64_t copy = test_world_int(&world, "SELECT max(copy_id) FROM lk.copy");
	char sql[100];
	snprintf(sql, sizeof sql, "UPDATE lk.view SET served_copy = %lld", (long long)copy);
	test_world_run(&world, sql);
	lk_answer a = {0};
	lk_error err = {0};
	assert_int_equal(lk_reader_finish(&reader, &a, &err), 1);
	assert_true(reader.moved);
	lk_reader_close(&reader);
	lk_query q = test_query("traffic");
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.version, 2);
	lk_answer_release(&a);
	q.version = 1;
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.version, 1);
	assert_int_equal(lk_frontier_events(&a.end), 40);
	lk_answer_release(&a);
}

/* I9: Another view gets the name of a dropped one: the reader begins again, with the new view. */
static void a_view_is_dropped_between_the_steps(void **state) {
	(void)state;
	for (int again = 0; again < 2; again++) {
		lk_answer a = {0};
		lk_error err = {0};
		declare(traffic);
		append(0, 40, 1);
		test_world_batch(&world, "traffic");
		begin_reading();
		read_redis();
		assert_int_equal(lk_view_drop(&world.pg, lk_catalog_view(world.catalog, "traffic"), &err), 0);
		if (again)
			test_world_declare(&world, traffic);
		assert_int_equal(lk_reader_finish(&reader, &a, &err), 1);
		assert_true(reader.moved);
		lk_reader_close(&reader);
	}
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

static void *finish_in_thread(void *arg) {
	lk_error err = {0};
	int rc = lk_reader_finish(&reader, arg, &err);
	return (void *)(intptr_t)rc;
}

static int waits_for_a_lock(void *ctx) {
	(void)ctx;
	PGconn *c = PQconnectdb(servers.at.postgres);
	PGresult *r = PQexec(c, "SELECT 1 FROM pg_catalog.pg_locks WHERE NOT granted");
	int n = PQntuples(r);
	PQclear(r);
	PQfinish(c);
	return n > 0;
}

static void must_run(PGconn *c, const char *sql) {
	PGresult *r = PQexec(c, sql);
	if (PQresultStatus(r) != PGRES_COMMAND_OK && PQresultStatus(r) != PGRES_TUPLES_OK)
		fail_msg("%s: %s", sql, PQerrorMessage(c));
	PQclear(r);
}

/* P16: The table of the snapshot's pointer is dropped before its rows are read (42P01): only step 3 is repeated. */
static void a_batch_table_is_dropped_under_the_reader(void **state) {
	(void)state;
	declare(traffic);
	append(0, 40, 1);
	test_world_batch(&world, "traffic");
	const char *table = test_world_copy(&world, "traffic")->batch_table;
	char sql[500];
	PGconn *other = PQconnectdb(servers.at.postgres);
	snprintf(sql, sizeof sql, "BEGIN; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE", table);
	must_run(other, sql);
	begin_reading();
	read_redis();
	lk_answer a = {0};
	pthread_t thread;
	void *rc;
	assert_int_equal(pthread_create(&thread, NULL, finish_in_thread, &a), 0);
	assert_true(test_poll(waits_for_a_lock, NULL, 10000));
	snprintf(sql, sizeof sql, "CREATE TABLE lk.moved AS SELECT * FROM %s; UPDATE lk.copy SET batch_table = '\"lk\".\"moved\"'; DROP TABLE %s; COMMIT", table, table);
	must_run(other, sql);
	pthread_join(thread, &rc);
	assert_int_equal((intptr_t)rc, 0);
	assert_int_equal(lk_frontier_events(&a.end), 40);
	assert_true(a.batch_cells > 0);
	lk_answer_release(&a);
	lk_reader_close(&reader);
	PQfinish(other);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

/* I3, P3 */
static void state_that_does_not_fit_is_not_served(void **state) {
	(void)state;
	declare(traffic);
	append(0, 40, 1);
	test_worker t;
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	static const struct { const char *sql, *why; } faults[] = {
		{"UPDATE lk.tail SET next_off = next_off - 1 WHERE next_off > 0", "beyond the log's end"},
		{"UPDATE lk.tail SET next_off = next_off + 1, last_at = last_at + interval '1 second' WHERE next_off > 0", "not the one that the unit folded"},
	};
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		test_world_run(&world, faults[i].sql);
		begin_reading();
		read_redis();
		lk_answer a = {0};
		lk_error err = {0};
		assert_int_equal(lk_reader_finish(&reader, &a, &err), 1);
		if (!strstr(reader.why.data, faults[i].why))
			fail_msg("%s", reader.why.data);
		lk_reader_close(&reader);
	}
	test_worker_close(&t);
}

static void where_is(const char *column, const char *text, const char *condition) {
	lk_where where = {.column = column, .text = text, .op = text ? LK_WHERE_EQ : LK_WHERE_NULL};
	lk_query q = test_query("traffic");
	q.where = &where;
	q.nwhere = 1;
	lk_buf difference = LK_BUF_INIT;
	test_world_compare(&world, &q, NULL, condition, &difference);
	if (difference.len)
		fail_msg("%s %s: %s", column, text ? text : "is null", difference.data);
}

static void filters(void **state) {
	(void)state;
	declare("CREATE VIEW traffic AS SELECT path, f, b, n, ts AS moment, count(*) AS hits FROM hits GROUP BY path, f, b, n, ts, tumble(ts, '10 s');");
	test_world_append_json(&world, "hits",
		"{\"ts\":\"2020-01-01T00:00:01Z\",\"path\":\"it's\",\"f\":0,\"b\":true,\"n\":1.50}\n"
		"{\"ts\":\"2020-01-01T00:00:02Z\",\"path\":\"it's\",\"f\":-0.0,\"b\":false,\"n\":-1.50}\n"
		"{\"ts\":\"2020-01-01T00:00:12Z\",\"path\":\"\",\"f\":0.1,\"b\":null}\n"
		"{\"ts\":\"1969-12-31T23:59:59.5Z\",\"path\":\"b\\\\c\",\"f\":1e300,\"n\":0}\n"
		"{\"ts\":\"2020-01-01T00:00:12.25Z\"}\n");
	test_worker t;
	test_worker_open(&t, &world, "traffic");
	for (int round = 0; round < 3; round++) {
		where_is("path", "it's", "path = 'it''s'");
		where_is("path", "", "path = ''");
		where_is("path", "b\\c", "path = 'b\\c'");
		where_is("path", NULL, "path IS NULL");
		where_is("f", "0", "f = 0");
		where_is("f", "0.1", "f = 0.1");
		where_is("f", "1e300", "f = 1e300");
		where_is("b", "true", "b");
		where_is("b", NULL, "b IS NULL");
		where_is("n", "1.5", "n = 1.5");
		where_is("n", "-1.50", "n = -1.5");
		where_is("n", "1.504", "n = 1.504");
		where_is("moment", "2020-01-01T00:00:12.25Z", "moment = '2020-01-01T00:00:12.25Z'");
		where_is("moment", "1969-12-31T23:59:59.5Z", "moment = '1969-12-31T23:59:59.5Z'");
		if (round == 0)
			test_worker_catch_up(&t);
		else
			test_world_batch(&world, "traffic");
	}
	test_worker_close(&t);
}

static void all_keys_and_times(void **state) {
	(void)state;
	declare(traffic);
	append(-3, 200, 2);
	test_worker t;
	test_worker_open(&t, &world, "traffic");
	lk_where where[] = {{.column = "status", .text = "200"}, {.column = "path", .text = "/1"}, {.column = "path", .text = "/2"}};
	lk_query q = test_query("traffic");
	for (int round = 0; round < 4; round++) {
		lk_buf difference = LK_BUF_INIT;
		q.where = where;
		q.nwhere = 2;
		test_world_compare(&world, &q, NULL, "path = '/1' AND status = 200", &difference);
		q.from = INT64_C(1577836800000000) - 61 * LK_US_PER_S;
		q.to = INT64_C(1577836800000000) + 60 * LK_US_PER_S;
		test_world_compare(&world, &q, NULL, "path = '/1' AND status = 200 AND window_start >= '2019-12-31T23:58:59Z'"
		                   " AND window_start < '2020-01-01T00:01:00Z'", &difference);
		q.nwhere = 0;
		test_world_compare(&world, &q, NULL, "window_start >= '2019-12-31T23:58:59Z' AND window_start < '2020-01-01T00:01:00Z'", &difference);
		q.nwhere = 3;
		test_world_compare(&world, &q, NULL, "false", &difference);
		q.nwhere = 0;
		q.to = q.from;
		test_world_compare(&world, &q, NULL, "false", &difference);
		q.from = INT64_MIN;
		q.to = INT64_MAX;
		if (difference.len)
			fail_msg("%s", difference.data);
		if (round == 1)
			test_world_batch(&world, "traffic");
		if (round == 2)
			append(0, 50, 7);
		test_worker_catch_up(&t);
	}
	test_worker_close(&t);
}

static void refused(const char *column, const char *text, int64_t window_us, int64_t from, const char *message, const char *hint) {
	lk_where where = {.column = column, .text = text};
	lk_query q = test_query("traffic");
	q.where = &where;
	q.nwhere = column != NULL;
	q.window_us = window_us;
	q.from = from;
	lk_answer a;
	lk_error err = {0};
	assert_int_equal(lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err), LK_EUSAGE);
	if (!strstr(err.text, message) || !strstr(err.hint, hint))
		fail_msg("\"%s\" (\"%s\") is not \"%s\" (\"%s\")", err.text, err.hint, message, hint);
}

static void what_a_query_may_not_name(void **state) {
	(void)state;
	declare(traffic);
	refused("pth", "/", 0, INT64_MIN, "--where pth: view traffic has no column of that name", "did you mean \"path\"?");
	refused("nothing_like_it", "/", 0, INT64_MIN, "no column of that name", "one of window_start, window_end, path, status");
	refused("hits", "many", 0, INT64_MIN, "\"many\" is not a value of hits (bigint)", "");
	refused("window_start", "1", 0, INT64_MIN, "\"1\" is not a value of window_start", "");
	refused("status", "abc", 0, INT64_MIN, "\"abc\" is not a value of status (integer)", "");
	refused(NULL, NULL, 90 * LK_US_PER_S, INT64_MIN, "windows of 90 s cannot be built", "multiples of 1 min");
	test_world_declare(&world, "CREATE VIEW flat AS SELECT path, count(*) AS hits FROM hits GROUP BY path;");
	lk_query q = test_query("flat");
	lk_answer a;
	lk_error err = {0};
	q.window_us = LK_US_PER_S;
	assert_int_equal(lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "has no windows: --window"));
	lk_error_clear(&err);
	q.window_us = 0;
	q.to = 0;
	assert_int_equal(lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "has no windows: --from"));
	lk_error_clear(&err);
	q = test_query("trafic");
	assert_int_equal(lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "traffic"));
}

/* SELECT count(*) has one row, also over no events. */
static void a_view_without_keys_has_one_row(void **state) {
	(void)state;
	declare("CREATE VIEW traffic AS SELECT count(*) AS hits, sum(status) AS total, max(path) AS last, avg(n) AS mean FROM hits WHERE status > 100;");
	for (int round = 0; round < 4; round++) {
		for (enum lk_layer layer = LK_LAYER_MERGED; layer <= LK_LAYER_BATCH; layer++) {
			lk_query q = named("traffic", layer);
			lk_answer a;
			test_world_answer(&world, &q, &a);
			assert_int_equal(a.nrows, 1);
			lk_answer_release(&a);
			test_world_same(&world, &q);
		}
		if (round == 0)
			test_world_batch(&world, "traffic");
		if (round == 1)
			append(0, 10, 1);
		if (round == 2)
			test_world_speed_once(&world, "traffic");
	}
}

/* I3, P10 */
static void late_events_are_counted_and_healed(void **state) {
	(void)state;
	declare("CREATE VIEW traffic WITH (allowed_lateness = '0 s') AS SELECT count(*) AS hits FROM hits GROUP BY tumble(ts, '1 minute');");
	test_world_declare(&world, "CREATE VIEW other AS SELECT count(*) AS hits FROM hits GROUP BY tumble(ts, '1 minute');");
	static const char line[] = "{\"ts\":\"2020-01-01T00:%02d:00Z\",\"path\":\"x\"}\n";
	static const int minutes[] = {0, 1, 5, 0, 1, 5, 4, 6};   /* 0, 1 and 4 come late */
	lk_buf lines = LK_BUF_INIT;
	for (size_t i = 0; i < sizeof minutes / sizeof *minutes; i++)
		lk_buf_addf(&lines, line, minutes[i]);
	test_world_append_json(&world, "hits", lines.data);
	test_worker t;
	test_worker_open(&t, &world, "traffic");
	test_worker_catch_up(&t);
	lk_query q = test_query("traffic");
	lk_answer a;
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.late, 3);
	assert_int_equal(a.healed, 0);
	lk_answer_release(&a);
	test_world_same(&world, &q);
	test_world_batch(&world, "traffic");
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.late, 0);
	assert_int_equal(a.healed, 3);
	lk_answer_release(&a);
	test_world_same(&world, &q);
	test_worker_close(&t);
	lk_buf_release(&lines);
}

/* P11 */
static void what_is_final(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, path text) WITH (event_time = ts, partition_by = path, watermark = '5 s');"
	                   "CREATE VIEW traffic WITH (allowed_lateness = '10 s') AS SELECT count(*) AS hits FROM hits GROUP BY tumble(ts, '1 minute');");
	lk_query q = test_query("traffic");
	lk_answer a;
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.watermark, LK_NEVER);
	assert_int_equal(a.final_to, LK_NEVER);
	lk_answer_release(&a);
	test_world_append_json(&world, "hits", "{\"ts\":\"2020-01-01T00:05:00Z\",\"path\":\"x\"}\n{\"ts\":\"2020-01-01T00:04:00Z\",\"path\":\"x\"}\n");
	for (int round = 0; round < 3; round++) {
		if (round == 1)
			test_world_batch(&world, "traffic");
		if (round == 2)
			test_redis_empty(&servers);
		else
			test_world_speed_once(&world, "traffic");
		test_world_answer(&world, &q, &a);
		assert_int_equal(a.watermark, INT64_C(1577837095000000));
		assert_int_equal(a.final_to, INT64_C(1577837085000000));
		lk_answer_release(&a);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_and_their_sum),
		cmocka_unit_test(units_that_are_missing_or_behind),
		cmocka_unit_test(reader_redis_first_never_restarts),
		cmocka_unit_test(many_batches_while_reading),
		cmocka_unit_test(a_switch_between_the_steps),
		cmocka_unit_test(a_view_is_dropped_between_the_steps),
		cmocka_unit_test(a_batch_table_is_dropped_under_the_reader),
		cmocka_unit_test(state_that_does_not_fit_is_not_served),
		cmocka_unit_test(filters),
		cmocka_unit_test(all_keys_and_times),
		cmocka_unit_test(what_a_query_may_not_name),
		cmocka_unit_test(a_view_without_keys_has_one_row),
		cmocka_unit_test(late_events_are_counted_and_healed),
		cmocka_unit_test(what_is_final),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
