/* Where a reader of rows is: for each partition the next offset, and what the row before it looked like. The offset
 * alone would not do: in a log that lost its end, or in the log that replaced a derived stream's, it names another
 * row.
 *
 * Plain values; texts are added to the caller's buffer. Any thread. */
#ifndef LK_DELIVERY_BOOKMARK_H
#define LK_DELIVERY_BOOKMARK_H

#include <stdbool.h>

#include "core/buf.h"
#include "plan/plan.h"

/* Of one partition. */
typedef struct lk_bookmark_part {
	int64_t off;          /* the next row */
	int64_t at, src;      /* `_at` and `_src` of row off - 1; LK_NEVER: there is none, or it has none */
	int64_t run;          /* how many rows up to it have its `_at` (event_log/history.h); 0: not known */
	int64_t lost;         /* how often this reader found that the log had lost its end: part of a row's id */
} lk_bookmark_part;

typedef struct lk_bookmark {
	char database[33];    /* lk.meta's id; "": the position of nobody yet */
	char stream[64];      /* its name, which is shorter than an identifier of PostgreSQL */
	int64_t log;          /* the stream's id in the catalogue, which no other log ever has */
	int n;                /* partitions */
	lk_bookmark_part part[LK_MAX_PARTITIONS];
} lk_bookmark;

/* Lines of text that end with a digest of the lines before. */
void lk_bookmark_print(const lk_bookmark *p, lk_buf *out);
/* 0, or -1 with *why: what is wrong with the text (static). */
int lk_bookmark_read(const char *text, size_t len, lk_bookmark *out, const char **why);

/* Adds "stream/log/partition/offset", the id of a row: the same in every process that reads this log from its
 * beginning. After the log has lost its end the reader's next rows are of "log.1", since their offsets may have been
 * other rows'. */
void lk_row_id(const lk_bookmark *p, int part, int64_t off, lk_buf *out);

#endif
