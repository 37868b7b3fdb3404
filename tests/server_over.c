/* Moving windows: the log of a derived stream is what PostgreSQL's own OVER makes of the source's log, row by row and in
 * order, whoever made it, in whatever steps, with whatever was in memory, and whatever Redis has lost on the way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/seal_state.h"
#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/random.h"
#include "tests/support/redis.h"

static test_program lk;
static test_world world;
static lk_redis redis;

/* --- random windows --- */

enum { ROUNDS = 40, SHARED = 10, MOST_CALLS = 5 };

#define SOURCE "CREATE TABLE s0 (ts timestamptz, k text, n bigint, x double precision, t text, b boolean)" \
	" WITH (event_time = ts, partition_by = k, partitions = 2)"

typedef struct made {
	uint64_t seed;
	int number;             /* the stream is called d<number> */
	lk_buf list, query;     /* the select list; all of the query, for PostgreSQL with the log in the stream's place */
} made;

static const char *const functions[] = {
	"count(*)", "count(n)", "count(left(t, 1))", "sum(n)", "sum(x)", "avg(x)", "avg(n)", "min(n)", "max(x)", "min(left(t, 2))", "max(left(t, 3))", "max(ts)",
	"bool_and(b)", "bool_or(b)", "every(b)", NULL,
};
static const char *const values[] = {
	"lag(n)", "lag(t, 2)", "lag(x, 3, 0.5)", "lag(n, 0)", "lag(ts, 70)", "first_value(n)", "last_value(t)", "nth_value(x, 2)", "nth_value(t, 1)",
	"row_number()", "first_value(x + n)", "lag(n * 2, 1, -1)", NULL,
};
static const char *const filters[] = {"", "", "", " FILTER (WHERE n > 0)", " FILTER (WHERE b)", NULL};
static const char *const keys[] = {"k", "k", "k, b", "n % 3, k", NULL};

static void add_window(made *m, bool aggregate) {
	int from = random_below(&m->seed, random_below(&m->seed, 4) ? 6 : 150), to = random_below(&m->seed, from + 1);
	lk_buf_addf(&m->list, " OVER (PARTITION BY %s ORDER BY ", random_of(&m->seed, keys));
	switch (random_below(&m->seed, aggregate ? 6 : 5)) {
	case 0: lk_buf_addf(&m->list, "_off ROWS %d PRECEDING)", from); break;
	case 1: lk_buf_addf(&m->list, "_off ROWS BETWEEN %d PRECEDING AND %d PRECEDING)", from, to); break;
	case 2: lk_buf_adds(&m->list, "_off)"); break;
	case 3: lk_buf_addf(&m->list, "_off ROWS BETWEEN UNBOUNDED PRECEDING AND %d PRECEDING)", to); break;
	case 4: lk_buf_adds(&m->list, "_off ROWS UNBOUNDED PRECEDING)"); break;
	default: lk_buf_addf(&m->list, "_at RANGE BETWEEN '%d ms' PRECEDING AND CURRENT ROW EXCLUDE TIES)", 1 + random_below(&m->seed, 60)); break;
	}
}

static void make_query(made *m) {
	static const char *const inner[] = {"", "", " WHERE n > 0", " WHERE t <> 'b'", NULL};
	static const char *const outer[] = {"", "", " WHERE c0 IS NOT NULL", " WHERE n > 0", " WHERE c0 = c0", NULL};
	int calls = 1 + random_below(&m->seed, MOST_CALLS);
	for (int i = 0; i < calls; i++) {
		bool aggregate = random_below(&m->seed, 2);
		const char *function = random_of(&m->seed, aggregate ? functions : values);
		lk_buf_addf(&m->list, ", (%s%s", function, aggregate ? random_of(&m->seed, filters) : "");
		add_window(m, aggregate);
		lk_buf_addf(&m->list, ")%s AS c%d", strcmp(function, "avg(n)") == 0 ? "::numeric(18,6)" : "", i);
	}
	lk_buf_adds(&m->query, "SELECT ts, k, n");
	for (int i = 0; i < calls; i++)
		lk_buf_addf(&m->query, ", c%d", i);
	lk_buf_addf(&m->query, " FROM (SELECT ts, k, n%s FROM %%s%s) AS q%s", m->list.data, random_of(&m->seed, inner), random_of(&m->seed, outer));
}

