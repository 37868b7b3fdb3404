/* Replays: a copy made beside the served one through the stream path, verified, switched to; killed at any point
 * and gone on with. Children of this program run the replays that are killed, so that crash points want a build
 * with FAULTS=1 of this program only. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/time.h"
#include "event_log/append.h"
#include "event_log/copies.h"
#include "replay/replay.h"
#include "speed_layer/speed.h"
#include "tests/support/log.h"
#include "tests/support/world.h"

static test_servers servers;
static test_world world;
static int next_event;

/* What processes of one test share. */
static struct shared {
	volatile int stop;
	volatile long rounds;
	char text[1100];
} *shared;

static const char *const definitions =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, bytes bigint)"
	" WITH (event_time = ts, partition_by = ip, partitions = 3, watermark = '5 seconds');"
	"CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes, max(bytes) AS largest FROM hits"
	" GROUP BY path, tumble(ts, '1 minute');"
	"CREATE VIEW strict WITH (allowed_lateness = '1 second') AS SELECT path, count(*) AS n FROM hits"
	" GROUP BY path, tumble(ts, '10 seconds');"
	"CREATE VIEW balance AS SELECT account, sum(delta) AS total FROM hits,"
	" LATERAL (VALUES (ip, -bytes), (path, bytes)) AS leg(account, delta) GROUP BY account;";

static const int64_t start_us = INT64_C(1500000000000000);

static void lines_of(int first, int n, lk_buf *lines) {
	for (int i = first; i < first + n; i++) {
		lk_buf_adds(lines, "{\"ts\":\"");
		lk_time_print(start_us + i * LK_US_PER_S - (i % 9 == 0 ? i % 100 * LK_US_PER_S : 0), lines);
		lk_buf_addf(lines, "\",\"ip\":\"10.0.0.%d\",\"path\":\"/p%d\",\"bytes\":%d}\n", i % 17, i * 7 % 23, i % 1009);
	}
}

static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	lines_of(next_event, n, &lines);
	next_event += n;
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

/* --- processes --- */

static int running[8];

static void note(int pid) {
	for (size_t i = 0; i < sizeof running / sizeof *running; i++)
		if (!running[i]) {
			running[i] = pid;
			return;
		}
	fail_msg("too many processes");
}

static int wait_for(int pid, int deadline_ms) {
	int status = test_lk_wait(pid, deadline_ms);
	for (size_t i = 0; i < sizeof running / sizeof *running; i++)
		if (running[i] == pid && status >= 0)
			running[i] = 0;
	return status;
}

/* A child that opens everything anew: what it inherits belongs to its parent. */
static int child(int (*body)(void *arg), void *arg) {
	fflush(NULL);
	int pid = fork();
	if (pid == 0)
		_exit(body(arg));
	note(pid);
	return pid;
}

static int live_workers(void) {
	int pid = test_lk_start(&servers, NULL, (const char *const[]){"speed", NULL});
	note(pid);
	return pid;
}

static void end(int pid, int sig, int status) {
	kill(pid, sig);
	assert_int_equal(wait_for(pid, 30000), status);
}

static int end_all(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof running / sizeof *running; i++)
		if (running[i]) {
			int pid = running[i];
			kill(pid, SIGKILL);
			wait_for(pid, 20000);
		}
	return 0;
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, definitions);
	next_event = 0;
	memset(shared, 0, sizeof *shared);
	return 0;
}

static void reconnect(void) {
	lk_error err = {0};
	lk_pg_close(&world.pg);
	lk_store_close(world.store);
	if (lk_pg_open(&world.pg, servers.at.postgres, "lk test", &err) != LK_OK
	    || lk_store_open(&world.store, servers.at.redis, world.log_id, &err) != LK_OK)
		fail_msg("%s", err.text);
}

/* --- replays --- */

static lk_replay_options options(const char *view) {
	return (lk_replay_options){
		.postgres = servers.at.postgres, .redis = servers.at.redis, .view = view, .workers = 2,
		.limits = lk_stream_defaults, .range = {.from = INT64_MIN, .to = INT64_MAX},
	};
}

static lk_replay_report replay(const lk_replay_options *o) {
	lk_replay_report report;
	lk_error err = {0};
	if (lk_replay_run(o, &report, &err) != LK_OK)
		fail_msg("replay: %s (%s)", err.text, err.hint);
	return report;
}

