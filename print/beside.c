#include "print/beside.h"

#include <limits.h>

enum { NARROW = 100, SIDE_BY_SIDE = 120, GAP = 4 };

/* Bytes of the next line of at most `width` characters, broken at a space outside quotes if there is one. *skip: bytes
 * between this line and the next one. */
static size_t next_line(const char *s, int width, size_t *skip) {
	size_t n = 0, space = 0;
	int letters = 0;
	char quote = 0;
	for (; s[n] && s[n] != '\n'; n++) {
		if (((unsigned char)s[n] & 0xC0) == 0x80)
			continue;
		if (letters++ == width) {
			*skip = space ? 1 : 0;
			return space ? space : n;
		}
		if (s[n] == '\'' || s[n] == '"')
			quote = !quote ? s[n] : quote == s[n] ? 0 : quote;
		if (s[n] == ' ' && n > 0 && !quote)
			space = n;
	}
	*skip = s[n] ? 1 : 0;
	return n;
}

static int letters_of(const char *s, size_t n) {
	int letters = 0;
	for (size_t i = 0; i < n; i++)
		letters += ((unsigned char)s[i] & 0xC0) != 0x80;
	return letters;
}

static void print_wrapped(const char *title, const char *text, int width, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "%s\n", title);
	while (*text) {
		size_t skip, n = next_line(text, width - 2, &skip);
		lk_buf_addf(&b, "  %.*s\n", (int)n, text);
		text += n + skip;
	}
	lk_buf_addc(&b, '\n');
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

static void print_beside(const char *const titles[2], const char *const texts[2], int width, lk_sink *out) {
	int half = (width - GAP) / 2;
	const char *left = texts[0], *right = texts[1];
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "%-*s%s\n", half + GAP, titles[0], titles[1]);
	while (*left || *right) {
		size_t skip_left, skip_right;
		size_t l = next_line(left, half - 2, &skip_left), r = next_line(right, half - 2, &skip_right);
		lk_buf_addf(&b, "  %.*s", (int)l, left);
		if (r)
			lk_buf_addf(&b, "%*s%.*s", half + GAP - letters_of(left, l), "", (int)r, right);
		lk_buf_addc(&b, '\n');
		left += l + skip_left;
		right += r + skip_right;
	}
	lk_buf_addc(&b, '\n');
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

void lk_block_print(const char *title, const char *text, lk_sink *out) { print_wrapped(title, text, INT_MAX, out); }

void lk_beside_print(const char *const titles[2], const char *const texts[2], const lk_screen *screen, lk_sink *out) {
	int width = screen->width ? screen->width : NARROW;
	if (width >= SIDE_BY_SIDE) {
		print_beside(titles, texts, width, out);
		return;
	}
	print_wrapped(titles[0], texts[0], width, out);
	print_wrapped(titles[1], texts[1], width, out);
}
