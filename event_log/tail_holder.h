/* Who keeps the end of the log from others: an append that hangs, or a prepared transaction that nobody ended. */
#ifndef LK_EVENT_LOG_TAIL_HOLDER_H
#define LK_EVENT_LOG_TAIL_HOLDER_H

#include <stdbool.h>

#include "event_log/pg.h"

/* For all who have waited for rows of lk.tail or lk.source in vain (LK_EBUSY). Sessions of lk that hold such rows, and whose
 * process is frozen in the middle of a statement, are ended (P14); true where one was: *err is cleared, try again at once.
 * Else false, and a hint names who holds the end of the log. Never ends the session of another program. Needs a session that
 * is in no transaction. Takes a second where it finds one that may be frozen. */
bool lk_tail_free(lk_pg *pg, lk_error *err);

/* Where sessions that were ended are told, a line each; nowhere until it is set. Set it before threads begin. */
void lk_tail_tell(void (*say)(const char *text));

#endif
