/* Calendar time without a time zone database: the proleptic Gregorian calendar, in which 400 years have 146,097 days.
 * Days are counted from 0000-03-01, so that the leap day is the last of its year (H. Hinnant, "chrono-compatible
 * low-level date algorithms"). */
#include "core/time.h"

#include <string.h>
#include <strings.h>
#include <time.h>

enum { DAYS_0000_03_01_TO_1970 = 719468, DAYS_PER_400_YEARS = 146097 };

int64_t lk_days_from_civil(int64_t year, int month, int day) {
	int64_t y = year - (month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
	int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return era * DAYS_PER_400_YEARS + yoe * 365 + yoe / 4 - yoe / 100 + doy - DAYS_0000_03_01_TO_1970;
}

void lk_civil_from_days(int64_t days, int64_t *year, int *month, int *day) {
	days += DAYS_0000_03_01_TO_1970;
	int64_t era = (days >= 0 ? days : days - DAYS_PER_400_YEARS + 1) / DAYS_PER_400_YEARS;
	int64_t doe = days - era * DAYS_PER_400_YEARS;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp + (mp < 10 ? 3 : -9));
	*year = yoe + era * 400 + (*month <= 2);
}

static int days_in_month(int year, int month) {
	static const char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	return days[month - 1] + (month == 2 && leap);
}

typedef struct reader {
	const char *p, *end;
} reader;

/* Exactly n digits. */
static bool read_digits(reader *r, int n, int *out) {
	if (r->end - r->p < n)
		return false;
	*out = 0;
	for (; n > 0; n--, r->p++) {
		if (*r->p < '0' || *r->p > '9')
			return false;
		*out = *out * 10 + (*r->p - '0');
	}
	return true;
}

static bool read_char(reader *r, char c) {
	if (r->p >= r->end || *r->p != c)
		return false;
	r->p++;
	return true;
}

typedef struct moment {
	int year, month, day, hour, minute, second, fraction_us, zone_minutes;
} moment;

/* A leap second, :60, is the first second of the next minute, and has no fraction, as in PostgreSQL. */
static int to_us(const moment *m, int64_t *out_us) {
	if (m->year < 1 || m->month < 1 || m->month > 12 || m->day < 1 || m->day > days_in_month(m->year, m->month) ||
	    m->hour > 23 || m->minute > 59 || m->second > 60 || (m->second == 60 && m->fraction_us))
		return -1;
	int64_t s = lk_days_from_civil(m->year, m->month, m->day) * 86400 + m->hour * 3600 + m->minute * 60 + m->second;
	int64_t us = (s - (int64_t)m->zone_minutes * 60) * LK_US_PER_S + m->fraction_us;
	if (us < LK_TIME_MIN || us > LK_TIME_MAX)
		return -1;
	*out_us = us;
	return 0;
}

/* Digits beyond the microsecond are cut: rounding would move the last instant of a window into the next one. */
static bool read_fraction(reader *r, int *us) {
	int n = 0;
	*us = 0;
	for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++, n++)
		if (n < 6)
			*us = *us * 10 + (*r->p - '0');
	bool any = n > 0;
	for (; n < 6; n++)
		*us *= 10;
	return any;
}

/* +HH:MM, +HHMM, +HH (PostgreSQL's own output). */
static bool read_offset(reader *r, int *minutes) {
	int hours, rest = 0;
	bool west = read_char(r, '-');
	if ((!west && !read_char(r, '+')) || !read_digits(r, 2, &hours))
		return false;
	if ((read_char(r, ':') || r->p < r->end) && !read_digits(r, 2, &rest))
		return false;
	*minutes = (hours * 60 + rest) * (west ? -1 : 1);
	return hours < 24 && rest < 60;
}

int lk_time_parse(const char *s, size_t len, bool zoneless_utc, int64_t *out_us) {
	reader r = {s, s + len};
	moment m = {0};
	if (!read_digits(&r, 4, &m.year) || !read_char(&r, '-') || !read_digits(&r, 2, &m.month) || !read_char(&r, '-') ||
	    !read_digits(&r, 2, &m.day) || !(read_char(&r, 'T') || read_char(&r, ' ') || read_char(&r, 't')) ||
	    !read_digits(&r, 2, &m.hour) || !read_char(&r, ':') || !read_digits(&r, 2, &m.minute) || !read_char(&r, ':') ||
	    !read_digits(&r, 2, &m.second))
		return -1;
	if (read_char(&r, '.') && !read_fraction(&r, &m.fraction_us))
		return -1;
	if (r.p == r.end) {
		if (!zoneless_utc)
			return -1;
	} else if (!read_char(&r, 'Z') && !read_char(&r, 'z') && !read_offset(&r, &m.zone_minutes)) {
		return -1;
	}
	return r.p == r.end ? to_us(&m, out_us) : -1;
}

