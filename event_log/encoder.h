/* From an input's records to encoded batches; the first half of ingest. Needs no server. One thread at a time. */
#ifndef LK_EVENT_LOG_ENCODER_H
#define LK_EVENT_LOG_ENCODER_H

#include "event_log/append.h"
#include "event_log/input.h"

typedef struct lk_encoder lk_encoder;

typedef struct lk_encoder_options {
	const lk_cat_stream *stream;
	const char *path;
	lk_format format;
	bool resumable;             /* a named source: leave a last line that may still be written */
	size_t batch_events;        /* 0: the default */
	const volatile int *stop;   /* may be NULL; set: the input counts as ended */
	const volatile int *halt;   /* the same, set by the other half */
} lk_encoder_options;

/* Opens the input; borrows the options. */
int lk_encoder_open(lk_encoder **out, const lk_encoder_options *o, lk_error *err);
void lk_encoder_close(lk_encoder *e);

/* Reads the header where the format has one, and goes to `position`. LK_EINPUT where the header will not do. */
int lk_encoder_begin(lk_encoder *e, int64_t position, lk_error *err);

enum { LK_ENCODER_END = 1 };
/* Fills an empty batch until it is full, or until a pipe is silent for a moment, or the input ends (LK_ENCODER_END).
 * *position is moved behind the last record that was taken. What the user should know is added to notes, a line each.
 * On LK_EINPUT the batch holds what came before. */
int lk_encoder_fill(lk_encoder *e, lk_append_batch *b, int64_t *position, lk_buf *notes, lk_error *err);

/* Reads to the end and gives nothing: LK_EINPUT with the place of the first record that cannot be an event. Then goes
 * back to the beginning; records after what was seen now will not be read. A pipe is copied to a file first. */
int lk_encoder_check(lk_encoder *e, int64_t position, lk_error *err);

/* Was the last record of the input taken, or is what is left no whole record yet? Not where it was stopped before. */
bool lk_encoder_ended(const lk_encoder *e);
/* Bytes of a last line that was left for later. */
int64_t lk_encoder_left(const lk_encoder *e);
bool lk_encoder_is_file(const lk_encoder *e);

/* The first record that could not be an event; NULL: there was none. */
typedef struct lk_first_reject {
	int64_t position, line;   /* line 0: unknown */
	char reason[200];
} lk_first_reject;
const lk_first_reject *lk_encoder_first_reject(const lk_encoder *e);
/* The first bytes of the input. */
const char *lk_encoder_sample(const lk_encoder *e, size_t *len);

#endif
