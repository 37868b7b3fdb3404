/* count(DISTINCT x), exact: the partial is the set of values, in the key encoding (R18).
 *
 * A set grows with its values, and a commit writes changed cells whole. So the speed layer begins a new segment once
 * its commits mostly rewrite what they wrote before (lk_cells_rewrites); a segment holds what was added since it began.
 * Beyond the limit of aggregates/bag.h the set is discarded, and an answer that needs it is refused. */
#include "aggregates/bag.h"
#include "aggregates/private.h"
#include "core/key.h"

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	(void)arg;
	(void)reason;
	*result = (lk_type){.kind = LK_INT8};
	return 0;
}

static void init(void *state) { *(lk_bag *)state = (lk_bag){0}; }

static void fold(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)at;
	lk_agg_add_key(state, a, v, 0, arena);
}

static void merge(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a;
	lk_bag_merge(into, from, arena);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	lk_bag_encode(state, false, out);
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	(void)a;
	return lk_bag_decode(state, false, p, end, arena);
}

static int merge_encoded(const lk_agg *a, lk_unread *x, lk_unread *y, lk_buf *out) {
	(void)a;
	return lk_bag_merge_encoded(false, x, y, out);
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	const lk_bag *set = state;
	*out = set->over ? (lk_value){.state = LK_MARKED} : lk_int(set->n);
}

static const char *refused(const void *state) { return ((const lk_bag *)state)->over ? lk_bag_overfull : NULL; }
static size_t weight(const void *state) { return lk_bag_weight(state); }

const lk_aggregate lk_agg_count_distinct = {
	LK_PARTIAL_OF_BYTES, .name = "count", .distinct = true, .state_size = LK_STATE_SIZE(lk_bag), .resolve = resolve, .init = init,
	.fold = fold, .merge = merge, .encode = encode, .decode = decode, .merge_encoded = merge_encoded, .finish = finish, .refused = refused, .weight = weight,
	.idempotent = true,
};
