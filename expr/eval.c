/* Evaluation of expressions over one row.
 *
 * A result is a value, a plain NULL, or a mark: a NULL that stands for an operator that raises in PostgreSQL.
 * PostgreSQL may skip operands (it reorders conditions, and a filter stops at the first NULL), so a mark counts only
 * where no plain answer exists without it:
 *
 *   strict operators   a plain NULL operand: NULL; else a marked operand: marked
 *   AND, OR            false (true) decides; else a plain NULL: NULL; else a mark: marked
 *   x IN (a, b)        x = a OR x = b
 *   CASE               a NULL or marked condition is not true; the branch taken gives its value, marked or not
 *   COALESCE           the first argument with a value; else the last argument, marked or not
 *   NULLIF(a, b)       CASE WHEN a = b THEN NULL ELSE a END
 *   GREATEST, LEAST, concat   skip plain NULLs; a marked argument: marked
 *   IS [NOT] NULL, IS [NOT] DISTINCT FROM   a mark is a NULL
 */
#include <string.h>

#include "expr/like.h"
#include "expr/private.h"

static lk_value boolean(bool b) { return lk_int(b); }
static lk_value marked(void) { return (lk_value){.state = LK_MARKED}; }

/* The result of a strict operator when an operand has no value: a plain NULL wins over a mark. */
static lk_value absent(const lk_value *a, const lk_value *b) {
	return a->state == LK_NULL || b->state == LK_NULL ? lk_null() : marked();
}

static lk_value eval_arithmetic(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value a = lk_expr_eval(x->args[0], row, ev), b = lk_expr_eval(x->args[1], row, ev);
	return lk_is_null(&a) || lk_is_null(&b) ? absent(&a, &b) : lk_arithmetic(x, &a, &b, ev);
}

static lk_value eval_negation(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value a = lk_expr_eval(x->args[0], row, ev);
	return lk_is_null(&a) ? a : lk_negation(x, &a, ev);
}

static bool holds(uint8_t op, int order) {
	switch (op) {
	case LK_X_EQ: return order == 0;
	case LK_X_NE: return order != 0;
	case LK_X_LT: return order < 0;
	case LK_X_LE: return order <= 0;
	case LK_X_GT: return order > 0;
	default: return order >= 0;
	}
}

static lk_value eval_comparison(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value a = lk_expr_eval(x->args[0], row, ev), b = lk_expr_eval(x->args[1], row, ev);
	if (lk_is_null(&a) || lk_is_null(&b))
		return absent(&a, &b);
	return boolean(holds(x->op, lk_value_compare(x->args[0]->type, &a, &b)));
}

/* AND, OR and IN when no operand decided. */
static lk_value undecided(bool any_null, bool any_mark, bool otherwise) {
	return any_null ? lk_null() : any_mark ? (lk_value){.state = LK_MARKED} : boolean(otherwise);
}

static lk_value eval_and_or(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	bool deciding = x->op == LK_X_OR, any_null = false, any_mark = false;
	for (int i = 0; i < x->nargs; i++) {
		lk_value v = lk_expr_eval(x->args[i], row, ev);
		if (v.state == LK_VALUE && (v.i != 0) == deciding)
			return boolean(deciding);
		any_null |= v.state == LK_NULL;
		any_mark |= v.state == LK_MARKED;
	}
	return undecided(any_null, any_mark, !deciding);
}

static lk_value eval_in(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	bool in = x->op == LK_X_IN;
	lk_value a = lk_expr_eval(x->args[0], row, ev);
	if (a.state == LK_NULL)
		return a;
	bool any_null = false, any_mark = a.state == LK_MARKED;
	for (int i = 1; i < x->nargs; i++) {
		lk_value v = lk_expr_eval(x->args[i], row, ev);
		any_null |= v.state == LK_NULL;
		any_mark |= v.state == LK_MARKED;
		if (!lk_is_null(&a) && !lk_is_null(&v) && lk_value_compare(x->args[0]->type, &a, &v) == 0)
			return boolean(in);
	}
	return undecided(any_null, any_mark, !in);
}

static lk_value eval_like(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value a = lk_expr_eval(x->args[0], row, ev), pattern = lk_expr_eval(x->args[1], row, ev);
	if (lk_is_null(&a) || lk_is_null(&pattern))
		return absent(&a, &pattern);
	bool fold = x->op == LK_X_ILIKE || x->op == LK_X_NOTILIKE, positive = x->op == LK_X_LIKE || x->op == LK_X_ILIKE;
	return boolean(lk_like(a.s, a.len, pattern.s, pattern.len, fold) == positive);
}

static lk_value eval_case(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	for (int i = 0; i + 1 < x->nargs; i += 2) {
		lk_value when = lk_expr_eval(x->args[i], row, ev);
		if (when.state == LK_VALUE && when.i)
			return lk_expr_eval(x->args[i + 1], row, ev);
	}
	return lk_expr_eval(x->args[x->nargs - 1], row, ev);
}

