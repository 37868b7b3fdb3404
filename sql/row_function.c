#include "sql/row_function.h"

#include <string.h>

#include "sql/names.h"

/* A call of FROM: what unnest takes apart is one, too. */
typedef struct call {
	const json_t *args;
	const char *name, *written;   /* the function of the table; as the statement calls it */
	int at;
} call;

/* unnest of an array that a function makes of a text. */
static const char *of_array(const char *name) {
	return strcmp(name, "string_to_array") == 0 ? "string_to_table" : strcmp(name, "regexp_split_to_array") == 0 ? "regexp_split_to_table" : NULL;
}

static call call_of(const json_t *f) {
	const json_t *args = json_object_get(f, "args"), *inner = lk_tree_as(json_array_get(args, 0), "FuncCall");
	call k = {.args = args, .name = lk_tree_function_alone(f), .at = lk_tree_location(f)};
	k.written = k.name;
	if (strcmp(k.name, "unnest") == 0 && json_array_size(args) == 1 && inner && of_array(lk_tree_function_alone(inner))) {
		k.name = of_array(lk_tree_function_alone(inner));
		k.args = json_object_get(inner, "args");
	}
	return k;
}

/* --- the function --- */

static bool takes(const lk_row_function *fn, lk_expr *const *args, int n) {
	bool fits = n >= fn->least && n <= fn->most;
	for (int i = 0; i < n && fits; i++)
		fits = args[i]->type.kind == LK_UNKNOWN || lk_sql_implicit(args[i]->type.kind, fn->args[i]);
	return fits;
}

static const lk_row_function *find(const char *name, lk_expr *const *args, int n) {
	const lk_row_function *fn;
	for (int i = 0; (fn = lk_row_function_at(i)); i++)
		if (strcmp(fn->name, name) == 0 && (!args || takes(fn, args, n)))
			return fn;
	return NULL;
}

static bool no_function(lk_scope *c, const call *k) {
	const char *form = strcmp(k->name, "string_to_table") == 0         ? "string_to_table(text, delimiter [, text that means NULL])"
	                   : strcmp(k->name, "regexp_split_to_table") == 0 ? "regexp_split_to_table(text, 'pattern' [, 'i'])"
	                   : strcmp(k->name, "generate_series") == 0       ? "generate_series(first, last [, step]), of integers"
	                   : find(k->name, NULL, 0)->reads_json            ? "json_array_elements_text(column::json)"
	                                                                   : lk_stmt_text(c->s, "%s(column), of a jsonb", k->name);
	lk_stmt_fault(c->s, k->at, lk_stmt_text(c->s, "write %s", form), "%s does not take these arguments", k->written);
	return false;
}

/* A constant text, or a column, as what its type says; json is a type of this place alone. */
static lk_expr *read_json(lk_scope *c, const json_t *node, int at) {
	const json_t *cast = lk_tree_as(node, "TypeCast");
	if (!cast || !lk_tree_is_type(json_object_get(cast, "typeName"), "json")) {
		lk_stmt_fault(c->s, lk_tree_start(node, at), "write json_array_elements_text(column::json)", "the argument is no text that is cast to json");
		return NULL;
	}
	return lk_sql_typed(c, json_object_get(cast, "arg"));
}

static bool read_arguments(lk_scope *c, const call *k, lk_lateral *l) {
	const lk_row_function *fn = find(k->name, NULL, 0);
	int n = (int)json_array_size(k->args);
	if (n < fn->least || n > fn->most)
		return no_function(c, k);
	l->exprs = lk_arena_zalloc(c->s->arena, sizeof *l->exprs * (size_t)n);
	c->clause = "FROM";
	for (; l->nexprs < n; l->nexprs++) {
		const json_t *node = json_array_get(k->args, (size_t)l->nexprs);
		if (!(l->exprs[l->nexprs] = fn->reads_json ? read_json(c, node, k->at) : lk_sql_expr(c, node)))
			return false;
	}
	return true;
}

static bool is_constant(const lk_expr *x) { return x->op == LK_X_CONST && !lk_is_null(&x->value); }

static bool settle(lk_scope *c, const call *k, lk_lateral *l) {
	for (int i = 0; i < l->nexprs; i++) {
		if (!(l->exprs[i] = lk_sql_coerce(c, l->exprs[i], lk_type_of(l->fn->args[i]), false)))
			return false;
		if (l->fn->constants >> i & 1 && !is_constant(l->exprs[i])) {
			lk_stmt_fault(c->s, l->exprs[i]->location, "write it as a constant", "argument %d of %s must be a constant", i + 1, k->name);
			return false;
		}
	}
	const char *fault = l->fn->prepare ? l->fn->prepare(l->exprs, l->nexprs, &l->made, c->s->arena) : NULL;
	if (fault)
		lk_stmt_fault(c->s, l->exprs[1]->location ? l->exprs[1]->location : k->at, fault, "the constant of %s is not valid", k->name);
	return !fault;
}

/* --- names --- */

/* PostgreSQL's own name of the column comes before the alias. */
static bool name_columns(lk_scope *c, lk_lateral *l, const json_t *f, const call *k) {
	const json_t *given;
	l->alias = lk_arena_strdup(c->s->arena, lk_sql_alias(c->s, f, k->written, k->at, &given));
	l->aliased = json_object_get(f, "alias") != NULL;
	l->ordinality = lk_tree_flag(f, "ordinality");
	l->ncolumns = 1 + l->ordinality;
	const char *names[] = {l->fn->column ? l->fn->column : l->alias, "ordinality"};
	int n = (int)json_array_size(given);
	if (n > l->ncolumns) {
		lk_stmt_fault(c->s, k->at, l->ordinality ? "name at most two columns" : "name one column, or add WITH ORDINALITY before AS",
		              "%s has %d column%s, and %d are named", k->written, l->ncolumns, l->ncolumns == 1 ? "" : "s", n);
		return false;
	}
	for (int i = 0; i < n; i++)
		names[i] = lk_tree_string_node(json_array_get(given, (size_t)i));
	if (!lk_scope_add_names(c, l, names, k->at))
		return false;
	l->types[0] = lk_type_of(l->fn->result);
	if (l->ordinality)
		l->types[1] = lk_type_of(LK_INT8);
	return true;
}

/* --- the item --- */

static const json_t *function_of(const json_t *f) {
	const json_t *functions = json_object_get(f, "functions"), *list = json_object_get(lk_tree_as(json_array_get(functions, 0), "List"), "items");
	return json_array_size(functions) == 1 ? lk_tree_as(json_array_get(list, 0), "FuncCall") : NULL;
}

bool lk_sql_is_row_function(const json_t *f) {
	const json_t *function = function_of(f);
	return function && find(call_of(function).name, NULL, 0);
}

bool lk_sql_row_function(lk_scope *c, lk_lateral *l, const json_t *f, int at) {
	static const char *const keys[] = {"lateral", "ordinality", "functions", "alias", NULL};
	static const char *const call_keys[] = {"funcname", "args", "funcformat", "location", NULL};
	const json_t *function = function_of(f);
	call k = call_of(function);
	if (!lk_tree_only(c->s, f, at, "a function in FROM", keys) ||
	    !lk_tree_only(c->s, function, k.at, lk_stmt_text(c->s, "%s(…)", k.written), call_keys) || !read_arguments(c, &k, l))
		return false;
	l->fn = find(k.name, l->exprs, l->nexprs);
	l->at = k.at;
	return l->fn ? settle(c, &k, l) && name_columns(c, l, f, &k) : no_function(c, &k);
}
