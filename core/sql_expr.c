/* Expressions of definitions, typed as PostgreSQL types them.
 *
 * What is not in the tables here is refused with what to write instead. Some forms are rewritten into others that mean the same in
 * PostgreSQL: x BETWEEN a AND b into two comparisons, CASE x WHEN v into CASE WHEN x = v, x IS TRUE into coalesce(x, false).
 * The operand is then read again for each use, since nodes are not shared; the number of nodes is limited.
 *
 * IN follows transformAExprIn: two or more constants become one array, so they first take the common type of
 * the left side and themselves (real IN (0.1, 0.2) compares reals); a single one is an ordinary comparison
 * (real IN (0.1) compares doubles). */
#include "core/sql_expr.h"

#include <string.h>

#include "core/sql_lex.h"

lk_expr *lk_expr_new(lk_scope *c, int op, lk_type type, int at, int nargs) {
	if (++c->nodes > LK_MAX_EXPR_NODES) {
		if (c->nodes == LK_MAX_EXPR_NODES + 1)
			lk_stmt_fault(c->s, at, "split the view into several", "the expressions have more than %d parts", LK_MAX_EXPR_NODES);
		return NULL;
	}
	lk_expr *x = lk_arena_zalloc(c->s->arena, sizeof *x);
	x->op = (uint8_t)op;
	x->type = type;
	x->location = at;
	x->nargs = nargs;
	x->args = nargs ? lk_arena_zalloc(c->s->arena, sizeof *x->args * (size_t)nargs) : NULL;
	return x;
}

static bool same_value(const lk_expr *a, const lk_expr *b) {
	if (lk_is_null(&a->value) || lk_is_null(&b->value))
		return a->value.state == b->value.state;
	return a->value.scale == b->value.scale && lk_value_compare(a->type, &a->value, &b->value) == 0;
}

bool lk_expr_equal(const lk_expr *a, const lk_expr *b) {
	if (a->op != b->op || a->nargs != b->nargs || !lk_type_equal(a->type, b->type) || a->slot != b->slot)
		return false;
	if (a->op == LK_X_CONST)
		return same_value(a, b);
	for (int i = 0; i < a->nargs; i++)
		if (!lk_expr_equal(a->args[i], b->args[i]))
			return false;
	return true;
}

static lk_type type_of(uint8_t kind) { return (lk_type){.kind = kind}; }

static lk_expr *node2(lk_scope *c, int op, lk_type type, int at, lk_expr *l, lk_expr *r) {
	lk_expr *x = l && r ? lk_expr_new(c, op, type, at, 2) : NULL;
	if (x) {
		x->args[0] = l;
		x->args[1] = r;
	}
	return x;
}

/* --- names --- */

int lk_scope_find(const lk_scope *c, const char *qualifier, const char *name) {
	const lk_plan *p = c->plan;
	int found = -1;
	if (!*qualifier || strcmp(qualifier, c->stream_name) == 0) {
		for (int i = 0; i < p->stream->ncolumns; i++)
			if (strcmp(p->stream->columns[i].name, name) == 0)
				found = i;
		if (strcmp(name, "_at") == 0)
			found = lk_slot_at(p->stream);
	}
	if (c->lateral && (!*qualifier || strcmp(qualifier, p->lateral_alias) == 0))
		for (int i = 0; i < p->nlateral; i++)
			if (strcmp(p->lateral_names[i], name) == 0)
				found = found < 0 ? lk_slot_lateral(p->stream) + i : -2;
	return found;
}

static const char *near_column(lk_scope *c, const char *name) {
	const lk_plan *p = c->plan;
	const char **names = lk_arena_alloc(c->s->arena, sizeof *names * (size_t)(p->stream->ncolumns + p->nlateral + 1));
	int n = 0;
	for (int i = 0; i < p->stream->ncolumns; i++)
		names[n++] = p->stream->columns[i].name;
	for (int i = 0; c->lateral && i < p->nlateral; i++)
		names[n++] = p->lateral_names[i];
	return lk_did_you_mean(name, names, n);
}

