/* Intervals of fixed length: "<int> <unit>". Months, quarters and years have no fixed length, so they are not
 * intervals. */
#include <string.h>
#include <strings.h>

#include "core/time.h"

static const struct unit {
	const char *names[4];
	int64_t us;
} units[] = {
	{{"us", "microsecond", "microseconds"}, 1},
	{{"ms", "millisecond", "milliseconds"}, 1000},
	{{"s", "second", "seconds"}, LK_US_PER_S},
	{{"min", "minute", "minutes", "m"}, 60 * LK_US_PER_S},
	{{"h", "hour", "hours"}, 3600 * LK_US_PER_S},
	{{"d", "day", "days"}, 86400 * LK_US_PER_S},
	{{"w", "week", "weeks"}, 7 * 86400 * LK_US_PER_S},
};
enum { NUNITS = sizeof units / sizeof *units };

static bool is_word(const char *s, size_t len, const char *word) {
	return word && strlen(word) == len && strncasecmp(s, word, len) == 0;
}

int64_t lk_interval_unit(const char *s, size_t len) {
	for (int u = 0; u < NUNITS; u++)
		for (int i = 0; i < 4; i++)
			if (is_word(s, len, units[u].names[i]))
				return units[u].us;
	return 0;
}

static bool is_calendar_unit(const char *s, size_t len) {
	static const char *const names[] = {"month", "months", "mon", "mons", "quarter", "quarters", "year", "years", "y"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (is_word(s, len, names[i]))
			return true;
	return false;
}

static int fail(const char **reason, const char *why) {
	*reason = why;
	return -1;
}

int lk_interval_parse(const char *s, size_t len, bool allow_zero, int64_t *out_us, const char **reason) {
	const char *end = s + len;
	int64_t n = 0, us;
	while (s < end && *s == ' ')
		s++;
	while (s < end && end[-1] == ' ')
		end--;
	if (s < end && *s == '-')
		return fail(reason, "must not be negative");
	if (s == end || *s < '0' || *s > '9')
		return fail(reason, "not an interval");
	for (; s < end && *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *s - '0', &n))
			return fail(reason, "out of range");
	while (s < end && *s == ' ')
		s++;
	us = lk_interval_unit(s, (size_t)(end - s));
	if (s == end)
		return fail(reason, "no unit: write one of us, ms, s, min, h, d, w");
	if (!us && is_calendar_unit(s, (size_t)(end - s)))
		return fail(reason, "months, quarters and years have no fixed length");
	if (!us)
		return fail(reason, "unknown unit: write one of us, ms, s, min, h, d, w");
	if (__builtin_mul_overflow(n, us, &n) || n > LK_TIME_MAX - LK_TIME_MIN)
		return fail(reason, "out of range");
	if (n == 0 && !allow_zero)
		return fail(reason, "must be longer than zero");
	*out_us = n;
	return 0;
}

void lk_interval_print(int64_t us, lk_buf *out) {
	int u = us ? NUNITS - 1 : 2;
	while (us % units[u].us != 0)
		u--;
	lk_buf_addf(out, "%lld %s", (long long)(us / units[u].us), units[u].names[0]);
}
