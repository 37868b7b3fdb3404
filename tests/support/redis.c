#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/redis.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void test_redis_open(lk_redis *r, const test_servers *s) {
	lk_error err = {0};
	if (lk_redis_start(r, s->at.redis, &err) != LK_OK || lk_redis_ready(r, &err) != LK_OK)
		fail_msg("%s", err.text);
}

int64_t test_redis_command(lk_redis *r, const char *fmt, ...) {
	char *copy, *rest, *words[32];
	int n = 0;
	va_list ap;
	va_start(ap, fmt);
	lk_buf b = LK_BUF_INIT;
	lk_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	copy = lk_buf_steal(&b);
	for (char *w = strtok_r(copy, " ", &rest); w && n < 32; w = strtok_r(NULL, " ", &rest))
		words[n++] = strcmp(w, "''") == 0 ? (char *)"" : w;
	lk_redis_begin(r, n);
	for (int i = 0; i < n; i++)
		lk_redis_args(r, words[i]);
	redisReply *reply;
	int rc = lk_redis_call(r, &reply, NULL);
	int64_t answer = rc == LK_OK && reply->type == REDIS_REPLY_INTEGER ? reply->integer : rc == LK_OK ? 0 : -1;
	freeReplyObject(reply);
	free(copy);
	return answer;
}

static void copy_key(lk_redis *r, const char *from, const char *to) {
	test_redis_command(r, "EVAL return(redis.call('RESTORE',KEYS[2],0,redis.call('DUMP',KEYS[1]),'REPLACE')) 2 %s %s", from, to);
}

void test_redis_unit(lk_redis *r, const char *log_id, int64_t unit, bool save) {
	for (int i = 0; i < 2; i++) {
		char *key = lk_asprintf("lk:%s:u:%" PRId64 "%s", log_id, unit, i ? ":state" : ""), *copy = lk_asprintf("former:%" PRId64 ":%d", unit, i);
		if (!save)
			test_redis_command(r, "DEL %s", key);
		copy_key(r, save ? key : copy, save ? copy : key);
		free(key);
		free(copy);
	}
}

static int by_text(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

char *test_redis_snapshot(lk_redis *r, int64_t unit) {
	static const char script[] =
		"local out = {} for _, k in ipairs(redis.call('KEYS', ARGV[1])) do local h = redis.call('HGETALL', k)"
		" for i = 1, #h, 2 do out[#out + 1] = k .. '|' .. h[i] .. '=' .. redis.sha1hex(h[i + 1]) end end return out";
	lk_redis_begin(r, 4);
	lk_redis_args(r, "EVAL");
	lk_redis_args(r, script);
	lk_redis_args(r, "0");
	lk_buf b = LK_BUF_INIT;
	lk_buf_addf(&b, "lk:test:u:%" PRId64 "*", unit);
	lk_redis_args(r, b.data);
	lk_buf_clear(&b);
	redisReply *reply;
	assert_int_equal(lk_redis_call(r, &reply, NULL), LK_OK);
	char **lines = lk_calloc(reply->elements, sizeof *lines);
	for (size_t i = 0; i < reply->elements; i++)
		lines[i] = reply->element[i]->str;
	qsort(lines, reply->elements, sizeof *lines, by_text);
	for (size_t i = 0; i < reply->elements; i++)
		lk_buf_addf(&b, "%s\n", lines[i]);
	free(lines);
	freeReplyObject(reply);
	return lk_buf_steal(&b);
}

void test_same_snapshot(char *before, char *after) {
	assert_string_equal(before, after);
	free(before);
	free(after);
}
