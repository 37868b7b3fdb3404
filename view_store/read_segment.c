/* Reading a closed segment. It never changes; it may only go away as a whole.
 *
 * Field by field where the filter names keys, else in pages by HSCAN where it is large. The number of cells read must
 * be the number it has: that shows at once that it went away half-way, and that HSCAN (which may give a field twice)
 * gave each field once. So a page is merged only after the last one has come. */
#include <stdlib.h>
#include <string.h>

#include "view_store/cell_filter.h"

enum { FIELDS_A_CALL = 1000 };

typedef struct request {
	lk_store *s;
	const char *key;
	int64_t left;        /* fields that no call has yet */
	int in_call;         /* fields that the current call still takes */
} request;

static void use_in_pipeline(void *ctx, const lk_buf *field) {
	request *q = ctx;
	if (q->in_call == 0) {
		q->in_call = q->left < FIELDS_A_CALL ? (int)q->left : FIELDS_A_CALL;
		lk_redis_more(&q->s->redis, 2 + q->in_call);
		lk_redis_args(&q->s->redis, "HMGET");
		lk_redis_args(&q->s->redis, q->key);
	}
	lk_redis_arg(&q->s->redis, field->data, field->len);
	q->in_call--;
	q->left--;
}

typedef struct stream {      /* of values, from one reply after the other */
	lk_store *s;
	const char *key;
	redisReply *reply;
	size_t at;
	lk_cells *into;
	int64_t found;
	int rc;
	lk_error *err;
} stream;

static void use_streamed(void *ctx, const lk_buf *field) {
	stream *v = ctx;
	if (v->rc == LK_OK && (!v->reply || v->at == v->reply->elements)) {
		freeReplyObject(v->reply);
		v->at = 0;
		v->rc = lk_redis_reply(&v->s->redis, &v->reply, v->err);
		if (v->rc == LK_OK && (v->reply->type != REDIS_REPLY_ARRAY || v->reply->elements == 0))
			v->rc = lk_redis_unexpected(&v->s->redis, "HMGET", v->err);
	}
	if (v->rc != LK_OK)
		return;
	const redisReply *value = v->reply->element[v->at++];
	if (value->type == REDIS_REPLY_NIL)
		return;
	v->found++;
	v->rc = lk_merge_cell(v->s, v->key, v->into, field->data, field->len, value, v->err);
}

/* HMGETs and an EXISTS behind them, in one go: a key that is there at the end was there all the time. */
static int read_segment_fields(lk_store *s, const char *key, const lk_cell_filter *f, lk_panes p, lk_cells *into,
                               lk_error *err) {
	lk_buf field = LK_BUF_INIT;
	request q = {.s = s, .key = key, .left = p.n * f->nkeys};
	lk_buf_clear(&s->redis.out);
	lk_each_field(&field, f, p, use_in_pipeline, &q);
	lk_redis_more(&s->redis, 2);
	lk_redis_args(&s->redis, "EXISTS");
	lk_redis_args(&s->redis, key);
	stream v = {.s = s, .key = key, .into = into, .err = err};
	v.rc = lk_redis_send(&s->redis, err);
	if (v.rc == LK_OK)
		lk_each_field(&field, f, p, use_streamed, &v);
	freeReplyObject(v.reply);
	lk_buf_release(&field);
	redisReply *exists = NULL;
	if (v.rc == LK_OK)
		v.rc = lk_redis_reply(&s->redis, &exists, err);
	else
		s->redis.broken = true;   /* replies that nobody reads are under way */
	if (v.rc == LK_OK && exists->integer == 0)
		v.rc = 1;
	freeReplyObject(exists);
	return v.rc;
}

typedef struct pages {
	redisReply **items;
	size_t n;
	int64_t cells;
} pages;

static void pages_release(pages *p) {
	for (size_t i = 0; i < p->n; i++)
		freeReplyObject(p->items[i]);
	free(p->items);
	*p = (pages){0};
}

static void pages_add(pages *p, redisReply *page, const redisReply *pairs) {
	p->items = lk_realloc(p->items, (p->n + 1) * sizeof *p->items);
	p->items[p->n++] = page;
	p->cells += (int64_t)pairs->elements / 2;
}

static int read_page(lk_store *s, const char *key, char cursor[32], pages *p, lk_error *err) {
	lk_redis_begin(&s->redis, 5);
	lk_redis_args(&s->redis, "HSCAN");
	lk_redis_args(&s->redis, key);
	lk_redis_args(&s->redis, cursor);
	lk_redis_args(&s->redis, "COUNT");
	lk_redis_argi(&s->redis, LK_SCAN_CELLS);
	redisReply *reply;
	int rc = lk_redis_call(&s->redis, &reply, err);
	if (rc != LK_OK)
		return rc;
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->len > 31) {
		freeReplyObject(reply);
		return lk_redis_unexpected(&s->redis, "HSCAN", err);
	}
	memcpy(cursor, reply->element[0]->str, reply->element[0]->len + 1);
	pages_add(p, reply, reply->element[1]);
	return LK_OK;
}

static int read_pages(lk_store *s, const char *key, pages *p, lk_error *err) {
	char cursor[32] = "0";
	int rc;
	do
		rc = read_page(s, key, cursor, p, err);
	while (rc == LK_OK && strcmp(cursor, "0") != 0);
	return rc;
}

static int read_at_once(lk_store *s, const char *key, redisReply **reply, lk_error *err) {
	lk_redis_begin(&s->redis, 2);
	lk_redis_args(&s->redis, "HGETALL");
	lk_redis_args(&s->redis, key);
	int rc = lk_redis_call(&s->redis, reply, err);
	if (rc == LK_OK && (*reply)->type != REDIS_REPLY_ARRAY)
		rc = lk_redis_unexpected(&s->redis, "HGETALL", err);
	return rc;
}

static int read_all(lk_store *s, const char *key, const lk_segment *g, const lk_cell_filter *f, lk_cells *into,
                    lk_error *err) {
	pages p = {0};
	redisReply *whole = NULL;
	int rc = g->cells > LK_WHOLE_CELLS ? read_pages(s, key, &p, err) : LK_OK;
	bool once = rc == LK_OK && p.cells != g->cells && (p.n == 0 || p.cells > g->cells);
	if (once)
		rc = read_at_once(s, key, &whole, err);
	int64_t cells = whole ? (int64_t)whole->elements / 2 : p.cells;
	if (rc == LK_OK && cells < g->cells)
		rc = 1;
	else if (rc == LK_OK && cells > g->cells)
		rc = lk_fail(err, LK_EINTERNAL, "Redis key %s holds more cells than its entry says", key);
	if (rc == LK_OK && whole)
		rc = lk_merge_pairs(s, key, f, whole, into, err);
	for (size_t i = 0; rc == LK_OK && !whole && i < p.n; i++)
		rc = lk_merge_pairs(s, key, f, p.items[i]->element[1], into, err);
	freeReplyObject(whole);
	pages_release(&p);
	return rc;
}

int lk_store_read_segment(lk_store *s, int64_t unit, const lk_segment *seg, const lk_cell_filter *f, lk_cells *into,
                          lk_error *err) {
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK || seg->cells == 0)
		return rc;
	lk_panes p = {0};
	if (f && (p = lk_panes_wanted(f, seg)).n == 0)
		return LK_OK;
	const char *key = lk_segment_key(s, unit, seg->from, seg->token);
	return lk_by_field(f, p, seg->cells) ? read_segment_fields(s, key, f, p, into, err)
	                                     : read_all(s, key, seg, f, into, err);
}
