/* Which entry of expr/function.h a call or an operator means, by PostgreSQL's rules of resolution
 * (func_select_candidate in its parse_func.c): an exact match; else, of the candidates whose arguments all have implicit
 * casts, the one with most exact matches, then with most preferred types where a cast is needed, then the one that takes
 * a text for a constant without a type. */
#include <string.h>

#include "expr/function.h"
#include "sql/expr.h"

enum { MOST_CANDIDATES = 32 };

/* --- resolution --- */

static bool is_preferred(uint8_t kind) { return kind == LK_FLOAT8 || kind == LK_TEXT || kind == LK_TIME || kind == LK_BOOL; }

static bool takes(const lk_function *f, lk_expr *const *args) {
	for (int i = 0; i < f->nargs; i++)
		if (args[i]->type.kind != LK_UNKNOWN && !lk_sql_implicit(args[i]->type.kind, f->args[i]))
			return false;
	return true;
}

static int exact(const lk_function *f, lk_expr *const *args) {
	int n = 0;
	for (int i = 0; i < f->nargs; i++)
		n += args[i]->type.kind == f->args[i];
	return n;
}

static int preferred(const lk_function *f, lk_expr *const *args) {
	int n = 0;
	for (int i = 0; i < f->nargs; i++)
		n += args[i]->type.kind == f->args[i] || (args[i]->type.kind != LK_UNKNOWN && is_preferred(f->args[i]));
	return n;
}

static int texts(const lk_function *f, lk_expr *const *args) {
	int n = 0;
	for (int i = 0; i < f->nargs; i++)
		n += args[i]->type.kind == LK_UNKNOWN && f->args[i] == LK_TEXT;
	return n;
}

static int preferred_unknowns(const lk_function *f, lk_expr *const *args) {
	int n = 0;
	for (int i = 0; i < f->nargs; i++)
		n += args[i]->type.kind == LK_UNKNOWN && is_preferred(f->args[i]);
	return n;
}

/* Keeps the candidates for which `score` is highest; returns how many. */
static int keep_best(const lk_function **found, int n, lk_expr *const *args, int (*score)(const lk_function *, lk_expr *const *)) {
	int best = -1, kept = 0;
	for (int i = 0; i < n; i++)
		best = score(found[i], args) > best ? score(found[i], args) : best;
	for (int i = 0; i < n; i++)
		if (score(found[i], args) == best)
			found[kept++] = found[i];
	return kept;
}

/* An operator's constant without a type is first taken for one of the other side's type. */
static const lk_function *same_sides(const char *name, lk_expr *const *args) {
	const lk_function *f;
	uint8_t l = args[0]->type.kind, r = args[1]->type.kind, kind = l == LK_UNKNOWN ? r : l;
	for (int i = 0; (l == LK_UNKNOWN) != (r == LK_UNKNOWN) && (f = lk_function_at(i)); i++)
		if (f->flags & LK_F_INFIX && f->args[0] == kind && f->args[1] == kind && strcmp(f->name, name) == 0)
			return f;
	return NULL;
}

static const lk_function *resolve(const char *name, lk_expr *const *args, int nargs, bool infix) {
	static int (*const scores[])(const lk_function *, lk_expr *const *) = {exact, preferred, texts, preferred_unknowns};
	const lk_function *found[MOST_CANDIDATES], *f;
	int n = 0;
	if (infix && (f = same_sides(name, args)))
		return f;
	for (int i = 0; (f = lk_function_at(i)); i++)
		if (f->nargs == nargs && !(f->flags & LK_F_INFIX) == !infix && strcmp(f->name, name) == 0 && takes(f, args) &&
		    n < MOST_CANDIDATES)
			found[n++] = f;
	for (size_t i = 0; n > 1 && i < sizeof scores / sizeof *scores; i++)
		n = keep_best(found, n, args, scores[i]);
	return n == 1 ? found[0] : NULL;
}

/* --- faults --- */

static const char *types_text(lk_scope *c, lk_expr *const *args, int n) {
	const char *text = "";
	for (int i = 0; i < n; i++)
		text = lk_stmt_text(c->s, "%s%s%s", text, i ? ", " : "", args[i]->type.kind == LK_UNKNOWN ? "unknown" : lk_sql_type_text(c, args[i]->type));
	return text;
}

