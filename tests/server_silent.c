/* PostgreSQL on another machine that falls silent: the network carries nothing any more, or nothing of existing
 * connections. No process shows as stopped here, and connections stay open. Every session is given up, and work
 * continues. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <libpq-fe.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "tests/support/fixtures.h"
#include "tests/support/proxy.h"

enum { SOON_MS = 20000, LONG_MS = 60000 };   /* deadlines */

static test_program lk;
static test_proxy network;
static PGconn *holder;                        /* of a lock that another session waits for */
static char *far;                             /* LK_POSTGRES through the network */
static int running;

static const char quick[] = "LK_WAIT_MS=1500", hurry[] = "LK_HURRY=10";
static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n";

static void ingest(const char *name, int n) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_addf(&b, "{\"ts\":\"2015-05-17T10:00:%02dZ\",\"ip\":\"%d\",\"path\":\"/\"}\n", i % 60, i % 7);
	char *path = test_file(&lk, name, b.data);
	LK(0, "", "", "ingest", "hits", path);
	lk_buf_release(&b);
	free(path);
}

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	char *path = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", path);
	free(path);
	ingest("events.jsonl", 100);
	test_proxy_open(&network, "127.0.0.1", 0, test_postgres_socket(&lk.servers));
	far = lk_asprintf("LK_POSTGRES=host=127.0.0.1 port=%d user=lk dbname=postgres", network.port);
	return 0;
}

static void release(void) {
	PQfinish(holder);
	holder = NULL;
}

static int end(void **state) {
	(void)state;
	if (running) {
		kill(running, SIGKILL);
		test_lk_wait(running, SOON_MS);
	}
	running = 0;
	release();
	test_proxy_close(&network);
	free(far);
	far = NULL;
	return 0;
}

static void hold(const char *sql) {
	holder = PQconnectdb(lk.servers.at.postgres);
	PGresult *r = PQexec(holder, sql);
	assert_true(PQresultStatus(r) == PGRES_COMMAND_OK || PQresultStatus(r) == PGRES_TUPLES_OK);
	PQclear(r);
}

static void start(const char *const *argv) {
	running = test_lk_start(&lk.servers, (const char *const[]){quick, hurry, far, NULL}, argv);
}

static void ends_well(int status) {
	assert_int_equal(test_lk_wait(running, LONG_MS), status);
	running = 0;
}

static const char waits_for_a_lock[] = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";

static char *sessions_of(const char *name) {
	char *sql = lk_asprintf("SELECT coalesce(string_agg(pid::text, ','), '0') FROM pg_stat_activity"
	                        " WHERE application_name = '%s'", name);
	char *pids = test_ask(&lk, sql, NULL);
	free(sql);
	return pids;
}

static void await_session_besides(const char *name, char *pids) {
	char *sql = lk_asprintf("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = '%s'"
	                        " AND pid NOT IN (%s)", name, pids);
	test_await_sql(&lk, sql);
	free(sql);
	free(pids);
}

/* --- statements that may take long --- */

/* I11: the server has finished, and its answer does not arrive. */
static void a_batch_whose_answer_is_lost(void **state) {
	(void)state;
	hold("BEGIN; LOCK TABLE lk.log_hits IN ACCESS EXCLUSIVE MODE");
	start(ARGS("batch", "--every", "50ms"));
	test_await_sql(&lk, waits_for_a_lock);
	char *pids = sessions_of("lk batch");
	test_proxy_set(&network, TEST_CARRIES_NEW);
	release();
	await_session_besides("lk batch", pids);
	test_proxy_set(&network, TEST_CARRIES_ALL);
	test_await_sql(&lk, "SELECT max(events) = 100 FROM lk.batch");
	kill(running, SIGTERM);
	ends_well(0);
}

/* I11: it is unknown whether the server works on it. */
static void a_batch_whose_server_is_gone(void **state) {
	(void)state;
	char *out = NULL, *said = NULL;
	hold("BEGIN; LOCK TABLE lk.log_hits IN ACCESS EXCLUSIVE MODE");
	start(ARGS("batch", "--every", "50ms"));
	test_await_sql(&lk, waits_for_a_lock);
	char *pids = sessions_of("lk batch");
	test_proxy_set(&network, TEST_CARRIES_NONE);
	int status = test_lk(&lk.servers, (const char *const[]){quick, far, NULL}, &out, &said, ARGS("status"));
	assert_int_equal(status, 3);
	assert_non_null(strstr(said, "PostgreSQL does not answer at 127.0.0.1"));
	test_proxy_set(&network, TEST_CARRIES_NEW);
	await_session_besides("lk batch", pids);
	release();
	test_proxy_set(&network, TEST_CARRIES_ALL);
	test_await_sql(&lk, "SELECT max(events) = 100 FROM lk.batch");
	kill(running, SIGTERM);
	ends_well(0);
	free(out);
	free(said);
}

/* A batch without --every ends with an error. */
static void a_batch_that_ends_with_its_server(void **state) {
	(void)state;
	hold("BEGIN; LOCK TABLE lk.log_hits IN ACCESS EXCLUSIVE MODE");
	start(ARGS("batch"));
	test_await_sql(&lk, waits_for_a_lock);
	test_proxy_set(&network, TEST_CARRIES_NONE);
	ends_well(3);
}

/* It fails and says so. */
static void a_query_whose_server_is_gone(void **state) {
	(void)state;
	hold("BEGIN; LOCK TABLE lk.copy IN ACCESS EXCLUSIVE MODE");
	start(ARGS("query", "traffic"));
	test_await_sql(&lk, waits_for_a_lock);
	test_proxy_set(&network, TEST_CARRIES_NONE);
	ends_well(3);
}

/* --- statements that may not --- */

/* I11 */
static void workers_whose_sessions_are_silent(void **state) {
	(void)state;
	start(ARGS("speed"));
	test_await_hits(&lk, 100);
	char *pids = sessions_of("lk speed");
	test_proxy_set(&network, TEST_CARRIES_NEW);
	ingest("more.jsonl", 50);
	await_session_besides("lk speed", pids);
	test_proxy_set(&network, TEST_CARRIES_ALL);
	test_await_hits(&lk, 150);
	kill(running, SIGTERM);
	ends_well(0);
}

/* I5, I11, P14: whatever happened to the first attempt, its events are in the log once. */
static void an_append_whose_session_is_silent(void **state) {
	(void)state;
	char *path = lk_asprintf("%s/events.jsonl", lk.servers.dir);
	hold("BEGIN; SELECT 1 FROM lk.tail FOR UPDATE");
	start(ARGS("ingest", "hits", path));
	test_await_sql(&lk, waits_for_a_lock);
	char *pids = sessions_of("lk ingest");
	test_proxy_set(&network, TEST_CARRIES_NEW);
	await_session_besides("lk ingest", pids);
	release();
	test_proxy_set(&network, TEST_CARRIES_ALL);
	ends_well(0);
	LK(0, "", "", "speed", "--once");
	test_await_hits(&lk, 200);
	free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_batch_whose_answer_is_lost),
		TEST(a_batch_whose_server_is_gone),
		TEST(a_batch_that_ends_with_its_server),
		TEST(a_query_whose_server_is_gone),
		TEST(workers_whose_sessions_are_silent),
		TEST(an_append_whose_session_is_silent),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
