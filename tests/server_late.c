/* Late events as `lk late` shows them, against those that PostgreSQL finds in the log by the rule itself, for every
 * kind of window; and the command with its formats. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "event_log/late_report.h"
#include "tests/support/fixtures.h"

static test_program lk;
static test_world world;

#define EPOCH "timestamptz '1970-01-01 00:00:00+00'"

/* window: as in GROUP BY; until: the end of an event's pane or, for a session, its own time + gap. */
static const struct kind {
	const char *window, *until;
} kinds[] = {
	{"tumble(ts, '1 minute')", "date_bin('1 minute', ts, " EPOCH ") + interval '1 minute'"},
	{"tumble(ts, '1 minute', '20 s')", "date_bin('1 minute', ts, " EPOCH " + interval '20 s') + interval '1 minute'"},
	{"hop(ts, '20 s', '1 minute')", "date_bin('20 s', ts, " EPOCH ") + interval '20 s'"},
	{"cumulate(ts, '1 minute', '5 minutes')", "date_bin('1 minute', ts, " EPOCH ") + interval '1 minute'"},
	{"session(ts, '30 s')", "ts + interval '30 s'"},
	{"tumble(ts, '1 day', 'Europe/Berlin')", "(date_trunc('day', ts AT TIME ZONE 'Europe/Berlin') + interval '1 day') AT TIME ZONE 'Europe/Berlin'"},
};

static void declare(const struct kind *k, int lateness_s) {
	lk_buf sql = LK_BUF_INIT;
	test_world_empty(&world);
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, ip text, path text, status int, f double precision)"
	                           " WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '5 s');");
	lk_buf_addf(&sql, "CREATE VIEW strict WITH (allowed_lateness = '%d s') AS SELECT path, count(*) AS n FROM hits WHERE status < 400"
	                  " GROUP BY path, %s;", lateness_s, k->window);
	test_world_declare(&world, sql.data);
	lk_buf_release(&sql);
}

/* Two seconds apart, from shortly before midnight in Berlin on; one in four is up to ten minutes late. */
static void append(unsigned long *s, int first, int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = first; i < first + n; i++) {
		int64_t back = test_random(s) % 4 ? test_random(s) % 4 : test_random(s) % 600;
		lk_buf_adds(&lines, "{\"ts\":\"");
		lk_time_print(INT64_C(1577832900000000) + (2 * i - back) * LK_US_PER_S + (int64_t)(test_random(s) % 1000) * 1000, &lines);
		lk_buf_addf(&lines, "\",\"ip\":\"%lu\",\"path\":\"/%lu\",\"status\":%d,\"f\":%d.5}\n", test_random(s) % 9, test_random(s) % 3,
		            test_random(s) % 5 ? 200 : 404, i);
	}
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* The late events by the rule: part, off, watermark, late by, newest first. */
static PGresult *by_the_rule(const struct kind *k, int lateness_s) {
	lk_buf sql = LK_BUF_INIT;
	lk_error err = {0};
	PGresult *res = NULL;
	lk_buf_addf(&sql,
		"WITH e AS (SELECT part, off, _at, status, f, max(least(ts, _at + interval '1 day')) OVER (PARTITION BY part ORDER BY off"
		" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) - interval '5 s' AS wm, %s + interval '%d s' AS until FROM lk.log_hits)"
		" SELECT part, off, " LK_SQL_US("wm") ", " LK_SQL_US("wm") " - " LK_SQL_US("until") ", f FROM e"
		" WHERE until <= wm AND status < 400 ORDER BY _at DESC, part, off DESC", k->until, lateness_s);
	if (lk_pg_query(&world.pg, &res, &err, sql.data))
		fail_msg("%s", err.text);
	lk_buf_release(&sql);
	return res;
}

