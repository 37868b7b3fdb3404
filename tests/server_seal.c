/* Seals: a kappa copy whose segments moved to PostgreSQL gives the same answers as before, to the byte, whatever is
 * killed, lost or changed meanwhile, and Redis keeps only the cells since. Beside the sealed copy there is one that is
 * never sealed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/seal.h"
#include "catalog/copies.h"
#include "core/time.h"
#include "modes/comparison.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

static test_servers servers;
static test_world world;
static int next_event;

static const char *const stream =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint, took double precision)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '5 seconds');";

static const struct view { const char *name, *text; bool has_oracle; } views[] = {
	{"traffic", "CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(took) AS took FROM hits"
	            " GROUP BY path, tumble(ts, '1 minute');", true},
	{"strict", "CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n, count(DISTINCT ip) AS ips"
	           " FROM hits GROUP BY path, tumble(ts, '10 seconds');", true},
	{"slides", "CREATE VIEW slides AS SELECT path, count(*) AS n, max(took) AS most FROM hits GROUP BY path, hop(ts, '20 s', '1 minute');", true},
	{"steps", "CREATE VIEW steps AS SELECT sum(bytes) AS bytes FROM hits GROUP BY cumulate(ts, '10 s', '1 minute');", true},
	{"visits", "CREATE VIEW visits AS SELECT ip, count(*) AS n, first(path) AS first FROM hits GROUP BY ip, session(ts, '30 s');", true},
	{"totals", "CREATE VIEW totals AS SELECT path, count(*) AS n, approx_percentile(took, 0.9) AS p90 FROM hits GROUP BY path;", false},
	{"all_time", "CREATE VIEW all_time AS SELECT count(*) AS n, min(ts) AS first FROM hits;", true},
};
enum { VIEWS = sizeof views / sizeof *views, MOST_COPIES = 2 * VIEWS };

static const int64_t start_us = INT64_C(1500000000000000);

static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = next_event; i < next_event + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S - (i % 9 == 0 ? i % 100 * LK_US_PER_S : 0), &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d,\"took\":%d.%d}\n", i % 17, i * 7 % 23, i % 1009, i % 3, i % 7);
	}
	next_event += n;
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static int64_t kappa_copy(const char *view) {
	lk_error err = {0};
	int64_t id;
	test_ok(lk_copy_make(&world.pg, test_world_copy(&world, view)->version, &(lk_copy_spec){.kappa = true, .state = LK_COPY_LIVE}, &id, &err), &err);
	return id;
}

static void serve(const char *view, int64_t copy) {
	lk_error err = {0};
	int64_t retired;
	test_ok(lk_pg_run(&world.pg, &err, "BEGIN"), &err);
	test_ok(lk_copy_serve(&world.pg, lk_catalog_view(world.catalog, view)->id, test_world_copy(&world, view)->id, copy, &retired, &err), &err);
	test_ok(lk_pg_run(&world.pg, &err, "COMMIT"), &err);
	test_world_reload(&world);
}

/* --- workers for every copy of the test --- */

static test_worker workers[MOST_COPIES];
static int nworkers;
static int64_t plain[VIEWS];   /* the copies that are never sealed; 0: none */

static void declare(int first, int n) {
	test_world_declare(&world, stream);
	for (int v = first; v < first + n; v++) {
		test_world_declare(&world, views[v].text);
		plain[v] = kappa_copy(views[v].name);
		serve(views[v].name, kappa_copy(views[v].name));
	}
}

static void open_workers(int first, int n) {
	for (int v = first; v < first + n; v++) {
		test_worker_open(&workers[nworkers++], &world, views[v].name);
		test_worker_open_copy(&workers[nworkers++], &world, lk_catalog_copy(world.catalog, plain[v]));
	}
}

static void catch_up(void) {
	for (int i = 0; i < nworkers; i++)
		test_worker_catch_up(&workers[i]);
}

