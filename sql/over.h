/* Window functions of a derived stream: name(…) [FILTER (WHERE …)] OVER (PARTITION BY … ORDER BY _off …). */
#ifndef LK_SQL_OVER_H
#define LK_SQL_OVER_H

#include "sql/expr.h"

/* The value of the call in a FuncCall's fields, which have OVER: a slot of the row. Adds the call to plan->overs, unless it
 * is there. NULL with a fault. */
lk_expr *lk_sql_over(lk_scope *c, const json_t *fields, int at);

/* Can all calls of the plan be kept within bounds? Notes faults. */
void lk_sql_check_overs(lk_scope *c, int at);

#endif
