/* Inputs: the same records from a file, gzip and a pipe, whatever the pieces; positions that can be gone back to;
 * what is too long, cut off or damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "core/buf.h"
#include "event_log/input.h"
#include "tests/support/servers.h"

static char dir[64], *path;

static int set_up(void **state) {
	(void)state;
	snprintf(dir, sizeof dir, "%.40s/lk-input-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	path = lk_asprintf("%s/file", dir);
	return 0;
}

static int tear_down(void **state) {
	(void)state;
	unlink(path);
	rmdir(dir);
	free(path);
	return 0;
}

static void write_file(const void *p, size_t n) {
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
}

/* A gzip member. */
static void add_gzip(lk_buf *out, const void *p, size_t n) {
	z_stream z = {0};
	lk_buf_grow(out, n + 1000);
	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)out->data + out->len;
	z.avail_out = (uInt)(out->cap - out->len - 1);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->len += z.total_out;
	deflateEnd(&z);
}

/* A pipe as standard input, fed by a thread in pieces of `piece` bytes. */
typedef struct feed {
	const lk_buf *bytes;
	size_t piece;
	int fd, saved;
	pthread_t thread;
} feed;

static void *feed_run(void *arg) {
	feed *f = arg;
	for (size_t at = 0; at < f->bytes->len;) {
		size_t n = f->bytes->len - at < f->piece ? f->bytes->len - at : f->piece;
		ssize_t w = write(f->fd, f->bytes->data + at, n);
		if (w <= 0)
			break;
		at += (size_t)w;
	}
	close(f->fd);
	return NULL;
}

static void feed_start(feed *f, const lk_buf *bytes, size_t piece) {
	int fds[2];
	*f = (feed){.bytes = bytes, .piece = piece, .saved = dup(STDIN_FILENO)};
	assert_int_equal(pipe(fds), 0);
	assert_true(dup2(fds[0], STDIN_FILENO) == STDIN_FILENO);
	close(fds[0]);
	f->fd = fds[1];
	assert_int_equal(pthread_create(&f->thread, NULL, feed_run, f), 0);
}

static void feed_end(feed *f) {
	pthread_join(f->thread, NULL);
	dup2(f->saved, STDIN_FILENO);
	close(f->saved);
}

typedef struct wanted {
	int64_t position, end, line;
	size_t len;
	const char *text;
} wanted;

static int next_waiting(lk_input *in, lk_record *r, lk_error *err) {
	int status;
	while ((status = lk_input_next(in, 1, r, err)) == LK_INPUT_IDLE)
		;
	return status;
}

/* `lines`: false after a seek, which loses the line numbers. */
static void expect_records(lk_input *in, const wanted *w, int n, bool lines) {
	lk_error err = {0};
	lk_record r;
	for (int i = 0; i < n; i++) {
		assert_int_equal(next_waiting(in, &r, &err), 0);
		assert_int_equal(r.position, w[i].position);
		assert_int_equal(r.end, w[i].end);
		assert_int_equal(r.len, w[i].len);
		assert_memory_equal(r.text, w[i].text, r.len);
		assert_false(r.too_long);
		assert_int_equal(r.line, lines ? w[i].line : 0);
	}
	assert_int_equal(next_waiting(in, &r, &err), LK_INPUT_END);
	assert_int_equal(next_waiting(in, &r, &err), LK_INPUT_END);
}

static lk_input *opened(const char *name, bool csv) {
	lk_error err = {0};
	lk_input *in;
	if (lk_input_open(&in, name, csv, &err))
		fail_msg("%s", err.text);
	return in;
}

/* --- The same records from everywhere --- */

enum { MOST = 200 };

/* Random records with what they must look like; csv: a quoted field with line breaks now and then. */
static int random_records(unsigned long *seed, bool csv, lk_buf *out, wanted *w) {
	int n = (int)(test_random(seed) % MOST), line = 1;
	for (int i = 0; i < n; i++) {
		size_t from = out->len, len = test_random(seed) % (test_random(seed) % 50 ? 30 : 3000), last = (size_t)(i == n - 1);
		w[i] = (wanted){.position = (int64_t)from, .line = line};
		if (i == 0 && test_random(seed) % 4 == 0)
			lk_buf_adds(out, "\xef\xbb\xbf");
		size_t text = out->len;
		for (size_t k = 0; k < len; k++)
			lk_buf_addc(out, (char)('a' + test_random(seed) % 26));
		if (csv && test_random(seed) % 3 == 0) {
			lk_buf_adds(out, len ? ",\"x\n\ny\"\"\",z" : "\"x\n\ny\"\"\",z");
			line += 2;
		}
		w[i].len = out->len - text;
		if (last && test_random(seed) % 2 && out->len > text)
			;
		else
			lk_buf_adds(out, test_random(seed) % 4 ? "\n" : "\r\n");
		line++;
		w[i].end = (int64_t)out->len;
		w[i].text = (const char *)text;   /* a place in the buffer, which may still move */
	}
	for (int i = 0; i < n; i++)
		w[i].text = out->data + (size_t)w[i].text;
	return n;
}

