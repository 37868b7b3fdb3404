/* Sessions through all layers. The oracle is the user's own text over sessions that PostgreSQL finds by gaps and islands; a
 * table of edges has its rows written by hand. Each round of the random tests follows from its own seed: SEED=<seed of the
 * round> ROUNDS=1 repeats it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/seal.h"
#include "core/time.h"
#include "event_log/copies.h"
#include "event_log/cut.h"
#include "tests/support/world.h"

enum { GAP_US = 10 * 1000000 };
#define BASE INT64_C(1577836800000000)   /* 2020-01-01: begins a pane */

static test_servers servers;
static test_world world;

/* --- events --- */

typedef struct visit {
	int64_t ts;
	const char *k;        /* NULL: NULL */
	int64_t who, n;
} visit;

static const char stream[] = "CREATE TABLE visits (ts timestamptz, k text, who int, n int)"
	" WITH (event_time = ts, partition_by = who, partitions = 3, max_ahead = '3650 days');";

static void append(const visit *v, int n) {
	lk_value *rows = lk_calloc((size_t)n * 4, sizeof *rows);
	for (int i = 0; i < n; i++) {
		rows[4 * i] = lk_int(v[i].ts);
		rows[4 * i + 1] = v[i].k ? lk_text(v[i].k, strlen(v[i].k)) : lk_null();
		rows[4 * i + 2] = lk_int(v[i].who);
		rows[4 * i + 3] = lk_int(v[i].n);
	}
	if (n)
		test_world_append(&world, "visits", rows, n);
	free(rows);
}

static const lk_cat_copy *make_kappa(const char *view) {
	lk_error err = {0};
	int64_t id;
	const lk_copy_spec spec = {.kappa = true, .state = LK_COPY_LIVE};
	if (lk_copy_make(&world.pg, test_world_copy(&world, view)->version, &spec, &id, &err) != LK_OK)
		fail_msg("%s", err.text);
	test_world_reload(&world);
	return lk_catalog_copy(world.catalog, id);
}

static lk_query query_of(const char *view, const lk_cat_copy *copy, char id[24]) {
	lk_query q = test_query(view);
	if (copy) {
		snprintf(id, 24, "%lld", (long long)copy->id);
		q.copy = id;
	}
	return q;
}

/* --- edges, in every layer and cut at every place --- */

static const struct edge {
	int64_t at[6];
	int n;
	int64_t sessions[4][3];   /* first event, last event, how many */
	int nsessions;
} edges[] = {
	{{0}, 1, {{0, 0, 1}}, 1},
	{{0, GAP_US - 1}, 2, {{0, GAP_US - 1, 2}}, 1},
	{{0, GAP_US}, 2, {{0, 0, 1}, {GAP_US, GAP_US, 1}}, 2},
	{{0, GAP_US + 1}, 2, {{0, 0, 1}, {GAP_US + 1, GAP_US + 1, 1}}, 2},
	{{GAP_US, 0}, 2, {{0, 0, 1}, {GAP_US, GAP_US, 1}}, 2},
	{{3, 3, 3}, 3, {{3, 3, 3}}, 1},
	{{GAP_US - 1, GAP_US}, 2, {{GAP_US - 1, GAP_US, 2}}, 1},
	{{0, 2 * GAP_US - 1}, 2, {{0, 0, 1}, {2 * GAP_US - 1, 2 * GAP_US - 1, 1}}, 2},
	{{0, 12000000, 6000000}, 3, {{0, 12000000, 3}}, 1},
	{{0, 2 * GAP_US - 1, GAP_US}, 3, {{0, 0, 1}, {GAP_US, 2 * GAP_US - 1, 2}}, 2},
	{{40000000, 0, 31000000, 9000000, 20000000}, 5, {{0, 9000000, 2}, {20000000, 20000000, 1}, {31000000, 40000000, 2}}, 3},
	{{45000000, 36000000, 27000000, 18000000, 9000000, 0}, 6, {{0, 45000000, 6}}, 1},
	{{-BASE, -BASE - 1, -BASE + 1}, 3, {{-BASE - 1, -BASE + 1, 3}}, 1},   /* 1970 */
	{{-2 * BASE, -2 * BASE + GAP_US, -2 * BASE + GAP_US - 1}, 3, {{-2 * BASE, -2 * BASE + GAP_US, 3}}, 1},
};
enum { EDGES = sizeof edges / sizeof *edges };

/* "edge/split": the events of an edge of which the first `split` are below the cut. */
static const char *edge_key(lk_arena *arena, int edge, int split) {
	char name[24];
	snprintf(name, sizeof name, "%d/%d", edge, split);
	return lk_arena_strdup(arena, name);
}

