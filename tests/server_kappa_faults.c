/* The kappa path under faults: replays, workers and both servers are killed, at each crash point and at any moment,
 * before, during and after a switch, while transfers arrive and readers read. A replay is continued or abandoned.
 * Readers never see a mixture: each answer equals the oracle's, and goes back only if Redis lost something. In the end
 * lambda = kappa = plain SQL.
 *
 * KILLS= sets the number of random kills. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/copies.h"
#include "modes/comparison.h"
#include "tests/support/players.h"

enum { KILLS = 16, PER_SECOND = 1500, FAST_PER_SECOND = 50000, FAST_EVENTS = 250000, A_WHILE_MS = 60000, VIEWS = 2 };

static test_servers servers;
static test_world world;
static int speed, batch;   /* the live layers */

static const char *const views[VIEWS] = {"balances", "strict_flows"};

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_transfers_text);
	test_table_reset();
	return 0;
}

static unsigned below(unsigned long *seed, unsigned n) { return (unsigned)(test_random(seed) % n); }

static int kills(void) { return test_rounds("KILLS", KILLS); }

/* --- the scene --- */

typedef struct play {
	test_transfers transfers;
	test_reader readers[VIEWS];
	int appends, reads[VIEWS];
} play;

static void spawn_speed(void) {
	speed = test_player_lk(&servers, NULL, (const char *const[]){"speed", "--workers", "2", NULL});
}

/* A program whose servers go away before its first connection says so and ends; its caller starts it again. */
static int speed_is_connected(void *ctx) {
	(void)ctx;
	int status = test_player_wait(speed, 0);
	if (status >= 0) {
		assert_int_equal(status, 3);
		spawn_speed();
	}
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk speed'") > 0;
}

static void speed_is_up(void) {
	if (!test_poll(speed_is_connected, NULL, A_WHILE_MS))
		fail_msg("the speed layer is not connected after %d s", A_WHILE_MS / 1000);
}

static void start_speed(void) {
	spawn_speed();
	speed_is_up();
}

static int batch_is_connected(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk batch'") > 0;
}

static void start_batch(void) {
	batch = test_player_lk(&servers, NULL, (const char *const[]){"batch", "--every", "500ms", NULL});
	assert_true(test_poll(batch_is_connected, NULL, A_WHILE_MS));
}

static void begin(play *p, unsigned long *seed, int first) {
	*p = (play){.transfers = {.world = &world, .seed = test_random(seed), .per_second = PER_SECOND}};
	test_transfers_append(&world, seed, first);
	start_speed();
	start_batch();
	p->appends = test_player(test_transfers_body, &p->transfers);
	for (int i = 0; i < VIEWS; i++) {
		p->readers[i] = (test_reader){.world = &world, .view = views[i], .prove_every = 5, .check = test_sum_is_zero};
		p->reads[i] = test_player(test_reader_body, &p->readers[i]);
	}
}

static int has_more_answers(void *ctx) {
	return test_the_table->answers > *(long *)ctx || test_the_table->complaint[0];
}

/* Readers get answers, and all were right. */
static void goes_on(void) {
	long answers = test_the_table->answers + VIEWS;
	speed_is_up();
	if (!test_poll(has_more_answers, &answers, A_WHILE_MS))
		fail_msg("no answer for %d s", A_WHILE_MS / 1000);
	test_table_quiet();
}

static int has_no_replays(void *ctx) {
	(void)ctx;
	return test_world_int(&world,
	                      "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'lk replay%'") == 0;
}

/* Lambda = kappa = plain SQL, and the copies that remain after all faults are complete. */
static void ends_well(play *p) {
	test_the_table->stop = 1;
	for (int i = 0; i < VIEWS; i++)
		assert_int_equal(test_player_wait(p->reads[i], A_WHILE_MS), 0);
	assert_int_equal(test_player_wait(p->appends, A_WHILE_MS), 0);
	test_table_quiet();
	assert_true(test_poll(has_no_replays, NULL, A_WHILE_MS));
	speed_is_up();
	for (int i = 0; i < VIEWS; i++)
		test_catches_up(&world, views[i]);
	test_player_end(batch);
	for (int i = 0; i < VIEWS; i++) {
		lk_replay_options o = test_replay_options(&world, views[i]);
		lk_comparison c;
		lk_error err = {0};
		if (lk_compare_view(&o, false, &c, &err) != LK_OK)
			fail_msg("compare %s: %s (%s)", views[i], err.text, err.hint);
		assert_true(lk_comparison_explained(&c));
		assert_true(i > 0 || lk_comparison_equal(&c));
		lk_comparison_release(&c);
	}
	test_player_end(speed);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE NOT dropped AND state = 'scratch'"), 0);
}

