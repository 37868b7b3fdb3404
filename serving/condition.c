#include "serving/condition.h"

#include <string.h>

enum { MOST_DIGITS = 38, EXPONENT_FRACTION = 20 };

/* The numeric type that can hold the text, with as many digits after the point as the text has, or as there is room for. */
static lk_type number_of(const char *text) {
	static const char digits[] = "0123456789";
	const char *point = strchr(text, '.');
	size_t whole = strspn(text + strspn(text, " +-0"), digits), fraction = point ? strspn(point + 1, digits) : 0;
	size_t room = whole < MOST_DIGITS ? MOST_DIGITS - whole : 0;
	if (strpbrk(text, "eE"))
		fraction = EXPONENT_FRACTION;
	return (lk_type){.kind = LK_NUMERIC, .precision = MOST_DIGITS, .scale = (uint8_t)(fraction < room ? fraction : room)};
}

int lk_condition_no_value(const lk_where *w, lk_type type, const char *reason, lk_error *err) {
	lk_buf name = LK_BUF_INIT;
	lk_type_name(type, &name);
	lk_fail(err, LK_EUSAGE, "\"%s\" is not a value of %s (%s): %s", w->text, w->column, name.data, reason);
	lk_buf_release(&name);
	return LK_EUSAGE;
}

int lk_condition_read(lk_condition *c, const lk_plan *p, int column, const lk_where *w, lk_error *err) {
	lk_type type;
	lk_column_name(p, column, &type);
	return lk_condition_of_type(c, type, column, w, err);
}

int lk_condition_of_type(lk_condition *c, lk_type type, int column, const lk_where *w, lk_error *err) {
	lk_type wide = w->text ? number_of(w->text) : (lk_type){0};
	const char *reason = "";
	*c = (lk_condition){.column = column, .op = w->op, .type = type};
	if (w->op == LK_WHERE_NULL || w->op == LK_WHERE_NOT_NULL)
		return LK_OK;
	if (!lk_type_is_ordered(type)) {
		lk_fail(err, LK_EUSAGE, "--where %s: its values have no order", w->column);
		return lk_hint(err, "you can ask for '%s is not null'", w->column);
	}
	size_t len = strlen(w->text);
	bool exact = type.kind == LK_NUMERIC || lk_type_is_integer(type);
	if (exact && !lk_value_parse(wide, w->text, len, &c->value, &reason)) {
		c->widen = type.kind != LK_NUMERIC;
		c->type = wide;
		return LK_OK;
	}
	return lk_value_parse(type, w->text, len, &c->value, &reason) ? lk_condition_no_value(w, type, reason, err) : LK_OK;
}

bool lk_condition_holds(const lk_condition *c, const lk_value *v) {
	if (c->op == LK_WHERE_NULL || c->op == LK_WHERE_NOT_NULL)
		return lk_is_null(v) == (c->op == LK_WHERE_NULL);
	if (lk_is_null(v))
		return false;
	lk_value wide = c->widen ? lk_numeric(v->i, 0) : *v;
	int order = lk_value_compare(c->type, &wide, &c->value);
	switch (c->op) {
	case LK_WHERE_EQ: return order == 0;
	case LK_WHERE_NE: return order != 0;
	case LK_WHERE_LT: return order < 0;
	case LK_WHERE_LE: return order <= 0;
	case LK_WHERE_GT: return order > 0;
	default: return order >= 0;
	}
}

void lk_condition_sql(const lk_condition *c, const char *name, lk_buf *out) {
	static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">="};
	if (c->op == LK_WHERE_NULL || c->op == LK_WHERE_NOT_NULL) {
		lk_buf_addf(out, "%s IS %sNULL", name, c->op == LK_WHERE_NULL ? "" : "NOT ");
		return;
	}
	lk_buf text = LK_BUF_INIT;
	lk_value_print(c->type, &c->value, &text);
	lk_buf_addf(out, "%s%s %s ", name, c->type.kind == LK_TEXT ? " COLLATE \"C\"" : "", ops[c->op]);
	lk_sql_literal(text.data ? text.data : "", text.len, out);
	lk_buf_adds(out, "::");
	if (c->type.kind == LK_NUMERIC)
		lk_buf_adds(out, "numeric");
	else
		lk_type_name(c->type, out);
	lk_buf_release(&text);
}
