/* Processes of lk that are stopped while they hold what others need: the log's end, rows of the catalogue. The others
 * continue within a bound. When the process wakes, none of its work is lost or doubled. LK_HURRY shortens the
 * bounds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/tail_holder.h"
#include "core/flag.h"
#include "event_log/append.h"
#include "tests/support/fixtures.h"

#ifdef LK_FAULTS
enum { DEADLINE_MS = 30000, EVENTS = 500 };

static test_program lk;
static test_world world;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, n bigint) WITH (event_time = ts, partition_by = ip, partitions = 3);"
	"CREATE VIEW traffic AS SELECT count(*) AS n FROM hits GROUP BY tumble(ts, '1 hour');";

static int fresh(void **state) {
	(void)state;
	setenv("LK_HURRY", "10", 1);
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	return 0;
}

/* Events n = from … from + EVENTS - 1, and a line that is not an event. */
static char *events(const char *name, int from) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = from; i < from + EVENTS; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:%02d:%02dZ\",\"ip\":\"%d\",\"n\":%d}\n", i / 60 % 60, i % 60, i % 50, i);
	lk_buf_adds(&lines, "no event\n");
	char *path = test_file(&lk, name, lines.data);
	lk_buf_release(&lines);
	return path;
}

/* The log has n = 0 … count - 1, each once. */
static void expect_once(int count) {
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.log_hits"), count);
	assert_int_equal(test_world_int(&world, "SELECT count(DISTINCT n) FROM lk.log_hits"), count);
	assert_int_equal(test_world_int(&world, "SELECT sum(next_off)::bigint FROM lk.tail"), count);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.rejected"), count / EVENTS);
}

static int is_stopped(void *pid) {
	int status;
	return waitpid(*(int *)pid, &status, WNOHANG | WUNTRACED) == *(int *)pid && WIFSTOPPED(status);
}

/* Starts lk and waits until it has stopped itself at the point. */
static int freeze(const char *point, const char *const *argv) {
	char *at = lk_asprintf("LK_FREEZE=%s", point);
	int pid = test_lk_start(&lk.servers, (const char *const[]){at, NULL}, argv);
	free(at);
	assert_true(test_poll(is_stopped, &pid, DEADLINE_MS));
	return pid;
}

static int wake(int pid) {
	kill(pid, SIGCONT);
	return test_lk_wait(pid, DEADLINE_MS);
}

static const char told[] = "(lk ingest): it held the end of the log, and its program was frozen";

/* Another process ingests while the first one is frozen at the point. */
static void another_ingests(const char *point, const char *source, bool in_copy) {
	char *first = events("first.jsonl", 0), *second = events("second.jsonl", EVENTS);
	int pid = source ? freeze(point, ARGS("ingest", "hits", first, "--source", source)) : freeze(point, ARGS("ingest", "hits", first));
	LK(0, "", in_copy ? told : "", "ingest", "hits", second);
	expect_once(EVENTS);
	assert_int_equal(wake(pid), 0);
	expect_once(2 * EVENTS);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.source"), source != NULL);
	free(first);
	free(second);
}

/* I5, I11, P14 */
static void frozen_in_the_first_copy(void **state) { (void)state; another_ingests("append.copied", NULL, true); }
/* I5, I11, P14 */
static void frozen_in_a_later_copy(void **state) { (void)state; another_ingests("append.copied:3", NULL, true); }
/* I5, I11, P14: in the COPY of the rejected lines, after all events */
static void frozen_in_the_last_copy(void **state) { (void)state; another_ingests("append.copied:4", "web", true); }
/* I5, I11, P14: the server ends it by itself */
static void frozen_between_statements(void **state) { (void)state; another_ingests("append.reserved", "web", false); }

/* I5, I8, P14: when the frozen process wakes, another one has appended its events, and it says so. */
static void frozen_beside_its_own_source(void **state) {
	(void)state;
	char *first = events("first.jsonl", 0);
	int pid = freeze("append.copied:2", ARGS("ingest", "hits", first, "--source", "web"));
	LK(0, "", told, "ingest", "hits", first, "--source", "web");
	expect_once(EVENTS);
	wake(pid);
	expect_once(EVENTS);
	free(first);
}

/* I11, P14: cuts, switches and new columns wait for the log's end, too. */
static void other_waiting_processes_continue(void **state) {
	(void)state;
	char *first = events("first.jsonl", 0);
	char *wider = test_file(&lk, "wider.sql", "CREATE TABLE hits (ts timestamptz, ip text, n bigint, more text)"
	                        " WITH (event_time = ts, partition_by = ip, partitions = 3);");
	const char *const *const waiting[] = {ARGS("batch", "traffic"), ARGS("replay", "traffic", "--switch"), ARGS("apply", wider)};
	for (int i = 0; i < 3; i++) {
		test_world_run(&world, "TRUNCATE lk.rejected");
		fresh(NULL);
		char *second = events("second.jsonl", EVENTS);
		LK(0, "", "", "ingest", "hits", second);
		int pid = freeze("append.copied", ARGS("ingest", "hits", first));
		test_run(&lk, NULL, 0, "", told, waiting[i]);
		assert_int_equal(wake(pid), 0);
		expect_once(2 * EVENTS);
		free(second);
	}
	free(wider);
	free(first);
}

