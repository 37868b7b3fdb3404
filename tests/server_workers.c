/* The workers of a running speed layer: what they keep while they are never idle, and when the catalogue changes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "catalog/copies.h"
#include "core/time.h"
#include "speed_layer/worker.h"
#include "tests/support/fixtures.h"
#include "tests/support/layer.h"
#include "tests/support/players.h"

static test_servers servers;
static test_world world;
static test_layer r;               /* the one that runs */

static const char hits[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '10 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes FROM hits GROUP BY path, tumble(ts, '1 minute');";

static const int64_t start_us = INT64_C(1500000000000000);

/* n events from number `first` on, a second apart. */
static void append(int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", i % 17, i * 7 % 23, i * 13 % 1009);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* Also after a failed test. */
static int end_layer(void **state) {
	(void)state;
	test_layer_stop(&r);
	return 0;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, hits);
	return 0;
}

/* --- hints --- */

static int64_t behind(const char *view) {
	lk_query q = test_query(view);
	lk_answer a;
	int64_t n = 0;
	test_world_answer(&world, &q, &a);
	for (int i = 0; i < a.partitions; i++)
		n += a.tail.part[i].off - a.end.part[i].off;
	lk_answer_release(&a);
	return n;
}

static int hints_are_read(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT (pg_notification_queue_usage() = 0)::int") == 1;
}

enum { HINTS = 500000, AT_ONCE = 25000, AHEAD = 4000, MOST_BYTES = 4000000 };

/* Small fetches from a log that is longer than they read: there is always something to fold. */
static void keep_busy(int *events) {
	if (behind("traffic") < AHEAD) {
		append(*events, AHEAD);
		*events += AHEAD;
	}
	assert_true(behind("traffic") > 0);
}

typedef struct memory {
	int64_t before, now;
	int *events;
} memory;

/* Notifications that arrive during a round are gone after the next one. */
static int memory_is_as_before(void *arg) {
	memory *m = arg;
	keep_busy(m->events);
	m->now = test_memory();
	return m->now - m->before <= MOST_BYTES;
}

static void a_busy_worker_keeps_no_hints(void **state) {
	(void)state;
	int events = 200;
	test_layer_init(&r, &servers, 1, false);
	r.options.limits.fetch_events = 2;
	append(0, events);
	test_layer_run(&r);
	test_catches_up(&world, "traffic");
	memory m = {.before = test_memory(), .events = &events};
	for (int sent = 0; sent < HINTS; sent += AT_ONCE) {
		keep_busy(&events);
		test_world_run(&world, "SELECT count(pg_notify('lk_log', i::text)) FROM generate_series(1, 25000) i");
	}
	assert_true(test_poll(hints_are_read, NULL, 20000));
	if (!test_poll(memory_is_as_before, &m, 20000))
		fail_msg("%d hints and memory that has grown by %lld bytes", HINTS, (long long)(m.now - m.before));
	assert_true(behind("traffic") > 0);
	test_layer_end(&r);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

/* --- what is kept when the catalogue changes --- */

enum { MOST_UNITS = 32 };

/* Units as Redis has them. */
typedef struct kept {
	int64_t id[MOST_UNITS];
	uint64_t token[MOST_UNITS];
	int segments[MOST_UNITS], n;
} kept;

static void note_units(kept *k, const char *view) {
	const lk_cat_copy *copy = test_world_copy(&world, view);
	for (int part = 0; part < copy->version->reads->stream->partitions; part++) {
		lk_unit_state st;
		lk_error err = {0};
		assert_int_equal(lk_store_read_unit(world.store, copy->units[part], NULL, &st, NULL, &err), LK_OK);
		k->id[k->n] = copy->units[part];
		k->token[k->n] = st.token;
		k->segments[k->n++] = st.nsegments;
		lk_unit_state_release(&st);
	}
}

static void are_as_noted(const kept *k, const char *after) {
	for (int i = 0; i < k->n; i++) {
		lk_unit_state st;
		lk_error err = {0};
		assert_int_equal(lk_store_read_unit(world.store, k->id[i], NULL, &st, NULL, &err), LK_OK);
		if (st.token != k->token[i] || st.nsegments != k->segments[i])
			fail_msg("after %s: unit %lld was taken again (%d segments, were %d)", after, (long long)k->id[i], st.nsegments, k->segments[i]);
		lk_unit_state_release(&st);
	}
}

static const char more_views[] =
	"CREATE VIEW by_ip AS SELECT ip, count(*) AS n FROM hits GROUP BY ip;"
	"CREATE VIEW sizes AS SELECT path, avg(bytes) AS mean, max(bytes) AS most FROM hits GROUP BY path, tumble(ts, '5 minutes');"
	"CREATE VIEW visitors AS SELECT path, count(DISTINCT ip) AS ips FROM hits GROUP BY path, tumble(ts, '5 minutes');"
	"CREATE TABLE clicks (ts timestamptz, ip text, button int) WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '10 seconds');"
	"CREATE VIEW buttons AS SELECT button, count(*) AS n FROM clicks GROUP BY button;";

static void click(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2017-07-14T02:40:%02dZ\",\"ip\":\"10.0.0.%d\",\"button\":%d}\n", i % 60, i % 5, i % 3);
	test_world_append_json(&world, "clicks", lines.data);
	lk_buf_release(&lines);
}

static void declare_and_catch_up(const kept *k, int *events, const char *sql, const char *view) {
	test_world_declare(&world, sql);
	test_catches_up(&world, view);
	append(*events, 200);
	*events += 200;
	test_catches_up(&world, "traffic");
	are_as_noted(k, sql);
}

static void what_has_not_changed_is_kept(void **state) {
	(void)state;
	static const char *const views[] = {"traffic", "by_ip", "sizes", "visitors", "buttons"};
	kept k = {.n = 0};
	int events = 500;
	test_world_declare(&world, more_views);
	append(0, events);
	click(60);
	test_layer_start(&r, &servers, 2, false);
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		test_catches_up(&world, views[i]);
		note_units(&k, views[i]);
	}
	declare_and_catch_up(&k, &events, "CREATE VIEW totals AS SELECT count(*) AS n FROM hits;", "totals");
	declare_and_catch_up(&k, &events, "CREATE VIEW totals AS SELECT count(*) AS n, sum(bytes) AS bytes FROM hits;", "totals");
	declare_and_catch_up(&k, &events, "CREATE TABLE views (ts timestamptz, ip text) WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '1 second');"
	                     "CREATE VIEW viewers AS SELECT ip, count(*) AS n FROM views GROUP BY ip;", "viewers");
	for (int i = 0; i < 3; i++)   /* redeclared: from one look at the catalogue to the next the former stream is gone */
		declare_and_catch_up(&k, &events, i % 2 ? "CREATE TABLE views (ts timestamptz, ip text) WITH (event_time = ts, partition_by = ip, partitions = 3);"
		                     : "CREATE TABLE views (ts timestamptz, ip text) WITH (event_time = ts, partition_by = ts, partitions = 2);", "viewers");
	lk_error err = {0};
	const lk_cat_copy *second = test_world_kappa(&world, "by_ip");
	int64_t copy = second->id, unit = second->units[0];
	declare_and_catch_up(&k, &events, "CREATE VIEW few AS SELECT count(*) AS n FROM clicks;", "few");
	assert_int_equal(lk_pg_lock_holder(&world.pg, unit, NULL, &err), 1);
	assert_int_equal(lk_copy_drop(&world.pg, copy, &err), LK_OK);
	declare_and_catch_up(&k, &events, "CREATE VIEW fewer AS SELECT button, count(*) AS n FROM clicks WHERE button > 1 GROUP BY button;", "fewer");
	assert_int_equal(lk_pg_lock_holder(&world.pg, unit, NULL, &err), 0);   /* given back */
	for (size_t i = 0; i < sizeof views / sizeof *views; i++)
		test_catches_up(&world, views[i]);
	test_layer_end(&r);
	assert_int_equal(r.notices, 0);
}

