/* A view or a stream that is followed: what the registry (live.c) shares with those that read. Private to this room.
 *
 * Its thread alone has it, but for the feed, `over`, and the place with its lock. */
#ifndef LK_SERVER_FOLLOWED_H
#define LK_SERVER_FOLLOWED_H

#include <pthread.h>

#include "delivery/bookmark.h"
#include "server/live.h"
#include "server/picture.h"

struct lk_followed {
	lk_live *live;
	lk_service *service;
	const lk_followed_kind *kind;
	char *key;                 /* its name and options: followers with the same ones share it */
	lk_args args;              /* a copy */
	char *operand;
	lk_arena arena;
	lk_feed *feed;
	volatile int over;         /* nobody follows any more, or the server ends */
	int64_t said_us;           /* of the last event */
	struct lk_followed *next;

	lk_session session;        /* of a view */
	lk_picture picture;        /* of the last look */
	bool failing;

	pthread_mutex_t lock;      /* of a stream: how far its events have come, with the feed's events up to there */
	pthread_cond_t moved;
	lk_bookmark place;
};

enum { LK_QUIET_US = 15000000 };   /* a client that lost its connection is noticed when something is sent to it, so something is */

/* Waits for the next look. False: it is over. */
bool lk_followed_goes_on(lk_followed *f, int64_t until_us);
/* Tells its followers why there is nothing new just now. away: what clients are told of a server that is; or NULL. */
void lk_followed_problem(lk_followed *f, const char *away, const lk_error *why);

#endif
