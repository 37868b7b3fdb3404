/* Comparing lambda, kappa and plain SQL on real servers: equal where nothing is wrong, whatever runs beside it; the right row, event or segment where
 * something is; what batch has healed; and nothing left behind, whatever ends a comparison. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/time.h"
#include "event_log/append.h"
#include "event_log/copies.h"
#include "replay/costs.h"
#include "tests/support/random_view.h"
#include "tests/support/world.h"
#include "view_store/redis.h"

enum { BASE_S = 1577836800, KILLS = 6, ROUNDS = 16 };

static test_servers servers;
static test_world world;
static unsigned long seed;
static int appended;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, status int, bytes bigint, price numeric(10,2))"
	" WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(price) AS mean, min(ip) AS first"
	" FROM hits GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '0 seconds') AS SELECT path, count(*) AS n, max(ip) AS last"
	" FROM hits GROUP BY path, tumble(ts, '10 seconds');"
	"CREATE VIEW bare AS SELECT count(*) AS n, max(bytes) AS most FROM hits GROUP BY path, ip, tumble(ts, '1 minute');"
	"CREATE VIEW one AS SELECT count(*) AS n, sum(price) AS paid FROM hits;";

static uint64_t below(uint64_t n) { return test_random(&seed) % n; }

static void add_line(lk_buf *lines, int i, int64_t back_s) {
	lk_buf_adds(lines, "{\"ts\":\"");
	lk_time_print((BASE_S + i / 3 - back_s) * LK_US_PER_S, lines);
	lk_buf_addf(lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/%d\",\"status\":%d,\"bytes\":%d,\"price\":%d.%02d}\n", (int)below(17), (int)below(5),
	            (int)below(5) * 100 + 100, i, i % 91, i % 100);
}

/* late: how many in a thousand come up to two minutes late. */
static void append_late(int n, int late) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, appended++)
		add_line(&lines, appended, (int)below(1000) < late ? (int64_t)below(120) : 0);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void append(int n) { append_late(n, 20); }

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	appended = 0;
	return 0;
}

/* --- comparing --- */

static lk_replay_options options(const char *view) {
	static volatile int stop;
	return (lk_replay_options){.postgres = servers.at.postgres, .redis = servers.at.redis, .view = view, .workers = 2, .limits = lk_stream_defaults,
	                           .watch = {.stop = &stop}};
}

static void compare(const char *view, bool costs, lk_comparison *c) {
	lk_replay_options o = options(view);
	lk_error err = {0};
	if (lk_compare_view(&o, costs, c, &err) != LK_OK)
		fail_msg("compare %s: %s (%s)", view, err.text, err.hint);
	assert_string_equal(c->view, view);
	assert_true(c->lambda_kappa.made);
}

static void describe(const lk_difference *d, lk_buf *out) {
	lk_buf_addf(out, "%s, %s: %lld compared, %lld equal, %lld by late\n", d->left, d->right, (long long)d->compared, (long long)d->equal, (long long)d->by_late);
	for (int i = 0; i < d->nshown; i++)
		lk_buf_addf(out, "  %s %s: %s | %s: %s\n", d->shown[i].window ? d->shown[i].window : "", d->shown[i].key,
		            d->shown[i].left ? d->shown[i].left : "-", d->shown[i].right ? d->shown[i].right : "-",
		            d->shown[i].first_event ? d->shown[i].first_event : "");
}

static void fail_with(const lk_comparison *c, const char *what) {
	lk_buf b = LK_BUF_INIT;
	describe(&c->lambda_kappa, &b);
	describe(&c->lambda_sql, &b);
	describe(&c->kappa_sql, &b);
	fail_msg("%s, %s, %lld events\n%s", what, c->view, (long long)c->events, b.data);
}

static void is_equal(const char *view) {
	lk_comparison c;
	compare(view, false, &c);
	if (!lk_comparison_equal(&c) || !c.lambda_sql.made || !c.kappa_sql.made)
		fail_with(&c, "not equal");
	assert_int_equal(c.lambda_kappa.compared, c.lambda_rows);
	assert_int_equal(c.sql_rows, c.lambda_rows);
	lk_comparison_release(&c);
}

static bool note_unit(void *ctx, int64_t unit) {
	char sql[200];
	snprintf(sql, sizeof sql, "SELECT count(*) FROM lk.unit JOIN lk.copy USING (copy_id) WHERE unit_id = %lld AND NOT dropped AND state <> 'trial'",
	         (long long)unit);
	*(int *)ctx += test_world_int(&world, sql) == 0;
	return true;
}

