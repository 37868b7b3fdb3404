/* Servers for tests: one private PostgreSQL and Redis per test program, in a fresh folder under TMPDIR, stopped and
 * removed at the end, also after a failed test or a signal. Also the server faults that tests need. */
#ifndef LK_TESTS_SUPPORT_SERVERS_H
#define LK_TESTS_SUPPORT_SERVERS_H

#include <stdbool.h>

#include "core/status.h"
#include "private_servers/servers.h"

typedef struct test_servers {
	lk_servers at;
	char dir[64];
} test_servers;

void test_servers_start(test_servers *s);     /* ends the test program with a message if it cannot */
void test_servers_stop(test_servers *s);
/* Empties the database (drops schema lk) and Redis (FLUSHALL), for tests that share one pair of servers. */
void test_servers_clear(test_servers *s);

void test_postgres_kill(test_servers *s);     /* SIGKILL to the postmaster and its children */
void test_postgres_start(test_servers *s);
/* Saves the database of this moment under a name, and puts it back. Both kill the server and start it: all sessions end. */
void test_postgres_save(test_servers *s, const char *name);
void test_postgres_restore(test_servers *s, const char *name);
/* SIGSTOP to PostgreSQL's current sessions, to all its processes, or to Redis; and SIGCONT to all of both servers. */
enum test_frozen { TEST_SESSIONS, TEST_POSTGRES, TEST_REDIS };
void test_freeze(test_servers *s, enum test_frozen what);
void test_thaw(test_servers *s);
void test_redis_kill(test_servers *s);        /* SIGKILL */
void test_redis_start(test_servers *s);
/* Saves Redis's persisted state of this moment under a name, and restores it: kill, replace the files, start. */
void test_redis_save(test_servers *s, const char *name);
void test_redis_restore(test_servers *s, const char *name);
void test_redis_empty(test_servers *s);       /* FLUSHALL */

/* Runs the program under test (environment LK_BIN, default build/plain/lk) with LK_POSTGRES and LK_REDIS set; env:
 * "NAME=value" strings, NULL-ended, may be NULL. out and err (lk_malloc'ed texts) may be NULL. Returns the exit
 * status, or 128 + signal. */
int test_lk(const test_servers *s, const char *const *env, char **out, char **err, const char *const *argv);
/* The same in the background. */
int test_lk_start(const test_servers *s, const char *const *env, const char *const *argv);   /* pid */
/* Exit status, 128 + signal, or -1 at the deadline. */
int test_lk_wait(int pid, int deadline_ms);

/* Can a terminal be opened? Not where /dev/pts is not mounted. */
bool test_has_terminals(void);

/* Returns true as soon as check(ctx) is true; false at the deadline. */
int test_poll(int (*check)(void *ctx), void *ctx, int deadline_ms);
/* SEED= from the environment or the clock; prints it. */
unsigned long test_seed(const char *name);
/* The number of rounds of a random test: the environment variable (ROUNDS, KILLS …), else `usual` divided by LESS, at
 * least 1, since the sanitizers are slower. */
int test_rounds(const char *variable, int usual);
/* LESS, or 1 if it is not set: tests of many cases take every n-th. */
int test_less(void);
unsigned long test_random(unsigned long *state);   /* 64 bits, splitmix64 */

#endif
