/* Arithmetic of numbers.
 *
 * Overflow: integers in the node's own type; doubles as PostgreSQL's float.h, infinity from finite operands, and zero
 * from a product or quotient of non-zero ones; real arithmetic in float. A numeric that does not fit 38 digits is
 * computed digit by digit: core/wide.h. */
#include <math.h>

#include "core/wide.h"
#include "expr/private.h"

const char LK_OVERFLOW[] = "value out of range: overflow", LK_UNDERFLOW[] = "value out of range: underflow",
           LK_NUMERIC_OVERFLOW[] = "numeric field overflow", LK_DIVISION_BY_ZERO[] = "division by zero",
           LK_ZERO_TO_NEGATIVE[] = "zero raised to a negative power is undefined",
           LK_COMPLEX_POWER[] = "a negative number raised to a non-integer power yields a complex result";

lk_value lk_ranged(uint8_t kind, int64_t i, lk_eval *ev) {
	if (kind == LK_INT2 && i != (int16_t)i)
		return lk_mark(ev, "smallint out of range");
	if (kind == LK_INT4 && i != (int32_t)i)
		return lk_mark(ev, "integer out of range");
	return lk_int(i);
}

/* The remainder of -1 is 0 for every dividend; the least integer over -1 is out of range. */
static lk_value integer_quotient(const lk_expr *x, int64_t a, int64_t b, lk_eval *ev) {
	if (b == 0)
		return lk_mark(ev, LK_DIVISION_BY_ZERO);
	if (b == -1 && x->op == LK_X_MOD)
		return lk_int(0);
	if (b == -1 && a == INT64_MIN)
		return lk_mark(ev, "bigint out of range");
	return x->op == LK_X_MOD ? lk_int(a % b) : lk_ranged(x->type.kind, a / b, ev);
}

static lk_value integer_op(const lk_expr *x, int64_t a, int64_t b, lk_eval *ev) {
	int64_t r;
	if (x->op == LK_X_DIV || x->op == LK_X_MOD)
		return integer_quotient(x, a, b, ev);
	bool overflow = x->op == LK_X_ADD   ? __builtin_add_overflow(a, b, &r)
	                : x->op == LK_X_SUB ? __builtin_sub_overflow(a, b, &r)
	                                    : __builtin_mul_overflow(a, b, &r);
	return overflow ? lk_mark(ev, "bigint out of range") : lk_ranged(x->type.kind, r, ev);
}

static bool below_10_38(lk_int128 n) { return n < lk_pow10(38) && n > -lk_pow10(38); }

static bool wide_result(int op, const lk_wide *l, lk_wide *r, lk_wide *out) {
	switch (op) {
	case LK_X_SUB: r->negative = !r->negative; /* fall through */
	case LK_X_ADD: return lk_wide_add(l, r, out);
	case LK_X_MUL: return lk_wide_multiply(l, r, out);
	case LK_X_DIV: return lk_wide_divide(l, r, out);
	default: return lk_wide_remainder(l, r, out);
	}
}

/* What does not fit 128 bits. */
static lk_value wide_op(const lk_expr *x, const lk_value *a, const lk_value *b, lk_eval *ev) {
	lk_wide l, r, out;
	lk_wide_of(a, &l);
	lk_wide_of(b, &r);
	if ((x->op == LK_X_DIV || x->op == LK_X_MOD) && lk_wide_is_zero(&r))
		return lk_mark(ev, LK_DIVISION_BY_ZERO);
	return wide_result(x->op, &l, &r, &out) ? lk_wide_value(&out, ev->arena) : lk_mark(ev, LK_NUMERIC_OVERFLOW);
}

static lk_value numeric_quotient(const lk_expr *x, const lk_value *a, const lk_value *b, lk_eval *ev) {
	if (b->n == 0)
		return lk_mark(ev, LK_DIVISION_BY_ZERO);
	lk_value v = lk_numeric_div(a->n, a->scale, b->n, b->scale);
	return v.state == LK_MARKED ? wide_op(x, a, b, ev) : v;
}

