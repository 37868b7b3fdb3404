/* Time: RFC 3339 text, fixed intervals. All times are microseconds since 1970-01-01T00:00:00Z.
 *
 * Pure functions, but for the two clocks: any thread. */
#ifndef LK_CORE_TIME_H
#define LK_CORE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

#define LK_US_PER_S INT64_C(1000000)
#define LK_TIME_MIN INT64_C(-62135596800000000)  /* 0001-01-01T00:00:00Z */
#define LK_TIME_MAX INT64_C(253402300799999999)  /* 9999-12-31T23:59:59.999999Z */
#define LK_NEVER INT64_MIN                       /* a watermark before any event */

/* Sums and differences that saturate: beyond int64 they are its least or largest value. */
static inline int64_t lk_time_add(int64_t a, int64_t b) {
	int64_t r;
	return __builtin_add_overflow(a, b, &r) ? (b > 0 ? INT64_MAX : INT64_MIN) : r;
}
static inline int64_t lk_time_sub(int64_t a, int64_t b) {
	int64_t r;
	return __builtin_sub_overflow(a, b, &r) ? (b > 0 ? INT64_MIN : INT64_MAX) : r;
}
static inline int64_t lk_earlier(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t lk_later(int64_t a, int64_t b) { return a > b ? a : b; }

/* RFC 3339 with zone ("2015-05-17T10:05:03Z", "+02:00", ' ' for 'T', up to 6 fraction digits kept, more
 * truncated). A date-time without zone is read as UTC if `zoneless_utc`. 0, or -1. Range as above. */
int lk_time_parse(const char *s, size_t len, bool zoneless_utc, int64_t *out_us);
/* "17/May/2015:10:05:03 +0000", the combined log format's time. 0, or -1. */
int lk_time_parse_clf(const char *s, size_t len, int64_t *out_us);
/* RFC 3339, Z, fraction only if it is not zero. */
void lk_time_print(int64_t us, lk_buf *out);
/* The same without Z; YYYY-MM-DD of a day since 1970-01-01. */
void lk_timestamp_print(int64_t us, lk_buf *out);
void lk_date_print(int64_t day, lk_buf *out);
/* A date, "2015-05-17", as days since 1970-01-01; a date-time without a zone, or in UTC (Z, +00:00). 0, or -1. */
int lk_date_parse(const char *s, size_t len, int64_t *out_day);
int lk_timestamp_parse(const char *s, size_t len, int64_t *out_us);

/* The proleptic Gregorian calendar; the year before 1 is 0. */
int64_t lk_days_from_civil(int64_t year, int month, int day);
void lk_civil_from_days(int64_t days, int64_t *year, int *month, int *day);
/* Quotient rounded down, and the rest, 0 <= rest < by: days of a time, and the time of day. */
static inline int64_t lk_floor_div(int64_t a, int64_t by) { return a / by - (a % by < 0); }
static inline int64_t lk_floor_mod(int64_t a, int64_t by) { return a % by + (a % by < 0 ? by : 0); }
#define LK_US_PER_DAY (86400 * LK_US_PER_S)

int64_t lk_time_now(void);   /* the wall clock; for output and defaults, never for decisions about events */
int64_t lk_monotonic_us(void);

/* "<int> <unit>", units us ms s min h d w and their long names (second(s), minute(s), hour(s), day(s),
 * week(s), microsecond(s), millisecond(s)); "5m" on a command line means minutes. Positive unless `allow_zero`.
 * 0, or -1 with *reason. */
int lk_interval_parse(const char *s, size_t len, bool allow_zero, int64_t *out_us, const char **reason);
/* Microseconds of a unit of fixed length; 0 for another word. */
int64_t lk_interval_unit(const char *s, size_t len);
void lk_interval_print(int64_t us, lk_buf *out);   /* "10 s", "1 min", "90 s": the largest unit that divides */

#endif
