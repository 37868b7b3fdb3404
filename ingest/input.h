/* Event files: opens, unpacks, and cuts them into records with their positions. Needs no server.
 *
 * An input is the caller's, for one thread. */
#ifndef LK_INGEST_INPUT_H
#define LK_INGEST_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/status.h"
#include "formats/format.h"
#include "ingest/unpack.h"

typedef struct lk_input lk_input;

/* Positions are bytes of the uncompressed input. text is borrowed until the next call on the input. */
typedef struct lk_record {
	const char *text;
	size_t len;          /* without the line break */
	int64_t position;    /* of the first byte */
	int64_t end;         /* of the first byte after the line break */
	int64_t line;        /* where it begins, from 1; 0 if unknown (after a seek) */
	bool too_long;       /* for LK_RECORD_MAX: text is its first LK_RECORD_HEAD bytes */
	bool unterminated;   /* the last one: without a line break, within quotes, or an object of several lines that does not end */
	bool guessed;        /* it may be a part of a record, or several: see lk_input_again */
} lk_record;

/* path "-" is the standard input. Plain or gzip, recognised by the content. What a record is,
 * the format says. LK_EUSAGE if it cannot be opened. The caller closes *out, even if it is NULL. */
int lk_input_open(lk_input **out, const char *path, const lk_format *format, lk_error *err);
void lk_input_close(lk_input *in);

enum { LK_INPUT_END = 1 };   /* besides LK_INPUT_IDLE of ingest/unpack.h */
/* The next record: 0; LK_INPUT_END; LK_INPUT_IDLE if a pipe or terminal gave nothing for wait_ms (-1: waits, 0: does
 * not); or LK_EINPUT (cannot be read, or damaged gzip data). */
int lk_input_next(lk_input *in, int wait_ms, lk_record *out, lk_error *err);

/* Gives the last record back, which must be a guessed one: the next call does not guess. */
void lk_input_again(lk_input *in);

/* The first bytes of the uncompressed input, as far as they were read. */
const char *lk_input_sample(const lk_input *in, size_t *len);

/* Continues at `position`, at or after the current one: seeks in a plain file, else reads and discards. LK_EINPUT if
 * the input ends before it. stop may be NULL. */
int lk_input_seek(lk_input *in, int64_t position, const volatile int *stop, lk_error *err);

/* What distinguishes one input from another, in bytes of the uncompressed input. */
enum { LK_INPUT_FIRST = 1024, LK_INPUT_TRAIL = 4096 };
/* The first bytes, as far as they were read, at most LK_INPUT_FIRST; borrowed. *all: the input has no more than
 * these. */
const char *lk_input_first(const lk_input *in, size_t *len, bool *all);
/* Copies n bytes that begin at `position`. False if the input does not have them, or only in the part that is no longer or
 * not yet in memory and cannot be read out of order. */
bool lk_input_peek(const lk_input *in, int64_t position, size_t n, char *out);
/* Does a file reach `position`, and is that between two lines? Afterwards the file is at its beginning. True also if it
 * cannot be read up to there: reading it tells why. */
bool lk_input_reaches(lk_input *in, int64_t position, const volatile int *stop);
/* Is the position to which lk_input_seek has moved between two lines? stop may be NULL. */
bool lk_input_between_lines(lk_input *in, const volatile int *stop);
/* Reads more for lk_input_first; takes no record. 0; LK_INPUT_IDLE as in lk_input_next; LK_EINPUT. */
int lk_input_look_ahead(lk_input *in, int wait_ms, lk_error *err);
/* A digest of the last LK_INPUT_TRAIL bytes before `position` (all, if there are fewer). position is where the last
 * record ends or begins. "" if the bytes are no longer in memory. */
void lk_input_trail(const lk_input *in, int64_t position, char out[33]);

bool lk_input_is_file(const lk_input *in);      /* can be read twice */
bool lk_input_may_grow(const lk_input *in);     /* a plain file: its last line may still be being written */
/* Back to the first byte. Only a file can. */
int lk_input_rewind(lk_input *in, lk_error *err);
/* Copies a pipe's content into a file without a name (in TMPDIR, else /tmp), so that it can be read twice. Does nothing
 * for a file. */
int lk_input_spool(lk_input *in, const volatile int *stop, lk_error *err);

#endif
