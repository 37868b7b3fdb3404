/* The algebra of every aggregate over every type that it takes, with random inputs: init is the identity, merge
 * commutes and associates, equal sets of rows give equal bytes in any order and grouping, every form of a state
 * reads back exactly, a value taken out leaves nothing behind, and an extreme is that of one value. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aggregates/aggregate.h"
#include "tests/support/random.h"
#include "tests/support/tiny_plan.h"

enum { STATE_MAX = 256, ROWS_MAX = 30, ROUNDS = 400 };

typedef struct cell {
	char bytes[STATE_MAX] __attribute__((aligned(16)));
} cell;

typedef struct fixture {
	lk_agg agg;
	lk_arena arena;
	uint64_t seed;
} fixture;

static void start(fixture *f, cell *c) {
	assert_true(f->agg.verbs->state_size <= STATE_MAX && f->agg.verbs->state_size % 16 == 0);
	memset(c, 0xa5, sizeof *c);
	f->agg.verbs->init(c);
}

typedef struct row {
	lk_value v;
	lk_place at;
} row;

static void add(fixture *f, cell *c, const row *r) {
	if (!lk_is_null(&r->v))
		f->agg.verbs->fold(c, &f->agg, &r->v, &r->at, &f->arena);
}

/* No two rows have the same place. */
static void random_rows(fixture *f, row *rows, int n) {
	for (int i = 0; i < n; i++)
		rows[i] = (row){.v = random_value(&f->seed, f->agg.arg_type, &f->arena),
		                .at = {.ts = random_below(&f->seed, 4) - 2, .part = i % 3, .off = i / 6, .row = i / 3 % 2}};
}

static void merge(fixture *f, cell *into, const cell *from) { f->agg.verbs->merge(into, &f->agg, from, &f->arena); }

static void encode(fixture *f, const cell *c, lk_buf *out) {
	lk_buf_clear(out);
	f->agg.verbs->encode(c, &f->agg, out);
}

static void assert_same(fixture *f, const cell *a, const cell *b) {
	lk_buf x = LK_BUF_INIT, y = LK_BUF_INIT;
	encode(f, a, &x);
	encode(f, b, &y);
	assert_int_equal(x.len, y.len);
	assert_memory_equal(x.data, y.data, x.len);
	lk_buf_release(&x);
	lk_buf_release(&y);
}

static void shuffle(fixture *f, row *rows, int n) {
	for (int i = n - 1; i > 0; i--) {
		int j = random_below(&f->seed, i + 1);
		row r = rows[i];
		rows[i] = rows[j];
		rows[j] = r;
	}
}

/* Splits the rows anywhere, folds each part, merges the parts left into right or right into left. */
static void fold_grouped(fixture *f, const row *rows, int n, cell *out) {
	if (n <= 1 || random_below(&f->seed, 4) == 0) {
		for (int i = 0; i < n; i++)
			add(f, out, &rows[i]);
		return;
	}
	int split = random_below(&f->seed, n + 1);
	cell left, right;
	start(f, &left);
	start(f, &right);
	fold_grouped(f, rows, split, &left);
	fold_grouped(f, rows + split, n - split, &right);
	bool swap = random_below(&f->seed, 2);
	merge(f, swap ? &right : &left, swap ? &left : &right);
	merge(f, out, swap ? &right : &left);
}

static void order_and_grouping(fixture *f, row *rows, int n) {
	cell straight, grouped;
	start(f, &straight);
	start(f, &grouped);
	for (int i = 0; i < n; i++)
		add(f, &straight, &rows[i]);
	shuffle(f, rows, n);
	fold_grouped(f, rows, n, &grouped);
	assert_same(f, &straight, &grouped);
}

static void identity_and_idempotence(fixture *f, const cell *c) {
	cell left, right, twice;
	start(f, &left);
	start(f, &right);
	merge(f, &left, c);
	assert_same(f, &left, c);
	merge(f, &left, &right);
	assert_same(f, &left, c);
	if (!f->agg.verbs->idempotent)
		return;
	start(f, &twice);
	merge(f, &twice, c);
	merge(f, &twice, c);
	assert_same(f, &twice, c);
}

static void same_final_value(fixture *f, const cell *a, const cell *b) {
	lk_value x, y;
	f->agg.verbs->finish(a, &f->agg, &x);
	if (lk_type_has_bytes(f->agg.type) && !lk_is_null(&x))   /* the next finish may use its place again */
		x = lk_text(lk_arena_strndup(&f->arena, x.s, x.len), x.len);
	f->agg.verbs->finish(b, &f->agg, &y);
	assert_int_equal(x.state, y.state);
	assert_int_equal(lk_value_compare(f->agg.type, &x, &y), 0);
}

