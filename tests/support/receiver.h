/* A small HTTP server: receives what webhooks send, and answers as it is told to. */
#ifndef LK_TESTS_SUPPORT_RECEIVER_H
#define LK_TESTS_SUPPORT_RECEIVER_H

#include <pthread.h>

#include "core/buf.h"

/* How a request is answered: by this status, or:
 *   cut      the connection is closed in the middle of the request
 *   silent   it is closed after the request, without an answer
 *   half     it is closed in the middle of the answer's head
 *   hang     there is no answer, until the receiver is closed
 *   later    429, with Retry-After: 1
 *   moved    307 to the path /moved of the same server, which answers 200
 *   any      200, 503, silent or cut, by chance */
typedef struct test_receiver {
	int port, listener;
	pthread_t thread;
	pthread_mutex_t lock;
	char *script;             /* words, one for each request; then 200 */
	const char *at;
	unsigned long random;
	int requests;
	lk_buf heads, bodies;     /* of all requests, whatever was answered; under the lock */
	lk_buf taken;             /* bodies of those that were answered with 200 */
	_Atomic int ends;
} test_receiver;

void test_receiver_open(test_receiver *r);
/* From now on. "" or no more words: 200. */
void test_receiver_answers(test_receiver *r, const char *script);
int test_receiver_requests(test_receiver *r);
/* Copies for the caller, for free(). */
char *test_receiver_heads(test_receiver *r);
char *test_receiver_bodies(test_receiver *r);
char *test_receiver_taken(test_receiver *r);
/* Forgets what it has received. */
void test_receiver_clear(test_receiver *r);
/* Polls until there were so many requests; fails the test after a minute. */
void test_receiver_await(test_receiver *r, int requests);
void test_receiver_close(test_receiver *r);

#endif
