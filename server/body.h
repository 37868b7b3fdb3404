/* Where an answer's text goes: into the reply's body, as far as the server's limits allow.
 *
 * Used by one thread; it must not move. */
#ifndef LK_SERVER_BODY_H
#define LK_SERVER_BODY_H

#include "core/sink.h"
#include "server/request.h"

typedef struct lk_body {
	lk_sink sink;
	lk_session *session;
	lk_request *request;
} lk_body;

void lk_body_begin(lk_body *b, lk_session *s, lk_request *q);
/* The reply is complete, with the media type of the request. LK_ETOOBIG: a limit was reached. */
int lk_body_end(lk_body *b, lk_error *err);

#endif
