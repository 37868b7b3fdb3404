/* The view store against a real Redis: what fenced calls change, and above all what they do not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/time.h"
#include "tests/support/owner.h"
#include "view_store/unit.h"

static test_servers servers;
static lk_redis admin;       /* a foreign hand */
static int64_t next_unit = 1;

static const lk_position beginning = {0, LK_NEVER, LK_NEVER};

static void open_admin(void) {
	lk_error err = {0};
	if (lk_redis_start(&admin, servers.at.redis, &err) != LK_OK || lk_redis_ready(&admin, &err) != LK_OK)
		fail_msg("%s", err.text);
}

/* One command, its words separated by blanks; the integer of its reply, -1 for an error. Sets last_text. */
static char last_text[1100];
static int64_t command(const char *fmt, ...) {
	char *copy, *rest, *words[32];
	int n = 0;
	va_list ap;
	va_start(ap, fmt);
	lk_buf b = LK_BUF_INIT;
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	copy = lk_buf_steal(&b);
	for (char *w = strtok_r(copy, " ", &rest); w; w = strtok_r(NULL, " ", &rest))
		words[n++] = strcmp(w, "''") == 0 ? (char *)"" : w;
	lk_redis_begin(&admin, n);
	for (int i = 0; i < n; i++)
		lk_redis_args(&admin, words[i]);
	redisReply *reply;
	lk_error err = {0};
	int rc = lk_redis_call(&admin, &reply, &err);
	int64_t answer = rc == LK_OK && reply->type == REDIS_REPLY_INTEGER ? reply->integer : rc == LK_OK ? 0 : -1;
	snprintf(last_text, sizeof last_text, "%s", rc != LK_OK ? err.text : reply->str ? reply->str : "");
	freeReplyObject(reply);
	free(copy);
	return answer;
}

/* Everything that Redis holds of a unit, as one text, whatever order Redis gives it in. */
static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static char *snapshot(int64_t unit) {
	static const char script[] =
		"local out = {} for _, k in ipairs(redis.call('KEYS', ARGV[1])) do local h = redis.call('HGETALL', k)"
		" for i = 1, #h, 2 do out[#out + 1] = k .. '|' .. h[i] .. '=' .. redis.sha1hex(h[i + 1]) end end return out";
	lk_redis_begin(&admin, 4);
	lk_redis_args(&admin, "EVAL");
	lk_redis_args(&admin, script);
	lk_redis_args(&admin, "0");
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "lk:test:u:%" PRId64 "*", unit);
	lk_redis_args(&admin, b.data);
	lk_buf_clear(&b);
	redisReply *r;
	assert_int_equal(lk_redis_call(&admin, &r, NULL), LK_OK);
	char **lines = lk_calloc(r->elements, sizeof *lines);
	for (size_t i = 0; i < r->elements; i++)
		lines[i] = r->element[i]->str;
	qsort(lines, r->elements, sizeof *lines, by_text);
	for (size_t i = 0; i < r->elements; i++)
		lk_buf_addf(&b, "%s\n", lines[i]);
	free(lines);
	freeReplyObject(r);
	return lk_buf_steal(&b);
}

