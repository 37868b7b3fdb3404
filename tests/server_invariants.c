/* Invariants of the whole: the same log gives the same bytes however it is cut up; two workers that believe they own a
 * unit do no harm; an append that hangs, a wrong clock, or a lost server stops only the work that needs it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/cut.h"
#include "catalog/tail.h"
#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"

static test_servers servers;
static test_world world;

static const char *const definitions =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(bytes) AS mean, min(ip) AS first"
	" FROM hits GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits"
	" GROUP BY path, tumble(ts, '10 seconds');";

static const int64_t start_us = INT64_C(1500000000000000);

static void line_of(int i, lk_buf *out) {
	lk_buf_adds(out, "{\"ts\":\"");
	lk_time_print(start_us + i * LK_US_PER_S - (i % 9 == 0 ? i % 100 * LK_US_PER_S : 0), out);
	lk_buf_addf(out, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", i % 17, i * 7 % 23, i % 1009);
}

static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++)
		line_of(i, &lines);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void is_right(void) {
	lk_query traffic = test_query("traffic"), strict = test_query("strict");
	test_world_same(&world, &traffic);
	test_world_same(&world, &strict);
}

static bool reaches_the_end(const lk_answer *a) {
	for (int i = 0; i < a->partitions; i++)
		if (a->end.part[i].off != a->tail.part[i].off)
			return false;
	return true;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	return 0;
}

/* --- the same log, the same bytes --- */

/* Every cell of an answer as it is stored: field and partial. */
static void answer_bytes(const char *view, lk_buf *out) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	assert_true(reaches_the_end(&a));
	lk_buf_clear(out);
	for (size_t i = 0; i < a.nrows; i++) {
		lk_buf_put32(out, a.rows[i]->field_len);
		lk_buf_add(out, lk_cell_field(&a.cells, a.rows[i]), a.rows[i]->field_len);
		lk_cell_encode(&a.cells, a.rows[i], out);
	}
	lk_buf_addf(out, "late %lld, watermark %lld", (long long)a.late, (long long)a.watermark);
	lk_answer_release(&a);
}

static void limits_at_random(test_worker *t, unsigned long *seed) {
	lk_stream_limits *l = &t->path.limits;
	l->fetch_events = 20 + (int64_t)(test_random(seed) % 300);
	l->commit_events = 1 + (int64_t)(test_random(seed) % 60);
	l->commit_cells = 1 + (int64_t)(test_random(seed) % 30);
	l->segment_bytes = test_random(seed) % 3 ? (size_t)64 << 20 : 1;
}

/* One way through the whole log: two owners that take units from each other, with changing limits. */
static void fold_again(const char *view, unsigned long *seed) {
	test_worker t[2];
	for (int i = 0; i < 2; i++)
		test_worker_open(&t[i], &world, view);
	for (int n = 5 + (int)(test_random(seed) % 20); n > 0; n--) {
		test_worker *w = &t[test_random(seed) % 2];
		int part = (int)(test_random(seed) % 3);
		limits_at_random(w, seed);
		test_worker_step(w, part, 1 + (int64_t)(test_random(seed) % 90));
		if (test_random(seed) % 4 == 0)
			test_worker_sweep(w, part);
	}
	limits_at_random(&t[0], seed);
	test_worker_catch_up(&t[0]);
	for (int i = 0; i < 2; i++)
		test_worker_close(&t[i]);
}

/* I4, I10: batch sizes, segments, owners and compaction do not change a single byte. */
static void the_same_log_gives_the_same_bytes(void **state) {
	(void)state;
	unsigned long seed = test_seed("the_same_log_gives_the_same_bytes");
	static const char *const views[] = {"traffic", "strict"};
	append(0, 900);
	for (int v = 0; v < 2; v++) {
		lk_buf first = LK_BUF_INIT, again = LK_BUF_INIT;
		test_redis_empty(&servers);
		test_world_speed_once(&world, views[v]);
		answer_bytes(views[v], &first);
		assert_true(first.len > 1000);
		for (int round = 0; round < 5; round++) {
			test_redis_empty(&servers);
			fold_again(views[v], &seed);
			answer_bytes(views[v], &again);
			assert_int_equal(again.len, first.len);
			assert_memory_equal(again.data, first.data, first.len);
		}
		lk_buf_release(&first);
		lk_buf_release(&again);
	}
	is_right();
}

