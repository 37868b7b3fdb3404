/* From the text of a regular expression to an automaton, by recursive descent. Each part becomes states from `first` on
 * whose ways out all lead to one state, `last`, a placeholder that the next part fills. A bounded repetition reads its
 * atom again for every copy.
 *
 * Parts with groups also become nodes, in the shape of the tree that PostgreSQL divides a match by (parseqatom in its
 * regcomp.c): what comes before a group is one part, and all that follows it another. */
#include <stdlib.h>
#include <string.h>

#include "expr/regex_private.h"

enum { MOST_REPEATS = 255, MOST_RANGES = 256, MOST_DEPTH = 100 };

typedef struct reader {
	const char *p, *end;
	bool fold;
	lk_arena *arena;
	lk_rx_state *states;
	int nstates, depth, ngroups;
	const char *fault, *group_fault;
} reader;

typedef struct part {
	int first, last;
	lk_rx_node *node;   /* NULL without groups */
} part;

static part alternatives(reader *r);

static void fail(reader *r, const char *why) { r->fault = r->fault ? r->fault : why; }

static int state(reader *r, int op, int next, int other) {
	if (r->nstates == LK_RX_MOST_STATES) {
		fail(r, "it is too large");
		return 0;
	}
	r->states[r->nstates] = (lk_rx_state){.op = (uint8_t)op, .next = next, .other = other};
	return r->nstates++;
}

/* A state that leads on without a character. */
static int hole(reader *r) {
	int i = state(r, LK_RX_SPLIT, 0, 0);
	r->states[i].next = r->states[i].other = i;
	return i;
}

static void lead(reader *r, int from, int to) { r->states[from].next = r->states[from].other = to; }

static bool more(const reader *r) { return r->p < r->end && !r->fault; }
static bool at(const reader *r, char c) { return more(r) && *r->p == c; }

static bool take(reader *r, char c) {
	bool is = at(r, c);
	r->p += is;
	return is;
}

static uint32_t character(reader *r) {
	const unsigned char *p = (const unsigned char *)r->p;
	int n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? *p : n == 2 ? *p & 0x1f : n == 3 ? *p & 0xf : *p & 7;
	for (int i = 1; i < n && r->p + i < r->end; i++)
		c = c << 6 | (p[i] & 0x3f);
	r->p = r->p + n < r->end ? r->p + n : r->end;
	return c;
}

/* --- sets --- */

static void add_range(reader *r, lk_rx_set *set, uint32_t first, uint32_t last) {
	if (set->nranges == MOST_RANGES) {
		fail(r, "a class has too many parts");
		return;
	}
	set->ranges[set->nranges++] = (lk_rx_range){first, last};
}

static lk_rx_set *new_set(reader *r) {
	lk_rx_set *set = lk_arena_zalloc(r->arena, sizeof *set);
	set->ranges = lk_arena_alloc(r->arena, MOST_RANGES * sizeof *set->ranges);
	return set;
}

static bool in_ranges(const lk_rx_set *set, uint32_t c) {
	for (int i = 0; i < set->nranges; i++)
		if (c >= set->ranges[i].first && c <= set->ranges[i].last)
			return true;
	return false;
}

static uint32_t other_case(uint32_t c) {
	return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static void finish_set(const reader *r, lk_rx_set *set) {
	for (uint32_t c = 0; c < 128; c++)
		set->ascii[c] = (in_ranges(set, c) || (r->fold && in_ranges(set, other_case(c)))) != set->negated;
}

static part set_part(reader *r, lk_rx_set *set) {
	finish_set(r, set);
	int last = hole(r), first = state(r, LK_RX_SET, last, 0);
	r->states[first].set = set;
	return (part){first, last, NULL};
}

static const struct {
	const char *name;
	lk_rx_range ranges[5];
} classes[] = {
	{"alpha", {{'a', 'z'}, {'A', 'Z'}}},
	{"digit", {{'0', '9'}}},
	{"alnum", {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}}},
	{"upper", {{'A', 'Z'}}},
	{"lower", {{'a', 'z'}}},
	{"space", {{' ', ' '}, {'\t', '\r'}}},
	{"blank", {{' ', ' '}, {'\t', '\t'}}},
	{"punct", {{'!', '/'}, {':', '@'}, {'[', '`'}, {'{', '~'}}},
	{"xdigit", {{'0', '9'}, {'a', 'f'}, {'A', 'F'}}},
	{"cntrl", {{1, 31}, {127, 127}}},
	{"print", {{' ', '~'}}},
	{"graph", {{'!', '~'}}},
	{"word", {{'a', 'z'}, {'A', 'Z'}, {'0', '9'}, {'_', '_'}}},
};

