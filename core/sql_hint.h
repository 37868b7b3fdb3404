/* What to write instead of something that PostgreSQL's grammar does not read. */
#ifndef LK_CORE_SQL_HINT_H
#define LK_CORE_SQL_HINT_H

#include "core/sql_tree.h"

/* A hint for a syntax error at a byte of the statement; "" where there is nothing to say. */
const char *lk_sql_syntax_hint(lk_stmt *s, int at);

#endif
