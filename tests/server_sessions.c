/* Sessions through all layers, by hand: a table of edges, and cases whose rows are written down. Also the oracle of
 * random sessions: the user's own text over sessions that PostgreSQL finds by gaps and islands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/cut.h"
#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/visits.h"

enum { GAP_US = TEST_GAP_US };
#define BASE TEST_VISITS_US

static test_servers servers;
static test_world world;

/* --- edges, in every layer and cut at every place --- */

static const struct edge {
	int64_t at[6];
	int n;
	int64_t sessions[4][3];   /* first event, last event, how many */
	int nsessions;
} edges[] = {
	{{0}, 1, {{0, 0, 1}}, 1},
	{{0, GAP_US - 1}, 2, {{0, GAP_US - 1, 2}}, 1},
	{{0, GAP_US}, 2, {{0, 0, 1}, {GAP_US, GAP_US, 1}}, 2},
	{{0, GAP_US + 1}, 2, {{0, 0, 1}, {GAP_US + 1, GAP_US + 1, 1}}, 2},
	{{GAP_US, 0}, 2, {{0, 0, 1}, {GAP_US, GAP_US, 1}}, 2},
	{{3, 3, 3}, 3, {{3, 3, 3}}, 1},
	{{GAP_US - 1, GAP_US}, 2, {{GAP_US - 1, GAP_US, 2}}, 1},
	{{0, 2 * GAP_US - 1}, 2, {{0, 0, 1}, {2 * GAP_US - 1, 2 * GAP_US - 1, 1}}, 2},
	{{0, 12000000, 6000000}, 3, {{0, 12000000, 3}}, 1},
	{{0, 2 * GAP_US - 1, GAP_US}, 3, {{0, 0, 1}, {GAP_US, 2 * GAP_US - 1, 2}}, 2},
	{{40000000, 0, 31000000, 9000000, 20000000}, 5, {{0, 9000000, 2}, {20000000, 20000000, 1}, {31000000, 40000000, 2}}, 3},
	{{45000000, 36000000, 27000000, 18000000, 9000000, 0}, 6, {{0, 45000000, 6}}, 1},
	{{-BASE, -BASE - 1, -BASE + 1}, 3, {{-BASE - 1, -BASE + 1, 3}}, 1},   /* 1970 */
	{{-2 * BASE, -2 * BASE + GAP_US, -2 * BASE + GAP_US - 1}, 3, {{-2 * BASE, -2 * BASE + GAP_US, 3}}, 1},
};
enum { EDGES = sizeof edges / sizeof *edges };

/* "edge/split": the first `split` events of an edge are below the cut. */
static const char *edge_key(lk_arena *arena, int edge, int split) {
	char name[24];
	snprintf(name, sizeof name, "%d/%d", edge, split);
	return lk_arena_strdup(arena, name);
}

static void append_edges(bool below_cut) {
	lk_arena arena = {0};
	for (int e = 0; e < EDGES; e++)
		for (int split = 0; split <= edges[e].n; split++) {
			test_visit v[6];
			int n = 0;
			for (int i = below_cut ? 0 : split; i < (below_cut ? split : edges[e].n); i++)
				v[n++] = (test_visit){BASE + edges[e].at[i], edge_key(&arena, e, split), i % 3 + e, i};
			test_visits_append(&world, v, n);
		}
	lk_arena_release(&arena);
}

static void sessions_by_hand(test_rows *out) {
	lk_arena arena = {0};
	*out = (test_rows){0};
	test_world_run(&world, "CREATE TEMP TABLE want (f bigint, l bigint, k text, n bigint)");
	for (int e = 0; e < EDGES; e++)
		for (int split = 0; split <= edges[e].n; split++)
			for (int i = 0; i < edges[e].nsessions; i++) {
				const int64_t *s = edges[e].sessions[i];
				char sql[200];
				snprintf(sql, sizeof sql, "INSERT INTO want VALUES (%lld, %lld, '%s', %lld)", (long long)(BASE + s[0]),
				         (long long)(BASE + s[1] + GAP_US), edge_key(&arena, e, split), (long long)s[2]);
				test_world_run(&world, sql);
			}
	test_sql_rows(&world, "SELECT timestamptz '1970-01-01Z' + f * interval '1 us', timestamptz '1970-01-01Z' + l * interval '1 us', k, n FROM want",
	              (const lk_type[]){{.kind = LK_TIME}, {.kind = LK_TIME}, {.kind = LK_TEXT}, {.kind = LK_INT8}}, 4, out);
	test_world_run(&world, "DROP TABLE want");
	lk_arena_release(&arena);
}

