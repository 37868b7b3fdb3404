/* Each format of the list in formats/format.h: its names, its cuts and its scanner, for any bytes; and that the page
 * for users names it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/format.h"
#include "tests/support/servers.h"
#include "tests/support/streams.h"

static const char *const columns[] = {"ts time", "k text", "n int8"};
enum { NCOLUMNS = sizeof columns / sizeof *columns };

/* Calls `check` with each format under each of its names. */
static void for_each(void (*check)(const lk_format *f, const lk_named_format *n)) {
	for (const lk_format_verbs *const *f = lk_formats; *f; f++)
		for (const lk_named_format *n = (*f)->names; n->name; n++) {
			lk_format format;
			assert_int_equal(lk_format_parse(n->name, &format, NULL), LK_OK);
			assert_ptr_equal(format.is, *f);   /* no other format has the name */
			check(&format, n);
		}
}

/* --- Names --- */

static void is_found_by_its_names(const lk_format *f, const lk_named_format *n) {
	assert_int_equal(lk_format_parse(lk_format_name(f), &(lk_format){0}, NULL), LK_OK);
	for (int i = 0; i < 3 && n->endings[i]; i++)
		for (int packed = 0; packed < 2; packed++) {
			lk_format found;
			char *path = lk_asprintf("a%s%s", n->endings[i], packed ? ".gz" : "");
			assert_int_equal(lk_format_of_path(path, &found), 0);
			assert_ptr_equal(found.is, f->is);
			assert_int_equal(found.delimiter, f->delimiter);
			free(path);
		}
}

static void names_and_endings_are_its_own(void **state) {
	(void)state;
	for_each(is_found_by_its_names);
}

static lk_buf page;

static void is_named(const lk_format *f, const lk_named_format *n) {
	(void)f;
	char *quoted = lk_asprintf("`%s`", n->name);
	if (!strstr(page.data, quoted))
		fail_msg("docs/formats.md does not name %s", quoted);
	free(quoted);
}

static void the_page_names_each(void **state) {
	(void)state;
	FILE *f = fopen("docs/formats.md", "r");
	char chunk[4096];
	size_t n;
	assert_non_null(f);
	while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
		lk_buf_add(&page, chunk, n);
	fclose(f);
	for_each(is_named);
	lk_buf_release(&page);
}

static lk_buf help;

static void the_help_has(const lk_format *f, const lk_named_format *n) {
	(void)f;
	assert_non_null(strstr(help.data, n->name));
	for (int i = 0; i < 3 && n->endings[i]; i++)
		assert_non_null(strstr(help.data, n->endings[i]));
}

static void the_help_says_all(void **state) {
	(void)state;
	lk_format_help(&help);
	assert_ptr_equal(strstr(help.data, "jsonl, json, csv, tsv, access"), help.data);
	assert_non_null(strstr(help.data, ", main, or the text of a web server's format (Apache, nginx). Default: by the file's ending (.jsonl .ndjson "));
	for_each(the_help_has);
	lk_buf_release(&help);
}

static void a_format_may_have_nothing_to_say(void **state) {
	(void)state;
	lk_buf notes = LK_BUF_INIT;
	lk_format_notes(&(lk_format_verbs){.called = "a text"}, NULL, "input", &notes);
	assert_int_equal(notes.len, 0);
}

/* --- Random texts --- */

static unsigned long seed;

static unsigned below(unsigned n) { return (unsigned)(test_random(&seed) >> 33) % n; }

/* Fragments that mean something to some format, and what tests/test_scan_*.c would not think of. */
static void random_text(char delimiter, lk_buf *out) {
	static const char *const fragments[] = {
		"{", "}", "[", "]", ",", ":", "\"", "\"\"", "\\", "\n", "\n", "\r\n", "\r", " ", "\t", "-", "a", "\xff", "\xc3\xa9",
		"{\"ts\":\"2024-01-01T00:00:00Z\"}\n", "2024-01-01T00:00:00Z", "1", "null",
		"192.0.2.1 - - [17/May/2015:10:05:03 +0000] \"GET / HTTP/1.1\" 200 1\n",
	};
	lk_buf_clear(out);
	lk_buf_adds(out, "");
	for (unsigned n = below(40); n--;)
		if (delimiter && !below(4))
			lk_buf_addc(out, delimiter);
		else
			lk_buf_adds(out, fragments[below(sizeof fragments / sizeof *fragments)]);
}

/* --- Cuts --- */

static void check_cut(const lk_stretch *s, const lk_record_cut *c) {
	assert_true(c->begin >= s->begin && c->begin <= s->end);
	if (!c->end)
		return;
	assert_true(c->end > c->begin && c->end <= s->end);
	assert_true(c->len <= (size_t)(c->end - c->begin));
	assert_true(s->all || !c->unterminated);
}

/* A guess is taken back, as by the encoder if the scanner refuses it. */
static lk_record_cut cut(const lk_format *f, lk_stretch *s) {
	lk_record_cut c = f->is->cut(s);
	check_cut(s, &c);
	if (!c.guessed)
		return c;
	s->exact = true;
	c = f->is->cut(s);
	s->exact = false;
	check_cut(s, &c);
	assert_false(c.guessed);
	return c;
}

