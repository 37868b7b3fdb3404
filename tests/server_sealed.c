/* The sealed state of moving windows: a batch makes it of the log, what has not changed since leaves Redis, and every row is what
 * PostgreSQL's own OVER makes, whatever Redis or PostgreSQL has lost. Each rule is also shown without it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>

#include "batch_layer/seal_state.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/redis.h"

enum { KEYS = 500 };

static test_program lk;
static test_world world;
static lk_redis redis;

/* --- what is made, and what it must be --- */

#define DEFINITIONS \
	"CREATE TABLE s (ts timestamptz, k text, n bigint) WITH (event_time = ts, partition_by = k);" \
	"CREATE TABLE totals WITH (event_time = ts) AS SELECT ts, k, sum(n) OVER w AS total, lag(n, 2) OVER w AS before," \
	" max(n) OVER (PARTITION BY k ORDER BY _off ROWS 200 PRECEDING) AS most FROM s WINDOW w AS (PARTITION BY k ORDER BY _off);"

static const char wrong[] =
	"SELECT count(*) FROM (SELECT part, off, ts, k, sum(n) OVER w AS total, lag(n, 2) OVER w AS before, max(n) OVER (PARTITION BY k ORDER BY off ROWS 200 PRECEDING)"
	" AS most FROM lk.log_s WINDOW w AS (PARTITION BY k ORDER BY off)) AS a FULL JOIN lk.log_totals AS b USING (part, off)"
	" WHERE (a.ts, a.k, a.total, a.before, a.most) IS DISTINCT FROM (b.ts, b.k, b.total, b.before, b.most)";

static void reconnect(void) {
	lk_pg_close(&world.pg);
	test_open(&world.pg, &lk.servers);
}

static void start(void) {
	test_world_empty(&world);
	test_world_declare(&world, DEFINITIONS);
}

/* Events of the keys k<first> … k<first + keys - 1> with this n. */
static void append(int events, int first, int keys, int n) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < events; i++)
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T10:%02d:%02dZ\",\"k\":\"k%d\",\"n\":%d}\n", i / 60 % 60, i % 60, first + i % keys, n);
	test_world_append_json(&world, "s", b.data);
	lk_buf_release(&b);
}

static void assert_right(void) {
	test_ask_is(&lk, "SELECT (SELECT count(*) FROM lk.log_totals) = (SELECT count(*) FROM lk.log_s)", "t");
	test_ask_is(&lk, wrong, "0");
}

static void assert_wrong(void) { assert_true(test_world_int(&world, wrong) > 0); }

static int64_t sealed_to(void) { return test_world_int(&world, "SELECT coalesce(max(off), 0) FROM lk.sealed"); }

static const lk_cat_copy *filler(void) { return test_world_filler(&world, "totals"); }

static int64_t fields_in_redis(void) {
	return test_redis_command(&redis, "HLEN lk:%s:u:%lld:state", world.log_id, (long long)filler()->units[0]);
}

static void seal(void) {
	lk_batch_report report;
	lk_error err = {0};
	test_ok(lk_seal_state(&world.pg, filler(), &report, &err), &err);
}

static void open_worker(test_worker *t) {
	test_worker_open_copy(t, &world, filler());
	t->path.limits.segment_bytes = 0;   /* no key stays in memory */
}

static void catch_up(test_worker *t) {
	while (test_worker_step(t, 0, INT64_MAX) != 0)
		;
}

/* All pages of the hash. */
static void sweep(test_worker *t) {
	for (int i = 0; i < 20; i++)
		test_worker_sweep(t, 0);
}

static void with_mutant(const char *mutant, void (*run)(void)) {
	setenv("LK_MUTANT", mutant, 1);
	run();
	unsetenv("LK_MUTANT");
}

/* --- what leaves Redis --- */

/* D5, P21: of many keys, those that have changed since stay; the others come back when they are met. */
static void idle_keys_leave_redis(void **state) {
	(void)state;
	test_worker t;
	start();
	open_worker(&t);
	append(5 * KEYS, 0, KEYS, 1);
	catch_up(&t);
	assert_true(fields_in_redis() >= KEYS);
	seal();
	append(10, 0, 2, 5);
	catch_up(&t);
	sweep(&t);
	assert_true(fields_in_redis() >= 2);
	assert_true(fields_in_redis() <= 8);
	append(2 * KEYS, 0, KEYS + 10, 7);
	catch_up(&t);
	assert_right();
	test_worker_close(&t);
}

