/* A metric of some series, each with one value every so often: a shape of the day, less at weekends, and noise.
 *
 * Planted: single values that are far too high or low, "spike" and "drop"; a stretch that is too high, "shift"; and a
 * stretch in which the value stands still, "stuck". Each series begins with a stretch without any of them. */
#include "generate/scenario.h"

#include <stdlib.h>

enum { CALM = 400, BETWEEN = 150, OF_A_MILLION = 4000, KINDS = 4, HOURS = 24 };

typedef struct series {
	int64_t calm, left;              /* values before the next anomaly may begin; values left of this one */
	int kind;
	int64_t by, last;                /* by so much, in hundredths; the last value */
} series;

typedef struct metric {
	uint32_t n, next;
	series *of;
} metric;

static const char *const kinds[KINDS] = {"spike", "drop", "shift", "stuck"};

static void prepare(void *state, lk_gen_scene *scene) {
	metric *m = state;
	m->n = scene->keys;
	m->of = lk_calloc(m->n, sizeof *m->of);
	for (uint32_t i = 0; i < m->n; i++)
		m->of[i].calm = CALM;
}

static void release(void *state) { free(((metric *)state)->of); }

/* In hundredths, between the values of two hours. */
static int64_t usual(int64_t ts) {
	static const int64_t of_hour[HOURS + 1] = {
		3200, 2900, 2700, 2600, 2700, 3000, 3600, 4400, 5200, 5800, 6200, 6400, 6500, 6400, 6300, 6300, 6200, 6000,
		5700, 5300, 4900, 4400, 3900, 3500, 3200,
	};
	int64_t day = lk_floor_div(ts, LK_US_PER_DAY), second = lk_floor_mod(ts, LK_US_PER_DAY) / LK_US_PER_S;
	int64_t hour = second / 3600, rest = second % 3600, weekday = lk_floor_mod(day + 3, 7);   /* 0 is a Monday */
	int64_t value = of_hour[hour] + (of_hour[hour + 1] - of_hour[hour]) * rest / 3600;
	return weekday < 5 ? value : value * 8 / 10;
}

static void perhaps_begin(series *s, lk_random *r) {
	static const int64_t length[KINDS] = {1, 1, 24, 36};
	if (s->left > 0 || s->calm-- > 0 || !lk_random_chance(r, OF_A_MILLION))
		return;
	s->kind = (int)lk_random_below(r, KINDS);
	s->left = length[s->kind];
	s->by = s->kind == 2 ? lk_random_from(r, 1500, 2500) : lk_random_from(r, 2000, 4000);
	s->calm = BETWEEN;
}

static int64_t value_of(series *s, lk_random *r, int64_t ts) {
	int64_t value = usual(ts) + lk_random_normal(r, 150);
	if (s->left == 0)
		return value;
	return s->kind == 0 || s->kind == 2 ? value + s->by : s->kind == 1 ? value - s->by : s->last;
}

static const char *event(void *state, lk_random *r, int64_t ts, lk_fields *f) {
	metric *m = state;
	uint32_t i = m->next++ % m->n;
	series *s = &m->of[i];
	perhaps_begin(s, r);
	const char *planted = s->left > 0 ? kinds[s->kind] : NULL;
	s->last = value_of(s, r, ts);
	if (s->left > 0)
		s->left--;
	lk_fields_time(f, "ts", ts);
	lk_fields_key(f, "metric", "metric", 1 + i);
	lk_fields_decimal(f, "value", s->last, 2);
	return planted;
}

const lk_scenario lk_scenario_metric = {
	.name = "metric",
	.about = "values with anomalies",
	.of = "of",
	.sources = "series",
	.events = 4032,
	.span_us = 14 * LK_US_PER_DAY,
	.keys = 1,
	.planted = "spike, drop, shift, stuck",
	.regular = true,
	.state_bytes = sizeof(metric),
	.prepare = prepare,
	.event = event,
	.release = release,
};
