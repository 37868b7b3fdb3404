/* Sessions: equal whatever the database's defaults are, precise about what is wrong, silent about passwords. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/log_sql.h"
#include "core/time.h"
#include "tests/support/log.h"

static test_servers servers;

static void assert_setting(lk_pg *pg, const char *name, const char *value) {
	assert_int_equal(test_number(pg, "SELECT (pg_catalog.current_setting('%s') = '%s')::int", name, value), 1);
}

static const char *const odd_defaults[][3] = {
	{"TimeZone", "America/Havana", "UTC"}, {"DateStyle", "SQL, DMY", "ISO, DMY"}, {"IntervalStyle", "iso_8601", "postgres"},
	{"extra_float_digits", "-5", "1"}, {"search_path", "public", "pg_catalog"}, {"transform_null_equals", "on", "off"}, {"jit", "on", "off"},
	{"synchronous_commit", "off", "on"}, {"default_transaction_isolation", "serializable", "read committed"},
	{"default_transaction_read_only", "on", "off"}, {"standard_conforming_strings", "off", "on"},
	{"statement_timeout", "77s", "0"}, {"lock_timeout", "77s", "0"}, {"idle_in_transaction_session_timeout", "77s", "0"},
	{"idle_session_timeout", "77s", "0"},
};
enum { NODD = sizeof odd_defaults / sizeof *odd_defaults };

/* A trigger in the log records the settings of an append's transaction. */
static void test_defaults_do_not_matter(void **unused) {
	(void)unused;
	unsigned long random = test_seed("defaults do not matter");
	test_log l;
	lk_pg odd;
	lk_error err = {0};
	test_log_open(&l, &servers, 2);
	test_sql(&l.pg, "CREATE TABLE public.seen (sync text, isolation text)");
	test_sql(&l.pg, "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES"
	         " (current_setting('synchronous_commit'), current_setting('transaction_isolation')); RETURN NULL; END $$");
	lk_buf leaf = LK_BUF_INIT;
	lk_log_leaf(&l.stream, 0, &leaf);
	test_sql(&l.pg, "CREATE TRIGGER note AFTER INSERT ON %s EXECUTE FUNCTION public.note()", leaf.data);
	lk_buf_release(&leaf);
	for (int i = 0; i < NODD; i++)
		test_sql(&l.pg, "ALTER ROLE CURRENT_USER SET %s = %s%s%s", odd_defaults[i][0], strchr(odd_defaults[i][1], ',') ? "" : "'",
		         odd_defaults[i][1], strchr(odd_defaults[i][1], ',') ? "" : "'");
	test_open(&odd, &servers);
	for (int i = 0; i < NODD; i++)
		assert_setting(&odd, odd_defaults[i][0], odd_defaults[i][2]);
	assert_int_equal(test_number(&odd, "SELECT count(*) FROM pg_settings WHERE name ~ '^tcp_' AND source = 'session'"), 4);
	test_sql(&odd, "SET synchronous_commit = off");
	test_sql(&odd, "SET default_transaction_isolation = 'serializable'");
	lk_append_batch *b = test_batch(&l, 50, &random);
	test_ok(lk_append(&odd, b, NULL, &err), &err);
	lk_append_batch_free(b);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM public.seen WHERE sync = 'on' AND isolation = 'read committed'"), 1);
	assert_int_equal(test_number(&l.pg, "SELECT count(*) FROM public.seen"), 1);
	test_sql(&l.pg, "ALTER ROLE CURRENT_USER RESET ALL");
	lk_pg_close(&odd);
	test_log_close(&l);
}

static void test_unreachable(void **unused) {
	(void)unused;
	static const char *const nowhere[] = {
		"host=/nonexistent password=geheim", "host=127.0.0.1 port=1 password=geheim", "postgresql://u:geheim@127.0.0.1:1/db",
		"host=nowhere.invalid password=geheim",
	};
	for (size_t i = 0; i < sizeof nowhere / sizeof *nowhere; i++) {
		lk_pg pg;
		lk_error err = {0};
		int64_t begun = lk_monotonic_us();
		assert_int_equal(lk_pg_open(&pg, nowhere[i], "lk test", &err), LK_EUNREACHABLE);
		assert_true(lk_monotonic_us() - begun < 6 * LK_US_PER_S);
		assert_null(pg.conn);
		assert_null(strstr(err.text, "geheim"));
		assert_true(err.hint[0]);
	}
	lk_pg pg;
	lk_error err = {0};
	assert_int_equal(lk_pg_open(&pg, "host=x password=ge heim", "lk test", &err), LK_EUSAGE);
	assert_null(strstr(err.text, "heim"));
	lk_error_clear(&err);
	lk_buf other = LK_BUF_INIT;
	lk_buf_addf(&other, "%s dbname=nonesuch", servers.at.postgres);
	assert_int_equal(lk_pg_open(&pg, other.data, "lk test", &err), LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, "\"nonesuch\" does not exist"));
	assert_null(strstr(err.text, "LOCATION"));
	assert_non_null(strstr(err.hint, "create the database"));
	lk_error_clear(&err);
	lk_buf_clear(&other);
	lk_buf_addf(&other, "%s user=nobody_here", servers.at.postgres);
	assert_int_equal(lk_pg_open(&pg, other.data, "lk test", &err), LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, "\"nobody_here\" does not exist"));
	assert_non_null(strstr(err.hint, "CREATE ROLE"));
	lk_buf_release(&other);
}

