/* Answers for a given prefix, from lambda and kappa copies, while the log, batches and compaction go on; from
 * sandboxes; refusals; and digests, which must not depend on how a copy was made. */
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
#include "serving/reader.h"
#include "tests/support/fixtures.h"
#include "tests/support/world.h"

enum { PARTITIONS = 2, VIEWS = 2, ROUNDS = 12, BASE_S = 1577836800 };

static test_servers servers;
static test_world world;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, avg(bytes) AS mean, min(ip) AS first"
	" FROM hits GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '0 seconds') AS SELECT path, count(*) AS n, max(ip) AS last"
	" FROM hits GROUP BY path, tumble(ts, '10 seconds');"
	"CREATE VIEW other AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute');";

/* Both copies of a view, each with a worker. */
typedef struct pair {
	const char *view;
	test_worker workers[2];   /* lambda, kappa */
	char kappa[24];           /* the kappa copy's id */
	bool open;
} pair;

static pair pairs[VIEWS];
static unsigned long seed;
static int appended;

static bool is_same(const lk_frontier *a, const lk_frontier *b) { return lk_frontier_reaches(a, b) && lk_frontier_reaches(b, a); }

static uint64_t below(uint64_t n) { return test_random(&seed) % n; }

/* Some events are late: event time goes back by up to a minute now and then. */
static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, appended++) {
		int64_t back = appended % 7 ? 0 : (int64_t)below(60);
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print((BASE_S + appended / 3 - back) * LK_US_PER_S, &lines);
		int ip = (int)below(17), path = (int)below(5);
		lk_buf_addf(&lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/%d\",\"bytes\":%d}\n", ip, path, appended);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static const lk_cat_copy *make_copy(const char *view, const lk_copy_spec *spec) {
	lk_error err = {0};
	int64_t id;
	if (lk_copy_make(&world.pg, test_world_copy(&world, view)->version, spec, &id, &err) != LK_OK)
		fail_msg("%s", err.text);
	test_world_reload(&world);
	return lk_catalog_copy(world.catalog, id);
}

static void open_pair(pair *p, const char *view) {
	*p = (pair){.view = view, .open = true};
	const lk_cat_copy *kappa = make_copy(view, &(lk_copy_spec){.kappa = true, .state = LK_COPY_LIVE});
	snprintf(p->kappa, sizeof p->kappa, "%lld", (long long)kappa->id);
	test_worker_open(&p->workers[0], &world, view);
	test_worker_open_copy(&p->workers[1], &world, kappa);
}

static lk_query query_of(const pair *p, bool kappa) {
	lk_query q = test_query(p->view);
	q.copy = kappa ? p->kappa : NULL;
	return q;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	open_pair(&pairs[0], "traffic");
	open_pair(&pairs[1], "strict");
	return 0;
}

static int close_pairs(void **state) {
	(void)state;
	for (int v = 0; v < VIEWS; v++) {
		for (int k = 0; pairs[v].open && k < 2; k++)
			test_worker_close(&pairs[v].workers[k]);
		pairs[v].open = false;
	}
	return 0;
}

static lk_cut make_cut(const char *view, const char *purpose) {
	lk_cut cut;
	lk_error err = {0};
	const lk_cat_copy *c = test_world_copy(&world, view);
	if (lk_cut_make(&world.pg, &(lk_cut_for){c->version->reads, c->id, purpose}, &cut, &err) != LK_OK)
		fail_msg("%s", err.text);
	return cut;
}

static void abandon(const char *view, const char *purpose) {
	lk_error err = {0};
	assert_int_equal(lk_cut_abandon(&world.pg, test_world_copy(&world, view)->id, purpose, &err), LK_OK);
}

static void catch_up(void) {
	for (int v = 0; v < VIEWS; v++)
		for (int k = 0; k < 2; k++)
			test_worker_catch_up(&pairs[v].workers[k]);
}

/* --- what an answer must be --- */

/* The least over the partitions of max(believed event time) - delay, over the prefix. */
static int64_t watermark_of(const lk_frontier *end) {
	char sql[700];
	snprintf(sql, sizeof sql, "SELECT min(coalesce((SELECT "
	         LK_SQL_US("max(least(ts, _at + interval '1 day')) - interval '5 seconds'")
	         " FROM lk.log_hits WHERE part = p AND off < ('{%lld,%lld}'::bigint[])[p + 1]),"
	         " (-9223372036854775808)::bigint)) FROM generate_series(0, 1) p", (long long)end->part[0].off, (long long)end->part[1].off);
	return test_world_int(&world, sql);
}

static void rows_are(const lk_answer *a, const char *bound) {
	test_rows want, got;
	lk_error err = {0};
	lk_buf difference = LK_BUF_INIT;
	assert_int_equal(test_oracle_rows(&world, a->plan, bound, NULL, &want, &err), LK_OK);
	test_answer_rows(a, &got);
	test_rows_difference(&want, &got, &difference);
	if (difference.len)
		fail_msg("%s, copy %lld, %s: %s", a->plan->view, (long long)a->copy_id, bound, difference.data);
	test_rows_release(&want);
	test_rows_release(&got);
}

/* condition: selects the events of a sandbox, from its start on; NULL for other copies. */
static void is_exactly_in(const lk_answer *a, const lk_frontier *until, const char *condition) {
	lk_buf bound = LK_BUF_INIT;
	for (int i = 0; i < PARTITIONS; i++)
		assert_int_equal(a->end.part[i].off, until->part[i].off);
	assert_int_equal(a->watermark, watermark_of(until));
	test_answer_bound(a, &bound);
	if (condition)
		lk_buf_addf(&bound, " AND off >= ('{%lld,%lld}'::bigint[])[part + 1] AND %s", (long long)a->cut.part[0].off,
		            (long long)a->cut.part[1].off, condition);
	rows_are(a, bound.data);
	lk_buf_release(&bound);
}

static void is_exactly(const lk_answer *a, const lk_frontier *until) { is_exactly_in(a, until, NULL); }

/* --- changes between the steps of a reader --- */

static void step_of(test_worker *w) {
	int part = (int)below(PARTITIONS);
	w->path.limits.commit_events = 1 + (int64_t)below(40);
	w->path.limits.segment_bytes = below(2) ? 1 : (size_t)64 << 20;   /* small segments are compacted */
	test_worker_step(w, part, 1 + (int64_t)below(60));
	if (below(3) == 0)
		test_worker_sweep(w, part);
}

static void something_happens(void) {
	switch (below(6)) {
	case 0: append(1 + (int)below(40)); break;
	case 1: test_world_batch(&world, "other"); break;
	default: step_of(&pairs[below(VIEWS)].workers[below(2)]);
	}
}

static void much_happens(const char *batch_view) {
	for (int n = (int)below(5); n > 0; n--)
		something_happens();
	if (batch_view && below(6) == 0)
		test_world_batch(&world, batch_view);
}

/* The reader's own loop; between its steps the world changes. */
static int read_amid_things(const lk_query *q, const char *batch_view, lk_answer *a, lk_error *err) {
	for (int tries = 0; tries < 100; tries++) {
		lk_reader r;
		int rc = lk_reader_open(&r, &world.pg, world.store, NULL, q, err);
		much_happens(NULL);
		if (rc == LK_OK)
			rc = lk_reader_units(&r, err);
		much_happens(batch_view);
		if (rc == LK_OK)
			rc = lk_reader_finish(&r, a, err);
		lk_reader_close(&r);
		if (rc <= 0)
			return rc;
	}
	return lk_fail(err, LK_EINTERNAL, "100 readings did not fit");
}

static bool has_passed(const test_worker *w, const lk_frontier *until) {
	for (int i = 0; i < PARTITIONS; i++)
		if (w->units[i].committed < until->part[i].off)
			return false;
	return true;
}

static void all_pass(const lk_frontier *until) {
	for (int v = 0; v < VIEWS; v++)
		for (int k = 0; k < 2; k++)
			for (int n = 0; !has_passed(&pairs[v].workers[k], until); n++) {
				assert_true(n < 10000);
				step_of(&pairs[v].workers[k]);
			}
}

static int refusals;

/* Only a batch of this view above the prefix makes the prefix unavailable. */
static void ask(const pair *p, bool kappa, const lk_frontier *until) {
	lk_query q = query_of(p, kappa);
	lk_answer a;
	lk_error err = {0};
	q.until = until;
	int rc = read_amid_things(&q, p->view, &a, &err);
	if (rc == LK_OK) {
		is_exactly(&a, until);
		lk_answer_release(&a);
		return;
	}
	test_world_reload(&world);
	bool beyond = !lk_frontier_reaches(until, &test_world_copy(&world, p->view)->cut);
	if (kappa || rc != LK_EPARTIAL || !beyond || !strstr(err.text, "can no longer be read"))
		fail_msg("%s %s: %d %s", p->view, kappa ? "kappa" : "lambda", rc, err.text);
	refusals++;
}

static int rounds(void) { return test_rounds("ROUNDS", ROUNDS); }

/* I3, I9, P7: the answer at a live cut is the view over exactly that prefix, in both modes, while events are appended
 * and folded, segments are closed, compacted and dropped, and batches of this and other views are published. */
static void answers_at_a_prefix_while_everything_runs(void **state) {
	(void)state;
	seed = test_seed("answers_at_a_prefix_while_everything_runs");
	refusals = 0;
	append(30);
	for (int round = 0; round < rounds(); round++) {
		append(1 + (int)below(120));
		if (below(2))
			test_world_batch(&world, pairs[below(VIEWS)].view);
		much_happens(NULL);
		lk_cut cut = make_cut("traffic", "test");
		append((int)below(60) + 1);
		all_pass(&cut.at);
		for (int n = 0; n < 8; n++)
			ask(&pairs[below(VIEWS)], below(2), &cut.at);
		abandon("traffic", "test");
	}
	print_message("%d of %d were refused\n", refusals, 8 * rounds());
	assert_true(refusals < 6 * rounds());
	catch_up();
	for (int v = 0; v < VIEWS; v++)
		for (int k = 0; k < 2; k++) {
			lk_query q = query_of(&pairs[v], k);
			test_world_same(&world, &q);
		}
}

/* The late events of a prefix are those that the rule refuses in it; a batch heals its own; events above do not
 * count. */
static void late_events_of_a_prefix(void **state) {
	(void)state;
	seed = test_seed("late_events_of_a_prefix");
	append(200);
	catch_up();
	test_world_batch(&world, "strict");
	append(150);
	lk_cut cut = make_cut("traffic", "test");
	append(150);
	catch_up();
	int64_t late[2];
	for (int k = 0; k < 2; k++) {
		lk_query q = query_of(&pairs[1], k);
		lk_answer a;
		q.until = &cut.at;
		test_world_same(&world, &q);   /* compares the number of late events too */
		test_world_answer(&world, &q, &a);
		is_exactly(&a, &cut.at);
		late[k] = a.late + a.healed;
		assert_true(a.late > 0);
		assert_true(k ? a.healed == 0 : a.healed > 0);
		lk_answer_release(&a);
	}
	assert_int_equal(late[0], late[1]);
}

/* With a prefix, batch is the published batch, and speed the rest of the prefix. */
static void layers_of_a_prefix(void **state) {
	(void)state;
	seed = 1;
	append(100);
	catch_up();
	test_world_batch(&world, "traffic");
	append(50);
	lk_cut cut = make_cut("traffic", "test");
	append(50);
	catch_up();
	lk_query q = test_query("traffic");
	lk_answer a;
	char bound[200];
	q.until = &cut.at;
	for (q.layer = LK_LAYER_MERGED; q.layer <= LK_LAYER_SPEED; q.layer++) {
		test_world_answer(&world, &q, &a);
		assert_int_equal(a.cut.part[0].off + a.cut.part[1].off, 100);
		assert_int_equal(a.end.part[0].off + a.end.part[1].off, q.layer == LK_LAYER_BATCH ? 100 : 150);
		assert_int_equal(a.watermark, watermark_of(&a.end));
		snprintf(bound, sizeof bound, "off >= ('{%lld,%lld}'::bigint[])[part + 1]"
		         " AND off < ('{%lld,%lld}'::bigint[])[part + 1]",
		         (long long)(q.layer == LK_LAYER_SPEED ? a.cut.part[0].off : 0), (long long)(q.layer == LK_LAYER_SPEED ? a.cut.part[1].off : 0),
		         (long long)a.end.part[0].off, (long long)a.end.part[1].off);
		rows_are(&a, bound);
		lk_answer_release(&a);
	}
}

/* --- refusals --- */

static void is_refused(const lk_query *q, int code, const char *text, const char *hint) {
	lk_answer a;
	lk_error err = {0};
	int rc = lk_answer_make(&world.pg, world.store, NULL, q, &a, &err);
	if (rc != code || !strstr(err.text, text) || !strstr(err.hint, hint))
		fail_msg("%d \"%s\" (\"%s\"), wanted %d \"%s\" (\"%s\")", rc, err.text, err.hint, code, text, hint);
}

/* One read of a state that may still become right: it says "again", and why. */
static void does_not_fit(const lk_query *q, const char *why) {
	lk_reader r;
	lk_answer a;
	lk_error err = {0};
	assert_int_equal(lk_reader_open(&r, &world.pg, world.store, NULL, q, &err), LK_OK);
	assert_int_equal(lk_reader_units(&r, &err), LK_OK);
	int rc = lk_reader_finish(&r, &a, &err);
	if (rc != 1 || !strstr(r.why.data, why))
		fail_msg("%d %s %s, wanted: %s", rc, err.text, r.why.data ? r.why.data : "", why);
	lk_reader_close(&r);
}

/* P3, P7: a prefix that is no longer available is refused at once; for any other one the reader waits. */
static void prefixes_that_are_not_available(void **state) {
	(void)state;
	seed = 2;
	append(100);
	catch_up();
	lk_query q = test_query("traffic"), kappa = query_of(&pairs[0], true);
	lk_cut cut = make_cut("traffic", "test");
	append(40);
	q.until = kappa.until = &cut.at;
	test_worker_step(&pairs[0].workers[0], 0, 10);   /* beyond it, in a segment of its own */

	lk_frontier at = cut.at;
	at.part[0].off--;
	q.until = &at;
	does_not_fit(&q, "and none ends at");
	at.part[0].off = cut.at.part[0].off + 20;
	does_not_fit(&q, "has not reached offset");
	int64_t begun = lk_monotonic_us();
	is_refused(&q, LK_EPARTIAL, "has not reached offset", "lk speed");
	assert_true(lk_monotonic_us() - begun > 4 * LK_US_PER_S);
	begun = lk_monotonic_us();
	at.part[0].off = 100000;
	is_refused(&q, LK_EPARTIAL, "the log ends at", "");
	q.until = &cut.at;
	test_world_batch(&world, "traffic");
	is_refused(&q, LK_EPARTIAL, "can no longer be read up to offset", "");
	assert_true(lk_monotonic_us() - begun < 4 * LK_US_PER_S);
	lk_answer a;
	test_world_answer(&world, &kappa, &a);
	is_exactly(&a, &cut.at);
	lk_answer_release(&a);

	test_redis_empty(&servers);
	does_not_fit(&kappa, "not in Redis");
}

/* The rows are right wherever segments end; the watermark is known only at a live cut. */
static void a_cut_that_is_not_live_has_no_watermark(void **state) {
	(void)state;
	seed = 3;
	append(60);
	catch_up();
	lk_cut cut = make_cut("traffic", "test");
	append(60);
	catch_up();
	lk_query q = query_of(&pairs[0], true);
	lk_answer a;
	q.until = &cut.at;
	test_world_answer(&world, &q, &a);
	is_exactly(&a, &cut.at);
	lk_answer_release(&a);
	abandon("traffic", "test");
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.watermark, LK_NEVER);
	lk_answer_release(&a);
	test_world_same(&world, &q);
}