static void rows_are(const lk_query *q, const test_rows *want) {
	lk_answer a;
	test_rows got;
	lk_buf difference = LK_BUF_INIT;
	test_world_answer(&world, q, &a);
	test_answer_rows(&a, &got);
	test_rows_difference(want, &got, &difference);
	if (difference.len)
		fail_msg("%s", difference.data);
	test_rows_release(&got);
	lk_answer_release(&a);
	test_world_same(&world, q);
}

static void edges_cut_anywhere(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_visits_text);
	test_world_declare(&world, "CREATE VIEW v AS SELECT k, count(*) AS n FROM visits GROUP BY k, session(ts, '10 s');");
	test_rows want;
	test_worker lambda, kappa;
	char id[24];
	const lk_cat_copy *copy = test_world_kappa(&world, "v");
	lk_query q = test_query_of("v", NULL, NULL), k = test_query_of("v", copy, id);
	sessions_by_hand(&want);
	test_worker_open(&lambda, &world, "v");
	test_worker_open_copy(&kappa, &world, copy);
	append_edges(true);
	test_world_batch(&world, "v");
	append_edges(false);
	test_worker_catch_up(&lambda);
	lk_stream_limits few = {.fetch_events = 5, .commit_events = 2, .commit_cells = 2, .commit_us = LK_US_PER_S, .segment_bytes = 1};
	kappa.path.limits = few;
	test_worker_catch_up(&kappa);
	rows_are(&q, &want);
	rows_are(&k, &want);
	test_world_batch(&world, "v");
	q.layer = LK_LAYER_BATCH;
	rows_are(&q, &want);
	test_worker_close(&lambda);
	test_worker_close(&kappa);
	test_rows_release(&want);
}

static void sessions_are(const char *view, const lk_cat_copy *copy, const char *want, int64_t late, int64_t final_to_s) {
	char id[24];
	lk_query q = test_query_of(view, copy, id);
	lk_answer a;
	lk_buf got = LK_BUF_INIT;
	test_world_answer(&world, &q, &a);
	for (size_t i = 0; i < a.nrows; i++) {
		lk_span s = lk_answer_span(&a, a.rows[i]);
		lk_value n;
		lk_answer_value(&a, a.rows[i], 0, &n);
		lk_buf_addf(&got, "%s[%lld,%lld)=%lld", i ? " " : "", (long long)((s.start - BASE) / LK_US_PER_S), (long long)((s.end - BASE) / LK_US_PER_S),
		            (long long)n.i);
	}
	assert_string_equal(got.data, want);
	assert_int_equal(a.late, late);
	assert_int_equal(a.final_to, BASE + final_to_s * LK_US_PER_S);
	lk_buf_release(&got);
	lk_answer_release(&a);
	test_world_same(&world, &q);
}

/* A late event between two final sessions would join them; an event in time may extend a session that has ended but is
 * not final. */
static void a_bridge_that_comes_late(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_visits_in_one_partition_text);
	test_world_declare(&world, "CREATE VIEW v WITH (allowed_lateness = '0 s') AS SELECT count(*) AS n FROM visits GROUP BY session(ts, '10 s');");
	const lk_cat_copy *kappa = test_world_kappa(&world, "v");
	test_worker w, batched;
	test_worker_open_copy(&w, &world, kappa);
	test_worker_open(&batched, &world, "v");
#define VISIT(s) test_visits_append(&world, &(test_visit){BASE + (s) * LK_US_PER_S, "a", 1, 1}, 1), test_worker_catch_up(&w)
	VISIT(0);
	VISIT(15);
	sessions_are("v", kappa, "[0,10)=1 [15,25)=1", 0, 5);
	VISIT(7);     /* 7 + gap > 15: it joins two sessions, in time */
	sessions_are("v", kappa, "[0,25)=3", 0, 5);
	VISIT(40);
	VISIT(62);
	sessions_are("v", kappa, "[0,25)=3 [40,50)=1 [62,72)=1", 0, 52);
	VISIT(31);    /* [0,25) and [40,50) are final */
	VISIT(49);
	VISIT(52);    /* 52 + gap <= 62: just late */
	sessions_are("v", kappa, "[0,25)=3 [40,50)=1 [62,72)=1", 3, 52);
	VISIT(53);    /* in time, and next to [62,72), which is open */
	sessions_are("v", kappa, "[0,25)=3 [40,50)=1 [53,72)=2", 3, 52);
	test_worker_catch_up(&batched);
	test_world_batch(&world, "v");      /* the batch heals what the stream path refused */
	sessions_are("v", NULL, "[0,25)=3 [31,72)=6", 0, 52);
	test_worker_close(&w);
	test_worker_close(&batched);
}

