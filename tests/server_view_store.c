/* The view store against a real Redis: what fenced calls change and, above all, what they do not change. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/owner.h"
#include "tests/support/redis.h"
#include "tests/support/relay.h"
#include "view_store/state.h"
#include "view_store/unit.h"

static test_servers servers;
static lk_redis admin;       /* a client other than lk */

static const lk_position beginning = {0, LK_NEVER, LK_NEVER, 0};

static test_owner other_owner(const test_owner *o) {
	test_owner b;
	test_owner_open(&b, &servers, o->unit);
	test_owner_take(&b, 0);
	return b;
}

/* --- take-over --- */

static void take_over_makes_a_unit_at_its_start(void **state) {
	(void)state;
	test_owner o;
	test_owner_open(&o, &servers, test_unit_new());
	lk_unit_state u;
	lk_position start = {40, -7, 77, 0};
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
	test_owner a = test_owner_new(&servers);
	test_owner_fold_some(&a, 6);
	test_owner_must_commit(&a);
	lk_unit_state u = test_owner_state(&a);
	assert_true(u.nsegments == 1 && u.segments[0].open);
	lk_unit_state_release(&u);

	test_owner b = other_owner(&a);
	assert_true(b.token != a.token);
	assert_int_equal(b.at.cursor, 6);
	assert_int_equal(b.at.watermark, 60);
	assert_int_equal(b.at.last_at, 6);
	u = test_owner_state(&b);
	assert_true(u.nsegments == 1 && !u.segments[0].open && u.segments[0].token == a.token);
	assert_int_equal(u.base.cursor, 0);
	lk_unit_state_release(&u);
	test_owner_holds(&b, 0, "/a", 1, 100);
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
	test_owner o = test_owner_new(&servers);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);
	test_owner_fold_some(&o, 3);
	test_owner_must_commit(&o);
	lk_unit_state u = test_owner_state(&o);
	assert_int_equal(u.at.cursor, 9);
	assert_int_equal(u.at.watermark, 90);
	assert_int_equal(u.at.last_at, 9);
	assert_int_equal(u.nsegments, 1);
	const lk_segment *g = &u.segments[0];
	assert_true(g->from == 0 && g->to == 9 && g->token == o.token && g->open);
	assert_true(g->cells == 6 && g->min_pane == 0 && g->max_pane == TEST_PANE_US);
	lk_unit_state_release(&u);
	test_owner_holds(&o, 0, "/a", 2, 200);
	test_owner_holds(&o, 1, "/b", 2, 202);
	test_owner_holds(&o, 1, "/a", 1, 103);
	test_owner_holds(&o, 2, "/a", 0, 0);
	test_owner_close(&o);
}

static void values_are_absolute_and_only_changed_cells_travel(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);
	/* another client removes one cell; the next commit does not bring it back, since it did not change */
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
	test_owner_holds(&o, 0, "/a", 0, 0);
	test_owner_holds(&o, 1, "/b", 2, 102);
	test_owner_close(&o);
}

static void events_without_cells_move_the_cursor(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	o.folded = 5;
	test_owner_must_commit(&o);
	lk_unit_state u = test_owner_state(&o);
	assert_int_equal(u.at.cursor, 5);
	assert_true(u.nsegments == 1 && u.segments[0].to == 5 && u.segments[0].cells == 0);
	lk_unit_state_release(&u);
	test_owner_fold_some(&o, 1);
	test_owner_must_commit(&o);
	test_owner_holds(&o, 0, "/a", 1, 100);
	test_owner_close(&o);
}

/* I7, P1 */
static void a_stranger_changes_nothing(void **state) {
	(void)state;
	test_owner a = test_owner_new(&servers);
	test_owner_fold_some(&a, 6);
	test_owner_must_commit(&a);
	test_owner b = other_owner(&a);
	char *before = test_redis_snapshot(&admin, a.unit);
	lk_error err = {0};
	test_owner_fold_some(&a, 2);
	assert_int_equal(test_owner_commit(&a, &err), LK_EFENCED);
	assert_non_null(strstr(err.text, "another owner"));
	assert_int_equal(lk_store_reset(a.store, a.unit, &a.token, &beginning, NULL), LK_EFENCED);
	lk_segment g = {.from = 0, .to = 6, .token = a.token};
	assert_int_equal(lk_store_drop(a.store, &(lk_removal){a.unit, a.token, &g, 1, NULL}, NULL), LK_EFENCED);
	test_same_snapshot(before, test_redis_snapshot(&admin, a.unit));
	test_owner_fold_some(&b, 2);
	test_owner_must_commit(&b);
	test_owner_close(&a);
	test_owner_close(&b);
}

