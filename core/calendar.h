/* Calendar windows: days, weeks, months, quarters and years of a time zone, as one list of the instants at which they
 * start (R15). The list is made when the view is declared and kept with the version, so that both layers go by the same
 * one, and a later change of the time zone's rules changes no answer silently. */
#ifndef LK_CORE_CALENDAR_H
#define LK_CORE_CALENDAR_H

#include <stdint.h>

typedef struct lk_calendar {
	const char *unit, *zone;   /* "day", "Europe/Berlin" */
	int64_t version;           /* of the view, whose list it is; 0 until it has been made */
	const int64_t *starts;     /* ascending, from 1900 to 2200 */
	int n;                     /* 0 until the list has been made */
} lk_calendar;

/* The window that holds ts starts here; all time before the list is one window, from LK_TIME_MIN on. */
int64_t lk_calendar_start(const lk_calendar *c, int64_t ts);
/* Where the window that starts at `start` ends; the last one of the list ends after LK_TIME_MAX. */
int64_t lk_calendar_end(const lk_calendar *c, int64_t start);
/* How many windows there are from the one that starts at `first` to the one that starts at `last`,
 * both counted; 0 where last < first. */
int64_t lk_calendar_count(const lk_calendar *c, int64_t first, int64_t last);

/* "1 day" -> "day"; so with week, month, quarter, year, their plurals and first letters (a month has none). NULL, with
 * *reason, where it is none of these. */
const char *lk_calendar_unit(const char *text, const char **reason);

#endif
