/* lk serve: who may ask, how much, and what happens when a server or a client does not keep up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/time.h"
#include "tests/support/background.h"
#include "tests/support/fixtures.h"
#include "tests/support/http.h"

static test_program lk;
static test_world world;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, ip text, path text, n int) WITH (event_time = ts, partition_by = ip, partitions = 2);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n";

#define ROWS "/api/v1/views/traffic/rows"
#define LOG "/api/v1/streams/hits/rows?from=beginning"
#define REQUEST(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"

enum { EVENTS = 60000 };

static int start(void **state) {
	lk_buf lines = LK_BUF_INIT;
	test_shared_start(state);
	test_world_declare(&world, definitions);
	for (int i = 0; i < EVENTS; i++)
		lk_buf_addf(&lines, "{\"ts\":\"2024-01-01T00:%02d:00Z\",\"ip\":\"%d\",\"path\":\"/%d\",\"n\":%d}\n", i % 60, i % 7, i % 3, i);
	test_world_append_json(&world, "hits", lines.data);
	lk_buf_release(&lines);
	LK(0, "", "", "speed", "--once");
	return 0;
}

static void with_limits(test_web *w, lk_web_limits limits) {
	test_web_init(w, &lk.servers);
	w->options.limits = limits;
	test_web_start(w);
}

static char *write_token(const char *text) { return test_file(&lk, "token", text); }

/* --- who may ask --- */

static const char token[] = "correct-horse-battery-staple";

static void a_token_is_asked_for(void **state) {
	(void)state;
	test_web w;
	char *file = write_token("  correct-horse-battery-staple\n");
	test_web_init(&w, &lk.servers);
	w.options.token_file = file;
	test_web_start(&w);
	test_http_is(&w, ROWS, "", 401, "WWW-Authenticate: Bearer\r\n", "this server wants a token");
	test_http_is(&w, ROWS, "Authorization: Bearer correct-horse-battery-stapl\r\n", 401, "", "");
	test_http_is(&w, ROWS, "Authorization: Bearer correct-horse-battery-staples\r\n", 401, "", "");
	test_http_is(&w, ROWS, "Authorization: Bearer\r\n", 401, "", "");
	test_http_is(&w, ROWS, "Authorization: Basic correct-horse-battery-staple\r\n", 401, "", "");
	test_http_is(&w, "/metrics", "", 401, "", "");
	test_http_is(&w, "/nowhere", "", 401, "", "");   /* who is not trusted does not learn what there is */
	test_http_is(&w, "/livez", "", 200, "", "");
	char *header = lk_asprintf("authorization: bearer %s\r\n", token);
	test_http_is(&w, ROWS "?limit=1", header, 200, "", "");
	test_web_stop(&w);
	unlink(file);
	free(header);
	free(file);
}

static void refuses_to_start(const lk_web_options *o, int code, const char *says, const char *hints) {
	lk_web *web;
	lk_error err = {0};
	assert_int_equal(lk_web_start(&web, o, &err), code);
	if (!strstr(err.text, says) || !strstr(err.hint, hints))
		fail_msg("got \"%s\" (%s)", err.text, err.hint);
}

static void other_machines_need_a_token(void **state) {
	(void)state;
	test_web w;
	test_web_init(&w, &lk.servers);
	w.options.listen = "0.0.0.0:0";
	refuses_to_start(&w.options, LK_EUSAGE, "reached from other machines, and there is no token", "--token-file");
	char *file = write_token("short\n");
	w.options.token_file = file;
	refuses_to_start(&w.options, LK_EINPUT, "a token is one word of 16", "urandom");
	free(file);
	file = write_token("two words, which no header has\n");
	w.options.token_file = file;
	refuses_to_start(&w.options, LK_EINPUT, "a token is one word of 16", "");
	free(file);
	file = write_token(token);
	w.options.token_file = file;
	test_web_start(&w);
	test_http_is(&w, "/readyz", "", 401, "", "");
	test_web_stop(&w);
	unlink(file);
	refuses_to_start(&w.options, LK_EINPUT, "No such file", "");
	free(file);
}

