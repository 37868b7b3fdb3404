/* Chains of derived streams: each log is what PostgreSQL makes of the declared stream's log by the users' own texts, one within the
 * other, row by row and in order, whoever filled it, in whatever steps, whatever was killed, and whatever Redis has lost on the
 * way; and made again it is the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/random.h"
#include "tests/support/redis.h"

static test_program lk;
static test_world world;
static lk_redis redis;

/* --- random chains --- */

enum { ROUNDS = 200, LEVELS = 3 };

/* Rounds share a source, so most of their time is not spent on declaring. */
enum { SHARED = 8 };

typedef struct chain {
	uint64_t seed;
	int base;                    /* level i is called d<base + i>; level 0 is s0 */
	int levels;
	lk_buf definitions;
	char *text[LEVELS + 1];      /* of level i, behind AS */
	lk_buf oracle[LEVELS + 1];   /* the rows of level i, with the columns _p, _o, _r1 …, _at */
} chain;

/* The same values, and in the oracle's text their places. */
static const struct {
	const char *lateral, *placed;
} flat[] = {
	{"", ""},
	{"", ""},
	{", LATERAL (VALUES (1::bigint), (n), (NULL)) AS v (x)", ", LATERAL (VALUES (1::bigint, 1), (n, 2), (NULL, 3)) AS v (x, _r)"},
	{" CROSS JOIN LATERAL (VALUES (3::bigint), (-3)) AS v (x)", " CROSS JOIN LATERAL (VALUES (3::bigint, 1), (-3, 2)) AS v (x, _r)"},
	{", generate_series(1::bigint, n) AS x", ", generate_series(1::bigint, n) WITH ORDINALITY AS v (x, _r)"},
};

static void add_places(int level, lk_buf *b) {
	for (int i = 1; i < level; i++)
		lk_buf_addf(b, ", _r%d", i);
}

/* Declares the level by what stands behind SELECT and behind FROM, and has PostgreSQL make its rows. */
static void finish_level(chain *c, int level, const char *text) {
	c->text[level] = lk_strdup(text);
	lk_buf_addf(&c->definitions, "CREATE TABLE d%d WITH (event_time = ts) AS %s;\n", c->base + level, text);
}

static const char *const where[] = {"", "", " WHERE n > 0", " WHERE t <> 'b'", " WHERE n IS NOT NULL", " WHERE n % 2 = 0", " WHERE t LIKE 'a%'", NULL};

/* A map, a filter or a flat-map over `from`. */
static void add_map(chain *c, int level, const char *from) {
	static const char *const numbers[] = {"n", "n + 1", "abs(n)", "coalesce(n, 0)", "n % 7", "-n", "CASE WHEN n > 3 THEN 3 ELSE n END", NULL};
	static const char *const texts[] = {"t", "upper(t)", "t || '!'", "coalesce(t, '-')", "left(t, 2)", "replace(t, 'a', 'bb')", NULL};
	int f = random_below(&c->seed, (int)(sizeof flat / sizeof *flat));
	bool wide = *flat[f].lateral != '\0';
	const char *n = wide && random_below(&c->seed, 2) ? "x" : random_of(&c->seed, numbers), *t = random_of(&c->seed, texts), *w = random_of(&c->seed, where);
	char *text = lk_asprintf("SELECT ts, k, %s AS n, %s AS t FROM %s%s%s", n, t, from, flat[f].lateral, w);
	finish_level(c, level, text);
	free(text);
	lk_buf *b = &c->oracle[level];
	lk_buf_adds(b, "SELECT _p, _o");
	add_places(level, b);
	lk_buf_addf(b, ", %s AS _r%d, _at, ts, k, %s AS n, %s AS t FROM (%s) AS e%s%s", wide ? "_r" : "0", level, n, t, c->oracle[level - 1].data, flat[f].placed, w);
}

/* A frame of any kind. `order` is what rows are ordered by: _off, or, for PostgreSQL, the places. */
static char *make_frame(uint64_t *seed, bool range, const char *order) {
	int from = random_below(seed, random_below(seed, 4) ? 6 : 150), to = random_below(seed, from + 1);
	switch (random_below(seed, range ? 6 : 5)) {
	case 0: return lk_asprintf("ORDER BY %s ROWS %d PRECEDING", order, from);
	case 1: return lk_asprintf("ORDER BY %s ROWS BETWEEN %d PRECEDING AND %d PRECEDING", order, from, to);
	case 2: return lk_asprintf("ORDER BY %s", order);
	case 3: return lk_asprintf("ORDER BY %s ROWS BETWEEN UNBOUNDED PRECEDING AND %d PRECEDING", order, to);
	case 4: return lk_asprintf("ORDER BY %s ROWS UNBOUNDED PRECEDING", order);
	default: return lk_asprintf("ORDER BY _at RANGE BETWEEN '%d ms' PRECEDING AND CURRENT ROW EXCLUDE TIES", 1 + random_below(seed, 60));
	}
}

