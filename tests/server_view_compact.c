/* Compacting units of a real Redis, and any sequence of all steps, against a model in memory: for any owners, commits, new
 * segments, drops, compactions, resets and losses, readers see exactly what the accepted commits wrote. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/owner.h"
#include "tests/support/random.h"
#include "view_store/unit.h"

static test_servers servers;

/* --- compaction --- */

static test_owner owner_of_segments(int n, int panes, int keys) {
	test_owner o = test_owner_new(&servers);
	for (int i = 0; i < n; i++) {
		test_owner_roll(&o);
		test_owner_fill(&o, panes, keys, 10000);
	}
	return o;
}

static int64_t keys_of(const test_owner *o) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "lk:test:u:%lld:*", (long long)o->unit);
	lk_redis_begin(&o->store->redis, 2);
	lk_redis_args(&o->store->redis, "KEYS");
	lk_redis_args(&o->store->redis, b.data);
	redisReply *r;
	assert_int_equal(lk_redis_call(&o->store->redis, &r, NULL), LK_OK);
	int64_t n = (int64_t)r->elements;
	freeReplyObject(r);
	lk_buf_release(&b);
	return n;
}

static int64_t ttl_of(const test_owner *o, const lk_segment *g) {
	lk_redis_begin(&o->store->redis, 2);
	lk_redis_args(&o->store->redis, "TTL");
	lk_redis_args(&o->store->redis, lk_segment_key(o->store, o->unit, g->from, g->token));
	redisReply *r;
	assert_int_equal(lk_redis_call(&o->store->redis, &r, NULL), LK_OK);
	int64_t ttl = r->integer;
	freeReplyObject(r);
	return ttl;
}

/* As the unit's owner does. */
static int compact(lk_store *s, const test_owner *o, const lk_segment *inputs, int n) {
	lk_compaction job = {.unit = o->unit, .token = o->token, .plan = test_owner_plan(), .inputs = inputs, .n = n};
	return lk_store_compact(s, &job, NULL);
}

static void compaction_adds_up(void **state) {
	(void)state;
	test_owner o = owner_of_segments(6, 3, 1500);
	lk_unit_state before = test_owner_state(&o);
	assert_int_equal(before.nsegments, 6);
	assert_int_equal(compact(o.store, &o, before.segments + 1, 3), LK_OK);
	lk_unit_state after = test_owner_state(&o);
	assert_int_equal(after.nsegments, 4);
	const lk_segment *g = &after.segments[1];
	assert_true(g->from == before.segments[1].from && g->to == before.segments[3].to && !g->open && g->cells == 4500);
	assert_true(g->min_pane == 0 && g->max_pane == 2 * TEST_PANE_US);
	assert_int_equal(ttl_of(&o, g), -1);
	assert_int_equal(keys_of(&o), 4);
	assert_memory_equal(&after.at, &before.at, sizeof after.at);
	for (int p = 0; p < 3; p++)
		test_owner_holds(&o, p, "key 1499", 6, 6 * (p * 1000 + 1499));
	/* again, with the compacted segment; then the owner writes more */
	assert_int_equal(compact(o.store, &o, after.segments, 3), LK_OK);
	test_owner_fill(&o, 3, 1500, 10000);
	test_owner_holds(&o, 2, "key 7", 7, 7 * 2007);
	lk_unit_state_release(&before);
	lk_unit_state_release(&after);
	test_owner_close(&o);
}

