/* From exact sums to doubles: one long division, one rounding.
 *
 * The dividend x, a whole number of 2^-2176, gets 384 zero bits at its low end. The product of the divisors is below
 * 2^128, so a quotient that is not a tie between two doubles is further than 2^-2304 from it. (By powers of ten only
 * sums of whole numbers are divided: then x is a whole number of ones, and 10^400 is below 2^1330.) The kept digits
 * show on which side it lies; the remainder of the division does not matter. So each result is the double nearest to
 * the true value, in whatever order the terms came. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "aggregates/exact.h"
#include "core/varint.h"

enum { GUARD = 12, WIDE = 2 * LK_EXACT_DIGITS + GUARD };

/* digit[0 … n) in base 2^32, times 2^exponent. */
typedef struct wide {
	uint32_t digit[WIDE];
	int n, exponent;
} wide;

static void divide(wide *w, uint64_t by) {
	lk_uint128 rest = 0;
	for (int i = w->n - 1; i >= 0; i--) {
		rest = rest << 32 | w->digit[i];
		w->digit[i] = (uint32_t)(rest / by);
		rest %= by;
	}
}

static bool bit(const wide *w, int at) { return at >= 0 && w->digit[at / 32] >> at % 32 & 1; }

static bool any_below(const wide *w, int at) {
	for (int i = 0; i < at / 32; i++)
		if (w->digit[i])
			return true;
	return at > 0 && at % 32 && w->digit[at / 32] & ((UINT32_C(1) << at % 32) - 1);
}

static int bit_length(const wide *w) {
	int i = w->n;
	while (i > 0 && !w->digit[i - 1])
		i--;
	return i ? 32 * i - __builtin_clz(w->digit[i - 1]) : 0;
}

/* Rounds to at most `bits` bits, none of them below 2^least; *exponent is that of the last one. */
static uint64_t rounded(const wide *w, int bits, int least, int *exponent) {
	int length = bit_length(w), drop = length - bits;
	if (drop < least - w->exponent)
		drop = least - w->exponent;
	*exponent = w->exponent + drop;
	if (drop > length)
		return 0;
	uint64_t m = 0;
	for (int i = length - 1; i >= drop; i--)
		m = m << 1 | bit(w, i);
	bool half = bit(w, drop - 1), more = any_below(w, drop - 1);
	return m + (half && (more || m & 1));
}

static double to_double(const wide *w, bool real) {
	int exponent;
	uint64_t m = real ? rounded(w, FLT_MANT_DIG, -149, &exponent) : rounded(w, DBL_MANT_DIG, -1074, &exponent);
	double d = ldexp((double)m, exponent);
	return real && d > (double)FLT_MAX ? INFINITY : d;
}

/* --- most sums are short: a quotient of 128 bits has all that decides --- */

enum { SHORT_DIGITS = 8 };

/* The value as n * 2^exponent, n below 2^96; false if it has more digits. */
static bool is_short(const lk_exact *x, lk_uint128 *n, int *exponent, bool *negative) {
	uint32_t digit[SHORT_DIGITS];
	int64_t up = 0;
	int low = 0, end = x->n;
	if (x->n > SHORT_DIGITS)
		return false;
	for (int i = 0; i < x->n; i++) {
		up += x->digits[i];
		digit[i] = (uint32_t)up;
		up >>= 32;
	}
	*negative = up < 0;
	uint64_t carry = *negative;
	for (int i = 0; *negative && i < x->n; i++, carry >>= 32) {
		carry += (uint32_t)~digit[i];
		digit[i] = (uint32_t)carry;
	}
	while (end > 0 && !digit[end - 1])
		end--;
	while (low < end && !digit[low])
		low++;
	*n = 0;
	for (int i = end - 1; i >= low; i--)
		*n = *n << 32 | digit[i];
	*exponent = 32 * (x->low + low - LK_EXACT_ONE);
	return (up == 0 || up == -1) && !carry && end - low <= 3;   /* a carry: -2^32 to the power of all digits */
}

