/* The keys in memory: found by name, in the order of use, and those that have changed or are asked for. Private to this
 * room. */
#ifndef LK_FRAMES_MAP_H
#define LK_FRAMES_MAP_H

#include "frames/private.h"

/* One field to be read: a key's first one, or a chunk of one of its rings. */
typedef struct lk_ask {
	lk_frame_key *key;
	int series;               /* -1: the first field */
	uint32_t chunk;
	size_t name_at, name_len; /* in names */
} lk_ask;

struct lk_frames {
	lk_group *groups;
	int ngroups;
	lk_frame_key **slots;                     /* chains by hash */
	size_t nslots, nkeys;
	lk_frame_key *oldest, *newest;            /* by use */
	lk_frame_key *first_changed, *asked;      /* lists by next_listed; a key is in at most one */
	size_t bytes;
	lk_buf name;                              /* of the key that is looked for */
	lk_ask *asks;
	lk_frames_field *fields;
	int nasks, room_for_asks;
	lk_buf names, bytes_out;
};

/* The key of group g that f->name names; NULL if it is not in memory. add makes it, new. */
lk_frame_key *lk_frame_map_find(const lk_frames *f, int g);
lk_frame_key *lk_frame_map_add(lk_frames *f, int g);
void lk_frame_map_remove(lk_frames *f, lk_frame_key *k);

/* The key has changed and is the last one used. */
void lk_frame_use(lk_frames *f, lk_frame_key *k);
/* Counts its bytes anew. */
void lk_frame_weigh(lk_frames *f, lk_frame_key *k);
void lk_frame_list_asked(lk_frames *f, lk_frame_key *k);

#endif
