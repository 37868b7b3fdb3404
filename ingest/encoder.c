/* Records to batches.
 *
 * A batch is full at BATCH_EVENTS events, BATCH_BYTES or KEPT_BYTES of records; an event that would pass BATCH_BYTES is
 * the next batch's first. A batch from a pipe also ends when nothing has come for LINGER_US since its first event, and
 * at AGE_US in any case, so that a slow producer's events are in the log soon. Blank lines are skipped.
 *
 * A file that is read as a named source may still be growing. Its last line, while it has no line break, is left for
 * the next run, unless the format shows that the record is whole, as a JSON object does: otherwise half a line would be
 * taken for a whole one, and the position would pass it. */
#include "ingest/encoder.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/time.h"
#include "ingest/looks.h"
#include "ingest/origin.h"

enum {
	BATCH_EVENTS = 20000,
	BATCH_BYTES = 4 << 20,
	BATCH_REJECTS = 1000,
	LINGER_LEAST_US = 2000,  /* how long a batch that has begun waits for more */
	LINGER_MOST_US = 20000,
	AGE_US = 200000,
	STOP_CHECK_MS = 100,
	CLOCK_EVERY = 256,       /* records between two looks at the clock */
	KEPT_BYTES = 8 << 20,
};

enum { BATCH_FULL = LK_ENCODER_END + 1, TAKE_AGAIN };   /* besides what lk_encoder_fill returns */

struct lk_encoder {
	const lk_encoder_options *o;
	const lk_cat_stream *declared;
	const lk_stream *stream; /* of that */
	lk_input *in;
	const lk_format_verbs *format;
	void *scanner;           /* of it, for the stream */
	lk_buf header;           /* the record that names the columns, if the format has one, … */
	int64_t header_line;     /* … and where it stands */
	lk_buf notes;            /* of the beginning, not handed out yet */
	lk_first_reject first;
	bool any_reject, malformed;
	lk_arena arena;          /* of the current record */
	lk_value *row;
	lk_buf reason;
	lk_origin origin;        /* which file the input is, and how far it has been taken */
	int64_t limit, left;
	_Atomic int64_t linger_us;   /* set by the appender's thread */
	lk_record held;          /* read, and the next batch's first; points into the input */
	bool holds;
	bool ended;
	bool checked;            /* no record is bad, all were read before */
};

static const char *name(const lk_encoder *e) { return strcmp(e->o->path, "-") ? e->o->path : "standard input"; }

/* Sets up the scanner for a declaration of the stream. */
static int declare(lk_encoder *e, const lk_cat_stream *s, lk_error *err) {
	char why[200];
	e->declared = s;
	e->stream = s->stream;
	free(e->row);
	e->row = lk_calloc((size_t)e->stream->schema.ncolumns + 1, sizeof *e->row);
	e->format->scanner_free(e->scanner);
	e->scanner = e->format->scanner_new(&e->o->format, &e->stream->schema, why, sizeof why);
	return e->scanner ? 0 : lk_fail(err, LK_EUSAGE, "--format: %s", why);
}

int lk_encoder_open(lk_encoder **out, const lk_encoder_options *o, lk_error *err) {
	lk_encoder *e = lk_calloc(1, sizeof *e);
	e->o = o;
	e->format = o->format.is;
	e->limit = INT64_MAX;
	atomic_store(&e->linger_us, LINGER_LEAST_US);
	*out = e;
	int rc = declare(e, o->stream, err);
	if (!rc)
		rc = lk_input_open(&e->in, o->path, &o->format, err);
	e->origin = (lk_origin){.in = e->in, .name = name(e), .stop = o->stop, .halt = o->halt};
	return rc;
}

void lk_encoder_close(lk_encoder *e) {
	if (!e)
		return;
	lk_input_close(e->in);
	e->format->scanner_free(e->scanner);
	lk_buf_release(&e->header);
	lk_arena_release(&e->arena);
	lk_buf_release(&e->notes);
	lk_buf_release(&e->reason);
	free(e->row);
	free(e);
}

