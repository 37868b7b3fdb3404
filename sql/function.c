/* Calls of functions of rows: those of expr/function.h (sql/call.c finds the entry), and concat and mod, which are nodes
 * of their own. */
#include <string.h>

#include "core/suggest.h"
#include "expr/function.h"
#include "sql/aggregate.h"
#include "sql/expr.h"
#include "sql/hint.h"

enum { MOST_ARGS = 100 };

/* concat(…): as text, but a boolean is t or f there. */
static lk_expr *concat(lk_scope *c, lk_expr **args, int n, int at) {
	lk_expr *x = lk_expr_new(c, LK_X_CONCAT, lk_type_of(LK_TEXT), at, n);
	for (int i = 0; x && i < n; i++) {
		bool boolean = args[i]->type.kind == LK_BOOL;
		lk_expr *text = lk_sql_as_text(c, args[i]), *one = boolean ? lk_expr_new(c, LK_X_CONST, lk_type_of(LK_INT4), at, 0) : NULL;
		if (one)
			one->value = lk_int(1);
		x->args[i] = text && boolean ? lk_sql_call(c, "left", (lk_expr *[]){text, one}, 2, at) : text;
		if (!x->args[i])
			return NULL;
	}
	if (x && lk_expr_longest(x) > LK_TEXT_MADE_MAX) {
		lk_stmt_fault(c->s, at, "use shorter operands", "the text that concat makes may have more than %d bytes", LK_TEXT_MADE_MAX);
		return NULL;
	}
	return x;
}

static lk_expr *unknown_function(lk_scope *c, const char *name, int at) {
	const char *names[256], *hint = lk_sql_function_hint(name), *near = NULL;
	const lk_function *f;
	int n = 0;
	for (int i = 0; (f = lk_function_at(i)) && n < 256; i++)
		if (!(f->flags & LK_F_INFIX))
			names[n++] = f->name;
	near = lk_did_you_mean(name, names, n);
	lk_stmt_fault(c->s, at, hint ? hint : near ? lk_stmt_text(c->s, "did you mean %s?", near) : "docs/language.md lists the functions",
	              "function %s(…) is not supported", name);
	return NULL;
}

bool lk_sql_is_scalar(const char *name) {
	return (lk_function_known(name) || strcmp(name, "concat") == 0 || strcmp(name, "mod") == 0) && !lk_aggregate_known(name);
}

lk_expr *lk_sql_function(lk_scope *c, const json_t *f, const char *name, int at) {
	static const char *const keys[] = {"funcname", "args", "funcformat", "location", NULL};
	const json_t *list = json_object_get(f, "args");
	int n = (int)json_array_size(list);
	if (!lk_sql_is_scalar(name))
		return unknown_function(c, name, at);
	if (!lk_tree_only(c->s, f, at, lk_stmt_text(c->s, "%s(…)", name), keys))
		return NULL;
	if (n > MOST_ARGS) {
		lk_stmt_fault(c->s, at, "split it", "a function takes at most %d arguments", MOST_ARGS);
		return NULL;
	}
	lk_expr *args[MOST_ARGS];
	for (int i = 0; i < n; i++)
		if (!(args[i] = lk_sql_expr(c, json_array_get(list, (size_t)i))))
			return NULL;
	if (strcmp(name, "concat") == 0)
		return concat(c, args, n, at);
	if (strcmp(name, "mod") == 0 && n == 2)
		return lk_sql_arithmetic(c, LK_X_MOD, "mod", args[0], args[1], at);
	return lk_sql_call(c, name, args, n, at);
}
