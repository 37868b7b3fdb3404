/* What followers of one view or stream get: events, one after another, of which the newest are kept for those that come back.
 *
 * One thread publishes; any thread follows and reads. */
#ifndef LK_SERVER_FEED_H
#define LK_SERVER_FEED_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/buf.h"

typedef struct lk_feed lk_feed;
typedef struct lk_follower lk_follower;

/* pause: called when a follower has read all there is; wake: when there is more, or the feed has ended. Both are called
 * with the connection of lk_follower_read, one at a time. */
typedef struct lk_feed_calls {
	void (*pause)(void *connection);
	void (*wake)(void *connection);
} lk_feed_calls;

lk_feed *lk_feed_new(const lk_feed_calls *calls);
/* No follower may be left. */
void lk_feed_free(lk_feed *f);

/* Takes over the event's text. id: the place in the log that it brings a follower to; NULL: none. all: the text with
 * which a new follower begins from now on, taken over too; NULL: as before. */
void lk_feed_publish(lk_feed *f, lk_buf *text, const char *id, lk_buf *all);
/* Followers get what is there, and then the end. */
void lk_feed_end(lk_feed *f);
int lk_feed_followers(lk_feed *f);

/* last: the id of the last event that this client got, or NULL. It goes on behind it if that event is kept. */
lk_follower *lk_feed_follow(lk_feed *f, const char *last);
/* Two steps before it is read: it gets the events that come from now on; and before them this text, taken over. */
void lk_follower_begin(lk_follower *w);
void lk_follower_precede(lk_follower *w, lk_buf *text);
/* The next bytes. 0: none yet, it is paused; -1: the end; -2: it is so far behind that events it lacks are gone. */
ssize_t lk_follower_read(lk_follower *w, char *out, size_t most, void *connection);
void lk_follower_leave(lk_follower *w);

#endif