/* --- copies by name --- */

static void copies_by_name(void **state) {
	(void)state;
	seed = 4;
	append(100);
	catch_up();
	lk_query q = query_of(&pairs[0], true);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	assert_true(a.kappa && a.state == LK_COPY_LIVE && !a.copy_name);
	assert_int_equal(a.copy_id, atoll(pairs[0].kappa));
	assert_int_equal(a.batch_cells, 0);
	assert_true(is_same(&a.goal, &a.tail));
	lk_answer_release(&a);
	q.layer = LK_LAYER_BATCH;
	is_refused(&q, LK_EUSAGE, "it has no batch layer", "--layer");
	q.layer = LK_LAYER_SPEED;
	test_world_same(&world, &q);
	q.layer = LK_LAYER_MERGED;
	q.copy = pairs[1].kappa;   /* of another view */
	is_refused(&q, LK_EUSAGE, pairs[1].kappa, "");
	q.copy = "nothing";
	is_refused(&q, LK_EUSAGE, "nothing", "");
}

/* A copy that is dropped under its reader is gone at the next attempt. */
static void a_copy_is_dropped_under_its_reader(void **state) {
	(void)state;
	seed = 5;
	append(100);
	catch_up();
	lk_query q = query_of(&pairs[0], true);
	lk_reader r;
	lk_answer a;
	lk_error err = {0};
	assert_int_equal(lk_reader_open(&r, &world.pg, world.store, NULL, &q, &err), LK_OK);
	assert_int_equal(lk_reader_units(&r, &err), LK_OK);
	assert_int_equal(lk_copy_drop(&world.pg, atoll(q.copy), &err), LK_OK);
	assert_int_equal(lk_reader_finish(&r, &a, &err), 1);
	assert_true(r.moved);
	assert_non_null(strstr(r.why.data, "was dropped"));
	lk_reader_close(&r);
	is_refused(&q, LK_EUSAGE, q.copy, "");
}

