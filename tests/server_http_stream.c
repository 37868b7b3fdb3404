/* lk serve: streams that are followed. Each follower gets each row of the log once, whenever it comes, and whatever happens
 * meanwhile. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/support/fixtures.h"
#include "tests/support/http.h"
#include "tests/support/log.h"

static test_program lk;
static test_world world;
static test_web web;
static int next_event;

#define LIVE "/api/v1/streams/hits/live"
enum { MOST = 20000 };

static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, next_event++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:00:00Z\",\"path\":\"/%d\",\"n\":%d}\n", next_event % 7, next_event);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world, "CREATE TABLE hits (ts timestamptz, path text, n int) WITH (event_time = ts, partition_by = path, partitions = 4);\n");
	next_event = 0;
	append(5);
	test_web_init(&web, &lk.servers);
	test_web_start(&web);
	return 0;
}

static int over(void **state) {
	(void)state;
	test_web_stop(&web);
	return 0;
}

static void has(const char *text, const char *what) {
	if (!strstr(text, what))
		fail_msg("no \"%s\" in: %s", what, text);
}

/* --- a client that counts --- */

typedef struct client {
	int fd;
	char id[2048];            /* of the last whole event */
	int seen[MOST], rows;
	lk_buf text;              /* of an event that is not whole yet */
} client;

static void count_rows(client *c, const char *data) {
	for (const char *at = data; (at = strstr(at, "\"n\":")); at += 4) {
		c->seen[atoi(at + 4)]++;
		c->rows++;
	}
}

/* Takes whole events from what has come, as a browser does. They are short enough for one chunk each. */
static void take_events(client *c) {
	char *end;
	while ((end = strstr(c->text.data, "\n\n"))) {
		char *id = strstr(c->text.data, "\nid: ");
		*end = '\0';
		count_rows(c, c->text.data);
		if (id && id < end)
			snprintf(c->id, sizeof c->id, "%.*s", (int)strcspn(id + 5, "\n"), id + 5);
		memmove(c->text.data, end + 2, c->text.len - (size_t)(end + 2 - c->text.data) + 1);
		c->text.len -= (size_t)(end + 2 - c->text.data);
	}
}

static void come(client *c, const char *query) {
	char *header = *c->id ? lk_asprintf("Last-Event-ID: %s\r\n", c->id) : lk_strdup(""), *path = lk_asprintf(LIVE "%s", query);
	c->fd = test_http_ask(&web, path, header);
	lk_buf_clear(&c->text);
	lk_buf_adds(&c->text, "");
	free(header);
	free(path);
}

/* Reads until it has so many rows. What is not a whole event when it leaves is lost with the connection. */
static void read_rows(client *c, int rows) {
	struct timeval minute = {.tv_sec = 60};
	setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &minute, sizeof minute);
	while (c->rows < rows) {
		char piece[4096];
		ssize_t n = recv(c->fd, piece, sizeof piece, 0);
		if (n <= 0)
			fail_msg("%d rows came, not %d; then %.300s", c->rows, rows, c->text.data);
		lk_buf_add(&c->text, piece, (size_t)n);
		take_events(c);
	}
}

static void leave(client *c) { close(c->fd); }

static void has_each_once(const client *c, int from, int to) {
	for (int i = 0; i < MOST; i++)
		if (c->seen[i] != (i >= from && i < to))
			fail_msg("row %d came %d times", i, c->seen[i]);
}

/* --- tests --- */

/* First the last rows, as of lk tail; then each new one. */
static void new_rows_follow_the_last_ones(void **state) {
	(void)state;
	append(1);
	append(1);
	int fd = test_http_ask(&web, LIVE "?last=2&columns=n", "");
	char *rows = test_http_await(fd, "]}\n\n");
	has(rows, "Content-Type: text/event-stream");
	has(rows, "event: rows\nid: lk position 1;");
	has(rows, "data: {\"rows\":[{\"n\":5},{\"n\":6}]}\n\n");
	append(1);
	char *next = test_http_await(fd, "]}\n\n");
	has(next, "event: rows\nid: lk position 1;");
	has(next, "data: {\"rows\":[{\"n\":7}]}\n\n");
	free(rows);
	free(next);
	close(fd);
}

static void conditions_hold_for_all_rows(void **state) {
	(void)state;
	client c = {.fd = -1};
	come(&c, "?from=beginning&where=n%3E2&where=n%3C9");
	read_rows(&c, 2);
	append(10);
	read_rows(&c, 6);
	leave(&c);
	has_each_once(&c, 3, 9);
	append(1);
	come(&c, "?where=n%3E14");   /* an id is of the log, whatever was asked for */
	read_rows(&c, 7);
	leave(&c);
	assert_int_equal(c.seen[15], 1);
	lk_buf_release(&c.text);
}

typedef struct appender {
	pthread_t thread;
	int batches;
} appender;

static void *append_batches(void *of) {
	for (int i = 0; i < ((appender *)of)->batches; i++)
		append(1 + i % 5);
	return NULL;
}