static void append_edges(bool below_cut) {
	lk_arena arena = {0};
	for (int e = 0; e < EDGES; e++)
		for (int split = 0; split <= edges[e].n; split++) {
			visit v[6];
			int n = 0;
			for (int i = below_cut ? 0 : split; i < (below_cut ? split : edges[e].n); i++)
				v[n++] = (visit){BASE + edges[e].at[i], edge_key(&arena, e, split), i % 3 + e, i};
			append(v, n);
		}
	lk_arena_release(&arena);
}

static void sessions_by_hand(test_rows *out) {
	lk_arena arena = {0};
	*out = (test_rows){0};
	test_world_run(&world, "CREATE TEMP TABLE want (f bigint, l bigint, k text, n bigint)");
	for (int e = 0; e < EDGES; e++)
		for (int split = 0; split <= edges[e].n; split++)
			for (int i = 0; i < edges[e].nsessions; i++) {
				const int64_t *s = edges[e].sessions[i];
				char sql[200];
				snprintf(sql, sizeof sql, "INSERT INTO want VALUES (%lld, %lld, '%s', %lld)", (long long)(BASE + s[0]),
				         (long long)(BASE + s[1] + GAP_US), edge_key(&arena, e, split), (long long)s[2]);
				test_world_run(&world, sql);
			}
	test_sql_rows(&world, "SELECT timestamptz '1970-01-01Z' + f * interval '1 us', timestamptz '1970-01-01Z' + l * interval '1 us', k, n FROM want",
	              (const lk_type[]){{.kind = LK_TIME}, {.kind = LK_TIME}, {.kind = LK_TEXT}, {.kind = LK_INT8}}, 4, out);
	test_world_run(&world, "DROP TABLE want");
	lk_arena_release(&arena);
}

static void rows_are(const lk_query *q, const test_rows *want) {
	lk_answer a;
	test_rows got;
	lk_buf difference = LK_BUF_INIT;
	test_world_answer(&world, q, &a);
	test_answer_rows(&a, &got);
	test_rows_difference(want, &got, &difference);
	if (difference.len)
		fail_msg("%s", difference.data);
	test_rows_release(&got);
	lk_answer_release(&a);
	test_world_same(&world, q);
}

static void edges_cut_anywhere(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, stream);
	test_world_declare(&world, "CREATE VIEW v AS SELECT k, count(*) AS n FROM visits GROUP BY k, session(ts, '10 s');");
	test_rows want;
	test_worker lambda, kappa;
	char id[24];
	const lk_cat_copy *copy = make_kappa("v");
	lk_query q = query_of("v", NULL, NULL), k = query_of("v", copy, id);
	sessions_by_hand(&want);
	test_worker_open(&lambda, &world, "v");
	test_worker_open_copy(&kappa, &world, copy);
	append_edges(true);
	test_world_batch(&world, "v");
	append_edges(false);
	test_worker_catch_up(&lambda);
	lk_stream_limits few = {.fetch_events = 5, .commit_events = 2, .commit_cells = 2, .commit_us = LK_US_PER_S, .segment_bytes = 1};
	kappa.path.limits = few;
	test_worker_catch_up(&kappa);
	rows_are(&q, &want);
	rows_are(&k, &want);
	test_world_batch(&world, "v");
	q.layer = LK_LAYER_BATCH;
	rows_are(&q, &want);
	test_worker_close(&lambda);
	test_worker_close(&kappa);
	test_rows_release(&want);
}

/* --- random sessions --- */

static const struct shape {
	const char *select, *where, *keys, *having;
	int lateness_s, retention_s; /* -1, 0: none */
} shapes[] = {
	{"k, count(*) AS n, sum(n) AS s", "", "k, ", "", -1, 0},
	{"count(*) AS n, max(who) AS w, first(k) AS came, last(k) AS went", "", "", "", -1, 0},
	{"k, who, count(*) AS n, avg(n) AS a, count(DISTINCT n) AS d", "WHERE n > 2", "k, who, ", "", -1, 0},
	{"k, count(*) AS n, min(ts) AS first_ts, max(ts) FILTER (WHERE n > 5) AS some_ts", "WHERE n <> 7 OR k = 'a'", "k, ", "HAVING count(*) > 1", -1, 0},
	{"n > 4 AS high, count(*) AS n, stddev(n) AS sd", "WHERE k IS NOT NULL", "n > 4, k, ", "", -1, 0},
	{"CASE WHEN n < 3 THEN k END AS small, count(*) AS n", "", "small, ", "", -1, 0},
	{"k, count(*) AS n, sum(n) AS s", "", "k, ", "", 0, 0},
	{"count(*) AS n, sum(n) AS s", "", "", "HAVING sum(n) > 5", 25, 0},
	{"who, count(*) AS n, max(k) AS k", "", "who, ", "", 3, 0},
	{"k, count(*) AS n, sum(n) AS s", "", "k, ", "", 0, 60},
	{"who, count(*) AS n, first(k) AS k", "WHERE n > 0", "who, ", "", 15, 45},
	{"count(*) AS n, sum(n) AS s", "", "", "", 40, 40},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, ROUNDS = 24 };

