/* How often to report a trouble that occurs again and again.
 *
 * Each state is used by one thread at a time; the caller gives the time. */
#ifndef LK_CORE_TOLD_H
#define LK_CORE_TOLD_H

#include <stdbool.h>
#include <stdint.h>

/* All 0: there is none. */
typedef struct lk_told {
	uint64_t what;                /* digest of the last text that was said */
	int64_t since_us, said_us;    /* monotonic */
	int times;                    /* that it was said; 0: another trouble */
} lk_told;

/* Is this text to be said now? At once, then 5 s later, 30 s later, and every 5 min from then on; another text 5 s
 * after the last one. Texts that differ only in their numbers are the same. */
bool lk_told_due(lk_told *t, const char *text, int64_t now_us);
/* Was this text the last that was said of the trouble? */
bool lk_told_has(const lk_told *t, const char *text);
/* The trouble is over: how long it lasted, in microseconds; 0 if there was none. */
int64_t lk_told_over(lk_told *t, int64_t now_us);

#endif