/* Cuts `text`, of which more and more is there, `step` bytes at a time; a record and where it lies on each line. */
static void cut_all(const lk_format *f, const lk_buf *text, bool added, size_t step, lk_buf *out) {
	void *dialect = f->is->dialect ? f->is->dialect(f) : NULL;
	lk_stretch s = {.begin = text->data, .end = text->data, .dialect = dialect};
	const char *end = text->data + text->len;
	lk_buf_clear(out);
	lk_buf_adds(out, "");
	while (s.begin < end) {
		size_t missing = (size_t)(end - s.end);
		s.all = !missing;
		s.added = s.all && added;
		lk_record_cut c = cut(f, &s);
		s.begin = c.begin;
		s.place = c.at_begin;
		s.searched = (size_t)(s.end - s.begin);
		if (c.end) {
			lk_buf_addf(out, "%d %d %d: %lld lines%s\n", (int)(c.begin - text->data), (int)c.len, (int)(c.end - text->data),
			            (long long)c.lines, c.unterminated ? ", unterminated" : "");
			s.begin = c.end;
			s.place = c.at_end;
			s.searched = 0;
		} else if (s.all) {
			break;   /* what is left belongs to no record */
		} else {
			s.end += step < missing ? step : missing;
		}
	}
	free(dialect);
}

static void cuts_alike(const lk_format *f, const lk_named_format *n) {
	lk_buf text = LK_BUF_INIT, whole = LK_BUF_INIT, pieces = LK_BUF_INIT;
	for (int round = 0; round < 300; round++) {
		random_text(f->delimiter, &text);
		bool added = text.len && text.data[text.len - 1] != '\n';
		if (added)
			lk_buf_addc(&text, '\n');
		cut_all(f, &text, added, text.len, &whole);
		cut_all(f, &text, added, 1 + below(5), &pieces);
		if (strcmp(whole.data, pieces.data))
			fail_msg("%s: in pieces\n%sand at once\n%sof %s", n->name, pieces.data, whole.data, text.data);
	}
	lk_buf_release(&text);
	lk_buf_release(&whole);
	lk_buf_release(&pieces);
}

/* For any bytes: the records do not depend on how much of the text is there when it is cut. */
static void pieces_make_no_difference(void **state) {
	(void)state;
	seed = test_seed("test_formats pieces_make_no_difference");
	for_each(cuts_alike);
}

/* --- Scanners --- */

static lk_arena memory;
static lk_stream *stream;

static void give_header(const lk_format *f, void *scanner) {
	lk_buf names = LK_BUF_INIT;
	const char *reason = "";
	for (int c = 0; c < NCOLUMNS; c++)
		lk_buf_addf(&names, "%.*s%s", c != 0, &f->delimiter, stream->schema.columns[c].name);
	if (f->is->header(scanner, names.data, names.len, &reason))
		fail_msg("%s", reason);
	lk_buf_release(&names);
}

/* Each text is cut, and each record scanned; a record becomes a row with an event time, or has a reason. */
static void scans_anything(const lk_format *f, const lk_named_format *n) {
	char why[200];
	lk_arena texts = {0};
	lk_buf text = LK_BUF_INIT, notes = LK_BUF_INIT;
	lk_value row[NCOLUMNS];
	void *scanner = f->is->scanner_new(f, &stream->schema, why, sizeof why);
	assert_non_null(scanner);
	if (f->is->header)
		give_header(f, scanner);
	for (int round = 0; round < 2000; round++) {
		lk_misfit misfit = {NULL, -1};
		random_text(f->delimiter, &text);
		lk_arena_clear(&texts);
		int rc = f->is->scan(scanner, text.data, text.len, &texts, row, &misfit);
		if (rc && (!misfit.reason || !*misfit.reason || misfit.column >= NCOLUMNS))
			fail_msg("%s: no reason for %s", n->name, text.data);
		lk_format_notes(f->is, scanner, "input", &notes);
	}
	lk_buf_clear(&notes);
	lk_format_notes(f->is, scanner, "input", &notes);
	assert_int_equal(notes.len, 0);   /* told once */
	f->is->scanner_free(scanner);
	f->is->scanner_free(NULL);
	lk_buf_release(&text);
	lk_buf_release(&notes);
	lk_arena_release(&texts);
}

static void any_record_is_a_row_or_has_a_reason(void **state) {
	(void)state;
	seed = test_seed("test_formats any_record_is_a_row_or_has_a_reason");
	stream = test_stream(&memory, "s", columns, NCOLUMNS);
	for_each(scans_anything);
	lk_arena_release(&memory);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_endings_are_its_own),
		cmocka_unit_test(the_page_names_each),
		cmocka_unit_test(the_help_says_all),
		cmocka_unit_test(a_format_may_have_nothing_to_say),
		cmocka_unit_test(pieces_make_no_difference),
		cmocka_unit_test(any_record_is_a_row_or_has_a_reason),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
