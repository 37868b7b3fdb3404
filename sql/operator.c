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

#include "expr/function.h"
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
	bool ordered = op >= LK_X_LT && op <= LK_X_GE;
	uint8_t kind = 0;
	if ((lu && ru) || (!lu && !ru && !lk_sql_compare_kind(l->type, r->type, &kind)))
		return no_operator(c, at, name, l->type, r->type, "compare values of one type");
	if (lu || ru)
		kind = lu ? r->type.kind : l->type.kind;
	if (kind == LK_JSON || (kind == LK_JSONB && ordered))
		return no_operator(c, at, name, l->type, r->type, kind == LK_JSON ? ""
		                   : "compare a part of it: (x ->> 'key')::int, or (x ->> 'key') COLLATE \"C\"");
	l = lk_sql_coerce(c, l, lk_type_of(kind), false);
	r = lk_sql_coerce(c, r, lk_type_of(kind), false);
	if (!l || !r)
		return NULL;
	if (kind == LK_TEXT && ordered && !lk_expr_collates(c->plan, l) && !lk_expr_collates(c->plan, r) &&
	    !lk_sql_no_collation(c, at, "the order"))
		return NULL;
	return lk_expr_pair(c, op, lk_type_of(LK_BOOL), at, l, r);
}

/* Of final values of aggregates a numeric may be unbounded: each value has its own scale, as in PostgreSQL. (This limit is
 * part of a plan's canonical text, and so of what makes another version of a view.) */
static bool is_short(lk_type t) { return t.precision <= LK_NUMERIC_DIGITS && (t.whole || t.scale <= LK_NUMERIC_64_DIGITS); }

static bool numeric_result(lk_scope *c, int op, const lk_expr *l, const lk_expr *r, int at, lk_type *out) {
	bool fits = lk_numeric_bounds(op, l->type, r->type, out), merged = lk_sql_is_merged(c, l) || lk_sql_is_merged(c, r);
	if (c->aggregates && (!fits || (merged && !is_short(*out))))
		*out = lk_type_of(LK_NUMERIC);
	if (fits || c->aggregates)
		return true;
	bool floats = l->type.whole || r->type.whole || op == LK_X_DIV;
	lk_stmt_fault(c->s, at, floats ? "round the quotient, as in round(x / y, 6), or divide x::double precision" : "use numbers with fewer digits",
	              "the result may need %d digits, %d after the point (limit: %d)", out->precision, out->scale, LK_EXPR_DIGITS);
	return false;
}

static lk_expr *of_numbers(lk_scope *c, int op, const char *name, lk_expr *l, lk_expr *r, int at) {
	uint8_t kind;
	lk_sql_compare_kind(l->type, r->type, &kind);
	if (kind >= LK_FLOAT4 && op == LK_X_MOD)
		return no_operator(c, at, name, l->type, r->type, "it exists for integers and numerics");
	l = lk_sql_coerce(c, l, lk_type_of(kind), false);
	r = lk_sql_coerce(c, r, lk_type_of(kind), false);
	lk_type type = lk_type_of(kind);
	if (!l || !r || (kind == LK_NUMERIC && !numeric_result(c, op, l, r, at, &type)))
		return NULL;
	return lk_expr_pair(c, op, type, at, l, r);
}

/* Numbers by their common kind; times and intervals by the table of functions. */
lk_expr *lk_sql_arithmetic(lk_scope *c, int op, const char *name, lk_expr *l, lk_expr *r, int at) {
	if (!l || !r)
		return NULL;
	if (l->type.kind == LK_UNKNOWN && lk_type_is_number(r->type))
		l = lk_sql_coerce(c, l, r->type, false);
	else if (r->type.kind == LK_UNKNOWN && lk_type_is_number(l->type))
		r = lk_sql_coerce(c, r, l->type, false);
	if (!l || !r)
		return NULL;
	if (lk_type_is_number(l->type) && lk_type_is_number(r->type))
		return of_numbers(c, op, name, l, r, at);
	bool exists, both = l->type.kind == LK_UNKNOWN && r->type.kind == LK_UNKNOWN;
	lk_expr *x = both ? NULL : lk_sql_infix(c, name, l, r, at, &exists);
	return x || (!both && exists) ? x : no_operator(c, at, name, l->type, r->type, "");
}