typedef struct round {
	unsigned long seed, first_seed;
	char view[24];
	const struct shape *shape;
	const lk_cat_copy *kappa;
	char kappa_id[24];
	test_worker workers[3];      /* two of the lambda copy, one of the kappa copy */
	int64_t now;
	lk_buf story;
	size_t longest, compared;
	int64_t late;
} round;

static unsigned below(round *r, unsigned n) { return (unsigned)(test_random(&r->seed) % n); }
static bool one_in(round *r, unsigned n) { return below(r, n) == 0; }

static void broken(round *r, const char *what, const char *difference) {
	fail_msg("SEED=%lu ROUNDS=1 repeats it\nafter:%s\n%s:\n%s\n%s", r->first_seed, r->story.data ? r->story.data : "", what, difference,
	         test_world_copy(&world, r->view)->version->plan->text);
}

static void same(round *r, const char *what, const lk_query *q, const char *condition) {
	lk_buf difference = LK_BUF_INIT;
	test_world_compare(&world, q, NULL, condition, &difference);
	if (difference.len)
		broken(r, what, difference.data);
	r->compared++;
}

/* Steps of time at and around the gap, forth more often than back. */
static void some_visits(round *r) {
	static const int64_t steps[] = {0, 0, 1, GAP_US - 1, GAP_US, GAP_US + 1, GAP_US / 2, 1000000, 3000000, 2 * GAP_US - 1, 25000000,
	                                -GAP_US, 1 - GAP_US, -GAP_US - 1, -3000000, -30000000, -60000000};
	static const char *const keys[] = {"a", "b", "a", NULL, ""};
	visit v[40];
	int n = 1 + (int)below(r, 40);
	for (int i = 0; i < n; i++) {
		r->now += steps[below(r, sizeof steps / sizeof *steps)];
		v[i] = (visit){r->now, keys[below(r, 5)], below(r, 5), below(r, 10)};
		if (i && one_in(r, 5))
			v[i].ts = v[below(r, (unsigned)i)].ts + (one_in(r, 2) ? GAP_US : -GAP_US) + (int64_t)below(r, 3) - 1;
	}
	append(v, n);
	lk_buf_addf(&r->story, " append(%d)", n);
}

static void some_limits(round *r, lk_stream_limits *l) {
	*l = (lk_stream_limits){.fetch_events = 1 + below(r, 60), .commit_events = 1 + below(r, 30), .commit_cells = 1 + below(r, 10),
	                        .commit_us = LK_US_PER_S, .segment_bytes = one_in(r, 3) ? 1 : 64 << 20};
}

static void step(round *r) {
	unsigned who = below(r, 3);
	test_worker *t = &r->workers[who];
	int part = (int)below(r, 3);
	some_limits(r, &t->path.limits);
	int64_t n = test_worker_step(t, part, 1 + below(r, 60));
	lk_buf_addf(&r->story, " worker%u(part %d: %lld)", who, part, (long long)n);
	if (one_in(r, 4))
		test_worker_sweep(t, part);
}

/* The speed layer alone has the sessions of the events in [cut, end) that it did not refuse. */
static void check_speed(round *r) {
	lk_answer a;
	lk_error err = {0};
	test_rows want, got;
	lk_buf bound = LK_BUF_INIT, difference = LK_BUF_INIT;
	lk_query q = test_query(r->view);
	if (*r->shape->having || r->shape->retention_s)      /* the one is not applied to one layer, the other goes by all */
		return;
	q.layer = LK_LAYER_SPEED;
	test_world_answer(&world, &q, &a);
	lk_buf_adds(&bound, "off >= ('{");
	for (int i = 0; i < a.partitions; i++)
		lk_buf_addf(&bound, "%s%lld", i ? "," : "", (long long)a.cut[i]);
	lk_buf_adds(&bound, "}'::bigint[])[part + 1] AND ");
	test_answer_bound(&a, &bound);
	if (test_oracle_rows(&world, a.plan, bound.data, NULL, &want, &err))
		broken(r, "the oracle", err.text);
	test_answer_rows(&a, &got);
	test_rows_difference(&want, &got, &difference);
	if (difference.len)
		broken(r, "the speed layer alone", difference.data);
	test_rows_release(&want);
	test_rows_release(&got);
	lk_answer_release(&a);
	lk_buf_release(&bound);
}

