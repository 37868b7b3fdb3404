/* The commands: what it accepts, its messages for everything else, and that the README says the same. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/help.h"
#include "core/time.h"
#include "tests/support/command_line.h"

enum { MAX_WORDS = 32 };

/* Parses "lk a b c"; words are separated by spaces, and '…' keeps a word together. The words live in *text, which
 * the caller frees. */
static int parse(const char *line, char **text, lk_args *args, lk_error *err) {
	static char *argv[MAX_WORDS + 1];
	char *p = *text = lk_strdup(line);
	int argc = 0;
	while (*p && argc < MAX_WORDS) {
		p += strspn(p, " ");
		char end = *p == '\'' ? '\'' : ' ';
		p += end == '\'';
		argv[argc++] = p;
		p += strcspn(p, end == '\'' ? "'" : " ");
		if (*p)
			*p++ = '\0';
	}
	argv[argc] = NULL;
	lk_error_clear(err);
	return lk_args_parse(lk_commands, argc, argv, args, err);
}

static void accepts(const char *line) {
	lk_args a;
	lk_error err;
	char *text;
	int rc = parse(line, &text, &a, &err);
	if (rc)
		fail_msg("%s: %s (%s)", line, err.text, err.hint);
	lk_args_release(&a);
	free(text);
}

static void refuses(const char *line, const char *says, const char *hints) {
	lk_args a;
	lk_error err;
	char *text;
	int rc = parse(line, &text, &a, &err);
	if (rc != LK_EUSAGE || !strstr(err.text, says) || !strstr(err.hint, hints))
		fail_msg("%s: got %d, \"%s\", hint \"%s\"", line, rc, err.text, err.hint);
	lk_args_release(&a);
	free(text);
}

static void good_lines(void **state) {
	(void)state;
	accepts("lk");
	accepts("lk --help");
	accepts("lk --version");
	accepts("lk up");
	accepts("lk up --help");
	accepts("lk query --help");
	accepts("lk query traffic --where path=/ --where status=200 --from -1h --format jsonl");
	accepts("lk query --format=csv traffic");
	accepts("lk query traffic --where 'path is null'");
	accepts("lk ingest hits a.jsonl b.csv");
	accepts("lk ingest hits -");
	accepts("lk batch");
	accepts("lk batch a b c --every 5m");
}

static void bad_lines(void **state) {
	(void)state;
	refuses("lk qurey traffic", "\"qurey\"", "`lk query`");
	refuses("lk sped", "\"sped\"", "`lk speed`");
	refuses("lk xyzzy", "\"xyzzy\"", "`lk help`");
	refuses("lk --vresion", "--vresion", "lk help");
	refuses("lk query", "needs VIEW", "usage: lk query");
	refuses("lk query a b", "\"b\"", "usage: lk query");
	refuses("lk up now", "\"now\"", "usage: lk up");
	refuses("lk query traffic --were path=/", "--were", "--where");
	refuses("lk query traffic --wher path=/", "--wher", "--where");
	refuses("lk query traffic --frm=-1h", "--frm", "--from");
	refuses("lk query traffic --from", "--from", "");
	refuses("lk query traffic --format json --format csv", "twice", "");
	refuses("lk query traffic -q", "-q", "lk help query");
	refuses("lk speed --once=yes", "--once", "");
	refuses("lk apply", "FILE", "usage: lk apply");
	refuses("lk gen", "SCENARIO", "usage: lk gen");
}

