/* Encoding a batch: no connection, no lock.
 *
 * A partition's events are binary COPY tuples in one buffer, (part, off, _at, columns…). Offset and _at are known only
 * under the lock, so they are holes of eight bytes at a fixed place in each tuple, filled in place. Filling twice is
 * harmless: a batch that was rolled back is appended again as it is. */
#include "event_log/append_private.h"

#include <stdlib.h>
#include <string.h>

#include "core/key.h"
#include "core/time.h"
#include "postgres/binary.h"

enum {
	LEADING_FIELDS = 3,      /* part, off, _at */
	OFF_HOLE = 2 + 8 + 4,    /* from the tuple's begin: count of fields, part with its length, length of off */
	AT_HOLE = OFF_HOLE + 8 + 4,
	REJECT_BYTES = 1000,
};

lk_append_batch *lk_append_batch_new(const lk_cat_stream *s) {
	lk_append_batch *b = lk_calloc(1, sizeof *b);
	b->stream = s;
	b->parts = lk_calloc((size_t)s->stream->partitions, sizeof *b->parts);
	lk_append_batch_clear(b);
	return b;
}

void lk_append_batch_clear(lk_append_batch *b) {
	for (int p = 0; p < b->stream->stream->partitions; p++) {
		lk_buf_clear(&b->parts[p].tuples);
		b->parts[p].n = 0;
		b->parts[p].max_ts = LK_NEVER;
	}
	b->nevents = b->nrejects = b->event_bytes = 0;
	lk_arena_clear(&b->texts);
}

void lk_append_batch_free(lk_append_batch *b) {
	if (!b)
		return;
	for (int p = 0; p < b->stream->stream->partitions; p++) {
		lk_buf_release(&b->parts[p].tuples);
		free(b->parts[p].begins);
	}
	free(b->parts);
	free(b->rejects);
	lk_arena_release(&b->texts);
	lk_buf_release(&b->sql);
	lk_buf_release(&b->reject_rows);
	free(b);
}

size_t lk_append_batch_events(const lk_append_batch *b) { return b->nevents; }
size_t lk_append_batch_rejects(const lk_append_batch *b) { return b->nrejects; }

size_t lk_append_batch_bytes(const lk_append_batch *b) {
	return b->event_bytes + b->texts.used_bytes;
}

int lk_append_batch_add(lk_append_batch *b, const lk_value *row, const char **reason) {
	const lk_stream *s = b->stream->stream;
	const lk_value *ts = &row[s->schema.event_time];
	if (lk_is_null(ts)) {
		*reason = "no event time";
		return -1;
	}
	int part = lk_partition_of(s->schema.columns[s->partition_by].type, &row[s->partition_by], s->partitions);
	struct lk_append_part *p = &b->parts[part];
	if (p->n == p->cap) {
		p->cap = p->cap ? 2 * p->cap : 1024;
		p->begins = lk_realloc(p->begins, p->cap * sizeof *p->begins);
	}
	p->begins[p->n++] = p->tuples.len;
	lk_copy_row(&p->tuples, LEADING_FIELDS + s->schema.ncolumns);
	lk_copy_int4(&p->tuples, part);
	lk_copy_int8(&p->tuples, 0);
	lk_copy_int8(&p->tuples, 0);
	for (int i = 0; i < s->schema.ncolumns; i++)
		lk_copy_value(&p->tuples, s->schema.columns[i].type, &row[i]);
	b->last.part = part;
	b->last.max_ts = p->max_ts;
	if (ts->i > p->max_ts)
		p->max_ts = ts->i;
	b->event_bytes += p->tuples.len - p->begins[p->n - 1];
	b->nevents++;
	return 0;
}

void lk_append_batch_take_back(lk_append_batch *b) {
	struct lk_append_part *p = &b->parts[b->last.part];
	size_t begin = p->begins[--p->n];
	b->event_bytes -= p->tuples.len - begin;
	p->tuples.len = begin;
	p->max_ts = b->last.max_ts;
	b->nevents--;
}

/* Length of the valid UTF-8 character at s (not NUL), 0 if there is none. */
static size_t character(const char *s, size_t len) {
	for (size_t n = 1; n <= 4 && n <= len; n++)
		if (*s && lk_utf8_valid(s, n))
			return n;
	return 0;
}

/* At most REJECT_BYTES of valid UTF-8 without NUL; '?' replaces each invalid byte. */
static char *clean(lk_arena *a, const char *s, size_t len) {
	char *out = lk_arena_alloc(a, REJECT_BYTES + 1);
	size_t used = 0;
	for (size_t i = 0; i < len; ) {
		size_t n = character(s + i, len - i);
		if (used + (n ? n : 1) > REJECT_BYTES)
			break;
		if (n)
			memcpy(out + used, s + i, n);
		else
			out[used] = '?';
		used += n ? n : 1;
		i += n ? n : 1;
	}
	out[used] = '\0';
	return out;
}

void lk_append_batch_reject(lk_append_batch *b, int64_t position, const char *reason, const char *content, size_t len) {
	if (b->nrejects == b->reject_cap) {
		b->reject_cap = b->reject_cap ? 2 * b->reject_cap : 64;
		b->rejects = lk_realloc(b->rejects, b->reject_cap * sizeof *b->rejects);
	}
	b->rejects[b->nrejects++] = (struct lk_append_reject){position, clean(&b->texts, reason, strlen(reason)), clean(&b->texts, content, len)};
}

void lk_append_fill(struct lk_append_part *p) {
	uint64_t at = __builtin_bswap64((uint64_t)(p->at - LK_PG_EPOCH_US));
	for (size_t i = 0; i < p->n; i++) {
		char *tuple = p->tuples.data + p->begins[i];
		uint64_t off = __builtin_bswap64((uint64_t)p->first_off + i);
		memcpy(tuple + OFF_HOLE, &off, 8);
		memcpy(tuple + AT_HOLE, &at, 8);
	}
}

void lk_append_encode_rejects(lk_append_batch *b, const char *source) {
	const lk_type text = {.kind = LK_TEXT};
	lk_value label = lk_text(source, strlen(source));
	lk_buf_clear(&b->reject_rows);
	for (size_t i = 0; i < b->nrejects; i++) {
		const struct lk_append_reject *r = &b->rejects[i];
		lk_value reason = lk_text(r->reason, strlen(r->reason)), content = lk_text(r->content, strlen(r->content));
		lk_copy_row(&b->reject_rows, 5);
		lk_copy_int8(&b->reject_rows, b->stream->id);
		lk_copy_value(&b->reject_rows, text, &label);
		lk_copy_int8(&b->reject_rows, r->position);
		lk_copy_value(&b->reject_rows, text, &reason);
		lk_copy_value(&b->reject_rows, text, &content);
	}
}