/* --- replays that are killed --- */

struct run { lk_replay_options options; const char *crash; int kind; };
enum { RUN_REPLAY, RUN_KAPPA, RUN_LAMBDA, RUN_BACK, RUN_KINDS };

static int run(void *arg) {
	struct run *r = arg;
	lk_mode_report report;
	lk_error err = {0};
	if (r->crash)
		setenv("LK_CRASH", r->crash, 1);
	if (r->kind == RUN_REPLAY)
		return test_replay_body(&r->options);
	int rc = r->kind == RUN_BACK ? lk_mode_back(&r->options, &report, &err)
	                             : lk_mode_change(&r->options, r->kind == RUN_KAPPA, &report, &err);
	if (rc != LK_OK)
		fprintf(stderr, "a change of mode ends with %d: %s (%s)\n", rc, err.text, err.hint);
	lk_difference_release(&report.difference);
	return -rc;
}

static struct run random_run(unsigned long *seed) {
	struct run r = {.options = test_replay_options(&world, views[below(seed, VIEWS)]),
	                .kind = (int)below(seed, RUN_KINDS)};
	r.options.switch_over = true;
	r.options.verify = below(seed, 2);
	r.options.limits.commit_events = 50 + below(seed, 2000);
	return r;
}

/* The next replay finds out what the killed one left. */
static void is_gone_on_with(const struct run *killed) {
	struct run again = *killed;
	again.crash = NULL;
	int status = test_player_wait(test_player(run, &again), A_WHILE_MS);
	bool nothing_there = killed->kind == RUN_BACK && status == -LK_EUSAGE;
	if (status != 0 && !nothing_there)
		fail_msg("the run after a kill ends with %d (kind %d, view %s)", status, killed->kind, killed->options.view);
	assert_true(nothing_there || test_served(&world, killed->options.view) != 0);
}

/* I3, I8, I9, I11 */
static void killed_at_each_point_under_readers(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	static const char *const points[] = {"replay.made", "commit.sent:2", "replay.replayed", "replay.verified",
	                                     "switch.locked", "switch.moved", "switch.committed",
	                                     "cut.made", "batch.computed", "batch.published"};
	unsigned long seed = test_seed("killed_at_each_point_under_readers");
	play p;
	begin(&p, &seed, 3000);
	size_t n = sizeof points / sizeof *points, step = test_less() > 1 ? 3 : 1, first = test_random(&seed) % step;
	size_t died = 0;
	for (size_t i = first; i < n; i += step) {
		struct run r = random_run(&seed);
		bool of_batches = strncmp(points[i], "batch", 5) == 0;
		r.options.verify = true;
		r.crash = points[i];
		r.kind = of_batches ? RUN_LAMBDA : i % 2 ? RUN_REPLAY : RUN_KAPPA;
		if (r.kind == RUN_KAPPA || of_batches) {   /* from the other mode */
			struct run before = {.options = r.options, .kind = of_batches ? RUN_KAPPA : RUN_LAMBDA};
			assert_int_equal(test_player_wait(test_player(run, &before), A_WHILE_MS), 0);
		}
		int status = test_player_wait(test_player(run, &r), A_WHILE_MS);
		if (status != 128 + 9)
			fail_msg("a run was to be killed at %s; it ended with %d", points[i], status);
		died++;
		goes_on();
		is_gone_on_with(&r);
		goes_on();
	}
	assert_int_equal(died, (n - first + step - 1) / step);
	ends_well(&p);
}

/* An announced loss: the state of Redis may be gone until the number is even again. */
static void lose(bool begins) {
	__atomic_fetch_add(&test_the_table->losses, 1, __ATOMIC_SEQ_CST);
	assert_int_equal(test_the_table->losses % 2, begins);
}

static void servers_die(unsigned which) {
	bool redis = which != 0, postgres = which != 1;
	if (redis)
		lose(true);
	if (redis)
		test_redis_kill(&servers);
	if (postgres)
		test_postgres_kill(&servers);
	if (redis)
		test_redis_start(&servers);
	if (postgres)
		test_postgres_start(&servers);
	if (redis)
		lose(false);
	test_world_reconnect(&world);
}

static void redis_is_emptied(void) {
	lose(true);
	test_redis_empty(&servers);
	lose(false);
}

