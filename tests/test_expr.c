/* Expressions: every operator with values, NULLs, marks and overflows; texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/wide.h"
#include "expr/function.h"
#include "expr/like.h"
#include "tests/support/random.h"
#include "tests/support/tiny_plan.h"

static const lk_type i2 = {.kind = LK_INT2}, i4 = {.kind = LK_INT4}, i8 = {.kind = LK_INT8}, f4 = {.kind = LK_FLOAT4},
                     f8 = {.kind = LK_FLOAT8}, boolean = {.kind = LK_BOOL}, text = {.kind = LK_TEXT},
                     num = {.kind = LK_NUMERIC, .precision = 18, .scale = 2};
#define N {.state = LK_NULL}
#define M {.state = LK_MARKED}
#define I(x) {.i = x}
#define D(x) {.d = x}
#define T I(1)
#define F I(0)

static lk_value eval(lk_expr *x, const lk_value *row, const char **reason) {
	lk_eval ev = {0};
	lk_value v = lk_expr_eval(x, row, &ev);
	if (reason)
		*reason = ev.reason;
	return v;
}

static void assert_value(lk_type t, lk_value have, lk_value want) {
	assert_int_equal(have.state, want.state);
	assert_int_equal(lk_value_compare(t, &have, &want), 0);
}

static void arithmetic(void **state) {
	(void)state;
	static const struct { const lk_type *type; int op; lk_value a, b, want; const char *reason; } rows[] = {
		{&i2, LK_X_ADD, I(32767), I(1), M, "smallint out of range"},
		{&i2, LK_X_MUL, I(-182), I(181), M, "smallint out of range"},
		{&i2, LK_X_SUB, I(-32767), I(1), I(-32768), NULL},
		{&i4, LK_X_ADD, I(INT32_MAX), I(1), M, "integer out of range"},
		{&i4, LK_X_SUB, I(INT32_MIN), I(1), M, "integer out of range"},
		{&i4, LK_X_MUL, I(46341), I(46341), M, "integer out of range"},
		{&i4, LK_X_MUL, I(46340), I(46340), I(2147395600), NULL},
		{&i8, LK_X_ADD, I(INT64_MAX), I(1), M, "bigint out of range"},
		{&i8, LK_X_SUB, I(INT64_MIN), I(1), M, "bigint out of range"},
		{&i8, LK_X_MUL, I(INT64_MIN), I(-1), M, "bigint out of range"},
		{&i8, LK_X_MUL, I(INT64_MIN), I(1), I(INT64_MIN), NULL},
		{&i4, LK_X_ADD, N, I(1), N, NULL}, {&i4, LK_X_ADD, I(1), M, M, NULL}, {&i4, LK_X_ADD, N, M, N, NULL},
		{&i4, LK_X_ADD, M, N, N, NULL}, {&i4, LK_X_MUL, M, M, M, NULL},
		{&f8, LK_X_ADD, D(0.1), D(0.2), D(0.30000000000000004), NULL},
		{&f8, LK_X_ADD, D(1.7e308), D(1.7e308), M, "value out of range: overflow"},
		{&f8, LK_X_SUB, D(INFINITY), D(INFINITY), D(NAN), NULL},
		{&f8, LK_X_ADD, D(INFINITY), D(1), D(INFINITY), NULL},
		{&f8, LK_X_MUL, D(1e200), D(-1e200), M, "value out of range: overflow"},
		{&f8, LK_X_MUL, D(1e-200), D(1e-200), M, "value out of range: underflow"},
		{&f8, LK_X_MUL, D(0), D(1e-200), D(0), NULL}, {&f8, LK_X_MUL, D(INFINITY), D(2), D(INFINITY), NULL},
		{&f8, LK_X_MUL, D(0), D(INFINITY), D(NAN), NULL},
		{&f8, LK_X_SUB, D(5e-324), D(5e-324), D(0), NULL}, {&f4, LK_X_ADD, D(16777216), D(1), D(16777216), NULL},
		{&f4, LK_X_MUL, D(1e30f), D(1e30f), M, "value out of range: overflow"},
		{&f4, LK_X_MUL, D(1e-30f), D(1e-30f), M, "value out of range: underflow"},
		{&f4, LK_X_MUL, D(0.1f), D(0.1f), D(0.1f * 0.1f), NULL},
		{&num, LK_X_ADD, {.n = 150, .scale = 2}, {.n = 5, .scale = 1}, {.n = 200, .scale = 2}, NULL},
		{&num, LK_X_SUB, {.n = 1, .scale = 0}, {.n = 1, .scale = 3}, {.n = 999, .scale = 3}, NULL},
		{&num, LK_X_MUL, {.n = 150, .scale = 2}, {.n = -5, .scale = 1}, {.n = -750, .scale = 3}, NULL},
	};
	tiny_plan t = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_expr *x = tiny_op2(&t, rows[i].op, *rows[i].type, tiny_slot(&t, 0, *rows[i].type), tiny_slot(&t, 1, *rows[i].type));
		const char *reason;
		lk_value v = eval(x, (lk_value[]){rows[i].a, rows[i].b}, &reason);
		assert_value(*rows[i].type, v, rows[i].want);
		if (rows[i].type->kind == LK_NUMERIC)
			assert_int_equal(v.scale, rows[i].want.scale);
		if (rows[i].reason)
			assert_string_equal(reason, rows[i].reason);
	}
	lk_value wide = lk_numeric(lk_pow10(38) - 1, 38), product;
	lk_expr *x = tiny_op2(&t, LK_X_MUL, num, tiny_slot(&t, 0, num), tiny_slot(&t, 0, num));
	lk_buf printed = LK_BUF_INIT;
	product = lk_expr_eval(x, &wide, &(lk_eval){.arena = &t.arena});
	lk_value_print(num, &product, &printed);
	assert_string_equal(printed.data, "0.9999999999999999999999999999999999999800000000000000000000000000000000000001");
	lk_buf_release(&printed);
	tiny_plan_release(&t);
}

static void negation(void **state) {
	(void)state;
	static const struct { const lk_type *type; lk_value a, want; } rows[] = {
		{&i2, I(-32768), M}, {&i4, I(INT32_MIN), M}, {&i8, I(INT64_MIN), M}, {&i8, I(5), I(-5)}, {&i4, N, N},
		{&i4, M, M},
		{&f8, D(1.5), D(-1.5)}, {&num, {.n = 5, .scale = 1}, {.n = -5, .scale = 1}},
	};
	tiny_plan t = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_expr *x = tiny_op(&t, LK_X_NEG, *rows[i].type, 1, (lk_expr *[]){tiny_slot(&t, 0, *rows[i].type)});
		assert_value(*rows[i].type, eval(x, &rows[i].a, NULL), rows[i].want);
	}
	tiny_plan_release(&t);
}

static void comparison(void **state) {
	(void)state;
	static const int ops[] = {LK_X_EQ, LK_X_NE, LK_X_LT, LK_X_LE, LK_X_GT, LK_X_GE};
	static const struct { const lk_type *type; lk_value a, b; const char *want; } rows[] = {
		{&i4, I(1), I(2), "ftttff"}, {&i4, I(2), I(2), "tfftft"}, {&i4, I(3), I(2), "ftfftt"},
		{&i4, N, I(2), "nnnnnn"}, {&i4, M, I(2), "mmmmmm"}, {&i4, M, N, "nnnnnn"}, {&i4, N, M, "nnnnnn"},
		{&f8, D(NAN), D(NAN), "tfftft"}, {&f8, D(NAN), D(INFINITY), "ftfftt"}, {&f8, D(0.0), D(-0.0), "tfftft"},
		{&num, {.n = 10, .scale = 1}, {.n = 1, .scale = 0}, "tfftft"}, {&boolean, F, T, "ftttff"},
		{&text, {.s = "a", .len = 1}, {.s = "B", .len = 1}, "ftfftt"},
		{&text, {.s = "a", .len = 1}, {.s = "ab", .len = 2}, "ftttff"},
		{&text, {.s = "", .len = 0}, {.s = "", .len = 0}, "tfftft"},
	};
	tiny_plan t = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int k = 0; k < 6; k++) {
			lk_expr *x = tiny_op2(&t, ops[k], boolean, tiny_slot(&t, 0, *rows[i].type), tiny_slot(&t, 1, *rows[i].type));
			lk_value v = eval(x, (lk_value[]){rows[i].a, rows[i].b}, NULL);
			char c = v.state == LK_NULL ? 'n' : v.state == LK_MARKED ? 'm' : v.i ? 't' : 'f';
			assert_int_equal(c, rows[i].want[k]);
		}
	tiny_plan_release(&t);
}

static void logic(void **state) {
	(void)state;
	static const struct { lk_value a, b, and_, or_; } rows[] = {
		{T, T, T, T}, {T, F, F, T}, {F, F, F, F}, {T, N, N, T}, {F, N, F, N}, {N, N, N, N}, {T, M, M, T},
		{F, M, F, M}, {N, M, N, N}, {M, M, M, M},
	};
	tiny_plan t = {0};
	lk_expr *a = tiny_slot(&t, 0, boolean), *b = tiny_slot(&t, 1, boolean);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int swap = 0; swap < 2; swap++) {
			lk_value row[] = {swap ? rows[i].b : rows[i].a, swap ? rows[i].a : rows[i].b};
			assert_value(boolean, eval(tiny_op2(&t, LK_X_AND, boolean, a, b), row, NULL), rows[i].and_);
			assert_value(boolean, eval(tiny_op2(&t, LK_X_OR, boolean, a, b), row, NULL), rows[i].or_);
		}
	static const struct { lk_value a, not_, isnull; } one[] = {{T, F, F}, {F, T, F}, {N, N, T}, {M, M, T}};
	for (size_t i = 0; i < sizeof one / sizeof *one; i++) {
		assert_value(boolean, eval(tiny_op(&t, LK_X_NOT, boolean, 1, &a), &one[i].a, NULL), one[i].not_);
		assert_value(boolean, eval(tiny_op(&t, LK_X_ISNULL, boolean, 1, &a), &one[i].a, NULL), one[i].isnull);
		assert_value(boolean, eval(tiny_op(&t, LK_X_NOTNULL, boolean, 1, &a), &one[i].a, NULL), lk_int(!one[i].isnull.i));
	}
	tiny_plan_release(&t);
}

static void lists(void **state) {
	(void)state;
	static const struct { lk_value x, a, b, in; } rows[] = {
		{I(1), I(1), I(2), T}, {I(2), I(1), I(2), T}, {I(3), I(1), I(2), F}, {I(1), N, I(1), T}, {I(3), N, I(1), N},
		{N, I(1), I(2), N},
		{M, I(1), I(2), M}, {I(1), M, I(1), T}, {I(3), M, I(1), M}, {I(3), M, N, N}, {N, M, I(1), N}, {M, N, I(1), N},
	};
	tiny_plan t = {0};
	lk_expr *args[] = {tiny_slot(&t, 0, i4), tiny_slot(&t, 1, i4), tiny_slot(&t, 2, i4)};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_value row[] = {rows[i].x, rows[i].a, rows[i].b}, in = rows[i].in, not_in = in;
		if (in.state == LK_VALUE)
			not_in.i = !in.i;
		assert_value(boolean, eval(tiny_op(&t, LK_X_IN, boolean, 3, args), row, NULL), in);
		assert_value(boolean, eval(tiny_op(&t, LK_X_NOTIN, boolean, 3, args), row, NULL), not_in);
	}
	tiny_plan_release(&t);
}

static void choices(void **state) {
	(void)state;
	static const struct { lk_value when, then, otherwise, want; } rows[] = {
		{T, I(1), I(2), I(1)}, {F, I(1), I(2), I(2)}, {N, I(1), I(2), I(2)}, {M, I(1), I(2), I(2)},
		{T, I(1), M, I(1)}, {F, M, I(2), I(2)},
		{T, M, I(2), M}, {F, I(1), N, N}, {F, I(1), M, M},
	};
	tiny_plan t = {0};
	lk_expr *args[] = {tiny_slot(&t, 0, boolean), tiny_slot(&t, 1, i4), tiny_slot(&t, 2, i4)};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_value row[] = {rows[i].when, rows[i].then, rows[i].otherwise};
		assert_value(i4, eval(tiny_op(&t, LK_X_CASE, i4, 3, args), row, NULL), rows[i].want);
	}
	static const struct { lk_value a, b, want; } first[] = {
		{I(1), I(2), I(1)}, {N, I(2), I(2)}, {M, I(2), I(2)}, {I(1), M, I(1)}, {N, M, M}, {M, N, N}, {N, N, N},
	};
	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		lk_value row[] = {N, first[i].a, first[i].b};
		assert_value(i4, eval(tiny_op(&t, LK_X_COALESCE, i4, 2, args + 1), row, NULL), first[i].want);
	}
	tiny_plan_release(&t);
}

static void like(void **state) {
	(void)state;
	static const struct { const char *text, *pattern; bool want; } rows[] = {
		{"", "", true}, {"", "%", true}, {"", "_", false}, {"a", "", false}, {"abc", "abc", true},
		{"abc", "ABC", false}, {"abc", "a%", true}, {"abc", "%c", true},
		{"abc", "%b%", true}, {"abc", "%d%", false}, {"abc", "a_c", true}, {"abc", "a_", false}, {"abc", "___", true},
		{"abc", "____", false}, {"é", "_", true}, {"é", "__", false},
		{"漢字", "_字", true}, {"漢字", "%字", true}, {"漢字", "漢_", true}, {"😀x", "_x", true}, {"a%c", "a\\%c", true},
		{"abc", "a\\%c", false}, {"a_c", "a\\_c", true}, {"a\\c", "a\\\\c", true},
		{"aab", "%ab", true}, {"ababac", "%aba%c", true}, {"ababab", "%aba%c", false},
		{"mississippi", "%ss%ss%", true}, {"mississippi", "%ss%ss%ss%", false}, {"ab", "a\\", false},
		{"a", "%\\a", true}, {"/index.html", "%.html", true}, {"xx", "%%%x%%", true}, {"line\nbreak", "line%", true},
		{"ab", "%_%_%", true}, {"é", "%_%_%", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(lk_like(rows[i].text, strlen(rows[i].text), rows[i].pattern, strlen(rows[i].pattern), false), rows[i].want);
	char long_text[4000], pattern[] = "%a%a%a%a%a%a%a%a%a%a%b";
	memset(long_text, 'a', sizeof long_text);
	assert_false(lk_like(long_text, sizeof long_text, pattern, strlen(pattern), false));
	tiny_plan t = {0};
	lk_expr *x = tiny_op2(&t, LK_X_NOTLIKE, boolean, tiny_slot(&t, 0, text), tiny_const(&t, text, lk_text("a%", 2)));
	lk_value ab = lk_text("ab", 2), null = N, marked = M;
	assert_value(boolean, eval(x, &ab, NULL), lk_int(0));
	assert_value(boolean, eval(x, &null, NULL), null);
	assert_value(boolean, eval(x, &marked, NULL), marked);
	tiny_plan_release(&t);
}

static void casts(void **state) {
	(void)state;
	static const lk_type narrow = {.kind = LK_NUMERIC, .precision = 5, .scale = 2}, bare = {.kind = LK_NUMERIC, .scale = 1};
	static const struct { const lk_type *from, *to; lk_value a, want; } rows[] = {
		{&i2, &i8, I(-5), I(-5)}, {&i4, &num, I(7), {.n = 700, .scale = 2}}, {&i4, &narrow, I(1000), M},
		{&i4, &f8, I(INT32_MAX), D(2147483647)}, {&i8, &f8, I(INT64_C(9007199254740993)), D(9007199254740992)},
		{&i8, &f4, I(16777217), D(16777216)}, {&num, &narrow, {.n = 12345, .scale = 3}, {.n = 1235, .scale = 2}},
		{&num, &narrow, {.n = 999995, .scale = 3}, M}, {&num, &bare, {.n = -25, .scale = 2}, {.n = -3, .scale = 1}},
		{&num, &f8, {.n = 1, .scale = 1}, D(0.1)},
		{&num, &f8, {.n = INT64_C(123456789012345678), .scale = 2}, D(1234567890123456.78)},
		{&num, &f4, {.n = 1, .scale = 1}, D(0.1f)}, {&f4, &f8, D(0.1f), D(0.1f)},
		{&f8, &f4, D(0.1), D(0.1f)}, {&f8, &f4, D(1e300), M}, {&f8, &f4, D(1e-300), M},
		{&i8, &i4, I(INT64_C(4294967296)), M}, {&i4, &f8, N, N}, {&i4, &f8, M, M},
	};
	tiny_plan t = {0};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		lk_expr *x = tiny_op(&t, LK_X_CAST, *rows[i].to, 1, (lk_expr *[]){tiny_slot(&t, 0, *rows[i].from)});
		lk_value v = eval(x, &rows[i].a, NULL);
		assert_value(*rows[i].to, v, rows[i].want);
		if (rows[i].to->kind == LK_NUMERIC)
			assert_int_equal(v.scale, rows[i].want.scale);
	}
	tiny_plan_release(&t);
}

static const lk_function *function_of_numerics(const char *name) {
	for (int i = 0; lk_function_at(i); i++)
		if (strcmp(lk_function_at(i)->name, name) == 0 && lk_function_at(i)->args[0] == LK_NUMERIC)
			return lk_function_at(i);
	return NULL;
}

/* Numerics of any length that are beyond the range of doubles at either end: as PostgreSQL 15 has them. */
static void beyond_doubles(void **state) {
	(void)state;
	static const lk_type any = {.kind = LK_NUMERIC};
	static const struct { const char *head; int zeros; const char *tail; lk_value as_double; const char *exp; } rows[] = {
		{"0.", 400, "", D(0), "1.0000"}, {"0.", 400, "1", M, "1.0000"},
		{"1", 400, "", M, NULL}, {"-1", 400, "", M, "0.0000"},
	};
	tiny_plan t = {0};
	lk_arena made = {0};
	const char *fault;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char digits[512];
		int n = snprintf(digits, sizeof digits, "%s%0*d%s", rows[i].head, rows[i].zeros, 0, rows[i].tail);
		lk_value v = lk_text(digits, (size_t)n);
		v.scale = LK_WIDE;
		lk_expr *slot = tiny_slot(&t, 0, any);
		assert_value(f8, eval(tiny_op(&t, LK_X_CAST, f8, 1, &slot), &v, NULL), rows[i].as_double);
		lk_eval ev = {.arena = &made};
		lk_value e = lk_expr_eval(lk_call_new(&made, function_of_numerics("exp"), &slot, &fault), &v, &ev);
		assert_int_equal(e.state, rows[i].exp ? LK_VALUE : LK_MARKED);
		lk_buf b = LK_BUF_INIT;
		if (rows[i].exp) {
			lk_value_print(any, &e, &b);
			assert_memory_equal(b.data, rows[i].exp, strlen(rows[i].exp));
			assert_int_equal(lk_numeric_sign(&e), *rows[i].exp != '0');
		}
		lk_buf_release(&b);
	}
	lk_arena_release(&made);
	tiny_plan_release(&t);
}