static int replay_fails(const lk_replay_options *o, lk_replay_report *report, lk_error *err) {
	lk_error_clear(err);
	int rc = lk_replay_run(o, report, err);
	assert_int_equal(rc, err->code);
	return rc;
}

static int run_replay(void *arg) {
	lk_replay_report report;
	lk_error err = {0};
	int rc = lk_replay_run(arg, &report, &err);
	if (rc != LK_OK)
		fprintf(stderr, "replay in a child: %s\n", err.text);
	lk_replay_report_release(&report);
	return -rc;
}

static void is_right(const char *view) {
	lk_query q = test_query(view);
	test_world_same(&world, &q);
}

static void copy_is_right(const char *view, int64_t copy) {
	char id[24];
	lk_query q = test_query(view);
	snprintf(id, sizeof id, "%lld", (long long)copy);
	q.copy = id;
	test_world_same(&world, &q);
}

static void digest_of(const char *view, int64_t copy, char out[33]) {
	char id[24];
	lk_query q = test_query(view);
	lk_answer a;
	snprintf(id, sizeof id, "%lld", (long long)copy);
	q.copy = id;
	test_world_answer(&world, &q, &a);
	lk_answer_digest(&a, out);
	lk_answer_release(&a);
}

static int64_t served(const char *view) {
	return test_number(&world.pg, "SELECT served_copy FROM lk.view WHERE name = '%s'", view);
}
static int64_t former(const char *view) {
	return test_number(&world.pg, "SELECT coalesce(former_copy, 0) FROM lk.view WHERE name = '%s'", view);
}

static int64_t copies(const char *view) {
	return test_number(&world.pg, "SELECT count(*) FROM lk.copy JOIN lk.version USING (version_id)"
	                   " JOIN lk.view USING (view_id) WHERE NOT dropped AND lk.view.name = '%s'", view);
}

static bool serves_kappa(const char *view) {
	return test_number(&world.pg, "SELECT (mode = 'kappa')::int FROM lk.view w JOIN lk.copy ON copy_id = served_copy"
	                   " WHERE w.name = '%s'", view) == 1;
}

static void nothing_is_open(void) {
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.cut WHERE state = 'open'"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.copy WHERE state = 'building' AND NOT dropped"), 0);
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM lk.replay JOIN lk.copy USING (copy_id)"
	                                " WHERE NOT dropped AND (phase <> 'done' OR ended_at IS NULL)"), 0);
}

static int is_caught_up(void *view) {
	lk_query q = test_query(view);
	lk_answer a;
	lk_error err = {0};
	bool all = lk_answer_make(&world.pg, world.store, &q, &a, &err) == LK_OK;
	for (int i = 0; all && i < a.partitions; i++)
		all = a.end[i] == a.tail[i];
	if (err.code == LK_OK)
		lk_answer_release(&a);
	return all;
}

static void catches_up(const char *view) {
	if (!test_poll(is_caught_up, (void *)(uintptr_t)view, 30000))
		fail_msg("view %s is not caught up with after 30 s", view);
	is_right(view);
}

/* --- what a replay does --- */

static void a_replay_makes_a_copy_beside_the_served_one(void **state) {
	(void)state;
	append(3000);
	test_world_batch(&world, "traffic");
	append(1000);
	test_world_speed_once(&world, "traffic");
	int64_t before = served("traffic");
	lk_replay_options o = options("traffic");
	lk_replay_report r = replay(&o);
	assert_false(r.resumed || r.switched || r.stopped || r.already || r.verified);
	assert_int_equal(r.events, 4000);
	assert_int_equal(r.version, 1);
	assert_int_equal(served("traffic"), before);
	assert_int_equal(test_number(&world.pg, "SELECT copy_id FROM lk.copy"
	                             " WHERE mode = 'kappa' AND state = 'live' AND NOT was_served"), r.copy_id);
	copy_is_right("traffic", r.copy_id);
	nothing_is_open();
	char lambda[33], kappa[33];
	digest_of("traffic", before, lambda);
	digest_of("traffic", r.copy_id, kappa);
	assert_string_equal(lambda, kappa);
}

