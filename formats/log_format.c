#include "formats/log_format.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"

#define COMMON "%h %l %u %t \"%r\" %>s %b"
#define COMBINED_AFTER " \"%{Referer}i\" \"%{User-Agent}i\""

/* The formats that Apache, Debian's Apache and nginx predefine. */
static const struct { const char *name, *text; } known[] = {
	{"common", COMMON},
	{"combined", COMMON COMBINED_AFTER},
	{"vhost_common", "%v " COMMON},
	{"vhost_combined", "%v:%p %h %l %u %t \"%r\" %>s %O" COMBINED_AFTER},
	{"combinedio", COMMON COMBINED_AFTER " %I %O"},
	{"main", COMMON COMBINED_AFTER " \"%{X-Forwarded-For}i\""},
};

const char *lk_log_format_names(void) { return "common, combined, vhost_common, vhost_combined, combinedio, main"; }

/* Fields by the letter of Apache's directive and the argument in braces before it ("": none). */
static const struct apache { char letter; const char *argument, *name; enum lk_log_kind kind; } apache[] = {
	{'h', "", "ip", LK_LOG_WORD}, {'a', "", "ip", LK_LOG_WORD}, {'a', "c", "peer_ip", LK_LOG_WORD}, {'A', "", "server_ip", LK_LOG_WORD},
	{'l', "", "ident", LK_LOG_IDENT}, {'u', "", "user_name", LK_LOG_USER}, {'r', "", "request", LK_LOG_REQUEST},
	{'m', "", "method", LK_LOG_WORD}, {'U', "", "path", LK_LOG_TEXT}, {'q', "", "query", LK_LOG_TEXT}, {'H', "", "protocol", LK_LOG_WORD},
	{'s', "", "status", LK_LOG_STATUS}, {'b', "", "bytes", LK_LOG_NUMBER}, {'B', "", "bytes", LK_LOG_NUMBER},
	{'O', "", "bytes_sent", LK_LOG_NUMBER}, {'I', "", "bytes_received", LK_LOG_NUMBER}, {'S', "", "bytes_transferred", LK_LOG_NUMBER},
	{'v', "", "host", LK_LOG_WORD}, {'V', "", "host", LK_LOG_WORD}, {'p', "", "port", LK_LOG_NUMBER},
	{'p', "canonical", "port", LK_LOG_NUMBER}, {'p', "local", "port", LK_LOG_NUMBER}, {'p', "remote", "client_port", LK_LOG_NUMBER},
	{'D', "", "duration_us", LK_LOG_NUMBER}, {'T', "us", "duration_us", LK_LOG_NUMBER}, {'T', "ms", "duration_ms", LK_LOG_NUMBER},
	{'T', "s", "duration_s", LK_LOG_NUMBER}, {'T', "", "duration_s", LK_LOG_NUMBER},
	{'t', "sec", "ts", LK_LOG_SECONDS}, {'t', "%s", "ts", LK_LOG_SECONDS}, {'t', "msec", "ts", LK_LOG_MILLIS}, {'t', "usec", "ts", LK_LOG_MICROS},
	{'t', "%d/%b/%Y:%H:%M:%S %z", "ts", LK_LOG_TIME}, {'t', "%d/%b/%Y:%T %z", "ts", LK_LOG_TIME},
	{'t', "%Y-%m-%dT%H:%M:%S%z", "ts", LK_LOG_ISO}, {'t', "%FT%T%z", "ts", LK_LOG_ISO},
	{'P', "", "pid", LK_LOG_NUMBER}, {'P', "pid", "pid", LK_LOG_NUMBER}, {'P', "tid", "tid", LK_LOG_NUMBER}, {'P', "hextid", "tid", LK_LOG_WORD},
	{'X', "", "connection", LK_LOG_WORD}, {'k', "", "keepalive", LK_LOG_NUMBER}, {'f', "", "file", LK_LOG_TEXT},
	{'R', "", "handler", LK_LOG_TEXT}, {'L', "", "log_id", LK_LOG_WORD},
	{'i', "referer", "referer", LK_LOG_TEXT}, {'i', "user-agent", "agent", LK_LOG_TEXT}, {'i', "x-forwarded-for", "forwarded_for", LK_LOG_TEXT},
};

/* Directives whose argument in braces names a header, a cookie, a variable …: the column is this prefix and that
 * name. */
static const struct { char letter; const char *prefix; } named[] = {
	{'i', "http_"}, {'o', "sent_http_"}, {'C', "cookie_"}, {'e', "env_"}, {'n', "note_"}, {'x', ""},
};

