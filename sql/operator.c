/* Operators: arithmetic, comparison, IN, BETWEEN, LIKE; typed by PostgreSQL's rules of operator resolution.
 *
 * x BETWEEN a AND b becomes two comparisons, each with its own types, as in PostgreSQL. x is then read twice, since
 * nodes are not shared; the number of nodes is limited.
 *
 * IN follows transformAExprIn: two or more constants become one array, so they first take the common type of
 * the left side and themselves (real IN (0.1, 0.2) compares reals); a single one is an ordinary comparison
 * (real IN (0.1) compares doubles). */
#include <limits.h>
#include <string.h>

#include "sql/expr.h"

static lk_expr *no_operator(lk_scope *c, int at, const char *name, lk_type l, lk_type r, const char *hint) {
	if (l.kind == LK_UNKNOWN && r.kind == LK_UNKNOWN)
		lk_stmt_fault(c->s, at, "compare with a column", "both sides of %s are constants without a type", name);
	else
		lk_stmt_fault(c->s, at, hint, "operator does not exist: %s %s %s", lk_sql_type_text(c, l), name,
		              lk_sql_type_text(c, r));
	return NULL;
}

lk_expr *lk_sql_compare(lk_scope *c, int op, const char *name, lk_expr *l, lk_expr *r, int at) {
	if (!l || !r)
		return NULL;
	bool lu = l->type.kind == LK_UNKNOWN, ru = r->type.kind == LK_UNKNOWN;
	uint8_t kind = 0;
	if ((lu && ru) || (!lu && !ru && !lk_sql_compare_kind(l->type, r->type, &kind)))
		return no_operator(c, at, name, l->type, r->type, "compare values of one type");
	if (lu || ru)
		kind = lu ? r->type.kind : l->type.kind;
	if (kind == LK_JSON)
		return no_operator(c, at, name, l->type, r->type, "");
	l = lk_sql_coerce(c, l, lk_type_of(kind), false);
	r = lk_sql_coerce(c, r, lk_type_of(kind), false);
	if (!l || !r)
		return NULL;
	if (kind == LK_TEXT && op >= LK_X_LT && op <= LK_X_GE && !lk_expr_collates(c->plan, l) && !lk_expr_collates(c->plan, r)) {
		lk_stmt_fault(c->s, at, "compare with a column", "the order of text constants alone depends on the database");
		return NULL;
	}
	return lk_expr_pair(c, op, lk_type_of(LK_BOOL), at, l, r);
}

/* After the merge a numeric may be unbounded: each value has its own scale, as in PostgreSQL. */
static bool numeric_result(lk_scope *c, int op, lk_type l, lk_type r, int at, lk_type *out) {
	*out = lk_type_of(LK_NUMERIC);
	if (lk_type_is_unbounded(l) || lk_type_is_unbounded(r) || (op == LK_X_DIV && c->aggregates))
		return true;
	if (op == LK_X_DIV) {
		lk_stmt_fault(c->s, at, "divide after the aggregation: sum(x) / y; or let one side be a double precision column",
		              "division of numerics is not supported in %s", c->clause);
		return false;
	}
	int scale = l.scale > r.scale ? l.scale : r.scale, whole_l = l.precision - l.scale, whole_r = r.precision - r.scale;
	int precision = scale + 1 + (whole_l > whole_r ? whole_l : whole_r);
	if (op == LK_X_MUL) {
		scale = l.scale + r.scale;
		precision = l.precision + r.precision;
	}
	if (precision > LK_MAX_NUMERIC_DIGITS || scale > 18) {
		if (c->aggregates)
			return true;
		lk_stmt_fault(c->s, at, "use numbers with fewer digits", "the result may need %d digits, %d after the point (limits: %d, 18)",
		              precision, scale, LK_MAX_NUMERIC_DIGITS);
		return false;
	}
	*out = (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)precision, .scale = (uint8_t)scale};
	return true;
}

