/* Declaring and loading: load returns what apply writes, and applying twice changes nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/log.h"

static test_servers servers;
static lk_pg pg;

#define STREAM "CREATE TABLE hits (ts timestamptz, path text, bytes bigint) WITH (event_time = ts, partition_by = path, partitions = 3);\n"
#define VIEW "CREATE VIEW traffic AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 minute');\n"
#define BY_HOUR "CREATE VIEW traffic AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 hour');\n"

static void parse(const char *text, lk_definitions *out) {
	const lk_resolver none = {0};
	if (lk_sql_parse(text, strlen(text), &none, out))
		fail_msg("%d:%d: %s", out->faults[0].line, out->faults[0].col, out->faults[0].message);
}

/* Applies all of a file; gives what happened to its last definition. */
static lk_apply_result apply(const char *text) {
	lk_definitions d;
	lk_apply_result result = {0};
	lk_error err = {0};
	parse(text, &d);
	for (int i = 0; i < d.nitems; i++)
		test_ok(lk_apply(&pg, &d.items[i], &result, &err), &err);
	lk_definitions_release(&d);
	return result;
}

static void assert_refused(const char *text, const char *because) {
	lk_definitions d;
	lk_apply_result result;
	lk_error err = {0};
	parse(text, &d);
	int rc = 0;
	for (int i = 0; i < d.nitems && !rc; i++)
		rc = lk_apply(&pg, &d.items[i], &result, &err);
	assert_int_equal(rc, LK_EDEFINITION);
	if (!strstr(err.text, because))
		fail_msg("\"%s\" is not in \"%s\"", because, err.text);
	assert_int_equal(PQtransactionStatus(pg.conn), PQTRANS_IDLE);
	lk_definitions_release(&d);
}

static lk_catalog *load(void) {
	lk_catalog *c;
	lk_error err = {0};
	test_ok(lk_catalog_load(&pg, &c, &err), &err);
	return c;
}

static int64_t stamp(void) {
	int64_t s;
	lk_error err = {0};
	test_ok(lk_catalog_stamp(&pg, &s, &err), &err);
	return s;
}

static int empty(void **unused) {
	(void)unused;
	char id[33];
	lk_error err = {0};
	test_servers_clear(&servers);
	lk_pg_close(&pg);
	test_open(&pg, &servers);
	test_ok(lk_catalog_install(&pg, id, &err), &err);
	return 0;
}

/* --- installing --- */

struct install_thread {
	lk_pg pg;
	char id[33];
	int rc;
	lk_error err;
};

static void *install_in_thread(void *arg) {
	struct install_thread *t = arg;
	t->rc = lk_catalog_install(&t->pg, t->id, &t->err);
	return NULL;
}

static void test_install_together(void **unused) {
	(void)unused;
	enum { N = 4 };
	struct install_thread t[N] = {0};
	pthread_t threads[N];
	lk_catalog *c;
	lk_error err = {0};
	test_sql(&pg, "DROP SCHEMA lk CASCADE");
	assert_int_equal(lk_catalog_load(&pg, &c, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "lk apply"));
	assert_int_equal(PQtransactionStatus(pg.conn), PQTRANS_IDLE);
	for (int i = 0; i < N; i++)
		test_open(&t[i].pg, &servers);
	for (int i = 0; i < N; i++)
		pthread_create(&threads[i], NULL, install_in_thread, &t[i]);
	for (int i = 0; i < N; i++) {
		pthread_join(threads[i], NULL);
		test_ok(t[i].rc, &t[i].err);
		assert_string_equal(t[i].id, t[0].id);
		lk_pg_close(&t[i].pg);
	}
	c = load();
	assert_string_equal(c->log_id, t[0].id);
	assert_int_equal(c->nstreams + c->nviews, 0);
	lk_catalog_release(c);
	test_sql(&pg, "UPDATE lk.meta SET schema_version = 999");
	lk_error_clear(&err);
	assert_int_equal(lk_catalog_install(&pg, t[0].id, &err), LK_EUNSUPPORTED);
	lk_error_clear(&err);
	assert_int_equal(lk_catalog_load(&pg, &c, &err), LK_EUNSUPPORTED);
	test_sql(&pg, "DROP SCHEMA lk CASCADE");
	test_sql(&pg, "CREATE SCHEMA lk");
	lk_error_clear(&err);
	assert_int_equal(lk_catalog_install(&pg, t[0].id, &err), LK_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "not this program's"));
}