static void same_records_from_everywhere(void **state) {
	(void)state;
	unsigned long seed = test_seed("test_input");
	for (int round = 0; round < 60; round++) {
		bool csv = round % 2;
		lk_buf plain = LK_BUF_INIT, gzip = LK_BUF_INIT;
		wanted w[MOST];
		feed f;
		int n = random_records(&seed, csv, &plain, w), from = n ? (int)(test_random(&seed) % (unsigned)n) : 0;
		size_t half = plain.len / 2, piece = 1 + test_random(&seed) % 100;
		lk_buf_grow(&plain, 0);
		add_gzip(&gzip, plain.data, half);
		add_gzip(&gzip, plain.data + half, plain.len - half);

		for (int packed = 0; packed < 2; packed++) {
			const lk_buf *bytes = packed ? &gzip : &plain;
			write_file(bytes->data, bytes->len);
			lk_input *in = opened(path, csv);
			expect_records(in, w, n, true);
			assert_int_equal(lk_input_rewind(in, NULL), 0);
			assert_int_equal(lk_input_seek(in, n ? w[from].position : 0, NULL, NULL), 0);
			expect_records(in, w + from, n - from, n == 0 || from == 0);
			assert_true(lk_input_is_file(in));
			assert_int_equal(lk_input_may_grow(in), !packed);
			lk_input_close(in);

			feed_start(&f, bytes, piece);
			in = opened("-", csv);
			assert_false(lk_input_is_file(in));
			if (round % 3 == 0)
				assert_int_equal(lk_input_spool(in, NULL, NULL), 0);
			assert_int_equal(lk_input_seek(in, n ? w[from].position : 0, NULL, NULL), 0);
			expect_records(in, w + from, n - from, n == 0 || from == 0);
			lk_input_close(in);
			feed_end(&f);
		}
		lk_buf_release(&plain);
		lk_buf_release(&gzip);
	}
}

static void last_line_without_a_break_is_marked(void **state) {
	(void)state;
	lk_record r;
	for (int with = 0; with < 2; with++) {
		write_file("one\ntwo\n", with ? 8 : 7);
		lk_input *in = opened(path, false);
		assert_int_equal(lk_input_next(in, -1, &r, NULL), 0);
		assert_false(r.unterminated);
		assert_int_equal(lk_input_next(in, -1, &r, NULL), 0);
		assert_int_equal(r.unterminated, !with);
		assert_int_equal(r.end, with ? 8 : 7);
		assert_int_equal(r.len, 3);
		assert_int_equal(lk_input_next(in, -1, &r, NULL), LK_INPUT_END);
		lk_input_close(in);
	}
}

static void too_long_is_one_record(void **state) {
	(void)state;
	static const size_t sizes[] = {LK_RECORD_MAX - 1, LK_RECORD_MAX, LK_RECORD_MAX + 1, 2 * LK_RECORD_MAX + 12345};
	for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
		size_t size = sizes[i / 2];
		bool csv = i % 2;
		lk_buf b = LK_BUF_INIT;
		lk_record r;
		lk_buf_adds(&b, "first\n");
		lk_buf_grow(&b, size);
		memset(b.data + b.len, 'x', size);
		b.len += size;
		lk_buf_adds(&b, "\nlast\n");
		write_file(b.data, b.len);
		lk_input *in = opened(path, csv);
		assert_int_equal(lk_input_next(in, -1, &r, NULL), 0);
		assert_int_equal(lk_input_next(in, -1, &r, NULL), 0);
		assert_int_equal(r.too_long, size + 1 > LK_RECORD_MAX);
		assert_int_equal(r.len, r.too_long ? LK_RECORD_HEAD : size);
		assert_int_equal(r.position, 6);
		assert_int_equal(r.end, 6 + (int64_t)size + 1);
		assert_int_equal(r.line, 2);
		assert_true(r.text[0] == 'x' && r.text[r.len - 1] == 'x');
		assert_int_equal(lk_input_next(in, -1, &r, NULL), 0);
		assert_memory_equal(r.text, "last", 4);
		assert_int_equal(r.line, 3);
		assert_int_equal(lk_input_next(in, -1, &r, NULL), LK_INPUT_END);
		lk_input_close(in);
		lk_buf_release(&b);
	}
}