/* I8 */
static void a_waiting_copy_is_gone_on_with(void **state) {
	(void)state;
	append(1000);
	lk_replay_options o = options("traffic");
	lk_replay_report first = replay(&o);
	append(500);
	o.switch_over = o.verify = true;
	lk_replay_report second = replay(&o);
	assert_true(second.resumed && second.switched && second.verified);
	assert_int_equal(second.copy_id, first.copy_id);
	assert_int_equal(second.events, 500);
	assert_int_equal(second.switched_how.gap, 0);
	assert_true(second.difference.made && lk_difference_none(&second.difference));
	assert_int_equal(served("traffic"), first.copy_id);
	is_right("traffic");
	nothing_is_open();
	lk_replay_report_release(&second);
}

/* I8 */
static void switching_twice_keeps_one_former_copy(void **state) {
	(void)state;
	append(1000);
	int64_t lambda = served("traffic");
	lk_replay_options o = options("traffic");
	o.switch_over = true;
	lk_replay_report first = replay(&o);
	assert_int_equal(former("traffic"), lambda);
	append(100);
	lk_replay_report second = replay(&o);
	assert_false(second.resumed);
	assert_int_not_equal(second.copy_id, first.copy_id);
	assert_int_equal(second.events, 1100);
	assert_int_equal(served("traffic"), second.copy_id);
	assert_int_equal(former("traffic"), first.copy_id);
	assert_int_equal(second.switched_how.retired, lambda);
	assert_int_equal(copies("traffic"), 2);
	is_right("traffic");
	nothing_is_open();
}

static void a_fresh_one_begins_again(void **state) {
	(void)state;
	append(1000);
	lk_replay_options o = options("traffic");
	lk_replay_report first = replay(&o);
	o.fresh = true;
	lk_replay_report second = replay(&o);
	assert_false(second.resumed);
	assert_int_not_equal(first.copy_id, second.copy_id);
	assert_int_equal(second.events, 1000);
	assert_int_equal(copies("traffic"), 2);
	copy_is_right("traffic", second.copy_id);
}

static void a_new_version_is_brought_into_service(void **state) {
	(void)state;
	append(1000);
	lk_replay_options o = options("traffic");
	lk_replay_report report;
	lk_error err;
	o.switch_over = true;
	replay(&o);
	test_world_declare(&world, "CREATE VIEW traffic AS SELECT path, count(*) AS n, sum(bytes) AS bytes,"
	                   " max(bytes) AS largest FROM hits WHERE bytes > 100 GROUP BY path, tumble(ts, '1 minute')");
	int64_t before = served("traffic");
	o.verify = true;
	assert_int_equal(replay_fails(&o, &report, &err), LK_EDIFFERS);
	assert_true(report.difference.made && !lk_difference_none(&report.difference) && report.difference.nshown > 0);
	assert_false(report.switched);
	assert_int_equal(served("traffic"), before);
	int64_t copy = report.copy_id;
	lk_replay_report_release(&report);
	o.force = true;
	report = replay(&o);
	assert_true(report.resumed && report.switched);
	assert_int_equal(report.copy_id, copy);
	assert_int_equal(report.version, 2);
	assert_int_equal(served("traffic"), copy);
	is_right("traffic");
	nothing_is_open();
	lk_replay_report_release(&report);
	o.version = 7;
	assert_int_equal(replay_fails(&o, &report, &err), LK_EUSAGE);
}

/* I3, P10: late events are refused by both, and what is compared is the answer with them. */
static void late_events_are_no_difference(void **state) {
	(void)state;
	append(2000);
	test_world_batch(&world, "strict");
	append(2000);
	test_world_speed_once(&world, "strict");
	lk_replay_options o = options("strict");
	o.verify = o.switch_over = true;
	lk_replay_report r = replay(&o);
	assert_true(r.switched && r.late > 0 && r.difference.by_late > 0);
	assert_int_equal(served("strict"), r.copy_id);
	is_right("strict");
	lk_replay_report_release(&r);
}

/* P15 */
static void two_replays_of_one_view(void **state) {
	(void)state;
	append(100);
	lk_replay_options o = options("traffic");
	lk_replay_report report;
	lk_error err = {0};
	const lk_cat_view *v = lk_catalog_view(world.catalog, "traffic");
	assert_int_equal(lk_view_lock(&world.pg, v, &err), LK_OK);
	assert_int_equal(replay_fails(&o, &report, &err), LK_EBUSY);
	assert_true(strlen(err.text) > 0);
	assert_int_equal(copies("traffic"), 1);
	lk_replay_options other = options("strict");
	replay(&other);
	assert_int_equal(lk_pg_unlock(&world.pg, v->id, &err), LK_OK);
	replay(&o);
}