/* Compares and frees both. */
static void same(char *before, char *after) {
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static test_owner new_owner(void) {
	test_owner o;
	test_owner_open(&o, &servers, next_unit++);
	test_owner_take(&o, 0);
	return o;
}

static test_owner other_owner(const test_owner *o) {
	test_owner b;
	test_owner_open(&b, &servers, o->unit);
	test_owner_take(&b, 0);
	return b;
}

static void fold_some(test_owner *o, int n) {
	static const char *const keys[] = {"/a", "/b", "/c"};
	for (int i = 0; i < n; i++)
		test_owner_fold(o, i % 2, keys[i % 3], 100 + i);
}

static lk_unit_state state_of(const test_owner *o) {
	lk_unit_state u;
	lk_error err = {0};
	if (lk_store_read_unit(o->store, o->unit, NULL, &u, NULL, &err) != LK_OK)
		fail_msg("%s", err.text);
	return u;
}

static void is_total(const test_owner *o, int pane, const char *key, int64_t count, int64_t sum) {
	test_unit u;
	int64_t n, s;
	assert_int_equal(test_unit_read(&u, o->store, o->unit, NULL, NULL), LK_OK);
	test_unit_total(&u, pane, key, &n, &s);
	assert_int_equal(n, count);
	assert_int_equal(s, sum);
	test_unit_release(&u);
}

/* --- take-over --- */

static void take_over_makes_a_unit_at_its_start(void **state) {
	(void)state;
	test_owner o;
	test_owner_open(&o, &servers, next_unit++);
	lk_unit_state u;
	lk_position start = {40, -7, 77};
	assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, NULL), 1);
	assert_int_equal(lk_store_take_over(o.store, o.unit, &start, &u, NULL), LK_OK);
	assert_true(u.token != 0 && u.nsegments == 0);
	assert_memory_equal(&u.at, &start, sizeof start);
	assert_memory_equal(&u.base, &start, sizeof start);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static void take_over_keeps_what_is_there_and_closes_it(void **state) {
	(void)state;
	test_owner a = new_owner();
	fold_some(&a, 6);
	test_owner_must_commit(&a);
	lk_unit_state u = state_of(&a);
	assert_true(u.nsegments == 1 && u.segments[0].open);
	lk_unit_state_release(&u);

	test_owner b = other_owner(&a);
	assert_true(b.token != a.token);
	assert_int_equal(b.at.cursor, 6);
	assert_int_equal(b.at.watermark, 60);
	assert_int_equal(b.at.last_at, 6);
	u = state_of(&b);
	assert_true(u.nsegments == 1 && !u.segments[0].open && u.segments[0].token == a.token);
	assert_int_equal(u.base.cursor, 0);
	lk_unit_state_release(&u);
	is_total(&b, 0, "/a", 1, 100);
	test_owner_close(&a);
	test_owner_close(&b);
}

/* P1 */
static void tokens_are_random(void **state) {
	(void)state;
	uint64_t seen[64], all_or = 0, all_and = ~UINT64_C(0);
	for (int i = 0; i < 64; i++) {
		seen[i] = lk_token_new();
		all_or |= seen[i];
		all_and &= seen[i];
		for (int k = 0; k < i; k++)
			assert_true(seen[k] != seen[i]);
	}
	assert_true(all_or == ~UINT64_C(0) && all_and == 0);   /* every bit takes both values */
}

/* --- commit --- */

static void a_commit_is_read_back(void **state) {
	(void)state;
	test_owner o = new_owner();
	fold_some(&o, 6);
	test_owner_must_commit(&o);
	fold_some(&o, 3);
	test_owner_must_commit(&o);
	lk_unit_state u = state_of(&o);
	assert_int_equal(u.at.cursor, 9);
	assert_int_equal(u.at.watermark, 90);
	assert_int_equal(u.at.last_at, 9);
	assert_int_equal(u.nsegments, 1);
	const lk_segment *g = &u.segments[0];
	assert_true(g->from == 0 && g->to == 9 && g->token == o.token && g->open);
	assert_true(g->cells == 6 && g->min_pane == 0 && g->max_pane == TEST_PANE_US);
	lk_unit_state_release(&u);
	is_total(&o, 0, "/a", 2, 200);
	is_total(&o, 1, "/b", 2, 202);
	is_total(&o, 1, "/a", 1, 103);
	is_total(&o, 2, "/a", 0, 0);
	test_owner_close(&o);
}

static void values_are_absolute_and_only_changed_cells_travel(void **state) {
	(void)state;
	test_owner o = new_owner();
	fold_some(&o, 6);
	test_owner_must_commit(&o);
	/* a foreign hand removes one cell; the next commit does not bring it back, since it did not change */
	lk_buf field = LK_BUF_INIT;
	test_field(&field, 0, "/a");
	lk_redis_begin(&admin, 3);
	lk_redis_args(&admin, "HDEL");
	lk_redis_args(&admin, lk_segment_key(o.store, o.unit, 0, o.token));
	lk_redis_arg(&admin, field.data, field.len);
	redisReply *r;
	assert_int_equal(lk_redis_call(&admin, &r, NULL), LK_OK);
	assert_int_equal(r->integer, 1);
	freeReplyObject(r);
	lk_buf_release(&field);
	test_owner_fold(&o, 1, "/b", 1);
	test_owner_must_commit(&o);
	is_total(&o, 0, "/a", 0, 0);
	is_total(&o, 1, "/b", 2, 102);
	test_owner_close(&o);
}

static void events_without_cells_move_the_cursor(void **state) {
	(void)state;
	test_owner o = new_owner();
	o.folded = 5;
	test_owner_must_commit(&o);
	lk_unit_state u = state_of(&o);
	assert_int_equal(u.at.cursor, 5);
	assert_true(u.nsegments == 1 && u.segments[0].to == 5 && u.segments[0].cells == 0);
	lk_unit_state_release(&u);
	fold_some(&o, 1);
	test_owner_must_commit(&o);
	is_total(&o, 0, "/a", 1, 100);
	test_owner_close(&o);
}