static lk_expr *no_column(lk_scope *c, const char *qualifier, const char *name, int at) {
	lk_stmt *s = c->s;
	const char *dotted = lk_stmt_text(s, "%s.%s", qualifier, name), *hint = "";
	bool known = strcmp(qualifier, c->stream_name) == 0 ||
	             (c->lateral && c->plan->nlateral && strcmp(qualifier, c->plan->lateral_alias) == 0);
	const char *near = near_column(c, name);
	if (*qualifier && lk_scope_find(c, "", dotted) >= 0)
		hint = lk_stmt_text(s, "a dotted name is one quoted name: \"%s\"", dotted);
	else if (*qualifier && !known)
		hint = lk_stmt_text(s, "the stream is called %s here", c->stream_name);
	else if (strcmp(name, "window_start") == 0 || strcmp(name, "window_end") == 0)
		hint = "window_start and window_end come by themselves, before the select list";
	else if (near)
		hint = lk_stmt_text(s, "did you mean %s?", near);
	lk_stmt_fault(s, at, hint, "column \"%s\" does not exist in stream \"%s\"", *qualifier ? dotted : name,
	              c->plan->stream->name);
	return NULL;
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
	int slot = lk_scope_find(c, qualifier, last);
	if (slot == -2) {
		lk_stmt_fault(c->s, at, lk_stmt_text(c->s, "write %s.%s or %s.%s", c->stream_name, last, c->plan->lateral_alias, last),
		              "column \"%s\" is ambiguous", last);
		return NULL;
	}
	if (slot < 0)
		return no_column(c, qualifier, last, at);
	lk_expr *x = lk_expr_new(c, LK_X_SLOT, lk_slot_type(c->plan, slot), at, 0);
	if (x)
		x->slot = slot;
	return x;
}

/* --- constants --- */

static lk_expr *text_constant(lk_scope *c, const char *text, int at, lk_type type) {
	lk_expr *x = lk_expr_new(c, LK_X_CONST, type, at, 0);
	if (x)
		x->value = lk_text(lk_arena_strdup(c->s->arena, text), strlen(text));
	return x;
}