static struct seen { int64_t done, total; int n, stop_after; volatile int stop; } seen;

static void watch(void *ctx, const lk_replay_progress *p) {
	struct seen *s = ctx;
	if (strcmp(p->phase, "replaying") != 0)
		return;
	s->n++;
	assert_true(p->done >= s->done && p->done <= p->total);
	assert_true(p->rate >= 0);
	s->done = p->done;
	s->total = p->total;
	if (s->stop_after && s->n >= s->stop_after)
		__atomic_store_n(&s->stop, 1, __ATOMIC_RELAXED);
}

static void a_stopped_one_is_gone_on_with(void **state) {
	(void)state;
	append(3000);
	memset(&seen, 0, sizeof seen);
	seen.stop_after = 1;
	lk_replay_options o = options("traffic");
	o.switch_over = true;
	o.watch = (lk_replay_watch){.stop = &seen.stop, .progress = watch, .ctx = &seen};
	lk_replay_report r = replay(&o);
	assert_true(r.stopped && !r.switched);
	assert_int_equal(seen.total, 3000);
	assert_int_not_equal(served("traffic"), r.copy_id);
	int64_t copy = r.copy_id, events = r.events;
	memset(&seen, 0, sizeof seen);
	r = replay(&o);
	assert_true(r.resumed && r.switched);
	assert_int_equal(r.copy_id, copy);
	assert_int_equal(r.events, 3000 - events);
	assert_int_equal(seen.done, 3000);
	is_right("traffic");
	nothing_is_open();
}

/* I4: whatever the limits, the workers and the kills were. */
static void every_replay_gives_the_same_cells(void **state) {
	(void)state;
	unsigned long seed = test_seed("every_replay_gives_the_same_cells");
	static const char *const views[] = {"traffic", "strict", "balance"};
	append(6000);
	for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
		char first[33] = "";
		for (int round = 0; round < 5; round++) {
			lk_replay_options o = options(views[v]);
			o.fresh = true;
			o.workers = 1 + (int)(test_random(&seed) % 3);
			o.limits.fetch_events = round == 0 ? o.limits.fetch_events : 1 + (int64_t)(test_random(&seed) % 3000);
			o.limits.commit_events = round == 0 ? o.limits.commit_events : 1 + (int64_t)(test_random(&seed) % 500);
			o.limits.commit_cells = 1 + (int64_t)(test_random(&seed) % 300);
			int pid = round < 2 ? 0 : child(run_replay, &o);
			if (pid) {
				usleep((useconds_t)(test_random(&seed) % 100000));
				kill(pid, SIGKILL);
				assert_true(wait_for(pid, 20000) >= 0);
				o.fresh = false;
			}
			lk_replay_report r = replay(&o);
			char digest[33];
			digest_of(views[v], r.copy_id, digest);
			if (!first[0])
				memcpy(first, digest, sizeof first);
			assert_string_equal(first, digest);
			copy_is_right(views[v], r.copy_id);
		}
	}
}

/* --- while events arrive --- */

/* Appends until it is told to stop. */
static int appender(void *arg) {
	lk_pg pg = {0};
	lk_error err = {0};
	lk_source_step step = {.source = "appender"};
	const lk_cat_stream *s = lk_catalog_stream(world.catalog, "hits");
	unsigned long random = (unsigned long)(uintptr_t)arg;
	int rc = lk_pg_open(&pg, servers.at.postgres, "lk test append", &err);
	for (int i = 0; rc == LK_OK && !shared->stop; i++) {
		lk_append_batch *b = lk_append_batch_new(s);
		for (int k = 0; k < 20; k++) {
			char ip[24], path[24];
			const char *reason;
			unsigned long n = test_random(&random);
			size_t ip_len = (size_t)snprintf(ip, sizeof ip, "10.0.0.%lu", n % 17);
			size_t path_len = (size_t)snprintf(path, sizeof path, "/p%lu", n / 17 % 23);
			lk_value row[4] = {lk_int(start_us + (int64_t)(n % 10000) * LK_US_PER_S), lk_text(ip, ip_len),
			                   lk_text(path, path_len), lk_int((int64_t)(n % 1009))};
			lk_append_batch_add(b, row, &reason);
		}
		rc = lk_append(&pg, b, &step, &err);
		lk_append_batch_free(b);
		usleep(1000);
	}
	lk_pg_close(&pg);
	if (rc != LK_OK)
		fprintf(stderr, "append in a child: %s\n", err.text);
	return -rc;
}

