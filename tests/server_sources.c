/* Named sources: a file is recognised by the bytes that were read of it, whatever its name, its compression and the
 * process that reads it; and of two concurrent runs each counts the events that it has appended. */
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
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "tests/support/ingests.h"

static test_ingests shared;
static char *path, *other;

static void declare(void) {
	static const char *const columns[] = {"ts time", "key text", "n int8"};
	test_ingests_declare(&shared, columns, 3);
}

static int set_up(void **state) {
	(void)state;
	signal(SIGPIPE, SIG_IGN);     /* of a pipe that is not read to its end */
	test_ingests_start(&shared);
	path = lk_asprintf("%s/access", shared.dir);
	other = lk_asprintf("%s/access.1", shared.dir);
	return 0;
}

static int tear_down(void **state) {
	(void)state;
	unlink(path);
	unlink(other);
	free(path);
	free(other);
	test_ingests_stop(&shared);
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
	return (lk_ingest_options){.postgres = shared.servers.at.postgres, .stream = &shared.stream, .format = {.is = &lk_format_json}, .path = from, .source = "access"};
}

static char said[2000];       /* the notes of the last run */

static void note(void *ctx, const char *text) {
	(void)ctx;
	snprintf(said + strlen(said), sizeof said - strlen(said), "%s\n", text);
}

static int try_run(const char *from, lk_ingest_report *r, lk_error *err) {
	lk_ingest_options o = options(from);
	o.note = note;
	*said = '\0';
	return lk_ingest_run(&o, r, err);
}

static lk_ingest_report run(const char *from) {
	lk_ingest_report r;
	lk_error err = {0};
	test_ok(try_run(from, &r, &err), &err);
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

static int try_piped(lk_ingest_report *r, lk_error *err) {
	pthread_t thread;
	int saved, fd = test_stdin_pipe(&saved);
	assert_int_equal(pthread_create(&thread, NULL, feed, &fd), 0);
	int status = try_run("-", r, err);
	test_stdin_restore(saved);
	pthread_join(thread, NULL);
	return status;
}

static lk_ingest_report run_piped(void) {
	lk_ingest_report r;
	lk_error err = {0};
	test_ok(try_piped(&r, &err), &err);
	return r;
}

static void refuse_run(bool piped, const char *from, const char *why) {
	lk_ingest_report r;
	lk_error err = {0};
	assert_int_equal(piped ? try_piped(&r, &err) : try_run(from, &r, &err), LK_EINPUT);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
	assert_non_null(strstr(err.hint, "--source"));
	assert_int_equal(r.events + r.rejects + r.others, 0);
}

static void refuse(const char *from, const char *why) { refuse_run(false, from, why); }
static void refuse_piped(const char *why) { refuse_run(true, NULL, why); }

static int64_t ask(const char *what) { return test_ingests_ask(&shared, what); }

/* The log holds n = 0 … count - 1, each once. */
static void expect_once(int count) {
	assert_int_equal(ask("count(*)"), count);
	assert_int_equal(ask("count(DISTINCT n)"), count);
	assert_int_equal(ask("max(n)"), count - 1);
}

/* --- the same file, or another one --- */

/* I5, I8: A log is rotated by renaming: the rest of the old file is read under its new name, the new file from its
 * first byte. */
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

/* I5, I8: The file itself is truncated and rewritten: to a shorter one, and to a longer one than was read. */
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

/* I8: The same content, compressed or through a pipe, is the same file, and new events in it are taken. */
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
		put(path, "w", 20050, 100);           /* and through a pipe another file is another file */
		assert_int_equal(run_piped().events, 100);
		expect_once(20150);
	}
}

/* If the file cannot be recognised, nothing is appended, and the hint says what to do. */
static void a_file_that_only_begins_alike(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 1000);
	run(path);
	put(path, "w", 0, 300);               /* a part of the file */
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

/* A position says nothing of the bytes in the middle: here the first event shows the difference. */
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

static lk_ingest_report run_csv(void) {
	lk_ingest_options o = options(path);
	lk_ingest_report r;
	lk_error err = {0};
	o.format = (lk_format){.is = &lk_format_csv, .delimiter = ','};
	test_ok(lk_ingest_run(&o, &r, &err), &err);
	return r;
}

