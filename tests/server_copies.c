/* Copies: made, served, dropped, swept; cuts at offsets in the past; what a replay records for other processes. */
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
#include "catalog/overview.h"
#include "catalog/tail.h"
#include "core/time.h"
#include "event_log/side_output.h"
#include "event_log/scan.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/world.h"

static test_servers servers;
static test_world world;

static const char *const definitions =
	"CREATE TABLE hits (ts timestamptz, ip text) WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '10 seconds');"
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

/* Event times go back and forth; now and then one is further ahead than the log believes. */
static void append(int n, unsigned long *random) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		unsigned long r = test_random(random);
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(r % 40 ? INT64_C(1500000000000000) + (int64_t)(r % 100000) * 1000 : INT64_C(4070908800000000) + (int64_t)(r % 7), &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%lu\"}\n", r / 64 % 17);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static const lk_cat_view *view(const char *name) { return lk_catalog_view(world.catalog, name); }

static int64_t made(const lk_copy_spec *spec) {
	int64_t id;
	lk_error err = {0};
	test_ok(lk_copy_make(&world.pg, lk_catalog_newest(world.catalog, view("traffic")), spec, &id, &err), &err);
	test_world_reload(&world);
	return id;
}

static int64_t building(void) { return made(&(lk_copy_spec){.kappa = true, .state = LK_COPY_BUILDING}); }

/* A whole switch of traffic's readers. */
static int serve_on(lk_pg *pg, int64_t from, int64_t to, int64_t *retired, lk_error *err) {
	int rc = lk_pg_run(pg, err, "BEGIN");
	if (!rc)
		rc = lk_copy_serve(pg, view("traffic")->id, from, to, retired, err);
	if (!rc)
		rc = lk_pg_run(pg, err, "COMMIT");
	if (rc)
		lk_pg_rollback(pg);
	return rc;
}

static int serve(int64_t from, int64_t to, int64_t *retired) {
	lk_error err = {0};
	int rc = serve_on(&world.pg, from, to, retired, &err);
	if (rc && rc != LK_ECONFLICT)
		fail_msg("%s", err.text);
	test_world_reload(&world);
	return rc;
}

static void must_serve(int64_t from, int64_t to, int64_t retired) {
	int64_t gone;
	assert_int_equal(serve(from, to, &gone), LK_OK);
	assert_int_equal(gone, retired);
}

static int drop(int64_t id) {
	lk_error err = {0};
	int rc = lk_copy_drop(&world.pg, id, &err);
	test_world_reload(&world);
	return rc;
}

static int64_t served(void) { return view("traffic")->served_copy; }
static int64_t former(void) { return view("traffic")->former_copy; }
static const lk_cat_copy *copy(int64_t id) { return lk_catalog_copy(world.catalog, id); }

static int64_t stamp(void) {
	int64_t s;
	lk_error err = {0};
	test_ok(lk_catalog_stamp(&world.pg, &s, &err), &err);
	return s;
}

/* --- making --- */

static void a_copy_has_its_units(void **state) {
	(void)state;
	int64_t before = stamp(), first = building(), second = building();
	assert_true(stamp() != before);
	assert_true(first != second);
	const lk_cat_copy *k = copy(first);
	assert_true(k->kappa && k->state == LK_COPY_BUILDING && !k->was_served && !k->name && !k->cut_id && !k->batch_table);
	assert_true(k->range.from == INT64_MIN && k->range.to == INT64_MAX);
	for (int p = 0; p < 3; p++)
		assert_true(k->units[p] > 0 && k->units[p] != copy(second)->units[p] && k->cut.part[p].off == 0 && k->cut.part[p].high == LK_NEVER);
	const lk_cat_copy *first_one = copy(served());
	assert_true(!first_one->kappa && first_one->state == LK_COPY_LIVE && first_one->was_served);
	assert_int_equal(former(), 0);

	lk_cat_version gone = *lk_catalog_newest(world.catalog, view("traffic"));
	lk_error err = {0};
	gone.id = -1;
	assert_int_equal(lk_copy_make(&world.pg, &gone, &(lk_copy_spec){.kappa = true}, &first, &err), LK_ECONFLICT);
	assert_int_equal(PQtransactionStatus(world.pg.conn), PQTRANS_IDLE);
}

