/* Reading units of a real Redis: filters select what they name, a missing or damaged segment is reported, and a reader
 * beside a writer sees whole commits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "tests/support/owner.h"
#include "view_store/unit.h"

static test_servers servers;

/* --- filters --- */

typedef struct selection {
	int from, to;              /* panes */
	const int *which;          /* keys */
	int n;                     /* of them; < 0: all */
} selection;

/* The selected ones of these cells are read, and no other one is. */
static void check_filtered(const lk_cells *c, int panes, int nkeys, selection s) {
	size_t expected = 0;
	for (int p = s.from < 0 ? 0 : s.from; p < s.to && p < panes; p++) {
		for (int k = 0; k < nkeys; k++) {
			bool wanted = s.n < 0;
			for (int i = 0; i < s.n; i++)
				wanted |= s.which[i] == k;
			if (!wanted)
				continue;
			char name[40];
			int64_t count, sum;
			test_key_name(name, k);
			assert_true(test_cell(c, p, name, &count, &sum));
			assert_int_equal(count, 1);
			assert_int_equal(sum, p * 1000 + k);
			expected++;
		}
	}
	assert_int_equal(c->ncells, expected);
}

static void filters_let_through_what_they_name(int panes, int keys) {
	static const int which[3] = {3, 7, 100000};   /* the last one does not exist */
	static const int ranges[][2] = {{-5, 100}, {0, 1}, {1, 3}, {2, 2}, {50, 60}, {-3, 0}};
	test_owner open = test_owner_new(&servers), closed = test_owner_new(&servers);
	test_owner_fill(&open, panes, keys, 10000);
	test_owner_fill(&closed, panes, keys, 10000);
	test_owner_take(&closed, 0);
	for (int nkeys = -1; nkeys <= 3; nkeys++) {
		lk_buf encoded[3];
		lk_cell_filter f = test_key_filter(encoded, which, nkeys < 0 ? 0 : nkeys);
		for (size_t i = 0; i < sizeof ranges / sizeof *ranges && nkeys != 0; i++) {
			f.from_pane = ranges[i][0] * TEST_PANE_US - (i % 2 ? 1 : 0);   /* also bounds that are not the bounds of a pane */
			f.to_pane = ranges[i][1] * TEST_PANE_US;
			const test_owner *both[2] = {&open, &closed};
			for (int k = 0; k < 2; k++) {
				test_unit u;
				assert_int_equal(test_unit_read(&u, both[k]->store, both[k]->unit, &f, NULL), LK_OK);
				assert_int_equal(u.state.nsegments, 1);
				assert_true(u.state.segments[0].open == (k == 0));
				check_filtered(&u.cells[0], panes, keys, (selection){ranges[i][0], ranges[i][1], which, nkeys});
				test_unit_release(&u);
			}
		}
		test_keys_release(encoded, nkeys < 0 ? 0 : nkeys);
	}
	test_owner_close(&open);
	test_owner_close(&closed);
}

static void filters_on_small_segments(void **state) {
	(void)state;
	filters_let_through_what_they_name(4, 9);
}

static void filters_on_large_segments(void **state) {
	(void)state;
	filters_let_through_what_they_name(8, 5000);   /* by HSCAN, by HMGET */
}

static void many_keys_and_panes_are_asked_for_in_pieces(void **state) {
	(void)state;
	enum { KEYS = 700, PANES = 13 };
	test_owner o = test_owner_new(&servers);
	test_owner_fill(&o, PANES, KEYS + 1000, 10000);
	int which[KEYS];
	lk_buf encoded[KEYS];
	for (int i = 0; i < KEYS; i++)
		which[i] = i + 500;
	lk_cell_filter f = test_key_filter(encoded, which, KEYS);
	for (int closed = 0; closed < 2; closed++) {
		test_unit u;
		assert_int_equal(test_unit_read(&u, o.store, o.unit, &f, NULL), LK_OK);
		check_filtered(&u.cells[0], PANES, KEYS + 1000, (selection){0, PANES, which, KEYS});
		test_unit_release(&u);
		test_owner_take(&o, 0);
	}
	test_keys_release(encoded, KEYS);
	test_owner_close(&o);
}

static void a_missing_segment_is_reported(void **state) {
	(void)state;
	static const int which[1] = {3};
	static const int sizes[3] = {1, 10, 3000};
	for (int i = 0; i < 3; i++) {
		test_owner o = test_owner_new(&servers);
		test_owner_fill(&o, 5, sizes[i], 10000);
		test_owner_take(&o, 0);
		lk_unit_state u;
		lk_buf encoded[1];
		lk_cell_filter f = test_key_filter(encoded, which, 1);
		assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, NULL), LK_OK);
		assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 1, &u.at}, NULL), LK_OK);
		lk_cells c;
		lk_cells_init(&c, test_owner_plan());
		assert_int_equal(lk_store_read_segment(o.store, o.unit, &u.segments[0], NULL, &c, NULL), 1);
		assert_int_equal(lk_store_read_segment(o.store, o.unit, &u.segments[0], &f, &c, NULL), 1);
		assert_int_equal(c.ncells, 0);
		lk_cells_release(&c);
		test_keys_release(encoded, 1);
		lk_unit_state_release(&u);
		test_owner_close(&o);
	}
}