/* I5, I8: All files of a source begin with the same header, or with the same lines that are not events. */
static void the_same_header(void **state) {
	(void)state;
	declare();
	static const int counts[] = {3, 300, 2, 1};
	int from = 0;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		csv("w", "ts,key,n\n", 0, 0);
		assert_int_equal(run_csv().events, 0);
		csv("a", "", from, counts[i]);
		for (int again = 0; again < 2; again++)
			assert_int_equal(run_csv().events, again ? 0 : counts[i]);
		from += counts[i];
	}
	expect_once(from);

	declare();
	for (int i = 0; i < 3; i++) {
		write_file(path, "w", "#Version: 1.0\n#Fields: ts\n", 26);
		assert_int_equal(run(path).rejects, 2);
		put(path, "a", 10 * i, 10);
		lk_ingest_report r = run(path);
		assert_int_equal(r.events, 10);
		assert_int_equal(r.rejects, 0);
	}
	expect_once(30);
}

/* I5: Wherever the writer of a record on two lines is interrupted, the run leaves it for later; except right after the line
 * break within the quotes: the quote may be one that is never closed, which must not hold up the lines after it. */
static void a_record_that_is_being_written(void **state) {
	(void)state;
	static const char before[] = "ts,key,n\n2024-01-01T00:00:00Z,k,0\n", record[] = "2024-01-01T00:00:01Z,\"two \"\"\nlines\"\"\",1\n",
	                  after[] = "2024-01-01T00:00:02Z,k,2\n";
	for (size_t n = 0; n < sizeof record; n++) {
		if (n && record[n - 1] == '\n' && n < sizeof record - 1)
			continue;
		declare();
		write_file(path, "w", before, sizeof before - 1);
		write_file(path, "a", record, n);
		lk_ingest_report r = run_csv();
		assert_int_equal(r.events, n == sizeof record - 1 ? 2 : 1);
		assert_int_equal(r.left_bytes > 0, n > 0 && n < sizeof record - 1);
		write_file(path, "a", record + n, sizeof record - 1 - n);
		write_file(path, "a", after, sizeof after - 1);
		assert_int_equal(run_csv().rejects + r.rejects, 0);
		expect_once(3);
	}
}

/* I5: Lines that end in CR alone are whole lines, whether or not an LF follows later. */
static void lines_that_end_in_cr(void **state) {
	(void)state;
	static const char first[] = "ts,key,n\r2024-01-01T00:00:00Z,k,0\r2024-01-01T00:00:01Z,k,1\r", more[] = "2024-01-01T00:00:02Z,k,2\r";
	for (int lf = 0; lf < 2; lf++) {
		declare();
		write_file(path, "w", first, sizeof first - 1);
		lk_ingest_report r = run_csv();
		assert_int_equal(r.events, 2);
		assert_int_equal(r.left_bytes, 0);
		write_file(path, "a", "\n", (size_t)lf);
		write_file(path, "a", more, sizeof more - 1);
		assert_int_equal(run_csv().events, 1);
		assert_int_equal(run_csv().events, 0);
		expect_once(3);
	}
}

/* --- Rows of an older schema, which have only a position --- */

static void forget_fingerprints(void) {
	test_sql(&shared.pg, "UPDATE lk.source SET head = NULL, trail = NULL, run = NULL WHERE stream_id = %lld", (long long)shared.stream.id);
}

static void expect_said(const char *what) {
	if (!strstr(said, what))
		fail_msg("no \"%s\" in: %s", what, said);
}

/* I8: The run continues there, says so, and from then on the file is identified. */
static void from_before_fingerprints(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 100);
	run(path);
	forget_fingerprints();
	put(path, "a", 100, 1);
	assert_int_equal(run(path).events, 1);
	expect_said("bytes are taken as read");
	put(path, "a", 101, 1);
	assert_int_equal(run(path).events, 1);
	assert_string_equal(said, "");
	put(path, "w", 102, 500);
	assert_int_equal(run(path).events, 500);
	put(path, "w", 0, 100);
	refuse(path, "ends at byte");
	put(path, "w", 0, 102);
	assert_int_equal(run(path).events, 0);
	expect_once(602);
}

/* I8: Also by a run that finds nothing new, in whatever way the file is packed. */
static void identified_by_a_run_without_events(void **state) {
	(void)state;
	for (int way = 0; way < 3; way++) {
		declare();
		put(path, "w", 0, 300);
		run(path);
		forget_fingerprints();
		write_file(path, "a", "\n \n", 3);
		pack(path, other);
		assert_int_equal((way == 2 ? run_piped() : run(way ? other : path)).events, 0);
		expect_said("bytes are taken as read");
		assert_int_equal(test_number(&shared.pg, "SELECT count(*) FROM lk.source WHERE stream_id = %lld AND trail <> '' AND length(head) > 0",
		                             (long long)shared.stream.id), 1);
		put(path, "w", 300, 700);             /* rotated: longer than the one before */
		assert_int_equal(run(path).events, 700);
		assert_string_equal(said, "");
		expect_once(1000);
	}
}