enum { SLOTS = 4 };

static lk_expr *random_number(tiny_plan *t, uint64_t *s, int depth);

/* Over slots 0-3 (integers) and 4-7 (booleans). absorbing: with the operators that look at NULLs. */
static lk_expr *random_bool(tiny_plan *t, uint64_t *s, int depth, bool absorbing) {
	if (depth == 0)
		return tiny_slot(t, SLOTS + random_below(s, SLOTS), boolean);
	lk_expr *args[3];
	switch (random_below(s, absorbing ? 7 : 5)) {
	case 0:
	case 1:
		for (int i = 0; i < 3; i++)
			args[i] = random_bool(t, s, depth - 1, absorbing);
		return tiny_op(t, random_below(s, 2) ? LK_X_AND : LK_X_OR, boolean, 2 + random_below(s, 2), args);
	case 2:
		args[0] = random_bool(t, s, depth - 1, absorbing);
		return tiny_op(t, LK_X_NOT, boolean, 1, args);
	case 3: return tiny_op2(t, LK_X_EQ + random_below(s, 6), boolean, random_number(t, s, depth - 1), random_number(t, s, depth - 1));
	case 4:
		for (int i = 0; i < 3; i++)
			args[i] = random_number(t, s, depth - 1);
		return tiny_op(t, random_below(s, 2) ? LK_X_IN : LK_X_NOTIN, boolean, 3, args);
	case 5:
		args[0] = random_bool(t, s, depth - 1, absorbing);
		return tiny_op(t, random_below(s, 2) ? LK_X_ISNULL : LK_X_NOTNULL, boolean, 1, args);
	default:
		for (int i = 0; i < 3; i++)
			args[i] = random_bool(t, s, depth - 1, absorbing);
		return tiny_op(t, random_below(s, 2) ? LK_X_CASE : LK_X_COALESCE, boolean, 3, args);
	}
}

