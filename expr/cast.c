/* Casts, by PostgreSQL 15's rules: numerics round half away from zero, doubles half to even; text is read by its input
 * functions; a time becomes text in ISO style and in UTC, the session's settings (R7).
 *
 * A numeric has no NaN here, so that of a double is marked; as SQL, such a cast raises for it (expr/sql.c). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/jsonb.h"
#include "core/time.h"
#include "core/wide.h"
#include "expr/private.h"

/* --- numbers --- */

/* PostgreSQL converts through the decimal text. Up to 2^53 units and 10^22 both operands are exact, so one division
 * gives the same double. */
static double numeric_to_double(const lk_value *v, bool to_float) {
	const lk_int128 exact = INT64_C(1) << 53;
	if (!to_float && v->scale <= 22 /* not LK_WIDE */ && v->n <= exact && v->n >= -exact) {
		double power = 1;
		for (int i = 0; i < v->scale; i++)
			power *= 10;
		return (double)v->n / power;
	}
	lk_buf text = LK_BUF_INIT;
	lk_value_print((lk_type){.kind = LK_NUMERIC}, v, &text);
	double d = to_float ? (double)strtof(text.data, NULL) : strtod(text.data, NULL);
	lk_buf_release(&text);
	return d;
}

static lk_value narrow(double d, lk_eval *ev) { return lk_checked_double((double)(float)d, isinf(d), d == 0, ev); }

static lk_value to_double(lk_type from, lk_type to, const lk_value *v, lk_eval *ev) {
	bool to_float = to.kind == LK_FLOAT4;
	if (from.kind == LK_NUMERIC)
		return lk_checked_double(numeric_to_double(v, to_float), false, lk_numeric_sign(v) == 0, ev);
	if (lk_type_is_integer(from))
		return lk_double(to_float ? (double)(float)v->i : (double)v->i);
	return to_float && from.kind != LK_FLOAT4 ? narrow(v->d, ev) : *v;
}

static bool has_digits(lk_int128 n, int most) {
	return most >= LK_NUMERIC_DIGITS || (n < lk_pow10(most) && n > -lk_pow10(most));
}

static lk_value fit_wide(const lk_value *v, lk_type to, lk_eval *ev) {
	lk_wide w;
	lk_wide_of(v, &w);
	bool fits = lk_wide_rescale(&w, to.scale, LK_ROUND) && (!to.precision || w.n <= to.precision);
	return fits ? lk_wide_value(&w, ev->arena) : lk_mark(ev, LK_NUMERIC_OVERFLOW);
}

/* A numeric at the scale of its new type; a type without a scale of its own (whole) holds it as it is. */
static lk_value fit(const lk_value *v, lk_type to, lk_eval *ev) {
	lk_int128 n;
	if (to.whole)
		return *v;
	if (v->scale == LK_WIDE || !lk_numeric_rescale(v->n, v->scale, to.scale, &n))
		return fit_wide(v, to, ev);
	return !to.precision || has_digits(n, to.precision) ? lk_numeric(n, to.scale) : lk_mark(ev, LK_NUMERIC_OVERFLOW);
}

static lk_value read_numeric(lk_type to, const char *s, size_t len, lk_eval *ev) {
	lk_value v;
	const char *reason;
	if (lk_value_parse(to, s, len, &v, &reason) == 0)
		return v;
	return lk_mark(ev, strcmp(reason, "out of range") == 0 ? LK_NUMERIC_OVERFLOW : "invalid input syntax for type numeric");
}

/* 15 digits of a double, 6 of a real, rounded again to the wanted scale. */
static lk_value double_to_numeric(lk_type from, lk_type to, double d, lk_eval *ev) {
	char text[64];
	if (!isfinite(d))
		return lk_mark(ev, LK_NUMERIC_OVERFLOW);
	int len = snprintf(text, sizeof text, "%.*g", from.kind == LK_FLOAT4 ? 6 : 15, d);
	return read_numeric(to, text, (size_t)len, ev);
}

static lk_value to_numeric(lk_type from, lk_type to, const lk_value *v, lk_eval *ev) {
	lk_value whole = lk_numeric(v->i, 0);
	switch (from.kind) {
	case LK_NUMERIC: return fit(v, to, ev);
	case LK_FLOAT4:
	case LK_FLOAT8: return double_to_numeric(from, to, v->d, ev);
	case LK_TEXT: return read_numeric(to, v->s, v->len, ev);
	default: return fit(&whole, to, ev);
	}
}

