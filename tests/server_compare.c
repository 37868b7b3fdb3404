/* What a comparison of lambda, kappa and plain SQL finds on real servers: no difference if nothing is wrong; else the
 * right row, event or segment; and what a batch has healed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/copies.h"
#include "core/time.h"
#include "tests/support/comparisons.h"
#include "tests/support/fixtures.h"
#include "tests/support/random_view.h"

enum { ROUNDS = 16 };

static test_servers servers;
static test_world world;
static test_compared hits = {.world = &world};

static void append(int n) { test_compared_append(&hits, n, 20); }

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_compared_text);
	hits.appended = 0;
	return 0;
}

/* --- equal --- */

static void all_agree(void **state) {
	(void)state;
	static const char *const views[] = {"traffic", "bare", "one", "strict"};
	for (int v = 0; v < 4; v++)
		test_compare_equal(&world, views[v]);   /* over no events */
	test_compared_append(&hits, 900, 0);
	for (int v = 0; v < 4; v++)
		test_compare_equal(&world, views[v]);
	test_world_batch(&world, "traffic");
	append(200);
	test_world_speed_once(&world, "traffic");
	append(100);
	test_compare_equal(&world, "traffic");
	test_compare_equal(&world, "traffic");
	test_compare_equal(&world, "bare");
	test_compare_equal(&world, "one");
	test_compare_left_nothing(&world);
}

static void both_copies_of_the_view(void **state) {
	(void)state;
	lk_comparison c;
	lk_error err = {0};
	int64_t kappa;
	append(500);
	test_world_batch(&world, "traffic");
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_LIVE};
	assert_int_equal(lk_copy_make(&world.pg, test_world_copy(&world, "traffic")->version, &spec, &kappa, &err), LK_OK);
	append(300);
	test_compare(&world, "traffic", false, &c);
	assert_true(c.lambda_was_there);
	assert_true(c.kappa_was_there);
	assert_true(lk_comparison_equal(&c));
	assert_int_equal(c.events, 800);
	lk_comparison_release(&c);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE state = 'scratch'"), 0);
	test_compare_left_nothing(&world);
}

/* A view in kappa mode with a version that has no copy. */
static void a_view_in_kappa_mode(void **state) {
	(void)state;
	lk_comparison c;
	lk_error err = {0};
	int64_t kappa, retired;
	append(500);
	const lk_cat_copy *lambda = test_world_copy(&world, "traffic");
	const lk_cat_view *view = lambda->version->view;
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_LIVE};
	assert_int_equal(lk_copy_make(&world.pg, lambda->version, &spec, &kappa, &err), LK_OK);
	test_world_run(&world, "BEGIN");
	if (lk_copy_serve(&world.pg, view->id, lambda->id, kappa, &retired, &err) != LK_OK)
		fail_msg("%s", err.text);
	test_world_run(&world, "COMMIT");
	assert_int_equal(lk_copy_drop(&world.pg, lambda->id, &err), LK_OK);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT path, count(*) AS n FROM hits WHERE status < 400 GROUP BY path, tumble(ts, '1 minute');");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy JOIN lk.version USING (version_id) WHERE number = 2"), 0);
	for (int version = 0; version < 3; version++) {
		lk_replay_options o = test_replay_options(&world, "traffic");
		o.version = version;
		if (lk_compare_view(&o, version == 2, &c, &err) != LK_OK)
			fail_msg("%s", err.text);
		if (!lk_comparison_equal(&c))
			test_compare_fail(&c, "not equal");
		assert_int_equal(c.version, version ? version : 1);
		assert_false(c.lambda_was_there);
		assert_int_equal(c.kappa_was_there, version < 2);
		lk_comparison_release(&c);
		test_compare_left_nothing(&world);
	}
	assert_int_equal(test_world_int(&world, "SELECT served_copy FROM lk.view WHERE name = 'traffic'"), kappa);
}

static void declare_any(unsigned long *seed, const char *stream, const char *view, lk_buf *sql, test_view_shape *shape) {
	char *fault = NULL;
	test_random_stream(seed, stream, sql);
	test_world_declare(&world, sql->data);
	do {
		free(fault);
		fault = NULL;
		lk_buf_clear(sql);
		test_random_view(seed, view, stream, NULL, sql, shape);
	} while (test_world_try(&world, sql->data, &fault) != LK_OK);
}

