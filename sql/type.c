/* Types in the definition language: PostgreSQL's implicit casts, its common type of branches, the kind in which it
 * compares, and constants read as a type.
 *
 * Numbers form a ladder, smallint -> integer -> bigint -> numeric -> real -> double precision, and implicit casts only
 * go up. The order of enum lk_kind is that ladder. Branches (CASE, COALESCE, VALUES, IN) meet at the highest step. So
 * do operators, except that real and any other number meet at double precision, the preferred type of numbers.
 *
 * A numeric's precision bounds its values: up to 38 digits fit 128 bits. */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/jsonb.h"
#include "core/time.h"
#include "expr/function.h"
#include "sql/expr.h"

/* date -> timestamp -> timestamptz; 0 for other kinds. */
static int time_step(uint8_t kind) { return kind == LK_DATE ? 1 : kind == LK_TIMESTAMP ? 2 : kind == LK_TIME ? 3 : 0; }

bool lk_sql_implicit(uint8_t from, uint8_t to) {
	if (from == to)
		return true;
	if (time_step(from) && time_step(to))
		return time_step(from) < time_step(to);
	return lk_type_is_number(lk_type_of(from)) && lk_type_is_number(lk_type_of(to)) && from < to;
}

lk_type lk_type_as_numeric(lk_type t) {
	if (t.kind == LK_NUMERIC)
		return t;
	return (lk_type){.kind = LK_NUMERIC, .precision = t.kind == LK_INT2 ? 5 : t.kind == LK_INT4 ? 10 : 19};
}

const char *lk_sql_type_text(lk_scope *c, lk_type t) {
	if (t.kind == LK_UNKNOWN)
		return "an untyped constant";
	lk_buf b = LK_BUF_INIT;
	lk_type_name(t, &b);
	const char *name = lk_arena_strdup(c->s->arena, b.data);
	lk_buf_release(&b);
	return name;
}

static int digits_of(lk_int128 n) {
	int k = 1;
	for (n = n < 0 ? -n : n; k < LK_NUMERIC_DIGITS && n >= lk_pow10(k);)
		k++;
	return k;
}

static lk_type type_of_numeric(lk_int128 n, int scale) {
	int digits = digits_of(n);
	return (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)(digits > scale ? digits : scale), .scale = (uint8_t)scale};
}

static int read_exponent(const char *p) {
	int sign = *p == '-' ? -1 : 1, n = 0;
	for (p += *p == '-' || *p == '+'; isdigit((unsigned char)*p); p++)
		n = n < 1000 ? n * 10 + (*p - '0') : n;
	return sign * n;
}

static bool is_number_text(const char *p) {
	p += *p == '-' || *p == '+';
	const char *digits = p;
	while (isdigit((unsigned char)*p))
		p++;
	bool any = p > digits;
	if (*p == '.') {
		for (digits = ++p; isdigit((unsigned char)*p);)
			p++;
		any |= p > digits;
	}
	if (any && (*p == 'e' || *p == 'E')) {
		p += p[1] == '-' || p[1] == '+' ? 2 : 1;
		for (any = false; isdigit((unsigned char)*p); p++)
			any = true;
	}
	return any && *p == '\0';
}

bool lk_numeric_literal(const char *text, lk_int128 *out, lk_type *type) {
	if (!is_number_text(text))
		return false;
	const char *exponent = strpbrk(text, "eE");
	int shift = exponent ? read_exponent(exponent + 1) : 0, scale = 0;
	bool point = false;
	const lk_int128 full = lk_pow10(LK_NUMERIC_DIGITS - 1);   /* takes no more digits */
	lk_int128 n = 0;
	for (const char *p = text; *p && p != exponent; p++) {
		if (*p == '.')
			point = true;
		if (!isdigit((unsigned char)*p))
			continue;
		if (n >= full || scale > 1000)
			return false;
		n = n * 10 + (*p - '0');
		scale += point;
	}
	for (scale -= shift; scale < 0; scale++) {
		if (n >= full)
			return false;
		n *= 10;
	}
	if (scale > LK_NUMERIC_DIGITS)
		return false;
	*type = type_of_numeric(n, scale);
	*out = *text == '-' ? -n : n;
	return true;
}

static lk_expr *not_valid(lk_scope *c, const lk_expr *x, lk_type to, const char *hint) {
	lk_stmt_fault(c->s, x->location, hint, "'%.*s' cannot be read as %s", (int)x->value.len, x->value.s,
	              lk_sql_type_text(c, to));
	return NULL;
}

