/* Seeded events, for demos, examples, benchmarks and tests: the same options give the same bytes, on every machine,
 * and the same events in whatever disorder.
 *
 * A generator is the caller's, for one thread. It holds the lines that are late. */
#ifndef LK_GENERATE_GENERATE_H
#define LK_GENERATE_GENERATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "generate/arrivals.h"

typedef struct lk_scenario lk_scenario;   /* generate/scenario.h */

/* NULL if there is no such scenario. */
const lk_scenario *lk_scenario_find(const char *name);

typedef struct lk_gen_options {
	uint64_t seed;
	int64_t events;
	int64_t start_us;     /* event time of the first event */
	int64_t span_us;      /* event times lie in [start, start + span); > 0 */
	uint32_t keys;        /* 1 … LK_ZIPF_MOST */
	bool planted;         /* only the planted events, each with the field "planted" */
	lk_disorder disorder; /* again_us is set here: the time of a hundred events */
} lk_gen_options;

/* What a scenario does by itself: seed 1, its own number of events, span and keys, no disorder. */
lk_gen_options lk_gen_usual(const lk_scenario *scenario);

typedef struct lk_gen lk_gen;
lk_gen *lk_gen_new(const lk_scenario *scenario, const lk_gen_options *o);
void lk_gen_free(lk_gen *g);
/* Event time of the next event; INT64_MAX: there is none. */
int64_t lk_gen_next_us(const lk_gen *g);
/* Makes at most `max` events and adds the lines (JSON objects) that have arrived until then, all with the last event.
 * Returns how many it made, 0 at the end. */
int64_t lk_gen_some(lk_gen *g, int64_t max, lk_buf *out);

#endif
