/* Sets of offsets: each offset is counted once, in whatever order and pieces it comes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdbool.h>

#include "speed_layer/ranges.h"
#include "tests/support/servers.h"

static void touching_ranges_are_one(void **state) {
	(void)state;
	lk_ranges r = {0};
	assert_int_equal(lk_ranges_add(&r, 10, 20), 10);
	assert_int_equal(lk_ranges_add(&r, 30, 40), 10);
	assert_int_equal(lk_ranges_add(&r, 20, 20), 0);
	assert_int_equal(r.n, 2);
	assert_int_equal(lk_ranges_add(&r, 20, 30), 10);
	assert_int_equal(r.n, 1);
	assert_int_equal(lk_ranges_add(&r, 0, 50), 20);
	assert_int_equal(lk_ranges_add(&r, 0, 50), 0);
	assert_int_equal(r.of[0].from, 0);
	assert_int_equal(r.of[0].to, 50);
	lk_ranges_release(&r);
}

static void any_pieces_in_any_order(void **state) {
	(void)state;
	enum { OFFSETS = 60 };
	unsigned long seed = test_seed("ranges");
	for (int round = 0; round < 500; round++) {
		lk_ranges r = {0};
		bool in[OFFSETS] = {false};
		for (int i = 0; i < 30; i++) {
			int from = (int)(test_random(&seed) % OFFSETS), to = from + (int)(test_random(&seed) % (OFFSETS + 1 - (unsigned)from) / 3);
			int64_t added = 0;
			for (int off = from; off < to; off++) {
				added += !in[off];
				in[off] = true;
			}
			assert_int_equal(lk_ranges_add(&r, from, to), added);
			for (int k = 0; k + 1 < r.n; k++)
				assert_true(r.of[k].to < r.of[k + 1].from);
		}
		lk_ranges_release(&r);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(touching_ranges_are_one),
		cmocka_unit_test(any_pieces_in_any_order),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