static void append_any(unsigned long *seed, const char *stream, const char *view) {
	int64_t base_us = TEST_COMPARED_BASE_S * LK_US_PER_S;
	for (int k = 0; k < 3; k++, base_us += 60 * LK_US_PER_S) {
		lk_arena arena = {0};
		int n = 1 + (int)(test_random(seed) % 200);
		bool extreme = test_random(seed) % 4 == 0;
		test_world_append(&world, stream, test_random_rows(seed, n, base_us, extreme, &arena), n);
		lk_arena_release(&arena);
		if (test_random(seed) % 2)
			test_world_speed_once(&world, view);
		if (test_random(seed) % 2)
			test_world_batch(&world, view);
	}
}

/* A view and its events follow from the seed alone. False if PostgreSQL raised an error over them; then lambda and
 * kappa were compared with each other alone. */
static bool compare_any(unsigned long *seed, const char *stream, const char *view, unsigned long repeat) {
	test_view_shape shape;
	lk_comparison c;
	lk_buf sql = LK_BUF_INIT;
	declare_any(seed, stream, view, &sql, &shape);
	append_any(seed, stream, view);
	test_compare(&world, view, test_random(seed) % 4 == 0, &c);
	bool raised = c.sql_raised != NULL;
	if (!lk_comparison_explained(&c) || (!shape.lateness && !lk_comparison_equal(&c))) {
		print_message("SEED=%lu ROUNDS=1 repeats it\n%s\n", repeat, sql.data);
		test_compare_fail(&c, "not equal");
	}
	assert_true(raised || (c.lambda_sql.made && c.kappa_sql.made));
	lk_comparison_release(&c);
	lk_buf_release(&sql);
	return !raised;
}

/* I3: for random definitions; each round ends with one that PostgreSQL can compute. */
static void any_view(void **state) {
	(void)state;
	enum { TRIES = 20 };
	int rounds = test_rounds("ROUNDS", ROUNDS), raised = 0;
	for (int i = 0; i < rounds; i++) {
		unsigned long own = hits.seed + (unsigned long)i;
		for (int t = 0;; t++) {
			char stream[24], view[24];
			snprintf(stream, sizeof stream, "s%d_%d", i, t);
			snprintf(view, sizeof view, "v%d_%d", i, t);
			assert_true(t < TRIES);
			if (compare_any(&own, stream, view, hits.seed + (unsigned long)i))
				break;
			raised++;
		}
	}
	test_compare_left_nothing(&world);
	print_message("%d rounds, PostgreSQL raised in %d more\n", rounds, raised);
}

/* lk and PostgreSQL may write one value as different texts (R9, R12): they are compared by value. */
static void top_k_over_every_type(void **state) {
	(void)state;
	static const char *const columns[] = {"t", "b", "i2", "i4", "i8", "n", "r", "d", "x"};
	static const char stream[] =
		"CREATE TABLE every (ts timestamptz, k text, t timestamptz, b boolean, i2 smallint, i4 integer, i8 bigint,"
		" n numeric(12, 3), r real, d double precision, x text) WITH (event_time = ts, partition_by = k);";
	static const char *const events[] = {
		"\"t\":\"2024-01-01T00:00:00Z\",\"b\":true,\"i2\":-32768,\"i4\":7,\"i8\":9007199254740993,\"n\":1.5,\"r\":16777216,"
		"\"d\":-0.0,\"x\":\"a \\\"quoted\\\", [{\\\\\"",
		"\"t\":\"2024-01-01T00:00:00.25Z\",\"b\":false,\"i2\":0,\"i4\":-7,\"i8\":-9223372036854775808,\"n\":-0.125,\"r\":-0.0,"
		"\"d\":9007199254740992,\"x\":\"\\u0001\\b\\f\\n\\r\\t\\u007f\"",
		"\"t\":\"0001-01-01T00:00:00Z\",\"i2\":1,\"i4\":0,\"i8\":0,\"n\":0,\"r\":1e-40,\"d\":5e-324,\"x\":\"\\u20ac \\ud83d\\ude00\"",
		"\"t\":\"9999-12-31T23:59:59.999999Z\",\"n\":123456789.001,\"r\":\"NaN\",\"d\":\"NaN\",\"x\":\"\"",
		"\"t\":\"1969-12-31T23:59:59.000001Z\",\"r\":\"Infinity\",\"d\":\"-Infinity\",\"x\":\"1.0\"",
		"\"r\":3.4028235e38,\"d\":1.7976931348623157e308,\"x\":\"null\"",
		"\"r\":1e15,\"d\":1e15", "\"r\":123456.7,\"d\":5.6843418860808015e-14", "\"r\":0.00001,\"d\":0.00001", "\"d\":0.0",
	};
	lk_buf sql = LK_BUF_INIT, lines = LK_BUF_INIT;
	lk_buf_adds(&sql, stream);
	for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
		lk_buf_addf(&sql, "CREATE VIEW top_%s AS SELECT k, top_k(%s, 20) AS v FROM every GROUP BY k;", columns[c], columns[c]);
	test_world_declare(&world, sql.data);
	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		for (int twice = 0; twice < 2; twice++)
			lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"%s\",%s}\n", twice ? "all" : i % 2 ? "a" : "b", events[i]);
	test_world_append_json(&world, "every", lines.data);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected"), 0);
	for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
		char view[16];
		snprintf(view, sizeof view, "top_%s", columns[c]);
		test_compare_equal(&world, view);
	}
	lk_buf_release(&sql);
	lk_buf_release(&lines);
}

