/* Which segments count above a cut, and whether they tile [cut, cursor), or [cut, end) if an end is given: segments
 * that do not tile are never served. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "serving/reader.h"

enum { MAX = 5 };

typedef struct example {
	const char *name;
	int64_t cursor, cut;
	int n;
	struct { int64_t from, to; bool gone; } at[MAX];
	int count;          /* the segments that count; -1: they do not tile */
	const char *why;
	int64_t end;        /* the end that is given; 0: the cursor */
} example;

static const example examples[] = {
	{"nothing yet", 0, 0, 0, {{0}}, 0, NULL, 0},
	{"one segment", 10, 0, 1, {{0, 10, false}}, 1, NULL, 0},
	{"three in a row", 30, 0, 3, {{0, 10, false}, {10, 20, false}, {20, 30, false}}, 3, NULL, 0},
	{"the cut between two", 30, 10, 3, {{0, 10, false}, {10, 20, false}, {20, 30, false}}, 2, NULL, 0},
	{"below the cut may be gone", 30, 10, 3, {{0, 10, true}, {10, 20, false}, {20, 30, false}}, 2, NULL, 0},
	{"cursor at the cut", 30, 30, 2, {{0, 10, false}, {10, 30, false}}, 0, NULL, 0},
	{"cursor below the cut", 20, 30, 1, {{0, 20, true}}, 0, NULL, 0},
	{"an empty open segment beside a full one", 30, 0, 3, {{0, 20, false}, {20, 20, false}, {20, 30, false}}, 2, NULL, 0},
	{"a segment across the cut", 30, 15, 2, {{0, 10, false}, {10, 30, false}}, -1, "end at offset 15", 0},
	{"a hole", 30, 0, 2, {{0, 10, false}, {20, 30, false}}, -1, "begins at offset 10, the next one begins at 20", 0},
	{"an overlap", 30, 0, 2, {{0, 20, false}, {10, 30, false}}, -1, "begins at offset 20, the next one begins at 10", 0},
	{"begins above the cut", 30, 5, 1, {{10, 30, false}}, -1, "begins at offset 5", 0},
	{"ends below the cursor", 30, 0, 1, {{0, 20, false}}, -1, "end at offset 20, its cursor is 30", 0},
	{"went away while it was read", 30, 0, 2, {{0, 10, true}, {10, 30, false}}, -1, "offsets 0 to 10 went away", 0},
	{"up to an end between two", 30, 0, 3, {{0, 10, false}, {10, 20, false}, {20, 30, false}}, 2, NULL, 20},
	{"an end at the cursor", 30, 0, 2, {{0, 10, false}, {10, 30, false}}, 2, NULL, 30},
	{"an end at the cut", 30, 10, 2, {{0, 10, false}, {10, 30, false}}, 0, NULL, 10},
	{"beyond the end may be gone", 30, 0, 2, {{0, 10, false}, {10, 30, true}}, 1, NULL, 10},
	{"a segment across the end", 30, 0, 2, {{0, 10, false}, {10, 30, false}}, -1, "end at offset 30, and none ends at 20",
	 20},
	{"nothing below the end", 30, 0, 1, {{20, 30, false}}, -1, "end at offset 0, and none ends at 10", 10},
};

/* P3 */
static void each_example(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
		const example *e = &examples[i];
		lk_segment segments[MAX] = {{0}};
		bool whole[MAX];
		for (int s = 0; s < e->n; s++) {
			segments[s] = (lk_segment){.from = e->at[s].from, .to = e->at[s].to};
			whole[s] = !e->at[s].gone;
		}
		lk_unit_read u = {.there = true, .whole = whole,
		                  .state = {.at = {.cursor = e->cursor}, .segments = segments, .nsegments = e->n}};
		lk_buf why = LK_BUF_INIT;
		bool tiles = lk_unit_read_tiles(&u, e->cut, e->end ? e->end : e->cursor, &why);
		int count = 0;
		for (int s = 0; s < e->n; s++)
			count += lk_unit_read_counts(&u, s, e->cut, e->end ? e->end : e->cursor);
		if (tiles != (e->count >= 0) || (tiles && count != e->count))
			fail_msg("%s: tiles %d, %d count", e->name, tiles, count);
		if (!tiles && !strstr(why.data, e->why))
			fail_msg("%s: \"%s\" does not say \"%s\"", e->name, why.data, e->why);
		lk_buf_release(&why);
	}
}

static void a_missing_unit_tiles(void **state) {
	(void)state;
	lk_unit_read u = {0};
	lk_buf why = LK_BUF_INIT;
	assert_true(lk_unit_read_tiles(&u, 100, 200, &why));
	lk_buf_release(&why);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(each_example), cmocka_unit_test(a_missing_unit_tiles)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
