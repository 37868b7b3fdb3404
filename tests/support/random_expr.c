/* An expression of a kind is a column, a constant, an operator, a branch or a call whose result is of that kind. Where an
 * argument must be a constant of some form (a unit, a pattern, a number of digits), it is picked from a list by the
 * name of the function. */
#include "tests/support/random_expr.h"

#include <string.h>

#include "core/jsonb.h"
#include "core/time.h"
#include "expr/function.h"
#include "tests/support/random.h"

const test_column test_expr_columns[] = {
	{"ts", "timestamptz", {.kind = LK_TIME}},   {"b", "boolean", {.kind = LK_BOOL}},
	{"c", "boolean", {.kind = LK_BOOL}},        {"i2", "smallint", {.kind = LK_INT2}},
	{"j2", "smallint", {.kind = LK_INT2}},      {"i4", "int", {.kind = LK_INT4}},
	{"j4", "int", {.kind = LK_INT4}},           {"i8", "bigint", {.kind = LK_INT8}},
	{"j8", "bigint", {.kind = LK_INT8}},        {"n", "numeric(9,2)", {.kind = LK_NUMERIC, .precision = 9, .scale = 2}},
	{"m", "numeric(18,6)", {.kind = LK_NUMERIC, .precision = 18, .scale = 6}},
	{"w", "numeric(5)", {.kind = LK_NUMERIC, .precision = 5}},
	{"p", "numeric(38,10)", {.kind = LK_NUMERIC, .precision = 38, .scale = 10}},
	{"q", "numeric(38,38)", {.kind = LK_NUMERIC, .precision = 38, .scale = 38}},
	{"r", "numeric(30)", {.kind = LK_NUMERIC, .precision = 30}},
	{"f4", "real", {.kind = LK_FLOAT4}},        {"g4", "real", {.kind = LK_FLOAT4}},
	{"f8", "double precision", {.kind = LK_FLOAT8}}, {"g8", "double precision", {.kind = LK_FLOAT8}},
	{"t", "text", {.kind = LK_TEXT}},           {"u", "text", {.kind = LK_TEXT}},
	{"v", "varchar(20)", {.kind = LK_TEXT}},    {"z", "timestamptz", {.kind = LK_TIME}},
	{"x", "timestamp", {.kind = LK_TIMESTAMP}}, {"y", "timestamp", {.kind = LK_TIMESTAMP}},
	{"d", "date", {.kind = LK_DATE}},           {"e", "date", {.kind = LK_DATE}},
	{"ua", "uuid", {.kind = LK_UUID}},          {"ub", "uuid", {.kind = LK_UUID}},
	{"ja", "jsonb", {.kind = LK_JSONB}},        {"jb", "jsonb", {.kind = LK_JSONB}},
};
const int test_expr_ncolumns = sizeof test_expr_columns / sizeof *test_expr_columns;

typedef struct gen {
	uint64_t *seed;
	lk_buf *out;
} gen;

static int below(gen *g, int n) { return random_below(g->seed, n); }
static bool one_in(gen *g, int n) { return below(g, n) == 0; }
static const char *pick(gen *g, const char *const *names, size_t n) { return names[below(g, (int)n)]; }
#define PICK(g, ...) pick(g, (const char *const[]){__VA_ARGS__}, sizeof (const char *const[]){__VA_ARGS__} / sizeof(char *))
static void put(gen *g, const char *s) { lk_buf_adds(g->out, s); }

/* --- values of rows --- */

static lk_value useful_text(uint64_t *seed) {
	static const char *const texts[] = {
		"", "a", "abc", "a,b,c", "12", " -7 ", "+3", "1.5", "1e3", "99999", "2147483648", "-9223372036854775808", "true", "f", "on", "NaN",
		"inf", "0x10", "/img/a.png", "/item/42/view", "Foo Bar", "ÄÖü", "x1y22z", "aaa", "_a_b_", "a.b", "%", "\\", "line\nbreak", "  pad  ",
		"user@example.org", "漢字かな", "😀", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "{00112233445566778899AABBCCDDEEFF}", "https://example.org/p?q=1", "xyxy",
	};
	const char *s = texts[random_below(seed, (int)(sizeof texts / sizeof *texts))];
	return lk_text(s, strlen(s));
}

