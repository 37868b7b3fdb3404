/* HAVING: a condition over group keys and aggregates, for the serving layer, which evaluates it on merged rows.
 *
 * It is read as an expression over the stream that may contain aggregate calls, as slots after those of a row. Then
 * each part that is spelt like a key of GROUP BY becomes that key, and any column left is a fault. The slots of the
 * result are the keys, then plan->aggs.
 *
 * A numeric average has as many digits as PostgreSQL's division gives it, so no type bounds it: it can only be
 * compared. */
#include <string.h>

#include "sql/aggregate.h"
#include "sql/lex.h"

typedef struct having {
	lk_scope *c;
	lk_expr *const *written;
} having;

static bool unbounded(lk_type t) { return t.kind == LK_NUMERIC && t.precision == 0; }

static bool may_have(const lk_expr *x, const lk_expr *arg) {
	if (arg->type.kind == LK_JSON)
		return x->op == LK_X_ISNULL || x->op == LK_X_NOTNULL;
	switch (x->op) {
	case LK_X_CONST:
	case LK_X_SLOT: return true;
	case LK_X_CAST: return x->type.kind == LK_FLOAT8 || !unbounded(arg->type);
	default: return x->type.kind == LK_BOOL || !unbounded(arg->type);
	}
}

static bool settle(const having *h, lk_expr *x) {
	lk_plan *p = h->c->plan;
	lk_stmt *s = h->c->s;
	for (int i = 0; i < p->nkeys; i++)
		if (lk_expr_equal(h->written[i], x)) {
			*x = (lk_expr){.op = LK_X_SLOT, .type = p->keys[i].expr->type, .location = x->location, .slot = i};
			return true;
		}
	if (x->op == LK_X_SLOT && x->slot < p->nslots) {
		lk_stmt_fault(s, x->location, "add it to GROUP BY, or put it into an aggregate; conditions on events go to WHERE",
		              "HAVING names a column that is neither in GROUP BY nor in an aggregate");
		return false;
	}
	if (x->op == LK_X_SLOT)
		x->slot = x->slot - p->nslots + p->nkeys;
	bool good = true;
	for (int i = 0; i < x->nargs; i++) {
		good &= settle(h, x->args[i]);
		if (good && !may_have(x, x->args[i])) {
			if (x->args[i]->type.kind == LK_JSON)
				lk_stmt_fault(s, x->location, "", "a list can only be tested for NULL in HAVING");
			else
				lk_stmt_fault(s, x->location, "compare it, or compare sum(x) with a multiple of count(x)",
				              "an average of integers or numerics can only be compared in HAVING");
			return false;
		}
	}
	return good;
}

/* The byte of the word HAVING: the last one before its condition. */
static int word_at(const lk_stmt *s, int before) {
	int at = 0;
	for (lk_token t = lk_lex(s->text, s->len, 0); t.kind != LK_TOKEN_END && t.at <= before; t = lk_lex(s->text, s->len, t.end))
		if (lk_token_is(s->text, t, "having"))
			at = t.at;
	return at;
}

void lk_sql_having(lk_scope *c, const json_t *clause, lk_expr *const *written) {
	c->clause = "HAVING";
	c->aggregates = true;
	int before = c->s->nfaults;
	lk_expr *x = lk_sql_condition(c, clause);
	c->aggregates = false;
	having h = {c, written};
	c->plan->having_at = word_at(c->s, lk_tree_start(clause, c->s->len));
	if (x && c->s->nfaults == before && settle(&h, x))
		c->plan->having = x;
}
