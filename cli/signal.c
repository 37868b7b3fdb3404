#include "cli/signal.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "cli/notify.h"
#include "cli/output.h"
#include "core/flag.h"
#include "core/status.h"
#include "core/time.h"
#include "core/wait.h"

enum { SAY_AFTER_S = 1 };

volatile int lk_stop;
static volatile sig_atomic_t signalled;

/* The handler prints this itself, since the program may be busy for a long time. */
static void say_it_was_heard(int signo) {
	static const char text[] = "lk: stopping: work in progress is finished first; a second signal ends lk at once\n";
	char line[LK_STAMP_BYTES + sizeof text];
	size_t n = lk_say_stamp(line);
	(void)signo;
	memcpy(line + n, text, sizeof text - 1);
	if (write(STDERR_FILENO, line, n + sizeof text - 1) < 0)
		return;
}

static void on_signal(int signo) {
	(void)signo;
	lk_flag_set(&lk_stop);
	signalled = 1;
	lk_notify_stopping();
	alarm(SAY_AFTER_S);
}

void lk_stop_on_signal(void) {
	lk_wait_heed(&lk_stop);
	lk_notify_open();
	signal(SIGALRM, say_it_was_heard);
	struct sigaction a = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

bool lk_ended_by_signal(int rc) { return signalled && rc == LK_EUNREACHABLE; }

static void *statement;
static volatile sig_atomic_t ending;   /* the signal that ends the process */

static void end_now(int signo) {
	sigset_t these;
	(void)signo;
	signal(ending, SIG_DFL);
	sigemptyset(&these);
	sigaddset(&these, ending);
	raise(ending);
	sigprocmask(SIG_UNBLOCK, &these, NULL);
}

static void cancel_and_end(int signo) {
	ending = signo;
	signal(SIGALRM, end_now);
	alarm(1);
	lk_pg_cancel_by_handle(statement);
	end_now(signo);
}

void lk_cancel_on_signal(lk_pg *pg) {
	struct sigaction a = {.sa_handler = cancel_and_end};
	statement = lk_pg_cancel_handle(pg);
	sigemptyset(&a.sa_mask);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
}

void lk_wait_until(int64_t until_us) {
	while (!lk_flag_is_set(&lk_stop) && lk_monotonic_us() < until_us)
		usleep(20 * 1000);
}
