/* The clock of a paced replay. Private to replay/ and its tests; no I/O, and the time that it is now is the
 * caller's.
 *
 * It shows a time of the events (event time or `_at`) and runs `pace` times as fast as the caller's clock. An event
 * is due once the clock shows its time; one that comes out of order, and is earlier than what the clock shows, is
 * due at once. */
#ifndef LK_REPLAY_PACE_H
#define LK_REPLAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct lk_pace {
	double pace;               /* > 0; 2: twice as fast as it happened */
	int64_t max_gap_us;        /* longer times without any event are shortened to this; 0: not */
	bool begun;
	int64_t time, at_us;       /* the clock shows `time` when it is at_us, and runs on from there */
	int64_t shortened;         /* the event at the end of the gap that was shortened last */
} lk_pace;

void lk_pace_init(lk_pace *p, double pace, int64_t max_gap_us);
/* What the clock shows: later events wait. LK_NEVER before the clock has begun. */
int64_t lk_pace_shows(const lk_pace *p, int64_t now_us);
/* All partitions wait, the earliest of them for an event of time `next`; `passed` is the largest time that went
 * through, LK_NEVER: none. Begins the clock at the first one; shortens the gap between the two where it is too
 * long. The same again changes nothing. */
void lk_pace_waits_for(lk_pace *p, int64_t passed, int64_t next, int64_t now_us);
/* When an event of this time is due: never before the clock shows it. */
int64_t lk_pace_due_us(const lk_pace *p, int64_t time);

#endif
