/* The parts of schema lk that grow with time and use are kept to a number: a test for each rule, and one that does
 * everything again and again. What is removed changes no answer. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "batch_layer/seal.h"
#include "catalog/copies.h"
#include "catalog/housekeeping.h"
#include "core/time.h"
#include "event_log/late_report.h"
#include "event_log/side_output.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"

static test_program lk;
static test_world world;
static int next_event;

static const lk_keep little = {.rejected = 5, .late = 10, .cuts = 3, .copies = 2, .versions = 2};

static const char *const stream = "CREATE TABLE hits (ts timestamptz, path text, n bigint)"
	" WITH (event_time = ts, partition_by = path, partitions = 2, watermark = '1 s');";

static void begin(const char *views) {
	test_world_empty(&world);
	test_world_declare(&world, stream);
	if (*views)
		test_world_declare(&world, views);
	next_event = 0;
}

/* One event per second; every `late`-th is a minute late. */
static void append(int n, int late) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = next_event; i < next_event + n; i++) {
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(INT64_C(1577836800000000) + (i - (i % late == late - 1 ? 60 : 0)) * LK_US_PER_S, &lines);
		lk_buf_addf(&lines, "\",\"path\":\"/%d\",\"n\":%d}\n", i % 3, i % 7);
	}
	next_event += n;
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static void keep_house(const lk_keep *keep) {
	lk_error err = {0};
	test_world_reload(&world);
	test_ok(lk_housekeep(&world.pg, world.catalog, keep, &err), &err);
	test_ok(lk_housekeep(&world.pg, world.catalog, keep, &err), &err);
	test_world_reload(&world);
}

static int64_t number(const char *sql) { return test_world_int(&world, sql); }

/* --- each rule --- */

static void the_newest_rejected_lines_are_kept(void **unused) {
	(void)unused;
	lk_buf bad = LK_BUF_INIT;
	for (int i = 0; i < 20; i++)
		lk_buf_addf(&bad, "line %d\n", i);
	begin("CREATE TABLE others (ts timestamptz, k text) WITH (event_time = ts, partition_by = k, partitions = 1);");
	char *file = test_file(&lk, "bad.jsonl", bad.data);
	LK(65, "", "", "ingest", "hits", file);
	LK(65, "", "", "ingest", "others", file);
	LK(2, "", "keep-rejected", "batch", "--keep-rejected", "-1");
	LK(0, "", "", "batch", "--keep-rejected", "20");
	assert_int_equal(number("SELECT count(*) FROM lk.rejected"), 40);
	for (int i = 0; i < 2; i++) {
		LK(0, "", "", "batch", "--keep-rejected", "7");
		assert_int_equal(number("SELECT count(*) FROM lk.rejected"), 14);
		test_ask_is(&lk, "SELECT min(content) FROM lk.rejected", "line 13");
		LK(0, "\"rejected_lines\":20", "", "status", "--format", "json");
		LK(0, "\"rejected_lines\":20,\"marked_events\":0,\"removed_lines\":13,", "", "rejected", "hits", "--format", "json");
		LK(0, "20 lines that could not be events of hits (13 of them not kept any more)\n", "", "rejected", "hits");
		LK(0, "\"rejected_lines\":7,\"marked_events\":0,\"removed_lines\":0,", "", "rejected", "hits", "--source", "bad", "--format", "json");
	}
	free(file);
	lk_buf_release(&bad);
}

struct late { int64_t rows, reported, removed, late, healed; };

static struct late late_of(const char *view) {
	lk_error err = {0};
	lk_late_report r;
	lk_answer a = {0};
	lk_query q = test_query(view);
	struct late l;
	test_world_same(&world, &q);
	test_world_answer(&world, &q, &a);
	test_ok(lk_late_report_read(&world.pg, &(lk_late_wanted){.copy = test_world_copy(&world, view), .limit = 5}, &r, &err), &err);
	l = (struct late){number("SELECT count(*) FROM lk.late"), r.events, r.removed, a.late, a.healed};
	lk_late_report_release(&r);
	lk_answer_release(&a);
	return l;
}

/* Adds the side output's rows of this copy and partition 0 again, as a worker does that folds its log again. */
static void refuse_again(const lk_cat_copy *copy, int64_t off) {
	lk_error err = {0};
	lk_side_output *l = lk_side_output_new();
	lk_side_output_late(l, &(lk_late_row){.copy_id = copy->id, .off = off});
	test_ok(lk_side_output_write(&world.pg, l, &err), &err);
	lk_side_output_free(l);
}

