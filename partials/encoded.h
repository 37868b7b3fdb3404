/* Encoded partials of one cell, merged into one, without a map of cells. Sets and sketches are merged as they are
 * encoded (merge_encoded of aggregates/aggregate.h), so memory holds about their encoded bytes and no tables.
 *
 * Any thread, over what the caller owns; the result is added to the caller's buffer. */
#ifndef LK_PARTIALS_ENCODED_H
#define LK_PARTIALS_ENCODED_H

#include "plan/plan.h"

typedef struct lk_partials {
	const lk_plan *plan;
	char *a, *b;             /* a state each, for aggregates that are decoded */
	lk_arena arena;          /* of their texts */
} lk_partials;

void lk_partials_init(lk_partials *m, const lk_plan *p);
void lk_partials_release(lk_partials *m);

/* Adds to `out` the partial that merging both in a cell would give. 0, or -1 if one is malformed: then `out` is as it
 * was. */
int lk_partials_merge(lk_partials *m, lk_unread x, lk_unread y, lk_buf *out);

/* Many partials of one cell, added in any order: each kept part has over twice the bytes of the next. So it takes at
 * most about twice the bytes of the result or of what was added, and each byte is merged a logarithmic number of
 * times. All zero is empty. */
typedef struct lk_partial_pile {
	lk_buf *parts;
	int n, cap;
} lk_partial_pile;

/* 0, or -1 if a partial is malformed. */
int lk_pile_add(lk_partials *m, lk_partial_pile *pile, const void *partial, size_t len);
/* Adds to `out` the partial that all of them give; of a single one, its own bytes. 0, or -1 as above. */
int lk_pile_merge(lk_partials *m, lk_partial_pile *pile, lk_buf *out);
void lk_pile_release(lk_partial_pile *pile);

#endif
