/* Expressions of definitions, typed as PostgreSQL types them: names, constants, and the reader for each kind of node.
 * Operators are in sql/operator.c, AND, IS and the branches of CASE in sql/logic.c. What no table lists is refused,
 * with a hint what to write instead. */
#include "sql/expr.h"

#include <string.h>

#include "core/suggest.h"
#include "expr/function.h"
#include "sql/aggregate.h"
#include "sql/over.h"
#include "sql/lex.h"

/* --- names --- */

static const char *near_column(lk_scope *c, const char *name) {
	int n = lk_scope_columns(c);
	const char **names = lk_arena_alloc(c->s->arena, sizeof *names * (size_t)(n + 1));
	for (int i = 0; i < n; i++)
		names[i] = lk_scope_name(c, i);
	return lk_did_you_mean(name, names, n);
}

static lk_expr *no_column(lk_scope *c, const char *qualifier, const char *name, int at) {
	lk_stmt *s = c->s;
	const char *dotted = lk_stmt_text(s, "%s.%s", qualifier, name), *hint = "";
	bool known = lk_scope_has(c, qualifier);
	const char *near = near_column(c, name);
	if (*qualifier && lk_scope_find(c, "", dotted) >= 0)
		hint = lk_stmt_text(s, "a dotted name is one quoted name: \"%s\"", dotted);
	else if (*qualifier && !known)
		hint = lk_stmt_text(s, "%s is called %s here", c->derived ? "what the view reads" : "the stream", c->stream_name);
	else if (strcmp(name, "window_start") == 0 || strcmp(name, "window_end") == 0 || strcmp(name, "windowstart") == 0 ||
	         strcmp(name, "windowend") == 0 || strcmp(name, "window_time") == 0)
		hint = "lk adds window_start and window_end before the select list";
	else if (near)
		hint = lk_stmt_text(s, "did you mean %s?", near);
	else if (lk_lex(s->text, s->len, at).kind == LK_TOKEN_QUOTED)
		hint = lk_stmt_text(s, "double quotes are for names; a text has single ones: '%s'", name);
	else if (c->aggregates && strcmp(c->clause, "HAVING") == 0)
		hint = "HAVING cannot use the names of the select list: write the aggregate itself, such as count(*)";
	else if (c->aggregates && lk_plan_output(c->plan, name) >= 0)
		hint = "an item cannot use the name of another one: write its expression again";
	lk_stmt_fault(s, at, hint, "column \"%s\" does not exist in %s \"%s\"", *qualifier ? dotted : name, c->derived ? "subquery" : "stream",
	              c->derived ? c->stream_name : c->plan->stream->name);
	return NULL;
}

/* "write hits.path or v.path" */
static const char *qualified(lk_scope *c, const char *name) {
	const char *text = "write ";
	for (int i = 0, n = 0; i < lk_scope_columns(c); i++)
		if (strcmp(lk_scope_name(c, i), name) == 0)
			text = lk_stmt_text(c->s, "%s%s%s.%s", text, n++ ? " or " : "", lk_scope_qualifier(c, i), name);
	return text;
}

static lk_expr *column(lk_scope *c, const json_t *f, int at) {
	const json_t *fields = json_object_get(f, "fields");
	size_t n = json_array_size(fields);
	const char *last = lk_tree_string_node(json_array_get(fields, n - 1));
	const char *qualifier = n == 2 ? lk_tree_string_node(json_array_get(fields, 0)) : "";
	if (!last) {
		lk_stmt_fault(c->s, at, "write count(*) to count events, or name the columns", "* is not supported in %s", c->clause);
		return NULL;
	}
	if (n > 2 || !qualifier) {
		lk_stmt_fault(c->s, at, "write column or stream.column; a path into JSON is one quoted name, such as \"a.b.c\"",
		              "a name of %zu parts is not supported", n);
		return NULL;
	}
	int found = lk_scope_find(c, qualifier, last);
	if (found == -1 && !*qualifier)
		found = lk_scope_whole(c, last);
	if (found == -2) {
		lk_stmt_fault(c->s, at, qualified(c, last), "column \"%s\" is ambiguous", last);
		return NULL;
	}
	return found < 0 ? no_column(c, qualifier, last, at) : lk_scope_read(c, found, at);
}