/* --- applying --- */

/* I8 */
static void test_apply_twice(void **unused) {
	(void)unused;
	lk_apply_result r = apply(STREAM VIEW);
	assert_int_equal(r.what, LK_APPLIED_NEW);
	assert_true(r.version == 1 && r.served_version == 1);
	int64_t before = stamp();
	assert_int_equal(apply(STREAM).what, LK_APPLIED_SAME);
	r = apply(STREAM VIEW);
	assert_int_equal(r.what, LK_APPLIED_SAME);
	assert_true(r.version == 1 && r.served_version == 1);
	assert_int_equal(apply(STREAM "/* a comment */ create view TRAFFIC as\n select path , COUNT(*) n from Hits\n group by path, tumble(ts,'60 s');")
	                 .what, LK_APPLIED_SAME);
	assert_true(stamp() == before);
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM lk.version"), 1);
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM lk.unit"), 3);
}

static void test_load_gives_what_was_applied(void **unused) {
	(void)unused;
	apply(STREAM VIEW);
	lk_catalog *c = load();
	const lk_cat_stream *s = lk_catalog_stream(c, "hits");
	const lk_cat_view *v = lk_catalog_view(c, "traffic");
	const lk_cat_copy *k;
	lk_error err = {0};
	assert_true(s && v && v->stream == s);
	assert_int_equal(s->stream->schema.ncolumns, 3);
	assert_string_equal(s->stream->schema.columns[2].name, "bytes");
	test_ok(lk_catalog_read_copy(c, v, 0, &k, &err), &err);
	assert_true(k->id == v->served_copy && !k->kappa && k->version->number == 1 && k->version->view == v);
	assert_string_equal(k->version->plan->view, "traffic");
	assert_true(k->version->plan->stream == s->stream);
	assert_true(!k->cut_id && !k->batch_table);
	for (int p = 0; p < 3; p++) {
		assert_true(k->units[p] > 0 && k->cut.part[p].off == 0 && k->cut.part[p].high == LK_NEVER && k->cut.part[p].last_at == LK_NEVER);
		assert_int_equal(test_number(&pg, "SELECT part FROM lk.unit WHERE unit_id = %lld", (long long)k->units[p]), p);
	}
	lk_cut cut;
	test_ok(lk_cut_make(&pg, &(lk_cut_for){s, k->id, "batch"}, &cut, &err), &err);
	test_sql(&pg, "UPDATE lk.cut_part SET off = 7 + part, high = " LK_SQL_TIME("(12 + part)") ", last_at = " LK_SQL_TIME("(1000 + part)")
	         " WHERE cut_id = %lld", (long long)cut.id);
	test_ok(lk_cut_publish(&pg, k->id, &cut, "\"lk\".\"batch\"", &err), &err);
	lk_catalog_release(c);
	c = load();
	test_ok(lk_catalog_read_copy(c, lk_catalog_view(c, "traffic"), 1, &k, &err), &err);
	assert_true(k->cut_id == cut.id);
	assert_string_equal(k->batch_table, "\"lk\".\"batch\"");
	for (int p = 0; p < 3; p++)
		assert_true(k->cut.part[p].off == 7 + p && k->cut.part[p].high == 12 + p && k->cut.part[p].last_at == 1000 + p);
	lk_catalog_release(c);
}