/* Copies, tables, cuts, locks and cells that a comparison made are gone. */
static void nothing_is_left(void) {
	lk_error err = {0};
	int strange = 0;
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE state = 'trial' AND NOT dropped"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM pg_class c JOIN lk.batch b ON b.batch_table = '\"lk\".\"' || c.relname || '\"'"
	                                        " JOIN lk.copy k ON k.copy_id = b.copy_id WHERE k.dropped AND c.relnamespace = 'lk'::regnamespace"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.late JOIN lk.copy USING (copy_id) WHERE dropped"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
	                                        " AND pid IN (SELECT pid FROM pg_stat_activity WHERE application_name = 'lk compare')"), 0);
	assert_int_equal(lk_store_sweep(world.store, note_unit, &strange, &err), LK_OK);
	assert_int_equal(strange, 0);
}

/* --- equal --- */

static void all_agree(void **state) {
	(void)state;
	static const char *const views[] = {"traffic", "bare", "one", "strict"};
	for (int v = 0; v < 4; v++)
		is_equal(views[v]);   /* over no events */
	append_late(900, 0);
	for (int v = 0; v < 4; v++)
		is_equal(views[v]);
	test_world_batch(&world, "traffic");
	append(200);
	test_world_speed_once(&world, "traffic");
	append(100);
	is_equal("traffic");
	is_equal("traffic");
	is_equal("bare");
	is_equal("one");
	nothing_is_left();
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
	compare("traffic", false, &c);
	assert_true(c.lambda_was_there);
	assert_true(c.kappa_was_there);
	assert_true(lk_comparison_equal(&c));
	assert_int_equal(c.events, 800);
	lk_comparison_release(&c);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE state = 'trial'"), 0);
	nothing_is_left();
}

/* A view in kappa mode, of which a version has no copy at all. */
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
		lk_replay_options o = options("traffic");
		o.version = version;
		if (lk_compare_view(&o, version == 2, &c, &err) != LK_OK)
			fail_msg("%s", err.text);
		if (!lk_comparison_equal(&c))
			fail_with(&c, "not equal");
		assert_int_equal(c.version, version ? version : 1);
		assert_false(c.lambda_was_there);
		assert_int_equal(c.kappa_was_there, version < 2);
		lk_comparison_release(&c);
		nothing_is_left();
	}
	assert_int_equal(test_world_int(&world, "SELECT served_copy FROM lk.view WHERE name = 'traffic'"), kappa);
}

/* I3: whatever the definition. Each round follows from its own seed: SEED=<seed of the round> ROUNDS=1 repeats it. */
static void any_view(void **state) {
	(void)state;
	int rounds = test_rounds("ROUNDS", ROUNDS), raised = 0;
	for (int i = 0; i < rounds; i++) {
		unsigned long own = seed + (unsigned long)i;
		char stream[24], view[24], *fault = NULL;
		test_view_shape shape;
		lk_comparison c;
		lk_arena arena = {0};
		lk_buf sql = LK_BUF_INIT;
		snprintf(stream, sizeof stream, "s%d", i);
		snprintf(view, sizeof view, "v%d", i);
		test_random_stream(&own, stream, &sql);
		test_world_declare(&world, sql.data);
		do {
			free(fault);
			fault = NULL;
			lk_buf_clear(&sql);
			test_random_view(&own, view, stream, NULL, &sql, &shape);
		} while (test_world_try(&world, sql.data, &fault) != LK_OK);
		int64_t base_us = BASE_S * LK_US_PER_S;
		for (int k = 0; k < 3; k++) {
			int n = 1 + (int)(test_random(&own) % 200);
			lk_value *rows = test_random_rows(&own, n, base_us, test_random(&own) % 4 == 0, &arena);
			test_world_append(&world, stream, rows, n);
			base_us += 60 * LK_US_PER_S;
			if (test_random(&own) % 2)
				test_world_speed_once(&world, view);
			if (test_random(&own) % 2)
				test_world_batch(&world, view);
		}
		compare(view, i % 4 == 0, &c);
		raised += c.sql_raised != NULL;
		if (!lk_comparison_explained(&c) || (!shape.lateness && !lk_comparison_equal(&c))) {
			print_message("SEED=%lu ROUNDS=1 repeats it\n%s\n", seed + (unsigned long)i, sql.data);
			fail_with(&c, "not equal");
		}
		lk_comparison_release(&c);
		lk_arena_release(&arena);
		lk_buf_release(&sql);
	}
	nothing_is_left();
	print_message("%d rounds, PostgreSQL raised in %d\n", rounds, raised);
	assert_true(raised < rounds || rounds == 1);
}

