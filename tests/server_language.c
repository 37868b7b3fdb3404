/* Difficult definitions, written by hand, each run three ways over the same events: by the stream path, by the batch in
 * SQL, and by the batch folded in C. Each answer equals the oracle's; if PostgreSQL raises, the three equal each
 * other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/batch.h"
#include "catalog/catalog.h"
#include "core/wide.h"
#include "expr/function.h"
#include "sql/sql.h"
#include "tests/support/fixtures.h"
#include "tests/support/random_view.h"
#include "tests/support/tiny_plan.h"
#include "tests/support/world.h"

enum { VIEWS_A_LOG = 42 };

static test_servers servers;
static test_world world;

static const char stream_text[] =
	"CREATE TABLE s (ts timestamptz, k text, i2 smallint, i4 int, i8 bigint, n numeric(6,2), f4 real, f8 double precision, b boolean, t text,"
	" other timestamptz, day date, stamp timestamp, vc varchar(8), u uuid, j jsonb, p numeric(38,10)) WITH (event_time = ts, partition_by = k, partitions = 2);";

/* What follows CREATE VIEW name AS. */
static const char *const views[] = {
#include "tests/language_views.h"
};

/* Keys, and arguments of aggregates that keep single values, which need more than the 38 digits of a stored number: NULL, and named in lk.rejected; PostgreSQL
 * computes them. */
static const char *const beyond[] = {
	"SELECT i8 * i8 * 1.5 AS x, count(*) AS n FROM s GROUP BY x",
	"SELECT min(p + i8 * i8) AS x, max(p * 100) AS y FROM s",
	"SELECT CASE WHEN b THEN i8 * i8 ELSE 0.0000000001 * i8 END AS x, count(*) AS n FROM s GROUP BY x, tumble(ts, '1 m')",
	"SELECT first(p * n) AS x, last(p * p) AS y, count(DISTINCT p * n) AS z, count(p * p) AS w FROM s",
	"SELECT top_k(p * 1000, 3) AS x, approx_count_distinct(p * 1000) AS y, sum(p * 1000) AS z FROM s",
};

static const lk_stream *stream_of(void *ctx, const char *name) {
	(void)ctx;
	const lk_cat_stream *s = lk_catalog_stream(world.catalog, name);
	return s ? s->stream : NULL;
}

/* Declares; false with the reason printed. */
static bool declare(const char *text) {
	lk_definitions d;
	lk_resolver resolver = {.stream = stream_of};
	lk_error err = {0};
	lk_apply_result result;
	lk_buf fault = LK_BUF_INIT;
	bool good = lk_sql_parse(text, strlen(text), &resolver, &d) == LK_OK;
	for (int i = 0; i < d.nfaults; i++)
		lk_fault_print(&d.faults[i], "view", text, strlen(text), &fault);
	if (good && lk_apply(&world.pg, &d.items[0], &result, &err) != LK_OK) {
		lk_buf_addf(&fault, "PostgreSQL refuses it: %s\n", err.text);
		good = false;
	}
	if (!good)
		fprintf(stderr, "%s\n  %s", text, fault.data);
	lk_buf_release(&fault);
	lk_definitions_release(&d);
	return good;
}

/* False if the answer differs; *raises if PostgreSQL raises. */
static bool agrees(const char *view, int layer, const char *what, const char *text, bool *raises) {
	lk_query q = test_query(view);
	lk_buf difference = LK_BUF_INIT;
	q.layer = layer;
	test_world_compare(&world, &q, NULL, NULL, &difference);
	*raises = difference.len && difference.data[0] == '?';
	bool good = !difference.len || *raises;
	if (!good)
		fprintf(stderr, "%s\n  %s: %s\n", text, what, difference.data);
	if (*raises && getenv("SHOW_RAISED"))
		fprintf(stderr, "%s\n  %s\n", text, difference.data);
	lk_buf_release(&difference);
	return good;
}

static void rows_of(const char *view, int layer, test_rows *out) {
	lk_query q = test_query(view);
	lk_answer a;
	q.layer = layer;
	test_world_answer(&world, &q, &a);
	test_answer_rows(&a, out);
	lk_answer_release(&a);
}

static bool same_rows(const test_rows *want, const char *view, const char *what, const char *text) {
	test_rows got;
	lk_buf difference = LK_BUF_INIT;
	/* HAVING and LIMIT are not applied to one layer */
	rows_of(view, strstr(text, "HAVING") || strstr(text, "LIMIT") || strstr(text, "FETCH") ? LK_LAYER_MERGED : LK_LAYER_BATCH, &got);
	test_rows_difference(want, &got, &difference);
	bool good = !difference.len;
	if (!good)
		fprintf(stderr, "%s\n  %s and the stream path: %s\n", text, what, difference.data);
	test_rows_release(&got);
	lk_buf_release(&difference);
	return good;
}

