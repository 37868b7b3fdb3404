/* Which rows of an answer are final, in every format. With idle_timeout more rows are final, but provisionally, and
 * nothing else changes. A test makes partitions quiet: it moves the times that the log has of them, before anything has
 * read the log. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "core/time.h"
#include "plan/watermark.h"
#include "tests/support/fixtures.h"

static test_program lk;
static test_world world;

enum { PARTS = 3 };
#define MINUTE (60 * LK_US_PER_S)
#define TEN_O_CLOCK INT64_C(1577872800000000)   /* 2020-01-01 */

/* A key of this partition. */
static const char *key_of(int part) {
	static char keys[PARTS][4];
	for (int i = 0; i < 100 && !keys[part][0]; i++) {
		char key[4];
		lk_value v = lk_text(key, (size_t)snprintf(key, sizeof key, "k%d", i));
		if (lk_partition_of((lk_type){.kind = LK_TEXT}, &v, PARTS) == part)
			snprintf(keys[part], sizeof keys[part], "%s", key);
	}
	return keys[part];
}

static void declare(const char *options, const char *views) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "CREATE TABLE hits (ts timestamptz, k text) WITH (event_time = ts, partition_by = k, partitions = %d%s);", PARTS, options);
	test_world_declare(&world, sql.data);
	if (*views)
		test_world_declare(&world, views);
	lk_buf_release(&sql);
}

/* One event at these minutes and seconds after ten. */
static void append(int part, int minute, int second) {
	lk_buf line = LK_BUF_INIT;
	lk_buf_adds(&line, "{\"ts\":\"");
	lk_time_print(TEN_O_CLOCK + minute * MINUTE + second * LK_US_PER_S, &line);
	lk_buf_addf(&line, "\",\"k\":\"%s\"}\n", key_of(part));
	test_world_append_json(&world, "hits", line.data);
	lk_buf_release(&line);
}

/* As if all events of the partition had come two days earlier. */
static void make_quiet(int part) {
	char sql[300];
	snprintf(sql, sizeof sql, "UPDATE lk.log_hits SET _at = _at - interval '2 days' WHERE part = %d;"
	         " UPDATE lk.tail SET last_at = last_at - interval '2 days' WHERE part = %d", part, part);
	test_world_run(&world, sql);
}

static const char by_minute[] = "CREATE VIEW strict WITH (allowed_lateness = '0 s') AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 minute');";

static int64_t minutes(int64_t t) { return t == LK_NEVER ? -1 : (t - TEN_O_CLOCK) / MINUTE; }

/* Idle partitions as a text of 0 and 1; final_to and watermark in minutes after ten, -1: none. */
static void answer_is(const char *idle, int64_t final_to, bool provisional, int64_t watermark) {
	lk_query q = test_query("strict");
	lk_answer a;
	char got[PARTS + 1] = "";
	test_world_answer(&world, &q, &a);
	for (int p = 0; p < PARTS; p++)
		got[p] = a.part[p].idle ? '1' : '0';
	assert_string_equal(got, idle);
	assert_int_equal(minutes(a.final_to), final_to);
	assert_int_equal(a.provisional, provisional);
	assert_int_equal(minutes(a.watermark), watermark);
	for (size_t i = 0; i < a.nrows; i++)
		assert_int_equal(lk_answer_is_final(&a, a.rows[i]), a.final_to != LK_NEVER && lk_answer_span(&a, a.rows[i]).end <= a.final_to);
	lk_answer_release(&a);
}

static int64_t rows_at(int minute, bool *final) {
	lk_query q = test_query("strict");
	lk_answer a;
	lk_value n = lk_int(0);
	q.from = TEN_O_CLOCK + minute * MINUTE;
	q.to = q.from + MINUTE;
	test_world_answer(&world, &q, &a);
	*final = a.nrows && lk_answer_is_final(&a, a.rows[0]);
	if (a.nrows)
		lk_answer_value(&a, a.rows[0], 0, &n);
	assert_int_equal(a.late, 0);
	lk_answer_release(&a);
	return n.i;
}