/* Sessions that begin in a range: whole or not there. */
static void check_range(round *r) {
	lk_query q = one_in(r, 2) ? test_query(r->view) : query_of(r->view, r->kappa, r->kappa_id);
	lk_answer a;
	lk_buf sql = LK_BUF_INIT;
	test_world_answer(&world, &q, &a);
	if (a.nrows) {
		/* at and beside the bounds of a session that is there */
		lk_span s = lk_answer_span(&a, a.rows[below(r, (unsigned)a.nrows)]), t = lk_answer_span(&a, a.rows[below(r, (unsigned)a.nrows)]);
		q.from = (one_in(r, 3) ? s.end - GAP_US : s.start) + (int64_t)below(r, 3) - 1;
		lk_buf_adds(&sql, "window_start >= timestamptz '");
		lk_time_print(q.from, &sql);
		lk_buf_addc(&sql, '\'');
		if (one_in(r, 2)) {
			q.to = t.start + (int64_t)below(r, 3) - 1;
			lk_buf_adds(&sql, " AND window_start < timestamptz '");
			lk_time_print(q.to, &sql);
			lk_buf_addc(&sql, '\'');
		}
		same(r, "with --from and --to", &q, sql.data);
	}
	lk_answer_release(&a);
	lk_buf_release(&sql);
}

/* Each row of a split answer is the sum of its parts: here of its counts. */
static void check_split(round *r) {
	lk_query q = test_query(r->view);
	lk_answer a;
	int n = -1;
	q.split = true;
	test_world_answer(&world, &q, &a);
	for (int i = 0; i < a.plan->noutputs; i++)
		n = strcmp(a.plan->outputs[i].name, "n") == 0 ? i : n;
	for (size_t i = 0; i < a.nrows; i++) {
		lk_value sum, batch, speed;
		lk_answer_value(&a, a.rows[i], n, &sum);
		lk_answer_part_value(&a, &a.batch_part, a.rows[i], n, &batch);
		lk_answer_part_value(&a, &a.speed_part, a.rows[i], n, &speed);
		if (sum.i != batch.i + speed.i)
			broken(r, "split", "a row is not the sum of its parts");
		r->longest = (size_t)sum.i > r->longest ? (size_t)sum.i : r->longest;
	}
	lk_answer_release(&a);
}

/* --where picks groups, and does not cut sessions. */
static void check_where(round *r) {
	lk_query q = test_query(r->view);
	const lk_plan *p = test_world_copy(&world, r->view)->version->plan;
	int k = lk_plan_output(p, "k");
	if (k < 0 || p->outputs[k].kind != LK_OUT_KEY)
		return;
	q.nwhere = 1;
	q.where = &(lk_where){.column = "k", .is_null = one_in(r, 3), .text = "a"};
	same(r, "with --where", &q, q.where->is_null ? "k IS NULL" : "k = 'a'");
}

static void declare(round *r) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "CREATE VIEW %s ", r->view);
	if (r->shape->lateness_s >= 0)
		lk_buf_addf(&sql, "WITH (allowed_lateness = '%d seconds'", r->shape->lateness_s);
	if (r->shape->retention_s)
		lk_buf_addf(&sql, ", retention = '%d seconds'", r->shape->retention_s);
	lk_buf_adds(&sql, r->shape->lateness_s >= 0 ? ") " : "");
	lk_buf_addf(&sql, "AS SELECT %s FROM visits AS x %s GROUP BY %ssession(x.ts, INTERVAL '10 s' /* '5 s') */) %s;", r->shape->select,
	            r->shape->where, r->shape->keys, r->shape->having);
	test_world_declare(&world, sql.data);
	r->kappa = make_kappa(r->view);
	test_worker_open(&r->workers[0], &world, r->view);
	test_worker_open(&r->workers[1], &world, r->view);
	test_worker_open_copy(&r->workers[2], &world, r->kappa);
	lk_buf_release(&sql);
}

static void seal(round *r) {
	lk_batch_report report;
	lk_error err = {0};
	test_worker_catch_up(&r->workers[2]);
	test_world_reload(&world);
	const lk_cat_copy *now = lk_catalog_copy(world.catalog, r->kappa->id);
	if (lk_seal_run(&world.pg, world.store, now, &(lk_seal_options){.compact_rows = 1 + below(r, 30)}, &report, &err) != LK_OK)
		broken(r, "a seal", err.text);
	lk_buf_adds(&r->story, " seal");
	if (one_in(r, 2))
		for (int part = 0; part < r->workers[2].nunits; part++)
			test_worker_sweep(&r->workers[2], part);
}

static void play(round *r) {
	test_world_empty(&world);
	test_world_declare(&world, stream);
	declare(r);
	lk_query q = test_query(r->view), k = query_of(r->view, r->kappa, r->kappa_id);
	for (int i = 0; i < 12; i++) {
		if (one_in(r, 3))
			some_visits(r);
		else if (one_in(r, 4))
			test_world_batch(&world, r->view), lk_buf_adds(&r->story, " batch");
		else if (one_in(r, 6))
			seal(r);
		else if (one_in(r, 12))
			test_redis_empty(&servers), lk_buf_adds(&r->story, " redis-lost");
		else
			step(r);
		same(r, "lambda", &q, NULL);
		if (one_in(r, 3))
			same(r, "kappa", &k, NULL);
	}
	some_visits(r);
	test_worker_catch_up(&r->workers[1]);
	test_worker_catch_up(&r->workers[2]);
	lk_buf_adds(&r->story, " all");
	same(r, "lambda at the end", &q, NULL);
	same(r, "kappa at the end", &k, NULL);
	check_speed(r);
	check_split(r);
	check_where(r);
	for (int i = 0; i < 3; i++)
		check_range(r);
	test_world_batch(&world, r->view);
	q.layer = LK_LAYER_BATCH;
	same(r, "batch", &q, NULL);
	lk_answer a;
	test_world_answer(&world, &k, &a);
	r->late += a.late;
	lk_answer_release(&a);
	for (int i = 0; i < 3; i++)
		test_worker_close(&r->workers[i]);
	lk_buf_release(&r->story);
}

