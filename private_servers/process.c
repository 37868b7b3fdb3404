/* The callers may have threads, and a child of such a process may find any lock of its library held for ever: between fork
 * and exec there are only system calls, and what they need is found before. */
#include "private_servers/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int lk_account_find(lk_account *a, lk_error *err) {
	*a = (lk_account){.uid = geteuid(), .gid = getegid()};
	if (a->uid != 0)
		return LK_OK;
	struct passwd *p = getpwnam("postgres");
	if (!p)
		p = getpwnam("nobody");
	if (!p) {
		lk_fail(err, LK_EUNSUPPORTED, "PostgreSQL does not run as root, and there is no user postgres or nobody");
		return lk_hint(err, "install PostgreSQL's packages, or run lk as an ordinary user");
	}
	a->other = true;
	a->uid = p->pw_uid;
	a->gid = p->pw_gid;
	snprintf(a->name, sizeof a->name, "%s", p->pw_name);
	a->ngroups = LK_ACCOUNT_GROUPS;
	if (getgrouplist(a->name, a->gid, a->groups, &a->ngroups) < 0)
		a->ngroups = LK_ACCOUNT_GROUPS;   /* it has more */
	return LK_OK;
}

static bool become(const lk_account *a) {
	return !a->other || (setgroups((size_t)a->ngroups, a->groups) == 0 && setgid(a->gid) == 0 && setuid(a->uid) == 0);
}

static int wait_for(pid_t pid) {
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool lk_account_reaches(const lk_account *a, const char *path) {
	if (!a->other)
		return access(path, X_OK) == 0;
	pid_t pid = fork();
	if (pid == 0)
		_exit(become(a) && chdir(path) == 0 ? 0 : 1);
	return pid > 0 && wait_for(pid) == 0;
}

static void child(const lk_account *a, const char *dir, int log, char *const argv[]) {
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	setsid();
	umask(077);
	int in = open("/dev/null", O_RDONLY);
	if (in < 0 || dup2(in, 0) < 0 || dup2(log, 1) < 0 || dup2(log, 2) < 0)
		_exit(126);
	closefrom(3);
	if (!become(a)) {
		dprintf(2, "cannot become user %s: %s\n", a->name, strerror(errno));
		_exit(126);
	}
	if (chdir(dir ? dir : "/") != 0) {
		dprintf(2, "%s: %s\n", dir, strerror(errno));
		_exit(126);
	}
	execv(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

pid_t lk_process_start(const lk_account *a, const char *dir, const char *log, char *const argv[], lk_error *err) {
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd < 0) {
		lk_fail(err, LK_EUNREACHABLE, "cannot write %s: %s", log, strerror(errno));
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0)
		child(a, dir, fd, argv);
	if (pid < 0)
		lk_fail(err, LK_EUNREACHABLE, "cannot start a process: %s", strerror(errno));
	close(fd);
	return pid;
}

int lk_process_run(const lk_account *a, const char *dir, const char *log, char *const argv[], lk_error *err) {
	pid_t pid = lk_process_start(a, dir, log, argv, err);
	return pid < 0 ? -1 : wait_for(pid);
}

/* link: of its working folder, in /proc. */
static bool leads_to(const char *link, const char *real) {
	char cwd[PATH_MAX];
	ssize_t n = readlink(link, cwd, sizeof cwd - 1);
	if (n < 0)
		return false;
	cwd[n] = '\0';
	return strcmp(cwd, real) == 0;
}

/* Root in a container may not read another user's /proc entries, but that user may. */
bool lk_process_is(const lk_account *a, pid_t pid, const char *dir) {
	char link[64], real[PATH_MAX];
	if (pid <= 0 || !realpath(dir, real))
		return false;
	snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
	if (!a->other || leads_to(link, real))
		return leads_to(link, real);
	pid_t asker = fork();
	if (asker == 0)
		_exit(become(a) && leads_to(link, real) ? 0 : 1);
	return asker > 0 && wait_for(asker) == 0;
}

bool lk_process_ended(pid_t pid) {
	return waitpid(pid, NULL, WNOHANG) == pid;
}