static void is_by_the_rule(const struct kind *k, int lateness_s, int limit) {
	const lk_cat_copy *copy = test_world_copy(&world, "strict");
	lk_late_report r;
	lk_error err = {0};
	int64_t in_buckets = 0, healed = 0;
	if (lk_late_report_read(&world.pg, &(lk_late_wanted){copy, limit, (const int[]){3, 4}, 2}, &r, &err))
		fail_msg("%s", err.text);
	PGresult *want = by_the_rule(k, lateness_s);
	assert_int_equal(r.events, PQntuples(want));
	assert_int_equal(r.nnewest, r.events < limit ? r.events : limit);
	for (int i = 0; i < r.nnewest; i++) {
		const lk_late_event *e = &r.newest[i];
		assert_int_equal(e->part, lk_pg_int(want, i, 0));
		assert_int_equal(e->off, lk_pg_int(want, i, 1));
		assert_int_equal(e->watermark, lk_pg_int(want, i, 2));
		assert_int_equal(e->late_by_us, lk_pg_int(want, i, 3));
		assert_int_equal(e->values[0].i, 200);
		assert_true(e->values[1].d == strtod(PQgetvalue(want, i, 4), NULL));
		assert_int_equal(e->healed, e->off < copy->cut.part[e->part].off);
	}
	for (int i = 0; i < LK_LATE_BUCKETS; i++) {
		int64_t n = 0;
		const lk_late_bucket *b = &r.buckets[i];
		for (int j = 0; j < PQntuples(want); j++)
			n += b->from_us <= lk_pg_int(want, j, 3) && lk_pg_int(want, j, 3) < b->to_us;
		assert_int_equal(b->events, n);
		in_buckets += n;
		healed += b->healed;
	}
	assert_int_equal(in_buckets, r.events);
	assert_int_equal(healed, r.healed);
	for (int i = 0, n = 0; i < PQntuples(want); i++) {
		n += lk_pg_int(want, i, 1) < copy->cut.part[lk_pg_int(want, i, 0)].off;
		if (i + 1 == PQntuples(want))
			assert_int_equal(r.healed, n);
		assert_in_range(lk_pg_int(want, i, 3), r.least_us, r.most_us);
	}
	PQclear(want);
	lk_late_report_release(&r);
}

/* P10, P11 */
static void what_is_shown_is_what_the_rule_says(void **state) {
	(void)state;
	unsigned long s = test_seed("late");
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		int lateness_s = (int)(test_random(&s) % 3) * 20;
		declare(&kinds[i], lateness_s);
		append(&s, 0, 200);
		append(&s, 200, 200);
		test_world_speed_once(&world, "strict");
		is_by_the_rule(&kinds[i], lateness_s, 1000000);
		test_world_batch(&world, "strict");
		append(&s, 400, 200);
		test_world_speed_once(&world, "strict");
		test_world_reload(&world);
		is_by_the_rule(&kinds[i], lateness_s, 1000000);
		is_by_the_rule(&kinds[i], lateness_s, 7);
		is_by_the_rule(&kinds[i], lateness_s, 0);
	}
}

/* --- the command --- */

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, status int) WITH (event_time = ts, partition_by = ip);"
	"CREATE VIEW strict WITH (allowed_lateness = '10 s') AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW steps WITH (allowed_lateness = '0 s') AS SELECT count(*) AS n FROM hits GROUP BY hop(ts, '20 s', '1 minute');"
	"CREATE VIEW visits WITH (allowed_lateness = '0 s') AS SELECT ip, count(*) AS n FROM hits GROUP BY ip, session(ts, '20 s');"
	"CREATE VIEW patient AS SELECT path, count(*) AS n FROM hits GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW whole AS SELECT count(*) AS n FROM hits;";
static const char events[] =
	"{\"ts\":\"2020-01-01T00:00:30Z\",\"ip\":\"a\",\"path\":\"/\",\"status\":200}\n"
	"{\"ts\":\"2020-01-01T00:05:00Z\",\"ip\":\"a\",\"path\":\"/\",\"status\":200}\n"
	"{\"ts\":\"2020-01-01T00:00:40Z\",\"ip\":\"a\",\"path\":\"/late\",\"status\":null}\n"
	"{\"ts\":\"2020-01-01T00:03:59Z\",\"ip\":\"a\",\"path\":\"/x, \\\"y\\\"\",\"status\":404}\n";