static int try_seal(const char *view, const lk_seal_options *o, lk_batch_report *out, lk_error *err) {
	test_world_reload(&world);
	return lk_seal_run(&world.pg, world.store, test_world_copy(&world, view), o, out, err);
}

static lk_batch_report seal(const char *view) {
	lk_batch_report r;
	lk_error err = {0};
	test_ok(try_seal(view, &(lk_seal_options){0}, &r, &err), &err);
	return r;
}

static void is_right(int v) {
	char sealed[33], unsealed[33];
	lk_query q = test_query(views[v].name);
	test_digest_at_end(&world, views[v].name, 0, sealed);
	test_digest_at_end(&world, views[v].name, plain[v], unsealed);
	if (strcmp(sealed, unsealed))
		fail_msg("%s: the sealed copy says %s, the one that is not sealed %s", views[v].name, sealed, unsealed);
	if (views[v].has_oracle)
		test_world_same(&world, &q);
}

static int64_t sealed_to(const char *view) {
	return test_world_count(&world, "SELECT coalesce(sum(p.off), 0) FROM lk.view w JOIN lk.copy c ON c.copy_id = w.served_copy"
	                        " JOIN lk.cut_part p USING (cut_id) WHERE w.name = '%s'", view);
}

static int64_t rows_sealed(const char *view) {
	lk_error err = {0};
	PGresult *res = NULL;
	test_world_reload(&world);
	char *sql = lk_asprintf("SELECT count(*) FROM %s", test_world_copy(&world, view)->batch_table);
	test_ok(lk_pg_exec(&world.pg, &res, &err, sql, 0, NULL), &err);
	int64_t n = lk_pg_int(res, 0, 0);
	PQclear(res);
	free(sql);
	return n;
}

static void nothing_is_open(void) {
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
}

static void close_workers(void) {
	for (int i = 0; i < nworkers; i++)
		test_worker_close(&workers[i]);
	nworkers = 0;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	next_event = 0;
	memset(plain, 0, sizeof plain);
	test_table_reset();
	return 0;
}

static int end_all(void **state) {
	close_workers();
	return test_players_end(state);
}

/* --- tests --- */

/* I2, I3, I4, P12 */
static void sealed_is_unsealed(void **state) {
	(void)state;
	declare(0, VIEWS);
	open_workers(0, VIEWS);
	for (int round = 0; round < 4; round++) {
		append(round == 2 ? 7 : 150);
		catch_up();
		for (int v = 0; v < VIEWS; v++) {
			lk_batch_report r = seal(views[v].name);
			assert_false(r.nothing_new);
			assert_int_equal(r.events, next_event);
			assert_int_equal(sealed_to(views[v].name), next_event);
			is_right(v);
		}
		append(40);             /* sessions and windows span the seal */
		catch_up();
		for (int v = 0; v < VIEWS; v++)
			is_right(v);
	}
	nothing_is_open();
}

/* I8 */
static void sealed_twice_is_once(void **state) {
	(void)state;
	declare(0, 1);
	open_workers(0, 1);
	assert_true(seal("traffic").nothing_new);
	append(100);
	catch_up();
	assert_false(seal("traffic").nothing_new);
	int64_t cuts = test_world_int(&world, "SELECT count(*) FROM lk.cut");
	assert_true(seal("traffic").nothing_new);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut"), cuts);
	is_right(0);
}

/* P15 */
static void one_seal_of_a_copy_at_a_time(void **state) {
	(void)state;
	lk_pg other;
	lk_error err = {0};
	lk_batch_report r;
	declare(0, 1);
	open_workers(0, 1);
	append(100);
	catch_up();
	test_open(&other, &servers);
	test_world_reload(&world);
	test_ok(lk_pg_try_lock(&other, test_world_copy(&world, "traffic")->id, &err), &err);
	assert_int_equal(try_seal("traffic", &(lk_seal_options){0}, &r, &err), LK_EBUSY);
	assert_int_equal(sealed_to("traffic"), 0);
	lk_error_clear(&err);
	test_ok(lk_pg_unlock(&other, test_world_copy(&world, "traffic")->id, &err), &err);
	assert_int_equal(seal("traffic").events, 100);
	lk_pg_close(&other);
	is_right(0);
}

