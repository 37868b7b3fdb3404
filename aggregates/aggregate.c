/* The list of aggregates. A new one is a file aggregates/<name>.c with one const struct of verbs, and a line here. */
#include "aggregates/aggregate.h"

#include <string.h>

#include "aggregates/private.h"

const lk_aggregate *const lk_aggregates[] = {
	&lk_agg_count_star, &lk_agg_count, &lk_agg_sum, &lk_agg_sum_double, &lk_agg_avg, &lk_agg_avg_double, &lk_agg_min, &lk_agg_max,
	&lk_agg_var_pop, &lk_agg_var_pop_double, &lk_agg_var_samp, &lk_agg_var_samp_double, &lk_agg_variance, &lk_agg_variance_double,
	&lk_agg_stddev_pop, &lk_agg_stddev_pop_double, &lk_agg_stddev_samp, &lk_agg_stddev_samp_double, &lk_agg_stddev,
	&lk_agg_stddev_double,
	&lk_agg_bool_and, &lk_agg_bool_or, &lk_agg_every, &lk_agg_first, &lk_agg_last, &lk_agg_count_distinct,
	&lk_agg_approx_count_distinct, &lk_agg_approx_percentile, &lk_agg_top_k,
	NULL,
};

bool lk_aggregate_known(const char *name) {
	for (const lk_aggregate *const *a = lk_aggregates; *a; a++)
		if (strcmp((*a)->name, name) == 0)
			return true;
	return false;
}

const lk_aggregate *lk_aggregate_find(const char *name, bool star) {
	for (const lk_aggregate *const *a = lk_aggregates; *a; a++)
		if ((*a)->star == star && !(*a)->distinct && strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}

int lk_aggregate_resolve(lk_agg *a, const char *name, bool star, bool distinct, const char **reason) {
	*reason = "";
	for (const lk_aggregate *const *v = lk_aggregates; *v; v++) {
		if ((*v)->star != star || (*v)->distinct != distinct || strcmp((*v)->name, name) != 0)
			continue;
		a->verbs = *v;
		if ((*v)->resolve(a->arg_type, &a->type, reason) == 0)
			return 0;
	}
	return -1;
}