/* Rows have other slots then: units over the stream are taken again, units over other streams are not. */
static void a_stream_grows_under_a_worker(void **state) {
	(void)state;
	kept k = {.n = 0};
	test_world_declare(&world, more_views);
	append(0, 500);
	click(60);
	test_layer_start(&r, &servers, 1, false);
	test_catches_up(&world, "traffic");
	test_catches_up(&world, "buttons");
	note_units(&k, "buttons");
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint, agent text, took bigint)"
	                   " WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '10 seconds');"
	                   "CREATE VIEW agents AS SELECT agent, sum(took) AS took, count(*) AS n FROM hits GROUP BY agent;");
	test_world_append_json(&world, "hits", "{\"ts\":\"2017-07-14T02:40:00Z\",\"ip\":\"a\",\"path\":\"/\",\"bytes\":7,\"agent\":\"curl\",\"took\":3}\n");
	append(500, 300);
	test_catches_up(&world, "agents");
	test_catches_up(&world, "traffic");
	test_catches_up(&world, "visitors");
	click(20);
	test_catches_up(&world, "buttons");
	are_as_noted(&k, "a column of another stream");
	test_layer_end(&r);
}

/* --- which worker takes which unit --- */

static void open_hands(lk_worker *w, lk_pool *p, unsigned turn) {
	lk_error err = {0};
	*w = (lk_worker){.pool = p, .stride = 1, .turn = turn};
	memcpy(w->log_id, world.log_id, sizeof w->log_id);
	assert_int_equal(lk_pg_open(&w->writer, servers.at.postgres, "lk test", &err), LK_OK);
	assert_int_equal(lk_worker_adopt(w, &err), LK_OK);
}

