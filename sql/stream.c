/* CREATE TABLE name (columns) WITH (event_time, time_unit, partition_by, partitions, watermark, max_ahead,
 * idle_timeout): a stream.
 *
 * The value of event_time and partition_by is a column name, which the grammar reads as the name of a type: `ts` stays
 * ts, but `time` becomes pg_catalog.time and `int` becomes int4. So the name is taken from the source text. */
#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "core/time.h"
#include "sql/expr.h"
#include "sql/lex.h"
#include "sql/names.h"
#include "sql/statements.h"

enum { NO_KIND = 0xFF };   /* of a column whose type has a fault */

static bool column_path(lk_stmt *s, lk_column *column, int at) {
	int n = 1;
	for (const char *p = column->name; *p; p++)
		n += *p == '.';
	column->path = lk_arena_alloc(s->arena, sizeof *column->path * (size_t)n);
	column->npath = n;
	char *part = lk_arena_strdup(s->arena, column->name);
	for (int i = 0; i < n; i++) {
		char *dot = strchr(part, '.');
		if (dot)
			*dot = '\0';
		column->path[i] = part;
		if (!*part) {
			lk_stmt_fault(s, at, "a dotted name is a path of keys, such as \"actor.login\"", "the path \"%s\" has an empty part",
			              column->name);
			return false;
		}
		part = dot ? dot + 1 : part;
	}
	return true;
}

/* Columns that the log's tables already have, from lk or from PostgreSQL. */
static bool taken_by_log(const char *name) {
	static const char *const taken[] = {"part", "off", "tableoid", "ctid", "xmin", "xmax", "cmin", "cmax", NULL};
	for (const char *const *t = taken; *t; t++)
		if (strcmp(*t, name) == 0)
			return true;
	return false;
}

static int find_column(const lk_stream *st, const char *name) {
	for (int i = 0; i < st->schema.ncolumns; i++)
		if (strcmp(st->schema.columns[i].name, name) == 0)
			return i;
	return -1;
}

lk_column *lk_sql_add_column(lk_stmt *s, lk_stream *st, const char *name, int at) {
	lk_column *column = &st->schema.columns[st->schema.ncolumns];
	column->name = lk_arena_strdup(s->arena, name);
	lk_sql_check_column(s, "column", name, at);
	column_path(s, column, at);
	if (taken_by_log(name))
		lk_stmt_fault(s, at, "choose another name; a key of this name cannot be a column", "the column name \"%s\" is taken by the log", name);
	if (find_column(st, name) >= 0)
		lk_stmt_fault(s, at, "", "column \"%s\" is declared twice", name);
	st->schema.ncolumns++;
	return column;
}

static void read_column(lk_stmt *s, lk_stream *st, const json_t *element) {
	static const char *const keys[] = {"colname", "typeName", "is_local", "location", NULL};
	const char *kind;
	const json_t *f = lk_tree_node(element, &kind);
	int at = f ? lk_tree_start(element, 0) : 0;
	if (strcmp(kind, "ColumnDef") != 0) {
		lk_stmt_fault(s, at, "a stream has only columns", strcmp(kind, "Constraint") == 0 ? "a table constraint is not supported"
		                                                                                 : "this table element is not supported");
		return;
	}
	at = lk_tree_location(f);
	lk_tree_only(s, f, at, "a column", keys);
	lk_column *column = lk_sql_add_column(s, st, lk_tree_str(f, "colname"), at);
	if (!json_object_get(f, "typeName"))
		lk_stmt_fault(s, at, LK_COLUMN_TYPES, "column \"%s\" has no type", column->name);
	lk_typename type;
	bool good = json_object_get(f, "typeName") && lk_sql_type_name(s, json_object_get(f, "typeName"), at, true, &type);
	column->type = good ? type.type : lk_type_of(NO_KIND);
	column->characters = good ? (int)type.characters : 0;
}

