/* Events as lines of an access log:
 *
 *   83.149.9.216 - frank [17/May/2015:10:05:03 +0000] "GET /a b.png HTTP/1.1" 200 2326 "http://example.org/" "Mozilla/5.0"
 *   ip           ident user_name   ts                    method path protocol  status bytes  referer         agent
 *
 * A format (formats/log_format.h) cuts a line from left to right: a field ends where the text that follows it in the
 * format begins. The whole line must fit, and the form of every field is checked, whether or not the stream declares
 * it: an extra field at the front would otherwise shift all that follow, unnoticed.
 *
 * Quotes within quotes. Apache escapes them since 2004, nginx always has; older logs contain them raw. So a quoted
 * field ends at the first unescaped quote that is followed by what the format says, for a request also by a status. If
 * quotes come in pairs within a field ("the "new" agent"), the second of a pair does not end it.
 *
 * A request is split into method, path and protocol if it is a method, a blank and a path, with or without " HTTP/…" at
 * its end. Any other (a probe's binary junk, "-") leaves all three NULL, and the event is kept. Escapes are decoded
 * (\" \\ \n \x16 \u0016), unless the text would then not be UTF-8: it stays as the server wrote it. */
#include "formats/access_log.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hex.h"
#include "core/time.h"
#include "formats/format.h"
#include "formats/log_format.h"

typedef struct span {
	const char *p;   /* NULL: the field is NULL */
	size_t len;
} span;

enum { METHOD = LK_LOG_FIELDS, PATH, PROTOCOL, NSPANS };

/* A format, and which of its spans each column takes (-1: none). */
typedef struct candidate {
	lk_log_format *format;
	int span_of[LK_MAX_COLUMNS];
} candidate;

enum { CANDIDATES = 4 };

struct lk_log_scanner {
	const lk_schema *schema;
	candidate candidates[CANDIDATES];
	int ncandidates;
	bool told_by_shape;
	int last;                  /* the candidate that the previous line matched */
	span spans[NSPANS];
	const char *furthest;      /* how far along the line a candidate matched */
	char why[200];
};

static const char *const recognised[CANDIDATES] = {"combined", "common", "main", "vhost_combined"};
enum { VHOST_COMBINED = 3 };

/* --- Which field a column takes --- */

static int span_named(const lk_log_format *f, const char *name) {
	static const struct { const char *name; int span; } parts[] = {{"method", METHOD}, {"path", PATH}, {"protocol", PROTOCOL}};
	bool request = false;
	for (int i = 0; i < f->nfields; i++) {
		if (!strcmp(f->fields[i].name, name))
			return i;
		request |= f->fields[i].kind == LK_LOG_REQUEST;
	}
	for (int i = 0; request && i < 3; i++)
		if (!strcmp(parts[i].name, name))
			return parts[i].span;
	return -1;
}

/* Its own field, or a near equivalent if the format does not have that. */
static int span_for(const lk_log_format *f, const char *name) {
	static const char *const instead[][2] = {{"bytes", "bytes_sent"}, {"ip", "forwarded_for"}, {"ip", "peer_ip"}, {"host", "http_host"}};
	int found = span_named(f, name);
	for (size_t i = 0; found < 0 && i < sizeof instead / sizeof *instead; i++)
		if (!strcmp(instead[i][0], name))
			found = span_named(f, instead[i][1]);
	return found;
}

static bool add_candidate(lk_log_scanner *g, const char *text, char *why, size_t cap) {
	const lk_schema *s = g->schema;
	candidate *c = &g->candidates[g->ncandidates];
	if (!(c->format = lk_log_format_new(text, why, cap)))
		return false;
	g->ncandidates++;
	for (int i = 0; i < s->ncolumns; i++)
		c->span_of[i] = span_for(c->format, i == s->event_time ? "ts" : s->columns[i].name);
	if (c->span_of[s->event_time] >= 0)
		return true;
	snprintf(why, cap, "the format has no time (%%t, $time_local, …)");
	return false;
}

lk_log_scanner *lk_log_scanner_new(const lk_schema *s, const char *format, char *why, size_t cap) {
	lk_log_scanner *g = lk_calloc(1, sizeof *g);
	bool ok = true;
	g->schema = s;
	g->told_by_shape = !format;
	for (int i = 0; ok && i < (format ? 1 : CANDIDATES); i++)
		ok = add_candidate(g, format ? format : recognised[i], why, cap);
	if (ok)
		return g;
	lk_log_scanner_free(g);
	return NULL;
}

