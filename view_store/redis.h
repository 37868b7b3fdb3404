/* One connection to Redis, private to view_store/: this code writes the requests, hiredis reads the replies, and errors
 * are mapped to lk_status in one place.
 *
 * A request is built in `out` (lk_redis_begin, then exactly that many arguments), possibly several in a row, and sent
 * by lk_redis_send. After LK_EUNREACHABLE the connection is broken for good: the request may or may not have been
 * carried out, every later call fails at once, and the caller opens a new connection (P1). */
#ifndef LK_VIEW_STORE_REDIS_H
#define LK_VIEW_STORE_REDIS_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/status.h"
#include "view_store/scripts.h"

enum { LK_REDIS_CONNECT_S = 5, LK_REDIS_REPLY_S = 10 };

typedef struct lk_redis {
	redisContext *conn;
	char *where;                     /* for messages: the URL without user and password */
	bool broken;
	int64_t give_up_us;              /* monotonic time at which to stop waiting for an answer; 0: the usual limit */
	int logging_in;                  /* replies to AUTH and SELECT that lk_redis_ready still has to read */
	lk_buf out;                      /* requests that are being built or under way */
	char sha[LK_NSCRIPTS][41];
} lk_redis;

/* Connects and sends everything an opening needs: login, database, server info, scripts. lk_redis_ready reads the
 * answers; the caller may do something else in between. Close it in either case. */
int lk_redis_start(lk_redis *r, const char *url, lk_error *err);
int lk_redis_ready(lk_redis *r, lk_error *err);
void lk_redis_close(lk_redis *r);

/* Where a URL points, and what it carries. The strings are lk_malloc'ed; password and user may be NULL. */
typedef struct lk_redis_url {
	char *path;                      /* of a unix socket, or NULL */
	char *host, *user, *password;
	int port, db;
	char *where;
} lk_redis_url;
int lk_redis_url_parse(lk_redis_url *u, const char *url, lk_error *err);   /* LK_EUSAGE */
void lk_redis_url_release(lk_redis_url *u);

/* A socket connected to the URL's host: looks the name up and tries each address, for 5 s. -1: *why, a static text. */
int lk_redis_connect(const lk_redis_url *u, const char **why);

/* Empties `out` and begins a first request; lk_redis_more appends another one. */
void lk_redis_begin(lk_redis *r, int nargs);
void lk_redis_more(lk_redis *r, int nargs);
/* Begins EVALSHA of a script with one key, followed by nargs arguments. */
void lk_redis_script(lk_redis *r, enum lk_script script, const char *key, int nargs);
void lk_redis_arg(lk_redis *r, const void *p, size_t n);
void lk_redis_args(lk_redis *r, const char *s);
void lk_redis_argi(lk_redis *r, int64_t i);

/* From now on waits for answers until this monotonic time at most; 0: the usual limit. */
void lk_redis_give_up_at(lk_redis *r, int64_t monotonic_us);
int lk_redis_send(lk_redis *r, lk_error *err);
/* The next reply; the caller frees it with freeReplyObject. An error reply becomes a code, and *reply is NULL. If the
 * server has lost a script it is loaded and run again: `out` must still hold only that request. */
int lk_redis_reply(lk_redis *r, redisReply **reply, lk_error *err);
int lk_redis_call(lk_redis *r, redisReply **reply, lk_error *err);   /* send and reply */
/* Reads the replies to MULTI, `queued` commands and EXEC: *reply is EXEC's array, without error elements. 1 if a
 * watched key has changed. After any failure but LK_EUNREACHABLE nothing was done; if a part was done, the call returns
 * LK_EINTERNAL and breaks the connection on purpose. */
int lk_redis_exec(lk_redis *r, int queued, redisReply **reply, lk_error *err);

/* What an error reply means: LK_EFULL, LK_EUNREACHABLE, LK_EUNSUPPORTED or LK_EINTERNAL. Redis 6 wraps the error of a
 * command that a script ran, Redis 7 returns it unchanged; both are understood. */
int lk_redis_error_code(const char *text);

/* For a reply whose shape does not fit the command: LK_EINTERNAL. */
int lk_redis_unexpected(lk_redis *r, const char *doing, lk_error *err);

/* The value of "name:value" in INFO's text, and its length; 0 if it is missing. */
size_t lk_redis_info(const char *text, const char *name, const char **value);

#endif
