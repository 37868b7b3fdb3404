/* Follows the grammar and types of the definition language, so that most definitions are accepted. Expressions are
 * fully parenthesised or in the shapes that people write. */
#include "tests/support/random_view.h"

#include <math.h>
#include <string.h>

#include "core/time.h"
#include "tests/support/servers.h"

enum kind { K_I2, K_I4, K_I8, K_NUM, K_F4, K_F8, K_TEXT, K_BOOL, K_TIME, K_DATE, K_STAMP, K_UUID, K_JSONB, K_LONG /* of K_NUM */ };

static const struct { const char *name, *type; enum kind kind; } columns[TEST_RANDOM_COLUMNS] = {
	{"ts", "timestamptz", K_TIME}, {"k", "text", K_TEXT}, {"i2", "smallint", K_I2}, {"i4", "int", K_I4}, {"i8", "bigint", K_I8},
	{"n", "numeric(6,2)", K_NUM}, {"f4", "real", K_F4}, {"f8", "double precision", K_F8}, {"b", "boolean", K_BOOL},
	{"t", "text", K_TEXT}, {"other", "timestamptz", K_TIME}, {"day", "date", K_DATE}, {"stamp", "timestamp", K_STAMP}, {"vc", "varchar(8)", K_TEXT}, {"u", "uuid", K_UUID},
	{"j", "jsonb", K_JSONB}, {"p", "numeric(38,10)", K_LONG},
};

typedef struct gen {
	unsigned long *seed;
	lk_buf *out;
	int columns;     /* column references written so far */
	bool lateral, parts;   /* FROM has rows of VALUES, l(x, y); parts of a text, w(z, nth) */
} gen;

static unsigned below(gen *g, unsigned n) { return (unsigned)(test_random(g->seed) % n); }
static bool one_in(gen *g, unsigned n) { return below(g, n) == 0; }
static const char *pick(gen *g, const char *const *names, unsigned n) { return names[below(g, n)]; }
#define PICK(g, ...) pick(g, (const char *const[]){__VA_ARGS__}, sizeof (const char *const[]){__VA_ARGS__} / sizeof(char *))

static void put(gen *g, const char *s) { lk_buf_adds(g->out, s); }

static void column(gen *g, enum kind kind) {
	int which[TEST_RANDOM_COLUMNS], n = 0;
	for (int i = 0; i < TEST_RANDOM_COLUMNS; i++)
		if (columns[i].kind == kind || (columns[i].kind == K_LONG && kind == K_NUM))
			which[n++] = i;
	put(g, columns[which[below(g, (unsigned)n)]].name);
	g->columns++;
}

static void boolean(gen *g, int depth);

static enum kind numeric_kind(gen *g) {
	static const enum kind kinds[] = {K_I2, K_I4, K_I4, K_I8, K_NUM, K_F4, K_F8};
	return kinds[below(g, sizeof kinds / sizeof *kinds)];
}
static enum kind exact_kind(gen *g) {
	static const enum kind kinds[] = {K_I2, K_I4, K_I4, K_I8, K_NUM};
	return kinds[below(g, sizeof kinds / sizeof *kinds)];
}

/* A kind whose common kind with `kind` is `kind`. */
static enum kind lower_kind(gen *g, enum kind kind) {
	switch (kind) {
	case K_I4: return K_I2;
	case K_I8: return one_in(g, 2) ? K_I2 : K_I4;
	case K_F4: return one_in(g, 2) ? K_I8 : K_NUM;
	case K_F8: return numeric_kind(g);
	default: return kind;
	}
}

static void constant(gen *g, enum kind kind) {
	switch (kind) {
	case K_I2: case K_I4:
		put(g, PICK(g, "0", "1", "-1", "2", "7", "-3", "100", "32767", "2147483647", "-2147483648"));
		break;
	case K_I8:
		put(g, PICK(g, "0", "1", "-1", "5", "2147483648", "-9223372036854775807", "9223372036854775807"));
		break;
	case K_NUM: case K_LONG:
		put(g, PICK(g, "0.5", "-0.25", "1.50", "10.0", "-99.99", "3.14", "2", ".005", "1e1", "'2.50'"));
		break;
	case K_F4: case K_F8:
		put(g, PICK(g, "0.5", "2", "-1.5", "100.25", "0.1", "'0.1'", "'NaN'", "'-0'", "'-Infinity'", "'3e38'"));
		break;
	case K_TEXT:
		put(g, PICK(g, "'a'", "'b'", "''", "'it''s'", "'Ä'", "'zz'", "E'it\\'s'", "U&'\\00C4'", "$$a%$$", "'\\'"));
		break;
	case K_BOOL:
		put(g, PICK(g, "TRUE", "FALSE", "NULL"));
		break;
	case K_DATE:
		put(g, PICK(g, "'2020-01-01'", "date '2019-12-31'"));
		break;
	case K_UUID:
		put(g, PICK(g, "'00000000-0000-0000-0000-000000000000'", "uuid '0cc175b9-c0f1-b6a8-31c3-99e269772661'"));
		break;
	case K_JSONB: put(g, PICK(g, "'{\"a\": \"x\"}'", "'null'::jsonb", "jsonb '[1.0, \"a\"]'")); break;
	case K_STAMP:
		put(g, PICK(g, "'2020-01-01 00:00:30'", "timestamp '2020-01-01T00:05:00.25'"));
		break;
	case K_TIME:
		put(g, PICK(g, "'2020-01-01T00:00:30Z'", "'2020-01-01T00:05:00+02:00'", "'1999-12-31T23:59:59.5Z'"));
		break;
	}
}