/* I7, P1 */
static void a_stranger_changes_nothing(void **state) {
	(void)state;
	test_owner a = new_owner();
	fold_some(&a, 6);
	test_owner_must_commit(&a);
	test_owner b = other_owner(&a);
	char *before = snapshot(a.unit);
	lk_error err = {0};
	fold_some(&a, 2);
	assert_int_equal(test_owner_commit(&a, &err), LK_EFENCED);
	assert_non_null(strstr(err.text, "another owner"));
	assert_int_equal(lk_store_reset(a.store, a.unit, a.token, &beginning, NULL), LK_EFENCED);
	lk_segment g = {.from = 0, .to = 6, .token = a.token};
	assert_int_equal(lk_store_drop(a.store, a.unit, a.token, &g, 1, NULL, NULL), LK_EFENCED);
	same(before, snapshot(a.unit));
	fold_some(&b, 2);
	test_owner_must_commit(&b);
	test_owner_close(&a);
	test_owner_close(&b);
}

/* I8, P1 */
static void a_wrong_cursor_changes_nothing(void **state) {
	(void)state;
	test_owner o = new_owner();
	fold_some(&o, 6);
	test_owner_must_commit(&o);
	char *before = snapshot(o.unit);
	lk_error err = {0};
	o.at.cursor = 4;
	fold_some(&o, 2);
	assert_int_equal(test_owner_commit(&o, &err), LK_EFENCED);
	assert_non_null(strstr(err.text, "another offset"));
	same(before, snapshot(o.unit));
	test_owner_close(&o);
}

/* P1 */
static void a_commit_never_makes_a_unit(void **state) {
	(void)state;
	test_owner o = new_owner();
	command("UNLINK lk:test:u:%" PRId64, o.unit);
	fold_some(&o, 2);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EFENCED);
	same(lk_strdup(""), snapshot(o.unit));
	assert_int_equal(lk_store_reset(o.store, o.unit, o.token, &beginning, NULL), LK_EFENCED);
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, NULL, 0, &beginning, NULL), LK_EFENCED);
	same(lk_strdup(""), snapshot(o.unit));
	test_owner_close(&o);
}

/* A connection to Redis that holds back the first MULTI that it sees until another owner has taken the unit over and
 * committed. */
typedef struct between {
	test_servers servers;        /* its address is the one to connect to */
	char url[96];
	int listener;
	pthread_t thread;
	test_owner *thief;
	bool failed, seen;
} between;

