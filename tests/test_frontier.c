/* Frontiers of one stream and of several. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/frontier.h"
#include "core/time.h"

static void it_starts_before_the_first_event(void **state) {
	(void)state;
	lk_frontier f = lk_frontier_start(7, 3);
	assert_int_equal(f.n, 3);
	for (int i = 0; i < 3; i++) {
		const lk_frontier_part *p = &f.part[i];
		assert_true(p->stream == 7 && p->part == i && p->off == 0 && p->high == LK_NEVER && p->last_at == LK_NEVER);
	}
	assert_int_equal(lk_frontier_events(&f), 0);
}

static void streams_are_kept_apart(void **state) {
	(void)state;
	lk_frontier f = lk_frontier_start(7, 2);
	assert_true(lk_frontier_add(&f, 5, 3));
	assert_int_equal(f.n, 5);
	lk_frontier_find(&f, 7, 1)->off = 10;
	lk_frontier_find(&f, 5, 1)->off = 200;
	assert_ptr_equal(lk_frontier_find(&f, 5, 0), &f.part[2]);
	assert_int_equal(lk_frontier_off(&f, 7, 1), 10);
	assert_int_equal(lk_frontier_off(&f, 5, 1), 200);
	assert_int_equal(lk_frontier_events(&f), 210);
	assert_null(lk_frontier_find(&f, 7, 2));
	assert_null(lk_frontier_find(&f, 6, 0));
	assert_int_equal(lk_frontier_off(&f, 6, 0), 0);
}

static void there_is_a_most(void **state) {
	(void)state;
	lk_frontier f = lk_frontier_start(1, LK_FRONTIER_PARTS - 2);
	assert_false(lk_frontier_add(&f, 2, 3));
	assert_int_equal(f.n, LK_FRONTIER_PARTS - 2);
	assert_true(lk_frontier_add(&f, 2, 2));
	assert_int_equal(f.n, LK_FRONTIER_PARTS);
	assert_false(lk_frontier_add(&f, 3, 1));
}

static void a_goal_is_reached_in_all_of_its_parts(void **state) {
	(void)state;
	lk_frontier f = lk_frontier_start(7, 2), goal = lk_frontier_start(7, 2);
	assert_true(lk_frontier_reaches(&f, &goal));
	goal.part[0].off = 5;
	goal.part[1].off = 9;
	f.part[0].off = 5;
	f.part[1].off = 8;
	assert_false(lk_frontier_reaches(&f, &goal));
	assert_false(lk_frontier_reaches(&goal, &(lk_frontier){.n = 1, .part = {{.stream = 7, .off = 6}}}));
	f.part[1].off = 100;
	assert_true(lk_frontier_reaches(&f, &goal));
	assert_false(lk_frontier_reaches(&goal, &f));
	lk_frontier_add(&goal, 8, 1);                 /* f does not speak of it: it is at 0 there */
	assert_true(lk_frontier_reaches(&f, &goal));
	goal.part[2].off = 1;
	assert_false(lk_frontier_reaches(&f, &goal));
}

static void it_is_written_for_people_and_for_sql(void **state) {
	(void)state;
	lk_frontier f = lk_frontier_start(7, 2);
	lk_buf text = LK_BUF_INIT, one = LK_BUF_INIT, other = LK_BUF_INIT;
	lk_frontier_add(&f, 5, 1);
	f.part[1].off = 7;
	f.part[2].off = INT64_MAX;
	lk_frontier_print(&f, &text);
	lk_frontier_sql(&f, 7, &one);
	lk_frontier_sql(&f, 5, &other);
	assert_string_equal(text.data, "[0 7 9223372036854775807]");
	assert_string_equal(one.data, "('{0,7}'::bigint[])");
	assert_string_equal(other.data, "('{9223372036854775807}'::bigint[])");
	lk_buf_release(&text);
	lk_buf_release(&one);
	lk_buf_release(&other);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_starts_before_the_first_event),
		cmocka_unit_test(streams_are_kept_apart),
		cmocka_unit_test(there_is_a_most),
		cmocka_unit_test(a_goal_is_reached_in_all_of_its_parts),
		cmocka_unit_test(it_is_written_for_people_and_for_sql),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
