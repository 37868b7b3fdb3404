/* Replays of a part of history into a sandbox, by both clocks and at a pace. No test expects speed: waits must only be
 * long enough. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/copies.h"
#include "core/time.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

enum { PARTITIONS = 3 };

static test_servers servers;
static test_world world;
static int next_event;

static const char *const definitions =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, max(bytes) AS largest FROM hits"
	" GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits"
	" GROUP BY path, tumble(ts, '10 seconds');"
	"CREATE VIEW arrivals AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(_at, '1 second');"
	"CREATE VIEW totals AS SELECT path, count(*) AS n FROM hits GROUP BY path;";
static const char *const views[] = {"traffic", "strict", "arrivals", "totals"};
enum { VIEWS = sizeof views / sizeof *views };

static const int64_t start_us = INT64_C(1500000000000000);

static int64_t at(int s) { return start_us + s * LK_US_PER_S; }

static void line(int64_t ts, int i, lk_buf *lines) {
	lk_buf_adds(lines, "{\"ts\":\"");
	lk_time_print(ts, lines);
	lk_buf_addf(lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", i % 17, i * 7 % 23, i % 1009);
}

/* An event a second; every ninth comes late by up to 99 s. */
static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = next_event; i < next_event + n; i++)
		line(at(i - (i % 9 == 0 ? i % 100 : 0)), i, &lines);
	next_event += n;
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* Events of these times. */
static void append_at(const int64_t *ts, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		line(ts[i], i, &lines);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	next_event = 0;
	return 0;
}

static lk_replay_options options(const char *view, const char *name, lk_range range) {
	lk_replay_options o = test_replay_options(&world, view);
	o.sandbox = name;
	o.range = range;
	o.keep = true;
	return o;
}

static lk_range by_event(int64_t from, int64_t to) { return (lk_range){LK_BY_EVENT, from, to}; }
static lk_range by_at(int64_t from, int64_t to) { return (lk_range){LK_BY_AT, from, to}; }

static int fails(const lk_replay_options *o, lk_error *err) {
	lk_replay_report report;
	lk_error_clear(err);
	int rc = lk_replay_run(o, &report, err);
	assert_int_equal(rc, err->code);
	lk_replay_report_release(&report);
	return rc;
}

static const lk_cat_copy *sandbox(const char *view, const char *name) {
	lk_error err = {0};
	const lk_cat_copy *c;
	test_world_reload(&world);
	if (lk_catalog_need_copy(world.catalog, lk_catalog_view(world.catalog, view), name, &c, &err) != LK_OK)
		fail_msg("%s", err.text);
	return c;
}

/* --- the answer of a sandbox --- */

static void range_sql(const lk_range *range, lk_buf *out) {
	const char *column = range->by == LK_BY_AT ? "_at" : "ts";
	if (range->from != INT64_MIN)
		lk_buf_addf(out, " AND %s >= " LK_SQL_TIME("%lld"), column, (long long)range->from, (long long)range->from);
	if (range->to != INT64_MAX)
		lk_buf_addf(out, " AND %s < " LK_SQL_TIME("%lld"), column, (long long)range->to, (long long)range->to);
}

/* The current answer of the sandbox against PostgreSQL's over the events of the range that it says it covers. "" if
 * equal. */
static void difference_of(const lk_answer *a, const lk_range *range, lk_buf *out) {
	test_rows want, got;
	lk_error err = {0};
	lk_buf bound = LK_BUF_INIT;
	test_answer_bound(a, &bound);
	for (int p = 0; p < PARTITIONS; p++)
		lk_buf_addf(&bound, "%s%lld", p ? "," : " AND off >= ('{", (long long)a->cut.part[p].off);
	lk_buf_adds(&bound, "}'::bigint[])[part + 1]");
	range_sql(range, &bound);
	assert_int_equal(test_oracle_rows(&world, a->plan, bound.data, NULL, &want, &err), LK_OK);
	test_answer_rows(a, &got);
	test_rows_difference(&want, &got, out);
	if (out->len)
		lk_buf_addf(out, "over %s\n", bound.data);
	test_rows_release(&want);
	test_rows_release(&got);
	lk_buf_release(&bound);
}

