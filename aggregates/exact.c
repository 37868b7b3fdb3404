/* The accumulator: a number of up to 140 digits in base 2^32. It keeps only the range of digits that terms have
 * touched.
 *
 *     index     0 … 33      34 … 67        68         69 … 139
 *     weight    2^-2176 …   2^-1088 …      1          2^32 …
 *               squares     the least      units      the largest squares,
 *                           double, 2^-1074           and room to count
 *
 * A term is cut into at most five pieces of 32 bits that are added to signed digits of 64 bits. A digit takes 2^29
 * pieces before it must be carried, so most additions touch only two or three words. The value is unique, its digits
 * are not; encoding makes them unique: a sign, then a magnitude without zeros at either end. */
#include "aggregates/exact.h"

#include <math.h>
#include <string.h>

#include "core/varint.h"

enum { CARRY_AFTER = 1 << 29, MARGIN = 1, NOT_A_NUMBER = 1, PLUS_INFINITY = 2, MINUS_INFINITY = 4, NEGATIVE = 8 };

/* Widens the range of digits to [low, end). */
static void reserve(lk_exact *x, int low, int end, lk_arena *arena) {
	if (x->n && low >= x->low && end <= x->low + x->n)
		return;
	low = low > MARGIN ? low - MARGIN : 0;
	end = end + MARGIN < LK_EXACT_DIGITS ? end + MARGIN : LK_EXACT_DIGITS;
	if (x->n && x->low < low)
		low = x->low;
	if (x->n && x->low + x->n > end)
		end = x->low + x->n;
	int64_t *digits = lk_arena_zalloc(arena, (size_t)(end - low) * sizeof *digits);
	if (x->n)
		memcpy(digits + (x->low - low), x->digits, (size_t)x->n * sizeof *digits);
	x->digits = digits;
	x->low = (int16_t)low;
	x->n = (int16_t)(end - low);
}

/* Leaves every digit but the top one in [0, 2^32); the top one keeps the sign and stays below 2^32 in magnitude. */
static void carry(lk_exact *x, lk_arena *arena) {
	x->uncarried = 0;
	for (int i = 0; i < x->n; i++) {
		int64_t up = x->digits[i] >> 32;
		bool top = i == x->n - 1;
		if (top && (up == 0 || up == -1))
			break;
		if (top) {
			int low = x->low;
			reserve(x, low, low + x->n + 1, arena);
			i += low - x->low;
		}
		x->digits[i] -= up * (INT64_C(1) << 32);
		x->digits[i + 1] += up;
	}
}

/* m * 2^(offset - 2176) */
static void add_bits(lk_exact *x, lk_uint128 m, int offset, bool negative, lk_arena *arena) {
	int first = offset / 32, shift = offset % 32, pieces = 1;
	for (lk_uint128 rest = m >> (32 - shift); rest; rest >>= 32)
		pieces++;
	reserve(x, first, first + pieces, arena);
	if (++x->uncarried == CARRY_AFTER)
		carry(x, arena);
	int64_t *digit = x->digits + (first - x->low);
	int64_t sign = negative ? -1 : 1;
	*digit += sign * (int64_t)(uint32_t)(m << shift);
	for (m >>= 32 - shift; m; m >>= 32)
		*++digit += sign * (int64_t)(uint32_t)m;
}

typedef struct parts {
	uint64_t mantissa;
	int exponent;       /* of the mantissa's last bit, relative to that of the smallest double */
	bool negative, special;
} parts;

static void count(uint32_t *n, uint32_t by) { *n = by > UINT32_MAX - *n ? UINT32_MAX : *n + by; }

/* The count of a value that is not finite. */
static uint32_t *special(lk_exact *x, const parts *p) {
	return p->mantissa ? &x->nan : p->negative ? &x->minus : &x->plus;
}

/* False for zero and for what is not finite. */
static bool take_apart(double d, parts *out) {
	uint64_t bits;
	memcpy(&bits, &d, 8);
	int exponent = (int)(bits >> 52 & 2047);
	*out = (parts){.mantissa = bits & ((UINT64_C(1) << 52) - 1), .negative = bits >> 63};
	out->special = exponent == 2047;
	if (exponent && !out->special) {
		out->mantissa |= UINT64_C(1) << 52;
		out->exponent = exponent - 1;
	}
	return out->mantissa != 0 && !out->special;
}

static void add_double(lk_exact *x, double d, bool square, bool remove, lk_arena *arena) {
	parts p;
	bool finite = take_apart(square ? fabs(d) : d, &p);
	if (p.special && remove)
		--*special(x, &p);
	else if (p.special)
		count(special(x, &p), 1);
	else if (finite && square)
		add_bits(x, (lk_uint128)p.mantissa * p.mantissa, 32 * LK_EXACT_ONE + 2 * (p.exponent - 1074), remove, arena);
	else if (finite)
		add_bits(x, p.mantissa, 32 * LK_EXACT_ONE - 1074 + p.exponent, p.negative != remove, arena);
}

