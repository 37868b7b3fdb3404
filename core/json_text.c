#include "core/json_text.h"

#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "core/hex.h"

/* --- grammar --- */

static const char *bad(const char **reason, const char *why) {
	*reason = why;
	return NULL;
}

/* The first quote, backslash or control character. */
static inline const char *plain_end(const char *p, const char *end) {
#ifdef __SSE2__
	const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\'), control = _mm_set1_epi8(0x1f);
	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
		__m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
		                           _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
		unsigned mask = (unsigned)_mm_movemask_epi8(hit);
		if (mask)
			return p + __builtin_ctz(mask);
	}
#else
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	for (; end - p >= 8; p += 8) {
		uint64_t v, quote, slash;
		memcpy(&v, p, 8);
		quote = v ^ ones * '"';
		slash = v ^ ones * '\\';
		if (((quote - ones) & ~quote & tops) | ((slash - ones) & ~slash & tops) | ((v - ones * 0x20) & ~v & tops))
			break;
	}
#endif
	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	return p;
}

static const char *escape_end(const char *p, const char *end, const char **reason) {
	if (end - p < 2)
		return bad(reason, "not JSON: a string that does not end");
	switch (p[1]) {
	case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
		return p + 2;
	case 'u':
		if (end - p >= 6 && lk_hex_digit(p[2]) >= 0 && lk_hex_digit(p[3]) >= 0 && lk_hex_digit(p[4]) >= 0 && lk_hex_digit(p[5]) >= 0)
			return p + 6;
		return bad(reason, "not JSON: \\u without four hexadecimal digits");
	default:
		return bad(reason, "not JSON: an unknown escape in a string");
	}
}

const char *lk_json_string_end(const char *p, const char *end, bool *escaped, const char **reason) {
	while (true) {
		p = plain_end(p, end);
		if (p == end)
			return bad(reason, "not JSON: a string that does not end");
		if (*p == '"')
			return p + 1;
		if (*p != '\\')
			return bad(reason, "not JSON: a control character in a string");
		*escaped = true;
		if (!(p = escape_end(p, end, reason)))
			return NULL;
	}
}

static inline const char *digits_end(const char *p, const char *end) {
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

const char *lk_json_number_end(const char *p, const char *end, const char **reason) {
	const char *from;
	p += p < end && *p == '-';
	from = p;
	p = digits_end(p, end);
	if (p == from || (*from == '0' && p - from > 1))
		return bad(reason, "not JSON: neither a value nor a number");
	if (p < end && *p == '.') {
		from = ++p;
		if ((p = digits_end(p, end)) == from)
			return bad(reason, "not JSON: a number without digits after its point");
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		from = p;
		if ((p = digits_end(p, end)) == from)
			return bad(reason, "not JSON: a number without digits in its exponent");
	}
	return p;
}

const char *lk_json_word_end(const char *p, const char *end, const char **reason) {
	const char *word = *p == 't' ? "true" : *p == 'f' ? "false" : "null";
	size_t len = strlen(word);
	return (size_t)(end - p) < len || memcmp(p, word, len) ? bad(reason, "not JSON: an unknown word") : p + len;
}

const char *lk_json_scalar_end(const char *p, const char *end, bool *escaped, const char **reason) {
	if (p == end)
		return bad(reason, "not JSON: it ends too early");
	switch (*p) {
	case '"': return lk_json_string_end(p + 1, end, escaped, reason);
	case 'n': case 't': case 'f': return lk_json_word_end(p, end, reason);
	default: return lk_json_number_end(p, end, reason);
	}
}

/* --- characters --- */

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
	return (unsigned)(lk_hex_digit(p[0]) << 12 | lk_hex_digit(p[1]) << 8 | lk_hex_digit(p[2]) << 4 | lk_hex_digit(p[3]));
}

/* --- escapes --- */

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
