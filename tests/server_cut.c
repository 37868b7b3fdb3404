/* Cuts and the side output. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "catalog/tail.h"
#include "core/time.h"
#include "event_log/side_output.h"
#include "tests/support/log.h"

static test_servers servers;

static void make(test_log *l, int64_t copy, lk_cut *out) {
	lk_error err = {0};
	test_ok(lk_cut_make(&l->pg, &(lk_cut_for){&l->at, copy, "batch"}, out, &err), &err);
}

static int publish(test_log *l, int64_t copy, const lk_cut *cut, const char *table) {
	lk_error err = {0};
	test_ok(lk_pg_run(&l->pg, &err, "BEGIN"), &err);
	int rc = lk_cut_publish(&l->pg, copy, cut, table, &err);
	test_sql(&l->pg, "%s", rc ? "ROLLBACK" : "COMMIT");
	return rc;
}

static void assert_state(test_log *l, const lk_cut *cut, const char *state) {
	assert_int_equal(test_number(&l->pg, "SELECT count(*) FROM lk.cut WHERE cut_id = %lld AND state = '%s'", (long long)cut->id, state), 1);
}

static int live_cuts(test_log *l, int part, int64_t from, int64_t *out) {
	lk_scan s;
	lk_error err = {0};
	test_ok(lk_scan_begin(&s, &l->pg, &(lk_scan_of){.stream = &l->at, .part = part, .from = from, .to = INT64_MAX}, &err), &err);
	int n = s.ncuts;
	for (int i = 0; i < n; i++)
		out[i] = s.cuts[i];
	test_ok(lk_scan_end(&s, &err), &err);
	return n;
}

/* P5, P9 */
static void test_cut_is_the_end_of_the_log(void **unused) {
	(void)unused;
	unsigned long random = test_seed("cut is the end of the log");
	test_log l;
	lk_cut cut, again;
	lk_frontier tail;
	lk_error err = {0};
	test_log_open(&l, &servers, 3);
	int64_t copy = test_log_copy(&l);
	make(&l, copy, &cut);
	for (int p = 0; p < 3; p++)
		assert_true(cut.at.part[p].off == 0 && cut.at.part[p].last_at == LK_NEVER && cut.at.part[p].high == LK_NEVER);
	test_append(&l, 100, &random);
	make(&l, copy, &cut);
	test_ok(lk_log_tail(&l.pg, &l.at, &tail, &err), &err);
	test_ok(lk_cut_load(&l.pg, cut.id, &again, &err), &err);
	assert_int_equal(again.id, cut.id);
	assert_int_equal(again.at.n, 3);
	for (int p = 0; p < 3; p++) {
		assert_memory_equal(&cut.at.part[p], &tail.part[p], sizeof tail.part[p]);
		assert_memory_equal(&again.at.part[p], &tail.part[p], sizeof tail.part[p]);
	}
	test_log_close(&l);
}

/* I8, P5 */
static void test_states(void **unused) {
	(void)unused;
	unsigned long random = test_seed("states");
	test_log l;
	lk_cut a, b, c, left;
	int64_t live[8];
	lk_error err = {0};
	test_log_open(&l, &servers, 1);
	int64_t copy = test_log_copy(&l);
	test_append(&l, 10, &random);
	make(&l, copy, &a);
	test_append(&l, 10, &random);
	make(&l, copy, &b);
	assert_int_equal(live_cuts(&l, 0, 0, live), 2);
	assert_true(live[0] == 10 && live[1] == 20);
	assert_int_equal(live_cuts(&l, 0, 11, live), 1);

	assert_int_equal(publish(&l, copy, &a, "lk.t1"), 0);
	assert_int_equal(publish(&l, copy, &a, "lk.t1"), LK_ECONFLICT);
	assert_int_equal(live_cuts(&l, 0, 0, live), 2);
	assert_int_equal(publish(&l, copy, &b, "lk.t2"), 0);
	assert_state(&l, &a, "released");
	assert_state(&l, &b, "published");
	assert_int_equal(live_cuts(&l, 0, 0, live), 1);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.copy WHERE copy_id = %lld AND cut_id = %lld AND batch_table = 'lk.t2'",
	                             (long long)copy, (long long)b.id), 1);

	make(&l, copy, &left);
	test_ok(lk_cut_abandon(&l.pg, copy, "replay", &err), &err);
	assert_state(&l, &left, "open");
	test_ok(lk_cut_abandon(&l.pg, copy, "batch", &err), &err);
	assert_state(&l, &left, "abandoned");
	assert_state(&l, &b, "published");
	assert_int_equal(publish(&l, copy, &left, "lk.t3"), LK_ECONFLICT);
	make(&l, copy, &c);
	assert_int_equal(publish(&l, test_log_copy(&l), &c, "lk.t3"), LK_ECONFLICT);
	assert_state(&l, &c, "open");
	test_log_close(&l);
}

