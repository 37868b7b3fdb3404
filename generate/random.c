#include "generate/random.h"

#include <stdlib.h>

#include "core/buf.h"

uint64_t lk_mix(uint64_t z) {
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

uint64_t lk_random_next(lk_random *r) { return lk_mix(r->state += UINT64_C(0x9e3779b97f4a7c15)); }

uint64_t lk_random_below(lk_random *r, uint64_t n) {
	return (uint64_t)((unsigned __int128)lk_random_next(r) * n >> 64);
}

int64_t lk_random_from(lk_random *r, int64_t least, int64_t most) {
	return least + (int64_t)lk_random_below(r, (uint64_t)(most - least) + 1);
}

bool lk_random_chance(lk_random *r, uint32_t of_a_million) { return lk_random_below(r, 1000000) < of_a_million; }

/* The sum of four numbers below 2^16 has the mean 131,070 and the deviation 2^16 / sqrt(3), 37,837. */
int64_t lk_random_normal(lk_random *r, int64_t deviation) {
	uint64_t bits = lk_random_next(r);
	int64_t sum = 0;
	for (int i = 0; i < 4; i++, bits >>= 16)
		sum += (int64_t)(bits & 0xffff);
	return (int64_t)((__int128)(sum - 131070) * deviation / 37837);
}

void lk_zipf_init(lk_zipf *z, uint32_t n) {
	uint32_t sum = 0;
	z->n = n;
	z->upto = lk_malloc(n * sizeof *z->upto);
	for (uint32_t i = 0; i < n; i++)
		z->upto[i] = sum += LK_ZIPF_MOST / (i + 1);
}

void lk_zipf_release(lk_zipf *z) { free(z->upto); }

uint32_t lk_zipf_pick(const lk_zipf *z, lk_random *r) {
	uint32_t x = (uint32_t)lk_random_below(r, z->upto[z->n - 1]), low = 0, high = z->n - 1;
	while (low < high) {
		uint32_t mid = (low + high) / 2;
		if (z->upto[mid] > x)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}
