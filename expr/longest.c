/* How long the text of an expression can get. */
#include "expr/function.h"

static uint64_t longest_arg(const lk_expr *x, int from, int step) {
	uint64_t most = 0;
	for (int i = from; i < x->nargs; i += step) {
		uint64_t n = lk_expr_longest(x->args[i]);
		most = n > most ? n : most;
	}
	return most;
}

/* A sign, a point and a zero before it, beside the digits; also of a time. */
static uint64_t longest_of(lk_type t) {
	bool many = t.kind == LK_NUMERIC && (t.precision > LK_NUMERIC_DIGITS || t.scale > LK_NUMERIC_DIGITS);
	return many ? LK_EXPR_DIGITS + 3 : 64;
}

uint64_t lk_expr_longest(const lk_expr *x) {
	const bool jsonb = x->type.kind == LK_JSONB;
	if (x->type.kind != LK_TEXT && !jsonb)
		return longest_of(x->type);
	switch (x->op) {
	case LK_X_CONST: return x->value.len;
	case LK_X_CAST: return jsonb ? LK_JSONB_MAX : longest_arg(x, 0, 1);
	case LK_X_CASE: {
		uint64_t n = longest_arg(x, 1, 2), last = lk_expr_longest(x->args[x->nargs - 1]);
		return n > last ? n : last;
	}
	case LK_X_CONCAT: {
		uint64_t sum = 0;
		for (int i = 0; i < x->nargs; i++)
			sum += lk_expr_longest(x->args[i]);
		return sum;
	}
	case LK_X_CALL: return x->fn->longest ? x->fn->longest(x) : longest_arg(x, 0, 1);
	case LK_X_SLOT: return x->longest ? x->longest : jsonb ? LK_JSONB_MAX : LK_TEXT_MAX;
	default: return longest_arg(x, 0, 1);
	}
}
