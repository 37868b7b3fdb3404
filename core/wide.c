#include "core/wide.h"

#include <string.h>

static void trim(lk_wide *w) {
	while (w->n > 0 && !w->digit[w->n - 1])
		w->n--;
	w->negative = w->negative && w->n > 0;
}

static void of_text(const char *s, size_t len, lk_wide *out) {
	bool point = false;
	*out = (lk_wide){.negative = len && *s == '-'};
	for (size_t i = 0; i < len; i++)
		if (s[i] == '.')
			point = true;
		else if (s[i] != '-')
			out->scale += point;
	for (size_t i = len; i-- > 0 && out->n < LK_WIDE_DIGITS;)
		if (s[i] >= '0' && s[i] <= '9')
			out->digit[out->n++] = (uint8_t)(s[i] - '0');
	trim(out);
}

void lk_wide_of(const lk_value *v, lk_wide *out) {
	if (v->scale == LK_WIDE) {
		of_text(v->s, v->len, out);
		return;
	}
	unsigned __int128 m = v->n < 0 ? -(unsigned __int128)v->n : (unsigned __int128)v->n;
	*out = (lk_wide){.negative = v->n < 0, .scale = v->scale};
	for (; m; m /= 10)
		out->digit[out->n++] = (uint8_t)(m % 10);
}

void lk_wide_print(const lk_wide *w, lk_buf *out) {
	int first = w->n > w->scale + 1 ? w->n : w->scale + 1;
	lk_buf_adds(out, w->negative ? "-" : "");
	for (int i = first; i-- > 0;) {
		lk_buf_addc(out, (char)('0' + (i < w->n ? w->digit[i] : 0)));
		if (i == w->scale && i > 0)
			lk_buf_addc(out, '.');
	}
}

lk_value lk_wide_value(const lk_wide *w, lk_arena *arena) {
	lk_int128 n = 0;
	for (int i = w->n; w->n <= 38 && i-- > 0;)
		n = n * 10 + w->digit[i];
	if (w->n <= 38 && w->scale < LK_WIDE)
		return lk_numeric(w->negative ? -n : n, (uint8_t)w->scale);
	lk_buf text = LK_BUF_INIT;
	lk_wide_print(w, &text);
	lk_value v = lk_text(lk_arena_strndup(arena, text.data, text.len), text.len);
	v.scale = LK_WIDE;
	lk_buf_release(&text);
	return v;
}

bool lk_wide_is_zero(const lk_wide *w) { return w->n == 0; }

int lk_numeric_sign(const lk_value *v) {
	lk_wide w;
	if (v->scale != LK_WIDE)
		return (v->n > 0) - (v->n < 0);
	lk_wide_of(v, &w);
	return lk_wide_is_zero(&w) ? 0 : w.negative ? -1 : 1;
}

int lk_wide_exponent(const lk_wide *w) { return w->n ? w->n - 1 - w->scale : 0; }

int lk_wide_weight(const lk_wide *w) {
	int exponent = lk_wide_exponent(w);
	return exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4);
}

static int digit_at(const lk_wide *w, int i) { return i >= 0 && i < w->n ? w->digit[i] : 0; }

int lk_wide_group(const lk_wide *w, int weight) {
	int group = 0;
	for (int k = 3; k >= 0; k--)
		group = group * 10 + digit_at(w, 4 * weight + k + w->scale);
	return group;
}

/* --- magnitudes --- */

/* Compares a * 10^up with b, as whole numbers. */
static int compare_digits(const lk_wide *a, int up, const lk_wide *b) {
	int top = a->n + up > b->n ? a->n + up : b->n;
	for (int i = top; i-- > 0;)
		if (digit_at(a, i - up) != digit_at(b, i))
			return digit_at(a, i - up) < digit_at(b, i) ? -1 : 1;
	return 0;
}

static int compare_magnitudes(const lk_wide *a, const lk_wide *b) {
	return a->scale <= b->scale ? compare_digits(a, b->scale - a->scale, b) : -compare_digits(b, a->scale - b->scale, a);
}

int lk_wide_compare(const lk_wide *a, const lk_wide *b) {
	if (a->negative != b->negative)
		return a->negative ? -1 : 1;
	int order = compare_magnitudes(a, b);
	return a->negative ? -order : order;
}

/* Multiplies by 10^zeros. */
static bool shift(lk_wide *w, int zeros) {
	if (w->n && w->n + zeros > LK_WIDE_DIGITS)
		return false;
	if (!w->n)
		return true;
	memmove(w->digit + zeros, w->digit, (size_t)w->n);
	memset(w->digit, 0, (size_t)zeros);
	w->n += zeros;
	return true;
}

static bool add_one(lk_wide *w) {
	int i = 0;
	while (i < w->n && w->digit[i] == 9)
		w->digit[i++] = 0;
	if (i == LK_WIDE_DIGITS)
		return false;
	if (i == w->n)
		w->digit[w->n++] = 0;
	w->digit[i]++;
	return true;
}

/* out = big ± small, of one scale; if they are subtracted, big is not the smaller one. */
static bool combine(const lk_wide *big, const lk_wide *small, bool subtract, lk_wide *out) {
	int carry = 0, i = 0;
	*out = (lk_wide){.scale = big->scale, .negative = big->negative};
	for (; i < big->n || i < small->n || carry > 0; i++) {
		int d = digit_at(big, i) + (subtract ? -digit_at(small, i) : digit_at(small, i)) + carry;
		carry = d < 0 ? -1 : d / 10;
		if (i == LK_WIDE_DIGITS)
			return false;
		out->digit[i] = (uint8_t)(d < 0 ? d + 10 : d % 10);
	}
	out->n = i;
	trim(out);
	return true;
}

