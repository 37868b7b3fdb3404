/* CREATE TABLE name WITH (event_time, partition_by, watermark, idle_timeout) AS SELECT … FROM … WHERE …: a derived stream.
 *
 * The select list gives the columns: expressions over the events of one stream. Its log has the partitions of its
 * source, so the partition column is the source's, if a column passes it on unchanged; without one the log has
 * none, and nothing that needs to find all rows of a key in one partition can read it. With partition_by another column
 * divides the log, which is then made of all partitions of the source in one order.
 *
 * The plan also gets what the catalogue keeps of the log: a declaration of its columns as of any stream. */
#include <string.h>

#include "core/time.h"
#include "sql/aggregate.h"
#include "sql/derived.h"
#include "sql/from.h"
#include "sql/lateral.h"
#include "sql/names.h"
#include "sql/over.h"
#include "sql/statements.h"

typedef struct row_reader {
	lk_scope c;
	lk_stmt *s;
	lk_plan *p;
	lk_stream *makes;
} row_reader;

/* --- the form --- */

static const struct {
	const char *key, *what, *hint;
} refused[] = {
	{"distinctClause", "DISTINCT", "what is the same as an earlier row is not known of a stream without end; group in a view over it"},
	{"groupClause", "GROUP BY", "write CREATE VIEW … AS SELECT … GROUP BY …: views aggregate"},
	{"havingClause", "HAVING", "write CREATE VIEW … AS SELECT … GROUP BY …: views aggregate"},
	{"sortClause", "ORDER BY", "leave it out: the rows come in the order of their events"},
	{"limitCount", "LIMIT", "leave it out: a stream has no end"},
	{"limitOffset", "OFFSET", "leave it out: a stream has no end"},
	{"lockingClause", "FOR UPDATE", "leave it out"},
};

static bool check_select(lk_stmt *s, const json_t *select, int at) {
	static const char *const keys[] = {"targetList", "fromClause", "whereClause", "withClause", "windowClause", "limitOption", "op", NULL};
	const json_t *targets = json_object_get(select, "targetList");
	if (!select || json_object_get(select, "valuesLists")) {
		lk_stmt_fault(s, at, "write CREATE TABLE name WITH (event_time = …) AS SELECT … FROM stream", "a derived stream is made by a SELECT");
		return false;
	}
	if (strcmp(lk_tree_str(select, "op"), "SETOP_NONE") != 0) {
		lk_stmt_fault(s, lk_tree_start(json_object_get(select, "rarg"), at), "declare a derived stream for each SELECT",
		              "UNION, INTERSECT and EXCEPT are not supported");
		return false;
	}
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (json_object_get(select, refused[i].key)) {
			lk_stmt_fault(s, lk_tree_start(json_object_get(select, refused[i].key), lk_tree_start(targets, at)), refused[i].hint, "%s is not supported in a derived stream",
			              refused[i].what);
			return false;
		}
	if (lk_sql_has_plain_aggregate(targets)) {
		lk_stmt_fault(s, lk_tree_start(targets, at), "write CREATE VIEW: views aggregate", "a derived stream has a row for each event, and no aggregates but those with OVER");
		return false;
	}
	return lk_tree_only(s, select, at, "a derived stream", keys);
}

static const char *read_into(lk_stmt *s, const json_t *f) {
	static const char *const keys[] = {"query", "into", "objtype", NULL};
	static const char *const into_keys[] = {"rel", "options", "onCommit", NULL};
	const json_t *into = json_object_get(f, "into"), *relation = json_object_get(into, "rel");
	int at = lk_tree_location(relation);
	if (lk_tree_flag(into, "skipData"))
		lk_stmt_fault(s, at, "leave it out: lk speed fills the log", "WITH NO DATA is not supported");
	else if (json_object_get(into, "colNames"))
		lk_stmt_fault(s, at, "write expression AS name in the select list", "a list of column names is not supported");
	else if (lk_tree_only(s, f, 0, "CREATE TABLE AS", keys) && lk_tree_only(s, into, at, "CREATE TABLE AS", into_keys)
	         && strcmp(lk_tree_str(into, "onCommit"), "ONCOMMIT_NOOP") != 0)
		lk_stmt_fault(s, at, "leave it out", "ON COMMIT is not supported");
	const char *name = lk_sql_relation(s, relation, "a stream");
	if (name)
		lk_sql_check_stream_name(s, name, at);
	return name;
}

/* --- the select list --- */