/* I1, I2, I3 */
static void random_sessions(void **state) {
	(void)state;
	unsigned long seed = test_seed("sessions");
	int rounds = test_rounds("ROUNDS", ROUNDS);
	size_t compared = 0, longest = 0;
	int64_t late = 0;
	for (int i = 0; i < rounds; i++) {
		round r = {.seed = seed + (unsigned long)i, .first_seed = seed + (unsigned long)i, .now = BASE};
		r.shape = &shapes[below(&r, SHAPES)];
		snprintf(r.view, sizeof r.view, "v%d", i);
		play(&r);
		compared += r.compared;
		late += r.late;
		longest = r.longest > longest ? r.longest : longest;
	}
	print_message("%d rounds, %zu answers compared, %lld late events, the longest session has %zu events\n", rounds, compared, (long long)late,
	              longest);
	assert_true(longest > 1 || rounds < 10);
}

/* --- what is final --- */

/* The sessions of the kappa copy that end at or before `to`, sorted. */
static void sessions_to(const lk_answer *a, int64_t to, test_rows *out) {
	lk_answer some = *a;
	some.rows = lk_calloc(a->nrows + 1, sizeof *some.rows);
	some.nrows = 0;
	for (size_t i = 0; i < a->nrows; i++)
		if (lk_answer_span(a, a->rows[i]).end <= to)
			some.rows[some.nrows++] = a->rows[i];
	test_answer_rows(&some, out);
	free(some.rows);
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* How many of `former` are not in `now`; the first of them. */
static int missing(const test_rows *former, const test_rows *now, const char **first) {
	int n = 0;
	for (size_t i = 0; i < former->n; i++)
		if (!now->n || !bsearch(&former->rows[i], now->rows, now->n, sizeof *now->rows, by_text))
			*first = n++ ? *first : former->rows[i];
	return n;
}

typedef struct finality {
	test_rows final;       /* of the last answer */
	test_rows early;       /* that would be final if a session's end alone counted */
	int64_t late;
	int changed;           /* early ones */
} finality;

static void check_final(round *r, finality *f) {
	lk_query k = query_of(r->view, r->kappa, r->kappa_id);
	lk_answer a;
	test_rows now, final, early;
	const char *first = "";
	test_world_answer(&world, &k, &a);
	sessions_to(&a, INT64_MAX, &now);
	sessions_to(&a, a.final_to, &final);
	sessions_to(&a, a.watermark == LK_NEVER ? LK_NEVER : a.watermark - r->shape->lateness_s * LK_US_PER_S, &early);
	if (missing(&f->final, &now, &first))
		broken(r, "a final session is not there any more", first);
	if (missing(&f->final, &final, &first))
		broken(r, "a final session is not final any more", first);
	f->changed += missing(&f->early, &now, &first);
	f->late = a.late;
	test_rows_release(&f->final);
	test_rows_release(&f->early);
	test_rows_release(&now);
	f->final = final;
	f->early = early;
	lk_answer_release(&a);
}

/* Bursts, some of whose events come from up to half a minute before. */
static void bursts(round *r) {
	static const char *const keys[] = {"a", "a", "b", NULL};
	visit v[12];
	int n = 1 + (int)below(r, 12);
	for (int i = 0; i < n; i++) {
		r->now += (one_in(r, 5) ? 10 + below(r, 30) : below(r, 5)) * LK_US_PER_S + below(r, 2);
		v[i] = (visit){r->now - (one_in(r, 2) ? (int64_t)below(r, 25) * LK_US_PER_S : 0), keys[below(r, 4)], below(r, 5), below(r, 10)};
	}
	append(v, n);
	lk_buf_addf(&r->story, " append(%d)", n);
}

/* P11: whatever arrives in whichever partition, and however the log is cut into segments. */
static void final_sessions_never_change(void **state) {
	(void)state;
	unsigned long seed = test_seed("final sessions");
	static const struct shape strict[] = {{"k, count(*) AS n, sum(n) AS s", "", "k, ", "", 0, 0}, {"count(*) AS n, sum(n) AS s", "", "", "", 3, 0}};
	int rounds = test_rounds("ROUNDS", 10), changed = 0;
	size_t final = 0;
	int64_t late = 0;
	for (int i = 0; i < rounds; i++) {
		round r = {.seed = seed + (unsigned long)i, .first_seed = seed + (unsigned long)i, .now = BASE};
		finality f = {0};
		r.shape = &strict[below(&r, 2)];
		snprintf(r.view, sizeof r.view, "f%d", i);
		test_world_empty(&world);
		test_world_declare(&world, stream);
		declare(&r);
		for (int n = 0; n < 20; n++) {
			bursts(&r);
			for (int part = 0; part < 3; part++) {
				some_limits(&r, &r.workers[2].path.limits);
				test_worker_step(&r.workers[2], part, 1 + below(&r, 30));
			}
			check_final(&r, &f);
		}
		lk_query k = query_of(r.view, r.kappa, r.kappa_id);
		same(&r, "in the end", &k, NULL);
		for (int w = 0; w < 3; w++)
			test_worker_close(&r.workers[w]);
		final += f.final.n;
		test_rows_release(&f.final);
		test_rows_release(&f.early);
		lk_buf_release(&r.story);
		changed += f.changed;
		late += f.late;
	}
	print_message("%d rounds: %zu final sessions, %lld late events; %d sessions changed less than a gap after their end\n", rounds, final,
	              (long long)late, changed);
	assert_true((final > 0 && late > 0) || rounds < 10);
}

static void sessions_are(const char *view, const lk_cat_copy *copy, const char *want, int64_t late, int64_t final_to_s) {
	char id[24];
	lk_query q = query_of(view, copy, id);
	lk_answer a;
	lk_buf got = LK_BUF_INIT;
	test_world_answer(&world, &q, &a);
	for (size_t i = 0; i < a.nrows; i++) {
		lk_span s = lk_answer_span(&a, a.rows[i]);
		lk_value n;
		lk_answer_value(&a, a.rows[i], 0, &n);
		lk_buf_addf(&got, "%s[%lld,%lld)=%lld", i ? " " : "", (long long)((s.start - BASE) / LK_US_PER_S), (long long)((s.end - BASE) / LK_US_PER_S),
		            (long long)n.i);
	}
	assert_string_equal(got.data, want);
	assert_int_equal(a.late, late);
	assert_int_equal(a.final_to, BASE + final_to_s * LK_US_PER_S);
	lk_buf_release(&got);
	lk_answer_release(&a);
	test_world_same(&world, &q);
}

/* A late event between two final sessions would make them one; an event in time makes one longer that is over, but not final. */
static void a_bridge_that_comes_late(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, "CREATE TABLE visits (ts timestamptz, k text, who int, n int)"
	                   " WITH (event_time = ts, partition_by = who, partitions = 1, max_ahead = '3650 days');");
	test_world_declare(&world, "CREATE VIEW v WITH (allowed_lateness = '0 s') AS SELECT count(*) AS n FROM visits GROUP BY session(ts, '10 s');");
	const lk_cat_copy *kappa = make_kappa("v");
	test_worker w, batched;
	test_worker_open_copy(&w, &world, kappa);
	test_worker_open(&batched, &world, "v");
#define VISIT(s) append(&(visit){BASE + (s) * LK_US_PER_S, "a", 1, 1}, 1), test_worker_catch_up(&w)
	VISIT(0);
	VISIT(15);
	sessions_are("v", kappa, "[0,10)=1 [15,25)=1", 0, 5);
	VISIT(7);     /* 7 + gap > 15: a bridge in time */
	sessions_are("v", kappa, "[0,25)=3", 0, 5);
	VISIT(40);
	VISIT(62);
	sessions_are("v", kappa, "[0,25)=3 [40,50)=1 [62,72)=1", 0, 52);
	VISIT(31);    /* [0,25) and [40,50) are final */
	VISIT(49);
	VISIT(52);    /* 52 + gap <= 62, just so */
	sessions_are("v", kappa, "[0,25)=3 [40,50)=1 [62,72)=1", 3, 52);
	VISIT(53);    /* in time, and beside [62,72), which is open */
	sessions_are("v", kappa, "[0,25)=3 [40,50)=1 [53,72)=2", 3, 52);
	test_worker_catch_up(&batched);
	test_world_batch(&world, "v");      /* heals what the stream path refused */
	sessions_are("v", NULL, "[0,25)=3 [31,72)=6", 0, 52);
	test_worker_close(&w);
	test_worker_close(&batched);
}

