/* power and ^ of numerics, as power_var and power_var_int of PostgreSQL 15's numeric.c compute them, with their numbers of
 * digits: a whole exponent multiplies, any other goes by e^(y * ln x).
 *
 * PostgreSQL 16 gives a whole power other digits after the point (16 significant ones, as all else has; 15 gives 16 after
 * the point). So powers are folded in C only, and are the same beside any server. */
#include <math.h>
#include <stdlib.h>

#include "core/wide_math.h"
#include "expr/private.h"

enum { GROUP = 4, MORE = 8, MOST_RESULT = 2000, MOST_WEIGHT = INT16_MAX };   /* numbers of numeric.c */

static const double LOG10_OF_E = 0.434294481903252;

static int most(int a, int b) { return a > b ? a : b; }
static int least(int a, int b) { return a < b ? a : b; }

static lk_wide zero(int scale) { return (lk_wide){.scale = scale}; }
static lk_wide one(void) { return (lk_wide){.n = 1, .digit = {1}}; }

/* The exponent of the last decimal digit that is not 0; 0 for 0. */
static int last_exponent(const lk_wide *w) {
	int i = 0;
	while (i < w->n && !w->digit[i])
		i++;
	return w->n ? i - w->scale : 0;
}

/* log10 |a| from the first four groups, as many as there are. */
static double log10_of(const lk_wide *a) {
	int weight = lk_wide_weight(a), last = last_exponent(a);
	double f = lk_wide_group(a, weight);
	for (int i = 1; i < GROUP && last < GROUP * weight; i++)
		f = f * 10000 + lk_wide_group(a, --weight);
	return log10(f) + GROUP * weight;
}

/* --- whole exponents --- */

/* One product, no longer than the result needs it and than the factors are. */
static bool multiply_less(const lk_wide *a, const lk_wide *b, int significant, lk_wide *out) {
	int scale = significant - (lk_wide_weight(a) + lk_wide_weight(b)) * GROUP;
	return lk_wide_multiply_to(a, b, most(least(scale, a->scale + b->scale), 0), out);
}

/* base^times */
static bool multiply_repeatedly(const lk_wide *base, unsigned times, int significant, lk_wide *out) {
	lk_wide square = *base;
	*out = times & 1 ? *base : one();
	while (times >>= 1)
		if (!multiply_less(&square, &square, significant, &square) ||
		    (times & 1 && !multiply_less(&square, out, significant, out)))
			return false;
	return true;
}

static bool whole_power(const lk_wide *base, int exponent, int scale, lk_wide *out) {
	const lk_wide unit = one();
	if (exponent == -1)
		return lk_wide_quotient(&unit, base, scale, out);
	if (exponent == 2)
		return lk_wide_multiply_to(base, base, scale, out);
	if (exponent == 0 || exponent == 1 || lk_wide_is_zero(base)) {
		*out = exponent ? *base : unit;
		return lk_wide_rescale(out, scale, LK_ROUND);
	}
	double digits = exponent * log10_of(base);
	if (digits > 3.0 * MOST_WEIGHT * GROUP)
		return false;
	*out = zero(scale);
	if (digits + 1 < -scale)
		return true;
	int significant = 1 + scale + (int)digits + (int)log(fabs((double)exponent)) + MORE;
	if (!multiply_repeatedly(base, exponent < 0 ? -(unsigned)exponent : (unsigned)exponent, significant, out))
		return false;
	if (exponent > 0)
		return lk_wide_rescale(out, scale, LK_ROUND);
	lk_wide power = *out;
	return !lk_wide_is_zero(&power) && lk_wide_quotient_near(&unit, &power, scale, out);
}

/* --- other exponents --- */

/* y * ln x, with `scale` digits in each step. */
static bool exponent_of_e(const lk_wide *x, const lk_wide *y, int scale, lk_wide *out) {
	lk_wide ln;
	return lk_wide_ln(x, most(scale, 0), &ln) && lk_wide_multiply_to(&ln, y, most(scale, 0), out);
}

/* x > 0. About eight digits of the exponent say how many digits the result has. */
static bool other_power(const lk_wide *x, const lk_wide *y, lk_eval *ev, lk_wide *out) {
	int of_ln = lk_ln_exponent(x);
	lk_wide exponent;
	if (!exponent_of_e(x, y, MORE - of_ln, &exponent))
		return false;
	double about = lk_wide_double(&exponent, ev);
	*out = zero(LK_WIDE_DIGITS);
	if (fabs(about) > 3.01 * MOST_RESULT)
		return about < 0;
	int weight = (int)(about * LOG10_OF_E), scale = lk_result_scale(weight, most(x->scale, y->scale));
	if (!exponent_of_e(x, y, most(scale + weight, 0) - of_ln + MORE, &exponent))
		return false;
	about = lk_wide_double(&exponent, ev);
	*out = zero(scale);
	return fabs(about) < 3 * MOST_RESULT ? lk_wide_exp(&exponent, about, scale, out) : about < 0;
}

