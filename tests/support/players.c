#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/players.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/time.h"
#include "event_log/append.h"

enum { PLAYERS = 16, CATCH_UP_MS = 60000 };

test_table *test_the_table;

static int players[PLAYERS];

static void note(int pid) {
	for (int i = 0; i < PLAYERS; i++)
		if (!players[i]) {
			players[i] = pid;
			return;
		}
	fail_msg("too many players");
}

/* A failed test in a child would continue with its parent's tests, so it aborts. */
int test_player(int (*body)(void *ctx), void *ctx) {
	fflush(NULL);
	int pid = fork();
	if (pid == 0) {
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		setenv("CMOCKA_TEST_ABORT", "1", 1);
		_exit(body(ctx) & 0x7f);
	}
	note(pid);
	return pid;
}

int test_player_lk(const test_servers *s, const char *const *env, const char *const *argv) {
	int pid = test_lk_start(s, env, argv);
	note(pid);
	return pid;
}

int test_player_wait(int pid, int deadline_ms) {
	int status = test_lk_wait(pid, deadline_ms);
	for (int i = 0; i < PLAYERS; i++)
		if (players[i] == pid && status >= 0)
			players[i] = 0;
	return status;
}

void test_player_kill(int pid) {
	kill(pid, SIGKILL);
	assert_true(test_player_wait(pid, 30000) >= 0);
}

void test_player_kill_after(int pid, int ms) {
	if (test_player_wait(pid, ms) < 0)
		test_player_kill(pid);
}

void test_player_end(int pid) {
	kill(pid, SIGTERM);
	assert_int_equal(test_player_wait(pid, 60000), 0);
}

int test_players_end(void **state) {
	(void)state;
	for (int i = 0; i < PLAYERS; i++)
		if (players[i]) {
			int pid = players[i];
			kill(pid, SIGKILL);
			test_player_wait(pid, 30000);
		}
	return 0;
}

/* --- the table --- */