/* I3 */
static void late_events_below_the_cut_are_removed(void **unused) {
	(void)unused;
	begin("CREATE VIEW strict WITH (allowed_lateness = '1 s') AS SELECT n, count(*) AS hits FROM hits GROUP BY n, tumble(ts, '10 s');");
	for (int i = 0; i < 6; i++)
		append(20000, 500);
	test_world_speed_once(&world, "strict");
	keep_house(&little);
	struct late before = late_of("strict"), after;
	assert_true(before.rows > 100 && before.late == before.rows && before.removed == 0);
	test_world_batch(&world, "strict");
	append(100, 500);
	test_world_speed_once(&world, "strict");
	before = late_of("strict");
	/* a run that was killed before it removed the rows */
	test_sql(&world.pg, "UPDATE lk.unit SET late_from = 65536 WHERE part = 0");
	int64_t oldest = number("SELECT min(off) FROM lk.late WHERE part = 0");
	keep_house(&little);
	after = late_of("strict");
	assert_true(after.rows < before.rows && after.rows >= 10 && after.removed == before.rows - after.rows);
	assert_true(after.reported == before.reported && after.late == before.late && after.healed == before.healed);
	assert_int_equal(number("SELECT min(off) FROM lk.late WHERE part = 0") >> 16, number("SELECT late_from FROM lk.unit WHERE part = 0") >> 16);
	refuse_again(test_world_copy(&world, "strict"), oldest);
	assert_int_equal(late_of("strict").rows, after.rows);
	assert_int_equal(late_of("strict").healed, after.healed);
	LK(0, "not kept", "", "late", "strict");
	LK(1, "late events explain all differences", "", "compare", "strict", "--no-costs");
}

static void serve_kappa(const char *view) {
	lk_error err = {0};
	int64_t retired, from = test_world_copy(&world, view)->id;
	const lk_cat_copy *copy = test_world_kappa(&world, view);
	test_ok(lk_pg_run(&world.pg, &err, "BEGIN"), &err);
	test_ok(lk_copy_serve(&world.pg, copy->version->view->id, from, copy->id, &retired, &err), &err);
	test_ok(lk_pg_run(&world.pg, &err, "COMMIT"), &err);
	test_world_reload(&world);
}

static void seal(const char *view, int64_t compact_rows) {
	lk_error err = {0};
	lk_batch_report report;
	const lk_seal_options o = {.compact_rows = compact_rows};
	test_world_speed_once(&world, view);
	test_ok(lk_seal_run(&world.pg, world.store, test_world_copy(&world, view), &o, &report, &err), &err);
	test_world_reload(&world);
}

/* I3 */
static void late_events_of_kappa_are_removed_with_their_windows(void **unused) {
	(void)unused;
	begin("CREATE VIEW kept WITH (allowed_lateness = '1 s') AS SELECT n, count(*) AS hits FROM hits GROUP BY n, tumble(ts, '10 s');"
	      "CREATE VIEW expired WITH (allowed_lateness = '1 s', retention = '6 hours') AS SELECT n, count(*) AS hits FROM hits GROUP BY n, hop(ts, '10 s', '20 s');"
	      "CREATE VIEW visits WITH (allowed_lateness = '1 s', retention = '6 hours') AS SELECT n, count(*) AS hits FROM hits GROUP BY n, session(ts, '10 s');");
	static const char *const views[] = {"kept", "expired", "visits"};
	for (int i = 0; i < 6; i++)
		append(20000, 500);
	for (int i = 0; i < 3; i++) {
		serve_kappa(views[i]);
		test_sql(&world.pg, "UPDATE lk.copy SET dropped = true WHERE mode = 'lambda' AND version_id = %lld",
		         (long long)test_world_copy(&world, views[i])->version->id);
	}
	test_sql(&world.pg, "UPDATE lk.view SET former_copy = NULL");
	for (int i = 0; i < 3; i++)
		seal(views[i], 0);
	struct late before[3], after[3];
	for (int i = 0; i < 3; i++)
		before[i] = late_of(views[i]);
	keep_house(&little);
	for (int i = 0; i < 3; i++) {
		after[i] = late_of(views[i]);
		assert_true(after[i].reported == before[i].reported && after[i].late == before[i].late);
		assert_true((after[i].removed > 0) == (i == 1));
		LK(1, "late events explain all differences", "", "compare", views[i], "--no-costs");
	}
}