static void read_columns(lk_stmt *s, lk_stream *st, const json_t *elements) {
	size_t i, n = json_array_size(elements);
	json_t *element;
	st->schema.columns = lk_arena_zalloc(s->arena, sizeof *st->schema.columns * (n < LK_MAX_COLUMNS ? n + 1 : LK_MAX_COLUMNS));
	if (!n)
		lk_stmt_fault(s, 0, "declare the columns that views need", "a stream needs columns");
	json_array_foreach(elements, i, element) {
		if (st->schema.ncolumns == LK_MAX_COLUMNS) {
			lk_stmt_fault(s, lk_tree_start(element, 0), "declare only what views need", "a stream has at most %d columns", LK_MAX_COLUMNS);
			return;
		}
		read_column(s, st, element);
	}
}

/* The column name in an option's value, from the source text; NULL if it is not a name. */
static const char *name_value(lk_stmt *s, const lk_option *o) {
	const json_t *type = lk_tree_as(o->value, "TypeName");
	if (!type)
		return lk_tree_string_node(o->value);
	lk_token t = lk_lex(s->text, s->len, lk_tree_location(type));
	lk_token after = lk_lex(s->text, s->len, t.end);
	bool alone = lk_token_is(s->text, after, ",") || lk_token_is(s->text, after, ")");
	bool is_name = t.kind == LK_TOKEN_WORD || t.kind == LK_TOKEN_QUOTED;
	return alone && is_name && !lk_tree_flag(type, "setof") ? lk_token_name(s->text, t, s->arena) : NULL;
}

int lk_sql_column_option(lk_stmt *s, const lk_stream *st, const lk_option *o) {
	const char *name = name_value(s, o);
	int column = name ? find_column(st, name) : -1;
	if (column >= 0)
		return column;
	const char **names = lk_arena_alloc(s->arena, sizeof *names * (size_t)(st->schema.ncolumns + 1));
	for (int i = 0; i < st->schema.ncolumns; i++)
		names[i] = st->schema.columns[i].name;
	const char *near = name ? lk_did_you_mean(name, names, st->schema.ncolumns) : NULL;
	const char *hint = near ? lk_stmt_text(s, "did you mean %s?", near) : "write the name of one of the columns; quote a dotted one";
	if (name)
		lk_stmt_fault(s, o->at, hint, "%s: there is no column \"%s\"", o->name, name);
	else
		lk_stmt_fault(s, o->at, hint, "the value of %s is not a column name", o->name);
	return -1;
}

/* -1 with a fault. A missing option is a fault only if all options are `known`: else it may be the misspelt one. */
static int column_option(lk_stmt *s, const lk_stream *st, const lk_option *o, bool known) {
	if (o->value)
		return lk_sql_column_option(s, st, o);
	if (known)
		lk_stmt_fault(s, 0, "write WITH (event_time = column, partition_by = column)", "stream \"%s\" has no %s", st->name, o->name);
	return -1;
}

static int partitions_option(lk_stmt *s, const lk_option *o) {
	if (!o->value)
		return 1;
	const json_t *n = json_object_get(lk_tree_as(o->value, "Integer"), "ival");
	if (json_is_integer(n) && json_integer_value(n) >= 1 && json_integer_value(n) <= LK_MAX_PARTITIONS)
		return (int)json_integer_value(n);
	lk_stmt_fault(s, o->at, lk_stmt_text(s, "write a whole number from 1 to %d, without quotes", LK_MAX_PARTITIONS),
	              "the value of partitions is not valid");
	return 1;
}

/* 0 without; a fault if it is no unit. */
static int64_t time_unit_option(lk_stmt *s, const lk_option *o) {
	int64_t ns = 0;
	if (!o->value)
		return 0;
	const char *name = lk_tree_string_node(o->value);
	if (!name || !lk_time_unit(name, &ns))
		lk_stmt_fault(s, o->at, "write 's', 'ms', 'us' or 'ns': what numbers in the event-time column count since 1970",
		              "the value of time_unit is not valid");
	return ns;
}