/* --- something is wrong --- */

static void is_said(const lk_difference *d, const char *what) {
	if (!d->nshown || !strstr(d->shown[0].first_event, what))
		fail_msg("not said: %s; but: %s", what, d->nshown ? d->shown[0].first_event : "");
}

static void a_broken_cell_is_named(void **state) {
	(void)state;
	lk_comparison c;
	test_broken_cell broken;
	append(600);
	test_world_batch(&world, "traffic");
	append(600);
	test_world_speed_once(&world, "traffic");
	test_break_cell(&world, test_world_copy(&world, "traffic"), 1, 0, &broken);
	lk_buf window = LK_BUF_INIT;
	lk_time_print(broken.pane, &window);
	test_compare(&world, "traffic", false, &c);
	assert_false(lk_comparison_equal(&c));
	assert_false(lk_comparison_explained(&c));
	assert_int_equal(c.kappa_sql.equal, c.kappa_sql.compared);
	const lk_difference *const both[] = {&c.lambda_kappa, &c.lambda_sql};
	for (int i = 0; i < 2; i++) {
		if (both[i]->different != 1 || both[i]->equal != both[i]->compared - 1)
			test_compare_fail(&c, "one row should differ");
		assert_string_equal(both[i]->shown[0].window, window.data);
		assert_string_equal(both[i]->shown[0].key, broken.key);
		is_said(both[i], "no event explains it");
	}
	lk_comparison_release(&c);
	lk_buf_release(&window);
	test_compare_left_nothing(&world);
}

/* The broken row has late events too, which do not explain it. */
static void a_broken_cell_beside_late_events(void **state) {
	(void)state;
	lk_comparison c;
	for (int i = 0; i < 40; i++)
		test_compared_append(&hits, 20, 500);
	test_world_speed_once(&world, "strict");
	test_broken_cell broken;
	test_worker w;
	test_worker_open(&w, &world, "strict");
	test_worker_catch_up(&w);   /* a new owner: another segment */
	for (int i = 0; i < 40; i++)
		test_compared_append(&hits, 20, 500);
	test_worker_catch_up(&w);
	test_worker_close(&w);
	test_break_cell(&world, test_world_copy(&world, "strict"), 1, 0, &broken);
	test_compare(&world, "strict", false, &c);
	assert_false(lk_comparison_explained(&c));
	assert_int_equal(c.lambda_kappa.different, 1);
	assert_int_equal(c.lambda_kappa.by_late, 0);
	is_said(&c.lambda_kappa, "no event explains it");
	/* by chance the wrong value may equal PostgreSQL's with the late events */
	if (!lk_difference_none(&c.lambda_sql))
		is_said(&c.lambda_sql, "explain");
	lk_comparison_release(&c);
}

