#include "cli/signal.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "core/time.h"

volatile int lk_stop;

static void on_signal(int signo) {
	(void)signo;
	lk_stop = 1;
}

void lk_stop_on_signal(void) {
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

void lk_wait_until(int64_t until_us) {
	while (!lk_stop && lk_monotonic_us() < until_us)
		usleep(20 * 1000);
}
