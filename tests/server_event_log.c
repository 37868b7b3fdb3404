/* The log returns exactly the appended events: dense, in order, each once, whatever concurrent appends do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/tail.h"
#include "core/key.h"
#include "core/time.h"
#include "plan/watermark.h"
#include "tests/support/log.h"

static test_servers servers;
static const int all_columns[LOG_COLUMNS] = {0, 1, 2, 3, 4, 5, 6, 7, 8};

enum { DEADLINE_MS = 20000 };

/* Reads [from, the log's end) and fails the test if anything is wrong; _at must not go back. Returns the end. */
static int64_t read_part(test_log *l, int part, int64_t from) {
	lk_scan s;
	lk_value row[LOG_COLUMNS + 1];
	lk_error err = {0};
	int64_t off, at = INT64_MIN;
	int rc;
	test_ok(lk_scan_begin(&s, &l->pg, &(lk_scan_of){.stream = &l->at, .part = part, .columns = all_columns, .ncolumns = LOG_COLUMNS, .from = from, .to = INT64_MAX}, &err), &err);
	while (!(rc = lk_scan_next(&s, row, &off, &err))) {
		assert_true(row[LOG_COLUMNS].i >= at);
		at = row[LOG_COLUMNS].i;
	}
	if (rc != 1)
		test_ok(rc, &err);
	int64_t end = s.next_off;
	assert_int_equal(end, s.tail);
	test_ok(lk_scan_end(&s, &err), &err);
	return end;
}

static int64_t read_all(test_log *l) {
	int64_t n = 0;
	for (int p = 0; p < l->stream.partitions; p++)
		n += read_part(l, p, 0);
	return n;
}

/* --- what is appended is read --- */

static void test_values_round_trip(void **unused) {
	(void)unused;
	enum { N = 2000 };
	unsigned long random = test_seed("values round trip"), again = random;
	test_log l;
	test_log_open(&l, &servers, 1);
	test_append(&l, N, &random);
	lk_scan s;
	lk_value want[LOG_COLUMNS], got[LOG_COLUMNS + 1];
	char key[16];
	lk_error err = {0};
	int64_t off;
	test_ok(lk_scan_begin(&s, &l.pg, &(lk_scan_of){.stream = &l.at, .part = 0, .columns = all_columns, .ncolumns = LOG_COLUMNS, .to = INT64_MAX}, &err), &err);
	for (int i = 0; i < N; i++) {
		test_event(want, key, &again);
		test_ok(lk_scan_next(&s, got, &off, &err), &err);
		assert_int_equal(off, i);
		for (int c = 1; c < LOG_COLUMNS; c++) {   /* the time was read from the clock twice */
			assert_int_equal(lk_is_null(&want[c]), lk_is_null(&got[c]));
			assert_int_equal(lk_value_compare(l.stream.schema.columns[c].type, &want[c], &got[c]), 0);
		}
	}
	assert_int_equal(lk_scan_next(&s, got, &off, &err), 1);
	assert_int_equal(lk_scan_next(&s, got, &off, &err), 1);
	test_ok(lk_scan_end(&s, &err), &err);
	test_log_close(&l);
}

/* PostgreSQL reads the same values from the bytes: its text of each equals lk's. */
static void test_postgresql_reads_the_same(void **unused) {
	(void)unused;
	enum { N = 500 };
	unsigned long random = test_seed("postgresql reads the same"), again = random;
	test_log l;
	test_log_open(&l, &servers, 1);
	test_append(&l, N, &random);
	lk_buf sql = LK_BUF_INIT, text = LK_BUF_INIT;
	lk_error err = {0};
	PGresult *res;
	lk_buf_addf(&sql, "SELECT key, n, small, \"a \"\"quoted\"\" name\", CASE flag WHEN true THEN 'true' WHEN false THEN 'false' END,"
	            " amount FROM lk.log_%s ORDER BY off", l.stream.name);
	test_ok(lk_pg_exec(&l.pg, &res, &err, sql.data, 0, NULL), &err);
	assert_int_equal(PQntuples(res), N);
	for (int i = 0; i < N; i++) {
		static const int shown[] = {LOG_KEY, LOG_N, LOG_SMALL, LOG_INT, LOG_FLAG, LOG_AMOUNT};
		lk_value row[LOG_COLUMNS];
		char key[16];
		test_event(row, key, &again);
		for (int c = 0; c < 6; c++) {
			lk_buf_clear(&text);
			lk_buf_adds(&text, "");
			lk_value_print(l.stream.schema.columns[shown[c]].type, &row[shown[c]], &text);
			assert_string_equal(PQgetvalue(res, i, c), text.data);
		}
	}
	PQclear(res);
	lk_buf_release(&sql);
	lk_buf_release(&text);
	test_log_close(&l);
}