static lk_value useful_time(uint64_t *seed) {
	static const int64_t times[] = {0, -1, INT64_C(1583020799999999), INT64_C(1582934400000000), INT64_C(951782400000000), LK_TIME_MIN, LK_TIME_MAX,
	                                INT64_C(1577836800000000), INT64_C(-62135596800000001) + LK_US_PER_DAY, INT64_C(1609459199500000)};
	if (random_below(seed, 2))
		return lk_int(times[random_below(seed, (int)(sizeof times / sizeof *times))]);
	return lk_int(LK_TIME_MIN + (int64_t)(random_next(seed) % (uint64_t)(LK_TIME_MAX - LK_TIME_MIN)));
}

/* JSON of a few levels, with keys, texts and numbers as no one would write them, as PostgreSQL prints it. */
static void put_json(uint64_t *seed, int depth, lk_buf *out) {
	static const char *const scalars[] = {
		"null", "true", "false", "0", "-0", "-0.0", "1.00", "1e2", "1.50e1", "0e-3", "12E-3", "-7", "12345678901234567890.123456789", "1e30",
		"\"\"", "\"a\"", "\"5\"", "\"1.50\"", "\"true\"", "\"it's\"", "\"\\\"q\\\" \\\\ \\/\"", "\"\\u00e9\\u001f\\n\\t\\u0022\"", "\"漢字, {}[]:\"",
		"\"\\ud83d\\ude00\"", "\" pad \"", "\"\x7f\"",
	};
	static const char *const keys[] = {"\"a\"", "\"b\"", "\"ab\"", "\"\"", "\"\\u0061\"", "\"é\"", "\"0\"", "\"a\\\"b\"", "\"list\"", "\"漢\""};
	int kind = depth > 0 ? random_below(seed, 4) : 3;
	if (kind == 3) {
		lk_buf_adds(out, scalars[random_below(seed, (int)(sizeof scalars / sizeof *scalars))]);
		return;
	}
	lk_buf_adds(out, kind == 2 ? "[ " : "{");
	for (int i = 0, n = random_below(seed, 5); i < n; i++) {
		lk_buf_adds(out, i ? "," : "");
		if (kind != 2)
			lk_buf_addf(out, "%s :\t", keys[random_below(seed, (int)(sizeof keys / sizeof *keys))]);
		put_json(seed, depth - 1, out);
	}
	lk_buf_adds(out, kind == 2 ? "]" : "\n}");
}

static lk_value random_jsonb(uint64_t *seed, lk_arena *arena) {
	lk_buf written = LK_BUF_INIT, printed = LK_BUF_INIT;
	const char *reason;
	put_json(seed, 1 + random_below(seed, 3), &written);
	lk_value v = lk_text("null", 4);
	if (lk_jsonb_normalise(written.data, written.len, &printed, &reason) == 0)
		v = lk_text(lk_arena_strndup(arena, printed.data, printed.len), printed.len);
	lk_buf_release(&written);
	lk_buf_release(&printed);
	return v;
}

lk_value test_expr_value(uint64_t *seed, int column, lk_arena *arena) {
	lk_type t = test_expr_columns[column].is;
	if (column && random_below(seed, 10) == 0)
		return lk_null();
	if (t.kind == LK_TEXT)
		return random_below(seed, 3) ? useful_text(seed) : random_text(seed, arena);
	if (t.kind == LK_TIME || t.kind == LK_TIMESTAMP)
		return useful_time(seed);
	if (t.kind == LK_JSONB)
		return random_jsonb(seed, arena);
	if (t.kind == LK_UUID) {
		lk_value v = {0};
		for (int i = 0; i < 16; i++)
			v.uuid[i] = (uint8_t)random_below(seed, random_below(seed, 2) ? 256 : 2);
		return v;
	}
	if (t.kind == LK_DATE)
		return lk_int(lk_floor_div(useful_time(seed).i, LK_US_PER_DAY));
	if (lk_type_is_number(t) && t.kind < LK_FLOAT4 && random_below(seed, 3) == 0) {
		int small = random_below(seed, 21) - 10;
		int tenths = t.scale == t.precision ? t.scale - 2 : t.scale > 1 ? t.scale - 1 : 0;
		return t.kind == LK_NUMERIC ? lk_numeric(small * lk_pow10(tenths), t.scale) : lk_int(small);
	}
	lk_value v;
	do
		v = random_value(seed, t, arena);
	while (lk_is_null(&v));
	return v;
}

