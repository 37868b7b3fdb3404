/* Which segments of a unit are to become one: a choice by their bytes alone, that asks no server. */
#ifndef LK_SPEED_LAYER_TIERS_H
#define LK_SPEED_LAYER_TIERS_H

#include "view_store/store.h"

/* Segments that a reader may find between two live cuts; those beyond are made fewer as soon as bytes allow it, and
 * whatever it takes, from LK_SEGMENTS_MOST on. */
#define LK_SEGMENTS_MANY 16
#define LK_SEGMENTS_MOST 64

typedef struct lk_run {
	int first, n;
} lk_run;

/* Of n segments, ascending and adjacent: the run that is to become one segment, of closed ones that lie between two of
 * the cuts (ascending or not; those where segments end count). n is 0 where none is.
 *
 * A run's largest segment has at most half of the run's bytes, so each byte that is written again is in a segment twice as
 * large afterwards: all writing together is at most log2(all bytes / the least segment's) times the bytes, and a
 * giant is written again only beside its like. Of those runs it is the one that costs the fewest bytes for each segment
 * that goes, preferably of eight segments or more. Where more than LK_SEGMENTS_MOST lie so that none is left
 * (1, 3, 1, 9, 1, 3, 1, 27 …), the cheapest run goes. */
lk_run lk_run_to_compact(const lk_segment *segments, int n, const int64_t *cuts, int ncuts);

#endif