/* I8, P1 */
static void a_wrong_cursor_changes_nothing(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);
	char *before = test_redis_snapshot(&admin, o.unit);
	lk_error err = {0};
	o.at.cursor = 4;
	test_owner_fold_some(&o, 2);
	assert_int_equal(test_owner_commit(&o, &err), LK_EFENCED);
	assert_non_null(strstr(err.text, "another offset"));
	test_same_snapshot(before, test_redis_snapshot(&admin, o.unit));
	test_owner_close(&o);
}

/* P1 */
static void a_commit_never_makes_a_unit(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	test_redis_command(&admin, "UNLINK lk:test:u:%" PRId64, o.unit);
	test_owner_fold_some(&o, 2);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EFENCED);
	test_same_snapshot(lk_strdup(""), test_redis_snapshot(&admin, o.unit));
	assert_int_equal(lk_store_reset(o.store, o.unit, &o.token, &beginning, NULL), LK_EFENCED);
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, NULL, 0, &beginning}, NULL), LK_EFENCED);
	test_same_snapshot(lk_strdup(""), test_redis_snapshot(&admin, o.unit));
	test_owner_close(&o);
}

/* A connection that is held at the first MULTI until another owner has taken the unit over and committed. */
typedef struct between {
	test_relay relay;
	char url[40];
	test_owner *thief;
	bool failed, seen;
	lk_segment *inputs;          /* of a compaction by the owner itself */
} between;

/* Not test_owner_take: cmocka must not be called from the relay's thread. */
static void steal(void *ctx, const char *piece, size_t n) {
	between *x = ctx;
	lk_unit_state u;
	if (x->seen || !memmem(piece, n, "MULTI", 5))
		return;
	x->seen = true;
	x->failed = lk_store_take_over(x->thief->store, x->thief->unit, &beginning, &u, NULL) != LK_OK;
	if (x->failed)
		return;
	x->thief->token = u.token;
	lk_unit_state_release(&u);
	x->failed = test_owner_commit(x->thief, NULL) != LK_OK;
}

/* I7, P1: The new owner comes between a's comparison, which holds, and its EXEC: meta was changed, so the comparison no
 * longer counts. */
static void a_take_over_between_check_and_write_wins(void **state) {
	(void)state;
	test_owner a, thief;
	between x = {.relay = {.seen = steal, .ctx = &x}, .thief = &thief};
	test_servers over_relay = servers;
	test_owner_open(&thief, &servers, test_unit_new());
	test_owner_fold_some(&thief, 3);
	test_relay_open(&x.relay, &servers);
	snprintf(x.url, sizeof x.url, "redis://127.0.0.1:%d", x.relay.port);
	over_relay.at.redis = x.url;
	test_owner_open(&a, &over_relay, thief.unit);
	test_owner_take(&a, 0);
	test_owner_fold_some(&a, 6);
	assert_int_equal(test_owner_commit(&a, NULL), LK_EFENCED);
	test_owner_close(&a);
	test_relay_close(&x.relay);
	assert_true(x.seen);
	assert_false(x.failed);
	lk_unit_state u = test_owner_state(&thief);
	assert_int_equal(u.at.cursor, 3);
	assert_int_equal(u.nsegments, 1);
	assert_true(u.token == thief.token && u.segments[0].token == thief.token);
	lk_unit_state_release(&u);
	test_owner_holds(&thief, 0, "/a", 1, 100);
	int64_t maps = test_redis_command(&admin, "EVAL return(#redis.call('KEYS',ARGV[1])) 0 lk:test:u:%" PRId64 ":*", thief.unit);
	assert_int_equal(maps, 1);
	test_owner_close(&thief);
}

static void swap_closed(void *ctx, const char *piece, size_t n) {
	between *x = ctx;
	if (x->seen || !memmem(piece, n, "MULTI", 5))
		return;
	x->seen = true;
	lk_compaction job = {.unit = x->thief->unit, .token = x->thief->token, .plan = test_owner_plan(), .inputs = x->inputs, .n = 2};
	x->failed = lk_store_compact(x->thief->store, &job, NULL) != LK_OK;
}

