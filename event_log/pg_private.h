/* What the files of pg.h share. Private to event_log/. */
#ifndef LK_EVENT_LOG_PG_PRIVATE_H
#define LK_EVENT_LOG_PG_PRIVATE_H

#include "event_log/pg.h"

/* A message of the server without line breaks, NUL-ended. */
void lk_pg_one_line(lk_buf *out, const char *message);

#endif