static lk_expr *arithmetic(lk_scope *c, int op, const char *name, lk_expr *l, lk_expr *r, int at) {
	if (!l || !r)
		return NULL;
	if (l->type.kind == LK_UNKNOWN && r->type.kind != LK_UNKNOWN && lk_type_is_number(r->type))
		l = lk_sql_coerce(c, l, r->type, false);
	else if (r->type.kind == LK_UNKNOWN && lk_type_is_number(l->type))
		r = lk_sql_coerce(c, r, l->type, false);
	if (!l || !r)
		return NULL;
	if (!lk_type_is_number(l->type) || !lk_type_is_number(r->type)) {
		bool time = l->type.kind == LK_TIME || r->type.kind == LK_TIME;
		return no_operator(c, at, name, l->type, r->type, time ? "arithmetic with times is not supported" : "");
	}
	uint8_t kind;
	lk_sql_compare_kind(l->type, r->type, &kind);
	l = lk_sql_coerce(c, l, lk_type_of(kind), false);
	r = lk_sql_coerce(c, r, lk_type_of(kind), false);
	lk_type type = lk_type_of(kind);
	if (!l || !r || (kind == LK_NUMERIC && !numeric_result(c, op, l->type, r->type, at, &type)))
		return NULL;
	return lk_expr_pair(c, op, type, at, l, r);
}

static lk_expr *sign(lk_scope *c, bool minus, const json_t *operand, int at) {
	lk_expr *a = lk_sql_expr(c, operand);
	if (!a)
		return NULL;
	if (!lk_type_is_number(a->type)) {
		lk_stmt_fault(c->s, at, "", "operator does not exist: %s %s", minus ? "-" : "+", lk_sql_type_text(c, a->type));
		return NULL;
	}
	lk_expr *x = minus ? lk_expr_new(c, LK_X_NEG, a->type, at, 1) : a;
	if (x && minus)
		x->args[0] = a;
	return x;
}

static const struct {
	const char *name;
	int op;
} operators[] = {
	{"+", LK_X_ADD}, {"-", LK_X_SUB}, {"*", LK_X_MUL}, {"/", LK_X_DIV}, {"=", LK_X_EQ}, {"<>", LK_X_NE},
	{"<", LK_X_LT}, {"<=", LK_X_LE}, {">", LK_X_GT}, {">=", LK_X_GE},
};

static const struct {
	const char *name, *hint;
} refused_operators[] = {
	{"%", ""},
	{"||", "group by the columns themselves"},
	{"==", "write ="},
	{"&&", "write AND"},
	{"&", "write AND"},
	{"|", "write OR"},
	{"!", "write NOT"},
	{"~", "write LIKE with a constant pattern"},
	{"->", "declare the path as a column: \"a.b\" text"},
	{"->>", "declare the path as a column: \"a.b\" text"},
};

static lk_expr *operator(lk_scope *c, const json_t *f, const char *name, int at) {
	const json_t *l = json_object_get(f, "lexpr"), *r = json_object_get(f, "rexpr");
	int op = -1;
	for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
		if (strcmp(operators[i].name, name) == 0)
			op = operators[i].op;
	if (json_array_size(json_object_get(f, "name")) != 1)
		op = -1;
	if (!l && (op == LK_X_SUB || op == LK_X_ADD))
		return sign(c, op == LK_X_SUB, r, at);
	if (op < 0 || !l) {
		const char *hint = "operators: + - * / = <> < <= > >=, AND, OR, NOT, IS NULL, IN, BETWEEN, LIKE";
		for (size_t i = 0; i < sizeof refused_operators / sizeof *refused_operators; i++)
			if (strcmp(refused_operators[i].name, name) == 0)
				hint = refused_operators[i].hint;
		lk_stmt_fault(c->s, at, hint, "operator %s is not supported", name);
		return NULL;
	}
	lk_expr *a = lk_sql_expr(c, l), *b = lk_sql_expr(c, r);
	return op <= LK_X_DIV ? arithmetic(c, op, name, a, b, at) : lk_sql_compare(c, op, name, a, b, at);
}

