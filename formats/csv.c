/* Events as CSV (RFC 4180): a header line, then records of fields between commas.
 *
 * A field that begins with a quote ends with one; a doubled quote inside means one, and line breaks and commas inside
 * belong to it. A quote elsewhere is a character like any other. Records end with LF, CRLF or a CR alone, which some
 * spreadsheets still write.
 *
 * An unclosed quote would swallow the good lines after it. So if a quoted field spans a line break, and neither a comma
 * nor a line break follows its closing quote, the record ends with its first line: that line is rejected, and reading
 * resumes with the next one. */
#include "formats/csv.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "formats/format.h"

/* p is after the opening quote. The closing one, or NULL. */
static const char *closing_quote(const char *p, const char *end) {
	while ((p = memchr(p, '"', (size_t)(end - p)))) {
		if (end - p < 2 || p[1] != '"')
			return p;
		p += 2;
	}
	return NULL;
}

lk_csv_dialect lk_csv_dialect_of(char delimiter) {
	lk_csv_dialect d = {.delimiter = delimiter};
	d.ends_field[(unsigned char)delimiter] = d.ends_field['\r'] = d.ends_field['\n'] = true;
	return d;
}

static const char *unquoted_end(const lk_csv_dialect *d, const char *p, const char *end) {
	while (p < end && !d->ends_field[(unsigned char)*p])
		p++;
	return p;
}

/* The first byte after the first line break; NULL if the text has none, or ends with a CR. */
static const char *line_end(const char *p, const char *end) {
	const char *lf = memchr(p, '\n', (size_t)(end - p)), *cr = memchr(p, '\r', (size_t)((lf ? lf : end) - p));
	if (cr && cr + 1 == end)
		return NULL;
	if (cr && cr[1] != '\n')
		return cr + 1;
	return lf ? lf + 1 : NULL;
}

const char *lk_csv_record_end(const lk_csv_dialect *d, const char *p, const char *end) {
	const char *record = p;
	for (;; p++) {
		if (p < end && *p == '"') {
			const char *quote = closing_quote(p + 1, end);
			if (!quote || quote + 1 == end)
				return NULL;   /* what follows the quote decides */
			const char *line = line_end(p, quote + 1);
			p = quote + 1;
			if (line && !d->ends_field[(unsigned char)*p])
				return line_end(record, end);
		}
		p = unquoted_end(d, p, end);
		if (p == end || (*p == '\r' && p + 1 == end))
			return NULL;
		if (*p != d->delimiter)
			return p + 1 + (*p == '\r' && p[1] == '\n');
	}
}

typedef struct csv_field {
	const char *p;
	size_t len;
	bool quoted, doubled;
} csv_field;

/* Reads the field at *p and the delimiter after it. 0; 1 if it was the last one; -1 with *reason. */
static int read_field(char delimiter, const char **p, const char *end, csv_field *f, const char **reason) {
	const char *s = *p, *e;
	*f = (csv_field){.p = s};
	if (s < end && *s == '"') {
		if (!(e = closing_quote(s + 1, end))) {
			*reason = "not CSV: a quoted field that does not end";
			return -1;
		}
		f->p = s + 1;
		f->len = (size_t)(e - f->p);
		f->quoted = true;
		f->doubled = memchr(f->p, '"', f->len) != NULL;
		if (++e < end && *e != delimiter) {
			*reason = "not CSV: text after a quoted field";
			return -1;
		}
	} else {
		e = memchr(s, delimiter, (size_t)(end - s));
		if (!e)
			e = end;
		f->len = (size_t)(e - s);
	}
	*p = e + 1;
	return e == end;
}

static void undouble(csv_field *f, lk_arena *arena) {
	char *out = lk_arena_alloc(arena, f->len), *o = out;
	for (size_t i = 0; i < f->len; i++) {
		*o++ = f->p[i];
		i += f->p[i] == '"';
	}
	f->p = out;
	f->len = (size_t)(o - out);
}

static size_t without_line_break(const char *record, size_t len) {
	if (len && record[len - 1] == '\n')
		len--;
	if (len && record[len - 1] == '\r')
		len--;
	return len;
}