bool lk_encoder_ended(const lk_encoder *e) { return e->ended; }
int64_t lk_encoder_left(const lk_encoder *e) { return e->left; }
bool lk_encoder_is_file(const lk_encoder *e) { return lk_input_is_file(e->in); }
const lk_first_reject *lk_encoder_first_reject(const lk_encoder *e) { return e->any_reject ? &e->first : NULL; }
const char *lk_encoder_sample(const lk_encoder *e, size_t *len) { return lk_input_sample(e->in, len); }

static bool stopped(const lk_encoder *e) { return lk_origin_stopped(&e->origin); }

static bool is_blank(const lk_record *r) {
	for (size_t i = 0; i < r->len; i++)
		if (r->text[i] != ' ' && r->text[i] != '\t' && r->text[i] != '\r')
			return false;
	return !r->too_long;
}

/* The next record that is not blank, however long it takes. */
static int next_record(lk_encoder *e, lk_record *r, lk_error *err) {
	int rc;
	do {
		if (stopped(e))
			return LK_INPUT_END;
		rc = lk_input_next(e->in, STOP_CHECK_MS, r, err);
	} while (rc == LK_INPUT_IDLE || (rc == 0 && is_blank(r)));
	return rc;
}

/* The bytes of the text's first line, at most 100, without half a character at the end. */
static size_t first_line(const char *text, size_t len) {
	size_t n = 0;
	while (n < len && n < 100 && (unsigned char)text[n] >= ' ')
		n++;
	while (n > 0 && n < len && ((unsigned char)text[n] & 0xC0) == 0x80)
		n--;
	return n;
}

static int no_header(lk_encoder *e, const char *reason, lk_error *err) {
	const char *time = e->stream->schema.columns[e->stream->schema.event_time].name;
	lk_buf what = LK_BUF_INIT, todo = LK_BUF_INIT;
	size_t len;
	const char *sample = lk_input_sample(e->in, &len);
	lk_looks_like(&e->o->format, sample, len, &what, &todo);
	if (what.len) {
		lk_fail(err, LK_EINPUT, "%s:%lld: %s; the file looks like %s", name(e), (long long)e->header_line, reason, what.data);
		lk_hint(err, "%s; the event time is \"%s\"", todo.data, time);
	} else {
		lk_fail(err, LK_EINPUT, "%s:%lld: %s", name(e), (long long)e->header_line, reason);
		lk_hint(err, "a field of the header must have the event time's name, \"%s\"; the file begins: %.*s", time, (int)first_line(sample, len), sample);
	}
	lk_buf_release(&what);
	lk_buf_release(&todo);
	return LK_EINPUT;
}

/* By the columns of the stream as it is declared now. */
static int map_header(lk_encoder *e, lk_error *err) {
	const char *reason = "it is too long";
	if (!e->header.len || e->format->header(e->scanner, e->header.data, e->header.len, &reason))
		return no_header(e, reason, err);
	return 0;
}

static int read_header(lk_encoder *e, lk_error *err) {
	lk_record r;
	int rc = next_record(e, &r, err);
	if (rc)
		return rc < 0 ? rc : 0;
	lk_buf_clear(&e->header);
	lk_buf_add(&e->header, r.text, r.too_long ? 0 : r.len);
	e->header_line = r.line;
	return map_header(e, err);
}

int lk_encoder_find(lk_encoder *e, const lk_source_file *files, size_t n) { return lk_origin_find(&e->origin, files, n); }

int lk_encoder_begin(lk_encoder *e, const lk_source_file *at, lk_error *err) {
	e->holds = false;
	lk_buf_clear(&e->notes);
	int rc = e->format->header ? read_header(e, err) : 0;
	return rc ? rc : lk_origin_begin(&e->origin, at, &e->notes, err);
}

/* --- Encoding --- */

/* 0 and the row, or -1 and e->reason. */
static int scan(lk_encoder *e, const lk_record *r) {
	lk_misfit why = {"longer than 16 MiB", -1};
	int rc = -1;
	lk_arena_clear(&e->arena);
	if (!r->too_long)
		rc = e->format->scan(e->scanner, r->text, r->len, &e->arena, e->row, &why);
	if (rc == 0)
		return 0;
	lk_buf_clear(&e->reason);
	e->malformed = why.column < 0;
	if (why.column >= 0)
		lk_buf_addf(&e->reason, "%s: ", e->stream->schema.columns[why.column].name);
	lk_buf_adds(&e->reason, why.reason);
	return -1;
}