static void is_right(const char *view, const char *name, const lk_range *range) {
	lk_answer a;
	lk_buf difference = LK_BUF_INIT;
	lk_query q = test_query(view);
	q.copy = name;
	test_world_answer(&world, &q, &a);
	assert_true(a.state == LK_COPY_SANDBOX);
	for (int p = 0; p < PARTITIONS; p++)
		assert_int_equal(a.end.part[p].off, a.goal.part[p].off);
	difference_of(&a, range, &difference);
	if (difference.len)
		fail_msg("%s %s: %s", view, name, difference.data);
	lk_answer_release(&a);
}

/* It covers all events of the range and begins with the first of them. */
static void covers_its_range(const char *view, const char *name, const lk_range *range) {
	const lk_cat_copy *c = sandbox(view, name);
	lk_answer a;
	lk_query q = test_query(view);
	q.copy = name;
	test_world_answer(&world, &q, &a);
	lk_buf in = LK_BUF_INIT;
	range_sql(range, &in);
	for (int p = 0; p < PARTITIONS; p++) {
		char where[1000];
		snprintf(where, sizeof where,
		         "(SELECT next_off FROM lk.tail WHERE part = %d)) FROM lk.log_hits WHERE part = %d%s", p,
		         p, in.len ? in.data : "");
		int64_t first = test_number(&world.pg, "SELECT coalesce(min(off), %s", where);
		int64_t end = test_number(&world.pg, "SELECT coalesce(max(off) + 1, %s", where);
		assert_int_equal(c->cut.part[p].off, first);
		assert_int_equal(a.end.part[p].off, end);
	}
	lk_answer_release(&a);
	lk_buf_release(&in);
}

/* P8, P9: units begin with the watermark of the log below them. */
static void begins_with_the_logs_watermark(const char *view, const char *name) {
	const lk_cat_copy *c = sandbox(view, name);
	bool arrivals = strcmp(view, "arrivals") == 0;
	for (int p = 0; p < PARTITIONS; p++) {
		lk_unit_state st = {0};
		lk_error err = {0};
		assert_int_equal(lk_store_read_unit(world.store, c->units[p], NULL, &st, NULL, &err), 0);
		assert_int_equal(st.base.cursor, c->cut.part[p].off);
		int64_t want = test_number(&world.pg, "SELECT coalesce((SELECT " LK_SQL_US("max(%s)%s") " FROM lk.log_hits"
		                           " WHERE part = %d AND off < %lld), (-9223372036854775808)::bigint)",
		                           arrivals ? "_at" : "least(ts, _at + interval '1 day')",
		                           arrivals ? "" : " - interval '5 seconds'", p, (long long)c->cut.part[p].off);
		assert_int_equal(st.base.watermark, want);
		lk_unit_state_release(&st);
	}
}

/* An instant between two appends, by the log's clock. */
static int64_t now_in_the_log(void) {
	return test_number(&world.pg, "SELECT " LK_SQL_US("max(_at) + interval '1 microsecond'") " FROM lk.log_hits");
}

/* --- ranges --- */

static void ranges_by_event_time(void **state) {
	(void)state;
	const lk_range ranges[] = {
		by_event(at(1003), at(2017)),               /* parts of windows at both edges */
		by_event(at(1020), at(1080)),               /* whole windows */
		by_event(INT64_MIN, at(500)), by_event(at(2500), INT64_MAX), by_event(INT64_MIN, INT64_MAX),
		by_event(at(1500), at(1501)),               /* an event or two */
	};
	append(1500);
	test_world_batch(&world, "strict");
	append(1500);
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		for (int v = 0; v < VIEWS; v++) {
			char name[32];
			snprintf(name, sizeof name, "%s-%zu", views[v], i);
			lk_replay_options o = options(views[v], name, ranges[i]);
			lk_replay_report r = test_replay(&o);
			assert_string_equal(r.sandbox, name);
			assert_false(r.resumed || r.stopped || r.switched);
			is_right(views[v], name, &ranges[i]);
			covers_its_range(views[v], name, &ranges[i]);
			begins_with_the_logs_watermark(views[v], name);
		}
	test_nothing_is_open(&world);
}

