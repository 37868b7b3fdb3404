/* The programs of examples/: each page prints what it says (scripts/tour runs its commands), the rows of its views are
 * those that were computed without lk (expected.*), and lambda, kappa and plain SQL agree on them. */
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
#include "tests/support/servers.h"

static test_servers servers;

static char *read_file(const char *path) {
	lk_buf b = LK_BUF_INIT;
	char piece[4096];
	FILE *f = fopen(path, "r");
	if (!f)
		fail_msg("%s cannot be read", path);
	for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
		lk_buf_add(&b, piece, n);
	fclose(f);
	lk_buf_adds(&b, "");
	return lk_buf_steal(&b);
}

/* The page's commands, with these servers. */
static void check_page(const char *page) {
	const char *lk = getenv("LK_BIN");
	char *line = lk_asprintf("TOUR_SERVERS=given LC_ALL=C.UTF-8 LK_BIN='%s' LK_POSTGRES='%s' LK_REDIS='%s' scripts/tour --check %s >'%s/tour.out' 2>&1",
	                         lk ? lk : "build/plain/lk", servers.at.postgres, servers.at.redis, page, servers.dir);
	if (system(line) != 0) {
		char *out = lk_asprintf("%s/tour.out", servers.dir);
		fail_msg("%s", read_file(out));
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

static void check_rows(const char *view, const char *expected) {
	char *out, *err, *want = read_file(expected);
	assert_int_equal(test_lk(&servers, NULL, &out, &err, (const char *const[]){"query", view, "--format", "csv", NULL}), 0);
	without_returns(out);
	if (strcmp(out, want))
		fail_msg("%s has other rows than %s:\n%s", view, expected, out);
	free(out);
	free(err);
	free(want);
}

static void check_ways(const char *view) {
	char *out, *err;
	if (test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", view, "--no-costs", NULL}) != 0)
		fail_msg("%s: %s%s", view, out, err);
	free(out);
	free(err);
}

/* The view of "examples/clicks/expected.robots.csv". */
static char *view_of(const char *expected) {
	const char *name = strstr(expected, "/expected.") + strlen("/expected.");
	return lk_strndup(name, strlen(name) - strlen(".csv"));
}

static void check_program(const char *folder) {
	char *page = lk_asprintf("examples/%s/README.md", folder), *pattern = lk_asprintf("examples/%s/expected.*.csv", folder);
	glob_t found;
	check_page(page);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		char *view = view_of(found.gl_pathv[i]);
		check_rows(view, found.gl_pathv[i]);
		check_ways(view);
		free(view);
	}
	globfree(&found);
	free(page);
	free(pattern);
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
	char *own = read_file("tests/server_programs.c");
	assert_int_equal(glob("examples/*/expected.*.csv", 0, NULL, &found), 0);
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
		cmocka_unit_test(clicks),
		cmocka_unit_test(sensors),
		cmocka_unit_test(trends),
		cmocka_unit_test(anomalies),
		cmocka_unit_test(each_program_is_here),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
