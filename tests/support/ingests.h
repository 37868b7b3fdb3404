/* Shared by tests of ingest: servers, a folder, a stream that no other test has used, and runs that are killed. */
#ifndef LK_TESTS_SUPPORT_INGESTS_H
#define LK_TESTS_SUPPORT_INGESTS_H

#include "ingest/ingest.h"
#include "tests/support/log.h"

typedef struct test_ingests {
	test_servers servers;
	lk_arena memory;
	lk_pg pg;
	lk_cat_stream stream;
	char dir[64];
} test_ingests;

/* Starts the servers and makes the folder, which must be empty again at the end. */
void test_ingests_start(test_ingests *t);
void test_ingests_stop(test_ingests *t);
/* columns: see tests/support/streams.h. */
void test_ingests_declare(test_ingests *t, const char *const *columns, int n);
/* An aggregate over the stream's log; -1 for NULL. */
int64_t test_ingests_ask(test_ingests *t, const char *what);

/* Makes a pipe the standard input. Returns its writing end; *saved: the former standard input. */
int test_stdin_pipe(int *saved);
void test_stdin_restore(int saved);

/* Runs an ingest in a process of its own, killed at a random moment within most_us, again and again, until it ends by
 * itself; it is killed at most `most` times. Returns how often. */
int test_ingest_killed(const lk_ingest_options *o, unsigned long *random, unsigned most_us, int most);

#endif
