/* One catalogue for many threads: it is read once, answers over it are those of the definitions at their own moment,
 * however old it is, and what many threads are told at once is what one is told. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/seal.h"
#include "catalog/current.h"
#include "catalog/drop.h"
#include "core/flag.h"
#include "core/time.h"
#include "print/answer.h"
#include "print/explain.h"
#include "serving/reader.h"
#include "sql/sql.h"
#include "tests/support/fixtures.h"
#include "tests/support/layer.h"
#include "tests/support/log.h"

static test_servers servers;
static test_world world;
static test_layer layer;
static lk_current *current;

#define STREAM(options) "CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint, took double precision)" \
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '10 seconds'" options ");"

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	current = lk_current_new(false);
	return 0;
}

static int end(void **state) {
	(void)state;
	test_layer_stop(&layer);
	lk_current_free(current);
	return 0;
}

static lk_catalog *get(bool now) {
	lk_error err = {0};
	lk_catalog *c;
	test_ok(lk_current_get(current, &world.pg, now, &c, &err), &err);
	return c;
}

static const enum lk_answer_format formats[] = {LK_AS_TABLE, LK_AS_JSON, LK_AS_JSONL, LK_AS_CSV};
enum { FORMATS = sizeof formats / sizeof *formats };
static const lk_screen no_screen;

static char *printed(const lk_answer *a, const lk_query *q, enum lk_answer_format format) {
	lk_buf b = LK_BUF_INIT;
	lk_sink memory = lk_sink_memory(&b);
	lk_buf_adds(&b, "");
	lk_answer_print(a, q, &(lk_answer_style){.format = format, .screen = &no_screen}, &memory);
	return lk_buf_steal(&b);
}

static char *text_of(const lk_answer *a, const lk_query *q) { return printed(a, q, LK_AS_CSV); }

static int ask(const char *view, char **text, lk_error *err) {
	lk_query q = test_query(view);
	lk_answer a;
	int rc = lk_answer_make(&world.pg, world.store, current, &q, &a, err);
	*text = rc == LK_OK ? text_of(&a, &q) : NULL;
	lk_answer_release(&a);
	return rc;
}

/* The answer over the shared catalogue must be the one over a catalogue read for it. */
static void same_as_alone(const char *view) {
	lk_query q = test_query(view);
	lk_answer alone;
	lk_error err = {0};
	char *got;
	test_ok(ask(view, &got, &err), &err);
	test_world_answer(&world, &q, &alone);
	char *want = text_of(&alone, &q);
	assert_string_equal(got, want);
	lk_answer_release(&alone);
	free(want);
	free(got);
}

static void append(int n, unsigned long *seed) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		unsigned long r = test_random(seed);
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(INT64_C(1700000000000000) + (int64_t)(r % 20000) * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%lu\",\"path\":\"/p%lu\",\"bytes\":%lu,\"took\":0.%lu}\n", r >> 16 & 15, r >> 24 & 7,
		            r >> 32 & 1023, r >> 44 & 4095);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* A batch of the newest version, which brings it into service. */
static void serve_newest(const char *view) {
	const lk_cat_version *newest = lk_catalog_newest(world.catalog, lk_catalog_view(world.catalog, view));
	const lk_cat_copy *copy = NULL;
	lk_batch_report report;
	lk_error err = {0};
	for (int i = 0; i < world.catalog->ncopies; i++)
		if (world.catalog->copies[i].version == newest)
			copy = &world.catalog->copies[i];
	test_ok(lk_batch_run(&world.pg, copy, &report, &err), &err);
	test_world_reload(&world);
	assert_int_equal(test_world_copy(&world, view)->version->number, newest->number);
}

/* --- the snapshot --- */

static const lk_plan *plan_of(const lk_catalog *c, const char *view) {
	return lk_catalog_newest(c, lk_catalog_view(c, view))->plan;
}

static int is_replaced(void *former) {
	lk_catalog *c = get(false);
	lk_catalog_release(c);
	return c != former;
}