static void closed_cuts_go_and_what_names_them_stays(void **unused) {
	(void)unused;
	begin("CREATE VIEW a AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '10 s');"
	      "CREATE VIEW b AS SELECT n, sum(n) AS total FROM hits GROUP BY n;");
	LK(0, "", "", "replay", "a");
	serve_kappa("b");
	for (int i = 0; i < 12; i++) {
		append(40, 500);
		test_world_batch(&world, "a");
		seal("b", 1000000);
		keep_house(&little);
	}
	assert_int_equal(number("SELECT count(*) FROM lk.cut JOIN lk.view ON copy_id = served_copy WHERE name = 'a'"), 3 + 1);
	assert_int_equal(number("SELECT count(*) FROM lk.batch JOIN lk.view ON copy_id = served_copy WHERE name = 'a'"), 3 + 1);
	assert_int_equal(number("SELECT count(*) FROM lk.replay JOIN lk.cut USING (cut_id)"), 1);
	assert_int_equal(number("SELECT count(*) FROM lk.cut_part WHERE cut_id NOT IN (SELECT cut_id FROM lk.cut)"), 0);
	/* the seal that made the table, and the number of rows after each seal */
	assert_int_equal(number("SELECT count(*) FROM lk.batch JOIN lk.view ON copy_id = served_copy WHERE name = 'b'"), 3 + 1 + 1);
	assert_int_equal(number("SELECT max(table_rows) FROM lk.batch WHERE path = 'seal'"), 12 * 7);
	append(40, 500);
	seal("b", 1);
	assert_int_equal(number("SELECT max(cells) FROM lk.batch JOIN lk.copy USING (copy_id, batch_table) WHERE path = 'seal'"), 7);
	LK(0, "", "", "status");
	lk_query a = test_query("a"), b = test_query("b");
	test_world_same(&world, &a);
	test_world_same(&world, &b);
}

static void declare_anew(int i) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "CREATE VIEW a WITH (allowed_lateness = '1 s') AS SELECT path, sum(n + %d) AS total FROM hits GROUP BY path, tumble(ts, '10 s');", i);
	test_world_declare(&world, sql.data);
	lk_buf_release(&sql);
}

/* I7: a process that still uses the id of a removed copy changes nothing. */
static void dropped_copies_and_old_versions_are_removed(void **unused) {
	(void)unused;
	lk_error err = {0};
	lk_cut cut;
	lk_batch_report report;
	begin("");
	declare_anew(0);
	const lk_cat_copy *old = test_world_copy(&world, "a");
	test_world_speed_once(&world, "a");
	for (int i = 1; i < 8; i++) {
		append(10, 500);
		test_world_batch(&world, "a");
		declare_anew(i);
		lk_batch_run(&world.pg, &world.catalog->copies[world.catalog->ncopies - 1], &report, &err);
		test_ok(err.code, &err);
		test_world_reload(&world);
	}
	assert_int_equal(number("SELECT count(*) FROM lk.copy WHERE dropped"), 6);
	assert_int_equal(number("SELECT count(*) FROM lk.version"), 8);
	keep_house(&little);
	assert_int_equal(number("SELECT count(*) FROM lk.copy WHERE dropped"), 2);
	assert_int_equal(number("SELECT count(*) FROM lk.copy"), 4);
	assert_int_equal(number("SELECT count(*) FROM lk.version"), 4);
	assert_int_equal(number("SELECT count(*) FROM lk.unit"), 8);
	assert_int_equal(number("SELECT max(number) FROM lk.version"), 8);
	assert_false(lk_unit_is_live(&world.pg, old->units[0]));
	assert_int_equal(lk_batch_run(&world.pg, old, &report, &err), LK_ECONFLICT);
	lk_error_clear(&err);
	assert_int_equal(lk_cut_make(&world.pg, &(lk_cut_for){old->version->reads, old->id, "test"}, &cut, &err), LK_ECONFLICT);
	lk_error_clear(&err);
	assert_int_equal(lk_copy_make(&world.pg, old->version, &(lk_copy_spec){.kappa = true, .state = LK_COPY_BUILDING}, &(int64_t){0}, &err), LK_ECONFLICT);
	keep_house(&(lk_keep){.copies = 0, .versions = 8});
	assert_int_equal(number("SELECT count(*) FROM lk.copy"), 2);
	assert_int_equal(number("SELECT count(*) FROM lk.version WHERE was_served"), 4);
	lk_query q = test_query("a");
	test_world_same(&world, &q);
}

static void rows_that_are_needed_meanwhile_stay(void **unused) {
	(void)unused;
	lk_pg other;
	begin("");
	for (int i = 0; i < 4; i++)
		declare_anew(i);
	test_sql(&world.pg, "UPDATE lk.copy SET dropped = true WHERE copy_id <> (SELECT served_copy FROM lk.view)");
	test_open(&other, &lk.servers);
	test_sql(&other, "BEGIN");
	test_sql(&other, "INSERT INTO lk.copy (version_id, mode, state) SELECT version_id, 'kappa', 'building' FROM lk.version WHERE number = 2");
	const lk_keep none = {0};
	keep_house(&none);
	test_sql(&other, "COMMIT");
	keep_house(&none);
	assert_int_equal(number("SELECT count(*) FROM lk.version WHERE number IN (1, 2)"), 2);
	assert_int_equal(number("SELECT count(*) FROM lk.version WHERE number > 2"), 0);
	lk_pg_close(&other);
}

