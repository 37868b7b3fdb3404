/* The clock of a paced replay, and of `lk gen --pace`. No I/O, and the caller gives the current time. Used by one thread.
 *
 * It shows a time of the events (event time or `_at`) and runs `pace` times as fast as the caller's clock. An event is
 * due when the clock shows its time; an out-of-order event, earlier than what the clock shows, is due at once. */
#ifndef LK_REPLAY_PACE_H
#define LK_REPLAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lk_pace {
	double pace;               /* > 0; 2: twice as fast as events happened */
	int64_t max_gap_us;        /* longer gaps without events are shortened to this; 0: none are */
	bool begun;
	int64_t time, at_us;       /* the clock shows `time` at at_us, and runs on from there */
	int64_t shortened;         /* the event at the end of the gap shortened last */
} lk_pace;

void lk_pace_init(lk_pace *p, double pace, int64_t max_gap_us);
/* What the clock shows: later events wait. LK_NEVER before the clock has started. */
int64_t lk_pace_shows(const lk_pace *p, int64_t now_us);
/* Call it when all partitions wait, the earliest for an event of time `next`; `passed` is the largest time that passed
 * the gate, LK_NEVER: none. The first call starts the clock; later ones shorten the gap between the two if it is too
 * long. Calling it again with the same arguments changes nothing. */
void lk_pace_waits_for(lk_pace *p, int64_t passed, int64_t next, int64_t now_us);
/* When an event of this time is due: never before the clock shows it. */
int64_t lk_pace_due_us(const lk_pace *p, int64_t time);

#endif