/* P12 */
static void a_seal_waits_for_the_units(void **state) {
	(void)state;
	lk_error err = {0};
	lk_batch_report r;
	declare(0, 1);
	open_workers(0, 1);
	append(300);
	catch_up();
	append(30);
	test_worker_step(&workers[0], 0, 100);
	assert_int_equal(try_seal("traffic", &(lk_seal_options){.patience_us = 100000}, &r, &err), LK_EBUSY);
	assert_non_null(strstr(err.text, "has not reached"));
	assert_non_null(strstr(err.hint, "lk speed"));
	assert_int_equal(sealed_to("traffic"), 0);
	nothing_is_open();
	catch_up();
	seal("traffic");
	is_right(0);
}

/* P12: without the wait the sealed part would lack events, and they would be nowhere. */
static void sealed_before_all_have_passed(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no mutants\n");
	skip();
#endif
	char sealed[33], unsealed[33];
	declare(0, 1);
	open_workers(0, 1);
	append(300);
	catch_up();
	append(30);
	setenv("LK_MUTANT", "seal_early", 1);
	seal("traffic");
	unsetenv("LK_MUTANT");
	catch_up();
	test_digest_at_end(&world, "traffic", 0, sealed);
	test_digest_at_end(&world, "traffic", plain[0], unsealed);
	assert_string_not_equal(sealed, unsealed);
}

/* I9, P12: killed at each point, a seal leaves nothing half done, and the next one continues. */
static void killed_at_each_point_of_a_seal(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	static const char *const points[] = {"cut.made", "seal.cut", "seal.passed", "seal.written", "publish.before_commit", "seal.published"};
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		fresh(NULL);
		declare(0, 2);
		open_workers(0, 2);
		append(200);
		catch_up();
		seal("strict");
		append(100);
		catch_up();
		char *crash = lk_asprintf("LK_CRASH=%s", points[i]);
		int status = test_lk(&servers, (const char *const[]){crash, NULL}, NULL, NULL, (const char *const[]){"batch", "strict", NULL});
		if (status != 128 + SIGKILL)
			fail_msg("a seal was to be killed at %s; it ended with %d", points[i], status);
		free(crash);
		assert_int_equal(sealed_to("strict"), strcmp(points[i], "seal.published") ? 200 : 300);
		is_right(1);
		append(50);
		catch_up();
		is_right(1);
		char *err = NULL;
		for (int tries = 0; tries < 100 && (status = test_lk(&servers, NULL, NULL, &err, (const char *const[]){"batch", "strict", NULL})) == 75; tries++)
			free(err);   /* the session of the killed one may last a little longer */
		if (status)
			fail_msg("%s: %s", points[i], err);
		free(err);
		assert_int_equal(sealed_to("strict"), 350);
		catch_up();
		is_right(1);
		nothing_is_open();
		close_workers();
	}
}

/* P8, I11 */
static void an_empty_redis_is_filled_from_the_seal(void **state) {
	(void)state;
	declare(0, VIEWS);
	open_workers(0, VIEWS);
	append(200);
	catch_up();
	for (int v = 0; v < VIEWS; v++)
		seal(views[v].name);
	append(60);
	catch_up();
	test_redis_empty(&servers);
	close_workers();
	open_workers(0, VIEWS);
	for (int v = 0; v < VIEWS; v++) {
		lk_error err = {0};
		test_worker *t = &workers[2 * v];
		int64_t begins = 0;
		for (int part = 0; part < t->nunits; part++) {
			test_ok(lk_unit_take(&t->path, &t->units[part], &err), &err);
			begins += t->units[part].at.cursor;
		}
		assert_int_equal(begins, 200);
	}
	catch_up();
	for (int v = 0; v < VIEWS; v++)
		is_right(v);
}

