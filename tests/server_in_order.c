/* Derived streams that another column divides: their log is made of all partitions of the source in one order, whoever makes it,
 * in whatever steps, beside appends in flight and a clock that goes back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "tests/support/fixtures.h"
#include "tests/support/log.h"
#include "tests/support/random.h"

enum { ROUNDS = 30, SHARED = 10, DEADLINE_MS = 30000 };

static test_program lk;
static test_world world;

/* --- random definitions --- */

typedef struct made {
	uint64_t seed;
	int number;             /* the stream is called d<number>, and d<number>_again is made of the same text later */
	const char *list, *placed, *where, *key;
} made;

/* FROM of the definition, and for PostgreSQL with the place of each row in its event. */
static const struct {
	const char *from, *placed;
} flat[] = {
	{"", ""}, {"", ""},
	{", LATERAL (VALUES (1::bigint), (n), (NULL)) AS v (x)", ", LATERAL (VALUES (1::bigint, 1), (n, 2), (NULL, 3)) AS v (x, _r)"},
	{", generate_series(1::bigint, n) AS x", ", generate_series(1::bigint, n) WITH ORDINALITY AS v (x, _r)"},
};

/* by_n and by_t have each value of a key where a row with it must be. */
#define SOURCES \
	"CREATE TABLE s0 (ts timestamptz, k text, n bigint, t text) WITH (event_time = ts, partition_by = k, partitions = 3, watermark = '10 s');" \
	"CREATE TABLE by_n (ts timestamptz, m bigint) WITH (event_time = ts, partition_by = m, partitions = 3);" \
	"CREATE TABLE by_t (ts timestamptz, m text) WITH (event_time = ts, partition_by = m, partitions = 3);"

static void declare_sources(void) {
	lk_buf n = LK_BUF_INIT, t = LK_BUF_INIT;
	test_world_empty(&world);
	test_world_declare(&world, SOURCES "CREATE TABLE few WITH (event_time = ts) AS SELECT ts, k, n, t FROM s0 WHERE n IS NULL OR n <> 7;");
	for (int i = -20; i <= 20; i++)
		lk_buf_addf(&n, "{\"ts\":\"2026-03-01T10:00:00Z\",\"m\":%d}\n", i);
	lk_buf_adds(&n, "{\"ts\":\"2026-03-01T10:00:00Z\"}\n");
	lk_buf_adds(&t, "{\"ts\":\"2026-03-01T10:00:00Z\"}\n");
	for (int i = 0; i < 5; i++)
		lk_buf_addf(&t, "{\"ts\":\"2026-03-01T10:00:00Z\",\"m\":\"%s\"}\n", ((const char *const[]){"a", "b", "abc", "Ab", ""})[i]);
	test_world_append_json(&world, "by_n", n.data);
	test_world_append_json(&world, "by_t", t.data);
	lk_buf_release(&n);
	lk_buf_release(&t);
}

static void declare_as(const made *m, const char *from, const char *suffix) {
	char *sql = lk_asprintf("CREATE TABLE d%d%s WITH (event_time = ts, partition_by = m) AS SELECT ts, k, %s AS m, n FROM %s%s%s", m->number, suffix, m->key,
	                        from, m->list, m->where);
	test_world_declare(&world, sql);
	free(sql);
}

static bool is_by_text(const made *m) { return m->key[0] == 't'; }

static void append_some(uint64_t *seed, int n) {
	static const char *const texts[] = {"null", "\"a\"", "\"b\"", "\"abc\"", "\"Ab\"", "\"\""};
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < n; i++) {
		int s = random_below(seed, 600);
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T10:%02d:%02dZ\",\"k\":\"k%d\",\"t\":%s", s / 60, s % 60, random_below(seed, 6), texts[random_below(seed, 6)]);
		if (random_below(seed, 6))
			lk_buf_addf(&b, ",\"n\":%d", random_below(seed, 20) - 5);
		lk_buf_adds(&b, "}\n");
	}
	test_world_append_json(&world, "s0", b.data);
	lk_buf_release(&b);
}

static void is_empty(char *difference, const char *sql) {
	if (*difference)
		fail_msg("%s\n%s", difference, sql);
	free(difference);
}

