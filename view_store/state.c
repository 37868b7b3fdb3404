#include "view_store/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "view_store/fence.h"

enum { READ_FIELDS = 5000, DROP_FIELDS = 1000, CURSOR_BYTES = 8 };   /* of one call; before a field's bytes */

static lk_unit_claim claim_of(const lk_state_call *c) { return (lk_unit_claim){c->unit, c->token, c->from, -1}; }

/* --- reading --- */

static void put_fields_read(lk_store *s, const char *key, const lk_state_call *c) {
	lk_redis_more(&s->redis, 2 + c->n);
	lk_redis_args(&s->redis, "HMGET");
	lk_redis_args(&s->redis, key);
	for (int i = 0; i < c->n; i++)
		lk_redis_arg(&s->redis, c->fields[i].name, c->fields[i].name_len);
}

static int read_some(lk_store *s, const char *key, const lk_state_call *c, redisReply **reply, lk_error *err) {
	const lk_unit_claim claim = claim_of(c);
	lk_redis *r = &s->redis;
	lk_redis_begin(r, 1);
	lk_redis_args(r, "MULTI");
	lk_fence_put(s, c->unit);
	put_fields_read(s, key, c);
	lk_redis_more(r, 1);
	lk_redis_args(r, "EXEC");
	int rc = lk_redis_send(r, err);
	if (rc == LK_OK)
		rc = lk_redis_exec(r, 2, reply, err);
	if (rc == LK_OK && ((*reply)->elements != 2 || (*reply)->element[1]->type != REDIS_REPLY_ARRAY || (*reply)->element[1]->elements != (size_t)c->n))
		rc = lk_redis_unexpected(r, "HMGET", err);
	return rc == LK_OK && !LK_MUTANT("state_read_unchecked") ? lk_fence_check(s, &claim, (*reply)->element[0], err) : rc;
}

int lk_state_read(lk_store *s, const lk_state_call *c, int (*take)(void *ctx, int i, const void *bytes, size_t len), void *ctx, lk_error *err) {
	int rc = lk_store_idle(s, err);
	char *key = lk_strdup(lk_state_key(s, c->unit));
	for (int first = 0; rc == LK_OK && first < c->n; first += READ_FIELDS) {
		lk_state_call some = *c;
		redisReply *reply = NULL;
		some.fields += first;
		some.n = c->n - first < READ_FIELDS ? c->n - first : READ_FIELDS;
		rc = read_some(s, key, &some, &reply, err);
		for (int i = 0; rc == LK_OK && i < some.n; i++) {
			const redisReply *v = reply->element[1]->element[i];
			bool there = v->type == REDIS_REPLY_STRING && v->len >= CURSOR_BYTES;
			if (take(ctx, first + i, there ? v->str + CURSOR_BYTES : NULL, there ? v->len - CURSOR_BYTES : 0) != 0)
				rc = lk_fail(err, LK_EINTERNAL, "Redis key %s is malformed: another program wrote to it", key);
		}
		freeReplyObject(reply);
	}
	free(key);
	return rc;
}

/* --- commits --- */

static int count(const lk_state_call *c, bool removed) {
	int n = 0;
	for (int i = 0; i < c->n; i++)
		n += !c->fields[i].bytes == removed;
	return n;
}

static void put_field(lk_store *s, const lk_state_field *f, int64_t cursor) {
	uint64_t since = __builtin_bswap64((uint64_t)cursor);
	lk_buf_clear(&s->work);
	lk_buf_add(&s->work, &since, CURSOR_BYTES);
	lk_buf_add(&s->work, f->bytes, f->len);
	lk_redis_arg(&s->redis, s->work.data, s->work.len);
}

