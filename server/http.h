/* The one place that knows libmicrohttpd: connections, headers, and how bytes go out.
 *
 * All callbacks run on the library's thread; workers only finish jobs (lk_job.done). */
#ifndef LK_SERVER_HTTP_H
#define LK_SERVER_HTTP_H

#include "server/feed.h"
#include "server/pool.h"

typedef struct lk_http lk_http;

/* For feeds: their connections are this library's. */
extern const lk_feed_calls lk_http_feed_calls;

/* Takes requests from the listening socket. token: NULL without. LK_EINTERNAL: the library cannot start. */
int lk_http_start(lk_http **out, lk_service *service, lk_pool *pool, int fd, const char *token, lk_error *err);
/* No new connections; requests that come on open ones are refused. */
void lk_http_quiesce(lk_http *h);
/* After the pool has ended: lets answers go out, for half a second at most, then closes everything. */
void lk_http_stop(lk_http *h);

#endif