/* The log against PostgreSQL's rows, in the order of `_at`, partition and offset, each in the partition of its key. */
static void check_rows(const made *m, const char *from) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "SELECT coalesce(max(format('partition %%s, row %%s: %%s, not %%s', coalesce(a.part, b.part), coalesce(a.off, b.off), b, a)), '') FROM"
	            " (SELECT w.part, row_number() OVER (PARTITION BY w.part ORDER BY q._at, _p, _o, _r) - 1 AS off, q._at, _o AS _src, _p AS _src_part, q.ts, k, q.m, n FROM"
	            " (SELECT _at, _p, _o, %s AS _r, ts, k, %s AS m, n FROM (SELECT part AS _p, off AS _o, * FROM lk.log_%s) AS e%s%s) AS q JOIN lk.log_%s AS w"
	            " ON w.m IS NOT DISTINCT FROM q.m) AS a FULL JOIN lk.log_d%d AS b ON b.part = a.part AND b.off = a.off WHERE (a._at, a._src, a._src_part, a.ts, a.k, a.m, a.n)"
	            " IS DISTINCT FROM (b._at, b._src, b._src_part, b.ts, b.k, b.m, b.n) OR a.part IS NULL OR b.part IS NULL",
	            *m->placed ? "_r" : "0", m->key, from, m->placed, m->where, is_by_text(m) ? "by_t" : "by_n", m->number);
	is_empty(test_ask(&lk, sql.data, NULL), sql.data);
	lk_buf_release(&sql);
}

/* The same text, filled at once: the same log, byte for byte. */
static void check_again(const made *m, const char *from) {
	char name[24], *sql;
	test_worker t;
	declare_as(m, from, "_again");
	snprintf(name, sizeof name, "d%d_again", m->number);
	test_worker_open_copy(&t, &world, test_world_filler(&world, name));
	while (test_worker_step(&t, 0, INT64_MAX) != 0)
		;
	test_worker_close(&t);
	sql = lk_asprintf("SELECT coalesce(max(format('%%s, again %%s', a, b)), '') FROM lk.log_d%d AS a FULL JOIN lk.log_d%d_again AS b USING (part, off)"
	                  " WHERE a::text IS DISTINCT FROM b::text", m->number, m->number);
	is_empty(test_ask(&lk, sql, NULL), sql);
	free(sql);
	sql = lk_asprintf("SELECT count(DISTINCT high) <= 1 AND bool_and(closed IS NOT NULL OR next_off = 0) FROM lk.tail JOIN lk.stream USING (stream_id) WHERE name IN ('d%d', 'd%d_again')",
	                  m->number, m->number);
	test_ask_is(&lk, sql, "t");
	free(sql);
}

/* A view over it, from a batch or without, against PostgreSQL, and its late events against the rule. */
static void check_view(made *m) {
	char *sql = lk_asprintf("CREATE VIEW v%d WITH (allowed_lateness = '20 s') AS SELECT m, count(*) AS c, sum(n) AS s FROM d%d GROUP BY m, tumble(ts, '1 min')",
	                        m->number, m->number), name[16];
	snprintf(name, sizeof name, "v%d", m->number);
	test_world_declare(&world, sql);
	if (random_below(&m->seed, 2))
		test_world_batch(&world, name);
	test_world_speed_once(&world, name);
	const lk_query q = test_query(name);
	test_world_same(&world, &q);
	free(sql);
}

/* Two workers take turns at random, each of which believes that it owns the unit, in small steps and commits. */
static void fill(test_worker t[2], uint64_t *seed, int steps) {
	while (steps-- > 0) {
		test_worker *one = &t[random_below(seed, 2)];
		one->path.limits.commit_events = 1 + random_below(seed, 30);
		one->path.limits.fetch_events = 1 + random_below(seed, 40);
		test_worker_step(one, 0, INT64_MAX);
		if (random_below(seed, 5) == 0)
			lk_unit_drop(&one->units[0]);
	}
}

static void fill_parts(test_worker *t) {
	for (int part = 0; part < t->nunits; part++)
		while (test_worker_step(t, part, INT64_MAX) != 0)
			;
}

static made random_definition(uint64_t *seed, int round) {
	static const char *const keys[] = {"n", "n % 3", "n - 2", "t", NULL}, *const where[] = {"", "", " WHERE n > 0", " WHERE t <> 'b'", NULL};
	made m = {.seed = round ? random_next(seed) : *seed, .number = round % SHARED};
	printf("round %d: SEED=%llu ROUNDS=1\n", round, (unsigned long long)m.seed);
	int f = random_below(&m.seed, (int)(sizeof flat / sizeof *flat));
	m.list = flat[f].from;
	m.placed = flat[f].placed;
	m.where = random_of(&m.seed, where);
	m.key = random_of(&m.seed, keys);
	return m;
}

