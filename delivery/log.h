/* The log that a reader of rows reads, as the catalogue says it now.
 *
 * Used by one thread. */
#ifndef LK_DELIVERY_LOG_H
#define LK_DELIVERY_LOG_H

#include "catalog/current.h"
#include "delivery/shape.h"

typedef struct lk_open_log {
	const char *name;          /* of the stream, as the user gave it */
	const char *columns;       /* as for lk_shape_make */
	const lk_where *where;
	int nwhere;
	lk_current *current;
	lk_catalog *catalog;       /* held */
	lk_rows_log log;
	lk_shape shape;
} lk_open_log;

/* The four above it are set. Forgets what was open, as after a lost session. */
void lk_open_log_begin(lk_open_log *l);
/* Looks whether the catalogue has changed. now: asks PostgreSQL in any case. *changed: log and shape are new, also the
 * first time. LK_EUSAGE: there is no such stream (any more), or a column is not in it. */
int lk_open_log_look(lk_open_log *l, lk_pg *pg, bool now, bool *changed, lk_error *err);
void lk_open_log_end(lk_open_log *l);

#endif
