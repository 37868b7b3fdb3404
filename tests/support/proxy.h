/* Carries connections from a port of this machine to the socket of a server, as a network does, and can fall silent. */
#ifndef LK_TESTS_SUPPORT_PROXY_H
#define LK_TESTS_SUPPORT_PROXY_H

#include <pthread.h>

#include "tests/support/servers.h"

/* Carries everything; carries only new connections, and nothing of existing ones; carries nothing. Connections stay
 * open and are accepted in any case. */
enum test_carried { TEST_CARRIES_ALL, TEST_CARRIES_NEW, TEST_CARRIES_NONE };

enum { TEST_PROXY_MOST = 64 };

typedef struct test_proxy {
	const char *address;                 /* numeric: 127.0.0.1 */
	int port, listener;
	char *path;                          /* of the server's socket; NULL: nothing is carried */
	pthread_t thread;
	_Atomic int carried, held;           /* the requested state; the current state of the thread */
	_Atomic int ends;
	struct test_pair { int client, server, held; } pairs[TEST_PROXY_MOST];
	int npairs;
} test_proxy;

/* Opens a proxy on a free port of the address, or on this port. Without a path, connections are never answered. The
 * path is freed when it is closed. */
void test_proxy_open(test_proxy *p, const char *address, int port, char *path);
/* Returns when the state is reached. */
void test_proxy_set(test_proxy *p, enum test_carried what);
void test_proxy_close(test_proxy *p);

/* Where the servers' sockets are; lk_malloc'ed. */
char *test_postgres_socket(const test_servers *s);
char *test_redis_socket(const test_servers *s);

#endif