static int batch_is_done(void *unused) {
	(void)unused;
	return test_lk(&lk.servers, NULL, NULL, NULL, ARGS("batch", "traffic")) == 0;
}

/* I11: a batch that is stopped before its commit holds the copy, the view and their rows, until the bound. */
static void frozen_before_a_publish(void **state) {
	(void)state;
	char *first = events("first.jsonl", 0);
	LK(0, "", "", "ingest", "hits", first);
	int pid = freeze("batch.computed", ARGS("batch", "traffic"));
	assert_true(test_poll(batch_is_done, NULL, DEADLINE_MS));
	assert_int_not_equal(wake(pid), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'published'"), 1);
	free(first);
}

/* I8, I11: so does an apply: it holds the catalogue. */
static void frozen_before_a_declaration(void **state) {
	(void)state;
	char *one = test_file(&lk, "one.sql", "CREATE VIEW one AS SELECT count(*) AS n FROM hits;");
	char *two = test_file(&lk, "two.sql", "CREATE VIEW two AS SELECT count(*) AS n FROM hits;");
	int pid = freeze("apply.declared", ARGS("apply", one));
	LK(0, "", "", "apply", two);
	assert_int_not_equal(wake(pid), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.view WHERE name IN ('one', 'two')"), 1);
	LK(0, "", "", "apply", one);
	free(one);
	free(two);
}

/* --- who is not ended --- */

static int64_t part_0(void) { return test_world_int(&world, "SELECT next_off FROM lk.tail WHERE part = 0"); }

/* A session in a COPY of the first partition, with its row of the tail locked. */
static void hold(lk_pg *pg, const char *name) {
	lk_error err = {0};
	assert_int_equal(lk_pg_open(pg, lk.servers.at.postgres, name, &err), 0);
	assert_int_equal(lk_pg_run(pg, &err, "BEGIN; SELECT FROM lk.tail WHERE part = 0 FOR UPDATE"), 0);
	PGresult *copy = PQexec(pg->conn, "COPY lk.log_hits (part, off, _at, ts, ip) FROM STDIN");
	assert_int_equal(PQresultStatus(copy), PGRES_COPY_IN);
	PQclear(copy);
}

static int is_in_copy_for_long(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY lk.log_hits%' AND state = 'active'"
	                      " AND state_change < clock_timestamp() - interval '2600 ms'") > 0;
}

/* P14: the session of another program is named and not ended. */
static void sessions_of_other_programs_are_not_ended(void **state) {
	(void)state;
	lk_pg stranger;
	char *first = events("first.jsonl", 0);
	hold(&stranger, "my loader");
	assert_true(test_poll(is_in_copy_for_long, NULL, DEADLINE_MS));
	lk_error err = {0};
	assert_false(lk_tail_free(&world.pg, &err));
	assert_int_equal(lk_pg_run(&stranger, NULL, "SELECT 1"), LK_EINTERNAL);      /* it is still in its COPY */
	lk_pg_rollback(&stranger);
	assert_int_equal(lk_pg_run(&stranger, &err, "SELECT 1"), 0);
	lk_pg_close(&stranger);
	LK(0, "", "", "ingest", "hits", first);
	free(first);
}

typedef struct feeder {
	lk_pg pg;
	volatile int stop;
	bool failed;
	int rows;
} feeder;

static void *feed(void *arg) {
	feeder *f = arg;
	char row[100];
	while (!lk_flag_is_set(&f->stop) && !f->failed) {
		int n = snprintf(row, sizeof row, "0\t%d\t2024-01-01Z\t2024-01-01Z\t%s\n", f->rows++, "a");
		f->failed = PQputCopyData(f->pg.conn, row, n) != 1 || PQflush(f->pg.conn) < 0;
		usleep(1000);      /* the pace of a slow line, not a wait */
	}
	return NULL;
}

/* P14: a client that is slow, but sends, is not frozen. */
static void slow_clients_are_not_ended(void **state) {
	(void)state;
	feeder f = {0};
	pthread_t thread;
	setenv("LK_HURRY", "2", 1);
	hold(&f.pg, "lk ingest");
	assert_int_equal(pthread_create(&thread, NULL, feed, &f), 0);
	assert_true(test_poll(is_in_copy_for_long, NULL, DEADLINE_MS));
	lk_error err = {0};
	assert_false(lk_tail_free(&world.pg, &err));
	lk_flag_set(&f.stop);
	pthread_join(thread, NULL);
	assert_false(f.failed);
	assert_int_equal(part_0(), 0);
	assert_true(lk_tail_free(&world.pg, &err));      /* now it is silent */
	lk_pg_close(&f.pg);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(frozen_in_the_first_copy, fresh),
		cmocka_unit_test_setup(frozen_in_a_later_copy, fresh),
		cmocka_unit_test_setup(frozen_in_the_last_copy, fresh),
		cmocka_unit_test_setup(frozen_between_statements, fresh),
		cmocka_unit_test_setup(frozen_beside_its_own_source, fresh),
		cmocka_unit_test_setup(other_waiting_processes_continue, fresh),
		cmocka_unit_test_setup(frozen_before_a_publish, fresh),
		cmocka_unit_test_setup(frozen_before_a_declaration, fresh),
		cmocka_unit_test_setup(sessions_of_other_programs_are_not_ended, fresh),
		cmocka_unit_test_setup(slow_clients_are_not_ended, fresh),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
#else
int main(void) { return 0; }
#endif