static void test_changed_view_is_a_version(void **unused) {
	(void)unused;
	lk_error err = {0};
	const lk_cat_copy *first, *second;
	apply(STREAM VIEW);
	int64_t before = stamp();
	lk_apply_result r = apply(STREAM BY_HOUR);
	assert_int_equal(r.what, LK_APPLIED_CHANGED);
	assert_true(r.version == 2 && r.served_version == 1);
	assert_true(stamp() != before);
	assert_int_equal(apply(STREAM BY_HOUR).what, LK_APPLIED_SAME);
	lk_catalog *c = load();
	const lk_cat_view *v = lk_catalog_view(c, "traffic");
	test_ok(lk_catalog_read_copy(c, v, 0, &first, &err), &err);
	test_ok(lk_catalog_read_copy(c, v, 2, &second, &err), &err);
	assert_true(first->version->number == 1 && second->version->number == 2 && first->units[0] != second->units[0]);
	assert_true(first->version->plan->window.size_us == 60 * LK_US_PER_S && second->version->plan->window.size_us == 3600 * LK_US_PER_S);
	assert_int_equal(lk_catalog_read_copy(c, v, 3, &second, &err), LK_EUSAGE);
	lk_catalog_release(c);
	r = apply(STREAM VIEW);      /* back to the first form: a third version */
	assert_int_equal(r.what, LK_APPLIED_CHANGED);
	assert_true(r.version == 3 && r.served_version == 1);
	before = stamp();
	test_sql(&pg, "UPDATE lk.view SET served_copy = (SELECT max(copy_id) FROM lk.copy)");
	assert_true(stamp() != before);
	before = stamp();
	test_sql(&pg, "UPDATE lk.copy SET dropped = true WHERE copy_id = (SELECT min(copy_id) FROM lk.copy)");
	assert_true(stamp() != before);
	c = load();
	assert_int_equal(c->ncopies, 1);      /* nor is there a copy of version 2, which was never served */
	lk_catalog_release(c);
}

static void test_stream_grows(void **unused) {
	(void)unused;
#define BY_ARRIVAL "CREATE VIEW arrivals AS SELECT count(*) AS n FROM hits GROUP BY tumble(_at, '1 minute');\n"
	apply(STREAM VIEW BY_ARRIVAL);
	lk_catalog *old = load();
	const char *reason;
	lk_error err = {0};
	lk_append_batch *b = lk_append_batch_new(lk_catalog_stream(old, "hits"));
	lk_value row[] = {lk_int(5), lk_text("/", 1), lk_int(7)};
	assert_int_equal(lk_append_batch_add(b, row, &reason), 0);
	test_ok(lk_append(&pg, b, NULL, &err), &err);
#define WIDER "CREATE TABLE hits (ts timestamptz, path text, bytes bigint, agent text, cost numeric(10,2))" \
	" WITH (event_time = ts, partition_by = path, partitions = 3);\n"
	int64_t before = stamp();
	assert_int_equal(apply(WIDER).what, LK_APPLIED_CHANGED);
	assert_true(stamp() != before);
	assert_int_equal(apply(WIDER).what, LK_APPLIED_SAME);
	assert_int_equal(apply(WIDER VIEW).what, LK_APPLIED_SAME);
	assert_int_equal(apply(WIDER BY_ARRIVAL).what, LK_APPLIED_SAME);
	assert_int_equal(lk_append(&pg, b, NULL, &err), LK_ECHANGED);      /* an append that does not know the column yet */
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM lk.log_hits WHERE agent IS NULL AND cost IS NULL AND bytes = 7"), 1);
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'lk.log_hits'::regclass AND attname = 'agent'"
	                             " AND attcollation = '\"C\"'::regcollation"), 1);
	lk_catalog *c = load();
	assert_int_equal(lk_catalog_stream(c, "hits")->stream->schema.ncolumns, 5);
	lk_catalog_release(c);
	lk_append_batch_free(b);
	lk_catalog_release(old);
	assert_refused(STREAM, "column 4 is declared as agent");
}

