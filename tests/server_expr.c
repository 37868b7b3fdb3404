/* Random expressions over random rows, evaluated in C and by PostgreSQL from lk_expr_sql: if PostgreSQL has an answer,
 * lk has the same one, unmarked (R1); and their types are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "postgres/pg.h"
#include "tests/support/log.h"
#include "tests/support/random.h"
#include "tests/support/servers.h"
#include "tests/support/tiny_plan.h"

enum { COLUMNS = RANDOM_TYPES, ROWS = 24, EXPRESSIONS = 1500 };
static const lk_type boolean = {.kind = LK_BOOL}, f8 = {.kind = LK_FLOAT8}, wide = {.kind = LK_NUMERIC, .precision = 34, .scale = 8},
                     small = {.kind = LK_NUMERIC, .precision = 5, .scale = 2};

typedef struct fixture {
	test_servers servers;
	lk_pg pg;
	uint64_t seed;
	tiny_plan t;          /* owns expressions and texts */
	lk_arena texts;       /* of the rows */
	lk_value rows[ROWS][COLUMNS];
	int64_t answered, raised, strict;
} fixture;

static const lk_type *column_types(void) { return random_types; }

static void slot_sql(void *ctx, int slot, lk_buf *out) {
	(void)ctx;
	lk_buf_addf(out, "c%d", slot);
}

static lk_expr *make(fixture *f, int op, lk_type type, int n, lk_expr *const *args) { return tiny_op(&f->t, op, type, n, args); }

static lk_expr *cast(fixture *f, lk_expr *x, lk_type to) {
	return lk_type_equal(x->type, to) ? x : make(f, LK_X_CAST, to, 1, &x);
}

static lk_expr *random_expr(fixture *f, lk_type t, int depth);

static lk_expr *random_leaf(fixture *f, lk_type t) {
	if (random_below(&f->seed, 3))
		for (int i = random_below(&f->seed, COLUMNS), n = 0; n < COLUMNS; n++, i = (i + 1) % COLUMNS)
			if (column_types()[i].kind == t.kind)
				return cast(f, tiny_slot(&f->t, i, column_types()[i]), t);
	if (t.kind == LK_NUMERIC)
		return cast(f, tiny_const(&f->t, small, random_value(&f->seed, small, &f->t.arena)), t);
	return tiny_const(&f->t, t, random_value(&f->seed, t, &f->t.arena));
}

/* Arithmetic of the type; numerics are multiplied by short constants, so results have at most 38 digits. */
static lk_expr *random_arithmetic(fixture *f, lk_type t, int depth) {
	const lk_type product = {.kind = LK_NUMERIC, .precision = 10, .scale = 4},
	              sum = {.kind = LK_NUMERIC, .precision = 36, .scale = t.scale};
	lk_expr *a = random_expr(f, t, depth - 1), *b = random_expr(f, t, depth - 1);
	int op = LK_X_ADD + random_below(&f->seed, t.kind == LK_NUMERIC ? 3 : 4);
	if (random_below(&f->seed, 5) == 0)
		return make(f, LK_X_NEG, t, 1, &a);
	if (t.kind != LK_NUMERIC)
		return tiny_op2(&f->t, op, t, a, b);
	if (op == LK_X_MUL)
		return cast(f, tiny_op2(&f->t, op, product, random_leaf(f, small), random_leaf(f, small)), t);
	return cast(f, tiny_op2(&f->t, op, sum, a, b), t);
}

static lk_expr *random_choice(fixture *f, lk_type t, int depth) {
	lk_expr *args[5];
	if (random_below(&f->seed, 2)) {
		for (int i = 0; i < 3; i++)
			args[i] = random_expr(f, t, depth - 1);
		return make(f, LK_X_COALESCE, t, 2 + random_below(&f->seed, 2), args);
	}
	for (int i = 0; i < 5; i++)
		args[i] = random_expr(f, i == 0 || i == 2 ? boolean : t, depth - 1);
	return make(f, LK_X_CASE, t, 5, args);
}

static lk_expr *random_like(fixture *f, int depth) {
	static const char *const patterns[] = {"%", "a%", "%b", "_", "%_", "%é%", "\\%%", "a_b%", "%/%", "", "%\\\\%", "__"};
	const char *pattern = patterns[random_below(&f->seed, (int)(sizeof patterns / sizeof *patterns))];
	lk_type text = {.kind = LK_TEXT};
	return tiny_op2(&f->t, random_below(&f->seed, 2) ? LK_X_LIKE : LK_X_NOTLIKE, boolean, random_expr(f, text, depth - 1),
	                tiny_const(&f->t, text, lk_text(pattern, strlen(pattern))));
}

static lk_type random_type(fixture *f) {
	lk_type t = column_types()[random_below(&f->seed, COLUMNS)];
	return t.kind == LK_NUMERIC ? wide : t;
}