/* Calls of functions, casts and operators that make a value of the kind. They raise for some rows, since texts are cast
 * to numbers and divisors may be 0. */
static void scalar(gen *g, enum kind kind) {
	switch (kind) {
	case K_I2: case K_I4:
		put(g, PICK(g, "length(t)", "strpos(t, 'a')", "(i4 / nullif(i2, 0))", "(i4 % 7)", "abs(i4)", "mod(i4, 5)", "(i4 / i2)", "(day - date '2020-01-01')",
		            "greatest(i4, i2, 3)", "(n::int)", "coalesce(nullif(t, 'a'), '0')::int", "(j ->> 'n')::int",
		            "jsonb_array_length(j -> 'l')"));
		break;
	case K_I8: put(g, PICK(g, "(i8 % 1000)", "abs(i8)", "least(i8, i4)", "(i8 / 3)", "(round(f8)::bigint)")); break;
	case K_NUM: case K_LONG:
		put(g, PICK(g, "round(n / 3, 2)", "trunc(n, 1)", "(n % 2.5)", "extract(minute FROM ts)", "floor(n)", "round(i4 / 7.0, 3)", "(nullif(f8, 'NaN')::numeric(16,2))",
		            "extract(dow FROM day)", "abs(n)", "nullif(n, 0)", "(p * p)", "(p * n)", "(p::numeric(38,2))", "round(p / 7, 10)", "sqrt(abs(p))", "round(ln(abs(n) + 1), 9)"));
		break;
	case K_F4: case K_F8: put(g, PICK(g, "sqrt(abs(f8))", "(f8 / 3)", "power(f8, 2)", "round(f8)", "(f8 / nullif(f4, 0))", "date_part('second', ts)", "ln(f8)")); break;
	case K_TEXT:
		put(g, PICK(g, "lower(t)", "upper(k)", "substr(t, 1, 2)", "regexp_replace(t, '[ab]', '<\\&>', 'g')", "(t || i4)", "split_part(t, 'a', 1)",
		            "md5(k)", "left(t, -1)", "concat(k, '-', n)", "(ts::text)", "(day::text)", "(b::text)", "trim(t)", "vc", "(vc || vc)", "substring(t FROM 'a.*')",
		            "(j ->> 'a' COLLATE \"C\")", "((j -> 'l' ->> -1) COLLATE \"C\")", "(j::text COLLATE \"C\")", "lower(j ->> 'a' COLLATE \"C\")"));
		break;
	case K_BOOL:
		put(g, PICK(g, "(t ~ '^[a-z]')", "(t ILIKE 'A%')", "(day < stamp)", "(i4 IS DISTINCT FROM i2)", "(ts - other > interval '1 s')", "starts_with(t, 'a')",
		            "(vc !~* 'B$')", "(stamp BETWEEN SYMMETRIC other AND ts)", "(t::boolean)", "(j ? 'a')", "(j -> 'n' = '1')", "(j IN ('{\"n\": 1}', 'null'))",
		            "(j -> 0 IS DISTINCT FROM j -> 'n')"));
		break;
	case K_TIME: put(g, PICK(g, "date_trunc('minute', ts)", "(ts + interval '1 min')", "greatest(ts, other)", "to_timestamp(i4)", "(day::timestamptz)")); break;
	case K_DATE: put(g, PICK(g, "(ts::date)", "(day + 1)", "(day - i2)", "least(day, date '2020-01-01')", "(stamp::date)")); break;
	case K_JSONB: put(g, PICK(g, "j", "(j -> 'l')", "(j -> 'l' -> 0)", "coalesce(j -> 'o', j)", "nullif(j, '{}')", "CASE WHEN b THEN j ELSE '1.50' END")); break;
	case K_UUID: put(g, PICK(g, "u", "coalesce(u, md5(t)::uuid)", "md5(k)::uuid", "nullif(u, md5(k)::uuid)")); break;
	case K_STAMP: put(g, PICK(g, "date_trunc('hour', stamp)", "(stamp - interval '1 d')", "(ts::timestamp)", "(day + interval '90 s')", "coalesce(stamp, day)")); break;
	}
}

