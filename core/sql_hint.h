/* What to write instead of what PostgreSQL's grammar does not read, and of functions that people bring from elsewhere. */
#ifndef LK_CORE_SQL_HINT_H
#define LK_CORE_SQL_HINT_H

#include "core/sql_tree.h"

/* A hint for a syntax error at a byte of the statement; "" where there is nothing to say. */
const char *lk_sql_syntax_hint(lk_stmt *s, int at);

/* What to write instead of a function that other systems have; NULL where it is none of them. */
const char *lk_sql_function_hint(const char *name);

#endif
