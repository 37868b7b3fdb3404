/* Three-valued logic and branches: AND, OR, NOT, IS, CASE, COALESCE.
 *
 * Some forms are rewritten into others that mean the same in PostgreSQL: x IS TRUE into coalesce(x, false), CASE x WHEN
 * v into CASE WHEN x = v, where x is read again for each v. Branches meet at their common type. */
#include <string.h>

#include "sql/expr.h"

/* --- logic --- */

static lk_expr *as_condition(lk_scope *c, lk_expr *x, const char *where) {
	if (!x)
		return NULL;
	if (x->type.kind == LK_UNKNOWN)
		return lk_sql_literal_as(c, x, lk_type_of(LK_BOOL), true);
	if (x->type.kind == LK_BOOL)
		return x;
	lk_stmt_fault(c->s, x->location, "write a comparison, such as x <> 0", "the argument of %s must be boolean, not %s", where,
	              lk_sql_type_text(c, x->type));
	return NULL;
}

lk_expr *lk_sql_condition(lk_scope *c, const json_t *node) { return as_condition(c, lk_sql_expr(c, node), c->clause); }

lk_expr *lk_sql_bool_expr(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"boolop", "args", "location", NULL};
	const char *kind = lk_tree_str(f, "boolop");
	const json_t *args = json_object_get(f, "args");
	int n = (int)json_array_size(args);
	bool is_not = strcmp(kind, "NOT_EXPR") == 0, is_and = strcmp(kind, "AND_EXPR") == 0;
	if (!lk_tree_only(c->s, f, at, "a condition", keys))
		return NULL;
	lk_expr *x = lk_expr_new(c, is_not ? LK_X_NOT : is_and ? LK_X_AND : LK_X_OR, lk_type_of(LK_BOOL), at, n);
	bool good = x != NULL;
	for (int i = 0; x && i < n; i++) {
		x->args[i] = as_condition(c, lk_sql_expr(c, json_array_get(args, (size_t)i)), is_not ? "NOT" : is_and ? "AND" : "OR");
		good &= x->args[i] != NULL;
	}
	return good ? x : NULL;
}

lk_expr *lk_sql_null_test(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"arg", "nulltesttype", "location", NULL};
	lk_expr *a = lk_tree_only(c->s, f, at, "IS NULL", keys) ? lk_sql_typed(c, json_object_get(f, "arg")) : NULL;
	bool not = strcmp(lk_tree_str(f, "nulltesttype"), "IS_NOT_NULL") == 0;
	lk_expr *x = a ? lk_expr_new(c, not ? LK_X_NOTNULL : LK_X_ISNULL, lk_type_of(LK_BOOL), at, 1) : NULL;
	if (x)
		x->args[0] = a;
	return x;
}

static lk_expr *negate(lk_scope *c, lk_expr *a) {
	lk_expr *x = a ? lk_expr_new(c, LK_X_NOT, lk_type_of(LK_BOOL), a->location, 1) : NULL;
	if (x)
		x->args[0] = a;
	return x;
}

/* IS TRUE, FALSE, UNKNOWN and their negations, by COALESCE and IS NULL. */
lk_expr *lk_sql_boolean_test(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"arg", "booltesttype", "location", NULL};
	const char *kind = lk_tree_str(f, "booltesttype");
	lk_expr *a = lk_tree_only(c->s, f, at, "IS TRUE", keys) ? as_condition(c, lk_sql_expr(c, json_object_get(f, "arg")), "IS") : NULL;
	if (!a)
		return NULL;
	if (strstr(kind, "UNKNOWN")) {
		lk_expr *x = lk_expr_new(c, strstr(kind, "NOT") ? LK_X_NOTNULL : LK_X_ISNULL, lk_type_of(LK_BOOL), at, 1);
		if (x)
			x->args[0] = a;
		return x;
	}
	lk_expr *no = lk_expr_new(c, LK_X_CONST, lk_type_of(LK_BOOL), at, 0);
	lk_expr *x = lk_expr_pair(c, LK_X_COALESCE, lk_type_of(LK_BOOL), at, strstr(kind, "FALSE") ? negate(c, a) : a, no);
	return strstr(kind, "NOT") ? negate(c, x) : x;
}

/* --- branches --- */