static lk_expr *random_number(tiny_plan *t, uint64_t *s, int depth) {
	if (depth == 0 || random_below(s, 2))
		return tiny_slot(t, random_below(s, SLOTS), i4);
	return tiny_op2(t, LK_X_ADD + random_below(s, 3), i4, random_number(t, s, depth - 1), random_number(t, s, depth - 1));
}

static void random_row(uint64_t *s, lk_value *row) {
	for (int i = 0; i < 2 * SLOTS; i++) {
		int kind = random_below(s, 6);
		row[i] = lk_int(random_below(s, i < SLOTS ? 4 : 2));
		if (kind < 2)
			row[i] = (lk_value){.state = kind == 0 ? LK_NULL : LK_MARKED};
	}
}

/* A mark is a NULL in all but its name: with plain NULLs instead of marks the answer is the same, with a mark read as
 * NULL. */
static void marks_are_nulls(void **state) {
	(void)state;
	uint64_t s = random_seed();
	tiny_plan t = {0};
	for (int i = 0; i < 20000; i++) {
		lk_value row[2 * SLOTS], plain[2 * SLOTS];
		lk_expr *x = random_bool(&t, &s, 4, true);
		random_row(&s, row);
		bool any = false;
		for (int k = 0; k < 2 * SLOTS; k++) {
			plain[k] = row[k].state == LK_MARKED ? lk_null() : row[k];
			any |= row[k].state == LK_MARKED;
		}
		lk_value v = eval(x, row, NULL), w = eval(x, plain, NULL);
		assert_int_equal(lk_is_null(&v), lk_is_null(&w));
		assert_int_equal(lk_value_compare(boolean, &v, &w), 0);
		assert_true(any || v.state != LK_MARKED);
		lk_arena_clear(&t.arena);
	}
	tiny_plan_release(&t);
}

