#include "partials/encoded.h"

#include <stdlib.h>

#include "partials/cells.h"

void lk_partials_init(lk_partials *m, const lk_plan *p) {
	*m = (lk_partials){.plan = p, .a = lk_malloc(p->state_size), .b = lk_malloc(p->state_size)};
}

void lk_partials_release(lk_partials *m) {
	free(m->a);
	free(m->b);
	lk_arena_release(&m->arena);
	*m = (lk_partials){0};
}

static int decode(lk_partials *m, const lk_agg *a, char *state, lk_unread *in) {
	a->verbs->init(state);
	return a->verbs->decode(state, a, &in->at, in->end, &m->arena);
}

static int merge_one(lk_partials *m, const lk_agg *a, lk_unread *x, lk_unread *y, lk_buf *out) {
	if (a->verbs->merge_encoded)
		return a->verbs->merge_encoded(a, x, y, out);
	char *into = m->a + a->state_offset, *from = m->b + a->state_offset;
	if (decode(m, a, into, x) != 0 || decode(m, a, from, y) != 0)
		return -1;
	a->verbs->merge(into, a, from, &m->arena);
	a->verbs->encode(into, a, out);
	return 0;
}

static int skip_format(lk_unread *e) { return e->at < e->end && *e->at++ == LK_PARTIAL_FORMAT ? 0 : -1; }

int lk_partials_merge(lk_partials *m, lk_unread x, lk_unread y, lk_buf *out) {
	size_t before = out->len;
	int rc = skip_format(&x) == 0 && skip_format(&y) == 0 ? 0 : -1;
	lk_buf_addc(out, LK_PARTIAL_FORMAT);
	for (int i = 0; rc == 0 && i < m->plan->naggs; i++)
		rc = merge_one(m, &m->plan->aggs[i], &x, &y, out);
	if (m->arena.used_bytes)
		lk_arena_clear(&m->arena);
	if (rc == 0 && x.at == x.end && y.at == y.end)
		return 0;
	out->len = before;
	return -1;
}

/* --- piles --- */

static lk_unread whole(const lk_buf *b) {
	return (lk_unread){(const uint8_t *)b->data, (const uint8_t *)b->data + b->len};
}

/* Merges the last two parts into one. */
static int merge_last(lk_partials *m, lk_partial_pile *pile) {
	lk_buf *x = &pile->parts[pile->n - 2], *y = x + 1, both = LK_BUF_INIT;
	int rc = lk_partials_merge(m, whole(x), whole(y), &both);
	lk_buf_release(x);
	lk_buf_release(y);
	*x = both;
	pile->n--;
	return rc;
}

int lk_pile_add(lk_partials *m, lk_partial_pile *pile, const void *partial, size_t len) {
	if (pile->n == pile->cap) {
		pile->cap += 4;
		pile->parts = lk_realloc(pile->parts, (size_t)pile->cap * sizeof *pile->parts);
	}
	lk_buf *last = &pile->parts[pile->n++];
	*last = (lk_buf)LK_BUF_INIT;
	lk_buf_add(last, partial, len);
	int rc = 0;
	while (rc == 0 && pile->n > 1 && pile->parts[pile->n - 2].len <= 2 * pile->parts[pile->n - 1].len)
		rc = merge_last(m, pile);
	return rc;
}

int lk_pile_merge(lk_partials *m, lk_partial_pile *pile, lk_buf *out) {
	int rc = 0;
	while (rc == 0 && pile->n > 1)
		rc = merge_last(m, pile);
	if (rc == 0 && pile->n == 1)
		lk_buf_add(out, pile->parts[0].data, pile->parts[0].len);
	return rc;
}

void lk_pile_release(lk_partial_pile *pile) {
	for (int i = 0; i < pile->n; i++)
		lk_buf_release(&pile->parts[i]);
	free(pile->parts);
	*pile = (lk_partial_pile){0};
}
