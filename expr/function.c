/* The table of functions, and what is asked about whole expressions. */
#include "expr/function.h"

#include <string.h>

#include "core/value.h"
#include "expr/private.h"

static const lk_function *const tables[] = {lk_root_functions, lk_power_functions, lk_number_functions, lk_text_functions,
                                            lk_time_functions, lk_pattern_functions, lk_jsonb_functions};
enum { TABLES = sizeof tables / sizeof *tables };

const lk_function *lk_function_at(int i) {
	for (int t = 0; t < TABLES; t++)
		for (const lk_function *f = tables[t]; f->name; f++)
			if (i-- == 0)
				return f;
	return NULL;
}

bool lk_function_known(const char *name) {
	const lk_function *f;
	for (int i = 0; (f = lk_function_at(i)); i++)
		if (strcmp(f->name, name) == 0)
			return true;
	return false;
}

static const char *kept(lk_arena *arena, lk_buf *b) {
	const char *s = lk_arena_strdup(arena, b->data);
	lk_buf_release(b);
	return s;
}

/* What is wrong with a call whose arguments are set; NULL if nothing is. */
static const char *settle(lk_expr *x, lk_arena *arena) {
	lk_buf b = LK_BUF_INIT;
	for (int i = 0; i < x->nargs; i++)
		if (x->fn->constants >> i & 1 && (x->args[i]->op != LK_X_CONST || lk_is_null(&x->args[i]->value))) {
			lk_buf_addf(&b, "argument %d of %s must be a constant", i + 1, x->fn->name);
			return kept(arena, &b);
		}
	const char *fault = x->fn->prepare ? x->fn->prepare(x, arena) : NULL;
	if (fault)
		return fault;
	if (x->fn->type && !x->fn->type(x, &x->type)) {
		lk_buf_addf(&b, "the result of %s may need more than %d digits", x->fn->name, LK_EXPR_DIGITS);
		return kept(arena, &b);
	}
	if (x->fn->result == LK_TEXT && lk_expr_longest(x) > LK_TEXT_MADE_MAX) {
		lk_buf_addf(&b, "the text that %s makes may have more than %d bytes", x->fn->name, LK_TEXT_MADE_MAX);
		return kept(arena, &b);
	}
	return NULL;
}

lk_expr *lk_call_new(lk_arena *arena, const lk_function *fn, lk_expr *const *args, const char **fault) {
	lk_expr *x = lk_arena_zalloc(arena, sizeof *x);
	*x = (lk_expr){.op = LK_X_CALL, .type = {.kind = fn->result}, .nargs = fn->nargs, .fn = fn};
	x->args = lk_arena_alloc(arena, sizeof *x->args * (size_t)(fn->nargs + 1));
	memcpy(x->args, args, sizeof *args * fn->nargs);
	*fault = settle(x, arena);
	return *fault ? NULL : x;
}

/* PostgreSQL 16 reads texts as numbers that 15 refuses; of JSON it reads more than lk's limits allow. */
static bool reads_text_anew(const lk_expr *x) {
	return x->op == LK_X_CAST && x->args[0]->type.kind == LK_TEXT &&
	       (lk_type_is_number(x->type) || x->type.kind == LK_JSONB);
}

bool lk_expr_is_fold_only(const lk_expr *x) {
	return reads_text_anew(x) || (x->op == LK_X_CALL && x->fn->flags & LK_F_FOLD_ONLY);
}
