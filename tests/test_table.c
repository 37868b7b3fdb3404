/* Tables and lines for a screen of a given width. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "core/time.h"

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

static void visits(void) {
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
	lk_table_end(t);
}

static void a_table_that_fits_is_one(void **state) {
	static const char whole[] =
		"PATH  DAY HITS LARGEST NEWEST\n"
		"/       1   10       2 2015-05-17T10:00:00Z\n"
		"/über  22    3    4444 -\n";
	(void)state;
	prints(NULL, visits, whole);
	prints("43", visits, whole);
}

static void a_wider_one_goes_on_below_with_its_keys(void **state) {
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

static void one_long_cell(void) {
	lk_table *t = lk_table_new();
	lk_table_column(t, "K", false);
	lk_table_column(t, "WHAT TO DO", false);
	lk_table_cell(t, "a");
	lk_table_cell(t, "run it again to go on, or drop it, and then look at what is there before you begin anew");
	lk_table_end(t);
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

static void lines_go_on_behind_their_label(void **state) {
	(void)state;
	prints("48", notes,
	       "covers:    102,000 of 102,000 events of the log\n"
	       "watermark: 2015-05-17T10:59:49Z; every event\n"
	       "           counts, however late\n\nend\n");
	prints(NULL, notes,
	       "covers:    102,000 of 102,000 events of the log\n"
	       "watermark: 2015-05-17T10:59:49Z; every event counts, however late\n\nend\n");
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
	for (const lk_command *c = lk_commands; c->name; c++) {
		lk_buf b = LK_BUF_INIT;
		lk_help_command(c, &b);
		if (!each_line_within(b.data, 80))
			fail_msg("help of %s is wider than 80 columns:\n%s", c->name, b.data);
		lk_buf_release(&b);
	}
	lk_buf b = LK_BUF_INIT;
	lk_help_summary(&b);
	assert_true(each_line_within(b.data, 80));
	lk_buf_release(&b);
}

int main(void) {
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_that_fits_is_one),
		cmocka_unit_test(a_wider_one_goes_on_below_with_its_keys),
		cmocka_unit_test(a_cell_that_is_wider_than_the_screen_is_broken),
		cmocka_unit_test(lines_go_on_behind_their_label),
		cmocka_unit_test(widths),
		cmocka_unit_test(only_sound_widths_are_taken),
		cmocka_unit_test(help_fits_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
