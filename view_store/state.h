/* The state of a unit that turns rows into rows: a hash of fields that override each other, written together with the
 * unit's position (P18). It is at the unit's cursor, always: whoever has read a field with the token and the cursor that
 * it holds has read the state of that prefix of the log.
 *
 *   u:<unit>:state   hash: name of a field -> the cursor of the commit that wrote it (8 bytes, big-endian), then its bytes
 *
 * From the unit's base on it has every field that has changed; older ones may have been left out (lk_state_drop).
 *
 * Failures are those of view_store/store.h. */
#ifndef LK_VIEW_STORE_STATE_H
#define LK_VIEW_STORE_STATE_H

#include "view_store/store.h"

typedef struct lk_state_field {
	const void *name, *bytes;     /* bytes NULL: there is no such field; in a commit: remove it */
	size_t name_len, len;
} lk_state_field;

typedef struct lk_state_call {
	int64_t unit;
	uint64_t token;
	int64_t from;                 /* the cursor that the caller holds */
	lk_state_field *fields;
	int n;
} lk_state_call;

/* Reads fields, of which the caller has set the names, in one atomic call with token and cursor, and hands each over in
 * `take`, lent. LK_EFENCED if another owner has the unit, or it is at another cursor: Redis was emptied or put back. */
int lk_state_read(lk_store *s, const lk_state_call *c, int (*take)(void *ctx, int i, const void *bytes, size_t len), void *ctx, lk_error *err);

/* Writes the fields and the new position, all or nothing, if token and cursor are the caller's. Waits for the outcome. */
int lk_state_commit(lk_store *s, const lk_state_call *c, const lk_position *to, lk_error *err);

/* The state before the offset `sealed` is kept elsewhere: moves the unit's base there, and removes the fields that have
 * not changed since. Looks at a page of the hash, from *page on ("0": the first one, of at most 24 characters), and sets it to the
 * next one, "0" after the last. Fenced by the token; LK_EINTERNAL if the unit's cursor is below `sealed`. Redis that is full lets it
 * through. */
int lk_state_drop(lk_store *s, int64_t unit, uint64_t token, int64_t sealed, char page[24], lk_error *err);

#endif
