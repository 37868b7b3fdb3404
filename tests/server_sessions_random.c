/* Random sessions through all layers. The oracle is the user's own text over sessions that PostgreSQL finds by gaps and
 * islands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/fixtures.h"
#include "tests/support/visits.h"

enum { GAP_US = TEST_GAP_US };
#define BASE TEST_VISITS_US

static test_servers servers;
static test_world world;

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

/* The speed layer alone has the sessions of the events in [cut, end) that it has not refused. */
static void check_speed(round *r) {
	lk_answer a;
	lk_error err = {0};
	test_rows want, got;
	lk_buf bound = LK_BUF_INIT, difference = LK_BUF_INIT;
	lk_query q = test_query(r->view);
	if (*r->shape->having || r->shape->retention_s)      /* HAVING is not applied to one layer; what has expired depends on all layers */
		return;
	q.layer = LK_LAYER_SPEED;
	test_world_answer(&world, &q, &a);
	lk_buf_adds(&bound, "off >= ('{");
	for (int i = 0; i < a.partitions; i++)
		lk_buf_addf(&bound, "%s%lld", i ? "," : "", (long long)a.cut.part[i].off);
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

/* Sessions that begin in a range: complete, or absent. */
static void check_range(round *r) {
	lk_query q = one_in(r, 2) ? test_query(r->view) : test_query_of(r->view, r->kappa, r->kappa_id);
	lk_answer a;
	lk_buf sql = LK_BUF_INIT;
	test_world_answer(&world, &q, &a);
	if (a.nrows) {
		/* at and near the bounds of an existing session */
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

/* Each row of a split answer is the sum of its parts, here of their counts. */
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

/* --where selects groups and does not split sessions. */
static void check_where(round *r) {
	lk_query q = test_query(r->view);
	const lk_plan *p = test_world_copy(&world, r->view)->version->plan;
	int k = lk_plan_output(p, "k");
	if (k < 0 || p->outputs[k].kind != LK_OUT_KEY)
		return;
	q.nwhere = 1;
	q.where = &(lk_where){.column = "k", .op = one_in(r, 3) ? LK_WHERE_NULL : LK_WHERE_EQ, .text = "a"};
	same(r, "with --where", &q, q.where->op == LK_WHERE_NULL ? "k IS NULL" : "k = 'a'");
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
	r->kappa = test_world_kappa(&world, r->view);
	test_worker_open(&r->workers[0], &world, r->view);
	test_worker_open(&r->workers[1], &world, r->view);
	test_worker_open_copy(&r->workers[2], &world, r->kappa);
	lk_buf_release(&sql);
}

static void seal(round *r) {
	lk_error err = {0};
	if (test_visits_seal(&r->workers[2], r->kappa->id, &r->seed, &err) != LK_OK)
		broken(r, "a seal", err.text);
	lk_buf_adds(&r->story, " seal");
}

static void play(round *r) {
	test_world_empty(&world);
	test_world_declare(&world, test_visits_text);
	declare(r);
	lk_query q = test_query(r->view), k = test_query_of(r->view, r->kappa, r->kappa_id);
	for (int i = 0; i < 12; i++) {
		if (one_in(r, 3))
			lk_buf_addf(&r->story, " test_visits_append(&world, %d)", test_visits_some(&world, &r->seed, &r->now));
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
	lk_buf_addf(&r->story, " test_visits_append(&world, %d)", test_visits_some(&world, &r->seed, &r->now));
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

/* How many of `former` are not in `now`; and the first of them. */
static int missing(const test_rows *former, const test_rows *now, const char **first) {
	int n = 0;
	for (size_t i = 0; i < former->n; i++)
		if (!now->n || !bsearch(&former->rows[i], now->rows, now->n, sizeof *now->rows, by_text))
			*first = n++ ? *first : former->rows[i];
	return n;
}

typedef struct finality {
	test_rows final;       /* of the last answer */
	test_rows early;       /* that would be final if the end of a session alone decided */
	int64_t late;
	int changed;           /* early ones */
} finality;

static void check_final(round *r, finality *f) {
	lk_query k = test_query_of(r->view, r->kappa, r->kappa_id);
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

/* Bursts; some of their events are up to half a minute late. */
static void bursts(round *r) {
	static const char *const keys[] = {"a", "a", "b", NULL};
	test_visit v[12];
	int n = 1 + (int)below(r, 12);
	for (int i = 0; i < n; i++) {
		r->now += (one_in(r, 5) ? 10 + below(r, 30) : below(r, 5)) * LK_US_PER_S + below(r, 2);
		v[i] = (test_visit){r->now - (one_in(r, 2) ? (int64_t)below(r, 25) * LK_US_PER_S : 0), keys[below(r, 4)], below(r, 5), below(r, 10)};
	}
	test_visits_append(&world, v, n);
	lk_buf_addf(&r->story, " test_visits_append(&world, %d)", n);
}

/* P11: for any later events in any partition, and for any segments of the log. */
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
		test_world_declare(&world, test_visits_text);
		declare(&r);
		for (int n = 0; n < 20; n++) {
			bursts(&r);
			for (int part = 0; part < 3; part++) {
				some_limits(&r, &r.workers[2].path.limits);
				test_worker_step(&r.workers[2], part, 1 + below(&r, 30));
			}
			check_final(&r, &f);
		}
		lk_query k = test_query_of(r.view, r.kappa, r.kappa_id);
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

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sessions),
		cmocka_unit_test(final_sessions_never_change),
	};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