static int has_no_lock(void *backend) { return test_world_count(&world, "SELECT count(*) FROM pg_locks WHERE pid = %d", *(int *)backend) == 0; }

/* The server ends a session after the client has left it, and its locks with it. */
static void close_hands(lk_worker *w) {
	int backend = PQbackendPID(w->writer.conn);
	lk_worker_leave_world(w);
	lk_pg_close(&w->writer);
	assert_true(test_poll(has_no_lock, &backend, 30000));
}

static int shares_held(const lk_worker *w) {
	int n = 0;
	for (int i = 0; i < w->nshares; i++)
		n += w->shares[i].units[0]->locked;
	return n;
}

static const char wide[] =
	"CREATE TABLE wide (ts timestamptz, ip text) WITH (event_time = ts, partition_by = ip, partitions = 64, watermark = '1 second');"
	"CREATE VIEW many AS SELECT ip, count(*) AS n FROM wide GROUP BY ip;";

/* A pool of one worker, as in a process that drives one view of 64 partitions. */
static void open_pool(lk_pool *p, lk_speed_options *o) {
	lk_error err = {0};
	lk_catalog *cat = NULL;
	*o = (lk_speed_options){.workers = 1, .view = "many"};
	*p = (lk_pool){.o = o};
	pthread_mutex_init(&p->lock, NULL);
	assert_int_equal(lk_catalog_load(&world.pg, &cat, &err), LK_OK);
	p->world = lk_world_make(p, cat, NULL);
	assert_int_equal(p->world->nparts, 64);
}

static void close_pool(lk_pool *p) {
	lk_world_leave(p, p->world);
	pthread_mutex_destroy(&p->lock);
}

static void a_process_alone_has_all_after_a_few_rounds(void **state) {
	(void)state;
	lk_pool pool;
	lk_speed_options o;
	lk_worker w;
	lk_error err = {0};
	test_world_declare(&world, wide);
	open_pool(&pool, &o);
	open_hands(&w, &pool, 17);
	int rounds = 0;
	for (; shares_held(&w) < 64 && rounds < 64; rounds++)
		assert_int_equal(lk_worker_lock(&w, &err), LK_OK);
	assert_in_range(rounds, 2, 7);
	close_hands(&w);
	close_pool(&pool);
}

