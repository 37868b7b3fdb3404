/* The same log gives the same cells, to the byte, for any limits, workers, pace, kills and mode; and a command that is
 * run twice leaves what one run leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "catalog/copies.h"
#include "core/time.h"
#include "modes/comparison.h"
#include "tests/support/fixtures.h"
#include "tests/support/players.h"
#include "tests/support/random_view.h"

enum { ROUNDS = 6, TRANSFERS = 4000, RANDOM_EVENTS = 1500, A_RUN_MS = 60000 };

static test_servers servers;
static test_world world;

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, test_transfers_text);
	test_table_reset();
	return 0;
}

static unsigned below(unsigned long *seed, unsigned n) { return (unsigned)(test_random(seed) % n); }
static bool one_in(unsigned long *seed, unsigned n) { return below(seed, n) == 0; }

/* Views of every shape over a log with a column of every type. */
static void random_part(unsigned long *seed, int views) {
	lk_buf sql = LK_BUF_INIT;
	lk_arena arena = {0};
	test_view_shape shape;
	test_random_stream(seed, "everything", &sql);
	test_world_declare(&world, sql.data);
	for (int i = 0, tries = 0; i < views; tries++) {
		char name[24], *fault = NULL;
		assert_true(tries < 100);
		snprintf(name, sizeof name, "random%d", i);
		lk_buf_clear(&sql);
		test_random_view(seed, name, "everything", NULL, &sql, &shape);
		i += test_world_try(&world, sql.data, &fault) == LK_OK;
		free(fault);
	}
	test_world_append(&world, "everything", test_random_rows(seed, RANDOM_EVENTS, INT64_C(1577836800000000),
	                                                         one_in(seed, 2), &arena), RANDOM_EVENTS);
	lk_arena_release(&arena);
	lk_buf_release(&sql);
}

/* --- very different replays --- */

struct run { lk_replay_options options; char crash[40]; };

static int run_and_crash(void *arg) {
	const struct run *r = arg;
	if (r->crash[0])
		setenv("LK_CRASH", r->crash, 1);
	return test_replay_body(arg);
}

static lk_replay_options random_options(const char *view, unsigned long *seed) {
	lk_replay_options o = test_replay_options(&world, view);
	o.workers = 1 + (int)below(seed, 4);
	o.limits.fetch_events = 1 + below(seed, 3000);
	o.limits.commit_events = 1 + below(seed, 400);
	o.limits.commit_cells = 1 + below(seed, 300);
	o.limits.segment_bytes = one_in(seed, 2) ? 1 + below(seed, 20000) : o.limits.segment_bytes;
	if (one_in(seed, 3)) {
		o.pace = 100 * (1 + below(seed, 10000));
		o.max_gap_us = LK_US_PER_S;
		o.range.by = one_in(seed, 2) ? LK_BY_EVENT : LK_BY_AT;
	}
	return o;
}

/* Dies at a crash point, if the build has any, or at a random moment. */
static void killed(const lk_replay_options *o, unsigned long *seed) {
	struct run r = {.options = *o};
	int kill_after_ms = (int)below(seed, 200);
#ifdef LK_FAULTS
	static const char *const points[] = {"replay.made", "take_over.done", "commit.sent", "commit.done",
	                                     "side_output.written", "compact.staged", "compact.swapped",
	                                     "replay.replayed"};
	if (one_in(seed, 2))
		snprintf(r.crash, sizeof r.crash, "%s:%u", points[below(seed, 8)], 1 + below(seed, 9));
#endif
	int pid = test_player(run_and_crash, &r);
	if (r.crash[0]) {
		assert_true(test_player_wait(pid, A_RUN_MS) >= 0);   /* it may pass the point fewer times */
	} else {
		test_player_kill_after(pid, kill_after_ms);
	}
}

static void digest_of_replay(const lk_replay_options *o, char digest[33]) {
	lk_replay_report r;
	lk_error err = {0};
	if (lk_replay_run(o, &r, &err) != LK_OK)
		fail_msg("replay: %s (%s)", err.text, err.hint);
	test_digest_at_end(&world, o->view, r.copy_id, digest);
	lk_replay_report_release(&r);
}

/* The lambda copy too, if it lacks no event: batch and speed together. */
static void digest_of_lambda(const char *view, char digest[33]) {
	lk_query q = test_query(view);
	lk_answer a;
	test_world_speed_once(&world, view);
	test_world_answer(&world, &q, &a);
	assert_true(!a.kappa && a.late == 0);
	lk_answer_release(&a);
	test_digest_at_end(&world, view, 0, digest);
}

