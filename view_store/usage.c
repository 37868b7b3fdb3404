/* What the server as a whole uses. Fields that the server does not report are 0. */
#include <stdlib.h>

#include "view_store/unit.h"

static const char *field(const char *info, const char *name) {
	const char *value;
	return lk_redis_info(info, name, &value) ? value : "0";
}

static int info(lk_store *s, redisReply **reply, lk_error *err) {
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK)
		return rc;
	lk_redis_begin(&s->redis, 1);
	lk_redis_args(&s->redis, "INFO");
	rc = lk_redis_call(&s->redis, reply, err);
	return rc == LK_OK && (*reply)->type != REDIS_REPLY_STRING ? lk_redis_unexpected(&s->redis, "INFO", err) : rc;
}

int lk_store_usage_read(lk_store *s, lk_store_usage *out, lk_error *err) {
	redisReply *reply = NULL;
	*out = (lk_store_usage){0};
	int rc = info(s, &reply, err);
	if (rc == LK_OK) {
		out->used_bytes = strtoll(field(reply->str, "used_memory"), NULL, 10);
		out->max_bytes = strtoll(field(reply->str, "maxmemory"), NULL, 10);
	}
	freeReplyObject(reply);
	return rc;
}

int lk_store_rewrite(lk_store *s, lk_error *err) {
	redisReply *reply = NULL, *answer = NULL;
	lk_error e = {0};
	int rc = info(s, &reply, err);
	bool keeps = rc == LK_OK && field(reply->str, "aof_enabled")[0] == '1';
	freeReplyObject(reply);
	if (!keeps)
		return rc;
	lk_redis_begin(&s->redis, 1);
	lk_redis_args(&s->redis, "BGREWRITEAOF");
	rc = lk_redis_call(&s->redis, &answer, &e);
	freeReplyObject(answer);
	return rc == LK_EUNREACHABLE ? lk_fail(err, rc, "%s", e.text) : LK_OK;
}
