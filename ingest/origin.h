/* Which of a named source's files an input is, and how far it has been taken. Needs no server. One thread at a time. */
#ifndef LK_INGEST_ORIGIN_H
#define LK_INGEST_ORIGIN_H

#include "event_log/source.h"
#include "ingest/input.h"

/* The caller sets in, name and the flags, and leaves the others zero. All is borrowed. */
typedef struct lk_origin {
	lk_input *in;
	const char *name;               /* of the input, for messages */
	const volatile int *stop, *halt;   /* may be NULL; one is set: the input counts as ended */
	const lk_source_file *known;    /* the source's files */
	size_t nknown;
	int64_t ruled_out;              /* the position of an older lk that this input cannot have; 0: none */
	lk_source_file at;              /* how far the input has been taken */
	int64_t first_event;            /* where the first one that was taken ends; 0: none yet */
} lk_origin;

bool lk_origin_stopped(const lk_origin *o);
/* The index of the file that the input is, or LK_SOURCE_NEW: see lk_encoder_find. */
int lk_origin_find(lk_origin *o, const lk_source_file *files, size_t n);
/* Moves to the position up to which the file was read. LK_EINPUT if the input differs from what was read there. Adds a
 * line for the user where only a position is known. */
int lk_origin_begin(lk_origin *o, const lk_source_file *at, lk_buf *notes, lk_error *err);
/* An event was taken, which ends at this byte. If the first event of a file was edited, every other event of it would be
 * appended again: LK_EINPUT. */
int lk_origin_took(lk_origin *o, int64_t end, lk_error *err);
/* Sets position, head and trail after the last record that was taken. */
void lk_origin_mark(lk_origin *o, int64_t position);

#endif
