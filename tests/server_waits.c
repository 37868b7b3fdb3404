/* Servers that are frozen (SIGSTOP): lk reacts to a signal all the same, a silent session is given up, and when the
 * server is back everything continues by itself, with nothing lost or doubled. A frozen session sends nothing;
 * PostgreSQL itself accepts new connections. */
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

enum { SOON_MS = 10000, LONG_MS = 60000 };   /* deadlines; what a test waits for takes a second, or a few */

static test_program lk;
static int running;

static const char *const quick[] = {"LK_WAIT_MS=1500", NULL};
static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n"
	"CREATE TABLE recent WITH (event_time = ts) AS"
	" SELECT ts, ip, count(*) OVER (PARTITION BY ip ORDER BY _off ROWS 2 PRECEDING) AS n FROM hits;\n";

static char *events(const char *name, int n) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_addf(&b, "{\"ts\":\"2015-05-17T10:00:%02dZ\",\"ip\":\"%d\",\"path\":\"/\"}\n", i % 60, i % 7);
	char *path = test_file(&lk, name, b.data);
	lk_buf_release(&b);
	return path;
}

static void ingest(int n) {
	char *path = events("events.jsonl", n);
	LK(0, "", "", "ingest", "hits", path);
	free(path);
}

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	char *path = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", path);
	free(path);
	ingest(100);
	return 0;
}

static int thaw(void **state) {
	(void)state;
	test_thaw(&lk.servers);
	if (running) {
		kill(running, SIGKILL);
		test_lk_wait(running, SOON_MS);
	}
	running = 0;
	return 0;
}

static int ended(int deadline_ms) {
	int status = test_lk_wait(running, deadline_ms);
	if (status >= 0)
		running = 0;
	return status;
}

/* --- a signal --- */

static const char workers_run[] = "SELECT count(*) >= 5 FROM pg_stat_activity WHERE application_name = 'lk speed'";

static const char tail_runs[] = "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'lk tail'";
static const char delivers[] = "SELECT coalesce(sum(rows), 0) > 0 FROM lk.delivery";

static const struct { const char *name; const char *const *argv; const char *working; int status; } commands[] = {
	{"lk speed", ARGS("speed"), workers_run, 0},
	{"lk run", ARGS("run", "--every", "50ms"), "SELECT count(*) > 0 FROM lk.batch", 0},
	{"lk batch", ARGS("batch", "--every", "50ms"), "SELECT count(*) > 0 FROM lk.batch", 0},
	{"lk replay", ARGS("replay", "traffic", "--pace", "0.01x", "--from", "2015-05-17T10:00:00Z", "--to", "2015-05-17T10:01:00Z", "--as", "slow"),
	 "SELECT count(*) > 0 FROM lk.replay", 75},
	{"lk tail", ARGS("tail", "hits", "--follow", "--last", "1"), tail_runs, 0},
	{"lk tail --exec", ARGS("tail", "hits", "--follow", "--from", "beginning", "--name", "sent", "--exec", "cat >/dev/null"), delivers, 0},
};

static void a_signal_is_heard(enum test_frozen what) {
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		print_message("%s\n", commands[i].name);
		running = test_lk_start(&lk.servers, NULL, commands[i].argv);
		test_await_handler(running, SIGTERM);
		test_await_sql(&lk, commands[i].working);
		test_freeze(&lk.servers, what);
		kill(running, SIGTERM);
		assert_int_equal(ended(SOON_MS), commands[i].status);
		test_thaw(&lk.servers);
	}
	LK(0, "", "", "speed", "--once");
	test_await_hits(&lk, 100);
	LK(0, "the same 100 rows", "", "compare", "recent");
}

static void a_signal_is_heard_while_sessions_are_frozen(void **state) {
	(void)state;
	a_signal_is_heard(TEST_SESSIONS);
}

