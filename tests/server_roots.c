/* sqrt, ln, log, exp and powers of numerics, beside PostgreSQL's, to the last digit: random numbers of up to 38 digits, squares,
 * powers of ten, and numbers next to 1. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wide.h"
#include "expr/function.h"
#include "postgres/pg.h"
#include "tests/support/log.h"
#include "tests/support/random.h"
#include "tests/support/servers.h"
#include "tests/support/tiny_plan.h"

enum { NUMBERS = 500, ROUNDS = 8, MOST_DIGITS = 38 };

typedef struct fixture {
	test_servers servers;
	lk_pg pg;
	uint64_t seed;
	lk_arena texts;
	tiny_plan plan;
	int64_t compared;
} fixture;

typedef struct pair {
	char *a, *b;   /* a > 0, b: another one; or a number and its exponent */
} pair;

static char *text_of(fixture *f, lk_int128 n, int scale) {
	lk_buf b = LK_BUF_INIT;
	lk_int128_print(n, scale, &b);
	char *s = lk_arena_strdup(&f->texts, b.data);
	lk_buf_release(&b);
	return s;
}

static lk_int128 random_digits(fixture *f, int digits) {
	unsigned __int128 n = (unsigned __int128)random_next(&f->seed) << 64 | random_next(&f->seed);
	return (lk_int128)(n % (unsigned __int128)lk_pow10(digits)) + 1;
}

static char *random_number(fixture *f) {
	int digits = 1 + random_below(&f->seed, MOST_DIGITS - 1), scale = random_below(&f->seed, MOST_DIGITS + 1);
	lk_int128 n = random_digits(f, digits);
	switch (random_below(&f->seed, 5)) {
	case 0: return text_of(f, random_digits(f, 18) * random_digits(f, 1), scale);
	case 1: n = random_digits(f, 1 + random_below(&f->seed, 18)); return text_of(f, n * n, scale);
	case 2: return text_of(f, lk_pow10(digits - 1), random_below(&f->seed, 2) ? 0 : scale);
	case 3: return text_of(f, lk_pow10(scale - scale / 20) + random_below(&f->seed, 2000) - 1000 * (scale > 4), scale - scale / 20);
	default: return text_of(f, n, scale);
	}
}

/* A base and an exponent for which neither the power nor its inverse has more digits than PostgreSQL's results have. */
static void random_power(fixture *f, char **base, char **exponent) {
	static const int bounds[] = {3, 10, 30, 200, 5000};
	int digits = 1 + random_below(&f->seed, 25), scale = random_below(&f->seed, digits + 6), kind = random_below(&f->seed, 6);
	lk_int128 n = random_digits(f, digits), most;
	if (kind == 0)   /* near 1 */
		n = lk_pow10(scale = 3 + random_below(&f->seed, 20)) + random_below(&f->seed, 1000) - 500;
	double size = fabs(log10((double)n) - scale);
	most = bounds[random_below(&f->seed, 5)];
	if ((double)most * size > 250)
		most = (lk_int128)(250 / size) + 1;
	int places = random_below(&f->seed, 2) ? 0 : random_below(&f->seed, 10);
	lk_int128 e = random_digits(f, 18) % ((most + 1) * lk_pow10(places));
	bool whole = e % lk_pow10(places) == 0;
	*base = text_of(f, n && whole && random_below(&f->seed, 3) == 0 ? -n : n, scale);
	*exponent = text_of(f, random_below(&f->seed, 3) ? e : -e, places);
}

/* Below 100, often negative. */
static char *random_exponent(fixture *f) {
	int scale = random_below(&f->seed, MOST_DIGITS - 2);
	lk_int128 n = random_digits(f, 1 + random_below(&f->seed, scale + 2));
	return text_of(f, random_below(&f->seed, 2) ? n : -n, scale);
}

static const lk_function *function_of(const char *name, int nargs) {
	const lk_function *f;
	for (int i = 0; (f = lk_function_at(i)); i++)
		if (strcmp(f->name, name) == 0 && f->nargs == nargs && f->args[0] == LK_NUMERIC)
			return f;
	fail_msg("there is no %s of a numeric", name);
	return NULL;
}