static bool read_integer(const char *text, uint8_t kind, int64_t *out) {
	const char *p = text + (*text == '-' || *text == '+');
	if (!*p || p[strspn(p, "0123456789")])
		return false;
	errno = 0;
	*out = strtoll(text, NULL, 10);
	return !errno && (kind == LK_INT8 || (kind == LK_INT4 ? *out == (int32_t)*out : *out == (int16_t)*out));
}

static bool read_double(const char *text, uint8_t kind, double *out) {
	bool special = strcmp(text, "NaN") == 0 || strcmp(text, "Infinity") == 0 || strcmp(text, "-Infinity") == 0;
	if (!special && !is_number_text(text))
		return false;
	*out = kind == LK_FLOAT4 ? (double)strtof(text, NULL) : strtod(text, NULL);
	return special || (isfinite(*out) && (*out != 0 || !text[strcspn(text, "123456789")] ||
	                                      strcspn(text, "123456789") > strcspn(text, "eE")));
}

static bool read_jsonb(lk_scope *c, const lk_expr *unknown, lk_value *out, const char **reason) {
	lk_buf b = LK_BUF_INIT;
	bool good = lk_jsonb_normalise(unknown->value.s, unknown->value.len, &b, reason) == 0;
	if (good)
		*out = lk_text(lk_arena_strndup(c->s->arena, b.data, b.len), b.len);
	lk_buf_release(&b);
	return good;
}

static bool read_bool(const char *text, int64_t *out) {
	*out = strcmp(text, "true") == 0 || strcmp(text, "t") == 0;
	return *out || strcmp(text, "false") == 0 || strcmp(text, "f") == 0;
}

lk_expr *lk_sql_literal_as(lk_scope *c, const lk_expr *unknown, lk_type to, bool exact) {
	lk_expr *x = lk_expr_new(c, LK_X_CONST, to, unknown->location, 0);
	if (!x)
		return NULL;
	x->value = unknown->value;
	if (to.kind == LK_NUMERIC && !to.precision)
		x->type.precision = 1;
	if (lk_is_null(&x->value) || to.kind == LK_TEXT)
		return x;
	const char *text = lk_arena_strndup(c->s->arena, unknown->value.s, unknown->value.len), *hint = "";
	lk_value v = {0};
	bool good = true;
	switch (to.kind) {
	case LK_BOOL:
		good = read_bool(text, &v.i);
		hint = "write TRUE or FALSE";
		break;
	case LK_NUMERIC: {
		lk_type own = to;
		good = lk_numeric_literal(text, &v.n, &own);
		hint = "write digits with a decimal point, at most 38 of them";
		if (good && exact)
			good = lk_numeric_rescale(v.n, own.scale, to.scale, &v.n);
		else
			x->type = own;
		v.scale = x->type.scale;
		break;
	}
	case LK_FLOAT4:
	case LK_FLOAT8:
		good = read_double(text, to.kind, &v.d);
		hint = "write a decimal number within the type's range";
		break;
	case LK_TIME:
		good = lk_sql_time_literal(text, &v.i);
		hint = "write it as '2015-05-17' or '2015-05-17T10:05:03Z', with at most 6 digits after the second";
		break;
	case LK_TIMESTAMP:
		good = lk_sql_timestamp_literal(text, &v.i);
		hint = "write it as '2015-05-17 10:05:03'";
		break;
	case LK_DATE:
		good = lk_date_parse(text, strlen(text), &v.i) == 0;
		hint = "write it as '2015-05-17'";
		break;
	case LK_UUID:
		good = lk_uuid_parse(text, strlen(text), v.uuid);
		hint = "write it as '00112233-4455-6677-8899-aabbccddeeff'";
		break;
	case LK_JSONB:
		good = read_jsonb(c, unknown, &v, &hint);
		break;
	case LK_INTERVAL:
		good = lk_sql_interval_literal(text, &v, &hint);
		hint = lk_stmt_text(c->s, "%s; write it as '10 seconds' or '1 hour 30 min'", hint);
		break;
	default:
		good = read_integer(text, to.kind, &v.i);
		hint = "write decimal digits within the type's range";
		break;
	}
	x->value = v;
	if (!exact)
		to.precision = 0;   /* any numeric */
	return good ? x : not_valid(c, unknown, to, hint);
}

/* The smallest numeric type that holds an exact number; for a constant, one with just its digits. */
static lk_type numeric_of(const lk_expr *x) {
	if (x->op == LK_X_CONST && !lk_is_null(&x->value) && lk_type_is_integer(x->type))
		return type_of_numeric(x->value.i, 0);
	return lk_type_as_numeric(x->type);
}

