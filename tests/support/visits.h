/* Visits, for tests of sessions: a stream, given events, and random ones whose times are at and around a gap of ten
 * seconds. */
#ifndef LK_TESTS_SUPPORT_VISITS_H
#define LK_TESTS_SUPPORT_VISITS_H

#include "tests/support/world.h"

enum { TEST_GAP_US = 10 * 1000000 };
#define TEST_VISITS_US INT64_C(1577836800000000)   /* 2020-01-01: begins a pane */

typedef struct test_visit {
	int64_t ts;
	const char *k;        /* NULL: NULL */
	int64_t who, n;
} test_visit;

/* Stream `visits` of these columns; who picks one of three partitions, or there is only one. */
extern const char test_visits_text[], test_visits_in_one_partition_text[];

void test_visits_append(test_world *w, const test_visit *v, int n);
/* Appends up to 40 visits from *now on, which moves forward more often than back; returns how many. */
int test_visits_some(test_world *w, unsigned long *seed, int64_t *now);

/* Moves the worker to the log's end and seals its kappa copy. The seed decides how many rows are written at a time, and
 * whether the units are swept then. */
int test_visits_seal(test_worker *t, int64_t copy, unsigned long *seed, lk_error *err);

#endif
