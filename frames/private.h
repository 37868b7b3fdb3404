/* What the files of moving windows share: the calls of each PARTITION BY (a group), and what is kept of a key of it.
 *
 *     plan of calls ──► group: series, calls          plan.c
 *     key: rings of the series, a frame of each call  key.c, ring.c
 *     row ──► values of the series ──► values of the calls ──► rings     frames.c, call.c
 *     key ◄──► fields                                 store.c */
#ifndef LK_FRAMES_PRIVATE_H
#define LK_FRAMES_PRIVATE_H

#include "frames/frames.h"
#include "frames/ring.h"

/* Values of one expression, one for each row of a key; NULL where the filter does not hold. */
typedef struct lk_series {
	const lk_expr *arg, *filter;    /* arg NULL: 1 for each row; filter NULL: every row */
	lk_expr *owned;                 /* arg, if the group made it */
	lk_type type;
	bool has_ring;                  /* some call reads former values */
} lk_series;

/* A call, by the series of its group. */
typedef struct lk_call {
	const lk_over *over;
	int series, at, time;           /* of the argument, of _at and of the event time; -1: not needed */
	int64_t rows_back;              /* it reads the last so many positions before the current one; LK_UNBOUNDED: by time */
	bool kept;                      /* what its frame holds is stored: it has no beginning */
	size_t state;                   /* an aggregate's, as an offset into the key's states */
} lk_call;

typedef struct lk_group {
	const lk_partition_by *by;
	lk_series *series;
	lk_call *calls;
	int nseries, ncalls;
	size_t states_size;
	int64_t range_rows;             /* that a frame by time may reach back over */
	lk_value *now;                  /* the current row's values of the series */
} lk_group;

/* The frame of one call for one key: positions [lo, hi) are in its state, or their candidates are here. */
typedef struct lk_frame_state {
	int64_t lo, hi;
	int64_t *candidates;            /* positions, ascending: the i-th is candidates[(head + i) & (room - 1)] */
	uint32_t head, n, room;
	bool has_pinned;
	lk_value pinned;                /* of a frame without beginning: its first, or n-th value; a text is owned */
} lk_frame_state;

typedef struct lk_frame_key {
	struct lk_frame_key *chain;                  /* in the map */
	struct lk_frame_key *older, *newer;          /* by use */
	struct lk_frame_key *next_listed;            /* among those asked for */
	uint64_t hash;
	lk_group *group;
	int64_t rows;                                /* of the key, before the current one */
	size_t bytes, pinned_bytes;
	lk_arena kept, made;                         /* of states that are stored; of the others */
	size_t made_at_rest;                         /* bytes of `made` when its states were last made anew */
	bool refilling;                              /* they are made anew by the next row */
	bool changed;
	bool asked, asked_first, asked_rings;        /* not complete; these fields were asked for */
	uint32_t name_len;
	uint8_t *name;
	lk_ring *rings;                              /* one for each series */
	lk_frame_state *frames;                      /* one for each call */
	char *states;
} lk_frame_key;

/* Plan of the calls (plan.c). */
bool lk_counts_rows(const lk_over *o);   /* count(*) without a filter: it needs no values */
lk_group *lk_groups_new(const lk_overs *o);
void lk_groups_free(lk_group *groups, int n);

/* Keys (key.c). */
lk_frame_key *lk_frame_key_new(lk_group *g, const void *name, size_t len, uint64_t hash);
void lk_frame_key_free(lk_frame_key *k);
size_t lk_frame_key_bytes(const lk_frame_key *k);
/* Frames that are not stored begin anew at the first value that is kept. */
void lk_frame_key_refresh(lk_frame_key *k);
static inline void *lk_call_state(const lk_frame_key *k, const lk_call *c) { return k->states + c->state; }

/* One call (call.c): its value for the current row, of which the group has the values of the series. Texts are borrowed.
 * A value that cannot be computed is marked, and ev->reason says why. */
lk_value lk_call_value(lk_frame_key *k, int call, const lk_value *row, lk_eval *ev);
/* The first position that it still needs once the current row is a former one. */
int64_t lk_call_needs(const lk_frame_key *k, int call);

/* A key's first field (store.c). get: 0, or -1 if it is malformed. */
void lk_frame_key_put(const lk_frame_key *k, lk_buf *out);
int lk_frame_key_get(lk_frame_key *k, const uint8_t *p, const uint8_t *end);
/* The name of a chunk of a ring. */
void lk_frame_key_chunk_name(const lk_frame_key *k, int series, uint32_t chunk, lk_buf *out);

#endif
