/* Records to batches.
 *
 * A batch is full at BATCH_EVENTS events or BATCH_BYTES; an event that would pass that is the next batch's first. From a pipe it also ends when nothing came for
 * LINGER_US since its first event, and at AGE_US in any case, so that a slow producer's events are in the
 * log soon. Blank lines are nothing.
 *
 * Somebody may be writing to a file that is read as a named source. Its last line, while it has no line break,
 * is left for the next run, unless it is a complete JSON object: half a line would be taken for a whole one,
 * and its position would be passed. */
#include "event_log/encoder.h"

#include <stdlib.h>
#include <string.h>

#include "core/scan_json.h"
#include "core/scan_text.h"
#include "core/time.h"

enum {
	BATCH_EVENTS = 20000,
	BATCH_BYTES = 4 << 20,
	BATCH_REJECTS = 1000,
	LINGER_US = 20000,
	AGE_US = 200000,
	STOP_CHECK_MS = 100,
	CLOCK_EVERY = 256,       /* records between two looks at the clock */
};

enum { BATCH_FULL = LK_ENCODER_END + 1 };   /* beside what lk_encoder_fill returns */

struct lk_encoder {
	const lk_encoder_options *o;
	const lk_stream *stream;
	lk_input *in;
	lk_json_scanner *json;
	lk_csv_map csv;
	lk_arena arena;          /* of the current record */
	lk_value *row;
	lk_buf reason;
	int64_t limit, left;
	lk_record held;          /* read, and the next batch's first; points into the input */
	bool holds;
	bool ended;
	bool checked;            /* no record is bad, all were read before */
};

int lk_encoder_open(lk_encoder **out, const lk_encoder_options *o, lk_error *err) {
	lk_encoder *e = lk_calloc(1, sizeof *e);
	e->o = o;
	e->stream = o->stream->stream;
	e->limit = INT64_MAX;
	e->row = lk_calloc((size_t)e->stream->ncolumns + 1, sizeof *e->row);
	e->json = o->format == LK_FORMAT_JSONL ? lk_json_scanner_new(e->stream) : NULL;
	*out = e;
	return lk_input_open(&e->in, o->path, o->format == LK_FORMAT_CSV, err);
}

void lk_encoder_close(lk_encoder *e) {
	if (!e)
		return;
	lk_input_close(e->in);
	lk_json_scanner_free(e->json);
	lk_csv_map_release(&e->csv);
	lk_arena_release(&e->arena);
	lk_buf_release(&e->reason);
	free(e->row);
	free(e);
}

bool lk_encoder_ended(const lk_encoder *e) { return e->ended; }
int64_t lk_encoder_left(const lk_encoder *e) { return e->left; }
bool lk_encoder_is_file(const lk_encoder *e) { return lk_input_is_file(e->in); }

static bool is_set(const volatile int *flag) { return flag && __atomic_load_n(flag, __ATOMIC_RELAXED); }
static bool stopped(const lk_encoder *e) { return is_set(e->o->stop) || is_set(e->o->halt); }

static bool is_blank(const lk_record *r) {
	for (size_t i = 0; i < r->len; i++)
		if (r->text[i] != ' ' && r->text[i] != '\t' && r->text[i] != '\r')
			return false;
	return !r->too_long;
}

static const char *name(const lk_encoder *e) { return strcmp(e->o->path, "-") ? e->o->path : "standard input"; }

/* The next record that is not blank, however long it takes. */
static int next_record(lk_encoder *e, lk_record *r, lk_error *err) {
	int status;
	do {
		if (stopped(e))
			return LK_INPUT_END;
		status = lk_input_next(e->in, STOP_CHECK_MS, r, err);
	} while (status == LK_INPUT_IDLE || (status == 0 && is_blank(r)));
	return status;
}

static int read_header(lk_encoder *e, lk_error *err) {
	lk_record r;
	const char *reason = "it is too long";
	int status = next_record(e, &r, err);
	if (status)
		return status < 0 ? status : 0;
	lk_csv_map_release(&e->csv);
	if (!r.too_long && !lk_csv_header(e->stream, r.text, r.len, &e->csv, &reason))
		return 0;
	lk_fail(err, LK_EINPUT, "%s:%lld: %s", name(e), (long long)r.line, reason);
	lk_hint(err, "the first line names the columns, with commas between them; the event time is \"%s\"", e->stream->columns[e->stream->event_time].name);
	return LK_EINPUT;
}

int lk_encoder_begin(lk_encoder *e, int64_t position, lk_error *err) {
	if (e->o->format == LK_FORMAT_CSV) {
		int status = read_header(e, err);
		if (status)
			return status;
	}
	e->holds = false;
	return lk_input_seek(e->in, position, e->o->stop, err);
}

/* 0 and the row, or -1 and e->reason. */
static int scan(lk_encoder *e, const lk_record *r) {
	const lk_stream *s = e->stream;
	const char *reason = "longer than 16 MiB";
	int column = -1, status = -1;
	lk_arena_clear(&e->arena);
	if (r->too_long)
		;
	else if (e->o->format == LK_FORMAT_JSONL)
		status = lk_json_scan(e->json, r->text, r->len, &e->arena, e->row, &reason, &column);
	else if (e->o->format == LK_FORMAT_CSV)
		status = lk_csv_scan(s, &e->csv, r->text, r->len, &e->arena, e->row, &reason, &column);
	else
		status = lk_combined_scan(s, r->text, r->len, &e->arena, e->row, &reason, &column);
	if (status == 0)
		return 0;
	lk_buf_clear(&e->reason);
	if (column >= 0)
		lk_buf_addf(&e->reason, "%s: ", s->columns[column].name);
	lk_buf_adds(&e->reason, reason);
	return -1;
}