/* P12: Redis goes back to a state before the seal, with cursors below it. */
static void redis_goes_back_below_the_seal(void **state) {
	(void)state;
	declare(0, VIEWS);
	open_workers(0, VIEWS);
	append(120);
	catch_up();
	test_redis_save(&servers, "then");
	append(80);
	catch_up();
	for (int v = 0; v < VIEWS; v++)
		seal(views[v].name);
	append(60);
	catch_up();
	close_workers();
	test_redis_restore(&servers, "then");
	test_world_reconnect(&world);
	lk_query q = test_query("traffic");
	test_world_same(&world, &q);          /* the sealed part alone */
	open_workers(0, VIEWS);
	catch_up();
	for (int v = 0; v < VIEWS; v++) {
		is_right(v);
		seal(views[v].name);
		is_right(v);
	}
}

static int64_t redis_cells(const char *view) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	int64_t n = a.speed_cells;
	lk_answer_release(&a);
	return n;
}

/* Redis keeps the cells since the last seal, however long the log is; the table of a view without windows is merged. */
static void redis_and_table_stay_small(void **state) {
	(void)state;
	int64_t keys = 0;
	const lk_seal_options o = {.compact_rows = 60, .merge_bytes = 1};
	declare(0, VIEWS);
	for (int v = 0; v < VIEWS; v++)
		test_worker_open(&workers[nworkers++], &world, views[v].name);
	for (int round = 0; round < 20; round++) {
		append(100);
		catch_up();
		for (int v = 0; v < VIEWS; v++) {
			lk_batch_report r;
			lk_error err = {0};
			test_ok(try_seal(views[v].name, &o, &r, &err), &err);
			assert_int_equal(redis_cells(views[v].name), 0);
		}
		catch_up();                     /* sweeps */
		int64_t now = test_redis_keys(&servers);
		if (round == 1)
			keys = now;
		if (round > 1 && now > keys)
			fail_msg("%lld keys in Redis after round %d, %lld after the second", (long long)now, round, (long long)keys);
	}
	assert_true(rows_sealed("totals") <= 23 * 3 + 60 + 23 * 3);
	assert_true(rows_sealed("all_time") <= 2 * 60 + 3);
	for (int v = 0; v < VIEWS; v++) {
		lk_query q = test_query(views[v].name);
		if (views[v].has_oracle)
			test_world_same(&world, &q);
	}
	assert_true(test_world_int(&world, "SELECT count(*) FROM pg_class WHERE relkind = 'r' AND relname ~ '^batch_[0-9]+_[0-9]+$'") <= 3 * VIEWS);
}

/* P10: late events stay out, and no answer says that they were counted since. */
static void a_seal_heals_nothing(void **state) {
	(void)state;
	lk_query q = test_query("strict");
	lk_answer a;
	declare(1, 1);
	open_workers(1, 1);
	append(400);
	catch_up();
	test_world_answer(&world, &q, &a);
	int64_t late = a.late;
	assert_true(late > 0);
	lk_answer_release(&a);
	seal("strict");
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.late, late);
	assert_int_equal(a.healed, 0);
	lk_answer_release(&a);
	is_right(1);
}

/* Live workers, and a reader that checks every answer, while seals run and workers are killed. */
static int speed(void) { return test_player_lk(&servers, NULL, (const char *const[]){"speed", NULL}); }

static int sealed_beyond(void *off) {
	lk_error err = {0};
	lk_batch_report r;
	int rc = try_seal("strict", &(lk_seal_options){0}, &r, &err);
	if (rc != LK_OK && rc != LK_EBUSY)
		fail_msg("%s", err.text);
	return sealed_to("strict") >= *(int64_t *)off;
}