static void ranges_by_at(void **state) {
	(void)state;
	int64_t edge[4];
	for (int i = 0; i < 4; i++) {
		append(600);
		edge[i] = now_in_the_log();
	}
	const lk_range ranges[] = {
		by_at(edge[0], edge[2]), by_at(edge[1], edge[2]), by_at(INT64_MIN, edge[0]), by_at(edge[2], INT64_MAX),
			by_at(INT64_MIN, INT64_MAX),
		by_at(at(0), edge[3] + 3600 * LK_US_PER_S),
	};
	static const int events[] = {1200, 600, 600, 600, 2400, 2400};
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		for (int v = 0; v < VIEWS; v++) {
			char name[32];
			snprintf(name, sizeof name, "%s-%zu", views[v], i);
			lk_replay_options o = options(views[v], name, ranges[i]);
			assert_int_equal(test_replay(&o).events, events[i]);
			is_right(views[v], name, &ranges[i]);
			covers_its_range(views[v], name, &ranges[i]);
			begins_with_the_logs_watermark(views[v], name);
		}
	test_nothing_is_open(&world);
}

/* P9, P10: an event of the range is late in the sandbox exactly if it is late in a replay of everything. */
static void late_in_the_sandbox_is_late_in_the_log(void **state) {
	(void)state;
	append(3000);
	lk_replay_options all = test_replay_options(&world, "strict");
	int64_t whole = test_replay(&all).copy_id;
	lk_replay_options o = options("strict", "part", by_event(at(1003), at(2017)));
	lk_replay_report r = test_replay(&o);
	assert_true(r.late > 0);
	const char *in = " AND ts >= '2017-07-14T02:56:43Z' AND ts < '2017-07-14T03:13:37Z'";
	assert_int_equal(at(1003), INT64_C(1500001003000000));
	static const char late_of[] = "(SELECT part, off, event_time, pane, watermark FROM lk.late JOIN lk.log_hits"
		" USING (part, off) WHERE copy_id =";
	int64_t here = r.copy_id;
	assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM %s %lld) l", late_of, (long long)here), r.late);
	assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM %s %lld%s) l", late_of, (long long)whole, in),
	                 r.late);
	assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM (%s %lld%s) EXCEPT %s %lld)) l", late_of,
	                             (long long)whole, in, late_of, (long long)here), 0);
}

static void a_range_without_events_is_refused(void **state) {
	(void)state;
	lk_error err = {0};
	lk_replay_options o = options("traffic", "", by_event(at(0), at(10)));
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "no events"));
	append(100);
	o.range = by_event(at(1000), at(2000));
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "2017-07-14T02:40:00Z"));   /* where the events lie */
	assert_non_null(strstr(err.text, "2017-07-14T02:41:3"));
	o.range = by_at(at(1000), at(2000));
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "_at"));
	o.range = by_event(at(20), at(20));
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	o.range = by_event(at(20), at(10));
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM lk.copy WHERE state = 'sandbox'"), 0);
}

/* --- names, keeping, removing --- */

static void it_is_removed_unless_it_is_kept(void **state) {
	(void)state;
	append(500);
	test_world_speed_once(&world, NULL);
	int64_t keys = test_redis_keys(&servers), served = test_served(&world, "strict");
	lk_replay_options o = options("strict", "gone", by_event(at(100), at(400)));
	o.keep = false;
	lk_replay_report r = test_replay(&o);
	assert_true(r.events > 0);
	assert_int_equal(test_redis_keys(&servers), keys);
	assert_int_equal(test_copies(&world, "strict"), 1);
	assert_int_equal(test_number(&world.pg, "SELECT count(*) FROM lk.late WHERE copy_id = %lld",
	                             (long long)r.copy_id), 0);
	test_nothing_is_open(&world);
	o.keep = true;
	r = test_replay(&o);
	assert_true(test_redis_keys(&servers) > keys);
	assert_int_equal(test_copies(&world, "strict"), 2);
	assert_int_equal(test_served(&world, "strict"), served);
	append(100);
	test_world_speed_once(&world, NULL);   /* live workers ignore it */
	is_right("strict", "gone", &o.range);
	test_nothing_is_open(&world);
}