static int complain(const char *text) {
	if (!shared->text[0])
		snprintf(shared->text, sizeof shared->text, "%s", text);
	return 1;
}

/* What is in an answer of `balance` adds up to 0, and no answer covers less than the one before it, in any
 * partition. */
static int reader(void *arg) {
	lk_pg pg = {0};
	lk_store *store = NULL;
	lk_error err = {0};
	lk_query q = test_query("balance");
	int64_t end_before[LK_MAX_PARTITIONS] = {0}, copy = 0;
	(void)arg;
	int rc = lk_pg_open(&pg, servers.at.postgres, "lk test read", &err);
	if (rc == LK_OK)
		rc = lk_store_open(&store, servers.at.redis, world.log_id, &err);
	for (; rc == LK_OK && !shared->stop; shared->rounds++) {
		lk_answer a;
		int64_t sum = 0;
		rc = lk_answer_make(&pg, store, &q, &a, &err);
		if (rc != LK_OK)
			break;
		for (size_t i = 0; i < a.nrows; i++) {
			lk_value v;
			lk_answer_value(&a, a.rows[i], 1, &v);
			char *text = NULL;
			lk_buf b = LK_BUF_INIT;
			lk_value_print(a.plan->outputs[1].type, &v, &b);
			text = lk_buf_steal(&b);
			sum += strtoll(text, NULL, 10);
			free(text);
		}
		for (int p = 0; p < a.partitions; p++) {
			if (a.end[p] < end_before[p])
				rc = complain(copy == a.copy_id ? "an answer covers less than the one before" : "a switch goes back");
			end_before[p] = a.end[p];
		}
		if (sum != 0)
			rc = complain("money appeared");
		copy = a.copy_id;
		lk_answer_release(&a);
	}
	if (err.code != LK_OK)
		complain(err.text);
	return rc == LK_OK ? 0 : 1;
}

/* I9, I3 */
static void a_switch_has_no_gap(void **state) {
	(void)state;
	unsigned long seed = test_seed("a_switch_has_no_gap");
	append(2000);
	int workers = live_workers();
	int appends = child(appender, (void *)(uintptr_t)test_random(&seed));
	int reads = child(reader, NULL);
	for (int i = test_rounds("ROUNDS", 15); i > 0; i--) {
		lk_replay_options o = options("balance");
		o.switch_over = true;
		o.verify = i % 5 == 0;
		if (test_random(&seed) % 3 == 0) {   /* live workers take it before it is switched to */
			o.switch_over = false;
			replay(&o);
			o.switch_over = true;
		}
		lk_replay_report r = replay(&o);
		assert_true(r.switched);
		assert_int_equal(r.switched_how.gap, 0);
		assert_int_equal(served("balance"), r.copy_id);
		lk_replay_report_release(&r);
	}
	shared->stop = 1;
	int read = wait_for(reads, 20000);
	if (read != 0 || shared->text[0])
		fail_msg("after %ld answers: %s", shared->rounds, shared->text);
	assert_true(shared->rounds > 0);
	assert_int_equal(wait_for(appends, 20000), 0);
	catches_up("balance");
	catches_up("traffic");
	assert_true(copies("balance") <= 2);
	nothing_is_open();
	end(workers, SIGTERM, 0);
}

static int has_no_locks(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)"
	                      " WHERE application_name = 'lk replay'") == 0;
}

/* An append that hangs holds the log: then nothing is switched, and appends on other partitions are not held up
 * for longer than a moment. */
static void a_log_that_is_held_is_not_waited_for(void **state) {
	(void)state;
	lk_pg holder = {0};
	lk_replay_report report;
	lk_error err = {0};
	append(500);
	int64_t before = served("traffic");
	lk_replay_options o = options("traffic");
	replay(&o);
	assert_int_equal(lk_pg_open(&holder, servers.at.postgres, "an append that hangs", &err), LK_OK);
	assert_int_equal(lk_pg_run(&holder, &err, "BEGIN; UPDATE lk.tail SET next_off = next_off + 1 WHERE part = 1"),
	                 LK_OK);
	o.switch_over = true;
	assert_int_equal(replay_fails(&o, &report, &err), LK_EBUSY);
	assert_int_equal(served("traffic"), before);
	assert_true(test_poll(has_no_locks, NULL, 20000));
	assert_int_equal(lk_pg_run(&holder, &err, "ROLLBACK"), LK_OK);
	lk_pg_close(&holder);
	report = replay(&o);
	assert_true(report.switched && report.resumed);
	is_right("traffic");
}

