/* A chunk of events is read, the keys that they meet are read from what is sealed already, the events are folded, and what
 * has changed is added when it takes too much memory, and at the end. All of it is one transaction for each partition: a
 * reader sees the former end or the new one. */
#include "batch_layer/seal_state.h"

#include <stdlib.h>

#include "batch_layer/log_events.h"
#include "batch_layer/publish.h"
#include "core/fault.h"
#include "core/time.h"
#include "event_log/derived_log.h"
#include "event_log/sealed.h"
#include "frames/frames.h"
#include "plan/event_rows.h"

enum { CHUNK_EVENTS = 20000, READ_FIELDS = 2000, ADD_FIELDS = 20000 };
#define MOST_BYTES ((size_t)128 << 20)          /* of keys in memory */

typedef struct sealing {
	lk_pg *pg;
	const lk_cat_copy *copy;
	const lk_plan *plan;
	int part;
	lk_event_rows rows;
	lk_frames *frames;
	lk_log_events events;
	lk_value *row;
	lk_value **waiting;        /* rows of a chunk that pass WHERE */
	int nwaiting;
	lk_arena values;           /* theirs */
	lk_sealed_field *fields;
	int nfields, room;
	lk_arena bytes;            /* of fields */
	int64_t at;                /* behind the chunk */
	int64_t written;           /* fields */
	int rc;                    /* of what lk_frames_changes has taken */
	lk_error *err;
} sealing;

bool lk_keeps_state(const lk_cat_copy *copy) { return copy->version->plan && lk_plan_keeps_state(copy->version->plan); }

/* --- events --- */

static void take_event(void *ctx, int part, int64_t off) {
	sealing *s = ctx;
	(void)part;
	(void)off;
	lk_event_rows_begin(&s->rows, s->row);
	if (lk_event_rows_next(&s->rows, s->row))
		s->waiting[s->nwaiting++] = lk_event_keep(s->plan, s->row, &s->values);
}

static int read_chunk(sealing *s, int64_t from, int64_t to, lk_error *err) {
	int64_t n;
	s->nwaiting = 0;
	lk_arena_clear(&s->values);
	int rc = lk_log_events_read(&s->events, s->part, from, to, &n, err);
	if (rc == LK_OK && n != to - from)
		rc = lk_fail(err, LK_EGAP, "stream %s, partition %d: the log has %lld events in [%lld, %lld)", s->plan->stream->name, s->part,
		             (long long)n, (long long)from, (long long)to);
	return rc;
}

/* --- keys --- */

static lk_sealed_field *next_field(sealing *s) {
	if (s->nfields == s->room) {
		s->room = s->room ? 2 * s->room : 256;
		s->fields = lk_realloc(s->fields, (size_t)s->room * sizeof *s->fields);
	}
	return &s->fields[s->nfields++];
}

typedef struct answers {
	lk_frames *frames;
	int first;
} answers;

static int answer(void *ctx, int i, const void *bytes, size_t len) {
	const answers *a = ctx;
	return lk_frames_answer(a->frames, a->first + i, bytes, len);
}

static int ask(sealing *s, const lk_frames_field *asks, int n, int64_t from, lk_error *err) {
	int rc = LK_OK;
	s->nfields = 0;
	for (int i = 0; i < n; i++)
		*next_field(s) = (lk_sealed_field){.name = asks[i].name, .name_len = asks[i].name_len};
	for (int i = 0; rc == LK_OK && i < n; i += READ_FIELDS) {
		answers a = {s->frames, i};
		const lk_sealed_call c = {s->copy->log, s->part, from, s->fields + i, n - i < READ_FIELDS ? n - i : READ_FIELDS};
		rc = lk_sealed_fields(s->pg, &c, answer, &a, err);
	}
	return rc;
}

static int read_keys(sealing *s, int64_t from, lk_error *err) {
	const lk_frames_field *asks;
	lk_eval eval = {.arena = &s->bytes};
	for (int i = 0; i < s->nwaiting; i++)
		lk_frames_want(s->frames, s->waiting[i], &eval);
	lk_arena_clear(&s->bytes);
	int rc = LK_OK;
	for (int n; rc == LK_OK && (n = lk_frames_asks(s->frames, &asks)) > 0;)
		rc = ask(s, asks, n, from, err);
	return rc;
}

static void add_fields(sealing *s) {
	const lk_sealed_call c = {s->copy->log, s->part, s->at, s->fields, s->nfields};
	if (s->rc == LK_OK && s->nfields)
		s->rc = lk_sealed_add(s->pg, &c, s->err);
	s->written += s->nfields;
	s->nfields = 0;
	lk_arena_clear(&s->bytes);
}

