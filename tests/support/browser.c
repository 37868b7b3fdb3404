#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/support/browser.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/time.h"
#include "tests/support/http.h"

enum { WITHIN_S = 60, POLL_US = 50 * 1000 };

static bool installed(void) {
	const char *path = getenv("PATH");
	char *dirs = lk_strdup(path ? path : ""), *at = NULL;
	bool found = false;
	for (char *dir = strtok_r(dirs, ":", &at); dir && !found; dir = strtok_r(NULL, ":", &at)) {
		char *file = lk_asprintf("%s/chromedriver", dir);
		found = access(file, X_OK) == 0;
		free(file);
	}
	free(dirs);
	return found;
}

/* A port that was free a moment ago. */
static int free_port(void) {
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	close(fd);
	return ntohs(at.sin_port);
}

static bool listens(int port) {
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool yes = connect(fd, (struct sockaddr *)&at, sizeof at) == 0;
	close(fd);
	return yes;
}

static int run_driver(int port) {
	char *option = lk_asprintf("--port=%d", port);
	int pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
			_exit(127);
		execlp("chromedriver", "chromedriver", option, (char *)NULL);
		_exit(127);
	}
	free(option);
	return pid;
}

/* One command of WebDriver. Its value, which is the caller's; NULL with *why if the browser refuses. */
static json_t *command(test_browser *b, const char *method, const char *path, json_t *body, char **why) {
	char *text = body ? json_dumps(body, JSON_COMPACT) : lk_strdup("");
	char *request = lk_asprintf("%s %s%s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		"Connection: close\r\n\r\n%s", method, b->session, path, strlen(text), text);
	int fd = test_http_connect(b->address);
	test_http_send(fd, request);
	test_http h = test_http_read(fd, false);
	close(fd);
	json_t *answer = json_loads(h.body ? h.body : "", 0, NULL), *value = json_object_get(answer, "value");
	if (h.status == 200 && value)
		json_incref(value);
	else
		*why = lk_asprintf("%s %s: %d %s", method, path, h.status, h.body ? h.body : "");
	value = h.status == 200 ? value : NULL;
	json_decref(answer);
	json_decref(body);
	test_http_release(&h);
	free(request);
	free(text);
	return value;
}

static json_t *must(test_browser *b, const char *method, const char *path, json_t *body) {
	char *why = NULL;
	json_t *value = command(b, method, path, body, &why);
	if (!value)
		fail_msg("browser: %s", why);
	return value;
}

/* --- beginning and end --- */

static void begin_session(test_browser *b) {
	json_t *wanted = json_pack("{s:{s:{s:{s:[s,s,s,s]}, s:{s:s}}}}", "capabilities", "alwaysMatch",
		"goog:chromeOptions", "args", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
		"goog:loggingPrefs", "browser", "ALL");
	json_t *value = must(b, "POST", "/session", wanted);
	snprintf(b->session, sizeof b->session, "/session/%s", json_string_value(json_object_get(value, "sessionId")));
	json_decref(value);
}

bool test_browser_start(test_browser *b) {
	*b = (test_browser){0};
	if (!installed())
		return false;
	int port = free_port();
	int64_t until = lk_monotonic_us() + WITHIN_S * LK_US_PER_S;
	b->pid = run_driver(port);
	snprintf(b->address, sizeof b->address, "http://127.0.0.1:%d", port);
	while (!listens(port)) {
		if (lk_monotonic_us() > until)
			fail_msg("chromedriver does not listen");
		usleep(POLL_US);
	}
	begin_session(b);
	return true;
}

void test_browser_stop(test_browser *b) {
	char *why = NULL;
	if (!b->pid)
		return;
	json_decref(command(b, "DELETE", "", NULL, &why));
	free(why);
	kill(b->pid, SIGTERM);
	waitpid(b->pid, NULL, 0);
	b->pid = 0;
}

/* --- use --- */

void test_browser_open(test_browser *b, const char *url) {
	json_decref(must(b, "POST", "/url", json_pack("{s:s}", "url", url)));
}

void test_browser_resize(test_browser *b, int width, int height) {
	json_decref(must(b, "POST", "/goog/cdp/execute", json_pack("{s:s, s:{s:i, s:i, s:i, s:b}}", "cmd",
		"Emulation.setDeviceMetricsOverride", "params", "width", width, "height", height, "deviceScaleFactor", 1, "mobile", 0)));
}

json_t *test_browser_eval(test_browser *b, const char *script) {
	return must(b, "POST", "/execute/sync", json_pack("{s:s, s:[]}", "script", script, "args"));
}

void test_browser_await(test_browser *b, const char *script) {
	for (int64_t until = lk_monotonic_us() + WITHIN_S * LK_US_PER_S;; usleep(POLL_US)) {
		json_t *value = test_browser_eval(b, script);
		bool yes = json_is_true(value);
		json_decref(value);
		if (yes)
			return;
		if (lk_monotonic_us() > until)
			break;
	}
	json_t *text = test_browser_eval(b, "return document.body.innerText");
	fail_msg("%s\nis not so in:\n%s", script, json_string_value(text));
}

void test_browser_is_quiet(test_browser *b, const char *but) {
	size_t i;
	json_t *entry, *log = must(b, "POST", "/se/log", json_pack("{s:s}", "type", "browser"));
	json_array_foreach(log, i, entry) {
		const char *text = json_string_value(json_object_get(entry, "message"));
		if (!but || !strstr(text, but))
			fail_msg("the console says: %s", text);
	}
	json_decref(log);
}

void test_browser_press(test_browser *b, const char *keys) {
	json_t *actions = json_array();
	for (const char *k = keys; *k;) {
		size_t n = (*k & 0xe0) == 0xe0 ? 3 : 1;
		json_array_append_new(actions, json_pack("{s:s, s:s%}", "type", "keyDown", "value", k, n));
		json_array_append_new(actions, json_pack("{s:s, s:s%}", "type", "keyUp", "value", k, n));
		k += n;
	}
	json_decref(must(b, "POST", "/actions", json_pack("{s:[{s:s, s:s, s:o}]}", "actions", "type", "key", "id", "keys", "actions", actions)));
}
