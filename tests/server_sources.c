/* Named sources: a file is told by what was read of it, whatever its name, its packing and the process that reads it; and
 * of two runs at once each counts what it has appended. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

#include "event_log/ingest.h"
#include "tests/support/log.h"
#include "tests/support/streams.h"

static test_servers servers;
static lk_arena memory;
static lk_pg pg;
static lk_cat_stream stream;
static char dir[64], *path, *other;

static void declare(void) {
	static const char *const columns[] = {"ts time", "key text", "n int8"};
	static int used;
	char name[16];
	lk_error err = {0};
	lk_apply_result result;
	snprintf(name, sizeof name, "so%d", used++);
	stream.stream = test_stream(&memory, name, columns, 3);
	stream.stream->text = lk_arena_strdup(&memory, "");
	test_ok(lk_apply_stream(&pg, stream.stream, &result, &err), &err);
	stream.id = test_number(&pg, "SELECT stream_id FROM lk.stream WHERE name = '%s'", name);
}

static int set_up(void **state) {
	(void)state;
	char id[33];
	lk_error err = {0};
	test_servers_start(&servers);
	test_open(&pg, &servers);
	test_ok(lk_catalog_install(&pg, id, &err), &err);
	snprintf(dir, sizeof dir, "%.40s/lk-sources-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	assert_non_null(mkdtemp(dir));
	path = lk_asprintf("%s/access", dir);
	other = lk_asprintf("%s/access.1", dir);
	return 0;
}

static int tear_down(void **state) {
	(void)state;
	unlink(path);
	unlink(other);
	rmdir(dir);
	free(path);
	free(other);
	lk_pg_close(&pg);
	lk_arena_release(&memory);
	test_servers_stop(&servers);
	return 0;
}

/* --- Files --- */

static void add_event(lk_buf *out, int n) {
	lk_buf_addf(out, "{\"ts\":\"2024-01-01T%02d:%02d:%02dZ\",\"key\":\"k%d\",\"n\":%d}\n", n / 3600 % 24, n / 60 % 60, n % 60, n % 50, n);
}

/* Events n = from … from + count - 1. */
static lk_buf events(int from, int count) {
	lk_buf b = LK_BUF_INIT;
	for (int n = from; n < from + count; n++)
		add_event(&b, n);
	return b;
}

static void write_file(const char *to, const char *mode, const void *p, size_t n) {
	FILE *f = fopen(to, mode);
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

static int64_t size_of(const char *file) {
	struct stat st;
	assert_int_equal(stat(file, &st), 0);
	return st.st_size;
}

static void put(const char *to, const char *mode, int from, int count) {
	lk_buf b = events(from, count);
	write_file(to, mode, b.data, b.len);
	lk_buf_release(&b);
}

static void pack(const char *from, const char *to) {
	char piece[65536];
	FILE *f = fopen(from, "r");
	gzFile z = gzopen(to, "w");
	size_t n;
	assert_true(f && z);
	while ((n = fread(piece, 1, sizeof piece, f)))
		assert_int_equal(gzwrite(z, piece, (unsigned)n), n);
	assert_int_equal(gzclose(z), Z_OK);
	fclose(f);
}

/* --- Runs --- */

static lk_ingest_options options(const char *from) {
	return (lk_ingest_options){.postgres = servers.at.postgres, .stream = &stream, .format = {.kind = LK_FORMAT_JSON}, .path = from, .source = "access"};
}

static lk_ingest_report run(const char *from) {
	lk_ingest_options o = options(from);
	lk_ingest_report r;
	lk_error err = {0};
	test_ok(lk_ingest_run(&o, &r, &err), &err);
	return r;
}

/* The input comes through a pipe, in pieces that break lines. */
static void *feed(void *arg) {
	int *to = arg;
	char piece[777];
	FILE *f = fopen(path, "r");
	size_t n;
	while (f && (n = fread(piece, 1, sizeof piece, f)))
		if (write(*to, piece, n) != (ssize_t)n)
			break;
	if (f)
		fclose(f);
	close(*to);
	return NULL;
}

static lk_ingest_report run_piped(void) {
	int fds[2], saved = dup(STDIN_FILENO);
	pthread_t thread;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	assert_int_equal(pthread_create(&thread, NULL, feed, &fds[1]), 0);
	lk_ingest_report r = run("-");
	dup2(saved, STDIN_FILENO);
	close(saved);
	pthread_join(thread, NULL);
	return r;
}

static void refuse(const char *from, const char *why) {
	lk_ingest_options o = options(from);
	lk_ingest_report r;
	lk_error err = {0};
	assert_int_equal(lk_ingest_run(&o, &r, &err), LK_EINPUT);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
	assert_non_null(strstr(err.hint, "--source"));
	assert_int_equal(r.events + r.rejects + r.others, 0);
}

static int64_t ask(const char *what) { return test_number(&pg, "SELECT coalesce(%s, -1)::bigint FROM lk.log_%s", what, stream.stream->name); }

/* The log holds n = 0 … count - 1, each once. */
static void expect_once(int count) {
	assert_int_equal(ask("count(*)"), count);
	assert_int_equal(ask("count(DISTINCT n)"), count);
	assert_int_equal(ask("max(n)"), count - 1);
}

/* --- What is another file, and what is not --- */

/* I5, I8: A log is rotated by renaming: what is left of the old one is read under its new name, the new one from its first byte. */
static void rotated_by_rename(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 500);
	assert_int_equal(run(path).events, 500);
	put(path, "a", 500, 100);             /* written between the last run and the rotation */
	assert_int_equal(rename(path, other), 0);
	put(path, "w", 600, 3000);            /* longer than the one before */
	lk_ingest_report r = run(path);
	assert_int_equal(r.events, 3000);
	assert_int_equal(r.skipped_bytes, 0);
	assert_true(r.another_file);
	r = run(other);
	assert_int_equal(r.events, 100);
	assert_false(r.another_file);
	put(path, "a", 3600, 10);
	assert_int_equal(run(path).events, 10);
	assert_int_equal(run(other).events + run(path).events, 0);
	expect_once(3610);
}

