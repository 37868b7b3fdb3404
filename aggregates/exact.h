/* Exact sums of doubles, of their squares, and of integers: they do not depend on the order of the terms (R9).
 *
 * A long accumulator in the sense of Kulisch ("Very fast and exact accumulation of products", Computing 91, 2011);
 * digits are carried lazily, as in the small superaccumulator of Neal ("Fast exact summation using small and large
 * superaccumulators", arXiv:1505.05571, 2015).
 *
 * One thread at a time; the digits live in the arena of the calls that change them. */
#ifndef LK_AGGREGATES_EXACT_H
#define LK_AGGREGATES_EXACT_H

#include "core/wide.h"

#define LK_EXACT_DIGITS 140   /* of 32 bits: 2^-2176 … 2^2304, so squares of all doubles and 2^60 of them */
#define LK_EXACT_ONE 68       /* the digit that counts ones */

/* All zero is the sum of nothing. The digits live in the arena of the calls that change it. */
typedef struct lk_exact {
	int64_t *digits;          /* their sum, times 2^(32 * (low + i - LK_EXACT_ONE)), is the value */
	int16_t low, n;
	uint32_t uncarried;       /* additions since the last carry */
	uint32_t nan, plus, minus;   /* NaN, Infinity and -Infinity among the terms; 2^32 - 1 stands for more, too */
} lk_exact;

void lk_exact_add(lk_exact *x, double d, lk_arena *arena);
void lk_exact_add_square(lk_exact *x, double d, lk_arena *arena);
/* n * 2^(32 * shift) */
void lk_exact_add_int(lk_exact *x, lk_int128 n, int shift, lk_arena *arena);
/* Takes a term out again that was added. */
void lk_exact_remove(lk_exact *x, double d, lk_arena *arena);
void lk_exact_remove_square(lk_exact *x, double d, lk_arena *arena);
/* n * n, or takes it out again. */
void lk_exact_add_int_square(lk_exact *x, lk_int128 n, bool remove, lk_arena *arena);
void lk_exact_merge(lk_exact *into, const lk_exact *from, lk_arena *arena);

/* Equal values have equal bytes. decode: 0, or -1 if malformed. */
void lk_exact_encode(const lk_exact *x, lk_buf *out);
int lk_exact_decode(lk_exact *x, const uint8_t **p, const uint8_t *end, lk_arena *arena);

/* The value without its sign, all digits carried; special values apart. */
typedef struct lk_magnitude {
	uint32_t digit[LK_EXACT_DIGITS];
	int low, end;             /* of the digits that are not zero: [low, end); low = end for 0 */
	bool negative;
} lk_magnitude;
void lk_exact_magnitude(const lk_exact *x, lk_magnitude *out);

/* A sum of whole numbers that count units of 10^-scale, as a decimal number; as its text, which the arena owns. */
void lk_exact_wide(const lk_exact *x, int scale, lk_wide *out);
lk_value lk_exact_text(const lk_exact *x, int scale, lk_arena *arena);
/* Adds such a number, rounded to the scale if it has a larger one (*w too): 0, or -1 if it is too large. */
int lk_exact_add_wide(lk_exact *x, lk_wide *w, int scale, lk_arena *arena);
int lk_exact_add_text(lk_exact *x, const lk_value *text, int scale, lk_arena *arena);

/* NaN, Infinity or -Infinity if such terms decide the sum; 0 if all are finite. */
double lk_exact_special(const lk_exact *x);

/* x / by, rounded once: to the nearest double, or real if `real`; ties to even. Infinite if it is too large. */
double lk_exact_quotient(const lk_exact *x, uint64_t by, bool real);
/* (n * squares - sum^2) / (n * m * 10^(2 * scale)), rounded once, or its square root if `root`. All terms are finite;
 * n > 0, m > 0; scale is 0 unless they are whole numbers. */
double lk_exact_variance(const lk_exact *sum, const lk_exact *squares, uint64_t n, uint64_t m, int scale, bool root);

#endif
