/* The current catalogue, for the threads of one process: read once, shared, and replaced when it has changed. */
#ifndef LK_CATALOG_CURRENT_H
#define LK_CATALOG_CURRENT_H

#include "catalog/catalog.h"

typedef struct lk_current lk_current;

/* all_plans: each catalogue has its plans from the beginning; else they are made when they are needed
 * (lk_catalog_plan). */
lk_current *lk_current_new(bool all_plans);
/* No thread may use it any more; catalogues that were got from it stay until they are released. NULL is fine. */
void lk_current_free(lk_current *c);

/* How long a catalogue is taken for current without a look at the stamp. */
enum { LK_CURRENT_US = 500000 };

/* Gives the current catalogue, which the caller holds and releases. Asks PostgreSQL for the stamp if nobody has for
 * LK_CURRENT_US, or if `now`, and loads the catalogue if the stamp is another one. Equal pointers: nothing has changed.
 * pg: the caller's own session. Fails as lk_catalog_load does. What the catalogue says of published cuts is as old as
 * it is: it is a hint only. Any thread. */
int lk_current_get(lk_current *c, lk_pg *pg, bool now, lk_catalog **out, lk_error *err);

#endif