static int put_fields(lk_store *s, const char *key, const lk_state_call *c, int64_t cursor, bool removed) {
	lk_redis *r = &s->redis;
	int n = count(c, removed);
	if (!n)
		return 0;
	lk_redis_more(r, 2 + (removed ? n : 2 * n));
	lk_redis_args(r, removed ? "HDEL" : "HSET");
	lk_redis_args(r, key);
	for (int i = 0; i < c->n; i++) {
		const lk_state_field *f = &c->fields[i];
		if (!f->bytes != removed)
			continue;
		lk_redis_arg(r, f->name, f->name_len);
		if (!removed)
			put_field(s, f, cursor);
	}
	return 1;
}

static void put_number(lk_store *s, const char *name, int64_t value) {
	lk_redis_args(&s->redis, name);
	lk_redis_argi(&s->redis, value);
}

static void put_position(lk_store *s, int64_t unit, const lk_position *to) {
	lk_redis_more(&s->redis, 12);
	lk_redis_args(&s->redis, "HSET");
	lk_redis_args(&s->redis, lk_unit_key(s, unit));
	lk_redis_args(&s->redis, "state");
	lk_redis_args(&s->redis, LK_STATE_FORMAT);
	put_number(s, "cursor", to->cursor);
	put_number(s, "watermark", to->watermark);
	put_number(s, "at", to->last_at);
	put_number(s, "run", to->run);
}

static int send(lk_store *s, const char *key, const lk_state_call *c, const lk_position *to, lk_error *err) {
	redisReply *reply = NULL;
	lk_redis_begin(&s->redis, 1);
	lk_redis_args(&s->redis, "MULTI");
	int commands = 1 + put_fields(s, key, c, to->cursor, false) + put_fields(s, key, c, to->cursor, true);
	put_position(s, c->unit, to);
	lk_redis_more(&s->redis, 1);
	lk_redis_args(&s->redis, "EXEC");
	int rc = lk_redis_send(&s->redis, err);
	if (rc == LK_OK)
		rc = lk_redis_exec(&s->redis, commands, &reply, err);
	freeReplyObject(reply);
	return rc == 1 ? lk_fail(err, LK_EFENCED, "unit %" PRId64 " was changed by another owner", c->unit) : rc;
}

int lk_state_commit(lk_store *s, const lk_state_call *c, const lk_position *to, lk_error *err) {
	const lk_unit_claim claim = claim_of(c);
	int rc = lk_store_idle(s, err);
	char *key = lk_strdup(lk_state_key(s, c->unit));
	if (rc == LK_OK)
		rc = lk_fence_watch(s, &claim, key, err);
	if (rc == LK_OK)
		rc = send(s, key, c, to, err);
	free(key);
	return rc;
}

/* --- what is kept elsewhere --- */

/* The script's {next page} or its word. */
static int take_page(lk_store *s, int64_t unit, const redisReply *reply, char page[24], lk_error *err) {
	if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 1 || reply->element[0]->type != REDIS_REPLY_STRING || reply->element[0]->len >= 24)
		return lk_fenced_reply(s, unit, reply, err);
	memcpy(page, reply->element[0]->str, reply->element[0]->len + 1);
	return LK_OK;
}

int lk_state_drop(lk_store *s, int64_t unit, uint64_t token, int64_t sealed, char page[24], lk_error *err) {
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK)
		return rc;
	char text[17];
	redisReply *reply;
	lk_redis_script(&s->redis, LK_SCRIPT_DROP_STATE, lk_unit_key(s, unit), 5);
	lk_token_print(text, token);
	lk_redis_args(&s->redis, text);
	lk_redis_argi(&s->redis, sealed);
	lk_redis_args(&s->redis, page);
	lk_redis_argi(&s->redis, DROP_FIELDS);
	lk_redis_argi(&s->redis, LK_CALL_BYTES);
	rc = lk_redis_call(&s->redis, &reply, err);
	if (rc == LK_OK)
		rc = take_page(s, unit, reply, page, err);
	freeReplyObject(reply);
	if (rc == LK_OK)
		LK_CRASH_POINT("state.dropped");
	return rc;
}
