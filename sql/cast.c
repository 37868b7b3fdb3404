/* Casts: CAST(x AS t), x::t, t 'constant'. */
#include <string.h>

#include "core/time.h"
#include "expr/function.h"
#include "sql/expr.h"
#include "sql/lex.h"

static lk_expr *no_cast(lk_scope *c, const lk_expr *x, lk_type to, int at) {
	bool text = x->type.kind == LK_TEXT, from_double = x->type.kind == LK_FLOAT4 || x->type.kind == LK_FLOAT8;
	const char *hint = text                                 ? "declare the column with the type that you need: it is read when events come in"
	                   : from_double && to.kind == LK_TEXT  ? "its digits depend on the version of PostgreSQL: write round(x::numeric(18,6), 6)::text"
	                   : x->type.kind == LK_INTERVAL        ? "write extract(epoch FROM x), its seconds"
	                   : lk_type_is_integer(x->type) && to.kind == LK_TIME ? "write to_timestamp(x), of seconds since 1970"
	                   : to.kind == LK_BOOL                 ? "write x <> 0"
	                                                        : "";
	lk_stmt_fault(c->s, at, hint, "cannot cast %s to %s", lk_sql_type_text(c, x->type), lk_sql_type_text(c, to));
	return NULL;
}

/* numeric without precision: exact numbers keep their digits. */
static lk_expr *as_any_numeric(lk_scope *c, lk_expr *x, int at) {
	if (lk_type_is_integer(x->type) || x->type.kind == LK_NUMERIC)
		return lk_sql_coerce(c, x, lk_type_of(LK_NUMERIC), false);
	lk_stmt_fault(c->s, at, "write numeric(p,s), such as numeric(18,6)", "a cast of %s to numeric needs a precision", lk_sql_type_text(c, x->type));
	return NULL;
}

static lk_expr *converted(lk_scope *c, lk_expr *x, lk_type to, int at) {
	if (to.kind == LK_NUMERIC && !to.precision)
		return as_any_numeric(c, x, at);
	if (!lk_cast_exists(x->type, to))
		return no_cast(c, x, to, at);
	if (lk_type_equal(x->type, to) && to.kind != LK_NUMERIC)
		return x;
	return lk_sql_cast_node(c, x, to, at);
}

static lk_expr *limited(lk_scope *c, lk_expr *x, int64_t most, int at) {
	lk_expr *n = x && most ? lk_expr_new(c, LK_X_CONST, lk_type_of(LK_INT4), at, 0) : NULL;
	if (!n)
		return x;
	n->value = lk_int(most);
	return lk_sql_call(c, "left", (lk_expr *[]){x, n}, 2, at);
}

/* A numeric constant must fit its precision. */
static bool fits(lk_scope *c, const lk_expr *x, lk_type to, int at) {
	bool good = to.kind != LK_NUMERIC || !to.precision || lk_is_null(&x->value) ||
	            (x->value.n < lk_pow10(to.precision) && x->value.n > -lk_pow10(to.precision));
	if (!good)
		lk_stmt_fault(c->s, at, "give it more digits", "the constant does not fit %s", lk_sql_type_text(c, to));
	return good;
}

lk_expr *lk_sql_cast(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"arg", "typeName", "location", NULL};
	const json_t *name = json_object_get(f, "typeName");
	lk_typename to;
	if (!lk_tree_only(c->s, f, at, "a cast", keys) || !lk_sql_type_name(c->s, name, at, false, &to))
		return NULL;
	lk_expr *x = lk_sql_expr(c, json_object_get(f, "arg"));
	if (!x)
		return NULL;
	bool exact = to.type.kind != LK_NUMERIC || to.type.precision;
	if (x->type.kind == LK_UNKNOWN) {
		x = lk_sql_literal_as(c, x, to.type, exact);
		return x && fits(c, x, to.type, at) ? limited(c, x, to.characters, at) : NULL;
	}
	return limited(c, converted(c, x, to.type, at), to.characters, at);
}