static void names(void **state) {
	(void)state;
	lk_error err = {0};
	append(300);
	lk_replay_options first = options("traffic", "", by_event(at(10), at(200))),
		second = options("totals", "", by_event(at(10), at(200)));
	assert_string_equal(test_replay(&first).sandbox, "replay_1");
	assert_string_equal(test_replay(&second).sandbox, "replay_2");
	lk_replay_options o = options("totals", "replay_1", first.range);
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "traffic"));
	o = options("traffic", "replay_1", first.range);               /* complete */
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "lk drop traffic --copy replay_1"));
	o.fresh = true;
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	o = options("traffic", "17", first.range);
	assert_int_equal(fails(&o, &err), LK_EUSAGE);
	assert_int_equal(lk_copy_drop(&world.pg, sandbox("traffic", "replay_1")->id, &err), LK_OK);
	assert_string_equal(test_replay(&first).sandbox, "replay_1");
	test_nothing_is_open(&world);
}

static struct watched {
	int n, stop_after, append_at;
	const char *view, *name;
	lk_range range;
	int64_t began_us, paced_from;
	double pace;
	int64_t done, total, seen, stop_at;
	volatile int stop;
	lk_buf fault;
} watched;

static void stop_soon(void *ctx, const lk_replay_progress *p) {
	struct watched *w = ctx;
	w->done = p->done;
	w->total = p->total;
	if (++w->n >= w->stop_after)
		__atomic_store_n(&w->stop, 1, __ATOMIC_RELAXED);
}

static void watch_with(lk_replay_options *o, void (*progress)(void *, const lk_replay_progress *)) {
	lk_buf_release(&watched.fault);
	memset(&watched, 0, sizeof watched);
	o->watch = (lk_replay_watch){.stop = &watched.stop, .progress = progress, .ctx = &watched};
}

/* I8: an interrupted sandbox is continued by the same command, and by no other one. */
static void an_interrupted_one_is_continued(void **state) {
	(void)state;
	static const char *const given[] = {"mine", ""};
	lk_error err = {0};
	append(3000);
	for (int i = 0; i < 2; i++) {
		lk_replay_options o = options("strict", given[i], by_event(at(500), at(2500)));
		watch_with(&o, stop_soon);
		watched.stop_after = 1;
		lk_replay_report r = test_replay(&o);
		assert_true(r.stopped);
		char name[64];
		snprintf(name, sizeof name, "%s", r.sandbox);
		append(100);   /* the end stays */
		if (i == 0) {
			lk_replay_options other = options("strict", "mine", by_event(at(501), at(2500)));
			assert_int_equal(fails(&other, &err), LK_EUSAGE);
			other = options("traffic", "mine", o.range);
			assert_int_equal(fails(&other, &err), LK_EUSAGE);
		}
		lk_pg holder = {0};
		test_open(&holder, &servers);
		assert_int_equal(lk_pg_try_lock(&holder, r.copy_id, &err), LK_OK);
		o.watch = (lk_replay_watch){0};
		if (i == 0) {
			assert_int_equal(fails(&o, &err), LK_EBUSY);
			assert_non_null(strstr(err.text, "mine"));
		} else {   /* that one is being replayed: another one is made */
			lk_replay_report third = test_replay(&o);
			assert_string_not_equal(third.sandbox, name);
			assert_int_equal(lk_copy_drop(&world.pg, third.copy_id, &err), LK_OK);
		}
		lk_pg_close(&holder);
		lk_replay_report second = test_replay(&o);
		assert_true(second.resumed);
		assert_int_equal(second.copy_id, r.copy_id);
		assert_string_equal(second.sandbox, name);
		is_right("strict", name, &o.range);
		begins_with_the_logs_watermark("strict", name);
	}
	test_nothing_is_open(&world);
}

static void a_fresh_one_begins_again(void **state) {
	(void)state;
	append(2000);
	lk_replay_options o = options("traffic", "again", by_event(at(500), at(1500)));
	watch_with(&o, stop_soon);
	watched.stop_after = 1;
	lk_replay_report r = test_replay(&o);
	assert_true(r.stopped);
	o.watch = (lk_replay_watch){0};
	o.fresh = true;
	lk_replay_report second = test_replay(&o);
	assert_false(second.resumed);
	assert_int_not_equal(second.copy_id, r.copy_id);
	is_right("traffic", "again", &o.range);
	test_nothing_is_open(&world);
}

