/* Flattening: a subquery in FROM, or a query of WITH, gives names to expressions over what it reads. Where the outer
 * query uses such a name, the expression is read again in its place, in the scope of its own query; its WHERE joins the
 * plan's. So a plan knows nothing of subqueries. What counts, orders or removes rows cannot be flattened, and is refused.
 *
 * PostgreSQL runs the user's own text with them. Each inner select list gets the columns of the event's windows
 * (sql/to_sql.c), unless it has a star, which brings them along. */
#include "sql/derived.h"

#include <string.h>

#include "sql/aggregate.h"
#include "sql/lex.h"
#include "sql/names.h"

static const struct {
	const char *key, *what, *hint;
} refused[] = {
	{"distinctClause", "DISTINCT", "group in the outer SELECT: GROUP BY the columns"},
	{"groupClause", "GROUP BY", "group in the outer SELECT; for groups of groups, declare a view and query it"},
	{"havingClause", "HAVING", "write it in the outer SELECT"},
	{"windowClause", "WINDOW", "moving windows are for CREATE TABLE … AS SELECT"},
	{"sortClause", "ORDER BY", "leave it out: the order of a subquery decides nothing; or write it in the outer SELECT"},
	{"limitCount", "LIMIT", "write ORDER BY … LIMIT n in the outer SELECT: it leaves the first rows of each window"},
	{"limitOffset", "OFFSET", "leave it out; limit the answer when you read it"},
	{"lockingClause", "FOR UPDATE", "leave it out"},
	{"valuesLists", "VALUES", "write FROM stream, LATERAL (VALUES (…), (…)) AS alias (column, …)"},
};

static bool refuse(lk_scope *c, int at, const char *what, const char *hint) {
	lk_stmt_fault(c->s, at, hint, "a subquery with %s cannot be made a part of the view", what);
	return false;
}

static bool check_form(lk_scope *c, const json_t *query, int at) {
	static const char *const keys[] = {"targetList", "fromClause", "whereClause", "withClause", "windowClause", "limitOption", "op", NULL};
	const json_t *targets = json_object_get(query, "targetList");
	if (!query)
		return refuse(c, at, "INSERT, UPDATE or DELETE", "write SELECT: a view only reads");
	if (strcmp(lk_tree_str(query, "op"), "SETOP_NONE") != 0)
		return refuse(c, lk_tree_start(json_object_get(query, "rarg"), at), "UNION, INTERSECT or EXCEPT", "declare a view for each SELECT");
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (json_object_get(query, refused[i].key) && !(c->plan->makes && strcmp(refused[i].key, "windowClause") == 0))
			return refuse(c, lk_tree_start(json_object_get(query, refused[i].key), at), refused[i].what, refused[i].hint);
	if (c->plan->makes ? lk_sql_has_plain_aggregate(targets) : lk_sql_has_aggregate(targets))
		return refuse(c, lk_tree_start(targets, at), "an aggregate", "aggregate in the outer SELECT; for sums of sums, declare a view and query it");
	return lk_tree_only(c->s, query, at, "a subquery", keys);
}

/* --- columns --- */

/* A reader of the select list. names: new ones for the first columns, or NULL. */
typedef struct reading {
	lk_scope *c;
	lk_derived *d;
	const json_t *names;
	int star_end;      /* columns up to the end of the first star; 0 without */
	bool of_stream;    /* it is stream.* */
} reading;

/* (SELECT …) AS alias (column, …), WITH name (column, …) AS. */
static const char *new_name(const reading *r, int column) { return lk_tree_string_node(json_array_get(r->names, (size_t)column)); }

static bool add_column(reading *r, struct lk_derived_column column, int at) {
	lk_scope *c = r->c;
	lk_derived *d = r->d;
	const char *given = new_name(r, d->ncolumns);
	if (given && !lk_sql_check_column(c->s, "column", given, at))
		return false;
	column.name = lk_arena_strdup(c->s->arena, given ? given : column.name);
	for (int i = 0; i < d->ncolumns; i++)
		if (strcmp(d->columns[i].name, column.name) == 0) {
			lk_stmt_fault(c->s, at, "choose another name", "the subquery has two columns \"%s\"", column.name);
			return false;
		}
	if (d->ncolumns == LK_MAX_COLUMNS + 1) {
		lk_stmt_fault(c->s, at, "select fewer", "the subquery has more than %d columns", LK_MAX_COLUMNS);
		return false;
	}
	d->columns[d->ncolumns++] = column;
	return true;
}