static lk_value numeric_op(const lk_expr *x, const lk_value *a, const lk_value *b, lk_eval *ev) {
	lk_int128 l = a->n, m = b->n, r = 0;
	int scale = a->scale + b->scale;
	bool fits = scale < LK_WIDE;
	if (a->scale == LK_WIDE || b->scale == LK_WIDE)
		return wide_op(x, a, b, ev);
	if (x->op == LK_X_DIV)
		return numeric_quotient(x, a, b, ev);
	if (x->op != LK_X_MUL) {
		scale = a->scale > b->scale ? a->scale : b->scale;
		fits = lk_numeric_rescale(l, a->scale, scale, &l) && lk_numeric_rescale(m, b->scale, scale, &m);
	}
	if (fits && x->op == LK_X_MOD)
		return m ? lk_numeric(l % m, (uint8_t)scale) : lk_mark(ev, LK_DIVISION_BY_ZERO);
	fits = fits && !(x->op == LK_X_ADD   ? __builtin_add_overflow(l, m, &r)
	                 : x->op == LK_X_SUB ? __builtin_sub_overflow(l, m, &r)
	                                     : __builtin_mul_overflow(l, m, &r));
	return fits && below_10_38(r) ? lk_numeric(r, (uint8_t)scale) : wide_op(x, a, b, ev);
}

lk_value lk_checked_double(double r, bool may_be_infinite, bool may_be_zero, lk_eval *ev) {
	if (isinf(r) && !may_be_infinite)
		return lk_mark(ev, LK_OVERFLOW);
	return r == 0 && !may_be_zero ? lk_mark(ev, LK_UNDERFLOW) : lk_double(r);
}

static double double_result(int op, double a, double b) {
	switch (op) {
	case LK_X_ADD: return a + b;
	case LK_X_SUB: return a - b;
	case LK_X_MUL: return a * b;
	default: return a / b;
	}
}

static double float_result(int op, float a, float b) {
	float r;
	switch (op) {
	case LK_X_ADD: r = a + b; break;
	case LK_X_SUB: r = a - b; break;
	case LK_X_MUL: r = a * b; break;
	default: r = a / b; break;
	}
	return (double)r;
}

static lk_value double_op(const lk_expr *x, double a, double b, lk_eval *ev) {
	bool division = x->op == LK_X_DIV;
	if (division && b == 0 && !isnan(a))
		return lk_mark(ev, LK_DIVISION_BY_ZERO);
	double r = x->type.kind == LK_FLOAT4 ? float_result(x->op, (float)a, (float)b) : double_result(x->op, a, b);
	bool zero = division ? a == 0 || isinf(b) : x->op != LK_X_MUL || a == 0 || b == 0;
	return lk_checked_double(r, isinf(a) || (isinf(b) && !division), zero, ev);
}

lk_value lk_arithmetic(const lk_expr *x, const lk_value *a, const lk_value *b, lk_eval *ev) {
	switch (x->type.kind) {
	case LK_NUMERIC: return numeric_op(x, a, b, ev);
	case LK_FLOAT4:
	case LK_FLOAT8: return double_op(x, a->d, b->d, ev);
	default: return integer_op(x, a->i, b->i, ev);
	}
}

static lk_value negative_numeric(const lk_value *a, lk_eval *ev) {
	lk_wide w;
	if (a->scale != LK_WIDE)
		return lk_numeric(-a->n, a->scale);
	lk_wide_of(a, &w);
	w.negative = !w.negative && !lk_wide_is_zero(&w);
	return lk_wide_value(&w, ev->arena);
}

lk_value lk_negation(const lk_expr *x, const lk_value *a, lk_eval *ev) {
	switch (x->type.kind) {
	case LK_NUMERIC: return negative_numeric(a, ev);
	case LK_FLOAT4:
	case LK_FLOAT8: return lk_double(-a->d);
	case LK_INTERVAL:
		return a->span.us == INT64_MIN || a->span.days == INT32_MIN ? lk_mark(ev, "interval out of range")
		                                                            : lk_interval(-a->span.days, -a->span.us);
	default: return a->i == INT64_MIN ? lk_mark(ev, "bigint out of range") : lk_ranged(x->type.kind, -a->i, ev);
	}
}
