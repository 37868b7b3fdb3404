/* A frontier: how far somebody has come in the partitions of one log or of several.
 *
 * The positions of a copy's units, a cut, the end of the log and the prefix that an answer covers are all frontiers.
 * The word is that of timely dataflow (Murray et al., "Naiad", SOSP 2013): what lies behind it will not change. */
#ifndef LK_CORE_FRONTIER_H
#define LK_CORE_FRONTIER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

/* One partition of a stream's log. */
typedef struct lk_frontier_part {
	int64_t stream;       /* its id in the catalogue */
	int part;
	int64_t off;          /* events below it are behind the frontier */
	/* of the events behind it: the largest believable event time (plan/watermark.h), and `_at` of the last one.
	 * LK_NEVER: there is no event, or nobody needs to know */
	int64_t high, last_at;
} lk_frontier_part;

/* The most partitions of all logs that one definition reads: those of any stream. One that reads several streams is
 * refused where they are added. */
#define LK_FRONTIER_PARTS 128

/* Stream by stream, in the order in which the definition names them, partitions ascending: part[i].part is i while there
 * is one stream. A plain value: it can be copied, and nothing needs to be released. */
typedef struct lk_frontier {
	int n;
	lk_frontier_part part[LK_FRONTIER_PARTS];
} lk_frontier;

/* Adds all partitions of a stream, at offset 0. False if there are too many. */
bool lk_frontier_add(lk_frontier *f, int64_t stream, int partitions);
/* The frontier of one stream at offset 0. partitions <= LK_FRONTIER_PARTS. */
lk_frontier lk_frontier_start(int64_t stream, int partitions);
/* A partition's part; NULL if the frontier does not speak of it. Borrows. */
lk_frontier_part *lk_frontier_find(lk_frontier *f, int64_t stream, int part);
/* Its offset; 0 if the frontier does not speak of it. */
int64_t lk_frontier_off(const lk_frontier *f, int64_t stream, int part);
/* The number of events behind it. */
int64_t lk_frontier_events(const lk_frontier *f);
/* True if f has come to `goal` in every partition of goal, or further. */
bool lk_frontier_reaches(const lk_frontier *f, const lk_frontier *goal);
/* Its offsets for people: "[0 7]". */
void lk_frontier_print(const lk_frontier *f, lk_buf *out);
/* "('{0,7}'::bigint[])": its offsets in one stream, for SQL that indexes them by partition + 1. */
void lk_frontier_sql(const lk_frontier *f, int64_t stream, lk_buf *out);
/* "l.off < ('{0,7}'::bigint[])[l.part + 1]": the events of a log's stream that are behind it. of: "l.", what stands before the
 * columns; or "". */
void lk_frontier_behind_sql(const lk_frontier *f, int64_t stream, const char *of, lk_buf *out);

#endif
