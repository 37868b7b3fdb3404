/* Hostile events, from the file to the log: each is read exactly or is in lk.rejected with its line and the reason, and
 * the good events around it are in the log. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "tests/support/fixtures.h"

static test_program lk;

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	char *path = test_file(&lk, "def.sql",
	                       "CREATE TABLE ev (ts timestamptz, k text, t text, n int, p numeric(12,2), d double precision, \"a.b\" text, \"a.c\" int, j jsonb)\n"
	                       "  WITH (event_time = ts, partition_by = k, partitions = 1);\n");
	LK(0, "", "", "apply", path);
	free(path);
	return 0;
}

/* An event with these members, a line of the file. */
static void add(lk_buf *file, const char *k, const char *members) {
	lk_buf_addf(file, "{\"ts\":\"2015-05-17T10:05:03Z\",\"k\":\"%s\"%s%s}\n", k, *members ? "," : "", members);
}

/* `times` times the text, between two others. */
static char *many(const char *before, const char *text, int times, const char *after) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, before);
	for (int i = 0; i < times; i++)
		lk_buf_adds(&b, text);
	lk_buf_adds(&b, after);
	return lk_buf_steal(&b);
}

static void add_many(lk_buf *file, const char *k, char *members) {
	add(file, k, members);
	free(members);
}

/* Ingests the lines between two good ones; the log has these keys, and these lines were rejected, each for its reason. */
static void ingest(lk_buf *file, const char *keys, const char *rejected) {
	add(file, "last", "\"n\":2");
	char *path = test_file(&lk, "events.jsonl", file->data);
	LK(0, "", "", "ingest", "ev", path);
	test_ask_is(&lk, "SELECT string_agg(k, ' ' ORDER BY off) FROM lk.log_ev", keys);
	test_ask_is(&lk, "SELECT coalesce(string_agg(reason, '; ' ORDER BY position), '') FROM lk.rejected", rejected);
	free(path);
	lk_buf_release(file);
}

static void begin(lk_buf *file) {
	*file = (lk_buf)LK_BUF_INIT;
	add(file, "first", "\"n\":1");
}

static void numbers_of_400_digits(void **state) {
	(void)state;
	lk_buf file;
	begin(&file);
	add_many(&file, "int", many("\"n\":", "7", 400, ""));
	add_many(&file, "text", many("\"t\":", "7", 400, ""));
	add_many(&file, "numeric", many("\"p\":", "7", 400, ".5"));
	add_many(&file, "double", many("\"d\":1", "0", 300, ""));
	add_many(&file, "beyond", many("\"d\":1", "0", 399, ""));
	add_many(&file, "fraction", many("\"p\":0.", "3", 400, ""));
	add_many(&file, "zeros", many("\"n\":1.", "0", 400, ""));
	add_many(&file, "undeclared", many("\"z\":-", "7", 400, "e400"));
	ingest(&file, "first text double fraction zeros undeclared last",
	       "n: out of range; p: out of range; d: out of range");
	test_ask_is(&lk, "SELECT (t = repeat('7', 400))::text FROM lk.log_ev WHERE k = 'text'", "true");
	test_ask_is(&lk, "SELECT (d = 1e300)::text FROM lk.log_ev WHERE k = 'double'", "true");
	test_ask_is(&lk, "SELECT p FROM lk.log_ev WHERE k = 'fraction'", "0.33");
	test_ask_is(&lk, "SELECT n FROM lk.log_ev WHERE k = 'zeros'", "1");
}

/* 64 levels are read; 2,048 are the most, the event itself being the first. */
static void nested_64_levels(void **state) {
	(void)state;
	static const char *const brackets[][2] = {{"[", "]"}, {"{\"z\":", "}"}};
	static const struct { const char *k; int levels; } depths[] = {{"good", 64}, {"most", 2047}, {"bad", 2048}};
	lk_buf file;
	begin(&file);
	for (size_t b = 0; b < 2; b++)
		for (size_t i = 0; i < sizeof depths / sizeof *depths; i++) {
			char *open = many("\"z\":", brackets[b][0], depths[i].levels, "1");
			add_many(&file, depths[i].k, many(open, brackets[b][1], depths[i].levels, ""));
			free(open);
		}
	ingest(&file, "first good most good most last", "nested too deeply; nested too deeply");
}

/* A record may have 16 MiB, a text 64 KiB. */
static void lines_of_10_megabytes(void **state) {
	(void)state;
	lk_buf file;
	begin(&file);
	add_many(&file, "undeclared", many("\"z\":\"", "0123456789", 1 << 20, "\""));
	add_many(&file, "declared", many("\"t\":\"", "0123456789", 1 << 20, "\""));
	add_many(&file, "blanks", many("", " ", 10 << 20, "\"n\":1"));
	add_many(&file, "text", many("\"t\":\"", "01234567", 8192, "\""));
	add_many(&file, "longer", many("\"t\":\"", "01234567", 8192, "8\""));
	ingest(&file, "first undeclared blanks text last", "t: text longer than 65536 bytes; t: text longer than 65536 bytes");
	test_ask_is(&lk, "SELECT (t = repeat('01234567', 8192))::text FROM lk.log_ev WHERE k = 'text'", "true");
	test_ask_is(&lk, "SELECT (max(length(content)) < 70000)::text FROM lk.rejected", "true");
}

