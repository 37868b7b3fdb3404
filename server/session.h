/* A worker's sessions with PostgreSQL and Redis: opened when they are needed, kept, and opened again after a loss.
 *
 * Used by one thread. */
#ifndef LK_SERVER_SESSION_H
#define LK_SERVER_SESSION_H

#include "server/service.h"
#include "view_store/store.h"

typedef struct lk_session {
	lk_service *service;
	lk_pg pg;
	lk_store *store;           /* NULL: not connected */
	bool kept;                 /* it has answered before: a loss may be as old as that */
	const char *away;          /* which server could not be reached: for clients; static. NULL: none */
	int64_t deadline_us;       /* of the request that is being answered, monotonic */
} lk_session;

/* LK_NEEDS_WORKER: no session beforehand, the answer looks itself what is there. */
enum { LK_NEEDS_POSTGRES = 1, LK_NEEDS_REDIS = 2, LK_NEEDS_WORKER = 4 };

/* Connects to what is missing. LK_EUNREACHABLE and the like: see away. */
int lk_session_need(lk_session *s, int needs, lk_error *err);
/* The current catalogue, held for the caller. Needs PostgreSQL. */
int lk_session_catalog(lk_session *s, lk_catalog **out, lk_error *err);
/* After a call with this result: closes what is lost, ends what is open. True: the loss was of sessions that were kept,
 * so the same call may do with new ones. */
bool lk_session_mend(lk_session *s, int rc);
void lk_session_close(lk_session *s);

#endif