/* Wherever they begin, also if one is a round ahead. */
static void processes_that_start_together_share_the_work(void **state) {
	(void)state;
	unsigned long seed = test_seed("share the work");
	test_world_declare(&world, wide);
	for (int i = 0; i < 20; i++) {
		lk_pool pools[2];
		lk_speed_options o[2];
		lk_worker w[2];
		lk_error err = {0};
		unsigned turn = (unsigned)test_random(&seed), apart = 8 + (unsigned)(test_random(&seed) % 48);
		for (int k = 0; k < 2; k++) {
			open_pool(&pools[k], &o[k]);
			open_hands(&w[k], &pools[k], turn + (unsigned)k * apart);
		}
		assert_int_equal(lk_worker_lock(&w[0], &err), LK_OK);
		for (int round = 0; round < 64; round++)
			for (int k = 1; k >= 0; k--)
				assert_int_equal(lk_worker_lock(&w[k], &err), LK_OK);
		int a = shares_held(&w[0]), b = shares_held(&w[1]);
		assert_int_equal(a + b, 64);
		if (a < 8 || b < 8)
			fail_msg("%d and %d of 64 partitions, %u apart", a, b, apart);
		for (int k = 0; k < 2; k++) {
			close_hands(&w[k]);
			close_pool(&pools[k]);
		}
	}
}

/* A partition stays with its worker; the shares are even all the same. */
static void few_partitions_move(void **state) {
	(void)state;
	unsigned long seed = test_seed("few partitions move");
	lk_stream defined[12];
	for (int round = 0; round < 300; round++) {
		lk_speed_options o = {.workers = 1 + (int)(test_random(&seed) % 6)};
		lk_pool pool = {.o = &o};
		pthread_mutex_init(&pool.lock, NULL);
		lk_world *former = NULL;
		for (int step = 0; step < 6; step++) {
			lk_catalog *cat = lk_calloc(1, sizeof *cat);
			cat->streams = lk_arena_zalloc(&cat->arena, 12 * sizeof *cat->streams);
			cat->views = lk_arena_zalloc(&cat->arena, 12 * sizeof *cat->views);
			cat->versions = lk_arena_zalloc(&cat->arena, 12 * sizeof *cat->versions);
			cat->copies = lk_arena_zalloc(&cat->arena, 12 * sizeof *cat->copies);
			for (int i = 0; i < 12; i++) {
				if (test_random(&seed) % 3 == 0)
					continue;
				int n = cat->nstreams++;
				defined[i] = (lk_stream){.partitions = 1 + i % 4};
				cat->streams[n] = (lk_cat_stream){.id = 100 + i, .stream = &defined[i]};
				cat->views[n].stream = &cat->streams[n];
				cat->versions[n].view = &cat->views[n];
				cat->copies[cat->ncopies++] = (lk_cat_copy){.id = 200 + i, .state = LK_COPY_LIVE, .version = &cat->versions[n]};
			}
			lk_world *now = lk_world_make(&pool, cat, former);
			int least = INT32_MAX, most = 0, moved = 0, went = 0;
			for (int i = 0; i < o.workers; i++) {
				int has = lk_world_parts_of(now, i);
				least = has < least ? has : least;
				most = has > most ? has : most;
			}
			for (int i = 0; former && i < former->nparts; i++) {
				const lk_world_part *was = &former->parts[i], *is = NULL;
				for (int k = 0; k < now->nparts; k++)
					if (now->parts[k].stream->id == was->stream->id && now->parts[k].part == was->part)
						is = &now->parts[k];
				moved += is && is->owner != was->owner;
				went += !is;
			}
			assert_true(most - least <= 1);
			assert_true(moved <= went);   /* nothing moves to where nothing left */
			if (former)
				lk_world_leave(&pool, former);
			former = now;
		}
		lk_world_leave(&pool, former);
		pthread_mutex_destroy(&pool.lock);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end_layer)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_busy_worker_keeps_no_hints),
		TEST(what_has_not_changed_is_kept),
		TEST(a_stream_grows_under_a_worker),
		TEST(a_process_alone_has_all_after_a_few_rounds),
		TEST(processes_that_start_together_share_the_work),
		cmocka_unit_test(few_partitions_move),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