static void every_way(const char *view, unsigned long *seed, int rounds) {
	char first[33] = "", digest[33];
	const lk_plan *plan = test_world_copy(&world, view)->version->plan;
	for (int i = 0; i < rounds; i++) {
		lk_replay_options o = i == 0 ? test_replay_options(&world, view) : random_options(view, seed);
		o.fresh = true;
		for (unsigned kills = i == 0 ? 0 : below(seed, 3); kills > 0; kills--) {
			killed(&o, seed);
			o.fresh = false;
		}
		digest_of_replay(&o, digest);
		if (!first[0])
			memcpy(first, digest, sizeof first);
		if (strcmp(first, digest) != 0)
			fail_msg("view %s: %s, but %s with %d workers, fetches of %lld, commits of %lld and %lld, segments of %zu,"
			         " pace %g\n%s", view, first, digest,
			         o.workers, (long long)o.limits.fetch_events, (long long)o.limits.commit_events,
			         (long long)o.limits.commit_cells, o.limits.segment_bytes, o.pace, plan->text);
	}
	if (plan->allowed_lateness_us >= 0)
		return;
	digest_of_lambda(view, digest);
	if (strcmp(first, digest) != 0)
		fail_msg("view %s: replayed %s, lambda %s\n%s", view, first, digest, plan->text);
}

/* I4, I10, I8 */
static void replays_are_the_same_to_the_byte(void **state) {
	(void)state;
	unsigned long seed = test_seed("replays_are_the_same_to_the_byte");
	int rounds = test_rounds("ROUNDS", ROUNDS);
	static const char *const views[] = {"balances", "flows", "strict_flows", "random0", "random1", "random2"};
	test_transfers_append(&world, &seed, TRANSFERS / 2);
	random_part(&seed, 3);
	test_world_batch(&world, "balances");
	test_world_batch(&world, "random0");
	test_transfers_append(&world, &seed, TRANSFERS / 2);
	for (size_t i = 0; i < sizeof views / sizeof *views; i++)
		every_way(views[i], &seed, rounds);
}

/* --- what the program says --- */

typedef struct said { char *out, *err; int status; } said;

static void forget(said *s) {
	free(s->out);
	free(s->err);
	*s = (said){0};
}

static said lk(const char *const *argv) {
	said s;
	s.status = test_lk(&servers, NULL, &s.out, &s.err, argv);
	return s;
}
#define SAID(...) lk(ARGS(__VA_ARGS__))

static void says(const char *const *argv, int status) {
	said s = lk(argv);
	if (s.status != status)
		fail_msg("lk %s %s %s: exit %d, not %d\n%s", argv[0], argv[1], argv[2] ? argv[2] : "", s.status, status, s.err);
	forget(&s);
}
#define SAYS(status, ...) says(ARGS(__VA_ARGS__), status)

/* I4: status prints the digest of the copy's answer; all copies have the same. */
static void status_shows_the_digests(void **state) {
	(void)state;
	unsigned long seed = test_seed("status_shows_the_digests");
	char digest[33];
	test_transfers_append(&world, &seed, 1000);
	test_world_batch(&world, "flows");
	test_transfers_append(&world, &seed, 500);
	SAYS(0, "replay", "flows");
	SAYS(0, "replay", "flows", "--switch");
	SAYS(0, "replay", "flows", "--workers", "3");
	SAYS(0, "speed", "--once");
	test_digest_at_end(&world, "flows", 0, digest);
	said s = SAID("status", "flows", "--digest", "--format", "json");
	assert_int_equal(s.status, 0);
	json_t *all = json_loads(s.out, 0, NULL), *copy;
	size_t i, n = 0;
	assert_non_null(all);
	json_t *shown_copies = json_object_get(all, "views");
	if (!json_is_array(shown_copies))
		fail_msg("no views in: %s", s.out);
	json_array_foreach(shown_copies, i, copy) {
		if (strcmp(json_string_value(json_object_get(copy, "view")), "flows") != 0)
			continue;
		const char *shown = json_string_value(json_object_get(copy, "digest"));
		if (!shown || strcmp(shown, digest) != 0)
			fail_msg("the answer's digest is %s, status says %s", digest, s.out);
		n++;
	}
	assert_int_equal(n, 3);
	json_decref(all);
	forget(&s);
}

/* --- twice --- */

