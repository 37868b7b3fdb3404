/* A stream is redeclared while events are appended to it: every event that is committed later has the new columns, also
 * events that were read and encoded before. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ingest/ingest.h"
#include "tests/support/log.h"
#include "tests/support/world.h"

enum { DEADLINE_MS = 30000 };
static const lk_format json = {.is = &lk_format_json}, csv_format = {.is = &lk_format_csv, .delimiter = ','};

static test_servers servers;
static test_world world;
static char dir[64], *path;
static char stream[16];        /* a stream that no other test has used */

static int set_up(void **state) {
	(void)state;
	test_servers_start(&servers);
	test_world_open(&world, &servers);
	snprintf(dir, sizeof dir, "%.40s/lk-redeclared-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(dir));
	path = lk_asprintf("%s/events", dir);
	return 0;
}

static int tear_down(void **state) {
	(void)state;
	unlink(path);
	rmdir(dir);
	free(path);
	test_world_close(&world);
	test_servers_stop(&servers);
	return 0;
}

static void name_stream(void) {
	static int used;
	snprintf(stream, sizeof stream, "re%d", used++);
}

/* Declares the stream with x0 … x<n-1>. */
static void declare(int n) {
	lk_buf sql = LK_BUF_INIT;
	lk_buf_addf(&sql, "CREATE TABLE %s (ts timestamptz, k text", stream);
	for (int i = 0; i < n; i++)
		lk_buf_addf(&sql, ", x%d int", i);
	lk_buf_adds(&sql, ") WITH (event_time = ts, partition_by = k, partitions = 3);");
	test_world_declare(&world, sql.data);
	lk_buf_release(&sql);
}

static int64_t ask(const char *what) { return test_number(&world.pg, "SELECT coalesce(%s, -1)::bigint FROM lk.log_%s", what, stream); }
static int has_events(void *want) { return ask("count(*)") >= *(int *)want; }

/* --- An ingest beside the test --- */

typedef struct job {
	lk_ingest_options o;
	lk_ingest_report r;
	lk_error err;
	int status, fd, saved;
	char notes[512];
	int64_t batches;
	pthread_t thread;
} job;

static void note(void *ctx, const char *text) {
	job *j = ctx;
	size_t used = strlen(j->notes);
	snprintf(j->notes + used, sizeof j->notes - used, "[%s]", text);
}

static void progress(void *ctx, const lk_ingest_report *r) {
	job *j = ctx;
	__atomic_store_n(&j->batches, r->batches, __ATOMIC_RELAXED);
}

static void *job_run(void *arg) {
	job *j = arg;
	j->status = lk_ingest_run(&j->o, &j->r, &j->err);
	return NULL;
}

static void start(job *j, const char *from, lk_format format, const char *source) {
	j->o = (lk_ingest_options){.postgres = servers.at.postgres, .stream = lk_catalog_stream(world.catalog, stream), .format = format, .path = from,
	                           .source = source, .note = note, .progress = progress, .ctx = j, .strict = j->o.strict, .batch_events = j->o.batch_events};
	assert_int_equal(pthread_create(&j->thread, NULL, job_run, j), 0);
}

static void start_piped(job *j, lk_format format) {
	int fds[2];
	assert_int_equal(pipe(fds), 0);
	j->saved = dup(STDIN_FILENO);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	j->fd = fds[1];
	start(j, "-", format, NULL);
}

static void end_piped(job *j) {
	close(j->fd);
	pthread_join(j->thread, NULL);
	dup2(j->saved, STDIN_FILENO);
	close(j->saved);
	test_ok(j->status, &j->err);
}

static void say(job *j, const char *text) { assert_int_equal(write(j->fd, text, strlen(text)), strlen(text)); }

static void write_file(const char *text) {
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* --- Tests --- */

/* A pipe that stays open for days gets the column from the first event after the apply on. */
static void a_column_added_under_a_pipe(void **state) {
	(void)state;
	static const char *const lines[2][3] = {
		{"{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"a\",\"x0\":1}\n", "{\"ts\":\"2024-01-01T00:00:01Z\",\"k\":\"b\",\"x0\":2}\n",
		 "{\"ts\":\"2024-01-01T00:00:02Z\",\"k\":\"c\",\"x0\":3}\n"},
		{"ts,x0,k\n2024-01-01T00:00:00Z,1,a\n", "2024-01-01T00:00:01Z,2,b\n", "2024-01-01T00:00:02Z,3,c\n"}};
	for (int csv = 0; csv < 2; csv++) {
		job j = {0};
		name_stream();
		declare(0);
		start_piped(&j, csv ? csv_format : json);
		for (int i = 0; i < 3; i++) {
			int want = i + 1;
			say(&j, lines[csv][i]);
			assert_true(test_poll(has_events, &want, DEADLINE_MS));
			if (i == 0)
				declare(1);
		}
		end_piped(&j);
		assert_int_equal(j.r.events, 3);
		assert_int_equal(ask("sum(x0)"), 5);
		assert_int_equal(ask("count(*) FILTER (WHERE x0 IS NULL)"), 1);
		assert_non_null(strstr(j.notes, "has changed; continuing with the new one"));
	}
}

static int waits_for_a_lock(void *arg) {
	(void)arg;
	return test_number(&world.pg, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk ingest' AND wait_event_type = 'Lock'") == 1;
}

/* The first batch of a file waits for its source's row, later batches are encoded behind it; then the stream
 * changes. */
static void change_while_it_waits(job *j, int columns) {
	lk_pg holder;
	test_open(&holder, &servers);
	test_sql(&holder, "BEGIN");
	test_sql(&holder, "INSERT INTO lk.source (stream_id, name, number, position) SELECT stream_id, 'file', 1, 0 FROM lk.stream WHERE name = '%s'", stream);
	start(j, path, json, "file");
	assert_true(test_poll(waits_for_a_lock, NULL, DEADLINE_MS));
	declare(columns);
	test_sql(&holder, "ROLLBACK");
	pthread_join(j->thread, NULL);
	lk_pg_close(&holder);
}

/* I12: Encoded batches are encoded again, and a line that can no longer be an event is named. */
static void waiting_batches_are_encoded_again(void **state) {
	(void)state;
	lk_buf text = LK_BUF_INIT;
	job j = {.o.batch_events = 10};
	name_stream();
	declare(1);
	for (int i = 0; i < 200; i++)
		lk_buf_addf(&text, "{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"k%d\",\"x0\":%d,\"x1\":%s}\n", i % 7, i, i % 50 == 7 ? "\"no\"" : "1");
	write_file(text.data);
	change_while_it_waits(&j, 2);
	test_ok(j.status, &j.err);
	assert_int_equal(j.r.events, 196);
	assert_int_equal(j.r.rejects, 4);
	assert_int_equal(ask("sum(x1)"), 196);
	assert_int_equal(ask("count(DISTINCT x0)"), 196);
	assert_int_equal(test_number(&world.pg, "SELECT count(DISTINCT position) FROM lk.rejected WHERE source = 'file' AND reason LIKE 'x1: %%'"
	                             " AND stream_id = (SELECT stream_id FROM lk.stream WHERE name = '%s')", stream), 4);
	lk_buf_release(&text);
}

/* With strict it ends, and names the place. */
static void strict_ends_at_a_line_that_no_longer_fits(void **state) {
	(void)state;
	job j = {.o.strict = true};
	name_stream();
	declare(0);
	write_file("{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"a\",\"x0\":1}\n{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"a\",\"x0\":\"no\"}\n");
	change_while_it_waits(&j, 1);
	assert_int_equal(j.status, LK_EINPUT);
	assert_non_null(strstr(j.err.text, "events:2: x0: "));
	assert_int_equal(j.r.events, 0);
	assert_int_equal(ask("count(*)"), 0);
}

typedef struct waiting {
	job *job;
	int64_t batches;
} waiting;

static int has_batches(void *arg) {
	waiting *w = arg;
	return __atomic_load_n(&w->job->batches, __ATOMIC_RELAXED) >= w->batches;
}

/* The partitions with an event without the column after one with it. */
static int64_t torn(int column) {
	return test_number(&world.pg, "SELECT count(*) FROM (SELECT part, max(off) FILTER (WHERE x%d IS NULL) AS was, min(off) FILTER (WHERE x%d IS NOT NULL)"
	                   " AS is_now FROM lk.log_%s GROUP BY part) p WHERE was > is_now", column, column, stream);
}

/* I5, P14: Columns are added again and again under a running ingest: each event once; in each partition, every event
 * after the apply has the column. */
static void columns_added_under_load(void **state) {
	(void)state;
	enum { EVENTS = 30000, COLUMNS = 6 };
	unsigned long random = test_seed("columns_added_under_load");
	lk_buf text = LK_BUF_INIT;
	job j = {.o.batch_events = 40};
	int64_t before[COLUMNS];
	name_stream();
	declare(1);
	for (int i = 0; i < EVENTS; i++)
		lk_buf_addf(&text, "{\"ts\":\"2024-01-01T00:00:00Z\",\"k\":\"k%d\",\"x0\":%d,\"x1\":1,\"x2\":1,\"x3\":1,\"x4\":1,\"x5\":1}\n", i % 11, i);
	write_file(text.data);
	lk_buf_release(&text);
	start(&j, path, json, NULL);
	for (int n = 2; n <= COLUMNS; n++) {
		waiting w = {&j, __atomic_load_n(&j.batches, __ATOMIC_RELAXED) + (int64_t)(test_random(&random) % 60)};
		assert_true(test_poll(has_batches, &w, DEADLINE_MS));
		declare(n);
		before[n - 1] = ask("count(*)");          /* some of which have it already */
	}
	pthread_join(j.thread, NULL);
	test_ok(j.status, &j.err);
	assert_int_equal(j.r.events, EVENTS);
	assert_int_equal(ask("count(*)"), EVENTS);
	assert_int_equal(ask("count(DISTINCT x0)"), EVENTS);
	for (int n = 1; n < COLUMNS; n++) {
		assert_int_equal(torn(n), 0);
		int64_t with = test_number(&world.pg, "SELECT count(x%d) FROM lk.log_%s", n, stream);
		print_message("x%d: in %lld events, %lld of them after it was declared\n", n, (long long)with, (long long)(EVENTS - before[n]));
		assert_true(with >= EVENTS - before[n]);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_added_under_a_pipe),
		cmocka_unit_test(waiting_batches_are_encoded_again),
		cmocka_unit_test(strict_ends_at_a_line_that_no_longer_fits),
		cmocka_unit_test(columns_added_under_load),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