static bool is_within_line(const char *file, int64_t position) {
	char around[2];
	FILE *f = fopen(file, "r");
	assert_non_null(f);
	bool read = !fseek(f, position - 1, SEEK_SET) && fread(around, 1, 2, f) == 2;
	fclose(f);
	return read && around[0] != '\n' && around[1] != '\n';
}

/* I5: An input that ends before the position, or has it within a line, is another file, and is read from its first
 * byte; then the old one is still continued. */
static void what_cannot_be_the_file_of_before(void **state) {
	(void)state;
	for (int way = 0; way < 4; way++) {
		declare();
		put(path, "w", 0, 900);
		run(path);
		forget_fingerprints();
		int64_t position = size_of(path);
		put(path, "a", 900, 5);
		assert_int_equal(rename(path, other), 0);
		char *third = lk_asprintf("%s/access.2", shared.dir);
		bool longer = way % 2, packed = way / 2;
		put(path, "w", 905, 1);
		write_file(path, "a", "\n\n\n\n\n\n\n", longer ? 7 : 0);   /* so that the position is within a line of it */
		put(path, "a", 906, longer ? 1999 : 99);
		assert_true(longer ? is_within_line(path, position) : size_of(path) < position);
		pack(path, third);
		lk_ingest_report r = run(packed ? third : path);
		assert_int_equal(r.events, longer ? 2000 : 100);
		assert_int_equal(r.skipped_bytes, 0);
		assert_true(r.another_file);
		expect_said("read from its first byte");
		assert_int_equal(run(packed ? third : path).events, 0);
		assert_int_equal(run(other).events, 5);
		expect_said("bytes are taken as read");
		expect_once(905 + (longer ? 2000 : 100));
		unlink(third);
		free(third);
	}
}

/* I5: A pipe cannot be read twice, so it is refused. */
static void a_pipe_that_is_not_the_file_of_before(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 100);
	run(path);
	test_sql(&shared.pg, "UPDATE lk.source SET head = NULL, trail = NULL, position = position - 3 WHERE stream_id = %lld", (long long)shared.stream.id);
	refuse_piped("that is within a line");
	put(path, "w", 100, 10);
	refuse_piped("ends at byte");
	expect_once(100);
}

/* --- Edited --- */

/* I5, I8: With another first event a file looks like a new one. If the rest is a known file, it is refused. */
static void the_first_event_is_edited(void **state) {
	(void)state;
	static const int counts[] = {2, 3, 40, 60, 5000};   /* less than a trail, about one, much more */
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		for (int more = 0; more < 2; more++) {
			declare();
			put(path, "w", 0, counts[i]);
			run(path);
			lk_buf all = events(0, counts[i] + more), edited = LK_BUF_INIT;
			lk_buf_adds(&edited, "{\"ts\":\"2024-01-01T00:00:00Z\",\"key\":\"corrected\",\"n\":100000}\n");
			size_t first = (size_t)(strchr(all.data, '\n') + 1 - all.data);
			lk_buf_add(&edited, all.data + first, all.len - first);
			write_file(path, "w", edited.data, edited.len);
			for (int twice = 0; twice < 2; twice++)
				refuse(path, "but for its first event");
			write_file(path, "w", all.data, all.len);
			assert_int_equal(run(path).events, more);
			expect_once(counts[i] + more);
			lk_buf_release(&all);
			lk_buf_release(&edited);
		}
}

/* A file that only resembles a known one: its second event differs, or there is none to compare. */
static void two_short_files(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 1);
	run(path);
	put(path, "w", 1, 1);
	assert_int_equal(run(path).events, 1);
	put(path, "a", 2, 1);
	assert_int_equal(run(path).events, 1);
	put(path, "w", 3, 2);
	assert_int_equal(run(path).events, 2);
	expect_once(5);
}

/* Lines before the first event help to identify a file; a refused file is refused again. */
static void the_header_is_edited(void **state) {
	(void)state;
	declare();
	lk_ingest_options o = options(path);
	lk_ingest_report r;
	lk_error err = {0};
	o.format = (lk_format){.is = &lk_format_csv, .delimiter = ','};
	csv("w", "ts,key,n\n", 0, 30);
	test_ok(lk_ingest_run(&o, &r, &err), &err);
	for (int twice = 0; twice < 2; twice++) {
		csv("w", "\"ts\",\"key\",n\n", 0, 30);
		assert_int_equal(lk_ingest_run(&o, &r, &err), LK_EINPUT);
		assert_non_null(strstr(err.text, "but for its first event"));
		csv("w", "ts,key,n\nno time,k,1\n", 0, 30);
		assert_int_equal(lk_ingest_run(&o, &r, &err), LK_EINPUT);
		assert_non_null(strstr(err.text, "but for its first event"));
		assert_int_equal(r.events, 0);
	}
	expect_once(30);
}

