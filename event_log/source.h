/* Named sources: how far each of their files has been read, and which of them an input is.
 *
 * A source has many files: a log is rotated, and a new one takes its name. A file is identified by its content and not
 * by its name, so it may be renamed, packed or sent through a pipe. An input is the file whose head it begins with. If
 * the bytes before that file's position differ, what is new in the input is unknown.
 *
 * Any thread, with a session of its own; what is read is the caller's. */
#ifndef LK_EVENT_LOG_SOURCE_H
#define LK_EVENT_LOG_SOURCE_H

#include <stddef.h>

#include "catalog/catalog.h"

enum {
	LK_SOURCE_HEAD = 1024,
	LK_SOURCE_FILES = 1000,       /* the last files of a source, which are remembered */
};

/* position 0: not begun. head: its first bytes, up to the end of its first event; all that was read while it has none.
 * head_digest: "" unless head was erased: then head has no bytes, and this is the digest of the head_len that it had.
 * trail: a digest of the bytes before the position; "" if it is unknown, as in rows of schema version 5. */
typedef struct lk_source_file {
	int number;               /* in the source, from 1 */
	int64_t position;
	int64_t run;              /* a random number of the process that moved it there */
	size_t head_len;
	char head[LK_SOURCE_HEAD];
	char head_digest[33];
	char trail[33];
} lk_source_file;

/* All files of a source, the newest first; LK_EUSAGE if the stream no longer exists. The caller frees *files. */
int lk_source_files(lk_pg *pg, const lk_cat_stream *s, const char *source, lk_source_file **files, size_t *n, lk_error *err);
/* The current state of one of them; position 0 if it has no row. */
int lk_source_read(lk_pg *pg, const lk_cat_stream *s, const char *source, int number, lk_source_file *out, lk_error *err);
/* The name of a source of the stream that begins so, lk_malloc'ed; NULL: there is none. */
int lk_source_beginning(lk_pg *pg, const lk_cat_stream *s, const char *prefix, char **name, lk_error *err);
/* Are both at the same position, after the same bytes? */
bool lk_source_same_place(const lk_source_file *a, const lk_source_file *b);

/* What is kept of a head that was erased: 32 hexadecimal digits. */
void lk_source_head_digest(const char *head, size_t len, char out[33]);

enum { LK_SOURCE_NEW = -1, LK_SOURCE_UNDECIDED = -2 };
/* The index of the file that begins with these first bytes of an input; LK_SOURCE_NEW; or LK_SOURCE_UNDECIDED if it
 * takes more bytes to tell (never if `all`: there are no more, or no more are considered). */
int lk_source_find(const lk_source_file *files, size_t n, const char *first, size_t len, bool all);

/* What an append moves, by compare-and-set; for an unnamed source (named = false) the name only labels rejects. */
typedef struct lk_source_step {
	const char *source;
	bool named;
	const lk_source_file *from, *to;    /* of the same file */
} lk_source_step;
/* Sends the move's statement into the pipeline; it changes one row, or none if the file is at another position. 1, or
 * 0. */
int lk_source_send(lk_pg *pg, const lk_cat_stream *s, const lk_source_step *step);
/* Forgets all files of a source except the last LK_SOURCE_FILES up to `newest`. */
int lk_source_forget(lk_pg *pg, const lk_cat_stream *s, const char *source, int newest, lk_error *err);

#endif
