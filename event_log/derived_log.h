/* The log of a derived stream: rows that a definition made of its source's events, appended together with the position in
 * the source up to which that was done.
 *
 * A batch of rows is the caller's, for one thread at a time. */
#ifndef LK_EVENT_LOG_DERIVED_LOG_H
#define LK_EVENT_LOG_DERIVED_LOG_H

#include "event_log/side_output.h"

typedef struct lk_derived_rows lk_derived_rows;   /* in the order of the log */
/* Of one partition of the log; of a merged log, of all: the partition column says to which one a row goes. */
lk_derived_rows *lk_derived_rows_new(const lk_cat_stream *log, int part);
void lk_derived_rows_free(lk_derived_rows *r);
void lk_derived_rows_clear(lk_derived_rows *r);
size_t lk_derived_rows_count(const lk_derived_rows *r);
size_t lk_derived_rows_bytes(const lk_derived_rows *r);
/* The log was read anew from the catalogue, and its columns are the same. */
void lk_derived_rows_show(lk_derived_rows *r, const lk_cat_stream *log);

/* The event that a row comes from. */
typedef struct lk_derived_from {
	int64_t src;               /* its offset, … */
	int part;                  /* … in this partition of the source */
	int64_t at;                /* its `_at`, which the row takes over */
	int64_t high;              /* its source's high before it; LK_NEVER: the log's watermark does not follow the source's */
} lk_derived_from;
/* Adds a row: values[i] is column i of the log. The texts are copied. */
void lk_derived_rows_add(lk_derived_rows *r, const lk_value *values, const lk_derived_from *from);

/* How far the source's partition was read. */
typedef struct lk_derived_position {
	int64_t off;
	int64_t high;              /* the source's high there; LK_NEVER before the first event */
} lk_derived_position;

typedef struct lk_derived_move {
	int part;                  /* of the source */
	lk_derived_position from, to;
} lk_derived_move;

/* One append: rows and side output are what the source's events [from.off, to.off) of each partition that moves made. */
typedef struct lk_derived_step {
	const lk_cat_stream *source;
	const lk_derived_move *moves;
	int nmoves;
	int64_t closed;            /* the log is complete below this `_at` */
	int64_t high;              /* what the source says of the log's high; LK_NEVER: nothing */
	const lk_side_output *side_output;
} lk_derived_step;

/* Reads the position. LK_ECONFLICT: the stream was dropped. */
int lk_derived_position_read(lk_pg *pg, const lk_cat_stream *log, const lk_cat_stream *source, int part, lk_derived_position *out, lk_error *err);
/* Appends in one transaction: positions by compare-and-set, rows, side output, and the log's tail. LK_EFENCED if a
 * position is not `from`: somebody else has moved it. After any failure the outcome is unknown, and nothing of it may be
 * sent again: read the position anew, and make the rows anew from there. */
int lk_derived_append(lk_pg *pg, lk_derived_rows *rows, const lk_derived_step *step, lk_error *err);

#endif