static lk_expr *random_condition(fixture *f, int depth) {
	lk_type t = random_type(f);
	lk_expr *args[4];
	int n = 2 + random_below(&f->seed, 3);
	switch (random_below(&f->seed, 8)) {
	case 0:
	case 1:
		for (int i = 0; i < n; i++)
			args[i] = random_expr(f, boolean, depth - 1);
		return make(f, random_below(&f->seed, 2) ? LK_X_AND : LK_X_OR, boolean, n, args);
	case 2:
		args[0] = random_expr(f, boolean, depth - 1);
		return make(f, LK_X_NOT, boolean, 1, args);
	case 3:
		args[0] = random_expr(f, t, depth - 1);
		return make(f, random_below(&f->seed, 2) ? LK_X_ISNULL : LK_X_NOTNULL, boolean, 1, args);
	case 4:
		for (int i = 0; i < n; i++)
			args[i] = random_expr(f, t, depth - 1);
		return make(f, random_below(&f->seed, 2) ? LK_X_IN : LK_X_NOTIN, boolean, n, args);
	case 5: return random_like(f, depth);
	default:
		args[0] = random_expr(f, t, depth - 1);
		args[1] = random_expr(f, t, depth - 1);
		return make(f, LK_X_EQ + random_below(&f->seed, 6), boolean, 2, args);
	}
}

static lk_expr *random_number(fixture *f, int depth) {
	for (;;) {
		lk_type t = random_type(f);
		if (lk_type_is_integer(t) || t.kind == LK_NUMERIC || t.kind == LK_FLOAT4)
			return cast(f, random_expr(f, t, depth - 1), f8);
	}
}

static lk_expr *random_expr(fixture *f, lk_type t, int depth) {
	int kind = random_below(&f->seed, 4);
	bool number = t.kind != LK_BOOL && t.kind != LK_TEXT && t.kind != LK_TIME;
	if (depth <= 0 || kind == 0)
		return random_leaf(f, t);
	if (kind == 1)
		return random_choice(f, t, depth);
	if (t.kind == LK_BOOL)
		return random_condition(f, depth);
	if (t.kind == LK_FLOAT8 && random_below(&f->seed, 3) == 0)
		return random_number(f, depth);
	return number ? random_arithmetic(f, t, depth) : random_leaf(f, t);
}

static void make_table(fixture *f) {
	lk_buf sql = LK_BUF_INIT;
	lk_error err = {0};
	lk_buf_adds(&sql, "CREATE TEMP TABLE v (id int PRIMARY KEY");
	for (int c = 0; c < COLUMNS; c++) {
		lk_buf_addf(&sql, ", c%d ", c);
		lk_type_name(column_types()[c], &sql);
		lk_buf_adds(&sql, column_types()[c].kind == LK_TEXT ? " COLLATE \"C\"" : "");
	}
	lk_buf_adds(&sql, "); INSERT INTO v VALUES ");
	for (int r = 0; r < ROWS; r++) {
		lk_buf_addf(&sql, "%s(%d", r ? ", " : "", r);
		for (int c = 0; c < COLUMNS; c++) {
			f->rows[r][c] = random_value(&f->seed, column_types()[c], &f->texts);
			lk_buf_adds(&sql, ", ");
			lk_expr_sql(tiny_const(&f->t, column_types()[c], f->rows[r][c]), slot_sql, NULL, &sql);
		}
		lk_buf_addc(&sql, ')');
	}
	if (lk_pg_run(&f->pg, &err, sql.data) != LK_OK)
		fail_msg("%s", err.text);
	lk_buf_release(&sql);
}

static void show(fixture *f, const lk_expr *x, int row, const char *sql, const char *theirs) {
	lk_buf b = LK_BUF_INIT;
	for (int c = 0; c < COLUMNS; c++) {
		lk_buf_addf(&b, " c%d=", c);
		lk_value_json(column_types()[c], &f->rows[row][c], &b);
	}
	lk_value v = lk_expr_eval(x, f->rows[row], &(lk_eval){0});
	lk_buf_addf(&b, "\nPostgreSQL: %s, lk (state %d): ", theirs ? theirs : "NULL", v.state);
	lk_value_json(x->type, &v, &b);
	fail_msg("%s\n%s", sql, b.data);
}

static bool same(const lk_expr *x, const lk_value *ours, const char *theirs) {
	const char *reason;
	lk_value v;
	if (!theirs)
		return ours->state == LK_NULL;
	if (ours->state != LK_VALUE)
		return false;
	if (x->type.kind == LK_NUMERIC) {
		lk_buf b = LK_BUF_INIT;
		lk_value_print(x->type, ours, &b);
		bool equal = strcmp(b.data, theirs) == 0;
		lk_buf_release(&b);
		return equal;
	}
	return lk_value_parse(x->type, theirs, strlen(theirs), &v, &reason) == 0 && lk_value_compare(x->type, ours, &v) == 0;
}

