/* What makes units smaller or removes them: drop, reset, and the sweep of units that no copy has any more. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/fault.h"
#include "view_store/unit.h"

static void put_position(lk_store *s, const lk_position *p) {
	lk_redis_argi(&s->redis, p->cursor);
	lk_redis_argi(&s->redis, p->watermark);
	lk_redis_argi(&s->redis, p->last_at);
}

int lk_store_drop(lk_store *s, const lk_removal *r, lk_error *err) {
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK)
		return rc;
	char text[LK_NAME_BYTES];
	lk_redis_script(&s->redis, LK_SCRIPT_DROP, lk_unit_key(s, r->unit), 4 + r->n);
	lk_token_print(text, r->token);
	lk_redis_args(&s->redis, text);
	if (r->base)
		put_position(s, r->base);
	for (int i = 0; !r->base && i < 3; i++)
		lk_redis_args(&s->redis, "");
	for (int i = 0; i < r->n; i++) {
		lk_segment_name(text, r->segments[i].from, r->segments[i].token);
		lk_redis_args(&s->redis, text);
	}
	rc = lk_fenced_call(s, r->unit, err);
	if (rc == LK_OK)
		LK_CRASH_POINT("drop.done");
	return rc;
}

int lk_store_reset(lk_store *s, int64_t unit, uint64_t *token, const lk_position *start, lk_error *err) {
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK)
		return rc;
	uint64_t fresh = lk_token_new();
	char text[17];
	lk_redis_script(&s->redis, LK_SCRIPT_RESET, lk_unit_key(s, unit), 5);
	lk_token_print(text, *token);
	lk_redis_args(&s->redis, text);
	put_position(s, start);
	lk_token_print(text, fresh);
	lk_redis_args(&s->redis, text);
	rc = lk_fenced_call(s, unit, err);
	if (rc != LK_OK)
		return rc;
	LK_CRASH_POINT("reset.done");
	*token = fresh;
	return LK_OK;
}

/* --- sweep ---
 *
 * Redis is listed to its end first, and the catalogue is asked afterwards: a unit made in between is not in the list.
 * Ids are never used again, so a dead unit stays dead, and its keys can be removed without a fence: a commit never
 * creates a unit. */

typedef struct litter {
	int64_t unit;
	char *key;
} litter;

typedef struct listing {
	litter *items;
	size_t n, cap;
} listing;

static void note(listing *l, const char *key, size_t prefix_len) {
	char *end;
	int64_t unit = strtoll(key + prefix_len, &end, 10);
	if (end == key + prefix_len || (*end && *end != ':'))
		return;
	if (l->n == l->cap) {
		l->cap = l->cap ? 2 * l->cap : 64;
		l->items = lk_realloc(l->items, l->cap * sizeof *l->items);
	}
	l->items[l->n++] = (litter){unit, lk_strdup(key)};
}

/* One SCAN call; *cursor becomes "0" at the end. */
static int scan_some(lk_store *s, char cursor[32], listing *l, lk_error *err) {
	size_t prefix_len = strlen(s->prefix);
	lk_redis_begin(&s->redis, 6);
	lk_redis_args(&s->redis, "SCAN");
	lk_redis_args(&s->redis, cursor);
	lk_redis_args(&s->redis, "MATCH");
	lk_buf_clear(&s->work);
	lk_buf_addf(&s->work, "%s*", s->prefix);
	lk_redis_arg(&s->redis, s->work.data, s->work.len);
	lk_redis_args(&s->redis, "COUNT");
	lk_redis_args(&s->redis, "1000");
	redisReply *reply;
	int rc = lk_redis_call(&s->redis, &reply, err);
	if (rc == LK_OK && (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || reply->element[0]->len > 31))
		rc = lk_redis_unexpected(&s->redis, "SCAN", err);
	if (rc == LK_OK) {
		memcpy(cursor, reply->element[0]->str, reply->element[0]->len + 1);
		for (size_t i = 0; i < reply->element[1]->elements; i++) {
			const char *key = reply->element[1]->element[i]->str;
			if (strncmp(key, s->prefix, prefix_len) == 0)
				note(l, key, prefix_len);
		}
	}
	freeReplyObject(reply);
	return rc;
}

static int by_unit(const void *a, const void *b) {
	int64_t x = ((const litter *)a)->unit, y = ((const litter *)b)->unit;
	return x < y ? -1 : x > y;
}

static int unlink_key(lk_store *s, const char *key, lk_error *err) {
	redisReply *reply;
	lk_redis_begin(&s->redis, 2);
	lk_redis_args(&s->redis, "UNLINK");
	lk_redis_args(&s->redis, key);
	int rc = lk_redis_call(&s->redis, &reply, err);
	freeReplyObject(reply);
	return rc;
}

int lk_store_sweep(lk_store *s, bool (*is_live)(void *ctx, int64_t unit), void *ctx, lk_error *err) {
	listing l = {0};
	char cursor[32] = "0";
	int rc = lk_store_idle(s, err);
	while (rc == LK_OK) {
		rc = scan_some(s, cursor, &l, err);
		if (strcmp(cursor, "0") == 0)
			break;
	}
	if (l.n)
		qsort(l.items, l.n, sizeof *l.items, by_unit);
	bool live = false;
	for (size_t i = 0; i < l.n; i++) {
		if (rc == LK_OK && (i == 0 || l.items[i].unit != l.items[i - 1].unit))
			live = is_live(ctx, l.items[i].unit);
		if (rc == LK_OK && !live)
			rc = unlink_key(s, l.items[i].key, err);
		free(l.items[i].key);
	}
	free(l.items);
	return rc;
}