static lk_expr *sign(lk_scope *c, bool minus, const json_t *operand, int at) {
	lk_expr *a = lk_sql_expr(c, operand);
	if (!a)
		return NULL;
	if (!lk_type_is_number(a->type) && !(minus && a->type.kind == LK_INTERVAL)) {
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
	{"+", LK_X_ADD}, {"-", LK_X_SUB}, {"*", LK_X_MUL}, {"/", LK_X_DIV}, {"%", LK_X_MOD}, {"=", LK_X_EQ}, {"<>", LK_X_NE},
	{"<", LK_X_LT}, {"<=", LK_X_LE}, {">", LK_X_GT}, {">=", LK_X_GE},
};

static const struct {
	const char *name, *hint;
} refused_operators[] = {
	{"==", "write ="},
	{"<=>", "write IS NOT DISTINCT FROM"},
	{"&&", "write AND"},
	{"&", "write AND"},
	{"|", "write OR"},
	{"!", "write NOT"},
	{"~~", "write LIKE"},
	{"@", "write abs(x)"},
	{"|/", "write sqrt(x)"},
	{"#", "compare the numbers themselves"},
	{"#>", "chain the operators: x -> 'a' -> 'b'"},
	{"#>>", "chain the operators: x -> 'a' ->> 'b'"},
	{"@>", "compare the parts: x ->> 'key' = 'value'"},
	{"?|", "write x ? 'a' OR x ? 'b'"},
	{"?&", "write x ? 'a' AND x ? 'b'"},
	{"@@", "compare the parts: x ->> 'key' = 'value'"},
	{"@?", "write x -> 'a' -> 'b' IS NOT NULL"},
};

/* a || b: the side that is no text becomes one. */
static lk_expr *joined(lk_scope *c, lk_expr *l, lk_expr *r, int at) {
	if (!l || !r)
		return NULL;
	bool unknown = l->type.kind == LK_UNKNOWN || r->type.kind == LK_UNKNOWN;
	bool jsonb = l->type.kind == LK_JSONB || r->type.kind == LK_JSONB;
	bool text = l->type.kind == LK_TEXT || r->type.kind == LK_TEXT || (unknown && !jsonb);
	if (!text)
		return no_operator(c, at, "||", l->type, r->type, "write x::text || y::text");
	bool exists;
	l = lk_sql_as_text(c, l);
	r = lk_sql_as_text(c, r);
	return l && r ? lk_sql_infix(c, "||", l, r, at, &exists) : NULL;
}

/* An operator of the table: x ~ 'pattern', x ^ y. */
static lk_expr *of_table(lk_scope *c, const char *name, lk_expr *l, lk_expr *r, int at) {
	bool exists;
	if (!l || !r)
		return NULL;
	if ((*name == '-' || *name == '?') && l->type.kind == LK_TEXT)
		return no_operator(c, at, name, l->type, r->type, "declare the column as jsonb, or write x::jsonb");
	if (*name == '~' || *name == '!')
		r = r->op == LK_X_CONST && r->type.kind == LK_UNKNOWN && l->type.kind == LK_TEXT ? lk_sql_as_text(c, r) : r;
	lk_expr *x = lk_sql_infix(c, name, l, r, at, &exists);
	return x || exists ? x : no_operator(c, at, name, l->type, r->type, "");
}

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
	if (op < 0 && l && json_array_size(json_object_get(f, "name")) == 1) {
		if (strcmp(name, "||") == 0)
			return joined(c, lk_sql_expr(c, l), lk_sql_expr(c, r), at);
		if (lk_function_known(name))
			return of_table(c, name, lk_sql_expr(c, l), lk_sql_expr(c, r), at);
	}
	if (op < 0 || !l) {
		const char *hint = "operators: + - * / % ^ || = <> < <= > >= ~ ~* !~ !~* -> ->> ?, AND, OR, NOT, IS, IN, BETWEEN, LIKE, ILIKE";
		for (size_t i = 0; i < sizeof refused_operators / sizeof *refused_operators; i++)
			if (strcmp(refused_operators[i].name, name) == 0)
				hint = refused_operators[i].hint;
		lk_stmt_fault(c->s, at, hint, "operator %s is not supported", name);
		return NULL;
	}
	lk_expr *a = lk_sql_expr(c, l), *b = lk_sql_expr(c, r);
	return op <= LK_X_MOD ? lk_sql_arithmetic(c, op, name, a, b, at) : lk_sql_compare(c, op, name, a, b, at);
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

/* x >= low AND x <= high, or x < low OR x > high. x and the bounds are read anew. */
static lk_expr *between(lk_scope *c, const json_t *x, const json_t *low, const json_t *high, bool not, int at) {
	lk_expr *l = lk_sql_compare(c, not ? LK_X_LT : LK_X_GE, not ? "<" : ">=", lk_sql_expr(c, x), lk_sql_expr(c, low), at);
	if (!l)
		return NULL;
	lk_expr *h = lk_sql_compare(c, not ? LK_X_GT : LK_X_LE, not ? ">" : "<=", lk_sql_expr(c, x), lk_sql_expr(c, high), at);
	return join(c, not ? LK_X_OR : LK_X_AND, (lk_expr *[]){l, h}, 2, at);
}

static lk_expr *read_between(lk_scope *c, const json_t *f, bool not, bool symmetric, int at) {
	const json_t *x = json_object_get(f, "lexpr"), *bounds = json_object_get(lk_tree_as(json_object_get(f, "rexpr"), "List"), "items");
	const json_t *a = json_array_get(bounds, 0), *b = json_array_get(bounds, 1);
	lk_expr *one = between(c, x, a, b, not, at);
	if (!symmetric || !one)
		return one;
	return join(c, not ? LK_X_AND : LK_X_OR, (lk_expr *[]){one, between(c, x, b, a, not, at)}, 2, at);
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

/* The pattern with its own escape character replaced by \ (do_like_escape of PostgreSQL's like_match.c); "" for none. */
static const char *with_escape(lk_scope *c, const char *pattern, const char *escape) {
	lk_buf b = LK_BUF_INIT;
	size_t len = strlen(escape);
	bool escaped = false;
	lk_buf_adds(&b, "");
	for (const char *p = pattern; *p;) {
		if (len && !escaped && strncmp(p, escape, len) == 0) {
			lk_buf_addc(&b, '\\');
			escaped = true;
			p += len;
			continue;
		}
		if (*p == '\\' && !escaped)
			lk_buf_addc(&b, '\\');
		lk_buf_addc(&b, *p++);
		escaped = escaped && ((unsigned char)*p & 0xc0) == 0x80;
	}
	const char *text = lk_arena_strdup(c->s->arena, b.data);
	lk_buf_release(&b);
	return text;
}

static bool one_character(const char *s) {
	int n = 0;
	for (; *s; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n <= 1;
}

/* The text of a constant pattern, 'p' or 'p' ESCAPE 'e'; NULL with a fault. */
static const char *like_pattern(lk_scope *c, const json_t *node, const char *name, int at) {
	const json_t *call = lk_tree_as(node, "FuncCall"), *args = json_object_get(call, "args");
	bool escapes = call && strcmp(lk_tree_function(call), "like_escape") == 0;
	const json_t *pattern = lk_tree_as(escapes ? json_array_get(args, 0) : node, "A_Const");
	const json_t *escape = escapes ? json_object_get(lk_tree_as(json_array_get(args, 1), "A_Const"), "sval") : NULL;
	const json_t *sval = json_object_get(pattern, "sval");
	if (!sval || (escapes && !escape)) {
		lk_stmt_fault(c->s, at, "write the pattern as a string; \\ is the escape character", "%s needs a constant pattern", name);
		return NULL;
	}
	const char *text = lk_tree_str(sval, "sval"), *character = escape ? lk_tree_str(escape, "sval") : "\\";
	if (!one_character(character)) {
		lk_stmt_fault(c->s, at, "write one character, or none", "'%s' is no escape character", character);
		return NULL;
	}
	if (strcmp(character, "\\") != 0)
		text = with_escape(c, text, character);
	for (const char *p = text; *p; p++)
		if (*p == '\\' && !*++p) {
			lk_stmt_fault(c->s, lk_tree_location(pattern), "write \\\\ for a backslash",
			              "%s pattern '%s' ends with the escape character", name, text);
			return NULL;
		}
	return text;
}

static lk_expr *like(lk_scope *c, const json_t *f, bool not, bool fold, int at) {
	const char *name = fold ? "ILIKE" : "LIKE";
	lk_expr *x = lk_sql_expr(c, json_object_get(f, "lexpr"));
	if (!x)
		return NULL;
	if (x->type.kind != LK_TEXT)
		return no_operator(c, at, lk_stmt_text(c->s, "%s%s", not ? "NOT " : "", name), x->type, lk_type_of(LK_TEXT),
		                   lk_stmt_text(c->s, "%s needs a text: write x::text", name));
	const char *text = like_pattern(c, json_object_get(f, "rexpr"), name, at);
	if (!text)
		return NULL;
	if (fold && !lk_expr_collation_known(c->plan, x) && !lk_sql_no_collation(c, at, "what ILIKE finds"))
		return NULL;
	int op = fold ? (not ? LK_X_NOTILIKE : LK_X_ILIKE) : not ? LK_X_NOTLIKE : LK_X_LIKE;
	return lk_expr_pair(c, op, lk_type_of(LK_BOOL), at, x, lk_sql_text_constant(c, text, at, lk_type_of(LK_TEXT)));
}

/* Has PostgreSQL an operator for just these two kinds, so that neither side is cast? */
static bool compared_as_they_are(lk_type l, lk_type r) {
	bool floats = l.kind >= LK_FLOAT4 && l.kind <= LK_FLOAT8 && r.kind >= LK_FLOAT4 && r.kind <= LK_FLOAT8;
	bool times = lk_sql_implicit(l.kind, LK_TIME) && lk_sql_implicit(r.kind, LK_TIME);
	return floats || times || (lk_type_is_integer(l) && lk_type_is_integer(r));
}

/* a, unless it equals b. It has the type in which they are compared; its own where they are compared without a cast: then
 * it is CASE WHEN a = b THEN NULL ELSE a END, and a is read again. */
static lk_expr *nullif(lk_scope *c, const json_t *f, int at) {
	const json_t *left = json_object_get(f, "lexpr");
	lk_expr *l = lk_sql_expr(c, left), *r = lk_sql_expr(c, json_object_get(f, "rexpr"));
	if (!l || !r)
		return NULL;
	bool own = l->type.kind != r->type.kind && compared_as_they_are(l->type, r->type);
	lk_type type = l->type;
	lk_expr *equal = lk_sql_compare(c, LK_X_EQ, "=", l, r, at);
	if (!equal || !own)
		return equal ? lk_expr_pair(c, LK_X_NULLIF, equal->args[0]->type, at, equal->args[0], equal->args[1]) : NULL;
	lk_expr *x = lk_expr_new(c, LK_X_CASE, type, at, 3), *null = lk_expr_new(c, LK_X_CONST, type, at, 0), *again = lk_sql_expr(c, left);
	if (!x || !null || !again)
		return NULL;
	null->value = lk_null();
	x->args[0] = equal;
	x->args[1] = null;
	x->args[2] = again;
	return x;
}

static lk_expr *distinct(lk_scope *c, const json_t *f, bool not, int at) {
	return lk_sql_compare(c, not ? LK_X_NOTDISTINCT : LK_X_DISTINCT, "IS DISTINCT FROM", lk_sql_expr(c, json_object_get(f, "lexpr")),
	                      lk_sql_expr(c, json_object_get(f, "rexpr")), at);
}

static const struct {
	const char *kind, *what, *hint;
} refused_forms[] = {
	{"AEXPR_OP_ANY", "ANY", "write x IN (…)"},
	{"AEXPR_OP_ALL", "ALL", "write x NOT IN (…)"},
	{"AEXPR_SIMILAR", "SIMILAR TO", "write LIKE, or ~ with a regular expression"},
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
	if (strcmp(kind, "AEXPR_LIKE") == 0 || strcmp(kind, "AEXPR_ILIKE") == 0)
		return like(c, f, *name == '!', strcmp(kind, "AEXPR_ILIKE") == 0, at);
	if (strcmp(kind, "AEXPR_NULLIF") == 0)
		return nullif(c, f, at);
	if (strcmp(kind, "AEXPR_DISTINCT") == 0 || strcmp(kind, "AEXPR_NOT_DISTINCT") == 0)
		return distinct(c, f, strcmp(kind, "AEXPR_NOT_DISTINCT") == 0, at);
	if (strstr(kind, "BETWEEN"))
		return read_between(c, f, strstr(kind, "NOT") != NULL, strstr(kind, "_SYM") != NULL, at);
	for (size_t i = 0; i < sizeof refused_forms / sizeof *refused_forms; i++)
		if (strcmp(kind, refused_forms[i].kind) == 0) {
			lk_stmt_fault(c->s, at, refused_forms[i].hint, "%s is not supported", refused_forms[i].what);
			return NULL;
		}
	lk_stmt_fault(c->s, at, "", "this form of expression is not supported (%s)", kind);
	return NULL;
}
