/* Which copies a round of batches computes, and which one it brings into service: versions that are applied, superseded
 * or left again, and views in kappa mode. Each answer is compared with the oracle. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "catalog/copies.h"
#include "catalog/tail.h"
#include "cli/layers.h"
#include "core/time.h"
#include "event_log/scan.h"
#include "tests/support/fixtures.h"
#include "tests/support/layer.h"
#include "tests/support/log.h"
#include "tests/support/world.h"

static test_servers servers;
static test_world world;

static const char *const definitions =
	"CREATE TABLE hits (ts timestamptz, ip text) WITH (event_time = ts, partition_by = ip, partitions = 2);"
	"CREATE VIEW traffic AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 minute');"
	"CREATE VIEW total AS SELECT count(*) AS n FROM hits;";

static const char *const by_hour =
	"CREATE VIEW traffic AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, tumble(ts, '1 hour');";

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	return 0;
}

static void append(int n) {
	static int next;
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, next++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(INT64_C(1500000000000000) + next * 7 * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\"}\n", next % 13);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static int rounds(const char *name, lk_error *err) {
	char *names[] = {(char *)(uintptr_t)name};
	lk_rounds r = {.at = &servers.at, .views = names, .n = name ? 1 : 0, .keep = lk_keep_defaults};
	int rc = lk_batch_round(&r, LK_ROUND_AGAIN, err);
	lk_rounds_release(&r);
	test_world_reload(&world);
	return rc;
}

static void must_round(const char *name) {
	lk_error err = {0};
	test_ok(rounds(name, &err), &err);
}

static const lk_cat_view *view(void) { return lk_catalog_view(world.catalog, "traffic"); }
static const lk_cat_copy *served(void) { return test_world_copy(&world, "traffic"); }

static int64_t batches_of(int64_t copy) {
	return test_number(&world.pg, "SELECT count(*) FROM lk.batch WHERE copy_id = %lld", (long long)copy);
}

static void same(void) {
	for (enum lk_layer l = LK_LAYER_MERGED; l <= LK_LAYER_BATCH; l++) {
		lk_query q = test_query("traffic");
		q.layer = l;
		test_world_same(&world, &q);
	}
}

static int64_t make(enum lk_copy_state state, bool kappa) {
	int64_t id;
	lk_error err = {0};
	test_ok(lk_copy_make(&world.pg, lk_catalog_newest(world.catalog, view()), &(lk_copy_spec){.kappa = kappa, .state = state}, &id, &err), &err);
	test_world_reload(&world);
	return id;
}

static void serve(int64_t to) {
	int64_t retired;
	lk_error err = {0};
	test_sql(&world.pg, "BEGIN");
	test_ok(lk_copy_serve(&world.pg, view()->id, view()->served_copy, to, &retired, &err), &err);
	test_sql(&world.pg, "COMMIT");
	test_world_reload(&world);
}

static void drop(int64_t id) {
	lk_error err = {0};
	test_ok(lk_copy_drop(&world.pg, id, &err), &err);
	test_world_reload(&world);
}

/* --- versions --- */

static void the_newest_is_brought_into_service(void **state) {
	(void)state;
	int64_t first = served()->id;
	append(100);
	must_round(NULL);
	assert_int_equal(batches_of(first), 1);
	test_world_declare(&world, by_hour);
	append(10);
	must_round(NULL);
	assert_int_equal(served()->version->number, 2);
	assert_int_equal(view()->former_copy, first);
	assert_int_equal(batches_of(first), 1);          /* readers have left it */
	same();
	append(10);
	must_round("traffic");
	assert_int_equal(batches_of(served()->id), 2);
	same();
}

/* Another process computes the newest version's batch, or the batch fails: the served version still has its batch. */
static void the_served_one_has_batches_too(void **state) {
	(void)state;
	lk_error err = {0};
	lk_pg other;
	int64_t first = served()->id;
	append(100);
	test_world_declare(&world, by_hour);
	int64_t second = lk_catalog_newest(world.catalog, view())->id;
	test_open(&other, &servers);
	const lk_cat_copy *next;
	test_ok(lk_catalog_read_copy(world.catalog, view(), 2, &next, &err), &err);
	test_ok(lk_pg_try_lock(&other, next->id, &err), &err);
	assert_int_equal(rounds(NULL, &err), LK_EBUSY);
	assert_int_equal(served()->id, first);
	assert_int_equal(batches_of(first), 1);
	same();
	lk_pg_close(&other);
	for (int64_t deadline = lk_monotonic_us() + 10 * LK_US_PER_S; rounds(NULL, &err) == LK_EBUSY && lk_monotonic_us() < deadline; )
		lk_error_clear(&err);
	assert_int_equal(served()->version->id, second);
	same();
}