static lk_expr *convert_constant(lk_scope *c, const lk_expr *x, lk_type to) {
	lk_expr *y = lk_expr_new(c, LK_X_CONST, to, x->location, 0);
	if (!y)
		return NULL;
	y->value = x->value;
	if (to.whole && lk_type_is_integer(x->type) && !lk_is_null(&x->value))
		y->value = lk_numeric(x->value.i, 0);
	if (lk_is_null(&x->value) || to.whole || to.kind == LK_INT4 || to.kind == LK_INT8 || x->type.kind >= LK_FLOAT4)
		return y;
	if (to.kind == LK_NUMERIC) {
		lk_int128 n = x->type.kind == LK_NUMERIC ? x->value.n : x->value.i;
		int scale = x->type.kind == LK_NUMERIC ? x->value.scale : 0;
		y->value = lk_numeric(0, to.scale);
		return lk_numeric_rescale(n, scale, to.scale, &y->value.n) ? y : NULL;
	}
	lk_buf text = LK_BUF_INIT;
	lk_value_print(x->type, &x->value, &text);
	y->value = lk_double(to.kind == LK_FLOAT4 ? (double)strtof(text.data, NULL) : strtod(text.data, NULL));
	lk_buf_release(&text);
	return y;
}

lk_expr *lk_sql_coerce(lk_scope *c, lk_expr *x, lk_type to, bool exact) {
	if (!x)
		return NULL;
	if (lk_type_is_unbounded(to) && x->type.kind == LK_NUMERIC)
		return x;
	if (x->type.kind == LK_UNKNOWN)
		return lk_sql_literal_as(c, x, to, exact && !lk_type_is_unbounded(to));
	if (to.kind == LK_NUMERIC && !exact)
		to = numeric_of(x);
	if (x->type.kind == to.kind && (to.kind != LK_NUMERIC || lk_type_equal(x->type, to) ||
	                                (x->op != LK_X_CONST && x->type.scale == to.scale && x->type.precision <= to.precision)))
		return x;
	if (x->op == LK_X_CONST && lk_type_is_number(x->type) && lk_type_is_number(to))
		return convert_constant(c, x, to);
	lk_expr *cast = lk_expr_new(c, LK_X_CAST, to, x->location, 1);
	if (cast)
		cast->args[0] = x;
	return cast;
}

bool lk_sql_is_merged(const lk_scope *c, const lk_expr *x) {
	const lk_plan *p = c->plan;
	return lk_type_is_unbounded(x->type) || lk_expr_reads(x, p->nslots, p->nslots + p->naggs) ||
	       (p->overs.ncalls && lk_expr_reads(x, p->nslots - p->overs.ncalls, p->nslots));
}

/* A numeric type that holds every value of n expressions. Where their scales differ, or one of them is known only after
 * the merge, each value keeps its own digits, as in PostgreSQL. */
static bool common_numeric(lk_scope *c, lk_expr *const *x, int n, lk_type *out) {
	int whole = 0, scale = 0, digits = 0;
	bool one_scale = true;
	*out = lk_type_of(LK_NUMERIC);
	for (int i = 0; i < n; i++)
		if (lk_sql_is_merged(c, x[i]))
			return true;
	for (int i = 0; i < n; i++) {
		lk_type t = numeric_of(x[i]);
		if (x[i]->type.kind == LK_UNKNOWN) {
			const lk_expr *literal = lk_sql_literal_as(c, x[i], (lk_type){.kind = LK_NUMERIC, .precision = 1}, false);
			if (!literal)
				return false;
			t = literal->type;
		}
		bool null = x[i]->op == LK_X_CONST && lk_is_null(&x[i]->value);
		if (null)
			continue;
		int own = lk_numeric_whole(t);
		one_scale &= !t.whole && (!digits || t.scale == scale);
		whole = own > whole ? own : whole;
		scale = t.scale > scale ? t.scale : scale;
		digits = t.precision > digits ? t.precision : digits;
	}
	if (!one_scale) {
		*out = (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)digits, .scale = (uint8_t)scale, .whole = (uint8_t)(whole ? whole : 1)};
		return true;
	}
	if (whole + scale > LK_EXPR_DIGITS) {
		lk_stmt_fault(c->s, x[0]->location, "use numbers with fewer digits", "these branches need more than %d digits", LK_EXPR_DIGITS);
		return false;
	}
	*out = (lk_type){.kind = LK_NUMERIC, .precision = (uint8_t)(whole + scale ? whole + scale : 1), .scale = (uint8_t)scale};
	return true;
}

