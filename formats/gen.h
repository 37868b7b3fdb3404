/* Seeded events, for demos, benchmarks and tests: the same options give the same bytes, on every machine.
 *
 * A generator is the caller's, for one thread. The random numbers are splitmix64 (Steele, Lea, Flood, "Fast splittable
 * pseudorandom number generators", OOPSLA 2014). */
#ifndef LK_FORMATS_GEN_H
#define LK_FORMATS_GEN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"

typedef struct lk_gen_options {
	const char *kind;     /* of lk_gen_kinds */
	uint64_t seed;
	int64_t events;
	int64_t start_us;     /* event time of the first event */
	int64_t span_us;      /* event times lie in [start, start + span), evenly; > 0 */
	double late;          /* this share of events (0 … 1) comes late: its event time is up to a quarter of the span back */
	int64_t jitter_us;    /* all other event times are up to this much back: a small disorder */
} lk_gen_options;

typedef struct lk_gen lk_gen;

/* One kind of events. The stream that takes them is in its example file. */
typedef struct lk_gen_kind {
	const char *name, *summary;
	void (*prepare)(lk_gen *g);
	void (*line)(lk_gen *g, int64_t ts, lk_buf *out);
} lk_gen_kind;
extern const lk_gen_kind lk_gen_kinds[];   /* ends with a NULL name */

/* NULL if there is no such kind. */
lk_gen *lk_gen_new(const lk_gen_options *o);
void lk_gen_free(lk_gen *g);
/* Adds at most `max` lines (JSON objects); returns how many, 0 at the end. */
int64_t lk_gen_some(lk_gen *g, int64_t max, lk_buf *out);

#endif
