/* Ctrl-C and SIGTERM. A handler sets one flag; long-running commands look at it, finish what they hold, and end. The
 * second signal is the system's own: it ends the process at once (130 as a shell tells it). Waits for a server end by the
 * first (core/wait.h); a command that takes longer than a second to end says so. */
#ifndef LK_CLI_SIGNAL_H
#define LK_CLI_SIGNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "event_log/pg.h"

extern volatile int lk_stop;

void lk_stop_on_signal(void);
/* Is this the failure of a command that did not wait for a silent server any more, since a signal had come? */
bool lk_ended_by_signal(int rc);
/* For a command that holds nothing: the first signal ends the process as the system would, once what this session runs in
 * PostgreSQL is cancelled, for which it waits a second at most. */
void lk_cancel_on_signal(lk_pg *pg);
/* Waits until monotonic time `until_us` or lk_stop. */
void lk_wait_until(int64_t until_us);

#endif
