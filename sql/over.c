/* A call OVER a window becomes an entry of plan->overs, whose value is a slot after the columns of the stream. Equal calls
 * share one.
 *
 * The order must be that of the log, ORDER BY _off, so that the text means the same in psql; and all rows of a key must lie
 * in one partition of it, so PARTITION BY contains the stream's partition column, unless there is one partition alone. In a
 * RANGE over _at other rows of the current row's _at are left out (EXCLUDE TIES), since some of them come later. */
#include "sql/over.h"

#include <string.h>

#include "core/time.h"
#include "expr/function.h"
#include "sql/aggregate.h"

/* FRAMEOPTION_… of PostgreSQL's parsenodes.h */
enum {
	F_RANGE = 0x2, F_ROWS = 0x4, F_GROUPS = 0x8, F_START_UNBOUNDED = 0x20, F_START_CURRENT = 0x200, F_END_CURRENT = 0x400,
	F_START_PRECEDING = 0x800, F_END_PRECEDING = 0x1000, F_FOLLOWING = 0x80 | 0x100 | 0x2000 | 0x4000,
	F_EXCLUDE_TIES = 0x20000, F_EXCLUDE_OTHERS = 0x8000 | 0x10000,
};
#define ORDER_HINT "write OVER (PARTITION BY column ORDER BY _off ROWS 9 PRECEDING): the order of the log"

static bool fault(lk_scope *c, int at, const char *hint, const char *text) {
	lk_stmt_fault(c->s, at, hint, "%s", text);
	return false;
}

/* --- the window --- */

/* The definition of a window: that of OVER ( … ), or the one of WINDOW that OVER names. */
static const json_t *definition(lk_scope *c, const json_t *over, int at) {
	const char *name = lk_tree_str(over, "name");
	size_t i;
	json_t *item;
	if (*lk_tree_str(over, "refname")) {
		fault(c, at, "write all of the window, or OVER name", "a window that extends another one is not supported");
		return NULL;
	}
	if (!*name)
		return over;
	json_array_foreach(c->windows, i, item) {
		const json_t *w = lk_tree_as(item, "WindowDef");
		if (strcmp(lk_tree_str(w, "name"), name) != 0)
			continue;
		if (!*lk_tree_str(w, "refname"))
			return w;
		fault(c, lk_tree_location(w), "write all of the window", "a window that extends another one is not supported");
		return NULL;
	}
	lk_stmt_fault(c->s, at, "add WINDOW name AS (PARTITION BY … ORDER BY _off …) after WHERE", "window \"%s\" does not exist", name);
	return NULL;
}

/* The name of the one column that orders the window; "" if it is anything else. */
static const char *order_column(const json_t *w) {
	const json_t *order = json_object_get(w, "orderClause"), *by = lk_tree_as(json_array_get(order, 0), "SortBy");
	const json_t *fields = json_object_get(lk_tree_as(json_object_get(by, "node"), "ColumnRef"), "fields");
	const char *name = json_array_size(fields) ? lk_tree_string_node(json_array_get(fields, json_array_size(fields) - 1)) : NULL;
	bool ascends = strcmp(lk_tree_str(by, "sortby_dir"), "SORTBY_DESC") != 0 && strcmp(lk_tree_str(by, "sortby_dir"), "SORTBY_USING") != 0;
	return json_array_size(order) == 1 && name && ascends ? name : "";
}

static bool read_key(lk_scope *c, const json_t *node, lk_partition_by *by) {
	lk_expr *x = lk_sql_typed(c, node);
	x = x ? lk_sql_key(c, x, lk_tree_start(node, x->location)) : NULL;
	if (!x)
		return false;
	by->keys[by->nkeys++] = x;
	return true;
}

static bool same_keys(const lk_partition_by *a, const lk_partition_by *b) {
	bool same = a->nkeys == b->nkeys;
	for (int i = 0; same && i < a->nkeys; i++)
		same = lk_expr_equal(a->keys[i], b->keys[i]);
	return same;
}