void lk_log_scanner_free(lk_log_scanner *g) {
	if (!g)
		return;
	for (int i = 0; i < g->ncandidates; i++)
		lk_log_format_free(g->candidates[i].format);
	free(g);
}

bool lk_log_scanner_has(const lk_log_scanner *g, int column) {
	for (int i = 0; i < g->ncandidates; i++)
		if (g->candidates[i].span_of[column] >= 0)
			return true;
	return false;
}

/* --- What fields look like --- */

static span span_from(const char *p, const char *end) {
	size_t len = (size_t)(end - p);
	return len == 1 && *p == '-' ? (span){0} : (span){p, len};
}

static bool all_of(const char *p, const char *end, const char *characters) {
	while (p < end && *p && strchr(characters, *p))
		p++;
	return p == end;
}

static bool is_address(const char *p, size_t len) {
	char text[INET6_ADDRSTRLEN + 1], out[16];
	if (!len || len >= sizeof text)
		return false;
	memcpy(text, p, len);
	text[len] = '\0';
	return inet_pton(AF_INET, text, out) == 1 || inet_pton(AF_INET6, text, out) == 1;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }
static bool is_status(const char *p, const char *end) { return end - p >= 3 && is_digit(p[0]) && is_digit(p[1]) && is_digit(p[2]); }

/* NULL, or what is wrong with the text of a field that is not "-". */
static const char *fault(const lk_log_field *f, const char *p, const char *end) {
	switch (f->kind) {
	case LK_LOG_NUMBER: case LK_LOG_SECONDS: case LK_LOG_MILLIS: case LK_LOG_MICROS:
		return p < end && all_of(p, end, "0123456789.,+- ") ? NULL : "is not a number";
	case LK_LOG_STATUS:
		return end - p == 3 && is_status(p, end) ? NULL : "is not a status";
	case LK_LOG_IDENT:
		return is_address(p, (size_t)(end - p)) ? "is an address: is there a field before the client?" : NULL;
	case LK_LOG_USER:
		return end - p > 1 && p[0] == '-' && p[1] == ' ' ? "begins with \"- \": is there a field before the client?" : NULL;
	default:
		return NULL;
	}
}

static bool has_blanks(enum lk_log_kind kind) {
	return kind == LK_LOG_TEXT || kind == LK_LOG_USER || kind == LK_LOG_REQUEST || kind == LK_LOG_TIME || kind == LK_LOG_ISO;
}

/* --- The ends of fields; NULL if a field does not end --- */

static bool stands(const char *p, const char *end, const lk_log_field *f) {
	return (size_t)(end - p) >= f->then_len && !memcmp(p, f->then, f->then_len);
}

/* May the quote at e end the field? After the last one only a blank may follow, which makes the line too long. */
static bool may_end(const lk_log_field *f, bool last, const char *e, const char *end) {
	if (!stands(e, end, f))
		return false;
	const char *next = e + f->then_len;
	if (last)
		return next == end || *next == ' ';
	switch (f[1].kind) {
	case LK_LOG_STATUS: return (next < end && *next == '-') || is_status(next, end);
	case LK_LOG_NUMBER: return next < end && (*next == '-' || is_digit(*next));
	default: return true;
	}
}

static bool opens_pair(const char *start, const char *e, const char *end) {
	return (e == start || strchr(" (,;[", e[-1])) && e + 1 < end && e[1] != ' ' && e[1] != '"';
}

static const char *quoted_end(const lk_log_field *f, bool last, const char *p, const char *end, bool pairs) {
	bool inner = false;
	for (const char *e = p; e < end; e++) {
		if (*e == '\\' && e + 1 < end) {
			e++;
		} else if (*e == '"' && inner) {
			inner = false;
		} else if (*e == '"' && may_end(f, last, e, end)) {
			return e;
		} else if (*e == '"') {
			inner = pairs && opens_pair(p, e, end);
		}
	}
	return NULL;
}

/* A list continues after a comma and, between the groups of nginx's upstreams, after a colon with blanks around it. */
static bool goes_on(const char *p, const char *e, const char *end) {
	return *e == ' ' && ((e > p && e[-1] == ',') || (end - e > 2 && e[1] == ':' && e[2] == ' ') || (e - p > 1 && e[-1] == ':' && e[-2] == ' '));
}

/* A user's name may be "x [y": it ends before a time, if a time follows it in the format. */
static bool before_time(const lk_log_field *f, const char *e, const char *end) {
	const char *next = e + f->then_len;
	return f[1].kind != LK_LOG_TIME || (end - next > 3 && is_digit(next[0]) && is_digit(next[1]) && next[2] == '/');
}

