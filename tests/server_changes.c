/* The catalogue changes in any order while speed layers run and events arrive: views are declared and changed, streams
 * grow and are added, copies are made, served, dropped and gone back to, batches and replays run. After each step an
 * answer equals the oracle's; in the end every live copy reaches the end of its log and is right. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "catalog/copies.h"
#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/layer.h"
#include "tests/support/replays.h"

enum { ROUNDS = 3, STEPS = 40, STREAMS = 3, VIEWS = 6, LAYERS = 2 };

static test_servers servers;
static test_world world;
static test_layer layers[LAYERS];

typedef struct history {
	unsigned long seed;
	int streams, views, events;
	int columns[STREAMS];          /* columns that were added */
	int stream_of[VIEWS];
	lk_buf story;
} history;

static unsigned below(history *h, unsigned n) { return (unsigned)(test_random(&h->seed) % n); }

#define TELL(h, ...) lk_buf_addf(&(h)->story, " " __VA_ARGS__)

static void must(history *h, int rc, const char *what, const lk_error *err) {
	if (rc != LK_OK)
		fail_msg("after:%s\n%s: %s", h->story.data, what, err->text);
}

static void declare(history *h, char *sql) {
	char *fault = NULL;
	if (test_world_try(&world, sql, &fault) != LK_OK)
		fail_msg("after:%s\nrefused: %s", h->story.data, fault);
	free(sql);
}

/* --- the steps --- */

static void declare_stream(history *h, int i) {
	lk_buf more = LK_BUF_INIT;
	lk_buf_adds(&more, "");
	for (int c = 0; c < h->columns[i]; c++)
		lk_buf_addf(&more, ", extra%d bigint", c);
	declare(h, lk_asprintf("CREATE TABLE s%d (ts timestamptz, ip text, path text, bytes bigint%s)"
	                       " WITH (event_time = ts, partition_by = ip, partitions = %d, watermark = '10 seconds')", i,
	                       more.len ? more.data : "", 1 + i));
	lk_buf_release(&more);
	TELL(h, "stream%d+%d", i, h->columns[i]);
}

static void define(history *h, int i) {
	static const char *const shapes[] = {
		"SELECT path, count(*) AS n, sum(bytes) AS bytes FROM s%d WHERE bytes <> %u GROUP BY path, tumble(ts, '1 minute')",
		"SELECT ip, count(*) AS n FROM s%d WHERE bytes <> %u GROUP BY ip",
		"SELECT path, avg(bytes) AS mean, max(bytes) AS most FROM s%d WHERE bytes <> %u GROUP BY path, tumble(ts, '5 minutes')",
		"SELECT path, count(DISTINCT ip) AS ips FROM s%d WHERE bytes <> %u GROUP BY path, hop(ts, '1 minute', '3 minutes')",
		"SELECT count(*) AS n, min(ts) AS first FROM s%d WHERE bytes <> %u",
	};
	static const char *const bounds[] = {"", " WITH (allowed_lateness = '20 seconds')"};
	unsigned shape = below(h, 5), late = shape == 0 || shape == 2 ? below(h, 2) : 0;
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "CREATE VIEW v%d%s AS ", i, bounds[late]);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	lk_buf_addf(&sql, shapes[shape], h->stream_of[i], below(h, 50));
#pragma GCC diagnostic pop
	TELL(h, "v%d:%u", i, shape);
	declare(h, lk_buf_steal(&sql));
}

static void append(history *h) {
	lk_buf lines = LK_BUF_INIT;
	int stream = (int)below(h, (unsigned)h->streams), n = 1 + (int)below(h, 150);
	char name[16];
	for (int i = h->events; i < h->events + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(INT64_C(1500000000000000) + (i - (i % 9 == 0 ? (int)below(h, 90) : 0)) * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%u\",\"path\":\"/p%u\",\"bytes\":%u,\"extra0\":%d}\n", below(h, 17), below(h, 23), below(h, 60), i);
	}
	h->events += n;
	snprintf(name, sizeof name, "s%d", stream);
	test_world_append_json(&world, name, lines.data);
	lk_buf_release(&lines);
	TELL(h, "append(%d)", n);
}

static const lk_cat_view *view_of(int i) {
	char name[16];
	snprintf(name, sizeof name, "v%d", i);
	return lk_catalog_view(world.catalog, name);
}

/* A random copy of the view, among those that the caller accepts. */
static const lk_cat_copy *copy_of(history *h, const lk_cat_view *v, bool live_lambda) {
	const lk_cat_copy *found[64];
	unsigned n = 0;
	for (int i = 0; i < world.catalog->ncopies && n < 64; i++) {
		const lk_cat_copy *k = &world.catalog->copies[i];
		if (k->version->view == v && (!live_lambda || (!k->kappa && k->state == LK_COPY_LIVE)))
			found[n++] = k;
	}
	return n ? found[below(h, n)] : NULL;
}

static void batch(history *h, const lk_cat_view *v) {
	const lk_cat_copy *k = copy_of(h, v, true);
	lk_batch_report report;
	lk_error err = {0};
	if (!k)
		return;
	TELL(h, "batch(%s, %lld)", v->name, (long long)k->id);
	must(h, lk_batch_run(&world.pg, k, &report, &err), "a batch", &err);
}

