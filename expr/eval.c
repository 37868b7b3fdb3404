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
 *   IS [NOT] NULL      a mark is a NULL
 *
 * Overflow: integers in the node's own type; doubles as PostgreSQL's float.h, infinity from finite operands, and zero
 * from a product of non-zero ones; real arithmetic in float. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "expr/expr.h"
#include "expr/like.h"

static const char *const OVERFLOW = "value out of range: overflow";
static const char *const UNDERFLOW = "value out of range: underflow";
static const char *const NUMERIC_OVERFLOW = "numeric field overflow";
static const char *const BY_ZERO = "division by zero";

static lk_value mark(lk_eval *ev, const char *reason) {
	ev->reason = reason;
	return (lk_value){.state = LK_MARKED};
}

static lk_value boolean(bool b) { return lk_int(b); }

/* The result of a strict operator when an operand has no value: a plain NULL wins over a mark. */
static lk_value absent(const lk_value *a, const lk_value *b) {
	return a->state == LK_NULL || b->state == LK_NULL ? lk_null() : (lk_value){.state = LK_MARKED};
}

static lk_value ranged(uint8_t kind, int64_t i, lk_eval *ev) {
	if (kind == LK_INT2 && i != (int16_t)i)
		return mark(ev, "smallint out of range");
	if (kind == LK_INT4 && i != (int32_t)i)
		return mark(ev, "integer out of range");
	return lk_int(i);
}

static lk_value integer_division(uint8_t kind, int64_t a, int64_t b, lk_eval *ev) {
	if (b == 0)
		return mark(ev, BY_ZERO);
	return a == INT64_MIN && b == -1 ? mark(ev, "bigint out of range") : ranged(kind, a / b, ev);
}

static lk_value integer_op(const lk_expr *x, int64_t a, int64_t b, lk_eval *ev) {
	int64_t r;
	if (x->op == LK_X_DIV)
		return integer_division(x->type.kind, a, b, ev);
	bool overflow = x->op == LK_X_ADD   ? __builtin_add_overflow(a, b, &r)
	                : x->op == LK_X_SUB ? __builtin_sub_overflow(a, b, &r)
	                                    : __builtin_mul_overflow(a, b, &r);
	return overflow ? mark(ev, "bigint out of range") : ranged(x->type.kind, r, ev);
}

static bool below_10_38(lk_int128 n) { return n < lk_pow10(38) && n > -lk_pow10(38); }

static lk_value numeric_op(const lk_expr *x, const lk_value *a, const lk_value *b, lk_eval *ev) {
	lk_int128 l = a->n, m = b->n, r;
	int scale = a->scale + b->scale;
	if (x->op == LK_X_DIV) {
		lk_value q = m ? lk_numeric_div(l, a->scale, m, b->scale) : mark(ev, BY_ZERO);
		return m && lk_is_null(&q) ? mark(ev, NUMERIC_OVERFLOW) : q;
	}
	bool fits = true;
	if (x->op != LK_X_MUL) {
		scale = a->scale > b->scale ? a->scale : b->scale;
		fits = lk_numeric_rescale(l, a->scale, scale, &l) && lk_numeric_rescale(m, b->scale, scale, &m);
	}
	fits = fits && !(x->op == LK_X_ADD   ? __builtin_add_overflow(l, m, &r)
	                 : x->op == LK_X_SUB ? __builtin_sub_overflow(l, m, &r)
	                                     : __builtin_mul_overflow(l, m, &r));
	return fits && below_10_38(r) ? lk_numeric(r, (uint8_t)scale) : mark(ev, NUMERIC_OVERFLOW);
}

static double apply(uint8_t op, double a, double b) {
	return op == LK_X_ADD ? a + b : op == LK_X_SUB ? a - b : op == LK_X_MUL ? a * b : a / b;
}

static float apply_float(uint8_t op, float a, float b) {
	return op == LK_X_ADD ? a + b : op == LK_X_SUB ? a - b : op == LK_X_MUL ? a * b : a / b;
}

static lk_value double_op(const lk_expr *x, double a, double b, lk_eval *ev) {
	if (x->op == LK_X_DIV && b == 0 && !isnan(a))
		return mark(ev, BY_ZERO);
	double r = x->type.kind == LK_FLOAT4 ? (double)apply_float(x->op, (float)a, (float)b) : apply(x->op, a, b);
	if (isinf(r) && !isinf(a) && (x->op == LK_X_DIV || !isinf(b)))
		return mark(ev, OVERFLOW);
	if (r == 0 && a != 0 && (x->op == LK_X_MUL ? b != 0 : x->op == LK_X_DIV && !isinf(b)))
		return mark(ev, UNDERFLOW);
	return lk_double(r);
}