static void test_encoding(void **unused) {
	(void)unused;
	lk_pg pg, latin;
	lk_error err = {0};
	test_open(&pg, &servers);
	test_sql(&pg, "CREATE DATABASE latin TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'");
	lk_buf other = LK_BUF_INIT;
	lk_buf_addf(&other, "%s dbname=latin", servers.at.postgres);
	assert_int_equal(lk_pg_open(&latin, other.data, "lk test", &err), LK_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "SQL_ASCII"));
	lk_buf_release(&other);
	test_sql(&pg, "DROP DATABASE latin");
	lk_pg_close(&pg);
}

static void test_errors_say_what_to_do(void **unused) {
	(void)unused;
	static const struct { const char *sql; int code; const char *sqlstate; } cases[] = {
		{"SELECT 1/0", LK_EVALUE, "22012"}, {"SELECT 2147483647 + 1", LK_EVALUE, "22003"}, {"SELECT * FROM lk.nonesuch", LK_EINTERNAL, "42P01"},
		{"SELEC 1", LK_EINTERNAL, "42601"}, {"DO $$ BEGIN RAISE disk_full; END $$", LK_EFULL, "53100"},
		{"DO $$ BEGIN RAISE lock_not_available; END $$", LK_EBUSY, "55P03"}, {"DO $$ BEGIN RAISE serialization_failure; END $$", LK_EBUSY, "40001"},
	};
	lk_pg pg;
	test_open(&pg, &servers);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lk_error err = {0};
		PGresult *res;
		assert_int_equal(lk_pg_exec(&pg, &res, &err, cases[i].sql, 0, NULL), cases[i].code);
		assert_null(res);
		assert_string_equal(err.sqlstate, cases[i].sqlstate);
		assert_int_equal(lk_pg_run(&pg, NULL, cases[i].sql), cases[i].code);
	}
	lk_error err = {0};
	assert_int_equal(lk_pg_run(&pg, &err, "SELECT pg_terminate_backend(pg_backend_pid())"), LK_EUNREACHABLE);
	lk_error_clear(&err);
	assert_int_equal(lk_pg_run(&pg, &err, "SELECT 1"), LK_EUNREACHABLE);
	lk_pg_rollback(&pg);
	lk_pg_close(&pg);
}

static void test_locks(void **unused) {
	(void)unused;
	lk_pg a, b;
	lk_error err = {0};
	test_open(&a, &servers);
	test_open(&b, &servers);
	test_ok(lk_pg_try_lock(&a, 12, &err), &err);
	assert_int_equal(lk_pg_try_lock(&b, 12, &err), LK_EBUSY);
	assert_int_equal(err.code, LK_OK);
	test_ok(lk_pg_try_lock(&b, 13, &err), &err);
	test_sql(&b, "SELECT pg_advisory_lock(12)");     /* another program's lock of that number */
	test_ok(lk_pg_unlock(&a, 12, &err), &err);
	test_ok(lk_pg_try_lock(&b, 12, &err), &err);
	assert_int_equal(lk_pg_unlock(&a, 12, &err), LK_EINTERNAL);
	lk_pg_close(&b);
	lk_pg_close(&a);
}

