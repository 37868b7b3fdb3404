/* Looks at several units at once, beside reading each step by step, while the units change between the looks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/owner.h"
#include "tests/support/redis.h"
#include "view_store/look.h"
#include "view_store/unit.h"

enum { UNITS = 3, PANES = 6, KEYS = 5, ROUNDS = 250 };

static test_servers servers;
static lk_redis admin;       /* a client other than lk */

typedef struct looking {
	test_owner owners[UNITS];
	lk_store *reader;        /* which remembers */
	lk_unit_read reads[UNITS];
	lk_look looks[UNITS];
} looking;

static void begin(looking *g) {
	lk_error err = {0};
	*g = (looking){0};
	for (int i = 0; i < UNITS; i++) {
		g->owners[i] = test_owner_new(&servers);
		g->looks[i] = (lk_look){.unit = g->owners[i].unit, .read = &g->reads[i]};
	}
	if (lk_store_open(&g->reader, servers.at.redis, "test", &err) != LK_OK)
		fail_msg("%s", err.text);
}

static void look(looking *g, const lk_cell_filter *f) {
	lk_error err = {0};
	for (int i = 0; i < UNITS; i++) {
		lk_unit_read_release(&g->reads[i]);
		g->looks[i].done = false;
	}
	if (lk_store_look(g->reader, &(lk_looks){g->looks, UNITS, test_owner_plan(), f}, &err) != LK_OK)
		fail_msg("%s", err.text);
}

static void end(looking *g) {
	for (int i = 0; i < UNITS; i++) {
		lk_unit_read_release(&g->reads[i]);
		test_owner_close(&g->owners[i]);
	}
	lk_store_close(g->reader);
}

/* --- the same as step by step --- */

static void same_cells(const lk_cells *a, const lk_cells *b) {
	assert_int_equal(a->ncells, b->ncells);
	for (int pane = 0; pane < PANES; pane++)
		for (int k = 0; k < KEYS; k++) {
			char key[40];
			int64_t count[2] = {0}, sum[2] = {0};
			test_key_name(key, k);
			assert_int_equal(test_cell(a, pane, key, &count[0], &sum[0]), test_cell(b, pane, key, &count[1], &sum[1]));
			assert_int_equal(count[0], count[1]);
			assert_int_equal(sum[0], sum[1]);
		}
}

static void same_as_step_by_step(const looking *g, int i, const lk_cell_filter *f) {
	const lk_unit_read *r = &g->reads[i];
	test_unit u = {0};
	assert_true(g->looks[i].done && r->there);
	assert_int_equal(test_unit_read(&u, g->owners[i].store, g->owners[i].unit, f, NULL), LK_OK);
	assert_memory_equal(&r->state.at, &u.state.at, sizeof u.state.at);
	assert_int_equal(r->state.token, u.state.token);
	assert_int_equal(r->state.nsegments, u.state.nsegments);
	for (int s = 0; s < u.state.nsegments; s++) {
		const lk_segment *wanted = &u.state.segments[s];
		assert_memory_equal(&r->state.segments[s], wanted, sizeof *wanted);
		bool reached = wanted->open || (wanted->from >= g->looks[i].hint && wanted->from < wanted->to && u.state.at.cursor > g->looks[i].hint);
		assert_int_equal(r->whole[s], reached);
		if (reached)
			same_cells(&r->cells[s], &u.cells[s]);
		else
			assert_int_equal(r->cells[s].ncells, 0);
	}
	test_unit_release(&u);
}

static void fold(test_owner *o, unsigned long *seed) {
	for (int n = (int)(test_random(seed) % 8); n >= 0; n--) {
		char key[40];
		test_key_name(key, (int)(test_random(seed) % KEYS));
		test_owner_fold(o, (int)(test_random(seed) % PANES), key, (int)(test_random(seed) % 100));
	}
	test_owner_must_commit(o);
}

