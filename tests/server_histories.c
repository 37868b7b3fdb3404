/* Random histories: a random view over random events, and every operation in any order: appends, steps of workers,
 * batches, seals, replays with and without a switch, some of them killed, changes of mode both ways, ways back, dropped
 * copies, changed definitions, losses of Redis. After each step an answer equals the oracle's, and covers no less than
 * the answer before it unless Redis has lost something. In the end lambda = kappa = plain SQL. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "batch_layer/seal.h"
#include "catalog/copies.h"
#include "core/time.h"
#include "modes/comparison.h"
#include "speed_layer/compactor.h"
#include "tests/support/fixtures.h"
#include "tests/support/random_view.h"
#include "tests/support/replays.h"

enum { ROUNDS = 16, ROUNDS_PER_LOG = 4, LEAST_STEPS = 12, MORE_STEPS = 20, WORKERS = 3 };

static test_servers servers;
static test_world world;
static bool killed_in_log;               /* a replay has run since the log was made */

typedef struct history {
	unsigned long seed, first_seed;
	char stream[24], view[24];
	bool extreme;
	int64_t base_us;
	test_worker workers[WORKERS];
	int64_t holds[WORKERS];              /* the copy; 0: closed */
	int64_t end[LK_MAX_PARTITIONS];      /* of the last answer */
	bool saved;
	lk_buf story;
	int compared, raised, switched, killed, versions, sealed;
} history;

static unsigned below(history *h, unsigned n) { return (unsigned)(test_random(&h->seed) % n); }
static bool one_in(history *h, unsigned n) { return below(h, n) == 0; }

static void broken(history *h, const char *what, const char *why) {
	fail_msg("SEED=%lu ROUNDS=1 repeats it\nafter:%s\n%s: %s\n%s", h->first_seed, h->story.data ? h->story.data : "",
	         what, why, test_world_copy(&world, h->view)->version->plan->text);
}

#define TELL(h, ...) lk_buf_addf(&(h)->story, " " __VA_ARGS__)

static void must_be(history *h, bool as_it_should, const char *what, const lk_error *err) {
	if (!as_it_should)
		broken(h, what, err->text[0] ? err->text : "it should have failed");
}

/* --- answers --- */

static void same(history *h, const char *what, const lk_query *q) {
	lk_buf difference = LK_BUF_INIT;
	test_world_compare(&world, q, NULL, NULL, &difference);
	bool raises = difference.len && difference.data[0] == '?';
	if (difference.len && !raises)
		broken(h, what, difference.data);
	h->compared++;
	h->raised += raises;
	lk_buf_release(&difference);
}

/* The served copy's answer, which must not go back. */
static void check(history *h) {
	lk_query q = test_query(h->view);
	lk_answer a;
	test_world_answer(&world, &q, &a);
	for (int p = 0; p < a.partitions; p++) {
		if (a.end.part[p].off < h->end[p])
			broken(h, "an answer covers less than the one before",
			       lk_asprintf("partition %d, from %lld to %lld", p, (long long)h->end[p], (long long)a.end.part[p].off));
		h->end[p] = a.end.part[p].off;
	}
	lk_answer_release(&a);
	same(h, "the answer", &q);
}

static int copies_of(history *h, const lk_cat_copy **out, int most) {
	int n = 0;
	test_world_reload(&world);
	for (int i = 0; i < world.catalog->ncopies && n < most; i++)
		if (strcmp(world.catalog->copies[i].version->view->name, h->view) == 0)
			out[n++] = &world.catalog->copies[i];
	return n;
}

static const lk_cat_copy *any_copy(history *h) {
	const lk_cat_copy *copies[32];
	int n = copies_of(h, copies, 32);
	return copies[below(h, (unsigned)n)];
}

static void check_copy(history *h, const lk_cat_copy *c) {
	char id[24], what[100];
	lk_query q = test_query(h->view);
	if (!c->kappa && !c->cut_id && c->id != c->version->view->served_copy && c->state != LK_COPY_LIVE)
		return;
	snprintf(id, sizeof id, "%lld", (long long)c->id);
	snprintf(what, sizeof what, "the answer of copy %s (%s, %s)", id, c->kappa ? "kappa" : "lambda",
	         lk_copy_state_name(c->state));
	q.copy = id;
	same(h, what, &q);
}