/* --- leaves --- */

static void column(gen *g, uint8_t kind) {
	int which[64], n = 0;
	for (int i = 0; i < test_expr_ncolumns; i++)
		if (test_expr_columns[i].is.kind == kind)
			which[n++] = i;
	put(g, test_expr_columns[which[below(g, n)]].name);
}

static void constant(gen *g, uint8_t kind) {
	switch (kind) {
	case LK_BOOL: put(g, PICK(g, "TRUE", "FALSE", "NULL", "'t'::boolean")); break;
	case LK_INT2: put(g, PICK(g, "0::smallint", "3::smallint", "'-7'::smallint", "32767::smallint", "(-1)::smallint")); break;
	case LK_INT4: put(g, PICK(g, "0", "1", "-1", "2", "7", "-3", "100", "2147483647", "-2147483648", "10", "3")); break;
	case LK_INT8: put(g, PICK(g, "0::bigint", "2147483648", "-9223372036854775807", "9223372036854775807", "5::int8", "'-1'::bigint")); break;
	case LK_NUMERIC: put(g, PICK(g, "0.5", "-0.25", "1.50", "10.0", "-99.99", "3.14", "0.0", ".005", "1e1", "2.5", "1000000.000001", "7::numeric",
	                             "'0.10'::numeric(5,2)", "99999999999999999999999999999999999999", "-0.00000000000000000000000000000000000005",
	                             "0.5::numeric(38,37)", "'-12345678901234567890.5'::numeric(38,1)")); break;
	case LK_FLOAT4: put(g, PICK(g, "0.5::real", "'NaN'::real", "'3e38'::real", "'-0'::real", "'1e-40'::float4", "2::real")); break;
	case LK_FLOAT8: put(g, PICK(g, "0.5::float8", "2::double precision", "'NaN'::float8", "'-Infinity'::float8", "'-0'::float8", "'1e300'::float8",
	                            "'1e-300'::float8", "2.5::float8", "'5e-324'::float8", "3.5::double precision", "10::float8")); break;
	case LK_TEXT: put(g, PICK(g, "'a'", "''", "'abc'", "'/'", "'it''s'", "','", "' '", "'b'", "'Ä'", "'xy'", "'1'", "'a,b'", "'\\'")); break;
	case LK_TIME: put(g, PICK(g, "timestamptz '2020-02-29T12:00:00Z'", "'1969-12-31 23:59:59.5+00'::timestamptz",
	                          "CAST('2001-01-01T00:00:00+02:00' AS timestamptz)", "'9999-12-31T23:59:59Z'::timestamptz")); break;
	case LK_TIMESTAMP: put(g, PICK(g, "timestamp '2020-02-29 12:00:00'", "'1969-12-31T23:59:59.25'::timestamp", "'0001-01-01 00:00:00'::timestamp")); break;
	case LK_UUID: put(g, PICK(g, "'00000000-0000-0000-0000-000000000000'::uuid", "uuid '{A0EEBC999C0B4EF8BB6D6BB9BD380A11}'")); break;
	case LK_JSONB: put(g, PICK(g, "'null'::jsonb", "'{\"b\":1.0, \"a\":[1,2,{\"a\":null}]}'::jsonb", "jsonb '\"a\"'", "'[]'::jsonb", "'1.5e1'::jsonb",
	                           "'{\"a\": 5, \"ab\": \"x\"}'::jsonb", "'[1.50, \"a\"]'::jsonb")); break;
	case LK_DATE: put(g, PICK(g, "date '2020-02-29'", "'1970-01-01'::date", "'9999-12-31'::date", "date '0001-01-01'")); break;
	default: put(g, PICK(g, "interval '1 minute'", "interval '36 h'", "'1 day'::interval", "interval '-5 s'", "interval '250 ms'", "interval '2 weeks'",
	                     "interval '0 s'", "interval '90 min'")); break;
	}
}