static int socket_at(const char *url, struct sockaddr_un *a) {
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	snprintf(a->sun_path, sizeof a->sun_path, "%.107s", url + strlen("unix:"));
	return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* Not by test_owner_take: cmocka must not be called from the thread. */
static void steal(between *x) {
	lk_unit_state u;
	x->seen = true;
	x->failed = lk_store_take_over(x->thief->store, x->thief->unit, &beginning, &u, NULL) != LK_OK;
	if (x->failed)
		return;
	x->thief->token = u.token;
	lk_unit_state_release(&u);
	x->failed = test_owner_commit(x->thief, NULL) != LK_OK;
}

static void *carry(void *arg) {
	between *x = arg;
	struct sockaddr_un a;
	char chunk[65536];
	int client = accept(x->listener, NULL, NULL), server = socket_at(servers.at.redis, &a);
	struct pollfd p[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
	bool on = client >= 0 && connect(server, (struct sockaddr *)&a, sizeof a) == 0;
	while (on && poll(p, 2, 10000) > 0)
		for (int i = 0; i < 2 && on; i++) {
			ssize_t n = p[i].revents ? recv(p[i].fd, chunk, sizeof chunk, 0) : 0;
			if (i == 0 && n > 0 && !x->seen && memmem(chunk, (size_t)n, "MULTI", 5))
				steal(x);
			on = !p[i].revents || (n > 0 && send(p[1 - i].fd, chunk, (size_t)n, MSG_NOSIGNAL) == n);
		}
	close(client);
	close(server);
	return NULL;
}

static void between_open(between *x, test_owner *thief) {
	struct sockaddr_un a;
	*x = (between){.servers = servers, .thief = thief};
	snprintf(x->url, sizeof x->url, "unix:%s/between", servers.dir);
	x->servers.at.redis = x->url;
	x->listener = socket_at(x->url, &a);
	assert_int_equal(bind(x->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(x->listener, 1), 0);
	assert_int_equal(pthread_create(&x->thread, NULL, carry, x), 0);
}

static void between_close(between *x) {
	pthread_join(x->thread, NULL);
	close(x->listener);
	unlink(x->url + strlen("unix:"));
	assert_true(x->seen);
	assert_false(x->failed);
}

/* I7, P1: The new owner comes between a's comparison, which holds, and its EXEC: meta was touched, so what a compared
 * counts no more. */
static void a_take_over_between_check_and_write_wins(void **state) {
	(void)state;
	between x;
	test_owner a, thief;
	test_owner_open(&thief, &servers, next_unit);
	fold_some(&thief, 3);
	between_open(&x, &thief);
	test_owner_open(&a, &x.servers, next_unit++);
	test_owner_take(&a, 0);
	fold_some(&a, 6);
	assert_int_equal(test_owner_commit(&a, NULL), LK_EFENCED);
	test_owner_close(&a);
	between_close(&x);
	lk_unit_state u = state_of(&thief);
	assert_int_equal(u.at.cursor, 3);
	assert_int_equal(u.nsegments, 1);
	assert_true(u.token == thief.token && u.segments[0].token == thief.token);
	lk_unit_state_release(&u);
	is_total(&thief, 0, "/a", 1, 100);
	assert_int_equal(command("EVAL return(#redis.call('KEYS',ARGV[1])) 0 lk:test:u:%" PRId64 ":*", thief.unit), 1);
	test_owner_close(&thief);
}

static void one_commit_at_a_time(void **state) {
	(void)state;
	test_owner o = new_owner();
	lk_unit_state u;
	fold_some(&o, 2);
	lk_commit c = {.unit = o.unit, .token = o.token, .from = 0, .to = {2, 2, 2}, .segment_from = 0, .cells = &o.cells};
	assert_int_equal(lk_store_commit_wait(o.store, NULL), LK_EINTERNAL);
	assert_int_equal(lk_store_commit_send(o.store, &c, NULL), LK_OK);
	assert_int_equal(lk_store_commit_send(o.store, &c, NULL), LK_EINTERNAL);
	assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, NULL), LK_EINTERNAL);
	assert_int_equal(lk_store_commit_wait(o.store, NULL), LK_OK);
	assert_int_equal(lk_store_commit_wait(o.store, NULL), LK_EINTERNAL);
	test_owner_close(&o);
}

static void what_was_folded_after_send_is_not_in_it(void **state) {
	(void)state;
	test_owner o = new_owner();
	fold_some(&o, 6);
	lk_commit c = {.unit = o.unit, .token = o.token, .from = 0, .to = {6, 60, 6}, .segment_from = 0, .cells = &o.cells};
	assert_int_equal(lk_store_commit_send(o.store, &c, NULL), LK_OK);
	lk_cells_settle(&o.cells);
	test_owner_fold(&o, 0, "/a", 1);
	assert_int_equal(lk_store_commit_wait(o.store, NULL), LK_OK);
	is_total(&o, 0, "/a", 1, 100);
	o.at = c.to;
	o.folded = 1;
	test_owner_must_commit(&o);
	is_total(&o, 0, "/a", 2, 101);
	test_owner_close(&o);
}

/* --- segments: roll, drop, reset --- */

static void a_new_segment_closes_the_one_before(void **state) {
	(void)state;
	test_owner o = new_owner();
	fold_some(&o, 6);
	test_owner_must_commit(&o);
	test_owner_roll(&o);
	fold_some(&o, 6);
	test_owner_must_commit(&o);
	lk_unit_state u = state_of(&o);
	assert_int_equal(u.nsegments, 2);
	assert_true(!u.segments[0].open && u.segments[0].to == 6 && u.segments[1].open && u.segments[1].from == 6);
	lk_unit_state_release(&u);
	is_total(&o, 0, "/a", 2, 200);
	/* a closed segment is never written again */
	char *before = snapshot(o.unit);
	o.segment_from = 0;
	fold_some(&o, 1);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EINTERNAL);
	same(before, snapshot(o.unit));
	test_owner_close(&o);
}

static void a_commit_that_moves_nothing_closes_the_segment(void **state) {
	(void)state;
	test_owner o = new_owner();
	fold_some(&o, 6);
	test_owner_must_commit(&o);
	test_owner_roll(&o);
	test_owner_must_commit(&o);
	lk_unit_state u = state_of(&o);
	assert_true(u.nsegments == 1 && !u.segments[0].open);
	lk_position base = u.at;
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, u.segments, 1, &base, NULL), LK_OK);
	lk_unit_state_release(&u);
	u = state_of(&o);
	assert_int_equal(u.nsegments, 0);
	assert_memory_equal(&u.base, &base, sizeof base);
	lk_unit_state_release(&u);
	fold_some(&o, 1);
	test_owner_must_commit(&o);
	is_total(&o, 0, "/a", 1, 100);
	test_owner_close(&o);
}