bool lk_sql_common_type(lk_scope *c, lk_expr *const *x, int n, const char *what, lk_type *out) {
	lk_type best = {.kind = LK_UNKNOWN};
	for (int i = 0; i < n; i++) {
		lk_type t = x[i]->type;
		if (t.kind == LK_UNKNOWN)
			continue;
		if (best.kind == LK_UNKNOWN) {
			best = t;
		} else if (lk_type_is_number(best) && lk_type_is_number(t)) {
			best = t.kind > best.kind ? t : best;
		} else if (time_step(best.kind) && time_step(t.kind)) {
			best = time_step(t.kind) > time_step(best.kind) ? t : best;
		} else if (best.kind != t.kind) {
			lk_stmt_fault(c->s, x[i]->location, "", "%s types %s and %s cannot be matched", what, lk_sql_type_text(c, best),
			              lk_sql_type_text(c, t));
			return false;
		}
	}
	*out = best.kind == LK_UNKNOWN ? (lk_type){.kind = LK_TEXT} : best;
	return out->kind != LK_NUMERIC || common_numeric(c, x, n, out);
}

bool lk_sql_compare_kind(lk_type a, lk_type b, uint8_t *kind) {
	if (time_step(a.kind) && time_step(b.kind)) {
		*kind = time_step(a.kind) > time_step(b.kind) ? a.kind : b.kind;
		return true;
	}
	*kind = a.kind > b.kind ? a.kind : b.kind;
	if (!lk_type_is_number(a) || !lk_type_is_number(b))
		return a.kind == b.kind;
	if (*kind >= LK_FLOAT4 && a.kind != b.kind)
		*kind = LK_FLOAT8;
	return true;
}

/* The collation of columns wins over the database's, which constants have; no operator changes either. */
bool lk_expr_collates(const lk_plan *p, const lk_expr *x) {
	if (x->type.kind != LK_TEXT)
		return false;
	if (x->op == LK_X_SLOT && x->slot < p->stream->schema.ncolumns)
		return true;
	if (x->op == LK_X_SLOT && x->slot >= p->nslots)   /* an aggregate, in HAVING */
		return lk_expr_collates(p, p->aggs[x->slot - p->nslots].arg);
	const lk_over *o = x->op == LK_X_SLOT ? lk_slot_over(p, x->slot) : NULL;
	if (o)
		return o->agg.arg && lk_expr_collates(p, o->agg.arg);
	if (x->op == LK_X_SLOT) {
		const lk_lateral *l = lk_slot_item(p, x->slot);
		bool of_json = l && l->fn && l->fn->own_texts;   /* lk gives it that of columns */
		for (int i = l ? x->slot - l->slot : 0; l && !of_json && i < l->nexprs; i += l->fn ? 1 : l->ncolumns)
			if (lk_expr_collates(p, l->exprs[i]))
				return true;
		return of_json;
	}
	if (x->op == LK_X_CALL && x->fn->flags & LK_F_COLLATES)
		return true;
	for (int i = 0; i < x->nargs; i++)
		if (lk_expr_collates(p, x->args[i]))
			return true;
	return false;
}

/* Is there a text in it that PostgreSQL gives the database's collation: a constant, or a text out of a jsonb? That of a
 * number or a time is ASCII, which no collation changes. */
static bool has_own_text(const lk_expr *x) {
	bool found = (x->op == LK_X_CONST && x->type.kind == LK_TEXT) || x->type.kind == LK_JSONB;
	for (int i = 0; i < x->nargs && !found; i++)
		found = has_own_text(x->args[i]);
	return found;
}

bool lk_expr_collation_known(const lk_plan *p, const lk_expr *x) { return lk_expr_collates(p, x) || !has_own_text(x); }

bool lk_sql_no_collation(lk_scope *c, int at, const char *what) {
	lk_stmt_fault(c->s, at, LK_COLLATE_HINT, "%s depends on the database, since no column is among these texts", what);
	return false;
}

lk_expr *lk_sql_typed(lk_scope *c, const json_t *node) {
	lk_expr *x = lk_sql_expr(c, node);
	return x && x->type.kind == LK_UNKNOWN ? lk_sql_literal_as(c, x, lk_type_of(LK_TEXT), true) : x;
}

lk_expr *lk_sql_as_text(lk_scope *c, lk_expr *x) {
	const lk_type text = lk_type_of(LK_TEXT);
	if (!x || x->type.kind == LK_TEXT)
		return x;
	if (x->type.kind == LK_UNKNOWN)
		return lk_sql_literal_as(c, x, text, true);
	if (!lk_cast_exists(x->type, text)) {
		bool number = x->type.kind == LK_FLOAT4 || x->type.kind == LK_FLOAT8;
		lk_stmt_fault(c->s, x->location, number ? "its digits depend on the version of PostgreSQL: write round(x::numeric(18,6), 6)::text" : "",
		              "%s as text is not supported", lk_sql_type_text(c, x->type));
		return NULL;
	}
	return lk_sql_cast_node(c, x, text, x->location);
}