static int make_named(const char *name, int64_t *id) {
	lk_error err = {0};
	int rc = lk_copy_make(&world.pg, lk_catalog_newest(world.catalog, view("traffic")),
	                      &(lk_copy_spec){.kappa = true, .state = LK_COPY_SANDBOX, .name = name, .range = {LK_BY_EVENT, 5, INT64_MAX}}, id, &err);
	test_world_reload(&world);
	return rc;
}

static void names(void **state) {
	(void)state;
	static const char *const no[] = {NULL, "", "12", "a b", "x;y", "it's", "\xc3\xa4",
	                                 "a234567890123456789012345678901234567890123456789012345678901"};
	int64_t id, other;
	lk_error err = {0};
	const lk_cat_copy *found;
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_int_equal(make_named(no[i], &id), LK_EUSAGE);
	assert_int_equal(make_named("sunday-1.b_C", &id), LK_OK);
	assert_int_equal(make_named("sunday-1.b_C", &other), LK_EUSAGE);
	assert_int_equal(PQtransactionStatus(world.pg.conn), PQTRANS_IDLE);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy"), 3);
	assert_string_equal(copy(id)->name, "sunday-1.b_C");
	assert_true(copy(id)->range.by == LK_BY_EVENT && copy(id)->range.from == 5 && copy(id)->range.to == INT64_MAX);

	char digits[24];
	snprintf(digits, sizeof digits, "%lld", (long long)id);
	test_ok(lk_catalog_need_copy(world.catalog, view("traffic"), "sunday-1.b_C", &found, &err), &err);
	assert_int_equal(found->id, id);
	test_ok(lk_catalog_need_copy(world.catalog, view("traffic"), digits, &found, &err), &err);
	assert_int_equal(found->id, id);
	assert_int_equal(lk_catalog_need_copy(world.catalog, view("traffic"), "monday", &found, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "sunday-1.b_C (sandbox)"));
	assert_non_null(strstr(err.hint, "(lambda, served)"));
	lk_error_clear(&err);
	assert_int_equal(lk_catalog_need_copy(world.catalog, view("total"), "sunday-1.b_C", &found, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "view traffic"));
	assert_int_equal(drop(id), LK_OK);
	assert_int_equal(make_named("sunday-1.b_C", &other), LK_OK);
}

/* A user may read a version by its number: its served copy, else its newest live one. */
static void a_version_is_read_from_a_live_copy(void **state) {
	(void)state;
	const lk_cat_copy *k;
	lk_error err = {0};
	int64_t first = served(), sandbox, scratch = made(&(lk_copy_spec){.kappa = true, .state = LK_COPY_SCRATCH}), b = building();
	assert_int_equal(make_named("s", &sandbox), LK_OK);
	test_ok(lk_catalog_read_copy(world.catalog, view("traffic"), 1, &k, &err), &err);
	assert_int_equal(k->id, first);
	test_ok(lk_copy_go_live(&world.pg, b, &err), &err);
	int64_t newest = made(&(lk_copy_spec){.kappa = true, .state = LK_COPY_LIVE});
	test_ok(lk_catalog_read_copy(world.catalog, view("traffic"), 1, &k, &err), &err);
	assert_int_equal(k->id, first);
	test_world_declare(&world, by_hour);
	int64_t hourly = made(&(lk_copy_spec){.kappa = true, .state = LK_COPY_BUILDING});
	must_serve(first, hourly, 0);
	test_ok(lk_catalog_read_copy(world.catalog, view("traffic"), 1, &k, &err), &err);
	assert_int_equal(k->id, newest);
	test_ok(lk_catalog_read_copy(world.catalog, view("traffic"), 2, &k, &err), &err);
	assert_int_equal(k->id, hourly);
	assert_int_equal(lk_catalog_version(world.catalog, view("traffic"), 2)->id, lk_catalog_newest(world.catalog, view("traffic"))->id);
	assert_null(lk_catalog_version(world.catalog, view("traffic"), 3));
	for (int64_t gone[] = {first, b, newest}, *g = gone; g < gone + 3; g++)
		assert_int_equal(drop(*g), LK_OK);
	assert_int_equal(lk_catalog_read_copy(world.catalog, view("traffic"), 1, &k, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "lk replay traffic --version 1"));
	assert_true(copy(scratch) && copy(sandbox));
}

/* --- cuts in the past --- */