static char *answer(const char *view) {
	said s = SAID("query", view, "--format", "jsonl");
	if (s.status != 0)
		fail_msg("query %s: %s", view, s.err);
	char *out = s.out;
	free(s.err);
	return out;
}

static void answers_stay(const char *view, const char *before) {
	char *after = answer(view);
	assert_string_equal(before, after);
	free(after);
	test_world_reload(&world);
	lk_query q = test_query(view);
	test_world_same(&world, &q);
}

static int64_t copies(void) { return test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE NOT dropped"); }

static void nothing_is_open(void) {
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE NOT dropped AND state <> 'live'"), 0);
}

static void changes_of_mode(const char *view, const char *mode, const char *before) {
	for (int twice = 0; twice < 2; twice++) {
		SAYS(0, "mode", view, mode);
		int64_t served = test_served(&world, view);
		assert_true(twice == 0 || served == test_served(&world, view));
		assert_int_equal(test_world_count(&world, "SELECT count(*) FROM lk.copy WHERE copy_id = %lld AND mode = '%s'",
		                                  (long long)served, mode), 1);
		answers_stay(view, before);
		nothing_is_open();
	}
}

/* I8: nothing is appended; no command, run once or twice, changes the answer. */
static void each_command_twice(void **state) {
	(void)state;
	unsigned long seed = test_seed("each_command_twice");
	char id[24], *path = lk_asprintf("%s/twice.sql", servers.dir);
	FILE *f = fopen(path, "we");
	assert_non_null(f);
	assert_true(fputs(test_transfers_text, f) >= 0 && fclose(f) == 0);
	test_transfers_append(&world, &seed, 1500);
	for (int twice = 0; twice < 2; twice++) {
		SAYS(0, "apply", path);
		assert_int_equal(copies(), 3);
	}
	SAYS(0, "batch", "balances");
	SAYS(0, "batch", "balances");
	test_transfers_append(&world, &seed, 500);
	SAYS(0, "speed", "--once");
	SAYS(0, "speed", "--once");
	char *before = answer("balances");
	int64_t lambda = test_served(&world, "balances");

	for (int twice = 0; twice < 2; twice++) {   /* the second one continues the first one's copy */
		SAYS(0, "replay", "balances", "--verify");
		assert_int_equal(copies(), 4);
		assert_int_equal(test_served(&world, "balances"), lambda);
		answers_stay("balances", before);
		nothing_is_open();
	}
	for (int twice = 0; twice < 2; twice++) {   /* the second one makes a copy of its own; one former copy is kept */
		int64_t served = test_served(&world, "balances");
		SAYS(0, "replay", "balances", "--verify", "--switch");
		assert_int_not_equal(test_served(&world, "balances"), served);
		assert_int_equal(test_former(&world, "balances"), served);
		assert_int_equal(copies(), 4);
		answers_stay("balances", before);
		nothing_is_open();
	}
	changes_of_mode("balances", "lambda", before);
	changes_of_mode("balances", "kappa", before);
	int64_t served = test_served(&world, "balances"), former = test_former(&world, "balances");
	for (int twice = 0; twice < 2; twice++) {   /* there and back again */
		SAYS(0, "mode", "balances", "--back");
		assert_int_equal(test_served(&world, "balances"), twice ? served : former);
		assert_int_equal(test_former(&world, "balances"), twice ? former : served);
		answers_stay("balances", before);
	}
	for (int twice = 0; twice < 2; twice++) {
		SAYS(0, "compare", "balances", "--no-costs");
		answers_stay("balances", before);
		nothing_is_open();
	}
	snprintf(id, sizeof id, "%lld", (long long)test_former(&world, "balances"));
	SAYS(0, "drop", "balances", "--former");
	SAYS(2, "drop", "balances", "--former");
	SAYS(2, "drop", "balances", "--copy", id);
	SAYS(2, "mode", "balances", "--back");
	for (int twice = 0; twice < 2; twice++)
		SAYS(0, "replay", "balances", "--by", "_at", "--from", "2015-01-01T00:00:00Z", "--as", "again");
	assert_int_equal(copies(), 3);
	answers_stay("balances", before);
	nothing_is_open();
	test_redis_empty(&servers);
	SAYS(0, "speed", "--once");
	answers_stay("balances", before);
	free(before);
	free(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, test_players_end)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(replays_are_the_same_to_the_byte),
		TEST(status_shows_the_digests),
		TEST(each_command_twice),
	};
	test_table_open();
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