static void idle_partitions_are_left_out(void **state) {
	(void)state;
	test_world_empty(&world);
	declare("", by_minute);
	append(0, 10, 0);
	append(1, 2, 30);
	make_quiet(1);
	test_world_speed_once(&world, "strict");
	answer_is("000", -1, false, -1);                     /* partition 2 has had no event, and holds all others back */
	declare(", idle_timeout = '1 day'", "");
	answer_is("011", 10, true, -1);
	append(2, 5, 0);
	test_world_speed_once(&world, "strict");
	answer_is("010", 5, true, 2);
	declare(", idle_timeout = '10 days'", "");
	answer_is("000", 2, false, 2);
	declare(", idle_timeout = '0 s'", "");
	answer_is("000", 2, false, 2);
	declare(", idle_timeout = '1 us'", "");
	answer_is("111", 10, true, 2);                       /* all are idle: the one furthest ahead counts */
}

/* A partition whose events have not been read is behind, not idle. */
static void a_partition_that_is_behind_is_not_idle(void **state) {
	(void)state;
	test_world_empty(&world);
	declare(", idle_timeout = '1 day'", by_minute);
	append(0, 10, 0);
	append(2, 9, 0);
	append(1, 2, 30);
	make_quiet(1);
	answer_is("000", -1, false, -1);                     /* nothing has been read yet */
	test_worker t;
	test_worker_open(&t, &world, "strict");
	for (int part = 0; part < PARTS; part += 2)
		while (test_worker_step(&t, part, 1000) > 0) {}
	answer_is("000", -1, false, -1);
	while (test_worker_step(&t, 1, 1000) > 0) {}
	answer_is("010", 9, true, 2);
	test_worker_close(&t);
	lk_query q = test_query("strict");
	q.layer = LK_LAYER_BATCH;
	lk_answer a;
	test_world_answer(&world, &q, &a);
	assert_true(a.final_to == LK_NEVER && !a.provisional);
	lk_answer_release(&a);
}

/* P11: a final row stays; a provisional one may change: the partition wakes up, and its event is in time. */
static void a_provisional_window_may_change(void **state) {
	(void)state;
	bool final;
	test_world_empty(&world);
	declare(", idle_timeout = '1 day'", by_minute);
	append(0, 10, 0);
	append(0, 4, 0);                                     /* late: 10:05 <= 10:10 */
	append(1, 4, 10);
	append(2, 11, 0);
	make_quiet(1);
	test_world_speed_once(&world, "strict");
	answer_is("010", 10, true, 4);
	test_world_run(&world, "DELETE FROM lk.late");
	assert_int_equal(rows_at(4, &final), 1);
	assert_true(final);
	append(1, 4, 50);
	test_world_speed_once(&world, "strict");
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.late"), 0);
	assert_int_equal(rows_at(4, &final), 2);
	assert_false(final);
	answer_is("000", 4, false, 4);
}

static void digest_of(const char *view, char out[33]) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	lk_answer_digest(&a, out);
	lk_answer_release(&a);
}

/* P9, P11: the same events with and without idle_timeout: the same events are late, the same cells are kept and
 * removed, batches and seals are the same. */
static void nothing_else_depends_on_it(void **state) {
	(void)state;
	static const char *const options[] = {"", ", idle_timeout = '1 us'"};
	static const char brief[] = "CREATE VIEW brief WITH (retention = '3 minutes') AS SELECT k, count(*) AS n FROM hits GROUP BY k, tumble(ts, '1 minute');";
	enum { ROUNDS = 3, SEALED = 2 * ROUNDS, DIGESTS };
	char digest[2][DIGESTS][33], late[2][4000];
	unsigned long seed = test_seed("final");
	for (int k = 0; k < 2; k++) {
		unsigned long s = seed;
		lk_query q = test_query("strict");
		test_world_empty(&world);
		declare(options[k], by_minute);
		test_world_declare(&world, brief);
		for (int round = 0; round < ROUNDS; round++) {
			lk_answer a;
			for (int i = 0; i < 12; i++)
				append(i < PARTS ? i : (int)(test_random(&s) % PARTS), round * 5 + (int)(test_random(&s) % 8), (int)(test_random(&s) % 60));
			append(0, 0, 0);                             /* late from the second round on */
			test_world_speed_once(&world, "strict");
			test_world_speed_once(&world, "brief");
			test_world_same(&world, &q);
			digest_of("brief", digest[k][ROUNDS + round]);
			if (round == 1)
				test_world_batch(&world, "strict");
			test_world_answer(&world, &q, &a);
			lk_answer_digest(&a, digest[k][round]);
			assert_true(a.watermark != LK_NEVER);
			assert_int_equal(a.final_to != lk_final_to(a.plan, a.watermark), a.provisional);
			assert_true(k || !a.provisional);
			lk_answer_release(&a);
		}
		char *text = test_ask(&lk, "SELECT string_agg(concat_ws(' ', part, off, watermark), ',' ORDER BY part, off) FROM lk.late", ARGS(NULL));
		snprintf(late[k], sizeof late[k], "%s", text);
		free(text);
		LK(0, "", "switched", "mode", "strict", "kappa");
		LK(0, "", "seal", "batch", "strict");
		test_world_reload(&world);
		digest_of("strict", digest[k][SEALED]);
	}
	assert_string_equal(late[0], late[1]);
	assert_true(strlen(late[0]) > 0);
	for (int i = 0; i < DIGESTS; i++)
		assert_string_equal(digest[0][i], digest[1][i]);
}

