/* Functions of times and intervals. All times are UTC, the zone of every session (R7). Times reach as far as
 * PostgreSQL's, but for the years 294247 to 294276, which microseconds since 1970 cannot count: what may reach there is
 * passed through date_bin in SQL, which raises for them as well.
 *
 * An interval is days and a time of day, as in PostgreSQL, without months. */
#include <float.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "core/time.h"
#include "expr/private.h"

static const char INTERVAL_RANGE[] = "interval out of range";

/* --- units --- */

enum unit { MICROSECOND, MILLISECOND, SECOND, MINUTE, HOUR, DAY, WEEK, MONTH, QUARTER, YEAR, DECADE, CENTURY, MILLENNIUM, EPOCH,
	    DOW, ISODOW, DOY, ISOYEAR };
enum { TRUNCATED = 1, OF_DATE = 2, OF_TIME = 4, OF_SPAN = 8 };

/* digits: of the value that extract gives, in all and after the point */
static const struct unit_row {
	const char *name, *plural;
	uint8_t uses, digits, scale;
} units[] = {
	[MICROSECOND] = {"microsecond", "microseconds", TRUNCATED | OF_TIME | OF_SPAN, 8, 0},
	[MILLISECOND] = {"millisecond", "milliseconds", TRUNCATED | OF_TIME | OF_SPAN, 8, 3},
	[SECOND] = {"second", "seconds", TRUNCATED | OF_TIME | OF_SPAN, 8, 6},
	[MINUTE] = {"minute", "minutes", TRUNCATED | OF_TIME | OF_SPAN, 2, 0},
	[HOUR] = {"hour", "hours", TRUNCATED | OF_TIME | OF_SPAN, 11, 0},
	[DAY] = {"day", "days", TRUNCATED | OF_TIME | OF_DATE | OF_SPAN, 10, 0},
	[WEEK] = {"week", "weeks", TRUNCATED | OF_TIME | OF_DATE, 2, 0},
	[MONTH] = {"month", "months", TRUNCATED | OF_TIME | OF_DATE, 2, 0},
	[QUARTER] = {"quarter", "quarter", TRUNCATED | OF_TIME | OF_DATE, 1, 0},
	[YEAR] = {"year", "years", TRUNCATED | OF_TIME | OF_DATE, 7, 0},
	[DECADE] = {"decade", "decades", TRUNCATED | OF_TIME | OF_DATE, 6, 0},
	[CENTURY] = {"century", "centuries", TRUNCATED | OF_TIME | OF_DATE, 5, 0},
	[MILLENNIUM] = {"millennium", "millennia", TRUNCATED | OF_TIME | OF_DATE, 4, 0},
	[EPOCH] = {"epoch", "epoch", OF_TIME | OF_DATE | OF_SPAN, 25, 6},
	[DOW] = {"dow", "dow", OF_TIME | OF_DATE, 1, 0},
	[ISODOW] = {"isodow", "isodow", OF_TIME | OF_DATE, 1, 0},
	[DOY] = {"doy", "doy", OF_TIME | OF_DATE, 3, 0},
	[ISOYEAR] = {"isoyear", "isoyear", OF_TIME | OF_DATE, 7, 0},
};

static int find_unit(const lk_value *name, int uses) {
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		bool is = (strlen(units[i].name) == name->len && strncasecmp(units[i].name, name->s, name->len) == 0) ||
		          (strlen(units[i].plural) == name->len && strncasecmp(units[i].plural, name->s, name->len) == 0);
		if (is && units[i].uses & uses)
			return (int)i;
	}
	return -1;
}

/* The unit that a call's first argument names, as x->made. */
static const char *prepare_unit(lk_expr *x, int uses, const char *fault) {
	int unit = find_unit(&x->args[0]->value, uses);
	x->made = unit < 0 ? NULL : &units[unit];
	return unit < 0 ? fault : NULL;
}

static int unit_of(const lk_expr *x) { return (int)((const struct unit_row *)x->made - units); }

static const char *prepare_trunc(lk_expr *x, lk_arena *arena) {
	(void)arena;
	return prepare_unit(x, TRUNCATED, "the unit must be one of microseconds, milliseconds, second, minute, hour, day, week, month, quarter,"
	                                  " year, decade, century, millennium");
}