/* An expression of the family of `kind`; of exactly that kind unless it contains arithmetic. */
static void value(gen *g, enum kind kind, int depth) {
	bool number = kind <= K_F8;
	unsigned shape = depth <= 0 ? 0 : below(g, 10);
	if (depth > 0 && one_in(g, 5)) {
		scalar(g, kind);
		g->columns++;
		return;
	}
	if (shape <= 4 || (kind == K_BOOL && shape <= 6)) {
		if (kind == K_BOOL && depth > 0)
			boolean(g, depth - 1);
		else
			column(g, kind);
	} else if (shape <= 6 && number) {
		put(g, "(");
		value(g, kind, depth - 1);
		put(g, PICK(g, " + ", " - ", " * "));
		if (one_in(g, 2))
			constant(g, kind);
		else
			value(g, kind, depth - 1);
		put(g, ")");
	} else if (shape == 7 && number) {
		put(g, "(- ");
		value(g, kind, depth - 1);
		put(g, ")");
	} else if (shape == 8) {
		put(g, "COALESCE(");
		value(g, one_in(g, 3) ? lower_kind(g, kind) : kind, depth - 1);
		put(g, ", ");
		column(g, kind);
		put(g, ")");
	} else if (one_in(g, 3)) {
		enum kind of = numeric_kind(g);
		put(g, "CASE ");
		value(g, of, depth - 1);
		for (unsigned i = 0, n = 1 + below(g, 2); i < n; i++) {
			put(g, " WHEN ");
			constant(g, of);
			put(g, " THEN ");
			value(g, kind, depth - 1);
		}
		put(g, one_in(g, 2) ? " ELSE NULL END" : " END");
	} else {
		put(g, "CASE WHEN ");
		boolean(g, depth - 1);
		put(g, " THEN ");
		value(g, kind, depth - 1);
		if (one_in(g, 2)) {
			put(g, " ELSE ");
			column(g, kind);
		}
		put(g, " END");
	}
}

static void comparison(gen *g, int depth) {
	static const enum kind others[] = {K_TEXT, K_TIME, K_DATE, K_STAMP, K_UUID};
	enum kind kind = one_in(g, 3) ? others[below(g, 5)] : numeric_kind(g);
	value(g, kind, depth);
	switch (below(g, 6)) {
	case 0:
		put(g, one_in(g, 2) ? " IN (" : " NOT IN (");
		for (unsigned i = 0, n = 1 + below(g, 3); i < n; i++) {
			put(g, i ? ", " : "");
			if (one_in(g, 6))
				put(g, "NULL");
			else if (one_in(g, 5))
				value(g, kind, 0);
			else
				constant(g, kind);
		}
		put(g, ")");
		break;
	case 1:
		put(g, one_in(g, 2) ? " BETWEEN " : " NOT BETWEEN ");
		constant(g, kind);
		put(g, " AND ");
		constant(g, kind);
		break;
	default:
		put(g, PICK(g, " = ", " <> ", " < ", " <= ", " > ", " >= "));
		if (one_in(g, 2))
			constant(g, kind);
		else
			value(g, kind <= K_F8 ? numeric_kind(g) : kind, depth);
	}
}

static void boolean(gen *g, int depth) {
	switch (depth <= 0 ? below(g, 4) : below(g, 9)) {
	case 0:
		put(g, "b");
		g->columns++;
		break;
	case 1:
		column(g, K_TEXT);
		put(g, PICK(g, " LIKE 'a%'", " LIKE '%b%'", " NOT LIKE '_'", " LIKE '%\\%'", " LIKE 'Ä_%'", " LIKE '__'", " LIKE '%\\_%'", " LIKE E'\\\\\\\\%'",
		             " NOT LIKE '%_b'", " LIKE ''"));
		break;
	case 2:
		value(g, numeric_kind(g), 0);
		put(g, one_in(g, 2) ? " IS NULL" : " IS NOT NULL");
		break;
	case 3: case 4:
		put(g, "(");
		comparison(g, depth - 1);
		put(g, ")");
		break;
	case 5:
		put(g, "NOT (");
		boolean(g, depth - 1);
		put(g, ")");
		break;
	case 6:
		put(g, "((");
		boolean(g, depth - 1);
		put(g, PICK(g, ") IS TRUE)", ") IS NOT TRUE)", ") IS FALSE)", ") IS NOT FALSE)", ") IS UNKNOWN)", ") IS NOT UNKNOWN)", ") = b)", ") <> TRUE)"));
		break;
	default: {
		const char *op = PICK(g, " AND ", " OR ");
		put(g, "(");
		boolean(g, depth - 1);
		put(g, op);
		boolean(g, depth - 1);
		put(g, ")");
	}
	}
}

