/* Where a reader begins that has no position yet.
 *
 * Any thread, with a session of its own. */
#ifndef LK_DELIVERY_BEGIN_H
#define LK_DELIVERY_BEGIN_H

#include "delivery/shape.h"

enum lk_begin_at { LK_BEGIN_FIRST, LK_BEGIN_END, LK_BEGIN_LAST, LK_BEGIN_OFFSET, LK_BEGIN_OFFSETS, LK_BEGIN_TIME };

typedef struct lk_begin {
	enum lk_begin_at at;
	int partition;                     /* the only one that is read; -1: all are */
	int64_t last;                      /* LAST: so many rows that pass the shape's conditions */
	int64_t off;                       /* OFFSET: of each partition */
	int64_t offs[LK_MAX_PARTITIONS];   /* OFFSETS: of each; -1: not named */
	int64_t time;                      /* TIME: the first row with `_at` at or after it */
} lk_begin;

/* Sets the places of *out. *skip: so many of the first rows that pass come before the last ones. LK_EUSAGE: a
 * partition that does not exist, one of which OFFSETS say nothing, an offset beyond the log's end. */
int lk_begin_find(lk_pg *pg, const lk_shape *shape, const lk_begin *b, lk_bookmark *out, int64_t *skip, lk_error *err);
/* LK_EUSAGE: the stream has no such partition. */
int lk_begin_check(const lk_rows_log *log, const lk_begin *b, lk_error *err);

#endif
