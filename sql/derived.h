/* Subqueries and queries of WITH that only select columns and filter: flattened into the view. */
#ifndef LK_SQL_DERIVED_H
#define LK_SQL_DERIVED_H

#include "sql/expr.h"

/* Puts the queries of a SelectStmt's WITH where c's FROM finds them. False with faults. */
bool lk_sql_with(lk_scope *c, const json_t *select);
/* Notes a fault for each query of WITH, up to `until`, that nothing reads. */
void lk_sql_with_used(lk_scope *c, const lk_with *until);
/* The query of WITH of that name; NULL if there is none. */
lk_with *lk_sql_find_with(const lk_scope *c, const char *name);
/* Makes c read from a SelectStmt: sets c->derived, and adds the query's WHERE to the plan's. with: the queries that it can
 * name; columns: new names, or NULL; at: for messages. False with faults. */
bool lk_sql_derived(lk_scope *c, const json_t *query, const json_t *columns, const lk_with *with, int at);
/* Notes the end of the outer select list as the place where the oracle hands on which event a row is of (lk_edit). */
void lk_sql_note_end(lk_scope *c, const json_t *targets);
/* Adds a condition to the plan's WHERE; around a query with window functions, to what is asked after them. */
void lk_sql_where(lk_scope *c, const json_t *condition);

#endif
