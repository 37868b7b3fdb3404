/* Compaction and reading of segments, in bytes: however large segments and cells are, no call carries more than about 1
 * MiB or one cell, and no worker waits for a compaction. Redis itself checks: it closes a connection whose reply or
 * request is longer than the limit that the test sets. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "speed_layer/compactor.h"
#include "speed_layer/tiers.h"
#include "tests/support/fixtures.h"
#include "tests/support/owner.h"
#include "tests/support/redis.h"
#include "view_store/pages.h"

static test_servers servers;
static test_world world;
static lk_redis admin;

/* --- segments with large cells --- */

static const char definitions[] =
	"CREATE TABLE s (ts timestamptz, k text, v text) WITH (event_time = ts, partition_by = k, partitions = 1);"
	"CREATE VIEW sets AS SELECT k, count(DISTINCT v) AS n FROM s GROUP BY k;"
	"CREATE VIEW longest AS SELECT k, count(*) AS n, max(v) AS v FROM s GROUP BY k, tumble(ts, '1 minute');";

enum { GROUPS = 16, VALUE_BYTES = 10000, ROUNDS = 40, REPLY_MOST = 5 << 20 };

/* Two values of 10 kB for each group: a commit of them has a third of a MiB, and in the end the set of a group almost
 * one. Redis returns a bucket of its table at once, which may hold two. */
static void append(int round) {
	lk_buf lines = LK_BUF_INIT;
	char *filler = lk_malloc(VALUE_BYTES + 1);
	memset(filler, 'x', VALUE_BYTES);
	filler[VALUE_BYTES] = 0;
	for (int i = 0; i < 2 * GROUPS; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2026-01-01T00:%02d:00Z\",\"k\":\"g%d\",\"v\":\"%d %d %s\"}\n", round, i % GROUPS, round, i / GROUPS,
		            filler);
	test_world_append_json(&world, "s", lines.data);
	free(filler);
	lk_buf_release(&lines);
}

static void same(const char *view) {
	lk_query q = test_query(view);
	test_world_same(&world, &q);
}

static void set_limit(const char *name, const char *value) {
	redisReply *reply;
	lk_redis_begin(&admin, 4);
	lk_redis_args(&admin, "CONFIG");
	lk_redis_args(&admin, "SET");
	lk_redis_args(&admin, name);
	lk_redis_args(&admin, value);
	assert_int_equal(lk_redis_call(&admin, &reply, NULL), LK_OK);
	freeReplyObject(reply);
}

static lk_unit_state state_of(int64_t unit) {
	lk_unit_state st;
	lk_error err = {0};
	assert_int_equal(lk_store_read_unit(world.store, unit, NULL, &st, NULL, &err), LK_OK);
	return st;
}

static int64_t bytes_of(const lk_unit_state *st) {
	int64_t bytes = 0;
	for (int i = 0; i < st->nsegments; i++)
		bytes += st->segments[i].bytes;
	return bytes;
}

/* I1, P17 */
static void large_segments_are_compacted_and_read_in_small_calls(void **state) {
	(void)state;
	static const char *const views[] = {"sets", "longest"};
	lk_error err = {0};
	test_worker w[2];
	for (int v = 0; v < 2; v++)
		test_worker_open(&w[v], &world, views[v]);
	for (int round = 0; round < ROUNDS; round++) {
		append(round);
		for (int v = 0; v < 2; v++) {   /* each take-over closes a segment */
			assert_int_equal(lk_unit_take(&w[v].path, &w[v].units[0], &err), LK_OK);
			assert_true(test_worker_step(&w[v], 0, INT64_MAX) > 0);
		}
	}
	set_limit("client-output-buffer-limit", "normal 5mb 0 0");
	set_limit("client-query-buffer-limit", "5mb");
	for (int v = 0; v < 2; v++) {
		lk_unit_state before = state_of(w[v].units[0].id);
		assert_int_equal(before.nsegments, ROUNDS);
		assert_true(bytes_of(&before) > REPLY_MOST);
		for (int i = 0; i < 10; i++)
			test_worker_sweep(&w[v], 0);
		lk_unit_state after = state_of(w[v].units[0].id);
		assert_in_range(after.nsegments, 1, LK_SEGMENTS_MANY + 1);
		assert_true(bytes_of(&after) > REPLY_MOST);
		same(views[v]);
		lk_compactor_report done = lk_compactor_done(w[v].path.compactor);
		assert_true(done.compactions > 0 && done.written_bytes <= 2 * bytes_of(&before));
		lk_unit_state_release(&before);
		lk_unit_state_release(&after);
	}
	set_limit("client-output-buffer-limit", "normal 0 0 0");
	set_limit("client-query-buffer-limit", "1gb");
	for (int v = 0; v < 2; v++)
		test_worker_close(&w[v]);
}

