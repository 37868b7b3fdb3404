/* Functions of jsonb. A jsonb is the text that PostgreSQL prints of it (core/jsonb.h), so a part of one is a part of
 * that text, and nothing is decoded but the text that ->> gives. */
#include "core/jsonb.h"

#include <string.h>

#include "core/jsonb_text.h"
#include "expr/private.h"

/* --- the parts of an object or array --- */

typedef struct part {
	const char *key, *value, *value_end;   /* key: at its quote; NULL in an array */
} part;

/* The part that begins at p, after '{', '[' or ", "; false at the container's end. */
static bool read_part(const char *p, const char *end, bool object, part *out) {
	if (p >= end || *p == '}' || *p == ']')
		return false;
	out->key = object ? p : NULL;
	out->value = object ? lk_jsonb_value_end(p, end) + strlen(": ") : p;
	out->value_end = lk_jsonb_value_end(out->value, end);
	return true;
}

static const char *next_part(const part *x, const char *end) {
	return x->value_end < end && *x->value_end == ',' ? x->value_end + strlen(", ") : x->value_end;
}

static lk_value value_of(const part *x) { return lk_text(x->value, (size_t)(x->value_end - x->value)); }

/* A key as it stands in the text: constant keys are quoted once, when the definition is read. */
static lk_value quoted(const lk_value *text, lk_arena *arena) {
	lk_buf b = LK_BUF_INIT;
	lk_json_quote(text->s, text->len, &b);
	lk_value v = lk_text(lk_arena_strndup(arena, b.data, b.len), b.len);
	lk_buf_release(&b);
	return v;
}

static const char *prepare_key(lk_expr *x, lk_arena *arena) {
	const lk_expr *key = x->args[1];
	if (key->op == LK_X_CONST && !lk_is_null(&key->value)) {
		lk_value *made = lk_arena_alloc(arena, sizeof *made);
		*made = quoted(&key->value, arena);
		x->made = made;
	}
	return NULL;
}

static lk_value key_of(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return x->made ? *(const lk_value *)x->made : quoted(&v[1], ev->arena);
}

static lk_value field(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	const char *end = v->s + v->len;
	lk_value key = key_of(x, v, ev);
	part at;
	for (const char *p = v->s + 1; *v->s == '{' && read_part(p, end, true, &at); p = next_part(&at, end))
		if ((size_t)(end - p) > key.len && memcmp(p, key.s, key.len) == 0)
			return value_of(&at);
	return lk_null();
}

static int64_t count_elements(const lk_value *v) {
	const char *end = v->s + v->len;
	int64_t n = 0;
	part at;
	for (const char *p = v->s + 1; read_part(p, end, false, &at); p = next_part(&at, end))
		n++;
	return n;
}

/* Negative numbers count from the end. PostgreSQL keeps a scalar as an array of one, and finds it there. */
static lk_value element(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	(void)ev;
	const char *end = v->s + v->len;
	int64_t n = v[1].i;
	part at;
	if (*v->s == '{')
		return lk_null();
	if (*v->s != '[')
		return n == 0 || n == -1 ? *v : lk_null();
	n += n < 0 ? count_elements(v) : 0;
	for (const char *p = v->s + 1; n >= 0 && read_part(p, end, false, &at); p = next_part(&at, end))
		if (n-- == 0)
			return value_of(&at);
	return lk_null();
}

/* --- ->> --- */

static lk_value as_text(const lk_value *json, lk_eval *ev) {
	if (lk_is_null(json) || *json->s == 'n')
		return lk_null();
	if (*json->s != '"')
		return *json;
	if (!memchr(json->s, '\\', json->len))
		return lk_text(json->s + 1, json->len - 2);
	lk_buf b = LK_BUF_INIT;
	lk_jsonb_unquote(json->s, json->len, &b);
	lk_value made = lk_made_text(ev, b.data, b.len);
	lk_buf_release(&b);
	return made;
}

static lk_value field_text(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	lk_value found = field(x, v, ev);
	return as_text(&found, ev);
}

static lk_value element_text(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	lk_value found = element(x, v, ev);
	return as_text(&found, ev);
}

/* --- what it is --- */

/* x ? 'key': a key of an object, or a text in an array; a text alone is an array of one. */
static lk_value has(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	const char *end = v->s + v->len;
	bool object = *v->s == '{', array = *v->s == '[';
	lk_value key = key_of(x, v, ev);
	part at;
	if (!object && !array)
		return lk_int(v->len == key.len && memcmp(v->s, key.s, key.len) == 0);
	for (const char *p = v->s + 1; read_part(p, end, object, &at); p = next_part(&at, end))
		if ((size_t)(end - p) > key.len && memcmp(p, key.s, key.len) == 0)
			return lk_int(1);
	return lk_int(0);
}

static lk_value kind(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	(void)ev;
	switch (*v->s) {
	case '{': return lk_text("object", 6);
	case '[': return lk_text("array", 5);
	case '"': return lk_text("string", 6);
	case 't':
	case 'f': return lk_text("boolean", 7);
	case 'n': return lk_text("null", 4);
	default: return lk_text("number", 6);
	}
}

static lk_value array_length(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	if (*v->s != '[')
		return lk_mark(ev, *v->s == '{' ? "cannot get array length of a non-array"
		                                : "cannot get array length of a scalar");
	return lk_int(count_elements(v));
}

static uint64_t longest_kind(const lk_expr *x) { return (void)x, strlen("boolean"); }
static uint64_t longest_part(const lk_expr *x) { return lk_expr_longest(x->args[0]); }

#define J LK_JSONB
#define BY_KEY .nargs = 2, .args = {J, LK_TEXT}, .prepare = prepare_key, .flags = LK_F_INFIX, .longest = longest_part
#define BY_NUMBER .nargs = 2, .args = {J, LK_INT4}, .flags = LK_F_INFIX, .longest = longest_part

const lk_function lk_jsonb_functions[] = {
	{.name = "->", BY_KEY, .result = J, .eval = field},
	{.name = "->", BY_NUMBER, .result = J, .eval = element},
	{.name = "->>", BY_KEY, .result = LK_TEXT, .eval = field_text},
	{.name = "->>", BY_NUMBER, .result = LK_TEXT, .eval = element_text},
	{.name = "?", BY_KEY, .result = LK_BOOL, .eval = has},
	{.name = "jsonb_typeof", .nargs = 1, .args = {J}, .result = LK_TEXT, .eval = kind, .longest = longest_kind},
	{.name = "jsonb_array_length", .nargs = 1, .args = {J}, .result = LK_INT4, .eval = array_length},
	{0},
};