/* An aggregate of what a function of FROM gives. */
static void call_of_parts(gen *g) {
	put(g, PICK(g, "count(w.z)", "min(z)", "max(w.z)", "first(z)", "last(z)", "first(nth)", "count(DISTINCT z)", "top_k(z, 3)", "sum(length(z))", "sum(nth)",
	             "bool_or(z LIKE '%a%')", "max(nth)"));
}

static void call(gen *g) {
	if (g->parts && one_in(g, 2)) {
		call_of_parts(g);
		return;
	}
	switch (below(g, 14)) {
	case 0: case 1:
		put(g, "count(*)");
		break;
	case 2:
		put(g, "count(");
		value(g, K_TEXT, 0);
		put(g, ")");
		break;
	case 3: case 4:
		put(g, one_in(g, 2) ? "sum(" : "avg(");
		if (g->lateral && one_in(g, 2))
			put(g, "l.x");
		else
			value(g, one_in(g, 3) ? K_F8 : exact_kind(g), 2);
		put(g, ")");
		break;
	case 5:
		put(g, PICK(g, "sum(f4)", "sum(f8)", "avg(f4)", "avg(f8)", "sum(f4 * 0.5)"));
		break;
	case 6:
		put(g, PICK(g, "var_pop(", "var_samp(", "variance(", "stddev_pop(", "stddev_samp(", "stddev("));
		put(g, PICK(g, "i2", "i4", "i8", "n", "p", "f4", "f8", "i4 + 1", "n * 0.01", "p * 3"));
		put(g, ")");
		break;
	case 7: {
		static const enum kind kinds[] = {K_TEXT, K_TIME, K_F4, K_F8, K_I4, K_NUM, K_BOOL, K_DATE, K_STAMP, K_UUID, K_JSONB};
		enum kind kind = kinds[below(g, 11)];
		put(g, PICK(g, "first(", "last("));
		if (kind == K_JSONB)
			scalar(g, kind);
		else
			column(g, kind);
		put(g, ")");
		break;
	}
	case 8: {
		static const enum kind kinds[] = {K_TEXT, K_TIME, K_F4, K_F8, K_I4, K_NUM, K_BOOL, K_DATE, K_STAMP, K_UUID};
		put(g, PICK(g, "count(DISTINCT ", "approx_count_distinct("));
		value(g, kinds[below(g, 10)], 1);
		put(g, ")");
		break;
	}
	case 9:
		put(g, PICK(g, "approx_percentile(i4, 0.5)", "approx_percentile(f8, 0.9)", "approx_percentile(n * 2, 1)", "approx_percentile(i8, 0)",
		             "top_k(k, 3)", "top_k(t, 2)", "top_k(i4 + i2, 5)", "top_k(b, 1)", "top_k(n, 100)", "top_k(p, 4)", "approx_percentile(p, 0.5)", "top_k(ts, 3)",
		             "top_k(other, 2)", "top_k(day, 2)", "top_k(stamp, 3)", "top_k(u, 2)", "top_k(f4, 3)", "top_k(f8 * 0.5, 4)"));
		break;
	case 10:
		put(g, PICK(g, "bool_and(", "bool_or(", "every("));
		boolean(g, 2);
		put(g, ")");
		break;
	default: {
		static const enum kind kinds[] = {K_TEXT, K_TIME, K_F4, K_F8, K_I4, K_NUM, K_DATE, K_STAMP};
		put(g, one_in(g, 2) ? "min(" : "max(");
		value(g, kinds[below(g, 8)], 1);
		put(g, ")");
	}
	}
}

static void aggregate(gen *g) {
	call(g);
	if (!one_in(g, 4))
		return;
	put(g, " FILTER (WHERE ");
	boolean(g, 2);
	put(g, ")");
}

/* A number of merged rows. Divisors are seldom 0, and products short: PostgreSQL should mostly have an answer, in at most 38
 * digits. */
