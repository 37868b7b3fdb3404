/* What a request is answered with, and the one form of errors: problem details (RFC 9457).
 *
 * A reply is one request's, on one thread at a time. */
#ifndef LK_SERVER_REPLY_H
#define LK_SERVER_REPLY_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/status.h"

typedef struct lk_reply {
	int status;              /* 0: 200 */
	const char *type;        /* media type; static */
	lk_buf body;
	int retry_after_s;       /* 0: says nothing of it */
	bool compressed;         /* body is gzip's */
	bool failed;             /* it is a problem; its body is replaced by none but another problem */
} lk_reply;

/* Replaces what there is. hint: what to do, or "". */
void lk_reply_problem(lk_reply *r, int status, const char *detail, const char *hint);
/* The same for a failure of lk. What it says of servers, their paths and statements is not for clients: they are told in
 * general terms, and true is returned, so that the server's log says it. status: instead of the usual one, if not 0. */
bool lk_reply_failure(lk_reply *r, int status, const lk_error *why);
/* The name of a status: "Not Found". */
const char *lk_status_phrase(int status);
/* Compresses the body if that makes it shorter. */
void lk_reply_compress(lk_reply *r);
void lk_reply_release(lk_reply *r);

#endif