/* --- constants --- */

/* Digits without a point or exponent have the first type of integer, bigint, numeric that holds them. */
static lk_expr *decimal_constant(lk_scope *c, const char *text, int at) {
	lk_expr *x = lk_expr_new(c, LK_X_CONST, lk_type_of(LK_NUMERIC), at, 0);
	if (!x)
		return NULL;
	lk_int128 n;
	if (!lk_numeric_literal(text, &n, &x->type)) {
		lk_stmt_fault(c->s, at, "at most 38 digits; beside a double precision column write it in quotes",
		              "the number %s has too many digits", text);
		return NULL;
	}
	if (!strpbrk(text, ".eE") && n >= INT64_MIN && n <= INT64_MAX) {
		x->type = lk_type_of(n == (int32_t)n ? LK_INT4 : LK_INT8);
		x->value = lk_int((int64_t)n);
	} else {
		x->value = lk_numeric(n, x->type.scale);
	}
	return x;
}

static lk_expr *constant(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"ival", "fval", "sval", "boolval", "isnull", "location", NULL};
	if (!lk_tree_only(c->s, f, at, "a constant", keys))
		return NULL;
	const json_t *sval = json_object_get(f, "sval"), *fval = json_object_get(f, "fval"), *bval = json_object_get(f, "boolval");
	if (sval)
		return lk_sql_text_constant(c, lk_tree_str(sval, "sval"), at, lk_type_of(LK_UNKNOWN));
	if (fval)
		return decimal_constant(c, lk_tree_str(fval, "fval"), at);
	int64_t n = 0;
	bool is_null = lk_tree_flag(f, "isnull");
	if (!bval && !is_null && !lk_tree_integer(c->s, f, &n))
		return NULL;
	lk_expr *x = lk_expr_new(c, LK_X_CONST, lk_type_of(is_null ? LK_UNKNOWN : bval ? LK_BOOL : LK_INT4), at, 0);
	if (x)
		x->value = is_null ? lk_null() : lk_int(bval ? lk_tree_flag(bval, "boolval") : n);
	return x;
}

/* --- COLLATE --- */

/* x COLLATE "C" gives a text the collation of the columns, and so to what is made of it: x ->> 'key' COLLATE "C". */
static lk_expr *collate(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"arg", "collname", "location", NULL};
	const json_t *names = json_object_get(f, "collname");
	const char *name = lk_tree_string_node(json_array_get(names, json_array_size(names) - 1));
	if (!lk_tree_only(c->s, f, at, "COLLATE", keys))
		return NULL;
	lk_expr *x = lk_sql_typed(c, json_object_get(f, "arg"));
	if (x && x->type.kind != LK_TEXT) {
		lk_stmt_fault(c->s, at, "leave COLLATE out", "%s has no collation", lk_sql_type_text(c, x->type));
		return NULL;
	}
	if (json_array_size(names) != 1 || !name || strcmp(name, "C") != 0) {
		lk_stmt_fault(c->s, at, "write COLLATE \"C\", which orders by bytes; columns have it", "this collation is not supported");
		return NULL;
	}
	return x ? lk_sql_call(c, "COLLATE \"C\"", &x, 1, at) : NULL;
}

/* --- what is refused --- */

static const struct {
	const char *kind, *what, *hint;
} refused_nodes[] = {
	{"SubLink", "a subquery", "list values, x IN (1, 2); a subquery is possible in FROM alone, if it only selects and filters columns"},
	{"SQLValueFunction", "a clock or session function", "_at is the time at which the log took the event"},
	{"ParamRef", "a parameter", "write a constant"},
	{"A_ArrayExpr", "an array", "write x IN (…)"},
	{"RowExpr", "a row value", "compare the columns one by one"},
	{"A_Indirection", "a field or element selection", "of a jsonb write x -> 'key' or x -> 0; or declare the path as a column: \"a.b\" text"},
	{"XmlExpr", "XML", ""},
	{"SetToDefault", "DEFAULT", "write a value"},
	{"GroupingFunc", "GROUPING", "declare a view for each set of keys"},
	{"CurrentOfExpr", "CURRENT OF", ""},
};

