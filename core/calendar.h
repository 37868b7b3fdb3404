/* Calendar windows: days, weeks, months, quarters and years of a time zone, as one list of the instants at which they start
 * (R15). The list is made when the view is declared and kept with the version, so that both layers go by the same one, and a
 * later change of the time zone's rules changes no answer silently. */
#ifndef LK_CORE_CALENDAR_H
#define LK_CORE_CALENDAR_H

#include <stdint.h>

typedef struct lk_calendar {
	const char *unit, *zone;   /* "day", "Europe/Berlin" */
	const int64_t *starts;     /* ascending; the first window at or after a year, … the last one */
	int n;                     /* 0 until the list has been made */
} lk_calendar;

/* The window that holds ts starts here; all time before the list is one window, from LK_TIME_MIN on. */
int64_t lk_calendar_start(const lk_calendar *c, int64_t ts);
/* Where the window that starts at `start` ends; the last one of the list ends after LK_TIME_MAX. */
int64_t lk_calendar_end(const lk_calendar *c, int64_t start);

#endif
