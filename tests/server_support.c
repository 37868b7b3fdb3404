/* The private servers: started, stopped, killed, started again, with a folder that the servers' user cannot enter. */
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
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/support/servers.h"

static test_servers servers;

static char *ask(const char *conninfo, const char *sql) {
	PGconn *c = PQconnectdb(conninfo);
	PGresult *r = PQexec(c, sql);
	char *text = lk_strdup(PQntuples(r) > 0 ? PQgetvalue(r, 0, 0) : PQerrorMessage(c));
	PQclear(r);
	PQfinish(c);
	return text;
}

static void is(const char *sql, const char *want) {
	char *got = ask(servers.at.postgres, sql);
	assert_string_equal(got, want);
	free(got);
}

static void up_twice_changes_nothing(void **state) {
	(void)state;
	int postgres = lk_server_pid(servers.at.home, LK_SERVER_POSTGRES);
	int redis = lk_server_pid(servers.at.home, LK_SERVER_REDIS);
	lk_servers again;
	lk_error err = {0};
	assert_true(postgres > 0 && redis > 0);
	assert_int_equal(lk_servers_up(servers.at.home, &again, &err), LK_OK);
	assert_string_equal(again.postgres, servers.at.postgres);
	assert_string_equal(again.redis, servers.at.redis);
	assert_int_equal(lk_server_pid(servers.at.home, LK_SERVER_POSTGRES), postgres);
	assert_int_equal(lk_server_pid(servers.at.home, LK_SERVER_REDIS), redis);
	lk_servers_release(&again);
}

static void only_sockets(void **state) {
	(void)state;
	is("SHOW listen_addresses", "");
	is("SHOW server_encoding", "UTF8");
	is("SELECT count(*) FROM pg_stat_activity WHERE client_addr IS NOT NULL", "0");
}

static void data_stays_over_down_and_up(void **state) {
	(void)state;
	lk_error err = {0};
	free(ask(servers.at.postgres, "CREATE TABLE stays AS SELECT 42 AS x"));
	assert_int_equal(lk_servers_down(servers.at.home, &err), LK_OK);
	assert_int_equal(lk_server_pid(servers.at.home, LK_SERVER_POSTGRES), 0);
	assert_int_equal(lk_server_pid(servers.at.home, LK_SERVER_REDIS), 0);
	assert_int_equal(lk_servers_down(servers.at.home, &err), LK_OK);
	lk_servers again;
	assert_int_equal(lk_servers_up(servers.at.home, &again, &err), LK_OK);
	is("SELECT x FROM stays", "42");
	lk_servers_release(&again);
}

static void killed_servers_start_again(void **state) {
	(void)state;
	free(ask(servers.at.postgres, "CREATE TABLE survives AS SELECT 43 AS x"));
	test_postgres_kill(&servers);
	test_redis_kill(&servers);
	assert_int_equal(lk_server_pid(servers.at.home, LK_SERVER_POSTGRES), 0);
	assert_int_equal(lk_server_pid(servers.at.home, LK_SERVER_REDIS), 0);
	test_redis_start(&servers);
	assert_int_equal(lk_server_pid(servers.at.home, LK_SERVER_POSTGRES), 0);
	test_postgres_start(&servers);
	is("SELECT x FROM survives", "43");
}

/* The number of a dead server in its file, now this test's own. */
static void stale_pid_files_are_no_servers(void **state) {
	(void)state;
	char *data = lk_server_data(servers.at.home, LK_SERVER_POSTGRES), *file = lk_asprintf("%s/postmaster.pid", data);
	test_postgres_kill(&servers);
	FILE *f = fopen(file, "w");
	assert_non_null(f);
	fprintf(f, "%d\n%s\n", (int)getpid(), data);
	fclose(f);
	assert_int_equal(lk_server_pid(servers.at.home, LK_SERVER_POSTGRES), 0);
	test_postgres_start(&servers);
	is("SELECT 1", "1");
	free(file);
	free(data);
}

static void redis_goes_back_to_what_was_saved(void **state) {
	(void)state;
	test_redis_empty(&servers);
	test_redis_save(&servers, "empty");
	test_redis_restore(&servers, "empty");
	assert_true(lk_server_pid(servers.at.home, LK_SERVER_REDIS) > 0);
}

static void clear_empties_both(void **state) {
	(void)state;
	free(ask(servers.at.postgres, "CREATE SCHEMA lk; CREATE TABLE lk.x ()"));
	test_servers_clear(&servers);
	is("SELECT count(*) FROM pg_namespace WHERE nspname = 'lk'", "0");
	test_servers_clear(&servers);
}

/* A home that the servers' user cannot enter, with a path too long for a socket. */
static void hidden_and_long_home(void **state) {
	(void)state;
	lk_error err = {0};
	lk_servers at;
	char *hidden = lk_asprintf("%s/hidden", servers.dir);
	char *home = lk_asprintf("%s/%064d/it's a folder", hidden, 1);
	assert_int_equal(mkdir(hidden, 0700), 0);
	assert_int_equal(lk_servers_up(home, &at, &err), LK_OK);
	char *got = ask(at.postgres, "SELECT 5");
	assert_string_equal(got, "5");
	free(got);
	char *data = lk_server_data(home, LK_SERVER_REDIS);
	assert_non_null(data);
	assert_int_equal(lk_servers_down(at.home, &err), LK_OK);
	lk_servers_release(&at);
	free(data);
	free(home);
	free(hidden);
}

static void find_prefers_the_environment(void **state) {
	(void)state;
	lk_servers at;
	lk_error err = {0};
	assert_int_equal(lk_servers_find("/nonexistent/home", &at, &err), LK_EUNREACHABLE);
	assert_non_null(strstr(err.hint, "lk up"));
	lk_error_clear(&err);
	assert_int_equal(lk_servers_find(servers.at.home, &at, &err), LK_OK);
	assert_string_equal(at.postgres, servers.at.postgres);
	lk_servers_release(&at);
	setenv("LK_POSTGRES", "host=elsewhere", 1);
	assert_int_equal(lk_servers_find(servers.at.home, &at, &err), LK_OK);
	assert_string_equal(at.postgres, "host=elsewhere");
	assert_string_equal(at.redis, servers.at.redis);
	lk_servers_release(&at);
	unsetenv("LK_POSTGRES");
}

static int setup(void **state) {
	(void)state;
	test_servers_start(&servers);
	return 0;
}

static int teardown(void **state) {
	(void)state;
	test_servers_stop(&servers);
	return access(servers.dir, F_OK) == 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(up_twice_changes_nothing),
		cmocka_unit_test(only_sockets),
		cmocka_unit_test(data_stays_over_down_and_up),
		cmocka_unit_test(killed_servers_start_again),
		cmocka_unit_test(stale_pid_files_are_no_servers),
		cmocka_unit_test(redis_goes_back_to_what_was_saved),
		cmocka_unit_test(clear_empties_both),
		cmocka_unit_test(hidden_and_long_home),
		cmocka_unit_test(find_prefers_the_environment),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