/* P7, P9: a cut in the past has the same content as one that was made at that time. */
static void a_cut_in_the_past_equals_one_made_then(void **state) {
	(void)state;
	unsigned long random = test_seed("a cut in the past");
	enum { CUTS = 8 };
	lk_cut then[CUTS], now, again;
	lk_error err = {0};
	const lk_cat_copy *k = test_world_copy(&world, "traffic");
	const lk_cat_stream *s = k->version->reads;
	for (int i = 0; i < CUTS; i++) {
		test_ok(lk_cut_make(&world.pg, &(lk_cut_for){s, k->id, "test"}, &then[i], &err), &err);
		append((int)(test_random(&random) % 60) + 1, &random);
	}
	for (int i = 0; i < CUTS; i++) {
		test_ok(lk_cut_make_at(&world.pg, &(lk_cut_for){s, k->id, "test"}, &then[i].at, &now, &err), &err);
		test_ok(lk_cut_load(&world.pg, now.id, &again, &err), &err);
		assert_true(now.id > then[CUTS - 1].id && again.id == now.id && now.at.n == 3 && again.at.n == 3);
		for (int p = 0; p < 3; p++) {
			assert_memory_equal(&now.at.part[p], &then[i].at.part[p], sizeof now.at.part[p]);
			assert_memory_equal(&again.at.part[p], &now.at.part[p], sizeof again.at.part[p]);
		}
	}
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open' AND purpose = 'test'"), 2 * CUTS);
}

static void a_cut_is_not_where_no_log_is(void **state) {
	(void)state;
	unsigned long random = test_seed("a cut is not where no log is");
	lk_error err = {0};
	lk_cut cut;
	lk_frontier tail, low;
	int64_t cuts = test_world_int(&world, "SELECT count(*) FROM lk.cut"), id;
	const lk_cat_copy *k = test_world_copy(&world, "traffic");
	const lk_cat_stream *s = k->version->reads;
	append(100, &random);
	test_ok(lk_log_tail(&world.pg, s, &tail, &err), &err);
	tail.part[1].off++;
	assert_int_equal(lk_cut_make_at(&world.pg, &(lk_cut_for){s, k->id, "test"}, &tail, &cut, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "partition 1"));
	lk_error_clear(&err);
	assert_int_equal(lk_copy_make(&world.pg, k->version, &(lk_copy_spec){.kappa = true, .state = LK_COPY_SANDBOX, .name = "s", .start = &tail},
	                              &id, &err), LK_EUSAGE);
	low = test_frontier(s->id, 3, (int64_t[]){0, 0, -1});
	assert_int_equal(lk_cut_make_at(&world.pg, &(lk_cut_for){s, k->id, "test"}, &low, &cut, &err), LK_EUSAGE);
	tail.part[1].off--;
	test_world_run(&world, "DELETE FROM lk.log_hits WHERE part = 2 AND off = 1");
	lk_error_clear(&err);
	assert_int_equal(lk_cut_make_at(&world.pg, &(lk_cut_for){s, k->id, "test"}, &tail, &cut, &err), LK_EGAP);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut"), cuts);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE name IS NOT NULL"), 0);
}

/* P7, P8: a sandbox begins at a published cut, which is live. */
static void a_sandbox_begins_at_a_cut(void **state) {
	(void)state;
	unsigned long random = test_seed("a sandbox begins at a cut");
	lk_error err = {0};
	lk_cut at;
	int64_t id;
	lk_cut_offsets live;
	const lk_cat_copy *k = test_world_copy(&world, "traffic");
	append(100, &random);
	test_ok(lk_cut_make(&world.pg, &(lk_cut_for){k->version->reads, k->id, "test"}, &at, &err), &err);
	test_ok(lk_cut_abandon(&world.pg, k->id, "test", &err), &err);
	append(100, &random);
	lk_copy_spec spec = {.kappa = true, .state = LK_COPY_SANDBOX, .name = "s", .start = &at.at,
	                     .range = {LK_BY_AT, INT64_C(1600000000123456), INT64_C(4000000000654321)}};
	test_ok(lk_copy_make(&world.pg, k->version, &spec, &id, &err), &err);
	test_world_reload(&world);
	k = copy(id);
	assert_true(k->state == LK_COPY_SANDBOX && k->cut_id && !k->batch_table);
	assert_true(k->range.by == LK_BY_AT && k->range.from == spec.range.from && k->range.to == spec.range.to);
	for (int p = 0; p < 3; p++) {
		assert_true(memcmp(&k->cut.part[p], &at.at.part[p], sizeof at.at.part[p]) == 0);
		test_ok(lk_cut_live(&world.pg, &(lk_frontier_part){.stream = k->version->reads->id, .part = p}, &live, &err), &err);
		assert_true(live.n == 1 && live.off[0] == at.at.part[p].off);
		free(live.off);
	}
	assert_int_equal(drop(id), LK_OK);
	test_ok(lk_cut_live(&world.pg, &(lk_frontier_part){.stream = view("traffic")->stream->id}, &live, &err), &err);
	assert_int_equal(live.n, 0);
	free(live.off);
}

