/* The oracle: random views over random events, through random interleavings of appends, steps of workers, take-overs,
 * batches, sweeps and losses of Redis. A merged answer always equals PostgreSQL's result of the user's own text over
 * the prefix that the answer names, cell by cell (I3).
 *
 * If PostgreSQL raises (class 22), lk answers with NULLs and names the events in lk.rejected. Then the test checks that
 * PostgreSQL raises for each of these events, and that the speed layer's answer equals the batch's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/random_view.h"
#include "tests/support/world.h"

enum { ROUNDS = 500, ROUNDS_PER_LOG = 15, LEAST_STEPS = 2, MORE_STEPS = 6 };

enum { WORKERS = 2 };

static test_servers servers;
static test_world world;
static test_worker pool[WORKERS];   /* open for one log after another */

typedef struct round {
	unsigned long seed, first_seed;
	char stream[24], view[24];
	test_view_shape shape;
	unsigned long view_seed;
	bool extreme;
	int64_t base_us;
	test_worker *workers;
	int partitions;
	lk_buf story;        /* the steps, for the failure's message */
	int raised, compared;
	char why[600];       /* PostgreSQL raised an error last */
} round;

static unsigned below(round *r, unsigned n) { return (unsigned)(test_random(&r->seed) % n); }
static bool one_in(round *r, unsigned n) { return below(r, n) == 0; }

static void broken(round *r, const char *what, const char *difference) {
	fail_msg("SEED=%lu ROUNDS=1 repeats it\nafter:%s\n%s:\n%s\n%s", r->first_seed, r->story.data ? r->story.data : "", what, difference,
	         test_world_copy(&world, r->view)->version->plan->text);
}

static void same(round *r, const char *what, const lk_query *q, const lk_plan *plan, const char *condition) {
	lk_buf difference = LK_BUF_INIT;
	test_world_compare(&world, q, plan, condition, &difference);
	bool raises = difference.len && difference.data[0] == '?';
	if (difference.len && !raises)
		broken(r, what, difference.data);
	r->compared++;
	r->raised += raises;
	if (raises)
		snprintf(r->why, sizeof r->why, "%s", difference.data);
	lk_buf_release(&difference);
}

static void declare(round *r, unsigned *tried) {
	lk_buf sql = LK_BUF_INIT;
	test_random_stream(&r->seed, r->stream, &sql);
	test_world_declare(&world, sql.data);
	for (int i = 0;; i++) {
		char *fault = NULL;
		assert_true(i < 50);
		++*tried;
		r->view_seed = r->seed;
		lk_buf_clear(&sql);
		test_random_view(&r->seed, r->view, r->stream, NULL, &sql, &r->shape);
		if (test_world_try(&world, sql.data, &fault) == LK_OK)
			break;
		if (getenv("SHOW_REFUSED"))
			fprintf(stderr, "%s", fault);
		free(fault);
	}
	lk_buf_release(&sql);
}

static void append(round *r) {
	lk_arena arena = {0};
	int n = 1 + (int)below(r, one_in(r, 4) ? 100 : 15);
	lk_value *rows = test_random_rows(&r->seed, n, r->base_us, r->extreme, &arena);
	test_world_append(&world, r->stream, rows, n);
	r->base_us += (int64_t)below(r, 90) * LK_US_PER_S;
	lk_buf_addf(&r->story, " append(%d)", n);
	lk_arena_release(&arena);
}

static void small_limits(round *r, lk_stream_limits *l) {
	*l = (lk_stream_limits){.fetch_events = 1 + below(r, 200), .commit_events = 1 + below(r, 60), .commit_cells = 1 + below(r, 20),
	                        .commit_us = LK_US_PER_S, .segment_bytes = one_in(r, 3) ? 1 : 64 << 20};
}

static void step(round *r) {
	unsigned who = below(r, WORKERS);
	test_worker *t = &r->workers[who];
	int part = (int)below(r, (unsigned)r->partitions);
	small_limits(r, &t->path.limits);
	int64_t n = test_worker_step(t, part, 1 + below(r, 150));
	lk_buf_addf(&r->story, " worker%u(part %d: %lld)", who, part, (long long)n);
	if (one_in(r, 4)) {
		test_worker_sweep(t, part);
		lk_buf_adds(&r->story, " sweep");
	}
}

static void random_step(round *r) {
	switch (below(r, 10)) {
	case 0: case 1: case 2:
		append(r);
		break;
	case 3:
		test_world_batch(&world, r->view);
		lk_buf_adds(&r->story, " batch");
		break;
	case 4:
		if (one_in(r, 3)) {
			test_redis_empty(&servers);
			lk_buf_adds(&r->story, " redis-lost");
			break;
		}
		/* fall through */
	default:
		step(r);
	}
}