/* The allowed results of a run whose servers were lost: a first connect that fails is reported at once. */
static bool may_end_with(const struct run *r, int status) {
	return status == 0 || status == -LK_EUNREACHABLE || (r->kind == RUN_BACK && status == -LK_EUSAGE);
}

static void kill_while_it_runs(unsigned long *seed) {
	struct run r = random_run(seed);
	int pid = test_player(run, &r), status = test_player_wait(pid, (int)below(seed, 600));   /* a random moment */
	unsigned what = below(seed, 8);
	bool dead = status < 0 && what <= 2;
	if (dead)
		test_player_kill(pid);
	if (what == 0 || what == 3) {
		test_player_kill(speed);
		start_speed();
	} else if (what == 4) {
		test_player_kill(batch);
		start_batch();
	} else if (what == 5) {
		redis_is_emptied();
	} else if (what != 2) {
		servers_die(below(seed, 3));
	}
	goes_on();
	if (status < 0 && !dead)
		status = test_player_wait(pid, A_WHILE_MS);
	if (!dead && !may_end_with(&r, status))
		fail_msg("fault %u: a run (kind %d, view %s) ends with %d", what, r.kind, r.options.view, status);
	if (dead && below(seed, 2))
		is_gone_on_with(&r);
}

/* I3, I8, I9, I11 */
static void killed_at_any_moment_under_readers(void **state) {
	(void)state;
	unsigned long seed = test_seed("killed_at_any_moment_under_readers");
	play p;
	begin(&p, &seed, 3000);
	for (int i = kills(); i > 0; i--)
		kill_while_it_runs(&seed);
	for (int i = 0; i < VIEWS; i++) {
		struct run last = {.options = test_replay_options(&world, views[i]), .kind = RUN_KAPPA};
		is_gone_on_with(&last);
	}
	ends_well(&p);
	print_message("%ld answers while %ld transfers arrived\n", test_the_table->answers, test_the_table->appended);
}

/* --- while many events arrive --- */

static int has_appended(void *least) { return test_the_table->appended >= *(long *)least; }

/* I3, I9: it catches up with 50,000 events per second, or with as many as the machine can append, and misses none. */
static void catches_up_with_a_flood(void **state) {
	(void)state;
	unsigned long seed = test_seed("catches_up_with_a_flood");
	const int per_second = FAST_PER_SECOND / test_less();   /* slower where everything is slower */
	test_transfers flood = {.world = &world, .seed = test_random(&seed), .per_second = per_second};
	test_reader reader = {.world = &world, .view = "balances", .prove_every = 50, .check = test_sum_is_zero};
	lk_replay_options o = test_replay_options(&world, "balances");
	lk_replay_report r;
	lk_error err = {0};
	int rc, tries = 0;
	start_speed();
	int appends = test_player(test_transfers_body, &flood);
	int reads = test_player(test_reader_body, &reader);
	long least = FAST_EVENTS / test_less();
	assert_true(test_poll(has_appended, &least, 2 * A_WHILE_MS));
	o.switch_over = true;
	do {   /* if the machine appends faster than it folds, the replay says so, and the next run continues */
		lk_error_clear(&err);
		rc = lk_replay_run(&o, &r, &err);
	} while (rc == LK_EBUSY && ++tries < 10);
	long appended = test_the_table->appended;
	if (rc != LK_OK)
		fail_msg("%d: %s (%s)", rc, err.text, err.hint);
	assert_true(r.switched);
	assert_int_equal(r.switched_how.gap, 0);
	assert_int_equal(test_served(&world, "balances"), r.copy_id);
	least = appended + per_second / 10;   /* they still arrive */
	assert_true(test_poll(has_appended, &least, A_WHILE_MS));
	test_the_table->stop = 1;
	assert_int_equal(test_player_wait(appends, A_WHILE_MS), 0);
	assert_int_equal(test_player_wait(reads, A_WHILE_MS), 0);
	test_table_quiet();
	test_catches_up(&world, "balances");
	test_player_end(speed);
	print_message("%ld transfers, %ld answers; caught up after %d tries, appends waited %lld us\n",
	              test_the_table->appended, test_the_table->answers, tries + 1,
	              (long long)r.switched_how.held_us);
	lk_replay_report_release(&r);
}

static int setup(void **state) {
	(void)state;
	test_table_open();
	test_servers_start(&servers);
	test_world_open(&world, &servers);
	return 0;
}

static int teardown(void **state) {
	(void)state;
	test_world_close(&world);
	test_servers_stop(&servers);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, test_players_end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(killed_at_each_point_under_readers),
		TEST(killed_at_any_moment_under_readers),
		TEST(catches_up_with_a_flood),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
