/* How lines arrive: most at once, some late, some twice. What is delivered does not hang on it: with the same events,
 * every disorder has the same lines.
 *
 * It is the caller's, for one thread, and holds the lines that have not arrived yet. */
#ifndef LK_GENERATE_ARRIVALS_H
#define LK_GENERATE_ARRIVALS_H

#include "core/buf.h"
#include "generate/random.h"

typedef struct lk_disorder {
	double late;                                /* this share of lines (0 … 1) arrives late */
	int64_t late_least_us, late_most_us;        /* by so much */
	int64_t jitter_us;                          /* all others arrive up to this much late */
	double duplicates;                          /* this share of lines arrives once more */
	int64_t again_us;                           /* up to this much after the first time */
} lk_disorder;

typedef struct lk_arrivals {
	lk_disorder disorder;
	lk_random random;
	uint64_t late_below, twice_below;           /* of 53 random bits */
	struct lk_underway *heap;                   /* the line that arrives first is the first */
	size_t n, cap;
	uint64_t sent;
} lk_arrivals;

void lk_arrivals_init(lk_arrivals *d, const lk_disorder *o, uint64_t seed);
void lk_arrivals_release(lk_arrivals *d);
/* Sends a line at a time; times ascend. Adds to *out the lines that have arrived until then. An empty line is not
 * sent, but takes its share of the disorder. */
void lk_arrivals_send(lk_arrivals *d, int64_t at_us, const lk_buf *line, lk_buf *out);
/* Adds all that is still underway. */
void lk_arrivals_end(lk_arrivals *d, lk_buf *out);

#endif