/* If a condition has an answer in spite of marks, it has the same answer for any values in their place. */
static void answers_do_not_depend_on_marks(void **state) {
	(void)state;
	uint64_t s = random_seed();
	tiny_plan t = {0};
	int answered = 0;
	for (int i = 0; i < 20000; i++) {
		lk_value row[2 * SLOTS], other[2 * SLOTS];
		lk_expr *x = random_bool(&t, &s, 3, false);
		random_row(&s, row);
		lk_value v = eval(x, row, NULL);
		for (int k = 0; k < 2 * SLOTS; k++)
			other[k] = row[k].state != LK_MARKED ? row[k] : lk_int(k < SLOTS ? random_below(&s, 4) : random_below(&s, 2));
		if (v.state == LK_VALUE) {
			assert_value(boolean, eval(x, other, NULL), v);
			answered++;
		}
		lk_arena_clear(&t.arena);
	}
	assert_true(answered > 1000);
	tiny_plan_release(&t);
}

static void slot_sql(void *ctx, int slot, lk_buf *out) {
	(void)ctx;
	lk_sql_ident(slot == 0 ? "n" : "odd \"name\"", out);
}

static lk_expr *sample(tiny_plan *t) {
	lk_expr *n = tiny_slot(t, 0, i4), *s = tiny_slot(t, 1, text);
	lk_expr *sum = tiny_op2(t, LK_X_SUB, i4, n, tiny_const(t, i4, lk_int(-1)));
	lk_expr *wide = tiny_op(t, LK_X_CAST, f8, 1, &sum);
	lk_expr *cmp = tiny_op2(t, LK_X_LT, boolean, wide, tiny_const(t, f8, lk_double(0.5)));
	lk_expr *list[] = {s, tiny_const(t, text, lk_text("it's", 4)), tiny_const(t, text, lk_null())};
	lk_expr *in = tiny_op(t, LK_X_NOTIN, boolean, 3, list);
	lk_expr *either = tiny_op2(t, LK_X_OR, boolean, cmp, in);
	lk_expr *neg = tiny_op(t, LK_X_NEG, i4, 1, &n), *null = tiny_op(t, LK_X_ISNULL, boolean, 1, &neg);
	lk_expr *not = tiny_op(t, LK_X_NOT, boolean, 1, &null);
	return tiny_op2(t, LK_X_AND, boolean, either, not);
}