static void check_another(history *h) {
	const lk_cat_copy *c = any_copy(h);
	TELL(h, "read(%lld)", (long long)c->id);
	check_copy(h, c);
}

/* --- the steps --- */

static void append(history *h) {
	lk_arena arena = {0};
	int n = 1 + (int)below(h, one_in(h, 3) ? 200 : 20);
	lk_value *rows = test_random_rows(&h->seed, n, h->base_us, h->extreme, &arena);
	test_world_append(&world, h->stream, rows, n);
	h->base_us += (int64_t)below(h, 90) * LK_US_PER_S;
	TELL(h, "append(%d)", n);
	lk_arena_release(&arena);
}

static lk_stream_limits small_limits(history *h) {
	return (lk_stream_limits){.fetch_events = 1 + below(h, 200), .commit_events = 1 + below(h, 60),
	                          .commit_cells = 1 + below(h, 20),
	                          .commit_us = LK_US_PER_S, .segment_bytes = one_in(h, 3) ? 1 : 64 << 20};
}

static void close_worker(history *h, int i) {
	if (h->holds[i])
		test_worker_close(&h->workers[i]);
	h->holds[i] = 0;
}

static void sweep(history *h, int who, int part) {
	lk_unit *u = &h->workers[who].units[part];
	lk_error err = {0};
	int rc = u->taken ? lk_unit_sweep(&h->workers[who].path, u, &err) : LK_OK;
	lk_compactor_wait(h->workers[who].path.compactor, 60 * LK_US_PER_S);
	TELL(h, "sweep");
	bool dropped = !lk_catalog_copy(world.catalog, h->holds[who]);
	must_be(h, rc == LK_OK || rc == LK_EFENCED || (rc == LK_ECONFLICT && dropped), "a sweep", &err);
	lk_error_clear(&u->error);
}

/* A worker that has lost its units, or whose copy is gone, takes a random copy, also one that a replay is about to
 * continue. */
static void step(history *h) {
	int who = (int)below(h, WORKERS);
	test_worker *w = &h->workers[who];
	if (!h->holds[who] || one_in(h, 6)) {
		close_worker(h, who);
		const lk_cat_copy *c = any_copy(h);
		test_worker_open_copy(w, &world, c);
		h->holds[who] = c->id;
		TELL(h, "worker%d=%lld", who, (long long)c->id);
	}
	for (int tries = 1 + (int)below(h, 4); tries > 0; tries--) {
		int part = (int)below(h, (unsigned)w->nunits);
		test_world_reload(&world);
		if (!w->units[part].taken && !lk_catalog_copy(world.catalog, h->holds[who])) {
			close_worker(h, who);
			return;
		}
		w->path.limits = small_limits(h);
		int64_t n = test_worker_step(w, part, 1 + below(h, 150));
		TELL(h, "worker%d(%d: %lld)", who, part, (long long)n);
		if (one_in(h, 3))
			sweep(h, who, part);
	}
}

/* In half of them the units reach the end first; the other seals mostly give up. */
static void seal(history *h, const lk_cat_copy *c) {
	const lk_seal_options o = {.patience_us = 1, .merge_bytes = one_in(h, 2), .compact_rows = 1 + below(h, 300)};
	lk_batch_report report;
	lk_error err = {0};
	if (one_in(h, 2)) {
		test_worker w;
		test_worker_open_copy(&w, &world, c);
		test_worker_catch_up(&w);
		test_worker_close(&w);
	}
	int rc = lk_seal_run(&world.pg, world.store, c, &o, &report, &err);
	TELL(h, "seal(%lld)%s", (long long)c->id, rc == LK_OK && !report.nothing_new ? "!" : "");
	must_be(h, rc == LK_OK || rc == LK_EBUSY, "a seal", &err);
	h->sealed += rc == LK_OK && !report.nothing_new;
}

