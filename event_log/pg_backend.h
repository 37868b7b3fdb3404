/* A look at a session from outside: another one, which lives for that moment. Private to event_log/. */
#ifndef LK_EVENT_LOG_PG_BACKEND_H
#define LK_EVENT_LOG_PG_BACKEND_H

#include "event_log/pg.h"

/* Does the server show that it works at what this session asked? False where it does not answer in time, where the
 * session's process is gone, has not heard the question, waits for its client, or (on this machine) is stopped. What
 * cannot be known counts as work. */
bool lk_pg_backend_works(const lk_pg *pg);
/* Cancels what the session is doing, where the server answers within a moment. */
void lk_pg_backend_cancel(const lk_pg *pg);

#endif