static void number_of_row(gen *g, int depth) {
	switch (depth <= 0 ? below(g, 3) : below(g, 9)) {
	case 0:
		put(g, PICK(g, "count(*)", "count(t)", "count(*) FILTER (WHERE b)", "count(DISTINCT k)", "sum(i2)", "max(i4)", "min(i8)", "first(i2)"));
		break;
	case 1:
		put(g, PICK(g, "sum(i8)", "sum(n)", "avg(i4)", "avg(n)", "max(n)", "avg(i2) FILTER (WHERE i4 > 0)", "last(n)", "round(avg(n), 1)",
		             "(avg(i4) * avg(n))", "(avg(n) * avg(n) * avg(i2))", "NULLIF(sum(i4), 0)", "abs(sum(i4))", "(sum(i2) % 3)",
		             "GREATEST(max(i4), avg(n))"));
		break;
	case 2:
		put(g, PICK(g, "sum(f8)", "max(f4)", "avg(f4)", "min(f8)", "2", "-7", "0.5", "100.0"));
		break;
	case 3:
		put(g, "COALESCE(");
		number_of_row(g, depth - 1);
		put(g, PICK(g, ", 0)", ", -1.50)", ", count(*))", ", sum(n), 7)"));
		break;
	case 4:
		put(g, "CASE WHEN ");
		number_of_row(g, depth - 1);
		put(g, PICK(g, " > 0 THEN ", " IS NULL THEN ", " IN (1, 2, NULL) THEN ", " = count(*) THEN "));
		number_of_row(g, depth - 1);
		put(g, PICK(g, " END", " ELSE 0 END", " ELSE count(t) END"));
		break;
	case 5:
		put(g, "(");
		number_of_row(g, depth - 1);
		put(g, PICK(g, " * 2)", " * -1)", " * 0.25)", " * 100.0)"));
		break;
	case 6:
		put(g, "(");
		number_of_row(g, depth - 1);
		put(g, PICK(g, " / count(*))", " / 3)", " / -7.5)", " / 1000)", " / (count(t) + 1))"));
		break;
	default:
		put(g, "(");
		number_of_row(g, depth - 1);
		put(g, PICK(g, " + ", " - "));
		number_of_row(g, depth - 1);
		put(g, ")");
	}
}

/* An expression over aggregates and, at times, a group key. */
static void merged(gen *g, const lk_buf *key) {
	switch (below(g, 6)) {
	case 0:
		put(g, "COALESCE(max(t), 'none') >= min(k)");
		break;
	case 1:
		put(g, "CASE WHEN count(*) > 3 THEN 'many' ELSE max(t) END");
		break;
	case 2:
		if (key) {
			lk_buf_addf(g->out, "CASE WHEN %s IS NULL THEN -count(*) ELSE sum(i4) END", key->data);
			break;
		}
		/* fall through */
	default:
		number_of_row(g, 3);
	}
}

/* Items that have no rounding. */
static void first_rows(gen *g, unsigned nkeys) {
	put(g, " ORDER BY ");
	for (unsigned i = 0, n = 1 + below(g, 2); i < n; i++) {
		put(g, i ? ", " : "");
		put(g, nkeys && one_in(g, 4) ? "key0" : PICK(g, "count(*)", "max(t)", "sum(i4)", "avg(n)", "min(f8)", "1", "sum(i8) / count(*)"));
		put(g, PICK(g, "", " DESC", " ASC NULLS FIRST", " DESC NULLS LAST"));
	}
	if (!one_in(g, 5))
		lk_buf_addf(g->out, " LIMIT %u", 1 + below(g, 4));
}

/* Each condition has an aggregate: PostgreSQL moves others to WHERE and may then not evaluate what lk evaluates. */
static void having(gen *g, const lk_buf *key) {
	put(g, " HAVING ");
	put(g, PICK(g, "count(*) > 2", "NOT (max(i4) > 3)", "sum(i4) BETWEEN -5 AND 20", "avg(n) < 1.5 AND min(t) >= 'a'", "bool_or(b)",
	             "count(t) FILTER (WHERE b) = 1 OR sum(i2) IS NULL", "avg(i8) IN (0, 1, 2) OR count(*) > 5",
	             "CASE WHEN count(*) > 3 THEN max(k) = 'b' ELSE TRUE END", "sum(i4) / count(*) >= 0 OR avg(i4) + 1 > 2 * avg(n)"));
	if (key && one_in(g, 2))
		lk_buf_addf(g->out, " OR (%s IS NULL AND count(*) > 0)", key->data);
}

/* A key that refers to a column: a constant cannot be a group key. */
static void key(gen *g, lk_buf *out) {
	static const enum kind kinds[] = {K_TEXT, K_TEXT, K_I4, K_I8, K_NUM, K_F8, K_F4, K_BOOL, K_TIME, K_I2, K_DATE, K_STAMP, K_UUID};
	lk_buf *former = g->out;
	g->out = out;
	g->columns = 0;
	if (g->parts && one_in(g, 2))
		put(g, PICK(g, "w.z", "z", "nth", "lower(z)"));
	else if (g->lateral && one_in(g, 2))
		put(g, "l.y");
	else if (one_in(g, 2))
		put(g, "k");
	else
		value(g, kinds[below(g, 13)], one_in(g, 3) ? 2 : 0);
	g->out = former;
}

void test_random_stream(unsigned long *seed, const char *name, lk_buf *out) {
	gen g = {.seed = seed, .out = out};
	lk_buf_addf(out, "CREATE TABLE %s (", name);
	for (int i = 0; i < TEST_RANDOM_COLUMNS; i++)
		lk_buf_addf(out, "%s%s %s", i ? ", " : "", columns[i].name, columns[i].type);
	lk_buf_addf(out, ") WITH (event_time = ts, partition_by = %s, partitions = %u, watermark = '%u seconds');\n",
	            PICK(&g, "k", "i4", "f8", "b"), 1 + below(&g, 3), below(&g, 20));
}