static void test_stream_keeps_its_form(void **unused) {
	(void)unused;
	static const struct { const char *text, *because; } cases[] = {
		{"CREATE TABLE hits (ts timestamptz, path text) WITH (event_time = ts, partition_by = path, partitions = 3)", "column 3 is declared as bytes"},
		{"CREATE TABLE hits (ts timestamptz, path text, bytes int) WITH (event_time = ts, partition_by = path, partitions = 3)", "another type"},
		{"CREATE TABLE hits (ts timestamptz, bytes bigint, path text) WITH (event_time = ts, partition_by = path, partitions = 3)", "column 2"},
		{"CREATE TABLE hits (ts timestamptz, path text, size bigint) WITH (event_time = ts, partition_by = path, partitions = 3)", "column 3"},
		{"CREATE TABLE hits (ts timestamptz, path text, bytes bigint, u timestamptz) WITH (event_time = u, partition_by = path, partitions = 3)", "event_time"},
		{"CREATE TABLE hits (ts timestamptz, path text, bytes bigint) WITH (event_time = ts, partition_by = bytes, partitions = 3)", "partition_by"},
		{"CREATE TABLE hits (ts timestamptz, path text, bytes bigint) WITH (event_time = ts, partition_by = path, partitions = 4)", "partitions"},
		{"CREATE TABLE hits (ts timestamptz, path text, bytes bigint) WITH (event_time = ts, partition_by = path, partitions = 3, max_ahead = '2 days')", "max_ahead"},
	};
	apply(STREAM);
	/* anything may change while the stream is empty */
	test_sql(&pg, "UPDATE lk.tail SET next_off = 1 WHERE part = 2");
	int64_t before = stamp();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_refused(cases[i].text, cases[i].because);
	assert_true(stamp() == before);
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM pg_attribute WHERE attrelid = 'lk.log_hits'::regclass AND attnum > 0"), 6);
}

/* Another idle_timeout makes no new version, since it changes no row. All plans get it at once. */
static void test_changed_idle_timeout_makes_no_version(void **unused) {
	(void)unused;
#define IDLE "CREATE TABLE hits (ts timestamptz, path text, bytes bigint)" \
	" WITH (event_time = ts, partition_by = path, partitions = 3, idle_timeout = '1 minute');\n"
	apply(STREAM VIEW);
	int64_t before = stamp();
	assert_int_equal(apply(IDLE).what, LK_APPLIED_CHANGED);
	assert_true(stamp() != before);
	assert_int_equal(apply(IDLE).what, LK_APPLIED_SAME);
	lk_apply_result r = apply(IDLE VIEW);
	assert_true(r.what == LK_APPLIED_SAME && r.version == 1);
	lk_catalog *c = load();
	assert_int_equal(c->nversions, 1);
	assert_int_equal(c->versions[0].plan->stream->idle_timeout_us, 60 * LK_US_PER_S);
	lk_catalog_release(c);
	assert_int_equal(apply(STREAM).what, LK_APPLIED_CHANGED);
	r = apply(STREAM VIEW);
	assert_true(r.what == LK_APPLIED_SAME && r.version == 1);
}

/* Another watermark delay makes a new version of every view over the stream; existing versions keep the old delay. */
static void test_changed_delay_makes_versions(void **unused) {
	(void)unused;
#define DELAYED "CREATE TABLE hits (ts timestamptz, path text, bytes bigint)" \
	" WITH (event_time = ts, partition_by = path, partitions = 3, watermark = '10 seconds');\n"
	lk_error err = {0};
	lk_definitions before;
	lk_apply_result r;
	const lk_cat_copy *first, *second;
	parse(STREAM VIEW, &before);
	apply(STREAM VIEW);
	assert_int_equal(apply(DELAYED).what, LK_APPLIED_CHANGED);
	/* parsed before the change: it uses the current declaration */
	test_ok(lk_apply(&pg, &before.items[1], &r, &err), &err);
	assert_true(r.what == LK_APPLIED_SAME && r.version == 2);
	lk_definitions_release(&before);
	r = apply(DELAYED VIEW);
	assert_int_equal(r.what, LK_APPLIED_SAME);
	assert_true(r.version == 2 && r.served_version == 1);
	lk_catalog *c = load();
	const lk_cat_view *v = lk_catalog_view(c, "traffic");
	test_ok(lk_catalog_read_copy(c, v, 1, &first, &err), &err);
	test_ok(lk_catalog_read_copy(c, v, 2, &second, &err), &err);
	assert_int_equal(first->version->plan->stream->watermark_delay_us, 0);
	assert_int_equal(second->version->plan->stream->watermark_delay_us, 10 * LK_US_PER_S);
	assert_int_equal(v->stream->stream->watermark_delay_us, 10 * LK_US_PER_S);
	assert_string_not_equal(first->version->plan->hash, second->version->plan->hash);
	lk_catalog_release(c);
}