static void declare(made *m) {
	lk_buf sql = LK_BUF_INIT;
	if (m->number == 0) {
		test_world_empty(&world);
		test_world_declare(&world, SOURCE);
	}
	make_query(m);
	char *query = lk_strdup(m->query.data), *at = strstr(query, "%s");
	*at = '\0';
	lk_buf_addf(&sql, "CREATE TABLE d%d WITH (event_time = ts) AS %ss0%s", m->number, query, at + 2);
	test_world_declare(&world, sql.data);
	free(query);
	lk_buf_release(&sql);
}

static void append_some(uint64_t *seed, int n) {
	static const char *const texts[] = {"null", "\"a\"", "\"b\"", "\"abc\"", "\"\""}, *const doubles[] = {"\"Infinity\"", "\"-Infinity\"", "\"NaN\"", "null"};
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		int s = random_below(seed, 600);
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T10:%02d:%02dZ\",\"k\":\"k%d\",\"t\":%s", s / 60, s % 60, random_below(seed, 4), texts[random_below(seed, 5)]);
		if (random_below(seed, 6))
			lk_buf_addf(&b, ",\"n\":%d", random_below(seed, 20) - 5);
		if (random_below(seed, 12))
			lk_buf_addf(&b, ",\"x\":%d.25", random_below(seed, 2000) - 1000);
		else
			lk_buf_addf(&b, ",\"x\":%s", doubles[random_below(seed, 4)]);
		lk_buf_addf(&b, ",\"b\":%s}\n", random_below(seed, 3) ? "true" : random_below(seed, 2) ? "false" : "null");
	}
	test_world_append_json(&world, "s0", b.data);
	lk_buf_release(&b);
}

/* The log against PostgreSQL's rows over the events that the log was made of: all of the source. */
static void check(const made *m) {
	lk_buf sql = LK_BUF_INIT;
	char *query = lk_strdup(m->query.data), *at = strstr(query, "%s");
	*at = '\0';
	char *rest = strstr(at + 2, ") AS q");
	*rest = '\0';
	/* the places of the rows come out of the inner query; the columns are those of the log, in its order */
	lk_buf_addf(&sql, "SELECT coalesce(max(format('partition %%s, row %%s: %%s, not %%s', coalesce(a._part, b.part), coalesce(a.off, b.off), b.row, a.row)), '') FROM"
	            " (SELECT _part, row_number() OVER (PARTITION BY _part ORDER BY _off) - 1 AS off, _off, row_to_json(q)::jsonb - '_part' - '_off' AS row"
	            " FROM (SELECT ts, k, n%s, _part, _off FROM (SELECT *, part AS _part, off AS _off FROM lk.log_s0) AS s0%s) AS q%s) AS a"
	            " FULL JOIN (SELECT part, off, _src, row_to_json(d)::jsonb - 'part' - 'off' - '_at' - '_src' - '_high' AS row FROM lk.log_d%d AS d) AS b"
	            " ON b.part = a._part AND b.off = a.off WHERE a.row IS DISTINCT FROM b.row OR a._off IS DISTINCT FROM b._src",
	            m->list.data, at + 2, rest + 6, m->number);
	char *difference = test_ask(&lk, sql.data, NULL);
	if (*difference)
		fail_msg("%s\n%s", difference, m->query.data);
	free(difference);
	free(query);
	lk_buf_release(&sql);
}

/* --- disturbances --- */

static void seal(const lk_cat_copy *copy) {
	lk_batch_report report;
	lk_error err = {0};
	test_ok(lk_seal_state(&world.pg, copy, &report, &err), &err);
}

static void disturb(uint64_t *seed, test_worker *t, int part) {
	switch (random_below(seed, 12)) {
	case 0: test_redis_command(&redis, "FLUSHALL"); break;
	case 1: test_redis_unit(&redis, world.log_id, t->units[part].id, true); break;
	case 2: test_redis_unit(&redis, world.log_id, t->units[part].id, false); break;
	case 3: lk_unit_drop(&t->units[part]); break;
	case 4: case 5: seal(t->units[part].copy); break;
	case 6: case 7: test_worker_sweep(t, part); break;
	default: break;
	}
}