static void lone_surrogates(void **state) {
	(void)state;
	lk_buf file;
	begin(&file);
	add(&file, "high", "\"t\":\"\\ud800\"");
	add(&file, "low", "\"t\":\"\\udc00\"");
	add(&file, "swapped", "\"t\":\"\\udc00\\ud800\"");
	add(&file, "cut", "\"t\":\"\\ud83dx\"");
	add(&file, "bytes", "\"t\":\"\xed\xa0\x80\"");
	add(&file, "zero", "\"t\":\"\\u0000\"");
	add(&file, "pair", "\"t\":\"\\ud83d\\ude00\"");
	add(&file, "undeclared", "\"z\":\"\\ud800\"");
	ingest(&file, "first pair undeclared last",
	       "t: half of a surrogate pair; t: half of a surrogate pair; t: half of a surrogate pair; t: half of a surrogate pair; "
	       "t: invalid UTF-8; t: \\u0000 in a text");
	test_ask_is(&lk, "SELECT t FROM lk.log_ev WHERE k = 'pair'", "\xf0\x9f\x98\x80");
}

static void duplicate_keys(void **state) {
	(void)state;
	lk_buf file;
	begin(&file);
	add(&file, "twice", "\"n\":3,\"n\":4,\"a\":{\"b\":\"x\",\"c\":5},\"a\":{\"c\":6}");
	add(&file, "bad_first", "\"n\":\"x\",\"n\":7");
	add(&file, "bad_last", "\"n\":7,\"n\":\"x\"");
	add_many(&file, "many", many("", "\"n\":1,", 10000, "\"n\":8"));
	ingest(&file, "first twice bad_first many last", "n: not an integer");
	test_ask_is(&lk, "SELECT string_agg(concat_ws('~', n, \"a.b\", \"a.c\"), ' ' ORDER BY off) FROM lk.log_ev WHERE k IN ('twice', 'bad_first', 'many')",
	            "4~6 7 8");
}

/* A dotted column is a path of keys; a key that has a dot itself is none of them. */
static void keys_with_dots(void **state) {
	(void)state;
	lk_buf file;
	begin(&file);
	add(&file, "path", "\"a\":{\"b\":\"in\",\"c\":1}");
	add(&file, "dotted", "\"a.b\":\"out\",\"a.c\":2");
	add(&file, "both", "\"a.b\":\"out\",\"a\":{\"b\":\"in\"}");
	add(&file, "deeper", "\"a\":{\"b.c\":\"x\",\"b\":{\"c\":\"y\"}}");
	ingest(&file, "first path dotted both last", "a.b: an object or array, not a value");
	test_ask_is(&lk, "SELECT string_agg(concat_ws('~', k, \"a.b\", \"a.c\"), ' ' ORDER BY off) FROM lk.log_ev", "first path~in~1 dotted both~in last");
}

/* What lk takes as a jsonb PostgreSQL takes too, up to lk's limits; the first bad value does not stop the others. */
static void values_of_jsonb(void **state) {
	(void)state;
	lk_buf file;
	begin(&file);
	add(&file, "null", "\"j\":null");
	add(&file, "keys", "\"j\":{\"bb\":1,\"a\":[1.00,1e2,-0],\"bb\":{\"z\":null}}");
	add(&file, "text", "\"j\":\"\\ud83d\\ude00\\u001f\\/\"");
	add(&file, "zero", "\"j\":{\"a\":[\"\\u0000\"]}");
	add(&file, "half", "\"j\":{\"\\ud800\":1}");
	add(&file, "bytes", "\"j\":[\"\xed\xa0\x80\"]");
	char *open = many("\"j\":", "[{\"k\":", 256, "1");
	add_many(&file, "deep", many(open, "}]", 256, ""));
	free(open);
	open = many("\"j\":", "[", 513, "");
	add_many(&file, "deeper", many(open, "]", 513, ""));
	free(open);
	add_many(&file, "long", many("\"j\":\"", "01234567", (1 << 17) - 1, "012345\""));
	add_many(&file, "longer", many("\"j\":\"", "01234567", (1 << 17) - 1, "0123456\""));
	add(&file, "digits", "\"j\":[1e999,1e-1000]");
	add(&file, "more", "\"j\":1e1000");
	add_many(&file, "small_but_large", many("\"j\":[0", ",1e-1000", 1100, "]"));
	ingest(&file, "first null keys text deep long digits last",
	       "j: \\u0000 in a text; j: half of a surrogate pair; j: invalid UTF-8; j: a jsonb of more than 512 levels; "
	       "j: a jsonb of more than 1 MiB, as PostgreSQL prints it; j: a number of more than 1000 digits before or after its point; "
	       "j: a jsonb of more than 1 MiB, as PostgreSQL prints it");
	test_ask_is(&lk, "SELECT (j IS NULL)::text FROM lk.log_ev WHERE k = 'null'", "true");
	test_ask_is(&lk, "SELECT j FROM lk.log_ev WHERE k = 'keys'", "{\"a\": [1.00, 100, 0], \"bb\": {\"z\": null}}");
	test_ask_is(&lk, "SELECT j ->> 0 FROM lk.log_ev WHERE k = 'text'", "\xf0\x9f\x98\x80\x1f/");
	test_ask_is(&lk, "SELECT length(j::text) FROM lk.log_ev WHERE k = 'long'", "1048576");
	test_ask_is(&lk, "SELECT length(j ->> 0) + length(j ->> 1) FROM lk.log_ev WHERE k = 'digits'", "2002");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(numbers_of_400_digits, fresh), cmocka_unit_test_setup(nested_64_levels, fresh),
		cmocka_unit_test_setup(lines_of_10_megabytes, fresh), cmocka_unit_test_setup(lone_surrogates, fresh),
		cmocka_unit_test_setup(duplicate_keys, fresh), cmocka_unit_test_setup(keys_with_dots, fresh),
		cmocka_unit_test_setup(values_of_jsonb, fresh),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
