#include "cli/pager.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"

static pid_t pager;
static int screen = -1;    /* a duplicate of the original standard output */
static const char *command;

static bool is_there(const char *program) {
	const char *path = getenv("PATH");
	for (const char *end; path && *path; path = *end ? end + 1 : end) {
		end = path + strcspn(path, ":");
		char *file = lk_asprintf("%.*s/%s", (int)(end - path), path, program);
		bool found = access(file, X_OK) == 0;
		free(file);
		if (found)
			return true;
	}
	return false;
}

static const char *which(void) {
	const char *own = getenv("LK_PAGER"), *of_all = getenv("PAGER");
	const char *name = own ? own : of_all && *of_all ? of_all : is_there("less") ? "less" : "";
	return name[strspn(name, " ")] && strcmp(name, "cat") != 0 ? name : NULL;
}

/* If LESS is not set, less exits when all fits on the screen, shows colours and does not clear the screen. */
static void become_pager(const int ends[2]) {
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	close(ends[1]);
	close(screen);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	setenv("LESS", "FRX", 0);
	execl("/bin/sh", "sh", "-c", command, (char *)NULL);
	_exit(127);
}

static void keep(const char *variable, int size) {
	char text[16];
	snprintf(text, sizeof text, "%d", size);
	if (size)
		setenv(variable, text, 1);
}

/* Output is formatted for the screen, although it goes into a pipe. */
static void keep_size(void) {
	keep("COLUMNS", lk_terminal_width(STDOUT_FILENO));
	keep("LINES", lk_terminal_height(STDOUT_FILENO));
}

static void start(void) {
	int ends[2];
	keep_size();
	fflush(stdout);
	if (pipe(ends) != 0)
		return;
	screen = dup(STDOUT_FILENO);
	void (*before)(int) = signal(SIGINT, SIG_IGN);   /* Ctrl-C is for the pager */
	pager = fork();
	if (pager == 0)
		become_pager(ends);
	close(ends[0]);
	if (pager > 0) {
		dup2(ends[1], STDOUT_FILENO);
	} else {
		signal(SIGINT, before);
		close(screen);
		pager = 0;
	}
	close(ends[1]);
}

void lk_pager_begin(void) {
	int height = isatty(STDOUT_FILENO) ? lk_terminal_height(STDOUT_FILENO) : 0;
	if (height && (command = which()))
		lk_put_hold(height, start);
}

void lk_pager_end(void) {
	int status = 0;
	lk_put_release();
	if (!pager)
		return;
	if (fflush(stdout) != 0) {   /* the pager was quit early: discard the rest; that is no error */
		__fpurge(stdout);
		clearerr(stdout);
	}
	dup2(screen, STDOUT_FILENO);
	close(screen);
	while (waitpid(pager, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, SIG_DFL);
	pager = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		lk_say("cannot run the pager `%s`: set LK_PAGER or PAGER to another one, or give --no-pager", command);
}
