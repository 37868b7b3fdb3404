/* Money moves between accounts, and readers add up all balances: the sum is 0 in every answer, at every moment, in both
 * modes, while transfers arrive, batches are published, replays run, readers are switched back and forth, and workers
 * are killed. Both legs of a transfer are one event, so a prefix has both or none; half a commit, half a batch or half
 * a switch would show at once. ROUNDS= sets the number of steps. */
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
#include "tests/support/players.h"

enum { ROUNDS = 30, FIRST = 3000, PER_SECOND = 2000, A_WHILE_MS = 30000 };

static test_servers servers;
static test_world world;

static const char *const views[] = {"balances", "flows", "strict_flows"};
enum { VIEWS = sizeof views / sizeof *views };

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_transfers_text);
	test_table_reset();
	return 0;
}

static unsigned below(unsigned long *seed, unsigned n) { return (unsigned)(test_random(seed) % n); }

/* --- the steps meanwhile --- */

static void well(int rc, const lk_error *err, const char *what, const char *view) {
	test_table_quiet();
	if (rc != LK_OK)
		fail_msg("%s of %s: %d %s (%s)", what, view, rc, err->text, err->hint);
}

static void replay(const char *view, unsigned long *seed) {
	lk_replay_options o = test_replay_options(&world, view);
	lk_replay_report r;
	lk_error err = {0};
	o.verify = below(seed, 2);
	o.switch_over = below(seed, 4) > 0;
	o.fresh = below(seed, 4) == 0;
	well(lk_replay_run(&o, &r, &err), &err, "a replay", view);
	assert_true(r.already || r.switched == o.switch_over);
	assert_int_equal(r.switched_how.gap, 0);
	assert_true(!r.verified || lk_difference_none(&r.difference));
	lk_replay_report_release(&r);
}

static void killed_replay(const char *view, unsigned long *seed) {
	lk_replay_options o = test_replay_options(&world, view);
	o.switch_over = true;
	o.verify = below(seed, 2);
	int pid = test_player(test_replay_body, &o);
	test_player_kill_after(pid, (int)below(seed, 300));
}

static void mode(const char *view, bool kappa) {
	lk_replay_options o = test_replay_options(&world, view);
	lk_mode_report r;
	lk_error err = {0};
	well(lk_mode_change(&o, kappa, &r, &err), &err, kappa ? "mode kappa" : "mode lambda", view);
	assert_int_equal(r.switched_how.gap, 0);
	assert_true(lk_difference_none(&r.difference));
	lk_difference_release(&r.difference);
}

static void back(const char *view) {
	lk_replay_options o = test_replay_options(&world, view);
	lk_mode_report r;
	lk_error err = {0};
	bool can = test_former(&world, view) != 0;
	int rc = lk_mode_back(&o, &r, &err);
	well(rc == LK_EUSAGE && !can ? LK_OK : rc, &err, "a way back", view);
	lk_difference_release(&r.difference);
}

static void drop_former(const char *view) {
	lk_error err = {0};
	int64_t former = test_former(&world, view);
	if (former)
		well(lk_copy_drop(&world.pg, former, &err), &err, "a drop", view);
}

static int workers(void) {
	return test_player_lk(&servers, NULL, (const char *const[]){"speed", "--workers", "2", NULL});
}

static void what_else(unsigned long *seed, int *speed) {
	const char *view = views[below(seed, VIEWS)];
	switch (below(seed, 10)) {
	case 0: case 1: case 2: replay(view, seed); break;
	case 3: killed_replay(view, seed); break;
	case 4: mode(view, true); break;
	case 5: case 6: mode(view, false); break;
	case 7: back(view); break;
	case 8: drop_former(view); break;
	default:
		test_player_kill(*speed);
		*speed = workers();
	}
}

static int has_more_answers(void *ctx) {
	return test_the_table->answers > *(long *)ctx || test_the_table->complaint[0];
}

/* I3, I8, I9, I11 */
static void balances_add_up_to_nothing(void **state) {
	(void)state;
	unsigned long seed = test_seed("balances_add_up_to_nothing");
	test_transfers transfers = {.world = &world, .seed = test_random(&seed), .per_second = PER_SECOND};
	test_reader readers[VIEWS];
	int reads[VIEWS];
	test_transfers_append(&world, &seed, FIRST);
	int speed = workers();
	int batch = test_player_lk(&servers, NULL, (const char *const[]){"batch", "--every", "400ms", NULL});
	int appends = test_player(test_transfers_body, &transfers);
	for (int i = 0; i < VIEWS; i++) {
		readers[i] = (test_reader){.world = &world, .view = views[i], .prove_every = 20, .check = test_sum_is_zero};
		reads[i] = test_player(test_reader_body, &readers[i]);
	}
	for (int i = test_rounds("ROUNDS", ROUNDS); i > 0; i--) {
		long answers = test_the_table->answers + VIEWS;
		what_else(&seed, &speed);
		assert_true(test_poll(has_more_answers, &answers, A_WHILE_MS));
		test_table_quiet();
	}
	test_the_table->stop = 1;
	for (int i = 0; i < VIEWS; i++)
		assert_int_equal(test_player_wait(reads[i], A_WHILE_MS), 0);
	assert_int_equal(test_player_wait(appends, A_WHILE_MS), 0);
	test_table_quiet();
	assert_true(test_the_table->appended > 0);
	for (int i = 0; i < VIEWS; i++)
		test_catches_up(&world, views[i]);
	test_player_end(batch);
	test_player_end(speed);
	print_message("%ld answers while %ld transfers arrived\n", test_the_table->answers, test_the_table->appended);
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

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(balances_add_up_to_nothing, fresh, test_players_end),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
