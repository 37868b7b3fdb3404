/* The map of keys: chains, and a list in the order of use. */
#include "frames/map.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"

enum { FIRST_SLOTS = 256 };

static lk_frame_key **slot_of(const lk_frames *f, uint64_t hash) { return &f->slots[hash & (f->nslots - 1)]; }

lk_frame_key *lk_frame_map_find(const lk_frames *f, int g) {
	uint64_t hash = lk_hash(f->name.data, f->name.len);
	for (lk_frame_key *k = f->nslots ? *slot_of(f, hash) : NULL; k; k = k->chain)
		if (k->hash == hash && k->group == &f->groups[g] && k->name_len == f->name.len && memcmp(k->name, f->name.data, f->name.len) == 0)
			return k;
	return NULL;
}

static void widen(lk_frames *f) {
	free(f->slots);
	f->nslots = f->nslots ? 2 * f->nslots : FIRST_SLOTS;
	f->slots = lk_calloc(f->nslots, sizeof *f->slots);
	for (lk_frame_key *k = f->oldest; k; k = k->newer) {
		k->chain = *slot_of(f, k->hash);
		*slot_of(f, k->hash) = k;
	}
}

static void link_newest(lk_frames *f, lk_frame_key *k) {
	k->older = f->newest;
	k->newer = NULL;
	*(f->newest ? &f->newest->newer : &f->oldest) = k;
	f->newest = k;
}

static void unlink_used(lk_frames *f, lk_frame_key *k) {
	*(k->older ? &k->older->newer : &f->oldest) = k->newer;
	*(k->newer ? &k->newer->older : &f->newest) = k->older;
}

lk_frame_key *lk_frame_map_add(lk_frames *f, int g) {
	uint64_t hash = lk_hash(f->name.data, f->name.len);
	if (f->nkeys == f->nslots)
		widen(f);
	lk_frame_key *k = lk_frame_key_new(&f->groups[g], f->name.data, f->name.len, hash);
	k->chain = *slot_of(f, hash);
	*slot_of(f, hash) = k;
	f->nkeys++;
	link_newest(f, k);
	lk_frame_weigh(f, k);
	return k;
}

void lk_frame_map_remove(lk_frames *f, lk_frame_key *k) {
	lk_frame_key **at = slot_of(f, k->hash);
	while (*at != k)
		at = &(*at)->chain;
	*at = k->chain;
	unlink_used(f, k);
	f->nkeys--;
	f->bytes -= k->bytes;
	lk_frame_key_free(k);
}

void lk_frame_weigh(lk_frames *f, lk_frame_key *k) {
	f->bytes -= k->bytes;
	k->bytes = lk_frame_key_bytes(k);
	f->bytes += k->bytes;
}

void lk_frame_use(lk_frames *f, lk_frame_key *k) {
	if (k != f->newest) {
		unlink_used(f, k);
		link_newest(f, k);
	}
	lk_frame_weigh(f, k);
	if (k->changed)
		return;
	k->changed = true;
	k->next_listed = f->first_changed;
	f->first_changed = k;
}

void lk_frame_list_asked(lk_frames *f, lk_frame_key *k) {
	k->asked = true;
	k->next_listed = f->asked;
	f->asked = k;
}