/* Two workers take turns at random, each of which believes that it owns the units, with little memory. */
static void fill(made *m) {
	char name[16];
	test_worker t[2];
	snprintf(name, sizeof name, "d%d", m->number);
	for (int i = 0; i < 2; i++)
		test_worker_open_copy(&t[i], &world, test_world_filler(&world, name));
	for (int steps = random_below(&m->seed, 25); steps > 0; steps--) {
		test_worker *one = &t[random_below(&m->seed, 2)];
		int part = random_below(&m->seed, 2);
		one->path.limits.commit_events = 1 + random_below(&m->seed, 40);
		one->path.limits.segment_bytes = random_below(&m->seed, 2) ? 64 << 20 : (size_t)random_below(&m->seed, 4000);
		test_worker_step(one, part, 1 + random_below(&m->seed, 60));
		disturb(&m->seed, one, part);
	}
	for (int part = 0; part < 2; part++)
		while (test_worker_step(&t[0], part, INT64_MAX) != 0)
			;
	test_worker_close(&t[0]);
	test_worker_close(&t[1]);
}

/* D1, D3, D4, D5, I4, I5, I7, P18, P21: random windows over random rows, with take-overs, a Redis that is emptied or put back, keys that
 * do not stay in memory, and a state that is sealed and leaves Redis. */
static void windows_are_those_of_postgresql(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	int n = test_rounds("ROUNDS", ROUNDS);
	for (int round = 0; round < n; round++) {
		made m = {.seed = round ? random_next(&seed) : seed, .number = round % SHARED};
		printf("round %d: SEED=%llu ROUNDS=1\n", round, (unsigned long long)m.seed);
		declare(&m);
		for (int more = 1 + random_below(&m.seed, 2); more > 0; more--) {
			for (int appends = 1 + random_below(&m.seed, 6); appends > 0; appends--)
				append_some(&m.seed, 1 + random_below(&m.seed, 40));
			fill(&m);
			check(&m);
		}
		lk_buf_release(&m.list);
		lk_buf_release(&m.query);
	}
}

/* --- Redis goes back --- */

#define TOTALS \
	"CREATE TABLE s (ts timestamptz, k text, n bigint) WITH (event_time = ts, partition_by = k);" \
	"CREATE TABLE totals WITH (event_time = ts) AS SELECT ts, k, sum(n) OVER (PARTITION BY k ORDER BY _off) AS total FROM s;"

static void append_ones(int n) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < n; i++)
		lk_buf_adds(&b, "{\"ts\":\"2026-03-01T10:00:00Z\",\"k\":\"k\",\"n\":1}\n");
	test_world_append_json(&world, "s", b.data);
	lk_buf_release(&b);
}

/* A worker has come to 20, its key is not in memory, and Redis goes back to 10. Returns the total of the row that comes next;
 * *step is what became of the worker's step. */
static int64_t next_total_after_going_back(int64_t *step) {
	test_worker t;
	test_world_empty(&world);
	test_world_declare(&world, TOTALS);
	test_worker_open_copy(&t, &world, test_world_filler(&world, "totals"));
	t.path.limits.segment_bytes = 0;
	append_ones(10);
	assert_int_equal(test_worker_step(&t, 0, INT64_MAX), 10);
	test_redis_unit(&redis, world.log_id, t.units[0].id, true);
	append_ones(10);
	assert_int_equal(test_worker_step(&t, 0, INT64_MAX), 10);
	test_redis_unit(&redis, world.log_id, t.units[0].id, false);
	append_ones(1);
	*step = test_worker_step(&t, 0, INT64_MAX);
	while (test_worker_step(&t, 0, INT64_MAX) != 0)
		;
	test_worker_close(&t);
	return test_world_int(&world, "SELECT total::bigint FROM lk.log_totals WHERE off = 20");
}

/* D4, P18 */
static void a_state_that_went_back_is_not_read(void **state) {
	(void)state;
	int64_t step;
	assert_int_equal(next_total_after_going_back(&step), 21);
	assert_int_equal(step, LK_EFENCED);
}

