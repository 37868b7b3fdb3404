/* What a reader of a unit's segments asks of their list, which it read from Redis at one instant.
 *
 * Pure: any thread. */
#ifndef LK_VIEW_STORE_SEGMENTS_H
#define LK_VIEW_STORE_SEGMENTS_H

#include "view_store/store.h"

/* Does the segment hold events of [from, to), for a reader who takes whole segments? */
static inline bool lk_segment_counts(const lk_segment *s, int64_t from, int64_t to) {
	return s->from >= from && s->from < to && s->from < s->to;
}
/* Up to which offset the segments that count in [from, to) tile it: `to` if they tile all of it. *odd, which may be NULL:
 * the segment that should begin there and does not, or NULL. */
int64_t lk_segments_reach(const lk_unit_state *u, int64_t from, int64_t to, const lk_segment **odd);
/* Is a closed segment that was listed before still in this list, as it was? Not if it was dropped or compacted; and not
 * if Redis went back meanwhile, where it may be open again under its name, and longer. */
bool lk_segment_is_listed(const lk_unit_state *now, const lk_segment *s);

#endif
