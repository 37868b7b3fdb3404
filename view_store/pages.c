#include "view_store/pages.h"

#include <stdlib.h>
#include <string.h>

/* If nothing is known of a segment's bytes, the first page is small and shows what to expect. */
enum { FIRST_CELLS = 16 };

void lk_pages_begin(lk_pages *p, lk_store *s, int64_t unit, const lk_segment *g) {
	*p = (lk_pages){.s = s, .cursor = "0", .listed_cells = g->cells, .listed_bytes = g->bytes};
	p->key = lk_strdup(lk_segment_key(s, unit, g->from, g->token));
	p->whole = g->bytes >= 0 && g->bytes <= LK_CALL_BYTES && g->cells <= LK_CALL_CELLS;
}

void lk_pages_end(lk_pages *p) {
	freeReplyObject(p->reply);
	free(p->key);
	*p = (lk_pages){0};
}

/* How many cells a page may have, by the average size of a cell. */
static int64_t page_cells(const lk_pages *p) {
	int64_t cells = p->listed_bytes >= 0 ? p->listed_cells : p->cells;
	int64_t bytes = p->listed_bytes >= 0 ? p->listed_bytes : p->bytes;
	int64_t n = cells > 0 ? (int64_t)((double)LK_CALL_BYTES / ((double)bytes / (double)cells + 1)) : FIRST_CELLS;
	return n < 1 ? 1 : n > LK_CALL_CELLS ? LK_CALL_CELLS : n;
}

static void put_call(lk_pages *p) {
	lk_redis *r = &p->s->redis;
	lk_redis_begin(r, p->whole ? 2 : 5);
	lk_redis_args(r, p->whole ? "HGETALL" : "HSCAN");
	lk_redis_args(r, p->key);
	if (p->whole)
		return;
	lk_redis_args(r, p->cursor);
	lk_redis_args(r, "COUNT");
	lk_redis_argi(r, page_cells(p));
}

/* The pairs of the reply, or NULL if it has another shape. Moves the cursor. */
static const redisReply *pairs_of(lk_pages *p) {
	const redisReply *r = p->reply;
	if (r->type != REDIS_REPLY_ARRAY)
		return NULL;
	if (p->whole)
		return r;
	if (r->elements != 2 || r->element[0]->type != REDIS_REPLY_STRING || r->element[0]->len >= sizeof p->cursor)
		return NULL;
	memcpy(p->cursor, r->element[0]->str, r->element[0]->len + 1);
	return r->element[1]->type == REDIS_REPLY_ARRAY ? r->element[1] : NULL;
}

int lk_pages_next(lk_pages *p, const redisReply **pairs, lk_error *err) {
	if (p->begun && (p->whole || strcmp(p->cursor, "0") == 0))
		return 1;
	p->begun = true;
	freeReplyObject(p->reply);
	put_call(p);
	int rc = lk_redis_call(&p->s->redis, &p->reply, err);
	if (rc != LK_OK)
		return rc;
	if (!(*pairs = pairs_of(p)))
		return lk_redis_unexpected(&p->s->redis, p->whole ? "HGETALL" : "HSCAN", err);
	p->cells += (int64_t)(*pairs)->elements / 2;
	for (size_t i = 0; i < (*pairs)->elements; i++)
		p->bytes += (int64_t)(*pairs)->element[i]->len;
	return LK_OK;
}

/* --- field by field --- */

/* One call for the fields [first, first + n). */
static int ask(lk_store *s, const lk_ask *a, int first, int n, lk_error *err) {
	lk_redis_begin(&s->redis, 2 + n);
	lk_redis_args(&s->redis, "HMGET");
	lk_redis_args(&s->redis, a->key);
	for (int i = first; i < first + n; i++)
		lk_redis_arg(&s->redis, a->fields[i].p, a->fields[i].len);
	redisReply *reply;
	int rc = lk_redis_call(&s->redis, &reply, err);
	if (rc == LK_OK && (reply->type != REDIS_REPLY_ARRAY || reply->elements != (size_t)n))
		rc = lk_redis_unexpected(&s->redis, "HMGET", err);
	if (rc == LK_OK)
		rc = a->use(a->ctx, first, reply, err);
	freeReplyObject(reply);
	return rc;
}

int lk_ask_lengths(lk_store *s, const char *key, const lk_field *fields, int n, int64_t *lengths, lk_error *err) {
	lk_buf_clear(&s->redis.out);
	for (int i = 0; i < n; i++) {
		lk_redis_more(&s->redis, 3);
		lk_redis_args(&s->redis, "HSTRLEN");
		lk_redis_args(&s->redis, key);
		lk_redis_arg(&s->redis, fields[i].p, fields[i].len);
	}
	int rc = lk_redis_send(&s->redis, err);
	for (int i = 0; i < n && !s->redis.broken; i++) {   /* all replies are read, even after a refusal */
		redisReply *reply;
		int got = lk_redis_reply(&s->redis, &reply, err);
		lengths[i] = got == LK_OK ? reply->integer : 0;
		rc = rc == LK_OK ? got : rc;
		freeReplyObject(reply);
	}
	return rc;
}

static int ask_by_length(lk_store *s, const lk_ask *a, lk_error *err) {
	int64_t *lengths = lk_malloc((size_t)a->n * sizeof *lengths);
	int rc = lk_ask_lengths(s, a->key, a->fields, a->n, lengths, err);
	for (int first = 0, end; rc == LK_OK && first < a->n; first = end) {
		int64_t bytes = lengths[first];
		for (end = first + 1; end < a->n && bytes + lengths[end] <= LK_CALL_BYTES; end++)
			bytes += lengths[end];
		rc = ask(s, a, first, end - first, err);
	}
	free(lengths);
	return rc;
}

int lk_ask_fields(lk_store *s, const lk_ask *a, lk_error *err) {
	if (a->n == 0)
		return LK_OK;
	return a->n == 1 || a->most <= LK_CALL_BYTES / a->n ? ask(s, a, 0, a->n, err) : ask_by_length(s, a, err);
}