/* An expired session may still grow, and is then shown again as a whole: so its panes stay for another gap. */
static void an_expired_session_comes_back(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_visits_in_one_partition_text);
	test_world_declare(&world, "CREATE VIEW v WITH (retention = '10 s') AS SELECT count(*) AS n FROM visits GROUP BY session(ts, '10 s');");
	const lk_cat_copy *kappa = test_world_kappa(&world, "v");
	unsigned long seed = 1;
	test_worker lambda, other;
	test_worker_open(&lambda, &world, "v");
	test_worker_open_copy(&other, &world, kappa);
	static const struct { int64_t at_s; const char *want; int64_t final_to_s, rows; } steps[] = {
		{0, "[0,10)=1", -20, 1},
		{20, "[20,30)=1", 0, 2},             /* [0,10) is expired, and in the stores */
		{5, "[0,15)=2 [20,30)=1", 0, 2},     /* 5 + gap + lateness > 20 */
		{51, "[51,61)=1", 31, 1},
	};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		test_visits_append(&world, &(test_visit){BASE + steps[i].at_s * LK_US_PER_S, "a", 1, 1}, 1);
		test_worker_catch_up(&lambda);
		test_worker_catch_up(&other);
		sessions_are("v", NULL, steps[i].want, 0, steps[i].final_to_s);
		sessions_are("v", kappa, steps[i].want, 0, steps[i].final_to_s);
		test_world_batch(&world, "v");
		lk_error err = {0};
		if (test_visits_seal(&other, kappa->id, &seed, &err) != LK_OK)
			fail_msg("%s", err.text);
		test_world_reload(&world);
		sessions_are("v", NULL, steps[i].want, 0, steps[i].final_to_s);
		sessions_are("v", kappa, steps[i].want, 0, steps[i].final_to_s);
		const char *tables[] = {test_world_copy(&world, "v")->batch_table, lk_catalog_copy(world.catalog, kappa->id)->batch_table};
		for (int k = 0; k < 2; k++) {
			char sql[200];
			snprintf(sql, sizeof sql, "SELECT count(DISTINCT _pane) FROM %s", tables[k]);
			assert_int_equal(test_world_int(&world, sql), steps[i].rows);
		}
	}
	test_worker_close(&lambda);
	test_worker_close(&other);
}

/* --- the oracle itself --- */

static void twenty_visits(void) {
	test_visit v[20];
	for (int i = 0; i < 20; i++)
		v[i] = (test_visit){BASE + i * 4 * LK_US_PER_S, i % 2 ? "a" : "b", i, i % 10};
	test_visits_append(&world, v, 20);
}

/* If the program misread WHERE, and the oracle's sessions too, the user's own text would have rows that lk lacks. */
static void a_misread_condition_shows(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_visits_text);
	test_world_declare(&world, "CREATE VIEW v AS SELECT k, count(*) AS n FROM visits WHERE n > 3 GROUP BY k, session(ts, '10 s');"
	                   "CREATE VIEW w AS SELECT k, count(*) AS n FROM visits WHERE n > 1 GROUP BY k, session(ts, '10 s');");
	twenty_visits();
	test_world_batch(&world, "v");
	lk_query q = test_query("v");
	lk_buf difference = LK_BUF_INIT;
	lk_plan misread = *test_world_copy(&world, "w")->version->plan;
	misread.where = test_world_copy(&world, "v")->version->plan->where;
	test_world_compare(&world, &q, &misread, NULL, &difference);
	assert_true(difference.len > 0 && difference.data[0] != '?');
	lk_buf_release(&difference);
	test_world_same(&world, &q);
}

/* The oracle raises exactly if the user's statement does: the key of an event that does not pass WHERE is not
 * evaluated. */
static void keys_of_what_does_not_pass(void **state) {
	(void)state;
	static const struct { const char *where; bool raises; } cases[] = {
		{"n < 5", false}, {"n < 7", true}, {"n * 400000000 > 0", true}, {"n < 2 AND n * 400000000 > 0", false}, {"true = (n < 5)", false}};
	test_world_empty(&world);
	test_world_declare(&world, test_visits_text);
	twenty_visits();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char view[24], sql[200];
		lk_buf difference = LK_BUF_INIT;
		snprintf(view, sizeof view, "v%zu", i);
		snprintf(sql, sizeof sql, "CREATE VIEW %s AS SELECT n * 400000000 AS key, count(*) AS c FROM visits WHERE %s GROUP BY key, session(ts, '10 s');",
		         view, cases[i].where);
		test_world_declare(&world, sql);
		test_world_batch(&world, view);
		lk_query q = test_query(view);
		test_world_compare(&world, &q, NULL, NULL, &difference);
		if ((difference.len > 0) != cases[i].raises || (difference.len && difference.data[0] != '?'))
			fail_msg("%s: %s", sql, difference.len ? difference.data : "it does not raise");
		lk_buf_release(&difference);
	}
}

/* --- a prefix --- */

