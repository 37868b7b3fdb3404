/* What of schema lk grows with time and use, and how much of it is kept. */
#ifndef LK_EVENT_LOG_HOUSEKEEPING_H
#define LK_EVENT_LOG_HOUSEKEEPING_H

#include "event_log/catalog.h"

/* The newest so many are kept; what is older goes unless something needs it (housekeeping.c says what). */
typedef struct lk_keep {
	int64_t rejected;    /* rows of lk.rejected of a stream */
	int64_t late;        /* rows of lk.late of a partition of a copy */
	int64_t cuts;        /* closed cuts of a copy, with what lk.batch says of them */
	int64_t copies;      /* dropped copies of a view */
	int64_t versions;    /* versions of a view */
} lk_keep;
extern const lk_keep lk_keep_defaults;

/* Removes what is older, and what dropped copies have left (lk_copies_sweep). cat: of any age, its cuts may be older than the
 * published ones. In short transactions; what somebody has locked, or has begun to need, is left to the next time. Twice
 * is once, and any number may do it at a time. */
int lk_housekeep(lk_pg *pg, const lk_catalog *cat, const lk_keep *keep, lk_error *err);

#endif
