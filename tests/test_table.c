/* Tables and lines for a screen of a given width. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/output.h"
#include "cli/terminal.h"
#include "core/time.h"
#include "print/comparison.h"
#include "print/table.h"

/* What `print` writes to standard output on a screen of that many columns (NULL: no limit). */
static char *printed(const char *columns, void (*print)(void)) {
	FILE *file = tmpfile();
	int kept = dup(STDOUT_FILENO);
	assert_non_null(file);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	if (columns)
		setenv("COLUMNS", columns, 1);
	else
		unsetenv("COLUMNS");
	print();
	fflush(stdout);
	dup2(kept, STDOUT_FILENO);
	close(kept);
	long size = lseek(fileno(file), 0, SEEK_END);
	char *text = calloc((size_t)size + 1, 1);
	assert_int_equal(pread(fileno(file), text, (size_t)size, 0), size);
	fclose(file);
	return text;
}

static void prints(const char *columns, void (*print)(void), const char *want) {
	char *got = printed(columns, print);
	assert_string_equal(got, want);
	free(got);
}

static bool each_line_within(const char *text, int most) {
	for (const char *p = text; *p; p += strcspn(p, "\n") + 1) {
		char *line = lk_strndup(p, strcspn(p, "\n"));
		bool fits = lk_text_width(line) <= most;
		free(line);
		if (!fits)
			return false;
	}
	return true;
}

static lk_table *visits_table(void) {
	lk_table *t = lk_table_new();
	lk_table_keys(t, 2);
	lk_table_column(t, "PATH", false);
	lk_table_column(t, "DAY", true);
	lk_table_column(t, "HITS", true);
	lk_table_column(t, "LARGEST", true);
	lk_table_column(t, "NEWEST", false);
	const char *const cells[] = {"/", "1", "10", "2", "2015-05-17T10:00:00Z", "/über", "22", "3", "4444", "-"};
	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
		lk_table_cell(t, cells[i]);
	return t;
}

static void put(lk_table *t) {
	lk_screen screen = lk_out_screen();
	lk_table_end(t, &screen, lk_out());
}

static void visits(void) { put(visits_table()); }

static void a_table_that_fits_is_one(void **state) {
	static const char whole[] =
		"PATH  DAY HITS LARGEST NEWEST\n"
		"/       1   10       2 2015-05-17T10:00:00Z\n"
		"/über  22    3    4444 -\n";
	(void)state;
	prints(NULL, visits, whole);
	prints("43", visits, whole);
}

static void a_wider_table_continues_below_with_its_keys(void **state) {
	(void)state;
	prints("42", visits,
	       "PATH  DAY HITS LARGEST\n"
	       "/       1   10       2\n"
	       "/über  22    3    4444\n"
	       "\n"
	       "PATH  DAY NEWEST\n"
	       "/       1 2015-05-17T10:00:00Z\n"
	       "/über  22 -\n");
}

/* A file that has room for so many bytes. */
static int take(void *room, const void *data, size_t len) {
	size_t *left = room;
	(void)data;
	if (len > *left)
		return ENOSPC;
	*left -= len;
	return 0;
}

static void a_table_goes_into_any_sink(void **state) {
	(void)state;
	for (int width = 0; width < 60; width += 10) {
		char columns[16];
		lk_buf got = LK_BUF_INIT;
		lk_sink memory = lk_sink_memory(&got);
		snprintf(columns, sizeof columns, "%d", width);
		char *want = printed(width >= 20 ? columns : NULL, visits);
		lk_table_end(visits_table(), &(lk_screen){.width = width >= 20 ? width : 0}, &memory);
		assert_string_equal(got.data, want);
		assert_int_equal(memory.bytes, got.len);
		lk_buf_release(&got);
		free(want);
	}
}

/* A comparison too: as a table, and as a report. */
static void a_comparison_goes_into_any_sink(void **state) {
	(void)state;
	const lk_comparison c = {
		.view = "visits", .version = 2, .events = 1234, .lambda_rows = 2, .kappa_rows = 1,
		.lambda_kappa = {.made = true, .left = "lambda", .right = "kappa", .compared = 2, .equal = 1, .only_left = 1,
		                 .shown = {{.window = "[1, 2)", .key = "/|x", .left = "3"}}, .nshown = 1},
	};
	for (int markdown = 0; markdown < 2; markdown++) {
		lk_buf got = LK_BUF_INIT;
		lk_sink memory = lk_sink_memory(&got);
		lk_comparison_print(&c, markdown, &(lk_screen){.width = 72}, &memory);
		assert_non_null(strstr(got.data, markdown ? "## visits, version 2: lambda, kappa and plain SQL\n" : "lambda, kappa and plain SQL differ: "));
		assert_non_null(strstr(got.data, "1 of 2 rows"));
		assert_non_null(strstr(got.data, markdown ? "| [1, 2) | /\\|x | 3 | (no row) |\n" : "/|x"));
		assert_true(markdown || each_line_within(got.data, 72));
		lk_buf_release(&got);
	}
}

