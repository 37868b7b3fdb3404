/* What blocks the end of the log: an append that hangs, or a prepared transaction that was never ended.
 *
 * Any thread, with a session of its own. */
#ifndef LK_CATALOG_TAIL_HOLDER_H
#define LK_CATALOG_TAIL_HOLDER_H

#include <stdbool.h>

#include "postgres/pg.h"

/* Call it after a wait for rows of lk.tail or lk.source has failed (LK_EBUSY). Ends sessions of lk that hold such rows
 * and whose process is frozen in the middle of a statement (P14). True if it ended one: *err is cleared, try again at
 * once. Else false, and a hint names the holder of the log's end. Never ends the session of another program. Needs a
 * session that is in no transaction. Takes a second if it finds one that may be frozen. */
bool lk_tail_free(lk_pg *pg, lk_error *err);

/* Where to report sessions that were ended, a line each; nowhere until it is set. Set it before threads start. */
void lk_tail_tell(void (*say)(const char *text));

#endif
