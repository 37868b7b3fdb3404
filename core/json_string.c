#include "core/json_string.h"

#include <string.h>

static int hex_digit(char c) {
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool lk_json_hex(const char *p) {
	return hex_digit(p[0]) >= 0 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0 && hex_digit(p[3]) >= 0;
}

static char *put_utf8(char *o, unsigned c) {
	if (c < 0x80) {
		*o++ = (char)c;
	} else if (c < 0x800) {
		*o++ = (char)(0xc0 | c >> 6);
		*o++ = (char)(0x80 | (c & 0x3f));
	} else if (c < 0x10000) {
		*o++ = (char)(0xe0 | c >> 12);
		*o++ = (char)(0x80 | (c >> 6 & 0x3f));
		*o++ = (char)(0x80 | (c & 0x3f));
	} else {
		*o++ = (char)(0xf0 | c >> 18);
		*o++ = (char)(0x80 | (c >> 12 & 0x3f));
		*o++ = (char)(0x80 | (c >> 6 & 0x3f));
		*o++ = (char)(0x80 | (c & 0x3f));
	}
	return o;
}

static unsigned unit_at(const char *p) {
	return (unsigned)(hex_digit(p[0]) << 12 | hex_digit(p[1]) << 8 | hex_digit(p[2]) << 4 | hex_digit(p[3]));
}

/* \uXXXX, and the second half of a surrogate pair; the escapes are well-formed. NULL, with *reason, if it is not a
 * character. */
static const char *decode_unit(const char *p, const char *end, char **o, const char **reason) {
	unsigned c = unit_at(p + 2);
	p += 6;
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		unsigned low = unit_at(p + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			*o = put_utf8(*o, 0x10000 + ((c - 0xd800) << 10 | (low - 0xdc00)));
			return p + 6;
		}
	}
	if (c == 0 || (c >= 0xd800 && c < 0xe000)) {
		*reason = c ? "half of a surrogate pair" : "\\u0000 in a text";
		return NULL;
	}
	*o = put_utf8(*o, c);
	return p;
}

static char escaped_char(char c) {
	switch (c) {
	case 'b': return '\b';
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	default: return c;
	}
}

bool lk_json_unescape(const char *p, size_t len, lk_arena *arena, const char **text, size_t *text_len,
                      const char **reason) {
	const char *end = p + len;
	char *out = lk_arena_alloc(arena, len), *o = out;
	while (p < end) {
		const char *slash = memchr(p, '\\', (size_t)(end - p));
		size_t plain = (size_t)((slash ? slash : end) - p);
		memcpy(o, p, plain);
		o += plain;
		p += plain;
		if (p == end)
			break;
		if (p[1] != 'u') {
			*o++ = escaped_char(p[1]);
			p += 2;
		} else if (!(p = decode_unit(p, end, &o, reason))) {
			return false;
		}
	}
	*text = out;
	*text_len = (size_t)(o - out);
	return true;
}