/* --- marks --- */

static const char kinds[] =
	"CREATE VIEW strict WITH (allowed_lateness = '1 minute') AS SELECT k, count(*) AS n FROM hits GROUP BY k, tumble(ts, '1 minute');"
	"CREATE VIEW hops WITH (allowed_lateness = '1 minute') AS SELECT k, count(*) AS n FROM hits GROUP BY k, hop(ts, '1 minute', '3 minutes');"
	"CREATE VIEW steps WITH (allowed_lateness = '1 minute') AS SELECT k, count(*) AS n FROM hits GROUP BY k, cumulate(ts, '1 minute', '5 minutes');"
	"CREATE VIEW visits WITH (allowed_lateness = '1 minute') AS SELECT k, count(*) AS n FROM hits GROUP BY k, session(ts, '1 minute');"
	"CREATE VIEW patient AS SELECT k, count(*) AS n FROM hits GROUP BY k, tumble(ts, '1 minute');"
	"CREATE VIEW whole AS SELECT count(*) AS n FROM hits;";

static void marks(const char *view, const char *jsonl_final, const char *jsonl_open) {
	LK(0, "\"_final\":true}\n", "", "query", view, "--format", "jsonl");
	assert_non_null(strstr(lk.out, jsonl_final));
	assert_non_null(strstr(lk.out, jsonl_open));
	LK(0, ",n,_final\r\n", "", "query", view, "--format", "csv");
	assert_non_null(strstr(lk.out, ",1,true\r\n"));
	assert_non_null(strstr(lk.out, ",1,false\r\n"));
	LK(0, " final\n", "", "query", view);
	assert_non_null(strstr(lk.out, " 1 yes\n"));
	assert_non_null(strstr(lk.out, " 1 open\n"));
	LK(0, "\"_final\":true}", "", "query", view, "--format", "json");
}

/* The watermark is at 10:08 - 1 minute. */
static void every_row_says_whether_it_is_final(void **state) {
	(void)state;
	test_world_empty(&world);
	declare("", kinds);
	for (int minute = 0; minute <= 8; minute += 2)
		for (int part = 0; part < PARTS; part++)
			append(part, minute, 0);
	LK(0, "", "", "speed", "--once");
	marks("strict", "\"window_end\":\"2020-01-01T10:07:00Z\",\"k\":\"k0\",\"n\":1,\"_final\":true}",
	      "\"window_end\":\"2020-01-01T10:09:00Z\",\"k\":\"k0\",\"n\":1,\"_final\":false}");
	marks("hops", "\"window_end\":\"2020-01-01T10:07:00Z\",\"k\":\"k0\",\"n\":2,\"_final\":true}",
	      "\"window_end\":\"2020-01-01T10:08:00Z\",\"k\":\"k0\",\"n\":1,\"_final\":false}");
	marks("steps", "\"window_end\":\"2020-01-01T10:07:00Z\",\"k\":\"k0\",\"n\":1,\"_final\":true}",
	      "\"window_end\":\"2020-01-01T10:08:00Z\",\"k\":\"k0\",\"n\":1,\"_final\":false}");
	/* The session of 10:04 ends at 10:05 and is final at 10:06 + 1 minute; that of 10:06 would need 10:09. */
	marks("visits", "\"window_end\":\"2020-01-01T10:05:00Z\",\"k\":\"k0\",\"n\":1,\"_final\":true}",
	      "\"window_end\":\"2020-01-01T10:07:00Z\",\"k\":\"k0\",\"n\":1,\"_final\":false}");
	LK(0, "\"_final\":true}\n", "", "query", "strict", "--window", "3min", "--format", "jsonl");
	assert_non_null(strstr(lk.out, "\"window_end\":\"2020-01-01T10:09:00Z\",\"k\":\"k0\",\"n\":2,\"_final\":false}"));
	const char *const unmarked[] = {"patient", "whole"};
	for (int i = 0; i < 2; i++) {
		LK(0, "", "", "query", unmarked[i], "--format", "jsonl");
		assert_null(strstr(lk.out, "_final"));
		LK(0, "", "", "query", unmarked[i], "--format", "csv");
		assert_null(strstr(lk.out, "_final"));
		LK(0, "", "", "query", unmarked[i]);
		assert_null(strstr(lk.out, "final"));
	}
}

