/* Shared by tests of replays, sandboxes and modes, in addition to players. */
#ifndef LK_TESTS_SUPPORT_REPLAYS_H
#define LK_TESTS_SUPPORT_REPLAYS_H

#include "tests/support/players.h"

/* The log for tests of replays: stream `hits` of 3 partitions; views traffic (by path and minute), strict (by path and
 * 10 seconds, with a lateness bound) and balance (over all of time; the deltas of each answer add up to 0, whatever
 * prefix it covers). Every ninth event is up to 100 seconds late. */
extern const char test_replayed_text[];
typedef struct test_replayed {
	test_world *world;
	int appended;
	unsigned long seed;        /* of the player */
} test_replayed;
void test_replayed_append(test_replayed *log, int n);
/* A player that appends random events until it is told to stop, or fails: then its status is not 0. */
int test_replayed_body(void *replayed);

/* Fails the test if the replay fails. */
lk_replay_report test_replay(const lk_replay_options *o);
/* Returns the status of a replay that may fail; err says why. */
int test_replay_fails(const lk_replay_options *o, lk_replay_report *report, lk_error *err);
/* Players' bodies. arg: lk_replay_options. */
int test_to_kappa_body(void *arg);
int test_to_lambda_body(void *arg);
int test_back_body(void *arg);

/* Runs body(arg) in a player and kills it: at the crash point, if one is named and this build has crash points (the
 * test fails unless it is reached), else after that many milliseconds. */
void test_killed(int (*body)(void *arg), void *arg, const char *point, int after_ms);

/* The number of copies of a view that are not dropped. */
int64_t test_copies(test_world *w, const char *view);
bool test_serves_kappa(test_world *w, const char *view);
/* Fails unless the answer of the served copy, or of another one, equals PostgreSQL's. */
void test_view_is_right(test_world *w, const char *view);
void test_copy_is_right(test_world *w, const char *view, int64_t copy);
/* Fails the test if a run left something open: a cut, a copy that is being built, a replay that has not ended. */
void test_nothing_is_open(test_world *w);

int64_t test_redis_keys(const test_servers *s);
/* Limits Redis to `bytes` more than it uses now; < 0: no limit. */
void test_redis_room(const test_servers *s, int64_t bytes);

#endif