static void catch_up(round *r) {
	if (one_in(r, 10)) {
		test_world_speed_once(&world, r->view);
		lk_buf_adds(&r->story, " speed-once");
	} else {
		unsigned who = below(r, WORKERS);
		r->workers[who].path.limits = lk_stream_defaults;
		test_worker_catch_up(&r->workers[who]);
		lk_buf_addf(&r->story, " worker%u(all)", who);
	}
	lk_query q = test_query(r->view);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	for (int i = 0; i < a.partitions; i++)
		if (a.end.part[i].off != a.tail.part[i].off)
			broken(r, "caught up", "the answer does not reach the log's end");
	lk_answer_release(&a);
}

/* A row (part, off) for each event that lk.rejected names for this view. */
static PGresult *rejected(round *r) {
	PGresult *res = NULL;
	lk_error err = {0};
	if (lk_pg_exec(&world.pg, &res, &err, "SELECT j.part, j.off, j.reason FROM lk.rejected j JOIN lk.version v USING (version_id)"
	               " JOIN lk.view w USING (view_id) WHERE w.name = $1 ORDER BY 1, 2", 1, (const char *const[]){r->view}))
		broken(r, "lk.rejected", err.text);
	return res;
}

/* Nothing in the definition depends on the order of evaluation, or raises only after the merge, where no event is at
 * fault. */
static bool is_strict(const lk_plan *p) {
	const char *text = p->text;
	for (int i = 0; i < p->noutputs; i++)
		if (p->outputs[i].kind == LK_OUT_EXPR)
			return false;
	static const char *const lazy[] = {"WHERE", " AND ", " OR ", " IN (", " IS ", "CASE", "COALESCE", "LATERAL", "HAVING", "ORDER BY"};
	for (size_t i = 0; i < sizeof lazy / sizeof *lazy; i++)
		if (strstr(text, lazy[i]))
			return false;
	return true;
}

/* True if PostgreSQL raises over those events of the merged answer in which no column of the view is NULL: a NULL operand
 * absorbs what the other one raises (R1), while PostgreSQL evaluates both. */
static bool raises_without_nulls(const lk_query *q, const lk_plan *p) {
	lk_answer a;
	test_rows rows;
	lk_error err = {0};
	lk_buf bound = LK_BUF_INIT;
	test_world_answer(&world, q, &a);
	test_answer_bound(&a, &bound);
	for (int i = 0; i < p->nneeded; i++) {
		lk_buf_adds(&bound, " AND ");
		lk_sql_ident(p->stream->schema.columns[p->needed[i]].name, &bound);
		lk_buf_adds(&bound, " IS NOT NULL");
	}
	bool raises = test_oracle_rows(&world, p, bound.data, NULL, &rows, &err) == LK_EVALUE;
	test_rows_release(&rows);
	lk_buf_release(&bound);
	lk_answer_release(&a);
	return raises;
}

/* R1: if PostgreSQL has an answer no event is marked, and PostgreSQL raises for each marked event. The converse holds
 * only if the order of evaluation, which PostgreSQL chooses, does not matter. */
static void check_rejected(round *r) {
	lk_query q = test_query(r->view);
	int raised = r->raised;
	same(r, "merged", &q, NULL, NULL);
	PGresult *events = rejected(r);
	/* The oracle leaves late events out; lk evaluates them too. */
	if (r->raised == raised && !r->shape.lateness && PQntuples(events) > 0)
		broken(r, "PostgreSQL has an answer, but an event is in lk.rejected", PQgetvalue(events, 0, 2));
	const lk_plan *plan = test_world_copy(&world, r->view)->version->plan;
	if (r->raised > raised && PQntuples(events) == 0 && is_strict(plan) && raises_without_nulls(&q, plan))
		broken(r, "PostgreSQL raises, but lk.rejected names no event", r->why);
	for (int i = 0; i < PQntuples(events) && i < 20; i++) {
		char bound[80];
		test_rows rows;
		lk_error err = {0};
		snprintf(bound, sizeof bound, "part = %s AND off = %s", PQgetvalue(events, i, 0), PQgetvalue(events, i, 1));
		if (test_oracle_rows(&world, plan, bound, NULL, &rows, &err) == LK_OK)
			broken(r, PQgetvalue(events, i, 2), bound);
		test_rows_release(&rows);
	}
	PQclear(events);
}

