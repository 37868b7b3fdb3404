/* Which offsets of a partition are counted: a set of ranges, one more than there are gaps.
 *
 * One thread at a time; the caller's. */
#ifndef LK_SPEED_LAYER_RANGES_H
#define LK_SPEED_LAYER_RANGES_H

#include <stdint.h>

typedef struct lk_ranges {
	struct lk_offsets { int64_t from, to; } *of;   /* ascending, disjoint, not touching */
	int n;
} lk_ranges;

/* Adds [from, to) and returns how many of its offsets were not in the set before. */
int64_t lk_ranges_add(lk_ranges *r, int64_t from, int64_t to);
void lk_ranges_release(lk_ranges *r);

#endif
