/* Ingest: each event once, whatever happens to the process, the connection and the server. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/time.h"
#include "tests/support/ingests.h"

enum { DEADLINE_MS = 30000 };

static test_ingests shared;
static char *path;

static const char *const columns[] = {"ts time", "key text", "n int8"};
static const char *const web_columns[] = {"ts time", "ip text", "method text", "path text", "status int4", "bytes int8", "agent text"};
static const char *const ride_columns[] = {"timestamp time", "driver_id int4", "event_type text", "location text"};
static const char *const github_columns[] = {"created_at time", "actor.login text", "type text", "id int8", "payload.size int4"};
static const char *const series_columns[] = {"timestamp time", "value float8"};
#define DECLARE(columns) test_ingests_declare(&shared, columns, (int)(sizeof columns / sizeof *columns))

static int set_up(void **state) {
	(void)state;
	test_ingests_start(&shared);
	path = lk_asprintf("%s/events.jsonl", shared.dir);
	return 0;
}

static int tear_down(void **state) {
	(void)state;
	unlink(path);
	free(path);
	test_ingests_stop(&shared);
	return 0;
}

static void write_text(const char *mode, const char *text) {
	FILE *f = fopen(path, mode);
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
	assert_int_equal(fclose(f), 0);
}

/* Events n = from … from + count - 1; before about one in a hundred there is a line that is not an event. */
static int write_events(const char *to, int from, int count) {
	FILE *f = fopen(to, "w");
	int bad = 0;
	assert_non_null(f);
	for (int n = from; n < from + count; n++) {
		if (n % 97 == 0) {
			fprintf(f, "no event %d\n", n);
			bad++;
		}
		fprintf(f, "{\"ts\":\"2024-01-01T00:%02d:%02dZ\",\"key\":\"k%d\",\"n\":%d}\n", n / 60 % 60, n % 60, n % 50, n);
	}
	assert_int_equal(fclose(f), 0);
	return bad;
}

static int64_t ask(const char *what) { return test_ingests_ask(&shared, what); }

static int64_t rejects(void) {
	return test_number(&shared.pg, "SELECT count(*) FROM lk.rejected WHERE stream_id = %lld", (long long)shared.stream.id);
}

static int64_t sources(void) {
	return test_number(&shared.pg, "SELECT count(*) FROM lk.source WHERE stream_id = %lld", (long long)shared.stream.id);
}

/* The log has n = 0 … count - 1, each once, at dense offsets, and each bad line once. */
static void expect_once(int count, int bad) {
	assert_int_equal(ask("count(*)"), count);
	assert_int_equal(ask("count(DISTINCT n)"), count);
	assert_int_equal(ask("min(n)"), count ? 0 : -1);
	assert_int_equal(ask("max(n)"), count - 1);
	assert_int_equal(rejects(), bad);
	assert_int_equal(test_number(&shared.pg, "SELECT coalesce(sum(next_off), 0)::bigint FROM lk.tail WHERE stream_id = %lld", (long long)shared.stream.id), count);
	assert_int_equal(test_number(&shared.pg, "SELECT count(*) FROM (SELECT part FROM lk.log_%s GROUP BY part HAVING max(off) <> count(*) - 1) x",
	                             shared.stream.stream->name), 0);
}

static lk_ingest_options options(const char *source) {
	return (lk_ingest_options){.postgres = shared.servers.at.postgres, .stream = &shared.stream, .format = {.is = &lk_format_json}, .path = path, .source = source};
}

static lk_ingest_report run(const lk_ingest_options *o) {
	lk_ingest_report r;
	lk_error err = {0};
	test_ok(lk_ingest_run(o, &r, &err), &err);
	return r;
}

/* --- What is appended --- */

/* I12 */
static void rejects_are_named(void **state) {
	(void)state;
	DECLARE(columns);
	write_text("w", "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":0}\nnonsense \xff\n\n{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":1.5}\r\n"
	           "{\"n\":7}\n{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":\"1\"}");
	lk_ingest_options o = options(NULL);
	lk_ingest_report r = run(&o);
	assert_int_equal(r.events, 2);
	assert_int_equal(r.rejects, 3);
	assert_false(r.stopped);
	expect_once(2, 3);
	assert_int_equal(sources(), 0);
	assert_int_equal(test_number(&shared.pg, "SELECT count(*) FROM lk.rejected WHERE stream_id = %lld AND ((position = 36 AND reason LIKE 'not a JSON%%' AND content = 'nonsense ?')"
	                             " OR (position = 48 AND reason = 'n: not an integer') OR (position = 87 AND reason = 'no event time'))"
	                             " AND source LIKE '%%events.jsonl (run %%'", (long long)shared.stream.id), 3);
}

