/* Events as a web server's access log, in the common or combined format:
 *
 *   83.149.9.216 - frank [17/May/2015:10:05:03 +0000] "GET /a b.png HTTP/1.1" 200 2326 "http://example.org/" "Mozilla/5.0"
 *   ip           ident user_name   ts                    method path protocol  status bytes  referer         agent
 *
 * A field of "-" is NULL. Texts are taken as the server wrote them: \" and \x16 stay as they are. A quoted field ends
 * at the first quote that is not escaped and has a blank or the end of the line after it, so that a stray quote inside
 * an agent does no harm. A user name may hold blanks, it ends before " [". The request is split into method, path and
 * protocol if it is a method, a blank and a path, with or without " HTTP/…" at its end; a request that is not (a
 * probe's binary junk, "-") leaves all three NULL, and the event stays. What follows the agent is ignored. */
#include "core/scan_text.h"

#include <string.h>

#include "core/time.h"

enum field { F_IP, F_IDENT, F_USER_NAME, F_TS, F_METHOD, F_PATH, F_PROTOCOL, F_STATUS, F_BYTES, F_REFERER, F_AGENT, NFIELDS };

static const char *const names[NFIELDS] = {
	"ip", "ident", "user_name", "ts", "method", "path", "protocol", "status", "bytes", "referer", "agent",
};

typedef struct span {
	const char *p;   /* NULL: the field is NULL */
	size_t len;
} span;

static span span_of(const char *p, const char *end) {
	size_t len = (size_t)(end - p);
	return len == 1 && *p == '-' ? (span){0} : (span){p, len};
}

/* A word up to a blank or the end of the line; *p moves to what follows the blank. False if there is none. */
static bool word(const char **p, const char *end, span *out) {
	const char *blank = memchr(*p, ' ', (size_t)(end - *p)), *e = blank ? blank : end;
	if (e == *p)
		return false;
	*out = span_of(*p, e);
	*p = blank ? blank + 1 : end;
	return true;
}

static bool quoted(const char **p, const char *end, span *out) {
	const char *s = *p;
	if (s == end || *s++ != '"')
		return false;
	for (const char *e = s; e < end; e++) {
		if (*e == '\\' && e + 1 < end) {
			e++;
		} else if (*e == '"' && (e + 1 == end || e[1] == ' ')) {
			*out = span_of(s, e);
			*p = e + 1 == end ? end : e + 2;
			return true;
		}
	}
	return false;
}

static bool is_method(const char *p, const char *end) {
	for (const char *s = p; s < end; s++)
		if (!((*s >= 'A' && *s <= 'Z') || (*s >= 'a' && *s <= 'z') || *s == '-' || *s == '_'))
			return false;
	return p < end;
}

static void split_request(span request, span *fields) {
	const char *p = request.p, *end = p + request.len, *blank, *last;
	if (!p || !(blank = memchr(p, ' ', request.len)) || !is_method(p, blank))
		return;
	last = memrchr(p, ' ', request.len);
	if (last > blank && end - last > 6 && !memcmp(last + 1, "HTTP/", 5)) {
		fields[F_PROTOCOL] = (span){last + 1, (size_t)(end - last - 1)};
		end = last;
	}
	if (end == blank + 1) {
		fields[F_PROTOCOL] = (span){0};
		return;
	}
	fields[F_METHOD] = (span){p, (size_t)(blank - p)};
	fields[F_PATH] = (span){blank + 1, (size_t)(end - blank - 1)};
}

/* NULL, or why the line is not of this format. */
static const char *split(const char *p, const char *end, span *fields) {
	span request = {0};
	if (!word(&p, end, &fields[F_IP]) || !word(&p, end, &fields[F_IDENT]))
		return "not an access log line: no host and ident";
	const char *time = memmem(p, (size_t)(end - p), " [", 2);
	if (!time || time == p)
		return "not an access log line: no user and [time]";
	fields[F_USER_NAME] = span_of(p, time);
	time += 2;
	const char *close = memchr(time, ']', (size_t)(end - time));
	if (!close || end - close < 2 || close[1] != ' ')
		return "not an access log line: no user and [time]";
	fields[F_TS] = (span){time, (size_t)(close - time)};
	p = close + 2;
	if (!quoted(&p, end, &request))
		return "not an access log line: no quoted request";
	split_request(request, fields);
	if (!word(&p, end, &fields[F_STATUS]) || !word(&p, end, &fields[F_BYTES]))
		return "not an access log line: no status and bytes";
	if (p < end && !quoted(&p, end, &fields[F_REFERER]))
		return "not an access log line: no quoted referer";
	if (p < end && !quoted(&p, end, &fields[F_AGENT]))
		return "not an access log line: no quoted agent";
	return NULL;
}

static int field_named(const char *name) {
	for (int f = 0; f < NFIELDS; f++)
		if (names[f][0] == name[0] && !strcmp(names[f], name))
			return f;
	return -1;
}

static int read_span(span from, int field, lk_type type, lk_value *out, const char **reason) {
	if (!from.p) {
		*out = lk_null();
		return 0;
	}
	if (field != F_TS || type.kind != LK_TIME)
		return lk_value_parse(type, from.p, from.len, out, reason);
	int64_t us;
	if (lk_time_parse_clf(from.p, from.len, &us)) {
		*reason = "not a time";
		return -1;
	}
	*out = lk_int(us);
	return 0;
}

int lk_combined_scan(const lk_stream *s, const char *line, size_t len, lk_arena *arena, lk_value *row,
                     const char **reason, int *column) {
	span fields[NFIELDS] = {{0}};
	(void)arena;   /* all texts are borrowed from the line */
	*column = -1;
	while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
		len--;
	const char *why = split(line, line + len, fields);
	if (why) {
		*reason = why;
		return -1;
	}
	for (int c = 0; c < s->ncolumns; c++) {
		int f = c == s->event_time ? F_TS : field_named(s->columns[c].name);
		if (f < 0) {
			row[c] = lk_null();
		} else if (read_span(fields[f], f, s->columns[c].type, &row[c], reason)) {
			*column = c;
			return -1;
		}
	}
	return 0;
}
