/* bool_and (every in the SQL standard) and bool_or. The partial is NULL, false or true: one byte. */
#include "aggregates/private.h"

typedef struct bool_state {
	bool seen, value;
} bool_state;

static int resolve(lk_type arg, lk_type *result, const char **reason) {
	*result = arg;
	if (arg.kind == LK_BOOL)
		return 0;
	*reason = "it needs a boolean: write a comparison, such as x > 0";
	return -1;
}

static void init(void *state) { *(bool_state *)state = (bool_state){0}; }

static void add_and(bool_state *s, bool value) { *s = (bool_state){true, value && (s->value || !s->seen)}; }
static void add_or(bool_state *s, bool value) { *s = (bool_state){true, value || s->value}; }

static void fold_and(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)a, (void)at, (void)arena;
	add_and(state, v->i);
}

static void fold_or(void *state, const lk_agg *a, const lk_value *v, const lk_place *at, lk_arena *arena) {
	(void)a, (void)at, (void)arena;
	add_or(state, v->i);
}

static void merge_and(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a, (void)arena;
	const bool_state *f = from;
	if (f->seen)
		add_and(into, f->value);
}

static void merge_or(void *into, const lk_agg *a, const void *from, lk_arena *arena) {
	(void)a, (void)arena;
	const bool_state *f = from;
	if (f->seen)
		add_or(into, f->value);
}

static void encode(const void *state, const lk_agg *a, lk_buf *out) {
	(void)a;
	const bool_state *s = state;
	lk_buf_addc(out, (char)(s->seen + (s->seen && s->value)));
}

static int decode(void *state, const lk_agg *a, const uint8_t **p, const uint8_t *end, lk_arena *arena) {
	(void)a, (void)arena;
	if (*p == end || **p > 2)
		return -1;
	uint8_t byte = *(*p)++;
	*(bool_state *)state = (bool_state){byte > 0, byte == 2};
	return 0;
}

static void finish(const void *state, const lk_agg *a, lk_value *out) {
	(void)a;
	const bool_state *s = state;
	*out = s->seen ? lk_int(s->value) : lk_null();
}

static lk_type partial_type(const lk_agg *a, int i) {
	(void)i;
	return a->type;
}

static void partial_sql(const lk_agg *a, int i, const char *arg_sql, const char *filter_sql, lk_buf *out) {
	(void)i;
	lk_buf_addf(out, "%s(%s)%s", a->verbs->name, arg_sql, filter_sql);
}

static int load(void *state, const lk_agg *a, const lk_value *columns, lk_arena *arena) {
	(void)a, (void)arena;
	bool seen = !lk_is_null(columns);
	*(bool_state *)state = (bool_state){seen, seen && columns->i};
	return 0;
}

static void store(const void *state, const lk_agg *a, lk_value *columns, lk_arena *arena) {
	(void)arena;
	finish(state, a, columns);
}

#define BOOL_VERBS \
	.state_size = LK_STATE_SIZE(bool_state), .resolve = resolve, .init = init, .encode = encode, .decode = decode, \
	.finish = finish, .npartials = 1, .partial_type = partial_type, .partial_sql = partial_sql, .load = load, \
	.store = store, .idempotent = true

#define AND_VERBS BOOL_VERBS, .extreme = LK_LEAST, .fold = fold_and, .merge = merge_and

const lk_aggregate lk_agg_bool_and = {AND_VERBS, .name = "bool_and"};
const lk_aggregate lk_agg_every = {AND_VERBS, .name = "every"};
const lk_aggregate lk_agg_bool_or = {
	BOOL_VERBS, .name = "bool_or", .extreme = LK_GREATEST, .fold = fold_or, .merge = merge_or,
};