/* P21: Redis that is full lets keys go. */
static void keys_leave_a_full_redis(void **state) {
	(void)state;
	test_worker t;
	start();
	open_worker(&t);
	append(5 * KEYS, 0, KEYS, 1);
	catch_up(&t);
	seal();
	test_redis_command(&redis, "CONFIG SET maxmemory 1");
	sweep(&t);
	test_redis_command(&redis, "CONFIG SET maxmemory 0");
	assert_int_equal(fields_in_redis(), 0);
	append(KEYS, 0, KEYS, 3);
	catch_up(&t);
	assert_right();
	test_worker_close(&t);
}

/* D5: a frame of more values than a chunk has; only the chunks that have changed are in Redis. */
static void chunks_leave_alone(void **state) {
	(void)state;
	test_worker t;
	start();
	open_worker(&t);
	for (int i = 0; i < 3; i++) {
		append(150, 0, 1, i);
		catch_up(&t);
		seal();
		append(1, 0, 1, 9);
		catch_up(&t);
		sweep(&t);
		assert_true(fields_in_redis() < 4);
	}
	append(300, 0, 1, 4);
	catch_up(&t);
	assert_right();
	test_worker_close(&t);
}

/* D5: rows that nobody reads any more go when the state is sealed again. */
static void one_row_for_each_key_and_those_of_the_last_seal(void **state) {
	(void)state;
	test_worker t;
	start();
	open_worker(&t);
	for (int i = 0; i < 5; i++) {
		append(KEYS, 0, KEYS / 10, i);
		catch_up(&t);
		seal();
	}
	seal();
	test_ask_is(&lk, "SELECT max(n) FROM (SELECT count(*) AS n FROM lk.state GROUP BY part, field) AS f", "2");
	assert_right();
	test_worker_close(&t);
}

static void dropped_what_is_not_sealed(void) {
	test_worker t;
	start();
	open_worker(&t);
	append(100, 0, 10, 1);
	catch_up(&t);
	sweep(&t);
	append(100, 0, 10, 2);
	catch_up(&t);
	test_worker_close(&t);
}

/* D5, P21 */
static void what_is_not_sealed_stays(void **state) {
	(void)state;
	dropped_what_is_not_sealed();
	assert_right();
	with_mutant("state_dropped_unsealed", dropped_what_is_not_sealed);
	assert_wrong();
}

/* --- what is lost --- */

/* D5, I11, P21: without Redis the state begins at the seal, not at the first event. */
static void redis_is_emptied(void **state) {
	(void)state;
	test_worker t;
	start();
	open_worker(&t);
	append(1000, 0, 50, 1);
	catch_up(&t);
	seal();
	append(100, 0, 20, 2);
	catch_up(&t);
	test_redis_command(&redis, "FLUSHALL");
	append(10, 30, 10, 3);
	int64_t read = 0, n;
	while ((n = test_worker_step(&t, 0, INT64_MAX)) != 0)
		read += n > 0 ? n : 0;
	assert_int_equal(read, 110);
	assert_right();
	test_worker_close(&t);
}

/* All that Redis had has left it when PostgreSQL goes back to before the seal, and the log is as it was. */
static void the_seal_is_lost(void) {
	test_worker t;
	start();
	open_worker(&t);
	append(100, 0, 10, 1);
	catch_up(&t);
	test_postgres_save(&lk.servers, "before");
	reconnect();
	test_worker_close(&t);
	open_worker(&t);
	seal();
	catch_up(&t);
	sweep(&t);
	test_postgres_restore(&lk.servers, "before");
	reconnect();
	test_worker_close(&t);
	open_worker(&t);
	append(50, 0, 10, 2);
	catch_up(&t);
	test_worker_close(&t);
}

/* D5, I11, P21 */
static void a_seal_that_is_lost_is_noticed(void **state) {
	(void)state;
	the_seal_is_lost();
	assert_right();
	with_mutant("state_base_unchecked", the_seal_is_lost);
	assert_wrong();
}

/* Redis was emptied; while the owner folds what it lost, the state is sealed again, beyond where it is. */
static void sealed_ahead_of_the_owner(void) {
	test_worker t;
	start();
	open_worker(&t);
	t.path.limits.commit_events = 10;
	append(100, 0, 50, 1);
	catch_up(&t);
	seal();
	append(100, 0, 50, 2);
	catch_up(&t);
	test_redis_command(&redis, "FLUSHALL");
	lk_unit_drop(&t.units[0]);
	assert_int_equal(test_worker_step(&t, 0, 10), 10);
	seal();
	catch_up(&t);
	append(50, 0, 50, 3);
	catch_up(&t);
	test_worker_close(&t);
}