/* --- sandboxes --- */

static void sandbox_is(const char *name, const lk_frontier *start, const lk_range *range, const char *condition) {
	test_worker w;
	lk_error err = {0};
	lk_answer a;
	const lk_cat_copy *copy = make_copy("traffic", &(lk_copy_spec){.kappa = true, .state = LK_COPY_SANDBOX, .name = name,
	                                                              .range = *range, .start = start});
	lk_query q = test_query("traffic");
	q.copy = name;
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.nrows, 0);
	assert_true(is_same(&a.end, start));
	assert_int_equal(a.watermark, watermark_of(start));
	lk_answer_release(&a);
	lk_cut end = make_cut("traffic", name);
	assert_int_equal(lk_replay_begin(&world.pg, copy->id, &end, lk_frontier_events(start), &err), LK_OK);
	append(50);
	test_worker_open_copy(&w, &world, copy);
	for (int i = 0; i < PARTITIONS; i++)
		for (int n = 0; n < 1000 && (!w.units[i].taken || w.units[i].at.cursor < end.at.part[i].off); n++) {
			int64_t left = w.units[i].taken ? end.at.part[i].off - w.units[i].at.cursor : 1;
			test_worker_step(&w, i, left < 20 ? left : 20);
		}
	test_worker_close(&w);
	test_world_answer(&world, &q, &a);
	assert_true(a.kappa && a.state == LK_COPY_SANDBOX);
	assert_string_equal(a.copy_name, name);
	assert_true(a.range.by == range->by && a.range.from == range->from && a.range.to == range->to);
	assert_true(is_same(&a.cut, start));
	assert_true(is_same(&a.goal, &end.at));
	is_exactly_in(&a, &end.at, condition);
	lk_answer_release(&a);
	abandon("traffic", name);
	lk_frontier before = *start;
	before.part[0].off--;
	q.until = &before;
	if (start->part[0].off)
		is_refused(&q, LK_EPARTIAL, "this copy begins at", "");
}

