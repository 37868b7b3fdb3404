/* What a service tells its manager, by the protocol of sd_notify(3): datagrams to the socket that NOTIFY_SOCKET names. Without
 * one, all of this does nothing.
 *
 * lk_notify_open is called first, the next two by one thread at a time. */
#ifndef LK_CLI_NOTIFY_H
#define LK_CLI_NOTIFY_H

/* Takes NOTIFY_SOCKET out of the environment, so that no child speaks in this process's name. */
void lk_notify_open(void);
/* Called whenever all that should make progress has made some. READY=1 the first time; then WATCHDOG=1, a few times in the
 * period of WATCHDOG_USEC. */
void lk_notify_alive(void);
/* STATUS=, if it is another one; at most one in a second. */
void lk_notify_status(const char *text);
/* STOPPING=1. For a signal handler, too. */
void lk_notify_stopping(void);

#endif