static void an_empty_log_is_replayed_too(void **state) {
	(void)state;
	lk_replay_options o = options("traffic");
	o.switch_over = o.verify = true;
	lk_replay_report r = replay(&o);
	assert_true(r.switched && r.events == 0);
	append(100);
	test_world_speed_once(&world, "traffic");
	catches_up("traffic");
	assert_true(serves_kappa("traffic"));
	lk_replay_report_release(&r);
}

/* What a run for one copy is told is what it does, and nothing else is touched. */
static void a_run_for_one_copy_ends_where_it_is_told_to(void **state) {
	(void)state;
	lk_speed_report report;
	lk_error err = {0};
	lk_unit_state st;
	append(3000);
	const lk_cat_copy *copy = test_world_copy(&world, "traffic");
	int64_t end[3] = {10, 20, 0};
	lk_speed_options o = {
		.postgres = servers.at.postgres, .redis = servers.at.redis, .workers = 2, .once = true, .copy = copy->id,
		.end = end, .limits = lk_stream_defaults,
	};
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_OK);
	assert_int_equal(report.events, 30);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(lk_store_read_unit(world.store, copy->units[i], NULL, &st, NULL, &err), 0);
		assert_int_equal(st.at.cursor, end[i]);
		lk_unit_state_release(&st);
	}
	int64_t another = test_world_copy(&world, "strict")->units[0];
	assert_int_equal(lk_store_read_unit(world.store, another, NULL, &st, NULL, &err), 1);
	end[2] = 1000000;
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_EGAP);
	lk_error_clear(&err);
	o.copy = 1;
	assert_int_equal(lk_speed_run(&o, &report, &err), LK_ECONFLICT);
}

/* --- kills --- */

struct crash { lk_replay_options options; const char *point; };

static int run_and_crash(void *arg) {
	const struct crash *c = arg;
	setenv("LK_CRASH", c->point, 1);
	return run_replay(arg);
}

/* I8, I11, I9 */
static void killed_at_each_point(void **state) {
	(void)state;
#ifndef LK_FAULTS
	print_message("skipped: this build has no crash points\n");
	skip();
#endif
	static const char *const points[] = {
		"replay.made", "take_over.done:2", "commit.done:2", "ledger.written", "replay.replayed", "replay.verified",
		"switch.locked", "switch.moved", "switch.committed",
	};
	append(3000);
	test_world_batch(&world, "strict");
	for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
		struct crash c = {.options = options("strict"), .point = points[i]};
		c.options.switch_over = c.options.verify = true;
		c.options.limits.commit_events = 100;
		int64_t before = served("strict");
		int status = wait_for(child(run_and_crash, &c), 30000);
		if (status != 128 + SIGKILL)
			fail_msg("a replay was to be killed at %s; it ended with %d", points[i], status);
		append(50);   /* the log is not held by what is gone */
		bool moved = strcmp(points[i], "switch.committed") == 0;
		assert_int_equal(served("strict") != before, moved);
		is_right("strict");
		lk_replay_report r = replay(&c.options);
		assert_int_equal(r.already, moved);
		assert_int_equal(r.resumed, !moved);
		assert_int_equal(r.switched, !moved);
		assert_true(serves_kappa("strict"));
		assert_int_equal(served("strict"), r.copy_id);
		assert_int_equal(copies("strict"), 2);
		is_right("strict");
		nothing_is_open();
		lk_replay_report_release(&r);
	}
}

/* I8, I11 */
static void killed_at_any_moment(void **state) {
	(void)state;
	unsigned long seed = test_seed("killed_at_any_moment");
	append(5000);
	int workers = live_workers();
	int appends = child(appender, (void *)(uintptr_t)test_random(&seed));
	for (int i = test_rounds("KILLS", 20); i > 0; i--) {
		lk_replay_options o = options("balance");
		o.switch_over = true;
		o.verify = i % 2;
		o.limits.commit_events = 200;
		int pid = child(run_replay, &o);
		usleep((useconds_t)(test_random(&seed) % 400000));
		kill(pid, SIGKILL);
		assert_true(wait_for(pid, 20000) >= 0);
		is_right("balance");
	}
	lk_replay_options o = options("balance");
	o.switch_over = o.verify = true;
	lk_replay_report r = replay(&o);
	shared->stop = 1;
	assert_int_equal(wait_for(appends, 20000), 0);
	assert_true(r.switched || r.already);
	catches_up("balance");
	assert_true(serves_kappa("balance"));
	nothing_is_open();
	assert_true(copies("balance") <= 2);
	lk_replay_report_release(&r);
	end(workers, SIGTERM, 0);
}

