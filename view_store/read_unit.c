/* Reading a unit: its meta and its open segment at one instant (P3, protocol section 3).
 *
 * The open segment is written while readers look, so its cells and the cursor they belong to come from one script. It
 * holds at most 100,000 cells (its owner closes it there), which bounds how long Redis stands still for it. Where the filter names
 * keys, only their fields are asked for: one per key and pane. Which panes there are is known from meta, so meta is read first
 * and the script asked with the fields that this one calls for; a segment that has grown beyond them in between is asked
 * again. Panes are 64-bit times, which Lua's numbers cannot hold, so that is decided here and not in the script. */
#include "view_store/cell_filter.h"

enum { TRIES = 4 };

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

static int run_read_unit(lk_store *s, int64_t unit, redisReply **reply, lk_unit_state *out, lk_error *err) {
	int rc = lk_redis_call(&s->redis, reply, err);
	if (rc == LK_OK && ((*reply)->type != REDIS_REPLY_ARRAY || (*reply)->elements < 1))
		rc = lk_redis_unexpected(&s->redis, "reading a unit", err);
	return rc == LK_OK ? lk_unit_parse(s, unit, (*reply)->element[0], out, err) : rc;
}

static int read_whole(lk_store *s, int64_t unit, const lk_cell_filter *f, lk_unit_state *out, lk_cells *open, lk_error *err) {
	redisReply *reply;
	lk_redis_script(&s->redis, LK_SCRIPT_READ_UNIT, lk_unit_key(s, unit), 0);
	int rc = run_read_unit(s, unit, &reply, out, err);
	if (rc == LK_OK && reply->elements == 2 && (rc = lk_merge_pairs(s, lk_unit_key(s, unit), f, reply->element[1], open, err)) != LK_OK)
		lk_unit_state_release(out);
	freeReplyObject(reply);
	return rc;
}

typedef struct values {      /* of the fields that were asked for, in order */
	lk_store *s;
	const char *key;
	const redisReply *reply; /* its elements from 1 on are arrays of values */
	size_t array, at;
	lk_cells *into;
	int rc;
	lk_error *err;
} values;

static void use_value(void *ctx, const lk_buf *field) {
	values *v = ctx;
	while (v->array < v->reply->elements && v->at == v->reply->element[v->array]->elements) {
		v->array++;
		v->at = 0;
	}
	if (v->rc != LK_OK)
		return;
	if (v->array == v->reply->elements) {
		v->rc = lk_redis_unexpected(&v->s->redis, "HMGET", v->err);
		return;
	}
	const redisReply *value = v->reply->element[v->array]->element[v->at++];
	if (value->type != REDIS_REPLY_NIL)
		v->rc = lk_merge_cell(v->s, v->key, v->into, field->data, field->len, value, v->err);
}

static void use_as_argument(void *ctx, const lk_buf *field) { lk_redis_arg(ctx, field->data, field->len); }

/* Asks for the fields that `guess`, the open segment as it was, calls for. 2 where it is another one by now, or has grown beyond them: *out is as it
 * is now. */
static int read_fields(lk_store *s, int64_t unit, const lk_cell_filter *f, const lk_segment *guess, lk_unit_state *out, lk_cells *open, lk_error *err) {
	lk_panes p = lk_panes_wanted(f, guess);
	char name[LK_NAME_BYTES];
	lk_buf field = LK_BUF_INIT;
	redisReply *reply;
	lk_redis_script(&s->redis, LK_SCRIPT_READ_UNIT, lk_unit_key(s, unit), 1 + (int)p.n * f->nkeys);
	lk_segment_name(name, guess->from, guess->token);
	lk_redis_args(&s->redis, name + 2);
	lk_each_field(&field, f, p, use_as_argument, &s->redis);
	int rc = run_read_unit(s, unit, &reply, out, err);
	if (rc == LK_OK) {
		const lk_segment *now = open_of(out);
		lk_panes q = now ? lk_panes_wanted(f, now) : (lk_panes){0, 0};
		bool same = now && now->from == guess->from && now->token == guess->token;
		if (now && q.n > 0 && (!same || q.first != p.first || q.n != p.n)) {
			rc = 2;
		} else if (same && p.n > 0) {
			values v = {.s = s, .key = lk_unit_key(s, unit), .reply = reply, .array = 1, .into = open, .err = err};
			lk_each_field(&field, f, p, use_value, &v);
			rc = v.rc;
		}
	}
	if (rc < 0)
		lk_unit_state_release(out);
	lk_buf_release(&field);
	freeReplyObject(reply);
	return rc;
}

int lk_store_read_unit(lk_store *s, int64_t unit, const lk_cell_filter *f, lk_unit_state *out, lk_cells *open, lk_error *err) {
	*out = (lk_unit_state){0};
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK)
		return rc;
	if (open && (!f || f->nkeys == 0))
		return read_whole(s, unit, f, out, open, err);
	rc = read_meta(s, unit, out, err);
	if (!open || rc != LK_OK)
		return rc;
	rc = 2;
	for (int i = 0; rc == 2 && i < TRIES; i++) {
		const lk_segment *now = open_of(out);
		if (!now)
			return LK_OK;
		if (!lk_by_field(f, lk_panes_wanted(f, now), now->cells))
			break;
		lk_segment guess = *now;
		lk_unit_state_release(out);
		rc = read_fields(s, unit, f, &guess, out, open, err);
	}
	if (rc != 2)
		return rc;
	lk_unit_state_release(out);
	return read_whole(s, unit, f, out, open, err);
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
		redisReply *reply;
		lk_redis_begin(&s->redis, 3);
		lk_redis_args(&s->redis, "MEMORY");
		lk_redis_args(&s->redis, "USAGE");
		lk_redis_args(&s->redis, i < 0 ? lk_unit_key(s, unit) : lk_segment_key(s, unit, u.segments[i].from, u.segments[i].token));
		rc = lk_redis_call(&s->redis, &reply, err);
		if (rc == LK_OK && reply->type == REDIS_REPLY_INTEGER)
			*bytes += reply->integer;
		freeReplyObject(reply);
	}
	lk_unit_state_release(&u);
	return rc;
}