/* D5, P21: it reads the state of where it is. */
static void the_state_of_the_cursor_is_read(void **state) {
	(void)state;
	sealed_ahead_of_the_owner();
	assert_right();
	with_mutant("sealed_newest", sealed_ahead_of_the_owner);
	assert_wrong();
}

/* I8: fields that an older lk wrote have no cursor before their bytes. */
static void a_state_of_the_former_form_is_made_again(void **state) {
	(void)state;
	test_worker t;
	start();
	open_worker(&t);
	append(100, 0, 10, 1);
	catch_up(&t);
	char *key = lk_asprintf("lk:%s:u:%lld", world.log_id, (long long)filler()->units[0]);
	test_redis_command(&redis, "HDEL %s state", key);
	assert_true(test_redis_command(&redis, "EVAL local--[[]]f=redis.call('HKEYS',KEYS[1]);for--[[]]i=1,#f--[[]]do--[[]]"
		"redis.call('HSET',KEYS[1],f[i],string.sub(redis.call('HGET',KEYS[1],f[i]),9))end;return#f 1 %s:state", key) > 0);
	lk_unit_drop(&t.units[0]);
	append(50, 0, 10, 2);
	catch_up(&t);
	assert_right();
	free(key);
	test_worker_close(&t);
}

/* --- the program --- */

/* D5, I5, P21: killed in a seal, and between what left Redis. */
static void killed_at_each_point(void **state) {
	(void)state;
	static const char *const at_seal[] = {"state.sealed"}, *const at_sweep[] = {"state.dropped"};
	start();
	append(2000, 0, KEYS, 1);
	LK(0, "", "", "speed", "--once");
	for (size_t i = 0; i < sizeof at_seal / sizeof *at_seal; i++) {
		char *crash = lk_asprintf("LK_CRASH=%s", at_seal[i]);
		int64_t before = sealed_to();
		test_run(&lk, (const char *const[]){crash, NULL}, 128 + SIGKILL, "", "", ARGS("batch"));
		assert_int_equal(sealed_to(), before);
		free(crash);
	}
	LK(0, "", "state of totals: sealed, 2,000 events", "batch");
	assert_int_equal(sealed_to(), 2000);
	LK(0, "STATE SEALED TO", "", "explain", "totals");
	for (size_t i = 0; i < sizeof at_sweep / sizeof *at_sweep; i++) {
		char *crash = lk_asprintf("LK_CRASH=%s", at_sweep[i]);
		test_run(&lk, (const char *const[]){crash, NULL}, 128 + SIGKILL, "", "", ARGS("speed"));
		free(crash);
	}
	append(1000, 0, KEYS, 2);
	LK(0, "", "1,000 events", "speed", "--once");
	assert_right();
}

/* A stream that goes takes its state with it. */
static void dropped_with_its_stream(void **state) {
	(void)state;
	start();
	append(100, 0, 10, 1);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "state of totals", "batch");
	LK(0, "", "", "drop", "--stream", "totals", "--yes");
	test_ask_is(&lk, "SELECT (SELECT count(*) FROM lk.state) + (SELECT count(*) FROM lk.sealed)", "0");
}

static int begin(void **state) {
	int rc = test_shared_start(state);
	test_redis_open(&redis, &lk.servers);
	return rc;
}

static int end(void **state) {
	lk_redis_close(&redis);
	return test_shared_stop(state);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_keys_leave_redis),
		cmocka_unit_test(keys_leave_a_full_redis),
		cmocka_unit_test(chunks_leave_alone),
		cmocka_unit_test(one_row_for_each_key_and_those_of_the_last_seal),
		cmocka_unit_test(what_is_not_sealed_stays),
		cmocka_unit_test(redis_is_emptied),
		cmocka_unit_test(a_seal_that_is_lost_is_noticed),
		cmocka_unit_test(the_state_of_the_cursor_is_read),
		cmocka_unit_test(a_state_of_the_former_form_is_made_again),
		cmocka_unit_test(killed_at_each_point),
		cmocka_unit_test(dropped_with_its_stream),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, begin, end);
}