/* --- two workers that both believe --- */

typedef struct believer {
	test_worker worker;
	pthread_t thread;
	int64_t ends[3];
	int64_t losses;
	unsigned long seed;
	lk_error err;             /* cmocka must not be called from the thread */
} believer;

/* Continues with what it holds and takes again what it has lost, until the log's end; it never looks for a lock. */
static void *believe(void *arg) {
	believer *b = arg;
	int64_t deadline = lk_monotonic_us() + 60 * LK_US_PER_S, folded;
	int done = 0, rc = LK_OK;
	for (int turn = 0; done < 3 && rc == LK_OK && lk_monotonic_us() < deadline; turn++) {
		lk_unit *u = &b->worker.units[turn % 3];
		b->worker.path.limits.commit_events = 1 + (int64_t)(test_random(&b->seed) % 12);
		done = u->taken && u->committed >= b->ends[turn % 3] ? done + 1 : 0;
		if (!u->taken)
			rc = lk_unit_take(&b->worker.path, u, &b->err);
		int64_t most = 1 + (int64_t)(test_random(&b->seed) % 25);
		if (rc == LK_OK)
			rc = lk_path_pass(&b->worker.path, &u, 1, u->at.cursor + most, &folded, &b->err);
		b->losses += !u->taken;
		if (rc == LK_OK && !u->taken && u->error.code != LK_EFENCED)
			rc = lk_fail(&b->err, u->error.code, "%s", u->error.text);
	}
	if (rc == LK_OK && done < 3)
		lk_fail(&b->err, LK_EINTERNAL, "not done after 60 s");
	return NULL;
}

static void is_tiled(int64_t unit) {
	lk_unit_state st;
	lk_error err = {0};
	assert_int_equal(lk_store_read_unit(world.store, unit, NULL, &st, NULL, &err), LK_OK);
	int64_t at = st.base.cursor;
	for (int i = 0; i < st.nsegments; i++) {
		assert_int_equal(st.segments[i].from, at);
		at = st.segments[i].to;
	}
	assert_int_equal(at, st.at.cursor);
	lk_unit_state_release(&st);
}

/* I1, I7, P1: the token keeps the state right, not the lock. */
static void two_that_both_believe_they_own_a_unit(void **state) {
	(void)state;
	unsigned long seed = test_seed("two_that_both_believe_they_own_a_unit");
	believer b[2] = {{.seed = test_random(&seed)}, {.seed = test_random(&seed)}};
	append(0, 900);
	for (int i = 0; i < 2; i++) {
		test_worker_open(&b[i].worker, &world, "strict");
		const lk_cat_stream *stream = b[i].worker.units[0].copy->version->reads;
		test_tail(&world.pg, stream, b[i].ends);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&b[i].thread, NULL, believe, &b[i]), 0);
	for (int i = 0; i < 2; i++)
		pthread_join(b[i].thread, NULL);
	for (int i = 0; i < 2; i++)
		if (b[i].err.code != LK_OK)
			fail_msg("%s", b[i].err.text);
	print_message("lost %lld and %lld times\n", (long long)b[0].losses, (long long)b[1].losses);
	assert_true(b[0].losses + b[1].losses > 5);
	for (int part = 0; part < 3; part++)
		is_tiled(b[0].worker.units[part].id);
	for (int i = 0; i < 2; i++)
		test_worker_close(&b[i].worker);
	is_right();
}

/* --- one append that hangs --- */

static int64_t tail_of(int part) {
	char sql[80];
	snprintf(sql, sizeof sql, "SELECT next_off FROM lk.tail WHERE part = %d", part);
	return test_world_int(&world, sql);
}

/* Events of one partition only; returns which. */
static int append_to_one(int i, int n) {
	int64_t before[3], grown = -1;
	lk_buf lines = LK_BUF_INIT;
	for (int p = 0; p < 3; p++)
		before[p] = tail_of(p);
	for (int k = 0; k < n; k++)
		line_of(i, &lines);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
	for (int p = 0; p < 3; p++)
		if (tail_of(p) != before[p])
			grown = p;
	return (int)grown;
}