/* P2: A compaction by the owner itself, on another connection, swaps between a commit's comparison and its EXEC: the
 * commit is compared and sent again, and nothing is folded twice or lost. */
static void a_swap_between_check_and_write_delays_the_commit(void **state) {
	(void)state;
	test_owner a = test_owner_of_three_segments(&servers), other = a;
	lk_error err = {0};
	between x = {.relay = {.seen = swap_closed, .ctx = &x}, .thief = &other};
	lk_unit_state u = test_owner_state(&a);
	x.inputs = u.segments;
	assert_int_equal(lk_store_open(&other.store, servers.at.redis, "test", &err), LK_OK);
	lk_store_close(a.store);
	test_relay_open(&x.relay, &servers);
	snprintf(x.url, sizeof x.url, "redis://127.0.0.1:%d", x.relay.port);
	assert_int_equal(lk_store_open(&a.store, x.url, "test", &err), LK_OK);
	test_owner_fold_some(&a, 6);
	assert_int_equal(test_owner_commit(&a, &err), LK_OK);
	assert_true(x.seen && !x.failed);
	lk_unit_state_release(&u);
	u = test_owner_state(&other);
	assert_int_equal(u.at.cursor, 24);
	assert_int_equal(u.nsegments, 2);   /* the two closed ones are one */
	assert_true(u.segments[1].open && u.segments[1].to == 24);
	lk_unit_state_release(&u);
	lk_store_close(a.store);
	a.store = other.store;
	test_owner_holds(&a, 0, "/a", 4, 400);
	test_owner_close(&a);
	test_relay_close(&x.relay);
}

static void one_commit_at_a_time(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	lk_unit_state u;
	test_owner_fold_some(&o, 2);
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
	test_owner o = test_owner_new(&servers);
	test_owner_fold_some(&o, 6);
	lk_commit c = {.unit = o.unit, .token = o.token, .from = 0, .to = {6, 60, 6}, .segment_from = 0, .cells = &o.cells};
	assert_int_equal(lk_store_commit_send(o.store, &c, NULL), LK_OK);
	lk_cells_settle(&o.cells);
	test_owner_fold(&o, 0, "/a", 1);
	assert_int_equal(lk_store_commit_wait(o.store, NULL), LK_OK);
	test_owner_holds(&o, 0, "/a", 1, 100);
	o.at = c.to;
	o.folded = 1;
	test_owner_must_commit(&o);
	test_owner_holds(&o, 0, "/a", 2, 101);
	test_owner_close(&o);
}

/* --- segments: roll, drop, reset --- */

static void a_new_segment_closes_the_one_before(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);
	test_owner_roll(&o);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);
	lk_unit_state u = test_owner_state(&o);
	assert_int_equal(u.nsegments, 2);
	assert_true(!u.segments[0].open && u.segments[0].to == 6 && u.segments[1].open && u.segments[1].from == 6);
	lk_unit_state_release(&u);
	test_owner_holds(&o, 0, "/a", 2, 200);
	/* a closed segment is never written again */
	char *before = test_redis_snapshot(&admin, o.unit);
	o.segment_from = 0;
	test_owner_fold_some(&o, 1);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EINTERNAL);
	test_same_snapshot(before, test_redis_snapshot(&admin, o.unit));
	test_owner_close(&o);
}

static void a_commit_that_moves_nothing_closes_the_segment(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	test_owner_fold_some(&o, 6);
	test_owner_must_commit(&o);
	test_owner_roll(&o);
	test_owner_must_commit(&o);
	lk_unit_state u = test_owner_state(&o);
	assert_true(u.nsegments == 1 && !u.segments[0].open);
	lk_position base = u.at;
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 1, &base}, NULL), LK_OK);
	lk_unit_state_release(&u);
	u = test_owner_state(&o);
	assert_int_equal(u.nsegments, 0);
	assert_memory_equal(&u.base, &base, sizeof base);
	lk_unit_state_release(&u);
	test_owner_fold_some(&o, 1);
	test_owner_must_commit(&o);
	test_owner_holds(&o, 0, "/a", 1, 100);
	test_owner_close(&o);
}