void lk_sql_check_event_time(lk_stmt *s, const lk_stream *st, int at) {
	const lk_column *c = st->schema.event_time >= 0 ? &st->schema.columns[st->schema.event_time] : NULL;
	if (c && c->type.kind != LK_TIME && c->type.kind != NO_KIND)
		lk_stmt_fault(s, at, "declare it as timestamptz", "event_time: column \"%s\" is not timestamptz", c->name);
}

enum { OF_DERIVED = 2 };   /* the last options, which only the catalogue's declaration of a derived log has */

static void read_options(lk_stmt *s, lk_stream *st, const json_t *list) {
	lk_option o[] = {{.name = "event_time"}, {.name = "partition_by"}, {.name = "partitions"}, {.name = "watermark"}, {.name = "max_ahead"},
	                 {.name = "idle_timeout"}, {.name = "time_unit"}, {.name = "least_high"}, {.name = "merged"}};
	st->derived = s->resolver && s->resolver->derived;
	bool known = lk_sql_options(s, list, o, sizeof o / sizeof *o - (st->derived ? 0 : OF_DERIVED));
	st->schema.event_time = column_option(s, st, &o[0], known);
	st->partition_by = st->derived && !o[1].value ? -1 : column_option(s, st, &o[1], known);
	if (st->partition_by >= 0 && st->schema.columns[st->partition_by].type.kind == LK_JSONB)
		lk_stmt_fault(s, o[1].at, "declare a path of it as a column: \"a.b\" text",
		              "partition_by: a jsonb cannot divide a stream, since equal ones can have several texts");
	st->partitions = partitions_option(s, &o[2]);
	lk_sql_interval_option(s, &o[3], 0, &st->watermark_delay_us);
	lk_sql_interval_option(s, &o[4], 86400 * LK_US_PER_S, &st->max_ahead_us);
	lk_sql_interval_option(s, &o[5], 0, &st->idle_timeout_us);
	int64_t tick_ns = time_unit_option(s, &o[6]);
	if (st->schema.event_time >= 0)
		st->schema.columns[st->schema.event_time].tick_ns = tick_ns;
	st->least_high = o[7].value;
	st->merged = o[8].value;
	lk_sql_check_event_time(s, st, o[0].at);
}

static bool is_known(lk_stmt *s, const char *name) { return s->resolver && s->resolver->stream && s->resolver->stream(s->resolver->ctx, name); }

/* Streams and views share their names, as tables and views do in PostgreSQL. */
void lk_sql_check_stream_name(lk_stmt *s, const char *name, int at) {
	if (lk_sql_check_name(s, "stream", name, at) && lk_sql_is_view(s, name) && !is_known(s, name))
		lk_stmt_fault(s, at, "choose another name", "there is a view \"%s\"", name);
}

lk_stream *lk_sql_stream(lk_stmt *s, const json_t *f) {
	static const char *const keys[] = {"relation", "tableElts", "options", "oncommit", NULL};
	const json_t *relation = json_object_get(f, "relation");
	lk_stream *st = lk_arena_zalloc(s->arena, sizeof *st);
	lk_tree_only(s, f, 0, "CREATE TABLE", keys);
	const char *name = lk_sql_relation(s, relation, "a stream");
	if (name)
		lk_sql_check_stream_name(s, name, lk_tree_location(relation));
	if (strcmp(lk_tree_str(f, "oncommit"), "ONCOMMIT_NOOP") != 0)
		lk_stmt_fault(s, 0, "leave it out", "ON COMMIT is not supported");
	st->name = lk_arena_strdup(s->arena, lk_tree_str(relation, "relname"));
	st->text = lk_arena_strdup(s->arena, s->text);
	read_columns(s, st, json_object_get(f, "tableElts"));
	read_options(s, st, json_object_get(f, "options"));
	return s->nfaults ? NULL : st;
}
