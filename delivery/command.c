#include "delivery/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/time.h"
#include "core/wait.h"

extern char **environ;

enum { LOOK_LEAST_US = 200, LOOK_MOST_US = 10000, GRACE_US = 500000 };

/* In a process group of its own, so that it can be ended with what it started. */
static int start(const lk_command_target *c, int in, pid_t *pid) {
	char *const argv[] = {"sh", "-c", (char *)(uintptr_t)c->command, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t usual;
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, in, STDIN_FILENO);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigdefault(&attr, &usual);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
	setenv("LK_ID", c->parcel.first.data, 1);
	int failed = posix_spawn(pid, "/bin/sh", &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return failed;
}

/* Writes what the pipe takes. A command need not read all of it. */
static void feed(int *to, const lk_buf *body, size_t *done) {
	ssize_t n = *to < 0 ? -1 : write(*to, body->data + *done, body->len - *done);
	*done += n > 0 ? (size_t)n : 0;
	if (*to >= 0 && (*done == body->len || (n < 0 && errno != EAGAIN && errno != EINTR))) {
		close(*to);
		*to = -1;
	}
}

static void await_room(int to, useconds_t us) {
	struct pollfd p = {.fd = to, .events = POLLOUT};
	if (to < 0)
		usleep(us);
	else
		poll(&p, 1, (int)(us / 1000 + 1));
}

static void end_all(pid_t pid) {
	kill(-pid, SIGTERM);
	for (int64_t until = lk_monotonic_us() + GRACE_US; lk_monotonic_us() < until; usleep(LOOK_MOST_US))
		if (waitpid(pid, NULL, WNOHANG) == pid)
			break;
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* 1: it has ended with *status; 0: it took too long, or lk is to stop, and it was killed. */
static int await(const lk_command_target *c, pid_t pid, int to, int *status) {
	int64_t until = lk_monotonic_us() + c->timeout_us;
	useconds_t look_us = LOOK_LEAST_US;
	size_t done = 0;
	int ended = 0;
	while (!(ended = waitpid(pid, status, WNOHANG) == pid) && !lk_stop_asked() && lk_monotonic_us() < until) {
		feed(&to, &c->parcel.body, &done);
		await_room(to, look_us);
		look_us = look_us * 2 < LOOK_MOST_US ? look_us * 2 : LOOK_MOST_US;
	}
	if (to >= 0)
		close(to);
	if (!ended)
		end_all(pid);
	return ended;
}

static int judge(const lk_command_target *c, int ended, int status, lk_error *err) {
	const char *id = c->parcel.first.data;
	if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return LK_OK;
	if (!ended)
		return lk_fail(err, LK_EBUSY, "the command did not take %s within %lld s", id,
		               (long long)(c->timeout_us / LK_US_PER_S));
	if (WIFEXITED(status))
		return lk_fail(err, LK_EBUSY, "the command did not take %s: exit status %d", id, WEXITSTATUS(status));
	return lk_fail(err, LK_EBUSY, "the command did not take %s: signal %d", id, WTERMSIG(status));
}

static int run(const lk_command_target *c, lk_error *err) {
	int pipes[2], status = 0;
	pid_t pid;
	if (pipe2(pipes, O_CLOEXEC) != 0)
		return lk_fail(err, LK_EBUSY, "the command cannot be started: %s", strerror(errno));
	fcntl(pipes[1], F_SETFL, O_NONBLOCK);
	int failed = start(c, pipes[0], &pid);
	close(pipes[0]);
	if (failed) {
		close(pipes[1]);
		return lk_fail(err, LK_EBUSY, "the command cannot be started: %s", strerror(failed));
	}
	int ended = await(c, pid, pipes[1], &status);
	return judge(c, ended, status, err);
}

static int take(void *ctx, const lk_shape *shape, const lk_log_row *row, const char *id, lk_error *err) {
	lk_command_target *c = ctx;
	(void)err;
	lk_parcel_add(&c->parcel, shape, row, id);
	return LK_OK;
}

static int flush(void *ctx, lk_error *err) {
	lk_command_target *c = ctx;
	int rc = run(c, err);
	if (rc == LK_OK)
		lk_parcel_clear(&c->parcel);
	return rc;
}

/* Where the parent ignored SIGCHLD, its children's ends would leave no status to wait for. */
lk_target lk_command_as_target(lk_command_target *c) {
	signal(SIGCHLD, SIG_DFL);
	return (lk_target){.ctx = c, .rows_most = 1, .waits = true, .row = take, .flush = flush};
}

void lk_command_target_release(lk_command_target *c) { lk_parcel_release(&c->parcel); }