static void numbers(void **state) {
	(void)state;
	static const char *const not_numbers[] = {"", "x", "4x", "99999999999999999999", "-1", "0"};
	lk_args a;
	lk_error err;
	char *text;
	int64_t n;
	assert_int_equal(parse("lk speed --workers 4", &text, &a, &err), LK_OK);
	assert_int_equal(lk_args_int(&a, "workers", (lk_whole){2, 1, 256}, &n, &err), LK_OK);
	assert_int_equal(n, 4);
	assert_int_equal(lk_args_int(&a, "workers", (lk_whole){2, 1, 3}, &n, &err), LK_EUSAGE);
	assert_int_equal(lk_args_int(&a, "nothing", (lk_whole){7, 1, 3}, &n, &err), LK_OK);
	assert_int_equal(n, 7);
	assert_false(lk_args_has(&a, "once"));
	lk_args_release(&a);
	free(text);
	for (size_t i = 0; i < sizeof not_numbers / sizeof *not_numbers; i++) {
		char *line = lk_asprintf("lk speed --workers '%s'", not_numbers[i]);
		assert_int_equal(parse(line, &text, &a, &err), LK_OK);
		assert_int_equal(lk_args_int(&a, "workers", (lk_whole){2, 1, 256}, &n, &err), LK_EUSAGE);
		assert_non_null(strstr(err.text, "--workers"));
		lk_args_release(&a);
		free(text);
		free(line);
	}
}

static void choices_and_intervals(void **state) {
	(void)state;
	static const char *const colours[] = {"red", "green", NULL};
	lk_args a;
	lk_error err;
	char *text;
	int64_t n;
	int choice;
	assert_int_equal(parse("lk query v --format GREEN --window 5m", &text, &a, &err), LK_OK);
	assert_int_equal(lk_args_choice(&a, "format", colours, 0, &choice, &err), LK_OK);
	assert_int_equal(choice, 1);
	assert_int_equal(lk_args_interval(&a, "window", 0, &n, &err), LK_OK);
	assert_true(n == 300 * LK_US_PER_S);
	lk_args_release(&a);
	free(text);
	assert_int_equal(parse("lk query v --format blue --window 5", &text, &a, &err), LK_OK);
	assert_int_equal(lk_args_choice(&a, "format", colours, 0, &choice, &err), LK_EUSAGE);
	assert_non_null(strstr(err.hint, "red, green"));
	lk_error_clear(&err);
	assert_int_equal(lk_args_interval(&a, "window", 0, &n, &err), LK_EUSAGE);
	lk_args_release(&a);
	free(text);
}

static void times(void **state) {
	(void)state;
	static const struct { const char *written; int64_t is; } known[] = {
		{"2015-05-17T10:05:00+02:00", INT64_C(1431849900000000)}, {"2015-05-17", INT64_C(1431820800000000)},
	};
	static const char *const unknown[] = {"yesterday", "2015-02-29"};
	lk_args a;
	lk_error err;
	char *text;
	int64_t n;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		char *line = lk_asprintf("lk query v --from %s", known[i].written);
		assert_int_equal(parse(line, &text, &a, &err), LK_OK);
		assert_int_equal(lk_args_time(&a, "from", 0, &n, &err), LK_OK);
		assert_true(n == known[i].is);
		lk_args_release(&a);
		free(text);
		free(line);
	}
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		char *line = lk_asprintf("lk query v --to %s", unknown[i]);
		assert_int_equal(parse(line, &text, &a, &err), LK_OK);
		assert_int_equal(lk_args_time(&a, "to", 0, &n, &err), LK_EUSAGE);
		lk_error_clear(&err);
		lk_args_release(&a);
		free(text);
		free(line);
	}
}

/* By one clock, which is read once. */
static void times_before_now(void **state) {
	(void)state;
	lk_args a;
	lk_error err;
	char *text;
	int64_t n, same, before = lk_time_now() - 3600 * LK_US_PER_S;
	assert_int_equal(parse("lk query v --from -1h --to -1h", &text, &a, &err), LK_OK);
	assert_int_equal(lk_args_time(&a, "from", 0, &n, &err), LK_OK);
	assert_true(n >= before && n <= lk_time_now() - 3600 * LK_US_PER_S);
	int64_t read_at = lk_time_now();
	while (lk_time_now() == read_at)
		;
	assert_int_equal(lk_args_time(&a, "to", 0, &same, &err), LK_OK);
	assert_true(n == same);
	lk_args_release(&a);
	free(text);
	assert_int_equal(parse("lk query v --from -800000d", &text, &a, &err), LK_OK);   /* no time that lk has */
	assert_int_equal(lk_args_time(&a, "from", 0, &n, &err), LK_OK);
	assert_true(n == LK_TIME_MIN);
	lk_args_release(&a);
	free(text);
}

