/* Reading a unit: its meta and its open segment at one instant (P3).
 *
 * The open segment is written while readers look at it, so its cells and the cursor they belong to come from one
 * transaction. Its owner closes it when it has grown to some megabytes (speed_layer/stream_path.c), which bounds how
 * long Redis is blocked by the call. Only meta tells the segment's key and the fields that a filter asks for (one per
 * key and pane). So meta is read first, then meta again together with the cells that it asks for. If the second meta
 * asks for something else, the call is repeated with that one.
 *
 * A server above its maxmemory refuses the transaction. Then both are read one after the other, and WATCH shows whether
 * either has changed in between. So a reader needs no memory in Redis. */
#include <string.h>

#include "view_store/cell_filter.h"

/* The call is repeated if the unit changed hands or began a segment within one round trip: 100 times in a row is no
 * coincidence. */
enum { TRIES = 100 };

static int read_meta(lk_store *s, int64_t unit, lk_unit_state *out, lk_error *err) {
	redisReply *reply;
	lk_redis_begin(&s->redis, 2);
	lk_redis_args(&s->redis, "HGETALL");
	lk_redis_args(&s->redis, lk_unit_key(s, unit));
	int rc = lk_redis_call(&s->redis, &reply, err);
	if (rc == LK_OK)
		rc = lk_unit_parse(s, unit, reply, out, err);
	freeReplyObject(reply);
	return rc;
}

static const lk_segment *open_of(const lk_unit_state *u) {
	for (int i = 0; i < u->nsegments; i++)
		if (u->segments[i].open)
			return &u->segments[i];
	return NULL;
}

typedef struct values {      /* of the requested fields, in order */
	lk_store *s;
	const char *key;
	const redisReply *reply;
	size_t at;
	lk_cells *into;
	int rc;
	lk_error *err;
} values;

static void use_value(void *ctx, const lk_buf *field) {
	values *v = ctx;
	const redisReply *value = v->reply->element[v->at++];
	if (v->rc == LK_OK && value->type != REDIS_REPLY_NIL)
		v->rc = lk_merge_cell(&(lk_cell_source){v->s, v->key, v->into}, field->data, field->len, value, v->err);
}

static void use_as_argument(void *ctx, const lk_buf *field) { lk_redis_arg(ctx, field->data, field->len); }

/* What to read of the open segment. */
typedef struct call {
	const lk_cell_filter *f;
	lk_segment open;
	lk_panes panes;
	bool by_field;
} call;

/* False if there is nothing to read. */
static bool plan_call(const lk_unit_state *u, const lk_cell_filter *f, call *out) {
	const lk_segment *open = open_of(u);
	if (!open || open->cells == 0)
		return false;
	*out = (call){.f = f, .open = *open};
	if (f)
		out->panes = lk_panes_wanted(f, open);
	out->by_field = lk_by_field(f, out->panes, open->cells);
	return !f || out->panes.n > 0;
}

static void put_word(lk_redis *r, const char *word) {
	lk_redis_more(r, 1);
	lk_redis_args(r, word);
}

static void put_reads(lk_store *s, int64_t unit, const call *c) {
	lk_redis *r = &s->redis;
	lk_redis_more(r, 2);
	lk_redis_args(r, "HGETALL");
	lk_redis_args(r, lk_unit_key(s, unit));
	lk_redis_more(r, 2 + (c->by_field ? (int)c->panes.n * c->f->nkeys : 0));
	lk_redis_args(r, c->by_field ? "HMGET" : "HGETALL");
	lk_redis_args(r, lk_segment_key(s, unit, c->open.from, c->open.token));
	if (c->by_field)
		lk_each_field(&s->work, c->f, c->panes, use_as_argument, r);
}

/* What the two reads gave. */
typedef struct both {
	redisReply *meta, *cells;
	redisReply *exec;          /* owns them, where a transaction gave them */
} both;

static void release_both(both *b) {
	if (!b->exec) {
		freeReplyObject(b->meta);
		freeReplyObject(b->cells);
	}
	freeReplyObject(b->exec);
	*b = (both){0};
}

static int call_transaction(lk_store *s, int64_t unit, const call *c, both *out, lk_error *err) {
	lk_redis *r = &s->redis;
	lk_buf_clear(&r->out);
	put_word(r, "MULTI");
	put_reads(s, unit, c);
	put_word(r, "EXEC");
	int rc = lk_redis_send(r, err);
	if (rc == LK_OK)
		rc = lk_redis_exec(r, 2, &out->exec, err);
	if (rc == 1 || (rc == LK_OK && out->exec->elements != 2))
		rc = lk_redis_unexpected(r, "EXEC", err);
	if (rc == LK_OK) {
		out->meta = out->exec->element[0];
		out->cells = out->exec->element[1];
	}
	return rc;
}

/* The same for a server above its maxmemory, which refuses every command after MULTI, also reads. So the reads are sent
 * without MULTI, and an empty transaction shows whether either key has changed since WATCH. 2: it has. */