/* The last place before a blank at which all of what follows in the format stands: an IPv6 address has several colons. */
static const char *last_colon(const lk_log_field *f, const char *p, const char *end) {
	const char *blank = memchr(p, ' ', (size_t)(end - p));
	for (const char *e = blank ? blank : end; e-- > p;)
		if (*e == ':' && stands(e, end, f))
			return e;
	return NULL;
}

static const char *plain_end(const lk_log_field *f, const char *p, const char *end) {
	if (!f->then_len)
		return end;
	if (*f->then == ':' && f->kind == LK_LOG_WORD)
		return last_colon(f, p, end);
	if (f->kind == LK_LOG_TIME && end - p > 26 && stands(p + 26, end, f))
		return p + 26;
	const char *e = memmem(p, (size_t)(end - p), f->then, f->then_len);
	while (e && (goes_on(p, e, end) || (f->kind == LK_LOG_USER && !before_time(f, e, end))))
		e = memmem(e + 1, (size_t)(end - e - 1), f->then, f->then_len);
	return e;
}

static bool holds_blank(const char *p, const char *end) {
	for (const char *e = p; (e = memchr(e, ' ', (size_t)(end - e))); e++)
		if (!goes_on(p, e, end))
			return true;
	return false;
}

/* --- A line --- */