static void the_first_failure_of_a_sink_stays(void **state) {
	(void)state;
	size_t left = 10;
	lk_buf b = LK_BUF_INIT;
	lk_sink s = {.write = take, .ctx = &left};
	assert_true(lk_sink_put(&s, "1234567", 7));
	lk_buf_adds(&b, "89abc");
	assert_false(lk_sink_put_buf(&s, &b));
	assert_int_equal(b.len, 0);
	assert_int_equal(s.error, ENOSPC);
	assert_false(lk_sink_put(&s, "8", 1));   /* there is room for it, but after a gap */
	assert_int_equal(left, 3);
	assert_int_equal(s.bytes, 7);
	lk_table_end(visits_table(), &(lk_screen){0}, &s);
	assert_int_equal(left, 3);
	lk_buf_release(&b);
}

static void hours(int n) {
	lk_table *t = lk_table_new();
	lk_table_keys(t, 3);
	lk_table_column(t, "from", false);
	lk_table_column(t, "to", false);
	lk_table_spare(t);
	lk_table_column(t, "path", false);
	lk_table_column(t, "hits", true);
	lk_table_column(t, "bytes", true);
	for (int i = 1; i <= n; i++) {
		lk_table_cellf(t, "%02d:00", i);
		lk_table_cellf(t, "%02d:00", i + 1);
		lk_table_cell(t, "/a");
		lk_table_cellf(t, "%d", 1000 * i);
		lk_table_cellf(t, "%d", 100000 * i);
	}
	put(t);
}

static void two_hours(void) { hours(2); }
static void twelve_hours(void) { hours(12); }

static void the_key_that_follows_from_another_is_left_out_first(void **state) {
	(void)state;
	prints("22", two_hours,
	       "from  to    path hits\n01:00 02:00 /a   1000\n02:00 03:00 /a   2000\n\n"
	       "from  path  bytes\n01:00 /a   100000\n02:00 /a   200000\n");
}

static void two_wide_keys(void) {
	static const char *const texts[] = {"key of 18 columns.", "other of 18 cells.", "1"};
	lk_table *t = lk_table_new();
	lk_table_keys(t, 2);
	for (int i = 0; i < 3; i++)
		lk_table_column(t, i == 0 ? "K" : i == 1 ? "L" : "N", i == 2);
	for (int i = 0; i < 3; i++)
		lk_table_cell(t, texts[i]);
	put(t);
}

static void a_column_is_not_broken_because_of_the_keys_beside_it(void **state) {
	(void)state;
	prints("24", two_wide_keys, "K\nkey of 18 columns.\n\nL                  N\nother of 18 cells. 1\n");
}

/* All parts of a row are on a screen of so many lines together, and columns are as wide on each screen. */
static void a_long_table_goes_by_screens(void **state) {
	(void)state;
	lk_buf want = LK_BUF_INIT;
	for (int first = 1; first <= 12; first += 6) {
		lk_buf_adds(&want, first > 1 ? "\nfrom  to    path\n" : "from  to    path\n");
		for (int i = first; i < first + 6; i++)
			lk_buf_addf(&want, "%02d:00 %02d:00 /a\n", i, i + 1);
		lk_buf_adds(&want, "\nfrom  path  hits\n");
		for (int i = first; i < first + 6; i++)
			lk_buf_addf(&want, "%02d:00 /a   %5d\n", i, 1000 * i);
		lk_buf_adds(&want, "\nfrom  path   bytes\n");
		for (int i = first; i < first + 6; i++)
			lk_buf_addf(&want, "%02d:00 /a   %7d\n", i, 100000 * i);
	}
	setenv("LINES", "25", 1);
	prints("20", twelve_hours, want.data);
	unsetenv("LINES");
	lk_buf_release(&want);
}

static void two_sides(void) {
	lk_table *t = lk_table_new();
	lk_table_keys(t, 2);
	lk_table_records(t);
	static const char *const names[] = {"WINDOW", "KEY", "LEFT", "RIGHT", "WHY"};
	static const char *const cells[] = {"10:00", "a=1", "n=5", "n=6\033[m", "one event that came too late", "11:00", "a=2", "n=7", "", "so"};
	for (int i = 0; i < 5; i++)
		lk_table_column(t, names[i], false);
	for (int i = 0; i < 10; i++)
		lk_table_cell(t, cells[i]);
	put(t);
}

static void rows_that_are_compared_are_records_where_there_is_no_room(void **state) {
	(void)state;
	prints("24", two_sides,
	       "10:00 a=1\n  LEFT  n=5\n  RIGHT n=6\\x1b[m\n  WHY   one event that\n        came too late\n"
	       "11:00 a=2\n  LEFT  n=7\n  WHY   so\n");
	prints("60", two_sides,
	       "WINDOW KEY LEFT RIGHT     WHY\n"
	       "10:00  a=1 n=5  n=6\\x1b[m one event that came too late\n"
	       "11:00  a=2 n=7            so\n");
}

static void one_key(void) {
	lk_table *t = lk_table_new();
	lk_table_keys(t, 1);
	lk_table_records(t);
	static const char *const names[] = {"DELIVERY", "TO", "STATE"}, *const cells[] = {"pager", "https://example.org", "stopped"};
	for (int i = 0; i < 3; i++)
		lk_table_column(t, names[i], false);
	for (int i = 0; i < 3; i++)
		lk_table_cell(t, cells[i]);
	put(t);
}

