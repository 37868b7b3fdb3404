#include "tests/support/http.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"

enum { DEADLINE_MS = 60000, MOST = 80 << 20 };

/* --- the server --- */

static void keep(void *ctx, const lk_error *what) {
	test_web *w = ctx;
	size_t len = strlen(w->said);
	snprintf(w->said + len, sizeof w->said - len, "%s\n", what->text);
}

void test_web_init(test_web *w, const test_servers *s) {
	*w = (test_web){.options = {.postgres = s->at.postgres, .redis = s->at.redis, .listen = "127.0.0.1:0", .workers = 2,
	                            .limits = lk_web_defaults, .log = keep}};
	w->options.ctx = w;
}

void test_web_start(test_web *w) {
	lk_error err = {0};
	if (lk_web_start(&w->web, &w->options, &err) != LK_OK)
		fail_msg("%s (%s)", err.text, err.hint);
}

void test_web_stop(test_web *w) {
	lk_web_stop(w->web);
	w->web = NULL;
}

/* --- the client --- */

int test_http_connect(const char *address) {
	int fd;
	if (!strncmp(address, "unix:", 5)) {
		struct sockaddr_un a = {.sun_family = AF_UNIX};
		snprintf(a.sun_path, sizeof a.sun_path, "%s", address + 5);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
		assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
		return fd;
	}
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(strrchr(address, ':') + 1))};
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
	return fd;
}

void test_http_send(int fd, const char *text) {
	for (size_t len = strlen(text); len > 0;) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;   /* the answer, or its lack, says why */
		text += n;
		len -= (size_t)n;
	}
}

/* One more piece; false at the end. */
static bool more(int fd, lk_buf *b) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	lk_buf_grow(b, 1 << 16);
	if (poll(&p, 1, DEADLINE_MS) != 1)
		fail_msg("no answer within a minute: %.200s", b->data ? b->data : "");
	ssize_t n = recv(fd, b->data + b->len, 1 << 16, 0);
	if (n <= 0)
		return false;
	b->len += (size_t)n;
	b->data[b->len] = '\0';
	assert_true(b->len < MOST);
	return true;
}

/* Byte by byte, so that nothing of the next answer is taken. */
static bool read_head(int fd, lk_buf *b) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char c;
	while (b->len < 4 || strcmp(b->data + b->len - 4, "\r\n\r\n")) {
		if (poll(&p, 1, DEADLINE_MS) != 1)
			fail_msg("no answer within a minute");
		if (recv(fd, &c, 1, 0) != 1)
			return false;
		lk_buf_addc(b, c);
	}
	return true;
}

char *test_http_header(const test_http *h, const char *name) {
	for (const char *line = h->head; (line = strstr(line, "\r\n")); ) {
		line += 2;
		size_t len = strlen(name);
		if (strncasecmp(line, name, len) || line[len] != ':')
			continue;
		line += len + 1 + strspn(line + len + 1, " ");
		return lk_strndup(line, strcspn(line, "\r"));
	}
	return NULL;
}

test_http test_http_read(int fd, bool head) {
	lk_buf top = LK_BUF_INIT, body = LK_BUF_INIT;
	test_http h = {0};
	if (!read_head(fd, &top)) {
		lk_buf_release(&top);
		return h;
	}
	h.head = lk_buf_steal(&top);
	h.status = atoi(h.head + strlen("HTTP/1.1 "));
	char *length = test_http_header(&h, "Content-Length");
	size_t len = length && !head ? (size_t)atoll(length) : 0;
	lk_buf_grow(&body, len + 1);
	while (body.len < len && more(fd, &body))
		;
	h.body_len = body.len;
	lk_buf_addc(&body, '\0');
	h.body = lk_buf_steal(&body);
	free(length);
	return h;
}

void test_http_release(test_http *h) {
	free(h->head);
	free(h->body);
	*h = (test_http){0};
}

bool test_http_closed(int fd) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char c;
	return poll(&p, 1, DEADLINE_MS) == 1 && recv(fd, &c, 1, 0) <= 0;
}

int test_http_ask(const test_web *w, const char *path, const char *headers) {
	char *request = lk_asprintf("GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", path, headers);
	int fd = test_http_connect(lk_web_address(w->web));
	test_http_send(fd, request);
	free(request);
	return fd;
}

char *test_http_await(int fd, const char *text) {
	lk_buf b = LK_BUF_INIT;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	lk_buf_adds(&b, "");
	while (!strstr(b.data, text)) {
		char piece[4096];
		ssize_t n = poll(&p, 1, DEADLINE_MS) == 1 ? recv(fd, piece, sizeof piece, 0) : -1;
		if (n <= 0)
			fail_msg("\"%s\" never came: %s", text, b.data);
		lk_buf_add(&b, piece, (size_t)n);
	}
	return lk_buf_steal(&b);
}

test_http test_http_get(const test_web *w, const char *path, const char *headers) {
	int fd = test_http_ask(w, path, headers);
	test_http h = test_http_read(fd, false);
	close(fd);
	return h;
}

void test_http_is(const test_web *w, const char *path, const char *headers, int status, const char *head_has, const char *body_has) {
	test_http h = test_http_get(w, path, headers);
	if (h.status != status || !strstr(h.head, head_has) || !strstr(h.body, body_has))
		fail_msg("GET %s: %d, wanted %d with \"%s\" and \"%s\":\n%s%s", path, h.status, status, head_has, body_has,
		         h.head ? h.head : "", h.body ? h.body : "");
	test_http_release(&h);
}
