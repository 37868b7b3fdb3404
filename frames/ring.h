/* The last values of one series of one key: positions [first, next) of the key's rows, 0 for its first one. Position p
 * has slot p mod size; the size is a power of two, doubles when full and halves when mostly empty. Texts are owned.
 *
 * Stored, a ring of at most LK_RING_CHUNK slots is part of its key's field; a larger one has a field for each chunk of
 * so many slots, of which a push changes one. */
#ifndef LK_FRAMES_RING_H
#define LK_FRAMES_RING_H

#include "core/value.h"

#define LK_RING_CHUNK 64

typedef struct lk_ring {
	lk_value *v;
	int64_t first, next;
	uint32_t size;            /* 0: nothing was pushed */
	uint32_t stored_chunks;   /* fields that the store has of it */
	uint8_t *dirty;           /* a bit for each chunk */
	size_t text_bytes;
} lk_ring;

void lk_ring_release(lk_ring *r, lk_type t);
/* The value of a position in [first, next). */
static inline const lk_value *lk_ring_at(const lk_ring *r, int64_t position) { return &r->v[position & (r->size - 1)]; }
void lk_ring_push(lk_ring *r, lk_type t, const lk_value *v);
/* Forgets the positions below. */
void lk_ring_keep_from(lk_ring *r, lk_type t, int64_t position);
size_t lk_ring_bytes(const lk_ring *r);

static inline uint32_t lk_ring_chunks(const lk_ring *r) { return r->size > LK_RING_CHUNK ? r->size / LK_RING_CHUNK : 0; }
bool lk_ring_chunk_changed(const lk_ring *r, uint32_t chunk);
/* All chunks count as stored. */
void lk_ring_settle(lk_ring *r);

/* One value: 0 for NULL; else 1 and the value. get: 0, or -1 if malformed; texts are borrowed from the bytes. */
void lk_series_put(lk_buf *out, lk_type t, const lk_value *v);
int lk_series_get(lk_type t, const uint8_t **p, const uint8_t *end, lk_value *out);

/* The head of a ring: its extent, and the values of a small one. get: of an empty ring, whose next is given. */
void lk_ring_put(const lk_ring *r, lk_type t, lk_buf *out);
int lk_ring_get(lk_ring *r, lk_type t, int64_t next, const uint8_t **p, const uint8_t *end);
void lk_ring_put_chunk(const lk_ring *r, lk_type t, uint32_t chunk, lk_buf *out);
int lk_ring_get_chunk(lk_ring *r, lk_type t, uint32_t chunk, const uint8_t *p, const uint8_t *end);

#endif
