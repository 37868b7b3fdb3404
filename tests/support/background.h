/* An lk that runs in the background, with what it writes in two files. */
#ifndef LK_TESTS_SUPPORT_BACKGROUND_H
#define LK_TESTS_SUPPORT_BACKGROUND_H

#include "tests/support/command_line.h"

typedef struct test_background {
	const test_program *program;
	int pid;
	char *out, *err;      /* paths */
} test_background;

/* Starts it; its standard output and error are appended to two files of this name beside the servers. out: a descriptor that
 * is its standard output instead, or -1. */
void test_background_start(test_background *b, const test_program *p, const char *name, int out, const char *const *env,
                           const char *const *argv);
/* Sends the signal (0: none), and waits for its end: fails the test unless its exit status is `want`. Frees the names. */
void test_background_end(test_background *b, int signal, int want);
/* Kills it, and waits. Frees the names; the files stay. */
void test_background_kill(test_background *b);

/* Polls until the file has this text; fails the test after a minute. */
void test_await_text(const char *path, const char *text);
/* Polls until the file has so many lines. */
void test_await_lines(const char *path, int n);

#endif
