/* From the text of a regular expression to an automaton, by recursive descent. Each part becomes states from `first` on
 * whose ways out all lead to one state, `last`, a placeholder that the next part fills. A bounded repetition reads its
 * atom again for every copy.
 *
 * Parts with groups also become nodes, in the shape of the tree that PostgreSQL divides a match by (parseqatom in its
 * regcomp.c): what comes before a group is one part, and all that follows it another. */
#include <stdlib.h>
#include <string.h>

#include "expr/regex_read.h"

enum { MOST_REPEATS = 255, MOST_DEPTH = 100 };

typedef struct maker {
	lk_rx_reader text;
	lk_rx_state *states;
	int nstates, depth, ngroups;
	const char *group_fault;
} maker;

typedef struct part {
	int first, last;
	lk_rx_node *node;   /* NULL without groups */
} part;

static part alternatives(maker *m);

static int state(maker *m, int op, int next, int other) {
	if (m->nstates == LK_RX_MOST_STATES) {
		lk_rx_fail(&m->text, "it is too large");
		return 0;
	}
	m->states[m->nstates] = (lk_rx_state){.op = (uint8_t)op, .next = next, .other = other};
	return m->nstates++;
}

/* A state that leads on without a character. */
static int hole(maker *m) {
	int i = state(m, LK_RX_SPLIT, 0, 0);
	m->states[i].next = m->states[i].other = i;
	return i;
}

static void lead(maker *m, int from, int to) { m->states[from].next = m->states[from].other = to; }

/* --- atoms --- */

static part set_part(maker *m, const lk_rx_set *set) {
	int last = hole(m), first = state(m, LK_RX_SET, last, 0);
	m->states[first].set = set;
	return (part){first, last, NULL};
}

static part one(maker *m, int op) {
	int last = hole(m);
	return (part){state(m, op, last, last), last, NULL};
}

static const struct {
	char c;
	uint8_t op;
} constraints[] = {{'A', LK_RX_START}, {'Z', LK_RX_END}, {'m', LK_RX_WORD_START}, {'M', LK_RX_WORD_END}, {'y', LK_RX_WORD_EDGE},
                   {'Y', LK_RX_NO_EDGE}};

static part escape(maker *m, bool *repeats) {
	if (!lk_rx_more(&m->text)) {
		lk_rx_fail(&m->text, "it ends with a backslash");
		return (part){0, 0, NULL};
	}
	char c = *m->text.p++;
	for (size_t i = 0; i < sizeof constraints / sizeof *constraints; i++)
		if (constraints[i].c == c) {
			*repeats = false;
			return one(m, constraints[i].op);
		}
	if (lk_rx_class_of(c))
		return set_part(m, lk_rx_class(&m->text, c));
	if (c >= '0' && c <= '9')
		lk_rx_fail(&m->text, "back references are not supported");
	else if (lk_rx_escaped(c) < 0)
		lk_rx_fail(&m->text, "this escape is not supported");
	return set_part(m, lk_rx_literal(&m->text, (uint32_t)lk_rx_escaped(c)));
}

static lk_rx_node *node(maker *m, int kind, part span, lk_rx_node *left) {
	lk_rx_node *n = lk_arena_alloc(m->text.arena, sizeof *n);
	*n = (lk_rx_node){.kind = kind, .first = span.first, .last = span.last, .left = left};
	return n;
}

static lk_rx_node *node_of(maker *m, part x) { return x.node ? x.node : node(m, LK_RX_PLAIN, x, NULL); }

static part group(maker *m) {
	bool captures = !lk_rx_take(&m->text, '?');
	if (!captures && !lk_rx_take(&m->text, ':'))
		lk_rx_fail(&m->text, "(?…) is not supported, but for (?: )");
	int number = captures ? ++m->ngroups : 0;
	if (++m->depth > MOST_DEPTH)
		lk_rx_fail(&m->text, "it is nested too deep");
	part inside = alternatives(m);
	m->depth--;
	if (!lk_rx_take(&m->text, ')'))
		lk_rx_fail(&m->text, "a parenthesis is not closed");
	if (captures) {
		inside.node = node(m, LK_RX_GROUP, inside, inside.node);
		inside.node->group = number;
	}
	return inside;
}

static part atom(maker *m, bool *repeats) {
	char c = *m->text.p;
	*repeats = true;
	if (c == '*' || c == '+' || c == '?' || c == '{') {
		lk_rx_fail(&m->text, c == '{' ? "write \\{ for a brace" : "a repetition has nothing to repeat");
		return (part){0, 0, NULL};
	}
	if (c == '(' || c == '[' || c == '\\') {
		m->text.p++;
		return c == '(' ? group(m) : c == '[' ? set_part(m, lk_rx_bracket(&m->text)) : escape(m, repeats);
	}
	if (c == '^' || c == '$') {
		m->text.p++;
		*repeats = false;
		return one(m, c == '^' ? LK_RX_START : LK_RX_END);
	}
	if (lk_rx_take(&m->text, '.'))
		return one(m, LK_RX_ANY);
	return set_part(m, lk_rx_literal(&m->text, lk_rx_next(&m->text)));
}

