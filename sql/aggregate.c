/* Aggregate calls of a definition become entries of plan->aggs; equal calls share one.
 *
 * If PostgreSQL has no such aggregate, or one whose result depends on order, the plan notes edits of the user's text,
 * so that the oracle is still that text: sum(x) FILTER (WHERE b) over doubles becomes lk.sum(array_agg(x) FILTER (WHERE
 * b)). */
#include "sql/aggregate.h"
#include "sql/hint.h"
#include "sql/window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "sql/lex.h"

/* The type in which a numeric of at most `most` digits is kept: with one scale, or with few digits also at its largest
 * one. An older version of a view keeps the limit that it was declared with, which only looked at the digits of each
 * value. */
static lk_type stored_type(lk_type t, int most, int older) {
	most = older ? older : most;
	int digits = t.whole && !older ? t.whole + t.scale : t.precision;
	if (t.precision && digits <= (t.whole ? LK_NUMERIC_64_DIGITS : most))
		return t;
	return (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)(t.precision && digits < most ? digits : most), .scale = t.scale};
}

static lk_expr *not_stored(lk_scope *c, const lk_expr *x, int most) {
	if (x->type.whole)
		lk_stmt_fault(c->s, x->location, "write round(x, 6), or compute it of x::double precision",
		              "its digits differ from row to row: it cannot be a key or an argument");
	else
		lk_stmt_fault(c->s, x->location, "write round(x, 10)", "this has %d digits after the point, a key or an argument at most %d",
		              x->type.scale, most);
	return NULL;
}

lk_expr *lk_sql_stored(lk_scope *c, lk_expr *x, int most) {
	if (x->type.kind == LK_INTERVAL) {
		lk_stmt_fault(c->s, x->location, "write extract(epoch FROM x), its seconds", "an interval cannot be a key or an argument");
		return NULL;
	}
	if (lk_type_is_unbounded(x->type)) {
		lk_stmt_fault(c->s, x->location, "write x::numeric(18,6), or x::double precision",
		              "an average of exact numbers has as many digits as each needs: a column needs a type of its own");
		return NULL;
	}
	if (x->type.kind != LK_NUMERIC)
		return x;
	const lk_resolver *r = c->s->resolver;
	lk_type to = stored_type(x->type, most, r && r->stored_digits < LK_NUMERIC_DIGITS ? r->stored_digits : 0);
	if (lk_type_equal(to, x->type))
		return x;
	bool digits_differ = x->type.whole && x->type.scale > LK_NUMERIC_64_DIGITS;
	if (digits_differ || x->type.scale > to.precision)
		return not_stored(c, x, to.precision);
	lk_expr *cast = lk_sql_cast_node(c, x, to, x->location);
	if (cast)
		cast->written = false;
	return cast;
}

lk_expr *lk_sql_key(lk_scope *c, lk_expr *x, int at) {
	if (x->type.kind != LK_JSONB)
		return lk_sql_stored(c, x, LK_NUMERIC_DIGITS);
	lk_stmt_fault(c->s, at, "write a text of it: (x ->> 'key')", "a jsonb cannot be a key: equal ones can have several texts (1.0 and 1.00)");
	return NULL;
}

static const json_t *find_call(const json_t *n, bool (*wanted)(const char *name), bool with_over) {
	const json_t *f = lk_tree_as(n, "FuncCall"), *found = NULL;
	const char *key;
	json_t *item;
	size_t i;
	if (f && wanted(lk_tree_function(f)) && (with_over || !json_object_get(f, "over")))
		return f;
	if (json_is_array(n)) {
		json_array_foreach(n, i, item)
			if ((found = find_call(item, wanted, with_over)))
				break;
	} else if (json_is_object(n)) {
		json_object_foreach((json_t *)n, key, item)
			if ((found = find_call(item, wanted, with_over)))
				break;
	}
	return found;
}

const json_t *lk_sql_find_call(const json_t *n, bool (*wanted)(const char *name)) { return find_call(n, wanted, true); }
bool lk_sql_has_aggregate(const json_t *n) { return find_call(n, lk_aggregate_known, true) != NULL; }
bool lk_sql_has_plain_aggregate(const json_t *n) { return find_call(n, lk_aggregate_known, false) != NULL; }