/* --- serving --- */

static void going_live(void **state) {
	(void)state;
	lk_error err = {0};
	int64_t b = building(), t = made(&(lk_copy_spec){.kappa = true, .state = LK_COPY_SCRATCH}), s;
	assert_int_equal(make_named("s", &s), LK_OK);
	for (int i = 0; i < 2; i++) {
		test_ok(lk_copy_go_live(&world.pg, b, &err), &err);
		test_world_reload(&world);
		assert_int_equal(copy(b)->state, LK_COPY_LIVE);
	}
	assert_int_equal(lk_copy_go_live(&world.pg, s, &err), LK_ECONFLICT);
	assert_int_equal(lk_copy_go_live(&world.pg, t, &err), LK_ECONFLICT);
	assert_int_equal(lk_copy_go_live(&world.pg, -1, &err), LK_ECONFLICT);
	assert_int_equal(drop(b), LK_OK);
	assert_int_equal(lk_copy_go_live(&world.pg, b, &err), LK_ECONFLICT);
}

/* One former copy is kept, and going back to it drops nothing. */
static void the_last_but_one_stays(void **state) {
	(void)state;
	lk_error err = {0};
	int64_t since, later;
	int64_t a = served(), b = building(), c = building();
	test_ok(lk_overview_served_since(&world.pg, view("traffic"), &since, &err), &err);
	assert_true(since != LK_NEVER);
	must_serve(a, b, 0);
	assert_true(served() == b && former() == a && copy(b)->state == LK_COPY_LIVE && copy(b)->was_served && copy(a)->state == LK_COPY_LIVE);
	test_ok(lk_overview_served_since(&world.pg, view("traffic"), &later, &err), &err);
	assert_true(later > since);
	must_serve(b, a, 0);
	assert_true(served() == a && former() == b);
	must_serve(a, b, 0);
	must_serve(b, c, a);
	assert_true(served() == c && former() == b && !copy(a) && copy(b));
	int64_t before = stamp();
	must_serve(c, c, 0);
	assert_true(stamp() == before && served() == c && former() == b);
	assert_int_equal(view("total")->former_copy, 0);
}

static void what_cannot_be_served(void **state) {
	(void)state;
	int64_t a = served(), b = building(), gone = building(), s, retired, before;
	int64_t scratch = made(&(lk_copy_spec){.kappa = true, .state = LK_COPY_SCRATCH}), other = view("total")->served_copy;
	assert_int_equal(make_named("s", &s), LK_OK);
	assert_int_equal(drop(gone), LK_OK);
	before = stamp();
	assert_int_equal(serve(b, a, &retired), LK_ECONFLICT);     /* readers do not have b */
	assert_int_equal(serve(0, b, &retired), LK_ECONFLICT);
	for (int64_t no[] = {gone, s, scratch, other, -1}, *n = no; n < no + 5; n++)
		assert_int_equal(serve(a, *n, &retired), LK_ECONFLICT);
	assert_true(stamp() == before);
	must_serve(a, b, 0);
	/* a second time, with the state that was read before the first */
	assert_int_equal(serve(a, b, &retired), LK_ECONFLICT);
	assert_true(served() == b && former() == a);
}

static void what_is_served_is_not_dropped(void **state) {
	(void)state;
	unsigned long random = test_seed("what is served is not dropped");
	lk_error err = {0};
	lk_cut open;
	int64_t a = served(), b = building();
	append(100, &random);
	test_world_batch(&world, "traffic");
	test_ok(lk_cut_make(&world.pg, &(lk_cut_for){view("traffic")->stream, a, "test"}, &open, &err), &err);
	assert_int_equal(lk_copy_drop(&world.pg, a, &err), LK_ECONFLICT);
	assert_int_equal(PQtransactionStatus(world.pg.conn), PQTRANS_IDLE);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state IN ('open', 'published')"), 2);
	must_serve(a, b, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(drop(a), LK_OK);
		assert_true(former() == 0 && served() == b && !copy(a));
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'abandoned'"), 1);
		assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'released'"), 1);
	}
	assert_int_equal(drop(-1), LK_ECONFLICT);
}