static void test_names_that_cannot_be(void **unused) {
	(void)unused;
	static const char *const names[] = {"part", "off", "xmin", "ctid", "tableoid"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char *text = lk_asprintf("CREATE TABLE s%zu (ts timestamptz, %s int) WITH (event_time = ts, partition_by = ts)", i, names[i]);
		lk_definitions d;
		lk_apply_result result;
		lk_error err = {0};
		const lk_resolver none = {0};
		if (!lk_sql_parse(text, strlen(text), &none, &d))
			assert_int_equal(lk_apply(&pg, &d.items[0], &result, &err), LK_EDEFINITION);
		lk_definitions_release(&d);
		free(text);
	}
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM lk.stream"), 0);
	apply(STREAM VIEW);
	assert_refused("CREATE TABLE other (ts timestamptz, path text) WITH (event_time = ts, partition_by = path);"
	               "CREATE VIEW traffic AS SELECT count(*) AS n FROM other", "another stream");
}

/* R5: a plan with another output type than PostgreSQL's is refused: that would be a fault in reading the definition. */
static void test_types_are_compared_with_postgresql(void **unused) {
	(void)unused;
	lk_definitions d;
	lk_apply_result result;
	lk_error err = {0};
	apply(STREAM);
	parse(STREAM VIEW, &d);
	lk_plan *p = d.items[1].plan;
	p->outputs[1].type = (lk_type){.kind = LK_INT4};
	assert_int_equal(lk_apply(&pg, &d.items[1], &result, &err), LK_EDEFINITION);
	assert_non_null(strstr(err.text, "column 4"));
	lk_error_clear(&err);
	p->outputs[1].type = (lk_type){.kind = LK_INT8};
	p->outputs[1].name = (char[]){"m"};
	assert_int_equal(lk_apply(&pg, &d.items[1], &result, &err), LK_EDEFINITION);
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM lk.view"), 0);
	lk_definitions_release(&d);
}

struct apply_thread {
	lk_pg pg;
	const lk_definitions *d;
	lk_apply_result last;
	int rc;
	lk_error err;
};

static void *apply_in_thread(void *arg) {
	struct apply_thread *t = arg;
	for (int i = 0; i < t->d->nitems && !t->rc; i++)
		t->rc = lk_apply(&t->pg, &t->d->items[i], &t->last, &t->err);
	return NULL;
}

/* I8 */
static void test_apply_together(void **unused) {
	(void)unused;
	enum { N = 4 };
	struct apply_thread t[N] = {0};
	pthread_t threads[N];
	lk_definitions d;
	int made = 0;
	parse(STREAM VIEW, &d);
	for (int i = 0; i < N; i++) {
		test_open(&t[i].pg, &servers);
		t[i].d = &d;
	}
	for (int i = 0; i < N; i++)
		pthread_create(&threads[i], NULL, apply_in_thread, &t[i]);
	for (int i = 0; i < N; i++) {
		pthread_join(threads[i], NULL);
		test_ok(t[i].rc, &t[i].err);
		made += t[i].last.what == LK_APPLIED_NEW;
		lk_pg_close(&t[i].pg);
	}
	assert_int_equal(made, 1);
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM lk.version"), 1);
	lk_definitions_release(&d);
}

