/* FROM stream [AS alias] [, LATERAL (VALUES …) AS alias (columns)] …; a subquery or a query of WITH in the stream's place. */
#ifndef LK_SQL_FROM_H
#define LK_SQL_FROM_H

#include "sql/expr.h"

/* Sets the plan's stream, slots and lateral rows and the scope's names. False with faults. */
bool lk_sql_from(lk_scope *c, const json_t *from_clause);

#endif