/* "forms: left(text, integer)" */
static const char *forms_hint(lk_scope *c, const char *name) {
	const lk_function *f;
	const char *text = "";
	for (int i = 0; (f = lk_function_at(i)); i++) {
		if (strcmp(f->name, name) != 0 || f->instead || f->flags & LK_F_INFIX)
			continue;
		const char *list = "";
		for (int k = 0; k < f->nargs; k++)
			list = lk_stmt_text(c->s, "%s%s%s", list, k ? ", " : "", lk_sql_type_text(c, lk_type_of(f->args[k])));
		text = lk_stmt_text(c->s, "%s%s%s(%s)", text, *text ? ", " : "its forms are ", name, list);
	}
	return text;
}

static lk_expr *no_function(lk_scope *c, const char *name, lk_expr *const *args, int n, int at) {
	bool zoned = strcmp(name, "date_trunc") == 0 && n == 3;
	bool cut = (strcmp(name, "round") == 0 || strcmp(name, "trunc") == 0) && n == 2;
	uint8_t kind = n ? args[0]->type.kind : LK_UNKNOWN;
	bool doubles = cut && kind != LK_TIME && kind != LK_TIMESTAMP && kind != LK_DATE;
	const char *hint = zoned             ? "write GROUP BY tumble(column, '1 day', 'Europe/Berlin'): windows of a time zone's calendar"
	                   : cut && !doubles ? "write date_trunc('hour', x)"
	                   : doubles         ? lk_stmt_text(c->s, "write %s(x::numeric(18,6), n)", name)
	                                     : forms_hint(c, name);
	lk_stmt_fault(c->s, at, hint, "function %s(%s) does not exist", name, types_text(c, args, n));
	return NULL;
}

/* --- making --- */

/* PostgreSQL takes the collation of any argument that has one. */
static bool collation_known(lk_scope *c, const lk_function *f, lk_expr *const *args) {
	bool known = !(f->flags & LK_F_COLLATED) || lk_expr_collation_known(c->plan, args[0]);
	for (int i = 1; i < f->nargs && !known; i++)
		known = args[i]->type.kind == LK_TEXT && lk_expr_collates(c->plan, args[i]);
	return known;
}

static lk_expr *make(lk_scope *c, const lk_function *f, lk_expr *const *given, int at) {
	lk_expr *args[LK_FUNCTION_ARGS];
	for (int i = 0; i < f->nargs; i++)
		if (!(args[i] = lk_sql_coerce(c, given[i], lk_type_of(f->args[i]), false)))
			return NULL;
	if (!collation_known(c, f, args) && !lk_sql_no_collation(c, at, lk_stmt_text(c->s, "what %s gives", f->name)))
		return NULL;
	const char *fault;
	lk_expr *x = lk_expr_room(c, at) ? lk_call_new(c->s->arena, f, args, &fault) : NULL;
	if (x)
		x->location = at;
	else if (c->nodes <= LK_MAX_EXPR_NODES && f->prepare && strncmp(fault, "argument", 8) != 0)
		lk_stmt_fault(c->s, at, fault, "the constant of %s is not valid", f->name);
	else if (c->nodes <= LK_MAX_EXPR_NODES)
		lk_stmt_fault(c->s, at, f->constants ? "write it as a constant" : f->shorter ? f->shorter : "use shorter operands", "%s", fault);
	return x;
}

lk_expr *lk_sql_call(lk_scope *c, const char *name, lk_expr *const *args, int n, int at) {
	const lk_function *f = resolve(name, args, n, false);
	if (!f)
		return no_function(c, name, args, n, at);
	if (f->instead) {
		lk_stmt_fault(c->s, at, f->instead, "%s of %s is not supported", name, types_text(c, args, n));
		return NULL;
	}
	return make(c, f, args, at);
}

lk_expr *lk_sql_infix(lk_scope *c, const char *name, lk_expr *l, lk_expr *r, int at, bool *exists) {
	lk_expr *args[] = {l, r};
	const lk_function *f = resolve(name, args, 2, true);
	*exists = f != NULL;
	return f ? make(c, f, args, at) : NULL;
}
