/* CREATE VIEW name [WITH (allowed_lateness, retention)] AS SELECT … GROUP BY …: a plan.
 *
 * GROUP BY items are the window (sql/window.h) and the group keys. If a name there is both a column of the stream
 * and an alias of the select list, it means the column (PostgreSQL's rule). The select list has keys, each equal to an
 * item of GROUP BY, aggregates, and expressions over both. A view without GROUP BY has one row, even over no events.
 *
 * An argument or key that may need more than the 18 digits of a stored numeric gets a cast to numeric(18,s), which
 * raises in PostgreSQL and marks in C, so that both refuse the same values. */
#include <string.h>

#include "core/time.h"
#include "sql/aggregate.h"
#include "sql/derived.h"
#include "sql/from.h"
#include "sql/hint.h"
#include "sql/lateral.h"
#include "sql/lex.h"
#include "sql/names.h"
#include "sql/statements.h"
#include "sql/window.h"

enum { MAX_OUTPUTS = LK_MAX_AGGS };

typedef struct view_reader {
	lk_scope c;
	lk_stmt *s;
	lk_plan *p;
	const json_t *targets;
	lk_expr *keys[LK_MAX_KEYS];   /* as written, before a cast to the stored form */
} view_reader;

/* --- GROUP BY --- */

/* The select item that a bare name in GROUP BY means; NULL if the name is a column of the stream, or unknown. */
static const json_t *aliased(view_reader *v, const json_t *column) {
	const json_t *fields = json_object_get(column, "fields");
	const char *name = json_array_size(fields) == 1 ? lk_tree_string_node(json_array_get(fields, 0)) : NULL;
	if (!name || lk_scope_find(&v->c, "", name) != -1)
		return NULL;
	size_t i;
	json_t *target;
	json_array_foreach(v->targets, i, target) {
		const json_t *f = lk_tree_as(target, "ResTarget");
		const char *own = lk_tree_target_name(f);
		bool plain = !*lk_tree_str(f, "name") && lk_tree_as(json_object_get(f, "val"), "ColumnRef");   /* no other name */
		if (own && !plain && strcmp(own, name) == 0)
			return json_object_get(f, "val");
	}
	return NULL;
}

static void add_key(view_reader *v, const json_t *node, int at) {
	v->c.clause = "GROUP BY";
	lk_expr *x = lk_sql_typed(&v->c, node);
	if (!x)
		return;
	for (int i = 0; i < v->p->nkeys; i++)
		if (lk_expr_equal(v->keys[i], x))
			return;
	if (v->p->nkeys == LK_MAX_KEYS) {
		lk_stmt_fault(v->s, at, "leave some out, or declare another view for them", "GROUP BY has more than %d keys", LK_MAX_KEYS);
		return;
	}
	lk_expr *key = lk_sql_key(&v->c, x, at);
	if (!key)
		return;
	v->p->keys[v->p->nkeys].name = lk_arena_strdup(v->s->arena, "");
	v->p->keys[v->p->nkeys].expr = key;
	v->keys[v->p->nkeys++] = x;
}

/* GROUP BY 1: the first item of the select list. */
static void add_position(view_reader *v, const json_t *constant, int at) {
	int64_t position = 0;
	bool integer = json_object_get(constant, "ival") && lk_tree_integer(v->s, constant, &position);
	if (!integer || position < 1 || position > (int64_t)json_array_size(v->targets)) {
		lk_stmt_fault(v->s, at, "write a column, an expression or an alias", "this constant is no position in the select list");
		return;
	}
	lk_token t = lk_lex(v->s->text, v->s->len, at);
	lk_sql_edit(&v->c, (lk_edit){.at = t.at, .remove = t.end - t.at, .position = (int)position});
	add_key(v, json_object_get(lk_tree_as(json_array_get(v->targets, (size_t)position - 1), "ResTarget"), "val"), at);
}

static void read_group_item(view_reader *v, const json_t *item) {
	const char *kind;
	const json_t *f = lk_tree_node(item, &kind), *alias;
	int at = f ? lk_tree_start(f, 0) : 0;
	if (strcmp(kind, "FuncCall") == 0 && lk_sql_is_window(lk_tree_function_alone(f))) {
		lk_sql_window(&v->c, f, lk_tree_location(f));
	} else if (strcmp(kind, "A_Const") == 0) {
		add_position(v, f, at);
	} else if (strcmp(kind, "GroupingSet") == 0) {
		lk_stmt_fault(v->s, lk_tree_start(f, lk_tree_location(f)), "declare a view for each set of keys",
		              "GROUPING SETS, ROLLUP, CUBE and () are not supported");
	} else if (strcmp(kind, "ColumnRef") == 0 && (alias = aliased(v, f))) {
		add_key(v, alias, at);
	} else {
		add_key(v, item, at);
	}
}

/* --- the select list --- */

