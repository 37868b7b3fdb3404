/* Making, comparing and finding: what every reader of expressions needs. */
#include <string.h>

#include "sql/expr.h"

lk_expr *lk_expr_new(lk_scope *c, int op, lk_type type, int at, int nargs) {
	if (++c->nodes > LK_MAX_EXPR_NODES) {
		if (c->nodes == LK_MAX_EXPR_NODES + 1)
			lk_stmt_fault(c->s, at, "split the view into several", "the expressions have more than %d parts", LK_MAX_EXPR_NODES);
		return NULL;
	}
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
	if (a->op != b->op || a->nargs != b->nargs || !lk_type_equal(a->type, b->type) || a->slot != b->slot)
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

int lk_scope_find(const lk_scope *c, const char *qualifier, const char *name) {
	const lk_plan *p = c->plan;
	int found = -1;
	if (!*qualifier || strcmp(qualifier, c->stream_name) == 0) {
		for (int i = 0; i < p->stream->schema.ncolumns; i++)
			if (strcmp(p->stream->schema.columns[i].name, name) == 0)
				found = i;
		if (strcmp(name, "_at") == 0)
			found = lk_slot_at(p->stream);
	}
	if (c->lateral && (!*qualifier || strcmp(qualifier, p->lateral_alias) == 0))
		for (int i = 0; i < p->nlateral; i++)
			if (strcmp(p->lateral_names[i], name) == 0)
				found = found < 0 ? lk_slot_lateral(p->stream) + i : -2;
	return found;
}

lk_expr *lk_sql_text_constant(lk_scope *c, const char *text, int at, lk_type type) {
	lk_expr *x = lk_expr_new(c, LK_X_CONST, type, at, 0);
	if (x)
		x->value = lk_text(lk_arena_strdup(c->s->arena, text), strlen(text));
	return x;
}
