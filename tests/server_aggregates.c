/* Aggregates on the servers: the size of sketches; sets are stored in parts; a set beyond its limit has no answer;
 * HAVING is applied to the merged rows; the place of an event in the log is the same for every owner and every
 * batch. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aggregates/bag.h"
#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/world.h"
#include "view_store/redis.h"

static test_servers servers;
static test_world world;

static const char stream_text[] = "CREATE TABLE s (ts timestamptz, k bigint, v bigint, t text) WITH (event_time = ts, partition_by = k, partitions = 2);\n";
static const int64_t base_us = INT64_C(1577836800000000);

static void declare(const char *views) {
	test_world_empty(&world);
	char *text = lk_asprintf("%s%s", stream_text, views);
	test_world_declare(&world, text);
	free(text);
}

/* n events with keys key(i) and values value(i), a millisecond apart, in pieces. */
static void append(int64_t n, int64_t (*key)(int64_t), int64_t (*value)(int64_t)) {
	enum { PIECE = 10000 };
	lk_value *rows = lk_calloc(PIECE * 4, sizeof *rows);
	for (int64_t done = 0; done < n;) {
		int count = 0;
		for (; count < PIECE && done < n; count++, done++) {
			rows[count * 4] = lk_int(base_us + done * 1000);
			rows[count * 4 + 1] = lk_int(key(done));
			rows[count * 4 + 2] = lk_int(value(done));
			rows[count * 4 + 3] = lk_text("x", 1);
		}
		test_world_append(&world, "s", rows, count);
	}
	free(rows);
}

static int64_t one_key(int64_t i) { return (void)i, 1; }
static int64_t itself(int64_t i) { return i; }
static int64_t of_groups(int64_t i) { return i % 100000; }
static int64_t of_three(int64_t i) { return i % 3; }

static int64_t redis_info(const char *section, const char *field) {
	lk_redis r;
	lk_error err = {0};
	redisReply *reply;
	assert_int_equal(lk_redis_start(&r, servers.at.redis, &err), LK_OK);
	assert_int_equal(lk_redis_ready(&r, &err), LK_OK);
	lk_redis_begin(&r, 2);
	lk_redis_args(&r, "INFO");
	lk_redis_args(&r, section);
	assert_int_equal(lk_redis_call(&r, &reply, &err), LK_OK);
	const char *at = strstr(reply->str, field);
	assert_non_null(at);
	int64_t n = atoll(at + strlen(field) + 1);
	freeReplyObject(reply);
	lk_redis_close(&r);
	return n;
}

/* The integer of an answer's only row. */
static int64_t only_value(const char *view, enum lk_layer layer) {
	lk_query q = test_query(view);
	lk_answer a;
	lk_value v;
	q.layer = layer;
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.nrows, 1);
	lk_answer_value(&a, a.rows[0], 0, &v);
	assert_int_equal(v.state, LK_VALUE);
	lk_answer_release(&a);
	return v.i;
}

/* 100,000 groups of a few values each must fit in 256 MB: 2,684 bytes per group. */
static void sketches_of_many_groups_fit_in_redis(void **state) {
	(void)state;
	enum { GROUPS = 100000, EVENTS = 400000, MOST = 256000000 };
	declare("CREATE VIEW v AS SELECT k, approx_count_distinct(v) AS n FROM s GROUP BY k;");
	int64_t before = redis_info("memory", "used_memory");
	append(EVENTS, of_groups, itself);
	test_world_speed_once(&world, "v");
	int64_t used = redis_info("memory", "used_memory") - before;
	print_message("%d sketches: %.1f MB of Redis\n", GROUPS, (double)used / 1e6);
	assert_true(used < MOST / 2);
	lk_query q = test_query("v");
	lk_answer a;
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.nrows, GROUPS);
	int64_t all = 0;
	for (size_t i = 0; i < a.nrows; i++) {
		lk_value v;
		lk_answer_value(&a, a.rows[i], 1, &v);
		assert_in_range(v.i, EVENTS / GROUPS - 1, EVENTS / GROUPS);   /* two of a few values may share a register */
		all += v.i;
	}
	assert_true(all > EVENTS - EVENTS / 100);
	lk_answer_release(&a);
}

/* R18: the bytes written to Redis grow linearly with the values that are added, not with their square. */
static void sets_are_stored_by_what_is_added(void **state) {
	(void)state;
	enum { VALUES = 200000, COMMITS = 400, BYTES_A_VALUE = 9, MOST_WRITTEN = 12 };
	declare("CREATE VIEW v AS SELECT count(DISTINCT v) AS n FROM s;");
	append(VALUES, one_key, itself);
	test_worker t;
	test_worker_open(&t, &world, "v");
	t.path.limits.commit_events = VALUES / COMMITS;
	int64_t before = redis_info("stats", "total_net_input_bytes");
	test_worker_catch_up(&t);
	int64_t written = redis_info("stats", "total_net_input_bytes") - before;
	print_message("%d values in %d commits: %.1f MB written, %lld commits\n", VALUES, COMMITS, (double)written / 1e6, (long long)t.path.done.commits);
	assert_true(t.path.done.commits >= COMMITS);
	assert_true(written < (int64_t)VALUES * BYTES_A_VALUE * MOST_WRITTEN);
	assert_int_equal(only_value("v", LK_LAYER_MERGED), VALUES);
	test_world_batch(&world, "v");
	assert_int_equal(only_value("v", LK_LAYER_BATCH), VALUES);
	append(1000, one_key, of_three);
	test_worker_catch_up(&t);
	assert_int_equal(only_value("v", LK_LAYER_MERGED), VALUES);
	assert_int_equal(only_value("v", LK_LAYER_SPEED), 3);
	test_worker_close(&t);
}

