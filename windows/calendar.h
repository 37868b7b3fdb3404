/* Calendar windows: days, weeks, months, quarters and years of a time zone, as one list of the instants at which they
 * start (R15). The list is made when the view is declared and kept with the version, so that both layers use the same
 * list, and a later change of the time zone's rules changes no answer silently.
 *
 * A calendar and its list are owned by the plan, and only read: any thread. */
#ifndef LK_WINDOWS_CALENDAR_H
#define LK_WINDOWS_CALENDAR_H

#include <stdint.h>

typedef struct lk_calendar {
	const char *unit, *zone;   /* "day", "Europe/Berlin" */
	int64_t version;           /* of the view that the list belongs to; 0 until the list is made */
	const int64_t *starts;     /* ascending, from 1900 to 2200 */
	int n;                     /* 0 until the list is made */
} lk_calendar;

/* The start of the window that holds ts; all time before the list is one window, from LK_TIME_MIN on. */
int64_t lk_calendar_start(const lk_calendar *c, int64_t ts);
/* The end of the window that starts at `start`; the list's last window ends after LK_TIME_MAX. */
int64_t lk_calendar_end(const lk_calendar *c, int64_t start);
/* The number of windows from the one that starts at `first` to the one that starts at `last`, both included; 0 if
 * last < first. */
int64_t lk_calendar_count(const lk_calendar *c, int64_t first, int64_t last);

/* "1 day" -> "day"; likewise for week, month, quarter, year, with plurals and first letters (month and quarter have no
 * letter). NULL, with *reason, if it is none of these. */
const char *lk_calendar_unit(const char *text, const char **reason);

#endif
