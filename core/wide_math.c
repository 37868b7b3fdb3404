/* ln and exp take the steps of ln_var and exp_var in PostgreSQL's numeric.c, with as many digits in each step: the
 * digits behind the last one decide how that is rounded, and for numbers next to 1, or 0, they are a 5 and then zeros
 * for long.
 *
 * The root is Newton's iteration for 1 / sqrt(m), 1 <= m < 100, from a double on, which needs no division. It computes
 * with a fixed point in base 10^9, the lowest limb first: value = sum of limb[i] * 10^(9 * (i - point)). */
#include "core/wide_math.h"

#include <math.h>
#include <string.h>

enum { BASE = 1000000000, BASE_DIGITS = 9, LIMBS = 280, GUARD = 20, DOUBLE_DIGITS = 14 };
enum { GROUP = 4, MORE = 8 };   /* of numeric.c: digits in base 10000, and in excess of those asked for */

static const double LOG10_OF_2 = 0.301029995663981, LOG10_OF_E = 0.434294481903252;

typedef struct fixed {
	int n, point;             /* limbs in use: the same of all operands; those below the point */
	uint32_t limb[LIMBS];
} fixed;

/* --- arithmetic --- */

/* A whole number, of an operand's shape. */
static fixed whole(const fixed *like, uint64_t n) {
	fixed r = {.n = like->n, .point = like->point};
	for (int i = r.point; n; n /= BASE)
		r.limb[i++] = (uint32_t)(n % BASE);
	return r;
}

/* b <= a */
static void subtract(fixed *a, const fixed *b) {
	uint32_t borrow = 0;
	for (int i = 0; i < a->n; i++) {
		uint32_t take = b->limb[i] + borrow;
		borrow = a->limb[i] < take;
		a->limb[i] = borrow ? a->limb[i] + BASE - take : a->limb[i] - take;
	}
}

static void divide(fixed *a, uint32_t by) {
	uint64_t rest = 0;
	for (int i = a->n; i-- > 0;) {
		rest = rest * BASE + a->limb[i];
		a->limb[i] = (uint32_t)(rest / by);
		rest %= by;
	}
}

static fixed multiply(const fixed *a, const fixed *b) {
	uint32_t product[2 * LIMBS] = {0};
	fixed r = {.n = a->n, .point = a->point};
	for (int i = 0; i < a->n; i++) {
		uint64_t up = 0;
		for (int k = 0; a->limb[i] && k < b->n; k++) {
			up += product[i + k] + (uint64_t)a->limb[i] * b->limb[k];
			product[i + k] = (uint32_t)(up % BASE);
			up /= BASE;
		}
		product[i + b->n] = (uint32_t)up;
	}
	memcpy(r.limb, product + r.point, (size_t)r.n * sizeof *r.limb);
	return r;
}

static fixed of_double(const fixed *like, double d) {
	fixed r = whole(like, (uint64_t)d);
	d -= floor(d);
	for (int i = r.point - 1; i >= 0 && i >= r.point - 2; i--) {
		d *= BASE;
		r.limb[i] = (uint32_t)d;
		d -= floor(d);
	}
	return r;
}

/* --- decimal numbers --- */

/* a * 10^up without its sign; digits beyond the last limb are cut off. */
static fixed of_wide(const lk_wide *a, int up, int n, int point) {
	static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};
	fixed r = {.n = n, .point = point};
	for (int i = 0; i < a->n; i++) {
		int place = i - a->scale + up + BASE_DIGITS * point;
		if (place >= 0 && place < BASE_DIGITS * n)
			r.limb[place / BASE_DIGITS] += a->digit[i] * powers[place % BASE_DIGITS];
	}
	return r;
}

/* a * 10^up, rounded. */
static bool to_wide(const fixed *a, int up, bool negative, int scale, lk_wide *out) {
	int places = BASE_DIGITS * a->point - up, from = (places - scale - GUARD) / BASE_DIGITS, last = a->n;
	from = from > 0 ? from : 0;   /* limbs below do not matter */
	while (last > from && !a->limb[last - 1])
		last--;
	lk_wide all = {.negative = negative, .scale = places - from * BASE_DIGITS};
	if ((last - from) * BASE_DIGITS > LK_WIDE_DIGITS)
		return false;
	for (int i = from; i < last; i++) {
		uint32_t limb = a->limb[i];
		for (int k = 0; k < BASE_DIGITS; k++, limb /= 10)
			all.digit[all.n++] = (uint8_t)(limb % 10);
	}
	while (all.n && !all.digit[all.n - 1])
		all.n--;
	*out = all;
	return lk_wide_rescale(out, scale, LK_ROUND);
}

static int limbs_for(int digits) { return (digits + BASE_DIGITS - 1) / BASE_DIGITS; }

/* --- sqrt --- */

static double leading_double(const fixed *a) {
	double d = 0, unit = 1;
	for (int i = a->point; i >= 0 && i >= a->point - 2; i--, unit /= BASE)
		d += a->limb[i] * unit;
	return d;
}

/* r (3 - m r^2) / 2, each time with twice as many good digits. */
static fixed inverse_root(const fixed *m) {
	fixed r = of_double(m, 1 / sqrt(leading_double(m)));
	const fixed three = whole(m, 3);
	for (int good = DOUBLE_DIGITS; good < 2 * BASE_DIGITS * m->point; good *= 2) {
		fixed square = multiply(&r, &r), t = multiply(m, &square), rest = three;
		subtract(&rest, &t);
		r = multiply(&r, &rest);
		divide(&r, 2);
	}
	return r;
}

