/* A program on a terminal of the test's own. */
#ifndef LK_TESTS_SUPPORT_TERMINAL_H
#define LK_TESTS_SUPPORT_TERMINAL_H

#include <stdbool.h>

#include "core/buf.h"
#include "private_servers/servers.h"

typedef struct test_terminal {
	int fd, pid;
	lk_buf text;      /* all that the program has written */
} test_terminal;

/* Starts the program, found as a shell would, on a terminal of this size; at: the servers that it gets by its environment, or
 * NULL. The tests' own lk is test_lk_path. */
void test_terminal_open(test_terminal *t, int columns, int lines, const lk_servers *at, const char *const *argv);
const char *test_lk_path(void);
/* Types it. */
void test_terminal_type(test_terminal *t, const char *keys);
void test_terminal_resize(test_terminal *t, int columns, int lines);
/* Reads until the program has written the text since `from` (a length of t->text); NULL: until it has closed the terminal. False
 * after 20 s. */
bool test_terminal_shows(test_terminal *t, size_t from, const char *text);
/* Closes the terminal, and waits: the exit status, or 128 + signal. t->text stays; the caller releases it. */
int test_terminal_close(test_terminal *t);

#endif
