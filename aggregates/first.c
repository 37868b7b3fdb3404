/* first and last: the value of the event that comes first, or last, by (event time, partition, offset); NULLs are
 * skipped (R17).
 *
 * Event time alone does not order events, and offsets do so only within a partition. All three together do, so the
 * state does not depend on which layer folded which event. The partial is the value in the key encoding, followed by
 * its place unless it is NULL. */
#include "aggregates/private.h"
#include "core/key.h"
#include "core/varint.h"

typedef struct first_state {
	lk_kept kept;
	lk_place at;
} first_state;

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	(void)reason;
	*result = arg;
	return 0;
}

static void init(void *state) { *(first_state *)state = (first_state){.kept.v.state = LK_NULL}; }

static int compare(const lk_place *a, const lk_place *b) {
	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	if (a->part != b->part)
		return a->part < b->part ? -1 : 1;
	if (a->off != b->off)
		return a->off < b->off ? -1 : 1;
	return (a->row > b->row) - (a->row < b->row);
}

/* want: -1 for first, 1 for last. */
static void keep(first_state *s, const lk_agg *a, const lk_value *v, const lk_place *at, int want, lk_arena *arena) {
	if (!lk_is_null(&s->kept.v) && compare(at, &s->at) * want <= 0)
		return;
	lk_kept_take(&s->kept, a, v, arena);
	s->at = *at;
}

static void fold_first(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	keep(state, a, v, at, -1, arena);
}

static void fold_last(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	keep(state, a, v, at, 1, arena);
}

static void merge_first(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	const first_state *f = from;
	if (!lk_is_null(&f->kept.v))
		keep(into, a, &f->kept.v, &f->at, -1, arena);
}

static void merge_last(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	const first_state *f = from;
	if (!lk_is_null(&f->kept.v))
		keep(into, a, &f->kept.v, &f->at, 1, arena);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	const first_state *s = state;
	lk_key_put(out, a->arg_type, &s->kept.v);
	if (lk_is_null(&s->kept.v))
		return;
	lk_varint_put(out, lk_zigzag(s->at.ts));
	lk_varint_put(out, (lk_uint128)s->at.part);
	lk_varint_put(out, (lk_uint128)s->at.off);
	lk_varint_put(out, (lk_uint128)s->at.row);
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	first_state *s = state;
	lk_value v;
	lk_uint128 ts, part, off, row;
	init(s);
	if (lk_key_get(a->arg_type, p, end, &v) != 0)
		return -1;
	if (lk_is_null(&v))
		return 0;
	if (lk_varint_get(p, end, &ts) != 0 || lk_varint_get(p, end, &part) != 0 || lk_varint_get(p, end, &off) != 0 ||
	    lk_varint_get(p, end, &row) != 0 || ts > UINT64_MAX || part > INT32_MAX || off > INT64_MAX || row > INT32_MAX)
		return -1;
	lk_kept_take(&s->kept, a, &v, arena);
	s->at = (lk_place){.ts = (int64_t)lk_unzigzag(ts), .part = (int32_t)part, .off = (int64_t)off, .row = (int32_t)row};
	return 0;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	*out = ((const first_state *)state)->kept.v;
}

#define FIRST_VERBS \
	LK_PARTIAL_OF_BYTES, .oracle = LK_ORACLE_IN_ORDER, .state_size = LK_STATE_SIZE(first_state), .resolve = resolve, .init = init, \
	.encode = encode, .decode = decode, .finish = finish, .idempotent = true

const lk_aggregate lk_agg_first = {
	FIRST_VERBS, .name = "first", .extreme = LK_EARLIEST, .fold = fold_first, .merge = merge_first,
};
const lk_aggregate lk_agg_last = {
	FIRST_VERBS, .name = "last", .extreme = LK_LATEST, .fold = fold_last, .merge = merge_last,
};
