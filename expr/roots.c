/* sqrt, ln, log and exp of numerics: how many digits PostgreSQL's numeric.c gives each result, 16 significant ones or
 * more, and what it raises. The values are in core/wide_math.c. But for sqrt, which is exact, numeric.c promises no
 * digits: other versions could round one in many millions differently, so they are folded in C only. */
#include <math.h>
#include <stdlib.h>

#include "core/wide_math.h"
#include "expr/private.h"

enum { SIGNIFICANT = 16, GROUP = 4, MOST_SCALE = 1000 };   /* numbers of numeric.c: its digits are groups of four */

static int most(int a, int b) { return a > b ? a : b; }

int lk_result_scale(int exponent, int operand) {
	int scale = most(most(SIGNIFICANT - exponent, operand), 0);
	return scale < MOST_SCALE ? scale : MOST_SCALE;
}

/* estimate_ln_dweight, from the first two groups of a. */
int lk_ln_exponent(const lk_wide *a) {
	const lk_value bounds[] = {lk_numeric(9, 1), lk_numeric(11, 1), lk_numeric(-1, 0)};
	lk_wide least, greatest, minus_one, rest;
	lk_wide_of(&bounds[0], &least);
	lk_wide_of(&bounds[1], &greatest);
	lk_wide_of(&bounds[2], &minus_one);
	if (lk_wide_compare(a, &least) >= 0 && lk_wide_compare(a, &greatest) <= 0)
		return lk_wide_add(a, &minus_one, &rest) ? lk_wide_exponent(&rest) : 0;
	double digits = 0;
	int exponent = GROUP * (lk_wide_weight(a) - 1);
	for (int i = a->n; i-- > 0 && i - a->scale >= exponent;)
		digits += a->digit[i] * pow(10, i - a->scale - exponent);
	return (int)log10(fabs(log(digits) + exponent * 2.302585092994046));
}

static lk_value made(bool good, const lk_wide *w, lk_eval *ev) {
	return good ? lk_wide_value(w, ev->arena) : lk_mark(ev, LK_NUMERIC_OVERFLOW);
}

static lk_value sqrt_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	lk_wide a, out;
	lk_wide_of(v, &a);
	if (a.negative)
		return lk_mark(ev, "cannot take square root of a negative number");
	return made(lk_wide_sqrt(&a, lk_result_scale(2 * lk_wide_weight(&a) + 1, a.scale), &out), &out, ev);
}

/* NULL, or why a has no logarithm. */
static const char *no_logarithm(const lk_wide *a) {
	return a->negative          ? "cannot take logarithm of a negative number"
	       : lk_wide_is_zero(a) ? "cannot take logarithm of zero"
	                            : NULL;
}

static lk_value ln_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	lk_wide a, out;
	lk_wide_of(v, &a);
	const char *fault = no_logarithm(&a);
	return fault ? lk_mark(ev, fault) : made(lk_wide_ln(&a, lk_result_scale(lk_ln_exponent(&a), a.scale), &out), &out, ev);
}

/* Both logarithms have eight digits more than the quotient. */
static lk_value log_of_base(const lk_wide *base, const lk_wide *a, lk_eval *ev) {
	enum { MORE = 8 };
	const char *fault = no_logarithm(base) ? no_logarithm(base) : no_logarithm(a);
	lk_wide over, under, out;
	if (fault)
		return lk_mark(ev, fault);
	int of_base = lk_ln_exponent(base), of_a = lk_ln_exponent(a), exponent = of_a - of_base;
	int scale = lk_result_scale(exponent, most(base->scale, a->scale)), digits = scale + exponent + MORE;
	if (!lk_wide_ln(base, most(digits - of_base, 0), &under) || !lk_wide_ln(a, most(digits - of_a, 0), &over))
		return lk_mark(ev, LK_NUMERIC_OVERFLOW);
	if (lk_wide_is_zero(&under))
		return lk_mark(ev, LK_DIVISION_BY_ZERO);
	return made(lk_wide_quotient_near(&over, &under, scale, &out), &out, ev);
}

static lk_value log_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	const lk_value ten = lk_numeric(10, 0);
	lk_wide base, a;
	lk_wide_of(x->nargs > 1 ? &v[0] : &ten, &base);
	lk_wide_of(&v[x->nargs - 1], &a);
	return log_of_base(&base, &a, ev);
}