static bool is_method(const char *p, const char *end) {
	for (const char *s = p; s < end; s++)
		if (!((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || *s == '-' || *s == '_'))
			return false;
	return p < end;
}

static void split_request(span request, span *spans) {
	const char *p = request.p, *blank, *last;
	if (!p || !(blank = memchr(p, ' ', request.len)) || !is_method(p, blank))
		return;
	const char *end = p + request.len;
	last = memrchr(p, ' ', request.len);
	if (last > blank && end - last > 6 && !memcmp(last + 1, "HTTP/", 5)) {
		spans[PROTOCOL] = (span){last + 1, (size_t)(end - last - 1)};
		end = last;
	}
	if (end == blank + 1) {
		spans[PROTOCOL] = (span){0};
		return;
	}
	spans[METHOD] = (span){p, (size_t)(blank - p)};
	spans[PATH] = (span){blank + 1, (size_t)(end - blank - 1)};
}

/* Notes why, unless another candidate matched further along the line. */
static bool refused(lk_log_scanner *g, const lk_log_format *f, const char *at, const char *field, const char *what) {
	if (g->furthest && at <= g->furthest)
		return false;
	g->furthest = at;
	snprintf(g->why, sizeof g->why, "not a line of %s: %s %s", g->told_by_shape ? "an access log" : f->name, field, what);
	return false;
}

static bool take_field(lk_log_scanner *g, const lk_log_format *f, int i, const char **at, const char *end) {
	const lk_log_field *field = &f->fields[i];
	const char *p = *at, *e, *what = NULL;
	bool last = i == f->nfields - 1;
	if (field->quoted) {
		if (!(e = quoted_end(field, last, p, end, true)))
			e = quoted_end(field, last, p, end, false);
	} else {
		e = plain_end(field, p, end);
	}
	if (!e)
		return refused(g, f, p, field->name, "does not end as the format says");
	if (!has_blanks(field->kind) && holds_blank(p, e))
		return refused(g, f, p, field->name, last ? "is not the last field of the line" : "contains a blank");
	if (e == p && !field->quoted && field->kind != LK_LOG_TEXT && field->kind != LK_LOG_USER)
		return refused(g, f, p, field->name, "is empty");
	g->spans[i] = span_from(p, e);
	if (g->spans[i].p && (what = fault(field, p, e)))
		return refused(g, f, p, field->name, what);
	if (field->kind == LK_LOG_REQUEST)
		split_request(g->spans[i], g->spans);
	*at = e + field->then_len;
	return true;
}

static bool fits(lk_log_scanner *g, const lk_log_format *f, const char *p, const char *end) {
	size_t first = strlen(f->first);
	memset(g->spans, 0, sizeof g->spans);
	if ((size_t)(end - p) < first || memcmp(p, f->first, first))
		return refused(g, f, p, f->fields[0].name, "does not begin as the format says");
	p += first;
	for (int i = 0; i < f->nfields; i++)
		if (!take_field(g, f, i, &p, end))
			return false;
	return p == end || refused(g, f, p, f->fields[f->nfields - 1].name, "is not the last field of the line: use --format");
}

/* --- Formats recognised by the line --- */

/* "www.example.org:443 " and not an IPv6 address. */
static bool begins_with_vhost(const char *p, const char *end) {
	const char *blank = memchr(p, ' ', (size_t)(end - p));
	const char *colon = blank ? memrchr(p, ':', (size_t)(blank - p)) : NULL;
	return colon && colon > p && blank - colon > 1 && blank - colon <= 6 && all_of(colon + 1, blank, "0123456789") &&
	       !is_address(p, (size_t)(blank - p));
}

/* Anything may follow the agent: only what looks like a list of clients counts as one. */
static bool is_client_list(span s) {
	const char *p = s.p, *end = p + s.len, *e;
	while (p < end) {
		for (e = p; e < end && *e != ',' && *e != ' '; e++)
			;
		if (!all_of(p, e, "0123456789abcdefABCDEF.:") && !(e - p == 7 && !memcmp(p, "unknown", 7)))
			return false;
		for (p = e; p < end && (*p == ',' || *p == ' '); p++)
			;
	}
	return true;
}

static int tell(lk_log_scanner *g, const char *p, const char *end) {
	if (begins_with_vhost(p, end))
		return fits(g, g->candidates[VHOST_COMBINED].format, p, end) ? VHOST_COMBINED : -1;
	for (int n = 0; n < VHOST_COMBINED; n++) {
		int i = (g->last + n) % VHOST_COMBINED;
		const lk_log_format *f = g->candidates[i].format;
		if (!fits(g, f, p, end))
			continue;
		span *list = &g->spans[f->nfields - 1];
		if (strcmp(f->name, "main") != 0 || !list->p || is_client_list(*list))
			return g->last = i;
		refused(g, f, end, "what follows the agent", "is not a list of clients: use --format");
	}
	return -1;
}

/* --- Values --- */

static bool hex_digits(const char *p, const char *end, int n, unsigned *out) {
	*out = 0;
	for (int i = 0; i < n; i++) {
		int digit = p + i < end ? lk_hex_digit(p[i]) : -1;
		if (digit < 0)
			return false;
		*out = *out << 4 | (unsigned)digit;
	}
	return true;
}

/* p is at a backslash. Writes what the escape means and returns the byte after it; NULL if no server writes it. */
static const char *unescape(const char *p, const char *end, char **o) {
	static const char letters[] = "\"\\/bfnrtv", meanings[] = "\"\\/\b\f\n\r\t\v";
	unsigned c;
	if (end - p < 2)
		return NULL;
	const char *letter = p[1] ? strchr(letters, p[1]) : NULL;
	if (letter) {
		*(*o)++ = meanings[letter - letters];
		return p + 2;
	}
	if (p[1] == 'x' && hex_digits(p + 2, end, 2, &c)) {
		*(*o)++ = (char)c;
		return p + 4;
	}
	if (p[1] == 'u' && hex_digits(p + 2, end, 4, &c) && c < 0x80) {   /* nginx escapes only control characters this way */
		*(*o)++ = (char)c;
		return p + 6;
	}
	return NULL;
}

static span decoded(span s, lk_arena *arena) {
	if (!s.p || !memchr(s.p, '\\', s.len))
		return s;
	char *out = lk_arena_alloc(arena, s.len), *o = out;
	for (const char *p = s.p, *end = p + s.len; p < end;) {
		if (*p != '\\')
			*o++ = *p++;
		else if (!(p = unescape(p, end, &o)))
			return s;
	}
	size_t len = (size_t)(o - out);
	return memchr(out, '\0', len) || !lk_utf8_valid(out, len) ? s : (span){out, len};
}

/* The first of a list: the client, if proxies add to the list. */
static span first_of_list(span s) {
	while (s.p) {
		const char *comma = memchr(s.p, ',', s.len);
		size_t len = comma ? (size_t)(comma - s.p) : s.len;
		if (!comma || len != 1 || *s.p != '-')
			return (span){s.p, len};
		s.len -= len + 1;
		s.p = comma + 1;
		while (s.len && *s.p == ' ') {
			s.p++;
			s.len--;
		}
		s = span_from(s.p, s.p + s.len);
	}
	return s;
}

/* Seconds, milli- or microseconds since 1970, with a fraction or without. */
static int epoch_time(span s, int64_t unit_us, int64_t *out) {
	const char *p = s.p, *end = p + s.len;
	int64_t whole = 0, fraction = 0, scale = unit_us;
	for (; p < end && is_digit(*p) && whole < LK_TIME_MAX; p++)
		whole = whole * 10 + (*p - '0');
	if (p == s.p || whole > LK_TIME_MAX / unit_us)
		return -1;
	for (p += p < end && *p == '.'; p < end && is_digit(*p); p++) {
		scale /= 10;
		fraction += scale * (*p - '0');
	}
	*out = whole * unit_us + fraction;
	return p == end && *out <= LK_TIME_MAX ? 0 : -1;
}

static int read_time(span s, enum lk_log_kind kind, int64_t *out) {
	switch (kind) {
	case LK_LOG_TIME: return lk_time_parse_clf(s.p, s.len, out);
	case LK_LOG_SECONDS: return epoch_time(s, LK_US_PER_S, out);
	case LK_LOG_MILLIS: return epoch_time(s, 1000, out);
	case LK_LOG_MICROS: return epoch_time(s, 1, out);
	default: return lk_time_parse(s.p, s.len, true, out);
	}
}

/* f: the field that s is of; NULL: a part of one. */
static int read_column(const lk_column *column, const lk_log_field *f, span s, lk_arena *arena, lk_value *out, const char **reason) {
	int64_t us;
	if (!strcmp(column->name, "ip"))
		s = first_of_list(s);
	*out = lk_null();
	if (!s.p)
		return 0;
	if (!f || column->type.kind != LK_TIME || strcmp(f->name, "ts") != 0) {
		s = decoded(s, arena);
		return lk_column_parse(column, s.p, s.len, out, reason);
	}
	*reason = "not a time";
	if (read_time(s, f->kind, &us))
		return -1;
	*out = lk_int(us);
	return 0;
}

int lk_log_scan(lk_log_scanner *g, const char *line, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why) {
	const lk_schema *s = g->schema;
	why->column = -1;
	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	g->furthest = NULL;
	int found = g->told_by_shape ? tell(g, line, line + len) : fits(g, g->candidates[0].format, line, line + len) ? 0 : -1;
	if (found < 0) {
		why->reason = g->why;
		return -1;
	}
	const candidate *c = &g->candidates[found];
	for (int i = 0; i < s->ncolumns; i++) {
		row[i] = lk_null();
		int from = c->span_of[i];
		const lk_log_field *f = from >= 0 && from < c->format->nfields ? &c->format->fields[from] : NULL;
		if (from >= 0 && read_column(&s->columns[i], f, g->spans[from], arena, &row[i], &why->reason)) {
			why->column = i;
			return -1;
		}
	}
	return 0;
}

/* --- The format --- */

typedef struct scanner {
	lk_log_scanner *lines;
	bool told;                 /* which columns have no field */
} scanner;

static void *scanner_new(const lk_format *f, const lk_schema *s, char *why, size_t cap) {
	lk_log_scanner *lines = lk_log_scanner_new(s, f->text, why, cap);
	scanner *g = lines ? lk_calloc(1, sizeof *g) : NULL;
	if (g)
		g->lines = lines;
	return g;
}

static void scanner_free(void *self) {
	scanner *g = self;
	if (g)
		lk_log_scanner_free(g->lines);
	free(g);
}

static int scan(void *self, const char *record, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why) {
	return lk_log_scan(((scanner *)self)->lines, record, len, arena, row, why);
}

static void notes(void *self, const char *input, lk_buf *out) {
	scanner *g = self;
	if (g->told)
		return;
	g->told = true;
	const lk_schema *s = g->lines->schema;
	lk_buf names = LK_BUF_INIT;
	for (int c = 0; c < s->ncolumns; c++)
		if (!lk_log_scanner_has(g->lines, c))
			lk_buf_addf(&names, "%s%s", names.len ? ", " : "", s->columns[c].name);
	if (names.len)
		lk_buf_addf(out, "%s: no field for column %s: NULL in all events\n", input, names.data);
	lk_buf_release(&names);
}

/* A time in brackets, and quotes after it. */
static int looks(const char *p, size_t len) {
	const char *time = memmem(p, len, " [", 2);
	return time && memmem(time, len - (size_t)(time - p), "] \"", 3) ? 2 : 0;
}

static bool of_text(const char *text, char *why, size_t cap) {
	lk_log_format *f = lk_log_format_new(text, why, cap);
	lk_log_format_free(f);
	return f != NULL;
}

static void texts(lk_buf *out) { lk_buf_addf(out, "%s, or the text of a web server's format (Apache, nginx)", lk_log_format_names()); }

const lk_format_verbs lk_format_access_log = {
	.names = {{.name = "access", .endings = {".log"}}},
	.called = "an access log",
	.advice = "give --format the text from the web server's configuration (LogFormat, log_format)",
	.cut = lk_line_cut,
	.scanner_new = scanner_new,
	.scanner_free = scanner_free,
	.scan = scan,
	.notes = notes,
	.looks = looks,
	.of_text = of_text,
	.texts = texts,
};
