/* What the definition language refuses: each refusal of refusals.txt with its place and its hint, the forms of other
 * systems in dialects.txt, files that are no definitions, hostile input, and several faults in one file. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/definitions.h"

/* --- refusals.txt --- */

typedef struct refusal {
	const char *file;
	int line;
	char *text, *message, *hint;
	char *instead;        /* in dialects.txt: what follows the hint */
} refusal;

static FILE *open_beside(const char *name) {
	const char *slash = strrchr(__FILE__, '/');
	char *path = lk_asprintf("%.*s%s", slash ? (int)(slash - __FILE__) + 1 : 0, __FILE__, name);
	FILE *f = fopen(path, "r");
	if (!f)
		fail_msg("cannot open %s: run the tests from the project's folder", path);
	free(path);
	return f;
}

static void release(refusal *r) {
	free(r->text);
	free(r->message);
	free(r->hint);
	free(r->instead);
	*r = (refusal){.file = r->file, .line = r->line};
}

/* The next lines that are neither empty nor comments. */
static bool next_refusal(FILE *f, size_t lines, refusal *r) {
	char *line = NULL, **to[] = {&r->text, &r->message, &r->hint, &r->instead};
	size_t cap = 0, n = 0;
	ssize_t len;
	release(r);
	while (n < lines && (len = getline(&line, &cap, f)) >= 0) {
		r->line++;
		if (len && line[len - 1] == '\n')
			line[--len] = '\0';
		if (len && *line != '#')
			*to[n++] = lk_strdup(line);
	}
	free(line);
	assert_true(n == 0 || n == lines);
	return n == lines;
}

/* Removes the mark; returns its position, in characters from 1. */
static int unmark(char *text) {
	char *mark = strchr(text, '@');
	int col = 1;
	if (!mark)
		fail_msg("no @ in: %s", text);
	for (const char *p = text; p < mark; p++)
		col += ((unsigned char)*p & 0xC0) != 0x80;
	memmove(mark, mark + 1, strlen(mark));
	return col;
}

static void check(refusal *r) {
	lk_definitions d;
	int col = unmark(r->text);
	const char *hint = strcmp(r->hint, "-") == 0 ? "" : r->hint;
	if (lk_sql_parse(r->text, strlen(r->text), test_hits(), &d) != LK_EDEFINITION)
		fail_msg("%s:%d: it is accepted", r->file, r->line);
	if (d.nfaults != 1 && !r->instead)
		fail_msg("%s:%d: %d faults, not one", r->file, r->line, d.nfaults);
	if (strcmp(d.faults[0].message, r->message) != 0)
		fail_msg("%s:%d: it says: %s", r->file, r->line, d.faults[0].message);
	if (strcmp(d.faults[0].hint, hint) != 0)
		fail_msg("%s:%d: it advises: %s", r->file, r->line, d.faults[0].hint);
	if (d.faults[0].line != 1 || d.faults[0].col != col)
		fail_msg("%s:%d: it points at %d:%d, not 1:%d", r->file, r->line, d.faults[0].line, d.faults[0].col, col);
	assert_int_equal(d.nitems, 0);
	lk_definitions_release(&d);
}

static void check_instead(const refusal *r) {
	lk_definitions d;
	if (lk_sql_parse(r->instead, strlen(r->instead), test_hits(), &d) != LK_OK)
		fail_msg("%s:%d: what it advises is refused: %s", r->file, r->line, d.faults[0].message);
	assert_int_equal(d.nitems, 1);
	lk_definitions_release(&d);
}

static void each_refusal(void **state) {
	(void)state;
	FILE *f = open_beside("refusals.txt");
	refusal r = {.file = "refusals.txt"};
	int n = 0;
	for (; next_refusal(f, 3, &r); n++)
		check(&r);
	release(&r);
	fclose(f);
	assert_true(n > 300);
}

/* What other systems write is answered with the form of this language, and the advice is taken. */
static void forms_of_other_systems(void **state) {
	(void)state;
	FILE *f = open_beside("dialects.txt");
	refusal r = {.file = "dialects.txt"};
	int n = 0;
	for (; next_refusal(f, 4, &r); n++) {
		check(&r);
		assert_string_not_equal(r.hint, "-");
		check_instead(&r);
	}
	release(&r);
	fclose(f);
	assert_true(n > 100);
}

/* --- files --- */