static int call_watched(lk_store *s, int64_t unit, const call *c, both *out, lk_error *err) {
	lk_redis *r = &s->redis;
	redisReply *watched = NULL;
	lk_redis_begin(r, 3);
	lk_redis_args(r, "WATCH");
	lk_redis_args(r, lk_unit_key(s, unit));
	lk_redis_args(r, lk_segment_key(s, unit, c->open.from, c->open.token));
	put_reads(s, unit, c);
	put_word(r, "MULTI");
	put_word(r, "EXEC");
	redisReply **const replies[] = {&watched, &out->meta, &out->cells};
	int rc = lk_redis_send(r, err);
	for (int i = 0; i < 3 && !r->broken; i++) {
		int got = lk_redis_reply(r, replies[i], rc == LK_OK ? err : NULL);
		rc = rc == LK_OK ? got : rc;
	}
	freeReplyObject(watched);
	if (r->broken)
		return rc;
	redisReply *exec = NULL;
	int got = lk_redis_exec(r, 0, &exec, rc == LK_OK ? err : NULL);
	freeReplyObject(exec);
	return rc != LK_OK ? rc : got == 1 ? 2 : got;
}

static int merge_call(lk_store *s, int64_t unit, const call *c, const redisReply *cells, lk_cells *open, lk_error *err) {
	const char *key = lk_segment_key(s, unit, c->open.from, c->open.token);
	size_t want = c->by_field ? (size_t)c->panes.n * (size_t)c->f->nkeys : cells->elements & ~(size_t)1;
	if (cells->type != REDIS_REPLY_ARRAY || cells->elements != want)
		return lk_redis_unexpected(&s->redis, "reading a segment", err);
	if (!c->by_field)
		return lk_merge_pairs(&(lk_cell_source){s, key, open}, c->f, cells, err);
	values v = {.s = s, .key = key, .reply = cells, .into = open, .err = err};
	lk_each_field(&s->work, c->f, c->panes, use_value, &v);
	return v.rc;
}

/* True if this meta asks for the same cells as the earlier one that `c` was made from. */
static bool still_good(const call *c, const call *now) {
	return c->open.from == now->open.from && c->open.token == now->open.token &&
	       (!c->by_field || (c->panes.first == now->panes.first && c->panes.n == now->panes.n));
}

/* Meta and the cells that `c` asks for, at one instant. 2: not at one instant, or meta has changed and now asks for
 * other cells; *c is set to those. */
static int read_both(lk_store *s, int64_t unit, call *c, lk_unit_state *out, lk_cells *open, lk_error *err) {
	both got = {0};
	call now;
	lk_error full = {0};
	int rc = call_transaction(s, unit, c, &got, &full);
	if (rc == LK_EFULL)
		rc = call_watched(s, unit, c, &got, err);
	else if (rc != LK_OK && err)
		*err = full;
	if (rc == LK_OK)
		rc = lk_unit_parse(s, unit, got.meta, out, err);
	if (rc == LK_OK && plan_call(out, c->f, &now)) {
		rc = still_good(c, &now) ? merge_call(s, unit, c, got.cells, open, err) : 2;
		*c = now;
	}
	if (rc != LK_OK)
		lk_unit_state_release(out);
	release_both(&got);
	return rc;
}

int lk_store_read_unit(lk_store *s, int64_t unit, const lk_cell_filter *f, lk_unit_state *out, lk_cells *open,
                       lk_error *err) {
	*out = (lk_unit_state){0};
	call c;
	int rc = lk_store_idle(s, err);
	if (rc == LK_OK)
		rc = read_meta(s, unit, out, err);
	if (rc != LK_OK || !open || !plan_call(out, f, &c))
		return rc;
	rc = 2;
	for (int i = 0; rc == 2 && i < TRIES; i++) {
		lk_unit_state_release(out);
		rc = read_both(s, unit, &c, out, open, err);
	}
	return rc == 2 ? lk_fail(err, LK_EBUSY, "unit %lld changes hands too often to be read", (long long)unit) : rc;
}

int lk_store_unit_bytes(lk_store *s, int64_t unit, int64_t *bytes, lk_error *err) {
	lk_unit_state u;
	*bytes = 0;
	int rc = lk_store_idle(s, err);
	if (rc == LK_OK)
		rc = read_meta(s, unit, &u, err);
	if (rc != LK_OK)
		return rc == 1 ? LK_OK : rc;
	for (int i = -2; rc == LK_OK && i < u.nsegments; i++) {
		const lk_segment *g = i < 0 ? NULL : &u.segments[i];
		redisReply *reply;
		lk_redis_begin(&s->redis, 3);
		lk_redis_args(&s->redis, "MEMORY");
		lk_redis_args(&s->redis, "USAGE");
		lk_redis_args(&s->redis, g ? lk_segment_key(s, unit, g->from, g->token) : i == -1 ? lk_unit_key(s, unit) : lk_state_key(s, unit));
		rc = lk_redis_call(&s->redis, &reply, err);
		if (rc == LK_OK && reply->type == REDIS_REPLY_INTEGER)
			*bytes += reply->integer;
		freeReplyObject(reply);
	}
	lk_unit_state_release(&u);
	return rc;
}