/* --- repetition --- */

static int number(maker *m) {
	int n = 0;
	if (!lk_rx_more(&m->text) || *m->text.p < '0' || *m->text.p > '9')
		lk_rx_fail(&m->text, "write \\{ for a brace");
	for (; lk_rx_more(&m->text) && *m->text.p >= '0' && *m->text.p <= '9'; m->text.p++)
		n = n < 10000 ? n * 10 + (*m->text.p - '0') : n;
	if (n > MOST_REPEATS)
		lk_rx_fail(&m->text, "a repetition counts beyond 255");
	return n;
}

/* False if there is no repetition here. most: -1 for any number. */
static bool counts(maker *m, int *least, int *most) {
	char c = lk_rx_more(&m->text) ? *m->text.p : '\0';
	*least = c == '+';
	*most = c == '?' ? 1 : -1;
	if (c != '*' && c != '+' && c != '?' && c != '{')
		return false;
	m->text.p++;
	if (c == '{') {
		*least = *most = number(m);
		if (lk_rx_take(&m->text, ','))
			*most = lk_rx_at(&m->text, '}') ? -1 : number(m);
		if (!lk_rx_take(&m->text, '}') || (*most >= 0 && *most < *least))
			lk_rx_fail(&m->text, "a repetition in braces is not valid");
	}
	if (lk_rx_at(&m->text, '?'))
		lk_rx_fail(&m->text, "non-greedy repetition is not supported");
	else if (lk_rx_at(&m->text, '*') || lk_rx_at(&m->text, '+') || lk_rx_at(&m->text, '{'))
		lk_rx_fail(&m->text, "a repetition is repeated");
	return true;
}

static part join(maker *m, part a, part b) {
	lead(m, a.last, b.first);
	return (part){a.first, b.last, NULL};
}

static part empty(maker *m) {
	int i = hole(m);
	return (part){i, i, NULL};
}

/* x* */
static part any_number(maker *m, part x) {
	int last = hole(m), fork = state(m, LK_RX_SPLIT, x.first, last);
	lead(m, x.last, fork);
	return (part){fork, last, NULL};
}

/* x? */
static part maybe(maker *m, part x) {
	int fork = state(m, LK_RX_SPLIT, x.first, x.last);
	return (part){fork, x.last, NULL};
}

/* An atom, and where it stands, to be read again. */
typedef struct copied {
	part first;
	const char *from;
	int ngroups;        /* before it */
	bool used;
} copied;

static part next_copy(maker *m, copied *x) {
	const char *behind = m->text.p;
	int ngroups = m->ngroups;
	bool unused;
	if (!x->used) {
		x->used = true;
		return x->first;
	}
	m->text.p = x->from;
	m->ngroups = x->ngroups;
	part copy = atom(m, &unused);
	m->text.p = behind;
	m->ngroups = ngroups;
	return copy;
}

/* most: -1 for any number. */
static part times(maker *m, copied *x, int least, int most) {
	part all = empty(m);
	for (int i = 0; i < least && !m->text.fault; i++)
		all = join(m, all, next_copy(m, x));
	if (most < 0)
		all = join(m, all, any_number(m, next_copy(m, x)));
	for (int i = least; i < most && !m->text.fault; i++)
		all = join(m, all, maybe(m, next_copy(m, x)));
	return all;
}

/* Only the last round's groups count: x{m,n} is x{m-1,n-1}, which needs none, and x. Where there may be no round,
 * PostgreSQL divides from the left, round by round, which may take the square of the text's length. */
static part groups_repeated(maker *m, copied *x, int least, int most) {
	if (least == 0 && most == 1) {
		part one = next_copy(m, x), all = maybe(m, one);
		all.node = node(m, LK_RX_MAYBE, all, one.node);
		return all;
	}
	if (least == 0 && most)
		m->group_fault = "a group cannot be repeated with * or {0,…}: write + for *, or (?: ) for ( )";
	if (least == 0)
		return times(m, x, 0, most);
	part before = times(m, x, least - 1, most < 0 ? -1 : most - 1);
	part last = next_copy(m, x), all = join(m, before, last);
	all.node = node(m, LK_RX_PAIR, all, node_of(m, before));
	all.node->right = last.node;
	return all;
}

