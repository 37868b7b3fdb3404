/* What --dry-run prints, against what the replay then does. Seconds are not compared: the machine may be busy. */
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
#include "replay/private.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/replays.h"

enum { PARTITIONS = 2, LARGE = 60000, SAMPLE = 10000 };

static test_servers servers;
static test_world world;
static int next_event;

static const char *const definitions =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 2, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, max(bytes) AS largest FROM hits"
	" GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits WHERE bytes > 100"
	" GROUP BY path, tumble(ts, '10 seconds');"
	"CREATE VIEW totals AS SELECT path, count(*) AS n FROM hits GROUP BY path;"
	"CREATE VIEW ips AS SELECT ip, count(*) AS n FROM hits GROUP BY ip;"
	"CREATE VIEW each AS SELECT ts, ip, path, count(*) AS n FROM hits GROUP BY ts, ip, path;";

static const int64_t start_us = INT64_C(1500000000000000);

/* Ten events per second; every ninth up to 99 s late; 23 paths, and a growing number of addresses, some of them
 * frequent. */
static void append(int n) {
	while (n > 0) {
		lk_buf lines = LK_BUF_INIT;
		for (int part = n < 10000 ? n : 10000; part > 0; part--, n--, next_event++) {
			int i = next_event, ip = i % 3 ? i % 500 : i / 3;
			lk_buf_adds(&lines, "{\"ts\":\"");
			lk_time_print(start_us + i * LK_US_PER_S / 10 - (i % 9 == 0 ? i % 100 * LK_US_PER_S : 0), &lines);
			lk_buf_addf(&lines, "\",\"ip\":\"10.%d.%d.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", ip >> 16, ip >> 8 & 255,
			            ip & 255, i * 7 % 23, i % 1009);
		}
		test_world_append_json(&world, "hits", lines.data);
		lk_buf_release(&lines);
	}
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	next_event = 0;
	return 0;
}

static lk_replay_estimate estimate(const lk_replay_options *o, int64_t sample) {
	lk_replay_estimate e;
	lk_error err = {0};
	int rc = sample ? lk_replay_estimate_of(o, sample, &e, &err) : lk_replay_dry_run(o, &e, &err);
	if (rc != LK_OK)
		fail_msg("estimate: %s (%s)", err.text, err.hint);
	return e;
}

/* What a copy needs. */
static void measure(const char *view, const char *name, int64_t *cells, int64_t *bytes) {
	lk_error err = {0};
	const lk_cat_copy *c;
	test_world_reload(&world);
	assert_int_equal(lk_catalog_need_copy(world.catalog, lk_catalog_view(world.catalog, view), name, &c, &err), LK_OK);
	*cells = *bytes = 0;
	for (int p = 0; p < PARTITIONS; p++) {
		lk_unit_state st = {0};
		int64_t n;
		assert_int_equal(lk_store_read_unit(world.store, c->units[p], NULL, &st, NULL, &err), 0);
		for (int i = 0; i < st.nsegments; i++)
			*cells += st.segments[i].cells;
		lk_unit_state_release(&st);
		assert_int_equal(lk_store_unit_bytes(world.store, c->units[p], &n, &err), LK_OK);
		*bytes += n;
	}
}

static void is_within(const char *what, const char *view, int64_t said, int64_t is, double factor) {
	if ((double)said > (double)is * factor || (double)is > (double)said * factor)
		fail_msg("%s of %s: %lld were said, it is %lld", what, view, (long long)said, (long long)is);
}

static void replayed(const lk_replay_options *o, int64_t *cells, int64_t *bytes) {
	lk_replay_report r = test_replay(o);
	char id[24];
	snprintf(id, sizeof id, "%lld", (long long)r.copy_id);
	measure(o->view, id, cells, bytes);
}

/* If the whole log is sampled, the number of cells is exact, but for cells that only late events would make. Redis's
 * overhead per cell is assumed to be constant; really it is between half and one and a half of that, and a hash of few
 * cells is packed. */
static void a_small_log_is_folded_whole(void **state) {
	(void)state;
	static const char *const views[] = {"traffic", "strict", "totals", "ips", "each"};
	append(4000);
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		int64_t cells, bytes;
		lk_replay_options o = test_replay_options(&world, views[i]);
		lk_replay_estimate e = estimate(&o, 0);
		replayed(&o, &cells, &bytes);
		assert_int_equal(e.events, 4000);
		assert_int_equal(e.sampled, 4000);
		assert_false(e.resumes);
		if (strcmp(views[i], "strict"))
			assert_int_equal(e.cells, cells);
		else
			assert_in_range(e.cells, cells, 2 * cells);
		assert_true(e.seconds > 0);
		is_within("bytes", views[i], e.bytes, bytes, cells > 1000 ? 2 : 3);
	}
}

/* From a sample of a sixth. If it has seen all keys, the number is exact; if each event makes a cell, it is as good as
 * the sample is large. In between it is an upper bound, up to the luck of a sample of about 160 pages. */
