/* Items of FROM beside the stream, which make rows of each event: LATERAL (VALUES …), functions. */
#ifndef LK_SQL_LATERAL_H
#define LK_SQL_LATERAL_H

#include "sql/expr.h"

#define LK_JOIN_HINT "a view reads from one stream: put what you would join into its events, or join answers where you read them"
#define LK_FROM_HINT "a view reads from one stream, and may add LATERAL (VALUES (…), (…)) AS alias (column, …) or a function: string_to_table(column, ' ') AS x"

/* Reads a RangeSubselect or RangeFunction: adds an item to the plan and its columns to the names of c. at: where the item is
 * if the tree does not say. False with faults. */
bool lk_sql_lateral(lk_scope *c, const json_t *item, int at);
/* Notes what PostgreSQL runs instead of the items, once the whole view is read (sql/lateral_text.c). */
void lk_sql_lateral_edits(lk_scope *c);

#endif
