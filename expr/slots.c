/* Which slots an expression reads. */
#include "expr/expr.h"

bool lk_expr_reads(const lk_expr *x, int from, int to) {
	bool found = x->op == LK_X_SLOT && x->slot >= from && x->slot < to;
	for (int i = 0; i < x->nargs && !found; i++)
		found = lk_expr_reads(x->args[i], from, to);
	return found;
}

void lk_expr_mark(const lk_expr *x, bool *marks, int n) {
	if (x && x->op == LK_X_SLOT && x->slot < n)
		marks[x->slot] = true;
	for (int i = 0; x && i < x->nargs; i++)
		lk_expr_mark(x->args[i], marks, n);
}
