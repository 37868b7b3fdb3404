#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"

enum { LOOK_MS = 10 };

static int to_server(const char *path) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof a.sun_path, "%.107s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	close(fd);
	return -1;
}

static void take_client(test_proxy *p) {
	int client = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
	int server = client >= 0 && p->path && p->npairs < TEST_PROXY_MOST ? to_server(p->path) : -1;
	if (server >= 0)
		p->pairs[p->npairs++] = (struct test_pair){client, server, 0};
	else if (client >= 0)
		close(client);
}

static void drop_pair(test_proxy *p, int i) {
	close(p->pairs[i].client);
	close(p->pairs[i].server);
	p->pairs[i] = p->pairs[--p->npairs];
}

static int carry(int from, int to) {
	char piece[65536];
	ssize_t n = recv(from, piece, sizeof piece, MSG_DONTWAIT);
	return n > 0 && send(to, piece, (size_t)n, MSG_NOSIGNAL) == n;
}

static void heed(test_proxy *p) {
	int now = p->carried;
	for (int i = 0; i < p->npairs && now != p->held; i++)
		p->pairs[i].held = now != TEST_CARRIES_ALL;
	p->held = now;
}

static void once(test_proxy *p) {
	struct pollfd fds[1 + 2 * TEST_PROXY_MOST] = {{p->listener, POLLIN, 0}};
	int n = p->npairs;
	for (int i = 0; i < n; i++) {
		fds[1 + 2 * i] = (struct pollfd){p->pairs[i].held ? -1 : p->pairs[i].client, POLLIN, 0};
		fds[2 + 2 * i] = (struct pollfd){p->pairs[i].held ? -1 : p->pairs[i].server, POLLIN, 0};
	}
	if (p->held == TEST_CARRIES_NONE || !p->path)
		fds[0].fd = -1;
	poll(fds, (nfds_t)(1 + 2 * n), LOOK_MS);
	for (int i = n - 1; i >= 0; i--)
		if ((fds[1 + 2 * i].revents && !carry(p->pairs[i].client, p->pairs[i].server))
		    || (fds[2 + 2 * i].revents && !carry(p->pairs[i].server, p->pairs[i].client)))
			drop_pair(p, i);
	if (fds[0].revents)
		take_client(p);
}

static void *run(void *arg) {
	test_proxy *p = arg;
	while (!p->ends) {
		heed(p);
		once(p);
	}
	while (p->npairs)
		drop_pair(p, 0);
	return NULL;
}

void test_proxy_open(test_proxy *p, const char *address, int port, char *path) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	socklen_t size = sizeof a;
	int on = 1;
	*p = (test_proxy){.address = address, .path = path};
	assert_int_equal(inet_pton(AF_INET, address, &a.sin_addr), 1);
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	assert_int_equal(bind(p->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(p->listener, TEST_PROXY_MOST), 0);
	assert_int_equal(getsockname(p->listener, (struct sockaddr *)&a, &size), 0);
	p->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
}

static int has_heeded(void *ctx) {
	test_proxy *p = ctx;
	return p->held == p->carried;
}

void test_proxy_set(test_proxy *p, enum test_carried what) {
	p->carried = what;
	assert_true(test_poll(has_heeded, p, 10000));
}

void test_proxy_close(test_proxy *p) {
	if (!p->thread)
		return;
	p->ends = 1;
	pthread_join(p->thread, NULL);
	close(p->listener);
	free(p->path);
	*p = (test_proxy){0};
}

char *test_postgres_socket(const test_servers *s) {
	const char *folder = strstr(s->at.postgres, "host=") + strlen("host=");
	return lk_asprintf("%.*s/.s.PGSQL.5432", (int)strcspn(folder, " "), folder);
}

char *test_redis_socket(const test_servers *s) { return lk_strdup(s->at.redis + strlen("unix:")); }
