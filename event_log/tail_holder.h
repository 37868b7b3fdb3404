/* Who keeps the end of the log locked, for a hint: an append that hangs, or a prepared transaction that nobody ended. */
#ifndef LK_EVENT_LOG_TAIL_HOLDER_H
#define LK_EVENT_LOG_TAIL_HOLDER_H

#include "event_log/pg.h"

/* Adds the hint to err where a holder can be named. Needs a session that is in no transaction. */
void lk_tail_holder(lk_pg *pg, lk_error *err);

#endif
