#include "view_store/segments.h"

int64_t lk_segments_reach(const lk_unit_state *u, int64_t from, int64_t to, const lk_segment **odd) {
	const lk_segment *other = NULL;
	int64_t next = from;
	for (int i = 0; i < u->nsegments && !other; i++) {
		const lk_segment *s = &u->segments[i];
		if (!lk_segment_counts(s, from, to))
			continue;
		if (s->from == next)
			next = s->to;
		else
			other = s;
	}
	if (odd)
		*odd = other;
	return next;
}

bool lk_segment_is_listed(const lk_unit_state *now, const lk_segment *s) {
	for (int i = 0; i < now->nsegments; i++) {
		const lk_segment *t = &now->segments[i];
		if (t->from == s->from && t->token == s->token)
			return t->to == s->to && t->cells == s->cells;
	}
	return false;
}
