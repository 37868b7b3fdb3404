/* A log for tests of event_log/: a stream with a column of every type, random events, and small queries. */
#ifndef LK_TESTS_SUPPORT_LOG_H
#define LK_TESTS_SUPPORT_LOG_H

#include "catalog/cut.h"
#include "event_log/append.h"
#include "event_log/scan.h"
#include "tests/support/servers.h"

/* Columns of the stream, in order. */
enum { LOG_TS, LOG_KEY, LOG_N, LOG_SMALL, LOG_INT, LOG_FLAG, LOG_REAL, LOG_DOUBLE, LOG_AMOUNT, LOG_COLUMNS };

typedef struct test_log {
	lk_pg pg;
	lk_stream stream;
	lk_cat_stream at;
} test_log;

void test_open(lk_pg *pg, const test_servers *s);
/* Declares a stream with a new name and opens a session. Parses nothing. */
void test_log_open(test_log *l, const test_servers *s, int partitions);
void test_log_close(test_log *l);
/* Adds a view, version and copy with empty definitions to the catalogue, for cuts. Returns the copy's id. */
int64_t test_log_copy(test_log *l);

/* Fails the test with the error's text unless rc is 0. */
void test_ok(int rc, const lk_error *err);

/* Makes a random row; its text points into key (16 bytes). */
void test_event(lk_value row[LOG_COLUMNS], char key[16], unsigned long *random);
lk_append_batch *test_batch(const test_log *l, int events, unsigned long *random);
/* Appends that many random events without a source. */
void test_append(test_log *l, int events, unsigned long *random);

/* A frontier of one stream at these offsets. */
lk_frontier test_frontier(int64_t stream, int n, const int64_t *off);
/* The offsets of the log's end. */
void test_tail(lk_pg *pg, const lk_cat_stream *s, int64_t *off);

/* A position in the first file of a source, for a step. */
#define TEST_PLACE(at) (&(lk_source_file){.number = 1, .position = (at)})

/* The number that an SQL statement returns. */
int64_t test_number(lk_pg *pg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void test_sql(lk_pg *pg, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