static bool add_star(reading *r, const json_t *value, int at) {
	const json_t *fields = json_object_get(lk_tree_as(value, "ColumnRef"), "fields");
	const char *qualifier = json_array_size(fields) == 2 ? lk_tree_string_node(json_array_get(fields, 0)) : NULL;
	const lk_scope *inner = r->d->inner;
	if (json_array_size(fields) > 1 && (!qualifier || strcmp(qualifier, inner->stream_name) != 0)) {
		lk_stmt_fault(r->c->s, at, "write *, or name the columns", "this star is not supported in a subquery");
		return false;
	}
	for (int i = 0; i < lk_scope_columns(inner); i++)
		if ((!qualifier || strcmp(lk_scope_qualifier(inner, i), qualifier) == 0) && !add_column(r, (struct lk_derived_column){.name = lk_scope_name(inner, i), .found = i}, at))
			return false;
	r->of_stream |= qualifier != NULL;
	r->star_end = r->star_end ? r->star_end : r->d->ncolumns;
	return true;
}

/* The alias, or the name of a column. _at may keep its name; what gets a new one needs none. */
static const char *column_name(const reading *r, const json_t *target, int at) {
	const json_t *value = json_object_get(target, "val"), *fields = json_object_get(lk_tree_as(value, "ColumnRef"), "fields");
	const char *own = fields ? lk_tree_string_node(json_array_get(fields, json_array_size(fields) - 1)) : NULL;
	const char *name = lk_tree_target_name(target);
	if (new_name(r, r->d->ncolumns))
		return new_name(r, r->d->ncolumns);
	if (!name) {
		lk_stmt_fault(r->c->s, at, "write expression AS name", "this column of the subquery has no name");
		return NULL;
	}
	bool is_at = own && strcmp(own, "_at") == 0 && strcmp(name, own) == 0;
	return is_at || lk_sql_check_column(r->c->s, "column", name, at) ? name : NULL;
}

static bool add_target(reading *r, const json_t *target) {
	static const char *const keys[] = {"name", "val", "location", NULL};
	const json_t *value = json_object_get(target, "val");
	int at = lk_tree_start(value, lk_tree_location(target));
	if (!lk_tree_only(r->c->s, target, at, "a select item", keys))
		return false;
	if (lk_tree_is_star(value))
		return add_star(r, value, at);
	const char *name = column_name(r, target, at);
	r->d->inner->clause = "the select list of a subquery";
	if (!name || !lk_sql_typed(r->d->inner, value))   /* its faults are noted once, here */
		return false;
	return add_column(r, (struct lk_derived_column){.name = name, .node = value}, at);
}

/* The word FROM of the select list that begins at `at`. */
static int from_at(const lk_stmt *s, int at) {
	int depth = 0;
	bool distinct = false;   /* IS DISTINCT FROM */
	for (lk_token t = lk_lex(s->text, s->len, at); t.kind != LK_TOKEN_END; t = lk_lex(s->text, s->len, t.end)) {
		depth += lk_token_is(s->text, t, "(") - lk_token_is(s->text, t, ")");
		if (depth == 0 && !distinct && lk_token_is(s->text, t, "from"))
			return t.at;
		distinct = lk_token_is(s->text, t, "distinct");
	}
	return s->len;
}

void lk_sql_note_end(lk_scope *c, const json_t *targets) {
	int at = from_at(c->s, lk_tree_location(lk_tree_as(json_array_get(targets, 0), "ResTarget")));
	lk_sql_edit(c, (lk_edit){.at = at, .of_event = true, .nlaterals = c->plan->nlaterals});
}

static void note_place(const reading *r, const json_t *targets) {
	const lk_scope *inner = r->d->inner;
	int at = from_at(r->c->s, lk_tree_location(lk_tree_as(json_array_get(targets, 0), "ResTarget")));
	lk_sql_edit(r->c, (lk_edit){.at = at, .of_event = !r->star_end, .first_lateral = r->star_end ? inner->first_lateral : 0,
	                            .nlaterals = inner->plan->nlaterals});
}

static bool check_names(const reading *r, int at) {
	int names = (int)json_array_size(r->names), most = r->star_end ? r->star_end : r->d->ncolumns;
	if (names <= most)
		return true;
	if (r->star_end)
		lk_stmt_fault(r->c->s, at, "write expression AS name", "columns after a star cannot be renamed in a list");
	else
		lk_stmt_fault(r->c->s, at, "give at most one name to each column", "the subquery has %d column%s for %d names", most,
		              most == 1 ? "" : "s", names);
	return false;
}