/* I11, P14: a client that stops in the middle of its COPY holds the end of one partition. The other partitions
 * continue. */
static void stalled_copy_does_not_stop_other_partitions(void **state) {
	(void)state;
	lk_pg stalled;
	lk_error err = {0};
	int other = 1, held = append_to_one(0, 3);
	while (append_to_one(other, 1) == held)
		other++;
	char *sql = lk_asprintf("BEGIN; UPDATE lk.tail SET next_off = next_off + 1, last_at = clock_timestamp()"
	                        " WHERE part = %d", held);
	assert_int_equal(lk_pg_open(&stalled, servers.at.postgres, "stalled", &err), LK_OK);
	assert_int_equal(lk_pg_run(&stalled, &err, sql), LK_OK);
	PGresult *copy = PQexec(stalled.conn, "COPY lk.log_hits (part, off, _at, ts, ip) FROM STDIN");
	assert_int_equal(PQresultStatus(copy), PGRES_COPY_IN);
	PQclear(copy);
	for (int i = 0; i < 5; i++) {
		assert_int_not_equal(append_to_one(other, 20), held);
		test_world_speed_once(&world, NULL);
		is_right();
	}
	lk_query q = test_query("traffic");
	lk_answer a;
	test_world_answer(&world, &q, &a);
	assert_true(reaches_the_end(&a));
	lk_answer_release(&a);
	test_world_run(&world, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
	               " WHERE application_name = 'stalled'");
	lk_pg_close(&stalled);
	assert_int_equal(append_to_one(0, 3), held);
	assert_int_equal(tail_of(held), 6);   /* its offset was given back */
	test_world_speed_once(&world, NULL);
	is_right();
	free(sql);
}

/* --- an event from the future --- */

/* I12, P9: an event dated 2099 counts like others; it moves the watermark no further than the log's clock +
 * max_ahead. */
static void a_date_in_2099_makes_nothing_late(void **state) {
	(void)state;
	lk_buf lines = LK_BUF_INIT;
	int64_t from_us = lk_time_now() + 2 * 24 * 3600 * LK_US_PER_S;   /* beyond max_ahead too */
	for (int ip = 0; ip < 17; ip++)
		lk_buf_addf(&lines, "{\"ts\":\"2099-12-31T23:59:59Z\",\"ip\":\"10.0.0.%d\",\"path\":\"/f\",\"bytes\":1}\n", ip);
	test_world_append_json(&world, "hits", lines.data);
	for (int round = 0; round < 2; round++) {   /* folded by a worker; then by a unit that begins at a cut above it */
		lk_buf_clear(&lines);
		for (int i = 0; i < 200; i++) {
			lk_buf_adds(&lines, "{\"ts\":\"");
			lk_time_print(from_us + (round * 200 + i) * LK_US_PER_S, &lines);
			lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":1}\n", i % 17, i % 5);
		}
		test_world_append_json(&world, "hits", lines.data);
		test_world_speed_once(&world, NULL);
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.late"), 0);
		is_right();
		test_redis_empty(&servers);
		if (round == 0)
			test_world_batch(&world, "strict");
	}
	lk_buf_release(&lines);
}

/* --- servers that go away while events arrive --- */

typedef struct load {
	pthread_t thread;
	const char *path;
	int stop, written;
	bool failed;
} load;

/* Writes lines into a pipe until it is told to stop; its sleep limits the rate, so the log stays short. */
static void *pour(void *arg) {
	load *l = arg;
	FILE *f = fopen(l->path, "we");
	lk_buf lines = LK_BUF_INIT;
	l->failed = !f;
	while (f && !__atomic_load_n(&l->stop, __ATOMIC_RELAXED)) {
		lk_buf_clear(&lines);
		for (int i = 0; i < 4; i++)
			line_of(l->written + i, &lines);
		if (fputs(lines.data, f) < 0 || fflush(f))
			break;
		__atomic_fetch_add(&l->written, 4, __ATOMIC_RELAXED);
		usleep(1000);
	}
	if (f && (ferror(f) | fclose(f)))
		l->failed = true;
	lk_buf_release(&lines);
	return NULL;
}