static int add_partition(lk_scope *c, const lk_partition_by *by) {
	lk_overs *o = &c->plan->overs;
	for (int i = 0; i < o->npartitions; i++)
		if (same_keys(&o->partitions[i], by))
			return i;
	if (!o->partitions)
		o->partitions = lk_arena_zalloc(c->s->arena, sizeof *o->partitions * LK_MAX_OVERS);
	o->partitions[o->npartitions] = *by;
	return o->npartitions++;
}

/* The column by which a stream would have to be divided: the first plain one of the keys; NULL if there is none. */
static const char *first_column(const lk_stream *s, const lk_partition_by *by) {
	for (int i = 0; i < by->nkeys; i++)
		if (by->keys[i]->op == LK_X_SLOT && by->keys[i]->slot < s->schema.ncolumns)
			return s->schema.columns[by->keys[i]->slot].name;
	return NULL;
}

/* Are all rows of a key in one partition of the log? */
static bool is_in_one_partition(lk_scope *c, const lk_partition_by *by, int at) {
	const lk_stream *s = c->plan->stream;
	bool found = s->partitions == 1;
	for (int i = 0; i < by->nkeys && s->partition_by >= 0; i++)
		found |= by->keys[i]->op == LK_X_SLOT && by->keys[i]->slot == s->partition_by;
	if (found)
		return true;
	const char *column = first_column(s, by);
	const char *way = lk_stmt_text(c->s, "make a derived stream of it WITH (event_time = …, partition_by = %s), and write the windows over that one", column ? column : "…");
	const char *hint = s->partition_by >= 0 ? lk_stmt_text(c->s, "add \"%s\" to PARTITION BY, or %s", s->schema.columns[s->partition_by].name, way) : way;
	lk_stmt_fault(c->s, at, hint, "PARTITION BY does not have the column that divides \"%s\": rows of a key may lie in several partitions", s->name);
	return false;
}

static bool read_partition(lk_scope *c, const json_t *w, int at, int *out) {
	const json_t *list = json_object_get(w, "partitionClause");
	lk_partition_by by = {.keys = lk_arena_zalloc(c->s->arena, sizeof *by.keys * (LK_MAX_KEYS + 1))};
	lk_scope inner = *c;
	size_t i;
	json_t *item;
	inner.clause = "PARTITION BY";
	if (json_array_size(list) > LK_MAX_KEYS)
		return fault(c, at, "leave some out", "PARTITION BY has more than 64 expressions");
	json_array_foreach(list, i, item)
		if (!read_key(&inner, item, &by))
			return false;
	c->nodes = inner.nodes;
	if (!is_in_one_partition(c, &by, at))
		return false;
	*out = add_partition(c, &by);
	return true;
}

/* --- the frame --- */

static bool read_rows(lk_scope *c, const json_t *node, int at, int64_t *rows) {
	const json_t *constant = lk_tree_as(node, "A_Const");
	if (!json_object_get(constant, "ival"))
		return fault(c, lk_tree_start(node, at), "write ROWS 9 PRECEDING", "the bound of a frame is not a whole number");
	return lk_tree_integer(c->s, constant, rows);
}

static bool read_time(lk_scope *c, const json_t *node, int at, int64_t *us) {
	const json_t *cast = lk_tree_as(node, "TypeCast"), *constant = lk_tree_as(cast ? json_object_get(cast, "arg") : node, "A_Const");
	const char *text = lk_tree_str(json_object_get(constant, "sval"), "sval"), *reason = "it is not an interval";
	if (*text && (!cast || lk_tree_is_type(json_object_get(cast, "typeName"), "interval")) &&
	    lk_interval_parse(text, strlen(text), false, us, &reason) == 0)
		return true;
	lk_stmt_fault(c->s, lk_tree_start(node, at), "write RANGE BETWEEN '5 minutes' PRECEDING AND CURRENT ROW EXCLUDE TIES", "the bound of RANGE: %s", reason);
	return false;
}

