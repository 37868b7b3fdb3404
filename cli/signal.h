/* Ctrl-C and SIGTERM. The handler sets one flag; long-running commands check it, finish their current work, and end.
 * The second signal has its default action and ends the process at once (130 in a shell). The first signal ends waits
 * for a server (core/wait.h); a command that needs more than a second to end says so. */
#ifndef LK_CLI_SIGNAL_H
#define LK_CLI_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "postgres/pg.h"

extern volatile int lk_stop;

void lk_stop_on_signal(void);
/* Did the command fail only because a signal ended its wait for a silent server? */
bool lk_ended_by_signal(int rc);
/* For a command without work to finish: the first signal cancels what this session runs in PostgreSQL, waits for that
 * a second at most, and then ends the process by the signal's default action. */
void lk_cancel_on_signal(lk_pg *pg);
/* Waits until monotonic time `until_us` or lk_stop. */
void lk_wait_until(int64_t until_us);

#endif
