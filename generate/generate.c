#include "generate/generate.h"

#include <stdlib.h>
#include <string.h>

#include "generate/scenario.h"

#define A_SCENARIO(name) &lk_scenario_##name,
const lk_scenario *const lk_scenarios[] = {LK_SCENARIOS(A_SCENARIO) NULL};

enum { STEPS = 1024 };   /* places of an event between the one before and the one after it */

struct lk_gen {
	lk_gen_options o;
	const lk_scenario *scenario;
	void *state;
	lk_gen_scene scene;
	lk_random random, moments;
	lk_fields fields;
	lk_arrivals arrivals;
	int64_t done;
	int64_t next_us;         /* event time of the event that comes next */
	int part;                /* of the span, in which the last event was */
	uint64_t busy_before;    /* the parts before it */
	uint64_t busy_all;
};

const lk_scenario *lk_scenario_find(const char *name) {
	for (const lk_scenario *const *s = lk_scenarios; *s; s++)
		if (!strcmp((*s)->name, name))
			return *s;
	return NULL;
}

void lk_scenarios_help(lk_buf *out) {
	for (const lk_scenario *const *at = lk_scenarios; *at; at++) {
		const lk_scenario *s = *at;
		lk_buf_addf(out, "%s  %-9s %s: ", at == lk_scenarios ? "" : "\n", s->name, s->about);
		lk_buf_add_count(out, s->events);
		lk_buf_adds(out, " in ");
		lk_interval_print(s->span_us, out);
		lk_buf_addf(out, " %s ", s->of);
		lk_buf_add_count(out, s->keys);
		lk_buf_addf(out, " %s", s->sources);
	}
}

lk_gen_options lk_gen_usual(const lk_scenario *s) {
	return (lk_gen_options){.seed = 1, .events = s->events, .span_us = s->span_us, .keys = s->keys};
}

static lk_disorder disorder_of(const lk_gen_options *o) {
	lk_disorder d = o->disorder;
	d.again_us = o->events > 0 ? (int64_t)((__int128)o->span_us * 100 / o->events) : 0;
	return d;
}

void lk_gen_free(lk_gen *g) {
	if (!g)
		return;
	if (g->scenario->release)
		g->scenario->release(g->state);
	free(g->state);
	lk_fields_release(&g->fields);
	lk_arrivals_release(&g->arrivals);
	free(g);
}

/* Each event has an equal share of the span's busyness: it lies in the part up to which its share has been used, and
 * as far into that part as the rest of it says. */
static int64_t event_time(lk_gen *g) {
	unsigned __int128 all = (unsigned __int128)g->o.events * STEPS, used = (unsigned __int128)g->done * STEPS;
	if (!g->scenario->regular)
		used += lk_random_below(&g->moments, STEPS);
	used *= g->busy_all;
	while (used >= (g->busy_before + g->scene.busy[g->part]) * all)
		g->busy_before += g->scene.busy[g->part++];
	unsigned __int128 part = g->scene.busy[g->part] * all;
	unsigned __int128 into = (unsigned __int128)g->part * part + (used - g->busy_before * all);
	unsigned __int128 parts = part / STEPS * (unsigned)g->scene.parts;
	return g->o.start_us + (int64_t)(into / STEPS * (unsigned __int128)g->o.span_us / parts);
}

static int64_t next_time(lk_gen *g) { return g->done < g->o.events ? event_time(g) : INT64_MAX; }

int64_t lk_gen_next_us(const lk_gen *g) { return g->next_us; }

lk_gen *lk_gen_new(const lk_scenario *scenario, const lk_gen_options *o) {
	lk_gen *g = lk_calloc(1, sizeof *g);
	lk_disorder disorder = disorder_of(o);
	g->o = *o;
	g->scenario = scenario;
	g->random.state = lk_mix(o->seed);
	g->moments.state = lk_mix(~o->seed);
	g->state = lk_calloc(1, scenario->state_bytes);
	g->scene = (lk_gen_scene){&g->random, o->keys, o->events, o->start_us, o->span_us, {1}, 1};
	scenario->prepare(g->state, &g->scene);
	for (int i = 0; i < g->scene.parts; i++)
		g->busy_all += g->scene.busy[i];
	lk_arrivals_init(&g->arrivals, &disorder, o->seed + 1);
	g->next_us = next_time(g);
	return g;
}

static void make(lk_gen *g, lk_buf *out) {
	int64_t ts = g->next_us;
	lk_fields_begin(&g->fields);
	const char *planted = g->scenario->event(g->state, &g->random, ts, &g->fields);
	if (g->o.planted && planted)
		lk_fields_text(&g->fields, "planted", planted);
	if (g->o.planted && !planted)
		lk_buf_clear(&g->fields.line);
	else
		lk_fields_end(&g->fields);
	lk_arrivals_send(&g->arrivals, ts, &g->fields.line, out);
	g->done++;
	g->next_us = next_time(g);
}

int64_t lk_gen_some(lk_gen *g, int64_t max, lk_buf *out) {
	int64_t n = 0;
	for (; n < max && g->done < g->o.events; n++)
		make(g, out);
	if (g->done == g->o.events)
		lk_arrivals_end(&g->arrivals, out);
	return n;
}
