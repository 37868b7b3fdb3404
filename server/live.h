/* Views that are followed: for each, whatever the number of its followers, one thread asks once a second, and publishes
 * what has changed. It ends when nobody follows any more.
 *
 * lk_live_follow: any thread; the others: the one that has the server. */
#ifndef LK_SERVER_LIVE_H
#define LK_SERVER_LIVE_H

#include "server/feed.h"
#include "server/request.h"

typedef struct lk_live lk_live;

lk_live *lk_live_new(lk_service *service, const lk_feed_calls *calls);
/* Follows the view with the request's options, which are right. LK_EBUSY: as many clients or views are followed as may be. */
int lk_live_follow(lk_live *l, const lk_request *q, lk_follower **out, lk_error *err);
void lk_live_leave(lk_live *l, lk_follower *w);
/* All followers get the end; waits for the threads. */
void lk_live_end(lk_live *l);
/* Nobody may follow any more. */
void lk_live_free(lk_live *l);

#endif