/* A session that is past may become longer, and is then shown again, whole: so its panes stay for another gap. */
static void a_past_session_comes_back(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, "CREATE TABLE visits (ts timestamptz, k text, who int, n int)"
	                   " WITH (event_time = ts, partition_by = who, partitions = 1, max_ahead = '3650 days');");
	test_world_declare(&world, "CREATE VIEW v WITH (retention = '10 s') AS SELECT count(*) AS n FROM visits GROUP BY session(ts, '10 s');");
	const lk_cat_copy *kappa = make_kappa("v");
	round r = {.seed = 1, .kappa = kappa};
	test_worker lambda;
	test_worker_open(&lambda, &world, "v");
	test_worker_open_copy(&r.workers[2], &world, kappa);
	static const struct { int64_t at_s; const char *want; int64_t final_to_s, rows; } steps[] = {
		{0, "[0,10)=1", -20, 1},
		{20, "[20,30)=1", 0, 2},             /* [0,10) is past, and in the stores */
		{5, "[0,15)=2 [20,30)=1", 0, 2},     /* 5 + gap + lateness > 20 */
		{51, "[51,61)=1", 31, 1},
	};
	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
		append(&(visit){BASE + steps[i].at_s * LK_US_PER_S, "a", 1, 1}, 1);
		test_worker_catch_up(&lambda);
		test_worker_catch_up(&r.workers[2]);
		sessions_are("v", NULL, steps[i].want, 0, steps[i].final_to_s);
		sessions_are("v", kappa, steps[i].want, 0, steps[i].final_to_s);
		test_world_batch(&world, "v");
		seal(&r);
		test_world_reload(&world);
		sessions_are("v", NULL, steps[i].want, 0, steps[i].final_to_s);
		sessions_are("v", kappa, steps[i].want, 0, steps[i].final_to_s);
		const char *tables[] = {test_world_copy(&world, "v")->batch_table, lk_catalog_copy(world.catalog, kappa->id)->batch_table};
		for (int k = 0; k < 2; k++) {
			char sql[200];
			snprintf(sql, sizeof sql, "SELECT count(DISTINCT _pane) FROM %s", tables[k]);
			assert_int_equal(test_world_int(&world, sql), steps[i].rows);
		}
	}
	lk_buf_release(&r.story);
	test_worker_close(&lambda);
	test_worker_close(&r.workers[2]);
}

