/* Ctrl-C and SIGTERM. A handler sets one flag; long-running commands look at it, finish what they hold, and end. The
 * second signal is the system's own: it ends the process at once (130 as a shell tells it). */
#ifndef LK_CLI_SIGNAL_H
#define LK_CLI_SIGNAL_H

#include <stdint.h>

#include "event_log/pg.h"

extern volatile int lk_stop;

void lk_stop_on_signal(void);
/* For a command that holds nothing: the first signal ends the process as the system would, once what this session runs in
 * PostgreSQL is cancelled, for which it waits a second at most. */
void lk_cancel_on_signal(lk_pg *pg);
/* Waits until monotonic time `until_us` or lk_stop. */
void lk_wait_until(int64_t until_us);

#endif