static void the_command(void **state) {
	(void)state;
	test_world_empty(&world);
	char *sql = test_file(&lk, "def.sql", definitions), *lines = test_file(&lk, "events.jsonl", events);
	LK(0, "", "", "apply", sql);
	LK(0, "0 late events of strict", "", "late", "strict");
	LK(0, "", "", "ingest", "hits", lines);
	LK(0, "", "late", "speed", "--once");
	LK(0, "refused:   2, counted by the batch since: 0", "", "late", "strict");
	assert_non_null(strstr(lk.out, "late:      when the watermark of its partition has come to the end of an event's window of 1 min + 10 s"));
	assert_non_null(strstr(lk.out, "  below 1 min             1  ########################################\n"
	                               "  below 10 min            1  ########################################\n"));
	/* 5:00 - the end of the pane, 4:00 - 10 s. */
	LK(0, "{\"part\":0,\"off\":3,\"_at\":", "2 late events", "late", "strict", "--format", "jsonl");
	assert_non_null(strstr(lk.out, ",\"event_time\":\"2020-01-01T00:03:59Z\",\"window_start\":\"2020-01-01T00:03:00Z\","
	                               "\"window_end\":\"2020-01-01T00:04:00Z\",\"windows\":1,\"watermark\":\"2020-01-01T00:05:00Z\","
	                               "\"late_by_us\":50000000,\"healed\":false,\"event\":{\"path\":\"/x, \\\"y\\\"\"}}\n"));
	LK(0, ",50000000,false,404,\"/x, \"\"y\"\"\"\r\n", "1 late event of strict, version 1, lambda, the newest", "late", "strict", "--limit", "1",
	   "--columns", "status,path", "--format", "csv");
	assert_non_null(strstr(lk.out, "part,off,_at,event_time,window_start,window_end,windows,watermark,late_by_us,healed,event.status,event.path\r\n"));
	LK(0, ",230000000,false,2020-01-01T00:00:40Z,a,/late,\r\n", "", "late", "strict", "--columns", "all", "--format", "csv");
	LK(0, "\"refused\":2,\"healed\":0,\"histogram\":[", "", "late", "strict", "--format", "json", "--limit", "0");
	LK(0, "\"events\":[]}", "", "late", "strict", "--format", "json", "--limit", "0");
	LK(0, "late events of strict, version 1, lambda\nlate:", "", "late", "strict", "--limit", "0");
	/* The pane of 20 s that begins at 3:40 is in three windows, from 3:00 to 4:40. */
	LK(0, "\"window_start\":\"2020-01-01T00:03:00Z\",\"window_end\":\"2020-01-01T00:04:40Z\",\"windows\":3", "", "late", "steps", "--limit", "1",
	   "--format", "jsonl");
	LK(0, "the end of an event's pane of 20 s\n", "", "late", "steps");
	assert_non_null(strstr(lk.out, " windows "));
	LK(0, "an event's time + 20 s\n", "", "late", "visits");
	LK(0, "\"window_end\":\"2020-01-01T00:04:19Z\",\"windows\":1", "", "late", "visits", "--limit", "1", "--format", "jsonl");
	LK(0, "", "", "batch", "strict");
	LK(0, "refused:   2, counted by the batch since: 2", "", "late", "strict");
	assert_non_null(strstr(lk.out, "========"));
	assert_null(strstr(lk.out, "##"));
	LK(0, "", "", "mode", "strict", "kappa");
	LK(0, "refused:   2; a kappa copy never counts them", "", "late", "strict");
	LK(0, "\"mode\":\"kappa\"", "", "late", "strict", "--format", "json");
	assert_non_null(strstr(lk.out, "\"refused\":2,\"healed\":0"));
	LK(0, "", "", "batch", "strict");                    /* a seal heals nothing */
	LK(0, "\"refused\":2,\"healed\":0", "", "late", "strict", "--format", "json");
	free(sql);
	free(lines);
}

static void nothing_is_late(void **state) {
	(void)state;
	test_world_empty(&world);
	char *sql = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", sql);
	LK(0, "every event counts, however late", "", "late", "patient");
	LK(0, "\"allowed_lateness_us\":null,\"refused\":0", "", "late", "patient", "--format", "json");
	LK(0, "", "every event counts, however late", "late", "patient", "--format", "csv");
	LK(0, "the view has no windows", "", "late", "whole");
	LK(2, "", "did you mean strict?", "late", "stict");
	LK(2, "", "did you mean path?", "late", "strict", "--columns", "pth");
	LK(2, "", "its columns: ts, ip, path, status", "late", "strict", "--columns", "ts,nothing_like_it");
	LK(2, "", "no copy 77", "late", "strict", "--copy", "77");
	LK(2, "", "has no version 9", "late", "strict", "--version", "9");
	LK(2, "", "leave --version out", "late", "strict", "--version", "1", "--copy", "3");
	LK(2, "", "--limit", "late", "strict", "--limit", "-1");
	LK(2, "", "did you mean --limit", "late", "strict", "--limt", "1");
	LK(2, "", "table, json, jsonl, csv", "late", "strict", "--format", "xml");
	LK(2, "", "needs VIEW", "late");
	free(sql);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shown_is_what_the_rule_says),
		cmocka_unit_test(the_command),
		cmocka_unit_test(nothing_is_late),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
