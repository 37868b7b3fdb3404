/* Sets of characters in a regular expression. A set knows of each ASCII character whether it contains it. */
#include <string.h>

#include "expr/regex_read.h"

enum { MOST_RANGES = 256 };

uint32_t lk_rx_next(lk_rx_reader *r) {
	const unsigned char *p = (const unsigned char *)r->p;
	int n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	uint32_t c = n == 1 ? *p : n == 2 ? *p & 0x1f : n == 3 ? *p & 0xf : *p & 7;
	for (int i = 1; i < n && r->p + i < r->end; i++)
		c = c << 6 | (p[i] & 0x3f);
	r->p = r->p + n < r->end ? r->p + n : r->end;
	return c;
}

static void add_range(lk_rx_reader *r, lk_rx_set *set, uint32_t first, uint32_t last) {
	if (set->nranges == MOST_RANGES) {
		lk_rx_fail(r, "a class has too many parts");
		return;
	}
	set->ranges[set->nranges++] = (lk_rx_range){first, last};
}

static lk_rx_set *new_set(lk_rx_reader *r) {
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

static void finish(const lk_rx_reader *r, lk_rx_set *set) {
	for (uint32_t c = 0; c < 128; c++)
		set->ascii[c] = (in_ranges(set, c) || (r->fold && in_ranges(set, other_case(c)))) != set->negated;
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

static bool add_class(lk_rx_reader *r, lk_rx_set *set, const char *name, size_t len) {
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (strlen(classes[i].name) == len && memcmp(classes[i].name, name, len) == 0) {
			for (const lk_rx_range *g = classes[i].ranges; g->last; g++)
				add_range(r, set, g->first, g->last);
			return true;
		}
	return false;
}

const char *lk_rx_class_of(char c) {
	switch (c | 0x20) {
	case 'd': return "digit";
	case 'w': return "word";
	case 's': return "space";
	default: return NULL;
	}
}

int lk_rx_escaped(char c) {
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
static uint32_t bracket_character(lk_rx_reader *r) {
	if (lk_rx_at(r, '\\')) {
		int c = r->p + 1 < r->end ? lk_rx_escaped(r->p[1]) : -1;
		if (c < 0)
			lk_rx_fail(r, "this escape is not supported in a class");
		r->p += r->p + 1 < r->end ? 2 : 1;
		return (uint32_t)(c < 0 ? 0 : c);
	}
	if (r->p + 1 < r->end && *r->p == '[' && (r->p[1] == '.' || r->p[1] == '='))
		lk_rx_fail(r, "collating elements are not supported");
	return lk_rx_next(r);
}

/* [:name:] or \d in a class. */
static bool bracket_class(lk_rx_reader *r, lk_rx_set *set) {
	if (r->p + 1 < r->end && *r->p == '\\' && lk_rx_class_of(r->p[1])) {
		const char *name = lk_rx_class_of(r->p[1]);
		if (r->p[1] < 'a')
			lk_rx_fail(r, "\\D, \\W and \\S are not supported in a class");
		add_class(r, set, name, strlen(name));
		r->p += 2;
		return true;
	}
	if (r->p + 1 >= r->end || *r->p != '[' || r->p[1] != ':')
		return false;
	const char *name = r->p + 2, *close = memchr(name, ':', (size_t)(r->end - name));
	if (!close || close + 1 >= r->end || close[1] != ']' || !add_class(r, set, name, (size_t)(close - name)))
		lk_rx_fail(r, "it names no known class");
	r->p = close && close + 2 <= r->end ? close + 2 : r->end;
	return true;
}

lk_rx_set *lk_rx_bracket(lk_rx_reader *r) {
	lk_rx_set *set = new_set(r);
	set->negated = lk_rx_take(r, '^');
	for (bool first = true; lk_rx_more(r) && (first || *r->p != ']'); first = false) {
		if (bracket_class(r, set)) {
			if (r->p + 1 < r->end && *r->p == '-' && r->p[1] != ']')
				lk_rx_fail(r, "a range in a class has no clear begin");
			continue;
		}
		uint32_t low = bracket_character(r), high = low;
		if (r->p + 1 < r->end && *r->p == '-' && r->p[1] != ']') {
			r->p++;
			high = bracket_character(r);
			if (r->p + 1 < r->end && *r->p == '-' && r->p[1] != ']')
				lk_rx_fail(r, "a range in a class has no clear end");
		}
		if (high < low)
			lk_rx_fail(r, "a range in a class ends before it begins");
		if (r->fold && (low >= 128 || high >= 128) && low != high)
			lk_rx_fail(r, "a range beyond ASCII has no regard to case");
		add_range(r, set, low, high);
	}
	if (!lk_rx_take(r, ']'))
		lk_rx_fail(r, "a class is not closed");
	finish(r, set);
	return set;
}

lk_rx_set *lk_rx_literal(lk_rx_reader *r, uint32_t c) {
	lk_rx_set *set = new_set(r);
	add_range(r, set, c, c);
	finish(r, set);
	return set;
}

lk_rx_set *lk_rx_class(lk_rx_reader *r, char c) {
	lk_rx_set *set = new_set(r);
	const char *name = lk_rx_class_of(c);
	set->negated = c < 'a';
	add_class(r, set, name, strlen(name));
	finish(r, set);
	return set;
}