/* I1, I3, I9, I11, P12 */
static void sealed_under_load_while_workers_are_killed(void **state) {
	(void)state;
	declare(0, 2);
	test_reader reader = {.world = &world, .view = "strict", .prove_every = 1};
	int pid = speed();
	test_player(test_reader_body, &reader);
	for (int round = 0; round < 6; round++) {
		append(150);
		int64_t off = next_event;
		test_player_kill(pid);
		pid = speed();
		if (!test_poll(sealed_beyond, &off, 30000))
			fail_msg("not sealed after 30 s");
		test_table_quiet();
	}
	test_catches_up(&world, "strict");
	test_the_table->stop = 1;
	test_player_end(pid);
	assert_true(test_the_table->answers > 0);
	test_table_quiet();
	open_workers(0, 2);
	catch_up();
	is_right(1);
	nothing_is_open();
}

/* --- replays, modes and comparisons of a sealed view --- */

static lk_mode_report change_mode(const char *view, bool kappa) {
	lk_replay_options o = test_replay_options(&world, view);
	lk_mode_report r;
	lk_error err = {0};
	if (lk_mode_change(&o, kappa, &r, &err) != LK_OK)
		fail_msg("to %s: %s (%s)", kappa ? "kappa" : "lambda", err.text, err.hint);
	test_world_reload(&world);
	return r;
}

static void says_the_same(int v) {
	lk_query q = test_query(views[v].name);
	test_world_same(&world, &q);
}

/* I8, I9, P8 */
static void modes_and_replays_of_a_sealed_view(void **state) {
	(void)state;
	declare(0, 5);
	open_workers(0, 5);
	append(250);
	catch_up();
	for (int v = 0; v < 5; v++) {
		lk_error err = {0};
		lk_replay_options o = test_replay_options(&world, views[v].name);
		lk_mode_report r;
		test_worker_catch_up(&workers[2 * v]);
		seal(views[v].name);
		int64_t sealed = test_served(&world, views[v].name);
		append(30);
		test_worker_catch_up(&workers[2 * v]);
		o.switch_over = o.verify = true;
		/* compared with the sealed copy, and served instead of it */
		lk_replay_report replayed = test_replay(&o);
		assert_true(lk_difference_none(&replayed.difference));
		lk_difference_release(&replayed.difference);
		assert_int_equal(sealed_to(views[v].name), 0);
		says_the_same(v);
		assert_int_equal(lk_mode_back(&o, &r, &err), LK_OK);    /* back to the sealed copy, which was kept up to date */
		assert_int_equal(test_served(&world, views[v].name), sealed);
		lk_difference_release(&r.difference);
		test_world_reload(&world);
		says_the_same(v);
		seal(views[v].name);
		r = change_mode(views[v].name, false);
		lk_difference_release(&r.difference);
		says_the_same(v);
		append(20);
		r = change_mode(views[v].name, true);
		lk_difference_release(&r.difference);
		says_the_same(v);
		assert_int_equal(seal(views[v].name).events, next_event);
		says_the_same(v);
	}
	nothing_is_open();
}

/* The late events, and a number in the sealed table that the test has changed. */
static void comparisons_of_a_sealed_view(void **state) {
	(void)state;
	declare(0, 2);
	open_workers(0, 2);
	append(300);
	catch_up();
	for (int v = 0; v < 2; v++) {
		lk_replay_options o = test_replay_options(&world, views[v].name);
		lk_comparison c;
		lk_error err = {0};
		catch_up();
		seal(views[v].name);
		append(40);
		test_ok(lk_compare_view(&o, false, &c, &err), &err);
		assert_true(c.kappa_was_there);
		assert_true(lk_comparison_equal(&c) || lk_comparison_explained(&c));
		assert_true(v == 0 || c.late > 0);
		lk_comparison_release(&c);

		test_world_reload(&world);
		char *sql = lk_asprintf("UPDATE %s SET _p0_0 = _p0_0 + 1 WHERE ctid = (SELECT ctid FROM %s ORDER BY _pane DESC, _k0 LIMIT 1)",
		                        test_world_copy(&world, views[v].name)->batch_table, test_world_copy(&world, views[v].name)->batch_table);
		test_world_run(&world, sql);
		free(sql);
		test_ok(lk_compare_view(&o, false, &c, &err), &err);
		assert_false(lk_comparison_equal(&c) || lk_comparison_explained(&c));
		assert_true(v == 1 || c.kappa_sql.nshown == 1);
		bool said = false;
		for (int i = 0; i < c.kappa_sql.nshown; i++)
			said |= strstr(c.kappa_sql.shown[i].first_event, "explain") != NULL;
		assert_true(said);
		lk_comparison_release(&c);
	}
}

