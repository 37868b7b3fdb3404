#include "sql/from.h"

#include <string.h>

#include "core/suggest.h"
#include "sql/aggregate.h"
#include "sql/derived.h"
#include "sql/hint.h"
#include "sql/names.h"
#include "sql/statements.h"
#include "sql/window.h"

const lk_stream *lk_sql_find_stream(lk_stmt *s, const char *name) {
	for (int i = 0; i < s->out->nitems; i++)
		if (s->out->items[i].kind == LK_DEF_STREAM && strcmp(s->out->items[i].stream->name, name) == 0)
			return s->out->items[i].stream;
	return s->resolver && s->resolver->stream ? s->resolver->stream(s->resolver->ctx, name) : NULL;
}

static const char *near_stream(lk_stmt *s, const char *name) {
	const char **names = lk_arena_alloc(s->arena, sizeof *names * (size_t)(s->out->nitems + 1));
	int n = 0;
	for (int i = 0; i < s->out->nitems; i++)
		if (s->out->items[i].kind == LK_DEF_STREAM)
			names[n++] = s->out->items[i].stream->name;
	const char *near = lk_did_you_mean(name, names, n);
	if (!near && s->resolver && s->resolver->suggest)
		near = s->resolver->suggest(s->resolver->ctx, name);
	return near;
}

/* A stream whose own statement has faults causes no second fault here. */
static void no_stream(lk_stmt *s, const char *name, int at) {
	for (int i = 0; i < s->nbroken; i++)
		if (strcmp(s->broken[i], name) == 0) {
			s->nfaults++;
			return;
		}
	if (lk_sql_is_view(s, name)) {
		lk_stmt_fault(s, at, "read from the stream that the view reads", "\"%s\" is a view; views over views are not supported", name);
		return;
	}
	const char *near = near_stream(s, name);
	lk_stmt_fault(s, at, near ? lk_stmt_text(s, "did you mean %s?", near) : "declare it first: CREATE TABLE … WITH (event_time = …, partition_by = …)",
	              "stream \"%s\" does not exist", name);
}

static const char *alias_of(lk_stmt *s, const json_t *f, const char *name, int at, const json_t **columns) {
	static const char *const keys[] = {"aliasname", "colnames", NULL};
	const json_t *alias = json_object_get(f, "alias");
	*columns = NULL;
	if (!alias || !lk_tree_only(s, alias, at, "an alias", keys))
		return name;
	*columns = json_object_get(alias, "colnames");
	return lk_tree_str(alias, "aliasname");
}

/* The stream itself is at the bottom of all subqueries; the oracle gives it the name that it has there. */
static bool read_stream(lk_scope *c, const char *name, int at) {
	lk_plan *p = c->plan;
	p->stream = lk_sql_find_stream(c->s, name);
	if (!p->stream) {
		no_stream(c->s, name, at);
		return false;
	}
	p->stream_name = lk_arena_strdup(c->s->arena, c->stream_name);
	p->nrows = 1;
	p->nslots = lk_slot_lateral(p->stream);
	return true;
}

static bool read_relation(lk_scope *c, const json_t *f) {
	lk_stmt *s = c->s;
	int at = lk_tree_location(f);
	const json_t *columns;
	const char *name = lk_sql_relation(s, f, "the stream in FROM");
	if (!name)
		return false;
	c->stream_name = alias_of(s, f, name, at, &columns);
	lk_with *with = lk_sql_find_with(c, name);
	if (with) {
		with->used = true;
		if (with->columns && columns) {
			lk_stmt_fault(s, at, "name the columns in one place", "the columns of \"%s\" are renamed twice", name);
			return false;
		}
		return lk_sql_derived(c, with->query, columns ? columns : with->columns, with->before, with->at);
	}
	if (columns) {
		lk_stmt_fault(s, at, "use the columns' own names", "new column names for a stream are not supported");
		return false;
	}
	return read_stream(c, name, at);
}