static void compaction_of_nothing_keeps_the_range(void **state) {
	(void)state;
	test_owner o = test_owner_new(&servers);
	for (int i = 0; i < 3; i++) {
		test_owner_roll(&o);
		o.folded = 5;
		test_owner_must_commit(&o);
	}
	lk_unit_state u = test_owner_state(&o);
	assert_int_equal(compact(o.store, &o, u.segments, 2), LK_OK);
	lk_unit_state_release(&u);
	u = test_owner_state(&o);
	assert_true(u.nsegments == 2 && u.segments[0].from == 0 && u.segments[0].to == 10 && u.segments[0].cells == 0);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

static void compaction_refuses_what_it_must(void **state) {
	(void)state;
	test_owner o = owner_of_segments(4, 1, 10);
	lk_unit_state u = test_owner_state(&o);
	lk_segment apart[2] = {u.segments[0], u.segments[2]}, stale[2] = {u.segments[0], u.segments[1]};
	test_owner stranger = o;
	stranger.token ^= 1;
	assert_int_equal(compact(o.store, &o, u.segments + 2, 2), LK_EINTERNAL);   /* the open one */
	assert_int_equal(compact(o.store, &o, apart, 2), LK_EINTERNAL);
	assert_int_equal(compact(o.store, &o, u.segments, 1), LK_EINTERNAL);
	assert_int_equal(compact(o.store, &stranger, u.segments, 2), LK_EFENCED);
	stale[1].to++;   /* it does not match meta */
	assert_int_equal(compact(o.store, &o, stale, 2), LK_ECONFLICT);
	assert_int_equal(lk_store_drop(o.store, &(lk_removal){o.unit, o.token, u.segments, 1, NULL}, NULL), LK_OK);
	assert_int_equal(compact(o.store, &o, u.segments, 2), LK_ECONFLICT);
	lk_unit_state after = test_owner_state(&o);
	assert_int_equal(after.nsegments, 3);
	test_owner_holds(&o, 0, "key 7", 3, 21);
	lk_unit_state_release(&u);
	lk_unit_state_release(&after);
	test_owner_close(&o);
}

/* A chunk of a compaction: cells [from, to); it counts itself. */
static void stage_chunk(lk_store *s, int64_t unit, const lk_segment *staged, int from, int to, const char *value) {
	const char *key = lk_segment_key(s, unit, staged->from, staged->token);
	redisReply *reply;
	lk_redis_begin(&s->redis, 1);
	lk_redis_args(&s->redis, "MULTI");
	lk_redis_more(&s->redis, 4);
	lk_redis_args(&s->redis, "HINCRBY");
	lk_redis_args(&s->redis, key);
	lk_redis_args(&s->redis, "#");
	lk_redis_args(&s->redis, "1");
	for (int i = from; i < to; i++) {
		lk_redis_more(&s->redis, 4);
		lk_redis_args(&s->redis, "HSET");
		lk_redis_args(&s->redis, key);
		lk_redis_argi(&s->redis, i);
		lk_redis_args(&s->redis, value);
	}
	lk_redis_more(&s->redis, 1);
	lk_redis_args(&s->redis, "EXEC");
	assert_int_equal(lk_redis_send(&s->redis, NULL), LK_OK);
	assert_int_equal(lk_redis_exec(&s->redis, 1 + to - from, &reply, NULL), LK_OK);
	freeReplyObject(reply);
}

/* The last step of a compaction: replaces the unit's first two segments with `staged`. */
static int swap_first_two(lk_store *s, const test_owner *o, const lk_unit_state *u, const lk_segment *staged, int chunks) {
	char text[LK_NAME_BYTES];
	lk_buf entry = LK_BUF_INIT;
	lk_redis *r = &s->redis;
	lk_redis_script(r, LK_SCRIPT_SWAP, lk_unit_key(s, o->unit), 5 + 4);
	lk_token_print(text, o->token);
	lk_redis_args(r, text);
	lk_segment_name(text, staged->from, staged->token);
	lk_redis_args(r, text);
	lk_segment_entry(&entry, staged);
	lk_redis_args(r, entry.data);
	lk_redis_argi(r, staged->cells);
	lk_redis_argi(r, chunks);
	for (int i = 0; i < 2; i++) {
		lk_segment_name(text, u->segments[i].from, u->segments[i].token);
		lk_redis_args(r, text);
		lk_buf_clear(&entry);
		lk_segment_entry(&entry, &u->segments[i]);
		lk_redis_args(r, entry.data);
	}
	lk_buf_release(&entry);
	return lk_fenced_call(s, o->unit, NULL);
}

/* Redis goes back to the state before the unit's last chunk; what is staged is lost with it. A client that reconnects
 * by itself continues. */
static void go_back(test_owner *o, const char *name) {
	test_redis_restore(&servers, name);
	lk_store_close(o->store);
	assert_int_equal(lk_store_open(&o->store, servers.at.redis, "test", NULL), LK_OK);
}

/* P17: Redis goes back between two chunks of a compaction. The cells are fewer then or, if the second chunk has the
 * cells of the lost one, as many, but older: the swap counts the chunks. */
static void staged_compaction_across_restart(void **state) {
	(void)state;
	test_owner o = owner_of_segments(3, 1, 10);
	lk_unit_state u = test_owner_state(&o);
	lk_segment fewer = {.from = 0, .to = 20, .token = lk_token_new(), .cells = 10};
	lk_segment older = {.from = 0, .to = 20, .token = lk_token_new(), .cells = 10};
	stage_chunk(o.store, o.unit, &older, 0, 10, "one");
	test_redis_save(&servers, "before-staging");
	stage_chunk(o.store, o.unit, &fewer, 0, 5, "x");
	stage_chunk(o.store, o.unit, &older, 0, 5, "one and two");
	go_back(&o, "before-staging");
	stage_chunk(o.store, o.unit, &fewer, 5, 10, "x");
	stage_chunk(o.store, o.unit, &older, 5, 10, "one and two");
	assert_int_equal(swap_first_two(o.store, &o, &u, &fewer, 2), LK_ECONFLICT);
	assert_int_equal(swap_first_two(o.store, &o, &u, &older, 3), LK_ECONFLICT);
	test_owner_holds(&o, 0, "key 7", 3, 3 * 7);
	lk_unit_state now = test_owner_state(&o);
	assert_int_equal(now.nsegments, 3);
	lk_unit_state_release(&now);
	stage_chunk(o.store, o.unit, &older, 0, 5, "one and two");
	assert_int_equal(swap_first_two(o.store, &o, &u, &older, 3), LK_OK);   /* complete, it succeeds */
	now = test_owner_state(&o);
	assert_int_equal(now.nsegments, 2);
	lk_unit_state_release(&now);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}

#ifdef LK_FAULTS
/* P17: without the count of the chunks, older cells would be served instead of merged ones. */
static void uncounted_chunks_are_caught(void **state) {
	(void)state;
	test_owner o = owner_of_segments(3, 1, 10);
	lk_unit_state u = test_owner_state(&o);
	lk_segment older = {.from = 0, .to = 20, .token = lk_token_new(), .cells = 10};
	stage_chunk(o.store, o.unit, &older, 0, 10, "one");
	test_redis_save(&servers, "before-second");
	stage_chunk(o.store, o.unit, &older, 0, 10, "one and two");
	go_back(&o, "before-second");
	setenv("LK_MUTANT", "uncounted_chunks", 1);
	lk_store *mutant;
	assert_int_equal(lk_store_open(&mutant, servers.at.redis, "test", NULL), LK_OK);
	unsetenv("LK_MUTANT");
	assert_int_equal(swap_first_two(o.store, &o, &u, &older, 2), LK_ECONFLICT);
	assert_int_equal(swap_first_two(mutant, &o, &u, &older, 2), LK_OK);   /* the test sees it go wrong */
	lk_store_close(mutant);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}
#endif

#ifdef LK_FAULTS
/* Runs a compaction in a process of its own that dies at the point. */
static void compact_and_die(const test_owner *o, const char *point) {
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0) {
		setenv("LK_CRASH", point, 1);
		lk_store *s;
		lk_unit_state u;
		if (lk_store_open(&s, servers.at.redis, "test", NULL) != LK_OK)
			_exit(1);
		if (lk_store_read_unit(s, o->unit, NULL, &u, NULL, NULL) != LK_OK)
			_exit(1);
		compact(s, o, u.segments, 3);
		_exit(2);
	}
	int status;
	waitpid(pid, &status, 0);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* I1, P17 */
static void a_killed_compaction_leaves_the_unit_whole(void **state) {
	(void)state;
	test_owner o = owner_of_segments(4, 2, 3000);
	compact_and_die(&o, "compact.staged");
	lk_unit_state u = test_owner_state(&o);
	assert_int_equal(u.nsegments, 4);
	assert_int_equal(keys_of(&o), 5);   /* with the leftovers, which disappear by themselves */
	lk_buf pattern = LK_BUF_INIT;
	lk_buf_addf(&pattern, "lk:test:u:%lld:*", (long long)o.unit);
	lk_redis_begin(&o.store->redis, 4);
	lk_redis_args(&o.store->redis, "EVAL");
	lk_redis_args(&o.store->redis, "local n = 0 for _, k in ipairs(redis.call('KEYS', ARGV[1])) do"
	                               " if redis.call('TTL', k) > 0 then n = n + 1 end end return n");
	lk_redis_args(&o.store->redis, "0");
	lk_redis_args(&o.store->redis, pattern.data);
	lk_buf_release(&pattern);
	redisReply *r;
	assert_int_equal(lk_redis_call(&o.store->redis, &r, NULL), LK_OK);
	assert_int_equal(r->integer, 1);
	freeReplyObject(r);
	test_owner_holds(&o, 1, "key 7", 4, 4 * 1007);
	compact_and_die(&o, "compact.swapped");
	lk_unit_state_release(&u);
	u = test_owner_state(&o);
	assert_int_equal(u.nsegments, 2);
	test_owner_holds(&o, 1, "key 7", 4, 4 * 1007);
	lk_unit_state_release(&u);
	test_owner_close(&o);
}
#endif

/* --- any sequence of steps --- */

enum { PANES = 3, KEYS = 6, OWNERS = 3, MOST_SEGMENTS = 64 };

typedef struct cells_model {
	int64_t count[PANES][KEYS], sum[PANES][KEYS];
} cells_model;

typedef struct segment_model {
	int64_t from, to;
	uint64_t token;
	cells_model cells;
} segment_model;

typedef struct unit_model {
	bool there;
	uint64_t token;
	int64_t cursor, base;
	int64_t open;                /* from of the open one; -1 */
	segment_model segments[MOST_SEGMENTS];
	int n;
} unit_model;

typedef struct actor {
	test_owner o;
	cells_model map;             /* as its o.cells */
} actor;

static void cells_add(cells_model *into, const cells_model *from) {
	for (int p = 0; p < PANES; p++) {
		for (int k = 0; k < KEYS; k++) {
			into->count[p][k] += from->count[p][k];
			into->sum[p][k] += from->sum[p][k];
		}
	}
}

static void remove_segments(unit_model *m, int at, int n) {
	memmove(m->segments + at, m->segments + at + n, (size_t)(m->n - at - n) * sizeof *m->segments);
	m->n -= n;
}

static int closed_prefix(const unit_model *m) {
	int n = 0;
	while (n < m->n && !(m->segments[n].from == m->open && m->segments[n].token == m->token))
		n++;
	return n;
}

static void step_take(unit_model *m, actor *a, uint64_t *seed) {
	int64_t start = random_below(seed, 50);
	if (!m->there)
		*m = (unit_model){.there = true, .cursor = start, .base = start};
	test_owner_take(&a->o, start);
	a->map = (cells_model){0};
	m->token = a->o.token;
	m->open = -1;
}

static void step_commit(unit_model *m, actor *a, uint64_t *seed) {
	for (int n = random_below(seed, 4); n > 0; n--) {
		int p = random_below(seed, PANES), k = random_below(seed, KEYS), amount = random_below(seed, 2001) - 1000;
		char name[40];
		test_key_name(name, k);
		test_owner_fold(&a->o, p, name, amount);
		a->map.count[p][k]++;
		a->map.sum[p][k] += amount;
	}
	a->o.folded += random_below(seed, 2);   /* an event that WHERE refused */
	bool owner = m->there && a->o.token == m->token;
	int64_t to = a->o.at.cursor + a->o.folded, from = a->o.segment_from;
	lk_error err = {0};
	assert_int_equal(test_owner_commit(&a->o, &err), owner ? LK_OK : LK_EFENCED);
	if (!owner)
		return;
	m->cursor = to;
	if (m->open != from || !m->n || m->segments[m->n - 1].from != from || m->segments[m->n - 1].token != m->token) {
		m->open = from;
		if (to == from)
			return;
		m->segments[m->n++] = (segment_model){.from = from, .token = m->token};
	}
	m->segments[m->n - 1].to = to;
	m->segments[m->n - 1].cells = a->map;
}

static void step_roll(actor *a) {
	test_owner_roll(&a->o);
	a->map = (cells_model){0};
}

static void step_drop(unit_model *m, actor *a, uint64_t *seed) {
	bool owner = m->there && a->o.token == m->token;
	int n = closed_prefix(m) ? random_below(seed, closed_prefix(m) + 1) : 0;
	lk_segment named[MOST_SEGMENTS];
	for (int i = 0; i < n; i++)
		named[i] = (lk_segment){.from = m->segments[i].from, .to = m->segments[i].to, .token = m->segments[i].token};
	lk_position base = {n ? named[n - 1].to : m->base, 1, 1, 0};
	assert_int_equal(lk_store_drop(a->o.store, &(lk_removal){a->o.unit, a->o.token, named, n, &base}, NULL), owner ? LK_OK : LK_EFENCED);
	if (owner) {
		remove_segments(m, 0, n);
		m->base = base.cursor;
	}
}

static void step_compact(unit_model *m, actor *a, uint64_t *seed, lk_store *reader) {
	int closed = closed_prefix(m);
	if (closed < 2)
		return;
	bool owner = a->o.token == m->token;
	int at = random_below(seed, closed - 1), n = 2 + random_below(seed, closed - at - 1);
	lk_unit_state u;
	assert_int_equal(lk_store_read_unit(reader, a->o.unit, NULL, &u, NULL, NULL), LK_OK);
	int rc = compact(a->o.store, &a->o, u.segments + at, n);
	assert_int_equal(rc, owner ? LK_OK : LK_EFENCED);
	lk_unit_state_release(&u);
	if (!owner)
		return;
	for (int i = 1; i < n; i++)
		cells_add(&m->segments[at].cells, &m->segments[at + i].cells);
	m->segments[at].to = m->segments[at + n - 1].to;
	m->segments[at].token = 0;   /* taken from Redis */
	remove_segments(m, at + 1, n - 1);
}

static void step_reset(unit_model *m, actor *a, uint64_t *seed) {
	bool owner = m->there && a->o.token == m->token;
	lk_position start = {random_below(seed, 100), 3, 4, 0};
	assert_int_equal(lk_store_reset(a->o.store, a->o.unit, &a->o.token, &start, NULL), owner ? LK_OK : LK_EFENCED);
	if (!owner)
		return;
	m->n = 0;
	m->token = a->o.token;
	m->cursor = m->base = start.cursor;
	m->open = -1;
	a->o.at = start;
	step_roll(a);
}

static void check(unit_model *m, lk_store *reader, int64_t unit, uint64_t *seed) {
	test_unit u;
	int which[2] = {random_below(seed, KEYS), 0};
	which[1] = (which[0] + 1 + random_below(seed, KEYS + 1)) % (KEYS + 2);
	lk_buf encoded[2];
	int nkeys = 1 + random_below(seed, 2);
	lk_cell_filter f = test_key_filter(encoded, which, nkeys);
	bool all = random_below(seed, 2);
	int rc = test_unit_read(&u, reader, unit, all ? NULL : &f, NULL);
	assert_int_equal(rc, m->there ? LK_OK : 1);
	if (m->there) {
		assert_int_equal(u.state.token, m->token);
		assert_int_equal(u.state.at.cursor, m->cursor);
		assert_int_equal(u.state.base.cursor, m->base);
		assert_int_equal(u.state.nsegments, m->n);
	}
	for (int i = 0; i < u.state.nsegments; i++) {
		segment_model *want = &m->segments[i];
		const lk_segment *got = &u.state.segments[i];
		if (!want->token)
			want->token = got->token;
		assert_true(got->from == want->from && got->to == want->to && got->token == want->token);
		assert_int_equal(got->open, got->from == m->open && got->token == m->token);
		for (int p = 0; p < PANES; p++) {
			for (int k = 0; k < KEYS; k++) {
				char name[40];
				int64_t count, sum;
				bool wanted = all || k == which[0] || (nkeys == 2 && k == which[1]);
				test_key_name(name, k);
				test_cell(&u.cells[i], p, name, &count, &sum);
				assert_int_equal(count, wanted ? want->cells.count[p][k] : 0);
				assert_int_equal(sum, wanted ? want->cells.sum[p][k] : 0);
			}
		}
	}
	test_unit_release(&u);
	test_keys_release(encoded, nkeys);
}

/* I1, I7 */
static void any_sequence_of_steps(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	int steps = test_rounds("STEPS", 2000), rounds[7] = {0};
	int64_t unit = test_unit_new();
	unit_model m = {0};
	actor actors[OWNERS] = {0};
	test_owner reader;
	test_owner_open(&reader, &servers, unit);
	for (int i = 0; i < OWNERS; i++)
		test_owner_open(&actors[i].o, &servers, unit);
	for (int i = 0; i < steps; i++) {
		actor *a = &actors[random_below(&seed, OWNERS)];
		int what = random_below(&seed, 100);
		if (m.n > MOST_SEGMENTS - 2)
			what = 99;
		if (what < 60)
			step_commit(&m, a, &seed);
		else if (what < 72)
			step_take(&m, a, &seed);
		else if (what < 80)
			step_roll(a);
		else if (what < 84)
			step_drop(&m, a, &seed);
		else if (what < 96)
			step_compact(&m, a, &seed, reader.store);
		else if (what < 99)
			step_reset(&m, a, &seed);
		else {
			test_redis_empty(&servers);
			m = (unit_model){.open = -1};
		}
		rounds[what < 60 ? 0 : what < 72 ? 1 : what < 80 ? 2 : what < 84 ? 3 : what < 96 ? 4 : what < 99 ? 5 : 6]++;
		check(&m, reader.store, unit, &seed);
	}
	for (int i = 0; i < 7 && steps >= 2000; i++)
		assert_true(rounds[i] > 0);
	for (int i = 0; i < OWNERS; i++)
		test_owner_close(&actors[i].o);
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
		cmocka_unit_test(compaction_adds_up),
		cmocka_unit_test(compaction_of_nothing_keeps_the_range),
		cmocka_unit_test(compaction_refuses_what_it_must),
		cmocka_unit_test(staged_compaction_across_restart),
#ifdef LK_FAULTS
		cmocka_unit_test(uncounted_chunks_are_caught),
		cmocka_unit_test(a_killed_compaction_leaves_the_unit_whole),
#endif
		cmocka_unit_test(any_sequence_of_steps),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