static void a_broken_batch_is_named(void **state) {
	(void)state;
	lk_comparison c;
	append(600);
	test_world_batch(&world, "traffic");
	char *sql = lk_asprintf("UPDATE %s SET _p0_0 = _p0_0 + 1 WHERE ctid = '(0,1)'", test_world_copy(&world, "traffic")->batch_table);
	test_world_run(&world, sql);
	free(sql);
	append(100);
	test_compare(&world, "traffic", false, &c);
	assert_int_equal(c.lambda_sql.different, 1);
	assert_int_equal(c.lambda_kappa.different, 1);
	assert_int_equal(c.kappa_sql.different, 0);
	is_said(&c.lambda_sql, "no event explains it: the copy does not hold");
	lk_comparison_release(&c);
	test_compare_left_nothing(&world);
}

/* Rows of bare are named by their window alone; the broken row is found among the others of its window. */
static void rows_that_share_a_window(void **state) {
	(void)state;
	lk_comparison c;
	test_broken_cell broken;
	append(900);
	test_world_speed_once(&world, "bare");
	test_compare_equal(&world, "bare");
	test_break_cell(&world, test_world_copy(&world, "bare"), 0, 0, &broken);
	test_compare(&world, "bare", false, &c);
	assert_int_equal(c.lambda_kappa.equal, c.lambda_kappa.compared - 1);
	assert_int_equal(c.lambda_kappa.different, 1);
	assert_int_equal(c.kappa_sql.equal, c.kappa_sql.compared);
	is_said(&c.lambda_kappa, "no event explains it");
	lk_comparison_release(&c);
}

/* --- late events --- */

/* I3, P10: exactly the events of lk.late differ. */
static void batch_heals_late_events(void **state) {
	(void)state;
	lk_comparison c;
	test_compared_append(&hits, 1200, 60);
	test_world_speed_once(&world, "strict");
	int64_t late = test_world_int(&world, "SELECT count(*) FROM lk.late");
	assert_true(late > 0);
	test_compare(&world, "strict", false, &c);   /* no batch yet: both modes refuse the same events, PostgreSQL none */
	if (c.lambda_kappa.equal != c.lambda_kappa.compared)
		test_compare_fail(&c, "the stream path refuses the same events in both modes");
	assert_int_equal(c.late, late);
	assert_int_equal(c.healed, 0);
	assert_int_equal(c.healed_rows, 0);
	assert_false(lk_comparison_equal(&c));
	assert_true(lk_comparison_explained(&c));
	assert_true(c.lambda_sql.by_late > 0);
	assert_int_equal(c.lambda_sql.by_late, c.kappa_sql.by_late);
	assert_non_null(strstr(c.lambda_sql.shown[0].first_event, "late for lambda, counted by sql"));
	lk_comparison_release(&c);

	test_world_batch(&world, "strict");
	test_compare(&world, "strict", false, &c);
	if (c.lambda_sql.equal != c.lambda_sql.compared)
		test_compare_fail(&c, "the batch counts late events");
	assert_true(lk_comparison_explained(&c));
	assert_int_equal(c.late, late);
	assert_int_equal(c.healed, late);
	assert_true(c.healed_rows > 0 && c.nhealed_shown > 0);
	assert_int_equal(c.lambda_kappa.by_late, c.lambda_kappa.compared - c.lambda_kappa.equal);
	assert_non_null(strstr(c.lambda_kappa.shown[0].first_event, "late for kappa, counted by lambda"));
	for (int i = 0; i < c.nhealed_shown; i++) {
		assert_true(c.healed_shown[i].events > 0);
		assert_non_null(c.healed_shown[i].lambda);
		assert_true(!c.healed_shown[i].kappa || strcmp(c.healed_shown[i].kappa, c.healed_shown[i].lambda));
	}
	lk_comparison_release(&c);
	test_compare_left_nothing(&world);
}