/* I8 */
static void a_named_source_continues(void **state) {
	(void)state;
	DECLARE(columns);
	lk_ingest_options o = options("a source's \"name\"");
	int bad = write_events(path, 0, 1000);
	lk_ingest_report r = run(&o);
	assert_int_equal(r.events, 1000);
	int64_t size = r.bytes;
	r = run(&o);
	assert_int_equal(r.events + r.rejects + r.bytes, 0);
	assert_int_equal(r.skipped_bytes, size);
	expect_once(1000, bad);

	/* an incomplete last line is left until it is complete, even if it looks complete */
	write_text("a", "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":10");
	r = run(&o);
	assert_int_equal(r.events + r.rejects, 0);
	assert_int_equal(r.left_bytes, 35);
	write_text("a", "00}\n{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":1001}");
	r = run(&o);
	assert_int_equal(r.events, 2);
	assert_int_equal(r.left_bytes, 0);
	write_text("a", "\nbad\n");
	r = run(&o);
	assert_int_equal(r.rejects, 1);
	expect_once(1002, bad + 1);

	/* a file that begins like this one and ends before the position cannot be identified */
	lk_error err = {0};
	write_text("w", "no event 0\n{\"ts\":\"2024-01-01T00:00:00Z\",\"key\":\"k0\",\"n\":0}\n");
	assert_int_equal(lk_ingest_run(&o, &r, &err), LK_EINPUT);
	assert_true(err.hint[0]);
	expect_once(1002, bad + 1);
}

static char noted[512];
static void take_note(void *ctx, const char *text) {
	size_t used = strlen(noted);
	(void)ctx;
	snprintf(noted + used, sizeof noted - used, "[%s]", text);
}

static void near_misses_are_reported_once(void **state) {
	(void)state;
	DECLARE(columns);
	lk_ingest_options o = options(NULL);
	o.note = take_note;
	o.batch_events = 1;
	write_text("w", "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":0,\"Key\":\"x\"}\n{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":1,\"Key\":\"x\",\"N\":5}\n");
	run(&o);
	expect_once(2, 0);
	assert_int_equal(ask("count(key)"), 0);
	assert_non_null(strstr(noted, ": key \"Key\" differs"));
	assert_non_null(strstr(noted, "case]["));
	assert_non_null(strstr(noted, ": key \"N\" differs"));
	assert_null(strchr(noted, '\n'));
	assert_null(strstr(strstr(noted, "\"Key\"") + 1, "\"Key\""));
}

static void half_a_csv_line_is_left(void **state) {
	(void)state;
	DECLARE(columns);
	lk_ingest_options o = options("csv");
	o.format = (lk_format){.is = &lk_format_csv, .delimiter = ','};
	write_text("w", "n,ts\n0,2024-01-01T00:00:00Z\n1,2024-01-01T00:00:0");
	lk_ingest_report r = run(&o);
	assert_int_equal(r.events, 1);
	assert_int_equal(r.left_bytes, 20);
	write_text("a", "0Z\n");
	r = run(&o);
	assert_int_equal(r.events, 1);
	expect_once(2, 0);
	r = run(&o);
	assert_int_equal(r.events + r.rejects, 0);

	/* without a name the last line is read as it is */
	DECLARE(columns);
	o = options(NULL);
	o.format = (lk_format){.is = &lk_format_csv, .delimiter = ','};
	write_text("w", "n,ts\n0,2024-01-01T00:00:00Z");
	run(&o);
	expect_once(1, 0);
}

static void csv_needs_its_header(void **state) {
	(void)state;
	DECLARE(columns);
	lk_ingest_options o = options(NULL);
	lk_ingest_report r;
	lk_error err = {0};
	o.format = (lk_format){.is = &lk_format_csv, .delimiter = ','};
	write_text("w", "n,time\n0,2024-01-01T00:00:00Z\n");
	assert_int_equal(lk_ingest_run(&o, &r, &err), LK_EINPUT);
	assert_non_null(strstr(err.text, ":1: "));
	assert_non_null(strstr(err.hint, "\"ts\""));
	write_text("w", "");
	r = run(&o);
	expect_once(0, 0);
}

static void strict_writes_all_or_nothing(void **state) {
	(void)state;
	DECLARE(columns);
	lk_ingest_options o = options(NULL);
	lk_ingest_report r;
	lk_error err = {0};
	o.strict = true;
	o.batch_events = 100;
	write_events(path, 1, 5000);
	assert_int_equal(lk_ingest_run(&o, &r, &err), LK_EINPUT);
	assert_non_null(strstr(err.text, "events.jsonl:97: not a JSON object"));
	assert_int_equal(r.events + r.rejects, 0);
	lk_error_clear(&err);
	assert_int_equal(lk_ingest_check(&o, &err), LK_EINPUT);
	expect_once(0, 0);
	assert_int_equal(sources(), 0);

	write_text("w", "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":0}\n{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":1}\n{\"key\":\"no time\"}\n");
	lk_error_clear(&err);
	assert_int_equal(lk_ingest_run(&o, &r, &err), LK_EINPUT);
	assert_non_null(strstr(err.text, ":3: no event time"));
	expect_once(0, 0);

	write_text("w", "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":0}\n{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":1}\n");
	assert_int_equal(lk_ingest_check(&o, NULL), 0);
	run(&o);
	expect_once(2, 0);
}

/* --- Standard input --- */

typedef struct job {
	lk_ingest_options o;
	lk_ingest_report r;
	lk_error err;
	int status;
	volatile int stop, ended;
	pthread_t thread;
} job;

static void *job_run(void *arg) {
	job *j = arg;
	j->status = lk_ingest_run(&j->o, &j->r, &j->err);
	__atomic_store_n(&j->ended, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void job_start(job *j, lk_ingest_options o) {
	*j = (job){.o = o};
	j->o.stop = &j->stop;
	assert_int_equal(pthread_create(&j->thread, NULL, job_run, j), 0);
}

static int has_events(void *want) { return ask("count(*)") >= *(int *)want; }

/* A pipe is buffered until it is known to be good. */
static void strict_checks_a_pipe_too(void **state) {
	(void)state;
	static const char *const ends[] = {"nonsense\n", "\n"};
	DECLARE(columns);
	for (int good = 0; good < 2; good++) {
		int saved, fd = test_stdin_pipe(&saved);
		lk_ingest_options o = options(NULL);
		lk_ingest_report r;
		lk_error err = {0};
		o.path = "-";
		o.strict = true;
		dprintf(fd, "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":0}\n%s", ends[good]);
		close(fd);
		assert_int_equal(lk_ingest_run(&o, &r, &err), good ? 0 : LK_EINPUT);
		if (!good)
			assert_non_null(strstr(err.text, "standard input:2: not a JSON object"));
		expect_once(good, 0);
		test_stdin_restore(saved);
	}
}

static void stdin_is_not_held_back(void **state) {
	(void)state;
	DECLARE(columns);
	int saved, fd = test_stdin_pipe(&saved);
	job j;
	lk_ingest_options o = options(NULL);
	o.path = "-";
	job_start(&j, o);
	for (int n = 0; n < 5; n++) {
		char line[64];
		int len = snprintf(line, sizeof line, "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":%d}\n{\"ts\"", n), want = n + 1;
		assert_int_equal(write(fd, line + (n ? 5 : 0), (size_t)(len - (n ? 5 : 0))), len - (n ? 5 : 0));
		assert_true(test_poll(has_events, &want, DEADLINE_MS));
		/* and it holds no lock of the log while it waits for the rest of the line */
		lk_error err = {0};
		test_ok(lk_pg_run(&shared.pg, &err, "BEGIN; SET LOCAL lock_timeout = '5s'; SELECT 1 FROM lk.tail FOR UPDATE; COMMIT"), &err);
	}
	__atomic_store_n(&j.stop, 1, __ATOMIC_RELAXED);
	pthread_join(j.thread, NULL);
	test_ok(j.status, &j.err);
	assert_true(j.r.stopped);
	assert_int_equal(j.r.events, 5);
	close(fd);
	test_stdin_restore(saved);
	expect_once(5, 0);
}

/* --- Several at once --- */

static void files_at_once(void **state) {
	(void)state;
	enum { JOBS = 4, EVENTS = 3000 };
	DECLARE(columns);
	job jobs[JOBS];
	char *paths[JOBS];
	int bad = 0;
	for (int i = 0; i < JOBS; i++) {
		paths[i] = lk_asprintf("%s/%d.jsonl", shared.dir, i);
		bad += write_events(paths[i], i * EVENTS, EVENTS);
	}
	for (int i = 0; i < JOBS; i++) {
		lk_ingest_options o = options(i % 2 ? paths[i] : NULL);
		o.path = paths[i];
		o.batch_events = 200;
		job_start(&jobs[i], o);
	}
	for (int i = 0; i < JOBS; i++) {
		pthread_join(jobs[i].thread, NULL);
		test_ok(jobs[i].status, &jobs[i].err);
		assert_int_equal(jobs[i].r.events, EVENTS);
		unlink(paths[i]);
		free(paths[i]);
	}
	expect_once(JOBS * EVENTS, bad);
	assert_int_equal(sources(), 2);
}

/* I5, I8: One run appends everything, or each a part, or the loser says so: nothing twice, and a last run
 * completes it. */
static void one_source_twice_at_once(void **state) {
	(void)state;
	for (int round = 0; round < 5; round++) {
		DECLARE(columns);
		job jobs[2];
		int bad = write_events(path, 0, 4000);
		lk_ingest_options o = options("same");
		o.batch_events = 100;
		for (int i = 0; i < 2; i++)
			job_start(&jobs[i], o);
		for (int i = 0; i < 2; i++) {
			pthread_join(jobs[i].thread, NULL);
			if (jobs[i].status != LK_ECONFLICT)
				test_ok(jobs[i].status, &jobs[i].err);
		}
		run(&o);
		expect_once(4000, bad);
	}
}

/* --- Faults --- */

/* I5 */
static void killed_and_run_again(void **state) {
	(void)state;
	enum { EVENTS = 60000 };
	unsigned long random = test_seed("killed_and_run_again");
	DECLARE(columns);
	int bad = write_events(path, 0, EVENTS);
	lk_ingest_options o = options("killed");
	o.batch_events = 300;
	int killed = test_ingest_killed(&o, &random, 60000, 12);
	assert_true(killed > 0);
	print_message("killed %d times\n", killed);
	expect_once(EVENTS, bad);
}

static int is_under_way(void *arg) {
	return __atomic_load_n((volatile int64_t *)arg, __ATOMIC_RELAXED) > 0;
}

static int64_t batches_seen;
static void count_batches(void *ctx, const lk_ingest_report *r) {
	(void)ctx;
	__atomic_store_n(&batches_seen, r->batches, __ATOMIC_RELAXED);
}

typedef struct waiting {
	job *job;
	int64_t batches;      /* those seen so far */
} waiting;

static int goes_on(void *arg) {
	waiting *w = arg;
	return __atomic_load_n(&w->job->ended, __ATOMIC_ACQUIRE) || __atomic_load_n(&batches_seen, __ATOMIC_RELAXED) > w->batches;
}

/* I5, I11: The run continues by itself, also without a source name, and leaves no name behind. */
static void backends_terminated(void **state) {
	(void)state;
	enum { EVENTS = 60000 };
	DECLARE(columns);
	job j;
	int bad = write_events(path, 0, EVENTS), killed = 0;
	lk_ingest_options o = options(NULL);
	o.batch_events = 300;
	o.progress = count_batches;
	batches_seen = 0;
	job_start(&j, o);
	assert_true(test_poll(is_under_way, &batches_seen, DEADLINE_MS));
	for (int i = 0; i < 6; i++) {
		killed += test_number(&shared.pg, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'lk ingest'") > 0;
		waiting w = {&j, __atomic_load_n(&batches_seen, __ATOMIC_RELAXED)};
		assert_true(test_poll(goes_on, &w, DEADLINE_MS));
	}
	pthread_join(j.thread, NULL);
	test_ok(j.status, &j.err);
	print_message("terminated %d times, %lld reconnects\n", killed, (long long)j.r.reconnects);
	assert_true(killed > 0 && j.r.reconnects > 0);
	assert_int_equal(j.r.events, EVENTS);
	assert_int_equal(j.r.rejects, bad);
	expect_once(EVENTS, bad);
	assert_int_equal(sources(), 0);
}

/* I5, I11 */
static void server_killed_and_started(void **state) {
	(void)state;
	enum { EVENTS = 60000 };
	DECLARE(columns);
	job j;
	int bad = write_events(path, 0, EVENTS);
	lk_ingest_options o = options(NULL);
	o.batch_events = 300;
	o.progress = count_batches;
	batches_seen = 0;
	job_start(&j, o);
	assert_true(test_poll(is_under_way, &batches_seen, DEADLINE_MS));
	lk_pg_close(&shared.pg);
	test_postgres_kill(&shared.servers);
	test_postgres_start(&shared.servers);
	test_open(&shared.pg, &shared.servers);
	pthread_join(j.thread, NULL);
	test_ok(j.status, &j.err);
	assert_true(j.r.reconnects > 0);
	expect_once(EVENTS, bad);
	assert_int_equal(sources(), 0);
}

/* It does not wait for a server for ever, and a stop ends it also while it waits for input. */
static void gives_up_in_the_end(void **state) {
	(void)state;
	DECLARE(columns);
	int one = 1, saved, fd = test_stdin_pipe(&saved);
	job j;
	lk_ingest_options o = options("gone");
	o.path = "-";
	o.retry_us = 100000;
	job_start(&j, o);
	assert_int_equal(write(fd, "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":0}\n", 36), 36);
	assert_true(test_poll(has_events, &one, DEADLINE_MS));
	lk_pg_close(&shared.pg);
	test_postgres_kill(&shared.servers);
	assert_int_equal(write(fd, "{\"ts\":\"2024-01-01T00:00:00Z\",\"n\":1}\n", 36), 36);
	pthread_join(j.thread, NULL);
	assert_int_equal(j.status, LK_EUNREACHABLE);
	assert_int_equal(j.r.events, 1);
	lk_ingest_report r;
	lk_error err = {0};
	assert_int_equal(lk_ingest_run(&o, &r, &err), LK_EUNREACHABLE);
	test_postgres_start(&shared.servers);
	test_open(&shared.pg, &shared.servers);
	close(fd);
	test_stdin_restore(saved);
	expect_once(1, 0);
}

/* --- Real data --- */

static char *real(const char *name) {
	const char *data = getenv("LK_TEST_DATA");
	char *file = lk_asprintf("%s/%s", data ? data : "../shared/data", name);
	if (access(file, R_OK)) {
		print_message("skipped: %s is not there\n", file);
		free(file);
		return NULL;
	}
	return file;
}

static lk_ingest_report run_real(const char *name) {
	char *file = real(name);
	if (!file)
		skip();
	lk_ingest_options o = options(NULL);
	o.path = file;
	assert_int_equal(lk_format_of_path(file, &o.format), 0);
	lk_ingest_report r = run(&o);
	free(file);
	return r;
}

static void real_access_log(void **state) {
	(void)state;
	DECLARE(web_columns);
	lk_ingest_report r = run_real("apache_access.log.gz");
	assert_int_equal(r.events, 9999);
	assert_int_equal(r.rejects, 1);
	assert_int_equal(r.bytes, 2370789);
	assert_int_equal(ask("sum(bytes)"), INT64_C(2747282505));
	assert_int_equal(ask("count(*) FILTER (WHERE method = 'GET')"), 9951);
	assert_int_equal(ask("count(*) FILTER (WHERE bytes IS NULL)"), 669);
	assert_int_equal(test_number(&shared.pg, "SELECT position FROM lk.rejected WHERE stream_id = %lld", (long long)shared.stream.id), 2111246);
}

static void real_rides(void **state) {
	(void)state;
	DECLARE(ride_columns);
	assert_int_equal(run_real("cars.jsonl.gz").events, 7932);
	assert_int_equal(ask("count(DISTINCT location)"), 24);
	assert_int_equal(ask("sum(driver_id)"), 1191970);
}

static void real_github(void **state) {
	(void)state;
	DECLARE(github_columns);
	assert_int_equal(run_real("github-2015-01-01-00.jsonl.gz").events, 7702);
	assert_int_equal(ask("count(*) FILTER (WHERE type = 'PushEvent')"), 4280);
	assert_int_equal(ask("count(DISTINCT \"actor.login\")"), 3648);
	assert_int_equal(ask("sum(\"payload.size\")"), 18275);
	assert_int_equal(ask("sum(id)"), INT64_C(19173222574483));
}

static void real_series(void **state) {
	(void)state;
	DECLARE(series_columns);
	assert_int_equal(run_real("nab/Twitter_volume_AAPL.csv.gz").events, 15902);
	assert_int_equal(ask("sum(value)"), 1360453);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rejects_are_named),
		cmocka_unit_test(a_named_source_continues),
		cmocka_unit_test(near_misses_are_reported_once),
		cmocka_unit_test(half_a_csv_line_is_left),
		cmocka_unit_test(csv_needs_its_header),
		cmocka_unit_test(strict_writes_all_or_nothing),
		cmocka_unit_test(strict_checks_a_pipe_too),
		cmocka_unit_test(stdin_is_not_held_back),
		cmocka_unit_test(files_at_once),
		cmocka_unit_test(one_source_twice_at_once),
		cmocka_unit_test(killed_and_run_again),
		cmocka_unit_test(backends_terminated),
		cmocka_unit_test(server_killed_and_started),
		cmocka_unit_test(gives_up_in_the_end),
		cmocka_unit_test(real_access_log),
		cmocka_unit_test(real_rides),
		cmocka_unit_test(real_github),
		cmocka_unit_test(real_series),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