static void batch(history *h) {
	const lk_cat_copy *c = any_copy(h);
	lk_batch_report report;
	lk_error err = {0};
	if (c->state != LK_COPY_LIVE)
		return;
	if (c->kappa) {
		seal(h, c);
		return;
	}
	int rc = lk_batch_run(&world.pg, c, &report, &err);
	TELL(h, "batch(%lld)%s", (long long)c->id, report.switched_to ? "!" : "");
	must_be(h, rc == LK_OK, "a batch", &err);
}

static int number_served(history *h) { return test_world_copy(&world, h->view)->version->number; }

static lk_replay_options random_replay(history *h) {
	lk_replay_options o = test_replay_options(&world, h->view);
	const lk_cat_view *v = lk_catalog_view(world.catalog, h->view);
	o.switch_over = one_in(h, 2);
	o.verify = one_in(h, 2);
	o.force = o.verify && one_in(h, 3);
	o.fresh = one_in(h, 4);
	o.workers = 1 + (int)below(h, 3);
	o.version = one_in(h, 4) ? 1 + (int)below(h, (unsigned)lk_catalog_newest(world.catalog, v)->number) : 0;
	if (one_in(h, 2))
		o.limits = small_limits(h);
	return o;
}

/* Copies of the same version never differ. */
static void replay(history *h) {
	lk_replay_options o = random_replay(h);
	lk_replay_report r;
	lk_error err = {0};
	int newest = lk_catalog_newest(world.catalog, lk_catalog_view(world.catalog, h->view))->number;
	bool another = (o.version ? o.version : newest) != number_served(h);
	TELL(h, "replay(version %d%s%s%s%s)", o.version, o.switch_over ? " switch" : "", o.verify ? " verify" : "",
	     o.force ? " force" : "", o.fresh ? " fresh" : "");
	int rc = lk_replay_run(&o, &r, &err);
	TELL(h, "=%lld%s%s", (long long)r.copy_id, r.resumed ? "+" : "", r.switched ? "!" : "");
	must_be(h, rc == LK_OK || (rc == LK_EDIFFERS && o.verify && !o.force && another), "a replay", &err);
	must_be(h, rc != LK_OK || r.already || r.switched == o.switch_over, "a replay that does not switch", &err);
	must_be(h, r.switched_how.gap == 0, "a gap", &err);
	if (r.verified && !another)
		must_be(h, lk_difference_none(&r.difference), "a replay differs from what is served", &err);
	h->switched += r.switched;
	lk_replay_report_release(&r);
}

static void killed_replay(history *h) {
	lk_replay_options o = random_replay(h);
	o.limits = small_limits(h);
	test_killed(test_replay_body, &o, NULL, (int)below(h, 150));
	h->killed++;
	killed_in_log = true;
	TELL(h, "killed-replay(%d%s)", o.version, o.switch_over ? " switch" : "");
}

/* Replays a part of history into a sandbox and removes it; answers do not change. */
static void sandbox(history *h) {
	lk_replay_options o = test_replay_options(&world, h->view);
	lk_replay_report r;
	lk_error err = {0};
	o.sandbox = "";
	o.range = (lk_range){.by = one_in(h, 2) ? LK_BY_EVENT : LK_BY_AT, .from = INT64_MIN, .to = INT64_MAX};
	if (o.range.by == LK_BY_EVENT)
		o.range.from = INT64_C(1577836800000000) + (int64_t)below(h, 100) * LK_US_PER_S;
	int rc = lk_replay_run(&o, &r, &err);
	TELL(h, "sandbox");
	must_be(h, rc == LK_OK || rc == LK_EUSAGE, "a sandbox", &err);   /* the range may have no events */
	lk_replay_report_release(&r);
}

static void mode(history *h) {
	lk_replay_options o = test_replay_options(&world, h->view);
	lk_mode_report r;
	lk_error err = {0};
	bool kappa = one_in(h, 2), is = test_world_copy(&world, h->view)->kappa;
	for (int twice = one_in(h, 3); twice >= 0; twice--, is = kappa) {
		int rc = lk_mode_change(&o, kappa, &r, &err);
		TELL(h, "mode(%s)%s", kappa ? "kappa" : "lambda", r.nothing_to_do ? "" : "!");
		must_be(h, rc == LK_OK, "a change of mode", &err);
		must_be(h, r.nothing_to_do == (kappa == is) && lk_difference_none(&r.difference) && r.switched_how.gap == 0,
		        "a change of mode", &err);
		h->switched += !r.nothing_to_do;
		lk_difference_release(&r.difference);
	}
	test_world_reload(&world);
	must_be(h, test_world_copy(&world, h->view)->kappa == kappa, "the mode after the change", &err);
}

