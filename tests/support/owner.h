/* Owners of units without PostgreSQL: they fold invented events into cells and commit them, so that the view store can
 * be tested alone. Cells are count(*) and sum(amount) by (pane, a text key). */
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
/* A unit number that no other test of this program uses. */
int64_t test_unit_new(void);
/* Opens an owner that has taken a new unit. */
test_owner test_owner_new(const test_servers *s);
/* The same, with six events in each segment: [0,6), [6,12) and the open one, [12,18). */
test_owner test_owner_of_three_segments(const test_servers *s);
/* Takes the unit over, creating a missing one at offset `start`, and drops the map. Fails the test if it cannot. */
void test_owner_take(test_owner *o, int64_t start);
/* Folds one event into the cell (pane number, key); it counts from the next commit on. */
void test_owner_fold(test_owner *o, int pane, const char *key, int amount);
/* Folds n events of 100, 101 … into the cells (0, "/a"), (1, "/b"), (0, "/c"), (1, "/a"), (0, "/b"), (1, "/c"), in
 * turn. */
void test_owner_fold_some(test_owner *o, int n);
/* Commits what was folded since the last commit and settles the map. Watermark and _at are invented: 10 * cursor and
 * cursor. */
int test_owner_commit(test_owner *o, lk_error *err);
void test_owner_must_commit(test_owner *o);
/* Begins a new segment and drops the map. */
void test_owner_roll(test_owner *o);

/* The stored state of its unit, which must exist. */
lk_unit_state test_owner_state(const test_owner *o);

void test_key_name(char name[40], int key);
/* One event each into the cells (0 … panes-1) x (names of 0 … keys-1), in commits of at most `most` cells. */
void test_owner_fill(test_owner *o, int panes, int keys, int most);
/* Selects the cells whose keys have these names; the caller releases the keys. */
lk_cell_filter test_key_filter(lk_buf *keys, const int *which, int n);
void test_keys_release(lk_buf *keys, int n);

/* Appends the field of a cell. */
void test_field(lk_buf *out, int pane, const char *key);
/* Appends the encoded key without the pane. */
void test_key(lk_buf *out, const char *key);
/* count and sum of a cell; false if it does not exist. */
bool test_cell(const lk_cells *c, int pane, const char *key, int64_t *count, int64_t *sum);

/* Reads all of a unit as of one instant: the state, and the cells of each segment (nsegments maps, released by
 * test_unit_release). Returns what lk_store_read_unit returns; it reads again if a segment was removed meanwhile. */
typedef struct test_unit {
	lk_unit_state state;
	lk_cells *cells;
} test_unit;
int test_unit_read(test_unit *u, lk_store *store, int64_t unit, const lk_cell_filter *f, lk_error *err);
void test_unit_release(test_unit *u);
/* count and sum over all segments. */
void test_unit_total(const test_unit *u, int pane, const char *key, int64_t *count, int64_t *sum);
/* Fails the test unless the owner's stored unit has this count and sum, over all segments. */
void test_owner_holds(const test_owner *o, int pane, const char *key, int64_t count, int64_t sum);

#endif
