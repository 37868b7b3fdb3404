/* An HTTP client for tests: requests byte by byte over real sockets, and a server of the test's own. */
#ifndef LK_TESTS_SUPPORT_HTTP_H
#define LK_TESTS_SUPPORT_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "server/server.h"
#include "tests/support/servers.h"

/* A server in this process; its options can be changed before it starts. What it logs is kept in `said`. */
typedef struct test_web {
	lk_web_options options;
	lk_web *web;
	char said[4096];
} test_web;
void test_web_init(test_web *w, const test_servers *s);   /* 127.0.0.1, any free port */
void test_web_start(test_web *w);                         /* fails the test if it cannot */
void test_web_stop(test_web *w);

typedef struct test_http {
	int status;          /* 0: the connection was closed without an answer */
	char *head;          /* with the status line; lk_malloc'ed, as body */
	char *body;          /* as it came: not decompressed */
	size_t body_len;
} test_http;

/* A connection; -1 cannot be: it fails the test. address: of lk_web_address. */
int test_http_connect(const char *address);
void test_http_send(int fd, const char *text);
/* The next answer on the connection; to a HEAD (head) it has no body. Waits a minute at most. */
test_http test_http_read(int fd, bool head);
void test_http_release(test_http *h);
/* The value of a header, NULL without; lk_malloc'ed. */
char *test_http_header(const test_http *h, const char *name);
/* Asks for a path on a connection of its own, which is returned. headers: "Name: value\r\n…" or "". */
int test_http_ask(const test_web *w, const char *path, const char *headers);
/* Reads until this text has come, a minute at most for each piece; all that came until then, lk_malloc'ed. */
char *test_http_await(int fd, const char *text);
/* Has the peer closed the connection? Waits for that a minute at most. */
bool test_http_closed(int fd);

/* A request on a connection of its own. headers: "Name: value\r\n…" or "". */
test_http test_http_get(const test_web *w, const char *path, const char *headers);
/* Fails the test unless the answer has this status, and texts in its head and body ("" for any). */
void test_http_is(const test_web *w, const char *path, const char *headers, int status, const char *head_has, const char *body_has);

#endif