static void a_record_of_one_key_says_what_it_is(void **state) {
	(void)state;
	prints("24", one_key, "DELIVERY pager\n  TO    https://example.org\n  STATE stopped\n");
}

static void one_long_cell(void) {
	lk_table *t = lk_table_new();
	lk_table_column(t, "K", false);
	lk_table_column(t, "WHAT TO DO", false);
	lk_table_cell(t, "a");
	lk_table_cell(t, "run it again to go on, or drop it, and then look at what is there before you begin anew");
	put(t);
}

static void a_cell_that_is_wider_than_the_screen_is_broken(void **state) {
	(void)state;
	char *got = printed("40", one_long_cell);
	assert_true(each_line_within(got, 40));
	char *end = strstr(got, "anew");
	assert_non_null(end);
	free(got);
}

static void notes(void) {
	lk_put_lines("covers:    102,000 of 102,000 events of the log\n"
	             "watermark: 2015-05-17T10:59:49Z; every event counts, however late\n\nend\n");
}

static void lines_continue_after_their_label(void **state) {
	(void)state;
	prints("48", notes,
	       "covers:    102,000 of 102,000 events of the log\n"
	       "watermark: 2015-05-17T10:59:49Z; every event\n"
	       "           counts, however late\n\nend\n");
	prints(NULL, notes,
	       "covers:    102,000 of 102,000 events of the log\n"
	       "watermark: 2015-05-17T10:59:49Z; every event counts, however late\n\nend\n");
}

static void commands(void) {
	lk_put_lines("readers get copy 26 now; `lk mode traffic --back` goes back, \"host=/tmp/x user=lk\" too\n");
}

/* What is there to be copied stays on one line. */
static void commands_are_not_broken(void **state) {
	(void)state;
	prints("34", commands,
	       "readers get copy 26 now;\n  `lk mode traffic --back` goes\n  back, \"host=/tmp/x user=lk\" too\n");
	prints("20", commands,
	       "readers get copy 26\n  now;\n  `lk mode traffic --back`\n  goes back,\n  \"host=/tmp/x user=lk\"\n  too\n");
}

static void widths(void **state) {
	(void)state;
	assert_int_equal(lk_text_width("plain"), 5);
	assert_int_equal(lk_text_width("über"), 4);
	assert_int_equal(lk_text_width("日本"), 4);
	assert_int_equal(lk_text_width("a\033[m"), 7);
	assert_int_equal(lk_text_width("\xff"), 4);
	assert_int_equal(lk_text_fit("日本", 3), 3);
	assert_int_equal(lk_text_fit("über", 1), 2);
	assert_int_equal(lk_text_fit("", 0), 0);
}

static void only_sound_widths_are_taken(void **state) {
	static const char *const unsound[] = {"", "x", "-80", "80x", "3", "99999999999999999999"};
	(void)state;
	setenv("COLUMNS", "72", 1);
	assert_int_equal(lk_terminal_width(-1), 72);
	for (size_t i = 0; i < sizeof unsound / sizeof *unsound; i++) {
		setenv("COLUMNS", unsound[i], 1);
		assert_int_equal(lk_terminal_width(-1), 0);
	}
}

/* Lines of examples can be copied, and are short enough. */
static void help_fits_a_terminal(void **state) {
	(void)state;
	setenv("COLUMNS", "80", 1);
	for (const lk_command *const *next = lk_commands; *next; next++) {
		const lk_command *c = *next;
		lk_buf b = LK_BUF_INIT;
		lk_help_command(c, &b);
		if (!each_line_within(b.data, 80))
			fail_msg("help of %s is wider than 80 columns:\n%s", c->name, b.data);
		lk_buf_release(&b);
	}
	lk_buf b = LK_BUF_INIT;
	lk_help_summary(lk_commands, &b);
	assert_true(each_line_within(b.data, 80));
	lk_buf_release(&b);
}

int main(void) {
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_that_fits_is_one),
		cmocka_unit_test(a_table_goes_into_any_sink),
		cmocka_unit_test(a_comparison_goes_into_any_sink),
		cmocka_unit_test(the_first_failure_of_a_sink_stays),
		cmocka_unit_test(a_wider_table_continues_below_with_its_keys),
		cmocka_unit_test(the_key_that_follows_from_another_is_left_out_first),
		cmocka_unit_test(a_column_is_not_broken_because_of_the_keys_beside_it),
		cmocka_unit_test(a_long_table_goes_by_screens),
		cmocka_unit_test(rows_that_are_compared_are_records_where_there_is_no_room),
		cmocka_unit_test(a_record_of_one_key_says_what_it_is),
		cmocka_unit_test(a_cell_that_is_wider_than_the_screen_is_broken),
		cmocka_unit_test(lines_continue_after_their_label),
		cmocka_unit_test(commands_are_not_broken),
		cmocka_unit_test(widths),
		cmocka_unit_test(only_sound_widths_are_taken),
		cmocka_unit_test(help_fits_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