static void it_is_read_once(void **state) {
	(void)state;
	lk_error err = {0};
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT count(*) AS n FROM hits;CREATE VIEW b AS SELECT sum(bytes) AS n FROM hits;");
	lk_catalog *first = get(false), *again = get(true);
	assert_ptr_equal(first, again);
	assert_null(plan_of(first, "a"));
	test_ok(lk_catalog_plan(first, &world.pg, lk_catalog_newest(first, lk_catalog_view(first, "b")), &err), &err);
	assert_null(plan_of(first, "a"));
	const lk_plan *plan = plan_of(first, "b");
	test_ok(lk_catalog_plan(first, &world.pg, lk_catalog_newest(first, lk_catalog_view(first, "b")), &err), &err);
	assert_ptr_equal(plan_of(first, "b"), plan);
	test_world_batch(&world, "b");   /* publishes, and changes no definition */
	lk_catalog_release(again);
	again = get(true);
	assert_ptr_equal(first, again);
	test_world_declare(&world, "CREATE VIEW b AS SELECT sum(bytes) AS n FROM hits WHERE bytes > 1;");
	assert_true(test_poll(is_replaced, first, 10000));   /* nobody asked for the one of now */
	lk_catalog *next = get(true);
	assert_string_equal(plan->view, "b");                /* whoever holds the former one still has it */
	assert_int_equal(lk_catalog_newest(next, lk_catalog_view(next, "b"))->number, 2);
	lk_catalog_release(first);
	lk_catalog_release(again);
	lk_catalog_release(next);
}

/* --- answers over a catalogue that is out of date --- */

/* I9, P3 */
static void answers_know_what_was_declared_since(void **state) {
	(void)state;
	unsigned long seed = test_seed("declared since");
	lk_error err = {0};
	char *text;
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT path, count(*) AS n FROM hits GROUP BY path;");
	append(200, &seed);
	test_world_batch(&world, "a");
	same_as_alone("a");
	test_world_declare(&world, "CREATE VIEW b AS SELECT ip, sum(bytes) AS n FROM hits GROUP BY ip;");
	test_world_batch(&world, "b");
	same_as_alone("b");
	test_world_declare(&world, "CREATE VIEW a AS SELECT path, count(*) AS n, max(bytes) AS most FROM hits WHERE bytes < 500 GROUP BY path;");
	serve_newest("a");
	const lk_where most = {.column = "most", .op = LK_WHERE_GT, .text = "0"};
	lk_query q = test_query("a");
	lk_answer a;
	q.where = &most;
	q.nwhere = 1;
	q.sort = "most";
	test_ok(lk_answer_make(&world.pg, world.store, current, &q, &a, &err), &err);   /* by the version that has the column */
	lk_answer_release(&a);
	same_as_alone("a");
	test_ok(lk_view_drop(&world.pg, lk_catalog_view(world.catalog, "b"), &err), &err);
	assert_int_equal(ask("b", &text, &err), LK_EUSAGE);
	assert_string_equal(err.text, "there is no view b");
	test_world_declare(&world, "CREATE VIEW b AS SELECT max(bytes) AS n FROM hits;");
	test_world_batch(&world, "b");
	same_as_alone("b");
}

/* P3 */
static void answers_know_the_streams_options(void **state) {
	(void)state;
	unsigned long seed = test_seed("options");
	lk_query q = test_query("a");
	lk_answer a;
	lk_error err = {0};
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 minute');");
	append(50, &seed);
	test_world_batch(&world, "a");
	same_as_alone("a");
	test_world_declare(&world, STREAM(", idle_timeout = '1 hour'"));
	test_ok(lk_answer_make(&world.pg, world.store, current, &q, &a, &err), &err);
	assert_int_equal(a.plan->stream->idle_timeout_us, 3600 * LK_US_PER_S);
	lk_answer_release(&a);
}