/* D1, D2, L2, L3, I5, I7, P13, P20: over a declared stream, and over a derived one. */
static void any_steps_make_the_same_log(void **state) {
	(void)state;
	uint64_t seed = random_seed();
	int n = test_rounds("ROUNDS", ROUNDS);
	for (int round = 0; round < n; round++) {
		test_worker t[2], source;
		char name[16];
		made m = random_definition(&seed, round);
		const char *from = random_below(&m.seed, 2) ? "few" : "s0";
		if (m.number == 0)
			declare_sources();
		declare_as(&m, from, "");
		snprintf(name, sizeof name, "d%d", m.number);
		test_worker_open_copy(&source, &world, test_world_filler(&world, "few"));
		for (int i = 0; i < 2; i++)
			test_worker_open_copy(&t[i], &world, test_world_filler(&world, name));
		for (int appends = 1 + random_below(&m.seed, 5); appends > 0; appends--) {
			append_some(&m.seed, 1 + random_below(&m.seed, 40));
			if (random_below(&m.seed, 2))
				fill_parts(&source);
			fill(t, &m.seed, random_below(&m.seed, 8));
		}
		fill_parts(&source);
		t[0].path.limits = lk_stream_defaults;
		while (test_worker_step(&t[0], 0, INT64_MAX) != 0)
			;
		check_rows(&m, from);
		check_again(&m, from);
		if (random_below(&m.seed, 3) == 0)
			check_view(&m);
		test_worker_close(&t[0]);
		test_worker_close(&t[1]);
		test_worker_close(&source);
	}
}

/* --- the program --- */

#define SOURCE "CREATE TABLE s (ts timestamptz, k text, n bigint) WITH (event_time = ts, partition_by = k, partitions = 4);"
#define RATED "CREATE TABLE r WITH (event_time = ts, partition_by = m) AS SELECT ts, k, n % 10 AS m, n FROM s WHERE n % 4 <> 0;"

static void start(const char *definitions) {
	char *path = test_file(&lk, "d.sql", definitions);
	test_world_empty(&world);
	LK(0, "", "", "apply", path);
	free(path);
}

static char *events(int from, int n) {
	lk_buf b = LK_BUF_INIT;
	for (int i = from; i < from + n; i++)
		lk_buf_addf(&b, "{\"ts\":\"2026-03-01T%02d:%02d:%02dZ\",\"k\":\"k%d\",\"n\":%d}\n", 10 + i / 3600, i / 60 % 60, i % 60, i % 11, i);
	char *path = test_file(&lk, "in.jsonl", b.data);
	lk_buf_release(&b);
	return path;
}

static void ingest(int from, int n) {
	char *path = events(from, n);
	LK(0, "", "", "ingest", "s", path);
	free(path);
}

static void ingest_one(const char *key, int n) {
	char *line = lk_asprintf("{\"ts\":\"2026-03-01T10:00:00Z\",\"k\":\"%s\",\"n\":%d}\n", key, n), *path = test_file(&lk, "one.jsonl", line);
	LK(0, "", "", "ingest", "s", path);
	free(line);
	free(path);
}

/* All rows, each key in one partition, and in each the order of the source. */
static const char wrong[] =
	"SELECT (SELECT count(*) FROM (SELECT part, off, k, n, _at FROM lk.log_s WHERE n % 4 <> 0) AS a FULL JOIN lk.log_r AS b ON b._src_part = a.part AND b._src = a.off"
	" WHERE (a.k, a.n, a.n % 10, a._at) IS DISTINCT FROM (b.k, b.n, b.m, b._at)) + (SELECT count(*) FROM (SELECT m FROM lk.log_r GROUP BY m HAVING count(DISTINCT part) > 1) AS o)"
	" + (SELECT count(*) FROM (SELECT off, row_number() OVER (PARTITION BY part ORDER BY _at, _src_part, _src) - 1 AS want FROM lk.log_r) AS o WHERE off <> want)";

static void assert_right(void) { test_ask_is(&lk, wrong, "0"); }