/* --- windows ---
 *
 * All are equally likely. Few windows per event keep the oracle fast, which has a row for each. */
static const test_window_shape windows[] = {
	{"tumble", 1, 1, 0, 1, false}, {"tumble", 7, 7, 0, 7, false}, {"tumble", 60, 60, 0, 60, false},
	{"tumble", 60, 60, 45, 60, false}, {"tumble", 90, 90, 0, 90, false}, {"tumble", 3600, 3600, 0, 3600, false},
	{"tumble", 3600, 3600, 1800, 3600, false},
	{"hop", 1, 5, 0, 1, false}, {"hop", 7, 21, 5, 7, false}, {"hop", 7, 20, 0, 1, false},
	{"hop", 60, 90, 0, 30, false}, {"hop", 60, 90, 45, 30, false}, {"hop", 20, 60, 0, 20, false},
	{"hop", 1800, 3600, 100, 1800, false}, {"hop", 90, 90, 0, 90, false},
	{"week", 86400, 0, 0, 0, false}, {"month", 86400, 0, 0, 0, false},
	{"cumulate", 1, 5, 0, 1, false}, {"cumulate", 20, 60, 0, 20, false}, {"cumulate", 45, 90, 0, 45, false},
	{"cumulate", 900, 3600, 0, 900, false},
	{"session", 1, 1, 0, 0, false}, {"session", 3, 3, 0, 0, false}, {"session", 12, 12, 0, 0, false},
	{"session", 60, 60, 0, 0, false},
};
enum { WINDOWS = sizeof windows / sizeof *windows };

void test_window_call(const test_window_shape *w, lk_buf *out) {
	const char *time = w->by_at ? "_at" : "ts";
	if (!strcmp(w->name, "week") || !strcmp(w->name, "month")) {
		lk_buf_addf(out, "tumble(%s, '1 %s', '%s')", time, w->name, *w->name == 'w' ? "America/Havana" : "Pacific/Apia");
		return;
	}
	lk_buf_addf(out, "%s(%s, ", w->name, time);
	if (!strcmp(w->name, "hop") || !strcmp(w->name, "cumulate"))
		lk_buf_addf(out, "'%d s', ", w->slide_s);
	lk_buf_addf(out, "'%d s'", w->size_s);
	if (w->offset_s)
		lk_buf_addf(out, ", '%d s'", w->offset_s);
	lk_buf_addc(out, ')');
}

test_window_shape test_window_asked(const test_window_shape *of, unsigned long *seed) {
	gen g = {.seed = seed};
	int slide = of->pane_s * (int)(1 + below(&g, 4)), size = of->pane_s * (int)(1 + below(&g, 7));
	if (slide > size || one_in(&g, 2))
		slide = size;
	return (test_window_shape){slide < size ? "hop" : "tumble", slide, size, of->offset_s, 0, of->by_at};
}

/* The stream, or a subquery with the same columns. */
static void from(gen *g, const char *stream) {
	put(g, " FROM ");
	if (!one_in(g, 5)) {
		put(g, stream);
		return;
	}
	put(g, "(SELECT ");
	for (int i = 0, star = one_in(g, 2); i < TEST_RANDOM_COLUMNS && !star; i++) {
		bool changed = one_in(g, 3) && (columns[i].kind == K_I4 || columns[i].kind == K_TEXT || columns[i].kind == K_F8);
		const char *other = columns[i].kind == K_I4 ? "i2" : columns[i].kind == K_TEXT ? "'x'" : "f4";
		lk_buf_addf(g->out, changed ? "COALESCE(%s, %s) AS %s, " : "%s, ", columns[i].name, other, columns[i].name);
	}
	lk_buf_addf(g->out, g->out->data[g->out->len - 2] == ',' ? "_at FROM %s" : "* FROM %s", stream);
	if (one_in(g, 2)) {
		put(g, " WHERE ");
		boolean(g, 2);
	}
	put(g, ") AS q");
}

/* A function of FROM. Texts that are no JSON raise. */
static void parts(gen *g) {
	static const char *const json = "json_array_elements_text(concat('[\"', t, '\", ', i4, ', ', i2 , ']')::json)";
	put(g, PICK(g, ", ", " CROSS JOIN LATERAL "));
	put(g, PICK(g, "string_to_table(t, 'b')", "string_to_table(concat(k, ' ', t), ' ', 'a')", "string_to_table(t, NULL)", "regexp_split_to_table(t, '\\W+')",
	             "regexp_split_to_table(t || k, '[ab]', 'i')", "unnest(string_to_array(vc, 'a'))", json, "json_array_elements_text(('[' || n || ',[' || i8 || ']]')::json)"));
	put(g, " WITH ORDINALITY AS w(z, nth)");
}