/* P5: a batch of a copy that is dropped meanwhile is not published. */
static void a_dropped_copy_publishes_nothing(void **state) {
	(void)state;
	unsigned long random = test_seed("a dropped copy publishes nothing");
	lk_error err = {0};
	lk_batch_report r;
	lk_cut cut;
	int64_t a = served(), b = building();
	append(50, &random);
	const lk_cat_copy *old = copy(a);
	test_ok(lk_cut_make(&world.pg, &(lk_cut_for){old->version->reads, a, "batch"}, &cut, &err), &err);
	must_serve(a, b, 0);
	assert_int_equal(drop(a), LK_OK);
	test_ok(lk_pg_run(&world.pg, &err, "BEGIN"), &err);
	assert_int_equal(lk_cut_publish(&world.pg, a, &cut, "lk.none", &err), LK_ECONFLICT);
	lk_pg_rollback(&world.pg);
	lk_error_clear(&err);
	assert_int_equal(lk_batch_run(&world.pg, old, &r, &err), LK_ECONFLICT);
}

/* --- two sessions --- */

struct switcher {
	lk_pg pg;
	int64_t from, to, retired;
	int rc;
	lk_error err;
};

static void *switch_in_thread(void *arg) {
	struct switcher *s = arg;
	s->rc = serve_on(&s->pg, s->from, s->to, &s->retired, &s->err);
	return NULL;
}

static int waits(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk test' AND wait_event_type = 'Lock'") > 0;
}

/* P15: the second of two switches waits for the first, and finds that another copy is served. */
static void one_of_two_switches_wins(void **state) {
	(void)state;
	lk_error err = {0};
	lk_pg first;
	pthread_t thread;
	int64_t a = served(), b = building(), c = building(), retired;
	struct switcher second = {.from = a, .to = c};
	test_open(&first, &servers);
	test_open(&second.pg, &servers);
	test_sql(&first, "BEGIN");
	test_ok(lk_copy_serve(&first, view("traffic")->id, a, b, &retired, &err), &err);
	pthread_create(&thread, NULL, switch_in_thread, &second);
	int waited = test_poll(waits, NULL, 10000);
	test_sql(&first, "COMMIT");
	pthread_join(thread, NULL);
	assert_true(waited);
	assert_int_equal(second.rc, LK_ECONFLICT);
	test_world_reload(&world);
	assert_true(served() == b && former() == a && !copy(c)->was_served && copy(c)->state == LK_COPY_BUILDING);
	lk_pg_close(&first);
	lk_pg_close(&second.pg);
}

static void *drop_in_thread(void *arg) {
	struct switcher *s = arg;
	s->rc = lk_copy_drop(&s->pg, s->to, &s->err);
	return NULL;
}

/* P15: a drop of the copy that a switch is moving readers to. */
static void a_drop_waits_for_a_switch(void **state) {
	(void)state;
	for (int commit = 0; commit < 2; commit++) {
		lk_error err = {0};
		lk_pg first;
		pthread_t thread;
		int64_t a = served(), b = building(), retired;
		struct switcher second = {.to = b};
		test_open(&first, &servers);
		test_open(&second.pg, &servers);
		test_sql(&first, "BEGIN");
		test_ok(lk_copy_serve(&first, view("traffic")->id, a, b, &retired, &err), &err);
		pthread_create(&thread, NULL, drop_in_thread, &second);
		int waited = test_poll(waits, NULL, 10000);
		test_sql(&first, "%s", commit ? "COMMIT" : "ROLLBACK");
		pthread_join(thread, NULL);
		assert_true(waited);
		assert_int_equal(second.rc, commit ? LK_ECONFLICT : LK_OK);
		test_world_reload(&world);
		assert_int_equal(served(), commit ? b : a);
		assert_int_equal(copy(b) != NULL, commit);
		lk_pg_close(&first);
		lk_pg_close(&second.pg);
	}
}

struct publisher {
	lk_pg pg;
	const lk_cat_copy *copy;
	lk_batch_report report;
	int rc;
	lk_error err;
};

static void *batch_in_thread(void *arg) {
	struct publisher *p = arg;
	p->rc = lk_batch_run(&p->pg, p->copy, &p->report, &p->err);
	return NULL;
}

/* P5: locks in the other order would deadlock: a publish that holds its copy and wants the view, a drop that holds the
 * view and wants the copy. */
