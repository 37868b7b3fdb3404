/* Finding where to read on, in the log as it is now. `_at` never descends in a partition, so the offset of a time is
 * found by halving.
 *
 * Any thread, with a session of its own, outside a transaction. */
#ifndef LK_DELIVERY_SEEK_H
#define LK_DELIVERY_SEEK_H

#include "catalog/catalog.h"
#include "delivery/bookmark.h"

/* The log that is read. */
typedef struct lk_rows_log {
	const lk_cat_stream *stream;   /* borrowed */
	const char *database;          /* lk.meta's id; borrowed */
	const char *name;              /* as users call the stream; borrowed */
	bool derived;                  /* its rows have `_src` */
	bool by_src;                   /* `_src` says which event of the same `_at` was earlier, whichever log of the stream it is: it is of one
	                                * partition of a declared stream */
} lk_rows_log;

/* The first offset whose row has `_at` >= us, or the partition's end. */
int lk_seek_time(lk_pg *pg, const lk_rows_log *log, int part, int64_t us, int64_t *off, lk_error *err);
/* Fills at, src and run of a place from the row before place->off. LK_EGAP if there is none. */
int lk_seek_describe(lk_pg *pg, const lk_rows_log *log, int part, lk_bookmark_part *place, lk_error *err);

enum lk_resumed {
	LK_RESUMED_HERE,        /* every place is as it was left */
	LK_RESUMED_LOST_END,    /* the log lost its end: at the first row with a later `_at`, or amid those with the same one, if they are still there */
	LK_RESUMED_OTHER_LOG,   /* another log: at the first row whose source event is later, or with a later `_at`; where `_src` does not say which
	                         * event is later, at the first one with the same `_at`, so some rows may come again */
};
/* Checks a position against the log as it is now (P6), and moves it to where reading goes on without skipping a row.
 * *what: which of the cases it was. A stream that was renamed has the same log, and its rows keep the ids that they
 * had. LK_EUSAGE: it is the position of another database, or of another stream's log. */
int lk_seek_resume(lk_pg *pg, const lk_rows_log *log, lk_bookmark *p, enum lk_resumed *what, lk_error *err);

#endif