/* An exact match, else one that ignores case: people write header lines. */
static int column_named(const lk_schema *s, const char *name, size_t len) {
	for (int exact = 1; exact >= 0; exact--)
		for (int c = 0; c < s->ncolumns; c++) {
			const char *column = s->columns[c].name;
			if (strlen(column) == len && (exact ? !memcmp(column, name, len) : !strncasecmp(column, name, len)))
				return c;
		}
	return -1;
}

static void add_name(char **list, const char *name, size_t len) {
	char *longer = lk_asprintf("%s%s%.*s", *list ? *list : "", *list ? ", " : "", (int)(len < 64 ? len : 64), name);
	free(*list);
	*list = longer;
}

static void add_column(lk_csv_map *m, int c) {
	if (!(m->nfields & (m->nfields - 1)))
		m->column_of = lk_realloc(m->column_of, (size_t)(m->nfields ? 2 * m->nfields : 1) * sizeof *m->column_of);
	m->column_of[m->nfields++] = c;
}

/* The fields of the header, and the columns that it names. */
static int read_names(const lk_schema *s, const char *p, const char *end, lk_csv_map *out, bool *seen, const char **reason) {
	lk_arena arena = {0};
	int rc;
	do {
		csv_field f;
		if ((rc = read_field(out->delimiter, &p, end, &f, reason)) < 0)
			break;
		if (f.doubled)
			undouble(&f, &arena);
		int c = column_named(s, f.p, f.len);
		if (c >= 0 && seen[c]) {
			*reason = "the header names a column twice";
			rc = -1;
			break;
		}
		if (c >= 0)
			seen[c] = true;
		else
			add_name(&out->unknown, f.p, f.len);
		add_column(out, c);
	} while (rc == 0);
	lk_arena_release(&arena);
	return rc < 0 ? -1 : 0;
}

int lk_csv_header(const lk_schema *s, char delimiter, const char *record, size_t len, lk_csv_map *out, const char **reason) {
	bool seen[LK_MAX_COLUMNS] = {false};
	*out = (lk_csv_map){.schema = s, .delimiter = delimiter};
	int rc = read_names(s, record, record + without_line_break(record, len), out, seen, reason);
	if (!rc && !seen[s->event_time]) {
		*reason = "the header does not name the event time's column";
		rc = -1;
	}
	for (int c = 0; !rc && c < s->ncolumns; c++)
		if (!seen[c])
			add_name(&out->lacking, s->columns[c].name, strlen(s->columns[c].name));
	if (rc)
		lk_csv_map_release(out);
	return rc;
}

void lk_csv_map_release(lk_csv_map *m) {
	free(m->column_of);
	free(m->unknown);
	free(m->lacking);
	*m = (lk_csv_map){0};
}

int lk_csv_scan(const lk_csv_map *m, const char *record, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why) {
	const lk_schema *s = m->schema;
	const char *p = record, *end = record + without_line_break(record, len);
	int i = 0, last;
	why->column = -1;
	for (int c = 0; c < s->ncolumns; c++)
		row[c] = lk_null();
	do {
		csv_field f;
		if ((last = read_field(m->delimiter, &p, end, &f, &why->reason)) < 0)
			return -1;
		if (i == m->nfields) {
			why->reason = "more fields than the header has";
			return -1;
		}
		int c = m->column_of[i++];
		if (c < 0 || (!f.quoted && !f.len))
			continue;
		if (f.doubled)
			undouble(&f, arena);
		if (lk_column_parse(&s->columns[c], f.p, f.len, &row[c], &why->reason)) {
			why->column = c;
			return -1;
		}
	} while (!last);
	if (i < m->nfields) {
		why->reason = "fewer fields than the header has";
		return -1;
	}
	return 0;
}

/* --- The format --- */

static void *dialect(const lk_format *f) {
	lk_csv_dialect *d = lk_malloc(sizeof *d);
	*d = lk_csv_dialect_of(f->delimiter);
	return d;
}

/* CR alone ends a line too. */
static int64_t count_lines(const char *p, const char *end) {
	int64_t n = lk_count_lines(p, end);
	for (; (p = memchr(p, '\r', (size_t)(end - p))); p++)
		n += p + 1 == end || p[1] != '\n';
	return n;
}

