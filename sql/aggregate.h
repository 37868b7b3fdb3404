/* Aggregate calls: name([DISTINCT] x [, constant]) [FILTER (WHERE …)], and expressions over them: in the select list,
 * in HAVING and in ORDER BY. */
#ifndef LK_SQL_AGGREGATE_H
#define LK_SQL_AGGREGATE_H

#include "sql/expr.h"

/* The index in plan->aggs of the call in a FuncCall's fields, added if it is new; -1 with a fault. Notes in the plan
 * what PostgreSQL runs instead of the call. */
int lk_sql_aggregate(lk_scope *c, const json_t *fields, int at);

/* Reads such a call, with OVER or without, and notes the same edits: false with a fault. */
bool lk_sql_read_aggregate(lk_scope *c, const json_t *fields, int at, lk_agg *a);

/* The index in plan->aggs of min or max (`name`) of the window's time. */
int lk_sql_aggregate_of_time(lk_scope *c, const char *name, int at);

/* x in the form of a stored key or argument: a numeric of at most `most` digits and, but for short ones, of one scale. NULL
 * with a fault if it has more after the point, or is no value to be stored. */
lk_expr *lk_sql_stored(lk_scope *c, lk_expr *x, int most);
/* The same for a key of GROUP BY or PARTITION BY, which is no jsonb either. at: for messages. */
lk_expr *lk_sql_key(lk_scope *c, lk_expr *x, int at);

/* The fields of the first call in a tree whose function is `wanted`, or NULL. */
const json_t *lk_sql_find_call(const json_t *n, bool (*wanted)(const char *name));
/* Is there an aggregate in a tree? Is there one without OVER? */
bool lk_sql_has_aggregate(const json_t *n);
bool lk_sql_has_plain_aggregate(const json_t *n);

/* An expression over group keys (c->written) and aggregates, for the serving layer, which evaluates it on merged rows
 * (sql/merged.c). Its slots are plan->keys, then plan->aggs. NULL with faults. */
lk_expr *lk_sql_merged(lk_scope *c, const json_t *node);
/* HAVING: sets plan->having. */
void lk_sql_having(lk_scope *c, const json_t *clause);
/* ORDER BY and LIMIT of a SelectStmt: sets plan->order and limit (sql/order.c). */
void lk_sql_order(lk_scope *c, const json_t *select);

#endif
