/* Access to Redis without lk: any command, and a snapshot of a unit. */
#ifndef LK_TESTS_SUPPORT_REDIS_H
#define LK_TESTS_SUPPORT_REDIS_H

#include "tests/support/servers.h"
#include "view_store/redis.h"

void test_redis_open(lk_redis *r, const test_servers *s);
/* Runs one command; its words are separated by blanks, and '' is an empty word. Returns the integer of its reply, 0 for
 * another reply, -1 for an error. */
int64_t test_redis_command(lk_redis *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Saves what Redis has of a unit, its state too, or puts it back to what it had when it was saved last. */
void test_redis_unit(lk_redis *r, const char *log_id, int64_t unit, bool save);
/* All that Redis holds of a unit of the log "test", as one text (lk_malloc'ed) in an order independent of Redis. */
char *test_redis_snapshot(lk_redis *r, int64_t unit);
/* Fails the test unless both are the same; frees both. */
void test_same_snapshot(char *before, char *after);

#endif
