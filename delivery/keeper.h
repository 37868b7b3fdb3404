/* Where a reader keeps its position: nowhere, in a file, or in PostgreSQL under a name.
 *
 * Used by one thread. */
#ifndef LK_DELIVERY_KEEPER_H
#define LK_DELIVERY_KEEPER_H

#include "delivery/cursor_file.h"
#include "delivery/named.h"

typedef struct lk_keeper {
	lk_cursor_file file;
	lk_named named;            /* name: NULL without */
	bool has_file;
} lk_keeper;

/* path: of a cursor file, or NULL; name: of a delivery to target, or NULL. Fails as lk_cursor_file_open. */
int lk_keeper_open(lk_keeper *k, const char *path, const char *name, const char *target, lk_error *err);
/* For each new session, before the calls below. *moved: the position is not the one that was written last. */
int lk_keeper_join(lk_keeper *k, lk_pg *pg, const char *stream, bool *moved, lk_error *err);
/* 0; 1: there is none yet. */
int lk_keeper_read(lk_keeper *k, lk_bookmark *out, lk_error *err);
/* rows: that went out since the last write. */
int lk_keeper_write(lk_keeper *k, lk_pg *pg, const lk_bookmark *p, int64_t rows, lk_error *err);
/* Notes why rows do not go out; a server that is lost is no failure of this. */
void lk_keeper_failed(lk_keeper *k, lk_pg *pg, const char *why);
static inline bool lk_keeper_keeps(const lk_keeper *k) { return k->has_file || k->named.name; }
void lk_keeper_close(lk_keeper *k);

#endif
