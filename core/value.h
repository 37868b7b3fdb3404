/* Types and values: what a column can hold and what an expression can yield.
 *
 * A value owns nothing: its text is borrowed from a line, a row or an arena. All functions may be called from any
 * thread. */
#ifndef LK_CORE_VALUE_H
#define LK_CORE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

typedef __int128 lk_int128;

/* LK_TIME is timestamp with time zone, LK_TIMESTAMP without. LK_BYTES is for partials in batch tables, LK_JSON for
 * results (top_k), LK_INTERVAL for operands: none of the three is a column's or a key's. LK_JSONB is a column's, but no
 * key's. */
enum lk_kind {
	LK_BOOL, LK_INT2, LK_INT4, LK_INT8, LK_NUMERIC, LK_FLOAT4, LK_FLOAT8, LK_TEXT, LK_TIME, LK_BYTES, LK_JSON,
	LK_DATE, LK_TIMESTAMP, LK_INTERVAL, LK_UUID, LK_JSONB,
};

/* precision, scale and whole matter only for LK_NUMERIC. A column and a key have precision <= 38, as have arguments but
 * those of sums (digits, aggregates/aggregate.h). Inside an expression they bound what the operands can reach: the
 * precision a value's digits, the scale those after the point. whole = 0: every value has that scale. Otherwise each
 * has a scale of its own (quotients, branches of different scales), and at most `whole` digits before the point.
 * precision = 0: there is no bound. */
typedef struct lk_type {
	uint8_t kind, precision, scale, whole;
} lk_type;

#define LK_NUMERIC_DIGITS 38         /* of a numeric that fits 128 bits, and so of a column, a key or an argument */
#define LK_NUMERIC_64_DIGITS 18      /* of one that fits 64 bits: fewer bytes in a key, and 128 bits hold any sum */

/* The scale of a numeric that does not fit n: s and len are its decimal text (core/wide.h). Only expressions and final
 * values have such. */
#define LK_WIDE 255

#define LK_TEXT_MAX 65536            /* bytes a text value of an event may have (R26) */
#define LK_JSONB_MAX (1 << 20)       /* bytes of a jsonb's text (core/jsonb.h) */
#define LK_TEXT_MADE_MAX (16 << 20)  /* bytes a text may have that an expression makes of others */

/* LK_MARKED is the NULL of an operator that would have raised in PostgreSQL. */
enum lk_value_state { LK_VALUE = 0, LK_NULL = 1, LK_MARKED = 2 };

/* A value does not say its kind: the plan's types do. The bytes of a text are borrowed. */
typedef struct lk_value {
	uint8_t state;   /* enum lk_value_state */
	uint8_t scale;   /* of a numeric: n / 10^scale; LK_WIDE */
	uint32_t len;    /* of a text, bytes, json, jsonb or wide numeric, in bytes */
	union {
		int64_t i;       /* BOOL 0|1, INT2, INT4, INT8; TIME, TIMESTAMP: microseconds since 1970-01-01T00:00:00Z;
		                  * DATE: days since then */
		double d;        /* FLOAT8; FLOAT4 holds a float's value exactly */
		lk_int128 n;     /* NUMERIC, scaled */
		const char *s;   /* TEXT, not NUL-ended */
		uint8_t uuid[16];
		struct {
			int64_t days, us;   /* INTERVAL: PostgreSQL keeps days and time apart */
		} span;
	};
} lk_value;

static inline bool lk_is_null(const lk_value *v) { return v->state != LK_VALUE; }
static inline lk_value lk_null(void) { return (lk_value){.state = LK_NULL}; }
static inline lk_value lk_int(int64_t i) { return (lk_value){.i = i}; }
static inline lk_value lk_text(const char *s, size_t len) { return (lk_value){.len = (uint32_t)len, .s = s}; }
static inline lk_value lk_numeric(lk_int128 n, uint8_t scale) { return (lk_value){.scale = scale, .n = n}; }
static inline lk_value lk_interval(int64_t days, int64_t us) { return (lk_value){.span = {days, us}}; }
static inline lk_value lk_double(double d) { return (lk_value){.d = d}; }