static void every_command_helps(void **state) {
	(void)state;
	lk_buf all = LK_BUF_INIT, one = LK_BUF_INIT;
	lk_help_summary(lk_commands, &all);
	for (const lk_command *const *next = lk_commands; *next; next++) {
		const lk_command *c = *next;
		char *head = lk_asprintf("  lk %s", c->name);
		assert_non_null(strstr(all.data, head));
		assert_non_null(c->run);
		lk_buf_clear(&one);
		lk_help_command(c, &one);
		for (const lk_option *o = c->options; o->name; o++)
			assert_non_null(strstr(one.data, o->name));
		for (const char *p = one.data; *p; p += strcspn(p, "\n") + 1)
			assert_true(strcspn(p, "\n") <= 170);
		free(head);
	}
	lk_buf_release(&all);
	lk_buf_release(&one);
}

/* A file that is not in the list would be compiled for nobody. */
static void every_file_is_a_command(void **state) {
	(void)state;
	glob_t files;
	size_t n = 0;
	assert_int_equal(glob("cli/cmd_*.c", 0, NULL, &files), 0);
	for (const lk_command *const *c = lk_commands; *c; c++)
		n++;
	for (size_t i = 0; i < files.gl_pathc; i++) {
		const char *begin = files.gl_pathv[i] + strlen("cli/cmd_");
		char *name = lk_strndup(begin, strcspn(begin, "."));
		const lk_command *c = lk_command_find(lk_commands, name);
		if (!c)
			fail_msg("%s is not in the list of cli/commands.h, or its command has another name", files.gl_pathv[i]);
		free(name);
	}
	assert_int_equal(files.gl_pathc, n);
	globfree(&files);
}

static void examples_parse(void **state) {
	(void)state;
	for (const lk_command *const *c = lk_commands; *c; c++)
		for (const lk_example *e = (*c)->examples; e->line; e++)
			for (const char *p = e->line; (p = strstr(p, "lk ")); p += 3) {
				if (p > e->line && p[-1] != ' ')
					continue;
				char *line = lk_strndup(p, strcspn(p, "|>"));
				size_t n = strlen(line);
				while (n && line[n - 1] == ' ')
					line[--n] = '\0';
				accepts(line);
				free(line);
			}
}

/* README lists each command with its operands and its summary, and every line there that runs lk can be parsed. */
static void readme_agrees(void **state) {
	(void)state;
	char *readme = test_text_of("README.md");
	for (const lk_command *const *next = lk_commands; *next; next++) {
		const lk_command *c = *next;
		char *row = lk_asprintf("| `lk %s%s%s` | %s |", c->name, *c->operands ? " " : "", c->operands, c->summary);
		if (!strstr(readme, row))
			fail_msg("README.md has no line %s", row);
		free(row);
	}
	int lines = 0;
	for (const char *p = readme; *p; p += strcspn(p, "\n"), p += *p == '\n') {
		const char *typed = p + (strncmp(p, "$ ", 2) == 0 ? 2 : 0);
		if (strncmp(typed, "./lk ", 5) != 0)
			continue;
		char *line = lk_strndup(typed + 2, strcspn(typed + 2, "\n#|<>"));
		size_t n = strlen(line);
		while (n && line[n - 1] == ' ')
			line[--n] = '\0';
		accepts(line);
		free(line);
		lines++;
	}
	assert_true(lines > 5);
	free(readme);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_lines), cmocka_unit_test(bad_lines), cmocka_unit_test(numbers),
		cmocka_unit_test(choices_and_intervals), cmocka_unit_test(times), cmocka_unit_test(times_before_now),
		cmocka_unit_test(every_command_helps),
		cmocka_unit_test(every_file_is_a_command), cmocka_unit_test(examples_parse), cmocka_unit_test(readme_agrees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
