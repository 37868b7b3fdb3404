/* A request as its route understands it: checked and decoded before anything is asked of a server.
 *
 * A request is used by one thread at a time: the one that reads it, then a worker. */
#ifndef LK_SERVER_REQUEST_H
#define LK_SERVER_REQUEST_H

#include "options/args.h"
#include "server/media.h"
#include "server/reply.h"
#include "server/session.h"

typedef struct lk_request lk_request;

enum { LK_ROUTE_OPTIONS = 24, LK_ROUTE_MEDIA = 3 };

/* What can be asked. Each is an entry of the table in server/routes.c. */
typedef struct lk_route {
	const char *path;              /* "/api/v1/views/{view}/rows" */
	const char *summary;
	enum lk_media media[LK_ROUTE_MEDIA];
	int nmedia;
	bool open;                     /* answered without the token */
	bool posts;                    /* by POST, with a body; else by GET */
	bool page;                     /* a file of the live page, of no use to programs */
	int needs;                     /* LK_NEEDS_…; 0: no worker is needed */
	/* Fills q->reply. After a failure a status that it has set is kept. */
	int (*answer)(lk_session *s, lk_request *q, lk_error *err);
	lk_option options[LK_ROUTE_OPTIONS];
} lk_route;

/* The parameter `format`, of routes with several forms; NULL without. */
const lk_option *lk_route_format(const lk_route *r);

struct lk_request {
	const lk_route *route;         /* NULL: there is none; then reply says why */
	lk_service *service;
	lk_args args;                  /* operands[0]: the part of the path that is in braces */
	char *operand;
	enum lk_media media;
	bool gzip, head;
	const char *key;               /* the header Idempotency-Key, or NULL */
	const char *body_format;       /* of formats/format.h; NULL: no body */
	lk_buf body;
	const char *last_event;        /* the header Last-Event-ID, or NULL */
	struct lk_follower *follower;  /* the answer goes on for ever: what it is read from */
	lk_reply reply;
	lk_arena arena;
};

/* What a client sent, as it was sent. */
typedef struct lk_asked {
	const char *path;
	const struct lk_asked_pair {
		const char *name, *value;   /* not decoded; NULL: there is no "=" */
	} *query;
	int nquery;
	const char *accept, *accept_encoding, *last_event, *key;   /* headers, or NULL */
	bool head;
} lk_asked;

/* False: *q->reply says what is wrong. q->service is set, all else zero; release it in any case. */
bool lk_request_read(lk_request *q, const lk_asked *a);
/* lk_reply_failure for clients: what a command line calls --from is the parameter from. */
bool lk_request_failure(const lk_service *s, lk_reply *r, int status, const lk_error *why);
void lk_request_release(lk_request *q);

#endif