static void leaf(gen *g, uint8_t kind) {
	if (kind == LK_INTERVAL || one_in(g, 3))
		constant(g, kind);
	else
		column(g, kind);
}

static void value(gen *g, uint8_t kind, int depth);

/* --- calls --- */

static const char *unit(gen *g) {
	return PICK(g, "'second'", "'minute'", "'hour'", "'day'", "'week'", "'month'", "'quarter'", "'year'", "'decade'", "'century'",
	            "'millennium'", "'milliseconds'", "'microseconds'", "'Hour'");
}

static const char *field(gen *g, uint8_t kind) {
	if (kind == LK_INTERVAL)
		return PICK(g, "'epoch'", "'day'", "'hour'", "'minute'", "'second'", "'milliseconds'", "'microseconds'");
	if (kind == LK_DATE || one_in(g, 2))
		return PICK(g, "'epoch'", "'day'", "'week'", "'month'", "'quarter'", "'year'", "'decade'", "'century'", "'millennium'", "'dow'", "'isodow'",
		            "'doy'", "'isoyear'");
	return PICK(g, "'epoch'", "'microseconds'", "'milliseconds'", "'second'", "'minute'", "'hour'");
}

static const char *pattern(gen *g) {
	return PICK(g, "'a'", "'^a'", "'b$'", "'^$'", "'[0-9]+'", "'\\d+'", "'\\w'", "'\\s|,'", "'a|b'", "'(?:ab|a)(?:c|bcd)?'", "'.'", "'^.{2,4}$'",
	            "'[^a-z]'", "'x*'", "'[[:alpha:]]+'", "'\\.'", "'/[^/]*$'", "'a{2}'", "''", "'\\ma'", "'\\y'", "'[]a-]'", "'(?:a|)+b'",
	            "'é|漢'", "'[À-ÿ]'", "'(?:x|xy)(?:y|z)*'", "'\\\\'", "'a+?b'", "'\\S+@\\S+'", "'^(?:/[a-z]+)+'", "'[[:punct:]]'", "'\\Wa\\M'", "'^a|b$'", "'^(.)(.*)$'", "'(a|b)+(.?)'", "'/([^/]*)/?(.)?'");
}

/* The constant that a function wants as its i-th argument; NULL if it takes any. */
static const char *wanted(gen *g, const lk_function *f, int i) {
	if (!(f->constants >> i & 1))
		return NULL;
	if (f->args[i] == LK_INTERVAL)
		return PICK(g, "interval '1 minute'", "interval '7 days'", "interval '90 s'", "interval '1 us'");
	if (f->args[i] == LK_INT4)
		return PICK(g, "0", "1", "2", "-1", "-3", "5", "8", "-30", "18", "37", "-38", "60");
	if (i == 0)
		return strcmp(f->name, "date_trunc") == 0 ? unit(g) : field(g, f->args[1]);
	if (i == 2)
		return PICK(g, "''", "'X'", "'<\\&>'", "'\\2-\\1'", "'\\\\'", "'a\\b'", "'é'");
	return i == 3 ? PICK(g, "'g'", "'i'", "'gi'", "''") : pattern(g);
}

/* Arguments for which exp and powers of numerics have few enough digits. */
static void short_argument(gen *g, const lk_function *f, int i, int depth) {
	if (i == 1) {
		put(g, PICK(g, "2", "3", "-1", "0.5", "-2", "1.5", "0", "2.0", "-0.25", "1"));
		return;
	}
	put(g, "((");
	value(g, LK_NUMERIC, depth - 1);
	put(g, f->nargs == 1 ? ") % 9)" : ") % 1000.5)");
}

static void argument(gen *g, const lk_function *f, int i, int depth) {
	const char *constant_text = wanted(g, f, i);
	if (constant_text)
		put(g, constant_text);
	else if (f->args[0] == LK_NUMERIC && f->shorter && !one_in(g, 8))
		short_argument(g, f, i, depth);
	else if (f->args[0] == LK_JSONB && i == 1 && !one_in(g, 4))
		put(g, f->args[1] == LK_INT4 ? PICK(g, "0", "1", "2", "-1", "-2", "9") : PICK(g, "'a'", "'b'", "'ab'", "''", "'é'", "'0'", "'a\"b'", "'list'"));
	else if (f->args[i] == LK_INT4 && strcmp(f->name, "abs") != 0 && one_in(g, 2))
		put(g, PICK(g, "0", "1", "2", "-1", "3", "5", "-2", "100", "2147483647", "-2147483648"));
	else
		value(g, f->args[i], depth - 1);
}