/* 0, or -1 and e->reason. */
static int add(lk_encoder *e, lk_append_batch *b, const lk_record *r) {
	const char *reason;
	if (scan(e, r))
		return -1;
	if (!lk_append_batch_add(b, e->row, &reason))
		return 0;
	lk_buf_clear(&e->reason);
	lk_buf_adds(&e->reason, reason);
	return -1;
}

static void note_near_miss(lk_encoder *e, lk_buf *notes) {
	const char *key = e->json ? lk_json_scanner_near_miss(e->json) : NULL;
	if (key)
		lk_buf_addf(notes, "%s: key \"%s\" differs from a declared name only in case, and is not read; "
		            "a quoted name in the definition keeps its case\n", name(e), key);
}

static bool full(const lk_encoder *e, const lk_append_batch *b) {
	return lk_append_batch_events(b) >= (e->o->batch_events ? e->o->batch_events : BATCH_EVENTS) ||
	       lk_append_batch_rejects(b) >= BATCH_REJECTS || lk_append_batch_bytes(b) >= BATCH_BYTES;
}

/* May the writer of a growing file not be done with this line? */
static bool half_written(const lk_encoder *e, const lk_record *r) {
	return r->unterminated && e->o->resumable && lk_input_may_grow(e->in);
}

static int refused(lk_encoder *e, const lk_record *r, lk_error *err) {
	if (r->line)
		return lk_fail(err, LK_EINPUT, "%s:%lld: %s", name(e), (long long)r->line, e->reason.data);
	return lk_fail(err, LK_EINPUT, "%s, byte %lld: %s", name(e), (long long)r->position, e->reason.data);
}

/* The event that was just added has no room; it may be larger than any batch should be, but then it is one by itself. */
static bool is_too_much(const lk_append_batch *b) {
	return lk_append_batch_bytes(b) > BATCH_BYTES && lk_append_batch_events(b) + lk_append_batch_rejects(b) > 1;
}

static int hold_back(lk_encoder *e, lk_append_batch *b, const lk_record *r) {
	lk_append_batch_take_back(b);
	e->held = *r;
	e->holds = true;
	return BATCH_FULL;
}

/* One record into the batch. 0; BATCH_FULL if it is held back; LK_ENCODER_END if it is left alone; LK_EINPUT. */
static int take(lk_encoder *e, lk_append_batch *b, const lk_record *r, lk_error *err) {
	bool leave = r->position >= e->limit || (half_written(e, r) && e->o->format != LK_FORMAT_JSONL);
	if (!leave && !add(e, b, r))
		return is_too_much(b) ? hold_back(e, b, r) : 0;
	if (leave || half_written(e, r)) {
		e->left = half_written(e, r) ? r->end - r->position : 0;
		e->ended = true;
		return LK_ENCODER_END;
	}
	if (e->checked)
		return refused(e, r, err);
	lk_append_batch_reject(b, r->position, e->reason.data, r->text, r->len);
	return 0;
}

/* The next record: the one that was held back, or the input's. */
static int next(lk_encoder *e, lk_record *r, lk_error *err) {
	if (!e->holds)
		return lk_input_next(e->in, 0, r, err);
	*r = e->held;
	e->holds = false;
	return 0;
}

/* Waits for a record: up to what is left of LINGER_US for a batch that has begun, else until there is one. */
static int wait_for_record(lk_encoder *e, int64_t began_us, lk_record *r, lk_error *err) {
	int wait_ms = STOP_CHECK_MS;
	if (began_us) {
		int64_t left_us = began_us + LINGER_US - lk_monotonic_us();
		if (left_us <= 0)
			return LK_INPUT_IDLE;
		wait_ms = (int)(left_us / 1000) + 1;
	}
	return lk_input_next(e->in, wait_ms, r, err);
}

int lk_encoder_fill(lk_encoder *e, lk_append_batch *b, int64_t *position, lk_buf *notes, lk_error *err) {
	int64_t began_us = 0;
	lk_record r;
	for (unsigned n = 1; !full(e, b); n++) {
		if (stopped(e))
			return LK_ENCODER_END;
		int status = next(e, &r, err);
		if (status == LK_INPUT_IDLE)
			status = wait_for_record(e, began_us, &r, err);
		if (status == LK_INPUT_IDLE && began_us)
			return 0;
		if (status == LK_INPUT_IDLE)
			continue;
		if (status) {
			e->ended = status == LK_INPUT_END;
			return status < 0 ? status : LK_ENCODER_END;
		}
		if (!is_blank(&r) && (status = take(e, b, &r, err)))
			return status == BATCH_FULL ? 0 : status;
		note_near_miss(e, notes);
		*position = r.end;
		if (!began_us && lk_append_batch_events(b) + lk_append_batch_rejects(b))
			began_us = lk_monotonic_us();
		if (began_us && n % CLOCK_EVERY == 0 && !lk_input_is_file(e->in) && lk_monotonic_us() - began_us > AGE_US)
			return 0;
	}
	return 0;
}

int lk_encoder_check(lk_encoder *e, int64_t position, lk_error *err) {
	lk_append_batch *b = lk_append_batch_new(e->o->stream);
	lk_record r;
	int status = lk_input_spool(e->in, e->o->stop, err);
	if (!status)
		status = lk_encoder_begin(e, position, err);
	while (!status && !(status = next_record(e, &r, err))) {
		if (half_written(e, &r) && (e->o->format != LK_FORMAT_JSONL || scan(e, &r)))
			continue;
		if (add(e, b, &r))
			status = refused(e, &r, err);
		else
			position = r.end;
		if (full(e, b))
			lk_append_batch_clear(b);
	}
	lk_append_batch_free(b);
	if (status < 0)
		return status;
	e->limit = position;
	e->checked = true;
	return lk_input_rewind(e->in, err);
}