/* 0, or -1 and e->reason. */
static int add(lk_encoder *e, lk_append_batch *b, const lk_record *r) {
	const char *reason;
	if (scan(e, r))
		return -1;
	if (!lk_append_batch_add(b, e->row, &reason))
		return 0;
	e->malformed = false;
	lk_buf_clear(&e->reason);
	lk_buf_adds(&e->reason, reason);
	return -1;
}

static bool full(const lk_encoder *e, const lk_encoded *out) {
	const lk_append_batch *b = out->batch;
	return lk_append_batch_events(b) >= (e->o->batch_events ? e->o->batch_events : BATCH_EVENTS) || lk_append_batch_rejects(b) >= BATCH_REJECTS ||
	       lk_append_batch_bytes(b) >= BATCH_BYTES || out->kept.text.len >= KEPT_BYTES;
}

/* May this line of a growing file still be incomplete? */
static bool half_written(const lk_encoder *e, const lk_record *r) {
	return r->unterminated && e->o->resumable && lk_input_may_grow(e->in);
}

static int refused(lk_encoder *e, const lk_record *r, lk_error *err) {
	if (r->line)
		return lk_fail(err, LK_EINPUT, "%s:%lld: %s", name(e), (long long)r->line, e->reason.data);
	return lk_fail(err, LK_EINPUT, "%s, byte %lld: %s", name(e), (long long)r->position, e->reason.data);
}

/* A record that cannot be an event. */
static int reject(lk_encoder *e, lk_append_batch *b, const lk_record *r, lk_error *err) {
	if (e->checked)
		return refused(e, r, err);
	if (!e->any_reject) {
		e->first = (lk_first_reject){.position = r->position, .line = r->line};
		snprintf(e->first.reason, sizeof e->first.reason, "%s", e->reason.data);
		e->any_reject = true;
	}
	lk_append_batch_reject(b, r->position, e->reason.data, r->text, r->len);
	return 0;
}

/* Does the event that was just added exceed the batch? An event larger than a whole batch is a batch by itself. */
static bool is_too_much(const lk_append_batch *b) {
	return lk_append_batch_bytes(b) > BATCH_BYTES && lk_append_batch_events(b) + lk_append_batch_rejects(b) > 1;
}

static int hold_back(lk_encoder *e, lk_append_batch *b, const lk_record *r) {
	lk_append_batch_take_back(b);
	e->held = *r;
	e->holds = true;
	return BATCH_FULL;
}

/* One record into the batch. 0; BATCH_FULL if it is held back; LK_ENCODER_END if it is left alone; TAKE_AGAIN if it was
 * cut wrong; LK_EINPUT. */
static int take(lk_encoder *e, lk_append_batch *b, const lk_record *r, lk_error *err) {
	bool leave = r->position >= e->limit || (half_written(e, r) && !e->format->shows_end);
	if (!leave && !add(e, b, r)) {
		if (is_too_much(b))
			return hold_back(e, b, r);
		int rc = lk_origin_took(&e->origin, r->position + (int64_t)r->len, err);
		if (rc)
			lk_append_batch_take_back(b);
		return rc;
	}
	if (!leave && r->guessed && e->malformed) {
		lk_input_again(e->in);
		return TAKE_AGAIN;
	}
	if (leave || half_written(e, r)) {
		e->left = half_written(e, r) ? r->end - r->position : 0;
		e->ended = true;
		return LK_ENCODER_END;
	}
	return reject(e, b, r, err);
}

/* The next record: the one that was held back, or the input's. */
static int next(lk_encoder *e, lk_record *r, lk_error *err) {
	if (!e->holds)
		return lk_input_next(e->in, 0, r, err);
	*r = e->held;
	e->holds = false;
	return 0;
}

/* Waits for a record: up to what is left of the time that a batch which has begun may wait, else until there is one. */
static int wait_for_record(lk_encoder *e, int64_t began_us, lk_record *r, lk_error *err) {
	int wait_ms = STOP_CHECK_MS;
	if (began_us) {
		int64_t left_us = began_us + atomic_load(&e->linger_us) - lk_monotonic_us();
		if (left_us <= 0)
			return LK_INPUT_IDLE;
		wait_ms = (int)(left_us / 1000) + 1;
	}
	return lk_input_next(e->in, wait_ms, r, err);
}