/* Rows first … first + n - 1 in one statement. False if PostgreSQL raised an error of class 22. */
static bool compare_rows(fixture *f, const lk_expr *x, const char *sql, int first, int n) {
	lk_buf query = LK_BUF_INIT;
	lk_error err = {0};
	PGresult *res = NULL;
	lk_buf_addf(&query, "SELECT %s FROM v WHERE id >= %d AND id < %d ORDER BY id", sql, first, first + n);
	int status = lk_pg_exec(&f->pg, &res, &err, query.data, 0, NULL);
	lk_buf_release(&query);
	if (status == LK_EVALUE) {
		PQclear(res);
		return false;
	}
	if (status != LK_OK)
		fail_msg("%s\n%s", sql, err.text);
	assert_int_equal(PQntuples(res), n);
	assert_int_equal(PQftype(res, 0), lk_type_oid(x->type));
	for (int i = 0; i < n; i++) {
		lk_value ours = lk_expr_eval(x, f->rows[first + i], &(lk_eval){0});
		const char *theirs = PQgetisnull(res, i, 0) ? NULL : PQgetvalue(res, i, 0);
		if (!same(x, &ours, theirs))
			show(f, x, first + i, sql, theirs);
	}
	PQclear(res);
	return true;
}

static bool is_strict(const lk_expr *x) {
	bool strict = x->op != LK_X_AND && x->op != LK_X_OR && x->op != LK_X_IN && x->op != LK_X_NOTIN && x->op != LK_X_ISNULL &&
	              x->op != LK_X_NOTNULL && x->op != LK_X_CASE && x->op != LK_X_COALESCE;
	for (int i = 0; strict && i < x->nargs; i++)
		strict = is_strict(x->args[i]);
	return strict;
}

/* One row for which PostgreSQL raised: strict operators absorb nothing, so lk must have no value either. */
static void check_raised(fixture *f, const lk_expr *x, const char *sql, int row) {
	f->raised++;
	if (!is_strict(x))
		return;
	f->strict++;
	lk_value ours = lk_expr_eval(x, f->rows[row], &(lk_eval){0});
	if (!lk_is_null(&ours))
		show(f, x, row, sql, "raised");
}

static void random_expressions_agree_with_postgresql(void **state) {
	fixture *f = *state;
	make_table(f);
	for (int i = 0; i < EXPRESSIONS; i++) {
		lk_buf sql = LK_BUF_INIT;
		lk_expr *x = random_expr(f, random_type(f), 4);
		lk_expr_sql(x, slot_sql, NULL, &sql);
		if (compare_rows(f, x, sql.data, 0, ROWS)) {
			f->answered += ROWS;
		} else {
			for (int row = 0; row < ROWS; row++)
				if (compare_rows(f, x, sql.data, row, 1))
					f->answered++;
				else
					check_raised(f, x, sql.data, row);
		}
		lk_buf_release(&sql);
		lk_arena_clear(&f->t.arena);
	}
	printf("%lld answers compared, %lld times PostgreSQL raised\n", (long long)f->answered, (long long)f->raised);
	assert_true(f->answered > EXPRESSIONS && f->raised > EXPRESSIONS / 10 && f->strict > EXPRESSIONS / 10);
}

/* In a filter PostgreSQL reorders conditions, so it may answer where evaluation in order would raise. */
static void random_filters_agree_with_postgresql(void **state) {
	fixture *f = *state;
	int64_t agreed = 0;
	for (int i = 0; i < EXPRESSIONS / 3; i++) {
		lk_buf sql = LK_BUF_INIT;
		lk_error err = {0};
		PGresult *res = NULL;
		lk_expr *args[] = {random_condition(f, 3), random_condition(f, 3), random_condition(f, 2)};
		lk_expr *x = make(f, LK_X_AND, boolean, 3, args);
		lk_buf_adds(&sql, "SELECT id FROM v WHERE ");
		lk_expr_sql(x, slot_sql, NULL, &sql);
		lk_buf_adds(&sql, " ORDER BY id");
		int status = lk_pg_exec(&f->pg, &res, &err, sql.data, 0, NULL);
		if (status == LK_OK) {
			int at = 0;
			for (int row = 0; row < ROWS; row++) {
				lk_value ours = lk_expr_eval(x, f->rows[row], &(lk_eval){0});
				bool theirs = at < PQntuples(res) && atoi(PQgetvalue(res, at, 0)) == row;
				at += theirs;
				if (ours.state == LK_MARKED || (ours.state == LK_VALUE && ours.i) != theirs)
					show(f, x, row, sql.data, theirs ? "passes" : "refused");
			}
			agreed++;
		} else if (status != LK_EVALUE) {
			fail_msg("%s\n%s", sql.data, err.text);
		}
		PQclear(res);
		lk_buf_release(&sql);
		lk_arena_clear(&f->t.arena);
	}
	assert_true(agreed > EXPRESSIONS / 10);
}

static int start(void **state) {
	fixture *f = lk_calloc(1, sizeof *f);
	*state = f;
	f->seed = random_seed();
	test_servers_start(&f->servers);
	test_open(&f->pg, &f->servers);
	return 0;
}

static int stop(void **state) {
	fixture *f = *state;
	lk_pg_close(&f->pg);
	test_servers_stop(&f->servers);
	lk_arena_release(&f->texts);
	tiny_plan_release(&f->t);
	free(f);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_expressions_agree_with_postgresql),
		cmocka_unit_test(random_filters_agree_with_postgresql),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
