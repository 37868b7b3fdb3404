/* Another name for a view. Everything else stays: its versions and their numbers, its copies, its readers' answers.
 *
 * Any thread, with a session of its own. */
#ifndef LK_CATALOG_RENAME_H
#define LK_CATALOG_RENAME_H

#include "catalog/catalog.h"

/* Renames the view in one transaction. Call it holding lk_view_lock: replays and comparisons name their view. LK_EUSAGE
 * if the name is invalid, or another view or a stream has it; LK_ECONFLICT if the view no longer exists. */
int lk_view_rename(lk_pg *pg, const lk_cat_view *v, const char *name, lk_error *err);

#endif