/* The bytes are self-delimiting: later bytes stay unread, and a part of them is refused. */
static void bytes_and_back(fixture *f, const cell *c) {
	lk_buf b = LK_BUF_INIT;
	cell back;
	encode(f, c, &b);
	size_t len = b.len;
	lk_buf_adds(&b, "next");
	const uint8_t *first = (const uint8_t *)b.data, *p = first;
	start(f, &back);
	assert_int_equal(f->agg.verbs->decode(&back, &f->agg, &p, first + b.len, &f->arena), 0);
	assert_int_equal(p - first, len);
	assert_same(f, c, &back);
	same_final_value(f, c, &back);
	for (size_t cut = 0; cut < len; cut++) {
		p = first;
		start(f, &back);
		assert_int_equal(f->agg.verbs->decode(&back, &f->agg, &p, first + cut, &f->arena), -1);
	}
	lk_buf_release(&b);
}

static void columns_and_back(fixture *f, const cell *c) {
	lk_value columns[LK_MAX_PARTIALS];
	cell back;
	assert_in_range(f->agg.verbs->npartials, 1, LK_MAX_PARTIALS);
	f->agg.verbs->store(c, &f->agg, columns, &f->arena);
	start(f, &back);
	assert_int_equal(f->agg.verbs->load(&back, &f->agg, columns, &f->arena), 0);
	assert_same(f, c, &back);
	same_final_value(f, c, &back);
}

/* A value that is taken out leaves nothing behind, in whatever order values come and go. */
static void inverse(fixture *f, const row *rows, int n) {
	cell came, stayed;
	bool there[ROWS_MAX] = {false};
	if (!f->agg.verbs->unfold)
		return;
	start(f, &came);
	for (int i = 0; i < 3 * n; i++) {
		int at = random_below(&f->seed, n);
		if (!there[at])
			add(f, &came, &rows[at]);
		else if (!lk_is_null(&rows[at].v))
			f->agg.verbs->unfold(&came, &f->agg, &rows[at].v, &f->arena);
		there[at] = !there[at];
	}
	start(f, &stayed);
	for (int i = 0; i < n; i++)
		if (there[i])
			add(f, &stayed, &rows[i]);
	assert_same(f, &came, &stayed);
	same_final_value(f, &came, &stayed);
}

/* Is the row at least as extreme as the other one, in the sense of the aggregate? */
static bool is_extreme(const fixture *f, const row *a, const row *b) {
	int by_value = lk_value_compare(f->agg.arg_type, &a->v, &b->v);
	int64_t by_place = a->at.ts != b->at.ts ? a->at.ts - b->at.ts : a->at.part != b->at.part ? a->at.part - b->at.part
	                 : a->at.off != b->at.off ? a->at.off - b->at.off : a->at.row - b->at.row;
	switch (f->agg.verbs->extreme) {
	case LK_LEAST: return by_value <= 0;
	case LK_GREATEST: return by_value >= 0;
	case LK_EARLIEST: return by_place <= 0;
	default: return by_place >= 0;
	}
}

/* The state of all values is that of the most extreme one. */
static void extreme(fixture *f, const row *rows, int n, const cell *all) {
	const row *most = NULL;
	cell alone;
	if (!f->agg.verbs->extreme)
		return;
	for (int i = 0; i < n; i++)
		if (!lk_is_null(&rows[i].v) && (!most || is_extreme(f, &rows[i], most)))
			most = &rows[i];
	start(f, &alone);
	if (most)
		add(f, &alone, most);
	assert_same(f, &alone, all);
}

static void check_laws(fixture *f) {
	row rows[ROWS_MAX];
	for (int round = 0; round < ROUNDS; round++) {
		int n = random_below(&f->seed, ROWS_MAX + 1);
		random_rows(f, rows, n);
		cell c;
		start(f, &c);
		for (int i = 0; i < n; i++)
			add(f, &c, &rows[i]);
		order_and_grouping(f, rows, n);
		identity_and_idempotence(f, &c);
		bytes_and_back(f, &c);
		columns_and_back(f, &c);
		inverse(f, rows, n);
		extreme(f, rows, n, &c);
		lk_arena_clear(&f->arena);
	}
}

/* A valid value for the second argument. */
static double any_param(const lk_aggregate *verbs) {
	static const double tried[] = {0.5, 3};
	for (size_t i = 0; verbs->param && i < sizeof tried / sizeof *tried; i++)
		if (!verbs->param_fault(tried[i]))
			return tried[i];
	assert_null(verbs->param);
	return 0;
}