static int copied(void *ctx) {
	return test_number(ctx, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY%%' AND state = 'active'") == 0;
}

static void test_copy_reader(void **unused) {
	(void)unused;
	static const lk_type types[] = {{.kind = LK_INT4}, {.kind = LK_TEXT}};
	lk_pg pg, other;
	lk_copy_reader r;
	lk_value row[2];
	lk_error err = {0};
	test_open(&pg, &servers);
	test_open(&other, &servers);
	test_ok(lk_copy_open(&r, &pg, "SELECT i, i::text FROM generate_series(1, 1000) i", types, 2, &err), &err);
	for (int i = 1; i <= 1000; i++) {
		test_ok(lk_copy_next(&r, row, &err), &err);
		assert_int_equal(row[0].i, i);
		assert_int_equal(row[1].len, i < 10 ? 1 : i < 100 ? 2 : i < 1000 ? 3 : 4);
	}
	assert_int_equal(lk_copy_next(&r, row, &err), 1);
	assert_int_equal(lk_copy_next(&r, row, &err), 1);
	lk_copy_close(&r);
	test_ok(lk_copy_open(&r, &pg, "SELECT 1, 'x' WHERE false", types, 2, &err), &err);
	assert_int_equal(lk_copy_next(&r, row, &err), 1);
	lk_copy_close(&r);
	test_ok(lk_copy_open(&r, &pg, "SELECT generate_series(1, 100000000), repeat('x', 100)", types, 2, &err), &err);
	test_ok(lk_copy_next(&r, row, &err), &err);
	lk_copy_close(&r);
	assert_true(test_poll(copied, &other, 10000));
	assert_int_equal(lk_copy_open(&r, &pg, "SELECT 1, 'x' FROM lk.nonesuch", types, 2, &err), LK_EINTERNAL);
	assert_string_equal(err.sqlstate, "42P01");
	lk_copy_close(&r);
	lk_error_clear(&err);
	test_ok(lk_copy_open(&r, &pg, "SELECT i, (10 / (i - 5))::text FROM generate_series(1, 9) i", types, 2, &err), &err);
	int rc;
	while (!(rc = lk_copy_next(&r, row, &err)))
		;
	assert_int_equal(rc, LK_EVALUE);
	lk_copy_close(&r);
	assert_int_equal(test_number(&pg, "SELECT 1"), 1);
	lk_pg_close(&other);
	lk_pg_close(&pg);
}

/* --- a session whose server process ends before it is used --- */

static int by_parameters(lk_pg *pg, lk_error *err) { return lk_pg_exec(pg, NULL, err, "SELECT $1::int", 1, (const char *const[]){"1"}); }
static int by_text(lk_pg *pg, lk_error *err) { return lk_pg_run(pg, err, "BEGIN; SELECT 1; COMMIT"); }

static int by_all(lk_pg *pg, lk_error *err) {
	PGresult *res[2];
	int rc = lk_pg_query_all(pg, res, 2, "asking twice", err, "SELECT 1; SELECT 2");
	for (int i = 0; i < 2; i++)
		PQclear(res[i]);
	return rc;
}

static int by_copy(lk_pg *pg, lk_error *err) {
	lk_copy_reader r;
	int rc = lk_copy_open(&r, pg, "SELECT 1::int", (const lk_type[]){{.kind = LK_INT4}}, 1, err);
	lk_copy_close(&r);
	return rc;
}

static int by_append(lk_pg *pg, lk_error *err) {
	unsigned long random = 1;
	test_log l;
	test_log_open(&l, &servers, 2);
	lk_append_batch *b = test_batch(&l, 5, &random);
	test_log_close(&l);
	int rc = lk_append(pg, b, NULL, err);
	lk_append_batch_free(b);
	return rc;
}

static int by_lock(lk_pg *pg, lk_error *err) { return lk_pg_try_lock(pg, 1, err); }

static int is_gone(void *pid) { return kill(*(int *)pid, 0) != 0 && errno == ESRCH; }

static int answers(void *ctx) {
	lk_pg pg;
	(void)ctx;
	if (lk_pg_open(&pg, servers.at.postgres, "lk test", NULL) != LK_OK)
		return 0;
	lk_pg_close(&pg);
	return 1;
}

/* If one server process crashes, PostgreSQL ends all sessions with a warning and then closes the connection. */
static void test_a_crash_beside_it_is_a_server_that_went_away(void **unused) {
	(void)unused;
	static int (*const ways[])(lk_pg *, lk_error *) = {by_parameters, by_text, by_all, by_copy, by_append, by_lock};
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		lk_pg pg, other;
		lk_error err = {0};
		test_open(&pg, &servers);
		test_open(&other, &servers);
		int pid = PQbackendPID(pg.conn);
		assert_int_equal(kill(PQbackendPID(other.conn), SIGKILL), 0);
		assert_true(test_poll(is_gone, &pid, 20000));
		assert_true(ways[i] != by_append || test_poll(answers, NULL, 20000));
		int rc = ways[i](&pg, &err);
		if (rc != LK_EUNREACHABLE)
			fail_msg("way %zu: %d: %s", i, rc, err.text);
		lk_pg_close(&other);
		lk_pg_close(&pg);
		assert_true(test_poll(answers, NULL, 20000));
	}
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
		cmocka_unit_test(test_defaults_do_not_matter),
		cmocka_unit_test(test_unreachable),
		cmocka_unit_test(test_encoding),
		cmocka_unit_test(test_errors_say_what_to_do),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_copy_reader),
		cmocka_unit_test(test_a_crash_beside_it_is_a_server_that_went_away),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