/* What the speed layer has folded equals what the batch computes over the same prefix. */
static void check_batch(round *r) {
	lk_query q = test_query(r->view);
	lk_answer before, after;
	test_rows want, got;
	test_world_answer(&world, &q, &before);
	test_answer_rows(&before, &got);
	test_world_batch(&world, r->view);
	lk_buf_adds(&r->story, " batch");
	bool whole = before.plan->having || before.plan->limit;   /* they are not applied to one layer */
	q.layer = whole ? LK_LAYER_MERGED : LK_LAYER_BATCH;
	test_world_answer(&world, &q, &after);
	test_answer_rows(&after, &want);
	lk_buf difference = LK_BUF_INIT;
	if (!r->shape.lateness)
		test_rows_difference(&want, &got, &difference);
	if (difference.len)
		broken(r, "the batch (as PostgreSQL) and the speed layer before it", difference.data);
	test_rows_release(&want);
	test_rows_release(&got);
	lk_answer_release(&before);
	lk_answer_release(&after);
	q.layer = one_in(r, 2) ? LK_LAYER_BATCH : LK_LAYER_MERGED;
	same(r, "after the batch", &q, NULL, NULL);
}

/* The same with the batch layer's fold in C. */
static void check_fold(round *r) {
	lk_query q = test_query(r->view);
	test_world_run(&world, "UPDATE lk.version SET fold_only = true");
	append(r);
	test_world_batch(&world, r->view);
	lk_buf_adds(&r->story, " batch(fold)");
	q.layer = LK_LAYER_BATCH;
	same(r, "the batch folded in C", &q, NULL, NULL);
}

static void add_condition(lk_buf *sql, const lk_output *o, const lk_value *v, const char *text) {
	lk_buf_adds(sql, sql->len ? " AND " : "");
	lk_sql_ident(o->name, sql);
	if (lk_is_null(v)) {
		lk_buf_adds(sql, " IS NULL");
		return;
	}
	lk_buf_adds(sql, " = ");
	lk_sql_literal(text, strlen(text), sql);
	lk_buf_adds(sql, "::");
	lk_type_name(o->type, sql);
}

/* --where with some or all keys of an existing row. */
static void check_where(round *r) {
	lk_query q = test_query(r->view);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	lk_where where[8];
	lk_buf sql = LK_BUF_INIT, text = LK_BUF_INIT;
	lk_arena arena = {0};
	int n = 0;
	bool all = one_in(r, 2);
	for (int i = 0; a.nrows && i < a.plan->noutputs && n < 8; i++) {
		const lk_output *o = &a.plan->outputs[i];
		lk_value v;
		if (o->kind != LK_OUT_KEY || (!all && one_in(r, 2)))
			continue;
		lk_answer_value(&a, a.rows[below(r, (unsigned)a.nrows)], i, &v);
		lk_buf_clear(&text);
		lk_value_print(o->type, &v, &text);
		where[n] = (lk_where){.column = lk_arena_strdup(&arena, o->name), .op = lk_is_null(&v) ? LK_WHERE_NULL : LK_WHERE_EQ, .text = lk_arena_strdup(&arena, text.data ? text.data : "")};
		add_condition(&sql, o, &v, where[n].text);
		n++;
	}
	lk_answer_release(&a);
	q.where = where;
	q.nwhere = n;
	if (n)
		same(r, "with --where", &q, NULL, sql.data);
	lk_buf_release(&sql);
	lk_buf_release(&text);
	lk_arena_release(&arena);
}

static const lk_stream *stream_of(void *ctx, const char *name) {
	const lk_cat_stream *s = lk_catalog_stream(ctx, name);
	return s ? s->stream : NULL;
}

/* Adds --window and --slide to q: the oracle is the same text with another window. */
static void check_window(round *r, const lk_query *of, const char *condition) {
	if (!r->shape.window.pane_s)
		return;
	test_window_shape asked = test_window_asked(&r->shape.window, &r->seed);
	unsigned long seed = r->view_seed;
	test_view_shape shape;
	lk_buf sql = LK_BUF_INIT;
	test_random_view(&seed, r->view, r->stream, &asked, &sql, &shape);
	lk_definitions d;
	lk_resolver resolver = {.stream = stream_of, .ctx = world.catalog};
	assert_int_equal(lk_sql_parse(sql.data, sql.len, &resolver, &d), LK_OK);
	lk_query q = *of;
	q.window_us = asked.size_s * LK_US_PER_S;
	q.slide_us = asked.slide_s < asked.size_s || one_in(r, 2) ? asked.slide_s * LK_US_PER_S : 0;
	same(r, "with --window", &q, d.items[0].plan, condition);
	lk_definitions_release(&d);
	lk_buf_release(&sql);
}

