/* Bounds of numerics. Up to 38 digits a value is one of 128 bits; what may need more is computed digit by digit where
 * it does (core/wide.h), up to a limit that leaves each step of an expression room. A fixed type has one scale; a
 * floating one (type.whole, core/value.h) comes from a division, whose scale PostgreSQL chooses for each value, or from branches
 * of different scales. Three numbers bound its values: digits in all (precision), digits after the point (scale),
 * digits before it (whole). */
#include "expr/function.h"

int lk_numeric_whole(lk_type t) { return t.whole ? t.whole : t.precision - t.scale; }

static int most(int a, int b) { return a > b ? a : b; }

static bool made(lk_type *out, bool floats, int digits, int scale, int whole) {
	*out = (lk_type){.kind = LK_NUMERIC};
	out->precision = (uint8_t)(digits < UINT8_MAX ? digits : UINT8_MAX);
	out->scale = (uint8_t)(scale < UINT8_MAX ? scale : UINT8_MAX);
	if (floats)
		out->whole = (uint8_t)most(1, whole < UINT8_MAX ? whole : UINT8_MAX);
	return digits <= LK_EXPR_DIGITS && scale <= LK_EXPR_DIGITS;
}

/* Both operands are brought to one scale. A value with many digits before the point has few after it, so the digits of a
 * sum are less than the sum of both maxima. */
static bool sum(lk_type l, lk_type r, lk_type *out) {
	int whole = most(lk_numeric_whole(l), lk_numeric_whole(r)), scale = most(l.scale, r.scale), digits = whole + scale;
	if (l.whole || r.whole) {
		int cross = most(lk_numeric_whole(l) + r.scale, lk_numeric_whole(r) + l.scale);
		digits = most(most(l.precision, r.precision), cross);
	}
	return made(out, l.whole || r.whole, digits + 1, scale, whole + 1);
}

/* select_div_scale of PostgreSQL's numeric.c: 16 significant digits or more, counted in groups of four, and never fewer
 * after the point than an operand has. So a quotient has at most 24 digits, unless the operands' own scales ask for
 * more. */
static bool quotient(lk_type l, lk_type r, lk_type *out) {
	enum { SIGNIFICANT = 16, GROUP = 4, MOST_SIGNIFICANT = 24 };
	int whole = lk_numeric_whole(l) + r.scale, own = most(l.scale, r.scale);
	/* of the least quotient, negated */
	int weight = (l.scale + GROUP - 1) / GROUP + most(lk_numeric_whole(r) - 1, 0) / GROUP + 1;
	return made(out, true, most(MOST_SIGNIFICANT, whole + own), most(own, SIGNIFICANT + GROUP * weight), most(whole, 1));
}

bool lk_numeric_bounds(int op, lk_type l, lk_type r, lk_type *out) {
	*out = (lk_type){.kind = LK_NUMERIC};
	if (!l.precision || !r.precision)
		return true;
	int wl = lk_numeric_whole(l), wr = lk_numeric_whole(r);
	switch (op) {
	case LK_X_MUL: return made(out, l.whole || r.whole, l.precision + r.precision, l.scale + r.scale, wl + wr);
	case LK_X_DIV: return quotient(l, r, out);
	case LK_X_MOD: {
		lk_type aligned;
		int whole = wl < wr ? wl : wr, scale = most(l.scale, r.scale);
		return sum(l, r, &aligned) && made(out, l.whole || r.whole, most(whole + scale, 1), scale, whole);
	}
	default: return sum(l, r, out);
	}
}