/* I5, I8: The file itself is truncated and rewritten: shorter, and longer than what was read. */
static void cut_off_and_written_anew(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 400);
	run(path);
	put(path, "w", 400, 10);
	assert_int_equal(run(path).events, 10);
	put(path, "a", 410, 1000);
	assert_int_equal(run(path).events, 1000);
	put(path, "w", 1410, 5000);
	assert_int_equal(run(path).events, 5000);
	write_file(path, "w", "", 0);
	assert_int_equal(run(path).events, 0);
	expect_once(6410);
}

/* I8: The same content, packed or through a pipe, is the same file, and what is new in it is taken. */
static void packed_and_piped(void **state) {
	(void)state;
	for (int way = 0; way < 2; way++) {
		declare();
		put(path, "w", 0, 20000);
		assert_int_equal((way ? run_piped() : run(path)).events, 20000);
		pack(path, other);
		lk_ingest_report r = run(other);
		assert_int_equal(r.events, 0);
		assert_int_equal(r.skipped_bytes, size_of(path));
		assert_int_equal((way ? run(path) : run_piped()).events, 0);
		put(path, "a", 20000, 50);
		pack(path, other);
		assert_int_equal(run(other).events, 50);
		assert_int_equal(run(path).events + run_piped().events, 0);
		put(path, "w", 20050, 100);           /* and through a pipe another one is another one */
		assert_int_equal(run_piped().events, 100);
		expect_once(20150);
	}
}

/* Where nobody can tell, nothing is appended, and it says what to do. */
static void a_file_that_only_begins_alike(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 1000);
	run(path);
	put(path, "w", 0, 300);               /* a part of it */
	refuse(path, "ends at byte");
	pack(path, other);
	refuse(other, "ends at byte");
	put(path, "a", 5000, 900);            /* the same beginning, other lines after it */
	refuse(path, "but differs from it");
	pack(path, other);
	refuse(other, "but differs from it");
	put(path, "w", 0, 1001);              /* the file itself is still known */
	assert_int_equal(run(path).events, 1);
	expect_once(1001);
}

/* A position says nothing of the bytes in the middle: here it is the first event that tells. */
static void a_file_of_lines_of_one_length(void **state) {
	(void)state;
	declare();
	put(path, "w", 100, 50);
	assert_int_equal(run(path).skipped_bytes, 0);
	put(path, "w", 150, 200);
	assert_int_equal(run(path).events, 200);
	put(path, "w", 100, 40);
	refuse(path, "ends at byte");
	assert_int_equal(ask("count(DISTINCT n)"), 250);
	assert_int_equal(ask("count(*)"), 250);
}

