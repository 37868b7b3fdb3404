/* How a fault of a definition is shown:
 *
 *   views.sql:7:16: function lower(…) is not supported
 *     SELECT path, lower(path) AS p, count(*) AS n
 *                  ^
 *   hint: …
 *
 * A long line is cut to the part around the fault. Columns count characters, not bytes. */
#include <string.h>

#include "sql/lex.h"
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

/* The beginning of line `n` (from 1), without a byte order mark. */
static const char *line_at(const char *text, size_t len, int n) {
	const char *line = text, *end = text + len;
	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		line += 3;
	for (int i = 1; i < n && line < end; i++) {
		const char *next = memchr(line, '\n', (size_t)(end - line));
		line = next ? next + 1 : end;
	}
	return line;
}

void lk_fault_print(const lk_fault *f, const char *file, const char *text, size_t len, lk_buf *out) {
	lk_buf_addf(out, "%s:%d:%d: %s\n", file, f->line, f->col, f->message);
	const char *line = line_at(text, len, f->line), *end = text + len;
	const char *stop = line < end ? memchr(line, '\n', (size_t)(end - line)) : end;
	size_t n = (size_t)((stop ? stop : end) - line);
	if (n && lk_utf8_valid(line, n))
		print_line(line, n, f->col - 1, out);
	if (*f->hint)
		lk_buf_addf(out, "hint: %s\n", f->hint);
}

bool lk_fault_end(const lk_fault *f, const char *text, size_t len, int *line, int *col) {
	const char *start = line_at(text, len, f->line);
	size_t left = len - (size_t)(start - text), at = byte_of(start, left, f->col - 1);
	if (!lk_utf8_valid(start, left))
		return false;
	lk_token t = lk_lex(start, (int)left, (int)at);
	if (t.kind == LK_TOKEN_END || (size_t)t.at != at)
		return false;
	*line = f->line;
	*col = f->col;
	for (int i = t.at; i < t.end; i++) {
		*line += start[i] == '\n';
		*col = start[i] == '\n' ? 1 : *col + begins_char(start[i]);
	}
	return true;
}
