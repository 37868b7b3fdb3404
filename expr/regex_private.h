/* The automaton: what expr/regex_compile.c makes and expr/regex.c runs. */
#ifndef LK_EXPR_REGEX_PRIVATE_H
#define LK_EXPR_REGEX_PRIVATE_H

#include <stdint.h>

#include "expr/regex.h"

enum { LK_RX_MOST_STATES = 5000 };

enum lk_rx_op {
	LK_RX_SET,                 /* a character of the set, then next */
	LK_RX_ANY,                 /* any character */
	LK_RX_SPLIT,               /* next and other */
	LK_RX_START, LK_RX_END,    /* of the text */
	LK_RX_WORD_START, LK_RX_WORD_END, LK_RX_WORD_EDGE, LK_RX_NO_EDGE,
	LK_RX_MATCH,
};

typedef struct lk_rx_range {
	uint32_t first, last;
} lk_rx_range;

typedef struct lk_rx_set {
	bool negated;
	int nranges;
	lk_rx_range *ranges;
	bool ascii[128];           /* whether it contains them, with all taken into account */
} lk_rx_set;

typedef struct lk_rx_state {
	uint8_t op;                /* enum lk_rx_op */
	int next, other;
	const lk_rx_set *set;
} lk_rx_state;

/* A part of the expression that has groups, and the parts next to it: all ways through it lead from the state `first`
 * to the state `last`. */
typedef struct lk_rx_node {
	enum {
		LK_RX_PLAIN,           /* has no groups */
		LK_RX_GROUP,           /* left, if that has groups itself */
		LK_RX_PAIR,            /* left, then right */
		LK_RX_EITHER,          /* left or right */
		LK_RX_MAYBE,           /* left or nothing */
	} kind;
	int first, last, group;
	struct lk_rx_node *left, *right;
} lk_rx_node;

struct lk_regex {
	lk_rx_state *states;
	int nstates, first, ngroups;
	const lk_rx_node *tree;    /* NULL without groups */
	const char *group_fault;
	/* the states that lead to state i: before[before_at[i]] … before[before_at[i + 1] - 1]; with groups only */
	int *before_at, *before;
	/* expr/regex_shape.c */
	bool skips, starts[128];   /* no match is empty, and these are the ASCII characters with which one can begin */
	const lk_rx_set *run;      /* a match is one character of the set, … */
	bool repeats;              /* … or as many as there are. NULL: of another shape */
};

/* Sets what comes from regex_shape.c. */
void lk_rx_find_shape(lk_regex *r);

enum { LK_RX_NO_CHARACTER = 0x110000 };   /* before and after the text */

static inline bool lk_rx_is_word(uint32_t c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The character at a byte, and where it ends; the one that ends there, and where it begins. */
uint32_t lk_rx_character(const char *s, size_t len, size_t at, size_t *end);
uint32_t lk_rx_character_before(const char *s, size_t at, size_t *begin);
/* Does a LK_RX_SET or LK_RX_ANY take the character? */
bool lk_rx_takes(const lk_rx_state *s, uint32_t c);
/* Does a LK_RX_START … LK_RX_NO_EDGE hold between two characters? */
bool lk_rx_holds(int op, uint32_t before, uint32_t after);

#endif