static bool read_range(lk_scope *c, const json_t *w, int options, int at, lk_frame *f) {
	if (options & F_START_UNBOUNDED)
		return fault(c, at, "write ROWS UNBOUNDED PRECEDING", "RANGE from the first row is the same as ROWS, and that is what is supported");
	if (!(options & F_START_PRECEDING) || !(options & F_END_CURRENT))
		return fault(c, at, "write RANGE BETWEEN '5 minutes' PRECEDING AND CURRENT ROW EXCLUDE TIES", "this RANGE is not supported");
	if (strcmp(order_column(w), "_at") != 0)
		return fault(c, at, "write ORDER BY _at: only the time of arrival ascends in the log", "RANGE needs a window that is ordered by _at");
	if (!(options & F_EXCLUDE_TIES))
		return fault(c, at, "write RANGE BETWEEN '5 minutes' PRECEDING AND CURRENT ROW EXCLUDE TIES",
		             "RANGE would include rows with the same _at that come later");
	f->range = true;
	return read_time(c, json_object_get(w, "startOffset"), at, &f->from);
}

static bool read_frame(lk_scope *c, const json_t *w, int at, lk_frame *f) {
	int options = (int)json_integer_value(json_object_get(w, "frameOptions"));
	bool plain = !(options & 1);   /* no frame is written: up to the current row */
	*f = (lk_frame){.from = LK_UNBOUNDED};
	if (options & F_FOLLOWING)
		return fault(c, at, "end the frame at CURRENT ROW or before", "rows that FOLLOW are not known when a row is made");
	if (options & (F_GROUPS | F_EXCLUDE_OTHERS))
		return fault(c, at, "write ROWS", "GROUPS and EXCLUDE are not supported");
	if (!plain && options & F_RANGE)
		return read_range(c, w, options, at, f);
	if (strcmp(order_column(w), "_off") != 0)
		return fault(c, at, ORDER_HINT, "a window must be ordered by _off");
	if (options & F_EXCLUDE_TIES)
		return fault(c, at, "leave it out: no two rows have one _off", "EXCLUDE TIES has no effect");
	if (options & F_START_CURRENT)
		f->from = 0;
	if (options & F_START_PRECEDING && !read_rows(c, json_object_get(w, "startOffset"), at, &f->from))
		return false;
	return !(options & F_END_PRECEDING) || read_rows(c, json_object_get(w, "endOffset"), at, &f->to);
}

/* --- functions --- */

static const struct {
	const char *name;
	uint8_t kind, least, most;   /* arguments */
} functions[] = {
	{"row_number", LK_OVER_ROW_NUMBER, 0, 0}, {"lag", LK_OVER_LAG, 1, 3},
	{"first_value", LK_OVER_FIRST_VALUE, 1, 1}, {"last_value", LK_OVER_LAST_VALUE, 1, 1}, {"nth_value", LK_OVER_NTH_VALUE, 2, 2},
};
enum { NFUNCTIONS = sizeof functions / sizeof *functions };

static const struct {
	const char *name, *hint;
} others[] = {
	{"lead", "write lag(x): what comes later is not known when a row is made"},
	{"rank", "write row_number(): no two rows have one _off"},
	{"dense_rank", "write row_number(): no two rows have one _off"},
	{"percent_rank", "it needs rows that come later; write row_number()"},
	{"cume_dist", "it needs rows that come later; write row_number()"},
	{"ntile", "it needs rows that come later; write row_number()"},
	{"first", "write first_value(x): the rows of a window are in the order of the log"},
	{"last", "write last_value(x): the rows of a window are in the order of the log"},
};

static bool unknown(lk_scope *c, const char *name, int at) {
	const char *hint = "functions: aggregates, row_number, lag, first_value, last_value, nth_value";
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (strcmp(name, others[i].name) == 0)
			hint = others[i].hint;
	lk_stmt_fault(c->s, at, hint, "function %s(…) is not supported with OVER", name);
	return false;
}

/* The constant number of rows of lag and nth_value. */
static bool read_number(lk_scope *c, const json_t *node, const char *name, int64_t least, int64_t *out) {
	lk_expr *x = lk_sql_expr(c, node);
	if (!x)
		return false;
	if (x->op == LK_X_CONST && lk_type_is_integer(x->type) && !lk_is_null(&x->value) && x->value.i >= least) {
		*out = x->value.i;
		return true;
	}
	lk_stmt_fault(c->s, x->location, least ? "write a number from 1 on" : "write a number from 0 on; lag looks back alone",
	              "the second argument of %s is not a constant number of rows", name);
	return false;
}

