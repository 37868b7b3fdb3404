/* From an input's records to encoded batches; the first half of ingest. Needs no server. One thread at a time. */
#ifndef LK_INGEST_ENCODER_H
#define LK_INGEST_ENCODER_H

#include "event_log/append.h"
#include "ingest/kept.h"

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

/* Which of a named source's files the input is, by its first bytes (lk_source_find); waits for as many as it needs. The input
 * cannot be a file with a known position alone if it is shorter than that, or has the position within a line. Borrows the
 * files. */
int lk_encoder_find(lk_encoder *e, const lk_source_file *files, size_t n);
/* Reads the header, if the format has one, and moves to the position up to which the file was read. LK_EINPUT if the
 * header is invalid, or the input differs from what was read there. If only the position is known, a note says so, and the
 * first batch has head and trail, even if it is empty. */
int lk_encoder_begin(lk_encoder *e, const lk_source_file *at, lk_error *err);

/* A batch with its origin: the records that it was made from and how far they reach. */
typedef struct lk_encoded {
	lk_append_batch *batch;
	lk_kept kept;
	lk_source_file to;
	lk_buf notes;               /* what the user should know, a line each */
} lk_encoded;
enum { LK_ENCODER_END = 1 };
/* Fills an empty batch until it is full, or until a pipe is silent for a moment, or the input ends (LK_ENCODER_END). On
 * LK_EINPUT the batch holds the records before. The first event of a new file is LK_EINPUT if the file differs from a
 * known one only in that event. */
int lk_encoder_fill(lk_encoder *e, lk_encoded *out, lk_error *err);
/* Tells how long an append takes, us: a batch from a pipe that is silent waits twice as long for more, within 2 to 20 ms.
 * So an event is appended at once where that is cheap, and the appends of a trickle take at most a third of the time. May
 * be called while another thread fills. */
void lk_encoder_linger(lk_encoder *e, int64_t append_us);

/* The stream's definition has changed: later records are encoded by this one, and lk_encoder_again encodes the kept
 * records of a batch again. LK_EINPUT if a csv header, or under strict a record, is no longer valid. */
int lk_encoder_redeclare(lk_encoder *e, const lk_cat_stream *s, lk_error *err);
int lk_encoder_again(lk_encoder *e, lk_encoded *out, lk_error *err);

/* Reads to the end and only checks: LK_EINPUT with the place of the first record that cannot be an event. Then returns
 * to the beginning; records beyond those checked will not be read. For a pipe call lk_encoder_keep first, which copies
 * it to a file. */
int lk_encoder_check(lk_encoder *e, const lk_source_file *at, lk_error *err);
int lk_encoder_keep(lk_encoder *e, lk_error *err);

/* Was the last record of the input taken, or is the rest not a whole record yet? False if it was stopped before. */
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