static void csv(const char *mode, const char *header, int from, int count) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, header);
	for (int n = from; n < from + count; n++)
		lk_buf_addf(&b, "2024-01-01T00:%02d:%02dZ,k,%d\n", n / 60 % 60, n % 60, n);
	write_file(path, mode, b.data, b.len);
	lk_buf_release(&b);
}

/* I5, I8: All files of a source begin with the same header, or with the same lines that are no events. */
static void the_same_header(void **state) {
	(void)state;
	declare();
	lk_ingest_options o = options(path);
	lk_ingest_report r;
	lk_error err = {0};
	o.format = (lk_format){.kind = LK_FORMAT_CSV, .delimiter = ','};
	static const int counts[] = {3, 300, 2, 1};
	int from = 0;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		csv("w", "ts,key,n\n", 0, 0);
		test_ok(lk_ingest_run(&o, &r, &err), &err);
		assert_int_equal(r.events, 0);
		csv("a", "", from, counts[i]);
		for (int again = 0; again < 2; again++) {
			test_ok(lk_ingest_run(&o, &r, &err), &err);
			assert_int_equal(r.events, again ? 0 : counts[i]);
		}
		from += counts[i];
	}
	expect_once(from);

	declare();
	for (int i = 0; i < 3; i++) {
		write_file(path, "w", "#Version: 1.0\n#Fields: ts\n", 26);
		assert_int_equal(run(path).rejects, 2);
		put(path, "a", 10 * i, 10);
		r = run(path);
		assert_int_equal(r.events, 10);
		assert_int_equal(r.rejects, 0);
	}
	expect_once(30);
}

/* A row of an older schema has only a position: the run continues there, and from then on the file is identified. */
static void from_before_fingerprints(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 100);
	run(path);
	test_sql(&pg, "UPDATE lk.source SET head = NULL, trail = NULL, run = NULL WHERE stream_id = %lld", (long long)stream.id);
	put(path, "a", 100, 1);
	assert_int_equal(run(path).events, 1);
	put(path, "w", 101, 500);
	assert_int_equal(run(path).events, 500);
	put(path, "w", 0, 100);
	refuse(path, "ends at byte");
	put(path, "w", 0, 101);
	assert_int_equal(run(path).events, 0);
	expect_once(601);
}

/* What is remembered of a source has a limit. */
static void many_files(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 1);
	run(path);
	test_sql(&pg, "INSERT INTO lk.source (stream_id, name, number, position, head) SELECT %lld, 'access', i, 5, convert_to('x' || i, 'UTF8')"
	         " FROM generate_series(2, 1005) i", (long long)stream.id);
	put(path, "w", 1, 1);
	run(path);
	assert_int_equal(test_number(&pg, "SELECT count(*) FROM lk.source WHERE stream_id = %lld", (long long)stream.id), 1000);
	assert_int_equal(test_number(&pg, "SELECT max(number) FROM lk.source WHERE stream_id = %lld", (long long)stream.id), 1006);
	assert_int_equal(run(path).events, 0);
	expect_once(2);
}

/* --- Killed, and two at once --- */

/* I5: Whatever is killed while it reads a file and the one that came in its place: each event once. */
static void killed_over_a_rotation(void **state) {
	(void)state;
	enum { FILES = 4, EVENTS = 8000 };
	unsigned long random = test_seed("killed_over_a_rotation");
	int killed = 0;
	declare();
	for (int file = 0; file < FILES; file++) {
		put(path, "w", file * EVENTS, EVENTS);
		if (file % 2) {
			pack(path, other);
			assert_int_equal(rename(other, path), 0);
		}
		for (bool ended = false; !ended; ) {
			int status;
			pid_t pid = fork();
			assert_true(pid >= 0);
			if (pid == 0) {
				lk_ingest_options o = options(path);
				lk_ingest_report r;
				o.batch_events = 150;
				prctl(PR_SET_PDEATHSIG, SIGKILL);
				_exit(lk_ingest_run(&o, &r, NULL) ? 1 : 0);
			}
			usleep((useconds_t)(test_random(&random) % 40000));   /* it is killed at any moment */
			if (killed < 4 * (file + 1))
				kill(pid, SIGKILL);
			assert_int_equal(waitpid(pid, &status, 0), pid);
			ended = WIFEXITED(status);
			assert_true(!ended || WEXITSTATUS(status) == 0);
			killed += !ended;
		}
	}
	print_message("killed %d times\n", killed);
	assert_true(killed > 0);
	expect_once(FILES * EVENTS);
}