static void replay(history *h, const lk_cat_view *v) {
	lk_replay_options o = test_replay_options(&world, v->name);
	lk_replay_report r;
	lk_error err = {0};
	o.switch_over = below(h, 2);
	o.workers = 1 + (int)below(h, 2);
	TELL(h, "replay(%s%s)", v->name, o.switch_over ? " switch" : "");
	must(h, lk_replay_run(&o, &r, &err), "a replay", &err);
	lk_replay_report_release(&r);
}

static void make(history *h, const lk_cat_view *v) {
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_LIVE};
	lk_error err = {0};
	int64_t id;
	must(h, lk_copy_make(&world.pg, lk_catalog_newest(world.catalog, v), &spec, &id, &err), "a copy", &err);
	TELL(h, "make(%s, %lld)", v->name, (long long)id);
}

static void drop(history *h, const lk_cat_view *v) {
	const lk_cat_copy *k = copy_of(h, v, false);
	lk_error err = {0};
	if (k->id == v->served_copy)
		return;
	TELL(h, "drop(%s, %lld)", v->name, (long long)k->id);
	must(h, lk_copy_drop(&world.pg, k->id, &err), "a drop", &err);
}

static void back(history *h, const lk_cat_view *v) {
	lk_replay_options o = test_replay_options(&world, v->name);
	lk_mode_report r;
	lk_error err = {0};
	if (!v->former_copy)
		return;
	TELL(h, "back(%s)", v->name);
	must(h, lk_mode_back(&o, &r, &err), "a way back", &err);
	lk_difference_release(&r.difference);
}

static void grow(history *h) {
	if (h->streams < STREAMS && below(h, 2)) {
		declare_stream(h, h->streams++);
	} else {
		int i = (int)below(h, (unsigned)h->streams);
		h->columns[i]++;
		declare_stream(h, i);
	}
}

static void change_view(history *h) {
	int i = (int)below(h, VIEWS);
	if (i >= h->views) {
		i = h->views++;
		h->stream_of[i] = (int)below(h, (unsigned)h->streams);
	}
	define(h, i);
}

static void step(history *h) {
	const lk_cat_view *v = view_of((int)below(h, (unsigned)h->views));
	switch (below(h, 12)) {
	case 0: case 1: case 2: append(h); break;
	case 3: case 4: change_view(h); break;
	case 5: case 6: batch(h, v); break;
	case 7: replay(h, v); break;
	case 8: make(h, v); break;
	case 9: drop(h, v); break;
	case 10: back(h, v); break;
	default: grow(h);
	}
}

static void check(history *h) {
	lk_buf difference = LK_BUF_INIT;
	char name[16];
	snprintf(name, sizeof name, "v%u", below(h, (unsigned)h->views));
	lk_query q = test_query(name);
	test_world_compare(&world, &q, NULL, NULL, &difference);
	if (difference.len)
		fail_msg("after:%s\n%s: %s", h->story.data, name, difference.data);
	lk_buf_release(&difference);
}

/* --- in the end --- */

static int is_at_end(void *copy) {
	const lk_cat_copy *k = copy;
	char id[24];
	lk_query q = test_query_of(k->version->view->name, k, id);
	lk_answer a;
	bool all = true;
	test_world_answer(&world, &q, &a);
	for (int i = 0; i < a.partitions; i++)
		all &= a.end.part[i].off == a.tail.part[i].off;
	lk_answer_release(&a);
	return all;
}

static void check_copies(history *h) {
	test_world_reload(&world);
	for (int i = 0; i < world.catalog->ncopies; i++) {
		lk_cat_copy *k = &world.catalog->copies[i];
		if (k->state != LK_COPY_LIVE)
			continue;
		if (!test_poll(is_at_end, k, 30000))
			fail_msg("after:%s\ncopy %lld of view %s does not come to the log's end", h->story.data, (long long)k->id, k->version->view->name);
		test_copy_is_right(&world, k->version->view->name, k->id);
	}
}

static void play(unsigned long seed) {
	history h = {.seed = seed, .streams = 1, .views = 1};
	test_world_empty(&world);
	declare_stream(&h, 0);
	define(&h, 0);
	for (int i = 0; i < LAYERS; i++)
		test_layer_start(&layers[i], &servers, 1 + (int)below(&h, 3), false);
	for (int i = 0; i < STEPS; i++) {
		step(&h);
		test_world_reload(&world);
		check(&h);
	}
	check_copies(&h);
	for (int i = 0; i < LAYERS; i++)
		test_layer_end(&layers[i]);
	lk_buf_release(&h.story);
}

/* I3, I11 */
static void random_changes_under_load(void **state) {
	(void)state;
	unsigned long seed = test_seed("changes");
	int rounds = test_rounds("ROUNDS", ROUNDS);
	for (int i = 0; i < rounds; i++)
		play(seed + (unsigned long)i);
}

static int end_layers(void **state) {
	for (int i = 0; i < LAYERS; i++)
		test_layer_stop(&layers[i]);
	return test_players_end(state);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(random_changes_under_load, NULL, end_layers)};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