/* I10 */
static void every_aggregate_keeps_the_laws(void **state) {
	(void)state;
	fixture f = {.seed = random_seed()};
	int checked = 0;
	for (const lk_aggregate *const *verbs = lk_aggregates; *verbs; verbs++)
		for (int t = 0; t < RANDOM_TYPES; t++) {
			const char *reason = NULL;
			f.agg = (lk_agg){.verbs = *verbs, .arg_type = random_types[t], .param = any_param(*verbs)};
			if ((*verbs)->resolve(random_types[t], &f.agg.type, &reason) != 0) {
				assert_true(reason && strlen(reason) > 10);
				continue;
			}
			check_laws(&f);
			checked++;
		}
	assert_true(checked > 40);
	lk_arena_release(&f.arena);
}

static const lk_value *final_of(fixture *f, const char *name, lk_type arg, const lk_value *rows, int n) {
	static lk_value out;
	static cell c;
	const char *reason;
	f->agg = (lk_agg){.arg_type = arg};
	assert_int_equal(lk_aggregate_resolve(&f->agg, name, false, false, &reason), 0);
	start(f, &c);
	for (int i = 0; i < n; i++)
		add(f, &c, &(row){.v = rows[i], .at = {.off = i}});
	f->agg.verbs->finish(&c, &f->agg, &out);
	return &out;
}

/* Results and types as in PostgreSQL 15. */
static void final_values(void **state) {
	(void)state;
	static const lk_type flag = {.kind = LK_BOOL}, i2 = {.kind = LK_INT2}, i4 = {.kind = LK_INT4}, i8 = {.kind = LK_INT8}, f8 = {.kind = LK_FLOAT8},
	                     num = {.kind = LK_NUMERIC, .precision = 18, .scale = 2};
	static const lk_value ints[] = {{.i = 1}, {.i = 2}, {.state = LK_NULL}, {.i = 2}};
	static const lk_value bigs[] = {{.i = INT64_MAX}, {.i = INT64_MAX}, {.i = 1}};
	static const lk_value money[] = {{.n = 150, .scale = 2}, {.n = 5, .scale = 0}};
	static const lk_value doubles[] = {{.d = -0.0}, {.d = NAN}, {.d = 3}, {.d = INFINITY}};
	static const lk_value flags[] = {{.i = 1}, {.state = LK_NULL}, {.i = 0}};
	static const lk_value years[] = {{.i = 1001}, {.i = 1003}}, tenths[] = {{.d = 0.1}, {.d = 0.2}, {.d = 0.3}};
	static const lk_value null = {.state = LK_NULL};
	static const struct { const char *name; lk_type arg; const lk_value *rows; int n; const char *want, *type; } rows[] = {
		{"count", i4, ints, 4, "3", "bigint"}, {"sum", i4, ints, 4, "5", "bigint"},
		{"avg", i4, ints, 4, "1.6666666666666667", "numeric"},
		{"min", i4, ints, 4, "1", "integer"}, {"max", i4, ints, 4, "2", "integer"}, {"sum", i2, ints, 4, "5", "bigint"},
		{"sum", i8, bigs, 3, "18446744073709551615", "numeric(38,0)"},
		{"avg", i8, bigs, 3, "6148914691236517205", "numeric"},
		{"sum", num, money, 2, "6.50", "numeric(38,2)"}, {"avg", num, money, 2, "3.2500000000000000", "numeric"},
		{"max", num, money, 2, "5.00", "numeric(18,2)"},
		{"min", f8, doubles, 4, "0", "double precision"}, {"max", f8, doubles, 4, "NaN", "double precision"},
		{"bool_and", flag, flags, 3, "false", "boolean"}, {"bool_or", flag, flags, 3, "true", "boolean"},
		{"every", flag, flags, 2, "true", "boolean"}, {"bool_or", flag, &null, 1, "", "boolean"},
		{"var_pop", i4, years, 2, "1", "double precision"}, {"variance", i8, years, 2, "2", "double precision"},
		{"stddev_pop", i4, years, 2, "1", "double precision"}, {"var_samp", i4, years, 1, "", "double precision"},
		{"var_pop", i8, bigs, 3, "1.8904575940052136e+37", "double precision"},
		{"var_pop", num, money, 2, "3.0625", "double precision"}, {"stddev", num, money, 2, "2.4748737341529163", "double precision"},
		{"sum", f8, tenths, 3, "0.6", "double precision"}, {"avg", f8, tenths, 3, "0.2", "double precision"},
		{"var_pop", f8, doubles, 4, "NaN", "double precision"}, {"sum", f8, doubles, 1, "0", "double precision"},
		{"sum", f8, doubles, 2, "NaN", "double precision"}, {"avg", f8, &doubles[3], 1, "Infinity", "double precision"},
		{"first", i4, ints, 4, "1", "integer"}, {"last", i4, ints, 3, "2", "integer"}, {"last", i4, &null, 1, "", "integer"},
		{"approx_count_distinct", i4, ints, 4, "2", "bigint"},
		{"count", i4, &null, 1, "0", "bigint"}, {"sum", i4, &null, 1, "", "bigint"},
		{"avg", i4, &null, 1, "", "numeric"}, {"min", f8, &null, 1, "", "double precision"},
	};
	fixture f = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_buf b = LK_BUF_INIT, type = LK_BUF_INIT;
		lk_buf_adds(&b, "");
		const lk_value *v = final_of(&f, rows[i].name, rows[i].arg, rows[i].rows, rows[i].n);
		lk_value_print(f.agg.type, v, &b);
		lk_type_name(f.agg.type, &type);
		assert_string_equal(b.data, rows[i].want);
		assert_string_equal(type.data, rows[i].type);
		lk_buf_release(&b);
		lk_buf_release(&type);
	}
	lk_arena_release(&f.arena);
}