static void a_signal_is_heard_while_postgresql_is_frozen(void **state) {
	(void)state;
	a_signal_is_heard(TEST_POSTGRES);
}

static void a_signal_is_heard_while_redis_is_frozen(void **state) {
	(void)state;
	a_signal_is_heard(TEST_REDIS);
}

static const char waits_for_a_lock[] = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'";

/* I5, P14: an append to a frozen server is given up, and the next run finds out whether it is in the log. */
static void a_frozen_append_hears_a_signal(void **state) {
	(void)state;
	char *path = events("more.jsonl", 50);
	PGconn *c = PQconnectdb(lk.servers.at.postgres);
	PQclear(PQexec(c, "BEGIN; SELECT 1 FROM lk.tail FOR UPDATE"));
	running = test_lk_start(&lk.servers, NULL, ARGS("ingest", "hits", "--source", "s", path));
	test_await_sql(&lk, waits_for_a_lock);
	test_freeze(&lk.servers, TEST_SESSIONS);
	kill(running, SIGINT);
	assert_int_equal(ended(SOON_MS), 75);
	test_thaw(&lk.servers);
	PQfinish(c);
	LK(0, "", "50 events", "ingest", "hits", "--source", "s", path);
	LK(0, "", "", "speed", "--once");
	test_await_hits(&lk, 150);
	free(path);
}

