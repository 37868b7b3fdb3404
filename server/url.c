#include "server/url.h"

#include <string.h>

#include "core/value.h"

static int hex(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *lk_url_decode(lk_arena *arena, const char *text, size_t len) {
	char *out = lk_arena_alloc(arena, len + 1);
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		out[n] = text[i];
		if (text[i] == '%') {
			bool whole = len - i > 2;
			int high = whole ? hex(text[i + 1]) : -1, low = whole ? hex(text[i + 2]) : -1;
			if (high < 0 || low < 0)
				return NULL;
			out[n] = (char)(high << 4 | low);
			i += 2;
		}
		if (!out[n++])
			return NULL;
	}
	out[n] = '\0';
	return lk_utf8_valid(out, n) ? out : NULL;
}

bool lk_path_matches(const char *path, const char *pattern, const char **part, size_t *len) {
	const char *brace = strchr(pattern, '{');
	*part = NULL;
	*len = 0;
	if (!brace)
		return !strcmp(path, pattern);
	size_t before = (size_t)(brace - pattern);
	if (strncmp(path, pattern, before))
		return false;
	*part = path + before;
	*len = strcspn(*part, "/");
	return *len > 0 && !strcmp(*part + *len, strchr(brace, '}') + 1);
}
