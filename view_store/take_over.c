/* Opening the store and taking units over: where every owner begins, and begins again. */
#include <stdlib.h>
#include <sys/socket.h>

#include "core/fault.h"
#include "view_store/unit.h"

int lk_store_start(lk_store **out, const char *url, lk_error *err) {
	lk_store *s = lk_calloc(1, sizeof *s);
	s->committing = -1;
	int rc = lk_redis_start(&s->redis, url, err);
	if (rc != LK_OK) {
		lk_store_close(s);
		s = NULL;
	}
	*out = s;
	return rc;
}

int lk_store_ready(lk_store *s, lk_error *err) { return lk_redis_ready(&s->redis, err); }

int lk_store_open(lk_store **out, const char *url, const char *log_id, lk_error *err) {
	int rc = lk_store_start(out, url, err);
	if (rc == LK_OK)
		rc = lk_store_ready(*out, err);
	if (rc == LK_OK) {
		lk_store_set_log(*out, log_id);
	} else {
		lk_store_close(*out);
		*out = NULL;
	}
	return rc;
}

void lk_store_set_log(lk_store *s, const char *log_id) {
	free(s->prefix);
	free(s->log_id);
	s->log_id = lk_strdup(log_id ? log_id : "");   /* NULL: the log is named later */
	s->prefix = lk_asprintf("lk:%s:u:", s->log_id);
}

const char *lk_store_log(const lk_store *s) { return s->log_id; }

/* The socket is shut down, not closed: whoever waits for it wakes up, and its number is not reused. */
void lk_store_cut_off(lk_store *s) {
	if (s->redis.conn)
		shutdown(s->redis.conn->fd, SHUT_RDWR);
}

void lk_store_give_up_at(lk_store *s, int64_t monotonic_us) { lk_redis_give_up_at(&s->redis, monotonic_us); }

void lk_store_close(lk_store *s) {
	if (!s)
		return;
	lk_redis_close(&s->redis);
	for (int i = 0; i < LK_KNOWN_UNITS; i++)
		lk_unit_state_release(&s->known[i].state);
	lk_buf_release(&s->work);
	free(s->prefix);
	free(s->log_id);
	free(s->key);
	free(s);
}

int lk_store_idle(lk_store *s, lk_error *err) {
	if (s->committing < 0)
		return LK_OK;
	return lk_fail(err, LK_EINTERNAL, "a commit is under way on this connection");
}

int lk_store_take_over(lk_store *s, int64_t unit, const lk_position *start, lk_unit_state *out, lk_error *err) {
	*out = (lk_unit_state){0};
	int rc = lk_store_idle(s, err);
	if (rc != LK_OK)
		return rc;
	uint64_t token = lk_token_new();
	char text[17];
	lk_token_print(text, token);
	lk_redis_script(&s->redis, LK_SCRIPT_TAKE_OVER, lk_unit_key(s, unit), 5);
	lk_redis_args(&s->redis, LK_META_FORMAT);
	lk_redis_args(&s->redis, text);
	lk_redis_argi(&s->redis, start->cursor);
	lk_redis_argi(&s->redis, start->watermark);
	lk_redis_argi(&s->redis, start->last_at);
	redisReply *reply;
	rc = lk_redis_call(&s->redis, &reply, err);
	if (rc == LK_OK)
		rc = lk_unit_parse(s, unit, reply, out, err);
	if (rc == 1 || (rc == LK_OK && out->token != token))
		rc = lk_redis_unexpected(&s->redis, "a take-over", err);
	if (rc != LK_OK)
		lk_unit_state_release(out);
	else
		LK_CRASH_POINT("take_over.done");
	freeReplyObject(reply);
	return rc;
}