/* P3: the catalogue is got, then the stream is declared anew, then the snapshot is taken. */
static void a_stream_is_redeclared_between_the_steps(void **state) {
	(void)state;
	lk_query q = test_query("a");
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT count(*) AS n FROM hits;");
	for (int trusting = 0; trusting < 2; trusting++) {
		lk_reader r;
		lk_answer a;
		lk_error err = {0};
		int64_t former = lk_catalog_stream(world.catalog, "hits")->stream->idle_timeout_us;
		lk_catalog_release(get(true));
		test_ok(lk_reader_open(&r, &world.pg, world.store, current, &q, &err), &err);
		test_ok(lk_reader_units(&r, &err), &err);
		test_world_declare(&world, trusting ? STREAM(", idle_timeout = '2 hours'") : STREAM(", idle_timeout = '1 hour'"));
		if (trusting)
			setenv("LK_MUTANT", "catalogue_trusted", 1);
		int rc = lk_reader_finish(&r, &a, &err);
		unsetenv("LK_MUTANT");
		assert_int_equal(rc, trusting ? LK_OK : 1);
		assert_int_equal(r.moved, !trusting);
		if (trusting) {   /* an answer by the former declaration */
			assert_int_equal(a.plan->stream->idle_timeout_us, former);
			lk_answer_release(&a);
		}
		lk_reader_close(&r);
	}
}

/* P3, P6: schema lk is made anew, and every id in it is one that the old catalogue knows. */
static void answers_know_the_log(void **state) {
	(void)state;
	unsigned long seed = test_seed("another log");
	lk_error err = {0};
	char *text;
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT path, count(*) AS n FROM hits GROUP BY path;");
	append(100, &seed);
	test_world_batch(&world, "a");
	same_as_alone("a");
	test_world_empty(&world);
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT path, sum(bytes) AS n FROM hits GROUP BY path;");
	append(30, &seed);
	test_world_batch(&world, "a");
	same_as_alone("a");
	assert_true(world.pg.prepared >> LK_PREPARED_SNAPSHOT & 1);   /* over the former schema */
	test_sql(&world.pg, "DROP SCHEMA lk CASCADE");
	assert_int_equal(ask("a", &text, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "it has no schema lk"));
}

/* P12: a seal publishes, and changes nothing that the stamp counts. */
static void answers_know_what_was_published_since(void **state) {
	(void)state;
	unsigned long seed = test_seed("published since");
	lk_batch_report report;
	lk_answer a;
	lk_error err = {0};
	char id[24];
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT path, count(*) AS n FROM hits GROUP BY path;");
	append(100, &seed);
	lk_query q = test_query_of("a", test_world_kappa(&world, "a"), id);
	q.layer = LK_LAYER_BATCH;
	assert_int_equal(lk_answer_make(&world.pg, world.store, current, &q, &a, &err), LK_EUSAGE);
	assert_string_equal(err.text, "this copy of view a is kappa: it has no batch layer");
	lk_error_clear(&err);
	test_world_speed_once(&world, "a");
	int64_t copy = strtoll(id, NULL, 10);
	test_ok(lk_seal_run(&world.pg, world.store, lk_catalog_copy(world.catalog, copy), &(lk_seal_options){0}, &report, &err), &err);
	lk_catalog *before = get(true);
	assert_null(lk_catalog_copy(before, copy)->batch_table);   /* the shared catalogue is older than the seal */
	test_ok(lk_answer_make(&world.pg, world.store, current, &q, &a, &err), &err);
	assert_int_equal(a.nrows, 8);
	lk_answer_release(&a);
	lk_catalog_release(before);
}

/* --- silent servers --- */

static void unreachable(enum test_frozen which, const char *why) {
	lk_query q = test_query("a");
	lk_answer a;
	lk_error err = {0};
	q.bounds.time_us = LK_US_PER_S / 5;
	test_freeze(&servers, which);
	int rc = lk_answer_make(&world.pg, world.store, current, &q, &a, &err);
	test_thaw(&servers);
	assert_int_equal(rc, LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, why));
}

/* The usual limits are other ones: ten seconds, and a minute. */
static void a_bounded_query_awaits_no_silent_server(void **state) {
	(void)state;
	unsigned long seed = test_seed("silent");
	lk_error err = {0};
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT count(*) AS n FROM hits;");
	append(10, &seed);
	test_world_speed_once(&world, "a");
	same_as_alone("a");
	unreachable(TEST_REDIS, "no answer in time");
	lk_store_close(world.store);
	test_ok(lk_store_open(&world.store, servers.at.redis, world.log_id, &err), &err);
	same_as_alone("a");
	unreachable(TEST_SESSIONS, "no answer for 1 s");
	lk_pg_close(&world.pg);
	test_open(&world.pg, &servers);
	same_as_alone("a");
}

