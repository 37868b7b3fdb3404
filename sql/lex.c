#include "sql/lex.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool begins_word(unsigned char c) { return isalpha(c) || c == '_' || c >= 0x80; }
static bool in_word(unsigned char c) { return begins_word(c) || isdigit(c) || c == '$'; }
static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The end of a comment that may nest, or len with *closed = false. */
static int block_comment(const char *text, int len, int at, bool *closed) {
	int depth = 0;
	while (at + 1 < len) {
		if (text[at] == '/' && text[at + 1] == '*') {
			depth++;
			at += 2;
		} else if (text[at] == '*' && text[at + 1] == '/') {
			at += 2;
			if (--depth == 0)
				return at;
		} else {
			at++;
		}
	}
	*closed = false;
	return len;
}

static int skip_blank(const char *text, int len, int at, bool *closed) {
	while (at < len) {
		if (is_space(text[at])) {
			at++;
		} else if (at + 1 < len && text[at] == '-' && text[at + 1] == '-') {
			while (at < len && text[at] != '\n' && text[at] != '\r')
				at++;
		} else if (at + 1 < len && text[at] == '/' && text[at + 1] == '*') {
			at = block_comment(text, len, at, closed);
		} else {
			break;
		}
	}
	return at;
}

/* `at` is the opening quote; a doubled quote stands for one. */
static int quoted(const char *text, int len, int at, bool escapes, bool *closed) {
	char quote = text[at++];
	while (at < len) {
		if (escapes && text[at] == '\\') {
			at += 2;
		} else if (text[at] != quote) {
			at++;
		} else if (at + 1 < len && text[at + 1] == quote) {
			at += 2;
		} else {
			return at + 1;
		}
	}
	*closed = false;
	return len;
}

/* Length of the delimiter $tag$ at `at`, or 0. */
static int dollar_tag(const char *text, int len, int at) {
	int i = at + 1;
	if (i < len && begins_word((unsigned char)text[i]))
		while (i < len && in_word((unsigned char)text[i]) && text[i] != '$')
			i++;
	return i < len && text[i] == '$' ? i + 1 - at : 0;
}

static int dollar_quoted(const char *text, int len, int at, int tag, bool *closed) {
	for (int i = at + tag; i + tag <= len; i++)
		if (memcmp(text + i, text + at, (size_t)tag) == 0)
			return i + tag;
	*closed = false;
	return len;
}

static int number(const char *text, int len, int at) {
	while (at < len && isdigit((unsigned char)text[at]))
		at++;
	if (at < len && text[at] == '.')
		for (at++; at < len && isdigit((unsigned char)text[at]);)
			at++;
	int e = at;
	if (e < len && (text[e] == 'e' || text[e] == 'E')) {
		e++;
		if (e < len && (text[e] == '+' || text[e] == '-'))
			e++;
		if (e < len && isdigit((unsigned char)text[e])) {
			while (e < len && isdigit((unsigned char)text[e]))
				e++;
			at = e;
		}
	}
	return at;
}

static bool prefixes_string(const char *text, int len, lk_token t) {
	return t.end - t.at == 1 && t.end < len && text[t.end] == '\'' && strchr("eEbBxXnN", text[t.at]);
}

static bool prefixes_unicode(const char *text, int len, lk_token t) {
	return t.end - t.at == 1 && (text[t.at] | 0x20) == 'u' && t.end + 1 < len && text[t.end] == '&' &&
	       (text[t.end + 1] == '\'' || text[t.end + 1] == '"');
}

static lk_token word(const char *text, int len, lk_token t) {
	while (t.end < len && in_word((unsigned char)text[t.end]))
		t.end++;
	t.kind = LK_TOKEN_WORD;
	if (prefixes_string(text, len, t)) {
		t.kind = LK_TOKEN_STRING;
		t.end = quoted(text, len, t.end, (text[t.at] | 0x20) == 'e', &t.closed);
	} else if (prefixes_unicode(text, len, t)) {
		t.kind = text[t.end + 1] == '"' ? LK_TOKEN_QUOTED : LK_TOKEN_STRING;
		t.end = quoted(text, len, t.end + 1, false, &t.closed);
	}
	return t;
}

lk_token lk_lex(const char *text, int len, int at) {
	lk_token t = {.closed = true};
	t.at = t.end = skip_blank(text, len, at, &t.closed);
	if (t.at >= len)
		return t;
	unsigned char c = (unsigned char)text[t.at];
	int tag = c == '$' ? dollar_tag(text, len, t.at) : 0;
	if (begins_word(c))
		return word(text, len, t);
	if (c == '"' || c == '\'') {
		t.kind = c == '"' ? LK_TOKEN_QUOTED : LK_TOKEN_STRING;
		t.end = quoted(text, len, t.at, false, &t.closed);
	} else if (tag) {
		t.kind = LK_TOKEN_STRING;
		t.end = dollar_quoted(text, len, t.at, tag, &t.closed);
	} else if (isdigit(c) || (c == '.' && t.at + 1 < len && isdigit((unsigned char)text[t.at + 1]))) {
		t.kind = LK_TOKEN_NUMBER;
		t.end = number(text, len, t.at);
	} else {
		t.kind = LK_TOKEN_OTHER;
		t.end = t.at + 1;
	}
	if (t.end > len)
		t.end = len;
	return t;
}

bool lk_token_is(const char *text, lk_token t, const char *w) {
	size_t n = (size_t)(t.end - t.at);
	return (t.kind == LK_TOKEN_WORD || t.kind == LK_TOKEN_OTHER) && strlen(w) == n && strncasecmp(text + t.at, w, n) == 0;
}

char *lk_token_name(const char *text, lk_token t, lk_arena *arena) {
	char *name = lk_arena_strndup(arena, text + t.at, (size_t)(t.end - t.at));
	if (t.kind != LK_TOKEN_QUOTED) {
		for (char *p = name; *p; p++)
			if (*p >= 'A' && *p <= 'Z')
				*p = (char)(*p | 0x20);
		return name;
	}
	char *to = name;
	const char *end = name + (t.end - t.at) - (t.closed ? 1 : 0);
	for (const char *p = strchr(name, '"') + 1; p < end; p++) {
		*to++ = *p;
		if (*p == '"')
			p++;
	}
	*to = '\0';
	return name;
}