static void test_extreme_values(void **unused) {
	(void)unused;
	test_log l;
	test_log_open(&l, &servers, 1);
	char *long_text = lk_malloc(LK_TEXT_MAX);
	memset(long_text, 'x', LK_TEXT_MAX);
	lk_value row[LOG_COLUMNS];
	const char *reason;
	const int64_t times[] = {LK_TIME_MIN, LK_TIME_MIN + 1, -1, 0, INT64_C(9007199254740993), LK_TIME_MAX};
	lk_append_batch *b = lk_append_batch_new(&l.at);
	for (int i = 0; i < 6; i++) {
		for (int c = 0; c < LOG_COLUMNS; c++)
			row[c] = lk_null();
		row[LOG_TS] = lk_int(times[i]);
		row[LOG_KEY] = lk_text(long_text, i % 2 ? LK_TEXT_MAX : 0);
		row[LOG_N] = lk_int(i % 2 ? INT64_MIN : INT64_MAX);
		row[LOG_AMOUNT] = lk_numeric((i % 2 ? 1 : -1) * (lk_int128)INT64_C(999999999999999), 3);
		assert_int_equal(lk_append_batch_add(b, row, &reason), 0);
	}
	row[LOG_TS] = lk_null();
	assert_int_equal(lk_append_batch_add(b, row, &reason), -1);
	assert_string_equal(reason, "no event time");
	lk_error err = {0};
	test_ok(lk_append(&l.pg, b, NULL, &err), &err);
	lk_append_batch_free(b);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(test_number(&l.pg, "SELECT " LK_SQL_US("ts") " FROM lk.log_%s WHERE off = %d", l.stream.name, i), times[i]);
		assert_int_equal(test_number(&l.pg, "SELECT (ts = " LK_SQL_TIME("%lld") ")::int FROM lk.log_%s WHERE off = %d",
		                             (long long)times[i], (long long)times[i], l.stream.name, i), 1);
	}
	assert_int_equal(read_part(&l, 0, 0), 6);
	free(long_text);
	test_log_close(&l);
}

static void test_partitions_by_hash(void **unused) {
	(void)unused;
	unsigned long random = test_seed("partitions by hash"), again = random;
	test_log l;
	test_log_open(&l, &servers, 7);
	test_append(&l, 500, &random);
	int64_t counts[7] = {0}, tail[7];
	for (int i = 0; i < 500; i++) {
		lk_value row[LOG_COLUMNS];
		char key[16];
		test_event(row, key, &again);
		counts[lk_partition_of(l.stream.schema.columns[LOG_KEY].type, &row[LOG_KEY], 7)]++;
	}
	test_tail(&l.pg, &l.at, tail);
	for (int p = 0; p < 7; p++)
		assert_int_equal(tail[p], counts[p]);
	assert_int_equal(read_all(&l), 500);
	test_log_close(&l);
}

/* --- order and visibility --- */

struct append_thread {
	test_log *log;
	lk_pg pg;
	lk_append_batch *batch;
	int rc;
	lk_error err;
};

static void *append_in_thread(void *arg) {
	struct append_thread *t = arg;
	t->rc = lk_append(&t->pg, t->batch, NULL, &t->err);
	return NULL;
}

struct wait_for_lock {
	lk_pg *pg;
	int pid;
};

static int waits_for_a_lock(void *ctx) {
	struct wait_for_lock *w = ctx;
	return test_number(w->pg, "SELECT count(*) FROM pg_locks WHERE pid = %d AND NOT granted", w->pid) > 0;
}