static void provisional_is_said(void **state) {
	(void)state;
	test_world_empty(&world);
	declare(", idle_timeout = '1 day'", kinds);
	append(0, 4, 0);
	append(0, 8, 0);
	append(1, 2, 0);
	append(1, 8, 0);
	append(2, 4, 30);
	make_quiet(2);
	LK(0, "", "", "speed", "--once");
	/* Surely final up to 10:03:30, and up to 10:07 unless partition 2 wakes up. */
	LK(0, "watermark: 2020-01-01T10:04:30Z; final to: 2020-01-01T10:07:00Z (provisional: 1 of 3 partitions idle); late: 0", "", "query", "strict");
	assert_non_null(strstr(lk.out, " 1 yes\n"));
	assert_non_null(strstr(lk.out, " 1 provisional\n"));
	assert_non_null(strstr(lk.out, " 1 open\n"));
	LK(0, "\"watermark\":\"2020-01-01T10:04:30Z\",\"final_to\":\"2020-01-01T10:07:00Z\",\"provisional\":true,\"idle\":[2],", "", "query", "strict",
	   "--format", "json");
	LK(0, "yes\n", "", "status", "strict");
	assert_non_null(strstr(lk.out, "LAST APPEND"));
	LK(0, "\"idle\":true}]}", "", "status", "strict", "--format", "json");
	assert_non_null(strstr(lk.out, "\"idle\":false},"));
	LK(0, "\"n\":1,\"_final\":true,\"_provisional\":true}\n", "", "query", "strict", "--from", "2020-01-01T10:04:00Z", "--to", "2020-01-01T10:05:00Z", "--format", "jsonl");
	LK(0, "\"n\":1,\"_final\":true,\"_provisional\":false}\n", "", "query", "strict", "--to", "2020-01-01T10:04:00Z", "--format", "jsonl");
	LK(0, ",1,false,false\r\n", "", "query", "strict", "--from", "2020-01-01T10:08:00Z", "--format", "csv");
	LK(0, ",1,true,true\r\n", "", "query", "strict", "--format", "csv");
	assert_non_null(strstr(lk.out, ",n,_final,_provisional\r\n"));
	append(2, 8, 0);
	LK(0, "", "", "speed", "--once");
	LK(0, "final to: 2020-01-01T10:07:00Z; late: 0", "", "query", "strict");
	assert_null(strstr(lk.out, "provisional"));
	LK(0, "\"provisional\":false,\"idle\":[],", "", "query", "strict", "--format", "json");
	assert_null(strstr(lk.out, "\"_provisional\":true"));
	declare("", "");
	LK(0, "\"final_to\":\"2020-01-01T10:07:00Z\",\"late\":0", "", "query", "strict", "--format", "json");
	assert_null(strstr(lk.out, "_provisional"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idle_partitions_are_left_out),
		cmocka_unit_test(a_partition_that_is_behind_is_not_idle),
		cmocka_unit_test(a_provisional_window_may_change),
		cmocka_unit_test(nothing_else_depends_on_it),
		cmocka_unit_test(every_row_says_whether_it_is_final),
		cmocka_unit_test(provisional_is_said),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