static const char *output_name(view_reader *v, const json_t *target, const json_t *value, int at) {
	const char *name = lk_tree_target_name(target);
	bool column = !*lk_tree_str(target, "name") && lk_tree_as(value, "ColumnRef");
	if (column && (!name || (lk_scope_find(&v->c, "", name) == -1 && lk_scope_whole(&v->c, name) == -1)))
		return name;   /* a star, or no column: reading it reports that */
	if (!name) {
		lk_stmt_fault(v->s, at, "write expression AS name", "this item of the select list has no name");
		return NULL;
	}
	if (lk_plan_output(v->p, name) >= 0) {
		lk_stmt_fault(v->s, at, "choose another alias", "the output name \"%s\" is used twice", name);
		return NULL;
	}
	return lk_sql_check_column(v->s, "output", name, at) ? name : NULL;
}

/* A key or an aggregate alone is just that. */
static void add_output(view_reader *v, const char *name, lk_expr *x) {
	lk_plan *p = v->p;
	lk_output *o = &p->outputs[p->noutputs++];
	*o = (lk_output){.name = lk_arena_strdup(v->s->arena, name), .kind = LK_OUT_EXPR, .type = x->type, .expr = x};
	if (x->op != LK_X_SLOT)
		return;
	o->kind = x->slot < p->nkeys ? LK_OUT_KEY : LK_OUT_AGG;
	o->index = x->slot < p->nkeys ? x->slot : x->slot - p->nkeys;
	if (o->kind == LK_OUT_KEY)
		p->keys[o->index].name = o->name;
}

static void read_target(view_reader *v, const json_t *target) {
	static const char *const keys[] = {"name", "val", "location", NULL};
	const json_t *value = json_object_get(target, "val");
	int at = lk_tree_start(value, lk_tree_location(target));
	lk_plan *p = v->p;
	if (!lk_tree_only(v->s, target, at, "a select item", keys))
		return;
	if (!p->select_at)
		p->select_at = lk_tree_location(target);
	if (p->noutputs == MAX_OUTPUTS) {
		lk_stmt_fault(v->s, at, "declare another view for the others", "the select list has more than %d items", MAX_OUTPUTS);
		return;
	}
	const char *name = output_name(v, target, value, at);
	v->c.clause = "the select list";
	lk_expr *x = lk_sql_merged(&v->c, value);
	if (name && x)
		add_output(v, name, x);
}

/* --- the statement --- */

static bool is_foreign(const char *name) { return lk_sql_function_hint(name) != NULL; }

/* A select list without an aggregate; perhaps another system's aggregate was meant. */
static void no_aggregate(lk_stmt *s, const json_t *list, int at) {
	const json_t *call = lk_sql_find_call(list, is_foreign);
	const char *name = call ? lk_tree_function(call) : NULL;
	if (name)
		lk_stmt_fault(s, lk_tree_location(call), lk_sql_function_hint(name), "function %s(…) is not supported in the select list", name);
	else
		lk_stmt_fault(s, lk_tree_start(list, at), "add one, such as count(*) AS n, or write CREATE TABLE … AS SELECT …: a stream of these rows",
		              "a view aggregates, and this one has no aggregate");
}

static bool select_form(lk_stmt *s, const json_t *select, int at) {
	static const char *const keys[] = {"targetList", "fromClause", "whereClause", "groupClause", "havingClause", "sortClause", "limitCount", "limitOption",
	                                   "op", "withClause", NULL};
	if (strcmp(lk_tree_str(select, "op"), "SETOP_NONE") != 0) {
		lk_stmt_fault(s, lk_tree_start(json_object_get(select, "rarg"), at), "declare a view for each SELECT",
		              "UNION, INTERSECT and EXCEPT are not supported");
		return false;
	}
	lk_tree_only(s, select, at, "a view", keys);
	if (json_object_get(select, "valuesLists"))
		return false;
	return true;
}

/* Asked after FROM, which may have a subquery with the aggregate. */
static bool aggregates(lk_stmt *s, const json_t *select, int at) {
	const json_t *targets = json_object_get(select, "targetList");
	if (json_object_get(select, "groupClause") || json_object_get(select, "havingClause") || lk_sql_has_aggregate(targets))
		return true;
	if (!json_object_get(select, "distinctClause"))   /* that has its fault */
		no_aggregate(s, targets, at);
	return false;
}

static void read_select(view_reader *v, const json_t *select) {
	size_t i;
	json_t *item;
	const json_t *groups = json_object_get(select, "groupClause");
	lk_plan *p = v->p;
	v->targets = json_object_get(select, "targetList");
	lk_sql_where(&v->c, json_object_get(select, "whereClause"));
	int before = v->s->nfaults;
	json_array_foreach(groups, i, item)
		read_group_item(v, item);
	v->c.keys_broken = v->s->nfaults > before;
	v->c.written = v->keys;
	json_array_foreach(v->targets, i, item)
		read_target(v, lk_tree_as(item, "ResTarget"));
	const json_t *having = json_object_get(select, "havingClause");
	if (having)
		lk_sql_having(&v->c, having);
	if (!v->s->nfaults)
		lk_sql_order(&v->c, select);
	if (!p->naggs && !v->s->nfaults)
		lk_stmt_fault(v->s, lk_tree_start(v->targets, 0), "add one, such as count(*) AS n", "the view has no aggregate");
	p->fold_only |= lk_plan_fold_only(p) != NULL || lk_plan_most_rows(p) > LK_EVENT_ROWS;
	if (p->window.kind == LK_W_SESSION) {
		p->first_agg = lk_sql_aggregate_of_time(&v->c, "min", p->window_at);
		p->last_agg = lk_sql_aggregate_of_time(&v->c, "max", p->window_at);
	}
}