/* Digits alone are the first of integer, bigint, numeric that holds them. */
static lk_expr *decimal_constant(lk_scope *c, const char *text, int at) {
	lk_expr *x = lk_expr_new(c, LK_X_CONST, type_of(LK_NUMERIC), at, 0);
	if (!x)
		return NULL;
	lk_int128 n;
	if (!lk_numeric_literal(text, &n, &x->type)) {
		lk_stmt_fault(c->s, at, "at most 38 digits and 18 of them after the point", "the number %s has too many digits", text);
		return NULL;
	}
	if (!strpbrk(text, ".eE") && n >= INT64_MIN && n <= INT64_MAX) {
		x->type = type_of(n == (int32_t)n ? LK_INT4 : LK_INT8);
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
		return text_constant(c, lk_tree_str(sval, "sval"), at, type_of(LK_UNKNOWN));
	if (fval)
		return decimal_constant(c, lk_tree_str(fval, "fval"), at);
	int64_t n = 0;
	bool is_null = lk_tree_flag(f, "isnull");
	if (!bval && !is_null && !lk_tree_integer(c->s, f, &n))
		return NULL;
	lk_expr *x = lk_expr_new(c, LK_X_CONST, type_of(is_null ? LK_UNKNOWN : bval ? LK_BOOL : LK_INT4), at, 0);
	if (x)
		x->value = is_null ? lk_null() : lk_int(bval ? lk_tree_flag(bval, "boolval") : n);
	return x;
}

/* timestamptz '…' and '…'::timestamptz; no other cast. */
static lk_expr *cast(lk_scope *c, const json_t *f, int at) {
	const json_t *names = json_object_get(json_object_get(f, "typeName"), "names");
	const char *type = lk_tree_string_node(json_array_get(names, json_array_size(names) - 1));
	const json_t *arg = lk_tree_as(json_object_get(f, "arg"), "A_Const");
	bool plain = !json_object_get(json_object_get(f, "typeName"), "typmods") &&
	             !json_object_get(json_object_get(f, "typeName"), "arrayBounds");
	if (type && strcmp(type, "timestamptz") == 0 && plain && arg && json_object_get(arg, "sval")) {
		lk_expr *x = constant(c, arg, lk_tree_location(arg));
		return x ? lk_sql_literal_as(c, x, type_of(LK_TIME), true) : NULL;
	}
	lk_stmt_fault(c->s, at, "types convert by themselves where PostgreSQL converts them; declare the column with the type you need",
	              "casts are not supported");
	return NULL;
}

/* --- operators --- */

static lk_expr *no_operator(lk_scope *c, int at, const char *name, lk_type l, lk_type r, const char *hint) {
	if (l.kind == LK_UNKNOWN && r.kind == LK_UNKNOWN)
		lk_stmt_fault(c->s, at, "compare with a column", "both sides of %s are constants without a type", name);
	else
		lk_stmt_fault(c->s, at, hint, "operator does not exist: %s %s %s", lk_sql_type_text(c, l), name,
		              lk_sql_type_text(c, r));
	return NULL;
}

static lk_expr *compare(lk_scope *c, int op, const char *name, lk_expr *l, lk_expr *r, int at) {
	if (!l || !r)
		return NULL;
	bool lu = l->type.kind == LK_UNKNOWN, ru = r->type.kind == LK_UNKNOWN;
	uint8_t kind = 0;
	if ((lu && ru) || (!lu && !ru && !lk_sql_compare_kind(l->type, r->type, &kind)))
		return no_operator(c, at, name, l->type, r->type, "compare values of one type");
	if (lu || ru)
		kind = lu ? r->type.kind : l->type.kind;
	l = lk_sql_coerce(c, l, type_of(kind), false);
	r = lk_sql_coerce(c, r, type_of(kind), false);
	if (!l || !r)
		return NULL;
	if (kind == LK_TEXT && op >= LK_X_LT && op <= LK_X_GE && !lk_expr_collates(c->plan, l) && !lk_expr_collates(c->plan, r)) {
		lk_stmt_fault(c->s, at, "compare with a column", "the order of text constants alone depends on the database");
		return NULL;
	}
	return node2(c, op, type_of(LK_BOOL), at, l, r);
}

static bool numeric_result(lk_scope *c, int op, lk_type l, lk_type r, int at, lk_type *out) {
	int scale = l.scale > r.scale ? l.scale : r.scale, whole_l = l.precision - l.scale, whole_r = r.precision - r.scale;
	int precision = scale + 1 + (whole_l > whole_r ? whole_l : whole_r);
	if (op == LK_X_MUL) {
		scale = l.scale + r.scale;
		precision = l.precision + r.precision;
	}
	if (precision > LK_MAX_NUMERIC_DIGITS || scale > 18) {
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
	l = lk_sql_coerce(c, l, type_of(kind), false);
	r = lk_sql_coerce(c, r, type_of(kind), false);
	lk_type type = type_of(kind);
	if (!l || !r || (kind == LK_NUMERIC && !numeric_result(c, op, l->type, r->type, at, &type)))
		return NULL;
	return node2(c, op, type, at, l, r);
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
	{"+", LK_X_ADD}, {"-", LK_X_SUB}, {"*", LK_X_MUL}, {"=", LK_X_EQ}, {"<>", LK_X_NE},
	{"<", LK_X_LT}, {"<=", LK_X_LE}, {">", LK_X_GT}, {">=", LK_X_GE},
};

static const struct {
	const char *name, *hint;
} refused_operators[] = {
	{"/", "avg(x) is sum over count; divide other aggregates where you read the answer"},
	{"%", ""},
	{"||", "group by the columns themselves"},
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
		const char *hint = "operators: + - * = <> < <= > >=, AND, OR, NOT, IS NULL, IN, BETWEEN, LIKE";
		for (size_t i = 0; i < sizeof refused_operators / sizeof *refused_operators; i++)
			if (strcmp(refused_operators[i].name, name) == 0)
				hint = refused_operators[i].hint;
		lk_stmt_fault(c->s, at, hint, "operator %s is not supported", name);
		return NULL;
	}
	lk_expr *a = lk_sql_expr(c, l), *b = lk_sql_expr(c, r);
	return op <= LK_X_MUL ? arithmetic(c, op, name, a, b, at) : compare(c, op, name, a, b, at);
}

/* parts joined by AND or OR; one part is itself. */
static lk_expr *join(lk_scope *c, int op, lk_expr *const *parts, int n, int at) {
	for (int i = 0; i < n; i++)
		if (!parts[i])
			return NULL;
	if (n == 1)
		return parts[0];
	lk_expr *x = lk_expr_new(c, op, type_of(LK_BOOL), at, n);
	for (int i = 0; x && i < n; i++)
		x->args[i] = parts[i];
	return x;
}

static lk_expr *between(lk_scope *c, const json_t *f, bool not, int at) {
	const json_t *x = json_object_get(f, "lexpr"), *bounds = json_object_get(lk_tree_as(json_object_get(f, "rexpr"), "List"), "items");
	lk_expr *low = compare(c, not ? LK_X_LT : LK_X_GE, not ? "<" : ">=", lk_sql_expr(c, x), lk_sql_expr(c, json_array_get(bounds, 0)), at);
	if (!low)
		return NULL;
	lk_expr *high = compare(c, not ? LK_X_GT : LK_X_LE, not ? ">" : "<=", lk_sql_expr(c, x), lk_sql_expr(c, json_array_get(bounds, 1)), at);
	return join(c, not ? LK_X_OR : LK_X_AND, (lk_expr *[]){low, high}, 2, at);
}

static bool has_slot(const lk_expr *x) {
	bool found = x->op == LK_X_SLOT;
	for (int i = 0; i < x->nargs && !found; i++)
		found = has_slot(x->args[i]);
	return found;
}

/* x IN (constants): all of the common type of x and them. fixed[0] is x. */
static lk_expr *in_array(lk_scope *c, int op, lk_expr **fixed, int n, int at) {
	lk_type common;
	uint8_t kind;
	if (!lk_sql_common_type(c, fixed, n, "IN", &common) || !lk_sql_compare_kind(fixed[0]->type, common, &kind))
		return NULL;
	lk_expr *in = lk_expr_new(c, op, type_of(LK_BOOL), at, n);
	for (int i = 0; in && i < n; i++) {
		lk_expr *v = i ? lk_sql_coerce(c, fixed[i], common, false) : fixed[0];
		in->args[i] = lk_sql_coerce(c, v, type_of(kind), false);
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
		parts[i] = compare(c, not ? LK_X_NE : LK_X_EQ, "IN", lk_sql_expr(c, left), parts[i], at);
	if (nfixed == 2)
		parts[nparts++] = compare(c, not ? LK_X_NE : LK_X_EQ, "IN", x, fixed[1], at);
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
		return no_operator(c, at, not ? "NOT LIKE" : "LIKE", x->type, type_of(LK_TEXT), "LIKE needs a text column");
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
	return node2(c, not ? LK_X_NOTLIKE : LK_X_LIKE, type_of(LK_BOOL), at, x,
	             text_constant(c, text, lk_tree_location(pattern), type_of(LK_TEXT)));
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

static lk_expr *a_expr(lk_scope *c, const json_t *f, int at) {
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

/* --- logic --- */

static lk_expr *as_condition(lk_scope *c, lk_expr *x, const char *where) {
	if (!x)
		return NULL;
	if (x->type.kind == LK_UNKNOWN)
		return lk_sql_literal_as(c, x, type_of(LK_BOOL), true);
	if (x->type.kind == LK_BOOL)
		return x;
	lk_stmt_fault(c->s, x->location, "write a comparison, such as x <> 0", "the argument of %s must be boolean, not %s", where,
	              lk_sql_type_text(c, x->type));
	return NULL;
}

lk_expr *lk_sql_condition(lk_scope *c, const json_t *node) { return as_condition(c, lk_sql_expr(c, node), c->clause); }

static lk_expr *bool_expr(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"boolop", "args", "location", NULL};
	const char *kind = lk_tree_str(f, "boolop");
	const json_t *args = json_object_get(f, "args");
	int n = (int)json_array_size(args);
	bool is_not = strcmp(kind, "NOT_EXPR") == 0, is_and = strcmp(kind, "AND_EXPR") == 0;
	if (!lk_tree_only(c->s, f, at, "a condition", keys))
		return NULL;
	lk_expr *x = lk_expr_new(c, is_not ? LK_X_NOT : is_and ? LK_X_AND : LK_X_OR, type_of(LK_BOOL), at, n);
	bool good = x != NULL;
	for (int i = 0; x && i < n; i++) {
		x->args[i] = as_condition(c, lk_sql_expr(c, json_array_get(args, (size_t)i)), is_not ? "NOT" : is_and ? "AND" : "OR");
		good &= x->args[i] != NULL;
	}
	return good ? x : NULL;
}

static lk_expr *null_test(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"arg", "nulltesttype", "location", NULL};
	lk_expr *a = lk_tree_only(c->s, f, at, "IS NULL", keys) ? lk_sql_typed(c, json_object_get(f, "arg")) : NULL;
	bool not = strcmp(lk_tree_str(f, "nulltesttype"), "IS_NOT_NULL") == 0;
	lk_expr *x = a ? lk_expr_new(c, not ? LK_X_NOTNULL : LK_X_ISNULL, type_of(LK_BOOL), at, 1) : NULL;
	if (x)
		x->args[0] = a;
	return x;
}

static lk_expr *negate(lk_scope *c, lk_expr *a) {
	lk_expr *x = a ? lk_expr_new(c, LK_X_NOT, type_of(LK_BOOL), a->location, 1) : NULL;
	if (x)
		x->args[0] = a;
	return x;
}

/* IS TRUE, FALSE, UNKNOWN and their negations, by COALESCE and IS NULL. */
static lk_expr *boolean_test(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"arg", "booltesttype", "location", NULL};
	const char *kind = lk_tree_str(f, "booltesttype");
	lk_expr *a = lk_tree_only(c->s, f, at, "IS TRUE", keys) ? as_condition(c, lk_sql_expr(c, json_object_get(f, "arg")), "IS") : NULL;
	if (!a)
		return NULL;
	if (strstr(kind, "UNKNOWN")) {
		lk_expr *x = lk_expr_new(c, strstr(kind, "NOT") ? LK_X_NOTNULL : LK_X_ISNULL, type_of(LK_BOOL), at, 1);
		if (x)
			x->args[0] = a;
		return x;
	}
	lk_expr *no = lk_expr_new(c, LK_X_CONST, type_of(LK_BOOL), at, 0);
	lk_expr *x = node2(c, LK_X_COALESCE, type_of(LK_BOOL), at, strstr(kind, "FALSE") ? negate(c, a) : a, no);
	return strstr(kind, "NOT") ? negate(c, x) : x;
}

/* --- branches --- */

/* args[from], args[from + step] … and the last one get their common type, which is the node's. */
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

static lk_expr *coalesce(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"args", "location", NULL};
	const json_t *args = json_object_get(f, "args");
	int n = (int)json_array_size(args);
	lk_expr *x = lk_tree_only(c->s, f, at, "COALESCE", keys) ? lk_expr_new(c, LK_X_COALESCE, type_of(LK_TEXT), at, n) : NULL;
	bool good = x != NULL;
	for (int i = 0; x && i < n; i++)
		good &= (x->args[i] = lk_sql_expr(c, json_array_get(args, (size_t)i))) != NULL;
	return good ? unify(c, x, 0, 1, "COALESCE") : NULL;
}