static lk_value out_of_range(lk_type to, lk_eval *ev) {
	return lk_mark(ev, to.kind == LK_INT2 ? "smallint out of range" : to.kind == LK_INT4 ? "integer out of range"
	                                                                                    : "bigint out of range");
}

static lk_value double_to_integer(lk_type to, double d, lk_eval *ev) {
	double limit = to.kind == LK_INT2 ? 0x1p15 : to.kind == LK_INT4 ? 0x1p31 : 0x1p63;
	d = rint(d);
	return d >= -limit && d < limit ? lk_int((int64_t)d) : out_of_range(to, ev);
}

/* --- text as a number or boolean --- */

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void trim(const char **s, size_t *len) {
	while (*len && is_blank(**s)) {
		++*s;
		--*len;
	}
	while (*len && is_blank((*s)[*len - 1]))
		--*len;
}

static lk_value read_integer(lk_type to, const char *s, size_t len, lk_eval *ev) {
	trim(&s, &len);
	bool negative = len && *s == '-';
	lk_int128 n = 0;
	size_t i = len && (*s == '-' || *s == '+'), first = i;
	for (; i < len && s[i] >= '0' && s[i] <= '9'; i++)
		n = n < lk_pow10(20) ? n * 10 + (s[i] - '0') : n;
	if (i < len || i == first)
		return lk_mark(ev, "invalid input syntax for an integer");
	n = negative ? -n : n;
	return n == (int64_t)n && lk_ranged(to.kind, (int64_t)n, ev).state == LK_VALUE ? lk_int((int64_t)n) : out_of_range(to, ev);
}

static lk_value read_double(lk_type to, const char *s, size_t len, lk_eval *ev) {
	trim(&s, &len);
	char *text = lk_strndup(len ? s : "", len), *end;
	errno = 0;
	double d = to.kind == LK_FLOAT4 ? (double)strtof(text, &end) : strtod(text, &end);
	bool good = len && *end == '\0', far = errno == ERANGE && (d == 0 || isinf(d));
	free(text);
	if (!good)
		return lk_mark(ev, "invalid input syntax for type double precision");
	return far ? lk_mark(ev, "out of range for type double precision") : lk_double(d);
}

/* Any beginning of true, false, yes and no; on, of, off; 1 and 0. */
static lk_value read_boolean(const char *s, size_t len, lk_eval *ev) {
	static const struct {
		const char *word;
		size_t least;
		bool is;
	} words[] = {{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false}, {"on", 2, true}, {"off", 2, false},
	             {"1", 1, true}, {"0", 1, false}};
	trim(&s, &len);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (len >= words[i].least && len <= strlen(words[i].word) && strncasecmp(s, words[i].word, len) == 0)
			return lk_int(words[i].is);
	return lk_mark(ev, "invalid input syntax for type boolean");
}

static lk_value read_uuid(const lk_value *text, lk_eval *ev) {
	lk_value v = {0};
	return lk_uuid_parse(text->s, text->len, v.uuid) ? v : lk_mark(ev, "invalid input syntax for type uuid");
}

static lk_value read_jsonb(const lk_value *text, lk_eval *ev) {
	lk_buf b = LK_BUF_INIT;
	const char *reason;
	bool good = lk_jsonb_normalise(text->s, text->len, &b, &reason) == 0;
	bool syntax = !good && strncmp(reason, "not JSON", 8) == 0;   /* else a limit */
	lk_value v = good ? lk_made_text(ev, b.data, b.len) : lk_mark(ev, syntax ? "invalid input syntax for type json" : reason);
	lk_buf_release(&b);
	return v;
}

/* --- text of a value --- */

/* PostgreSQL's ISO style: BC for years before 1, the fraction without zeros at its end. */
static void print_day(int64_t day, bool *bc, lk_buf *out) {
	int64_t year;
	int month, of_month;
	lk_civil_from_days(day, &year, &month, &of_month);
	*bc = year <= 0;
	lk_buf_addf(out, "%04lld-%02d-%02d", (long long)(*bc ? 1 - year : year), month, of_month);
}