bool lk_wide_add(const lk_wide *a, const lk_wide *b, lk_wide *out) {
	lk_wide l = *a, r = *b;
	int scale = a->scale > b->scale ? a->scale : b->scale;
	if (!lk_wide_rescale(&l, scale, LK_ROUND) || !lk_wide_rescale(&r, scale, LK_ROUND))
		return false;
	bool swap = compare_digits(&l, 0, &r) < 0;
	return combine(swap ? &r : &l, swap ? &l : &r, l.negative != r.negative, out);
}

bool lk_wide_multiply(const lk_wide *a, const lk_wide *b, lk_wide *out) {
	*out = (lk_wide){.negative = a->negative != b->negative, .scale = a->scale + b->scale};
	if (a->n + b->n > LK_WIDE_DIGITS || out->scale > LK_WIDE_DIGITS)
		return false;
	for (int i = 0; i < a->n; i++)
		for (int k = 0, carry = 0; k < b->n || carry; k++) {
			int d = out->digit[i + k] + a->digit[i] * digit_at(b, k) + carry;
			out->digit[i + k] = (uint8_t)(d % 10);
			carry = d / 10;
		}
	out->n = a->n + b->n;
	trim(out);
	return true;
}

/* --- division --- */

/* Whole numbers: a / b to q, what is left to *rest. */
static void divide_digits(const lk_wide *a, const lk_wide *b, lk_wide *q, lk_wide *rest) {
	*q = (lk_wide){.n = a->n};
	*rest = (lk_wide){0};
	for (int i = a->n; i-- > 0;) {
		shift(rest, 1);
		rest->digit[0] = a->digit[i];
		rest->n = rest->n ? rest->n : a->digit[i] != 0;
		while (compare_digits(rest, 0, b) >= 0) {
			lk_wide less;
			combine(rest, b, true, &less);
			*rest = less;
			q->digit[i]++;
		}
	}
	trim(q);
}

static int quotient_scale(const lk_wide *a, const lk_wide *b) {
	enum { MIN_SIG_DIGITS = 16, DEC_DIGITS = 4, MAX_DISPLAY_SCALE = 1000 };
	int wa = lk_wide_weight(a), wb = lk_wide_weight(b);
	int weight = wa - wb - (lk_wide_group(a, wa) <= lk_wide_group(b, wb));
	int scale = MIN_SIG_DIGITS - weight * DEC_DIGITS;
	scale = scale > a->scale ? scale : a->scale;
	scale = scale > b->scale ? scale : b->scale;
	return scale < 0 ? 0 : scale > MAX_DISPLAY_SCALE ? MAX_DISPLAY_SCALE : scale;
}

bool lk_wide_divide(const lk_wide *a, const lk_wide *b, lk_wide *out) {
	return lk_wide_quotient(a, b, quotient_scale(a, b), out);
}

bool lk_wide_quotient(const lk_wide *a, const lk_wide *b, int scale, lk_wide *out) {
	lk_wide l = *a, rest, twice;
	if (!shift(&l, scale + b->scale - a->scale))
		return false;
	divide_digits(&l, b, out, &rest);
	rest.negative = false;
	bool good = combine(&rest, &rest, false, &twice);
	good = good && (compare_digits(&twice, 0, b) < 0 || add_one(out));
	out->scale = scale;
	out->negative = a->negative != b->negative && out->n > 0;
	return good;
}

bool lk_wide_divide_small(const lk_wide *a, int b, int scale, lk_wide *out) {
	int up = scale - a->scale, rest = 0;
	lk_wide q = {.scale = scale, .negative = a->negative, .n = a->n + up > 0 ? a->n + up : 0};
	if (q.n > LK_WIDE_DIGITS)
		return false;
	for (int i = a->n + up - 1; i >= -1; i--) {
		rest = rest * 10 + digit_at(a, i - up);
		int digit = rest / b;
		rest %= b;
		if (i >= 0)
			q.digit[i] = (uint8_t)digit;
		else if (digit >= 5 && !add_one(&q))
			return false;
	}
	trim(&q);
	*out = q;
	return true;
}

bool lk_wide_remainder(const lk_wide *a, const lk_wide *b, lk_wide *out) {
	lk_wide l = *a, r = *b, q;
	int scale = a->scale > b->scale ? a->scale : b->scale;
	if (!lk_wide_rescale(&l, scale, LK_ROUND) || !lk_wide_rescale(&r, scale, LK_ROUND))
		return false;
	divide_digits(&l, &r, &q, out);
	out->scale = scale;
	out->negative = a->negative && out->n > 0;
	return true;
}

/* --- rounding --- */

static bool is_up(const lk_wide *w, int cut, enum lk_rounding how) {
	bool any = false;
	for (int i = 0; i < cut && i < w->n; i++)
		any |= w->digit[i] != 0;
	switch (how) {
	case LK_ROUND: return digit_at(w, cut - 1) >= 5;
	case LK_FLOOR: return any && w->negative;
	case LK_CEIL: return any && !w->negative;
	default: return false;
	}
}

bool lk_wide_rescale(lk_wide *w, int scale, enum lk_rounding how) {
	int cut = w->scale - scale;
	bool up = cut > 0 && is_up(w, cut, how), negative = w->negative;
	if (scale > LK_WIDE_DIGITS || (cut < 0 && !shift(w, -cut)))
		return false;
	if (cut > 0) {
		int kept = w->n > cut ? w->n - cut : 0;
		memmove(w->digit, w->digit + cut, (size_t)kept);
		w->n = kept;
	}
	bool good = !up || add_one(w);
	w->scale = scale;
	if (good && scale < 0) {
		good = shift(w, -scale);
		w->scale = 0;
	}
	w->negative = negative && w->n > 0;
	return good;
}