/* Readers were moved back: a batch keeps both versions up to date, but does not move readers forward again. */
static void going_back_lasts(void **state) {
	(void)state;
	int64_t first = served()->id;
	append(100);
	must_round(NULL);
	test_world_declare(&world, by_hour);
	must_round(NULL);
	int64_t second = served()->id;
	assert_true(second != first);
	serve(first);
	for (int i = 0; i < 2; i++) {
		append(20);
		must_round(NULL);
		assert_int_equal(served()->id, first);
		assert_int_equal(view()->former_copy, second);
		assert_int_equal(batches_of(second), 2 + i);
		assert_int_equal(batches_of(first), 2 + i);
		same();
	}
	drop(second);
	append(20);
	must_round("traffic");
	assert_int_equal(served()->id, first);
	assert_int_equal(world.catalog->ncopies, 2);      /* nor does it make another copy of it */
	assert_int_equal(batches_of(first), 4);
	same();
}

static void a_version_after_that_is_served(void **state) {
	(void)state;
	int64_t first = served()->id;
	test_world_declare(&world, by_hour);
	append(50);
	must_round(NULL);
	serve(first);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT ip, count(*) AS hits FROM hits GROUP BY ip;");
	must_round(NULL);
	assert_int_equal(served()->version->number, 3);
	assert_int_equal(view()->former_copy, first);
	same();
}

/* A batch does not bring a copy into service that is being built: its builder does. */
/* --- versions that are superseded before their first batch --- */

static int64_t live_copies(void) { return test_number(&world.pg, "SELECT count(*) FROM lk.copy WHERE NOT dropped AND state = 'live'"); }

static void declare_number(int n) {
	char *sql = lk_asprintf("CREATE VIEW traffic AS SELECT ip, count(*) AS n FROM hits WHERE ip <> '10.0.0.%d' GROUP BY ip, tumble(ts, '1 minute');", n);
	test_world_declare(&world, sql);
	free(sql);
	while (world.nformer > 0)   /* each lists all versions, and no worker uses it any more */
		lk_catalog_release(world.former[--world.nformer]);
}

static int newest_is_driven(void *unused) {
	(void)unused;
	return test_number(&world.pg, "SELECT count(*) FROM pg_locks l WHERE l.locktype = 'advisory' AND l.granted AND l.objid::bigint IN"
	                   " (SELECT unit_id & 4294967295 FROM lk.unit WHERE copy_id = (SELECT max(copy_id) FROM lk.copy))") == 2;
}

static void many_changes_leave_few_copies(void **state) {
	(void)state;
	enum { CHANGES = 150 };
	static test_layer layer;
	append(100);
	must_round(NULL);
	test_layer_start(&layer, &servers, 2, false);
	int changes = test_rounds("CHANGES", CHANGES);
	for (int i = 0; i < changes; i++) {
		declare_number(i);
		assert_int_equal(live_copies(), 3);     /* of total, of the served version, and of the newest one */
		if (i % 25 == 0) {
			append(20);
			assert_true(test_poll(newest_is_driven, NULL, 20000));
			assert_int_equal(served()->version->number, 1);
			same();
		}
	}
	must_round(NULL);
	assert_int_equal(served()->version->number, changes + 1);
	assert_int_equal(live_copies(), 3);
	same();
	test_layer_end(&layer);
	same();
}

static void changed_and_changed_back(void **state) {
	(void)state;
	append(100);
	must_round(NULL);
	int64_t first = served()->id;
	test_world_declare(&world, by_hour);
	test_world_declare(&world, definitions);      /* the older form is a new version */
	assert_int_equal(lk_catalog_newest(world.catalog, view())->number, 3);
	assert_int_equal(live_copies(), 3);
	assert_int_equal(served()->id, first);
	same();
	must_round("traffic");
	assert_int_equal(served()->version->number, 3);
	assert_int_equal(view()->former_copy, first);
	same();
	serve(first);
	test_world_declare(&world, by_hour);          /* the copy that readers had stays */
	assert_int_equal(live_copies(), 4);
	must_round("traffic");
	assert_int_equal(served()->version->number, 4);
	assert_int_equal(view()->former_copy, first);
	same();
}

typedef struct batch_thread {
	pthread_t thread;
	lk_pg pg;
	const lk_cat_copy *copy;
	lk_batch_report report;
	int rc;
	lk_error err;
} batch_thread;