/* Forms that the grammar has for some functions. */
static bool special_form(gen *g, const lk_function *f, int depth) {
	if (strcmp(f->name, "extract") == 0) {
		const char *quoted = field(g, f->args[1]);
		lk_buf_addf(g->out, "extract(%.*s FROM ", (int)strlen(quoted) - 2, quoted + 1);
		value(g, f->args[1], depth - 1);
	} else if (strcmp(f->name, "position") == 0) {
		put(g, "position(");
		value(g, LK_TEXT, 0);
		put(g, " IN ");
		value(g, LK_TEXT, depth - 1);
	} else if (strcmp(f->name, "substring") == 0 && f->args[1] == LK_INT4 && one_in(g, 2)) {
		put(g, "substring(");
		value(g, LK_TEXT, depth - 1);
		put(g, " FROM ");
		argument(g, f, 1, 1);
		if (f->nargs > 2) {
			put(g, " FOR ");
			argument(g, f, 2, 1);
		}
	} else if (f->flags & LK_F_COLLATES) {
		put(g, "(concat(");   /* a bare constant would have no type before COLLATE */
		value(g, LK_TEXT, depth - 1);
		lk_buf_addf(g->out, ") %s", f->name);
	} else if (strstr(f->name, "trim") && one_in(g, 2)) {
		put(g, PICK(g, "trim(", "trim(BOTH 'a/ ' FROM ", "trim(LEADING FROM ", "trim(TRAILING 'xyé' FROM "));
		value(g, LK_TEXT, depth - 1);
	} else {
		return false;
	}
	put(g, ")");
	return true;
}

static void call(gen *g, uint8_t kind, int depth) {
	const lk_function *all[512], *f;
	int n = 0;
	for (int i = 0; (f = lk_function_at(i)); i++)
		if (f->result == kind && !f->instead && n < 512)
			all[n++] = f;
	f = all[below(g, n)];
	if (f->flags & LK_F_INFIX) {
		put(g, "(");
		argument(g, f, 0, depth);
		lk_buf_addf(g->out, " %s ", f->name);
		argument(g, f, 1, depth);
		put(g, ")");
		return;
	}
	if (special_form(g, f, depth))
		return;
	lk_buf_addf(g->out, "%s(", strcmp(f->name, "position") == 0 ? "strpos" : f->name);
	for (int i = 0; i < f->nargs; i++) {
		put(g, i ? ", " : "");
		argument(g, f, i, depth);
	}
	put(g, ")");
}

/* --- operators and branches --- */

static uint8_t any_kind(gen *g) {
	static const uint8_t kinds[] = {LK_BOOL, LK_INT2, LK_INT4, LK_INT8, LK_NUMERIC, LK_NUMERIC, LK_FLOAT4, LK_FLOAT8, LK_TEXT, LK_TEXT, LK_TIME, LK_TIMESTAMP, LK_DATE, LK_UUID, LK_JSONB};
	return kinds[below(g, sizeof kinds)];
}

static bool is_number(uint8_t kind) { return kind >= LK_INT2 && kind <= LK_FLOAT8; }

/* A kind that is compared with another one. */
static uint8_t comparable(gen *g, uint8_t kind) {
	static const uint8_t times[] = {LK_TIME, LK_TIMESTAMP, LK_DATE};
	if (is_number(kind) && one_in(g, 2))
		return (uint8_t)(LK_INT2 + below(g, LK_FLOAT8 - LK_INT2 + 1));
	if ((kind == LK_TIME || kind == LK_TIMESTAMP || kind == LK_DATE) && one_in(g, 2))
		return times[below(g, 3)];
	return kind;
}

static void two(gen *g, uint8_t kind, const char *op, uint8_t other, int depth) {
	put(g, "(");
	value(g, kind, depth - 1);
	put(g, op);
	value(g, other, depth - 1);
	put(g, ")");
}