static void print_instant(int64_t us, const char *zone, lk_buf *out) {
	bool bc;
	int64_t of_day = lk_floor_mod(us, LK_US_PER_DAY);
	int fraction = (int)(of_day % LK_US_PER_S), s = (int)(of_day / LK_US_PER_S);
	print_day(lk_floor_div(us, LK_US_PER_DAY), &bc, out);
	lk_buf_addf(out, " %02d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
	if (fraction) {
		lk_buf_addf(out, ".%06d", fraction);
		while (out->data[out->len - 1] == '0')
			out->len--;
	}
	lk_buf_adds(out, zone);
	lk_buf_adds(out, bc ? " BC" : "");
}

static lk_value to_text(lk_type from, const lk_value *v, lk_eval *ev) {
	lk_buf b = LK_BUF_INIT;
	bool bc = false;
	switch (from.kind) {
	case LK_TEXT:
	case LK_JSONB: return lk_text(v->s, v->len);
	case LK_BOOL: return v->i ? lk_text("true", 4) : lk_text("false", 5);
	case LK_TIME: print_instant(v->i, "+00", &b); break;
	case LK_TIMESTAMP: print_instant(v->i, "", &b); break;
	case LK_DATE:
		print_day(v->i, &bc, &b);
		lk_buf_adds(&b, bc ? " BC" : "");
		break;
	default: lk_value_print(from, v, &b); break;
	}
	lk_value made = lk_made_text(ev, b.data, b.len);
	lk_buf_release(&b);
	return made;
}

/* --- all --- */

static bool is_instant(lk_type t) { return t.kind == LK_TIME || t.kind == LK_TIMESTAMP; }
static bool is_exact(lk_type t) { return lk_type_is_integer(t) || t.kind == LK_NUMERIC; }

bool lk_cast_exists(lk_type from, lk_type to) {
	bool time_from = is_instant(from) || from.kind == LK_DATE, time_to = is_instant(to) || to.kind == LK_DATE;
	if (from.kind == to.kind)
		return true;
	if (to.kind == LK_TEXT)
		return is_exact(from) || from.kind == LK_BOOL || time_from || from.kind == LK_UUID || from.kind == LK_JSONB;
	if (from.kind == LK_TEXT)
		return lk_type_is_number(to) || to.kind == LK_BOOL || to.kind == LK_UUID || to.kind == LK_JSONB;
	if (from.kind == LK_BOOL || to.kind == LK_BOOL)
		return from.kind == LK_INT4 || to.kind == LK_INT4;
	return (time_from && time_to) || (lk_type_is_number(from) && lk_type_is_number(to));
}

static lk_value to_integer(lk_type from, lk_type to, const lk_value *v, lk_eval *ev) {
	lk_int128 n;
	if (from.kind == LK_NUMERIC && v->scale == LK_WIDE) {
		const lk_type whole = {.kind = LK_NUMERIC, .precision = LK_NUMERIC_DIGITS};
		lk_value narrow = fit_wide(v, whole, ev);
		return lk_is_null(&narrow) ? out_of_range(to, ev) : to_integer(whole, to, &narrow, ev);
	}
	switch (from.kind) {
	case LK_TEXT: return read_integer(to, v->s, v->len, ev);
	case LK_FLOAT4:
	case LK_FLOAT8: return double_to_integer(to, v->d, ev);
	case LK_NUMERIC:
		if (!lk_numeric_rescale(v->n, v->scale, 0, &n) || n != (int64_t)n)
			return out_of_range(to, ev);
		return lk_ranged(to.kind, (int64_t)n, ev);
	default: return lk_ranged(to.kind, v->i, ev);
	}
}

static lk_value between_times(lk_type from, lk_type to, const lk_value *v, lk_eval *ev) {
	if (from.kind == LK_DATE)
		return to.kind == LK_DATE ? *v : lk_time_checked((lk_int128)v->i * LK_US_PER_DAY, ev);
	return to.kind == LK_DATE ? lk_int(lk_floor_div(v->i, LK_US_PER_DAY)) : *v;
}

lk_value lk_cast_value(lk_type from, lk_type to, const lk_value *v, lk_eval *ev) {
	if (!lk_cast_exists(from, to))
		return lk_mark(ev, "no such cast");
	switch (to.kind) {
	case LK_INT2:
	case LK_INT4:
	case LK_INT8: return to_integer(from, to, v, ev);
	case LK_NUMERIC: return to_numeric(from, to, v, ev);
	case LK_FLOAT4:
	case LK_FLOAT8: return from.kind == LK_TEXT ? read_double(to, v->s, v->len, ev) : to_double(from, to, v, ev);
	case LK_TEXT: return to_text(from, v, ev);
	case LK_BOOL: return from.kind == LK_TEXT ? read_boolean(v->s, v->len, ev) : lk_int(v->i != 0);
	case LK_UUID: return from.kind == LK_TEXT ? read_uuid(v, ev) : *v;
	case LK_JSONB: return from.kind == LK_TEXT ? read_jsonb(v, ev) : *v;
	case LK_DATE:
	case LK_TIMESTAMP:
	case LK_TIME: return between_times(from, to, v, ev);
	default: return *v;
	}
}
