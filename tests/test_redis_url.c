/* The address of Redis, and the meaning of its errors. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "view_store/redis.h"

static void same_text(const char *got, const char *want) {
	if (want)
		assert_string_equal(got, want);
	else
		assert_null(got);
}

static void good_urls(void **state) {
	(void)state;
	static const struct {
		const char *url, *path, *host, *user, *password;
		int port, db;
		const char *where;
	} good[] = {
		{"unix:/run/redis.sock", "/run/redis.sock", NULL, NULL, NULL, 6379, 0, "unix:/run/redis.sock"},
		{"unix:///run/redis.sock", "/run/redis.sock", NULL, NULL, NULL, 6379, 0, "unix:/run/redis.sock"},
		{"unix://:word@/run/redis.sock", "/run/redis.sock", NULL, NULL, "word", 6379, 0, "unix:/run/redis.sock"},
		{"unix://me:a%40%2fb@/run/x@/redis.sock", "/run/x@/redis.sock", NULL, "me", "a@/b", 6379, 0, "unix:/run/x@/redis.sock"},
		{"unix:/run/x@/redis.sock", "/run/x@/redis.sock", NULL, NULL, NULL, 6379, 0, "unix:/run/x@/redis.sock"},
		{"unix:redis.sock", "redis.sock", NULL, NULL, NULL, 6379, 0, "unix:redis.sock"},
		{"redis://", NULL, "127.0.0.1", NULL, NULL, 6379, 0, "redis://127.0.0.1:6379/0"},
		{"redis://cache", NULL, "cache", NULL, NULL, 6379, 0, "redis://cache:6379/0"},
		{"redis://cache:7000", NULL, "cache", NULL, NULL, 7000, 0, "redis://cache:7000/0"},
		{"redis://cache:7000/", NULL, "cache", NULL, NULL, 7000, 0, "redis://cache:7000/0"},
		{"redis://cache/3", NULL, "cache", NULL, NULL, 6379, 3, "redis://cache:6379/3"},
		{"redis://:word@cache:7000/3", NULL, "cache", NULL, "word", 7000, 3, "redis://cache:7000/3"},
		{"redis://me:word@cache", NULL, "cache", "me", "word", 6379, 0, "redis://cache:6379/0"},
		{"redis://me@cache", NULL, "cache", "me", NULL, 6379, 0, "redis://cache:6379/0"},
		{"redis://me:a%40b%2fc%25@cache/1", NULL, "cache", "me", "a@b/c%", 6379, 1, "redis://cache:6379/1"},
		{"redis://me:a/b@c@cache", NULL, "cache", "me", "a/b@c", 6379, 0, "redis://cache:6379/0"},
		{"redis://me:100%@cache", NULL, "cache", "me", "100%", 6379, 0, "redis://cache:6379/0"},
		{"redis://[::1]:7000/2", NULL, "::1", NULL, NULL, 7000, 2, "redis://[::1]:7000/2"},
		{"redis://me:word@[::1]", NULL, "::1", "me", "word", 6379, 0, "redis://[::1]:6379/0"},
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		lk_redis_url u;
		lk_error err = {0};
		assert_int_equal(lk_redis_url_parse(&u, good[i].url, &err), LK_OK);
		same_text(u.path, good[i].path);
		same_text(u.host, good[i].host);
		same_text(u.user, good[i].user);
		same_text(u.password, good[i].password);
		assert_int_equal(u.port, good[i].port);
		assert_int_equal(u.db, good[i].db);
		assert_string_equal(u.where, good[i].where);
		lk_redis_url_release(&u);
	}
}

static void bad_urls(void **state) {
	(void)state;
	static const char *const bad[] = {
		"", "cache", "cache:6379", "/run/redis.sock", "unix:", "http://cache", "rediss://me:hidden@cache", "redis://cache:port",
		"redis://cache:0", "redis://cache:65536", "redis://cache:", "redis://cache:1/x", "redis://me:hidden@cache:99999999999/1",
		"redis://cache/-1", "redis://[::1",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		lk_redis_url u;
		lk_error err = {0};
		if (lk_redis_url_parse(&u, bad[i], &err) != LK_EUSAGE)
			fail_msg("%s was understood", bad[i]);
		assert_true(err.hint[0] != '\0');
		assert_null(strstr(err.text, "hidden"));
		assert_null(strstr(err.hint, "hidden"));
		lk_redis_url_release(&u);
	}
}

static void meanings_of_errors(void **state) {
	(void)state;
	static const struct {
		const char *text;
		int code;
	} errors[] = {
		{"OOM command not allowed when used memory > 'maxmemory'.", LK_EFULL},
		{"OOM command not allowed when used memory > 'maxmemory'. script: 0e89, on @user_script:12.", LK_EFULL},
		{"ERR Error running script (call to f_0e89): @user_script:12: @user_script: 12: -OOM command not allowed when used memory > "
		 "'maxmemory'.", LK_EFULL},
		{"EXECABORT Transaction discarded because of: OOM command not allowed when used memory > 'maxmemory'.", LK_EFULL},
		{"MISCONF Errors writing to the AOF file: No space left on device", LK_EFULL},
		{"LOADING Redis is loading the dataset in memory", LK_EUNREACHABLE},
		{"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", LK_EUNREACHABLE},
		{"READONLY You can't write against a read only replica.", LK_EUNREACHABLE},
		{"ERR Error running script (call to f_0e89): @user_script:3: @user_script: 3: -READONLY You can't write against a read only "
		 "replica.", LK_EUNREACHABLE},
		{"NOREPLICAS Not enough good replicas to write.", LK_EUNREACHABLE},
		{"BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", LK_EUNREACHABLE},
		{"NOAUTH Authentication required.", LK_EUNSUPPORTED},
		{"WRONGPASS invalid username-password pair or user is disabled.", LK_EUNSUPPORTED},
		{"NOPERM this user has no permissions to run the 'hset' command", LK_EUNSUPPORTED},
		{"WRONGTYPE Operation against a key holding the wrong kind of value", LK_EINTERNAL},
		{"ERR unknown command `HSETX`", LK_EINTERNAL},
		{"ERR Error running script (call to f_0e89): @user_script:3: user_script:3: attempt to index a nil value", LK_EINTERNAL},
		{"OOMPH", LK_EINTERNAL},
		{"", LK_EINTERNAL},
	};
	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		assert_int_equal(lk_redis_error_code(errors[i].text), errors[i].code);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_urls),
		cmocka_unit_test(bad_urls),
		cmocka_unit_test(meanings_of_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