static void reconnect(void) {
	lk_error err = {0};
	lk_pg_close(&world.pg);
	lk_store_close(world.store);
	if (lk_pg_open(&world.pg, servers.at.postgres, "lk test", &err) != LK_OK
	    || lk_store_open(&world.store, servers.at.redis, world.log_id, &err) != LK_OK)
		fail_msg("%s", err.text);
}

static int process[3];   /* ingest, speed, batch; teardown kills them, also after a failed test */

static int end_all(void **state) {
	(void)state;
	for (int i = 0; i < 3; i++) {
		if (process[i] > 0) {
			kill(process[i], SIGKILL);
			test_lk_wait(process[i], 10000);
		}
		process[i] = 0;
	}
	return 0;
}

static int end_of(const char *view, int64_t *end) {
	lk_query q = test_query(view);
	lk_answer a;
	lk_error err = {0};
	if (lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err) != LK_OK)
		return -1;
	*end = 0;
	for (int i = 0; i < a.partitions; i++)
		*end += a.end.part[i].off;
	lk_answer_release(&a);
	return 0;
}

/* Does an answer cover `least` events of the log? Checks every answer on the way. */
static int has_come_to(void *least) {
	int64_t end;
	if (end_of("strict", &end) != 0 || end < *(int64_t *)least)
		return 0;
	return end_of("traffic", &end) == 0 && end >= *(int64_t *)least;
}

static void goes_on(void) {
	int64_t least = test_world_int(&world, "SELECT sum(next_off) FROM lk.tail") + 40;
	if (!test_poll(has_come_to, &least, 30000))
		fail_msg("it has not continued after 30 s");
	is_right();
}

static void fault(int which) {
	switch (which) {
	case 0: test_redis_empty(&servers); break;
	case 1: test_redis_kill(&servers); test_redis_start(&servers); break;
	case 2: test_redis_restore(&servers, "older"); break;
	default: test_postgres_kill(&servers); test_postgres_start(&servers);
	}
	reconnect();
}

/* I3, I5, I11: Redis is emptied, restarted, returned to an older state, PostgreSQL is killed and started, while a pipe
 * is ingested, folded and batched: each time the system continues by itself, every answer is right, and in the end the
 * log has each line once. */
static void faults_under_load(void **state) {
	(void)state;
	static const char once_each[] =   /* except each ninth, which line_of() moves onto others */
		"SELECT count(DISTINCT ts) FROM lk.log_hits WHERE (extract(epoch FROM ts)::bigint - 1500000000) % 9 <> 0";
	char *path = lk_asprintf("%s/pour", servers.dir);
	load l = {.path = path};
	assert_int_equal(mkfifo(path, 0644), 0);
	const char *const ingest[] = {"ingest", "hits", path, "--format", "jsonl", NULL};
	process[0] = test_lk_start(&servers, NULL, ingest);
	process[1] = test_lk_start(&servers, NULL, (const char *const[]){"speed", NULL});
	process[2] = test_lk_start(&servers, NULL, (const char *const[]){"batch", "traffic", "--every", "300ms", NULL});
	assert_int_equal(pthread_create(&l.thread, NULL, pour, &l), 0);
	goes_on();
	test_redis_save(&servers, "older");
	goes_on();
	for (int which = 0; which < 4; which++) {
		fault(which);
		goes_on();
	}
	__atomic_store_n(&l.stop, 1, __ATOMIC_RELAXED);
	pthread_join(l.thread, NULL);
	assert_false(l.failed);
	assert_int_equal(test_lk_wait(process[0], 60000), 0);
	process[0] = 0;
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_hits"), l.written);
	assert_int_equal(test_world_int(&world, once_each), l.written - (l.written + 8) / 9);
	int64_t all = l.written;
	assert_true(test_poll(has_come_to, &all, 30000));
	is_right();
	for (int i = 1; i < 3; i++) {
		kill(process[i], SIGTERM);
		assert_int_equal(test_lk_wait(process[i], 20000), 0);
		process[i] = 0;
	}
	free(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end_all)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(the_same_log_gives_the_same_bytes),
		TEST(two_that_both_believe_they_own_a_unit),
		TEST(stalled_copy_does_not_stop_other_partitions),
		TEST(a_date_in_2099_makes_nothing_late),
		TEST(faults_under_load),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