/* A field that is no longer needed stays: nobody asks for it before it is written again. */
static void take_change(void *ctx, const lk_frames_field *f) {
	sealing *s = ctx;
	if (!f->bytes)
		return;
	*next_field(s) = (lk_sealed_field){lk_arena_strndup(&s->bytes, (const char *)f->name, f->name_len),
	                                   lk_arena_strndup(&s->bytes, (const char *)f->bytes, f->len), f->name_len, f->len};
	if (s->nfields >= ADD_FIELDS || s->bytes.used_bytes >= MOST_BYTES / 4)
		add_fields(s);
}

static int write_keys(sealing *s, lk_error *err) {
	s->rc = LK_OK;
	s->err = err;
	s->nfields = 0;
	lk_frames_changes(s->frames, take_change, s);
	add_fields(s);
	lk_frames_trim(s->frames, MOST_BYTES / 2);
	return s->rc;
}

/* --- a partition --- */

static void fold(sealing *s) {
	lk_arena texts = {.small = true};
	lk_eval eval = {.arena = &texts};
	for (int i = 0; i < s->nwaiting; i++) {
		lk_frames_step(s->frames, s->waiting[i], &eval);
		lk_arena_clear(&texts);
	}
	lk_arena_release(&texts);
}

static int fold_chunk(sealing *s, int64_t from, int64_t to, lk_error *err) {
	int rc = read_chunk(s, from, to, err);
	if (rc == LK_OK)
		rc = read_keys(s, from, err);
	if (rc == LK_OK)
		fold(s);
	s->at = to;
	return rc;
}

static int fold_range(sealing *s, const lk_sealed *former, int64_t end, lk_error *err) {
	int rc = LK_OK;
	for (int64_t from = former->off, to; rc == LK_OK && from < end; from = to) {
		to = end - from > CHUNK_EVENTS ? from + CHUNK_EVENTS : end;
		rc = fold_chunk(s, from, to, err);
		if (rc == LK_OK && (to == end || lk_frames_bytes(s->frames) > MOST_BYTES))
			rc = write_keys(s, err);
	}
	return rc == LK_OK ? lk_sealed_move(s->pg, s->copy->log, s->part, former, end, err) : rc;
}

static int seal_partition(sealing *s, int64_t *events, lk_error *err) {
	lk_sealed former;
	lk_derived_position made;
	lk_frames_clear(s->frames);
	int rc = lk_sealed_read(s->pg, s->copy->log, s->part, &former, err);
	if (rc == LK_OK)
		rc = lk_derived_position_read(s->pg, s->copy->log, s->copy->version->reads, s->part, &made, err);
	if (rc != LK_OK || made.off <= former.off)
		return rc;
	rc = lk_publish_begin(s->pg, err);
	if (rc == LK_OK)
		rc = fold_range(s, &former, made.off, err);
	LK_CRASH_POINT("state.sealed");
	if (rc == LK_OK)
		rc = lk_pg_run(s->pg, err, "COMMIT");
	if (rc != LK_OK)
		lk_pg_rollback(s->pg);
	*events += rc == LK_OK ? made.off - former.off : 0;
	return rc;
}

/* --- all of them --- */

static void init(sealing *s, lk_pg *pg, const lk_cat_copy *copy) {
	const lk_plan *p = copy->version->plan;
	*s = (sealing){.pg = pg, .copy = copy, .plan = p};
	lk_event_rows_init(&s->rows, p);
	s->frames = lk_frames_new(&p->overs);
	s->row = lk_calloc((size_t)p->nslots, sizeof *s->row);
	s->waiting = lk_calloc(CHUNK_EVENTS, sizeof *s->waiting);
	s->events = (lk_log_events){.pg = pg, .plan = p, .in_order = true, .row = s->row, .take = take_event, .ctx = s};
	lk_log_events_begin(&s->events);
	for (int i = 0; i < p->nslots; i++)
		s->row[i] = lk_null();
}

static void release(sealing *s) {
	lk_event_rows_release(&s->rows);
	lk_frames_free(s->frames);
	lk_arena_release(&s->values);
	lk_arena_release(&s->bytes);
	lk_log_events_end(&s->events);
	free(s->row);
	free(s->waiting);
	free(s->fields);
}

int lk_seal_state(lk_pg *pg, const lk_cat_copy *copy, lk_batch_report *out, lk_error *err) {
	int64_t began = lk_monotonic_us();
	sealing s;
	*out = (lk_batch_report){.copy_id = copy->id, .folded = true};
	int rc = lk_pg_try_lock(pg, copy->id, err);
	if (rc != LK_OK)
		return rc == LK_EBUSY ? lk_fail(err, rc, "the state of stream %s is being sealed by another process", copy->log->stream->name) : rc;
	init(&s, pg, copy);
	for (s.part = 0; rc == LK_OK && s.part < copy->version->reads->stream->partitions; s.part++)
		rc = seal_partition(&s, &out->events, err);
	lk_pg_unlock(pg, copy->id, NULL);
	out->cells = s.written;
	out->nothing_new = rc == LK_OK && out->events == 0;
	out->seconds = (double)(lk_monotonic_us() - began) / LK_US_PER_S;
	release(&s);
	return rc;
}
