/* Event files: opened, unpacked, and cut into records with their places. Knows no servers. */
#ifndef LK_EVENT_LOG_INPUT_H
#define LK_EVENT_LOG_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/status.h"
#include "event_log/format.h"

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
	bool unterminated;   /* the last one: without a line break, or an object of several lines that does not end */
	bool guessed;        /* json: a line that may be a part of an object or hold several: see lk_input_again */
} lk_record;

/* path "-" is the standard input. Plain or gzip, told by the content. A record is a line, in csv one of RFC 4180, in json
 * an object, on a line or several, also as the element of an array. LK_EUSAGE where it cannot be opened. The caller
 * closes *out, also NULL. */
int lk_input_open(lk_input **out, const char *path, const lk_format *format, lk_error *err);
void lk_input_close(lk_input *in);

enum { LK_INPUT_END = 1, LK_INPUT_IDLE = 2 };
/* The next record: 0; LK_INPUT_END; LK_INPUT_IDLE where a pipe or terminal gave nothing for wait_ms (-1: waits, 0: does
 * not); or LK_EINPUT (cannot be read, or damaged gzip data). */
int lk_input_next(lk_input *in, int wait_ms, lk_record *out, lk_error *err);

/* Gives the last record back: the next call cuts it by its brackets. Only of a guessed one. */
void lk_input_again(lk_input *in);

/* The first bytes of the uncompressed input, as far as they were read. */
const char *lk_input_sample(const lk_input *in, size_t *len);

/* Goes on at `position`, at or after the current one: seeks in a plain file, reads and forgets elsewhere. LK_EINPUT
 * where the input ends before it. stop may be NULL. */
int lk_input_seek(lk_input *in, int64_t position, const volatile int *stop, lk_error *err);

/* What tells one input from another, in bytes of the uncompressed input. */
enum { LK_INPUT_FIRST = 1024, LK_INPUT_TRAIL = 4096 };
/* The first bytes, as far as they were read, at most LK_INPUT_FIRST; borrowed. *all: the input has no more than these. */
const char *lk_input_first(const lk_input *in, size_t *len, bool *all);
/* Reads on, so that lk_input_first gives more; takes nothing. 0; LK_INPUT_IDLE as lk_input_next; LK_EINPUT. */
int lk_input_look_ahead(lk_input *in, int wait_ms, lk_error *err);
/* A digest of the last LK_INPUT_TRAIL bytes before `position` (all, where there are fewer), which is where the last
 * record ends or where it begins; "" where they are gone. */
void lk_input_trail(const lk_input *in, int64_t position, char out[33]);

bool lk_input_is_file(const lk_input *in);      /* can be read twice */
bool lk_input_may_grow(const lk_input *in);     /* a plain file: someone may still be writing its last line */
/* Back to the first byte. Only a file can. */
int lk_input_rewind(lk_input *in, lk_error *err);
/* Copies what a pipe gives into a file without a name (in TMPDIR, else /tmp), so that it can be
 * read twice. Does nothing for a file. */
int lk_input_spool(lk_input *in, const volatile int *stop, lk_error *err);

#endif
