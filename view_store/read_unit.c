/* Reading a unit: its meta and its open segment at one instant (P3).
 *
 * The open segment is written while readers look at it, so its cells and the cursor they belong to come from one
 * transaction. Its owner closes it when it has grown to some megabytes (speed_layer/stream_path.c), which bounds how
 * long Redis is blocked by the call. Only meta tells the segment's key and the fields that a filter asks for (one per
 * key and pane). So meta is read first, then meta again together with the cells that it asks for. If the second meta
 * asks for something else, the call is repeated with that one. */
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
		v->rc = lk_merge_cell(v->s, v->key, v->into, field->data, field->len, value, v->err);
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

static void put_call(lk_store *s, int64_t unit, const call *c) {
	lk_redis *r = &s->redis;
	lk_redis_begin(r, 1);
	lk_redis_args(r, "MULTI");
	lk_redis_more(r, 2);
	lk_redis_args(r, "HGETALL");
	lk_redis_args(r, lk_unit_key(s, unit));
	lk_redis_more(r, 2 + (c->by_field ? (int)c->panes.n * c->f->nkeys : 0));
	lk_redis_args(r, c->by_field ? "HMGET" : "HGETALL");
	lk_redis_args(r, lk_segment_key(s, unit, c->open.from, c->open.token));
	if (c->by_field)
		lk_each_field(&s->work, c->f, c->panes, use_as_argument, r);
	lk_redis_more(r, 1);
	lk_redis_args(r, "EXEC");
}

static int merge_call(lk_store *s, int64_t unit, const call *c, const redisReply *cells, lk_cells *open, lk_error *err) {
	const char *key = lk_segment_key(s, unit, c->open.from, c->open.token);
	size_t want = c->by_field ? (size_t)c->panes.n * (size_t)c->f->nkeys : cells->elements & ~(size_t)1;
	if (cells->type != REDIS_REPLY_ARRAY || cells->elements != want)
		return lk_redis_unexpected(&s->redis, "reading a segment", err);
	if (!c->by_field)
		return lk_merge_pairs(s, key, c->f, cells, open, err);
	values v = {.s = s, .key = key, .reply = cells, .into = open, .err = err};
	lk_each_field(&s->work, c->f, c->panes, use_value, &v);
	return v.rc;
}

/* True if this meta asks for the same cells as the earlier one that `c` was made from. */
static bool still_good(const call *c, const call *now) {
	return c->open.from == now->open.from && c->open.token == now->open.token &&
	       (!c->by_field || (c->panes.first == now->panes.first && c->panes.n == now->panes.n));
}

/* Meta and the cells that `c` asks for. 2: meta has changed, and *c is now what it asks for. */
static int read_both(lk_store *s, int64_t unit, call *c, lk_unit_state *out, lk_cells *open, lk_error *err) {
	put_call(s, unit, c);
	redisReply *reply = NULL;
	int rc = lk_redis_send(&s->redis, err);
	if (rc == LK_OK)
		rc = lk_redis_exec(&s->redis, 2, &reply, err);
	if (rc == 1 || (rc == LK_OK && reply->elements != 2))
		rc = lk_redis_unexpected(&s->redis, "EXEC", err);
	if (rc == LK_OK)
		rc = lk_unit_parse(s, unit, reply->element[0], out, err);
	call now;
	if (rc == LK_OK && plan_call(out, c->f, &now)) {
		rc = still_good(c, &now) ? merge_call(s, unit, c, reply->element[1], open, err) : 2;
		*c = now;
	}
	if (rc != LK_OK)
		lk_unit_state_release(out);
	freeReplyObject(reply);
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
	for (int i = -1; rc == LK_OK && i < u.nsegments; i++) {
		const lk_segment *g = i < 0 ? NULL : &u.segments[i];
		redisReply *reply;
		lk_redis_begin(&s->redis, 3);
		lk_redis_args(&s->redis, "MEMORY");
		lk_redis_args(&s->redis, "USAGE");
		lk_redis_args(&s->redis, g ? lk_segment_key(s, unit, g->from, g->token) : lk_unit_key(s, unit));
		rc = lk_redis_call(&s->redis, &reply, err);
		if (rc == LK_OK && reply->type == REDIS_REPLY_INTEGER)
			*bytes += reply->integer;
		freeReplyObject(reply);
	}
	lk_unit_state_release(&u);
	return rc;
}