static lk_expr *case_condition(lk_scope *c, const json_t *arg, const json_t *when, int at) {
	if (!arg)
		return as_condition(c, lk_sql_expr(c, when), "CASE WHEN");
	return compare(c, LK_X_EQ, "=", lk_sql_typed(c, arg), lk_sql_expr(c, when), at);
}

static lk_expr *case_expr(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"arg", "args", "defresult", "location", NULL};
	const json_t *whens = json_object_get(f, "args"), *otherwise = json_object_get(f, "defresult");
	int n = (int)json_array_size(whens);
	lk_expr *x = lk_tree_only(c->s, f, at, "CASE", keys) ? lk_expr_new(c, LK_X_CASE, type_of(LK_TEXT), at, 2 * n + 1) : NULL;
	bool good = x != NULL;
	for (int i = 0; x && i < n; i++) {
		const json_t *when = lk_tree_as(json_array_get(whens, (size_t)i), "CaseWhen");
		x->args[2 * i] = case_condition(c, json_object_get(f, "arg"), json_object_get(when, "expr"), lk_tree_location(when));
		x->args[2 * i + 1] = lk_sql_expr(c, json_object_get(when, "result"));
		good &= x->args[2 * i] && x->args[2 * i + 1];
	}
	if (!x)
		return NULL;
	lk_expr **last = &x->args[2 * n];
	*last = otherwise ? lk_sql_expr(c, otherwise) : lk_expr_new(c, LK_X_CONST, type_of(LK_UNKNOWN), at, 0);
	if (*last && !otherwise)
		(*last)->value = lk_null();
	return good && *last ? unify(c, x, 1, 2, "CASE") : NULL;
}

