/* The fence (P1) around what is written or read in a transaction: a unit's token and cursor are compared with what the
 * caller believes of them, and nothing is done if they differ. Scripts have the same in Lua. Private to this room.
 *
 * One connection, one thread. */
#ifndef LK_VIEW_STORE_FENCE_H
#define LK_VIEW_STORE_FENCE_H

#include "view_store/unit.h"

/* What a caller believes of a unit. */
typedef struct lk_unit_claim {
	int64_t unit;
	uint64_t token;
	int64_t from;      /* its cursor */
	int64_t open;      /* its open segment; -1: nobody needs to know */
} lk_unit_claim;

/* Watches the unit's meta and one more key (a copy of the caller's own: not s->key) and checks the claim: what the next transaction then does, it does under it.
 * LK_EFENCED; LK_EINTERNAL if the segment is closed, or the key is there and no hash: HSET would fail beside what it
 * belongs to. After a refusal nothing is watched. */
int lk_fence_watch(lk_store *s, const lk_unit_claim *c, const char *key, lk_error *err);

/* The same for what is read within one transaction: adds the command that reads the claim; checks its reply. */
void lk_fence_put(lk_store *s, int64_t unit);
int lk_fence_check(lk_store *s, const lk_unit_claim *c, const redisReply *now, lk_error *err);

#endif