/* Gives args[from], args[from + step] … and the last one their common type, which is also the node's. */
static lk_expr *unify(lk_scope *c, lk_expr *x, int from, int step, const char *what) {
	lk_expr **branch = lk_arena_alloc(c->s->arena, sizeof *branch * (size_t)(x->nargs + 1));
	int n = 0;
	for (int i = from; i < x->nargs; i += step)
		branch[n++] = x->args[i];
	if (step > 1)
		branch[n++] = x->args[x->nargs - 1];
	if (!lk_sql_common_type(c, branch, n, what, &x->type))
		return NULL;
	for (int i = from; i < x->nargs; i += step)
		if (!(x->args[i] = lk_sql_coerce(c, x->args[i], x->type, true)))
			return NULL;
	lk_expr **last = &x->args[x->nargs - 1];
	*last = lk_sql_coerce(c, *last, x->type, true);
	return *last ? x : NULL;
}

lk_expr *lk_sql_coalesce(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"args", "location", NULL};
	const json_t *args = json_object_get(f, "args");
	int n = (int)json_array_size(args);
	lk_expr *x = lk_tree_only(c->s, f, at, "COALESCE", keys) ? lk_expr_new(c, LK_X_COALESCE, lk_type_of(LK_TEXT), at, n) : NULL;
	bool good = x != NULL;
	for (int i = 0; x && i < n; i++)
		good &= (x->args[i] = lk_sql_expr(c, json_array_get(args, (size_t)i))) != NULL;
	return good ? unify(c, x, 0, 1, "COALESCE") : NULL;
}

/* The greatest or least of its arguments that are not NULL. */
lk_expr *lk_sql_extreme(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"op", "args", "location", NULL};
	const json_t *args = json_object_get(f, "args");
	bool least = strcmp(lk_tree_str(f, "op"), "IS_LEAST") == 0, good = lk_tree_only(c->s, f, at, "GREATEST", keys);
	int n = (int)json_array_size(args);
	lk_expr *x = good ? lk_expr_new(c, least ? LK_X_LEAST : LK_X_GREATEST, lk_type_of(LK_TEXT), at, n) : NULL;
	for (int i = 0; x && i < n; i++)
		good &= (x->args[i] = lk_sql_expr(c, json_array_get(args, (size_t)i))) != NULL;
	if (!x || !good || !unify(c, x, 0, 1, least ? "LEAST" : "GREATEST"))
		return NULL;
	if (x->type.kind == LK_JSONB) {
		lk_stmt_fault(c->s, at, "compare a part of it: (x ->> 'key')::int", "%s of jsonb is not supported", least ? "LEAST" : "GREATEST");
		return NULL;
	}
	if (x->type.kind == LK_TEXT && !lk_expr_collates(c->plan, x) && !lk_sql_no_collation(c, at, "the order"))
		return NULL;
	return x;
}

/* subject: what follows CASE, or NULL. */
static lk_expr *case_condition(lk_scope *c, lk_expr *subject, const json_t *when, int at) {
	if (!subject)
		return as_condition(c, lk_sql_expr(c, when), "CASE WHEN");
	return lk_sql_compare(c, LK_X_EQ, "=", subject, lk_sql_expr(c, when), at);
}

lk_expr *lk_sql_case(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"arg", "args", "defresult", "location", NULL};
	const json_t *arg = json_object_get(f, "arg"), *whens = json_object_get(f, "args"), *otherwise = json_object_get(f, "defresult");
	int n = (int)json_array_size(whens);
	lk_expr *x = lk_tree_only(c->s, f, at, "CASE", keys) ? lk_expr_new(c, LK_X_CASE, lk_type_of(LK_TEXT), at, 2 * n + 1) : NULL;
	lk_expr *subject = x && arg ? lk_sql_typed(c, arg) : NULL;
	bool good = x && (subject || !arg);
	if (!good)
		return NULL;
	for (int i = 0; i < n; i++) {
		const json_t *when = lk_tree_as(json_array_get(whens, (size_t)i), "CaseWhen");
		if (i && arg && !(subject = lk_sql_typed(c, arg)))
			return NULL;
		x->args[2 * i] = case_condition(c, subject, json_object_get(when, "expr"), lk_tree_location(when));
		x->args[2 * i + 1] = lk_sql_expr(c, json_object_get(when, "result"));
		good &= x->args[2 * i] && x->args[2 * i + 1];
	}
	lk_expr **last = &x->args[2 * n];
	*last = otherwise ? lk_sql_expr(c, otherwise) : lk_expr_new(c, LK_X_CONST, lk_type_of(LK_UNKNOWN), at, 0);
	if (*last && !otherwise)
		(*last)->value = lk_null();
	return good && *last ? unify(c, x, 1, 2, "CASE") : NULL;
}