void test_table_open(void) {
	test_the_table = mmap(NULL, sizeof *test_the_table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(test_the_table != MAP_FAILED);
}

void test_table_reset(void) { memset(test_the_table, 0, sizeof *test_the_table); }

void test_table_complain(const char *fmt, ...) {
	va_list ap;
	if (test_the_table->complaint[0])
		return;
	va_start(ap, fmt);
	vsnprintf(test_the_table->complaint, sizeof test_the_table->complaint, fmt, ap);
	va_end(ap);
}

void test_table_quiet(void) {
	if (test_the_table->complaint[0])
		fail_msg("after %ld answers: %s", test_the_table->answers, test_the_table->complaint);
}

/* --- readers --- */

typedef struct reading {
	const test_reader *reader;
	test_world world;          /* its own sessions */
	bool open;
	long losses;               /* at the answer before */
	int64_t end[LK_MAX_PARTITIONS], copy;
	long answers;
} reading;

static void close_reading(reading *r) {
	if (r->open) {
		lk_store_close(r->world.store);
		lk_pg_close(&r->world.pg);
	}
	r->open = false;
}

static bool open_reading(reading *r) {
	lk_error err = {0};
	r->world.pg = (lk_pg){0};
	r->world.store = NULL;
	if (lk_pg_open(&r->world.pg, r->world.servers->at.postgres, "lk test read", &err) != LK_OK) {
		lk_pg_close(&r->world.pg);
		return false;
	}
	r->open = lk_store_open(&r->world.store, r->world.servers->at.redis, r->world.log_id, &err) == LK_OK;
	if (!r->open)
		lk_pg_close(&r->world.pg);
	return r->open;
}

static long losses(void) { return __atomic_load_n(&test_the_table->losses, __ATOMIC_SEQ_CST); }

/* `before`: the losses when the answer was requested. */
static void look_back(reading *r, const lk_answer *a, long before) {
	bool quiet = before == losses() && before % 2 == 0;
	for (int p = 0; p < a->partitions; p++) {
		if (quiet && r->losses == before && a->end.part[p].off < r->end[p])
			test_table_complain("view %s: partition %d goes back from %lld (copy %lld) to %lld (copy %lld, %s,"
			                    " cut %lld, cursor %lld)", r->reader->view, p,
			                    (long long)r->end[p], (long long)r->copy, (long long)a->end.part[p].off, (long long)a->copy_id,
			                    a->kappa ? "kappa" : "lambda", (long long)a->cut.part[p].off, (long long)a->cursor.part[p].off);
		r->end[p] = a->end.part[p].off;
	}
	r->losses = quiet ? before : -1;
	r->copy = a->copy_id;
}

static void prove(reading *r, const lk_answer *a) {
	lk_buf bound = LK_BUF_INIT, difference = LK_BUF_INIT;
	test_rows want, got;
	lk_error err = {0};
	test_answer_bound(a, &bound);
	int rc = test_oracle_rows(&r->world, a->plan, bound.data, NULL, &want, &err);
	if (rc == LK_OK) {
		test_answer_rows(a, &got);
		test_rows_difference(&want, &got, &difference);
		test_rows_release(&got);
	}
	if (difference.len)
		test_table_complain("view %s, copy %lld, %s, %s%s", r->reader->view, (long long)a->copy_id,
		                    a->kappa ? "kappa" : "lambda", difference.data, bound.data);
	test_rows_release(&want);
	lk_buf_release(&bound);
	lk_buf_release(&difference);
}

static void read_once(reading *r) {
	lk_answer a;
	lk_error err = {0};
	lk_query q = test_query(r->reader->view);
	long before = losses();
	int rc = lk_answer_make(&r->world.pg, r->world.store, NULL, &q, &a, &err);
	if (rc == LK_EUNREACHABLE) {
		close_reading(r);
		return;
	}
	if (rc != LK_OK) {
		test_table_complain("view %s: an answer: %d %s (%s)", r->reader->view, rc, err.text, err.hint);
		return;
	}
	look_back(r, &a, before);
	if (r->reader->check)
		r->reader->check(&a);
	if (r->answers++ % r->reader->prove_every == 0)
		prove(r, &a);
	lk_answer_release(&a);
	__atomic_fetch_add(&test_the_table->answers, 1, __ATOMIC_RELAXED);
}

int test_reader_body(void *arg) {
	reading r = {.reader = arg, .losses = -1};
	r.world.servers = r.reader->world->servers;
	memcpy(r.world.log_id, r.reader->world->log_id, sizeof r.world.log_id);
	while (!test_the_table->stop && !test_the_table->complaint[0]) {
		if (r.open || open_reading(&r))
			read_once(&r);
		else
			usleep(5000);
	}
	close_reading(&r);
	return test_the_table->complaint[0] ? 1 : 0;
}

/* --- transfers --- */

#define LEGS " FROM transfers, LATERAL (VALUES (from_account, -amount), (to_account, amount)) AS leg(account, delta)" \
	" GROUP BY account"

const char test_transfers_text[] =
	"CREATE TABLE transfers (ts timestamptz, from_account bigint, to_account bigint, amount bigint)"
	" WITH (event_time = ts, partition_by = from_account, partitions = 3, watermark = '5 seconds');"
	"CREATE VIEW balances AS SELECT account, sum(delta) AS delta, count(*) AS legs" LEGS ";"
	"CREATE VIEW flows AS SELECT account, sum(delta) AS delta" LEGS ", tumble(ts, '1 minute');"
	"CREATE VIEW strict_flows WITH (allowed_lateness = '1 second') AS"
	" SELECT account, sum(delta) AS delta" LEGS ", tumble(ts, '10 seconds');";

enum { ACCOUNTS = 200, A_TRANSFER_US = 3000, LATE_IN = 50, LATE_S = 120, MOST_AT_ONCE = 4000 };

/* The n-th transfer; some come late. */
static void transfer(int64_t n, unsigned long *seed, lk_value row[4]) {
	unsigned long r = test_random(seed);
	int64_t late_us = r % LATE_IN == 0 ? (int64_t)(r >> 32 & 0xffff) % LATE_S * LK_US_PER_S : 0;
	row[0] = lk_int(INT64_C(1500000000000000) + n * A_TRANSFER_US - late_us);
	row[1] = lk_int((int64_t)(r >> 8) % ACCOUNTS);
	row[2] = lk_int((int64_t)(r >> 24) % ACCOUNTS);
	row[3] = lk_int((int64_t)(r >> 40) % 100000);
}

static int append_transfers(lk_pg *pg, const lk_cat_stream *s, unsigned long *seed, int64_t first, int64_t n,
                            lk_error *err) {
	lk_append_batch *b = lk_append_batch_new(s);
	lk_source_step step = {.source = "transfers"};
	int rc = LK_OK;
	for (int64_t i = first; rc == LK_OK && i < first + n; i++) {
		lk_value row[4];
		const char *reason = "";
		transfer(i, seed, row);
		if (lk_append_batch_add(b, row, &reason))
			rc = lk_fail(err, LK_EINPUT, "%s", reason);
	}
	if (rc == LK_OK)
		rc = lk_append(pg, b, &step, err);
	lk_append_batch_free(b);
	return rc;
}

void test_transfers_append(test_world *w, unsigned long *seed, int n) {
	lk_error err = {0};
	int64_t first = test_world_int(w, "SELECT sum(next_off)::bigint FROM lk.tail");
	if (append_transfers(&w->pg, lk_catalog_stream(w->catalog, "transfers"), seed, first, n, &err) != LK_OK)
		fail_msg("%s", err.text);
}

/* How many transfers are due by now. */
static int64_t due(const test_transfers *t, int64_t began_us) {
	int64_t all = t->per_second ? (lk_monotonic_us() - began_us) * t->per_second / LK_US_PER_S : INT64_MAX;
	return t->most && all > t->most ? t->most : all;
}

int test_transfers_body(void *arg) {
	test_transfers *t = arg;
	const lk_cat_stream *s = lk_catalog_stream(t->world->catalog, "transfers");
	lk_pg pg = {0};
	lk_error err = {0};
	bool open = false;
	int64_t done = 0, began_us = lk_monotonic_us();
	while (!test_the_table->stop && (!t->most || done < t->most)) {
		int64_t n = due(t, began_us) - done;
		if (!open) {
			open = lk_pg_open(&pg, t->world->servers->at.postgres, "lk test transfers", &err) == LK_OK;
			if (!open)
				lk_pg_close(&pg);
		}
		if (!open || n <= 0) {
			usleep(2000);
			continue;
		}
		n = n < MOST_AT_ONCE ? n : MOST_AT_ONCE;
		lk_error_clear(&err);
		int rc = append_transfers(&pg, s, &t->seed, done, n, &err);
		if (rc == LK_OK) {
			done += n;
			__atomic_fetch_add(&test_the_table->appended, n, __ATOMIC_RELAXED);
		} else if (rc == LK_EUNREACHABLE) {   /* the outcome is unknown; a transfer may count twice */
			lk_pg_close(&pg);
			open = false;
		} else if (rc != LK_EBUSY) {
			test_table_complain("transfers: %s (%s)", err.text, err.hint);
			break;
		}
	}
	if (open)
		lk_pg_close(&pg);
	return test_the_table->complaint[0] ? 1 : 0;
}

static int64_t delta_of(const lk_answer *a, const lk_cell *row, int output) {
	lk_value v;
	lk_buf text = LK_BUF_INIT;
	lk_answer_value(a, row, output, &v);
	lk_value_print(a->plan->outputs[output].type, &v, &text);
	int64_t n = text.data ? strtoll(text.data, NULL, 10) : 0;
	lk_buf_release(&text);
	return n;
}

void test_sum_is_zero(const lk_answer *a) {
	int64_t sum = 0;
	int output = 0;
	while (output < a->plan->noutputs - 1 && strcmp(a->plan->outputs[output].name, "delta") != 0)
		output++;
	for (size_t i = 0; i < a->nrows; i++)
		sum += delta_of(a, a->rows[i], output);
	if (sum != 0)
		test_table_complain("the deltas of view %s, copy %lld (%s), add up to %lld in an answer of %zu rows",
		                    a->plan->view, (long long)a->copy_id, a->kappa ? "kappa" : "lambda", (long long)sum,
		                    a->nrows);
}

/* --- replays --- */

lk_replay_options test_replay_options(const test_world *w, const char *view) {
	return (lk_replay_options){.postgres = w->servers->at.postgres, .redis = w->servers->at.redis, .view = view,
	                           .workers = 2, .limits = lk_stream_defaults,
	                           .range = {.from = INT64_MIN, .to = INT64_MAX}};
}

int test_replay_body(void *options) {
	lk_replay_report report;
	lk_error err = {0};
	int rc = lk_replay_run(options, &report, &err);
	if (rc != LK_OK)
		fprintf(stderr, "a replay ends with %d: %s (%s)\n", rc, err.text, err.hint);
	lk_replay_report_release(&report);
	return -rc;
}

/* --- the world --- */

void test_world_reconnect(test_world *w) {
	lk_error err = {0};
	lk_pg_close(&w->pg);
	lk_store_close(w->store);
	if (lk_pg_open(&w->pg, w->servers->at.postgres, "lk test", &err) != LK_OK
	    || lk_store_open(&w->store, w->servers->at.redis, w->log_id, &err) != LK_OK)
		fail_msg("%s", err.text);
}

int64_t test_world_count(test_world *w, const char *fmt, ...) {
	lk_buf sql = LK_BUF_INIT;
	va_list ap;
	va_start(ap, fmt);
	lk_buf_vaddf(&sql, fmt, ap);
	va_end(ap);
	int64_t n = test_world_int(w, sql.data);
	lk_buf_release(&sql);
	return n;
}

int64_t test_served(test_world *w, const char *view) {
	return test_world_count(w, "SELECT coalesce(served_copy, 0) FROM lk.view WHERE name = '%s'", view);
}

int64_t test_former(test_world *w, const char *view) {
	return test_world_count(w, "SELECT coalesce(former_copy, 0) FROM lk.view WHERE name = '%s'", view);
}

void test_digest_at_end(test_world *w, const char *view, int64_t copy, char out[33]) {
	char id[24];
	lk_query q = test_query(view);
	lk_answer a;
	snprintf(id, sizeof id, "%lld", (long long)copy);
	q.copy = copy ? id : NULL;
	test_world_answer(w, &q, &a);
	for (int i = 0; i < a.partitions; i++)
		if (a.end.part[i].off != a.tail.part[i].off)
			fail_msg("copy %lld of %s is at %lld in partition %d, the log ends at %lld", (long long)a.copy_id,
			         view, (long long)a.end.part[i].off, i, (long long)a.tail.part[i].off);
	lk_answer_digest(&a, out);
	lk_answer_release(&a);
}

typedef struct coming { test_world *world; const char *view; } coming;

static int is_there(void *ctx) {
	coming *c = ctx;
	lk_query q = test_query(c->view);
	lk_answer a;
	lk_error err = {0};
	if (lk_answer_make(&c->world->pg, c->world->store, NULL, &q, &a, &err) != LK_OK)
		return 0;
	bool all = true;
	for (int i = 0; i < a.partitions; i++)
		all = all && a.end.part[i].off == a.tail.part[i].off;
	lk_answer_release(&a);
	return all;
}

void test_catches_up_in(test_world *w, int deadline_ms, const char *view) {
	coming c = {w, view};
	if (!test_poll(is_there, &c, deadline_ms))
		fail_msg("view %s is not at the log's end after %d s", view, deadline_ms / 1000);
	lk_query q = test_query(view);
	test_world_same(w, &q);
}

void test_catches_up(test_world *w, const char *view) { test_catches_up_in(w, CATCH_UP_MS, view); }