static void addresses_are_checked(void **state) {
	(void)state;
	static const char *const wrong[] = {"", "nowhere", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "::1:80", "[::1]", ":80"};
	test_web w;
	test_web_init(&w, &lk.servers);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		w.options.listen = wrong[i];
		refuses_to_start(&w.options, LK_EUSAGE, "not an address", "127.0.0.1:8080");
	}
	w.options.listen = "127.0.0.1:0";
	test_web_start(&w);
	test_web other;
	test_web_init(&other, &lk.servers);
	other.options.listen = lk_web_address(w.web) + strlen("http://");
	refuses_to_start(&other.options, LK_EBUSY, "cannot listen on", "another program listens there");
	test_web_stop(&w);
}

static int status_of(const test_web *w, const char *request) {
	int fd = test_http_connect(lk_web_address(w->web));
	test_http_send(fd, request);
	test_http h = test_http_read(fd, false);
	int status = h.status;
	test_http_release(&h);
	close(fd);
	return status;
}

/* A page of another site, whose name means this machine, or which sends a form. */
static void other_sites_get_nothing(void **state) {
	(void)state;
	static const struct { const char *headers; int status; } cases[] = {
		{"Host: localhost\r\n", 200}, {"Host: LOCALHOST:8080\r\n", 200}, {"Host: 127.0.0.1:8080\r\n", 200}, {"Host: [::1]:8080\r\n", 200},
		{"Host: 192.0.2.7\r\n", 200}, {"Host: lk.example.org\r\n", 200}, {"Host: lk.example.org:443\r\n", 200},
		{"Host: example.org\r\n", 421}, {"Host: localhost.example.org\r\n", 421}, {"Host: 127.0.0.1.example.org\r\n", 421},
		{"Host: example.org@localhost\r\n", 421}, {"Host: localhost:x\r\n", 421}, {"Host: [::1\r\n", 421}, {"Host: \r\n", 421},
		{"Host: localhost:8080\r\nOrigin: http://localhost:8080\r\n", 200}, {"Host: localhost:8080\r\nOrigin: https://localhost:8080\r\n", 200},
		{"Host: localhost:8080\r\nOrigin: http://localhost\r\n", 403}, {"Host: localhost\r\nOrigin: http://example.org\r\n", 403},
		{"Host: localhost\r\nOrigin: null\r\n", 403}, {"Host: localhost\r\nOrigin: file://localhost\r\n", 403},
	};
	static const char *const hosts[] = {"lk.example.org"};
	test_web w;
	test_web_init(&w, &lk.servers);
	w.options.hosts = hosts;
	w.options.nhosts = 1;
	test_web_start(&w);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *request = lk_asprintf("GET " ROWS "?limit=1 HTTP/1.1\r\n%s\r\n", cases[i].headers);
		int status = status_of(&w, request);
		if (status != cases[i].status)
			fail_msg("%s: %d, wanted %d", cases[i].headers, status, cases[i].status);
		free(request);
	}
	test_web_stop(&w);
}

/* --- how much --- */

