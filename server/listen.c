#include "server/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/lookup.h"
#include "core/time.h"

enum { BACKLOG = 511, LOOKUP_S = 5 };

static int no_address(const char *address, lk_error *err) {
	lk_fail(err, LK_EUSAGE, "--listen %s: not an address", address);
	return lk_hint(err, "write 127.0.0.1:8080, [::1]:8080, or unix:PATH");
}

/* errno says why. */
static int cannot_listen(const char *address, lk_error *err) {
	int why = errno;
	lk_fail(err, why == EADDRINUSE ? LK_EBUSY : LK_EUSAGE, "cannot listen on %s: %s", address, strerror(why));
	return lk_hint(err, why == EADDRINUSE ? "another program listens there: end it, or choose another port with --listen"
	                                      : "--listen 127.0.0.1:8080 is always possible if the port is free");
}

/* --- addresses of the network --- */

typedef struct host_port {
	char host[256];
	uint16_t port;
} host_port;

static bool read_port(const char *text, uint16_t *out) {
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	*out = (uint16_t)n;
	return *text >= '0' && *text <= '9' && !*end && n <= UINT16_MAX;
}

/* "8080", "HOST:8080", "[::1]:8080". */
static bool split(const char *address, host_port *out) {
	const char *colon = strrchr(address, ':');
	if (!colon) {
		snprintf(out->host, sizeof out->host, "127.0.0.1");
		return read_port(address, &out->port);
	}
	size_t len = (size_t)(colon - address);
	bool bracketed = len > 2 && address[0] == '[' && address[len - 1] == ']';
	if (bracketed) {
		address++;
		len -= 2;
	}
	if (!len || len >= sizeof out->host || (!bracketed && memchr(address, ':', len)))
		return false;
	memcpy(out->host, address, len);
	out->host[len] = '\0';
	return read_port(colon + 1, &out->port);
}

typedef union any_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
} any_address;

static socklen_t set_address(any_address *a, const char *text, uint16_t port) {
	*a = (any_address){.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
	if (inet_pton(AF_INET6, text, &a->v6.sin6_addr) == 1)
		return sizeof a->v6;
	*a = (any_address){.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
	return inet_pton(AF_INET, text, &a->v4.sin_addr) == 1 ? sizeof a->v4 : 0;
}

static bool is_loopback(const any_address *a) {
	if (a->any.sa_family == AF_INET)
		return ntohl(a->v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

static int open_socket(const any_address *a, socklen_t len) {
	int on = 1, fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (!bind(fd, &a->any, len) && !listen(fd, BACKLOG))
		return fd;
	int why = errno;
	close(fd);
	errno = why;
	return -1;
}

/* With the port that the system chose for port 0. */
static char *url_of(int fd) {
	any_address a;
	socklen_t len = sizeof a;
	char text[INET6_ADDRSTRLEN] = "";
	getsockname(fd, &a.any, &len);
	bool v6 = a.any.sa_family == AF_INET6;
	inet_ntop(a.any.sa_family, v6 ? (void *)&a.v6.sin6_addr : (void *)&a.v4.sin_addr, text, sizeof text);
	return lk_asprintf(v6 ? "http://[%s]:%d" : "http://%s:%d", text, ntohs(v6 ? a.v6.sin6_port : a.v4.sin_port));
}

static int listen_on_host(lk_listener *out, const char *address, bool must_be_local, lk_error *err) {
	host_port at;
	lk_addresses found;
	any_address a;
	const char *why = "it has no address";
	if (!split(address, &at))
		return no_address(address, err);
	if (lk_lookup(at.host, lk_monotonic_us() + LOOKUP_S * LK_US_PER_S, &found, &why) != LK_WAIT_READY || !found.n)
		return lk_fail(err, LK_EUSAGE, "--listen %s: %s", address, why ? why : "no such host");
	socklen_t len = set_address(&a, found.text[0], at.port);
	if (!len)
		return no_address(address, err);
	out->local = is_loopback(&a);
	if (must_be_local && !out->local) {
		lk_fail(err, LK_EUSAGE, "--listen %s is reached from other machines, and there is no token", address);
		return lk_hint(err, "--token-file FILE names a file with a token, which clients then send as Authorization: Bearer");
	}
	out->fd = open_socket(&a, len);
	if (out->fd < 0)
		return cannot_listen(address, err);
	out->address = url_of(out->fd);
	return LK_OK;
}

/* --- unix sockets --- */

/* A socket that nobody listens on any more was left by a server that was killed. */
static void remove_stale(const struct sockaddr_un *a) {
	struct stat s;
	if (stat(a->sun_path, &s) || !S_ISSOCK(s.st_mode))
		return;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)a, sizeof *a) && errno == ECONNREFUSED)
		unlink(a->sun_path);
	if (fd >= 0)
		close(fd);
}

static int listen_on_path(lk_listener *out, const char *path, lk_error *err) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (!*path || strlen(path) >= sizeof a.sun_path)
		return lk_fail(err, LK_EUSAGE, "--listen unix:%s: a path has 1 to %zu bytes", path, sizeof a.sun_path - 1);
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	remove_stale(&a);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	mode_t mask = umask(S_IRWXG | S_IRWXO);
	int rc = fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, BACKLOG) ? -1 : 0, why = errno;
	umask(mask);
	errno = why;
	if (rc) {
		if (fd >= 0)
			close(fd);
		errno = why;
		return cannot_listen(path, err);
	}
	*out = (lk_listener){.fd = fd, .local = true, .path = lk_strdup(path), .address = lk_asprintf("unix:%s", path)};
	return LK_OK;
}

int lk_listen(lk_listener *out, const char *address, bool must_be_local, lk_error *err) {
	*out = (lk_listener){.fd = -1};
	if (!strncmp(address, "unix:", strlen("unix:")))
		return listen_on_path(out, address + strlen("unix:"), err);
	return listen_on_host(out, address, must_be_local, err);
}

void lk_listener_close(lk_listener *l) {
	if (l->fd >= 0)
		close(l->fd);
	if (l->path)
		unlink(l->path);
	free(l->path);
	free(l->address);
	*l = (lk_listener){.fd = -1};
}
