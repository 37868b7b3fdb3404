/* The simulation. A thread is a state and the byte at which its match began; of two threads in one state the one that
 * began earlier stays, since what follows is the same for both. Once a match is found, threads that began later than it
 * are dropped and none are started, and the others run on for a longer one. */
#include "expr/regex.h"

#include <string.h>

#include "expr/regex_private.h"

typedef struct threads {
	int *states;        /* in the order in which they came */
	size_t *began;      /* by state */
	uint32_t *when;     /* by state: the step at which it was added */
	int n;
} threads;

typedef struct run {
	const lk_regex *r;
	const char *text;
	size_t len;
	threads now, next;
	uint32_t step;
	uint32_t before, after;   /* the characters around the current place */
	bool found;
	size_t start, end;
	int *stack;
} run;

uint32_t lk_rx_character(const char *s, size_t len, size_t at, size_t *end) {
	const unsigned char *p = (const unsigned char *)s + at;
	if (at >= len) {
		*end = at;
		return LK_RX_NO_CHARACTER;
	}
	int n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? *p : n == 2 ? *p & 0x1f : n == 3 ? *p & 0xf : *p & 7;
	for (int i = 1; i < n && at + (size_t)i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	*end = at + (size_t)n < len ? at + (size_t)n : len;
	return c;
}

uint32_t lk_rx_character_before(const char *s, size_t at, size_t *begin) {
	size_t first = at, end;
	*begin = at;
	if (!at)
		return LK_RX_NO_CHARACTER;
	do
		first--;
	while (first > 0 && ((unsigned char)s[first] & 0xc0) == 0x80);
	*begin = first;
	return lk_rx_character(s, at, first, &end);
}

static bool in_set(const lk_rx_set *set, uint32_t c) {
	if (c < 128)
		return set->ascii[c];
	for (int i = 0; i < set->nranges; i++)
		if (c >= set->ranges[i].first && c <= set->ranges[i].last)
			return !set->negated;
	return set->negated;
}

bool lk_rx_takes(const lk_rx_state *s, uint32_t c) {
	return s->op == LK_RX_ANY || (s->op == LK_RX_SET && in_set(s->set, c));
}

bool lk_rx_holds(int op, uint32_t before, uint32_t after) {
	bool left = lk_rx_is_word(before), right = lk_rx_is_word(after);
	switch (op) {
	case LK_RX_START: return before == LK_RX_NO_CHARACTER;
	case LK_RX_END: return after == LK_RX_NO_CHARACTER;
	case LK_RX_WORD_START: return !left && right;
	case LK_RX_WORD_END: return left && !right;
	case LK_RX_WORD_EDGE: return left != right;
	default: return left == right;
	}
}

/* Adds a state and all that follow it without a character. */
static void add(run *m, threads *t, int state, size_t began, size_t at) {
	int top = 0;
	m->stack[top++] = state;
	while (top) {
		int i = m->stack[--top];
		const lk_rx_state *s = &m->r->states[i];
		bool known = t->when[i] == m->step;
		if (known && t->began[i] <= began)
			continue;
		if (!known)
			t->states[t->n++] = i;
		t->when[i] = m->step;
		t->began[i] = began;
		if (s->op == LK_RX_SPLIT) {
			m->stack[top++] = s->other;
			m->stack[top++] = s->next;
		} else if (s->op == LK_RX_MATCH) {
			if (!m->found || began < m->start || (began == m->start && at > m->end)) {
				m->found = true;
				m->start = began;
				m->end = at;
			}
		} else if (s->op >= LK_RX_START && lk_rx_holds(s->op, m->before, m->after)) {
			m->stack[top++] = s->next;
		}
	}
}

static void start(run *m, const lk_regex *r, lk_arena *scratch) {
	size_t n = (size_t)r->nstates;
	threads *both[] = {&m->now, &m->next};
	for (int i = 0; i < 2; i++) {
		both[i]->states = lk_arena_alloc(scratch, n * sizeof(int));
		both[i]->began = lk_arena_alloc(scratch, n * sizeof(size_t));
		both[i]->when = lk_arena_zalloc(scratch, n * sizeof(uint32_t));
	}
	m->stack = lk_arena_alloc(scratch, (2 * n + 2) * sizeof(int));
}

/* One character on: `end` is the place behind it. */
static void advance(run *m, uint32_t c, size_t end) {
	m->step++;
	m->next.n = 0;
	for (int i = 0; i < m->now.n; i++) {
		const lk_rx_state *s = &m->r->states[m->now.states[i]];
		size_t began = m->now.began[m->now.states[i]];
		if (s->op > LK_RX_ANY || (m->found && began > m->start))
			continue;
		if (lk_rx_takes(s, c))
			add(m, &m->next, s->next, began, end);
	}
	threads old = m->now;
	m->now = m->next;
	m->next = old;
}

/* No match begins before the place that this returns. */
static size_t skip(run *m, size_t at) {
	size_t from = at;
	while (at < m->len && (unsigned char)m->text[at] < 128 && !m->r->starts[(unsigned char)m->text[at]])
		at++;
	if (at > from)
		m->before = (unsigned char)m->text[at - 1];
	return at;
}

static bool in_run(const lk_rx_set *set, const char *text, size_t len, size_t at, size_t *end) {
	unsigned char c = (unsigned char)text[at];
	*end = at + 1;
	return c < 128 ? set->ascii[c] : in_set(set, lk_rx_character(text, len, at, end));
}

static bool find_run(const lk_regex *r, const char *text, size_t len, size_t from, lk_match *out) {
	size_t at = from, end = from;
	while (at < len && !in_run(r->run, text, len, at, &end))
		at = end;
	if (at >= len)
		return false;
	size_t first = at;
	for (at = end; r->repeats && at < len && in_run(r->run, text, len, at, &end); at = end)
		;
	if (out)
		*out = (lk_match){first, at};
	return true;
}

bool lk_regex_find(const lk_regex *r, const char *text, size_t len, size_t from, lk_arena *scratch, lk_match *out) {
	size_t unused;
	if (r->run)
		return find_run(r, text, len, from, out);
	run m = {.r = r, .text = text, .len = len, .step = 1, .before = lk_rx_character_before(text, from, &unused)};
	start(&m, r, scratch);
	for (size_t at = from, end;; at = end) {
		if (r->skips && !m.found && !m.now.n)
			at = skip(&m, at);
		uint32_t c = m.after = lk_rx_character(text, len, at, &end);
		if (!m.found)
			add(&m, &m.now, r->first, at, at);
		if ((m.found && (!out || !m.now.n)) || c == LK_RX_NO_CHARACTER)
			break;
		m.before = c;
		m.after = lk_rx_character(text, len, end, &unused);
		advance(&m, c, end);
		if (m.found && !m.now.n)
			break;
	}
	if (m.found && out)
		*out = (lk_match){m.start, m.end};
	return m.found;
}
