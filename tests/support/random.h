/* Random input for tests: every value follows from one seed, which is printed and can be set with SEED=. */
#ifndef LK_TESTS_SUPPORT_RANDOM_H
#define LK_TESTS_SUPPORT_RANDOM_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/value.h"

static inline uint64_t random_next(uint64_t *s) {
	uint64_t z = *s += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* 0 … n-1 */
static inline int random_below(uint64_t *s, int n) { return (int)(random_next(s) % (uint64_t)n); }

/* One of the texts, which end with NULL. */
static inline const char *random_of(uint64_t *s, const char *const *texts) {
	int n = 0;
	while (texts[n])
		n++;
	return texts[random_below(s, n)];
}

static inline uint64_t random_seed(void) {
	const char *given = getenv("SEED");
	uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL) * 1000003;
	printf("SEED=%llu\n", (unsigned long long)seed);
	return seed;
}

static inline int64_t random_in_range(uint64_t *s, int64_t max) {
	switch (random_below(s, 6)) {
	case 0: return max - random_below(s, 3);
	case 1: return -max - 1 + random_below(s, 3);
	case 2: return random_below(s, 5) - 2;
	case 3: return (int64_t)(random_next(s) >> (1 + random_below(s, 62))) % max;
	case 4: return -((int64_t)(random_next(s) >> (1 + random_below(s, 62))) % max);
	default: return random_below(s, 2000) - 1000;
	}
}

static inline double random_double(uint64_t *s) {
	static const double corners[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 5e-324, -5e-324, 1.7976931348623157e308, 1e-308, 0.1, -1};
	uint64_t bits = random_next(s);
	double d;
	memcpy(&d, &bits, 8);
	switch (random_below(s, 3)) {
	case 0: return corners[random_below(s, (int)(sizeof corners / sizeof *corners))];
	case 1: return d;
	default: return (double)(random_below(s, 20001) - 10000) / 100;
	}
}

static inline lk_value random_text(uint64_t *s, lk_arena *arena) {
	static const char *const pieces[] = {"a", "b", "A", "/", "\x01", "\x7f", "é", "ß", "漢", "😀", " ",
	                                    "\t", "%", "_", "\\", "'", "\"", "zz"};
	char text[64];
	size_t len = 0;
	for (int n = random_below(s, 8); n > 0; n--) {
		const char *piece = pieces[random_below(s, (int)(sizeof pieces / sizeof *pieces))];
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	return lk_text(lk_arena_strndup(arena, text, len), len);
}

/* Of a long type every third one has all of its digits, or all of them nine. */
static inline lk_value random_numeric(uint64_t *s, lk_type t) {
	if (!lk_type_is_long(t))
		return lk_numeric(random_in_range(s, (int64_t)lk_pow10(t.precision) - 2), t.scale);
	lk_int128 most = lk_pow10(t.precision) - 1, n = random_in_range(s, INT64_MAX);
	if (random_below(s, 3) == 0)
		n = random_below(s, 2) ? most : (lk_int128)(((unsigned __int128)random_next(s) << 64 | random_next(s)) % (unsigned __int128)most);
	else if (random_below(s, 4) == 0)
		n = lk_pow10(t.scale) / 2 * (random_below(s, 2) * 2 + 1);   /* 0.5, 1.5: ties of rounding */
	n = n > most ? n % most : n < -most ? -(-n % most) : n;
	return lk_numeric(random_below(s, 2) ? n : -n, t.scale);
}

/* A value of the type; NULL and the ends of its range are frequent. */
static inline lk_value random_value(uint64_t *s, lk_type t, lk_arena *arena) {
	if (random_below(s, 8) == 0)
		return lk_null();
	switch (t.kind) {
	case LK_BOOL: return lk_int(random_below(s, 2));
	case LK_INT2: return lk_int(random_in_range(s, INT16_MAX));
	case LK_INT4: return lk_int(random_in_range(s, INT32_MAX));
	case LK_INT8: return lk_int(random_in_range(s, INT64_MAX));
	case LK_NUMERIC: return random_numeric(s, t);
	case LK_FLOAT4: {
		double d = random_double(s);
		return lk_double(fabs(d) > 3e38 && isfinite(d) ? 1e38f : (double)(float)d);
	}
	case LK_FLOAT8: return lk_double(random_double(s));
	case LK_TEXT: return random_text(s, arena);
	default: return lk_int(random_in_range(s, INT64_C(240000000000000000)) / 4);
	}
}

static const lk_type random_types[] = {
	{.kind = LK_BOOL}, {.kind = LK_INT2}, {.kind = LK_INT4}, {.kind = LK_INT8}, {.kind = LK_NUMERIC, .precision = 18, .scale = 4},
	{.kind = LK_NUMERIC, .precision = 9}, {.kind = LK_NUMERIC, .precision = 38, .scale = 10}, {.kind = LK_NUMERIC, .precision = 38, .scale = 38},
	{.kind = LK_NUMERIC, .precision = 19}, {.kind = LK_NUMERIC, .precision = 30, .scale = 2}, {.kind = LK_FLOAT4}, {.kind = LK_FLOAT8}, {.kind = LK_TEXT}, {.kind = LK_TIME},
};
enum { RANDOM_TYPES = sizeof random_types / sizeof *random_types };

#endif
