/* Readings of devices, one after the other: temperature and pressure, which drift about a middle. Now and then one of
 * them rises for a while, not always far, and trembles.
 *
 * Planted: the readings with which it passes an upper bound, "hot" and "pressure", and those with which it is below a
 * lower bound again, "cooled" and "relieved". Between the bounds nothing changes (hysteresis), so each rise has one
 * of either. */
#include "generate/scenario.h"

#include <stdlib.h>

/* In hundredths of a degree, and of a bar. */
typedef struct measure {
	int64_t middle, drift;              /* drift: of one reading, a deviation */
	int64_t rise_least, rise_most;
	int64_t above, below;               /* the bounds */
	uint32_t rises_of_a_million;
	const char *raised, *cleared;
} measure;

static const measure measures[2] = {
	{6000, 60, 1200, 3600, 8000, 7000, 1500, "hot", "cooled"},
	{200, 4, 40, 170, 300, 250, 700, "pressure", "relieved"},
};

typedef struct channel {
	int64_t drifted;                    /* from the middle */
	int64_t rise, length, since;        /* a rise lasts `length` readings; 0: there is none */
	bool raised;
} channel;

typedef struct sensors {
	uint32_t devices, next;
	channel (*of)[2];                   /* for each device */
} sensors;

static void prepare(void *state, lk_gen_scene *scene) {
	sensors *s = state;
	s->devices = scene->keys;
	s->of = lk_calloc(s->devices, sizeof *s->of);
}

static void release(void *state) { free(((sensors *)state)->of); }

/* Up in the first third of it, down in the last. */
static int64_t risen(const channel *c) {
	int64_t third = c->length / 3, left = c->length - c->since;
	if (c->length == 0)
		return 0;
	return c->since < third ? c->rise * c->since / third : left < third ? c->rise * left / third : c->rise;
}

static void perhaps_rise(channel *c, const channel *other, const measure *m, lk_random *r) {
	bool calm = c->length == 0 && !c->raised && other->length == 0 && !other->raised;
	if (calm && lk_random_chance(r, m->rises_of_a_million))
		*c = (channel){c->drifted, lk_random_from(r, m->rise_least, m->rise_most), lk_random_from(r, 15, 60), 0, false};
}

static int64_t read_channel(channel *c, const measure *m, lk_random *r) {
	c->drifted += lk_random_normal(r, m->drift) - c->drifted / 20;
	int64_t value = m->middle + c->drifted + risen(c);
	if (c->length > 0) {
		value += lk_random_normal(r, 3 * m->drift);
		if (++c->since == c->length)
			c->length = 0;
	}
	return value;
}

static const char *pass_bounds(channel *c, const measure *m, int64_t value) {
	if (!c->raised && value > m->above) {
		c->raised = true;
		return m->raised;
	}
	if (c->raised && value < m->below) {
		c->raised = false;
		return m->cleared;
	}
	return NULL;
}

static const char *event(void *state, lk_random *r, int64_t ts, lk_fields *f) {
	sensors *s = state;
	uint32_t device = s->next++ % s->devices;
	channel *c = s->of[device];
	int64_t value[2];
	const char *planted = NULL;
	for (int i = 0; i < 2; i++) {
		perhaps_rise(&c[i], &c[1 - i], &measures[i], r);
		value[i] = read_channel(&c[i], &measures[i], r);
		const char *passed = pass_bounds(&c[i], &measures[i], value[i]);
		planted = passed ? passed : planted;
	}
	lk_fields_time(f, "ts", ts);
	lk_fields_key(f, "device", "device", 1 + device);
	lk_fields_decimal(f, "temperature", value[0], 2);
	lk_fields_decimal(f, "pressure", value[1], 2);
	return planted;
}

const lk_scenario lk_scenario_sensors = {
	.name = "sensors",
	.about = "temperature and pressure",
	.of = "of",
	.sources = "devices",
	.events = 14400,
	.span_us = 24 * 3600 * LK_US_PER_S,
	.keys = 10,
	.planted = "hot, cooled, pressure, relieved",
	.regular = true,
	.state_bytes = sizeof(sensors),
	.prepare = prepare,
	.event = event,
	.release = release,
};
