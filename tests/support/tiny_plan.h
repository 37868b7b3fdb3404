/* Plans built without SQL, for tests below the parser. One arena owns all of it. */
#ifndef LK_TESTS_SUPPORT_TINY_PLAN_H
#define LK_TESTS_SUPPORT_TINY_PLAN_H

#include <string.h>

#include "core/time.h"
#include "core/wide.h"
#include "plan/plan.h"

typedef struct tiny_plan {
	lk_arena arena;
	lk_stream stream;
	lk_plan plan;
} tiny_plan;

/* The first aggregate of that name and form; NULL if there is none. */
static inline const lk_aggregate *tiny_aggregate(const char *name, bool star) {
	for (const lk_aggregate *const *a = lk_aggregates; *a; a++)
		if ((*a)->star == star && !(*a)->distinct && strcmp((*a)->name, name) == 0)
			return *a;
	return NULL;
}

static inline lk_expr *tiny_slot(tiny_plan *t, int slot, lk_type type) {
	lk_expr *x = lk_arena_zalloc(&t->arena, sizeof *x);
	*x = (lk_expr){.op = LK_X_SLOT, .type = type, .slot = slot};
	return x;
}

static inline lk_expr *tiny_const(tiny_plan *t, lk_type type, lk_value v) {
	lk_expr *x = lk_arena_zalloc(&t->arena, sizeof *x);
	*x = (lk_expr){.op = LK_X_CONST, .type = type, .value = v};
	return x;
}

/* args: nargs pointers */
/* The numeric that the text is, of any number of digits. */
static inline lk_value tiny_numeric(const char *text, lk_arena *arena) {
	lk_value v = lk_text(text, strlen(text));
	lk_wide w;
	v.scale = LK_WIDE;
	lk_wide_of(&v, &w);
	return lk_wide_value(&w, arena);
}

static inline lk_expr *tiny_op(tiny_plan *t, int op, lk_type type, int nargs, lk_expr *const *args) {
	lk_expr *x = lk_arena_zalloc(&t->arena, sizeof *x);
	*x = (lk_expr){.op = (uint8_t)op, .type = type, .nargs = nargs};
	x->args = lk_arena_alloc(&t->arena, (size_t)nargs * sizeof *args);
	memcpy(x->args, args, (size_t)nargs * sizeof *args);
	return x;
}

static inline lk_expr *tiny_op2(tiny_plan *t, int op, lk_type type, lk_expr *a, lk_expr *b) {
	return tiny_op(t, op, type, 2, (lk_expr *[]){a, b});
}

/* A stream of these columns, the first of them the event time, and a view of it by minute without keys and
 * aggregates. */
static inline void tiny_plan_init(tiny_plan *t, const lk_type *columns, int ncolumns) {
	*t = (tiny_plan){.stream = {.schema.ncolumns = ncolumns, .partitions = 1, .max_ahead_us = 86400 * LK_US_PER_S}};
	t->stream.schema.columns = lk_arena_zalloc(&t->arena, (size_t)ncolumns * sizeof(lk_column));
	for (int i = 0; i < ncolumns; i++)
		t->stream.schema.columns[i].type = columns[i];
	int64_t minute = 60 * LK_US_PER_S;
	t->plan = (lk_plan){
		.stream = &t->stream,
		.window = {.kind = LK_W_TUMBLE, .size_us = minute, .slide_us = minute, .pane_us = minute},
		.allowed_lateness_us = -1,
		.nslots = ncolumns + 1,
	};
	t->plan.keys = lk_arena_zalloc(&t->arena, 16 * sizeof(lk_key));
	t->plan.aggs = lk_arena_zalloc(&t->arena, 16 * sizeof(lk_agg));
}

static inline void tiny_key(tiny_plan *t, lk_expr *x) { t->plan.keys[t->plan.nkeys++].expr = x; }

/* arg NULL: the f(*) form. Returns 0 if the aggregate accepts the type. */
static inline int tiny_agg(tiny_plan *t, const char *name, lk_expr *arg) {
	lk_agg *a = &t->plan.aggs[t->plan.naggs];
	const char *reason;
	*a = (lk_agg){.verbs = tiny_aggregate(name, !arg), .arg = arg, .arg_type = arg ? arg->type : (lk_type){.kind = LK_INT8}};
	if (a->verbs->resolve(a->arg_type, &a->type, &reason) != 0)
		return -1;
	a->state_offset = t->plan.state_size;
	t->plan.state_size += a->verbs->state_size;
	t->plan.naggs++;
	return 0;
}

static inline void tiny_plan_release(tiny_plan *t) { lk_arena_release(&t->arena); }

#endif
