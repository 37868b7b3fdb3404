/* Inputs: the same records from a file, gzip and a pipe, whatever the pieces; positions to seek to; records that are
 * too long, incomplete or damaged. */
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
#include "ingest/input.h"
#include "ingest/looks.h"
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

/* `numbered`: false after a seek, which loses the line numbers. */
static void expect_records(lk_input *in, const wanted *w, int n, bool numbered) {
	lk_error err = {0};
	lk_record r;
	for (int i = 0; i < n; i++) {
		assert_int_equal(next_waiting(in, &r, &err), 0);
		assert_int_equal(r.position, w[i].position);
		assert_int_equal(r.end, w[i].end);
		assert_int_equal(r.len, w[i].len);
		assert_memory_equal(r.text, w[i].text, r.len);
		assert_false(r.too_long);
		assert_int_equal(r.line, numbered ? w[i].line : 0);
	}
	assert_int_equal(next_waiting(in, &r, &err), LK_INPUT_END);
	assert_int_equal(next_waiting(in, &r, &err), LK_INPUT_END);
}

static const lk_format lines = {.is = &lk_format_access_log}, csv_format = {.is = &lk_format_csv, .delimiter = ','}, json = {.is = &lk_format_json};

static lk_input *opened_as(const char *name, const lk_format *format) {
	lk_error err = {0};
	lk_input *in;
	if (lk_input_open(&in, name, format, &err))
		fail_msg("%s", err.text);
	return in;
}

static lk_input *opened(const char *name, bool csv) { return opened_as(name, csv ? &csv_format : &lines); }

/* --- The same records from everywhere --- */

enum { MOST = 200 };

