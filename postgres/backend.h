/* Looks at a session from another, short one. Private to postgres/. */
#ifndef LK_POSTGRES_BACKEND_H
#define LK_POSTGRES_BACKEND_H

#include "postgres/pg.h"

/* Does the server show that it works on this session's statement? False if it does not answer in time, or if the
 * session's process is gone, has not received the statement, waits for its client, or (on this machine) is stopped. If
 * that cannot be determined: true. */
bool lk_pg_backend_works(const lk_pg *pg);
/* Cancels what the session is doing, if the server answers within a moment. */
void lk_pg_backend_cancel(const lk_pg *pg);

#endif