/* --- printing --- */

/* A reader that goes away after some writes. */
typedef struct leaving {
	int64_t left, writes;
} leaving;

static int take(void *ctx, const void *data, size_t len) {
	leaving *l = ctx;
	(void)data;
	(void)len;
	l->writes++;
	return l->left-- > 0 ? 0 : EPIPE;
}

/* The bytes on standard output of `lk query`, which is one of the sinks. */
static void same_as_the_program_prints(const lk_answer *a, const lk_query *q, enum lk_answer_format format) {
	static const char *const names[] = {[LK_AS_TABLE] = "table", [LK_AS_JSON] = "json", [LK_AS_JSONL] = "jsonl", [LK_AS_CSV] = "csv"};
	const char *const argv[] = {"query", q->view, "--format", names[format], NULL};
	char *in_memory = printed(a, q, format), *out = NULL;
	assert_int_equal(test_lk(&servers, NULL, &out, NULL, argv), 0);
	size_t n = strlen(in_memory);
	assert_true(format == LK_AS_TABLE ? strlen(out) > n : strlen(out) == n);   /* a table is followed by what it covers */
	assert_memory_equal(out, in_memory, n);
	free(out);
	free(in_memory);
}

static void stops_where_writing_fails(const lk_answer *a, const lk_query *q, enum lk_answer_format format) {
	leaving counted = {.left = INT64_MAX}, l = {.left = 1};
	lk_sink all = {.write = take, .ctx = &counted}, some = {.write = take, .ctx = &l};
	const lk_answer_style style = {.format = format, .screen = &no_screen};
	lk_answer_print(a, q, &style, &all);
	assert_int_equal(all.error, 0);
	assert_true(counted.writes >= 2);
	lk_answer_print(a, q, &style, &some);
	assert_int_equal(some.error, EPIPE);
	assert_int_equal(l.writes, 2);
	assert_in_range(some.bytes, 1, all.bytes - 1);
}

static void answers_go_to_any_sink(void **state) {
	(void)state;
	unsigned long seed = test_seed("any sink");
	lk_query q = test_query("a");
	lk_answer a;
	test_world_declare(&world, STREAM(", idle_timeout = '1 hour'") "CREATE VIEW a WITH (allowed_lateness = '1 day') AS"
	                           " SELECT path, count(*) AS n, top_k(ip, 2) AS ips FROM hits GROUP BY path, tumble(ts, '1 hour');");
	append(200, &seed);
	test_world_batch(&world, "a");
	test_world_answer(&world, &q, &a);
	assert_true(a.nrows > 10);
	for (int i = 0; i < FORMATS; i++) {
		same_as_the_program_prints(&a, &q, formats[i]);
		stops_where_writing_fails(&a, &q, formats[i]);
	}
	lk_answer_release(&a);
}

/* --- a reader that waits --- */

static int calendars_waited_for(void) {
	return (int)test_number(&world.pg, "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'lk.calendar'::regclass");
}

typedef struct loading {
	lk_pg pg;
	int rc;
	int done;
} loading;

static void *load(void *ctx) {
	loading *l = ctx;
	lk_catalog *c = NULL;
	l->rc = lk_catalog_load(&l->pg, &c, NULL);
	lk_catalog_release(c);
	lk_flag_set(&l->done);
	return NULL;
}

