#include "print/text.h"

#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "core/time.h"

enum {
	ESCAPED = 4,       /* columns of a byte that cannot be shown */
	LABEL_MOST = 16,   /* bytes of a label with its colon */
};

/* The bytes of the next character, and the columns it takes. */
static size_t next(const char *s, mbstate_t *state, int *columns) {
	wchar_t c;
	size_t n = mbrtowc(&c, s, strlen(s), state);
	int width = n == (size_t)-1 || n == (size_t)-2 ? -1 : wcwidth(c);
	if (n == (size_t)-1 || n == (size_t)-2) {
		memset(state, 0, sizeof *state);
		n = 1;
	}
	*columns = width < 0 ? ESCAPED * (int)n : width;
	return n;
}

int lk_text_fit(const char *text, int columns) {
	mbstate_t state = {0};
	const char *s = text;
	while (*s) {
		int width;
		size_t n = next(s, &state, &width);
		if (width > columns)
			break;
		columns -= width;
		s += n;
	}
	return (int)(s - text);
}

int lk_text_width(const char *text) {
	mbstate_t state = {0};
	int all = 0, width;
	while (*text) {
		text += next(text, &state, &width);
		all += width;
	}
	return all;
}

void lk_text_visible(const char *text, lk_buf *out) {
	mbstate_t state = {0};
	lk_buf_adds(out, "");
	while (*text) {
		int width, escaped = 0;
		size_t n = next(text, &state, &width);
		if (width == ESCAPED * (int)n)
			while (escaped < (int)n)
				lk_buf_addf(out, "\\x%02x", (unsigned char)text[escaped++]);
		else
			lk_buf_add(out, text, n);
		text += n;
	}
}

static void new_line(lk_buf *out, size_t indent) {
	while (out->len > 0 && out->data[out->len - 1] == ' ')
		out->len--;
	lk_buf_addf(out, "\n%*s", (int)indent, "");
}

/* The bytes up to the next place where a line may end: not within backticks or double quotes. */
static size_t unbroken(const char *text) {
	size_t n = 0;
	while (text[n] && text[n] != ' ' && text[n] != '\n') {
		const char within[] = {text[n], '\n', '\0'};
		const char *end = text[n] == '`' || text[n] == '"' ? strpbrk(text + n + 1, within) : NULL;
		n = end && *end == text[n] ? (size_t)(end - text) + 1 : n + 1;
	}
	return n;
}

void lk_text_wrap(const char *text, size_t screen, size_t column, size_t indent, lk_buf *out) {
	while (*text) {
		size_t bytes = unbroken(text);
		char *word = lk_strndup(text, bytes);
		size_t width = (size_t)lk_text_width(word);
		free(word);
		if (column + width > screen && column > indent) {
			new_line(out, indent);
			column = indent;
		}
		lk_buf_add(out, text, bytes);
		column += width;
		text += bytes;
		if (*text == '\n') {
			new_line(out, indent);
			column = indent;
			text++;
		} else if (*text == ' ') {
			if (column < screen) {
				lk_buf_addc(out, ' ');
				column++;
			}
			text++;
		}
	}
}

/* --- lines --- */

/* The indent of a wrapped line: after its label, or two columns more than its first line. */
static size_t indent_of(const char *line) {
	size_t blanks = strspn(line, " "), word = blanks + strcspn(line + blanks, " ");
	bool label = word > blanks && line[word - 1] == ':' && word < LABEL_MOST;
	return label ? word + strspn(line + word, " ") : blanks + 2;
}

static void wrap_line(const char *line, size_t screen, lk_buf *out) {
	size_t blanks = strspn(line, " ");
	lk_buf_addf(out, "%*s", (int)blanks, "");
	lk_text_wrap(line + blanks, screen, blanks, indent_of(line), out);
}

void lk_lines_print(const char *lines, const lk_screen *screen, lk_sink *out) {
	lk_buf b = LK_BUF_INIT;
	while (*lines) {
		size_t n = strcspn(lines, "\n");
		char *line = lk_strndup(lines, n);
		if (screen->width && lk_text_width(line) > screen->width)
			wrap_line(line, (size_t)screen->width, &b);
		else
			lk_buf_adds(&b, line);
		free(line);
		lk_buf_addc(&b, '\n');
		lines += n + (lines[n] == '\n');
	}
	lk_sink_put_buf(out, &b);
	lk_buf_release(&b);
}

/* --- numbers for people --- */

void lk_duration_print(int64_t us, lk_buf *out) {
	int64_t s = us / LK_US_PER_S;
	if (s < 1)
		lk_buf_addf(out, "%lld ms", (long long)(us / 1000));
	else if (s < 120)
		lk_buf_addf(out, "%lld s", (long long)s);
	else if (s < 120 * 60)
		lk_buf_addf(out, "%lld min", (long long)(s / 60));
	else if (s < 48 * 3600)
		lk_buf_addf(out, "%lld h", (long long)(s / 3600));
	else
		lk_buf_addf(out, "%lld d", (long long)(s / 86400));
}