static void drop_first(test_owner *o) {
	lk_unit_state u = test_owner_state(o);
	if (u.nsegments > 1 && !u.segments[0].open) {
		const lk_position base = {.cursor = u.segments[0].to, .watermark = LK_NEVER, .last_at = LK_NEVER};
		assert_int_equal(lk_store_drop(o->store, &(lk_removal){o->unit, o->token, u.segments, 1, &base}, NULL), LK_OK);
	}
	lk_unit_state_release(&u);
}

static void compact_first(test_owner *o) {
	lk_unit_state u = test_owner_state(o);
	lk_compaction c = {.unit = o->unit, .token = o->token, .plan = test_owner_plan(), .inputs = u.segments, .n = 2};
	if (u.nsegments > 2 && !u.segments[0].open && !u.segments[1].open)
		assert_int_equal(lk_store_compact(o->store, &c, NULL), LK_OK);
	lk_unit_state_release(&u);
}

static void change(test_owner *o, unsigned long *seed) {
	static const lk_position beginning = {0, LK_NEVER, LK_NEVER, 0};
	switch (test_random(seed) % 12) {
	case 0: test_owner_roll(o); fold(o, seed); break;
	case 1: test_owner_take(o, 0); break;
	case 2: drop_first(o); break;
	case 3: compact_first(o); break;
	case 4:
		if (test_random(seed) % 8)
			break;
		assert_int_equal(lk_store_reset(o->store, o->unit, &o->token, &beginning, NULL), LK_OK);
		test_owner_take(o, 0);
		break;
	default: fold(o, seed);
	}
}

/* P3 */
static void looks_while_units_change(void **state) {
	(void)state;
	unsigned long seed = test_seed("looks_while_units_change");
	looking g;
	begin(&g);
	for (int round = 0; round < ROUNDS; round++) {
		int which[2] = {(int)(test_random(&seed) % KEYS), KEYS};
		lk_buf keys[2] = {LK_BUF_INIT, LK_BUF_INIT};
		int nkeys = (int)(test_random(&seed) % 3);
		lk_cell_filter f = test_key_filter(keys, which, nkeys);
		if (test_random(&seed) % 2)
			f.to_pane = (int64_t)(test_random(&seed) % (PANES + 1)) * TEST_PANE_US;
		for (int i = 0; i < UNITS; i++) {
			if (test_random(&seed) % 3)
				change(&g.owners[i], &seed);
			g.looks[i].hint = test_random(&seed) % 4 ? 0 : (int64_t)(test_random(&seed) % 100);
		}
		look(&g, &f);
		for (int i = 0; i < UNITS; i++)
			same_as_step_by_step(&g, i, &f);
		test_keys_release(keys, nkeys);
	}
	end(&g);
}

/* --- what it costs, and what it leaves to reading step by step --- */

static int64_t transactions(void) {
	redisReply *r;
	lk_redis_begin(&admin, 2);
	lk_redis_args(&admin, "INFO");
	lk_redis_args(&admin, "commandstats");
	assert_int_equal(lk_redis_call(&admin, &r, NULL), LK_OK);
	const char *exec = strstr(r->str, "cmdstat_exec:calls=");
	int64_t n = exec ? atoll(exec + strlen("cmdstat_exec:calls=")) : 0;
	freeReplyObject(r);
	return n;
}

/* Looks, and gives how many transactions each unit took. */
static int64_t rounds_of_a_look(looking *g, const lk_cell_filter *f) {
	int64_t before = transactions();
	look(g, f);
	int64_t n = transactions() - before;
	assert_int_equal(n % UNITS, 0);
	return n / UNITS;
}