/* P17: a commit of large values ends by its bytes, and so does the segment. */
static void commits_and_open_segments_end_by_bytes(void **state) {
	(void)state;
	test_worker w;
	lk_error err = {0};
	for (int round = 0; round < 50; round++)   /* sixteen megabytes */
		append(round);
	test_worker_open(&w, &world, "sets");
	assert_int_equal(lk_unit_take(&w.path, &w.units[0], &err), LK_OK);
	w.path.limits.commit_us = 60 * LK_US_PER_S;
	set_limit("client-query-buffer-limit", "17mb");
	assert_true(test_worker_step(&w, 0, INT64_MAX) > 0);
	set_limit("client-query-buffer-limit", "1gb");
	lk_unit_state st = state_of(w.units[0].id);
	for (int i = 0; i < st.nsegments; i++)
		assert_in_range(st.segments[i].bytes, 1, 16 << 20);
	assert_int_equal(st.at.cursor, 50 * 2 * GROUPS);
	lk_unit_state_release(&st);
	test_worker_close(&w);
	same("sets");
}

static int segments_of(const char *view) {
	lk_unit_state st = state_of(test_world_copy(&world, view)->units[0]);
	int n = st.nsegments;
	lk_unit_state_release(&st);
	return n;
}

/* I1: a run that has an end leaves compaction to others up to LK_SEGMENTS_MOST segments; with more, it compacts before
 * it ends, since no other process may come. Each run takes the unit over and so closes a segment. */
static void runs_to_an_end_compact_where_there_are_too_many_segments(void **state) {
	(void)state;
	for (int run = 1; run <= LK_SEGMENTS_MOST + 1; run++) {
		char line[100];
		snprintf(line, sizeof line, "{\"ts\":\"2026-01-01T00:00:00Z\",\"k\":\"g\",\"v\":\"%d\"}\n", run);
		test_world_append_json(&world, "s", line);
		test_world_speed_once(&world, NULL);
		if (run <= LK_SEGMENTS_MOST)
			assert_int_equal(segments_of("sets"), run);
	}
	assert_in_range(segments_of("sets"), 1, LK_SEGMENTS_MOST / 2);
	same("sets");
	same("longest");
}

/* --- what the store reports and accepts --- */

static int64_t exact_bytes(const test_owner *o) {
	return test_redis_command(&admin, "EVAL local\tn=0\tfor\t_,k\tin\tipairs(redis.call('KEYS',ARGV[1]))\tdo\tfor\t_,x\tin"
	                          "\tipairs(redis.call('HGETALL',k))\tdo\tn=n+#x\tend\tend\treturn\tn 0 lk:test:u:%" PRId64 ":*", o->unit);
}