static const char *prepare_extract(lk_expr *x, lk_arena *arena) {
	(void)arena;
	uint8_t of = x->args[1]->type.kind;
	if (of == LK_INTERVAL)
		return prepare_unit(x, OF_SPAN, "the field must be one of epoch, day, hour, minute, second, milliseconds, microseconds");
	if (of == LK_DATE)
		return prepare_unit(x, OF_DATE, "the field must be one of epoch, day, week, month, quarter, year, decade, century, millennium, dow,"
		                                " isodow, doy, isoyear");
	return prepare_unit(x, OF_TIME, "the field must be one of epoch, microseconds, milliseconds, second, minute, hour, day, week, month,"
	                                " quarter, year, decade, century, millennium, dow, isodow, doy, isoyear");
}

/* --- fields --- */

/* A count of `size` years that ends with the year: 1 for 1 to size, -1 for the size years before 1 (0 is 1 BC). */
static int64_t span_of_years(int64_t year, int64_t size) {
	return year > 0 ? (year + size - 1) / size : -((size - 1 - (year - 1)) / size);
}

static int64_t decade_of(int64_t year) { return year >= 0 ? year / 10 : -((8 - (year - 1)) / 10); }
static int64_t without_zero(int64_t year) { return year > 0 ? year : year - 1; }
static int64_t monday(int64_t day) { return day - lk_floor_mod(day + 3, 7); }

/* A week belongs to the year of its Thursday. */
static int64_t week_of(int64_t day, int64_t *year) {
	int64_t thursday = monday(day) + 3;
	int month, of_month;
	lk_civil_from_days(thursday, year, &month, &of_month);
	return (thursday - lk_days_from_civil(*year, 1, 1)) / 7 + 1;
}

static int64_t field_of_day(int unit, int64_t day) {
	int64_t year, week_year;
	int month, of_month;
	lk_civil_from_days(day, &year, &month, &of_month);
	switch (unit) {
	case DAY: return of_month;
	case WEEK: return week_of(day, &week_year);
	case MONTH: return month;
	case QUARTER: return (month - 1) / 3 + 1;
	case YEAR: return without_zero(year);
	case DECADE: return decade_of(year);
	case CENTURY: return span_of_years(year, 100);
	case MILLENNIUM: return span_of_years(year, 1000);
	case DOW: return lk_floor_mod(day + 4, 7);
	case ISODOW: return day - monday(day) + 1;
	case DOY: return day - lk_days_from_civil(year, 1, 1) + 1;
	default:
		week_of(day, &week_year);
		return without_zero(week_year);
	}
}

/* Of a time of day, in the field's own scale. */
static int64_t field_of_time(int unit, int64_t us) {
	switch (unit) {
	case HOUR: return us / (3600 * LK_US_PER_S);
	case MINUTE: return us / (60 * LK_US_PER_S) % 60;
	default: return us % (60 * LK_US_PER_S);   /* with 0, 3 or 6 digits after the point */
	}
}

static lk_int128 field_of_instant(int unit, int64_t us) {
	if (unit == EPOCH)
		return us;
	if (unit <= HOUR)
		return field_of_time(unit, lk_floor_mod(us, LK_US_PER_DAY));
	return field_of_day(unit, lk_floor_div(us, LK_US_PER_DAY));
}

static lk_int128 field_of_span(int unit, const lk_value *v) {
	if (unit == EPOCH)
		return (lk_int128)v->span.days * LK_US_PER_DAY + v->span.us;
	return unit == DAY ? v->span.days : field_of_time(unit, v->span.us);
}

static lk_value extract_instant(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)ev, lk_numeric(field_of_instant(unit_of(x), v[1].i), x->type.scale);
}

static lk_value extract_date(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	int unit = unit_of(x);
	return (void)ev, lk_numeric(unit == EPOCH ? (lk_int128)v[1].i * 86400 : field_of_day(unit, v[1].i), 0);
}

static lk_value extract_span(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)ev, lk_numeric(field_of_span(unit_of(x), &v[1]), x->type.scale);
}

static bool field_type(const lk_expr *x, lk_type *out) {
	const struct unit_row *u = x->made;
	*out = (lk_type){.kind = LK_NUMERIC, .precision = u->digits, .scale = x->args[1]->type.kind == LK_DATE ? 0 : u->scale};
	return true;
}

