/* Aggregate calls: name([DISTINCT] x [, constant]) [FILTER (WHERE …)], in the select list and in HAVING. */
#ifndef LK_CORE_SQL_AGGREGATE_H
#define LK_CORE_SQL_AGGREGATE_H

#include "core/sql_expr.h"

/* The index in plan->aggs of what a FuncCall's fields say, added where it is new; -1 with a fault. Notes in the plan what
 * PostgreSQL runs in the place of the call. */
int lk_sql_aggregate(lk_scope *c, const json_t *fields, int at);

/* The index in plan->aggs of min or max (`name`) of the window's time. */
int lk_sql_aggregate_of_time(lk_scope *c, const char *name, int at);

/* x as a key or an argument is stored: a numeric of at most 18 digits. NULL with a fault for a constant that has more. */
lk_expr *lk_sql_stored(lk_scope *c, lk_expr *x);

/* Is there an aggregate in a tree? */
bool lk_sql_has_aggregate(const json_t *n);
const char *lk_sql_function_name(const json_t *fields);   /* "" where it has a schema */

/* HAVING over p->keys, which are spelt as `written`, and aggregates: sets plan->having. */
void lk_sql_having(lk_scope *c, const json_t *clause, lk_expr *const *written);

#endif
