#include "delivery/again.h"

/* xorshift64 (Marsaglia, "Xorshift RNGs", 2003) */
static uint64_t random_of(lk_again *a) {
	a->random = a->random ? a->random : 88172645463325252u;
	a->random ^= a->random << 13;
	a->random ^= a->random >> 7;
	a->random ^= a->random << 17;
	return a->random;
}

int64_t lk_again_wait(lk_again *a, int64_t asked_us) {
	int64_t full_us = a->next_us ? a->next_us : a->least_us;
	int64_t wait_us = full_us - (int64_t)(random_of(a) % (uint64_t)(full_us / 2 + 1));
	a->next_us = full_us * 2 < a->most_us ? full_us * 2 : a->most_us;
	return wait_us > asked_us ? wait_us : asked_us;
}

void lk_again_over(lk_again *a) { a->next_us = 0; }
