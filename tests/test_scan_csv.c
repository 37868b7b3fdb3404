/* CSV: random tables written and read back, the end of a record wherever the buffer ends, and RFC 4180 by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/csv.h"
#include "tests/support/servers.h"
#include "tests/support/streams.h"

static const char *const columns[] = {"ts time", "a text", "b text", "n int8"};
enum { NCOLUMNS = sizeof columns / sizeof *columns };

static lk_arena memory, texts;
static lk_stream *stream;
static lk_csv_map map;
static lk_csv_dialect comma;
static lk_value row[NCOLUMNS];
static lk_misfit misfit;
static unsigned long seed;

static unsigned below(unsigned n) { return (unsigned)(test_random(&seed) >> 33) % n; }

static void header(const char *text) {
	lk_csv_map_release(&map);
	assert_int_equal(lk_csv_header(&stream->schema, ',', text, strlen(text), &map, &misfit.reason), 0);
}

static int scan(const char *record) {
	lk_arena_clear(&texts);
	return lk_csv_scan(&map, record, strlen(record), &texts, row, &misfit);
}

static void assert_text(int c, const char *want) {
	assert_int_equal(row[c].state, LK_VALUE);
	assert_int_equal(row[c].len, strlen(want));
	assert_memory_equal(row[c].s, want, strlen(want));
}

static int set_up(void **state) {
	(void)state;
	stream = test_stream(&memory, "s", columns, NCOLUMNS);
	comma = lk_csv_dialect_of(',');
	return 0;
}

static int tear_down(void **state) {
	(void)state;
	lk_csv_map_release(&map);
	lk_arena_release(&memory);
	lk_arena_release(&texts);
	return 0;
}

static void reads_fields(void **state) {
	(void)state;
	header("ts,z,a,b,n\r\n");
	assert_int_equal(scan("2015-05-17 10:05:03,ignored,plain,\"quoted, \"\"so\"\"\nline\",-5\r\n"), 0);
	assert_true(row[0].i == INT64_C(1431857103000000));
	assert_text(1, "plain");
	assert_text(2, "quoted, \"so\"\nline");
	assert_true(row[3].i == -5);
	assert_int_equal(scan("2015-05-17T10:05:03Z,,,\"\","), 0);
	assert_int_equal(row[1].state, LK_NULL);
	assert_text(2, "");
	assert_int_equal(row[3].state, LK_NULL);
	assert_int_equal(scan("2015-05-17T10:05:03Z,x,a\"b,c\"\"d,1\n"), 0);
	assert_text(1, "a\"b");
	assert_text(2, "c\"\"d");
}

static void refuses_what_does_not_fit(void **state) {
	(void)state;
	header("ts,a,n");
	assert_int_equal(scan("2015-05-17T10:05:03Z,x"), -1);
	assert_int_equal(misfit.column, -1);
	assert_int_equal(scan("2015-05-17T10:05:03Z,x,1,2"), -1);
	assert_int_equal(scan("2015-05-17T10:05:03Z,\"x,1"), -1);
	assert_int_equal(scan("2015-05-17T10:05:03Z,\"x\"y,1"), -1);
	assert_int_equal(scan("2015-05-17T10:05:03Z,x,one"), -1);
	assert_int_equal(misfit.column, 3);
	assert_int_equal(scan("yesterday,x,1"), -1);
	assert_int_equal(misfit.column, 0);
	assert_int_equal(scan("2015-05-17T10:05:03Z,\xff,1"), -1);
	assert_int_equal(misfit.column, 1);
}

static void header_names_columns(void **state) {
	(void)state;
	lk_csv_map m;
	header("\"n\",TS,\"x \"\"y\"\"\"");
	assert_int_equal(map.nfields, 3);
	assert_int_equal(map.column_of[0], 3);
	assert_int_equal(map.column_of[1], 0);
	assert_int_equal(map.column_of[2], -1);
	static const char *const wrong[] = {"a,b", "", "ts,a,a", "ts,A,a", "ts,\"a", "ts,\"a\"b"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(lk_csv_header(&stream->schema, ',', wrong[i], strlen(wrong[i]), &m, &misfit.reason), -1);
}

static void header_tells_what_is_not_read(void **state) {
	(void)state;
	header("ts,a,b,n");
	assert_null(map.unknown);
	assert_null(map.lacking);
	header("x,ts,B,\"y \"\"z\"\"\"");
	assert_string_equal(map.unknown, "x, y \"z\"");
	assert_string_equal(map.lacking, "a, n");
}

static void other_delimiters(void **state) {
	(void)state;
	static const char delimiters[] = ";\t|";
	for (const char *d = delimiters; *d; d++) {
		lk_csv_dialect dialect = lk_csv_dialect_of(*d);
		char head[32], line[64];
		snprintf(head, sizeof head, "ts%ca%cn\n", *d, *d);
		snprintf(line, sizeof line, "2015-05-17T10:05:03Z%c\"x%cy,z\"%c7\n", *d, *d, *d);
		lk_csv_map_release(&map);
		assert_int_equal(lk_csv_header(&stream->schema, *d, head, strlen(head), &map, &misfit.reason), 0);
		assert_ptr_equal(lk_csv_record_end(&dialect, line, line + strlen(line)), line + strlen(line));
		assert_int_equal(scan(line), 0);
		assert_memory_equal(row[1].s, line + 22, 5);
		assert_true(row[3].i == 7);
	}
}

static void record_ends(void **state) {
	(void)state;
	static const struct { const char *text; int end; } cases[] = {
		{"a,b\nc", 4}, {"a,\"b\nc\",d\ne", 10}, {"\"a\"\"\n\"\"b\"\r\nc", 11}, {"a\"b\nc\"\n", 4}, {"\n", 1}, {"a,b", -1}, {"\"a\nb\nc", -1},
		{"\"a\nb\"", -1}, {"\"a\nb\"\r", -1},
		{"\"a\nb\"c\nd", 3},      /* the quote that was not closed: one line is lost, not two */
		{"\"ab\"c\nd", 6},
		{"x,\"a,1\ny,\"b,2\nz\n", 7},
		{"a,b\rc", 4}, {"a,b\r", -1}, {"a,b\r\nc", 5}, {"a,\"b\rc\",d\re", 10}, {"\r", -1}, {"\r\r", 1}, {"a\r\n\rb", 3},
		{"\"a\rb\"c\rd", 3}, {"x,\"a,1\ry,\"b,2\rz\r", 7},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *p = cases[i].text, *end = lk_csv_record_end(&comma, p, p + strlen(p));
		assert_int_equal(end ? end - p : -1, cases[i].end);
	}
}