double lk_wide_double(const lk_wide *a, lk_eval *ev) {
	lk_value v = lk_wide_value(a, ev->arena), d = lk_cast_value((lk_type){.kind = LK_NUMERIC}, (lk_type){.kind = LK_FLOAT8}, &v, ev);
	double beyond = lk_wide_exponent(a) < 0 ? 0 : a->negative ? -INFINITY : INFINITY;   /* all doubles */
	return d.state == LK_VALUE ? d.d : beyond;
}

static lk_value exp_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	const double most_digits = 2000, log10_of_e = 0.434294481903252;
	lk_wide a, out;
	(void)x;
	lk_wide_of(v, &a);
	double d = lk_wide_double(&a, ev);
	double digits = fmin(fmax(d * log10_of_e, -most_digits), most_digits);
	int scale = lk_result_scale((int)digits, a.scale);
	if (fabs(d) >= 3 * most_digits)
		return made(d < 0, &(lk_wide){.scale = scale}, ev);
	return made(lk_wide_exp(&a, d, scale, &out), &out, ev);
}

/* --- types: each value has a scale of its own --- */

bool lk_numeric_own_scale(int whole, int scale, lk_type *out) {
	*out = (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)most(whole + scale, 1), .scale = (uint8_t)scale,
	                 .whole = (uint8_t)most(whole, 1)};
	return whole + scale <= LK_EXPR_DIGITS;
}

static bool unbounded(const lk_expr *x, lk_type *out) {
	*out = (lk_type){.kind = LK_NUMERIC};
	return !x->args[0]->type.precision || !x->args[x->nargs - 1]->type.precision;
}

static bool sqrt_type(const lk_expr *x, lk_type *out) {
	lk_type t = x->args[0]->type;
	int groups = (t.scale + GROUP - 1) / GROUP;   /* of zeros before the first digit of the least number */
	int scale = most(t.scale, SIGNIFICANT - 1 + 2 * groups);
	return unbounded(x, out) || lk_numeric_own_scale(lk_numeric_whole(t) / 2 + 1, scale, out);
}

static bool ln_type(const lk_expr *x, lk_type *out) {
	return unbounded(x, out) || lk_numeric_own_scale(3, SIGNIFICANT + x->args[0]->type.scale, out);
}

/* The logarithm of a base near 1 is near 0. */
static bool log_type(const lk_expr *x, lk_type *out) {
	int base = x->nargs > 1 ? x->args[0]->type.scale : 0, scale = SIGNIFICANT + 2 + x->args[x->nargs - 1]->type.scale;
	return unbounded(x, out) || lk_numeric_own_scale(4 + base, most(scale, base), out);
}

static bool exp_type(const lk_expr *x, lk_type *out) {
	static const int digits[] = {1, 5, 44};   /* of e, e^10, e^100 */
	lk_type t = x->args[0]->type;
	int whole = lk_numeric_whole(t);
	if (unbounded(x, out))
		return true;
	return whole < 3 && lk_numeric_own_scale(digits[whole], most(t.scale, SIGNIFICANT + digits[whole]), out);
}

#define ONE(f) .name = f, .nargs = 1, .args = {LK_NUMERIC}, .result = LK_NUMERIC
#define TWO(f) .name = f, .nargs = 2, .args = {LK_NUMERIC, LK_NUMERIC}, .result = LK_NUMERIC

const lk_function lk_root_functions[] = {
	{ONE("sqrt"), .eval = sqrt_numeric, .type = sqrt_type},
	{ONE("ln"), .flags = LK_F_FOLD_ONLY, .eval = ln_numeric, .type = ln_type},
	{ONE("log"), .flags = LK_F_FOLD_ONLY, .eval = log_numeric, .type = log_type},
	{TWO("log"), .flags = LK_F_FOLD_ONLY, .eval = log_numeric, .type = log_type},
	{ONE("exp"), .flags = LK_F_FOLD_ONLY, .eval = exp_numeric, .type = exp_type,
	 .shorter = "write exp(x::double precision), or give it a number below 100: exp(x::numeric(6,4))"},
	{0},
};