/* I3: each row once, while rows come, the client comes back again and again, and the server is another one each time. */
static void each_row_once_over_restarts(void **state) {
	(void)state;
	static client c = {.fd = -1};
	unsigned long seed = test_seed("each_row_once_over_restarts");
	appender a = {.batches = 200};
	int all = 5;
	for (int i = 0; i < a.batches; i++)
		all += 1 + i % 5;
	pthread_create(&a.thread, NULL, append_batches, &a);
	for (int round = 0; c.rows < all; round++) {
		int more = 1 + (int)(test_random(&seed) % 60);
		come(&c, "?from=beginning&columns=n");
		read_rows(&c, c.rows + more < all ? c.rows + more : all);
		leave(&c);
		if (round % 3 == 2) {
			test_web_stop(&web);
			test_web_start(&web);
		}
	}
	pthread_join(a.thread, NULL);
	has_each_once(&c, 0, all);
	lk_buf_release(&c.text);
}

/* One reader for all; each begins where it likes. */
static void many_share_one_reader(void **state) {
	(void)state;
	enum { MANY = 500 };
	static int fds[MANY];
	for (int i = 0; i < MANY; i++) {
		char *path = lk_asprintf(LIVE "?last=%d", 1 + i % 5);
		fds[i] = test_http_ask(&web, path, "");
		free(test_http_await(fds[i], "]}\n\n"));
		free(path);
	}
	test_http_is(&web, "/metrics", "", 200, "", "\nlk_http_live_clients 500\n");
	append(1);
	for (int i = 0; i < MANY; i++)
		free(test_http_await(fds[i], "\"n\":5}"));
	assert_int_equal(test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk tail'"), 1);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

static int has_no_reader(void *unused) {
	(void)unused;
	return test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk tail'") == 0;
}

/* A lost client is noticed when something is sent to it. */
static int has_no_reader_after_a_row(void *unused) {
	append(1);
	return has_no_reader(unused);
}

static void the_reader_ends_with_its_last_follower(void **state) {
	(void)state;
	client c = {.fd = -1};
	come(&c, "?from=beginning");
	read_rows(&c, 5);
	shutdown(c.fd, SHUT_RDWR);
	leave(&c);
	assert_true(test_poll(has_no_reader_after_a_row, NULL, 60000));
	lk_buf_release(&c.text);
}

/* I11: it is told what is missing, and misses nothing. */
static void followers_outlast_postgresql(void **state) {
	(void)state;
	static client c = {.fd = -1};
	come(&c, "?from=beginning");
	read_rows(&c, 5);
	test_postgres_kill(&lk.servers);
	char *problem = test_http_await(c.fd, "it goes on by itself\"}\n\n");
	has(problem, "event: problem\ndata: {");
	has(problem, "PostgreSQL cannot be reached");
	assert_null(strstr(problem, ".sock"));
	free(problem);
	test_postgres_start(&lk.servers);
	lk_pg_close(&world.pg);
	test_open(&world.pg, &lk.servers);
	append(3);
	read_rows(&c, 8);
	leave(&c);
	has_each_once(&c, 0, 8);
	lk_buf_release(&c.text);
}

static void what_cannot_be_followed_is_refused(void **state) {
	(void)state;
	test_http_is(&web, "/api/v1/streams/hit/live", "", 404, "application/problem+json", "did you mean hits?");
	test_http_is(&web, LIVE "?where=x=1", "", 400, "application/problem+json", "");
	test_http_is(&web, LIVE "?from=x", "", 400, "application/problem+json", "\"detail\":\"from x: not a place in a stream\"");
	test_http_is(&web, LIVE "?from=1&last=2", "", 400, "", "\"detail\":\"from and last both say where to begin\"");
	test_http_is(&web, LIVE "?limit=1", "", 400, "application/problem+json", "has no parameter");
	test_http_is(&web, LIVE, "Last-Event-ID: 1/999\r\n", 400, "application/problem+json", "no id of this stream's events");
	test_http_is(&web, LIVE, "Accept: application/json\r\n", 406, "application/problem+json", "text/event-stream");
}

/* A stream that is gone ends what is read of it; who comes back hears why. */
static void a_dropped_stream_ends_its_followers(void **state) {
	(void)state;
	client c = {.fd = -1};
	come(&c, "?from=beginning");
	read_rows(&c, 5);
	LK(0, "", "", "drop", "--stream", "hits", "--yes");
	free(test_http_await(c.fd, "event: problem\n"));
	leave(&c);
	test_http_is(&web, LIVE, "", 404, "application/problem+json", "");
	lk_buf_release(&c.text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, over)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(new_rows_follow_the_last_ones),
		TEST(conditions_hold_for_all_rows),
		TEST(each_row_once_over_restarts),
		TEST(many_share_one_reader),
		TEST(the_reader_ends_with_its_last_follower),
		TEST(followers_outlast_postgresql),
		TEST(what_cannot_be_followed_is_refused),
		TEST(a_dropped_stream_ends_its_followers),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
