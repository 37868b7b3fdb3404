/* The two statements of the definition language. Each reader returns a finished object in the statement's arena, or
 * notes faults and returns NULL. */
#ifndef LK_SQL_STATEMENTS_H
#define LK_SQL_STATEMENTS_H

#include "sql/tree.h"

lk_stream *lk_sql_stream(lk_stmt *s, const json_t *create_stmt);
lk_plan *lk_sql_view(lk_stmt *s, const json_t *view_stmt);

/* The stream of that name: declared earlier in the file, or known to the resolver; NULL if there is none. */
const lk_stream *lk_sql_find_stream(lk_stmt *s, const char *name);

#endif
