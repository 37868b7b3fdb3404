/* Making and comparing: what every reader of expressions needs. */
#include <string.h>

#include "sql/expr.h"

bool lk_expr_room(lk_scope *c, int at) {
	if (++c->nodes == LK_MAX_EXPR_NODES + 1)
		lk_stmt_fault(c->s, at, "split the view into several", "the expressions have more than %d parts", LK_MAX_EXPR_NODES);
	return c->nodes <= LK_MAX_EXPR_NODES;
}

lk_expr *lk_expr_new(lk_scope *c, int op, lk_type type, int at, int nargs) {
	if (!lk_expr_room(c, at))
		return NULL;
	lk_expr *x = lk_arena_zalloc(c->s->arena, sizeof *x);
	x->op = (uint8_t)op;
	x->type = type;
	x->location = at;
	x->nargs = nargs;
	x->args = nargs ? lk_arena_zalloc(c->s->arena, sizeof *x->args * (size_t)nargs) : NULL;
	return x;
}

static bool same_value(const lk_expr *a, const lk_expr *b) {
	if (lk_is_null(&a->value) || lk_is_null(&b->value))
		return a->value.state == b->value.state;
	return a->value.scale == b->value.scale && lk_value_compare(a->type, &a->value, &b->value) == 0;
}

bool lk_expr_equal(const lk_expr *a, const lk_expr *b) {
	if (a->op != b->op || a->fn != b->fn || a->nargs != b->nargs || !lk_type_equal(a->type, b->type) || a->slot != b->slot)
		return false;
	if (a->op == LK_X_CONST)
		return same_value(a, b);
	for (int i = 0; i < a->nargs; i++)
		if (!lk_expr_equal(a->args[i], b->args[i]))
			return false;
	return true;
}

lk_expr *lk_expr_pair(lk_scope *c, int op, lk_type type, int at, lk_expr *l, lk_expr *r) {
	lk_expr *x = l && r ? lk_expr_new(c, op, type, at, 2) : NULL;
	if (x) {
		x->args[0] = l;
		x->args[1] = r;
	}
	return x;
}

/* Two edits at one byte are a close and an end: the close, which removes nothing, comes first. */
static bool comes_before(const lk_edit *x, const lk_edit *y) { return x->at != y->at ? x->at < y->at : x->remove < y->remove; }

/* The array doubles when its length is a power of two. */
void lk_sql_edit(lk_scope *c, lk_edit edit) {
	lk_plan *p = c->plan;
	size_t n = (size_t)p->nedits;
	if (!(n & (n - 1))) {
		lk_edit *more = lk_arena_alloc(c->s->arena, sizeof *more * (n ? 2 * n : 1));
		if (n)
			memcpy(more, p->edits, sizeof *more * n);
		p->edits = more;
	}
	int i = p->nedits++;
	for (; i > 0 && comes_before(&edit, &p->edits[i - 1]); i--)
		p->edits[i] = p->edits[i - 1];
	p->edits[i] = edit;
}

lk_expr *lk_sql_text_constant(lk_scope *c, const char *text, int at, lk_type type) {
	lk_expr *x = lk_expr_new(c, LK_X_CONST, type, at, 0);
	if (x)
		x->value = lk_text(lk_arena_strdup(c->s->arena, text), strlen(text));
	return x;
}

lk_expr *lk_sql_cast_node(lk_scope *c, lk_expr *x, lk_type to, int at) {
	lk_expr *cast = lk_expr_new(c, LK_X_CAST, to, at, 1);
	if (cast) {
		cast->args[0] = x;
		cast->written = true;
	}
	return cast;
}