static test_owner owner_of_three_segments(void) {
	test_owner o = new_owner();
	for (int i = 0; i < 3; i++) {
		test_owner_roll(&o);
		fold_some(&o, 6);
		test_owner_must_commit(&o);
	}
	return o;
}

static void a_drop_takes_cells_and_entries_and_moves_the_base(void **state) {
	(void)state;
	test_owner o = owner_of_three_segments();
	lk_unit_state u = state_of(&o);
	lk_position base = {12, 120, 12};
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(lk_store_drop(o.store, o.unit, o.token, u.segments, 2, &base, NULL), LK_OK);
		lk_unit_state now = state_of(&o);
		assert_true(now.nsegments == 1 && now.segments[0].from == 12 && now.segments[0].open);
		assert_memory_equal(&now.base, &base, sizeof base);
		lk_unit_state_release(&now);
		assert_int_equal(command("EXISTS %s", lk_segment_key(o.store, o.unit, 0, o.token)), 0);
		assert_int_equal(command("EXISTS %s", lk_segment_key(o.store, o.unit, 6, o.token)), 0);
		assert_int_equal(command("EXISTS %s", lk_segment_key(o.store, o.unit, 12, o.token)), 1);
	}
	/* the base never goes down */
	lk_position lower = {6, 60, 6};
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, NULL, 0, &lower, NULL), LK_OK);
	lk_unit_state now = state_of(&o);
	assert_int_equal(now.base.cursor, 12);
	lk_unit_state_release(&now);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

/* I1, P2 */
static void a_drop_that_would_break_the_tiling_is_refused(void **state) {
	(void)state;
	test_owner o = owner_of_three_segments();
	lk_unit_state u = state_of(&o);
	char *before = snapshot(o.unit);
	lk_position inside = {9, 90, 9}, beyond = {19, 190, 19};
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, u.segments, 3, NULL, NULL), LK_EINTERNAL);   /* the open one */
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, u.segments, 1, &inside, NULL), LK_EINTERNAL);
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, u.segments, 2, &beyond, NULL), LK_EINTERNAL);
	/* the open segment ends at the new base now, but the next commit would carry it across */
	lk_position end = {18, 180, 18};
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, u.segments, 2, &end, NULL), LK_EINTERNAL);
	same(before, snapshot(o.unit));
	test_owner_take(&o, 0);
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, u.segments, 3, &end, NULL), LK_OK);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static void a_reset_begins_again(void **state) {
	(void)state;
	test_owner o = owner_of_three_segments();
	lk_position start = {100, 5, 6};
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(lk_store_reset(o.store, o.unit, o.token, &start, NULL), LK_OK);
		lk_unit_state u = state_of(&o);
		assert_true(u.nsegments == 0 && u.token == o.token);
		assert_memory_equal(&u.at, &start, sizeof start);
		assert_memory_equal(&u.base, &start, sizeof start);
		lk_unit_state_release(&u);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(command("EXISTS %s", lk_segment_key(o.store, o.unit, i * 6, o.token)), 0);
	o.at = start;
	test_owner_roll(&o);
	fold_some(&o, 1);
	test_owner_must_commit(&o);
	is_total(&o, 0, "/a", 1, 100);
	test_owner_close(&o);
}

static bool only_even(void *ctx, int64_t unit) {
	(*(int *)ctx)++;
	return unit % 2 == 0;
}

/* P2, P6 */
static void a_sweep_removes_dead_units_only(void **state) {
	(void)state;
	test_owner o[4];
	int asked = 0;
	char *before[4];
	command("SET lk:other:u:1 x");
	command("SET lk:test:v:1 x");
	for (int i = 0; i < 4; i++) {
		o[i] = owner_of_three_segments();
		before[i] = snapshot(o[i].unit);
	}
	assert_int_equal(lk_store_sweep(o[0].store, only_even, &asked, NULL), LK_OK);
	assert_true(asked >= 4);
	for (int i = 0; i < 4; i++) {
		same(o[i].unit % 2 ? lk_strdup("") : lk_strdup(before[i]), snapshot(o[i].unit));
		fold_some(&o[i], 1);
		assert_int_equal(test_owner_commit(&o[i], NULL), o[i].unit % 2 ? LK_EFENCED : LK_OK);
		free(before[i]);
		test_owner_close(&o[i]);
	}
	assert_int_equal(command("EXISTS lk:other:u:1 lk:test:v:1"), 2);
}