static void one_fault(const char *text, size_t len, int line, int col, const char *message) {
	lk_definitions d;
	assert_int_equal(lk_sql_parse(text, len, test_hits(), &d), LK_EDEFINITION);
	assert_int_equal(d.nfaults, 1);
	assert_string_equal(d.faults[0].message, message);
	assert_int_equal(d.faults[0].line, line);
	assert_int_equal(d.faults[0].col, col);
	lk_definitions_release(&d);
}

#define ONE_FAULT(text, line, col, message) one_fault("" text, sizeof text - 1, line, col, message)

static void files_that_are_no_text(void **state) {
	(void)state;
	ONE_FAULT("-- a\n\0SELECT 1", 2, 1, "the file has a NUL byte");
	ONE_FAULT("-- caf\xe9\n", 1, 7, "this is not valid UTF-8");
	ONE_FAULT("-- é\n-- \xc3", 2, 4, "this is not valid UTF-8");
	ONE_FAULT("-- \xed\xa0\x80", 1, 4, "this is not valid UTF-8");
	ONE_FAULT("", 1, 1, "the file declares nothing");
	ONE_FAULT(" -- only a comment\n;;", 1, 1, "the file declares nothing");
	char *large = lk_calloc(65537, 1);
	memset(large, ' ', 65537);
	one_fault(large, 65537, 1, 1, "the file is larger than 64 KiB");
	one_fault(large, 65536, 1, 1, "the file declares nothing");
	free(large);
}

static void byte_order_mark_is_skipped(void **state) {
	(void)state;
	lk_definitions d;
	test_define("\xEF\xBB\xBF" "CREATE VIEW v AS SELECT count(*) AS n FROM hits", &d);
	assert_int_equal(d.nitems, 1);
	lk_definitions_release(&d);
	ONE_FAULT("\xEF\xBB\xBFSELECT 1", 1, 1, "a query is not supported");
}

/* --- hostile input --- */

static char *repeated(const char *before, const char *what, int n, const char *after) {
	lk_buf b = LK_BUF_INIT;
	lk_buf_adds(&b, before);
	for (int i = 0; i < n; i++)
		lk_buf_adds(&b, what);
	lk_buf_adds(&b, after);
	return lk_buf_steal(&b);
}

static void refused(const char *before, const char *what, int n, const char *after, const char *message) {
	char *text = repeated(before, what, n, after);
	lk_definitions d;
	assert_int_equal(lk_sql_parse(text, strlen(text), test_hits(), &d), LK_EDEFINITION);
	assert_int_equal(d.nfaults, 1);
	assert_string_equal(d.faults[0].message, message);
	lk_definitions_release(&d);
	free(text);
}

static void accepted(const char *before, const char *what, int n, const char *after) {
	char *text = repeated(before, what, n, after);
	lk_definitions d;
	test_define(text, &d);
	lk_definitions_release(&d);
	free(text);
}

#define VIEW "CREATE VIEW v AS SELECT count(*) AS n FROM hits WHERE "
static const char deep[] = "the expression is nested more than 400 deep", very_deep[] = "the statement is nested too deeply",
                  long_[] = "the statement has more than 8000 words and operators", parts[] = "the expressions have more than 20000 parts";

static void deep_expressions(void **state) {
	(void)state;
	accepted(VIEW "status = 0", " + 1", 390, "");
	refused(VIEW "status = 0", " + 1", 420, "", deep);
	refused(VIEW "status = 0", " + 1", 3000, "", very_deep);
	refused(VIEW "status = 0", " + 1", 16000, "", long_);
	accepted(VIEW, "NOT ", 390, "ok");
	refused(VIEW, "NOT ", 420, "ok", deep);
	refused(VIEW, "NOT ", 3000, "ok", very_deep);
	refused(VIEW, "NOT ", 9000, "ok", long_);
	refused(VIEW "ok", " IS TRUE", 1200, "", very_deep);
}

static void nested_parentheses_are_free(void **state) {
	(void)state;
	char *close = repeated("", ")", 1000, "");
	char *open = repeated(VIEW, "(", 1000, "ok");
	lk_definitions d;
	char *text = lk_asprintf("%s%s", open, close);
	test_define(text, &d);
	lk_definitions_release(&d);
	free(text);
	free(open);
	free(close);
	refused(VIEW, "(", 30000, "ok", long_);
}