static void *run_batch(void *arg) {
	batch_thread *b = arg;
	b->rc = lk_batch_run(&b->pg, b->copy, &b->report, &b->err);
	return NULL;
}

static int somebody_waits(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") > 0;
}

/* The end of the log is held, so the batch waits where it makes its cut. */
static void a_batch_of_a_version_that_is_followed_ends(void **state) {
	(void)state;
	batch_thread b = {0};
	lk_pg holder;
	lk_error err = {0};
	append(100);
	must_round(NULL);
	test_world_declare(&world, by_hour);
	test_ok(lk_catalog_read_copy(world.catalog, view(), 2, &b.copy, &err), &err);
	test_open(&b.pg, &servers);
	test_open(&holder, &servers);
	test_sql(&holder, "BEGIN");
	test_sql(&holder, "SELECT FROM lk.tail FOR UPDATE");
	assert_int_equal(pthread_create(&b.thread, NULL, run_batch, &b), 0);
	int waited = test_poll(somebody_waits, NULL, 10000);
	test_world_try(&world, definitions, NULL);
	test_sql(&holder, "COMMIT");
	pthread_join(b.thread, NULL);
	assert_true(waited);
	test_ok(b.rc, &b.err);
	assert_int_equal(b.report.switched_to, 2);
	test_world_reload(&world);
	assert_int_equal(served()->version->number, 2);
	same();
	must_round("traffic");
	assert_int_equal(served()->version->number, 3);
	assert_int_equal(live_copies(), 3);
	same();
	/* it is the former one now */
	assert_int_equal(lk_batch_run(&b.pg, b.copy, &b.report, &b.err), LK_OK);
	lk_pg_close(&b.pg);
	lk_pg_close(&holder);
}

/* A round with the catalogue that it read just before. */
static void a_batch_of_a_dropped_version_changes_nothing(void **state) {
	(void)state;
	const lk_cat_copy *second;
	lk_batch_report report;
	lk_error err = {0};
	append(100);
	must_round(NULL);
	test_world_declare(&world, by_hour);
	test_ok(lk_catalog_read_copy(world.catalog, view(), 2, &second, &err), &err);
	test_world_declare(&world, definitions);
	assert_int_equal(lk_batch_run(&world.pg, second, &report, &err), LK_ECONFLICT);
	assert_non_null(strstr(err.hint, "run it again"));
	assert_int_equal(served()->version->number, 1);
	must_round("traffic");
	assert_int_equal(served()->version->number, 3);
	same();
}

static void a_copy_in_the_making_is_not_served(void **state) {
	(void)state;
	lk_error err = {0};
	lk_batch_report r;
	int64_t first = served()->id;
	append(50);
	test_world_declare(&world, by_hour);
	for (enum lk_copy_state states[] = {LK_COPY_BUILDING, LK_COPY_SCRATCH}, *s = states; s < states + 2; s++) {
		int64_t id = make(*s, false);
		test_ok(lk_batch_run(&world.pg, lk_catalog_copy(world.catalog, id), &r, &err), &err);
		assert_int_equal(r.switched_to, 0);
	}
	test_world_reload(&world);
	assert_int_equal(served()->id, first);
}

/* --- kappa --- */

/* A view in kappa mode is sealed instead. A seal needs a speed layer that has reached its cut. */
static void kappa_is_sealed(void **state) {
	(void)state;
	lk_error err = {0};
	append(50);
	must_round(NULL);
	int64_t lambda = served()->id;
	serve(make(LK_COPY_BUILDING, true));
	append(20);
	int64_t total = lk_catalog_view(world.catalog, "total")->served_copy;
	assert_int_equal(rounds(NULL, &err), LK_EBUSY);        /* traffic waits; the others are done */
	assert_int_equal(batches_of(total), 2);
	assert_int_equal(batches_of(lambda), 1);
	int64_t kappa = served()->id;
	assert_int_equal(rounds("traffic", &err), LK_EBUSY);
	assert_int_equal(batches_of(kappa), 0);
	test_world_speed_once(&world, "traffic");
	must_round("traffic");
	assert_int_equal(batches_of(kappa), 1);
	assert_int_equal(batches_of(lambda), 1);
	same();
	lk_error_clear(&err);
	assert_int_equal(rounds("trafic", &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "traffic"));
	serve(lambda);
	must_round("traffic");
	assert_int_equal(batches_of(lambda), 2);
	same();
}

/* The former copy is driven as long as it exists; if it is a kappa copy, rounds seal it, so that Redis does not keep all of
 * it. Where no speed layer drives it the round does without. */