static void is_measured(const lk_mode_cost *m) {
	assert_true(m->build_s > 0);
	assert_true(m->build_cpu_s > 0);
	assert_true(m->events_per_s > 0);
	assert_true(m->redis_bytes > 0);
	assert_true(m->latency_events > 0);
	assert_true(m->latency_p50_s > 0 && m->latency_p50_s <= m->latency_p99_s);
	assert_true(m->recover_s > 0);
	assert_true(m->switch_s > 0);
}

static void costs_are_measured(void **state) {
	(void)state;
	lk_comparison c;
	append(1500);
	test_world_batch(&world, "traffic");
	int64_t served = test_world_copy(&world, "traffic")->id;
	for (int twice = 0; twice < 2; twice++) {
		compare("traffic", true, &c);
		if (!lk_comparison_equal(&c))
			fail_with(&c, "not equal");
		is_measured(&c.lambda);
		is_measured(&c.kappa);
		assert_true(c.log_bytes > 0 && c.sql_s > 0);
		assert_int_equal(c.lambda.events, c.kappa.events);
		assert_in_range(c.kappa.events, 1350, 1499);
		assert_int_equal(c.kappa.rows_read, c.kappa.events);
		assert_int_equal(c.lambda.rows_read, c.lambda.events);
		assert_int_equal(c.kappa.recover_events, 1500);
		assert_in_range(c.lambda.recover_events, 1, 150);
		assert_true(c.lambda.postgres_bytes > 0);
		assert_int_equal(c.kappa.postgres_bytes, 0);
		assert_true(c.lambda.redis_bytes < c.kappa.redis_bytes);
		lk_comparison_release(&c);
		nothing_is_left();
	}
	test_world_reload(&world);
	assert_int_equal(test_world_copy(&world, "traffic")->id, served);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

static void costs_of_a_view_without_windows(void **state) {
	(void)state;
	static const char *const views[] = {"one", "bare", "strict"};
	append_late(400, 0);
	for (int v = 0; v < 3; v++) {
		lk_comparison c;
		compare(views[v], true, &c);
		if (!lk_comparison_equal(&c))
			fail_with(&c, "not equal");
		is_measured(&c.lambda);
		is_measured(&c.kappa);
		lk_comparison_release(&c);
	}
	nothing_is_left();
}

/* --- something is wrong --- */

static void must_call(lk_redis *r, redisReply **reply) {
	lk_error err = {0};
	if (lk_redis_call(r, reply, &err) != LK_OK)
		fail_msg("%s", err.text);
}

/* Gives one cell of a unit the value of another one. Returns the segment's from. */
static int64_t break_a_cell(const lk_cat_copy *copy, int part, char field[600], size_t *field_len) {
	lk_error err = {0};
	lk_unit_state u;
	lk_redis r;
	redisReply *pairs, *reply;
	assert_int_equal(lk_store_read_unit(world.store, copy->units[part], NULL, &u, NULL, &err), LK_OK);
	assert_true(u.nsegments > 0);
	const lk_segment *g = &u.segments[u.nsegments - 1];
	char *key = lk_asprintf("lk:%s:u:%lld:%lld:%016llx", world.log_id, (long long)copy->units[part], (long long)g->from, (unsigned long long)g->token);
	assert_int_equal(lk_redis_start(&r, servers.at.redis, &err), LK_OK);
	assert_int_equal(lk_redis_ready(&r, &err), LK_OK);
	lk_redis_begin(&r, 2);
	lk_redis_args(&r, "HGETALL");
	lk_redis_args(&r, key);
	must_call(&r, &pairs);
	assert_true(pairs->elements >= 4);
	size_t other = 3;
	while (!memcmp(pairs->element[other]->str, pairs->element[1]->str, 2))   /* the format and the count, with which all views here begin */
		assert_true((other += 2) < pairs->elements);
	lk_redis_begin(&r, 4);
	lk_redis_args(&r, "HSET");
	lk_redis_args(&r, key);
	lk_redis_arg(&r, pairs->element[0]->str, pairs->element[0]->len);
	lk_redis_arg(&r, pairs->element[other]->str, pairs->element[other]->len);
	must_call(&r, &reply);
	*field_len = pairs->element[0]->len;
	memcpy(field, pairs->element[0]->str, *field_len);
	freeReplyObject(reply);
	freeReplyObject(pairs);
	lk_redis_close(&r);
	free(key);
	int64_t from = g->from;
	lk_unit_state_release(&u);
	return from;
}

/* "window key" of a field of traffic. */
static void name_row(const char *field, size_t len, lk_buf *window, lk_buf *key) {
	int64_t pane = (int64_t)(lk_get64(field) ^ UINT64_C(1) << 63);
	lk_time_print(pane, window);
	lk_buf_addf(key, "path=%.*s", (int)(len - 8 - 2), field + 8 + 1);
}

static void a_broken_cell_is_named(void **state) {
	(void)state;
	lk_comparison c;
	char field[600], part[64], segment[64];
	size_t len;
	append(600);
	test_world_batch(&world, "traffic");
	append(600);
	test_world_speed_once(&world, "traffic");
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	int64_t from = break_a_cell(copy, 1, field, &len);
	lk_buf window = LK_BUF_INIT, key = LK_BUF_INIT;
	name_row(field, len, &window, &key);
	compare("traffic", false, &c);
	assert_false(lk_comparison_equal(&c));
	assert_false(lk_comparison_explained(&c));
	assert_int_equal(c.kappa_sql.equal, c.kappa_sql.compared);
	const lk_difference *const both[] = {&c.lambda_kappa, &c.lambda_sql};
	for (int i = 0; i < 2; i++) {
		if (both[i]->different != 1 || both[i]->equal != both[i]->compared - 1)
			fail_with(&c, "one row should differ");
		assert_string_equal(both[i]->shown[0].window, window.data);
		assert_string_equal(both[i]->shown[0].key, key.data);
		snprintf(part, sizeof part, "partition 1, unit %lld of lambda", (long long)copy->units[1]);
		snprintf(segment, sizeof segment, "segment [%lld, ", (long long)from);
		if (!strstr(both[i]->shown[0].first_event, part) || !strstr(both[i]->shown[0].first_event, segment))
			fail_msg("%s", both[i]->shown[0].first_event);
	}
	lk_comparison_release(&c);
	lk_buf_release(&window);
	lk_buf_release(&key);
	nothing_is_left();
}

/* The row that is broken has late events too, which do not explain it, and other segments, which lack them rightly. */
static void a_broken_cell_beside_late_events(void **state) {
	(void)state;
	lk_comparison c;
	char segment[80];
	for (int i = 0; i < 40; i++)
		append_late(20, 500);
	test_world_speed_once(&world, "strict");
	const lk_cat_copy *copy = test_world_copy(&world, "strict");
	test_worker w;
	test_worker_open(&w, &world, "strict");
	test_worker_catch_up(&w);   /* a new owner: another segment */
	for (int i = 0; i < 40; i++)
		append_late(20, 500);
	test_worker_catch_up(&w);
	test_worker_close(&w);
	char field[600];
	size_t len;
	int64_t from = break_a_cell(copy, 1, field, &len);
	assert_true(from > 0);
	compare("strict", false, &c);
	assert_false(lk_comparison_explained(&c));
	assert_int_equal(c.lambda_kappa.different, 1);
	assert_int_equal(c.lambda_kappa.by_late, 0);
	snprintf(segment, sizeof segment, "segment [%lld, ", (long long)from);
	if (!strstr(c.lambda_kappa.shown[0].first_event, segment))
		fail_with(&c, segment);
	/* by chance the wrong value may be what PostgreSQL has with the late events */
	if (!lk_difference_none(&c.lambda_sql) && !strstr(c.lambda_sql.shown[0].first_event, segment))
		fail_with(&c, segment);
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
	compare("traffic", false, &c);
	assert_int_equal(c.lambda_sql.different, 1);
	assert_int_equal(c.lambda_kappa.different, 1);
	assert_int_equal(c.kappa_sql.different, 0);
	assert_non_null(strstr(c.lambda_sql.shown[0].first_event, "the batch of lambda holds"));
	lk_comparison_release(&c);
	nothing_is_left();
}

/* Rows of bare have no name but their window; a broken one is found among the others of its window. */
static void rows_that_share_a_window(void **state) {
	(void)state;
	lk_comparison c;
	char field[600];
	size_t len;
	append(900);
	test_world_speed_once(&world, "bare");
	is_equal("bare");
	break_a_cell(test_world_copy(&world, "bare"), 0, field, &len);
	compare("bare", false, &c);
	assert_int_equal(c.lambda_kappa.equal, c.lambda_kappa.compared - 1);
	assert_int_equal(c.lambda_kappa.different, 1);
	assert_int_equal(c.kappa_sql.equal, c.kappa_sql.compared);
	if (!strstr(c.lambda_kappa.shown[0].first_event, "partition 0"))
		fail_with(&c, "the segment is not named");
	lk_comparison_release(&c);
}

/* --- late events --- */

/* I3, P10: what differs is what lk.late names. */
static void batch_heals_late_events(void **state) {
	(void)state;
	lk_comparison c;
	append_late(1200, 60);
	test_world_speed_once(&world, "strict");
	int64_t late = test_world_int(&world, "SELECT count(*) FROM lk.late");
	assert_true(late > 0);
	compare("strict", false, &c);   /* no batch yet: both refuse the same, PostgreSQL nothing */
	if (c.lambda_kappa.equal != c.lambda_kappa.compared)
		fail_with(&c, "the stream path refuses the same events in both modes");
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
	compare("strict", false, &c);
	if (c.lambda_sql.equal != c.lambda_sql.compared)
		fail_with(&c, "the batch counts late events");
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
	nothing_is_left();
}

/* The first event that is named is the first one that the rule refuses in that row, found once more by SQL. */
static void the_first_late_event_is_named(void **state) {
	(void)state;
	lk_comparison c;
	char *sql, where[80];
	for (int i = 0; i < 8; i++)
		append_late(150, 200);
	test_world_batch(&world, "strict");
	test_world_speed_once(&world, "strict");
	compare("strict", false, &c);
	assert_true(c.lambda_kappa.nshown > 0);
	/* a comparison removes its copies and their rows of lk.late, so the rule is written down here */
	for (int i = 0; i < c.lambda_kappa.nshown; i++) {
		sql = lk_asprintf("SELECT x.part * 1000000 + x.off FROM (SELECT part, off, path, _at, date_bin('10 seconds', ts, '1970-01-01Z') AS pane,"
		                  " max(least(ts, _at + interval '1 day')) OVER (PARTITION BY part ORDER BY off ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
		                  " - interval '5 seconds' AS watermark FROM lk.log_hits) x WHERE x.pane + interval '10 seconds' <= x.watermark"
		                  " AND x.pane = '%s' AND 'path=' || x.path = '%s' ORDER BY x._at, x.part, x.off LIMIT 1",
		                  c.lambda_kappa.shown[i].window, c.lambda_kappa.shown[i].key);
		int64_t place = test_world_int(&world, sql);
		snprintf(where, sizeof where, "partition %d, offset %lld, ", (int)(place / 1000000), (long long)(place % 1000000));
		if (strncmp(c.lambda_kappa.shown[i].first_event, where, strlen(where)))
			fail_msg("%s is named, the first is %s", c.lambda_kappa.shown[i].first_event, where);
		free(sql);
	}
	lk_comparison_release(&c);
}

/* --- two versions --- */

typedef struct versions {
	lk_meeting m;
	lk_leg leg[2];
	lk_difference d;
} versions;

/* Compares version 1, which is served, with version 2, that only a kappa copy has. */
static void compare_versions(versions *v) {
	lk_error err = {0};
	int64_t id;
	const lk_replay_watch watch = {0};
	const lk_cat_version *newest = lk_catalog_newest(world.catalog, lk_catalog_view(world.catalog, "traffic"));
	assert_int_equal(newest->number, 2);
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_BUILDING};
	assert_int_equal(lk_copy_make(&world.pg, newest, &spec, &id, &err), LK_OK);
	test_world_reload(&world);
	const lk_cat_copy *const copies[] = {test_world_copy(&world, "traffic"), lk_catalog_copy(world.catalog, id)};
	assert_int_equal(copies[0]->version->number, 1);
	if (lk_meeting_open(&v->m, &world.pg, servers.at.postgres, servers.at.redis, copies, 2, &watch, &err) != LK_OK)
		fail_msg("%s", err.text);
	for (int i = 0; i < 2; i++)
		if (lk_leg_of_copy(&world.pg, world.store, copies[i], &v->m.cut, i ? "new" : "served", &v->leg[i], &err) != LK_OK)
			fail_msg("%s", err.text);
	lk_compare_legs(&v->leg[0], &v->leg[1], &v->d);
	if (lk_first_events(&world.pg, world.store, copies[0], copies[1], NULL, &v->m.cut, &v->d, &err) != LK_OK)
		fail_msg("%s", err.text);
}

