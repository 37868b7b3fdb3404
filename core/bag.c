/* Open addressing over pointers to items, at most half full.
 *
 * Encoded, the items are sorted by their bytes, and each leaves out the prefix that it shares with the one before:
 *
 *   0 for an overfull bag, else the number of items plus one;
 *   then for each item: length of the shared prefix, length of the rest, the rest [, count]
 *
 * That way numbers close to each other take two or three bytes, and paths of a web site only their last part. */
#include "core/bag.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "core/varint.h"

enum { FIRST_SLOTS = 8 };

const char lk_bag_overfull[] = "it has more than 1,000,000 distinct values, or 16 MiB of them";

static lk_bag_item **find(const lk_bag *b, uint32_t hash, const void *bytes, size_t len) {
	uint32_t mask = b->nslots - 1, i = hash & mask;
	for (; b->slots[i]; i = (i + 1) & mask)
		if (b->slots[i]->hash == hash && b->slots[i]->len == len && memcmp(b->slots[i]->bytes, bytes, len) == 0)
			break;
	return &b->slots[i];
}

static void grow(lk_bag *b, lk_arena *arena) {
	lk_bag wider = *b;
	wider.nslots = b->nslots ? 2 * b->nslots : FIRST_SLOTS;
	wider.slots = lk_arena_zalloc(arena, wider.nslots * sizeof *wider.slots);
	for (uint32_t i = 0; i < b->nslots; i++)
		if (b->slots[i])
			*find(&wider, b->slots[i]->hash, b->slots[i]->bytes, b->slots[i]->len) = b->slots[i];
	*b = wider;
}

static void overfill(lk_bag *b) { *b = (lk_bag){.over = true}; }

static void add(lk_bag *b, uint32_t hash, const void *bytes, size_t len, int64_t count, lk_arena *arena) {
	if (b->over)
		return;
	if (2 * b->n >= b->nslots)
		grow(b, arena);
	lk_bag_item **slot = find(b, hash, bytes, len);
	if (*slot) {
		(*slot)->count += count;
		return;
	}
	if (b->n == LK_BAG_MAX_ITEMS || b->bytes + len > LK_BAG_MAX_BYTES) {
		overfill(b);
		return;
	}
	lk_bag_item *item = lk_arena_alloc(arena, sizeof *item + len);
	*item = (lk_bag_item){.count = count, .hash = hash, .len = (uint32_t)len};
	memcpy(item->bytes, bytes, len);
	*slot = item;
	b->n++;
	b->bytes += (uint32_t)len;
}

void lk_bag_add(lk_bag *b, const void *bytes, size_t len, int64_t count, lk_arena *arena) {
	add(b, (uint32_t)lk_hash(bytes, len), bytes, len, count, arena);
}

void lk_bag_merge(lk_bag *into, const lk_bag *from, lk_arena *arena) {
	if (from->over)
		overfill(into);
	for (uint32_t i = 0; i < from->nslots && !into->over; i++)
		if (from->slots[i])
			add(into, from->slots[i]->hash, from->slots[i]->bytes, from->slots[i]->len, from->slots[i]->count, arena);
}

int lk_bag_item_order(const lk_bag_item *x, const lk_bag_item *y) {
	int order = memcmp(x->bytes, y->bytes, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static int by_bytes(const void *a, const void *b) {
	return lk_bag_item_order(*(const lk_bag_item *const *)a, *(const lk_bag_item *const *)b);
}

const lk_bag_item **lk_bag_sorted(const lk_bag *b) {
	const lk_bag_item **items = lk_malloc((b->n + 1) * sizeof *items);
	size_t n = 0;
	for (uint32_t i = 0; i < b->nslots; i++)
		if (b->slots[i])
			items[n++] = b->slots[i];
	qsort(items, n, sizeof *items, by_bytes);
	return items;
}

static size_t in_common(const uint8_t *a, size_t la, const uint8_t *b, size_t lb) {
	size_t n = 0;
	while (n < la && n < lb && a[n] == b[n])
		n++;
	return n;
}

void lk_bag_encode(const lk_bag *b, _Bool counts, lk_buf *out) {
	lk_varint_put(out, b->over ? 0 : (lk_uint128)b->n + 1);
	if (!b->n)
		return;
	const lk_bag_item **items = lk_bag_sorted(b);
	for (uint32_t i = 0; i < b->n; i++) {
		const lk_bag_item *item = items[i];
		size_t same = i ? in_common(items[i - 1]->bytes, items[i - 1]->len, item->bytes, item->len) : 0;
		lk_varint_put(out, same);
		lk_varint_put(out, item->len - same);
		lk_buf_add(out, item->bytes + same, item->len - same);
		if (counts)
			lk_varint_put(out, (lk_uint128)item->count);
	}
	free(items);
}

/* Reads the item after `last` into `last`. */
static int read_item(lk_buf *last, _Bool counts, const uint8_t **p, const uint8_t *end, _Bool first, lk_uint128 *count) {
	lk_uint128 same, rest;
	if (lk_varint_get(p, end, &same) != 0 || lk_varint_get(p, end, &rest) != 0 || same > last->len || rest > (size_t)(end - *p))
		return -1;
	_Bool ascends = first || (rest > 0 && (same == last->len || **p > (uint8_t)last->data[same]));
	last->len = (size_t)same;
	lk_buf_add(last, *p, (size_t)rest);
	*p += rest;
	*count = 1;
	if (counts && (lk_varint_get(p, end, count) != 0 || *count == 0 || *count > INT64_MAX))
		return -1;
	return ascends ? 0 : -1;
}

int lk_bag_decode(lk_bag *b, _Bool counts, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	lk_uint128 n, count;
	lk_buf item = LK_BUF_INIT;
	*b = (lk_bag){0};
	int rc = lk_varint_get(p, end, &n);
	if (rc == 0 && n == 0)
		overfill(b);
	if (n > LK_BAG_MAX_ITEMS + 1)
		rc = -1;
	lk_buf_adds(&item, "");
	for (lk_uint128 i = 1; rc == 0 && i < n; i++) {
		rc = read_item(&item, counts, p, end, i == 1, &count);
		if (rc == 0)
			lk_bag_add(b, item.data, item.len, (int64_t)count, arena);
	}
	lk_buf_release(&item);
	return rc == 0 && b->over && n ? -1 : rc;
}