static void the_former_kappa_copy_is_sealed(void **state) {
	(void)state;
	append(50);
	must_round(NULL);
	int64_t lambda = served()->id;
	serve(make(LK_COPY_BUILDING, true));
	int64_t kappa = served()->id;
	test_world_speed_once(&world, "traffic");
	must_round("traffic");
	serve(lambda);
	append(50);
	must_round("traffic");
	assert_int_equal(batches_of(kappa), 1);        /* its units are behind, and nobody drives them */
	test_world_speed_once(&world, "traffic");
	append(1);
	test_world_speed_once(&world, "traffic");
	must_round("traffic");
	assert_int_equal(batches_of(kappa), 2);
	same();
	serve(kappa);
	same();
}

/* A former lambda copy has a batch when the log has grown by half, and not in each round; readers stay where they are. */
static void the_former_lambda_copy_has_few_batches(void **state) {
	static const struct { int events, batches; } steps[] = {{50, 1}, {1, 2}, {75, 2}, {1, 3}};   /* of 100, then of 151 */
	(void)state;
	append(100);
	must_round(NULL);
	int64_t lambda = served()->id;
	serve(make(LK_COPY_BUILDING, true));
	int64_t kappa = served()->id;
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		append(steps[i].events);
		test_world_speed_once(&world, "traffic");
		must_round("total");                       /* is no round of this view */
		assert_int_equal(batches_of(lambda), i ? steps[i - 1].batches : 1);
		must_round("traffic");
		assert_int_equal(batches_of(lambda), steps[i].batches);
		assert_int_equal(served()->id, kappa);
	}
	serve(lambda);
	same();
	append(40);
	must_round("traffic");
	assert_int_equal(batches_of(lambda), 4);       /* readers have it again: one in each round */
	same();
}

/* A version that was applied in kappa mode has no copy until a replay, or a batch in lambda mode, makes one. */
static void a_version_of_kappa_gets_its_copy_later(void **state) {
	(void)state;
	lk_error err = {0};
	int64_t lambda = served()->id;
	append(50);
	serve(make(LK_COPY_BUILDING, true));
	int64_t copies = world.catalog->ncopies;
	test_world_declare(&world, by_hour);
	assert_int_equal(lk_catalog_newest(world.catalog, view())->number, 2);
	assert_int_equal(world.catalog->ncopies, copies);
	const lk_cat_copy *k;
	assert_int_equal(lk_catalog_read_copy(world.catalog, view(), 2, &k, &err), LK_EUSAGE);
	test_world_speed_once(&world, "traffic");
	must_round(NULL);
	assert_int_equal(world.catalog->ncopies, copies);
	serve(lambda);
	lk_pg other;
	lk_error_clear(&err);
	test_open(&other, &servers);
	test_ok(lk_view_lock(&other, view(), &err), &err);
	must_round(NULL);                                /* a replay is running: the round makes no second copy */
	assert_int_equal(world.catalog->ncopies, copies);
	test_ok(lk_pg_unlock(&other, view()->id, &err), &err);
	must_round(NULL);
	assert_int_equal(world.catalog->ncopies, copies);      /* one copy more, and the former kappa copy less */
	assert_true(served()->version->number == 2 && !served()->kappa);
	same();
	lk_pg_close(&other);
}

static void apply_says_how(void **state) {
	(void)state;
	char *err = NULL, *file = lk_asprintf("%s/by_hour.sql", servers.dir);
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fputs(by_hour, f);
	fclose(f);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(test_lk(&servers, NULL, NULL, &err, (const char *const[]){"apply", file, NULL}), 0);
		assert_non_null(strstr(err, "version 2"));
		assert_non_null(strstr(err, "readers get version 1"));
		assert_non_null(strstr(err, "lk batch traffic"));
		free(err);
	}
	must_round("traffic");
	int64_t first = served()->id;
	serve(view()->former_copy);
	assert_int_equal(test_lk(&servers, NULL, NULL, &err, (const char *const[]){"apply", file, NULL}), 0);
	assert_non_null(strstr(err, "moved from it to version 1"));
	assert_null(strstr(err, "lk batch"));
	free(err);
	serve(make(LK_COPY_BUILDING, true));
	f = fopen(file, "w");
	assert_non_null(f);
	fputs("CREATE VIEW traffic AS SELECT count(*) AS n FROM hits;", f);
	fclose(f);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(test_lk(&servers, NULL, NULL, &err, (const char *const[]){"apply", file, NULL}), 0);
		assert_non_null(strstr(err, "version 3"));
		assert_non_null(strstr(err, "lk replay traffic --switch"));
		assert_null(strstr(err, "lk batch"));
		free(err);
	}
	assert_true(first != served()->id);
	free(file);
}

