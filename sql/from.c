#include "sql/from.h"

#include <string.h>

#include "core/suggest.h"
#include "sql/aggregate.h"
#include "sql/derived.h"
#include "sql/hint.h"
#include "sql/lateral.h"
#include "sql/names.h"
#include "sql/row_function.h"
#include "sql/statements.h"
#include "sql/window.h"

const lk_stream *lk_sql_find_stream(lk_stmt *s, const char *name) {
	const lk_stream *found = lk_definitions_stream(s->out, name);
	if (found)
		return found;
	return s->resolver && s->resolver->stream ? s->resolver->stream(s->resolver->ctx, name) : NULL;
}

static const char *near_stream(lk_stmt *s, const char *name) {
	const char **names = lk_arena_alloc(s->arena, sizeof *names * (size_t)(s->out->nitems + 1));
	int n = 0;
	for (int i = 0; i < s->out->nitems; i++)
		if (s->out->items[i].stream)
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

/* The stream itself is at the bottom of all subqueries; the oracle gives it the name that it has there. */
static bool read_stream(lk_scope *c, const char *name, int at, bool aliased) {
	lk_plan *p = c->plan;
	p->stream_at = at;
	p->stream_aliased = aliased;
	p->stream = lk_sql_find_stream(c->s, name);
	if (!p->stream) {
		no_stream(c->s, name, at);
		return false;
	}
	p->stream_name = lk_arena_strdup(c->s->arena, c->stream_name);
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
	c->stream_name = lk_sql_alias(s, f, name, at, &columns);
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
	return read_stream(c, name, at, json_object_get(f, "alias") != NULL);
}

static bool read_subquery(lk_scope *c, const json_t *f) {
	static const char *const keys[] = {"subquery", "alias", NULL};
	const json_t *query = lk_tree_as(json_object_get(f, "subquery"), "SelectStmt"), *columns;
	int at = lk_tree_start(f, 0);
	if (!lk_tree_only(c->s, f, at, "a subquery", keys))
		return false;
	c->stream_name = lk_sql_alias(c->s, f, "", at, &columns);
	return lk_sql_derived(c, query, columns, c->with, at);
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
	bool join = strcmp(kind, "RangeFunction") != 0 && strcmp(kind, "RangeTableSample") != 0 && strcmp(kind, "RangeSubselect") != 0;
	lk_stmt_fault(s, lk_tree_start(f, 0), hint ? hint : join ? LK_JOIN_HINT : LK_FROM_HINT,
	              "%s is not supported in FROM", what);
}

/* The items of FROM, with those that joins add: a CROSS JOIN LATERAL b, c has three. Returns how many, at most max + 1. */
static int flatten(const json_t *item, const json_t **items, int n, int max) {
	const json_t *join = lk_tree_as(item, "JoinExpr");
	if (n > max)
		return n;
	if (!join || !cross_join(join)) {
		items[n] = item;
		return n + 1;
	}
	n = flatten(json_object_get(join, "larg"), items, n, max);
	return flatten(json_object_get(join, "rarg"), items, n, max);
}

static bool read_items(lk_scope *c, const json_t *const *items, int n) {
	const json_t *stream = lk_tree_as(items[0], "RangeVar"), *query = lk_tree_as(items[0], "RangeSubselect");
	if (!stream && !query) {
		refuse_item(c->s, items[0]);
		return false;
	}
	if (stream ? !read_relation(c, stream) : !read_subquery(c, query))
		return false;
	c->first_lateral = c->plan->nlaterals;
	for (int i = 1; i < n; i++) {
		bool known = lk_tree_as(items[i], "RangeSubselect") || lk_sql_is_row_function(lk_tree_as(items[i], "RangeFunction"));
		if (!known)
			refuse_item(c->s, items[i]);
		if (!known || !lk_sql_lateral(c, items[i], lk_tree_start(items[0], 0)))
			return false;
	}
	return true;
}

bool lk_sql_from(lk_scope *c, const json_t *from) {
	const json_t *items[2 + LK_MAX_LATERALS], *item;
	int n = 0;
	size_t i;
	json_array_foreach(from, i, item)
		n = flatten(item, items, n, 1 + LK_MAX_LATERALS);
	if (!n) {
		lk_stmt_fault(c->s, 0, "write SELECT … FROM a stream", "the statement reads from no stream");
		return false;
	}
	if (n > 1 + LK_MAX_LATERALS) {
		lk_stmt_fault(c->s, lk_tree_start(items[0], 0), "leave some out", "FROM has more than %d items beside the stream", LK_MAX_LATERALS);
		return false;
	}
	return read_items(c, items, n);
}
