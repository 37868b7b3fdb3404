/* The copies that go into service together: one of a derived stream's definition, and those of all that reads the stream.
 *
 * Any thread, with a session of its own. */
#ifndef LK_CATALOG_TOGETHER_H
#define LK_CATALOG_TOGETHER_H

#include "catalog/catalog.h"

/* Makes a copy of a derived stream's version with a log of its own, both empty, in one transaction. LK_ECONFLICT if the version no
 * longer exists. */
int lk_filler_make(lk_pg *pg, const lk_cat_version *v, int64_t *copy_id, lk_error *err);

typedef struct lk_together {
	int64_t *copies;           /* the stream's first, then each after the one whose log it reads */
	int n;
} lk_together;

/* Finds what goes into service with the copy `lead`: for each view and derived stream that reads the log that readers have
 * now, a copy over lead's log, in the mode and by the newest text that it has (unless readers were moved away from that
 * text); and so on up a chain. back: a former copy over that log is taken as it was. make: copies that are missing are
 * made, those of derived streams with logs; without it LK_ECONFLICT, since something was declared meanwhile. LK_EDEFINITION
 * if a text does not fit lead's rows. Inside the caller's transaction of lk_catalog_begin. The caller releases *out in either case. */
int lk_together_find(lk_pg *pg, int64_t lead, bool back, bool make, lk_together *out, lk_error *err);
/* The same in a transaction of its own, making what is missing. */
int lk_together_make(lk_pg *pg, int64_t lead, bool back, lk_together *out, lk_error *err);
/* The one copy. */
void lk_together_alone(int64_t lead, lk_together *out);
void lk_together_release(lk_together *t);

#endif