static void wide_expressions(void **state) {
	(void)state;
	accepted(VIEW "ok", " AND ok", 2000, "");
	accepted(VIEW "status IN (0", ", 1", 15000, ")");
	accepted(VIEW "ok", " OR status = 1", 1500, "");
	refused(VIEW "ok", " BETWEEN FALSE AND TRUE IS TRUE", 20, "", parts);
}

/* --- threads --- */

enum { READERS = 8, SMALL_STACK = 128 << 10 };   /* without a stack of its own the parser overflows it at 1,000 terms */

static const struct { const char *what; int n; } hostile[] = {
	{" AND ok", 3900}, {" + 1", 16000}, {" IS TRUE", 1000}, {" OR status = 1", 1500}, {" AND status > ", 1}, {" AND path = 'é", 1},
};
enum { HOSTILE = sizeof hostile / sizeof *hostile };

/* What became of a definition: the plan's hash, or the faults. */
static char *outcome(int i) {
	char *text = repeated(VIEW "ok", hostile[i].what, hostile[i].n, "");
	lk_definitions d;
	lk_buf b = LK_BUF_INIT;
	if (lk_sql_parse(text, strlen(text), test_hits(), &d) == LK_OK)
		lk_buf_adds(&b, d.items[0].plan->hash);
	for (int k = 0; k < d.nfaults; k++)
		lk_buf_addf(&b, "%d:%d: %s\n", d.faults[k].line, d.faults[k].col, d.faults[k].message);
	lk_definitions_release(&d);
	free(text);
	return lk_buf_steal(&b);
}

static char *outcomes[HOSTILE];

typedef struct reader {
	pthread_t thread;
	int first, wrong;
} reader;

static void *read_all(void *arg) {
	reader *r = arg;
	for (int i = 0; i < HOSTILE; i++) {
		int k = (r->first + i) % HOSTILE;
		char *got = outcome(k);
		r->wrong += strcmp(got, outcomes[k]) != 0;
		free(got);
	}
	return NULL;
}

static void any_thread_may_parse(void **state) {
	(void)state;
	reader readers[READERS] = {{0}};
	pthread_attr_t small;
	assert_int_equal(pthread_attr_init(&small), 0);
	assert_int_equal(pthread_attr_setstacksize(&small, SMALL_STACK), 0);
	for (int i = 0; i < HOSTILE; i++)
		outcomes[i] = outcome(i);
	assert_int_equal(strlen(outcomes[0]), 32);   /* it is a plan; the second one is none */
	assert_non_null(strstr(outcomes[1], long_));
	for (int i = 0; i < READERS; i++) {
		readers[i].first = i;
		assert_int_equal(pthread_create(&readers[i].thread, &small, read_all, &readers[i]), 0);
	}
	for (int i = 0; i < READERS; i++)
		pthread_join(readers[i].thread, NULL);
	for (int i = 0; i < READERS; i++)
		assert_int_equal(readers[i].wrong, 0);
	for (int i = 0; i < HOSTILE; i++)
		free(outcomes[i]);
	pthread_attr_destroy(&small);
}

/* libpg_query keeps a key for every thread that parses; a process has 1,024. */
static void definitions_leave_keys_for_others(void **state) {
	(void)state;
	pthread_key_t key;
	lk_definitions d;
	for (int i = 0; i < 1100; i++) {
		assert_int_equal(lk_sql_parse(VIEW "1", strlen(VIEW "1"), test_hits(), &d), LK_EDEFINITION);
		lk_definitions_release(&d);
	}
	assert_int_equal(pthread_key_create(&key, NULL), 0);
	pthread_key_delete(key);
}

/* --- many faults --- */

static void a_message_is_one_short_line(void **state) {
	(void)state;
	char *text = repeated(VIEW "path = '", "line\n\033", 200, "");
	lk_definitions d;
	assert_int_equal(lk_sql_parse(text, strlen(text), test_hits(), &d), LK_EDEFINITION);
	assert_int_equal(d.nfaults, 1);
	const char *message = d.faults[0].message;
	assert_memory_equal(message, "unterminated quoted string at or near \"'line  line  ", 52);
	assert_true(strlen(message) < 310);
	assert_null(strpbrk(message, "\n\033"));
	lk_definitions_release(&d);
	free(text);
	ONE_FAULT("CREATE VIEW \"a\nb\" AS SELECT count(*) AS n FROM hits", 1, 13, "\"a b\" cannot be the name of a view");
	ONE_FAULT(VIEW "status = 2é", 1, 64, "trailing junk after numeric literal at or near \"2\"");
}