static part repeated(maker *m) {
	copied x = {.from = m->text.p, .ngroups = m->ngroups};
	bool repeats;
	x.first = atom(m, &repeats);
	int least, most;
	if (m->text.fault || !counts(m, &least, &most))
		return x.first;
	if (!repeats)
		lk_rx_fail(&m->text, "a repetition has nothing to repeat");
	return x.first.node ? groups_repeated(m, &x, least, most) : times(m, &x, least, most);
}

/* Puts a part into the chain of pairs whose end is *tail; returns the new end. */
static lk_rx_node **chain(maker *m, lk_rx_node **tail, part x) {
	*tail = node(m, LK_RX_PAIR, x, node_of(m, x));
	return &(*tail)->right;
}

/* plain: what has no groups and comes after the last part that has some. */
static part branch(maker *m) {
	part all = empty(m), plain = all;
	lk_rx_node *tree = NULL, **tail = &tree;
	while (lk_rx_more(&m->text) && *m->text.p != '|' && *m->text.p != ')') {
		part x = repeated(m);
		all = join(m, all, x);
		if (!x.node) {
			plain.last = x.last;
			continue;
		}
		tail = chain(m, chain(m, tail, plain), x);
		plain = empty(m);
		all = join(m, all, plain);
	}
	if (tree)
		*tail = node_of(m, plain);
	for (lk_rx_node *n = tree; n; n = n->kind == LK_RX_PAIR ? n->right : NULL)
		n->last = all.last;
	all.node = tree;
	return all;
}

static part alternatives(maker *m) {
	part all = branch(m);
	bool groups = all.node;
	lk_rx_node *tree = node_of(m, all), **end = &tree;
	while (lk_rx_take(&m->text, '|')) {
		part b = branch(m);
		int last = hole(m), fork = state(m, LK_RX_SPLIT, all.first, b.first);
		groups |= b.node != NULL;
		*end = node(m, LK_RX_EITHER, (part){fork, last, NULL}, *end);
		(*end)->right = node_of(m, b);
		end = &(*end)->right;
		lead(m, all.last, last);
		lead(m, b.last, last);
		all = (part){fork, last, NULL};
	}
	tree->first = all.first;
	tree->last = all.last;
	all.node = groups ? tree : NULL;
	return all;
}

/* --- all --- */

/* The edges of the automaton backwards. */
static void turn_round(lk_regex *made, lk_arena *arena) {
	int n = made->nstates, *count = lk_calloc((size_t)n + 1, sizeof *count);
	made->before_at = lk_arena_zalloc(arena, sizeof(int) * ((size_t)n + 1));
	made->before = lk_arena_alloc(arena, sizeof(int) * 2 * (size_t)n);
	for (int i = 0; i < n; i++) {
		const lk_rx_state *s = &made->states[i];
		made->before_at[s->next + 1]++;
		if (s->op == LK_RX_SPLIT)
			made->before_at[s->other + 1]++;
	}
	for (int i = 0; i < n; i++)
		made->before_at[i + 1] += made->before_at[i];
	for (int i = 0; i < n; i++) {
		const lk_rx_state *s = &made->states[i];
		made->before[made->before_at[s->next] + count[s->next]++] = i;
		if (s->op == LK_RX_SPLIT)
			made->before[made->before_at[s->other] + count[s->other]++] = i;
	}
	free(count);
}

static lk_regex *finish(maker *m, part all, int match) {
	lk_regex *made = lk_arena_zalloc(m->text.arena, sizeof *made);
	lead(m, all.last, match);
	*made = (lk_regex){.nstates = m->nstates, .first = all.first, .ngroups = m->ngroups, .tree = all.node,
	                   .group_fault = m->group_fault};
	made->states = lk_arena_alloc(m->text.arena, sizeof *made->states * (size_t)m->nstates);
	memcpy(made->states, m->states, sizeof *made->states * (size_t)m->nstates);
	if (made->tree)
		turn_round(made, m->text.arena);
	lk_rx_find_shape(made);
	return made;
}

lk_regex *lk_regex_compile(const char *pattern, size_t len, bool fold, lk_arena *arena, const char **fault) {
	maker m = {.text = {.p = pattern, .end = pattern + len, .fold = fold, .arena = arena}};
	m.states = lk_malloc(LK_RX_MOST_STATES * sizeof *m.states);
	if (len >= 3 && memcmp(pattern, "***", 3) == 0)
		lk_rx_fail(&m.text, "*** at its beginning is not supported");
	part all = alternatives(&m);
	if (!m.text.fault && m.text.p < m.text.end)
		lk_rx_fail(&m.text, "a parenthesis is not opened");
	int match = state(&m, LK_RX_MATCH, 0, 0);
	*fault = m.text.fault;
	lk_regex *made = m.text.fault ? NULL : finish(&m, all, match);
	free(m.states);
	return made;
}
