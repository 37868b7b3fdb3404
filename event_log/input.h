/* Event files: opened, unpacked, and cut into records with their places. Knows no servers. */
#ifndef LK_EVENT_LOG_INPUT_H
#define LK_EVENT_LOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"

enum lk_format { LK_FORMAT_JSONL, LK_FORMAT_CSV, LK_FORMAT_COMBINED };

/* "jsonl", "csv", "combined". 0, or -1 where there is none of that name. */
int lk_format_parse(const char *name, enum lk_format *out);
const char *lk_format_name(enum lk_format f);
/* What a file's name tells: .jsonl .ndjson .json, .csv, .log, each also with .gz. 0, or -1 where it tells nothing. */
int lk_format_of_path(const char *path, enum lk_format *out);

#define LK_RECORD_MAX (16 << 20)   /* bytes; a longer record is handed out as its first LK_RECORD_HEAD bytes, too_long */
#define LK_RECORD_HEAD 1000

typedef struct lk_input lk_input;

/* Positions are bytes of the uncompressed input. text is borrowed until the next call on the input. */
typedef struct lk_record {
	const char *text;
	size_t len;          /* without the line break */
	int64_t position;    /* of the first byte */
	int64_t end;         /* of the first byte after the line break */
	int64_t line;        /* where it begins, from 1; 0 where unknown (after a seek) */
	bool too_long;
	bool unterminated;   /* the last one, without a line break */
} lk_record;

/* path "-" is the standard input. Plain or gzip, told by the content. csv: a record is one of RFC 4180, else a line.
 * LK_EUSAGE where it cannot be opened. The caller closes *out, also NULL. */
int lk_input_open(lk_input **out, const char *path, bool csv, lk_error *err);
void lk_input_close(lk_input *in);

enum { LK_INPUT_END = 1, LK_INPUT_IDLE = 2 };
/* The next record: 0; LK_INPUT_END; LK_INPUT_IDLE where a pipe or terminal gave nothing for wait_ms (-1: waits, 0: does
 * not); or LK_EINPUT (cannot be read, or damaged gzip data). */
int lk_input_next(lk_input *in, int wait_ms, lk_record *out, lk_error *err);

/* Goes on at `position`, at or after the current one: seeks in a plain file, reads and forgets elsewhere. LK_EINPUT
 * where the input ends before it. stop may be NULL. */
int lk_input_seek(lk_input *in, int64_t position, const volatile int *stop, lk_error *err);

bool lk_input_is_file(const lk_input *in);      /* can be read twice */
bool lk_input_may_grow(const lk_input *in);     /* a plain file: someone may still be writing its last line */
/* Back to the first byte. Only a file can. */
int lk_input_rewind(lk_input *in, lk_error *err);
/* Copies what a pipe gives into a file without a name (in TMPDIR, else /tmp), so that it can be
 * read twice. Does nothing for a file. */
int lk_input_spool(lk_input *in, const volatile int *stop, lk_error *err);

#endif