/* Takes the records of one batch. *position: after the last one. */
static int fill(lk_encoder *e, lk_encoded *out, int64_t *position, lk_error *err) {
	int64_t began_us = 0;
	lk_append_batch *b = out->batch;
	lk_record r;
	lk_format_notes(e->format, e->scanner, name(e), &out->notes);
	if (e->notes.len)
		lk_buf_adds(&out->notes, e->notes.data);
	lk_buf_clear(&e->notes);
	for (unsigned n = 1; !full(e, out); n++) {
		if (stopped(e))
			return LK_ENCODER_END;
		int rc = next(e, &r, err);
		if (rc == LK_INPUT_IDLE)
			rc = wait_for_record(e, began_us, &r, err);
		if (rc == LK_INPUT_IDLE && began_us)
			return 0;
		if (rc == LK_INPUT_IDLE)
			continue;
		if (rc) {
			e->ended = rc == LK_INPUT_END;
			return rc < 0 ? rc : LK_ENCODER_END;
		}
		if (!is_blank(&r) && (rc = take(e, b, &r, err)) == TAKE_AGAIN)
			continue;
		if (rc)
			return rc == BATCH_FULL ? 0 : rc;
		if (!is_blank(&r))
			lk_kept_add(&out->kept, &r);
		lk_format_notes(e->format, e->scanner, name(e), &out->notes);
		*position = r.end;
		if (!began_us && lk_append_batch_events(b) + lk_append_batch_rejects(b))
			began_us = lk_monotonic_us();
		if (began_us && n % CLOCK_EVERY == 0 && !lk_input_is_file(e->in) && lk_monotonic_us() - began_us > AGE_US)
			return 0;
	}
	return 0;
}

int lk_encoder_fill(lk_encoder *e, lk_encoded *out, lk_error *err) {
	int64_t position = e->origin.at.position;
	int rc = fill(e, out, &position, err);
	if (out->kept.n)
		lk_origin_mark(&e->origin, position);
	out->to = e->origin.at;
	return rc;
}

void lk_encoder_linger(lk_encoder *e, int64_t append_us) {
	int64_t us = append_us < LINGER_MOST_US / 2 ? 2 * append_us : LINGER_MOST_US;
	atomic_store(&e->linger_us, us > LINGER_LEAST_US ? us : LINGER_LEAST_US);
}

int lk_encoder_redeclare(lk_encoder *e, const lk_cat_stream *s, lk_error *err) {
	int rc = declare(e, s, err);
	return !rc && e->header.len ? map_header(e, err) : rc;
}

int lk_encoder_again(lk_encoder *e, lk_encoded *out, lk_error *err) {
	int rc = 0;
	lk_append_batch_free(out->batch);
	out->batch = lk_append_batch_new(e->declared);
	for (size_t i = 0; !rc && i < out->kept.n; i++) {
		lk_record r = lk_kept_get(&out->kept, i);
		rc = add(e, out->batch, &r) ? reject(e, out->batch, &r, err) : 0;
	}
	return rc;
}

int lk_encoder_keep(lk_encoder *e, lk_error *err) { return lk_input_spool(e->in, e->o->stop, err); }

int lk_encoder_check(lk_encoder *e, const lk_source_file *at, lk_error *err) {
	lk_encoded all = {.batch = lk_append_batch_new(e->declared)};
	int64_t position = at->position;
	lk_record r;
	int rc = lk_encoder_begin(e, at, err);
	while (!rc && !(rc = next_record(e, &r, err))) {
		if (half_written(e, &r) && !r.guessed && (!e->format->shows_end || scan(e, &r)))
			break;
		if (!add(e, all.batch, &r))
			position = r.end;
		else if (r.guessed && e->malformed)
			lk_input_again(e->in);
		else
			rc = refused(e, &r, err);
		if (full(e, &all))
			lk_append_batch_clear(all.batch);
	}
	lk_append_batch_free(all.batch);
	if (rc < 0)
		return rc;
	e->limit = position;
	e->checked = true;
	return lk_input_rewind(e->in, err);
}
