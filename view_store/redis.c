/* Requests, replies and errors of one connection.
 *
 * hiredis connects and reads. Requests are written here, straight into one buffer and from there into the socket: a
 * commit has 20,000 arguments, which are encoded once and copied once, and send(2) with MSG_NOSIGNAL keeps a vanished
 * server from killing the process with SIGPIPE. The buffer is kept until the next request: if the server has lost a
 * script (SCRIPT FLUSH), the script is loaded and the very same bytes are sent again, since NOSCRIPT says that nothing
 * was done. */
#include "view_store/redis.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "core/fault.h"
#include "core/time.h"
#include "core/wait.h"

/* --- building --- */

static void put_head(lk_buf *b, char kind, uint64_t n) {
	char text[24], *p = text + sizeof text;
	*--p = '\n';
	*--p = '\r';
	do {
		*--p = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	*--p = kind;
	lk_buf_add(b, p, (size_t)(text + sizeof text - p));
}

void lk_redis_more(lk_redis *r, int nargs) { put_head(&r->out, '*', (uint64_t)nargs); }

void lk_redis_begin(lk_redis *r, int nargs) {
	lk_buf_clear(&r->out);
	lk_redis_more(r, nargs);
}

void lk_redis_arg(lk_redis *r, const void *p, size_t n) {
	put_head(&r->out, '$', n);
	lk_buf_add(&r->out, p, n);
	lk_buf_add(&r->out, "\r\n", 2);
}

void lk_redis_args(lk_redis *r, const char *s) { lk_redis_arg(r, s, strlen(s)); }

void lk_redis_argi(lk_redis *r, int64_t i) {
	char text[24];
	int n = snprintf(text, sizeof text, "%lld", (long long)i);
	lk_redis_arg(r, text, (size_t)n);
}

void lk_redis_script(lk_redis *r, enum lk_script script, const char *key, int nargs) {
	lk_redis_begin(r, 4 + nargs);
	lk_redis_args(r, "EVALSHA");
	lk_redis_args(r, r->sha[script]);
	lk_redis_args(r, "1");
	lk_redis_args(r, key);
}

/* --- errors --- */

#define ROOM_HINT    "give Redis more memory (maxmemory); nothing was written, and lk tries again"
#define DISK_HINT    "Redis cannot save to its disk: make room there, its log says more; nothing was written, and lk tries again"
#define LOADING_HINT "Redis is loading its data: try again when it is done (`redis-cli info persistence`)"
#define MASTER_HINT  "this Redis is a replica: set LK_REDIS to the master"
#define LOG_IN_HINT  "give LK_REDIS a user and password with this right (redis://user:password@host, unix://user:password@/path)"

static const struct meaning {
	const char *word;
	int code;
	const char *hint;
} meanings[] = {
	{"OOM", LK_EFULL, ROOM_HINT},
	{"MISCONF", LK_EFULL, DISK_HINT},
	{"LOADING", LK_EUNREACHABLE, LOADING_HINT},
	{"MASTERDOWN", LK_EUNREACHABLE, MASTER_HINT},
	{"READONLY", LK_EUNREACHABLE, MASTER_HINT},  /* the server became a replica */
	{"NOREPLICAS", LK_EUNREACHABLE, "connect more replicas to Redis, or lower min-replicas-to-write"},
	{"BUSY", LK_EUNREACHABLE, "Redis runs another program's script: wait for its end, or end it (SCRIPT KILL)"},
	{"NOAUTH", LK_EUNSUPPORTED, LOG_IN_HINT},
	{"WRONGPASS", LK_EUNSUPPORTED, LOG_IN_HINT},
	{"NOPERM", LK_EUNSUPPORTED, LOG_IN_HINT},
};

/* NULL for an error that is not expected. */
static const struct meaning *meaning_of(const char *text) {
	static const char in_script[] = "ERR Error running script", in_exec[] = "EXECABORT Transaction discarded because of: ";
	const char *inner = strncmp(text, in_script, sizeof in_script - 1) == 0 ? strstr(text, ": -") : NULL;
	if (inner)
		text = inner + 3;
	else if (strncmp(text, in_exec, sizeof in_exec - 1) == 0)
		text += sizeof in_exec - 1;
	size_t n = strcspn(text, " ");
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if (strlen(meanings[i].word) == n && memcmp(text, meanings[i].word, n) == 0)
			return &meanings[i];
	return NULL;
}

int lk_redis_error_code(const char *text) {
	const struct meaning *m = meaning_of(text);
	return m ? m->code : LK_EINTERNAL;
}

/* Marks the connection as broken. */
static int lost(lk_redis *r, const char *why, lk_error *err) {
	r->broken = true;
	return lk_fail(err, LK_EUNREACHABLE, "lost Redis at %s: %s", r->where, why);
}

static int refused(lk_redis *r, const char *text, lk_error *err) {
	const struct meaning *m = meaning_of(text);
	int code = m ? m->code : LK_EINTERNAL;
	if (code == LK_EUNREACHABLE)
		r->broken = true;
	lk_fail(err, code, "Redis at %s: %s", r->where, text);
	if (m)
		lk_hint(err, "%s", m->hint);
	return code;
}

int lk_redis_unexpected(lk_redis *r, const char *doing, lk_error *err) {
	return lk_fail(err, LK_EINTERNAL, "Redis at %s: unexpected reply to %s", r->where, doing);
}

/* --- exchange --- */

void lk_redis_give_up_at(lk_redis *r, int64_t monotonic_us) { r->give_up_us = monotonic_us; }

static int heed_the_end(lk_redis *r, lk_error *err) {
	return r->give_up_us && lk_monotonic_us() >= r->give_up_us ? lost(r, "no answer in time", err) : LK_OK;
}

/* Waits until the socket accepts data or has some. */
static int await(lk_redis *r, short events, lk_error *err) {
	int64_t until_us = lk_monotonic_us() + LK_LIMIT_US(LK_REDIS_REPLY_S * LK_US_PER_S);
	bool sooner = r->give_up_us && r->give_up_us < until_us;
	enum lk_waited w = lk_wait_fd(r->conn->fd, events, sooner ? r->give_up_us : until_us);
	if (w == LK_WAIT_READY)
		return LK_OK;
	if (w == LK_WAIT_LATE && sooner)
		return lost(r, "no answer in time", err);
	if (w == LK_WAIT_LATE)
		return lost(r, events == POLLOUT ? "it accepted no data for 10 s" : "no answer for 10 s", err);
	lk_wait_gave_up();
	return lost(r, "stopped before it answered", err);
}

int lk_redis_send(lk_redis *r, lk_error *err) {
	if (r->broken || !r->conn)
		return lost(r, "the connection was already lost", err);
	int rc = heed_the_end(r, err);
	if (rc != LK_OK)
		return rc;
	for (size_t sent = 0; sent < r->out.len;) {
		ssize_t n = send(r->conn->fd, r->out.data + sent, r->out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		rc = n < 0 && errno == EAGAIN ? await(r, POLLOUT, err) : LK_OK;
		if (rc != LK_OK)
			return rc;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return lost(r, strerror(errno), err);
		sent += n < 0 ? 0 : (size_t)n;
	}
	return LK_OK;
}

static int read_reply(lk_redis *r, redisReply **reply, lk_error *err) {
	*reply = NULL;
	if (r->broken || !r->conn)
		return lost(r, "the connection was already lost", err);
	int rc = heed_the_end(r, err);
	if (rc != LK_OK)
		return rc;
	for (void *p = NULL;;) {
		if (redisGetReplyFromReader(r->conn, &p) != REDIS_OK)
			return lost(r, r->conn->errstr, err);
		if ((*reply = p))
			return LK_OK;
		rc = await(r, POLLIN, err);
		if (rc != LK_OK)
			return rc;
		if (redisBufferRead(r->conn) != REDIS_OK)
			return lost(r, r->conn->errstr, err);
	}
}

static void put_scripts(lk_redis *r) {
	lk_buf text = LK_BUF_INIT;
	for (int i = 0; i < LK_NSCRIPTS; i++) {
		lk_buf_clear(&text);
		lk_script_text((enum lk_script)i, &text);
		lk_redis_more(r, 3);
		lk_redis_args(r, "SCRIPT");
		lk_redis_args(r, "LOAD");
		lk_redis_arg(r, text.data, text.len);
	}
	lk_buf_release(&text);
}

static int take_scripts(lk_redis *r, lk_error *err) {
	int rc = LK_OK;
	for (int i = 0; rc == LK_OK && i < LK_NSCRIPTS; i++) {
		redisReply *reply;
		rc = read_reply(r, &reply, err);
		if (rc == LK_OK && reply->type == REDIS_REPLY_ERROR && meaning_of(reply->str))
			rc = refused(r, reply->str, err);
		else if (rc == LK_OK && reply->type == REDIS_REPLY_ERROR)
			rc = lost(r, reply->str, err);
		else if (rc == LK_OK && (reply->type != REDIS_REPLY_STRING || reply->len != 40))
			rc = lost(r, "unexpected reply to SCRIPT LOAD", err);
		else if (rc == LK_OK)
			memcpy(r->sha[i], reply->str, 41);
		freeReplyObject(reply);
	}
	return rc;
}

static int load_scripts(lk_redis *r, lk_error *err) {
	lk_buf requests = r->out;
	r->out = (lk_buf)LK_BUF_INIT;
	put_scripts(r);
	int rc = lk_redis_send(r, err);
	if (rc == LK_OK)
		rc = take_scripts(r, err);
	lk_buf_release(&r->out);
	r->out = requests;
	return rc;
}

int lk_redis_reply(lk_redis *r, redisReply **reply, lk_error *err) {
	int rc = read_reply(r, reply, err);
	if (rc == LK_OK && (*reply)->type == REDIS_REPLY_ERROR && strncmp((*reply)->str, "NOSCRIPT", 8) == 0) {
		freeReplyObject(*reply);
		*reply = NULL;
		if ((rc = load_scripts(r, err)) == LK_OK && (rc = lk_redis_send(r, err)) == LK_OK)
			rc = read_reply(r, reply, err);
	}
	if (rc == LK_OK && (*reply)->type == REDIS_REPLY_ERROR) {
		rc = refused(r, (*reply)->str, err);
		freeReplyObject(*reply);
		*reply = NULL;
	}
	return rc;
}

int lk_redis_call(lk_redis *r, redisReply **reply, lk_error *err) {
	*reply = NULL;
	int rc = lk_redis_send(r, err);
	return rc == LK_OK ? lk_redis_reply(r, reply, err) : rc;
}

static int check_exec(lk_redis *r, redisReply *reply, lk_error *err) {
	if (reply->type == REDIS_REPLY_NIL)
		return 1;
	if (reply->type == REDIS_REPLY_ERROR) {
		if (strncmp(reply->str, "EXECABORT", 9) != 0)   /* Redis 6.0 leaves the transaction open */
			r->broken = true;
		return refused(r, reply->str, err);
	}
	int rc = reply->type == REDIS_REPLY_ARRAY ? LK_OK : lk_redis_unexpected(r, "EXEC", err);
	for (size_t i = 0; rc == LK_OK && i < reply->elements; i++)
		if (reply->element[i]->type == REDIS_REPLY_ERROR)
			rc = refused(r, reply->element[i]->str, err);
	if (rc != LK_OK)
		r->broken = true;
	return rc;
}

int lk_redis_exec(lk_redis *r, int queued, redisReply **reply, lk_error *err) {
	int rc = LK_OK;
	*reply = NULL;
	for (int i = 0; i <= queued && !r->broken; i++) {
		int got = lk_redis_reply(r, reply, err);
		rc = rc == LK_OK ? got : rc;
		freeReplyObject(*reply);
		*reply = NULL;
	}
	int got = read_reply(r, reply, err);
	if (rc == LK_OK && got == LK_OK)
		got = check_exec(r, *reply, err);
	rc = rc == LK_OK ? got : rc;
	if (rc != LK_OK) {
		freeReplyObject(*reply);
		*reply = NULL;
	}
	return rc;
}

/* --- opening --- */

static int connect_to(lk_redis *r, const lk_redis_url *u, lk_error *err) {
	const char *why;
	int fd = lk_redis_connect(u, &why);
	r->conn = fd < 0 ? NULL : redisConnectFd(fd);
	if (!r->conn || r->conn->err) {
		r->broken = true;
		return lk_fail(err, LK_EUNREACHABLE, "cannot reach Redis at %s: %s", r->where,
		               r->conn ? r->conn->errstr : fd < 0 ? why : "no memory");
	}
	r->conn->flags &= ~REDIS_BLOCK;   /* hiredis only reads what is there; this file waits */
	if (!u->path)
		redisEnableKeepAlive(r->conn);
	return LK_OK;
}

static void put_log_in(lk_redis *r, const lk_redis_url *u) {
	r->logging_in = 0;
	if (u->password || u->user) {
		lk_redis_more(r, u->user ? 3 : 2);
		lk_redis_args(r, "AUTH");
		if (u->user)
			lk_redis_args(r, u->user);
		lk_redis_args(r, u->password ? u->password : "");
		r->logging_in++;
	}
	if (u->db) {
		lk_redis_more(r, 2);
		lk_redis_args(r, "SELECT");
		lk_redis_argi(r, u->db);
		r->logging_in++;
	}
}

static int take_log_in(lk_redis *r, lk_error *err) {
	int rc = LK_OK;
	for (; rc == LK_OK && r->logging_in > 0; r->logging_in--) {
		redisReply *reply;
		rc = lk_redis_reply(r, &reply, err);
		if (rc == LK_EINTERNAL)
			rc = LK_EUNSUPPORTED;
		if (rc == LK_OK && reply->type != REDIS_REPLY_STATUS)
			rc = lk_redis_unexpected(r, "AUTH or SELECT", err);
		if (err && rc != LK_OK)
			err->code = rc;
		freeReplyObject(reply);
	}
	return rc;
}

size_t lk_redis_info(const char *text, const char *name, const char **value) {
	size_t n = strlen(name);
	for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p != NULL) {
		if (strncmp(p, name, n) == 0 && p[n] == ':') {
			*value = p + n + 1;
			return strcspn(*value, "\r\n");
		}
	}
	*value = "";
	return 0;
}

static bool info_is(const char *text, const char *name, const char *want) {
	const char *value;
	size_t n = lk_redis_info(text, name, &value);
	return n == strlen(want) && memcmp(value, want, n) == 0;
}

static int check_server(lk_redis *r, const char *text, lk_error *err) {
	const char *version, *policy;
	int nversion = (int)lk_redis_info(text, "redis_version", &version), npolicy = (int)lk_redis_info(text, "maxmemory_policy", &policy);
	if (atoi(version) < 6)
		return lk_fail(err, LK_EUNSUPPORTED, "Redis at %s has version %.*s; 6 or later is needed", r->where,
		               nversion, version);
	if (info_is(text, "redis_mode", "cluster"))
		return lk_fail(err, LK_EUNSUPPORTED, "Redis at %s is a cluster; a single server is needed", r->where);
	if (!info_is(text, "loading", "0"))
		return refused(r, "LOADING its data", err);
	if (!info_is(text, "role", "master")) {
		lk_fail(err, LK_EUNREACHABLE, "Redis at %s is a replica", r->where);
		lk_hint(err, "set LK_REDIS to the master");
		return LK_EUNREACHABLE;
	}
	if (!info_is(text, "maxmemory_policy", "noeviction")) {
		lk_fail(err, LK_EUNSUPPORTED, "Redis at %s may evict keys: maxmemory-policy is %.*s", r->where, npolicy, policy);
		lk_hint(err, "set maxmemory-policy to noeviction: one evicted key would make answers silently wrong");
		return LK_EUNSUPPORTED;
	}
	return LK_OK;
}

static int take_info(lk_redis *r, lk_error *err) {
	redisReply *reply;
	int rc = lk_redis_reply(r, &reply, err);
	if (rc == LK_OK && reply->type != REDIS_REPLY_STRING)
		rc = lk_redis_unexpected(r, "INFO", err);
	if (rc == LK_OK)
		rc = check_server(r, reply->str, err);
	freeReplyObject(reply);
	return rc;
}

static int start_it(int rc, lk_error *err) {
	if (rc == LK_EUNREACHABLE && !lk_stop_asked())
		lk_hint(err, "start it (`lk up` starts a private one), or set LK_REDIS to its address");
	return rc;
}

int lk_redis_start(lk_redis *r, const char *url, lk_error *err) {
	lk_redis_url u;
	*r = (lk_redis){0};
	int rc = lk_redis_url_parse(&u, url, err);
	if (rc == LK_OK) {
		r->where = lk_strdup(u.where);
		rc = connect_to(r, &u, err);
	}
	if (rc == LK_OK) {
		put_log_in(r, &u);
		lk_redis_more(r, 1);
		lk_redis_args(r, "INFO");
		put_scripts(r);
		rc = lk_redis_send(r, err);
	}
	lk_buf_release(&r->out);   /* held the password */
	lk_redis_url_release(&u);
	return start_it(rc, err);
}

int lk_redis_ready(lk_redis *r, lk_error *err) {
	int rc = take_log_in(r, err);
	if (rc == LK_OK)
		rc = take_info(r, err);
	if (rc == LK_OK)
		rc = take_scripts(r, err);
	return start_it(rc, err);
}

void lk_redis_close(lk_redis *r) {
	if (r->conn)
		redisFree(r->conn);
	free(r->where);
	lk_buf_release(&r->out);
	*r = (lk_redis){0};
}
