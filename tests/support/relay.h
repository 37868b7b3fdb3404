/* Relays Redis on a free port of 127.0.0.1 and sees what is sent. It carries one connection at a time. */
#ifndef LK_TESTS_SUPPORT_RELAY_H
#define LK_TESTS_SUPPORT_RELAY_H

#include <pthread.h>

#include "tests/support/servers.h"

typedef struct test_relay {
	const test_servers *servers;
	int listener, port;
	pthread_t thread;
	/* Called for each piece before it is sent to Redis; may be NULL. Runs in another thread: it must not call cmocka. */
	void (*seen)(void *ctx, const char *piece, size_t n);
	void *ctx;
} test_relay;

/* The caller has set seen and ctx. */
void test_relay_open(test_relay *r, const test_servers *s);
/* Waits until the current connection is closed. */
void test_relay_close(test_relay *r);

#endif
