/* Chooses which segments of a unit to compact, by their bytes alone; it asks no server.
 *
 * Pure: any thread. Segments of similar size are merged (size-tiered compaction), as in Cassandra, after the merging
 * compactions of Bigtable (Chang et al., "Bigtable: a distributed storage system for structured data", OSDI 2006). */
#ifndef LK_SPEED_LAYER_TIERS_H
#define LK_SPEED_LAYER_TIERS_H

#include "view_store/store.h"

/* The number of segments that a reader may find between two live cuts. Above LK_SEGMENTS_MANY they are compacted as
 * soon as their bytes allow it, above LK_SEGMENTS_MOST whatever it costs. */
#define LK_SEGMENTS_MANY 16
#define LK_SEGMENTS_MOST 64

typedef struct lk_run {
	int first, n;
} lk_run;

/* Of n segments, ascending and adjacent: the run of closed segments that should become one. It crosses none of the cuts
 * (in any order; only cuts at which segments end matter). n is 0 if there is no such run.
 *
 * A run's largest segment has at most half of the run's bytes, so each byte that is written again ends up in a segment
 * at least twice as large: the bytes written are in all at most log2(all bytes / smallest segment) times the bytes
 * stored, and a giant is rewritten only together with segments of its size. Among such runs the choice is the one with
 * the fewest bytes per removed segment, preferably of eight segments or more. If more than LK_SEGMENTS_MOST segments
 * leave no such run (1, 3, 1, 9, 1, 3, 1, 27 …), the cheapest run is chosen. */
lk_run lk_run_to_compact(const lk_segment *segments, int n, const int64_t *cuts, int ncuts);

#endif
