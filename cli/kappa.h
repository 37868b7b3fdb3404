/* Messages that replay and mode share. */
#ifndef LK_CLI_KAPPA_H
#define LK_CLI_KAPPA_H

#include "replay/replay.h"

/* Sets lk_stop, and notices and progress on standard error: on a terminal one line that is overwritten, elsewhere a
 * line every five seconds. */
void lk_kappa_watch(lk_replay_watch *w);
/* Says how the rows compare; prints the rows that differ as a table on standard output. */
void lk_kappa_say_difference(const lk_difference *d);
/* Says how long appends waited, and which copy was dropped. */
void lk_kappa_say_switch(const lk_switch_report *s);
/* Fails with LK_EBUSY: the command was interrupted and continues when it is run again. */
int lk_kappa_stopped(const char *view, int64_t copy, lk_error *err);

#endif