/* An unclosed quote, at the end of the input or in too long a record: the record is its first line. */
static lk_record_cut first_line(const lk_stretch *s) {
	lk_record_cut c = lk_line_cut(&(lk_stretch){.begin = s->begin, .end = s->end, .all = s->all, .added = s->added});
	c.lines = c.end ? count_lines(c.begin, c.end) : 0;
	c.unterminated |= s->added && s->end - s->begin <= LK_RECORD_MAX;
	return c;
}

static lk_record_cut cut(const lk_stretch *s) {
	const char *end = lk_csv_record_end(s->dialect, s->begin, s->end);
	if (!end)
		return s->all || s->end - s->begin > LK_RECORD_MAX ? first_line(s) : (lk_record_cut){.begin = s->begin};
	lk_record_cut c = lk_line_record(s, end);
	if (memchr(c.begin, '"', c.len))   /* other records are one line */
		c.lines = count_lines(c.begin, end);
	if (c.unterminated && end - s->begin > 1 && end[-2] == '\r')
		c.unterminated = false;   /* the CR had ended it: the added break is none of its own */
	return c;
}

typedef struct scanner {
	const lk_schema *schema;
	char delimiter;
	lk_csv_map map;            /* without a schema until the header is read */
	bool told;
} scanner;

static void *scanner_new(const lk_format *f, const lk_schema *s, char *why, size_t cap) {
	scanner *c = lk_calloc(1, sizeof *c);
	(void)why;
	(void)cap;
	c->schema = s;
	c->delimiter = f->delimiter;
	return c;
}

static void scanner_free(void *self) {
	scanner *c = self;
	if (c)
		lk_csv_map_release(&c->map);
	free(c);
}

static int header(void *self, const char *record, size_t len, const char **reason) {
	scanner *c = self;
	lk_csv_map_release(&c->map);
	c->told = false;
	return lk_csv_header(c->schema, c->delimiter, record, len, &c->map, reason);
}

static int scan(void *self, const char *record, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why) {
	return lk_csv_scan(&((scanner *)self)->map, record, len, arena, row, why);
}

static void notes(void *self, const char *input, lk_buf *out) {
	scanner *c = self;
	if (c->told)
		return;
	c->told = c->map.schema != NULL;
	if (c->map.lacking)
		lk_buf_addf(out, "%s: no column %s in the header: NULL in all events\n", input, c->map.lacking);
	if (c->map.unknown)
		lk_buf_addf(out, "%s: not read, because the stream does not declare it: %s\n", input, c->map.unknown);
}

/* The most frequent delimiter of a line; 0 if it has none. */
static char delimiter_of(const char *p, size_t len) {
	static const char delimiters[] = ",;\t|";
	char found = 0;
	size_t most = 0;
	for (const char *d = delimiters; *d; d++) {
		size_t n = 0;
		for (size_t i = 0; i < len; i++)
			n += p[i] == *d;
		if (n > most) {
			most = n;
			found = *d;
		}
	}
	return found;
}

static int looks(const char *p, size_t len) { return delimiter_of(p, len) ? 1 : 0; }

static void tell(const lk_format *as, const char *p, size_t len, lk_buf *what, lk_buf *todo) {
	bool csv = as->is == &lk_format_csv;
	char delimiter = delimiter_of(p, len);
	if (csv && delimiter == as->delimiter)
		return;
	if (delimiter == ',')
		lk_buf_adds(what, "CSV");
	else if (delimiter == '\t')
		lk_buf_adds(what, "CSV with tabs between fields");
	else
		lk_buf_addf(what, "CSV with %c between fields", delimiter);
	if (delimiter == '\t')
		lk_buf_adds(todo, "add --format tsv");
	else if (delimiter == ',' && !csv)
		lk_buf_adds(todo, "add --format csv");
	else
		lk_buf_addf(todo, "add %s--delimiter '%c'", csv ? "" : "--format csv ", delimiter);
}

const lk_format_verbs lk_format_csv = {
	.names = {{.name = "csv", .endings = {".csv"}, .delimiter = ','},
	          {.name = "tsv", .endings = {".tsv"}, .delimiter = '\t'}},
	.called = "CSV",
	.delimited = true,
	.dialect = dialect,
	.cut = cut,
	.scanner_new = scanner_new,
	.scanner_free = scanner_free,
	.header = header,
	.scan = scan,
	.notes = notes,
	.looks = looks,
	.tell = tell,
};
