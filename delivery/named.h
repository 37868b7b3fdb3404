/* A position in PostgreSQL, under a name: a row of lk.delivery, with what a person asks about a delivery.
 *
 * Used by one thread. A row that is read here is used by one process at a time: by the session that has its lock. */
#ifndef LK_DELIVERY_NAMED_H
#define LK_DELIVERY_NAMED_H

#include "delivery/bookmark.h"
#include "postgres/pg.h"

typedef struct lk_named {
	const char *name;          /* borrowed */
	const char *target;        /* for people: where the rows go; borrowed */
	int64_t id;
	lk_buf stored;             /* the position's text that the row has, as far as is known */
	lk_buf tried;              /* what the last write tried to store, though its outcome may be unknown */
} lk_named;

/* Takes the row for this session, makes it if there is none. *moved: its position is not the one that was written
 * last. LK_EBUSY: another process has it. */
int lk_named_join(lk_named *n, lk_pg *pg, const char *stream, bool *moved, lk_error *err);
/* 0; 1: it has no position yet; LK_EINPUT: it was changed by hand. */
int lk_named_read(const lk_named *n, lk_bookmark *out, lk_error *err);
/* rows: that were delivered since the last write. */
int lk_named_write(lk_named *n, lk_pg *pg, const lk_bookmark *p, int64_t rows, lk_error *err);
/* Notes why rows are not taken. */
int lk_named_failed(lk_named *n, lk_pg *pg, const char *why, lk_error *err);
void lk_named_release(lk_named *n);

/* --- for people --- */

typedef struct lk_delivery {
	char *name, *stream, *target, *error;   /* error: NULL without */
	bool running;                           /* a process has it */
	bool placed;                            /* `at` is its position */
	lk_bookmark at;
	int64_t rows;                           /* that were delivered */
	int64_t succeeded_at, failing_since;    /* LK_NEVER: never, not failing */
} lk_delivery;
/* All of them, by name. stream: of this one only; NULL: of all. Release *out in any case. */
int lk_deliveries_read(lk_pg *pg, const char *stream, lk_delivery **out, int *n, lk_error *err);
void lk_deliveries_release(lk_delivery *d, int n);
/* Removes one. LK_EUSAGE: there is none of this name; LK_EBUSY: a process has it. */
int lk_delivery_drop(lk_pg *pg, const char *name, lk_error *err);

#endif