static void all_faults_in_file_order(void **state) {
	(void)state;
	const char *text = "CREATE TABLE a (ts timestamptz, c inet, d json) WITH (event_time = ts, partition_by = c);\n"
	                   "-- a comment; with a semicolon\n"
	                   "CREATE VIEW good AS SELECT count(*) AS n FROM hits;\n"
	                   "CREATE VIEW over_a AS SELECT count(nothing) AS n FROM a;\n"
	                   "CREATE VIEW broken AS SELECT FROM WHERE;\n"
	                   "CREATE VIEW v AS SELECT pth, count(*) AS n FROM hits\n"
	                   "  WHERE status = 'x' AND lcase(path) = 'é'\n"
	                   "  GROUP BY path, hop(ts, '3 s', '2 s');\n"
	                   "CREATE VIEW good AS SELECT count(*) AS n FROM hits;";
	static const int want[][2] = {{1, 35}, {1, 43}, {5, 35}, {6, 25}, {7, 18}, {7, 26}, {8, 18}, {9, 13}};
	lk_definitions d;
	assert_int_equal(lk_sql_parse(text, strlen(text), test_hits(), &d), LK_EDEFINITION);
	assert_int_equal(d.nfaults, 8);
	for (int i = 0; i < 8; i++) {
		assert_int_equal(d.faults[i].line, want[i][0]);
		assert_int_equal(d.faults[i].col, want[i][1]);
	}
	assert_string_equal(d.faults[7].message, "\"good\" is declared twice");
	assert_int_equal(d.nitems, 1);
	assert_string_equal(d.items[0].plan->view, "good");
	lk_definitions_release(&d);
}

static void print_points_at_the_place(void **state) {
	(void)state;
	const char *text = "-- é\nCREATE VIEW v AS SELECT count(*) AS \"é\"\n\tFROM hits WHERE path = 'é' AND lcase(path) = 'a';";
	lk_definitions d;
	lk_buf out = LK_BUF_INIT;
	assert_int_equal(lk_sql_parse(text, strlen(text), test_hits(), &d), LK_EDEFINITION);
	assert_int_equal(d.nfaults, 1);
	lk_fault_print(&d.faults[0], "views.sql", text, strlen(text), &out);
	assert_string_equal(out.data, "views.sql:3:33: function lcase(…) is not supported\n"
	                              "   FROM hits WHERE path = 'é' AND lcase(path) = 'a';\n"
	                              "                                  ^\n"
	                              "hint: write lower(x) or upper(x)\n");
	lk_buf_release(&out);
	lk_definitions_release(&d);
}

static void long_lines_are_cut(void **state) {
	(void)state;
	char *text = repeated(VIEW "ok", " AND ok", 100, " AND lcase(path) = 'a'");
	char *longer = repeated(text, " AND ok", 100, "");
	lk_definitions d;
	lk_buf out = LK_BUF_INIT;
	assert_int_equal(lk_sql_parse(longer, strlen(longer), test_hits(), &d), LK_EDEFINITION);
	lk_fault_print(&d.faults[0], "f", longer, strlen(longer), &out);
	const char *line = strchr(out.data, '\n') + 1, *caret = strchr(line, '\n') + 1;
	assert_true(caret - line <= 78 + 4 + 1);   /* columns, the other bytes of two ellipses, the line end */
	assert_memory_equal(line + (strchr(caret, '^') - caret) + strlen("…") - 1, "lcase(", 6);
	lk_buf_release(&out);
	lk_definitions_release(&d);
	free(longer);
	free(text);
}

static int end(void **state) {
	(void)state;
	test_hits_release();
	return 0;
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_refusal),
		cmocka_unit_test(forms_of_other_systems),
		cmocka_unit_test(files_that_are_no_text),
		cmocka_unit_test(byte_order_mark_is_skipped),
		cmocka_unit_test(deep_expressions),
		cmocka_unit_test(nested_parentheses_are_free),
		cmocka_unit_test(wide_expressions),
		cmocka_unit_test(any_thread_may_parse),
		cmocka_unit_test(definitions_leave_keys_for_others),
		cmocka_unit_test(a_message_is_one_short_line),
		cmocka_unit_test(all_faults_in_file_order),
		cmocka_unit_test(print_points_at_the_place),
		cmocka_unit_test(long_lines_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, end);
}
