#include "view_store/fence.h"

#include <inttypes.h>
#include <string.h>

#include "core/fault.h"

void lk_fence_put(lk_store *s, int64_t unit) {
	lk_redis_more(&s->redis, 5);
	lk_redis_args(&s->redis, "HMGET");
	lk_redis_args(&s->redis, lk_unit_key(s, unit));
	lk_redis_args(&s->redis, "token");
	lk_redis_args(&s->redis, "cursor");
	lk_redis_args(&s->redis, "open");
}

static int check_owner(const lk_unit_claim *c, redisReply *const *now, lk_error *err) {
	char token[17], from[24];
	lk_token_print(token, c->token);
	snprintf(from, sizeof from, "%" PRId64, c->from);
	if (now[1]->type != REDIS_REPLY_STRING)
		return lk_fail(err, LK_EFENCED, "unit %" PRId64 " is no longer in Redis", c->unit);
	if (!lk_reply_is(now[0], token) && !LK_MUTANT("cursor_only_fence"))
		return lk_fail(err, LK_EFENCED, "unit %" PRId64 " has another owner now", c->unit);
	if (!lk_reply_is(now[1], from))
		return lk_fail(err, LK_EFENCED, "unit %" PRId64 " is at another offset", c->unit);
	return LK_OK;
}

int lk_fence_check(lk_store *s, const lk_unit_claim *c, const redisReply *now, lk_error *err) {
	char open[24];
	if (now->type != REDIS_REPLY_ARRAY || now->elements != 3)
		return lk_redis_unexpected(&s->redis, "HMGET", err);
	snprintf(open, sizeof open, "%" PRId64, c->open);
	int rc = check_owner(c, now->element, err);
	if (rc == LK_OK && c->open >= 0 && !lk_reply_is(now->element[2], open) && !LK_MUTANT("cursor_only_fence"))
		return lk_fail(err, LK_EINTERNAL, "unit %" PRId64 " cannot write a closed segment", c->unit);
	return rc;
}

static int check_type(lk_store *s, const char *key, const redisReply *type, lk_error *err) {
	if (type->type == REDIS_REPLY_STATUS && (strcmp(type->str, "hash") == 0 || strcmp(type->str, "none") == 0))
		return LK_OK;
	return lk_fail(err, LK_EINTERNAL, "Redis at %s: key %s is not a hash", s->redis.where, key);
}

/* What was watched must not refuse the next transaction of the connection. */
static void unwatch(lk_store *s) {
	redisReply *reply;
	if (s->redis.broken)
		return;
	lk_redis_begin(&s->redis, 1);
	lk_redis_args(&s->redis, "UNWATCH");
	lk_redis_call(&s->redis, &reply, NULL);
	freeReplyObject(reply);
}

int lk_fence_watch(lk_store *s, const lk_unit_claim *c, const char *key, lk_error *err) {
	lk_redis *r = &s->redis;
	redisReply *reply[3] = {NULL};
	lk_redis_begin(r, 3);
	lk_redis_args(r, "WATCH");
	lk_redis_args(r, lk_unit_key(s, c->unit));
	lk_redis_args(r, key);
	lk_redis_more(r, 2);
	lk_redis_args(r, "TYPE");
	lk_redis_args(r, key);
	lk_fence_put(s, c->unit);
	int rc = lk_redis_send(r, err);
	for (int i = 0; i < 3 && !r->broken; i++) {
		int got = lk_redis_reply(r, &reply[i], err);
		rc = rc == LK_OK ? got : rc;
	}
	if (rc == LK_OK)
		rc = lk_fence_check(s, c, reply[2], err);
	if (rc == LK_OK)
		rc = check_type(s, key, reply[1], err);
	for (int i = 0; i < 3; i++)
		freeReplyObject(reply[i]);
	if (rc != LK_OK)
		unwatch(s);
	return rc;
}