/* The append that reserved first commits last: the other one waits, and until then readers see neither. */
static void opposite_order(bool rollback) {
	unsigned long random = test_seed("opposite order");
	test_log l;
	lk_pg first;
	pthread_t thread;
	test_log_open(&l, &servers, 1);
	test_open(&first, &servers);
	test_sql(&first, "BEGIN");
	test_sql(&first, "UPDATE lk.tail SET next_off = next_off + 1, last_at = clock_timestamp() WHERE stream_id = %lld", (long long)l.at.id);
	test_sql(&first, "INSERT INTO lk.log_%s (part, off, _at, ts, n) VALUES (0, 0, clock_timestamp(), now(), 4711)", l.stream.name);
	struct append_thread t = {.log = &l, .batch = test_batch(&l, 3, &random)};
	test_open(&t.pg, &servers);
	pthread_create(&thread, NULL, append_in_thread, &t);
	struct wait_for_lock w = {&l.pg, PQbackendPID(t.pg.conn)};
	assert_true(test_poll(waits_for_a_lock, &w, DEADLINE_MS));
	assert_int_equal(read_part(&l, 0, 0), 0);
	test_sql(&first, rollback ? "ROLLBACK" : "COMMIT");
	pthread_join(thread, NULL);
	test_ok(t.rc, &t.err);
	assert_int_equal(read_part(&l, 0, 0), rollback ? 3 : 4);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.log_%s WHERE off = 0 AND n = 4711", l.stream.name), rollback ? 0 : 1);
	lk_append_batch_free(t.batch);
	lk_pg_close(&first);
	lk_pg_close(&t.pg);
	test_log_close(&l);
}

/* I6, P14 */
static void test_reserved_first_commits_last(void **unused) { (void)unused; opposite_order(false); }
/* I6, P14 */
static void test_reserved_first_rolls_back(void **unused) { (void)unused; opposite_order(true); }

/* L1, P14: also while the clock stands, or after it was put back. */
static void test_at_ascends_from_append_to_append(void **unused) {
	(void)unused;
	enum { APPENDS = 20 };
	unsigned long random = test_seed("at ascends");
	test_log l;
	test_log_open(&l, &servers, 1);
	test_append(&l, 1, &random);
	test_sql(&l.pg, "UPDATE lk.tail SET last_at = last_at + interval '1 hour' WHERE stream_id = %lld", (long long)l.at.id);
	lk_error err = {0};
	lk_frontier before, tail;
	int64_t first, second;
	for (int i = 0; i < APPENDS; i++) {
		test_ok(lk_log_tail(&l.pg, &l.at, &before, &err), &err);
		test_append(&l, 2, &random);
		test_ok(lk_log_tail(&l.pg, &l.at, &tail, &err), &err);
		int64_t off = before.part[0].off, step = tail.part[0].last_at - before.part[0].last_at;
		assert_true(step >= 1 && step <= 1000);
		test_ok(lk_log_at(&l.pg, &l.at, 0, off, &first, &err), &err);
		test_ok(lk_log_at(&l.pg, &l.at, 0, off + 1, &second, &err), &err);
		assert_true(first == tail.part[0].last_at && second == first && first > lk_time_now());
	}
	test_ok(lk_log_at(&l.pg, &l.at, 0, 1 + 2 * APPENDS, &first, &err), &err);
	assert_true(first == LK_NEVER);
	read_part(&l, 0, 0);
	test_log_close(&l);
}

enum { TIMES = 40 };

