#include "tests/support/terminal.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/time.h"

const char *test_lk_path(void) {
	const char *bin = getenv("LK_BIN");
	return bin && *bin ? bin : "build/plain/lk";
}

static void become(const char *postgres, const char *redis, const char *const *argv) {
	if (postgres)
		putenv((char *)(uintptr_t)postgres);
	if (redis)
		putenv((char *)(uintptr_t)redis);
	setenv("TERM", "xterm", 1);
	unsetenv("COLUMNS");
	unsetenv("LINES");
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

void test_terminal_open(test_terminal *t, int columns, int lines, const lk_servers *at, const char *const *argv) {
	char *postgres = at ? lk_asprintf("LK_POSTGRES=%s", at->postgres) : NULL, *redis = at ? lk_asprintf("LK_REDIS=%s", at->redis) : NULL;
	struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)lines};
	*t = (test_terminal){.text = LK_BUF_INIT};
	fflush(NULL);
	t->pid = forkpty(&t->fd, NULL, NULL, &size);
	if (t->pid == 0)
		become(postgres, redis, argv);
	assert_true(t->pid > 0);
	free(postgres);
	free(redis);
}

void test_terminal_type(test_terminal *t, const char *keys) {
	assert_int_equal(write(t->fd, keys, strlen(keys)), (ssize_t)strlen(keys));
}

void test_terminal_resize(test_terminal *t, int columns, int lines) {
	struct winsize size = {.ws_col = (unsigned short)columns, .ws_row = (unsigned short)lines};
	assert_int_equal(ioctl(t->fd, TIOCSWINSZ, &size), 0);
}

bool test_terminal_shows(test_terminal *t, size_t from, const char *text) {
	int64_t deadline = lk_monotonic_us() + 20 * LK_US_PER_S;
	while (lk_monotonic_us() < deadline) {
		char chunk[512];
		struct pollfd p = {.fd = t->fd, .events = POLLIN};
		if (text && t->text.len > from && strstr(t->text.data + from, text))
			return true;
		if (poll(&p, 1, 100) <= 0)
			continue;
		ssize_t n = read(t->fd, chunk, sizeof chunk);
		if (n <= 0 && errno != EINTR)
			return text == NULL;
		lk_buf_add(&t->text, chunk, n > 0 ? (size_t)n : 0);
	}
	return false;
}

int test_terminal_close(test_terminal *t) {
	int status;
	close(t->fd);
	assert_int_equal(waitpid(t->pid, &status, 0), t->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