static bool read_subquery(lk_scope *c, const json_t *f) {
	static const char *const keys[] = {"subquery", "alias", NULL};
	const json_t *query = lk_tree_as(json_object_get(f, "subquery"), "SelectStmt"), *columns;
	int at = lk_tree_start(f, 0);
	if (!lk_tree_only(c->s, f, at, "a subquery", keys))
		return false;
	c->stream_name = alias_of(c->s, f, "", at, &columns);
	return lk_sql_derived(c, query, columns, c->with, at);
}

/* --- LATERAL (VALUES …) --- */

static bool read_names(lk_scope *c, const json_t *f, int at) {
	lk_plan *p = c->plan;
	const json_t *columns;
	p->lateral_alias = lk_arena_strdup(c->s->arena, alias_of(c->s, f, "", at, &columns));
	size_t n = json_array_size(columns);
	if (!*p->lateral_alias || !n) {
		lk_stmt_fault(c->s, at, "write LATERAL (VALUES (…), (…)) AS alias (column, …)", "VALUES needs an alias with column names");
		return false;
	}
	if (strcmp(p->lateral_alias, c->stream_name) == 0) {
		lk_stmt_fault(c->s, at, "choose another alias", "the name \"%s\" is used twice in FROM", p->lateral_alias);
		return false;
	}
	p->lateral_names = lk_arena_zalloc(c->s->arena, sizeof *p->lateral_names * n);
	p->lateral_types = lk_arena_zalloc(c->s->arena, sizeof *p->lateral_types * n);
	for (size_t i = 0; i < n; i++) {
		const char *name = lk_tree_string_node(json_array_get(columns, i));
		p->lateral_names[i] = lk_arena_strdup(c->s->arena, name ? name : "");
		if (!lk_sql_check_column(c->s, "column", p->lateral_names[i], at))
			return false;
		for (size_t j = 0; j < i; j++)
			if (strcmp(p->lateral_names[i], p->lateral_names[j]) == 0) {
				lk_stmt_fault(c->s, at, "", "column \"%s\" is named twice", p->lateral_names[i]);
				return false;
			}
	}
	p->nlateral = (int)n;
	return true;
}

static bool read_row(lk_scope *c, const json_t *row, int at, int index) {
	const json_t *items = json_object_get(lk_tree_as(row, "List"), "items");
	int n = c->plan->nlateral;
	if ((int)json_array_size(items) != n) {
		lk_stmt_fault(c->s, lk_tree_start(items, at), "every row of VALUES has one value for each column name",
		              "this row has %zu values for %d columns", json_array_size(items), n);
		return false;
	}
	bool good = true;
	for (int i = 0; i < n; i++) {
		lk_expr *x = lk_sql_expr(c, json_array_get(items, (size_t)i));
		c->plan->lateral[index * n + i] = x;
		good &= x != NULL;
	}
	return good;
}

/* All rows of a column have one type. */
static bool unify_column(lk_scope *c, int column) {
	lk_plan *p = c->plan;
	lk_expr **x = lk_arena_alloc(c->s->arena, sizeof *x * (size_t)p->nrows);
	for (int row = 0; row < p->nrows; row++)
		x[row] = p->lateral[row * p->nlateral + column];
	if (!lk_sql_common_type(c, x, p->nrows, "VALUES", &p->lateral_types[column]))
		return false;
	bool good = true;
	for (int row = 0; row < p->nrows; row++) {
		lk_expr *v = lk_sql_coerce(c, x[row], p->lateral_types[column], true);
		p->lateral[row * p->nlateral + column] = v;
		good &= v != NULL;
	}
	return good;
}

