/* What a name means: a column of the stream, of LATERAL, or of a subquery in the stream's place, whose expression is read
 * in its stead. */
#include <string.h>

#include "expr/function.h"
#include "sql/expr.h"
#include "sql/names.h"

/* Columns of the stream, with _at, or of what stands in its place. */
static int own_columns(const lk_scope *c) { return c->derived ? c->derived->ncolumns : c->plan->stream->schema.ncolumns + 1; }

int lk_scope_columns(const lk_scope *c) {
	int n = own_columns(c);
	for (int i = 0; i < c->nlaterals; i++)
		n += c->plan->laterals[c->first_lateral + i].ncolumns;
	return n;
}

/* The item of FROM that has a column, whose place in the item is *column; NULL if it is the stream's. */
static const lk_lateral *item_of(const lk_scope *c, int found, int *column) {
	const lk_lateral *l = &c->plan->laterals[c->first_lateral];
	*column = found - own_columns(c);
	if (*column < 0)
		return NULL;
	while (*column >= l->ncolumns)
		*column -= l++->ncolumns;
	return l;
}

const char *lk_scope_qualifier(const lk_scope *c, int found) {
	int column;
	const lk_lateral *l = item_of(c, found, &column);
	return l ? l->alias : c->stream_name;
}

bool lk_scope_has(const lk_scope *c, const char *qualifier) {
	bool has = strcmp(qualifier, c->stream_name) == 0;
	for (int i = 0; i < c->nlaterals; i++)
		has |= strcmp(qualifier, c->plan->laterals[c->first_lateral + i].alias) == 0;
	return has;
}

const char *lk_scope_name(const lk_scope *c, int found) {
	int column;
	const lk_lateral *l = item_of(c, found, &column);
	if (l)
		return l->names[column];
	if (c->derived)
		return c->derived->columns[found].name;
	return found == lk_slot_at(c->plan->stream) ? "_at" : c->plan->stream->schema.columns[found].name;
}

int lk_scope_find(const lk_scope *c, const char *qualifier, const char *name) {
	int found = -1;
	for (int i = 0; i < lk_scope_columns(c); i++)
		if (strcmp(lk_scope_name(c, i), name) == 0 && (!*qualifier || strcmp(lk_scope_qualifier(c, i), qualifier) == 0))
			found = found < 0 ? i : -2;
	return found;
}

int lk_scope_whole(const lk_scope *c, const char *name) {
	for (int i = 0, first = own_columns(c); i < c->nlaterals; i++) {
		const lk_lateral *l = &c->plan->laterals[c->first_lateral + i];
		if (l->fn && l->ncolumns == 1 && strcmp(l->alias, name) == 0)
			return first;
		first += l->ncolumns;
	}
	return -1;
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
	int column;
	const lk_lateral *l = item_of(c, found, &column);
	if (c->derived && !l)
		return read_derived(c, found, at);
	int slot = l ? l->slot + column : found;
	lk_expr *x = lk_expr_new(c, LK_X_SLOT, lk_slot_type(c->plan, slot), at, 0);
	if (!x)
		return NULL;
	x->slot = slot;
	for (int i = l && l->fn ? 0 : column; l && i < (l->fn ? 1 : l->nexprs); i += l->ncolumns) {
		uint64_t longest = lk_expr_longest(l->exprs[i]);
		x->longest = longest > x->longest ? (uint32_t)longest : x->longest;
	}
	return x;
}

/* --- new names --- */

static bool check_alias(lk_scope *c, const char *alias, int at) {
	bool twice = strcmp(alias, c->stream_name) == 0;
	for (int i = c->first_lateral; i < c->plan->nlaterals; i++)
		twice |= strcmp(alias, c->plan->laterals[i].alias) == 0;
	if (twice)
		lk_stmt_fault(c->s, at, "choose another alias", "the name \"%s\" is used twice in FROM", alias);
	return !twice;
}

bool lk_scope_add_names(lk_scope *c, lk_lateral *l, const char *const *names, int at) {
	if (!check_alias(c, l->alias, at))
		return false;
	l->names = lk_arena_zalloc(c->s->arena, sizeof *l->names * (size_t)l->ncolumns);
	l->types = lk_arena_zalloc(c->s->arena, sizeof *l->types * (size_t)l->ncolumns);
	for (int i = 0; i < l->ncolumns; i++) {
		l->names[i] = lk_arena_strdup(c->s->arena, names[i]);
		if (!lk_sql_check_column(c->s, "column", names[i], at))
			return false;
		for (int j = 0; j < i; j++)
			if (strcmp(names[i], names[j]) == 0) {
				lk_stmt_fault(c->s, at, "", "column \"%s\" is named twice", names[i]);
				return false;
			}
	}
	return true;
}
