/* What tests of comparisons share: a log with views of each kind of row, two versions of a view side by side, a stored cell
 * that is broken, and what no comparison may leave behind. */
#ifndef LK_TESTS_SUPPORT_COMPARISONS_H
#define LK_TESTS_SUPPORT_COMPARISONS_H

#include "replay/costs.h"
#include "tests/support/players.h"

/* Stream `hits` of 2 partitions and the views traffic (by path and minute), strict (by path and 10 seconds; nothing may be
 * late), bare (rows that have no name but their window) and one (a single row). */
extern const char test_compared_text[];
enum { TEST_COMPARED_BASE_S = 1577836800 };   /* the first event's time */

typedef struct test_compared {
	test_world *world;
	unsigned long seed;
	int appended;
} test_compared;
/* late: how many in a thousand come up to two minutes late. */
void test_compared_append(test_compared *log, int n, int late);
uint64_t test_compared_below(test_compared *log, uint64_t n);   /* 0 … n-1 */

/* Fails the test where there is no comparison; what it found is the caller's to judge, and to release. */
void test_compare(test_world *w, const char *view, bool costs, lk_comparison *c);
/* Lambda, kappa and SQL have the same rows, all of which were compared. */
void test_compare_equal(test_world *w, const char *view);
/* Fails the test with the rows that differ. */
void test_compare_fail(const lk_comparison *c, const char *what);
/* How the event at part * 1000000 + offset is named. */
void test_place_text(int64_t place, char out[80]);

/* Version 1 of a view, which is served, and version 2, that only a kappa copy has, compared where they part. */
typedef struct test_versions {
	lk_meeting m;
	lk_leg leg[2];             /* "served", "new" */
	lk_difference d;
} test_versions;
void test_versions_compare(test_world *w, const char *view, test_versions *v);
void test_versions_release(test_versions *v);

/* Gives a cell of the last segment of copy's unit `part` the value of another one, which has another count: the n-th, as
 * far as there are so many. Rows of the view are named by path alone, or `key` says nothing. */
typedef struct test_broken_cell {
	int64_t unit, from, to;    /* the segment */
	int64_t pane;
	char key[600];             /* "path=/3" */
} test_broken_cell;
void test_break_cell(test_world *w, const lk_cat_copy *copy, int part, uint64_t n, test_broken_cell *broken);

/* Copies, tables, cuts, locks and cells that comparisons made are gone. */
void test_compare_left_nothing(test_world *w);

#endif
