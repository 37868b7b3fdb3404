/* What tests of replays, sandboxes and modes ask beside what players do. */
#ifndef LK_TESTS_SUPPORT_REPLAYS_H
#define LK_TESTS_SUPPORT_REPLAYS_H

#include "tests/support/players.h"

/* The log that replays are tested on: stream `hits` of 3 partitions; views traffic (by path and minute), strict (by path
 * and 10 seconds, with a lateness bound) and balance (of all of time; whatever prefix an answer covers, its deltas add up
 * to 0). Every ninth event comes up to 100 seconds late. */
extern const char test_replayed_text[];
typedef struct test_replayed {
	test_world *world;
	int appended;
	unsigned long seed;        /* of the player */
} test_replayed;
void test_replayed_append(test_replayed *log, int n);
/* A player that appends random events until it is told to stop, or cannot: then its status is not 0. */
int test_replayed_body(void *replayed);

/* Fails the test where the replay fails. */
lk_replay_report test_replay(const lk_replay_options *o);
/* The status of one that may fail; err says why. */
int test_replay_fails(const lk_replay_options *o, lk_replay_report *report, lk_error *err);
/* Players' bodies. arg: lk_replay_options. */
int test_to_kappa_body(void *arg);
int test_to_lambda_body(void *arg);
int test_back_body(void *arg);

/* Runs body(arg) in a player and kills it: at the crash point, where this program has crash points and one is named
 * (the test fails unless it comes there), else after so many microseconds. */
void test_killed(int (*body)(void *arg), void *arg, const char *point, int64_t after_us);

/* Copies of a view that are not dropped. */
int64_t test_copies(test_world *w, const char *view);
bool test_serves_kappa(test_world *w, const char *view);
/* The answer of the served copy, or of another one, is what PostgreSQL says. */
void test_view_is_right(test_world *w, const char *view);
void test_copy_is_right(test_world *w, const char *view, int64_t copy);
/* Fails the test where something is open that runs must close: a cut, a copy that is being built, a replay that has
 * not ended. */
void test_nothing_is_open(test_world *w);

int64_t test_redis_keys(const test_servers *s);
/* Lets Redis have so much more than it uses; < 0: as much as it wants. */
void test_redis_room(const test_servers *s, int64_t bytes);

#endif
