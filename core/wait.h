/* Waiting for a server. Every wait on a socket goes through here, in slices, so that it ends at its limit and a signal
 * takes effect while a server is silent.
 *
 * Any thread may wait; the flag is registered once, before threads start. */
#ifndef LK_CORE_WAIT_H
#define LK_CORE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

enum lk_waited { LK_WAIT_READY, LK_WAIT_LATE, LK_WAIT_STOPPED };

/* How long a wait continues without an answer once the process is asked to stop. */
#define LK_STOP_US INT64_C(500000)

/* Registers the flag that a signal sets. Call it once, before threads start; without it no wait is ever stopped. */
void lk_wait_heed(const volatile int *stop);
bool lk_stop_asked(void);

/* Waits until fd is ready for `events` of poll(2), or monotonic time until_us. STOPPED: the process is asked to stop,
 * and this wait has lasted LK_STOP_US since; only a moment if another wait was given up for the stop before. A broken
 * descriptor counts as ready: reading it tells why. */
enum lk_waited lk_wait_fd(int fd, short events, int64_t until_us);
/* The same for a wait whose own limit is short: a stop does not end it. */
enum lk_waited lk_wait_fd_through(int fd, short events, int64_t until_us);
/* Notes that a server was silent while the process was stopping: later waits do not get LK_STOP_US again. */
void lk_wait_gave_up(void);

#endif