static bool read_default(lk_scope *c, const json_t *node, lk_over *o) {
	lk_expr *x = lk_sql_expr(c, node);
	if (!x)
		return false;
	if (x->type.kind != LK_UNKNOWN && !lk_sql_implicit(x->type.kind, o->agg.arg->type.kind)) {
		lk_stmt_fault(c->s, x->location, "cast one of them", "lag: %s and its default %s are of different types", lk_sql_type_text(c, o->agg.arg->type),
		              lk_sql_type_text(c, x->type));
		return false;
	}
	o->otherwise = lk_sql_coerce(c, x, o->agg.arg->type, true);
	return o->otherwise != NULL;
}

static bool read_arguments(lk_scope *c, const json_t *f, int i, lk_over *o) {
	const json_t *args = json_object_get(f, "args");
	int at = lk_tree_location(f), nargs = (int)json_array_size(args);
	o->kind = functions[i].kind;
	o->n = 1;
	if (nargs < functions[i].least || nargs > functions[i].most) {
		lk_stmt_fault(c->s, at, "write row_number(), lag(x [, rows [, default]]), first_value(x), last_value(x), nth_value(x, row)",
		              "%s does not take %d argument%s", functions[i].name, nargs, nargs == 1 ? "" : "s");
		return false;
	}
	if (json_object_get(f, "agg_filter"))
		return fault(c, at, "write CASE WHEN … THEN x END", "FILTER is for aggregates alone");
	o->type = (lk_type){.kind = LK_INT8};
	if (!nargs)
		return true;
	lk_expr *x = lk_sql_typed(c, json_array_get(args, 0));
	o->agg.arg = x ? lk_sql_stored(c, x, LK_NUMERIC_DIGITS) : NULL;
	if (!o->agg.arg)
		return false;
	o->type = o->agg.arg->type;
	return (nargs < 2 || read_number(c, json_array_get(args, 1), functions[i].name, o->kind == LK_OVER_NTH_VALUE, &o->n)) &&
	       (nargs < 3 || read_default(c, json_array_get(args, 2), o));
}

static bool read_call(lk_scope *c, const json_t *f, int at, lk_over *o) {
	static const char *const keys[] = {"funcname", "args", "agg_star", "agg_filter", "agg_distinct", "over", "funcformat", "location", NULL};
	const char *name = lk_tree_function_alone(f);
	if (!lk_tree_only(c->s, f, at, "a window function", keys))
		return false;
	for (int i = 0; i < NFUNCTIONS; i++)
		if (strcmp(name, functions[i].name) == 0)
			return read_arguments(c, f, i, o);
	if (!lk_aggregate_known(name) || strcmp(name, "first") == 0 || strcmp(name, "last") == 0)
		return unknown(c, name, at);
	if (lk_tree_flag(f, "agg_distinct"))
		return fault(c, at, "leave DISTINCT out", "DISTINCT is not supported with OVER");
	o->kind = LK_OVER_AGG;
	if (!lk_sql_read_aggregate(c, f, at, &o->agg))
		return false;
	o->type = o->agg.type;
	return o->type.kind != LK_JSON || fault(c, at, "leave it out", "a list cannot be a column of a stream");
}

/* --- the call --- */

static bool same_expr(const lk_expr *a, const lk_expr *b) { return a && b ? lk_expr_equal(a, b) : a == b; }

static bool same_call(const lk_over *a, const lk_over *b) {
	return a->kind == b->kind && a->partition == b->partition && a->frame.range == b->frame.range && a->frame.from == b->frame.from &&
	       a->frame.to == b->frame.to && a->n == b->n && a->agg.verbs == b->agg.verbs && a->agg.param == b->agg.param &&
	       same_expr(a->agg.arg, b->agg.arg) && same_expr(a->agg.filter, b->agg.filter) && same_expr(a->otherwise, b->otherwise);
}

