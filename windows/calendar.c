#include "windows/calendar.h"

#include <string.h>
#include <strings.h>

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

int64_t lk_calendar_count(const lk_calendar *c, int64_t first, int64_t last) {
	return last < first ? 0 : begun(c, last) - begun(c, first) + 1;
}

static const char *const units[][4] = {
	{"day", "days", "d"}, {"week", "weeks", "w"}, {"month", "months"}, {"quarter", "quarters"}, {"year", "years", "y"},
};

const char *lk_calendar_unit(const char *text, const char **reason) {
	text += strspn(text, " ");
	size_t digits = strspn(text, "0123456789");
	const char *word = text + digits + strspn(text + digits, " ");
	size_t len = strcspn(word, " ");
	*reason = "not a calendar unit";
	if (!digits || word[len + strspn(word + len, " ")])
		return NULL;
	for (size_t u = 0; u < sizeof units / sizeof *units; u++)
		for (int i = 0; i < 4 && units[u][i]; i++) {
			if (strlen(units[u][i]) != len || strncasecmp(units[u][i], word, len) != 0)
				continue;
			*reason = "a calendar window is one unit long";
			return digits == 1 && *text == '1' ? units[u][0] : NULL;
		}
	return NULL;
}