static void release_versions(versions *v) {
	lk_meeting_close(&v->m);
	lk_leg_release(&v->leg[0]);
	lk_leg_release(&v->leg[1]);
	lk_difference_release(&v->d);
}

static void two_versions_part_at_an_event(void **state) {
	(void)state;
	versions v;
	append(600);
	test_world_batch(&world, "traffic");
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(price) AS mean, min(ip) AS first"
	                           " FROM hits WHERE status < 400 GROUP BY path, tumble(ts, '1 minute');");
	append(300);
	compare_versions(&v);
	assert_false(v.d.other_shape);
	assert_true(v.d.different > 0 && v.d.nshown > 0);
	for (int i = 0; i < v.d.nshown; i++) {
		char where[80];
		char *sql = lk_asprintf("SELECT part * 1000000 + off FROM lk.log_hits WHERE NOT (status < 400) AND date_bin('1 minute', ts, '1970-01-01Z') = '%s'"
		                        " AND 'path=' || path = '%s' ORDER BY _at, part, off LIMIT 1", v.d.shown[i].window, v.d.shown[i].key);
		int64_t place = test_world_int(&world, sql);
		snprintf(where, sizeof where, "partition %d, offset %lld, ", (int)(place / 1000000), (long long)(place % 1000000));
		if (strncmp(v.d.shown[i].first_event, where, strlen(where)) || !strstr(v.d.shown[i].first_event, "served counts n=1, ")
		    || !strstr(v.d.shown[i].first_event, "; new does not count it"))
			fail_msg("%s is named, the first is %s", v.d.shown[i].first_event, where);
		free(sql);
	}
	release_versions(&v);
}

