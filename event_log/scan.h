/* Reading the log in offset order: fetch, then cuts, in one snapshot (P4).
 *
 * A scan is the caller's, for one thread, and occupies its session until it ends. */
#ifndef LK_EVENT_LOG_SCAN_H
#define LK_EVENT_LOG_SCAN_H

#include "catalog/catalog.h"

/* A running fetch: COPY (…) TO STDOUT (FORMAT binary) of one partition from an offset. */
typedef struct lk_scan {
	lk_pg *pg;
	const lk_stream *stream;
	int part;
	int ncolumns;
	const int *columns;        /* stream columns, ascending; the caller's */
	bool src;
	int64_t next_off;          /* the offset the next event must have */
	int64_t tail, end_off;     /* of the snapshot: the partition's end; where this scan ends */
	int64_t *cuts;             /* live cuts at or above the first offset, ascending */
	int ncuts;
	char *message;             /* libpq's buffer of the current event */
	bool first, copying;
	/* of the current event of a derived stream: the high of what it comes from, before it; LK_NEVER if there is none */
	int64_t high;
	lk_type *types;
	int *slots;
} lk_scan;

/* What to read: offsets [from, to) of a partition, as far as they exist, and these columns (ascending) beside _at. */
typedef struct lk_scan_of {
	const lk_cat_stream *stream;
	int part;
	const int *columns;        /* must outlive the scan */
	int ncolumns;
	int64_t from, to;
	bool src;                  /* of a derived stream: also _src, into row[lk_slot_src] */
} lk_scan_of;

/* The slot of _src in a row that a scan fills, where it is asked for: of a reader of rows, which has no lateral columns. */
static inline int lk_slot_src(const lk_stream *s) { return lk_slot_at(s) + 1; }

/* Begins: one round trip sends BEGIN REPEATABLE READ READ ONLY, the live cuts of the stream's partition at or above
 * `from`, and the COPY. */
int lk_scan_begin(lk_scan *s, lk_pg *pg, const lk_scan_of *of, lk_error *err);
/* The next event: row[column] for the wanted columns and row[lk_slot_at]; texts are borrowed until the next call. 0; 1
 * at the end; LK_EGAP if the log has a hole; LK_EUNREACHABLE. */
int lk_scan_next(lk_scan *s, lk_value *row, int64_t *off, lk_error *err);
/* Ends the transaction, also in the middle of the COPY (the rest is cancelled). Safe after any failure. */
int lk_scan_end(lk_scan *s, lk_error *err);

/* `_at` of one event, LK_NEVER if it does not exist (P6). */
int lk_log_at(lk_pg *pg, const lk_cat_stream *s, int part, int64_t off, int64_t *at, lk_error *err);

/* Rows of any COPY with the given types; used by the batch layer's fold and to read batch tables. sql: a SELECT. */
typedef struct lk_copy_reader {
	lk_pg *pg;
	const lk_type *types;
	int ntypes;
	char *message;
	bool first, copying;
} lk_copy_reader;
int lk_copy_open(lk_copy_reader *r, lk_pg *pg, const char *select_sql, const lk_type *types, int ntypes, lk_error *err);
int lk_copy_next(lk_copy_reader *r, lk_value *row, lk_error *err);   /* 0; 1 at the end */
void lk_copy_close(lk_copy_reader *r);   /* cancels what is left */

/* LISTEN for the appender's hint, and wait for one at most timeout_ms (or until *stop). Polling alone must suffice. */
int lk_log_listen(lk_pg *pg, lk_error *err);
/* Takes the hints that have come, without waiting. A session that listens but never waits must call it now and then:
 * libpq keeps each hint that it reads, and the server each that it cannot send, until they are taken. */
int lk_log_hints(lk_pg *pg, bool *any, lk_error *err);
int lk_log_wait(lk_pg *pg, int timeout_ms, lk_error *err);

#endif
