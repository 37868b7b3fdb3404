/* Years as in ISO 8601: the year before 0001 is 0000 (PostgreSQL's 0001 BC), the one before that -0001; the year after
 * 9999 is 10000. The calendar repeats after 400 years, so a year beyond those of events is read as the one 400 years
 * nearer. */
#include "windows/bound.h"

#include <stdio.h>
#include <string.h>

#include "core/time.h"
#include "windows/window.h"

#define US_PER_400_YEARS (INT64_C(146097) * 86400 * LK_US_PER_S)

/* Exactly n digits, or -1. */
static int digits(const char *s, int n) {
	int number = 0;
	for (int i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		number = number * 10 + (s[i] - '0');
	}
	return number;
}

/* The year at s, which has `*len` bytes then: 0000, -0001 and before, 10000 and after. False for any other text. */
static bool read_year(const char *s, size_t len, int *year, size_t *year_len) {
	bool before = len > 0 && s[0] == '-';
	*year_len = before || !len || s[0] != '0' ? 5 : 4;
	if (len <= *year_len || s[*year_len] != '-')
		return false;
	int n = before ? digits(s + 1, 4) : digits(s, (int)*year_len);
	*year = before ? -n : n;
	return before ? n > 0 : n == 0 || n >= 10000;
}

int lk_bound_parse(const char *s, size_t len, int64_t *out_us) {
	char text[64];
	int year, nearer;
	size_t year_len;
	int64_t us;
	if (lk_time_parse(s, len, false, out_us) == 0)
		return 0;
	if (!read_year(s, len, &year, &year_len) || len >= sizeof text)
		return -1;
	nearer = year > 0 ? -400 : 400;
	if (year + nearer < 1 || year + nearer > 9999)
		return -1;
	int n = snprintf(text, sizeof text, "%04d%.*s", year + nearer, (int)(len - year_len), s + year_len);
	if (n <= 0 || (size_t)n >= sizeof text || lk_time_parse(text, (size_t)n, false, &us))
		return -1;
	us += nearer > 0 ? -US_PER_400_YEARS : US_PER_400_YEARS;
	if (us < LK_TIME_MIN - LK_MAX_WINDOW_US || us > LK_TIME_MAX + LK_MAX_WINDOW_US)
		return -1;
	*out_us = us;
	return 0;
}