/* --- the oracle itself --- */

static void twenty_visits(void) {
	visit v[20];
	for (int i = 0; i < 20; i++)
		v[i] = (visit){BASE + i * 4 * LK_US_PER_S, i % 2 ? "a" : "b", i, i % 10};
	append(v, 20);
}

/* Were WHERE read too narrowly, by the program as by the oracle's sessions, the user's own text would have rows that lk has not. */
static void a_misread_condition_shows(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, stream);
	test_world_declare(&world, "CREATE VIEW v AS SELECT k, count(*) AS n FROM visits WHERE n > 3 GROUP BY k, session(ts, '10 s');"
	                   "CREATE VIEW w AS SELECT k, count(*) AS n FROM visits WHERE n > 1 GROUP BY k, session(ts, '10 s');");
	twenty_visits();
	test_world_batch(&world, "v");
	lk_query q = test_query("v");
	lk_buf difference = LK_BUF_INIT;
	lk_plan misread = *test_world_copy(&world, "w")->version->plan;
	misread.where = test_world_copy(&world, "v")->version->plan->where;
	test_world_compare(&world, &q, &misread, NULL, &difference);
	assert_true(difference.len > 0 && difference.data[0] != '?');
	lk_buf_release(&difference);
	test_world_same(&world, &q);
}

/* What raises in the user's statement raises in the oracle, and nothing else does: the key of an event that does not pass is
 * not evaluated. */
static void keys_of_what_does_not_pass(void **state) {
	(void)state;
	static const struct { const char *where; bool raises; } cases[] = {
		{"n < 5", false}, {"n < 7", true}, {"n * 400000000 > 0", true}, {"n < 2 AND n * 400000000 > 0", false}, {"true = (n < 5)", false}};
	test_world_empty(&world);
	test_world_declare(&world, stream);
	twenty_visits();
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char view[24], sql[200];
		lk_buf difference = LK_BUF_INIT;
		snprintf(view, sizeof view, "v%zu", i);
		snprintf(sql, sizeof sql, "CREATE VIEW %s AS SELECT n * 400000000 AS key, count(*) AS c FROM visits WHERE %s GROUP BY key, session(ts, '10 s');",
		         view, cases[i].where);
		test_world_declare(&world, sql);
		test_world_batch(&world, view);
		lk_query q = test_query(view);
		test_world_compare(&world, &q, NULL, NULL, &difference);
		if ((difference.len > 0) != cases[i].raises || (difference.len && difference.data[0] != '?'))
			fail_msg("%s: %s", sql, difference.len ? difference.data : "it does not raise");
		lk_buf_release(&difference);
	}
}

/* --- a prefix --- */