/* The sessions of a prefix stay the same, in both modes, while later events would change them. */
static void sessions_of_a_prefix(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_visits_text);
	test_world_declare(&world, "CREATE VIEW v WITH (allowed_lateness = '5 s') AS SELECT k, count(*) AS n FROM visits GROUP BY k, session(ts, '10 s');");
	const lk_cat_copy *kappa = test_world_kappa(&world, "v");
	test_worker lambda, other;
	char id[24], before[33], after[33];
	lk_cut cut;
	lk_error err = {0};
	test_worker_open(&lambda, &world, "v");
	test_worker_open_copy(&other, &world, kappa);
	unsigned long seed = test_seed("prefix");
	int64_t now = BASE;
	test_visits_some(&world, &seed, &now);
	test_world_batch(&world, "v");
	test_visits_some(&world, &seed, &now);
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){kappa->version->reads, kappa->id, "test"}, &cut, &err), LK_OK);
	lk_query queries[2] = {test_query("v"), test_query_of("v", kappa, id)};
	for (int i = 0; i < 2; i++) {
		lk_answer a;
		queries[i].until = &cut.at;
		test_worker_catch_up(i ? &other : &lambda);
		test_world_answer(&world, &queries[i], &a);
		lk_answer_digest(&a, before);
		lk_answer_release(&a);
		test_world_same(&world, &queries[i]);
		for (int n = 0; n < 3; n++)
			test_visits_some(&world, &seed, &now);
		test_worker_catch_up(i ? &other : &lambda);
		test_world_same(&world, &queries[i]);
		test_world_answer(&world, &queries[i], &a);
		lk_answer_digest(&a, after);
		lk_answer_release(&a);
		assert_string_equal(before, after);
		queries[i].until = NULL;
		test_world_same(&world, &queries[i]);
	}
	test_worker_close(&lambda);
	test_worker_close(&other);
}

/* Sessions have no other size. */
static void other_windows_are_refused(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_visits_text);
	test_world_declare(&world, "CREATE VIEW v AS SELECT count(*) AS n FROM visits GROUP BY session(ts, '10 s');");
	lk_query q = test_query("v");
	lk_answer a;
	lk_error err = {0};
	q.window_us = 3 * GAP_US;
	assert_int_equal(lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "sessions have no fixed size"));
}

/* --- other clocks, other gaps --- */

/* By processing time the events of one append are one instant. A gap of a microsecond separates appends; a gap of a
 * century reaches from the first instant to the last. */
static void the_shortest_and_the_longest_gap(void **state) {
	(void)state;
	static const char *const views[] = {"appends", "ages", "never_late"};
	test_world_empty(&world);
	test_world_declare(&world, test_visits_text);
	test_world_declare(&world,
		"CREATE VIEW appends AS SELECT who, count(*) AS n FROM visits GROUP BY who, session(_at, '1 us');"
		"CREATE VIEW ages AS SELECT count(*) AS n, last(k) AS k FROM visits GROUP BY session(ts, '36525 d');"
		"CREATE VIEW never_late WITH (allowed_lateness = '0 s') AS SELECT count(*) AS n FROM visits GROUP BY session(_at, '1 s');");
	test_worker workers[3];
	for (int i = 0; i < 3; i++)
		test_worker_open(&workers[i], &world, views[i]);
	unsigned long seed = test_seed("gaps");
	int64_t now = BASE;
	const test_visit far[] = {{LK_TIME_MIN, "a", 1, 1}, {LK_TIME_MAX, "b", 2, 2}, {0, NULL, 3, 3}};
	test_visits_append(&world, far, 3);
	for (int n = 0; n < 4; n++) {
		test_visits_some(&world, &seed, &now);
		for (int i = 0; i < 3; i++) {
			lk_query q = test_query(views[i]);
			if (n == 1)
				test_world_batch(&world, views[i]);
			test_worker_catch_up(&workers[i]);
			test_world_same(&world, &q);
			q.from = n % 2 ? 0 : INT64_MIN;
			lk_buf difference = LK_BUF_INIT;
			test_world_compare(&world, &q, NULL, n % 2 ? "window_start >= timestamptz '1970-01-01Z'" : NULL, &difference);
			if (difference.len)
				fail_msg("%s", difference.data);
			lk_buf_release(&difference);
		}
	}
	for (int i = 0; i < 3; i++)
		test_worker_close(&workers[i]);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_cut_anywhere),
		cmocka_unit_test(a_bridge_that_comes_late),
		cmocka_unit_test(an_expired_session_comes_back),
		cmocka_unit_test(a_misread_condition_shows),
		cmocka_unit_test(keys_of_what_does_not_pass),
		cmocka_unit_test(sessions_of_a_prefix),
		cmocka_unit_test(other_windows_are_refused),
		cmocka_unit_test(the_shortest_and_the_longest_gap),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