/* All parsing is done by one thread; it waits for no server, so a server that is silent holds up nobody else. */
static void a_calendar_that_is_waited_for_holds_up_no_parser(void **state) {
	(void)state;
	static const char text[] = STREAM("");
	lk_pg holder;
	loading l = {.rc = 1};
	pthread_t thread;
	lk_definitions d;
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 day', 'Europe/Berlin');");
	test_open(&holder, &servers);
	test_open(&l.pg, &servers);
	test_sql(&holder, "BEGIN");
	test_sql(&holder, "LOCK lk.calendar IN ACCESS EXCLUSIVE MODE");
	assert_int_equal(pthread_create(&thread, NULL, load, &l), 0);
	for (int64_t deadline = lk_monotonic_us() + 30 * LK_US_PER_S; !calendars_waited_for() && lk_monotonic_us() < deadline; )
		sched_yield();
	assert_int_equal(calendars_waited_for(), 1);
	assert_int_equal(lk_sql_parse(text, strlen(text), NULL, &d), LK_OK);
	assert_false(lk_flag_is_set(&l.done));
	lk_definitions_release(&d);
	test_sql(&holder, "ROLLBACK");
	pthread_join(thread, NULL);
	assert_int_equal(l.rc, LK_OK);
	lk_pg_close(&l.pg);
	lk_pg_close(&holder);
}

static void explained_as_the_program_does(const char *in_memory, const char *const *argv) {
	char *out = NULL;
	assert_int_equal(test_lk(&servers, NULL, &out, NULL, argv), 0);
	assert_string_equal(in_memory, out);
	free(out);
}

static void explanations_go_to_any_sink(void **state) {
	(void)state;
	unsigned long seed = test_seed("explained");
	lk_buf b = LK_BUF_INIT;
	lk_sink memory = lk_sink_memory(&b);
	const lk_cat_view *v;
	lk_query q = test_query("a");
	lk_answer a;
	test_world_declare(&world, STREAM("") "CREATE VIEW a AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 hour');");
	append(200, &seed);
	test_world_batch(&world, "a");
	lk_error err = {0};
	lk_catalog *c;
	test_ok(lk_catalog_load(&world.pg, &c, &err), &err);
	test_ok(lk_catalog_need_view(c, "a", &v, &err), &err);
	lk_explain_plan(v, lk_catalog_copy(c, v->served_copy), &no_screen, &memory);
	explained_as_the_program_does(b.data, (const char *const[]){"explain", "a", NULL});
	lk_catalog_release(c);
	lk_buf_clear(&b);
	q.split = true;
	q.from = 0;
	test_world_answer(&world, &q, &a);
	assert_true(a.nrows > 10);
	lk_explain_answer(&a, &q, &no_screen, &memory);
	explained_as_the_program_does(b.data, (const char *const[]){"explain", "a", "--from", "1970-01-01T00:00:00Z", NULL});
	lk_answer_release(&a);
	lk_buf_release(&b);
}

/* --- many threads --- */

enum { READERS = 8, ROUNDS = 12, LEAST_ANSWERS = 30 };

static const char *const views[] = {
	"CREATE VIEW v0 AS SELECT path, count(*) AS n, avg(took) AS took FROM hits GROUP BY path, tumble(ts, '1 hour');",
	"CREATE VIEW v1 AS SELECT ip, sum(bytes) AS n FROM hits WHERE bytes > 100 GROUP BY ip, hop(ts, '10 minutes', '1 hour');",
	"CREATE VIEW v2 AS SELECT path, count(DISTINCT ip) AS ips, top_k(ip, 3) AS ips_most FROM hits GROUP BY path;",
	"CREATE VIEW v3 AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 day', 'Europe/Berlin');",
	"CREATE VIEW v4 AS SELECT ip, count(*) AS n, min(ts) AS first FROM hits GROUP BY ip, session(ts, '5 minutes') HAVING count(*) > 1;",
	"CREATE VIEW v5 AS SELECT count(*) AS n, approx_percentile(took, 0.5) AS half FROM hits;",
};
enum { VIEWS = sizeof views / sizeof *views };

/* What one thread was told: of each view, and of each version of the view that moves. */
typedef struct told {
	char *of_view[VIEWS];
	char *of_version[ROUNDS + 2];
} told;

static told alone;
static _Atomic int answers_of[ROUNDS + 2];   /* of each version, to all readers */
static volatile int stop;

typedef struct reader {
	pthread_t thread;
	unsigned long seed;
	lk_pg pg;
	lk_store *store;
	_Atomic int answers;
	int failures, unknown;
	told seen;
	lk_error err;
} reader;