/* P5: The pointer only moves forward, in every partition, whichever batch ends last. */
static void test_older_cut_is_not_published(void **unused) {
	(void)unused;
	unsigned long random = test_seed("older cut is not published");
	test_log l;
	lk_cut early, late;
	test_log_open(&l, &servers, 4);
	int64_t copy = test_log_copy(&l);
	make(&l, copy, &early);
	test_append(&l, 200, &random);
	make(&l, copy, &late);
	assert_int_equal(publish(&l, copy, &late, "lk.late"), 0);
	assert_int_equal(publish(&l, copy, &early, "lk.early"), LK_ECONFLICT);
	assert_state(&l, &early, "open");
	assert_state(&l, &late, "published");
	test_sql(&l.pg, "UPDATE lk.cut_part SET off = off + 1000 - 2000 * (part / 3) WHERE cut_id = %lld", (long long)early.id);
	assert_int_equal(publish(&l, copy, &early, "lk.early"), LK_ECONFLICT);      /* ahead in three, behind in one */
	test_sql(&l.pg, "UPDATE lk.cut_part SET off = off + 5000 WHERE cut_id = %lld", (long long)early.id);
	assert_int_equal(publish(&l, copy, &early, "lk.early"), 0);
	test_sql(&l.pg, "UPDATE lk.copy SET dropped = true WHERE copy_id = %lld", (long long)copy);
	make(&l, copy, &late);
	assert_int_equal(publish(&l, copy, &late, "lk.late"), LK_ECONFLICT);
	test_log_close(&l);
}

/* P5: An append that hangs does not stop the cut for ever, and the message names it. */
static void test_cut_gives_up(void **unused) {
	(void)unused;
	test_log l;
	lk_pg holder;
	lk_cut cut;
	lk_error err = {0};
	test_log_open(&l, &servers, 2);
	int64_t copy = test_log_copy(&l);
	test_open(&holder, &servers);
	test_sql(&holder, "BEGIN");
	test_sql(&holder, "UPDATE lk.tail SET next_off = next_off WHERE stream_id = %lld AND part = 1", (long long)l.at.id);
	assert_int_equal(lk_cut_make(&l.pg, &(lk_cut_for){&l.at, copy, "batch"}, &cut, &err), LK_EBUSY);
	lk_buf pid = LK_BUF_INIT;
	lk_buf_addf(&pid, "process %d (lk test)", PQbackendPID(holder.conn));
	assert_non_null(strstr(err.hint, pid.data));
	lk_buf_release(&pid);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.cut WHERE copy_id = %lld", (long long)copy), 0);
	test_sql(&holder, "ROLLBACK");
	make(&l, copy, &cut);
	lk_pg_close(&holder);
	test_log_close(&l);
}

/* --- the side output --- */

/* I8, P10 */
static void test_side_output_twice_is_once(void **unused) {
	(void)unused;
	test_log l;
	lk_error err = {0};
	test_log_open(&l, &servers, 2);
	int64_t copy = test_log_copy(&l);
	lk_side_output *g = lk_side_output_new();
	assert_true(lk_side_output_empty(g));
	test_ok(lk_side_output_write(&l.pg, g, &err), &err);
	for (int i = 0; i < 100; i++)
		lk_side_output_late(g, &(lk_late_row){copy, i % 2, i / 2, LK_TIME_MAX - i, -i, LK_TIME_MIN + i});
	lk_side_output_marked(g, l.at.id, 77, 1, 5, "a \"quoted\\\" reason, {with} braces");
	lk_side_output_marked(g, l.at.id, 77, 1, 6, "NULL");
	assert_false(lk_side_output_empty(g));
	for (int i = 0; i < 2; i++)
		test_ok(lk_side_output_write(&l.pg, g, &err), &err);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.late WHERE copy_id = %lld AND " LK_SQL_US("event_time")
	                             " = %lld - (2 * off + part) AND " LK_SQL_US("pane") " = -(2 * off + part) AND " LK_SQL_US("watermark")
	                             " = %lld + (2 * off + part)", (long long)copy, (long long)LK_TIME_MAX, (long long)LK_TIME_MIN), 100);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.rejected WHERE version_id = 77 AND part = 1 AND"
	                             " (off = 5 AND reason = 'a \"quoted\\\" reason, {with} braces' OR off = 6 AND reason = 'NULL')"), 2);
	lk_side_output_clear(g);
	assert_true(lk_side_output_empty(g));

	int64_t late, healed;
	const lk_cat_view view = {.stream = &l.at};
	const lk_cat_version version = {.view = &view};
	const lk_cat_copy c = {.id = copy, .version = &version, .cut = test_frontier(l.at.id, 2, (int64_t[]){10, 0})};
	const lk_frontier end = test_frontier(l.at.id, 2, (int64_t[]){30, 5});
	test_ok(lk_late_count(&l.pg, &c, &end, &late, &healed, &err), &err);
	assert_int_equal(late, 20 + 5);
	assert_int_equal(healed, 10);
	lk_side_output_free(g);
	test_log_close(&l);
}

