/* Runs lk as users run it: a command line, its exit status and the texts it must print. */
#ifndef LK_TESTS_SUPPORT_COMMAND_LINE_H
#define LK_TESTS_SUPPORT_COMMAND_LINE_H

#include "tests/support/servers.h"

typedef struct test_program {
	test_servers servers;
	char *out, *err;        /* what the last line wrote; owned */
} test_program;

/* Runs lk with its servers; fails the test unless it exits with `want` and prints the given texts ("" for any). */
void test_run(test_program *p, const char *const *env, int want, const char *out_has, const char *err_has,
              const char *const *argv);
void test_program_release(test_program *p);   /* the texts */

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
/* With a test_program that is called `lk`. */
#define LK(want, out_has, err_has, ...) test_run(&lk, NULL, want, out_has, err_has, ARGS(__VA_ARGS__))

/* Writes a file beside the servers; its path is lk_malloc'ed. */
char *test_file(const test_program *p, const char *name, const char *text);
/* The text of a file, which must be there; lk_malloc'ed. */
char *test_text_of(const char *path);
/* The first value that a statement returns, or PostgreSQL's message; lk_malloc'ed. params ends with NULL. */
char *test_ask(const test_program *p, const char *sql, const char *const *params);
void test_ask_is(const test_program *p, const char *sql, const char *want);

/* These poll, and fail the test after a minute. */

void test_await_sql(const test_program *p, const char *sql);   /* until the statement says t */
void test_await_hits(const test_program *p, int n);            /* until view traffic has one row, of n hits */
void test_await_handler(int pid, int signal);                  /* until the process catches the signal */

#endif
