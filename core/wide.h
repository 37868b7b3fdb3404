/* Numerics of more than 38 digits: what arithmetic makes of long operands, or of final values of aggregates, which no
 * type bounds. An average has up to twenty digits, so a product of two has forty.
 *
 * As a value (core/value.h) such a number has the scale LK_WIDE and is its decimal text. Arithmetic is on decimal digits,
 * one by one: it is seldom needed, and then short. Signs, scales and roundings are those of PostgreSQL's numeric.c.
 *
 * Pure functions over the caller's numbers: any thread. */
#ifndef LK_CORE_WIDE_H
#define LK_CORE_WIDE_H

#include "core/value.h"

#define LK_WIDE_DIGITS 1000   /* the most digits, before and after the point */

typedef struct lk_wide {
	int n, scale;                     /* digits in use, the last of them not 0 but for a number below 1; those after the point */
	bool negative;
	uint8_t digit[LK_WIDE_DIGITS];    /* the last one first */
} lk_wide;

enum lk_rounding { LK_ROUND, LK_FLOOR, LK_CEIL, LK_TRUNC };

void lk_wide_of(const lk_value *v, lk_wide *out);
/* The value: an ordinary numeric if it fits one, else a text that the arena owns. */
lk_value lk_wide_value(const lk_wide *w, lk_arena *arena);
void lk_wide_print(const lk_wide *w, lk_buf *out);
bool lk_wide_is_zero(const lk_wide *w);
/* -1, 0 or 1, of a numeric of any length. */
int lk_numeric_sign(const lk_value *v);
/* The exponent of the first decimal digit; of the first digit in base 10000, as numeric.c counts. Both 0 for 0. */
int lk_wide_exponent(const lk_wide *w);
int lk_wide_weight(const lk_wide *w);
/* The digit in base 10000 that has this weight. */
int lk_wide_group(const lk_wide *w, int weight);
int lk_wide_compare(const lk_wide *a, const lk_wide *b);

/* False if the result has more than LK_WIDE_DIGITS digits. out may not be an operand. b is not 0 in a division. */
bool lk_wide_add(const lk_wide *a, const lk_wide *b, lk_wide *out);
bool lk_wide_multiply(const lk_wide *a, const lk_wide *b, lk_wide *out);
/* With the scale of select_div_scale, rounded half away from zero. */
bool lk_wide_divide(const lk_wide *a, const lk_wide *b, lk_wide *out);
/* With this scale, which is not below a's less b's; the second one with any, 0 < b < 2^24, and out may be a. */
bool lk_wide_quotient(const lk_wide *a, const lk_wide *b, int scale, lk_wide *out);
bool lk_wide_divide_small(const lk_wide *a, int b, int scale, lk_wide *out);
bool lk_wide_remainder(const lk_wide *a, const lk_wide *b, lk_wide *out);   /* has the sign of a */
/* Digits after the point; below 0 that many zeros before it. */
bool lk_wide_rescale(lk_wide *w, int scale, enum lk_rounding how);

#endif
