/* Decimal numbers as scaled 128-bit integers: n / 10^scale.
 *
 * Division gives the same text as PostgreSQL's numeric division. Its rule (select_div_scale) looks at the operands in
 * base 10000, as PostgreSQL stores them: the weight of the first digit and that digit estimate the weight of the
 * quotient, and the scale is chosen so that about 16 significant digits remain, never less than either operand's scale.
 * The quotient is then an exact long division, rounded half away from zero. */
#include <stdio.h>

#include "core/value.h"

typedef unsigned __int128 u128;

#define E18 ((lk_int128)INT64_C(1000000000000000000))
#define UP_TO_1E17(f) \
	f * 1, f * 10, f * 100, f * 1000, f * 10000, f * 100000, f * 1000000, f * 10000000, f * 100000000, \
	f * 1000000000, f * INT64_C(10000000000), f * INT64_C(100000000000), f * INT64_C(1000000000000), \
	f * INT64_C(10000000000000), f * INT64_C(100000000000000), f * INT64_C(1000000000000000), \
	f * INT64_C(10000000000000000), f * INT64_C(100000000000000000)

static const lk_int128 powers[] = {UP_TO_1E17((lk_int128)1), UP_TO_1E17(E18), E18 * E18, E18 * E18 * 10, E18 * E18 * 100};

lk_int128 lk_pow10(int k) { return powers[k]; }

static u128 magnitude(lk_int128 n) { return n < 0 ? -(u128)n : (u128)n; }

bool lk_numeric_rescale(lk_int128 n, int from, int to, lk_int128 *out) {
	if (n == 0 || from - to > 38) {
		*out = 0;
		return true;
	}
	if (to - from > 38)
		return false;
	if (to >= from) {
		lk_int128 r;
		if (__builtin_mul_overflow(n, powers[to - from], &r) || magnitude(r) >= (u128)powers[38])
			return false;
		*out = r;
		return true;
	}
	u128 by = (u128)powers[from - to], m = magnitude(n), q = m / by;
	q += m % by >= by - m % by;
	if (q >= (u128)powers[38])
		return false;
	*out = n < 0 ? -(lk_int128)q : (lk_int128)q;
	return true;
}

void lk_int128_print(lk_int128 n, int scale, lk_buf *out) {
	char digits[320];
	int at = sizeof digits, printed = 0;
	u128 m = magnitude(n);
	while (m > UINT64_MAX) {
		digits[--at] = (char)('0' + (int)(m % 10));
		m /= 10;
		if (++printed == scale)
			digits[--at] = '.';
	}
	for (uint64_t rest = (uint64_t)m; rest || printed <= scale;) {
		digits[--at] = (char)('0' + rest % 10);
		rest /= 10;
		if (++printed == scale)
			digits[--at] = '.';
	}
	if (n < 0)
		digits[--at] = '-';
	lk_buf_add(out, digits + at, sizeof digits - (size_t)at);
}

static int digits_of(u128 m) {
	int n = 0;
	while (n < 39 && m >= (u128)powers[n])
		n++;
	return n;
}

/* The weight of the first base-10000 digit of m / 10^scale, and that digit; both 0 for 0. */
static int first_digit(u128 m, int scale, int *digit) {
	*digit = 0;
	if (!m)
		return 0;
	int n = digits_of(m), exponent = n - 1 - scale;
	int weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
	int want = exponent - 4 * weight + 1;
	*digit = (int)(n > want ? m / (u128)powers[n - want] : m * (u128)powers[want - n]);
	return weight;
}

static int div_scale(u128 a, int as, u128 b, int bs) {
	enum { MIN_SIG_DIGITS = 16, DEC_DIGITS = 4 };
	int da, db, weight = first_digit(a, as, &da);
	weight -= first_digit(b, bs, &db);
	if (da <= db)
		weight--;
	int scale = MIN_SIG_DIGITS - weight * DEC_DIGITS;
	scale = scale > as ? scale : as;
	scale = scale > bs ? scale : bs;
	return scale > 0 ? scale : 0;
}

/* One more decimal digit of remainder / b if ten times the remainder may not fit: ten additions modulo b. */
static int next_digit(u128 *remainder, u128 b) {
	u128 r = *remainder, sum = 0;
	int digit = 0;
	for (int i = 0; i < 10; i++) {
		bool wraps = sum >= b - r;
		sum = wraps ? sum - (b - r) : sum + r;
		digit += wraps;
	}
	*remainder = sum;
	return digit;
}

lk_value lk_numeric_div(lk_int128 a, int as, lk_int128 b, int bs) {
	u128 x = magnitude(a), y = magnitude(b);
	int scale = div_scale(x, as, y, bs), more = scale + bs - as, chunk = 38 - digits_of(y);
	u128 q = x / y, r = x % y;
	bool fits = true;
	while (more > 0 && fits) {
		int step = chunk < 1 ? 1 : more < chunk ? more : chunk;
		u128 digits;
		if (chunk < 1) {
			digits = (u128)next_digit(&r, y);
		} else {
			r *= (u128)powers[step];
			digits = r / y;
			r %= y;
		}
		fits = !__builtin_mul_overflow(q, (u128)powers[step], &q) && !__builtin_add_overflow(q, digits, &q);
		more -= step;
	}
	q += fits && r >= y - r;
	if (!fits || q >= (u128)powers[38])
		return (lk_value){.state = LK_MARKED};
	return lk_numeric((a < 0) != (b < 0) ? -(lk_int128)q : (lk_int128)q, (uint8_t)scale);
}