/* The clock was put back; so often the log loses its last event and gets another one in its place. How many have its `_at`? */
static int grown_again_alike(void) {
	unsigned long random = test_seed("a log that grew again");
	test_log l;
	int same = 0;
	test_log_open(&l, &servers, 1);
	test_append(&l, 1, &random);
	test_sql(&l.pg, "UPDATE lk.tail SET last_at = last_at + interval '1 hour' WHERE stream_id = %lld", (long long)l.at.id);
	for (int i = 0; i < TIMES; i++) {
		lk_error err = {0};
		int64_t lost, now;
		test_sql(&l.pg, "CREATE TEMP TABLE tail AS SELECT * FROM lk.tail WHERE stream_id = %lld", (long long)l.at.id);
		test_append(&l, 1, &random);
		test_ok(lk_log_at(&l.pg, &l.at, 0, 1, &lost, &err), &err);
		test_sql(&l.pg, "DELETE FROM lk.log_%s WHERE off = 1", l.stream.name);
		test_sql(&l.pg, "UPDATE lk.tail t SET next_off = s.next_off, last_at = s.last_at, high = s.high FROM tail s WHERE t.stream_id = s.stream_id");
		test_append(&l, 1, &random);
		test_ok(lk_log_at(&l.pg, &l.at, 0, 1, &now, &err), &err);
		same += now == lost;
		test_sql(&l.pg, "DELETE FROM lk.log_%s WHERE off = 1", l.stream.name);
		test_sql(&l.pg, "UPDATE lk.tail t SET next_off = s.next_off, last_at = s.last_at, high = s.high FROM tail s WHERE t.stream_id = s.stream_id");
		test_sql(&l.pg, "DROP TABLE tail");
	}
	test_log_close(&l);
	return same;
}

/* L1, P6: an event in place of a lost one is told from it. Of 40 one may have the same step by chance. */
static void test_a_log_that_grew_again_is_another_one(void **unused) {
	(void)unused;
	assert_true(grown_again_alike() <= 3);
}

/* L1, P6 */
static void test_a_log_that_stands_is_taken_for_the_lost_one(void **unused) {
	(void)unused;
	setenv("LK_MUTANT", "at_stands", 1);
	int alike = grown_again_alike();
	unsetenv("LK_MUTANT");
	assert_int_equal(alike, TIMES);
}

/* P9: lk.tail's high is the fold of lk_high_advance over the log, also for event times beyond max_ahead. */
static void test_high_is_the_fold(void **unused) {
	(void)unused;
	unsigned long random = test_seed("high is the fold");
	test_log l;
	test_log_open(&l, &servers, 2);
	const int ts[] = {LOG_TS};
	lk_error err = {0};
	for (int round = 0; round < 30; round++) {
		lk_append_batch *b = lk_append_batch_new(&l.at);
		lk_value row[LOG_COLUMNS];
		char key[16];
		const char *reason;
		for (unsigned long i = test_random(&random) % 4; i < 4; i++) {
			test_event(row, key, &random);
			row[LOG_TS].i += (int64_t)(test_random(&random) % 240) * LK_US_PER_S - 120 * LK_US_PER_S;
			if (test_random(&random) % 20 == 0)
				row[LOG_TS].i = test_random(&random) % 2 ? LK_TIME_MAX : LK_TIME_MIN;
			assert_int_equal(lk_append_batch_add(b, row, &reason), 0);
		}
		test_ok(lk_append(&l.pg, b, NULL, &err), &err);
		lk_append_batch_free(b);
		lk_frontier tail;
		test_ok(lk_log_tail(&l.pg, &l.at, &tail, &err), &err);
		for (int p = 0; p < 2; p++) {
			lk_scan s;
			lk_value got[LOG_COLUMNS + 1];
			int64_t off, folded = LK_NEVER;
			test_ok(lk_scan_begin(&s, &l.pg, &(lk_scan_of){.stream = &l.at, .part = p, .columns = ts, .ncolumns = 1, .to = INT64_MAX}, &err), &err);
			while (!lk_scan_next(&s, got, &off, &err))
				folded = lk_high_advance(&l.stream, folded, got[LOG_TS].i, got[LOG_COLUMNS].i);
			test_ok(lk_scan_end(&s, &err), &err);
			assert_true(folded == tail.part[p].high);
		}
	}
	test_log_close(&l);
}

/* --- what is missing, and what is interrupted --- */

static int scan_fails(test_log *l, int64_t from, int64_t *reached, lk_error *err) {
	lk_scan s;
	lk_value row[LOG_COLUMNS + 1];
	int64_t off;
	int rc = lk_scan_begin(&s, &l->pg, &(lk_scan_of){.stream = &l->at, .part = 0, .columns = all_columns, .ncolumns = LOG_COLUMNS, .from = from, .to = INT64_MAX}, err);
	while (!rc)
		rc = lk_scan_next(&s, row, &off, err);
	*reached = s.next_off;
	lk_scan_end(&s, NULL);
	return rc;
}

