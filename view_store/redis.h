/* One connection to Redis, private to view_store/: requests written by hand, replies read by hiredis, errors mapped
 * to lk_status once.
 *
 * A request is built in `out` (lk_redis_begin, then exactly that many arguments), possibly several in a row, and sent by
 * lk_redis_send. After LK_EUNREACHABLE the connection is broken for good: what was asked for may or may not have been
 * done, every later call fails at once, and the caller opens a new one (P1). */
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
	char *where;                     /* for messages: the url without user and password */
	bool broken;
	int64_t give_up_us;              /* monotonic: an answer that has not come by then is not waited for; 0: the usual limit */
	int logging_in;                  /* replies to AUTH and SELECT that lk_redis_ready still has to read */
	lk_buf out;                      /* the requests that are built or under way */
	char sha[LK_NSCRIPTS][41];
} lk_redis;

/* Connects and asks for all that a beginning takes: login, database, what server it is, the scripts. ready reads what
 * it answered; the caller may do something else between the two. Close it in either case. */
int lk_redis_start(lk_redis *r, const char *url, lk_error *err);
int lk_redis_ready(lk_redis *r, lk_error *err);
void lk_redis_close(lk_redis *r);

/* Where a url points, and what it carries. The texts are lk_malloc'ed; password and user may be NULL. */
typedef struct lk_redis_url {
	char *path;                      /* of a unix socket, or NULL */
	char *host, *user, *password;
	int port, db;
	char *where;
} lk_redis_url;
int lk_redis_url_parse(lk_redis_url *u, const char *url, lk_error *err);   /* LK_EUSAGE */
void lk_redis_url_release(lk_redis_url *u);

/* A socket that is connected to where the url points, each address tried for 5 s; -1, and *why, a text that stays. */
int lk_redis_connect(const lk_redis_url *u, const char **why);

/* Empties `out` and begins a first request; lk_redis_more begins another one behind it. */
void lk_redis_begin(lk_redis *r, int nargs);
void lk_redis_more(lk_redis *r, int nargs);
/* Begins EVALSHA of a script with one key and nargs arguments after it. */
void lk_redis_script(lk_redis *r, enum lk_script script, const char *key, int nargs);
void lk_redis_arg(lk_redis *r, const void *p, size_t n);
void lk_redis_args(lk_redis *r, const char *s);
void lk_redis_argi(lk_redis *r, int64_t i);

/* Until it is called again, answers are waited for until that instant of the monotonic clock, and no longer; 0: as usual. */
void lk_redis_give_up_at(lk_redis *r, int64_t monotonic_us);
int lk_redis_send(lk_redis *r, lk_error *err);
/* The next reply; the caller frees it with freeReplyObject. An error reply becomes a code, and *reply is NULL. A
 * script that the server no longer has is loaded and run again: `out` must still hold that one request. */
int lk_redis_reply(lk_redis *r, redisReply **reply, lk_error *err);
int lk_redis_call(lk_redis *r, redisReply **reply, lk_error *err);   /* send and reply */
/* The replies to MULTI, `queued` commands and EXEC: *reply is EXEC's array, none of it an error. 1 where a watched key
 * has changed. Any failure but LK_EUNREACHABLE means that nothing was done, or, for LK_EINTERNAL, that the connection
 * is broken on purpose since a part was. */
int lk_redis_exec(lk_redis *r, int queued, redisReply **reply, lk_error *err);

/* What an error reply means: LK_EFULL, LK_EUNREACHABLE, LK_EUNSUPPORTED or LK_EINTERNAL. Redis 6 wraps the error of a
 * command that a script ran, Redis 7 gives it as it is; both are understood. */
int lk_redis_error_code(const char *text);

/* A reply of another shape than the command gives: LK_EINTERNAL. */
int lk_redis_unexpected(lk_redis *r, const char *doing, lk_error *err);

#endif
