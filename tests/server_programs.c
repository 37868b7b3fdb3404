/* The programs of examples/: each page prints what it says (scripts/tour runs its commands), the rows of its views are
 * those that were computed without lk (expected.*), and lambda, kappa and plain SQL agree on them; so are the rows of
 * its derived streams (stream.*). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "tests/support/command_line.h"

static test_servers servers;

/* The page's commands, with these servers. */
static void check_page(const char *page) {
	const char *lk = getenv("LK_BIN");
	char *line = lk_asprintf("TOUR_SERVERS=given LC_ALL=C.UTF-8 LK_BIN='%s' LK_POSTGRES='%s' LK_REDIS='%s' scripts/tour --check %s >'%s/tour.out' 2>&1",
	                         lk ? lk : "build/plain/lk", servers.at.postgres, servers.at.redis, page, servers.dir);
	if (system(line) != 0) {
		char *out = lk_asprintf("%s/tour.out", servers.dir);
		fail_msg("%s", test_text_of(out));
	}
	free(line);
}

static void without_returns(char *text) {
	char *to = text;
	for (const char *s = text; *s; s++)
		if (*s != '\r')
			*to++ = *s;
	*to = 0;
}

static void check_ways(const char *view) {
	char *out, *err;
	if (test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", view, "--no-costs", NULL}) != 0)
		fail_msg("%s: %s%s", view, out, err);
	free(out);
	free(err);
}

static void check_view(const char *view, const char *expected) {
	char *out, *err, *want = test_text_of(expected);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"query", view, "--format", "csv", NULL}), 0);
	without_returns(out);
	if (strcmp(out, want))
		fail_msg("%s has other rows than %s:\n%s", view, expected, out);
	free(out);
	free(err);
	free(want);
	check_ways(view);
}

static int in_order(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

/* The lines of a text, the header first, the others by their bytes; cut in place. */
static size_t sorted_lines(char *text, char **lines, size_t most) {
	size_t n = 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		assert_true(n < most);
		lines[n++] = line;
	}
	qsort(lines + 1, n - 1, sizeof *lines, in_order);
	return n;
}

/* The rows of a derived stream, in whatever order its partitions come; the header of the file names the columns. */
static void check_stream(const char *stream, const char *expected) {
	enum { MOST = 10000 };
	char *out, *err, *want = test_text_of(expected), *columns = lk_strndup(want, strcspn(want, "\n"));
	char *is[MOST], *should[MOST];
	const char *const argv[] = {"tail", stream, "--from", "beginning", "--columns", columns, "--format", "csv", NULL};
	if (test_lk(&servers, NULL, &out, &err, argv) != 0)
		fail_msg("%s: %s", stream, err);
	without_returns(out);
	size_t n = sorted_lines(out, is, MOST), m = sorted_lines(want, should, MOST);
	for (size_t i = 0; i < n && i < m; i++)
		assert_string_equal(is[i], should[i]);
	assert_int_equal(n, m);
	free(out);
	free(err);
	free(want);
	free(columns);
}

/* For each file examples/<folder>/<kind>.<name>.csv. */
static void for_each(const char *folder, const char *kind, void (*check)(const char *name, const char *path)) {
	char *pattern = lk_asprintf("examples/%s/%s.*.csv", folder, kind);
	glob_t found;
	int rc = glob(pattern, 0, NULL, &found);
	for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
		const char *dot = strchr(found.gl_pathv[i], '.') + 1;
		char *name = lk_strndup(dot, strlen(dot) - strlen(".csv"));
		check(name, found.gl_pathv[i]);
		free(name);
	}
	globfree(&found);
	free(pattern);
}

static void check_program(const char *folder) {
	char *page = lk_asprintf("examples/%s/README.md", folder);
	check_page(page);
	for_each(folder, "expected", check_view);
	for_each(folder, "stream", check_stream);
	free(page);
}

static void average(void **state) {
	(void)state;
	check_program("average");
}

static void fraud(void **state) {
	(void)state;
	check_program("fraud");
}

static void clicks(void **state) {
	(void)state;
	check_program("clicks");
}

static void sensors(void **state) {
	(void)state;
	check_program("sensors");
}

static void anomalies(void **state) {
	(void)state;
	check_program("anomalies");
}

static void words(void **state) {
	(void)state;
	check_program("words");
}

static void trends(void **state) {
	(void)state;
	check_program("trends");
}

/* A program that is not checked here would be found by nobody. */
static void each_program_is_here(void **state) {
	(void)state;
	glob_t found;
	char *own = test_text_of("tests/server_programs.c");
	assert_int_equal(glob("examples/*/*.*.csv", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *folder = found.gl_pathv[i] + strlen("examples/");
		char *call = lk_asprintf("check_program(\"%.*s\")", (int)strcspn(folder, "/"), folder);
		if (!strstr(own, call))
			fail_msg("no test runs examples/%s", folder);
		free(call);
	}
	globfree(&found);
	free(own);
}

static int start(void **state) {
	(void)state;
	test_servers_start(&servers);
	return 0;
}

static int stop(void **state) {
	(void)state;
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),
		cmocka_unit_test(average),
		cmocka_unit_test(fraud),
		cmocka_unit_test(clicks),
		cmocka_unit_test(sensors),
		cmocka_unit_test(trends),
		cmocka_unit_test(anomalies),
		cmocka_unit_test(each_program_is_here),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
