#include "expr/like.h"

#include "expr/private.h"

static char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c; }
static bool same(char a, char b, bool fold) { return a == b || (fold && lower(a) == lower(b)); }

/* On a mismatch the last % takes one more character. Earlier ones need no second look, since the last one can match
 * whatever they would. So the time is at most proportional to the lengths' product. */
bool lk_like(const char *text, size_t text_len, const char *pattern, size_t pattern_len, bool fold) {
	size_t t = 0, p = 0, retry_t = 0, retry_p = 0;
	bool can_retry = false;
	while (t < text_len || p < pattern_len) {
		if (p < pattern_len && pattern[p] == '%') {
			retry_p = ++p;
			retry_t = t;
			can_retry = true;
			continue;
		}
		if (p < pattern_len && t < text_len) {
			if (pattern[p] == '_') {
				p++;
				t = lk_code_point_end(text, text_len, t);
				continue;
			}
			size_t literal = p + (pattern[p] == '\\');
			if (literal < pattern_len && same(pattern[literal], text[t], fold)) {
				p = literal + 1;
				t++;
				continue;
			}
		}
		if (!can_retry || retry_t >= text_len)
			return false;
		retry_t = lk_code_point_end(text, text_len, retry_t);
		t = retry_t;
		p = retry_p;
	}
	return true;
}
