/* A way to Redis over a free port of 127.0.0.1 that sees what is sent. It carries one connection at a time. */
#ifndef LK_TESTS_SUPPORT_RELAY_H
#define LK_TESTS_SUPPORT_RELAY_H

#include <pthread.h>

#include "tests/support/servers.h"

typedef struct test_relay {
	const test_servers *servers;
	int listener, port;
	pthread_t thread;
	/* Sees each piece before it goes on to Redis; may be NULL. Not in the test's thread: it must not call cmocka. */
	void (*seen)(void *ctx, const char *piece, size_t n);
	void *ctx;
} test_relay;

/* The caller has set seen and ctx. */
void test_relay_open(test_relay *r, const test_servers *s);
/* Waits for the connection that is under way to be closed. */
void test_relay_close(test_relay *r);

#endif
