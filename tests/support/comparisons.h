/* Shared by tests of comparisons: a log with views of each kind of row, two versions of a view, a broken stored cell,
 * and a check that a comparison leaves nothing behind. */
#ifndef LK_TESTS_SUPPORT_COMPARISONS_H
#define LK_TESTS_SUPPORT_COMPARISONS_H

#include "compare/barrier.h"
#include "modes/comparison.h"
#include "tests/support/players.h"

/* Stream `hits` of 2 partitions and the views traffic (by path and minute), strict (by path and 10 seconds; nothing may
 * be late), bare (rows that have no name but their window) and one (a single row). */
extern const char test_compared_text[];
enum { TEST_COMPARED_BASE_S = 1577836800 };   /* the first event's time */

typedef struct test_compared {
	test_world *world;
	unsigned long seed;
	int appended;
} test_compared;
/* late: how many in a thousand are up to two minutes late. */
void test_compared_append(test_compared *log, int n, int late);
uint64_t test_compared_below(test_compared *log, uint64_t n);   /* 0 … n-1 */

/* Fails the test if there is no comparison; the caller judges and releases its result. */
void test_compare(test_world *w, const char *view, bool costs, lk_comparison *c);
/* Fails unless lambda, kappa and SQL have the same rows, and all rows were compared. */
void test_compare_equal(test_world *w, const char *view);
/* Fails the test with the rows that differ. */
void test_compare_fail(const lk_comparison *c, const char *what);
/* The name of the event at part * 1000000 + offset. */
void test_place_text(int64_t place, char out[80]);

/* Version 1 of a view, which is served, and version 2, which only a kappa copy has, with their differences. */
typedef struct test_versions {
	lk_barrier m;
	lk_result result[2];             /* "served", "new" */
	lk_difference d;
} test_versions;
void test_versions_compare(test_world *w, const char *view, test_versions *v);
void test_versions_release(test_versions *v);

/* Replaces the value of the n-th cell, or the last, in the last segment of the copy's unit `part` with the value of a
 * cell with another count. `key` is set only if path alone names the rows of the view. */
typedef struct test_broken_cell {
	int64_t pane;
	char key[600];             /* "path=/3" */
} test_broken_cell;
void test_break_cell(test_world *w, const lk_cat_copy *copy, int part, uint64_t n, test_broken_cell *broken);

/* Fails unless all copies, tables, cuts, locks and cells that comparisons made are gone. */
void test_compare_left_nothing(test_world *w);

#endif
