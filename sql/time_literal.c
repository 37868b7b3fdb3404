/* Constants of times and intervals: the forms that PostgreSQL reads alike under any setting but that of the time zone,
 * which is UTC in all sessions of lk. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/time.h"
#include "sql/expr.h"

enum { MOST_CHARACTERS = 48 };

/* 2015-05-17 and 2015-05-17 10:05, also with a zone, get what they lack. False if it is too long. */
static bool complete(const char *text, char *full, size_t size) {
	const size_t day = strlen("2000-01-01"), minute = strlen("2000-01-01 00:00"), len = strlen(text);
	if (len + strlen(" 00:00:00") >= size)
		return false;
	if (len == day)
		snprintf(full, size, "%s 00:00:00", text);
	else if (len >= minute && text[day + 3] == ':' && text[minute] != ':')
		snprintf(full, size, "%.*s:00%s", (int)minute, text, text + minute);
	else
		snprintf(full, size, "%s", text);
	return true;
}

/* At most microseconds. PostgreSQL has no zone beyond 15:59 and no fraction after :60. */
bool lk_sql_time_literal(const char *text, int64_t *out) {
	char full[MOST_CHARACTERS];
	if (!complete(text, full, sizeof full) || lk_time_parse(full, strlen(full), true, out) != 0)
		return false;
	const char *second = full + strlen("2000-01-01T00:00:"), *point = strchr(second, '.'), *zone = strpbrk(second, "+-");
	if (zone && (zone[1] - '0') * 10 + zone[2] - '0' > 15)
		return false;
	return !point || (strspn(point + 1, "0123456789") <= 6 && strncmp(second, "60", 2) != 0);
}

/* Without a zone, which PostgreSQL would skip. */
bool lk_sql_timestamp_literal(const char *text, int64_t *out) {
	size_t len = strlen(text);
	return len && isdigit((unsigned char)text[len - 1]) && !strpbrk(text + (len > 10 ? 10 : len), "+-") &&
	       lk_sql_time_literal(text, out);
}

/* An interval being read: the units of its parts, of which PostgreSQL takes each once. */
typedef struct parts {
	int64_t units[8], days, us;
	int n;
} parts;

/* Days and weeks are days, the rest is time. */
static bool add_part(parts *p, bool negative, int64_t us, int64_t unit) {
	int64_t days = unit >= LK_US_PER_DAY ? us / LK_US_PER_DAY : 0, sign = negative ? -1 : 1;
	for (int i = 0; i < p->n; i++)
		if (p->units[i] == unit)
			return false;
	p->units[p->n++] = unit;
	p->days += sign * days;
	p->us += sign * (us - days * LK_US_PER_DAY);
	return true;
}

bool lk_sql_interval_literal(const char *text, lk_value *out, const char **reason) {
	parts p = {.n = 0};
	text += strspn(text, " ");
	do {
		bool negative = *text == '-';
		text += negative;
		size_t digits = strspn(text, "0123456789"), unit = digits + strspn(text + digits, " "), end = unit;
		while (isalpha((unsigned char)text[end]))
			end++;
		int64_t us;
		*reason = "an interval is a whole number and a unit";
		if (!digits || lk_interval_parse(text, end, true, &us, reason) != 0)
			return false;
		*reason = "a unit is given twice";
		if (!add_part(&p, negative, us, lk_interval_unit(text + unit, end - unit)))
			return false;
		text += end;
		text += strspn(text, " ");
	} while (*text);
	*out = lk_interval(p.days, p.us);
	return true;
}
