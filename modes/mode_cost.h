/* Measuring one scratch copy. Private to modes/. */
#ifndef LK_MODES_MODE_COST_H
#define LK_MODES_MODE_COST_H

#include "compare/run_to.h"
#include "modes/comparison.h"

typedef struct lk_costing {
	lk_run_to_options run;
	lk_pg *pg;
	lk_store *store;
	const lk_cat_copy *copy;       /* a scratch copy, not started */
	const lk_frontier *batch, *end;   /* lambda's batch reaches up to `batch`, the stream path does the rest up to `end` */
} lk_costing;

/* Builds the copy from nothing, as its mode does, and measures build, bytes and recovery. LK_EBUSY if it was
 * interrupted. */
int lk_mode_cost_measure(const lk_costing *c, lk_mode_cost *out, lk_error *err);

#endif
