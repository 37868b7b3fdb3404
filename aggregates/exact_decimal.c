/* Exact sums of whole numbers as decimal numbers, and back: digit by digit, which is short for sums of numerics. */
#include "aggregates/exact.h"
#include "core/wide.h"

enum { MOST_WORDS = 80 };   /* of 32 bits: 770 digits; the squares of the longest numerics and their sum have 420 */

/* Divides the digits [from, end) by ten and gives the remainder. */
static int tenth(uint32_t *digit, int from, int end) {
	uint64_t rest = 0;
	for (int i = end - 1; i >= from; i--) {
		rest = rest << 32 | digit[i];
		digit[i] = (uint32_t)(rest / 10);
		rest %= 10;
	}
	return (int)rest;
}

void lk_exact_wide(const lk_exact *x, int scale, lk_wide *out) {
	lk_magnitude m;
	lk_exact_magnitude(x, &m);
	*out = (lk_wide){.scale = scale, .negative = m.negative};
	for (int end = m.end; end > LK_EXACT_ONE && out->n < LK_WIDE_DIGITS;) {
		out->digit[out->n++] = (uint8_t)tenth(m.digit, LK_EXACT_ONE, end);
		while (end > LK_EXACT_ONE && !m.digit[end - 1])
			end--;
	}
}

lk_value lk_exact_text(const lk_exact *x, int scale, lk_arena *arena) {
	lk_wide w;
	lk_buf text = LK_BUF_INIT;
	lk_exact_wide(x, scale, &w);
	lk_wide_print(&w, &text);
	lk_value v = lk_text(lk_arena_strndup(arena, text.data, text.len), text.len);
	lk_buf_release(&text);
	return v;
}

/* words = 10 * words + digit; false if they run out. */
static bool append_digit(uint32_t *words, int *n, int digit) {
	uint64_t up = (uint64_t)digit;
	for (int i = 0; i < *n; i++) {
		up += (uint64_t)words[i] * 10;
		words[i] = (uint32_t)up;
		up >>= 32;
	}
	if (up && *n == MOST_WORDS)
		return false;
	if (up)
		words[(*n)++] = (uint32_t)up;
	return true;
}

int lk_exact_add_wide(lk_exact *x, lk_wide *w, int scale, lk_arena *arena) {
	uint32_t words[MOST_WORDS];
	int n = 0;
	if (!lk_wide_rescale(w, scale, LK_ROUND))
		return -1;
	for (int i = w->n; i-- > 0;)
		if (!append_digit(words, &n, w->digit[i]))
			return -1;
	for (int i = 0; i < n; i++)
		lk_exact_add_int(x, w->negative ? -(lk_int128)words[i] : words[i], i, arena);
	return 0;
}

int lk_exact_add_text(lk_exact *x, const lk_value *text, int scale, lk_arena *arena) {
	lk_value decimal = *text;
	lk_wide w;
	decimal.scale = LK_WIDE;
	lk_wide_of(&decimal, &w);
	return lk_exact_add_wide(x, &w, scale, arena);
}