#define CHAIN SOURCE RATED \
	"CREATE TABLE t WITH (event_time = ts) AS SELECT ts, m, n, sum(n) OVER (PARTITION BY m ORDER BY _off) AS total FROM r;" \
	"CREATE TABLE q WITH (event_time = ts, partition_by = total) AS SELECT ts, m, total FROM t;" \
	"CREATE TABLE z WITH (event_time = ts, partition_by = k) AS SELECT ts, k, n FROM r;" \
	"CREATE VIEW v WITH (allowed_lateness = '0 s') AS SELECT m, count(*) AS c, max(total) AS most FROM t GROUP BY m, tumble(ts, '1 min');" \
	"CREATE VIEW w AS SELECT count(*) AS c, sum(total) AS s FROM q;"

static void assert_chain(void) {
	assert_right();
	test_ask_is(&lk, "SELECT count(*) FROM (SELECT part, off, sum(n) OVER (PARTITION BY m ORDER BY off) AS total FROM lk.log_r) AS a FULL JOIN lk.log_t AS b USING (part, off)"
	                 " WHERE a.total IS DISTINCT FROM b.total", "0");
	LK(0, "in the same order", "", "compare", "r");
	LK(0, "in the same order", "", "compare", "t");
	LK(0, "in the same order", "", "compare", "q");
	LK(0, "in the same order", "", "compare", "z");
}

/* D1, D8, P13, P20: windows over what another column divides, and views over them, that are right and final: an event that is not late
 * in its own partition is late nowhere, though the others are read before it. */
static void windows_by_another_column(void **state) {
	(void)state;
	start(CHAIN);
	ingest(0, 2000);
	LK(0, "", "", "speed", "--once");
	assert_chain();
	LK(0, "1,500 of 1,500 events", "", "query", "v");
	assert_non_null(strstr(lk.out, "late: 0"));
	assert_non_null(strstr(lk.out, "final to: 2026-03-01T10:33:1"));
	LK(0, "1,500 of 1,500 events", "", "query", "w");
	ingest(2000, 1000);
	LK(0, "", "", "speed", "--once");
	assert_chain();
	LK(0, "late: 0", "", "query", "v");
	LK(0, "\"read\":3000,\"lag\":0", "", "status", "--format", "json");
	LK(0, "divided by: m; one unit reads all partitions", "", "explain", "r");
	LK(2, "", "", "drop", "--stream", "r", "--yes");
}

/* D1, D7, P13, P19, P20: rebuilt it is the same log, byte by byte; another definition of it is brought into service, and back. */
static void rebuilt_and_changed(void **state) {
	(void)state;
	char *other = test_file(&lk, "other.sql", "CREATE TABLE r WITH (event_time = ts, partition_by = m) AS SELECT ts, k, n % 10 AS m, n FROM s WHERE n % 4 = 1;");
	start(CHAIN);
	for (int i = 0; i < 4; i++)
		ingest(i * 200, 200);
	LK(0, "", "", "speed", "--once");
	LK(0, "", "the served log and the new log of r have the same 600 rows, byte by byte", "replay", "r", "--verify");
	LK(0, "", "the served log and the new log of q have the same 600 rows, byte by byte", "replay", "q", "--verify");
	LK(0, "", "", "apply", other);
	LK(0, "", "switched: ", "replay", "r", "--switch");
	ingest(800, 200);
	LK(0, "", "", "speed", "--once");
	LK(0, "the same 250 rows, in the same order", "", "compare", "r");
	LK(0, "in the same order", "", "compare", "t");
	LK(0, "", "switched: ", "mode", "r", "--back");
	ingest(1000, 200);
	LK(0, "", "", "speed", "--once");
	LK(0, "in the same order", "", "compare", "r");
	LK(0, "900 of 900 events", "", "query", "v");
	free(other);
}

/* D2, I5, P13, P20 */
static void killed_at_each_point(void **state) {
	(void)state;
	static const char *const points[] = {"derived.reserved", "derived.copied", "derived.copied:2", "derived.committed", "derived.committed:3"};
	start(CHAIN);
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		char *crash = lk_asprintf("LK_CRASH=%s", points[i]);
		ingest((int)i * 200, 200);
		test_run(&lk, (const char *const[]){crash, NULL}, 128 + SIGKILL, "", "", ARGS("speed", "--once", "--workers", "1"));
		LK(0, "", "", "speed", "--once");
		assert_chain();
		free(crash);
	}
}