static void test_unknown_names(void **unused) {
	(void)unused;
	lk_error err = {0};
	const lk_cat_stream *s;
	const lk_cat_view *v;
	apply(STREAM VIEW);
	lk_catalog *c = load();
	assert_int_equal(lk_catalog_need_view(c, "trafic", &v, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "traffic"));
	lk_error_clear(&err);
	assert_int_equal(lk_catalog_need_view(c, "hits", &v, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "hits is a stream; its views: traffic"));
	lk_error_clear(&err);
	assert_int_equal(lk_catalog_need_stream(c, "traffic", &s, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "traffic is a view of stream hits"));
	lk_error_clear(&err);
	test_ok(lk_catalog_need_stream(c, "hits", &s, &err), &err);
	test_ok(lk_catalog_need_view(c, "traffic", &v, &err), &err);
	lk_catalog_release(c);
	test_sql(&pg, "UPDATE lk.version SET definition = 'CREATE VIEW traffic AS SELECT nothing_lk_knows(path) FROM hits'");
	assert_int_equal(lk_catalog_load(&pg, &c, &err), LK_EUNSUPPORTED);
}

static int start(void **unused) {
	(void)unused;
	test_servers_start(&servers);
	test_open(&pg, &servers);
	return 0;
}

static int stop(void **unused) {
	(void)unused;
	lk_pg_close(&pg);
	test_servers_stop(&servers);
	return 0;
}

/* Rows come in the order of their last write; the plans of one view can be loaded alone. */
static void test_rows_in_any_order(void **unused) {
	(void)unused;
	apply(STREAM "CREATE VIEW a AS SELECT path, count(*) AS n FROM hits GROUP BY path;\n"
	             "CREATE VIEW b AS SELECT path, sum(bytes) AS n FROM hits GROUP BY path;\n");
	apply("CREATE TABLE calls (ts timestamptz, who text) WITH (event_time = ts, partition_by = who, partitions = 2);\n"
	      "CREATE VIEW c AS SELECT who, count(*) AS n FROM calls GROUP BY who;\n");
	lk_error err = {0};
	test_ok(lk_pg_run(&pg, &err, "UPDATE lk.stream SET definition = definition WHERE stream_id = (SELECT min(stream_id) FROM lk.stream);"
	                             "UPDATE lk.view SET name = name WHERE name = 'a';"
	                             "UPDATE lk.version SET number = number WHERE version_id = (SELECT min(version_id) FROM lk.version);"
	                             "UPDATE lk.copy SET mode = mode WHERE copy_id = (SELECT min(copy_id) FROM lk.copy)"), &err);
	lk_catalog *all = load(), *one;
	test_ok(lk_catalog_load_view(&pg, "b", &one, &err), &err);
	assert_int_equal(all->ncopies, 3);
	for (int i = 0; i < 3; i++) {
		const lk_cat_view *v = all->copies[i].version->view;
		assert_true(v->name[0] == "abc"[i] && !v->name[1]);
		assert_string_equal(v->stream->stream->name, i < 2 ? "hits" : "calls");
		assert_int_equal(v->served_copy, all->copies[i].id);
		assert_string_equal(all->copies[i].version->plan->view, v->name);
		assert_true(all->copies[i].units[1] > 0);
		assert_true(!one->copies[i].version->plan == (i != 1));
		assert_int_equal(one->copies[i].units[1], all->copies[i].units[1]);
	}
	lk_catalog_release(all);
	lk_catalog_release(one);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_install_together, empty),
		cmocka_unit_test_setup(test_apply_twice, empty),
		cmocka_unit_test_setup(test_load_gives_what_was_applied, empty),
		cmocka_unit_test_setup(test_changed_view_is_a_version, empty),
		cmocka_unit_test_setup(test_stream_grows, empty),
		cmocka_unit_test_setup(test_stream_keeps_its_form, empty),
		cmocka_unit_test_setup(test_changed_idle_timeout_makes_no_version, empty),
		cmocka_unit_test_setup(test_changed_delay_makes_versions, empty),
		cmocka_unit_test_setup(test_names_that_cannot_be, empty),
		cmocka_unit_test_setup(test_types_are_compared_with_postgresql, empty),
		cmocka_unit_test_setup(test_apply_together, empty),
		cmocka_unit_test_setup(test_unknown_names, empty),
		cmocka_unit_test_setup(test_rows_in_any_order, empty),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