static bool add_class(reader *r, lk_rx_set *set, const char *name, size_t len) {
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, name, len) == 0) {
			for (const lk_rx_range *g = classes[i].ranges; g->last; g++)
				add_range(r, set, g->first, g->last);
			return true;
		}
	return false;
}

/* The class of \d, \w or \s, of either case; NULL if c is none. */
static const char *class_of(char c) {
	switch (c | 0x20) {
	case 'd': return "digit";
	case 'w': return "word";
	case 's': return "space";
	default: return NULL;
	}
}

/* What a backslash and c stand for, if that is a character; -1 else. */
static int escaped(char c) {
	switch (c) {
	case 'a': return '\a';
	case 'e': return 27;
	case 'f': return '\f';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case 'v': return '\v';
	default: return (unsigned char)c < 128 && !lk_rx_is_word((unsigned char)c) ? c : c == '_' ? c : -1;
	}
}

/* One end of a range within brackets. */
static uint32_t bracket_character(reader *r) {
	if (at(r, '\\')) {
		int c = r->p + 1 < r->end ? escaped(r->p[1]) : -1;
		if (c < 0)
			fail(r, "this escape is not supported in a class");
		r->p += r->p + 1 < r->end ? 2 : 1;
		return (uint32_t)(c < 0 ? 0 : c);
	}
	if (r->p + 1 < r->end && *r->p == '[' && (r->p[1] == '.' || r->p[1] == '='))
		fail(r, "collating elements are not supported");
	return character(r);
}

/* [:name:] or \d in a class. */
static bool bracket_class(reader *r, lk_rx_set *set) {
	if (r->p + 1 < r->end && *r->p == '\\' && class_of(r->p[1])) {
		const char *name = class_of(r->p[1]);
		if (r->p[1] < 'a')
			fail(r, "\\D, \\W and \\S are not supported in a class");
		add_class(r, set, name, strlen(name));
		r->p += 2;
		return true;
	}
	if (r->p + 1 >= r->end || *r->p != '[' || r->p[1] != ':')
		return false;
	const char *name = r->p + 2, *close = memchr(name, ':', (size_t)(r->end - name));
	if (!close || close + 1 >= r->end || close[1] != ']' || !add_class(r, set, name, (size_t)(close - name)))
		fail(r, "it names no known class");
	r->p = close && close + 2 <= r->end ? close + 2 : r->end;
	return true;
}

static part bracket(reader *r) {
	lk_rx_set *set = new_set(r);
	set->negated = take(r, '^');
	for (bool first = true; more(r) && (first || *r->p != ']'); first = false) {
		if (bracket_class(r, set)) {
			if (r->p + 1 < r->end && *r->p == '-' && r->p[1] != ']')
				fail(r, "a range in a class has no clear begin");
			continue;
		}
		uint32_t low = bracket_character(r), high = low;
		if (r->p + 1 < r->end && *r->p == '-' && r->p[1] != ']') {
			r->p++;
			high = bracket_character(r);
			if (r->p + 1 < r->end && *r->p == '-' && r->p[1] != ']')
				fail(r, "a range in a class has no clear end");
		}
		if (high < low)
			fail(r, "a range in a class ends before it begins");
		if (r->fold && (low >= 128 || high >= 128) && low != high)
			fail(r, "a range beyond ASCII has no regard to case");
		add_range(r, set, low, high);
	}
	if (!take(r, ']'))
		fail(r, "a class is not closed");
	return set_part(r, set);
}

/* --- atoms --- */

static part literal(reader *r, uint32_t c) {
	lk_rx_set *set = new_set(r);
	add_range(r, set, c, c);
	return set_part(r, set);
}

static part one(reader *r, int op) {
	int last = hole(r);
	return (part){state(r, op, last, last), last, NULL};
}

static part class_part(reader *r, char c) {
	lk_rx_set *set = new_set(r);
	const char *name = class_of(c);
	set->negated = c < 'a';
	add_class(r, set, name, strlen(name));
	return set_part(r, set);
}

static const struct {
	char c;
	uint8_t op;
} constraints[] = {{'A', LK_RX_START}, {'Z', LK_RX_END}, {'m', LK_RX_WORD_START}, {'M', LK_RX_WORD_END}, {'y', LK_RX_WORD_EDGE},
                   {'Y', LK_RX_NO_EDGE}};

static part escape(reader *r, bool *repeats) {
	if (!more(r)) {
		fail(r, "it ends with a backslash");
		return (part){0, 0, NULL};
	}
	char c = *r->p++;
	for (size_t i = 0; i < sizeof constraints / sizeof *constraints; i++)
		if (constraints[i].c == c) {
			*repeats = false;
			return one(r, constraints[i].op);
		}
	if (class_of(c))
		return class_part(r, c);
	if (c >= '0' && c <= '9')
		fail(r, "back references are not supported");
	else if (escaped(c) < 0)
		fail(r, "this escape is not supported");
	return literal(r, (uint32_t)escaped(c));
}