static lk_value eval_coalesce(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value v = lk_null();
	for (int i = 0; i < x->nargs; i++) {
		v = lk_expr_eval(x->args[i], row, ev);
		if (!lk_is_null(&v))
			break;
	}
	return v;
}

/* a IS DISTINCT FROM b: two NULLs are equal, and a mark is one. */
static lk_value eval_distinct(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value a = lk_expr_eval(x->args[0], row, ev), b = lk_expr_eval(x->args[1], row, ev);
	return boolean((lk_value_compare(x->args[0]->type, &a, &b) != 0) == (x->op == LK_X_DISTINCT));
}

static lk_value eval_nullif(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value a = lk_expr_eval(x->args[0], row, ev), b = lk_expr_eval(x->args[1], row, ev);
	bool equal = !lk_is_null(&a) && !lk_is_null(&b) && lk_value_compare(x->args[0]->type, &a, &b) == 0;
	return equal ? lk_null() : a;
}

static lk_value eval_extreme(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value best = lk_null();
	int sign = x->op == LK_X_GREATEST ? 1 : -1;
	for (int i = 0; i < x->nargs; i++) {
		lk_value v = lk_expr_eval(x->args[i], row, ev);
		if (v.state == LK_MARKED)
			return v;
		if (v.state == LK_VALUE && (lk_is_null(&best) || sign * lk_value_compare(x->type, &v, &best) > 0))
			best = v;
	}
	return best;
}

static lk_value eval_concat(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value *parts = lk_arena_alloc(ev->arena, sizeof *parts * (size_t)(x->nargs + 1));
	size_t len = 0;
	bool any_mark = false;
	for (int i = 0; i < x->nargs; i++) {
		parts[i] = lk_expr_eval(x->args[i], row, ev);
		any_mark |= parts[i].state == LK_MARKED;
		len += lk_is_null(&parts[i]) ? 0 : parts[i].len;
	}
	if (any_mark)
		return marked();
	char *text = lk_arena_alloc(ev->arena, len + 1), *p = text;
	for (int i = 0; i < x->nargs; i++)
		if (!lk_is_null(&parts[i]))
			p = (char *)memcpy(p, parts[i].len ? parts[i].s : "", parts[i].len) + parts[i].len;
	return lk_text(text, len);
}

static lk_value eval_cast(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value v = lk_expr_eval(x->args[0], row, ev);
	return lk_is_null(&v) ? v : lk_cast_value(x->args[0]->type, x->type, &v, ev);
}

static lk_value eval_call(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value args[LK_FUNCTION_ARGS];
	bool any_null = false, any_mark = false;
	for (int i = 0; i < x->nargs; i++) {
		args[i] = lk_expr_eval(x->args[i], row, ev);
		any_null |= args[i].state == LK_NULL;
		any_mark |= args[i].state == LK_MARKED;
	}
	return any_null ? lk_null() : any_mark ? marked() : x->fn->eval(x, args, ev);
}

lk_value lk_expr_eval(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	switch ((enum lk_expr_op)x->op) {
	case LK_X_CONST: return x->value;
	case LK_X_SLOT: return row[x->slot];
	case LK_X_NEG: return eval_negation(x, row, ev);
	case LK_X_ADD:
	case LK_X_SUB:
	case LK_X_MUL:
	case LK_X_DIV:
	case LK_X_MOD: return eval_arithmetic(x, row, ev);
	case LK_X_EQ:
	case LK_X_NE:
	case LK_X_LT:
	case LK_X_LE:
	case LK_X_GT:
	case LK_X_GE: return eval_comparison(x, row, ev);
	case LK_X_AND:
	case LK_X_OR: return eval_and_or(x, row, ev);
	case LK_X_NOT: {
		lk_value v = lk_expr_eval(x->args[0], row, ev);
		return lk_is_null(&v) ? v : boolean(!v.i);
	}
	case LK_X_DISTINCT:
	case LK_X_NOTDISTINCT: return eval_distinct(x, row, ev);
	case LK_X_ISNULL:
	case LK_X_NOTNULL: {
		lk_value v = lk_expr_eval(x->args[0], row, ev);
		return boolean(lk_is_null(&v) == (x->op == LK_X_ISNULL));
	}
	case LK_X_IN:
	case LK_X_NOTIN: return eval_in(x, row, ev);
	case LK_X_LIKE:
	case LK_X_NOTLIKE:
	case LK_X_ILIKE:
	case LK_X_NOTILIKE: return eval_like(x, row, ev);
	case LK_X_CASE: return eval_case(x, row, ev);
	case LK_X_COALESCE: return eval_coalesce(x, row, ev);
	case LK_X_NULLIF: return eval_nullif(x, row, ev);
	case LK_X_GREATEST:
	case LK_X_LEAST: return eval_extreme(x, row, ev);
	case LK_X_CONCAT: return eval_concat(x, row, ev);
	case LK_X_CAST: return eval_cast(x, row, ev);
	case LK_X_CALL: return eval_call(x, row, ev);
	}
	return lk_null();
}
