/* What replay and mode say alike. */
#ifndef LK_CLI_KAPPA_H
#define LK_CLI_KAPPA_H

#include "replay/replay.h"

/* Watches with lk_stop, notices and progress on standard error: a terminal gets one line that is overwritten, otherwise
 * a line every five seconds. */
void lk_kappa_watch(lk_replay_watch *w);
/* How the rows compare, in words; rows that differ as a table on standard output. */
void lk_kappa_say_difference(const lk_difference *d);
/* How long appends waited, and what nobody kept. */
void lk_kappa_say_switch(const lk_switch_report *s);
/* LK_EBUSY: it was interrupted and goes on when it is run again. */
int lk_kappa_stopped(const char *view, int64_t copy, lk_error *err);

#endif