/* A quote that is never closed costs its line, not the rest of the file. */
static void open_quote_costs_one_line(void **state) {
	(void)state;
	static const wanted w[] = {
		{0, 4, 1, 3, "a,b"}, {4, 9, 2, 4, "\"c,d"}, {9, 13, 3, 3, "e,f"}, {13, 17, 4, 3, "g,h"},
	};
	write_file("a,b\n\"c,d\ne,f\ng,h", 16);
	lk_input *in = opened(path, true);
	lk_record r;
	for (int i = 0; i < 4; i++) {
		assert_int_equal(lk_input_next(in, -1, &r, NULL), 0);
		assert_int_equal(r.position, w[i].position);
		assert_int_equal(r.end, i == 3 ? 16 : w[i].end);
		assert_int_equal(r.len, w[i].len);
		assert_memory_equal(r.text, w[i].text, r.len);
	}
	assert_int_equal(lk_input_next(in, -1, &r, NULL), LK_INPUT_END);
	lk_input_close(in);
}

static void silence_is_told(void **state) {
	(void)state;
	int fds[2], saved = dup(STDIN_FILENO);
	lk_record r;
	assert_int_equal(pipe(fds), 0);
	dup2(fds[0], STDIN_FILENO);
	lk_input *in = opened("-", false);
	assert_int_equal(lk_input_next(in, 0, &r, NULL), LK_INPUT_IDLE);
	assert_int_equal(write(fds[1], "one\ntw", 6), 6);
	assert_int_equal(next_waiting(in, &r, NULL), 0);
	assert_int_equal(lk_input_next(in, 5, &r, NULL), LK_INPUT_IDLE);
	assert_int_equal(write(fds[1], "o\n", 2), 2);
	assert_int_equal(lk_input_next(in, 0, &r, NULL), 0);
	assert_int_equal(r.len, 3);
	assert_int_equal(r.position, 4);
	close(fds[1]);
	assert_int_equal(lk_input_next(in, -1, &r, NULL), LK_INPUT_END);
	lk_input_close(in);
	close(fds[0]);
	dup2(saved, STDIN_FILENO);
	close(saved);
}

static void damage_is_told_after_what_is_good(void **state) {
	(void)state;
	lk_buf text = LK_BUF_INIT, gzip = LK_BUF_INIT;
	unsigned long seed = 5;
	for (int i = 0; i < 20000; i++)
		lk_buf_addf(&text, "%lu\n", test_random(&seed));
	add_gzip(&gzip, text.data, text.len);
	for (int cut = 0; cut < 2; cut++) {
		lk_error err = {0};
		lk_record r;
		int64_t n = 0;
		int status;
		if (!cut)
			gzip.data[gzip.len * 3 / 4] ^= 0x55;
		write_file(gzip.data, cut ? gzip.len / 2 : gzip.len);
		lk_input *in = opened(path, false);
		while (!(status = lk_input_next(in, -1, &r, &err))) {
			if (cut)   /* a wrong bit may show only in the checksum */
				assert_memory_equal(r.text, text.data + r.position, r.len);
			n++;
		}
		assert_int_equal(status, LK_EINPUT);
		assert_non_null(strstr(err.text, "gzip"));
		assert_true(n > 1000);
		lk_input_close(in);
	}
	lk_buf_release(&text);
	lk_buf_release(&gzip);
}

static void what_is_not_there_is_told(void **state) {
	(void)state;
	lk_error err = {0};
	lk_input *in;
	assert_int_equal(lk_input_open(&in, "/nonexistent/file", false, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "/nonexistent/file"));
	assert_null(in);
	lk_error_clear(&err);
	assert_int_equal(lk_input_open(&in, dir, false, &err), LK_EUSAGE);
	write_file("a\nb\n", 4);
	in = opened(path, false);
	lk_error_clear(&err);
	assert_int_equal(lk_input_seek(in, 5, NULL, &err), LK_EINPUT);
	assert_true(err.hint[0]);
	lk_input_close(in);
}

static void names_tell_formats(void **state) {
	(void)state;
	static const struct { const char *path; int format; } cases[] = {
		{"a.jsonl", LK_FORMAT_JSONL}, {"x/a.ndjson.gz", LK_FORMAT_JSONL}, {"a.json", LK_FORMAT_JSONL}, {"a.csv.gz", LK_FORMAT_CSV},
		{"access.log", LK_FORMAT_COMBINED}, {"access.log.gz", LK_FORMAT_COMBINED}, {"a.txt", -1}, {"a.gz", -1}, {"-", -1}, {".csv", -1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum lk_format f = LK_FORMAT_JSONL;
		int status = lk_format_of_path(cases[i].path, &f);
		assert_int_equal(status ? -1 : (int)f, cases[i].format);
	}
	for (int i = 0; i < 3; i++) {
		enum lk_format f;
		assert_int_equal(lk_format_parse(lk_format_name((enum lk_format)i), &f), 0);
		assert_int_equal(f, i);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_records_from_everywhere),
		cmocka_unit_test(last_line_without_a_break_is_marked),
		cmocka_unit_test(too_long_is_one_record),
		cmocka_unit_test(open_quote_costs_one_line),
		cmocka_unit_test(silence_is_told),
		cmocka_unit_test(damage_is_told_after_what_is_good),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(names_tell_formats),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