/* nginx's variables whose column has another name; all others keep their own. */
static const struct { const char *variable, *name; enum lk_log_kind kind; } nginx[] = {
	{"remote_addr", "ip", LK_LOG_WORD}, {"remote_user", "user_name", LK_LOG_USER}, {"time_local", "ts", LK_LOG_TIME},
	{"time_iso8601", "ts", LK_LOG_ISO}, {"msec", "ts", LK_LOG_SECONDS}, {"request", "request", LK_LOG_REQUEST},
	{"status", "status", LK_LOG_STATUS}, {"body_bytes_sent", "bytes", LK_LOG_NUMBER}, {"bytes_sent", "bytes_sent", LK_LOG_NUMBER},
	{"request_length", "bytes_received", LK_LOG_NUMBER}, {"request_time", "duration_s", LK_LOG_NUMBER}, {"http_referer", "referer", LK_LOG_TEXT},
	{"http_user_agent", "agent", LK_LOG_TEXT}, {"http_x_forwarded_for", "forwarded_for", LK_LOG_TEXT}, {"realip_remote_addr", "peer_ip", LK_LOG_WORD},
	{"host", "host", LK_LOG_WORD}, {"server_name", "host", LK_LOG_WORD}, {"server_port", "port", LK_LOG_NUMBER},
	{"remote_port", "client_port", LK_LOG_NUMBER}, {"server_addr", "server_ip", LK_LOG_WORD}, {"request_method", "method", LK_LOG_WORD},
	{"request_uri", "path", LK_LOG_TEXT}, {"uri", "path", LK_LOG_TEXT}, {"args", "query", LK_LOG_TEXT}, {"query_string", "query", LK_LOG_TEXT},
	{"server_protocol", "protocol", LK_LOG_WORD}, {"pid", "pid", LK_LOG_NUMBER},
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

typedef struct compiler {
	lk_log_format *f;
	const char *text, *p;
	lk_buf literal;      /* since the last field */
	char *why;
	size_t cap;
} compiler;

static bool wrong(compiler *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool wrong(compiler *c, const char *fmt, ...) {
	char fact[160];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(fact, sizeof fact, fmt, ap);
	va_end(ap);
	snprintf(c->why, c->cap, "%s (at character %d of the format)", fact, (int)(c->p - c->text) + 1);
	return false;
}

static void end_literal(compiler *c) {
	lk_log_field *last = c->f->nfields ? &c->f->fields[c->f->nfields - 1] : NULL;
	char *text = lk_strndup(c->literal.data ? c->literal.data : "", c->literal.len);
	if (last) {
		last->then = text;
		last->then_len = c->literal.len;
		last->quoted = last->quoted && *text == '"';
	} else {
		c->f->first = text;
	}
}

/* Names as in a definition: lower case, with _ for anything but letters and digits. */
static char *column_name(const char *prefix, const char *name, size_t len) {
	char *s = lk_asprintf("%s%.*s", prefix, (int)len, name);
	for (char *p = s; *p; p++)
		*p = isalnum((unsigned char)*p) ? (char)tolower((unsigned char)*p) : '_';
	return s;
}

static bool add_field(compiler *c, char *name, enum lk_log_kind kind) {
	lk_log_format *f = c->f;
	bool fits = f->nfields < LK_LOG_FIELDS, apart = !f->nfields || c->literal.len;
	bool quoted = c->literal.len && c->literal.data[c->literal.len - 1] == '"';
	if (!fits || !apart) {
		free(name);
		return fits ? wrong(c, "nothing separates two fields, so the first one has no end") : wrong(c, "more than %d fields", LK_LOG_FIELDS);
	}
	end_literal(c);
	lk_buf_clear(&c->literal);
	f->fields[f->nfields++] = (lk_log_field){.name = name, .kind = kind, .quoted = quoted};
	return true;
}

static bool named_directive(compiler *c, char letter, const char *argument, size_t len) {
	for (size_t i = 0; len && i < COUNT(named); i++)
		if (named[i].letter == letter)
			return add_field(c, column_name(named[i].prefix, argument, len), LK_LOG_TEXT);
	if (letter == 't')
		return wrong(c, "this time format is unknown: write %%t, %%{sec}t, %%{msec}t, %%{usec}t, %%{%%FT%%T%%z}t or %%{%%d/%%b/%%Y:%%T %%z}t");
	return wrong(c, "there is no field for %%%s%.*s%s%c", len ? "{" : "", (int)len, argument, len ? "}" : "", letter);
}

/* %t is the time in brackets. */
static bool add_time(compiler *c) {
	lk_buf_addc(&c->literal, '[');
	if (!add_field(c, lk_strdup("ts"), LK_LOG_TIME))
		return false;
	lk_buf_addc(&c->literal, ']');
	return true;
}

/* c->p at the %: "%{Referer}i", "%>s", "%400,501{User-Agent}i". */
static bool directive(compiler *c) {
	const char *p = c->p + 1, *argument = "", *close;
	size_t len = 0;
	p += strspn(p, "!<>,0123456789");
	if (*p == '{') {
		argument = p + 1;
		if (!(close = strchr(argument, '}')))
			return wrong(c, "a { without a }");
		len = (size_t)(close - argument);
		p = close + 1 + strspn(close + 1, "<>");
	}
	if (!*p)
		return wrong(c, "a %% without a letter after it");
	char letter = *p++;
	if (letter == 't' && !strncmp(argument, "begin:", 6)) {
		argument += 6;
		len -= 6;
	}
	lk_log_format *f = c->f;
	bool query_of_path = letter == 'q' && !c->literal.len && f->nfields && !strcmp(f->fields[f->nfields - 1].name, "path");
	bool ok = true, found = query_of_path;   /* %U%q is the path as requested */
	if (letter == 't' && !len)
		ok = found = add_time(c);
	for (size_t i = 0; ok && !found && i < COUNT(apache); i++)
		if (apache[i].letter == letter && strlen(apache[i].argument) == len && !strncasecmp(apache[i].argument, argument, len)) {
			found = true;
			ok = add_field(c, lk_strdup(apache[i].name), apache[i].kind);
		}
	if (ok && !found)
		ok = named_directive(c, letter, argument, len);
	c->p = p;
	return ok;
}

/* c->p at the $: "$remote_addr" or "${remote_addr}". */
static bool variable(compiler *c) {
	const char *name = c->p + 1 + (c->p[1] == '{'), *end = name;
	while (isalnum((unsigned char)*end) || *end == '_')
		end++;
	size_t len = (size_t)(end - name);
	if (!len || (c->p[1] == '{' && *end != '}'))
		return wrong(c, "a $ without a variable's name after it");
	const char *column = NULL;
	enum lk_log_kind kind = LK_LOG_TEXT;
	for (size_t i = 0; !column && i < COUNT(nginx); i++)
		if (strlen(nginx[i].variable) == len && !memcmp(nginx[i].variable, name, len)) {
			column = nginx[i].name;
			kind = nginx[i].kind;
		}
	if (!add_field(c, column ? lk_strdup(column) : column_name("", name, len), kind))
		return false;
	c->p = end + (c->p[1] == '{');
	return true;
}

/* A literal character; \" \\ and \t are escapes, as in the server's configuration. */
static void literal(compiler *c) {
	bool escaped = c->p[0] == '\\' && c->p[1];
	c->p += escaped;
	lk_buf_addc(&c->literal, escaped && *c->p == 't' ? '\t' : *c->p);
	c->p++;
}

static bool is_nginx(const char *text) {
	for (const char *p = text; (p = strchr(p, '$')); p++)
		if (isalpha((unsigned char)p[1]) || p[1] == '{' || p[1] == '_')
			return true;
	return false;
}

static bool compile(compiler *c) {
	bool variables = is_nginx(c->text);
	while (*c->p) {
		bool ok = true;
		if (variables && *c->p == '$') {
			ok = variable(c);
		} else if (!variables && c->p[0] == '%' && c->p[1] == '%') {
			lk_buf_addc(&c->literal, '%');
			c->p += 2;
		} else if (!variables && *c->p == '%') {
			ok = directive(c);
		} else {
			literal(c);
		}
		if (!ok)
			return false;
	}
	if (!c->f->nfields)
		return wrong(c, "no field");
	end_literal(c);
	return true;
}

lk_log_format *lk_log_format_new(const char *text, char *why, size_t cap) {
	lk_log_format *f = lk_calloc(1, sizeof *f);
	f->name = lk_strdup("the format");
	for (size_t i = 0; i < COUNT(known); i++)
		if (!strcmp(known[i].name, text)) {
			free(f->name);
			f->name = lk_strdup(text);
			text = known[i].text;
			break;
		}
	compiler c = {.f = f, .text = text, .p = text, .why = why, .cap = cap};
	bool ok = compile(&c);
	lk_buf_release(&c.literal);
	if (ok)
		return f;
	lk_log_format_free(f);
	return NULL;
}

void lk_log_format_free(lk_log_format *f) {
	if (!f)
		return;
	for (int i = 0; i < f->nfields; i++) {
		free(f->fields[i].name);
		free(f->fields[i].then);
	}
	free(f->first);
	free(f->name);
	free(f);
}