/* What FROM has beside the stream. */
static void items(gen *g) {
	if (g->lateral) {
		put(g, ", LATERAL (VALUES (i4, k)");
		for (unsigned i = 0, n = below(g, 3); i < n; i++)
			lk_buf_addf(g->out, ", (%s, %s)", PICK(g, "i4 + 1", "i2", "NULL", "7", "'-5'"), PICK(g, "t", "k", "'x'", "NULL", "CASE WHEN b THEN t END"));
		put(g, ") AS l(x, y)");
	}
	if (g->parts && g->lateral && one_in(g, 2))
		put(g, ", string_to_table(l.y, 'b') WITH ORDINALITY AS w(z, nth)");
	else if (g->parts)
		parts(g);
}

void test_random_view(unsigned long *seed, const char *name, const char *stream, const test_window_shape *window, lk_buf *out,
                      test_view_shape *shape) {
	gen g = {.seed = seed, .out = out};
	bool windowed = !one_in(&g, 5);
	test_window_shape any = windows[below(&g, WINDOWS)];
	any.by_at = one_in(&g, 8);
	*shape = (test_view_shape){.lateness = windowed && one_in(&g, 3)};
	if (windowed)
		shape->window = window ? *window : any;
	bool rows = !(windowed && !strcmp(any.name, "session"));   /* sessions do not allow them */
	g.lateral = one_in(&g, 5) && rows;
	g.parts = one_in(&g, 5) && rows;
	lk_buf keys[3] = {LK_BUF_INIT, LK_BUF_INIT, LK_BUF_INIT};
	unsigned nkeys = below(&g, 4), lateness = below(&g, 60);
	for (unsigned i = 0; i < nkeys; i++)
		key(&g, &keys[i]);

	lk_buf_addf(out, "CREATE VIEW %s ", name);
	if (shape->lateness)
		lk_buf_addf(out, "WITH (allowed_lateness = '%u seconds') ", lateness);
	put(&g, "AS SELECT ");
	const char *comma = "";
	bool all_keys = true;
	for (unsigned i = 0; i < nkeys; i++) {
		if (one_in(&g, 8)) {
			all_keys = false;
			continue;
		}
		lk_buf_addf(out, "%s%s AS key%u", comma, keys[i].data, i);
		comma = ", ";
	}
	for (unsigned i = 0, n = 1 + below(&g, 3); i < n; i++, comma = ", ") {
		put(&g, comma);
		if (one_in(&g, 3))
			merged(&g, nkeys ? &keys[0] : NULL);
		else
			aggregate(&g);
		lk_buf_addf(out, " AS agg%u", i);
	}
	from(&g, stream);
	items(&g);
	if (!one_in(&g, 3)) {
		put(&g, " WHERE ");
		if (g.parts && one_in(&g, 2))
			put(&g, PICK(&g, "z <> '' AND ", "w.nth < 4 AND ", "(z > k OR nth = i4) AND "));
		if (g.lateral && one_in(&g, 2))
			put(&g, PICK(&g, "l.y > 'a' AND ", "x IS NOT NULL AND ", "(x < i8 OR y = t) AND "));
		boolean(&g, 3);
	}
	const char *by = " GROUP BY ";
	for (unsigned i = 0; i < nkeys; i++, by = ", ")
		lk_buf_addf(out, "%s%s", by, keys[i].data);
	if (windowed) {
		put(&g, by);
		test_window_call(&shape->window, out);
	}
	if (one_in(&g, 5))
		having(&g, nkeys ? &keys[0] : NULL);
	if (one_in(&g, 5) && all_keys && !(windowed && !strcmp(any.name, "session")))
		first_rows(&g, nkeys);
	put(&g, ";\n");
	for (int i = 0; i < 3; i++)
		lk_buf_release(&keys[i]);
}

static lk_value random_text(gen *g, lk_arena *arena) {
	static const char *const texts[] = {"a", "b", "ab", "", "Ä", "Äb", "a%", "it's", "zz", "\x01\x7f", "\\", "_b", "\xf0\x9f\x98\x80", "long enough to be no small string at all"};
	const char *s = one_in(g, 3) ? texts[below(g, sizeof texts / sizeof *texts)] : texts[below(g, 3)];
	return lk_text(lk_arena_strdup(arena, s), strlen(s));
}

static int64_t random_int(gen *g, int64_t max, bool extreme) {
	if (extreme && one_in(g, 12))
		return one_in(g, 2) ? max : -max - 1;
	return (int64_t)below(g, 21) - 10;
}

/* Of numeric(38,10), below 100: keys and arguments that are products of three still fit 38 digits (R11). */
static lk_value random_long(gen *g) {
	lk_int128 n = one_in(g, 5) ? (lk_int128)(test_random(g->seed) % 1000000000000) : (lk_int128)below(g, 100) * lk_pow10(9);
	return lk_numeric(one_in(g, 2) ? n : -n, 10);
}