/* parts joined by AND or OR; a single part stays as it is. */
static lk_expr *join(lk_scope *c, int op, lk_expr *const *parts, int n, int at) {
	for (int i = 0; i < n; i++)
		if (!parts[i])
			return NULL;
	if (n == 1)
		return parts[0];
	lk_expr *x = lk_expr_new(c, op, lk_type_of(LK_BOOL), at, n);
	for (int i = 0; x && i < n; i++)
		x->args[i] = parts[i];
	return x;
}

static lk_expr *between(lk_scope *c, const json_t *f, bool not, int at) {
	const json_t *x = json_object_get(f, "lexpr"), *bounds = json_object_get(lk_tree_as(json_object_get(f, "rexpr"), "List"), "items");
	lk_expr *low = lk_sql_compare(c, not ? LK_X_LT : LK_X_GE, not ? "<" : ">=", lk_sql_expr(c, x), lk_sql_expr(c, json_array_get(bounds, 0)), at);
	if (!low)
		return NULL;
	lk_expr *high = lk_sql_compare(c, not ? LK_X_GT : LK_X_LE, not ? ">" : "<=", lk_sql_expr(c, x), lk_sql_expr(c, json_array_get(bounds, 1)), at);
	return join(c, not ? LK_X_OR : LK_X_AND, (lk_expr *[]){low, high}, 2, at);
}

static bool has_slot(const lk_expr *x) { return lk_expr_reads(x, 0, INT_MAX); }

/* x IN (constants): the constants take the common type of x and them. fixed[0] is x. */
static lk_expr *in_array(lk_scope *c, int op, lk_expr **fixed, int n, int at) {
	lk_type common;
	uint8_t kind;
	if (!lk_sql_common_type(c, fixed, n, "IN", &common) || !lk_sql_compare_kind(fixed[0]->type, common, &kind))
		return NULL;
	lk_expr *in = lk_expr_new(c, op, lk_type_of(LK_BOOL), at, n);
	for (int i = 0; in && i < n; i++) {
		lk_expr *v = i ? lk_sql_coerce(c, fixed[i], common, false) : fixed[0];
		in->args[i] = lk_sql_coerce(c, v, lk_type_of(kind), false);
		if (!in->args[i])
			return NULL;
	}
	return in;
}

static lk_expr *in_list(lk_scope *c, const json_t *f, bool not, int at) {
	const json_t *left = json_object_get(f, "lexpr"), *items = json_object_get(lk_tree_as(json_object_get(f, "rexpr"), "List"), "items");
	int n = (int)json_array_size(items), nfixed = 1, nparts = 0;
	lk_expr **fixed = lk_arena_zalloc(c->s->arena, sizeof *fixed * (size_t)(n + 1));
	lk_expr **parts = lk_arena_zalloc(c->s->arena, sizeof *parts * (size_t)(n + 1));
	lk_expr *x = lk_sql_expr(c, left);
	if (!x)
		return NULL;
	if (x->type.kind == LK_UNKNOWN)
		return no_operator(c, at, "IN", x->type, x->type, "");
	fixed[0] = x;
	for (int i = 0; i < n; i++) {
		lk_expr *v = lk_sql_expr(c, json_array_get(items, (size_t)i));
		if (!v)
			return NULL;
		if (has_slot(v))
			parts[nparts++] = v;
		else
			fixed[nfixed++] = v;
	}
	for (int i = 0; i < nparts; i++)
		parts[i] = lk_sql_compare(c, not ? LK_X_NE : LK_X_EQ, "IN", lk_sql_expr(c, left), parts[i], at);
	if (nfixed == 2)
		parts[nparts++] = lk_sql_compare(c, not ? LK_X_NE : LK_X_EQ, "IN", x, fixed[1], at);
	else if (nfixed > 2)
		parts[nparts++] = in_array(c, not ? LK_X_NOTIN : LK_X_IN, fixed, nfixed, at);
	return join(c, not ? LK_X_AND : LK_X_OR, parts, nparts, at);
}