/* The alias, or the name of a column; NULL with a fault. */
static const char *column_name(row_reader *r, const json_t *target, int at) {
	const char *name = lk_tree_target_name(target);
	if (lk_tree_is_star(json_object_get(target, "val"))) {
		lk_stmt_fault(r->s, at, "name the columns", "* is not supported in a derived stream: its source may get more columns");
		return NULL;
	}
	if (!name)
		lk_stmt_fault(r->s, at, "write expression AS name", "this item of the select list has no name");
	return name;
}

static void add_output(row_reader *r, const char *name, lk_expr *x, int at) {
	lk_column *column = lk_sql_add_column(r->s, r->makes, name, at);
	column->type = x->type;
	r->p->outputs[r->p->noutputs++] = (lk_output){.name = column->name, .kind = LK_OUT_EXPR, .type = x->type, .expr = x};
}

/* A column's numerics have one scale. */
static lk_expr *as_column(row_reader *r, lk_expr *x) {
	x = x ? lk_sql_stored(&r->c, x, LK_NUMERIC_DIGITS) : NULL;
	if (!x || !x->type.whole)
		return x;
	int digits = x->type.whole + x->type.scale;
	return lk_sql_cast_node(&r->c, x, (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)digits, .scale = x->type.scale}, x->location);
}

static void read_target(row_reader *r, const json_t *target) {
	static const char *const keys[] = {"name", "val", "location", NULL};
	const json_t *value = json_object_get(target, "val");
	int at = lk_tree_start(value, lk_tree_location(target));
	if (!lk_tree_only(r->s, target, at, "a select item", keys))
		return;
	if (!r->p->select_at)
		r->p->select_at = lk_tree_location(target);
	if (r->p->noutputs == LK_MAX_COLUMNS) {
		lk_stmt_fault(r->s, at, "select fewer", "a stream has at most %d columns", LK_MAX_COLUMNS);
		return;
	}
	const char *name = column_name(r, target, at);
	r->c.clause = "the select list";
	lk_expr *x = name ? as_column(r, lk_sql_typed(&r->c, value)) : NULL;
	if (x)
		add_output(r, name, x, at);
}

/* --- options --- */

/* The column that is the source's partition column; -1 if none is. */
static int passed_on(const lk_plan *p) {
	for (int i = 0; i < p->noutputs; i++)
		if (p->outputs[i].expr->op == LK_X_SLOT && p->outputs[i].expr->slot == p->stream->partition_by)
			return i;
	return -1;
}

/* Another column divides the log. */
static void read_merged(row_reader *r, int column, int at) {
	lk_stream *makes = r->makes;
	if (r->p->overs.ncalls)
		lk_stmt_fault(r->s, at, "declare two derived streams: one with the windows, and over it one with partition_by",
		              "partition_by: a stream with window functions has the partitions of its source, \"%s\"", r->p->stream->name);
	else if (makes->schema.columns[column].type.kind == LK_JSONB)
		lk_stmt_fault(r->s, at, "add a column with a part of it: j ->> 'a' AS a",
		              "partition_by: a jsonb cannot divide a stream, since equal ones can have several texts");
	makes->partition_by = column;
	makes->merged = true;
}

static void read_partition_by(row_reader *r, const lk_option *o) {
	const lk_stream *source = r->p->stream;
	r->makes->partition_by = passed_on(r->p);
	int named = o->value ? lk_sql_column_option(r->s, r->makes, o) : -1;
	if (named < 0)
		return;
	bool passes_on = r->p->outputs[named].expr->op == LK_X_SLOT && r->p->outputs[named].expr->slot == source->partition_by;
	if (passes_on)
		r->makes->partition_by = named;
	else
		read_merged(r, named, o->at);
}

static void read_options(row_reader *r, const json_t *list) {
	lk_option o[] = {{.name = "event_time"}, {.name = "partition_by"}, {.name = "watermark"}, {.name = "idle_timeout"}};
	const lk_stream *source = r->p->stream;
	lk_stream *makes = r->makes;
	bool known = lk_sql_options(r->s, list, o, sizeof o / sizeof *o);
	makes->schema.event_time = o[0].value ? lk_sql_column_option(r->s, makes, &o[0]) : -1;
	if (!o[0].value && known)
		lk_stmt_fault(r->s, 0, "write WITH (event_time = column)", "stream \"%s\" has no event_time", makes->name);
	lk_sql_check_event_time(r->s, makes, o[0].at);
	read_partition_by(r, &o[1]);
	makes->least_high = (makes->merged || source->least_high) && makes->schema.event_time >= 0 && lk_plan_keeps_time(r->p);
	lk_sql_interval_option(r->s, &o[2], source->watermark_delay_us, &makes->watermark_delay_us);
	lk_sql_interval_option(r->s, &o[3], source->idle_timeout_us, &makes->idle_timeout_us);
	makes->partitions = source->partitions;
	makes->max_ahead_us = source->max_ahead_us;
}

