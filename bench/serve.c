/* One key over 60 windows over kept connections of `lk serve`, with the speed layer running: each answer is read whole. */
#include "bench/bench.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CLIENTS = 4, REQUESTS = 3000, ANSWER_BYTES = 1 << 16 };

static const char request[] = "GET /api/v1/views/per_minute/rows?where=k%3Dk7&format=jsonl HTTP/1.1\r\nHost: localhost\r\n\r\n";

typedef struct client {
	pthread_t thread;
	const char *path;
	int requests;
	double seconds[REQUESTS];
	bool wrong;
	char answer[ANSWER_BYTES];
} client;

static int dial(const char *path) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&a, sizeof a))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

/* Reads one answer; how many rows it has, -1 if it is none. */
static int read_answer(int fd, char *b) {
	size_t len = 0, whole = 0;
	char *body = NULL;
	while (!body || len < whole) {
		ssize_t n = recv(fd, b + len, ANSWER_BYTES - 1 - len, 0);
		if (n <= 0)
			return -1;
		len += (size_t)n;
		b[len] = '\0';
		if (body || !(body = strstr(b, "\r\n\r\n")))
			continue;
		const char *length = strstr(b, "Content-Length: ");
		body += 4;
		if (strncmp(b, "HTTP/1.1 200", 12) || !length)
			return -1;
		whole = (size_t)(body - b) + strtoul(length + strlen("Content-Length: "), NULL, 10);
	}
	int rows = 0;
	for (const char *p = body; (p = strchr(p, '\n')); p++)
		rows++;
	return rows;
}

static void *run(void *of) {
	client *c = of;
	int fd = dial(c->path);
	for (int i = 0; i < c->requests && !c->wrong; i++) {
		double began = bench_now();
		c->wrong = send(fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request) || read_answer(fd, c->answer) != 60;
		c->seconds[i] = bench_now() - began;
	}
	if (fd >= 0)
		close(fd);
	return NULL;
}

/* Requests in a second; the clients' latencies are in them. */
static double drive(bench *b, client *clients, int n, const char *path) {
	double began = bench_now();
	for (int i = 0; i < n; i++) {
		clients[i].path = path;
		clients[i].requests = REQUESTS;
		pthread_create(&clients[i].thread, NULL, run, &clients[i]);
	}
	for (int i = 0; i < n; i++) {
		pthread_join(clients[i].thread, NULL);
		bench_check(b, !clients[i].wrong, "60 windows in each answer");
	}
	return n * REQUESTS / (bench_now() - began);
}

static int is_there(void *path) {
	int fd = dial(path);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static double p99_ms(client *clients, int n) {
	double *all = lk_malloc(sizeof *all * REQUESTS * (size_t)n);
	for (int i = 0; i < n; i++)
		memcpy(all + (size_t)i * REQUESTS, clients[i].seconds, sizeof clients[i].seconds);
	double p99 = bench_percentile(all, REQUESTS * n, 0.99) * 1e3;
	free(all);
	return p99;
}

void bench_serve(bench *b) {
	bench_title("serve: the same query over kept connections, the speed layer running; goals: p99 2 ms, 3,000 requests/s");
	bench_point_view(b);
	char *path = bench_file(b, "http.sock"), *listen = lk_asprintf("unix:%s", path);
	client *clients = lk_calloc(CLIENTS, sizeof *clients);
	int speed = test_lk_start(&b->servers, NULL, (const char *const[]){"speed", NULL});
	int serve = test_lk_start(&b->servers, NULL, (const char *const[]){"serve", "--listen", listen, NULL});
	bench_check(b, test_poll(is_there, path, 10000), "lk serve listens");
	drive(b, clients, 1, path);   /* sessions and plans are there from now on */
	double alone = drive(b, clients, 1, path), alone_ms = p99_ms(clients, 1);
	double many = drive(b, clients, CLIENTS, path), many_ms = p99_ms(clients, CLIENTS);
	kill(serve, SIGTERM);
	kill(speed, SIGTERM);
	test_lk_wait(serve, 10000);
	test_lk_wait(speed, 10000);
	bench_report(b, alone_ms <= 2, "one connection: %.0f requests/s, p99 %.2f ms", alone, alone_ms);
	bench_report(b, many >= 3000, "%d connections: %.0f requests/s, p99 %.2f ms", CLIENTS, many, many_ms);
	free(clients);
	free(path);
	free(listen);
}