/* --- what is refused --- */

static const struct {
	const char *kind, *what, *hint;
} refused_nodes[] = {
	{"SubLink", "a subquery", "a view reads from one stream; declare another view for the inner query"},
	{"SQLValueFunction", "a clock or session function", "_at is the time at which the log took the event"},
	{"ParamRef", "a parameter", "write a constant"},
	{"A_ArrayExpr", "an array", "write x IN (…)"},
	{"RowExpr", "a row value", "compare the columns one by one"},
	{"MinMaxExpr", "GREATEST or LEAST", "write CASE WHEN a > b THEN a ELSE b END, with IS NULL where it matters"},
	{"CollateClause", "COLLATE", "text always has the collation \"C\"; leave it out"},
	{"A_Indirection", "a field or element selection", "declare the path as a column: \"a.b\" text"},
	{"XmlExpr", "XML", ""},
	{"SetToDefault", "DEFAULT", "write a value"},
	{"GroupingFunc", "GROUPING", ""},
	{"CurrentOfExpr", "CURRENT OF", ""},
};

static lk_expr *refuse_function(lk_scope *c, const json_t *f, int at) {
	const json_t *names = json_object_get(f, "funcname");
	const char *name = lk_tree_string_node(json_array_get(names, json_array_size(names) - 1));
	name = name ? name : "";
	static const char *const windows[] = {"tumble", "hop", "cumulate", "session", NULL};
	for (const char *const *w = windows; *w; w++)
		if (strcmp(name, *w) == 0) {
			lk_stmt_fault(c->s, at, "a window is an item of GROUP BY: tumble(column, '1 minute'); its bounds come by themselves as window_start and window_end",
			              "%s(…) is not supported in %s", name, c->clause);
			return NULL;
		}
	if (lk_aggregate_find(name, false) || lk_aggregate_find(name, true))
		lk_stmt_fault(c->s, at, "an aggregate is an item of the select list of its own: sum(x) AS name",
		              "aggregate %s(…) is not allowed in %s", name, c->clause);
	else
		lk_stmt_fault(c->s, at, "expressions have columns, constants, operators, CASE and COALESCE", "function %s(…) is not supported", name);
	return NULL;
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
	{"ColumnRef", column},       {"A_Const", constant},          {"A_Expr", a_expr},     {"BoolExpr", bool_expr},
	{"NullTest", null_test},     {"BooleanTest", boolean_test},  {"CaseExpr", case_expr}, {"CoalesceExpr", coalesce},
	{"TypeCast", cast},          {"FuncCall", refuse_function},
};

lk_expr *lk_sql_expr(lk_scope *c, const json_t *node) {
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
	c->depth--;
	return x;
}

lk_expr *lk_sql_typed(lk_scope *c, const json_t *node) {
	lk_expr *x = lk_sql_expr(c, node);
	return x && x->type.kind == LK_UNKNOWN ? lk_sql_literal_as(c, x, type_of(LK_TEXT), true) : x;
}
