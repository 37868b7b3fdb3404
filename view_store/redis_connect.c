/* Connecting. hiredis would either not notice a signal or try only the first address of a name, and looks names up
 * without a limit, so it is given a socket that is already connected. */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/fault.h"
#include "core/lookup.h"
#include "core/time.h"
#include "core/wait.h"
#include "view_store/redis.h"

/* A socket connected to the address, or -1 and *why. */
static int connect_to(const struct sockaddr *a, socklen_t n, int64_t until_us, const char **why) {
	int fd = socket(a->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), failed = errno, on = 1;
	socklen_t size = sizeof failed;
	enum lk_waited w = LK_WAIT_READY;
	if (fd >= 0 && (connect(fd, a, n) == 0 || errno == EINPROGRESS)) {
		w = lk_wait_fd(fd, POLLOUT, until_us);
		getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
	} else if (fd >= 0) {
		failed = errno;
	}
	if (w == LK_WAIT_STOPPED)
		lk_wait_gave_up();
	if (fd >= 0 && w == LK_WAIT_READY && !failed) {
		if (a->sa_family != AF_UNIX)
			setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		return fd;
	}
	*why = w == LK_WAIT_LATE ? "no answer for 5 s" : w == LK_WAIT_STOPPED ? "stopped before it answered" : strerror(failed);
	if (fd >= 0)
		close(fd);
	return -1;
}

static int connect_unix(const char *path, int64_t until_us, const char **why) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	*why = "the path of the socket is too long";
	if ((size_t)snprintf(a.sun_path, sizeof a.sun_path, "%s", path) >= sizeof a.sun_path)
		return -1;
	return connect_to((const struct sockaddr *)&a, sizeof a, until_us, why);
}

/* address: a numeric one. */
static int connect_tcp(const char *address, int port, int64_t until_us, const char **why) {
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
	struct addrinfo *a = NULL;
	char service[16];
	snprintf(service, sizeof service, "%d", port);
	int failed = getaddrinfo(address, service, &hints, &a), fd = -1;
	*why = gai_strerror(failed);
	if (!failed)
		fd = connect_to(a->ai_addr, a->ai_addrlen, until_us, why);
	if (a)
		freeaddrinfo(a);
	return fd;
}

int lk_redis_connect(const lk_redis_url *u, const char **why) {
	int64_t within_us = LK_LIMIT_US(LK_REDIS_CONNECT_S * LK_US_PER_S);
	lk_addresses found;
	int fd = -1;
	if (u->path)
		return connect_unix(u->path, lk_monotonic_us() + within_us, why);
	enum lk_waited w = lk_lookup(u->host, lk_monotonic_us() + within_us, &found, why);
	if (w != LK_WAIT_READY)
		*why = w == LK_WAIT_LATE ? "its name cannot be looked up within 5 s" : "stopped before its name was looked up";
	for (int i = 0; i < found.n && fd < 0 && !(i && lk_stop_asked()); i++)
		fd = connect_tcp(found.text[i], u->port, lk_monotonic_us() + within_us, why);
	return fd;
}
