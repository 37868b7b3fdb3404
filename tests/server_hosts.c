/* Which server a connection text leads to: names that are never resolved, silent hosts and addresses, and working ones
 * after them. */
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

#include "core/buf.h"
#include "tests/support/fixtures.h"
#include "tests/support/proxy.h"

enum { SOON_MS = 20000, LONG_MS = 60000 };   /* deadlines */

static test_program lk;
static int running;
/* Both servers on one address; on another one both are silent, at the same ports. */
static test_proxy postgres, redis, silent_postgres, silent_redis;

static const char names[] = "LK_NAMES=silent.example= unknown.example=, two.example=127.0.0.2,127.0.0.1";
static const char quick[] = "LK_WAIT_MS=1000";

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n";

static int open_all(void **state) {
	int failed = test_shared_start(state);
	test_proxy_open(&postgres, "127.0.0.1", 0, test_postgres_socket(&lk.servers));
	test_proxy_open(&redis, "127.0.0.1", 0, test_redis_socket(&lk.servers));
	test_proxy_open(&silent_postgres, "127.0.0.2", postgres.port, NULL);
	test_proxy_open(&silent_redis, "127.0.0.2", redis.port, NULL);
	char *path = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", path);
	free(path);
	return failed;
}

static int close_all(void **state) {
	test_proxy_close(&postgres);
	test_proxy_close(&redis);
	test_proxy_close(&silent_postgres);
	test_proxy_close(&silent_redis);
	return test_shared_stop(state);
}

static int end(void **state) {
	(void)state;
	if (running) {
		kill(running, SIGKILL);
		test_lk_wait(running, SOON_MS);
	}
	running = 0;
	return 0;
}

/* Asks with these servers; "PORT" at the end stands for the port. */
static void ask(const char *to_postgres, const char *to_redis, int want, const char *says) {
	char *pg = NULL, *store = NULL;
	const char *port = strstr(to_postgres, "PORT"), *store_port = strstr(to_redis, "PORT");
	if (port)
		pg = lk_asprintf("LK_POSTGRES=dbname=postgres user=lk %.*s%d", (int)(port - to_postgres), to_postgres, postgres.port);
	else
		pg = lk_asprintf("LK_POSTGRES=%s", *to_postgres ? to_postgres : lk.servers.at.postgres);
	if (store_port)
		store = lk_asprintf("LK_REDIS=%.*s%d", (int)(store_port - to_redis), to_redis, redis.port);
	else
		store = lk_asprintf("LK_REDIS=%s", *to_redis ? to_redis : lk.servers.at.redis);
	test_run(&lk, (const char *const[]){names, quick, pg, store, NULL}, want, "", says, ARGS("query", "traffic"));
	free(pg);
	free(store);
}

static void names_that_nobody_resolves(void **state) {
	(void)state;
	ask("host=silent.example port=PORT", "", 3, "looking up the host name silent.example: no answer within 5 s");
	ask("host=unknown.example port=PORT", "", 3, "the host name unknown.example is not known");
	assert_non_null(strstr(lk.err, "check the name of the host in LK_POSTGRES"));
	ask("", "redis://silent.example:PORT", 3, "its name cannot be looked up within 5 s");
	ask("", "redis://unknown.example:PORT", 3, "the host has no address");
}

static void an_address_that_says_nothing(void **state) {
	(void)state;
	ask("host=127.0.0.2 port=PORT", "", 3, "PostgreSQL does not answer at 127.0.0.2 port");
	ask("", "redis://127.0.0.2:PORT", 3, "no answer for 10 s");
}

static void the_next_address_of_a_name(void **state) {
	(void)state;
	ask("host=two.example port=PORT", "redis://127.0.0.1:PORT", 0, "");
}

/* I11: whatever is wrong with the hosts before it. */
static void the_next_host(void **state) {
	(void)state;
	ask("host=silent.example,unknown.example,127.0.0.2,127.0.0.1 port=PORT", "", 0, "");
	ask("host=127.0.0.1,127.0.0.1 port=1,PORT", "", 0, "");
	ask("host=silent.example,two.example hostaddr=127.0.0.1, port=PORT", "", 0, "");
	ask("host=silent.example,127.0.0.2 port=PORT", "", 3, "does not answer at 127.0.0.2");
	assert_non_null(strstr(lk.err, "before it: PostgreSQL cannot be reached: looking up the host name silent.example"));
}

/* A server that refuses has answered. */
static void a_refusal_is_the_answer(void **state) {
	(void)state;
	char *pg = lk_asprintf("host=127.0.0.2,127.0.0.1,silent.example port=%d user=lk dbname=nonesuch", postgres.port);
	ask(pg, "", 3, "PostgreSQL refuses the connection at 127.0.0.1 port");
	assert_non_null(strstr(lk.err, "\"nonesuch\" does not exist"));
	assert_null(strstr(lk.err, "silent.example"));
	free(pg);
}

static void a_role_without_a_right(void **state) {
	(void)state;
	free(test_ask(&lk, "CREATE ROLE stranger LOGIN", NULL));
	ask("host=127.0.0.1 user=stranger port=PORT", "", 3, "permission denied for schema lk");
	assert_non_null(strstr(lk.err, "hint: let role stranger do this, or name the owner of schema lk"));
	free(test_ask(&lk, "GRANT USAGE ON SCHEMA lk TO stranger", NULL));
	free(test_ask(&lk, "GRANT SELECT ON ALL TABLES IN SCHEMA lk TO stranger", NULL));
	ask("host=127.0.0.1 user=stranger port=PORT", "", 0, "");
}

static void a_host_that_takes_no_writes(void **state) {
	(void)state;
	free(test_ask(&lk, "CREATE ROLE reader LOGIN", NULL));
	free(test_ask(&lk, "ALTER ROLE reader SET default_transaction_read_only = on", NULL));
	ask("host=127.0.0.2,127.0.0.1 user=reader target_session_attrs=read-write port=PORT", "", 3, "session is read-only");
	assert_non_null(strstr(lk.err, "before it: PostgreSQL does not answer at 127.0.0.2"));
	ask("host=127.0.0.1 target_session_attrs=read-write port=PORT", "", 0, "");
}

/* --- a signal --- */

/* The limit is a minute. */
static void a_signal_is_heard_while_a_name_is_looked_up(void **state) {
	(void)state;
	static const char *const env[] = {names, "LK_POSTGRES=host=silent.example connect_timeout=60", NULL};
	running = test_lk_start(&lk.servers, env, ARGS("batch", "--every", "1s"));
	test_await_handler(running, SIGTERM);
	kill(running, SIGTERM);
	int status = test_lk_wait(running, SOON_MS);
	assert_int_equal(status, 0);
	running = 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(names_that_nobody_resolves),
		TEST(an_address_that_says_nothing),
		TEST(the_next_address_of_a_name),
		TEST(the_next_host),
		TEST(a_refusal_is_the_answer),
		TEST(a_role_without_a_right),
		TEST(a_host_that_takes_no_writes),
		TEST(a_signal_is_heard_while_a_name_is_looked_up),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, open_all, close_all);
}