/* A player that seals without a pause. */
static int seals_body(void *view) {
	lk_pg pg = {0};
	lk_store *store = NULL;
	lk_error err = {0};
	int rc = lk_pg_open(&pg, servers.at.postgres, "seals", &err);
	if (rc == LK_OK)
		rc = lk_store_open(&store, servers.at.redis, world.log_id, &err);
	while (rc == LK_OK && !test_the_table->stop) {
		lk_catalog *cat;
		lk_batch_report r;
		lk_error e = {0};
		rc = lk_catalog_load(&pg, &cat, &err);
		if (rc != LK_OK)
			break;
		const lk_cat_copy *served = lk_catalog_copy(cat, lk_catalog_view(cat, view)->served_copy);
		if (served->kappa) {
			int sealed = lk_seal_run(&pg, store, served, &(lk_seal_options){0}, &r, &e);
			if (sealed != LK_OK && sealed != LK_EBUSY && sealed != LK_ECONFLICT)
				test_table_complain("a seal: %s", e.text);
			if (sealed == LK_OK && !r.nothing_new)
				test_the_table->appended++;
		}
		lk_catalog_release(cat);
	}
	if (rc != LK_OK)
		test_table_complain("sealing: %s", err.text);
	return 0;
}

/* I3, I8, I9, P12 */
static void sealed_while_readers_are_moved(void **state) {
	(void)state;
	test_reader reader = {.world = &world, .view = "strict", .prove_every = 1};
	declare(0, 2);
	append(200);
	int pid = speed();
	test_player(test_reader_body, &reader);
	int sealer = test_player(seals_body, (void *)(uintptr_t)"strict");
	for (int round = 0; round < 3; round++) {
		append(60);
		lk_mode_report r = change_mode("strict", round % 2);
		lk_difference_release(&r.difference);
		append(60);
		r = change_mode("strict", !(round % 2));
		lk_difference_release(&r.difference);
		lk_replay_options o = test_replay_options(&world, "strict");
		o.switch_over = o.verify = o.fresh = true;
		lk_replay_report replayed = test_replay(&o);
		lk_difference_release(&replayed.difference);
		test_table_quiet();
	}
	test_catches_up(&world, "strict");
	test_the_table->stop = 1;
	assert_int_equal(test_player_wait(sealer, 20000), 0);
	test_player_end(pid);
	assert_true(test_the_table->appended > 0 && test_the_table->answers > 0);
	test_table_quiet();
	nothing_is_open();
}

static int setup(void **state) {
	(void)state;
	test_servers_start(&servers);
	test_world_open(&world, &servers);
	test_table_open();
	return 0;
}

static int teardown(void **state) {
	(void)state;
	test_world_close(&world);
	test_servers_stop(&servers);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end_all)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(sealed_is_unsealed),
		TEST(sealed_twice_is_once),
		TEST(one_seal_of_a_copy_at_a_time),
		TEST(a_seal_waits_for_the_units),
		TEST(sealed_before_all_have_passed),
		TEST(killed_at_each_point_of_a_seal),
		TEST(an_empty_redis_is_filled_from_the_seal),
		TEST(redis_goes_back_below_the_seal),
		TEST(redis_and_table_stay_small),
		TEST(a_seal_heals_nothing),
		TEST(sealed_under_load_while_workers_are_killed),
		TEST(modes_and_replays_of_a_sealed_view),
		TEST(comparisons_of_a_sealed_view),
		TEST(sealed_while_readers_are_moved),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
