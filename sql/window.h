/* The window of GROUP BY: tumble, hop, cumulate and session, read into plan->window. */
#ifndef LK_SQL_WINDOW_H
#define LK_SQL_WINDOW_H

#include "sql/expr.h"

/* Is it the name of a window function? */
bool lk_sql_is_window(const char *name);
/* Reads the call, a FuncCall's fields, into plan->window and window_at; else notes a fault. */
void lk_sql_window(lk_scope *c, const json_t *call, int at);

#endif