static int add_call(lk_scope *c, const lk_over *call, int at) {
	lk_plan *p = c->plan;
	lk_overs *o = &p->overs;
	for (int i = 0; i < o->ncalls; i++)
		if (same_call(&o->calls[i], call))
			return i;
	if (p->after || o->ncalls == LK_MAX_OVERS) {
		lk_stmt_fault(c->s, at, "make the inner query a derived stream of its own",
		              p->after ? "a window over rows that a condition on another window has chosen is not supported" : "there are more than 64 window functions");
		return -1;
	}
	if (!o->calls)
		o->calls = lk_arena_zalloc(c->s->arena, sizeof *o->calls * LK_MAX_OVERS);
	o->calls[o->ncalls] = *call;
	o->calls[o->ncalls].slot = p->nslots++;
	o->at_slot = lk_slot_at(p->stream);
	o->time_slot = p->stream->schema.event_time;
	return o->ncalls++;
}

static bool reads_window(const lk_plan *p, const lk_over *o) {
	int first = p->nslots - p->overs.ncalls;
	return (o->agg.arg && lk_expr_reads(o->agg.arg, first, p->nslots)) || (o->agg.filter && lk_expr_reads(o->agg.filter, first, p->nslots)) ||
	       (o->otherwise && lk_expr_reads(o->otherwise, first, p->nslots));
}

/* Where it stands, and beside what. */
static bool is_allowed(lk_scope *c, int at) {
	if (strncmp(c->clause, "the select list", 15) != 0) {
		lk_stmt_fault(c->s, at, "put the query into FROM ( … ) AS name, and write the condition around it",
		              "window functions are not allowed in %s", c->clause);
		return false;
	}
	return !c->plan->nlaterals || fault(c, at, "make the rows of LATERAL a derived stream of its own", "window functions beside LATERAL are not supported");
}

/* The most bytes of a value that the call hands on. */
static uint64_t longest_value(const lk_over *o) {
	uint64_t n = o->agg.arg ? lk_expr_longest(o->agg.arg) : 0, other = o->otherwise ? lk_expr_longest(o->otherwise) : 0;
	return n > other ? n : other;
}

lk_expr *lk_sql_over(lk_scope *c, const json_t *f, int at) {
	const json_t *over = json_object_get(f, "over"), *w;
	int where = lk_tree_location(over);
	lk_over o = {0};
	const char *reason, *hint;
	lk_scope inner = *c;
	if (!is_allowed(c, at) || !(w = definition(c, over, where ? where : at)))
		return NULL;
	inner.clause = "a window function";
	bool good = read_call(&inner, f, at, &o);
	c->nodes = inner.nodes;
	c->too_deep |= inner.too_deep;
	if (!good || !read_partition(c, w, where, &o.partition) || !read_frame(c, w, where, &o.frame))
		return NULL;
	if (o.kind != LK_OVER_AGG && strcmp(order_column(w), "_off") != 0) {
		fault(c, at, ORDER_HINT, "only aggregates can have a window that is ordered by _at: rows with one _at have no order among them");
		return NULL;
	}
	if (o.kind == LK_OVER_LAG || o.kind == LK_OVER_ROW_NUMBER)
		o.frame = (lk_frame){.from = LK_UNBOUNDED};
	if ((reason = lk_over_fault(&o, &hint))) {
		fault(c, at, hint, reason);
		return NULL;
	}
	if (reads_window(c->plan, &o)) {
		fault(c, at, "make the inner query a derived stream of its own", "a window function of a window function is not supported");
		return NULL;
	}
	int i = add_call(c, &o, at);
	lk_expr *x = i < 0 ? NULL : lk_expr_new(c, LK_X_SLOT, o.type, at, 0);
	if (!x)
		return NULL;
	x->slot = c->plan->overs.calls[i].slot;
	x->longest = (uint32_t)longest_value(&o);
	return x;
}

void lk_sql_check_overs(lk_scope *c, int at) {
	const lk_plan *p = c->plan;
	uint64_t longest = p->overs.ncalls ? lk_overs_longest(&p->overs) : 0;
	if (p->overs.ncalls && p->nlaterals)
		fault(c, at, "make the rows of LATERAL a derived stream of its own", "window functions beside LATERAL are not supported");
	if (longest > LK_FRAME_MAX_BYTES)
		lk_stmt_fault(c->s, at, "shorten the frames, or cut texts: left(x, 100)",
		              "the values that the windows reach back to may take %llu MiB for each key; 16 MiB are the most", (unsigned long long)(longest >> 20) + 1);
}
