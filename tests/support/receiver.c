#include "tests/support/receiver.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/servers.h"

enum { SLICE_MS = 50, AWAIT_MS = 60000 };

/* --- requests --- */

static bool wait_for(test_receiver *r, int fd) {
	struct pollfd p = {.fd = fd, .events = POLLIN};
	while (!r->ends)
		if (poll(&p, 1, SLICE_MS) > 0)
			return true;
	return false;
}

/* One more piece; false at the end of the connection. */
static bool read_more(test_receiver *r, int fd, lk_buf *b) {
	char piece[65536];
	ssize_t n = wait_for(r, fd) ? read(fd, piece, sizeof piece) : 0;
	if (n > 0)
		lk_buf_add(b, piece, (size_t)n);
	return n > 0;
}

/* Reads a request; head: bytes of its head, with the empty line. */
static bool read_request(test_receiver *r, int fd, bool cut, lk_buf *b, size_t *head) {
	const char *end = NULL, *length;
	while (!b->data || !(end = strstr(b->data, "\r\n\r\n")))
		if (!read_more(r, fd, b))
			return false;
	*head = (size_t)(end - b->data) + 4;
	length = strcasestr(b->data, "\r\ncontent-length:");
	size_t all = *head + (length ? strtoul(length + 17, NULL, 10) : 0);
	while (!cut && b->len < all)
		if (!read_more(r, fd, b))
			return false;
	return true;
}

/* --- answers --- */

static void next_word(test_receiver *r, char word[16]) {
	static const char *const chances[] = {"200", "200", "503", "silent", "cut"};
	pthread_mutex_lock(&r->lock);
	snprintf(word, 16, "%s", "200");
	if (sscanf(r->at, " %15s", word) == 1 && strcmp(word, "any") != 0) {
		r->at += strspn(r->at, " ");
		r->at += strcspn(r->at, " ");
	}
	if (!strcmp(word, "any"))
		snprintf(word, 16, "%s", chances[test_random(&r->random) % 5]);
	pthread_mutex_unlock(&r->lock);
}

static void keep(test_receiver *r, const lk_buf *b, size_t head, bool taken) {
	pthread_mutex_lock(&r->lock);
	lk_buf_add(&r->heads, b->data, head);
	lk_buf_add(&r->bodies, b->data + head, b->len - head);
	lk_buf_addc(&r->bodies, '\n');
	if (taken) {
		lk_buf_add(&r->taken, b->data + head, b->len - head);
		lk_buf_addc(&r->taken, '\n');
	}
	r->requests++;
	pthread_mutex_unlock(&r->lock);
}

static void answer(test_receiver *r, int fd, const char *word, bool moved) {
	lk_buf b = LK_BUF_INIT;
	if (!strcmp(word, "hang"))
		while (!r->ends)
			poll(NULL, 0, SLICE_MS);
	if (!strcmp(word, "half"))
		lk_buf_adds(&b, "HTTP/1.1 200 O");
	else if (!strcmp(word, "later"))
		lk_buf_adds(&b, "HTTP/1.1 429 Later\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
	else if (!strcmp(word, "moved") && !moved)
		lk_buf_addf(&b, "HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:%d/moved\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", r->port);
	else if (strcmp(word, "silent") && strcmp(word, "cut") && strcmp(word, "hang"))
		lk_buf_addf(&b, "HTTP/1.1 %s As told\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", strcmp(word, "moved") ? word : "200");
	if (b.len && write(fd, b.data, b.len) < 0)
		perror("receiver");
	lk_buf_release(&b);
}

static void serve(test_receiver *r, int fd) {
	lk_buf b = LK_BUF_INIT;
	char word[16];
	size_t head = 0;
	next_word(r, word);
	if (read_request(r, fd, !strcmp(word, "cut"), &b, &head)) {
		bool moved = !strncmp(b.data, "POST /moved", 11);
		keep(r, &b, head, !strcmp(word, "200") || moved);
		answer(r, fd, word, moved);
	}
	close(fd);
	lk_buf_release(&b);
}

static void *run(void *arg) {
	test_receiver *r = arg;
	while (wait_for(r, r->listener)) {
		int fd = accept4(r->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0)
			serve(r, fd);
	}
	return NULL;
}

/* --- for tests --- */

void test_receiver_open(test_receiver *r) {
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof a;
	*r = (test_receiver){.script = lk_strdup(""), .random = 1};
	r->at = r->script;
	pthread_mutex_init(&r->lock, NULL);
	r->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(r->listener, 16), 0);
	assert_int_equal(getsockname(r->listener, (struct sockaddr *)&a, &size), 0);
	r->port = ntohs(a.sin_port);
	assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
}

void test_receiver_answers(test_receiver *r, const char *script) {
	pthread_mutex_lock(&r->lock);
	free(r->script);
	r->script = lk_strdup(script);
	r->at = r->script;
	pthread_mutex_unlock(&r->lock);
}

int test_receiver_requests(test_receiver *r) {
	pthread_mutex_lock(&r->lock);
	int n = r->requests;
	pthread_mutex_unlock(&r->lock);
	return n;
}

static char *copy(test_receiver *r, const lk_buf *b) {
	pthread_mutex_lock(&r->lock);
	char *text = lk_strdup(b->data ? b->data : "");
	pthread_mutex_unlock(&r->lock);
	return text;
}

char *test_receiver_heads(test_receiver *r) { return copy(r, &r->heads); }
char *test_receiver_bodies(test_receiver *r) { return copy(r, &r->bodies); }
char *test_receiver_taken(test_receiver *r) { return copy(r, &r->taken); }

void test_receiver_clear(test_receiver *r) {
	pthread_mutex_lock(&r->lock);
	lk_buf_release(&r->heads);
	lk_buf_release(&r->bodies);
	lk_buf_release(&r->taken);
	r->requests = 0;
	pthread_mutex_unlock(&r->lock);
}

typedef struct wanted {
	test_receiver *r;
	int requests;
} wanted;

static int has(void *ctx) {
	const wanted *w = ctx;
	return test_receiver_requests(w->r) >= w->requests;
}

void test_receiver_await(test_receiver *r, int requests) {
	if (!test_poll(has, &(wanted){r, requests}, AWAIT_MS))
		fail_msg("%d requests, not %d", test_receiver_requests(r), requests);
}

void test_receiver_close(test_receiver *r) {
	r->ends = 1;
	pthread_join(r->thread, NULL);
	close(r->listener);
	test_receiver_clear(r);
	free(r->script);
	pthread_mutex_destroy(&r->lock);
}
