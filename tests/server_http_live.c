/* lk serve: views that are followed. What followers are told adds up to what a query says, whenever they come, and whatever
 * happens meanwhile. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
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

#define LIVE "/api/v1/views/traffic/live"

static void append(int n) {
	lk_buf lines = LK_BUF_INIT;
	for (int i = 0; i < n; i++, next_event++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:00:00Z\",\"path\":\"/%d\"}\n", next_event % 3);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
	LK(0, "", "", "speed", "--once");
}

static int fresh(void **state) {
	(void)state;
	test_world_empty(&world);
	test_world_declare(&world,
	                   "CREATE TABLE hits (ts timestamptz, path text) WITH (event_time = ts, partition_by = path, partitions = 1);\n"
	                   "CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n");
	next_event = 0;
	append(3);
	test_web_init(&web, &lk.servers);
	test_web_start(&web);
	return 0;
}

static int over(void **state) {
	(void)state;
	test_web_stop(&web);
	return 0;
}

static int follow(const char *headers) { return test_http_ask(&web, LIVE, headers); }

static void has(const char *text, const char *what) {
	if (!strstr(text, what))
		fail_msg("no \"%s\" in: %s", what, text);
}

/* I3: first all rows, each with the place in the log; then those that have changed, and no others. */
static void changes_follow_the_rows(void **state) {
	(void)state;
	int fd = follow("");
	char *rows = test_http_await(fd, "]}\n\n");
	has(rows, "Content-Type: text/event-stream");
	has(rows, "event: rows\nid: ");
	has(rows, "/3\ndata: {");
	has(rows, "\"path\":\"/2\",\"hits\":1}");
	append(1);
	char *changes = test_http_await(fd, "\"gone\":[]}\n\n");
	has(changes, "event: changes\nid: ");
	has(changes, "/4\ndata: {");
	has(changes, "\"path\":\"/0\",\"hits\":2}");
	assert_null(strstr(changes, "\"path\":\"/1\""));
	free(rows);
	free(changes);
	close(fd);
}

/* The id of the first event in a text. */
static char *id_of(const char *text) {
	const char *at = strstr(text, "\nid: ");
	assert_non_null(at);
	return lk_strndup(at + 5, strcspn(at + 5, "\n"));
}

/* I3: who comes back with an id gets what it missed; with one that is not known, all rows. */
static void a_follower_goes_on_where_it_was(void **state) {
	(void)state;
	int stays = follow(""), fd = follow("");
	char *rows = test_http_await(fd, "]}\n\n"), *id = id_of(rows), *header = lk_asprintf("Last-Event-ID: %s\r\n", id);
	close(fd);
	append(2);
	free(test_http_await(stays, "\"gone\":[]}\n\n"));
	fd = follow(header);
	char *missed = test_http_await(fd, "\"gone\":[]}\n\n");
	has(missed, "event: changes");
	has(missed, "\"path\":\"/1\",\"hits\":2}");
	assert_null(strstr(missed, "event: rows"));
	close(fd);
	fd = follow("Last-Event-ID: 1/999\r\n");
	char *anew = test_http_await(fd, "]}\n\n");
	has(anew, "event: rows");
	has(anew, "\"path\":\"/1\",\"hits\":2}");
	close(fd);
	close(stays);
	free(rows);
	free(id);
	free(header);
	free(missed);
	free(anew);
}

/* Each gets what has changed, and all of them together cost one session beside those of the workers. */
static void many_follow_for_the_price_of_one(void **state) {
	(void)state;
	enum { MANY = 500 };
	static int fds[MANY];
	for (int i = 0; i < MANY; i++) {
		fds[i] = follow("");
		free(test_http_await(fds[i], "]}\n\n"));
	}
	test_http_is(&web, "/metrics", "", 200, "", "\nlk_http_live_clients 500\n");
	append(1);
	for (int i = 0; i < MANY; i++)
		free(test_http_await(fds[i], "\"path\":\"/0\",\"hits\":2}"));
	assert_in_range(test_world_int(&world, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'lk serve'"), 2, 3);
	for (int i = 0; i < MANY; i++)
		close(fds[i]);
}

static void more_than_may_follow_are_refused(void **state) {
	(void)state;
	test_web few;
	test_web_init(&few, &lk.servers);
	few.options.limits.live = 1;
	test_web_start(&few);
	int fd = test_http_ask(&few, LIVE, "");
	free(test_http_await(fd, "]}\n\n"));
	test_http_is(&few, LIVE, "", 503, "Retry-After: 1\r\n", "as many clients are followed as may be");
	close(fd);
	test_web_stop(&few);
}

static void what_cannot_be_followed_is_refused(void **state) {
	(void)state;
	test_http_is(&web, "/api/v1/views/trafic/live", "", 404, "application/problem+json", "did you mean traffic?");
	test_http_is(&web, LIVE "?where=x=1", "", 400, "application/problem+json", "");
	test_http_is(&web, LIVE, "Accept: application/json\r\n", 406, "application/problem+json", "text/event-stream");
}

/* The library would send bytes of a body: the next answer on the connection shows that it sends none. */
static void head_of_live_has_no_body(void **state) {
	(void)state;
	int fd = test_http_connect(lk_web_address(web.web));
	test_http_send(fd, "HEAD " LIVE " HTTP/1.1\r\nHost: localhost\r\n\r\nGET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
	test_http head = test_http_read(fd, true), alive = test_http_read(fd, false);
	assert_int_equal(head.status, 200);
	assert_string_equal(alive.body, "alive\n");
	test_http_release(&head);
	test_http_release(&alive);
	close(fd);
}

/* I11: they are told what is missing, and go on when it is there again. */
static void followers_outlast_a_server(void **state) {
	(void)state;
	int fd = follow("");
	free(test_http_await(fd, "]}\n\n"));
	test_redis_kill(&lk.servers);
	char *problem = test_http_await(fd, "it goes on by itself\"}\n\n");
	has(problem, "event: problem\ndata: {");
	has(problem, "Redis cannot be reached");
	assert_null(strstr(problem, ".sock"));
	test_redis_start(&lk.servers);
	append(1);
	free(test_http_await(fd, "\"path\":\"/0\",\"hits\":2}"));
	free(problem);
	close(fd);
}

static void the_end_of_the_server_ends_all(void **state) {
	(void)state;
	test_web other;
	test_web_init(&other, &lk.servers);
	test_web_start(&other);
	int fds[5];
	for (int i = 0; i < 5; i++) {
		fds[i] = test_http_ask(&other, LIVE, "");
		free(test_http_await(fds[i], "]}\n\n"));
	}
	test_web_stop(&other);
	for (int i = 0; i < 5; i++) {
		char rest[64];
		struct pollfd p = {.fd = fds[i], .events = POLLIN};
		ssize_t n = 1;
		while (n > 0 && poll(&p, 1, 60000) == 1)
			n = recv(fds[i], rest, sizeof rest, 0);
		assert_true(n <= 0);
		close(fds[i]);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fresh, over)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(changes_follow_the_rows),
		TEST(a_follower_goes_on_where_it_was),
		TEST(many_follow_for_the_price_of_one),
		TEST(more_than_may_follow_are_refused),
		TEST(what_cannot_be_followed_is_refused),
		TEST(head_of_live_has_no_body),
		TEST(followers_outlast_a_server),
		TEST(the_end_of_the_server_ends_all),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
