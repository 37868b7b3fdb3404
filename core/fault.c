#include "core/fault.h"

#ifdef LK_FAULTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"

/* Does the variable name this point and this passage of it? */
static bool is_due(const char *variable, const char *name, atomic_int *passed) {
	const char *want = getenv(variable);
	size_t n = strlen(name);
	if (!want || strncmp(want, name, n) != 0 || (want[n] != '\0' && want[n] != ':'))
		return false;
	int nth = want[n] == ':' ? atoi(want + n + 1) : 1;
	return atomic_fetch_add(passed, 1) + 1 == nth;
}

void lk_crash_point(const char *name) {
	static atomic_int crashes, freezes;
	if (is_due("LK_CRASH", name, &crashes))
		kill(getpid(), SIGKILL);
	if (is_due("LK_FREEZE", name, &freezes))
		raise(SIGSTOP);   /* this thread itself: one sent to the process stops it only once another thread has taken it */
}

int lk_hurried(int ms) {
	const char *by = getenv("LK_HURRY");
	return by && atoi(by) > 1 ? ms / atoi(by) : ms;
}

bool lk_mutant(const char *name) {
	const char *on = getenv("LK_MUTANT");
	return on && strcmp(on, name) == 0;
}

int64_t lk_limit_us(int64_t usual_us) {
	const char *ms = getenv("LK_WAIT_MS");
	int64_t us = ms ? atoll(ms) * 1000 : usual_us;
	return us < usual_us ? us : usual_us;
}

char *lk_test_addresses(const char *host) {
	const char *names = getenv("LK_NAMES");
	size_t n = strlen(host);
	for (const char *p = names; p && *p; p += strcspn(p, " "), p += strspn(p, " "))
		if (strncmp(p, host, n) == 0 && p[n] == '=')
			return lk_strndup(p + n + 1, strcspn(p + n + 1, " "));
	return NULL;
}
#endif
