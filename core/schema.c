/* How a column reads outside text: by its type, a varchar up to its length, and event times given as numbers by their
 * unit. */
#include "core/schema.h"

#include <string.h>

static int fail(const char **reason, const char *why) {
	*reason = why;
	return -1;
}

static bool is_longer(const lk_value *v, int characters) {
	int n = 0;
	for (uint32_t i = 0; i < v->len && n <= characters; i++)
		n += ((unsigned char)v->s[i] & 0xc0) != 0x80;
	return n > characters;
}

static const struct {
	const char *name;
	int64_t ns;
	const char *reason;
} units[] = {
	{"s", 1000000000, "neither a number of seconds since 1970 nor a time such as 2015-05-17T10:05:03Z"},
	{"ms", 1000000, "neither a number of milliseconds since 1970 nor a time such as 2015-05-17T10:05:03Z"},
	{"us", 1000, "neither a number of microseconds since 1970 nor a time such as 2015-05-17T10:05:03Z"},
	{"ns", 1, "neither a number of nanoseconds since 1970 nor a time such as 2015-05-17T10:05:03Z"},
};
enum { NUNITS = sizeof units / sizeof *units };

bool lk_time_unit(const char *name, int64_t *ns) {
	for (int i = 0; i < NUNITS; i++)
		if (strcmp(units[i].name, name) == 0) {
			*ns = units[i].ns;
			return true;
		}
	return false;
}

static const char *unit_reason(int64_t ns) {
	int i = 0;
	while (i < NUNITS - 1 && units[i].ns != ns)
		i++;
	return units[i].reason;
}

/* Fractions of a microsecond are cut towards the past, as the digits of a time are. */
static int read_number(int64_t unit_ns, const char *s, size_t len, lk_value *out) {
	const lk_type number = {.kind = LK_NUMERIC, .precision = 38, .scale = 9};
	const lk_int128 per_us = (lk_int128)1000 * 1000000000;
	lk_value n;
	const char *reason;
	if (lk_value_parse(number, s, len, &n, &reason) != 0)
		return -1;
	lk_int128 units_ns;
	if (__builtin_mul_overflow(n.n, (lk_int128)unit_ns, &units_ns))
		return -1;
	lk_int128 us = units_ns / per_us - (units_ns % per_us < 0);
	if (us < LK_TIME_MIN || us > LK_TIME_MAX)
		return -1;
	*out = lk_int((int64_t)us);
	return 0;
}

int lk_column_parse(const lk_column *c, const char *s, size_t len, lk_value *out, const char **reason) {
	if (c->tick_ns && read_number(c->tick_ns, s, len, out) == 0)
		return 0;
	if (lk_value_parse(c->type, s, len, out, reason) != 0) {
		if (c->tick_ns)
			return fail(reason, unit_reason(c->tick_ns));
		bool number = c->type.kind == LK_TIME && read_number(1, s, len, out) == 0;
		return number ? fail(reason, "a number, not a time such as 2015-05-17T10:05:03Z (an event time may be one: time_unit)") : -1;
	}
	return c->characters && is_longer(out, c->characters) ? fail(reason, "text longer than the column's varchar") : 0;
}

bool lk_column_reads_alike(const lk_column *a, const lk_column *b) { return a->characters == b->characters && a->tick_ns == b->tick_ns; }