static void foreign_cells_are_noticed(void **state) {
	(void)state;
	for (int more = 0; more < 2; more++) {
		test_owner o = test_owner_new(&servers);
		test_owner_fill(&o, 2, 10, 100);
		test_owner_take(&o, 0);
		lk_unit_state u;
		assert_int_equal(lk_store_read_unit(o.store, o.unit, NULL, &u, NULL, NULL), LK_OK);
		const char *key = lk_segment_key(o.store, o.unit, 0, u.segments[0].token);
		lk_buf field = LK_BUF_INIT;
		test_field(&field, 0, more ? "one more" : "key 1");
		lk_redis_begin(&o.store->redis, 4);
		lk_redis_args(&o.store->redis, "HSET");
		lk_redis_args(&o.store->redis, key);
		lk_redis_arg(&o.store->redis, field.data, field.len);
		lk_redis_args(&o.store->redis, "\x7f nonsense");
		redisReply *r;
		assert_int_equal(lk_redis_call(&o.store->redis, &r, NULL), LK_OK);
		freeReplyObject(r);
		lk_cells c;
		lk_error err = {0};
		lk_cells_init(&c, test_owner_plan());
		assert_int_equal(lk_store_read_segment(o.store, o.unit, &u.segments[0], NULL, &c, &err), LK_EINTERNAL);
		assert_non_null(strstr(err.text, "lk:test:u:"));
		lk_cells_release(&c);
		lk_buf_release(&field);
		lk_unit_state_release(&u);
		test_owner_close(&o);
	}
}

static void bytes_are_told(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	int64_t empty, some, none;
	assert_int_equal(lk_store_unit_bytes(o.store, o.unit, &empty, NULL), LK_OK);
	test_owner_fill(&o, 2, 1000, 1000);
	assert_int_equal(lk_store_unit_bytes(o.store, o.unit, &some, NULL), LK_OK);
	assert_int_equal(lk_store_unit_bytes(o.store, test_unit_new(), &none, NULL), LK_OK);
	assert_true(empty > 0 && some > empty + 2000 * 30 && none == 0);
	test_owner_close(&o);
}

/* --- readers beside a writer --- */

/* Each commit adds 1 to every cell, so at one instant all cells equal the cursor. */
enum { LIVE_PANES = 2, LIVE_KEYS = 300, LIVE_COMMITS = 150 };

static void *write_on(void *ctx) {
	test_owner *o = ctx;
	for (int i = 0; i < LIVE_COMMITS; i++) {
		if (i % 20 == 19)
			test_owner_roll(o);
		if (i % 50 == 49)
			test_owner_take(o, 0);
		test_owner_fill(o, LIVE_PANES, LIVE_KEYS, 1 << 30);
	}
	return NULL;
}

/* I9, P17 */
static void a_reader_never_sees_half_a_commit(void **state) {
	(void)state;
	static const int which[2] = {1, 299};
	test_owner writer = test_owner_new(&servers), reader;
	test_owner_open(&reader, &servers, writer.unit);
	lk_buf encoded[2];
	lk_cell_filter f = test_key_filter(encoded, which, 2);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, write_on, &writer), 0);
	int64_t cursor = 0, reads = 0, end = (int64_t)LIVE_COMMITS * LIVE_PANES * LIVE_KEYS;
	while (cursor < end) {
		test_unit u;
		assert_int_equal(test_unit_read(&u, reader.store, reader.unit, reads % 2 ? &f : NULL, NULL), LK_OK);
		cursor = u.state.at.cursor;
		int64_t next = 0, count, sum;
		for (int i = 0; i < u.state.nsegments; i++) {
			assert_int_equal(u.state.segments[i].from, next);
			next = u.state.segments[i].to;
		}
		assert_int_equal(next, cursor);
		for (int p = 0; p < LIVE_PANES; p++) {
			test_unit_total(&u, p, "key 1", &count, &sum);
			assert_int_equal(count, cursor / (LIVE_PANES * LIVE_KEYS));
			test_unit_total(&u, p, "key 299", &count, &sum);
			assert_int_equal(count, cursor / (LIVE_PANES * LIVE_KEYS));
		}
		test_unit_release(&u);
		reads++;
	}
	pthread_join(thread, NULL);
	assert_true(reads > 5);
	test_keys_release(encoded, 2);
	test_owner_close(&writer);
	test_owner_close(&reader);
}

static int setup(void **state) {
	(void)state;
	test_servers_start(&servers);
	return 0;
}

static int teardown(void **state) {
	(void)state;
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(filters_on_small_segments),
		cmocka_unit_test(filters_on_large_segments),
		cmocka_unit_test(many_keys_and_panes_are_asked_for_in_pieces),
		cmocka_unit_test(a_missing_segment_is_reported),
		cmocka_unit_test(foreign_cells_are_noticed),
		cmocka_unit_test(bytes_are_told),
		cmocka_unit_test(a_reader_never_sees_half_a_commit),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