/* --- a server that refuses, restarts, forgets --- */

static void fill_up(void) { command("CONFIG SET maxmemory 1"); }

static void make_room(void) { command("CONFIG SET maxmemory 0"); }

/* I9, P17 */
static void a_full_server_takes_nothing_and_gives_back(void **state) {
	(void)state;
	test_owner o = owner_of_three_segments();
	char *before = snapshot(o.unit);
	lk_error err = {0};
	fill_up();
	fold_some(&o, 6);
	int refused = test_owner_commit(&o, &err);
	test_owner_roll(&o);
	int refused_empty = test_owner_commit(&o, NULL);
	char *after = snapshot(o.unit);
	lk_unit_state u;
	int taken = lk_store_take_over(o.store, o.unit, &beginning, &u, NULL);
	lk_position base = {12, 120, 12};
	int dropped = lk_store_drop(o.store, o.unit, u.token, u.segments, 2, &base, NULL);
	lk_unit_state none;
	int made = lk_store_take_over(o.store, next_unit++, &beginning, &none, NULL);
	int again = lk_store_reset(o.store, o.unit, u.token, &beginning, NULL);
	make_room();
	assert_int_equal(refused, LK_EFULL);
	assert_true(err.hint[0] != '\0');
	assert_int_equal(refused_empty, LK_EFULL);
	same(before, after);
	assert_int_equal(taken, LK_OK);
	assert_int_equal(dropped, LK_OK);
	assert_int_equal(made, LK_EFULL);
	assert_int_equal(again, LK_OK);
	lk_unit_state_release(&u);
	u = state_of(&o);
	assert_true(u.nsegments == 0 && u.base.cursor == 0 && u.at.cursor == 0);
	lk_unit_state_release(&u);
	test_owner_take(&o, 0);
	fold_some(&o, 6);
	test_owner_must_commit(&o);   /* the connection is as good as before */
	test_owner_close(&o);
}

/* I11 */
static void forgotten_scripts_are_loaded_again(void **state) {
	(void)state;
	test_owner o = owner_of_three_segments();
	lk_unit_state u = state_of(&o);
	command("SCRIPT FLUSH");
	assert_int_equal(lk_store_drop(o.store, o.unit, o.token, u.segments, 1, NULL, NULL), LK_OK);
	command("SCRIPT FLUSH");
	test_owner_take(&o, 0);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

/* P1 */
static void a_lost_server_breaks_the_connection_for_good(void **state) {
	(void)state;
	test_owner o = owner_of_three_segments();
	char *before = snapshot(o.unit);
	test_redis_kill(&servers);
	lk_error err = {0};
	fold_some(&o, 2);
	assert_int_equal(test_owner_commit(&o, &err), LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, "lost Redis at unix:"));
	lk_store *none;
	lk_error refused = {0};
	assert_int_equal(lk_store_open(&none, servers.at.redis, "test", &refused), LK_EUNREACHABLE);
	assert_null(none);
	assert_true(refused.hint[0] != '\0');
	test_redis_start(&servers);
	lk_redis_close(&admin);
	open_admin();
	fold_some(&o, 2);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EUNREACHABLE);
	test_owner again;
	test_owner_open(&again, &servers, o.unit);
	char *after = snapshot(o.unit);
	assert_true(strncmp(before, after, strlen("lk:test")) == 0);
	same(before, after);
	test_owner_close(&o);
	test_owner_close(&again);
}

static void a_server_that_does_not_answer_is_given_up(void **state) {
	(void)state;
	test_owner o = new_owner();
	struct timeval soon = {.tv_usec = 200 * 1000};
	assert_int_equal(redisSetTimeout(o.store->redis.conn, soon), REDIS_OK);
	command("CLIENT PAUSE 1000 ALL");
	fold_some(&o, 2);
	lk_error err = {0};
	assert_int_equal(test_owner_commit(&o, &err), LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, "no answer"));
	command("CLIENT UNPAUSE");
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
	command("CONFIG SET maxmemory-policy allkeys-lru");
	int rc = open_result(&err);
	command("CONFIG SET maxmemory-policy noeviction");
	assert_int_equal(rc, LK_EUNSUPPORTED);
	assert_non_null(strstr(err.text, "allkeys-lru"));
	assert_int_equal(open_result(NULL), LK_OK);
}

