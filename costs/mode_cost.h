/* Measuring one copy on trial. Private to replay/. */
#ifndef LK_COSTS_MODE_COST_H
#define LK_COSTS_MODE_COST_H

#include "compare/run_to.h"
#include "costs/costs.h"

/* The positions that both measurements share: built in bulk up to `built` (lambda: a batch up to `batch`), then
 * streamed one by one up to `end`. */
typedef struct lk_places {
	int partitions;
	int64_t batch[LK_MAX_PARTITIONS], built[LK_MAX_PARTITIONS], end[LK_MAX_PARTITIONS];
} lk_places;
void lk_places_of(lk_places *p, const int64_t *tail, int partitions);

typedef struct lk_costing {
	lk_run_to_options run;
	lk_pg *pg;
	lk_store *store;
	const char *log_id;
	const lk_cat_copy *copy;   /* on trial, not started */
	const lk_places *places;
	lk_mode_cost *out;
} lk_costing;

/* Measures build, latency, bytes, recovery. */
int lk_mode_cost_measure(lk_costing *c, lk_error *err);
/* Measures switch_s; the copy is unusable afterwards. */
int lk_mode_cost_switch(lk_costing *c, lk_error *err);

/* latency.c: streams the events between places->built and places->end, one by one, but in bulk after a few seconds. */
int lk_latency_measure(lk_costing *c, lk_error *err);

int64_t lk_vector_sum(const int64_t *v, int n);

#endif