bool lk_type_equal(lk_type a, lk_type b);
bool lk_type_is_integer(lk_type t);   /* INT2, INT4, INT8 */
bool lk_type_is_number(lk_type t);    /* those, NUMERIC, FLOAT4, FLOAT8 */
/* A numeric whose values may need more than 64 bits. */
static inline bool lk_type_is_long(lk_type t) { return t.kind == LK_NUMERIC && t.precision > LK_NUMERIC_64_DIGITS; }
static inline bool lk_type_has_bytes(lk_type t) {
	return t.kind == LK_TEXT || t.kind == LK_BYTES || t.kind == LK_JSON || t.kind == LK_JSONB;
}

/* Do its values have an order by which lk sorts and compares them? */
static inline bool lk_type_is_ordered(lk_type t) { return t.kind != LK_JSON && t.kind != LK_JSONB; }

/* Does the value borrow bytes? */
static inline bool lk_value_borrows(lk_type t, const lk_value *v) {
	return !lk_is_null(v) && (lk_type_has_bytes(t) || (t.kind == LK_NUMERIC && v->scale == LK_WIDE));
}

/* PostgreSQL's spelling, as pg_catalog names: "bigint", "numeric(12,2)", "timestamp with time zone". */
void lk_type_name(lk_type t, lk_buf *out);

/* The type's oid in PostgreSQL (pg_type.dat). */
uint32_t lk_type_oid(lk_type t);

/* SQL order of two values of one type: <0, 0, >0; NULLs are equal and above all (NULLS LAST).
 * Doubles: NaN = NaN, above all numbers; -0 = 0. Text: memcmp. Numerics may differ in scale. Of jsonb only equality is
 * PostgreSQL's. */
int lk_value_compare(lk_type t, const lk_value *a, const lk_value *b);

/* Text form for output: integers and numerics exact (numerics at the value's scale), doubles the
 * shortest that reads back, NaN/Infinity/-Infinity, bool true/false, time RFC 3339 with Z, timestamp the same
 * without, date YYYY-MM-DD, interval as PostgreSQL reads it.
 * NULL adds nothing. */
void lk_value_print(lk_type t, const lk_value *v, lk_buf *out);

/* One JSON value: null, true/false, a bare number, a quoted string; NaN and infinities are quoted. */
void lk_value_json(lk_type t, const lk_value *v, lk_buf *out);
void lk_json_quote(const char *s, size_t len, lk_buf *out);

/* Reads outside text (a JSON scalar's text, a csv field, a --where value) as the column's type.
 * 0, or -1 with *reason (static text: "not an integer", "out of range", …). Integers accept 1.0 and
 * 1e2, not 1.5; numeric rounds half away from zero to its scale; text is borrowed and checked: valid
 * UTF-8, no NUL, at most LK_TEXT_MAX; time is lk_time_parse's; jsonb is borrowed and checked (lk_jsonb_check), and
 * becomes PostgreSQL's text of it in the log. */
int lk_value_parse(lk_type t, const char *s, size_t len, lk_value *out, const char **reason);

/* Does the text, which lk_value_parse reads as a numeric of type t, keep all its digits? */
bool lk_numeric_is_exact(lk_type t, const char *s, size_t len);

/* A uuid as PostgreSQL reads it: 32 hexadecimal digits, with a hyphen after any group of four, perhaps in braces. */
bool lk_uuid_parse(const char *s, size_t len, uint8_t uuid[16]);

bool lk_utf8_valid(const char *s, size_t len);

/* 10^k, 0 <= k <= 38. */
lk_int128 lk_pow10(int k);
/* Changes the scale; a smaller one rounds half away from zero. False if the result does not fit 38 digits. */
bool lk_numeric_rescale(lk_int128 n, int from, int to, lk_int128 *out);
void lk_int128_print(lk_int128 n, int scale, lk_buf *out);
/* a/10^as divided by b/10^bs with the scale PostgreSQL's numeric division picks (select_div_scale in
 * src/backend/utils/adt/numeric.c), rounded half away from zero. b is not 0. Marked if it has over 38 digits, which no
 * average of numbers that fit 64 bits has. */
lk_value lk_numeric_div(lk_int128 a, int as, lk_int128 b, int bs);

#endif
