/* How a fault of a definition is shown:
 *
 *   views.sql:7:16: function lower(…) is not supported
 *     SELECT path, lower(path) AS p, count(*) AS n
 *                  ^
 *   hint: …
 *
 * A long line is cut to the part around the fault. Columns count characters, not bytes. */
#include <string.h>

#include "sql/sql.h"

enum { WIDTH = 74, BEFORE = 44 };   /* with the marks of what was cut: at most 78 columns */

static bool begins_char(char c) { return ((unsigned char)c & 0xC0) != 0x80; }

/* The byte at which character `n` (from 0) of the line begins. */
static size_t byte_of(const char *line, size_t len, int n) {
	size_t i = 0;
	for (; i < len; i++)
		if (begins_char(line[i]) && n-- == 0)
			break;
	return i;
}

static void print_line(const char *line, size_t len, int col, lk_buf *out) {
	int first = col > BEFORE ? col - BEFORE : 0;
	size_t from = byte_of(line, len, first), to = byte_of(line, len, first + WIDTH), caret = byte_of(line, len, col);
	const char *cut = first ? "…" : "";
	lk_buf_addf(out, "  %s", cut);
	for (size_t i = from; i < to; i++)
		lk_buf_addc(out, (unsigned char)line[i] < 0x20 || line[i] == 0x7f ? ' ' : line[i]);
	lk_buf_addf(out, "%s\n  %s", to < len ? "…" : "", first ? " " : "");
	for (size_t i = from; i < caret; i++)
		if (begins_char(line[i]))
			lk_buf_addc(out, ' ');
	lk_buf_adds(out, "^\n");
}

void lk_fault_print(const lk_fault *f, const char *file, const char *text, size_t len, lk_buf *out) {
	lk_buf_addf(out, "%s:%d:%d: %s\n", file, f->line, f->col, f->message);
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
		text += 3;
		len -= 3;
	}
	const char *line = text, *end = text + len;
	for (int i = 1; i < f->line && line < end; i++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		line = next ? next + 1 : end;
	}
	const char *stop = line < end ? memchr(line, '\n', (size_t)(end - line)) : end;
	size_t n = (size_t)((stop ? stop : end) - line);
	if (n && lk_utf8_valid(line, n))
		print_line(line, n, f->col - 1, out);
	if (*f->hint)
		lk_buf_addf(out, "hint: %s\n", f->hint);
}
