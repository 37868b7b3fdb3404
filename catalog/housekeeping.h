/* The parts of schema lk that grow with time and use, and how much of each is kept.
 *
 * Any thread, with a session of its own. */
#ifndef LK_CATALOG_HOUSEKEEPING_H
#define LK_CATALOG_HOUSEKEEPING_H

#include "catalog/catalog.h"

/* How many of the newest are kept; older ones are removed unless something needs them (see housekeeping.c). */
typedef struct lk_keep {
	int64_t rejected;    /* rows of lk.rejected of a stream */
	int64_t late;        /* rows of lk.late of a partition of a copy */
	int64_t cuts;        /* closed cuts of a copy, with what lk.batch says of them */
	int64_t copies;      /* dropped copies of a view */
	int64_t versions;    /* versions of a view */
} lk_keep;
extern const lk_keep lk_keep_defaults;

/* Removes what is older, and what dropped copies have left (lk_copies_sweep). cat may be out of date: its cuts may be
 * older than the published ones. Works in short transactions; what is locked, or needed meanwhile, stays until the next
 * call. Idempotent, and any number of processes may do it at once. */
int lk_housekeep(lk_pg *pg, const lk_catalog *cat, const lk_keep *keep, lk_error *err);

#endif
