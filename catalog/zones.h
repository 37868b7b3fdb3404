/* Time zones, which only PostgreSQL knows, and the lists of starts of calendar windows (windows/calendar.h).
 *
 * Any thread, with a session of its own; texts and lists live in the caller's arena. */
#ifndef LK_CATALOG_ZONES_H
#define LK_CATALOG_ZONES_H

#include "postgres/pg.h"
#include "windows/calendar.h"

/* Is there a zone of that name? LK_EUSAGE, with err unchanged, if there is none; then *near is a similar name,
 * allocated in `arena`, or NULL. */
int lk_zone_check(lk_pg *pg, const char *zone, lk_arena *arena, const char **near, lk_error *err);

/* Makes and stores the list of a version that is being declared; in the caller's transaction. */
int lk_calendar_make(lk_pg *pg, int64_t version_id, const lk_calendar *c, lk_error *err);
/* Reads the list of a version into c->starts, allocated in `arena`. */
int lk_calendar_read(lk_pg *pg, int64_t version_id, lk_calendar *c, lk_arena *arena, lk_error *err);

#endif