/* D1, I5, I11, P13, P20: events come without a pause, servers and the layer are killed, and the layer keeps up with all levels. */
static void under_load(void **state) {
	(void)state;
	int n = test_rounds("KILLS", 5);
	start(CHAIN);
	int pid = test_lk_start(&lk.servers, NULL, ARGS("speed"));
	for (int i = 0; i < n; i++) {
		ingest(i * 2000, 2000);
		if (i % 3 == 1) {
			test_postgres_kill(&lk.servers);
			test_postgres_start(&lk.servers);
			test_redis_empty(&lk.servers);
		} else if (i % 3 == 2) {
			kill(pid, SIGKILL);
			test_lk_wait(pid, DEADLINE_MS);
			pid = test_lk_start(&lk.servers, NULL, ARGS("speed"));
		}
	}
	test_await_sql(&lk, "SELECT (SELECT count(*) FROM lk.log_s WHERE n % 4 <> 0) = ALL (SELECT count(*) FROM lk.log_q UNION ALL SELECT count(*) FROM lk.log_z)");
	kill(pid, SIGTERM);
	assert_int_equal(test_lk_wait(pid, DEADLINE_MS), 0);
	lk_pg_close(&world.pg);
	test_open(&world.pg, &lk.servers);
	assert_chain();
}

/* --- appends in flight --- */

static int is_stopped(void *pid) {
	int status;
	return waitpid(*(int *)pid, &status, WNOHANG | WUNTRACED) == *(int *)pid && WIFSTOPPED(status);
}

/* Starts an append of an event that has its `_at`, and stops before it is there. */
static int append_in_flight(const char *key, int n) {
	char *line = lk_asprintf("{\"ts\":\"2026-03-01T10:00:00Z\",\"k\":\"%s\",\"n\":%d}\n", key, n), *path = test_file(&lk, "flight.jsonl", line);
	int pid = test_lk_start(&lk.servers, (const char *const[]){"LK_FREEZE=append.reserved", NULL}, ARGS("ingest", "s", path));
	assert_true(test_poll(is_stopped, &pid, DEADLINE_MS));
	free(line);
	free(path);
	return pid;
}

/* An event is in flight in one partition, a later one is there in another. Returns the order in which they become rows. */
static char *beside_an_append(const char *mutant) {
	char *env = lk_asprintf("LK_MUTANT=%s", mutant);
	start(SOURCE "CREATE TABLE r WITH (event_time = ts, partition_by = m) AS SELECT ts, k, 1 AS m, n FROM s;");
	ingest_one("k1", 1);
	LK(0, "", "", "speed", "--once");
	int append = append_in_flight("k1", 2);
	ingest_one("k3", 3);
	int speed = test_lk_start(&lk.servers, (const char *const[]){env, NULL}, ARGS("speed"));
	if (strcmp(mutant, "closed_unraised") == 0)
		test_await_sql(&lk, "SELECT count(*) = 2 FROM lk.log_r");
	else
		test_await_sql(&lk, "SELECT count(*) > 0 FROM pg_stat_activity WHERE application_name = 'lk speed' AND wait_event_type = 'Lock'");
	kill(append, SIGCONT);
	assert_int_equal(test_lk_wait(append, DEADLINE_MS), 0);
	test_await_sql(&lk, "SELECT count(*) = 3 FROM lk.log_r");
	kill(speed, SIGTERM);
	assert_int_equal(test_lk_wait(speed, DEADLINE_MS), 0);
	free(env);
	return test_ask(&lk, "SELECT string_agg(n::text, ' ' ORDER BY off) FROM lk.log_r", NULL);
}

/* L2, L3, P20 */
static void an_append_in_flight_comes_first(void **state) {
	(void)state;
	char *order = beside_an_append("");
	assert_string_equal(order, "1 2 3");
	free(order);
}

/* L2, P20: without the raise the event in flight comes after one that is later, and another time before it */
static void an_append_that_is_not_waited_for_comes_too_late(void **state) {
	(void)state;
	char *order = beside_an_append("closed_unraised");
	assert_string_equal(order, "1 3 2");
	free(order);
}

/* L2, P20: the ends of the log that were read before the raise do not have the event that the raise has waited for */
static void an_end_that_was_read_before_the_raise_is_too_early(void **state) {
	(void)state;
	char *order = beside_an_append("closed_read_before");
	assert_string_equal(order, "1 3 2");
	free(order);
}