static void a_large_log_is_sampled(void **state) {
	(void)state;
	static const struct { const char *view; double low, high; } views[] = {
		{"totals", 1, 1}, {"each", 0.8, 1.3}, {"traffic", 0.8, 2.1}, {"strict", 0.8, 2.1}, {"ips", 0.8, 2.1},
	};
	append(LARGE);
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		int64_t cells, bytes;
		lk_replay_options o = test_replay_options(&world, views[i].view);
		lk_replay_estimate e = estimate(&o, SAMPLE / PARTITIONS);
		assert_int_equal(e.events, LARGE);
		is_within("sampled", views[i].view, e.sampled, SAMPLE, 1.5);
		replayed(&o, &cells, &bytes);
		double factor = (double)e.cells / (double)cells;
		if (factor < views[i].low || factor > views[i].high)
			fail_msg("cells of %s: %lld were said, it is %lld", views[i].view, (long long)e.cells, (long long)cells);
		if (cells > 1000)
			is_within("bytes", views[i].view, e.bytes, bytes, 1.7 * views[i].high);
		assert_true(e.seconds > 0);
	}
}

static void only_what_is_missing(void **state) {
	(void)state;
	append(3000);
	lk_replay_options o = test_replay_options(&world, "strict");
	test_replay(&o);
	append(500);
	lk_replay_estimate e = estimate(&o, 0);
	assert_true(e.resumes);
	assert_int_equal(e.events, 500);
	o.fresh = true;
	e = estimate(&o, 0);
	assert_false(e.resumes);
	assert_int_equal(e.events, 3500);
	o.version = 4;
	lk_error err = {0};
	assert_int_equal(lk_replay_dry_run(&o, &e, &err), LK_EUSAGE);
}

static void of_a_sandbox(void **state) {
	(void)state;
	int64_t cells, bytes;
	lk_error err = {0};
	append(3000);
	lk_replay_options o = test_replay_options(&world, "traffic");
	o.sandbox = "part";
	o.keep = true;
	o.range = (lk_range){LK_BY_EVENT, start_us + 100 * LK_US_PER_S, start_us + 200 * LK_US_PER_S};
	lk_replay_estimate e = estimate(&o, 0);
	lk_replay_report r = test_replay(&o);
	measure("traffic", "part", &cells, &bytes);
	assert_int_equal(e.events, r.events);
	assert_int_equal(e.cells, cells);
	o.range.from = start_us + 4000 * LK_US_PER_S;
	o.range.to = INT64_MAX;
	assert_int_equal(lk_replay_dry_run(&o, &e, &err), LK_EUSAGE);
}

static void a_paced_one_takes_its_time(void **state) {
	(void)state;
	append(3000);
	lk_replay_options o = test_replay_options(&world, "totals");
	o.pace = 2;
	int64_t span = test_number(&world.pg, "SELECT " LK_SQL_US("max(ts) - min(ts)") " FROM lk.log_hits");
	double want = (double)span / 2 / 1e6;
	lk_replay_estimate e = estimate(&o, 0);
	assert_true(e.seconds > want - 0.001 && e.seconds < want + 0.001);
	o.max_gap_us = 1;                          /* almost no time between events */
	assert_true(estimate(&o, 0).seconds < want / 10);
	o.max_gap_us = 3600 * LK_US_PER_S;
	e = estimate(&o, 0);
	assert_true(e.seconds > want - 0.001 && e.seconds < want + 0.001);
	o.sandbox = "";
	o.range = (lk_range){LK_BY_EVENT, start_us + 100 * LK_US_PER_S, start_us + 200 * LK_US_PER_S};
	e = estimate(&o, 0);
	assert_true(e.seconds > 49 && e.seconds <= 50);
}

static void room(void **state) {
	(void)state;
	append(100);
	lk_replay_options o = test_replay_options(&world, "traffic");
	assert_true(estimate(&o, 0).room < 0);
	test_redis_room(&servers, 10000000);
	int64_t room = estimate(&o, 0).room;
	test_redis_room(&servers, -1);
	is_within("room", "Redis", room, 10000000, 1.2);
}

static int64_t rows_of_the_catalogue(void) {
	return test_number(&world.pg,
	                   "SELECT sum((xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %%I.%%I',"
	                   " schemaname, tablename), false, true, '')))[1]::text::bigint)::bigint FROM pg_tables"
	                   " WHERE schemaname = 'lk'");
}

static void nothing_is_written(void **state) {
	(void)state;
	append(2000);
	test_world_speed_once(&world, "totals");
	int64_t rows = rows_of_the_catalogue(), keys = test_redis_keys(&servers);
	int64_t last = test_number(&world.pg, "SELECT last_value FROM lk.id");
	assert_true(rows > 2000);
	for (int sandbox = 0; sandbox < 2; sandbox++) {
		lk_replay_options o = test_replay_options(&world, "strict");
		o.sandbox = sandbox ? "" : NULL;
		o.switch_over = o.verify = !sandbox;
		o.pace = 10;
		estimate(&o, 300);
	}
	assert_int_equal(rows_of_the_catalogue(), rows);
	assert_int_equal(test_redis_keys(&servers), keys);
	assert_int_equal(test_number(&world.pg, "SELECT last_value FROM lk.id"), last);
}

static void an_empty_log(void **state) {
	(void)state;
	lk_replay_options o = test_replay_options(&world, "totals");
	lk_replay_estimate e = estimate(&o, 0);
	assert_int_equal(e.events, 0);
	assert_int_equal(e.cells, 0);
	assert_int_equal(e.bytes, 0);
	assert_true(e.seconds == 0);
	o.pace = 1;
	assert_true(estimate(&o, 0).seconds == 0);
}

#define TEST(f) cmocka_unit_test_setup(f, fresh)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_small_log_is_folded_whole),
		TEST(a_large_log_is_sampled),
		TEST(only_what_is_missing),
		TEST(of_a_sandbox),
		TEST(a_paced_one_takes_its_time),
		TEST(room),
		TEST(nothing_is_written),
		TEST(an_empty_log),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