static bool rejected_any(const char *view) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "SELECT count(*) FROM lk.rejected j JOIN lk.version v USING (version_id) JOIN lk.view w USING (view_id) WHERE w.name = '%s'", view);
	int64_t n = test_world_int(&world, sql.data);
	lk_buf_release(&sql);
	return n > 0;
}

/* Definitions that are applied, run and batched together. */
typedef struct group {
	char *names[VIEWS_A_LOG], *texts[VIEWS_A_LOG];
	test_rows streamed[VIEWS_A_LOG];
	int n, failed, raised;
} group;

static void add(group *g, int i) {
	char *name = lk_asprintf("v%d", i), *text = lk_asprintf("CREATE VIEW %s AS %s", name, views[i]);
	if (!declare(text)) {
		g->failed++;
		free(name);
		free(text);
		return;
	}
	g->names[g->n] = name;
	g->texts[g->n++] = text;
}

static void check_streamed(group *g, int i) {
	bool raises, good = agrees(g->names[i], LK_LAYER_MERGED, "the stream path", g->texts[i], &raises);
	if (!raises && rejected_any(g->names[i])) {
		fprintf(stderr, "%s\n  PostgreSQL has an answer, but an event is in lk.rejected\n", g->texts[i]);
		good = false;
	}
	g->raised += raises;
	g->failed += !good;
	rows_of(g->names[i], LK_LAYER_MERGED, &g->streamed[i]);
}

static void batch_all(group *g, const char *what) {
	lk_error err = {0};
	lk_batch_report report;
	bool raises;
	test_world_reload(&world);
	for (int i = 0; i < g->n; i++)
		if (lk_batch_run(&world.pg, test_world_copy(&world, g->names[i]), &report, &err) != LK_OK)
			fail_msg("%s: %s", g->texts[i], err.text);
	for (int i = 0; i < g->n; i++)
		g->failed += !(agrees(g->names[i], LK_LAYER_BATCH, what, g->texts[i], &raises) &
		               same_rows(&g->streamed[i], g->names[i], what, g->texts[i]));
}

static void check(group *g) {
	test_world_reload(&world);
	test_world_speed_once(&world, NULL);
	for (int i = 0; i < g->n; i++)
		check_streamed(g, i);
	batch_all(g, "the batch");
	test_world_run(&world, "UPDATE lk.version SET fold_only = true");
	batch_all(g, "the batch folded");
	for (int i = 0; i < g->n; i++) {
		test_rows_release(&g->streamed[i]);
		free(g->names[i]);
		free(g->texts[i]);
	}
	g->n = 0;
}

static void check_all(bool extreme, unsigned long seed) {
	lk_arena arena = {0};
	group g = {0};
	int n = (int)(sizeof views / sizeof *views), tried = 0;
	lk_value *rows = test_random_rows(&seed, 300, INT64_C(1577836800000000), extreme, &arena);
	test_long_numbers(&seed, rows, 300);
	for (int i = (int)(test_random(&seed) % (unsigned)test_less()); i < n; i += test_less(), tried++) {
		if (g.n == 0) {
			test_world_empty(&world);
			test_world_declare(&world, stream_text);
			test_world_append(&world, "s", rows, 300);
		}
		add(&g, i);
		if (g.n == VIEWS_A_LOG)
			check(&g);
	}
	if (g.n)
		check(&g);
	lk_arena_release(&arena);
	print_message("%d views, PostgreSQL raised at %d\n", tried, g.raised);
	assert_int_equal(g.failed, 0);
}

static void beyond_38_digits(void **state) {
	(void)state;
	lk_arena arena = {0};
	unsigned long seed = test_seed("beyond 38 digits");
	test_world_empty(&world);
	test_world_declare(&world, stream_text);
	lk_value *rows = test_random_rows(&seed, 500, INT64_C(1577836800000000), true, &arena);
	test_long_numbers(&seed, rows, 500);
	test_world_append(&world, "s", rows, 500);
	for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
		char view[20];
		test_rows streamed;
		snprintf(view, sizeof view, "v%zu", i);
		char *text = lk_asprintf("CREATE VIEW %s AS %s", view, beyond[i]);
		assert_true(declare(text));
		test_world_reload(&world);
		test_world_speed_once(&world, view);
		assert_true(rejected_any(view));
		rows_of(view, LK_LAYER_MERGED, &streamed);
		test_world_batch(&world, view);
		assert_true(same_rows(&streamed, view, "the batch", text));
		test_rows_release(&streamed);
		free(text);
	}
	lk_arena_release(&arena);
}

static void ordinary_events(void **state) {
	(void)state;
	check_all(false, test_seed("ordinary events"));
}

