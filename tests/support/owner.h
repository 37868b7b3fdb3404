/* Owners of units without PostgreSQL: they fold made-up events into cells and commit them, so that the view store can
 * be tested by itself. Cells are count(*) and sum(amount) by (pane, a text key). */
#ifndef LK_TESTS_SUPPORT_OWNER_H
#define LK_TESTS_SUPPORT_OWNER_H

#include "tests/support/servers.h"
#include "view_store/store.h"

#define TEST_PANE_US INT64_C(60000000)

const lk_plan *test_owner_plan(void);

typedef struct test_owner {
	lk_store *store;
	int64_t unit;
	uint64_t token;
	lk_position at;               /* committed */
	int64_t folded;               /* events since */
	int64_t segment_from;
	lk_cells cells;
} test_owner;

void test_owner_open(test_owner *o, const test_servers *s, int64_t unit);
void test_owner_close(test_owner *o);
/* The number of a unit that no other test of this program has. */
int64_t test_unit_new(void);
/* Open, and the owner of a unit of its own. */
test_owner test_owner_new(const test_servers *s);
/* The same; six events in each segment: [0,6), [6,12) and [12,18), which is open. */
test_owner test_owner_of_three_segments(const test_servers *s);
/* Takes the unit over, made at offset `start` where it is missing; the map is dropped. Fails the test where it cannot. */
void test_owner_take(test_owner *o, int64_t start);
/* One event: into the cell (pane number, key); it counts from the next commit on. */
void test_owner_fold(test_owner *o, int pane, const char *key, int amount);
/* n events of 100, 101 … into the cells (0, "/a"), (1, "/b"), (0, "/c"), (1, "/a"), (0, "/b"), (1, "/c"), and again. */
void test_owner_fold_some(test_owner *o, int n);
/* Commits what was folded since the last commit; the map is settled. Watermark and _at are made up: 10 * cursor,
 * cursor. */
int test_owner_commit(test_owner *o, lk_error *err);
void test_owner_must_commit(test_owner *o);
/* Begins a new segment: the map is dropped. */
void test_owner_roll(test_owner *o);

/* What is stored of its unit, which must be there. */
lk_unit_state test_owner_state(const test_owner *o);

/* The field of a cell, appended. */
void test_field(lk_buf *out, int pane, const char *key);
/* The encoded key without the pane, appended. */
void test_key(lk_buf *out, const char *key);
/* count and sum of a cell; false where there is no such cell. */
bool test_cell(const lk_cells *c, int pane, const char *key, int64_t *count, int64_t *sum);

/* Reads all of a unit as one instant: the state, and the cells of each segment (nsegments maps, released by
 * test_unit_release). Returns what lk_store_read_unit returns; a segment that is gone is read again. */
typedef struct test_unit {
	lk_unit_state state;
	lk_cells *cells;
} test_unit;
int test_unit_read(test_unit *u, lk_store *store, int64_t unit, const lk_cell_filter *f, lk_error *err);
void test_unit_release(test_unit *u);
/* count and sum over all segments. */
void test_unit_total(const test_unit *u, int pane, const char *key, int64_t *count, int64_t *sum);

#endif
