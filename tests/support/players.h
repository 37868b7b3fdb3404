/* Players: processes of one test that use one lk at the same time. Readers prove each answer, appenders move money,
 * replays are started and killed. They share memory. A player opens its own connections: the inherited ones belong to
 * its parent. */
#ifndef LK_TESTS_SUPPORT_PLAYERS_H
#define LK_TESTS_SUPPORT_PLAYERS_H

#include "replay/replay.h"
#include "tests/support/world.h"

/* Starts a player; its exit status is what body returns. A failed assertion in a player ends the player. */
int test_player(int (*body)(void *ctx), void *ctx);
int test_player_lk(const test_servers *s, const char *const *env, const char *const *argv);   /* as test_lk_start */
int test_player_wait(int pid, int deadline_ms);      /* as test_lk_wait */
void test_player_kill(int pid);                      /* SIGKILL, and waits */
void test_player_kill_after(int pid, int ms);        /* the same at that moment, unless it has ended by then */
void test_player_end(int pid);                       /* SIGTERM; fails the test unless it exits with 0 */
int test_players_end(void **state);                  /* kills all remaining players: the teardown of a test */

/* Memory that players share. Reset it before a test; the parent sets stop. */
typedef struct test_table {
	volatile int stop;
	volatile long answers, appended;
	volatile long losses;      /* odd while Redis may be losing data */
	char complaint[4000];
} test_table;
extern test_table *test_the_table;
void test_table_open(void);
void test_table_reset(void);
void test_table_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));   /* keeps the first complaint */
void test_table_quiet(void);                         /* fails the test if a player has complained */

/* Reads `view` until it is told to stop, also while servers stop and start. Complains if an answer differs from
 * PostgreSQL's result of the user's text over the prefix that the answer names, or covers less of a partition than the
 * answer before it without a loss of Redis in between. */
typedef struct test_reader {
	const test_world *world;
	const char *view;
	int prove_every;           /* compare each n-th answer with PostgreSQL; check sees all */
	void (*check)(const lk_answer *a);   /* complains; may be NULL */
} test_reader;
int test_reader_body(void *reader);

/* Money that moves between accounts: stream `transfers` of 3 partitions, views `balances` (all of time), `flows` (by
 * minute) and `strict_flows` (the same with a lateness bound), each with the accounts of both legs. The deltas of each
 * answer add up to 0, whatever prefix it covers. */
extern const char test_transfers_text[];
typedef struct test_transfers {
	const test_world *world;
	unsigned long seed;
	int64_t per_second;        /* 0: as many as it can; fewer on a slow machine */
	int64_t most;              /* 0: until it is told to stop */
} test_transfers;
int test_transfers_body(void *transfers);            /* servers may stop and start */
void test_transfers_append(test_world *w, unsigned long *seed, int n);
void test_sum_is_zero(const lk_answer *a);           /* complains */

lk_replay_options test_replay_options(const test_world *w, const char *view);
int test_replay_body(void *options);                 /* -status of lk_replay_run */

/* Opens a new session and a new store, after a server was restarted. */
void test_world_reconnect(test_world *w);
/* test_world_int of a formatted statement. */
int64_t test_world_count(test_world *w, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int64_t test_served(test_world *w, const char *view);
int64_t test_former(test_world *w, const char *view);      /* 0: none */
/* The digest of a copy's answer, which must reach the log's end. copy 0: the served one. */
void test_digest_at_end(test_world *w, const char *view, int64_t copy, char out[33]);
/* Waits until an answer of the served copy reaches the log's end, and proves it. */
void test_catches_up(test_world *w, const char *view);
void test_catches_up_in(test_world *w, int deadline_ms, const char *view);

#endif