static void a_known_unit_takes_one_round(void **state) {
	(void)state;
	looking g;
	lk_buf key = LK_BUF_INIT;
	lk_cell_filter f = test_key_filter(&key, (const int[]){1}, 1);
	begin(&g);
	for (int i = 0; i < UNITS; i++)
		test_owner_fill(&g.owners[i], PANES, KEYS, 1000);
	assert_int_equal(rounds_of_a_look(&g, &f), 2);
	assert_int_equal(rounds_of_a_look(&g, &f), 1);
	for (int i = 0; i < UNITS; i++)
		test_owner_fill(&g.owners[i], PANES, KEYS, 1000);
	assert_int_equal(rounds_of_a_look(&g, &f), 1);   /* more of the same panes */
	for (int i = 0; i < UNITS; i++)
		test_owner_take(&g.owners[i], 0);
	assert_int_equal(rounds_of_a_look(&g, &f), 2);
	assert_int_equal(rounds_of_a_look(&g, &f), 1);
	end(&g);
	test_keys_release(&key, 1);
}

/* P3 */
static void a_segment_without_all_of_its_cells_is_not_taken(void **state) {
	(void)state;
	looking g;
	lk_buf key = LK_BUF_INIT;
	lk_cell_filter of_key = test_key_filter(&key, (const int[]){1}, 1), all = test_key_filter(NULL, NULL, 0);
	begin(&g);
	for (int i = 0; i < UNITS; i++) {
		test_owner_fill(&g.owners[i], PANES, KEYS, 1000);
		test_owner_take(&g.owners[i], 0);
	}
	look(&g, &of_key);
	assert_true(g.looks[1].done);
	const lk_segment *s = &g.reads[1].state.segments[0];
	test_redis_command(&admin, "DEL %s", lk_segment_key(g.reader, g.looks[1].unit, s->from, s->token));
	const lk_cell_filter *filters[] = {&of_key, &all};
	for (int i = 0; i < 2; i++) {
		look(&g, filters[i]);
		assert_true(g.looks[0].done && !g.looks[1].done && !g.reads[1].there && g.looks[2].done);
	}
	test_redis_command(&admin, "DEL %s", lk_unit_key(g.reader, g.looks[1].unit));
	look(&g, &all);
	assert_true(g.looks[1].done && !g.reads[1].there);
	end(&g);
	test_keys_release(&key, 1);
}

static void a_full_server_is_read_step_by_step(void **state) {
	(void)state;
	looking g;
	lk_cell_filter all = test_key_filter(NULL, NULL, 0);
	begin(&g);
	for (int i = 0; i < UNITS; i++)
		test_owner_fill(&g.owners[i], PANES, KEYS, 1000);
	test_redis_command(&admin, "CONFIG SET maxmemory 1");
	look(&g, &all);
	for (int i = 0; i < UNITS; i++)
		assert_true(!g.looks[i].done && !g.reads[i].there);
	test_redis_command(&admin, "CONFIG SET maxmemory 0");
	look(&g, &all);
	for (int i = 0; i < UNITS; i++)
		same_as_step_by_step(&g, i, &all);
	end(&g);
}

/* Above 8 MiB of closed segments, or 1,000 fields of them. */
static void what_is_large_is_read_step_by_step(void **state) {
	(void)state;
	looking g;
	lk_buf key = LK_BUF_INIT;
	lk_cell_filter all = test_key_filter(NULL, NULL, 0), of_key = test_key_filter(&key, (const int[]){1}, 1);
	begin(&g);
	test_owner_fill(&g.owners[0], 1000, 6, 6000);
	test_owner_fill(&g.owners[1], 1001, 6, 6006);
	for (int i = 0; i < UNITS; i++)
		test_owner_take(&g.owners[i], 0);
	look(&g, &of_key);
	assert_true(g.looks[0].done && !g.looks[1].done && g.looks[2].done);
	look(&g, &all);
	assert_true(!g.looks[0].done && !g.looks[1].done && g.looks[2].done);
	look(&g, &of_key);
	assert_true(g.looks[0].done && !g.looks[1].done && g.looks[2].done);
	end(&g);
	test_keys_release(&key, 1);
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
		cmocka_unit_test(looks_while_units_change),
		cmocka_unit_test(a_known_unit_takes_one_round),
		cmocka_unit_test(a_segment_without_all_of_its_cells_is_not_taken),
		cmocka_unit_test(a_full_server_is_read_step_by_step),
		cmocka_unit_test(what_is_large_is_read_step_by_step),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
