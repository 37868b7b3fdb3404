/* The grammar is that of PostgreSQL's json_lex (jsonapi.c), without recursion: a byte for each open bracket says what
 * closes it. Readers return the place behind what they read, or NULL where the text is no JSON. */
#include "expr/json_array.h"

#include <string.h>

#include "core/json_string.h"

typedef struct reader {
	const char *end;
	lk_arena *scratch;
	const char *fault;
} reader;

static const char *fail(reader *r, const char *fault) {
	r->fault = fault;
	return NULL;
}

static const char *syntax(reader *r) { return fail(r, "invalid input syntax for type json"); }

static const char *skip_blanks(const reader *r, const char *p) {
	while (p < r->end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static bool is_at(const reader *r, const char *p, char c) { return p < r->end && *p == c; }

/* A \u escape may be well-formed and no character. */
static const char *checked_units(reader *r, const char *text, const char *end) {
	const char *made, *fault;
	size_t len;
	if (!lk_json_unescape(text, (size_t)(end - text), r->scratch, &made, &len, &fault))
		return fail(r, fault);
	return end + 1;
}

static const char *skip_string(reader *r, const char *quote) {
	bool units = false;
	for (const char *p = quote + 1; p < r->end && (unsigned char)*p >= 32; p++) {
		if (*p == '"')
			return units ? checked_units(r, quote + 1, p) : p + 1;
		if (*p != '\\')
			continue;
		p++;
		if (is_at(r, p, 'u') && r->end - p > 4 && lk_json_hex(p + 1))
			units = true;
		else if (p == r->end || !*p || !strchr("\"\\/bfnrt", *p))
			break;
	}
	return syntax(r);
}

static const char *skip_digits(reader *r, const char *p) {
	const char *first = p;
	while (p < r->end && *p >= '0' && *p <= '9')
		p++;
	return p > first ? p : syntax(r);
}

static const char *skip_number(reader *r, const char *p) {
	p += *p == '-';
	p = is_at(r, p, '0') ? p + 1 : skip_digits(r, p);
	if (p && is_at(r, p, '.'))
		p = skip_digits(r, p + 1);
	if (!p || !(is_at(r, p, 'e') || is_at(r, p, 'E')))
		return p;
	p++;
	return skip_digits(r, p + (is_at(r, p, '+') || is_at(r, p, '-')));
}

static const char *skip_scalar(reader *r, const char *p) {
	static const char *const words[] = {"true", "false", "null"};
	if (is_at(r, p, '"'))
		return skip_string(r, p);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if ((size_t)(r->end - p) >= strlen(words[i]) && memcmp(p, words[i], strlen(words[i])) == 0)
			return p + strlen(words[i]);
	return p < r->end ? skip_number(r, p) : syntax(r);
}

/* "key" : */
static const char *skip_key(reader *r, const char *p) {
	p = skip_blanks(r, p);
	p = is_at(r, p, '"') ? skip_string(r, p) : syntax(r);
	p = p ? skip_blanks(r, p) : NULL;
	return !p ? NULL : is_at(r, p, ':') ? p + 1 : syntax(r);
}

/* Behind a value: closes what ends, and goes to where the next value begins. NULL also if there is none: *depth is 0,
 * and *end is where the whole has ended. */
static const char *after_value(reader *r, const char *p, const char *open, size_t *depth, const char **end) {
	for (; *depth; p++, --*depth) {
		p = skip_blanks(r, p);
		if (is_at(r, p, ','))
			return open[*depth - 1] == '}' ? skip_key(r, p + 1) : p + 1;
		if (!is_at(r, p, open[*depth - 1]))
			return syntax(r);
	}
	*end = p;
	return NULL;
}

static const char *skip_value(reader *r, const char *p) {
	char *open = lk_arena_alloc(r->scratch, (size_t)(r->end - p) + 1);
	const char *end = NULL;
	size_t depth = 0;
	while (p) {
		p = skip_blanks(r, p);
		if (!is_at(r, p, '[') && !is_at(r, p, '{')) {
			p = skip_scalar(r, p);
		} else {
			open[depth++] = *p == '[' ? ']' : '}';
			p = skip_blanks(r, p + 1);
			if (!is_at(r, p, open[depth - 1])) {
				p = open[depth - 1] == '}' ? skip_key(r, p) : p;
				continue;
			}
		}
		p = p ? after_value(r, p, open, &depth, &end) : NULL;
	}
	return end;
}

const char *lk_json_array_fault(const char *s, size_t len, lk_arena *scratch) {
	reader r = {.end = s + len, .scratch = scratch};
	const char *end = skip_value(&r, s), *first = skip_blanks(&r, s);
	if (end && skip_blanks(&r, end) < r.end)
		syntax(&r);
	if (end && !r.fault && *first != '[')
		r.fault = *first == '{' ? "cannot call json_array_elements_text on a non-array"
		                        : "cannot call json_array_elements_text on a scalar";
	lk_arena_clear(scratch);
	return r.fault;
}

bool lk_json_array_next(const char *s, size_t len, size_t *at, lk_value *out, lk_arena *scratch) {
	reader r = {.end = s + len, .scratch = scratch};
	const char *from = skip_blanks(&r, s + *at), *end;
	from = skip_blanks(&r, from + (*at ? *from == ',' : 1));   /* behind [ or the comma */
	if (*from == ']')
		return false;
	end = skip_value(&r, from);
	lk_arena_clear(scratch);
	*out = lk_text(from, (size_t)(end - from));
	*at = (size_t)(end - s);
	return true;
}

lk_value lk_json_element_text(const lk_value *element, lk_arena *made) {
	const char *text = element->s + 1, *fault;
	size_t len = element->len - 2;
	if (*element->s == 'n')
		return lk_null();
	if (*element->s != '"')
		return *element;
	if (memchr(text, '\\', len) && !lk_json_unescape(text, len, made, &text, &len, &fault))
		return lk_null();   /* not reached: the whole text was checked */
	return lk_text(text, len);
}
