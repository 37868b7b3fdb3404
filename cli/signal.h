/* Ctrl-C and SIGTERM. A handler sets one flag; long-running commands look at it, finish what they hold, and end. The
 * second signal is the system's own: it ends the process at once (130 as a shell tells it). */
#ifndef LK_CLI_SIGNAL_H
#define LK_CLI_SIGNAL_H

#include <stdint.h>

extern volatile int lk_stop;

void lk_stop_on_signal(void);
/* Waits until monotonic time `until_us` or lk_stop. */
void lk_wait_until(int64_t until_us);

#endif
