/* The grammar is that of PostgreSQL's json_lex (jsonapi.c), without recursion: a byte for each open bracket says what
 * closes it. Readers return the place behind what they read, or NULL where the text is no JSON. */
#include "expr/json_array.h"

#include <string.h>

#include "core/json_text.h"

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
static const char *checked_escapes(reader *r, const char *text, const char *end) {
	const char *made, *fault;
	size_t len;
	return lk_json_unescape(text, (size_t)(end - text), r->scratch, &made, &len, &fault) ? end + 1 : fail(r, fault);
}

static const char *skip_scalar(reader *r, const char *p) {
	bool escaped = false;
	const char *reason, *behind = lk_json_scalar_end(p, r->end, &escaped, &reason);
	if (!behind)
		return syntax(r);
	return escaped ? checked_escapes(r, p + 1, behind - 1) : behind;
}

/* "key" : */
static const char *skip_key(reader *r, const char *p) {
	p = skip_blanks(r, p);
	p = is_at(r, p, '"') ? skip_scalar(r, p) : syntax(r);
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
