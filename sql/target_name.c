/* The names of select items: their aliases, or those that PostgreSQL gives them (FigureColname in its parse_target.c). */
#include <string.h>

#include "sql/tree.h"

/* The name of a type, or of CASE, is weak: a cast around it gives its own. */
enum strength { NO_NAME, WEAK, STRONG };

static enum strength figure(const json_t *node, const char **name);

static const char *last_of(const json_t *names) { return lk_tree_string_node(json_array_get(names, json_array_size(names) - 1)); }

static enum strength named(const char *what, enum strength strength, const char **name) {
	*name = what ? what : *name;
	return what ? strength : NO_NAME;
}

/* x::type is called as x, if that has a name. */
static enum strength of_cast(const json_t *f, const char **name) {
	enum strength inner = figure(json_object_get(f, "arg"), name);
	return inner == STRONG ? inner : named(last_of(json_object_get(json_object_get(f, "typeName"), "names")), WEAK, name);
}

static enum strength of_case(const json_t *f, const char **name) {
	enum strength inner = figure(json_object_get(f, "defresult"), name);
	return inner == STRONG ? inner : named("case", WEAK, name);
}

static enum strength figure(const json_t *node, const char **name) {
	const char *kind;
	const json_t *f = lk_tree_node(node, &kind);
	if (strcmp(kind, "ColumnRef") == 0)
		return named(last_of(json_object_get(f, "fields")), STRONG, name);
	if (strcmp(kind, "FuncCall") == 0)
		return named(last_of(json_object_get(f, "funcname")), STRONG, name);
	if (strcmp(kind, "CoalesceExpr") == 0)
		return named("coalesce", STRONG, name);
	if (strcmp(kind, "MinMaxExpr") == 0)
		return named(strcmp(lk_tree_str(f, "op"), "IS_LEAST") == 0 ? "least" : "greatest", STRONG, name);
	if (strcmp(kind, "A_Expr") == 0 && strcmp(lk_tree_str(f, "kind"), "AEXPR_NULLIF") == 0)
		return named("nullif", STRONG, name);
	if (strcmp(kind, "CollateClause") == 0)
		return figure(json_object_get(f, "arg"), name);
	return strcmp(kind, "TypeCast") == 0 ? of_cast(f, name) : strcmp(kind, "CaseExpr") == 0 ? of_case(f, name) : NO_NAME;
}

const char *lk_tree_target_name(const json_t *target) {
	const char *name = lk_tree_str(target, "name");
	return *name || figure(json_object_get(target, "val"), &name) != NO_NAME ? name : NULL;
}