void lk_exact_add(lk_exact *x, double d, lk_arena *arena) { add_double(x, d, false, false, arena); }
void lk_exact_add_square(lk_exact *x, double d, lk_arena *arena) { add_double(x, d, true, false, arena); }
void lk_exact_remove(lk_exact *x, double d, lk_arena *arena) { add_double(x, d, false, true, arena); }
void lk_exact_remove_square(lk_exact *x, double d, lk_arena *arena) { add_double(x, d, true, true, arena); }

void lk_exact_add_int(lk_exact *x, lk_int128 n, int shift, lk_arena *arena) {
	if (n)
		add_bits(x, n < 0 ? -(lk_uint128)n : (lk_uint128)n, 32 * (LK_EXACT_ONE + shift), n < 0, arena);
}

void lk_exact_add_int_square(lk_exact *x, lk_int128 n, bool remove, lk_arena *arena) {
	lk_uint128 m = n < 0 ? -(lk_uint128)n : (lk_uint128)n, high = m >> 64, low = (uint64_t)m;
	const int one = 32 * LK_EXACT_ONE;
	add_bits(x, low * low, one, remove, arena);
	if (high) {
		add_bits(x, high * low, one + 65, remove, arena);
		add_bits(x, high * high, one + 128, remove, arena);
	}
}

void lk_exact_merge(lk_exact *into, const lk_exact *from, lk_arena *arena) {
	count(&into->nan, from->nan);
	count(&into->plus, from->plus);
	count(&into->minus, from->minus);
	if (!from->n)
		return;
	reserve(into, from->low, from->low + from->n, arena);
	int64_t *digit = into->digits + (from->low - into->low);
	for (int i = 0; i < from->n; i++)
		digit[i] += from->digits[i];
	into->uncarried += from->uncarried + 1;
	if (into->uncarried >= CARRY_AFTER)
		carry(into, arena);
}

double lk_exact_special(const lk_exact *x) {
	if (x->nan || (x->plus && x->minus))
		return NAN;
	return x->plus ? INFINITY : x->minus ? -INFINITY : 0;
}

static void negate(lk_magnitude *m) {
	uint64_t up = 1;
	for (int i = 0; i < LK_EXACT_DIGITS; i++) {
		up += (uint32_t)~m->digit[i];
		m->digit[i] = (uint32_t)up;
		up >>= 32;
	}
}

void lk_exact_magnitude(const lk_exact *x, lk_magnitude *out) {
	*out = (lk_magnitude){.low = 0};
	int64_t up = 0;
	for (int i = 0; i < x->n; i++) {
		up += x->digits[i];
		out->digit[x->low + i] = (uint32_t)up;
		up >>= 32;
	}
	for (int i = x->low + x->n; i < LK_EXACT_DIGITS; i++, up >>= 32)
		out->digit[i] = (uint32_t)up;
	out->negative = up < 0;
	if (out->negative)
		negate(out);
	for (out->end = LK_EXACT_DIGITS; out->end > 0 && !out->digit[out->end - 1];)
		out->end--;
	while (out->low < out->end && !out->digit[out->low])
		out->low++;
}

/* special and sign; the number of digits; if there are any, the index of the lowest and the digits, little-endian. */
void lk_exact_encode(const lk_exact *x, lk_buf *out) {
	lk_magnitude m;
	lk_exact_magnitude(x, &m);
	int special = (x->nan ? NOT_A_NUMBER : 0) | (x->plus ? PLUS_INFINITY : 0) | (x->minus ? MINUS_INFINITY : 0);
	lk_buf_addc(out, (char)(special | (m.negative ? NEGATIVE : 0)));
	lk_varint_put(out, (lk_uint128)(m.end - m.low));
	if (m.low == m.end)
		return;
	lk_varint_put(out, (lk_uint128)m.low);
	for (int i = m.low; i < m.end; i++)
		for (int byte = 0; byte < 4; byte++)
			lk_buf_addc(out, (char)(m.digit[i] >> 8 * byte));
}

int lk_exact_decode(lk_exact *x, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	lk_uint128 n, low;
	*x = (lk_exact){0};
	if (*p == end || **p > (NEGATIVE | NOT_A_NUMBER | PLUS_INFINITY | MINUS_INFINITY))
		return -1;
	uint8_t head = *(*p)++;
	x->nan = head & NOT_A_NUMBER ? 1 : 0;
	x->plus = head & PLUS_INFINITY ? 1 : 0;
	x->minus = head & MINUS_INFINITY ? 1 : 0;
	if (lk_varint_get(p, end, &n) != 0)
		return -1;
	if (!n)
		return head & NEGATIVE ? -1 : 0;
	if (lk_varint_get(p, end, &low) != 0 || low >= LK_EXACT_DIGITS || n > LK_EXACT_DIGITS - low || (size_t)(end - *p) < 4 * (size_t)n)
		return -1;
	reserve(x, (int)low, (int)(low + n), arena);
	int64_t sign = head & NEGATIVE ? -1 : 1, first = 0, last = 0;
	for (int i = 0; i < (int)n; i++, *p += 4) {
		last = (int64_t)((*p)[0] | (uint32_t)(*p)[1] << 8 | (uint32_t)(*p)[2] << 16 | (uint32_t)(*p)[3] << 24);
		first = i ? first : last;
		x->digits[(int)low + i - x->low] = sign * last;
	}
	x->uncarried = 1;
	return first && last ? 0 : -1;
}