/* Windows begin at whole slides plus an offset, so every second bound is such a start. */
static int64_t bound_near(round *r, int64_t us) {
	const test_window_shape *w = &r->shape.window;
	int64_t second = us / LK_US_PER_S;
	if (one_in(r, 2))
		second -= (second - w->offset_s) % w->slide_s;
	return second * LK_US_PER_S - !one_in(r, 3) + one_in(r, 3);
}

static void check_range(round *r) {
	if (!r->shape.window.name)
		return;
	lk_query q = test_query(r->view);
	int64_t from = bound_near(r, r->base_us - (int64_t)below(r, 400) * LK_US_PER_S);
	int64_t to = bound_near(r, from + (int64_t)below(r, 300) * LK_US_PER_S + 1);
	lk_buf sql = LK_BUF_INIT;
	const char *and = "";
	if (!one_in(r, 4)) {
		q.from = from;
		lk_buf_adds(&sql, "window_start >= timestamptz '");
		lk_time_print(from, &sql);
		lk_buf_addc(&sql, '\'');
		and = " AND ";
	}
	if (!one_in(r, 4)) {
		q.to = to;
		lk_buf_addf(&sql, "%swindow_start < timestamptz '", and);
		lk_time_print(to, &sql);
		lk_buf_addc(&sql, '\'');
	}
	if (sql.len)
		same(r, "with --from and --to", &q, NULL, sql.data);
	if (sql.len)
		check_window(r, &q, sql.data);
	lk_buf_release(&sql);
}

static void close_pool(void) {
	for (int i = 0; i < WORKERS; i++)
		if (pool[i].world)
			test_worker_close(&pool[i]);
	memset(pool, 0, sizeof pool);
}

static void play(round *r, unsigned *tried) {
	declare(r, tried);
	r->extreme = one_in(r, 2);
	r->base_us = INT64_C(1577836800000000);
	r->partitions = test_world_copy(&world, r->view)->version->plan->stream->partitions;
	r->workers = pool;
	for (int i = 0; i < WORKERS; i++)
		if (pool[i].world)
			test_worker_turn_to(&pool[i], test_world_copy(pool[i].world, r->view));
		else
			test_worker_open(&pool[i], &world, r->view);
	lk_query q = test_query(r->view);
	append(r);
	for (int i = 0, n = LEAST_STEPS + (int)below(r, MORE_STEPS); i < n; i++) {
		random_step(r);
		if (one_in(r, 3))
			same(r, "merged", &q, NULL, NULL);
	}
	catch_up(r);
	check_rejected(r);
	check_where(r);
	check_range(r);
	if (one_in(r, 2))
		check_window(r, &q, NULL);
	check_batch(r);
	if (one_in(r, 3))
		check_fold(r);
	append(r);
	step(r);
	same(r, "in the end", &q, NULL, NULL);
	check_where(r);
	lk_buf_release(&r->story);
}

/* I1, I2, I3 */
static void merged_answers_are_postgresqls(void **state) {
	(void)state;
	unsigned long seed = test_seed("oracle");
	int rounds = test_rounds("ROUNDS", ROUNDS);
	unsigned tried = 0;
	int compared = 0, raised = 0;
	for (int i = 0; i < rounds; i++) {
		if (i % ROUNDS_PER_LOG == 0) {
			close_pool();
			test_world_empty(&world);
		}
		round r = {.seed = seed + (unsigned long)i, .first_seed = seed + (unsigned long)i};
		snprintf(r.stream, sizeof r.stream, "s%d", i);
		snprintf(r.view, sizeof r.view, "v%d", i);
		play(&r, &tried);
		compared += r.compared;
		raised += r.raised;
	}
	print_message("%d rounds, %d answers compared, PostgreSQL raised at %d; %u definitions tried\n", rounds, compared, raised, tried);
	assert_true(rounds < ROUNDS_PER_LOG || raised * 2 < compared);   /* a few rounds repeat a failure */
	assert_true((int)tried <= 2 * rounds + 10);
}

static int start(void **state) {
	(void)state;
	test_servers_start(&servers);
	test_world_open(&world, &servers);
	test_world_run(&world, "ALTER SYSTEM SET fsync = off");   /* no server dies here */
	test_world_run(&world, "SELECT pg_reload_conf()");
	return 0;
}

static int stop(void **state) {
	(void)state;
	close_pool();
	test_world_close(&world);
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(merged_answers_are_postgresqls)};
	return cmocka_run_group_tests(tests, start, stop);
}
