/* A scenario: one kind of events. Each is one file, generate/<name>.c, with its numbers, words and verbs, and a name in
 * this list. The stream that takes the events is in an example. */
#ifndef LK_GENERATE_SCENARIO_H
#define LK_GENERATE_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "core/time.h"

#include "generate/fields.h"
#include "generate/random.h"

/* What a scenario is told before its first event. */
enum { LK_GEN_PARTS = 96 };
typedef struct lk_gen_scene {
	lk_random *random;
	uint32_t keys;
	int64_t events, start_us, span_us;
	/* How busy equal parts of the span are, against each other: each at least 1. One part: all alike. */
	uint32_t busy[LK_GEN_PARTS];
	int parts;
} lk_gen_scene;

typedef struct lk_scenario lk_scenario;
struct lk_scenario {
	const char *name;
	const char *about;         /* one line of help: "requests to a web site", … */
	const char *of, *sources;  /* … "by" 5,000 "clients" */
	int64_t events, span_us;   /* unless the options say otherwise */
	uint32_t keys;             /* how many clients, cards, devices */
	const char *planted;       /* what is planted: "fraud"; NULL: nothing is */
	bool regular;              /* events are evenly spaced; otherwise at random moments */
	size_t state_bytes;        /* zeroed */
	void (*prepare)(void *state, lk_gen_scene *scene);
	/* Writes the fields of one event; times ascend. What was planted in it, or NULL. */
	const char *(*event)(void *state, lk_random *r, int64_t ts, lk_fields *f);
	void (*release)(void *state);   /* may be NULL */
};

/* In the order of `lk help gen`. */
#define LK_SCENARIOS(SCENARIO) \
	SCENARIO(web) SCENARIO(words) SCENARIO(clicks) SCENARIO(payments) SCENARIO(sensors) SCENARIO(posts) SCENARIO(metric)

#define LK_DECLARE_SCENARIO(name) extern const lk_scenario lk_scenario_##name;
LK_SCENARIOS(LK_DECLARE_SCENARIO)
#undef LK_DECLARE_SCENARIO

extern const lk_scenario *const lk_scenarios[];   /* ends with NULL */

/* Adds a line of help for each: "  web       requests to a web site: 100,000 in 1 h by 5,000 clients". */
void lk_scenarios_help(lk_buf *out);

#endif