/* Blocks of offsets are counted when they are written, and subtracted: their ends, and bounds within them, against a
 * count of each event. */
static void test_late_events_are_counted_by_blocks(void **unused) {
	(void)unused;
	enum { BLOCK = 65536, EVENTS = 400, ROUNDS = 60 };
	unsigned long random = test_seed("late events are counted by blocks");
	test_log l;
	lk_error err = {0};
	test_log_open(&l, &servers, 2);
	int64_t copy = test_log_copy(&l), cut[2], end[2], late, healed;
	const lk_cat_view view = {.stream = &l.at};
	const lk_cat_version version = {.view = &view};
	lk_cat_copy c = {.id = copy, .version = &version};
	lk_side_output *g = lk_side_output_new();
	for (int i = 0; i < EVENTS; i++) {
		int64_t near = (int64_t)(test_random(&random) % 4) * BLOCK + (int64_t)(test_random(&random) % 9) - 4;
		lk_side_output_late(g, &(lk_late_row){copy, i % 2, i % 3 && near >= 0 ? near : (int64_t)(test_random(&random) % (4 * BLOCK)), 0, 0, 0});
		if (i % 50 < 49)
			continue;
		test_ok(lk_side_output_write(&l.pg, g, &err), &err);
		lk_side_output_clear(g);
	}
	for (int i = 0; i < ROUNDS; i++) {
		for (int p = 0; p < 2; p++) {
			cut[p] = (int64_t)(test_random(&random) % 4) * BLOCK + (int64_t)(test_random(&random) % (i % 2 ? 5 : BLOCK));
			end[p] = cut[p] + (int64_t)(test_random(&random) % (i % 3 ? 3 * BLOCK : 3));
		}
		c.kappa = i % 5 == 0;
		c.cut = test_frontier(l.at.id, 2, cut);
		const lk_frontier to = test_frontier(l.at.id, 2, end);
		test_ok(lk_late_count(&l.pg, &c, &to, &late, &healed, &err), &err);
		static const char count[] = "SELECT count(*) FROM lk.late WHERE copy_id = %lld AND off >= ('{%lld,%lld}'::bigint[])[part + 1]"
		                            " AND off < ('{%lld,%lld}'::bigint[])[part + 1]";
		long long from[2] = {c.kappa ? 0 : cut[0], c.kappa ? 0 : cut[1]};
		assert_int_equal(late, test_number(&l.pg, count, (long long)copy, from[0], from[1], (long long)end[0], (long long)end[1]));
		assert_int_equal(healed, test_number(&l.pg, count, (long long)copy, 0LL, 0LL, from[0], from[1]));
	}
	test_sql(&l.pg, "DELETE FROM lk.late WHERE part = 1");
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.late_block WHERE part = 1"), 0);
	assert_int_equal(test_number(&l.pg, "SELECT sum(events) FROM lk.late_block"), test_number(&l.pg, "SELECT count(*) FROM lk.late"));
	test_sql(&l.pg, "TRUNCATE lk.late");
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.late_block"), 0);
	lk_side_output_free(g);
	test_log_close(&l);
}

static void test_side_output_inside_a_transaction(void **unused) {
	(void)unused;
	test_log l;
	lk_error err = {0};
	test_log_open(&l, &servers, 1);
	int64_t copy = test_log_copy(&l);
	lk_side_output *g = lk_side_output_new();
	lk_side_output_late(g, &(lk_late_row){copy, 0, 1, 2, 3, 4});
	test_sql(&l.pg, "BEGIN");
	test_ok(lk_side_output_write(&l.pg, g, &err), &err);
	assert_int_equal(PQtransactionStatus(l.pg.conn), PQTRANS_INTRANS);
	test_sql(&l.pg, "ROLLBACK");
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.late WHERE copy_id = %lld", (long long)copy), 0);
	test_ok(lk_side_output_write(&l.pg, g, &err), &err);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.late WHERE copy_id = %lld", (long long)copy), 1);
	lk_side_output_free(g);
	test_log_close(&l);
}

static int start(void **unused) {
	(void)unused;
	test_servers_start(&servers);
	return 0;
}

static int stop(void **unused) {
	(void)unused;
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_is_the_end_of_the_log),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_older_cut_is_not_published),
		cmocka_unit_test(test_cut_gives_up),
		cmocka_unit_test(test_side_output_twice_is_once),
		cmocka_unit_test(test_late_events_are_counted_by_blocks),
		cmocka_unit_test(test_side_output_inside_a_transaction),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
