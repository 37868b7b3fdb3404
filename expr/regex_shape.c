/* What a search can know of an expression without running it: with which bytes a match can begin, so that others are
 * passed over; and whether a match is a run of characters of one class, as of \W+, which needs no automaton. */
#include <stdlib.h>
#include <string.h>

#include "expr/regex_private.h"

/* What can be reached from a state without a character. Assertions are taken to hold. */
typedef struct reach {
	const lk_regex *r;
	bool *seen;
	int *stack;
	int ntakers;               /* states that take a character, … */
	const lk_rx_state *taker;  /* … the last of them */
	bool match, asserts;
} reach;

static void note(reach *a, const lk_rx_state *s, int *top) {
	a->match |= s->op == LK_RX_MATCH;
	a->asserts |= s->op >= LK_RX_START && s->op < LK_RX_MATCH;
	if (s->op <= LK_RX_ANY) {
		a->ntakers++;
		a->taker = s;
	} else if (s->op != LK_RX_MATCH) {
		a->stack[(*top)++] = s->next;
		if (s->op == LK_RX_SPLIT)
			a->stack[(*top)++] = s->other;
	}
}

static void follow(reach *a, int from, bool starts[128]) {
	int top = 0;
	*a = (reach){.r = a->r, .seen = a->seen, .stack = a->stack};
	memset(a->seen, 0, (size_t)a->r->nstates);
	a->stack[top++] = from;
	while (top) {
		int i = a->stack[--top];
		const lk_rx_state *s = &a->r->states[i];
		if (a->seen[i])
			continue;
		a->seen[i] = true;
		for (uint32_t c = 0; c < 128 && starts && s->op <= LK_RX_ANY; c++)
			starts[c] |= lk_rx_takes(s, c);
		note(a, s, &top);
	}
}

static bool same_set(const lk_rx_state *a, const lk_rx_state *b) {
	if (a->op != LK_RX_SET || b->op != LK_RX_SET)
		return false;
	const lk_rx_set *x = a->set, *y = b->set;
	return x->negated == y->negated && x->nranges == y->nranges && !memcmp(x->ascii, y->ascii, sizeof x->ascii) &&
	       (!x->nranges || !memcmp(x->ranges, y->ranges, sizeof *x->ranges * (size_t)x->nranges));
}

static bool leads_to_one(const reach *a) { return a->ntakers == 1 && a->taker->op == LK_RX_SET && !a->asserts; }

/* One character of a class, then either the end, or the end and the same again for ever. */
static void find_run(lk_regex *r, reach *a) {
	const lk_rx_state *first = a->taker;
	follow(a, first->next, NULL);
	if (!a->match || a->asserts || a->ntakers > 1)
		return;
	const lk_rx_state *second = a->taker;
	if (second) {
		if (!same_set(first, second))
			return;
		follow(a, second->next, NULL);
		if (!a->match || !leads_to_one(a) || a->taker != second)
			return;
	}
	r->run = first->set;
	r->repeats = second != NULL;
}

void lk_rx_find_shape(lk_regex *r) {
	size_t n = (size_t)r->nstates;
	reach a = {.r = r, .seen = lk_malloc(n), .stack = lk_malloc(sizeof(int) * (2 * n + 2))};
	follow(&a, r->first, r->starts);
	r->skips = !a.match;
	if (r->skips && leads_to_one(&a))
		find_run(r, &a);
	free(a.seen);
	free(a.stack);
}