static lk_rx_node *node(reader *r, int kind, part span, lk_rx_node *left) {
	lk_rx_node *n = lk_arena_alloc(r->arena, sizeof *n);
	*n = (lk_rx_node){.kind = kind, .first = span.first, .last = span.last, .left = left};
	return n;
}

static lk_rx_node *node_of(reader *r, part x) { return x.node ? x.node : node(r, LK_RX_PLAIN, x, NULL); }

static part group(reader *r) {
	bool captures = !take(r, '?');
	if (!captures && !take(r, ':'))
		fail(r, "(?…) is not supported, but for (?: )");
	int number = captures ? ++r->ngroups : 0;
	if (++r->depth > MOST_DEPTH)
		fail(r, "it is nested too deep");
	part inside = alternatives(r);
	r->depth--;
	if (!take(r, ')'))
		fail(r, "a parenthesis is not closed");
	if (captures) {
		inside.node = node(r, LK_RX_GROUP, inside, inside.node);
		inside.node->group = number;
	}
	return inside;
}

static part atom(reader *r, bool *repeats) {
	char c = *r->p;
	*repeats = true;
	if (c == '*' || c == '+' || c == '?' || c == '{') {
		fail(r, c == '{' ? "write \\{ for a brace" : "a repetition has nothing to repeat");
		return (part){0, 0, NULL};
	}
	if (c == '(' || c == '[' || c == '\\') {
		r->p++;
		return c == '(' ? group(r) : c == '[' ? bracket(r) : escape(r, repeats);
	}
	if (c == '^' || c == '$') {
		r->p++;
		*repeats = false;
		return one(r, c == '^' ? LK_RX_START : LK_RX_END);
	}
	if (take(r, '.'))
		return one(r, LK_RX_ANY);
	return literal(r, character(r));
}

/* --- repetition --- */

static int number(reader *r) {
	int n = 0;
	if (!more(r) || *r->p < '0' || *r->p > '9')
		fail(r, "write \\{ for a brace");
	for (; more(r) && *r->p >= '0' && *r->p <= '9'; r->p++)
		n = n < 10000 ? n * 10 + (*r->p - '0') : n;
	if (n > MOST_REPEATS)
		fail(r, "a repetition counts beyond 255");
	return n;
}

/* False if there is no repetition here. most: -1 for any number. */
static bool counts(reader *r, int *least, int *most) {
	char c = more(r) ? *r->p : '\0';
	*least = c == '+';
	*most = c == '?' ? 1 : -1;
	if (c != '*' && c != '+' && c != '?' && c != '{')
		return false;
	r->p++;
	if (c == '{') {
		*least = *most = number(r);
		if (take(r, ','))
			*most = at(r, '}') ? -1 : number(r);
		if (!take(r, '}') || (*most >= 0 && *most < *least))
			fail(r, "a repetition in braces is not valid");
	}
	if (at(r, '?'))
		fail(r, "non-greedy repetition is not supported");
	else if (at(r, '*') || at(r, '+') || at(r, '{'))
		fail(r, "a repetition is repeated");
	return true;
}

static part join(reader *r, part a, part b) {
	lead(r, a.last, b.first);
	return (part){a.first, b.last, NULL};
}

static part empty(reader *r) {
	int i = hole(r);
	return (part){i, i, NULL};
}

/* x* */
static part any_number(reader *r, part x) {
	int last = hole(r), fork = state(r, LK_RX_SPLIT, x.first, last);
	lead(r, x.last, fork);
	return (part){fork, last, NULL};
}

/* x? */
static part maybe(reader *r, part x) {
	int fork = state(r, LK_RX_SPLIT, x.first, x.last);
	return (part){fork, x.last, NULL};
}

/* An atom, and where it stands, to be read again. */
typedef struct copied {
	part first;
	const char *from;
	int ngroups;        /* before it */
	bool used;
} copied;

static part next_copy(reader *r, copied *x) {
	const char *behind = r->p;
	int ngroups = r->ngroups;
	bool unused;
	if (!x->used) {
		x->used = true;
		return x->first;
	}
	r->p = x->from;
	r->ngroups = x->ngroups;
	part copy = atom(r, &unused);
	r->p = behind;
	r->ngroups = ngroups;
	return copy;
}