static void versions_that_part_at_no_event(void **state) {
	(void)state;
	versions v;
	append(600);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(price) AS mean, min(ip) AS first"
	                           " FROM hits GROUP BY path, tumble(ts, '1 minute') HAVING count(*) > 35;");
	compare_versions(&v);
	assert_true(v.d.only_left > 0);
	assert_int_equal(v.d.different + v.d.only_right, 0);
	assert_non_null(strstr(v.d.shown[0].first_event, "no single event"));
	release_versions(&v);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute');");
	test_world_reload(&world);
}

/* --- PostgreSQL has no answer --- */

static void a_value_that_postgresql_cannot_compute(void **state) {
	(void)state;
	lk_comparison c;
	test_world_declare(&world, "CREATE VIEW huge AS SELECT path, max(bytes * 9000000000000000000) AS most FROM hits GROUP BY path;");
	append(200);
	compare("huge", false, &c);
	assert_non_null(c.sql_raised);
	assert_false(c.lambda_sql.made);
	assert_true(c.lambda_rows > 0);
	if (!lk_comparison_equal(&c))
		fail_with(&c, "not equal");
	lk_comparison_release(&c);
}

/* --- refused --- */

static void refused(const lk_replay_options *o, int code, const char *text) {
	lk_comparison c;
	lk_error err = {0};
	assert_int_equal(lk_compare_view(o, false, &c, &err), code);
	if (!strstr(err.text, text))
		fail_msg("%s", err.text);
	lk_comparison_release(&c);
	nothing_is_left();
}

