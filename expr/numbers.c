/* Functions of numbers. Where PostgreSQL has one for numerics and one for double precision, integers take the latter, its
 * rule for the preferred type. (sqrt, ln, log and exp of numerics are in expr/roots.c.)
 *
 * ln, log, exp and power come from the C library, and another library, or another processor, may give another last bit.
 * So they are folded in C only: both layers then compute them in the same program. sqrt is exact to the last bit by IEEE
 * 754. The errors follow PostgreSQL's float.c. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "core/wide.h"
#include "expr/private.h"

/* n / 10^from at a smaller scale, by one of the four rules; at a larger one with zeros added. */
static bool rescaled(lk_int128 n, int from, int to, enum lk_rounding how, lk_int128 *out) {
	if (how == LK_ROUND || to >= from)
		return lk_numeric_rescale(n, from, to, out);
	if (from - to > 38) {
		*out = (how == LK_FLOOR && n < 0) ? -1 : (how == LK_CEIL && n > 0) ? 1 : 0;
		return true;
	}
	lk_int128 by = lk_pow10(from - to), q = n / by, rest = n % by;
	*out = q + (how == LK_CEIL && rest > 0) - (how == LK_FLOOR && rest < 0);
	return true;
}

static lk_value shorten_wide(const lk_value *v, int digits, enum lk_rounding how, lk_eval *ev) {
	lk_wide w;
	lk_wide_of(v, &w);
	return lk_wide_rescale(&w, digits, how) ? lk_wide_value(&w, ev->arena) : lk_mark(ev, LK_NUMERIC_OVERFLOW);
}

/* digits < 0: zeros before the point. */
static lk_value shorten(const lk_value *v, int digits, enum lk_rounding how, lk_eval *ev) {
	lk_int128 n;
	int scale = digits > 0 ? digits : 0;
	if (v->scale == LK_WIDE)
		return shorten_wide(v, digits, how, ev);
	if (digits < -38)
		return lk_numeric(0, 0);
	if (!rescaled(v->n, v->scale, digits, how, &n) || (digits < 0 && !lk_numeric_rescale(n, digits, 0, &n)))
		return shorten_wide(v, digits, how, ev);
	return lk_numeric(n, (uint8_t)scale);
}

static lk_value round_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return shorten(v, x->nargs > 1 ? (int)v[1].i : 0, LK_ROUND, ev);
}
static lk_value trunc_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return shorten(v, x->nargs > 1 ? (int)v[1].i : 0, LK_TRUNC, ev);
}
static lk_value floor_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)x, shorten(v, 0, LK_FLOOR, ev);
}
static lk_value ceil_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)x, shorten(v, 0, LK_CEIL, ev);
}

static lk_value round_double(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, (void)ev, lk_double(rint(v->d)); }
static lk_value trunc_double(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, (void)ev, lk_double(trunc(v->d)); }
static lk_value floor_double(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, (void)ev, lk_double(floor(v->d)); }
static lk_value ceil_double(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, (void)ev, lk_double(ceil(v->d)); }

static lk_value abs_integer(const lk_expr *x, const lk_value *v, lk_eval *ev) { return v->i < 0 ? lk_negation(x, v, ev) : *v; }
static lk_value abs_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return lk_numeric_sign(v) < 0 ? lk_negation(x, v, ev) : *v;
}
static lk_value abs_double(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, (void)ev, lk_double(fabs(v->d)); }

static lk_value sign_numeric(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)x, (void)ev, lk_numeric(lk_numeric_sign(v), 0);
}
static lk_value sign_double(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)x, (void)ev, lk_double((v->d > 0) - (v->d < 0));
}

static lk_value square_root(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	return v->d < 0 ? lk_mark(ev, "cannot take square root of a negative number") : lk_double(sqrt(v->d));
}

/* ln and log of a positive number; f is 0 only for 1. */
static lk_value logarithm(double (*f)(double), double d, lk_eval *ev) {
	if (d <= 0)
		return lk_mark(ev, d == 0 ? "cannot take logarithm of zero" : "cannot take logarithm of a negative number");
	return lk_checked_double(f(d), isinf(d), d == 1, ev);
}
static lk_value ln_double(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, logarithm(log, v->d, ev); }
static lk_value log_double(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, logarithm(log10, v->d, ev); }

static lk_value exp_double(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	if (isnan(v->d))
		return *v;
	if (isinf(v->d))
		return lk_double(v->d > 0 ? v->d : 0);
	errno = 0;
	double r = exp(v->d);
	if (errno == ERANGE)
		return lk_mark(ev, r != 0 ? LK_OVERFLOW : LK_UNDERFLOW);
	return lk_checked_double(r, false, false, ev);
}

static bool is_odd(double d) { return floor(d / 2) != d / 2 && floor(d) == d; }

static lk_value power_of_infinity(double a, double b) {
	if (b == 0)
		return lk_double(1);
	if (a > 0)
		return lk_double(b > 0 ? a : 0);
	bool odd = is_odd(b);
	return lk_double(b > 0 ? (odd ? a : -a) : odd ? -0.0 : 0.0);
}

static lk_value infinite_power(double a, double b) {
	double size = fabs(a);
	if (size == 1)
		return lk_double(1);
	return lk_double((size > 1) == (b > 0) ? INFINITY : 0);
}