/* most: -1 for any number. */
static part times(reader *r, copied *x, int least, int most) {
	part all = empty(r);
	for (int i = 0; i < least && !r->fault; i++)
		all = join(r, all, next_copy(r, x));
	if (most < 0)
		all = join(r, all, any_number(r, next_copy(r, x)));
	for (int i = least; i < most && !r->fault; i++)
		all = join(r, all, maybe(r, next_copy(r, x)));
	return all;
}

/* Only the last round's groups count: x{m,n} is x{m-1,n-1}, which needs none, and x. Where there may be no round,
 * PostgreSQL divides from the left, round by round, which may take the square of the text's length. */
static part groups_repeated(reader *r, copied *x, int least, int most) {
	if (least == 0 && most == 1) {
		part one = next_copy(r, x), all = maybe(r, one);
		all.node = node(r, LK_RX_MAYBE, all, one.node);
		return all;
	}
	if (least == 0 && most)
		r->group_fault = "a group cannot be repeated with * or {0,…}: write + for *, or (?: ) for ( )";
	if (least == 0)
		return times(r, x, 0, most);
	part before = times(r, x, least - 1, most < 0 ? -1 : most - 1);
	part last = next_copy(r, x), all = join(r, before, last);
	all.node = node(r, LK_RX_PAIR, all, node_of(r, before));
	all.node->right = last.node;
	return all;
}

static part repeated(reader *r) {
	copied x = {.from = r->p, .ngroups = r->ngroups};
	bool repeats;
	x.first = atom(r, &repeats);
	int least, most;
	if (r->fault || !counts(r, &least, &most))
		return x.first;
	if (!repeats)
		fail(r, "a repetition has nothing to repeat");
	return x.first.node ? groups_repeated(r, &x, least, most) : times(r, &x, least, most);
}

/* Puts a part into the chain of pairs whose end is *tail; returns the new end. */
static lk_rx_node **chain(reader *r, lk_rx_node **tail, part x) {
	*tail = node(r, LK_RX_PAIR, x, node_of(r, x));
	return &(*tail)->right;
}

/* plain: what has no groups and comes after the last part that has some. */
static part branch(reader *r) {
	part all = empty(r), plain = all;
	lk_rx_node *tree = NULL, **tail = &tree;
	while (more(r) && *r->p != '|' && *r->p != ')') {
		part x = repeated(r);
		all = join(r, all, x);
		if (!x.node) {
			plain.last = x.last;
			continue;
		}
		tail = chain(r, chain(r, tail, plain), x);
		plain = empty(r);
		all = join(r, all, plain);
	}
	if (tree)
		*tail = node_of(r, plain);
	for (lk_rx_node *n = tree; n; n = n->kind == LK_RX_PAIR ? n->right : NULL)
		n->last = all.last;
	all.node = tree;
	return all;
}

static part alternatives(reader *r) {
	part all = branch(r);
	bool groups = all.node;
	lk_rx_node *tree = node_of(r, all), **end = &tree;
	while (take(r, '|')) {
		part b = branch(r);
		int last = hole(r), fork = state(r, LK_RX_SPLIT, all.first, b.first);
		groups |= b.node != NULL;
		*end = node(r, LK_RX_EITHER, (part){fork, last, NULL}, *end);
		(*end)->right = node_of(r, b);
		end = &(*end)->right;
		lead(r, all.last, last);
		lead(r, b.last, last);
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

static lk_regex *finish(reader *r, part all, int match) {
	lk_regex *made = lk_arena_zalloc(r->arena, sizeof *made);
	lead(r, all.last, match);
	*made = (lk_regex){.nstates = r->nstates, .first = all.first, .ngroups = r->ngroups, .tree = all.node,
	                   .group_fault = r->group_fault};
	made->states = lk_arena_alloc(r->arena, sizeof *made->states * (size_t)r->nstates);
	memcpy(made->states, r->states, sizeof *made->states * (size_t)r->nstates);
	if (made->tree)
		turn_round(made, r->arena);
	lk_rx_find_shape(made);
	return made;
}

lk_regex *lk_regex_compile(const char *pattern, size_t len, bool fold, lk_arena *arena, const char **fault) {
	reader r = {.p = pattern, .end = pattern + len, .fold = fold, .arena = arena};
	r.states = lk_malloc(LK_RX_MOST_STATES * sizeof *r.states);
	if (len >= 3 && memcmp(pattern, "***", 3) == 0)
		fail(&r, "*** at its beginning is not supported");
	part all = alternatives(&r);
	if (!r.fault && r.p < r.end)
		fail(&r, "a parenthesis is not opened");
	int match = state(&r, LK_RX_MATCH, 0, 0);
	*fault = r.fault;
	lk_regex *made = r.fault ? NULL : finish(&r, all, match);
	free(r.states);
	return made;
}