static lk_expr *like(lk_scope *c, const json_t *f, bool not, int at) {
	const json_t *pattern = lk_tree_as(json_object_get(f, "rexpr"), "A_Const");
	const json_t *sval = json_object_get(pattern, "sval");
	lk_expr *x = lk_sql_expr(c, json_object_get(f, "lexpr"));
	if (!x)
		return NULL;
	if (x->type.kind != LK_TEXT)
		return no_operator(c, at, not ? "NOT LIKE" : "LIKE", x->type, lk_type_of(LK_TEXT), "LIKE needs a text column");
	if (!sval) {
		lk_stmt_fault(c->s, at, "write the pattern as a string; \\ is the escape character", "LIKE needs a constant pattern");
		return NULL;
	}
	const char *text = lk_tree_str(sval, "sval");
	for (const char *p = text; *p; p++)
		if (*p == '\\' && !*++p) {
			lk_stmt_fault(c->s, lk_tree_location(pattern), "write \\\\ for a backslash",
			              "LIKE pattern '%s' ends with the escape character", text);
			return NULL;
		}
	return lk_expr_pair(c, not ? LK_X_NOTLIKE : LK_X_LIKE, lk_type_of(LK_BOOL), at, x,
	             lk_sql_text_constant(c, text, lk_tree_location(pattern), lk_type_of(LK_TEXT)));
}

static const struct {
	const char *kind, *what, *hint;
} refused_forms[] = {
	{"AEXPR_OP_ANY", "ANY", "write x IN (…)"},
	{"AEXPR_OP_ALL", "ALL", "write x NOT IN (…)"},
	{"AEXPR_DISTINCT", "IS DISTINCT FROM", "write a <> b, with IS NULL where it matters"},
	{"AEXPR_NOT_DISTINCT", "IS NOT DISTINCT FROM", "write a = b, with IS NULL where it matters"},
	{"AEXPR_NULLIF", "NULLIF", "write CASE WHEN a = b THEN NULL ELSE a END"},
	{"AEXPR_ILIKE", "ILIKE", "write LIKE; upper and lower case differ"},
	{"AEXPR_SIMILAR", "SIMILAR TO", "write LIKE"},
	{"AEXPR_BETWEEN_SYM", "BETWEEN SYMMETRIC", "write BETWEEN with the smaller bound first"},
	{"AEXPR_NOT_BETWEEN_SYM", "BETWEEN SYMMETRIC", "write BETWEEN with the smaller bound first"},
};

lk_expr *lk_sql_operator(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"kind", "name", "lexpr", "rexpr", "location", NULL};
	if (!lk_tree_only(c->s, f, at, "an expression", keys))
		return NULL;
	const char *kind = lk_tree_str(f, "kind");
	const json_t *names = json_object_get(f, "name");
	const char *name = lk_tree_string_node(json_array_get(names, json_array_size(names) - 1));
	name = name ? name : "";
	if (strcmp(kind, "AEXPR_OP") == 0)
		return operator(c, f, name, at);
	if (strcmp(kind, "AEXPR_IN") == 0)
		return in_list(c, f, strcmp(name, "<>") == 0, at);
	if (strcmp(kind, "AEXPR_LIKE") == 0)
		return like(c, f, strcmp(name, "!~~") == 0, at);
	if (strcmp(kind, "AEXPR_BETWEEN") == 0)
		return between(c, f, false, at);
	if (strcmp(kind, "AEXPR_NOT_BETWEEN") == 0)
		return between(c, f, true, at);
	for (size_t i = 0; i < sizeof refused_forms / sizeof *refused_forms; i++)
		if (strcmp(kind, refused_forms[i].kind) == 0) {
			lk_stmt_fault(c->s, at, refused_forms[i].hint, "%s is not supported", refused_forms[i].what);
			return NULL;
		}
	lk_stmt_fault(c->s, at, "", "this form of expression is not supported (%s)", kind);
	return NULL;
}
