/* count(DISTINCT x), exact: the partial is the set of values, in the key encoding (R18).
 *
 * A set grows with its values, and a commit writes changed cells whole. So the speed layer begins a new segment once
 * its commits mostly rewrite what they wrote before (lk_cells_rewrites); a segment holds what was added since it began.
 * Beyond the limit of aggregates/bag.h the set is discarded, and an answer that needs it is refused. */
#include "aggregates/bag.h"
#include "aggregates/private.h"
#include "core/key.h"

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	*result = (lk_type){.kind = LK_INT8};
	return lk_agg_counts_values(arg, reason);
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	const lk_bag *set = state;
	*out = set->over ? (lk_value){.state = LK_MARKED} : lk_int(set->n);
}

const lk_aggregate lk_agg_count_distinct = {
	LK_PARTIAL_OF_BAG, .name = "count", .distinct = true, .resolve = resolve, .fold = lk_agg_bag_fold, .finish = finish,
	.idempotent = true,
};
