#include "cli/standard_output.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include "core/time.h"
#include "core/wait.h"

/* A pipe that poll(2) calls writable has room for so many bytes, so that the write does not wait. */
enum { AT_ONCE = PIPE_BUF };

static int write_out(void *ctx, const void *data, size_t len) {
	const char *at = data;
	(void)ctx;
	while (len > 0) {
		if (lk_wait_fd(STDOUT_FILENO, POLLOUT, INT64_MAX) != LK_WAIT_READY)
			return ECANCELED;
		ssize_t n = write(STDOUT_FILENO, at, len < AT_ONCE ? len : AT_ONCE);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return errno;
		at += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

lk_sink lk_standard_output(void) { return (lk_sink){.write = write_out}; }

bool lk_standard_output_is_unread(void) {
	struct pollfd p = {.fd = STDOUT_FILENO};
	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLNVAL));
}
