/* min and max over every type that PostgreSQL orders, but boolean, for which it has neither.
 *
 * The order is lk_value_compare's: texts by bytes, NaN above all numbers. Values that are equal have one form in the
 * state (-0 as +0, one NaN, numerics at the argument's scale), so the bytes do not depend on which of them came first.
 * The partial is the value in the key encoding. A text lives in the arena; a new one that is not longer takes its place. */
#include <math.h>
#include <string.h>

#include "core/agg.h"
#include "core/key.h"

typedef struct minmax_state {
	lk_value v;         /* NULL before the first value */
	size_t room_bytes;  /* of v.s, for a text */
} minmax_state;

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	*result = arg;
	if (arg.kind != LK_BOOL)
		return 0;
	*reason = "PostgreSQL has no min or max of boolean; write CASE WHEN x THEN 1 ELSE 0 END";
	return -1;
}

static void init(void *state) { *(minmax_state *)state = (minmax_state){.v.state = LK_NULL}; }

static void take_text(minmax_state *s, const lk_value *v, lk_arena *arena) {
	char *room = (char *)s->v.s;
	if (lk_is_null(&s->v) || v->len > s->room_bytes) {
		s->room_bytes = v->len + v->len / 2;
		room = lk_arena_alloc(arena, s->room_bytes);
	}
	if (v->len)
		memmove(room, v->s, v->len);
	s->v = lk_text(room, v->len);
}

static void take(minmax_state *s, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	switch (a->arg_type.kind) {
	case LK_TEXT: take_text(s, v, arena); break;
	case LK_NUMERIC: s->v = lk_numeric(lk_agg_units(a, v), a->arg_type.scale); break;
	case LK_FLOAT4:
	case LK_FLOAT8: s->v = lk_double(isnan(v->d) ? NAN : v->d + 0.0); break;
	default: s->v = lk_int(v->i); break;
	}
}

static void fold_min(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	minmax_state *s = state;
	if (lk_is_null(&s->v) || lk_value_compare(a->arg_type, v, &s->v) < 0)
		take(s, a, v, arena);
}

static void fold_max(void *state, const lk_agg *a, const lk_value *v, lk_arena *arena) {
	minmax_state *s = state;
	if (lk_is_null(&s->v) || lk_value_compare(a->arg_type, v, &s->v) > 0)
		take(s, a, v, arena);
}

static void merge_min(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	const lk_value *v = &((const minmax_state *)from)->v;
	if (!lk_is_null(v))
		fold_min(into, a, v, arena);
}

static void merge_max(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	const lk_value *v = &((const minmax_state *)from)->v;
	if (!lk_is_null(v))
		fold_max(into, a, v, arena);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	lk_key_put(out, a->arg_type, &((const minmax_state *)state)->v);
}

static void load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	init(state);
	if (!lk_is_null(columns))
		take(state, a, columns, arena);
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	lk_value v;
	if (lk_key_get(a->arg_type, p, end, &v) != 0)
		return -1;
	load(state, a, &v, arena);
	return 0;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	*out = ((const minmax_state *)state)->v;
}

static lk_type partial_type(const lk_agg *a, int i) {
	(void)i;
	return a->arg_type;
}

static void partial_sql(const lk_agg *a, int i, const char *arg_sql, lk_buf *out) {
	(void)i;
	lk_buf_addf(out, "%s(%s)", a->verbs->name, arg_sql);
}

static void store(const void *state, const lk_agg *a, lk_value *columns) { finish(state, a, columns); }

#define MINMAX_VERBS \
	.state_size = LK_STATE_SIZE(minmax_state), .resolve = resolve, .init = init, .encode = encode, .decode = decode, \
	.finish = finish, .npartials = 1, .partial_type = partial_type, .partial_sql = partial_sql, .load = load, \
	.store = store, .idempotent = true

const lk_aggregate lk_agg_min = {MINMAX_VERBS, .name = "min", .fold = fold_min, .merge = merge_min};
const lk_aggregate lk_agg_max = {MINMAX_VERBS, .name = "max", .fold = fold_max, .merge = merge_max};
