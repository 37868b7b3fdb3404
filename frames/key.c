/* What is kept of one key. */
#include <stdlib.h>
#include <string.h>

#include "frames/private.h"

static void init_state(lk_frame_key *k, const lk_call *c) {
	if (c->over->kind == LK_OVER_AGG)
		c->over->agg.verbs->init(lk_call_state(k, c));
}

static size_t aligned(size_t n) { return (n + 15) & ~(size_t)15; }

lk_frame_key *lk_frame_key_new(lk_group *g, const void *name, size_t len, uint64_t hash) {
	size_t head = aligned(sizeof(lk_frame_key)), rings = aligned((size_t)g->nseries * sizeof(lk_ring));
	size_t frames = aligned((size_t)g->ncalls * sizeof(lk_frame_state)), size = head + rings + frames + g->states_size + len + 1;
	char *all = lk_calloc(1, size);
	lk_frame_key *k = (lk_frame_key *)all;
	*k = (lk_frame_key){.hash = hash, .group = g, .name_len = (uint32_t)len, .kept.small = true, .made.small = true};
	k->rings = (lk_ring *)(all + head);
	k->frames = (lk_frame_state *)(all + head + rings);
	k->states = all + head + rings + frames;
	k->name = (uint8_t *)k->states + g->states_size;
	memcpy(k->name, name, len);
	for (int i = 0; i < g->ncalls; i++)
		init_state(k, &g->calls[i]);
	return k;
}

void lk_frame_key_free(lk_frame_key *k) {
	for (int i = 0; i < k->group->nseries; i++)
		lk_ring_release(&k->rings[i], k->group->series[i].type);
	for (int i = 0; i < k->group->ncalls; i++) {
		free(k->frames[i].candidates);
		if (k->group->calls[i].kept && lk_value_borrows(k->group->calls[i].over->type, &k->frames[i].pinned))
			free((char *)k->frames[i].pinned.s);
	}
	lk_arena_release(&k->kept);
	lk_arena_release(&k->made);
	free(k);
}

size_t lk_frame_key_bytes(const lk_frame_key *k) {
	const lk_group *g = k->group;
	size_t bytes = sizeof *k + g->states_size + k->name_len + k->pinned_bytes + 2 * (k->kept.used_bytes + k->made.used_bytes);
	for (int i = 0; i < g->nseries; i++)
		bytes += sizeof *k->rings + lk_ring_bytes(&k->rings[i]);
	for (int i = 0; i < g->ncalls; i++)
		bytes += sizeof *k->frames + k->frames[i].room * sizeof *k->frames[i].candidates;
	return bytes;
}

/* The first position from which on all that the call reads is in its ring. */
static int64_t first_kept(const lk_frame_key *k, const lk_call *c) {
	int64_t first = 0;
	for (int i = 0; i < 3; i++) {
		int s = i == 0 ? c->series : i == 1 ? c->at : c->time;
		if (s >= 0 && k->rings[s].first > first)
			first = k->rings[s].first;
	}
	return first;
}

void lk_frame_key_refresh(lk_frame_key *k) {
	lk_arena_clear(&k->made);
	k->refilling = true;
	for (int i = 0; i < k->group->ncalls; i++) {
		const lk_call *c = &k->group->calls[i];
		lk_frame_state *f = &k->frames[i];
		if (c->kept)
			continue;
		init_state(k, c);
		f->head = f->n = 0;
		f->lo = f->hi = first_kept(k, c);
	}
}