int lk_date_parse(const char *s, size_t len, int64_t *out_day) {
	reader r = {s, s + len};
	moment m = {0};
	int64_t us;
	if (!read_digits(&r, 4, &m.year) || !read_char(&r, '-') || !read_digits(&r, 2, &m.month) || !read_char(&r, '-') ||
	    !read_digits(&r, 2, &m.day) || r.p != r.end || to_us(&m, &us) != 0)
		return -1;
	*out_day = lk_floor_div(us, LK_US_PER_DAY);
	return 0;
}

/* The zone is only taken if it changes nothing: PostgreSQL ignores it in a timestamp. */
int lk_timestamp_parse(const char *s, size_t len, int64_t *out_us) {
	static const char *const zeros[] = {"Z", "z", "+00:00", "+00", "+0000"};
	for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
		size_t n = strlen(zeros[i]);
		if (len > n + 10 && memcmp(s + len - n, zeros[i], n) == 0)
			return lk_time_parse(s, len, false, out_us);
	}
	bool zone = len > 19 && (memchr(s + 19, '+', len - 19) || memchr(s + 19, '-', len - 19));
	return zone ? -1 : lk_time_parse(s, len, true, out_us);
}

static bool read_month(reader *r, int *month) {
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	if (r->end - r->p < 3)
		return false;
	for (*month = 1; *month <= 12; ++*month)
		if (memcmp(names + 3 * (*month - 1), r->p, 3) == 0) {
			r->p += 3;
			return true;
		}
	return false;
}

int lk_time_parse_clf(const char *s, size_t len, int64_t *out_us) {
	reader r = {s, s + len};
	moment m = {0};
	if (!read_digits(&r, 2, &m.day) || !read_char(&r, '/') || !read_month(&r, &m.month) || !read_char(&r, '/') ||
	    !read_digits(&r, 4, &m.year) || !read_char(&r, ':') || !read_digits(&r, 2, &m.hour) || !read_char(&r, ':') ||
	    !read_digits(&r, 2, &m.minute) || !read_char(&r, ':') || !read_digits(&r, 2, &m.second) || !read_char(&r, ' ') ||
	    !read_offset(&r, &m.zone_minutes) || r.p != r.end)
		return -1;
	return to_us(&m, out_us);
}

/* Writes n with at least `digits` digits, and `then`. Answers have many times, and printf would be most of the cost of
 * writing them. */
static void put_digits(lk_buf *out, int64_t n, int digits, char then) {
	static const int limit[] = {1, 10, 100, 1000, 10000};
	char text[8];
	if (n < 0 || n >= limit[digits]) {
		lk_buf_addf(out, "%0*lld", digits, (long long)n);
		if (then)
			lk_buf_addc(out, then);
		return;
	}
	for (int i = digits; i-- > 0; n /= 10)
		text[i] = (char)('0' + n % 10);
	text[digits] = then;
	lk_buf_add(out, text, (size_t)digits + (then != '\0'));
}

static void put_date(lk_buf *out, int64_t days, char then) {
	int month, day;
	int64_t year;
	lk_civil_from_days(days, &year, &month, &day);
	if (year < 0)   /* as in ISO 8601: a sign, and four digits */
		lk_buf_addc(out, '-');
	put_digits(out, year < 0 ? -year : year, 4, '-');
	put_digits(out, month, 2, '-');
	put_digits(out, day, 2, then);
}

void lk_date_print(int64_t day, lk_buf *out) { put_date(out, day, '\0'); }

void lk_timestamp_print(int64_t us, lk_buf *out) {
	int64_t s = lk_floor_div(us, LK_US_PER_S), days = lk_floor_div(s, 86400);
	int fraction = (int)lk_floor_mod(us, LK_US_PER_S), of_day = (int)lk_floor_mod(s, 86400);
	put_date(out, days, 'T');
	put_digits(out, of_day / 3600, 2, ':');
	put_digits(out, of_day / 60 % 60, 2, ':');
	put_digits(out, of_day % 60, 2, '\0');
	if (fraction) {
		lk_buf_addf(out, ".%06d", (int)fraction);
		while (out->data[out->len - 1] == '0')
			out->data[--out->len] = '\0';
	}
}

void lk_time_print(int64_t us, lk_buf *out) {
	lk_timestamp_print(us, out);
	lk_buf_addc(out, 'Z');
}

static int64_t clock_us(clockid_t clock) {
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * LK_US_PER_S + t.tv_nsec / 1000;
}

int64_t lk_time_now(void) { return clock_us(CLOCK_REALTIME); }
int64_t lk_monotonic_us(void) { return clock_us(CLOCK_MONOTONIC); }
