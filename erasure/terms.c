#include "erasure/terms.h"

#include <stdlib.h>
#include <string.h>

#include "core/suggest.h"
#include "serving/condition.h"

/* --- columns --- */

static int unknown_column(const lk_stream *s, const char *name, lk_error *err) {
	const char **names = lk_calloc((size_t)s->schema.ncolumns, sizeof *names);
	for (int i = 0; i < s->schema.ncolumns; i++)
		names[i] = s->schema.columns[i].name;
	lk_fail(err, LK_EUSAGE, "--where %s: stream %s has no such column", name, s->name);
	lk_hint_names(err, name, names, s->schema.ncolumns, "its columns: ");
	free(names);
	return LK_EUSAGE;
}

static int find_column(const lk_stream *s, const char *name) {
	for (int i = 0; i < s->schema.ncolumns; i++)
		if (strcmp(s->schema.columns[i].name, name) == 0)
			return i;
	return -1;
}

/* An event that has lost everything is not found again, whatever the conditions are. */
static void add_something_to_lose(const lk_stream *s, lk_buf *out) {
	const char *comma = " AND (";
	for (int i = 0; i < s->schema.ncolumns; i++) {
		if (i == s->schema.event_time)
			continue;
		lk_buf_adds(out, comma);
		lk_sql_ident(s->schema.columns[i].name, out);
		lk_buf_adds(out, " IS NOT NULL");
		comma = " OR ";
	}
	lk_buf_addc(out, ')');
}

/* --- texts --- */

/* The code point at *p, which moves past it; a byte that is not UTF-8 is its own. */
static unsigned next_point(const unsigned char **p) {
	unsigned c = *(*p)++;
	int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
	unsigned point = more ? c & (0x3fU >> more) : c;
	for (; more && (**p & 0xc0) == 0x80; more--)
		point = point << 6 | (*(*p)++ & 0x3f);
	return point;
}

static void add_escape(unsigned point, lk_buf *out) {
	if (point > 0xffff) {
		point -= 0x10000;
		lk_buf_addf(out, "\\u%04x", 0xd800 + (point >> 10));
		point = 0xdc00 + (point & 0x3ff);
	}
	lk_buf_addf(out, "\\u%04x", point);
}

/* As programs write a text into JSON: with only what must be escaped, or in ASCII alone. */
static void as_json(const char *text, bool ascii, lk_buf *out) {
	static const char plain[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		const unsigned char *at = p;
		unsigned point = next_point(&p);
		const char *special = point < 0x80 ? strchr(plain, (int)point) : NULL;
		if (special)
			lk_buf_addf(out, "\\%c", letter[special - plain]);
		else if (point < 0x20 || (ascii && point >= 0x80))
			add_escape(point, out);
		else
			lk_buf_add(out, at, (size_t)(p - at));
	}
}

/* "position(<text> in line) > 0". Escapes have digits of either case. */
static void add_search(const lk_buf *text, bool any_case, lk_buf *out) {
	lk_buf literal = LK_BUF_INIT;
	lk_sql_literal(text->data, text->len, &literal);
	lk_buf_addf(out, any_case ? "position(lower(%s) in lower(line)) > 0" : "position(%s in line) > 0", literal.data);
	lk_buf_release(&literal);
}

/* A line holds the value if it has its text, as it was given or as lk prints it, in one of these forms. */
static void add_forms(const char *text, lk_buf *out) {
	lk_buf plain = LK_BUF_INIT, json = LK_BUF_INIT, ascii = LK_BUF_INIT;
	lk_buf_adds(&plain, text);
	as_json(text, false, &json);
	as_json(text, true, &ascii);
	add_search(&plain, false, out);
	if (strcmp(json.data, text) != 0) {
		lk_buf_adds(out, " OR ");
		add_search(&json, false, out);
	}
	if (strcmp(ascii.data, json.data) != 0) {
		lk_buf_adds(out, " OR ");
		add_search(&ascii, true, out);
	}
	lk_buf_release(&plain);
	lk_buf_release(&json);
	lk_buf_release(&ascii);
}

static void add_texts(const lk_condition *c, const char *given, lk_buf *out) {
	lk_buf printed = LK_BUF_INIT;
	lk_value_print(c->type, &c->value, &printed);
	lk_buf_adds(out, out->len ? " AND (" : "(");
	add_forms(given, out);
	if (printed.len && strcmp(printed.data, given) != 0) {
		lk_buf_adds(out, " OR ");
		add_forms(printed.data, out);
	}
	lk_buf_addc(out, ')');
	lk_buf_release(&printed);
}

/* --- all of them --- */

static int add(lk_erase_terms *t, const lk_where *w, lk_error *err) {
	static const char *const ops[] = {"=", "<>", "<", "<=", ">", ">=", "is null", "is not null"};
	const lk_stream *s = t->stream->stream;
	int column = find_column(s, w->column);
	lk_buf name = LK_BUF_INIT;
	lk_condition c;
	if (column < 0)
		return unknown_column(s, w->column, err);
	int rc = lk_condition_of_type(&c, s->schema.columns[column].type, column, w, err);
	if (rc != LK_OK)
		return rc;
	lk_sql_ident(w->column, &name);
	lk_buf_adds(&t->events, t->events.len ? " AND " : "");
	lk_condition_sql(&c, name.data, &t->events);
	lk_buf_release(&name);
	lk_buf_addf(&t->names, "%s%s %s", t->names.len ? ", " : "", w->column, ops[w->op]);
	if (w->op == LK_WHERE_EQ && *w->text)
		add_texts(&c, w->text, &t->lines);
	return LK_OK;
}

int lk_erase_terms_read(const lk_cat_stream *s, const lk_where *where, int n, lk_erase_terms *out, lk_error *err) {
	*out = (lk_erase_terms){.stream = s};
	if (n == 0) {
		lk_fail(err, LK_EUSAGE, "which events of stream %s should be erased?", s->stream->name);
		return lk_hint(err, "name them with --where COL=VALUE");
	}
	if (s->stream->schema.ncolumns == 1)
		return lk_fail(err, LK_EUSAGE, "stream %s has nothing to erase: its only column is the event time", s->stream->name);
	int rc = LK_OK;
	for (int i = 0; i < n && rc == LK_OK; i++)
		rc = add(out, &where[i], err);
	if (rc != LK_OK)
		return rc;
	add_something_to_lose(s->stream, &out->events);
	if (!out->lines.len)
		lk_buf_adds(&out->lines, "false");
	return LK_OK;
}

void lk_erase_terms_release(lk_erase_terms *t) {
	lk_buf_release(&t->events);
	lk_buf_release(&t->lines);
	lk_buf_release(&t->names);
}
