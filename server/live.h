/* Views and streams that are followed: for each, whatever the number of its followers, one thread reads, and publishes
 * what is new. It ends when nobody follows any more.
 *
 * lk_live_follow: any thread; the others: the one that has the server. */
#ifndef LK_SERVER_LIVE_H
#define LK_SERVER_LIVE_H

#include "server/feed.h"
#include "server/request.h"

typedef struct lk_live lk_live;
typedef struct lk_followed lk_followed;

typedef struct lk_followed_kind {
	void (*run)(lk_followed *f);             /* publishes until it is over */
	const char *const *options;              /* names of those that make another one of it; ends with NULL. NULL: all do */
	bool at_once;                            /* is over with its last follower, and not at its next look */
} lk_followed_kind;
extern const lk_followed_kind lk_followed_view, lk_followed_stream;

lk_live *lk_live_new(lk_service *service, const lk_feed_calls *calls);
/* Follows what the request names with its options, which are right. *of: may be NULL; it stays as long as the follower.
 * LK_EBUSY: as many clients or views are followed as may be. */
int lk_live_follow(lk_live *l, const lk_followed_kind *kind, const lk_request *q, lk_follower **out, lk_followed **of, lk_error *err);
void lk_live_leave(lk_live *l, lk_follower *w);
/* All followers get the end; waits for the threads. */
void lk_live_end(lk_live *l);
/* Nobody may follow any more. */
void lk_live_free(lk_live *l);

#endif