/* The sessions of a prefix stay what they were while events come that would change them, in both modes. */
static void sessions_of_a_prefix(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, stream);
	test_world_declare(&world, "CREATE VIEW v WITH (allowed_lateness = '5 s') AS SELECT k, count(*) AS n FROM visits GROUP BY k, session(ts, '10 s');");
	const lk_cat_copy *kappa = make_kappa("v");
	test_worker lambda, other;
	char id[24], before[33], after[33];
	lk_cut cut;
	lk_error err = {0};
	test_worker_open(&lambda, &world, "v");
	test_worker_open_copy(&other, &world, kappa);
	round r = {.seed = test_seed("prefix"), .now = BASE};
	some_visits(&r);
	test_world_batch(&world, "v");
	some_visits(&r);
	assert_int_equal(lk_cut_make(&world.pg, kappa->version->view->stream, kappa->id, "test", &cut, &err), LK_OK);
	lk_query queries[2] = {test_query("v"), query_of("v", kappa, id)};
	for (int i = 0; i < 2; i++) {
		lk_answer a;
		queries[i].until = cut.off;
		test_worker_catch_up(i ? &other : &lambda);
		test_world_answer(&world, &queries[i], &a);
		lk_answer_digest(&a, before);
		lk_answer_release(&a);
		test_world_same(&world, &queries[i]);
		for (int n = 0; n < 3; n++)
			some_visits(&r);
		test_worker_catch_up(i ? &other : &lambda);
		test_world_same(&world, &queries[i]);
		test_world_answer(&world, &queries[i], &a);
		lk_answer_digest(&a, after);
		lk_answer_release(&a);
		assert_string_equal(before, after);
		queries[i].until = NULL;
		test_world_same(&world, &queries[i]);
	}
	lk_buf_release(&r.story);
	test_worker_close(&lambda);
	test_worker_close(&other);
}

/* Sessions have no other size. */
static void other_windows_are_refused(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, stream);
	test_world_declare(&world, "CREATE VIEW v AS SELECT count(*) AS n FROM visits GROUP BY session(ts, '10 s');");
	lk_query q = test_query("v");
	lk_answer a;
	lk_error err = {0};
	q.window_us = 3 * GAP_US;
	assert_int_equal(lk_answer_make(&world.pg, world.store, &q, &a, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "sessions have no fixed size"));
}

/* --- other clocks, other gaps --- */

/* By processing time the events of one append are one instant, and a gap of a microsecond parts appends; a gap of a century goes
 * from the first instant to the last. */
static void the_shortest_and_the_longest_gap(void **state) {
	(void)state;
	static const char *const views[] = {"appends", "ages", "never_late"};
	test_world_empty(&world);
	test_world_declare(&world, stream);
	test_world_declare(&world,
		"CREATE VIEW appends AS SELECT who, count(*) AS n FROM visits GROUP BY who, session(_at, '1 us');"
		"CREATE VIEW ages AS SELECT count(*) AS n, last(k) AS k FROM visits GROUP BY session(ts, '36525 d');"
		"CREATE VIEW never_late WITH (allowed_lateness = '0 s') AS SELECT count(*) AS n FROM visits GROUP BY session(_at, '1 s');");
	test_worker workers[3];
	for (int i = 0; i < 3; i++)
		test_worker_open(&workers[i], &world, views[i]);
	round r = {.seed = test_seed("gaps"), .now = BASE};
	const visit far[] = {{LK_TIME_MIN, "a", 1, 1}, {LK_TIME_MAX, "b", 2, 2}, {0, NULL, 3, 3}};
	append(far, 3);
	for (int n = 0; n < 4; n++) {
		some_visits(&r);
		for (int i = 0; i < 3; i++) {
			lk_query q = test_query(views[i]);
			if (n == 1)
				test_world_batch(&world, views[i]);
			test_worker_catch_up(&workers[i]);
			test_world_same(&world, &q);
			q.from = n % 2 ? 0 : INT64_MIN;
			lk_buf difference = LK_BUF_INIT;
			test_world_compare(&world, &q, NULL, n % 2 ? "window_start >= timestamptz '1970-01-01Z'" : NULL, &difference);
			if (difference.len)
				fail_msg("%s", difference.data);
			lk_buf_release(&difference);
		}
	}
	for (int i = 0; i < 3; i++)
		test_worker_close(&workers[i]);
	lk_buf_release(&r.story);
}

static int start(void **state) {
	(void)state;
	test_servers_start(&servers);
	test_world_open(&world, &servers);
	return 0;
}

static int stop(void **state) {
	(void)state;
	test_world_close(&world);
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edges_cut_anywhere),
		cmocka_unit_test(random_sessions),
		cmocka_unit_test(final_sessions_never_change),
		cmocka_unit_test(a_bridge_that_comes_late),
		cmocka_unit_test(a_past_session_comes_back),
		cmocka_unit_test(a_misread_condition_shows),
		cmocka_unit_test(keys_of_what_does_not_pass),
		cmocka_unit_test(sessions_of_a_prefix),
		cmocka_unit_test(other_windows_are_refused),
		cmocka_unit_test(the_shortest_and_the_longest_gap),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
