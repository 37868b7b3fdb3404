/* The list of aggregates. A new one is a file core/agg_<name>.c with one const struct of verbs, and a line here. */
#include "core/aggregate.h"

#include <string.h>

#include "core/agg.h"

const lk_aggregate *const lk_aggregates[] = {
	&lk_agg_count_star, &lk_agg_count, &lk_agg_sum, &lk_agg_min, &lk_agg_max, &lk_agg_avg, NULL,
};

const lk_aggregate *lk_aggregate_find(const char *name, bool star) {
	for (const lk_aggregate *const *a = lk_aggregates; *a; a++)
		if ((*a)->star == star && strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}