static void check(fixture *f, const char *name, const char *const *args, int nargs, const char *want) {
	const lk_type any = {.kind = LK_NUMERIC};
	lk_expr *slots[] = {tiny_slot(&f->plan, 0, any), tiny_slot(&f->plan, 1, any)};
	const char *fault;
	lk_expr *x = lk_call_new(&f->plan.arena, function_of(name, nargs), slots, &fault);
	assert_non_null(x);
	lk_value row[] = {tiny_numeric(args[0], &f->texts), nargs > 1 ? tiny_numeric(args[1], &f->texts) : lk_null()};
	lk_eval ev = {.arena = &f->texts};
	lk_value v = lk_expr_eval(x, row, &ev);
	lk_buf text = LK_BUF_INIT;
	lk_buf_adds(&text, "");
	lk_value_print(any, &v, &text);
	if (strcmp(text.data, want))
		fail_msg("%s(%s%s%s): PostgreSQL has %s, lk %s", name, args[0], nargs > 1 ? ", " : "", nargs > 1 ? args[1] : "", want, text.data);
	lk_buf_release(&text);
	f->compared++;
}

static void compare(fixture *f, const pair *pairs, const pair *powers, const char *const *exponents) {
	lk_buf sql = LK_BUF_INIT;
	lk_error err = {0};
	PGresult *res = NULL;
	lk_buf_adds(&sql, "SELECT sqrt(a), ln(a), log(a), CASE WHEN b <> 1 THEN log(b, a) END, exp(e), power(x, y) FROM (VALUES ");
	for (int i = 0; i < NUMBERS; i++)
		lk_buf_addf(&sql, "%s(%d, %s::numeric, %s::numeric, %s::numeric, '%s'::numeric, '%s'::numeric)", i ? ", " : "", i, pairs[i].a, pairs[i].b,
		            exponents[i], powers[i].a, powers[i].b);
	lk_buf_adds(&sql, ") AS v(i, a, b, e, x, y) ORDER BY i");
	if (lk_pg_exec(&f->pg, &res, &err, sql.data, 0, NULL) != LK_OK)
		fail_msg("%s", err.text);
	for (int i = 0; i < NUMBERS; i++) {
		const char *a[] = {pairs[i].a}, *reversed[] = {pairs[i].b, pairs[i].a}, *e[] = {exponents[i]}, *power[] = {powers[i].a, powers[i].b};
		check(f, "sqrt", a, 1, PQgetvalue(res, i, 0));
		check(f, "ln", a, 1, PQgetvalue(res, i, 1));
		check(f, "log", a, 1, PQgetvalue(res, i, 2));
		if (!PQgetisnull(res, i, 3))
			check(f, "log", reversed, 2, PQgetvalue(res, i, 3));
		check(f, "exp", e, 1, PQgetvalue(res, i, 4));
		check(f, "power", power, 2, PQgetvalue(res, i, 5));
	}
	PQclear(res);
	lk_buf_release(&sql);
}

static void random_numbers_agree_with_postgresql(void **state) {
	fixture *f = *state;
	for (int rounds = test_rounds("ROUNDS", ROUNDS); rounds > 0; rounds--) {
		pair pairs[NUMBERS], powers[NUMBERS];
		const char *exponents[NUMBERS];
		for (int i = 0; i < NUMBERS; i++) {
			pairs[i] = (pair){random_number(f), random_number(f)};
			exponents[i] = random_exponent(f);
			random_power(f, &powers[i].a, &powers[i].b);
		}
		compare(f, pairs, powers, exponents);
		lk_arena_clear(&f->texts);
		lk_arena_clear(&f->plan.arena);
	}
	print_message("%lld values compared\n", (long long)f->compared);
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
	lk_arena_release(&f->plan.arena);
	free(f);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(random_numbers_agree_with_postgresql)};
	return cmocka_run_group_tests(tests, start, stop);
}
