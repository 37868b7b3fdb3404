/* Finding an aggregate in the list (aggregates/private.h). */
#include "aggregates/aggregate.h"

#include <string.h>

#include "aggregates/private.h"

#define ADDRESS(name) &lk_agg_##name,
const lk_aggregate *const lk_aggregates[] = {LK_AGGREGATES(ADDRESS) NULL};

bool lk_aggregate_known(const char *name) {
	for (const lk_aggregate *const *a = lk_aggregates; *a; a++)
		if (strcmp((*a)->name, name) == 0)
			return true;
	return false;
}

int lk_aggregate_digits(const char *name, bool distinct) {
	int most = LK_NUMERIC_DIGITS;
	for (const lk_aggregate *const *a = lk_aggregates; *a; a++)
		if ((*a)->distinct == distinct && (*a)->digits > most && strcmp((*a)->name, name) == 0)
			most = (*a)->digits;
	return most;
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