static void extreme_events(void **state) {
	(void)state;
	check_all(true, test_seed("extreme events"));
}

/* --- numerics without a bound, as merged rows have them --- */

typedef struct numbers {
	unsigned long seed;
	tiny_plan t;
} numbers;

static int below(numbers *f, int n) { return (int)(test_random(&f->seed) % (unsigned)n); }

enum { WIDE_PAIRS = 3000, WIDE_OPERATORS = 6 };

static void random_decimal(numbers *f, lk_buf *out) {
	int whole = below(f, below(f, 4) ? 24 : 70), scale = below(f, below(f, 4) ? 22 : 60);
	lk_buf_adds(out, below(f, 2) ? "-" : "");
	lk_buf_addf(out, "%d", below(f, 10));
	for (int i = 0; i < whole; i++)
		lk_buf_addc(out, (char)('0' + (below(f, 5) ? below(f, 10) : 9)));
	lk_buf_adds(out, scale ? "." : "");
	for (int i = 0; i < scale; i++)
		lk_buf_addc(out, (char)('0' + (below(f, 4) ? below(f, 10) : 0)));
}

/* + - * / % of the slots, and round(a, n). */
static lk_value wide_result(numbers *f, int op, const lk_value *row, lk_eval *ev) {
	const lk_type any = {.kind = LK_NUMERIC}, i4 = {.kind = LK_INT4};
	lk_expr *a = tiny_slot(&f->t, 0, any), *b = tiny_slot(&f->t, 1, any);
	static const lk_function *round;
	for (int i = 0; !round; i++)
		if (!strcmp(lk_function_at(i)->name, "round") && lk_function_at(i)->nargs == 2)
			round = lk_function_at(i);
	const char *fault;
	lk_expr *digits = tiny_const(&f->t, i4, lk_int(7));
	lk_expr *x = op == 5 ? lk_call_new(&f->t.arena, round, (lk_expr *[]){a, digits}, &fault) : tiny_op2(&f->t, LK_X_ADD + op, any, a, b);
	return lk_expr_eval(x, row, ev);
}

static void wide_numbers_agree_with_postgresql(void **state) {
	(void)state;
	numbers n = {.seed = test_seed("numbers of any length")}, *f = &n;
	static const char *const operators[WIDE_OPERATORS] = {"+", "-", "*", "/", "%", ""};
	lk_arena texts = {0};
	lk_buf sql = LK_BUF_INIT;
	char *a[WIDE_PAIRS], *b[WIDE_PAIRS];
	int nwide = 0;
	lk_buf_adds(&sql, "SELECT a + b, a - b, a * b, a / nullif(b, 0), a % nullif(b, 0), round(a, 7) FROM (VALUES ");
	for (int i = 0; i < WIDE_PAIRS; i++) {
		lk_buf t = LK_BUF_INIT;
		random_decimal(f, &t);
		a[i] = lk_arena_strdup(&texts, t.data);
		lk_buf_clear(&t);
		random_decimal(f, &t);
		b[i] = lk_arena_strdup(&texts, t.data);
		lk_buf_release(&t);
		lk_buf_addf(&sql, "%s(%d, %s::numeric, %s::numeric)", i ? ", " : "", i, a[i], b[i]);
	}
	lk_buf_adds(&sql, ") AS v(i, a, b) ORDER BY i");
	PGresult *res = NULL;
	lk_error err = {0};
	if (lk_pg_exec(&world.pg, &res, &err, sql.data, 0, NULL) != LK_OK)
		fail_msg("%s", err.text);
	for (int i = 0; i < WIDE_PAIRS; i++)
		for (int op = 0; op < WIDE_OPERATORS; op++) {
			lk_eval ev = {.arena = &texts};
			lk_value row[] = {tiny_numeric(a[i], &texts), tiny_numeric(b[i], &texts)}, v = wide_result(f, op, row, &ev);
			lk_buf text = LK_BUF_INIT;
			lk_buf_adds(&text, "");
			lk_value_print((lk_type){.kind = LK_NUMERIC}, &v, &text);
			nwide += v.state == LK_VALUE && v.scale == LK_WIDE;
			if (strcmp(text.data, PQgetvalue(res, i, op)))
				fail_msg("%s %s %s: PostgreSQL has %s, lk %s", a[i], operators[op], b[i], PQgetvalue(res, i, op), text.data);
			lk_buf_release(&text);
		}
	assert_true(nwide > WIDE_PAIRS);
	PQclear(res);
	lk_buf_release(&sql);
	lk_arena_release(&texts);
	lk_arena_release(&f->t.arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(ordinary_events), cmocka_unit_test(extreme_events),
	                                   cmocka_unit_test(beyond_38_digits), cmocka_unit_test(wide_numbers_agree_with_postgresql)};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