/* The bytes of a segment's entry are those of its cells, after commits that rewrite cells, and after compaction. */
static void entries_tell_exact_bytes(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	for (int i = 0; i < 6; i++) {
		test_owner_fold_some(&o, 3 + i);
		test_owner_must_commit(&o);
		if (i % 2 == 1)
			test_owner_roll(&o);
	}
	lk_unit_state u = test_owner_state(&o);
	assert_int_equal(u.nsegments, 3);
	assert_int_equal(bytes_of(&u), exact_bytes(&o));
	lk_compaction job = {.unit = o.unit, .token = o.token, .plan = test_owner_plan(), .inputs = u.segments, .n = 2};
	assert_int_equal(lk_store_compact(o.store, &job, NULL), LK_OK);
	lk_unit_state_release(&u);
	u = test_owner_state(&o);
	assert_int_equal(u.nsegments, 2);
	assert_int_equal(bytes_of(&u), exact_bytes(&o));
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

/* A unit as the previous program left it. */
static void make_former(const test_owner *o) {
	lk_unit_state u = test_owner_state(o);
	for (int i = 0; i < u.nsegments; i++) {
		char name[LK_NAME_BYTES];
		lk_buf entry = LK_BUF_INIT;
		redisReply *reply;
		u.segments[i].bytes = -1;
		lk_segment_name(name, u.segments[i].from, u.segments[i].token);
		lk_segment_entry(&entry, &u.segments[i]);
		lk_redis_begin(&admin, 4);
		lk_redis_args(&admin, "HSET");
		lk_redis_args(&admin, lk_unit_key(o->store, o->unit));
		lk_redis_args(&admin, name);
		lk_redis_args(&admin, entry.data);
		assert_int_equal(lk_redis_call(&admin, &reply, NULL), LK_OK);
		freeReplyObject(reply);
		lk_buf_release(&entry);
	}
	lk_unit_state_release(&u);
	test_redis_command(&admin, "HSET lk:test:u:%" PRId64 " format 1", o->unit);
}

static void a_unit_of_the_former_format_continues(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	make_former(&o);
	lk_unit_state u = test_owner_state(&o);
	assert_int_equal(u.nsegments, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(u.segments[i].bytes, -1);
	test_owner_holds(&o, 0, "/a", 3, 300);                       /* readers accept it as it is */
	lk_unit_state_release(&u);
	test_owner_take(&o, 0);                     /* a take-over converts it to the current format */
	u = test_owner_state(&o);
	assert_int_equal(u.nsegments, 3);
	for (int i = 0; i < 3; i++)
		assert_true(u.segments[i].bytes > 0);
	assert_true(bytes_of(&u) >= exact_bytes(&o));
	lk_compaction job = {.unit = o.unit, .token = o.token, .plan = test_owner_plan(), .inputs = u.segments, .n = 3};
	assert_int_equal(lk_store_compact(o.store, &job, NULL), LK_OK);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);
	test_owner_holds(&o, 0, "/a", 4, 400);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

/* HSCAN returns each field of a hash from which nothing is removed exactly once, also in the middle of a rehash. */
static void each_cell_of_a_page_comes_once(void **state) {
	(void)state;
	enum { CELLS = 20011 };
	test_owner o = test_owner_new(&servers);
	for (int k = 0; k < CELLS; k++) {
		char key[24];
		snprintf(key, sizeof key, "key%d", k);
		test_owner_fold(&o, 0, key, k);
	}
	test_owner_must_commit(&o);
	test_owner_roll(&o);
	test_owner_fold_some(&o, 1);
	test_owner_must_commit(&o);
	lk_unit_state u = test_owner_state(&o);
	lk_segment g = u.segments[0];
	assert_int_equal(g.cells, CELLS);
	g.bytes = g.cells * 40000;                  /* so that pages are small */
	lk_cells once;
	lk_pages p;
	const redisReply *pairs;
	int rc, pages = 0;
	lk_cells_init(&once, test_owner_plan());
	lk_pages_begin(&p, o.store, o.unit, &g);
	while ((rc = lk_pages_next(&p, &pairs, NULL)) == LK_OK) {
		for (size_t i = 0; i < pairs->elements; i += 2)
			assert_int_equal(lk_cells_merge(&once, pairs->element[i]->str, pairs->element[i]->len, pairs->element[i + 1]->str,
			                                pairs->element[i + 1]->len), 0);
		/* a rehash is running */
		test_redis_command(&admin, "HEXISTS %s nothing", lk_segment_key(o.store, o.unit, g.from, g.token));
		pages++;
	}
	assert_int_equal(rc, 1);
	assert_true(pages > 100);
	assert_int_equal(p.cells, CELLS);
	assert_int_equal(once.ncells, CELLS);       /* as many fields came, none of them twice */
	lk_pages_end(&p);
	lk_cells_release(&once);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static int64_t keys_of(const test_owner *o) {
	return test_redis_command(&admin, "EVAL return(#redis.call('KEYS',ARGV[1])) 0 lk:test:u:%" PRId64 "*", o->unit);
}

/* P17: a compaction that was given up, or had no memory, leaves the unit unchanged and nothing beside it. */
static void a_compaction_that_ends_early_leaves_nothing(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	char *before = test_redis_snapshot(&admin, o.unit);
	lk_unit_state u = test_owner_state(&o);
	volatile int stop = 1;
	lk_compaction job = {.unit = o.unit, .token = o.token, .plan = test_owner_plan(), .inputs = u.segments, .n = 2, .stop = &stop};
	assert_int_equal(lk_store_compact(o.store, &job, NULL), LK_EBUSY);
	stop = 0;
	u.segments[1].token ^= 1;                   /* gone */
	assert_int_equal(lk_store_compact(o.store, &job, NULL), LK_ECONFLICT);
	assert_true(job.written > 0);
	u.segments[1].token ^= 1;
	test_redis_command(&admin, "CONFIG SET maxmemory 1mb");
	assert_int_equal(lk_store_compact(o.store, &job, NULL), LK_EFULL);
	assert_int_equal(job.written, 0);           /* it was not begun */
	test_redis_command(&admin, "CONFIG SET maxmemory 0");
	assert_int_equal(keys_of(&o), 4);
	test_same_snapshot(before, test_redis_snapshot(&admin, o.unit));
	assert_int_equal(lk_store_compact(o.store, &job, NULL), LK_OK);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static lk_compaction job_of(const test_owner *o, const lk_unit_state *u) {
	return (lk_compaction){.unit = o->unit, .token = o->token, .plan = test_owner_plan(), .inputs = u->segments, .n = 2};
}

/* P2: the compactor uses the token that it was given; a unit has one job at a time; after a job without memory it
 * pauses. */
static void the_compactor_is_fenced_and_rests(void **state) {
	(void)state;
	lk_compactor *c = lk_compactor_open(servers.at.redis, NULL, NULL);
	test_owner o = test_owner_of_three_segments(&servers);
	lk_unit_state u = test_owner_state(&o);
	lk_compaction lost = job_of(&o, &u), job;
	lost.token ^= 1;
	lk_compactor_post(c, "test", &lost);
	lk_compactor_wait(c, 60 * LK_US_PER_S);
	assert_int_equal(lk_compactor_done(c).compactions, 0);
	assert_true(lk_compactor_is_free(c, o.unit));
	test_redis_command(&admin, "CONFIG SET maxmemory 1mb");
	job = job_of(&o, &u);
	lk_compactor_post(c, "test", &job);
	lk_compactor_wait(c, 60 * LK_US_PER_S);
	test_redis_command(&admin, "CONFIG SET maxmemory 0");
	assert_false(lk_compactor_is_free(c, o.unit));
	lk_compactor_close(c);
	c = lk_compactor_open(servers.at.redis, NULL, NULL);
	lk_compactor_post(c, "test", &job);
	lk_compactor_wait(c, 60 * LK_US_PER_S);
	assert_int_equal(lk_compactor_done(c).compactions, 1);
	test_owner_holds(&o, 0, "/a", 3, 300);
	lk_compactor_close(c);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	return 0;
}

static int start(void **state) {
	int rc = test_shared_start(state);
	test_redis_open(&admin, &servers);
	return rc;
}

static int stop(void **state) {
	lk_redis_close(&admin);
	return test_shared_stop(state);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(large_segments_are_compacted_and_read_in_small_calls, fresh),
		cmocka_unit_test_setup(commits_and_open_segments_end_by_bytes, fresh),
		cmocka_unit_test_setup(runs_to_an_end_compact_where_there_are_too_many_segments, fresh),
		cmocka_unit_test(entries_tell_exact_bytes),
		cmocka_unit_test(a_unit_of_the_former_format_continues),
		cmocka_unit_test(each_cell_of_a_page_comes_once),
		cmocka_unit_test(a_compaction_that_ends_early_leaves_nothing),
		cmocka_unit_test(the_compactor_is_fenced_and_rests),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, start, stop);
}
