/* Windows that retention removes: they are in no answer, whatever the layer, the mode, and what has been removed so
 * far; and the stores do not grow with the log. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/seal.h"
#include "catalog/copies.h"
#include "core/time.h"
#include "modes/comparison.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

static test_servers servers;
static test_world world;
static int next_event;
static unsigned long seed;

static const char *const stream =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '5 seconds');";

static const struct view { const char *name, *text; } views[] = {
	{"traffic", "CREATE VIEW traffic WITH (retention = '5 minutes') AS SELECT path, count(*) AS n, sum(bytes) AS bytes FROM hits"
	            " GROUP BY path, tumble(ts, '1 minute', '7 s');"},
	{"slides", "CREATE VIEW slides WITH (retention = '3 minutes', allowed_lateness = '10 s') AS SELECT path, count(*) AS n FROM hits"
	           " GROUP BY path, hop(ts, '20 s', '50 s');"},
	{"steps", "CREATE VIEW steps WITH (retention = '2 minutes') AS SELECT sum(bytes) AS bytes, count(*) AS n FROM hits GROUP BY cumulate(ts, '20 s', '1 minute');"},
	{"visits", "CREATE VIEW visits WITH (retention = '4 minutes') AS SELECT ip, count(*) AS n, min(path) AS first FROM hits GROUP BY ip, session(ts, '40 s');"},
	{"long_visits", "CREATE VIEW long_visits WITH (retention = '1 minute', allowed_lateness = '20 s') AS SELECT path < '/p2' AS k, count(*) AS n FROM hits"
	                " GROUP BY path < '/p2', session(ts, '30 s');"},
	{"seen", "CREATE VIEW seen WITH (retention = '3 minutes') AS SELECT count(DISTINCT path) AS n FROM hits GROUP BY tumble(ts, '30 s') HAVING count(*) > 1;"},
};
enum { VIEWS = sizeof views / sizeof *views };

static const int64_t start_us = INT64_C(1500000000000000);

/* One event per second mostly; some up to eight minutes late; now and then none for a while. */
static void append(int n) {
	static int64_t now;
	lk_buf lines = LK_BUF_INIT;
	if (next_event == 0)
		now = start_us;
	for (int i = 0; i < n; i++, next_event++) {
		now += test_random(&seed) % 60 ? LK_US_PER_S : 50 * LK_US_PER_S;
		int64_t back = test_random(&seed) % 7 ? 0 : (int64_t)(test_random(&seed) % 480) * LK_US_PER_S;
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(now - back, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", (int)(test_random(&seed) % 9), (int)(test_random(&seed) % 5), next_event);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* --- three copies of each view: lambda is served, one kappa copy is sealed, another one never --- */

enum { LAMBDA, SEALED, PLAIN, COPIES };
static test_worker workers[VIEWS][COPIES];
static int64_t copies[VIEWS][COPIES];
static bool open_workers;

static const lk_cat_copy *copy_of(int v, int c) { return lk_catalog_copy(world.catalog, copies[v][c]); }

static void declare(void) {
	test_world_declare(&world, stream);
	for (int v = 0; v < VIEWS; v++) {
		lk_error err = {0};
		test_world_declare(&world, views[v].text);
		const lk_cat_copy *lambda = test_world_copy(&world, views[v].name);
		copies[v][LAMBDA] = lambda->id;
		for (int c = SEALED; c < COPIES; c++)
			test_ok(lk_copy_make(&world.pg, lambda->version, &(lk_copy_spec){.kappa = true, .state = LK_COPY_LIVE}, &copies[v][c], &err), &err);
	}
	test_world_reload(&world);
	for (int v = 0; v < VIEWS; v++)
		for (int c = 0; c < COPIES; c++)
			test_worker_open_copy(&workers[v][c], &world, copy_of(v, c));
	open_workers = true;
}

static void catch_up(void) {
	for (int v = 0; v < VIEWS; v++)
		for (int c = 0; c < COPIES; c++)
			test_worker_catch_up(&workers[v][c]);
}

static void seal(int v) {
	lk_error err = {0};
	lk_batch_report r;
	test_ok(lk_seal_run(&world.pg, world.store, copy_of(v, SEALED), &(lk_seal_options){.compact_rows = 50}, &r, &err), &err);
}

static void batches_and_seals(void) {
	for (int v = 0; v < VIEWS; v++) {
		test_world_batch(&world, views[v].name);
		seal(v);
	}
	test_world_reload(&world);
}

static lk_query query_of(int v, int c, char id[24]) {
	lk_query q = test_query(views[v].name);
	snprintf(id, 24, "%lld", (long long)copies[v][c]);
	q.copy = id;
	return q;
}

static void is_right(void) {
	for (int v = 0; v < VIEWS; v++) {
		char sealed[33], plain[33], id[24];
		for (int c = 0; c < COPIES; c++) {
			lk_query q = query_of(v, c, id);
			test_world_same(&world, &q);
			q.layer = LK_LAYER_BATCH;
			if (copy_of(v, c)->batch_table)
				test_world_same(&world, &q);
		}
		test_digest_at_end(&world, views[v].name, copies[v][SEALED], sealed);
		test_digest_at_end(&world, views[v].name, copies[v][PLAIN], plain);
		if (strcmp(sealed, plain))
			fail_msg("%s: the sealed copy says %s, the one that is not sealed %s", views[v].name, sealed, plain);
	}
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	next_event = 0;
	return 0;
}

static int end_all(void **state) {
	(void)state;
	for (int v = 0; open_workers && v < VIEWS; v++)
		for (int c = 0; c < COPIES; c++)
			test_worker_close(&workers[v][c]);
	open_workers = false;
	return 0;
}

/* I2, I3, I4 */
static void expired_windows_are_in_no_answer(void **state) {
	(void)state;
	seed = test_seed("expired_windows_are_in_no_answer");
	declare();
	for (int round = test_rounds("ROUNDS", 6); round > 0; round--) {
		append(1 + (int)(test_random(&seed) % 150));
		catch_up();
		is_right();
		if (test_random(&seed) % 3)
			batches_and_seals();
		is_right();
	}
}

/* A window of the query that begins before what is kept is expired as a whole. The oracle is a view with such windows. */
static void longer_windows_are_whole_or_not_there(void **state) {
	(void)state;
	char id[24], text[400];
	seed = test_seed("longer_windows_are_whole_or_not_there");
	declare();
	for (int slide = 60; slide <= 180; slide += 60) {
		snprintf(text, sizeof text, "CREATE VIEW asked_%d WITH (retention = '5 minutes') AS SELECT path, count(*) AS n, sum(bytes) AS bytes FROM hits"
		         " GROUP BY path, hop(ts, '%d s', '180 s', '7 s');", slide, slide);
		test_world_declare(&world, text);
	}
	for (int round = 0; round < 4; round++) {
		append(200);
		catch_up();
		batches_and_seals();
		append(30);
		catch_up();
		for (int c = 0; c < COPIES; c++)
			for (int slide = 60; slide <= 180; slide += 60) {
				lk_buf condition = LK_BUF_INIT, difference = LK_BUF_INIT;
				lk_answer a;
				lk_query q = query_of(0, c, id);
				q.window_us = 180 * LK_US_PER_S;
				q.slide_us = slide * LK_US_PER_S;
				test_world_answer(&world, &q, &a);
				assert_true(a.nrows > 0 && a.horizon != LK_NEVER);
				lk_buf_adds(&condition, "window_start > timestamptz '");
				lk_time_print(a.horizon - 60 * LK_US_PER_S, &condition);
				lk_buf_addc(&condition, '\'');
				lk_answer_release(&a);
				snprintf(text, sizeof text, "asked_%d", slide);
				test_world_compare(&world, &q, test_world_copy(&world, text)->version->plan, condition.data, &difference);
				if (difference.len)
					fail_msg("%s", difference.data);
				lk_buf_release(&condition);
				lk_buf_release(&difference);
			}
	}
}

static int64_t rows_of(int v, int c) {
	const lk_cat_copy *k = copy_of(v, c);
	char *sql = lk_asprintf("SELECT count(*) FROM %s", k->batch_table);
	int64_t n = test_world_int(&world, sql);
	free(sql);
	return n;
}

/* Ten times the log, and at most twice the rows and keys of the first part. */
static void stores_do_not_grow_with_the_log(void **state) {
	(void)state;
	enum { PART = 600, BATCHES = 2 };
	int64_t rows[VIEWS][2], keys = 0;
	seed = test_seed("stores_do_not_grow_with_the_log");
	declare();
	for (int v = 0; v < VIEWS; v++)
		test_worker_close(&workers[v][PLAIN]);      /* no worker drives it */
	for (int part = 0; part < 10; part++) {
		for (int i = 0; i < BATCHES; i++) {
			append(PART / BATCHES);
			for (int v = 0; v < VIEWS; v++)
				for (int c = LAMBDA; c <= SEALED; c++)
					test_worker_catch_up(&workers[v][c]);
			batches_and_seals();
		}
		for (int v = 0; v < VIEWS; v++)
			for (int c = LAMBDA; c <= SEALED; c++) {
				test_worker_catch_up(&workers[v][c]);   /* sweeps */
				int64_t now = rows_of(v, c);
				if (part == 0)
					rows[v][c] = now;
				else if (now > 2 * rows[v][c] + 60)
					fail_msg("%s, copy %d: %lld rows after part %d, %lld after the first", views[v].name, c, (long long)now, part, (long long)rows[v][c]);
			}
		int64_t now = test_redis_keys(&servers);
		if (part == 0)
			keys = now;
		assert_true(now <= keys);
	}
	for (int v = 0; v < VIEWS; v++)
		for (int c = LAMBDA; c <= SEALED; c++) {
			char id[24];
			lk_query q = query_of(v, c, id);
			test_world_same(&world, &q);
		}
	for (int v = 0; v < VIEWS; v++)
		test_worker_open_copy(&workers[v][PLAIN], &world, copy_of(v, PLAIN));
}

/* A partition without an event holds the horizon back: its first event may have any age. */
static void an_empty_partition_keeps_all(void **state) {
	(void)state;
	lk_query q = test_query("traffic");
	lk_answer a;
	declare();
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < 1000; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S, &lines);
		lk_buf_adds(&lines, "\",\"ip\":\"10.0.0.1\",\"path\":\"/\",\"bytes\":1}\n");
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
	catch_up();
	batches_and_seals();
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.horizon, LK_NEVER);
	assert_int_equal(a.nrows, 18);
	lk_answer_release(&a);
	is_right();
}

/* All three ways over one prefix: expired windows are in none of them. */
static void all_ways_agree(void **state) {
	(void)state;
	seed = test_seed("all_ways_agree");
	declare();
	append(700);
	catch_up();
	batches_and_seals();
	append(150);
	catch_up();
	end_all(NULL);
	for (int v = 0; v < VIEWS; v++) {
		lk_comparison c;
		lk_error err = {0};
		lk_replay_options o = test_replay_options(&world, views[v].name);
		test_ok(lk_compare_view(&o, false, &c, &err), &err);
		if (!lk_comparison_equal(&c) && !lk_comparison_explained(&c))
			fail_msg("%s: lambda, kappa and plain SQL differ", views[v].name);
		lk_comparison_release(&c);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end_all)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(expired_windows_are_in_no_answer),
		TEST(longer_windows_are_whole_or_not_there),
		TEST(stores_do_not_grow_with_the_log),
		TEST(an_empty_partition_keeps_all),
		TEST(all_ways_agree),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
