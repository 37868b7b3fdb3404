/* The end of the log.
 *
 * Any thread, with a session of its own. */
#ifndef LK_CATALOG_TAIL_H
#define LK_CATALOG_TAIL_H

#include "catalog/catalog.h"

/* The most of max_ahead that SQL adds to a time: 10,000 years after _at is after every event time. */
#define LK_MAX_AHEAD_US INT64_C(315360000000000000)

/* The end of the stream's log, as a frontier of all its partitions. LK_ECONFLICT: the stream was dropped. */
int lk_log_tail(lk_pg *pg, const lk_cat_stream *s, lk_frontier *out, lk_error *err);
/* The same inside the caller's transaction, to whose end the log does not grow: locks the tail rows, in ascending order
 * as all do. */
int lk_log_hold(lk_pg *pg, const lk_cat_stream *s, lk_frontier *out, lk_error *err);
/* The same for a stream that only its id is known of. */
int lk_tail_hold(lk_pg *pg, int64_t stream_id, lk_error *err);

#endif
