/* Outside text to values: JSON scalars, csv fields, --where values.
 *
 * A number is read as its digits and the place of its decimal point, so integers and numerics are exact whatever the
 * spelling (1.0, 1e2, 12345678901234567.89), and a huge exponent costs nothing. Blanks around anything but a text
 * are skipped, as PostgreSQL does. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/hex.h"
#include "core/jsonb.h"
#include "core/time.h"

/* 0.D * 10^point, where D are the digits between first and end (a dot among them is skipped), the first of them not
 * 0. */
typedef struct decimal {
	bool negative;
	const char *first, *end;
	int64_t point;
} decimal;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* [+-] digits [. digits] [e [+-] digits], at least one digit before the e; ".5" and "5." too. */
static bool read_decimal(const char *s, const char *end, decimal *out) {
	bool digits = false, dot = false;
	*out = (decimal){.negative = s < end && *s == '-'};
	if (s < end && (*s == '-' || *s == '+'))
		s++;
	for (; s < end && (is_digit(*s) || (*s == '.' && !dot)); s++) {
		if (*s == '.') {
			dot = true;
			continue;
		}
		digits = true;
		if (!out->first && *s != '0')
			out->first = s;
		out->point += out->first ? !dot : -(int64_t)dot;
	}
	out->end = s;
	if (!digits)
		return false;
	if (s < end && (*s == 'e' || *s == 'E')) {
		bool negative = ++s < end && *s == '-';
		int64_t exponent = 0;
		if (s < end && (*s == '-' || *s == '+'))
			s++;
		if (s == end)
			return false;
		for (; s < end && is_digit(*s); s++)
			exponent = exponent < 100000000 ? exponent * 10 + (*s - '0') : exponent;
		out->point += negative ? -exponent : exponent;
	}
	return s == end;
}

/* The number times 10^scale, rounded half away from zero. False where it has more than 38 digits. */
static bool scaled(const decimal *d, int scale, lk_int128 *out, bool *exact) {
	*out = 0;
	*exact = true;
	if (!d->first)
		return true;
	int64_t want = d->point + scale;
	if (want > 38)
		return false;
	const char *s = d->first;
	unsigned __int128 n = 0;
	for (int64_t i = 0; i < want; i++) {
		while (s < d->end && *s == '.')
			s++;
		n = n * 10 + (unsigned)(s < d->end ? *s++ - '0' : 0);
	}
	for (bool next = want >= 0; s < d->end; s++) {
		if (*s == '.')
			continue;
		if (*s != '0')
			*exact = false;
		n += next && *s >= '5';
		next = false;
	}
	if (n >= (unsigned __int128)lk_pow10(38))
		return false;
	*out = d->negative ? -(lk_int128)n : (lk_int128)n;
	return true;
}

static int fail(const char **reason, const char *why) {
	*reason = why;
	return -1;
}

static int parse_integer(lk_type t, const char *s, const char *end, lk_value *out, const char **reason) {
	int64_t max = t.kind == LK_INT2 ? INT16_MAX : t.kind == LK_INT4 ? INT32_MAX : INT64_MAX;
	const char *first = s + (*s == '-'), *p = first;
	int64_t i = 0;
	while (p < end && p - first < 18 && is_digit(*p))
		i = i * 10 + (*p++ - '0');
	lk_int128 n = first > s ? -i : i;
	if (p < end || p == first) {
		decimal d;
		bool exact;
		if (!read_decimal(s, end, &d))
			return fail(reason, "not an integer");
		if (!scaled(&d, 0, &n, &exact))
			return fail(reason, "out of range");
		if (!exact)
			return fail(reason, "not an integer");
	}
	if (n > max || n < -(lk_int128)max - 1)
		return fail(reason, "out of range");
	*out = lk_int((int64_t)n);
	return 0;
}

static int parse_numeric(lk_type t, const char *s, const char *end, lk_value *out, const char **reason) {
	decimal d;
	lk_int128 n;
	bool exact;
	if (!read_decimal(s, end, &d))
		return fail(reason, "not a number");
	if (!scaled(&d, t.scale, &n, &exact) || (t.precision && (n >= lk_pow10(t.precision) || n <= -lk_pow10(t.precision))))
		return fail(reason, "out of range");
	*out = lk_numeric(n, t.scale);
	return 0;
}

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static void skip_blanks(const char **s, const char **end) {
	while (*s < *end && is_blank(**s))
		++*s;
	while (*s < *end && is_blank((*end)[-1]))
		--*end;
}

bool lk_numeric_is_exact(lk_type t, const char *s, size_t len) {
	const char *end = s + len;
	decimal d;
	lk_int128 n;
	bool exact;
	skip_blanks(&s, &end);
	return read_decimal(s, end, &d) && scaled(&d, t.scale, &n, &exact) && exact;
}

static bool is_word(const char *s, const char *end, const char *word) {
	return (size_t)(end - s) == strlen(word) && strncasecmp(s, word, strlen(word)) == 0;
}

static bool parse_special(const char *s, const char *end, double *out) {
	bool negative = *s == '-';
	if (is_word(s, end, "nan")) {
		*out = NAN;
		return true;
	}
	if (*s == '-' || *s == '+')
		s++;
	*out = negative ? -INFINITY : INFINITY;
	return is_word(s, end, "infinity") || is_word(s, end, "inf");
}

