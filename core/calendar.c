#include "core/calendar.h"

#include "core/time.h"

/* How many windows of the list start at or before ts. */
static int begun(const lk_calendar *c, int64_t ts) {
	int low = 0, high = c->n;
	while (low < high) {
		int middle = low + (high - low) / 2;
		if (c->starts[middle] <= ts)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int64_t lk_calendar_start(const lk_calendar *c, int64_t ts) {
	int n = begun(c, ts);
	return n ? c->starts[n - 1] : LK_TIME_MIN;
}

int64_t lk_calendar_end(const lk_calendar *c, int64_t start) {
	int n = begun(c, start);
	return n < c->n ? c->starts[n] : LK_TIME_MAX + 1;
}