static void what_is_refused(void **state) {
	(void)state;
	lk_error err = {0};
	append(100);
	lk_replay_options o = options("trafic");
	refused(&o, LK_EUSAGE, "there is no view trafic");
	o = options("traffic");
	o.version = 7;
	refused(&o, LK_EUSAGE, "no version 7");
	o.version = 0;
	const lk_cat_view *view = lk_catalog_view(world.catalog, "traffic");
	assert_int_equal(lk_view_lock(&world.pg, view, &err), LK_OK);
	refused(&o, LK_EBUSY, "");
	lk_pg_unlock(&world.pg, view->id, NULL);
	volatile int stop = 1;
	o.watch.stop = &stop;
	refused(&o, LK_EBUSY, "interrupted");
}

static void redis_says(const char *words) {
	char *command = lk_asprintf("redis-cli -s %s %s >/dev/null", servers.at.redis + strlen("unix:"), words);
	assert_int_equal(system(command), 0);
	free(command);
}

static void no_room(void **state) {
	(void)state;
	append(3000);
	test_world_batch(&world, "traffic");
	test_world_speed_once(&world, NULL);
	lk_replay_options o = options("traffic");
	redis_says("config set maxmemory 1");
	lk_comparison c;
	lk_error err = {0};
	assert_int_equal(lk_compare_view(&o, true, &c, &err), LK_EFULL);
	lk_comparison_release(&c);
	redis_says("config set maxmemory 0");
	nothing_is_left();
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
	is_equal("traffic");
}

/* --- beside everything else --- */

typedef struct appender {
	volatile int stop;
	int events;
	pthread_t thread;
} appender;

static void *append_on(void *arg) {
	appender *a = arg;
	lk_pg pg = {0};
	lk_error err = {0};
	const lk_cat_stream *s = lk_catalog_stream(world.catalog, "hits");
	lk_source_step step = {.source = "thread"};
	int rc = lk_pg_open(&pg, servers.at.postgres, "lk test", &err);
	while (rc == LK_OK && !__atomic_load_n(&a->stop, __ATOMIC_RELAXED)) {
		lk_append_batch *b = lk_append_batch_new(s);
		const char *reason;
		for (int i = 0; i < 50; i++, a->events++) {
			char ip[16], path[16];
			snprintf(ip, sizeof ip, "10.1.0.%d", a->events % 13);
			snprintf(path, sizeof path, "/%d", a->events % 7);
			const lk_value row[] = {lk_int((BASE_S + a->events / 10) * LK_US_PER_S), lk_text(ip, strlen(ip)), lk_text(path, strlen(path)),
			                        lk_int(200), lk_int(a->events), lk_numeric(a->events, 2)};
			lk_append_batch_add(b, row, &reason);
		}
		rc = lk_append(&pg, b, &step, &err);
		lk_append_batch_free(b);
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	}
	lk_pg_close(&pg);
	return NULL;
}

