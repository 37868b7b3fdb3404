/* ORDER BY items LIMIT n: the first n rows of each window, after the merge.
 *
 * An item is, as in PostgreSQL, the name of an output, the position of one in the select list, or an expression over
 * group keys and aggregates. Equal rows come in the order of their group keys, so that there is one answer; the keys are
 * in the select list, where the oracle finds them (sql/to_sql.c). */
#include <string.h>

#include "sql/aggregate.h"
#include "sql/lex.h"

static void no_order(lk_scope *c, int at, const char *name) {
	lk_stmt_fault(c->s, at, "leave it out: rows are in the order of their windows first", "%s in ORDER BY is not supported", name);
}

/* The output that a bare name or a position means; -1 if it is neither; -2 with a fault. */
static int named_output(lk_scope *c, const json_t *node, int at) {
	const lk_plan *p = c->plan;
	const json_t *fields = json_object_get(lk_tree_as(node, "ColumnRef"), "fields"), *number = lk_tree_as(node, "A_Const");
	const char *name = json_array_size(fields) == 1 ? lk_tree_string_node(json_array_get(fields, 0)) : NULL;
	int64_t place = 0;
	if (name && (strcmp(name, "window_start") == 0 || strcmp(name, "window_end") == 0)) {
		no_order(c, at, name);
		return -2;
	}
	if (name)
		return lk_plan_output(p, name);
	if (!number)
		return -1;
	if (!json_object_get(number, "ival") || !lk_tree_integer(c->s, number, &place) || place < 1 || place > p->noutputs) {
		lk_stmt_fault(c->s, at, "write the name of an item of the select list", "this constant is no position in the select list");
		return -2;
	}
	return (int)place - 1;
}

static const lk_expr *slot_of(lk_scope *c, const lk_output *o, int at) {
	if (o->kind == LK_OUT_EXPR)
		return o->expr;
	lk_expr *x = lk_expr_new(c, LK_X_SLOT, o->type, at, 0);
	if (x)
		x->slot = o->kind == LK_OUT_KEY ? o->index : c->plan->nkeys + o->index;
	return x;
}

static void read_item(lk_scope *c, const json_t *item, lk_order *o) {
	static const char *const keys[] = {"node", "sortby_dir", "sortby_nulls", "location", NULL};
	const json_t *node = json_object_get(item, "node");
	const char *direction = lk_tree_str(item, "sortby_dir"), *nulls = lk_tree_str(item, "sortby_nulls");
	int at = lk_tree_start(node, c->plan->order_at);
	if (!lk_tree_only(c->s, item, at, "ORDER BY", keys))
		return;
	o->output = named_output(c, node, at);
	if (o->output == -2)
		return;
	o->expr = o->output >= 0 ? slot_of(c, &c->plan->outputs[o->output], at) : lk_sql_merged(c, node);
	o->descending = strcmp(direction, "SORTBY_DESC") == 0;
	o->nulls_first = strcmp(nulls, "SORTBY_NULLS_DEFAULT") == 0 ? o->descending : strcmp(nulls, "SORTBY_NULLS_FIRST") == 0;
	if (o->expr && o->expr->type.kind == LK_JSONB)
		lk_stmt_fault(c->s, at, "order by a part of it: (x ->> 'key')::int", "the order of jsonb is not supported");
	if (o->expr && o->expr->type.kind == LK_JSON)
		lk_stmt_fault(c->s, at, "order by a number, such as count(*)", "a list has no order");
}

/* Where the next item of ORDER BY ends: before its direction, a comma on its level, LIMIT or the end. *next: after the
 * comma. */
