#include "tests/support/background.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"

enum { DEADLINE_MS = 60000 };

static int append_to(const char *path) { return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666); }

static void put_at(int fd, int as) {
	assert_true(fd >= 0 && dup2(fd, as) == as);
	close(fd);
}

void test_background_start(test_background *b, const test_program *p, const char *name, int out, const char *const *env,
                           const char *const *argv) {
	*b = (test_background){.program = p, .out = lk_asprintf("%s/%s.out", p->servers.dir, name), .err = lk_asprintf("%s/%s.err", p->servers.dir, name)};
	fflush(NULL);
	int saved_out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10), saved_err = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	put_at(out < 0 ? append_to(b->out) : dup(out), STDOUT_FILENO);
	put_at(append_to(b->err), STDERR_FILENO);
	b->pid = test_lk_start(&p->servers, env, argv);
	put_at(saved_out, STDOUT_FILENO);
	put_at(saved_err, STDERR_FILENO);
}

void test_background_end(test_background *b, int signo, int want) {
	if (signo) {
		test_await_handler(b->pid, signo);
		kill(b->pid, signo);
	}
	int got = test_lk_wait(b->pid, DEADLINE_MS);
	if (got != want) {
		char *err = test_text_of(b->err);
		kill(b->pid, SIGKILL);
		fail_msg("exit %d, wanted %d: %s", got, want, err);
	}
	free(b->out);
	free(b->err);
}

void test_background_kill(test_background *b) {
	kill(b->pid, SIGKILL);
	assert_int_equal(test_lk_wait(b->pid, DEADLINE_MS), 128 + SIGKILL);
	free(b->out);
	free(b->err);
}

typedef struct wanted {
	const char *path, *text;
	int lines;
} wanted;

static int is_there(void *ctx) {
	const wanted *w = ctx;
	char *text = test_text_of(w->path);
	int lines = 0;
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	int there = (!w->text || strstr(text, w->text)) && lines >= w->lines;
	free(text);
	return there;
}

static void await(const wanted *w) {
	if (test_poll(is_there, (void *)(uintptr_t)w, DEADLINE_MS))
		return;
	char *text = test_text_of(w->path);
	fail_msg("%s never had \"%s\" and %d lines: %s", w->path, w->text ? w->text : "", w->lines, text);
}

void test_await_text(const char *path, const char *text) { await(&(wanted){.path = path, .text = text}); }
void test_await_lines(const char *path, int n) { await(&(wanted){.path = path, .lines = n}); }
