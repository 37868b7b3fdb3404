/* The first line is a log format, or empty: then each line is recognised by its shape. */
#include <string.h>

#include "formats/access_log.h"
#include "tests/fuzz/rows.h"

static char *first_line(const char *text, size_t len) {
	const char *stop = memchr(text, '\n', len);
	size_t n = stop ? (size_t)(stop - text) : len;
	char *line = malloc(n + 1);
	memcpy(line, text, n);
	line[n] = '\0';
	return line;
}

void fuzz_log_lines(const uint8_t *data, size_t len) {
	const char *p = (const char *)data, *end = p + len;
	char why[200] = "", *format = len ? first_line(p, len) : NULL;
	lk_log_scanner *g = lk_log_scanner_new(&fuzz_rows_shared()->stream->schema, format && *format ? format : NULL, why, sizeof why);
	FUZZ_CHECK(g || (*why && strlen(why) < sizeof why));
	p = format && memchr(p, '\n', len) ? (const char *)memchr(p, '\n', len) + 1 : end;
	while (g && p < end) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		size_t n = stop ? (size_t)(stop - p) : (size_t)(end - p);
		char *line = malloc(n + !n);   /* of its own length, so that reading beyond it shows */
		memcpy(line, p, n);
		fuzz_rows *r = fuzz_rows_shared();
		fuzz_rows_check(r, lk_log_scan(g, line, n, &r->texts, r->row, &r->why));
		free(line);
		p = stop ? stop + 1 : end;
	}
	lk_log_scanner_free(g);
	free(format);
}
