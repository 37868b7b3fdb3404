/* Names of types, in column definitions and casts. */
#include <string.h>

#include "sql/expr.h"
#include "sql/foreign.h"

static const struct {
	const char *name;
	uint8_t kind;
	bool cast_only;
} types[] = {
	{"int2", LK_INT2, false},        {"smallint", LK_INT2, false}, {"int4", LK_INT4, false},   {"integer", LK_INT4, false},
	{"int8", LK_INT8, false},        {"bigint", LK_INT8, false},   {"float4", LK_FLOAT4, false}, {"real", LK_FLOAT4, false},
	{"float8", LK_FLOAT8, false},    {"numeric", LK_NUMERIC, false}, {"bool", LK_BOOL, false}, {"boolean", LK_BOOL, false},
	{"text", LK_TEXT, false},        {"varchar", LK_TEXT, false},  {"timestamptz", LK_TIME, false}, {"timestamp", LK_TIMESTAMP, false},
	{"date", LK_DATE, false},        {"uuid", LK_UUID, false},     {"interval", LK_INTERVAL, true},
	{"jsonb", LK_JSONB, false},
};

static const struct {
	const char *name, *hint;
} refused[] = {
	{"bpchar", "write varchar(n) or text: char(n) pads with blanks"},
	{"char", "write text"},
	{"name", "write text"},
	{"inet", "write text"},
	{"json", "write jsonb, or declare the paths that views need, one column each: \"a.b\" text"},
	{"time", "write timestamptz, or text"},
	{"timetz", "write timestamptz, or text"},
	{"interval", "write bigint, in a unit that you choose"},
	{"money", "write numeric(p,s)"},
	{"serial", "write int; every event has an offset of its own"},
	{"bigserial", "write bigint; every event has an offset of its own"},
	{"bytea", "write text"},
	{"string", "write text"},
	{"bytes", "write text"},
	{"binary", "write text"},
	{"varbinary", "write text"},
	{"blob", "write text"},
	{"clob", "write text"},
	{"nvarchar", "write text"},
	{"double", "write double precision"},
	{"float32", "write real"},
	{"float64", "write double precision"},
	{"tinyint", "write smallint"},
	{"byte", "write smallint"},
	{"uint8", "write smallint"},
	{"int16", "write smallint"},
	{"uint16", "write int"},
	{"int32", "write int"},
	{"mediumint", "write int"},
	{"uint32", "write bigint"},
	{"int64", "write bigint"},
	{"long", "write bigint"},
	{"uint64", "write numeric(20,0), or bigint, to 2^63 - 1"},
	{"number", "write numeric(p,s)"},
	{"datetime", "write timestamptz"},
	{"datetime64", "write timestamptz"},
	{"timestamp_ltz", "write timestamptz"},
	{"timestamp_ntz", "write timestamp"},
	{"nullable", "write the type itself: every column but the event time may be NULL"},
	{"lowcardinality", "write text"},
};

enum { MOST_CHARACTERS = 65536 };

/* The constants in parentheses after a type's name, at most two. */
static int modifiers(lk_stmt *s, const json_t *mods, int64_t out[2]) {
	size_t n = json_array_size(mods);
	for (size_t i = 0; i < n && i < 2; i++) {
		const json_t *m = lk_tree_as(json_array_get(mods, i), "A_Const");
		if (!m || !lk_tree_integer(s, m, &out[i]))
			return -1;
	}
	return n > 2 ? -1 : (int)n;
}

/* numeric(p), numeric(p,s); a cast may be without both. */
static bool numeric_type(lk_stmt *s, const json_t *mods, int at, bool column, lk_type *out) {
	int64_t given[2] = {0};
	int n = modifiers(s, mods, given);
	*out = (lk_type){.kind = LK_NUMERIC};
	if (!n && !column)
		return true;
	if (n < 1 || given[0] < 1 || given[0] > LK_NUMERIC_DIGITS || given[1] < 0 || given[1] > given[0]) {
		lk_stmt_fault(s, at, lk_stmt_text(s, "write numeric(p,s) with a precision from 1 to %d and a scale from 0 to it, such as numeric(12,2)", LK_NUMERIC_DIGITS),
		              n ? "this precision of numeric is not supported" : "numeric needs a precision and a scale");
		return false;
	}
	out->precision = (uint8_t)given[0];
	out->scale = (uint8_t)given[1];
	return true;
}

static bool varchar_type(lk_stmt *s, const json_t *mods, int at, int64_t *characters) {
	int64_t given[2] = {0};
	int n = modifiers(s, mods, given);
	*characters = given[0];
	if (!n || (n == 1 && given[0] >= 1 && given[0] <= MOST_CHARACTERS))
		return true;
	lk_stmt_fault(s, at, lk_stmt_text(s, "write varchar(n) with n from 1 to %d, or text", MOST_CHARACTERS), "this length of varchar is not supported");
	return false;
}

static bool refuse(lk_stmt *s, const char *name, int at, bool column) {
	const char *hint = LK_COLUMN_TYPES;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		if (strcmp(refused[i].name, name) == 0)
			hint = refused[i].hint;
	lk_stmt_fault(s, at, hint, column ? "column type %s is not supported" : "type %s is not supported", lk_stmt_token(s, at));
	return false;
}

bool lk_sql_type_name(lk_stmt *s, const json_t *t, int fallback_at, bool column, lk_typename *out) {
	static const char *const keys[] = {"names", "typmods", "typemod", "location", NULL};
	int at = lk_tree_location(t);
	at = at ? at : fallback_at;
	const json_t *names = json_object_get(t, "names"), *mods = json_object_get(t, "typmods");
	size_t n = json_array_size(names);
	const char *name = lk_tree_string_node(json_array_get(names, n - 1)), *schema = lk_tree_string_node(json_array_get(names, 0));
	*out = (lk_typename){0};
	if (json_object_get(t, "arrayBounds")) {
		lk_stmt_fault(s, at, "declare the elements that views need as columns", "arrays are not supported");
		return false;
	}
	if (!lk_tree_only(s, t, at, column ? "a column type" : "a type", keys))
		return false;
	if (!name || n > 2 || (n == 2 && (!schema || strcmp(schema, "pg_catalog") != 0)))
		return refuse(s, "", at, column);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (strcmp(types[i].name, name) != 0 || (column && types[i].cast_only))
			continue;
		out->type = (lk_type){.kind = types[i].kind};
		if (types[i].kind == LK_NUMERIC)
			return numeric_type(s, mods, at, column, &out->type);
		if (strcmp(name, "varchar") == 0)
			return varchar_type(s, mods, at, &out->characters);
		const char *interval = types[i].kind == LK_INTERVAL ? lk_sql_foreign_interval(s, at) : NULL;
		if (mods)
			lk_stmt_fault(s, at, interval ? lk_stmt_text(s, "%s::interval", interval) : "leave the precision out", "a precision is not supported for %s", lk_stmt_token(s, at));
		return !mods;
	}
	return refuse(s, name, at, column);
}