static void add_call(uint64_t *seed, const char *order, bool number, lk_buf *b) {
	static const char *const keys[] = {"k", "k", "k, n % 3", "left(t, 1), k", NULL};
	static const char *const numbers[] = {"count(*)", "count(n)", "sum(n)", "min(n)", "max(n)", "sum(abs(n))", "count(left(t, 1))", NULL};
	static const char *const places[] = {"lag(n)", "lag(n, 3, -1)", "first_value(n)", "last_value(n)", "nth_value(n, 2)", "row_number()", "lag(n * 2, 0)", NULL};
	static const char *const texts[] = {"lag(t)", "lag(left(t, 9), 70)", "first_value(left(t, 9))", "last_value(left(t, 9))", "nth_value(left(t, 9), 3)", NULL};
	static const char *const most[] = {"min(left(t, 9))", "max(left(t, 3))", NULL};
	bool aggregate = random_below(seed, 2);
	const char *call = number ? random_of(seed, aggregate ? numbers : places) : random_of(seed, aggregate ? most : texts);
	const char *key = random_of(seed, keys);
	char *frame = make_frame(seed, aggregate, order);
	lk_buf_addf(b, number ? "(%s OVER (PARTITION BY %s %s))::bigint %% 20" : "%s OVER (PARTITION BY %s %s)", call, key, frame);
	free(frame);
}

/* Moving windows over `from`. The same seed makes both texts. */
static void add_windows(chain *c, int level, const char *from) {
	lk_buf places = LK_BUF_INIT, texts[2] = {LK_BUF_INIT, LK_BUF_INIT}, *b = &c->oracle[level];
	const char *inner = random_of(&c->seed, where), *outer = random_of(&c->seed, where);
	uint64_t seed = random_next(&c->seed);
	lk_buf_adds(&places, "_o");
	add_places(level, &places);
	for (int i = 0; i < 2; i++) {
		uint64_t own = seed;
		bool text = random_below(&own, 3) == 0;
		add_call(&own, i ? places.data : "_off", true, &texts[i]);
		lk_buf_adds(&texts[i], " AS n, ");
		if (text)
			add_call(&own, i ? places.data : "_off", false, &texts[i]);
		lk_buf_adds(&texts[i], text ? " AS t" : "t");
	}
	char *text = lk_asprintf("SELECT ts, k, n, t FROM (SELECT ts, k, %s FROM %s%s) AS q%s", texts[0].data, from, inner, outer);
	finish_level(c, level, text);
	free(text);
	lk_buf_addf(b, "SELECT _p, %s, 0 AS _r%d, _at, ts, k, n, t FROM (SELECT _p, %s, _at, ts, k, %s FROM (%s) AS e%s) AS q%s", places.data, level, places.data,
	            texts[1].data, c->oracle[level - 1].data, inner, outer);
	lk_buf_release(&places);
	lk_buf_release(&texts[0]);
	lk_buf_release(&texts[1]);
}

static void name_of(const chain *c, int level, char name[16]) { snprintf(name, 16, level ? "d%d" : "s0", c->base + level); }

/* One more level over the one before it. */
static void add_level(chain *c, int level) {
	char from[16];
	name_of(c, level - 1, from);
	if (random_below(&c->seed, 5) < 2)
		add_windows(c, level, from);
	else
		add_map(c, level, from);
}

static void make_chain(chain *c) {
	c->levels = 1 + random_below(&c->seed, LEVELS);
	lk_buf_adds(&c->oracle[0], "SELECT part AS _p, off AS _o, _at, ts, k, n, t FROM lk.log_s0");
	for (int i = 1; i <= c->levels; i++)
		add_level(c, i);
	lk_buf_addf(&c->definitions, "CREATE VIEW v%d WITH (allowed_lateness = '20 s') AS SELECT k, count(*) AS c, sum(n) AS s FROM d%d GROUP BY k, tumble(ts, '1 min');\n",
	            c->base, c->base + c->levels);
}

