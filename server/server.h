/* The HTTP server of `lk serve`: answers, streams and the state of both layers over a socket.
 *
 * One thread moves bytes (libmicrohttpd, epoll) and never waits for a database; a few workers make answers, each with
 * sessions of its own that it keeps. A request whose answer is being made is suspended until it is there.
 *
 * A server is used by the thread that starts and stops it. */
#ifndef LK_SERVER_SERVER_H
#define LK_SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/status.h"

/* What one process lets its clients take. */
typedef struct lk_web_limits {
	int connections;       /* at once; more are answered with 503 */
	int of_client;         /* requests under way of one address; more are answered with 429 */
	int waiting;           /* requests that wait for a worker; more are answered with 503 */
	int live;              /* clients that follow a view or a stream; more are answered with 503 */
	int64_t time_us;       /* of a request, with its waiting; then 503 */
	int64_t rows;          /* that an answer makes, before conditions and limits remove any; more: 413 */
	int64_t memory_bytes;  /* of its cells and rows; more: 413 */
	int64_t upload_bytes;  /* of a request's body; more: 413 */
	int64_t body_bytes;    /* of its text; more: 413 */
	int idle_s;            /* a connection on which no byte moves is closed */
	int64_t bytes_per_s;   /* a reader of a long answer that takes less, after idle_s, is dropped */
} lk_web_limits;
extern const lk_web_limits lk_web_defaults;

typedef struct lk_web_options {
	const char *postgres, *redis;   /* as lk_servers_find gives them */
	const char *listen;             /* "127.0.0.1:8080", "[::1]:8080", "8080", "unix:PATH"; port 0: any free one */
	const char *token_file;         /* a client must show its token; NULL: none. Needed beyond this machine */
	const char *const *hosts;       /* names that may stand in Host, beside addresses and localhost */
	int nhosts;
	int workers;
	bool write;                     /* takes events */
	lk_web_limits limits;
	void (*log)(void *ctx, const lk_error *what);   /* of failures that clients see only in general terms; one at a time, any thread */
	void *ctx;
} lk_web_options;

typedef struct lk_web lk_web;

/* Listens and answers; the servers need not be there yet. All that o points to must stay. LK_EUSAGE: an address that is
 * none, or not of this machine without a token file; LK_EBUSY: it is taken; LK_EINPUT: the token file. */
int lk_web_start(lk_web **out, const lk_web_options *o, lk_error *err);
/* "http://127.0.0.1:8080", or "unix:PATH"; lives as long as the server. */
const char *lk_web_address(const lk_web *s);
/* Is none of its workers stuck? */
bool lk_web_is_well(const lk_web *s);
/* Takes no more requests, gives those under way half a second, closes all connections and frees s. */
void lk_web_stop(lk_web *s);

#endif