static void condition(gen *g, int depth) {
	uint8_t kind = one_in(g, 12) ? LK_INTERVAL : any_kind(g);
	switch (below(g, 12)) {
	case 0: two(g, LK_BOOL, PICK(g, " AND ", " OR "), LK_BOOL, depth); break;
	case 1:
		put(g, "(NOT ");
		value(g, LK_BOOL, depth - 1);
		put(g, ")");
		break;
	case 2:
		put(g, "(");
		value(g, kind, depth - 1);
		put(g, PICK(g, " IS NULL)", " IS NOT NULL)"));
		break;
	case 3:
		put(g, "((");
		value(g, LK_BOOL, depth - 1);
		put(g, PICK(g, ") IS TRUE)", ") IS NOT TRUE)", ") IS FALSE)", ") IS NOT FALSE)", ") IS UNKNOWN)", ") IS NOT UNKNOWN)"));
		break;
	case 4: two(g, kind, PICK(g, " IS DISTINCT FROM ", " IS NOT DISTINCT FROM "), comparable(g, kind), depth); break;
	case 5:
		put(g, "(");
		value(g, kind, depth - 1);
		put(g, PICK(g, " IN (", " NOT IN ("));
		for (int i = 0, n = 1 + below(g, 3); i < n; i++) {
			put(g, i ? ", " : "");
			value(g, comparable(g, kind), one_in(g, 2) ? 0 : depth - 1);
		}
		put(g, "))");
		break;
	case 6:
		put(g, "(");
		value(g, kind, depth - 1);
		put(g, PICK(g, " BETWEEN ", " NOT BETWEEN ", " BETWEEN SYMMETRIC ", " NOT BETWEEN SYMMETRIC "));
		value(g, comparable(g, kind), 0);
		put(g, " AND ");
		value(g, comparable(g, kind), 0);
		put(g, ")");
		break;
	case 7:
		put(g, "(");
		value(g, LK_TEXT, depth - 1);
		put(g, PICK(g, " LIKE ", " NOT LIKE ", " ILIKE ", " NOT ILIKE "));
		put(g, PICK(g, "'a%'", "'%B%'", "'_'", "'%\\%'", "'Ä_%'", "'%\\_%'", "''", "'%x%%' ESCAPE 'x'", "'a!_%' ESCAPE '!'", "'a\\%' ESCAPE ''", "'%a_c%'"));
		put(g, ")");
		break;
	case 8: call(g, LK_BOOL, depth); break;
	default: two(g, kind, PICK(g, " = ", " <> ", " < ", " <= ", " > ", " >= "), comparable(g, kind), depth); break;
	}
}

static void branch(gen *g, uint8_t kind, int depth) {
	uint8_t subject = any_kind(g);
	switch (below(g, 6)) {
	case 0:
		put(g, "CASE WHEN ");
		value(g, LK_BOOL, depth - 1);
		put(g, " THEN ");
		value(g, kind, depth - 1);
		if (one_in(g, 2)) {
			put(g, " ELSE ");
			value(g, kind, depth - 1);
		}
		put(g, " END");
		break;
	case 1:
		put(g, "CASE ");
		value(g, subject, 0);
		put(g, " WHEN ");
		value(g, comparable(g, subject), 0);
		put(g, " THEN ");
		value(g, kind, depth - 1);
		put(g, " ELSE ");
		value(g, kind, depth - 1);
		put(g, " END");
		break;
	case 2:
		put(g, "nullif(");
		value(g, kind, depth - 1);
		put(g, ", ");
		value(g, kind, depth - 1);
		put(g, ")");
		break;
	default:
		put(g, PICK(g, "coalesce(", "greatest(", "least("));
		for (int i = 0, n = 2 + below(g, 2); i < n; i++) {
			put(g, i ? ", " : "");
			value(g, kind, depth - 1);
		}
		put(g, ")");
		break;
	}
}

