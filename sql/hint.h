/* What to write instead of text that PostgreSQL's grammar rejects, and of functions that other systems have. */
#ifndef LK_SQL_HINT_H
#define LK_SQL_HINT_H

#include "sql/tree.h"

/* A hint for a syntax error at a byte of the statement; "" if there is none. */
const char *lk_sql_syntax_hint(lk_stmt *s, int at);

/* What to write instead of a function that other systems have; NULL if it is not one of them. */
const char *lk_sql_function_hint(const char *name);

#endif