static void sums_of_integers_that_leave_bigint_are_marked(void **state) {
	(void)state;
	lk_type i4 = {.kind = LK_INT4};
	lk_value columns[] = {{.i = INT64_MAX}}, out;
	fixture f = {.agg = {.verbs = tiny_aggregate("sum", false), .arg_type = i4, .type = {.kind = LK_INT8}}};
	cell a, b;
	start(&f, &a);
	start(&f, &b);
	f.agg.verbs->load(&a, &f.agg, columns, &f.arena);
	f.agg.verbs->load(&b, &f.agg, columns, &f.arena);
	merge(&f, &a, &b);
	f.agg.verbs->finish(&a, &f.agg, &out);
	assert_int_equal(out.state, LK_MARKED);
	columns[0] = lk_int(-INT64_MAX);
	f.agg.verbs->load(&b, &f.agg, columns, &f.arena);
	merge(&f, &a, &b);
	f.agg.verbs->finish(&a, &f.agg, &out);
	assert_int_equal(out.state, LK_VALUE);
	assert_int_equal(out.i, INT64_MAX);
}

static void partial_sql(void **state) {
	(void)state;
	lk_type i4 = {.kind = LK_INT4}, i8 = {.kind = LK_INT8}, num = {.kind = LK_NUMERIC, .precision = 18, .scale = 4}, text = {.kind = LK_TEXT},
	        flag = {.kind = LK_BOOL};
	const struct { const char *name; bool star; lk_type arg; const char *sql[2], *type[2], *filter; } rows[] = {
		{"count", true, i8, {"count(*)"}, {"bigint"}, ""},
		{"count", false, text, {"count(x)"}, {"bigint"}, ""},
		{"sum", false, i4, {"sum(x)"}, {"bigint"}, ""},
		{"sum", false, i8, {"sum(x)::numeric(38,0)"}, {"numeric(38,0)"}, ""},
		{"sum", false, num, {"sum(x)::numeric(38,4)"}, {"numeric(38,4)"}, ""},
		{"min", false, text, {"min(x)"}, {"text"}, ""},
		{"max", false, num, {"max(x)"}, {"numeric(18,4)"}, ""},
		{"avg", false, i4, {"sum(x)", "count(x)"}, {"bigint", "bigint"}, ""},
		{"avg", false, num, {"sum(x)::numeric(38,4)", "count(x)"}, {"numeric(38,4)", "bigint"}, ""},
		{"avg", false, i8, {"sum(x) F::numeric(38,0)", "count(x) F"}, {"numeric(38,0)", "bigint"}, " F"},
		{"count", true, i8, {"count(*) F"}, {"bigint"}, " F"},
		{"every", false, flag, {"every(x) F"}, {"boolean"}, " F"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_agg a = {.verbs = tiny_aggregate(rows[i].name, rows[i].star), .arg_type = rows[i].arg};
		for (int c = 0; c < a.verbs->npartials; c++) {
			lk_buf sql = LK_BUF_INIT, type = LK_BUF_INIT;
			a.verbs->partial_sql(&a, c, "x", rows[i].filter, &sql);
			lk_type_name(a.verbs->partial_type(&a, c), &type);
			assert_string_equal(sql.data, rows[i].sql[c]);
			assert_string_equal(type.data, rows[i].type[c]);
			lk_buf_release(&sql);
			lk_buf_release(&type);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_aggregate_keeps_the_laws),
		cmocka_unit_test(final_values),
		cmocka_unit_test(sums_of_integers_that_leave_bigint_are_marked),
		cmocka_unit_test(partial_sql),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
