/* What PostgreSQL runs of the user's FROM. It is the user's own text, unless
 *  - an aggregate hangs on the order of rows (first, last): then each item also numbers its rows, as _ord0, _ord1, …;
 *  - a function takes texts out of JSON: they have no column's collation there, and get "C" (R8).
 *
 * A function becomes (SELECT _v COLLATE "C" AS name, _n AS _ord0 FROM call WITH ORDINALITY AS _f(_v, _n)) AS alias, where its
 * column has also the alias as a name: PostgreSQL takes the one for the other. Rows of VALUES get one more value. */
#include <string.h>

#include "sql/lateral.h"
#include "sql/lex.h"

typedef struct text {
	lk_scope *c;
	const char *s;
	int len;
} text;

static lk_token next(const text *t, lk_token k) { return lk_lex(t->s, t->len, k.end); }
static bool is(const text *t, lk_token k, const char *word) { return lk_token_is(t->s, k, word); }
static bool is_name(lk_token k) { return k.kind == LK_TOKEN_WORD || k.kind == LK_TOKEN_QUOTED; }

/* The parenthesis that closes the one at k. */
static lk_token closing(const text *t, lk_token k) {
	int depth = 1;
	while (depth && k.kind != LK_TOKEN_END) {
		k = next(t, k);
		depth += is(t, k, "(") - is(t, k, ")");
	}
	return k;
}

static void insert(const text *t, int at, const char *what) { lk_sql_edit(t->c, (lk_edit){.at = at, .insert = what}); }

/* --- VALUES --- */

/* The word VALUES before byte `at`. */
static lk_token values_word(const text *t, int at) {
	lk_token found = {0};
	for (lk_token k = lk_lex(t->s, t->len, 0); k.kind != LK_TOKEN_END && k.at < at; k = next(t, k))
		if (is(t, k, "values") && is(t, next(t, k), "("))
			found = k;
	return found;
}

/* (VALUES (…, 0), (…, 1)) AS alias (column, …, _ord0) */
static void number_values(const text *t, const lk_lateral *l, int index) {
	lk_token k = next(t, values_word(t, l->at));
	for (int row = 0;; row++) {
		k = closing(t, k);
		insert(t, k.at, lk_stmt_text(t->c->s, ", %d", row));
		k = next(t, k);
		if (!is(t, k, ","))
			break;
		k = next(t, k);
	}
	while (!is(t, k, "(") && k.kind != LK_TOKEN_END)
		k = next(t, k);
	insert(t, closing(t, k).at, lk_stmt_text(t->c->s, ", _ord%d", index));
}

/* --- functions --- */

static lk_token token_before(const text *t, int at) {
	lk_token last = {0};
	for (lk_token k = lk_lex(t->s, t->len, 0); k.kind != LK_TOKEN_END && k.at < at; k = next(t, k))
		last = k;
	return last;
}

/* The end of the item whose call ends at k: WITH ORDINALITY, AS, the alias and its list, as far as they are there. */
static int item_end(const text *t, const lk_lateral *l, lk_token k) {
	lk_token n = next(t, k);
	if (l->ordinality) {
		k = next(t, n);
		n = next(t, k);
	}
	if (is(t, n, "as") || (l->aliased && is_name(n))) {
		k = is(t, n, "as") ? next(t, n) : n;
		n = next(t, k);
	}
	return l->aliased && is(t, n, "(") ? closing(t, n).end : k.end;
}

static void put_name(const char *value, const char *name, lk_buf *out) {
	lk_buf_addf(out, "%s AS ", value);
	lk_sql_ident(name, out);
}

static const char *kept(const text *t, lk_buf *b) {
	const char *s = lk_arena_strdup(t->c->s->arena, b->data);
	lk_buf_release(b);
	return s;
}

static const char *opening(const text *t, const lk_lateral *l, int index) {
	const char *value = l->types[0].kind == LK_TEXT ? "_v COLLATE \"C\"" : "_v";
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, is(t, token_before(t, l->at), "lateral") ? "(SELECT " : "LATERAL (SELECT ");
	put_name(value, l->names[0], &b);
	if (l->ordinality)
		put_name(", _n", l->names[1], &b);
	else if (strcmp(l->alias, l->names[0]) != 0) {
		lk_buf_adds(&b, ", ");
		put_name(value, l->alias, &b);
	}
	lk_buf_addf(&b, ", _n AS _ord%d FROM ", index);
	return kept(t, &b);
}

static void number_rows(const text *t, const lk_lateral *l, int index) {
	lk_buf b = LK_BUF_INIT;
	lk_token name = lk_lex(t->s, t->len, l->at), end = closing(t, next(t, name));
	insert(t, l->at, opening(t, l, index));
	put_name(" WITH ORDINALITY AS _f(_v, _n))", l->alias, &b);
	lk_sql_edit(t->c, (lk_edit){.at = end.end, .remove = item_end(t, l, end) - end.end, .insert = kept(t, &b)});
}

void lk_sql_lateral_edits(lk_scope *c) {
	const lk_plan *p = c->plan;
	const text t = {.c = c, .s = c->s->text, .len = c->s->len};
	bool in_order = lk_plan_is_in_order(p);
	for (int i = 0; i < p->nlaterals; i++) {
		const lk_lateral *l = &p->laterals[i];
		if (l->fn && (in_order || l->fn->own_texts))
			number_rows(&t, l, i);
		else if (in_order)
			number_values(&t, l, i);
	}
}
