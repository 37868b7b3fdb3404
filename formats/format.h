/* The format of an input's events, from --format, --delimiter and the file's name.
 *
 * Pure: any thread; a format borrows the text that it was read from. */
#ifndef LK_FORMATS_FORMAT_H
#define LK_FORMATS_FORMAT_H

#include "core/status.h"

enum lk_format_kind { LK_FORMAT_JSON, LK_FORMAT_CSV, LK_FORMAT_LOG };

typedef struct lk_format {
	enum lk_format_kind kind;
	char delimiter;      /* csv: between fields */
	const char *log;     /* access logs: the name of a format or its text; NULL: recognised line by line. Borrowed. */
} lk_format;

/* What --format takes: json or jsonl, csv, tsv, access, the name of a web server's format, or its text (anything
 * with % or $). Borrows the text. LK_EUSAGE if it is none of them. */
int lk_format_parse(const char *text, lk_format *out, lk_error *err);
/* By a file's name: .jsonl .ndjson .json, .csv, .tsv, .log, each also with .gz. 0, or -1 for any other name. */
int lk_format_of_path(const char *path, lk_format *out);
/* "csv", for messages. */
const char *lk_format_name(const lk_format *f);

#endif