/* A failed test leaves nothing running. */
static int running;
static appender *appending;

static void stop_appending(void) {
	if (!appending)
		return;
	__atomic_store_n(&appending->stop, 1, __ATOMIC_RELAXED);
	pthread_join(appending->thread, NULL);
	appending = NULL;
}

static int stop_all(void **state) {
	(void)state;
	stop_appending();
	if (running) {
		kill(running, SIGKILL);
		test_lk_wait(running, 10000);
	}
	running = 0;
	return 0;
}

/* I3, I4, P7: a cut is the same prefix for each of them, whatever goes on. */
static void while_events_keep_arriving(void **state) {
	(void)state;
	static appender a;
	lk_comparison c;
	a = (appender){0};
	appending = &a;
	append(500);
	running = test_lk_start(&servers, NULL, (const char *const[]){"run", "--every", "300ms", NULL});
	assert_int_equal(pthread_create(&a.thread, NULL, append_on, &a), 0);
	int64_t last = 0;
	for (int i = 0; i < 6; i++) {
		compare(i % 2 ? "traffic" : "bare", i == 5, &c);
		if (!lk_comparison_equal(&c))
			fail_with(&c, "not equal");
		assert_true(c.events >= last);
		last = c.events;
		lk_comparison_release(&c);
	}
	stop_appending();
	assert_true(a.events > 0);
	kill(running, SIGTERM);
	int pid = running;
	running = 0;
	assert_int_equal(test_lk_wait(pid, 30000), 0);
	test_world_reload(&world);
	nothing_is_left();
}

/* --- killed --- */

/* A random moment of what is under way, not a time in which something must have happened. */
static void wait_ms(uint64_t ms) { nanosleep(&(struct timespec){.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000}, NULL); }

static int has_trial(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE state = 'trial' AND NOT dropped") > 0;
}

/* I8, I11: what a killed comparison made, the next one removes. */
static void killed_and_run_again(void **state) {
	(void)state;
	append(2000);
	test_world_batch(&world, "traffic");
	int left = 0;
	for (int i = test_rounds("KILLS", KILLS); i > 0; i--) {
		int pid = test_lk_start(&servers, NULL, (const char *const[]){"compare", "traffic", NULL});
		if (i % 3)
			test_poll(has_trial, NULL, 10000);
		wait_ms(below(1800));
		kill(pid, SIGKILL);
		test_lk_wait(pid, 10000);
		left += has_trial(NULL);
	}
	assert_true(left > 0);
	assert_int_equal(test_lk(&servers, NULL, NULL, NULL, (const char *const[]){"compare", "traffic", "--no-costs", NULL}), 0);
	nothing_is_left();
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);
}

static void ctrl_c_removes_everything(void **state) {
	(void)state;
	append(2000);
	test_world_batch(&world, "traffic");
	for (int i = 0; i < 4; i++) {
		int pid = test_lk_start(&servers, NULL, (const char *const[]){"compare", "traffic", NULL});
		assert_true(test_poll(has_trial, NULL, 20000));
		wait_ms(below(1800));
		kill(pid, SIGINT);
		int status = test_lk_wait(pid, 30000);
		assert_true(status == 75 || status == 0);
		nothing_is_left();
	}
}

/* --- the command --- */

static bool json_says(const char *json, const char *condition) {
	lk_error err = {0};
	PGresult *res = NULL;
	char *sql = lk_asprintf("SELECT (%s)::int FROM (SELECT $1::jsonb AS j) x", condition);
	if (lk_pg_exec(&world.pg, &res, &err, sql, 1, &json) != LK_OK)
		fail_msg("%s\n%s", err.text, json);
	bool yes = lk_pg_int(res, 0, 0) == 1;
	PQclear(res);
	free(sql);
	return yes;
}

