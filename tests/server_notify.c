/* What a service tells its manager (sd_notify): the test is the manager. */
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
#include <sys/un.h>
#include <unistd.h>

#include "core/time.h"
#include "tests/support/background.h"
#include "tests/support/fixtures.h"

static test_program lk;

static const char definitions[] =
	"CREATE TABLE hits (ts timestamptz, path text) WITH (event_time = ts, partition_by = path);\n"
	"CREATE VIEW traffic AS SELECT path, count(*) AS hits FROM hits GROUP BY path, tumble(ts, '1 minute');\n";

typedef struct manager {
	int fd;
	char name[100];      /* as in NOTIFY_SOCKET */
	lk_buf heard;        /* all messages, a line each */
} manager;

static void manage(manager *m, bool abstract) {
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	snprintf(m->name, sizeof m->name, "%s%s/notify", abstract ? "@" : "", lk.servers.dir);
	memcpy(a.sun_path, m->name, strlen(m->name));
	if (abstract)
		a.sun_path[0] = '\0';
	else
		unlink(m->name);
	m->heard = (lk_buf)LK_BUF_INIT;
	m->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(m->name) + !abstract);
	assert_int_equal(bind(m->fd, (struct sockaddr *)&a, len), 0);
}

/* Takes the messages that have come; waits for the next one if there is none. */
static void hear(manager *m, int wait_ms) {
	struct pollfd p = {.fd = m->fd, .events = POLLIN};
	char text[1000];
	while (poll(&p, 1, wait_ms) > 0) {
		ssize_t n = recv(m->fd, text, sizeof text, 0);
		assert_true(n > 0);
		lk_buf_add(&m->heard, text, (size_t)n);
		lk_buf_addc(&m->heard, '\n');
		wait_ms = 0;
	}
}

/* Until the message has come after `from`. */
static void await(manager *m, size_t from, const char *message) {
	int64_t deadline = lk_monotonic_us() + 60 * LK_US_PER_S;
	while (m->heard.len <= from || !strstr(m->heard.data + from, message)) {
		if (lk_monotonic_us() > deadline)
			fail_msg("%s does not come; what came: %s", message, m->heard.len ? m->heard.data : "");
		hear(m, 100);
	}
}

static bool has(const manager *m, const char *message) { return m->heard.len && strstr(m->heard.data, message); }

static void start(test_background *b, const manager *m, const char *const *argv) {
	char *socket_is = lk_asprintf("NOTIFY_SOCKET=%s", m->name);
	const char *const env[] = {socket_is, "WATCHDOG_USEC=400000", NULL};
	test_background_start(b, &lk, "service", -1, env, argv);
	free(socket_is);
}

static void end(manager *m) {
	close(m->fd);
	lk_buf_release(&m->heard);
}

static int fresh(void **state) {
	(void)state;
	test_servers_clear(&lk.servers);
	char *file = test_file(&lk, "def.sql", definitions);
	LK(0, "", "", "apply", file);
	free(file);
	return 0;
}

static void says_what_a_service_says(const char *const *argv, bool abstract) {
	manager m;
	test_background b;
	manage(&m, abstract);
	start(&b, &m, argv);
	await(&m, 0, "READY=1\n");
	size_t from = m.heard.len;
	await(&m, from, "WATCHDOG=1\n");
	await(&m, m.heard.len, "WATCHDOG=1\n");
	assert_false(has(&m, "STOPPING=1"));
	from = m.heard.len;
	test_background_end(&b, SIGTERM, 0);
	await(&m, from, "STOPPING=1\n");
	assert_null(strstr(strstr(m.heard.data, "READY=1") + 1, "READY=1"));
	end(&m);
}

static void a_speed_layer(void **state) {
	(void)state;
	says_what_a_service_says(ARGS("speed"), false);
}

static void both_layers_by_an_abstract_socket(void **state) {
	(void)state;
	says_what_a_service_says(ARGS("run"), true);
}

static void a_server(void **state) {
	(void)state;
	says_what_a_service_says(ARGS("serve", "--listen", "127.0.0.1:0"), false);
}

/* One worker waits for a lock, and the supervisor goes on, which must not be taken for the worker's life. */
static void a_stuck_worker_gives_no_sign_of_life(void **state) {
	(void)state;
	manager m;
	test_background b;
	lk_pg pg;
	lk_error e = {0};
	char *file = test_file(&lk, "events.jsonl", "{\"ts\":\"2024-01-01T00:00:00Z\",\"path\":\"/\"}\n");
	LK(0, "", "", "ingest", "hits", file);
	free(file);
	manage(&m, false);
	assert_int_equal(lk_pg_open(&pg, lk.servers.at.postgres, "test", &e), LK_OK);
	assert_int_equal(lk_pg_run(&pg, &e, "BEGIN"), LK_OK);
	assert_int_equal(lk_pg_run(&pg, &e, "LOCK TABLE lk.log_hits IN ACCESS EXCLUSIVE MODE"), LK_OK);
	start(&b, &m, ARGS("speed", "--workers", "1"));
	test_await_sql(&lk, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
	hear(&m, 0);
	size_t from = m.heard.len;
	test_await_sql(&lk, "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query_start < clock_timestamp() - interval '2 s'");
	hear(&m, 0);
	int signs = 0;       /* the worker may have ended a round just before */
	for (const char *at = m.heard.data + from; (at = strstr(at, "WATCHDOG=1")); at++)
		signs++;
	assert_true(signs <= 1);
	from = m.heard.len;
	assert_int_equal(lk_pg_run(&pg, &e, "COMMIT"), LK_OK);
	await(&m, from, "WATCHDOG=1\n");
	await(&m, 0, "STATUS=1 events, 0 behind\n");
	lk_pg_close(&pg);
	test_background_end(&b, SIGTERM, 0);
	end(&m);
}

/* Without a manager that listens it says so, and works. */
static void a_wrong_socket_is_named(void **state) {
	(void)state;
	const char *const env[] = {"NOTIFY_SOCKET=/nonexistent/notify", NULL};
	test_run(&lk, env, 0, "", "NOTIFY_SOCKET=/nonexistent/notify: No such file", ARGS("speed", "--once"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_speed_layer, fresh),
		cmocka_unit_test_setup(both_layers_by_an_abstract_socket, fresh),
		cmocka_unit_test_setup(a_server, fresh),
		cmocka_unit_test_setup(a_stuck_worker_gives_no_sign_of_life, fresh),
		cmocka_unit_test_setup(a_wrong_socket_is_named, fresh),
	};
	test_share_program(&lk, NULL);
	return cmocka_run_group_tests(tests, test_shared_start, test_shared_stop);
}