static int answer_rows(const lk_query *q, size_t *rows, lk_error *err) {
	lk_answer a;
	int rc = lk_answer_make(&world.pg, world.store, NULL, q, &a, err);
	*rows = rc == LK_OK ? a.nrows : 0;
	if (rc == LK_OK)
		lk_answer_release(&a);
	return rc;
}

static void refuses(const char *view, enum lk_layer layer) {
	lk_query q = test_query(view);
	lk_error err = {0};
	size_t rows;
	q.layer = layer;
	assert_int_equal(answer_rows(&q, &rows, &err), LK_EPARTIAL);
	if (!strstr(err.text, "count of k = 1 is not known") || !strstr(err.text, "1,000,000 distinct values") || !err.hint[0])
		fail_msg("%s (%s)", err.text, err.hint);
}

static int64_t mostly_one(int64_t i) { return i < LK_BAG_MAX_ITEMS + 1 ? 1 : 2; }

/* R18: a set beyond the limit has no answer; other rows have one. */
static void a_set_beyond_its_limit_has_no_answer(void **state) {
	(void)state;
	if (test_less() > 1) {
		print_message("skipped: a million values of one group, in a run with less of everything\n");
		skip();
	}
	declare("CREATE VIEW v AS SELECT k, count(DISTINCT v) AS n FROM s GROUP BY k;"
	        "CREATE VIEW h AS SELECT k, count(*) AS n FROM s GROUP BY k HAVING count(DISTINCT v) > 3;");
	append(LK_BAG_MAX_ITEMS + 20, mostly_one, itself);
	test_world_speed_once(&world, "v");
	test_world_speed_once(&world, "h");
	refuses("v", LK_LAYER_MERGED);
	refuses("h", LK_LAYER_MERGED);
	lk_where two = {.column = "k", .text = "2"};
	lk_query q = test_query("v");
	lk_error err = {0};
	size_t rows;
	q.where = &two;
	q.nwhere = 1;
	assert_int_equal(answer_rows(&q, &rows, &err), LK_OK);
	assert_int_equal(rows, 1);
	test_world_batch(&world, "v");
	refuses("v", LK_LAYER_BATCH);
	assert_int_equal(answer_rows(&q, &rows, &err), LK_OK);
	assert_int_equal(rows, 1);
}

static size_t rows_of(const char *view, enum lk_layer layer) {
	lk_query q = test_query(view);
	lk_error err = {0};
	size_t rows;
	q.layer = layer;
	if (answer_rows(&q, &rows, &err) != LK_OK)
		fail_msg("%s", err.text);
	return rows;
}

/* R29: HAVING is not applied to one layer, since half of the events decides nothing. */
static void having_is_for_the_sum_of_both_layers(void **state) {
	(void)state;
	declare("CREATE VIEW v AS SELECT k, count(*) AS n FROM s GROUP BY k HAVING count(*) > 150 AND k <> 2;");
	append(300, of_three, itself);
	test_world_batch(&world, "v");
	assert_int_equal(rows_of("v", LK_LAYER_MERGED), 0);
	append(300, of_three, itself);
	test_world_speed_once(&world, "v");
	assert_int_equal(rows_of("v", LK_LAYER_MERGED), 2);
	assert_int_equal(rows_of("v", LK_LAYER_BATCH), 3);
	assert_int_equal(rows_of("v", LK_LAYER_SPEED), 3);
}

/* R17: among events of one instant the partition and the offset decide, whoever folded them. */
static void first_and_last_follow_the_place_in_the_log(void **state) {
	(void)state;
	for (int round = 0; round < 6; round++) {
		declare("CREATE VIEW v AS SELECT first(v) AS f, last(v) AS l, first(t) FILTER (WHERE v > 3) AS g FROM s;");
		test_worker t;
		test_worker_open(&t, &world, "v");
		lk_value rows[40][4];
		for (int i = 0; i < 40; i++) {
			rows[i][0] = lk_int(base_us);
			/* most events are in one partition or the other */
			rows[i][1] = lk_int(i % 5 ? round : round + 1000 + i % 2);
			rows[i][2] = lk_int(i);
			rows[i][3] = lk_text(i % 2 ? "odd" : "even", i % 2 ? 3 : 4);
		}
		lk_query q = test_query("v");
		for (int i = 0; i < 40; i += 10) {
			test_world_append(&world, "s", rows[i], 10);
			test_worker_step(&t, 1, 4);
			test_world_same(&world, &q);
			test_worker_catch_up(&t);
			test_world_same(&world, &q);
			if (i == 10)
				test_world_batch(&world, "v");
		}
		test_world_batch(&world, "v");
		q.layer = LK_LAYER_BATCH;
		test_world_same(&world, &q);
		test_worker_close(&t);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sketches_of_many_groups_fit_in_redis),
		cmocka_unit_test(sets_are_stored_by_what_is_added),
		cmocka_unit_test(a_set_beyond_its_limit_has_no_answer),
		cmocka_unit_test(having_is_for_the_sum_of_both_layers),
		cmocka_unit_test(first_and_last_follow_the_place_in_the_log),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