static void back(history *h) {
	lk_replay_options o = test_replay_options(&world, h->view);
	lk_mode_report r;
	lk_error err = {0};
	int64_t former = test_former(&world, h->view), served = test_served(&world, h->view);
	int rc = lk_mode_back(&o, &r, &err);
	TELL(h, "back%s", rc == LK_OK ? "!" : "");
	must_be(h, rc == (former ? LK_OK : LK_EUSAGE), "a way back", &err);
	if (former)
		must_be(h, test_served(&world, h->view) == former && test_former(&world, h->view) == served, "the way back",
		        &err);
	h->switched += rc == LK_OK;
	lk_difference_release(&r.difference);
}

static void drop(history *h) {
	const lk_cat_copy *c = any_copy(h);
	lk_error err = {0};
	int64_t served = test_served(&world, h->view);
	for (int twice = 0; twice < 2; twice++)
		must_be(h, lk_copy_drop(&world.pg, c->id, &err) == (c->id == served ? LK_ECONFLICT : LK_OK), "a drop", &err);
	must_be(h, lk_copies_sweep(&world.pg, NULL, &err) == LK_OK || err.code == LK_ECONFLICT, "a sweep", &err);
	TELL(h, "drop(%lld%s)", (long long)c->id, c->id == served ? " refused" : "");
}

/* Declares a view of this name; a refused definition does not count as a step. */
static bool define(history *h) {
	lk_buf sql = LK_BUF_INIT;
	test_view_shape shape;
	char *fault = NULL;
	test_random_view(&h->seed, h->view, h->stream, NULL, &sql, &shape);
	bool done = test_world_try(&world, sql.data, &fault) == LK_OK;
	h->versions += done;
	free(fault);
	lk_buf_release(&sql);
	return done;
}

static void lose_redis(history *h) {
	unsigned which = below(h, 4);
	if (which == 0 && !h->saved) {
		test_redis_save(&servers, "older");
		h->saved = true;
		TELL(h, "save");
		return;
	}
	if (which <= 1 && h->saved) {
		for (int i = 0; i < WORKERS; i++)
			close_worker(h, i);
		test_redis_restore(&servers, "older");
		test_world_reconnect(&world);
		TELL(h, "redis-goes-back");
	} else {
		test_redis_empty(&servers);
		TELL(h, "redis-lost");
	}
	memset(h->end, 0, sizeof h->end);
}

static void random_step(history *h) {
	test_world_reload(&world);
	switch (below(h, 26)) {
	case 0: case 1: case 2: case 3: append(h); break;
	case 4: case 5: batch(h); break;
	case 6: case 7: case 8: replay(h); break;
	case 9: killed_replay(h); break;
	case 10: case 11: mode(h); break;
	case 12: case 13: back(h); break;
	case 14: case 15: drop(h); break;
	case 16: TELL(h, "define%s", define(h) ? "" : "(refused)"); break;
	case 17: lose_redis(h); break;
	case 18:
		test_world_speed_once(&world, h->view);
		TELL(h, "speed-once");
		break;
	case 19: one_in(h, 3) ? sandbox(h) : check_another(h); break;
	default: step(h);
	}
}

/* --- in the end --- */

/* Every live copy at the log's end is right, and copies of one version without late events are equal to the byte, in
 * both modes. */
static void check_copies(history *h) {
	const lk_cat_copy *copies[32];
	char digests[32][33];
	int n = copies_of(h, copies, 32);
	for (int i = 0; i < n; i++) {
		digests[i][0] = 0;
		if (copies[i]->state != LK_COPY_LIVE)
			continue;
		check_copy(h, copies[i]);
		if (copies[i]->version->plan->allowed_lateness_us < 0)
			test_digest_at_end(&world, h->view, copies[i]->id, digests[i]);
		for (int k = 0; k < i; k++)
			if (copies[k]->version == copies[i]->version && digests[k][0] && strcmp(digests[k], digests[i]) != 0)
				broken(h, "the digests of two copies of a version",
				       lk_asprintf("%lld: %s, %lld: %s", (long long)copies[k]->id, digests[k],
				                                                                (long long)copies[i]->id, digests[i]));
	}
}