/* --- what the catalogue keeps of the log --- */

static void put_option(const char *name, int64_t us, lk_buf *out) {
	if (us)
		lk_buf_addf(out, ", %s = '%lld us'", name, (long long)us);
}

static char *declaration(lk_stmt *s, const lk_stream *st) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, "CREATE TABLE ");
	lk_sql_ident(st->name, &b);
	for (int i = 0; i < st->schema.ncolumns; i++) {
		lk_buf_adds(&b, i ? ", " : " (");
		lk_sql_ident(st->schema.columns[i].name, &b);
		lk_buf_addc(&b, ' ');
		lk_type_name(st->schema.columns[i].type, &b);
	}
	lk_buf_adds(&b, ") WITH (event_time = ");
	lk_sql_ident(st->schema.columns[st->schema.event_time].name, &b);
	if (st->partition_by >= 0) {
		lk_buf_adds(&b, ", partition_by = ");
		lk_sql_ident(st->schema.columns[st->partition_by].name, &b);
	}
	lk_buf_addf(&b, ", partitions = %d", st->partitions);
	put_option("watermark", st->watermark_delay_us, &b);
	lk_buf_addf(&b, ", max_ahead = '%lld us'", (long long)st->max_ahead_us);
	put_option("idle_timeout", st->idle_timeout_us, &b);
	lk_buf_adds(&b, st->least_high ? ", least_high = 1" : "");
	lk_buf_adds(&b, st->merged ? ", merged = 1" : "");
	lk_buf_addc(&b, ')');
	char *text = lk_arena_strndup(s->arena, b.data, b.len);
	lk_buf_release(&b);
	return text;
}

/* --- the statement --- */

static lk_plan *new_plan(lk_stmt *s, const char *name) {
	lk_plan *p = lk_arena_zalloc(s->arena, sizeof *p);
	p->view = lk_arena_strdup(s->arena, name);
	p->text = lk_arena_strdup(s->arena, s->text);
	p->outputs = lk_arena_zalloc(s->arena, sizeof *p->outputs * LK_MAX_COLUMNS);
	p->makes = lk_arena_zalloc(s->arena, sizeof *p->makes);
	p->makes->name = p->view;
	p->makes->derived = true;
	p->makes->schema.columns = lk_arena_zalloc(s->arena, sizeof *p->makes->schema.columns * (LK_MAX_COLUMNS + 1));
	p->allowed_lateness_us = p->first_agg = p->last_agg = -1;
	return p;
}

lk_plan *lk_sql_derived_stream(lk_stmt *s, const json_t *f) {
	const json_t *into = json_object_get(f, "into"), *select = lk_tree_as(json_object_get(f, "query"), "SelectStmt");
	const char *name = read_into(s, f);
	int at = lk_tree_location(json_object_get(into, "rel"));
	lk_plan *p = new_plan(s, name ? name : "");
	row_reader r = {.c = {.s = s, .plan = p, .read = lk_sql_read, .from = lk_sql_from}, .s = s, .p = p, .makes = p->makes};
	p->with_at = lk_tree_location(json_object_get(select, "withClause"));
	if (!check_select(s, select, at) || !lk_sql_with(&r.c, select) || !lk_sql_from(&r.c, json_object_get(select, "fromClause")))
		return NULL;
	lk_sql_with_used(&r.c, NULL);
	p->window.time_slot = p->stream->schema.event_time;
	r.c.windows = json_object_get(select, "windowClause");
	lk_sql_where(&r.c, json_object_get(select, "whereClause"));
	size_t i;
	json_t *item;
	json_array_foreach(json_object_get(select, "targetList"), i, item)
		read_target(&r, lk_tree_as(item, "ResTarget"));
	lk_sql_note_end(&r.c, json_object_get(select, "targetList"));
	if (!s->nfaults)
		lk_sql_check_overs(&r.c, p->select_at);
	if (!s->nfaults)
		read_options(&r, json_object_get(into, "options"));
	if (s->nfaults)
		return NULL;
	p->makes->text = declaration(s, p->makes);
	lk_sql_lateral_edits(&r.c);
	lk_plan_find_needed(p, s->arena);
	lk_plan_seal(p, s->arena);
	return p;
}
