/* Open addressing over pointers to items, at most half full.
 *
 * Encoded, the items are sorted by their bytes, and each leaves out the prefix that it shares with the one before:
 *
 *   0 for an overfull bag, else the number of items plus one;
 *   then for each item: length of the shared prefix, length of the rest, the rest [, count]
 *
 * That way numbers close to each other take two or three bytes, and paths of a web site only their last part. */
#include "aggregates/bag.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "core/varint.h"

enum { FIRST_SLOTS = 8 };

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

/* Items behind the gap whose search would end at it move into it. */
static void close_gap(lk_bag *b, uint32_t gap) {
	uint32_t mask = b->nslots - 1;
	for (uint32_t i = (gap + 1) & mask; b->slots[i]; i = (i + 1) & mask)
		if (((i - b->slots[i]->hash) & mask) >= ((i - gap) & mask)) {
			b->slots[gap] = b->slots[i];
			gap = i;
		}
	b->slots[gap] = NULL;
}

void lk_bag_remove(lk_bag *b, const void *bytes, size_t len) {
	lk_bag_item **slot = b->over ? NULL : find(b, (uint32_t)lk_hash(bytes, len), bytes, len);
	if (!slot || --(*slot)->count > 0)
		return;
	b->n--;
	b->bytes -= (uint32_t)len;
	close_gap(b, (uint32_t)(slot - b->slots));
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

typedef struct text {
	const void *bytes;
	size_t len;
} text;

static void put_text(lk_buf *out, text before, text item) {
	size_t same = in_common(before.bytes, before.len, item.bytes, item.len);
	lk_varint_put(out, same);
	lk_varint_put(out, item.len - same);
	lk_buf_add(out, (const uint8_t *)item.bytes + same, item.len - same);
}

void lk_bag_encode(const lk_bag *b, _Bool counts, lk_buf *out) {
	lk_varint_put(out, b->over ? 0 : (lk_uint128)b->n + 1);
	if (!b->n)
		return;
	const lk_bag_item **items = lk_bag_sorted(b);
	text before = {"", 0};
	for (uint32_t i = 0; i < b->n; i++) {
		text item = {items[i]->bytes, items[i]->len};
		put_text(out, before, item);
		if (counts)
			lk_varint_put(out, (lk_uint128)items[i]->count);
		before = item;
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

/* --- merging encoded bags --- */

typedef struct source {
	lk_unread *in;
	_Bool counts, over, begun;
	_Bool has_item;          /* the current item is valid */
	uint32_t left;           /* items after it */
	size_t bytes;            /* of the items read */
	lk_buf item;
	lk_uint128 count;
} source;

static int advance(source *s) {
	s->has_item = s->left > 0;
	if (!s->has_item)
		return 0;
	s->left--;
	if (read_item(&s->item, s->counts, &s->in->at, s->in->end, !s->begun, &s->count) != 0)
		return -1;
	s->begun = true;
	s->bytes += s->item.len;
	return s->bytes <= LK_BAG_MAX_BYTES ? 0 : -1;
}

static int open_source(source *s, _Bool counts, lk_unread *in) {
	lk_uint128 n;
	*s = (source){.in = in, .counts = counts};
	lk_buf_adds(&s->item, "");
	if (lk_varint_get(&in->at, in->end, &n) != 0 || n > LK_BAG_MAX_ITEMS + 1)
		return -1;
	s->over = n == 0;
	s->left = n ? (uint32_t)n - 1 : 0;
	return advance(s);
}

typedef struct union_of {
	lk_buf *out;
	size_t from;             /* where its items begin in `out` */
	lk_buf last;
	uint32_t n;
	size_t bytes;
	_Bool counts, over;
} union_of;

static void put_item(union_of *u, const lk_buf *item, lk_uint128 count) {
	u->over |= u->n == LK_BAG_MAX_ITEMS || u->bytes + item->len > LK_BAG_MAX_BYTES;
	if (u->over)
		return;
	put_text(u->out, (text){u->last.data, u->last.len}, (text){item->data, item->len});
	if (u->counts)
		lk_varint_put(u->out, count);
	lk_buf_clear(&u->last);
	lk_buf_add(&u->last, item->data, item->len);
	u->n++;
	u->bytes += item->len;
}

/* Puts the number of items before them; it is known only now. */
static void end_union(union_of *u) {
	lk_buf head = LK_BUF_INIT;
	if (u->over)
		u->out->len = u->from;
	size_t len = u->out->len - u->from;
	lk_varint_put(&head, u->over ? 0 : (lk_uint128)u->n + 1);
	lk_buf_grow(u->out, head.len);
	char *at = u->out->data + u->from;
	memmove(at + head.len, at, len);
	memcpy(at, head.data, head.len);
	u->out->len += head.len;
	lk_buf_release(&head);
}

static int text_order(const lk_buf *x, const lk_buf *y) {
	int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);
	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Puts the smaller of the two current items, or their union if they are equal, and moves past it. */
static int merge_next(union_of *u, source *x, source *y) {
	int order = !y->has_item ? -1 : !x->has_item ? 1 : text_order(&x->item, &y->item);
	if (order <= 0)
		put_item(u, &x->item, order ? x->count : x->count + y->count);
	else
		put_item(u, &y->item, y->count);
	int rc = order <= 0 ? advance(x) : 0;
	return rc == 0 && order >= 0 ? advance(y) : rc;
}

int lk_bag_merge_encoded(_Bool counts, lk_unread *a, lk_unread *b, lk_buf *out) {
	source x, y = {0};
	union_of u = {.out = out, .from = out->len, .counts = counts};
	lk_buf_adds(&u.last, "");
	int rc = open_source(&x, counts, a);
	if (rc == 0)
		rc = open_source(&y, counts, b);
	u.over = x.over || y.over;
	while (rc == 0 && (x.has_item || y.has_item))   /* to the end even if overfull, so that *a and *b move on */
		rc = merge_next(&u, &x, &y);
	if (rc == 0)
		end_union(&u);
	lk_buf_release(&x.item);
	lk_buf_release(&y.item);
	lk_buf_release(&u.last);
	return rc;
}