/* Seconds and their fraction are added as doubles, not divided: date_part's own way. */
static double part_of_time(int unit, int64_t field) {
	int64_t s = field / LK_US_PER_S, us = field % LK_US_PER_S;
	if (unit == SECOND)
		return (double)s + (double)us / 1e6;
	return unit == MILLISECOND ? (double)s * 1000 + (double)us / 1000 : (double)field;
}

static lk_value part_of(int unit, lk_int128 field) {
	if (unit == EPOCH)
		return lk_double((double)(int64_t)field / 1e6);
	return lk_double(unit <= SECOND ? part_of_time(unit, (int64_t)field) : (double)(int64_t)field);
}

static lk_value part_instant(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)ev, part_of(unit_of(x), field_of_instant(unit_of(x), v[1].i));
}

/* --- date_trunc, date_bin --- */

static int64_t first_year(int unit, int64_t year) {
	switch (unit) {
	case DECADE: return year > 0 ? year / 10 * 10 : -((8 - (year - 1)) / 10) * 10;
	case CENTURY: return year > 0 ? (year + 99) / 100 * 100 - 99 : -((99 - (year - 1)) / 100) * 100 + 1;
	case MILLENNIUM: return year > 0 ? (year + 999) / 1000 * 1000 - 999 : -((999 - (year - 1)) / 1000) * 1000 + 1;
	default: return year;
	}
}

static int64_t truncated_day(int unit, int64_t day) {
	int64_t year;
	int month, of_month;
	if (unit == DAY || unit == WEEK)
		return unit == DAY ? day : monday(day);
	lk_civil_from_days(day, &year, &month, &of_month);
	if (unit == MONTH || unit == QUARTER)
		return lk_days_from_civil(year, unit == MONTH ? month : (month - 1) / 3 * 3 + 1, 1);
	return lk_days_from_civil(first_year(unit, year), 1, 1);
}

static lk_value date_trunc(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	static const int64_t lengths[] = {1, 1000, LK_US_PER_S, 60 * LK_US_PER_S, 3600 * LK_US_PER_S};
	int unit = unit_of(x);
	int64_t us = v[1].i;
	if (unit <= HOUR)
		return lk_int(us - lk_floor_mod(us, lengths[unit]));
	return lk_time_checked((lk_int128)truncated_day(unit, lk_floor_div(us, LK_US_PER_DAY)) * LK_US_PER_DAY, ev);
}

static lk_int128 length_of(const lk_value *span) { return (lk_int128)span->span.days * LK_US_PER_DAY + span->span.us; }

static const char *check_stride(lk_expr *x, lk_arena *arena) {
	(void)arena;
	lk_int128 us = length_of(&x->args[0]->value);
	return us <= 0 || us > INT64_MAX ? "the stride must be longer than zero" : NULL;
}

static lk_value date_bin(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	int64_t stride = (int64_t)length_of(&v[0]), since;
	if (__builtin_sub_overflow(v[1].i, v[2].i, &since))
		return lk_mark(ev, INTERVAL_RANGE);
	return lk_time_checked((lk_int128)v[1].i - lk_floor_mod(since, stride), ev);
}

/* --- arithmetic --- */

static lk_value moved(int64_t us, const lk_value *by, int sign, lk_eval *ev) {
	lk_value day = lk_time_checked((lk_int128)us + sign * (lk_int128)by->span.days * LK_US_PER_DAY, ev);
	return lk_is_null(&day) ? day : lk_time_checked((lk_int128)day.i + sign * (lk_int128)by->span.us, ev);
}

static lk_value later(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, moved(v[0].i, &v[1], 1, ev); }
static lk_value earlier(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, moved(v[0].i, &v[1], -1, ev); }
static lk_value span_first(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, moved(v[1].i, &v[0], 1, ev); }

static lk_value date_moved(int64_t day, const lk_value *by, int sign, lk_eval *ev) { return moved(day * LK_US_PER_DAY, by, sign, ev); }
static lk_value date_later(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, date_moved(v[0].i, &v[1], 1, ev); }
static lk_value date_earlier(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, date_moved(v[0].i, &v[1], -1, ev); }
static lk_value span_to_date(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, date_moved(v[1].i, &v[0], 1, ev); }