/* Up to 15 digits and a power of ten up to 10^22 are exact doubles, so one division rounds correctly. */
static bool small_double(const decimal *d, double *out) {
	static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	int64_t m = 0, scale = 0;
	int n = 0;
	for (const char *s = d->first; s && s < d->end; s++)
		if (*s != '.') {
			m = m * 10 + (*s - '0');
			if (++n > 15)
				return false;
		}
	scale = n - d->point;
	if (m && (scale < 0 || scale > 15))
		return false;
	*out = m ? (double)m / powers[scale] : 0.0;
	if (d->negative)
		*out = -*out;
	return true;
}

static int parse_double(lk_type t, const char *s, const char *end, lk_value *out, const char **reason) {
	decimal d;
	double x;
	char small[64], *text = small;
	size_t len = (size_t)(end - s);
	if (parse_special(s, end, &x) || (read_decimal(s, end, &d) && t.kind == LK_FLOAT8 && small_double(&d, &x))) {
		*out = lk_double(x);
		return 0;
	}
	if (!read_decimal(s, end, &d))
		return fail(reason, "not a number");
	if (len >= sizeof small)
		text = lk_malloc(len + 1);
	memcpy(text, s, len);
	text[len] = '\0';
	errno = 0;
	x = t.kind == LK_FLOAT4 ? (double)strtof(text, NULL) : strtod(text, NULL);
	if (text != small)
		free(text);
	if (isinf(x) || (x == 0 && d.first))
		return fail(reason, "out of range");
	*out = lk_double(x);
	return 0;
}

static int parse_bool(const char *s, const char *end, lk_value *out, const char **reason) {
	static const char *const yes[] = {"true", "t", "yes", "y", "on", "1"}, *const no[] = {"false", "f", "no", "n", "off", "0"};
	for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
		bool is_yes = is_word(s, end, yes[i]);
		if (is_yes || is_word(s, end, no[i])) {
			*out = lk_int(is_yes);
			return 0;
		}
	}
	return fail(reason, "not a boolean");
}

static int parse_text(const char *s, size_t len, lk_value *out, const char **reason) {
	if (len > LK_TEXT_MAX)
		return fail(reason, "text longer than 65536 bytes");
	if (memchr(s, '\0', len))
		return fail(reason, "text with a NUL character");
	if (!lk_utf8_valid(s, len))
		return fail(reason, "invalid UTF-8");
	*out = lk_text(s, len);
	return 0;
}

static int parse_time(const char *s, const char *end, lk_value *out, const char **reason) {
	int64_t us;
	if (lk_time_parse(s, (size_t)(end - s), true, &us) != 0)
		return fail(reason, "not a time such as 2015-05-17T10:05:03Z");
	*out = lk_int(us);
	return 0;
}

static int parse_date(lk_type t, const char *s, const char *end, lk_value *out, const char **reason) {
	int64_t v;
	bool date = t.kind == LK_DATE;
	if ((date ? lk_date_parse : lk_timestamp_parse)(s, (size_t)(end - s), &v) != 0)
		return fail(reason, date ? "not a date such as 2015-05-17" : "not a time without a zone, such as 2015-05-17T10:05:03");
	*out = lk_int(v);
	return 0;
}

static int parse_interval(const char *s, const char *end, lk_value *out, const char **reason) {
	int64_t us;
	if (lk_interval_parse(s, (size_t)(end - s), true, &us, reason) != 0)
		return -1;
	*out = lk_interval(0, us);
	return 0;
}

bool lk_uuid_parse(const char *s, size_t len, uint8_t uuid[16]) {
	const char *end = s + len;
	if (len > 2 && *s == '{' && end[-1] == '}') {
		s++;
		end--;
	}
	for (int i = 0; i < 16; i++, s += 2) {
		int high = end - s >= 2 ? lk_hex_digit(s[0]) : -1, low = high < 0 ? -1 : lk_hex_digit(s[1]);
		if (low < 0)
			return false;
		uuid[i] = (uint8_t)(high << 4 | low);
		if (i % 2 == 1 && i < 15 && s + 2 < end && s[2] == '-')
			s++;
	}
	return s == end;
}

static int parse_uuid(const char *s, const char *end, lk_value *out, const char **reason) {
	*out = (lk_value){0};
	return lk_uuid_parse(s, (size_t)(end - s), out->uuid) ? 0 : fail(reason, "not a uuid");
}

int lk_value_parse(lk_type t, const char *s, size_t len, lk_value *out, const char **reason) {
	if (t.kind == LK_TEXT)
		return parse_text(len ? s : "", len, out, reason);
	if (t.kind == LK_JSONB) {
		*out = lk_text(s, len);
		return lk_jsonb_check(s, len, reason);
	}
	const char *end = s + len;
	skip_blanks(&s, &end);
	if (s == end)
		return fail(reason, "empty");
	switch (t.kind) {
	case LK_BOOL: return parse_bool(s, end, out, reason);
	case LK_NUMERIC: return parse_numeric(t, s, end, out, reason);
	case LK_FLOAT4:
	case LK_FLOAT8: return parse_double(t, s, end, out, reason);
	case LK_TIME: return parse_time(s, end, out, reason);
	case LK_UUID: return parse_uuid(s, end, out, reason);
	case LK_INTERVAL: return parse_interval(s, end, out, reason);
	case LK_DATE:
	case LK_TIMESTAMP: return parse_date(t, s, end, out, reason);
	default: return parse_integer(t, s, end, out, reason);
	}
}
