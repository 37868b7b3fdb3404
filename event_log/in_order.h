/* Reading the partitions of a log in one order: by `_at`, then partition, then offset, below an instant at which all of
 * them are complete. It is the same order whenever it is read, so a log that is made of all partitions is one log.
 *
 * A partition is complete below an instant once last_at or `closed` of its tail has come there and was read: what comes
 * has no lower `_at` (append.c). Who needs more raises `closed`, which waits for an append in flight as another append
 * does. A quiet partition holds nothing up, and no event time is asked. */
#ifndef LK_EVENT_LOG_IN_ORDER_H
#define LK_EVENT_LOG_IN_ORDER_H

#include "catalog/catalog.h"

/* Reads the ends of the stream's partitions, and below which `_at` all of them are complete: LK_NEVER while one has neither
 * event nor `closed`. If events from `read` on are there, their partitions, and those of the declared stream from which a
 * derived one comes, are first raised beyond them, each in a transaction of its own. What is fetched in a later snapshot
 * has all events below *complete. LK_EBUSY: an append holds the end of the log for too long; LK_ECONFLICT: the stream was
 * dropped. */
int lk_log_close(lk_pg *pg, const lk_cat_stream *s, const lk_frontier *read, lk_frontier *end, int64_t *complete, lk_error *err);

#endif
