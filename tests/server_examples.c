/* The example of windows runs and prints what its page shows, also the second time; and lambda, kappa and plain SQL
 * agree on each of its views. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/buf.h"
#include "tests/support/command_line.h"

static test_servers servers;
static char *printed;   /* by the first run */

/* What the example prints. */
static char *run(void) {
	const char *lk = getenv("LK_BIN");
	char out[128], *own = realpath(lk ? lk : "build/plain/lk", NULL);
	assert_non_null(own);
	snprintf(out, sizeof out, "%s/example.out", servers.dir);
	char *line = lk_asprintf("LC_ALL=C.UTF-8 LK_BIN='%s' LK_POSTGRES='%s' LK_REDIS='%s' examples/windows/run >'%s' 2>'%s.err'", own, servers.at.postgres,
	                         servers.at.redis, out, out);
	if (system(line) != 0) {
		char *err = lk_asprintf("%s.err", out);
		fail_msg("%s", test_text_of(err));
	}
	free(own);
	free(line);
	return test_text_of(out);
}

/* The next block of the page: from the line after ```console to the line before ```; NULL after the last one. */
static char *next_block(const char **at) {
	static const char begin[] = "```console\n";
	const char *from = strstr(*at, begin), *to = from ? strstr(from + strlen(begin), "```") : NULL;
	if (!to)
		return NULL;
	*at = to + 3;
	from += strlen(begin);
	return lk_strndup(from, (size_t)(to - from));
}

/* The page has no blanks at the end of a line, where an empty bar leaves some. */
static void cut_blanks(char *text) {
	char *to = text;
	for (const char *s = text; *s; s++) {
		if (*s == '\n')
			while (to > text && to[-1] == ' ')
				to--;
		*to++ = *s;
	}
	*to = 0;
}

static void the_page_shows_what_it_prints(void **state) {
	(void)state;
	char *page = test_text_of("examples/windows/README.md"), *out = lk_strdup(printed);
	const char *at = page;
	size_t shown = 0, blocks = 0;
	cut_blanks(out);
	for (char *block; (block = next_block(&at)); blocks++) {
		if (!strstr(out, block))
			fail_msg("this is in the page, and is not printed:\n%s\nbut\n%s", block, out);
		shown += strlen(block) + 1;   /* and the empty line before it */
		free(block);
	}
	assert_true(blocks >= 12);
	assert_int_equal(shown, strlen(out));   /* nor is anything else printed */
	free(page);
	free(out);
}

static void twice_is_once(void **state) {
	(void)state;
	char *again = run();
	assert_string_equal(printed, again);
	free(again);
}

static void each_view_agrees(void **state) {
	(void)state;
	static const char *const views[] = {"tumbling", "hopping", "cumulated", "cumulated_30min", "cumulated_2h", "visits_30s",
	                                    "visits_2min", "visits_10min", "by_day", "by_week", "by_month"};
	for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
		char *out, *err;
		if (test_lk(&servers, NULL, &out, &err, (const char *const[]){"compare", views[i], "--no-costs", NULL}) != 0)
			fail_msg("%s: %s%s", views[i], out, err);
		free(out);
		free(err);
	}
}

static int start(void **state) {
	(void)state;
	test_servers_start(&servers);
	printed = run();
	return 0;
}

static int stop(void **state) {
	(void)state;
	free(printed);
	test_servers_stop(&servers);
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_page_shows_what_it_prints),
		cmocka_unit_test(twice_is_once),
		cmocka_unit_test(each_view_agrees),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
