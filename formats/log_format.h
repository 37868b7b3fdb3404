/* Formats of access logs: a web server's format string as a list of fields and the text between them.
 *
 *   %h %l %u %t \"%r\" %>s %b                    Apache's mod_log_config (quotes may be unescaped)
 *   $remote_addr - $remote_user [$time_local]    nginx's log_format
 *
 * Both give the same fields; a field has the name of the column that it fills. docs/formats.md has the table of
 * names.
 *
 * A format is the caller's; once made it is only read, from any thread. */
#ifndef LK_FORMATS_LOG_FORMAT_H
#define LK_FORMATS_LOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

enum lk_log_kind {
	LK_LOG_TEXT,      /* ends at the first occurrence of the text that follows it in the format */
	LK_LOG_WORD,      /* text without blanks, except after a comma: "192.0.2.1, 198.51.100.2" */
	LK_LOG_IDENT,     /* a word that is not an address */
	LK_LOG_USER,      /* may contain blanks */
	LK_LOG_NUMBER,    /* digits, points and signs */
	LK_LOG_STATUS,    /* three digits */
	LK_LOG_REQUEST,   /* method, path, protocol */
	LK_LOG_TIME,      /* 17/May/2015:10:05:03 +0000 */
	LK_LOG_ISO,       /* 2015-05-17T10:05:03+00:00 */
	LK_LOG_SECONDS, LK_LOG_MILLIS, LK_LOG_MICROS,   /* since 1970; seconds may have a fraction */
};

typedef struct lk_log_field {
	char *name;
	enum lk_log_kind kind;
	bool quoted;      /* is between quotes */
	char *then;       /* what follows it, "" at the end of the line */
	size_t then_len;
} lk_log_field;

enum { LK_LOG_FIELDS = 64 };

typedef struct lk_log_format {
	char *name;       /* "combined"; "the format" if it was given as a format string */
	char *first;      /* before the first field */
	lk_log_field fields[LK_LOG_FIELDS + 1];   /* one more, so that code may look at the next field */
	int nfields;
} lk_log_format;

/* text: one of lk_log_format_names, or a format string. NULL, with `why`, if it is neither. */
lk_log_format *lk_log_format_new(const char *text, char *why, size_t cap);
void lk_log_format_free(lk_log_format *f);   /* NULL too */
/* "common, combined, …" */
const char *lk_log_format_names(void);

#endif
