/* Functions in FROM (expr/row_function.h). */
#ifndef LK_SQL_ROW_FUNCTION_H
#define LK_SQL_ROW_FUNCTION_H

#include "sql/expr.h"

/* Has this RangeFunction one function that can be there? */
bool lk_sql_is_row_function(const json_t *f);
/* Reads the fields of a RangeFunction into l. False with faults. */
bool lk_sql_row_function(lk_scope *c, lk_lateral *l, const json_t *f, int at);

#endif