static int length_of(lk_uint128 n) {
	uint64_t high = (uint64_t)(n >> 64), low = (uint64_t)n;
	return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

/* The quotient of a short sum, if it is in the range where doubles, or reals, have all their bits. */
static bool short_quotient(const lk_exact *x, uint64_t by, bool real, double *out) {
	int exponent, bits = real ? FLT_MANT_DIG : DBL_MANT_DIG;
	lk_uint128 n;
	bool negative;
	*out = 0;
	if (by > UINT32_MAX || !is_short(x, &n, &exponent, &negative))
		return false;
	if (!n)
		return true;
	int shift = 127 - length_of(n);
	lk_uint128 q = (n << shift) / by, rest = (n << shift) % by;
	int drop = length_of(q) - bits;
	uint64_t m = (uint64_t)(q >> drop);
	bool half = q >> (drop - 1) & 1, more = rest || q << (129 - drop);
	exponent += drop - shift;
	m += half && (more || m & 1);
	if (exponent < (real ? -149 : -1074) || exponent + bits >= (real ? 128 : 1024))
		return false;
	*out = ldexp(negative ? -(double)m : (double)m, exponent);
	return true;
}

double lk_exact_quotient(const lk_exact *x, uint64_t by, bool real) {
	double quotient;
	if (short_quotient(x, by, real, &quotient))
		return quotient;
	lk_magnitude m;
	wide w = {.n = LK_EXACT_DIGITS + GUARD, .exponent = -32 * (LK_EXACT_ONE + GUARD)};
	lk_exact_magnitude(x, &m);
	memcpy(w.digit + GUARD, m.digit, sizeof m.digit);
	if (by != 1)
		divide(&w, by);
	double d = to_double(&w, real);
	return m.negative ? -d : d;
}

/* --- variance --- */

static void multiply(const lk_magnitude *m, uint64_t by, uint32_t *out, int n) {
	lk_uint128 up = 0;
	for (int i = 0; i < n; i++) {
		up += i < m->end ? (lk_uint128)m->digit[i] * by : 0;
		out[i] = (uint32_t)up;
		up >>= 32;
	}
}

/* out -= m * m. The product of digits i and j has the weight of digit i + j - LK_EXACT_ONE; it is never below digit 0,
 * since no double has digits below 34. */
static void subtract_square(uint32_t *out, int n, const lk_magnitude *m) {
	for (int i = m->low; i < m->end; i++) {
		uint64_t up = 0;
		int at = i + m->low - LK_EXACT_ONE;
		for (int j = m->low; at < n && (j < m->end || up); j++, at++) {
			up += j < m->end ? (uint64_t)m->digit[i] * m->digit[j] : 0;
			uint32_t part = (uint32_t)up;
			up = (up >> 32) + (out[at] < part);
			out[at] -= part;
		}
	}
}

static double root_of(const wide *w) {
	int exponent;
	uint64_t m = rounded(w, DBL_MANT_DIG, -1000000, &exponent);
	if (exponent % 2) {
		m *= 2;
		exponent--;
	}
	return ldexp(sqrt((double)m), exponent / 2);
}

double lk_exact_variance(const lk_exact *sum, const lk_exact *squares, uint64_t n, uint64_t m, int scale, bool root) {
	lk_magnitude s, q;
	wide w = {.n = LK_EXACT_DIGITS + 4 + GUARD, .exponent = -32 * (LK_EXACT_ONE + GUARD)};
	lk_exact_magnitude(sum, &s);
	lk_exact_magnitude(squares, &q);
	multiply(&q, n, w.digit + GUARD, LK_EXACT_DIGITS + 4);
	subtract_square(w.digit + GUARD, LK_EXACT_DIGITS + 4, &s);
	divide(&w, n);
	divide(&w, m);
	for (int left = 2 * scale, step; left > 0; left -= step) {
		step = left < 19 ? left : 19;
		divide(&w, (uint64_t)lk_pow10(step));
	}
	return root ? root_of(&w) : to_double(&w, false);
}