/* Dates have the range of times here, so that each is a time; PostgreSQL's go on to the year 5874897. */
static lk_value date_checked(int64_t day, lk_eval *ev) {
	lk_value midnight = lk_time_checked((lk_int128)day * LK_US_PER_DAY, ev);
	return lk_is_null(&midnight) ? lk_mark(ev, "date out of range") : lk_int(day);
}
static lk_value days_later(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, date_checked(v[0].i + v[1].i, ev); }
static lk_value days_earlier(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, date_checked(v[0].i - v[1].i, ev); }
static lk_value days_between(const lk_expr *x, const lk_value *v, lk_eval *ev) { return (void)x, lk_ranged(LK_INT4, v[0].i - v[1].i, ev); }

/* Whole days are counted apart, as PostgreSQL does. */
static lk_value between(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	int64_t us;
	if (__builtin_sub_overflow(v[0].i, v[1].i, &us))
		return lk_mark(ev, INTERVAL_RANGE);
	return lk_interval(us / LK_US_PER_DAY, us % LK_US_PER_DAY);
}

static lk_value span_checked(int64_t days, lk_int128 us, lk_eval *ev) {
	return days == (int32_t)days && us == (int64_t)us ? lk_interval(days, (int64_t)us) : lk_mark(ev, INTERVAL_RANGE);
}
static lk_value spans_added(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)x, span_checked(v[0].span.days + v[1].span.days, (lk_int128)v[0].span.us + v[1].span.us, ev);
}
static lk_value spans_subtracted(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	return (void)x, span_checked(v[0].span.days - v[1].span.days, (lk_int128)v[0].span.us - v[1].span.us, ev);
}

/* Fractions of a day become time, rounded to the microsecond: interval_mul and interval_div of PostgreSQL's
 * timestamp.c. */
static lk_value scaled(double days, double us, lk_eval *ev) {
	if (!(days >= -0x1p31 && days < 0x1p31))
		return lk_mark(ev, INTERVAL_RANGE);
	int64_t whole = (int64_t)days;
	double rest = rint((days - (double)whole) * 86400 * 1e6) / 1e6;
	if (fabs(rest) >= 86400) {
		whole += (int64_t)(rest / 86400);
		rest -= (double)(int64_t)(rest / 86400) * 86400;
	}
	us = rint(us + rest * 1e6);
	if (!(us >= -0x1p63 && us < 0x1p63))
		return lk_mark(ev, INTERVAL_RANGE);
	return span_checked(whole, (int64_t)us, ev);
}

static lk_value times_number(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	return isfinite(v[1].d) ? scaled((double)v[0].span.days * v[1].d, (double)v[0].span.us * v[1].d, ev) : lk_mark(ev, INTERVAL_RANGE);
}
static lk_value number_times(const lk_expr *x, const lk_value *v, lk_eval *ev) { return times_number(x, (lk_value[]){v[1], v[0]}, ev); }
static lk_value over_number(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	(void)x;
	if (v[1].d == 0)
		return lk_mark(ev, LK_DIVISION_BY_ZERO);
	return scaled((double)v[0].span.days / v[1].d, (double)v[0].span.us / v[1].d, ev);
}

/* float8_timestamptz: the shift between the epochs is made in double precision, before the rounding. */
static lk_value to_timestamp(const lk_expr *x, const lk_value *v, lk_eval *ev) {
	const double least = 86400.0 * -2440588, end = 86400.0 * (109203528 - 2440588), shift = 10957 * 86400.0;
	(void)x;
	if (!(v->d >= least && v->d < end))
		return lk_mark(ev, LK_TIME_RANGE);
	return lk_time_checked((lk_int128)rint((v->d - shift) * 1e6) + 10957 * LK_US_PER_DAY, ev);
}

/* --- the table --- */

#define INFIX(op, a, b, r) .name = op, .nargs = 2, .args = {a, b}, .result = r, .flags = LK_F_INFIX
#define EPOCH_SQL "timestamptz '1970-01-01 00:00:00+00')"
#define ZONED .before = "date_bin(interval '1 microsecond', ", .after = ", " EPOCH_SQL
#define UNZONED .before = "date_bin(interval '1 microsecond', ", .after = ", timestamp '1970-01-01 00:00:00')"
#define DAYS .before = "date_bin(interval '1 microsecond', ", .after = "::timestamp, timestamp '1970-01-01 00:00:00')::date"
#define FIELD(f, k) .name = f, .nargs = 2, .args = {LK_TEXT, k}, .constants = 1, .prepare = prepare_extract
#define EXTRACT(k) FIELD("extract", k), .result = LK_NUMERIC, .type = field_type
#define TRUNC(k) .name = "date_trunc", .nargs = 2, .args = {LK_TEXT, k}, .result = k, .constants = 1, .prepare = prepare_trunc
#define BIN(k) .name = "date_bin", .nargs = 3, .args = {LK_INTERVAL, k, k}, .result = k, .constants = 1, .prepare = check_stride

