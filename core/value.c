/* Types and values: names, order, text forms.
 *
 * Doubles are printed as the shortest decimal that reads back as the same double. 15 significant digits survive the
 * conversion to a normal double and back, so "%.15g", which drops trailing zeros, is the shortest form if it reads
 * back; else 16 or 17 digits are. Subnormal numbers have fewer digits and are tried from one digit on. Reals: 6 to
 * 9. */
#include "core/value.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/jsonb_text.h"
#include "core/time.h"
#include "core/wide.h"

bool lk_type_equal(lk_type a, lk_type b) {
	return a.kind == b.kind && (a.kind != LK_NUMERIC || (a.precision == b.precision && a.scale == b.scale && a.whole == b.whole));
}

bool lk_type_is_integer(lk_type t) { return t.kind == LK_INT2 || t.kind == LK_INT4 || t.kind == LK_INT8; }
bool lk_type_is_number(lk_type t) { return t.kind >= LK_INT2 && t.kind <= LK_FLOAT8; }

static const struct kind {
	const char *name;
	uint32_t oid;
} kinds[] = {
	[LK_BOOL] = {"boolean", 16},
	[LK_INT2] = {"smallint", 21},
	[LK_INT4] = {"integer", 23},
	[LK_INT8] = {"bigint", 20},
	[LK_NUMERIC] = {"numeric", 1700},
	[LK_FLOAT4] = {"real", 700},
	[LK_FLOAT8] = {"double precision", 701},
	[LK_TEXT] = {"text", 25},
	[LK_TIME] = {"timestamp with time zone", 1184},
	[LK_BYTES] = {"bytea", 17},
	[LK_JSON] = {"json", 114},
	[LK_DATE] = {"date", 1082},
	[LK_TIMESTAMP] = {"timestamp without time zone", 1114},
	[LK_INTERVAL] = {"interval", 1186},
	[LK_UUID] = {"uuid", 2950},
	[LK_JSONB] = {"jsonb", 3802},
};

void lk_type_name(lk_type t, lk_buf *out) {
	lk_buf_adds(out, kinds[t.kind].name);
	if (t.kind == LK_NUMERIC && t.precision && !t.whole)
		lk_buf_addf(out, "(%d,%d)", t.precision, t.scale);
}

uint32_t lk_type_oid(lk_type t) { return kinds[t.kind].oid; }

static int compare_doubles(double a, double b) {
	if (isnan(a) || isnan(b))
		return isnan(a) - isnan(b);
	return (a > b) - (a < b);
}

static int compare_wide(const lk_value *a, const lk_value *b) {
	lk_wide x, y;
	lk_wide_of(a, &x);
	lk_wide_of(b, &y);
	return lk_wide_compare(&x, &y);
}

/* A product that does not fit 128 bits is beyond any other value, on the side of its sign. */
static int compare_numerics(const lk_value *a, const lk_value *b) {
	if (a->scale == LK_WIDE || b->scale == LK_WIDE)
		return compare_wide(a, b);
	lk_int128 x = a->n, y = b->n;
	for (int s = a->scale; s < b->scale; s++)
		if (__builtin_mul_overflow(x, (lk_int128)10, &x))
			return a->n < 0 ? -1 : 1;
	for (int s = b->scale; s < a->scale; s++)
		if (__builtin_mul_overflow(y, (lk_int128)10, &y))
			return b->n < 0 ? 1 : -1;
	return (x > y) - (x < y);
}

static int compare_texts(const lk_value *a, const lk_value *b) {
	uint32_t n = a->len < b->len ? a->len : b->len;
	int c = n ? memcmp(a->s, b->s, n) : 0;
	return c ? c : (a->len > b->len) - (a->len < b->len);
}

/* PostgreSQL's order of intervals without months: a day is 24 hours. */
static int compare_spans(const lk_value *a, const lk_value *b) {
	const lk_int128 day = 86400 * LK_US_PER_S;
	lk_int128 x = a->span.days * day + a->span.us, y = b->span.days * day + b->span.us;
	return (x > y) - (x < y);
}

int lk_value_compare(lk_type t, const lk_value *a, const lk_value *b) {
	if (lk_is_null(a) || lk_is_null(b))
		return lk_is_null(a) - lk_is_null(b);
	switch (t.kind) {
	case LK_NUMERIC: return compare_numerics(a, b);
	case LK_FLOAT4:
	case LK_FLOAT8: return compare_doubles(a->d, b->d);
	case LK_TEXT:
	case LK_BYTES:
	case LK_JSON: return compare_texts(a, b);
	case LK_INTERVAL: return compare_spans(a, b);
	case LK_UUID: return memcmp(a->uuid, b->uuid, sizeof a->uuid);
	case LK_JSONB: return lk_jsonb_equal(a->s, a->len, b->s, b->len) ? 0 : compare_texts(a, b);
	default: return (a->i > b->i) - (a->i < b->i);
	}
}

static bool reads_back(const char *text, double d, bool is_float) {
	return is_float ? strtof(text, NULL) == (float)d : strtod(text, NULL) == d;
}

