/* Named sources: how far each of their files has been read, and which of them an input is.
 *
 * One name stands for many files: a log is rotated, and a new one comes in its place. A file is told from others by what
 * was read of it and not by its name, so it may be renamed, packed or sent through a pipe. An input is the file whose head
 * it begins with; if that file was not read to the same bytes before its position, nobody can tell what is new in it. */
#ifndef LK_EVENT_LOG_SOURCE_H
#define LK_EVENT_LOG_SOURCE_H

#include <stddef.h>

#include "event_log/catalog.h"

enum {
	LK_SOURCE_HEAD = 1024,
	LK_SOURCE_FILES = 1000,       /* of a source that are remembered: the last ones */
};

/* position 0: not begun. head: its first bytes, up to the end of its first event; while it has none, all that was read.
 * trail: a digest of the bytes before the position; "" where it is not known, in rows of schema version 5 for one. */
typedef struct lk_source_file {
	int number;               /* in the source, from 1 */
	int64_t position;
	int64_t run;              /* a random number of the process that moved it there */
	size_t head_len;
	char head[LK_SOURCE_HEAD];
	char trail[33];
} lk_source_file;

/* All files of a source, the newest first; LK_EUSAGE where the stream is not there any more. The caller frees *files. */
int lk_source_files(lk_pg *pg, const lk_cat_stream *s, const char *source, lk_source_file **files, size_t *n, lk_error *err);
/* One of them as it stands now; position 0 where it is not there. */
int lk_source_read(lk_pg *pg, const lk_cat_stream *s, const char *source, int number, lk_source_file *out, lk_error *err);
/* Do both stand at the same byte, behind the same bytes? */
bool lk_source_same_place(const lk_source_file *a, const lk_source_file *b);

enum { LK_SOURCE_NEW = -1, LK_SOURCE_UNDECIDED = -2 };
/* The index of the file that an input is whose first bytes are these; LK_SOURCE_NEW; or LK_SOURCE_UNDECIDED where more bytes
 * would tell (never if `all`: there are no more, or no more are looked at). */
int lk_source_find(const lk_source_file *files, size_t n, const char *first, size_t len, bool all);

/* What an append moves, by compare-and-set; of an unnamed source (named = false) the name only labels rejects. */
typedef struct lk_source_step {
	const char *source;
	bool named;
	const lk_source_file *from, *to;    /* of the same file */
} lk_source_step;
/* Sends the statement of the move into the pipeline; it moves one row, or none if the file stands elsewhere. 1, or 0. */
int lk_source_send(lk_pg *pg, const lk_cat_stream *s, const lk_source_step *step);
/* Forgets all files of a source but the last LK_SOURCE_FILES up to `newest`. */
int lk_source_forget(lk_pg *pg, const lk_cat_stream *s, const char *source, int newest, lk_error *err);

#endif