/* I8, I11 */
static void killed_at_any_moment(void **state) {
	(void)state;
	unsigned long seed = test_seed("killed_at_any_moment");
	append(4000);
	test_world_speed_once(&world, NULL);
	int64_t keys = test_redis_keys(&servers);
	static const char *const points[] = {"replay.made", "take_over.done:2", "commit.done:3", "replay.replayed"};
	for (int i = 0; i < 12; i++) {
		const char *point = i % 3 == 1 ? points[i / 3] : NULL;
		lk_replay_options o = options("strict", i % 2 ? "killed" : "", by_event(at(503), at(3507)));
		o.limits.commit_events = 50;
		o.limits.fetch_events = 300;
		o.pace = i % 3 == 0 ? 3000 : 0;
		test_killed(test_replay_body, &o, point, (int)(test_random(&seed) % 150));
		lk_error err = {0};
		lk_replay_report r;
		o.pace = 0;
		if (i % 2 && lk_replay_run(&o, &r, &err) == LK_EUSAGE)   /* it was finished before it was killed */
			r = (lk_replay_report){.copy_id = sandbox("strict", "killed")->id, .sandbox = "killed"};
		else if (i % 2 == 0)
			r = test_replay(&o);
		else if (err.code != LK_OK)
			fail_msg("%s", err.text);
		is_right("strict", r.sandbox, &o.range);
		covers_its_range("strict", r.sandbox, &o.range);
		test_nothing_is_open(&world);
		for (int c = 0; c < world.catalog->ncopies; c++)
			if (world.catalog->copies[c].state == LK_COPY_SANDBOX)
				assert_int_equal(lk_copy_drop(&world.pg, world.catalog->copies[c].id, &err), LK_OK);
		assert_int_equal(test_copies(&world, "strict"), 1);
	}
	lk_replay_options last = options("strict", "", by_event(at(503), at(3507)));
	last.keep = false;
	test_replay(&last);                    /* its sweep finds what the killed ones left */
	assert_int_equal(test_redis_keys(&servers), keys);
}

static int has_begun(void *ctx) {
	(void)ctx;
	return test_number(&world.pg, "SELECT count(*) FROM lk.replay") > 0;
}

/* I11: afterwards the sandbox has its own lock and name again. */
static void servers_go_away_in_the_middle(void **state) {
	(void)state;
	append(6000);
	for (int i = 0; i < 2; i++) {
		lk_replay_options o = options("strict", i ? "paced" : "bulk", by_event(at(1003), at(5003)));
		o.limits.fetch_events = 100;
		o.limits.commit_events = 10;
		o.pace = i ? 2000 : 0;
		test_sql(&world.pg, "DELETE FROM lk.replay");
		int pid = test_player(test_replay_body, &o);
		assert_true(test_poll(has_begun, NULL, 20000));
		test_redis_kill(&servers);
		test_postgres_kill(&servers);
		test_postgres_start(&servers);
		test_redis_start(&servers);
		test_world_reconnect(&world);
		assert_int_equal(test_player_wait(pid, 90000), 0);
		is_right("strict", o.sandbox, &o.range);
		covers_its_range("strict", o.sandbox, &o.range);
	}
	test_nothing_is_open(&world);
}

static void no_room(void **state) {
	(void)state;
	lk_error err = {0};
	test_world_declare(&world, "CREATE VIEW each AS SELECT ts, ip, count(*) AS n FROM hits GROUP BY ts, ip");
	append(20000);
	int64_t keys = test_redis_keys(&servers);
	for (int i = 0; i < 2; i++) {
		test_redis_room(&servers, 300000);
		lk_replay_options o = options("each", "large", by_event(INT64_MIN, INT64_MAX));
		o.pace = i ? 1e9 : 0;
		o.limits.commit_cells = 500;
		assert_int_equal(fails(&o, &err), LK_EFULL);
		assert_int_equal(test_copies(&world, "each"), 1);
		assert_int_equal(test_redis_keys(&servers), keys);
		test_redis_room(&servers, -1);
	}
	test_nothing_is_open(&world);
}

/* --- while it runs --- */

/* An answer is right for the prefix that it names, and has no event before it is due. The clock is read after the
 * answer, so it can only be later. */