/* P16 */
static void a_round_sweeps_dropped_copies(void **state) {
	(void)state;
	int64_t first = served()->id;
	append(50);
	must_round(NULL);
	test_world_declare(&world, by_hour);
	must_round(NULL);
	drop(first);
	char *sql = lk_asprintf("SELECT count(*) FROM pg_class WHERE relname ~ '^batch_%lld_[0-9]+$' AND relkind = 'r'", (long long)first);
	assert_int_equal(test_world_int(&world, sql), 1);
	must_round(NULL);
	assert_int_equal(test_world_int(&world, sql), 0);
	free(sql);
}

/* --- batches in the past --- */

static void a_batch_at_a_cut_in_the_past(void **state) {
	(void)state;
	lk_error err = {0};
	lk_batch_report r;
	lk_frontier at, end;
	append(100);
	test_ok(lk_log_tail(&world.pg, view()->stream, &at, &err), &err);
	append(100);
	test_ok(lk_log_tail(&world.pg, view()->stream, &end, &err), &err);
	int64_t id = make(LK_COPY_SCRATCH, false);
	for (int i = 0; i < 2; i++) {
		test_ok(lk_batch_run_at(&world.pg, lk_catalog_copy(world.catalog, id), &at, &r, &err), &err);
		assert_true(r.nothing_new == (i == 1) && (i == 1 || r.events == 100));
	}
	test_world_reload(&world);
	const lk_cat_copy *k = lk_catalog_copy(world.catalog, id);
	assert_true(lk_frontier_reaches(&k->cut, &at) && lk_frontier_reaches(&at, &k->cut) && k->batch_table);
	serve(make(LK_COPY_BUILDING, true));
	char text[24];
	snprintf(text, sizeof text, "%lld", (long long)id);
	lk_query q = test_query("traffic");
	lk_answer a;
	q.copy = text;
	q.layer = LK_LAYER_BATCH;
	test_world_answer(&world, &q, &a);
	assert_true(lk_frontier_reaches(&a.end, &at) && lk_frontier_reaches(&at, &a.end));
	test_rows want, got;
	lk_buf bound = LK_BUF_INIT, difference = LK_BUF_INIT;
	test_answer_bound(&a, &bound);
	test_answer_rows(&a, &got);
	assert_int_equal(test_oracle_rows(&world, k->version->plan, bound.data, NULL, &want, &err), LK_OK);
	test_rows_difference(&want, &got, &difference);
	assert_string_equal(difference.data ? difference.data : "", "");
	assert_true(want.n > 0);
	test_rows_release(&want);
	test_rows_release(&got);
	lk_buf_release(&bound);
	lk_buf_release(&difference);
	lk_answer_release(&a);
	end.part[1].off++;
	assert_int_equal(lk_batch_run_at(&world.pg, k, &end, &r, &err), LK_EUSAGE);
	lk_error_clear(&err);
	end.part[1].off--;
	test_ok(lk_batch_run(&world.pg, k, &r, &err), &err);
	assert_int_equal(r.events, 200);
	assert_int_equal(lk_batch_run_at(&world.pg, k, &at, &r, &err), LK_ECONFLICT);     /* the pointer never goes back */
}

/* The server watches for the client: the computation of a killed batch stops. */
static void the_server_notices_a_dead_batch(void **state) {
	(void)state;
	append(10);
	test_world_batch(&world, "traffic");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM pg_settings WHERE name = 'client_connection_check_interval'"
	                                        " AND setting = '1000'"), 1);
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(the_newest_is_brought_into_service),
		TEST(the_served_one_has_batches_too),
		TEST(going_back_lasts),
		TEST(a_version_after_that_is_served),
		TEST(many_changes_leave_few_copies),
		TEST(changed_and_changed_back),
		TEST(a_batch_of_a_version_that_is_followed_ends),
		TEST(a_batch_of_a_dropped_version_changes_nothing),
		TEST(a_copy_in_the_making_is_not_served),
		TEST(kappa_is_sealed),
		TEST(the_former_kappa_copy_is_sealed),
		TEST(the_former_lambda_copy_has_few_batches),
		TEST(a_version_of_kappa_gets_its_copy_later),
		TEST(apply_says_how),
		TEST(a_round_sweeps_dropped_copies),
		TEST(a_batch_at_a_cut_in_the_past),
		TEST(the_server_notices_a_dead_batch),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
