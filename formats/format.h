/* Formats: one constant table of verbs each, one file each (formats/<name>.c), and a name in the list below.
 *
 * A format cuts a text into records (formats/cut.h), and its scanner turns a record into a row of values. It may have
 * several names (csv and tsv), or be given by a text of its own (a web server's format string). tests/test_formats.c
 * finds each by the list: for any bytes, the records of a file are those of the same bytes in pieces.
 *
 * The tables are constant, and verbs without a scanner may be called from any thread. A scanner is the caller's, for one
 * thread; it borrows the schema. A format borrows the text from which it was read. */
#ifndef LK_FORMATS_FORMAT_H
#define LK_FORMATS_FORMAT_H

#include "core/buf.h"
#include "core/schema.h"
#include "core/status.h"
#include "formats/cut.h"

/* In the order of messages. The first one is the format of an input whose name says nothing. */
#define LK_FORMATS(x) x(json) x(csv) x(access_log)

/* The format of an input: a table, and how the user wants it. */
typedef struct lk_format {
	const struct lk_format_verbs *is;
	char delimiter;            /* between fields, if is->delimited */
	const char *text;          /* that says what the format is, if is->of_text took it; NULL: none. Borrowed. */
} lk_format;

typedef struct lk_named_format {
	const char *name;          /* as in --format; NULL ends a list */
	const char *endings[3];    /* of files: ".csv" */
	char delimiter;
} lk_named_format;

typedef struct lk_format_verbs {
	lk_named_format names[4];   /* with other wishes: csv and tsv */
	const char *called;        /* "an access log", in messages */
	const char *advice;        /* to a user none of whose records could be read; NULL: none */
	bool delimited;            /* takes --delimiter */
	bool shows_end;            /* a record that can be scanned is whole, even if its line has no break yet */

	/* --- From text to records --- */
	/* What `cut` needs to know of the user's wishes; freed with free(). NULL: nothing. */
	void *(*dialect)(const lk_format *f);
	lk_record_cut (*cut)(const lk_stretch *s);
	/* After a record that is too long, which began at `place`: does a record begin with the line at p? 1, 0, or -1 if
	 * the line does not show it up to `end`. NULL: with any line. */
	int (*resumes)(const char *p, const char *end, lk_text_place place);

	/* --- From records to rows --- */
	/* NULL, with `why`, if the format's text does not fit the schema. */
	void *(*scanner_new)(const lk_format *f, const lk_schema *s, char *why, size_t cap);
	void (*scanner_free)(void *scanner);   /* NULL too */
	/* Takes the first record, which names the columns: 0, or -1 with *reason. NULL: all records are events. */
	int (*header)(void *scanner, const char *record, size_t len, const char **reason);
	/* row[0 … ncolumns-1]; texts are borrowed from the record or the arena. 0, or -1 with *why. */
	int (*scan)(void *scanner, const char *record, size_t len, lk_arena *arena, lk_value *row, lk_misfit *why);
	/* Adds a line for each thing that the user should know and was not told yet; `input` is the input's name. NULL:
	 * there is never one. */
	void (*notes)(void *scanner, const char *input, lk_buf *out);

	/* --- Which format is it? --- */
	/* Does a text that begins so look like the format? 2 yes, 1 perhaps, 0 no. NULL: nothing shows it. */
	int (*looks)(const char *p, size_t len);
	/* Of a text that does and was read as `as`: what it looks like, and what to do. NULL: `called` and --format; nothing
	 * if it was read as this format. */
	void (*tell)(const lk_format *as, const char *p, size_t len, lk_buf *what, lk_buf *todo);
	/* Is it the text of a format? `why` says why not. NULL: there are only the names. */
	bool (*of_text)(const char *text, char *why, size_t cap);
	void (*texts)(lk_buf *out);   /* adds what of_text takes, for hints */
} lk_format_verbs;

#define LK_FORMAT_DECLARED(name) extern const lk_format_verbs lk_format_##name;
LK_FORMATS(LK_FORMAT_DECLARED)
#undef LK_FORMAT_DECLARED

extern const lk_format_verbs *const lk_formats[];   /* ends with NULL */

lk_format lk_format_default(void);
/* What --format takes: a name, or the text of a format. Borrows it. LK_EUSAGE if it is neither. */
int lk_format_parse(const char *text, lk_format *out, lk_error *err);
/* By the ending of a file's name, also with .gz. 0, or -1 if it is no format's. */
int lk_format_of_path(const char *path, lk_format *out);
/* "csv", for messages. */
const char *lk_format_name(const lk_format *f);
/* Adds what the scanner has to say: its verb `notes`. */
void lk_format_notes(const lk_format_verbs *f, void *scanner, const char *input, lk_buf *out);
/* Adds "jsonl, json, …". */
void lk_format_names(lk_buf *out);
/* Adds what --format takes, and the endings of files that say it: for the help. */
void lk_format_help(lk_buf *out);
/* For a text that was read as `as` without a single event: which format it looks like, and what to do; nothing if it
 * looks like `as`, or like none. p: its first line, from its first visible character on. */
void lk_format_looks(const lk_format *as, const char *p, size_t len, lk_buf *what, lk_buf *todo);

#endif