static void print_double(double d, bool is_float, lk_buf *out) {
	char text[40];
	int safe = is_float ? FLT_DIG : DBL_DIG, most = is_float ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
	double least_normal = is_float ? (double)FLT_MIN : DBL_MIN;
	if (isnan(d)) {
		lk_buf_adds(out, "NaN");
		return;
	}
	if (isinf(d)) {
		lk_buf_adds(out, d > 0 ? "Infinity" : "-Infinity");
		return;
	}
	int digits = fabs(d) < least_normal ? 1 : safe;
	do
		snprintf(text, sizeof text, "%.*g", digits, d);
	while (digits++ < most && !reads_back(text, d, is_float));
	lk_buf_adds(out, text);
}

static void print_uuid(const uint8_t uuid[16], lk_buf *out) {
	static const char digits[] = "0123456789abcdef";
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			lk_buf_addc(out, '-');
		lk_buf_add(out, (char[]){digits[uuid[i] >> 4], digits[uuid[i] & 15]}, 2);
	}
}

/* As PostgreSQL writes it: "1 day 02:03:04.5". */
static void print_span(const lk_value *v, lk_buf *out) {
	uint64_t us = v->span.us < 0 ? -(uint64_t)v->span.us : (uint64_t)v->span.us, s = us / LK_US_PER_S;
	int64_t days = v->span.days;
	if (days)
		lk_buf_addf(out, "%lld day%s", (long long)days, days == 1 ? "" : "s");
	if (days && !us)
		return;
	lk_buf_addf(out, "%s%s%02llu:%02d:%02d", days ? " " : "", v->span.us < 0 ? "-" : days < 0 ? "+" : "", (unsigned long long)(s / 3600),
	            (int)(s / 60 % 60), (int)(s % 60));
	if (us % LK_US_PER_S) {
		lk_buf_addf(out, ".%06d", (int)(us % LK_US_PER_S));
		while (out->data[out->len - 1] == '0')
			out->data[--out->len] = '\0';
	}
}

void lk_value_print(lk_type t, const lk_value *v, lk_buf *out) {
	if (lk_is_null(v))
		return;
	switch (t.kind) {
	case LK_BOOL: lk_buf_adds(out, v->i ? "true" : "false"); break;
	case LK_NUMERIC:
		if (v->scale == LK_WIDE)
			lk_buf_add(out, v->s, v->len);
		else
			lk_int128_print(v->n, v->scale, out);
		break;
	case LK_FLOAT4:
	case LK_FLOAT8: print_double(v->d, t.kind == LK_FLOAT4, out); break;
	case LK_TEXT:
	case LK_BYTES:
	case LK_JSON:
	case LK_JSONB: lk_buf_add(out, v->s, v->len); break;
	case LK_TIME: lk_time_print(v->i, out); break;
	case LK_TIMESTAMP: lk_timestamp_print(v->i, out); break;
	case LK_DATE: lk_date_print(v->i, out); break;
	case LK_INTERVAL: print_span(v, out); break;
	case LK_UUID: print_uuid(v->uuid, out); break;
	default: lk_int128_print(v->i, 0, out); break;
	}
}

void lk_value_json(lk_type t, const lk_value *v, lk_buf *out) {
	if (lk_is_null(v)) {
		lk_buf_adds(out, "null");
		return;
	}
	bool is_double = t.kind == LK_FLOAT4 || t.kind == LK_FLOAT8;
	if (t.kind == LK_TEXT) {
		lk_json_quote(v->s, v->len, out);
	} else if (t.kind == LK_TIME || (t.kind >= LK_DATE && t.kind != LK_JSONB) || (is_double && !isfinite(v->d))) {
		lk_buf_addc(out, '"');
		lk_value_print(t, v, out);
		lk_buf_addc(out, '"');
	} else {
		lk_value_print(t, v, out);
	}
}

static const char *json_escape(unsigned char c, char hex[8]) {
	switch (c) {
	case '"': return "\\\"";
	case '\\': return "\\\\";
	case '\n': return "\\n";
	case '\r': return "\\r";
	case '\t': return "\\t";
	case '\b': return "\\b";
	case '\f': return "\\f";
	default: snprintf(hex, 8, "\\u%04x", c); return hex;
	}
}

void lk_json_quote(const char *s, size_t len, lk_buf *out) {
	lk_buf_addc(out, '"');
	size_t done = 0;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		char hex[8];
		lk_buf_add(out, s + done, i - done);
		lk_buf_adds(out, json_escape(c, hex));
		done = i + 1;
	}
	lk_buf_add(out, s + done, len - done);
	lk_buf_addc(out, '"');
}

/* Length of the well-formed code point at p (RFC 3629: shortest form, no surrogates, up to U+10FFFF), or 0. */
static size_t utf8_step(const uint8_t *p, size_t left) {
	uint8_t c = p[0], low = 0x80, high = 0xbf;
	size_t n = c < 0x80 ? 1 : c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3 : c >= 0xf0 && c < 0xf5 ? 4 : 0;
	if (!n || n > left)
		return 0;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (n > 1 && (p[1] < low || p[1] > high))
		return 0;
	for (size_t i = 2; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

bool lk_utf8_valid(const char *s, size_t len) {
	const uint8_t *p = (const uint8_t *)s;
	for (size_t i = 0; i < len;) {
		if (len - i >= 8) {
			uint64_t eight;
			memcpy(&eight, p + i, 8);
			if (!(eight & UINT64_C(0x8080808080808080))) {
				i += 8;
				continue;
			}
		}
		size_t n = utf8_step(p + i, len - i);
		if (!n)
			return false;
		i += n;
	}
	return true;
}