static void note(reader *r, char **known, char *text) {
	if (!*known) {
		*known = text;
		return;
	}
	if (strcmp(*known, text) != 0) {
		r->failures++;
		lk_fail(&r->err, LK_EINTERNAL, "it was told \"%.300s\" and then \"%.300s\"", *known, text);
	}
	free(text);
}

/* Each query has bounds of its own: those that one thread meets stop no other. */
static void read_bounded(reader *r, int i) {
	static const int stopped = 1;
	bool by_rows = test_random(&r->seed) % 2;
	char name[16];
	lk_answer a;
	lk_error err = {0};
	snprintf(name, sizeof name, "v%d", i);
	lk_query q = test_query(name);
	q.bounds = by_rows ? (lk_bounds){.rows = 1} : (lk_bounds){.stop = &stopped};
	int rc = lk_answer_make(&r->pg, r->store, current, &q, &a, &err);
	if (rc != (by_rows ? LK_ETOOBIG : LK_EBUSY)) {
		r->failures++;
		lk_fail(&r->err, LK_EINTERNAL, "%s, bounded by %s: status %d", name, by_rows ? "rows" : "a stop", rc);
	}
	lk_answer_release(&a);
}

static void read_view(reader *r, int i) {
	char name[16];
	lk_answer a;
	lk_error err = {0};
	snprintf(name, sizeof name, i < VIEWS ? "v%d" : i == VIEWS ? "moving" : "passing", i);
	lk_query q = test_query(name);
	int rc = lk_answer_make(&r->pg, r->store, current, &q, &a, &err);
	if (rc == LK_OK && i < VIEWS)
		note(r, &r->seen.of_view[i], text_of(&a, &q));
	else if (rc == LK_OK && i == VIEWS)
		note(r, &r->seen.of_version[a.version], text_of(&a, &q)), answers_of[a.version]++;
	else if (rc == LK_EUSAGE && i > VIEWS)   /* it comes and goes */
		r->unknown++;
	else if (rc != LK_OK)
		r->failures++, r->err = r->err.code ? r->err : err;
	r->answers++;
	lk_answer_release(&a);
}

static void *read_all(void *arg) {
	reader *r = arg;
	while (!lk_flag_is_set(&stop)) {
		read_view(r, (int)(test_random(&r->seed) % (VIEWS + 2)));
		if (test_random(&r->seed) % 4 == 0)
			read_bounded(r, (int)(test_random(&r->seed) % (VIEWS - 1)));
	}
	return NULL;
}

static int have_answered(void *readers) {
	int least = INT32_MAX;
	for (const reader *r = readers; r < (const reader *)readers + READERS; r++)
		least = r->answers < least ? r->answers : least;
	return least >= LEAST_ANSWERS;
}

static int is_read(void *answers) { return *(_Atomic int *)answers > 0; }

static char *alone_told(const char *view, int *version) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_same(&world, &q);   /* and PostgreSQL says so, too */
	test_world_answer(&world, &q, &a);
	*version = a.version;
	char *text = text_of(&a, &q);
	lk_answer_release(&a);
	return text;
}

static void note_moving(void) {
	int version;
	char *text = alone_told("moving", &version);
	free(alone.of_version[version]);
	alone.of_version[version] = text;
}

/* A new version of one view, another view that comes or goes, and now and then a column. */
static void change(int round) {
	lk_error err = {0};
	char *sql = lk_asprintf("CREATE VIEW moving AS SELECT path, count(*) AS n FROM hits WHERE bytes > %d GROUP BY path, tumble(ts, '%d minutes');",
	                        50 * round, 30 + round);
	test_world_declare(&world, sql);
	free(sql);
	if (round % 2)
		test_world_declare(&world, "CREATE VIEW passing AS SELECT count(*) AS n FROM hits;");
	else if (lk_catalog_view(world.catalog, "passing"))
		test_ok(lk_view_drop(&world.pg, lk_catalog_view(world.catalog, "passing"), &err), &err);
	if (round % 4 == 3) {
		lk_buf more = LK_BUF_INIT;
		lk_buf_adds(&more, "CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint, took double precision");
		for (int i = 0; i <= round / 4; i++)
			lk_buf_addf(&more, ", more%d text", i);
		lk_buf_adds(&more, ") WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '10 seconds');");
		test_world_declare(&world, more.data);
		lk_buf_release(&more);
	}
	serve_newest("moving");
	note_moving();
}