static void release_chain(chain *c) {
	lk_buf_release(&c->definitions);
	for (int i = 0; i <= LEVELS; i++) {
		lk_buf_release(&c->oracle[i]);
		free(c->text[i]);
	}
}

static void append_some(test_world *w, uint64_t *seed, int n) {
	static const char *const texts[] = {"null", "\"a\"", "\"b\"", "\"abc\"", "\"Ab\"", "\"\""};
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		int s = random_below(seed, 600);
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T10:%02d:%02dZ\",\"k\":\"k%d\",\"n\":", s / 60, s % 60, random_below(seed, 5));
		if (random_below(seed, 6))
			lk_buf_addf(&b, "%d", random_below(seed, 20) - 5);
		else
			lk_buf_adds(&b, "null");
		lk_buf_addf(&b, ",\"t\":%s}\n", texts[random_below(seed, 6)]);
	}
	test_world_append_json(w, "s0", b.data);
	lk_buf_release(&b);
}

/* The statement's text, if it has one, says what is wrong. */
static void says_nothing(const char *sql, const chain *c, int level) {
	lk_error err = {0};
	PGresult *res;
	test_ok(lk_pg_query(&world.pg, &res, &err, sql), &err);
	if (*PQgetvalue(res, 0, 0))
		fail_msg("level %d: %s\n%s", level, PQgetvalue(res, 0, 0), c->definitions.data);
	PQclear(res);
}

/* The log of a level against the oracle over all of the source. Its rows are numbered from 0 without a hole, and keep `_at` and,
 * one level up, the offset of what they come from. */
static void check_level(const chain *c, int level) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_adds(&sql, "SELECT coalesce(max(format('partition %s, row %s: (%s, %s, %s, %s), not (%s, %s, %s, %s)', coalesce(a._p, b.part), coalesce(a.off, b.off),"
	            " b.ts, b.k, b.n, b.t, a.ts, a.k, a.n, a.t)), '') FROM (SELECT *, row_number() OVER (PARTITION BY _p ORDER BY _o");
	for (int i = 1; i <= level; i++)
		lk_buf_addf(&sql, ", _r%d", i);
	lk_buf_addf(&sql, ") - 1 AS off FROM (%s) AS q) AS a FULL JOIN lk.log_d%d AS b ON b.part = a._p AND b.off = a.off"
	            " WHERE a._p IS NULL OR b.part IS NULL OR (a.ts, a.k, a.n, a.t) IS DISTINCT FROM (b.ts, b.k, b.n, b.t)", c->oracle[level].data, c->base + level);
	says_nothing(sql.data, c, level);
	lk_buf_clear(&sql);
	lk_buf_addf(&sql, "SELECT CASE WHEN count(*) > 0 THEN 'other times' ELSE '' END FROM lk.log_d%d AS d LEFT JOIN lk.log_%s%d AS e ON e.part = d.part AND e.off = d._src WHERE e._at IS DISTINCT FROM d._at",
	            c->base + level, level > 1 ? "d" : "s", level > 1 ? c->base + level - 1 : 0);
	says_nothing(sql.data, c, level);
	lk_buf_release(&sql);
}

static void disturb(uint64_t *seed, lk_unit *u) {
	switch (random_below(seed, 12)) {
	case 0: test_redis_command(&redis, "FLUSHALL"); break;
	case 1: test_redis_unit(&redis, world.log_id, u->id, true); break;
	case 2: test_redis_unit(&redis, world.log_id, u->id, false); break;
	case 3: case 4: case 5: lk_unit_drop(u); break;
	default: break;
	}
}

/* Two workers take turns at random, each of which believes that it owns the unit, with little memory, and are dropped in the middle. */
static void fill(test_worker t[2], uint64_t *seed, const char *stream) {
	for (int i = 0; i < 2; i++)
		test_worker_turn_to(&t[i], test_world_filler(t[i].world, stream));
	for (int steps = random_below(seed, 12); steps > 0; steps--) {
		test_worker *one = &t[random_below(seed, 2)];
		int part = random_below(seed, 2);
		one->path.limits.commit_events = 1 + random_below(seed, 40);
		one->path.limits.segment_bytes = random_below(seed, 2) ? 64 << 20 : (size_t)random_below(seed, 4000);
		test_worker_step(one, part, 1 + random_below(seed, 60));
		disturb(seed, &one->units[part]);
	}
	for (int part = 0; part < 2; part++)
		while (test_worker_step(&t[0], part, INT64_MAX) != 0)
			;
}