/* --- the function --- */

static bool fits_int(const lk_wide *w) {
	const lk_value bounds[] = {lk_numeric(INT32_MIN, 0), lk_numeric(INT32_MAX, 0)};
	lk_wide low, high;
	lk_wide_of(&bounds[0], &low);
	lk_wide_of(&bounds[1], &high);
	return last_exponent(w) >= 0 && lk_wide_compare(w, &low) >= 0 && lk_wide_compare(w, &high) <= 0;
}

/* Of a whole number: its last digit before the point. */
static bool is_odd(const lk_wide *w) { return w->scale < w->n && w->digit[w->scale] & 1; }

static bool power_of(lk_wide *x, const lk_wide *y, lk_eval *ev, lk_wide *out) {
	if (fits_int(y)) {
		int exponent = 0;
		for (int i = y->n; i-- > y->scale;)
			exponent = exponent * 10 + (y->negative ? -y->digit[i] : y->digit[i]);
		return whole_power(x, exponent, lk_result_scale(0, x->scale), out);
	}
	*out = zero(lk_result_scale(0, 0));
	if (lk_wide_is_zero(x))
		return true;
	bool negative = x->negative && is_odd(y);
	x->negative = false;
	bool good = other_power(x, y, ev, out);
	out->negative = negative && !lk_wide_is_zero(out);
	return good;
}

static lk_value power_numeric(const lk_expr *e, const lk_value *v, lk_eval *ev) {
	lk_wide x, y, out;
	(void)e;
	lk_wide_of(&v[0], &x);
	lk_wide_of(&v[1], &y);
	if (lk_wide_is_zero(&x) && y.negative)
		return lk_mark(ev, LK_ZERO_TO_NEGATIVE);
	if (x.negative && last_exponent(&y) < 0)
		return lk_mark(ev, LK_COMPLEX_POWER);
	return power_of(&x, &y, ev, &out) ? lk_wide_value(&out, ev->arena) : lk_mark(ev, LK_NUMERIC_OVERFLOW);
}

/* --- its type --- */

static bool constant_of(const lk_expr *x, lk_wide *out) {
	if (x->op != LK_X_CONST || lk_is_null(&x->value))
		return false;
	lk_wide_of(&x->value, out);
	return true;
}

/* Exponents: the greatest one in size, and which there are. */
typedef struct exponents {
	double size;
	bool positive, negative, whole;
} exponents;

static exponents exponents_of(const lk_expr *y) {
	lk_wide w;
	exponents e = {.size = pow(10, lk_numeric_whole(y->type)), .positive = true, .negative = true, .whole = !y->type.scale};
	if (constant_of(y, &w))
		e = (exponents){.size = lk_wide_is_zero(&w) ? 0 : pow(10, log10_of(&w)), .positive = !w.negative, .negative = w.negative,
		                .whole = last_exponent(&w) >= 0};
	return e;
}

/* As an int that adding a few does no harm to. */
static int digits_of(double exponent) { return (int)ceil(fmin(exponent, 10000)); }

/* 10^-below <= |x| < 10^above, unless x is 0. */
static bool power_type(const lk_expr *e, lk_type *out) {
	const lk_expr *x = e->args[0], *y = e->args[1];
	lk_wide base;
	*out = (lk_type){.kind = LK_NUMERIC};
	if (!x->type.precision || !y->type.precision)
		return true;
	exponents by = exponents_of(y);
	double above = lk_numeric_whole(x->type), below = x->type.scale;
	if (constant_of(x, &base)) {
		above = lk_wide_is_zero(&base) ? 0 : fmax(log10_of(&base), 0);
		below = lk_wide_is_zero(&base) ? 0 : fmax(-log10_of(&base), 0);
	}
	int up = digits_of(above * by.size), down = digits_of(below * by.size);
	int whole = 1 + most(by.positive ? up : 0, by.negative ? down : 0);
	int small = by.whole ? 0 : 1 + most(by.positive ? down : 0, by.negative ? up : 0);
	bool fits = lk_numeric_own_scale(whole, lk_result_scale(-small, most(x->type.scale, by.whole ? 0 : y->type.scale)), out);
	if (by.whole && !x->type.whole)   /* then all results have this scale */
		out->whole = 0;
	return fits;
}

#define POWER(f) \
	.name = f, .nargs = 2, .args = {LK_NUMERIC, LK_NUMERIC}, .result = LK_NUMERIC, .eval = power_numeric, .type = power_type, \
	.shorter = "write power(x::double precision, y), or give it shorter operands: power(x, y::numeric(3,2))"

const lk_function lk_power_functions[] = {
	{POWER("power"), .flags = LK_F_FOLD_ONLY},
	{POWER("pow"), .flags = LK_F_FOLD_ONLY},
	{POWER("^"), .flags = LK_F_FOLD_ONLY | LK_F_INFIX},
	{0},
};