static void a_replica_is_refused(void **state) {
	(void)state;
	test_owner o = new_owner();
	lk_error err = {0}, late = {0};
	command("REPLICAOF 127.0.0.1 1");
	int rc = open_result(&err);
	fold_some(&o, 2);
	int commit = test_owner_commit(&o, &late);
	command("REPLICAOF NO ONE");
	assert_int_equal(rc, LK_EUNREACHABLE);
	assert_non_null(strstr(err.text, "replica"));
	assert_int_equal(commit, LK_EUNREACHABLE);
	test_owner_close(&o);
}

static void passwords_are_used_and_never_shown(void **state) {
	(void)state;
	static const char *const users[] = {"", "default"};
	lk_error none = {0}, wrong = {0};
	char *port = NULL;
	command("CONFIG SET requirepass s3cret-p%%ss");
	lk_store *s;
	int without = lk_store_open(&s, servers.at.redis, "test", &none);
	/* a url with a login needs TCP: any free port */
	int opened[2] = {-1, -1}, refused = LK_OK;
	for (int p = 20000 + getpid() % 20000, tries = 0; tries < 50; p++, tries++) {
		command("CONFIG SET port %d", p);
		if (strcmp(last_text, "OK") == 0) {
			port = lk_asprintf("%d", p);
			break;
		}
	}
	for (int i = 0; port && i < 2; i++) {
		char *url = lk_asprintf("redis://%s:s3cret-p%%25ss@127.0.0.1:%s/0", users[i], port);
		opened[i] = lk_store_open(&s, url, "test", NULL);
		lk_store_close(s);
		free(url);
	}
	char *url = lk_asprintf("redis://:other-word@127.0.0.1:%s", port ? port : "1");
	refused = lk_store_open(&s, url, "test", &wrong);
	free(url);
	command("CONFIG SET port 0");
	command("CONFIG SET requirepass ''");
	assert_int_equal(without, LK_EUNSUPPORTED);
	assert_non_null(port);
	assert_int_equal(opened[0], LK_OK);
	assert_int_equal(opened[1], LK_OK);
	assert_int_equal(refused, LK_EUNSUPPORTED);
	assert_null(strstr(wrong.text, "other-word"));
	assert_null(strstr(wrong.hint, "other-word"));
	free(port);
}

static void foreign_hands_are_noticed(void **state) {
	(void)state;
	static const char *const spoilt[][2] = {
		{"HSET", "cursor x"}, {"HDEL", "watermark"}, {"HSET", "token 12"}, {"HSET", "s:0:zz 1"},
		{"HSET", "cursor 9223372036854775808"}, {"HDEL", "format"}, {"HSET", "base 99"},
	};
	for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
		test_owner o = owner_of_three_segments();
		char *meta = lk_strdup(lk_unit_key(o.store, o.unit));
		assert_true(command("%s %s %s", spoilt[i][0], meta, spoilt[i][1]) >= 0);
		lk_unit_state u;
		lk_error err = {0};
		assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, &err), LK_EINTERNAL);
		assert_non_null(strstr(err.text, meta));
		free(meta);
		test_owner_close(&o);
	}
	test_owner o = new_owner();
	command("DEL lk:test:u:%" PRId64, o.unit);
	command("SET lk:test:u:%" PRId64 " text", o.unit);
	fold_some(&o, 1);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EINTERNAL);
	lk_unit_state u;
	assert_int_equal(lk_store_take_over(o.store, o.unit, &beginning, &u, NULL), LK_EINTERNAL);
	test_owner_close(&o);
	o = new_owner();
	command("SET %s text", lk_segment_key(o.store, o.unit, 0, o.token));
	fold_some(&o, 1);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EINTERNAL);
	u = state_of(&o);
	assert_int_equal(u.at.cursor, 0);   /* not half of the commit */
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static void another_format_is_left_alone(void **state) {
	(void)state;
	test_owner o = owner_of_three_segments();
	command("HSET lk:test:u:%" PRId64 " format 2", o.unit);
	char *before = snapshot(o.unit);
	lk_unit_state u;
	lk_error err = {0};
	assert_int_equal(lk_store_take_over(o.store, o.unit, &beginning, &u, &err), LK_EUNSUPPORTED);
	assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, NULL), LK_EUNSUPPORTED);
	same(before, snapshot(o.unit));
	test_owner_close(&o);
}

/* --- Redis goes back in time (P1) --- */

/* P1: The paused owner: its cursor and the stored one are equal again after the rewind and the refold, its token is
 * not. */
