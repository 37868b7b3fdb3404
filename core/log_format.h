/* Formats of access logs: the text by which a web server writes its lines, as a list of fields and what stands between.
 *
 *   %h %l %u %t \"%r\" %>s %b                    Apache's mod_log_config (also with the quotes as they are)
 *   $remote_addr - $remote_user [$time_local]    nginx' log_format
 *
 * Both give the same fields; each has the name of the column that takes it. README.md has the table of names. */
#ifndef LK_CORE_LOG_FORMAT_H
#define LK_CORE_LOG_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

enum lk_log_kind {
	LK_LOG_TEXT,      /* ends where what follows it in the format stands for the first time */
	LK_LOG_WORD,      /* text without blanks, but for those after a comma: "192.0.2.1, 198.51.100.2" */
	LK_LOG_IDENT,     /* a word that is no address */
	LK_LOG_USER,      /* may hold blanks */
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
	bool quoted;      /* stands between quotes */
	char *then;       /* what follows it, "" at the end of the line */
	size_t then_len;
} lk_log_field;

enum { LK_LOG_FIELDS = 64 };

typedef struct lk_log_format {
	char *name;       /* "combined"; "the format" of one that is given as a text */
	char *first;      /* before the first field */
	lk_log_field fields[LK_LOG_FIELDS + 1];   /* one more: whoever looks at the next one may */
	int nfields;
} lk_log_format;

/* text: a name below, or a format string. NULL, with `why`, where it is neither. */
lk_log_format *lk_log_format_new(const char *text, char *why, size_t cap);
void lk_log_format_free(lk_log_format *f);   /* NULL too */
/* "common, combined, …" */
const char *lk_log_format_names(void);

#endif