static void close_both(test_worker t[2]) {
	test_worker_close(&t[0]);
	test_worker_close(&t[1]);
}

static void declare_chain(const chain *c) {
	if (c->base == 0) {
		test_world_empty(&world);
		test_world_declare(&world, "CREATE TABLE s0 (ts timestamptz, k text, n bigint, t text)"
		                           " WITH (event_time = ts, partition_by = k, partitions = 2, watermark = '10 s')");
	}
	test_world_declare(&world, c->definitions.data);
}

/* The same text once more, filled at once: the same log, byte for byte. */
static void check_again(const chain *c, int level, test_worker *t) {
	char again[32];
	snprintf(again, sizeof again, "d%d_again", c->base + level);
	char *sql = lk_asprintf("CREATE TABLE %s WITH (event_time = ts) AS %s", again, c->text[level]);
	test_world_declare(&world, sql);
	free(sql);
	test_worker_turn_to(t, test_world_filler(&world, again));
	t->path.limits = lk_stream_defaults;
	for (int part = 0; part < 2; part++)
		while (test_worker_step(t, part, INT64_MAX) != 0)
			;
	sql = lk_asprintf("SELECT coalesce(max(format('%%s, again %%s', a, b)), '') FROM lk.log_d%d AS a FULL JOIN lk.log_%s AS b USING (part, off)"
	                  " WHERE a::text IS DISTINCT FROM b::text", c->base + level, again);
	says_nothing(sql, c, level);
	free(sql);
}

/* The first chain of a source is also filled by processes that are killed. */
static void fill_and_be_killed(uint64_t seed) {
	static const char *const points[] = {"derived.reserved", "derived.copied", "derived.committed", "windows.logged"};
	char *crash = lk_asprintf("LK_CRASH=%s:%d", points[random_below(&seed, 4)], 1 + random_below(&seed, 4));
	int status = test_lk(&lk.servers, (const char *const[]){crash, NULL}, NULL, NULL, ARGS("speed", "--once", "--workers", "1"));
	assert_true(status == 0 || status == 128 + SIGKILL);
	free(crash);
}

static void grow_and_check(const chain *c, test_worker t[2], uint64_t *seed) {
	char name[16];
	append_some(&world, seed, 1 + random_below(seed, 60));
	if (c->base == 0)
		fill_and_be_killed(*seed);
	for (int i = 1; i <= c->levels; i++) {
		snprintf(name, sizeof name, "d%d", c->base + i);
		fill(t, seed, name);
		check_level(c, i);
	}
	snprintf(name, sizeof name, "v%d", c->base);
	if (random_below(seed, 3) == 0)
		test_world_batch(&world, name);
	test_world_speed_once(&world, name);
	const lk_query q = test_query(name);
	test_world_same(&world, &q);
}

/* D1, D3, D4, D10, I4, I5, I7, L4, P13, P18: random chains of maps, filters, flat-maps and moving windows, and a view over the last one. */
static void chains_are_what_postgresql_makes(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	test_worker t[2];
	int n = test_rounds("ROUNDS", ROUNDS);
	for (int round = 0; round < n; round++) {
		chain c = {.seed = round ? random_next(&seed) : seed, .base = round % SHARED * (LEVELS + 1)};
		uint64_t own = c.seed;
		printf("round %d: SEED=%llu ROUNDS=1\n", round, (unsigned long long)c.seed);
		make_chain(&c);
		if (c.base == 0 && round > 0)
			close_both(t);
		declare_chain(&c);
		for (int i = 0; i < 2 && c.base == 0; i++)
			test_worker_open_copy(&t[i], &world, test_world_filler(&world, "d1"));
		for (int more = 1 + random_below(&own, 2); more > 0; more--)
			grow_and_check(&c, t, &own);
		if (random_below(&own, 4) == 0)
			check_again(&c, 1 + random_below(&own, c.levels), &t[0]);
		release_chain(&c);
	}
	close_both(t);
}

static int begin(void **state) {
	int rc = test_shared_start(state);
	test_redis_open(&redis, &lk.servers);
	return rc;
}

static int end(void **state) {
	lk_redis_close(&redis);
	return test_shared_stop(state);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_are_what_postgresql_makes),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, begin, end);
}