enum { LATENESS, RETENTION, NOPTIONS };

static void read_view_options(lk_stmt *s, lk_plan *p, const json_t *list, lk_option options[NOPTIONS]) {
	options[LATENESS] = (lk_option){.name = "allowed_lateness"};
	options[RETENTION] = (lk_option){.name = "retention"};
	lk_sql_options(s, list, options, NOPTIONS);
	lk_sql_interval_option(s, &options[LATENESS], -1, &p->allowed_lateness_us);
	lk_sql_interval_option(s, &options[RETENTION], 0, &p->retention_us);
}

/* An event that is accepted after its window has expired would start that window again, with wrong numbers. So retention is
 * a bound of lateness, too. */
static void check_view_options(lk_stmt *s, lk_plan *p, const lk_option options[NOPTIONS]) {
	const lk_option *lateness = &options[LATENESS], *retention = &options[RETENTION];
	bool windowed = p->window.kind != LK_W_NONE;
	if (!windowed && lateness->value)
		lk_stmt_fault(s, lateness->at, "leave it out, or group by a window", "without a window no event is late: allowed_lateness has no effect");
	if (!windowed && retention->value)
		lk_stmt_fault(s, retention->at, "leave it out, or group by a window", "without a window nothing expires: retention has no effect");
	if (!windowed || !retention->value)
		return;
	if (p->retention_us < (p->window.pane_us ? p->window.pane_us : 1))
		lk_stmt_fault(s, retention->at, "choose a longer one", "retention is shorter than %s",
		              p->window.kind == LK_W_SESSION ? "the gap of the sessions" : "the view's panes");
	if (p->allowed_lateness_us > p->retention_us)
		lk_stmt_fault(s, lateness->at, "choose a longer retention, or a shorter allowed_lateness",
		              "allowed_lateness is longer than retention: an event would be accepted after its window has expired");
	if (p->allowed_lateness_us < 0)
		p->allowed_lateness_us = p->retention_us;
}

lk_plan *lk_sql_view(lk_stmt *s, const json_t *f) {
	static const char *const keys[] = {"view", "query", "options", "withCheckOption", "replace", NULL};   /* every declaration replaces */
	const json_t *relation = json_object_get(f, "view"), *select = lk_tree_as(json_object_get(f, "query"), "SelectStmt");
	lk_plan *p = lk_arena_zalloc(s->arena, sizeof *p);
	lk_tree_only(s, f, 0, "CREATE VIEW", keys);
	const char *name = lk_sql_relation(s, relation, "a view");
	int at = lk_tree_location(relation);
	if (name && lk_sql_check_name(s, "view", name, at) && lk_sql_find_stream(s, name) && !lk_sql_is_view(s, name))
		lk_stmt_fault(s, at, "choose another name", "there is a stream \"%s\"", name);
	if (strcmp(lk_tree_str(f, "withCheckOption"), "NO_CHECK_OPTION") != 0)
		lk_stmt_fault(s, at, "leave it out", "WITH CHECK OPTION is not supported");
	p->view = lk_arena_strdup(s->arena, lk_tree_str(relation, "relname"));
	p->text = lk_arena_strdup(s->arena, s->text);
	p->keys = lk_arena_zalloc(s->arena, sizeof *p->keys * LK_MAX_KEYS);
	p->aggs = lk_arena_zalloc(s->arena, sizeof *p->aggs * LK_MAX_AGGS);
	p->outputs = lk_arena_zalloc(s->arena, sizeof *p->outputs * MAX_OUTPUTS);
	lk_option options[NOPTIONS];
	read_view_options(s, p, json_object_get(f, "options"), options);
	view_reader v = {.c = {.s = s, .plan = p, .read = lk_sql_read, .from = lk_sql_from}, .s = s, .p = p};
	p->with_at = lk_tree_location(json_object_get(select, "withClause"));
	if (!select_form(s, select, at) || !lk_sql_with(&v.c, select) || !lk_sql_from(&v.c, json_object_get(select, "fromClause")) ||
	    !aggregates(s, select, at))
		return NULL;
	lk_sql_with_used(&v.c, NULL);
	p->window.time_slot = p->stream->schema.event_time;
	p->first_agg = p->last_agg = -1;
	read_select(&v, select);
	if (!s->nfaults)
		check_view_options(s, p, options);
	if (s->nfaults)
		return NULL;
	lk_sql_lateral_edits(&v.c);
	lk_plan_find_needed(p, s->arena);
	lk_plan_seal(p, s->arena);
	return p;
}