static void a_publish_waits_for_a_drop(void **state) {
	(void)state;
	unsigned long random = test_seed("a publish waits for a drop");
	lk_error err = {0};
	pthread_t thread;
	struct publisher p = {0};
	append(50, &random);
	test_world_declare(&world, by_hour);
	test_ok(lk_catalog_read_copy(world.catalog, view("traffic"), 2, &p.copy, &err), &err);
	test_open(&p.pg, &servers);
	test_sql(&world.pg, "BEGIN");
	test_sql(&world.pg, "SELECT FROM lk.view WHERE name = 'traffic' FOR NO KEY UPDATE");
	pthread_create(&thread, NULL, batch_in_thread, &p);
	lk_pg watcher = world.pg;
	test_open(&world.pg, &servers);
	int waited = test_poll(waits, NULL, 10000);
	test_sql(&watcher, "UPDATE lk.copy SET dropped = true WHERE copy_id = %lld", (long long)p.copy->id);
	test_sql(&watcher, "COMMIT");
	pthread_join(thread, NULL);
	lk_pg_close(&watcher);
	assert_true(waited);
	assert_int_equal(p.rc, LK_ECONFLICT);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state IN ('open', 'published')"), 0);
	lk_pg_close(&p.pg);
}

enum { HANDS = 3, ACTS = 60 };

struct hand {
	lk_pg pg;
	unsigned long random;
	int served, dropped, batches;
	int rc;
	lk_error err;
};

/* Reads the state by SQL, on its own session. */
static int64_t pick(struct hand *h, const char *sql) {
	PGresult *res = NULL;
	lk_error err = {0};
	if (lk_pg_exec(&h->pg, &res, &err, sql, 0, NULL))
		return 0;
	int n = PQntuples(res);
	int64_t id = n ? lk_pg_int(res, (int)(test_random(&h->random) % (unsigned long)n), 0) : 0;
	PQclear(res);
	return id;
}

static const char any_sql[] =
	"SELECT copy_id FROM lk.copy JOIN lk.version v USING (version_id) JOIN lk.view w USING (view_id) WHERE w.name = 'traffic' AND NOT dropped";
static const char lambda_sql[] =
	"SELECT copy_id FROM lk.copy JOIN lk.version v USING (version_id) WHERE mode = 'lambda' AND number = 2 AND NOT dropped";

static int act(struct hand *h, lk_error *err) {
	const lk_cat_version *newest = lk_catalog_newest(world.catalog, view("traffic"));
	bool coin = test_random(&h->random) % 2;
	lk_batch_report r;
	int64_t id, retired;
	int rc;
	switch (test_random(&h->random) % 5) {
	case 0:
		return lk_copy_make(&h->pg, newest, &(lk_copy_spec){.kappa = coin, .state = coin ? LK_COPY_BUILDING : LK_COPY_LIVE}, &id, err);
	case 1:
		rc = lk_copy_drop(&h->pg, pick(h, any_sql), err);
		h->dropped += !rc;
		return rc;
	case 2:
		rc = serve_on(&h->pg, pick(h, "SELECT served_copy FROM lk.view WHERE name = 'traffic'"), pick(h, any_sql), &retired, err);
		h->served += !rc;
		return rc;
	default:
		rc = lk_batch_run(&h->pg, &(lk_cat_copy){.id = pick(h, lambda_sql), .version = newest}, &r, err);
		h->batches += !rc && !r.nothing_new;
		return rc;
	}
}

static void *acts(void *arg) {
	struct hand *h = arg;
	for (int i = 0; i < ACTS && !h->rc; i++) {
		lk_error err = {0};
		int rc = act(h, &err);
		bool lost = rc == LK_ECONFLICT || (rc == LK_EBUSY && !*err.sqlstate);
		if (rc && !lost) {
			h->rc = rc;
			h->err = err;
		}
	}
	return NULL;
}