/* I6 */
static void test_gap_is_an_error(void **unused) {
	(void)unused;
	unsigned long random = test_seed("gap is an error");
	test_log l;
	int64_t reached;
	test_log_open(&l, &servers, 1);
	test_append(&l, 10, &random);
	test_sql(&l.pg, "DELETE FROM lk.log_%s WHERE off = 9", l.stream.name);
	lk_error err = {0};
	assert_int_equal(scan_fails(&l, 0, &reached, &err), LK_EGAP);
	assert_int_equal(reached, 9);
	test_sql(&l.pg, "DELETE FROM lk.log_%s WHERE off = 4", l.stream.name);
	lk_error_clear(&err);
	assert_int_equal(scan_fails(&l, 0, &reached, &err), LK_EGAP);
	assert_int_equal(reached, 4);
	assert_non_null(strstr(err.text, "event 4 is missing"));
	lk_error_clear(&err);
	assert_int_equal(scan_fails(&l, 4, &reached, &err), LK_EGAP);
	lk_error_clear(&err);
	assert_int_equal(scan_fails(&l, 11, &reached, &err), LK_EGAP);
	lk_error_clear(&err);
	assert_int_equal(scan_fails(&l, 10, &reached, &err), 1);
	test_log_close(&l);
}

static void test_scan_stops_in_the_middle(void **unused) {
	(void)unused;
	unsigned long random = test_seed("scan stops in the middle");
	test_log l;
	lk_scan s;
	lk_value row[LOG_COLUMNS + 1];
	lk_error err = {0};
	int64_t off;
	test_log_open(&l, &servers, 1);
	test_append(&l, 20000, &random);
	for (int wanted = 0; wanted < 3; wanted++) {
		test_ok(lk_scan_begin(&s, &l.pg, &(lk_scan_of){.stream = &l.at, .part = 0, .columns = all_columns, .ncolumns = LOG_COLUMNS, .from = 100, .to = INT64_MAX}, &err), &err);
		for (int i = 0; i < wanted; i++)
			test_ok(lk_scan_next(&s, row, &off, &err), &err);
		test_ok(lk_scan_end(&s, &err), &err);
		assert_int_equal(PQtransactionStatus(l.pg.conn), PQTRANS_IDLE);
	}
	test_ok(lk_scan_begin(&s, &l.pg, &(lk_scan_of){.stream = &l.at, .part = 0, .from = 100, .to = 110}, &err), &err);
	for (int i = 100; i < 110; i++) {
		test_ok(lk_scan_next(&s, row, &off, &err), &err);
		assert_int_equal(off, i);
	}
	assert_int_equal(lk_scan_next(&s, row, &off, &err), 1);
	test_ok(lk_scan_end(&s, &err), &err);
	test_log_close(&l);
}

/* I5: After a lost connection the outcome is unknown. The source's position shows it, and the batch can be sent again
 * unchanged. */
static void test_retry_after_lost_connection(void **unused) {
	(void)unused;
	unsigned long random = test_seed("retry after lost connection");
	test_log l;
	lk_pg other;
	lk_error err = {0};
	lk_source_file now;
	test_log_open(&l, &servers, 3);
	test_open(&other, &servers);
	lk_append_batch *b = test_batch(&l, 100, &random);
	const lk_source_step step = {"file", true, TEST_PLACE(0), TEST_PLACE(1000)};
	test_sql(&l.pg, "SELECT pg_terminate_backend(%d, 10000)", PQbackendPID(other.conn));
	assert_int_equal(lk_append(&other, b, &step, &err), LK_EUNREACHABLE);
	test_ok(lk_source_read(&l.pg, &l.at, "file", 1, &now, &(lk_error){0}), &err);
	assert_int_equal(now.position, 0);
	lk_error_clear(&err);
	test_ok(lk_append(&l.pg, b, &step, &err), &err);
	test_ok(lk_source_read(&l.pg, &l.at, "file", 1, &now, &err), &err);
	assert_int_equal(now.position, 1000);
	assert_int_equal(read_all(&l), 100);
	lk_append_batch_free(b);
	lk_pg_close(&other);
	test_log_close(&l);
}

