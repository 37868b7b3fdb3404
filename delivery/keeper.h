/* Where a reader keeps its position: nowhere, or in a file.
 *
 * Used by one thread. */
#ifndef LK_DELIVERY_KEEPER_H
#define LK_DELIVERY_KEEPER_H

#include "delivery/cursor_file.h"

typedef struct lk_keeper {
	lk_cursor_file file;
	bool has_file;
} lk_keeper;

/* path: of a cursor file; NULL: the position is not kept. Fails as lk_cursor_file_open. */
int lk_keeper_open(lk_keeper *k, const char *path, lk_error *err);
/* 0; 1: there is none yet. */
int lk_keeper_read(lk_keeper *k, lk_bookmark *out, lk_error *err);
int lk_keeper_write(lk_keeper *k, const lk_bookmark *p, lk_error *err);
static inline bool lk_keeper_keeps(const lk_keeper *k) { return k->has_file; }
void lk_keeper_close(lk_keeper *k);

#endif
