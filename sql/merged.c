/* Expressions over group keys and aggregates: items of the select list, HAVING, ORDER BY. The serving layer evaluates
 * them on merged rows.
 *
 * Such an expression is read as one over the stream that may contain aggregate calls, as slots after those of a row.
 * Then each part that is spelt like a key of GROUP BY becomes that key, and any column left is a fault. The slots of
 * the result are the keys, then plan->aggs. */
#include <string.h>

#include "sql/aggregate.h"
#include "sql/lex.h"

static bool no_key(lk_scope *c, const lk_expr *x) {
	bool having = strcmp(c->clause, "HAVING") == 0;
	if (!c->keys_broken)
		lk_stmt_fault(c->s, x->location,
		              having ? "add it to GROUP BY, or put it into an aggregate; conditions on events go to WHERE"
		                     : "add it to GROUP BY, or put it into an aggregate",
		              "%s names a column that is neither in GROUP BY nor in an aggregate", c->clause);
	return false;
}

/* A list of top_k has no operators. */
static bool may_have(lk_scope *c, const lk_expr *x, const lk_expr *arg) {
	if (arg->type.kind != LK_JSON || x->op == LK_X_ISNULL || x->op == LK_X_NOTNULL)
		return true;
	lk_stmt_fault(c->s, x->location, "", "a list can only be tested for NULL in %s", c->clause);
	return false;
}

static bool settle(lk_scope *c, lk_expr *x) {
	const lk_plan *p = c->plan;
	for (int i = 0; i < p->nkeys; i++)
		if (lk_expr_equal(c->written[i], x)) {
			*x = (lk_expr){.op = LK_X_SLOT, .type = p->keys[i].expr->type, .location = x->location, .slot = i};
			return true;
		}
	if (x->op == LK_X_SLOT && x->slot < p->nslots)
		return no_key(c, x);
	if (x->op == LK_X_SLOT)
		x->slot = x->slot - p->nslots + p->nkeys;
	bool good = true;
	for (int i = 0; i < x->nargs; i++)
		good &= settle(c, x->args[i]) && may_have(c, x, x->args[i]);
	return good;
}

static lk_expr *read_merged(lk_scope *c, const json_t *node, lk_expr *(*read)(lk_scope *c, const json_t *node)) {
	int before = c->s->nfaults;
	c->aggregates = true;
	lk_expr *x = read(c, node);
	c->aggregates = false;
	return x && c->s->nfaults == before && settle(c, x) ? x : NULL;
}

lk_expr *lk_sql_merged(lk_scope *c, const json_t *node) { return read_merged(c, node, lk_sql_typed); }

/* The byte of the word HAVING: the last one before its condition. */
static int word_at(const lk_stmt *s, int before) {
	int at = 0;
	for (lk_token t = lk_lex(s->text, s->len, 0); t.kind != LK_TOKEN_END && t.at <= before; t = lk_lex(s->text, s->len, t.end))
		if (lk_token_is(s->text, t, "having"))
			at = t.at;
	return at;
}

void lk_sql_having(lk_scope *c, const json_t *clause) {
	c->clause = "HAVING";
	c->plan->having_at = word_at(c->s, lk_tree_start(clause, c->s->len));
	c->plan->having = read_merged(c, clause, lk_sql_condition);
}