static void requests_are_limited(void **state) {
	(void)state;
	test_web w;
	lk_buf big = LK_BUF_INIT;
	with_limits(&w, lk_web_defaults);
	assert_int_equal(status_of(&w, "POST " ROWS " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b"), 405);
	assert_int_equal(status_of(&w, "DELETE " ROWS " HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
	assert_int_equal(status_of(&w, "GET " ROWS " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b"), 413);
	assert_int_equal(status_of(&w, "GET " ROWS " HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), 413);
	assert_int_equal(status_of(&w, "GET " ROWS "\r\n\r\n"), 400);
	lk_buf_adds(&big, "GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ");
	for (int i = 0; i < 40000; i++)
		lk_buf_addc(&big, 'x');
	lk_buf_adds(&big, "\r\n\r\n");
	assert_int_equal(status_of(&w, big.data), 431);
	lk_buf_clear(&big);
	lk_buf_adds(&big, "GET " ROWS "?x=0");
	for (int i = 0; i < 100; i++)
		lk_buf_addf(&big, "&x=%d", i);
	lk_buf_adds(&big, " HTTP/1.1\r\nHost: localhost\r\n\r\n");
	assert_int_equal(status_of(&w, big.data), 400);
	lk_buf_release(&big);
	test_web_stop(&w);
}

static void answers_are_limited(void **state) {
	(void)state;
	test_web w;
	lk_web_limits few = lk_web_defaults;
	few.rows = 50;
	few.body_bytes = 20000;
	with_limits(&w, few);
	test_http_is(&w, ROWS, "", 413, "", "has more than 50 rows");
	test_http_is(&w, ROWS "?max-rows=5&from=2024-01-01T00:50:00Z", "", 413, "", "has more than 5 rows");
	test_http_is(&w, ROWS "?max-rows=0", "", 413, "", "has more than 50 rows");   /* nobody can ask for no bound */
	test_http_is(&w, ROWS "?max-memory=1kB", "", 413, "", "of memory");
	test_http_is(&w, ROWS "?from=2024-01-01T00:50:00Z", "", 200, "", "");
	test_http_is(&w, LOG, "", 413, "", "the answer's text would have more than");
	test_http_is(&w, LOG "&limit=10", "", 200, "", "");
	test_web_stop(&w);
}

static void connections_are_limited(void **state) {
	(void)state;
	test_web w;
	lk_web_limits few = lk_web_defaults;
	int fds[2];
	few.connections = 2;
	with_limits(&w, few);
	for (int i = 0; i < 2; i++) {
		fds[i] = test_http_connect(lk_web_address(w.web));
		test_http_send(fds[i], REQUEST("/livez"));
		test_http h = test_http_read(fds[i], false);
		assert_int_equal(h.status, 200);
		test_http_release(&h);
	}
	test_http_is(&w, "/livez", "", 503, "Retry-After: 1\r\n", "as many connections as it takes");
	close(fds[0]);
	close(fds[1]);
	test_web_stop(&w);
}

/* --- while a server is silent --- */

/* So many requests on connections of their own. */
static void ask(const test_web *w, int *fds, int n) {
	for (int i = 0; i < n; i++) {
		fds[i] = test_http_connect(lk_web_address(w->web));
		test_http_send(fds[i], REQUEST(ROWS "?limit=1"));
	}
}

/* How many of them have this status. */
static int count(int *fds, int n, int status) {
	int found = 0;
	for (int i = 0; i < n; i++) {
		test_http h = test_http_read(fds[i], false);
		found += h.status == status;
		test_http_release(&h);
		close(fds[i]);
	}
	return found;
}

static int is_readable(void *fd) {
	struct pollfd p = {.fd = *(int *)fd, .events = POLLIN};
	return poll(&p, 1, 0) == 1;
}

/* Waits until one of them is answered, and gives its status. */
static int first_answer(int *fds, int n) {
	for (int64_t until = lk_monotonic_us() + 60 * LK_US_PER_S; lk_monotonic_us() < until; usleep(1000))
		for (int i = 0; i < n; i++)
			if (is_readable(&fds[i])) {
				test_http h = test_http_read(fds[i], false);
				int status = h.status;
				test_http_release(&h);
				close(fds[i]);
				fds[i] = fds[n - 1];
				return status;
			}
	return 0;
}

/* The server keeps a session with each server before they fall silent, and answers nothing in vain meanwhile. */
static void one_client_does_not_take_all(void **state) {
	(void)state;
	test_web w;
	lk_web_limits few = lk_web_defaults;
	int fds[3];
	few.of_client = 2;
	with_limits(&w, few);
	test_http_is(&w, ROWS "?limit=1", "", 200, "", "");
	test_freeze(&lk.servers, TEST_REDIS);
	ask(&w, fds, 3);
	int refused = first_answer(fds, 3);
	test_thaw(&lk.servers);
	assert_int_equal(refused, 429);
	assert_int_equal(count(fds, 2, 200), 2);
	test_web_stop(&w);
}

static void what_waits_is_limited(void **state) {
	(void)state;
	test_web w;
	lk_web_limits few = lk_web_defaults;
	int fds[3];
	few.waiting = 1;
	test_web_init(&w, &lk.servers);
	w.options.limits = few;
	w.options.workers = 1;
	test_web_start(&w);
	test_http_is(&w, ROWS "?limit=1", "", 200, "", "");
	test_freeze(&lk.servers, TEST_REDIS);
	ask(&w, fds, 3);
	int refused = first_answer(fds, 3);
	test_http alive = test_http_get(&w, "/livez", "");   /* nobody waits for a worker in vain */
	test_thaw(&lk.servers);
	assert_int_equal(refused, 503);
	assert_int_equal(alive.status, 200);
	assert_true(count(fds, 2, 200) >= 1);
	test_http_release(&alive);
	test_web_stop(&w);
}

static void a_silent_server_is_not_waited_for(void **state) {
	(void)state;
	test_web w;
	lk_web_limits soon = lk_web_defaults;
	soon.time_us = 300000;
	with_limits(&w, soon);
	test_http_is(&w, ROWS "?limit=1", "", 200, "", "");
	for (int i = 0; i < 2; i++) {
		test_freeze(&lk.servers, i ? TEST_REDIS : TEST_POSTGRES);
		test_http h = test_http_get(&w, ROWS "?limit=1", "");
		test_thaw(&lk.servers);
		assert_int_equal(h.status, 503);
		assert_non_null(strstr(h.head, "Retry-After: 1\r\n"));
		test_http_release(&h);
	}
	test_web_stop(&w);
}

/* --- while a server is away --- */

/* Nothing of where servers are, of statements, or of users. */
static void tells_nothing(const test_http *h) {
	static const char *const secrets[] = {".sock", "s.PGSQL", "/tmp", "SELECT", "user", "password"};
	assert_null(strstr(h->body, lk.servers.dir));
	for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++)
		if (strstr(h->body, secrets[i]))
			fail_msg("an error says %s: %s", secrets[i], h->body);
}

static void is_away(const test_web *w, const char *path, const char *why) {
	test_http h = test_http_get(w, path, "");
	if (h.status != 503 || !strstr(h.body, why) || !strstr(h.head, "Retry-After: "))
		fail_msg("%s: %s%s", path, h.head, h.body);
	tells_nothing(&h);
	test_http_release(&h);
}

/* I11: it says what is missing, and answers again by itself. */
static void servers_go_and_come_back(void **state) {
	(void)state;
	test_web w;
	with_limits(&w, lk_web_defaults);
	for (int i = 0; i < 2; i++) {
		test_http_is(&w, ROWS "?limit=1", "", 200, "", "");
		test_redis_kill(&lk.servers);
		is_away(&w, ROWS, "Redis cannot be reached");
		is_away(&w, "/readyz", "\"reason\":\"Redis cannot be reached\"");
		test_http_is(&w, "/metrics", "", 200, "", "\nlk_up 0\n");
		test_http_is(&w, "/livez", "", 200, "", "");
		test_http_is(&w, "/api/v1/views", "", 200, "", "");   /* PostgreSQL is enough for it */
		test_redis_start(&lk.servers);
		LK(0, "", "", "speed", "--once");
		test_http_is(&w, ROWS "?limit=1", "", 200, "", "");
		test_postgres_kill(&lk.servers);
		is_away(&w, ROWS, "PostgreSQL cannot be reached");
		is_away(&w, "/api/v1/streams/hits/rows", "PostgreSQL cannot be reached");
		is_away(&w, "/readyz", "\"reason\":\"PostgreSQL cannot be reached\"");
		test_postgres_start(&lk.servers);
		test_http_is(&w, "/readyz", "", 200, "", "\"ready\":true}");
		test_http_is(&w, ROWS "?limit=1", "", 200, "", "");
	}
	assert_non_null(strstr(w.said, "Redis"));   /* the log has what clients do not see */
	test_web_stop(&w);
}

/* The next request of a connection whose session was lost while it rested is answered as if nothing had been. */
static void a_restart_between_two_requests_is_not_seen(void **state) {
	(void)state;
	test_web w;
	with_limits(&w, lk_web_defaults);
	for (int i = 0; i < 8; i++)
		test_http_is(&w, ROWS "?limit=1", "", 200, "", "");
	test_postgres_kill(&lk.servers);
	test_postgres_start(&lk.servers);
	for (int i = 0; i < 8; i++)
		test_http_is(&w, ROWS "?limit=1", "", 200, "", "");
	test_web_stop(&w);
}

/* --- clients that do not keep up --- */

static int small_reader(const test_web *w, const char *request) {
	int fd = test_http_connect(lk_web_address(w->web)), bytes = 4096;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
	test_http_send(fd, request);
	return fd;
}

static int has_dropped(void *web) {
	test_http h = test_http_get(web, "/metrics", "");
	int dropped = strstr(h.body, "lk_http_dropped_clients_total 2\n") != NULL;
	test_http_release(&h);
	return dropped;
}

typedef struct sipping {
	test_web *web;
	int fd;
} sipping;

/* A little for each look, which the library does not take for silence. */
static int sip(void *of) {
	sipping *s = of;
	char piece[1 << 14];
	return recv(s->fd, piece, sizeof piece, MSG_DONTWAIT) == 0 || has_dropped(s->web);
}

static void slow_readers_are_dropped(void **state) {
	(void)state;
	test_web w;
	lk_web_limits soon = lk_web_defaults;
	soon.idle_s = 1;
	soon.bytes_per_s = 100 << 20;
	with_limits(&w, soon);
	sipping slow = {&w, small_reader(&w, REQUEST(LOG))};
	int stopped = small_reader(&w, REQUEST(LOG));
	test_http_is(&w, ROWS "?limit=1", "", 200, "", "");   /* they hold up nobody */
	test_http all = test_http_get(&w, LOG, "");
	assert_int_equal(all.status, 200);
	assert_true(test_poll(sip, &slow, 60000));
	assert_true(test_poll(has_dropped, &w, 60000));   /* the one that read nothing, too */
	test_http_release(&all);
	close(slow.fd);
	close(stopped);
	test_web_stop(&w);
}

/* --- the end --- */

static void a_request_under_way_does_not_hold_up_the_end(void **state) {
	(void)state;
	test_background b;
	char *path = lk_asprintf("%s/http.sock", lk.servers.dir), *listen = lk_asprintf("unix:%s", path);
	test_background_start(&b, &lk, "serve", -1, NULL, ARGS("serve", "--listen", listen, "--timeout", "1h"));
	test_await_text(b.err, "lk: serve: unix:");
	int fd = test_http_connect(listen);
	test_http_send(fd, REQUEST(ROWS "?limit=1"));
	test_http h = test_http_read(fd, false);
	assert_int_equal(h.status, 200);
	test_http_release(&h);
	test_freeze(&lk.servers, TEST_REDIS);
	test_http_send(fd, REQUEST(ROWS "?limit=1"));
	kill(b.pid, SIGTERM);
	char *err = lk_strdup(b.err), *out = lk_strdup(b.out);
	test_background_end(&b, 0, 0);
	test_thaw(&lk.servers);
	unlink(err);
	unlink(out);
	close(fd);
	free(err);
	free(out);
	free(path);
	free(listen);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_asked_for),
		cmocka_unit_test(other_machines_need_a_token),
		cmocka_unit_test(addresses_are_checked),
		cmocka_unit_test(other_sites_get_nothing),
		cmocka_unit_test(requests_are_limited),
		cmocka_unit_test(answers_are_limited),
		cmocka_unit_test(connections_are_limited),
		cmocka_unit_test(one_client_does_not_take_all),
		cmocka_unit_test(what_waits_is_limited),
		cmocka_unit_test(a_silent_server_is_not_waited_for),
		cmocka_unit_test(servers_go_and_come_back),
		cmocka_unit_test(a_restart_between_two_requests_is_not_seen),
		cmocka_unit_test(slow_readers_are_dropped),
		cmocka_unit_test(a_request_under_way_does_not_hold_up_the_end),
	};
	test_share_program(&lk, &world);
	return cmocka_run_group_tests(tests, start, test_shared_stop);
}