/* P15: there is no deadlock, and the two pointers never name a dropped copy. */
static void many_hands(void **state) {
	(void)state;
	unsigned long random = test_seed("many hands");
	struct hand h[HANDS] = {0};
	pthread_t threads[HANDS];
	int switched = 0, dropped = 0, batches = 0;
	append(100, &random);
	test_world_declare(&world, by_hour);
	for (int i = 0; i < HANDS; i++) {
		test_open(&h[i].pg, &servers);
		h[i].random = test_random(&random);
	}
	for (int i = 0; i < HANDS; i++)
		pthread_create(&threads[i], NULL, acts, &h[i]);
	for (int i = 0; i < HANDS; i++) {
		pthread_join(threads[i], NULL);
		test_ok(h[i].rc, &h[i].err);
		switched += h[i].served;
		dropped += h[i].dropped;
		batches += h[i].batches;
		lk_pg_close(&h[i].pg);
	}
	assert_true(switched > 0 && dropped > 0 && batches > 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.view w JOIN lk.copy c ON c.copy_id = w.served_copy"
		" WHERE NOT c.dropped AND c.was_served AND c.state = 'live'"), 2);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.view w JOIN lk.copy c ON c.copy_id = w.former_copy"
		" WHERE c.dropped OR NOT c.was_served OR w.former_copy = w.served_copy"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy c JOIN lk.cut k USING (copy_id)"
		" WHERE c.dropped AND k.state IN ('open', 'published')"), 0);
	/* A copy that was served is served, the former one, or dropped. */
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy c WHERE was_served AND NOT dropped"
		" AND NOT EXISTS (SELECT FROM lk.view w WHERE c.copy_id IN (w.served_copy, w.former_copy))"), 0);
}

/* --- what dropped copies leave --- */

static int64_t tables(void) {
	return test_world_int(&world, "SELECT count(*) FROM pg_class WHERE relname ~ '^batch_[0-9]+_[0-9]+$' AND relkind = 'r'");
}

static int swept(void) {
	int n;
	lk_error err = {0};
	test_ok(lk_copies_sweep(&world.pg, &n, &err), &err);
	return n;
}

static void note_late(int64_t id) {
	lk_error err = {0};
	lk_side_output *l = lk_side_output_new();
	for (int off = 0; off < 3; off++)
		lk_side_output_late(l, &(lk_late_row){id, 0, off, 1, 2, 3});
	test_ok(lk_side_output_write(&world.pg, l, &err), &err);
	lk_side_output_free(l);
}

/* P16 */
static void a_sweep_takes_what_dropped_copies_left(void **state) {
	(void)state;
	unsigned long random = test_seed("a sweep");
	lk_error err = {0};
	lk_pg reader;
	int64_t a = served(), b = building();
	append(50, &random);
	test_world_batch(&world, "traffic");
	append(50, &random);
	test_world_batch(&world, "traffic");
	test_world_batch(&world, "total");
	note_late(a);
	note_late(b);
	assert_int_equal(tables(), 3);
	assert_int_equal(swept(), 0);
	must_serve(a, b, 0);
	assert_int_equal(swept(), 0);
	lk_buf lock = LK_BUF_INIT;
	test_open(&reader, &servers);
	test_sql(&reader, "BEGIN");
	lk_buf_addf(&lock, "LOCK TABLE %s IN ACCESS SHARE MODE", copy(a)->batch_table);
	test_sql(&reader, "%s", lock.data);
	lk_buf_release(&lock);
	assert_int_equal(drop(a), LK_OK);
	assert_int_equal(swept(), 1);                      /* a reader is reading the other one */
	assert_int_equal(tables(), 2);
	test_sql(&reader, "COMMIT");
	assert_int_equal(swept(), 1);
	assert_int_equal(swept(), 0);
	assert_int_equal(tables(), 1);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.late"), 3);
	assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM lk.late WHERE copy_id = %lld", (long long)b), 3);
	test_ok(lk_copies_sweep(&world.pg, NULL, &err), &err);
	lk_pg_close(&reader);
}

/* --- what a replay records --- */

static lk_replay_row row_of(int64_t id) {
	lk_replay_row r;
	lk_error err = {0};
	test_ok(lk_replay_read(&world.pg, copy(id), &r, &err), &err);
	return r;
}

