/* Another name for a view or a stream. Everything else stays: of a view its versions and their numbers, its copies, its
 * readers' answers; of a stream its events, its sources and all views over it.
 *
 * Any thread, with a session of its own. */
#ifndef LK_CATALOG_RENAME_H
#define LK_CATALOG_RENAME_H

#include "catalog/catalog.h"

/* Renames the view in one transaction. Call it holding lk_view_lock: replays and comparisons name their view. LK_EUSAGE
 * if the name is invalid, or another view or a stream has it; LK_ECONFLICT if the view no longer exists. */
int lk_view_rename(lk_pg *pg, const lk_cat_view *v, const char *name, lk_error *err);

/* Renames the stream in one transaction: in its definition, in those of all versions that read it, and the tables of its
 * log. Appends wait, and go on under the new name. Call it holding lk_view_lock of all views over the stream. As above;
 * LK_EBUSY if a batch or somebody else is reading the log. */
int lk_stream_rename(lk_pg *pg, const lk_cat_stream *s, const char *name, lk_error *err);

/* What the log is called once its stream has that name: the first one like the stream, another one after the copy that fills it. */
void lk_stream_log_renamed(const lk_cat_stream *s, const char *name, lk_buf *out);

#endif