/* I5, P6 */
static void test_acknowledged_survives_a_crash(void **unused) {
	(void)unused;
	unsigned long random = test_seed("acknowledged survives a crash");
	test_log l;
	test_log_open(&l, &servers, 2);
	/* no default of a role or database may change this */
	test_sql(&l.pg, "ALTER DATABASE postgres SET synchronous_commit = off");
	lk_pg_close(&l.pg);
	test_open(&l.pg, &servers);
	for (int i = 0; i < 40; i++)
		test_append(&l, 25, &random);
	test_postgres_kill(&servers);
	test_postgres_start(&servers);
	lk_pg_close(&l.pg);
	test_open(&l.pg, &servers);
	test_sql(&l.pg, "ALTER DATABASE postgres RESET synchronous_commit");
	assert_int_equal(read_all(&l), 1000);
	test_append(&l, 10, &random);
	assert_int_equal(read_all(&l), 1010);
	test_log_close(&l);
}

#ifdef LK_FAULTS
/* An append that dies at a named point: the batch is in the log exactly if the source's position says so, and the next
 * run completes it. */
static void crash_at(const char *point, bool committed) {
	unsigned long random = test_seed(point);
	test_log l;
	lk_error err = {0};
	lk_source_file now;
	const lk_source_step step = {"file", true, TEST_PLACE(0), TEST_PLACE(1)};
	test_log_open(&l, &servers, 3);
	lk_append_batch *b = test_batch(&l, 60, &random);
	pid_t child = fork();
	if (!child) {
		lk_pg pg;
		setenv("LK_CRASH", point, 1);
		_exit(lk_pg_open(&pg, servers.at.postgres, "lk test", NULL) || lk_append(&pg, b, &step, NULL) ? 2 : 1);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	if (!committed)      /* its session ends soon, and releases the locks */
		test_sql(&l.pg, "SELECT * FROM lk.tail WHERE stream_id = %lld FOR UPDATE", (long long)l.at.id);
	test_ok(lk_source_read(&l.pg, &l.at, "file", 1, &now, &err), &err);
	assert_int_equal(now.position, committed);
	assert_int_equal(read_all(&l), committed ? 60 : 0);
	assert_int_equal(lk_append(&l.pg, b, &step, &err), committed ? LK_ECONFLICT : 0);
	assert_int_equal(read_all(&l), 60);
	lk_append_batch_free(b);
	test_log_close(&l);
}

/* I5 */
static void test_crash_when_reserved(void **unused) { (void)unused; crash_at("append.reserved", false); }
/* I5 */
static void test_crash_in_the_first_copy(void **unused) { (void)unused; crash_at("append.copied", false); }
/* I5 */
static void test_crash_in_the_last_copy(void **unused) { (void)unused; crash_at("append.copied:3", false); }
/* I5 */
static void test_crash_when_committed(void **unused) { (void)unused; crash_at("append.committed", true); }
#endif

/* --- sources and rejects --- */

/* I5, I8, P14 */
static void test_source_moves_by_compare_and_set(void **unused) {
	(void)unused;
	unsigned long random = test_seed("source moves by compare-and-set");
	test_log l;
	lk_error err = {0};
	lk_source_file now;
	test_log_open(&l, &servers, 3);
	lk_append_batch *b = test_batch(&l, 10, &random);
	lk_append_batch_reject(b, 17, "no event time", "{}", 2);
	const lk_source_step first = {"a 'name'", true, TEST_PLACE(0), TEST_PLACE(50)}, second = {first.source, true, first.to, TEST_PLACE(80)},
		other = {"b", true, first.to, second.to};
	test_ok(lk_append(&l.pg, b, &first, &err), &err);
	assert_int_equal(lk_append(&l.pg, b, &first, &err), LK_ECONFLICT);
	lk_error_clear(&err);
	assert_int_equal(lk_append(&l.pg, b, &other, &err), LK_ECONFLICT);
	assert_int_equal(PQtransactionStatus(l.pg.conn), PQTRANS_IDLE);
	assert_int_equal(read_all(&l), 10);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.rejected WHERE stream_id = %lld", (long long)l.at.id), 1);
	lk_error_clear(&err);
	test_ok(lk_append(&l.pg, b, &second, &err), &err);
	test_ok(lk_source_read(&l.pg, &l.at, first.source, 1, &now, &err), &err);
	assert_int_equal(now.position, 80);
	assert_int_equal(read_all(&l), 20);
	lk_append_batch_clear(b);
	test_ok(lk_append(&l.pg, b, &(lk_source_step){first.source, true, second.to, TEST_PLACE(90)}, &err), &err);
	test_ok(lk_source_read(&l.pg, &l.at, first.source, 1, &now, &err), &err);
	assert_int_equal(now.position, 90);
	lk_append_batch_free(b);
	test_log_close(&l);
}

/* I12 */
static void test_rejects_are_kept_readable(void **unused) {
	(void)unused;
	test_log l;
	lk_error err = {0};
	test_log_open(&l, &servers, 2);
	lk_append_batch *b = lk_append_batch_new(&l.at);
	char *content = lk_malloc(5000);
	memset(content, 'y', 5000);
	memcpy(content + 998, "\xe2\x82\xac", 3);      /* a character that crosses the limit */
	lk_append_batch_reject(b, 1, "not JSON", content, 5000);
	lk_append_batch_reject(b, 2, "not UTF-8", "a\xff\0b\xc3", 5);
	lk_append_batch_reject(b, 3, "empty", "", 0);
	assert_int_equal(lk_append_batch_rejects(b), 3);
	test_ok(lk_append(&l.pg, b, &(lk_source_step){.source = "run 1"}, &err), &err);
	assert_int_equal(test_number(&l.pg, "SELECT length(content) FROM lk.rejected WHERE stream_id = %lld AND position = 1", (long long)l.at.id), 998);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM lk.rejected WHERE stream_id = %lld AND ((position = 2 AND content = 'a??b?')"
	                             " OR (position = 3 AND content = '' AND reason = 'empty')) AND source = 'run 1'", (long long)l.at.id), 2);
	free(content);
	lk_append_batch_free(b);
	test_log_close(&l);
}

