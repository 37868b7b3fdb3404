/* Servers for tests: one private PostgreSQL and Redis per test program, in a fresh folder under TMPDIR, stopped and
 * removed at the end, also after a failed test or a signal. Faults that the tests need are here too. */
#ifndef LK_TESTS_SUPPORT_SERVERS_H
#define LK_TESTS_SUPPORT_SERVERS_H

#include <stdbool.h>

#include "cli/servers.h"
#include "core/status.h"

typedef struct test_servers {
	lk_servers at;
	char dir[64];
} test_servers;

void test_servers_start(test_servers *s);     /* fails the test program with a message where it cannot */
void test_servers_stop(test_servers *s);
/* An empty database and an empty Redis (FLUSHALL): for tests that share one pair of servers. Drops schema lk. */
void test_servers_clear(test_servers *s);

void test_postgres_kill(test_servers *s);     /* SIGKILL to the postmaster and its children */
void test_postgres_start(test_servers *s);
/* SIGSTOP, and back (SIGCONT to all of both servers): PostgreSQL's sessions that there are now, all of its processes, Redis. */
enum test_frozen { TEST_SESSIONS, TEST_POSTGRES, TEST_REDIS };
void test_freeze(test_servers *s, enum test_frozen what);
void test_thaw(test_servers *s);
void test_redis_kill(test_servers *s);        /* SIGKILL */
void test_redis_start(test_servers *s);
/* Copies its persisted state (as of now) aside, and puts it back: killed, files replaced, started. */
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

/* True as soon as check(ctx) is; false at the deadline. */
int test_poll(int (*check)(void *ctx), void *ctx, int deadline_ms);
/* SEED= from the environment or the clock; prints it. */
unsigned long test_seed(const char *name);
/* How many rounds of a random test: what the environment variable (ROUNDS, KILLS …) says, else `usual`, or the LESS-th
 * part of it, at least 1: the sanitizer run has fewer. */
int test_rounds(const char *variable, int usual);
/* The LESS of it, 1 where it is not given: tests of many cases take every n-th. */
int test_less(void);
unsigned long test_random(unsigned long *state);   /* 64 bits, splitmix64 */

#endif
