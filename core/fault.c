#include "core/fault.h"

#ifdef LK_FAULTS
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void lk_crash_point(const char *name) {
	static atomic_int passed;
	const char *want = getenv("LK_CRASH");
	size_t n = strlen(name);
	if (!want || strncmp(want, name, n) != 0 || (want[n] != '\0' && want[n] != ':'))
		return;
	int nth = want[n] == ':' ? atoi(want + n + 1) : 1;
	if (atomic_fetch_add(&passed, 1) + 1 == nth)
		kill(getpid(), SIGKILL);
}

bool lk_mutant(const char *name) {
	const char *on = getenv("LK_MUTANT");
	return on && strcmp(on, name) == 0;
}
#endif