/* --- what PostgreSQL runs --- */

static void add_edit(lk_scope *c, int at, int remove, const char *insert) {
	lk_sql_edit(c, (lk_edit){.at = at, .remove = remove, .insert = insert});
}

static lk_token next_is(const char *text, int len, lk_token t, const char *word, bool *is) {
	t = lk_lex(text, len, t.end);
	*is = lk_token_is(text, t, word);
	return t;
}

/* A call in the text: name ( x [, constant] ) [FILTER ( … )] [OVER ( … ) | OVER name] */
typedef struct call_text {
	int name, open, comma, close, end;   /* comma: 0 without; end: after all of it */
} call_text;

/* The parenthesis that closes the one at t; *comma: the last comma between them, on their level. */
static lk_token closing(const char *text, int len, lk_token t, int *comma) {
	int depth = 0;
	for (; t.kind != LK_TOKEN_END; t = lk_lex(text, len, t.end)) {
		depth += lk_token_is(text, t, "(") + lk_token_is(text, t, "[");
		depth -= lk_token_is(text, t, ")") + lk_token_is(text, t, "]");
		if (depth == 1 && lk_token_is(text, t, ","))
			*comma = t.at;
		if (depth == 0)
			break;
	}
	return t;
}

static call_text call_in_text(const lk_stmt *s, int at) {
	int unused = 0;
	bool is;
	lk_token t = lk_lex(s->text, s->len, at);
	call_text c = {.name = at};
	t = lk_lex(s->text, s->len, t.end);
	c.open = t.end;
	t = closing(s->text, s->len, t, &c.comma);
	c.close = t.at;
	c.end = t.end;
	t = next_is(s->text, s->len, t, "filter", &is);
	if (is) {
		t = closing(s->text, s->len, lk_lex(s->text, s->len, t.end), &unused);
		c.end = t.end;
		t = next_is(s->text, s->len, t, "over", &is);
	} else {
		is = lk_token_is(s->text, t, "over");
	}
	if (!is)
		return c;
	t = next_is(s->text, s->len, t, "(", &is);
	c.end = is ? closing(s->text, s->len, t, &unused).end : t.end;
	return c;
}

/* The place of a row: that of its event in the log, and its own in the event. */
static const char *event_order(lk_scope *c) {
	const char *text = " ORDER BY _ts, _part, _off";
	for (int i = 0; i < c->plan->nlaterals; i++)
		text = lk_stmt_text(c->s, "%s, _ord%d", text, i);
	return text;
}

/* A call that is read twice (x BETWEEN …) is edited once. */
static void note_edits(lk_scope *c, const lk_agg *a, int at) {
	call_text t = call_in_text(c->s, at);
	for (int i = 0; i < c->plan->nedits; i++)
		if (c->plan->edits[i].at == t.name || c->plan->edits[i].at == t.end)
			return;
	if (a->verbs->oracle == LK_ORACLE_AS_DOUBLE)
		add_edit(c, t.end, 0, "::double precision");
	if (a->verbs->oracle < LK_ORACLE_ARRAY)
		return;
	char param[48] = "";
	if (a->verbs->param)
		snprintf(param, sizeof param, "%.17g, ", a->param);
	add_edit(c, t.name, t.open - t.name, lk_stmt_text(c->s, "lk.%s(%sarray_agg(", a->verbs->name, param));
	if (t.comma)
		add_edit(c, t.comma, t.close - t.comma, "");
	if (a->verbs->oracle == LK_ORACLE_IN_ORDER)
		add_edit(c, t.close, 0, event_order(c));
	add_edit(c, t.end, 0, ")");
}

/* --- calls --- */

static bool same_call(const lk_agg *a, const lk_agg *b) {
	return a->verbs == b->verbs && a->param == b->param && (!a->arg || lk_expr_equal(a->arg, b->arg)) &&
	       !a->filter == !b->filter && (!a->filter || lk_expr_equal(a->filter, b->filter));
}