static void start_readers(reader *readers, unsigned long *seed) {
	lk_error err = {0};
	for (int i = 0; i < READERS; i++) {
		reader *r = &readers[i];
		r->seed = test_random(seed);
		test_open(&r->pg, &servers);
		test_ok(lk_store_open(&r->store, servers.at.redis, world.log_id, &err), &err);
	}
	for (int i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i].thread, NULL, read_all, &readers[i]), 0);
}

static void compare(const reader *r, char *const *got, char *const *want, int n, const char *what) {
	for (int i = 0; i < n; i++)
		if (got[i] && (!want[i] || strcmp(got[i], want[i]) != 0))
			fail_msg("%s %d: a reader was told \"%s\", one thread \"%s\"", what, i, got[i], want[i] ? want[i] : "nothing");
	if (r->failures)
		fail_msg("%d failures, such as: %s", r->failures, r->err.text);
}

static void release_told(told *t) {
	for (int i = 0; i < VIEWS; i++)
		free(t->of_view[i]);
	for (int i = 0; i < ROUNDS + 2; i++)
		free(t->of_version[i]);
	*t = (told){0};
}

static void end_readers(reader *readers) {
	lk_flag_set(&stop);
	for (int i = 0; i < READERS; i++) {
		pthread_join(readers[i].thread, NULL);
		lk_pg_close(&readers[i].pg);
		lk_store_close(readers[i].store);
	}
	for (int i = 0; i < READERS; i++) {
		compare(&readers[i], readers[i].seen.of_view, alone.of_view, VIEWS, "view");
		compare(&readers[i], readers[i].seen.of_version, alone.of_version, ROUNDS + 2, "version");
		release_told(&readers[i].seen);
	}
}

/* I3, I9: the log stands still, so every answer of a version is the same, whatever layers it came from. */
static void many_readers_while_definitions_change(void **state) {
	(void)state;
	static reader readers[READERS];
	unsigned long seed = test_seed("many readers");
	int rounds = test_rounds("ROUNDS", ROUNDS), version;
	memset(readers, 0, sizeof readers);
	stop = 0;
	test_world_declare(&world, STREAM(""));
	for (int i = 0; i < VIEWS; i++)
		test_world_declare(&world, views[i]);
	append(1500, &seed);
	change(0);
	for (int i = 0; i < VIEWS; i += 2) {
		char name[16];
		snprintf(name, sizeof name, "v%d", i);
		test_world_batch(&world, name);
	}
	append(700, &seed);
	test_world_speed_once(&world, NULL);
	for (int i = 0; i < VIEWS; i++) {
		char name[16];
		snprintf(name, sizeof name, "v%d", i);
		alone.of_view[i] = alone_told(name, &version);
	}
	note_moving();
	test_layer_start(&layer, &servers, 2, false);
	start_readers(readers, &seed);
	for (int i = 1; i <= rounds && i <= ROUNDS; i++) {
		change(i);
		assert_true(test_poll(is_read, &answers_of[i + 1], 60000));   /* each version is read, before the next one comes */
	}
	assert_true(test_poll(have_answered, readers, 120000));
	end_readers(readers);
	test_layer_end(&layer);
	release_told(&alone);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(it_is_read_once),
		TEST(answers_know_what_was_declared_since),
		TEST(answers_know_the_streams_options),
		TEST(a_stream_is_redeclared_between_the_steps),
		TEST(answers_know_the_log),
		TEST(answers_know_what_was_published_since),
		TEST(a_bounded_query_awaits_no_silent_server),
		TEST(answers_go_to_any_sink),
		TEST(explanations_go_to_any_sink),
		TEST(a_calendar_that_is_waited_for_holds_up_no_parser),
		TEST(many_readers_while_definitions_change),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