static void the_row_of_a_replay(void **state) {
	(void)state;
	unsigned long random = test_seed("the row of a replay");
	lk_error err = {0};
	lk_cut end, later;
	lk_pg other;
	int64_t b = building(), s;
	assert_int_equal(make_named("s", &s), LK_OK);
	test_open(&other, &servers);
	append(100, &random);
	test_ok(lk_cut_make(&world.pg, &(lk_cut_for){view("traffic")->stream, b, "replay"}, &end, &err), &err);
	assert_false(row_of(b).there);
	test_ok(lk_replay_phase(&world.pg, b, "done", &err), &err);
	assert_false(row_of(b).there);
	test_ok(lk_replay_begin(&world.pg, b, &end, 7, &err), &err);
	lk_replay_row r = row_of(b);
	assert_true(r.there && !r.running && r.started_off == 7 && r.ended_at == LK_NEVER && r.end.id == end.id && r.end.at.n == 3);
	assert_string_equal(r.phase, "replaying");
	for (int p = 0; p < 3; p++)
		assert_true(r.end.at.part[p].off == end.at.part[p].off);
	test_ok(lk_view_lock(&other, view("traffic"), &err), &err);
	assert_true(row_of(b).running);
	test_ok(lk_pg_unlock(&other, view("traffic")->id, &err), &err);
	assert_false(row_of(b).running);

	test_ok(lk_cut_make(&world.pg, &(lk_cut_for){view("traffic")->stream, b, "replay"}, &later, &err), &err);
	test_ok(lk_replay_phase(&world.pg, b, "verifying", &err), &err);
	assert_string_equal(row_of(b).phase, "verifying");
	test_ok(lk_replay_begin(&world.pg, b, &later, 50, &err), &err);       /* resumed */
	lk_replay_row again = row_of(b);
	assert_true(again.end.id == later.id && again.started_off == 50 && again.started_at > r.started_at);
	assert_string_equal(again.phase, "replaying");
	int64_t ended = 0;
	for (int i = 0; i < 2; i++) {
		test_ok(lk_replay_phase(&world.pg, b, "done", &err), &err);
		again = row_of(b);
		assert_true(again.ended_at >= again.started_at && (!i || again.ended_at == ended));
		ended = again.ended_at;
	}
	test_ok(lk_view_lock(&other, view("traffic"), &err), &err);
	assert_false(row_of(b).running);                                      /* it is done: another process has the lock */
	test_ok(lk_replay_begin(&world.pg, b, &later, 60, &err), &err);
	assert_true(row_of(b).ended_at == LK_NEVER);
	assert_int_equal(lk_replay_phase(&world.pg, b, "sleeping", &err), LK_EINTERNAL);

	lk_error_clear(&err);
	test_ok(lk_replay_begin(&world.pg, s, &end, 0, &err), &err);
	assert_false(row_of(s).running);                                      /* a sandbox has a lock of its own */
	test_ok(lk_pg_try_lock(&other, s, &err), &err);
	assert_true(row_of(s).running);
	lk_pg_close(&other);
}

static int lock_is_free(void *ctx) {
	lk_error err = {0};
	(void)ctx;
	return lk_view_lock(&world.pg, view("traffic"), &err) == LK_OK;
}

static void one_at_a_time_for_a_view(void **state) {
	(void)state;
	lk_error err = {0};
	lk_pg other;
	test_open(&other, &servers);
	test_ok(lk_view_lock(&other, view("traffic"), &err), &err);
	assert_int_equal(lk_view_lock(&world.pg, view("traffic"), &err), LK_EBUSY);
	lk_buf who = LK_BUF_INIT;
	lk_buf_addf(&who, "process %d (lk test)", PQbackendPID(other.conn));
	assert_non_null(strstr(err.text, who.data));
	assert_non_null(strstr(err.text, "traffic"));
	lk_buf_release(&who);
	lk_error_clear(&err);
	test_ok(lk_view_lock(&world.pg, view("total"), &err), &err);
	test_ok(lk_pg_unlock(&world.pg, view("total")->id, &err), &err);
	lk_pg_close(&other);
	assert_true(test_poll(lock_is_free, NULL, 10000));
	test_ok(lk_pg_unlock(&world.pg, view("traffic")->id, &err), &err);
	assert_int_equal(lk_pg_lock_holder(&world.pg, view("traffic")->id, NULL, &err), 0);
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_copy_has_its_units),
		TEST(names),
		TEST(a_version_is_read_from_a_live_copy),
		TEST(a_cut_in_the_past_equals_one_made_then),
		TEST(a_cut_is_not_where_no_log_is),
		TEST(a_sandbox_begins_at_a_cut),
		TEST(going_live),
		TEST(the_last_but_one_stays),
		TEST(what_cannot_be_served),
		TEST(what_is_served_is_not_dropped),
		TEST(a_dropped_copy_publishes_nothing),
		TEST(one_of_two_switches_wins),
		TEST(a_drop_waits_for_a_switch),
		TEST(a_publish_waits_for_a_drop),
		TEST(many_hands),
		TEST(a_sweep_takes_what_dropped_copies_left),
		TEST(the_row_of_a_replay),
		TEST(one_at_a_time_for_a_view),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