void test_long_numbers(unsigned long *seed, lk_value *rows, int n) {
	gen g = {.seed = seed};
	int column = 0;
	while (columns[column].kind != K_LONG)
		column++;
	for (int i = 0; i < n; i++) {
		lk_int128 x = one_in(&g, 3) ? lk_pow10(38) - 1 : (lk_int128)test_random(seed) % lk_pow10(15) * lk_pow10(15);
		if (one_in(&g, 4))
			rows[(size_t)i * TEST_RANDOM_COLUMNS + (size_t)column] = lk_numeric(one_in(&g, 2) ? x : -x, 10);
	}
}

static double random_double(gen *g, bool single, bool extreme) {
	static const double odd[] = {0.0, -0.0, INFINITY, -INFINITY, NAN};
	static const double wide[] = {1e308, -1e308, 5e-324, 1e-300}, narrow[] = {3e38f, -3e38f, 1e-45f, 1e-30f};
	if (extreme && one_in(g, 12))
		return single ? (double)(float)narrow[below(g, 4)] : wide[below(g, 4)];
	if (one_in(g, 10))
		return odd[below(g, 5)];
	double d = (double)((int)below(g, 41) - 20) / 8;
	return one_in(g, 2) ? d : single ? (double)(float)(d * 0.1f) : d * 0.1;
}

static int64_t random_time(gen *g, int64_t base_us) {
	int64_t spread = (int64_t)(test_random(g->seed) % 120000000);
	if (one_in(g, 2))
		spread -= spread % LK_US_PER_S;
	if (one_in(g, 25))
		spread -= 3600 * LK_US_PER_S * (int64_t)(1 + below(g, 5));
	if (one_in(g, 200))
		return one_in(g, 2) ? LK_TIME_MIN : LK_TIME_MAX;
	return base_us + spread;
}

/* As PostgreSQL prints it; now and then as people write it. */
static lk_value random_jsonb(gen *g) {
	static const char *const values[] = {
		"{\"a\": \"x\", \"n\": 1}", "{\"n\": 1.0}", "{\"n\": \"7\", \"l\": [1, 2.50, \"z\"]}", "[]", "null", "\"a\"", "{\"l\": [], \"o\": {\"a\": null}}",
		" {\"n\":1, \"l\":[{\"b\":1,\"a\":2}],\"n\":1e0} ", "{\"a\": \"Ä\\n\", \"n\": \"x\"}", "1.50", "true", "{\"a\":\"\\u0041\",\"long\":\"long enough to be no small text at all\"}",
	};
	const char *s = values[below(g, sizeof values / sizeof *values)];
	return lk_text(s, strlen(s));
}

static lk_value random_value(gen *g, enum kind kind, int64_t base_us, bool extreme, lk_arena *arena) {
	switch (kind) {
	case K_I2: return lk_int(random_int(g, INT16_MAX, extreme));
	case K_I4: return lk_int(random_int(g, INT32_MAX, extreme));
	case K_I8: return lk_int(random_int(g, INT64_MAX, extreme));
	case K_NUM: return lk_numeric(extreme && one_in(g, 12) ? 999999 : (int)below(g, 1000) - 500, 2);
	case K_LONG: return random_long(g);
	case K_F4: return lk_double(random_double(g, true, extreme));
	case K_F8: return lk_double(random_double(g, false, extreme));
	case K_BOOL: return lk_int(below(g, 2));
	case K_TIME: case K_STAMP: return lk_int(random_time(g, base_us));
	case K_JSONB: return random_jsonb(g);
	case K_UUID: {
		lk_value v = {0};
		v.uuid[0] = (uint8_t)below(g, 3);
		v.uuid[15] = (uint8_t)below(g, 2);
		return v;
	}
	case K_DATE: return lk_int(lk_floor_div(random_time(g, base_us), LK_US_PER_DAY));
	default: return random_text(g, arena);
	}
}

lk_value *test_random_rows(unsigned long *seed, int n, int64_t base_us, bool extreme, lk_arena *arena) {
	gen g = {.seed = seed};
	lk_value *rows = lk_arena_zalloc(arena, (size_t)n * TEST_RANDOM_COLUMNS * sizeof *rows);
	int64_t now = base_us;
	for (int i = 0; i < n; i++) {
		lk_value *row = rows + (size_t)i * TEST_RANDOM_COLUMNS;
		if (!one_in(&g, 4))
			now += (int64_t)below(&g, 5) * LK_US_PER_S;
		for (int c = 0; c < TEST_RANDOM_COLUMNS; c++)
			row[c] = c && one_in(&g, 8) ? lk_null() : random_value(&g, columns[c].kind, now, extreme, arena);
	}
	return rows;
}
