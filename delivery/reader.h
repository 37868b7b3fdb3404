/* Rows of a log in the order in which it took them: by `_at`, then partition, then offset. Each partition is read in
 * steps of bounded size, and the earliest of their first rows comes next.
 *
 * A reader is used by one thread; between two calls its session is free for other statements. */
#ifndef LK_DELIVERY_READER_H
#define LK_DELIVERY_READER_H

#include "delivery/seek.h"

typedef struct lk_row_reader lk_row_reader;

typedef struct lk_log_row {
	int part;
	int64_t off;
	const lk_value *values;   /* by slot: the columns that were asked for, lk_slot_at, lk_slot_src; until the next call */
} lk_log_row;

/* What is read: the rows from one frontier of the log to another; columns: ascending; all but these two are borrowed as
 * long as the reader is. */
typedef struct lk_row_reader_of {
	const lk_rows_log *log;
	const lk_frontier *from, *to;
	const int *columns;
	int ncolumns;
} lk_row_reader_of;

lk_row_reader *lk_row_reader_new(lk_pg *pg, const lk_row_reader_of *of);
/* 0; 1 at the end; LK_EGAP: a row is missing; LK_EUNREACHABLE. A failed reader is only freed. */
int lk_row_reader_next(lk_row_reader *r, lk_log_row *row, lk_error *err);
void lk_row_reader_free(lk_row_reader *r);

#endif
