/* What tests of replays, sandboxes and modes ask beside what players do. */
#ifndef LK_TESTS_SUPPORT_REPLAYS_H
#define LK_TESTS_SUPPORT_REPLAYS_H

#include "tests/support/players.h"

/* Fails the test where the replay fails. */
lk_replay_report test_replay(const lk_replay_options *o);
/* Players' bodies. arg: lk_replay_options. */
int test_to_kappa_body(void *arg);
int test_to_lambda_body(void *arg);
int test_back_body(void *arg);

/* Runs body(arg) in a player and kills it: at the crash point, where this program has crash points and one is named
 * (the test fails unless it comes there), else after so many microseconds. */
void test_killed(int (*body)(void *arg), void *arg, const char *point, int64_t after_us);

/* Copies of a view that are not dropped. */
int64_t test_copies(test_world *w, const char *view);
/* Fails the test where something is open that runs must close: a cut, a copy that is being built, a replay that has
 * not ended. */
void test_nothing_is_open(test_world *w);

int64_t test_redis_keys(const test_servers *s);
/* Lets Redis have so much more than it uses; < 0: as much as it wants. */
void test_redis_room(const test_servers *s, int64_t bytes);

#endif