static lk_value eval_arithmetic(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value a = lk_expr_eval(x->args[0], row, ev), b = lk_expr_eval(x->args[1], row, ev);
	if (lk_is_null(&a) || lk_is_null(&b))
		return absent(&a, &b);
	switch (x->type.kind) {
	case LK_NUMERIC: return numeric_op(x, &a, &b, ev);
	case LK_FLOAT4:
	case LK_FLOAT8: return double_op(x, a.d, b.d, ev);
	default: return integer_op(x, a.i, b.i, ev);
	}
}

static lk_value eval_negation(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value a = lk_expr_eval(x->args[0], row, ev);
	if (lk_is_null(&a))
		return a;
	switch (x->type.kind) {
	case LK_NUMERIC: return lk_numeric(-a.n, a.scale);
	case LK_FLOAT4:
	case LK_FLOAT8: return lk_double(-a.d);
	default: return a.i == INT64_MIN ? mark(ev, "bigint out of range") : ranged(x->type.kind, -a.i, ev);
	}
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
	return boolean(lk_like(a.s, a.len, pattern.s, pattern.len) == (x->op == LK_X_LIKE));
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

/* PostgreSQL converts through the decimal text. Up to 2^53 units and 10^22 both operands are exact, so one division
 * gives the same double. */
static double numeric_to_double(const lk_value *v, bool to_float) {
	const lk_int128 exact = INT64_C(1) << 53;
	if (!to_float && v->scale <= 22 && v->n <= exact && v->n >= -exact) {
		double power = 1;
		for (int i = 0; i < v->scale; i++)
			power *= 10;
		return (double)v->n / power;
	}
	lk_buf text = LK_BUF_INIT;
	lk_int128_print(v->n, v->scale, &text);
	double d = to_float ? (double)strtof(text.data, NULL) : strtod(text.data, NULL);
	lk_buf_release(&text);
	return d;
}

static lk_value to_numeric(lk_type from, lk_type to, const lk_value *v, lk_eval *ev) {
	lk_int128 n = from.kind == LK_NUMERIC ? v->n : v->i;
	if (!lk_numeric_rescale(n, from.kind == LK_NUMERIC ? v->scale : 0, to.scale, &n))
		return mark(ev, NUMERIC_OVERFLOW);
	if (to.precision && (n >= lk_pow10(to.precision) || n <= -lk_pow10(to.precision)))
		return mark(ev, NUMERIC_OVERFLOW);
	return lk_numeric(n, to.scale);
}

static lk_value to_double(lk_type from, lk_type to, const lk_value *v, lk_eval *ev) {
	bool to_float = to.kind == LK_FLOAT4;
	if (from.kind == LK_NUMERIC)
		return lk_double(numeric_to_double(v, to_float));
	if (lk_type_is_integer(from))
		return lk_double(to_float ? (double)(float)v->i : (double)v->i);
	if (!to_float || from.kind == LK_FLOAT4)
		return *v;
	double d = (double)(float)v->d;
	if (isinf(d) && !isinf(v->d))
		return mark(ev, OVERFLOW);
	return d == 0 && v->d != 0 ? mark(ev, UNDERFLOW) : lk_double(d);
}

static lk_value eval_cast(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	lk_value v = lk_expr_eval(x->args[0], row, ev);
	lk_type from = x->args[0]->type, to = x->type;
	bool number = lk_type_is_integer(from) || from.kind == LK_NUMERIC;
	if (lk_is_null(&v))
		return v;
	if (to.kind == LK_NUMERIC && number)
		return to_numeric(from, to, &v, ev);
	if (to.kind == LK_FLOAT4 || to.kind == LK_FLOAT8)
		return to_double(from, to, &v, ev);
	if (lk_type_is_integer(to) && lk_type_is_integer(from))
		return ranged(to.kind, v.i, ev);
	return from.kind == to.kind ? v : mark(ev, "no such cast");
}

lk_value lk_expr_eval(const lk_expr *x, const lk_value *row, lk_eval *ev) {
	switch ((enum lk_expr_op)x->op) {
	case LK_X_CONST: return x->value;
	case LK_X_SLOT: return row[x->slot];
	case LK_X_NEG: return eval_negation(x, row, ev);
	case LK_X_ADD:
	case LK_X_SUB:
	case LK_X_MUL:
	case LK_X_DIV: return eval_arithmetic(x, row, ev);
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
	case LK_X_ISNULL:
	case LK_X_NOTNULL: {
		lk_value v = lk_expr_eval(x->args[0], row, ev);
		return boolean(lk_is_null(&v) == (x->op == LK_X_ISNULL));
	}
	case LK_X_IN:
	case LK_X_NOTIN: return eval_in(x, row, ev);
	case LK_X_LIKE:
	case LK_X_NOTLIKE: return eval_like(x, row, ev);
	case LK_X_CASE: return eval_case(x, row, ev);
	case LK_X_COALESCE: return eval_coalesce(x, row, ev);
	case LK_X_CAST: return eval_cast(x, row, ev);
	}
	return lk_null();
}
