/* The position of a reader of rows as text, the ids of rows, and how long to wait before trying again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/time.h"
#include "delivery/again.h"
#include "delivery/bookmark.h"

static const lk_bookmark some = {
	.database = "0123456789abcdef0123456789abcdef", .stream = "alerts", .log = 57, .n = 3,
	.part = {{12, 1735689600000001, 45, 3, 0}, {0, LK_NEVER, LK_NEVER, 0, 0}, {9000000000, -5, LK_NEVER, 0, 2}},
};

static void what_is_printed_is_read(void **state) {
	(void)state;
	lk_bookmark got;
	lk_buf text = LK_BUF_INIT;
	const char *why;
	lk_bookmark_print(&some, &text);
	assert_int_equal(lk_bookmark_read(text.data, text.len, &got, &why), 0);
	assert_memory_equal(&got, &some, sizeof got);
	lk_buf_release(&text);
}

/* Each shorter text, and each with another byte in it, is refused with a reason. */
static void nothing_damaged_is_read(void **state) {
	(void)state;
	lk_bookmark got;
	lk_buf text = LK_BUF_INIT;
	lk_bookmark_print(&some, &text);
	for (size_t len = 0; len < text.len; len++) {
		const char *why = NULL;
		assert_int_equal(lk_bookmark_read(text.data, len, &got, &why), -1);
		assert_non_null(why);
	}
	for (size_t i = 0; i < text.len; i++) {
		const char *why = NULL;
		text.data[i] ^= 1;
		assert_int_equal(lk_bookmark_read(text.data, text.len, &got, &why), -1);
		assert_non_null(why);
		text.data[i] ^= 1;
	}
	lk_buf_release(&text);
}

static void ids_tell_a_log_that_lost_its_end(void **state) {
	(void)state;
	lk_buf id = LK_BUF_INIT;
	lk_row_id(&some, 0, 12, &id);
	assert_string_equal(id.data, "alerts/57/0/12");
	lk_buf_clear(&id);
	lk_row_id(&some, 2, 9000000000, &id);
	assert_string_equal(id.data, "alerts/57.2/2/9000000000");
	lk_buf_release(&id);
}

static void waits_grow_to_their_bound(void **state) {
	(void)state;
	lk_again a = {.least_us = 1000, .most_us = 64000, .random = 1};
	int64_t full = 1000;
	for (int i = 0; i < 20; i++) {
		int64_t us = lk_again_wait(&a, 0);
		assert_in_range(us, full - full / 2, full);
		full = full * 2 < 64000 ? full * 2 : 64000;
	}
	assert_int_equal(lk_again_wait(&a, 1000000), 1000000);
	lk_again_over(&a);
	assert_in_range(lk_again_wait(&a, 0), 500, 1000);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_printed_is_read),
		cmocka_unit_test(nothing_damaged_is_read),
		cmocka_unit_test(ids_tell_a_log_that_lost_its_end),
		cmocka_unit_test(waits_grow_to_their_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