static void aba_needs_the_token(void **state) {
	(void)state;
	test_owner z = new_owner();
	fold_some(&z, 6);
	test_owner_must_commit(&z);
	test_owner n = other_owner(&z);
	fold_some(&n, 6);
	test_owner_must_commit(&n);
	char *before = snapshot(z.unit);
	fold_some(&z, 6);               /* z folded the same events, and slept since */
	z.at.cursor = 12;               /* its own commit of them had gone through before the rewind */
	fold_some(&z, 3);
	int rc = test_owner_commit(&z, NULL);
#ifdef LK_FAULTS
	if (getenv("LK_MUTANT")) {
		assert_int_equal(rc, LK_OK);
		free(before);
		free(snapshot(z.unit));
		test_owner_close(&z);
		test_owner_close(&n);
		return;
	}
#endif
	assert_int_equal(rc, LK_EFENCED);
	same(before, snapshot(z.unit));
	test_owner_close(&z);
	test_owner_close(&n);
}

#ifdef LK_FAULTS
/* P1 */
static void aba_is_real_without_it(void **state) {
	setenv("LK_MUTANT", "cursor_only_fence", 1);
	aba_needs_the_token(state);
	unsetenv("LK_MUTANT");
}

/* P2 */
static void dropping_the_open_segment_is_what_the_script_prevents(void **state) {
	(void)state;
	setenv("LK_MUTANT", "drop_open", 1);
	test_owner o = owner_of_three_segments();
	lk_unit_state u = state_of(&o);
	int rc = lk_store_drop(o.store, o.unit, o.token, u.segments, 3, NULL, NULL);
	unsetenv("LK_MUTANT");
	assert_int_equal(rc, LK_OK);
	lk_unit_state_release(&u);
	test_owner_fold(&o, 0, "/a", 1);
	test_owner_must_commit(&o);
	u = state_of(&o);
	assert_true(u.nsegments == 1 && u.segments[0].from == 12 && u.segments[0].to == 19);   /* it tiles its range … */
	lk_unit_state_release(&u);
	is_total(&o, 0, "/a", 2, 101);
	is_total(&o, 1, "/b", 0, 0);                                                         /* … and has lost cells */
	test_owner_close(&o);
}
#endif

static int setup(void **state) {
	(void)state;
	test_servers_start(&servers);
	open_admin();
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
		cmocka_unit_test(take_over_makes_a_unit_at_its_start),
		cmocka_unit_test(take_over_keeps_what_is_there_and_closes_it),
		cmocka_unit_test(tokens_are_random),
		cmocka_unit_test(a_commit_is_read_back),
		cmocka_unit_test(values_are_absolute_and_only_changed_cells_travel),
		cmocka_unit_test(events_without_cells_move_the_cursor),
		cmocka_unit_test(a_stranger_changes_nothing),
		cmocka_unit_test(a_wrong_cursor_changes_nothing),
		cmocka_unit_test(a_commit_never_makes_a_unit),
		cmocka_unit_test(a_take_over_between_check_and_write_wins),
		cmocka_unit_test(one_commit_at_a_time),
		cmocka_unit_test(what_was_folded_after_send_is_not_in_it),
		cmocka_unit_test(a_new_segment_closes_the_one_before),
		cmocka_unit_test(a_commit_that_moves_nothing_closes_the_segment),
		cmocka_unit_test(a_drop_takes_cells_and_entries_and_moves_the_base),
		cmocka_unit_test(a_drop_that_would_break_the_tiling_is_refused),
		cmocka_unit_test(a_reset_begins_again),
		cmocka_unit_test(a_sweep_removes_dead_units_only),
		cmocka_unit_test(a_full_server_takes_nothing_and_gives_back),
		cmocka_unit_test(forgotten_scripts_are_loaded_again),
		cmocka_unit_test(a_lost_server_breaks_the_connection_for_good),
		cmocka_unit_test(a_server_that_does_not_answer_is_given_up),
		cmocka_unit_test(a_server_that_may_evict_is_refused),
		cmocka_unit_test(a_replica_is_refused),
		cmocka_unit_test(passwords_are_used_and_never_shown),
		cmocka_unit_test(foreign_hands_are_noticed),
		cmocka_unit_test(another_format_is_left_alone),
		cmocka_unit_test(aba_needs_the_token),
#ifdef LK_FAULTS
		cmocka_unit_test(aba_is_real_without_it),
		cmocka_unit_test(dropping_the_open_segment_is_what_the_script_prevents),
#endif
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
