/* A bag: distinct byte strings, each with the number of times that it was added. count(DISTINCT), top_k and
 * approx_percentile keep their partials in one.
 *
 * A bag has a limit. An addition beyond it empties the bag for good: overfull is one state, which every merge keeps. So
 * neither whether a union is overfull nor its bytes depend on order or grouping.
 *
 * One thread at a time; items and slots live in the arena of the calls that add them. */
#ifndef LK_AGGREGATES_BAG_H
#define LK_AGGREGATES_BAG_H

#include "core/buf.h"

#define LK_BAG_MAX_ITEMS 1000000
#define LK_BAG_MAX_BYTES (16 << 20)   /* of the items together */

typedef struct lk_bag_item {
	int64_t count;
	uint32_t hash, len;
	uint8_t bytes[];
} lk_bag_item;

/* All zero is the empty bag. Everything lives in the arena of the calls that change it. */
typedef struct lk_bag {
	lk_bag_item **slots;
	uint32_t nslots, n;
	uint32_t bytes;
	_Bool over;
} lk_bag;

void lk_bag_add(lk_bag *b, const void *bytes, size_t len, int64_t count, lk_arena *arena);
/* Takes an item out once; it is there. */
void lk_bag_remove(lk_bag *b, const void *bytes, size_t len);
void lk_bag_merge(lk_bag *into, const lk_bag *from, lk_arena *arena);

/* <0, 0, >0 by their bytes. */
int lk_bag_item_order(const lk_bag_item *a, const lk_bag_item *b);
/* The items in the order of their bytes. The array is lk_malloc'ed. */
const lk_bag_item **lk_bag_sorted(const lk_bag *b);

/* With counts, or without (decoded counts are then 1). decode: 0, or -1 if malformed. */
void lk_bag_encode(const lk_bag *b, _Bool counts, lk_buf *out);
int lk_bag_decode(lk_bag *b, _Bool counts, const uint8_t **p, const uint8_t *end, lk_arena *arena);

/* Adds to `out` what decoding a and b, merging and encoding would make of them, item by item: it needs no memory but
 * `out`. 0, or -1 if one is malformed (`out` may then have more bytes); both move on. */
int lk_bag_merge_encoded(_Bool counts, lk_unread *a, lk_unread *b, lk_buf *out);

#endif