/* Random records and how they must be read; csv: now and then a quoted field with line breaks. */
static int random_records(unsigned long *seed, bool csv, lk_buf *out, wanted *w) {
	int n = (int)(test_random(seed) % MOST), line = 1;
	for (int i = 0; i < n; i++) {
		size_t len = test_random(seed) % (test_random(seed) % 50 ? 30 : 3000), last = (size_t)(i == n - 1);
		if (i == 0 && test_random(seed) % 4 == 0)
			lk_buf_adds(out, "\xef\xbb\xbf");
		size_t text = out->len;
		w[i] = (wanted){.position = (int64_t)text, .line = line};
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
			expect_records(in, w + from, n - from, n == 0 || w[from].position == 0);
			assert_true(lk_input_is_file(in));
			assert_int_equal(lk_input_may_grow(in), !packed);
			lk_input_close(in);

			feed_start(&f, bytes, piece);
			in = opened("-", csv);
			assert_false(lk_input_is_file(in));
			if (round % 3 == 0)
				assert_int_equal(lk_input_spool(in, NULL, NULL), 0);
			assert_int_equal(lk_input_seek(in, n ? w[from].position : 0, NULL, NULL), 0);
			expect_records(in, w + from, n - from, n == 0 || w[from].position == 0);
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

static void silence_is_reported(void **state) {
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

static void damage_is_reported_after_good_records(void **state) {
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

static void what_is_missing_is_reported(void **state) {
	(void)state;
	lk_error err = {0};
	lk_input *in;
	assert_int_equal(lk_input_open(&in, "/nonexistent/file", &lines, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "/nonexistent/file"));
	assert_null(in);
	lk_error_clear(&err);
	assert_int_equal(lk_input_open(&in, dir, &lines, &err), LK_EUSAGE);
	write_file("a\nb\n", 4);
	in = opened(path, false);
	lk_error_clear(&err);
	assert_int_equal(lk_input_seek(in, 5, NULL, &err), LK_EINPUT);
	assert_true(err.hint[0]);
	lk_input_close(in);
}

/* --- JSON --- */

/* What the scanner would say of a guessed record: is it one object to its end? */
static bool balanced(const lk_record *r) {
	int depth = 0;
	for (size_t i = 0; i < r->len; i++) {
		if (r->text[i] == '"')
			while (++i < r->len && r->text[i] != '"')
				i += r->text[i] == '\\';
		else if (r->text[i] == '{' || r->text[i] == '[')
			depth++;
		else if ((r->text[i] == '}' || r->text[i] == ']') && --depth == 0)
			return i + 1 == r->len;
	}
	return false;
}

static int next_json(lk_input *in, lk_record *r, lk_error *err) {
	int status = next_waiting(in, r, err);
	if (status || !r->guessed || balanced(r))
		return status;
	lk_input_again(in);
	status = next_waiting(in, r, err);
	assert_false(r->guessed);
	return status;
}

/* All records, "|" after each, "+" after one that may continue. */
static void read_json(lk_input *in, const lk_buf *bytes, lk_buf *out) {
	lk_record r;
	int64_t at = 0;
	lk_buf_clear(out);
	lk_buf_adds(out, "");
	while (next_json(in, &r, NULL) == 0) {
		lk_buf_add(out, r.text, r.len);
		lk_buf_adds(out, r.unterminated ? "+|" : "|");
		assert_true(r.position >= at && r.end > r.position && r.end <= (int64_t)bytes->len);
		assert_memory_equal(r.text, bytes->data + r.position, r.len);
		int64_t line = 1;
		for (int64_t i = 0; i < r.position; i++)
			line += bytes->data[i] == '\n';
		assert_true(!r.line || r.line == line);
		at = r.end;
	}
}

static const struct { const char *text, *records; } documents[] = {
	{"", ""}, {" \n\t\r\n", ""}, {"[]", ""}, {"[\n]\n", ""}, {"\xef\xbb\xbf{\"a\":1}\n", "{\"a\":1}|"},
	{"{\"a\":1}\n{\"a\":2}\r\n\n{\"a\":3}", "{\"a\":1}|{\"a\":2}|{\"a\":3}+|"},
	{"[{\"a\":1},{\"a\":2}]", "{\"a\":1}|{\"a\":2}|"},
	{"\xef\xbb\xbf[ {\"a\":1} , {\"a\":[{}]}\n,\n{\"a\":\"}]\"} ]\n", "{\"a\":1}|{\"a\":[{}]}|{\"a\":\"}]\"}|"},
	{"{\"a\":1}{\"a\":2} {\"a\":3}\n", "{\"a\":1}|{\"a\":2}|{\"a\":3}|"},
	{"{\n  \"a\": {\n    \"b\": 1\n  }\n}\n{\n  \"a\": 2\n}\n", "{\n  \"a\": {\n    \"b\": 1\n  }\n}|{\n  \"a\": 2\n}|"},
	{"[\n  {\n    \"a\": 1\n  },\n  {\n    \"a\": 2\n  }\n]\n", "{\n    \"a\": 1\n  }|{\n    \"a\": 2\n  }|"},
	{"{\"a\":{}\n,\"b\":{}}\n{\"a\":2}\n", "{\"a\":{}\n,\"b\":{}}|{\"a\":2}|"},
	{"[1,\"a, ]\",{\"a\":1},null]\n", "[1,\"a, ]\",{\"a\":1},null]|"},                  /* no array of events */
	{"[{\"a\":1},5,\"x,y\",{\"a\":2}]\n", "{\"a\":1}|5|\"x,y\"|{\"a\":2}|"},
	/* text that is no object costs its line */
	{"hello, {world}\n{\"a\":1}\nnull\n[error] no\n{\"a\":2} and more\n{\"a\":3}\n", "hello, {world}|{\"a\":1}|null|[error] no|{\"a\":2} and more|{\"a\":3}|"},
	/* an object that does not end costs only itself */
	{"{\"a\":1\n{\"a\":2}\n{\"a\":\"x\n{\"a\":3}\n{\"a\":\"x}\n{\"a\":4}\n", "{\"a\":1|{\"a\":2}|{\"a\":\"x|{\"a\":3}|{\"a\":\"x}|{\"a\":4}|"},
	{"[\n  {\n    \"a\": \"x\n  },\n  {\n    \"b\": [1\n  },\n  {\n    \"a\": 2\n  }\n]", "{\n    \"a\": \"x\n  },|{\n    \"b\": [1\n  },|{\n    \"a\": 2\n  }|"},
	{"{\"a\":1}\n{\n \"a\":\n", "{\"a\":1}|{\n \"a\":+|"},
	{"{\"a\":1}\n{\"b\":\n", "{\"a\":1}|{\"b\":|"},
	{"{\"v\":[\n{\"a\":1},\n{\"a\":2}\n]}\n", "{\"v\":[|{\"a\":1}|{\"a\":2}|}|"},
};

static void json_documents(void **state) {
	(void)state;
	lk_buf got = LK_BUF_INIT;
	for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
		lk_buf bytes = LK_BUF_INIT;
		feed f;
		lk_buf_adds(&bytes, documents[i].text);
		write_file(bytes.data, bytes.len);
		lk_input *in = opened_as(path, &json);
		read_json(in, &bytes, &got);
		assert_string_equal(got.data, documents[i].records);
		lk_input_close(in);
		for (size_t piece = 1; piece < 4; piece++) {
			feed_start(&f, &bytes, piece);
			in = opened_as("-", &json);
			read_json(in, &bytes, &got);
			assert_string_equal(got.data, documents[i].records);
			lk_input_close(in);
			feed_end(&f);
		}
		lk_buf_release(&bytes);
	}
	lk_buf_release(&got);
}

/* From each place where a run could have ended, the same records follow. */
static void json_resumes_anywhere(void **state) {
	(void)state;
	lk_buf bytes = LK_BUF_INIT, all = LK_BUF_INIT, rest = LK_BUF_INIT;
	for (int i = 0; i < 6; i++) {
		lk_buf_clear(&bytes);
		lk_buf_adds(&bytes, documents[5 + i].text);
		write_file(bytes.data, bytes.len);
		for (int64_t skip = 0;; skip++) {
			lk_record r;
			lk_input *in = opened_as(path, &json);
			int64_t n = 0, end = 0;
			read_json(in, &bytes, &all);
			assert_int_equal(lk_input_rewind(in, NULL), 0);
			while (n < skip && next_json(in, &r, NULL) == 0) {
				n++;
				end = r.end;
			}
			assert_int_equal(lk_input_rewind(in, NULL), 0);
			assert_int_equal(lk_input_seek(in, end, NULL, NULL), 0);
			read_json(in, &bytes, &rest);
			lk_input_close(in);
			assert_true(rest.len <= all.len && !strcmp(all.data + all.len - rest.len, rest.data));
			if (n < skip)
				break;
		}
	}
	lk_buf_release(&bytes);
	lk_buf_release(&all);
	lk_buf_release(&rest);
}

/* An object of more than 16 MiB costs only itself, however many lines it has. */
static void json_too_long_is_one_record(void **state) {
	(void)state;
	for (int many = 0; many < 2; many++) {
		lk_buf b = LK_BUF_INIT;
		lk_record r;
		lk_buf_adds(&b, "[\n {\"a\":1},\n {\"big\":[\n");
		while (b.len < LK_RECORD_MAX + 100000)
			lk_buf_adds(&b, many ? "  {\"x\": 1},\n" : "{\"x\": 1},");
		lk_buf_adds(&b, "  {}\n ]\n },\n {\"a\":2}\n]\n");
		write_file(b.data, b.len);
		lk_input *in = opened_as(path, &json);
		assert_int_equal(next_json(in, &r, NULL), 0);
		assert_int_equal(next_json(in, &r, NULL), 0);
		assert_true(r.too_long);
		assert_int_equal(r.line, 3);
		assert_memory_equal(r.text, "{\"big\":", 7);
		assert_int_equal(next_json(in, &r, NULL), 0);
		if (many && r.text[0] != '{')
			fail_msg("%.*s", (int)r.len, r.text);
		assert_memory_equal(r.text, "{\"a\":2}", r.len);
		assert_int_equal(next_json(in, &r, NULL), LK_INPUT_END);
		lk_input_close(in);
		lk_buf_release(&b);
	}
}

/* For any bytes in any pieces: the same records, which omit only blanks, commas and brackets. */
static void any_json_bytes(void **state) {
	(void)state;
	static const char *const pieces[] = {"{", "}", "[", "]", ",", "\"", "\\", "\n", "\n", " ", "a", "{\"a\":1}", "{\"a\":1}\n", "  {"};
	unsigned long seed = test_seed("test_input json");
	lk_buf bytes = LK_BUF_INIT, whole = LK_BUF_INIT, slow = LK_BUF_INIT;
	for (int round = 0; round < 300; round++) {
		feed f;
		lk_buf_clear(&bytes);
		lk_buf_adds(&bytes, "");
		for (int n = (int)(test_random(&seed) % 30); n--;)
			lk_buf_adds(&bytes, pieces[test_random(&seed) % (sizeof pieces / sizeof *pieces)]);
		write_file(bytes.data, bytes.len);
		lk_input *in = opened_as(path, &json);
		read_json(in, &bytes, &whole);
		lk_input_close(in);
		feed_start(&f, &bytes, 1 + test_random(&seed) % 5);
		in = opened_as("-", &json);
		read_json(in, &bytes, &slow);
		lk_input_close(in);
		feed_end(&f);
		if (strcmp(slow.data, whole.data))
			fail_msg("in pieces of %s:\n%s\nfrom a file:\n%s", bytes.data, slow.data, whole.data);
		size_t letters = 0, found = 0;
		for (size_t i = 0; i < bytes.len; i++)
			letters += strchr("{}a\"\\", bytes.data[i]) != NULL;
		for (size_t i = 0; i < whole.len; i++)
			found += strchr("{}a\"\\", whole.data[i]) != NULL;
		assert_int_equal(found, letters);
	}
	lk_buf_release(&bytes);
	lk_buf_release(&whole);
	lk_buf_release(&slow);
}

/* --- around the text --- */

static void zeros_after_gzip_are_skipped(void **state) {
	(void)state;
	static const char zeros[700000];
	static const size_t sizes[] = {1, 512, sizeof zeros};
	lk_record r;
	for (size_t i = 0; i < 3; i++)
		for (int with = 0; with < 3; with++) {   /* nothing, a member, garbage behind the zeros */
			lk_buf b = LK_BUF_INIT;
			lk_error err = {0};
			add_gzip(&b, "one\n", 4);
			lk_buf_add(&b, zeros, sizes[i]);
			if (with == 1)
				add_gzip(&b, "two\n", 4);
			if (with == 2)
				lk_buf_adds(&b, "garbage");
			write_file(b.data, b.len);
			lk_input *in = opened(path, false);
			assert_int_equal(lk_input_next(in, -1, &r, &err), 0);
			assert_memory_equal(r.text, "one", 3);
			if (with == 1) {
				assert_int_equal(lk_input_next(in, -1, &r, &err), 0);
				assert_memory_equal(r.text, "two", 3);
			}
			assert_int_equal(lk_input_next(in, -1, &r, &err), with == 2 ? LK_EINPUT : LK_INPUT_END);
			if (with == 2)
				assert_non_null(strstr(err.text, "follows the gzip data"));
			lk_input_close(in);
			lk_buf_release(&b);
		}
}

static void input_that_is_not_text_is_refused_at_once(void **state) {
	(void)state;
	static const struct { const char *bytes; size_t len; const char *what; } cases[] = {
		{"PAR1\x15\x04\n\n", 8, "Parquet"}, {"Obj\x01\n", 5, "Avro"}, {"PK\x03\x04\n\n", 6, "zip"}, {"\xff\xfe" "a\0\n\0", 6, "UTF-16"},
		{"t\0s\0,\0a\0\n\0", 10, "UTF-16"}, {"\0t\0s\0,\0a\0\n", 10, "UTF-16"}, {"\x28\xb5\x2f\xfd\n", 5, "zstd"}, {"SQLite format 3\n", 16, "SQLite"},
	};
	lk_buf twice = LK_BUF_INIT, once = LK_BUF_INIT;
	lk_record r;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lk_error err = {0};
		write_file(cases[i].bytes, cases[i].len);
		lk_input *in = opened(path, false);
		assert_int_equal(lk_input_next(in, -1, &r, &err), LK_EINPUT);
		assert_non_null(strstr(err.text, cases[i].what));
		assert_true(err.hint[0]);
		lk_input_close(in);
	}
	add_gzip(&once, "{\"a\":1}\n", 8);
	add_gzip(&twice, once.data, once.len);
	write_file(twice.data, twice.len);
	lk_error err = {0};
	lk_input *in = opened(path, false);
	assert_int_equal(lk_input_next(in, -1, &r, &err), LK_EINPUT);
	assert_non_null(strstr(err.text, "gzip data within gzip data"));
	lk_input_close(in);
	lk_buf_release(&once);
	lk_buf_release(&twice);
}

static void looks_are_told(void **state) {
	(void)state;
	static const lk_format semicolons = {.is = &lk_format_csv, .delimiter = ';'};
	static const struct { const lk_format *as; const char *text, *what, *todo; } cases[] = {
		{&csv_format, "ts;k;v\n1;2;3\n", "CSV with ; between", "--delimiter ';'"}, {&csv_format, "ts\tk\n", "tabs", "--format tsv"},
		{&semicolons, "ts,k\n", "CSV", "--delimiter ','"}, {&json, "ts,k,v\n", "CSV", "--format csv"}, {&json, "ts|k\n", "CSV with |", "--format csv --delimiter '|'"},
		{&csv_format, "{\"ts\":1,\"k\":2}\n", "JSON", "jsonl"}, {&lines, "\xef\xbb\xbf[\n{\"a\":1}]", "JSON", "jsonl"},
		{&json, "h - - [17/May/2015:10:05:03 +0000] \"GET /, HTTP/1.1\" 200 1\n", "an access log", "access"}, {&json, "<?xml version='1.0'?>", "XML", "JSON"},
		{&lines, "#Software: Microsoft Internet Information Services\n", "W3C", "#Fields"}, {&lines, "a\0b\n", "binary", "text"},
		{&csv_format, "a,b\n", NULL, NULL}, {&json, "{\"a\"", NULL, NULL}, {&lines, "", NULL, NULL}, {&lines, "words\n", NULL, NULL},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lk_buf what = LK_BUF_INIT, todo = LK_BUF_INIT;
		lk_looks_like(cases[i].as, cases[i].text, cases[i].text[0] == 'a' && !cases[i].text[1] ? 4 : strlen(cases[i].text), &what, &todo);
		if (cases[i].what && (!what.len || !strstr(what.data, cases[i].what) || !strstr(todo.data, cases[i].todo)))
			fail_msg("%s: %s: %s", cases[i].text, what.data ? what.data : "", todo.data ? todo.data : "");
		if (!cases[i].what)
			assert_int_equal(what.len, 0);
		lk_buf_release(&what);
		lk_buf_release(&todo);
	}
}

/* Lines that end with CR alone, or in several ways, still have their numbers. */
static void csv_lines_end_in_three_ways(void **state) {
	(void)state;
	static const char text[] = "a,b\r1,\"x\ry\"\r\n2,3\n4,5\r";
	static const wanted w[] = {{0, 4, 1, 3, "a,b"}, {4, 13, 2, 7, "1,\"x\ry\""}, {13, 17, 4, 3, "2,3"}, {17, 21, 5, 3, "4,5"}};
	lk_buf bytes = LK_BUF_INIT;
	lk_buf_adds(&bytes, text);
	write_file(text, sizeof text - 1);
	lk_input *in = opened(path, true);
	expect_records(in, w, 4, true);
	lk_input_close(in);
	for (size_t piece = 1; piece < 5; piece++) {
		feed f;
		feed_start(&f, &bytes, piece);
		in = opened("-", true);
		expect_records(in, w, 4, true);
		lk_input_close(in);
		feed_end(&f);
	}
	lk_buf_release(&bytes);
}

static void names_tell_formats(void **state) {
	(void)state;
	static const struct { const char *path; const lk_format_verbs *is; char delimiter; } cases[] = {
		{"a.jsonl", &lk_format_json, 0}, {"x/a.ndjson.gz", &lk_format_json, 0}, {"a.json", &lk_format_json, 0}, {"a.csv.gz", &lk_format_csv, ','},
		{"a.tsv", &lk_format_csv, '\t'}, {"access.log", &lk_format_access_log, 0}, {"access.log.gz", &lk_format_access_log, 0}, {"a.txt", NULL, 0},
		{"a.gz", NULL, 0}, {"-", NULL, 0}, {".csv", NULL, 0},
	};
	static const char *const names[] = {"jsonl", "csv", "tsv", "access", "combined", "vhost_combined"};
	lk_error err = {0};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		lk_format f = {0};
		int status = lk_format_of_path(cases[i].path, &f);
		assert_int_equal(status, cases[i].is ? 0 : -1);
		assert_ptr_equal(f.is, cases[i].is);
		assert_int_equal(f.delimiter, cases[i].delimiter);
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		lk_format f;
		assert_int_equal(lk_format_parse(names[i], &f, NULL), 0);
		assert_string_equal(lk_format_name(&f), names[i]);
	}
	lk_format f;
	assert_int_equal(lk_format_parse("xml", &f, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "vhost_combined"));
	lk_error_clear(&err);
	assert_int_equal(lk_format_parse("%h %Z", &f, &err), LK_EUSAGE);
	assert_non_null(strstr(err.text, "character 4"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_records_from_everywhere),
		cmocka_unit_test(last_line_without_a_break_is_marked),
		cmocka_unit_test(too_long_is_one_record),
		cmocka_unit_test(open_quote_costs_one_line),
		cmocka_unit_test(silence_is_reported),
		cmocka_unit_test(damage_is_reported_after_good_records),
		cmocka_unit_test(what_is_missing_is_reported),
		cmocka_unit_test(json_documents),
		cmocka_unit_test(json_resumes_anywhere),
		cmocka_unit_test(json_too_long_is_one_record),
		cmocka_unit_test(any_json_bytes),
		cmocka_unit_test(zeros_after_gzip_are_skipped),
		cmocka_unit_test(input_that_is_not_text_is_refused_at_once),
		cmocka_unit_test(looks_are_told),
		cmocka_unit_test(csv_lines_end_in_three_ways),
		cmocka_unit_test(names_tell_formats),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