/* The clock goes back by an hour after all was read; an event comes to a partition that never had one. */
static bool ascends_after_the_clock_went_back(const char *mutant) {
	char *env = lk_asprintf("LK_MUTANT=%s", mutant), *path;
	start(SOURCE "CREATE TABLE r WITH (event_time = ts, partition_by = m) AS SELECT ts, k, 1 AS m, n FROM s;");
	ingest_one("k3", 1);
	LK(0, "", "", "speed", "--once");
	test_world_run(&world, "UPDATE lk.log_s SET _at = _at + interval '1 hour'; UPDATE lk.log_r SET _at = _at + interval '1 hour';"
	                       " UPDATE lk.tail SET last_at = last_at + interval '1 hour', closed = closed + interval '1 hour'");
	path = test_file(&lk, "one.jsonl", "{\"ts\":\"2026-03-01T10:00:00Z\",\"k\":\"k1\",\"n\":2}\n");
	test_run(&lk, (const char *const[]){env, NULL}, 0, "", "", ARGS("ingest", "s", path));
	LK(0, "", "", "speed", "--once");
	free(path);
	free(env);
	test_ask_is(&lk, "SELECT count(DISTINCT part) FROM lk.log_s", "2");
	test_ask_is(&lk, "SELECT count(*) FROM lk.log_r", "2");
	return test_world_int(&world, "SELECT (min(_at) FILTER (WHERE off = 0) <= min(_at) FILTER (WHERE off = 1))::int FROM lk.log_r") == 1;
}

/* L1, L2, P20 */
static void what_comes_is_not_below_what_is_closed(void **state) {
	(void)state;
	assert_true(ascends_after_the_clock_went_back(""));
}

/* L2, P20 */
static void what_comes_below_what_is_closed_is_out_of_order(void **state) {
	(void)state;
	assert_false(ascends_after_the_clock_went_back("closed_unheeded"));
}

/* L3, P20: partition after partition, the log hangs on the steps in which it was made. */
static void without_an_order_another_log_is_made(void **state) {
	(void)state;
	char *env = lk_asprintf("LK_MUTANT=%s", "merged_unordered");
	start(SOURCE RATED);
	for (int i = 0; i < 3; i++)
		ingest(i * 100, 100);
	test_run(&lk, (const char *const[]){env, NULL}, 0, "", "", ARGS("speed", "--once"));
	assert_true(test_world_int(&world, wrong) > 0);
	free(env);
}

/* --- watermarks --- */

/* D8, P20: a partition that has no event holds the watermark back, unless the source says when it is idle. */
static void idle_partitions_hold_nothing_back(void **state) {
	(void)state;
#define FOUR(idle) "CREATE TABLE s (ts timestamptz, k text, n bigint) WITH (event_time = ts, partition_by = k, partitions = 4" idle ");" RATED \
	"CREATE VIEW v WITH (allowed_lateness = '0 s') AS SELECT m, count(*) AS c FROM r GROUP BY m, tumble(ts, '1 min');"
	static const char *const idle[] = {FOUR(""), FOUR(", idle_timeout = '1 minute'")};
	for (int i = 0; i < 2; i++) {
		start(idle[i]);
		ingest_one("k1", 1);
		char *path = test_file(&lk, "one.jsonl", "{\"ts\":\"2026-03-01T10:05:00Z\",\"k\":\"k1\",\"n\":2}\n");
		LK(0, "", "", "ingest", "s", path);
		free(path);
		LK(0, "", "", "speed", "--once");
		test_ask_is(&lk, "SELECT coalesce(max(high)::text = '2026-03-01 10:05:00+00', false) FROM lk.tail JOIN lk.stream USING (stream_id) WHERE name = 'r'", i ? "t" : "f");
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_by_another_column),
		cmocka_unit_test(rebuilt_and_changed),
		cmocka_unit_test(killed_at_each_point),
		cmocka_unit_test(an_append_in_flight_comes_first),
		cmocka_unit_test(an_append_that_is_not_waited_for_comes_too_late),
		cmocka_unit_test(an_end_that_was_read_before_the_raise_is_too_early),
		cmocka_unit_test(what_comes_is_not_below_what_is_closed),
		cmocka_unit_test(what_comes_below_what_is_closed_is_out_of_order),
		cmocka_unit_test(without_an_order_another_log_is_made),
		cmocka_unit_test(idle_partitions_hold_nothing_back),
		cmocka_unit_test(under_load),
		cmocka_unit_test(any_steps_make_the_same_log),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
