/* Random numbers that are the same on every machine: splitmix64 (Steele, Lea, Flood, "Fast splittable pseudorandom
 * number generators", OOPSLA 2014), and integer arithmetic alone.
 *
 * Each generator is used by one thread at a time. */
#ifndef LK_GENERATE_RANDOM_H
#define LK_GENERATE_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lk_random {
	uint64_t state;
} lk_random;

/* A hash of 64 bits, for what belongs to a key for good: its home, its browser. */
uint64_t lk_mix(uint64_t z);
uint64_t lk_random_next(lk_random *r);
/* From 0 to n-1; n > 0. */
uint64_t lk_random_below(lk_random *r, uint64_t n);
/* From least to most, both included. */
int64_t lk_random_from(lk_random *r, int64_t least, int64_t most);
/* True for so many of a million. */
bool lk_random_chance(lk_random *r, uint32_t of_a_million);
/* Near 0, with this standard deviation (< 2^40): the sum of four even numbers, so never beyond 3.5 times it. */
int64_t lk_random_normal(lk_random *r, int64_t deviation);

/* Popularity by Zipf's law: number k of n has the weight 1/(k+1). */
typedef struct lk_zipf {
	uint32_t *upto;   /* cumulative weights */
	uint32_t n;
} lk_zipf;
enum { LK_ZIPF_MOST = 1000000 };   /* beyond, a weight is 0 */

void lk_zipf_init(lk_zipf *z, uint32_t n);   /* 0 < n <= LK_ZIPF_MOST */
void lk_zipf_release(lk_zipf *z);
uint32_t lk_zipf_pick(const lk_zipf *z, lk_random *r);

#endif