static void a_drop_takes_cells_and_entries_and_moves_the_base(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	lk_unit_state u = test_owner_state(&o);
	lk_position base = {12, 120, 12, 0};
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 2, &base}, NULL), LK_OK);
		lk_unit_state now = test_owner_state(&o);
		assert_true(now.nsegments == 1 && now.segments[0].from == 12 && now.segments[0].open);
		assert_memory_equal(&now.base, &base, sizeof base);
		lk_unit_state_release(&now);
		assert_int_equal(test_redis_command(&admin, "EXISTS %s", lk_segment_key(o.store, o.unit, 0, o.token)), 0);
		assert_int_equal(test_redis_command(&admin, "EXISTS %s", lk_segment_key(o.store, o.unit, 6, o.token)), 0);
		assert_int_equal(test_redis_command(&admin, "EXISTS %s", lk_segment_key(o.store, o.unit, 12, o.token)), 1);
	}
	/* the base never goes down */
	lk_position lower = {6, 60, 6, 0};
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, NULL, 0, &lower}, NULL), LK_OK);
	lk_unit_state now = test_owner_state(&o);
	assert_int_equal(now.base.cursor, 12);
	lk_unit_state_release(&now);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

/* I1, P2 */
static void a_drop_that_would_break_the_tiling_is_refused(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	lk_unit_state u = test_owner_state(&o);
	char *before = test_redis_snapshot(&admin, o.unit);
	lk_position inside = {9, 90, 9, 0}, beyond = {19, 190, 19, 0};
	/* the open one */
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 3, NULL}, NULL), LK_EINTERNAL);
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 1, &inside}, NULL), LK_EINTERNAL);
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 2, &beyond}, NULL), LK_EINTERNAL);
	/* the open segment now ends at the new base, but the next commit would extend it across */
	lk_position end = {18, 180, 18, 0};
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 2, &end}, NULL), LK_EINTERNAL);
	test_same_snapshot(before, test_redis_snapshot(&admin, o.unit));
	test_owner_take(&o, 0);
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 3, &end}, NULL), LK_OK);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static void a_reset_begins_again(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	lk_position start = {100, 5, 6, 0};
	uint64_t first = o.token;
	for (int twice = 0; twice < 2; twice++) {
		uint64_t before = o.token;
		assert_int_equal(lk_store_reset(o.store, o.unit, &o.token, &start, NULL), LK_OK);
		assert_int_equal(lk_store_reset(o.store, o.unit, &before, &start, NULL), LK_EFENCED);
		lk_unit_state u = test_owner_state(&o);
		assert_true(u.nsegments == 0 && u.token == o.token && o.token != before);
		assert_memory_equal(&u.at, &start, sizeof start);
		assert_memory_equal(&u.base, &start, sizeof start);
		lk_unit_state_release(&u);
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(test_redis_command(&admin, "EXISTS %s", lk_segment_key(o.store, o.unit, i * 6, first)), 0);
	o.at = start;
	test_owner_roll(&o);
	test_owner_fold_some(&o, 1);
	test_owner_must_commit(&o);
	test_owner_holds(&o, 0, "/a", 1, 100);
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
	test_redis_command(&admin, "SET lk:other:u:1 x");
	test_redis_command(&admin, "SET lk:test:v:1 x");
	for (int i = 0; i < 4; i++) {
		o[i] = test_owner_of_three_segments(&servers);
		before[i] = test_redis_snapshot(&admin, o[i].unit);
	}
	assert_int_equal(lk_store_sweep(o[0].store, only_even, &asked, NULL), LK_OK);
	assert_true(asked >= 4);
	for (int i = 0; i < 4; i++) {
		test_same_snapshot(o[i].unit % 2 ? lk_strdup("") : lk_strdup(before[i]), test_redis_snapshot(&admin, o[i].unit));
		test_owner_fold_some(&o[i], 1);
		assert_int_equal(test_owner_commit(&o[i], NULL), o[i].unit % 2 ? LK_EFENCED : LK_OK);
		free(before[i]);
		test_owner_close(&o[i]);
	}
	assert_int_equal(test_redis_command(&admin, "EXISTS lk:other:u:1 lk:test:v:1"), 2);
}

/* --- the state of moving windows --- */

static lk_state_call call_of(const test_owner *o, lk_state_field *fields, int n) {
	return (lk_state_call){.unit = o->unit, .token = o->token, .from = o->at.cursor, .fields = fields, .n = n};
}

static int commit_state(test_owner *o, lk_state_field *fields, int n) {
	const lk_position to = {o->at.cursor + 1, 10, 1, 0};
	const lk_state_call c = call_of(o, fields, n);
	int rc = lk_state_commit(o->store, &c, &to, NULL);
	if (rc == LK_OK)
		o->at = to;
	return rc;
}

/* Adds name=bytes of each field, in order; a field that is not there is "-". */
static int take_text(void *ctx, int i, const void *bytes, size_t len) {
	lk_buf *out = ctx;
	lk_buf_addf(out, "%s%.*s", i ? " " : "", bytes ? (int)len : 1, bytes ? (const char *)bytes : "-");
	return 0;
}

static int read_state(const test_owner *o, lk_state_field *fields, int n, lk_buf *out) {
	const lk_state_call c = call_of(o, fields, n);
	lk_buf_clear(out);
	return lk_state_read(o->store, &c, take_text, out, NULL);
}

#define FIELD(n, b) {.name = n, .name_len = sizeof(n) - 1, .bytes = b, .len = sizeof(b "") - 1}
#define NO_FIELD(n) {.name = n, .name_len = sizeof(n) - 1}

/* D4, P18: fields go with the position, and are read with token and cursor. */
static void state_is_at_the_cursor(void **state) {
	(void)state;
	lk_buf got = LK_BUF_INIT;
	lk_state_field first[] = {FIELD("a", "1"), FIELD("b", "2")}, second[] = {FIELD("b", "3"), NO_FIELD("a")}, all[] = {NO_FIELD("a"), NO_FIELD("b")};
	test_owner o = test_owner_new(&servers), late = o;
	assert_int_equal(commit_state(&o, first, 2), LK_OK);
	assert_int_equal(read_state(&o, all, 2, &got), LK_OK);
	assert_string_equal(got.data, "1 2");
	assert_int_equal(read_state(&late, all, 2, &got), LK_EFENCED);
	assert_int_equal(commit_state(&late, first, 2), LK_EFENCED);
	assert_int_equal(commit_state(&o, second, 2), LK_OK);
	assert_int_equal(read_state(&o, all, 2, &got), LK_OK);
	assert_string_equal(got.data, "- 3");
	assert_int_equal(lk_store_reset(o.store, o.unit, &o.token, &beginning, NULL), LK_OK);
	o.at = beginning;
	assert_int_equal(read_state(&o, all, 2, &got), LK_OK);
	assert_string_equal(got.data, "- -");
	lk_buf_release(&got);
	test_owner_close(&o);
}

/* P18: what another program wrote in the place of the state keeps the position where it is. */
static void a_state_that_is_no_hash_is_refused(void **state) {
	(void)state;
	lk_state_field fields[] = {FIELD("a", "1")};
	test_owner o = test_owner_new(&servers);
	test_redis_command(&admin, "SET lk:test:u:%" PRId64 ":state x", o.unit);
	assert_int_equal(commit_state(&o, fields, 1), LK_EINTERNAL);
	lk_unit_state u = test_owner_state(&o);
	assert_int_equal(u.at.cursor, 0);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

/* P18: a commit that is refused watches nothing any more: the next one of the connection, of another unit, is done though the
 * first unit changes. */
static void a_refused_state_commit_leaves_the_next_alone(void **state) {
	(void)state;
	lk_state_field fields[] = {FIELD("a", "1")};
	test_owner a = test_owner_new(&servers), other = a, b = other_owner(&a);
	lk_unit_state u;
	other.unit = test_unit_new();
	assert_int_equal(lk_store_take_over(a.store, other.unit, &beginning, &u, NULL), LK_OK);
	other.token = u.token;
	lk_unit_state_release(&u);
	assert_int_equal(commit_state(&a, fields, 1), LK_EFENCED);
	assert_int_equal(commit_state(&b, fields, 1), LK_OK);
	assert_int_equal(commit_state(&other, fields, 1), LK_OK);
	test_owner_close(&b);
	test_owner_close(&a);
}

/* --- Redis goes back in time (P1) --- */

/* P1: The paused owner: after the rewind and the second fold its cursor equals the stored one again, but its token does
 * not. */
static void aba_needs_the_token(void **state) {
	(void)state;
	test_owner z = test_owner_new(&servers);
	test_owner_fold_some(&z, 6);
	test_owner_must_commit(&z);
	test_owner n = other_owner(&z);
	test_owner_fold_some(&n, 6);
	test_owner_must_commit(&n);
	char *before = test_redis_snapshot(&admin, z.unit);
	test_owner_fold_some(&z, 6);               /* z folded the same events, and was paused since */
	z.at.cursor = 12;               /* its own commit of them was done before the rewind */
	test_owner_fold_some(&z, 3);
	int rc = test_owner_commit(&z, NULL);
#ifdef LK_FAULTS
	if (getenv("LK_MUTANT")) {
		assert_int_equal(rc, LK_OK);
		free(before);
		free(test_redis_snapshot(&admin, z.unit));
		test_owner_close(&z);
		test_owner_close(&n);
		return;
	}
#endif
	assert_int_equal(rc, LK_EFENCED);
	test_same_snapshot(before, test_redis_snapshot(&admin, z.unit));
	test_owner_close(&z);
	test_owner_close(&n);
}

/* P1: Redis is set back to the moment between a take-over and the reset that it led to, after the unit has come to the
 * same cursor again. */
static void a_unit_before_its_reset_is_another_one(void **state) {
	(void)state;
	test_owner o = test_owner_of_three_segments(&servers);
	lk_position start = {0, 0, 0, 0};
	char taken[17];
	lk_token_print(taken, o.token);
	int64_t cursor = o.at.cursor;
	assert_int_equal(lk_store_reset(o.store, o.unit, &o.token, &start, NULL), LK_OK);
	o.at = start;
	test_owner_roll(&o);
	test_owner_fold_some(&o, (int)cursor);
	test_owner_must_commit(&o);
	assert_int_equal(o.at.cursor, cursor);
	assert_int_equal(test_redis_command(&admin, "HSET %s token %s", lk_unit_key(o.store, o.unit), taken), 0);
	test_owner_roll(&o);
	test_owner_fold_some(&o, 1);
	assert_int_equal(test_owner_commit(&o, NULL), LK_EFENCED);
	test_owner_close(&o);
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
	test_owner o = test_owner_of_three_segments(&servers);
	lk_unit_state u = test_owner_state(&o);
	int rc = lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 3, NULL}, NULL);
	unsetenv("LK_MUTANT");
	assert_int_equal(rc, LK_OK);
	lk_unit_state_release(&u);
	test_owner_fold(&o, 0, "/a", 1);
	test_owner_must_commit(&o);
	u = test_owner_state(&o);
	assert_true(u.nsegments == 1 && u.segments[0].from == 12 && u.segments[0].to == 19);   /* it tiles its range … */
	lk_unit_state_release(&u);
	test_owner_holds(&o, 0, "/a", 2, 101);
	test_owner_holds(&o, 1, "/b", 0, 0);                                                         /* … and lacks cells */
	test_owner_close(&o);
}
#endif

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
		cmocka_unit_test(a_swap_between_check_and_write_delays_the_commit),
		cmocka_unit_test(one_commit_at_a_time),
		cmocka_unit_test(what_was_folded_after_send_is_not_in_it),
		cmocka_unit_test(a_new_segment_closes_the_one_before),
		cmocka_unit_test(a_commit_that_moves_nothing_closes_the_segment),
		cmocka_unit_test(a_drop_takes_cells_and_entries_and_moves_the_base),
		cmocka_unit_test(a_drop_that_would_break_the_tiling_is_refused),
		cmocka_unit_test(a_reset_begins_again),
		cmocka_unit_test(a_unit_before_its_reset_is_another_one),
		cmocka_unit_test(a_sweep_removes_dead_units_only),
		cmocka_unit_test(state_is_at_the_cursor),
		cmocka_unit_test(a_state_that_is_no_hash_is_refused),
		cmocka_unit_test(a_refused_state_commit_leaves_the_next_alone),
		cmocka_unit_test(aba_needs_the_token),
#ifdef LK_FAULTS
		cmocka_unit_test(aba_is_real_without_it),
		cmocka_unit_test(dropping_the_open_segment_is_what_the_script_prevents),
#endif
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
