/* How long to wait before something that failed is tried again: twice as long each time, up to a bound, less up to
 * half of it at random, so that many readers of one receiver do not come at once.
 *
 * Used by one thread. */
#ifndef LK_DELIVERY_AGAIN_H
#define LK_DELIVERY_AGAIN_H

#include <stdint.h>

typedef struct lk_again {
	int64_t least_us, most_us;
	int64_t next_us;      /* 0: nothing has failed */
	uint64_t random;      /* its state; any number to begin with */
} lk_again;

/* asked_us: what the receiver asked for: never less than that; 0: it asked for nothing. */
int64_t lk_again_wait(lk_again *a, int64_t asked_us);
/* It has succeeded. */
void lk_again_over(lk_again *a);

#endif