static int has_begun(void *ctx) {
	(void)ctx;
	return test_world_int(&world, "SELECT count(*) FROM lk.replay") > 0;
}

/* I11 */
static void both_servers_go_away_in_the_middle(void **state) {
	(void)state;
	append(30000);
	lk_replay_options o = options("traffic");
	o.switch_over = o.verify = true;
	o.limits.fetch_events = 500;
	o.limits.commit_events = 20;
	int pid = child(run_replay, &o);
	assert_true(test_poll(has_begun, NULL, 20000));
	test_redis_kill(&servers);
	test_redis_start(&servers);
	test_postgres_kill(&servers);
	test_postgres_start(&servers);
	test_redis_kill(&servers);
	test_postgres_kill(&servers);
	test_postgres_start(&servers);
	test_redis_start(&servers);
	reconnect();
	append(100);
	assert_int_equal(wait_for(pid, 60000), 0);
	test_world_reload(&world);
	assert_true(serves_kappa("traffic"));
	is_right("traffic");
	nothing_is_open();
	test_redis_empty(&servers);
	test_world_speed_once(&world, "traffic");
	catches_up("traffic");
}

/* I11, I8: one server or both, at any moment of replays and switches, while events arrive. */
static void servers_go_away_at_any_moment(void **state) {
	(void)state;
	unsigned long seed = test_seed("servers_go_away_at_any_moment");
	append(10000);
	for (int round = 0; round < 4; round++) {
		lk_replay_options o = options("balance");
		o.switch_over = o.verify = true;
		o.limits.fetch_events = 1000;
		o.limits.commit_events = 100;
		int pid = child(run_replay, &o);
		usleep((useconds_t)(test_random(&seed) % 400000));
		unsigned long which = test_random(&seed) % 3;
		if (which != 0)
			test_redis_kill(&servers);
		if (which != 1)
			test_postgres_kill(&servers);
		if (which != 1)
			test_postgres_start(&servers);
		if (which != 0)
			test_redis_start(&servers);
		reconnect();
		append(100);
		int status = wait_for(pid, 60000);
		if (status == -LK_EUNREACHABLE)   /* it had not reached both yet */
			replay(&o);
		else
			assert_int_equal(status, 0);
		test_world_reload(&world);
		assert_true(serves_kappa("balance"));
		test_world_speed_once(&world, "balance");
		catches_up("balance");
		assert_true(copies("balance") <= 2);
		nothing_is_open();
	}
}

/* P15: its session ends, somebody else gets the lock and drops its copy. */
static void a_replay_that_lost_its_lock_changes_nothing(void **state) {
	(void)state;
	lk_error err = {0};
	append(20000);
	lk_replay_options o = options("traffic");
	o.switch_over = true;
	o.limits.fetch_events = 500;
	o.limits.commit_events = 20;
	int64_t before = served("traffic");
	int pid = child(run_replay, &o);
	assert_true(test_poll(has_begun, NULL, 20000));
	int64_t copy = test_world_int(&world, "SELECT copy_id FROM lk.replay");
	test_world_run(&world, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
	               " WHERE application_name = 'lk replay'");
	assert_int_equal(lk_view_lock(&world.pg, lk_catalog_view(world.catalog, "traffic"), &err), LK_OK);
	assert_int_equal(lk_copy_drop(&world.pg, copy, &err), LK_OK);
	assert_int_equal(lk_pg_unlock(&world.pg, lk_catalog_view(world.catalog, "traffic")->id, &err), LK_OK);
	assert_int_equal(wait_for(pid, 60000), -LK_ECONFLICT);
	assert_int_equal(served("traffic"), before);
	assert_int_equal(copies("traffic"), 1);
	test_world_speed_once(&world, "traffic");
	catches_up("traffic");
}