static bool read_columns(lk_scope *c, lk_derived *d, const json_t *targets, const json_t *names, int at) {
	reading r = {.c = c, .d = d, .names = names};
	json_t *item;
	size_t i;
	d->columns = lk_arena_zalloc(c->s->arena, sizeof *d->columns * (LK_MAX_COLUMNS + 1));
	json_array_foreach(targets, i, item)
		if (!add_target(&r, lk_tree_as(item, "ResTarget")))
			return false;
	if (!r.star_end || r.of_stream)   /* a star brings them along, that of the stream alone what the stream has of them */
		note_place(&r, targets);
	return check_names(&r, at);
}

/* --- the query --- */

void lk_sql_where(lk_scope *c, const json_t *condition) {
	lk_plan *p = c->plan;
	c->clause = "WHERE";
	lk_expr *x = condition ? lk_sql_condition(c, condition) : NULL;
	lk_expr **into = p->overs.ncalls ? &p->after : &p->where;
	if (x)
		*into = *into ? lk_expr_pair(c, LK_X_AND, lk_type_of(LK_BOOL), x->location, *into, x) : x;
}

bool lk_sql_derived(lk_scope *c, const json_t *query, const json_t *columns, const lk_with *with, int at) {
	lk_derived *d = lk_arena_zalloc(c->s->arena, sizeof *d);
	lk_scope *inner = lk_arena_zalloc(c->s->arena, sizeof *inner);
	int before = c->s->nfaults;
	*inner = (lk_scope){.s = c->s, .plan = c->plan, .read = c->read, .from = c->from, .with = (lk_with *)with, .clause = c->clause, .nodes = c->nodes, .depth = c->depth + 1};
	d->inner = inner;
	inner->windows = json_object_get(query, "windowClause");
	if (inner->depth > LK_MAX_EXPR_DEPTH) {
		lk_stmt_fault(c->s, at, "write fewer", "subqueries are nested more than %d deep", LK_MAX_EXPR_DEPTH);
		return false;
	}
	if (!check_form(c, query, at) || !lk_sql_with(inner, query) || !c->from(inner, json_object_get(query, "fromClause")))
		return false;
	lk_sql_with_used(inner, with);
	lk_sql_where(inner, json_object_get(query, "whereClause"));
	if (!read_columns(c, d, json_object_get(query, "targetList"), columns, at))
		return false;
	c->nodes = inner->nodes;
	c->derived = d;
	c->plan->flattened = true;
	return c->s->nfaults == before;
}

/* --- WITH --- */

static bool add_with(lk_scope *c, const json_t *f) {
	static const char *const keys[] = {"ctename", "aliascolnames", "ctematerialized", "ctequery", "location", NULL};
	int at = lk_tree_location(f);
	if (!lk_tree_only(c->s, f, at, "WITH", keys))
		return false;
	lk_with *w = lk_arena_zalloc(c->s->arena, sizeof *w);
	*w = (lk_with){.before = c->with, .name = lk_tree_str(f, "ctename"), .columns = json_object_get(f, "aliascolnames"), .at = at,
	               .query = lk_tree_as(json_object_get(f, "ctequery"), "SelectStmt")};
	c->with = w;
	return true;
}

bool lk_sql_with(lk_scope *c, const json_t *select) {
	const json_t *with = json_object_get(select, "withClause");
	const lk_with *before = c->with;
	json_t *item;
	size_t i;
	if (lk_tree_flag(with, "recursive")) {
		lk_stmt_fault(c->s, lk_tree_location(with), "leave RECURSIVE out: a query of WITH can read the ones before it",
		              "WITH RECURSIVE is not supported");
		return false;
	}
	json_array_foreach(json_object_get(with, "ctes"), i, item) {
		const json_t *f = lk_tree_as(item, "CommonTableExpr");
		for (const lk_with *w = c->with; w != before; w = w->before)
			if (strcmp(w->name, lk_tree_str(f, "ctename")) == 0) {
				lk_stmt_fault(c->s, lk_tree_location(f), "choose another name", "WITH has two queries \"%s\"", w->name);
				return false;
			}
		if (!f || !add_with(c, f))
			return false;
	}
	return true;
}

void lk_sql_with_used(lk_scope *c, const lk_with *until) {
	for (const lk_with *w = c->with; w != until; w = w->before)
		if (!w->used)
			lk_stmt_fault(c->s, w->at, "leave it out", "nothing reads the query \"%s\" of WITH", w->name);
}

lk_with *lk_sql_find_with(const lk_scope *c, const char *name) {
	for (lk_with *w = c->with; w; w = (lk_with *)w->before)
		if (strcmp(w->name, name) == 0)
			return w;
	return NULL;
}