const lk_function lk_time_functions[] = {
	{TRUNC(LK_TIME), .eval = date_trunc},
	{TRUNC(LK_TIMESTAMP), .eval = date_trunc},
	{.name = "date_trunc", .nargs = 2, .args = {LK_TEXT, LK_INTERVAL}, .result = LK_INTERVAL, .instead = "write extract(epoch FROM x)"},
	{BIN(LK_TIME), .eval = date_bin},
	{BIN(LK_TIMESTAMP), .eval = date_bin},
	{EXTRACT(LK_TIME), .eval = extract_instant},
	{EXTRACT(LK_TIMESTAMP), .eval = extract_instant},
	{EXTRACT(LK_DATE), .eval = extract_date},
	{EXTRACT(LK_INTERVAL), .eval = extract_span},
	{FIELD("date_part", LK_TIME), .result = LK_FLOAT8, .eval = part_instant},
	{FIELD("date_part", LK_TIMESTAMP), .result = LK_FLOAT8, .eval = part_instant},
	{.name = "date_part", .nargs = 2, .args = {LK_TEXT, LK_DATE}, .result = LK_FLOAT8, .instead = "write extract(field FROM x)"},
	{.name = "date_part", .nargs = 2, .args = {LK_TEXT, LK_INTERVAL}, .result = LK_FLOAT8, .instead = "write extract(field FROM x)"},
	{.name = "to_timestamp", .nargs = 1, .args = {LK_FLOAT8}, .result = LK_TIME, .eval = to_timestamp,
	 .before = "date_bin(interval '1 microsecond', to_timestamp((to_jsonb(", .after = "))::double precision), " EPOCH_SQL},
	{INFIX("+", LK_TIME, LK_INTERVAL, LK_TIME), .eval = later, ZONED},
	{INFIX("-", LK_TIME, LK_INTERVAL, LK_TIME), .eval = earlier, ZONED},
	{INFIX("+", LK_INTERVAL, LK_TIME, LK_TIME), .eval = span_first, ZONED},
	{INFIX("+", LK_TIMESTAMP, LK_INTERVAL, LK_TIMESTAMP), .eval = later, UNZONED},
	{INFIX("-", LK_TIMESTAMP, LK_INTERVAL, LK_TIMESTAMP), .eval = earlier, UNZONED},
	{INFIX("+", LK_INTERVAL, LK_TIMESTAMP, LK_TIMESTAMP), .eval = span_first, UNZONED},
	{INFIX("+", LK_DATE, LK_INTERVAL, LK_TIMESTAMP), .eval = date_later, UNZONED},
	{INFIX("-", LK_DATE, LK_INTERVAL, LK_TIMESTAMP), .eval = date_earlier, UNZONED},
	{INFIX("+", LK_INTERVAL, LK_DATE, LK_TIMESTAMP), .eval = span_to_date, UNZONED},
	{INFIX("+", LK_DATE, LK_INT4, LK_DATE), .eval = days_later, DAYS},
	{INFIX("+", LK_INT4, LK_DATE, LK_DATE), .eval = days_later, DAYS},
	{INFIX("-", LK_DATE, LK_INT4, LK_DATE), .eval = days_earlier, DAYS},
	{INFIX("-", LK_DATE, LK_DATE, LK_INT4), .eval = days_between},
	{INFIX("-", LK_TIME, LK_TIME, LK_INTERVAL), .eval = between},
	{INFIX("-", LK_TIMESTAMP, LK_TIMESTAMP, LK_INTERVAL), .eval = between},
	{INFIX("+", LK_INTERVAL, LK_INTERVAL, LK_INTERVAL), .eval = spans_added},
	{INFIX("-", LK_INTERVAL, LK_INTERVAL, LK_INTERVAL), .eval = spans_subtracted},
	{INFIX("*", LK_INTERVAL, LK_FLOAT8, LK_INTERVAL), .eval = times_number},
	{INFIX("*", LK_FLOAT8, LK_INTERVAL, LK_INTERVAL), .eval = number_times},
	{INFIX("/", LK_INTERVAL, LK_FLOAT8, LK_INTERVAL), .eval = over_number},
	{0},
};
