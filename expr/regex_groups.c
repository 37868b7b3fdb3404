/* What groups take of a match. PostgreSQL (cdissect in its regexec.c) divides the match among the parts of the
 * expression, from the top down: a pair is divided at the last place that both of its parts allow, of alternatives the
 * first one is taken that fits the whole piece. The places that the left part allows come from a run forwards, those of
 * the right part from a run backwards, so each division takes time proportional to the piece, however many places there
 * are. */
#include "expr/regex.h"

#include <string.h>

#include "expr/regex_private.h"

/* The states that a run has reached at the current place. */
typedef struct places {
	int *states, n;
	uint32_t *when, step;   /* by state: the step at which it was added */
} places;

typedef struct run {
	const lk_regex *r;
	const char *text;
	size_t len;
	lk_arena *scratch;
	places now, next;
	lk_match *groups;
} run;

static void clear(places *p) {
	p->n = 0;
	p->step++;
}

static bool has(const places *p, int state) { return p->when[state] == p->step; }

static void add(places *p, int state) {
	if (has(p, state))
		return;
	p->when[state] = p->step;
	p->states[p->n++] = state;
}

static void swap(run *m) {
	places old = m->now;
	m->now = m->next;
	m->next = old;
}

/* Adds what follows the states without a character; nothing follows `last`. */
static void close_forwards(const run *m, places *p, int last, size_t at) {
	size_t unused;
	uint32_t before = lk_rx_character_before(m->text, at, &unused);
	uint32_t after = lk_rx_character(m->text, m->len, at, &unused);
	for (int i = 0; i < p->n; i++) {
		const lk_rx_state *s = &m->r->states[p->states[i]];
		if (p->states[i] == last || s->op <= LK_RX_ANY || s->op == LK_RX_MATCH)
			continue;
		if (s->op == LK_RX_SPLIT || lk_rx_holds(s->op, before, after))
			add(p, s->next);
		if (s->op == LK_RX_SPLIT)
			add(p, s->other);
	}
}

/* Runs the part from `from` on, up to `to` at most. ends, if not NULL, gets a bit for each byte of [from, to] where the
 * part can end. Can it end at `to`? */
static bool forwards(run *m, const lk_rx_node *part, size_t from, size_t to, uint8_t *ends) {
	size_t at = from, next;
	clear(&m->now);
	add(&m->now, part->first);
	for (;; at = next) {
		close_forwards(m, &m->now, part->last, at);
		if (ends && has(&m->now, part->last))
			ends[(at - from) / 8] |= (uint8_t)(1 << (at - from) % 8);
		if (at == to || !m->now.n)
			return at == to && has(&m->now, part->last);
		uint32_t c = lk_rx_character(m->text, m->len, at, &next);
		clear(&m->next);
		for (int i = 0; i < m->now.n; i++) {
			const lk_rx_state *s = &m->r->states[m->now.states[i]];
			if (m->now.states[i] != part->last && lk_rx_takes(s, c))
				add(&m->next, s->next);
		}
		swap(m);
	}
}

/* Adds what leads to the states without a character, but `last`. */
static void close_backwards(const run *m, places *p, int last, size_t at) {
	const lk_regex *r = m->r;
	size_t unused;
	uint32_t before = lk_rx_character_before(m->text, at, &unused);
	uint32_t after = lk_rx_character(m->text, m->len, at, &unused);
	for (int i = 0; i < p->n; i++)
		for (int k = r->before_at[p->states[i]]; k < r->before_at[p->states[i] + 1]; k++) {
			int op = r->states[r->before[k]].op;
			bool asserts = op >= LK_RX_START && op < LK_RX_MATCH;
			if (r->before[k] != last && (op == LK_RX_SPLIT || (asserts && lk_rx_holds(op, before, after))))
				add(p, r->before[k]);
		}
}

static void step_back(run *m, uint32_t c) {
	const lk_regex *r = m->r;
	clear(&m->next);
	for (int i = 0; i < m->now.n; i++)
		for (int k = r->before_at[m->now.states[i]]; k < r->before_at[m->now.states[i] + 1]; k++)
			if (lk_rx_takes(&r->states[r->before[k]], c))
				add(&m->next, r->before[k]);
	swap(m);
}

/* The last of the places with a bit in `ends` from which the part leads to `to`. */
static size_t backwards(run *m, const lk_rx_node *part, size_t from, size_t to, const uint8_t *ends) {
	size_t at = to, begin;
	clear(&m->now);
	add(&m->now, part->last);
	for (;; at = begin) {
		close_backwards(m, &m->now, part->last, at);
		if (at <= from || (has(&m->now, part->first) && ends[(at - from) / 8] >> (at - from) % 8 & 1))
			return at;
		step_back(m, lk_rx_character_before(m->text, at, &begin));
	}
}

static bool is_empty(const lk_rx_node *part) { return part->first == part->last; }

static size_t divide(run *m, const lk_rx_node *pair, size_t from, size_t to) {
	if (is_empty(pair->left) || is_empty(pair->right))
		return is_empty(pair->left) ? from : to;
	uint8_t *ends = lk_arena_zalloc(m->scratch, (to - from) / 8 + 1);
	forwards(m, pair->left, from, to, ends);
	return backwards(m, pair->right, from, to, ends);
}

/* Recursion is as deep as the expression. */
static void dissect(run *m, const lk_rx_node *n, size_t from, size_t to) {
	while (n && n->kind != LK_RX_PLAIN) {
		const lk_rx_node *left = n->left;
		if (n->kind == LK_RX_PAIR) {
			size_t middle = divide(m, n, from, to);
			dissect(m, left, from, middle);
			from = middle;
			n = n->right;
		} else if (n->kind == LK_RX_EITHER) {
			n = forwards(m, left, from, to, NULL) ? left : n->right;
		} else if (n->kind == LK_RX_MAYBE && from == to && !forwards(m, left, from, to, NULL)) {
			return;
		} else {
			if (n->kind == LK_RX_GROUP && n->group <= LK_REGEX_GROUPS)
				m->groups[n->group - 1] = (lk_match){from, to};
			n = left;
		}
	}
}

static void start(places *p, size_t n, lk_arena *scratch) {
	p->states = lk_arena_alloc(scratch, n * sizeof *p->states);
	p->when = lk_arena_zalloc(scratch, n * sizeof *p->when);
}

void lk_regex_capture(const lk_regex *r, const char *text, size_t len, const lk_match *whole, lk_arena *scratch,
                      lk_match groups[LK_REGEX_GROUPS]) {
	run m = {.r = r, .text = text, .len = len, .scratch = scratch, .groups = groups};
	for (int i = 0; i < LK_REGEX_GROUPS; i++)
		groups[i] = (lk_match){1, 0};
	if (!r->tree)
		return;
	start(&m.now, (size_t)r->nstates, scratch);
	start(&m.next, (size_t)r->nstates, scratch);
	dissect(&m, r->tree, whole->start, whole->end);
}

int lk_regex_groups(const lk_regex *r) { return r->ngroups; }
const char *lk_regex_group_fault(const lk_regex *r) { return r->group_fault; }