static void look(void *ctx, const lk_replay_progress *p) {
	struct watched *w = ctx;
	lk_answer a;
	lk_error err = {0};
	lk_query q = test_query(w->view);
	if (w->n++ == w->append_at)
		append(50);
	w->done = p->done;
	w->total = p->total;
	if (w->pace > 0 && p->eta_s >= 0)
		lk_buf_addf(&w->fault, "how many events are left tells nothing about when they are due");
	if (w->fault.len)
		return;
	q.copy = w->name;
	if (lk_answer_make(&world.pg, world.store, NULL, &q, &a, &err) != LK_OK) {
		lk_buf_addf(&w->fault, "%s", err.text);
		return;
	}
	int64_t now = lk_monotonic_us(), covered = 0;
	difference_of(&a, &w->range, &w->fault);
	for (int i = 0; i < PARTITIONS; i++) {
		covered += a.end.part[i].off - a.cut.part[i].off;
		int64_t latest = test_number(&world.pg, "SELECT coalesce(" LK_SQL_US("max(ts)") ", 0) FROM lk.log_hits"
		                             " WHERE part = %d AND off >= %lld AND off < %lld", i, (long long)a.cut.part[i].off,
		                             (long long)a.end.part[i].off);
		if (w->pace > 0 && (double)(latest - w->paced_from) > w->pace * (double)(now - w->began_us))
			lk_buf_addf(&w->fault, "an event of partition %d is there before it is due", i);
	}
	if (covered < w->seen)
		lk_buf_addf(&w->fault, "an answer covers less than the one before");
	w->seen = covered;
	if (covered == w->stop_at)
		__atomic_store_n(&w->stop, 1, __ATOMIC_RELAXED);
	lk_answer_release(&a);
}

/* Two seconds of events at four times their pace, and one event an hour later; queried all the time, while the log
 * grows. */
static void a_paced_one_can_be_asked_while_it_runs(void **state) {
	(void)state;
	enum { N = 400 };
	int64_t ts[N + 1];
	for (int i = 0; i < N; i++)
		ts[i] = at(0) + (int64_t)i * 2 * LK_US_PER_S / N;
	ts[N] = at(3600);
	append_at(ts, N + 1);
	lk_replay_options o = options("totals", "paced", by_event(at(0), at(3601)));
	o.pace = 4;
	watch_with(&o, look);
	watched.view = "totals";
	watched.name = "paced";
	watched.range = o.range;
	watched.pace = 4;
	watched.paced_from = ts[0];
	watched.append_at = 1;
	watched.stop_at = N;
	watched.began_us = lk_monotonic_us();
	lk_replay_report r = test_replay(&o);
	double seconds = (double)(lk_monotonic_us() - watched.began_us) / 1e6;
	if (watched.fault.len)
		fail_msg("%s", watched.fault.data);
	assert_true(r.stopped);
	assert_true(seconds >= (double)(ts[N - 1] - ts[0]) / 4 / 1e6);
	assert_true(next_event > 0);           /* the log grew */
	assert_int_equal(r.events, N);
	assert_int_equal(watched.done, N);
	assert_int_equal(watched.total, N + 1);
	o.pace = 0;
	o.watch = (lk_replay_watch){0};
	assert_int_equal(test_replay(&o).events, 1);
	is_right("totals", "paced", &o.range);
	test_nothing_is_open(&world);
}

/* I4: a paced copy has the same digest as an ordinary one, with late events and several partitions. */
static void the_pace_makes_no_difference(void **state) {
	(void)state;
	append(3000);
	for (int v = 0; v < VIEWS; v++) {
		char first[33], paced[33];
		for (int by = LK_BY_EVENT; by <= LK_BY_AT; by++) {
			lk_replay_options o = test_replay_options(&world, views[v]);
			o.fresh = true;
			test_digest_at_end(&world, views[v], test_replay(&o).copy_id, first);
			o.pace = 20000;
			o.range.by = (enum lk_range_by)by;
			o.limits.commit_events = 7;
			o.limits.fetch_events = 50;
			lk_replay_report r = test_replay(&o);
			assert_int_equal(r.events, 3000);
			test_digest_at_end(&world, views[v], r.copy_id, paced);
			assert_string_equal(first, paced);
		}
	}
	test_nothing_is_open(&world);
}

