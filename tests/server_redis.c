/* The view store and a Redis in a bad state: full, gone, silent, a replica, closed by a password, about to evict keys,
 * or with keys that another program wrote. Nothing is half done, and the message names the cause. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/owner.h"
#include "tests/support/redis.h"
#include "tests/support/relay.h"
#include "view_store/unit.h"

static test_servers servers;
static lk_redis admin;       /* a client other than lk */

static const lk_position beginning = {0, LK_NEVER, LK_NEVER, 0};

static void fill_up(void) { test_redis_command(&admin, "CONFIG SET maxmemory 1"); }

static void make_room(void) { test_redis_command(&admin, "CONFIG SET maxmemory 0"); }

/* I9, P17 */
static void a_full_server_takes_nothing_and_gives_back(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	char *before = test_redis_snapshot(&admin, o.unit);
	lk_error err = {0};
	fill_up();
	test_owner_fold_some(&o, 6);
	int refused = test_owner_commit(&o, &err);
	test_owner_roll(&o);
	int refused_empty = test_owner_commit(&o, NULL);
	char *after = test_redis_snapshot(&admin, o.unit);
	lk_unit_state u;
	int taken = lk_store_take_over(o.store, o.unit, &beginning, &u, NULL);
	lk_position base = {12, 120, 12, 0};
	int dropped = lk_store_drop(o.store, &(lk_removal){o.unit, u.token, u.segments, 2, &base}, NULL);
	lk_unit_state none;
	int made = lk_store_take_over(o.store, test_unit_new(), &beginning, &none, NULL);
	int again = lk_store_reset(o.store, o.unit, &u.token, &beginning, NULL);
	make_room();
	assert_int_equal(refused, LK_EFULL);
	assert_true(err.hint[0] != '\0');
	assert_int_equal(refused_empty, LK_EFULL);
	test_same_snapshot(before, after);
	assert_int_equal(taken, LK_OK);
	assert_int_equal(dropped, LK_OK);
	assert_int_equal(made, LK_EFULL);
	assert_int_equal(again, LK_OK);
	lk_unit_state_release(&u);
	u = test_owner_state(&o);
	assert_true(u.nsegments == 0 && u.base.cursor == 0 && u.at.cursor == 0);
	lk_unit_state_release(&u);
	test_owner_take(&o, 0);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);   /* the connection is as good as before */
	test_owner_close(&o);
}

/* I9, P3: a reader needs no memory in Redis, and still sees one instant. */
static void a_full_server_can_be_read(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	lk_error err = {0};
	test_unit before, after;
	assert_int_equal(test_unit_read(&before, o.store, o.unit, NULL, &err), LK_OK);
	fill_up();
	int read = test_unit_read(&after, o.store, o.unit, NULL, &err);
	make_room();
	if (read != LK_OK)
		fail_msg("%s", err.text);
	assert_int_equal(after.state.at.cursor, 18);
	assert_int_equal(after.state.nsegments, 3);
	for (int i = 0; i < 3; i++) {
		int64_t count = 0, sum = 0, count_before = 0, sum_before = 0;
		assert_true(test_cell(&after.cells[i], 0, "/a", &count, &sum));
		assert_true(test_cell(&before.cells[i], 0, "/a", &count_before, &sum_before));
		assert_true(count == count_before && sum == sum_before);
	}
	test_unit_release(&before);
	test_unit_release(&after);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);   /* nothing is watched any more */
	test_owner_close(&o);
}

/* I11 */
static void forgotten_scripts_are_loaded_again(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	lk_unit_state u = test_owner_state(&o);
	test_redis_command(&admin, "SCRIPT FLUSH");
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 1, NULL}, NULL), LK_OK);
	test_redis_command(&admin, "SCRIPT FLUSH");
	test_owner_take(&o, 0);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

/* P1 */
static void a_lost_server_breaks_the_connection_for_good(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	char *before = test_redis_snapshot(&admin, o.unit);
	test_redis_kill(&servers);
	lk_error err = {0};
	test_owner_fold_some(&o, 2);
	assert_int_equal(test_owner_commit(&o, &err), LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, "lost Redis at unix:"));
	lk_store *none;
	lk_error refused = {0};
	assert_int_equal(lk_store_open(&none, servers.at.redis, "test", &refused), LK_EUNREACHABLE);
	assert_null(none);
	assert_true(refused.hint[0] != '\0');
	test_redis_start(&servers);
	lk_redis_close(&admin);
	test_redis_open(&admin, &servers);
	test_owner_fold_some(&o, 2);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EUNREACHABLE);
	test_owner again;
	test_owner_open(&again, &servers, o.unit);
	char *after = test_redis_snapshot(&admin, o.unit);
	assert_true(strncmp(before, after, strlen("lk:test")) == 0);
	test_same_snapshot(before, after);
	test_owner_close(&o);
	test_owner_close(&again);
}

static void a_server_that_does_not_answer_is_given_up(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	setenv("LK_WAIT_MS", "200", 1);
	test_redis_command(&admin, "CLIENT PAUSE 1000");
	test_owner_fold_some(&o, 2);
	lk_error err = {0};
	assert_int_equal(test_owner_commit(&o, &err), LK_EUNREACHABLE);
	unsetenv("LK_WAIT_MS");
	assert_non_null(strstr(err.text, "no answer"));
	/* the reply comes after the pause, which Redis 6.0 cannot end */
	assert_int_equal(test_redis_command(&admin, "PING"), 0);
	lk_unit_state u;
	assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, NULL), LK_EUNREACHABLE);
	test_owner_close(&o);
}

