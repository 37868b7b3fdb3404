#include "core/wait.h"

#include <poll.h>
#include <stdatomic.h>
#include <stddef.h>

#include "core/flag.h"
#include "core/time.h"

enum { SLICE_US = 100 * 1000, MOMENT_US = 50 * 1000 };

static const volatile int *stop_flag;
static atomic_bool gave_up;

void lk_wait_heed(const volatile int *stop) { stop_flag = stop; }

bool lk_stop_asked(void) { return lk_flag_is_set(stop_flag); }

void lk_wait_gave_up(void) { atomic_store(&gave_up, true); }

static bool is_ready(int fd, short events, int64_t us) {
	struct pollfd p = {.fd = fd, .events = events};
	return fd < 0 || poll(&p, 1, (int)((us + 999) / 1000)) > 0;
}

static enum lk_waited wait_for(int fd, short events, int64_t until_us, bool heeds) {
	int64_t stop_at_us = 0;
	for (;;) {
		int64_t now = lk_monotonic_us(), left = until_us - now;
		bool ending = heeds && lk_stop_asked();
		if (ending && !stop_at_us)
			stop_at_us = now + (atomic_load(&gave_up) ? MOMENT_US : LK_STOP_US);
		if (ending && stop_at_us - now < left)
			left = stop_at_us - now;
		if (is_ready(fd, events, left < 0 ? 0 : left < SLICE_US ? left : SLICE_US))
			return LK_WAIT_READY;
		if (left <= 0)
			return ending && now >= stop_at_us ? LK_WAIT_STOPPED : LK_WAIT_LATE;
	}
}

enum lk_waited lk_wait_fd(int fd, short events, int64_t until_us) { return wait_for(fd, events, until_us, true); }

enum lk_waited lk_wait_fd_through(int fd, short events, int64_t until_us) { return wait_for(fd, events, until_us, false); }
