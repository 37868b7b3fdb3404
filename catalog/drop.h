/* Removing what was declared. Names may be declared again afterwards; ids are never reused. So a process that still
 * works on a removed view or stream finds it dropped, and nothing of it can be mistaken for a later one.
 *
 * Any thread, with a session of its own. */
#ifndef LK_CATALOG_DROP_H
#define LK_CATALOG_DROP_H

#include "catalog/catalog.h"

/* What a removal would remove, as PostgreSQL counts it. */
typedef struct lk_drop_weight {
	int64_t versions, copies, sandboxes;   /* of a view */
	int64_t events, rejects, sources, deliveries;   /* of a stream */
	int64_t bytes;                         /* of batch tables, or of the log */
} lk_drop_weight;
int lk_view_weigh(lk_pg *pg, const lk_cat_view *v, lk_drop_weight *out, lk_error *err);
int lk_stream_weigh(lk_pg *pg, const lk_cat_stream *s, lk_drop_weight *out, lk_error *err);

/* Removes a view with its versions, copies, cuts and side output, in one transaction. Call it holding lk_view_lock. Batch
 * tables are left to lk_copies_sweep, cells to lk_store_sweep. LK_ECONFLICT if it no longer exists, LK_EBUSY if a
 * sandbox of it is being replayed, or its rows are locked for long. */
int lk_view_drop(lk_pg *pg, const lk_cat_view *v, lk_error *err);
/* LK_EBUSY if a sandbox of it is being replayed. */
int lk_view_refuse_replayed(lk_pg *pg, const lk_cat_view *v, lk_error *err);
/* The same inside the caller's transaction, of lk_catalog_begin, without the check for sandboxes. */
int lk_view_delete(lk_pg *pg, int64_t view_id, lk_error *err);

/* Removes a stream with its log, sources and rejected lines, in one transaction. LK_EUSAGE if views read it: the error
 * names them. LK_ECONFLICT if it no longer exists; LK_EBUSY if a reader or an append holds its log for long. */
int lk_stream_drop(lk_pg *pg, const lk_cat_stream *s, lk_error *err);
/* The same inside the caller's transaction, of lk_catalog_begin. */
int lk_stream_delete(lk_pg *pg, const lk_cat_stream *s, lk_error *err);
/* Removes the logs that dropped copies filled: tables with a lock timeout, so those that readers hold stay until the next call. */
int lk_logs_sweep(lk_pg *pg, lk_error *err);
/* Inside the caller's transaction, takes the locks of an append, in its order: the stream, its sources, its tail.
 * LK_EBUSY if they are held for long. */
int lk_stream_hold(lk_pg *pg, int64_t stream_id, lk_error *err);

#endif