typedef struct job {
	lk_ingest_options o;
	lk_ingest_report r;
	lk_error err;
	int status;
	pthread_t thread;
} job;

static void *job_run(void *arg) {
	job *j = arg;
	j->status = lk_ingest_run(&j->o, &j->r, &j->err);
	return NULL;
}

static int both_wait(void *arg) {
	(void)arg;
	return test_number(&pg, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk ingest' AND wait_event_type = 'Lock'") == 2;
}

/* Both have a batch to append before either is let in. */
static void run_two(job jobs[2], const char *first, const char *second, size_t batch_events) {
	lk_pg holder;
	test_open(&holder, &servers);
	test_sql(&holder, "BEGIN");
	test_sql(&holder, "SELECT 1 FROM lk.tail WHERE stream_id = %lld FOR UPDATE", (long long)stream.id);
	for (int i = 0; i < 2; i++) {
		jobs[i] = (job){.o = options(i ? second : first)};
		jobs[i].o.batch_events = batch_events;
		assert_int_equal(pthread_create(&jobs[i].thread, NULL, job_run, &jobs[i]), 0);
	}
	assert_true(test_poll(both_wait, NULL, 30000));
	test_sql(&holder, "COMMIT");
	for (int i = 0; i < 2; i++)
		pthread_join(jobs[i].thread, NULL);
	lk_pg_close(&holder);
}

/* I5: Two runs of one file that is one batch: one appends it, the other says that it did not. */
static void the_loser_counts_nothing(void **state) {
	(void)state;
	job jobs[2];
	declare();
	put(path, "w", 0, 4000);
	run_two(jobs, path, path, 0);
	for (int i = 0; i < 2; i++) {
		test_ok(jobs[i].status, &jobs[i].err);
		assert_int_equal(jobs[i].r.events + jobs[i].r.others, 4000);
	}
	assert_int_equal(jobs[0].r.events + jobs[1].r.events, 4000);
	expect_once(4000);
}

/* I5: And of many batches: the sum of what they say is what is in the log, whoever ends first. */
static void two_runs_share_the_count(void **state) {
	(void)state;
	for (int round = 0; round < 4; round++) {
		job jobs[2];
		declare();
		put(path, "w", 0, 4000);
		run_two(jobs, path, path, 50);
		for (int i = 0; i < 2; i++)
			if (jobs[i].status != LK_ECONFLICT)
				test_ok(jobs[i].status, &jobs[i].err);
		assert_int_equal(jobs[0].r.events + jobs[1].r.events, ask("count(*)"));
		run(path);
		expect_once(4000);
	}
}

/* I5, P14: Two files of one length under one new name at once: one of them is refused, and goes in when it is run again. */
static void two_files_at_once(void **state) {
	(void)state;
	job jobs[2];
	declare();
	put(path, "w", 1000, 1000);
	put(other, "w", 2000, 1000);
	run_two(jobs, path, other, 0);
	int refused = jobs[0].status ? 0 : 1;
	assert_int_equal(jobs[refused].status, LK_ECONFLICT);
	test_ok(jobs[!refused].status, &jobs[!refused].err);
	assert_int_equal(jobs[refused].r.events + jobs[refused].r.others, 0);
	assert_int_equal(jobs[!refused].r.events, 1000);
	assert_int_equal(ask("count(*)"), 1000);
	run(path);
	run(other);
	assert_int_equal(ask("count(*)"), 2000);
	assert_int_equal(ask("count(DISTINCT n)"), 2000);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotated_by_rename),
		cmocka_unit_test(cut_off_and_written_anew),
		cmocka_unit_test(packed_and_piped),
		cmocka_unit_test(a_file_that_only_begins_alike),
		cmocka_unit_test(a_file_of_lines_of_one_length),
		cmocka_unit_test(the_same_header),
		cmocka_unit_test(from_before_fingerprints),
		cmocka_unit_test(many_files),
		cmocka_unit_test(killed_over_a_rotation),
		cmocka_unit_test(the_loser_counts_nothing),
		cmocka_unit_test(two_runs_share_the_count),
		cmocka_unit_test(two_files_at_once),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
