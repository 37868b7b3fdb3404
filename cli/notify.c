#include "cli/notify.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/output.h"
#include "core/buf.h"
#include "core/time.h"

enum { TIMES_IN_PERIOD = 4, STATUS_BYTES = 200 };

static int manager = -1;
static bool ready;
static int64_t watchdog_us, next_watchdog_us, next_status_us;   /* watchdog_us 0: nobody waits for signs of life */
static char status[STATUS_BYTES];

/* A manager that takes nothing just now must not hold up the work: the next sign of life comes soon. */
static void tell(const char *text) {
	if (manager >= 0 && send(manager, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return;
}

/* "@name" is an abstract socket, whose name begins with a zero byte. False: the path is too long. */
static bool address_of(const char *path, struct sockaddr_un *a, socklen_t *len) {
	size_t n = strlen(path);
	*a = (struct sockaddr_un){.sun_family = AF_UNIX};
	if (n >= sizeof a->sun_path || (*path != '/' && *path != '@'))
		return false;
	memcpy(a->sun_path, path, n);
	if (*path == '@')
		a->sun_path[0] = '\0';
	*len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n + (*path == '/'));
	return true;
}

static void connect_to(const char *path) {
	struct sockaddr_un address;
	socklen_t len = 0;
	errno = EINVAL;
	if (address_of(path, &address, &len))
		manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (manager >= 0 && connect(manager, (struct sockaddr *)&address, len) == 0)
		return;
	lk_say("cannot tell the service manager anything: NOTIFY_SOCKET=%s: %s", path, strerror(errno));
	if (manager >= 0)
		close(manager);
	manager = -1;
}

/* WATCHDOG_PID names the process that the period is meant for. */
static int64_t watchdog_period(void) {
	const char *period = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	return !period || (pid && *pid && atoll(pid) != getpid()) ? 0 : atoll(period);
}

void lk_notify_open(void) {
	const char *path = getenv("NOTIFY_SOCKET");
	if (!path || !*path)
		return;
	connect_to(path);
	watchdog_us = watchdog_period();
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void lk_notify_alive(void) {
	int64_t now = lk_monotonic_us();
	if (!ready)
		tell("READY=1");
	ready = true;
	if (watchdog_us <= 0 || now < next_watchdog_us)
		return;
	tell("WATCHDOG=1");
	next_watchdog_us = now + watchdog_us / TIMES_IN_PERIOD;
}

void lk_notify_status(const char *text) {
	int64_t now = lk_monotonic_us();
	char line[STATUS_BYTES];
	if (manager < 0 || now < next_status_us)
		return;
	snprintf(line, sizeof line, "STATUS=%s", text);
	if (strcmp(line, status) == 0)
		return;
	memcpy(status, line, sizeof status);
	tell(status);
	next_status_us = now + LK_US_PER_S;
}

void lk_notify_stopping(void) { tell("STOPPING=1"); }
