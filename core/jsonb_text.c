#include "core/jsonb_text.h"

#include <string.h>

static const char *text_end(const char *p, const char *end) {
	for (p++; p < end && *p != '"'; p++)
		p += *p == '\\';
	return p < end ? p + 1 : end;
}

static bool is_number_part(char c) { return (c >= '0' && c <= '9') || c == '-' || c == '.'; }

static const char *number_end(const char *p, const char *end) {
	while (p < end && is_number_part(*p))
		p++;
	return p;
}

const char *lk_jsonb_value_end(const char *p, const char *end) {
	int depth = 0;
	do {
		if (*p == '"') {
			p = text_end(p, end);
			continue;
		}
		depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
		p++;
	} while (p < end && (depth > 0 || (*p != ',' && *p != '}' && *p != ']' && *p != ':')));
	return p;
}

/* Without the zeros that do not change its value. */
static size_t value_digits(const char *from, const char *end) {
	if (!memchr(from, '.', (size_t)(end - from)))
		return (size_t)(end - from);
	while (end[-1] == '0')
		end--;
	return (size_t)(end - from) - (end[-1] == '.');
}

bool lk_jsonb_equal(const char *a, size_t alen, const char *b, size_t blen) {
	const char *aend = a + alen, *bend = b + blen;
	while (a < aend && b < bend) {
		bool digits = is_number_part(*a) && is_number_part(*b);
		const char *anext = digits ? number_end(a, aend) : *a == '"' ? text_end(a, aend) : a + 1;
		const char *bnext = digits ? number_end(b, bend) : *b == '"' ? text_end(b, bend) : b + 1;
		size_t n = digits ? value_digits(a, anext) : (size_t)(anext - a);
		size_t m = digits ? value_digits(b, bnext) : (size_t)(bnext - b);
		if (n != m || memcmp(a, b, n) != 0)
			return false;
		a = anext;
		b = bnext;
	}
	return a == aend && b == bend;
}