static lk_expr *aggregate(lk_scope *c, const json_t *f, int at) {
	int index = lk_sql_aggregate(c, f, at);
	lk_expr *x = index < 0 ? NULL : lk_expr_new(c, LK_X_SLOT, c->plan->aggs[index].type, at, 0);
	if (!x)
		return NULL;
	x->slot = c->plan->nslots + index;
	if (c->plan->aggs[index].arg)
		x->longest = (uint32_t)lk_expr_longest(c->plan->aggs[index].arg);
	return x;
}

static lk_expr *function(lk_scope *c, const json_t *f, int at) {
	const char *name = lk_tree_function(f);
	if (c->plan->makes && json_object_get(f, "over"))
		return lk_sql_over(c, f, at);
	if (c->aggregates && !lk_sql_is_scalar(name))
		return aggregate(c, f, at);
	static const char *const windows[] = {"tumble", "hop", "cumulate", "session", NULL};
	for (const char *const *w = windows; *w; w++)
		if (strcmp(name, *w) == 0) {
			lk_stmt_fault(c->s, at, "write a window in GROUP BY: tumble(column, '1 minute'); lk adds its bounds as window_start and window_end",
			              "%s(…) is not supported in %s", name, c->clause);
			return NULL;
		}
	if (lk_aggregate_known(name)) {
		lk_stmt_fault(c->s, at, "write the aggregate as an item of the select list: sum(x) AS name",
		              "aggregate %s(…) is not allowed in %s", name, c->clause);
		return NULL;
	}
	return lk_sql_function(c, f, name, at);
}

static lk_expr *refuse_node(lk_scope *c, const char *kind, int at) {
	for (size_t i = 0; i < sizeof refused_nodes / sizeof *refused_nodes; i++)
		if (strcmp(kind, refused_nodes[i].kind) == 0) {
			lk_stmt_fault(c->s, at, refused_nodes[i].hint, "%s is not supported in %s", refused_nodes[i].what, c->clause);
			return NULL;
		}
	lk_stmt_fault(c->s, at, "", "this expression is not supported in %s (%s)", c->clause, kind);
	return NULL;
}

static const struct {
	const char *kind;
	lk_expr *(*read)(lk_scope *c, const json_t *fields, int at);
} readers[] = {
	{"ColumnRef", column},
	{"A_Const", constant},
	{"TypeCast", lk_sql_cast},
	{"A_Expr", lk_sql_operator},
	{"BoolExpr", lk_sql_bool_expr},
	{"NullTest", lk_sql_null_test},
	{"BooleanTest", lk_sql_boolean_test},
	{"CaseExpr", lk_sql_case},
	{"CoalesceExpr", lk_sql_coalesce},
	{"MinMaxExpr", lk_sql_extreme},
	{"FuncCall", function},
	{"CollateClause", collate},
};

lk_expr *lk_sql_read(lk_scope *c, const json_t *node) {
	const char *kind;
	const json_t *fields = lk_tree_node(node, &kind);
	int at = fields ? lk_tree_location(fields) : 0;
	at = at ? at : lk_tree_start(node, 0);
	if (c->depth >= LK_MAX_EXPR_DEPTH) {
		if (!c->too_deep)
			lk_stmt_fault(c->s, at, "split the expression", "the expression is nested more than %d deep", LK_MAX_EXPR_DEPTH);
		c->too_deep = true;
		return NULL;
	}
	if (c->nodes > LK_MAX_EXPR_NODES)
		return NULL;
	c->depth++;
	lk_expr *x = NULL;
	bool known = false;
	for (size_t i = 0; fields && i < sizeof readers / sizeof *readers; i++)
		if (strcmp(kind, readers[i].kind) == 0) {
			x = readers[i].read(c, fields, at);
			known = true;
		}
	if (!known)
		refuse_node(c, kind, at);
	else if (!x && !c->s->nfaults)   /* what cannot be read is never skipped silently */
		lk_stmt_fault(c->s, at, "", "this expression is not supported in %s", c->clause);
	c->depth--;
	return x;
}