static const lk_range a_minute = {.by = LK_BY_EVENT,
                                 .from = (BASE_S + 20) * LK_US_PER_S, .to = (BASE_S + 60) * LK_US_PER_S};
static const char in_a_minute[] = "ts >= '2020-01-01T00:00:20Z' AND ts < '2020-01-01T00:01:00Z'";

/* A sandbox covers the events from its start to its end that are in its range. */
static void a_sandbox_answers_for_its_range(void **state) {
	(void)state;
	seed = 6;
	append(120);
	lk_cut half = make_cut("traffic", "test");
	append(120);
	const lk_frontier zero = lk_frontier_start(half.at.part[0].stream, PARTITIONS);
	lk_range all = {.by = LK_BY_AT, .from = INT64_MIN, .to = INT64_MAX};
	sandbox_is("second-half", &half.at, &all, "true");
	sandbox_is("a-minute", &zero, &a_minute, in_a_minute);
	sandbox_is("both", &half.at, &a_minute, in_a_minute);
}

/* --- printed answers --- */

static void says(int status, const char *const *wanted, const char *not_wanted, const char *const *argv) {
	char *out, *err;
	int got = test_lk(&servers, NULL, &out, &err, argv);
	for (; *wanted; wanted++)
		if (got != status || (!strstr(out, *wanted) && !strstr(err, *wanted)))
			fail_msg("exit %d, wanted %d with \"%s\"\n%s%s", got, status, *wanted, out, err);
	if (not_wanted && (strstr(out, not_wanted) || strstr(err, not_wanted)))
		fail_msg("\"%s\" is not wanted\n%s%s", not_wanted, out, err);
	free(out);
	free(err);
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* The text under an answer says what kappa copies and sandboxes are, and does not mention a batch. */
static void printed_answers(void **state) {
	(void)state;
	seed = 7;
	append(120);
	catch_up();
	const char *id = pairs[1].kappa;
	char *copy = lk_asprintf("strict, version 1, kappa, copy %s (not served yet)", id);
	char *json = lk_asprintf("\"mode\":\"kappa\",\"layer\":\"merged\",\"copy\":%s,\"state\":\"live\",\"cut\":[0,0]", id);
	says(0, TEXTS(copy, "kappa:     120 events, all from the speed layer, up to [",
	              "covers:    120 of 120 events of the log", "late, and not counted: "),
	     "batch", TEXTS("query", "strict", "--copy", id));
	says(5, TEXTS("that came too late", "a kappa copy never does"), NULL, TEXTS("query", "strict", "--copy", id, "--strict"));
	says(0, TEXTS(json, "\"healed\":0"), NULL, TEXTS("query", "strict", "--copy", id, "--format", "json"));
	says(2, TEXTS("has no batch layer"), NULL, TEXTS("query", "strict", "--copy", id, "--layer", "batch"));
	says(0, TEXTS("PART", "speed", "BEGIN"), "batch",
	     TEXTS("explain", "strict", "--copy", id, "--from", "2020-01-01T00:00:00Z"));
	says(0, TEXTS("strict@1, kappa, copy", "kappa has no batch"), "served to readers",
	     TEXTS("explain", "strict", "--copy", id));
	free(copy);
	free(json);
}

static void printed_answers_of_a_sandbox(void **state) {
	(void)state;
	seed = 7;
	append(120);
	const lk_frontier zero = lk_frontier_start(test_world_copy(&world, "traffic")->version->reads->id, PARTITIONS);
	sandbox_is("a-minute", &zero, &a_minute, in_a_minute);
	says(0, TEXTS("(sandbox a-minute)",
	              "sandbox:   a-minute, only events with event time in [2020-01-01T00:00:20Z, 2020-01-01T00:01:00Z)",
	              "kappa:     120 events read, all by the speed layer, from [0 0] up to [",
	              "covers:    120 of 120 events up to the sandbox's end"),
	     "batch", TEXTS("query", "traffic", "--copy", "a-minute", "--strict"));
	says(0, TEXTS("\"state\":\"sandbox\",\"sandbox\":\"a-minute\",\"range\":{\"by\":\"event\","
	              "\"from\":\"2020-01-01T00:00:20Z\",\"to\":\"2020-01-01T00:01:00Z\"},\"goal\":[", "\"lag\":0"),
	     NULL, TEXTS("query", "traffic", "--copy", "a-minute", "--format", "json"));
	says(0, TEXTS("(sandbox a-minute), only events with event time in ["), NULL,
	     TEXTS("explain", "traffic", "--copy", "a-minute"));
}

/* --- digests --- */

static void digest_of(const lk_query *q, char out[33], int64_t *healed) {
	lk_answer a;
	test_world_answer(&world, q, &a);
	lk_answer_digest(&a, out);
	if (healed)
		*healed = a.healed;
	lk_answer_release(&a);
}

/* I4, I10: the same log has the same digest, for any segments, batches and mode, as long as no batch has counted a late
 * event. */
static void digests_show_the_log_alone(void **state) {
	(void)state;
	seed = test_seed("digests_show_the_log_alone");
	char digests[2][33], former[33] = "";
	int64_t healed[2];
	int compared = 0, healings = 0;
	for (int round = 0; round < rounds(); round++) {
		append(1 + (int)below(150));
		for (int n = (int)below(12); n > 0; n--)
			something_happens();
		catch_up();
		if (below(3) == 0)
			test_world_batch(&world, "traffic");
		if (round > rounds() / 2 && below(3) == 0)
			test_world_batch(&world, "strict");
		for (int v = 0; v < VIEWS; v++) {
			for (int k = 0; k < 2; k++) {
				lk_query q = query_of(&pairs[v], k);
				digest_of(&q, digests[k], &healed[k]);
			}
			assert_int_equal(strlen(digests[0]), 32);
			if ((strcmp(digests[0], digests[1]) == 0) != (healed[0] == 0))
				fail_msg("%s: %s and %s, %lld healed", pairs[v].view, digests[0], digests[1], (long long)healed[0]);
			compared += healed[0] == 0;
			healings += healed[0] != 0;
			if (v == 0 && !strcmp(former, digests[0]))
				fail_msg("more events do not show in the digest");
			if (v == 0)
				memcpy(former, digests[0], sizeof former);
		}
	}
	print_message("%d equal, %d with late events that a batch counted\n", compared, healings);
	assert_true(compared >= rounds());
	char again[33];
	test_redis_empty(&servers);   /* both are folded again: from the batch, and from offset 0 */
	catch_up();
	for (int k = 0; k < 2; k++) {
		lk_query q = query_of(&pairs[0], k);
		digest_of(&q, again, NULL);
		assert_string_equal(again, former);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, close_pairs)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(answers_at_a_prefix_while_everything_runs),
		TEST(late_events_of_a_prefix),
		TEST(layers_of_a_prefix),
		TEST(prefixes_that_are_not_available),
		TEST(a_cut_that_is_not_live_has_no_watermark),
		TEST(copies_by_name),
		TEST(a_copy_is_dropped_under_its_reader),
		TEST(a_sandbox_answers_for_its_range),
		TEST(printed_answers),
		TEST(printed_answers_of_a_sandbox),
		TEST(digests_show_the_log_alone),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