static int add(lk_scope *c, const lk_agg *a, int at) {
	lk_plan *p = c->plan;
	for (int i = 0; i < p->naggs; i++)
		if (same_call(a, &p->aggs[i]))
			return i;
	if (p->naggs == LK_MAX_AGGS) {
		lk_stmt_fault(c->s, at, "split the view into several", "the view has more than %d aggregates", LK_MAX_AGGS);
		return -1;
	}
	p->aggs[p->naggs] = *a;
	p->aggs[p->naggs].state_offset = p->state_size;
	p->state_size += a->verbs->state_size;
	p->fold_only |= a->verbs->fold_only;
	return p->naggs++;
}

/* An argument or filter. It contains no aggregate, even if the call itself is in HAVING. */
static lk_expr *read_inside(lk_scope *c, const char *clause, const json_t *node, bool condition) {
	lk_scope inner = *c;
	inner.clause = clause;
	inner.aggregates = false;
	lk_expr *x = condition ? lk_sql_condition(&inner, node) : lk_sql_expr(&inner, node);
	c->nodes = inner.nodes;
	c->too_deep = inner.too_deep;
	return x;
}

/* count only asks whether there is a value, so its argument keeps all digits. */
static lk_expr *read_argument(lk_scope *c, const json_t *node, const char *name, bool distinct, int at) {
	lk_expr *x = read_inside(c, "the argument of an aggregate", node, false);
	if (!x)
		return NULL;
	if (x->type.kind == LK_UNKNOWN) {
		lk_stmt_fault(c->s, at, "write a column", "%s of a constant without a type is not supported", name);
		return NULL;
	}
	bool ordered = strcmp(name, "min") == 0 || strcmp(name, "max") == 0;
	if (ordered && x->type.kind == LK_TEXT && !lk_expr_collates(c->plan, x) && !lk_sql_no_collation(c, at, "the order"))
		return NULL;
	return strcmp(name, "count") == 0 && !distinct ? x : lk_sql_stored(c, x, lk_aggregate_digits(name, distinct));
}

/* The second argument: a constant number. */
static bool read_param(lk_scope *c, const json_t *node, lk_agg *a, int at) {
	const lk_aggregate *v = a->verbs;
	lk_expr *x = read_inside(c, "the second argument of an aggregate", node, false);
	if (!x)
		return false;
	lk_expr *number = x->op == LK_X_CONST && lk_type_is_number(x->type) ? lk_sql_coerce(c, x, lk_type_of(LK_FLOAT8), true) : NULL;
	const char *fault = number ? v->param_fault(number->value.d) : "it is not a constant number";
	if (fault) {
		lk_stmt_fault(c->s, x->location ? x->location : at, fault, "%s(x, %s): %s is not valid", v->name, v->param, v->param);
		return false;
	}
	a->param = number->value.d;
	return true;
}

static const char *all_names(lk_stmt *s) {
	const char *text = "aggregates: ";
	for (const lk_aggregate *const *a = lk_aggregates; *a; a++) {
		bool again = false;
		for (const lk_aggregate *const *b = lk_aggregates; b < a; b++)
			again |= strcmp((*b)->name, (*a)->name) == 0;
		if (!again)
			text = lk_stmt_text(s, "%s%s%s", text, a == lk_aggregates ? "" : ", ", (*a)->name);
	}
	return text;
}

static void no_aggregate(lk_scope *c, const json_t *f, const char *name, int at) {
	const char *names[64];
	int n = 0;
	for (const lk_aggregate *const *a = lk_aggregates; *a && n < 64; a++)
		names[n++] = (*a)->name;
	const json_t *path = json_object_get(f, "funcname");        /* EXTRACT is pg_catalog.extract */
	const char *last = lk_tree_string_node(json_array_get(path, json_array_size(path) - 1));
	const char *near = lk_did_you_mean(name, names, n), *hint = last ? lk_sql_function_hint(last) : NULL;
	if (hint)
		lk_stmt_fault(c->s, at, hint, "function %s(…) is not supported in %s", last, c->clause);
	else if (lk_sql_is_window(name))
		lk_stmt_fault(c->s, at, "leave it out: lk adds window_start and window_end before the select list",
		              "%s(…) is not supported in %s", name, c->clause);
	else if (json_array_size(json_object_get(f, "funcname")) > 1)
		lk_stmt_fault(c->s, at, "write the name alone", "a function name with a schema is not supported");
	else
		lk_stmt_fault(c->s, at, near ? lk_stmt_text(c->s, "did you mean %s?", near) : all_names(c->s),
		              "function %s(…) is not supported in %s", name, c->clause);
}