/* a = m * 100^k. A number of this scale, or one with a 5 behind it, is no root of another number of it, so a root that
 * is not exact is further from it than its square is from a: with twice the digits it is rounded right. */
bool lk_wide_sqrt(const lk_wide *a, int scale, lk_wide *out) {
	int exponent = a->n - 1 - a->scale, k = exponent >= 0 ? exponent / 2 : -((1 - exponent) / 2);
	*out = (lk_wide){.scale = scale};
	if (lk_wide_is_zero(a))
		return true;
	int point = limbs_for(2 * (scale + (k > 0 ? k : 0)) + a->n + GUARD);
	if (point + 2 > LIMBS)
		return false;
	fixed m = of_wide(a, -2 * k, point + 2, point), r = inverse_root(&m);
	r = multiply(&m, &r);
	return to_wide(&r, k, false, scale, out);
}

/* --- ln and exp --- */

bool lk_wide_multiply_to(const lk_wide *a, const lk_wide *b, int scale, lk_wide *out) {
	lk_wide product;
	if (!lk_wide_multiply(a, b, &product) || !lk_wide_rescale(&product, scale, LK_ROUND))
		return false;
	*out = product;
	return true;
}

static bool add_to(lk_wide *sum, const lk_wide *term) {
	lk_wide r;
	if (!lk_wide_add(sum, term, &r))
		return false;
	*sum = r;
	return true;
}

bool lk_wide_quotient_near(const lk_wide *a, const lk_wide *b, int scale, lk_wide *out) {
	enum { GUARD_GROUPS = 4 };
	return lk_wide_quotient(a, b, scale + GUARD_GROUPS * GROUP, out) && lk_wide_rescale(out, scale, LK_ROUND);
}

static lk_wide small(int n, int scale) {
	const lk_value v = lk_numeric(n, (uint8_t)scale);
	lk_wide w;
	lk_wide_of(&v, &w);
	return w;
}

/* Roots until 0.9 < x < 1.1; *roots of them. */
static bool near_one(lk_wide *x, int scale, int *roots) {
	const lk_wide least = small(9, 1), most = small(11, 1);
	for (*roots = 0; lk_wide_compare(x, &least) <= 0 || lk_wide_compare(x, &most) >= 0; ++*roots) {
		lk_wide root;
		if (!lk_wide_sqrt(x, scale - lk_wide_weight(x) * GROUP / 2 + MORE, &root))
			return false;
		*x = root;
	}
	return true;
}

/* z + z^3/3 + z^5/5 + … to *z, each term rounded. */
static bool atanh_series(lk_wide *z, int scale) {
	lk_wide power = *z, square, term;
	bool good = lk_wide_multiply_to(z, z, scale, &square);
	for (int i = 3; good; i += 2) {
		good = lk_wide_multiply_to(&power, &square, scale, &power) && lk_wide_divide_small(&power, i, scale, &term);
		if (!good || lk_wide_is_zero(&term))
			break;
		good = add_to(z, &term);
	}
	return good;
}

bool lk_wide_ln(const lk_wide *a, int scale, lk_wide *out) {
	const lk_wide one = small(1, 0), minus_one = small(-1, 0), two = small(2, 0);
	lk_wide x = *a, above, below, z;
	int roots;
	if (!near_one(&x, scale, &roots))
		return false;
	int inner = scale + (int)((roots + 1) * LOG10_OF_2) + MORE;
	if (!lk_wide_add(&x, &minus_one, &above) || !lk_wide_add(&x, &one, &below) ||
	    !lk_wide_quotient_near(&above, &below, inner, &z) || !atanh_series(&z, inner))
		return false;
	for (int i = 0; i < roots; i++)
		if (!lk_wide_multiply_to(&z, &two, inner, &z))
			return false;
	return lk_wide_multiply_to(&z, &two, scale, out);
}

/* 1 + x + x^2/2! + …, each term rounded. */
static bool exp_series(const lk_wide *x, int scale, lk_wide *out) {
	const lk_wide one = small(1, 0);
	lk_wide term;
	bool good = lk_wide_add(&one, x, out) && lk_wide_multiply_to(x, x, scale, &term) &&
	            lk_wide_divide_small(&term, 2, scale, &term);
	for (int i = 3; good && !lk_wide_is_zero(&term); i++)
		good = add_to(out, &term) && lk_wide_multiply_to(&term, x, scale, &term) &&
		       lk_wide_divide_small(&term, i, scale, &term);
	return good;
}

bool lk_wide_exp(const lk_wide *a, double about, int scale, lk_wide *out) {
	lk_wide x = *a;
	int digits = (int)(about * LOG10_OF_E), halvings = 0;
	for (; fabs(about) > 0.01; about /= 2)
		halvings++;
	if (halvings && !lk_wide_divide_small(a, 1 << halvings, a->scale + halvings, &x))
		return false;
	int significant = 1 + digits + scale + (int)(halvings * LOG10_OF_2);
	significant = (significant > 0 ? significant : 0) + MORE;
	if (digits + scale > LK_WIDE_DIGITS || !exp_series(&x, significant - 1, out))
		return false;
	for (int i = 0; i < halvings; i++) {
		int inner = significant - lk_wide_weight(out) * 2 * GROUP;
		if (!lk_wide_multiply_to(out, out, inner > 0 ? inner : 0, out))
			return false;
	}
	return lk_wide_rescale(out, scale, LK_ROUND);
}