static void a_hole_in_the_log_ends_it(void **state) {
	(void)state;
	lk_replay_report report;
	lk_error err;
	append(1000);
	test_world_speed_once(&world, "traffic");
	int64_t before = served("traffic");
	test_world_run(&world, "CREATE TABLE lk.aside AS SELECT * FROM lk.log_hits WHERE part = 1 AND off = 57;"
	               " DELETE FROM lk.log_hits WHERE part = 1 AND off = 57");
	lk_replay_options o = options("traffic");
	o.switch_over = true;
	assert_int_equal(replay_fails(&o, &report, &err), LK_EGAP);
	assert_non_null(strstr(err.text, "57"));
	assert_int_equal(served("traffic"), before);
	test_world_run(&world, "INSERT INTO lk.log_hits SELECT * FROM lk.aside; DROP TABLE lk.aside");
	report = replay(&o);
	assert_true(report.resumed && report.switched);
	is_right("traffic");
	nothing_is_open();
}

static int64_t keys_of(int64_t copy) {
	lk_error err = {0};
	int64_t sum = 0;
	test_world_reload(&world);
	const lk_cat_copy *c = lk_catalog_copy(world.catalog, copy);
	for (int i = 0; c && i < 3; i++) {
		int64_t bytes;
		assert_int_equal(lk_store_unit_bytes(world.store, c->units[i], &bytes, &err), LK_OK);
		sum += bytes;
	}
	return sum;
}

static void redis_says(const char *command) {
	char *line = lk_asprintf("redis-cli -s %s %s >/dev/null", servers.at.redis + strlen("unix:"), command);
	assert_int_equal(system(line), 0);
	free(line);
}

static int64_t redis_keys(void) {
	char *line = lk_asprintf("redis-cli -s %s dbsize", servers.at.redis + strlen("unix:"));
	FILE *p = popen(line, "r");
	long n = -1;
	assert_non_null(p);
	assert_int_equal(fscanf(p, "%ld", &n), 1);
	pclose(p);
	free(line);
	return n;
}

/* I11: what is served keeps its room. */
static void no_room_for_a_second_copy(void **state) {
	(void)state;
	lk_replay_report report;
	lk_error err;
	test_world_declare(&world, "CREATE VIEW each AS SELECT ts, ip, count(*) AS n FROM hits GROUP BY ts, ip");
	append(20000);
	test_world_speed_once(&world, NULL);
	int64_t keys = redis_keys(), before = served("each");
	assert_true(keys_of(before) > 300000);
	const char *socket = servers.at.redis + strlen("unix:");
	char *limit = lk_asprintf("used=$(redis-cli -s %s info memory | tr -d '\\r' | sed -n 's/^used_memory://p');"
	                          " redis-cli -s %s config set maxmemory $((used + 300000)) >/dev/null", socket, socket);
	assert_int_equal(system(limit), 0);
	free(limit);
	lk_replay_options o = options("each");
	o.switch_over = true;
	o.limits.commit_cells = 500;
	assert_int_equal(replay_fails(&o, &report, &err), LK_EFULL);
	assert_non_null(strstr(err.hint, "dry-run"));
	assert_int_equal(served("each"), before);
	assert_int_equal(copies("each"), 1);
	assert_int_equal(redis_keys(), keys);
	append(10);
	test_world_speed_once(&world, "each");
	is_right("each");
	redis_says("config set maxmemory 0");
	lk_replay_report r = replay(&o);
	assert_true(r.switched && !r.resumed);
	is_right("each");
	nothing_is_open();
}

static int setup(void **state) {
	(void)state;
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -1;
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

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, end_all)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(a_replay_makes_a_copy_beside_the_served_one),
		TEST(a_waiting_copy_is_gone_on_with),
		TEST(switching_twice_keeps_one_former_copy),
		TEST(a_fresh_one_begins_again),
		TEST(a_new_version_is_brought_into_service),
		TEST(late_events_are_no_difference),
		TEST(two_replays_of_one_view),
		TEST(a_stopped_one_is_gone_on_with),
		TEST(every_replay_gives_the_same_cells),
		TEST(a_switch_has_no_gap),
		TEST(a_log_that_is_held_is_not_waited_for),
		TEST(an_empty_log_is_replayed_too),
		TEST(a_run_for_one_copy_ends_where_it_is_told_to),
		TEST(killed_at_each_point),
		TEST(killed_at_any_moment),
		TEST(both_servers_go_away_in_the_middle),
		TEST(servers_go_away_at_any_moment),
		TEST(a_replay_that_lost_its_lock_changes_nothing),
		TEST(a_hole_in_the_log_ends_it),
		TEST(no_room_for_a_second_copy),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
