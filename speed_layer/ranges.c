#include "speed_layer/ranges.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

int64_t lk_ranges_add(lk_ranges *r, int64_t from, int64_t to) {
	int first = 0, end;
	if (from >= to)
		return 0;
	while (first < r->n && r->of[first].to < from)
		first++;
	struct lk_offsets whole = {from, to};
	int64_t added = to - from;
	/* ranges that the new one meets are merged into it */
	for (end = first; end < r->n && r->of[end].from <= to; end++) {
		added -= most(0, least(to, r->of[end].to) - most(from, r->of[end].from));
		whole = (struct lk_offsets){least(whole.from, r->of[end].from), most(whole.to, r->of[end].to)};
	}
	if (end == first)
		r->of = lk_realloc(r->of, (size_t)(r->n + 1) * sizeof *r->of);
	memmove(r->of + first + 1, r->of + end, (size_t)(r->n - end) * sizeof *r->of);
	r->of[first] = whole;
	r->n += 1 - (end - first);
	return added;
}

void lk_ranges_release(lk_ranges *r) {
	free(r->of);
	*r = (lk_ranges){0};
}