/* --- everything, again and again --- */

static void do_everything(int round) {
	lk_error err = {0};
	lk_cut cut;
	const lk_cat_stream *s = &world.catalog->streams[0];
	append(6, 3);
	test_sql(&world.pg, "INSERT INTO lk.rejected (stream_id, source, reason) SELECT stream_id, 's', 'r' FROM lk.stream, generate_series(1, 3)");
	if (round % 4 == 0)
		declare_anew(round);
	test_world_batch(&world, "a");
	for (int i = 0; i < world.catalog->ncopies; i++) {
		lk_batch_report report;
		if (world.catalog->copies[i].id != test_world_copy(&world, "a")->id && !world.catalog->copies[i].kappa)
			test_ok(lk_batch_run(&world.pg, &world.catalog->copies[i], &report, &err), &err);
	}
	test_world_reload(&world);
	if (round % 10 == 0) {
		test_world_speed_once(&world, "a");
		const lk_cat_copy *k = test_world_kappa(&world, "a");
		test_ok(lk_cut_make(&world.pg, &(lk_cut_for){s, k->id, "replay"}, &cut, &err), &err);
		test_ok(lk_replay_begin(&world.pg, k->id, &cut, 0, &err), &err);
		test_ok(lk_copy_drop(&world.pg, k->id, &err), &err);
	}
	test_ok(lk_cut_make(&world.pg, &(lk_cut_for){s, test_world_copy(&world, "a")->id, "test"}, &cut, &err), &err);
	test_ok(lk_cut_abandon(&world.pg, test_world_copy(&world, "a")->id, "test", &err), &err);
	test_ok(lk_housekeep(&world.pg, world.catalog, &little, &err), &err);
	test_world_reload(&world);
}

/* Rows of the tables of schema lk, except the log and the sources, whose names are kept; and the number of tables. */
static void measure(void) {
	lk_error err = {0};
	test_ok(lk_store_sweep(world.store, lk_unit_is_live, &world.pg, &err), &err);
	test_sql(&world.pg, "DROP TABLE IF EXISTS public.sizes_now");
	test_sql(&world.pg, "CREATE TABLE public.sizes_now AS SELECT relname::text AS name, (xpath('/row/n/text()', query_to_xml(format("
	         "'SELECT count(*) AS n FROM lk.%%I', relname), false, true, '')))[1]::text::bigint AS n FROM pg_class"
	         " WHERE relnamespace = 'lk'::regnamespace AND relkind = 'r' AND relname !~ '^(part_|batch_[0-9]|source$)'"
	         " UNION ALL SELECT 'tables', count(*) FROM pg_class WHERE relnamespace = 'lk'::regnamespace");
}

static void nothing_grows(void **unused) {
	(void)unused;
	int rounds = test_rounds("ROUNDS", 100);
	rounds = rounds < 40 ? 40 : rounds;
	begin("");
	declare_anew(-1);
	for (int i = 0; i < rounds; i++) {
		if (i == rounds / 2) {
			measure();
			test_sql(&world.pg, "CREATE TABLE public.sizes_half AS TABLE public.sizes_now");
		}
		do_everything(i);
	}
	measure();
	char *grown = test_ask(&lk, "SELECT coalesce(string_agg(format('%s: %s, then %s', name, h.n, n.n), E'\\n'), '')"
	                            " FROM public.sizes_now n JOIN public.sizes_half h USING (name) WHERE n.n > h.n + 20", NULL);
	test_sql(&world.pg, "DROP TABLE public.sizes_now, public.sizes_half");
	assert_string_equal(grown, "");
	assert_true(number("SELECT count(*) FROM lk.cut") < 120);
	lk_query q = test_query("a");
	test_world_same(&world, &q);
	free(grown);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_newest_rejected_lines_are_kept),
		cmocka_unit_test(late_events_below_the_cut_are_removed),
		cmocka_unit_test(late_events_of_kappa_are_removed_with_their_windows),
		cmocka_unit_test(closed_cuts_go_and_what_names_them_stays),
		cmocka_unit_test(dropped_copies_and_old_versions_are_removed),
		cmocka_unit_test(rows_that_are_needed_meanwhile_stay),
		cmocka_unit_test(nothing_grows),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