/* The first event that is named is the first one that the rule refuses in that row, as SQL finds it. */
static void the_first_late_event_is_named(void **state) {
	(void)state;
	lk_comparison c;
	char *sql, where[80];
	for (int i = 0; i < 8; i++)
		test_compared_append(&hits, 150, 200);
	test_world_batch(&world, "strict");
	test_world_speed_once(&world, "strict");
	test_compare(&world, "strict", false, &c);
	assert_true(c.lambda_kappa.nshown > 0);
	/* a comparison removes its copies and their rows of lk.late, so the test applies the rule itself */
	for (int i = 0; i < c.lambda_kappa.nshown; i++) {
		sql = lk_asprintf("SELECT x.part * 1000000 + x.off FROM (SELECT part, off, path, _at, date_bin('10 seconds', ts, '1970-01-01Z') AS pane,"
		                  " max(least(ts, _at + interval '1 day')) OVER (PARTITION BY part ORDER BY off ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
		                  " - interval '5 seconds' AS watermark FROM lk.log_hits) x WHERE x.pane + interval '10 seconds' <= x.watermark"
		                  " AND x.pane = '%s' AND 'path=' || x.path = '%s' ORDER BY x._at, x.part, x.off LIMIT 1",
		                  c.lambda_kappa.shown[i].window, c.lambda_kappa.shown[i].key);
		int64_t place = test_world_int(&world, sql);
		test_place_text(place, where);
		if (strncmp(c.lambda_kappa.shown[i].first_event, where, strlen(where)))
			fail_msg("%s is named, the first is %s", c.lambda_kappa.shown[i].first_event, where);
		free(sql);
	}
	lk_comparison_release(&c);
}

/* --- two versions --- */

static void two_versions_part_at_an_event(void **state) {
	(void)state;
	test_versions v;
	append(600);
	test_world_batch(&world, "traffic");
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(price) AS mean, min(ip) AS first"
	                           " FROM hits WHERE status < 400 GROUP BY path, tumble(ts, '1 minute');");
	append(300);
	test_versions_compare(&world, "traffic", &v);
	assert_false(v.d.other_shape);
	assert_true(v.d.different > 0 && v.d.nshown > 0);
	for (int i = 0; i < v.d.nshown; i++) {
		char where[80];
		char *sql = lk_asprintf("SELECT part * 1000000 + off FROM lk.log_hits WHERE NOT (status < 400) AND date_bin('1 minute', ts, '1970-01-01Z') = '%s'"
		                        " AND 'path=' || path = '%s' ORDER BY _at, part, off LIMIT 1", v.d.shown[i].window, v.d.shown[i].key);
		int64_t place = test_world_int(&world, sql);
		test_place_text(place, where);
		if (strncmp(v.d.shown[i].first_event, where, strlen(where)) || !strstr(v.d.shown[i].first_event, "served counts n=1, ")
		    || !strstr(v.d.shown[i].first_event, "; new does not count it"))
			fail_msg("%s is named, the first is %s", v.d.shown[i].first_event, where);
		free(sql);
	}
	test_versions_release(&v);
}

static void versions_that_part_at_no_event(void **state) {
	(void)state;
	test_versions v;
	append(600);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(price) AS mean, min(ip) AS first"
	                           " FROM hits GROUP BY path, tumble(ts, '1 minute') HAVING count(*) > 35;");
	test_versions_compare(&world, "traffic", &v);
	assert_true(v.d.only_left > 0);
	assert_int_equal(v.d.different + v.d.only_right, 0);
	assert_non_null(strstr(v.d.shown[0].first_event, "no single event"));
	test_versions_release(&v);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute');");
	test_world_reload(&world);
}

/* --- PostgreSQL has no answer --- */

static void a_value_that_postgresql_cannot_compute(void **state) {
	(void)state;
	lk_comparison c;
	test_world_declare(&world, "CREATE VIEW huge AS SELECT path, max(bytes * 9000000000000000000) AS most FROM hits GROUP BY path;");
	append(200);
	test_compare(&world, "huge", false, &c);
	assert_non_null(c.sql_raised);
	assert_false(c.lambda_sql.made);
	assert_true(c.lambda_rows > 0);
	if (!lk_comparison_equal(&c))
		test_compare_fail(&c, "not equal");
	lk_comparison_release(&c);
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(all_agree),
		TEST(both_copies_of_the_view),
		TEST(a_view_in_kappa_mode),
		TEST(any_view),
		TEST(top_k_over_every_type),
		TEST(a_broken_cell_is_named),
		TEST(a_broken_cell_beside_late_events),
		TEST(a_broken_batch_is_named),
		TEST(rows_that_share_a_window),
		TEST(batch_heals_late_events),
		TEST(the_first_late_event_is_named),
		TEST(two_versions_part_at_an_event),
		TEST(versions_that_part_at_no_event),
		TEST(a_value_that_postgresql_cannot_compute),
	};
	hits.seed = test_seed("compare");
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
