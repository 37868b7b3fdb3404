#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/relay.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int to_redis(const test_servers *s) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof a.sun_path, "%.107s", s->at.redis + strlen("unix:"));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static void carry_one(test_relay *r, int client, int server) {
	char piece[65536];
	struct pollfd p[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
	bool on = server >= 0;
	while (on && poll(p, 2, 10000) > 0)
		for (int i = 0; i < 2 && on; i++) {
			ssize_t n = p[i].revents ? recv(p[i].fd, piece, sizeof piece, 0) : 0;
			if (i == 0 && n > 0 && r->seen)
				r->seen(r->ctx, piece, (size_t)n);
			on = !p[i].revents || (n > 0 && send(p[1 - i].fd, piece, (size_t)n, MSG_NOSIGNAL) == n);
		}
}

/* Until the listener is shut down. */
static void *carry(void *arg) {
	test_relay *r = arg;
	int client;
	while ((client = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		int server = to_redis(r->servers);
		carry_one(r, client, server);
		close(client);
		if (server >= 0)
			close(server);
	}
	return NULL;
}

void test_relay_open(test_relay *r, const test_servers *s) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof a;
	r->servers = s;
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(r->listener, 4), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&a, &size), 0);
	r->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, carry, r), 0);
}

void test_relay_close(test_relay *r) {
	shutdown(r->listener, SHUT_RD);
	pthread_join(r->thread, NULL);
	close(r->listener);
}