static lk_value power_double(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	double a = v[0].d, b = v[1].d;
	if (isnan(a) || isnan(b))
		return lk_double((isnan(a) ? b == 0 : a == 1) ? 1 : NAN);
	if (a == 0 && b < 0)
		return lk_mark(ev, LK_ZERO_TO_NEGATIVE);
	if (a < 0 && floor(b) != b)
		return lk_mark(ev, LK_COMPLEX_POWER);
	if (isinf(b))
		return infinite_power(a, b);
	if (isinf(a))
		return power_of_infinity(a, b);
	errno = 0;
	double r = pow(a, b);
	if (errno == ERANGE)
		return lk_mark(ev, r != 0 ? LK_OVERFLOW : LK_UNDERFLOW);
	return lk_checked_double(r, false, a == 0, ev);
}

/* --- types of numeric results --- */

static bool same_type(const lk_expr *x, lk_type *out) {
	*out = x->args[0]->type;
	return true;
}

static bool sign_type(const lk_expr *x, lk_type *out) {
	(void)x;
	*out = (lk_type){.kind = LK_NUMERIC, .precision = 1};
	return true;
}

/* Rounding may add a digit before the point. A number of digits that is no constant leaves each value its own. */
static bool shortened_type(const lk_expr *x, lk_type *out) {
	lk_type t = x->args[0]->type;
	int digits = x->nargs > 1 ? (int)x->args[1]->value.i : 0, scale = digits > 0 ? digits : 0;
	*out = (lk_type){.kind = LK_NUMERIC};
	if (!t.precision)
		return true;
	int whole = lk_numeric_whole(t) + 1;
	if (digits < 0 && whole < 1 - digits)
		whole = 1 - digits;
	*out = (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)(whole + scale), .scale = (uint8_t)scale};
	return scale <= LK_EXPR_DIGITS && whole + scale <= LK_EXPR_DIGITS && whole > 0;
}

static const char *check_digits(lk_expr *x, lk_arena *arena) {
	(void)arena;
	int64_t n = x->args[1]->value.i;
	return n < -100 || n > 100 ? "the number of digits must be from -100 to 100" : NULL;
}

#define SAME(k) .nargs = 1, .args = {k}, .result = k
#define WITH_DIGITS .nargs = 2, .args = {LK_NUMERIC, LK_INT4}, .result = LK_NUMERIC, .constants = 2, .prepare = check_digits, \
                    .type = shortened_type
#define LIBM .flags = LK_F_FOLD_ONLY, SAME(LK_FLOAT8)
#define POWER .nargs = 2, .args = {LK_FLOAT8, LK_FLOAT8}, .result = LK_FLOAT8, .eval = power_double

const lk_function lk_number_functions[] = {
	{.name = "abs", SAME(LK_INT2), .eval = abs_integer},
	{.name = "abs", SAME(LK_INT4), .eval = abs_integer},
	{.name = "abs", SAME(LK_INT8), .eval = abs_integer},
	{.name = "abs", SAME(LK_NUMERIC), .eval = abs_numeric, .type = same_type},
	{.name = "abs", SAME(LK_FLOAT4), .eval = abs_double},
	{.name = "abs", SAME(LK_FLOAT8), .eval = abs_double},
	{.name = "sign", SAME(LK_NUMERIC), .eval = sign_numeric, .type = sign_type},
	{.name = "sign", SAME(LK_FLOAT8), .eval = sign_double},
	{.name = "round", SAME(LK_NUMERIC), .eval = round_numeric, .type = shortened_type},
	{.name = "round", WITH_DIGITS, .eval = round_numeric},
	{.name = "round", SAME(LK_FLOAT8), .eval = round_double},
	{.name = "trunc", SAME(LK_NUMERIC), .eval = trunc_numeric, .type = shortened_type},
	{.name = "trunc", WITH_DIGITS, .eval = trunc_numeric},
	{.name = "trunc", SAME(LK_FLOAT8), .eval = trunc_double},
	{.name = "floor", SAME(LK_NUMERIC), .eval = floor_numeric, .type = shortened_type},
	{.name = "floor", SAME(LK_FLOAT8), .eval = floor_double},
	{.name = "ceil", SAME(LK_NUMERIC), .eval = ceil_numeric, .type = shortened_type},
	{.name = "ceil", SAME(LK_FLOAT8), .eval = ceil_double},
	{.name = "ceiling", SAME(LK_NUMERIC), .eval = ceil_numeric, .type = shortened_type},
	{.name = "ceiling", SAME(LK_FLOAT8), .eval = ceil_double},
	{.name = "sqrt", SAME(LK_FLOAT8), .eval = square_root},
	{.name = "ln", LIBM, .eval = ln_double},
	{.name = "log", LIBM, .eval = log_double},
	{.name = "exp", LIBM, .eval = exp_double},
	{.name = "power", POWER, .flags = LK_F_FOLD_ONLY},
	{.name = "pow", POWER, .flags = LK_F_FOLD_ONLY},
	{.name = "^", POWER, .flags = LK_F_FOLD_ONLY | LK_F_INFIX},
	{0},
};