/* The number of files that a source remembers is limited. */
static void many_files(void **state) {
	(void)state;
	declare();
	put(path, "w", 0, 1);
	run(path);
	test_sql(&shared.pg, "INSERT INTO lk.source (stream_id, name, number, position, head) SELECT %lld, 'access', i, 5, convert_to('x' || i, 'UTF8')"
	         " FROM generate_series(2, 1005) i", (long long)shared.stream.id);
	put(path, "w", 1, 1);
	run(path);
	assert_int_equal(test_number(&shared.pg, "SELECT count(*) FROM lk.source WHERE stream_id = %lld", (long long)shared.stream.id), 1000);
	assert_int_equal(test_number(&shared.pg, "SELECT max(number) FROM lk.source WHERE stream_id = %lld", (long long)shared.stream.id), 1006);
	assert_int_equal(run(path).events, 0);
	expect_once(2);
}

/* --- Killed, and two at once --- */

/* I5: Kills while a file and its successor are read: each event once. */
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
		lk_ingest_options o = options(path);
		o.batch_events = 150;
		killed += test_ingest_killed(&o, &random, 40000, 4 * (file + 1) - killed);
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
	return test_number(&shared.pg, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk ingest' AND wait_event_type = 'Lock'") == 2;
}

/* Both have a batch to append before either may append. */
static void run_two(job jobs[2], const char *first, const char *second, size_t batch_events) {
	lk_pg holder;
	test_open(&holder, &shared.servers);
	test_sql(&holder, "BEGIN");
	test_sql(&holder, "SELECT 1 FROM lk.tail WHERE stream_id = %lld FOR UPDATE", (long long)shared.stream.id);
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

/* I5: Two runs of one file with one batch: one appends it, the other says that it did not. */
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

/* I5: The same with many batches: the sum of the reported events is in the log, whichever run ends first. */
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

/* I5, P14: Two concurrent files of one length under one new name: one of them is refused, and appended when it is run
 * again. */
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

/* A source with files 1 and, by a statement, 2 to n. */
static void files_up_to(int n) {
	declare();
	put(path, "w", 0, 10);
	run(path);
	test_sql(&shared.pg, "INSERT INTO lk.source (stream_id, name, number, position, run, head, trail)"
	         " SELECT stream_id, name, i, 1000, 0, convert_to('file ' || i, 'UTF8'), trail FROM lk.source, generate_series(2, %d) i"
	         " WHERE stream_id = %lld", n, (long long)shared.stream.id);
}

/* The 1,000th file leaves the first one known, the 1,001st does not. */
static void the_last_thousand_files(void **state) {
	(void)state;
	for (int n = LK_SOURCE_FILES; n <= LK_SOURCE_FILES + 1; n++) {
		files_up_to(n - 1);
		put(other, "w", 1000, 10);
		assert_int_equal(run(other).events, 10);
		assert_int_equal(test_number(&shared.pg, "SELECT count(*) FROM lk.source WHERE stream_id = %lld", (long long)shared.stream.id),
		                 LK_SOURCE_FILES);
		assert_int_equal(test_number(&shared.pg, "SELECT max(number) FROM lk.source WHERE stream_id = %lld", (long long)shared.stream.id), n);
		assert_int_equal(run(other).events, 0);
		assert_int_equal(run(path).events, n > LK_SOURCE_FILES ? 10 : 0);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rotated_by_rename),
		cmocka_unit_test(cut_off_and_written_anew),
		cmocka_unit_test(packed_and_piped),
		cmocka_unit_test(a_file_that_only_begins_alike),
		cmocka_unit_test(a_file_of_lines_of_one_length),
		cmocka_unit_test(the_same_header),
		cmocka_unit_test(a_record_that_is_being_written),
		cmocka_unit_test(lines_that_end_in_cr),
		cmocka_unit_test(from_before_fingerprints),
		cmocka_unit_test(identified_by_a_run_without_events),
		cmocka_unit_test(what_cannot_be_the_file_of_before),
		cmocka_unit_test(a_pipe_that_is_not_the_file_of_before),
		cmocka_unit_test(the_first_event_is_edited),
		cmocka_unit_test(two_short_files),
		cmocka_unit_test(the_header_is_edited),
		cmocka_unit_test(many_files),
		cmocka_unit_test(killed_over_a_rotation),
		cmocka_unit_test(the_loser_counts_nothing),
		cmocka_unit_test(two_runs_share_the_count),
		cmocka_unit_test(two_files_at_once),
		cmocka_unit_test(the_last_thousand_files),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