static bool read_lateral(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"lateral", "subquery", "alias", NULL};
	static const char *const query_keys[] = {"valuesLists", "limitOption", "op", NULL};
	const json_t *query = lk_tree_as(json_object_get(f, "subquery"), "SelectStmt"), *rows = json_object_get(query, "valuesLists");
	at = lk_tree_start(f, at);
	if (c->plan->nlateral) {
		lk_stmt_fault(c->s, at, "put both into one LATERAL (VALUES (…), (…))", "a second LATERAL is not supported");
		return false;
	}
	if (!rows || !lk_tree_flag(f, "lateral")) {
		lk_stmt_fault(c->s, at, "a view reads from one stream, and may add LATERAL (VALUES (…), (…)) AS alias (column, …)",
		              rows ? "VALUES without LATERAL is not supported in FROM" : "a subquery is not supported in FROM");
		return false;
	}
	if (!lk_tree_only(c->s, f, at, "LATERAL", keys) || !lk_tree_only(c->s, query, at, "VALUES", query_keys) || !read_names(c, f, at))
		return false;
	lk_plan *p = c->plan;
	p->nrows = (int)json_array_size(rows);
	p->lateral = lk_arena_zalloc(c->s->arena, sizeof *p->lateral * (size_t)(p->nrows * p->nlateral));
	c->clause = "VALUES";
	bool good = true;
	for (int i = 0; i < p->nrows; i++)
		good &= read_row(c, json_array_get(rows, (size_t)i), at, i);
	for (int i = 0; good && i < p->nlateral; i++)
		good &= unify_column(c, i);
	c->lateral = good;
	return good;
}

/* stream CROSS JOIN LATERAL …, or JOIN LATERAL … ON TRUE. */
static bool cross_join(const json_t *join) {
	const json_t *on = lk_tree_as(json_object_get(join, "quals"), "A_Const");
	bool always = !json_object_get(join, "quals") || lk_tree_flag(json_object_get(on, "boolval"), "boolval");
	return strcmp(lk_tree_str(join, "jointype"), "JOIN_INNER") == 0 && always && !lk_tree_flag(join, "isNatural") &&
	       !json_object_get(join, "usingClause") && !json_object_get(join, "alias");
}

static bool is_of_elements(const char *name) {
	const char *hint = lk_sql_function_hint(name);
	return hint && hint == lk_sql_function_hint("unnest");
}

/* FROM TUMBLE(hits, ts, …) and FROM unnest(x) of other systems. */
static const char *function_hint(const json_t *item) {
	const json_t *call = lk_sql_find_call(item, lk_sql_is_window);
	if (call)
		return "write FROM stream … GROUP BY tumble(column, '1 minute')";
	return lk_sql_find_call(item, is_of_elements) ? lk_sql_function_hint("unnest") : NULL;
}

static void refuse_item(lk_stmt *s, const json_t *item) {
	const char *kind, *hint = function_hint(item);
	const json_t *f = lk_tree_node(item, &kind);
	const char *what = strcmp(kind, "RangeFunction") == 0      ? "a function"
	                   : strcmp(kind, "RangeTableSample") == 0 ? "TABLESAMPLE"
	                   : strcmp(kind, "RangeSubselect") == 0   ? "a subquery"
	                                                           : "a join of streams";
	lk_stmt_fault(s, lk_tree_start(f, 0), hint ? hint : "a view reads from one stream, and may add LATERAL (VALUES (…), (…)) AS alias (column, …)",
	              "%s is not supported in FROM", what);
}

bool lk_sql_from(lk_scope *c, const json_t *from) {
	size_t n = json_array_size(from);
	const json_t *first = json_array_get(from, 0), *second = json_array_get(from, 1), *join = lk_tree_as(first, "JoinExpr");
	lk_stmt *s = c->s;
	if (!n) {
		lk_stmt_fault(s, 0, "write SELECT … FROM a stream", "the view reads from no stream");
		return false;
	}
	if (n == 1 && join && cross_join(join)) {
		first = json_object_get(join, "larg");
		second = json_object_get(join, "rarg");
	}
	const json_t *stream = lk_tree_as(first, "RangeVar"), *query = lk_tree_as(first, "RangeSubselect"), *lateral = lk_tree_as(second, "RangeSubselect");
	if ((!stream && !query) || n > 2 || (second && !lateral)) {
		refuse_item(s, !stream && !query ? first : n > 2 ? json_array_get(from, 2) : second);
		return false;
	}
	if (stream ? !read_relation(c, stream) : !read_subquery(c, query))
		return false;
	bool good = !lateral || read_lateral(c, lateral, lk_tree_start(first, 0));
	c->plan->nslots = lk_slot_lateral(c->plan->stream) + c->plan->nlateral;
	return good;
}