static void texts_of_an_expression(void **state) {
	(void)state;
	tiny_plan t = {0};
	lk_buf sql = LK_BUF_INIT, canonical = LK_BUF_INIT, words = LK_BUF_INIT;
	lk_expr *x = sample(&t);
	lk_expr_sql(x, slot_sql, NULL, &sql);
	lk_expr_canonical(x, &canonical);
	lk_expr_describe(x, (const char *const[]){"n", "name"}, &words);
	assert_string_equal(sql.data,
		"(((((\"n\" - ('-1'::integer))::double precision) < ('0.5'::double precision)) OR (\"odd \"\"name\"\"\" NOT IN "
		"(('it''s'::text COLLATE \"C\"), (NULL::text COLLATE \"C\")))) AND (NOT ((-\"n\") IS NULL)))");
	assert_string_equal(canonical.data,
		"(and:boolean (or:boolean (lt:boolean (cast:double precision (sub:integer (slot:integer:0) (const:integer:'-1'))) "
		"(const:double precision:'0.5')) (notin:boolean (slot:text:1) (const:text:'it''s') (const:text:null))) "
		"(not:boolean (isnull:boolean (neg:integer (slot:integer:0)))))");
	assert_string_equal(words.data, "(n - -1 < 0.5 OR name NOT IN ('it''s', NULL)) AND NOT -n IS NULL");
	lk_buf_release(&sql);
	lk_buf_release(&canonical);
	lk_buf_release(&words);
	tiny_plan_release(&t);
}

