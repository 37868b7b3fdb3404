/* A wait ends when its condition holds, at its limit, and soon after the process is asked to stop. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "core/time.h"
#include "core/wait.h"

static volatile int stop;
static int pipe_fds[2];

static int fresh(void **state) {
	(void)state;
	stop = 0;
	lk_wait_heed(&stop);
	return pipe(pipe_fds);
}

static int over(void **state) {
	(void)state;
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

static int64_t in_s(int s) { return lk_monotonic_us() + s * LK_US_PER_S; }

static void ends_when_there_is_something(void **state) {
	(void)state;
	assert_int_equal(lk_wait_fd(pipe_fds[1], POLLOUT, in_s(60)), LK_WAIT_READY);
	assert_int_equal(write(pipe_fds[1], "x", 1), 1);
	assert_int_equal(lk_wait_fd(pipe_fds[0], POLLIN, in_s(60)), LK_WAIT_READY);
	assert_int_equal(lk_wait_fd(pipe_fds[0], POLLIN, 0), LK_WAIT_READY);
	assert_int_equal(lk_wait_fd(-1, POLLIN, in_s(60)), LK_WAIT_READY);
}

static void ends_at_its_limit(void **state) {
	(void)state;
	assert_int_equal(lk_wait_fd(pipe_fds[0], POLLIN, 0), LK_WAIT_LATE);
	assert_int_equal(lk_wait_fd(pipe_fds[0], POLLIN, lk_monotonic_us() + 150000), LK_WAIT_LATE);
	stop = 1;
	assert_int_equal(lk_wait_fd(pipe_fds[0], POLLIN, lk_monotonic_us() + 1000), LK_WAIT_LATE);
}

static void *write_soon(void *arg) {
	(void)arg;
	usleep(100000);
	return write(pipe_fds[1], "x", 1) == 1 ? NULL : arg;
}

static void ends_after_a_stop(void **state) {
	(void)state;
	pthread_t thread;
	stop = 1;
	assert_true(lk_stop_asked());
	pthread_create(&thread, NULL, write_soon, NULL);
	assert_int_equal(lk_wait_fd_through(pipe_fds[0], POLLIN, in_s(60)), LK_WAIT_READY);
	pthread_join(thread, NULL);
	char c;
	assert_int_equal(read(pipe_fds[0], &c, 1), 1);
	assert_int_equal(lk_wait_fd(pipe_fds[0], POLLIN, in_s(3600)), LK_WAIT_STOPPED);
	lk_wait_gave_up();
	assert_int_equal(lk_wait_fd(pipe_fds[0], POLLIN, in_s(3600)), LK_WAIT_STOPPED);
	stop = 0;
	assert_int_equal(lk_wait_fd(pipe_fds[0], POLLIN, lk_monotonic_us() + 1000), LK_WAIT_LATE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, over)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(ends_when_there_is_something),
		TEST(ends_at_its_limit),
		TEST(ends_after_a_stop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