/* A statement whose client has given up is cancelled. */
static void a_stopped_batch_leaves_no_statement(void **state) {
	(void)state;
	PGconn *c = PQconnectdb(lk.servers.at.postgres);
	PQclear(PQexec(c, "BEGIN; LOCK TABLE lk.log_hits IN ACCESS EXCLUSIVE MODE"));
	running = test_lk_start(&lk.servers, NULL, ARGS("batch", "--every", "50ms"));
	test_await_sql(&lk, waits_for_a_lock);
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	test_await_sql(&lk, "SELECT count(*) = 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
	PQfinish(c);
	LK(0, "", "100 events", "batch");
}

/* --- without a signal --- */

static char *sessions(const char *name) {
	return lk_asprintf("SELECT coalesce(string_agg(pid::text, ','), '0') FROM pg_stat_activity WHERE application_name = '%s'", name);
}

/* The sessions of that name that did not exist before. */
static void await_new_session(const char *name, const char *before) {
	char *sql = lk_asprintf("SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = '%s' AND pid NOT IN (%s)", name, before);
	test_await_sql(&lk, sql);
	free(sql);
}

static char *freeze_sessions(const char *name) {
	char *sql = sessions(name), *before = test_ask(&lk, sql, NULL);
	free(sql);
	test_freeze(&lk.servers, TEST_SESSIONS);
	return before;
}

/* I11: workers take the units again when the frozen sessions, which hold their locks, are gone. */
static void workers_give_up_a_frozen_session(void **state) {
	(void)state;
	running = test_lk_start(&lk.servers, quick, ARGS("speed"));
	test_await_hits(&lk, 100);
	char *before = freeze_sessions("lk speed");
	await_new_session("lk speed", before);
	test_thaw(&lk.servers);
	ingest(50);
	test_await_hits(&lk, 150);
	test_await_sql(&lk, "SELECT count(*) = 150 FROM lk.log_recent");
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	LK(0, "the same 150 rows", "", "compare", "recent");
	free(before);
}

/* I5, I11, P14: one of the two attempts is counted, once. */
static void an_append_gives_up_a_frozen_session(void **state) {
	(void)state;
	char *path = events("more.jsonl", 50);
	PGconn *c = PQconnectdb(lk.servers.at.postgres);
	PQclear(PQexec(c, "BEGIN; SELECT 1 FROM lk.tail FOR UPDATE"));
	running = test_lk_start(&lk.servers, (const char *const[]){quick[0], "LK_HURRY=10", NULL}, ARGS("ingest", "hits", path));
	test_await_sql(&lk, waits_for_a_lock);
	char *before = freeze_sessions("lk ingest");
	await_new_session("lk ingest", before);
	test_thaw(&lk.servers);
	PQfinish(c);
	assert_int_equal(ended(LONG_MS), 0);
	LK(0, "", "", "speed", "--once");
	test_await_hits(&lk, 150);
	free(before);
	free(path);
}

/* I11: a batch may compute for hours; another session shows that its process is stopped. */
static void a_batch_gives_up_a_frozen_session(void **state) {
	(void)state;
	PGconn *c = PQconnectdb(lk.servers.at.postgres);
	PQclear(PQexec(c, "BEGIN; LOCK TABLE lk.log_hits IN ACCESS EXCLUSIVE MODE"));
	running = test_lk_start(&lk.servers, quick, ARGS("batch", "--every", "50ms"));
	test_await_sql(&lk, waits_for_a_lock);
	char *before = freeze_sessions("lk batch");
	await_new_session("lk batch", before);
	test_thaw(&lk.servers);
	PQfinish(c);
	test_await_sql(&lk, "SELECT count(*) > 0 FROM lk.batch");
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
	free(before);
}

/* A statement that takes far longer than the limits is not given up if the server works on it. */
static void a_long_statement_is_waited_for(void **state) {
	(void)state;
	free(test_ask(&lk, "CREATE FUNCTION public.work() RETURNS event_trigger LANGUAGE plpgsql AS"
	              " $$ BEGIN PERFORM pg_catalog.pg_sleep(6); END $$", NULL));
	free(test_ask(&lk, "CREATE EVENT TRIGGER work ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS')"
	              " EXECUTE FUNCTION public.work()", NULL));
	test_run(&lk, quick, 0, "", "100 events", ARGS("batch"));
	free(test_ask(&lk, "DROP FUNCTION public.work() CASCADE", NULL));
	test_ask_is(&lk, "SELECT seconds > 6 AND events = 100 FROM lk.batch", "t");
}

/* I11: both servers are silent for longer than the limits. */
static void all_frozen_and_back(void **state) {
	(void)state;
	running = test_lk_start(&lk.servers, quick, ARGS("run", "--every", "50ms"));
	test_await_sql(&lk, workers_run);
	test_await_hits(&lk, 100);
	test_freeze(&lk.servers, TEST_REDIS);
	ingest(20);
	char *out = NULL;
	assert_int_equal(test_lk(&lk.servers, quick, NULL, &out, ARGS("query", "traffic")), 3);
	assert_non_null(strstr(out, "no answer for 10 s"));
	free(out);
	test_thaw(&lk.servers);
	test_await_hits(&lk, 120);
	test_freeze(&lk.servers, TEST_POSTGRES);
	assert_int_equal(test_lk(&lk.servers, quick, NULL, &out, ARGS("query", "traffic")), 3);
	assert_non_null(strstr(out, "PostgreSQL does not answer at"));
	free(out);
	test_thaw(&lk.servers);
	ingest(30);
	test_await_hits(&lk, 150);
	test_await_sql(&lk, "SELECT max(events) = 150 FROM lk.batch");
	test_await_sql(&lk, "SELECT count(*) = 150 FROM lk.log_recent");
	LK(0, "the same 150 rows", "", "compare", "recent");
	kill(running, SIGTERM);
	assert_int_equal(ended(SOON_MS), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, thaw)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_signal_is_heard_while_sessions_are_frozen),
		TEST(a_signal_is_heard_while_postgresql_is_frozen),
		TEST(a_signal_is_heard_while_redis_is_frozen),
		TEST(a_frozen_append_hears_a_signal),
		TEST(a_stopped_batch_leaves_no_statement),
		TEST(workers_give_up_a_frozen_session),
		TEST(an_append_gives_up_a_frozen_session),
		TEST(a_batch_gives_up_a_frozen_session),
		TEST(a_long_statement_is_waited_for),
		TEST(all_frozen_and_back),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
