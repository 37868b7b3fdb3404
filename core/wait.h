/* Waiting for a server. Every wait on a socket goes through here, in slices, so that it ends at its limit and a signal
 * is heard while a server is silent. */
#ifndef LK_CORE_WAIT_H
#define LK_CORE_WAIT_H

#include <stdbool.h>
#include <stdint.h>

enum lk_waited { LK_WAIT_READY, LK_WAIT_LATE, LK_WAIT_STOPPED };

/* How long a wait goes on without an answer once the process is asked to stop. */
#define LK_STOP_US INT64_C(500000)

/* Names the flag that a signal sets; once, before threads begin. Without it nothing is ever asked to stop. */
void lk_wait_heed(const volatile int *stop);
bool lk_stop_asked(void);

/* Waits until fd is ready for `events` of poll(2), or monotonic time until_us. STOPPED: the process is asked to stop, and
 * this wait has gone on for LK_STOP_US since; only a moment where another one was given up for it before. A descriptor
 * that is broken is ready: who reads it is told why. */
enum lk_waited lk_wait_fd(int fd, short events, int64_t until_us);
/* The same for a wait whose own limit is short: a stop does not end it. */
enum lk_waited lk_wait_fd_through(int fd, short events, int64_t until_us);
/* A server was silent for a stopping process: the waits that are left do not begin anew with LK_STOP_US. */
void lk_wait_gave_up(void);

#endif