/* D4, P18: without the comparison a wrong row is in the log, for good */
static void a_state_read_unchecked_is_wrong(void **state) {
	(void)state;
	int64_t step;
	setenv("LK_MUTANT", "state_read_unchecked", 1);
	int64_t total = next_total_after_going_back(&step);
	unsetenv("LK_MUTANT");
	assert_int_equal(total, 11);
}

/* --- the program --- */

#define FRAUD \
	"CREATE TABLE s (ts timestamptz, card text, amount double precision) WITH (event_time = ts, partition_by = card, partitions = 2);" \
	"CREATE TABLE suspicious WITH (event_time = ts) AS SELECT ts, card, amount, mean" \
	" FROM (SELECT ts, card, amount, avg(amount) OVER w AS mean, count(*) OVER w AS before FROM s" \
	" WINDOW w AS (PARTITION BY card ORDER BY _off ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)) AS p" \
	" WHERE before >= 3 AND amount > 3 * mean;"

static void start(const char *definitions) {
	char *path = test_file(&lk, "d.sql", definitions);
	test_world_empty(&world);
	LK(0, "", "", "apply", path);
	free(path);
}

static void ingest(int from, int n) {
	lk_buf b = LK_BUF_INIT;
	for (int i = from; i < from + n; i++)
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T10:%02d:%02dZ\",\"card\":\"c%d\",\"amount\":%d}\n", i / 60 % 60, i % 60, i % 5, i * 7 % 13 ? i % 10 : 500);
	char *path = test_file(&lk, "in.jsonl", b.data);
	LK(0, "", "", "ingest", "s", path);
	free(path);
	lk_buf_release(&b);
}

static void assert_right(void) {
	test_ask_is(&lk, "SELECT count(*) > 0 FROM lk.log_suspicious", "t");
	test_ask_is(&lk, "SELECT count(*) FROM (SELECT part, row_number() OVER (PARTITION BY part ORDER BY o) - 1 AS off, card, amount, mean FROM (SELECT part, off AS o, card,"
	                 " amount, avg(amount) OVER w AS mean, count(*) OVER w AS before FROM lk.log_s WINDOW w AS (PARTITION BY card ORDER BY off ROWS BETWEEN"
	                 " UNBOUNDED PRECEDING AND 1 PRECEDING)) AS p WHERE before >= 3 AND amount > 3 * mean) AS a FULL JOIN lk.log_suspicious AS b USING (part, off)"
	                 " WHERE (a.card, a.amount) IS DISTINCT FROM (b.card, b.amount) OR abs(a.mean - b.mean) > 1e-9 * abs(a.mean)",
	            "0");
}

/* D3, I5, P18: killed at each crash point of the stage, also between the log and the state. */
static void killed_at_each_point(void **state) {
	(void)state;
	static const char *const points[] = {"derived.reserved", "derived.copied", "derived.committed", "windows.logged", "windows.logged:2"};
	start(FRAUD);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		char *crash = lk_asprintf("LK_CRASH=%s", points[i]);
		ingest((int)i * 100, 100);
		test_run(&lk, (const char *const[]){crash, NULL}, 128 + SIGKILL, "", "", ARGS("speed", "--once", "--workers", "1"));
		LK(0, "", "", "speed", "--once");
		assert_right();
		free(crash);
	}
}

/* D3, I11, P18: without state in Redis the windows are made again from the log, and nothing comes twice. */
static void redis_is_emptied(void **state) {
	(void)state;
	start(FRAUD);
	ingest(0, 100);
	LK(0, "", "", "speed", "--once");
	test_redis_command(&redis, "FLUSHALL");
	ingest(100, 100);
	LK(0, "", "", "speed", "--once");
	assert_right();
	ingest(200, 100);
	LK(0, "", "100 events", "speed", "--once");
	assert_right();
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
		cmocka_unit_test(killed_at_each_point),
		cmocka_unit_test(redis_is_emptied),
		cmocka_unit_test(a_state_that_went_back_is_not_read),
		cmocka_unit_test(a_state_read_unchecked_is_wrong),
		cmocka_unit_test(windows_are_those_of_postgresql),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, begin, end);
}