/* An operand of a sum whose kind is the sum's. */
static uint8_t lower(gen *g, uint8_t kind) {
	if (kind == LK_FLOAT8)
		return (uint8_t)(LK_INT2 + below(g, LK_FLOAT8 - LK_INT2 + 1));
	return kind == LK_FLOAT4 ? LK_FLOAT4 : one_in(g, 3) ? (uint8_t)(LK_INT2 + below(g, kind - LK_INT2 + 1)) : kind;
}

static void arithmetic(gen *g, uint8_t kind, int depth) {
	if (one_in(g, 6)) {
		put(g, "(- ");
		value(g, kind, depth - 1);
		put(g, ")");
	} else if (kind == LK_NUMERIC && one_in(g, 3)) {
		lk_buf_addf(g->out, "round(");
		two(g, LK_NUMERIC, " / ", lower(g, LK_NUMERIC), depth);
		put(g, ", 4)");
	} else if (kind < LK_FLOAT4 && one_in(g, 8)) {
		put(g, "mod(");
		value(g, kind, depth - 1);
		put(g, ", ");
		value(g, lower(g, kind), depth - 1);
		put(g, ")");
	} else {
		const char *op = kind < LK_FLOAT4 ? PICK(g, " + ", " - ", " * ", " / ", " % ") : PICK(g, " + ", " - ", " * ", " / ");
		two(g, kind, op, lower(g, kind), depth);
	}
}

static void cast(gen *g, uint8_t kind, int depth) {
	static const char *const names[] = {
		[LK_BOOL] = "boolean", [LK_INT2] = "smallint", [LK_INT4] = "int", [LK_INT8] = "bigint",
		[LK_FLOAT4] = "real", [LK_FLOAT8] = "double precision", [LK_TEXT] = "text", [LK_TIME] = "timestamptz", [LK_DATE] = "date",
		[LK_TIMESTAMP] = "timestamp", [LK_UUID] = "uuid", [LK_JSONB] = "jsonb",
	};
	uint8_t from;
	do
		from = any_kind(g);
	while (!lk_cast_exists((lk_type){.kind = from}, (lk_type){.kind = kind}));
	const char *name = kind == LK_TEXT      ? PICK(g, "text", "varchar", "varchar(3)")
	                   : kind == LK_NUMERIC ? PICK(g, "numeric(16,3)", "numeric(38,10)", "numeric(38)", "numeric(25,20)")
	                                        : names[kind];
	bool spelt = one_in(g, 3);
	put(g, spelt ? "CAST(" : "(");
	value(g, from, depth - 1);
	lk_buf_addf(g->out, spelt ? " AS %s)" : ")::%s", name);
}

static void text(gen *g, int depth) {
	if (one_in(g, 3)) {
		put(g, "concat(");
		for (int i = 0, n = 1 + below(g, 3); i < n; i++) {
			uint8_t kind = any_kind(g);
			put(g, i ? ", " : "");
			value(g, kind == LK_FLOAT4 || kind == LK_FLOAT8 ? LK_TEXT : kind, depth - 1);
		}
		put(g, ")");
	} else if (one_in(g, 2)) {
		uint8_t kind = any_kind(g);
		two(g, LK_TEXT, " || ", kind == LK_FLOAT4 || kind == LK_FLOAT8 ? LK_TEXT : kind, depth);
	} else {
		call(g, LK_TEXT, depth);
	}
}

static void value(gen *g, uint8_t kind, int depth) {
	if (depth <= 0 || one_in(g, 8)) {
		leaf(g, kind);
		return;
	}
	if (one_in(g, 6) && kind != LK_INTERVAL) {
		put(g, "(");
		branch(g, kind, depth);
		put(g, ")");
	} else if (one_in(g, 7) && kind != LK_INTERVAL) {
		cast(g, kind, depth);
	} else if (kind == LK_BOOL) {
		condition(g, depth);
	} else if (is_number(kind) && one_in(g, 2)) {
		arithmetic(g, kind, depth);
	} else if (kind == LK_TEXT) {
		text(g, depth);
	} else if (kind == LK_UUID) {
		cast(g, kind, depth);
	} else {
		call(g, kind, depth);
	}
}

void test_random_expr(uint64_t *seed, int depth, lk_buf *out) {
	gen g = {seed, out};
	value(&g, one_in(&g, 15) ? LK_INTERVAL : any_kind(&g), 1 + below(&g, depth));
}