/* P14 */
static void test_hint_wakes_a_reader(void **unused) {
	(void)unused;
	unsigned long random = test_seed("hint wakes a reader");
	test_log l;
	lk_pg reader;
	lk_error err = {0};
	test_log_open(&l, &servers, 1);
	test_open(&reader, &servers);
	test_ok(lk_log_listen(&reader, &err), &err);
	int64_t begun = lk_monotonic_us();
	test_ok(lk_log_wait(&reader, 20, &err), &err);
	assert_true(lk_monotonic_us() - begun >= 20000);
	test_append(&l, 1, &random);
	begun = lk_monotonic_us();
	test_ok(lk_log_wait(&reader, DEADLINE_MS, &err), &err);
	assert_true(lk_monotonic_us() - begun < DEADLINE_MS * INT64_C(500));
	lk_pg_close(&reader);
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
		cmocka_unit_test(test_values_round_trip),
		cmocka_unit_test(test_postgresql_reads_the_same),
		cmocka_unit_test(test_extreme_values),
		cmocka_unit_test(test_partitions_by_hash),
		cmocka_unit_test(test_reserved_first_commits_last),
		cmocka_unit_test(test_reserved_first_rolls_back),
		cmocka_unit_test(test_at_ascends_from_append_to_append),
		cmocka_unit_test(test_a_log_that_grew_again_is_another_one),
#ifdef LK_FAULTS
		cmocka_unit_test(test_a_log_that_stands_is_taken_for_the_lost_one),
#endif
		cmocka_unit_test(test_high_is_the_fold),
		cmocka_unit_test(test_gap_is_an_error),
		cmocka_unit_test(test_scan_stops_in_the_middle),
		cmocka_unit_test(test_retry_after_lost_connection),
		cmocka_unit_test(test_acknowledged_survives_a_crash),
#ifdef LK_FAULTS
		cmocka_unit_test(test_crash_when_reserved),
		cmocka_unit_test(test_crash_in_the_first_copy),
		cmocka_unit_test(test_crash_in_the_last_copy),
		cmocka_unit_test(test_crash_when_committed),
#endif
		cmocka_unit_test(test_source_moves_by_compare_and_set),
		cmocka_unit_test(test_rejects_are_kept_readable),
		cmocka_unit_test(test_hint_wakes_a_reader),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