static void the_command_tells(void **state) {
	(void)state;
	char *out, *err;
	append(800);
	test_world_batch(&world, "traffic");
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "traffic", "--no-costs", NULL}), 0);
	assert_int_equal(strncmp(out, "lambda, kappa and plain SQL agree on ", 37), 0);
	assert_non_null(strstr(out, "over 800 events of traffic, version 1\n"));
	assert_null(strstr(out, "COST"));
	free(out);
	free(err);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "traffic", "--format", "json", NULL}), 0);
	assert_true(json_says(out, "j->>'view' = 'traffic' AND (j->>'equal')::bool AND (j->>'events')::int = 800"
	                           " AND (j#>>'{costs,kappa,recover_events}')::int = 800 AND j#>>'{lambda_sql,compared}' = j#>>'{rows,sql}'"));
	free(out);
	free(err);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "traffic", "--format", "markdown", NULL}), 0);
	assert_int_equal(strncmp(out, "## traffic, version 1", 21), 0);
	assert_non_null(strstr(out, "| cost | lambda | kappa |\n| --- | ---: | ---: |\n| build"));
	free(out);
	free(err);
}

static void the_command_tells_differences(void **state) {
	(void)state;
	static const char *const formats[] = {"table", "json", "markdown"};
	char *out, *err;
	append_late(1500, 60);
	test_world_batch(&world, "strict");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "strict", "--no-costs", "--format", formats[i], NULL}), 1);
		assert_non_null(strstr(out, "late events explain all of it"));
		assert_non_null(strstr(out, "late for kappa, counted by lambda"));
		assert_non_null(strstr(err, "late events explain every difference"));
		if (i == 1)
			assert_true(json_says(out, "NOT (j->>'equal')::bool AND (j->>'explained')::bool AND (j->>'healed_events')::int > 0"
			                           " AND jsonb_array_length(j->'healed') > 0 AND jsonb_array_length(j#>'{lambda_kappa,rows}') > 0"));
		else
			assert_non_null(strstr(out, "it never will"));
		free(out);
		free(err);
	}
	assert_int_equal(test_lk(&servers, NULL, NULL, NULL, (const char *const[]){"compare", "nothing", NULL}), 2);
	assert_int_equal(test_lk(&servers, NULL, NULL, NULL, (const char *const[]){"compare", "strict", "--format", "csv", NULL}), 2);
	nothing_is_left();
}

static void approximate_columns_are_named(void **state) {
	(void)state;
	char *out, *err;
	test_world_declare(&world, "CREATE VIEW visitors AS SELECT path, approx_count_distinct(bytes) AS visitors FROM hits GROUP BY path;");
	append(3000);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "visitors", "--no-costs", NULL}), 0);
	assert_non_null(strstr(out, "within their bounds: visitors (standard error 0.81 %)"));
	free(out);
	free(err);
}

/* Below 2^-1022 there is no relative error to speak of: the sketch counts such a number as 0. */
static void subnormal_numbers_are_near(void **state) {
	(void)state;
	static const char event[] = "{\"ts\":\"2020-01-01T00:00:00Z\",\"k\":\"a\",\"x\":5e-324}\n";
	char *out, *err;
	test_world_declare(&world, "CREATE TABLE readings (ts timestamptz, k text, x double precision) WITH (event_time = ts, partition_by = k);"
	                   "CREATE VIEW most AS SELECT k, approx_percentile(x, 0.9) AS most FROM readings GROUP BY k;");
	test_world_append_json(&world, "readings", event);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", "most", "--no-costs", NULL}), 0);
	free(out);
	free(err);
}

static int start(void **state) {
	(void)state;
	seed = test_seed("compare");
	test_servers_start(&servers);
	test_world_open(&world, &servers);
	return 0;
}

static int stop(void **state) {
	(void)state;
	test_world_close(&world);
	test_servers_stop(&servers);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(all_agree),
		TEST(both_copies_of_the_view),
		TEST(a_view_in_kappa_mode),
		TEST(any_view),
		TEST(costs_are_measured),
		TEST(costs_of_a_view_without_windows),
		TEST(a_broken_cell_is_named),
		TEST(a_broken_cell_beside_late_events),
		TEST(a_broken_batch_is_named),
		TEST(rows_that_share_a_window),
		TEST(batch_heals_late_events),
		TEST(the_first_late_event_is_named),
		TEST(two_versions_part_at_an_event),
		TEST(versions_that_part_at_no_event),
		TEST(a_value_that_postgresql_cannot_compute),
		TEST(what_is_refused),
		TEST(no_room),
		cmocka_unit_test_setup_teardown(while_events_keep_arriving, fresh, stop_all),
		TEST(killed_and_run_again),
		TEST(ctrl_c_removes_everything),
		TEST(the_command_tells),
		TEST(the_command_tells_differences),
		TEST(approximate_columns_are_named),
		TEST(subnormal_numbers_are_near),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