static int open_result(lk_error *err) {
	lk_store *s;
	int rc = lk_store_open(&s, servers.at.redis, "test", err);
	lk_store_close(s);
	return rc;
}

static void a_server_that_may_evict_is_refused(void **state) {
	(void)state;
	lk_error err = {0};
	test_redis_command(&admin, "CONFIG SET maxmemory-policy allkeys-lru");
	int rc = open_result(&err);
	test_redis_command(&admin, "CONFIG SET maxmemory-policy noeviction");
	assert_int_equal(rc, LK_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "allkeys-lru"));
	assert_int_equal(open_result(NULL), LK_OK);
}

static void a_replica_is_refused(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	lk_error err = {0}, late = {0};
	test_redis_command(&admin, "REPLICAOF 127.0.0.1 1");
	int rc = open_result(&err);
	test_owner_fold_some(&o, 2);
	int commit = test_owner_commit(&o, &late);
	test_redis_command(&admin, "REPLICAOF NO ONE");
	assert_int_equal(rc, LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, "replica"));
	assert_int_equal(commit, LK_EUNREACHABLE);
	test_owner_close(&o);
}

static void passwords_are_used_and_never_shown(void **state) {
	(void)state;
	static const char *const users[] = {"", "default"};
	lk_error none = {0}, wrong = {0};
	lk_store *s;
	test_relay relay = {0};      /* a url with a password needs TCP */
	int opened[2];
	test_relay_open(&relay, &servers);
	assert_int_equal(test_redis_command(&admin, "CONFIG SET requirepass s3cret-p%%ss"), 0);
	int without = lk_store_open(&s, servers.at.redis, "test", &none);
	for (int i = 0; i < 2; i++) {
		char *url = lk_asprintf("redis://%s:s3cret-p%%25ss@127.0.0.1:%d/0", users[i], relay.port);
		opened[i] = lk_store_open(&s, url, "test", NULL);
		lk_store_close(s);
		free(url);
	}
	char *url = lk_asprintf("redis://:other-word@127.0.0.1:%d", relay.port);
	int refused = lk_store_open(&s, url, "test", &wrong);
	free(url);
	test_redis_command(&admin, "CONFIG SET requirepass ''");
	test_relay_close(&relay);
	assert_int_equal(without, LK_EUNSUPPORTED);
	assert_int_equal(opened[0], LK_OK);
	assert_int_equal(opened[1], LK_OK);
	assert_int_equal(refused, LK_EUNSUPPORTED);
	assert_null(strstr(wrong.text, "other-word"));
	assert_null(strstr(wrong.hint, "other-word"));
}

static void foreign_hands_are_noticed(void **state) {
	(void)state;
	static const char *const spoilt[][2] = {
		{"HSET", "cursor x"}, {"HDEL", "watermark"}, {"HSET", "token 12"}, {"HSET", "s:0:zz 1"},
		{"HSET", "cursor 9223372036854775808"}, {"HDEL", "format"}, {"HSET", "base 99"},
	};
	for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
		test_owner o = test_owner_of_three_segments(&servers);
		char *meta = lk_strdup(lk_unit_key(o.store, o.unit));
		assert_true(test_redis_command(&admin, "%s %s %s", spoilt[i][0], meta, spoilt[i][1]) >= 0);
		lk_unit_state u;
		lk_error err = {0};
		assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, &err), LK_EINTERNAL);
		assert_non_null(strstr(err.text, meta));
		free(meta);
		test_owner_close(&o);
	}
	test_owner o = test_owner_new(&servers);
	test_redis_command(&admin, "DEL lk:test:u:%" PRId64, o.unit);
	test_redis_command(&admin, "SET lk:test:u:%" PRId64 " text", o.unit);
	test_owner_fold_some(&o, 1);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EINTERNAL);
	lk_unit_state u;
	assert_int_equal(lk_store_take_over(o.store, o.unit, &beginning, &u, NULL), LK_EINTERNAL);
	test_owner_close(&o);
	o = test_owner_new(&servers);
	test_redis_command(&admin, "SET %s text", lk_segment_key(o.store, o.unit, 0, o.token));
	test_owner_fold_some(&o, 1);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EINTERNAL);
	u = test_owner_state(&o);
	assert_int_equal(u.at.cursor, 0);   /* it has not applied half of the commit */
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static void another_format_is_left_alone(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	test_redis_command(&admin, "HSET lk:test:u:%" PRId64 " format 3", o.unit);
	char *before = test_redis_snapshot(&admin, o.unit);
	lk_unit_state u;
	lk_error err = {0};
	assert_int_equal(lk_store_take_over(o.store, o.unit, &beginning, &u, &err), LK_EUNSUPPORTED);
	assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, NULL), LK_EUNSUPPORTED);
	test_same_snapshot(before, test_redis_snapshot(&admin, o.unit));
	test_owner_close(&o);
}

static int setup(void **state) {
	(void)state;
	test_servers_start(&servers);
	test_redis_open(&admin, &servers);
	return 0;
}

static int teardown(void **state) {
	(void)state;
	lk_redis_close(&admin);
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_server_takes_nothing_and_gives_back),
		cmocka_unit_test(a_full_server_can_be_read),
		cmocka_unit_test(forgotten_scripts_are_loaded_again),
		cmocka_unit_test(a_lost_server_breaks_the_connection_for_good),
		cmocka_unit_test(a_server_that_does_not_answer_is_given_up),
		cmocka_unit_test(a_server_that_may_evict_is_refused),
		cmocka_unit_test(a_replica_is_refused),
		cmocka_unit_test(passwords_are_used_and_never_shown),
		cmocka_unit_test(foreign_hands_are_noticed),
		cmocka_unit_test(another_format_is_left_alone),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
