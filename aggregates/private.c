/* What several aggregates share. */
#include "aggregates/private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "aggregates/bag.h"
#include "core/key.h"

/* --- values that are kept --- */

static void take_text(lk_kept *k, const lk_value *v, lk_arena *arena) {
	char *room = (char *)k->v.s;
	if (lk_is_null(&k->v) || v->len > k->room_bytes) {
		k->room_bytes = v->len + v->len / 2;
		room = lk_arena_alloc(arena, k->room_bytes);
	}
	if (v->len)
		memmove(room, v->s, v->len);
	k->v = lk_text(room, v->len);
}

void lk_kept_take(lk_kept *k, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	switch (a->arg_type.kind) {
	case LK_TEXT:
	case LK_JSONB: take_text(k, v, arena); break;
	case LK_NUMERIC: k->v = lk_numeric(lk_agg_units(a, v), a->arg_type.scale); break;
	case LK_FLOAT4:
	case LK_FLOAT8: k->v = lk_double(isnan(v->d) ? NAN : v->d + 0.0); break;
	case LK_UUID: k->v = *v; break;
	default: k->v = lk_int(v->i); break;
	}
}

/* --- exact sums --- */

/* An argument has at most LK_EXPR_DIGITS digits, so neither it nor its square is too large. */
void lk_agg_exact_add(lk_exact *sum, const lk_agg *a, const lk_value *v, bool remove, lk_arena *arena) {
	lk_wide w;
	if (v->scale != LK_WIDE) {
		lk_int128 n = lk_agg_units(a, v);
		lk_exact_add_int(sum, remove ? -n : n, 0, arena);
		return;
	}
	lk_wide_of(v, &w);
	w.negative ^= remove;
	lk_exact_add_wide(sum, &w, lk_agg_scale(a), arena);
}

void lk_agg_exact_add_square(lk_exact *sum, const lk_agg *a, const lk_value *v, bool remove, lk_arena *arena) {
	lk_wide w, square;
	if (v->scale != LK_WIDE) {
		lk_exact_add_int_square(sum, lk_agg_units(a, v), remove, arena);
		return;
	}
	lk_wide_of(v, &w);
	if (!lk_wide_multiply(&w, &w, &square))
		return;
	square.negative = remove;
	lk_exact_add_wide(sum, &square, 2 * lk_agg_scale(a), arena);
}

/* --- partials that are bags --- */

int lk_agg_counts_values(lk_type arg, const char **reason) {
	if (arg.kind != LK_JSONB)
		return 0;
	*reason = "equal values of jsonb can have several texts (1.0 and 1.00): write a text of it, (x ->> 'key')";
	return -1;
}

static bool has_counts(const lk_agg *a) { return !a->verbs->idempotent; }

void lk_agg_bag_init(void *state) { *(lk_bag *)state = (lk_bag){0}; }

void lk_agg_bag_fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	uint8_t small[64], *key = small;
	size_t size = lk_key_size(a->arg_type, v);
	if (size > sizeof small)
		key = lk_malloc(size);
	lk_bag_add(state, key, lk_key_write(key, a->arg_type, v), has_counts(a), arena);
	if (key != small)
		free(key);
}

void lk_agg_bag_merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a;
	lk_bag_merge(into, from, arena);
}

void lk_agg_bag_encode(const void *state, const lk_agg *a, lk_buf *out) { lk_bag_encode(state, has_counts(a), out); }

int lk_agg_bag_decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	return lk_bag_decode(state, has_counts(a), p, end, arena);
}

int lk_agg_bag_merge_encoded(const lk_agg *a, lk_unread *x, lk_unread *y, lk_buf *out) {
	return lk_bag_merge_encoded(has_counts(a), x, y, out);
}

const char *lk_agg_bag_refused(const void *state) {
	return ((const lk_bag *)state)->over ? "it has more than 1,000,000 distinct values, or 16 MiB of them" : NULL;
}

size_t lk_agg_bag_weight(const void *state) {
	const lk_bag *b = state;
	return b->bytes + (size_t)b->n * 2;
}

/* --- partials of bytes --- */

lk_type lk_agg_bytes_type(const lk_agg *a, int i) {
	(void)a;
	(void)i;
	return (lk_type){.kind = LK_BYTES};
}

int lk_agg_bytes_load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	a->verbs->init(state);
	if (lk_is_null(columns))
		return -1;
	const uint8_t *p = (const uint8_t *)columns->s, *end = p + columns->len;
	return a->verbs->decode(state, a, &p, end, arena) == 0 && p == end ? 0 : -1;
}

void lk_agg_bytes_store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	lk_buf b = LK_BUF_INIT;
	a->verbs->encode(state, a, &b);
	columns[0] = lk_text(lk_arena_strndup(arena, b.data, b.len), b.len);
	lk_buf_release(&b);
}