static int item_end(const lk_stmt *s, int at, int *next) {
	static const char *const words[] = {"asc", "desc", "nulls", "limit", "fetch", "offset", "for", NULL};
	int depth = 0, end = -1, last = at;
	lk_token t = lk_lex(s->text, s->len, at);
	for (; t.kind != LK_TOKEN_END; t = lk_lex(s->text, s->len, t.end)) {
		depth += lk_token_is(s->text, t, "(") - lk_token_is(s->text, t, ")");
		if (depth < 0 || (depth == 0 && lk_token_is(s->text, t, ",")))
			break;
		for (const char *const *w = words; *w && depth == 0 && end < 0; w++)
			if (lk_token_is(s->text, t, *w))
				end = last;
		last = t.end;
	}
	*next = t.end;
	return end < 0 ? last : end;
}

/* The first word of the clauses, on the level of the select list. */
static int clause_at(const lk_stmt *s, int from) {
	int depth = 0;
	for (lk_token t = lk_lex(s->text, s->len, from); t.kind != LK_TOKEN_END && depth >= 0; t = lk_lex(s->text, s->len, t.end)) {
		depth += lk_token_is(s->text, t, "(") - lk_token_is(s->text, t, ")");
		if (depth == 0 && (lk_token_is(s->text, t, "order") || lk_token_is(s->text, t, "limit") || lk_token_is(s->text, t, "fetch")))
			return t.at;
	}
	return s->len;
}

static void read_limit(lk_scope *c, const json_t *node) {
	const json_t *number = lk_tree_as(node, "A_Const");
	const char *digits = lk_tree_str(json_object_get(number, "fval"), "fval");
	int at = lk_tree_start(node, c->plan->order_at);
	if (lk_tree_flag(number, "isnull"))   /* LIMIT ALL */
		return;
	bool good = number && json_object_get(number, "ival") && !*digits && lk_tree_integer(c->s, number, &c->plan->limit);
	if (!good || c->plan->limit < 1)
		lk_stmt_fault(c->s, at, "write a whole number from 1 on", "this LIMIT is not supported");
}

static void check_keys(lk_scope *c) {
	for (int i = 0; i < c->plan->nkeys; i++)
		if (!*c->plan->keys[i].name)
			lk_stmt_fault(c->s, c->plan->order_at, "add the key to the select list",
			              "LIMIT needs all group keys in the select list: they decide between equal rows");
}

void lk_sql_order(lk_scope *c, const json_t *select) {
	const json_t *items = json_object_get(select, "sortClause"), *limit = json_object_get(select, "limitCount");
	lk_plan *p = c->plan;
	json_t *item;
	size_t i;
	if (!items && !limit)
		return;
	p->order_at = clause_at(c->s, p->select_at);
	c->clause = "ORDER BY";
	if (p->window.kind == LK_W_SESSION) {
		lk_stmt_fault(c->s, p->order_at, "leave it out, and ask when you read: lk query VIEW --sort 'COL desc' --limit N",
		              "%s of sessions is not supported: each has bounds of its own", items ? "ORDER BY" : "LIMIT");
		return;
	}
	if (json_array_size(items) > LK_MAX_ORDER) {
		lk_stmt_fault(c->s, p->order_at, "leave some out", "ORDER BY has more than %d items", LK_MAX_ORDER);
		return;
	}
	p->order = lk_arena_zalloc(c->s->arena, sizeof *p->order * (json_array_size(items) + 1));
	int at = lk_lex(c->s->text, c->s->len, lk_lex(c->s->text, c->s->len, p->order_at).end).end;   /* after ORDER BY */
	json_array_foreach(items, i, item) {
		lk_order *o = &p->order[p->norder++];
		read_item(c, lk_tree_as(item, "SortBy"), o);
		o->at = at;
		o->end = item_end(c->s, at, &at);
	}
	if (strcmp(lk_tree_str(select, "limitOption"), "LIMIT_OPTION_WITH_TIES") == 0)
		lk_stmt_fault(c->s, p->order_at, "write LIMIT n: equal rows come in the order of their group keys", "WITH TIES is not supported");
	if (limit)
		read_limit(c, limit);
	if (p->limit)
		check_keys(c);
}
