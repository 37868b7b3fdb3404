#include "sql/lateral.h"

#include <string.h>

#include "sql/names.h"
#include "sql/row_function.h"

static bool read_names(lk_scope *c, lk_lateral *l, const json_t *f, int at) {
	const json_t *columns;
	l->alias = lk_arena_strdup(c->s->arena, lk_sql_alias(c->s, f, "", at, &columns));
	l->ncolumns = (int)json_array_size(columns);
	if (!*l->alias || !l->ncolumns) {
		lk_stmt_fault(c->s, at, "write LATERAL (VALUES (…), (…)) AS alias (column, …)", "VALUES needs an alias with column names");
		return false;
	}
	const char **names = lk_arena_alloc(c->s->arena, sizeof *names * (size_t)l->ncolumns);
	for (int i = 0; i < l->ncolumns; i++) {
		const char *name = lk_tree_string_node(json_array_get(columns, (size_t)i));
		names[i] = name ? name : "";
	}
	return lk_scope_add_names(c, l, names, at);
}

/* --- VALUES --- */

static bool read_row(lk_scope *c, lk_lateral *l, const json_t *row, int at) {
	const json_t *items = json_object_get(lk_tree_as(row, "List"), "items");
	int n = l->ncolumns;
	if ((int)json_array_size(items) != n) {
		lk_stmt_fault(c->s, lk_tree_start(items, at), "every row of VALUES has one value for each column name",
		              "this row has %zu values for %d columns", json_array_size(items), n);
		return false;
	}
	bool good = true;
	for (int i = 0; i < n; i++) {
		lk_expr *x = lk_sql_expr(c, json_array_get(items, (size_t)i));
		l->exprs[l->nexprs++] = x;
		good &= x != NULL;
	}
	return good;
}

/* All rows of a column have one type. */
static bool unify_column(lk_scope *c, lk_lateral *l, int column) {
	int nrows = l->nexprs / l->ncolumns;
	lk_expr **x = lk_arena_alloc(c->s->arena, sizeof *x * (size_t)nrows);
	for (int row = 0; row < nrows; row++)
		x[row] = l->exprs[row * l->ncolumns + column];
	if (!lk_sql_common_type(c, x, nrows, "VALUES", &l->types[column]))
		return false;
	bool good = true;
	for (int row = 0; row < nrows; row++) {
		lk_expr *v = lk_sql_coerce(c, x[row], l->types[column], true);
		l->exprs[row * l->ncolumns + column] = v;
		good &= v != NULL;
	}
	return good;
}

static bool read_values(lk_scope *c, lk_lateral *l, const json_t *rows, int at) {
	size_t i;
	const json_t *row;
	l->exprs = lk_arena_zalloc(c->s->arena, sizeof *l->exprs * json_array_size(rows) * (size_t)l->ncolumns);
	c->clause = "VALUES";
	bool good = true;
	json_array_foreach(rows, i, row)
		good &= read_row(c, l, row, at);
	for (int k = 0; good && k < l->ncolumns; k++)
		good &= unify_column(c, l, k);
	return good;
}

/* --- the item --- */

static bool read_subselect(lk_scope *c, lk_lateral *l, const json_t *f, int at) {
	static const char *const keys[] = {"lateral", "subquery", "alias", NULL};
	static const char *const query_keys[] = {"valuesLists", "limitOption", "op", NULL};
	const json_t *query = lk_tree_as(json_object_get(f, "subquery"), "SelectStmt"), *rows = json_object_get(query, "valuesLists");
	if (!rows || !lk_tree_flag(f, "lateral")) {
		lk_stmt_fault(c->s, at, LK_FROM_HINT, rows ? "VALUES without LATERAL is not supported in FROM" : "a subquery is not supported in FROM");
		return false;
	}
	return lk_tree_only(c->s, f, at, "LATERAL", keys) && lk_tree_only(c->s, query, at, "VALUES", query_keys) && read_names(c, l, f, at) &&
	       read_values(c, l, rows, at);
}

static bool check_rows(lk_scope *c, int at) {
	const lk_plan *p = c->plan;
	uint64_t rows = 1;   /* that VALUES alone makes */
	for (int i = 0; i < p->nlaterals && rows <= LK_EVENT_ROWS; i++)
		rows *= p->laterals[i].fn ? 1 : (uint64_t)(p->laterals[i].nexprs / p->laterals[i].ncolumns);
	if (rows > LK_EVENT_ROWS)
		lk_stmt_fault(c->s, at, "leave some out", "each event would make more than %d rows", LK_EVENT_ROWS);
	return rows <= LK_EVENT_ROWS;
}

bool lk_sql_lateral(lk_scope *c, const json_t *item, int at) {
	const json_t *values = lk_tree_as(item, "RangeSubselect"), *function = lk_tree_as(item, "RangeFunction");
	lk_plan *p = c->plan;
	at = lk_tree_start(item, at);
	if (p->nlaterals == LK_MAX_LATERALS) {
		lk_stmt_fault(c->s, at, "leave some out", "FROM has more than %d items beside the stream", LK_MAX_LATERALS);
		return false;
	}
	if (!p->laterals)
		p->laterals = lk_arena_zalloc(c->s->arena, sizeof *p->laterals * LK_MAX_LATERALS);
	lk_lateral *l = &p->laterals[p->nlaterals];
	*l = (lk_lateral){.slot = p->nslots, .at = at};
	if (!(values ? read_subselect(c, l, values, at) : lk_sql_row_function(c, l, function, at)))
		return false;
	p->nlaterals++;
	p->nslots += l->ncolumns;
	c->nlaterals++;
	return check_rows(c, at);
}