static bool has_form(const char *name, bool star, bool distinct, const lk_aggregate **verbs) {
	for (const lk_aggregate *const *a = lk_aggregates; *a; a++)
		if (strcmp((*a)->name, name) == 0 && (*a)->star == star && (*a)->distinct == distinct) {
			*verbs = *a;
			return true;
		}
	return false;
}

/* The form of the call: f(*), f(DISTINCT x), f(x) or f(x, constant). */
static bool check_form(lk_scope *c, const json_t *f, const char *name, int at, const lk_aggregate **verbs) {
	bool star = lk_tree_flag(f, "agg_star"), distinct = lk_tree_flag(f, "agg_distinct");
	size_t nargs = json_array_size(json_object_get(f, "args"));
	const lk_aggregate *plain = NULL;
	bool usual = has_form(name, false, false, &plain), good = has_form(name, star, distinct, verbs);
	if (distinct && !good) {
		lk_stmt_fault(c->s, at, "leave DISTINCT out; only count has it", "%s(DISTINCT …) is not supported", name);
		return false;
	}
	size_t wanted = good && star ? 0 : usual && plain->param ? 2 : 1;
	if (good && nargs == wanted)
		return true;
	const char *hint = has_form(name, true, false, &plain) ? "write count(*) or count(column)"
	                   : wanted == 2                       ? lk_stmt_text(c->s, "write %s(column, %s)", name, plain->param)
	                                                       : lk_stmt_text(c->s, "write %s(column)", name);
	if (star)
		lk_stmt_fault(c->s, at, hint, "%s(*) does not exist", name);
	else
		lk_stmt_fault(c->s, at, hint, "%s needs exactly %s", name, wanted == 2 ? "two arguments" : "one argument");
	return false;
}

bool lk_sql_read_aggregate(lk_scope *c, const json_t *f, int at, lk_agg *a) {
	const char *name = lk_tree_function_alone(f), *reason = "";
	const json_t *args = json_object_get(f, "args"), *filter = json_object_get(f, "agg_filter");
	const lk_aggregate *verbs = NULL;
	*a = (lk_agg){.arg_type = {.kind = LK_INT8}};
	if (!check_form(c, f, name, at, &verbs))
		return false;
	if (!verbs->star) {
		a->arg = read_argument(c, json_array_get(args, 0), name, verbs->distinct, at);
		if (a->arg && verbs->as_double && lk_type_is_number(a->arg->type))
			a->arg = lk_sql_coerce(c, a->arg, lk_type_of(LK_FLOAT8), true);
		if (!a->arg)
			return false;
		a->arg_type = a->arg->type;
	}
	if (lk_aggregate_resolve(a, name, verbs->star, verbs->distinct, &reason) != 0) {
		lk_stmt_fault(c->s, at, reason, "%s(%s) is not supported", name, lk_sql_type_text(c, a->arg_type));
		return false;
	}
	if ((verbs->param && !read_param(c, json_array_get(args, 1), a, at)) ||
	    (filter && !(a->filter = read_inside(c, "FILTER", filter, true))))
		return false;
	note_edits(c, a, at);
	return true;
}

int lk_sql_aggregate(lk_scope *c, const json_t *f, int at) {
	static const char *const keys[] = {"funcname", "args", "agg_star", "agg_distinct", "agg_filter", "funcformat", "location", NULL};
	const char *name = lk_tree_function_alone(f);
	lk_agg a;
	if (!lk_aggregate_known(name)) {
		no_aggregate(c, f, name, at);
		return -1;
	}
	return lk_tree_only(c->s, f, at, "an aggregate", keys) && lk_sql_read_aggregate(c, f, at, &a) ? add(c, &a, at) : -1;
}

int lk_sql_aggregate_of_time(lk_scope *c, const char *name, int at) {
	const lk_type time = {.kind = LK_TIME};
	const char *reason;
	lk_agg a = {.arg_type = time, .arg = lk_expr_new(c, LK_X_SLOT, time, at, 0)};
	if (!a.arg || lk_aggregate_resolve(&a, name, false, false, &reason) != 0)
		return -1;
	a.arg->slot = c->plan->window.time_slot;
	return add(c, &a, at);
}
