/* What a name means: a column of the stream, of LATERAL, or of a subquery in the stream's place, whose expression is read
 * in its stead. */
#include <string.h>

#include "expr/function.h"
#include "sql/expr.h"

/* Columns of the stream, with _at, or of what stands in its place. */
static int own_columns(const lk_scope *c) { return c->derived ? c->derived->ncolumns : c->plan->stream->schema.ncolumns + 1; }

int lk_scope_columns(const lk_scope *c) { return own_columns(c) + (c->lateral ? c->plan->nlateral : 0); }

const char *lk_scope_name(const lk_scope *c, int found) {
	int n = own_columns(c);
	if (found >= n)
		return c->plan->lateral_names[found - n];
	if (c->derived)
		return c->derived->columns[found].name;
	return found == lk_slot_at(c->plan->stream) ? "_at" : c->plan->stream->schema.columns[found].name;
}

int lk_scope_find(const lk_scope *c, const char *qualifier, const char *name) {
	bool of_own = !*qualifier || strcmp(qualifier, c->stream_name) == 0;
	bool of_lateral = c->lateral && (!*qualifier || strcmp(qualifier, c->plan->lateral_alias) == 0);
	int found = -1;
	for (int i = 0; i < lk_scope_columns(c); i++)
		if ((i < own_columns(c) ? of_own : of_lateral) && strcmp(lk_scope_name(c, i), name) == 0)
			found = found < 0 ? i : -2;
	return found;
}

static void relocate(lk_expr *x, int at) {
	x->location = at;
	for (int i = 0; i < x->nargs; i++)
		relocate(x->args[i], at);
}

static lk_expr *read_derived(lk_scope *c, int found, int at) {
	const struct lk_derived_column *column = &c->derived->columns[found];
	lk_scope inner = *c->derived->inner;
	inner.depth = c->depth;
	inner.nodes = c->nodes;
	lk_expr *x = column->node ? lk_sql_typed(&inner, column->node) : lk_scope_read(&inner, column->found, at);
	c->nodes = inner.nodes;
	c->too_deep |= inner.too_deep;
	if (x)
		relocate(x, at);
	return x;
}

lk_expr *lk_scope_read(lk_scope *c, int found, int at) {
	int n = own_columns(c);
	if (c->derived && found < n)
		return read_derived(c, found, at);
	int slot = found < n ? found : lk_slot_lateral(c->plan->stream) + found - n;
	lk_expr *x = lk_expr_new(c, LK_X_SLOT, lk_slot_type(c->plan, slot), at, 0);
	if (!x)
		return NULL;
	x->slot = slot;
	for (int row = 0; slot >= lk_slot_lateral(c->plan->stream) && row < c->plan->nrows; row++) {
		uint64_t longest = lk_expr_longest(c->plan->lateral[row * c->plan->nlateral + found - n]);
		x->longest = longest > x->longest ? (uint32_t)longest : x->longest;
	}
	return x;
}