static void check_modes(history *h) {
	lk_replay_options o = test_replay_options(&world, h->view);
	lk_comparison c;
	lk_error err = {0};
	must_be(h, lk_compare_view(&o, false, &c, &err) == LK_OK, "a comparison", &err);
	must_be(h, lk_comparison_explained(&c), "lambda, kappa and plain SQL", &err);
	if (test_world_copy(&world, h->view)->version->plan->allowed_lateness_us < 0)
		must_be(h, lk_comparison_equal(&c), "lambda, kappa and plain SQL", &err);
	lk_comparison_release(&c);
}

/* A killed replay leaves its end cut until the next one: of an unfinished replay, or, if it was killed before it could
 * record its start, of no replay. */
static void nothing_is_left(history *h) {
	static const char noted[] = "SELECT count(*) FROM lk.cut c WHERE state = 'open' AND NOT EXISTS"
		" (SELECT FROM lk.replay r WHERE ended_at IS NULL AND (r.copy_id = c.copy_id OR c.purpose <> 'replay'))";
	static const char unnoted[] = " AND (c.purpose <> 'replay' OR EXISTS (SELECT FROM lk.replay r WHERE r.cut_id = c.cut_id))";
	char *cuts = lk_asprintf("%s%s", noted, killed_in_log ? unnoted : "");
	static const char copies[] = "SELECT count(*) FROM lk.copy WHERE NOT dropped AND state IN ('scratch', 'sandbox')";
	lk_error none = {0};
	must_be(h, test_world_int(&world, cuts) == 0, "a cut is left open", &none);
	free(cuts);
	must_be(h, test_world_int(&world, copies) == 0, "a copy is left", &none);
}

static void play(history *h) {
	lk_buf sql = LK_BUF_INIT;
	test_random_stream(&h->seed, h->stream, &sql);
	test_world_declare(&world, sql.data);
	lk_buf_release(&sql);
	for (int tries = 0; !define(h); tries++)
		assert_true(tries < 50);
	h->extreme = one_in(h, 3);
	h->base_us = INT64_C(1577836800000000);
	append(h);
	for (int i = 0, n = LEAST_STEPS + (int)below(h, MORE_STEPS); i < n; i++) {
		random_step(h);
		test_world_reload(&world);
		check(h);
	}
	test_world_speed_once(&world, h->view);
	TELL(h, "speed-once(end)");
	check(h);
	check_copies(h);
	check_modes(h);
	check(h);
	nothing_is_left(h);
	for (int i = 0; i < WORKERS; i++)
		close_worker(h, i);
	lk_buf_release(&h->story);
}

/* I1, I2, I3, I4, I8, I11 */
static void random_histories(void **state) {
	(void)state;
	unsigned long seed = test_seed("histories");
	int rounds = test_rounds("ROUNDS", ROUNDS);
	int compared = 0, raised = 0, switched = 0, killed = 0, versions = 0, sealed = 0;
	for (int i = 0; i < rounds; i++) {
		if (i % ROUNDS_PER_LOG == 0) {
			test_world_empty(&world);
			killed_in_log = false;
		}
		history h = {.seed = seed + (unsigned long)i, .first_seed = seed + (unsigned long)i};
		snprintf(h.stream, sizeof h.stream, "s%d", i);
		snprintf(h.view, sizeof h.view, "v%d", i);
		play(&h);
		compared += h.compared;
		raised += h.raised;
		switched += h.switched;
		sealed += h.sealed;
		killed += h.killed;
		versions += h.versions;
	}
	print_message("%d histories: %d answers compared, PostgreSQL raised at %d; %d switches, %d replays killed,"
	              " %d versions, %d seals\n", rounds, compared, raised,
	              switched, killed, versions, sealed);
	assert_true(raised * 2 < compared || rounds < 10);
	assert_true((switched > 0 && sealed > 0) || rounds < 10);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(random_histories, NULL, test_players_end)};
	test_share_world(&world, &servers);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