static void canonical_text_tells_constants_apart(void **state) {
	(void)state;
	tiny_plan t = {0};
	lk_expr *constants[] = {
		tiny_const(&t, i4, lk_int(-1)), tiny_const(&t, i4, lk_int(1)), tiny_const(&t, i4, lk_int(0)),
		tiny_const(&t, i8, lk_int(1)), tiny_const(&t, text, lk_text("1", 1)),
		tiny_const(&t, text, lk_text("", 0)), tiny_const(&t, text, lk_null()),
		tiny_const(&t, text, lk_text("null", 4)), tiny_const(&t, num, lk_numeric(100, 2)),
		tiny_const(&t, f8, lk_double(1)),
		tiny_const(&t, f8, lk_double(1.0000000000000002)),
	};
	enum { COUNT = sizeof constants / sizeof *constants };
	lk_buf b[COUNT] = {0};
	for (int i = 0; i < COUNT; i++) {
		lk_expr_canonical(constants[i], &b[i]);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(b[i].data, b[k].data);
	}
	for (int i = 0; i < COUNT; i++)
		lk_buf_release(&b[i]);
	tiny_plan_release(&t);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arithmetic),
		cmocka_unit_test(negation),
		cmocka_unit_test(comparison),
		cmocka_unit_test(logic),
		cmocka_unit_test(lists),
		cmocka_unit_test(choices),
		cmocka_unit_test(like),
		cmocka_unit_test(casts),
		cmocka_unit_test(beyond_doubles),
		cmocka_unit_test(marks_are_nulls),
		cmocka_unit_test(answers_do_not_depend_on_marks),
		cmocka_unit_test(texts_of_an_expression),
		cmocka_unit_test(canonical_text_tells_constants_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