/* The end of the buffer must not matter: NULL until the end of the record is there, then always the same. */
static void record_end_needs_no_more_than_the_record(void **state) {
	(void)state;
	seed = test_seed("test_scan_csv record_end");
	for (int round = 0; round < 20000; round++) {
		char text[24];
		size_t len = 1 + below(sizeof text);
		for (size_t i = 0; i < len; i++)
			text[i] = "\"\"\",\n\n\r\ra"[below(9)];
		const char *first = NULL;
		for (size_t n = 0; n <= len; n++) {
			char *exact = malloc(n ? n : 1);
			memcpy(exact, text, n);
			const char *end = lk_csv_record_end(&comma, exact, exact + n);
			if (first)
				assert_ptr_equal(text + (end - exact), first);
			else if (end)
				first = text + (end - exact);
			free(exact);
		}
	}
}

static lk_value random_cell(char *text) {
	static const char *const pieces[] = {"a", "\"", ",", "\n", "\r\n", " ", "\xc3\xa9", "\"\"", "long text"};
	if (below(6) == 0)
		return lk_null();
	size_t len = 0;
	for (unsigned n = below(5); n--;) {
		const char *piece = pieces[below(9)];
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	return lk_text(text, len);
}

static void add_cell(lk_buf *b, const lk_value *v) {
	bool plain = v->len && v->s[0] != '"' && !memchr(v->s, ',', v->len) && !memchr(v->s, '\n', v->len) && !memchr(v->s, '\r', v->len);
	if (v->state == LK_NULL)
		return;
	if (plain && below(2)) {
		lk_buf_add(b, v->s, v->len);
		return;
	}
	lk_buf_addc(b, '"');
	for (uint32_t i = 0; i < v->len; i++) {
		lk_buf_addc(b, v->s[i]);
		if (v->s[i] == '"')
			lk_buf_addc(b, '"');
	}
	lk_buf_addc(b, '"');
}

static void random_tables_come_back(void **state) {
	(void)state;
	seed = test_seed("test_scan_csv tables");
	header("a,ts,b");
	for (int round = 0; round < 500; round++) {
		enum { ROWS = 20 };
		char memory_of[ROWS][2][64] = {{{0}}};
		lk_value cells[ROWS][2];
		static const char *const ends[] = {"\n", "\r\n", "\r"};   /* mixed */
		lk_buf b = LK_BUF_INIT;
		for (int r = 0; r < ROWS; r++) {
			for (int c = 0; c < 2; c++)
				cells[r][c] = random_cell(memory_of[r][c]);
			add_cell(&b, &cells[r][0]);
			lk_buf_adds(&b, ",2015-05-17T10:05:03Z,");
			add_cell(&b, &cells[r][1]);
			lk_buf_adds(&b, ends[below(r < ROWS - 1 ? 3 : 2)]);
		}
		const char *p = b.data, *end = b.data + b.len;
		for (int r = 0; r < ROWS; r++) {
			const char *next = lk_csv_record_end(&comma, p, end);
			assert_non_null(next);
			lk_arena_clear(&texts);
			assert_int_equal(lk_csv_scan(&map, p, (size_t)(next - p), &texts, row, &misfit), 0);
			for (int c = 0; c < 2; c++) {
				assert_int_equal(row[1 + c].state, cells[r][c].state);
				assert_int_equal(lk_value_compare(stream->schema.columns[1].type, &row[1 + c], &cells[r][c]), 0);
			}
			p = next;
		}
		assert_ptr_equal(p, end);
		lk_buf_release(&b);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_fields),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(header_names_columns),
		cmocka_unit_test(header_tells_what_is_not_read),
		cmocka_unit_test(other_delimiters),
		cmocka_unit_test(record_ends),
		cmocka_unit_test(record_end_needs_no_more_than_the_record),
		cmocka_unit_test(random_tables_come_back),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