/* Gaps of an hour and of a year, with no bound on the time. The replay does not wait for events outside the range. */
static void gaps_are_shortened(void **state) {
	(void)state;
	const int64_t hour = 3600 * LK_US_PER_S, year = 365 * 24 * hour;
	const int64_t ts[] = {at(0), at(0) + 1000, at(0) + hour, at(0) + hour + 1000, at(0) + year,
	                      INT64_C(4070908800000000), at(0) + year + 1000};
	append_at(ts, 7);
	lk_replay_options o = options("totals", "gaps", by_event(at(0), at(0) + 2 * year));
	o.pace = 1;
	o.max_gap_us = 100000;
	int64_t began = lk_monotonic_us();
	lk_replay_report r = test_replay(&o);
	assert_true(lk_monotonic_us() - began >= 2 * o.max_gap_us);
	assert_int_equal(r.events, 7);
	is_right("totals", "gaps", &o.range);
}

/* An event dated 2099 is outside the range, so the replay does not wait for it. */
static void a_replay_does_not_wait_for_what_it_leaves_out(void **state) {
	(void)state;
	lk_buf lines = LK_BUF_INIT;
	line(at(0), 1, &lines);
	line(INT64_C(4070908800000000), 1, &lines);
	line(at(1), 1, &lines);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
	lk_replay_options o = options("totals", "short", by_event(at(0), at(10)));
	o.pace = 10;
	assert_int_equal(test_player_wait(test_player(test_replay_body, &o), 60000), 0);
	is_right("totals", "short", &o.range);
}

/* A wait of an hour ends when it is told to. */
static void a_paced_one_is_stopped_while_it_waits(void **state) {
	(void)state;
	const int64_t ts[] = {at(0), at(3600)};
	append_at(ts, 2);
	lk_replay_options o = options("totals", "long", by_event(INT64_MIN, INT64_MAX));
	o.pace = 1;
	watch_with(&o, stop_soon);
	watched.stop_after = 3;
	lk_replay_report r = test_replay(&o);
	assert_true(r.stopped);
	assert_int_equal(r.events, 1);
	o.pace = 0;
	o.watch = (lk_replay_watch){0};
	r = test_replay(&o);
	assert_true(r.resumed);
	assert_int_equal(r.events, 1);
	is_right("totals", "long", &o.range);
}

/* A range is asked for explicitly: it has windows that ordinary answers of the view have forgotten. */
static void history_before_the_horizon(void **state) {
	(void)state;
	static const int64_t straggling[] = {INT64_C(1500007200000000), INT64_C(1500000300000000)};
	test_world_declare(&world, "CREATE VIEW forgetful WITH (retention = '10 minutes') AS SELECT count(*) AS n FROM hits"
	                   " GROUP BY tumble(ts, '1 minute')");
	lk_query q = test_query("forgetful");
	lk_answer a;
	append(590);
	append_at(straggling, 2);
	lk_replay_options o = options("forgetful", "then", by_event(at(0), at(600)));
	lk_replay_report r;
	lk_error err = {0};
	test_ok(lk_replay_run(&o, &r, &err), &err);
	lk_replay_report_release(&r);
	q.copy = "then";
	test_world_answer(&world, &q, &a);
	assert_int_equal(a.nrows, 10);
	lk_answer_release(&a);
}

static int setup(void **state) {
	(void)state;
	test_servers_start(&servers);
	test_world_open(&world, &servers);
	return 0;
}

static int teardown(void **state) {
	(void)state;
	lk_buf_release(&watched.fault);
	test_world_close(&world);
	test_servers_stop(&servers);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, test_players_end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(ranges_by_event_time),
		TEST(ranges_by_at),
		TEST(late_in_the_sandbox_is_late_in_the_log),
		TEST(a_range_without_events_is_refused),
		TEST(it_is_removed_unless_it_is_kept),
		TEST(names),
		TEST(an_interrupted_one_is_continued),
		TEST(a_fresh_one_begins_again),
		TEST(killed_at_any_moment),
		TEST(servers_go_away_in_the_middle),
		TEST(no_room),
		TEST(a_paced_one_can_be_asked_while_it_runs),
		TEST(the_pace_makes_no_difference),
		TEST(gaps_are_shortened),
		TEST(history_before_the_horizon),
		TEST(a_replay_does_not_wait_for_what_it_leaves_out),
		TEST(a_paced_one_is_stopped_while_it_waits),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
